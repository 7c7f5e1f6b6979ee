//! One run of a scenario, from its beginning to its end, with whoever listens.

use std::io::{self, Write};

use slr_core::invariant::{invariants, step_invariants};
use slr_core::universe::WorldError;
use slr_core::{IdSet, Parts, State, Universe};

use crate::diagnostic::Look;
use crate::expect::{Monitor, Outcome};
use crate::ledger::Ledger;
use crate::lower::Lowered;
use crate::simulation::{Agenda, Ending, Observer, Player, Scratch, SimTime, Step, Unplayable, conduct};
use crate::trace::record::{Footer, Names};
use crate::trace::text::TextWriter;
use crate::trace::{Header, Line, Recorder, Storyteller};

/// What is written of a run while it goes on.
pub enum Output<'w> {
    /// Nothing.
    Nothing,
    /// Each fact as it happens.
    Story(&'w mut dyn FnMut(SimTime, Line)),
    /// The text of the trace.
    Text {
        /// Where to.
        out: &'w mut dyn Write,
        /// What its head says.
        header: Box<Header>,
        /// Whether it is coloured.
        look: Look,
    },
    /// JSON Lines.
    Record {
        /// Where to.
        out: &'w mut dyn Write,
        /// The first line.
        header: Box<Header>,
    },
}

/// What came of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// How many actions there were.
    pub steps: u64,
    /// When the last one was.
    pub last: SimTime,
    /// Why the run ended.
    pub ending: Ending,
    /// Per expectation, what became of it.
    pub outcomes: Vec<Outcome>,
    /// Per step of the script, what became of it; `None` if it never came.
    pub step_outcomes: Vec<Option<Outcome>>,
    /// What the actions were that decided expectations: the number of each, and its facts.
    pub deciding: Vec<(u64, Vec<Line>)>,
    /// Steps that could not happen.
    pub unplayable: Vec<Unplayable>,
    /// An invariant of the model that the run broke: a bug of ours, with the step after which it was seen.
    pub broken: Option<(&'static str, u64)>,
}

impl Report {
    /// Whether everything came as expected.
    pub fn passed(&self) -> bool {
        self.broken.is_none()
            && self.ending != Ending::Standstill
            && self.unplayable.is_empty()
            && self.outcomes.iter().all(Outcome::passed)
            && self.step_outcomes.iter().flatten().all(Outcome::passed)
    }
}

/// Why a run did not take place, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The world contradicts itself.
    #[error(transparent)]
    World(#[from] WorldError),
    /// The output could not be written.
    #[error(transparent)]
    Output(#[from] io::Error),
}

/// Runs a scenario under a seed. The narrowest sets that hold the world are used; the run is the same with any.
///
/// # Errors
/// [`RunError`] if the world cannot begin or the output cannot be written.
pub fn run(lowered: &Lowered, seed: u64, output: Output<'_>) -> Result<Report, RunError> {
    match Universe::<u64>::new(lowered.world.clone()) {
        Ok(universe) => run_in(&universe, lowered, seed, output),
        Err(WorldError::TooMany { what, .. }) if what != "operators" => {
            run_in(&Universe::<slr_core::WideSet>::new(lowered.world.clone())?, lowered, seed, output)
        }
        Err(error) => Err(error.into()),
    }
}

/// Runs a scenario in its universe.
///
/// # Errors
/// [`RunError::Output`] if the output cannot be written.
pub fn run_in<S: IdSet>(
    universe: &Universe<S>,
    lowered: &Lowered,
    seed: u64,
    output: Output<'_>,
) -> Result<Report, RunError> {
    let mut states = [universe.initial()];
    let names = Names::new(universe);
    let sink = match output {
        Output::Nothing => Sink::Nothing,
        Output::Story(tell) => Sink::Story(tell),
        Output::Text { out, header, look } => {
            Sink::Text(TextWriter::begin(out, &header, universe.world(), lowered.plan.until, look)?)
        }
        Output::Record { out, header } => Sink::Record(Recorder::begin(&names, out, &header)?),
    };
    let ledger = Ledger::new(universe, seed, &lowered.descriptions);
    let monitor = Monitor::new(universe, &lowered.expectations, &lowered.step_expectations, &states[0]);
    let mut listener = Listener {
        universe,
        before: states[0].clone(),
        monitor: monitor.dating(&states[0], &ledger),
        ledger,
        teller: Storyteller::new(universe),
        sink,
        deciding: Vec::new(),
        steps: 0,
        last: SimTime::ZERO,
        failed: None,
        broken: None,
    };
    let mut player = Player::new(universe, &lowered.plan, seed);
    let mut agenda = Agenda::default();
    player.begin(&states[0], &mut agenda);
    let until = lowered.plan.until;
    let ending =
        conduct(universe, &mut states, &mut agenda, &mut player, &mut listener, until, &mut Scratch::default());
    listener.finish(&states[0], ending, player.unplayable())
}

/// Where a run is written to.
enum Sink<'w, 'n, S> {
    Nothing,
    Story(&'w mut dyn FnMut(SimTime, Line)),
    Text(TextWriter<&'w mut dyn Write>),
    Record(Recorder<'n, S, &'w mut dyn Write>),
}

/// Listens to a run for its ledger, its expectations, the invariants, and whoever wants to read it.
struct Listener<'a, 'w, S: IdSet> {
    universe: &'a Universe<S>,
    before: State<S>,
    ledger: Ledger<'a, S>,
    monitor: Monitor<'a, S>,
    teller: Storyteller<'a, S>,
    sink: Sink<'w, 'a, S>,
    deciding: Vec<(u64, Vec<Line>)>,
    steps: u64,
    last: SimTime,
    failed: Option<io::Error>,
    broken: Option<(&'static str, u64)>,
}

impl<S: IdSet> Observer<S> for Listener<'_, '_, S> {
    fn step(&mut self, _: usize, now: SimTime, step: Step<'_, S>, state: &State<S>) {
        self.steps += 1;
        self.last = now;
        self.ledger.enter_step(now, step.action, step.events);
        self.check_invariants(step, state);
        // All that is watched for is looked at after each step, also where a sweep sees that it cannot have changed.
        self.monitor.step((now, self.steps), step, Parts::ALL, state, &self.ledger);
        if self.monitor.has_decided(self.steps) {
            self.deciding.push((self.steps, self.lines(step, state)));
        }
        if let Err(error) = self.write(now, step, state) {
            self.failed.get_or_insert(error);
        }
    }

    fn is_satisfied(&self) -> bool {
        // Nobody reads on: a closed pipe, a full disk. A broken invariant ends the run where it is seen.
        self.failed.is_some() || self.broken.is_some()
    }
}

impl<S: IdSet> Listener<'_, '_, S> {
    fn lines(&self, step: Step<'_, S>, state: &State<S>) -> Vec<Line> {
        self.teller.tell(step.action, step.events, step.refused, &self.ledger, state)
    }

    fn write(&mut self, now: SimTime, step: Step<'_, S>, state: &State<S>) -> io::Result<()> {
        let told = match self.sink {
            Sink::Nothing | Sink::Record(_) => Vec::new(),
            Sink::Story(_) | Sink::Text(_) => self.lines(step, state),
        };
        match &mut self.sink {
            Sink::Nothing => Ok(()),
            Sink::Story(tell) => {
                for line in told {
                    tell(now, line);
                }
                Ok(())
            }
            Sink::Text(writer) => told.iter().try_for_each(|line| writer.line(now, line)),
            Sink::Record(recorder) => recorder.step_answered(now, step, &self.ledger, state),
        }
    }

    fn check_invariants(&mut self, step: Step<'_, S>, state: &State<S>) {
        let states = invariants::<S>();
        let broken = states.iter().find(|invariant| !(invariant.holds)(self.universe, state));
        let steps = step_invariants::<S>();
        let broken_by =
            steps.iter().find(|invariant| !(invariant.holds)(self.universe, &self.before, step.action, state));
        if let Some(name) = broken.map(|i| i.name).or(broken_by.map(|i| i.name)) {
            self.broken = Some((name, self.steps));
        }
        self.before.clone_from(state);
    }

    fn finish(self, state: &State<S>, ending: Ending, unplayable: &[Unplayable]) -> Result<Report, RunError> {
        if let Some(error) = self.failed {
            return Err(error.into());
        }
        let outcomes = self.monitor.outcomes(state, &self.ledger);
        let step_outcomes = self.monitor.step_outcomes().to_vec();
        match self.sink {
            Sink::Nothing => {}
            Sink::Story(tell) => {
                self.teller.at_the_end(&self.ledger, state).into_iter().for_each(|line| tell(self.last, line));
            }
            Sink::Text(mut writer) => {
                self.teller.at_the_end(&self.ledger, state).iter().try_for_each(|line| writer.line(self.last, line))?;
                writer.end(self.steps, self.last, ending, self.broken)?;
            }
            Sink::Record(recorder) => {
                recorder.end(&Footer::new(self.universe, state, self.steps, self.last, ending))?;
            }
        }
        Ok(Report {
            steps: self.steps,
            last: self.last,
            ending,
            outcomes,
            step_outcomes,
            deciding: self.deciding,
            unplayable: unplayable.to_vec(),
            broken: self.broken,
        })
    }
}
