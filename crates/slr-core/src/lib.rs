//! The life of AWS service-linked roles as one pure function.
//!
//! [`Universe`] never changes in a run, [`State`] is what the future depends on, [`Action`] is a fully
//! determined step. [`Universe::enabled`] says what may happen next and [`Universe::apply`] makes it happen; all that is open
//! lies in *which* action comes next. There is no clock, no chance and no input or output here.

pub mod action;
pub mod codec;
pub mod draw;
pub mod event;
pub mod grant;
pub mod id;
pub mod invariant;
pub mod kind;
pub mod knob;
pub mod machine;
pub mod name;
pub mod passed;
pub mod policy;
pub mod rejection;
pub mod rules;
pub mod service;
pub mod set;
pub mod state;
pub mod stencil;
pub mod universe;
pub mod world;

pub use action::{Action, Command, OperatorStep};
pub use event::Event;
pub use rejection::Rejection;
pub use set::{IdSet, WideSet};
pub use state::{Parts, State};
pub use universe::Universe;
pub use world::World;
