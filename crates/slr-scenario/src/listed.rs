//! What the operations that list answer: decided here, for what a run tells and for what a scenario expects.

use slr_core::action::Operation;
use slr_core::id::{AttachmentIdx, RoleIdx, TextIdx};
use slr_core::world::Item;
use slr_core::{IdSet, State, Universe};

/// What is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Listed {
    /// Roles of the account.
    Roles {
        /// Those of the scenario.
        roles: Vec<RoleIdx>,
        /// How many others there are, which the scenario does not name.
        others: u32,
    },
    /// Something of a role, by name or ARN, and what it is.
    Things(&'static str, Vec<String>),
}

impl Listed {
    /// What an operation lists of a state; `None` if it lists nothing.
    ///
    /// Source: IAM API Reference, `ListRoles`, `PathPrefix`: the paths begin with it.
    pub(crate) fn of<S: IdSet>(
        universe: &Universe<S>,
        state: &State<S>,
        operation: Operation,
        role: Option<RoleIdx>,
        under: Option<TextIdx>,
    ) -> Option<Self> {
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
                let prefix = under.map_or(NO_PATH, |under| &world.texts[under.index()]);
                let live = state.live_roles();
                let roles = live.iter().map(RoleIdx).filter(|role| world.role_path(*role).starts_with(prefix));
                let others = if NO_PATH.starts_with(prefix) { world.other_roles } else { 0 };
                Some(Self::Roles { roles: roles.collect(), others })
            }
            (Operation::ListRoleTags, Some(role)) => {
                let tags = universe.tags_of(state, role).map(|(key, value)| format!("{key}={value}"));
                Some(Self::Things("tags", tags.collect()))
            }
            (Operation::ListRolePolicies, Some(role)) => Some(Self::Things(
                "inline policies",
                attached(role, |item| if let Item::InlinePolicy(name) = item { Some(name) } else { None }),
            )),
            (Operation::ListInstanceProfilesForRole, Some(role)) => Some(Self::Things(
                "instance profiles",
                attached(role, |item| if let Item::InstanceProfile(name) = item { Some(name) } else { None }),
            )),
            (Operation::ListAttachedRolePolicies, Some(role)) => {
                // A service-linked role has the one policy of its service.
                let of_service = universe.service_of(role).and_then(|service| service.policy.clone());
                let others = attached(role, |item| if let Item::ManagedPolicy(arn) = item { Some(arn) } else { None });
                Some(Self::Things("managed policies", of_service.into_iter().chain(others).collect()))
            }
            _ => None,
        }
    }

    /// How many things are listed, the roles that the scenario does not name included.
    pub(crate) fn count(&self) -> u64 {
        match self {
            Self::Roles { roles, others } => roles.len() as u64 + u64::from(*others),
            Self::Things(_, things) => things.len() as u64,
        }
    }

    /// As the API has it: roles by their ARNs, as far as they have one here.
    pub(crate) fn texts<S: IdSet>(self, universe: &Universe<S>) -> Vec<String> {
        match self {
            Self::Roles { roles, others: _ } => roles.into_iter().map(|role| universe.role_arn(role)).collect(),
            Self::Things(_, things) => things,
        }
    }
}

/// The path of roles that are given none: that of all roles which the scenario does not name (Assumed).
const NO_PATH: &str = "/";
