//! Whether the names in a scenario lead anywhere and its parts fit together.

use crate::diagnostic::Diagnostic;
use crate::syntax::{Named, Scenario, Service};
use crate::yaml::Spanned;

/// Reports everything that is wrong with a scenario that was read.
pub(crate) fn validate(_: &Scenario, _: &Named<Spanned<Service>>, _: &mut Vec<Diagnostic>) {}
