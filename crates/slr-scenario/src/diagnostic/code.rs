//! The codes of diagnostics: one table.

use super::Severity;

/// What a code means, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explanation {
    /// The code.
    pub code: Code,
    /// In one line.
    pub meaning: &'static str,
    /// Why it is a mistake, and what the rule is.
    pub why: &'static str,
    /// A part of a scenario that has the mistake; empty where none is short enough to show.
    pub wrong: &'static str,
    /// The same part without it.
    pub right: &'static str,
}

macro_rules! codes {
    ($($variant:ident = $name:literal, $severity:ident {
        meaning: $meaning:literal, why: $why:literal, wrong: $wrong:literal, right: $right:literal,
    })*) => {
        /// A mistake that a scenario can have. Its name is stable: tools may rely on it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $meaning] $variant,)*
        }

        impl Code {
            /// All codes, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The code as it is printed.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// How bad it is.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self {
                    $(Self::$variant => Severity::$severity,)*
                }
            }

            /// What it means.
            #[must_use]
            pub const fn explanation(self) -> Explanation {
                match self {
                    $(Self::$variant => Explanation {
                        code: self,
                        meaning: $meaning,
                        why: $why,
                        wrong: $wrong,
                        right: $right,
                    },)*
                }
            }
        }
    };
}

impl Code {
    /// The code of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.name() == name)
    }

    /// The code whose name resembles `name` most, if one does.
    #[must_use]
    pub fn resembling(name: &str) -> Option<Self> {
        super::nearest(name, Self::ALL.iter().map(|code| code.name())).and_then(Self::named)
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

codes! {
    CannotRead = "cannot-read", Error {
        meaning: "The file cannot be read.",
        why: "There is no such file, it is a directory, or its permissions do not allow it to be read.",
        wrong: "",
        right: "",
    }
    TooLarge = "too-large", Error {
        meaning: "The file is larger than 1 MiB.",
        why: "Scenarios are read by people and are small. Many resources or sessions that are alike are one line with `count:`.",
        wrong: "",
        right: "",
    }
    NotUtf8 = "not-utf8", Error {
        meaning: "The file is not UTF-8 text.",
        why: "The message names the first byte that is not UTF-8 and where it stands. Save the file as UTF-8.",
        wrong: "",
        right: "",
    }
    EmptyFile = "empty-file", Error {
        meaning: "The file holds nothing.",
        why: "There is no text in the file, or nothing but comments. A scenario has a title at least, and something to do.",
        wrong: "",
        right: "",
    }
    InvalidYaml = "invalid-yaml", Error {
        meaning: "The file is not YAML.",
        why: "The text cannot be taken apart into lists and mappings. Only the first such mistake is told: what follows it does not mean what it seems to. Tags (`!text`) are not taken either.",
        wrong: "given:\n  - { role: AWSServiceRoleForGadgets",
        right: "given:\n  - { role: AWSServiceRoleForGadgets }",
    }
    SeveralDocuments = "several-documents", Error {
        meaning: "The file holds more than one YAML document.",
        why: "A line `---` starts another document. Each scenario has a file of its own.",
        wrong: "seed: 1\n---\nseed: 2",
        right: "seed: 1",
    }
    TooDeep = "too-deep", Error {
        meaning: "Lists and mappings nest too deep.",
        why: "No scenario needs 64 brackets inside one another. As a rule brackets were opened and never closed.",
        wrong: "",
        right: "",
    }
    TooManyValues = "too-many-values", Error {
        meaning: "The file holds too many values.",
        why: "A file may hold 200,000 values, those that aliases repeat included. Many resources or sessions that are alike are one line with `count:`.",
        wrong: "",
        right: "",
    }
    AliasBomb = "alias-bomb", Error {
        meaning: "The aliases of the file expand to too many values.",
        why: "An alias (`*name`) repeats a value. Aliases of aliases multiply, and a short file can stand for more than fits a memory.",
        wrong: "",
        right: "",
    }
    UnknownAnchor = "unknown-anchor", Error {
        meaning: "An alias repeats a value that there is not.",
        why: "`*name` repeats the value that carries `&name`, which has to stand before it. A value cannot repeat itself.",
        wrong: "given: [*role]",
        right: "given: [&role { role: AWSServiceRoleForGadgets }]",
    }
    DuplicateKey = "duplicate-key", Error {
        meaning: "A key is given twice.",
        why: "One of the two would be ignored, and nobody could see which.",
        wrong: "seed: 1\nseed: 2",
        right: "seed: 2",
    }
    UnknownKey = "unknown-key", Error {
        meaning: "A mapping has a key that means nothing there.",
        why: "Keys are written in lower case with hyphens. A key that is not known is never ignored: it was meant to do something.",
        wrong: "oprators: {}",
        right: "operators: {}",
    }
    MissingKey = "missing-key", Error {
        meaning: "A mapping lacks a key that it needs.",
        why: "Some keys have no default, such as the goal of an operator, or the role that `DeleteServiceLinkedRole` is to delete.",
        wrong: "steps: [{ at: 1m, do: DeleteServiceLinkedRole }]",
        right: "steps: [{ at: 1m, do: DeleteServiceLinkedRole, role: AWSServiceRoleForGadgets }]",
    }
    ExclusiveKeys = "exclusive-keys", Error {
        meaning: "A mapping has two keys of which it can have only one.",
        why: "What a step, an expectation or a fault is, is told by one key. Two of them would make two things of it.",
        wrong: "steps: [{ at: 1m, do: GetRole, role: AWSServiceRoleForGadgets, happens: session-opens }]",
        right: "steps:\n  - { at: 1m, do: GetRole, role: AWSServiceRoleForGadgets }\n  - { at: 1m, happens: session-opens, role: AWSServiceRoleForGadgets }",
    }
    WrongType = "wrong-type", Error {
        meaning: "A value is of another type than its key takes.",
        why: "Text stands where a number is expected, a list where a name is expected, and so on. Text that looks like a number or a boolean stands between quotes. For a parameter the place where its value is used counts.",
        wrong: "seed: seven",
        right: "seed: 7",
    }
    UnknownWord = "unknown-word", Error {
        meaning: "A value is none of the words that its key takes.",
        why: "Such a key takes one of a few words, each of which means something of its own.",
        wrong: "knobs: { judged: ending }",
        right: "knobs: { judged: end }",
    }
    BadDuration = "bad-duration", Error {
        meaning: "A duration has no unit, an unknown one, or is too long.",
        why: "A duration is a whole number and one unit, without a space: `250ms`, `90s`, `5m`, `1h`, `1d` (24 hours). There are no months and no fractions: a minute and a half is `90s`.",
        wrong: "delays: { clean-up: 90 }",
        right: "delays: { clean-up: 90s }",
    }
    BadNumber = "bad-number", Error {
        meaning: "A number is too large, too small or too precise.",
        why: "Numbers are written in digits, without signs, leading zeros or exponents.",
        wrong: "seed: -1",
        right: "seed: 1",
    }
    BadSchedule = "bad-schedule", Error {
        meaning: "A schedule is none.",
        why: "A schedule is `rate(…)` with a number and minutes, hours or days, or `cron(…)` with six fields: minutes, hours, day of month, month, day of week and year, of which either the day of month or the day of week is `?`. For schedules a run begins at midnight (UTC) of Monday, 1 January 2024.",
        wrong: "given:\n  - resources: { kind: maintenance-window, parameters: { Schedule: every day, Duration: 4, Cutoff: 1 } }",
        right: "given:\n  - resources: { kind: maintenance-window, parameters: { Schedule: rate(1 day), Duration: 4, Cutoff: 1 } }",
    }
    BadShare = "bad-share", Error {
        meaning: "A share is not between 0 and 1.",
        why: "A part of a whole is written as a decimal number: 20 % is 0.2.",
        wrong: "faults: [{ throttle: DeleteServiceLinkedRole, share: 20 }]",
        right: "faults: [{ throttle: DeleteServiceLinkedRole, share: 0.2 }]",
    }
    ReversedRange = "reversed-range", Error {
        meaning: "The first end of a range is larger than the second.",
        why: "In a range the shorter or smaller end comes first. The same holds for `from` and `until`, and for `every` and `cap`.",
        wrong: "delays: { clean-up: 5s..1s }",
        right: "delays: { clean-up: 1s..5s }",
    }
    UnknownParameter = "unknown-parameter", Error {
        meaning: "A `$name` is no parameter.",
        why: "Parameters are declared with their defaults under `params`. Text that begins with `$` and is none stands between quotes.",
        wrong: "params: { jobs: 3 }\nseed: $job",
        right: "params: { jobs: 3 }\nseed: $jobs",
    }
    BadParameter = "bad-parameter", Error {
        meaning: "A parameter has a name or a value that it cannot have.",
        why: "A parameter's name has lower-case letters, digits and hyphens, its default is one number, boolean, duration or name, and a value from the command line has the type of the default.",
        wrong: "params: { Jobs: 3 }\nseed: $Jobs",
        right: "params: { jobs: 3 }\nseed: $jobs",
    }
    UnusedParameter = "unused-parameter", Warning {
        meaning: "A parameter is declared and used nowhere.",
        why: "Setting it on the command line would change nothing.",
        wrong: "params: { jobs: 3 }",
        right: "params: { jobs: 3 }\nseed: $jobs",
    }
    BadName = "bad-name", Error {
        meaning: "A name or text is too long or has characters that it cannot have.",
        why: "Names in IAM have letters, digits and `_+=,.@-`: role names up to 64 of them, service principals and policy names up to 128. Names that only the scenario uses have letters, digits, `-` and `_`.",
        wrong: "roles: { deploy role: {} }",
        right: "roles: { deploy-role: {} }",
    }
    BadAccountId = "bad-account-id", Error {
        meaning: "The id of an account does not have twelve digits.",
        why: "It stands between quotes: without them it would be a number and lose the zeros at its beginning.",
        wrong: "account: { id: \"1234\" }",
        right: "account: { id: \"123456789012\" }",
    }
    BadRegion = "bad-region", Error {
        meaning: "A Region is none.",
        why: "A Region looks like `eu-west-1`. It is not an availability zone (`eu-west-1a`), nor a name such as `Ireland`.",
        wrong: "account: { regions: [eu-west1] }",
        right: "account: { regions: [eu-west-1] }",
    }
    UnknownRegion = "unknown-region", Error {
        meaning: "The account does not use a Region.",
        why: "If the account lists its Regions, everything is in one of them.",
        wrong: "account: { regions: [us-east-1] }\nfaults: [{ region-unavailable: eu-west-1 }]",
        right: "account: { regions: [us-east-1, eu-west-1] }\nfaults: [{ region-unavailable: eu-west-1 }]",
    }
    OtherRegion = "other-region", Error {
        meaning: "A resource is in another Region than what it belongs to.",
        why: "Most services are regional: what one of them knows in a Region it finds there alone, so that a task belongs to a maintenance window of its own Region. Without `region` a resource is where its first parent is.",
        wrong: "services:\n  gadgets.example.com:\n    role: AWSServiceRoleForGadgets\n    kinds: { gadget: {}, part: { parent: gadget } }\nsteps:\n  - { at: 1s, do: CreateGadget, resource: lamp, region: eu-west-1 }\n  - { at: 2s, do: CreatePart, resource: bulb, parent: lamp, region: us-east-1 }",
        right: "services:\n  gadgets.example.com:\n    role: AWSServiceRoleForGadgets\n    kinds: { gadget: {}, part: { parent: gadget } }\nsteps:\n  - { at: 1s, do: CreateGadget, resource: lamp, region: eu-west-1 }\n  - { at: 2s, do: CreatePart, resource: bulb, parent: lamp }",
    }
    BadAction = "bad-action", Error {
        meaning: "An action is not a service and an operation.",
        why: "An action is written as in a policy: the service's prefix, a colon, and the operation. `*` and `?` stand for any characters and any one character.",
        wrong: "users: { alice: { allow: [DeleteServiceLinkedRole] } }",
        right: "users: { alice: { allow: [\"iam:DeleteServiceLinkedRole\"] } }",
    }
    BadArn = "bad-arn", Error {
        meaning: "The pattern of an ARN is none, or an ARN is not one of a policy that the account has.",
        why: "The pattern has the six parts of an ARN. `{partition}`, `{region}`, `{account}` and `{name}` stand for what differs, and `{name}` has to be there: no two resources have one ARN. A managed policy is AWS's or the account's own, and in the account's partition.",
        wrong: "services:\n  gadgets.example.com:\n    role: AWSServiceRoleForGadgets\n    kinds: { gadget: { arn: \"gadgets/{name}\" } }",
        right: "services:\n  gadgets.example.com:\n    role: AWSServiceRoleForGadgets\n    kinds: { gadget: { arn: \"arn:{partition}:gadgets:{region}:{account}:gadget/{name}\" } }",
    }
    BadPolicy = "bad-policy", Error {
        meaning: "A policy document is one that IAM would refuse.",
        why: "IAM answers such a document with MalformedPolicyDocument. It has statements, and each statement an effect, actions and resources; a trust policy has principals in place of the resources. What else IAM does not know, from a condition operator to a misspelt element, it refuses as well.",
        wrong: "users: { alice: { policies: [{ Statement: { Effect: Allow, Action: \"iam:*\" } }] } }",
        right: "users: { alice: { policies: [{ Statement: { Effect: Allow, Action: \"iam:*\", Resource: \"*\" } }] } }",
    }
    UnknownPolicy = "unknown-policy", Error {
        meaning: "Nobody knows what a managed policy says.",
        why: "What a user or a group may do, and what a boundary leaves of it, depends on what the policy says. Declare it under `policies`; of AWS's own AdministratorAccess, AmazonSSMFullAccess and AmazonSSMMaintenanceWindowRole are known.",
        wrong: "users: { alice: { attached: [AdministratorAcess] } }",
        right: "users: { alice: { attached: [AdministratorAccess] } }",
    }
    UnknownGroup = "unknown-group", Error {
        meaning: "There is no group of that name.",
        why: "A user belongs to groups that are declared under `groups`.",
        wrong: "users: { alice: { groups: [operators] } }",
        right: "groups: { operators: { allow: [\"iam:Get*\"] } }\nusers: { alice: { groups: [operators] } }",
    }
    Repeated = "repeated", Error {
        meaning: "Something is listed twice.",
        why: "The second mention changes nothing; as a rule something else was meant.",
        wrong: "account: { regions: [us-east-1, us-east-1] }",
        right: "account: { regions: [us-east-1, us-west-1] }",
    }
    DuplicateRole = "duplicate-role", Error {
        meaning: "Two roles have one name.",
        why: "Role names are unique in an account, and names that differ only in case are the same name there.",
        wrong: "roles: { awsserviceroleforgadgets: {} }\ngiven:\n  - role: AWSServiceRoleForGadgets\n  - role: awsserviceroleforgadgets",
        right: "roles: { awsserviceroleforgadgets: {} }\ngiven:\n  - role: awsserviceroleforgadgets",
    }
    DuplicateResource = "duplicate-resource", Error {
        meaning: "Two resources have one name.",
        why: "Without `name:` the resources of a kind are called by the kind and a number, from 1 for each entry. A name stands for one resource, even when that is gone: steps that make two name two, unless a call is to be refused. An operation that makes a resource or changes the one that is there, such as a `Put…`, stands under `created-by` and `used-by`.",
        wrong: "given:\n  - role: AWSServiceRoleForGadgets\n  - resources: { kind: gadget, count: 2 }\n  - resources: { kind: gadget, state: deleting }",
        right: "given:\n  - role: AWSServiceRoleForGadgets\n  - resources: { kind: gadget, count: 2 }\n  - resources: { kind: gadget, state: deleting, name: old }",
    }
    Ambiguous = "ambiguous", Error {
        meaning: "Several things could be meant.",
        why: "Where there is only one role or one operator it need not be named. Where there are several, or none, it has to be. Likewise two kinds cannot share the operation that makes them, and what several calls say of one resource, such as its `parent`, has to be the same.",
        wrong: "operators:\n  ann: { goal: { delete: AWSServiceRoleForGadgets } }\n  bob: { goal: { delete: AWSServiceRoleForGadgets } }\nexpect: [{ attempts: 1 }]",
        right: "operators:\n  ann: { goal: { delete: AWSServiceRoleForGadgets } }\n  bob: { goal: { delete: AWSServiceRoleForGadgets } }\nexpect: [{ attempts: 1, operator: ann }]",
    }
    UnknownService = "unknown-service", Error {
        meaning: "A service principal leads nowhere.",
        why: "Service principals are case-sensitive and cannot be guessed from a service's name. A step that is to be refused may name one that there is not.",
        wrong: "steps: [{ at: 1m, do: CreateServiceLinkedRole, service: Gadgets.example.com }]",
        right: "steps: [{ at: 1m, do: CreateServiceLinkedRole, service: gadgets.example.com }]",
    }
    UnknownRole = "unknown-role", Error {
        meaning: "The name of a role leads nowhere.",
        why: "A role is the role of a service, one of the ordinary roles under `roles`, or one that a step makes. A role with a suffix is named whole: base, `_` and suffix. A step that is to be refused may name one that there is not.",
        wrong: "steps: [{ at: 1m, do: GetRole, role: AWSServiceRoleForGadget }]",
        right: "steps: [{ at: 1m, do: GetRole, role: AWSServiceRoleForGadgets }]",
    }
    UnknownUser = "unknown-user", Error {
        meaning: "The name of a user leads nowhere.",
        why: "Users are declared under `users`. Only `admin`, who may do everything, is there without being declared.",
        wrong: "steps: [{ at: 1m, as: alice, do: ListRoles }]",
        right: "users: { alice: { allow: [\"iam:ListRoles\"] } }\nsteps: [{ at: 1m, as: alice, do: ListRoles }]",
    }
    UnknownKind = "unknown-kind", Error {
        meaning: "The name of a kind leads nowhere.",
        why: "Kinds of resources are declared under `kinds` of their service. A parent is a kind of the same service.",
        wrong: "given:\n  - role: AWSServiceRoleForGadgets\n  - resources: { kind: gagdet }",
        right: "given:\n  - role: AWSServiceRoleForGadgets\n  - resources: { kind: gadget }",
    }
    UnknownResource = "unknown-resource", Error {
        meaning: "The name of a resource leads nowhere.",
        why: "Resources are given under `given` or made by a step. With a count, or without a name, a hyphen and a number belong to the name.",
        wrong: "given:\n  - role: AWSServiceRoleForGadgets\n  - resources: { kind: gadget, count: 2 }\nsteps: [{ at: 1m, do: DeleteGadget, resource: gadget-3 }]",
        right: "given:\n  - role: AWSServiceRoleForGadgets\n  - resources: { kind: gadget, count: 2 }\nsteps: [{ at: 1m, do: DeleteGadget, resource: gadget-2 }]",
    }
    UnknownState = "unknown-state", Error {
        meaning: "A kind has no such state.",
        why: "The states of a kind are those that it lists, or `active`, `deleting` and `deleted` for the plain kind.",
        wrong: "given:\n  - role: AWSServiceRoleForGadgets\n  - resources: { kind: gadget, state: activ }",
        right: "given:\n  - role: AWSServiceRoleForGadgets\n  - resources: { kind: gadget, state: active }",
    }
    UnknownMove = "unknown-move", Error {
        meaning: "A service makes no such move.",
        why: "Moves that a service makes are `deleted` and `delete-fails` for the plain kind, `released` with a release lag, and those that a kind declares `by: service`.",
        wrong: "delays: { moves: { gadget.delete: 5s } }",
        right: "delays: { moves: { gadget.deleted: 5s } }",
    }
    UnknownReading = "unknown-reading", Error {
        meaning: "The name of a reading leads nowhere.",
        why: "Some built-in services can be read in two ways; `slr catalog PRINCIPAL` shows the names under `readings`. A reading belongs to a service that the scenario names.",
        wrong: "knobs: { readings: [every-tag-block] }\ngiven:\n  - role: AWSServiceRoleForAmazonSSM",
        right: "knobs: { readings: [every-tag-blocks] }\ngiven:\n  - role: AWSServiceRoleForAmazonSSM",
    }
    UnknownTask = "unknown-task", Error {
        meaning: "No run has a deletion task of this number.",
        why: "Tasks are counted as they are requested, over all roles. Where no operator works, steps alone request them, and a request for a role whose deletion is under way returns the task that there is.",
        wrong: "given: [{ role: AWSServiceRoleForGadgets }]\nsteps: [{ at: 1s, do: DeleteServiceLinkedRole, role: AWSServiceRoleForGadgets }]\nexpect: [{ task: 2, status: SUCCEEDED }]",
        right: "given: [{ role: AWSServiceRoleForGadgets }]\nsteps: [{ at: 1s, do: DeleteServiceLinkedRole, role: AWSServiceRoleForGadgets }]\nexpect: [{ task: 1, status: SUCCEEDED }]",
    }
    UnknownOperator = "unknown-operator", Error {
        meaning: "The name of an operator leads nowhere.",
        why: "Operators are declared under `operators`.",
        wrong: "operators: { ann: { goal: { delete: AWSServiceRoleForGadgets } } }\nexpect: [{ attempts: 1, operator: anne }]",
        right: "operators: { ann: { goal: { delete: AWSServiceRoleForGadgets } } }\nexpect: [{ attempts: 1, operator: ann }]",
    }
    UnknownOperation = "unknown-operation", Error {
        meaning: "There is no such operation.",
        why: "A step calls one of IAM's operations on roles, `AssumeRole`, or an operation that a kind of resource declares. The plain kind `gadget` has `CreateGadget` and `DeleteGadget`.",
        wrong: "steps: [{ at: 1m, do: DeleteServiceRole, role: AWSServiceRoleForGadgets }]",
        right: "steps: [{ at: 1m, do: DeleteServiceLinkedRole, role: AWSServiceRoleForGadgets }]",
    }
    SuffixRefused = "suffix-refused", Error {
        meaning: "A role cannot have a suffix.",
        why: "Only some services let the name of their role carry a suffix, and no ordinary role does. A step that is to be refused may give one.",
        wrong: "given: [{ role: AWSServiceRoleForGadgets, suffix: two }]",
        right: "services: { gadgets.example.com: { role: AWSServiceRoleForGadgets, suffix: accepted } }\ngiven: [{ role: AWSServiceRoleForGadgets, suffix: two }]",
    }
    RoleNotGiven = "role-not-given", Error {
        meaning: "A role is used at time zero and does not exist then.",
        why: "Resources that block a role, and sessions on it, need the role. What exists is listed in order: the role first.",
        wrong: "given: [{ resources: { kind: gadget } }]",
        right: "given: [{ role: AWSServiceRoleForGadgets }, { resources: { kind: gadget } }]",
    }
    NotTrusted = "not-trusted", Error {
        meaning: "A role does not trust the principal of a session.",
        why: "Only the principals that a role trusts can assume it: for a service-linked role the service itself, unless its definition names more.",
        wrong: "given: [{ role: AWSServiceRoleForGadgets }, { sessions: { role: AWSServiceRoleForGadgets, principal: ec2.amazonaws.com } }]",
        right: "given: [{ role: AWSServiceRoleForGadgets }, { sessions: { role: AWSServiceRoleForGadgets, principal: gadgets.example.com } }]",
    }
    WrongKind = "wrong-kind", Error {
        meaning: "Something is of another kind than it has to be.",
        why: "An operation is called on a resource of a kind that does not take it, a resource belongs to one that is not its parent's kind, or depends on the role of another service.",
        wrong: "services:\n  gadgets.example.com:\n    role: AWSServiceRoleForGadgets\n    kinds: { gadget: {}, lens: {} }\ngiven: [{ role: AWSServiceRoleForGadgets }, { resources: { kind: gadget } }]\nsteps: [{ at: 1m, do: DeleteLens, resource: gadget-1 }]",
        right: "services:\n  gadgets.example.com:\n    role: AWSServiceRoleForGadgets\n    kinds: { gadget: {}, lens: {} }\ngiven: [{ role: AWSServiceRoleForGadgets }, { resources: { kind: gadget } }]\nsteps: [{ at: 1m, do: DeleteGadget, resource: gadget-1 }]",
    }
    IncompleteKind = "incomplete-kind", Error {
        meaning: "A kind has moves without states, or states without moves.",
        why: "A kind either says nothing of its states and is the plain kind, or lists its states and the moves between them.",
        wrong: "services:\n  gadgets.example.com:\n    role: AWSServiceRoleForGadgets\n    kinds:\n      gadget:\n        states: [on, off]",
        right: "services:\n  gadgets.example.com:\n    role: AWSServiceRoleForGadgets\n    kinds:\n      gadget:\n        states: [on, off]\n        moves: { Remove: { from: on, to: off, by: caller } }",
    }
    BadMove = "bad-move", Error {
        meaning: "A move of a kind makes no sense.",
        why: "A move leads from states that are no ends to a state that is not `absent`. A caller's move has an operation and waits for nothing; a service's move has none and makes no resource. A move cannot both need a role and make one, nor go without the role to a state in which the resource uses it.",
        wrong: "services:\n  gadgets.example.com:\n    role: AWSServiceRoleForGadgets\n    kinds:\n      gadget:\n        states: [on, off]\n        moves: { off: { from: on, to: off, by: service, operation: Remove } }",
        right: "services:\n  gadgets.example.com:\n    role: AWSServiceRoleForGadgets\n    kinds:\n      gadget:\n        states: [on, off]\n        moves: { off: { from: on, to: off, by: caller, operation: Remove } }",
    }
    UnreachableState = "unreachable-state", Error {
        meaning: "No resource gets to a state of its kind.",
        why: "Every state is the initial one, or a move leads to it from a state that can be reached.",
        wrong: "services:\n  gadgets.example.com:\n    role: AWSServiceRoleForGadgets\n    kinds:\n      gadget:\n        states: [on, lost, off]\n        moves:\n          Remove: { from: on, to: off, by: caller }\n          Find: { from: lost, to: off, by: caller }",
        right: "services:\n  gadgets.example.com:\n    role: AWSServiceRoleForGadgets\n    kinds:\n      gadget:\n        states: [on, lost, off]\n        moves:\n          Remove: { from: on, to: off, by: caller }\n          lost: { from: on, to: lost, by: service }\n          Find: { from: lost, to: off, by: caller }",
    }
    NoEnd = "no-end", Error {
        meaning: "Resources of a kind may never be gone, or block their role for ever.",
        why: "From every state some moves lead to an end, and an end does not block the role. Otherwise the role could never be deleted.",
        wrong: "services:\n  gadgets.example.com:\n    role: AWSServiceRoleForGadgets\n    kinds:\n      gadget:\n        states: [on, off]\n        moves:\n          Stop: { from: on, to: off, by: caller }\n          Start: { from: off, to: on, by: caller }",
        right: "services:\n  gadgets.example.com:\n    role: AWSServiceRoleForGadgets\n    kinds:\n      gadget:\n        states: [on, off, deleted]\n        moves:\n          Stop: { from: on, to: off, by: caller }\n          Start: { from: off, to: on, by: caller }\n          Delete: { from: off, to: deleted, by: caller }",
    }
    ParentCycle = "parent-cycle", Error {
        meaning: "Kinds belong to one another in a circle.",
        why: "A parent cannot be gone before its children are. In a circle there would be no order in which to clean up; the message names the whole circle.",
        wrong: "services:\n  gadgets.example.com:\n    role: AWSServiceRoleForGadgets\n    kinds:\n      mesh: { parent: route }\n      route: { parent: mesh }",
        right: "services:\n  gadgets.example.com:\n    role: AWSServiceRoleForGadgets\n    kinds:\n      mesh: {}\n      route: { parent: mesh }",
    }
    UnexpectedKey = "unexpected-key", Error {
        meaning: "A key is known, but not taken here.",
        why: "Each operation, each happening and each predicate takes some keys of a step or an expectation and no others.",
        wrong: "steps: [{ at: 1m, do: DeleteServiceLinkedRole, role: AWSServiceRoleForGadgets, suffix: two }]",
        right: "steps: [{ at: 1m, do: DeleteServiceLinkedRole, role: AWSServiceRoleForGadgets }]",
    }
    StepsOutOfOrder = "steps-out-of-order", Error {
        meaning: "A step stands below a later one.",
        why: "Steps are written in the order in which they are taken, so that a reader can follow them. Steps at one time are taken in the order of the file.",
        wrong: "steps: [{ at: 2m, do: ListRoles }, { at: 1m, do: ListRoles }]",
        right: "steps: [{ at: 1m, do: ListRoles }, { at: 2m, do: ListRoles }]",
    }
    TooLate = "too-late", Error {
        meaning: "Something is to happen after the run has ended.",
        why: "A run ends at `until` at the latest, which is seven days where nothing else is said.",
        wrong: "until: 1h\nsteps: [{ at: 2h, do: ListRoles }]",
        right: "until: 3h\nsteps: [{ at: 2h, do: ListRoles }]",
    }
    ImpossibleExpectation = "impossible-expectation", Error {
        meaning: "No run can fulfil an expectation.",
        why: "A role has one unfinished task at most, and it is the last; only a task that failed reports something; a list of names says how many there are.",
        wrong: "given: [{ role: AWSServiceRoleForGadgets }]\nsteps: [{ at: 1s, do: DeleteServiceLinkedRole, role: AWSServiceRoleForGadgets }]\nexpect: [{ task: 1, status: SUCCEEDED, reports: 5 }]",
        right: "given: [{ role: AWSServiceRoleForGadgets }]\nsteps: [{ at: 1s, do: DeleteServiceLinkedRole, role: AWSServiceRoleForGadgets }]\nexpect: [{ task: 1, status: FAILED, reports: 5 }]",
    }
    NothingHappens = "nothing-happens", Error {
        meaning: "In the scenario nothing can happen.",
        why: "There is nothing given, no step and no operator.",
        wrong: "given: []",
        right: "given: [{ role: AWSServiceRoleForGadgets }]",
    }
    TooMany = "too-many", Error {
        meaning: "There are more of a thing than allowed.",
        why: "Scenarios have bounds: 100,000 resources, 10,000 sessions, steps and roles, 64 operators, and so on. The message names the bound.",
        wrong: "given: [{ role: AWSServiceRoleForGadgets }, { resources: { kind: gadget, count: 1000000 } }]",
        right: "given: [{ role: AWSServiceRoleForGadgets }, { resources: { kind: gadget, count: 1000 } }]",
    }
    UnknownPrincipal = "unknown-principal", Warning {
        meaning: "A trust policy names a service principal that slr does not know, and the call is refused for it.",
        why: "IAM refuses a trust policy that names a service which AWS does not have. slr knows those with service-linked roles and most others, and by no means all: say under `account` which ones there are besides, or with `refused: MalformedPolicyDocument` that the call is to be refused.",
        wrong: "steps: [{ at: 1m, do: CreateRole, role: app, trust: [gadgets.amazonaws.com] }]",
        right: "account: { service-principals: [gadgets.amazonaws.com] }\nsteps: [{ at: 1m, do: CreateRole, role: app, trust: [gadgets.amazonaws.com] }]",
    }
    EachOrSome = "each-or-some", Warning {
        meaning: "An expectation about a kind says less than it seems to say.",
        why: "For a kind, `resource-in` is true when each of its resources is in the state. That this is never so is true as long as one of them is in another state.",
        wrong: "given:\n  - role: AWSServiceRoleForGadgets\n  - resources: { kind: gadget, count: 2 }\nexpect: [{ never: resource-in, kind: gadget, state: deleted }]",
        right: "given:\n  - role: AWSServiceRoleForGadgets\n  - resources: { kind: gadget, count: 2 }\nexpect: [{ never: some-resource-in, kind: gadget, state: deleted }]",
    }
    WithoutEffect = "without-effect", Warning {
        meaning: "A key is given and changes nothing.",
        why: "Another key takes its meaning away; as a rule one of the two was meant differently.",
        wrong: "operators: { ann: { goal: { delete: AWSServiceRoleForGadgets }, may-read-docs: true } }",
        right: "operators: { ann: { goal: { delete: AWSServiceRoleForGadgets }, reads-docs: at-any-time, may-read-docs: true } }",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::parse_with_catalog;
    use crate::{Params, Source};

    /// What the examples leave out.
    const AROUND: [(&str, &str); 3] = [
        ("scenario:", "scenario: An example\n"),
        ("services:", "services: { gadgets.example.com: { role: AWSServiceRoleForGadgets, kinds: { gadget: {} } } }\n"),
        ("given:", "given: [{ role: AWSServiceRoleForGadgets }]\n"),
    ];

    fn codes_of(example: &str) -> Vec<Code> {
        let mut text = String::new();
        for (key, section) in AROUND {
            if !example.lines().any(|line| line.starts_with(key)) {
                text.push_str(section);
            }
        }
        text.push_str(example);
        let source = Source::new("example", text).unwrap();
        let found = match parse_with_catalog(&source, &Params::none()) {
            Ok((parsed, _)) => parsed.warnings,
            Err(diagnostics) => diagnostics,
        };
        found.into_iter().map(|diagnostic| diagnostic.code).collect()
    }

    #[test]
    fn each_wrong_example_has_its_mistake_and_no_other() {
        for code in Code::ALL {
            let example = code.explanation().wrong;
            if !example.is_empty() {
                assert_eq!(codes_of(example), [*code], "{code}: {example}");
            }
        }
    }

    #[test]
    fn each_right_example_has_no_mistake() {
        for code in Code::ALL {
            let example = code.explanation().right;
            assert_eq!(codes_of(example), [], "{code}: {example}");
        }
    }

    #[test]
    fn examples_come_in_pairs_and_names_are_unique() {
        for (number, code) in Code::ALL.iter().enumerate() {
            let Explanation { wrong, right, .. } = code.explanation();
            assert_eq!(wrong.is_empty(), right.is_empty(), "{code}");
            assert_eq!(Code::named(code.name()), Some(*code));
            assert!(!Code::ALL[..number].iter().any(|other| other.name() == code.name()));
        }
        assert_eq!(Code::resembling("unknown-rol"), Some(Code::UnknownRole));
    }
}
