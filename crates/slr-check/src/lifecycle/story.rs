//! A run of the checker as people read it, in the words of a simulated run.

use slr_core::id::TextIdx;
use slr_core::machine::{Machine, Phase, TaskState};
use slr_core::rejection::Refusal;
use slr_core::{Action, Event, IdSet, State, Universe};
use slr_scenario::ledger::Ledger;
use slr_scenario::simulation::SimTime;
use slr_scenario::trace::{Line, Storyteller, Tone};

use super::{Act, Scene};

/// Tells a run step by step: only what changed.
#[derive(Debug)]
pub struct Teller<'a, S> {
    universe: &'a Universe<S>,
    ledger: Ledger<'a, S>,
    words: Storyteller<'a, S>,
    state: State<S>,
}

impl<'a, S: IdSet> Teller<'a, S> {
    /// A teller of runs that begin where the universe does, with the ids of `seed`. Per role, `descriptions` are those that it has at the beginning.
    pub fn new(universe: &'a Universe<S>, seed: u64, descriptions: &[Option<TextIdx>]) -> Self {
        Self {
            universe,
            ledger: Ledger::new(universe, seed, descriptions),
            words: Storyteller::new(universe),
            state: universe.initial(),
        }
    }

    /// The lines of the next step.
    pub fn tell(&mut self, act: &Act<S>) -> Vec<Line> {
        let Some(action) = &act.action else {
            return vec![of_script("goes on: its next step means nothing here".to_owned())];
        };
        let mut events: Vec<Event<S>> = Vec::new();
        let refused = match self.universe.apply(&mut self.state, action, &mut |event| events.push(event)) {
            Ok(()) => None,
            Err(Refusal::Rejected(rejection)) => Some(rejection),
            Err(Refusal::Impossible(why)) => {
                return vec![of_script(format!("goes on: {why}"))];
            }
        };
        self.ledger.enter_step(SimTime::ZERO, action, &events);
        self.words.tell(action, &events, refused, &self.ledger, &self.state)
    }

    /// The lines that tell who asks no more after all that has been told.
    pub fn at_the_end(&self) -> Vec<Line> {
        self.words.at_the_end(&self.ledger, &self.state)
    }
}

fn of_script(text: String) -> Line {
    Line { subject: "script".to_owned(), text, tone: Tone::Plain }
}

/// A state in one line: only what is not as usual.
pub(super) fn describe_state<S: IdSet>(universe: &Universe<S>, scene: &Scene<S>) -> String {
    let world = universe.world();
    let state = &scene.state;
    let mut parts = Vec::new();
    for role in universe.roles() {
        let task = state.task(role).map_or(String::new(), |task| format!(", task {}", TaskState::name(task)));
        parts.push(format!("{} {}{task}", world.roles[role.index()].name, state.role(role).name()));
    }
    for resource in universe.resources() {
        let kind = universe.kind_of(resource);
        let reported = if state.reported().contains(resource.0) { " (reported)" } else { "" };
        parts.push(format!(
            "{} {}{reported}",
            world.resources[resource.index()].name,
            kind.state_name(state.resource(resource))
        ));
    }
    let open = state.open_sessions().len();
    if open > 0 {
        parts.push(format!("{open} session{} open", if open == 1 { "" } else { "s" }));
    }
    for operator in universe.operators() {
        let own = state.operator(operator);
        if own.phase != Phase::Starting || own.attempts > 0 {
            // Who works in any order never leaves the phase in which it starts.
            let phase = if own.phase == Phase::Starting { "at work" } else { own.phase.name() };
            parts.push(format!("{} {phase} after {}", world.operators[operator.index()].name, own.attempts));
        }
    }
    parts.join("; ")
}

/// An action in a few words, without what it led to.
pub(super) fn describe_action<S: IdSet>(universe: &Universe<S>, act: &Act<S>) -> String {
    let names = slr_scenario::trace::record::Names::new(universe);
    let action: &Action<S> = match &act.action {
        Some(action) => action,
        None => return "the script goes on".to_owned(),
    };
    let fact = names.action(action);
    let mut words = vec![fact.what.to_string()];
    for part in [&fact.by, &fact.operator, &fact.role, &fact.resource, &fact.step, &fact.region].into_iter().flatten() {
        words.push(part.to_string());
    }
    if let Some(session) = fact.session {
        words.push(format!("session {session}"));
    }
    if let Some(named) = &fact.named {
        words.push(format!("naming [{}]", named.join(" ")));
    }
    words.join(" ")
}
