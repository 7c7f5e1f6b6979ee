//! Seeded simulation in virtual time: chance and time stay here, the rules decide.
//!
//! [`conduct`] is the one loop. It takes what is due next from the [`Agenda`], asks the [`Habits`] which actions
//! that means, has the [`Universe`] carry them out, and lets the habits turn what happened into what is due later. Nobody sleeps.

mod agenda;
mod backoff;
mod chance;
mod plan;
mod player;
mod time;
mod timing;

use agenda::Glance;

pub use agenda::Agenda;
pub use backoff::{Backoff, Jitter};
pub use chance::{Chance, Delay, SCHEME};
pub(crate) use plan::DEFAULT_MAX_SESSION;
pub use plan::{
    CleanUpFailures, LateVisibility, OperatorPlan, Outage, Plan, PlannedStep, Polling, Scripted, TaskName, Throttling,
};
pub use player::{Due, Player, Unplayable, operation_of};
pub use time::SimTime;
pub use timing::{Given, Occasion, Parameters, Timed, Timing, nearest};

use slr_core::rejection::{Impossible, Refusal, Rejection};
use slr_core::{Action, Event, IdSet, State, Universe};

/// Turns what is due into actions, and what happened into what is due later.
pub trait Habits<S: IdSet> {
    /// Something that is due at a time.
    type Due: Copy;

    /// The world in which it is due; several worlds may share one clock.
    fn world(due: &Self::Due) -> usize;

    /// The step of a script that it is, if it is one.
    fn script(_: &Self::Due) -> Option<u32> {
        None
    }

    /// The actions that it means in this state, in order; none if it is void by now.
    fn actions(&mut self, due: Self::Due, now: SimTime, state: &State<S>, actions: &mut Vec<Action<S>>);

    /// Takes note of a step that was carried out or refused, and schedules what follows from it.
    fn after(
        &mut self,
        due: Self::Due,
        now: SimTime,
        step: Step<'_, S>,
        state: &State<S>,
        agenda: &mut Agenda<Self::Due>,
    );

    /// Takes note of an action that the rules call impossible.
    fn impossible(&mut self, due: Self::Due, now: SimTime, why: Impossible);

    /// How long after `due` the same poll is due again, if it is sure to be and draws nothing by chance; more than no time.
    fn polls_again_after(&self, _: Self::Due, _: &State<S>) -> Option<SimTime> {
        None
    }

    /// Schedules what follows once every action of `due` is carried out.
    fn settled(&mut self, due: Self::Due, now: SimTime, state: &State<S>, agenda: &mut Agenda<Self::Due>);
}

/// An action with what came of it.
#[derive(Debug)]
pub struct Step<'a, S> {
    /// The action.
    pub action: &'a Action<S>,
    /// What it caused, in order; nothing if it was refused.
    pub events: &'a [Event<S>],
    /// Why AWS refused it, if it did.
    pub refused: Option<Rejection>,
    /// Which step of a script it is, counted from 0, if it is one.
    pub script: Option<u32>,
    /// Whether it is the poll that was the last step in this world, too, and is answered the same: the state is what it was before both.
    pub is_repeated: bool,
}

impl<S> Clone for Step<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Step<'_, S> {}

/// Who listens to a run.
pub trait Observer<S: IdSet> {
    /// A step was taken in a world. `state` is the state after it.
    fn step(&mut self, world: usize, now: SimTime, step: Step<'_, S>, state: &State<S>);

    /// A step that was just taken, a poll, is taken again and again, and changes nothing: so many `times`, always after the same `wait`. Returns
    /// how often it was, which is less if the run can end before.
    fn again(
        &mut self,
        world: usize,
        (now, wait): (SimTime, SimTime),
        times: u64,
        step: Step<'_, S>,
        state: &State<S>,
    ) -> u64 {
        for time in 1..=times {
            self.step(world, now.plus(wait.times(time)), step, state);
            if self.is_satisfied() {
                return time;
            }
        }
        times
    }

    /// Whether the run can end here because nobody wants to know more.
    fn is_satisfied(&self) -> bool {
        false
    }
}

/// Nobody listens.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nobody;

impl<S: IdSet> Observer<S> for Nobody {
    #[inline]
    fn step(&mut self, _: usize, _: SimTime, _: Step<'_, S>, _: &State<S>) {}
}

/// How a run came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Nothing was due any more.
    NothingDue,
    /// The time was up.
    TimeUp,
    /// The listener had heard enough.
    Satisfied,
    /// Time did not go on: one thing led to another at one moment, [more often](most_at_once) than a run may go on for.
    Standstill,
}

/// What [`Ending::Standstill`] means, and what to do about it.
pub const STANDSTILL: &str =
    "there is no end to what happens at this moment; a delay of 0s, or a wait of 0s, lets it go on for ever";

/// How much may be due at one moment of a run, the steps of scripts apart: 10,000 things, and 100 more for each role, resource, session and
/// operator.
///
/// Where delays are zero one thing can lead to another for ever without time going on: a clean-up that fails and is called for again. Whatever
/// comes to an end is far below the bound (Assumed), for a resource is moved a few times at the most before it is gone.
pub fn most_at_once<S: IdSet>(universe: &Universe<S>) -> u64 {
    let world = universe.world();
    let things = [world.roles.len(), world.resources.len(), world.sessions.len(), world.operators.len()];
    10_000 + 100 * things.into_iter().map(|count| count as u64).sum::<u64>()
}

/// What a run has room for, kept from one run to the next.
#[derive(Debug)]
pub struct Scratch<S> {
    actions: Vec<Action<S>>,
    events: Vec<Event<S>>,
}

impl<S> Default for Scratch<S> {
    fn default() -> Self {
        Self { actions: Vec::new(), events: Vec::new() }
    }
}

/// Plays what is due, and what follows from it, until nothing is due or the time is up.
///
/// An action that the rules call impossible changes nothing; the habits are told.
#[inline]
pub fn conduct<S: IdSet, H: Habits<S>>(
    universe: &Universe<S>,
    states: &mut [State<S>],
    agenda: &mut Agenda<H::Due>,
    habits: &mut H,
    observer: &mut impl Observer<S>,
    until: SimTime,
    scratch: &mut Scratch<S>,
) -> Ending {
    let Scratch { actions, events } = scratch;
    let most = most_at_once(universe).saturating_mul(states.len() as u64);
    let (mut moment, mut at_once) = (SimTime::ZERO, 0);
    // The world in which the last step was a poll that told a status and changed nothing, and that step. What it told are the events still.
    let mut last_poll: Option<(usize, Action<S>)> = None;
    while let Some((mut now, due)) = agenda.pop_until(until) {
        if now != moment {
            (moment, at_once) = (now, 0);
        } else if H::script(&due).is_none() {
            at_once += 1;
            if at_once > most {
                return Ending::Standstill;
            }
        }
        let world = H::world(&due);
        let state = &mut states[world];
        habits.actions(due, now, state, actions);
        for action in actions.iter() {
            // Most steps of most runs are polls of a task that goes on. The rules are the same function of the same state each time.
            let is_repeated = last_poll.as_ref().is_some_and(|(other, poll)| *other == world && poll == action);
            let refused = if is_repeated {
                None
            } else {
                events.clear();
                last_poll = None;
                let refused = match universe.apply(state, action, &mut |event| events.push(event)) {
                    Ok(()) => None,
                    Err(Refusal::Rejected(rejection)) => Some(rejection),
                    Err(Refusal::Impossible(why)) => {
                        habits.impossible(due, now, why);
                        continue;
                    }
                };
                if let ([Event::StatusAnswered { .. }], None) = (events.as_slice(), refused) {
                    last_poll = Some((world, action.clone()));
                }
                refused
            };
            let step = Step { action, events, refused, script: H::script(&due), is_repeated };
            observer.step(world, now, step, state);
            if last_poll.is_some() && !observer.is_satisfied() {
                let repeated = Step { is_repeated: true, ..step };
                now = poll_on(habits, observer, (due, now, until), agenda, repeated, state);
            }
            habits.after(due, now, step, state, agenda);
        }
        actions.clear();
        habits.settled(due, now, state, agenda);
        if observer.is_satisfied() {
            return Ending::Satisfied;
        }
    }
    if agenda.is_empty() { Ending::NothingDue } else { Ending::TimeUp }
}

/// Makes a poll again and again, without any detour, until something else is due or nobody wants to hear of it; says when it was made last.
#[inline]
fn poll_on<S: IdSet, H: Habits<S>>(
    habits: &H,
    observer: &mut impl Observer<S>,
    (due, now, until): (H::Due, SimTime, SimTime),
    agenda: &Agenda<H::Due>,
    poll: Step<'_, S>,
    state: &State<S>,
) -> SimTime {
    let Some(wait) = habits.polls_again_after(due, state) else { return now };
    let last = match agenda.glance() {
        Glance::Next(next) => until.min(next.before()),
        Glance::Nothing => until,
        // The agenda is asked each time.
        Glance::Unknown => return now,
    };
    let times = last.nanos().saturating_sub(now.nanos()).checked_div(wait.nanos()).unwrap_or(0);
    now.plus(wait.times(observer.again(H::world(&due), (now, wait), times, poll, state)))
}
