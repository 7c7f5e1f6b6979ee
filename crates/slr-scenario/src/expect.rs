//! What a scenario expects of a run, and whether it came true.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "who listens picks what concerns it; the core is where a new variant has to find its place"
)]

use std::collections::BTreeSet;

use slr_core::action::{Call, Operation};
use slr_core::event::Event;
use slr_core::id::{OperatorIdx, RoleIdx};
use slr_core::invariant::Predicate;
use slr_core::machine::{Machine, TaskState};
use slr_core::rejection::{Code, Rejection};
use slr_core::{Action, IdSet, Parts, State, Universe};

use crate::ledger::{Ledger, TaskRecord};
use crate::listed::Listed;
use crate::simulation::{SimTime, Step};
use crate::yaml::Span;

/// An expectation, and where it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// What is expected.
    pub what: What,
    /// Where it is written.
    pub span: Span,
}

/// What can be expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// It becomes true, in time if there is one.
    Eventually {
        /// What.
        predicate: Predicate,
        /// The latest time.
        within: Option<SimTime>,
    },
    /// It is true at every moment at which the circumstance is.
    Always {
        /// What.
        predicate: Predicate,
        /// Which moments count.
        circumstance: Option<Predicate>,
    },
    /// It is true at no moment at which the circumstance is.
    Never {
        /// What.
        predicate: Predicate,
        /// Which moments count.
        circumstance: Option<Predicate>,
    },
    /// It is true in some run.
    Sometimes {
        /// What.
        predicate: Predicate,
        /// Which moments count.
        circumstance: Option<Predicate>,
    },
    /// It is true at the end.
    Finally {
        /// What.
        predicate: Predicate,
    },
    /// It can come true, whatever has happened. One run does not decide it.
    Possible {
        /// What.
        predicate: Predicate,
    },
    /// A role's tasks have these statuses at the end, in this order, and there are no others.
    Tasks {
        /// The role.
        role: RoleIdx,
        /// Their statuses.
        statuses: Vec<TaskState>,
    },
    /// A task says this.
    Task {
        /// Its role.
        role: RoleIdx,
        /// Which of the role's tasks, counted from 1.
        number: u32,
        /// Its status at the end.
        status: Option<TaskState>,
        /// How many resources it names: the least and the most.
        reports: Option<(u64, u64)>,
        /// The names of exactly those.
        names: Option<Vec<String>>,
        /// Exactly the regions that it lists.
        regions: Option<Vec<String>>,
        /// Its reason's text.
        reason: Option<String>,
    },
    /// So many calls are refused.
    Refusals {
        /// The least and the most.
        count: (u64, u64),
        /// With these codes, or those below; any if there are none.
        codes: Vec<Code>,
        /// With these names that services give.
        names: Vec<String>,
        /// Calls of this operation alone.
        operation: Option<String>,
        /// Calls of this operator alone.
        operator: Option<OperatorIdx>,
    },
    /// An operator submits so many requests.
    Attempts {
        /// The least and the most.
        count: (u64, u64),
        /// The operator.
        operator: OperatorIdx,
    },
}

/// What is expected of a step of the script. A step of which nothing is expected is to be granted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StepExpectation {
    /// It is refused with this code.
    pub refused: Option<Code>,
    /// It is refused with the error that the service calls so.
    pub refused_as: Option<String>,
    /// It is refused with exactly this message.
    pub message: Option<String>,
    /// It answers this.
    pub answers: Option<Answers>,
}

impl StepExpectation {
    /// Whether nothing is said of the step: it is to be granted.
    pub fn is_empty(&self) -> bool {
        !self.is_refused() && self.message.is_none() && self.answers.is_none()
    }

    /// Whether it is to be refused.
    fn is_refused(&self) -> bool {
        self.refused.is_some() || self.refused_as.is_some()
    }

    /// Whether a refusal bears the code that is expected.
    fn has_code<S: IdSet>(&self, universe: &Universe<S>, rejection: Rejection) -> bool {
        is_called(universe, rejection, self.refused.as_slice(), self.refused_as.as_slice())
    }

    /// Whether the state in which the step is taken decides it: what a call answers may depend on what went before.
    pub fn is_about_the_state(&self) -> bool {
        self.answers.as_ref().is_none_or(|answers| {
            let Answers { status, reports, regions, reason, description, .. } = answers;
            let of_a_task = status.is_some() || reports.is_some() || !regions.is_empty() || reason.is_some();
            !of_a_task && description.is_none()
        })
    }

    /// What came of the step otherwise than expected; `None` if nothing did. `state` is that after the step.
    pub fn contradiction<S: IdSet>(
        &self,
        universe: &Universe<S>,
        step: Step<'_, S>,
        state: &State<S>,
        ledger: &Ledger<'_, S>,
    ) -> Option<String> {
        match (step.refused, self.is_refused()) {
            (Some(rejection), _) => {
                let message = || rejection.message(universe);
                let as_expected = self.has_code(universe, rejection)
                    && self.message.as_ref().is_none_or(|expected| *expected == message());
                (!as_expected).then(|| format!("it was refused: {}: {}", rejection.code_text(universe), message()))
            }
            (None, true) => Some("it was granted".to_owned()),
            (None, false) => {
                let answers = self.answers.as_ref();
                answers.and_then(|answers| answers.contradiction(universe, step, state, ledger))
            }
        }
    }
}

impl StepExpectation {
    /// In which respects a step came otherwise than expected, each with what was expected in it; nothing if it came as expected. Where a
    /// poll did, also what status it told: a report falls short in another way while the task is unfinished than once it has failed.
    pub(crate) fn shortcomings<S: IdSet>(
        &self,
        universe: &Universe<S>,
        step: Step<'_, S>,
        state: &State<S>,
        ledger: &Ledger<'_, S>,
    ) -> BTreeSet<String> {
        let is_short = |part: &Self| part.contradiction(universe, step, state, ledger).is_some();
        let mut found = BTreeSet::new();
        match (step.refused, self.is_refused()) {
            (refused, true) if !refused.is_some_and(|refused| self.has_code(universe, refused)) => {
                let wanted = self.refused.map_or_else(|| self.refused_as.clone(), |code| Some(code.to_string()));
                found.extend(wanted.map(|wanted| format!("refused: {wanted}")));
            }
            (Some(_), true) if is_short(self) => found.extend(self.message.iter().map(|m| format!("message: {m}"))),
            (Some(_), false) => drop(found.insert("granted".to_owned())),
            (Some(_) | None, true) => {}
            (None, false) => {
                let parts = self.answers.iter().flat_map(Answers::parts);
                let short = parts.map(|(name, answers)| (name, Self { answers: Some(answers), ..Self::default() }));
                found.extend(short.filter(|(_, part)| is_short(part)).map(|(name, _)| name));
                found.extend(self.answers.iter().flat_map(|answers| answers.missing_tags(universe, step, state)));
                if !found.is_empty() {
                    found.extend(step.events.iter().filter_map(|event| told_status(event, ledger)));
                }
            }
        }
        found
    }
}

/// Whether a refusal has one of the codes, or is called by one of the names, by its service or by us.
fn is_called<S: IdSet>(universe: &Universe<S>, rejection: Rejection, codes: &[Code], names: &[String]) -> bool {
    let own = rejection.own_error(universe).and_then(|own| own.name.as_deref());
    let is_own = |name: &str| own == Some(name);
    codes.iter().any(|code| *code == rejection.code() || is_own(code.name())) || names.iter().any(|name| is_own(name))
}

/// The status that a poll tells.
fn told_status<S: IdSet>(event: &Event<S>, ledger: &Ledger<'_, S>) -> Option<String> {
    let Event::StatusAnswered { task, .. } = event else { return None };
    let task = ledger.task(ledger.number_of(*task)?)?;
    Some(format!("was: {:?}", task.status))
}

/// What a call answers; only what is given counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answers {
    /// The task's status.
    pub status: Option<TaskState>,
    /// How many resources the task names.
    pub reports: Option<u32>,
    /// The regions that it lists.
    pub regions: Vec<String>,
    /// Its reason's text.
    pub reason: Option<String>,
    /// The role's description.
    pub description: Option<String>,
    /// The role's name.
    pub role: Option<String>,
    /// The role's ARN.
    pub arn: Option<String>,
    /// The principals that the role's trust policy names.
    pub trust: Vec<String>,
    /// The role's tags: keys and values.
    pub tags: Vec<(String, String)>,
    /// How many things are listed.
    pub count: Option<u32>,
}

/// What a run says of an expectation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It came as expected.
    Held,
    /// It came otherwise.
    Failed,
    /// The run does not decide it: what is possible only the checker finds, and what happens sometimes need not happen in this run.
    Undecided,
}

impl Verdict {
    const fn of(holds: bool) -> Self {
        if holds { Self::Held } else { Self::Failed }
    }
}

/// What became of an expectation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// What the run says of it.
    pub verdict: Verdict,
    /// When it was decided, and by which action of the run, counted from 1; `None` at the end of the run.
    pub decided: Option<(SimTime, u64)>,
    /// Of what the end of the run decides: when it last changed what was found, and by which action; 0 if it was so from the beginning.
    pub since: Option<(SimTime, u64)>,
    /// What was found, where that says more than the expectation.
    pub found: Option<String>,
}

impl Outcome {
    /// Whether nothing in the run is otherwise than expected.
    pub const fn passed(&self) -> bool {
        !matches!(self.verdict, Verdict::Failed)
    }
}

/// How an expectation that the end decides stands: whether it holds, what was found, when that came about and by which action.
type Standing = (bool, Option<String>, SimTime, u64);

/// An expectation that the first state decides in which its predicate is as told and the circumstance is given.
#[derive(Debug, Clone, Copy)]
struct Watch {
    /// Its place among the expectations.
    place: usize,
    predicate: Predicate,
    decided_by: bool,
    circumstance: Option<Predicate>,
    verdict: Decision,
    /// What the predicate looks at, and what the two do.
    predicate_looks_at: Parts,
    looks_at: Parts,
    /// Whether the predicate was as told when it was looked at last.
    is_met: bool,
}

/// What a state says that decides an expectation.
#[derive(Debug, Clone, Copy)]
enum Decision {
    True,
    False,
    /// It came true if it was not too late.
    TrueBy(SimTime),
}

impl Watch {
    /// What the expectation at `place` watches for; `None` if no state decides it.
    fn of(place: usize, what: &What) -> Option<Self> {
        let (predicate, decided_by, circumstance, verdict) = match *what {
            What::Eventually { predicate, within: None } => (predicate, true, None, Decision::True),
            What::Eventually { predicate, within: Some(within) } => (predicate, true, None, Decision::TrueBy(within)),
            What::Always { predicate, circumstance } => (predicate, false, circumstance, Decision::False),
            What::Never { predicate, circumstance } => (predicate, true, circumstance, Decision::False),
            What::Sometimes { predicate, circumstance } => (predicate, true, circumstance, Decision::True),
            What::Finally { .. }
            | What::Possible { .. }
            | What::Tasks { .. }
            | What::Task { .. }
            | What::Refusals { .. }
            | What::Attempts { .. } => return None,
        };
        let predicate_looks_at = predicate.looks_at();
        let looks_at = predicate_looks_at.and(circumstance.map_or(Parts::NONE, Predicate::looks_at));
        let is_met = false;
        Some(Self { place, predicate, decided_by, circumstance, verdict, predicate_looks_at, looks_at, is_met })
    }
}

/// Watches a run for what is expected of it.
#[derive(Debug)]
pub struct Monitor<'a, S> {
    universe: &'a Universe<S>,
    expectations: &'a [Expectation],
    /// The expectations that a state decides.
    watches: Vec<Watch>,
    /// The expectations that count something: their places.
    counting: Vec<usize>,
    /// Per expectation, what decided it.
    decided: Vec<Option<(bool, SimTime, u64)>>,
    counts: Vec<u64>,
    /// Per expectation that the end decides, what there was to find last, and since when; nothing unless somebody [asked](Self::dating).
    since: Vec<Option<Standing>>,
    is_dating: bool,
    steps: &'a [StepExpectation],
    step_outcomes: Vec<Option<Outcome>>,
}

impl<'a, S: IdSet> Monitor<'a, S> {
    /// A monitor of a run that begins in `state`.
    pub fn new(
        universe: &'a Universe<S>,
        expectations: &'a [Expectation],
        steps: &'a [StepExpectation],
        state: &State<S>,
    ) -> Self {
        let counts = |what: &What| matches!(what, What::Refusals { .. } | What::Attempts { .. });
        let all = || expectations.iter().map(|expectation| &expectation.what).enumerate();
        let mut monitor = Self {
            universe,
            expectations,
            watches: all().filter_map(|(place, what)| Watch::of(place, what)).collect(),
            counting: all().filter(|(_, what)| counts(what)).map(|(place, _)| place).collect(),
            decided: vec![None; expectations.len()],
            counts: vec![0; expectations.len()],
            since: vec![None; expectations.len()],
            is_dating: false,
            steps,
            step_outcomes: vec![None; steps.len()],
        };
        monitor.look(SimTime::ZERO, 0, Parts::ALL, state);
        monitor
    }

    /// The monitor, which keeps in mind since when that is so which the end of a run decides.
    #[must_use]
    pub fn dating(mut self, state: &State<S>, ledger: &Ledger<'_, S>) -> Self {
        self.is_dating = true;
        self.date(SimTime::ZERO, 0, state, ledger);
        self
    }

    fn date(&mut self, now: SimTime, serial: u64, state: &State<S>, ledger: &Ledger<'_, S>) {
        for index in 0..self.expectations.len() {
            let what = &self.expectations[index].what;
            if !matches!(what, What::Finally { .. } | What::Tasks { .. } | What::Task { .. }) {
                continue;
            }
            let (passed, found) = self.at_the_end(what, self.counts[index], state, ledger);
            let is_new = |known: &(bool, Option<String>, SimTime, u64)| (known.0, &known.1) != (passed, &found);
            if self.since[index].as_ref().is_none_or(is_new) {
                self.since[index] = Some((passed, found, now, serial));
            }
        }
    }

    /// Begins again with another run from `state`, keeping the room.
    pub fn reset(&mut self, state: &State<S>) {
        self.decided.fill(None);
        self.counts.fill(0);
        self.step_outcomes.fill(None);
        self.look(SimTime::ZERO, 0, Parts::ALL, state);
    }

    /// Takes note of the `serial`-th action, which changed these parts of the state and perhaps not all of them. The ledger knows it already.
    #[inline]
    pub fn step(
        &mut self,
        (now, serial): (SimTime, u64),
        step: Step<'_, S>,
        changed: Parts,
        state: &State<S>,
        ledger: &Ledger<'_, S>,
    ) {
        if !self.counting.is_empty() {
            self.count_step(now, serial, step);
        }
        self.look(now, serial, changed, state);
        if self.is_dating {
            self.date(now, serial, state, ledger);
        }
        if let Some(number) = step.script {
            let outcome = self.step_outcome(number, step, state, ledger);
            self.step_outcomes[number as usize] = Some(Outcome { decided: Some((now, serial)), ..outcome });
        }
    }

    /// How many refusals of this sort a step brought.
    fn refusals(
        &self,
        step: Step<'_, S>,
        (codes, names): (&[Code], &[String]),
        operation: Option<&str>,
        operator: Option<OperatorIdx>,
    ) -> u64 {
        let caller_counts = operator.is_none_or(|wanted| match step.action {
            Action::Operator { operator, .. } => *operator == wanted,
            Action::Throttle { call, .. } => call.operator() == Some(wanted),
            _ => false,
        });
        let operation_counts =
            operation.is_none_or(|wanted| operation_name(self.universe, step.action) == Some(wanted));
        if !caller_counts || !operation_counts {
            return 0;
        }
        let told = step.events.iter().filter_map(|event| match event {
            Event::Refused { rejection, .. } => Some(*rejection),
            _ => None,
        });
        let are_all = codes.is_empty() && names.is_empty();
        let counts = |rejection: &Rejection| are_all || is_called(self.universe, *rejection, codes, names);
        step.refused.into_iter().chain(told).filter(counts).count() as u64
    }

    /// Counts what a step brings of what is counted. There is never less again, so that too much is too much for good.
    fn count_step(&mut self, now: SimTime, serial: u64, step: Step<'_, S>) {
        for &place in &self.counting {
            let (more, most) = match &self.expectations[place].what {
                What::Refusals { codes, names, operation, operator, count: (_, most) } => {
                    (self.refusals(step, (codes, names), operation.as_deref(), *operator), *most)
                }
                What::Attempts { operator, count: (_, most) } => {
                    (u64::from(step.action.request_of() == Some(*operator)), *most)
                }
                What::Eventually { .. }
                | What::Always { .. }
                | What::Never { .. }
                | What::Sometimes { .. }
                | What::Finally { .. }
                | What::Possible { .. }
                | What::Tasks { .. }
                | What::Task { .. } => continue,
            };
            self.counts[place] += more;
            if self.counts[place] > most {
                self.decided[place].get_or_insert((false, now, serial));
            }
        }
    }

    /// Looks whether a state decides something that has changed in these parts.
    #[inline]
    fn look(&mut self, now: SimTime, serial: u64, changed: Parts, state: &State<S>) {
        for watch in self.watches.iter_mut().filter(|watch| watch.looks_at.meet(changed)) {
            let is_given = |circumstance: Predicate| circumstance.holds(self.universe, state);
            if watch.predicate_looks_at.meet(changed) {
                watch.is_met = watch.predicate.holds(self.universe, state) == watch.decided_by;
            }
            if watch.is_met && self.decided[watch.place].is_none() && watch.circumstance.is_none_or(is_given) {
                let came_true = match watch.verdict {
                    Decision::True => true,
                    Decision::False => false,
                    Decision::TrueBy(within) => now <= within,
                };
                self.decided[watch.place] = Some((came_true, now, serial));
            }
        }
    }

    fn step_outcome(&self, number: u32, step: Step<'_, S>, state: &State<S>, ledger: &Ledger<'_, S>) -> Outcome {
        let found = self.steps[number as usize].contradiction(self.universe, step, state, ledger);
        Outcome { verdict: Verdict::of(found.is_none()), decided: None, since: None, found }
    }

    /// Whether the `serial`-th action decided an expectation.
    pub fn has_decided(&self, serial: u64) -> bool {
        self.decided.iter().flatten().any(|(_, _, decided)| *decided == serial)
            || self.since.iter().flatten().any(|(_, _, _, since)| *since == serial)
    }

    /// How much has been counted for an expectation that counts.
    pub(crate) fn count(&self, expectation: usize) -> u64 {
        self.counts[expectation]
    }

    /// What became of the steps of the script; `None` for one that never came.
    pub fn step_outcomes(&self) -> &[Option<Outcome>] {
        &self.step_outcomes
    }

    /// What became of every expectation, once the run has ended.
    pub fn outcomes(&self, state: &State<S>, ledger: &Ledger<'_, S>) -> Vec<Outcome> {
        let all = self.expectations.iter().zip(&self.decided).zip(&self.counts).zip(&self.since);
        all.map(|(((expectation, decided), count), since)| {
            if let Some((passed, at, serial)) = *decided {
                let found = match expectation.what {
                    What::Eventually { .. } if !passed => Some(format!("only at {at}")),
                    What::Refusals { .. } | What::Attempts { .. } => Some(format!("{count} in all: too many at {at}")),
                    What::Eventually { .. }
                    | What::Always { .. }
                    | What::Never { .. }
                    | What::Sometimes { .. }
                    | What::Finally { .. }
                    | What::Possible { .. }
                    | What::Tasks { .. }
                    | What::Task { .. } => None,
                };
                return Outcome { verdict: Verdict::of(passed), decided: Some((at, serial)), since: None, found };
            }
            let (passed, found) = self.at_the_end(&expectation.what, *count, state, ledger);
            let verdict = match &expectation.what {
                What::Possible { .. } | What::Sometimes { .. } => Verdict::Undecided,
                What::Eventually { .. }
                | What::Always { .. }
                | What::Never { .. }
                | What::Finally { .. }
                | What::Tasks { .. }
                | What::Task { .. }
                | What::Refusals { .. }
                | What::Attempts { .. } => Verdict::of(passed),
            };
            let since = since.as_ref().map(|(_, _, at, serial)| (*at, *serial));
            Outcome { verdict, decided: None, since, found }
        })
        .collect()
    }

    /// Whether an expectation came true, once the run has ended, without the words for it. For `Sometimes`, whether the run shows it.
    pub fn came_true(&self, expectation: usize, state: &State<S>, ledger: &Ledger<'_, S>) -> bool {
        if let Some((passed, _, _)) = self.decided[expectation] {
            return passed;
        }
        let count = self.counts[expectation];
        match &self.expectations[expectation].what {
            What::Sometimes { .. } | What::Eventually { .. } => false,
            What::Always { .. } | What::Never { .. } | What::Possible { .. } => true,
            What::Finally { predicate } => predicate.holds(self.universe, state),
            What::Tasks { role, statuses } => {
                ledger.tasks_of(*role).map(|(_, task)| task.status).eq(statuses.iter().copied())
            }
            What::Task { role, number, status, reports, names: None, regions: None, reason: None } => {
                let place = number.checked_sub(1).map(|place| place as usize);
                place.and_then(|place| ledger.tasks_of(*role).nth(place)).is_some_and(|(_, task)| {
                    let named = u64::from(task.named.len());
                    status.is_none_or(|status| status == task.status)
                        && reports.is_none_or(|(least, most)| least <= named && named <= most)
                })
            }
            What::Refusals { count: (least, most), .. } | What::Attempts { count: (least, most), .. } => {
                *least <= count && count <= *most
            }
            what @ What::Task { .. } => self.at_the_end(what, count, state, ledger).0,
        }
    }

    fn at_the_end(&self, what: &What, count: u64, state: &State<S>, ledger: &Ledger<'_, S>) -> (bool, Option<String>) {
        let counted = |(least, most): (u64, u64)| {
            let passed = least <= count && count <= most;
            (passed, Some(format!("{count}")))
        };
        match what {
            What::Eventually { .. } => (false, Some("it never came true".to_owned())),
            What::Always { .. } | What::Never { .. } => (true, None),
            What::Possible { .. } => (true, Some("only the checker can decide it".to_owned())),
            What::Sometimes { .. } => (true, Some("this run does not show it".to_owned())),
            What::Finally { predicate } => (predicate.holds(self.universe, state), None),
            What::Tasks { role, statuses } => {
                let found: Vec<TaskState> = ledger.tasks_of(*role).map(|(_, task)| task.status).collect();
                let names: Vec<&str> = found.iter().map(|status| status.name()).collect();
                (found == *statuses, Some(format!("[{}]", names.join(", "))))
            }
            What::Task { role, number, .. } => {
                let place = number.checked_sub(1).map(|place| place as usize);
                let Some((_, task)) = place.and_then(|place| ledger.tasks_of(*role).nth(place)) else {
                    return (false, Some("there is no such task".to_owned()));
                };
                let passed = task_shortcomings(self.universe, ledger, task, what).is_empty();
                (passed, Some(Found::of(self.universe, ledger, task).to_string()))
            }
            What::Refusals { count, .. } | What::Attempts { count, .. } => counted(*count),
        }
    }
}

/// What of an expectation about a task is not so.
pub(crate) fn task_shortcomings<S: IdSet>(
    universe: &Universe<S>,
    ledger: &Ledger<'_, S>,
    task: &TaskRecord<S>,
    what: &What,
) -> Vec<&'static str> {
    let What::Task { status, reports, names, regions, reason, .. } = what else {
        return Vec::new();
    };
    let found = Found::of(universe, ledger, task);
    let said = [
        ("status", status.is_none_or(|status| status == task.status)),
        ("too few reported", reports.is_none_or(|(least, _)| least <= found.count)),
        ("too many reported", reports.is_none_or(|(_, most)| found.count <= most)),
        ("names", names.as_ref().is_none_or(|names| same(names, &found.names))),
        ("regions", regions.as_ref().is_none_or(|regions| same(regions, &found.regions))),
        ("reason", reason.as_ref().is_none_or(|reason| Some(reason) == found.reason.as_ref())),
    ];
    said.into_iter().filter(|(_, is_so)| !is_so).map(|(what, _)| what).collect()
}

/// What a task said.
struct Found {
    status: TaskState,
    count: u64,
    names: Vec<String>,
    regions: Vec<String>,
    reason: Option<String>,
}

impl Found {
    fn of<S: IdSet>(universe: &Universe<S>, ledger: &Ledger<'_, S>, task: &TaskRecord<S>) -> Self {
        let said = ledger.reason(task);
        let resources = said.role_usage_list.iter().flat_map(|usage| &usage.resources);
        Self {
            status: task.status,
            count: u64::from(task.named.len()),
            names: resources.map(|id| universe.world().resources[id.index()].name.clone()).collect(),
            regions: said.role_usage_list.iter().map(|usage| usage.region.clone()).collect(),
            reason: said.reason,
        }
    }
}

impl std::fmt::Display for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}, named {}", self.status.name(), self.count)?;
        if !self.names.is_empty() {
            write!(f, " ({})", self.names.join(" "))?;
        }
        if !self.regions.is_empty() {
            write!(f, " in {}", self.regions.join(" "))?;
        }
        if let Some(reason) = &self.reason {
            write!(f, ", {reason:?}")?;
        }
        Ok(())
    }
}

/// Whether two lists hold the same, in whatever order.
fn same<T: Ord + Clone>(a: &[T], b: &[T]) -> bool {
    let sorted = |list: &[T]| {
        let mut list = list.to_vec();
        list.sort();
        list
    };
    sorted(a) == sorted(b)
}

/// The operation that an action calls.
fn operation_name<'a, S: IdSet>(universe: &'a Universe<S>, action: &Action<S>) -> Option<&'a str> {
    match action {
        Action::Command { command, .. } | Action::Throttle { call: Call::Command(command), .. } => {
            match crate::simulation::operation_of(universe, *command) {
                Some(operation) => Some(operation.name()),
                None => match command {
                    slr_core::Command::Operate { resource, transition } => {
                        Some(&universe.transition(*resource, *transition).operation)
                    }
                    _ => None,
                },
            }
        }
        Action::Operator { step, .. } | Action::Throttle { call: Call::Step { step, .. }, .. } => {
            step.operation().map(Operation::name)
        }
        _ => None,
    }
}

impl Answers {
    /// What is said, one thing after the other, each with its name; tags apart.
    fn parts(&self) -> Vec<(String, Self)> {
        let nothing = Self::default;
        let mut parts = Vec::new();
        let mut part = |name: &str, value: Option<String>, answers: Self| {
            parts.extend(value.map(|value| (format!("{name}: {value}"), answers)));
        };
        let told = |text: &Option<String>| text.as_ref().map(|text| format!("{text:?}"));
        let all = |texts: &[String]| (!texts.is_empty()).then(|| format!("{texts:?}"));
        part("status", self.status.map(|status| format!("{status:?}")), Self { status: self.status, ..nothing() });
        part("reports", self.reports.map(|n| n.to_string()), Self { reports: self.reports, ..nothing() });
        part("regions", all(&self.regions), Self { regions: self.regions.clone(), ..nothing() });
        part("reason", told(&self.reason), Self { reason: self.reason.clone(), ..nothing() });
        part("description", told(&self.description), Self { description: self.description.clone(), ..nothing() });
        part("role", told(&self.role), Self { role: self.role.clone(), ..nothing() });
        part("arn", told(&self.arn), Self { arn: self.arn.clone(), ..nothing() });
        part("trust", all(&self.trust), Self { trust: self.trust.clone(), ..nothing() });
        part("count", self.count.map(|n| n.to_string()), Self { count: self.count, ..nothing() });
        parts
    }

    /// The tags that a role was expected to have and has not; or that it has others besides.
    fn missing_tags<S: IdSet>(&self, universe: &Universe<S>, step: Step<'_, S>, state: &State<S>) -> Vec<String> {
        let role = step.events.iter().find_map(|event| match event {
            Event::Answered { role, .. } => *role,
            Event::RoleCreated { role, .. } | Event::RoleUpdated { role, .. } => Some(*role),
            _ => None,
        });
        let Some(role) = role.filter(|_| !self.tags.is_empty()) else { return Vec::new() };
        let tags: Vec<_> =
            universe.tags_of(state, role).map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        let missing = self.tags.iter().filter(|tag| !tags.contains(tag));
        let missing: Vec<_> = missing.map(|(key, value)| format!("tag {key:?}: {value:?}")).collect();
        if missing.is_empty() && tags.len() > self.tags.len() { vec!["tags: no more".to_owned()] } else { missing }
    }

    /// What was answered otherwise; `None` if everything is as expected.
    fn contradiction<S: IdSet>(
        &self,
        universe: &Universe<S>,
        step: Step<'_, S>,
        state: &State<S>,
        ledger: &Ledger<'_, S>,
    ) -> Option<String> {
        let mut found = Vec::new();
        for event in step.events {
            match event {
                Event::StatusAnswered { task, .. } => {
                    if let Some(task) = ledger.number_of(*task).and_then(|number| ledger.task(number)) {
                        let said = Found::of(universe, ledger, task);
                        let as_expected = self.status.is_none_or(|status| status == said.status)
                            && self.reports.is_none_or(|reports| u64::from(reports) == said.count)
                            && (self.regions.is_empty() || same(&self.regions, &said.regions))
                            && (self.reason.is_none() || self.reason == said.reason);
                        if !as_expected {
                            found.push(said.to_string());
                        }
                    }
                }
                Event::Answered { operation, role, under } => {
                    let listed = Listed::of(universe, state, *operation, *role, *under).map(|listed| listed.count());
                    if self.count.is_some_and(|count| Some(u64::from(count)) != listed) {
                        found.push(listed.map_or("no list".to_owned(), |listed| format!("a list of {listed}")));
                    }
                    found.extend(role.and_then(|role| self.role_contradiction(universe, role, state, ledger)));
                }
                Event::RoleCreated { role, .. } | Event::RoleUpdated { role, .. } => {
                    found.extend(self.role_contradiction(universe, *role, state, ledger));
                }
                _ => {}
            }
        }
        (!found.is_empty()).then(|| format!("the answer was: {}", found.join("; ")))
    }

    fn role_contradiction<S: IdSet>(
        &self,
        universe: &Universe<S>,
        role: RoleIdx,
        state: &State<S>,
        ledger: &Ledger<'_, S>,
    ) -> Option<String> {
        let world = universe.world();
        let name = &world.roles[role.index()].name;
        let description = ledger.role(role).description.map(|text| world.texts[text.index()].clone());
        let tags: Vec<_> =
            universe.tags_of(state, role).map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        let arn = universe.role_arn(role);
        let trust = universe.trust_now(state, role);
        let as_expected = self.role.as_ref().is_none_or(|expected| expected == name)
            && self.arn.as_ref().is_none_or(|expected| *expected == arn)
            && self.description.as_ref().is_none_or(|expected| *expected == description.clone().unwrap_or_default())
            && (self.trust.is_empty() || same(&self.trust, &trust))
            && (self.tags.is_empty() || same(&self.tags, &tags));
        (!as_expected).then(|| {
            let described = description.map_or("none".to_owned(), |text| format!("{text:?}"));
            let tags: Vec<_> = tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
            format!("{arn}, description {described}, trust [{}], tags [{}]", trust.join(", "), tags.join(", "))
        })
    }
}
