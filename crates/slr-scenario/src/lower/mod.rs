//! From what a scenario says to what runs: a world, a plan, and expectations, all by id.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "who listens picks what concerns it; the core is where a new variant has to find its place"
)]

mod access;
mod grants;
mod step;
mod timing;

use std::collections::{BTreeMap, BTreeSet};

use access::{inline_policies, trust_of};
use slr_core::action::Operation;
use slr_core::id::{KindIdx, OperatorIdx, PrincipalIdx, RegionIdx, ResourceIdx, RoleIdx, ServiceIdx, TextIdx};
use slr_core::kind::{self, AuthorisedOn, Condition, KindSpec, MoveSpec, Passes, ResourceKind, RoleClaim, Transition};
use slr_core::knob::{self, Answer};
use slr_core::name::{AccountId, RoleName, ServicePrincipal};
use slr_core::service::{self, OwnError, OwnErrors, ReportingPolicy, ServiceDefinition};
use slr_core::world::{self, Item, Resource, RoleSort, SessionSlot, Told};
use slr_core::{World, policy};

use crate::catalog::Catalog;
use crate::diagnostic::{Code, Diagnostic};
use crate::expect::{self, Expectation};
use crate::limits::{Hours, note_hours};
use crate::simulation::{
    Backoff, CleanUpFailures, DEFAULT_MAX_SESSION, Delay, Jitter, LateVisibility, OperatorPlan, Outage, Parameters,
    Plan, PlannedStep, Polling, SimTime, Throttling,
};
use crate::syntax::{self, Named, Scenario, Service};
use crate::yaml::{Span, Spanned};
use timing::KindTimes;

/// A scenario made ready: nothing in it refers to anything by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lowered {
    /// The title.
    pub title: String,
    /// What happens and why, for people.
    pub story: Option<String>,
    /// Where the facts come from.
    pub source: Option<String>,
    /// The seed that the scenario names.
    pub seed: u64,
    /// The world.
    pub world: World,
    /// Time, chance and script.
    pub plan: Plan,
    /// Per kind, the parameters of its calls that say when something happens: schedules and hours.
    pub times: Vec<BTreeSet<String>>,
    /// By number, the steps that are refused because of hours that others have given, with these.
    pub(crate) rests_on: BTreeMap<usize, Hours>,
    /// Per role, the description that it has at the beginning.
    pub descriptions: Vec<Option<TextIdx>>,
    /// What is expected of the run.
    pub expectations: Vec<Expectation>,
    /// What is expected of each step of the script.
    pub step_expectations: Vec<expect::StepExpectation>,
}

type Lowering<T> = Result<T, Box<Diagnostic>>;

/// Makes a scenario ready. `built_in` are the services that it may name without declaring them.
///
/// # Errors
/// What the language cannot rule out by itself: a world that contradicts itself.
pub fn lower(scenario: &Scenario, built_in: &Named<Spanned<Service>>) -> Result<Lowered, Vec<Diagnostic>> {
    Lowerer::new(scenario, built_in).and_then(Lowerer::run).map_err(|diagnostic| vec![*diagnostic])
}

/// Definitions and kinds of services alone, for a look at what they do with their roles.
///
/// # Errors
/// What is wrong with one of them; a built-in service has no mistakes.
pub(crate) fn services(
    services: &Named<Spanned<Service>>,
) -> Result<(Vec<ServiceDefinition>, Vec<ResourceKind>), Box<Diagnostic>> {
    let scenario = Scenario::empty();
    let lowerer = Lowerer::new(&scenario, services)?;
    Ok((lowerer.world.services, lowerer.world.kinds))
}

struct Lowerer<'a> {
    scenario: &'a Scenario,
    world: World,
    max_session: Vec<(RoleIdx, u64)>,
    descriptions: Vec<(RoleIdx, TextIdx)>,
    /// Per kind, what is about time alone.
    times: Vec<KindTimes>,
    /// Parameters that resources have at the beginning.
    given_parameters: BTreeMap<ResourceIdx, Parameters>,
    /// Resources of which the scenario says in which Region they are.
    placed: BTreeSet<ResourceIdx>,
    /// Resources of which the scenario says on which role they depend.
    on_a_role: BTreeSet<ResourceIdx>,
    /// Roles that parameters of a resource's calls pass for the resources of a kind that are made from it.
    passed_for: Vec<(ResourceIdx, String, Spanned<String>)>,
    /// The hours that resources have been given so far.
    hours: BTreeMap<ResourceIdx, Hours>,
    /// By number, the steps that are refused because of hours that others have given, with these.
    rests_on: BTreeMap<usize, Hours>,
}

#[expect(clippy::unnecessary_box_returns, reason = "it is the error of `Lowering`, which is small so")]
fn unknown(code: Code, name: &Spanned<String>, what: &str) -> Box<Diagnostic> {
    Box::new(Diagnostic::new(code, name.span, format!("there is no {what} `{name}`")))
}

impl<'a> Lowerer<'a> {
    fn new(scenario: &'a Scenario, built_in: &'a Named<Spanned<Service>>) -> Lowering<Self> {
        let account = scenario.account.as_ref().map(|account| &account.value);
        let id = account.and_then(|account| account.id.as_ref());
        let id_text = id.map_or(syntax::Account::DEFAULT_ID, |id| id.as_str());
        let account_id = AccountId::new(id_text).map_err(|error| {
            let span = id.map(|id| id.span).unwrap_or_default();
            Box::new(Diagnostic::new(Code::BadAccountId, span, error.to_string()))
        })?;
        let mut world = World::new(account_id);
        world.regions.clear();
        if let Some(account) = account {
            world.regions.extend(account.regions.iter().map(|region| region.value.clone()));
            if let Some(partition) = &account.partition {
                partition.value.word().clone_into(&mut world.partition);
                world.access = policy::Account::new(&world.partition, world.account.as_str());
            }
            world.other_roles = account.other_roles.as_ref().map_or(0, |number| number.value);
        }
        if world.regions.is_empty() {
            world.regions.push(syntax::Account::DEFAULT_REGION.to_owned());
        }
        world.knobs = knobs(scenario);
        let mut lowerer = Self {
            scenario,
            world,
            max_session: Vec::new(),
            descriptions: Vec::new(),
            times: Vec::new(),
            given_parameters: BTreeMap::new(),
            placed: BTreeSet::new(),
            on_a_role: BTreeSet::new(),
            passed_for: Vec::new(),
            hours: BTreeMap::new(),
            rests_on: BTreeMap::new(),
        };
        for (principal, service) in scenario.services.iter() {
            lowerer.service(principal, service)?;
        }
        let declared: BTreeSet<&str> = scenario.services.names().collect();
        for (principal, service) in built_in.iter().filter(|(name, _)| !declared.contains(name.as_str())) {
            lowerer.service(principal, service)?;
        }
        lowerer.principals()?;
        for (name, role) in scenario.roles.iter() {
            lowerer.ordinary(name, role);
        }
        lowerer.loosen()?;
        lowerer.role_sessions();
        Ok(lowerer)
    }

    fn run(mut self) -> Lowering<Lowered> {
        for given in &self.scenario.given {
            self.given(given)?;
        }
        self.operators()?;
        let steps = self.steps()?;
        self.place();
        self.pass_roles()?;
        let expectations = self.expectations()?;
        self.roles_that_services_make()?;
        self.unknown_services();
        let plan = self.plan(steps)?;
        let mut descriptions = vec![None; self.world.roles.len()];
        for (role, text) in &self.descriptions {
            descriptions[role.index()] = Some(*text);
        }
        let times = self.times();
        let step_expectations = self.scenario.steps.iter().map(Self::step_expectation).collect();
        Ok(Lowered {
            title: self.scenario.title.value.clone(),
            story: self.scenario.story.as_ref().map(|text| text.value.clone()),
            source: self.scenario.source.as_ref().map(|text| text.value.clone()),
            seed: self.scenario.seed(),
            world: self.world,
            plan,
            times,
            rests_on: self.rests_on,
            descriptions,
            expectations,
            step_expectations,
        })
    }

    fn service(&mut self, principal: &Spanned<String>, service: &Spanned<Service>) -> Lowering<()> {
        let bad_name = |span, error: slr_core::name::InvalidName| {
            Box::new(Diagnostic::new(Code::BadName, span, error.to_string()))
        };
        let definition = ServiceDefinition {
            suffix_allowed: service.suffix() == syntax::Suffix::Accepted,
            policy: Some(
                service.policy.as_ref().map_or_else(|| service::policy_after(&service.role), |name| name.value.clone()),
            ),
            permits: service.permits.iter().map(|action| action.value.clone()).collect(),
            passing_operations: service.passing_operations.iter().map(|name| name.value.clone()).collect(),
            description: service.description.as_ref().map(|text| text.value.clone()),
            deletion: match service.deletion() {
                syntax::Deletion::Manual => service::Deletion::Manual,
                syntax::Deletion::Automatic => service::Deletion::Automatic,
                syntax::Deletion::Impossible => service::Deletion::Impossible,
            },
            deleted_with: service.deleted_with.as_ref().map(|kind| kind.value.clone()),
            locked_while_deleting: service.locked_while_deleting.as_ref().is_some_and(|locked| locked.value),
            reports: reporting(service.reports()),
            reason: service.reason.as_ref().map(|text| text.value.clone()),
            reported_region: service.region_mismatch.as_ref().map(|region| region.value.clone()),
            errors: {
                let mut errors = own_errors(self.scenario.knobs.as_ref().and_then(|knobs| knobs.errors.as_ref()));
                errors.extend(own_errors(service.errors.as_ref()));
                errors
            },
            namespace: service.namespace.as_ref().map(|name| name.value.clone()),
            ..ServiceDefinition::new(
                ServicePrincipal::new(principal).map_err(|error| bad_name(principal.span, error))?,
                RoleName::new(&service.role).map_err(|error| bad_name(service.role.span, error))?,
            )
        };
        let trust: Result<Vec<_>, _> = service
            .trust
            .iter()
            .map(|name| ServicePrincipal::new(name).map_err(|error| bad_name(name.span, error)))
            .collect();
        let trust = trust?;
        if let Some(text) = &service.description {
            self.world.text(text);
        }
        let definition =
            ServiceDefinition { trust: if trust.is_empty() { definition.trust.clone() } else { trust }, ..definition };
        let index = ServiceIdx(u32::try_from(self.world.services.len()).unwrap_or(u32::MAX));
        self.world.services.push(definition);
        for (name, kind) in service.kinds.iter() {
            let machine = kind.machine(name);
            let spec = kind_spec(name, kind, &machine);
            let (due, must_have_of) = machine.moves.into_iter().map(|step| (step.due, step.must_have)).unzip();
            let (parameters, must_have) = (kind.parameters.clone(), kind.must_have.clone());
            self.times.push(KindTimes { due, parameters, must_have, must_have_of });
            let kind = ResourceKind::new(&spec, index)
                .map_err(|error| Box::new(Diagnostic::new(Code::BadMove, name.span, error.to_string())))?;
            self.world.kinds.push(kind);
        }
        let kinds: Vec<&ResourceKind> = self.world.kinds.iter().filter(|kind| kind.service == index).collect();
        kind::clean_up_order(&kinds)
            .map_err(|error| Box::new(Diagnostic::new(Code::ParentCycle, principal.span, error.to_string())))?;
        kind::check_conditions(&kinds)
            .map_err(|error| Box::new(Diagnostic::new(Code::UnknownKind, principal.span, error.to_string())))?;
        Ok(())
    }

    /// Notes which service principals trust policies name and no service has.
    fn unknown_services(&mut self) {
        let named = slr_core::rules::trusted_services(&self.world);
        let trusts = |service: &ServiceDefinition, name: &str| service.trust.iter().any(|known| known.as_str() == name);
        let account = self.scenario.account();
        let is_told = |name: &str| account.has_service(name);
        let exists = |name: &String| {
            Catalog::has(name) || is_told(name) || self.world.services.iter().any(|service| trusts(service, name))
        };
        self.world.unknown_services = named.into_iter().filter(|name| !exists(name)).collect();
    }

    /// Slots for the roles that services make by the rights of their own roles. They come last: nobody means them who does not name them.
    fn roles_that_services_make(&mut self) -> Lowering<()> {
        let wanted: BTreeSet<String> = (self.world.kinds.iter())
            .flat_map(|kind| kind.transitions.iter().filter_map(|transition| transition.creates_role_of.clone()))
            .collect();
        for principal in wanted {
            let Some(service) = self.world.service(&principal) else {
                let name = Spanned::new(principal, Span::default());
                return Err(unknown(Code::UnknownService, &name, "service"));
            };
            let name = self.world.services[service.index()].role_name.as_str().to_owned();
            self.world.linked_role(service, &name, None);
        }
        Ok(())
    }

    fn ordinary(&mut self, name: &Spanned<String>, role: &Spanned<syntax::Role>) {
        let path = role.path.as_ref().map_or("/", |path| path.as_str());
        let index = self.world.ordinary_role(name, path, &trust_of(&role.trust, role.trust_policy.as_ref()));
        self.particulars(index, role.description.as_ref(), role.max_session_duration.as_ref());
    }

    fn particulars(
        &mut self,
        role: RoleIdx,
        description: Option<&Spanned<String>>,
        max_session: Option<&Spanned<syntax::Duration>>,
    ) {
        if let Some(text) = description {
            let text = self.world.text(text);
            self.descriptions.push((role, text));
        }
        if let Some(duration) = max_session {
            self.max_session.push((role, duration.as_millis()));
        }
    }

    /// The role that a name means: one that there is, a service's own, or one that nobody has made.
    fn role(&mut self, name: &str) -> RoleIdx {
        if let Some(role) = self.world.role_named(name) {
            return role;
        }
        let services = (0..).zip(&self.world.services);
        let mut owners = services.filter_map(|(index, service)| {
            let rest = name.strip_prefix(service.role_name.as_str())?;
            match rest.strip_prefix('_') {
                _ if rest.is_empty() => Some((ServiceIdx(index), None)),
                Some(suffix) if service.suffix_allowed => Some((ServiceIdx(index), Some(suffix.to_owned()))),
                _ => None,
            }
        });
        match owners.next() {
            Some((service, suffix)) => self.world.linked_role(service, name, suffix.as_deref()),
            None => self.world.ordinary_role(name, "/", &[]),
        }
    }

    /// The role that is meant where none is named: the only one that a service owns and the scenario speaks of.
    fn only_role(&mut self, span: Span) -> Lowering<RoleIdx> {
        let linked: Vec<RoleIdx> = (0..)
            .zip(&self.world.roles)
            .filter(|(_, slot)| matches!(slot.sort, RoleSort::ServiceLinked { .. }))
            .map(|(index, _)| RoleIdx(index))
            .collect();
        match linked[..] {
            [only] => Ok(only),
            _ => Err(Box::new(Diagnostic::new(Code::Ambiguous, span, "it is not said which role is meant"))),
        }
    }

    fn role_or_only(&mut self, name: Option<&Spanned<String>>, span: Span) -> Lowering<RoleIdx> {
        match name {
            Some(name) => Ok(self.role(name)),
            None => self.only_role(span),
        }
    }

    fn given(&mut self, given: &Spanned<syntax::Given>) -> Lowering<()> {
        match &given.value {
            syntax::Given::Role(given) => self.given_role(given),
            syntax::Given::Resources(given) => self.given_resources(&given.resources),
            syntax::Given::Sessions(given) => self.given_sessions(&given.sessions),
        }
    }

    fn given_role(&mut self, given: &syntax::GivenRole) -> Lowering<()> {
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

    fn kind(&self, name: &Spanned<String>, service: Option<&Spanned<String>>) -> Lowering<KindIdx> {
        let service = service.and_then(|service| self.world.service(service));
        (0..)
            .zip(&self.world.kinds)
            .find(|(_, kind)| kind.name == name.value && service.is_none_or(|service| kind.service == service))
            .map(|(index, _)| KindIdx(index))
            .ok_or_else(|| unknown(Code::UnknownKind, name, "kind"))
    }

    /// The role that is named, or else the service's only one.
    fn role_of_service(&mut self, named: Option<&Spanned<String>>, service: ServiceIdx) -> RoleIdx {
        if let Some(name) = named {
            return self.role(name);
        }
        let name = self.world.services[service.index()].role_name.as_str().to_owned();
        self.world.linked_role(service, &name, None)
    }

    fn given_resources(&mut self, given: &Spanned<syntax::Resources>) -> Lowering<()> {
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
        let parameters = self.parameters(kind, &given.parameters)?;
        for (number, name) in given.names().enumerate() {
            let id = ResourceIdx(u32::try_from(self.world.resources.len()).unwrap_or(u32::MAX));
            if !parameters.is_empty() {
                self.given_parameters.insert(id, parameters.clone());
            }
            self.note_roles(kind, id, &given.parameters);
            let declared = &self.times[kind.index()].parameters;
            note_hours(self.hours.entry(id).or_default(), declared, &given.parameters);
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
    fn place(&mut self) {
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

    fn given_sessions(&mut self, given: &Spanned<syntax::Sessions>) -> Lowering<()> {
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
    fn session_principal(&self, role: RoleIdx, named: Option<&Spanned<String>>) -> Lowering<ServicePrincipal> {
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

    fn resource(&self, name: &Spanned<String>) -> Lowering<ResourceIdx> {
        (0..)
            .zip(&self.world.resources)
            .find(|(_, resource)| resource.name == name.value)
            .map(|(index, _)| ResourceIdx(index))
            .ok_or_else(|| unknown(Code::UnknownResource, name, "resource"))
    }

    fn principal(&mut self, name: Option<&Spanned<String>>) -> PrincipalIdx {
        self.world.principal(name.map_or(syntax::User::ADMIN, |name| name.as_str()))
    }

    /// Whether a fault of this sort can come about.
    fn has_fault(&self, is_meant: impl Fn(&syntax::Fault) -> bool) -> bool {
        self.scenario.faults.iter().any(|fault| is_meant(&fault.value))
    }

    fn may_be_throttled(&self, operation: Operation) -> bool {
        self.has_fault(|fault| match fault {
            syntax::Fault::Throttle(fault) => fault.throttle.value == operation.name(),
            syntax::Fault::CleanUpFails(_) | syntax::Fault::RegionUnavailable(_) | syntax::Fault::LateVisibility(_) => {
                false
            }
        })
    }

    fn operators(&mut self) -> Lowering<()> {
        for (name, operator) in self.scenario.operators.iter() {
            let polls = operator.polls.as_ref().map(|polls| &polls.value);
            let attempts = operator.retry.as_ref().and_then(|retry| retry.attempts.as_ref());
            let attempts = attempts.map(|attempts| {
                u8::try_from(attempts.value).map_err(|_| {
                    let message = format!("{} attempts are too many: the limit is 255", attempts.value);
                    Box::new(Diagnostic::new(Code::TooMany, attempts.span, message))
                })
            });
            let described = world::Operator {
                name: name.value.clone(),
                principal: self.world.principal(operator.caller()),
                goal: self.role(&operator.goal.delete),
                works: match operator.works() {
                    syntax::Works::InSteps => world::Works::InSteps,
                    syntax::Works::InAnyOrder => world::Works::InAnyOrder,
                },
                attempts: attempts.transpose()?,
                told: if polls == Some(&syntax::Polls::AtOnce) { Told::AtOnce } else { Told::ByPolls },
                loses_patience: matches!(polls, Some(syntax::Polls::Polling(polling)) if polling.deadline.is_some()),
                requests_throttled: self.may_be_throttled(Operation::DeleteServiceLinkedRole),
                polls_throttled: self.may_be_throttled(Operation::GetServiceLinkedRoleDeletionStatus),
                reads_docs: match operator.reads_docs() {
                    syntax::ReadsDocs::Never => world::ReadsDocs::Never,
                    syntax::ReadsDocs::WhenNothingWasNamed => world::ReadsDocs::WhenNothingWasNamed,
                    syntax::ReadsDocs::AtAnyTime => world::ReadsDocs::AtAnyTime,
                },
                cleans: operator.cleans() == syntax::Cleans::WhatWasNamed,
                missing_task: match operator.takes_missing_task_for() {
                    syntax::MissingTask::Unknown => world::MissingTask::LooksAtTheRole,
                    syntax::MissingTask::Success => world::MissingTask::MeansSuccess,
                    syntax::MissingTask::Failure => world::MissingTask::MeansFailure,
                },
                empty_report_means_unused: operator.takes_empty_report_for() == syntax::EmptyReport::Unused,
                ignores_failure: operator.ignores_failure(),
            };
            self.world.operators.push(described);
        }
        Ok(())
    }

    fn operator(&self, name: Option<&Spanned<String>>, span: Span) -> Lowering<OperatorIdx> {
        match (name, self.world.operators.len()) {
            (None, 1) => Ok(OperatorIdx(0)),
            (None, _) => {
                Err(Box::new(Diagnostic::new(Code::Ambiguous, span, "it is not said which operator is meant")))
            }
            (Some(name), _) => (0..)
                .zip(&self.world.operators)
                .find(|(_, operator)| operator.name == name.value)
                .map(|(index, _)| OperatorIdx(index))
                .ok_or_else(|| unknown(Code::UnknownOperator, name, "operator")),
        }
    }

    fn plan(&self, steps: Vec<PlannedStep>) -> Lowering<Plan> {
        let delays = self.scenario.delays.as_ref().map(|delays| &delays.value);
        let delay =
            |given: Option<&Spanned<syntax::Delay>>, default: Delay| given.map_or(default, |given| self::delay(given));
        let clean_up = delay(delays.and_then(|d| d.clean_up.as_ref()), Delay::Fixed(20_000));
        let moves = self.world.kinds.iter().map(|kind| {
            let own = |transition: &Transition| {
                let key = format!("{}.{}", kind.name, transition.name);
                let given = delays.and_then(|delays| delays.moves.get(&key));
                given.map_or(clean_up, |given| self::delay(given))
            };
            kind.transitions.iter().map(own).collect()
        });
        let limits = self.world.kinds.iter().map(|kind| {
            let own = |transition: &Transition| {
                let key = format!("{}.{}", kind.name, transition.name);
                let given = delays.filter(|_| transition.exceptional).and_then(|delays| delays.moves.get(&key));
                given.map(|given| self::delay(given))
            };
            kind.transitions.iter().map(own).collect()
        });
        let knobs = self.scenario.knobs.as_ref().map(|knobs| &knobs.value);
        let mut max_session = vec![DEFAULT_MAX_SESSION; self.world.roles.len()];
        for (role, millis) in &self.max_session {
            max_session[role.index()] = *millis;
        }
        let mut plan = Plan {
            until: SimTime::from_millis(self.scenario.until().as_millis()),
            task_start: delay(delays.and_then(|d| d.task_start.as_ref()), Delay::Fixed(2_000)),
            task_decision: delay(delays.and_then(|d| d.task_decision.as_ref()), Delay::Fixed(10_000)),
            session_end: delay(delays.and_then(|d| d.session_end.as_ref()), Delay::Fixed(300_000)),
            session_open: delay(delays.and_then(|d| d.session_open.as_ref()), Delay::Fixed(600_000)),
            read_docs: delay(delays.and_then(|d| d.read_docs.as_ref()), Delay::Fixed(600_000)),
            moves: moves.collect(),
            limits: limits.collect(),
            timing: self.timing(),
            visibility: Delay::Fixed(knobs.map_or(0, |knobs| knobs.task_visibility_delay().as_millis())),
            retention: Delay::Fixed(knobs.map_or(0, |knobs| match knobs.task_retention() {
                syntax::Retention::Forever => 0,
                syntax::Retention::For(duration) => duration.as_millis(),
            })),
            propagation: Delay::Fixed(knobs.map_or(0, |knobs| knobs.propagation_delay().as_millis())),
            max_session,
            throttlings: Vec::new(),
            clean_up_failures: Vec::new(),
            outages: Vec::new(),
            late_visibilities: Vec::new(),
            operators: self.scenario.operators.iter().map(|(_, operator)| operator_plan(operator)).collect(),
            steps,
        };
        for fault in &self.scenario.faults {
            self.fault(fault, &mut plan)?;
        }
        Ok(plan)
    }

    fn fault(&self, fault: &Spanned<syntax::Fault>, plan: &mut Plan) -> Lowering<()> {
        let from = |from: Option<&Spanned<syntax::Duration>>| {
            from.map_or(SimTime::ZERO, |from| SimTime::from_millis(from.as_millis()))
        };
        let until = |until: Option<&Spanned<syntax::Duration>>| {
            until.map_or(SimTime::END, |until| SimTime::from_millis(until.as_millis()))
        };
        match &fault.value {
            syntax::Fault::Throttle(fault) => plan.throttlings.push(Throttling {
                operation: Operation::from_name(&fault.throttle)
                    .ok_or_else(|| unknown(Code::UnknownOperation, &fault.throttle, "operation of IAM"))?,
                millionths: fault.share().millionths(),
                from: from(fault.from.as_ref()),
                until: until(fault.until.as_ref()),
            }),
            syntax::Fault::CleanUpFails(fault) => plan.clean_up_failures.push(CleanUpFailures {
                millionths: fault.share.millionths(),
                when: when(fault.circumstance()),
                kind: fault.kind.as_ref().map(|kind| self.kind(kind, None)).transpose()?,
            }),
            syntax::Fault::RegionUnavailable(fault) => {
                let name = &fault.region.value;
                let known = (0..).zip(&self.world.regions).find(|(_, region)| *region == name);
                let (region, _) = known.ok_or_else(|| unknown(Code::UnknownRegion, &fault.region, "Region"))?;
                plan.outages.push(Outage {
                    region: RegionIdx(region),
                    from: from(fault.from.as_ref()),
                    until: until(fault.until.as_ref()),
                });
            }
            syntax::Fault::LateVisibility(fault) => plan.late_visibilities.push(LateVisibility {
                millis: fault.delay.as_millis(),
                from: from(fault.from.as_ref()),
                until: until(fault.until.as_ref()),
            }),
        }
        Ok(())
    }

    fn expectations(&mut self) -> Lowering<Vec<Expectation>> {
        let scenario = self.scenario;
        scenario.expect.iter().map(|expectation| self.expectation(expectation)).collect()
    }

    fn expectation(&mut self, expectation: &Spanned<syntax::Expectation>) -> Lowering<Expectation> {
        use syntax::Expectation as E;
        let span = expectation.span;
        let mut predicate = |predicate: syntax::Predicate, arguments: syntax::PredicateArguments<'_>| {
            self.predicate(predicate, arguments, span)
        };
        let what = match &expectation.value {
            E::Eventually(e) => expect::What::Eventually {
                predicate: predicate(e.eventually.value, e.arguments())?,
                within: e.within.as_ref().map(|within| SimTime::from_millis(within.as_millis())),
            },
            E::Always(e) => expect::What::Always {
                predicate: predicate(e.always.value, e.arguments())?,
                circumstance: e.circumstance.as_ref().map(|c| predicate(c.value, e.arguments())).transpose()?,
            },
            E::Never(e) => expect::What::Never {
                predicate: predicate(e.never.value, e.arguments())?,
                circumstance: e.circumstance.as_ref().map(|c| predicate(c.value, e.arguments())).transpose()?,
            },
            E::Sometimes(e) => expect::What::Sometimes {
                predicate: predicate(e.sometimes.value, e.arguments())?,
                circumstance: e.circumstance.as_ref().map(|c| predicate(c.value, e.arguments())).transpose()?,
            },
            E::Finally(e) => expect::What::Finally { predicate: predicate(e.finally.value, e.arguments())? },
            E::Possible(e) => expect::What::Possible { predicate: predicate(e.possible.value, e.arguments())? },
            E::Tasks(e) => expect::What::Tasks {
                role: self.role_or_only(e.role.as_ref(), span)?,
                statuses: e.tasks.iter().map(|status| task_state(status.value)).collect(),
            },
            E::Task(e) => expect::What::Task {
                role: self.role_or_only(e.role.as_ref(), span)?,
                number: e.task.value,
                status: e.status.as_ref().map(|status| task_state(status.value)),
                reports: e.reports.as_ref().map(|count| (count.least, count.most)),
                names: e.names.as_ref().map(|names| names.iter().map(|name| name.value.clone()).collect()),
                regions: e.regions.as_ref().map(|regions| regions.iter().map(|region| region.value.clone()).collect()),
                reason: e.reason.as_ref().map(|text| text.value.clone()),
            },
            E::Refusals(e) => expect::What::Refusals {
                count: (e.refusals.least, e.refusals.most),
                codes: codes(e).filter_map(syntax::ErrorCode::ours).map(syntax::AwsError::code).collect(),
                names: codes(e).filter_map(|code| code.of_service()).map(str::to_owned).collect(),
                operation: e.operation.as_ref().map(|name| name.value.clone()),
                operator: e.operator.as_ref().map(|name| self.operator(Some(name), span)).transpose()?,
            },
            E::Attempts(e) => expect::What::Attempts {
                count: (e.attempts.least, e.attempts.most),
                operator: self.operator(e.operator.as_ref(), span)?,
            },
        };
        Ok(Expectation { what, span })
    }

    fn predicate(
        &mut self,
        predicate: syntax::Predicate,
        arguments: syntax::PredicateArguments<'_>,
        span: Span,
    ) -> Lowering<slr_core::invariant::Predicate> {
        use slr_core::invariant::Predicate as P;
        use syntax::Predicate as Q;
        let operator = |lowerer: &Self| lowerer.operator(arguments.operator, span);
        let mut role = || self.role_or_only(arguments.role, span);
        Ok(match predicate {
            Q::RoleLive => P::RoleLive(role()?),
            Q::RoleAbsent => P::RoleAbsent(role()?),
            Q::RoleGone => P::RoleGone(role()?),
            Q::SessionOpen => P::SessionOpen(role()?),
            Q::InUse => P::InUse(role()?),
            Q::TaskUnfinished => P::TaskUnfinished(role()?),
            Q::TaskFailed => P::TaskFailed(role()?),
            Q::TaskSucceeded => P::TaskSucceeded(role()?),
            Q::ResourcesGone => P::ResourcesGone(
                arguments.role.map(|name| self.role(name)),
                arguments.kind.map(|kind| self.kind(kind, None)).transpose()?,
            ),
            Q::ResourceIn | Q::SomeResourceIn => {
                let needs = |what: &str| Diagnostic::new(Code::MissingKey, span, format!("`{predicate}` needs {what}"));
                let state = arguments.state.ok_or_else(|| Box::new(needs("`state`")))?;
                let code = |kind: &ResourceKind| {
                    kind.code_of(state).ok_or_else(|| unknown(Code::UnknownState, state, "state"))
                };
                match (arguments.resource, arguments.kind) {
                    (Some(name), _) => {
                        let resource = self.resource(name)?;
                        let kind = self.world.resources[resource.index()].kind;
                        P::ResourceIn(resource, code(&self.world.kinds[kind.index()])?)
                    }
                    (None, Some(name)) => {
                        let kind = self.kind(name, None)?;
                        let code = code(&self.world.kinds[kind.index()])?;
                        if predicate == Q::SomeResourceIn {
                            P::SomeResourceIn(kind, code)
                        } else {
                            P::EachResourceIn(kind, code)
                        }
                    }
                    (None, None) => return Err(Box::new(needs("`resource` or `kind`"))),
                }
            }
            Q::OperatorDone => P::OperatorDone(operator(self)?),
            Q::OperatorGaveUp => P::OperatorGaveUp(operator(self)?),
        })
    }
}

/// The codes of the refusals that are counted.
fn codes(refusals: &syntax::Refusals) -> impl Iterator<Item = &syntax::ErrorCode> {
    refusals.code.iter().flat_map(|codes| &codes.value.0).map(|code| &code.value)
}

fn service_idx(index: usize) -> ServiceIdx {
    ServiceIdx(u32::try_from(index).unwrap_or(u32::MAX))
}

fn kind_spec(name: &Spanned<String>, kind: &Spanned<syntax::Kind>, machine: &syntax::Machine) -> KindSpec {
    let texts = |texts: &[Spanned<String>]| texts.iter().map(|text| text.value.clone()).collect::<Vec<_>>();
    let plain = KindSpec::plain(name);
    KindSpec {
        name: name.value.clone(),
        arn: kind.arn.as_ref().map_or(plain.arn, |arn| arn.value.clone()),
        states: texts(&machine.states),
        initial: machine.initial.value.clone(),
        ends: texts(&machine.ends),
        remains: texts(&kind.remains),
        blocks: texts(&machine.blocks),
        works: texts(&machine.working),
        // The language has added the state already.
        release_lag: false,
        moves: machine
            .moves
            .iter()
            .map(|step| MoveSpec {
                name: step.name.value.clone(),
                from: vec![step.from.as_ref().map_or(kind::ABSENT.to_owned(), |from| from.value.clone())],
                to: step.to.value.clone(),
                by: match step.by {
                    syntax::Mover::Caller => kind::Mover::Caller,
                    syntax::Mover::Service => kind::Mover::Service,
                    syntax::Mover::Parent => kind::Mover::Parent,
                },
                when: when(step.when),
                operation: step.operation.as_ref().map(|operation| operation.value.clone()),
                creates_role: step.creates_role,
                needs_role: step.needs_role,
                with: texts(&step.with),
                authorised_on: match step.authorised_on.as_ref().map(|text| text.as_str()) {
                    None | Some(syntax::ITSELF) => AuthorisedOn::Itself,
                    Some(syntax::ANYTHING) => AuthorisedOn::Anything,
                    Some(kind) => AuthorisedOn::Kind(kind.to_owned()),
                },
                passes: match step.passes_role {
                    None => Passes::Nothing,
                    Some(syntax::PassesRole::Linked) => Passes::LinkedRole,
                    Some(syntax::PassesRole::Custom) => Passes::CustomRole,
                },
                passed_to: step.passed_to.as_ref().map(|principal| principal.value.clone()),
                conditions: conditions(step),
                creates_role_of: step.creates_role_of.as_ref().map(|principal| principal.value.clone()),
                exceptional: step.exceptional,
                otherwise: match step.otherwise {
                    syntax::Otherwise::InUse => kind::Otherwise::InUse,
                    syntax::Otherwise::DependedOn => kind::Otherwise::DependedOn,
                    syntax::Otherwise::InvalidRequest => kind::Otherwise::InvalidRequest,
                },
            })
            .collect(),
        parents: texts(kind.parents()),
        made_from: texts(kind.made_from()),
        errors: own_errors(kind.errors.as_ref()),
    }
}

fn own_errors(errors: Option<&Spanned<syntax::OwnErrors>>) -> OwnErrors {
    let Some(errors) = errors else { return OwnErrors::new() };
    let own = |error: &syntax::OwnError| OwnError {
        name: error.code.as_ref().map(|code| code.value.clone()),
        message: error.message.as_ref().map(|message| message.value.clone()),
    };
    errors.given().map(|(situation, error)| (situation, own(error))).collect()
}

fn conditions(step: &syntax::MachineMove) -> Vec<Condition> {
    let texts = |texts: &[Spanned<String>]| texts.iter().map(|text| text.value.clone()).collect::<Vec<_>>();
    let required = step
        .requires
        .iter()
        .map(|(kind, states)| Condition::Relative { kind: kind.value.clone(), states: texts(states) });
    let excluded = step
        .unless
        .iter()
        .map(|(kind, states)| Condition::NoRelative { kind: kind.value.clone(), states: texts(states) });
    let passed = step.passed_role.map(|role| Condition::PassedRole { usable: role == syntax::PassedRole::Usable });
    let claims = step.passed_roles.iter().filter_map(role_claim);
    required.chain(excluded).chain(passed).chain(step.permitted.map(Condition::Permitted)).chain(claims).collect()
}

/// A condition about a passed role; one that says nothing has been reported.
fn role_claim(claim: &syntax::RoleClaim) -> Option<Condition> {
    let named = |text: &Option<Spanned<String>>| text.as_ref().map(|text| text.value.clone());
    let said = named(&claim.trusts)
        .map(RoleClaim::Trusts)
        .or_else(|| named(&claim.permits).map(RoleClaim::Permits))
        .or_else(|| named(&claim.may_pass_that_of).map(RoleClaim::MayPassThatOf))
        .or_else(|| claim.permits_needs.as_ref().map(|_| RoleClaim::PermitsNeeds))?;
    Some(Condition::PassedRoleOf { kind: claim.of.value.clone(), claim: said, holds: claim.holds() })
}

fn when(when: syntax::When) -> kind::When {
    match when {
        syntax::When::Always => kind::When::Always,
        syntax::When::InUse => kind::When::InUse,
        syntax::When::NotInUse => kind::When::NotInUse,
    }
}

fn reporting(policy: &syntax::Reporting) -> ReportingPolicy {
    match policy {
        syntax::Reporting::All => ReportingPolicy::All,
        syntax::Reporting::AnySubset => ReportingPolicy::AnySubset,
        syntax::Reporting::OneRegion => ReportingPolicy::OneRegion,
        syntax::Reporting::RegionsOnly => ReportingPolicy::RegionsOnly,
        syntax::Reporting::TextOnly => ReportingPolicy::TextOnly,
        syntax::Reporting::Silent => ReportingPolicy::Silent,
        syntax::Reporting::Stale => ReportingPolicy::Stale,
        syntax::Reporting::First(first) => ReportingPolicy::First(first.first.value),
        syntax::Reporting::Share(share) => ReportingPolicy::Share(share.share.millionths()),
    }
}

fn delay(delay: &syntax::Delay) -> Delay {
    match delay {
        syntax::Delay::Fixed(duration) => Delay::Fixed(duration.as_millis()),
        syntax::Delay::Range(least, most) => Delay::Range(least.as_millis(), most.as_millis()),
        syntax::Delay::Exponential(exponential) => Delay::Exponential(exponential.mean.as_millis()),
        syntax::Delay::LogNormal(log_normal) => Delay::LogNormal {
            median: log_normal.shape.median.as_millis(),
            sigma: log_normal.shape.sigma.thousandths(),
        },
    }
}

fn operator_plan(operator: &syntax::Operator) -> OperatorPlan {
    let retry = operator.retry.as_ref().map(|retry| &retry.value);
    let polls = operator.polls.as_ref().map(|polls| &polls.value);
    OperatorPlan {
        starts: operator.starts.as_ref().map_or(SimTime::ZERO, |at| SimTime::from_millis(at.as_millis())),
        polls: match polls {
            Some(syntax::Polls::AtOnce) => None,
            Some(syntax::Polls::Polling(polling)) => Some(Polling {
                every: polling.every().as_millis(),
                deadline: polling.deadline.as_ref().map(|deadline| deadline.as_millis()),
            }),
            None => Some(Polling { every: 5_000, deadline: None }),
        },
        backoff: Backoff {
            every: retry.map_or(30_000, |retry| retry.every().as_millis()),
            factor: retry.map_or(1000, |retry| retry.factor().thousandths()),
            cap: retry.map_or(u64::MAX, |retry| retry.cap().as_millis()),
            jitter: match retry.map_or(syntax::Jitter::None, syntax::Retry::jitter) {
                syntax::Jitter::None => Jitter::None,
                syntax::Jitter::Full => Jitter::Full,
                syntax::Jitter::Equal => Jitter::Equal,
            },
        },
    }
}

fn knobs(scenario: &Scenario) -> knob::Knobs {
    let mut knobs = knob::Knobs { denial_detail: scenario.denial_detail(), ..knob::Knobs::default() };
    if let Some(account) = &scenario.account {
        knobs.role_quota = account.role_quota();
        knobs.managed_policies_per_role = account.managed_policies_per_role();
        knobs.tags_per_role = account.tags_per_role();
        knobs.trust_policy_length = account.trust_policy_length();
        let quotas = account.resource_quotas.iter();
        knobs.resource_quotas = quotas.map(|(kind, quota)| (kind.value.clone(), quota.value)).collect();
    }
    knobs.late_visibility = scenario.faults.iter().any(|fault| matches!(fault.value, syntax::Fault::LateVisibility(_)));
    let Some(given) = &scenario.knobs else {
        return knobs;
    };
    knobs.judged = match given.judged() {
        syntax::Judged::Start => knob::Judged::Start,
        syntax::Judged::End => knob::Judged::End,
        syntax::Judged::Both => knob::Judged::Both,
    };
    knobs.locked_while_deleting = given.locked_while_deleting();
    knobs.late_visibility |= given.task_visibility_delay().as_millis() > 0;
    knobs.tasks_are_forgotten = given.task_retention() != syntax::Retention::Forever;
    knobs.late_propagation = given.propagation_delay().as_millis() > 0;
    knobs.deletion_denied = match given.deletion_denied() {
        syntax::CallOrTask::TaskFails => knob::DeletionDenied::TaskFails,
        syntax::CallOrTask::CallRefused => knob::DeletionDenied::CallRefused,
    };
    knobs.delete_of_ordinary_role = answer(given.delete_of_ordinary_role());
    knobs.malformed_task_id = answer(given.malformed_task_id());
    knobs.create_while_deleting = match given.create_while_deleting() {
        syntax::CreateWhileDeleting::ConcurrentModification => Some(Answer::ConcurrentModification),
        syntax::CreateWhileDeleting::InvalidInput => Some(Answer::InvalidInput),
        syntax::CreateWhileDeleting::UnmodifiableEntity => Some(Answer::UnmodifiableEntity),
        syntax::CreateWhileDeleting::Allowed => None,
    };
    knobs.name_too_long = answer(given.name_too_long());
    knobs.max_session_duration = match given.max_session_duration_of_slr() {
        syntax::MaxSessionDurationChange::UnmodifiableEntity => knob::MaxSessionDurationChange::Protected,
        syntax::MaxSessionDurationChange::OfItsOwn => knob::MaxSessionDurationChange::ProtectedByItsOwnText,
        syntax::MaxSessionDurationChange::Allowed => knob::MaxSessionDurationChange::Allowed,
    };
    knobs
}

fn answer(error: syntax::OpenError) -> Answer {
    match error {
        syntax::OpenError::ConcurrentModification => Answer::ConcurrentModification,
        syntax::OpenError::InvalidInput => Answer::InvalidInput,
        syntax::OpenError::NoSuchEntity => Answer::NoSuchEntity,
        syntax::OpenError::UnmodifiableEntity => Answer::UnmodifiableEntity,
        syntax::OpenError::ValidationError => Answer::ValidationError,
    }
}

fn task_state(status: syntax::TaskStatus) -> slr_core::machine::TaskState {
    use slr_core::machine::TaskState;
    match status {
        syntax::TaskStatus::NotStarted => TaskState::NotStarted,
        syntax::TaskStatus::InProgress => TaskState::InProgress,
        syntax::TaskStatus::Succeeded => TaskState::Succeeded,
        syntax::TaskStatus::Failed => TaskState::Failed,
    }
}
