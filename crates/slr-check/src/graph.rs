//! The graph of the states that were expanded, for the questions that breadth-first search alone cannot answer.

use crate::crew::Crew;
use crate::expand::{Expander, Visited};
use crate::explore::Explored;
use crate::key::filed_under;
use crate::states::{NOBODY, StateNumber};
use crate::table::Table;
use crate::watch::Watch;
use crate::{FairnessClass, Key, Model, Stop};

/// The steps between stored states, by number.
pub(crate) struct Graph<'g, 'p, M: Model> {
    pub(crate) expander: &'g Expander<'p, M>,
    pub(crate) explored: &'g Explored<M::Key>,
    index: Table,
    compare: bool,
    /// Where the steps of each expanded state begin in `targets`, and the end.
    starts: Vec<usize>,
    targets: Vec<StateNumber>,
}

/// A step generated again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) class: Option<FairnessClass>,
    /// [`NOBODY`] if the state was not kept.
    pub(crate) to: StateNumber,
}

/// States expanded as one task.
const CHUNK: u32 = 1 << 8;
/// Tasks between two looks at the memory, and at what may end the check.
const STRETCH: usize = 64;
/// States put into the index between two looks at the memory.
const LOT: u32 = 1 << 12;
/// Bytes that a state takes in the index: a fingerprint and a number.
const LEAST_OF_INDEX: u64 = 12;
/// Bytes that a state may take while a question is answered: two marks; in the region of those that owe the goal a mark, a place and
/// whence it was reached; and in the search for components two numbers, a component, a place among the open ones and one on the way.
const WHILE_ANSWERING: u64 = 2 + 9 + 12 + 4 + 16;
/// States expanded between two looks at the clock within a task.
const GLANCE: u32 = 1 << 5;

impl<'g, 'p, M: Model> Graph<'g, 'p, M> {
    /// Generates all steps again and stores where they lead.
    ///
    /// # Errors
    /// What ends the check before that is done: [`Stop::Memory`] if it takes more than `most_bytes`.
    pub(crate) fn build(
        expander: &'g Expander<'p, M>,
        explored: &'g Explored<M::Key>,
        exact: bool,
        threads: u16,
        most_bytes: Option<u64>,
        watch: &mut Watch<'_>,
    ) -> Result<Self, Stop> {
        let compare = exact && !M::Key::INJECTIVE;
        let mut graph =
            Self { expander, explored, index: Table::new(true), compare, starts: vec![0], targets: Vec::new() };
        let states = &explored.states;
        for number in 0..states.found() {
            watch.tick()?;
            if number % LOT == 0 {
                graph.weigh(most_bytes)?;
            }
            let key = states.key(number);
            graph.index.insert(filed_under(&key), number, |note| !compare || states.key(note) == key);
        }
        graph.starts.reserve_exact(explored.expanded as usize);
        let crew = Crew::of(threads, STRETCH);
        let chunks: Vec<StateNumber> = (0..explored.expanded).step_by(CHUNK as usize).collect();
        let deadline = watch.deadline();
        for stretch in chunks.chunks(STRETCH) {
            let mut parts: Vec<(Vec<usize>, Vec<StateNumber>)> = vec![Default::default(); stretch.len()];
            crew.share(parts.iter_mut().zip(stretch).collect(), |(part, &first)| {
                let last = first.saturating_add(CHUNK).min(explored.expanded);
                for number in first..last {
                    // Half a task is none: the watch looks at the same clock before anybody takes it for whole.
                    if number % GLANCE == 0 && deadline.is_over() {
                        return;
                    }
                    graph.visit_steps(number, |step| part.1.push(step.to));
                    part.0.push(part.1.len());
                }
            });
            watch.look()?;
            for (ends, targets) in parts {
                let before = graph.targets.len();
                graph.starts.extend(ends.iter().map(|end| before + end));
                graph.targets.extend_from_slice(&targets);
            }
            graph.weigh(most_bytes)?;
        }
        Ok(graph)
    }

    /// Whether there is room for what is held and for what every state is known to take before the last question is answered.
    ///
    /// # Errors
    /// [`Stop::Memory`] if there is not.
    fn weigh(&self, most_bytes: Option<u64>) -> Result<(), Stop> {
        let fits = most_bytes.is_none_or(|most| self.explored.states.bytes().saturating_add(self.bytes()) <= most);
        if fits { Ok(()) } else { Err(Stop::Memory) }
    }

    /// Bytes of the graph as far as it is built, and of what comes to it for every state.
    fn bytes(&self) -> u64 {
        // As much as the index holds at the least when all states are in it.
        let states = u64::from(self.len());
        let index = self.index.bytes().max(states * LEAST_OF_INDEX);
        let starts = u64::from(self.explored.expanded) * size_of::<usize>() as u64;
        let targets = self.targets.len() as u64 * size_of::<StateNumber>() as u64;
        index + starts + targets + states * WHILE_ANSWERING
    }

    pub(crate) const fn len(&self) -> u32 {
        self.explored.states.found()
    }

    /// Whether all steps out of `state` are known and lead to stored states.
    pub(crate) fn is_closed(&self, state: StateNumber) -> bool {
        state < self.explored.expanded && !self.targets(state).contains(&NOBODY)
    }

    pub(crate) const fn is_expanded(&self, state: StateNumber) -> bool {
        state < self.explored.expanded
    }

    /// Where the steps out of `state` lead: nowhere if it was not expanded.
    #[inline]
    pub(crate) fn targets(&self, state: StateNumber) -> &[StateNumber] {
        if self.is_expanded(state) {
            &self.targets[self.starts[state as usize]..self.starts[state as usize + 1]]
        } else {
            &[]
        }
    }

    /// The steps out of an expanded `state`, with their fairness classes.
    pub(crate) fn steps(&self, state: StateNumber) -> Vec<Step> {
        let mut steps = Vec::new();
        self.visit_steps(state, |step| steps.push(step));
        steps
    }

    fn visit_steps(&self, state: StateNumber, mut visit: impl FnMut(Step)) {
        let Self { expander, explored, index, compare, .. } = self;
        let visited = Visited { table: index, states: &explored.states, compare: *compare };
        let from = expander.model.unpack(&explored.states.key(state));
        expander.steps(&from, &mut |action, _, next| {
            let key = expander.key_of(&next);
            let to = visited.number_under(filed_under(&key), &key).unwrap_or(NOBODY);
            visit(Step { class: expander.model.fairness(&action), to });
        });
    }

    /// For every stored state, whether `predicate` is true of it.
    ///
    /// # Errors
    /// What ends the check before that is known.
    pub(crate) fn mark(&self, predicate: &dyn Fn(&M::State) -> bool, watch: &mut Watch<'_>) -> Result<Vec<bool>, Stop> {
        let states = &self.explored.states;
        let mut marks = Vec::with_capacity(self.len() as usize);
        for number in 0..self.len() {
            watch.tick()?;
            marks.push(predicate(&self.expander.model.unpack(&states.key(number))));
        }
        Ok(marks)
    }

    /// How many steps from the beginning each state was found, ascending.
    pub(crate) fn depths(&self) -> Vec<u32> {
        let mut depths = Vec::with_capacity(self.len() as usize);
        for (depth, &start) in (0u32..).zip(&self.explored.levels) {
            let end = self.explored.levels.get(depth as usize + 1).copied().unwrap_or(self.len());
            depths.extend((start..end).map(|_| depth));
        }
        depths
    }
}

/// The strongly connected components of a part of a graph.
pub(crate) struct Components {
    /// By state, the component; [`NOBODY`] for states outside the part.
    pub(crate) of: Vec<u32>,
    starts: Vec<u32>,
    members: Vec<StateNumber>,
}

impl Components {
    /// Tarjan's algorithm without recursion, for graphs deeper than any stack. `targets` gives the successors, of which
    /// those that are not `inside` are passed over.
    ///
    /// Components are numbered sinks first: a step never leads to a component with a higher number.
    ///
    /// # Errors
    /// What ends the check before all are found.
    pub(crate) fn find<'t>(
        inside: &[bool],
        targets: impl Fn(StateNumber) -> &'t [StateNumber],
        watch: &mut Watch<'_>,
    ) -> Result<Self, Stop> {
        let mut search = Search::new(inside.len());
        for root in (0u32..).take(inside.len()) {
            if inside[root as usize] && search.index[root as usize] == NOBODY {
                search.from(root, inside, &targets, watch)?;
            }
        }
        let (component, components) = search.found();
        Ok(Self::group(component, components))
    }

    fn group(of: Vec<u32>, components: u32) -> Self {
        let mut starts = vec![0u32; components as usize + 1];
        for &component in of.iter().filter(|&&component| component != NOBODY) {
            starts[component as usize + 1] += 1;
        }
        for component in 0..components as usize {
            starts[component + 1] += starts[component];
        }
        let mut next = starts.clone();
        let mut members = vec![0; starts[components as usize] as usize];
        for (state, &component) in (0u32..).zip(&of) {
            if component != NOBODY {
                members[next[component as usize] as usize] = state;
                next[component as usize] += 1;
            }
        }
        Self { of, starts, members }
    }

    pub(crate) fn count(&self) -> u32 {
        u32::try_from(self.starts.len() - 1).unwrap_or(NOBODY)
    }

    /// The states of a component, ascending.
    pub(crate) fn members(&self, component: u32) -> &[StateNumber] {
        let component = component as usize;
        &self.members[self.starts[component] as usize..self.starts[component + 1] as usize]
    }
}

struct Search {
    /// In the order of discovery; [`NOBODY`]: not yet.
    index: Vec<u32>,
    low: Vec<u32>,
    component: Vec<u32>,
    components: u32,
    discovered: u32,
    open: Vec<StateNumber>,
    /// The way from the root to the state at hand, with the number of successors that were looked at.
    way: Vec<(StateNumber, usize)>,
}

impl Search {
    fn new(states: usize) -> Self {
        Self {
            index: vec![NOBODY; states],
            low: vec![NOBODY; states],
            component: vec![NOBODY; states],
            components: 0,
            discovered: 0,
            open: Vec::new(),
            way: Vec::new(),
        }
    }

    /// What was found: by state, the component, and how many there are. The rest makes room for what is done with it.
    fn found(self) -> (Vec<u32>, u32) {
        (self.component, self.components)
    }

    fn enter(&mut self, state: StateNumber) {
        self.index[state as usize] = self.discovered;
        self.low[state as usize] = self.discovered;
        self.discovered += 1;
        self.open.push(state);
        self.way.push((state, 0));
    }

    fn lower(&mut self, state: StateNumber, to: u32) {
        let low = &mut self.low[state as usize];
        *low = to.min(*low);
    }

    fn from<'t>(
        &mut self,
        root: StateNumber,
        inside: &[bool],
        targets: &impl Fn(StateNumber) -> &'t [StateNumber],
        watch: &mut Watch<'_>,
    ) -> Result<(), Stop> {
        self.enter(root);
        while let Some((state, looked_at)) = self.way.last_mut() {
            watch.tick()?;
            let state = *state;
            if let Some(&target) = targets(state).get(*looked_at) {
                *looked_at += 1;
                if target == NOBODY || !inside[target as usize] {
                    continue;
                }
                if self.index[target as usize] == NOBODY {
                    self.enter(target);
                } else if self.component[target as usize] == NOBODY {
                    self.lower(state, self.index[target as usize]);
                }
            } else {
                self.way.pop();
                self.leave(state);
            }
        }
        Ok(())
    }

    fn leave(&mut self, state: StateNumber) {
        let low = self.low[state as usize];
        if low == self.index[state as usize] {
            while let Some(member) = self.open.pop() {
                self.component[member as usize] = self.components;
                if member == state {
                    break;
                }
            }
            self.components += 1;
        }
        if let Some(&(before, _)) = self.way.last() {
            self.lower(before, low);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;
    use std::time::{Duration, Instant};

    use super::*;
    use crate::Progress;
    use crate::round::Deadline;

    const SHOWN: Progress = Progress { level: 0, distinct: 0, edges: 0, waiting: 0, bytes: 0, elapsed: Duration::ZERO };

    fn components(edges: &[&[u32]], inside: &[bool]) -> Components {
        let mut goes_on = |_: &Progress| ControlFlow::Continue(());
        let mut watch = Watch::new(Instant::now(), Deadline(None), &mut goes_on, SHOWN);
        Components::find(inside, |state| edges[state as usize], &mut watch).expect("nobody ends it")
    }

    #[test]
    fn components_come_sinks_first() {
        let edges: &[&[u32]] = &[&[1], &[2, 3], &[0], &[4], &[3, NOBODY], &[5]];
        let found = components(edges, &[true; 6]);
        assert_eq!(found.count(), 3);
        assert_eq!(found.members(found.of[0]), [0, 1, 2]);
        assert_eq!(found.members(found.of[3]), [3, 4]);
        assert_eq!(found.members(found.of[5]), [5]);
        assert!(found.of[3] < found.of[0]);
    }

    #[test]
    fn what_is_outside_connects_nothing() {
        let edges: &[&[u32]] = &[&[1], &[2], &[0]];
        let found = components(edges, &[true, false, true]);
        assert_eq!(found.of[1], NOBODY);
        assert_ne!(found.of[0], found.of[2]);
    }

    #[test]
    fn a_million_states_in_a_row_need_no_deep_stack() {
        let next: Vec<[u32; 1]> = (0..1_000_000u32).map(|state| [(state + 1) % 1_000_000]).collect();
        let edges: Vec<&[u32]> = next.iter().map(<[u32; 1]>::as_slice).collect();
        assert_eq!(components(&edges, &vec![true; next.len()]).count(), 1);
    }

    /// Who waits is asked all the while, and not only before and after.
    #[test]
    fn a_search_ends_where_nobody_waits_any_more() {
        let next: Vec<[u32; 1]> = (0..1_000_000u32).map(|state| [(state + 1) % 1_000_000]).collect();
        let mut asked = 0;
        let mut leaves = |_: &Progress| {
            asked += 1;
            if asked < 3 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        let mut watch = Watch::new(Instant::now(), Deadline(None), &mut leaves, SHOWN);
        let found = Components::find(&vec![true; next.len()], |state| &next[state as usize], &mut watch);
        assert_eq!(found.err(), Some(Stop::Cancelled));
        assert_eq!((watch.look(), watch.ended()), (Err(Stop::Cancelled), Some(Stop::Cancelled)));
        assert_eq!(asked, 3, "it is not asked again");

        let mut goes_on = |_: &Progress| ControlFlow::Continue(());
        let mut watch = Watch::new(Instant::now(), Deadline(Some(Instant::now())), &mut goes_on, SHOWN);
        let found = Components::find(&vec![true; next.len()], |state| &next[state as usize], &mut watch);
        assert_eq!(found.err(), Some(Stop::Time));
    }
}
