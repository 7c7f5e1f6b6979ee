//! What was once wrong, each told as the sentence that is right. Most were found by the properties of random worlds.

mod common;

use slr_core::action::{Call, Operation, TaskRef};
use slr_core::codec::Codec;
use slr_core::id::{
    AttachmentIdx, CreationIdx, GrantIdx, OperatorIdx, PrincipalIdx, RegionIdx, RequestIdx, ResourceIdx, RoleIdx,
    ServiceIdx, SessionIdx, TagCallIdx, TextIdx, TransitionIdx,
};
use slr_core::invariant::{invariants, step_invariants};
use slr_core::kind::{KindSpec, MoveSpec, Mover, ResourceKind};
use slr_core::knob::DeletionDenied;
use slr_core::machine::{Phase, RoleState, SessionEnd, TaskState};
use slr_core::policy::{Document, DocumentKind, Entity};
use slr_core::rejection::{Impossible, Refusal, Rejection};
use slr_core::universe::WorldError;
use slr_core::world::{Authority, Item, ReadsDocs, Resource, TagChange, Told, Works};
use slr_core::{Action, Command, OperatorStep, State, Universe, World};

const ADMIN: PrincipalIdx = PrincipalIdx(0);
const GADGET: ResourceIdx = ResourceIdx(0);

/// The world of one of everything, changed.
fn world(change: impl FnOnce(&mut World)) -> World {
    let mut world = common::world(1, 1, 1, true);
    change(&mut world);
    world
}

/// An ordinary role that the gadget and the session use instead of the service-linked one; it is in the account.
fn custom_role(world: &mut World) -> RoleIdx {
    let role = world.ordinary_role("custom", "/", &["gadgets.example.com".to_owned()]);
    world.roles[role.index()].given = true;
    world.resources[0].role = role;
    world.sessions[0].role = role;
    role
}

fn command(command: Command) -> Action<u8> {
    Action::Command { by: ADMIN, command }
}

/// The state after these actions, which are all accepted, and every invariant of which holds.
fn after(universe: &Universe<u8>, actions: &[Action<u8>]) -> State<u8> {
    let mut state = universe.initial();
    for action in actions {
        let before = state;
        universe.apply(&mut state, action, &mut |_| ()).unwrap_or_else(|refusal| panic!("{action:?}: {refusal:?}"));
        for invariant in invariants() {
            assert!((invariant.holds)(universe, &state), "{}: {action:?}", invariant.name);
        }
        for invariant in step_invariants() {
            assert!((invariant.holds)(universe, &before, action, &state), "{}: {action:?}", invariant.name);
        }
    }
    state
}

/// Every action and command in a world of ones, made to name something that is not there.
fn strangers() -> Vec<Action<u8>> {
    let (role, resource, transition, text) = (RoleIdx(9), ResourceIdx(9), TransitionIdx(9), TextIdx(9));
    let commands = [
        Command::CreateRole { role, description: None, max_session_duration: None, gives: None },
        Command::CreateRole {
            role: RoleIdx(0),
            description: None,
            max_session_duration: None,
            gives: Some(CreationIdx::new(0)),
        },
        Command::CreateServiceLinkedRole { request: RequestIdx(9), description: None },
        Command::DeleteRole { role },
        Command::DeleteServiceLinkedRole { role },
        Command::GetServiceLinkedRoleDeletionStatus { task: TaskRef::Latest(role) },
        Command::GetServiceLinkedRoleDeletionStatus { task: TaskRef::Earlier { role, number: None } },
        Command::UpdateRole { role, description: None, max_session_duration: None },
        Command::UpdateRole { role: RoleIdx(0), description: Some(text), max_session_duration: None },
        Command::UpdateRoleDescription { role: RoleIdx(0), description: text },
        Command::Attach { attachment: AttachmentIdx(9) },
        Command::ChangeTags { call: TagCallIdx(9) },
        Command::Detach { attachment: AttachmentIdx(9) },
        Command::Give { grant: GrantIdx(9) },
        Command::Take { grant: GrantIdx(9) },
        Command::ReadPolicy { attachment: AttachmentIdx(9) },
        Command::Read { operation: Operation::GetRole, role },
        Command::AssumeRole { role },
        Command::Operate { resource, transition: TransitionIdx(0) },
        Command::Operate { resource: ResourceIdx(0), transition },
    ];
    let mut actions: Vec<_> = commands.map(|command| Action::Command { by: ADMIN, command }).to_vec();
    let operator = OperatorIdx(0);
    actions.extend([
        Action::Command { by: PrincipalIdx(9), command: Command::ListRoles { under: None } },
        Action::Throttle { by: PrincipalIdx(9), call: Call::Command(Command::ListRoles { under: None }) },
        Action::Throttle { by: PrincipalIdx(0), call: Call::Command(Command::DeleteRole { role }) },
        Action::Operator { operator: OperatorIdx(1), step: OperatorStep::Submits },
        Action::Operator { operator: OperatorIdx(99), step: OperatorStep::Polls },
        Action::Operator { operator, step: OperatorStep::CleansUp(resource) },
        Action::SessionOpens { session: SessionIdx(9) },
        Action::SessionEnds { session: SessionIdx(9), end: SessionEnd::Done },
        Action::TaskStarts { role },
        Action::TaskSucceeds { role },
        Action::TaskFails { role, named: 0 },
        Action::TaskBecomesVisible { role },
        Action::TaskIsForgotten { role },
        Action::EarlierTaskIsForgotten { role, number: Some(1), waiting: 0 },
        Action::RolePropagates { role },
        Action::ResourceMoves { resource, transition: TransitionIdx(0) },
        Action::ResourceMoves { resource: ResourceIdx(0), transition },
        Action::RoleAppears { role },
        Action::ServiceDeletesRole { role },
        Action::RegionFails { region: RegionIdx(9) },
        Action::RegionRecovers { region: RegionIdx(9) },
    ]);
    actions
}

#[test]
fn an_action_that_names_nothing_of_this_world_is_impossible() {
    let universe = Universe::<u8>::new(common::world(1, 1, 1, true)).unwrap();
    for action in strangers() {
        let mut state = universe.initial();
        let refusal = universe.apply(&mut state, &action, &mut |event| panic!("{action:?} caused {event:?}"));
        assert_eq!(refusal, Err(Refusal::Impossible(Impossible::Unknown { action: action.name() })), "{action:?}");
        assert_eq!(state, universe.initial());
    }
}

/// Source: IAM API Reference, `DeleteRole`, which refuses for policies and instance profiles, and for nothing else.
#[test]
fn an_ordinary_role_may_be_deleted_while_it_is_in_use() {
    let mut role = RoleIdx(0);
    let universe = Universe::new(world(|world| role = custom_role(world))).unwrap();
    let session = SessionIdx(0);
    let state = after(&universe, &[Action::SessionOpens { session }, command(Command::DeleteRole { role })]);
    assert!(!state.is_live(role) && universe.is_in_use(&state, role));
}

/// The transition of the gadget's kind with this name.
fn transition(universe: &Universe<u8>, name: &str) -> TransitionIdx {
    let at = universe.kind_of(GADGET).transitions.iter().position(|transition| transition.name == name);
    TransitionIdx(u32::try_from(at.unwrap()).unwrap())
}

fn operate(universe: &Universe<u8>, name: &str) -> Action<u8> {
    command(Command::Operate { resource: GADGET, transition: transition(universe, name) })
}

fn moves(universe: &Universe<u8>, name: &str) -> Action<u8> {
    Action::ResourceMoves { resource: GADGET, transition: transition(universe, name) }
}

/// Why the action is refused after those that are accepted.
fn refused(universe: &Universe<u8>, actions: &[Action<u8>], action: &Action<u8>) -> Refusal {
    let mut state = after(universe, actions);
    assert!(!enabled(universe, &state).contains(action));
    universe.apply(&mut state, action, &mut |event| panic!("{action:?} caused {event:?}")).unwrap_err()
}

fn enabled(universe: &Universe<u8>, state: &State<u8>) -> Vec<Action<u8>> {
    let mut actions = Vec::new();
    universe.enabled(state, &mut |action| actions.push(action));
    actions
}

#[test]
fn a_resource_can_be_cleaned_up_after_its_ordinary_role_is_gone() {
    let mut role = RoleIdx(0);
    let universe = Universe::new(world(|world| role = custom_role(world))).unwrap();
    let gone = command(Command::DeleteRole { role });
    let state = after(&universe, &[gone, operate(&universe, "delete"), moves(&universe, "deleted")]);
    assert!(!universe.is_in_use(&state, role));
}

#[test]
fn a_service_makes_no_ordinary_role() {
    let mut role = RoleIdx(0);
    let universe = Universe::new(world(|world| {
        role = custom_role(world);
        world.roles[role.index()].given = false;
        world.resources[0].given = 0;
        world.knobs.role_quota = 0;
    }))
    .unwrap();
    let refusal = refused(&universe, &[], &operate(&universe, "create"));
    assert_eq!(refusal, Refusal::Rejected(Rejection::ServiceNeedsRole(role)));
}

/// A kind's machine with this move added.
fn kind_with(world: &mut World, added: MoveSpec) {
    let mut spec = KindSpec::plain("gadget");
    spec.moves.push(added);
    world.kinds[0] = ResourceKind::new(&spec, ServiceIdx(0)).unwrap();
}

fn service_move(name: &str, from: &str, to: &str) -> MoveSpec {
    MoveSpec::new(name, from, to, Mover::Service)
}

#[test]
fn a_move_of_the_service_that_needs_the_role_waits_for_it() {
    let universe = Universe::new(world(|world| {
        custom_role(world);
        kind_with(world, MoveSpec { needs_role: true, ..service_move("retires", "active", "deleted") });
    }))
    .unwrap();
    let gone = command(Command::DeleteRole { role: RoleIdx(1) });
    after(&universe, &[moves(&universe, "retires")]);
    let refusal = refused(&universe, &[gone], &moves(&universe, "retires"));
    assert!(matches!(refusal, Refusal::Impossible(Impossible::NotEnabled { action: "ResourceMoves", .. })));
}

/// A second gadget, which belongs to the first one and is not made yet.
fn child(world: &mut World) -> ResourceIdx {
    let child = Resource { name: "child".to_owned(), parents: vec![GADGET], given: 0, ..world.resources[0].clone() };
    world.resources.push(child);
    ResourceIdx(1)
}

#[test]
fn a_parent_that_is_being_deleted_waits_for_a_child_made_meanwhile() {
    let mut late = GADGET;
    let universe = Universe::new(world(|world| late = child(world))).unwrap();
    let create = command(Command::Operate { resource: late, transition: transition(&universe, "create") });
    let refusal = refused(&universe, &[operate(&universe, "delete"), create], &moves(&universe, "deleted"));
    assert!(matches!(refusal, Refusal::Impossible(Impossible::NotEnabled { action: "ResourceMoves", .. })));
}

#[test]
fn what_comes_back_by_itself_may_be_started_while_children_are_there() {
    let universe = Universe::new(world(|world| {
        let child = child(world);
        world.resources[child.index()].given = world.kinds[0].initial;
        let mut spec = KindSpec::plain("gadget");
        spec.states.push("building".to_owned());
        spec.moves.push(MoveSpec { by: Mover::Caller, ..service_move("build", "active", "building") });
        spec.moves.push(service_move("built", "building", "active"));
        world.kinds[0] = ResourceKind::new(&spec, ServiceIdx(0)).unwrap();
    }))
    .unwrap();
    after(&universe, &[operate(&universe, "build"), moves(&universe, "built")]);
    let refusal = refused(&universe, &[], &operate(&universe, "delete"));
    assert_eq!(refusal, Refusal::Rejected(Rejection::ResourceHasChildren(GADGET)));
}

#[test]
fn a_move_of_the_service_that_leads_nowhere_is_possible_and_not_offered() {
    let universe =
        Universe::new(world(|world| kind_with(world, service_move("refreshes", "active", "active")))).unwrap();
    let refresh = moves(&universe, "refreshes");
    assert_eq!(after(&universe, &[refresh]), universe.initial());
    assert!(!enabled(&universe, &universe.initial()).contains(&refresh));
}

const OPERATOR: OperatorIdx = OperatorIdx(0);
const SUBMITS: Action<u8> = Action::Operator { operator: OPERATOR, step: OperatorStep::Submits };
const POLLS: Action<u8> = Action::Operator { operator: OPERATOR, step: OperatorStep::Polls };

/// The operator made one who follows the guide's steps, persists and polls.
fn guide(world: &mut World) {
    let operator = &mut world.operators[0];
    operator.works = Works::InSteps;
    operator.attempts = None;
    operator.told = Told::ByPolls;
    operator.reads_docs = ReadsDocs::Never;
}

/// The administrator made one who may call these operations and nothing else.
fn limit(world: &mut World, allowed: &[Operation]) {
    let actions: Vec<String> = allowed.iter().map(|operation| format!("\"{}\"", operation.iam_action())).collect();
    let text = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":[{}],"Resource":"*"}}}}"#,
        actions.join(",")
    );
    let document = Document::parse(DocumentKind::Identity, &text).unwrap();
    world.access.add_user("/", "limited").unwrap();
    world.access.put_inline_policy(Entity::User("limited"), "allowed", document).unwrap();
    world.principals[0].authority = Authority::Policies(Box::new(world.access.user_caller("limited").unwrap()));
}

#[test]
fn a_request_that_is_refused_for_the_time_being_is_possible_and_not_offered() {
    let universe = Universe::new(world(|world| {
        guide(world);
        world.knobs.deletion_denied = DeletionDenied::CallRefused;
    }))
    .unwrap();
    assert_eq!(after(&universe, &[SUBMITS]), universe.initial(), "in use: refused, and nothing learnt");
    assert!(!enabled(&universe, &universe.initial()).contains(&SUBMITS));
    let cleaned = after(&universe, &[operate(&universe, "delete"), moves(&universe, "deleted")]);
    assert!(enabled(&universe, &cleaned).contains(&SUBMITS));
}

#[test]
fn an_operator_who_may_not_poll_learns_it_at_once() {
    let universe = Universe::new(world(|world| {
        guide(world);
        limit(world, &[Operation::DeleteServiceLinkedRole]);
    }))
    .unwrap();
    let submitted = after(&universe, &[SUBMITS]);
    assert!(enabled(&universe, &submitted).contains(&POLLS));
    assert_eq!(after(&universe, &[SUBMITS, POLLS]).operator(OPERATOR).phase, Phase::GaveUp);
}

/// What brings the role's deletion task to its end, when the gadget is gone.
fn succeeds(universe: &Universe<u8>) -> [Action<u8>; 4] {
    let role = RoleIdx(0);
    let (delete, deleted) = (operate(universe, "delete"), moves(universe, "deleted"));
    [delete, deleted, Action::TaskStarts { role }, Action::TaskSucceeds { role }]
}

#[test]
fn who_waits_for_a_task_learns_of_its_success_though_the_role_was_made_again() {
    let mut request = RequestIdx(0);
    let universe = Universe::new(world(|world| {
        guide(world);
        request = world.request("gadgets.example.com", None, |_| false);
    }))
    .unwrap();
    let mut actions = vec![SUBMITS];
    actions.extend(succeeds(&universe));
    actions.push(command(Command::CreateServiceLinkedRole { request, description: None }));
    let state = after(&universe, &actions);
    let codec = Codec::new(&universe).unwrap();
    let mut words = vec![0; codec.words()];
    codec.pack(&state, &mut words);
    assert_eq!(codec.unpack::<u8>(&words), state, "a single operator, too, may wait for an earlier task");
    assert!(enabled(&universe, &state).contains(&POLLS));
    actions.push(POLLS);
    assert_eq!(after(&universe, &actions).operator(OPERATOR).phase, Phase::Done);
}

#[test]
fn who_waits_for_a_task_learns_of_its_failure_though_somebody_else_submitted_again() {
    for (ignores_failure, phase) in [(false, Phase::Preparing), (true, Phase::Done)] {
        let universe = Universe::new(world(|world| {
            guide(world);
            world.operators[0].ignores_failure = ignores_failure;
        }))
        .unwrap();
        let role = RoleIdx(0);
        let failed = [SUBMITS, Action::TaskStarts { role }, Action::TaskFails { role, named: 1 }];
        let again = [command(Command::DeleteServiceLinkedRole { role }), POLLS];
        let state = after(&universe, &[&failed[..], &again[..]].concat());
        assert_eq!((state.task(role), state.operator(OPERATOR).phase), (Some(TaskState::NotStarted), phase));
    }
}

#[test]
fn a_region_that_a_script_lets_fail_is_packed_with_the_state() {
    let universe = Universe::<u8>::new(world(|_| ())).unwrap();
    let state = after(&universe, &[Action::RegionFails { region: RegionIdx(0) }]);
    let codec = Codec::new(&universe).unwrap();
    let mut words = vec![0; codec.words()];
    codec.pack(&state, &mut words);
    assert_eq!(codec.unpack::<u8>(&words), state);
}

#[test]
fn a_resource_at_work_from_the_beginning_needs_its_role() {
    let working = world(|world| {
        let mut spec = KindSpec::plain("gadget");
        spec.blocks.retain(|state| state != "active");
        spec.works.push("active".to_owned());
        world.kinds[0] = ResourceKind::new(&spec, ServiceIdx(0)).unwrap();
        world.resources[0].given = world.kinds[0].initial;
        world.roles[0].given = false;
    });
    assert!(matches!(Universe::<u8>::new(working), Err(WorldError::RoleMissing { .. })));
}

#[test]
fn a_service_makes_no_child_without_its_parent() {
    let mut orphan = GADGET;
    let universe = Universe::new(world(|world| {
        orphan = child(world);
        kind_with(world, service_move("appears", "absent", "active"));
    }))
    .unwrap();
    let appears = Action::ResourceMoves { resource: orphan, transition: transition(&universe, "appears") };
    after(&universe, &[appears]);
    let gone = [operate(&universe, "delete"), moves(&universe, "deleted")];
    assert!(matches!(refused(&universe, &gone, &appears), Refusal::Impossible(Impossible::NotEnabled { .. })));
}

#[test]
fn a_parent_is_not_unmade_while_its_children_are_there() {
    let universe = Universe::new(world(|world| {
        let child = child(world);
        world.resources[child.index()].given = world.kinds[0].initial;
        kind_with(world, service_move("vanishes", "active", "absent"));
    }))
    .unwrap();
    let refusal = refused(&universe, &[], &moves(&universe, "vanishes"));
    assert!(matches!(refusal, Refusal::Impossible(Impossible::NotEnabled { .. })));
}

#[test]
fn a_trust_policy_can_be_replaced_and_never_taken_off() {
    let (mut first, mut second) = (AttachmentIdx(0), AttachmentIdx(0));
    let universe = Universe::new(world(|world| {
        let role = custom_role(world);
        first = world.attachment(role, Item::TrustPolicy("first".to_owned()));
        second = world.attachment(role, Item::TrustPolicy("second".to_owned()));
        world.attachments[first.index()].given = true;
    }))
    .unwrap();
    let replaced = command(Command::Attach { attachment: second });
    let state = after(&universe, &[replaced]);
    assert!(state.is_attached(second) && !state.is_attached(first));
    let refusal = refused(&universe, &[replaced], &command(Command::Detach { attachment: second }));
    assert!(matches!(refusal, Refusal::Impossible(Impossible::NotEnabled { action: "Command", .. })));
}

#[test]
fn a_command_means_the_role_that_bears_the_name_now() {
    let world = world(|world| {
        let name = world.roles[0].name.clone();
        world.ordinary_role(&name, "/team/", &[]);
        world.ordinary_role(&name.to_ascii_lowercase(), "/", &[]);
        for role in [RoleIdx(0), RoleIdx(1)] {
            world.tag_call(role, TagChange::Remove(vec!["team".to_owned()]));
        }
    });
    let universe = Universe::<u8>::new(world).unwrap();
    let (linked, ordinary, lower) = (RoleIdx(0), RoleIdx(1), RoleIdx(2));
    let mut state = universe.initial();
    state.set_role(linked, RoleState::Gone);
    let delete = Command::DeleteRole { role: linked };
    assert_eq!(universe.by_name(&state, delete), delete, "nobody bears the name");
    state.set_role(lower, RoleState::Live);
    assert_eq!(universe.by_name(&state, delete), delete, "the name in another case is another name to look for");
    state.set_role(lower, RoleState::Gone);
    state.set_role(ordinary, RoleState::Live);
    assert_eq!(universe.by_name(&state, delete), Command::DeleteRole { role: ordinary });
    let on = |role| {
        let found = universe.world().tag_calls.iter().position(|call| call.role == role);
        TagCallIdx(u32::try_from(found.unwrap()).unwrap())
    };
    let untag = |role| Command::ChangeTags { call: on(role) };
    assert_eq!(universe.by_name(&state, untag(linked)), untag(ordinary));
    let found = universe.by_name(&state, delete);
    universe.apply(&mut state, &command(found), &mut |_| ()).unwrap();
    assert!(!state.is_live(ordinary));
}

#[test]
fn the_longest_session_is_one_to_twelve_hours() {
    let universe = Universe::<u8>::new(world(|_| ())).unwrap();
    let mut state = universe.initial();
    for (seconds, fits) in [(0, false), (3_599, false), (3_600, true), (43_200, true), (43_201, false)] {
        let update = Command::UpdateRole { role: RoleIdx(0), description: None, max_session_duration: Some(seconds) };
        let out_of_range = Refusal::Rejected(Rejection::SessionDurationOutOfRange(seconds));
        let answer = universe.apply(&mut state, &command(update), &mut |_| ());
        assert_eq!(answer == Err(out_of_range), !fits, "{seconds} s");
    }
}
