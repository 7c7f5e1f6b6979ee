//! How a deletion task judges whether its role is in use, and what it may then tell. Truth here, report there.

use crate::id::{RegionIdx, ResourceIdx, RoleIdx};
use crate::knob::Judged;
use crate::service::{Deletion, ReportingPolicy};
use crate::set::IdSet;
use crate::state::State;
use crate::universe::Universe;

/// What is in use: the truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judgement<S> {
    /// The resources that use the role, as judged.
    pub in_use: S,
    /// Whether a session was open, as judged.
    pub session_open: bool,
    /// Whether the service will not let the role go whatever uses it.
    pub impossible: bool,
}

impl<S: IdSet> Judgement<S> {
    /// Whether the role is deleted.
    #[inline]
    pub fn is_unused(&self) -> bool {
        self.in_use.is_empty() && !self.session_open && !self.impossible
    }
}

/// What the service may name: the reports that are open to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reports<S> {
    /// Exactly this.
    Exactly(S),
    /// Any part of this, all and nothing included.
    AnyPartOf(S),
    /// Any so many of these.
    SomeOf(S, u32),
    /// All of one of these sets.
    OneOf(Vec<S>),
}

impl<S: IdSet> Reports<S> {
    /// Whether a report that names exactly these is among them.
    pub fn allow(&self, named: &S) -> bool {
        match self {
            Self::Exactly(all) => named == all,
            Self::AnyPartOf(all) => named.is_within(all),
            Self::SomeOf(all, size) => named.is_within(all) && named.len() == *size,
            Self::OneOf(sets) => sets.contains(named),
        }
    }

    /// Visits every report, in a stable order.
    #[inline]
    pub fn for_each(&self, visit: &mut impl FnMut(S)) {
        match self {
            Self::Exactly(all) => visit(all.clone()),
            Self::AnyPartOf(all) => all.subsets().for_each(visit),
            Self::SomeOf(all, size) => some_of(&all.iter().collect::<Vec<_>>(), *size, &S::default(), visit),
            Self::OneOf(sets) => sets.iter().cloned().for_each(visit),
        }
    }
}

/// Visits every way to add `size` of `ids` to `chosen`.
fn some_of<S: IdSet>(ids: &[u32], size: u32, chosen: &S, visit: &mut dyn FnMut(S)) {
    if size == 0 {
        visit(chosen.clone());
        return;
    }
    for (position, id) in ids.iter().enumerate() {
        let rest = &ids[position + 1..];
        if rest.len() + 1 < size as usize {
            break;
        }
        let mut more = chosen.clone();
        more.insert(*id);
        some_of(rest, size - 1, &more, visit);
    }
}

impl<S: IdSet> Universe<S> {
    /// What uses the role, as its task judges it at the decision.
    #[inline]
    pub fn judge(&self, state: &State<S>, role: RoleIdx) -> Judgement<S> {
        let now = self.blocking(state, role);
        let impossible = self.service_of(role).is_some_and(|service| service.deletion == Deletion::Impossible);
        let at_start = || state.blocking_at_start.and(self.resources_of(role));
        let busy_at_start = || state.busy_at_start.contains(role.0);
        match self.world().knobs.judged {
            Judged::End => Judgement { in_use: now, session_open: self.is_session_open(state, role), impossible },
            Judged::Start => {
                // What has gone since is no longer in the way of anybody, yet the task was judged by it.
                Judgement { in_use: at_start(), session_open: busy_at_start(), impossible }
            }
            Judged::Both => {
                let first = at_start();
                if first.is_empty() && !busy_at_start() {
                    Judgement { in_use: now, session_open: self.is_session_open(state, role), impossible }
                } else {
                    Judgement { in_use: first, session_open: busy_at_start(), impossible }
                }
            }
        }
    }

    /// What the service may name when it fails a task for what was judged.
    pub fn reports(&self, state: &State<S>, role: RoleIdx, judgement: &Judgement<S>) -> Reports<S> {
        let found = &judgement.in_use;
        let policy = self.service_of(role).map_or(ReportingPolicy::All, |service| service.reports);
        match policy {
            ReportingPolicy::All => Reports::Exactly(found.clone()),
            ReportingPolicy::First(n) => Reports::Exactly(S::of(found.iter().take(n as usize))),
            ReportingPolicy::Share(millionths) => {
                Reports::SomeOf(found.clone(), ReportingPolicy::share_of(millionths, found.len()))
            }
            ReportingPolicy::AnySubset => Reports::AnyPartOf(found.clone()),
            ReportingPolicy::OneRegion => Reports::OneOf(self.by_region(found)),
            ReportingPolicy::RegionsOnly | ReportingPolicy::TextOnly | ReportingPolicy::Silent => {
                Reports::Exactly(S::default())
            }
            ReportingPolicy::Stale => {
                let ever = self.resources_of(role).iter().filter(|id| state.resource(ResourceIdx(*id)) != 0);
                Reports::Exactly(found.or(&S::of(ever)))
            }
        }
    }

    /// The resources region by region; one empty set if there are none.
    fn by_region(&self, resources: &S) -> Vec<S> {
        let regions = (0..crate::id::number(self.world().regions.len())).map(RegionIdx);
        let mut sets: Vec<_> =
            regions.map(|region| resources.and(self.resources_in(region))).filter(|set| !set.is_empty()).collect();
        if sets.is_empty() {
            sets.push(S::default());
        }
        sets
    }
}
