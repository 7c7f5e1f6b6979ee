//! Whether the names in a scenario lead anywhere and its parts fit together.
//!
//! Nothing here knows what the rules of the modelled world are; that a step may be refused, or come
//! too early, is for a run to show. What is checked is what no run could make sense of.
//!
//! The checks also run when a part of the file could not be read. They then say nothing about
//! what that part might have declared: a mistake is reported once, not once for each of its
//! consequences.

mod argument;
mod damage;
mod expect;
mod given;
mod kind;
mod lookup;
mod naming;
mod operator;
mod pattern;
mod rights;
mod section;
mod service;
mod step;

use crate::diagnostic::{Code, Diagnostic, MOST_DIAGNOSTICS};
use crate::syntax::{Named, Scenario, Service};
use crate::yaml::{Node, Span, Spanned};

use damage::Damage;
use lookup::World;

/// How many of a thing a scenario may have. What is larger is for other tools than stories.
pub(crate) mod limit {
    /// Resources at time zero.
    pub(crate) const RESOURCES: u64 = 100_000;
    /// Sessions at time zero.
    pub(crate) const SESSIONS: u64 = 10_000;
    /// Roles by name.
    pub(crate) const ROLES: usize = 10_000;
    /// On one role. Source: IAM User Guide, "IAM and AWS STS quotas".
    pub(crate) const MANAGED_POLICIES: usize = 10;
    /// Services that the scenario declares.
    pub(crate) const SERVICES: usize = 256;
    /// Kinds of one service.
    pub(crate) const KINDS: usize = 64;
    /// States of one kind.
    pub(crate) const STATES: usize = 32;
    /// Moves of one kind.
    pub(crate) const MOVES: usize = 128;
    /// Regions of the account.
    pub(crate) const REGIONS: usize = 64;
    /// Users by name; also groups, and policies.
    pub(crate) const USERS: usize = 1000;
    /// Levels of the organization: its root, five organizational units at most, and the account.
    ///
    /// Source: AWS Organizations User Guide, "Quotas for AWS Organizations", nesting of organizational units.
    pub(crate) const LEVELS: usize = 7;
    /// Operators.
    pub(crate) const OPERATORS: usize = 64;
    /// Steps.
    pub(crate) const STEPS: usize = 10_000;
    /// Expectations.
    pub(crate) const EXPECTATIONS: usize = 1000;
}

/// Reports everything that is wrong with a scenario that was read from `root`.
pub(crate) fn validate(
    scenario: &Scenario,
    root: &Node,
    built_in: &Named<Spanned<Service>>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let damage = Damage::of(root, diagnostics);
    let world = World::new(scenario, built_in, &damage);
    let mut check = Check { scenario, world: &world, damage: &damage, diagnostics, at_step: None };
    section::check(&mut check);
    rights::check(&mut check);
    section::settings(&mut check);
    section::readings(&mut check, built_in);
    service::check(&mut check);
    given::check(&mut check);
    step::check(&mut check);
    naming::check(&mut check);
    argument::check(&mut check);
    operator::check(&mut check);
    expect::check(&mut check);
}

/// A check under way.
pub(crate) struct Check<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) world: &'a World<'a>,
    pub(crate) damage: &'a Damage,
    diagnostics: &'a mut Vec<Diagnostic>,
    /// The number of the step that is looked at, if one is.
    pub(crate) at_step: Option<usize>,
}

impl Check<'_> {
    pub(crate) fn report(&mut self, diagnostic: Diagnostic) {
        if self.diagnostics.len() < MOST_DIAGNOSTICS {
            self.diagnostics.push(diagnostic);
        }
    }

    /// Reports a list that is longer than it may be, at the first that is too many.
    pub(crate) fn too_many(&mut self, places: impl Iterator<Item = Span> + Clone, what: &str, most: usize) {
        if let Some(place) = places.clone().nth(most) {
            self.limit(place, what, places.count() as u64, most as u64);
        }
    }

    /// Reports more of something than there may be.
    pub(crate) fn limit(&mut self, span: Span, what: &str, found: u64, most: u64) {
        if found > most {
            self.report(Diagnostic::new(
                Code::TooMany,
                span,
                format!("{found} {what} are too many: at most {most} are allowed"),
            ));
        }
    }
}
