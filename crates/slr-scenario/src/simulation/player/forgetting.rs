//! When the records of finished tasks are dropped.
//!
//! Each record is kept for a while from its task's end on. Of all records of a role's tasks the one is due that is to be dropped first.

use slr_core::id::{OperatorIdx, RoleIdx};
use slr_core::{Action, Event, IdSet, State};

use super::super::time::SimTime;
use super::{Actor, Agenda, Due, Player, What};

impl<S: IdSet> Player<'_, S> {
    /// Until when the role's next record to be dropped is kept, and the number of its task, counted from 1 over all roles.
    pub(super) fn next_to_forget(&self, role: RoleIdx) -> Option<(SimTime, u32)> {
        let mine = (1..).zip(&self.tasks).filter(|(_, task)| task.role == role && !task.is_forgotten);
        mine.filter_map(|(number, task)| Some((task.kept?, number))).min()
    }

    /// The role's latest task has come to its end.
    pub(super) fn keep_for_a_while(&mut self, role: RoleIdx, now: SimTime, agenda: &mut Agenda<Due>) {
        let kept = self.plan.retention.draw(self.stream(Actor::Service(role)));
        if let Some(task) = self.tasks.iter_mut().rev().find(|task| task.role == role) {
            task.kept = Some(now.plus(kept));
        }
        self.schedule_forgetting(role, now, agenda);
    }

    fn schedule_forgetting(&mut self, role: RoleIdx, now: SimTime, agenda: &mut Agenda<Due>) {
        if let Some((kept, _)) = self.next_to_forget(role) {
            self.at(kept.max(now), What::TaskIsForgotten, role.0, agenda);
        }
    }

    /// The action that drops the record of the task of that number; `None` if there is nothing to drop.
    pub(super) fn forgetting(&self, role: RoleIdx, number: u32, state: &State<S>) -> Option<Action<S>> {
        let task = self.tasks.get(number.checked_sub(1)? as usize)?;
        if task.role != role || task.kept.is_none() || task.is_forgotten {
            return None;
        }
        if !task.is_superseded {
            return Some(Action::TaskIsForgotten { role });
        }
        let waits = |operator: &OperatorIdx| {
            self.efforts[operator.index()].awaited == Some(number)
                && self.universe.waits_for_earlier_task(state, role, *operator)
        };
        let waiting = S::of(self.universe.operators().filter(waits).map(|operator| operator.0));
        Some(Action::EarlierTaskIsForgotten { role, number: Some(number), waiting })
    }

    /// Notes that a record was dropped.
    pub(super) fn note_forgotten(
        &mut self,
        role: RoleIdx,
        number: Option<u32>,
        now: SimTime,
        agenda: &mut Agenda<Due>,
    ) {
        let place = number.and_then(|number| number.checked_sub(1));
        if let Some(task) = place.and_then(|place| self.tasks.get_mut(place as usize)) {
            task.is_forgotten = true;
        }
        self.schedule_forgetting(role, now, agenda);
    }

    /// The number of the role's latest task, counted from 1 over all roles.
    pub(super) fn latest_task(&self, role: RoleIdx) -> Option<u32> {
        (1..).zip(&self.tasks).filter(|(_, task)| task.role == role).last().map(|(number, _)| number)
    }

    /// Notes for which task an operator begins to wait.
    pub(super) fn note_awaited(&mut self, operator: OperatorIdx, events: &[Event<S>]) {
        if !self.universe.world().knobs.tasks_are_forgotten {
            return;
        }
        for event in events {
            if let Event::TaskSubmitted { role } | Event::TaskReturned { role } = event {
                self.efforts[operator.index()].awaited = self.latest_task(*role);
            }
        }
    }
}
