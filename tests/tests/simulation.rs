//! What becomes possible happens: the simulation of any world leaves nothing out that the rules allow.

#![expect(clippy::wildcard_enum_match_arm, reason = "who listens picks what concerns it")]

use std::collections::BTreeMap;

use proptest::prelude::*;

use slr_core::service::Deletion;
use slr_core::world::Told;
use slr_core::{Action, Event, IdSet, State, Universe};
use slr_scenario::simulation::{
    Agenda, Backoff, Delay, Ending, Jitter, Observer, OperatorPlan, Outage, Plan, PlannedStep, Player, Polling,
    Scratch, Scripted, SimTime, Step as Taken, conduct,
};
use slr_tests::config;
use slr_tests::draws::{Draws, draws};
use slr_tests::steps::{Ids, Sort, Step, enabled, steps};
use slr_tests::worlds::{Setup, setup};

const SEEDS: &str = "proptest-regressions/simulation.txt";

/// The longest that anything takes in these worlds, in milliseconds.
const LONGEST: u64 = 20_000;
const UNTIL: SimTime = SimTime::from_millis(1_800_000);

/// Delays, operators' habits, and a script of these steps.
fn plan(universe: &Universe<u8>, steps: &[Step], draws: &mut Draws) -> Plan {
    let world = universe.world();
    let mut delay = || match draws.below(3) {
        0 => Delay::Fixed(1_000),
        1 => Delay::Fixed(LONGEST),
        _ => Delay::Range(100, LONGEST),
    };
    let moves: Vec<Vec<Delay>> =
        world.kinds.iter().map(|kind| kind.transitions.iter().map(|_| delay()).collect()).collect();
    let limits = world.kinds.iter().map(|kind| {
        let limit =
            |(at, step): (usize, &slr_core::kind::Transition)| (step.exceptional && at % 2 == 0).then(&mut delay);
        kind.transitions.iter().enumerate().map(limit).collect()
    });
    Plan {
        timing: slr_scenario::simulation::Timing::default(),
        until: UNTIL,
        limits: limits.collect(),
        moves,
        task_start: delay(),
        task_decision: delay(),
        session_end: delay(),
        session_open: delay(),
        read_docs: delay(),
        visibility: delay(),
        retention: delay(),
        propagation: delay(),
        max_session: vec![3_600_000; world.roles.len()],
        throttlings: Vec::new(),
        clean_up_failures: Vec::new(),
        outages: outages(universe, draws),
        late_visibilities: Vec::new(),
        operators: world
            .operators
            .iter()
            .map(|operator| OperatorPlan {
                starts: SimTime::ZERO,
                polls: (operator.told == Told::ByPolls)
                    .then(|| Polling { every: 5_000, deadline: operator.loses_patience.then_some(60_000) }),
                backoff: Backoff { every: 30_000, factor: 1000, cap: 600_000, jitter: Jitter::None },
            })
            .collect(),
        steps: script(universe, steps),
    }
}

fn outages(universe: &Universe<u8>, draws: &mut Draws) -> Vec<Outage> {
    let (regions, count) = (universe.world().regions.len(), draws.below(4));
    let outage = |_| {
        let from = draws.below(300_000) as u64;
        Outage {
            region: u32::try_from(draws.below(regions)).unwrap_or(0).into(),
            from: SimTime::from_millis(from),
            until: SimTime::from_millis(from + 1 + draws.below(200_000) as u64),
        }
    };
    (0..count).map(outage).collect()
}

/// A step every seven seconds: commands, and what the environment may do at other times than its own.
fn script(universe: &Universe<u8>, steps: &[Step]) -> Vec<PlannedStep> {
    let ids = Ids::of(universe);
    let known = |step: &Step| Some(step.arbitrary::<u8>(&ids)).filter(|action| universe.knows(action));
    let what = |step: &Step| match known(step)? {
        Action::Command { by, command } => Some(Scripted::Call { by, command }),
        Action::SessionOpens { session } => {
            let role = universe.world().sessions[session.index()].role;
            Some(Scripted::SessionOpens { role, principal: None })
        }
        Action::SessionEnds { session, .. } => {
            Some(Scripted::SessionEnds { role: universe.world().sessions[session.index()].role })
        }
        Action::TaskStarts { role } => Some(Scripted::TaskStarts { role }),
        Action::TaskSucceeds { role } => Some(Scripted::TaskSucceeds { role }),
        Action::TaskFails { role, .. } => Some(Scripted::TaskFails { role, named: None }),
        Action::TaskBecomesVisible { role } => Some(Scripted::TaskBecomesVisible { role }),
        Action::TaskIsForgotten { role } => Some(Scripted::TaskIsForgotten { role, task: None }),
        Action::RolePropagates { role } => Some(Scripted::RolePropagates { role }),
        Action::ResourceMoves { resource, transition } => {
            Some(Scripted::ResourceMoves { resource, transitions: vec![transition] })
        }
        Action::RoleAppears { role } => Some(Scripted::RoleAppears { role }),
        Action::ServiceDeletesRole { role } => Some(Scripted::RoleDisappears { role }),
        Action::Throttle { .. }
        | Action::Operator { .. }
        | Action::EarlierTaskIsForgotten { .. }
        | Action::RegionFails { .. }
        | Action::RegionRecovers { .. } => None,
    };
    let steps = steps.iter().filter_map(what).zip(1..);
    steps.map(|(what, place)| PlannedStep { at: SimTime::from_millis(place * 7_000), what, sets: None }).collect()
}

/// Something that the environment may do, whatever comes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Possible {
    Session(u32),
    Resource(u32),
    Decision(u32),
    Start(u32),
    Visibility(u32),
    Forgetting(u32),
    Propagation(u32),
    Deletion(u32),
}

/// What the environment may do in a state. What only a step makes happen is left out: exceptional moves without a time of their own.
fn possible(universe: &Universe<u8>, plan: &Plan, state: &State<u8>) -> Vec<Possible> {
    let of = |action: Action<u8>| match action {
        Action::SessionOpens { session } | Action::SessionEnds { session, .. } => Some(Possible::Session(session.0)),
        Action::ResourceMoves { resource, transition } => {
            let kind = universe.world().resources[resource.index()].kind;
            let by_itself = !universe.transition(resource, transition).exceptional
                || plan.limits[kind.index()][transition.index()].is_some();
            by_itself.then_some(Possible::Resource(resource.0))
        }
        Action::TaskSucceeds { role } | Action::TaskFails { role, .. } => Some(Possible::Decision(role.0)),
        Action::TaskStarts { role } => Some(Possible::Start(role.0)),
        Action::TaskBecomesVisible { role } => Some(Possible::Visibility(role.0)),
        Action::TaskIsForgotten { role } => Some(Possible::Forgetting(role.0)),
        Action::RolePropagates { role } => Some(Possible::Propagation(role.0)),
        Action::ServiceDeletesRole { role } => Some(Possible::Deletion(role.0)),
        Action::Command { .. }
        | Action::Throttle { .. }
        | Action::Operator { .. }
        | Action::EarlierTaskIsForgotten { .. }
        | Action::RoleAppears { .. }
        | Action::RegionFails { .. }
        | Action::RegionRecovers { .. } => None,
    };
    enabled(universe, state).into_iter().filter_map(of).collect()
}

/// Notes since when everything has been possible without a break, and without something of its own having happened.
struct Watch<'a> {
    universe: &'a Universe<u8>,
    plan: &'a Plan,
    since: BTreeMap<Possible, SimTime>,
    overdue: Option<(Possible, SimTime, SimTime)>,
}

impl Watch<'_> {
    fn look(&mut self, now: SimTime, state: &State<u8>) {
        let possible = possible(self.universe, self.plan, state);
        self.since.retain(|what, _| possible.contains(what));
        for what in possible {
            self.since.entry(what).or_insert(now);
        }
    }
}

impl Observer<u8> for Watch<'_> {
    fn step(&mut self, _: usize, now: SimTime, step: Taken<'_, u8>, state: &State<u8>) {
        let late = |since: SimTime| since.plus(SimTime::from_millis(2 * LONGEST + 1)) < now;
        if let Some((what, since)) = self.since.iter().find(|(_, since)| late(**since)) {
            self.overdue.get_or_insert((*what, *since, now));
        }
        for event in step.events {
            match event {
                Event::ResourceMoved { resource, .. } => {
                    self.since.remove(&Possible::Resource(resource.0));
                }
                Event::SessionOpened { session } | Event::SessionEnded { session, .. } => {
                    self.since.remove(&Possible::Session(session.0));
                }
                // A role that is made again lets everything begin again that uses it; what a task may do is another task's.
                Event::RoleCreated { .. } | Event::TaskSubmitted { .. } => self.since.clear(),
                _ => {}
            }
        }
        self.look(now, state);
    }
}

fn play(universe: &Universe<u8>, plan: &Plan, seed: u64, watch: &mut Watch<'_>) -> (Ending, State<u8>) {
    let mut states = [universe.initial()];
    let mut player = Player::new(universe, plan, seed);
    let mut agenda = Agenda::default();
    player.begin(&states[0], &mut agenda);
    watch.look(SimTime::ZERO, &states[0]);
    let ending = conduct(universe, &mut states, &mut agenda, &mut player, watch, plan.until, &mut Scratch::default());
    (ending, states[0])
}

/// Worlds that often come to rest, and whose services often have the last word about their roles.
fn quiet_setup() -> impl Strategy<Value = Setup> {
    (setup(), any::<bool>(), any::<bool>()).prop_map(|(mut setup, no_session_reopens, all_automatic)| {
        for session in &mut setup.world.sessions {
            session.reopens &= !no_session_reopens;
        }
        for service in setup.world.services.iter_mut().filter(|_| all_automatic) {
            service.deletion = Deletion::Automatic;
        }
        setup
    })
}

/// Scripts and operators change everything at all times; the rest is left to the world itself.
fn with_script() -> impl Strategy<Value = (Setup, Vec<Step>, Draws, u64)> {
    let steps = steps(30).prop_map(|mut steps| {
        for step in &mut steps {
            step.sort = if step.sort == Sort::Enabled { Sort::Command } else { step.sort };
        }
        steps
    });
    (quiet_setup(), steps, draws(80), any::<u64>())
}

proptest! {
    #![proptest_config(config(1000, SEEDS))]

    #[test]
    fn what_stays_possible_happens((setup, steps, mut draws, seed) in with_script()) {
        let universe = setup.universe::<u8>();
        let plan = plan(&universe, &steps, &mut draws);
        let mut watch = Watch { universe: &universe, plan: &plan, since: BTreeMap::new(), overdue: None };
        let (ending, state) = play(&universe, &plan, seed, &mut watch);
        if ending == Ending::NothingDue {
            prop_assert_eq!(possible(&universe, &plan, &state), Vec::new(), "nothing more is due");
        }
        prop_assert_eq!(watch.overdue, None, "what, since when, and when it was seen");
    }

    #[test]
    fn nothing_becomes_possible_to_those_whom_an_event_does_not_concern(setup in quiet_setup(), steps in steps(60)) {
        let universe = setup.universe::<u8>();
        let (all, mut state) = (u8::MAX, universe.initial());
        for step in steps {
            let Some(action) = step.action(&universe, &state) else { continue };
            let (before, mut events) = (state, Vec::new());
            if universe.apply(&mut state, &action, &mut |event| events.push(event)).is_err() {
                continue;
            }
            let was = enabled(&universe, &before);
            for new in enabled(&universe, &state).into_iter().filter(|action| !was.contains(action)) {
                let concerns = |event: &Event<u8>| match new {
                    Action::SessionOpens { session } => {
                        universe.sessions_concerned(event, &all).contains(session.0)
                            || matches!(event, Event::SessionEnded { session: ended, .. } if *ended == session)
                    }
                    Action::ResourceMoves { resource, .. } => {
                        universe.resources_concerned(event, &all).contains(resource.0)
                            || matches!(event, Event::ResourceMoved { resource: moved, .. } if *moved == resource)
                    }
                    Action::ServiceDeletesRole { role } => universe.role_concerned(event) == Some(role),
                    // Each follows from an event of its own, which schedules it.
                    _ => true,
                };
                prop_assert!(events.iter().any(concerns), "{:?} after {:?}", new, events);
            }
        }
    }
}
