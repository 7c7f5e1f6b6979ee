//! What exists at time zero, and where it is.

use slr_core::id::{KindIdx, RegionIdx, ResourceIdx, RoleIdx, ServiceIdx};
use slr_core::name::ServicePrincipal;
use slr_core::world::{Item, Resource, RoleSort, SessionSlot};

use super::access::inline_policies;
use super::{Lowerer, Lowering, service_idx, unknown};
use crate::diagnostic::{Code, Diagnostic};
use crate::limits;
use crate::syntax;
use crate::yaml::Spanned;

impl Lowerer<'_> {
    pub(super) fn given(&mut self, given: &Spanned<syntax::Given>) -> Lowering<()> {
        match &given.value {
            syntax::Given::Role(given) => self.given_role(given),
            syntax::Given::Resources(given) => self.given_resources(&given.resources),
            syntax::Given::Sessions(given) => self.given_sessions(&given.sessions),
        }
    }

    pub(super) fn given_role(&mut self, given: &syntax::GivenRole) -> Lowering<()> {
        let role = match &given.suffix {
            None => self.role(&given.role),
            Some(suffix) => {
                let named =
                    self.world.services.iter().position(|service| service.role_name.as_str() == given.role.as_str());
                let index = named.ok_or_else(|| unknown(Code::UnknownRole, &given.role, "role"))?;
                let name = slr_core::name::suffixed(&self.world.services[index].role_name, suffix)
                    .map_err(|error| Box::new(Diagnostic::new(Code::BadName, suffix.span, error.to_string())))?;
                self.world.linked_role(service_idx(index), name.as_str(), Some(suffix))
            }
        };
        self.world.roles[role.index()].given = true;
        self.particulars(role, given.description.as_ref(), given.max_session_duration.as_ref());
        for (key, value) in given.tags.iter() {
            let value = self.world.text(value);
            let attachment = self.world.tag(role, key, value);
            self.world.attachments[attachment.index()].given = true;
        }
        if let Some((_, declared)) = self.scenario.roles.iter().find(|(name, _)| name.value == given.role.value) {
            let managed = declared.attached.iter().map(|policy| Item::ManagedPolicy(self.policy_arn(policy)));
            let boundary = declared.boundary.iter().map(|policy| Item::Boundary(self.policy_arn(policy)));
            for item in managed.chain(boundary).collect::<Vec<_>>() {
                let attachment = self.world.attachment(role, item);
                self.world.attachments[attachment.index()].given = true;
            }
            for (name, document) in inline_policies(&declared.policies, &declared.allow, declared.span)? {
                let attachment = self.world.inline_policy(role, &name, Some(document));
                self.world.attachments[attachment.index()].given = true;
            }
        }
        Ok(())
    }

    pub(super) fn kind(&self, name: &Spanned<String>, service: Option<&Spanned<String>>) -> Lowering<KindIdx> {
        let service = service.and_then(|service| self.world.service(service));
        (0..)
            .zip(&self.world.kinds)
            .find(|(_, kind)| kind.name == name.value && service.is_none_or(|service| kind.service == service))
            .map(|(index, _)| KindIdx(index))
            .ok_or_else(|| unknown(Code::UnknownKind, name, "kind"))
    }

    /// The role that is named, or else the service's only one.
    pub(super) fn role_of_service(&mut self, named: Option<&Spanned<String>>, service: ServiceIdx) -> RoleIdx {
        if let Some(name) = named {
            return self.role(name);
        }
        let name = self.world.services[service.index()].role_name.as_str().to_owned();
        self.world.linked_role(service, &name, None)
    }

    pub(super) fn given_resources(&mut self, given: &Spanned<syntax::Resources>) -> Lowering<()> {
        let kind = self.kind(&given.kind, given.service.as_ref())?;
        let service = self.world.kinds[kind.index()].service;
        let role = self.role_of_service(given.role.as_ref(), service);
        let state = match &given.state {
            None => self.world.kinds[kind.index()].initial,
            Some(state) => self.world.kinds[kind.index()]
                .code_of(state)
                .ok_or_else(|| unknown(Code::UnknownState, state, "state"))?,
        };
        let parents: Vec<ResourceIdx> =
            given.parents().iter().map(|parent| self.resource(parent)).collect::<Result<_, _>>()?;
        let passes = given.passes.as_ref().map(|role| self.role(role));
        let needs: Vec<String> = given.needs.iter().map(|action| action.value.clone()).collect();
        let regions: Vec<_> = given.regions.iter().map(|region| self.world.region(region)).collect();
        let parameters = self.parameters(kind, &given.parameters, &[])?;
        for (number, name) in given.names().enumerate() {
            let id = ResourceIdx(u32::try_from(self.world.resources.len()).unwrap_or(u32::MAX));
            if !parameters.is_empty() {
                self.given_parameters.insert(id, parameters.clone());
            }
            self.note_roles(kind, id, &given.parameters);
            let declared = &self.times[kind.index()].parameters;
            limits::note(self.earlier.entry(id).or_default(), declared, &given.parameters, &[]);
            if given.role.is_some() {
                self.on_a_role.insert(id);
            }
            let region = if regions.is_empty() {
                RegionIdx(0)
            } else {
                self.placed.insert(id);
                regions[number % regions.len()]
            };
            let (parents, needs) = (parents.clone(), needs.clone());
            self.world.resources.push(Resource {
                parents,
                passes,
                needs,
                given: state,
                ..Resource::new(&name, kind, region, role)
            });
        }
        Ok(())
    }

    /// Puts resources of which nobody says where they are into the Region of their first parent.
    pub(super) fn place(&mut self) {
        let resources = &self.world.resources;
        let region_of = |id: ResourceIdx| {
            let mut id = id;
            // There are fewer generations than resources.
            for _ in 0..resources.len() {
                match resources[id.index()].parents.first() {
                    Some(parent) if !self.placed.contains(&id) => id = *parent,
                    Some(_) | None => break,
                }
            }
            resources[id.index()].region
        };
        let regions: Vec<RegionIdx> = (0..).map(ResourceIdx).take(resources.len()).map(region_of).collect();
        for (resource, region) in self.world.resources.iter_mut().zip(regions) {
            resource.region = region;
        }
    }

    pub(super) fn given_sessions(&mut self, given: &Spanned<syntax::Sessions>) -> Lowering<()> {
        let role = self.role(&given.role);
        for _ in 0..given.count() {
            let principal = self.session_principal(role, given.principal.as_ref())?;
            self.world.sessions.push(SessionSlot {
                role,
                principal,
                given_open: given.open(),
                reopens: given.reopens(),
            });
        }
        Ok(())
    }

    /// Who holds a session where nobody is named: the first principal that the role trusts.
    pub(super) fn session_principal(
        &self,
        role: RoleIdx,
        named: Option<&Spanned<String>>,
    ) -> Lowering<ServicePrincipal> {
        let slot = &self.world.roles[role.index()];
        let first = match &slot.sort {
            RoleSort::ServiceLinked { service, .. } => {
                self.world.services[service.index()].trust.first().map(ServicePrincipal::as_str)
            }
            RoleSort::Ordinary { trust, .. } => trust.first().map(String::as_str),
        };
        let text = named.map_or(first.unwrap_or_default(), |named| named.as_str());
        ServicePrincipal::new(text).map_err(|error| {
            let span = named.map(|named| named.span).unwrap_or_default();
            Box::new(Diagnostic::new(Code::BadName, span, error.to_string()))
        })
    }
}
