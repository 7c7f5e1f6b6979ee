//! When services make their moves because parameters of calls say so: schedules, and hours after something.

use std::collections::BTreeMap;

use slr_core::World;
use slr_core::id::{ResourceIdx, TransitionIdx};

use crate::schedule::Schedule;

/// What a parameter has been given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// A schedule.
    Schedule(Schedule),
    /// A number of hours.
    Hours(u32),
    /// A number of days.
    Days(u32),
    /// A word.
    Word(String),
    /// What was given before is so no more.
    Null,
}

/// Parameters of a resource, by name.
pub type Parameters = BTreeMap<String, Given>;

/// When a service makes a move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Occasion {
    /// When a schedule comes round.
    Schedule {
        /// The resource whose schedule it is.
        of: ResourceIdx,
        /// The parameter.
        parameter: String,
        /// The parameter whose days pass after each of its times.
        offset: Option<String>,
    },
    /// So many hours after a resource has moved.
    Hours {
        /// The resource whose parameters these are.
        of: ResourceIdx,
        /// The parameter.
        after: String,
        /// The one whose hours are taken off.
        less: Option<String>,
        /// The resource from whose last move they are counted.
        since: ResourceIdx,
        /// Words that parameters of resources must have.
        only: Vec<(ResourceIdx, String, String)>,
    },
}

/// A move of a resource with its occasion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timed {
    /// The move.
    pub transition: TransitionIdx,
    /// When.
    pub occasion: Occasion,
}

/// The moves that parameters time, and the parameters at the beginning.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Timing {
    moves: BTreeMap<ResourceIdx, Vec<Timed>>,
    /// Per resource, those whose moves its schedule makes, in order.
    scheduled: BTreeMap<ResourceIdx, Vec<ResourceIdx>>,
    /// Per resource, others whose hours are counted from its moves.
    counted: BTreeMap<ResourceIdx, Vec<ResourceIdx>>,
    /// Parameters of resources at the beginning.
    pub given: BTreeMap<ResourceIdx, Parameters>,
}

impl Timing {
    /// The timing of these moves.
    pub fn new(moves: BTreeMap<ResourceIdx, Vec<Timed>>, given: BTreeMap<ResourceIdx, Parameters>) -> Self {
        let mut timing = Self { given, ..Self::default() };
        for (resource, timed) in &moves {
            for one in timed {
                let (by, list) = match &one.occasion {
                    Occasion::Schedule { of, .. } => (*of, &mut timing.scheduled),
                    Occasion::Hours { since, .. } if since != resource => (*since, &mut timing.counted),
                    Occasion::Hours { .. } => continue,
                };
                let known = list.entry(by).or_default();
                if known.last() != Some(resource) {
                    known.push(*resource);
                }
            }
        }
        timing.moves = moves;
        timing
    }

    /// Whether no move is timed.
    pub fn is_empty(&self) -> bool {
        self.moves.is_empty()
    }

    /// The timed moves of a resource.
    pub fn moves_of(&self, resource: ResourceIdx) -> &[Timed] {
        self.moves.get(&resource).map_or(&[], Vec::as_slice)
    }

    /// The resources that the schedule of another one moves, in order.
    pub fn scheduled_by(&self, resource: ResourceIdx) -> &[ResourceIdx] {
        self.scheduled.get(&resource).map_or(&[], Vec::as_slice)
    }

    /// The other resources whose hours are counted from a resource's moves.
    pub fn counted_from(&self, resource: ResourceIdx) -> &[ResourceIdx] {
        self.counted.get(&resource).map_or(&[], Vec::as_slice)
    }
}

/// The resource itself, or the nearest that it belongs to or is made from, of a kind of its service.
pub fn nearest(world: &World, resource: ResourceIdx, kind: &str) -> Option<ResourceIdx> {
    let service = world.kinds[world.resources[resource.index()].kind.index()].service;
    let is_one = |id: &ResourceIdx| {
        let found = &world.kinds[world.resources[id.index()].kind.index()];
        found.service == service && found.name == kind
    };
    let mut line = vec![resource];
    let mut next = 0;
    while let Some(at) = line.get(next).copied() {
        if is_one(&at) {
            return Some(at);
        }
        for parent in &world.resources[at.index()].parents {
            if !line.contains(parent) {
                line.push(*parent);
            }
        }
        next += 1;
    }
    None
}
