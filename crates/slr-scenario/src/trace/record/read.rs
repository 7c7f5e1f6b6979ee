//! Records read back: what stands behind the names.

use slr_core::action::{Call, Command, Operation, OperatorStep, TaskRef};
use slr_core::id::{
    AttachmentIdx, CreationIdx, GrantIdx, OperatorIdx, PrincipalIdx, RegionIdx, RequestIdx, ResourceIdx, RoleIdx,
    SessionIdx, TagCallIdx, TextIdx, TransitionIdx,
};
use slr_core::machine::SessionEnd;
use slr_core::world::Item;
use slr_core::{Action, IdSet};

use super::names::end_name;
use super::{ActionRecord, Fact, Names};

/// A record that names something which the scenario does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the trace names {what} `{name}`, which its scenario does not have")]
pub struct UnknownName {
    /// What the name stands for.
    pub what: &'static str,
    /// The name.
    pub name: String,
}

impl<S: IdSet> Names<'_, S> {
    /// The action that a record stands for.
    ///
    /// # Errors
    /// [`UnknownName`] if it names what the universe does not have.
    pub fn read(&self, record: &ActionRecord<'_>) -> Result<Action<S>, UnknownName> {
        let role = || self.find_role(record);
        if let Some((operator, step)) = self.read_step(record)? {
            return Ok(Action::Operator { operator, step });
        }
        match record.what.as_ref() {
            "Throttle" => {
                let call = Fact { what: record.call.clone().unwrap_or_default(), ..record.clone() };
                let call = match self.read_step(&call)? {
                    Some((operator, step)) => Call::Step { operator, step },
                    None => Call::Command(self.read_command(&call)?),
                };
                Ok(Action::Throttle { by: self.find_principal(record)?, call })
            }
            "SessionOpens" => Ok(Action::SessionOpens { session: self.find_session(record)? }),
            "SessionEnds" => {
                let expired = record.status.as_deref() == Some(end_name(SessionEnd::Expired));
                let end = if expired { SessionEnd::Expired } else { SessionEnd::Done };
                Ok(Action::SessionEnds { session: self.find_session(record)?, end })
            }
            "TaskStarts" => Ok(Action::TaskStarts { role: role()? }),
            "TaskSucceeds" => Ok(Action::TaskSucceeds { role: role()? }),
            "TaskFails" => {
                let mut named = S::default();
                for name in record.named.iter().flatten() {
                    named.insert(self.find_resource(Some(name))?.0);
                }
                Ok(Action::TaskFails { role: role()?, named })
            }
            "TaskBecomesVisible" => Ok(Action::TaskBecomesVisible { role: role()? }),
            "TaskIsForgotten" => Ok(Action::TaskIsForgotten { role: role()? }),
            "EarlierTaskIsForgotten" => {
                let mut waiting = S::default();
                for name in record.waiting.iter().flatten() {
                    waiting.insert(self.find_operator(name)?.0);
                }
                Ok(Action::EarlierTaskIsForgotten { role: role()?, number: record.number, waiting })
            }
            "RolePropagates" => Ok(Action::RolePropagates { role: role()? }),
            "ResourceMoves" => {
                let (resource, transition) = self.find_transition(record)?;
                Ok(Action::ResourceMoves { resource, transition })
            }
            "RoleAppears" => Ok(Action::RoleAppears { role: role()? }),
            "ServiceDeletesRole" => Ok(Action::ServiceDeletesRole { role: role()? }),
            "RegionFails" => Ok(Action::RegionFails { region: self.find_region(record)? }),
            "RegionRecovers" => Ok(Action::RegionRecovers { region: self.find_region(record)? }),
            _ => Ok(Action::Command { by: self.find_principal(record)?, command: self.read_command(record)? }),
        }
    }

    /// The step of an operator that a record stands for, if it stands for one.
    fn read_step(&self, record: &ActionRecord<'_>) -> Result<Option<(OperatorIdx, OperatorStep)>, UnknownName> {
        let step = match record.what.as_ref() {
            "Submits" => OperatorStep::Submits,
            "Polls" => OperatorStep::Polls,
            "ReadsDocs" => OperatorStep::ReadsDocs,
            "CleansUp" => OperatorStep::CleansUp(self.find_resource(record.resource.as_deref())?),
            "GivesUp" => OperatorStep::GivesUp,
            _ => return Ok(None),
        };
        Ok(Some((self.find_operator(record.operator.as_deref().unwrap_or_default())?, step)))
    }

    fn read_command(&self, record: &ActionRecord<'_>) -> Result<Command, UnknownName> {
        let role = || self.find_role(record);
        let text = |text: Option<&str>| text.map(|text| self.find_text(text)).transpose();
        let command = match record.what.as_ref() {
            "TagRole" | "UntagRole" => Command::ChangeTags { call: self.find_tag_call(record)? },
            "Attach" => Command::Attach { attachment: self.find_attachment(record, true)? },
            "Detach" => Command::Detach { attachment: self.find_attachment(record, false)? },
            "Give" => Command::Give { grant: self.find_grant(record)? },
            "Take" => Command::Take { grant: self.find_grant(record)? },
            "Read" if record.item.is_some() => Command::ReadPolicy { attachment: self.find_inline_policy(record)? },
            "Read" => Command::Read { operation: find_operation(record)?, role: role()? },
            "Operate" => {
                let (resource, transition) = self.find_transition(record)?;
                Command::Operate { resource, transition }
            }
            "CreateRole" => Command::CreateRole {
                role: role()?,
                description: text(record.description.as_deref())?,
                max_session_duration: record.max_session_duration,
                gives: self.find_creation(record)?,
            },
            "CreateServiceLinkedRole" => Command::CreateServiceLinkedRole {
                request: self.find_request(record)?,
                description: text(record.description.as_deref())?,
            },
            "DeleteRole" => Command::DeleteRole { role: role()? },
            "DeleteServiceLinkedRole" => Command::DeleteServiceLinkedRole { role: role()? },
            "GetServiceLinkedRoleDeletionStatus" => {
                let task = match record.task.as_deref() {
                    Some("latest") => TaskRef::Latest(role()?),
                    Some("earlier") => TaskRef::Earlier { role: role()?, number: record.number },
                    Some("forgotten") => TaskRef::Forgotten { role: role()?, number: record.number },
                    Some("malformed") => TaskRef::Malformed,
                    _ => TaskRef::Unknown(text(record.id.as_deref())?),
                };
                Command::GetServiceLinkedRoleDeletionStatus { task }
            }
            "UpdateRole" => Command::UpdateRole {
                role: role()?,
                description: text(record.description.as_deref())?,
                max_session_duration: record.max_session_duration,
            },
            "UpdateRoleDescription" => Command::UpdateRoleDescription {
                role: role()?,
                description: self.find_text(record.description.as_deref().unwrap_or_default())?,
            },
            "ListRoles" => Command::ListRoles { under: text(record.path.as_deref())? },
            "AssumeRole" => Command::AssumeRole { role: role()? },
            other => return Err(UnknownName { what: "the action", name: other.to_owned() }),
        };
        Ok(command)
    }

    fn find<'n>(what: &'static str, name: &str, mut names: impl Iterator<Item = &'n str>) -> Result<u32, UnknownName> {
        names
            .position(|known| known == name)
            .and_then(|index| u32::try_from(index).ok())
            .ok_or_else(|| UnknownName { what, name: name.to_owned() })
    }

    fn find_role(&self, record: &ActionRecord<'_>) -> Result<RoleIdx, UnknownName> {
        let name = record.role.as_deref().unwrap_or_default();
        Self::find("the role", name, self.roles.iter().map(AsRef::as_ref)).map(RoleIdx)
    }

    fn find_principal(&self, record: &ActionRecord<'_>) -> Result<PrincipalIdx, UnknownName> {
        let name = record.by.as_deref().unwrap_or_default();
        let names = self.universe.world().principals.iter().map(|principal| principal.name.as_str());
        Self::find("the user", name, names).map(PrincipalIdx)
    }

    fn find_operator(&self, name: &str) -> Result<OperatorIdx, UnknownName> {
        let names = self.universe.world().operators.iter().map(|operator| operator.name.as_str());
        Self::find("the operator", name, names).map(OperatorIdx)
    }

    fn find_resource(&self, name: Option<&str>) -> Result<ResourceIdx, UnknownName> {
        let names = self.universe.world().resources.iter().map(|resource| resource.name.as_str());
        Self::find("the resource", name.unwrap_or_default(), names).map(ResourceIdx)
    }

    fn find_region(&self, record: &ActionRecord<'_>) -> Result<RegionIdx, UnknownName> {
        let name = record.region.as_deref().unwrap_or_default();
        Self::find("the region", name, self.universe.world().regions.iter().map(String::as_str)).map(RegionIdx)
    }

    fn find_text(&self, text: &str) -> Result<TextIdx, UnknownName> {
        Self::find("the description", text, self.universe.world().texts.iter().map(String::as_str)).map(TextIdx)
    }

    fn find_session(&self, record: &ActionRecord<'_>) -> Result<SessionIdx, UnknownName> {
        let number = record.session.unwrap_or_default();
        let unknown = || UnknownName { what: "the session", name: number.to_string() };
        let index = number.checked_sub(1).ok_or_else(unknown)?;
        if (index as usize) < self.universe.world().sessions.len() { Ok(SessionIdx(index)) } else { Err(unknown()) }
    }

    fn find_request(&self, record: &ActionRecord<'_>) -> Result<RequestIdx, UnknownName> {
        let service = record.service.as_deref().unwrap_or_default();
        let requests = (0..).zip(&self.universe.world().requests);
        requests
            .into_iter()
            .find(|(_, request)| request.service == service && request.suffix.as_deref() == record.suffix.as_deref())
            .map(|(index, _)| RequestIdx(index))
            .ok_or_else(|| UnknownName { what: "the request for", name: service.to_owned() })
    }

    fn find_attachment(&self, record: &ActionRecord<'_>, attaching: bool) -> Result<AttachmentIdx, UnknownName> {
        let operates = |item: &Item| if attaching { item.attaching() } else { item.detaching() };
        self.find_item(record, |item| Some(operates(item).name()) == record.operation.as_deref())
    }

    fn find_inline_policy(&self, record: &ActionRecord<'_>) -> Result<AttachmentIdx, UnknownName> {
        self.find_item(record, |item| matches!(item, Item::InlinePolicy(_)))
    }

    fn find_item(
        &self,
        record: &ActionRecord<'_>,
        is_of_that_sort: impl Fn(&Item) -> bool,
    ) -> Result<AttachmentIdx, UnknownName> {
        let (role, item) = (self.find_role(record)?, record.item.as_deref().unwrap_or_default());
        let world = self.universe.world();
        let known = (0..).map(AttachmentIdx).zip(&world.attachments).find(|(index, thing)| {
            thing.role == role
                && is_of_that_sort(&thing.item)
                && (record.item.is_none() || world.attachment_label(*index) == item)
        });
        known.map(|(index, _)| index).ok_or_else(|| UnknownName { what: "the attachment", name: item.to_owned() })
    }

    fn find_tag_call(&self, record: &ActionRecord<'_>) -> Result<TagCallIdx, UnknownName> {
        let (role, named, world) = (self.find_role(record)?, tags_named(record), self.universe.world());
        let mut calls = (0..).map(TagCallIdx).zip(&world.tag_calls);
        let known = calls.find(|(index, call)| {
            let operation = call.change.operation().name() == record.what;
            call.role == role && operation && world.tags_in(*index) == named
        });
        known.map(|(index, _)| index).ok_or_else(|| UnknownName { what: "the tags", name: keys(&named) })
    }

    fn find_creation(&self, record: &ActionRecord<'_>) -> Result<Option<CreationIdx>, UnknownName> {
        if record.tags.is_none() && record.boundary.is_none() {
            return Ok(None);
        }
        let (role, named, world) = (self.find_role(record)?, tags_named(record), self.universe.world());
        let mut known = (0..).map(CreationIdx::new).zip(&world.creations).filter(|(_, given)| {
            let boundary = given.boundary.map(|boundary| world.attachments[boundary.index()].item.text());
            let tags = given.tags.map(|call| world.tags_in(call));
            given.role == role
                && boundary == record.boundary.as_deref()
                && tags == record.tags.as_ref().map(|_| named.clone())
        });
        let what = "a call of `CreateRole` with";
        let name = || format!("{} {}", keys(&named), record.boundary.as_deref().unwrap_or_default());
        known.next().map(|(index, _)| Some(index)).ok_or_else(|| UnknownName { what, name: name().trim().to_owned() })
    }

    fn find_grant(&self, record: &ActionRecord<'_>) -> Result<GrantIdx, UnknownName> {
        let item = record.item.as_deref().unwrap_or_default();
        let world = self.universe.world();
        let mut known = (0..).map(GrantIdx).take(world.grants.len());
        let found = known.find(|grant| {
            let thing = &world.grants[grant.index()];
            let is_called =
                [thing.granting(), thing.revoking()].map(|it| Some(it.name())).contains(&record.operation.as_deref());
            is_called && world.grant_label(*grant) == item
        });
        found.ok_or_else(|| UnknownName { what: "what is given to a user or a group", name: item.to_owned() })
    }

    fn find_transition(&self, record: &ActionRecord<'_>) -> Result<(ResourceIdx, TransitionIdx), UnknownName> {
        let resource = self.find_resource(record.resource.as_deref())?;
        let kind = self.universe.kind_of(resource);
        let (name, from) = (record.step.as_deref().unwrap_or_default(), record.from.as_deref().unwrap_or_default());
        let known = (0..)
            .zip(&kind.transitions)
            .find(|(_, transition)| transition.name == name && kind.state_name(transition.from) == from);
        match known {
            Some((index, _)) => Ok((resource, TransitionIdx(index))),
            None => Err(UnknownName { what: "the move", name: name.to_owned() }),
        }
    }
}

/// The tags that a record names, and the values that it writes.
fn tags_named<'r>(record: &'r ActionRecord<'_>) -> Vec<(&'r str, Option<&'r str>)> {
    let written = record.tags.iter().flatten().map(|tag| (tag.key.as_ref(), Some(tag.value.as_ref())));
    written.chain(record.tag_keys.iter().flatten().map(|key| (key.as_ref(), None))).collect()
}

fn keys(tags: &[(&str, Option<&str>)]) -> String {
    tags.iter().map(|(key, _)| *key).collect::<Vec<_>>().join(", ")
}

fn find_operation(record: &ActionRecord<'_>) -> Result<Operation, UnknownName> {
    let name = record.operation.as_deref().unwrap_or_default();
    Operation::from_name(name).ok_or_else(|| UnknownName { what: "the operation", name: name.to_owned() })
}
