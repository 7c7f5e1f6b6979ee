//! Which built-in services a scenario names: by principal, by role, by kind, by operation.

use std::collections::{BTreeMap, BTreeSet};

use super::{Catalog, Entry};
use crate::diagnostic::Diagnostic;
use crate::syntax::{Named, Operation, Scenario, Service};
use crate::yaml::{Content, Node, Spanned};

/// The sections of a scenario that name services and what is theirs.
const SECTIONS: [&str; 6] = ["given", "delays", "faults", "steps", "operators", "expect"];

/// What a scenario names.
#[derive(Default)]
struct Names<'a> {
    services: BTreeSet<&'a str>,
    roles: BTreeSet<&'a str>,
    kinds: BTreeSet<&'a str>,
    operations: BTreeSet<&'a str>,
}

impl<'a> Names<'a> {
    fn of(root: &'a Node) -> Self {
        let mut names = Self::default();
        if let Content::Mapping(entries) = &root.content {
            for entry in entries.iter().filter(|entry| SECTIONS.contains(&entry.key.as_str())) {
                names.note(&entry.key, &entry.value);
            }
        }
        names
    }

    fn note(&mut self, key: &'a str, node: &'a Node) {
        match &node.content {
            Content::Scalar(scalar) => {
                let set = match key {
                    "service" | "create" => &mut self.services,
                    "role" | "delete" | "passes" => &mut self.roles,
                    "kind" => &mut self.kinds,
                    "do" => &mut self.operations,
                    _ => return,
                };
                set.insert(&scalar.text);
            }
            Content::Sequence(items) => items.iter().for_each(|item| self.note(key, item)),
            Content::Mapping(entries) => {
                for entry in entries {
                    if key == "moves" {
                        self.kinds.extend(entry.key.split_once('.').map(|(kind, _)| kind));
                    }
                    self.note(&entry.key, &entry.value);
                }
            }
        }
    }
}

/// Collects services and all that these name in turn.
struct Collection<'a> {
    scenario: &'a Scenario,
    /// The names of the readings that the scenario chooses.
    readings: Vec<&'a str>,
    found: BTreeMap<&'static str, Spanned<Service>>,
}

impl Collection<'_> {
    fn add(&mut self, entry: Entry) -> Result<(), Vec<Diagnostic>> {
        let mut waiting = vec![entry];
        while let Some(entry) = waiting.pop() {
            let is_declared = self.scenario.services.get(entry.principal()).is_some();
            if is_declared || self.found.contains_key(entry.principal()) {
                continue;
            }
            let service = entry.service(self.scenario.reality(), &self.readings)?;
            let moves = service.kinds.iter().flat_map(|(_, kind)| kind.moves.iter());
            let others = moves.filter_map(|(_, step)| step.creates_role_of.as_ref());
            waiting.extend(others.filter_map(|principal| Catalog::get(principal)));
            self.found.insert(entry.principal(), service);
        }
        Ok(())
    }

    /// The scenario's own services and those found so far.
    fn known(&self) -> impl Iterator<Item = &Service> {
        let own = self.scenario.services.iter().map(|(_, service)| &service.value);
        own.chain(self.found.values().map(|service| &service.value))
    }

    /// Adds every service of the catalogue that fits, unless one that is known already does.
    fn search(&mut self, word: &str, fits: impl Fn(&Service) -> bool) -> Result<(), Vec<Diagnostic>> {
        if self.known().any(&fits) {
            return Ok(());
        }
        // Looking for a word is cheap; what has it is read and looked at closely.
        for entry in Catalog::entries().iter().filter(|entry| mentions(entry, word)) {
            let service = entry.service(self.scenario.reality(), &self.readings)?;
            if fits(&service) {
                self.add(*entry)?;
            }
        }
        Ok(())
    }
}

/// Whether the word can stand for something in the file: the operations of a plain kind are not written out.
fn mentions(entry: &Entry, word: &str) -> bool {
    let kind = word.strip_prefix("Create").or_else(|| word.strip_prefix("Delete"));
    entry.text().contains(word) || kind.is_some_and(|kind| entry.text().contains(&hyphenated(kind)))
}

/// `ComputeEnvironment` as `compute-environment`.
fn hyphenated(name: &str) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !text.is_empty() {
            text.push('-');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

fn has_operation(service: &Service, operation: &str) -> bool {
    let named = |name: &Option<Spanned<String>>| name.as_ref().is_some_and(|name| name.value == operation);
    service.kinds.iter().any(|(name, kind)| kind.machine(name).moves.iter().any(|step| named(&step.operation)))
}

/// The services that a scenario names and does not declare itself.
///
/// A service that it declares hides the built-in one of the same principal, and a role that it declares hides the built-in owner of a role of
/// that name. Kinds and operations are looked for only where no known service has one of the name; all services that have are found then, so that
/// the author can be told to choose.
///
/// # Errors
/// What is wrong with a service's file; a built-in file has no mistakes.
pub(crate) fn named_by(root: &Node, scenario: &Scenario) -> Result<Named<Spanned<Service>>, Vec<Diagnostic>> {
    let names = Names::of(root);
    let readings = scenario.readings();
    let mut collection = Collection { scenario, readings, found: BTreeMap::new() };
    for entry in names.services.iter().filter_map(|name| Catalog::get(name)) {
        collection.add(entry)?;
    }
    for name in names.roles {
        let is_own = scenario.roles.get(name).is_some()
            || scenario.services.iter().any(|(_, service)| name.starts_with(service.role.as_str()));
        if let (false, Some(entry)) = (is_own, Catalog::of_role(name)) {
            collection.add(entry)?;
        }
    }
    for kind in names.kinds {
        collection.search(kind, |service| service.kinds.get(kind).is_some())?;
    }
    for operation in names.operations.iter().filter(|name| Operation::named(name).is_none()) {
        collection.search(operation, |service| has_operation(service, operation))?;
    }
    let services = collection.found.into_iter();
    Ok(Named(services.map(|(principal, service)| (Spanned::from(principal), service)).collect()))
}
