//! The names of a scenario and what they lead to.

use std::collections::{BTreeMap, BTreeSet};

use super::damage::Damage;
use super::{Check, limit};
use crate::catalog::Catalog;
use crate::diagnostic::{Code, Diagnostic, ENOUGH_GUESSES, did_you_mean, nearest};
use crate::syntax::grammar::clipped;
use crate::syntax::{
    AwsError, ErrorCode, Given, Happening, Kind, Machine, Mover, Named, Operation, PassesRole, Perform, Role, Scenario,
    Service, Step, Suffix, Text, User,
};
use crate::yaml::{Span, Spanned};
use slr_core::kind::ABSENT;

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
    /// The numbers of the kinds of each name.
    kinds_by_name: BTreeMap<&'a str, Vec<usize>>,
    /// The numbers of the kinds of which each operation makes a resource.
    makers: BTreeMap<String, Vec<usize>>,
    /// Every operation of every kind.
    operations: BTreeSet<String>,
    /// Whether every kind could be read, and all of it.
    pub(crate) kinds_are_whole: bool,
    /// The scenario's users.
    users: BTreeSet<&'a str>,
    /// The scenario's operators.
    operators: BTreeSet<&'a str>,
    /// The scenario's ordinary roles.
    pub(crate) ordinary: BTreeMap<&'a str, &'a Role>,
    /// The role that is meant where none is named, if there is only one that could be.
    pub(crate) only_role: Option<String>,
    /// Every role that exists at time zero or may come to exist, by whole name.
    pub(crate) roles: BTreeMap<String, KnownRole<'a>>,
    /// The roles of `roles` that something in the scenario speaks of as existing, by whole name.
    pub(crate) present: BTreeSet<String>,
    /// Every resource that exists at time zero or that a step makes, with the number of its kind.
    pub(crate) resources: BTreeMap<String, usize>,
    /// Of those that a step makes, the number of the first such step.
    made_in: BTreeMap<String, usize>,
    /// Whether all of them are there: beyond a limit they are not.
    resources_are_whole: bool,
    /// The names that services give errors.
    error_names: BTreeSet<&'a str>,
    /// Every move that a service makes, as `kind.move`.
    pub(crate) service_moves: BTreeSet<String>,
}

impl<'a> World<'a> {
    pub(crate) fn new(scenario: &'a Scenario, built_in: &'a Named<Spanned<Service>>, damage: &'a Damage) -> Self {
        let mut world = Self {
            services: BTreeMap::new(),
            kinds: Vec::new(),
            kinds_by_name: BTreeMap::new(),
            makers: BTreeMap::new(),
            operations: BTreeSet::new(),
            kinds_are_whole: !damage.hides_kinds(),
            users: scenario.users.names().collect(),
            operators: scenario.operators.names().collect(),
            ordinary: (scenario.roles.iter()).map(|(name, role)| (name.as_str(), &role.value)).collect(),
            only_role: None,
            roles: BTreeMap::new(),
            present: BTreeSet::new(),
            resources: BTreeMap::new(),
            made_in: BTreeMap::new(),
            resources_are_whole: true,
            error_names: BTreeSet::new(),
            service_moves: BTreeSet::new(),
        };
        for (principal, service) in scenario.services.iter().chain(built_in.iter()) {
            world.services.entry(principal).or_insert(&service.value);
        }
        for (principal, service) in scenario.services.iter() {
            world.add_kinds(principal, service, Some(damage));
        }
        let own: BTreeSet<&str> = scenario.services.names().collect();
        for (principal, service) in built_in.iter() {
            if !own.contains(principal.as_str()) {
                world.add_kinds(principal, service, None);
            }
        }
        world.add_errors(scenario);
        world.add_roles(scenario);
        world.add_resources(scenario);
        let is_linked = |name: &&String| matches!(world.roles.get(*name), Some(KnownRole::Linked(_)));
        let mut linked = world.present.iter().filter(is_linked);
        let only = linked.next().cloned();
        world.only_role = only.filter(|_| linked.next().is_none());
        world
    }

    /// The kinds of a service; `damage` is that of the file, if the service stands in it.
    fn add_kinds(&mut self, principal: &'a str, service: &'a Service, damage: Option<&Damage>) {
        if service.kinds.len() > limit::KINDS {
            self.kinds_are_whole = false;
            return;
        }
        for (name, kind) in service.kinds.iter() {
            let extent = name.span.to(kind.span);
            self.kinds_are_whole &= !damage.is_some_and(|damage| damage.touches(extent));
            if kind.states.len() > limit::STATES || kind.moves.len() > limit::MOVES {
                self.kinds_are_whole = false;
                continue;
            }
            let number = self.kinds.len();
            let machine = kind.machine(name);
            for step in &machine.moves {
                if step.by == Mover::Service {
                    self.service_moves.insert(format!("{name}.{}", step.name));
                }
                if let Some(operation) = &step.operation {
                    self.operations.insert(operation.value.clone());
                    if step.makes() {
                        let makers = self.makers.entry(operation.value.clone()).or_default();
                        if makers.last() != Some(&number) {
                            makers.push(number);
                        }
                    }
                }
            }
            self.kinds_by_name.entry(name).or_default().push(number);
            self.kinds.push(KnownKind {
                service: principal,
                name,
                definition: &kind.value,
                machine,
                extent: damage.map(|_| extent),
            });
        }
    }

    fn add_errors(&mut self, scenario: &'a Scenario) {
        let of_all = scenario.knobs.as_ref().and_then(|knobs| knobs.errors.as_ref());
        let of_services = self.services.values().filter_map(|service| service.errors.as_ref());
        let of_kinds = self.kinds.iter().filter_map(|kind| kind.definition.errors.as_ref());
        let errors = of_all.into_iter().chain(of_services).chain(of_kinds).flat_map(|errors| errors.value.given());
        self.error_names = errors.filter_map(|(_, error)| Some(error.code.as_ref()?.as_str())).collect();
    }

    fn add_roles(&mut self, scenario: &'a Scenario) {
        for (principal, service) in &self.services {
            self.roles.insert(service.role.value.clone(), KnownRole::Linked(principal));
        }
        for name in scenario.roles.names() {
            self.roles.insert(name.to_owned(), KnownRole::Ordinary);
        }
        for given in &scenario.given {
            if let Given::Role(role) = &given.value {
                self.add_present(&role.role, role.suffix.as_ref().map(|suffix| suffix.as_str()));
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
                            self.roles.entry(role.value.clone()).or_insert(KnownRole::Ordinary);
                            self.present.insert(role.value.clone());
                        }
                    }
                    Some(_) => {}
                    // A resource may be made with a role of its own, told from others by a suffix.
                    None => {
                        if let Some(role) = &step.role {
                            self.add_suffixed(role);
                        }
                    }
                },
                Step::Happens(step) => {
                    if step.happens.value == Happening::RoleAppears {
                        self.add_linked(step.service.as_ref(), step.suffix.as_ref());
                    }
                }
            }
        }
    }

    fn add_linked(&mut self, service: Option<&Text>, suffix: Option<&Text>) {
        if let Some(service) = service.and_then(|service| self.services.get(service.as_str())) {
            let base = service.role.value.clone();
            self.add_present(&base, suffix.map(|suffix| suffix.as_str()));
        }
    }

    fn add_suffixed(&mut self, name: &str) {
        let owner = self.services.iter().find(|(_, service)| {
            let rest = name.strip_prefix(service.role.as_str());
            service.suffix() == Suffix::Accepted && rest.is_some_and(|rest| rest.starts_with('_'))
        });
        if let Some((principal, _)) = owner {
            self.roles.entry(name.to_owned()).or_insert(KnownRole::Linked(principal));
            self.present.insert(name.to_owned());
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
                if total > limit::RESOURCES {
                    // Reported where the numbers are checked; names beyond it are not made.
                    self.resources_are_whole = false;
                    return;
                }
                if let Some(kind) = self
                    .find_kind(&given.resources.kind, given.resources.service.as_ref().map(|service| service.as_str()))
                {
                    for name in given.resources.names() {
                        self.resources.entry(name).or_insert(kind);
                    }
                }
            }
        }
        for (number, step) in scenario.steps.iter().enumerate() {
            if let Step::Do(step) = &step.value
                && let Some(resource) = &step.resource
                && let Some(kind) = self.kind_made_in(step)
                && !self.resources.contains_key(&resource.value)
            {
                self.resources.insert(resource.value.clone(), kind);
                self.made_in.insert(resource.value.clone(), number);
            }
        }
    }

    /// The kinds of that name, of one service or of all.
    fn kinds_named(&self, name: &str, service: Option<&str>) -> impl Iterator<Item = (usize, &KnownKind<'a>)> {
        let numbers = self.kinds_by_name.get(name).map_or(&[][..], Vec::as_slice);
        let kinds = numbers.iter().filter_map(|number| Some((*number, self.kinds.get(*number)?)));
        kinds.filter(move |(_, kind)| service.is_none_or(|service| kind.service == service))
    }

    /// The number of the kind of that name, if there is one and no second.
    pub(crate) fn find_kind(&self, name: &str, service: Option<&str>) -> Option<usize> {
        let mut found = self.kinds_named(name, service);
        let (first, _) = found.next()?;
        found.next().is_none().then_some(first)
    }

    /// The numbers of the kinds of which an operation makes resources.
    pub(crate) fn makers_of(&self, operation: &str) -> impl Iterator<Item = usize> {
        self.makers.get(operation).into_iter().flatten().copied()
    }

    /// The number of the kind of which an operation makes a resource, if it is called like this.
    pub(crate) fn kind_made_by(
        &self,
        operation: &str,
        with: impl Fn(&Machine) -> Vec<String>,
        passes: Option<PassesRole>,
        service: Option<&str>,
    ) -> Option<usize> {
        self.makers_of(operation).find(|number| {
            self.kinds.get(*number).is_some_and(|kind| {
                let with = with(&kind.machine);
                let with: Vec<&str> = with.iter().map(String::as_str).collect();
                let mut moves = kind.machine.moves.iter();
                service.is_none_or(|service| kind.service == service)
                    && moves.any(|step| step.makes() && step.answers(operation, &with, passes))
            })
        })
    }

    /// The number of the kind of which a step makes a resource; without regard to what the step
    /// gives besides if there is no kind that it fits.
    pub(crate) fn kind_made_in(&self, step: &Perform) -> Option<usize> {
        let service = step.service.as_ref().map(|service| service.as_str());
        let with =
            |machine: &Machine| step.with(&machine.words_of(&step.operation)).into_iter().map(str::to_owned).collect();
        let exactly = self.kind_made_by(&step.operation, with, self.passed_in(step), service);
        exactly.or_else(|| self.makers_of(&step.operation).next())
    }

    /// Which role a step passes.
    pub(crate) fn passed_in(&self, step: &Perform) -> Option<PassesRole> {
        let name = step.passes.as_ref()?;
        Some(match self.roles.get(name.as_str()) {
            Some(KnownRole::Linked(_)) => PassesRole::Linked,
            Some(KnownRole::Ordinary) | None => PassesRole::Custom,
        })
    }
}

/// The first part of a principal.
fn own(principal: &str) -> &str {
    principal.split_once('.').map_or(principal, |(first, _)| first)
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
        let help = self.guess(name, known).unwrap_or_else(|| otherwise.to_owned());
        self.report(Diagnostic::new(code, name.span, format!("there is no {what} `{}`", clipped(name))).help(help));
    }

    /// What was meant by an unknown name. After very many mistakes a guess helps nobody, and it
    /// takes time.
    pub(crate) fn guess<'b>(&self, name: &str, known: impl IntoIterator<Item = &'b str>) -> Option<String> {
        const ENOUGH_NAMES: usize = 2000;
        (self.diagnostics.len() < ENOUGH_GUESSES)
            .then(|| did_you_mean(name, known.into_iter().take(ENOUGH_NAMES)))
            .flatten()
    }

    /// The one of a few that was meant, on the same terms.
    pub(crate) fn guess_near<'b>(&self, name: &str, known: &[&'b str]) -> Option<&'b str> {
        (self.diagnostics.len() < ENOUGH_GUESSES).then(|| nearest(name, known.iter().copied())).flatten()
    }

    /// The service of that principal; one that there is not is reported.
    pub(crate) fn service(&mut self, name: &Text) -> Option<&'a Service> {
        let world = self.world;
        let found = world.services.get(name.as_str()).copied();
        if found.is_none() && !self.damage.hides_service(name) {
            let declared: Vec<&str> =
                world.services.keys().copied().filter(|known| Catalog::get(known).is_none()).collect();
            // What all principals end with would make each resemble every other.
            let first: Vec<&str> = declared.iter().copied().map(own).collect();
            let meant =
                self.guess_near(own(name), &first).and_then(|near| declared.iter().find(|known| own(known) == near));
            let meant = meant.copied().or_else(|| Catalog::did_you_mean(name));
            let help = meant.map_or_else(
                || {
                    "declare it under `services`, or name a built-in service, which `slr catalog` lists; a service principal is case-sensitive \
                     and cannot be guessed"
                        .to_owned()
                },
                |meant| format!("did you mean `{meant}`?"),
            );
            let message = format!("there is no service `{}`", clipped(name));
            self.report(Diagnostic::new(Code::UnknownService, name.span, message).help(help));
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
        let may_search = self.diagnostics.len() < ENOUGH_GUESSES;
        let suffixed = world.services.values().filter(|_| may_search).find(|service| {
            let rest = name.strip_prefix(service.role.as_str());
            service.suffix() == Suffix::Accepted && rest.is_some_and(|rest| rest.starts_with('_'))
        });
        if let Some(service) = suffixed {
            if self.damage.spares(&["given", "steps", "operators"]) {
                self.report(
                    Diagnostic::new(Code::UnknownRole, name.span, format!("there is no role `{}`", clipped(name)))
                        .help(format!("give it with `role: {}` and its suffix", service.role)),
                );
            }
        } else {
            self.unknown(
                Code::UnknownRole,
                "role",
                name,
                (world.roles.keys().map(String::as_str)).chain(Catalog::did_you_mean_role(name)),
                "declare it under `roles`, or its service under `services`",
            );
        }
        found
    }

    /// The user, or the ordinary role, of that name; one that there is not is reported.
    pub(crate) fn user(&mut self, name: &Text) {
        let scenario = self.scenario;
        let is_known = name.value == User::ADMIN
            || self.world.users.contains(name.as_str())
            || self.world.ordinary.contains_key(name.as_str());
        if !is_known && !self.damage.hides_user(name) && self.damage.spares(&["roles"]) {
            let known = scenario.users.names().chain([User::ADMIN]).chain(scenario.roles.names());
            self.unknown(Code::UnknownUser, "user", name, known, "declare the user under `users`");
        }
    }

    /// Reports a user that there is not. Those of the account are meant, not the roles in whose sessions calls are made.
    pub(crate) fn own_user(&mut self, name: &Text) {
        let scenario = self.scenario;
        let mut known = scenario.users.names().chain([User::ADMIN]);
        if !known.any(|known| known.eq_ignore_ascii_case(name)) && !self.damage.hides_user(name) {
            let known = scenario.users.names().chain([User::ADMIN]);
            self.unknown(Code::UnknownUser, "user", name, known, "declare the user under `users`");
        }
    }

    /// The kind of that name; one that there is not, or of which there are several, is reported.
    pub(crate) fn kind(&mut self, name: &Text, service: Option<&Text>) -> Option<usize> {
        let world = self.world;
        let principal = service.map(|service| service.as_str());
        if let Some(found) = world.find_kind(name, principal) {
            return Some(found);
        }
        if self.damage.hides_kind(name) && world.kinds_named(name, None).next().is_none() {
            return None;
        }
        let alike: Vec<&str> = world.kinds_named(name, principal).map(|(_, kind)| kind.service).collect();
        if alike.is_empty() {
            let of_service = |kind: &&KnownKind<'a>| principal.is_none_or(|service| kind.service == service);
            let known = (world.kinds.iter().filter(of_service)).map(|kind| kind.name.as_str());
            self.unknown(Code::UnknownKind, "kind", name, known, "declare it under `kinds` of its service");
        } else {
            self.report(
                Diagnostic::new(
                    Code::Ambiguous,
                    name.span,
                    format!("several services have a kind `{name}`: {}", alike[..alike.len().min(8)].join(", ")),
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
            && world.kinds_are_whole
            && self.damage.spares(&["given", "steps"])
            && world.resources_are_whole
        {
            // What a later step makes is not there yet.
            let step = self.at_step.unwrap_or(usize::MAX);
            let is_there = |name: &&str| world.made_in.get(*name).is_none_or(|made| *made < step);
            let (there, later): (Vec<&str>, Vec<&str>) =
                world.resources.keys().map(String::as_str).take(1000).partition(is_there);
            let made_later = self.guess_near(name, &later).filter(|_| self.guess_near(name, &there).is_none());
            let otherwise = made_later.map_or_else(
                || "give it under `given`, or create it in an earlier step".to_owned(),
                |later| format!("only a later step makes `{later}`"),
            );
            let there = if made_later.is_some() { Vec::new() } else { there };
            self.unknown(Code::UnknownResource, "resource", name, there, &otherwise);
        }
        found
    }

    /// A state of a kind; one that there is not is reported.
    pub(crate) fn state(&mut self, state: &Text, kind: usize) {
        let world = self.world;
        let Some(kind) = world.kinds.get(kind) else {
            return;
        };
        let states = &kind.machine.states;
        let is_damaged = kind.extent.is_some_and(|extent| self.damage.touches(extent));
        if !states.contains(state) && state.value != ABSENT && !is_damaged {
            let help = self.guess(state, states.iter().map(|state| state.as_str()));
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
        if !self.world.operators.contains(name.as_str()) && !self.damage.hides_operator(name) {
            self.unknown(
                Code::UnknownOperator,
                "operator",
                name,
                scenario.operators.names(),
                "declare it under `operators`",
            );
        }
    }

    /// Whether calls of the operation can be throttled: those of IAM can.
    pub(crate) fn throttled(&mut self, name: &Text) {
        if Operation::named(name).is_none() {
            let iam = Operation::ALL.iter().map(|operation| operation.name());
            let otherwise = "calls of IAM's operations on roles are throttled, such as `GetRole`, and no others";
            self.unknown(Code::UnknownOperation, "operation of IAM", name, iam, otherwise);
        }
    }

    /// An error code: one that is neither ours nor a service's is reported.
    pub(crate) fn error_code(&mut self, code: &Spanned<ErrorCode>) {
        let Some(name) = code.value.of_service() else { return };
        let world = self.world;
        let ours: Vec<&str> = AwsError::ALL.iter().map(|error| error.word()).collect();
        // A slip in one of ours is one, whatever services may say that could not be read.
        let may_be_hidden =
            !self.damage.spares(&["services", "knobs"]) && nearest(name, ours.iter().copied()).is_none();
        if world.error_names.contains(name) || may_be_hidden {
            return;
        }
        let all: Vec<&str> = ours.iter().copied().chain(world.error_names.iter().copied()).collect();
        let meant = self.guess_near(name, &all).map(|meant| format!("did you mean `{meant}`?"));
        let help = meant.or_else(|| self.guess(name, ours));
        let message = format!("`{}` is not an error code of AWS", clipped(name));
        self.report(Diagnostic::new(Code::UnknownWord, code.span, message).maybe_help(help));
    }

    /// An operation of IAM or of a kind; one that there is not is reported.
    pub(crate) fn operation(&mut self, name: &Text) -> bool {
        let world = self.world;
        let is_known = Operation::named(name).is_some() || world.operations.contains(&name.value);
        // A slip in the name of one of IAM's operations is one, whatever kinds there may be.
        let iam = || Operation::ALL.iter().map(|operation| operation.name());
        if !is_known && (world.kinds_are_whole || nearest(name, iam()).is_some()) {
            let known = iam().chain(world.operations.iter().map(String::as_str));
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
