//! Policy documents in the form that evaluation walks. They are made by parsing text, once.

use super::condition::Condition;
use super::error::MalformedPolicyDocument;
use super::parse;
use super::pattern::{ActionPattern, ResourcePattern};

/// Where a document is used decides which elements it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DocumentKind {
    /// Attached to an identity, or limiting one: identity policy, permissions boundary, session policy, service
    /// control policy. No `Principal`; `Resource` is required.
    Identity,
    /// The trust policy of a role: `Principal` is required, `Resource` prohibited, actions are of `sts`.
    Trust,
    /// Attached to another resource, such as a topic: both `Principal` and `Resource`.
    Resource,
}

impl DocumentKind {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Identity => "an identity policy",
            Self::Trust => "a trust policy",
            Self::Resource => "a resource-based policy",
        }
    }
}

/// `Version`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// The default where the element is missing: `${…}` is plain text.
    V2008,
    /// Policy variables work.
    V2012,
}

/// `Effect`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// The statement grants.
    Allow,
    /// The statement forbids, whatever else grants.
    Deny,
}

impl Effect {
    /// As policies spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "Allow",
            Self::Deny => "Deny",
        }
    }
}

/// A compiled policy document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    pub(super) kind: DocumentKind,
    pub(super) version: Version,
    pub(super) id: Option<Box<str>>,
    pub(super) statements: Box<[Statement]>,
    pub(super) size: u32,
}

impl Document {
    /// Parses and compiles `text`.
    ///
    /// # Errors
    /// [`MalformedPolicyDocument`] with every problem found.
    pub fn parse(kind: DocumentKind, text: &str) -> Result<Self, MalformedPolicyDocument> {
        parse::document(kind, text, None)
    }

    /// The same for an account in this partition: what an identity policy speaks of has to be in it, as far as its ARN tells.
    ///
    /// # Errors
    /// As [`Document::parse`].
    ///
    /// Source: answers of `PutRolePolicy` and `CreatePolicy`, `Partition "aws" is not valid for resource …`, as in
    /// <https://github.com/terraform-aws-modules/terraform-aws-iam/issues/224> and <https://github.com/eksctl-io/eksctl/issues/4329>.
    pub fn parse_in(partition: &str, kind: DocumentKind, text: &str) -> Result<Self, MalformedPolicyDocument> {
        parse::document(kind, text, Some(partition))
    }

    /// What it was parsed as.
    pub fn kind(&self) -> DocumentKind {
        self.kind
    }

    /// Its `Version`.
    pub fn version(&self) -> Version {
        self.version
    }

    /// Its `Id`.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Its statements in order.
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// The ARNs of users, roles and sessions that it names as principals.
    pub fn principal_arns(&self) -> impl Iterator<Item = &str> {
        let named = self.statements.iter().filter_map(Statement::principals).flat_map(|named| &named.listed);
        named.filter_map(|principal| match principal {
            PrincipalPattern::Arn(arn) => Some(&**arn),
            PrincipalPattern::Anyone
            | PrincipalPattern::Account(_)
            | PrincipalPattern::Service(_)
            | PrincipalPattern::Federated(_)
            | PrincipalPattern::CanonicalUser(_) => None,
        })
    }

    /// The service principals that it names.
    pub fn service_principals(&self) -> impl Iterator<Item = &str> {
        let named = self.statements.iter().filter_map(Statement::principals).flat_map(|named| &named.listed);
        named.filter_map(|principal| match principal {
            PrincipalPattern::Service(service) => Some(&**service),
            PrincipalPattern::Anyone
            | PrincipalPattern::Account(_)
            | PrincipalPattern::Arn(_)
            | PrincipalPattern::Federated(_)
            | PrincipalPattern::CanonicalUser(_) => None,
        })
    }

    /// Its size as IAM counts it against quotas: characters, white space aside.
    ///
    /// Source: IAM User Guide, "IAM and STS quotas", IAM and STS character limits.
    pub fn quota_characters(&self) -> u32 {
        self.size
    }
}

/// One statement of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    pub(super) sid: Option<Box<str>>,
    pub(super) effect: Effect,
    pub(super) principals: Option<Negatable<PrincipalPattern>>,
    pub(super) actions: Negatable<ActionPattern>,
    /// Nothing in a trust policy: the resource is the role.
    pub(super) resources: Option<Negatable<ResourcePattern>>,
    pub(super) conditions: Box<[Condition]>,
}

impl Statement {
    /// Its `Sid`, which is free text and may be missing or empty.
    pub fn sid(&self) -> Option<&str> {
        self.sid.as_deref()
    }

    /// Its `Effect`.
    pub fn effect(&self) -> Effect {
        self.effect
    }

    /// Its `Principal` or `NotPrincipal`.
    pub fn principals(&self) -> Option<&Negatable<PrincipalPattern>> {
        self.principals.as_ref()
    }

    /// Its `Action` or `NotAction`.
    pub fn actions(&self) -> &Negatable<ActionPattern> {
        &self.actions
    }

    /// Its `Resource` or `NotResource`.
    pub fn resources(&self) -> Option<&Negatable<ResourcePattern>> {
        self.resources.as_ref()
    }

    /// Its conditions, all of which have to hold.
    pub fn conditions(&self) -> &[Condition] {
        &self.conditions
    }
}

/// An element with its `Not…` twin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Negatable<T> {
    /// It was written as `Not…`: whatever is not listed.
    pub negated: bool,
    /// What is listed.
    pub listed: Box<[T]>,
}

/// An entry of `Principal`.
///
/// Source: IAM User Guide, "AWS JSON policy elements: Principal".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrincipalPattern {
    /// `*`
    Anyone,
    /// Every principal of an account, written as its id or its `root` ARN: the account's own policies decide.
    Account(Box<str>),
    /// A user, a role or a session, by its full ARN.
    Arn(Box<str>),
    /// A service principal, to the letter.
    Service(Box<str>),
    /// An identity provider.
    Federated(Box<str>),
    /// The canonical id of an account.
    CanonicalUser(Box<str>),
}

impl PrincipalPattern {
    /// The entry as it is written.
    pub fn text(&self) -> &str {
        match self {
            Self::Anyone => "*",
            Self::Account(text)
            | Self::Arn(text)
            | Self::Service(text)
            | Self::Federated(text)
            | Self::CanonicalUser(text) => text,
        }
    }
}
