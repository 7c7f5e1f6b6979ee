//! From policies and a request to a decision, with the statement that made it.
//!
//! An explicit deny wins over every allow; without an allow the answer is no. Source: IAM User Guide, "Policy
//! evaluation logic".

use std::fmt;

use super::caller::{Caller, CallerKind, Naming};
use super::condition::Condition;
use super::context::Context;
use super::document::{Document, Effect, Statement};
use super::pattern::{ActionParts, ResourceParts};

/// What is asked: may this caller perform this action on this resource?
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    caller: &'a Caller,
    action: &'a str,
    resource: &'a str,
    context: &'a Context,
    action_parts: ActionParts<'a>,
    resource_parts: ResourceParts<'a>,
}

impl<'a> Request<'a> {
    /// `action` as `service:Name`; `resource` an ARN, or `*` for an action that has no resource of its own.
    /// `context` holds all condition keys, the caller's included ([`Caller::context`]).
    pub fn new(
        caller: &'a Caller,
        action: &'a str,
        resource: &'a str,
        context: &'a Context,
    ) -> Self {
        Self {
            caller,
            action,
            resource,
            context,
            action_parts: ActionParts::split(action),
            resource_parts: ResourceParts::split(resource),
        }
    }

    /// Who asks.
    pub fn caller(&self) -> &'a Caller {
        self.caller
    }

    /// For which action.
    pub fn action(&self) -> &'a str {
        self.action
    }

    /// On which resource.
    pub fn resource(&self) -> &'a str {
        self.resource
    }
}

/// The part that a policy plays in a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PolicyType {
    /// Grants to the identity that it is attached to.
    IdentityBased,
    /// Attached to the resource.
    ResourceBased,
    /// Attached to a role that is to be assumed.
    Trust,
    /// The most that an identity may have.
    PermissionsBoundary,
    /// The most that a session may have.
    Session,
    /// The most that an account of an organization may have.
    ServiceControl,
}

impl PolicyType {
    /// In the words of AWS's messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::IdentityBased => "identity-based policy",
            Self::ResourceBased => "resource-based policy",
            Self::Trust => "role trust policy",
            Self::PermissionsBoundary => "permissions boundary",
            Self::Session => "session policy",
            Self::ServiceControl => "service control policy",
        }
    }
}

/// A policy where it takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttachedPolicy<'a> {
    /// The name of an inline policy, the ARN of a managed one, or the ARN of the resource.
    pub name: &'a str,
    /// Its part.
    pub policy_type: PolicyType,
    /// The group through which a user has it.
    pub group: Option<&'a str>,
    /// What it says.
    pub document: &'a Document,
}

/// A policy on the resource of a request, with the account that owns the resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResourcePolicy<'a> {
    /// Twelve digits.
    pub account: &'a str,
    /// The policy: [`PolicyType::ResourceBased`] or [`PolicyType::Trust`].
    pub policy: AttachedPolicy<'a>,
}

/// A statement and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatementRef<'a> {
    /// The policy.
    pub policy: AttachedPolicy<'a>,
    /// Its place in the document, from 0.
    pub index: u32,
    /// The statement itself.
    pub statement: &'a Statement,
}

impl StatementRef<'_> {
    /// Its `Sid`, unless empty.
    pub fn sid(&self) -> Option<&str> {
        self.statement.sid().filter(|sid| !sid.is_empty())
    }

    /// Its `Effect`.
    pub fn effect(&self) -> Effect {
        self.statement.effect()
    }
}

impl fmt::Display for StatementRef<'_> {
    /// `Allow by statement 1 (ListRoles) of identity-based policy pass-role of group operators`
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "{} by statement {}",
            self.effect().as_str(),
            u64::from(self.index) + 1
        )?;
        if let Some(sid) = self.sid() {
            write!(out, " ({sid})")?;
        }
        write!(
            out,
            " of {} {}",
            self.policy.policy_type.name(),
            self.policy.name
        )?;
        match self.policy.group {
            Some(group) => write!(out, " of group {group}"),
            None => Ok(()),
        }
    }
}

/// What let a request through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant<'a> {
    /// A statement.
    Statement(StatementRef<'a>),
    /// The root user may do everything that no policy denies.
    /// Source: IAM User Guide, "AWS account root user".
    AccountRoot,
}

/// The answer to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision<'a> {
    /// Yes.
    Allowed {
        /// What granted it.
        by: Grant<'a>,
    },
    /// No, and no further allow would help.
    ExplicitDeny {
        /// The statement that forbids it.
        by: StatementRef<'a>,
    },
    /// No, for want of an allow.
    ImplicitDeny {
        /// The sort of policy in which an allow is missing.
        missing: PolicyType,
    },
}

impl Decision<'_> {
    /// Whether the answer is yes.
    pub const fn is_allowed(&self) -> bool {
        match self {
            Self::Allowed { .. } => true,
            Self::ExplicitDeny { .. } | Self::ImplicitDeny { .. } => false,
        }
    }
}

impl fmt::Display for Decision<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allowed {
                by: Grant::Statement(by),
            } => write!(out, "allowed: {by}"),
            Self::Allowed {
                by: Grant::AccountRoot,
            } => write!(out, "allowed: the account root user"),
            Self::ExplicitDeny { by } => write!(out, "explicit deny: {by}"),
            Self::ImplicitDeny { missing } => {
                write!(out, "implicit deny: no {} allows it", missing.name())
            }
        }
    }
}

/// All policies that bear on a caller's requests, gathered once so that decisions need no more look-ups.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Entitlements<'a> {
    /// The identity's own and its groups' policies.
    pub identity: Vec<AttachedPolicy<'a>>,
    /// Its permissions boundary.
    pub boundary: Option<AttachedPolicy<'a>>,
    /// The session policies; none is no limit.
    pub session: Vec<AttachedPolicy<'a>>,
    /// Service control policies, a list for each level from the organization's root down to the account.
    /// Every level has to allow. Empty for sessions of service-linked roles, which they never bind.
    /// Source: AWS Organizations User Guide, "Service control policies (SCPs)", Tasks and entities not restricted.
    pub service_control: Vec<Vec<AttachedPolicy<'a>>>,
}

/// The first statement of either effect that applies.
#[derive(Default)]
struct Found<'a> {
    allow: Option<StatementRef<'a>>,
    deny: Option<StatementRef<'a>>,
}

impl<'a> Found<'a> {
    fn among<'s>(
        policies: impl IntoIterator<Item = &'s AttachedPolicy<'a>>,
        request: &Request<'_>,
    ) -> Self
    where
        'a: 's,
    {
        let mut found = Self::default();
        for policy in policies {
            for (index, statement) in (0_u32..).zip(policy.document.statements()) {
                let slot = match statement.effect {
                    Effect::Allow => &mut found.allow,
                    Effect::Deny => &mut found.deny,
                };
                if slot.is_none() && applies(statement, request) {
                    *slot = Some(StatementRef {
                        policy: *policy,
                        index,
                        statement,
                    });
                }
            }
            if found.deny.is_some() {
                break;
            }
        }
        found
    }
}

/// The statements of a resource's policy that apply, and how closely the allow names the caller.
struct OnResource<'a> {
    found: Found<'a>,
    naming: Naming,
}

impl<'a> OnResource<'a> {
    fn find(policy: Option<&ResourcePolicy<'a>>, request: &Request<'_>) -> Self {
        let mut found = Found::default();
        let mut closest = Naming::Not;
        let Some(ResourcePolicy { policy, .. }) = policy else {
            return Self {
                found,
                naming: closest,
            };
        };
        for (index, statement) in (0_u32..).zip(policy.document.statements()) {
            let naming = naming(statement, request);
            if naming == Naming::Not || !applies(statement, request) {
                continue;
            }
            let reference = StatementRef {
                policy: *policy,
                index,
                statement,
            };
            match statement.effect {
                Effect::Deny => {
                    found.deny.get_or_insert(reference);
                }
                Effect::Allow if naming > closest => {
                    found.allow = Some(reference);
                    closest = naming;
                }
                Effect::Allow => {}
            }
        }
        Self {
            found,
            naming: closest,
        }
    }
}

/// How closely a statement's `Principal` names the caller. A statement without one is meant for everybody.
fn naming(statement: &Statement, request: &Request<'_>) -> Naming {
    let Some(principals) = &statement.principals else {
        return Naming::Itself;
    };
    let closest = principals
        .listed
        .iter()
        .map(|pattern| request.caller.named_by(pattern))
        .max();
    match (principals.negated, closest.unwrap_or(Naming::Not)) {
        (false, naming) => naming,
        (true, Naming::Not) => Naming::Itself,
        (true, Naming::ItsAccount | Naming::ItsRole | Naming::Itself) => Naming::Not,
    }
}

/// Whether action, resource and conditions fit. Principals are looked at where they count.
fn applies(statement: &Statement, request: &Request<'_>) -> bool {
    action_fits(statement, request)
        && resource_fits(statement, request)
        && statement
            .conditions
            .iter()
            .all(|condition| condition.holds(request.context))
}

fn action_fits(statement: &Statement, request: &Request<'_>) -> bool {
    let actions = &statement.actions;
    actions
        .listed
        .iter()
        .any(|pattern| pattern.matches(request.action_parts))
        != actions.negated
}

fn resource_fits(statement: &Statement, request: &Request<'_>) -> bool {
    statement.resources.as_ref().is_none_or(|resources| {
        let listed = resources
            .listed
            .iter()
            .any(|pattern| pattern.matches(request.resource_parts, request.context));
        listed != resources.negated
    })
}

impl<'a> Entitlements<'a> {
    /// Decides a request, with the policy of its resource if it has one. Allocates nothing.
    ///
    /// The order of the refusals is AWS's: service control policies, the resource's policy, identity policies,
    /// the boundary, session policies.
    pub fn decide(
        &self,
        request: &Request<'_>,
        resource: Option<&ResourcePolicy<'a>>,
    ) -> Decision<'a> {
        let identity = Found::among(&self.identity, request);
        let on_resource = OnResource::find(resource, request);
        let boundary = Found::among(&self.boundary, request);
        let session = Found::among(&self.session, request);
        let mut control_silent = false;
        let mut denied = None;
        for level in &self.service_control {
            let found = Found::among(level, request);
            control_silent |= found.allow.is_none();
            denied = denied.or(found.deny);
        }
        let denied = denied
            .or(on_resource.found.deny)
            .or(identity.deny)
            .or(boundary.deny)
            .or(session.deny);
        if let Some(by) = denied {
            return Decision::ExplicitDeny { by };
        }
        if control_silent {
            return Decision::ImplicitDeny {
                missing: PolicyType::ServiceControl,
            };
        }
        let limits = Limits {
            boundary: self.boundary.is_some() && boundary.allow.is_none(),
            session: !self.session.is_empty() && session.allow.is_none(),
        };
        weigh(
            request.caller,
            resource,
            &on_resource,
            identity.allow,
            limits,
        )
    }

    /// Every statement that was looked at, with what it says about the request: for explanations.
    pub fn trace(
        &self,
        request: &Request<'_>,
        resource: Option<&ResourcePolicy<'a>>,
    ) -> Vec<Judged<'a>> {
        let policies = self
            .service_control
            .iter()
            .flatten()
            .chain(resource.map(|resource| &resource.policy))
            .chain(&self.identity)
            .chain(&self.boundary)
            .chain(&self.session);
        policies
            .flat_map(|policy| {
                (0_u32..)
                    .zip(policy.document.statements())
                    .map(move |(index, statement)| Judged {
                        statement: StatementRef {
                            policy: *policy,
                            index,
                            statement,
                        },
                        fit: fit(statement, request),
                    })
            })
            .collect()
    }
}

/// Which limits are set and grant nothing.
#[derive(Clone, Copy)]
struct Limits {
    boundary: bool,
    session: bool,
}

/// Decides once nothing denies and the organization allows.
fn weigh<'a>(
    caller: &Caller,
    resource: Option<&ResourcePolicy<'a>>,
    on_resource: &OnResource<'a>,
    identity: Option<StatementRef<'a>>,
    limits: Limits,
) -> Decision<'a> {
    let resource_type = resource.map_or(PolicyType::ResourceBased, |resource| {
        resource.policy.policy_type
    });
    // A service has no identity policies, so the resource alone decides.
    if caller.kind() == CallerKind::Service {
        return match on_resource.found.allow {
            Some(by) => Decision::Allowed {
                by: Grant::Statement(by),
            },
            None => Decision::ImplicitDeny {
                missing: resource_type,
            },
        };
    }
    // Nobody assumes a role as the root user. Source: AWS STS API Reference, `AssumeRole`.
    if resource_type == PolicyType::Trust && caller.kind() == CallerKind::AccountRoot {
        return Decision::ImplicitDeny {
            missing: PolicyType::Trust,
        };
    }
    // Another account's resource, and a role that is to be assumed, have to let the caller in themselves.
    let foreign = resource.is_some_and(|resource| *resource.account != *caller.account());
    if (foreign || resource_type == PolicyType::Trust) && on_resource.naming == Naming::Not {
        return Decision::ImplicitDeny {
            missing: resource_type,
        };
    }
    if !foreign && on_resource.naming >= Naming::ItsRole {
        // Within an account the resource's grant is enough. A grant to the role is still bounded by what bounds
        // the role. Source: IAM User Guide, "Evaluating policies within a single account", Resource-based policies.
        let bounded = on_resource.naming == Naming::ItsRole;
        match on_resource.found.allow {
            Some(_) if bounded && limits.boundary => {
                return Decision::ImplicitDeny {
                    missing: PolicyType::PermissionsBoundary,
                };
            }
            Some(_) if bounded && limits.session => {
                return Decision::ImplicitDeny {
                    missing: PolicyType::Session,
                };
            }
            Some(by) => {
                return Decision::Allowed {
                    by: Grant::Statement(by),
                };
            }
            None => {}
        }
    }
    if caller.kind() == CallerKind::AccountRoot {
        return Decision::Allowed {
            by: Grant::AccountRoot,
        };
    }
    match identity {
        None => Decision::ImplicitDeny {
            missing: PolicyType::IdentityBased,
        },
        Some(_) if limits.boundary => Decision::ImplicitDeny {
            missing: PolicyType::PermissionsBoundary,
        },
        Some(_) if limits.session => Decision::ImplicitDeny {
            missing: PolicyType::Session,
        },
        Some(by) => Decision::Allowed {
            by: Grant::Statement(by),
        },
    }
}

/// A statement and what it says about a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judged<'a> {
    /// The statement.
    pub statement: StatementRef<'a>,
    /// Whether it applies, or the first thing that does not fit.
    pub fit: Fit<'a>,
}

/// Whether a statement applies to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit<'a> {
    /// It does.
    Applies,
    /// Its `Principal` does not name the caller.
    OtherPrincipal,
    /// It speaks of other actions.
    OtherAction,
    /// It speaks of other resources.
    OtherResource,
    /// This condition does not hold.
    ConditionFails(&'a Condition),
}

fn fit<'a>(statement: &'a Statement, request: &Request<'_>) -> Fit<'a> {
    if statement.principals.is_some() && naming(statement, request) == Naming::Not {
        return Fit::OtherPrincipal;
    }
    if !action_fits(statement, request) {
        return Fit::OtherAction;
    }
    if !resource_fits(statement, request) {
        return Fit::OtherResource;
    }
    match statement
        .conditions
        .iter()
        .find(|condition| !condition.holds(request.context))
    {
        Some(condition) => Fit::ConditionFails(condition),
        None => Fit::Applies,
    }
}
