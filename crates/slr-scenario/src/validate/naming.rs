//! What a scenario says of one resource in several places, and of resources that belong together.

use std::collections::BTreeMap;

use super::Check;
use crate::diagnostic::{Code, Diagnostic};
use crate::syntax::{Account, Given, MachineMove, Perform, Resources, Step, Text};
use crate::yaml::{Span, Spanned};
use slr_core::kind::ABSENT;

/// More generations than kinds can have.
const MOST_GENERATIONS: usize = 64;

/// What is said of a resource.
#[derive(Debug, Clone, Copy)]
struct Said<'a> {
    /// Where it is named first.
    first: Span,
    /// Whether it is there at time zero: what is not said of it then is its default.
    is_there: bool,
    /// Its parents.
    parents: &'a [Text],
    /// Its Region.
    region: Option<&'a Text>,
    /// The role on which it depends.
    role: Option<&'a Text>,
    /// The actions that the service needs for it.
    needs: &'a [Text],
    /// Where it is made for certain, if it is made at all.
    made: Option<Span>,
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
    let account = scenario.account.as_ref();
    let first = account.and_then(|account| account.regions.first());
    let default = first.map_or(Account::DEFAULT_REGION, |region| region.as_str());
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
            sayings.called(check, name, step, default);
        }
    }
    for name in &sayings.order {
        sayings.same_region(check, name, default);
    }
}

/// Whether a step that is granted can only make its resource, and not change one that is there.
fn only_makes(check: &Check<'_>, name: &Text, step: &Perform) -> bool {
    let world = check.world;
    let kind = world.resources.get(&name.value).and_then(|kind| world.kinds.get(*kind));
    kind.is_some_and(|kind| {
        let words = kind.machine.words_of(&step.operation);
        let (with, passes) = (step.with(&words), world.passed_in(step));
        let mut moves = kind.machine.moves.iter().filter(|known| known.answers(&step.operation, &with, passes));
        moves.next().is_some_and(MachineMove::makes) && moves.all(MachineMove::makes)
    })
}

/// The words of a list, without regard to their order.
fn in_order(texts: &[Text]) -> Vec<&str> {
    let mut words: Vec<&str> = texts.iter().map(|text| text.as_str()).collect();
    words.sort_unstable();
    words
}

impl<'a> Sayings<'a> {
    fn given(&mut self, given: &'a Spanned<Resources>) {
        let place = given.name.as_ref().unwrap_or(&given.kind).span;
        let is_there = given.state.as_ref().is_none_or(|state| state.value != ABSENT);
        // Those with one Region are alike; with several each may be wrong in its own way.
        let different = given.regions.len().max(1);
        for (number, name) in given.names().enumerate() {
            let region = given.regions.get(number % different);
            if number < different {
                self.order.push(name.clone());
            }
            self.by_name.entry(name).or_insert(Said {
                first: place,
                is_there,
                parents: given.parents(),
                region,
                role: given.role.as_ref(),
                needs: &given.needs,
                made: is_there.then_some(place),
            });
        }
    }

    /// What a step says that makes a resource, or tries to.
    fn called(&mut self, check: &mut Check<'_>, name: &'a Text, step: &'a Perform, default: &'a str) {
        let made = (step.refused.is_none() && only_makes(check, name, step)).then_some(name.span);
        let (region, role) = (step.region.as_ref(), step.role.as_ref());
        let Some(known) = self.by_name.get(&name.value).copied() else {
            self.order.push(name.value.clone());
            let (parents, needs) = (step.parents(), step.needs.as_slice());
            let said = Said { first: name.span, is_there: false, parents, region, role, needs, made };
            self.by_name.insert(name.value.clone(), said);
            return;
        };
        self.same(check, name, known, step, default);
        if let (Some(again), Some(first)) = (made, known.made) {
            let name = &name.value;
            check.report(
                Diagnostic::new(Code::DuplicateResource, again, format!("`{name}` is made a second time"))
                    .also(first, "it is there, or made, by this")
                    .help(format!(
                        "a name stands for one resource, even when that is gone: call this one `{name}-2`, or say with which error the call is \
                         to be `refused`"
                    )),
            );
        }
        let said = Said {
            parents: if known.parents.is_empty() { step.parents() } else { known.parents },
            region: known.region.or(region),
            role: known.role.or(role),
            needs: if known.needs.is_empty() { &step.needs } else { known.needs },
            made: known.made.or(made),
            ..known
        };
        self.by_name.insert(name.value.clone(), said);
    }

    /// Whether a step says the same of a resource as what stands before it does.
    fn same(&self, check: &mut Check<'_>, name: &Text, known: Said<'_>, step: &Perform, default: &'a str) {
        let elsewhere = |texts: &[Text]| texts.first().map_or(known.first, |text| text.span);
        let other_list = |said: &[Text], now: &[Text]| {
            let is_open = said.is_empty() && !known.is_there;
            let differs = !now.is_empty() && !is_open && in_order(said) != in_order(now);
            differs.then(|| (elsewhere(now), elsewhere(said)))
        };
        let there = if known.is_there { self.region_of(name, default) } else { None };
        let there = known.region.map(|region| (region.as_str(), region.span)).or(there);
        let world = check.world;
        let kind = world.resources.get(&name.value).and_then(|kind| world.kinds.get(*kind));
        let usual = kind.and_then(|kind| world.services.get(kind.service)).filter(|_| known.is_there);
        let usual = usual.map(|service| (service.role.as_str(), known.first));
        let role = known.role.map(|role| (role.as_str(), role.span)).or(usual);
        let other_text = |said: Option<(&str, Span)>, now: Option<&Text>| {
            let (now, (text, place)) = now.zip(said)?;
            (now.value != text).then_some((now.span, place))
        };
        let contradictions = [
            ("parent", other_list(known.parents, step.parents())),
            ("region", other_text(there, step.region.as_ref())),
            ("role", other_text(role, step.role.as_ref())),
            ("needs", other_list(known.needs, &step.needs)),
        ];
        for (key, place) in contradictions {
            let Some((now, before)) = place else { continue };
            check.report(
                Diagnostic::new(
                    Code::Ambiguous,
                    now,
                    format!("`{}` has another `{key}` elsewhere: one is possible", name.value),
                )
                .also(before, "said of it here")
                .help("what is said of a resource holds for every call: a call that is to be refused can be for a resource of another name"),
            );
        }
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
