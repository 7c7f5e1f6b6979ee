//! Why a call would be allowed or refused: what decided, and what each sort of policy says.

use std::collections::BTreeMap;

use serde::Serialize;
use slr_core::action::Operation;
use slr_core::policy::{
    ArnParts, Caller, CallerKind, Context, Decision, Effect, Entitlements, Fit, Grant, Judged, PassRole, PolicyType,
    Request, ResourcePolicy, StatementRef, denial_message, key, service_linked_role_arn,
};

use super::Access;
use crate::catalog::Catalog;
use crate::diagnostic::{did_you_mean, nearest};

/// Condition keys of requests, to guess what was meant.
const KEYS: [&str; 10] = [
    key::AWS_SERVICE_NAME,
    key::PASSED_TO_SERVICE,
    key::ASSOCIATED_RESOURCE_ARN,
    key::POLICY_ARN,
    key::PERMISSIONS_BOUNDARY,
    key::REQUESTED_REGION,
    key::TAG_KEYS,
    "aws:SourceIp",
    "aws:CurrentTime",
    "aws:MultiFactorAuthPresent",
];

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// A user, a role, `root`, or a service principal that is to assume a role.
    pub principal: &'a str,
    /// `service:Name`.
    pub action: &'a str,
    /// An ARN, `*`, a role's name, or the principal of a service whose role is meant.
    pub resource: &'a str,
    /// Condition keys of the request, each with its values.
    pub context: &'a [(String, Vec<String>)],
}

/// Why a question has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}{}", help.as_ref().map_or(String::new(), |help| format!("\nhelp: {help}")))]
pub struct NotAQuestion {
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: Option<String>,
}

impl NotAQuestion {
    fn new(message: impl Into<String>, help: Option<String>) -> Self {
        Self { message: message.into(), help }
    }
}

/// How a request ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// A statement grants it and nothing forbids it.
    Allowed,
    /// A statement forbids it.
    ExplicitDeny,
    /// Nothing grants it.
    ImplicitDeny,
}

/// What a sort of policy says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// A statement allows it and none denies it.
    Allows,
    /// A statement denies it.
    Denies,
    /// There are policies of the sort, and no statement of them applies.
    Silent,
    /// There is no policy of the sort.
    None,
}

/// A statement and whether it applies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// The policy: the name of an inline one, the ARN of a managed one.
    pub policy: String,
    /// Its place in the policy, from 1.
    pub number: u32,
    /// Its `Sid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// `Allow` or `Deny`.
    pub effect: &'static str,
    /// Whether it applies.
    pub applies: bool,
    /// Why it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

/// Statements in the order in which they are looked at.
pub type Statements = Vec<Statement>;

/// A sort of policy and what it says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Layer {
    /// Which sort.
    pub layer: String,
    /// What it says.
    pub answer: Answer,
    /// What it consists of.
    pub statements: Statements,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Explanation {
    /// How the request ends.
    pub decision: Outcome,
    /// The statement that decided, or which sort of policy would have to allow it.
    pub reason: String,
    /// The moment of the run that is asked about; nothing for its beginning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// The principal's ARN; the service principal of a service.
    pub principal: String,
    /// The action.
    pub action: String,
    /// The resource.
    pub resource: String,
    /// The condition keys of the request, in order.
    pub context: BTreeMap<String, Vec<String>>,
    /// What each sort of policy says, in the order in which they are asked.
    pub layers: Vec<Layer>,
    /// AWS's words for the refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What else the asker may want to know.
    pub notes: Vec<String>,
}

impl Access {
    /// Answers a question.
    ///
    /// # Errors
    /// [`NotAQuestion`] if it names what there is not, or is malformed.
    pub fn explain(&self, question: &Question<'_>) -> Result<Explanation, NotAQuestion> {
        let caller = self.caller(question)?;
        check_action(question.action)?;
        let resource = self.resource(question.resource)?;
        let context = self.context(question, &caller, &resource)?;
        let request = Request::new(&caller, question.action, &resource, &context);
        let wrong = |error: slr_core::policy::AccountError| NotAQuestion::new(error.to_string(), None);
        let entitlements = self.account.entitlements(&caller).map_err(wrong)?;
        let is_assuming = question.action.eq_ignore_ascii_case(Operation::AssumeRole.iam_action());
        let role =
            ArnParts::split(&resource).filter(|_| is_assuming).and_then(|parts| parts.resource.rsplit('/').next());
        let trust = role.and_then(|role| self.account.trust_policy(role)).filter(|trust| trust.policy.name == resource);
        let decision = entitlements.decide(&request, trust.as_ref());
        let (decision_word, reason) = in_words(&decision);
        Ok(Explanation {
            decision: decision_word,
            reason,
            at: self.at.map(|at| at.to_string()),
            principal: caller.arn().to_owned(),
            action: question.action.to_owned(),
            layers: layers(&entitlements, &request, trust.as_ref()),
            // What AWS answers a service is nobody's to read.
            message: denial_message(&request, &decision, self.detail).filter(|_| caller.kind() != CallerKind::Service),
            context: context.iter().map(|(key, values)| (key.to_owned(), values.to_vec())).collect(),
            notes: self.notes(question, &caller, &resource, is_assuming && trust.is_none()),
            resource,
        })
    }

    /// Who asks: a user before a role of the same name.
    fn caller(&self, question: &Question<'_>) -> Result<Caller, NotAQuestion> {
        let name = question.principal;
        if name == "root" {
            return Ok(self.account.root_caller());
        }
        let found = self.account.user_caller(name).or_else(|_| self.account.session_caller(name, "session"));
        if let Ok(caller) = found {
            return Ok(caller);
        }
        let is_service = self.services.iter().any(|known| known.definition.principal.as_str() == name);
        if is_service || Catalog::exists(name) || Catalog::has(name) || self.told.iter().any(|told| told == name) {
            return Ok(Caller::service(name));
        }
        let known: Vec<&str> = self.users().chain(self.account.roles()).collect();
        let help = did_you_mean(name, known.iter().copied());
        Err(NotAQuestion::new(format!("there is no user or role `{name}` {}", self.when()), help))
    }

    /// The resource as IAM sees it.
    fn resource(&self, text: &str) -> Result<String, NotAQuestion> {
        if text == "*" {
            return Ok(text.to_owned());
        }
        if text.starts_with("arn:") {
            return match ArnParts::split(text) {
                Some(_) => Ok(text.to_owned()),
                None => Err(NotAQuestion::new(
                    format!("`{text}` is not an ARN"),
                    Some("an ARN has six parts: `arn:partition:service:region:account:resource`".to_owned()),
                )),
            };
        }
        // Two names that differ in case alone are one role's, and yet a role answers to its own spelling.
        // Source: IAM User Guide, "IAM and STS quotas", IAM name requirements.
        if let Some(arn) = self.account.role_arn(text).filter(|_| self.account.roles().any(|role| role == text)) {
            return Ok(arn.to_owned());
        }
        let linked = |principal: &str, role: &str| {
            service_linked_role_arn(self.account.partition(), self.account.id(), principal, role)
        };
        for known in &self.services {
            let (principal, base) = (known.definition.principal.as_str(), known.definition.role_name.as_str());
            if principal == text || base == text {
                return Ok(linked(principal, base));
            }
        }
        if let Some(entry) = Catalog::get(text).or_else(|| Catalog::of_role(text)) {
            let role = if text == entry.principal() { entry.role() } else { text };
            return Ok(linked(entry.principal(), role));
        }
        let absent: Vec<&str> =
            self.absent.iter().filter(|(name, _)| name == text).map(|(_, arn)| arn.as_str()).collect();
        match absent[..] {
            [] => {}
            [arn] => return Ok(arn.to_owned()),
            [one, ..] => {
                let message = format!("there may be several roles `{text}`, and none {}", self.when());
                return Err(NotAQuestion::new(message, Some(format!("write an ARN, such as `{one}`"))));
            }
        }
        // A principal has dots, and the name of a role seldom has.
        let of_principal = Catalog::did_you_mean(text).filter(|_| text.contains('.'));
        let help = of_principal
            .or_else(|| nearest(text, self.account.roles().chain(self.absent.iter().map(|(name, _)| name.as_str()))))
            .or_else(|| Catalog::did_you_mean_role(text))
            .or_else(|| Catalog::did_you_mean(text))
            .map_or_else(
                || "write an ARN, `*`, a role's name, or the principal of a service".to_owned(),
                |meant| format!("did you mean `{meant}`?"),
            );
        let answer = Catalog::refusal(text).filter(|_| text.contains('.')).map_or(String::new(), |message| {
            format!("\nnote: AWS answers a request for its role with AccessDenied: {message}")
        });
        Err(NotAQuestion::new(
            format!("there is no role and no service `{text}` {}", self.when()),
            Some(help + &answer),
        ))
    }

    /// The condition keys: the caller's, those that every such request has, and those that were given.
    fn context(&self, question: &Question<'_>, caller: &Caller, resource: &str) -> Result<Context, NotAQuestion> {
        let mut context = caller.context();
        self.describe(question, resource, &mut context);
        for (key, values) in question.context {
            let is_key = key.split_once(':').is_some_and(|(prefix, name)| {
                !prefix.is_empty() && !name.is_empty() && !key.contains(char::is_whitespace)
            });
            if !is_key {
                let own = |key: &'static str| key.split_once(':').map_or(key, |(_, name)| name);
                let meant = KEYS.into_iter().find(|known| own(known).eq_ignore_ascii_case(key));
                let meant = meant.or_else(|| nearest(key, KEYS));
                let help = meant.map_or_else(
                    || "a condition key looks like `iam:PassedToService`".to_owned(),
                    |meant| format!("did you mean `{meant}`?"),
                );
                return Err(NotAQuestion::new(format!("`{key}` is not a condition key"), Some(help)));
            }
            context.set_all(key, values.clone());
        }
        Ok(context)
    }

    /// The condition keys of the call itself, as far as the resource and the account tell them.
    fn describe(&self, question: &Question<'_>, resource: &str, context: &mut Context) {
        let action = question.action;
        let known = Operation::ALL.iter().copied().find(|known| known.iam_action().eq_ignore_ascii_case(action));
        let region = ArnParts::split(resource).map_or("", |parts| parts.region);
        let is_global = ["iam:", "sts:"].iter().any(|prefix| action.to_ascii_lowercase().starts_with(prefix));
        if is_global && known != Some(Operation::PassRole) {
            context.set(key::REQUESTED_REGION, key::global_region(self.account.partition()));
        } else if !region.is_empty() {
            context.set(key::REQUESTED_REGION, region);
        }
        if known == Some(Operation::CreateServiceLinkedRole)
            && let Some(service) = service_in_path(resource)
        {
            context.set(key::AWS_SERVICE_NAME, service);
        }
        if known.is_some_and(key::has_boundary)
            && let Some(boundary) = self.account.role_boundary(resource)
        {
            context.set(key::PERMISSIONS_BOUNDARY, boundary);
        }
        if known != Some(Operation::PassRole) {
            for (_, name, value) in self.role_tags.iter().filter(|(role, ..)| role == resource) {
                context.set(&key::of_tag(key::RESOURCE_TAG, name), value.as_str());
                context.set(&key::of_tag(key::IAM_RESOURCE_TAG, name), value.as_str());
            }
        }
    }

    fn notes(&self, question: &Question<'_>, caller: &Caller, resource: &str, lacks_trust: bool) -> Vec<String> {
        let mut notes = Vec::new();
        let known: Vec<&str> = Operation::ALL.iter().map(|operation| operation.iam_action()).collect();
        let is_known = known.iter().any(|action| action.eq_ignore_ascii_case(question.action));
        let of_iam = question.action.to_ascii_lowercase().starts_with("iam:");
        if of_iam
            && !is_known
            && let Some(meant) = nearest(question.action, known)
        {
            notes.push(format!("the model has no action `{}`; did you mean `{meant}`?", question.action));
        }
        let has = |key: &str| question.context.iter().any(|(given, _)| given.eq_ignore_ascii_case(key));
        if question.action.eq_ignore_ascii_case(PassRole::ACTION) && !has(key::PASSED_TO_SERVICE) {
            notes.push("a real request has `iam:PassedToService`: give it with --context".to_owned());
        }
        let is_creation = question.action.eq_ignore_ascii_case(Operation::CreateRole.iam_action());
        if !lacks_trust && !is_creation && self.absent.iter().any(|(_, arn)| arn == resource) {
            notes.push(format!("{resource} does not exist {}", self.when()));
        }
        if lacks_trust {
            notes.push(format!("{resource} does not exist {}: nobody can assume it", self.when()));
        }
        for (role, policy) in self.opaque.iter().filter(|(role, _)| role == caller.name()) {
            notes.push(format!("{role} has {policy} attached, of which nobody knows what it says; it is left out"));
        }
        notes
    }
}

/// The service in the path of a service-linked role.
fn service_in_path(resource: &str) -> Option<&str> {
    let parts = ArnParts::split(resource)?;
    parts.resource.strip_prefix("role/aws-service-role/")?.split('/').next()
}

fn check_action(action: &str) -> Result<(), NotAQuestion> {
    let is_name = |text: &str, others: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || others.contains(c))
    };
    match action.split_once(':') {
        Some((service, name)) if is_name(service, "-") && is_name(name, "") => Ok(()),
        Some((_, name)) if name.contains(['*', '?']) => Err(NotAQuestion::new(
            format!("`{action}` is a pattern of actions"),
            Some("a call performs one action: name it".to_owned()),
        )),
        Some(_) => Err(NotAQuestion::new(
            format!("`{action}` is not an action"),
            Some("an action is a service and an operation, such as `iam:PassRole`".to_owned()),
        )),
        None => {
            let known = Operation::ALL.iter().map(|operation| operation.name());
            let meant = nearest(action, known).and_then(Operation::from_name);
            let help = meant.map_or_else(
                || "an action is a service and an operation, such as `iam:PassRole`".to_owned(),
                |meant| format!("did you mean `{}`?", meant.iam_action()),
            );
            Err(NotAQuestion::new(format!("`{action}` is not an action"), Some(help)))
        }
    }
}

fn in_words(decision: &Decision<'_>) -> (Outcome, String) {
    match decision {
        Decision::Allowed { by: Grant::Statement(by) } => (Outcome::Allowed, by.to_string()),
        Decision::Allowed { by: Grant::AccountRoot } => {
            (Outcome::Allowed, "the root user may do what no policy denies".to_owned())
        }
        Decision::ExplicitDeny { by } => (Outcome::ExplicitDeny, by.to_string()),
        Decision::ImplicitDeny { missing } => (Outcome::ImplicitDeny, format!("no {} allows it", missing.name())),
    }
}

/// The sorts of policies in the order in which they are asked, those that there are none of included.
fn layers(entitlements: &Entitlements<'_>, request: &Request<'_>, trust: Option<&ResourcePolicy<'_>>) -> Vec<Layer> {
    let trace = entitlements.trace(request, trust);
    let among = |belongs: &dyn Fn(&StatementRef<'_>) -> bool| -> Vec<Judged<'_>> {
        trace.iter().filter(|judged| belongs(&judged.statement)).copied().collect()
    };
    let of_type = |wanted: PolicyType| move |one: &StatementRef<'_>| one.policy.policy_type == wanted;
    let mut layers = Vec::new();
    let mut names: Vec<&str> = Vec::new();
    for policy in entitlements.service_control.iter().flatten() {
        let level = level_of(policy.name);
        if !names.contains(&level) {
            names.push(level);
        }
    }
    if names.is_empty() {
        layers.push(layer("service control policies", &[]));
    }
    for level in names {
        let of_level = |one: &StatementRef<'_>| {
            one.policy.policy_type == PolicyType::ServiceControl && level_of(one.policy.name) == level
        };
        layers.push(layer(&format!("service control policies of {level}"), &among(&of_level)));
    }
    if trust.is_some() {
        layers.push(layer("the role's trust policy", &among(&of_type(PolicyType::Trust))));
    }
    let own =
        |one: &StatementRef<'_>| one.policy.policy_type == PolicyType::IdentityBased && one.policy.group.is_none();
    layers.push(layer("the principal's own policies", &among(&own)));
    let mut groups: Vec<&str> = entitlements.identity.iter().filter_map(|policy| policy.group).collect();
    groups.dedup();
    for group in groups {
        let of_group = |one: &StatementRef<'_>| one.policy.group == Some(group);
        layers.push(layer(&format!("policies of the group {group}"), &among(&of_group)));
    }
    layers.push(layer("permissions boundary", &among(&of_type(PolicyType::PermissionsBoundary))));
    layers
}

/// Service control policies are named by level and policy.
fn level_of(policy: &str) -> &str {
    policy.split('/').next().unwrap_or(policy)
}

fn layer(name: &str, judged: &[Judged<'_>]) -> Layer {
    let applies = |effect: Effect| judged.iter().any(|one| one.fit == Fit::Applies && one.statement.effect() == effect);
    let answer = if judged.is_empty() {
        Answer::None
    } else if applies(Effect::Deny) {
        Answer::Denies
    } else if applies(Effect::Allow) {
        Answer::Allows
    } else {
        Answer::Silent
    };
    Layer { layer: name.to_owned(), answer, statements: judged.iter().map(statement).collect() }
}

fn statement(judged: &Judged<'_>) -> Statement {
    let because = match judged.fit {
        Fit::Applies => None,
        Fit::OtherPrincipal => Some("it names other principals".to_owned()),
        Fit::OtherAction => Some("it is about other actions".to_owned()),
        Fit::OtherResource => Some("it is about other resources".to_owned()),
        Fit::ConditionFails(condition) => {
            let values: Vec<&str> = condition.values().iter().map(AsRef::as_ref).collect();
            let (operator, key) = (condition.operator_name(), condition.key());
            Some(format!("its condition {operator} {key} = {} does not hold", values.join(" or ")))
        }
    };
    Statement {
        policy: judged.statement.policy.name.to_owned(),
        number: judged.statement.index + 1,
        sid: judged.statement.sid().map(str::to_owned),
        effect: judged.statement.effect().as_str(),
        applies: because.is_none(),
        because,
    }
}
