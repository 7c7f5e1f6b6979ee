//! What AWS's error codes mean for service-linked roles, with steps that are refused and steps that are granted.

use slr_core::rejection::Code;

/// What there is to know about a code.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lesson {
    /// In one line.
    pub(super) meaning: &'static str,
    /// When it comes, and what helps.
    pub(super) why: &'static str,
    /// Parts of a scenario that bring it; empty where no call of the model does by itself.
    pub(super) wrong: &'static str,
    /// The same without it.
    pub(super) right: &'static str,
}

/// The lesson of a code.
///
/// Source: IAM API Reference, errors of the role operations and common errors; IAM User Guide, "Using service-linked roles".
#[expect(clippy::too_many_lines, reason = "it is a table")]
pub(super) const fn lesson(code: Code) -> Lesson {
    match code {
        Code::NoSuchEntity => Lesson {
            meaning: "There is no such role, or no such deletion task.",
            why: "Also the answer when DeleteServiceLinkedRole is called for a role that is not service-linked. A poll that finds \
                  no task proves nothing: ask with GetRole whether the role is gone.",
            wrong: "steps:\n  - { at: 1s, do: DeleteServiceLinkedRole, role: deploy, refused: NoSuchEntity }",
            right: "given:\n  - role: AWSServiceRoleForGadgets\n\
                    steps:\n  - { at: 1s, do: DeleteServiceLinkedRole, role: AWSServiceRoleForGadgets }",
        },
        Code::InvalidInput => Lesson {
            meaning: "A parameter is wrong; for service-linked roles also: the name is taken, or takes no suffix.",
            why: "CreateServiceLinkedRole never answers EntityAlreadyExists. A service has one role, or one for each suffix where \
                  it accepts suffixes; names that differ only in case are the same name.",
            wrong: "given:\n  - role: AWSServiceRoleForGadgets\n\
                    steps:\n  - { at: 1s, do: CreateServiceLinkedRole, service: gadgets.example.com, refused: InvalidInput }",
            right: "given:\n  - role: AWSServiceRoleForWidgets\n\
                    steps:\n  - { at: 1s, do: CreateServiceLinkedRole, service: widgets.example.com, suffix: two }",
        },
        Code::LimitExceeded => Lesson {
            meaning: "A quota is reached.",
            why: "The roles of an account are limited, and service-linked roles count; but they alone may exceed the limit.",
            wrong: "account: { role-quota: 10, other-roles: 10 }\n\
                    steps:\n  - { at: 1s, do: CreateRole, role: deploy, refused: LimitExceeded }",
            right: "account: { role-quota: 10, other-roles: 10 }\n\
                    steps:\n  - { at: 1s, do: CreateServiceLinkedRole, service: gadgets.example.com }",
        },
        Code::UnmodifiableEntity => Lesson {
            meaning: "The role is service-linked, and only its service may change it so.",
            why: "Policies, trust, boundary and name of a service-linked role belong to its service, and it goes through \
                  DeleteServiceLinkedRole alone. Its description can be edited, and it can be tagged. Since no policy can be put \
                  on it, its sessions cannot be revoked either.",
            wrong: "given:\n  - role: AWSServiceRoleForGadgets\n\
                    steps:\n  - { at: 1s, do: DeleteRole, role: AWSServiceRoleForGadgets, refused: UnmodifiableEntity }",
            right: "given:\n  - role: AWSServiceRoleForGadgets\nsteps:\n  \
                    - { at: 1s, do: UpdateRoleDescription, role: AWSServiceRoleForGadgets, description: For the gadgets }",
        },
        Code::DeleteConflict => Lesson {
            meaning: "The role still has policies or an instance profile, or is in use.",
            why: "DeleteRole wants an ordinary role bare: detach and delete what is on it first. Tags and a boundary go with the role.",
            wrong: "given:\n  - role: deploy\nsteps:\n  \
                    - { at: 1s, do: PutRolePolicy, role: deploy, policy: all }\n  \
                    - { at: 2s, do: DeleteRole, role: deploy, refused: DeleteConflict }",
            right: "given:\n  - role: deploy\nsteps:\n  \
                    - { at: 1s, do: PutRolePolicy, role: deploy, policy: all }\n  \
                    - { at: 2s, do: DeleteRolePolicy, role: deploy, policy: all }\n  \
                    - { at: 3s, do: DeleteRole, role: deploy }",
        },
        Code::EntityAlreadyExists => Lesson {
            meaning: "The account has a role of that name.",
            why: "Names that differ only in case are the same name, whatever the path. For service-linked roles the answer is \
                  InvalidInput.",
            wrong: "given:\n  - role: deploy\nsteps:\n  - { at: 1s, do: CreateRole, role: deploy, refused: EntityAlreadyExists }",
            right: "steps:\n  - { at: 1s, do: CreateRole, role: deploy }",
        },
        Code::MalformedPolicyDocument => Lesson {
            meaning: "A policy document is no JSON, or names a principal that does not exist.",
            why: "A document that cannot be read is a mistake of the scenario's file, and is told before anything is played, unless the \
                  call is to be refused. Whether a user or a role that a trust policy names exists is found out when IAM looks.",
            wrong: "given:\n  - role: deploy\nsteps:\n  \
                    - at: 1s\n    do: UpdateAssumeRolePolicy\n    role: deploy\n    \
                    trust: [\"arn:aws:iam::123456789012:user/nobody\"]\n    refused: MalformedPolicyDocument",
            right: "given:\n  - role: deploy\nsteps:\n  \
                    - { at: 1s, do: UpdateAssumeRolePolicy, role: deploy, trust: [ec2.amazonaws.com] }",
        },
        Code::PolicyNotAttachable => Lesson {
            meaning: "The policy belongs to service-linked roles alone.",
            why: "The managed policy of a service-linked role, under the path aws-service-role/, can be attached to that role only, \
                  and its service has done so.",
            wrong: "given:\n  - role: deploy\nsteps:\n  \
                    - at: 1s\n    do: AttachRolePolicy\n    role: deploy\n    \
                    policy: arn:aws:iam::aws:policy/aws-service-role/GadgetsServiceRolePolicy\n    \
                    refused: PolicyNotAttachable",
            right: "given:\n  - role: deploy\nsteps:\n  \
                    - { at: 1s, do: AttachRolePolicy, role: deploy, policy: \"arn:aws:iam::aws:policy/ReadOnlyAccess\" }",
        },
        Code::ConcurrentModification => Lesson {
            meaning: "Somebody else changes the role at the same moment.",
            why: "Wait a little and call again.",
            wrong: "",
            right: "",
        },
        Code::ServiceFailure => Lesson {
            meaning: "AWS could not answer.",
            why: "Nothing is known of what happened: ask with GetRole, then call again.",
            wrong: "",
            right: "",
        },
        Code::ValidationError => Lesson {
            meaning: "A parameter breaks its pattern, its length or its range.",
            why: "Role names have at most 64 characters, suffix included: letters, digits and _+=,.@- In scenarios a name that \
                  breaks this rule is a mistake of the file, and is told before anything is played. A role's sessions last one to \
                  twelve hours: MaxSessionDuration is 3600 to 43200.",
            wrong: "",
            right: "",
        },
        Code::AccessDenied => Lesson {
            meaning: "The caller may not do this; or IAM knows no such service principal.",
            why: "No policy allows it, or one denies it; `slr explain-access` tells which. Asked for the role of an unknown or misspelt service, \
                  CreateServiceLinkedRole answers the same: service principals are compared letter by letter, case included.",
            wrong: "given:\n  - role: AWSServiceRoleForGadgets\nusers:\n  alice: { allow: [\"iam:GetRole\"] }\nsteps:\n  \
                    - at: 1s\n    as: alice\n    do: DeleteServiceLinkedRole\n    role: AWSServiceRoleForGadgets\n    \
                    refused: AccessDenied",
            right: "given:\n  - role: AWSServiceRoleForGadgets\nusers:\n  \
                    alice: { allow: [\"iam:DeleteServiceLinkedRole\"] }\nsteps:\n  \
                    - { at: 1s, as: alice, do: DeleteServiceLinkedRole, role: AWSServiceRoleForGadgets }",
        },
        Code::Throttling => Lesson {
            meaning: "Too many requests.",
            why: "Wait and call again, each time a little longer, by a random time, and not for ever: an operator does with \
                  `retry: { every: 30s, factor: 2, cap: 10m, jitter: full, attempts: 8 }`; without `factor`, `jitter` and `attempts` it waits \
                  as long each time and does not give up.",
            wrong: "given:\n  - role: AWSServiceRoleForGadgets\nfaults:\n  - { throttle: DeleteServiceLinkedRole, share: 1 }\n\
                    steps:\n  - { at: 1s, do: DeleteServiceLinkedRole, role: AWSServiceRoleForGadgets, refused: Throttling }",
            right: "given:\n  - role: AWSServiceRoleForGadgets\n\
                    steps:\n  - { at: 1s, do: DeleteServiceLinkedRole, role: AWSServiceRoleForGadgets }",
        },
        Code::ServiceUnavailable => Lesson {
            meaning: "The Region does not answer.",
            why: "Resources there cannot be cleaned up until it does, and they keep the role.",
            wrong: "given:\n  - role: AWSServiceRoleForGadgets\n  - resources: { kind: gadget, count: 1 }\nfaults:\n  \
                    - { region-unavailable: us-east-1, from: 0s, until: 5m }\nsteps:\n  \
                    - { at: 1s, do: DeleteGadget, resource: gadget-1, refused: ServiceUnavailable }",
            right: "given:\n  - role: AWSServiceRoleForGadgets\n  - resources: { kind: gadget, count: 1 }\nfaults:\n  \
                    - { region-unavailable: us-east-1, from: 0s, until: 5m }\nsteps:\n  \
                    - { at: 6m, do: DeleteGadget, resource: gadget-1 }",
        },
        Code::ResourceInUse => Lesson {
            meaning: "The resource is in a state in which the call cannot be granted.",
            why: "Assumed: services spell it in their own ways. Look at the resource's state, and wait or do first what is missing.",
            wrong: "given:\n  - role: AWSServiceRoleForGadgets\n  - resources: { kind: gadget, count: 1 }\nsteps:\n  \
                    - { at: 1s, do: DeleteGadget, resource: gadget-1 }\n  \
                    - { at: 2s, do: DeleteGadget, resource: gadget-1, refused: ResourceInUse }\ndelays: { clean-up: 1m }",
            right: "given:\n  - role: AWSServiceRoleForGadgets\n  - resources: { kind: gadget, count: 1 }\nsteps:\n  \
                    - { at: 1s, do: DeleteGadget, resource: gadget-1 }",
        },
        Code::ResourceDependency => Lesson {
            meaning: "Other resources depend on the resource, or the service lacks its role.",
            why: "Assumed: services spell it in their own ways. Delete the children first; make the role first.",
            wrong: "given:\n  - role: AWSServiceRoleForGadgets\n  - resources: { kind: gadget, count: 1 }\n  \
                    - resources: { kind: part, count: 1, parent: gadget-1 }\nsteps:\n  \
                    - { at: 1s, do: DeleteGadget, resource: gadget-1, refused: ResourceDependency }",
            right: "given:\n  - role: AWSServiceRoleForGadgets\n  - resources: { kind: gadget, count: 1 }\n  \
                    - resources: { kind: part, count: 1, parent: gadget-1 }\nsteps:\n  \
                    - { at: 1s, do: DeletePart, resource: part-1 }\n  \
                    - { at: 10m, do: DeleteGadget, resource: gadget-1 }",
        },
        Code::ResourceAlreadyExists => Lesson {
            meaning: "The resource is there already.",
            why: "Assumed: services spell it in their own ways. A name stands for one resource: give the new one a name of its own.",
            wrong: "given:\n  - role: AWSServiceRoleForGadgets\n  - resources: { kind: gadget, name: lamp }\nsteps:\n  \
                    - { at: 1s, do: CreateGadget, resource: lamp, refused: ResourceAlreadyExists }",
            right: "given:\n  - role: AWSServiceRoleForGadgets\n  - resources: { kind: gadget, name: lamp }\nsteps:\n  \
                    - { at: 1s, do: CreateGadget, resource: vase }",
        },
        Code::NotModelled => Lesson {
            meaning: "AWS would grant the call, and slr cannot: no error of AWS's.",
            why: "In a scenario a name stands for one resource, even when that is gone; AWS would make another one under the same name. \
                  Give the other one a name of its own.",
            wrong: "given:\n  - role: AWSServiceRoleForGadgets\n  - resources: { kind: gadget, name: lamp }\n\
                    delays: { clean-up: 5s }\nsteps:\n  \
                    - { at: 1s, do: DeleteGadget, resource: lamp }\n  \
                    - { at: 1m, do: CreateGadget, resource: lamp, refused: NotModelled }",
            right: "given:\n  - role: AWSServiceRoleForGadgets\n  - resources: { kind: gadget, name: lamp }\n\
                    delays: { clean-up: 5s }\nsteps:\n  \
                    - { at: 1s, do: DeleteGadget, resource: lamp }\n  \
                    - { at: 1m, do: CreateGadget, resource: vase }",
        },
        Code::ResourceNotFound => Lesson {
            meaning: "There is no such resource.",
            why: "Assumed: services spell it in their own ways. It was never made, or is gone already; or one is to be made under another \
                  that is not there.",
            wrong: "given:\n  - role: AWSServiceRoleForGadgets\n  - resources: { kind: gadget, count: 1 }\n\
                    delays: { clean-up: 5s }\nsteps:\n  \
                    - { at: 1s, do: DeleteGadget, resource: gadget-1 }\n  \
                    - { at: 1m, do: DeleteGadget, resource: gadget-1, refused: ResourceNotFound }",
            right: "given:\n  - role: AWSServiceRoleForGadgets\n  - resources: { kind: gadget, count: 1 }\nsteps:\n  \
                    - { at: 1s, do: DeleteGadget, resource: gadget-1 }",
        },
    }
}

#[cfg(test)]
mod tests {
    use slr_scenario::run::{Output, run};
    use slr_scenario::{Params, Source};

    use super::*;
    use crate::report::Verdicts;
    use crate::scenario::ready;

    /// What the examples leave out because it is the same in all.
    const FRAME: &str = "\
scenario: An example
services:
  gadgets.example.com:
    role: AWSServiceRoleForGadgets
    policy: GadgetsServiceRolePolicy
    kinds: { gadget: {}, part: { parent: gadget } }
  widgets.example.com: { role: AWSServiceRoleForWidgets, suffix: accepted }
";
    const ROLES: &str = "roles: { deploy: { trust: [ec2.amazonaws.com] } }\n";

    fn play(example: &str) -> Verdicts {
        let roles = if example.contains("roles:") { "" } else { ROLES };
        let source = Source::new("example", format!("{FRAME}{roles}{example}\n")).expect("it is small");
        let ready = match ready(source, &Params::none()) {
            Ok(ready) => ready,
            Err(refused) => panic!("{}", refused.text(slr_scenario::diagnostic::Look::Plain)),
        };
        let report = run(&ready.lowered, 1, Output::Nothing).expect("it can be played");
        Verdicts::new(&ready, &report)
    }

    #[test]
    fn the_examples_are_refused_and_granted_as_they_say() {
        for code in Code::ALL {
            let Lesson { wrong, right, .. } = lesson(*code);
            assert_eq!(wrong.is_empty(), right.is_empty(), "{code}");
            if wrong.is_empty() {
                continue;
            }
            assert!(wrong.contains(&format!("refused: {code}")), "{code}");
            let verdicts = play(wrong);
            assert!(verdicts.passed(), "{wrong}\n{verdicts:#?}");
            let verdicts = play(right);
            assert!(verdicts.passed(), "{right}\n{verdicts:#?}");
        }
    }
}
