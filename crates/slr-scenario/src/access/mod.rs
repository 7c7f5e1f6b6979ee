//! Who may do what in the account of a scenario, as it is at time zero or at a moment of a run: why a call would be allowed or refused, and what somebody can
//! have done through roles.

mod explain;
mod moment;

pub use explain::{Answer, Explanation, Layer, NotAQuestion, Outcome, Question, Statement, Statements};
pub use moment::{NoMoment, moment};

use slr_core::World;
use slr_core::id::RoleIdx;
use slr_core::kind::{Mover, Passes, ResourceKind};
use slr_core::name::ServicePrincipal;
use slr_core::policy::{
    self, AccountError, DenialDetail, Document, DocumentKind, Entity, LinkedRole, PrivilegeGraph, ServiceUse, UsedRole,
    guides,
};
use slr_core::rules::{trust_document_of, trust_texts};
use slr_core::service::ServiceDefinition;
use slr_core::world::{Item, RoleSlot, RoleSort};

use crate::catalog::Catalog;
use crate::diagnostic::Diagnostic;
use crate::lower::{self, Lowered};
use crate::simulation::SimTime;
use crate::syntax::{Named, Scenario, Service, User};
use crate::yaml::Spanned;

/// Why the account of a scenario cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum Inaccessible {
    /// A service has mistakes.
    #[error("the catalogue cannot be read: {}", .0.first().map_or("", |first| first.message.as_str()))]
    Catalogue(Vec<Diagnostic>),
    /// The account contradicts itself.
    #[error("the account cannot be made: {0}")]
    Account(#[from] AccountError),
    /// There is no such moment.
    #[error(transparent)]
    Moment(#[from] NoMoment),
    /// A policy that stands for what is known of a service cannot be made.
    #[error("the account cannot be made: {0}")]
    Policy(#[from] policy::MalformedPolicyDocument),
}

/// The account at one time, and what services do with roles.
#[derive(Debug, Clone)]
pub struct Access {
    account: policy::Account,
    services: Vec<Known>,
    uses: Vec<Use>,
    /// The names of the scenario's users, `admin` last.
    users: Vec<String>,
    /// Managed policies that something has attached and of which nobody knows what they say, each with its role.
    opaque: Vec<(String, String)>,
    /// The ARNs of roles with the keys and values of their tags.
    role_tags: Vec<(String, String, String)>,
    /// Service principals that the scenario says there are.
    told: Vec<String>,
    /// Roles of the account's own that the scenario knows and that do not exist now: names, and the ARNs that they would have.
    absent: Vec<(String, String)>,
    /// At which moment of a run, if it is not the beginning.
    at: Option<SimTime>,
    /// How much a refusal tells.
    detail: DenialDetail,
    /// The Regions of the account.
    regions: Vec<String>,
}

/// A service whose role exists or can be made.
#[derive(Debug, Clone)]
struct Known {
    definition: ServiceDefinition,
    trust: Document,
    permissions: Option<Document>,
    /// The whole names of its roles: the plain one, and those that exist with a suffix.
    roles: Vec<String>,
}

/// As [`ServiceUse`], with its own texts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Use {
    action: String,
    service: String,
    /// The name of the service-linked role, and whether the call makes it; `None` for a role that the caller passes.
    linked: Option<(String, bool)>,
}

/// Roles of the account's own that a scenario declares or makes and that do not exist, with the ARNs that they would have.
fn absent_roles(scenario: &Scenario, world: &World) -> Vec<(String, String)> {
    let is_ordinary = |slot: &RoleSlot| matches!(slot.sort, RoleSort::Ordinary { .. });
    let slots = (0..).map(RoleIdx).zip(&world.roles).filter(|(_, slot)| is_ordinary(slot) && !slot.given);
    let mut absent: Vec<_> = slots.map(|(index, slot)| (slot.name.clone(), world.role_arn(index))).collect();
    // Of what no step makes there is no slot.
    for (name, role) in scenario.roles.iter().filter(|(name, _)| world.role_named(name).is_none()) {
        let path = role.path.as_ref().map_or("/", |path| path.as_str());
        let arn = format!("arn:{}:iam::{}:role{path}{name}", world.partition, world.account.as_str());
        absent.push((name.value.clone(), arn));
    }
    absent
}

impl Access {
    /// The account of a scenario at its beginning.
    ///
    /// # Errors
    /// [`Inaccessible`]; a scenario that was loaded gives no occasion for any.
    pub fn new(scenario: &Scenario, lowered: &Lowered) -> Result<Self, Inaccessible> {
        Self::of(scenario, &lowered.world, None)
    }

    /// The account once everything has happened that is due until a time of the run under a seed.
    ///
    /// # Errors
    /// [`Inaccessible`], in particular for a time that never comes.
    pub fn at(scenario: &Scenario, lowered: &Lowered, seed: u64, at: SimTime) -> Result<Self, Inaccessible> {
        Self::of(scenario, &moment::world_at(lowered, seed, at)?, Some(at))
    }

    fn of(scenario: &Scenario, world: &World, at: Option<SimTime>) -> Result<Self, Inaccessible> {
        let mut account = world.access.clone();
        world.grants.iter().filter(|grant| grant.given).try_for_each(|grant| grant.enter(&mut account))?;
        let administrator = guides::ADMINISTRATOR_ACCESS;
        // In an organization it is a user of the account already.
        if account.user_caller(User::ADMIN).is_err() {
            account.add_user("/", User::ADMIN)?;
            account.put_inline_policy(Entity::User(User::ADMIN), administrator.name, administrator.document(&[])?)?;
        }
        let detail = scenario.denial_detail();
        let users = scenario.users.names().chain([User::ADMIN]).map(str::to_owned).collect();
        let tags = world.attachments.iter().filter(|thing| thing.given);
        let role_tags = tags.filter_map(|thing| match (&thing.item, thing.value) {
            (Item::Tag(key), Some(value)) => {
                Some((world.role_arn(thing.role), key.clone(), world.texts[value.index()].clone()))
            }
            _ => None,
        });
        let role_tags = role_tags.collect();
        let regions = world.regions.clone();
        let mut access = Self {
            account,
            services: Vec::new(),
            uses: Vec::new(),
            users,
            opaque: Vec::new(),
            role_tags,
            told: scenario.account().service_principals.iter().map(|told| told.value.clone()).collect(),
            absent: absent_roles(scenario, world),
            at,
            detail,
            regions,
        };
        access.services(scenario, world)?;
        for (index, slot) in (0..).map(RoleIdx).zip(&world.roles).filter(|(_, slot)| slot.given) {
            match &slot.sort {
                RoleSort::ServiceLinked { service, .. } => {
                    let principal = world.services[service.index()].principal.as_str();
                    access.add_linked(principal, &slot.name)?;
                }
                RoleSort::Ordinary { path, trust } => access.add_ordinary(world, index, path, trust)?,
            }
        }
        access.note_uses();
        Ok(access)
    }

    /// The account.
    #[must_use]
    pub fn account(&self) -> &policy::Account {
        &self.account
    }

    /// The time, as a sentence has it.
    #[must_use]
    pub fn when(&self) -> String {
        self.at.map_or_else(|| "at time zero".to_owned(), |at| format!("at {at}"))
    }

    /// The names of the users.
    pub fn users(&self) -> impl Iterator<Item = &str> {
        self.users.iter().map(String::as_str)
    }

    /// What a user or a role can have done through roles. `targets` are actions to look for besides those that policies spell out; `given`
    /// are condition keys of every request, with their values. Requests go to any Region of the account.
    ///
    /// # Errors
    /// [`AccountError::NoSuchEntity`] if there is no such user or role.
    pub fn reach(
        &self,
        from: Entity<'_>,
        targets: &[&str],
        given: &[(String, Vec<String>)],
    ) -> Result<PrivilegeGraph, AccountError> {
        let linked: Vec<LinkedRole<'_>> = self
            .services
            .iter()
            .flat_map(|known| {
                known.roles.iter().map(|name| LinkedRole {
                    service: known.definition.principal.as_str(),
                    name,
                    trust: &known.trust,
                    permissions: known.permissions.as_ref(),
                })
            })
            .collect();
        let uses: Vec<ServiceUse<'_>> = self
            .uses
            .iter()
            .map(|one| ServiceUse {
                action: &one.action,
                service: &one.service,
                role: match &one.linked {
                    None => UsedRole::Passed,
                    Some((role_name, created)) => UsedRole::Linked { role_name, created: *created },
                },
            })
            .collect();
        let regions: Vec<&str> = self.regions.iter().map(String::as_str).collect();
        let world =
            policy::World { account: &self.account, linked_roles: &linked, uses: &uses, regions: &regions, given };
        PrivilegeGraph::explore(&world, from, targets)
    }

    /// The services that the scenario declares or names, and those of the catalogue of whose roles it is known what they permit.
    fn services(&mut self, scenario: &Scenario, named: &World) -> Result<(), Inaccessible> {
        let mut definitions = vec![(named.services.clone(), named.kinds.clone())];
        let is_named = |principal: &str| named.service(principal).is_some();
        let mut others = Named::<Spanned<Service>>::default();
        for entry in Catalog::entries().iter().filter(|entry| !is_named(entry.principal())) {
            // To look for a word is cheaper than to read the file of every service.
            if entry.text().contains("permits:") {
                let service =
                    entry.service(scenario.reality(), &scenario.readings()).map_err(Inaccessible::Catalogue)?;
                others.0.push((Spanned::from(entry.principal()), service));
            }
        }
        definitions.push(lower::services(&others).map_err(|mistake| Inaccessible::Catalogue(vec![*mistake]))?);
        for (services, kinds) in &definitions {
            for (index, definition) in (0_u32..).zip(services) {
                let known = known(definition)?;
                self.services.push(known);
                self.uses.extend(definition.passing_operations.iter().map(|operation| Use {
                    action: format!("{}:{operation}", definition.namespace()),
                    service: definition.principal.as_str().to_owned(),
                    linked: None,
                }));
                for kind in kinds.iter().filter(|kind| kind.service.0 == index) {
                    self.note_uses_of(definition, kind);
                }
            }
        }
        Ok(())
    }

    fn add_linked(&mut self, principal: &str, name: &str) -> Result<(), Inaccessible> {
        let found = self.services.iter_mut().find(|known| known.definition.principal.as_str() == principal);
        let Some(known) = found else {
            return Ok(());
        };
        self.account.add_service_linked_role(principal, name, known.trust.clone())?;
        if let Some(permissions) = &known.permissions {
            let policy = known.definition.policy.as_deref().unwrap_or(name);
            self.account.put_inline_policy(Entity::Role(name), policy, permissions.clone())?;
        }
        if !known.roles.iter().any(|role| role == name) {
            known.roles.push(name.to_owned());
        }
        Ok(())
    }

    fn add_ordinary(
        &mut self,
        world: &World,
        index: RoleIdx,
        path: &str,
        trust: &[String],
    ) -> Result<(), Inaccessible> {
        let name = &world.roles[index.index()].name;
        // A trust policy that was replaced is no longer the role's.
        let replaced = world.attachments.iter().filter(|thing| thing.role == index && thing.given);
        let replaced = replaced.into_iter().find_map(|thing| match &thing.item {
            Item::TrustPolicy(text) => Some(text),
            Item::Tag(_)
            | Item::ManagedPolicy(_)
            | Item::InlinePolicy(_)
            | Item::InstanceProfile(_)
            | Item::Boundary(_) => None,
        });
        let names = replaced.map_or_else(|| trust.iter().map(String::as_str).collect(), |text| trust_texts(text));
        // IAM makes no role without a trust policy: a role that trusts nobody trusts a service that nobody is.
        let document = match trust_document_of(&names) {
            Some(document) => document,
            None => guides::SERVICE_TRUST.document(&[("SERVICE-PRINCIPAL", "nobody")])?,
        };
        self.account.add_role(path, name, document)?;
        let entity = Entity::Role(name);
        for thing in world.attachments.iter().filter(|thing| thing.role == index && thing.given) {
            match (&thing.item, &thing.document) {
                (Item::InlinePolicy(policy), Some(document)) => {
                    self.account.put_inline_policy(entity, policy, document.clone())?;
                }
                (Item::ManagedPolicy(arn), _) if self.account.managed_policy(arn).is_some() => {
                    self.account.attach_policy(entity, arn)?;
                }
                (Item::ManagedPolicy(arn), _) => self.opaque.push((name.clone(), arn.clone())),
                (Item::Boundary(arn), _) => self.account.set_boundary(entity, Some(arn))?,
                (Item::InlinePolicy(_) | Item::Tag(_) | Item::InstanceProfile(_) | Item::TrustPolicy(_), _) => {}
            }
        }
        Ok(())
    }

    /// Which calls put which role to work: those that make the role or need it, and those that pass one.
    fn note_uses_of(&mut self, definition: &ServiceDefinition, kind: &ResourceKind) {
        for step in kind.transitions.iter().filter(|step| step.by == Mover::Caller) {
            let linked = match step.passes {
                // To name the service-linked role is to pass it.
                Passes::CustomRole | Passes::LinkedRole => None,
                Passes::Nothing if step.creates_role || step.needs_live_role() => {
                    Some((definition.role_name.as_str().to_owned(), step.creates_role))
                }
                Passes::Nothing => continue,
            };
            let action = format!("{}:{}", definition.namespace(), step.operation);
            let user = step.passed_to.as_deref().filter(|_| linked.is_none());
            let service = user.unwrap_or(definition.principal.as_str()).to_owned();
            self.uses.push(Use { action, service, linked });
        }
    }

    /// Adds what holds for roles with a suffix.
    fn note_uses(&mut self) {
        let mut suffixed = Vec::new();
        for one in &self.uses {
            let known = self.services.iter().find(|known| known.definition.principal.as_str() == one.service);
            if let (Some(known), Some((base, created))) = (known, &one.linked) {
                let others = known.roles.iter().filter(|role| *role != base);
                suffixed.extend(others.map(|role| Use { linked: Some((role.clone(), *created)), ..one.clone() }));
            }
        }
        self.uses.extend(suffixed);
        self.uses.sort();
        // A call that makes the role where there is none also uses the one that there is.
        self.uses.dedup_by(|later, kept| {
            let same_role = match (&later.linked, &kept.linked) {
                (Some((later, _)), Some((kept, _))) => later == kept,
                (None, None) => true,
                (Some(_), None) | (None, Some(_)) => false,
            };
            let same = same_role && later.action == kept.action && later.service == kept.service;
            if same && let (Some((_, created)), Some((_, kept))) = (&later.linked, &mut kept.linked) {
                *kept |= created;
            }
            same
        });
    }
}

fn known(definition: &ServiceDefinition) -> Result<Known, Inaccessible> {
    let trust: Vec<&str> = definition.trust.iter().map(ServicePrincipal::as_str).collect();
    let trust = match trust_document_of(&trust) {
        Some(document) => document,
        None => guides::SERVICE_TRUST.document(&[("SERVICE-PRINCIPAL", definition.principal.as_str())])?,
    };
    let permissions = if definition.permits.is_empty() {
        None
    } else {
        let text = serde_json::json!({
            "Version": "2012-10-17",
            "Statement": { "Effect": "Allow", "Action": definition.permits, "Resource": "*" },
        });
        Some(Document::parse(DocumentKind::Identity, &text.to_string())?)
    };
    let roles = vec![definition.role_name.as_str().to_owned()];
    Ok(Known { definition: definition.clone(), trust, permissions, roles })
}
