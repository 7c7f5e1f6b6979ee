//! Sentences that are true of every world and of every way through it.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use slr_core::codec::Codec;
use slr_core::id::{AttachmentIdx, GrantIdx, RegionIdx, RoleIdx};
use slr_core::invariant::{invariants, step_invariants};
use slr_core::machine::{OperatorState, RoleState, TaskState};
use slr_core::rejection::{Impossible, Refusal};
use slr_core::rules::{Judgement, Reports};
use slr_core::service::ReportingPolicy;
use slr_core::{Action, Event, IdSet, State, Universe, WideSet};
use slr_tests::config;
use slr_tests::steps::{Ids, Sort, Step, enabled, steps, widened};
use slr_tests::worlds::{Setup, setup};

const SEEDS: &str = "proptest-regressions/properties.txt";

/// Every event.
const EVENTS: &[&str] = &[
    "RoleCreated",
    "RoleDeleted",
    "RolePropagated",
    "RoleUpdated",
    "Attached",
    "Detached",
    "TagsChanged",
    "TaskSubmitted",
    "TaskReturned",
    "TaskStarted",
    "TaskSucceeded",
    "TaskFailed",
    "TaskBecameVisible",
    "TaskForgotten",
    "EarlierTaskForgotten",
    "StatusAnswered",
    "Answered",
    "RoleAssumed",
    "SessionOpened",
    "SessionEnded",
    "ResourceMoved",
    "DocsRead",
    "ObstaclesNamed",
    "FailureSeen",
    "SuccessSeen",
    "GaveUp",
    "Refused",
    "RegionFailed",
    "RegionRecovered",
    "Granted",
    "Revoked",
];

/// Every rejection.
const REJECTIONS: &[&str] = &[
    "RoleNotFound",
    "ServiceRoleNameTaken",
    "DeletionUnfinished",
    "RoleNameTaken",
    "SuffixNotAllowed",
    "UnknownPrincipal",
    "NoTemplate",
    "InvalidRequestName",
    "InvalidRoleName",
    "InvalidRolePath",
    "InvalidServiceName",
    "InvalidSuffix",
    "InvalidDescription",
    "InvalidItem",
    "InvalidTag",
    "InvalidTaskId",
    "MalformedTrust",
    "TrustPolicyTooLong",
    "ProtectedDuration",
    "ReservedPath",
    "ProtectedRole",
    "NotServiceLinked",
    "PolicyNotAttachable",
    "HasDependents",
    "HasPolicies",
    "RoleQuotaReached",
    "AttachmentQuotaReached",
    "TagKeyRepeated",
    "TagKeyReserved",
    "AttachmentNotFound",
    "PolicyNotFound",
    "RoleInUse",
    "TaskDenied",
    "TaskNotFound",
    "EarlierTaskNotFound",
    "UnknownTaskId",
    "MalformedTaskId",
    "AccessDenied",
    "RequestDenied",
    "AccessDeniedAnywhere",
    "Throttled",
    "ResourceAlreadyExists",
    "NameOfTheGone",
    "ResourceNotReady",
    "ResourceBusy",
    "InvalidRequest",
    "ConditionUnmet",
    "ResourceNotFound",
    "ResourceAccessDenied",
    "ResourceHasChildren",
    "ResourceQuotaReached",
    "ParentMissing",
    "ServiceNeedsRole",
    "RoleNotSpread",
    "RoleLocked",
    "RegionUnavailable",
    "GrantDenied",
    "HolderNotFound",
    "GrantNotFound",
    "NotGrantable",
    "MalformedGrant",
    "InvalidGrant",
];

/// What a step came to.
#[derive(Debug, Clone, PartialEq)]
struct Outcome<S> {
    action: Action<S>,
    answer: Result<(), Refusal>,
    events: Vec<Event<S>>,
}

/// Takes an action from `state`, which is then the state after it.
fn take<S: IdSet>(universe: &Universe<S>, state: &mut State<S>, action: Action<S>) -> Outcome<S> {
    let mut events = Vec::new();
    let answer = universe.apply(state, &action, &mut |event| events.push(event));
    Outcome { action, answer, events }
}

/// Walks through a world, and shows every step: the state before, what it came to, the state after.
fn walk<S: IdSet>(
    universe: &Universe<S>,
    steps: &[Step],
    mut see: impl FnMut(&State<S>, &Outcome<S>, &State<S>) -> Result<(), TestCaseError>,
) -> Result<State<S>, TestCaseError> {
    let mut state = universe.initial();
    for step in steps {
        if let Some(action) = step.action(universe, &state) {
            let before = state.clone();
            let outcome = take(universe, &mut state, action);
            see(&before, &outcome, &state)?;
        }
    }
    Ok(state)
}

/// Everything that the accessors tell of a state, without its width.
#[derive(Debug, PartialEq)]
struct Seen {
    roles: Vec<(RoleState, Option<TaskState>, bool, bool)>,
    judged: Vec<(BTreeSet<u32>, bool, bool)>,
    resources: Vec<u8>,
    reported: Vec<u32>,
    sessions: Vec<u32>,
    attached: Vec<bool>,
    granted: Vec<bool>,
    answering: Vec<bool>,
    operators: Vec<OperatorState>,
}

fn seen<S: IdSet>(universe: &Universe<S>, state: &State<S>) -> Seen {
    let world = universe.world();
    Seen {
        roles: universe
            .roles()
            .map(|role| (state.role(role), state.task(role), state.task_is_unseen(role), state.is_fresh(role)))
            .collect(),
        judged: universe
            .roles()
            .map(|role| universe.judge(state, role))
            .map(|Judgement { in_use, session_open, impossible }| (in_use.iter().collect(), session_open, impossible))
            .collect(),
        resources: universe.resources().map(|resource| state.resource(resource)).collect(),
        reported: state.reported().iter().collect(),
        sessions: state.open_sessions().iter().collect(),
        attached: (0..).take(world.attachments.len()).map(|id| state.is_attached(AttachmentIdx(id))).collect(),
        granted: (0..).take(world.grants.len()).map(|id| universe.is_granted(state, GrantIdx(id))).collect(),
        answering: (0..).take(world.regions.len()).map(|id| state.answers(RegionIdx(id))).collect(),
        operators: universe.operators().map(|operator| state.operator(operator)).collect(),
    }
}

/// An event in words that are the same for every width.
fn told<S: IdSet>(event: &Event<S>) -> String {
    let ids = |set: &S| set.iter().collect::<Vec<_>>();
    if let Event::TaskFailed { role, in_use, session_open, named } = event {
        format!("TaskFailed {role:?} {:?} {session_open} {:?}", ids(in_use), ids(named))
    } else if let Event::ObstaclesNamed { operator, resources } = event {
        format!("ObstaclesNamed {operator:?} {:?}", ids(resources))
    } else {
        format!("{event:?}")
    }
}

/// Takes the same actions with sets of the width `T` and compares answers, events and what can be seen.
fn is_the_same_with<T: IdSet>(setup: &Setup, outcomes: &[Outcome<u64>], end: &Seen) -> Result<(), TestCaseError> {
    let universe = setup.universe::<T>();
    let mut state = universe.initial();
    for outcome in outcomes {
        let other = take(&universe, &mut state, widened(&outcome.action));
        prop_assert_eq!(other.answer, outcome.answer, "{:?}", outcome.action);
        let (here, there): (Vec<_>, Vec<_>) =
            (outcome.events.iter().map(told).collect(), other.events.iter().map(told).collect());
        prop_assert_eq!(there, here, "{:?}", outcome.action);
    }
    prop_assert_eq!(&seen(&universe, &state), end);
    Ok(())
}

/// Every report that the reporting policy can be thought to mean, by its definition and by trying each set of resources.
fn fits(policy: ReportingPolicy, named: u8, in_use: u8, ever: u8, regions: &[u8]) -> bool {
    let within = named & !in_use == 0;
    let size = named.count_ones();
    match policy {
        ReportingPolicy::All => named == in_use,
        ReportingPolicy::First(most) => {
            let skipped = in_use & !named;
            within
                && size == in_use.count_ones().min(most)
                && (skipped == 0 || named < skipped & skipped.wrapping_neg())
        }
        ReportingPolicy::Share(millionths) => {
            let wanted = (millionths * in_use.count_ones()).div_ceil(1_000_000).min(in_use.count_ones());
            within && size == wanted
        }
        ReportingPolicy::AnySubset => within,
        ReportingPolicy::OneRegion => {
            if in_use == 0 {
                named == 0
            } else {
                named != 0 && regions.iter().any(|region| named == in_use & region)
            }
        }
        ReportingPolicy::RegionsOnly | ReportingPolicy::TextOnly | ReportingPolicy::Silent => named == 0,
        ReportingPolicy::Stale => named == in_use | ever,
    }
}

proptest! {
    #![proptest_config(config(500, SEEDS))]

    #[test]
    fn every_invariant_holds_whatever_happens(setup in setup(), steps in steps(60)) {
        let universe = setup.universe::<u8>();
        let holds_in = |state: &State<u8>| {
            for invariant in invariants() {
                prop_assert!((invariant.holds)(&universe, state), "{}: {:?}", invariant.name, state);
            }
            Ok(())
        };
        holds_in(&universe.initial())?;
        walk(&universe, &steps, |before, outcome, after| {
            holds_in(after)?;
            for invariant in step_invariants() {
                let holds = (invariant.holds)(&universe, before, &outcome.action, after);
                prop_assert!(holds, "{}: {:?} in {:?}", invariant.name, outcome.action, before);
            }
            Ok(())
        })?;
    }

    #[test]
    fn a_refused_action_changes_nothing_and_tells_nothing(setup in setup(), steps in steps(60)) {
        let universe = setup.universe::<u8>();
        walk(&universe, &steps, |before, outcome, after| {
            if outcome.answer.is_err() {
                prop_assert_eq!(before, after, "{:?}", outcome);
                prop_assert_eq!(&outcome.events, &Vec::new(), "{:?}", outcome);
            }
            Ok(())
        })?;
    }

    // A run does not ask the rules again where the same poll follows.
    #[test]
    fn what_tells_a_status_alone_changes_nothing_and_tells_the_same_again(setup in setup(), steps in steps(60)) {
        let universe = setup.universe::<u8>();
        walk(&universe, &steps, |before, outcome, after| {
            if let ([Event::StatusAnswered { .. }], Ok(())) = (outcome.events.as_slice(), outcome.answer) {
                prop_assert_eq!(before, after, "{:?}", outcome);
                let mut again = *after;
                prop_assert_eq!(&take(&universe, &mut again, outcome.action), outcome);
                prop_assert_eq!(&again, after, "{:?}", outcome);
            }
            Ok(())
        })?;
    }

    #[test]
    fn what_is_enabled_is_accepted_and_changes_something(setup in setup(), steps in steps(40)) {
        let universe = setup.universe::<u8>();
        walk(&universe, &steps, |_, _, state| {
            let offered = enabled(&universe, state);
            let distinct: BTreeSet<_> = offered.iter().collect();
            prop_assert_eq!(distinct.len(), offered.len(), "offered twice: {:?}", offered);
            for action in offered {
                let mut after = *state;
                let outcome = take(&universe, &mut after, action);
                prop_assert_eq!(outcome.answer, Ok(()), "{:?} in {:?}", outcome.action, state);
                prop_assert_ne!(&after, state, "{:?} leads nowhere", outcome.action);
            }
            Ok(())
        })?;
    }

    #[test]
    fn what_happens_by_itself_and_changes_something_had_been_offered(setup in setup(), steps in steps(60)) {
        let universe = setup.universe::<u8>();
        walk(&universe, &steps, |before, outcome, after| {
            let is_offered = match outcome.action {
                // What callers and scripts choose. Regions fail by themselves only where that is asked for, and only the sessions of
                // slots that reopen are opened by their services.
                Action::Command { .. }
                | Action::Throttle { .. }
                | Action::RoleAppears { .. }
                | Action::RegionFails { .. }
                | Action::RegionRecovers { .. }
                | Action::SessionOpens { .. } => true,
                Action::SessionEnds { session, .. } => {
                    let done = Action::SessionEnds { session, end: slr_core::machine::SessionEnd::Done };
                    enabled(&universe, before).contains(&done)
                }
                // It is offered for each operator that waits, whatever its number.
                Action::EarlierTaskIsForgotten { ref waiting, .. } => waiting.iter().all(|operator| {
                    let alone: u8 = 1 << operator;
                    enabled(&universe, before).iter().any(|offered| {
                        matches!(offered, Action::EarlierTaskIsForgotten { waiting, .. } if *waiting == alone)
                    })
                }),
                Action::Operator { .. }
                | Action::TaskStarts { .. }
                | Action::TaskSucceeds { .. }
                | Action::TaskFails { .. }
                | Action::TaskBecomesVisible { .. }
                | Action::TaskIsForgotten { .. }
                | Action::RolePropagates { .. }
                | Action::ResourceMoves { .. }
                | Action::ServiceDeletesRole { .. } => enabled(&universe, before).contains(&outcome.action),
            };
            prop_assert!(outcome.answer.is_err() || before == after || is_offered, "{:?} in {:?}", outcome.action, before);
            Ok(())
        })?;
    }

    #[test]
    fn the_accepted_actions_alone_give_the_state_and_the_events_again(setup in setup(), steps in steps(60)) {
        let universe = setup.universe::<u16>();
        let mut accepted = Vec::new();
        let end = walk(&universe, &steps, |_, outcome, _| {
            if outcome.answer.is_ok() {
                accepted.push(outcome.clone());
            }
            Ok(())
        })?;
        let mut state = universe.initial();
        for outcome in accepted {
            let again = take(&universe, &mut state, outcome.action);
            prop_assert_eq!(again, outcome);
        }
        prop_assert_eq!(state, end);
    }

    #[test]
    fn the_width_of_the_sets_makes_no_difference(setup in setup(), steps in steps(40)) {
        let universe = setup.universe::<u64>();
        let mut outcomes = Vec::new();
        let end = walk(&universe, &steps, |_, outcome, _| {
            outcomes.push(outcome.clone());
            Ok(())
        })?;
        // A narrow set cannot hold what lies beyond it: such a report is refused all the same.
        outcomes.retain(|outcome| !matches!(outcome.action, Action::TaskFails { named, .. } if named >= 256));
        let end = seen(&universe, &end);
        is_the_same_with::<u8>(&setup, &outcomes, &end)?;
        is_the_same_with::<u16>(&setup, &outcomes, &end)?;
        is_the_same_with::<u32>(&setup, &outcomes, &end)?;
        is_the_same_with::<WideSet>(&setup, &outcomes, &end)?;
    }

    #[test]
    fn packing_loses_nothing_and_tells_states_apart(setup in setup(), steps in steps(60)) {
        let universe = setup.universe::<u8>();
        let wide = setup.universe::<WideSet>();
        let codec = Codec::new(&universe).expect("the world is small");
        prop_assert_eq!(&codec, &Codec::new(&wide).expect("the world is small"), "the layout has nothing to do with the width");
        let mut packed = BTreeMap::new();
        let mut keep = |state: &State<u8>| {
            let mut words = vec![u64::MAX; codec.words()];
            codec.pack(state, &mut words);
            prop_assert_eq!(&codec.unpack::<u8>(&words), state);
            let other = *packed.entry(words.clone()).or_insert(*state);
            prop_assert_eq!(&other, state, "packed alike");
            if codec.words() == 1 {
                prop_assert_eq!(codec.pack_word(state, 0), words[0]);
            }
            prop_assert_eq!(seen(&wide, &codec.unpack::<WideSet>(&words)), seen(&universe, state));
            Ok(())
        };
        keep(&universe.initial())?;
        walk(&universe, &steps, |_, _, state| {
            keep(state)?;
            for action in enabled(&universe, state) {
                let mut next = *state;
                take(&universe, &mut next, action);
                keep(&next)?;
            }
            Ok(())
        })?;
    }

    #[test]
    fn ids_of_nothing_are_refused_and_never_looked_up(setup in setup(), steps in steps(120)) {
        let universe = setup.universe::<u8>();
        let wide = setup.universe::<WideSet>();
        let ids = Ids::of(&universe).and_beyond();
        let (mut state, mut wide_state) = (universe.initial(), wide.initial());
        for step in steps {
            let before = state;
            let action = match step.sort {
                Sort::Enabled => step.action(&universe, &state),
                Sort::Command | Sort::Move => Some(step.arbitrary(&ids)),
            };
            let Some(action) = action else { continue };
            let is_known = universe.knows(&action);
            let outcome = take(&universe, &mut state, action);
            if !is_known {
                let unknown = matches!(outcome.answer, Err(Refusal::Impossible(Impossible::Unknown { .. })));
                prop_assert!(unknown, "{:?}", outcome);
                prop_assert_eq!(before, state);
            }
            if let Err(Refusal::Rejected(rejection)) = outcome.answer {
                prop_assert!(!rejection.message(&universe).is_empty());
            }
            let other = take(&wide, &mut wide_state, widened(&outcome.action));
            prop_assert_eq!(other.answer, outcome.answer);
        }
    }

    #[test]
    fn reports_are_what_the_policy_means_and_each_is_told_once(setup in setup(), steps in steps(60)) {
        let universe = setup.universe::<u8>();
        let regions: Vec<_> = (0..).take(universe.world().regions.len()).map(|id| *universe.resources_in(RegionIdx(id))).collect();
        let check = |state: &State<u8>, role: RoleIdx| {
            let judgement = universe.judge(state, role);
            let reports: Reports<u8> = universe.reports(state, role, &judgement);
            let policy = universe.service_of(role).expect("only service-linked roles have tasks").reports;
            let ever = universe.resources_of(role).iter().filter(|id| state.resource((*id).into()) != 0);
            let ever = u8::of(ever);
            let mut told = BTreeMap::<u8, usize>::new();
            reports.for_each(&mut |named| *told.entry(named).or_default() += 1);
            for named in 0..=u8::MAX {
                let times = told.get(&named).copied().unwrap_or(0);
                prop_assert_eq!(times, usize::from(reports.allow(&named)), "{:?}: {:?}", policy, named);
                prop_assert_eq!(reports.allow(&named), fits(policy, named, judgement.in_use, ever, &regions), "{:?}: {:?}", policy, named);
                prop_assert!(times == 0 || policy == ReportingPolicy::Stale || named & !judgement.in_use == 0);
            }
            Ok(())
        };
        walk(&universe, &steps, |_, _, state| {
            for role in universe.roles().filter(|role| state.task(*role) == Some(TaskState::InProgress)) {
                check(state, role)?;
            }
            Ok(())
        })?;
    }

    #[test]
    fn every_refusal_has_a_code_and_a_message(setup in setup(), steps in steps(60)) {
        let universe = setup.universe::<u8>();
        walk(&universe, &steps, |_, outcome, _| {
            let refused = outcome.events.iter().filter_map(|event| {
                if let Event::Refused { rejection, .. } = event { Some(*rejection) } else { None }
            });
            let rejected = match outcome.answer {
                Err(Refusal::Rejected(rejection)) => Some(rejection),
                Ok(()) | Err(Refusal::Impossible(_)) => None,
            };
            for rejection in refused.chain(rejected) {
                let message = rejection.message(&universe);
                // The classes of characters of a pattern are no places that were left unfilled.
                let told = message.replace(r"\p{L}\p{Z}\p{N}", "");
                prop_assert!(!told.is_empty() && !told.contains(['{', '}']), "{:?}: {}", rejection, message);
                prop_assert!(matches!(rejection.code().http_status(), 400..=599));
            }
            if let Err(Refusal::Impossible(impossible)) = outcome.answer {
                prop_assert!(!impossible.to_string().is_empty());
            }
            Ok(())
        })?;
    }
}

/// The name of a value's variant.
fn variant(value: &impl std::fmt::Debug) -> String {
    let text = format!("{value:?}");
    text.split([' ', '(']).next().unwrap_or_default().to_owned()
}

/// The properties are worth something only if the walks get about.
#[test]
fn the_walks_meet_every_event_and_every_rejection() {
    let mut runner = TestRunner::deterministic();
    let strategy = (setup(), steps(60));
    let (mut events, mut rejections, mut impossible) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    // What an operator learns from a refusal is the rarest.
    for _ in 0..20_000 {
        let (setup, steps) = strategy.new_tree(&mut runner).expect("nothing is filtered").current();
        let universe = setup.universe::<u8>();
        let walked = walk(&universe, &steps, |_, outcome, _| {
            events.extend(outcome.events.iter().map(variant));
            match &outcome.answer {
                Ok(()) => {}
                Err(Refusal::Rejected(rejection)) => {
                    rejections.insert(variant(rejection));
                }
                Err(Refusal::Impossible(why)) => {
                    impossible.insert(variant(why));
                }
            }
            Ok(())
        });
        walked.expect("nothing is asked of the walks");
    }
    let lacks = |found: &BTreeSet<String>, wanted: &[&'static str]| -> Vec<_> {
        wanted.iter().copied().filter(|name| !found.contains(*name)).collect()
    };
    assert_eq!(lacks(&events, EVENTS), Vec::<&str>::new(), "events never met");
    assert_eq!(events.len(), EVENTS.len(), "an event that is not listed: {events:?}");
    assert_eq!(lacks(&rejections, REJECTIONS), Vec::<&str>::new(), "rejections never met");
    assert_eq!(rejections.len(), REJECTIONS.len(), "a rejection that is not listed: {rejections:?}");
    assert_eq!(lacks(&impossible, &["Transition", "NotEnabled", "Unknown"]), Vec::<&str>::new());
}
