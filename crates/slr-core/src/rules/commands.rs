//! The operations that principals call.
//!
//! Every command first decides, then changes: a refused one leaves the state as it was.

use crate::action::{Command, Operation, TaskRef};
use crate::event::{Creator, Deleter, Event};
use crate::id::{AttachmentIdx, PrincipalIdx, RequestIdx, ResourceIdx, RoleIdx, TextIdx, TransitionIdx, number};
use crate::kind::{Mover, Otherwise, Transition, When};
use crate::knob::{DeletionDenied, MaxSessionDurationChange};
use crate::machine::{Machine, RoleEvent, RoleState, TaskState};
use crate::policy::{Denial, PolicyType};
use crate::rejection::{LENGTH_OF_A_TASK_ID, MAX_SESSION_DURATION, Refusal, Rejection};
use crate::set::IdSet;
use crate::state::State;
use crate::universe::Universe;
use crate::world::{Item, RoleSort};

use super::authorise::About;
use super::not_enabled;

type Answer = Result<(), Rejection>;

impl<S: IdSet> Universe<S> {
    /// Carries out a command, about whatever bears the names in it now; a function of its own, so that [`apply`](Self::apply) stays small for
    /// all else that happens.
    #[inline(never)]
    pub(super) fn command(
        &self,
        state: &mut State<S>,
        by: PrincipalIdx,
        command: Command,
        tell: &mut impl FnMut(Event<S>),
    ) -> Result<(), Refusal> {
        if let Command::Detach { attachment } = command
            && self.is_trust_policy(attachment)
        {
            return Err(not_enabled("Command", "a trust policy can only be replaced"));
        }
        if let Command::Attach { attachment } | Command::Detach { attachment } = command
            && self.is_tag(attachment)
        {
            return Err(not_enabled("Command", "tags are changed by a call about tags"));
        }
        self.call(state, by, self.by_name(state, command), tell).map_err(Refusal::from)
    }

    #[inline]
    fn call(
        &self,
        state: &mut State<S>,
        by: PrincipalIdx,
        command: Command,
        tell: &mut impl FnMut(Event<S>),
    ) -> Answer {
        self.check_role_name(command)?;
        self.check_parameters(command)?;
        match command {
            Command::CreateRole { role, description, max_session_duration, gives } => {
                Self::check_duration(max_session_duration)?;
                self.create_role(state, by, role, description, gives, tell)
            }
            Command::CreateServiceLinkedRole { request, description } => {
                self.create_service_linked_role(state, by, request, description, tell)
            }
            Command::DeleteRole { role } => self.delete_role(state, by, role, tell),
            Command::DeleteServiceLinkedRole { role } => self.delete_service_linked_role(state, by, role, tell),
            Command::GetServiceLinkedRoleDeletionStatus { task } => self.poll(state, by, task, tell).map(|_| ()),
            Command::UpdateRole { role, description, max_session_duration } => {
                Self::check_duration(max_session_duration)?;
                self.update_role(state, by, role, description, max_session_duration, tell)
            }
            Command::UpdateRoleDescription { role, description } => {
                self.authorise(state, by, Operation::UpdateRoleDescription, role)?;
                Self::find(state, role)?;
                tell(Event::RoleUpdated { role, description: Some(description), max_session_duration: None });
                Ok(())
            }
            Command::ChangeTags { call } => self.change_tags(state, by, call, tell),
            Command::Attach { attachment } => self.attach(state, by, attachment, tell),
            Command::Detach { attachment } => self.detach(state, by, attachment, tell),
            Command::Give { grant } => self.give(state, by, grant, tell),
            Command::Take { grant } => self.take(state, by, grant, tell),
            Command::ReadPolicy { attachment } => self.read_policy(state, by, attachment, tell),
            Command::Read { operation, role } => {
                self.authorise(state, by, operation, role)?;
                Self::find(state, role)?;
                tell(Event::Answered { operation, role: Some(role), under: None });
                Ok(())
            }
            Command::ListRoles { under } => {
                self.authorise_anywhere(state, by, Operation::ListRoles)?;
                tell(Event::Answered { operation: Operation::ListRoles, role: None, under });
                Ok(())
            }
            Command::AssumeRole { role } => self.assume_role(state, by, role, tell),
            Command::Operate { resource, transition } => self.operate(state, by, resource, transition, tell),
        }
    }

    pub(super) fn find(state: &State<S>, role: RoleIdx) -> Answer {
        if state.is_live(role) { Ok(()) } else { Err(Rejection::RoleNotFound(role)) }
    }

    /// Finds a role that may be written to.
    ///
    /// Source: IAM API Reference: the role operations that declare `UnmodifiableEntity`.
    fn find_modifiable(&self, state: &State<S>, role: RoleIdx) -> Answer {
        Self::find(state, role)?;
        if self.is_service_linked(role) { Err(Rejection::ProtectedRole(role)) } else { Ok(()) }
    }

    /// IAM takes names of roles, and no ARNs, in every operation.
    ///
    /// Source: IAM API Reference, `RoleName`, pattern and length; common errors, `ValidationError`. Assumed: before every other check.
    fn check_role_name(&self, command: Command) -> Answer {
        let named = match command {
            Command::DeleteRole { role }
            | Command::UpdateRole { role, .. }
            | Command::UpdateRoleDescription { role, .. }
            | Command::Read { role, .. } => role,
            Command::Attach { attachment } | Command::Detach { attachment } | Command::ReadPolicy { attachment } => {
                self.world().attachments[attachment.index()].role
            }
            Command::ChangeTags { call } => self.world().tag_calls[call.index()].role,
            // They look at the name themselves.
            Command::CreateRole { .. }
            | Command::Give { .. }
            | Command::Take { .. }
            | Command::DeleteServiceLinkedRole { .. }
            | Command::CreateServiceLinkedRole { .. }
            | Command::GetServiceLinkedRoleDeletionStatus { .. }
            | Command::ListRoles { .. }
            | Command::AssumeRole { .. }
            | Command::Operate { .. } => return Ok(()),
        };
        self.check_name(named)
    }

    #[inline]
    pub(super) fn check_name(&self, role: RoleIdx) -> Answer {
        if self.facts(role).is_well_named { Ok(()) } else { Err(Rejection::InvalidRoleName(role)) }
    }

    /// Source: IAM User Guide, "IAM and STS quotas", IAM and STS character limits; IAM API Reference, `UpdateAssumeRolePolicy`, errors,
    /// `LimitExceeded`.
    pub(super) fn check_trust_length(&self, role: RoleIdx, texts: &[&str]) -> Answer {
        let most = self.world().knobs.trust_policy_length;
        match super::trust::length(texts).filter(|length| *length > most) {
            Some(_) => Err(Rejection::TrustPolicyTooLong(role)),
            None => Ok(()),
        }
    }

    /// The request is checked before anything is looked at, the caller's rights included (Assumed).
    fn check_duration(seconds: Option<u32>) -> Answer {
        match seconds.filter(|seconds| !MAX_SESSION_DURATION.contains(seconds)) {
            Some(seconds) => Err(Rejection::SessionDurationOutOfRange(seconds)),
            None => Ok(()),
        }
    }

    pub(super) fn name_is_taken(&self, state: &State<S>, role: RoleIdx) -> bool {
        state.live_roles().meets(&self.facts(role).namesakes)
    }

    fn create_service_linked_role(
        &self,
        state: &mut State<S>,
        by: PrincipalIdx,
        request: RequestIdx,
        description: Option<TextIdx>,
        tell: &mut impl FnMut(Event<S>),
    ) -> Answer {
        let resolution = self.world().requests[request.index()].resolution;
        if let Err(malformed @ (Rejection::InvalidServiceName(_) | Rejection::InvalidSuffix(_))) = resolution {
            return Err(malformed);
        }
        self.authorise_request(state, by, request)?;
        let role = resolution?;
        if state.has_unfinished_task(role) {
            let Some(answer) = self.world().knobs.create_while_deleting else {
                tell(Event::Answered { operation: Operation::CreateServiceLinkedRole, role: Some(role), under: None });
                return Ok(());
            };
            return Err(Rejection::DeletionUnfinished(role, answer));
        }
        // Never EntityAlreadyExists: a service-linked role's name that is taken is a bad suffix. Source: recorded responses.
        if self.name_is_taken(state, role) {
            return Err(Rejection::ServiceRoleNameTaken(role));
        }
        self.make_role(state, role, Creator::Principal(by), description, tell);
        Ok(())
    }

    /// Puts a role into the account. Nobody has looked at it before: no task, no report.
    pub(super) fn make_role(
        &self,
        state: &mut State<S>,
        role: RoleIdx,
        by: Creator,
        description: Option<TextIdx>,
        tell: &mut impl FnMut(Event<S>),
    ) {
        // Every caller has made sure that the slot is free, and a free slot takes the event.
        let is_there = |id: u32| self.is_there(state, ResourceIdx(id));
        let waits_for_use = self.self_deleting.contains(role.0)
            && state.role(role) == RoleState::Gone
            && !self.facts(role).deleted_with.iter().any(is_there);
        let event = if waits_for_use { RoleEvent::CreatedAgain } else { RoleEvent::Created };
        if let Ok(next) = state.role(role).next(event) {
            state.set_role(role, next);
            self.note_superseded(state, role);
            state.set_task(role, None);
            state.unseen_tasks.remove(role.0);
            state.fresh_roles.put(role.0, self.world().knobs.late_propagation);
            state.reported = state.reported.minus(self.resources_of(role));
            let description = match by {
                Creator::Principal(_) => description,
                Creator::Service | Creator::History => description.or_else(|| self.own_description(role)),
            };
            tell(Event::RoleCreated { role, by, description });
        }
    }

    /// The description that the role's service gives it when it makes the role itself.
    fn own_description(&self, role: RoleIdx) -> Option<TextIdx> {
        let text = self.service_of(role)?.description.as_ref()?;
        let place = self.world().texts.iter().position(|known| known == text)?;
        Some(TextIdx(number(place)))
    }

    fn delete_role(
        &self,
        state: &mut State<S>,
        by: PrincipalIdx,
        role: RoleIdx,
        tell: &mut impl FnMut(Event<S>),
    ) -> Answer {
        self.authorise(state, by, Operation::DeleteRole, role)?;
        self.find_modifiable(state, role)?;
        let dependents = state.attached.and(&self.facts(role).dependents);
        if !dependents.is_empty() {
            let only_policies = dependents.minus(&self.facts(role).managed_policies).is_empty();
            return Err(if only_policies { Rejection::HasPolicies(role) } else { Rejection::HasDependents(role) });
        }
        self.remove_role(state, role, Deleter::Principal, tell);
        Ok(())
    }

    /// Takes a live role out of the account, with what was attached to it.
    pub(super) fn remove_role(
        &self,
        state: &mut State<S>,
        role: RoleIdx,
        by: Deleter,
        tell: &mut impl FnMut(Event<S>),
    ) {
        if let Ok(next) = state.role(role).next(RoleEvent::Deleted) {
            state.set_role(role, next);
            state.fresh_roles.remove(role.0);
            state.attached = state.attached.minus(&self.facts(role).attachments);
            tell(Event::RoleDeleted { role, by });
        }
    }

    /// Whether a request to delete the role is accepted.
    #[inline]
    pub(crate) fn may_submit(&self, state: &State<S>, by: PrincipalIdx, role: RoleIdx) -> Answer {
        self.check_name(role)?;
        self.authorise(state, by, Operation::DeleteServiceLinkedRole, role)?;
        Self::find(state, role)?;
        let knobs = &self.world().knobs;
        if !self.is_service_linked(role) {
            return Err(Rejection::NotServiceLinked(role, knobs.delete_of_ordinary_role));
        }
        let may_be_denied = knobs.deletion_denied == DeletionDenied::CallRefused && !state.has_unfinished_task(role);
        if may_be_denied && self.is_in_use(state, role) {
            return Err(Rejection::RoleInUse(role));
        }
        Ok(())
    }

    #[inline]
    pub(super) fn delete_service_linked_role(
        &self,
        state: &mut State<S>,
        by: PrincipalIdx,
        role: RoleIdx,
        tell: &mut impl FnMut(Event<S>),
    ) -> Answer {
        self.may_submit(state, by, role)?;
        // IAM answers a repeated request with the task that is still open, so that a client which lost the first answer can
        // ask again. Source: IAM API Reference, DeleteServiceLinkedRole.
        if state.has_unfinished_task(role) {
            tell(Event::TaskReturned { role });
            return Ok(());
        }
        self.note_superseded(state, role);
        state.set_task(role, Some(TaskState::NotStarted));
        if self.world().knobs.late_visibility {
            state.unseen_tasks.insert(role.0);
        }
        state.reported = state.reported.minus(self.resources_of(role));
        tell(Event::TaskSubmitted { role });
        Ok(())
    }

    /// Polls a task. Its status is told to anyone who may ask, whether they submitted it or not, and also when the role is gone.
    pub(super) fn poll(
        &self,
        state: &State<S>,
        by: PrincipalIdx,
        task: TaskRef,
        tell: &mut impl FnMut(Event<S>),
    ) -> Result<Option<TaskState>, Rejection> {
        let operation = Operation::GetServiceLinkedRoleDeletionStatus;
        if let TaskRef::Unknown(Some(id)) = task
            && !LENGTH_OF_A_TASK_ID.contains(&self.world().texts[id.index()].chars().count())
        {
            return Err(Rejection::InvalidTaskId(id));
        }
        match task {
            TaskRef::Latest(role) | TaskRef::Earlier { role, .. } | TaskRef::Forgotten { role, .. } => {
                self.authorise(state, by, operation, role)?;
            }
            TaskRef::Unknown(Some(id)) => self.authorise_task(state, by, id)?,
            TaskRef::Unknown(None) | TaskRef::Malformed => self.authorise_anywhere(state, by, operation)?,
        }
        let status = match task {
            TaskRef::Latest(role) if state.task_is_unseen(role) => {
                return Err(Rejection::TaskNotFound(role));
            }
            TaskRef::Latest(role) => Some(state.task(role).ok_or(Rejection::TaskNotFound(role))?),
            TaskRef::Earlier { .. } => None,
            TaskRef::Forgotten { role, .. } => return Err(Rejection::EarlierTaskNotFound(role)),
            TaskRef::Unknown(_) => return Err(Rejection::UnknownTaskId),
            TaskRef::Malformed => {
                return Err(Rejection::MalformedTaskId(self.world().knobs.malformed_task_id));
            }
        };
        tell(Event::StatusAnswered { task, status });
        Ok(status)
    }

    fn update_role(
        &self,
        state: &State<S>,
        by: PrincipalIdx,
        role: RoleIdx,
        description: Option<TextIdx>,
        max_session_duration: Option<u32>,
        tell: &mut impl FnMut(Event<S>),
    ) -> Answer {
        self.authorise(state, by, Operation::UpdateRole, role)?;
        Self::find(state, role)?;
        // The description of any role may be edited, and of a service-linked role nothing else. A call that asks for both is
        // refused as a whole (Assumed). Source: IAM User Guide, "Using service-linked roles", editing the description.
        if max_session_duration.is_some() && self.is_service_linked(role) {
            match self.world().knobs.max_session_duration {
                MaxSessionDurationChange::Protected => return Err(Rejection::ProtectedRole(role)),
                MaxSessionDurationChange::ProtectedByItsOwnText => return Err(Rejection::ProtectedDuration(role)),
                MaxSessionDurationChange::Allowed => {}
            }
        }
        tell(Event::RoleUpdated { role, description, max_session_duration });
        Ok(())
    }

    fn attach(
        &self,
        state: &mut State<S>,
        by: PrincipalIdx,
        attachment: AttachmentIdx,
        tell: &mut impl FnMut(Event<S>),
    ) -> Answer {
        let thing = &self.world().attachments[attachment.index()];
        let (role, facts) = (thing.role, self.facts(thing.role));
        self.authorise_about(state, by, thing.item.attaching(), role, About::Attachment(attachment))?;
        self.find_modifiable(state, role)?;
        if thing.item.is_service_policy() {
            return Err(Rejection::PolicyNotAttachable(role));
        }
        if thing.malformed.is_some() {
            return Err(Rejection::MalformedDocument(attachment));
        }
        if self.lacks_policy(attachment) {
            return Err(Rejection::PolicyNotFound(attachment));
        }
        if let Item::TrustPolicy(text) = &thing.item {
            self.check_trust_length(role, &[text])?;
        }
        if let Item::TrustPolicy(text) = &thing.item
            && self.names_missing_principal(state, &[text])
        {
            return Err(Rejection::MissingPrincipal(role));
        }
        let most = self.world().knobs.managed_policies_per_role;
        let replaced = match &thing.item {
            Item::ManagedPolicy(_)
                if !state.is_attached(attachment) && state.attached.and(&facts.managed_policies).len() >= most =>
            {
                return Err(Rejection::AttachmentQuotaReached(role));
            }
            Item::ManagedPolicy(_) | Item::InstanceProfile(_) | Item::Tag(_) => S::default(),
            Item::InlinePolicy(_) => self.alternatives_of(attachment),
            Item::Boundary(_) => facts.boundaries.clone(),
            Item::TrustPolicy(_) => facts.trust_policies.clone(),
        };
        state.attached = state.attached.minus(&replaced);
        state.attached.insert(attachment.0);
        tell(Event::Attached { attachment });
        Ok(())
    }

    /// The attachments that are the same inline policy, with this document or another.
    fn alternatives_of(&self, attachment: AttachmentIdx) -> S {
        let item = &self.world().attachments[attachment.index()].item;
        let same = |id: &u32| self.world().attachments[*id as usize].item.is_called_as(item);
        S::of(self.facts(self.world().attachments[attachment.index()].role).attachments.iter().filter(same))
    }

    /// Whether the attachment is a trust policy. IAM has no operation that takes one off. Source: IAM API Reference,
    /// `UpdateAssumeRolePolicy`.
    pub(super) fn is_trust_policy(&self, attachment: AttachmentIdx) -> bool {
        matches!(self.world().attachments[attachment.index()].item, Item::TrustPolicy(_))
    }

    /// Whether the attachment is a tag: these are written and taken off several at a time.
    pub(super) fn is_tag(&self, attachment: AttachmentIdx) -> bool {
        matches!(self.world().attachments[attachment.index()].item, Item::Tag(_))
    }

    fn detach(
        &self,
        state: &mut State<S>,
        by: PrincipalIdx,
        attachment: AttachmentIdx,
        tell: &mut impl FnMut(Event<S>),
    ) -> Answer {
        let thing = &self.world().attachments[attachment.index()];
        let role = thing.role;
        self.authorise_about(state, by, thing.item.detaching(), role, About::Attachment(attachment))?;
        self.find_modifiable(state, role)?;
        let meant = match thing.item {
            // Whoever deletes the boundary does not name it: a role has one at the most. Source: IAM API Reference,
            // `DeleteRolePermissionsBoundary`.
            Item::Boundary(_) => self.facts(role).boundaries.clone(),
            // Whoever deletes an inline policy names it and does not say what is written in it.
            Item::Tag(_)
            | Item::ManagedPolicy(_)
            | Item::InlinePolicy(_)
            | Item::InstanceProfile(_)
            | Item::TrustPolicy(_) => self.alternatives_of(attachment),
        };
        let Some(there) = state.attached.and(&meant).first() else {
            return Err(Rejection::AttachmentNotFound(attachment));
        };
        state.attached = state.attached.minus(&meant);
        tell(Event::Detached { attachment: AttachmentIdx(there) });
        Ok(())
    }

    /// A service-linked role has no inline policy either, so whatever is asked for is not there.
    ///
    /// Source: IAM API Reference, `GetRolePolicy`, errors, `NoSuchEntity`.
    fn read_policy(
        &self,
        state: &State<S>,
        by: PrincipalIdx,
        attachment: AttachmentIdx,
        tell: &mut impl FnMut(Event<S>),
    ) -> Answer {
        let (operation, role) = (Operation::GetRolePolicy, self.world().attachments[attachment.index()].role);
        self.authorise(state, by, operation, role)?;
        Self::find(state, role)?;
        if !state.attached.meets(&self.alternatives_of(attachment)) {
            return Err(Rejection::AttachmentNotFound(attachment));
        }
        tell(Event::Answered { operation, role: Some(role), under: None });
        Ok(())
    }

    /// Assumes a role. A user is never in the trust policy of a service-linked role; services open sessions by their own moves.
    ///
    /// Source: IAM User Guide, "Using service-linked roles": unless defined otherwise, only the linked service can assume the role.
    fn assume_role(
        &self,
        state: &State<S>,
        by: PrincipalIdx,
        role: RoleIdx,
        tell: &mut impl FnMut(Event<S>),
    ) -> Answer {
        // STS does not tell a missing role from one that does not trust the caller.
        let answer = if !state.is_live(role) || state.is_fresh(role) {
            Err(Denial::Missing(PolicyType::Trust))
        } else {
            self.may_assume(state, by, role)
        };
        answer.map_err(|denial| Rejection::AccessDenied(by, Operation::AssumeRole, role, denial))?;
        tell(Event::RoleAssumed { role });
        Ok(())
    }

    #[inline]
    pub(super) fn operate(
        &self,
        state: &mut State<S>,
        by: PrincipalIdx,
        resource: ResourceIdx,
        transition: TransitionIdx,
        tell: &mut impl FnMut(Event<S>),
    ) -> Answer {
        let makes_role = self.may_operate(state, by, resource, transition)?;
        let step = self.transition(resource, transition);
        let role = self.role_of(resource);
        if makes_role {
            self.make_role(state, role, Creator::Service, self.facts(role).description, tell);
        }
        Self::move_resource(state, resource, step.to);
        if step.from == 0 {
            self.note_first_use(state, resource);
        }
        tell(Event::ResourceMoved { resource, transition });
        if self.has_followers || step.is_special {
            self.follow_up(state, resource, step, tell);
        }
        Ok(())
    }

    /// Whether the operation would be granted now, and whether the service makes its role by it.
    ///
    /// # Errors
    /// The refusal that the caller would be answered with.
    pub(super) fn may_operate(
        &self,
        state: &State<S>,
        by: PrincipalIdx,
        resource: ResourceIdx,
        transition: TransitionIdx,
    ) -> Result<bool, Rejection> {
        self.authorise_operation(state, by, resource, transition)?;
        let step = self.transition(resource, transition);
        let role = self.role_of(resource);
        if step.is_special {
            self.authorise_role(state, by, resource, transition)?;
        }
        if !state.answers(self.world().resources[resource.index()].region) {
            return Err(Rejection::RegionUnavailable(resource));
        }
        if step.refusal.is_some() {
            return Err(Rejection::InvalidRequest(resource, transition));
        }
        let code = state.resource(resource);
        if step.by != Mover::Caller || code != step.from {
            if step.from == 0 && step.to != 0 && step.by == Mover::Caller {
                // What is gone cannot be made again under its name: it is another resource.
                return Err(if self.is_there(state, resource) {
                    Rejection::ResourceAlreadyExists(resource)
                } else {
                    Rejection::NameOfTheGone(resource)
                });
            }
            let missing = step.from != 0 && !self.kind_of(resource).state(code).is_some_and(|state| state.is_known);
            return Err(if missing {
                Rejection::ResourceNotFound(resource)
            } else {
                match step.otherwise {
                    Otherwise::InUse => Rejection::ResourceNotReady(resource, transition),
                    Otherwise::DependedOn => Rejection::ResourceHasChildren(resource),
                    Otherwise::InvalidRequest => Rejection::InvalidRequest(resource, transition),
                }
            });
        }
        match step.when {
            When::InUse if !self.is_session_open(state, role) => {
                return Err(Rejection::ResourceNotReady(resource, transition));
            }
            When::NotInUse if self.is_session_open(state, role) => {
                return Err(Rejection::ResourceBusy(resource, transition));
            }
            When::Always | When::InUse | When::NotInUse => {}
        }
        if step.removes && self.has_children(state, resource, &step.name) {
            return Err(Rejection::ResourceHasChildren(resource));
        }
        if step.from == 0 && step.to != 0 && self.lacks_parent(state, resource) {
            return Err(Rejection::ParentMissing(resource));
        }
        if step.from == 0 && step.to != 0 && self.is_quota_reached(state, resource) {
            return Err(Rejection::ResourceQuotaReached(resource));
        }
        if step.is_special && !self.meets_conditions(state, resource, transition) {
            return Err(match step.otherwise {
                Otherwise::InUse => Rejection::ConditionUnmet(resource, transition),
                Otherwise::DependedOn => Rejection::ResourceHasChildren(resource),
                Otherwise::InvalidRequest => Rejection::InvalidRequest(resource, transition),
            });
        }
        // A service makes no role but a service-linked one.
        let makes_role = !state.is_live(role) && step.creates_role && self.is_service_linked(role);
        if makes_role {
            self.may_make_role(state, by, role)?;
        } else if !state.is_live(role) && step.needs_live_role() {
            return Err(Rejection::ServiceNeedsRole(role));
        }
        if step.needs_role && state.is_fresh(role) {
            return Err(Rejection::RoleNotSpread(role));
        }
        if step.begins_use && self.is_locked(state, role) {
            return Err(Rejection::RoleLocked(role));
        }
        Ok(makes_role)
    }

    /// Whether its Region has as many resources of its kind as it may have.
    fn is_quota_reached(&self, state: &State<S>, resource: ResourceIdx) -> bool {
        let world = self.world();
        let Some(quota) = world.knobs.resource_quotas.get(&self.kind_of(resource).name) else {
            return false;
        };
        let new = &world.resources[resource.index()];
        let alike = (0_u32..).map(ResourceIdx).zip(&world.resources);
        let alike = alike.filter(|(_, other)| (other.kind, other.region) == (new.kind, new.region));
        number(alike.filter(|(id, _)| self.is_there(state, *id)).count()) >= *quota
    }

    /// What a resource's move brings about: those that belong to it move along, and another service's role may be made.
    pub(super) fn follow_up(
        &self,
        state: &mut State<S>,
        resource: ResourceIdx,
        step: &Transition,
        tell: &mut impl FnMut(Event<S>),
    ) {
        self.take_along(state, resource, &step.name, tell);
        if let Some(principal) = &step.creates_role_of {
            self.make_role_of(state, principal, tell);
        }
    }

    /// Makes a service's role where it does not exist, by the rights of another service's role.
    ///
    /// Source: EC2 Image Builder User Guide, "Using service-linked roles for EC2 Image Builder": the permissions policy of a service-linked
    /// role may allow `iam:CreateServiceLinkedRole`.
    fn make_role_of(&self, state: &mut State<S>, principal: &str, tell: &mut impl FnMut(Event<S>)) {
        let world = self.world();
        let is_its = |sort: &RoleSort| {
            matches!(sort, RoleSort::ServiceLinked { service, suffix: None }
                if world.services[service.index()].principal.as_str() == principal)
        };
        let found = world.roles.iter().position(|slot| is_its(&slot.sort));
        if let Some(role) = found.map(|index| RoleIdx(number(index)))
            && !self.name_is_taken(state, role)
        {
            self.make_role(state, role, Creator::Service, None, tell);
        }
    }

    /// Whether the service may make its role with the caller's rights.
    ///
    /// Source: IAM User Guide, "Using service-linked roles", service-linked role permissions: the caller needs
    /// `iam:CreateServiceLinkedRole`.
    fn may_make_role(&self, state: &State<S>, by: PrincipalIdx, role: RoleIdx) -> Answer {
        self.authorise(state, by, Operation::CreateServiceLinkedRole, role)?;
        if self.name_is_taken(state, role) {
            return Err(Rejection::ServiceRoleNameTaken(role));
        }
        Ok(())
    }

    /// A resource of the role has been made: from now on it is one of this incarnation's whose end the service may wait for.
    #[inline]
    pub(super) fn note_first_use(&self, state: &mut State<S>, resource: ResourceIdx) {
        let role = self.role_of(resource);
        if !self.self_deleting.is_empty()
            && state.role(role) == RoleState::Remade
            && self.facts(role).deleted_with.contains(resource.0)
            && let Ok(next) = RoleState::Remade.next(RoleEvent::Used)
        {
            state.set_role(role, next);
        }
    }

    /// Gives a resource its new state; what no longer blocks is no longer outstanding.
    #[expect(clippy::inline_always, reason = "a few word operations, in the innermost loop of the checker")]
    #[inline(always)]
    pub(super) fn move_resource(state: &mut State<S>, resource: ResourceIdx, to: u8) {
        state.resources.set(resource.0, to);
        if to & 1 == 0 {
            state.reported.remove(resource.0);
        }
    }
}
