//! The rules against a second opinion: an account written from the documentation alone, stepped side by side with them.

mod account;

use std::collections::{BTreeMap, BTreeSet};

use account::{
    ALICE_MAY, ATTACHMENTS, Account, GADGETS, HELPER, Happening, Judging, LINKED, ORDINARY, PARTS, POLICY_QUOTA,
    REQUESTS, RESOURCES, ROLE_QUOTA, SESSIONS, TAG_QUOTA, Thing, View,
};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use slr_core::action::{Operation, TaskRef};
use slr_core::id::{
    AttachmentIdx, KindIdx, PrincipalIdx, RegionIdx, RequestIdx, ResourceIdx, RoleIdx, ServiceIdx, SessionIdx,
    TagCallIdx, TransitionIdx,
};
use slr_core::invariant::invariants;
use slr_core::kind::{KindSpec, ResourceKind};
use slr_core::knob::Judged;
use slr_core::machine::{Machine, SessionEnd};
use slr_core::name::{AccountId, RoleName, ServicePrincipal};
use slr_core::rejection::Refusal;
use slr_core::service::{ReportingPolicy, ServiceDefinition};
use slr_core::world::{Item, Principal, Resource, SessionSlot, TagCall, TagChange};
use slr_core::{Action, Command, Event, State, Universe, World};

/// What happenings can come to.
const OUTCOMES: &[&str] = &[
    "AssumeRole: AccessDenied ok",
    "Attach: AccessDenied LimitExceeded NoSuchEntity PolicyNotAttachable UnmodifiableEntity ok",
    "CreateResource: AccessDenied InvalidInput NotModelled ResourceAlreadyExists ResourceInUse ok",
    "CreateRole: AccessDenied EntityAlreadyExists InvalidInput LimitExceeded ValidationError ok",
    "CreateServiceLinkedRole: AccessDenied InvalidInput ValidationError ok",
    "DeleteResource: ResourceInUse ResourceNotFound ok",
    "DeleteRole: AccessDenied DeleteConflict NoSuchEntity UnmodifiableEntity ok",
    "DeleteServiceLinkedRole: NoSuchEntity ok",
    "Detach: AccessDenied NoSuchEntity UnmodifiableEntity ok",
    "GetRole: NoSuchEntity ok",
    "Poll: AccessDenied FAILED IN_PROGRESS InvalidInput NOT_STARTED NoSuchEntity SUCCEEDED",
    "ResourceCannotBeDeleted: impossible ok",
    "ResourceIsDeleted: impossible ok",
    "SessionEnds: impossible ok",
    "SessionOpens: impossible ok",
    "TagBoth: LimitExceeded NoSuchEntity ok",
    "TaskFails: impossible ok",
    "TaskStarts: impossible ok",
    "TaskSucceeds: impossible ok",
    "UntagBoth: AccessDenied NoSuchEntity ok",
    "UpdateRole: AccessDenied NoSuchEntity UnmodifiableEntity ok",
];

/// Role names that anybody may ask for.
fn names() -> impl Strategy<Value = &'static str> {
    let known = ORDINARY.iter().take(4).map(|(name, _)| *name).chain(LINKED.iter().map(|(name, _)| *name));
    select(known.collect::<Vec<_>>())
}

fn happenings() -> BoxedStrategy<Happening> {
    let resource = || 0..RESOURCES.len();
    let linked = || 0..LINKED.len();
    let named = subsequence((0..RESOURCES.len()).collect::<Vec<_>>(), 0..=RESOURCES.len());
    let named = named.prop_map(|named| named.into_iter().collect::<BTreeSet<_>>());
    let task = linked().prop_map(|place| LINKED[place].0);
    prop_oneof![
        (0..ORDINARY.len()).prop_map(Happening::CreateRole),
        (0..REQUESTS.len()).prop_map(Happening::CreateServiceLinkedRole),
        names().prop_map(Happening::DeleteRole),
        names().prop_map(Happening::DeleteServiceLinkedRole),
        prop_oneof![8 => task.prop_map(Some), 1 => Just(Some("")), 1 => Just(None)].prop_map(Happening::Poll),
        (names(), any::<bool>()).prop_map(|(role, duration)| Happening::UpdateRole { role, duration }),
        (0..ATTACHMENTS.len()).prop_map(Happening::Attach),
        (0..ATTACHMENTS.len()).prop_map(Happening::Detach),
        Just(Happening::TagBoth),
        Just(Happening::UntagBoth),
        names().prop_map(Happening::GetRole),
        names().prop_map(Happening::AssumeRole),
        resource().prop_map(Happening::CreateResource),
        resource().prop_map(Happening::DeleteResource),
        resource().prop_map(Happening::ResourceIsDeleted),
        resource().prop_map(Happening::ResourceCannotBeDeleted),
        (0..SESSIONS.len()).prop_map(Happening::SessionOpens),
        (0..SESSIONS.len()).prop_map(Happening::SessionEnds),
        linked().prop_map(Happening::TaskStarts),
        linked().prop_map(Happening::TaskSucceeds),
        (linked(), named).prop_map(|(role, named)| Happening::TaskFails(role, named)),
    ]
    .boxed()
}

/// What is likely to go on: the next step of whatever is under way.
fn likely(account: &Account) -> Vec<Happening> {
    let view = account.view();
    let mut next = Vec::new();
    for (place, (role, _)) in LINKED.iter().enumerate() {
        match view.tasks.get(role).map(String::as_str) {
            Some("NOT_STARTED") => next.push(Happening::TaskStarts(place)),
            Some("IN_PROGRESS") => {
                let users = (0..RESOURCES.len()).filter(|user| RESOURCES[*user].1 == *role);
                let there =
                    users.filter(|user| ["active", "deleting"].contains(&view.resources[RESOURCES[*user].0].as_str()));
                next.extend([Happening::TaskSucceeds(place), Happening::TaskFails(place, there.collect())]);
            }
            Some(_) => next.push(Happening::Poll(Some(role))),
            None if view.roles.contains(role) => next.push(Happening::DeleteServiceLinkedRole(role)),
            None => {}
        }
    }
    for (place, (resource, _)) in RESOURCES.iter().enumerate() {
        match view.resources[resource].as_str() {
            "active" => next.push(Happening::DeleteResource(place)),
            "deleting" => next.push(Happening::ResourceIsDeleted(place)),
            _ => {}
        }
    }
    next
}

impl ReferenceStateMachine for Account {
    type State = Self;
    type Transition = (bool, Happening);

    fn init_state() -> BoxedStrategy<Self> {
        let judging = select(vec![Judging::Both, Judging::End, Judging::Start]);
        (judging, any::<bool>()).prop_map(|(judging, locks)| Self::new(judging, locks)).boxed()
    }

    fn transitions(account: &Self) -> BoxedStrategy<(bool, Happening)> {
        let alice = prop::bool::weighted(0.1);
        let likely = likely(account);
        let happening =
            if likely.is_empty() { happenings() } else { prop_oneof![3 => happenings(), 2 => select(likely)].boxed() };
        (alice, happening).boxed()
    }

    fn apply(mut account: Self, (alice, happening): &(bool, Happening)) -> Self {
        account.happen(*alice, happening);
        account
    }
}

/// The rules, with a universe in which everything has the number that it has in the tables.
struct Rules {
    universe: Universe<u16>,
    state: State<u16>,
    roles: Vec<(&'static str, RoleIdx)>,
}

fn u32_of(place: usize) -> u32 {
    u32::try_from(place).expect("the tables are short")
}

fn world(account: &Account) -> World {
    let mut world = World::new(AccountId::new("123456789012").expect("twelve digits"));
    world.knobs.judged = match account.judging {
        Judging::Start => Judged::Start,
        Judging::End => Judged::End,
        Judging::Both => Judged::Both,
    };
    world.knobs.locked_while_deleting = account.locks;
    world.knobs.role_quota = u32_of(ROLE_QUOTA);
    world.knobs.tags_per_role = u32_of(TAG_QUOTA);
    world.knobs.managed_policies_per_role = u32_of(POLICY_QUOTA);
    let may = Operation::ALL.iter().copied().filter(|operation| ALICE_MAY.contains(&operation.name()));
    let authority = slr_tests::worlds::policies_of(
        &mut world,
        "alice",
        may.map(Operation::iam_action).chain(["gadgets:*", "parts:*"]),
    );
    world.principals.push(Principal { name: "alice".to_owned(), authority });
    let principal = |text| ServicePrincipal::new(text).expect("a legal principal");
    for (service, base, kind) in [(GADGETS, LINKED[0].0, "gadget"), (PARTS, LINKED[2].0, "part")] {
        let mut definition = ServiceDefinition::new(principal(service), RoleName::new(base).expect("a legal name"));
        if service == GADGETS {
            definition.suffix_allowed = true;
            definition.reports = ReportingPolicy::AnySubset;
            definition.trust.push(principal(HELPER));
        }
        let index = ServiceIdx(u32_of(world.services.len()));
        world.services.push(definition);
        world.kinds.push(ResourceKind::new(&KindSpec::plain(kind), index).expect("the plain kind can be"));
    }
    for (service, suffix) in REQUESTS {
        world.request(service, suffix, |_| false);
    }
    for (name, path) in ORDINARY {
        let trust = if name == "deploy" { vec!["arn:aws:iam::123456789012:user/alice".to_owned()] } else { Vec::new() };
        world.ordinary_role(name, path, &trust);
    }
    let role = |world: &World, name: &str| world.role_named(name).expect("every role has its slot");
    let first = role(&world, LINKED[0].0);
    world.roles[first.index()].given = true;
    for (name, user_of) in RESOURCES {
        let kind = KindIdx(u32::from(user_of == LINKED[2].0));
        let role = role(&world, user_of);
        world.resources.push(Resource {
            name: name.to_owned(),
            kind,
            region: RegionIdx(0),
            role,
            parents: Vec::new(),
            passes: None,
            needs: Vec::new(),
            is_made_by_call: false,
            given: 0,
        });
    }
    for (held, by) in SESSIONS {
        let role = role(&world, held);
        world.sessions.push(SessionSlot { role, principal: principal(by), given_open: false, reopens: false });
    }
    for (on, thing, name) in ATTACHMENTS {
        let name = name.to_owned();
        let item = match thing {
            Thing::Tag => Item::Tag(name),
            Thing::ManagedPolicy => Item::ManagedPolicy(name),
            Thing::InlinePolicy => Item::InlinePolicy(name),
            Thing::InstanceProfile => Item::InstanceProfile(name),
            Thing::Boundary => Item::Boundary(name),
        };
        let role = role(&world, on);
        if let Item::Tag(key) = &item {
            let value = world.text("x");
            let tag = world.tag(role, key, value);
            world.tag_call(role, TagChange::Write(vec![tag]));
            world.tag_call(role, TagChange::Remove(vec![key.clone()]));
        } else {
            world.attachment(role, item);
        }
    }
    let both = [0, 1].map(AttachmentIdx);
    let deploy = world.attachments[0].role;
    let keys = both.map(|tag| world.attachments[tag.index()].item.text().to_owned());
    world.tag_call(deploy, TagChange::Write(both.to_vec()));
    world.tag_call(deploy, TagChange::Remove(keys.to_vec()));
    world
}

impl Rules {
    fn role(&self, name: &str) -> RoleIdx {
        self.universe.world().role_named(name).expect("every role has its slot")
    }

    /// The call of the operation about these keys.
    fn tags(&self, on: &str, keys: &[&str], operation: Operation) -> Command {
        let (world, role) = (self.universe.world(), self.role(on));
        let calls = (0..u32_of(world.tag_calls.len())).map(TagCallIdx);
        let mut fitting = calls.filter(|call| {
            let TagCall { role: of, change } = &world.tag_calls[call.index()];
            *of == role
                && change.operation() == operation
                && world.tags_in(*call).iter().map(|(key, _)| *key).eq(keys.iter().copied())
        });
        Command::ChangeTags { call: fitting.next().expect("the world has every such call") }
    }

    fn action(&self, alice: bool, happening: &Happening) -> Action<u16> {
        let linked = |place: usize| self.role(LINKED[place].0);
        let transition = |place: usize, name: &str| {
            let kind = self.universe.kind_of(ResourceIdx(u32_of(place)));
            let found = kind.transitions.iter().position(|transition| transition.name == name);
            TransitionIdx(u32_of(found.expect("the plain kind has it")))
        };
        let operate = |place: usize, name| Command::Operate {
            resource: ResourceIdx(u32_of(place)),
            transition: transition(place, name),
        };
        let moves = |place: usize, name| Action::ResourceMoves {
            resource: ResourceIdx(u32_of(place)),
            transition: transition(place, name),
        };
        let command = match *happening {
            Happening::CreateRole(place) => Command::CreateRole {
                role: self.role(ORDINARY[place].0),
                description: None,
                max_session_duration: None,
                gives: None,
            },
            Happening::CreateServiceLinkedRole(place) => {
                Command::CreateServiceLinkedRole { request: RequestIdx(u32_of(place)), description: None }
            }
            Happening::DeleteRole(name) => Command::DeleteRole { role: self.role(name) },
            Happening::DeleteServiceLinkedRole(name) => Command::DeleteServiceLinkedRole { role: self.role(name) },
            Happening::Poll(task) => Command::GetServiceLinkedRoleDeletionStatus {
                task: match task {
                    None => TaskRef::Unknown(None),
                    Some("") => TaskRef::Malformed,
                    Some(role) => TaskRef::Latest(self.role(role)),
                },
            },
            Happening::UpdateRole { role, duration } => Command::UpdateRole {
                role: self.role(role),
                description: None,
                max_session_duration: duration.then_some(7200),
            },
            Happening::Attach(place) | Happening::Detach(place) if ATTACHMENTS[place].1 == Thing::Tag => {
                let (on, _, key) = ATTACHMENTS[place];
                let wanted =
                    if matches!(happening, Happening::Attach(_)) { Operation::TagRole } else { Operation::UntagRole };
                self.tags(on, &[key], wanted)
            }
            Happening::Attach(place) => Command::Attach { attachment: AttachmentIdx(u32_of(place)) },
            Happening::Detach(place) => Command::Detach { attachment: AttachmentIdx(u32_of(place)) },
            Happening::TagBoth => self.tags("deploy", &["team", "cost"], Operation::TagRole),
            Happening::UntagBoth => self.tags("deploy", &["team", "cost"], Operation::UntagRole),
            Happening::GetRole(name) => Command::Read { operation: Operation::GetRole, role: self.role(name) },
            Happening::AssumeRole(name) => Command::AssumeRole { role: self.role(name) },
            Happening::CreateResource(place) => operate(place, "create"),
            Happening::DeleteResource(place) => operate(place, "delete"),
            Happening::ResourceIsDeleted(place) => return moves(place, "deleted"),
            Happening::ResourceCannotBeDeleted(place) => return moves(place, "delete-fails"),
            Happening::SessionOpens(place) => return Action::SessionOpens { session: SessionIdx(u32_of(place)) },
            Happening::SessionEnds(place) => {
                return Action::SessionEnds { session: SessionIdx(u32_of(place)), end: SessionEnd::Done };
            }
            Happening::TaskStarts(place) => return Action::TaskStarts { role: linked(place) },
            Happening::TaskSucceeds(place) => return Action::TaskSucceeds { role: linked(place) },
            Happening::TaskFails(place, ref named) => {
                let named = named.iter().fold(0, |set, resource| set | 1 << resource);
                return Action::TaskFails { role: linked(place), named };
            }
        };
        Action::Command { by: PrincipalIdx(u32::from(alice)), command }
    }

    fn view(&self) -> View {
        let (universe, state) = (&self.universe, &self.state);
        let resource_name = |id: u32| RESOURCES[id as usize].0;
        View {
            roles: self.roles.iter().filter(|(_, role)| state.is_live(*role)).map(|(name, _)| *name).collect(),
            tasks: self
                .roles
                .iter()
                .filter_map(|(name, role)| state.task(*role).map(|task| (*name, task.name().to_owned())))
                .collect(),
            resources: universe
                .resources()
                .map(|id| (resource_name(id.0), universe.kind_of(id).state_name(state.resource(id)).to_owned()))
                .collect(),
            sessions: universe
                .sessions()
                .filter(|session| state.is_open(*session))
                .map(|session| SESSIONS[session.index()])
                .collect(),
            reported: slr_core::IdSet::iter(state.reported()).map(resource_name).collect(),
            attached: (0..ATTACHMENTS.len()).filter(|place| state.is_attached(AttachmentIdx(u32_of(*place)))).collect(),
        }
    }
}

impl StateMachineTest for Rules {
    type SystemUnderTest = Self;
    type Reference = Account;

    fn init_test(account: &Account) -> Self {
        let universe = Universe::new(world(account)).expect("the world can run");
        let state = universe.initial();
        let names = ORDINARY.iter().map(|(name, _)| *name).chain(LINKED.iter().map(|(name, _)| *name));
        let roles = names.map(|name| (name, universe.world().role_named(name).expect("a slot"))).collect();
        Self { universe, state, roles }
    }

    fn apply(mut rules: Self, account: &Account, (alice, happening): (bool, Happening)) -> Self {
        let action = rules.action(alice, &happening);
        let mut status = None;
        let answer = rules.universe.apply(&mut rules.state, &action, &mut |event| {
            if let Event::StatusAnswered { status: told, .. } = event {
                status = told;
            }
        });
        let outcome = match answer {
            Ok(()) => status.map_or("ok", Machine::name),
            Err(Refusal::Rejected(rejection)) => rejection.code().name(),
            Err(Refusal::Impossible(_)) => "impossible",
        };
        assert_eq!(outcome, account.outcome, "{happening:?}, by alice: {alice}");
        rules
    }

    fn check_invariants(rules: &Self, account: &Account) {
        assert_eq!(rules.view(), account.view());
        for invariant in invariants() {
            assert!((invariant.holds)(&rules.universe, &rules.state), "{}", invariant.name);
        }
    }
}

prop_state_machine! {
    #![proptest_config(slr_tests::config(800, "proptest-regressions/reference.txt"))]

    #[test]
    fn the_rules_and_the_documentation_agree(sequential 1..80 => Rules);
}

/// The comparison is worth something only if the account gets about: every outcome that the documentation has for a happening is met.
#[test]
fn every_outcome_of_every_happening_is_compared() {
    let mut runner = TestRunner::deterministic();
    let mut met = BTreeMap::<String, BTreeSet<&str>>::new();
    for _ in 0..800 {
        let walk = Account::sequential_strategy(80).new_tree(&mut runner).expect("nothing is filtered").current();
        let (mut account, happenings, _) = walk;
        for (alice, happening) in happenings {
            account.happen(alice, &happening);
            let text = format!("{happening:?}");
            let name = text.split([' ', '(']).next().unwrap_or_default().to_owned();
            met.entry(name).or_default().insert(account.outcome);
        }
    }
    let told: Vec<_> =
        met.into_iter().map(|(name, met)| format!("{name}: {}", Vec::from_iter(met).join(" "))).collect();
    assert_eq!(told, OUTCOMES);
}
