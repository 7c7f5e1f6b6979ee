//! What kinds can say beyond their own states: relatives, passed roles, permissions, and other services' roles.

use std::collections::BTreeSet;

use slr_core::event::Creator;
use slr_core::id::{KindIdx, PrincipalIdx, RegionIdx, ResourceIdx, RoleIdx, ServiceIdx, TransitionIdx};
use slr_core::invariant::{invariants, step_invariants};
use slr_core::kind::{
    ABSENT, CleanUp, Condition, KindError, KindSpec, MoveSpec, Mover, Passes, ResourceKind, RoleClaim, When,
    check_conditions, clean_up_order,
};
use slr_core::name::{AccountId, RoleName, ServicePrincipal};
use slr_core::policy::{Document, DocumentKind, Entity};
use slr_core::rejection::Rejection;
use slr_core::service::ServiceDefinition;
use slr_core::world::{Authority, Item, Principal, Resource, SessionSlot};
use slr_core::{Action, Command, Event, State, Universe, World};

const ROLE: RoleIdx = RoleIdx(0);
const OTHER_ROLE: RoleIdx = RoleIdx(1);
const CUSTOM: RoleIdx = RoleIdx(2);
const WINDOW: ResourceIdx = ResourceIdx(0);
const TASK: ResourceIdx = ResourceIdx(1);
const FIRST: ResourceIdx = ResourceIdx(2);
const SECOND: ResourceIdx = ResourceIdx(3);
const ADMIN: PrincipalIdx = PrincipalIdx(0);
const REGISTRANT: PrincipalIdx = PrincipalIdx(1);

fn kind(
    name: &str,
    states: &[&str],
    blocks: &[&str],
    works: &[&str],
    parents: &[&str],
    moves: Vec<MoveSpec>,
) -> KindSpec {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    KindSpec {
        states: texts(states),
        initial: states[0].to_owned(),
        ends: texts(&states[states.len() - 1..]),
        blocks: texts(blocks),
        works: texts(works),
        moves,
        parents: texts(parents),
        ..KindSpec::plain(name)
    }
}

fn in_one_of(kind: &str, states: &[&str]) -> Condition {
    Condition::Relative { kind: kind.to_owned(), states: states.iter().map(|state| (*state).to_owned()).collect() }
}

fn in_none_of(kind: &str, states: &[&str]) -> Condition {
    Condition::NoRelative { kind: kind.to_owned(), states: states.iter().map(|state| (*state).to_owned()).collect() }
}

/// Windows that hold tasks, which run on the service's role or on one that is passed, and are executed one at a time.
fn kinds() -> Vec<KindSpec> {
    use Mover::{Caller, Parent, Service};
    let window = vec![
        MoveSpec::new("create", ABSENT, "enabled", Caller),
        MoveSpec::new("disable", "enabled", "disabled", Caller),
        MoveSpec::new("enable", "disabled", "enabled", Caller),
        MoveSpec {
            from: vec!["enabled".to_owned(), "disabled".to_owned()],
            when: When::NotInUse,
            ..MoveSpec::new("delete", "enabled", "deleted", Caller)
        },
    ];
    let task = vec![
        MoveSpec { creates_role: true, ..MoveSpec::new("register", ABSENT, "on-linked", Caller) },
        MoveSpec { passes: Passes::CustomRole, ..MoveSpec::new("switch", "on-linked", "on-custom", Caller) },
        MoveSpec {
            from: vec!["on-linked".to_owned(), "on-custom".to_owned()],
            ..MoveSpec::new("delete", "on-linked", "gone", Parent)
        },
    ];
    let execution = vec![
        MoveSpec {
            conditions: vec![
                in_one_of("window", &["enabled"]),
                in_one_of("task", &["on-linked"]),
                in_none_of("execution", &["running"]),
            ],
            creates_role_of: Some("other.example.com".to_owned()),
            ..MoveSpec::new("opens", "pending", "running", Service)
        },
        MoveSpec {
            conditions: vec![in_one_of("task", &["on-custom"]), Condition::PassedRole { usable: true }],
            ..MoveSpec::new("runs", "pending", "done", Service)
        },
        MoveSpec {
            conditions: vec![in_one_of("task", &["on-custom"]), Condition::PassedRole { usable: false }],
            ..MoveSpec::new("fails", "pending", "failed", Service)
        },
        MoveSpec {
            conditions: vec![Condition::Permitted(true)],
            ..MoveSpec::new("succeeds", "running", "done", Service)
        },
        MoveSpec {
            conditions: vec![Condition::Permitted(false)],
            ..MoveSpec::new("lacks", "running", "failed", Service)
        },
        MoveSpec::new("delete", "pending", "done", Parent),
        MoveSpec::new("forget", "failed", "done", Caller),
    ];
    vec![
        kind("window", &["enabled", "disabled", "deleted"], &[], &[], &[], window),
        kind("task", &["on-linked", "on-custom", "gone"], &["on-linked"], &[], &["window"], task),
        kind("execution", &["pending", "running", "failed", "done"], &[], &["running"], &["task"], execution),
    ]
}

/// A window with a task, two executions of it, and a role of another service.
fn world() -> World {
    let service = |name: &str, role: &str| {
        ServiceDefinition::new(ServicePrincipal::new(name).unwrap(), RoleName::new(role).unwrap())
    };
    let mut world = World::new(AccountId::new("123456789012").unwrap());
    world.services.push(ServiceDefinition {
        permits: vec!["ssm:SendCommand".to_owned(), "ec2:Describe*".to_owned()],
        ..service("windows.example.com", "AWSServiceRoleForWindows")
    });
    world.services.push(service("other.example.com", "AWSServiceRoleForOther"));
    world.kinds = kinds().iter().map(|spec| ResourceKind::new(spec, ServiceIdx(0)).unwrap()).collect();
    for (service, name) in [(0, "AWSServiceRoleForWindows"), (1, "AWSServiceRoleForOther")] {
        world.linked_role(ServiceIdx(service), name, None);
    }
    world.ordinary_role("custom", "/", &["ec2.amazonaws.com".to_owned()]);
    world.roles[ROLE.index()].given = true;
    world.roles[CUSTOM.index()].given = true;
    let resource = |name: &str, kind: u32, parent: Option<ResourceIdx>, given: u8| Resource {
        parents: parent.into_iter().collect(),
        given,
        ..Resource::new(name, KindIdx(kind), RegionIdx(0), ROLE)
    };
    let initial = |kind: usize| world.kinds[kind].initial;
    world.resources = vec![
        resource("window", 0, None, initial(0)),
        Resource { passes: Some(CUSTOM), ..resource("task", 1, Some(WINDOW), initial(1)) },
        resource("first", 2, Some(TASK), initial(2)),
        resource("second", 2, Some(TASK), initial(2)),
    ];
    world
}

fn transition(universe: &Universe<u8>, resource: ResourceIdx, name: &str, state: &State<u8>) -> TransitionIdx {
    let transitions = &universe.kind_of(resource).transitions;
    let fits = |wanted: bool| {
        (0..).zip(transitions).find(|(_, t)| t.name == name && (!wanted || t.from == state.resource(resource)))
    };
    TransitionIdx(fits(true).or(fits(false)).unwrap().0)
}

fn call(universe: &Universe<u8>, state: &State<u8>, by: PrincipalIdx, resource: ResourceIdx, name: &str) -> Action<u8> {
    let transition = transition(universe, resource, name, state);
    Action::Command { by, command: Command::Operate { resource, transition } }
}

fn done(universe: &Universe<u8>, state: &mut State<u8>, action: &Action<u8>) -> Vec<Event<u8>> {
    let mut events = Vec::new();
    universe.apply(state, action, &mut |event| events.push(event)).unwrap_or_else(|why| panic!("{action:?}: {why:?}"));
    events
}

fn moved(universe: &Universe<u8>, state: &mut State<u8>, resource: ResourceIdx, name: &str) -> Vec<Event<u8>> {
    let transition = transition(universe, resource, name, state);
    done(universe, state, &Action::ResourceMoves { resource, transition })
}

fn refused(universe: &Universe<u8>, state: &State<u8>, action: &Action<u8>) -> Rejection {
    let mut after = *state;
    let refusal = universe.apply(&mut after, action, &mut |_| ()).unwrap_err();
    assert_eq!(after, *state, "what is refused changes nothing");
    match refusal {
        slr_core::rejection::Refusal::Rejected(rejection) => rejection,
        slr_core::rejection::Refusal::Impossible(why) => panic!("{action:?}: {why}"),
    }
}

fn offered(universe: &Universe<u8>, state: &State<u8>) -> Vec<(ResourceIdx, String)> {
    let mut names = Vec::new();
    universe.enabled(state, &mut |action| {
        if let Action::ResourceMoves { resource, transition } = action {
            names.push((resource, universe.transition(resource, transition).name.clone()));
        }
    });
    names
}

fn state_of(universe: &Universe<u8>, state: &State<u8>, resource: ResourceIdx) -> String {
    universe.kind_of(resource).state_name(state.resource(resource)).to_owned()
}

#[test]
fn what_belongs_to_a_resource_goes_along_with_it_or_keeps_it() {
    let universe = Universe::<u8>::new(world()).unwrap();
    let mut state = universe.initial();
    let delete = call(&universe, &state, ADMIN, WINDOW, "delete");
    let events = done(&universe, &mut state, &delete);
    let gone: Vec<String> = [WINDOW, TASK, FIRST, SECOND].iter().map(|id| state_of(&universe, &state, *id)).collect();
    assert_eq!(gone, ["deleted", "gone", "done", "done"]);
    assert_eq!(events.len(), 4, "each of them is told");

    // A failed execution does not go along, so neither does its task, and the window has to stay.
    let mut state = universe.initial();
    moved(&universe, &mut state, FIRST, "opens");
    let busy = refused(&universe, &state, &call(&universe, &state, ADMIN, WINDOW, "delete"));
    assert!(matches!(busy, Rejection::ResourceBusy(WINDOW, _)), "the service uses the role: {busy:?}");
    let mut without_rights = world();
    without_rights.resources[TASK.index()].needs = vec!["sns:Publish".to_owned()];
    let universe = Universe::<u8>::new(without_rights).unwrap();
    moved(&universe, &mut state, FIRST, "lacks");
    let kept = refused(&universe, &state, &call(&universe, &state, ADMIN, WINDOW, "delete"));
    assert_eq!(kept, Rejection::ResourceHasChildren(WINDOW));
    let forget = call(&universe, &state, ADMIN, FIRST, "forget");
    done(&universe, &mut state, &forget);
    let delete = call(&universe, &state, ADMIN, WINDOW, "delete");
    done(&universe, &mut state, &delete);
}

#[test]
fn a_move_can_depend_on_those_above_and_beside_a_resource() {
    let universe = Universe::<u8>::new(world()).unwrap();
    let mut state = universe.initial();
    let opens = |resource: ResourceIdx| (resource, "opens".to_owned());
    assert_eq!(offered(&universe, &state), [opens(FIRST), opens(SECOND)]);

    let disable = call(&universe, &state, ADMIN, WINDOW, "disable");
    done(&universe, &mut state, &disable);
    assert_eq!(offered(&universe, &state), [], "the window is two generations above, and disabled");
    let blocked = Action::ResourceMoves { resource: FIRST, transition: TransitionIdx(0) };
    assert!(universe.apply(&mut state, &blocked, &mut |_| ()).is_err());

    let enable = call(&universe, &state, ADMIN, WINDOW, "enable");
    done(&universe, &mut state, &enable);
    moved(&universe, &mut state, FIRST, "opens");
    assert!(!offered(&universe, &state).contains(&opens(SECOND)), "a sibling is running");
    moved(&universe, &mut state, FIRST, "succeeds");
    assert_eq!(offered(&universe, &state), [opens(SECOND)]);
}

#[test]
fn another_services_role_is_made_once() {
    let universe = Universe::<u8>::new(world()).unwrap();
    let mut state = universe.initial();
    let made = Event::RoleCreated { role: OTHER_ROLE, by: Creator::Service, description: None };
    assert!(moved(&universe, &mut state, FIRST, "opens").contains(&made));
    assert!(state.is_live(OTHER_ROLE));
    moved(&universe, &mut state, FIRST, "succeeds");
    assert!(!moved(&universe, &mut state, SECOND, "opens").contains(&made), "it is there");
}

#[test]
fn what_the_role_does_not_permit_fails() {
    for (needs, permitted) in
        [(&["ec2:DescribeInstances", "ssm:sendcommand"][..], true), (&["ssm:SendCommand", "sns:Publish"], false)]
    {
        let mut described = world();
        described.resources[TASK.index()].needs = needs.iter().map(|action| (*action).to_owned()).collect();
        let universe = Universe::<u8>::new(described).unwrap();
        let mut state = universe.initial();
        moved(&universe, &mut state, FIRST, "opens");
        let next = if permitted { "succeeds" } else { "lacks" };
        assert!(offered(&universe, &state).contains(&(FIRST, next.to_owned())), "{needs:?}");
    }
}

/// The world with a user who may call everything of the service, and pass roles where the policy says so.
fn with_registrant(passing: &str) -> World {
    let mut world = world();
    let text = format!(
        r#"{{"Version": "2012-10-17", "Statement": [
            {{"Effect": "Allow", "Action": "windows:*", "Resource": "*"}}, {passing}]}}"#
    );
    world.access.add_user("/", "registrant").unwrap();
    let document = Document::parse(DocumentKind::Identity, &text).unwrap();
    world.access.put_inline_policy(Entity::User("registrant"), "rights", document).unwrap();
    let caller = world.access.user_caller("registrant").unwrap();
    world
        .principals
        .push(Principal { name: "registrant".to_owned(), authority: Authority::Policies(Box::new(caller)) });
    world
}

#[test]
fn a_role_is_passed_only_with_the_right_to_pass_it_to_that_service() {
    let allow = |condition: &str| {
        format!(
            r#"{{"Effect": "Allow", "Action": "iam:PassRole", "Resource": "arn:aws:iam::123456789012:role/custom"{condition}}}"#
        )
    };
    let to = |service: &str| format!(r#", "Condition": {{"StringEquals": {{"iam:PassedToService": "{service}"}}}}"#);
    let cases = [
        (r#"{"Effect": "Allow", "Action": "iam:GetRole", "Resource": "*"}"#.to_owned(), false),
        (allow(""), true),
        (allow(&to("windows.example.com")), true),
        (allow(&to("other.example.com")), false),
    ];
    for (passing, is_allowed) in cases {
        let universe = Universe::<u8>::new(with_registrant(&passing)).unwrap();
        let mut state = universe.initial();
        let switch = call(&universe, &state, REGISTRANT, TASK, "switch");
        if is_allowed {
            done(&universe, &mut state, &switch);
            assert_eq!(state_of(&universe, &state, TASK), "on-custom");
        } else {
            let rejection = refused(&universe, &state, &switch);
            assert!(matches!(rejection, Rejection::AccessDenied(REGISTRANT, _, CUSTOM, _)), "{passing}: {rejection:?}");
            assert!(rejection.message(&universe).contains("iam:PassRole"), "{}", rejection.message(&universe));
        }
        // Deleting and disabling pass no role.
        let disable = call(&universe, &state, REGISTRANT, WINDOW, "disable");
        done(&universe, &mut state, &disable);
    }
}

#[test]
fn a_passed_role_is_usable_only_if_it_trusts_the_service_now() {
    let mut described = world();
    let trust = described.attachment(CUSTOM, Item::TrustPolicy("ec2.amazonaws.com windows.example.com".to_owned()));
    let universe = Universe::<u8>::new(described).unwrap();
    let mut state = universe.initial();
    let switch = call(&universe, &state, ADMIN, TASK, "switch");
    done(&universe, &mut state, &switch);
    let only = |name: &str| vec![(FIRST, name.to_owned()), (SECOND, name.to_owned())];
    assert_eq!(offered(&universe, &state), only("fails"), "it trusts EC2 alone");
    done(&universe, &mut state, &Action::Command { by: ADMIN, command: Command::Attach { attachment: trust } });
    assert_eq!(offered(&universe, &state), only("runs"));
}

/// What the account's own role must be like for an execution to run, and what befalls it otherwise.
fn world_with_claim(claim: &RoleClaim) -> World {
    let mut described = world();
    let mut specs = kinds();
    for (step, holds) in [(1, true), (2, false)] {
        specs[2].moves[step].conditions = vec![
            in_one_of("task", &["on-custom"]),
            Condition::PassedRoleOf { kind: "task".to_owned(), claim: claim.clone(), holds },
        ];
    }
    described.kinds = specs.iter().map(|spec| ResourceKind::new(spec, ServiceIdx(0)).unwrap()).collect();
    let publisher = described.ordinary_role("publisher", "/", &[]);
    described.roles[publisher.index()].given = true;
    described.resources[TASK.index()].needs = vec!["ssm:SendCommand".to_owned(), "sns:Publish".to_owned()];
    described.resources[FIRST.index()].passes = Some(publisher);
    described.resources[SECOND.index()].passes = Some(publisher);
    described
}

/// Which of the two moves is offered for the first execution after the attachments, one after the other.
fn after_each(mut described: World, items: &[(Item, Option<&str>)]) -> Vec<String> {
    let attachments: Vec<_> = items
        .iter()
        .map(|(item, text)| {
            let attachment = described.attachment(CUSTOM, item.clone());
            described.attachments[attachment.index()].document =
                text.map(|text| Document::parse(DocumentKind::Identity, text).unwrap());
            attachment
        })
        .collect();
    let universe = Universe::<u8>::new(described).unwrap();
    let mut state = universe.initial();
    let switch = call(&universe, &state, ADMIN, TASK, "switch");
    done(&universe, &mut state, &switch);
    let first = |state: &State<u8>| {
        let mut moves = offered(&universe, state).into_iter().filter(|(resource, _)| *resource == FIRST);
        let (_, name) = moves.next().expect("one of the two is offered");
        assert_eq!(moves.next(), None, "and one alone");
        name
    };
    let mut found = vec![first(&state)];
    for attachment in attachments {
        done(&universe, &mut state, &Action::Command { by: ADMIN, command: Command::Attach { attachment } });
        found.push(first(&state));
    }
    found
}

fn inline(name: &str) -> Item {
    Item::InlinePolicy(name.to_owned())
}

const SEND: &str = r#"{ "Statement": { "Effect": "Allow", "Action": "ssm:*", "Resource": "*" } }"#;
const PUBLISH: &str = r#"{ "Statement": { "Effect": "Allow", "Action": "sns:Publish", "Resource": "*" } }"#;
const NEVER: &str = r#"{ "Statement": { "Effect": "Deny", "Action": "sns:*", "Resource": "*" } }"#;

#[test]
fn what_a_passed_role_may_do_follows_from_what_is_attached_to_it_now() {
    let needs = world_with_claim(&RoleClaim::PermitsNeeds);
    let policies = [(inline("send"), Some(SEND)), (inline("publish"), Some(PUBLISH)), (inline("never"), Some(NEVER))];
    assert_eq!(after_each(needs.clone(), &policies), ["fails", "fails", "runs", "fails"], "a denial wins");
    assert_eq!(after_each(needs, &[(inline("unknown"), None)]), ["fails", "fails"], "an unknown text allows nothing");
    let publishes = world_with_claim(&RoleClaim::Permits("sns:Publish".to_owned()));
    assert_eq!(after_each(publishes, &policies), ["fails", "fails", "runs", "fails"]);
}

#[test]
fn a_passed_role_may_pass_another_or_trust_another_service() {
    let passes = world_with_claim(&RoleClaim::MayPassThatOf("execution".to_owned()));
    let pass = |role: &str| {
        let role = format!("arn:aws:iam::123456789012:role/{role}");
        format!(r#"{{ "Statement": {{ "Effect": "Allow", "Action": "iam:PassRole", "Resource": "{role}" }} }}"#)
    };
    let (other, own) = (pass("other"), pass("publisher"));
    let policies = [(inline("other"), Some(other.as_str())), (inline("own"), Some(own.as_str()))];
    assert_eq!(after_each(passes, &policies), ["fails", "fails", "runs"]);
    let trusts = world_with_claim(&RoleClaim::Trusts("sns.amazonaws.com".to_owned()));
    let trust = |names: &str| (Item::TrustPolicy(names.to_owned()), None);
    let policies = [trust("ssm.amazonaws.com sns.amazonaws.com"), trust("ssm.amazonaws.com")];
    assert_eq!(after_each(trusts, &policies), ["fails", "runs", "fails"]);
}

#[test]
fn nothing_is_true_of_a_role_that_was_not_passed_or_is_not_there() {
    let mut nobody = world_with_claim(&RoleClaim::Trusts("ec2.amazonaws.com".to_owned()));
    assert_eq!(after_each(nobody.clone(), &[]), ["runs"]);
    nobody.roles[CUSTOM.index()].given = false;
    assert_eq!(after_each(nobody.clone(), &[]), ["fails"]);
    nobody.roles[CUSTOM.index()].given = true;
    let mut specs = kinds();
    specs[2].moves[2].conditions = vec![Condition::PassedRoleOf {
        kind: "window".to_owned(),
        claim: RoleClaim::Trusts("ec2.amazonaws.com".to_owned()),
        holds: false,
    }];
    specs[2].moves[1].conditions = vec![Condition::PassedRoleOf {
        kind: "window".to_owned(),
        claim: RoleClaim::Trusts("ec2.amazonaws.com".to_owned()),
        holds: true,
    }];
    nobody.kinds = specs.iter().map(|spec| ResourceKind::new(spec, ServiceIdx(0)).unwrap()).collect();
    assert_eq!(after_each(nobody, &[]), ["fails"], "the window was passed none");
}

#[test]
fn an_operator_neither_passes_roles_nor_waits_for_parents() {
    let task = ResourceKind::new(&kinds()[1], ServiceIdx(0)).unwrap();
    let code = usize::from(task.code_of("on-linked").unwrap());
    assert_eq!(task.clean_up[code], CleanUp::Wait, "it could only be switched to another role, or go with its window");
}

#[test]
fn kinds_with_several_parents_are_ordered_and_their_circles_named() {
    let named = |name: &str, parents: &[&str], made_from: &[&str]| {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let spec = KindSpec { parents: texts(parents), made_from: texts(made_from), ..KindSpec::plain(name) };
        ResourceKind::new(&spec, ServiceIdx(0)).unwrap()
    };
    let (recipe, place, pipeline) = (named("recipe", &[], &[]), named("place", &[], &[]), ["recipe", "place"]);
    let pipeline = named("pipeline", &pipeline, &[]);
    // What is made from a pipeline does not keep it, so it takes no part in the order; not even in a circle.
    let image = named("image", &[], &["pipeline"]);
    let order = clean_up_order(&[&recipe, &place, &pipeline, &image]).unwrap();
    let place_of = |name: &str| order.iter().position(|other| other == name).unwrap();
    assert!(place_of("pipeline") < place_of("recipe") && place_of("pipeline") < place_of("place"));

    let (a, b, c) = (named("a", &["b", "c"], &[]), named("b", &["a"], &[]), named("c", &[], &[]));
    let Err(KindError::ParentCycle { cycle }) = clean_up_order(&[&a, &b, &c]) else { panic!("there is a circle") };
    assert_eq!(cycle.len(), 3);
    assert_eq!(cycle.first(), cycle.last());
    assert!(cycle.contains(&"a".to_owned()) && cycle.contains(&"b".to_owned()));
    assert!(matches!(clean_up_order(&[&image]), Err(KindError::UnknownParent { .. })));
}

#[test]
fn conditions_name_kinds_and_states_that_there_are() {
    let with = |condition: Condition| {
        let mut specs = kinds();
        specs[2].moves[0].conditions = vec![condition];
        let kinds: Vec<ResourceKind> =
            specs.iter().map(|spec| ResourceKind::new(spec, ServiceIdx(0)).unwrap()).collect();
        check_conditions(&kinds.iter().collect::<Vec<_>>()).map_err(|error| error.to_string())
    };
    assert_eq!(with(in_one_of("window", &["enabled"])), Ok(()));
    assert_eq!(
        with(in_one_of("door", &["enabled"])).unwrap_err(),
        "kind `execution` has a move `opens` that depends on the kind `door`, which its service does not define"
    );
    assert_eq!(
        with(Condition::PassedRoleOf {
            kind: "task".to_owned(),
            claim: RoleClaim::MayPassThatOf("door".to_owned()),
            holds: true
        })
        .unwrap_err(),
        "kind `execution` has a move `opens` that depends on the kind `door`, which its service does not define"
    );
    assert_eq!(
        with(in_none_of("window", &["open"])).unwrap_err(),
        "kind `window` has no state `open`, which its move `opens` of kind `execution` names"
    );
}

/// Everything that can happen, with every call of the administrator: whatever is offered is accepted, and the invariants hold.
#[test]
fn every_order_keeps_the_invariants() {
    let mut described = world();
    described.sessions.push(SessionSlot {
        role: ROLE,
        principal: ServicePrincipal::new("windows.example.com").unwrap(),
        given_open: false,
        reopens: true,
    });
    let universe = Universe::<u8>::new(described).unwrap();
    let mut seen = BTreeSet::from([universe.initial()]);
    let mut queue = vec![universe.initial()];
    while let Some(state) = queue.pop() {
        for invariant in invariants() {
            assert!((invariant.holds)(&universe, &state), "{}: {state:?}", invariant.name);
        }
        let mut actions = Vec::new();
        universe.enabled(&state, &mut |action| actions.push((action, true)));
        for resource in [WINDOW, TASK, FIRST, SECOND] {
            for transition in
                (0..universe.kind_of(resource).transitions.len()).map(|id| TransitionIdx(u32::try_from(id).unwrap()))
            {
                let command = Command::Operate { resource, transition };
                actions.push((Action::Command { by: ADMIN, command }, false));
            }
        }
        actions.push((Action::Command { by: ADMIN, command: Command::DeleteServiceLinkedRole { role: ROLE } }, false));
        for (action, is_offered) in actions {
            let mut after = state;
            let result = universe.apply(&mut after, &action, &mut |_| ());
            assert!(result.is_ok() || !is_offered, "{action:?} was offered: {result:?}");
            for invariant in step_invariants() {
                assert!((invariant.holds)(&universe, &state, &action, &after), "{}: {action:?}", invariant.name);
            }
            if seen.insert(after) {
                queue.push(after);
            }
        }
    }
    assert!(seen.iter().any(|state| !state.is_live(ROLE)), "the role can be deleted");
}
