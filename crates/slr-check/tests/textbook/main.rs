//! Textbook models with published counts and known flaws.

mod independent;
mod locks;
mod token;
mod two_phase_commit;

use std::num::NonZero;
use std::ops::ControlFlow;

use slr_check::{Checked, Model, Report, Settings, Timing, check};

fn checked<M: Model>(model: &M, settings: &Settings) -> Checked<M::State, M::Action> {
    check(model, settings, &mut |_| ControlFlow::Continue(())).expect("sound settings")
}

fn report<M: Model>(model: &M, settings: &Settings) -> Report {
    Report { timing: Timing::default(), ..checked(model, settings).report }
}

/// Settings that must not change an answer.
fn all_threads(settings: &Settings) -> impl Iterator<Item = Settings> {
    let settings = settings.clone();
    (1..=4).filter_map(NonZero::new).map(move |threads| Settings { threads, ..settings.clone() })
}
