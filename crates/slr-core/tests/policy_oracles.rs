//! Decisions against two independent opinions, over random policies and requests.
//!
//! 1. A naive evaluator in this file: it works on the generated policy, not on the parsed one, matches wildcards
//!    by plain recursion, knows dates from a table, and was written from the IAM User Guide alone.
//! 2. The crate `iam-rs`, which reads the same JSON. Where it is known to differ from the guide, the case is
//!    counted under the name of the difference ([`Deviation`]) and not compared.
//!
//! `PROPTEST_CASES` sets the number of cases; the default suits every day.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, FileFailurePersistence, TestRunner};
use slr_core::policy::{
    Account, AttachedPolicy, Caller, Context, Decision, Document, DocumentKind, Entitlements, Grant, PolicyType,
    Request, ResourcePolicy, StatementRef,
};

const ACCOUNT: &str = "111122223333";

/// What is generated: the policy as data, from which its JSON is written.
#[derive(Debug, Clone)]
struct GenPolicy {
    version_2012: bool,
    statements: Vec<GenStatement>,
}

#[derive(Debug, Clone)]
struct GenStatement {
    allow: bool,
    /// For resource-based policies: negated (only with deny), then type and value.
    principal: (bool, Vec<(&'static str, &'static str)>),
    not_action: bool,
    actions: Vec<String>,
    not_resource: bool,
    resources: Vec<String>,
    /// By operator and key, so that no pair repeats.
    conditions: BTreeMap<(String, &'static str), Vec<String>>,
}

#[derive(Debug, Clone)]
struct GenRequest {
    action: &'static str,
    resource: &'static str,
    context: BTreeMap<&'static str, Vec<String>>,
}

/// The sort of a condition key, which decides how its values look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum KeyType {
    Text,
    Arn,
    Number,
    Date,
    Bool,
    Address,
    Binary,
}

const KEYS: &[(&str, KeyType)] = &[
    ("iam:AWSServiceName", KeyType::Text),
    ("aws:username", KeyType::Text),
    ("aws:TagKeys", KeyType::Text),
    ("iam:AssociatedResourceArn", KeyType::Arn),
    ("aws:MultiFactorAuthAge", KeyType::Number),
    ("aws:CurrentTime", KeyType::Date),
    ("aws:SecureTransport", KeyType::Bool),
    ("aws:SourceIp", KeyType::Address),
    ("app:Blob", KeyType::Binary),
];

fn key_type(key: &str) -> KeyType {
    KEYS.iter().find(|(name, _)| *name == key).map(|(_, key_type)| *key_type).unwrap()
}

const ACTIONS: &[&str] =
    &["iam:CreateServiceLinkedRole", "iam:DeleteServiceLinkedRole", "iam:PassRole", "iam:ListRoles", "ssm:SendCommand"];

const RESOURCES: &[&str] = &[
    "*",
    "arn:aws:iam::111122223333:role/aws-service-role/ssm.amazonaws.com/AWSServiceRoleForAmazonSSM",
    "arn:aws:iam::111122223333:role/al*ce",
    "arn:aws:iam::444455556666:role/alice",
    "arn:aws-cn:ssm:eu-west-1:111122223333:document/a:b/c",
    "arn:aws:ssm:eu-west-1::document/a:b/c",
];

const TEXTS: &[&str] = &["ssm.amazonaws.com", "SSM.amazonaws.com", "ssm", "alice", "al*ce", "", "é"];
const ADDRESSES: &[&str] = &["203.0.113.9", "203.0.114.9", "2001:db8::1", "198.51.100.0", "here"];
const NETWORKS: &[&str] = &["203.0.113.0/24", "203.0.0.0/16", "203.0.113.9", "0.0.0.0/0", "2001:db8::/32", "::/0"];
const BLOBS: &[&str] = &["SGVsbG8=", "SGVsbG8", "sGVsbG8=", "AAAA"];

/// Numbers with their value in thousandths.
const NUMBERS: &[(&str, i64)] =
    &[("10", 10_000), ("10.0", 10_000), ("9.5", 9_500), ("-1", -1_000), ("-0.25", -250), ("3600", 3_600_000)];

/// Dates with their value in milliseconds since 1970.
const DATES: &[(&str, i64)] = &[
    ("2020-04-01T00:00:00Z", 1_585_699_200_000),
    ("2020-04-01T02:00:00+02:00", 1_585_699_200_000),
    ("1585699200", 1_585_699_200_000),
    ("2020-04-01T00:00:00.5Z", 1_585_699_200_500),
    ("2020-04-01", 1_585_699_200_000),
    ("2020-04", 1_585_699_200_000),
    ("2020", 1_577_836_800_000),
    // A number elsewhere; as a date, four digits are a year.
    ("3600", 51_437_808_000_000),
    ("2019-12-31T23:59:59Z", 1_577_836_799_000),
    ("2020-03-31T23:30-01:00", 1_585_701_000_000),
];

/// Those of them that `iam-rs` reads.
const FULL_DATES: &[&str] = &[
    "2020-04-01T00:00:00Z",
    "2020-04-01T02:00:00+02:00",
    "1585699200",
    "2020-04-01T00:00:00.5Z",
    "2019-12-31T23:59:59Z",
];

const CORES: &[(KeyType, &[&str])] = &[
    (
        KeyType::Text,
        &[
            "StringEquals",
            "StringNotEquals",
            "StringEqualsIgnoreCase",
            "StringNotEqualsIgnoreCase",
            "StringLike",
            "StringNotLike",
        ],
    ),
    (KeyType::Arn, &["ArnEquals", "ArnNotEquals", "ArnLike", "ArnNotLike"]),
    (
        KeyType::Number,
        &[
            "NumericEquals",
            "NumericNotEquals",
            "NumericLessThan",
            "NumericLessThanEquals",
            "NumericGreaterThan",
            "NumericGreaterThanEquals",
        ],
    ),
    (
        KeyType::Date,
        &[
            "DateEquals",
            "DateNotEquals",
            "DateLessThan",
            "DateLessThanEquals",
            "DateGreaterThan",
            "DateGreaterThanEquals",
        ],
    ),
    (KeyType::Bool, &["Bool"]),
    (KeyType::Address, &["IpAddress", "NotIpAddress"]),
    (KeyType::Binary, &["BinaryEquals"]),
];

/// Puts wildcards into a text, turns letters round, or replaces them.
fn mutate(text: &str, edits: &[(usize, u8)], wildcards: bool) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    for &(at, edit) in edits {
        let at = at % (letters.len() + 1);
        match edit % 5 {
            0 if wildcards && at < letters.len() => letters[at] = '?',
            1 if wildcards => letters.insert(at, '*'),
            2 if wildcards => {
                letters.truncate(at);
                letters.push('*');
            }
            3 if at < letters.len() => {
                let letter = letters[at];
                letters[at] =
                    if letter.is_ascii_lowercase() { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() };
            }
            _ if at < letters.len() => letters[at] = 'x',
            _ => {}
        }
    }
    letters.into_iter().collect()
}

/// No edit at all half of the time, so that things match.
fn edits() -> impl Strategy<Value = Vec<(usize, u8)>> {
    prop_oneof![Just(Vec::new()), prop::collection::vec((0_usize..100, any::<u8>()), 1..3)]
}

fn action_pattern() -> impl Strategy<Value = String> {
    let named = (prop::sample::select(ACTIONS), edits(), any::<bool>()).prop_map(|(action, edits, upper)| {
        let (service, name) = action.split_once(':').unwrap();
        let service = if upper { service.to_ascii_uppercase() } else { service.to_owned() };
        let name = mutate(name, &edits, true);
        format!("{service}:{}", if name.is_empty() { "*" } else { &name })
    });
    prop_oneof![4 => named, 1 => Just("*".to_owned()), 1 => Just("iam:*".to_owned())]
}

/// Mutates every part but `arn` and, unless `all_parts`, the service.
fn arn_pattern(all_parts: bool) -> impl Strategy<Value = String> {
    let arns = &RESOURCES[1..];
    let parts = prop::collection::vec(edits(), 5);
    let named = (prop::sample::select(arns), parts, any::<[bool; 5]>()).prop_map(move |(arn, edits, keep)| {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let mut text = "arn".to_owned();
        for at in 0..5 {
            // Few parts at a time, or hardly anything would match.
            let fixed = (at == 1 && !all_parts) || keep[at];
            let part = mutate(parts[at + 1], if fixed { &[] } else { &edits[at] }, true);
            text.push(':');
            text.push_str(&part.replace(':', "-"));
            if at == 4 && fixed {
                text.truncate(text.len() - part.len());
                text.push_str(&part);
            }
        }
        text
    });
    let variable = prop::sample::select(
        &[
            "arn:aws:iam::*:role/${aws:username}",
            "arn:aws:iam::*:role/*${AWS:UserName, 'alice'}",
            "arn:aws:iam::*:role/al${*}ce",
            "arn:aws:iam:${aws:absent}:*:role/alice",
            // Six parts by their colons, yet not the six of any resource here unless `*` may span a colon.
            "arn:aws:ssm:*:document/a:b/c",
            "arn:aws-cn:ssm:*:document/a:b/c",
        ][..],
    )
    .prop_map(str::to_owned);
    prop_oneof![6 => named, 2 => Just("*".to_owned()), 1 => variable]
}

/// As an ARN pattern; now and then without its last parts, or with one `*` for Region and account or for account and resource.
fn resource_pattern() -> impl Strategy<Value = String> {
    let shorter = (arn_pattern(false), 3_usize..6, any::<bool>()).prop_map(|(text, at, at_end)| {
        let mut parts: Vec<&str> = text.splitn(6, ':').collect();
        if text.contains("${") || parts.len() < 6 {
            return text;
        }
        if at_end {
            parts.truncate(at);
        } else {
            parts.splice(at.min(4)..at.min(4) + 2, ["*"]);
        }
        parts.join(":")
    });
    prop_oneof![5 => arn_pattern(false), 2 => shorter]
}

/// A value as a policy would have it under an operator of this type.
fn wanted(operator: KeyType) -> BoxedStrategy<String> {
    match operator {
        KeyType::Text => prop_oneof![
            4 => (prop::sample::select(TEXTS), edits()).prop_map(|(text, edits)| mutate(text, &edits, true)),
            1 => Just("${aws:username}".to_owned()),
            1 => Just("${aws:absent, 'ssm'}*".to_owned()),
        ]
        .boxed(),
        KeyType::Arn => arn_pattern(true).boxed(),
        KeyType::Number => prop::sample::select(NUMBERS).prop_map(|(text, _)| text.to_owned()).boxed(),
        KeyType::Date => prop::sample::select(DATES).prop_map(|(text, _)| text.to_owned()).boxed(),
        KeyType::Bool => prop::sample::select(&["true", "false"][..]).prop_map(str::to_owned).boxed(),
        KeyType::Address => prop::sample::select(NETWORKS).prop_map(str::to_owned).boxed(),
        KeyType::Binary => prop::sample::select(BLOBS).prop_map(str::to_owned).boxed(),
    }
}

/// A value as a request would have it for a key of this type.
fn given(key: KeyType) -> BoxedStrategy<String> {
    match key {
        KeyType::Text => prop::sample::select(TEXTS).prop_map(str::to_owned).boxed(),
        KeyType::Arn => prop_oneof![
            4 => prop::sample::select(&RESOURCES[1..]).prop_map(str::to_owned),
            1 => Just("instance/i-1".to_owned()),
        ]
        .boxed(),
        KeyType::Number => prop_oneof![
            4 => prop::sample::select(NUMBERS).prop_map(|(text, _)| text.to_owned()),
            1 => Just("ten".to_owned()),
        ]
        .boxed(),
        KeyType::Date => prop_oneof![
            4 => prop::sample::select(DATES).prop_map(|(text, _)| text.to_owned()),
            1 => Just("soon".to_owned()),
        ]
        .boxed(),
        KeyType::Bool => wanted(KeyType::Bool),
        KeyType::Address => prop::sample::select(ADDRESSES).prop_map(str::to_owned).boxed(),
        KeyType::Binary => wanted(KeyType::Binary),
    }
}

fn condition() -> impl Strategy<Value = ((String, &'static str), Vec<String>)> {
    let prefix = prop::sample::select(&["", "", "", "ForAnyValue:", "ForAllValues:"][..]);
    let suffix = prop::sample::select(&["", "", "IfExists"][..]);
    let compared = (prop::sample::select(CORES), prefix, suffix, any::<prop::sample::Index>()).prop_flat_map(
        |((operator, names), prefix, suffix, pick)| {
            let name = format!("{prefix}{}{suffix}", pick.get(names));
            // Mostly a key of the operator's type.
            let own: Vec<&str> = KEYS.iter().filter(|(_, key)| *key == operator).map(|(name, _)| *name).collect();
            let any: Vec<&str> = KEYS.iter().map(|(name, _)| *name).collect();
            let key = prop_oneof![6 => prop::sample::select(own), 1 => prop::sample::select(any)];
            (Just(name), key, prop::collection::vec(wanted(operator), 1..4))
        },
    );
    let null = (prop::sample::select(KEYS), wanted(KeyType::Bool))
        .prop_map(|((key, _), value)| ("Null".to_owned(), key, vec![value]));
    prop_oneof![8 => compared, 1 => null].prop_map(|(name, key, values)| ((name, key), values))
}

const PRINCIPALS: &[(&str, &str)] = &[
    ("AWS", "*"),
    ("AWS", "111122223333"),
    ("AWS", "arn:aws:iam::111122223333:root"),
    ("AWS", "arn:aws:iam::444455556666:root"),
    ("AWS", "arn:aws:iam::111122223333:user/alice"),
    ("AWS", "arn:aws:iam::111122223333:role/team/worker"),
    ("AWS", "arn:aws:sts::111122223333:assumed-role/worker/s1"),
    ("Service", "ssm.amazonaws.com"),
    ("Service", "SSM.amazonaws.com"),
];

fn statement() -> impl Strategy<Value = GenStatement> {
    let principals = prop::collection::vec(prop::sample::select(PRINCIPALS), 1..3);
    let conditions = prop_oneof![Just(Vec::new()), prop::collection::vec(condition(), 1..3),];
    (
        prop::bool::weighted(0.7),
        (prop::bool::weighted(0.2), principals),
        prop::bool::weighted(0.15),
        prop::collection::vec(action_pattern(), 1..4),
        prop::bool::weighted(0.15),
        prop::collection::vec(resource_pattern(), 1..4),
        conditions,
    )
        .prop_map(|(allow, principal, not_action, actions, not_resource, resources, conditions)| GenStatement {
            allow,
            principal: (principal.0 && !allow, principal.1),
            not_action,
            actions,
            not_resource,
            resources,
            conditions: conditions.into_iter().collect(),
        })
}

fn policy() -> impl Strategy<Value = GenPolicy> {
    (prop::bool::weighted(0.8), prop::collection::vec(statement(), 1..4))
        .prop_map(|(version_2012, statements)| GenPolicy { version_2012, statements })
}

fn request() -> impl Strategy<Value = GenRequest> {
    let entry = prop::sample::select(KEYS).prop_flat_map(|(key, key_type)| {
        // Mostly one value; sometimes a set, an empty one included.
        let values = prop_oneof![
            6 => prop::collection::vec(given(key_type), 1),
            2 => prop::collection::vec(given(key_type), 0..4),
        ];
        (Just(key), values)
    });
    (prop::sample::select(ACTIONS), prop::sample::select(RESOURCES), prop::collection::vec(entry, 0..7))
        .prop_map(|(action, resource, entries)| GenRequest { action, resource, context: entries.into_iter().collect() })
}

fn lone_condition() -> impl Strategy<Value = (Vec<GenPolicy>, GenRequest)> {
    condition().prop_flat_map(|((operator, key), wanted)| {
        let own = prop::sample::select(wanted.clone());
        let value = prop_oneof![2 => own, 1 => given(key_type(key))];
        let given = prop::collection::vec(value, 0..4);
        (any::<bool>(), given).prop_map(move |(version_2012, given)| {
            let statement = GenStatement {
                allow: true,
                principal: (false, vec![("AWS", "*")]),
                not_action: false,
                actions: vec!["*".to_owned()],
                not_resource: false,
                resources: vec!["*".to_owned()],
                conditions: BTreeMap::from([((operator.clone(), key), wanted.clone())]),
            };
            let request =
                GenRequest { action: ACTIONS[0], resource: RESOURCES[1], context: BTreeMap::from([(key, given)]) };
            (vec![GenPolicy { version_2012, statements: vec![statement] }], request)
        })
    })
}

impl GenPolicy {
    /// The same with all six parts of every ARN written out.
    fn with_whole_arns(mut self) -> Self {
        for text in self.statements.iter_mut().flat_map(|statement| &mut statement.resources) {
            while text.starts_with("arn:") && !text.contains("${") && text.split(':').count() < 6 {
                text.push_str(":*");
            }
        }
        self
    }

    fn json(&self, kind: DocumentKind) -> String {
        use serde_json::json;
        let list = |values: &[String]| {
            if let [one] = values { json!(one) } else { json!(values) }
        };
        let statements: Vec<serde_json::Value> = self
            .statements
            .iter()
            .map(|statement| {
                let mut object = json!({"Effect": if statement.allow { "Allow" } else { "Deny" }});
                object[if statement.not_action { "NotAction" } else { "Action" }] = list(&statement.actions);
                object[if statement.not_resource { "NotResource" } else { "Resource" }] = list(&statement.resources);
                for ((operator, key), values) in &statement.conditions {
                    object["Condition"][operator][key] = list(values);
                }
                if kind == DocumentKind::Resource {
                    let (negated, listed) = &statement.principal;
                    let element = if *negated { "NotPrincipal" } else { "Principal" };
                    for (principal, value) in listed {
                        let values = &mut object[element][principal];
                        if let Some(values) = values.as_array_mut() {
                            values.push(json!(value));
                        } else {
                            *values = json!([value]);
                        }
                    }
                }
                object
            })
            .collect();
        let version = if self.version_2012 { "2012-10-17" } else { "2008-10-17" };
        json!({"Version": version, "Statement": statements}).to_string()
    }

    fn parse(&self, kind: DocumentKind) -> Document {
        let json = self.json(kind);
        Document::parse(kind, &json).unwrap_or_else(|error| panic!("{json}\n{}", error.report()))
    }
}

impl GenRequest {
    fn context(&self) -> Context {
        let mut context = Context::new();
        for (key, values) in &self.context {
            context.set_all(key, values.clone());
        }
        context
    }
}

/// The naive evaluator. Slow, short, and without a thought shared with the product.
mod naive {
    use super::{DATES, GenPolicy, GenRequest, GenStatement, NUMBERS};

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(super) enum Answer {
        Allow(usize, usize),
        Deny(usize, usize),
        Silent,
    }

    /// The first statement, by policy and place, that denies; else the first that allows.
    pub(super) fn evaluate(policies: &[GenPolicy], request: &GenRequest) -> Answer {
        let mut answer = Answer::Silent;
        for (at, policy) in policies.iter().enumerate() {
            for (place, statement) in policy.statements.iter().enumerate() {
                if !applies(statement, policy.version_2012, request) {
                    continue;
                }
                if !statement.allow {
                    return Answer::Deny(at, place);
                }
                if answer == Answer::Silent {
                    answer = Answer::Allow(at, place);
                }
            }
        }
        answer
    }

    pub(super) fn applies(statement: &GenStatement, version_2012: bool, request: &GenRequest) -> bool {
        let action = statement.actions.iter().any(|pattern| {
            let plain: Vec<Sign> = signs(&pattern.to_lowercase(), true, false, request).unwrap();
            glob(&plain, &letters(&request.action.to_lowercase()))
        });
        let resource =
            statement.resources.iter().any(|pattern| self::resource(pattern, request.resource, version_2012, request));
        let conditions = statement
            .conditions
            .iter()
            .all(|((operator, key), values)| condition(operator, key, values, version_2012, request));
        action != statement.not_action && resource != statement.not_resource && conditions
    }

    /// A letter of a pattern.
    #[derive(Clone, PartialEq)]
    enum Sign {
        One,
        Run,
        Letter(char),
        /// A colon that the policy's author wrote.
        Colon,
    }

    fn letters(text: &str) -> Vec<char> {
        text.chars().collect()
    }

    /// The pattern's letters with variables filled in; nothing if one has no value.
    fn signs(pattern: &str, wildcards: bool, variables: bool, request: &GenRequest) -> Option<Vec<Sign>> {
        let mut signs = Vec::new();
        let mut rest = pattern;
        while !rest.is_empty() {
            if variables && rest.starts_with("${") {
                let (inside, after) = rest[2..].split_once('}').unwrap();
                rest = after;
                let value = match inside {
                    "*" | "?" | "$" => inside.to_owned(),
                    _ => {
                        let (key, default) = match inside.split_once(',') {
                            Some((key, default)) => (key, Some(default.trim().trim_matches('\'').to_owned())),
                            None => (inside, None),
                        };
                        let found: Vec<&String> = request
                            .context
                            .iter()
                            .filter(|(name, _)| name.to_lowercase() == key.to_lowercase())
                            .flat_map(|(_, values)| values)
                            .collect();
                        if found.len() == 1 { found[0].clone() } else { default? }
                    }
                };
                signs.extend(value.chars().map(Sign::Letter));
                continue;
            }
            let letter = rest.chars().next().unwrap();
            rest = &rest[letter.len_utf8()..];
            signs.push(match letter {
                '*' if wildcards => Sign::Run,
                '?' if wildcards => Sign::One,
                ':' => Sign::Colon,
                other => Sign::Letter(other),
            });
        }
        Some(signs)
    }

    fn glob(pattern: &[Sign], text: &[char]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some((Sign::Run, rest)) => (0..=text.len()).any(|skipped| glob(rest, &text[skipped..])),
            Some((Sign::One, rest)) => !text.is_empty() && glob(rest, &text[1..]),
            Some((Sign::Letter(letter), rest)) => text.first() == Some(letter) && glob(rest, &text[1..]),
            Some((Sign::Colon, rest)) => text.first() == Some(&':') && glob(rest, &text[1..]),
        }
    }

    pub(super) fn arn(pattern: &str, text: &str, variables: bool, request: &GenRequest) -> bool {
        if pattern == "*" {
            return true;
        }
        let Some(pattern) = signs(pattern, true, variables, request) else {
            return false;
        };
        let wanted: Vec<&[Sign]> = pattern.splitn(6, |sign| *sign == Sign::Colon).collect();
        let found: Vec<Vec<char>> = text.splitn(6, ':').map(letters).collect();
        wanted.len() == 6 && found.len() == 6 && wanted.iter().zip(&found).all(|(wanted, found)| glob(wanted, found))
    }

    /// As an ARN, but that the missing parts are anything, and that a `*` at the end of a part may take colons, too.
    pub(super) fn resource(pattern: &str, text: &str, variables: bool, request: &GenRequest) -> bool {
        if pattern == "*" {
            return true;
        }
        let Some(mut pattern) = signs(pattern, true, variables, request) else {
            return false;
        };
        while pattern.iter().filter(|sign| **sign == Sign::Colon).count() < 5 {
            pattern.extend([Sign::Colon, Sign::Run]);
        }
        text.splitn(6, ':').count() == 6 && walk(&pattern, 0, &letters(text))
    }

    fn walk(pattern: &[Sign], colons: usize, text: &[char]) -> bool {
        let Some((sign, rest)) = pattern.split_first() else {
            return text.is_empty();
        };
        let in_last_part = colons == 5;
        match sign {
            Sign::Run => {
                let takes_colons = in_last_part || rest.first() == Some(&Sign::Colon);
                walk(rest, colons, text)
                    || (!text.is_empty() && (takes_colons || text[0] != ':') && walk(pattern, colons, &text[1..]))
            }
            Sign::One => !text.is_empty() && (in_last_part || text[0] != ':') && walk(rest, colons, &text[1..]),
            Sign::Letter(letter) => text.first() == Some(letter) && walk(rest, colons, &text[1..]),
            Sign::Colon => text.first() == Some(&':') && walk(rest, (colons + 1).min(5), &text[1..]),
        }
    }

    fn condition(operator: &str, key: &str, wanted: &[String], version_2012: bool, request: &GenRequest) -> bool {
        let given: Vec<String> = request.context.get(key).cloned().unwrap_or_default();
        if operator == "Null" {
            return wanted.iter().any(|wanted| (wanted == "true") == given.is_empty());
        }
        if given.is_empty() && operator.ends_with("IfExists") {
            return true;
        }
        let core = operator.trim_end_matches("IfExists");
        let (quantifier, core) = core.split_once(':').unwrap_or(("", core));
        let negated = core.contains("Not");
        let core = core.replace("Not", "");
        let matches = |given: &String| wanted.iter().any(|wanted| compare(&core, wanted, given, version_2012, request));
        match quantifier {
            "ForAllValues" => given.iter().all(|given| matches(given) != negated),
            "ForAnyValue" => given.iter().any(|given| matches(given) != negated),
            // "No value of the request matches" is the negated form of "some value matches".
            _ => given.iter().any(matches) != negated,
        }
    }

    pub(super) fn compare(core: &str, wanted: &str, given: &str, version_2012: bool, request: &GenRequest) -> bool {
        let text = |wildcards: bool, lower: bool| match signs(wanted, wildcards, version_2012, request) {
            Some(mut signs) => {
                let mut given = given.to_owned();
                if lower {
                    given = given.to_ascii_lowercase();
                    for sign in &mut signs {
                        if let Sign::Letter(letter) = sign {
                            *letter = letter.to_ascii_lowercase();
                        }
                    }
                }
                glob(&signs, &letters(&given))
            }
            None => false,
        };
        if let Some(relation) = core.strip_prefix("Numeric") {
            return ordered(relation, number(given), number(wanted));
        }
        if let Some(relation) = core.strip_prefix("Date") {
            return ordered(relation, instant(given), instant(wanted));
        }
        match core {
            "StringEquals" => text(false, false),
            "StringEqualsIgnoreCase" => text(false, true),
            "StringLike" => text(true, false),
            "ArnEquals" | "ArnLike" => arn(wanted, given, version_2012, request),
            "Bool" => wanted.to_lowercase() == given.to_lowercase(),
            "BinaryEquals" => wanted.replace('=', "") == given.replace('=', ""),
            "IpAddress" => address(wanted, given),
            other => panic!("{other}"),
        }
    }

    /// Whether a pattern matches a text as a whole, colons being letters like others.
    pub(super) fn whole_text(pattern: &str, text: &str) -> bool {
        let nobody = GenRequest { action: "", resource: "", context: super::BTreeMap::new() };
        glob(&signs(pattern, true, false, &nobody).unwrap(), &letters(text))
    }

    fn lookup(table: &[(&str, i64)], text: &str) -> Option<i64> {
        table.iter().find(|(name, _)| *name == text).map(|(_, value)| *value)
    }

    /// A number of the table, or a date of the other one that is written as a whole number.
    fn number(text: &str) -> Option<i64> {
        lookup(NUMBERS, text).or_else(|| Some(text.parse::<i64>().ok()? * 1_000))
    }

    /// A date of the table, or a number of seconds.
    fn instant(text: &str) -> Option<i64> {
        lookup(DATES, text).or_else(|| lookup(NUMBERS, text))
    }

    fn ordered(relation: &str, given: Option<i64>, wanted: Option<i64>) -> bool {
        let (Some(given), Some(wanted)) = (given, wanted) else {
            return false;
        };
        match relation {
            "Equals" => given == wanted,
            "LessThan" => given < wanted,
            "LessThanEquals" => given <= wanted,
            "GreaterThan" => given > wanted,
            "GreaterThanEquals" => given >= wanted,
            other => panic!("{other}"),
        }
    }

    /// Compares addresses as strings of bits.
    fn address(network: &str, given: &str) -> bool {
        let bits = |text: &str| match text.parse::<std::net::IpAddr>().ok()? {
            std::net::IpAddr::V4(address) => Some(format!("{:032b}", address.to_bits())),
            std::net::IpAddr::V6(address) => Some(format!("{:0128b}", address.to_bits())),
        };
        let cut = |text: &str| match text.split_once('/') {
            Some((base, prefix)) => Some((bits(base)?, prefix.parse::<usize>().ok()?)),
            None => bits(text).map(|bits| (bits.clone(), bits.len())),
        };
        match (cut(network), cut(given)) {
            (Some((base, wanted)), Some((other, given))) => {
                base.len() == other.len() && given >= wanted && base[..wanted] == other[..wanted]
            }
            _ => false,
        }
    }
}

/// Where `iam-rs` 0.8.0 is known to differ from the IAM User Guide, or cannot be asked. Each says what the guide says; that it is `iam-rs` that
/// differs and not the product is shown by [`the_differences_are_those_of_iam_rs`].
///
/// "Operators" is the IAM User Guide, "IAM JSON policy elements: Condition operators"; "Variables", "IAM policy elements: Variables and tags".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Deviation {
    /// It takes ARNs only; an action without a resource of its own is judged on `*`. Source: Service Authorization Reference, "Actions table":
    /// without a resource type in its row an action needs `*` as the resource.
    ResourceThatIsNoArn,
    /// It fills in policy variables in policies of version 2008-10-17 too. Source: IAM User Guide, "IAM JSON policy elements: Version": they
    /// are not recognized there and are literal strings.
    VariablesIn2008,
    /// It knows neither `${*}`, `${?}` nor `${$}`, takes a missing value for an empty text, reads wildcards in values, and fills nothing into
    /// the values of conditions. Source: Variables, "Where you can use policy variables": in values of string and ARN operators, too; "Policy
    /// variables with no value": nothing is equal to or like it.
    VariablesFilledOtherwise,
    /// It compares resources part by part. Source: IAM User Guide, "IAM JSON policy elements: Resource": a `*` at the end of a part can expand
    /// to match beyond the colon. Only cases in which this matters are set aside.
    StarPastTheColon,
    /// `ArnEquals` and `ArnNotEquals` compare texts. Source: Operators, "Amazon Resource Name (ARN) condition operators": they behave as
    /// `ArnLike` and `ArnNotLike` do. Only cases in which this matters are set aside; so below.
    ArnEqualsAsText,
    /// `ArnLike` matches the text as a whole. Source: as before: each of the six components is checked separately.
    ArnLikeAsText,
    /// A `*` of the request takes the `*` of the pattern for its like, letter for letter, and the wildcard is gone: `al*` does not match
    /// `al*ce`. Source: IAM User Guide, "IAM JSON policy elements: Resource", wildcards: `*` stands for any combination of characters.
    StarInTheRequest,
    /// It ignores case in `BinaryEquals`. Source: Operators, "Binary condition operators": values are compared byte for byte.
    BinaryIgnoringCase,
    /// Of dates it reads RFC 3339 and numbers. Source: Operators, "Date condition operators": any of the W3C forms of ISO 8601, so that `2020`
    /// is a year.
    ShortDates,
    /// A set operator on numbers, dates, addresses or blobs, or with `IfExists`: not in its list of operators. Source: IAM User Guide,
    /// "Conditions with multiple context keys or values": the prefixes are for condition operators, without exception; Operators,
    /// "...IfExists": at the end of any of them but `Null`.
    MissingSetOperator,
    /// `ForAnyValue:Bool` and `ForAllValues:Bool` take no strings. Source: Operators, "Boolean condition operators": a key is compared to "true"
    /// or "false".
    BoolSetOfStrings,
    /// Booleans, which it wants typed, have no text that other operators could compare, and other texts are no booleans to it. Source: as
    /// before; IAM User Guide, "IAM JSON policy elements: Condition": the values of a request are texts.
    TypedBool,
    /// An empty set of values is a present key to it. Source: Operators, "Condition operator to check existence of condition keys": `Null` is
    /// false only if the key exists and its value is not null.
    EmptySet,
    /// An operator without a set prefix on a key with several values. Here nobody differs: the guide asks for a prefix and leaves open what
    /// happens without one. Source: IAM User Guide, "Multivalued context keys".
    SeveralValuesWithoutPrefix,
}

impl Deviation {
    /// Everything about a case for which the two cannot be compared.
    fn of(policies: &[GenPolicy], request: &GenRequest) -> Vec<Self> {
        let mut found = Vec::new();
        if !request.resource.starts_with("arn:") {
            found.push(Self::ResourceThatIsNoArn);
        }
        if request.resource != "*" && request.resource.contains('*') {
            found.push(Self::StarInTheRequest);
        }
        for policy in policies {
            for statement in &policy.statements {
                if statement.resources.iter().any(|text| text.contains("${")) {
                    found.push(Self::variables(policy));
                }
                let crosses = |text: &String| {
                    let compare = |by: fn(&str, &str, bool, &GenRequest) -> bool| {
                        by(text, request.resource, policy.version_2012, request)
                    };
                    compare(naive::resource) != compare(naive::arn)
                };
                if statement.resources.iter().any(crosses) {
                    found.push(Self::StarPastTheColon);
                }
                for ((operator, key), wanted) in &statement.conditions {
                    Self::of_condition(policy, operator, key, wanted, request, &mut found);
                }
            }
        }
        found.sort();
        found.dedup();
        found
    }

    fn variables(policy: &GenPolicy) -> Self {
        if policy.version_2012 { Self::VariablesFilledOtherwise } else { Self::VariablesIn2008 }
    }

    fn of_condition(
        policy: &GenPolicy,
        operator: &str,
        key: &str,
        wanted: &[String],
        request: &GenRequest,
        found: &mut Vec<Self>,
    ) {
        let given = request.context.get(key);
        // In version 2008 both sides take variables in conditions for plain text.
        if policy.version_2012 && wanted.iter().any(|text| text.contains("${")) {
            found.push(Self::VariablesFilledOtherwise);
        }
        let given_values = given.map_or(&[][..], Vec::as_slice);
        let differs = |theirs: &dyn Fn(&str, &str) -> bool| {
            let core = operator.trim_end_matches("IfExists").replace("Not", "");
            let core = core.rsplit(':').next().unwrap();
            wanted.iter().any(|wanted| {
                given_values
                    .iter()
                    .any(|given| naive::compare(core, wanted, given, false, request) != theirs(wanted, given))
            })
        };
        if operator.contains("Like") && given_values.iter().any(|text| text.contains('*')) {
            found.push(Self::StarInTheRequest);
        }
        let by_name = |names: [&str; 2]| names.iter().any(|name| operator.contains(name));
        if by_name(["ArnEquals", "ArnNotEquals"]) && differs(&|wanted, given| wanted == given) {
            found.push(Self::ArnEqualsAsText);
        }
        if by_name(["ArnLike", "ArnNotLike"]) && differs(&naive::whole_text) {
            found.push(Self::ArnLikeAsText);
        }
        if operator.contains("BinaryEquals")
            && differs(&|wanted, given| wanted.trim_end_matches('=').eq_ignore_ascii_case(given.trim_end_matches('=')))
        {
            found.push(Self::BinaryIgnoringCase);
        }
        let mut values = wanted.iter().chain(given_values);
        if operator.contains("Date") && values.any(|text| is_short_date(text)) {
            found.push(Self::ShortDates);
        }
        let set = operator.starts_with("For");
        let text_set = operator.contains("String") || operator.contains("Arn") || operator.contains("Bool");
        if set && (operator.ends_with("IfExists") || !text_set) {
            found.push(Self::MissingSetOperator);
        }
        if set && operator.contains("Bool") {
            found.push(Self::BoolSetOfStrings);
        }
        if operator != "Null" && (key_type(key) == KeyType::Bool) != operator.contains("Bool") {
            found.push(Self::TypedBool);
        }
        if given.is_some_and(Vec::is_empty) {
            found.push(Self::EmptySet);
        }
        if operator != "Null" && !set && given.is_some_and(|given| given.len() > 1) {
            found.push(Self::SeveralValuesWithoutPrefix);
        }
    }
}

fn iam_rs_context(request: &GenRequest) -> iam_rs::Context {
    use iam_rs::ContextValue;
    let mut context = iam_rs::Context::new();
    for (key, values) in &request.context {
        let value = match (key_type(key), values.as_slice()) {
            (KeyType::Bool, [one]) => ContextValue::Boolean(one == "true"),
            (KeyType::Bool, many) => ContextValue::BooleanList(many.iter().map(|value| value == "true").collect()),
            (_, [one]) => ContextValue::String(one.clone()),
            (_, many) => ContextValue::StringList(many.to_vec()),
        };
        context.insert((*key).to_owned(), value);
    }
    context
}

fn ask_iam_rs(policies: &[GenPolicy], request: &GenRequest) -> iam_rs::Decision {
    use iam_rs::{Arn, IAMPolicy, IAMRequest, Principal, PrincipalId};
    let policies: Vec<IAMPolicy> = policies
        .iter()
        .map(|policy| {
            let json = policy.json(DocumentKind::Identity);
            IAMPolicy::from_json(&json).unwrap_or_else(|error| panic!("iam-rs does not read {json}: {error}"))
        })
        .collect();
    let principal = Principal::Aws(PrincipalId::String(format!("arn:aws:iam::{ACCOUNT}:user/alice")));
    let arn = Arn::parse(request.resource).unwrap();
    let request = IAMRequest::new_with_context(principal, request.action, arn, iam_rs_context(request));
    iam_rs::evaluate_policies(&policies, &request).unwrap_or_else(|error| panic!("iam-rs: {error}"))
}

fn attached<'a>(documents: &'a [Document], policy_type: PolicyType, names: &'a [String]) -> Vec<AttachedPolicy<'a>> {
    let pairs = documents.iter().zip(names);
    pairs.map(|(document, name)| AttachedPolicy { name, policy_type, group: None, document }).collect()
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|at| at.to_string()).collect()
}

fn alice() -> Caller {
    let mut account = Account::new("aws", ACCOUNT);
    account.add_user("/", "alice").unwrap();
    account.user_caller("alice").unwrap()
}

fn place(by: &StatementRef<'_>) -> (usize, usize) {
    (by.policy.name.parse().unwrap(), by.index as usize)
}

fn answer(decision: &Decision<'_>) -> naive::Answer {
    match decision {
        Decision::Allowed { by: Grant::Statement(by) } => naive::Answer::Allow(place(by).0, place(by).1),
        Decision::Allowed { by: Grant::AccountRoot } => panic!("alice is not the root user"),
        Decision::ExplicitDeny { by } => naive::Answer::Deny(place(by).0, place(by).1),
        Decision::ImplicitDeny { .. } => naive::Answer::Silent,
    }
}

/// Decides by identity policies alone.
fn decide(policies: &[GenPolicy], request: &GenRequest) -> naive::Answer {
    let documents: Vec<Document> = policies.iter().map(|policy| policy.parse(DocumentKind::Identity)).collect();
    let names = names(documents.len());
    let entitlements =
        Entitlements { identity: attached(&documents, PolicyType::IdentityBased, &names), ..Entitlements::default() };
    let (caller, context) = (alice(), request.context());
    let request = Request::new(&caller, request.action, request.resource, &context);
    answer(&entitlements.decide(&request, None))
}

const fn name(answer: naive::Answer) -> &'static str {
    match answer {
        naive::Answer::Allow(..) => "allow",
        naive::Answer::Deny(..) => "deny",
        naive::Answer::Silent => "silent",
    }
}

const fn name_theirs(decision: iam_rs::Decision) -> &'static str {
    match decision {
        iam_rs::Decision::Allow => "allow",
        iam_rs::Decision::Deny => "deny",
        iam_rs::Decision::NotApplicable => "silent",
    }
}

/// Replaces what `iam-rs` cannot be asked, so that few cases have to be set aside: variables, short dates, set
/// operators that it does not have, booleans under other operators, and a resource that is no ARN.
fn within_iam_rs(mut policies: Vec<GenPolicy>, mut request: GenRequest) -> (Vec<GenPolicy>, GenRequest) {
    let literal = |text: &mut String| *text = text.replace("${", "").replace('}', "");
    let long_date = |texts: &mut Vec<String>| {
        for text in texts.iter_mut().filter(|text| is_short_date(text)) {
            "2020-04-01T00:00:00Z".clone_into(text);
        }
    };
    policies = policies.into_iter().map(GenPolicy::with_whole_arns).collect();
    for statement in policies.iter_mut().flat_map(|policy| &mut policy.statements) {
        // The colon of a variable's key would make one part too many.
        for text in statement.resources.iter_mut().filter(|text| text.contains("${")) {
            "arn:aws:iam::*:role/al*".clone_into(text);
        }
        let conditions = std::mem::take(&mut statement.conditions);
        for ((operator, key), mut values) in conditions {
            let core = operator.rsplit(':').next().unwrap().to_owned();
            let set = operator.starts_with("For");
            let text_set = core.starts_with("String") || core.starts_with("Arn");
            let operator = match (set, text_set) {
                (true, true) => operator.trim_end_matches("IfExists").to_owned(),
                (true, false) => core.clone(),
                (false, _) => operator,
            };
            values.iter_mut().filter(|_| core.starts_with("String")).for_each(literal);
            for text in values.iter_mut().filter(|text| text.contains("${")) {
                "arn:aws:iam::*:role/al*".clone_into(text);
            }
            if core.starts_with("Date") {
                long_date(&mut values);
            }
            if operator == "Null" || (key_type(key) == KeyType::Bool) == operator.contains("Bool") {
                statement.conditions.insert((operator, key), values);
            }
        }
    }
    let dates = request.context.iter_mut().filter(|(key, _)| key_type(key) == KeyType::Date);
    dates.for_each(|(_, values)| long_date(values));
    if request.resource == "*" || request.resource.ends_with("al*ce") {
        request.resource = RESOURCES[1];
    }
    (policies, request)
}

fn is_short_date(text: &str) -> bool {
    DATES.iter().any(|(date, _)| *date == text) && !FULL_DATES.contains(&text)
}

fn cases() -> Config {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(2_000);
    let seeds = FileFailurePersistence::Direct("tests/policy_oracles.proptest-regressions");
    Config { cases, failure_persistence: Some(Box::new(seeds)), ..Config::default() }
}

proptest! {
    #![proptest_config(cases())]

    /// The same answer, by the same statement, as the naive evaluator.
    #[test]
    fn identity_policies(policies in prop::collection::vec(policy(), 1..4), request in request()) {
        prop_assert_eq!(decide(&policies, &request), naive::evaluate(&policies, &request));
    }

    /// One condition at a time, on a request that has its key and mostly the policy's own values: this is where
    /// operators, sets and missing keys meet most densely.
    #[test]
    fn conditions((policies, request) in lone_condition()) {
        prop_assert_eq!(decide(&policies, &request), naive::evaluate(&policies, &request));
        if Deviation::of(&policies, &request).is_empty() {
            let theirs = name_theirs(ask_iam_rs(&policies, &request));
            prop_assert_eq!(name(decide(&policies, &request)), theirs);
        }
    }

    /// The same answer as `iam-rs`, with what it does not know put into what it knows.
    #[test]
    fn identity_policies_by_iam_rs(policies in prop::collection::vec(policy(), 1..4), request in request()) {
        let (policies, request) = within_iam_rs(policies, request);
        if Deviation::of(&policies, &request).is_empty() {
            let theirs = name_theirs(ask_iam_rs(&policies, &request));
            prop_assert_eq!(name(decide(&policies, &request)), theirs);
        }
    }

    /// Boundaries, session policies and service control policies: each layer set has to allow, none may deny.
    #[test]
    fn layers(
        identity in prop::collection::vec(policy(), 1..3),
        boundary in prop::option::of(policy()),
        session in prop::collection::vec(policy(), 0..2),
        control in prop::collection::vec(prop::collection::vec(policy(), 1..3), 0..3),
        request in request(),
    ) {
        let parse = |policies: &[GenPolicy]| -> Vec<Document> {
            policies.iter().map(|policy| policy.parse(DocumentKind::Identity)).collect()
        };
        let documents = (parse(&identity), boundary.as_ref().map(|policy| policy.parse(DocumentKind::Identity)), parse(&session));
        let control_documents: Vec<Vec<Document>> = control.iter().map(|level| parse(level)).collect();
        let names = names(4);
        let entitlements = Entitlements {
            identity: attached(&documents.0, PolicyType::IdentityBased, &names),
            boundary: documents.1.as_ref().map(|document| AttachedPolicy {
                name: "0",
                policy_type: PolicyType::PermissionsBoundary,
                group: None,
                document,
            }),
            session: attached(&documents.2, PolicyType::Session, &names),
            service_control: control_documents
                .iter()
                .map(|level| attached(level, PolicyType::ServiceControl, &names))
                .collect(),
        };
        let mut layers: Vec<(PolicyType, &[GenPolicy])> =
            control.iter().map(|level| (PolicyType::ServiceControl, level.as_slice())).collect();
        layers.push((PolicyType::IdentityBased, &identity));
        if let Some(boundary) = &boundary {
            layers.push((PolicyType::PermissionsBoundary, std::slice::from_ref(boundary)));
        }
        if !session.is_empty() {
            layers.push((PolicyType::Session, &session));
        }
        let answers: Vec<_> =
            layers.iter().map(|(layer, policies)| (*layer, naive::evaluate(policies, &request))).collect();
        let expected = answers
            .iter()
            .find(|(_, answer)| matches!(answer, naive::Answer::Deny(..)))
            .or_else(|| answers.iter().find(|(_, answer)| *answer == naive::Answer::Silent))
            .or_else(|| answers.iter().find(|(layer, _)| *layer == PolicyType::IdentityBased))
            .copied()
            .unwrap();
        let (caller, context) = (alice(), request.context());
        let decision = entitlements.decide(&Request::new(&caller, request.action, request.resource, &context), None);
        let layer = match &decision {
            Decision::Allowed { by: Grant::Statement(by) } | Decision::ExplicitDeny { by } => by.policy.policy_type,
            Decision::ImplicitDeny { missing } => *missing,
            Decision::Allowed { by: Grant::AccountRoot } => panic!("alice is not the root user"),
        };
        prop_assert_eq!((layer, answer(&decision)), expected);
    }

    /// The policy of a resource: who it names, how closely, and whose account the resource is in.
    #[test]
    fn resource_policies(
        identity in prop::collection::vec(policy(), 0..2),
        on_resource in policy(),
        who in 0_usize..4,
        foreign in any::<bool>(),
        request in request(),
    ) {
        let service = Document::parse(
            DocumentKind::Trust,
            r#"{"Statement": {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}}"#,
        )
        .unwrap();
        let mut account = Account::new("aws", ACCOUNT);
        account.add_user("/", "alice").unwrap();
        account.add_user("/", "bob").unwrap();
        account.add_role("/team/", "worker", service).unwrap();
        let caller = match who {
            0 => account.user_caller("alice").unwrap(),
            1 => account.user_caller("bob").unwrap(),
            2 => account.session_caller("worker", "s1").unwrap(),
            _ => Caller::service("ssm.amazonaws.com"),
        };
        let documents: Vec<Document> = identity.iter().map(|policy| policy.parse(DocumentKind::Identity)).collect();
        let on_resource = on_resource.with_whole_arns();
        let document = on_resource.parse(DocumentKind::Resource);
        let names = names(2);
        let is_service = who > 2;
        let entitlements = Entitlements {
            identity: if is_service { Vec::new() } else { attached(&documents, PolicyType::IdentityBased, &names) },
            ..Entitlements::default()
        };
        let owner = if foreign { "444455556666" } else { ACCOUNT };
        let policy = AttachedPolicy {
            name: "0",
            policy_type: PolicyType::ResourceBased,
            group: None,
            document: &document,
        };
        let context = request.context();
        let asked = Request::new(&caller, request.action, request.resource, &context);
        let decision = entitlements.decide(&asked, Some(&ResourcePolicy { account: owner, policy }));

        // The same in the guide's words. Closeness: 3 by its own name or `*`, 2 by its role, 1 by its account.
        let closeness = |(kind, value): &(&str, &str)| match (*kind, *value, who) {
            ("AWS", "*", _)
            | ("AWS", "arn:aws:iam::111122223333:user/alice", 0)
            | ("AWS", "arn:aws:sts::111122223333:assumed-role/worker/s1", 2)
            | ("Service", "ssm.amazonaws.com", 3) => 3,
            ("AWS", "arn:aws:iam::111122223333:role/team/worker", 2) => 2,
            ("AWS", "111122223333" | "arn:aws:iam::111122223333:root", 0..=2) => 1,
            _ => 0,
        };
        let mut named = 0;
        let mut denied = false;
        for statement in &on_resource.statements {
            let (negated, listed) = &statement.principal;
            let closest = listed.iter().map(closeness).max().unwrap();
            let closest = if *negated { if closest == 0 { 3 } else { 0 } } else { closest };
            if closest > 0 && naive::applies(statement, on_resource.version_2012, &request) {
                if statement.allow {
                    named = named.max(closest);
                } else {
                    denied = true;
                }
            }
        }
        let by_identity = if is_service { naive::Answer::Silent } else { naive::evaluate(&identity, &request) };
        denied |= matches!(by_identity, naive::Answer::Deny(..));
        let by_identity = matches!(by_identity, naive::Answer::Allow(..));
        let granted = if is_service {
            named == 3
        } else if foreign {
            named > 0 && by_identity
        } else {
            named >= 2 || by_identity
        };
        prop_assert_eq!(decision.is_allowed(), granted && !denied, "{}", decision);
        prop_assert_eq!(matches!(decision, Decision::ExplicitDeny { .. }), denied, "{}", decision);
    }
}

/// The comparison is worth something only if the cases are: every answer occurs often, every condition operator
/// both holds and fails, and `iam-rs` is really asked.
#[test]
fn the_cases_are_various() {
    let mut runner = TestRunner::deterministic();
    let strategy = (prop::collection::vec(policy(), 1..4), request());
    let mut answers: BTreeMap<&str, u32> = BTreeMap::new();
    let mut deviations: BTreeMap<Deviation, u32> = BTreeMap::new();
    let mut outcomes: BTreeMap<(String, bool), u32> = BTreeMap::new();
    for _ in 0..12_000 {
        let (policies, request) = strategy.new_tree(&mut runner).unwrap().current();
        *answers.entry(name(naive::evaluate(&policies, &request))).or_default() += 1;
        let found = Deviation::of(&policies, &request);
        let (within, asked) = within_iam_rs(policies.clone(), request.clone());
        if Deviation::of(&within, &asked).is_empty() {
            *answers.entry("asked iam-rs").or_default() += 1;
            let theirs = match naive::evaluate(&within, &asked) {
                naive::Answer::Allow(..) => "iam-rs allows",
                naive::Answer::Deny(..) => "iam-rs denies",
                naive::Answer::Silent => "iam-rs is silent",
            };
            *answers.entry(theirs).or_default() += 1;
        }
        for deviation in found {
            *deviations.entry(deviation).or_default() += 1;
        }
        for policy in &policies {
            for statement in &policy.statements {
                for (condition, wanted) in &statement.conditions {
                    let alone = GenStatement {
                        conditions: BTreeMap::from([(condition.clone(), wanted.clone())]),
                        not_action: false,
                        actions: vec!["*".to_owned()],
                        not_resource: false,
                        resources: vec!["*".to_owned()],
                        ..statement.clone()
                    };
                    let holds = naive::applies(&alone, policy.version_2012, &request);
                    *outcomes.entry((condition.0.clone(), holds)).or_default() += 1;
                }
            }
        }
    }
    for answer in ["allow", "deny", "silent", "asked iam-rs"] {
        assert!(answers.get(answer).is_some_and(|&count| count > 600), "{answer}: {answers:?}");
    }
    // Fourteen differences, all met; a difference that is never met should not be listed.
    assert_eq!(deviations.len(), 14, "{deviations:?}");
    for (_, cores) in CORES {
        for core in *cores {
            for prefix in ["", "ForAnyValue:", "ForAllValues:"] {
                for suffix in ["", "IfExists"] {
                    for holds in [false, true] {
                        let name = format!("{prefix}{core}{suffix}");
                        assert!(outcomes.contains_key(&(name.clone(), holds)), "{name} never {holds}");
                    }
                }
            }
        }
    }
}

/// A case in which AWS documents the answer, and `iam-rs` gives another one or cannot be asked.
struct Documented {
    shows: Deviation,
    version: &'static str,
    resource: (&'static str, &'static str),
    /// Operator, key and value of the policy.
    condition: Option<(&'static str, &'static str, &'static str)>,
    /// Key and values of the request.
    given: Option<(&'static str, &'static [&'static str])>,
    is_allowed: bool,
}

const ANY_ROLE: (&str, &str) = ("*", "arn:aws:iam::111122223333:role/alice");

/// As [`Deviation`] says it of each, with one policy and one request.
const DOCUMENTED: [Documented; 13] = {
    use Deviation as D;
    const fn case(
        shows: Deviation,
        resource: (&'static str, &'static str),
        condition: Option<(&'static str, &'static str, &'static str)>,
        given: Option<(&'static str, &'static [&'static str])>,
        is_allowed: bool,
    ) -> Documented {
        Documented { shows, version: "2012-10-17", resource, condition, given, is_allowed }
    }
    let source = Some(("aws:SourceArn", ["arn:aws:iam::111122223333:role/alice"].as_slice()));
    let name = Some(("aws:username", ["alice"].as_slice()));
    let of_name = ("arn:aws:iam::111122223333:role/${aws:username}", "arn:aws:iam::111122223333:role/alice");
    let star = ("arn:aws:iam::111122223333:role/al*", "arn:aws:iam::111122223333:role/al*ce");
    let stream = ("arn:aws:logs:*:log-group:a:*", "arn:aws:logs:us-east-1:111122223333:log-group:a:b");
    [
        case(D::ResourceThatIsNoArn, ("*", "*"), None, None, true),
        Documented { version: "2008-10-17", ..case(D::VariablesIn2008, of_name, None, name, false) },
        case(
            D::VariablesFilledOtherwise,
            ANY_ROLE,
            Some(("StringEquals", "aws:username", "${aws:username}")),
            name,
            true,
        ),
        case(
            D::ArnEqualsAsText,
            ANY_ROLE,
            Some(("ArnEquals", "aws:SourceArn", "arn:aws:iam::*:role/al*")),
            source,
            true,
        ),
        case(
            D::ArnLikeAsText,
            ANY_ROLE,
            Some(("ArnLike", "aws:SourceArn", "arn:aws:iam:*:x:alice")),
            Some(("aws:SourceArn", &["arn:aws:iam::111122223333:role:x:alice"])),
            false,
        ),
        case(D::StarInTheRequest, star, None, None, true),
        case(D::StarPastTheColon, stream, None, None, true),
        case(
            D::BinaryIgnoringCase,
            ANY_ROLE,
            Some(("BinaryEquals", "aws:blob", "QUJD")),
            Some(("aws:blob", &["qujd"])),
            false,
        ),
        case(
            D::ShortDates,
            ANY_ROLE,
            Some(("DateLessThan", "aws:CurrentTime", "2020")),
            Some(("aws:CurrentTime", &["2019-05-01T00:00:00Z"])),
            true,
        ),
        case(
            D::MissingSetOperator,
            ANY_ROLE,
            Some(("ForAnyValue:NumericEquals", "aws:numbers", "2")),
            Some(("aws:numbers", &["1", "2"])),
            true,
        ),
        case(
            D::BoolSetOfStrings,
            ANY_ROLE,
            Some(("ForAnyValue:Bool", "aws:flags", "true")),
            Some(("aws:flags", &["false", "true"])),
            true,
        ),
        case(
            D::TypedBool,
            ANY_ROLE,
            Some(("Bool", "aws:SecureTransport", "true")),
            Some(("aws:SecureTransport", &["true"])),
            true,
        ),
        case(D::EmptySet, ANY_ROLE, Some(("Null", "aws:TagKeys", "true")), Some(("aws:TagKeys", &[])), true),
    ]
};

impl Documented {
    fn json(&self) -> String {
        let condition = self.condition.map_or(String::new(), |(operator, key, value)| {
            format!(r#", "Condition": {{ "{operator}": {{ "{key}": "{value}" }} }}"#)
        });
        format!(
            r#"{{ "Version": "{}", "Statement": {{ "Effect": "Allow", "Action": "iam:GetRole", "Resource": "{}"{condition} }} }}"#,
            self.version, self.resource.0
        )
    }

    fn ours(&self) -> bool {
        let document = Document::parse(DocumentKind::Identity, &self.json()).unwrap();
        let (documents, names) = ([document], names(1));
        let identity = attached(&documents, PolicyType::IdentityBased, &names);
        let mut context = Context::new();
        if let Some((key, values)) = self.given {
            context.set_all(key, values.iter().map(|&value| value.to_owned()).collect());
        }
        let caller = alice();
        let request = Request::new(&caller, "iam:GetRole", self.resource.1, &context);
        Entitlements { identity, ..Entitlements::default() }.decide(&request, None).is_allowed()
    }

    /// `None` if it cannot be asked. Values are given as the texts that they are in a request.
    fn theirs(&self) -> Option<bool> {
        use iam_rs::{Arn, ContextValue, Decision, IAMPolicy, IAMRequest, Principal, PrincipalId};
        let policy = IAMPolicy::from_json(&self.json()).ok()?;
        let principal = Principal::Aws(PrincipalId::String(format!("arn:aws:iam::{ACCOUNT}:user/alice")));
        let mut context = iam_rs::Context::new();
        if let Some((key, values)) = self.given {
            let value = match values {
                [one] => ContextValue::String((*one).to_owned()),
                many => ContextValue::StringList(many.iter().map(|&value| value.to_owned()).collect()),
            };
            context.insert(key.to_owned(), value);
        }
        let arn = Arn::parse(self.resource.1).ok()?;
        let request = IAMRequest::new_with_context(principal, "iam:GetRole", arn, context);
        let decision = iam_rs::evaluate_policies(&[policy], &request).ok()?;
        Some(matches!(decision, Decision::Allow))
    }
}

/// We answer as AWS documents it, and `iam-rs` does not: what is set aside is set aside for its sake and not for ours.
#[test]
fn the_differences_are_those_of_iam_rs() {
    for case in &DOCUMENTED {
        assert_eq!(case.ours(), case.is_allowed, "{:?}: {}", case.shows, case.json());
    }
    let alike = DOCUMENTED.iter().filter(|case| case.theirs() == Some(case.is_allowed));
    assert_eq!(alike.map(|case| (case.shows, case.json())).collect::<Vec<_>>(), []);
    let shown: BTreeSet<Deviation> = DOCUMENTED.iter().map(|case| case.shows).collect();
    // AWS leaves the fourteenth open.
    assert_eq!(shown.len(), 13);
    assert!(!shown.contains(&Deviation::SeveralValuesWithoutPrefix));
}
