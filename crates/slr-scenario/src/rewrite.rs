//! A run written down as a scenario: every action becomes a step, and nothing happens by itself.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "who listens picks what concerns it; the core is where a new variant has to find its place"
)]

use slr_core::action::{Call, Operation};
use slr_core::id::{KindIdx, ResourceIdx, TransitionIdx};
use slr_core::kind::{Mover, Passes, ResourceKind};
use slr_core::rejection;
use slr_core::{Action, Command, IdSet, OperatorStep, Universe, World};

use crate::lower::Lowered;
use crate::simulation::SimTime;
use crate::syntax::{
    Argument, AwsError, Delay, Delays, Duration, ErrorCode, Expectation, Fault, Given, Happening, Happens, Knobs,
    Named, OneOrMore, Operator, Perform, Polling, Polls, Resources, Retention, Scenario, Share, Step, TaskRef,
    Throttle,
};
use crate::yaml::{Span, Spanned};

/// An action of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Played<S> {
    /// When.
    pub at: SimTime,
    /// What.
    pub action: Option<Action<S>>,
    /// Which step of the scenario's script it was, counted from 0, if it was one.
    pub script: Option<u32>,
    /// The code with which it was refused.
    pub refused: Option<rejection::Code>,
}

/// An action that no step of a scenario says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a scenario cannot say the action {0}")]
pub struct Unsayable(pub &'static str);

pub(crate) fn anywhere<T>(value: T) -> Spanned<T> {
    Spanned::new(value, Span::default())
}

#[expect(clippy::unnecessary_wraps, reason = "it fills a field that is absent where it says nothing")]
fn text(text: &str) -> Option<Spanned<String>> {
    Some(anywhere(text.to_owned()))
}

/// The step that says an action of a run of `scenario`. Times are rounded down to milliseconds.
///
/// # Errors
/// [`Unsayable`] if there is no such step: a call of IAM that is no step of the scenario's own script.
pub fn step<S: IdSet>(
    scenario: &Scenario,
    lowered: &Lowered,
    universe: &Universe<S>,
    played: &Played<S>,
) -> Result<Spanned<Step>, Unsayable> {
    let at = anywhere(Duration::from_millis(played.at.millis()));
    let scripted = played.script.and_then(|number| scenario.steps.get(number as usize));
    if let (Some(Action::Command { .. } | Action::Throttle { .. }) | None, Some(step)) = (&played.action, scripted) {
        let mut step = step.value.clone();
        match &mut step {
            Step::Do(perform) => {
                again(perform, at, played.refused);
                let kind = perform.resource.as_ref().and_then(|name| kind_of(universe.world(), name));
                // Of a call that its parameters have refused nothing is due, and without them it would be granted.
                let is_refused_for_them = matches!(&played.action,
                    Some(Action::Command { command: Command::Operate { resource, transition }, .. })
                        if universe.transition(*resource, *transition).refusal.is_some());
                if is_refused_for_them {
                    // The calls before it have lost what it does not go together with.
                    let rests_on = played.script.and_then(|number| lowered.rests_on.get(&(number as usize)));
                    for (name, argument) in rests_on.into_iter().flatten() {
                        if perform.parameters.get(name).is_none() {
                            perform.parameters.0.push((anywhere(name.clone()), anywhere(argument.clone())));
                        }
                    }
                } else {
                    untimed(lowered, kind, &mut perform.parameters);
                }
                if let Some(Action::Command { command: Command::Operate { resource, transition }, .. }) = &played.action
                {
                    perform.with = with_of(universe, *resource, *transition);
                }
            }
            Step::Happens(happens) => happens.at = at,
        }
        return Ok(anywhere(step));
    }
    match &played.action {
        Some(action) => Ok(anywhere(spoken(universe, action, &at)?)),
        None => Err(Unsayable("of a script that there is not")),
    }
}

/// Leaves out the parameters by which something would happen by itself: schedules, hours and days. What a parameter is its kind says, and not how its
/// value looks. Amounts stay: a call may be refused for want of one.
fn untimed(lowered: &Lowered, kind: Option<KindIdx>, parameters: &mut Named<Spanned<Argument>>) {
    let times = kind.and_then(|kind| lowered.times.get(kind.index()));
    parameters.0.retain(|(name, _)| !times.is_some_and(|times| times.contains(&name.value)));
}

/// The kind of the resource of that name.
fn kind_of(world: &World, resource: &str) -> Option<KindIdx> {
    world.resources.iter().find(|known| known.name == resource).map(|known| known.kind)
}

/// The kind that is given.
fn kind_given(world: &World, given: &Resources) -> Option<KindIdx> {
    let is_of = |kind: &ResourceKind| {
        let service = &world.services[kind.service.index()];
        kind.name == given.kind.value
            && given.service.as_ref().is_none_or(|name| name.value == service.principal.as_str())
    };
    (0..).map(KindIdx).zip(&world.kinds).find(|(_, kind)| is_of(kind)).map(|(id, _)| id)
}

/// The parameters that tell a call apart from others of its operation.
fn with_of<S: IdSet>(
    universe: &Universe<S>,
    resource: ResourceIdx,
    transition: TransitionIdx,
) -> Option<OneOrMore<Spanned<String>>> {
    let with: Vec<_> =
        universe.transition(resource, transition).with.iter().map(|name| anywhere(name.clone())).collect();
    (!with.is_empty()).then_some(OneOrMore(with))
}

/// The same call at another time, of which nothing is expected but the refusal that came.
fn again(perform: &mut Perform, at: Spanned<Duration>, refused: Option<rejection::Code>) {
    perform.at = at;
    perform.message = None;
    perform.answers = None;
    perform.refused = refused.and_then(error).map(anywhere);
}

pub(crate) fn error(code: rejection::Code) -> Option<ErrorCode> {
    AwsError::ALL.iter().copied().find(|error| error.code() == code).map(ErrorCode::Ours)
}

fn spoken<S: IdSet>(universe: &Universe<S>, action: &Action<S>, at: &Spanned<Duration>) -> Result<Step, Unsayable> {
    let world = universe.world();
    let role = |role: slr_core::id::RoleIdx| text(&world.roles[role.index()].name);
    let resource = |resource: slr_core::id::ResourceIdx| text(&world.resources[resource.index()].name);
    let happens = |what: Happening| Happens {
        at: at.clone(),
        happens: anywhere(what),
        role: None,
        service: None,
        suffix: None,
        principal: None,
        resource: None,
        step: None,
        reports: None,
        operator: None,
        region: None,
        task: None,
    };
    let of_role = |what: Happening, id: slr_core::id::RoleIdx| Happens { role: role(id), ..happens(what) };
    let said = match action {
        Action::Command { by, command: Command::Operate { resource: id, transition } } => {
            let called = universe.transition(*id, *transition);
            let passed = match called.passes {
                Passes::Nothing => None,
                Passes::LinkedRole => role(universe.role_of(*id)),
                Passes::CustomRole => world.resources[id.index()].passes.and_then(role),
            };
            return Ok(Step::Do(Box::new(Perform {
                caller: text(&world.principals[by.index()].name),
                resource: resource(*id),
                with: with_of(universe, *id, *transition),
                passes: passed,
                ..call(at.clone(), &called.operation)
            })));
        }
        Action::Command { .. } => return Err(Unsayable("Command")),
        Action::Throttle { call: Call::Command(_), .. } => return Err(Unsayable("Throttle")),
        Action::Throttle { by, call: Call::Step { operator, step: made } } => {
            let operation = made.operation().ok_or(Unsayable("Throttle of a step that calls no operation of IAM"))?;
            let is_poll = operation == Operation::GetServiceLinkedRoleDeletionStatus;
            return Ok(Step::Do(Box::new(Perform {
                caller: text(&world.principals[by.index()].name),
                role: if is_poll { None } else { role(universe.operator(*operator).goal) },
                task: is_poll.then(|| anywhere(TaskRef::Last)),
                refused: Some(anywhere(AwsError::Throttling.into())),
                ..call(at.clone(), operation.name())
            })));
        }
        Action::Operator { operator, step } => {
            let (what, cleaned) = match step {
                OperatorStep::Submits => (Happening::OperatorSubmits, None),
                OperatorStep::Polls => (Happening::OperatorPolls, None),
                OperatorStep::ReadsDocs => (Happening::DocsRead, None),
                OperatorStep::CleansUp(id) => (Happening::OperatorCleansUp, resource(*id)),
                OperatorStep::GivesUp => (Happening::OperatorGivesUp, None),
            };
            Happens { operator: text(&universe.operator(*operator).name), resource: cleaned, ..happens(what) }
        }
        Action::SessionOpens { session } => {
            let slot = &world.sessions[session.index()];
            Happens { principal: text(slot.principal.as_str()), ..of_role(Happening::SessionOpens, slot.role) }
        }
        Action::SessionEnds { session, .. } => of_role(Happening::SessionEnds, world.sessions[session.index()].role),
        Action::TaskStarts { role } => of_role(Happening::TaskStarts, *role),
        Action::TaskSucceeds { role } => of_role(Happening::TaskSucceeds, *role),
        Action::TaskFails { role, named } => Happens {
            reports: Some(named.iter().filter_map(|id| resource(slr_core::id::ResourceIdx(id))).collect()),
            ..of_role(Happening::TaskFails, *role)
        },
        Action::TaskBecomesVisible { role } => of_role(Happening::TaskBecomesVisible, *role),
        Action::TaskIsForgotten { role } => of_role(Happening::TaskIsForgotten, *role),
        Action::EarlierTaskIsForgotten { role, number, .. } => {
            Happens { task: number.map(anywhere), ..of_role(Happening::TaskIsForgotten, *role) }
        }
        Action::RolePropagates { role } => of_role(Happening::RolePropagates, *role),
        Action::ResourceMoves { resource: id, transition } => {
            let step = universe.transition(*id, *transition);
            debug_assert_eq!(step.by, Mover::Service);
            Happens { resource: resource(*id), step: text(&step.name), ..happens(Happening::ResourceMoves) }
        }
        Action::RoleAppears { role: id } => {
            let slot = &world.roles[id.index()];
            let slr_core::world::RoleSort::ServiceLinked { service, suffix } = &slot.sort else {
                return Err(Unsayable("RoleAppears of a role that no service owns"));
            };
            Happens {
                service: text(world.services[service.index()].principal.as_str()),
                suffix: suffix.as_deref().and_then(text),
                ..happens(Happening::RoleAppears)
            }
        }
        Action::ServiceDeletesRole { role } => of_role(Happening::RoleDisappears, *role),
        Action::RegionFails { region } => {
            Happens { region: text(&world.regions[region.index()]), ..happens(Happening::RegionFails) }
        }
        Action::RegionRecovers { region } => {
            Happens { region: text(&world.regions[region.index()]), ..happens(Happening::RegionRecovers) }
        }
    };
    Ok(Step::Happens(Box::new(said)))
}

fn call(at: Spanned<Duration>, operation: &str) -> Perform {
    Perform {
        at,
        caller: None,
        operation: anywhere(operation.to_owned()),
        role: None,
        service: None,
        suffix: None,
        description: None,
        max_session_duration: None,
        path: None,
        policy: None,
        boundary: None,
        trust: Vec::new(),
        document: None,
        tags: Named::default(),
        tag_keys: Vec::new(),
        user: None,
        group: None,
        profile: None,
        task: None,
        resource: None,
        region: None,
        parent: None,
        with: None,
        parameters: Named::default(),
        passes: None,
        needs: Vec::new(),
        refused: None,
        message: None,
        answers: None,
    }
}

/// The scenario in which these steps happen and nothing else: operators never start, and every delay is longer than the run.
///
/// Sessions still end with `MaxSessionDuration`, an hour after their beginning unless the scenario says otherwise. Of the faults
/// nothing stays but what they did: the calls that were throttled are throttled at their times.
pub fn only(scenario: &Scenario, lowered: &Lowered, steps: Vec<Spanned<Step>>) -> Scenario {
    let never = || Some(anywhere(Duration::LONGEST));
    let late = scenario.knobs().task_visibility_delay() > Duration::ZERO
        || scenario.faults.iter().any(|fault| matches!(fault.value, crate::syntax::Fault::LateVisibility(_)));
    let last = steps.last().map_or(Duration::ZERO, |step| step.at().value);
    let within = scenario.expect.iter().filter_map(|expectation| match &expectation.value {
        Expectation::Eventually(eventually) => eventually.within.as_ref().map(|within| within.value),
        _ => None,
    });
    let until = within.fold(last, Ord::max).max(Duration::from_millis(1));
    let mut written = scenario.clone();
    written.params = Named::default();
    written.faults = throttlings(&steps);
    written.faults.extend(reasons_to_give_up(scenario, &steps));
    written.until = Some(anywhere(until));
    written.delays = Some(anywhere(Delays {
        task_start: far(),
        task_decision: far(),
        clean_up: far(),
        session_end: far(),
        session_open: far(),
        read_docs: far(),
        moves: Named::default(),
    }));
    let knobs = scenario.knobs();
    let forgets = knobs.task_retention() != Retention::Forever;
    let spreads = knobs.propagation_delay() > Duration::ZERO;
    if late || forgets || spreads {
        let mut knobs = written.knobs.take().map_or_else(|| scenario.knobs(), |knobs| knobs.value);
        set(&mut knobs, late, forgets, spreads);
        written.knobs = Some(anywhere(knobs));
    }
    for given in &mut written.given {
        if let Given::Resources(given) = &mut given.value {
            let kind = kind_given(&lowered.world, &given.resources.value);
            untimed(lowered, kind, &mut given.resources.value.parameters);
        }
    }
    for (_, operator) in &mut written.operators.0 {
        silence(&mut operator.value, never());
    }
    written.steps = steps;
    written
}

/// The faults without which an operator that gives up had no reason to; nothing comes of them where nothing happens by itself.
fn reasons_to_give_up(scenario: &Scenario, steps: &[Spanned<Step>]) -> Vec<Spanned<Fault>> {
    let gives_up = |step: &Spanned<Step>| match &step.value {
        Step::Happens(happens) => happens.happens.value == Happening::OperatorGivesUp,
        Step::Do(_) => false,
    };
    if !steps.iter().any(gives_up) {
        return Vec::new();
    }
    let kept = |fault: &Spanned<Fault>| match &fault.value {
        Fault::CleanUpFails(_) => Some(fault.clone()),
        Fault::Throttle(throttle) => Some(anywhere(Fault::Throttle(Throttle {
            throttle: throttle.throttle.clone(),
            share: Some(anywhere(Share::from_millionths(0))),
            from: None,
            until: None,
        }))),
        Fault::RegionUnavailable(_) | Fault::LateVisibility(_) => None,
    };
    scenario.faults.iter().filter_map(kept).collect()
}

/// What throttles the calls that are throttled, and those alone.
pub(crate) fn throttlings(steps: &[Spanned<Step>]) -> Vec<Spanned<Fault>> {
    let throttled = |step: &Spanned<Step>| match &step.value {
        Step::Do(perform)
            if perform.refused.as_ref().is_some_and(|error| error.value.ours() == Some(AwsError::Throttling)) =>
        {
            let from = perform.at.value;
            let until = Duration::from_millis(from.as_millis() + 1);
            let (from, until) = (Some(anywhere(from)), Some(anywhere(until)));
            Some(anywhere(Fault::Throttle(Throttle { throttle: perform.operation.clone(), share: None, from, until })))
        }
        Step::Do(_) | Step::Happens(_) => None,
    };
    steps.iter().filter_map(throttled).collect()
}

#[expect(clippy::unnecessary_wraps, reason = "it fills a field that is absent where it says nothing")]
fn far() -> Option<Spanned<Delay>> {
    Some(anywhere(Delay::Fixed(Duration::LONGEST)))
}

fn set(knobs: &mut Knobs, late: bool, forgets: bool, spreads: bool) {
    if late {
        knobs.task_visibility_delay = Some(anywhere(Duration::LONGEST));
    }
    if forgets {
        knobs.task_retention = Some(anywhere(Retention::For(Delay::Fixed(Duration::LONGEST))));
    }
    if spreads {
        knobs.propagation_delay = Some(anywhere(Duration::LONGEST));
    }
}

fn silence(operator: &mut Operator, never: Option<Spanned<Duration>>) {
    operator.starts.clone_from(&never);
    match operator.polls() {
        Polls::AtOnce => {}
        Polls::Polling(polling) => {
            let deadline = polling.deadline.as_ref().and(never.clone());
            operator.polls = Some(anywhere(Polls::Polling(Polling { every: never, deadline })));
        }
    }
}

/// Leaves out how soon something is expected, for runs whose times mean nothing.
pub fn without_times(scenario: &mut Scenario) {
    for expectation in &mut scenario.expect {
        if let Expectation::Eventually(eventually) = &mut expectation.value {
            eventually.within = None;
        }
    }
}

/// How many steps, entries under `given` and operators a scenario has: what shrinking makes fewer.
pub fn size(scenario: &Scenario) -> (usize, u64, usize) {
    let individuals = scenario.given.iter().map(|given| match &given.value {
        Given::Role(_) => 1,
        Given::Resources(given) => u64::from(given.resources.count()),
        Given::Sessions(given) => u64::from(given.sessions.count()),
    });
    (scenario.steps.len(), individuals.sum(), scenario.operators.len())
}
