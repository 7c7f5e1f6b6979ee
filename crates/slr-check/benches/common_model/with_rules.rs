//! The system as the scenario of the library, through the rules of the core: what `slr check` explores.

use std::ops::ControlFlow;
use std::path::Path;

use slr_check::lifecycle::{Asked, ForWidth, Lifecycle, PackedKey, narrowest};
use slr_check::{Report, Settings, check};
use slr_core::{IdSet, Universe};
use slr_scenario::lower::Lowered;
use slr_scenario::{Params, Source, load};

use crate::common_model::Scope;

/// The scenario at a scope.
pub(crate) fn lowered(scope: Scope) -> Lowered {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/check/common-model.yaml");
    let source = Source::read(&path).expect("the scenario is in the library");
    let params = Params::none()
        .with("n", scope.resources.to_string())
        .with("s", scope.sessions.to_string())
        .with("r", scope.attempts.to_string())
        .with("docs", scope.docs.to_string());
    load(&source, &params).expect("the scenario is without mistakes").lowered
}

struct Exploration<'a> {
    lowered: &'a Lowered,
    settings: &'a Settings,
    steps_asked: bool,
}

impl ForWidth for Exploration<'_> {
    type Answer = Report;

    fn with<S: IdSet, K: PackedKey>(self, universe: &Universe<S>) -> Report {
        let mut asked = Asked::invariants::<S>();
        asked.retain(|asked| self.steps_asked || !matches!(asked, Asked::StepInvariant(_)));
        asked.extend(
            Asked::expectations(self.lowered, |place| format!("{place:?}")).0.into_iter().map(|(_, asked)| asked),
        );
        let model = Lifecycle::<S, K>::new(universe, self.lowered, asked).expect("a state fits its key");
        let checked = check(&model, self.settings, &mut |_| ControlFlow::Continue(()));
        checked.expect("the settings are sound").report
    }
}

/// Explores everything and asks every invariant and expectation, as `slr check` does; the invariants of steps only if
/// `steps_asked`.
pub(crate) fn explore(lowered: &Lowered, settings: &Settings, steps_asked: bool) -> Report {
    narrowest(lowered, Exploration { lowered, settings, steps_asked }).expect("the world fits")
}
