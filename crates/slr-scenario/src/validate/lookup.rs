//! The names of a scenario and what they lead to.

use std::collections::{BTreeMap, BTreeSet};

use super::Check;
use super::damage::Damage;
use crate::diagnostic::{Code, Diagnostic, did_you_mean, nearest};
use crate::syntax::grammar::clipped;
use crate::syntax::{
    Given, Goal, Happening, Kind, Machine, Mover, Named, Operation, Scenario, Service, Step,
    Suffix, Text, User,
};
use crate::yaml::{Span, Spanned};

/// A kind and where it belongs.
#[derive(Debug)]
pub(crate) struct KnownKind<'a> {
    pub(crate) service: &'a str,
    pub(crate) name: &'a Text,
    pub(crate) definition: &'a Kind,
    pub(crate) machine: Machine,
    /// Where it stands in the file; `None` if it is built in.
    pub(crate) extent: Option<Span>,
}

/// What a role's name leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KnownRole<'a> {
    /// One of the scenario's ordinary roles, or one that a step makes.
    Ordinary,
    /// The role of a service.
    Linked(&'a str),
}

/// What all names lead to.
pub(crate) struct World<'a> {
    /// By principal: the scenario's own first.
    pub(crate) services: BTreeMap<&'a str, &'a Service>,
    /// Every kind, in the order of the services' declaration.
    pub(crate) kinds: Vec<KnownKind<'a>>,
    /// Every role that exists at time zero or may come to exist, by whole name.
    pub(crate) roles: BTreeMap<String, KnownRole<'a>>,
    /// The roles of `roles` that something in the scenario speaks of as existing, by whole name.
    pub(crate) present: BTreeSet<String>,
    /// Every resource that exists at time zero or that a step makes, with the number of its kind.
    pub(crate) resources: BTreeMap<String, usize>,
    damage: &'a Damage,
}

impl<'a> World<'a> {
    pub(crate) fn new(
        scenario: &'a Scenario,
        built_in: &'a Named<Spanned<Service>>,
        damage: &'a Damage,
    ) -> Self {
        let mut world = Self {
            services: BTreeMap::new(),
            kinds: Vec::new(),
            roles: BTreeMap::new(),
            present: BTreeSet::new(),
            resources: BTreeMap::new(),
            damage,
        };
        for (principal, service) in scenario.services.iter().chain(built_in.iter()) {
            world.services.entry(principal).or_insert(&service.value);
        }
        for (principal, service) in scenario.services.iter() {
            world.add_kinds(principal, service, true);
        }
        for (principal, service) in built_in.iter() {
            if scenario.services.get(principal).is_none() {
                world.add_kinds(principal, service, false);
            }
        }
        world.add_roles(scenario);
        world.add_resources(scenario);
        world
    }

    fn add_kinds(&mut self, principal: &'a str, service: &'a Service, is_in_the_file: bool) {
        for (name, kind) in service.kinds.iter() {
            self.kinds.push(KnownKind {
                service: principal,
                name,
                definition: &kind.value,
                machine: kind.machine(name),
                extent: is_in_the_file.then(|| name.span.to(kind.span)),
            });
        }
    }

    fn add_roles(&mut self, scenario: &'a Scenario) {
        for (principal, service) in &self.services {
            self.roles
                .insert(service.role.value.clone(), KnownRole::Linked(principal));
        }
        for name in scenario.roles.names() {
            self.roles.insert(name.to_owned(), KnownRole::Ordinary);
        }
        for given in &scenario.given {
            if let Given::Role(role) = &given.value {
                self.add_present(
                    &role.role,
                    role.suffix.as_ref().map(|suffix| suffix.as_str()),
                );
            }
        }
        for step in &scenario.steps {
            match &step.value {
                Step::Do(step) => match Operation::named(&step.operation) {
                    Some(Operation::CreateServiceLinkedRole) => {
                        self.add_linked(step.service.as_ref(), step.suffix.as_ref());
                    }
                    Some(Operation::CreateRole) => {
                        if let Some(role) = &step.role {
                            self.roles
                                .entry(role.value.clone())
                                .or_insert(KnownRole::Ordinary);
                            self.present.insert(role.value.clone());
                        }
                    }
                    Some(_) | None => {}
                },
                Step::Happens(step) => {
                    if step.happens.value == Happening::RoleAppears {
                        self.add_linked(step.service.as_ref(), step.suffix.as_ref());
                    }
                }
            }
        }
        for (_, operator) in scenario.operators.iter() {
            if let Goal::Create(goal) = &operator.goal.value {
                self.add_linked(Some(&goal.create), goal.suffix.as_ref());
            }
        }
    }

    fn add_linked(&mut self, service: Option<&Text>, suffix: Option<&Text>) {
        if let Some(service) = service.and_then(|service| self.services.get(service.as_str())) {
            let base = service.role.value.clone();
            self.add_present(&base, suffix.map(|suffix| suffix.as_str()));
        }
    }

    fn add_present(&mut self, base: &str, suffix: Option<&str>) {
        let name = full_name(base, suffix);
        if let Some(role) = self.roles.get(base).copied() {
            self.roles.entry(name.clone()).or_insert(role);
        }
        self.present.insert(name);
    }

    fn add_resources(&mut self, scenario: &'a Scenario) {
        let mut total: u64 = 0;
        for given in &scenario.given {
            if let Given::Resources(given) = &given.value {
                total += u64::from(given.resources.count());
                if total > super::limit::RESOURCES {
                    // Reported where the numbers are checked; names beyond it are not made.
                    return;
                }
                if let Some(kind) = self.find_kind(
                    &given.resources.kind,
                    given
                        .resources
                        .service
                        .as_ref()
                        .map(|service| service.as_str()),
                ) {
                    for name in given.resources.names() {
                        self.resources.entry(name).or_insert(kind);
                    }
                }
            }
        }
        for step in &scenario.steps {
            if let Step::Do(step) = &step.value
                && let Some(resource) = &step.resource
                && let Some(kind) = self.kind_made_by(&step.operation)
            {
                self.resources.entry(resource.value.clone()).or_insert(kind);
            }
        }
    }

    /// The number of the kind of that name, if there is one and no second.
    pub(crate) fn find_kind(&self, name: &str, service: Option<&str>) -> Option<usize> {
        let mut found = self.kinds.iter().enumerate().filter(|(_, kind)| {
            kind.name.value == name && service.is_none_or(|service| kind.service == service)
        });
        let (first, _) = found.next()?;
        found.next().is_none().then_some(first)
    }

    /// The number of the kind of which an operation makes a resource.
    pub(crate) fn kind_made_by(&self, operation: &str) -> Option<usize> {
        self.kinds.iter().position(|kind| {
            let mut moves = kind.machine.moves.iter();
            moves.any(|step| {
                step.from.is_none()
                    && step
                        .operation
                        .as_ref()
                        .is_some_and(|name| name.value == operation)
            })
        })
    }

    /// Whether every kind could be read, and all of it.
    pub(crate) fn kinds_are_whole(&self) -> bool {
        let is_whole = |kind: &KnownKind<'_>| {
            !kind
                .extent
                .is_some_and(|extent| self.damage.touches(extent))
        };
        !self.damage.hides_kinds() && self.kinds.iter().all(is_whole)
    }

    /// Every operation of every kind.
    pub(crate) fn operations(&self) -> impl Iterator<Item = &str> {
        self.kinds.iter().flat_map(|kind| {
            let callers = kind
                .machine
                .moves
                .iter()
                .filter(|step| step.by == Mover::Caller);
            callers.filter_map(|step| step.operation.as_ref().map(|name| name.as_str()))
        })
    }

    /// The role that is meant where none is named, if there is only one that could be.
    pub(crate) fn only_role(&self) -> Option<&str> {
        let mut linked = self
            .present
            .iter()
            .filter(|name| matches!(self.roles.get(*name), Some(KnownRole::Linked(_))));
        let first = linked.next()?;
        linked.next().is_none().then_some(first)
    }
}

/// The whole name of a service-linked role.
pub(crate) fn full_name(base: &str, suffix: Option<&str>) -> String {
    match suffix {
        Some(suffix) => format!("{base}_{suffix}"),
        None => base.to_owned(),
    }
}

impl<'a> Check<'a> {
    fn unknown<'b>(
        &mut self,
        code: Code,
        what: &str,
        name: &Text,
        known: impl IntoIterator<Item = &'b str>,
        otherwise: &str,
    ) {
        let help = did_you_mean(name, known).unwrap_or_else(|| otherwise.to_owned());
        self.report(
            Diagnostic::new(
                code,
                name.span,
                format!("there is no {what} `{}`", clipped(name)),
            )
            .help(help),
        );
    }

    /// The service of that principal; one that there is not is reported.
    pub(crate) fn service(&mut self, name: &Text) -> Option<&'a Service> {
        let world = self.world;
        let found = world.services.get(name.as_str()).copied();
        if found.is_none() && !self.damage.hides_service(name) {
            self.unknown(
                Code::UnknownService,
                "service",
                name,
                world.services.keys().copied(),
                "declare it under `services`; a service principal is case-sensitive and cannot be guessed",
            );
        }
        found
    }

    /// What a role's whole name leads to; one that leads nowhere is reported.
    pub(crate) fn role(&mut self, name: &Text) -> Option<KnownRole<'a>> {
        let world = self.world;
        let found = world.roles.get(&name.value).copied();
        if found.is_some() || self.damage.hides_role(name) {
            return found;
        }
        let suffixed = world.services.values().find(|service| {
            let rest = name.strip_prefix(service.role.as_str());
            service.suffix() == Suffix::Accepted && rest.is_some_and(|rest| rest.starts_with('_'))
        });
        if let Some(service) = suffixed {
            if self.damage.spares(&["given", "steps", "operators"]) {
                self.report(
                    Diagnostic::new(
                        Code::UnknownRole,
                        name.span,
                        format!("there is no role `{}`", clipped(name)),
                    )
                    .help(format!(
                        "give it with `role: {}` and its suffix",
                        service.role
                    )),
                );
            }
        } else {
            self.unknown(
                Code::UnknownRole,
                "role",
                name,
                world.roles.keys().map(String::as_str),
                "declare it under `roles`, or its service under `services`",
            );
        }
        found
    }

    /// The user of that name; one that there is not is reported.
    pub(crate) fn user(&mut self, name: &Text) {
        let scenario = self.scenario;
        let is_known = name.value == User::ADMIN || scenario.users.get(name).is_some();
        if !is_known && !self.damage.hides_user(name) {
            let known = scenario.users.names().chain([User::ADMIN]);
            self.unknown(
                Code::UnknownUser,
                "user",
                name,
                known,
                "declare the user under `users`",
            );
        }
    }

    /// The kind of that name; one that there is not, or of which there are several, is reported.
    pub(crate) fn kind(&mut self, name: &Text, service: Option<&Text>) -> Option<usize> {
        let world = self.world;
        let principal = service.map(|service| service.as_str());
        if let Some(found) = world.find_kind(name, principal) {
            return Some(found);
        }
        if self.damage.hides_kind(name)
            && !world.kinds.iter().any(|kind| kind.name.value == name.value)
        {
            return None;
        }
        let of_service =
            |kind: &&KnownKind<'a>| principal.is_none_or(|service| kind.service == service);
        let alike: Vec<&str> = (world.kinds.iter().filter(of_service))
            .filter(|kind| kind.name.value == name.value)
            .map(|kind| kind.service)
            .collect();
        if alike.is_empty() {
            let known = world
                .kinds
                .iter()
                .filter(of_service)
                .map(|kind| kind.name.as_str());
            self.unknown(
                Code::UnknownKind,
                "kind",
                name,
                known,
                "declare it under `kinds` of its service",
            );
        } else {
            self.report(
                Diagnostic::new(
                    Code::Ambiguous,
                    name.span,
                    format!(
                        "several services have a kind `{name}`: {}",
                        alike.join(", ")
                    ),
                )
                .help("say which one with `service:`"),
            );
        }
        None
    }

    /// The kind of a resource; a resource that there is not is reported.
    pub(crate) fn resource(&mut self, name: &Text) -> Option<usize> {
        let world = self.world;
        let found = world.resources.get(&name.value).copied();
        if found.is_none()
            && world.kinds_are_whole()
            && self.damage.spares(&["given", "steps"])
            && self.counts_are_sane()
        {
            self.unknown(
                Code::UnknownResource,
                "resource",
                name,
                world.resources.keys().map(String::as_str).take(1000),
                "give it under `given`, or create it in an earlier step",
            );
        }
        found
    }

    /// Whether every given resource has been counted; beyond the limit none is known by name.
    fn counts_are_sane(&self) -> bool {
        super::given::resources(self.scenario) <= super::limit::RESOURCES
    }

    /// A state of a kind; one that there is not is reported.
    pub(crate) fn state(&mut self, state: &Text, kind: usize) {
        let world = self.world;
        let Some(kind) = world.kinds.get(kind) else {
            return;
        };
        let states = &kind.machine.states;
        if !states.contains(state)
            && !kind
                .extent
                .is_some_and(|extent| self.damage.touches(extent))
        {
            let help = did_you_mean(state, states.iter().map(|state| state.as_str()));
            self.report(
                Diagnostic::new(
                    Code::UnknownState,
                    state.span,
                    format!("the kind `{}` has no state `{}`", kind.name, clipped(state)),
                )
                .maybe_help(help),
            );
        }
    }

    /// The operator of that name; one that there is not is reported.
    pub(crate) fn operator(&mut self, name: &Text) {
        let scenario = self.scenario;
        if scenario.operators.get(name).is_none() && !self.damage.hides_operator(name) {
            self.unknown(
                Code::UnknownOperator,
                "operator",
                name,
                scenario.operators.names(),
                "declare it under `operators`",
            );
        }
    }

    /// An operation of IAM or of a kind; one that there is not is reported.
    pub(crate) fn operation(&mut self, name: &Text) -> bool {
        let world = self.world;
        let is_known =
            Operation::named(name).is_some() || world.operations().any(|known| known == name.value);
        // A slip in the name of one of IAM's operations is one, whatever kinds there may be.
        let iam = || Operation::ALL.iter().map(|operation| operation.name());
        if !is_known && (world.kinds_are_whole() || nearest(name, iam()).is_some()) {
            let known = iam().chain(world.operations());
            self.unknown(
                Code::UnknownOperation,
                "operation",
                name,
                known,
                "it is one of IAM's on roles, `AssumeRole`, or one of a kind's moves, such as `DeleteGadget`",
            );
        }
        is_known
    }
}
