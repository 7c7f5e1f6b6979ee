//! From what a scenario says to what runs: a world, a plan, and expectations, all by id.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "who listens picks what concerns it; the core is where a new variant has to find its place"
)]

mod access;
mod expectation;
mod given;
mod grants;
mod kinds;
mod knobs;
mod operator;
mod plan;
mod step;
mod timing;

use std::collections::{BTreeMap, BTreeSet};

use access::trust_of;
use slr_core::id::{PrincipalIdx, ResourceIdx, RoleIdx, ServiceIdx, TextIdx};
use slr_core::kind::{self, ResourceKind};
use slr_core::name::{AccountId, RoleName, ServicePrincipal};
use slr_core::service::{self, ServiceDefinition};
use slr_core::world::RoleSort;
use slr_core::{World, policy};

use crate::catalog::Catalog;
use crate::diagnostic::{Code, Diagnostic};
use crate::expect::{self, Expectation};
use crate::limits::Earlier;
use crate::simulation::{Parameters, Plan};
use crate::syntax::{self, Named, Scenario, Service};
use crate::yaml::{Span, Spanned};
use kinds::{kind_spec, own_errors, reporting};
use knobs::knobs;
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
    /// Per kind, the parameters of its calls that say when something happens: schedules, hours and days.
    pub times: Vec<BTreeSet<String>>,
    /// By number, the steps that are refused because of what others have given, with that.
    pub(crate) rests_on: BTreeMap<usize, Earlier>,
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
    /// What resources have been given so far for parameters that limit one another.
    earlier: BTreeMap<ResourceIdx, Earlier>,
    /// By number, the steps that are refused because of what others have given, with that.
    rests_on: BTreeMap<usize, Earlier>,
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
            earlier: BTreeMap::new(),
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
}

fn service_idx(index: usize) -> ServiceIdx {
    ServiceIdx(u32::try_from(index).unwrap_or(u32::MAX))
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
