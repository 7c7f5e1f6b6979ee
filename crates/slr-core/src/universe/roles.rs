//! What the rules ask of roles.

use crate::id::{KindIdx, OperatorIdx, RoleIdx, ServiceIdx, TextIdx, number};
use crate::name::RoleName;
use crate::service::Deletion;
use crate::set::IdSet;
use crate::world::{Item, RoleSort, Works, World};

/// What the rules ask of a role.
#[derive(Debug, Clone)]
pub(crate) struct RoleFacts<S> {
    /// The roles whose names are this one's, ignoring case; itself included.
    pub(crate) namesakes: S,
    /// Whether its name follows the rules for names.
    pub(crate) is_well_named: bool,
    pub(crate) service: Option<ServiceIdx>,
    /// The description that the service gives the role when it makes it itself.
    pub(crate) description: Option<TextIdx>,
    pub(crate) resources: S,
    /// The resources with the last of which the role's service deletes it, if it does.
    pub(crate) deleted_with: S,
    /// Whether the role takes no new use while its deletion is unfinished.
    pub(crate) is_locked_while_deleting: bool,
    pub(crate) sessions: S,
    pub(crate) attachments: S,
    /// Attachments that `DeleteRole` minds.
    pub(crate) dependents: S,
    pub(crate) managed_policies: S,
    pub(crate) tags: S,
    pub(crate) boundaries: S,
    pub(crate) trust_policies: S,
    /// Those who want the role of this name gone.
    pub(crate) operators: Vec<OperatorIdx>,
    /// Those of them who wait for their tasks: who works in steps.
    pub(crate) waiters: Vec<OperatorIdx>,
    /// Resources whose kinds have states in which the service holds a session, by those states' codes.
    pub(crate) working: Vec<(S, u8)>,
}

impl<S: IdSet> RoleFacts<S> {
    pub(super) fn of_all(world: &World) -> Vec<Self> {
        (0..world.roles.len()).map(|role| role_facts(world, role)).collect()
    }

    /// Whether the service deletes the role itself.
    pub(super) fn is_deleted_by_itself(&self, world: &World) -> bool {
        self.service.is_some_and(|service| matches!(world.services[service.index()].deletion, Deletion::Automatic))
    }
}

fn role_facts<S: IdSet>(world: &World, index: usize) -> RoleFacts<S> {
    let role = RoleIdx(number(index));
    let name = &world.roles[index].name;
    let attached = |wanted: &dyn Fn(&Item) -> bool| {
        let here = (0_u32..).zip(&world.attachments).filter(|(_, a)| a.role == role && wanted(&a.item));
        S::of(here.map(|(id, _)| id))
    };
    let resources = || (0_u32..).zip(&world.resources).filter(|(_, resource)| resource.role == role);
    let mut working = Vec::new();
    for (kind_id, kind) in (0_u32..).zip(&world.kinds) {
        for state in kind.states.iter().filter(|state| state.works) {
            let members = S::of(resources().filter(|(_, r)| r.kind.0 == kind_id).map(|(id, _)| id));
            if !members.is_empty() {
                working.push((members, state.code));
            }
        }
    }
    let service = match &world.roles[index].sort {
        RoleSort::Ordinary { .. } => None,
        RoleSort::ServiceLinked { service, .. } => Some(*service),
    };
    let takes_along = |kind: KindIdx| {
        let kind = &world.kinds[kind.index()];
        let chosen = &world.services[kind.service.index()].deleted_with;
        chosen.as_ref().is_none_or(|chosen| *chosen == kind.name)
    };
    let operators: Vec<_> = (0..)
        .zip(&world.operators)
        .filter(|(_, operator)| world.roles[operator.goal.index()].name == *name)
        .map(|(id, _)| OperatorIdx(id))
        .collect();
    let waits = |id: &OperatorIdx| world.operators[id.index()].works == Works::InSteps;
    RoleFacts {
        is_well_named: RoleName::new(&world.roles[role.index()].name).is_ok(),
        namesakes: S::of(
            (0_u32..).zip(&world.roles).filter(|(_, other)| other.name.eq_ignore_ascii_case(name)).map(|(id, _)| id),
        ),
        service,
        description: service.and_then(|service| {
            let text = world.services[service.index()].description.as_ref()?;
            world.texts.iter().position(|known| known == text).map(|text| TextIdx(number(text)))
        }),
        resources: S::of(resources().map(|(id, _)| id)),
        deleted_with: S::of(resources().filter(|(_, resource)| takes_along(resource.kind)).map(|(id, _)| id)),
        is_locked_while_deleting: world.knobs.locked_while_deleting
            || service.is_some_and(|service| world.services[service.index()].locked_while_deleting),
        sessions: S::of(world.sessions_of(role).map(|session| session.0)),
        attachments: attached(&|_| true),
        dependents: attached(&|item| {
            matches!(item, Item::ManagedPolicy(_) | Item::InlinePolicy(_) | Item::InstanceProfile(_))
        }),
        managed_policies: attached(&|item| matches!(item, Item::ManagedPolicy(_))),
        tags: attached(&|item| matches!(item, Item::Tag(_))),
        boundaries: attached(&|item| matches!(item, Item::Boundary(_))),
        trust_policies: attached(&|item| matches!(item, Item::TrustPolicy(_))),
        waiters: operators.iter().copied().filter(waits).collect(),
        operators,
        working,
    }
}
