//! The built-in services: every file is sound, and every one with kinds can be lived with to the end.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use slr_core::kind::{CleanUp, Mover, Passes, ResourceKind};
use slr_scenario::catalog::{Catalog, Entry, Evidence, Fact, Facts, ManualOrAutomatic};
use slr_scenario::diagnostic::{Look, render};
use slr_scenario::run::{Output, run};
use slr_scenario::syntax::{Deletion, MachineMove, Reality, Service, Suffix};
use slr_scenario::{Loaded, Params, Source, load};

const RECORDED: &str = "recorded responses of IAM, 2025-03-11 to 2025-03-13";

fn facts(entry: &Entry) -> Facts {
    entry
        .facts()
        .unwrap_or_else(|diagnostics| panic!("{}", render(&entry.source().unwrap(), &diagnostics, Look::Plain)))
}

fn entries() -> impl Iterator<Item = (&'static Entry, Facts)> {
    Catalog::entries().iter().map(|entry| (entry, facts(entry)))
}

fn loaded(name: &str, text: &str) -> Loaded {
    let source = Source::new(name, text).unwrap();
    load(&source, &Params::none())
        .unwrap_or_else(|diagnostics| panic!("{}", render(&source, &diagnostics, Look::Plain)))
}

#[test]
fn every_file_is_listed_and_named_by_its_principal() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("services");
    let files: BTreeSet<String> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(files, Catalog::principals().map(str::to_owned).collect());
    for (entry, facts) in entries() {
        assert_eq!(facts.principal.value, entry.principal());
        assert_eq!(facts.service.role.value, entry.role());
    }
}

#[test]
fn the_counts_are_those_of_the_sources() {
    let all: Vec<_> = entries().collect();
    let count = |wanted: &dyn Fn(&Facts) -> bool| all.iter().filter(|(_, facts)| wanted(facts)).count();
    assert_eq!(all.len(), 128);
    assert_eq!(count(&|facts| facts.evidence.value == Evidence::Recorded), 71);
    assert_eq!(count(&|facts| facts.sources.iter().any(|source| source.from.starts_with(RECORDED))), 71);
    assert_eq!(count(&|facts| !facts.blockers.is_empty()), 82);
    assert_eq!(count(&|facts| !facts.created_by.is_empty()), 110 - AUTOMATIC_WITHOUT_OCCASION);
    assert_eq!(count(&|facts| facts.created_automatically.as_ref().is_some_and(|known| known.value)), 110);
}

/// Services that are known to make their role without any source saying when.
const AUTOMATIC_WITHOUT_OCCASION: usize = 0;

#[test]
fn every_fact_has_a_source_or_is_assumed() {
    for (entry, facts) in entries() {
        let service = &facts.service;
        let said: Vec<Fact> = [
            (Fact::Principal, true),
            (Fact::Role, true),
            (Fact::Suffix, service.suffix.is_some()),
            (Fact::Trust, !service.trust.is_empty()),
            (Fact::Policy, service.policy.is_some()),
            (Fact::Permits, !service.permits.is_empty()),
            (Fact::Kinds, !service.kinds.is_empty()),
            (Fact::CreatedInIam, facts.created_in_iam.is_some()),
            (Fact::CreatedAutomatically, facts.created_automatically.is_some()),
            (Fact::CreatedBy, !facts.created_by.is_empty()),
            (Fact::Creation, facts.creation.is_some()),
            (Fact::Deletion, facts.deletion.is_some()),
            (Fact::Blockers, !facts.blockers.is_empty()),
            (Fact::BlockersInEveryRegion, facts.blockers_in_every_region.is_some()),
            (Fact::Scope, facts.scope.is_some()),
            (Fact::DeletionNote, facts.deletion_note.is_some()),
        ]
        .into_iter()
        .filter_map(|(fact, is_said)| is_said.then_some(fact))
        .collect();
        let sourced = facts.sources.iter().flat_map(|source| &source.facts).map(|fact| fact.value);
        let known: BTreeSet<Fact> = sourced.chain(facts.assumed.iter().map(|fact| fact.value)).collect();
        let missing: Vec<_> = said.iter().filter(|fact| !known.contains(fact)).collect();
        assert!(missing.is_empty(), "{}: {missing:?} without a source", entry.principal());
        for source in &facts.sources {
            assert!(!source.facts.is_empty() && source.from.len() > 10, "{}", entry.principal());
        }
    }
}

#[test]
fn sources_are_titles_and_addresses_that_a_stranger_can_find() {
    for (entry, facts) in entries() {
        for source in &facts.sources {
            let from = &source.from;
            let is_address = from.starts_with("https://");
            let is_title = ["Guide", "Reference", "service models"].iter().any(|word| from.contains(word));
            assert!(is_address || is_title || from.starts_with(RECORDED), "{}: {from}", entry.principal());
        }
        for word in ["seed-", "catalog.json", "§", "TODO"] {
            assert!(!entry.text().contains(word), "{} says {word}", entry.principal());
        }
    }
}

#[test]
fn names_and_suffixes_are_the_recorded_ones() {
    let accepted: Vec<&str> = entries()
        .filter(|(_, facts)| facts.service.suffix() == Suffix::Accepted)
        .map(|(entry, _)| entry.principal())
        .collect();
    assert_eq!(
        accepted,
        ["autoscaling.amazonaws.com", "channels.lexv2.amazonaws.com", "connect.amazonaws.com", "lexv2.amazonaws.com"]
    );
    // Of the 71 that were tried, three accept a suffix and the others refuse it, and that is said of each.
    let recorded = entries().filter(|(_, facts)| facts.evidence.value == Evidence::Recorded);
    let said: Vec<Suffix> = recorded.map(|(_, facts)| facts.service.suffix.as_ref().unwrap().value).collect();
    assert_eq!((said.len(), said.iter().filter(|suffix| **suffix == Suffix::Accepted).count()), (71, 3));
    for (principal, role, policy) in [
        ("acm.amazonaws.com", "AWSServiceRoleForCertificateManager", Some("CertificateManagerServiceRolePolicy")),
        (
            "vpcorigin.cloudfront.amazonaws.com",
            "AWSServiceRoleForCloudFrontVPCOrigin",
            Some("AWSCloudFrontVPCOriginServiceRolePolicy"),
        ),
        ("ecr.amazonaws.com", "AWSServiceRoleForECRTemplate", Some("ECRTemplateServiceRolePolicy")),
        (
            "ec2-instance-connect.amazonaws.com",
            "AWSServiceRoleForEc2InstanceConnect",
            Some("Ec2InstanceConnectEndpoint"),
        ),
        (
            "accountdiscovery.ssm.amazonaws.com",
            "AWSServiceRoleForAmazonSSM_AccountDiscovery",
            Some("AWSSystemsManagerAccountDiscoveryServicePolicy"),
        ),
        (
            "autoscaling-plans.amazonaws.com",
            "AWSServiceRoleForAutoScalingPlans_EC2AutoScaling",
            Some("AWSAutoScalingPlansEC2AutoScalingPolicy"),
        ),
        ("docdb-elastic.amazonaws.com", "AWSServiceRoleForDocDB-Elastic", Some("AmazonDocDB-ElasticServiceRolePolicy")),
        (
            "repository.sync.codeconnections.amazonaws.com",
            "AWSServiceRoleForGitSync",
            Some("AWSGitSyncServiceRolePolicy"),
        ),
        ("ssm.amazonaws.com", "AWSServiceRoleForAmazonSSM", Some("AmazonSSMServiceRolePolicy")),
        ("imagebuilder.amazonaws.com", "AWSServiceRoleForImageBuilder", Some("AWSServiceRoleForImageBuilder")),
        ("guardduty.amazonaws.com", "AWSServiceRoleForAmazonGuardDuty", None),
    ] {
        let entry = Catalog::get(principal).unwrap();
        assert_eq!(entry.role(), role);
        assert_eq!(facts(&entry).service.policy.as_ref().map(|policy| policy.as_str()), policy, "{principal}");
    }
}

#[test]
fn the_two_worked_services_permit_what_their_guides_list() {
    for (principal, count) in [("ssm.amazonaws.com", 18), ("imagebuilder.amazonaws.com", 24)] {
        let service = facts(&Catalog::get(principal).unwrap()).service;
        let actions: BTreeSet<&str> = service.permits.iter().map(|action| action.as_str()).collect();
        assert_eq!((actions.len(), service.permits.len()), (count, count), "{principal}");
    }
}

/// The operations that the sources name, without their prefix.
fn creating_operations(facts: &Facts) -> impl Iterator<Item = &str> {
    facts.created_by.iter().filter_map(|text| {
        let (prefix, rest) = text.split_once(':')?;
        let name = rest.split(' ').next()?;
        let is_prefix = prefix.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        (is_prefix && name.starts_with(|c: char| c.is_ascii_uppercase())).then_some(name)
    })
}

#[test]
fn every_operation_that_makes_the_role_does_so() {
    let mut operations = 0;
    for (entry, facts) in entries() {
        for operation in creating_operations(&facts) {
            let kinds = facts.service.kinds.iter();
            let mut moves = kinds.flat_map(|(name, kind)| kind.machine(name).moves);
            let makes = moves
                .any(|step| step.creates_role && step.operation.as_ref().is_some_and(|name| name.value == operation));
            assert!(makes, "{}: {operation} makes no role", entry.principal());
            operations += 1;
        }
    }
    assert!(operations > 90, "only {operations} were looked at");
}

/// The moves of all kinds of a service.
fn moves(service: &Service) -> Vec<MachineMove> {
    service.kinds.iter().flat_map(|(name, kind)| kind.machine(name).moves).collect()
}

#[test]
fn whatever_makes_its_role_has_a_call_for_it() {
    for (entry, facts) in entries() {
        if facts.created_automatically.as_ref().is_some_and(|known| known.value) {
            assert!(moves(&facts.service).iter().any(|step| step.creates_role), "{}", entry.principal());
        }
    }
}

/// An error of a service's own stands for nothing if no call of the service can be refused with it.
#[test]
fn every_error_of_a_service_can_occur() {
    let mut errors = 0;
    for (entry, facts) in entries() {
        let service = &facts.service.value;
        let moves = moves(service);
        let some = |wanted: &dyn Fn(&MachineMove) -> bool| moves.iter().any(wanted);
        let Some(own) = &service.errors else { continue };
        let can_occur = [
            (own.role_missing.is_some(), some(&|step| step.needs_role && !step.creates_role)),
            (own.role_not_spread.is_some(), some(&|step| step.needs_role)),
            (own.role_locked.is_some(), service.locked_while_deleting.as_ref().is_some_and(|locked| locked.value)),
            (own.may_not_make_role.is_some(), some(&|step| step.creates_role)),
            (
                own.parent_not_found.is_some(),
                service.kinds.iter().any(|(_, kind)| kind.parents().iter().chain(kind.made_from()).next().is_some()),
            ),
        ];
        for (number, (is_given, can_occur)) in (1..).zip(can_occur) {
            assert!(can_occur || !is_given, "{}: error {number} of the list", entry.principal());
            errors += usize::from(is_given);
        }
    }
    assert!(errors > 8, "only {errors} were looked at");
}

#[test]
fn every_blocker_has_a_kind_and_manners_of_deletion_are_the_facts() {
    for (entry, facts) in entries() {
        let blocking = facts.service.kinds.iter().filter(|(name, kind)| !kind.machine(name).blocks.is_empty()).count();
        assert_eq!(blocking > 0, !facts.blockers.is_empty(), "{}: {:?}", entry.principal(), facts.blockers);
        let is_automatic = match facts.deletion.as_ref().map(|deletion| deletion.value) {
            Some(ManualOrAutomatic::Automatic | ManualOrAutomatic::Either) => true,
            Some(ManualOrAutomatic::Manual) | None => false,
        };
        assert_eq!(facts.service.deletion() == Deletion::Automatic, is_automatic, "{}", entry.principal());
    }
}

/// Two of each kind of a service, in two Regions or where the first of their parents is, each in the state that keeps the role if it has one.
fn household(entry: &Entry, reality: Reality) -> (String, bool) {
    let service = entry.service(reality, &[]).unwrap();
    let mut given = String::new();
    let mut done = BTreeSet::new();
    let mut blocks = false;
    while done.len() < service.kinds.len() {
        let before = done.len();
        for (name, kind) in service.kinds.iter().filter(|(name, _)| !done.contains(name.as_str())).collect::<Vec<_>>() {
            if !kind.parents().iter().chain(kind.made_from()).all(|parent| done.contains(parent.as_str())) {
                continue;
            }
            done.insert(name.as_str());
            let machine = kind.machine(name);
            let state = machine.blocks.first().unwrap_or(&machine.initial);
            blocks |= !machine.blocks.is_empty();
            let parents: Vec<String> = kind.parents().iter().map(|parent| format!("{parent}-1")).collect();
            let where_it_is = if parents.is_empty() {
                "regions: [us-east-1, eu-west-1]".to_owned()
            } else {
                format!("parent: [{}]", parents.join(", "))
            };
            let principal = entry.principal();
            let _ = writeln!(
                given,
                "  - resources: {{ kind: {name}, service: {principal}, count: 2, {where_it_is}, state: {state} }}"
            );
        }
        assert!(done.len() > before, "{}: the kinds' parents are in a circle", entry.principal());
    }
    let scenario = format!(
        "scenario: The end of {role}\nreality: {reality}\naccount: {{ regions: [us-east-1, eu-west-1] }}\n\
         given:\n  - role: {role}\n{given}\
         operators:\n  admin:\n    goal: {{ delete: {role} }}\n    reads-docs: at-any-time\n    \
         retry: {{ every: 1m, attempts: 40 }}\n\
         expect:\n  - {{ eventually: role-gone, role: {role} }}\n",
        role = entry.role(),
    );
    (scenario, blocks)
}

#[test]
fn every_service_can_be_cleaned_up_completely_and_its_role_deleted() {
    let mut with_kinds = 0;
    for entry in Catalog::entries() {
        for reality in [Reality::Documented, Reality::Today] {
            let (text, blocks) = household(entry, reality);
            let loaded = loaded(entry.principal(), &text);
            let report = run(&loaded.lowered, 1, Output::Nothing).unwrap();
            assert!(report.passed(), "{}: {report:#?}\n{text}", entry.principal());
            with_kinds += usize::from(blocks);
        }
    }
    assert_eq!(with_kinds, 2 * 82, "every service with known blockers was lived with");
}

#[test]
fn every_reading_says_why_and_changes_its_service() {
    let mut readings = Vec::new();
    for (entry, facts) in entries() {
        for (name, reading) in facts.readings.iter() {
            assert!(reading.says.split_whitespace().count() > 10, "{}: {name}", entry.principal());
            let is_todays = facts.today.iter().any(|today| today.value == name.value);
            for reality in [Reality::Documented, Reality::Today] {
                let read = entry.service(reality, &[name.as_str()]).unwrap();
                let is_chosen_already = is_todays && reality == Reality::Today;
                let unchanged = read == entry.service(reality, &[]).unwrap();
                assert_eq!(unchanged, is_chosen_already, "{}: {name}", entry.principal());
            }
            readings.push(name.as_str().to_owned());
        }
        assert_eq!(entry.readings().unwrap(), facts.readings.names().collect::<Vec<_>>());
        let today: Vec<_> = facts.today.iter().map(|name| name.value.as_str()).collect();
        assert!(
            today.iter().all(|name| facts.readings.names().any(|known| known == *name)),
            "{}: {today:?}",
            entry.principal()
        );
        assert_eq!(
            entry.service(Reality::Today, &[]).unwrap(),
            entry.service(Reality::Documented, &today).unwrap(),
            "{}: what is so today can be chosen one by one",
            entry.principal()
        );
    }
    assert_eq!(
        readings,
        [
            "disabled-schedules-do-not-block",
            "deletions-wait-for-the-service",
            "one-trusted-service",
            "only-images-make-the-role",
            "every-tag-blocks",
            "only-registrations-make-the-role",
        ],
        "a scenario names them without a service"
    );
}

/// Whatever blocks can be cleaned up by calls and waiting alone, from every state; so no state traps the role.
#[test]
fn from_every_blocking_state_somebody_can_act() {
    for entry in Catalog::entries() {
        let (text, _) = household(entry, Reality::Documented);
        for kind in &loaded(entry.principal(), &text).lowered.world.kinds {
            for state in kind.states.iter().filter(|state| state.blocks()) {
                assert!(ends_well(kind, state.code), "{}: {} traps a {}", entry.principal(), state.name, kind.name);
            }
        }
    }
}

/// Whether following the clean-up, and the service where it waits, leads to a state that does not block.
fn ends_well(kind: &ResourceKind, code: u8) -> bool {
    let mut seen = BTreeSet::new();
    let mut at = code;
    while seen.insert(at) {
        at = match kind.clean_up[usize::from(at)] {
            CleanUp::Released => return true,
            CleanUp::Call(transition) => kind.transitions[transition.index()].to,
            CleanUp::Wait => {
                let own = kind
                    .transitions
                    .iter()
                    .find(|t| t.from == at && t.by == Mover::Service && !t.exceptional && t.passes == Passes::Nothing);
                match own {
                    Some(transition) => transition.to,
                    None => return false,
                }
            }
        };
    }
    false
}

#[test]
fn a_scenario_costs_the_services_that_it_names() {
    let named = |text: &str| {
        let loaded = loaded("named.yaml", text);
        loaded.built_in.names().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        named(
            "scenario: By principal\nsteps:\n  - { at: 1m, do: CreateServiceLinkedRole, service: batch.amazonaws.com }\n"
        ),
        ["batch.amazonaws.com"]
    );
    assert_eq!(named("scenario: By role\ngiven:\n  - role: AWSServiceRoleForECS\n"), ["ecs.amazonaws.com"]);
    assert_eq!(
        named(
            "scenario: By a name with a suffix\nsteps:\n  - { at: 1m, do: CreateInstance, resource: desk, role: AWSServiceRoleForAmazonConnect_desk }\n"
        ),
        ["connect.amazonaws.com"]
    );
    assert_eq!(
        named("scenario: By operation\nsteps:\n  - { at: 1m, do: CreateComputeEnvironment, resource: farm }\n"),
        ["batch.amazonaws.com"]
    );
    // A build can make the role of another service.
    assert_eq!(
        named("scenario: By a role that makes another\ngiven:\n  - role: AWSServiceRoleForImageBuilder\n"),
        ["imagebuilder.amazonaws.com", "ssm.amazonaws.com"]
    );
    let own = "scenario: Its own\nservices:\n  batch.amazonaws.com:\n    role: AWSServiceRoleForBatch\n    kinds: { farm: {} }\n\
               given:\n  - role: AWSServiceRoleForBatch\n  - resources: { kind: farm }\n";
    assert_eq!(named(own), Vec::<String>::new(), "what a scenario declares hides what is built in");
    assert_eq!(loaded("own.yaml", own).lowered.world.kinds.len(), 1);
}

#[test]
fn an_operation_of_several_services_has_to_be_told_from_the_others() {
    let text = |service: &str| {
        format!("scenario: Which cluster\nsteps:\n  - {{ at: 1m, do: CreateCluster, resource: prod{service} }}\n")
    };
    let source = Source::new("cluster.yaml", text("")).unwrap();
    let told = render(&source, &load(&source, &Params::none()).unwrap_err(), Look::Plain);
    assert!(told.contains("several services have an operation `CreateCluster`"), "{told}");
    assert!(told.contains("eks.amazonaws.com") && told.contains("`service:`"), "{told}");
    let chosen = loaded("cluster.yaml", &text(", service: eks.amazonaws.com"));
    let world = &chosen.lowered.world;
    let kind = &world.kinds[world.resources[0].kind.index()];
    assert_eq!(world.services[kind.service.index()].principal.as_str(), "eks.amazonaws.com");
}

#[test]
fn wrong_principals_are_answered_in_the_words_of_iam() {
    let messages: BTreeMap<&str, &str> = [
        ("Batch.amazonaws.com", "Cannot find Service Linked Role template for Batch.amazonaws.com"),
        ("OpenSearch.amazonaws.com", "Cannot find Service Linked Role template for OpenSearch.amazonaws.com"),
        ("ec2.amazonaws.com", "Cannot find Service Linked Role template for ec2.amazonaws.com"),
        (
            "elasticsearch.amazonaws.com",
            "elasticsearch.amazonaws.com is not a valid AWS service name (Service Principal)",
        ),
    ]
    .into();
    for (principal, message) in messages {
        let text = format!(
            "scenario: Wrong\nsteps:\n  - {{ at: 1m, do: CreateServiceLinkedRole, service: {principal}, \
             refused: AccessDenied, message: \"{message}\" }}\n"
        );
        let report = run(&loaded("wrong.yaml", &text).lowered, 1, Output::Nothing).unwrap();
        assert!(report.passed(), "{principal}: {report:#?}");
    }
}

#[test]
fn the_scenarios_about_the_services_come_out_as_they_say() {
    let library = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let mut count = 0;
    for folder in ["systems-manager", "image-builder", "catalog"] {
        for entry in std::fs::read_dir(library.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let source = Source::read(&path).unwrap();
            let loaded = loaded(source.name(), source.text());
            assert!(loaded.warnings.is_empty(), "{}", render(&source, &loaded.warnings, Look::Plain));
            assert!(loaded.lowered.story.is_some() && loaded.lowered.source.is_some(), "{}", path.display());
            let report = run(&loaded.lowered, loaded.lowered.seed, Output::Nothing).unwrap();
            assert!(report.passed(), "{}: {report:#?}", path.display());
            assert!(report.step_outcomes.iter().all(Option::is_some), "{}: a step never came", path.display());
            count += 1;
        }
    }
    assert!(count >= 30, "only {count} scenarios");
}

#[test]
fn an_error_is_expected_by_our_code_or_by_the_name_that_its_service_gives_it() {
    for (code, comes) in [
        ("ResourceNotFound", true),
        ("DoesNotExistException", true),
        ("TargetInUseException", false),
        ("ResourceLimitExceededException", false),
        ("ResourceInUse", false),
    ] {
        let text = format!(
            "scenario: A window that is not there\ngiven:\n  - resources: {{ kind: maintenance-window, name: w, state: absent }}\nsteps:\n  \
             - {{ at: 1m, do: RegisterTaskWithMaintenanceWindow, resource: k, parent: w, refused: {code} }}\nexpect:\n  \
             - {{ refusals: 1, code: [{code}] }}\n"
        );
        let report = run(&loaded("window.yaml", &text).lowered, 1, Output::Nothing).unwrap();
        assert_eq!(report.passed(), comes, "{code}");
    }
}
