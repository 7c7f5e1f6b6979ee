//! Worlds drawn by chance: every part of a world, in every combination that [`Universe::new`] takes, small enough for every width.

use proptest::prelude::*;
use std::collections::BTreeMap;

use slr_core::action::Operation;
use slr_core::grant::{Granted, Holder};
use slr_core::id::{AttachmentIdx, KindIdx, PrincipalIdx, RegionIdx, ResourceIdx, RoleIdx, ServiceIdx, TagCallIdx};
use slr_core::kind::{ABSENT, Condition, KindSpec, MoveSpec, Mover, Otherwise, Passes, ResourceKind, RoleClaim, When};
use slr_core::knob::{Answer, DeletionDenied, Judged, Knobs, MaxSessionDurationChange};
use slr_core::name::{AccountId, RoleName, RolePath, ServicePrincipal};
use slr_core::policy::{DenialDetail, Document, DocumentKind, Entity};
use slr_core::service::{Deletion, ReportingPolicy, ServiceDefinition};
use slr_core::world::{
    Authority, Creation, Item, MissingTask, Operator, Principal, ReadsDocs, Resource, RoleSort, SessionSlot, TagChange,
    Told, Works, World,
};
use slr_core::{IdSet, Universe};

use crate::draws::{Draws, draws};

/// The most of anything that a set counts: what fits the narrowest width.
const MOST: usize = 8;

/// A world, and whether its regions may fail.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The world.
    pub world: World,
    /// Whether regions fail and recover among what is enabled.
    pub region_faults: bool,
}

impl Setup {
    /// The world made ready, with sets of the width `S`.
    ///
    /// # Panics
    /// If the world cannot run: a bug of the strategy.
    pub fn universe<S: IdSet>(&self) -> Universe<S> {
        let universe = Universe::new(self.world.clone()).expect("the strategy builds worlds that can run");
        if self.region_faults { universe.with_region_faults() } else { universe }
    }
}

/// A world drawn by chance.
pub fn setup() -> impl Strategy<Value = Setup> {
    draws(600).prop_map(|mut draws| build(&mut draws))
}

/// The world of these choices.
///
/// # Panics
/// Never: the names that it makes are legal where they have to be.
pub fn build(draws: &mut Draws) -> Setup {
    let mut world = World::new(AccountId::new("123456789012").expect("twelve digits"));
    for service in 0..=draws.below(3) {
        let definition = service_definition(draws, service);
        world.services.push(definition);
    }
    let regions = ["eu-west-1", "ap-south-1"];
    world.regions.extend(regions.iter().take(draws.below(3)).map(|name| (*name).to_owned()));
    roles(draws, &mut world);
    sessions(draws, &mut world);
    world.knobs = knobs(draws);
    world.other_roles = draws.of(&[0, 1, 3, 999, u32::MAX]);
    principals(draws, &mut world);
    operators(draws, &mut world);
    requests(draws, &mut world);
    attachments(draws, &mut world);
    grants(draws, &mut world);
    kinds(draws, &mut world);
    resources(draws, &mut world);
    Setup { world, region_faults: draws.coin() }
}

fn service_definition(draws: &mut Draws, number: usize) -> ServiceDefinition {
    let principal = |text: &str| ServicePrincipal::new(text).expect("a legal principal");
    let own = principal(&format!("service{number}.example.com"));
    let helper = principal("helper.example.com");
    let base = if draws.seldom() {
        format!("AWSServiceRoleFor{}{number}", "Long".repeat(11))
    } else {
        format!("AWSServiceRoleForS{number}")
    };
    let trust = draws.of(&[vec![own.clone()], vec![own.clone(), helper.clone()], vec![helper]]);
    let n = u32::try_from(draws.below(5)).unwrap_or(0);
    let reports = draws.of(&[
        ReportingPolicy::All,
        ReportingPolicy::AnySubset,
        ReportingPolicy::First(n),
        ReportingPolicy::Share(n * 300_000),
        ReportingPolicy::OneRegion,
        ReportingPolicy::RegionsOnly,
        ReportingPolicy::TextOnly,
        ReportingPolicy::Silent,
        ReportingPolicy::Stale,
    ]);
    ServiceDefinition {
        trust,
        suffix_allowed: draws.coin(),
        deletion: draws.of(&[Deletion::Manual, Deletion::Automatic, Deletion::Impossible]),
        reports,
        policy: draws.coin().then(|| format!("S{number}ServiceRolePolicy")),
        permits: if draws.coin() { vec!["ec2:*".to_owned()] } else { Vec::new() },
        locked_while_deleting: draws.seldom(),
        ..ServiceDefinition::new(own, RoleName::new(&base).expect("a legal name"))
    }
}

/// The services' own roles, and ordinary ones: some clash with them, some cannot be made at all.
fn roles(draws: &mut Draws, world: &mut World) {
    for service in 0..world.services.len() {
        let name = world.services[service].role_name.as_str().to_owned();
        let role = world.linked_role(service_idx(service), &name, None);
        world.roles[role.index()].given = !draws.seldom();
    }
    let linked = world.services[0].role_name.as_str().to_owned();
    let names = [
        "deploy".to_owned(),
        linked.to_ascii_lowercase(),
        linked,
        "DEPLOY".to_owned(),
        "with space".to_owned(),
        "x".repeat(65),
    ];
    let paths = ["/", "/", "/service-role/", "/aws-service-role/service0.example.com/", "no-path"];
    for _ in 0..draws.below(3) {
        let (name, path) = (draws.of(&names), draws.of(&paths));
        let trust = draws.some(&[
            "arn:aws:iam::123456789012:user/admin".to_owned(),
            "service0.example.com".to_owned(),
            r#"{"Version": "2012-10-17"}"#.to_owned(),
        ]);
        let role = world.ordinary_role(&name, path, &trust);
        let legal = RoleName::new(&name).is_ok() && RolePath::new(path).is_ok_and(|path| !path.is_reserved());
        let free = world.roles.iter().all(|other| !other.given || !other.name.eq_ignore_ascii_case(&name));
        let given = draws.coin() && legal && free;
        world.roles[role.index()].given |= given;
    }
}

fn sessions(draws: &mut Draws, world: &mut World) {
    for _ in 0..draws.below(5) {
        let role = RoleIdx(u32_of(draws.below(world.roles.len())));
        let service = draws.of(&world.services).principal;
        let others =
            ["helper.example.com", "intruder.example.com"].map(|text| ServicePrincipal::new(text).expect("legal"));
        let principal = if draws.seldom() { draws.of(&others) } else { service };
        let slot = &world.roles[role.index()];
        let trusted = match &slot.sort {
            RoleSort::Ordinary { trust, .. } => trust.iter().any(|trusted| trusted == principal.as_str()),
            RoleSort::ServiceLinked { service, .. } => world.services[service.index()].trust.contains(&principal),
        };
        let given_open = draws.coin() && trusted && slot.given;
        world.sessions.push(SessionSlot { role, principal, given_open, reopens: !draws.seldom() });
    }
}

fn kinds(draws: &mut Draws, world: &mut World) {
    for service in 0..world.services.len() {
        let mut siblings: Vec<String> = Vec::new();
        for number in 0..draws.below(4) {
            let name = format!("kind{service}-{number}");
            let mut spec = match draws.below(3) {
                0 => KindSpec::plain(&name),
                1 => KindSpec { release_lag: true, ..KindSpec::plain(&name) },
                _ => machine(draws, &name),
            };
            if !siblings.is_empty() && draws.coin() {
                spec.parents.push(draws.of(&siblings));
            }
            if !siblings.is_empty() && draws.seldom() {
                let above = draws.of(&siblings);
                let list = if draws.coin() { &mut spec.made_from } else { &mut spec.parents };
                list.push(above);
            }
            let plain =
                KindSpec { parents: spec.parents.clone(), made_from: spec.made_from.clone(), ..KindSpec::plain(&name) };
            let kind = ResourceKind::new(&spec, service_idx(service))
                .or_else(|_| ResourceKind::new(&plain, service_idx(service)))
                .expect("the plain kind can be");
            world.kinds.push(kind);
            siblings.push(name);
        }
    }
}

/// A kind's machine: a chain from `absent` to an end, with shortcuts, ways back and moves that lead nowhere.
fn machine(draws: &mut Draws, name: &str) -> KindSpec {
    let states: Vec<String> = (0..2 + draws.below(4)).map(|number| format!("s{number}")).collect();
    let (last, inner) = states.split_last().expect("there are two states at least");
    let mut places = vec![ABSENT.to_owned()];
    places.extend(states.iter().cloned());
    let mut moves = Vec::new();
    for pair in places.windows(2) {
        moves.push(step(draws, &format!("m{}", moves.len()), vec![pair[0].clone()], &pair[1]));
    }
    for _ in 0..draws.below(5) {
        let mut from = draws.some(inner);
        if draws.seldom() {
            from.push(ABSENT.to_owned());
        }
        let to = draws.of(&places);
        moves.push(step(draws, &format!("m{}", moves.len()), from, &to));
    }
    let mut ends = vec![last.clone()];
    if draws.seldom() && inner.len() > 1 {
        // An end in the middle: the chain's move out of it is then refused, and the plain kind takes this one's place.
        ends.push(inner[1].clone());
        moves.retain(|step| !step.from.contains(&inner[1]));
        moves.push(step(draws, "m-on", vec![inner[0].clone()], last));
    }
    KindSpec {
        initial: draws.of(inner),
        blocks: draws.some(inner),
        works: draws.some(inner).into_iter().filter(|_| draws.coin()).collect(),
        ends,
        states,
        release_lag: draws.seldom(),
        moves,
        ..KindSpec::plain(name)
    }
}

fn step(draws: &mut Draws, name: &str, from: Vec<String>, to: &str) -> MoveSpec {
    MoveSpec {
        from,
        when: draws.of(&[When::Always, When::Always, When::InUse, When::NotInUse]),
        operation: draws.coin().then(|| format!("Call-{name}")),
        creates_role: draws.coin(),
        needs_role: draws.coin(),
        passes: draws.of(&[Passes::Nothing, Passes::Nothing, Passes::LinkedRole, Passes::CustomRole]),
        conditions: if draws.seldom() && draws.coin() { vec![condition(draws)] } else { Vec::new() },
        creates_role_of: draws.seldom().then(|| format!("service{}.example.com", draws.below(2))),
        exceptional: draws.seldom(),
        otherwise: if draws.seldom() { Otherwise::InvalidRequest } else { Otherwise::InUse },
        ..MoveSpec::new(
            name,
            "",
            to,
            draws.of(&[Mover::Caller, Mover::Caller, Mover::Service, Mover::Service, Mover::Parent]),
        )
    }
}

/// A condition, sometimes about a kind or a state that there is not: then it is never met, or always.
fn condition(draws: &mut Draws) -> Condition {
    let kind = format!("kind{}-{}", draws.below(2), draws.below(3));
    let states = ["active", "deleting", "deleted", ABSENT, "s0", "s1", "s2"].map(str::to_owned);
    let states = draws.some(&states);
    let claim = draws.of(&[
        RoleClaim::Trusts("service0.example.com".to_owned()),
        RoleClaim::Permits("s3:GetObject".to_owned()),
        RoleClaim::PermitsNeeds,
        RoleClaim::MayPassThatOf(kind.clone()),
    ]);
    let holds = draws.seldom();
    draws.of(&[
        Condition::PassedRoleOf { kind: kind.clone(), claim, holds },
        Condition::Relative { kind: kind.clone(), states: states.clone() },
        Condition::NoRelative { kind, states },
        Condition::PassedRole { usable: true },
        Condition::PassedRole { usable: false },
        Condition::Permitted(true),
        Condition::Permitted(false),
    ])
}

fn resources(draws: &mut Draws, world: &mut World) {
    if world.kinds.is_empty() {
        return;
    }
    for number in 0..draws.below(MOST - 1) {
        let index = draws.below(world.kinds.len());
        let kind = world.kinds[index].clone();
        // Mostly the service's own role; sometimes one that somebody has chosen, as services let customers do.
        let role = if draws.seldom() { draws.below(world.roles.len()) } else { kind.service.index() };
        let of_kinds = |names: &[String]| -> Vec<usize> {
            let is_one = |other: &usize| names.contains(&world.kinds[world.resources[*other].kind.index()].name);
            (0..world.resources.len()).filter(is_one).collect()
        };
        let mut some_of = |mut known: Vec<usize>| {
            if !draws.seldom() {
                let keep = draws.below(known.len());
                known = known.get(keep..=keep).map_or_else(Vec::new, <[usize]>::to_vec);
            }
            known
        };
        let parents: Vec<usize> = some_of(of_kinds(&kind.parents));
        let origins: Vec<usize> = some_of(of_kinds(&kind.made_from));
        let is_there = |resource: &Resource| {
            let kind = &world.kinds[resource.kind.index()];
            resource.given != 0 && kind.state(resource.given).is_some_and(|state| !state.is_end)
        };
        let homeless = parents.iter().any(|parent| !is_there(&world.resources[*parent]));
        let possible: Vec<u8> = kind
            .states
            .iter()
            .filter(|state| !(state.blocks() || state.works) || world.roles[role].given)
            .filter(|state| state.code == 0 || state.is_end || !homeless)
            .map(|state| state.code)
            .collect();
        let given =
            if possible.contains(&kind.initial) && !draws.seldom() { kind.initial } else { draws.of(&possible) };
        let region = RegionIdx(u32_of(draws.below(world.regions.len())));
        world.resources.push(Resource {
            name: format!("resource-{number}"),
            kind: KindIdx(u32_of(index)),
            region,
            role: RoleIdx(u32_of(role)),
            parents: parents.iter().chain(&origins).map(|above| ResourceIdx(u32_of(*above))).collect(),
            passes: draws.coin().then(|| RoleIdx(u32_of(draws.below(world.roles.len())))),
            needs: if draws.seldom() { vec!["sns:Publish".to_owned()] } else { Vec::new() },
            is_made_by_call: draws.seldom(),
            given,
        });
    }
}

/// The administrator, users with less authority, and a service that calls in its own name.
fn principals(draws: &mut Draws, world: &mut World) {
    for name in ["alice", "service0.example.com"].into_iter().take(draws.below(3)) {
        let authority = if draws.coin() {
            let mask = draws.below(1 << 16);
            let allowed = (0..).zip(Operation::ALL).filter(|(number, _)| mask >> (number % 16) & 1 == 1);
            policies_of(world, name, allowed.map(|(_, operation)| operation.iam_action()))
        } else {
            Authority::Everything
        };
        world.principals.push(Principal { name: name.to_owned(), authority });
    }
}

/// What a user may do whose one policy allows these actions on everything; the user is added to the account.
///
/// # Panics
/// If the account has a user of that name.
pub fn policies_of<'a>(world: &mut World, user: &str, actions: impl Iterator<Item = &'a str>) -> Authority {
    let actions: Vec<String> = actions.map(|action| format!("\"{action}\"")).collect();
    // A list of actions may not be empty: this one is not an operation of the model.
    let actions = if actions.is_empty() { "\"iam:GetUser\"".to_owned() } else { actions.join(",") };
    let text =
        format!(r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":[{actions}],"Resource":"*"}}}}"#);
    let document = Document::parse(DocumentKind::Identity, &text).expect("the policy is well-formed");
    world.access.add_user("/", user).expect("the user is new");
    world.access.put_inline_policy(Entity::User(user), "allowed", document).expect("the user is there");
    Authority::Policies(Box::new(world.access.user_caller(user).expect("the user is there")))
}

fn operators(draws: &mut Draws, world: &mut World) {
    for number in 0..draws.below(4) {
        let principal = PrincipalIdx(u32_of(draws.below(world.principals.len())));
        let goal = RoleIdx(u32_of(if draws.seldom() { draws.below(world.roles.len()) } else { 0 }));
        world.operators.push(Operator {
            name: format!("operator-{number}"),
            principal,
            goal,
            works: draws.of(&[Works::InSteps, Works::InSteps, Works::InAnyOrder]),
            attempts: draws.of(&[None, Some(0), Some(1), Some(3), Some(u8::MAX)]),
            told: draws.of(&[Told::ByPolls, Told::AtOnce]),
            loses_patience: draws.seldom(),
            reads_docs: draws.of(&[ReadsDocs::Never, ReadsDocs::WhenNothingWasNamed, ReadsDocs::AtAnyTime]),
            cleans: !draws.seldom(),
            missing_task: draws.of(&[
                MissingTask::LooksAtTheRole,
                MissingTask::MeansSuccess,
                MissingTask::MeansFailure,
            ]),
            empty_report_means_unused: draws.seldom(),
            ignores_failure: draws.seldom(),
            requests_throttled: true,
            polls_throttled: true,
        });
    }
}

fn knobs(draws: &mut Draws) -> Knobs {
    let answers = [
        Answer::NoSuchEntity,
        Answer::InvalidInput,
        Answer::UnmodifiableEntity,
        Answer::ValidationError,
        Answer::ConcurrentModification,
    ];
    Knobs {
        judged: draws.of(&[Judged::Both, Judged::End, Judged::Start]),
        locked_while_deleting: draws.coin(),
        late_visibility: draws.coin(),
        tasks_are_forgotten: draws.coin(),
        late_propagation: draws.coin(),
        deletion_denied: draws.of(&[DeletionDenied::TaskFails, DeletionDenied::TaskFails, DeletionDenied::CallRefused]),
        delete_of_ordinary_role: draws.of(&answers),
        malformed_task_id: draws.of(&answers),
        create_while_deleting: draws.of(&answers.map(Some).into_iter().chain([None]).collect::<Vec<_>>()),
        name_too_long: draws.of(&answers),
        max_session_duration: draws.of(&[
            MaxSessionDurationChange::Protected,
            MaxSessionDurationChange::ProtectedByItsOwnText,
            MaxSessionDurationChange::Allowed,
        ]),
        role_quota: draws.of(&[1000, 0, 1, 2, 3, 5, u32::MAX]),
        managed_policies_per_role: draws.of(&[10, 0, 1, 2]),
        tags_per_role: draws.of(&[50, 0, 1, 2]),
        trust_policy_length: draws.of(&[2_048, 140]),
        resource_quotas: if draws.seldom() { BTreeMap::from([("kind0-0".to_owned(), 1)]) } else { BTreeMap::new() },
        denial_detail: draws.of(&[DenialDetail::Plain, DenialDetail::WithReason]),
    }
}

/// Requests for service-linked roles, good and bad. They come last of what makes roles, so that there is room for theirs.
fn requests(draws: &mut Draws, world: &mut World) {
    for text in ["one description", "no description: 😀"].iter().take(draws.below(3)) {
        world.text(text);
    }
    for _ in 0..draws.below(6) {
        let known = draws.of(&world.services).principal.as_str().to_owned();
        let service = match draws.below(7) {
            0..3 => known,
            3 => known.to_ascii_uppercase(),
            4 => "unheard-of.example.com".to_owned(),
            5 => "unheard of".to_owned(),
            _ => "without-role.example.com".to_owned(),
        };
        let suffix = draws.of(&[
            None,
            None,
            Some("one"),
            Some("two"),
            Some("with space"),
            Some(""),
            Some("twenty-characters-it"),
        ]);
        if world.roles.len() < MOST || suffix.is_none() {
            world.request(&service, suffix, |service| service.starts_with("without-role"));
        }
    }
}

fn attachments(draws: &mut Draws, world: &mut World) {
    for _ in 0..draws.below(MOST) {
        if world.attachments.len() >= MOST {
            break;
        }
        let role = RoleIdx(u32_of(draws.below(world.roles.len())));
        let service_policies = world.services.iter().filter_map(ServiceDefinition::policy_arn);
        let mut policies = vec![
            "arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned(),
            format!("arn:aws:iam::{}:policy/Other", world.account.as_str()),
        ];
        policies.extend(service_policies);
        let item = match draws.below(6) {
            0 => {
                tags(draws, world, role);
                continue;
            }
            1 => Item::ManagedPolicy(draws.of(&policies)),
            2 => Item::InlinePolicy(draws.of(&["inline", "AWSRevokeOlderSessions", "with space"]).to_owned()),
            3 => Item::InstanceProfile("profile".to_owned()),
            4 => Item::Boundary(draws.of(&policies)),
            _ => Item::TrustPolicy(draws.of(&["first", "second"]).to_owned()),
        };
        // The policy of a service-linked role is on no other role, at the beginning neither.
        let may_be_there = world.roles[role.index()].given && !item.is_service_policy();
        let id: AttachmentIdx = world.attachment(role, item);
        let given = draws.coin() && may_be_there;
        world.attachments[id.index()].given |= given;
    }
    creations(world);
}

/// What `CreateRole` can give at once: the tags of each call that writes some, and each boundary, alone and both together.
fn creations(world: &mut World) {
    let calls = (0..).map(TagCallIdx).zip(&world.tag_calls);
    let writes = calls.filter(|(_, call)| matches!(call.change, TagChange::Write(_)));
    let tags: Vec<_> = writes.map(|(tags, call)| (call.role, tags)).collect();
    let things = (0..).map(AttachmentIdx).zip(&world.attachments);
    let boundaries = things.filter(|(_, thing)| matches!(thing.item, Item::Boundary(_)));
    let boundaries: Vec<_> = boundaries.map(|(boundary, thing)| (thing.role, boundary)).collect();
    for (role, call) in &tags {
        world.creation(Creation { role: *role, tags: Some(*call), boundary: None });
    }
    for (role, boundary) in &boundaries {
        let (role, boundary) = (*role, Some(*boundary));
        world.creation(Creation { role, tags: None, boundary });
        let with_tags = tags.iter().find(|(other, _)| *other == role);
        world.creation(Creation { role, tags: with_tags.map(|(_, call)| *call), boundary });
    }
}

/// A tag that may be there from the beginning, and a call about several.
fn tags(draws: &mut Draws, world: &mut World, role: RoleIdx) {
    let keys = ["team", "TEAM", "cost"];
    let mut written = Vec::new();
    // The narrowest sets are to hold them all.
    for _ in 0..draws.below(3).min(MOST.saturating_sub(world.attachments.len())) {
        let value = world.text(draws.of(&["", "blue"]));
        written.push(world.tag(role, draws.of(&keys), value));
    }
    // Of the spellings and values of a key one is on the role at a time.
    if let Some(tag) = written.first().filter(|_| draws.coin() && world.roles[role.index()].given) {
        let given = |item: &Item| {
            world.attachments.iter().any(|thing| thing.given && thing.role == role && thing.item.is_called_as(item))
        };
        let is_new = !given(&world.attachments[tag.index()].item);
        world.attachments[tag.index()].given |= is_new;
    }
    world.tag_call(role, TagChange::Write(written));
    let unfit = if role.0.is_multiple_of(2) { "no key!" } else { "aws:team" };
    let removed = keys.iter().chain(&[unfit]).filter(|_| draws.coin()).map(|key| (*key).to_owned()).collect();
    world.tag_call(role, TagChange::Remove(removed));
}

/// What calls give to a user and to a group, and take from them; one set counts it together with what roles can have.
fn grants(draws: &mut Draws, world: &mut World) {
    let users: Vec<String> = world.access.users().map(str::to_owned).collect();
    if draws.coin() {
        return;
    }
    world.access.add_group("readers").expect("the group is new");
    for _ in world.attachments.len()..MOST {
        let user = draws.of(&["alice", "nobody"]);
        let effect = draws.of(&["Allow", "Deny"]);
        let text = format!(r#"{{"Statement":{{"Effect":"{effect}","Action":"iam:*","Resource":"*"}}}}"#);
        let document = Document::parse(DocumentKind::Identity, &text).expect("the policy is well-formed");
        let inline = Granted::InlinePolicy("inline".to_owned(), Some(document));
        let managed = draws.of(&[
            "arn:aws:iam::aws:policy/Other",
            "arn:aws:iam::aws:policy/aws-service-role/Own",
            "arn:aws-cn:iam::aws:policy/Other",
        ]);
        let malformed = draws.seldom().then(|| "it is no document".to_owned());
        let grant = match draws.below(4) {
            0 => world.grant(Holder::User, user, inline, malformed),
            1 => world.grant(Holder::Group, draws.of(&["readers", "none"]), inline, malformed),
            2 => world.grant(Holder::User, user, Granted::ManagedPolicy(managed.to_owned()), None),
            _ => world.grant(Holder::Group, "readers", Granted::Member(user.to_owned()), None),
        };
        let may_be_there = world.missing_holder(grant).is_none() && world.grants[grant.index()].malformed.is_none();
        // One document at a time, and the policy of a service-linked role never.
        let grants = &world.grants;
        let thing = &grants[grant.index()];
        let is_alone = !grants.iter().any(|other| other.given && other.is_called_as(thing));
        let given = may_be_there && is_alone && !thing.is_service_policy() && draws.coin() && !users.is_empty();
        world.grants[grant.index()].given |= given;
    }
}

fn service_idx(index: usize) -> ServiceIdx {
    ServiceIdx(u32_of(index))
}

fn u32_of(index: usize) -> u32 {
    u32::try_from(index).expect("worlds are small")
}
