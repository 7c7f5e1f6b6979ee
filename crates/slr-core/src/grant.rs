//! What calls can give to users and groups, and take from them: inline policies, managed policies, and membership.
//!
//! What no call touches stays in the [`Account`], so that a world whose users keep their rights knows nothing of it.

use crate::action::Operation;
use crate::id::{GrantIdx, number};
use crate::policy::{Account, AccountError, Document, Entity};
use crate::world::World;

/// Whom a call is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holder {
    /// A user.
    User,
    /// A group.
    Group,
}

impl Holder {
    /// `user` or `group`, as IAM has it in ARNs and messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
        }
    }
}

/// What is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Granted {
    /// An inline policy, by its name, with what it says; `None` if what is to be put is no policy document.
    InlinePolicy(String, Option<Document>),
    /// A managed policy, by its ARN. One of which nobody knows what it says grants nothing.
    ManagedPolicy(String),
    /// Membership of the group, for the user of that name.
    Member(String),
}

impl Granted {
    /// What it is called.
    pub fn text(&self) -> &str {
        match self {
            Self::InlinePolicy(name, _) => name,
            Self::ManagedPolicy(arn) => arn,
            Self::Member(user) => user,
        }
    }

    /// Whether both are called the same, whatever is written in them: a user's inline policy has one document at a time.
    pub fn is_called_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::InlinePolicy(one, _), Self::InlinePolicy(other, _))
            | (Self::ManagedPolicy(one), Self::ManagedPolicy(other)) => one == other,
            (Self::Member(one), Self::Member(other)) => one.eq_ignore_ascii_case(other),
            (Self::InlinePolicy(..) | Self::ManagedPolicy(_) | Self::Member(_), _) => false,
        }
    }
}

/// Something that calls give to a user or a group, or take from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Whether it is a user or a group.
    pub holder: Holder,
    /// Its name.
    pub name: String,
    /// What.
    pub granted: Granted,
    /// Why what it says is no policy document, in one line, if it is none.
    pub malformed: Option<String>,
    /// Whether it is there from the beginning.
    pub given: bool,
}

impl Grant {
    /// The operation that gives it.
    pub const fn granting(&self) -> Operation {
        match (self.holder, &self.granted) {
            (Holder::User, Granted::InlinePolicy(..)) => Operation::PutUserPolicy,
            (Holder::User, Granted::ManagedPolicy(_)) => Operation::AttachUserPolicy,
            (Holder::Group, Granted::InlinePolicy(..)) => Operation::PutGroupPolicy,
            (Holder::Group, Granted::ManagedPolicy(_)) => Operation::AttachGroupPolicy,
            (Holder::User | Holder::Group, Granted::Member(_)) => Operation::AddUserToGroup,
        }
    }

    /// The operation that takes it.
    pub const fn revoking(&self) -> Operation {
        match (self.holder, &self.granted) {
            (Holder::User, Granted::InlinePolicy(..)) => Operation::DeleteUserPolicy,
            (Holder::User, Granted::ManagedPolicy(_)) => Operation::DetachUserPolicy,
            (Holder::Group, Granted::InlinePolicy(..)) => Operation::DeleteGroupPolicy,
            (Holder::Group, Granted::ManagedPolicy(_)) => Operation::DetachGroupPolicy,
            (Holder::User | Holder::Group, Granted::Member(_)) => Operation::RemoveUserFromGroup,
        }
    }

    /// Whether both are the same thing of the same user or group, whatever is written in it. Names compare ignoring case.
    pub fn is_called_as(&self, other: &Self) -> bool {
        self.is_held_by(other.holder, &other.name) && self.granted.is_called_as(&other.granted)
    }

    /// Whether that user or group holds it.
    pub fn is_held_by(&self, holder: Holder, name: &str) -> bool {
        self.holder == holder && self.name.eq_ignore_ascii_case(name)
    }

    /// Enters it into an account. A managed policy of which nobody knows what it says is left out.
    ///
    /// # Errors
    /// [`AccountError::NoSuchEntity`] for the user or the group.
    pub fn enter(&self, account: &mut Account) -> Result<(), AccountError> {
        let entity = match self.holder {
            Holder::User => Entity::User(&self.name),
            Holder::Group => Entity::Group(&self.name),
        };
        match &self.granted {
            Granted::InlinePolicy(name, Some(document)) => account.put_inline_policy(entity, name, document.clone()),
            Granted::ManagedPolicy(arn) if account.managed_policy(arn).is_some() => account.attach_policy(entity, arn),
            Granted::Member(user) => account.add_to_group(user, &self.name),
            Granted::InlinePolicy(_, None) | Granted::ManagedPolicy(_) => Ok(()),
        }
    }

    /// Whether it is a policy that belongs to service-linked roles alone.
    pub fn is_service_policy(&self) -> bool {
        matches!(&self.granted, Granted::ManagedPolicy(arn) if arn.contains(":policy/aws-service-role/"))
    }
}

impl World {
    /// The grant, added as not given if it is new. Of the documents that one inline policy may have, one is there at a time.
    pub fn grant(&mut self, holder: Holder, name: &str, granted: Granted, malformed: Option<String>) -> GrantIdx {
        let wanted = Grant { holder, name: name.to_owned(), granted, malformed, given: false };
        let is_it = |known: &Grant| {
            known.is_called_as(&wanted) && known.granted == wanted.granted && known.malformed == wanted.malformed
        };
        let known = self.grants.iter().position(is_it);
        let index = known.unwrap_or_else(|| {
            self.grants.push(wanted);
            self.grants.len() - 1
        });
        GrantIdx(number(index))
    }

    /// What a grant is called: with its number where an inline policy may have several documents.
    pub fn grant_label(&self, grant: GrantIdx) -> String {
        let thing = &self.grants[grant.index()];
        let before = self.grants[..grant.index()].iter().filter(|other| other.is_called_as(thing)).count();
        let nth = if before == 0 { String::new() } else { format!(" ({})", before + 1) };
        format!("{} {}: {}{nth}", thing.holder.name(), thing.name, thing.granted.text())
    }

    /// The ARN of the user or group that holds it.
    ///
    /// Source: IAM User Guide, "IAM identifiers", ARNs. The model has them all on the path `/`.
    pub fn holder_arn(&self, grant: GrantIdx) -> String {
        let Grant { holder, name, .. } = &self.grants[grant.index()];
        format!("arn:{}:iam::{}:{}/{name}", self.partition, self.account.as_str(), holder.name())
    }

    /// The user or group that a call about the grant names and that there is not: what it is, and its name.
    pub fn missing_holder(&self, grant: GrantIdx) -> Option<(Holder, &str)> {
        let Grant { holder, name, granted, .. } = &self.grants[grant.index()];
        let is_there = |holder: Holder, name: &str| match holder {
            Holder::User => self.access.user_caller(name).is_ok(),
            Holder::Group => self.access.has_group(name),
        };
        let member = match granted {
            Granted::Member(user) => Some((Holder::User, user.as_str())),
            Granted::InlinePolicy(..) | Granted::ManagedPolicy(_) => None,
        };
        std::iter::once((*holder, name.as_str())).chain(member).find(|(holder, name)| !is_there(*holder, name))
    }
}
