//! Commands that AWS refuses: its codes, and its messages to the letter.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::action::Operation;
use crate::grant::Granted;
use crate::id::{
    AttachmentIdx, GrantIdx, PrincipalIdx, RequestIdx, ResourceIdx, RoleIdx, TagCallIdx, TextIdx, TransitionIdx,
};
use crate::knob::Answer;
use crate::machine::InvalidTransition;
use crate::policy::{Denial, DenialDetail};
use crate::rules::parameters::{MOST_OF_A_NAME, RESERVED_TAG_PREFIX, is_tag_key, is_tag_value};
use crate::rules::trust::mistake;
use crate::service::{OwnError, Situation};
use crate::set::IdSet;
use crate::universe::Universe;
use crate::world::Item;

/// An error code as AWS spells it.
///
/// Source: IAM API Reference, errors of the role operations and common errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Code {
    /// 404: no such role or task.
    NoSuchEntity,
    /// 400: a bad parameter; also "name taken" and "suffix not allowed" for service-linked roles.
    InvalidInput,
    /// 409: a quota is reached.
    LimitExceeded,
    /// 400: the target is a protected service-linked role.
    UnmodifiableEntity,
    /// 409: the role still has policies or instance profiles.
    DeleteConflict,
    /// 409: the name is taken.
    EntityAlreadyExists,
    /// 400: bad JSON or a bad principal.
    MalformedPolicyDocument,
    /// 400: a policy of a service-linked role given to another entity.
    PolicyNotAttachable,
    /// 409: two writers at once.
    ConcurrentModification,
    /// 500: the service failed.
    ServiceFailure,
    /// 400: a parameter breaks its pattern or length.
    ValidationError,
    /// 403: not allowed; also a service principal that IAM does not know.
    AccessDenied,
    /// 400: too many requests.
    Throttling,
    /// 503: the region does not answer.
    ServiceUnavailable,
    /// 400: the resource is being used. Assumed: services spell it in their own ways.
    ResourceInUse,
    /// 400: other resources depend on the resource. Assumed: services spell it in their own ways.
    ResourceDependency,
    /// 404: there is no such resource. Assumed: services spell it in their own ways.
    ResourceNotFound,
    /// 400: the resource is there already. Assumed: services spell it in their own ways.
    ResourceAlreadyExists,
    /// 501: no error of AWS's. AWS would grant the call, and the model has no way to.
    NotModelled,
}

impl Code {
    /// Every code.
    pub const ALL: &'static [Self] = &[
        Self::NoSuchEntity,
        Self::InvalidInput,
        Self::LimitExceeded,
        Self::UnmodifiableEntity,
        Self::DeleteConflict,
        Self::EntityAlreadyExists,
        Self::MalformedPolicyDocument,
        Self::PolicyNotAttachable,
        Self::ConcurrentModification,
        Self::ServiceFailure,
        Self::ValidationError,
        Self::AccessDenied,
        Self::Throttling,
        Self::ServiceUnavailable,
        Self::ResourceInUse,
        Self::ResourceDependency,
        Self::ResourceNotFound,
        Self::ResourceAlreadyExists,
        Self::NotModelled,
    ];

    /// The code's spelling.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoSuchEntity => "NoSuchEntity",
            Self::InvalidInput => "InvalidInput",
            Self::LimitExceeded => "LimitExceeded",
            Self::UnmodifiableEntity => "UnmodifiableEntity",
            Self::DeleteConflict => "DeleteConflict",
            Self::EntityAlreadyExists => "EntityAlreadyExists",
            Self::MalformedPolicyDocument => "MalformedPolicyDocument",
            Self::PolicyNotAttachable => "PolicyNotAttachable",
            Self::ConcurrentModification => "ConcurrentModification",
            Self::ServiceFailure => "ServiceFailure",
            Self::ValidationError => "ValidationError",
            Self::AccessDenied => "AccessDenied",
            Self::Throttling => "Throttling",
            Self::ServiceUnavailable => "ServiceUnavailable",
            Self::ResourceInUse => "ResourceInUse",
            Self::ResourceDependency => "ResourceDependency",
            Self::ResourceNotFound => "ResourceNotFound",
            Self::ResourceAlreadyExists => "ResourceAlreadyExists",
            Self::NotModelled => "NotModelled",
        }
    }

    /// The HTTP status that comes with the code.
    pub const fn http_status(self) -> u16 {
        match self {
            Self::NoSuchEntity | Self::ResourceNotFound => 404,
            Self::InvalidInput
            | Self::UnmodifiableEntity
            | Self::MalformedPolicyDocument
            | Self::PolicyNotAttachable
            | Self::ValidationError
            | Self::Throttling
            | Self::ResourceInUse
            | Self::ResourceDependency
            | Self::ResourceAlreadyExists => 400,
            Self::LimitExceeded | Self::DeleteConflict | Self::EntityAlreadyExists | Self::ConcurrentModification => {
                409
            }
            Self::AccessDenied => 403,
            Self::ServiceFailure => 500,
            Self::NotModelled => 501,
            Self::ServiceUnavailable => 503,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl From<Answer> for Code {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::NoSuchEntity => Self::NoSuchEntity,
            Answer::InvalidInput => Self::InvalidInput,
            Answer::UnmodifiableEntity => Self::UnmodifiableEntity,
            Answer::ValidationError => Self::ValidationError,
            Answer::ConcurrentModification => Self::ConcurrentModification,
        }
    }
}

/// The maximal session durations that a role can have, in seconds.
///
/// Source: IAM API Reference, `CreateRole` and `UpdateRole`, `MaxSessionDuration`.
pub const MAX_SESSION_DURATION: std::ops::RangeInclusive<u32> = 3_600..=43_200;

/// How many characters a deletion task's id can have. Source: IAM API Reference, `GetServiceLinkedRoleDeletionStatus`, `DeletionTaskId`.
pub const LENGTH_OF_A_TASK_ID: std::ops::RangeInclusive<usize> = 1..=1_000;

/// A command that was refused. The state is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rejection {
    /// The role is not in the account.
    RoleNotFound(RoleIdx),
    /// A role of this name, ignoring case, is in the account, and a service-linked role was to bear it.
    ServiceRoleNameTaken(RoleIdx),
    /// The role's deletion is unfinished, and it was to be created.
    DeletionUnfinished(RoleIdx, Answer),
    /// A role of this name, ignoring case, is in the account.
    RoleNameTaken(RoleIdx),
    /// The service's roles take no suffix.
    SuffixNotAllowed(RequestIdx),
    /// IAM knows no such service principal.
    UnknownPrincipal(RequestIdx),
    /// The principal has no service-linked role, or is misspelt.
    NoTemplate(RequestIdx),
    /// A request's name breaks the rules.
    InvalidRequestName(RequestIdx, Answer),
    /// The text is no role's name.
    InvalidRoleName(RoleIdx),
    /// The text is no role's path.
    InvalidRolePath(RoleIdx),
    /// The text is no service principal.
    InvalidServiceName(RequestIdx),
    /// The text is no suffix.
    InvalidSuffix(RequestIdx),
    /// The text is no description.
    InvalidDescription(TextIdx),
    /// The text is no name of what is attached, or the ARN of a policy of another partition.
    InvalidItem(AttachmentIdx),
    /// A tag of the call has a key or a value that no tag has.
    InvalidTag(TagCallIdx),
    /// The trust policy with which a role was to be made is no policy document.
    MalformedTrust(RoleIdx),
    /// The trust policy is longer than it may be.
    TrustPolicyTooLong(RoleIdx),
    /// The maximal session duration, in seconds, is none that a role can have.
    SessionDurationOutOfRange(u32),
    /// The path is reserved to service-linked roles.
    ReservedPath(RoleIdx),
    /// The role is a service-linked role.
    ProtectedRole(RoleIdx),
    /// A service-linked role's longest session is not the caller's to change, told in a text of its own.
    ProtectedDuration(RoleIdx),
    /// The role is not service-linked, and was to be deleted as if it were.
    NotServiceLinked(RoleIdx, Answer),
    /// The policy belongs to service-linked roles alone.
    PolicyNotAttachable(RoleIdx),
    /// What was to be attached is no policy document.
    MalformedDocument(AttachmentIdx),
    /// The trust policy for the role names a user or a role of the account that does not exist.
    MissingPrincipal(RoleIdx),
    /// The role still has instance profiles or inline policies.
    HasDependents(RoleIdx),
    /// The role still has managed policies, and nothing else that stands against its deletion.
    HasPolicies(RoleIdx),
    /// The account has as many roles as it may have.
    RoleQuotaReached,
    /// The role has as many policies or tags as it may have.
    AttachmentQuotaReached(RoleIdx),
    /// The call names a tag's key twice.
    TagKeyRepeated(RoleIdx),
    /// The call names a tag's key that only AWS may write and take off.
    TagKeyReserved(RoleIdx),
    /// What was to be taken off a role is not on it.
    AttachmentNotFound(AttachmentIdx),
    /// There is no managed policy that could be attached, or be a permissions boundary.
    PolicyNotFound(AttachmentIdx),
    /// The role is in use, and the call itself is refused.
    RoleInUse(RoleIdx),
    /// There is no such deletion task, or not yet, or no longer.
    TaskNotFound(RoleIdx),
    /// `NoSuchEntity`: the record of the task is dropped, which a later one of the role has followed, or the role's next incarnation.
    EarlierTaskNotFound(RoleIdx),
    /// There is no such deletion task, and there never was.
    UnknownTaskId,
    /// The text is too short or too long for a task id.
    InvalidTaskId(TextIdx),
    /// The text is no task id.
    MalformedTaskId(Answer),
    /// The principal may not call the operation on the role.
    AccessDenied(PrincipalIdx, Operation, RoleIdx, Denial),
    /// The principal may not make the request for a service-linked role.
    RequestDenied(PrincipalIdx, RequestIdx, Denial),
    /// The principal may not poll tasks of the role that the task id names.
    TaskDenied(PrincipalIdx, TextIdx, Denial),
    /// The principal may not call the operation.
    AccessDeniedAnywhere(PrincipalIdx, Operation, Denial),
    /// The principal may not call the service's operation on the resource.
    ResourceAccessDenied(PrincipalIdx, ResourceIdx, TransitionIdx, Denial),
    /// Too many requests.
    Throttled,
    /// The resource is there already, and was to be made.
    ResourceAlreadyExists(ResourceIdx),
    /// A resource is to be made under the name of one that is gone: a limit of the model, not of AWS.
    NameOfTheGone(ResourceIdx),
    /// The resource is not in a state in which the operation can be called.
    ResourceNotReady(ResourceIdx, TransitionIdx),
    /// The service uses the role, and the operation has to wait for it.
    ResourceBusy(ResourceIdx, TransitionIdx),
    /// The principal's policies do not allow the operation on the user or group.
    GrantDenied(PrincipalIdx, Operation, GrantIdx, Denial),
    /// The user or the group does not exist.
    HolderNotFound(GrantIdx),
    /// The user or group has no such policy.
    GrantNotFound(GrantIdx),
    /// The policy belongs to a service-linked role.
    NotGrantable(GrantIdx),
    /// The policy document that is to be put is none.
    MalformedGrant(GrantIdx),
    /// The ARN is that of a policy of another partition.
    InvalidGrant(GrantIdx),
    /// Something besides the resource's own state stands against the operation: a relative, the role that was passed, or what the
    /// service-linked role permits.
    ConditionUnmet(ResourceIdx, TransitionIdx),
    /// The request is not valid for the resource.
    InvalidRequest(ResourceIdx, TransitionIdx),
    /// There is no such resource.
    ResourceNotFound(ResourceIdx),
    /// The resource's children are still there.
    ResourceHasChildren(ResourceIdx),
    /// The account has as many resources of the kind as it may have in the Region.
    ResourceQuotaReached(ResourceIdx),
    /// The resource's parent is not there.
    ParentMissing(ResourceIdx),
    /// The service needs its role, and it is not there.
    ServiceNeedsRole(RoleIdx),
    /// The service needs its role, and it has not spread yet.
    RoleNotSpread(RoleIdx),
    /// The role is locked against new use while its deletion is unfinished.
    RoleLocked(RoleIdx),
    /// The resource's region does not answer.
    RegionUnavailable(ResourceIdx),
}

/// What a service's error is about.
enum Subject {
    Resource(ResourceIdx),
    Role(RoleIdx),
}

impl Rejection {
    /// The code that comes back.
    pub fn code(self) -> Code {
        match self {
            Self::RoleNotFound(_)
            | Self::TaskNotFound(_)
            | Self::EarlierTaskNotFound(_)
            | Self::UnknownTaskId
            | Self::AttachmentNotFound(_)
            | Self::PolicyNotFound(_)
            | Self::HolderNotFound(_)
            | Self::GrantNotFound(_) => Code::NoSuchEntity,
            Self::ServiceRoleNameTaken(_)
            | Self::SuffixNotAllowed(_)
            | Self::ReservedPath(_)
            | Self::TagKeyRepeated(_)
            | Self::TagKeyReserved(_) => Code::InvalidInput,
            Self::RoleNameTaken(_) => Code::EntityAlreadyExists,
            Self::UnknownPrincipal(_)
            | Self::NoTemplate(_)
            | Self::AccessDenied(..)
            | Self::RequestDenied(..)
            | Self::TaskDenied(..)
            | Self::AccessDeniedAnywhere(..)
            | Self::GrantDenied(..)
            | Self::ResourceAccessDenied(..) => Code::AccessDenied,
            Self::InvalidRoleName(_)
            | Self::InvalidRolePath(_)
            | Self::InvalidServiceName(_)
            | Self::InvalidSuffix(_)
            | Self::InvalidDescription(_)
            | Self::InvalidTaskId(_)
            | Self::InvalidItem(_)
            | Self::InvalidTag(_)
            | Self::InvalidGrant(_)
            | Self::SessionDurationOutOfRange(_) => Code::ValidationError,
            Self::ProtectedRole(_) | Self::ProtectedDuration(_) => Code::UnmodifiableEntity,
            Self::NotServiceLinked(_, answer)
            | Self::InvalidRequestName(_, answer)
            | Self::DeletionUnfinished(_, answer)
            | Self::MalformedTaskId(answer) => answer.into(),
            Self::PolicyNotAttachable(_) | Self::NotGrantable(_) => Code::PolicyNotAttachable,
            Self::MalformedDocument(_)
            | Self::MalformedTrust(_)
            | Self::MalformedGrant(_)
            | Self::MissingPrincipal(_) => Code::MalformedPolicyDocument,
            Self::HasDependents(_) | Self::HasPolicies(_) | Self::RoleInUse(_) => Code::DeleteConflict,
            Self::RoleQuotaReached | Self::AttachmentQuotaReached(_) | Self::TrustPolicyTooLong(_) => {
                Code::LimitExceeded
            }
            Self::Throttled => Code::Throttling,
            Self::ResourceNotFound(_) => Situation::NotFound.code(),
            Self::ParentMissing(_) => Situation::ParentNotFound.code(),
            Self::ResourceAlreadyExists(_) => Situation::AlreadyExists.code(),
            Self::ResourceNotReady(..) | Self::ConditionUnmet(..) => Situation::InUse.code(),
            Self::NameOfTheGone(_) => Code::NotModelled,
            Self::ResourceBusy(..) => Situation::Busy.code(),
            Self::InvalidRequest(..) => Situation::InvalidRequest.code(),
            Self::ResourceHasChildren(_) => Situation::DependedOn.code(),
            Self::ResourceQuotaReached(_) => Situation::QuotaReached.code(),
            Self::ServiceNeedsRole(_) => Situation::RoleMissing.code(),
            Self::RoleNotSpread(_) => Situation::RoleNotSpread.code(),
            Self::RoleLocked(_) => Situation::RoleLocked.code(),
            Self::RegionUnavailable(_) => Code::ServiceUnavailable,
        }
    }

    /// The situation, where it is one in which a service answers, and what the answer is about.
    fn situation(self) -> Option<(Situation, Subject)> {
        let of_resource = |situation, resource| Some((situation, Subject::Resource(resource)));
        let of_role = |situation, role| Some((situation, Subject::Role(role)));
        match self {
            Self::ResourceNotFound(r) => of_resource(Situation::NotFound, r),
            Self::ParentMissing(r) => of_resource(Situation::ParentNotFound, r),
            Self::ResourceAlreadyExists(r) => of_resource(Situation::AlreadyExists, r),
            Self::ResourceNotReady(r, _) | Self::ConditionUnmet(r, _) => of_resource(Situation::InUse, r),
            Self::ResourceBusy(r, _) => of_resource(Situation::Busy, r),
            Self::InvalidRequest(r, _) => of_resource(Situation::InvalidRequest, r),
            Self::ResourceQuotaReached(r) => of_resource(Situation::QuotaReached, r),
            Self::ResourceHasChildren(r) => of_resource(Situation::DependedOn, r),
            Self::ServiceNeedsRole(r) => of_role(Situation::RoleMissing, r),
            Self::RoleNotSpread(r) => of_role(Situation::RoleNotSpread, r),
            Self::RoleLocked(r) => of_role(Situation::RoleLocked, r),
            // Who asks IAM for the role makes a request; here a service asks with the rights of its caller.
            Self::AccessDenied(_, Operation::CreateServiceLinkedRole, r, _) => of_role(Situation::MayNotMakeRole, r),
            // No service says so.
            Self::NameOfTheGone(_)
            | Self::RoleNotFound(_)
            | Self::ServiceRoleNameTaken(_)
            | Self::DeletionUnfinished(..)
            | Self::RoleNameTaken(_)
            | Self::SuffixNotAllowed(_)
            | Self::UnknownPrincipal(_)
            | Self::NoTemplate(_)
            | Self::InvalidRequestName(..)
            | Self::InvalidRoleName(_)
            | Self::InvalidRolePath(_)
            | Self::InvalidServiceName(_)
            | Self::InvalidSuffix(_)
            | Self::InvalidDescription(_)
            | Self::InvalidItem(_)
            | Self::InvalidTag(_)
            | Self::MalformedTrust(_)
            | Self::TrustPolicyTooLong(_)
            | Self::ProtectedDuration(_)
            | Self::SessionDurationOutOfRange(_)
            | Self::ReservedPath(_)
            | Self::ProtectedRole(_)
            | Self::NotServiceLinked(..)
            | Self::PolicyNotAttachable(_)
            | Self::MalformedDocument(_)
            | Self::MissingPrincipal(_)
            | Self::HasDependents(_)
            | Self::HasPolicies(_)
            | Self::RoleQuotaReached
            | Self::AttachmentQuotaReached(_)
            | Self::TagKeyRepeated(_)
            | Self::TagKeyReserved(_)
            | Self::AttachmentNotFound(_)
            | Self::PolicyNotFound(_)
            | Self::RoleInUse(_)
            | Self::TaskNotFound(_)
            | Self::EarlierTaskNotFound(_)
            | Self::UnknownTaskId
            | Self::InvalidTaskId(_)
            | Self::MalformedTaskId(_)
            | Self::AccessDenied(..)
            | Self::RequestDenied(..)
            | Self::TaskDenied(..)
            | Self::AccessDeniedAnywhere(..)
            | Self::ResourceAccessDenied(..)
            | Self::GrantDenied(..)
            | Self::HolderNotFound(_)
            | Self::GrantNotFound(_)
            | Self::NotGrantable(_)
            | Self::MalformedGrant(_)
            | Self::InvalidGrant(_)
            | Self::Throttled
            | Self::RegionUnavailable(_) => None,
        }
    }

    /// How the service spells the error, where it is a service's and its spelling is known.
    pub fn own_error<S: IdSet>(self, universe: &Universe<S>) -> Option<&OwnError> {
        let (situation, subject) = self.situation()?;
        match subject {
            Subject::Resource(resource) => {
                let kind = universe.kind_of(resource);
                let service = &universe.world().services[kind.service.index()];
                kind.errors.get(&situation).or_else(|| service.errors.get(&situation))
            }
            Subject::Role(role) => universe.service_of(role)?.errors.get(&situation),
        }
    }

    /// The service's own message, with what it names filled in.
    fn own_message<S: IdSet>(self, universe: &Universe<S>) -> Option<String> {
        let message = self.own_error(universe)?.message.as_ref()?;
        let (_, subject) = self.situation()?;
        let (resource, role) = match subject {
            Subject::Resource(resource) => (universe.resource_arn(resource), universe.role_of(resource)),
            Subject::Role(role) => (String::new(), role),
        };
        let role = universe.world().roles[role.index()].name_text();
        Some(message.replace("{resource}", &resource).replace("{role}", role))
    }

    /// The code as a reader sees it: ours, and in brackets the name that the service gives the error, where that is another one.
    pub fn code_text<S: IdSet>(self, universe: &Universe<S>) -> String {
        let code = self.code();
        match self.own_error(universe).and_then(|own| own.name.as_deref()) {
            Some(name) if name != code.name() => format!("{code} ({name})"),
            Some(_) | None => code.to_string(),
        }
    }

    /// The message that comes back.
    ///
    /// Where a message is known from real accounts it is given to the letter; the others are worded after AWS's manner.
    #[expect(clippy::too_many_lines, reason = "a table of messages")]
    pub fn message<S: IdSet>(self, universe: &Universe<S>) -> String {
        let world = universe.world();
        let role = |role: RoleIdx| world.roles[role.index()].name_text();
        let resource = |resource: ResourceIdx| universe.resource_arn(resource);
        let request = |request: RequestIdx| world.requests[request.index()].service.as_str();
        if let Some(message) = self.own_message(universe) {
            return message;
        }
        match self {
            Self::RoleNotFound(r) => format!("The role with name {} cannot be found.", role(r)),
            Self::ServiceRoleNameTaken(r) | Self::DeletionUnfinished(r, _) => {
                format!("Service role name {} has been taken in this account, please try a different suffix.", role(r))
            }
            Self::RoleNameTaken(r) => format!("Role with name {} already exists.", role(r)),
            Self::SuffixNotAllowed(r) => format!("Custom suffix is not allowed for {}", request(r)),
            Self::UnknownPrincipal(r) => format!("{} is not a valid AWS service name (Service Principal)", request(r)),
            Self::NoTemplate(r) => format!("Cannot find Service Linked Role template for {}", request(r)),
            Self::InvalidRequestName(r, _) => {
                format!(
                    "The role name that results from the request for {} breaks the rules for role names",
                    request(r)
                )
            }
            Self::InvalidRoleName(r) => invalid("roleName", role(r), 64, NAME_PATTERN),
            Self::InvalidRolePath(r) => invalid("path", &world.role_path(r), 512, PATH_PATTERN),
            Self::InvalidDescription(text) => {
                invalid("description", &world.texts[text.index()], 1000, DESCRIPTION_PATTERN)
            }
            Self::InvalidTaskId(text) => {
                // Too short or too long, so that no pattern is told.
                invalid("deletionTaskId", &world.texts[text.index()], *LENGTH_OF_A_TASK_ID.end(), "")
            }
            Self::InvalidItem(a) => invalid_item(&world.attachments[a.index()].item),
            Self::InvalidTag(call) => invalid_tag(&world.tags_in(call)),
            Self::InvalidServiceName(r) => invalid("aWSServiceName", request(r), 128, NAME_PATTERN),
            Self::InvalidSuffix(r) => {
                let suffix = world.requests[r.index()].suffix.as_deref();
                invalid("customSuffix", suffix.unwrap_or_default(), 64, NAME_PATTERN)
            }
            Self::MalformedTrust(r) => {
                let given = world.roles[r.index()].sort.given_trust();
                given.iter().find_map(|text| mistake(text)).unwrap_or_default()
            }
            Self::TrustPolicyTooLong(_) => {
                format!("Cannot exceed quota for ACLSizePerRole: {}", world.knobs.trust_policy_length)
            }
            Self::SessionDurationOutOfRange(seconds) => {
                let bound = if seconds < *MAX_SESSION_DURATION.start() {
                    format!("greater than or equal to {}", MAX_SESSION_DURATION.start())
                } else {
                    format!("less than or equal to {}", MAX_SESSION_DURATION.end())
                };
                format!(
                    "1 validation error detected: Value '{seconds}' at 'maxSessionDuration' failed to satisfy constraint: Member must \
                     have value {bound}"
                )
            }
            Self::ReservedPath(_) => {
                "Path prefix '/aws-service-role/' can only be used for AWS Service linked Roles".to_owned()
            }
            Self::ProtectedDuration(r) => {
                format!("{} is an AWS service linked role, max session duration cannot be changed.", role(r))
            }
            Self::ProtectedRole(r) => format!(
                "Cannot perform the operation on the protected role '{}' - this role is only modifiable by AWS",
                role(r)
            ),
            Self::NotServiceLinked(r, _) => {
                format!("The role with name {} cannot be found.", role(r))
            }
            Self::PolicyNotAttachable(_) => "Cannot attach a Service Role Policy to a Customer Role.".to_owned(),
            Self::MalformedDocument(a) => world.attachments[a.index()].malformed.clone().unwrap_or_default(),
            Self::MissingPrincipal(r) => {
                format!("The trust policy for role {} names a principal that does not exist.", role(r))
            }
            Self::HasDependents(_) => "Cannot delete entity, must remove referenced objects first.".to_owned(),
            Self::HasPolicies(_) => "Cannot delete entity, must detach all policies first.".to_owned(),
            Self::RoleQuotaReached => {
                format!("Cannot exceed quota for RolesPerAccount: {}", world.knobs.role_quota)
            }
            Self::AttachmentQuotaReached(r) => format!("Cannot exceed quota for role {}", role(r)),
            Self::TagKeyRepeated(_) => {
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.".to_owned()
            }
            Self::TagKeyReserved(_) => {
                format!("Tag keys that begin with {RESERVED_TAG_PREFIX} are reserved for system use.")
            }
            // Source: https://github.com/aws/aws-cdk/issues/3379 for policies; Assumed: the words for boundaries.
            Self::PolicyNotFound(a) => match &world.attachments[a.index()].item {
                Item::Boundary(arn) => format!("Scope ARN: {arn} does not exist or is not attachable."),
                Item::Tag(text)
                | Item::ManagedPolicy(text)
                | Item::InlinePolicy(text)
                | Item::InstanceProfile(text)
                | Item::TrustPolicy(text) => format!("Policy {text} does not exist or is not attachable."),
            },
            Self::AttachmentNotFound(a) => {
                let thing = &world.attachments[a.index()];
                if let Item::InlinePolicy(name) = &thing.item {
                    return format!("The role policy with name {name} cannot be found.");
                }
                let what = match &thing.item {
                    // The call names none.
                    Item::Boundary(_) => "permissions boundary",
                    Item::Tag(text)
                    | Item::ManagedPolicy(text)
                    | Item::InlinePolicy(text)
                    | Item::InstanceProfile(text)
                    | Item::TrustPolicy(text) => text,
                };
                format!("The role {} has no {what}.", role(thing.role))
            }
            Self::RoleInUse(r) => format!("Role {} is in use by its service", role(r)),
            Self::TaskNotFound(_) | Self::EarlierTaskNotFound(_) | Self::UnknownTaskId => {
                "The deletion task cannot be found.".to_owned()
            }
            Self::MalformedTaskId(_) => "The deletion task id is invalid.".to_owned(),
            Self::AccessDenied(by, operation, r, denial) => {
                refusal(universe, by, operation.iam_action(), &universe.role_arn(r), denial)
            }
            Self::RequestDenied(by, r, denial) => {
                let action = Operation::CreateServiceLinkedRole.iam_action();
                refusal(universe, by, action, &world.requests[r.index()].resource, denial)
            }
            Self::TaskDenied(by, id, denial) => {
                let action = Operation::GetServiceLinkedRoleDeletionStatus.iam_action();
                refusal(universe, by, action, &universe.arn_in_task_id(id), denial)
            }
            Self::AccessDeniedAnywhere(by, operation, denial) => {
                // The path of all roles stands for the resource in the messages of the lists.
                let resource = if operation == Operation::ListRoles {
                    format!("arn:{}:iam::{}:role/", world.partition, world.account.as_str())
                } else {
                    "*".to_owned()
                };
                refusal(universe, by, operation.iam_action(), &resource, denial)
            }
            Self::ResourceAccessDenied(by, r, t, denial) => {
                refusal(universe, by, &universe.service_action(r, t), &universe.authorised_on(r, t), denial)
            }
            Self::GrantDenied(by, operation, grant, denial) => {
                refusal(universe, by, operation.iam_action(), &world.holder_arn(grant), denial)
            }
            Self::HolderNotFound(grant) => {
                let missing = world.missing_holder(grant);
                missing.map_or_else(String::new, |(holder, name)| {
                    format!("The {} with name {name} cannot be found.", holder.name())
                })
            }
            Self::GrantNotFound(grant) => {
                let thing = &world.grants[grant.index()];
                match &thing.granted {
                    Granted::InlinePolicy(name, _) => {
                        format!("The {} policy with name {name} cannot be found.", thing.holder.name())
                    }
                    Granted::ManagedPolicy(name) | Granted::Member(name) => format!("Policy {name} was not found."),
                }
            }
            Self::NotGrantable(grant) => {
                format!("Cannot attach a Service Role Policy to a {}.", world.grants[grant.index()].holder.name())
            }
            Self::InvalidGrant(_) => OTHER_PARTITION.to_owned(),
            Self::MalformedGrant(grant) => world.grants[grant.index()].malformed.clone().unwrap_or_default(),
            Self::Throttled => "Rate exceeded".to_owned(),
            Self::ResourceAlreadyExists(r) => format!("{} already exists", resource(r)),
            Self::NameOfTheGone(r) => format!(
                "{} is gone, and here a name stands for one resource alone: AWS would make another one, for which there has to be another name",
                resource(r)
            ),
            Self::ResourceNotReady(r, t) => {
                format!(
                    "{} cannot be called for {} in its present state",
                    universe.transition(r, t).operation,
                    resource(r)
                )
            }
            Self::ResourceBusy(r, t) => {
                format!(
                    "{} cannot be called for {} while the service uses the role {}, wait a few minutes and try again",
                    universe.transition(r, t).operation,
                    resource(r),
                    role(universe.role_of(r))
                )
            }
            Self::ConditionUnmet(r, t) => {
                format!(
                    "{} cannot be called for {} because of the resources that it depends on or that depend on it",
                    universe.transition(r, t).operation,
                    resource(r)
                )
            }
            Self::InvalidRequest(r, t) => {
                let step = universe.transition(r, t);
                let ours = || format!("{} is not valid for {} as it is", step.operation, resource(r));
                step.refusal.clone().unwrap_or_else(ours)
            }
            Self::ResourceNotFound(r) => format!("{} does not exist", resource(r)),
            Self::ResourceQuotaReached(r) => {
                let quotas = &world.knobs.resource_quotas;
                let kind = &universe.kind_of(r).name;
                format!(
                    "{} is one {kind} too many for its Region, where {} may be",
                    resource(r),
                    quotas.get(kind).unwrap_or(&0)
                )
            }
            Self::ResourceHasChildren(r) => format!(
                "Resource dependency error: The resource ARN '{}' has other resources depended on it.",
                resource(r)
            ),
            Self::ParentMissing(r) => format!("The resource that {} is to belong to does not exist", resource(r)),
            Self::ServiceNeedsRole(r) => {
                format!(
                    "The service-linked role {} does not exist. Please ensure that it exists and try again.",
                    role(r)
                )
            }
            // After ECS, which spells its own name where the role's stands here.
            Self::RoleNotSpread(r) => format!(
                "Unable to assume the service linked role. Please verify that the {} service linked role exists.",
                role(r)
            ),
            Self::RoleLocked(r) => format!(
                "The service-linked role {} cannot be used while a request to delete it is unfinished, try again later",
                role(r)
            ),
            Self::RegionUnavailable(r) => format!("The region of {} is not available", resource(r)),
        }
    }
}

/// The message of a refusal for want of a right, with as much as the world tells.
fn refusal<S: IdSet>(universe: &Universe<S>, by: PrincipalIdx, action: &str, resource: &str, denial: Denial) -> String {
    let caller = universe.principal_arn(by);
    let reason = match universe.world().knobs.denial_detail {
        DenialDetail::Plain => String::new(),
        DenialDetail::WithReason => denial.reason(action),
    };
    format!("User: {caller} is not authorized to perform: {action} on resource: {resource}{reason}")
}

/// The patterns of names and of paths, as IAM tells them.
///
/// Source: IAM API Reference, `CreateRole`, `RoleName` and `Path`; `CreateServiceLinkedRole`.
const NAME_PATTERN: &str = r"[\w+=,.@-]+";
/// The longest ARN.
const MOST_OF_AN_ARN: usize = 2_048;
const DESCRIPTION_PATTERN: &str = r"[\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*";
const TAG_PATTERN: &str = r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*";
const PATH_PATTERN: &str = r"(\u002F)|(\u002F[\u0021-\u007F]+\u002F)";

/// What IAM says of the ARN of another partition's policy.
///
/// Sources: <https://github.com/cattle-ops/terraform-aws-gitlab-runner/issues/1273>;
/// <https://github.com/pulumi/pulumi-aws-apigateway/issues/347>.
const OTHER_PARTITION: &str = "Invalid ARN partition";

/// Which of the names is none, in the words of IAM.
fn invalid_item(item: &Item) -> String {
    if let Item::ManagedPolicy(arn) | Item::Boundary(arn) = item
        && arn.starts_with("arn:")
    {
        return OTHER_PARTITION.to_owned();
    }
    let (parameter, longest) = match item {
        Item::InlinePolicy(_) => ("policyName", MOST_OF_A_NAME),
        Item::InstanceProfile(_) => ("instanceProfileName", MOST_OF_A_NAME),
        Item::Boundary(_) => ("permissionsBoundary", MOST_OF_AN_ARN),
        Item::ManagedPolicy(_) | Item::TrustPolicy(_) | Item::Tag(_) => ("policyArn", MOST_OF_AN_ARN),
    };
    invalid(parameter, item.text(), longest, NAME_PATTERN)
}

/// The first of the tags that is none, in the words of IAM.
fn invalid_tag(tags: &[(&str, Option<&str>)]) -> String {
    let wrong = (1..).zip(tags).find_map(|(number, (key, value))| {
        let value = value.filter(|value| !is_tag_value(value));
        if is_tag_key(key) {
            value.map(|value| invalid(&format!("tags.{number}.member.value"), value, 256, TAG_PATTERN))
        } else {
            Some(invalid(&format!("tags.{number}.member.key"), key, 128, TAG_PATTERN))
        }
    });
    wrong.unwrap_or_default()
}

/// A parameter that breaks its rules, in the words of the service.
fn invalid(parameter: &str, value: &str, longest: usize, pattern: &str) -> String {
    let rule = if value.is_empty() {
        "have length greater than or equal to 1".to_owned()
    } else if value.chars().count() > longest {
        format!("have length less than or equal to {longest}")
    } else {
        format!("satisfy regular expression pattern: {pattern}")
    };
    format!(
        "1 validation error detected: Value '{value}' at '{parameter}' failed to satisfy constraint: Member must {rule}"
    )
}

/// A move that cannot happen in this state: a bug of ours, or a trace that does not belong to this scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Impossible {
    /// A machine does not take the event.
    #[error(transparent)]
    Transition(#[from] InvalidTransition),
    /// The rules do not allow the move now.
    #[error("{action} cannot happen now: {why}")]
    NotEnabled {
        /// The action's name.
        action: &'static str,
        /// What stands against it.
        why: &'static str,
    },
    /// The action names something that the universe does not have.
    #[error("{action} names something that is not in this world")]
    Unknown {
        /// The action's name.
        action: &'static str,
    },
}

impl Impossible {
    /// What stands against it, in the words of a scenario: the name of the action is left to whoever tells of it.
    pub fn reason(self) -> String {
        match self {
            Self::Transition(InvalidTransition { machine, state, event: _ }) => format!("the {machine} is {state}"),
            Self::NotEnabled { action: _, why } => why.to_owned(),
            Self::Unknown { action: _ } => "it names something that is not in this world".to_owned(),
        }
    }
}

/// Why [`Universe::apply`] did not carry out an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// AWS refuses the command: part of the modelled world.
    Rejected(Rejection),
    /// The action cannot happen: a bug of the driver.
    Impossible(Impossible),
}

impl From<Rejection> for Refusal {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

impl From<Impossible> for Refusal {
    fn from(impossible: Impossible) -> Self {
        Self::Impossible(impossible)
    }
}

impl From<InvalidTransition> for Refusal {
    fn from(invalid: InvalidTransition) -> Self {
        Self::Impossible(Impossible::Transition(invalid))
    }
}
