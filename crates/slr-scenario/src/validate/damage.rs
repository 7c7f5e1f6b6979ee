//! What of a file could not be read, and which names it mentions all the same.

use std::collections::BTreeSet;

use crate::diagnostic::{Diagnostic, nearest};
use crate::syntax::grammar::Record as _;
use crate::syntax::{Operation, Scenario, Service};
use crate::yaml::{Content, Entry, Node, Span};

/// What of a file could not be read.
#[derive(Debug, Default)]
pub(crate) struct Damage {
    /// Where, in order.
    places: Vec<Span>,
    /// Sections with a mistake somewhere in them.
    sections: BTreeSet<&'static str>,
    /// Sections of which not even the names could be read.
    unreadable: BTreeSet<&'static str>,
    names: Names,
}

/// Names that stand in the file, whether or not what they name could be read.
#[derive(Debug, Default)]
struct Names {
    services: BTreeSet<String>,
    roles: BTreeSet<String>,
    kinds: BTreeSet<String>,
    users: BTreeSet<String>,
    operators: BTreeSet<String>,
    /// Some service does not say what its role is called.
    hides_roles: bool,
    /// Some service may have kinds that were not recognised as such.
    hides_kinds: bool,
}

impl Damage {
    pub(crate) fn of(root: &Node, diagnostics: &[Diagnostic]) -> Self {
        let mut damage = Self {
            places: diagnostics
                .iter()
                .filter(|diagnostic| diagnostic.is_error())
                .filter_map(|diagnostic| diagnostic.span)
                .collect(),
            ..Self::default()
        };
        damage.places.sort_unstable();
        for entry in mapping(root).unwrap_or_default() {
            damage.add_section(entry);
        }
        damage
    }

    fn add_section(&mut self, entry: &Entry) {
        let keys = Scenario::KEYS.iter().copied();
        let Some(key) = keys.clone().find(|key| *key == entry.key.value) else {
            // A mistyped section: nothing that it holds was read.
            if let Some(meant) = nearest(&entry.key, keys) {
                self.sections.insert(meant);
                self.unreadable.insert(meant);
            }
            return;
        };
        if self.touches(entry.key.span.to(entry.value.span)) {
            self.sections.insert(key);
        }
        match (key, mapping(&entry.value)) {
            ("services", Some(services)) => self.names.add_services(services),
            ("roles", Some(roles)) => self.names.roles.extend(keys_of(roles)),
            ("users", Some(users)) => self.names.users.extend(keys_of(users)),
            ("operators", Some(operators)) => self.names.operators.extend(keys_of(operators)),
            ("services" | "roles" | "users" | "operators", None) => {
                self.unreadable.insert(key);
            }
            ("steps", _) => self.names.add_steps(&entry.value),
            _ => {}
        }
    }

    /// Whether something between the ends of `extent` could not be read.
    pub(crate) fn touches(&self, extent: Span) -> bool {
        let from = self.places.partition_point(|place| place.start < extent.start);
        let mut within = self.places[from..].iter().take_while(|place| place.start <= extent.end);
        within.any(|place| extent.contains(*place))
    }

    /// Whether all that these sections say is known.
    pub(crate) fn spares(&self, sections: &[&str]) -> bool {
        !sections.iter().any(|section| self.sections.contains(section))
    }

    /// Whether there may be a service of that name that could not be read.
    pub(crate) fn hides_service(&self, name: &str) -> bool {
        self.unreadable.contains("services") || self.names.services.contains(name)
    }

    /// Whether there may be a role of that name that could not be read.
    pub(crate) fn hides_role(&self, name: &str) -> bool {
        let is_unreadable = ["services", "roles"].iter().any(|section| self.unreadable.contains(section));
        is_unreadable || self.names.hides_roles || self.names.roles.contains(name)
    }

    /// Whether there may be a kind of that name that could not be read.
    pub(crate) fn hides_kind(&self, name: &str) -> bool {
        self.hides_kinds() || self.names.kinds.contains(name)
    }

    /// Whether there may be kinds of which not even the names could be read.
    pub(crate) fn hides_kinds(&self) -> bool {
        self.unreadable.contains("services") || self.names.hides_kinds
    }

    /// Whether there may be a user of that name who could not be read.
    pub(crate) fn hides_user(&self, name: &str) -> bool {
        self.unreadable.contains("users") || self.names.users.contains(name)
    }

    /// Whether there may be an operator of that name that could not be read.
    pub(crate) fn hides_operator(&self, name: &str) -> bool {
        self.unreadable.contains("operators") || self.names.operators.contains(name)
    }
}

impl Names {
    fn add_services(&mut self, services: &[Entry]) {
        self.services.extend(keys_of(services));
        for service in services {
            let Some(parts) = mapping(&service.value) else {
                self.hides_roles = true;
                self.hides_kinds = true;
                continue;
            };
            match value_of(parts, "role").and_then(text) {
                Some(role) => {
                    self.roles.insert(role.to_owned());
                }
                None => self.hides_roles = true,
            }
            match value_of(parts, "kinds").map(mapping) {
                Some(Some(kinds)) => self.kinds.extend(keys_of(kinds)),
                Some(None) => self.hides_kinds = true,
                None => {
                    self.hides_kinds |= parts.iter().any(|part| !Service::KEYS.contains(&part.key.as_str()));
                }
            }
        }
    }

    /// The roles that steps make.
    fn add_steps(&mut self, steps: &Node) {
        let Content::Sequence(steps) = &steps.content else {
            return;
        };
        for step in steps.iter().filter_map(mapping) {
            if value_of(step, "do").and_then(text) == Some(Operation::CreateRole.name()) {
                let role = value_of(step, "role").and_then(text);
                self.roles.extend(role.map(str::to_owned));
            }
        }
    }
}

fn mapping(node: &Node) -> Option<&[Entry]> {
    match &node.content {
        Content::Mapping(entries) => Some(entries),
        Content::Scalar(_) | Content::Sequence(_) => None,
    }
}

fn text(node: &Node) -> Option<&str> {
    match &node.content {
        Content::Scalar(scalar) => Some(&scalar.text),
        Content::Sequence(_) | Content::Mapping(_) => None,
    }
}

fn value_of<'a>(entries: &'a [Entry], key: &str) -> Option<&'a Node> {
    entries.iter().find(|entry| entry.key.value == key).map(|entry| &entry.value)
}

fn keys_of(entries: &[Entry]) -> impl Iterator<Item = String> {
    entries.iter().map(|entry| entry.key.value.clone())
}
