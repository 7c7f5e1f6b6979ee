//! What is said about access from outside, and what happens when somebody calls: two doors to the same rules.

use std::fmt::Write as _;

use slr_scenario::access::{Access, Outcome, Question};
use slr_scenario::run::{Output, run};
use slr_tests::play::Play;

/// An account with every sort of policy.
const ACCOUNT: &str = r#"
scenario: Whoever calls is answered as explained
organization:
  root: {}
  workloads:
    policies:
      - Version: "2012-10-17"
        Statement: [{ Effect: Deny, Action: "iam:TagRole", Resource: "*" }]
policies:
  readers: { Statement: { Effect: Allow, Action: ["iam:Get*", "iam:List*"], Resource: "*" } }
  all-of-iam: { Statement: { Effect: Allow, Action: ["iam:*", "sts:*"], Resource: "*" } }
groups:
  editors:
    attached: [readers]
    policies:
      - Statement: { Effect: Allow, Action: "iam:UpdateRole*", Resource: "arn:aws:iam::*:role/aws-service-role/*" }
users:
  alice: { groups: [editors] }
  bob: { attached: [all-of-iam], boundary: readers }
  carol:
    attached: [AdministratorAccess]
    policies: [{ Statement: { Effect: Deny, Action: "iam:Get*", Resource: "arn:aws:iam::*:role/work" } }]
  dan:
    policies:
      - Statement:
          Effect: Allow
          Action: "iam:CreateServiceLinkedRole"
          Resource: "*"
          Condition: { StringLike: { "iam:AWSServiceName": "ba*.amazonaws.com" } }
roles:
  work:
    trust: [ec2.amazonaws.com, "123456789012"]
    attached: [readers]
    policies: [{ Statement: { Effect: Allow, Action: "iam:DeleteRolePolicy", Resource: "*" } }]
  closed: { trust: ["arn:aws:iam::123456789012:user/dan"], boundary: readers, allow: ["iam:*"] }
given:
  - role: work
  - role: closed
  - role: AWSServiceRoleForLexBots
steps:
"#;

const CALLERS: [&str; 7] = ["admin", "alice", "bob", "carol", "dan", "work", "closed"];
const ROLES: [&str; 3] = ["work", "closed", "AWSServiceRoleForLexBots"];
/// What changes nothing that another call is judged by.
const OPERATIONS: [(&str, &str); 6] = [
    ("GetRole", ""),
    ("ListRoleTags", ""),
    ("TagRole", ", tags: { team: blue }"),
    ("UpdateRole", ", description: Mine"),
    ("UpdateRoleDescription", ", description: Mine"),
    ("AssumeRole", ""),
];

/// Every call by everybody, each with what became of it.
fn calls() -> Vec<(&'static str, String, &'static str, String)> {
    let mut calls = Vec::new();
    for caller in CALLERS {
        for (operation, fields) in OPERATIONS {
            for role in ROLES {
                let prefix = if operation == "AssumeRole" { "sts" } else { "iam" };
                let step = format!("as: {caller}, do: {operation}, role: {role}{fields}");
                calls.push((caller, format!("{prefix}:{operation}"), role, step));
            }
        }
        // To create it comes last: whether it is refused for want of a right is all that is asked.
        for service in ["batch.amazonaws.com", "backup.amazonaws.com", "lex.amazonaws.com"] {
            let step = format!("as: {caller}, do: CreateServiceLinkedRole, service: {service}");
            calls.push((caller, "iam:CreateServiceLinkedRole".to_owned(), service, step));
        }
    }
    calls
}

#[test]
fn whoever_calls_is_answered_as_explained() {
    let calls = calls();
    let text = |access: Option<&Access>| {
        let mut text = ACCOUNT.to_owned();
        for (number, (principal, action, resource, step)) in calls.iter().enumerate() {
            let refused = access.is_some_and(|access| {
                let question = Question { principal, action, resource, context: &[] };
                let explained = access.explain(&question).unwrap_or_else(|error| panic!("{step}: {error}"));
                explained.decision != Outcome::Allowed
            });
            let expected = if refused { ", refused: AccessDenied" } else { "" };
            let _ = writeln!(text, "  - {{ at: {}s, {step}{expected} }}", number + 1);
        }
        text
    };
    let bare = Play::of_text("bare", text(None));
    let access = Access::new(&bare.scenario, &bare.lowered).expect("the account can be asked");
    let text = text(Some(&access));
    let denied = text.matches("refused: AccessDenied").count();
    let explained = Play::of_text("explained", text);
    let report = run(&explained.lowered, 1, Output::Nothing).expect("it can be played");
    assert_eq!(report.broken, None);
    assert!(report.unplayable.is_empty());
    for ((_, _, _, step), outcome) in calls.iter().zip(&report.step_outcomes) {
        let outcome = outcome.as_ref().expect("every step is taken");
        let found = outcome.found.as_deref().unwrap_or_default();
        // A name that is taken is refused after the right has been looked at.
        let is_taken = step.contains("CreateServiceLinkedRole") && found.contains("InvalidInput");
        assert!(outcome.passed() || is_taken, "{step}: {found}");
    }
    assert!(denied > calls.len() / 5 && denied < calls.len() * 4 / 5, "{denied} of {} are denied", calls.len());
}

#[test]
fn what_a_scenario_adds_to_the_catalogue_is_reached_too() {
    let text = r#"
scenario: A service of its own
services:
  gadgets.example.com:
    role: AWSServiceRoleForGadgets
    suffix: accepted
    permits: ["iam:PassRole", "gadgets:*"]
    kinds: { gadget: {} }
  spare.example.com: { role: AWSServiceRoleForSpare, kinds: { spare: {} } }
users:
  alice: { allow: ["gadgets:CreateGadget", "ssm:SendCommand"] }
roles:
  powerful: { trust: [ssm.amazonaws.com], allow: ["s3:*"] }
given:
  - { role: AWSServiceRoleForGadgets, suffix: two }
  - role: AWSServiceRoleForSpare
  - role: powerful
steps: [{ at: 1s, do: ListRoles }]
"#;
    let play = Play::of_text("own", text);
    let access = Access::new(&play.scenario, &play.lowered).expect("the account can be asked");
    let from = slr_core::policy::Entity::User("alice");
    let graph = access.reach(from, &["gadgets:DeleteGadget", "s3:DeleteBucket"], &[]).expect("there is an alice");
    // The role with a suffix is the one that there is; it may pass roles, and nothing that it may call takes one.
    assert_eq!(graph.paths_to("gadgets:DeleteGadget").len(), 1);
    assert_eq!(graph.paths_to("s3:DeleteBucket").len(), 0);
}

#[test]
fn a_role_is_reached_through_the_service_that_it_is_passed_to() {
    let text = r#"
scenario: The role of an instance profile
users:
  alice:
    allow: ["imagebuilder:CreateInfrastructureConfiguration"]
    policies: [{ Statement: { Effect: Allow, Action: "iam:PassRole", Resource: "*", Condition: { StringEquals: { "iam:PassedToService": ec2.amazonaws.com } } } }]
  bob:
    allow: ["imagebuilder:CreateInfrastructureConfiguration"]
    policies: [{ Statement: { Effect: Allow, Action: "iam:PassRole", Resource: "*", Condition: { StringEquals: { "iam:PassedToService": imagebuilder.amazonaws.com } } } }]
roles:
  builds: { trust: [ec2.amazonaws.com], allow: ["s3:*"] }
given: [{ role: builds }, { role: AWSServiceRoleForImageBuilder }]
steps:
  - { at: 1s, as: alice, do: CreateInfrastructureConfiguration, resource: hers, passes: builds }
  - { at: 2s, as: bob, do: CreateInfrastructureConfiguration, resource: his, passes: builds, refused: AccessDenied }
"#;
    let play = Play::of_text("passed", text);
    let report = run(&play.lowered, 1, Output::Nothing).expect("it can be played");
    assert!(
        report.step_outcomes.iter().flatten().all(slr_scenario::expect::Outcome::passed),
        "alice may and bob may not"
    );
    let access = Access::new(&play.scenario, &play.lowered).expect("the account can be asked");
    let ways = |user| {
        let graph =
            access.reach(slr_core::policy::Entity::User(user), &["s3:DeleteBucket"], &[]).expect("there is one");
        graph.paths_to("s3:DeleteBucket").len()
    };
    assert_eq!((ways("alice"), ways("bob")), (1, 0));
}

#[test]
fn a_role_that_is_yet_to_be_made_is_asked_for_by_its_name() {
    let text = "
scenario: Roles to come
users: { alice: { allow: [\"iam:*\"] } }
roles: { declared: { trust: [ec2.amazonaws.com], path: /teams/ } }
steps:
  - { at: 1s, do: CreateRole, role: made, trust: [ec2.amazonaws.com], path: /made/ }
  - { at: 2s, do: CreateRole, role: twice, trust: [ec2.amazonaws.com], path: /one/ }
  - { at: 3s, do: DeleteRole, role: twice }
  - { at: 4s, do: CreateRole, role: twice, trust: [ec2.amazonaws.com], path: /other/ }
";
    let play = Play::of_text("roles to come", text);
    let access = Access::new(&play.scenario, &play.lowered).expect("the account can be asked");
    let ask = |action: &str, role: &str| {
        let question = Question { principal: "alice", action, resource: role, context: &[] };
        access.explain(&question).map(|told| (told.resource, told.notes)).map_err(|wrong| wrong.message)
    };
    let arn = |role: &str| format!("arn:aws:iam::123456789012:role{role}");
    assert_eq!(ask("iam:CreateRole", "declared"), Ok((arn("/teams/declared"), Vec::new())));
    assert_eq!(ask("iam:CreateRole", "made"), Ok((arn("/made/made"), Vec::new())));
    let note = format!("{} does not exist at time zero", arn("/made/made"));
    assert_eq!(ask("iam:GetRole", "made"), Ok((arn("/made/made"), vec![note])));
    assert_eq!(
        ask("iam:CreateRole", "twice"),
        Err("there may be several roles `twice`, and none at time zero".to_owned())
    );
}
