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
    pub fn new(caller: &'a Caller, action: &'a str, resource: &'a str, context: &'a Context) -> Self {
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
        write!(out, "{} by statement {}", self.effect().as_str(), u64::from(self.index) + 1)?;
        if let Some(sid) = self.sid() {
            write!(out, " ({sid})")?;
        }
        write!(out, " of {} {}", self.policy.policy_type.name(), self.policy.name)?;
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
            Self::Allowed { by: Grant::Statement(by) } => write!(out, "allowed: {by}"),
            Self::Allowed { by: Grant::AccountRoot } => write!(out, "allowed: the account root user"),
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
    fn among<'s>(policies: impl IntoIterator<Item = &'s AttachedPolicy<'a>>, request: &Request<'_>) -> Self
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
                    *slot = Some(StatementRef { policy: *policy, index, statement });
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
            return Self { found, naming: closest };
        };
        for (index, statement) in (0_u32..).zip(policy.document.statements()) {
            let naming = naming(statement, request);
            if naming == Naming::Not || !applies(statement, request) {
                continue;
            }
            let reference = StatementRef { policy: *policy, index, statement };
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
        Self { found, naming: closest }
    }
}

/// How closely a statement's `Principal` names the caller. A statement without one is meant for everybody.
fn naming(statement: &Statement, request: &Request<'_>) -> Naming {
    let Some(principals) = &statement.principals else {
        return Naming::Itself;
    };
    let closest = principals.listed.iter().map(|pattern| request.caller.named_by(pattern)).max();
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
        && statement.conditions.iter().all(|condition| condition.holds(request.context))
}

fn action_fits(statement: &Statement, request: &Request<'_>) -> bool {
    let actions = &statement.actions;
    actions.listed.iter().any(|pattern| pattern.matches(request.action_parts)) != actions.negated
}

fn resource_fits(statement: &Statement, request: &Request<'_>) -> bool {
    statement.resources.as_ref().is_none_or(|resources| {
        let listed = resources.listed.iter().any(|pattern| pattern.matches(request.resource_parts, request.context));
        listed != resources.negated
    })
}

impl<'a> Entitlements<'a> {
    /// Decides a request, with the policy of its resource if it has one. Allocates nothing.
    ///
    /// The order of the refusals is AWS's: service control policies, the resource's policy, identity policies,
    /// the boundary, session policies.
    pub fn decide(&self, request: &Request<'_>, resource: Option<&ResourcePolicy<'a>>) -> Decision<'a> {
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
        let denied = denied.or(on_resource.found.deny).or(identity.deny).or(boundary.deny).or(session.deny);
        if let Some(by) = denied {
            return Decision::ExplicitDeny { by };
        }
        if control_silent {
            return Decision::ImplicitDeny { missing: PolicyType::ServiceControl };
        }
        let limits = Limits {
            boundary: self.boundary.is_some() && boundary.allow.is_none(),
            session: !self.session.is_empty() && session.allow.is_none(),
        };
        weigh(request.caller, resource, &on_resource, identity.allow, limits)
    }

    /// Every statement that was looked at, with what it says about the request: for explanations.
    pub fn trace(&self, request: &Request<'_>, resource: Option<&ResourcePolicy<'a>>) -> Vec<Judged<'a>> {
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
                (0_u32..).zip(policy.document.statements()).map(move |(index, statement)| Judged {
                    statement: StatementRef { policy: *policy, index, statement },
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
    let resource_type = resource.map_or(PolicyType::ResourceBased, |resource| resource.policy.policy_type);
    // A service has no identity policies, so the resource alone decides.
    if caller.kind() == CallerKind::Service {
        return match on_resource.found.allow {
            Some(by) => Decision::Allowed { by: Grant::Statement(by) },
            None => Decision::ImplicitDeny { missing: resource_type },
        };
    }
    // Nobody assumes a role as the root user. Source: AWS STS API Reference, `AssumeRole`.
    if resource_type == PolicyType::Trust && caller.kind() == CallerKind::AccountRoot {
        return Decision::ImplicitDeny { missing: PolicyType::Trust };
    }
    // Another account's resource, and a role that is to be assumed, have to let the caller in themselves.
    let foreign = resource.is_some_and(|resource| *resource.account != *caller.account());
    if (foreign || resource_type == PolicyType::Trust) && on_resource.naming == Naming::Not {
        return Decision::ImplicitDeny { missing: resource_type };
    }
    if !foreign && on_resource.naming >= Naming::ItsRole {
        // Within an account the resource's grant is enough. A grant to the role is still bounded by what bounds
        // the role. Source: IAM User Guide, "Evaluating policies within a single account", Resource-based policies.
        let bounded = on_resource.naming == Naming::ItsRole;
        match on_resource.found.allow {
            Some(_) if bounded && limits.boundary => {
                return Decision::ImplicitDeny { missing: PolicyType::PermissionsBoundary };
            }
            Some(_) if bounded && limits.session => {
                return Decision::ImplicitDeny { missing: PolicyType::Session };
            }
            Some(by) => {
                return Decision::Allowed { by: Grant::Statement(by) };
            }
            None => {}
        }
    }
    if caller.kind() == CallerKind::AccountRoot {
        return Decision::Allowed { by: Grant::AccountRoot };
    }
    match identity {
        None => Decision::ImplicitDeny { missing: PolicyType::IdentityBased },
        Some(_) if limits.boundary => Decision::ImplicitDeny { missing: PolicyType::PermissionsBoundary },
        Some(_) if limits.session => Decision::ImplicitDeny { missing: PolicyType::Session },
        Some(by) => Decision::Allowed { by: Grant::Statement(by) },
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
    match statement.conditions.iter().find(|condition| !condition.holds(request.context)) {
        Some(condition) => Fit::ConditionFails(condition),
        None => Fit::Applies,
    }
}

#[cfg(test)]
mod tests {
    use super::super::document::DocumentKind;
    use super::super::{Account, AccountError, Entity, ServiceControlLevel, guides};
    use super::*;

    const ID: &str = "111122223333";
    const SSM_ROLE: &str =
        "arn:aws:iam::111122223333:role/aws-service-role/ssm.amazonaws.com/AWSServiceRoleForAmazonSSM";

    fn identity(text: &str) -> Document {
        Document::parse(DocumentKind::Identity, text).unwrap_or_else(|error| panic!("{}", error.report()))
    }

    fn trust(text: &str) -> Document {
        Document::parse(DocumentKind::Trust, text).unwrap_or_else(|error| panic!("{}", error.report()))
    }

    fn allow(actions: &str) -> Document {
        identity(&format!(
            r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", "Action": "{actions}", "Resource": "*"}}}}"#
        ))
    }

    fn deny(actions: &str) -> Document {
        identity(&format!(
            r#"{{"Version": "2012-10-17", "Statement": {{"Sid": "No", "Effect": "Deny", "Action": "{actions}", "Resource": "*"}}}}"#
        ))
    }

    fn with_alice(document: Document) -> Account {
        let mut account = Account::new("aws", ID);
        account.add_user("/", "alice").unwrap();
        account.put_inline_policy(Entity::User("alice"), "own", document).unwrap();
        account
    }

    fn ask(account: &Account, action: &str, resource: &str) -> String {
        let alice = account.user_caller("alice").unwrap();
        account.decide(&alice, action, resource, &alice.context()).unwrap().to_string()
    }

    #[test]
    fn a_deny_wins_wherever_it_stands_and_is_named() {
        let mut account = with_alice(allow("iam:*"));
        account.add_group("operators").unwrap();
        account.add_to_group("ALICE", "Operators").unwrap();
        account.put_inline_policy(Entity::Group("operators"), "brakes", deny("iam:Delete*")).unwrap();
        assert_eq!(
            ask(&account, "iam:GetRole", SSM_ROLE),
            "allowed: Allow by statement 1 of identity-based policy own"
        );
        assert_eq!(
            ask(&account, "iam:DeleteServiceLinkedRole", SSM_ROLE),
            "explicit deny: Deny by statement 1 (No) of identity-based policy brakes of group operators"
        );
        assert_eq!(ask(&account, "ssm:SendCommand", "*"), "implicit deny: no identity-based policy allows it");
        account.remove_from_group("alice", "operators").unwrap();
        assert!(ask(&account, "iam:DeleteServiceLinkedRole", SSM_ROLE).starts_with("allowed"));
    }

    #[test]
    fn boundaries_sessions_and_organizations_only_take_away() {
        let mut account = with_alice(allow("*"));
        let boundary = "arn:aws:iam::111122223333:policy/edge";
        account.put_managed_policy(boundary, allow("iam:*")).unwrap();
        account.set_boundary(Entity::User("alice"), Some(boundary)).unwrap();
        assert!(ask(&account, "iam:GetRole", SSM_ROLE).starts_with("allowed"));
        assert_eq!(ask(&account, "ssm:SendCommand", "*"), "implicit deny: no permissions boundary allows it");
        account.set_boundary(Entity::User("alice"), None).unwrap();
        let level = |document| ServiceControlLevel { policies: vec![("p".to_owned(), document)] };
        account.set_service_control(vec![level(allow("*")), level(allow("ssm:*"))]).unwrap();
        assert!(ask(&account, "ssm:SendCommand", "*").starts_with("allowed"));
        assert_eq!(ask(&account, "iam:GetRole", SSM_ROLE), "implicit deny: no service control policy allows it");
        let root = account.root_caller();
        let decision = account.decide(&root, "iam:GetRole", SSM_ROLE, &root.context()).unwrap();
        assert_eq!(decision, Decision::ImplicitDeny { missing: PolicyType::ServiceControl });
        let decision = account.decide(&root, "ssm:SendCommand", "*", &root.context()).unwrap();
        assert_eq!(decision, Decision::Allowed { by: Grant::AccountRoot });
    }

    #[test]
    fn no_organization_binds_a_service_linked_role_and_no_boundary_goes_on_it() {
        let mut account = Account::new("aws", ID);
        let service = [("SERVICE-PRINCIPAL", "ssm.amazonaws.com")];
        let trust = guides::SERVICE_TRUST.document(&service).unwrap();
        account.add_service_linked_role("ssm.amazonaws.com", "AWSServiceRoleForAmazonSSM", trust.clone()).unwrap();
        account.add_role("/", "custom", trust).unwrap();
        let permissions = allow("ssm:SendCommand");
        for role in ["AWSServiceRoleForAmazonSSM", "custom"] {
            account.put_inline_policy(Entity::Role(role), "p", permissions.clone()).unwrap();
        }
        let closed = ServiceControlLevel { policies: vec![("closed".to_owned(), deny("*"))] };
        account.set_service_control(vec![closed]).unwrap();
        let ask = |role: &str| {
            let session = account.session_caller(role, "s").unwrap();
            account.decide(&session, "ssm:SendCommand", "*", &session.context()).unwrap().is_allowed()
        };
        assert!(ask("AWSServiceRoleForAmazonSSM"));
        assert!(!ask("custom"));
        account.put_managed_policy("arn:aws:iam::111122223333:policy/b", allow("*")).unwrap();
        assert_eq!(
            account
                .set_boundary(Entity::Role("AWSServiceRoleForAmazonSSM"), Some("arn:aws:iam::111122223333:policy/b")),
            Err(AccountError::NoBoundary { kind: "service-linked role" })
        );
    }

    #[test]
    fn a_role_is_assumed_by_whom_its_trust_policy_names() {
        let mut account = with_alice(allow("s3:*"));
        account.add_user("/", "bob").unwrap();
        account.put_inline_policy(Entity::User("bob"), "p", allow("sts:AssumeRole")).unwrap();
        let role = |principal: &str| {
            trust(&format!(
                r#"{{"Statement": {{"Effect": "Allow", "Principal": {principal}, "Action": "sts:AssumeRole"}}}}"#
            ))
        };
        account.add_role("/", "service", role(r#"{"Service": ["ssm.amazonaws.com"]}"#)).unwrap();
        account.add_role("/", "alices", role(r#"{"AWS": "arn:aws:iam::111122223333:user/alice"}"#)).unwrap();
        account.add_role("/", "accounts", role(r#"{"AWS": "111122223333"}"#)).unwrap();
        let assume = |user: &str, role: &str| {
            let caller = account.user_caller(user).unwrap();
            account.decide_assume_role(&caller, role, &caller.context()).unwrap().to_string()
        };
        // Users never get into a role that trusts a service, whatever their policies say.
        assert_eq!(assume("bob", "service"), "implicit deny: no role trust policy allows it");
        assert!(account.trusts_service("service", "ssm.amazonaws.com"));
        assert!(!account.trusts_service("service", "SSM.amazonaws.com"));
        assert!(!account.trusts_service("service", "ec2.amazonaws.com"));
        // Named to the letter, within the account, is enough; named as a part of the account is not.
        assert!(assume("alice", "alices").starts_with("allowed: Allow by statement 1 of role trust policy"));
        assert_eq!(assume("alice", "accounts"), "implicit deny: no identity-based policy allows it");
        assert!(assume("bob", "accounts").starts_with("allowed"));
        assert_eq!(assume("bob", "alices"), "implicit deny: no role trust policy allows it");
        let root = account.root_caller();
        assert!(!account.decide_assume_role(&root, "accounts", &root.context()).unwrap().is_allowed());
    }

    #[test]
    fn another_accounts_resource_needs_both_sides() {
        let account = with_alice(allow("sns:Publish"));
        let alice = account.user_caller("alice").unwrap();
        let topic = "arn:aws:sns:eu-west-1:444455556666:news";
        let open = Document::parse(
            DocumentKind::Resource,
            r#"{"Statement": {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sns:*", "Resource": "*"}}"#,
        )
        .unwrap();
        let policy =
            AttachedPolicy { name: topic, policy_type: PolicyType::ResourceBased, group: None, document: &open };
        let context = alice.context();
        let entitlements = account.entitlements(&alice).unwrap();
        let foreign = ResourcePolicy { account: "444455556666", policy };
        let publish = Request::new(&alice, "sns:Publish", topic, &context);
        let subscribe = Request::new(&alice, "sns:Subscribe", topic, &context);
        assert!(entitlements.decide(&publish, Some(&foreign)).is_allowed());
        assert_eq!(
            entitlements.decide(&subscribe, Some(&foreign)),
            Decision::ImplicitDeny { missing: PolicyType::IdentityBased }
        );
        let closed = Document::parse(
            DocumentKind::Resource,
            r#"{"Statement": {"Effect": "Deny", "NotPrincipal": {"AWS": "arn:aws:iam::111122223333:user/bob"}, "Action": "sns:*", "Resource": "*"}}"#,
        )
        .unwrap();
        let own = ResourcePolicy { account: ID, policy: AttachedPolicy { document: &closed, ..policy } };
        assert!(matches!(entitlements.decide(&publish, Some(&own)), Decision::ExplicitDeny { .. }));
    }

    #[test]
    fn a_grant_to_the_role_is_bounded_and_one_to_the_session_is_not() {
        let mut account = Account::new("aws", ID);
        let service = trust(
            r#"{"Statement": {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}}"#,
        );
        account.add_role("/team/", "worker", service).unwrap();
        let caller = account.session_caller("worker", "s1").unwrap().with_session_policy("only-s3", allow("s3:*"));
        assert_eq!(caller.arn(), "arn:aws:sts::111122223333:assumed-role/worker/s1");
        let entitlements = account.entitlements(&caller).unwrap();
        let context = caller.context();
        let topic = "arn:aws:sns:eu-west-1:111122223333:news";
        let request = Request::new(&caller, "sns:Publish", topic, &context);
        let granted_to = |arn: &str| {
            let text = format!(
                r#"{{"Statement": {{"Effect": "Allow", "Principal": {{"AWS": "{arn}"}}, "Action": "sns:Publish", "Resource": "{topic}"}}}}"#
            );
            let document = Document::parse(DocumentKind::Resource, &text).unwrap();
            let policy = AttachedPolicy {
                name: topic,
                policy_type: PolicyType::ResourceBased,
                group: None,
                document: &document,
            };
            match entitlements.decide(&request, Some(&ResourcePolicy { account: ID, policy })) {
                Decision::Allowed { .. } => None,
                Decision::ExplicitDeny { by } => Some(by.policy.policy_type),
                Decision::ImplicitDeny { missing } => Some(missing),
            }
        };
        assert_eq!(granted_to("arn:aws:iam::111122223333:role/team/worker"), Some(PolicyType::Session));
        assert_eq!(granted_to("arn:aws:sts::111122223333:assumed-role/worker/s1"), None);
        assert_eq!(granted_to("111122223333"), Some(PolicyType::IdentityBased));
    }

    #[test]
    fn not_action_and_not_resource_turn_the_list_round() {
        let account = with_alice(identity(
            r#"{"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"},
                {"Effect": "Allow", "Action": "iam:*", "NotResource": "arn:aws:iam::*:role/aws-service-role/*"}]}"#,
        ));
        assert!(ask(&account, "ssm:SendCommand", "*").starts_with("allowed: Allow by statement 1"));
        assert!(
            ask(&account, "iam:GetRole", "arn:aws:iam::111122223333:role/x")
                .starts_with("allowed: Allow by statement 2")
        );
        assert!(ask(&account, "iam:GetRole", SSM_ROLE).starts_with("implicit deny"));
    }

    #[test]
    fn a_trace_says_why_each_statement_does_not_fit() {
        let values = [("SERVICE-NAME", "ssm"), ("SERVICE-LINKED-ROLE-NAME-PREFIX", "AWSServiceRoleForAmazonSSM")];
        let account = with_alice(guides::CREATE_SPECIFIC.document(&values).unwrap());
        let alice = account.user_caller("alice").unwrap();
        let entitlements = account.entitlements(&alice).unwrap();
        let context = alice.context().with("iam:AWSServiceName", "ec2.amazonaws.com");
        let fits = |action: &str, resource: &str| -> Vec<String> {
            let request = Request::new(&alice, action, resource, &context);
            entitlements
                .trace(&request, None)
                .iter()
                .map(|judged| match judged.fit {
                    Fit::Applies => "applies".to_owned(),
                    Fit::OtherPrincipal => "other principal".to_owned(),
                    Fit::OtherAction => "other action".to_owned(),
                    Fit::OtherResource => "other resource".to_owned(),
                    Fit::ConditionFails(condition) => {
                        format!("{} {} {:?}", condition.operator_name(), condition.key(), condition.values())
                    }
                })
                .collect()
        };
        assert_eq!(
            fits("iam:CreateServiceLinkedRole", SSM_ROLE),
            ["StringLike iam:AWSServiceName [\"ssm.amazonaws.com\"]", "other action"]
        );
        assert_eq!(fits("iam:PutRolePolicy", SSM_ROLE), ["other action", "applies"]);
        assert_eq!(fits("iam:PutRolePolicy", "*"), ["other action", "other resource"]);
    }
}
