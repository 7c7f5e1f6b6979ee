//! From the text of a policy to a [`Document`], or to everything that is wrong with it.
//!
//! Grammar: IAM User Guide, "Grammar of the IAM JSON policy language". IAM answers a text that this module refuses
//! with `MalformedPolicyDocument`; the words that say why are ours.

use std::ops::Range;

use super::arn::{ArnParts, is_account_id};
use super::condition::{Condition, Operator};
use super::document::{Document, DocumentKind, Effect, Negatable, PrincipalPattern, Statement, Version};
use super::error::{MalformedPolicyDocument, Problem, ProblemCode};
use super::json::{self, Member, Node, Value};
use super::pattern::{ActionPattern, BadPattern, ResourcePattern};

/// Characters that the API takes at most. Source: IAM API Reference, `CreateRole`, `AssumeRolePolicyDocument`.
const MAX_CHARACTERS: usize = 131_072;

pub(super) fn document(
    kind: DocumentKind,
    text: &str,
    partition: Option<&str>,
) -> Result<Document, MalformedPolicyDocument> {
    let refuse = |problem| Err(MalformedPolicyDocument::new(vec![problem]));
    if let Some(problem) = bad_text(text) {
        return refuse(problem);
    }
    let root = match json::parse(text) {
        Ok(root) => root,
        Err(error) => {
            return refuse(Problem::new(text, ProblemCode::Syntax, &error.span, error.message, error.help));
        }
    };
    let mut reader = Reader { kind, text, partition, version: Version::V2008, problems: Vec::new() };
    let document = reader.document(&root);
    match document {
        Some(document) if reader.problems.is_empty() => Ok(document),
        _ => Err(MalformedPolicyDocument::new(reader.problems)),
    }
}

/// Whether what an ARN means can be in the partition: wildcards can.
fn in_partition(partition: Option<&str>, arn: &str) -> Result<(), BadPattern> {
    let told = arn.strip_prefix("arn:").and_then(|rest| rest.split_once(':')).map(|(told, _)| told);
    match (partition, told) {
        (Some(partition), Some(told)) if told != partition && !told.contains(['*', '?']) => Err(BadPattern {
            message: format!("Partition \"{told}\" is not valid for resource \"{arn}\""),
            help: format!(
                "the account is in the partition `{partition}`: write `arn:{partition}:…`, or `arn:*:…` for any"
            ),
        }),
        (Some(_) | None, Some(_) | None) => Ok(()),
    }
}

fn bad_text(text: &str) -> Option<Problem> {
    let help = "a policy holds at most 131,072 characters of tab, line end, and U+0020 to U+00FF";
    if text.chars().count() > MAX_CHARACTERS {
        return Some(Problem::new(text, ProblemCode::Text, &(0..0), "policy document too long", help));
    }
    let allowed = |character: char| matches!(character, '\t' | '\n' | '\r' | ' '..='\u{ff}');
    let (at, found) = text.char_indices().find(|&(_, character)| !allowed(character))?;
    let message = format!("character U+{:04X} in a policy document", u32::from(found));
    Some(Problem::new(text, ProblemCode::Text, &(at..at + found.len_utf8()), message, help))
}

/// Beyond so many problems a text is no policy, and nobody reads on.
const MOST_PROBLEMS: usize = 200;

const TOP_ELEMENTS: &[&str] = &["Version", "Id", "Statement"];
const STATEMENT_ELEMENTS: &[&str] =
    &["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];
const PRINCIPAL_TYPES: &[&str] = &["AWS", "Service", "Federated", "CanonicalUser"];

/// Walks the JSON and collects what is wrong with it. Gives nothing for a part that it complained about.
struct Reader<'a> {
    kind: DocumentKind,
    text: &'a str,
    /// The account's, if it is known.
    partition: Option<&'a str>,
    version: Version,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn complain(
        &mut self,
        code: ProblemCode,
        span: &Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        // Each is looked up in the text, and of so many the first ones are enough.
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.push(Problem::new(self.text, code, span, message, help));
        }
    }

    fn wrong_type(&mut self, node: &Node, element: &str, wanted: &str) {
        let message = format!("`{element}` is {}", node.value.kind());
        self.complain(ProblemCode::WrongType, &node.span, message, format!("write {wanted}"));
    }

    fn document(&mut self, root: &Node) -> Option<Document> {
        let Value::Object(members) = &root.value else {
            self.wrong_type(root, "policy document", "an object with `Version` and `Statement`");
            return None;
        };
        self.check_names(members, TOP_ELEMENTS, "a policy document");
        // First, for it decides how the rest is read.
        if let Some(node) = find(members, "Version") {
            self.version = self.read_version(node);
        }
        let id = find(members, "Id").and_then(|node| self.string(node, "Id"));
        let Some(node) = find(members, "Statement") else {
            let help = "add `\"Statement\": [...]` with at least one statement";
            self.complain(ProblemCode::MissingElement, &root.span, "policy document without `Statement`", help);
            return None;
        };
        let nodes = match &node.value {
            Value::Array(items) if items.is_empty() => {
                self.complain(
                    ProblemCode::EmptyList,
                    &node.span,
                    "`Statement` is empty",
                    "write at least one statement",
                );
                return None;
            }
            Value::Array(items) => items.as_slice(),
            Value::Object(_) => std::slice::from_ref(node),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                self.wrong_type(node, "Statement", "a statement or a list of statements");
                return None;
            }
        };
        let mut sids: Vec<String> = Vec::new();
        let statements: Vec<Statement> = nodes.iter().filter_map(|node| self.statement(node, &mut sids)).collect();
        let counted = self.text.chars().filter(|character| !character.is_whitespace()).count();
        Some(Document {
            kind: self.kind,
            version: self.version,
            id: id.map(Into::into),
            statements: statements.into(),
            size: u32::try_from(counted).unwrap_or(u32::MAX),
        })
    }

    fn read_version(&mut self, node: &Node) -> Version {
        match &node.value {
            Value::String(text) if text == "2012-10-17" => Version::V2012,
            Value::String(text) if text == "2008-10-17" => Version::V2008,
            Value::String(text) => {
                let message = format!("policy language version `{text}` does not exist");
                self.complain(ProblemCode::UnknownVersion, &node.span, message, "write `\"2012-10-17\"`");
                Version::V2012
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                self.wrong_type(node, "Version", "`\"2012-10-17\"`");
                Version::V2012
            }
        }
    }

    /// Unknown and repeated names.
    fn check_names(&mut self, members: &[Member], known: &[&str], place: &str) {
        for (at, member) in members.iter().enumerate() {
            if members[..at].iter().any(|earlier| earlier.key == member.key) {
                let message = format!("`{}` appears twice", member.key);
                self.complain(
                    ProblemCode::Duplicate,
                    &member.key_span,
                    message,
                    "keep one, or put the values into one list",
                );
            } else if !known.contains(&member.key.as_str()) {
                let message = format!("`{}` is not an element of {place}", member.key);
                let help = nearest(&member.key, known);
                self.complain(ProblemCode::UnknownElement, &member.key_span, message, help);
            }
        }
    }

    fn statement(&mut self, node: &Node, sids: &mut Vec<String>) -> Option<Statement> {
        let Value::Object(members) = &node.value else {
            self.wrong_type(node, "statement", "an object with `Effect`, `Action` and the like");
            return None;
        };
        self.check_names(members, STATEMENT_ELEMENTS, "a statement");
        let sid = find(members, "Sid").and_then(|node| self.sid(node, sids));
        let effect = self.effect(node, members);
        let principals = self.principal_element(node, members, effect);
        let actions = self.actions(node, members);
        let resources = self.resources(node, members);
        let conditions = find(members, "Condition").map_or_else(Vec::new, |node| self.conditions(node));
        Some(Statement {
            sid: sid.map(Into::into),
            effect: effect?,
            principals,
            actions: actions?,
            resources,
            conditions: conditions.into(),
        })
    }

    fn string(&mut self, node: &Node, element: &str) -> Option<String> {
        if let Value::String(text) = &node.value {
            return Some(text.clone());
        }
        self.wrong_type(node, element, "a string");
        None
    }

    fn sid(&mut self, node: &Node, sids: &mut Vec<String>) -> Option<String> {
        let sid = self.string(node, "Sid")?;
        // Resource-based policies of other services take more; IAM takes letters and digits.
        // Source: IAM User Guide, "IAM JSON policy elements: Sid".
        if self.kind != DocumentKind::Resource && !sid.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            let message = format!("`{sid}` is not a statement id");
            self.complain(ProblemCode::BadValue, &node.span, message, "use letters and digits only");
        }
        // Assumed: an empty Sid, which the console writes into trust policies, may repeat.
        if !sid.is_empty() && sids.contains(&sid) {
            let message = format!("statement id `{sid}` appears twice");
            self.complain(ProblemCode::Duplicate, &node.span, message, "give each statement its own `Sid`, or none");
        }
        sids.push(sid.clone());
        Some(sid)
    }

    fn effect(&mut self, statement: &Node, members: &[Member]) -> Option<Effect> {
        let help = "write `\"Effect\": \"Allow\"` or `\"Effect\": \"Deny\"`";
        let Some(node) = find(members, "Effect") else {
            self.complain(ProblemCode::MissingElement, &statement.span, "statement without `Effect`", help);
            return None;
        };
        match self.string(node, "Effect")?.as_str() {
            "Allow" => Some(Effect::Allow),
            "Deny" => Some(Effect::Deny),
            other => {
                let message = format!("`{other}` is not an effect");
                self.complain(ProblemCode::UnknownEffect, &node.span, message, help);
                None
            }
        }
    }

    /// The element `name` or its twin `Not…`, whichever is there; a complaint if both are.
    fn either<'m>(&mut self, members: &'m [Member], name: &str) -> Option<(&'m Member, bool)> {
        let negated_name = format!("Not{name}");
        let plain = members.iter().find(|member| member.key == name);
        let negated = members.iter().find(|member| member.key == negated_name);
        if let (Some(_), Some(second)) = (plain, negated) {
            let message = format!("statement with both `{name}` and `{negated_name}`");
            let help = format!("keep one; a statement that needs both is two statements with {name} each");
            self.complain(ProblemCode::ProhibitedElement, &second.key_span, message, help);
        }
        plain.map(|member| (member, false)).or_else(|| negated.map(|member| (member, true)))
    }

    fn actions(&mut self, statement: &Node, members: &[Member]) -> Option<Negatable<ActionPattern>> {
        let Some((member, negated)) = self.either(members, "Action") else {
            let help = "add `\"Action\": \"service:Name\"`";
            self.complain(ProblemCode::MissingElement, &statement.span, "statement without `Action`", help);
            return None;
        };
        let trust = self.kind == DocumentKind::Trust;
        let listed = self.patterns(member, |text| {
            let action = ActionPattern::parse(text)?;
            if trust && !action.service().is_some_and(|service| service.eq_ignore_ascii_case("sts")) {
                return Err(BadPattern {
                    message: format!("action `{text}` in a trust policy"),
                    help: "a trust policy speaks of `sts` only: write `sts:AssumeRole`".to_owned(),
                });
            }
            Ok(action)
        })?;
        Some(Negatable { negated, listed })
    }

    fn resources(&mut self, statement: &Node, members: &[Member]) -> Option<Negatable<ResourcePattern>> {
        let found = self.either(members, "Resource");
        match (self.kind, found) {
            (DocumentKind::Trust, Some((member, _))) => {
                let message = format!("`{}` in a trust policy", member.key);
                self.complain(
                    ProblemCode::ProhibitedElement,
                    &member.key_span,
                    message,
                    "remove it: the resource is the role itself",
                );
                None
            }
            (DocumentKind::Trust, None) => None,
            (DocumentKind::Identity | DocumentKind::Resource, None) => {
                let help = "add `\"Resource\": \"*\"` or an ARN";
                self.complain(ProblemCode::MissingElement, &statement.span, "statement without `Resource`", help);
                None
            }
            (DocumentKind::Identity | DocumentKind::Resource, Some((member, negated))) => {
                let variables = self.version == Version::V2012;
                let may_be_incomplete = self.kind == DocumentKind::Identity;
                let partition = self.partition.filter(|_| self.kind == DocumentKind::Identity);
                let listed = self.patterns(member, |text| {
                    in_partition(partition, text)?;
                    ResourcePattern::parse(text, variables, may_be_incomplete)
                })?;
                Some(Negatable { negated, listed })
            }
        }
    }

    /// A string or a list of strings, each compiled by `compile`.
    fn patterns<T>(&mut self, member: &Member, compile: impl Fn(&str) -> Result<T, BadPattern>) -> Option<Box<[T]>> {
        let mut listed = Vec::new();
        for (text, span) in self.strings(&member.node, &member.key)? {
            match compile(text) {
                Ok(pattern) => listed.push(pattern),
                Err(error) => self.complain(ProblemCode::BadValue, span, error.message, error.help),
            }
        }
        Some(listed.into())
    }

    /// A string or a list of strings, with their places.
    fn strings<'n>(&mut self, node: &'n Node, element: &str) -> Option<Vec<(&'n str, &'n Range<usize>)>> {
        let nodes = match &node.value {
            Value::String(_) => std::slice::from_ref(node),
            Value::Array(items) if items.is_empty() => {
                let message = format!("`{element}` is an empty list");
                self.complain(ProblemCode::EmptyList, &node.span, message, "list at least one value");
                return None;
            }
            Value::Array(items) => items.as_slice(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {
                self.wrong_type(node, element, "a string or a list of strings");
                return None;
            }
        };
        let mut strings = Vec::new();
        for node in nodes {
            if let Value::String(text) = &node.value {
                strings.push((text.as_str(), &node.span));
            } else {
                self.wrong_type(node, element, "a string or a list of strings");
            }
        }
        Some(strings)
    }

    fn principal_element(
        &mut self,
        statement: &Node,
        members: &[Member],
        effect: Option<Effect>,
    ) -> Option<Negatable<PrincipalPattern>> {
        let found = self.either(members, "Principal");
        match (self.kind, found) {
            (DocumentKind::Identity, Some((member, _))) => {
                let message = format!("`{}` in {}", member.key, self.kind.name());
                let help = "remove it: the policy speaks of whoever it is attached to";
                self.complain(ProblemCode::ProhibitedElement, &member.key_span, message, help);
                None
            }
            (DocumentKind::Identity, None) => None,
            (DocumentKind::Trust | DocumentKind::Resource, None) => {
                let message = format!("statement without `Principal` in {}", self.kind.name());
                let help = "add `\"Principal\": {\"Service\": \"...\"}` or the like";
                self.complain(ProblemCode::MissingElement, &statement.span, message, help);
                None
            }
            (DocumentKind::Trust | DocumentKind::Resource, Some((member, negated))) => {
                if negated && effect == Some(Effect::Allow) {
                    let help = "list who is allowed under `Principal`";
                    self.complain(
                        ProblemCode::ProhibitedElement,
                        &member.key_span,
                        "`NotPrincipal` with `Allow`",
                        help,
                    );
                }
                let listed = self.principals(&member.node, &member.key)?;
                Some(Negatable { negated, listed: listed.into() })
            }
        }
    }

    fn principals(&mut self, node: &Node, element: &str) -> Option<Vec<PrincipalPattern>> {
        let members = match &node.value {
            Value::String(text) if text == "*" => return Some(vec![PrincipalPattern::Anyone]),
            Value::Object(members) if members.is_empty() => {
                let message = format!("`{element}` is empty");
                self.complain(ProblemCode::EmptyList, &node.span, message, "name at least one principal");
                return None;
            }
            Value::Object(members) => members,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                self.wrong_type(node, element, "`\"*\"`, or an object such as `{\"Service\": \"ssm.amazonaws.com\"}`");
                return None;
            }
        };
        self.check_names(members, PRINCIPAL_TYPES, "a principal");
        let mut listed = Vec::new();
        for member in members {
            for (text, span) in self.strings(&member.node, &member.key).unwrap_or_default() {
                match principal(&member.key, text) {
                    Some(Ok(principal)) => listed.push(principal),
                    Some(Err(help)) => {
                        let message = format!("`{text}` is not a principal of type `{}`", member.key);
                        self.complain(ProblemCode::BadValue, span, message, help);
                    }
                    // An unknown type: `check_names` has said so.
                    None => {}
                }
            }
        }
        Some(listed)
    }

    fn conditions(&mut self, node: &Node) -> Vec<Condition> {
        let Value::Object(operators) = &node.value else {
            self.wrong_type(node, "Condition", "an object such as `{\"StringLike\": {\"key\": \"value\"}}`");
            return Vec::new();
        };
        let mut conditions = Vec::new();
        for (at, member) in operators.iter().enumerate() {
            if operators[..at].iter().any(|earlier| earlier.key == member.key) {
                let message = format!("`{}` appears twice", member.key);
                self.complain(ProblemCode::Duplicate, &member.key_span, message, "put the keys into one object");
            }
            let Some(operator) = Operator::parse(&member.key) else {
                let message = format!("`{}` is not a condition operator", member.key);
                let help = match Operator::near(&member.key) {
                    Some(right) => format!("write `{right}`"),
                    None => "use one of IAM's operators, such as `StringEquals`, `StringLike` or `ArnLike`".to_owned(),
                };
                self.complain(ProblemCode::UnknownOperator, &member.key_span, message, help);
                continue;
            };
            let Value::Object(keys) = &member.node.value else {
                self.wrong_type(&member.node, &member.key, "an object such as `{\"key\": \"value\"}`");
                continue;
            };
            for (at, key) in keys.iter().enumerate() {
                if keys[..at].iter().any(|earlier| earlier.key == key.key) {
                    let message = format!("`{}` appears twice", key.key);
                    self.complain(ProblemCode::Duplicate, &key.key_span, message, "put the values into one list");
                }
                conditions.extend(self.condition(operator, &member.key, key));
            }
        }
        conditions
    }

    fn condition(&mut self, operator: Operator, operator_name: &str, key: &Member) -> Option<Condition> {
        let nodes = match &key.node.value {
            Value::Array(items) if items.is_empty() => {
                let message = format!("no value for `{}`", key.key);
                self.complain(ProblemCode::EmptyList, &key.node.span, message, "list at least one value");
                return None;
            }
            Value::Array(items) => items.as_slice(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
                std::slice::from_ref(&key.node)
            }
        };
        let mut texts = Vec::new();
        for node in nodes {
            match &node.value {
                Value::String(text) | Value::Number(text) => texts.push(text.clone()),
                Value::Bool(value) => texts.push(value.to_string()),
                Value::Null | Value::Array(_) | Value::Object(_) => {
                    self.wrong_type(node, &key.key, "a string, a number, a boolean, or a list of them");
                    return None;
                }
            }
        }
        let variables = self.version == Version::V2012;
        match Condition::compile(operator, operator_name, &key.key, &texts, variables) {
            Ok(condition) => Some(condition),
            Err((at, error)) => {
                let message = format!("{} under `{operator_name}`", error.message);
                self.complain(ProblemCode::BadConditionValue, &nodes[at].span, message, error.help);
                None
            }
        }
    }
}

fn find<'m>(members: &'m [Member], key: &str) -> Option<&'m Node> {
    members.iter().find(|member| member.key == key).map(|member| &member.node)
}

/// Reads a principal of a type; the error says what would be right.
fn principal(kind: &str, text: &str) -> Option<Result<PrincipalPattern, &'static str>> {
    Some(match kind {
        "AWS" => aws_principal(text)
            .ok_or("write `*`, an account id, or the ARN of an account's root, a user, a role or a session; no other wildcards"),
        "Service" => {
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte);
            if !text.is_empty() && text.bytes().all(allowed) {
                Ok(PrincipalPattern::Service(text.into()))
            } else {
                Err("write a service principal to the letter, such as `ssm.amazonaws.com`")
            }
        }
        "Federated" if !text.is_empty() => Ok(PrincipalPattern::Federated(text.into())),
        "CanonicalUser" if !text.is_empty() => Ok(PrincipalPattern::CanonicalUser(text.into())),
        "Federated" | "CanonicalUser" => Err("name the provider or the canonical user"),
        _ => return None,
    })
}

fn aws_principal(text: &str) -> Option<PrincipalPattern> {
    if text == "*" {
        return Some(PrincipalPattern::Anyone);
    }
    if is_account_id(text) {
        return Some(PrincipalPattern::Account(text.into()));
    }
    let arn = ArnParts::split(text)?;
    if !matches!(arn.service, "iam" | "sts") || !is_account_id(arn.account) || text.contains(['*', '?']) {
        return None;
    }
    if arn.service == "iam" && arn.resource == "root" {
        return Some(PrincipalPattern::Account(arn.account.into()));
    }
    let kinds: &[&str] = match arn.service {
        "iam" => &["user/", "role/"],
        _ => &["assumed-role/", "federated-user/"],
    };
    let named = kinds.iter().any(|kind| arn.resource.strip_prefix(kind).is_some_and(|name| !name.is_empty()));
    named.then(|| PrincipalPattern::Arn(text.into()))
}

/// Advice for a name that is none of `known`.
fn nearest(name: &str, known: &[&str]) -> String {
    let close = |candidate: &&&str| edits(&name.to_ascii_lowercase(), &candidate.to_ascii_lowercase()) <= 2;
    match known.iter().find(close) {
        Some(right) => format!("write `{right}`"),
        None => format!("use {}", known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")),
    }
}

/// Insertions, deletions and replacements that turn one word into the other.
fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (at, left) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (at, &right) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(left != right);
            diagonal = row[at + 1];
            row[at + 1] = replaced.min(row[at] + 1).min(diagonal + 1);
        }
    }
    row[to.len()]
}
