//! "Eventually" and "leads to" under weak fairness.
//!
//! A run breaks `trigger leads to goal` if it passes a state of `trigger` and from there never meets `goal`: either it
//! gets stuck, or it stays for ever in a set of states that it visits again and again. That set is strongly connected
//! without passing `goal`, and the run is fair exactly if every class of actions is somewhere in the set disabled, or taken
//! within it. Both only become easier in a larger set, so that whole strongly connected components are enough to look at.

use std::collections::{BTreeMap, VecDeque};

use crate::explore::Explored;
use crate::graph::{Components, Graph, Step};
use crate::run::{Leg, Path, PathEnd};
use crate::states::{NOBODY, StateNumber};
use crate::watch::Watch;
use crate::{FairnessClass, Model, Stop};

/// What the graph says about a property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    Holds,
    Broken(Path),
    /// Nothing breaks it, but not all states were expanded.
    Unknown,
}

/// Whether every fair run goes on from a state in `triggers` to a state in `goals`; without `triggers`, from its
/// beginning.
///
/// # Errors
/// What ends the check before that is decided.
pub(crate) fn leads_to<M: Model>(
    graph: &Graph<'_, '_, M>,
    triggers: Option<&[bool]>,
    goals: &[bool],
    watch: &mut Watch<'_>,
) -> Result<Answer, Stop> {
    let region = Region::explore(graph, triggers, goals, watch)?;
    let components = Components::find(&region.inside, |state| graph.targets(state), watch)?;
    let mut judged = vec![false; components.count() as usize];
    // The region is in the order of distance, so that the first culprit has the shortest way to it.
    for &state in &region.order {
        watch.tick()?;
        if graph.is_expanded(state) && graph.targets(state).is_empty() {
            return Ok(Answer::Broken(region.path_to(state, graph, PathEnd::Stuck)));
        }
        let component = components.of[state as usize];
        if !std::mem::replace(&mut judged[component as usize], true) {
            let knot = Knot { graph, components: &components, component };
            if knot.is_fair(watch)? {
                let fair_loop = PathEnd::Loop(knot.fair_loop(state, watch)?);
                return Ok(Answer::Broken(region.path_to(state, graph, fair_loop)));
            }
        }
    }
    // A trigger may lie where nobody looked. The beginnings of runs are all known once one was expanded.
    let Explored { stop, expanded, .. } = *graph.explored;
    let may_have_missed = stop != Stop::Exhausted && (triggers.is_some() || expanded == 0);
    Ok(if region.is_open || may_have_missed { Answer::Unknown } else { Answer::Holds })
}

/// Whether a state in `goals` can be reached from every state.
///
/// # Errors
/// What ends the check before that is decided.
pub(crate) fn always_possible<M: Model>(
    graph: &Graph<'_, '_, M>,
    goals: &[bool],
    watch: &mut Watch<'_>,
) -> Result<Answer, Stop> {
    let components = Components::find(&vec![true; goals.len()], |state| graph.targets(state), watch)?;
    let mut reaches = vec![false; components.count() as usize];
    // Sinks first: what a component leads to has been decided before it.
    for component in 0..components.count() {
        watch.tick()?;
        reaches[component as usize] = components.members(component).iter().any(|&state| {
            // What was not explored might lead to the goal.
            goals[state as usize]
                || !graph.is_closed(state)
                || graph.targets(state).iter().any(|&target| reaches[components.of[target as usize] as usize])
        });
    }
    let lost = (0..graph.len()).find(|&state| !reaches[components.of[state as usize] as usize]);
    Ok(match lost {
        Some(state) => Answer::Broken(Path::to(state, &graph.explored.states, PathEnd::OutOfReach)),
        None if graph.explored.stop != Stop::Exhausted => Answer::Unknown,
        None => Answer::Holds,
    })
}

/// Whether every fair run that never ends visits nothing again and again but states that are `kept`.
///
/// # Errors
/// What ends the check before that is decided.
pub(crate) fn lasts<M: Model>(graph: &Graph<'_, '_, M>, kept: &[bool], watch: &mut Watch<'_>) -> Result<bool, Stop> {
    let components = Components::find(&vec![true; kept.len()], |state| graph.targets(state), watch)?;
    for component in 0..components.count() {
        watch.tick()?;
        let is_kept = components.members(component).iter().all(|&state| kept[state as usize]);
        if !is_kept && (Knot { graph, components: &components, component }).is_fair(watch)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The states that a run can be in while it owes the goal.
struct Region {
    inside: Vec<bool>,
    /// By distance from the beginning of the run.
    order: Vec<StateNumber>,
    /// The state from which each was reached; [`NOBODY`] where the debt begins.
    before: Vec<StateNumber>,
    /// Whether a step leads out of what was explored.
    is_open: bool,
}

impl Region {
    fn explore<M: Model>(
        graph: &Graph<'_, '_, M>,
        triggers: Option<&[bool]>,
        goals: &[bool],
        watch: &mut Watch<'_>,
    ) -> Result<Self, Stop> {
        let states = graph.len() as usize;
        let depths = graph.depths();
        let mut region =
            Self { inside: vec![false; states], order: Vec::new(), before: vec![NOBODY; states], is_open: false };
        let begins = |state: StateNumber| {
            let triggered = triggers.map_or(depths[state as usize] == 0, |triggers| triggers[state as usize]);
            triggered && !goals[state as usize]
        };
        // The beginnings are met in the order of their depths: each level takes those of its own depth in.
        let mut beginnings = (0..graph.len()).filter(|&state| begins(state)).peekable();
        let mut distance = 0;
        let mut level = 0;
        loop {
            while let Some(state) = beginnings.next_if(|&state| depths[state as usize] <= distance) {
                region.enter(state, NOBODY);
            }
            if level == region.order.len() {
                match beginnings.peek() {
                    Some(&state) => distance = depths[state as usize],
                    None => return Ok(region),
                }
                continue;
            }
            let end = region.order.len();
            for place in level..end {
                watch.tick()?;
                region.go_on_from(region.order[place], graph, goals);
            }
            level = end;
            distance += 1;
        }
    }

    fn enter(&mut self, state: StateNumber, before: StateNumber) {
        if !std::mem::replace(&mut self.inside[state as usize], true) {
            self.before[state as usize] = before;
            self.order.push(state);
        }
    }

    fn go_on_from<M: Model>(&mut self, state: StateNumber, graph: &Graph<'_, '_, M>, goals: &[bool]) {
        self.is_open |= !graph.is_closed(state);
        for &target in graph.targets(state) {
            if target != NOBODY && !goals[target as usize] {
                self.enter(target, state);
            }
        }
    }

    fn path_to<M: Model>(&self, state: StateNumber, graph: &Graph<'_, '_, M>, end: PathEnd) -> Path {
        let mut owing = vec![state];
        let mut first = state;
        while self.before[first as usize] != NOBODY {
            first = self.before[first as usize];
            owing.push(first);
        }
        owing.pop();
        let mut path = Path::to(first, &graph.explored.states, end);
        path.legs.extend(owing.into_iter().rev().map(Leg::to));
        path
    }
}

/// A strongly connected component.
struct Knot<'k, 'g, 'p, M: Model> {
    graph: &'k Graph<'g, 'p, M>,
    components: &'k Components,
    component: u32,
}

/// What of a fairness class has been seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Debt {
    /// Enabled wherever it was looked, and not taken.
    Owed,
    /// Somewhere disabled, or taken.
    Settled,
}

impl<M: Model> Knot<'_, '_, '_, M> {
    fn holds(&self, state: StateNumber) -> bool {
        state != NOBODY && self.components.of[state as usize] == self.component
    }

    fn members(&self) -> &[StateNumber] {
        self.components.members(self.component)
    }

    /// The steps that stay within.
    fn inner_steps(&self, state: StateNumber) -> impl Iterator<Item = Step> {
        let steps = if self.graph.is_expanded(state) { self.graph.steps(state) } else { Vec::new() };
        steps.into_iter().filter(|step| self.holds(step.to))
    }

    fn debts(&self) -> Vec<Debt> {
        vec![Debt::Owed; self.graph.expander.model.fairness_classes().len()]
    }

    /// Settles what `state` settles by being visited: the classes that are disabled in it.
    fn settle_by_visit(&self, state: StateNumber, debts: &mut [Debt]) {
        let mut enabled = vec![false; debts.len()];
        for step in self.graph.steps(state) {
            if let Some(FairnessClass(class)) = step.class
                && let Some(enabled) = enabled.get_mut(class as usize)
            {
                *enabled = true;
            }
        }
        for (debt, enabled) in debts.iter_mut().zip(enabled) {
            if !enabled {
                *debt = Debt::Settled;
            }
        }
    }

    /// Whether a run can go round in it for ever, fairly.
    fn is_fair(&self, watch: &mut Watch<'_>) -> Result<bool, Stop> {
        // Cheaper than generating steps, and most components are single states without a step to themselves.
        let goes_round =
            self.members().iter().any(|&state| self.graph.targets(state).iter().any(|&target| self.holds(target)));
        if !goes_round {
            return Ok(false);
        }
        let mut debts = self.debts();
        for &state in self.members().iter().filter(|&&state| self.graph.is_expanded(state)) {
            watch.tick()?;
            self.settle_by_visit(state, &mut debts);
            for step in self.inner_steps(state) {
                settle_by_step(step, &mut debts);
            }
            if !debts.contains(&Debt::Owed) {
                return Ok(true);
            }
        }
        Ok(!debts.contains(&Debt::Owed))
    }

    /// A loop from `entry` that settles every class.
    fn fair_loop(&self, entry: StateNumber, watch: &mut Watch<'_>) -> Result<Vec<Leg>, Stop> {
        let mut debts = self.debts();
        self.settle_by_visit(entry, &mut debts);
        let mut legs: Vec<Leg> = Vec::new();
        let mut at = entry;
        while debts.contains(&Debt::Owed) {
            let stretch = self.nearest(at, |state, step| self.settles(state, step, &debts), watch)?;
            self.walk(&stretch, &mut debts);
            legs.extend(&stretch);
            at = stretch.last().map_or(at, |leg| leg.to);
        }
        if legs.is_empty() || at != entry {
            legs.extend(self.nearest(at, |_, step| step.to == entry, watch)?);
        }
        Ok(legs)
    }

    /// Whether taking `step` settles a class that is owed, by itself or by the state it leads to.
    fn settles(&self, _from: StateNumber, step: Step, debts: &[Debt]) -> bool {
        let mut after = debts.to_vec();
        settle_by_step(step, &mut after);
        if self.graph.is_expanded(step.to) {
            self.settle_by_visit(step.to, &mut after);
        }
        after != debts
    }

    fn walk(&self, legs: &[Leg], debts: &mut [Debt]) {
        for leg in legs {
            settle_by_step(Step { class: leg.class, to: leg.to }, debts);
            if self.graph.is_expanded(leg.to) {
                self.settle_by_visit(leg.to, debts);
            }
        }
    }

    /// The shortest way, of one step at least, from `from` up to and with a step that is `wanted`, within the component.
    fn nearest(
        &self,
        from: StateNumber,
        wanted: impl Fn(StateNumber, Step) -> bool,
        watch: &mut Watch<'_>,
    ) -> Result<Vec<Leg>, Stop> {
        let mut before: BTreeMap<StateNumber, (StateNumber, Leg)> = BTreeMap::new();
        let mut queue = VecDeque::from([from]);
        while let Some(state) = queue.pop_front() {
            watch.tick()?;
            for step in self.inner_steps(state) {
                let leg = Leg { to: step.to, class: step.class };
                if wanted(state, step) {
                    return Ok(way(&before, from, state, leg));
                }
                if step.to != from && !before.contains_key(&step.to) {
                    before.insert(step.to, (state, leg));
                    queue.push_back(step.to);
                }
            }
        }
        Ok(Vec::new())
    }
}

fn settle_by_step(step: Step, debts: &mut [Debt]) {
    if let Some(FairnessClass(class)) = step.class
        && let Some(debt) = debts.get_mut(class as usize)
    {
        *debt = Debt::Settled;
    }
}

/// The way from `from` to `state` by what was reached `before`, and `last`.
fn way(
    before: &BTreeMap<StateNumber, (StateNumber, Leg)>,
    from: StateNumber,
    state: StateNumber,
    last: Leg,
) -> Vec<Leg> {
    let mut legs = vec![last];
    let mut at = state;
    while at != from {
        let (previous, leg) = before[&at];
        legs.push(leg);
        at = previous;
    }
    legs.reverse();
    legs
}
