//! Where an exploration stops, and that it is the same for any number of threads.

#[expect(dead_code, reason = "shared by programs that use a part each")]
#[path = "../benches/common_model/mod.rs"]
mod common_model;

use std::num::NonZero;
use std::ops::ControlFlow;
use std::time::Duration;

use common_model::planes::{Layout, Narrow, Planes, State, Wide};
use common_model::{Known, MEDIUM, SMALL, TINY, by_hand};
use slr_check::{Bounds, Model, Progress, Property, Report, RuleId, Settings, Stop, Timing, Verdict, check};

fn explore<L: Layout>(known: &Known, settings: &Settings) -> Report {
    let model = Planes::<L>::new(known.scope);
    let checked = check(&model, settings, &mut |_| ControlFlow::Continue(())).expect("sound settings");
    Report { timing: Timing::default(), ..checked.report }
}

fn bounded(bounds: Bounds) -> Settings {
    Settings { bounds, ..Settings::default() }
}

/// The reports by one, two, three and four threads, which have to be the same.
fn explore_by_all<L: Layout>(known: &Known, settings: &Settings) -> Report {
    let reports: Vec<String> = (1..=4)
        .filter_map(NonZero::new)
        .map(|threads| explore::<L>(known, &Settings { threads, ..settings.clone() }))
        .map(|report| serde_json::to_string(&report).expect("a report is plain data"))
        .collect();
    assert!(reports.iter().all(|report| *report == reports[0]), "{reports:#?}");
    serde_json::from_str(&reports[0]).expect("what was written")
}

#[test]
fn threads_change_no_byte_of_the_report() {
    for settings in [
        Settings::default(),
        Settings { symmetry: true, ..Settings::default() },
        Settings { exact: true, ..Settings::default() },
    ] {
        let narrow = explore_by_all::<Narrow>(&SMALL, &settings);
        let wide = explore_by_all::<Wide>(&SMALL, &settings);
        assert_eq!((narrow.distinct, narrow.edges, &narrow.levels), (wide.distinct, wide.edges, &wide.levels));
        assert!(narrow.collision_probability <= 0.0);
        assert_eq!(wide.collision_probability > 0.0, !settings.exact);
    }
    assert_eq!(by_hand::explore(SMALL.scope).states, SMALL.states);
    assert_eq!(by_hand::explore_plainly(SMALL.scope).states, SMALL.states);
}

#[test]
fn a_bound_on_states_is_kept_to_the_state() {
    for most in [1, 2, 1_000, 16_384, SMALL.states - 1] {
        let report = explore_by_all::<Narrow>(&SMALL, &bounded(Bounds { states: Some(most), ..Bounds::default() }));
        assert_eq!((report.distinct, report.stop, report.exhaustive), (most, Stop::States, false));
        assert_eq!(report.levels.iter().sum::<u64>(), most);
        assert_eq!(report.unexamined, 0);
        assert_eq!(report.verdict("sound"), Some(&Verdict::Undecided));
    }
    let report = explore_by_all::<Wide>(
        &SMALL,
        &Settings { exact: true, ..bounded(Bounds { states: Some(5_000), ..Bounds::default() }) },
    );
    assert_eq!((report.distinct, report.stop), (5_000, Stop::States));
    // Levels of several rounds, with words compared.
    let many = Settings { exact: true, ..bounded(Bounds { states: Some(100_000), ..Bounds::default() }) };
    let (wide, narrow) = (explore_by_all::<Wide>(&MEDIUM, &many), explore_by_all::<Narrow>(&MEDIUM, &many));
    assert_eq!((wide.distinct, wide.edges, wide.levels), (narrow.distinct, narrow.edges, narrow.levels));
    let enough = explore_by_all::<Narrow>(&SMALL, &bounded(Bounds { states: Some(SMALL.states), ..Bounds::default() }));
    assert!(enough.exhaustive);
}

#[test]
fn a_bound_on_depth_judges_the_last_level() {
    let whole = explore::<Narrow>(&SMALL, &Settings::default());
    for depth in [0, 1, 7, 19, 20, 21] {
        let report = explore_by_all::<Narrow>(&SMALL, &bounded(Bounds { depth: Some(depth), ..Bounds::default() }));
        let levels = &whole.levels[..whole.levels.len().min(depth as usize + 1)];
        assert_eq!(report.levels, levels);
        let unexpanded = if depth > 20 { 0 } else { levels[depth as usize] };
        assert_eq!((report.unexpanded, report.unexamined), (unexpanded, 0));
        assert_eq!(report.exhaustive, depth > 20);
    }
}

#[test]
fn a_bound_on_memory_is_not_exceeded() {
    let whole = explore::<Narrow>(&MEDIUM, &bounded(Bounds { states: Some(300_000), ..Bounds::default() }));
    // A word and a parent, and a slot of a table that has just been doubled when three quarters of it were full.
    assert!(whole.bytes_per_state() < 12.0 + 8.0 * 2.0 / 0.75, "{}", whole.bytes_per_state());
    let most = 4_000_000;
    let report = explore_by_all::<Narrow>(&MEDIUM, &bounded(Bounds { memory: Some(most), ..Bounds::default() }));
    assert_eq!((report.stop, report.exhaustive), (Stop::Memory, false));
    assert!(report.bytes <= most && report.bytes > most / 4, "{}", report.bytes);
    assert!(report.unexpanded > 0 && report.unexamined == 0);
    // Near the bound rounds become small: what is left of it is less than a table takes to grow.
    for most in [200_000, 700_000, 2_000_000] {
        let report = explore_by_all::<Narrow>(&MEDIUM, &bounded(Bounds { memory: Some(most), ..Bounds::default() }));
        assert_eq!(report.stop, Stop::Memory);
        assert!(report.bytes <= most && report.bytes > most / 3, "{} of {most}", report.bytes);
    }
}

/// Two levels of states, each of which has very many steps.
struct Fan {
    width: u32,
}

impl Model for Fan {
    type State = u32;
    type Action = ();
    type Key = u64;

    fn initial_states(&self) -> Vec<u32> {
        vec![0]
    }

    fn successors(&self, state: &u32, visit: &mut impl FnMut((), u64, u32)) {
        let first = match *state {
            0 => 1,
            state if state <= self.width => state.wrapping_mul(0x9E37_79B9) % (64 * self.width) + self.width + 1,
            _ => return,
        };
        for place in 0..self.width {
            visit((), 1, first + place);
        }
    }

    fn pack(&self, state: &u32) -> u64 {
        u64::from(*state)
    }

    fn unpack(&self, key: &u64) -> u32 {
        u32::try_from(*key).expect("packed from one")
    }

    fn rules(&self) -> Vec<String> {
        vec!["go".to_owned()]
    }

    fn rule(&self, (): &()) -> RuleId {
        RuleId(0)
    }

    fn properties(&self) -> Vec<Property<'_, u32, ()>> {
        let last = 65 * self.width;
        vec![Property::never("too far", move |state| *state > last + 2 * self.width)]
    }

    fn describe_state(&self, state: &u32) -> String {
        state.to_string()
    }

    fn describe_action(&self, (): &()) -> String {
        "go".to_owned()
    }
}

/// The reports by one to four threads, which have to be the same, and how often each looked up.
fn explore_fan(bounds: &Bounds) -> (Report, usize) {
    let model = Fan { width: 1000 };
    let mut reports = (1..=4).filter_map(NonZero::new).map(|threads| {
        let settings = Settings { threads, ..bounded(bounds.clone()) };
        let mut looks = 0;
        let checked = check(&model, &settings, &mut |_| {
            looks += 1;
            ControlFlow::Continue(())
        });
        (Report { timing: Timing::default(), ..checked.expect("sound settings").report }, looks)
    });
    let first = reports.next().expect("one thread at least");
    assert!(reports.all(|other| other == first), "the number of threads makes no difference");
    first
}

#[test]
fn bounds_are_looked_at_within_a_level_of_very_many_steps() {
    let (whole, looks) = explore_fan(&Bounds::default());
    assert!(whole.exhaustive && whole.distinct > 50_000, "{}", whole.distinct);
    assert_eq!((whole.edges, whole.depth, whole.ends), (1_001_000, 2, whole.distinct - 1001));
    // A thousand states with a thousand steps each would be a single round of so many states.
    assert!(looks > 10, "{looks}");

    for most in [1_500, 20_000, whole.distinct - 1] {
        let (report, _) = explore_fan(&Bounds { states: Some(most), ..Bounds::default() });
        assert_eq!((report.stop, report.distinct), (Stop::States, most));
        // Only what is reckoned with a round of the remaining states is generated beyond the bound.
        assert!(report.edges < whole.edges || most > 20_000, "{} steps for {most} states", report.edges);
    }
    for most in [300_000, 900_000] {
        let (report, _) = explore_fan(&Bounds { memory: Some(most), ..Bounds::default() });
        assert_eq!((report.stop, report.exhaustive), (Stop::Memory, false));
        assert!(report.bytes <= most && report.bytes > most / 3, "{} of {most}", report.bytes);
    }
}

#[test]
fn no_time_is_no_states_but_the_first() {
    let report = explore_by_all::<Narrow>(&SMALL, &bounded(Bounds { time: Some(Duration::ZERO), ..Bounds::default() }));
    assert_eq!((report.stop, report.distinct, report.unexpanded, report.unexamined), (Stop::Time, 1, 1, 1));
    assert!(!report.exhaustive);
}

#[test]
fn progress_is_told_and_may_break_off() {
    let model = Planes::<Narrow>::new(SMALL.scope);
    let mut told: Vec<Progress> = Vec::new();
    let checked = check(&model, &Settings::default(), &mut |progress| {
        told.push(*progress);
        if progress.level == 5 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let report = checked.expect("sound settings").report;
    assert_eq!(report.stop, Stop::Cancelled);
    assert_eq!(told.iter().map(|progress| progress.level).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5]);
    assert!(told.windows(2).all(|pair| pair[0].distinct <= pair[1].distinct && pair[0].edges < pair[1].edges));
    assert_eq!(told[5].distinct, report.distinct);
    assert_eq!(told[5].waiting, report.unexpanded);
}

type Sentence = Property<'static, State, common_model::planes::Action>;

/// The common model that is asked something else besides.
struct Asked(Planes<Narrow>, fn() -> Vec<Sentence>);

impl Model for Asked {
    type State = State;
    type Action = common_model::planes::Action;
    type Key = u64;

    fn initial_states(&self) -> Vec<State> {
        self.0.initial_states()
    }

    fn successors(&self, state: &State, visit: &mut impl FnMut(Self::Action, u64, State)) {
        self.0.successors(state, visit);
    }

    fn pack(&self, state: &State) -> u64 {
        self.0.pack(state)
    }

    fn unpack(&self, key: &u64) -> State {
        self.0.unpack(key)
    }

    fn rules(&self) -> Vec<String> {
        self.0.rules()
    }

    fn rule(&self, action: &Self::Action) -> RuleId {
        self.0.rule(action)
    }

    fn properties(&self) -> Vec<Property<'_, State, Self::Action>> {
        let mut properties = self.0.properties();
        properties.extend((self.1)());
        properties
    }

    fn describe_state(&self, state: &State) -> String {
        self.0.describe_state(state)
    }

    fn describe_action(&self, action: &Self::Action) -> String {
        self.0.describe_action(action)
    }
}

fn flaws() -> Vec<Sentence> {
    vec![
        Property::never("gone", |state: &State| !state.live),
        Property::every_step("reports shrink", |before: &State, _, after: &State| {
            after.reported.0 & !before.reported.0 == 0
        }),
        Property::sometimes("five of six", |state: &State| state.reported.len() == 3),
    ]
}

fn questions_about_the_future() -> Vec<Sentence> {
    vec![
        Property::eventually("it is gone", |state: &State| !state.live),
        Property::always_possible("it can be gone", |state: &State| !state.live),
    ]
}

/// The clock and who waits are looked at while the graph is asked: what they leave open is undecided, and what was decided before stays.
#[test]
fn questions_about_the_future_keep_the_bounds() {
    let model = Asked(Planes::new(SMALL.scope), questions_about_the_future);
    let verdicts = |report: &Report| {
        let of = |name: &str| report.verdict(name).cloned().expect("it was asked");
        (of("sound"), of("it is gone"), of("it can be gone"))
    };
    let mut asked = 0;
    let whole = check(&model, &Settings::default(), &mut |progress| {
        asked += u64::from(progress.waiting == 0);
        ControlFlow::Continue(())
    });
    let whole = whole.expect("sound settings").report;
    assert_eq!(whole.stop, Stop::Exhausted);
    assert_ne!(whole.verdict("it is gone"), Some(&Verdict::Undecided));
    assert!(asked > 50, "who waits was asked {asked} times after the exploration");
    for threads in [1, 3] {
        let threads = NonZero::new(threads).expect("some");
        // At once, somewhere in the middle, and short of the end.
        for patience in [1, asked / 2, asked - 5] {
            let settings = Settings { threads, ..Settings::default() };
            let mut left = patience;
            let broken_off = check(&model, &settings, &mut |progress| {
                left -= u64::from(progress.waiting == 0);
                if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            let report = broken_off.expect("sound settings").report;
            assert_eq!((report.stop, report.exhaustive), (Stop::Cancelled, true));
            assert_eq!((report.distinct, report.edges), (whole.distinct, whole.edges));
            let (sound, _, possible) = verdicts(&report);
            assert_eq!((sound, possible), (Verdict::Proved, Verdict::Undecided));
        }
        let bounds = Bounds { time: Some(Duration::from_secs(2)), ..Bounds::default() };
        let late = check(&model, &Settings { threads, ..bounded(bounds) }, &mut |progress| {
            if progress.waiting == 0 {
                std::thread::sleep(Duration::from_secs(2).saturating_sub(progress.elapsed));
            }
            ControlFlow::Continue(())
        });
        let report = late.expect("sound settings").report;
        assert_eq!((report.stop, report.exhaustive), (Stop::Time, true));
        assert_eq!(verdicts(&report), (Verdict::Proved, Verdict::Undecided, Verdict::Undecided));
    }
}

/// Whether there is room for the graph is reckoned before it is built, and not found out by building it.
#[test]
fn a_graph_for_which_there_is_no_room_is_not_begun() {
    let model = Asked(Planes::new(SMALL.scope), questions_about_the_future);
    let with = |memory: Option<u64>| {
        let mut looks = 0;
        let settings = bounded(Bounds { memory, ..Bounds::default() });
        let checked = check(&model, &settings, &mut |progress| {
            looks += u64::from(progress.waiting == 0);
            ControlFlow::Continue(())
        });
        (Report { timing: Timing::default(), ..checked.expect("sound settings").report }, looks)
    };
    let (whole, all) = with(None);
    let states = whole.distinct;
    // What the exploration takes is little beside what every state takes in the graph.
    for most in [whole.bytes + 200_000, whole.bytes + 40 * states] {
        let (report, looks) = with(Some(most));
        assert_eq!((report.stop, report.exhaustive, report.distinct), (Stop::Memory, true, states));
        assert_eq!(report.verdict("it can be gone"), Some(&Verdict::Undecided));
        assert_eq!(report.verdict("sound"), Some(&Verdict::Proved));
        assert_eq!(looks, 0, "{most}: it is not begun");
    }
    // What is known before it is built is not all: the steps come to it.
    let (report, looks) = with(Some(whole.bytes + 60 * states + 2 * whole.edges));
    assert_eq!((report.stop, report.verdict("it can be gone")), (Stop::Memory, Some(&Verdict::Undecided)));
    assert!(looks > 0 && looks < all, "{looks} of {all}");
    let (report, _) = with(Some(whole.bytes + 100 * states + 4 * whole.edges));
    assert_eq!(report.properties, whole.properties);
    assert_eq!(report.stop, Stop::Exhausted);
}

#[test]
fn a_violation_ends_the_search_and_its_story_is_shortest() {
    let model = Asked(Planes::new(SMALL.scope), flaws);
    let report = |threads: u16, keep_going: bool| {
        let threads = NonZero::new(threads).expect("some");
        let settings = Settings { threads, keep_going, ..Settings::default() };
        let checked = check(&model, &settings, &mut |_| ControlFlow::Continue(())).expect("sound settings");
        Report { timing: Timing::default(), ..checked.report }
    };
    let first = report(1, false);
    assert_eq!((first.stop, first.exhaustive), (Stop::Violation, false));
    assert_eq!(first.verdict("gone"), Some(&Verdict::Undecided));
    let Some(Verdict::Violated(story)) = first.verdict("reports shrink") else {
        panic!("a first report is not empty");
    };
    assert_eq!(story.steps.len(), 3);
    assert!(first.distinct < SMALL.states);

    let all = report(1, true);
    assert_eq!((all.stop, all.distinct), (Stop::Exhausted, SMALL.states));
    assert_eq!(all.verdict("reports shrink"), first.verdict("reports shrink"));
    let Some(Verdict::Violated(story)) = all.verdict("gone") else {
        panic!("the role can be deleted");
    };
    // Read the documentation, start and finish four clean-ups, submit, start, succeed.
    assert_eq!(story.steps.len(), 12);
    assert!(matches!(all.verdict("five of six"), Some(Verdict::Reached(_))));
    assert_eq!(all.verdict("sound"), Some(&Verdict::Proved));
    for threads in 2..=4 {
        assert_eq!(report(threads, false), first);
        assert_eq!(report(threads, true), all);
    }
}

#[test]
fn there_are_no_more_threads_than_find_work() {
    for (asked, at_work) in [(1, 1), (2, 2), (16, 16), (3000, 16)] {
        let threads = NonZero::new(asked).expect("not zero");
        let settings = Settings { threads, ..Settings::default() };
        let checked = check(&Planes::<Narrow>::new(TINY.scope), &settings, &mut |_| ControlFlow::Continue(()));
        let report = checked.expect("the settings are sound").report;
        assert_eq!((report.distinct, report.timing.threads), (TINY.states, at_work));
    }
}
