//! What comes of single steps of scenarios that no scenario of the library can show, because a step fails in them.

use slr_scenario::run::{Output, Report, run};
use slr_scenario::simulation::SimTime;
use slr_scenario::trace::Line;
use slr_scenario::{Params, Source, load};

fn play(text: &str) -> Report {
    let source = Source::new("steps.yaml", text).expect("the text is short");
    let loaded = load(&source, &Params::none()).unwrap_or_else(|errors| panic!("{errors:?}"));
    run(&loaded.lowered, 1, Output::Nothing).expect("it can be played")
}

/// What became of the last step, if it did not come as expected.
fn failure(text: &str) -> Option<String> {
    let report = play(text);
    let last = report.step_outcomes.last().cloned().flatten().expect("the step has come");
    (!last.passed()).then(|| format!("{last:?}"))
}

const A_LAMP_THAT_IS_GONE: &str = "\
scenario: A lamp
services:
  gadgets.example.com: { role: AWSServiceRoleForGadgets, kinds: { gadget: {} } }
given:
  - role: AWSServiceRoleForGadgets
  - resources: { kind: gadget, name: lamp }
steps:
  - { at: 1m, do: DeleteGadget, resource: lamp }
";

#[test]
fn no_refusal_of_awss_is_met_by_making_another_under_the_name_of_one_that_is_gone() {
    for refused in ["ResourceInUse", "ResourceAlreadyExists", "ResourceNotFound"] {
        let step = format!("  - {{ at: 10m, do: CreateGadget, resource: lamp, refused: {refused} }}\n");
        let told = failure(&format!("{A_LAMP_THAT_IS_GONE}{step}")).expect("AWS would make another lamp");
        assert!(told.contains("NotModelled") && told.contains("a name stands for one resource"), "{told}");
    }
    let step = "  - { at: 10m, do: CreateGadget, resource: lamp, refused: NotModelled }\n";
    assert_eq!(failure(&format!("{A_LAMP_THAT_IS_GONE}{step}")), None);
}

#[test]
fn while_it_is_being_deleted_it_is_there() {
    let step = "  - { at: 1m, do: CreateGadget, resource: lamp, refused: ResourceAlreadyExists }\n";
    assert_eq!(failure(&format!("{A_LAMP_THAT_IS_GONE}{step}")), None);
}

#[test]
fn a_value_of_another_type_is_a_mistake_even_where_the_call_is_to_be_refused() {
    let text = "\
scenario: A window
steps:
  - at: 1m
    do: CreateMaintenanceWindow
    resource: nightly
    parameters: { Schedule: rate(1 day), Duration: 4h, Cutoff: 1 }
    refused: ValidationException
";
    let source = Source::new("steps.yaml", text).expect("the text is short");
    let errors = load(&source, &Params::none()).expect_err("no client can send it");
    assert_eq!(errors.iter().map(|error| error.code.to_string()).collect::<Vec<_>>(), ["wrong-type"]);
}

/// When shows begin in a theatre whose programme is one on Mondays, after a step.
fn shows_begin(step: &str) -> Vec<String> {
    let text = format!(
        "\
scenario: A theatre
services:
  shows.example.com:
    role: AWSServiceRoleForShows
    kinds:
      theatre:
        states: [open, closed]
        parameters: {{ Programme: {{ is: schedule, null-with: Replace }}, Rest: {{ is: days, offsets: Programme, null-with: Replace }} }}
        moves:
          CreateTheatre: {{ from: absent, to: open, by: caller }}
          UpdateTheatre: {{ from: open, to: open, by: caller }}
          replace: {{ from: open, to: open, by: caller, operation: UpdateTheatre, with: Replace }}
          CloseTheatre: {{ from: open, to: closed, by: caller }}
      show:
        made-from: theatre
        states: [planned, begun]
        ends: [begun]
        moves:
          CreateShow: {{ from: absent, to: planned, by: caller }}
          begins: {{ from: planned, to: begun, by: service, due: {{ at: Programme, of: theatre }} }}
given:
  - role: AWSServiceRoleForShows
  - resources: {{ kind: theatre, name: globe, parameters: {{ Programme: cron(0 20 ? * MON *) }} }}
  - resources: {{ kind: show, count: 2, name: show, parent: globe }}
delays: {{ moves: {{ show.begins: 5m }} }}
until: 9d
steps:
  - {{ at: 1d, do: UpdateTheatre, resource: globe, {step} }}
"
    );
    let source = Source::new("steps.yaml", text).expect("the text is short");
    let loaded = load(&source, &Params::none()).unwrap_or_else(|errors| panic!("{errors:?}"));
    let mut begun = Vec::new();
    let mut tell = |at: SimTime, line: Line| {
        if line.text.ends_with("(begins)") {
            begun.push(at.to_string());
        }
    };
    run(&loaded.lowered, 1, Output::Story(&mut tell)).expect("it can be played");
    begun
}

#[test]
fn without_its_schedule_a_move_takes_its_delay_and_without_its_offset_its_time() {
    assert_eq!(shows_begin("with: Replace"), ["20:00:00.000", "1d 00:05:00.000"]);
    assert_eq!(shows_begin("parameters: { Rest: 3 }"), ["20:00:00.000", "3d 20:00:00.000"]);
    let twice = "parameters: { Rest: 3 } }\n  - { at: 2d, do: UpdateTheatre, resource: globe, with: Replace }
  - { at: 3d, do: UpdateTheatre, resource: globe, parameters: { Programme: rate(1 day) }";
    assert_eq!(shows_begin(twice), ["20:00:00.000", "2d 00:05:00.000"]);
    let replaced = "with: Replace, parameters: { Programme: cron(0 8 * * ? *) }";
    assert_eq!(shows_begin(replaced), ["20:00:00.000", "1d 08:00:00.000"]);
}
