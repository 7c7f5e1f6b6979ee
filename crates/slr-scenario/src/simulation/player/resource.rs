//! What services do with resources: when they move them, which move they make, and what they wait for.

use slr_core::id::{ResourceIdx, RoleIdx, TransitionIdx};
use slr_core::kind::{Mover, Transition, When};
use slr_core::{Event, IdSet, State, Universe};

use super::super::chance::Delay;
use super::super::plan::Plan;
use super::super::time::SimTime;
use super::{Actor, Agenda, Due, Player, What};

/// Some of a kind's transitions, which seldom are more than one.
#[derive(Debug, Default)]
struct Choices {
    first: Option<TransitionIdx>,
    others: Vec<TransitionIdx>,
    count: u64,
}

impl Choices {
    fn add(&mut self, transition: TransitionIdx) {
        match self.first {
            None => self.first = Some(transition),
            Some(_) => self.others.push(transition),
        }
        self.count += 1;
    }

    fn nth(&self, place: u64) -> Option<TransitionIdx> {
        match usize::try_from(place).ok()?.checked_sub(1) {
            None => self.first,
            Some(place) => self.others.get(place).copied(),
        }
    }
}

/// What a service does with a resource that is in a state, where parameters of calls have no say in it.
#[derive(Debug, Clone, Copy)]
enum Outlook {
    /// Nothing: it stays as it is.
    Rests,
    /// It makes a move after the delay: this one if there is no other, or else the one that is open then.
    Moves(Delay, Option<TransitionIdx>),
    /// It may make exceptional moves, too, when their time is over.
    Open,
}

/// What services do with resources that are in their states.
#[derive(Debug)]
pub(super) struct Outlooks {
    /// Of each kind's states, by their codes.
    of_states: Vec<Outlook>,
    /// Per resource, where its kind's states begin; nothing if parameters of calls time moves.
    first: Vec<usize>,
}

impl Outlooks {
    pub(super) fn new<S: IdSet>(universe: &Universe<S>, plan: &Plan) -> Self {
        let world = universe.world();
        let (mut of_states, mut first_of_kind) = (Vec::new(), Vec::new());
        for (kind, (delays, limits)) in world.kinds.iter().zip(plan.moves.iter().zip(&plan.limits)) {
            let of_state = |moves: &Vec<TransitionIdx>| {
                let mut ordinary = moves.iter().filter(|id| !kind.transitions[id.index()].exceptional);
                match (ordinary.next(), ordinary.next()) {
                    _ if moves.iter().any(|id| limits[id.index()].is_some()) => Outlook::Open,
                    (None, _) => Outlook::Rests,
                    (Some(only), None) => Outlook::Moves(delays[only.index()], Some(*only)),
                    (Some(first), Some(_)) => Outlook::Moves(delays[first.index()], None),
                }
            };
            first_of_kind.push(of_states.len());
            of_states.extend(kind.by_service.iter().map(of_state));
        }
        let resources = world.resources.iter().filter(|_| plan.timing.is_empty());
        Self { of_states, first: resources.map(|slot| first_of_kind[slot.kind.index()]).collect() }
    }

    #[inline]
    fn of(&self, resource: ResourceIdx, code: u8) -> Outlook {
        self.first.get(resource.index()).map_or(Outlook::Open, |first| self.of_states[first + usize::from(code)])
    }
}

/// When a service moves a resource out of the state that it is in.
#[derive(Debug, Clone, Default)]
pub(super) struct Moves {
    /// When it makes the next of its moves; `None` if there is none.
    ordinary: Option<SimTime>,
    /// The exceptional moves that are made by themselves when their time is over, in the kind's order.
    limits: Vec<(SimTime, TransitionIdx)>,
}

impl<S: IdSet> Player<'_, S> {
    /// Schedules the service's moves of a resource that has come into the state that it is in.
    #[inline]
    pub(super) fn resource_is_in(
        &mut self,
        resource: ResourceIdx,
        now: SimTime,
        state: &State<S>,
        agenda: &mut Agenda<Due>,
    ) {
        let outlook = self.outlooks.of(resource, state.resource(resource));
        self.waiting_resources.remove(resource.0);
        let Moves { ordinary, limits } = &mut self.moves[resource.index()];
        limits.clear();
        match outlook {
            Outlook::Rests => *ordinary = None,
            Outlook::Moves(delay, _) => {
                let role = self.universe.role_of(resource);
                let at = now.plus(delay.draw(self.stream(Actor::Resources(role))));
                self.moves[resource.index()].ordinary = Some(at);
                self.at(at, What::ResourceMoves, resource.0, agenda);
            }
            Outlook::Open => self.see_what_comes(resource, now, state, agenda),
        }
    }

    /// Schedules the service's moves where there may be several.
    fn see_what_comes(&mut self, resource: ResourceIdx, now: SimTime, state: &State<S>, agenda: &mut Agenda<Due>) {
        let (universe, plan) = (self.universe, self.plan);
        let kind = universe.world().resources[resource.index()].kind;
        let actor = Actor::Resources(universe.role_of(resource));
        self.draw_ordinary(resource, now, state);
        let limits = plan.limits[kind.index()].iter().zip((0..).map(TransitionIdx));
        for (limit, id) in limits.filter_map(|(limit, id)| Some(((*limit)?, id))) {
            let step = universe.transition(resource, id);
            if step.by == Mover::Service && step.from == state.resource(resource) {
                let at = now.plus(limit.draw(self.stream(actor)));
                self.moves[resource.index()].limits.push((at, id));
            }
        }
        self.schedule_move(resource, now, state, agenda);
    }

    /// Draws when the service makes the next of its moves, exceptional ones apart.
    #[inline]
    pub(super) fn draw_ordinary(&mut self, resource: ResourceIdx, now: SimTime, state: &State<S>) {
        let (universe, plan) = (self.universe, self.plan);
        self.waiting_resources.remove(resource.0);
        let kind = universe.world().resources[resource.index()].kind;
        let actor = Actor::Resources(universe.role_of(resource));
        let is_ordinary =
            |(id, step): &(TransitionIdx, &Transition)| !step.exceptional && !self.is_timed(resource, *id);
        let first = universe.service_moves_from(state, resource).find(is_ordinary);
        self.moves[resource.index()].ordinary =
            first.map(|(id, _)| now.plus(plan.moves[kind.index()][id.index()].draw(self.stream(actor))));
    }

    /// Schedules the earliest move of the resource that may come to something.
    #[inline]
    pub(super) fn schedule_move(
        &mut self,
        resource: ResourceIdx,
        now: SimTime,
        state: &State<S>,
        agenda: &mut Agenda<Due>,
    ) {
        let waits = self.waiting_resources.contains(resource.0);
        let Moves { ordinary, limits } = &self.moves[resource.index()];
        let mut next = ordinary.filter(|at| !waits || *at > now);
        for &(at, id) in limits {
            let comes = at > now || (!waits && self.universe.may_move(state, resource, id));
            if comes && next.is_none_or(|next| at < next) {
                next = Some(at);
            }
        }
        if let Some(at) = next {
            self.at(at.max(now), What::ResourceMoves, resource.0, agenda);
        }
    }

    /// The move of the resource that is due; `None` if it has to wait.
    pub(super) fn move_due(&mut self, resource: ResourceIdx, now: SimTime, state: &State<S>) -> Option<TransitionIdx> {
        match self.outlooks.of(resource, state.resource(resource)) {
            // Whether it can be made now the rules will say.
            Outlook::Moves(_, Some(only)) => return Some(only),
            Outlook::Moves(_, None) => return self.ordinary_move(resource, state),
            Outlook::Rests | Outlook::Open => {}
        }
        let Moves { ordinary, limits } = &self.moves[resource.index()];
        let ordinary = ordinary.filter(|at| *at <= now);
        let over = limits.iter().filter(|(at, id)| *at <= now && self.universe.may_move(state, resource, *id));
        let limited = over.copied().min_by_key(|(at, _)| *at);
        match (ordinary, limited) {
            (None, limited) => limited.map(|(_, id)| id),
            (Some(ordinary), Some((at, id))) if at < ordinary => Some(id),
            (Some(_), limited) => self.ordinary_move(resource, state).or(limited.map(|(_, id)| id)),
        }
    }

    /// Which of its moves a service makes with a resource now, exceptional ones apart.
    ///
    /// A clean-up that can fail because the role is in use does fail, unless the scenario says which part of them. Among other moves that
    /// are open chance decides.
    fn ordinary_move(&mut self, resource: ResourceIdx, state: &State<S>) -> Option<TransitionIdx> {
        let universe = self.universe;
        let (kind, role) = (universe.world().resources[resource.index()].kind, universe.role_of(resource));
        let mut failing = Choices::default();
        let mut passing = Choices::default();
        for (id, transition) in universe.service_moves_from(state, resource) {
            let is_open = !transition.exceptional && !self.is_timed(resource, id);
            if is_open && universe.may_make(state, (resource, id), transition) {
                match transition.when {
                    When::Always | When::NotInUse => passing.add(id),
                    When::InUse => failing.add(id),
                }
            }
        }
        let fails = if failing.count == 0 {
            false
        } else if passing.count == 0 {
            true
        } else {
            let applies = self.plan.clean_up_failures.iter().find(|fault| fault.kind.is_none_or(|k| k == kind));
            match applies {
                None => true,
                Some(fault) => self.stream(Actor::Faults).comes_true(fault.millionths),
            }
        };
        self.pick(role, if fails { &failing } else { &passing })
    }

    fn pick(&mut self, role: RoleIdx, choices: &Choices) -> Option<TransitionIdx> {
        match choices.first {
            Some(_) if choices.count > 1 => {
                let chosen = self.stream(Actor::Resources(role)).below(choices.count);
                choices.nth(chosen)
            }
            only => only,
        }
    }

    /// Lets those of the waiting resources go on that something has become possible to by the event.
    pub(super) fn wake_resources(
        &mut self,
        event: &Event<S>,
        now: SimTime,
        state: &State<S>,
        agenda: &mut Agenda<Due>,
    ) {
        let universe = self.universe;
        let concerned = universe.resources_concerned(event, &self.waiting_resources);
        for resource in concerned.iter().map(ResourceIdx) {
            let can = |id: TransitionIdx| universe.may_move(state, resource, id);
            let ordinary = universe
                .service_moves_from(state, resource)
                .any(|(id, step)| !step.exceptional && !self.is_timed(resource, id) && can(id));
            let deadline = self.deadline_over(resource, now).is_some_and(can);
            let limited = self.moves[resource.index()].limits.iter().any(|(at, id)| *at <= now && can(*id));
            if ordinary {
                self.draw_ordinary(resource, now, state);
            }
            if ordinary || limited {
                self.waiting_resources.remove(resource.0);
                self.schedule_move(resource, now, state, agenda);
            }
            if deadline {
                self.set_deadline(resource, now, state, agenda);
            }
        }
    }

    /// Lets the moves that wait for the role not to be in use take their time from now on.
    pub(super) fn role_is_idle(&mut self, role: RoleIdx, now: SimTime, state: &State<S>, agenda: &mut Agenda<Due>) {
        let universe = self.universe;
        if self.for_idle[role.index()].is_empty() || universe.is_session_open(state, role) {
            return;
        }
        for resource in self.for_idle[role.index()].iter().map(ResourceIdx) {
            let moves = universe.service_moves_from(state, resource);
            let mut moves = moves.filter(|(id, step)| !step.exceptional && !self.is_timed(resource, *id)).peekable();
            // What was possible all the time goes on, or sessions that come and go would put it off for ever.
            if moves.peek().is_some() && moves.all(|(_, step)| step.when == When::NotInUse) {
                self.draw_ordinary(resource, now, state);
                self.schedule_move(resource, now, state, agenda);
            }
        }
    }
}

/// Per role, the resources of kinds with a service's move that waits for the role not to be in use.
pub(super) fn for_idle<S: IdSet>(universe: &Universe<S>) -> Vec<S> {
    let waits = |id: &u32| {
        let transitions = &universe.kind_of(ResourceIdx(*id)).transitions;
        transitions.iter().any(|step| step.by == Mover::Service && step.when == When::NotInUse)
    };
    universe.roles().map(|role| S::of(universe.resources_of(role).iter().filter(waits))).collect()
}
