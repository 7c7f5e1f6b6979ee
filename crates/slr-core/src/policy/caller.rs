//! Who makes a request.

use super::context::Context;
use super::document::{Document, PrincipalPattern};

/// The sort of a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CallerKind {
    /// The root user of the account.
    AccountRoot,
    /// An IAM user.
    User,
    /// A session of an ordinary role or a service role.
    RoleSession,
    /// A session of a service-linked role.
    LinkedRoleSession,
    /// An AWS service in its own name.
    Service,
}

/// A principal that makes requests, with what policies may ask about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    kind: CallerKind,
    account: Box<str>,
    arn: Box<str>,
    /// The name of the user or of the role; the service principal of a service.
    name: Box<str>,
    /// The role's own ARN, path included, where the caller is a session.
    role_arn: Option<Box<str>>,
    session_policies: Vec<(Box<str>, Document)>,
}

impl Caller {
    pub(super) fn account_root(partition: &str, account: &str) -> Self {
        Self {
            kind: CallerKind::AccountRoot,
            account: account.into(),
            arn: format!("arn:{partition}:iam::{account}:root").into(),
            name: "root".into(),
            role_arn: None,
            session_policies: Vec::new(),
        }
    }

    /// A user of the account with this id.
    pub fn user(account: &str, arn: &str, name: &str) -> Self {
        Self {
            kind: CallerKind::User,
            account: account.into(),
            arn: arn.into(),
            name: name.into(),
            role_arn: None,
            session_policies: Vec::new(),
        }
    }

    /// A session of the role with this ARN and name; `linked` if a service owns the role.
    ///
    /// The ARN of a session leaves the role's path out.
    /// Source: AWS STS API Reference, `AssumedRoleUser`.
    pub fn session(partition: &str, account: &str, role_arn: &str, role: &str, session: &str, linked: bool) -> Self {
        Self {
            kind: if linked { CallerKind::LinkedRoleSession } else { CallerKind::RoleSession },
            account: account.into(),
            arn: format!("arn:{partition}:sts::{account}:assumed-role/{role}/{session}").into(),
            name: role.into(),
            role_arn: Some(role_arn.into()),
            session_policies: Vec::new(),
        }
    }

    /// A service in its own name, as it is when it assumes a role.
    pub fn service(service_principal: &str) -> Self {
        Self {
            kind: CallerKind::Service,
            account: "".into(),
            arn: service_principal.into(),
            name: service_principal.into(),
            role_arn: None,
            session_policies: Vec::new(),
        }
    }

    /// The same session, limited by a further session policy.
    #[must_use]
    pub fn with_session_policy(mut self, name: &str, document: Document) -> Self {
        self.session_policies.push((name.into(), document));
        self
    }

    /// Its sort.
    pub fn kind(&self) -> CallerKind {
        self.kind
    }

    /// The account it belongs to; empty for a service.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// As messages name it: an ARN, or a service principal.
    pub fn arn(&self) -> &str {
        &self.arn
    }

    /// The name of the user or of the role; the service principal of a service.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The ARN of the role behind a session.
    pub fn role_arn(&self) -> Option<&str> {
        self.role_arn.as_deref()
    }

    pub(super) fn session_policies(&self) -> impl Iterator<Item = (&str, &Document)> {
        self.session_policies.iter().map(|(name, document)| (&**name, document))
    }

    /// The condition keys that describe the caller, to which a request adds its own.
    ///
    /// Source: IAM User Guide, "AWS global condition context keys", Properties of the principal.
    pub fn context(&self) -> Context {
        let mut context = Context::new();
        match self.kind {
            CallerKind::AccountRoot => {
                context.set("aws:PrincipalArn", &*self.arn);
                context.set("aws:PrincipalType", "Account");
            }
            CallerKind::User => {
                context.set("aws:PrincipalArn", &*self.arn);
                context.set("aws:PrincipalType", "User");
                context.set("aws:username", &*self.name);
            }
            CallerKind::RoleSession | CallerKind::LinkedRoleSession => {
                // The role's ARN, not the session's, so that a policy can name it once.
                context.set("aws:PrincipalArn", self.role_arn.as_deref().unwrap_or(&self.arn));
                context.set("aws:PrincipalType", "AssumedRole");
            }
            CallerKind::Service => {
                context.set("aws:PrincipalServiceName", &*self.arn);
                context.set("aws:PrincipalIsAWSService", "true");
            }
        }
        if !self.account.is_empty() {
            context.set("aws:PrincipalAccount", &*self.account);
        }
        context
    }

    /// How closely `pattern` names this caller.
    pub(super) fn named_by(&self, pattern: &PrincipalPattern) -> Naming {
        match pattern {
            PrincipalPattern::Anyone => Naming::Itself,
            PrincipalPattern::Account(account) if **account == *self.account => {
                // For the root user its account is itself.
                if self.kind == CallerKind::AccountRoot { Naming::Itself } else { Naming::ItsAccount }
            }
            PrincipalPattern::Arn(arn) if **arn == *self.arn => Naming::Itself,
            PrincipalPattern::Arn(arn) if Some(&**arn) == self.role_arn.as_deref() => Naming::ItsRole,
            PrincipalPattern::Service(service) if self.kind == CallerKind::Service && **service == *self.arn => {
                Naming::Itself
            }
            PrincipalPattern::Account(_)
            | PrincipalPattern::Arn(_)
            | PrincipalPattern::Service(_)
            | PrincipalPattern::Federated(_)
            | PrincipalPattern::CanonicalUser(_) => Naming::Not,
        }
    }
}

/// How closely a `Principal` element names a caller; the closer, the less else is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Naming {
    Not,
    /// The account decides by its own policies whom of its principals it lets.
    ItsAccount,
    /// The role behind the session.
    ItsRole,
    /// The caller to the letter, or everybody.
    Itself,
}
