//! The `campaign`: many independent deletions, each with six resources and two sessions, on the rules and the agenda that every
//! scenario runs on, beside the same by hand. Totals prove that the runs are right; criterion gives the events a second.

#![expect(clippy::wildcard_enum_match_arm, reason = "the campaign listens to what concerns it")]

mod by_hand;
mod stream;

use std::hint::black_box;
use std::io::Write;

use criterion::{BenchmarkId, Criterion, Throughput};

use slr_core::id::{KindIdx, OperatorIdx, PrincipalIdx, RegionIdx, ResourceIdx, RoleIdx, ServiceIdx, SessionIdx};
use slr_core::kind::{CleanUp, KindSpec, ResourceKind};
use slr_core::knob::Judged;
use slr_core::machine::SessionEnd;
use slr_core::name::{AccountId, RoleName, ServicePrincipal};
use slr_core::rejection::Impossible;
use slr_core::service::{ReportingPolicy, ServiceDefinition};
use slr_core::world::{MissingTask, Operator, ReadsDocs, Resource, SessionSlot, Told, Works, World};
use slr_core::{Action, Event, IdSet, OperatorStep, State, Universe};
use slr_scenario::simulation::{Agenda, Habits, Nobody, Observer, Scratch, SimTime, Step, conduct};
use slr_scenario::trace::record::{Header, Names, Recorder};

use stream::Stream;

/// What proves a run right.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    /// Events of the model.
    pub(crate) events: u64,
    /// Requests for deletion.
    pub(crate) attempts: u64,
    /// The sum of the times at which campaigns were done.
    pub(crate) completion: u64,
}

/// The wait before the attempt after the `attempts`-th.
pub(crate) fn backoff_nanos(attempts: u32) -> u64 {
    (30_u64 << (attempts - 1).min(5)).min(600) * 1_000_000_000
}

const ROLE: RoleIdx = RoleIdx(0);
const OPERATOR: OperatorIdx = OperatorIdx(0);

/// The world of one campaign. Eight ids are enough for it, so its sets are bytes.
fn world() -> World {
    let principal = ServicePrincipal::new("gadgets.example.com").unwrap();
    let name = RoleName::new("AWSServiceRoleForGadgets").unwrap();
    let mut world = World::new(AccountId::new("123456789012").unwrap());
    world.knobs.judged = Judged::End;
    world.services.push(ServiceDefinition {
        reports: ReportingPolicy::AnySubset,
        ..ServiceDefinition::new(principal.clone(), name.clone())
    });
    world.kinds.push(ResourceKind::new(&KindSpec::plain("gadget"), ServiceIdx(0)).unwrap());
    let role = world.linked_role(ServiceIdx(0), name.as_str(), None);
    world.roles[role.index()].given = true;
    for number in 1..=6 {
        let gadget = Resource::new(&format!("gadget-{number}"), KindIdx(0), RegionIdx(0), role);
        world.resources.push(Resource { given: world.kinds[0].initial, ..gadget });
    }
    for _ in 0..2 {
        world.sessions.push(SessionSlot { role, principal: principal.clone(), given_open: true, reopens: false });
    }
    world.operators.push(Operator {
        name: "admin".to_owned(),
        principal: PrincipalIdx(0),
        goal: role,
        works: Works::InAnyOrder,
        attempts: None,
        told: Told::AtOnce,
        loses_patience: false,
        reads_docs: ReadsDocs::Never,
        cleans: true,
        missing_task: MissingTask::LooksAtTheRole,
        empty_report_means_unused: false,
        ignores_failure: false,
        requests_throttled: false,
        polls_throttled: false,
    });
    world
}

#[derive(Clone, Copy)]
enum What {
    Submit,
    Start,
    Decide,
    SessionEnd(u8),
    ResourceDone(u8),
}

#[derive(Clone, Copy)]
struct Due {
    campaign: u32,
    what: What,
}

/// The campaign's delays and choices, by its own streams.
struct Campaigns<'a, S> {
    universe: &'a Universe<S>,
    streams: Vec<(Stream, u32)>,
    totals: Totals,
}

impl<'a, S: IdSet> Campaigns<'a, S> {
    fn new(universe: &'a Universe<S>) -> Self {
        Self { universe, streams: Vec::new(), totals: Totals::default() }
    }

    fn begin(&mut self, seed: u64, first: u32, count: u32, agenda: &mut Agenda<Due>) {
        self.streams.clear();
        for campaign in 0..count {
            let mut stream = Stream::of(seed, u64::from(first + campaign));
            let mut put = |delay: u64, what| agenda.schedule(SimTime::from_nanos(delay), Due { campaign, what });
            put(stream.exponential(300.0), What::SessionEnd(0));
            put(stream.exponential(300.0), What::SessionEnd(1));
            put(stream.exponential(60.0), What::Submit);
            self.streams.push((stream, 0));
        }
    }

    fn later(&mut self, due: Due, now: SimTime, mean_seconds: f64, what: What, agenda: &mut Agenda<Due>) {
        let delay = self.streams[due.campaign as usize].0.exponential(mean_seconds);
        agenda.schedule(now.plus(SimTime::from_nanos(delay)), Due { what, ..due });
    }
}

impl<S: IdSet> Habits<S> for Campaigns<'_, S> {
    type Due = Due;

    #[inline]
    fn world(due: &Due) -> usize {
        due.campaign as usize
    }

    #[inline]
    fn actions(&mut self, due: Due, _: SimTime, state: &State<S>, actions: &mut Vec<Action<S>>) {
        self.totals.events += 1;
        let (stream, attempts) = &mut self.streams[due.campaign as usize];
        match due.what {
            What::Submit => {
                *attempts += 1;
                self.totals.attempts += 1;
                actions.push(Action::Operator { operator: OPERATOR, step: OperatorStep::Submits });
            }
            What::Start => actions.push(Action::TaskStarts { role: ROLE }),
            What::Decide => {
                let judgement = self.universe.judge(state, ROLE);
                if judgement.is_unused() {
                    actions.push(Action::TaskSucceeds { role: ROLE });
                    return;
                }
                let named = S::from_word(stream.next() & 63).and(&judgement.in_use);
                actions.push(Action::TaskFails { role: ROLE, named: named.clone() });
                for resource in named.iter().map(ResourceIdx) {
                    if matches!(self.universe.clean_up_of(state, resource), CleanUp::Call(_)) {
                        actions.push(Action::Operator { operator: OPERATOR, step: OperatorStep::CleansUp(resource) });
                    }
                }
            }
            What::SessionEnd(session) => {
                let session = SessionIdx(u32::from(session));
                actions.push(Action::SessionEnds { session, end: SessionEnd::Done });
            }
            What::ResourceDone(resource) => {
                let fails = self.universe.is_session_open(state, ROLE) && stream.unit() < 0.3;
                let transition = slr_core::id::TransitionIdx(if fails { 3 } else { 2 });
                actions.push(Action::ResourceMoves { resource: ResourceIdx(u32::from(resource)), transition });
            }
        }
    }

    #[inline]
    fn after(&mut self, due: Due, now: SimTime, step: Step<'_, S>, _: &State<S>, agenda: &mut Agenda<Due>) {
        for event in step.events {
            match event {
                Event::TaskSubmitted { .. } => self.later(due, now, 2.0, What::Start, agenda),
                Event::TaskStarted { .. } => self.later(due, now, 10.0, What::Decide, agenda),
                Event::TaskSucceeded { .. } => {
                    self.totals.completion = self.totals.completion.wrapping_add(now.nanos());
                }
                Event::ResourceMoved { resource, .. } => {
                    if let (What::Decide, Ok(resource)) = (due.what, u8::try_from(resource.0)) {
                        self.later(due, now, 20.0, What::ResourceDone(resource), agenda);
                    }
                }
                _ => {}
            }
        }
    }

    fn impossible(&mut self, _: Due, _: SimTime, why: Impossible) {
        panic!("the campaign proposed something impossible: {why}");
    }

    #[inline]
    fn settled(&mut self, due: Due, now: SimTime, state: &State<S>, agenda: &mut Agenda<Due>) {
        if matches!(due.what, What::Decide) && state.is_live(ROLE) {
            let wait = SimTime::from_nanos(backoff_nanos(self.streams[due.campaign as usize].1));
            self.later(due, now.plus(wait), 1.0, What::Submit, agenda);
        }
    }
}

/// Writes every step as a line of JSON to nowhere.
struct Tracing<'n, S>(Recorder<'n, S, std::io::Sink>);

impl<S: IdSet> Observer<S> for Tracing<'_, S> {
    fn step(&mut self, _: usize, now: SimTime, step: Step<'_, S>, _: &State<S>) {
        self.0.step(now, step).expect("nowhere takes everything");
    }
}

/// All campaigns on one clock.
fn one_clock<S: IdSet>(universe: &Universe<S>, seed: u64, count: u32, observer: &mut impl Observer<S>) -> Totals {
    let mut states = vec![universe.initial(); count as usize];
    let mut agenda = Agenda::default();
    let mut campaigns = Campaigns::new(universe);
    campaigns.begin(seed, 0, count, &mut agenda);
    conduct(universe, &mut states, &mut agenda, &mut campaigns, observer, SimTime::END, &mut Scratch::default());
    campaigns.totals
}

/// One campaign after another: they are independent.
fn one_after_another<S: IdSet>(universe: &Universe<S>, seed: u64, count: u32) -> Totals {
    let mut agenda = Agenda::default();
    let mut scratch = Scratch::default();
    let mut campaigns = Campaigns::new(universe);
    let initial = universe.initial();
    let mut states = [initial.clone()];
    for campaign in 0..count {
        states[0].clone_from(&initial);
        agenda.clear();
        campaigns.begin(seed, campaign, 1, &mut agenda);
        conduct(universe, &mut states, &mut agenda, &mut campaigns, &mut Nobody, SimTime::END, &mut scratch);
    }
    campaigns.totals
}

fn by_hand_one_clock(seed: u64, count: u32) -> Totals {
    let mut totals = Totals::default();
    by_hand::play(seed, 0, count, &mut totals);
    totals
}

fn by_hand_one_after_another(seed: u64, count: u32) -> Totals {
    let mut totals = Totals::default();
    for campaign in 0..count {
        by_hand::play(seed, campaign, 1, &mut totals);
    }
    totals
}

/// The published totals for seed 7, and every way to play them.
fn prove(universe: &Universe<u8>) {
    for (count, events, attempts) in [(1_000, 28_763, 6_348), (10_000, 290_883, 64_370), (100_000, 2_913_996, 645_014)]
    {
        let totals = one_clock(universe, 7, count, &mut Nobody);
        assert_eq!((totals.events, totals.attempts), (events, attempts), "{count} campaigns");
        assert_eq!(one_after_another(universe, 7, count), totals);
        assert_eq!(by_hand_one_clock(7, count), totals);
        assert_eq!(by_hand_one_after_another(7, count), totals);
        println!("{count} campaigns: {totals:?}");
    }
    println!("a state is {} bytes", size_of::<State<u8>>());
}

fn bench(criterion: &mut Criterion) {
    let universe = Universe::<u8>::new(world()).unwrap();
    prove(&universe);
    let mut group = criterion.benchmark_group("campaign");
    group.sample_size(10);
    for count in [1_000, 10_000, 100_000, 1_000_000] {
        let totals = one_after_another(&universe, 7, count);
        group.throughput(Throughput::Elements(totals.events));
        group.bench_function(BenchmarkId::new("one clock", count), |b| {
            b.iter(|| one_clock(&universe, 7, black_box(count), &mut Nobody));
        });
        group.bench_function(BenchmarkId::new("one clock, by hand", count), |b| {
            b.iter(|| by_hand_one_clock(7, black_box(count)));
        });
        group.bench_function(BenchmarkId::new("one after another", count), |b| {
            b.iter(|| one_after_another(&universe, 7, black_box(count)));
        });
        group.bench_function(BenchmarkId::new("one after another, by hand", count), |b| {
            b.iter(|| by_hand_one_after_another(7, black_box(count)));
        });
    }
    let totals = one_clock(&universe, 7, 10_000, &mut Nobody);
    group.throughput(Throughput::Elements(totals.events));
    group.bench_function("one clock, with a JSON Lines trace/10000", |b| {
        let names = Names::new(&universe);
        b.iter(|| {
            let header = Header::new("campaign", 7, Vec::new(), "campaign", "");
            let mut tracing = Tracing(Recorder::begin(&names, std::io::sink(), &header).unwrap());
            let totals = one_clock(&universe, 7, black_box(10_000), &mut tracing);
            tracing.0.out().flush().unwrap();
            totals
        });
    });
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    bench(&mut criterion);
    criterion.final_summary();
}
