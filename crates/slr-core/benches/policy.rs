//! Decisions a second on one core, with the policies of the guides.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use slr_core::policy::guides::{self, GuidePolicy};
use slr_core::policy::{
    Account, Context, Document, DocumentKind, Entity, PrivilegeGraph, Request, ServiceUse, UsedRole, World,
};

const ID: &str = "111122223333";
const WINDOW_ROLE: &str = "arn:aws:iam::111122223333:role/my-maintenance-window-role";
const SSM_ARN: &str = "arn:aws:iam::111122223333:role/aws-service-role/ssm.amazonaws.com/AWSServiceRoleForAmazonSSM";
const RDS_ARN: &str = "arn:aws:iam::111122223333:role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS";
const SPECIFIC: &[(&str, &str)] =
    &[("SERVICE-NAME", "ssm"), ("SERVICE-LINKED-ROLE-NAME-PREFIX", "AWSServiceRoleForAmazonSSM")];
const PASSED: &[(&str, &str)] = &[("ROLE-ARN", WINDOW_ROLE)];

/// A policy of the guides with the values for its blanks.
type Filled = (GuidePolicy, &'static [(&'static str, &'static str)]);

/// Half on the user, half through a group, as an administrator of maintenance windows would have them.
const ADMINISTRATOR: &[Filled] = &[
    (guides::CREATE_SPECIFIC, SPECIFIC),
    (guides::EDIT_DESCRIPTION, &[]),
    (guides::DELETE_SPECIFIC, SPECIFIC),
    (guides::PASS_ROLE, PASSED),
    (guides::SSM_FULL_ACCESS, &[]),
    (guides::REGISTRANT, PASSED),
];

fn account(policies: &[Filled]) -> Account {
    let mut account = Account::new("aws", ID);
    account.add_user("/", "alice").unwrap();
    account.add_group("operators").unwrap();
    account.add_to_group("alice", "operators").unwrap();
    for (at, (policy, values)) in policies.iter().enumerate() {
        let entity = if at % 2 == 0 { Entity::User("alice") } else { Entity::Group("operators") };
        account.put_inline_policy(entity, policy.name, policy.document(values).unwrap()).unwrap();
    }
    account
}

/// What such a person asks for: some is granted early, some late, some not at all.
const ASKED: &[(&str, &str, &str)] = &[
    ("iam:CreateServiceLinkedRole", SSM_ARN, "ssm.amazonaws.com"),
    ("iam:CreateServiceLinkedRole", RDS_ARN, "rds.amazonaws.com"),
    ("iam:DeleteServiceLinkedRole", SSM_ARN, ""),
    ("iam:GetServiceLinkedRoleDeletionStatus", SSM_ARN, ""),
    ("iam:DeleteServiceLinkedRole", RDS_ARN, ""),
    ("iam:UpdateRole", SSM_ARN, ""),
    ("iam:UpdateRoleDescription", SSM_ARN, ""),
    ("iam:PassRole", WINDOW_ROLE, ""),
    ("iam:PassRole", SSM_ARN, ""),
    (
        "ssm:RegisterTaskWithMaintenanceWindow",
        "arn:aws:ssm:eu-west-1:111122223333:maintenancewindow/mw-0123456789abcdef0",
        "",
    ),
];

fn decide(criterion: &mut Criterion) {
    let cases: &[(&str, &[Filled])] = &[("one policy", &ADMINISTRATOR[..1]), ("six policies", ADMINISTRATOR)];
    let mut group = criterion.benchmark_group("policy/decide");
    group.throughput(Throughput::Elements(ASKED.len() as u64));
    for (name, policies) in cases {
        let account = account(policies);
        let alice = account.user_caller("alice").unwrap();
        let entitlements = account.entitlements(&alice).unwrap();
        let contexts: Vec<Context> = ASKED
            .iter()
            .map(|(.., service)| {
                let context = alice.context();
                if service.is_empty() { context } else { context.with("iam:AWSServiceName", *service) }
            })
            .collect();
        group.bench_function(*name, |bencher| {
            bencher.iter(|| {
                let allowed = ASKED.iter().zip(&contexts).filter(|((action, resource, _), context)| {
                    let request = Request::new(&alice, black_box(action), black_box(resource), context);
                    entitlements.decide(&request, None).is_allowed()
                });
                allowed.count()
            });
        });
        group.bench_function(format!("{name}, gathered anew"), |bencher| {
            bencher.iter(|| {
                let allowed = ASKED.iter().zip(&contexts).filter(|((action, resource, _), context)| {
                    let decision = account.decide(&alice, black_box(action), black_box(resource), context);
                    decision.is_ok_and(|decision| decision.is_allowed())
                });
                allowed.count()
            });
        });
    }
    group.finish();
}

fn parse(criterion: &mut Criterion) {
    let text = guides::SSM_FULL_ACCESS.text;
    let mut group = criterion.benchmark_group("policy/parse");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("AmazonSSMFullAccess", |bencher| {
        bencher.iter(|| Document::parse(DocumentKind::Identity, black_box(text)).is_ok());
    });
    group.finish();
}

/// A thousand roles that may all be passed to one service, from a user who may pass them.
fn reach(criterion: &mut Criterion) {
    const ROLES: u32 = 1_000;
    const USES: &[ServiceUse<'static>] = &[ServiceUse {
        action: "ssm:RegisterTaskWithMaintenanceWindow",
        service: "ssm.amazonaws.com",
        role: UsedRole::Passed,
    }];
    let mut account =
        account(&[(guides::SSM_FULL_ACCESS, &[]), (guides::PASS_ROLE, &[("ROLE-ARN", "arn:aws:iam::*:role/role-*")])]);
    let trust = guides::WINDOW_ROLE_TRUST.document(&[]).unwrap();
    for at in 0..ROLES {
        let name = format!("role-{at}");
        account.add_role("/", &name, trust.clone()).unwrap();
        let permissions = guides::WINDOW_ROLE.document(&[]).unwrap();
        account.put_inline_policy(Entity::Role(&name), "p", permissions).unwrap();
    }
    let world = World { account: &account, linked_roles: &[], uses: USES, regions: &[], given: &[] };
    let mut group = criterion.benchmark_group("policy/reach");
    group.sample_size(10).throughput(Throughput::Elements(u64::from(ROLES)));
    group.bench_function("a thousand passable roles", |bencher| {
        bencher.iter(|| {
            let graph = PrivilegeGraph::explore(&world, Entity::User("alice"), &[]).unwrap();
            assert!(graph.graph().edge_count() > 1_000);
            graph.paths().len()
        });
    });
    group.finish();
}

criterion_group!(benches, decide, parse, reach);
criterion_main!(benches);
