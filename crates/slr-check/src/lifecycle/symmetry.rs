//! Who is interchangeable: resources of one kind, region, role and parents, with the same role passed and the same needs; sessions of one role and principal.
//!
//! Individuals whose names matter stay apart: those that the script, a question or another resource names, and the resources of a
//! service that reports by their order.

#![expect(clippy::wildcard_enum_match_arm, reason = "only steps about individuals come in several alike")]

use std::collections::BTreeSet;

use slr_core::id::{KindIdx, ResourceIdx, TransitionIdx};
use slr_core::invariant::Predicate;
use slr_core::kind::Mover;
use slr_core::rules::Reports;
use slr_core::service::ReportingPolicy;
use slr_core::{Action, Command, IdSet, OperatorStep, State, Universe};
use slr_scenario::lower::Lowered;
use slr_scenario::simulation::Scripted;

use super::Asked;

/// The classes of interchangeable individuals.
#[derive(Debug)]
pub(super) struct Classes<S> {
    resources: Vec<Vec<u32>>,
    sessions: Vec<Vec<u32>>,
    /// Per resource, the class that it is in.
    class_of: Vec<usize>,
    /// Resources that a question or the script names.
    named: BTreeSet<ResourceIdx>,
    /// Kinds that a question names.
    kinds: BTreeSet<KindIdx>,
    width: std::marker::PhantomData<S>,
}

impl<S: IdSet> Classes<S> {
    pub(super) fn new(universe: &Universe<S>, lowered: &Lowered, asked: &[Asked]) -> Self {
        let world = universe.world();
        let mut named: BTreeSet<ResourceIdx> = asked.iter().flat_map(Asked::resources).collect();
        // What others belong to, or are made from, is not to be taken for another one.
        named.extend(world.resources.iter().flat_map(|resource| &resource.parents));
        for step in lowered.plan.script() {
            match &step {
                Scripted::ResourceMoves { resource, .. }
                | Scripted::Operate { resource, .. }
                | Scripted::Call { command: Command::Operate { resource, .. }, .. }
                | Scripted::Operator { step: OperatorStep::CleansUp(resource), .. } => {
                    named.insert(*resource);
                }
                Scripted::TaskFails { named: Some(resources), .. } => named.extend(resources),
                Scripted::Call { .. }
                | Scripted::Poll { .. }
                | Scripted::SessionOpens { .. }
                | Scripted::SessionEnds { .. }
                | Scripted::TaskStarts { .. }
                | Scripted::TaskSucceeds { .. }
                | Scripted::TaskFails { named: None, .. }
                | Scripted::RoleAppears { .. }
                | Scripted::RoleDisappears { .. }
                | Scripted::TaskBecomesVisible { .. }
                | Scripted::TaskIsForgotten { .. }
                | Scripted::RolePropagates { .. }
                | Scripted::Region { .. }
                | Scripted::Operator { .. } => {}
            }
        }
        let ordered = |resource: ResourceIdx| {
            let policy = universe.service_of(universe.role_of(resource)).map(|service| service.reports);
            matches!(policy, Some(ReportingPolicy::First(_)))
        };
        let stands_alone = |resource: ResourceIdx| {
            named.contains(&resource) || ordered(resource) || !universe.children_of(resource).is_empty()
        };
        let mut resources: Vec<Vec<u32>> = Vec::new();
        let mut class_of = Vec::new();
        for resource in universe.resources() {
            let own = &world.resources[resource.index()];
            let same = |class: &Vec<u32>| {
                let other = &world.resources[class[0] as usize];
                (own.kind, own.region, own.role) == (other.kind, other.region, other.role)
                    && (&own.parents, own.passes, &own.needs) == (&other.parents, other.passes, &other.needs)
                    && !stands_alone(ResourceIdx(class[0]))
            };
            let known = if stands_alone(resource) { None } else { resources.iter().position(same) };
            let class = known.unwrap_or_else(|| {
                resources.push(Vec::new());
                resources.len() - 1
            });
            resources[class].push(resource.0);
            class_of.push(class);
        }
        let mut sessions: Vec<Vec<u32>> = Vec::new();
        for session in universe.sessions() {
            let own = &world.sessions[session.index()];
            let same = |class: &Vec<u32>| {
                let other = &world.sessions[class[0] as usize];
                (own.role, &own.principal, own.reopens) == (other.role, &other.principal, other.reopens)
            };
            match sessions.iter().position(same) {
                Some(class) => sessions[class].push(session.0),
                None => sessions.push(vec![session.0]),
            }
        }
        let kinds = asked.iter().flat_map(Asked::kinds).collect();
        Self { resources, sessions, class_of, named, kinds, width: std::marker::PhantomData }
    }

    pub(super) fn is_trivial(&self) -> bool {
        self.resources.iter().chain(&self.sessions).all(|class| class.len() < 2)
    }

    /// The representative: in each class the statuses in ascending order, the open sessions first.
    pub(super) fn canonical(&self, state: &State<S>) -> State<S> {
        let mut canonical = state.clone();
        for class in self.resources.iter().filter(|class| class.len() > 1) {
            canonical.sort_resources(class);
        }
        for class in self.sessions.iter().filter(|class| class.len() > 1) {
            canonical.sort_sessions(class);
        }
        canonical
    }

    /// Visits of each set of steps that differ only in which of several equal individuals they take one, with their number.
    pub(super) fn representatives(
        &self,
        universe: &Universe<S>,
        state: &State<S>,
        visit: &mut impl FnMut(Action<S>, u64),
    ) {
        universe.enabled_but_reports(state, &mut |action| {
            let count = match &action {
                Action::SessionOpens { session } => self.sessions_like(session.0, false, state),
                Action::SessionEnds { session, .. } => self.sessions_like(session.0, true, state),
                Action::ResourceMoves { resource, .. }
                | Action::Operator { step: OperatorStep::CleansUp(resource), .. } => {
                    self.resources_like(*resource, state)
                }
                _ => 1,
            };
            if count > 0 {
                visit(action, count);
            }
        });
        universe.for_each_decision(state, &mut |role, decision| match decision {
            None => visit(Action::TaskSucceeds { role }, 1),
            Some(reports) => self.reports(state, &reports, &mut |named, count| {
                visit(Action::TaskFails { role, named }, count);
            }),
        });
    }

    /// How many sessions are like this one, if it is the first of them; 0 if it is not.
    fn sessions_like(&self, session: u32, open: bool, state: &State<S>) -> u64 {
        let class = self.sessions.iter().find(|class| class.contains(&session));
        let mut like = class.into_iter().flatten().filter(|other| state.open_sessions().contains(**other) == open);
        if like.next() == Some(&session) { 1 + like.count() as u64 } else { 0 }
    }

    /// How many resources are like this one, if it is the first of them; 0 if it is not.
    fn resources_like(&self, resource: ResourceIdx, state: &State<S>) -> u64 {
        let own = state.resource_traits(resource);
        let class = &self.resources[self.class_of[resource.index()]];
        let mut like = class.iter().filter(|other| state.resource_traits(ResourceIdx(**other)) == own);
        if like.next() == Some(&resource.0) { 1 + like.count() as u64 } else { 0 }
    }

    /// Visits one report of each set of reports that differ only in which of several equal resources they name.
    fn reports(&self, state: &State<S>, reports: &Reports<S>, visit: &mut impl FnMut(S, u64)) {
        match reports {
            Reports::AnyPartOf(all) => {
                let groups = self.groups(all, state);
                choose(&groups, None, &S::default(), 1, visit);
            }
            Reports::SomeOf(all, size) => {
                let groups = self.groups(all, state);
                choose(&groups, Some(*size), &S::default(), 1, visit);
            }
            Reports::Exactly(_) | Reports::OneOf(_) => reports.for_each(&mut |named| visit(named, 1)),
        }
    }

    /// The ids of `all`, those that are alike together.
    fn groups(&self, all: &S, state: &State<S>) -> Vec<Vec<u32>> {
        let mut groups: Vec<(usize, u8, Vec<u32>)> = Vec::new();
        for id in all.iter() {
            let (class, own) = (self.class_of[id as usize], state.resource_traits(ResourceIdx(id)));
            match groups.iter_mut().find(|(c, traits, _)| (*c, *traits) == (class, own)) {
                Some((_, _, group)) => group.push(id),
                None => groups.push((class, own, vec![id])),
            }
        }
        groups.into_iter().map(|(_, _, group)| group).collect()
    }

    /// Whether nothing but the resource itself can tell the two states of the transition apart.
    pub(super) fn is_lonely(&self, universe: &Universe<S>, resource: ResourceIdx, transition: TransitionIdx) -> bool {
        let world = universe.world();
        let kind = universe.kind_of(resource);
        let step = universe.transition(resource, transition);
        let (Some(from), Some(to)) = (kind.state(step.from), kind.state(step.to)) else {
            return false;
        };
        let leaves = |code: u8| kind.transitions.iter().filter(move |t| t.from == code);
        let stale = universe
            .service_of(universe.role_of(resource))
            .is_some_and(|service| service.reports == ReportingPolicy::Stale);
        // Out of `absent` it would be there, and what waits for the role waits for other steps.
        step.from != 0
            && !step.needs_live_role()
            && from.blocks() == to.blocks()
            && from.works == to.works
            && from.is_end == to.is_end
            && step.when == slr_core::kind::When::Always
            && !stale
            && leaves(step.from).count() == 1
            && leaves(step.to).all(|t| t.by == Mover::Service)
            && !universe.has_region_faults()
            && !self.named.contains(&resource)
            && !self.questions_of_kind(universe, resource)
            && !step.is_special
            && leaves(step.to).all(|t| !t.is_special)
            && world.resources[resource.index()].parents.is_empty()
            && universe.dependents_of(resource).is_empty()
            && universe.children_of(resource).is_empty()
    }

    /// Whether a question is about some resource of this one's kind.
    fn questions_of_kind(&self, universe: &Universe<S>, resource: ResourceIdx) -> bool {
        self.kinds.contains(&universe.world().resources[resource.index()].kind)
    }
}

/// Visits the ways to take from each group so many, `size` in all if that is given, with the number of choices that each stands for.
fn choose<S: IdSet>(groups: &[Vec<u32>], size: Option<u32>, chosen: &S, count: u64, visit: &mut dyn FnMut(S, u64)) {
    let Some((group, rest)) = groups.split_first() else {
        if size.is_none_or(|size| size == 0) {
            visit(chosen.clone(), count);
        }
        return;
    };
    let mut more = chosen.clone();
    let mut ways = 1_u64;
    let most = size.map_or(group.len(), |size| group.len().min(size as usize));
    for taken in 0..=most {
        choose(rest, size.map(|size| size - number(taken)), &more, count.saturating_mul(ways), visit);
        if let Some(id) = group.get(taken) {
            more.insert(*id);
            // The next binomial coefficient from this one.
            ways = ways.saturating_mul(u64::from(number(group.len() - taken))) / u64::from(number(taken + 1));
        }
    }
}

fn number(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// The resource and the kind that a predicate names.
pub(super) fn named_by(predicate: Predicate) -> (Option<ResourceIdx>, Option<KindIdx>) {
    match predicate {
        Predicate::ResourceIn(resource, _) => (Some(resource), None),
        Predicate::EachResourceIn(kind, _)
        | Predicate::SomeResourceIn(kind, _)
        | Predicate::ResourcesGone(_, Some(kind)) => (None, Some(kind)),
        Predicate::RoleLive(_)
        | Predicate::RoleAbsent(_)
        | Predicate::RoleGone(_)
        | Predicate::SessionOpen(_)
        | Predicate::ThisSessionOpen(_)
        | Predicate::InUse(_)
        | Predicate::TaskUnfinished(_)
        | Predicate::TaskFailed(_)
        | Predicate::TaskSucceeded(_)
        | Predicate::ResourcesGone(_, None)
        | Predicate::OperatorDone(_)
        | Predicate::OperatorGaveUp(_) => (None, None),
    }
}
