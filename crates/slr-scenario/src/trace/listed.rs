//! What the operations that list answer.

use slr_core::action::Operation;
use slr_core::id::{AttachmentIdx, RoleIdx, TextIdx};
use slr_core::world::Item;
use slr_core::{IdSet, State, Universe};

use crate::ledger::Ledger;

/// What is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Listed {
    /// Roles of the account.
    Roles(Vec<RoleIdx>),
    /// Something of a role, by name or ARN, and what it is.
    Things(&'static str, Vec<String>),
}

impl Listed {
    /// As the API has it: roles by their ARNs.
    pub(super) fn texts<S: IdSet>(self, universe: &Universe<S>) -> Vec<String> {
        match self {
            Self::Roles(roles) => roles.into_iter().map(|role| universe.role_arn(role)).collect(),
            Self::Things(_, things) => things,
        }
    }
}

/// What an operation lists of a state; `None` if it lists nothing. Roles that the scenario does not name are left out.
///
/// Source: IAM API Reference, `ListRoles`, `PathPrefix`: the paths begin with it.
pub(super) fn listed<S: IdSet>(
    universe: &Universe<S>,
    ledger: &Ledger<'_, S>,
    state: &State<S>,
    operation: Operation,
    role: Option<RoleIdx>,
    under: Option<TextIdx>,
) -> Option<Listed> {
    let world = universe.world();
    let attached = |role: RoleIdx, wanted: fn(&Item) -> Option<&String>| {
        let things = (0..).map(AttachmentIdx).zip(&world.attachments);
        things
            .filter(|(id, thing)| thing.role == role && state.is_attached(*id))
            .filter_map(|(_, thing)| wanted(&thing.item).cloned())
            .collect::<Vec<_>>()
    };
    match (operation, role) {
        (Operation::ListRoles, _) => {
            let prefix = under.map_or("/", |under| &world.texts[under.index()]);
            let live = state.live_roles();
            let roles = live.iter().map(RoleIdx).filter(|role| world.role_path(*role).starts_with(prefix));
            Some(Listed::Roles(roles.collect()))
        }
        (Operation::ListRoleTags, Some(role)) => {
            Some(Listed::Things("tags", ledger.tags_of(role).map(|(key, value)| format!("{key}={value}")).collect()))
        }
        (Operation::ListRolePolicies, Some(role)) => Some(Listed::Things(
            "inline policies",
            attached(role, |item| if let Item::InlinePolicy(name) = item { Some(name) } else { None }),
        )),
        (Operation::ListInstanceProfilesForRole, Some(role)) => Some(Listed::Things(
            "instance profiles",
            attached(role, |item| if let Item::InstanceProfile(name) = item { Some(name) } else { None }),
        )),
        (Operation::ListAttachedRolePolicies, Some(role)) => {
            // A service-linked role has the one policy of its service.
            let of_service = universe.service_of(role).and_then(|service| service.policy.clone());
            let others = attached(role, |item| if let Item::ManagedPolicy(arn) = item { Some(arn) } else { None });
            Some(Listed::Things("managed policies", of_service.into_iter().chain(others).collect()))
        }
        _ => None,
    }
}
