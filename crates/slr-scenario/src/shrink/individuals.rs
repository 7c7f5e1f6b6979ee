//! Individuals that are taken out of a world, with everything that names them.

use std::collections::BTreeSet;

use super::trial::Trial;
use crate::rewrite;
use crate::syntax::{Expectation, Given, OneOrMore, Operator, Scenario, Step};
use crate::yaml::Spanned;

/// Something that can be taken out of a world.
#[derive(Debug, Clone, Copy)]
enum Part {
    /// One of the individuals of an entry under `given`, counted from 1.
    Member(usize, u32),
    Given(usize),
    User(usize),
    Group(usize),
    Policy(usize),
    Level(usize),
    Role(usize),
    Service(usize),
    Operator(usize),
}

/// What can be taken out, the largest last.
fn parts(scenario: &Scenario) -> Vec<Part> {
    let mut parts = Vec::new();
    for (place, given) in scenario.given.iter().enumerate() {
        parts.extend((1..=members(&given.value)).map(|number| Part::Member(place, number)));
    }
    parts.extend((0..scenario.given.len()).map(Part::Given));
    parts.extend((0..scenario.users.len()).map(Part::User));
    parts.extend((0..scenario.groups.len()).map(Part::Group));
    parts.extend((0..scenario.policies.len()).map(Part::Policy));
    parts.extend((0..scenario.organization.len()).map(Part::Level));
    parts.extend((0..scenario.roles.len()).map(Part::Role));
    parts.extend((0..scenario.services.len()).map(Part::Service));
    parts.extend((0..scenario.operators.len()).map(Part::Operator));
    parts
}

/// How many an entry stands for, if more than one.
fn members(given: &Given) -> u32 {
    let count = match given {
        Given::Role(_) => 0,
        Given::Resources(given) => given.resources.count(),
        Given::Sessions(given) => given.sessions.count(),
    };
    if count > 1 { count } else { 0 }
}

impl Trial {
    /// Takes everybody out of the world who plays no part.
    pub(super) fn fewer_individuals(&mut self, best: &mut Scenario) {
        let mut place = parts(best).len();
        while place > 0 {
            place -= 1;
            let Some(part) = parts(best).get(place).copied() else {
                continue;
            };
            for mut candidate in without(best, part) {
                self.refit(&mut candidate);
                if self.take(best, &candidate) {
                    break;
                }
            }
        }
    }
}

/// The scenario without the part, in the ways in which that can be done, the smallest first.
fn without(scenario: &Scenario, part: Part) -> Vec<Scenario> {
    let mut gone = Gone::default();
    let mut alone = scenario.clone();
    match part {
        Part::Member(place, number) => return without_member(scenario, place, number),
        Part::Given(place) => {
            gone.given.insert(place);
            alone.given.remove(place);
        }
        Part::User(place) => {
            gone.callers.insert(alone.users.0.remove(place).0.value);
        }
        Part::Role(place) => {
            gone.roles.insert(lower_case(&alone.roles.0.remove(place).0.value));
        }
        Part::Service(place) => {
            gone.services.insert(alone.services.0.remove(place).0.value);
        }
        Part::Operator(place) => {
            gone.operators.insert(alone.operators.0.remove(place).0.value);
        }
        Part::Group(place) => drop(alone.groups.0.remove(place)),
        Part::Policy(place) => drop(alone.policies.0.remove(place)),
        Part::Level(place) => drop(alone.organization.0.remove(place)),
    }
    gone.spread(scenario);
    let mut all = scenario.clone();
    gone.take_from(&mut all);
    // What names it may still mean something: a role that is not there from the beginning can be made later.
    if all == alone || all == *scenario { vec![alone] } else { vec![all, alone] }
}

/// The scenario with one individual less of an entry.
fn without_member(scenario: &Scenario, place: usize, number: u32) -> Vec<Scenario> {
    match &scenario.given[place].value {
        Given::Role(_) => Vec::new(),
        Given::Sessions(_) => {
            // They have no names. Steps about one that is not there any more become impossible, and are left out for that.
            let mut fewer = scenario.clone();
            lower_count(&mut fewer.given[place].value);
            vec![fewer]
        }
        Given::Resources(given) => {
            let names: Vec<String> = given.resources.names().collect();
            let mut gone = Gone::default();
            gone.resources.extend(names.get(number as usize - 1).cloned());
            gone.spread(scenario);
            let expected = names_expected(&scenario.expect);
            let mut fewer = scenario.clone();
            gone.take_from(&mut fewer);
            let place = place - gone.given.range(..place).count();
            if names.iter().any(|name| expected.contains(name)) {
                apart(&mut fewer.given, place, &names, number);
            } else {
                lower_count(&mut fewer.given[place].value);
                rename(&mut fewer, &names, number as usize);
            }
            vec![fewer]
        }
    }
}

fn lower_count(given: &mut Given) {
    match given {
        Given::Role(_) => {}
        Given::Resources(given) => given.resources.value.count = Some(rewrite::anywhere(given.resources.count() - 1)),
        Given::Sessions(given) => given.sessions.value.count = Some(rewrite::anywhere(given.sessions.count() - 1)),
    }
}

/// Makes of one entry an entry for each of its resources, with the names that they have, but for one. An expectation names one of them, and
/// keeps naming it.
fn apart(given: &mut Vec<Spanned<Given>>, place: usize, names: &[String], but: u32) {
    let whole = given.remove(place);
    let Given::Resources(entry) = &whole.value else {
        return;
    };
    let regions = &entry.resources.regions;
    let single = |(index, name): (usize, &String)| {
        let mut one = entry.clone();
        let resources = &mut one.resources.value;
        resources.count = None;
        resources.name = Some(rewrite::anywhere(name.clone()));
        resources.regions = regions.get(index % regions.len().max(1)).cloned().into_iter().collect();
        Spanned::new(Given::Resources(one), whole.span)
    };
    let kept = names.iter().enumerate().filter(|(index, _)| *index + 1 != but as usize).map(single);
    let kept: Vec<_> = kept.collect();
    given.splice(place..place, kept);
}

/// Closes the gap that one of the numbered names leaves.
fn rename(scenario: &mut Scenario, names: &[String], gone: usize) {
    let renamed = |name: &mut Spanned<String>| {
        if let Some(index) = names.iter().position(|known| *known == name.value).filter(|index| *index >= gone) {
            name.value.clone_from(&names[index - 1]);
        }
    };
    let several = |names: &mut Option<OneOrMore<Spanned<String>>>| {
        names.iter_mut().flat_map(|names| &mut names.0).for_each(renamed);
    };
    for given in &mut scenario.given {
        if let Given::Resources(given) = &mut given.value {
            several(&mut given.resources.value.parent);
        }
    }
    for step in &mut scenario.steps {
        match &mut step.value {
            Step::Do(perform) => {
                perform.resource.iter_mut().for_each(renamed);
                several(&mut perform.parent);
            }
            Step::Happens(happens) => {
                happens.resource.iter_mut().for_each(renamed);
                happens.reports.iter_mut().flatten().for_each(renamed);
            }
        }
    }
}

/// The resources that expectations name.
fn names_expected(expect: &[Spanned<Expectation>]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for expectation in expect {
        let resource = match &expectation.value {
            Expectation::Eventually(it) => it.arguments().resource,
            Expectation::Always(it) => it.arguments().resource,
            Expectation::Never(it) => it.arguments().resource,
            Expectation::Sometimes(it) => it.arguments().resource,
            Expectation::Finally(it) => it.arguments().resource,
            Expectation::Possible(it) => it.arguments().resource,
            Expectation::Task(task) => {
                names.extend(task.names.iter().flatten().map(|name| name.value.clone()));
                None
            }
            Expectation::Tasks(_) | Expectation::Refusals(_) | Expectation::Attempts(_) => None,
        };
        names.extend(resource.map(|name| name.value.clone()));
    }
    names
}

/// What is taken out of a world: by name, and entries under `given` by their places.
#[derive(Debug, Default, PartialEq, Eq, Clone)]
struct Gone {
    /// In lower case: names of roles that differ in case alone are one name.
    roles: BTreeSet<String>,
    resources: BTreeSet<String>,
    operators: BTreeSet<String>,
    callers: BTreeSet<String>,
    services: BTreeSet<String>,
    given: BTreeSet<usize>,
}

fn lower_case(name: &str) -> String {
    name.to_ascii_lowercase()
}

impl Gone {
    fn role(&self, name: Option<&Spanned<String>>) -> bool {
        name.is_some_and(|name| self.roles.contains(&lower_case(&name.value)))
    }

    fn resource(&self, name: Option<&Spanned<String>>) -> bool {
        name.is_some_and(|name| self.resources.contains(&name.value))
    }

    /// Adds whatever cannot be without what is gone already.
    fn spread(&mut self, scenario: &Scenario) {
        loop {
            let before = self.clone();
            for (name, service) in scenario.services.iter() {
                if self.services.contains(&name.value) {
                    self.roles.insert(lower_case(&service.value.role.value));
                }
            }
            for (place, given) in scenario.given.iter().enumerate() {
                self.spread_to(place, &given.value);
            }
            for (name, operator) in scenario.operators.iter() {
                if self.cannot_be(&operator.value) {
                    self.operators.insert(name.value.clone());
                }
            }
            if *self == before {
                break;
            }
        }
    }

    fn cannot_be(&self, operator: &Operator) -> bool {
        self.role(Some(&operator.goal.delete)) || self.callers.contains(operator.caller())
    }

    fn spread_to(&mut self, place: usize, given: &Given) {
        match given {
            Given::Role(given) => {
                let name = lower_case(&given.role.value);
                let suffix = given.suffix.as_ref().map(|suffix| lower_case(&suffix.value));
                let whole = suffix.map_or_else(|| name.clone(), |suffix| format!("{name}_{suffix}"));
                if self.roles.contains(&name) || self.roles.contains(&whole) || self.given.contains(&place) {
                    self.given.insert(place);
                    self.roles.insert(whole);
                }
            }
            Given::Resources(given) => {
                let resources = &given.resources;
                let is_gone = self.role(resources.role.as_ref())
                    || self.role(resources.passes.as_ref())
                    || resources.service.as_ref().is_some_and(|service| self.services.contains(&service.value))
                    || resources.parents().iter().any(|parent| self.resource(Some(parent)));
                if is_gone || self.given.contains(&place) {
                    self.given.insert(place);
                    self.resources.extend(resources.names());
                }
            }
            Given::Sessions(given) => {
                if self.role(Some(&given.sessions.role)) {
                    self.given.insert(place);
                }
            }
        }
    }

    fn take_from(&self, scenario: &mut Scenario) {
        self.take_from_steps(scenario);
        self.take_from_world(scenario);
    }

    fn take_from_world(&self, scenario: &mut Scenario) {
        let mut place = 0..;
        scenario.given.retain(|_| place.next().is_none_or(|place| !self.given.contains(&place)));
        scenario.operators.0.retain(|(name, _)| !self.operators.contains(&name.value));
        scenario.users.0.retain(|(name, _)| !self.callers.contains(&name.value));
        scenario.roles.0.retain(|(name, _)| !self.roles.contains(&lower_case(&name.value)));
        scenario.services.0.retain(|(name, _)| !self.services.contains(&name.value));
    }

    fn take_from_steps(&self, scenario: &mut Scenario) {
        scenario.steps.retain(|step| !self.is_named_by(&step.value));
        for step in &mut scenario.steps {
            if let Step::Happens(happens) = &mut step.value
                && let Some(reports) = &mut happens.reports
            {
                reports.retain(|name| !self.resource(Some(name)));
            }
        }
    }

    fn is_named_by(&self, step: &Step) -> bool {
        let service = |name: Option<&Spanned<String>>| name.is_some_and(|name| self.services.contains(&name.value));
        match step {
            Step::Do(perform) => {
                let caller = perform.caller.as_ref();
                self.role(perform.role.as_ref())
                    || self.role(perform.passes.as_ref())
                    || self.role(caller)
                    || caller.is_some_and(|caller| self.callers.contains(&caller.value))
                    || self.resource(perform.resource.as_ref())
                    || perform.parents().iter().any(|parent| self.resource(Some(parent)))
                    || service(perform.service.as_ref())
            }
            Step::Happens(happens) => {
                self.role(happens.role.as_ref())
                    || self.resource(happens.resource.as_ref())
                    || service(happens.service.as_ref())
                    || happens.operator.as_ref().is_some_and(|name| self.operators.contains(&name.value))
            }
        }
    }
}
