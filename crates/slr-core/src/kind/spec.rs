//! What is declared of a kind: its states, its moves, and what they depend on.

use serde::{Deserialize, Serialize};

use super::ABSENT;
use crate::service::OwnErrors;

/// Who makes a transition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mover {
    /// Somebody calls an operation of the service.
    Caller,
    /// The service, in its own time.
    Service,
    /// The resource's parent, with its own transition of the same name: whoever deletes a maintenance window deletes its tasks.
    Parent,
}

/// Which role a caller passes to the service with an operation, for which it needs `iam:PassRole`.
///
/// Source: IAM User Guide, "Granting a user permissions to pass a role to an AWS service"; a service-linked role is passed, too, where it
/// is named, and none is passed where the service picks its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Passes {
    /// None.
    #[default]
    Nothing,
    /// The service-linked role that the resource uses, by its name.
    LinkedRole,
    /// The account's own role, [`Resource::passes`](crate::world::Resource::passes).
    CustomRole,
}

/// The resource on which a policy has to allow a caller's operation.
///
/// Source: Service Authorization Reference, resource types of an action.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuthorisedOn {
    /// The resource itself.
    #[default]
    Itself,
    /// The nearest of this kind, of the same service, that the resource belongs to or is made from.
    Kind(String),
    /// The action has no resource types: `*`.
    Anything,
}

/// What must be so for a transition to be made, besides the state of the resource and the use of its role.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// A relative of the kind is in one of the states.
    ///
    /// The relatives of a resource are those that it belongs to or was made from, and so on upwards; those that belong to it or were made
    /// from it; and those of its own kind that share one of the former.
    Relative {
        /// The kind, of the same service.
        kind: String,
        /// Its states.
        states: Vec<String>,
    },
    /// No relative of the kind is in one of the states.
    NoRelative {
        /// The kind, of the same service.
        kind: String,
        /// Its states.
        states: Vec<String>,
    },
    /// The role that was passed, for the resource or for a relative above it, is in the account and trusts the service; or is not so.
    PassedRole {
        /// Which of the two.
        usable: bool,
    },
    /// The permissions policy of the service-linked role allows all that the resource needs, and what those above it need; or does not.
    Permitted(bool),
    /// A role of the account's own is as it has to be, or is not. Where none was passed, nothing is true of it.
    PassedRoleOf {
        /// The kind, of the same service, of the resource for which it was passed: the resource itself, or the nearest above it.
        kind: String,
        /// What is said of it.
        claim: RoleClaim,
        /// Whether that must hold, or must not.
        holds: bool,
    },
}

/// What can be said of a role that was passed. Its policies are those attached to it at the moment.
///
/// Assumed: a permissions boundary is not looked at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RoleClaim {
    /// It is in the account, and its trust policy names this principal.
    Trusts(String),
    /// It is in the account, and its policies allow this action on everything.
    Permits(String),
    /// It is in the account, and its policies allow all that the resource needs, and what those above it need, on everything. Where no
    /// role was passed for the resource, it is the one that was passed for the nearest above it.
    PermitsNeeds,
    /// It is in the account, and its policies allow `iam:PassRole` on the role that was passed for a resource of this kind.
    MayPassThatOf(String),
}

/// When a transition may happen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// At any time.
    #[default]
    Always,
    /// Only while a session is open on the role.
    InUse,
    /// Only while no session is open on the role.
    NotInUse,
}

/// What a caller's operation is refused with in a state from which it leads nowhere, or where its conditions do not hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Otherwise {
    /// The resource is in use, or not in the right state.
    #[default]
    InUse,
    /// Something depends on the resource.
    DependedOn,
    /// The request is not valid: nothing that may become of the resource would have it granted.
    InvalidRequest,
}

/// A declared move, by the names of its states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoveSpec {
    /// Its name. A kind has no two moves of one name from one state.
    pub name: String,
    /// The states it leads from.
    pub from: Vec<String>,
    /// The state it leads to.
    pub to: String,
    /// Who makes it.
    pub by: Mover,
    /// When it may happen.
    pub when: When,
    /// The operation that a caller calls; the move's name if it is `None`.
    pub operation: Option<String>,
    /// Whether the service makes its role with this move, where it does not exist.
    pub creates_role: bool,
    /// Whether the move is refused where the role does not exist.
    pub needs_role: bool,
    /// The optional parameters with which the operation makes this move and no other one.
    pub with: Vec<String>,
    /// What a policy has to allow the operation on.
    pub authorised_on: AuthorisedOn,
    /// The role that is passed with it.
    pub passes: Passes,
    /// The service that will use the role that is passed, if it is another one.
    pub passed_to: Option<String>,
    /// What else must be so.
    pub conditions: Vec<Condition>,
    /// The service whose role is made with it where it does not exist, by the rights of this service's own role.
    pub creates_role_of: Option<String>,
    /// Whether it is an exception: chance does not choose it.
    pub exceptional: bool,
    /// What the operation is refused with where it cannot be called.
    pub otherwise: Otherwise,
}

impl MoveSpec {
    /// A move between two states, at any time and with nothing special about it.
    pub fn new(name: &str, from: &str, to: &str, by: Mover) -> Self {
        Self {
            name: name.to_owned(),
            from: vec![from.to_owned()],
            to: to.to_owned(),
            by,
            when: When::Always,
            operation: None,
            creates_role: false,
            needs_role: false,
            with: Vec::new(),
            authorised_on: AuthorisedOn::Itself,
            passes: Passes::Nothing,
            passed_to: None,
            conditions: Vec::new(),
            creates_role_of: None,
            exceptional: false,
            otherwise: Otherwise::InUse,
        }
    }
}

/// A declared kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindSpec {
    /// Unique in its service.
    pub name: String,
    /// The template of an ARN, with `{partition}`, `{region}`, `{account}` and `{name}`.
    pub arn: String,
    /// The states, without [`ABSENT`].
    pub states: Vec<String>,
    /// The state of a resource that is there from the beginning.
    pub initial: String,
    /// The states that nothing leads out of.
    pub ends: Vec<String>,
    /// The ends in which the resource is still known: a call that comes too late is refused for its state, not because there is none.
    pub remains: Vec<String>,
    /// The states that keep the role from being deleted.
    pub blocks: Vec<String>,
    /// The states in which the service holds a session on the role.
    pub works: Vec<String>,
    /// Whether the role is released only some time after the resource has reached an end.
    pub release_lag: bool,
    /// The moves.
    pub moves: Vec<MoveSpec>,
    /// The kinds, of the same service, of the resources that this kind's resources belong to: they cannot go before these have gone.
    pub parents: Vec<String>,
    /// The kinds, of the same service, of the resources that this kind's resources are made from: they must be there then, and may
    /// go afterwards.
    pub made_from: Vec<String>,
    /// How the service spells errors about this kind, where that is not as for its other kinds.
    pub errors: OwnErrors,
}

impl KindSpec {
    /// The plain kind: active → deleting → deleted, back to active when the clean-up fails because the role is in use.
    ///
    /// Source: AWS Systems Manager User Guide, "Using roles to collect inventory and run maintenance window tasks", deleting the role: a
    /// clean-up can fail while the service uses the role and works some minutes later.
    pub fn plain(name: &str) -> Self {
        let operation = |verb: &str| {
            let mut noun = String::new();
            for part in name.split(['-', '_', ' ']) {
                let mut letters = part.chars();
                noun.extend(letters.next().map(|first| first.to_ascii_uppercase()));
                noun.push_str(letters.as_str());
            }
            Some(format!("{verb}{noun}"))
        };
        let step = |name: &str, from: &str, to: &str, by, when| MoveSpec { when, ..MoveSpec::new(name, from, to, by) };
        Self {
            name: name.to_owned(),
            arn: format!("arn:{{partition}}:{{service}}:{{region}}:{{account}}:{name}/{{name}}"),
            states: ["active", "deleting", "deleted"].map(str::to_owned).to_vec(),
            initial: "active".to_owned(),
            ends: vec!["deleted".to_owned()],
            remains: Vec::new(),
            blocks: ["active", "deleting"].map(str::to_owned).to_vec(),
            works: Vec::new(),
            release_lag: false,
            moves: vec![
                MoveSpec {
                    operation: operation("Create"),
                    creates_role: true,
                    ..step("create", ABSENT, "active", Mover::Caller, When::Always)
                },
                MoveSpec {
                    operation: operation("Delete"),
                    ..step("delete", "active", "deleting", Mover::Caller, When::Always)
                },
                step("deleted", "deleting", "deleted", Mover::Service, When::Always),
                step("delete-fails", "deleting", "active", Mover::Service, When::InUse),
            ],
            parents: Vec::new(),
            made_from: Vec::new(),
            errors: OwnErrors::new(),
        }
    }
}
