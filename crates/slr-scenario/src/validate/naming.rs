//! What a scenario says of one resource in several places, and of resources that belong together.

use std::collections::BTreeMap;

use super::Check;
use crate::diagnostic::{Code, Diagnostic};
use crate::syntax::{Account, Given, Resources, Step, Text};
use crate::yaml::{Span, Spanned};

/// More generations than kinds can have.
const MOST_GENERATIONS: usize = 64;

/// What is said of a resource.
#[derive(Debug, Clone, Copy)]
struct Said<'a> {
    /// Where it is named first.
    first: Span,
    /// Its parents.
    parents: &'a [Text],
    /// Its Region.
    region: Option<&'a Text>,
}

/// What is said of each resource, by name, where it is given and where steps make it.
#[derive(Default)]
struct Sayings<'a> {
    by_name: BTreeMap<String, Said<'a>>,
    /// The names, in the order of the file; of those that are alike and given together the first.
    order: Vec<String>,
}

/// Whether what is said of each resource goes together.
pub(crate) fn check(check: &mut Check<'_>) {
    if !check.damage.spares(&["account", "services", "given", "steps"]) {
        return;
    }
    let scenario = check.scenario;
    let mut sayings = Sayings::default();
    for given in &scenario.given {
        if let Given::Resources(given) = &given.value {
            sayings.given(&given.resources);
        }
    }
    for step in &scenario.steps {
        if let Step::Do(step) = &step.value
            && let Some(name) = &step.resource
            && check.world.makers_of(&step.operation).next().is_some()
        {
            let said = Said { first: name.span, parents: step.parents(), region: step.region.as_ref() };
            sayings.add(name, said);
        }
    }
    let account = scenario.account.as_ref();
    let first = account.and_then(|account| account.regions.first());
    let default = first.map_or(Account::DEFAULT_REGION, |region| region.as_str());
    for name in &sayings.order {
        sayings.same_region(check, name, default);
    }
}

impl<'a> Sayings<'a> {
    fn given(&mut self, given: &'a Spanned<Resources>) {
        let place = given.name.as_ref().unwrap_or(&given.kind).span;
        // Those with one Region are alike; with several each may be wrong in its own way.
        let different = given.regions.len().max(1);
        for (number, name) in given.names().enumerate() {
            let region = given.regions.get(number % different);
            if number < different {
                self.order.push(name.clone());
            }
            self.by_name.entry(name).or_insert(Said { first: place, parents: given.parents(), region });
        }
    }

    fn add(&mut self, name: &Text, said: Said<'a>) {
        let known = self.by_name.entry(name.value.clone()).or_insert_with(|| {
            self.order.push(name.value.clone());
            said
        });
        if known.parents.is_empty() {
            known.parents = said.parents;
        }
        known.region = known.region.or(said.region);
    }

    /// The Region of a resource, and where it is told: where nobody says it, that of what it belongs to.
    fn region_of(&self, name: &str, default: &'a str) -> Option<(&'a str, Span)> {
        let mut said = self.by_name.get(name)?;
        for _ in 0..MOST_GENERATIONS {
            if let Some(region) = said.region {
                return Some((region.as_str(), region.span));
            }
            match said.parents.first().and_then(|parent| self.by_name.get(&parent.value)) {
                Some(parent) => said = parent,
                None => break,
            }
        }
        Some((default, said.first))
    }

    /// Whether a resource is where its parents are: services know the resources of a Region by names and ids of that Region.
    fn same_region(&self, check: &mut Check<'_>, name: &str, default: &'a str) {
        let (Some(said), Some((region, place))) = (self.by_name.get(name), self.region_of(name, default)) else {
            return;
        };
        let elsewhere = said.parents.iter().find_map(|parent| {
            let (other, told) = self.region_of(parent, default)?;
            (other != region).then_some((parent, other, told))
        });
        if let Some((parent, other, told)) = elsewhere {
            check.report(
                Diagnostic::new(
                    Code::OtherRegion,
                    said.region.map_or(parent.span, |_| place),
                    format!("`{name}` is in {region}, and `{parent}`, to which it belongs or from which it is made, in {other}"),
                )
                .also(told, format!("`{parent}` is in {other}"))
                .help("a service finds what belongs together in one Region: without a Region of its own a resource is where its parent is"),
            );
        }
    }
}
