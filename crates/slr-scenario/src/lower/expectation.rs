//! What is expected of a run.

use slr_core::kind::ResourceKind;

use super::{Lowerer, Lowering, task_state, unknown};
use crate::diagnostic::{Code, Diagnostic};
use crate::expect::{self, Expectation};
use crate::simulation::SimTime;
use crate::syntax;
use crate::yaml::{Span, Spanned};

impl Lowerer<'_> {
    pub(super) fn expectations(&mut self) -> Lowering<Vec<Expectation>> {
        let scenario = self.scenario;
        scenario.expect.iter().map(|expectation| self.expectation(expectation)).collect()
    }

    pub(super) fn expectation(&mut self, expectation: &Spanned<syntax::Expectation>) -> Lowering<Expectation> {
        use syntax::Expectation as E;
        let span = expectation.span;
        let mut predicate = |predicate: syntax::Predicate, arguments: syntax::PredicateArguments<'_>| {
            self.predicate(predicate, arguments, span)
        };
        let what = match &expectation.value {
            E::Eventually(e) => expect::What::Eventually {
                predicate: predicate(e.eventually.value, e.arguments())?,
                within: e.within.as_ref().map(|within| SimTime::from_millis(within.as_millis())),
            },
            E::Always(e) => expect::What::Always {
                predicate: predicate(e.always.value, e.arguments())?,
                circumstance: e.circumstance.as_ref().map(|c| predicate(c.value, e.arguments())).transpose()?,
            },
            E::Never(e) => expect::What::Never {
                predicate: predicate(e.never.value, e.arguments())?,
                circumstance: e.circumstance.as_ref().map(|c| predicate(c.value, e.arguments())).transpose()?,
            },
            E::Sometimes(e) => expect::What::Sometimes {
                predicate: predicate(e.sometimes.value, e.arguments())?,
                circumstance: e.circumstance.as_ref().map(|c| predicate(c.value, e.arguments())).transpose()?,
            },
            E::Finally(e) => expect::What::Finally { predicate: predicate(e.finally.value, e.arguments())? },
            E::Possible(e) => expect::What::Possible { predicate: predicate(e.possible.value, e.arguments())? },
            E::Tasks(e) => expect::What::Tasks {
                role: self.role_or_only(e.role.as_ref(), span)?,
                statuses: e.tasks.iter().map(|status| task_state(status.value)).collect(),
            },
            E::Task(e) => expect::What::Task {
                role: self.role_or_only(e.role.as_ref(), span)?,
                number: e.task.value,
                status: e.status.as_ref().map(|status| task_state(status.value)),
                reports: e.reports.as_ref().map(|count| (count.least, count.most)),
                names: e.names.as_ref().map(|names| names.iter().map(|name| name.value.clone()).collect()),
                regions: e.regions.as_ref().map(|regions| regions.iter().map(|region| region.value.clone()).collect()),
                reason: e.reason.as_ref().map(|text| text.value.clone()),
            },
            E::Refusals(e) => expect::What::Refusals {
                count: (e.refusals.least, e.refusals.most),
                codes: codes(e).filter_map(syntax::ErrorCode::ours).map(syntax::AwsError::code).collect(),
                names: codes(e).filter_map(|code| code.of_service()).map(str::to_owned).collect(),
                operation: e.operation.as_ref().map(|name| name.value.clone()),
                operator: e.operator.as_ref().map(|name| self.operator(Some(name), span)).transpose()?,
            },
            E::Attempts(e) => expect::What::Attempts {
                count: (e.attempts.least, e.attempts.most),
                operator: self.operator(e.operator.as_ref(), span)?,
            },
        };
        Ok(Expectation { what, span })
    }

    pub(super) fn predicate(
        &mut self,
        predicate: syntax::Predicate,
        arguments: syntax::PredicateArguments<'_>,
        span: Span,
    ) -> Lowering<slr_core::invariant::Predicate> {
        use slr_core::invariant::Predicate as P;
        use syntax::Predicate as Q;
        let operator = |lowerer: &Self| lowerer.operator(arguments.operator, span);
        let mut role = || self.role_or_only(arguments.role, span);
        Ok(match predicate {
            Q::RoleLive => P::RoleLive(role()?),
            Q::RoleAbsent => P::RoleAbsent(role()?),
            Q::RoleGone => P::RoleGone(role()?),
            Q::SessionOpen => P::SessionOpen(role()?),
            Q::InUse => P::InUse(role()?),
            Q::TaskUnfinished => P::TaskUnfinished(role()?),
            Q::TaskFailed => P::TaskFailed(role()?),
            Q::TaskSucceeded => P::TaskSucceeded(role()?),
            Q::ResourcesGone => P::ResourcesGone(
                arguments.role.map(|name| self.role(name)),
                arguments.kind.map(|kind| self.kind(kind, None)).transpose()?,
            ),
            Q::ResourceIn | Q::SomeResourceIn => {
                let needs = |what: &str| Diagnostic::new(Code::MissingKey, span, format!("`{predicate}` needs {what}"));
                let state = arguments.state.ok_or_else(|| Box::new(needs("`state`")))?;
                let code = |kind: &ResourceKind| {
                    kind.code_of(state).ok_or_else(|| unknown(Code::UnknownState, state, "state"))
                };
                match (arguments.resource, arguments.kind) {
                    (Some(name), _) => {
                        let resource = self.resource(name)?;
                        let kind = self.world.resources[resource.index()].kind;
                        P::ResourceIn(resource, code(&self.world.kinds[kind.index()])?)
                    }
                    (None, Some(name)) => {
                        let kind = self.kind(name, None)?;
                        let code = code(&self.world.kinds[kind.index()])?;
                        if predicate == Q::SomeResourceIn {
                            P::SomeResourceIn(kind, code)
                        } else {
                            P::EachResourceIn(kind, code)
                        }
                    }
                    (None, None) => return Err(Box::new(needs("`resource` or `kind`"))),
                }
            }
            Q::OperatorDone => P::OperatorDone(operator(self)?),
            Q::OperatorGaveUp => P::OperatorGaveUp(operator(self)?),
        })
    }
}

/// The codes of the refusals that are counted.
pub(super) fn codes(refusals: &syntax::Refusals) -> impl Iterator<Item = &syntax::ErrorCode> {
    refusals.code.iter().flat_map(|codes| &codes.value.0).map(|code| &code.value)
}
