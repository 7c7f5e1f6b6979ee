//! The script: what is called, what happens, and what is expected of each step.

use slr_core::action::Operation;
use slr_core::id::{
    AttachmentIdx, CreationIdx, KindIdx, PrincipalIdx, RegionIdx, ResourceIdx, RoleIdx, TagCallIdx, TransitionIdx,
};
use slr_core::kind::{self, Passes, ResourceKind, Transition};
use slr_core::world::{Creation, Item, Resource, RoleSort, SessionSlot, TagCall, TagChange};
use slr_core::{Command, OperatorStep, policy};

use super::access::trust_of;
use super::{Lowerer, Lowering, task_state, unknown};
use crate::catalog::Catalog;
use crate::diagnostic::{Code, Diagnostic};
use crate::expect;
use crate::limits::{self, Earlier};
use crate::simulation::{PlannedStep, Scripted, SimTime, TaskName};
use crate::syntax;
use crate::syntax::grammar::one;
use crate::yaml::{Span, Spanned};

impl Lowerer<'_> {
    pub(super) fn steps(&mut self) -> Lowering<Vec<PlannedStep>> {
        let scenario = self.scenario;
        let mut steps = Vec::new();
        for (number, step) in scenario.steps.iter().enumerate() {
            let what = match &step.value {
                syntax::Step::Do(perform) => self.perform(perform, step.span)?,
                syntax::Step::Happens(happens) => self.happens(happens, step.span)?,
            };
            if let (syntax::Step::Do(perform), Scripted::Operate { resource, transitions, .. }) = (&step.value, &what)
                && self.refuses(*resource, transitions)
                && self.breach(*resource, perform, &Earlier::new(), false).is_none()
                && let Some(earlier) = self.earlier.get(resource)
            {
                let declared = &self.times[self.world.resources[resource.index()].kind.index()].parameters;
                self.rests_on.insert(number, limits::tied(earlier, declared, &perform.parameters));
            }
            let sets = match (&step.value, &what) {
                (syntax::Step::Do(perform), Scripted::Operate { resource, transitions, .. })
                    if !self.refuses(*resource, transitions) =>
                {
                    let kind = self.world.resources[resource.index()].kind;
                    let said = perform.with(&words_of(&self.world.kinds[kind.index()], &perform.operation));
                    if perform.refused.is_none() {
                        let earlier = self.earlier.entry(*resource).or_default();
                        limits::note(earlier, &self.times[kind.index()].parameters, &perform.parameters, &said);
                    }
                    let given = self.parameters(kind, &perform.parameters, &said)?;
                    self.note_roles(kind, *resource, &perform.parameters);
                    (!given.is_empty()).then_some((*resource, given))
                }
                (syntax::Step::Do(_) | syntax::Step::Happens(_), _) => None,
            };
            steps.push(PlannedStep { at: SimTime::from_millis(step.at().as_millis()), what, sets });
        }
        self.copy_to_namesakes(&steps);
        Ok(steps)
    }

    /// What steps attach to a role may as well be attached to another role of the same name, if that is the one in the account by then.
    fn copy_to_namesakes(&mut self, steps: &[PlannedStep]) {
        for step in steps {
            match &step.what {
                Scripted::Call {
                    command:
                        Command::Attach { attachment } | Command::Detach { attachment } | Command::ReadPolicy { attachment },
                    ..
                } => {
                    self.copy_attachment(*attachment);
                }
                Scripted::Call { command: Command::ChangeTags { call }, .. } => self.copy_tag_call(*call),
                _ => {}
            }
        }
    }

    fn namesakes_of(&self, role: RoleIdx) -> Vec<RoleIdx> {
        let name = &self.world.roles[role.index()].name;
        self.world.roles_named(name).filter(|other| *other != role).collect()
    }

    fn copy_attachment(&mut self, attachment: AttachmentIdx) {
        let thing = self.world.attachments[attachment.index()].clone();
        for role in self.namesakes_of(thing.role) {
            if let Some(why) = &thing.malformed {
                self.world.malformed(role, thing.item.clone(), why.clone());
            } else if thing.document.is_some()
                && let Item::InlinePolicy(policy) = &thing.item
            {
                self.world.inline_policy(role, policy, thing.document.clone());
            } else {
                self.world.attachment(role, thing.item.clone());
            }
        }
    }

    fn copy_tag_call(&mut self, call: TagCallIdx) {
        let TagCall { role, change } = self.world.tag_calls[call.index()].clone();
        for role in self.namesakes_of(role) {
            let change = match &change {
                TagChange::Remove(keys) => TagChange::Remove(keys.clone()),
                TagChange::Write(tags) => {
                    let tags = tags.iter().map(|tag| self.world.attachments[tag.index()].clone()).collect::<Vec<_>>();
                    let written = tags.iter().filter_map(|tag| Some(self.world.tag(role, tag.item.text(), tag.value?)));
                    TagChange::Write(written.collect())
                }
            };
            self.world.tag_call(role, change);
        }
    }

    fn perform(&mut self, step: &syntax::Perform, span: Span) -> Lowering<Scripted> {
        let by = self.principal(step.caller.as_ref());
        match Operation::from_name(&step.operation) {
            Some(operation) => self.call(by, operation, step, span),
            None => self.operate(by, step, span),
        }
    }

    fn call(
        &mut self,
        by: PrincipalIdx,
        operation: Operation,
        step: &syntax::Perform,
        span: Span,
    ) -> Lowering<Scripted> {
        let need =
            |what: &str| Box::new(Diagnostic::new(Code::MissingKey, span, format!("{operation} needs `{what}`")));
        if operation == Operation::GetServiceLinkedRoleDeletionStatus {
            let task = match step.task.as_ref().map(|task| &task.value) {
                None | Some(syntax::TaskRef::Last) => TaskName::Last,
                Some(syntax::TaskRef::First) => TaskName::First,
                Some(syntax::TaskRef::Number(number)) => TaskName::Number(*number),
                Some(syntax::TaskRef::Id(id)) => TaskName::Id(id.clone(), self.world.text(id)),
            };
            return Ok(Scripted::Poll { by, task });
        }
        if operation == Operation::ListRoles {
            let under = step.path.as_ref().map(|path| self.world.text(&path.value));
            return Ok(Scripted::Call { by, command: Command::ListRoles { under } });
        }
        if operation == Operation::CreateServiceLinkedRole {
            let service = step.service.as_ref().ok_or_else(|| need("service"))?;
            let suffix = step.suffix.as_ref().map(|suffix| suffix.as_str());
            let description = step.description.as_ref().map(|text| self.world.text(text));
            let request = self.request(service, suffix);
            return Ok(Scripted::Call { by, command: Command::CreateServiceLinkedRole { request, description } });
        }
        if let Some(call) = self.grants(by, operation, step, span)? {
            return Ok(call);
        }
        let name = step.role.as_ref().ok_or_else(|| need("role"))?;
        let role = if operation == Operation::CreateRole { self.new_role(name, step)? } else { self.role(name) };
        // What `CreateRole` does not say the declaration of the role may: as it does of path and trust.
        let declared = if operation == Operation::CreateRole { self.scenario.roles.get(name) } else { None };
        let declared = declared.map(|role| &role.value);
        let description = step.description.as_ref().or_else(|| declared?.description.as_ref());
        let description = description.map(|text| self.world.text(text));
        let seconds = |millis: u64| u32::try_from(millis / 1000).unwrap_or(u32::MAX);
        let longest = step.max_session_duration.as_ref().or_else(|| declared?.max_session_duration.as_ref());
        let longest = longest.map(|duration| seconds(duration.as_millis()));
        let command = match operation {
            Operation::CreateRole => {
                let gives = self.given_at_once(role, step);
                Command::CreateRole { role, description, max_session_duration: longest, gives }
            }
            Operation::DeleteRole => Command::DeleteRole { role },
            Operation::DeleteServiceLinkedRole => Command::DeleteServiceLinkedRole { role },
            Operation::AssumeRole => Command::AssumeRole { role },
            Operation::UpdateRole => Command::UpdateRole { role, description, max_session_duration: longest },
            Operation::UpdateRoleDescription => {
                Command::UpdateRoleDescription { role, description: description.ok_or_else(|| need("description"))? }
            }
            _ => return Ok(self.about_items(by, operation, role, step)),
        };
        Ok(Scripted::Call { by, command })
    }

    /// A call that attaches something, takes something off, or only reads.
    fn about_items(
        &mut self,
        by: PrincipalIdx,
        operation: Operation,
        role: RoleIdx,
        step: &syntax::Perform,
    ) -> Scripted {
        if let Some(change) = self.tag_change(operation, role, step) {
            return Scripted::Call { by, command: Command::ChangeTags { call: self.world.tag_call(role, change) } };
        }
        if let (Operation::GetRolePolicy, Some(policy)) = (operation, &step.policy) {
            let attachment = self.world.attachment(role, Item::InlinePolicy(policy.value.clone()));
            return Scripted::Call { by, command: Command::ReadPolicy { attachment } };
        }
        let Some((item, attaches)) = self.item(operation, role, step) else {
            return Scripted::Call { by, command: Command::Read { operation, role } };
        };
        let kind = match operation {
            Operation::PutRolePolicy => Some(policy::DocumentKind::Identity),
            Operation::UpdateAssumeRolePolicy => Some(policy::DocumentKind::Trust),
            _ => None,
        };
        let written = kind.zip(step.document.as_ref()).map(|(kind, document)| {
            policy::Document::parse_in(&self.world.partition, kind, document.text())
                .map_err(|malformed| malformed.to_string())
        });
        let attachment = match (item, written) {
            (Item::InlinePolicy(name), Some(Ok(document))) => self.world.inline_policy(role, &name, Some(document)),
            // Told apart from the same policy with a document that can be read.
            (item, Some(Err(why))) => self.world.malformed(role, item, why),
            (item, Some(Ok(_)) | None) => self.world.attachment(role, item),
        };
        let command = if attaches { Command::Attach { attachment } } else { Command::Detach { attachment } };
        Scripted::Call { by, command }
    }

    /// What a call changes of a role's tags; `None` if it is about something else.
    fn tag_change(&mut self, operation: Operation, role: RoleIdx, step: &syntax::Perform) -> Option<TagChange> {
        match operation {
            Operation::TagRole => Some(self.written_tags(role, step)),
            Operation::UntagRole => {
                Some(TagChange::Remove(step.tag_keys.iter().map(|key| key.value.clone()).collect()))
            }
            _ => None,
        }
    }

    /// The tags that a call writes.
    fn written_tags(&mut self, role: RoleIdx, step: &syntax::Perform) -> TagChange {
        let mut written = Vec::new();
        for (key, value) in step.tags.iter() {
            let value = self.world.text(value);
            written.push(self.world.tag(role, key, value));
        }
        TagChange::Write(written)
    }

    /// What `CreateRole` gives the role at once, as far as the call says it.
    fn given_at_once(&mut self, role: RoleIdx, step: &syntax::Perform) -> Option<CreationIdx> {
        let tags = (step.tags.iter().next().is_some()).then(|| {
            let written = self.written_tags(role, step);
            self.world.tag_call(role, written)
        });
        let boundary = step.boundary.as_ref().map(|policy| Item::Boundary(self.policy_arn(policy)));
        let boundary = boundary.map(|item| self.world.attachment(role, item));
        self.world.creation(Creation { role, tags, boundary })
    }

    /// A request for a service-linked role.
    ///
    /// A principal that some role trusts exists, as those do that the catalogue knows, whether it has a service-linked role or not.
    fn request(&mut self, service: &str, suffix: Option<&str>) -> slr_core::id::RequestIdx {
        let scenario = self.scenario;
        let by_services = scenario.services.iter().flat_map(|(_, service)| &service.trust);
        let by_roles = scenario.roles.iter().flat_map(|(_, role)| &role.trust);
        let is_told = |service: &str| scenario.account().has_service(service);
        let is_trusted =
            is_told(service) || by_services.chain(by_roles).any(|known| known.eq_ignore_ascii_case(service));
        self.world.request(service, suffix, |service| is_trusted || Catalog::exists(service))
    }

    fn new_role(&mut self, name: &Spanned<String>, step: &syntax::Perform) -> Lowering<RoleIdx> {
        let declared = self.scenario.roles.get(name).map(|role| &role.value);
        let path = step.path.as_ref().or_else(|| declared.and_then(|role| role.path.as_ref()));
        let trust = if step.trust.is_empty() && step.document.is_none() {
            declared.map_or_else(Vec::new, |role| trust_of(&role.trust, role.trust_policy.as_ref()))
        } else {
            trust_of(&step.trust, step.document.as_ref())
        };
        let role = self.world.ordinary_role(name, path.map_or("/", |path| path.as_str()), &trust);
        match &self.world.roles[role.index()].sort {
            RoleSort::Ordinary { trust: known, .. } if *known != trust => {
                let message = format!("`{name}` has another trust policy elsewhere: one is possible at its creation");
                let help = "make it with the one, and replace it with `UpdateAssumeRolePolicy`";
                Err(Box::new(Diagnostic::new(Code::Ambiguous, name.span, message).help(help)))
            }
            RoleSort::Ordinary { .. } | RoleSort::ServiceLinked { .. } => Ok(role),
        }
    }

    /// What an operation attaches (`true`) or takes off (`false`); `None` if it only reads, or is about tags.
    fn item(&self, operation: Operation, role: RoleIdx, step: &syntax::Perform) -> Option<(Item, bool)> {
        let policy = step.policy.as_ref();
        let arn = || policy.map(|policy| self.policy_arn(policy)).unwrap_or_default();
        let name = || policy.map(|policy| policy.value.clone()).unwrap_or_default();
        let profile = || step.profile.as_ref().map(|profile| profile.value.clone()).unwrap_or_default();
        Some(match operation {
            Operation::AttachRolePolicy => (Item::ManagedPolicy(arn()), true),
            Operation::DetachRolePolicy => (Item::ManagedPolicy(arn()), false),
            Operation::PutRolePolicy => (Item::InlinePolicy(name()), true),
            Operation::DeleteRolePolicy => (Item::InlinePolicy(name()), false),
            Operation::AddRoleToInstanceProfile => (Item::InstanceProfile(profile()), true),
            Operation::RemoveRoleFromInstanceProfile => (Item::InstanceProfile(profile()), false),
            Operation::PutRolePermissionsBoundary => (Item::Boundary(arn()), true),
            // The call does not say which one: the role has one at the most.
            Operation::DeleteRolePermissionsBoundary => (self.boundary(role), false),
            Operation::UpdateAssumeRolePolicy => {
                (Item::TrustPolicy(trust_of(&step.trust, step.document.as_ref()).join(" ")), true)
            }
            Operation::CreateServiceLinkedRole
            | Operation::DeleteServiceLinkedRole
            | Operation::GetServiceLinkedRoleDeletionStatus
            | Operation::CreateRole
            | Operation::DeleteRole
            | Operation::GetRole
            | Operation::ListRoles
            | Operation::UpdateRole
            | Operation::UpdateRoleDescription
            | Operation::GetRolePolicy
            | Operation::ListRolePolicies
            | Operation::ListAttachedRolePolicies
            | Operation::ListInstanceProfilesForRole
            | Operation::ListRoleTags
            | Operation::TagRole
            | Operation::UntagRole
            | Operation::PutUserPolicy
            | Operation::DeleteUserPolicy
            | Operation::AttachUserPolicy
            | Operation::DetachUserPolicy
            | Operation::PutGroupPolicy
            | Operation::DeleteGroupPolicy
            | Operation::AttachGroupPolicy
            | Operation::DetachGroupPolicy
            | Operation::AddUserToGroup
            | Operation::RemoveUserFromGroup
            | Operation::GenerateServiceLastAccessedDetails
            | Operation::GetServiceLastAccessedDetails
            | Operation::PassRole
            | Operation::AssumeRole => return None,
        })
    }

    /// The boundary that an earlier step of the script may have given the role.
    fn boundary(&self, role: RoleIdx) -> Item {
        let of_role = self.world.attachments.iter().rev().filter(|attachment| attachment.role == role);
        let mut boundaries =
            of_role.map(|attachment| &attachment.item).filter(|item| matches!(item, Item::Boundary(_)));
        boundaries.next().cloned().unwrap_or_else(|| Item::Boundary(String::new()))
    }

    /// A call of an operation of a kind, on a resource that there is or that is made with it.
    fn operate(&mut self, by: PrincipalIdx, step: &syntax::Perform, span: Span) -> Lowering<Scripted> {
        let name = step.resource.as_ref().ok_or_else(|| {
            let message = format!("{} needs `resource`", step.operation);
            Box::new(Diagnostic::new(Code::MissingKey, span, message))
        })?;
        let resource = match self.resource(name) {
            Ok(resource) => {
                self.described_further(resource, step)?;
                resource
            }
            Err(_) => match self.kind_made_by(step) {
                Some(kind) => self.new_resource(name, kind, step)?,
                None => self.unheard_of(name, self.kind_called_by(step), step)?,
            },
        };
        let passes = self.passed(resource, step)?;
        let kind = &self.world.kinds[self.world.resources[resource.index()].kind.index()];
        let with = step.with(&words_of(kind, &step.operation));
        let transitions = transitions(kind, |transition| {
            transition.refusal.is_none() && called(transition, &step.operation, &with, passes)
        });
        if transitions.is_empty() {
            return Err(unknown(Code::UnknownOperation, &step.operation, "operation"));
        }
        let makes = |id: &TransitionIdx| {
            let step = &kind.transitions[id.index()];
            step.from == 0 && step.to != 0
        };
        let is_made = transitions.iter().any(makes);
        let invalid = self.invalid(resource, &transitions, step, is_made);
        let slot = &mut self.world.resources[resource.index()];
        slot.is_made_by_call |= is_made;
        let kind = &mut self.world.kinds[slot.kind.index()];
        let transitions = match invalid {
            None => transitions,
            Some(text) => transitions.into_iter().map(|id| kind.refused(id, &text)).collect(),
        };
        Ok(Scripted::Operate { by, resource, transitions })
    }

    /// Whether such calls are always refused.
    fn refuses(&self, resource: ResourceIdx, transitions: &[TransitionIdx]) -> bool {
        let kind = &self.world.kinds[self.world.resources[resource.index()].kind.index()];
        transitions.iter().all(|id| kind.transitions[id.index()].refusal.is_some())
    }

    /// What the service says of a call that gives too much or too little; `None` where it has nothing to say.
    fn invalid(
        &self,
        resource: ResourceIdx,
        transitions: &[TransitionIdx],
        step: &syntax::Perform,
        is_made: bool,
    ) -> Option<String> {
        let slot = &self.world.resources[resource.index()];
        let times = &self.times[slot.kind.index()];
        let before = self.earlier.get(&resource).cloned().unwrap_or_default();
        if let Some(text) = self.breach(resource, step, &before, is_made) {
            return Some(text);
        }
        let kind_of =
            |parent: &ResourceIdx| self.world.kinds[self.world.resources[parent.index()].kind.index()].name.as_str();
        let is_under = |wanted: &str| slot.parents.iter().any(|parent| kind_of(parent) == wanted);
        let lacks = |one_of: &&syntax::OneOrMore<syntax::Text>| !one_of.0.iter().any(|kind| is_under(kind));
        let of_moves = transitions.iter().filter_map(|id| times.must_have_of.get(id.index())).flatten();
        if let Some(one_of) = times.must_have.iter().chain(of_moves).find(lacks).filter(|_| is_made) {
            let kinds: Vec<&str> = one_of.0.iter().map(|kind| kind.as_str()).collect();
            return Some(format!("{} needs {}", step.operation, kinds.join(" or ")));
        }
        times.parameters.iter().find_map(|(name, parameter)| {
            let wanted = parameter.only_under.as_ref()?;
            match (step.parameters.get(name).is_some(), is_under(wanted)) {
                (true, false) => Some(match &parameter.refusal {
                    Some(text) => text.value.clone(),
                    None => format!("{name} cannot be given without {}", one(wanted)),
                }),
                (false, true) if is_made => Some(format!("{name} is required with {}", one(wanted))),
                (true, true) | (false, _) => None,
            }
        })
    }

    /// What the service says of values beyond their limits, after calls that have given these.
    fn breach(
        &self,
        resource: ResourceIdx,
        step: &syntax::Perform,
        earlier: &Earlier,
        is_made: bool,
    ) -> Option<String> {
        let kind = self.world.resources[resource.index()].kind;
        let words = words_of(&self.world.kinds[kind.index()], &step.operation);
        limits::refusal(step, &self.times[kind.index()].parameters, &words, is_made, earlier)
    }

    /// Which role a call passes for the resource; one of the account's own is noted with the resource.
    fn passed(&mut self, resource: ResourceIdx, step: &syntax::Perform) -> Lowering<Passes> {
        let Some(name) = &step.passes else {
            return Ok(Passes::Nothing);
        };
        let role = self.role(name);
        let resource = &mut self.world.resources[resource.index()];
        if role == resource.role {
            return Ok(Passes::LinkedRole);
        }
        match resource.passes.replace(role) {
            Some(other) if other != role => {
                let message = format!("`{}` is passed another role elsewhere: one is possible", resource.name);
                Err(Box::new(Diagnostic::new(Code::Ambiguous, name.span, message)))
            }
            Some(_) | None => Ok(Passes::CustomRole),
        }
    }

    /// The kind of which a call makes a resource.
    fn kind_made_by(&self, step: &syntax::Perform) -> Option<KindIdx> {
        let service = step.service.as_ref().and_then(|service| self.world.service(service));
        let linked = step
            .passes
            .as_ref()
            .map(|role| self.world.services.iter().any(|service| service.role_name.as_str() == role.value));
        let passes = match linked {
            None => Passes::Nothing,
            Some(true) => Passes::LinkedRole,
            Some(false) => Passes::CustomRole,
        };
        let creates = |kind: &ResourceKind| {
            let with = step.with(&words_of(kind, &step.operation));
            service.is_none_or(|service| kind.service == service)
                && kind
                    .transitions
                    .iter()
                    .any(|t| t.from == 0 && t.to != 0 && called(t, &step.operation, &with, passes))
        };
        (0..).zip(&self.world.kinds).find(|(_, kind)| creates(kind)).map(|(index, _)| KindIdx(index))
    }

    /// The first kind that has an operation of that name.
    fn kind_called_by(&self, step: &syntax::Perform) -> Option<KindIdx> {
        let calls = |kind: &ResourceKind| kind.transitions.iter().any(|t| t.operation == step.operation.value);
        (0..).zip(&self.world.kinds).find(|(_, kind)| calls(kind)).map(|(index, _)| KindIdx(index))
    }

    /// A resource that a call names, if only to be refused, before one of the name is made or without one: of the kind that a later call makes of
    /// it, or else of the other.
    fn unheard_of(
        &mut self,
        name: &Spanned<String>,
        otherwise: Option<KindIdx>,
        step: &syntax::Perform,
    ) -> Lowering<ResourceIdx> {
        let scenario = self.scenario;
        let made_later = scenario.steps.iter().find_map(|other| match &other.value {
            syntax::Step::Do(other) if other.resource.as_ref().is_some_and(|known| known.value == name.value) => {
                self.kind_made_by(other)
            }
            syntax::Step::Do(_) | syntax::Step::Happens(_) => None,
        });
        let kind = made_later
            .or(otherwise)
            .filter(|_| made_later.is_some() || step.refused.is_some())
            .ok_or_else(|| unknown(Code::UnknownResource, name, "resource"))?;
        let role = self.role_of_service(None, self.world.kinds[kind.index()].service);
        let region = step.region.as_ref().map_or(RegionIdx(0), |region| self.world.region(region));
        let id = ResourceIdx(u32::try_from(self.world.resources.len()).unwrap_or(u32::MAX));
        // Nobody but a caller makes it.
        self.world.resources.push(Resource { is_made_by_call: true, ..Resource::new(name, kind, region, role) });
        Ok(id)
    }

    /// The resources to which a new one of the kind belongs or from which it is made.
    fn parents_in(&mut self, kind: KindIdx, step: &syntax::Perform) -> Lowering<Vec<ResourceIdx>> {
        let own = &self.world.kinds[kind.index()];
        let (service, above) = (own.service, own.parents.iter().chain(&own.made_from).next().cloned());
        let above = above.and_then(|above| {
            let is_it = |known: &ResourceKind| known.service == service && known.name == above;
            (0..).zip(&self.world.kinds).find(|(_, known)| is_it(known)).map(|(index, _)| KindIdx(index))
        });
        let parents = step.parents().iter().map(|parent| match self.resource(parent) {
            Ok(known) => Ok(known),
            Err(_) => self.unheard_of(parent, above, step),
        });
        parents.collect()
    }

    fn new_resource(&mut self, name: &Spanned<String>, kind: KindIdx, step: &syntax::Perform) -> Lowering<ResourceIdx> {
        let parents = self.parents_in(kind, step)?;
        let service = self.world.kinds[kind.index()].service;
        let role = self.role_of_service(step.role.as_ref(), service);
        let region = step.region.as_ref().map_or(RegionIdx(0), |region| self.world.region(region));
        let id = ResourceIdx(u32::try_from(self.world.resources.len()).unwrap_or(u32::MAX));
        if step.region.is_some() {
            self.placed.insert(id);
        }
        if step.role.is_some() {
            self.on_a_role.insert(id);
        }
        let needs = step.needs.iter().map(|action| action.value.clone()).collect();
        self.world.resources.push(Resource { parents, needs, ..Resource::new(name, kind, region, role) });
        Ok(id)
    }

    /// Notes what a call says of a resource that is known by name, where nobody has said it yet; what contradicts has been reported.
    fn described_further(&mut self, resource: ResourceIdx, step: &syntax::Perform) -> Lowering<()> {
        let parents = self.parents_in(self.world.resources[resource.index()].kind, step)?;
        let region = step.region.as_ref().filter(|_| self.placed.insert(resource));
        let region = region.map(|region| self.world.region(region));
        let role = step.role.as_ref().filter(|_| self.on_a_role.insert(resource));
        let role = role.map(|role| self.role(role));
        let slot = &mut self.world.resources[resource.index()];
        if slot.parents.is_empty() {
            slot.parents = parents;
        }
        if slot.needs.is_empty() {
            slot.needs = step.needs.iter().map(|action| action.value.clone()).collect();
        }
        slot.region = region.unwrap_or(slot.region);
        slot.role = role.unwrap_or(slot.role);
        Ok(())
    }

    fn happens(&mut self, step: &syntax::Happens, span: Span) -> Lowering<Scripted> {
        use syntax::Happening;
        let what = step.happens.value;
        if let Happening::ResourceMoves = what {
            let (Some(name), Some(move_name)) = (&step.resource, &step.step) else {
                let message = "a resource that moves needs `resource` and `move`";
                return Err(Box::new(Diagnostic::new(Code::MissingKey, span, message)));
            };
            let resource = self.resource(name)?;
            let kind = &self.world.kinds[self.world.resources[resource.index()].kind.index()];
            let transitions = transitions(kind, |transition| transition.name == move_name.value);
            if transitions.is_empty() {
                return Err(unknown(Code::UnknownMove, move_name, "move"));
            }
            return Ok(Scripted::ResourceMoves { resource, transitions });
        }
        if let Some(scripted) = self.operator_or_region(step, span)? {
            return Ok(scripted);
        }
        let role = match (&step.role, &step.service) {
            (None, Some(service)) => {
                let request = self.request(service, step.suffix.as_ref().map(|suffix| suffix.as_str()));
                let resolved = self.world.requests[request.index()].resolution;
                resolved.map_err(|_| unknown(Code::UnknownService, service, "service"))?
            }
            (name, _) => self.role_or_only(name.as_ref(), span)?,
        };
        Ok(match what {
            Happening::SessionOpens => {
                let principal = self.session_principal(role, step.principal.as_ref())?;
                let free = self.world.sessions.iter().any(|slot| slot.role == role && slot.principal == principal);
                // Sessions that only steps open need slots of their own; as many as there are such steps, at most.
                let wanted = self.scenario.steps.iter().filter(|other| {
                    matches!(&other.value, syntax::Step::Happens(other) if other.happens.value == Happening::SessionOpens)
                });
                let scripted =
                    self.world.sessions.iter().filter(|slot| slot.role == role && !slot.given_open && !slot.reopens);
                if !free || scripted.count() < wanted.count() {
                    let slot = SessionSlot { role, principal: principal.clone(), given_open: false, reopens: false };
                    self.world.sessions.push(slot);
                }
                Scripted::SessionOpens { role, principal: Some(principal.as_str().to_owned()) }
            }
            Happening::SessionEnds => Scripted::SessionEnds { role },
            Happening::TaskStarts => Scripted::TaskStarts { role },
            Happening::TaskSucceeds => Scripted::TaskSucceeds { role },
            Happening::TaskFails => {
                let resources = |names: &Vec<Spanned<String>>| names.iter().map(|name| self.resource(name)).collect();
                Scripted::TaskFails { role, named: step.reports.as_ref().map(resources).transpose()? }
            }
            Happening::RoleAppears => Scripted::RoleAppears { role },
            Happening::RoleDisappears => Scripted::RoleDisappears { role },
            Happening::TaskBecomesVisible => Scripted::TaskBecomesVisible { role },
            Happening::TaskIsForgotten => {
                Scripted::TaskIsForgotten { role, task: step.task.as_ref().map(|task| task.value) }
            }
            Happening::RolePropagates => Scripted::RolePropagates { role },
            Happening::ResourceMoves
            | Happening::DocsRead
            | Happening::OperatorSubmits
            | Happening::OperatorPolls
            | Happening::OperatorCleansUp
            | Happening::OperatorGivesUp
            | Happening::RegionFails
            | Happening::RegionRecovers => unreachable_happening(span)?,
        })
    }

    /// What an operator does or befalls a Region; `None` for everything else.
    fn operator_or_region(&self, step: &syntax::Happens, span: Span) -> Lowering<Option<Scripted>> {
        use syntax::Happening;
        let need = |key: &str| {
            Box::new(Diagnostic::new(Code::MissingKey, span, format!("`{}` needs `{key}`", step.happens.value)))
        };
        let operator_step = match step.happens.value {
            Happening::DocsRead => OperatorStep::ReadsDocs,
            Happening::OperatorSubmits => OperatorStep::Submits,
            Happening::OperatorPolls => OperatorStep::Polls,
            Happening::OperatorGivesUp => OperatorStep::GivesUp,
            Happening::OperatorCleansUp => {
                let name = step.resource.as_ref().ok_or_else(|| need("resource"))?;
                OperatorStep::CleansUp(self.resource(name)?)
            }
            what @ (Happening::RegionFails | Happening::RegionRecovers) => {
                let name = step.region.as_ref().ok_or_else(|| need("region"))?;
                let known = (0..).zip(&self.world.regions).find(|(_, region)| **region == name.value);
                let (region, _) = known.ok_or_else(|| unknown(Code::UnknownRegion, name, "Region"))?;
                let (region, fails) = (RegionIdx(region), what == Happening::RegionFails);
                return Ok(Some(Scripted::Region { region, fails }));
            }
            Happening::SessionOpens
            | Happening::SessionEnds
            | Happening::TaskStarts
            | Happening::TaskSucceeds
            | Happening::TaskFails
            | Happening::ResourceMoves
            | Happening::RoleAppears
            | Happening::RoleDisappears
            | Happening::TaskBecomesVisible
            | Happening::TaskIsForgotten
            | Happening::RolePropagates => return Ok(None),
        };
        let operator = self.operator(step.operator.as_ref(), span)?;
        Ok(Some(Scripted::Operator { operator, step: operator_step }))
    }

    pub(super) fn step_expectation(step: &Spanned<syntax::Step>) -> expect::StepExpectation {
        match &step.value {
            syntax::Step::Happens(_) => expect::StepExpectation::default(),
            syntax::Step::Do(perform) => expect::StepExpectation {
                refused: perform.refused.as_ref().and_then(|code| code.value.ours()).map(syntax::AwsError::code),
                refused_as: perform.refused.as_ref().and_then(|code| code.value.of_service()).map(str::to_owned),
                message: perform.message.as_ref().map(|text| text.value.clone()),
                answers: perform.answers.as_ref().map(|answers| expect::Answers {
                    status: answers.status.as_ref().map(|status| task_state(status.value)),
                    reports: answers.reports.as_ref().map(|number| number.value),
                    regions: answers.regions.iter().map(|region| region.value.clone()).collect(),
                    reason: answers.reason.as_ref().map(|text| text.value.clone()),
                    description: answers.description.as_ref().map(|text| text.value.clone()),
                    role: answers.role.as_ref().map(|text| text.value.clone()),
                    arn: answers.arn.as_ref().map(|text| text.value.clone()),
                    trust: answers.trust.iter().map(|principal| principal.value.clone()).collect(),
                    tags: answers.tags.iter().map(|(key, value)| (key.value.clone(), value.value.clone())).collect(),
                    count: answers.count.as_ref().map(|number| number.value),
                }),
            },
        }
    }
}

/// The happenings that are lowered before the others; the compiler cannot see that they do not come here.
fn unreachable_happening(span: Span) -> Lowering<Scripted> {
    Err(Box::new(Diagnostic::new(Code::WrongKind, span, "this cannot happen to a role")))
}

fn transitions(kind: &ResourceKind, wanted: impl Fn(&Transition) -> bool) -> Vec<TransitionIdx> {
    (0..).zip(&kind.transitions).filter(|(_, t)| wanted(t)).map(|(index, _)| TransitionIdx(index)).collect()
}

/// What the calls of an operation can be told apart by.
fn words_of<'a>(kind: &'a ResourceKind, operation: &str) -> Vec<&'a str> {
    let called = kind.transitions.iter().filter(|transition| transition.operation == operation);
    called.flat_map(|transition| &transition.with).map(String::as_str).collect()
}

/// Whether a call of the operation with these parameters, which passes that role, makes the transition.
fn called(transition: &Transition, operation: &str, with: &[&str], passes: Passes) -> bool {
    transition.by == kind::Mover::Caller
        && transition.operation == operation
        && transition.passes == passes
        && transition.with.iter().map(String::as_str).eq(with.iter().copied())
}
