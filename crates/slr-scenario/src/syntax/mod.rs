//! The language of scenario files, as types.
//!
//! A [`Scenario`] is what a file says, with every parameter already replaced by its value and every
//! value at the place where it was written. It says nothing about whether names lead anywhere: that
//! is for [`crate::parse()`]. Defaults that the language promises are methods beside the fields.

pub(crate) mod declare;
pub(crate) mod describe;
pub(crate) mod grammar;
pub(crate) mod scalar;

mod account;
mod argument;
mod delay;
mod document;
mod expect;
mod fault;
mod given;
mod kind;
mod knob;
mod operation;
mod operator;
mod parameter;
mod principal;
#[cfg(test)]
pub(crate) mod sample;
mod scenario;
mod service;
mod service_error;
mod step;

pub use account::{Account, Partition};
pub use argument::{Argument, CallParameter, Due, ParameterSort, deciding};
pub use delay::{Delay, Delays, Exponential, LogNormal, LogNormalShape};
pub use document::PolicyDocument;
pub(crate) use document::compile;
pub use expect::{
    Always, Attempts, Eventually, Expectation, Finally, Never, Possible, Predicate, PredicateArguments, Refusals,
    Sometimes, TaskExpectation, TaskStatus, Tasks,
};
pub use fault::{CleanUpFails, Fault, LateVisibility, RegionUnavailable, Throttle};
pub use given::{Given, GivenResources, GivenRole, GivenSessions, Resources, Sessions};
pub use grammar::{Named, OneOrMore};
pub(crate) use kind::{ANYTHING, ITSELF};
pub use kind::{
    Kind, Machine, MachineMove, Move, Mover, Otherwise, PLAIN_STATES, PassedRole, PassesRole, RELEASING, RoleClaim,
    When,
};
pub use knob::{
    CallOrTask, CreateWhileDeleting, DenialReasons, Judged, Knobs, MaxSessionDurationChange, OpenError, Reality,
    Retention,
};
pub use operation::{AwsError, ErrorCode, Field, Operation};
pub use operator::{Cleans, EmptyReport, Goal, Jitter, MissingTask, Operator, Polling, Polls, ReadsDocs, Retry, Works};
pub use parameter::Parameter;
pub use principal::{Group, OrganizationLevel, Role, User};
pub use scalar::{Count, Duration, Factor, Share, Text};
pub use scenario::Scenario;
pub use service::{Deletion, First, Reporting, ReportingShare, Service, Suffix};
pub use service_error::{OwnError, OwnErrors};
pub use step::{Answers, Happening, Happens, Perform, Step, TaskRef};
