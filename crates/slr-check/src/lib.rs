//! An explicit-state model checker.
//!
//! It explores anything that implements [`Model`], breadth first and by levels, and judges named [`Property`]s: what
//! holds always or never, what every step keeps, what can be reached, what happens eventually in every fair run, what
//! stays possible. Counterexamples are shortest, and they, all counts and all verdicts are the same for every number of
//! threads.
//!
//! ```text
//! initial states ─▶ expand ─▶ visited set ─▶ states by number ─▶ (graph) ─▶ verdicts ─▶ runs ─▶ report
//!                     ▲                          │ frontier
//!                     └──────────────────────────┘
//! ```
//!
//! The only dates it knows are those of the time bound and of the report's timing.

mod arena;
mod check;
mod crew;
mod expand;
mod explore;
mod graph;
mod key;
pub mod lifecycle;
mod liveness;
mod model;
mod property;
mod report;
mod round;
mod run;
mod settings;
mod states;
mod table;
mod watch;

pub use check::{Checked, check};
pub use explore::Progress;
pub use key::Key;
pub use model::{FairnessClass, Model, RuleId, Steps, Symmetry};
pub use property::{Property, PropertyKind};
pub use report::{Ending, PropertyReport, Report, RuleCoverage, Stop, Story, StoryStep, Timing, Verdict};
pub use run::Run;
pub use settings::{Bounds, Settings, Unsound};
