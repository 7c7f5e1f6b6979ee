//! Scenario files: their language, and what is wrong with them.
//!
//! [`Source`] is a file's text, read within bounds; [`parse`] makes a [`syntax::Scenario`] of it, or
//! [`diagnostic::Diagnostic`]s, all of them at once; [`load()`] goes on to what runs, with the services of the [`catalog`];
//! [`write()`] goes the other way; [`mod@schema`] tells
//! editors what a file may say.

pub mod access;
pub mod catalog;
pub mod diagnostic;
pub mod expect;
pub mod ledger;
mod limits;
mod listed;
mod load;
mod look;
pub mod lower;
mod params;
mod parse;
mod position;
pub mod rewrite;
pub mod run;
pub mod schedule;
pub mod schema;
pub mod shrink;
pub mod simulation;
pub mod source;
pub mod sweep;
pub mod syntax;
pub mod trace;
mod validate;
pub mod yaml;

pub use load::{Loaded, load, parse_with_catalog};
pub use params::{NotAnAssignment, Params};
pub use parse::{Parsed, parse, parse_with, write};
pub use position::Position;
pub use source::{Source, Unreadable};
