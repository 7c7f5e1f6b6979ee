//! Authorisation: may this caller perform this action on this resource, and which statement says so?
//!
//! Policies are parsed once ([`Document`]) and kept on the identities of an [`Account`]; [`Entitlements`] gather
//! what bears on one caller; [`Entitlements::decide`] answers requests without allocating. [`guides`] holds the
//! policies of the AWS guides.
//!
//! Nothing here knows about the life of roles, and no service is known by name: what services do with roles is
//! data.

mod account;
mod arn;
mod caller;
mod condition;
mod context;
mod denial;
mod document;
mod error;
mod evaluate;
pub mod guides;
mod json;
pub mod key;
mod parse;
mod pattern;
mod reach;
mod requests;
mod value;

pub use account::{Account, AccountError, Entity, ServiceControlLevel};
pub use arn::{ArnParts, service_linked_role_arn, service_linked_role_name};
pub use caller::{Caller, CallerKind};
pub use condition::{Comparison, Condition, Operator, Quantifier, Relation};
pub use context::Context;
pub use denial::{ACCESS_DENIED, Denial, DenialDetail, denial_message};
pub use document::{Document, DocumentKind, Effect, Negatable, PrincipalPattern, Statement, Version};
pub use error::{MalformedPolicyDocument, Problem, ProblemCode};
pub use evaluate::{
    AttachedPolicy, Decision, Entitlements, Fit, Grant, Judged, PolicyType, Request, ResourcePolicy, StatementRef,
};
pub use pattern::{ActionPattern, ResourcePattern};
pub use reach::{LinkedRole, PrivilegeGraph, ReachEdge, ReachKind, ReachNode, ReachPath, ServiceUse, UsedRole, World};
pub use requests::{CreateServiceLinkedRole, PassRole};
pub use value::{Decimal, Network};
