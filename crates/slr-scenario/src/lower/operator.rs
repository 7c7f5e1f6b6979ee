//! Operators.

use slr_core::action::Operation;
use slr_core::id::OperatorIdx;
use slr_core::world::{self, Told};

use super::{Lowerer, Lowering, unknown};
use crate::diagnostic::{Code, Diagnostic};
use crate::syntax;
use crate::yaml::{Span, Spanned};

impl Lowerer<'_> {
    pub(super) fn may_be_throttled(&self, operation: Operation) -> bool {
        self.has_fault(|fault| match fault {
            syntax::Fault::Throttle(fault) => fault.throttle.value == operation.name(),
            syntax::Fault::CleanUpFails(_) | syntax::Fault::RegionUnavailable(_) | syntax::Fault::LateVisibility(_) => {
                false
            }
        })
    }

    pub(super) fn operators(&mut self) -> Lowering<()> {
        for (name, operator) in self.scenario.operators.iter() {
            let polls = operator.polls.as_ref().map(|polls| &polls.value);
            let attempts = operator.retry.as_ref().and_then(|retry| retry.attempts.as_ref());
            let attempts = attempts.map(|attempts| {
                u8::try_from(attempts.value).map_err(|_| {
                    let message = format!("{} attempts are too many: the limit is 255", attempts.value);
                    Box::new(Diagnostic::new(Code::TooMany, attempts.span, message))
                })
            });
            let described = world::Operator {
                name: name.value.clone(),
                principal: self.world.principal(operator.caller()),
                goal: self.role(&operator.goal.delete),
                works: match operator.works() {
                    syntax::Works::InSteps => world::Works::InSteps,
                    syntax::Works::InAnyOrder => world::Works::InAnyOrder,
                },
                attempts: attempts.transpose()?,
                told: if polls == Some(&syntax::Polls::AtOnce) { Told::AtOnce } else { Told::ByPolls },
                loses_patience: matches!(polls, Some(syntax::Polls::Polling(polling)) if polling.deadline.is_some()),
                requests_throttled: self.may_be_throttled(Operation::DeleteServiceLinkedRole),
                polls_throttled: self.may_be_throttled(Operation::GetServiceLinkedRoleDeletionStatus),
                reads_docs: match operator.reads_docs() {
                    syntax::ReadsDocs::Never => world::ReadsDocs::Never,
                    syntax::ReadsDocs::WhenNothingWasNamed => world::ReadsDocs::WhenNothingWasNamed,
                    syntax::ReadsDocs::AtAnyTime => world::ReadsDocs::AtAnyTime,
                },
                cleans: operator.cleans() == syntax::Cleans::WhatWasNamed,
                missing_task: match operator.takes_missing_task_for() {
                    syntax::MissingTask::Unknown => world::MissingTask::LooksAtTheRole,
                    syntax::MissingTask::Success => world::MissingTask::MeansSuccess,
                    syntax::MissingTask::Failure => world::MissingTask::MeansFailure,
                },
                empty_report_means_unused: operator.takes_empty_report_for() == syntax::EmptyReport::Unused,
                ignores_failure: operator.ignores_failure(),
            };
            self.world.operators.push(described);
        }
        Ok(())
    }

    pub(super) fn operator(&self, name: Option<&Spanned<String>>, span: Span) -> Lowering<OperatorIdx> {
        match (name, self.world.operators.len()) {
            (None, 1) => Ok(OperatorIdx(0)),
            (None, _) => {
                Err(Box::new(Diagnostic::new(Code::Ambiguous, span, "it is not said which operator is meant")))
            }
            (Some(name), _) => (0..)
                .zip(&self.world.operators)
                .find(|(_, operator)| operator.name == name.value)
                .map(|(index, _)| OperatorIdx(index))
                .ok_or_else(|| unknown(Code::UnknownOperator, name, "operator")),
        }
    }
}
