//! Time and chance: delays, faults, and the patience of operators.

use slr_core::action::Operation;
use slr_core::id::RegionIdx;
use slr_core::kind::Transition;

use super::kinds::when;
use super::{Lowerer, Lowering, unknown};
use crate::diagnostic::Code;
use crate::simulation::{
    Backoff, CleanUpFailures, DEFAULT_MAX_SESSION, Delay, Jitter, LateVisibility, OperatorPlan, Outage, Plan,
    PlannedStep, Polling, SimTime, Throttling,
};
use crate::syntax;
use crate::yaml::Spanned;

impl Lowerer<'_> {
    pub(super) fn plan(&self, steps: Vec<PlannedStep>) -> Lowering<Plan> {
        let delays = self.scenario.delays.as_ref().map(|delays| &delays.value);
        let delay =
            |given: Option<&Spanned<syntax::Delay>>, default: Delay| given.map_or(default, |given| self::delay(given));
        let clean_up = delay(delays.and_then(|d| d.clean_up.as_ref()), Delay::Fixed(20_000));
        let moves = self.world.kinds.iter().map(|kind| {
            let own = |transition: &Transition| {
                let key = format!("{}.{}", kind.name, transition.name);
                let given = delays.and_then(|delays| delays.moves.get(&key));
                given.map_or(clean_up, |given| self::delay(given))
            };
            kind.transitions.iter().map(own).collect()
        });
        let limits = self.world.kinds.iter().map(|kind| {
            let own = |transition: &Transition| {
                let key = format!("{}.{}", kind.name, transition.name);
                let given = delays.filter(|_| transition.exceptional).and_then(|delays| delays.moves.get(&key));
                given.map(|given| self::delay(given))
            };
            kind.transitions.iter().map(own).collect()
        });
        let knobs = self.scenario.knobs.as_ref().map(|knobs| &knobs.value);
        let mut max_session = vec![DEFAULT_MAX_SESSION; self.world.roles.len()];
        for (role, millis) in &self.max_session {
            max_session[role.index()] = *millis;
        }
        let mut plan = Plan {
            until: SimTime::from_millis(self.scenario.until().as_millis()),
            task_start: delay(delays.and_then(|d| d.task_start.as_ref()), Delay::Fixed(2_000)),
            task_decision: delay(delays.and_then(|d| d.task_decision.as_ref()), Delay::Fixed(10_000)),
            session_end: delay(delays.and_then(|d| d.session_end.as_ref()), Delay::Fixed(300_000)),
            session_open: delay(delays.and_then(|d| d.session_open.as_ref()), Delay::Fixed(600_000)),
            read_docs: delay(delays.and_then(|d| d.read_docs.as_ref()), Delay::Fixed(600_000)),
            moves: moves.collect(),
            limits: limits.collect(),
            timing: self.timing(),
            visibility: Delay::Fixed(knobs.map_or(0, |knobs| knobs.task_visibility_delay().as_millis())),
            retention: match knobs.map(syntax::Knobs::task_retention) {
                None | Some(syntax::Retention::Forever) => Delay::Fixed(0),
                Some(syntax::Retention::For(kept)) => self::delay(&kept),
            },
            propagation: Delay::Fixed(knobs.map_or(0, |knobs| knobs.propagation_delay().as_millis())),
            max_session,
            throttlings: Vec::new(),
            clean_up_failures: Vec::new(),
            outages: Vec::new(),
            late_visibilities: Vec::new(),
            operators: self.scenario.operators.iter().map(|(_, operator)| operator_plan(operator)).collect(),
            steps,
        };
        for fault in &self.scenario.faults {
            self.fault(fault, &mut plan)?;
        }
        Ok(plan)
    }

    pub(super) fn fault(&self, fault: &Spanned<syntax::Fault>, plan: &mut Plan) -> Lowering<()> {
        let from = |from: Option<&Spanned<syntax::Duration>>| {
            from.map_or(SimTime::ZERO, |from| SimTime::from_millis(from.as_millis()))
        };
        let until = |until: Option<&Spanned<syntax::Duration>>| {
            until.map_or(SimTime::END, |until| SimTime::from_millis(until.as_millis()))
        };
        match &fault.value {
            syntax::Fault::Throttle(fault) => plan.throttlings.push(Throttling {
                operation: Operation::from_name(&fault.throttle)
                    .ok_or_else(|| unknown(Code::UnknownOperation, &fault.throttle, "operation of IAM"))?,
                millionths: fault.share().millionths(),
                from: from(fault.from.as_ref()),
                until: until(fault.until.as_ref()),
            }),
            syntax::Fault::CleanUpFails(fault) => plan.clean_up_failures.push(CleanUpFailures {
                millionths: fault.share.millionths(),
                when: when(fault.circumstance()),
                kind: fault.kind.as_ref().map(|kind| self.kind(kind, None)).transpose()?,
            }),
            syntax::Fault::RegionUnavailable(fault) => {
                let name = &fault.region.value;
                let known = (0..).zip(&self.world.regions).find(|(_, region)| *region == name);
                let (region, _) = known.ok_or_else(|| unknown(Code::UnknownRegion, &fault.region, "Region"))?;
                plan.outages.push(Outage {
                    region: RegionIdx(region),
                    from: from(fault.from.as_ref()),
                    until: until(fault.until.as_ref()),
                });
            }
            syntax::Fault::LateVisibility(fault) => plan.late_visibilities.push(LateVisibility {
                millis: fault.delay.as_millis(),
                from: from(fault.from.as_ref()),
                until: until(fault.until.as_ref()),
            }),
        }
        Ok(())
    }
}

pub(super) fn delay(delay: &syntax::Delay) -> Delay {
    match delay {
        syntax::Delay::Fixed(duration) => Delay::Fixed(duration.as_millis()),
        syntax::Delay::Range(least, most) => Delay::Range(least.as_millis(), most.as_millis()),
        syntax::Delay::Exponential(exponential) => Delay::Exponential(exponential.mean.as_millis()),
        syntax::Delay::LogNormal(log_normal) => Delay::LogNormal {
            median: log_normal.shape.median.as_millis(),
            sigma: log_normal.shape.sigma.thousandths(),
        },
    }
}

pub(super) fn operator_plan(operator: &syntax::Operator) -> OperatorPlan {
    let retry = operator.retry.as_ref().map(|retry| &retry.value);
    let polls = operator.polls.as_ref().map(|polls| &polls.value);
    OperatorPlan {
        starts: operator.starts.as_ref().map_or(SimTime::ZERO, |at| SimTime::from_millis(at.as_millis())),
        polls: match polls {
            Some(syntax::Polls::AtOnce) => None,
            Some(syntax::Polls::Polling(polling)) => Some(Polling {
                every: polling.every().as_millis(),
                deadline: polling.deadline.as_ref().map(|deadline| deadline.as_millis()),
            }),
            None => Some(Polling { every: 5_000, deadline: None }),
        },
        backoff: Backoff {
            every: retry.map_or(30_000, |retry| retry.every().as_millis()),
            factor: retry.map_or(1000, |retry| retry.factor().thousandths()),
            cap: retry.map_or(u64::MAX, |retry| retry.cap().as_millis()),
            jitter: match retry.map_or(syntax::Jitter::None, syntax::Retry::jitter) {
                syntax::Jitter::None => Jitter::None,
                syntax::Jitter::Full => Jitter::Full,
                syntax::Jitter::Equal => Jitter::Equal,
            },
        },
    }
}
