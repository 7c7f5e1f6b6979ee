//! Whether the parameters of a call keep to their lengths and patterns, which is looked at before anything else.

use crate::action::Command;
use crate::grant::Granted;
use crate::id::{AttachmentIdx, GrantIdx, TagCallIdx, TextIdx};
use crate::name::{check_description, is_name_of};
use crate::rejection::Rejection;
use crate::set::IdSet;
use crate::universe::Universe;
use crate::world::Item;

impl<S: IdSet> Universe<S> {
    /// Descriptions, names of what is attached, and tags. Names of roles and what requests for service-linked roles name are looked at where
    /// they are used.
    ///
    /// Source: IAM API Reference, the parameters of each operation; common errors, `ValidationError`.
    pub(super) fn check_parameters(&self, command: Command) -> Result<(), Rejection> {
        match command {
            Command::CreateRole { description, gives, .. } => {
                self.check_description(description)?;
                let creation = gives.map(|gives| self.world().creations[gives.index()]);
                creation.and_then(|creation| creation.tags).map_or(Ok(()), |call| self.check_tags(call))?;
                creation.and_then(|creation| creation.boundary).map_or(Ok(()), |boundary| self.check_item(boundary))
            }
            Command::CreateServiceLinkedRole { description, .. } | Command::UpdateRole { description, .. } => {
                self.check_description(description)
            }
            Command::UpdateRoleDescription { description, .. } => self.check_description(Some(description)),
            Command::Attach { attachment } | Command::Detach { attachment } | Command::ReadPolicy { attachment } => {
                self.check_item(attachment)
            }
            Command::ChangeTags { call } => self.check_tags(call),
            Command::Give { grant } | Command::Take { grant } => self.check_grant(grant),
            Command::DeleteRole { .. }
            | Command::DeleteServiceLinkedRole { .. }
            | Command::GetServiceLinkedRoleDeletionStatus { .. }
            | Command::Read { .. }
            | Command::ListRoles { .. }
            | Command::AssumeRole { .. }
            | Command::Operate { .. } => Ok(()),
        }
    }

    fn check_description(&self, description: Option<TextIdx>) -> Result<(), Rejection> {
        match description {
            Some(text) if check_description(&self.world().texts[text.index()]).is_err() => {
                Err(Rejection::InvalidDescription(text))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn check_item(&self, attachment: AttachmentIdx) -> Result<(), Rejection> {
        let is_fit = match &self.world().attachments[attachment.index()].item {
            Item::InlinePolicy(name) | Item::InstanceProfile(name) => is_name_of(name, MOST_OF_A_NAME),
            Item::ManagedPolicy(policy) | Item::Boundary(policy) => self.is_policy_of_the_partition(policy),
            Item::Tag(_) | Item::TrustPolicy(_) => true,
        };
        if is_fit { Ok(()) } else { Err(Rejection::InvalidItem(attachment)) }
    }

    fn check_grant(&self, grant: GrantIdx) -> Result<(), Rejection> {
        match &self.world().grants[grant.index()].granted {
            Granted::ManagedPolicy(arn) if !self.is_policy_of_the_partition(arn) => Err(Rejection::InvalidGrant(grant)),
            Granted::ManagedPolicy(_) | Granted::InlinePolicy(..) | Granted::Member(_) => Ok(()),
        }
    }

    /// Whether an ARN is one of the account's partition. A scenario may call a managed policy by its name alone.
    ///
    /// Sources: <https://github.com/cattle-ops/terraform-aws-gitlab-runner/issues/1273>;
    /// <https://github.com/pulumi/pulumi-aws-apigateway/issues/347>. Assumed: boundaries, users and groups are answered as roles are.
    fn is_policy_of_the_partition(&self, policy: &str) -> bool {
        match policy.strip_prefix("arn:") {
            Some(rest) => rest.strip_prefix(self.world().partition.as_str()).is_some_and(|rest| rest.starts_with(':')),
            None => is_name_of(policy, MOST_OF_A_NAME),
        }
    }

    fn check_tags(&self, call: TagCallIdx) -> Result<(), Rejection> {
        let tags = self.world().tags_in(call);
        let is_fit = |(key, value): &(&str, Option<&str>)| is_tag_key(key) && value.is_none_or(is_tag_value);
        if tags.iter().all(is_fit) { Ok(()) } else { Err(Rejection::InvalidTag(call)) }
    }
}

/// The longest name of an inline policy, and of an instance profile.
pub(crate) const MOST_OF_A_NAME: usize = 128;

/// Whether a tag can have the key.
///
/// Source: IAM API Reference, `Tag`, Key: 1 to 128 characters.
pub fn is_tag_key(text: &str) -> bool {
    (1..=128).contains(&text.chars().count()) && text.chars().all(is_of_tags)
}

/// Whether a tag can have the value.
///
/// Source: IAM API Reference, `Tag`, Value: at most 256 characters.
pub fn is_tag_value(text: &str) -> bool {
    text.chars().count() <= 256 && text.chars().all(is_of_tags)
}

pub(crate) const RESERVED_TAG_PREFIX: &str = "aws:";

/// Whether a tag with the key is AWS's own, which nobody else writes or takes off.
///
/// Source: IAM User Guide, "Tags for AWS Identity and Access Management resources", rules for tagging.
pub fn is_reserved_tag_key(text: &str) -> bool {
    text.get(..RESERVED_TAG_PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(RESERVED_TAG_PREFIX))
}

/// Source: IAM API Reference, `Tag`, pattern.
fn is_of_tags(c: char) -> bool {
    c.is_alphanumeric() || " _.:/=+-@".contains(c)
}
