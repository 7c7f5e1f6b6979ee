//! Indirect permissions: ways through services that make roles, are passed roles, and may make and pass others themselves. What the
//! services here do is told for the tests; what real ones do is data of the catalogue.

use petgraph::dot::{Config, Dot};
use slr_core::policy::guides;
use slr_core::policy::{
    Account, Document, DocumentKind, Entity, LinkedRole, PrivilegeGraph, ReachNode, ServiceUse, UsedRole, World,
};

const ID: &str = "111122223333";
const SSM_ROLE: &str = "AWSServiceRoleForAmazonSSM";
const BUILDER_ROLE: &str = "AWSServiceRoleForImageBuilder";
const RDS_ROLE: &str = "AWSServiceRoleForRDS";

const fn linked(action: &'static str, service: &'static str, role_name: &'static str) -> ServiceUse<'static> {
    ServiceUse { action, service, role: UsedRole::Linked { role_name, created: true } }
}

const USES: &[ServiceUse<'static>] = &[
    linked("ssm:RegisterTaskWithMaintenanceWindow", "ssm.amazonaws.com", SSM_ROLE),
    ServiceUse {
        action: "ssm:RegisterTaskWithMaintenanceWindow",
        service: "ssm.amazonaws.com",
        role: UsedRole::Passed,
    },
    ServiceUse { action: "ssm:SendCommand", service: "ssm.amazonaws.com", role: UsedRole::Passed },
    linked("imagebuilder:CreateImage", "imagebuilder.amazonaws.com", BUILDER_ROLE),
    linked("rds:CreateDBInstance", "rds.amazonaws.com", RDS_ROLE),
];

/// Three roles, none of which has to exist.
struct Templates {
    documents: Vec<(&'static str, &'static str, Document, Document)>,
}

impl Templates {
    fn new() -> Self {
        let entry = |service: &'static str, role: &'static str, permits: &str| {
            let trust = guides::SERVICE_TRUST.document(&[("SERVICE-PRINCIPAL", service)]).unwrap();
            (service, role, trust, allow(permits, "*"))
        };
        Self {
            documents: vec![
                entry("ssm.amazonaws.com", SSM_ROLE, r#""lambda:InvokeFunction", "iam:PassRole", "ssm:SendCommand""#),
                entry(
                    "imagebuilder.amazonaws.com",
                    BUILDER_ROLE,
                    r#""ec2:RunInstances", "iam:CreateServiceLinkedRole""#,
                ),
                entry("rds.amazonaws.com", RDS_ROLE, r#""ec2:*", "sns:*", "logs:*", "kinesis:*""#),
            ],
        }
    }

    fn roles(&self) -> Vec<LinkedRole<'_>> {
        let entries = self.documents.iter();
        entries
            .map(|(service, name, trust, permissions)| LinkedRole {
                service,
                name,
                trust,
                permissions: Some(permissions),
            })
            .collect()
    }
}

fn allow(actions: &str, resource: &str) -> Document {
    let text = format!(
        r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", "Action": [{actions}], "Resource": "{resource}"}}}}"#
    );
    Document::parse(DocumentKind::Identity, &text).unwrap_or_else(|error| panic!("{}", error.report()))
}

fn alice(policies: &[Document]) -> Account {
    let mut account = Account::new("aws", ID);
    account.add_user("/", "alice").unwrap();
    for (at, policy) in policies.iter().enumerate() {
        account.put_inline_policy(Entity::User("alice"), &format!("p{at}"), policy.clone()).unwrap();
    }
    account
}

fn explore(account: &Account, from: Entity<'_>, targets: &[&str]) -> PrivilegeGraph {
    let templates = Templates::new();
    let linked_roles = templates.roles();
    let world = World { account, linked_roles: &linked_roles, uses: USES, regions: &[], given: &[] };
    PrivilegeGraph::explore(&world, from, targets).unwrap()
}

fn ways(graph: &PrivilegeGraph, action: &str) -> String {
    graph.paths_to(action).iter().map(|path| graph.describe(path)).collect::<Vec<_>>().join("\n")
}

fn roles_of(graph: &PrivilegeGraph) -> Vec<String> {
    let mut roles: Vec<String> = graph
        .graph()
        .node_weights()
        .filter(|node| matches!(node, ReachNode::Role(_) | ReachNode::MadeRole(_)))
        .map(ToString::to_string)
        .collect();
    roles.sort();
    roles
}

const CREATE_ANY: &str = "arn:aws:iam::*:role/aws-service-role/*";

#[test]
fn who_may_create_a_database_reaches_what_rds_reaches() {
    let account = alice(&[allow("\"rds:*\"", "*"), allow("\"iam:CreateServiceLinkedRole\"", CREATE_ANY)]);
    let graph = explore(&account, Entity::User("alice"), &["kinesis:PutRecord"]);
    let shown = ways(&graph, "kinesis:putrecord");
    insta::assert_snapshot!(shown);
    // Bringing other roles into being does not put them to work: she may not call their services.
    assert_eq!(
        roles_of(&graph),
        [
            "AWSServiceRoleForAmazonSSM exists",
            "AWSServiceRoleForImageBuilder exists",
            "AWSServiceRoleForRDS",
            "AWSServiceRoleForRDS exists",
        ]
    );
}

#[test]
fn without_the_role_and_without_the_right_to_make_it_nothing_is_reached() {
    let mut account = alice(&[allow("\"rds:*\"", "*")]);
    let graph = explore(&account, Entity::User("alice"), &["kinesis:PutRecord"]);
    assert_eq!(ways(&graph, "kinesis:PutRecord"), "");
    // Somebody else has made it since.
    let templates = Templates::new();
    let (service, role, trust, permissions) = &templates.documents[2];
    account.add_service_linked_role(service, role, trust.clone()).unwrap();
    account.put_inline_policy(Entity::Role(role), "p", permissions.clone()).unwrap();
    let graph = explore(&account, Entity::User("alice"), &["kinesis:PutRecord"]);
    assert_eq!(graph.paths_to("kinesis:PutRecord").len(), 1);
}

#[test]
fn who_may_register_a_task_reaches_every_role_that_systems_manager_can_be_passed() {
    let mut account = alice(&[guides::SSM_FULL_ACCESS.document(&[]).unwrap()]);
    let trust = guides::WINDOW_ROLE_TRUST.document(&[]).unwrap();
    account.add_role("/", "powerful", trust).unwrap();
    account.put_inline_policy(Entity::Role("powerful"), "p", allow("\"s3:DeleteBucket\"", "*")).unwrap();
    let closed = guides::SERVICE_TRUST.document(&[("SERVICE-PRINCIPAL", "glue.amazonaws.com")]).unwrap();
    account.add_role("/", "elsewhere", closed).unwrap();
    account.put_inline_policy(Entity::Role("elsewhere"), "p", allow("\"s3:CreateBucket\"", "*")).unwrap();
    // She has no iam:PassRole; the service-linked role has.
    let graph = explore(&account, Entity::User("alice"), &["iam:PassRole"]);
    let shown = ways(&graph, "s3:DeleteBucket");
    insta::assert_snapshot!(shown);
    assert_eq!(ways(&graph, "s3:CreateBucket"), "", "passing a role that does not trust the service helps nobody");
    assert_eq!(roles_of(&graph), [SSM_ROLE, "AWSServiceRoleForAmazonSSM exists", "powerful"]);
}

#[test]
fn a_builder_opens_the_way_to_a_role_that_nobody_else_could_make() {
    // Alice may make neither role; Image Builder's exists and may make the one of Systems Manager.
    let mut account = alice(&[allow("\"imagebuilder:CreateImage\", \"ssm:RegisterTaskWithMaintenanceWindow\"", "*")]);
    let templates = Templates::new();
    let (service, role, trust, permissions) = &templates.documents[1];
    account.add_service_linked_role(service, role, trust.clone()).unwrap();
    account.put_inline_policy(Entity::Role(role), "p", permissions.clone()).unwrap();
    let graph = explore(&account, Entity::User("alice"), &["lambda:InvokeFunction"]);
    let shown = ways(&graph, "lambda:InvokeFunction");
    insta::assert_snapshot!(shown);
    assert_eq!(graph.paths_to("ec2:RunInstances").len(), 1);
}

#[test]
fn a_deny_closes_the_way() {
    let mut account = alice(&[guides::SSM_FULL_ACCESS.document(&[]).unwrap()]);
    let brake = r#"{"Statement": {"Effect": "Deny", "Action": "ssm:*MaintenanceWindow*", "Resource": "*"}}"#;
    let brake = Document::parse(DocumentKind::Identity, brake).unwrap();
    account.add_group("operators").unwrap();
    account.add_to_group("alice", "operators").unwrap();
    assert_eq!(explore(&account, Entity::User("alice"), &[]).paths_to("lambda:InvokeFunction").len(), 1);
    account.put_inline_policy(Entity::Group("operators"), "brake", brake).unwrap();
    assert_eq!(explore(&account, Entity::User("alice"), &[]).paths_to("lambda:InvokeFunction").len(), 0);
}

#[test]
fn assuming_a_role_is_a_way_too_and_circles_end() {
    let mut account = alice(&[allow("\"sts:AssumeRole\"", "arn:aws:iam::111122223333:role/first")]);
    let trusts_account =
        r#"{"Statement": {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"}}"#;
    let trust = Document::parse(DocumentKind::Trust, trusts_account).unwrap();
    for (role, other) in [("first", "second"), ("second", "first")] {
        account.add_role("/", role, trust.clone()).unwrap();
        let resource = format!("arn:aws:iam::111122223333:role/{other}");
        account.put_inline_policy(Entity::Role(role), "p", allow("\"sts:AssumeRole\"", &resource)).unwrap();
    }
    account.put_inline_policy(Entity::Role("second"), "q", allow("\"s3:GetObject\"", "*")).unwrap();
    let graph = explore(&account, Entity::User("alice"), &[]);
    let paths = graph.paths_to("s3:GetObject");
    assert_eq!(paths.iter().map(|path| path.edges.len()).collect::<Vec<_>>(), [3]);
    let from_role = explore(&account, Entity::Role("second"), &[]);
    assert_eq!(from_role.paths_to("s3:GetObject")[0].edges.len(), 1);
}

#[test]
fn the_graph_draws_itself() {
    let account =
        alice(&[allow("\"rds:CreateDBInstance\"", "*"), allow("\"iam:CreateServiceLinkedRole\"", CREATE_ANY)]);
    let templates = Templates::new();
    let linked_roles = &templates.roles()[2..];
    let world = World { account: &account, linked_roles, uses: USES, regions: &[], given: &[] };
    let graph = PrivilegeGraph::explore(&world, Entity::User("alice"), &[]).unwrap();
    let dot = Dot::with_attr_getters(
        graph.graph(),
        &[Config::NodeNoLabel, Config::EdgeNoLabel],
        &|_, edge| format!("label = \"{}\"", edge.weight()),
        &|_, (_, node)| format!("label = \"{node}\""),
    );
    let drawn = format!("{dot:?}");
    insta::assert_snapshot!(drawn);
    let json = serde_json::to_value(graph.graph()).unwrap();
    assert_eq!(json["nodes"][4], serde_json::json!({"role": "AWSServiceRoleForRDS"}));
    assert_eq!(
        json["edges"][3][2]["kind"],
        serde_json::json!({"uses": {"action": "rds:CreateDBInstance", "service": "rds.amazonaws.com"}})
    );
    let lines: Vec<String> = graph.paths().iter().map(|path| graph.describe(path)).collect();
    let shown = lines.join("\n");
    insta::assert_snapshot!("every_path", shown);
}

#[test]
fn requests_go_to_every_region_and_say_what_is_given() {
    let in_region = |region: &str| {
        let text = format!(
            r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*",
                "Condition": {{"StringEquals": {{"aws:RequestedRegion": "{region}", "aws:SourceIdentity": "office"}}}}}}}}"#
        );
        Document::parse(DocumentKind::Identity, &text).unwrap()
    };
    let account = alice(&[in_region("eu-west-1")]);
    let ways = |regions: &[&str], given: &[(String, Vec<String>)]| {
        let world = World { account: &account, linked_roles: &[], uses: &[], regions, given };
        PrivilegeGraph::explore(&world, Entity::User("alice"), &[]).unwrap().paths_to("s3:GetObject").len()
    };
    let office = [("aws:SourceIdentity".to_owned(), vec!["office".to_owned()])];
    assert_eq!(ways(&["us-east-1", "eu-west-1"], &office), 1);
    assert_eq!(ways(&["us-east-1"], &office), 0);
    assert_eq!(ways(&["us-east-1", "eu-west-1"], &[]), 0);
    assert_eq!(ways(&[], &office), 0);
    let overruled = [office[0].clone(), ("aws:RequestedRegion".to_owned(), vec!["eu-west-1".to_owned()])];
    assert_eq!(ways(&["us-east-1"], &overruled), 1);
}
