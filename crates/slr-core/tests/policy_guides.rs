//! The policies of the guides allow what they say and nothing else.

use slr_core::policy::guides::{self, GuidePolicy};
use slr_core::policy::{Account, Caller, Context, CreateServiceLinkedRole, Entity, PassRole};

const ID: &str = "111122223333";
const SSM: &str = "ssm.amazonaws.com";
const SSM_ROLE: &str = "AWSServiceRoleForAmazonSSM";
const SSM_ARN: &str = "arn:aws:iam::111122223333:role/aws-service-role/ssm.amazonaws.com/AWSServiceRoleForAmazonSSM";
const BUILDER_ARN: &str =
    "arn:aws:iam::111122223333:role/aws-service-role/imagebuilder.amazonaws.com/AWSServiceRoleForImageBuilder";
const WINDOW_ROLE: &str = "arn:aws:iam::111122223333:role/my-maintenance-window-role";
const SNS_ROLE: &str = "arn:aws:iam::111122223333:role/my-sns-access-role";
const SPECIFIC: &[(&str, &str)] = &[("SERVICE-NAME", "ssm"), ("SERVICE-LINKED-ROLE-NAME-PREFIX", SSM_ROLE)];

struct Alice {
    account: Account,
    caller: Caller,
}

impl Alice {
    fn with(policies: &[(GuidePolicy, &[(&str, &str)])]) -> Self {
        let mut account = Account::new("aws", ID);
        account.add_user("/", "alice").unwrap();
        for (policy, values) in policies {
            let document = policy.document(values).unwrap_or_else(|error| panic!("{}", error.report()));
            account.put_inline_policy(Entity::User("alice"), policy.name, document).unwrap();
        }
        let caller = account.user_caller("alice").unwrap();
        Self { account, caller }
    }

    fn asks(&self, action: &str, resource: &str, context: &Context) -> bool {
        self.account.decide(&self.caller, action, resource, context).unwrap().is_allowed()
    }

    fn may(&self, action: &str, resource: &str) -> bool {
        self.asks(action, resource, &self.caller.context())
    }

    fn may_create(&self, service_principal: &str, role_name: &str) -> bool {
        let request = CreateServiceLinkedRole { partition: "aws", account: ID, service_principal, role_name };
        self.asks(CreateServiceLinkedRole::ACTION, &request.resource(), &request.context(&self.caller))
    }

    fn may_pass(&self, role_arn: &str, passed_to_service: &str) -> bool {
        let request = PassRole { role_arn, passed_to_service, associated_resource_arn: None, region: None };
        self.asks(PassRole::ACTION, role_arn, &request.context(&self.caller))
    }
}

#[test]
fn to_create_a_specific_role() {
    let alice = Alice::with(&[(guides::CREATE_SPECIFIC, SPECIFIC)]);
    assert!(alice.may_create(SSM, SSM_ROLE));
    // The blank ends in a wildcard: a suffix is covered.
    assert!(alice.may_create(SSM, "AWSServiceRoleForAmazonSSM_AccountDiscovery"));
    assert!(!alice.may_create("SSM.amazonaws.com", SSM_ROLE), "principals are case-sensitive");
    assert!(!alice.may_create(SSM, "awsserviceroleforamazonssm"), "and so are resources");
    assert!(!alice.may_create("imagebuilder.amazonaws.com", "AWSServiceRoleForImageBuilder"));
    // Without its condition key the request does not meet the condition.
    assert!(!alice.may("iam:CreateServiceLinkedRole", SSM_ARN));
    // The second statement grants what IAM will refuse on any service-linked role.
    assert!(alice.may("iam:AttachRolePolicy", SSM_ARN));
    assert!(alice.may("iam:PutRolePolicy", SSM_ARN));
    assert!(!alice.may("iam:DeleteServiceLinkedRole", SSM_ARN));
}

#[test]
fn to_create_any_role() {
    let alice = Alice::with(&[(guides::CREATE_ANY, &[])]);
    assert!(alice.may_create(SSM, SSM_ROLE));
    assert!(alice.may_create("imagebuilder.amazonaws.com", "AWSServiceRoleForImageBuilder"));
    assert!(!alice.may("iam:AttachRolePolicy", SSM_ARN), "it does not let her attach a policy");
    assert!(!alice.may("iam:CreateServiceLinkedRole", WINDOW_ROLE));
}

#[test]
fn to_edit_a_description() {
    let alice = Alice::with(&[(guides::EDIT_DESCRIPTION, &[])]);
    assert!(alice.may("iam:UpdateRoleDescription", SSM_ARN));
    assert!(!alice.may("iam:UpdateRole", SSM_ARN), "the guide's own command needs another action");
    assert!(!alice.may("iam:UpdateRoleDescription", WINDOW_ROLE));
}

#[test]
fn to_delete_a_specific_role_or_any() {
    let specific = Alice::with(&[(guides::DELETE_SPECIFIC, SPECIFIC)]);
    let any = Alice::with(&[(guides::DELETE_ANY, &[])]);
    for action in ["iam:DeleteServiceLinkedRole", "iam:GetServiceLinkedRoleDeletionStatus"] {
        assert!(specific.may(action, SSM_ARN));
        assert!(!specific.may(action, BUILDER_ARN));
        assert!(any.may(action, SSM_ARN));
        assert!(any.may(action, BUILDER_ARN));
        assert!(!any.may(action, WINDOW_ROLE), "but no service role");
    }
    assert!(!any.may("iam:DeleteRole", SSM_ARN));
}

#[test]
fn to_pass_a_role() {
    let alice = Alice::with(&[(guides::PASS_ROLE, &[("ROLE-ARN", WINDOW_ROLE)])]);
    assert!(alice.may("iam:ListRoles", "*"));
    assert!(alice.may_pass(WINDOW_ROLE, SSM));
    assert!(alice.may_pass(WINDOW_ROLE, "ec2.amazonaws.com"), "the guide does not say to which service");
    assert!(!alice.may_pass(SSM_ARN, SSM), "naming a service-linked role is passing it");
    assert!(!alice.may("iam:GetRole", WINDOW_ROLE));
}

#[test]
fn the_maintenance_window_role_and_its_registrant() {
    let role = Alice::with(&[(guides::WINDOW_ROLE, &[])]);
    assert!(role.may("ssm:SendCommand", "*"));
    assert!(role.may("lambda:InvokeFunction", "arn:aws:lambda:eu-west-1:111122223333:function:SSMPatch"));
    assert!(!role.may("lambda:InvokeFunction", "arn:aws:lambda:eu-west-1:111122223333:function:patch"));
    assert!(role.may("states:StartExecution", "arn:aws:states:eu-west-1:111122223333:stateMachine:SSMPatch"));
    assert!(!role.may("ssm:CancelCommand", "*"));
    assert!(!role.may_pass(SNS_ROLE, "sns.amazonaws.com"), "notifications take a further policy");
    let notifying = Alice::with(&[(guides::WINDOW_ROLE, &[]), (guides::WINDOW_ROLE_SNS, &[("ROLE-ARN", SNS_ROLE)])]);
    assert!(notifying.may_pass(SNS_ROLE, "sns.amazonaws.com"));
    assert!(!notifying.may_pass(WINDOW_ROLE, SSM));

    let half = Alice::with(&[(guides::SSM_FULL_ACCESS, &[])]);
    assert!(half.may("ssm:RegisterTaskWithMaintenanceWindow", "*"));
    assert!(half.may_create(SSM, SSM_ROLE), "so that the service can make its role for her");
    assert!(!half.may_create("imagebuilder.amazonaws.com", "AWSServiceRoleForImageBuilder"));
    assert!(!half.may_pass(WINDOW_ROLE, SSM), "the API's full access does not include passing roles");
    let registrant = Alice::with(&[(guides::SSM_FULL_ACCESS, &[]), (guides::REGISTRANT, &[("ROLE-ARN", WINDOW_ROLE)])]);
    assert!(registrant.may_pass(WINDOW_ROLE, SSM));
}

#[test]
fn who_may_assume_the_maintenance_window_role() {
    let mut account = Account::new("aws", ID);
    let window = guides::WINDOW_ROLE_TRUST.document(&[]).unwrap();
    account.add_role("/", "my-maintenance-window-role", window).unwrap();
    let trusted = |role: &str| {
        ["ssm", "ec2", "sns", "imagebuilder", "rds"]
            .into_iter()
            .filter(|service| account.trusts_service(role, &format!("{service}.amazonaws.com")))
            .collect::<Vec<_>>()
    };
    assert_eq!(trusted("my-maintenance-window-role"), ["ssm", "ec2", "sns"]);
}
