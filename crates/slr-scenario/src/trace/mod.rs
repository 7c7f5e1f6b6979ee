//! Traces: a run as people read it, and as programs do.
//!
//! [`Storyteller`] tells each event as a line, and [`text`](mod@text) writes these lines; [`record`](mod@record) writes each action, with its outcome and what it caused, as a
//! line of JSON; [`replay`](mod@replay) carries the actions of such a record out again and compares.

pub mod record;
pub mod replay;
mod story;
pub mod text;

pub use record::{ActionRecord, EventRecord, Header, Recorder, StepRecord};
pub use replay::{Difference, Replayed};
pub use story::{Line, Storyteller, Tone};
