//! Actions: fully determined steps, plain values of a few bytes.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::{
    AttachmentIdx, CreationIdx, GrantIdx, OperatorIdx, PrincipalIdx, RegionIdx, RequestIdx, ResourceIdx, RoleIdx,
    SessionIdx, TagCallIdx, TextIdx, TransitionIdx,
};
use crate::machine::SessionEnd;

/// A step of the modelled world. It says everything, its outcome included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action<S> {
    /// A principal calls an operation.
    Command {
        /// Who calls.
        by: PrincipalIdx,
        /// What is called.
        command: Command,
    },
    /// A principal calls an operation and is throttled.
    Throttle {
        /// Who calls.
        by: PrincipalIdx,
        /// What is called.
        call: Call,
    },
    /// An operator takes a step toward its goal.
    Operator {
        /// Which one.
        operator: OperatorIdx,
        /// The step.
        step: OperatorStep,
    },
    /// A service opens a session on the role.
    SessionOpens {
        /// The slot.
        session: SessionIdx,
    },
    /// A session comes to its end.
    SessionEnds {
        /// The slot.
        session: SessionIdx,
        /// Why.
        end: SessionEnd,
    },
    /// The linked service begins to look for uses of the role.
    TaskStarts {
        /// The task's role.
        role: RoleIdx,
    },
    /// The linked service found nothing: the role is deleted.
    TaskSucceeds {
        /// The task's role.
        role: RoleIdx,
    },
    /// The linked service found the role in use and names exactly these resources.
    TaskFails {
        /// The task's role.
        role: RoleIdx,
        /// What it names.
        named: S,
    },
    /// The task can be polled from now on.
    TaskBecomesVisible {
        /// The task's role.
        role: RoleIdx,
    },
    /// The record of the role's latest task is dropped, which is finished.
    TaskIsForgotten {
        /// The task's role.
        role: RoleIdx,
    },
    /// The record of a finished task is dropped that a later one has followed, or the role's next incarnation.
    EarlierTaskIsForgotten {
        /// The task's role.
        role: RoleIdx,
        /// Which task, counted from 1 over all roles; `None` for the one that the operators wait for.
        number: Option<u32>,
        /// The operators that wait for it.
        waiting: S,
    },
    /// The role has spread and can be assumed.
    RolePropagates {
        /// The role.
        role: RoleIdx,
    },
    /// A service makes a move of a resource.
    ResourceMoves {
        /// The resource.
        resource: ResourceIdx,
        /// The transition of its kind.
        transition: TransitionIdx,
    },
    /// The role appears because the service was used before it supported service-linked roles.
    RoleAppears {
        /// The role.
        role: RoleIdx,
    },
    /// The linked service deletes its role, because its last resource is gone.
    ServiceDeletesRole {
        /// The role.
        role: RoleIdx,
    },
    /// A region stops answering.
    RegionFails {
        /// The region.
        region: RegionIdx,
    },
    /// A region answers again.
    RegionRecovers {
        /// The region.
        region: RegionIdx,
    },
}

impl<S> Action<S> {
    /// The operator that requests a deletion by it, throttled or not; `None` if it is something else.
    pub const fn request_of(&self) -> Option<OperatorIdx> {
        match self {
            Self::Operator { operator, step: OperatorStep::Submits }
            | Self::Throttle { call: Call::Step { operator, step: OperatorStep::Submits }, .. } => Some(*operator),
            Self::Operator {
                step: OperatorStep::Polls | OperatorStep::ReadsDocs | OperatorStep::CleansUp(_) | OperatorStep::GivesUp,
                ..
            }
            | Self::Throttle { .. }
            | Self::Command { .. }
            | Self::SessionOpens { .. }
            | Self::SessionEnds { .. }
            | Self::TaskStarts { .. }
            | Self::TaskSucceeds { .. }
            | Self::TaskFails { .. }
            | Self::TaskBecomesVisible { .. }
            | Self::TaskIsForgotten { .. }
            | Self::EarlierTaskIsForgotten { .. }
            | Self::RolePropagates { .. }
            | Self::ResourceMoves { .. }
            | Self::RoleAppears { .. }
            | Self::ServiceDeletesRole { .. }
            | Self::RegionFails { .. }
            | Self::RegionRecovers { .. } => None,
        }
    }

    /// What sort of action it is, as errors name it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Command { .. } => "Command",
            Self::Throttle { .. } => "Throttle",
            Self::Operator { .. } => "Operator",
            Self::SessionOpens { .. } => "SessionOpens",
            Self::SessionEnds { .. } => "SessionEnds",
            Self::TaskStarts { .. } => "TaskStarts",
            Self::TaskSucceeds { .. } => "TaskSucceeds",
            Self::TaskFails { .. } => "TaskFails",
            Self::TaskBecomesVisible { .. } => "TaskBecomesVisible",
            Self::TaskIsForgotten { .. } => "TaskIsForgotten",
            Self::EarlierTaskIsForgotten { .. } => "EarlierTaskIsForgotten",
            Self::RolePropagates { .. } => "RolePropagates",
            Self::ResourceMoves { .. } => "ResourceMoves",
            Self::RoleAppears { .. } => "RoleAppears",
            Self::ServiceDeletesRole { .. } => "ServiceDeletesRole",
            Self::RegionFails { .. } => "RegionFails",
            Self::RegionRecovers { .. } => "RegionRecovers",
        }
    }
}

/// A call, whatever comes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Call {
    /// By a principal.
    Command(Command),
    /// By an operator, in the name of its principal.
    Step {
        /// Which one.
        operator: OperatorIdx,
        /// The step.
        step: OperatorStep,
    },
}

impl Call {
    /// The operator that calls, if one does.
    pub const fn operator(&self) -> Option<OperatorIdx> {
        match self {
            Self::Command(_) => None,
            Self::Step { operator, step: _ } => Some(*operator),
        }
    }
}

/// An operation with its parameters.
///
/// Source of the operations and of what they do to a service-linked role: IAM API Reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Command {
    /// Makes an ordinary role or a service role.
    CreateRole {
        /// The slot, which holds name and path.
        role: RoleIdx,
        /// The role's description.
        description: Option<TextIdx>,
        /// The maximal session duration in seconds; `None` for the default of an hour.
        max_session_duration: Option<u32>,
        /// What the role has from the beginning, if the call says so.
        gives: Option<CreationIdx>,
    },
    /// Makes a service-linked role.
    CreateServiceLinkedRole {
        /// Service principal and suffix.
        request: RequestIdx,
        /// The role's description.
        description: Option<TextIdx>,
    },
    /// Deletes an ordinary role or a service role.
    DeleteRole {
        /// The role.
        role: RoleIdx,
    },
    /// Submits a service-linked role for deletion.
    DeleteServiceLinkedRole {
        /// The role.
        role: RoleIdx,
    },
    /// Polls a deletion task.
    GetServiceLinkedRoleDeletionStatus {
        /// Which task.
        task: TaskRef,
    },
    /// Changes description and maximal session duration.
    UpdateRole {
        /// The role.
        role: RoleIdx,
        /// The new description.
        description: Option<TextIdx>,
        /// The new maximal session duration in seconds.
        max_session_duration: Option<u32>,
    },
    /// Changes the description.
    UpdateRoleDescription {
        /// The role.
        role: RoleIdx,
        /// The new description.
        description: TextIdx,
    },
    /// Writes tags on a role, or takes tags off it: `TagRole`, `UntagRole`.
    ChangeTags {
        /// Which, and of which role.
        call: TagCallIdx,
    },
    /// Attaches something to a role: a policy, a profile, a boundary, a trust policy.
    Attach {
        /// What, and to which role.
        attachment: AttachmentIdx,
    },
    /// Takes something other than a tag off a role.
    Detach {
        /// What, and off which role.
        attachment: AttachmentIdx,
    },
    /// Gives something to a user or a group.
    Give {
        /// What, and to whom.
        grant: GrantIdx,
    },
    /// Takes something from a user or a group.
    Take {
        /// What, and from whom.
        grant: GrantIdx,
    },
    /// Reads an inline policy of a role.
    ReadPolicy {
        /// The policy, and of which role; with whatever document.
        attachment: AttachmentIdx,
    },
    /// Reads something else of a role.
    Read {
        /// The operation.
        operation: Operation,
        /// The role.
        role: RoleIdx,
    },
    /// Lists the account's roles.
    ListRoles {
        /// `PathPrefix`; `None` for all roles.
        under: Option<TextIdx>,
    },
    /// Assumes a role.
    AssumeRole {
        /// The role.
        role: RoleIdx,
    },
    /// Calls an operation of the service that owns the resource.
    Operate {
        /// The resource.
        resource: ResourceIdx,
        /// The transition of its kind.
        transition: TransitionIdx,
    },
}

/// Which deletion task a poll asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TaskRef {
    /// The role's latest task.
    Latest(RoleIdx),
    /// A task of the role that a later one has followed; it is at its end.
    Earlier {
        /// The role.
        role: RoleIdx,
        /// Which task, counted from 1 over all roles; `None` for the one that the caller submitted.
        number: Option<u32>,
    },
    /// A task of the role whose record is dropped.
    Forgotten {
        /// The role.
        role: RoleIdx,
        /// Which task, counted from 1 over all roles.
        number: Option<u32>,
    },
    /// A well-formed id that no task has, or a text of a length that no id has; `None` where a task is meant that there never was.
    Unknown(Option<TextIdx>),
    /// A text that is no task id.
    Malformed,
}

/// A step of an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OperatorStep {
    /// It calls `DeleteServiceLinkedRole`.
    Submits,
    /// It calls `GetServiceLinkedRoleDeletionStatus`.
    Polls,
    /// It reads the service's documentation and from then on knows every resource that uses the role.
    ReadsDocs,
    /// It calls the next operation of the resource's clean-up.
    CleansUp(ResourceIdx),
    /// It stops waiting.
    GivesUp,
}

impl OperatorStep {
    /// The operation of IAM that the step calls, if it calls one.
    pub const fn operation(self) -> Option<Operation> {
        match self {
            Self::Submits => Some(Operation::DeleteServiceLinkedRole),
            Self::Polls => Some(Operation::GetServiceLinkedRoleDeletionStatus),
            Self::ReadsDocs | Self::CleansUp(_) | Self::GivesUp => None,
        }
    }
}

/// The operations of IAM and STS that the model knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each is the operation of that name")]
pub enum Operation {
    CreateServiceLinkedRole,
    DeleteServiceLinkedRole,
    GetServiceLinkedRoleDeletionStatus,
    CreateRole,
    DeleteRole,
    GetRole,
    ListRoles,
    UpdateRole,
    UpdateRoleDescription,
    UpdateAssumeRolePolicy,
    PutRolePolicy,
    DeleteRolePolicy,
    GetRolePolicy,
    ListRolePolicies,
    AttachRolePolicy,
    DetachRolePolicy,
    ListAttachedRolePolicies,
    PutRolePermissionsBoundary,
    DeleteRolePermissionsBoundary,
    AddRoleToInstanceProfile,
    RemoveRoleFromInstanceProfile,
    ListInstanceProfilesForRole,
    TagRole,
    UntagRole,
    ListRoleTags,
    PutUserPolicy,
    DeleteUserPolicy,
    AttachUserPolicy,
    DetachUserPolicy,
    PutGroupPolicy,
    DeleteGroupPolicy,
    AttachGroupPolicy,
    DetachGroupPolicy,
    AddUserToGroup,
    RemoveUserFromGroup,
    GenerateServiceLastAccessedDetails,
    GetServiceLastAccessedDetails,
    PassRole,
    AssumeRole,
}

impl Operation {
    /// Every operation.
    pub const ALL: &'static [Self] = &[
        Self::CreateServiceLinkedRole,
        Self::DeleteServiceLinkedRole,
        Self::GetServiceLinkedRoleDeletionStatus,
        Self::CreateRole,
        Self::DeleteRole,
        Self::GetRole,
        Self::ListRoles,
        Self::UpdateRole,
        Self::UpdateRoleDescription,
        Self::UpdateAssumeRolePolicy,
        Self::PutRolePolicy,
        Self::DeleteRolePolicy,
        Self::GetRolePolicy,
        Self::ListRolePolicies,
        Self::AttachRolePolicy,
        Self::DetachRolePolicy,
        Self::ListAttachedRolePolicies,
        Self::PutRolePermissionsBoundary,
        Self::DeleteRolePermissionsBoundary,
        Self::AddRoleToInstanceProfile,
        Self::RemoveRoleFromInstanceProfile,
        Self::ListInstanceProfilesForRole,
        Self::TagRole,
        Self::UntagRole,
        Self::ListRoleTags,
        Self::PutUserPolicy,
        Self::DeleteUserPolicy,
        Self::AttachUserPolicy,
        Self::DetachUserPolicy,
        Self::PutGroupPolicy,
        Self::DeleteGroupPolicy,
        Self::AttachGroupPolicy,
        Self::DetachGroupPolicy,
        Self::AddUserToGroup,
        Self::RemoveUserFromGroup,
        Self::GenerateServiceLastAccessedDetails,
        Self::GetServiceLastAccessedDetails,
        Self::PassRole,
        Self::AssumeRole,
    ];

    /// The operation's name.
    pub const fn name(self) -> &'static str {
        // The action without its service's prefix; both prefixes have four characters with their colon.
        self.iam_action().split_at(4).1
    }

    /// The operation of this name, exactly spelt.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|operation| operation.name() == name)
    }

    /// The action that a policy allows or denies.
    pub const fn iam_action(self) -> &'static str {
        match self {
            Self::CreateServiceLinkedRole => "iam:CreateServiceLinkedRole",
            Self::DeleteServiceLinkedRole => "iam:DeleteServiceLinkedRole",
            Self::GetServiceLinkedRoleDeletionStatus => "iam:GetServiceLinkedRoleDeletionStatus",
            Self::CreateRole => "iam:CreateRole",
            Self::DeleteRole => "iam:DeleteRole",
            Self::GetRole => "iam:GetRole",
            Self::ListRoles => "iam:ListRoles",
            Self::UpdateRole => "iam:UpdateRole",
            Self::UpdateRoleDescription => "iam:UpdateRoleDescription",
            Self::UpdateAssumeRolePolicy => "iam:UpdateAssumeRolePolicy",
            Self::PutRolePolicy => "iam:PutRolePolicy",
            Self::DeleteRolePolicy => "iam:DeleteRolePolicy",
            Self::GetRolePolicy => "iam:GetRolePolicy",
            Self::ListRolePolicies => "iam:ListRolePolicies",
            Self::AttachRolePolicy => "iam:AttachRolePolicy",
            Self::DetachRolePolicy => "iam:DetachRolePolicy",
            Self::ListAttachedRolePolicies => "iam:ListAttachedRolePolicies",
            Self::PutRolePermissionsBoundary => "iam:PutRolePermissionsBoundary",
            Self::DeleteRolePermissionsBoundary => "iam:DeleteRolePermissionsBoundary",
            Self::AddRoleToInstanceProfile => "iam:AddRoleToInstanceProfile",
            Self::RemoveRoleFromInstanceProfile => "iam:RemoveRoleFromInstanceProfile",
            Self::ListInstanceProfilesForRole => "iam:ListInstanceProfilesForRole",
            Self::TagRole => "iam:TagRole",
            Self::UntagRole => "iam:UntagRole",
            Self::ListRoleTags => "iam:ListRoleTags",
            Self::PutUserPolicy => "iam:PutUserPolicy",
            Self::DeleteUserPolicy => "iam:DeleteUserPolicy",
            Self::AttachUserPolicy => "iam:AttachUserPolicy",
            Self::DetachUserPolicy => "iam:DetachUserPolicy",
            Self::PutGroupPolicy => "iam:PutGroupPolicy",
            Self::DeleteGroupPolicy => "iam:DeleteGroupPolicy",
            Self::AttachGroupPolicy => "iam:AttachGroupPolicy",
            Self::DetachGroupPolicy => "iam:DetachGroupPolicy",
            Self::AddUserToGroup => "iam:AddUserToGroup",
            Self::RemoveUserFromGroup => "iam:RemoveUserFromGroup",
            Self::GenerateServiceLastAccessedDetails => "iam:GenerateServiceLastAccessedDetails",
            Self::GetServiceLastAccessedDetails => "iam:GetServiceLastAccessedDetails",
            Self::PassRole => "iam:PassRole",
            Self::AssumeRole => "sts:AssumeRole",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
