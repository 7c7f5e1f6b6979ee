//! Who may do what: users, groups, roles, their policies, and what limits them.

use std::collections::BTreeSet;

use slr_core::policy;
use slr_core::service::ServiceDefinition;
use slr_core::world::{self, Authority};

use super::{Lowerer, Lowering};
use crate::catalog::Catalog;
use crate::diagnostic::{Code, Diagnostic};
use crate::syntax;
use crate::yaml::{Span, Spanned};

/// The name of the sessions in which roles call. Nothing depends on it.
const SESSION_NAME: &str = "session";

impl Lowerer<'_> {
    /// Users and groups with their policies, and what limits them.
    pub(super) fn principals(&mut self) -> Lowering<()> {
        self.managed_policies()?;
        self.service_control()?;
        if !self.scenario.organization.is_empty() {
            self.bind_administrator()?;
        }
        for (name, group) in self.scenario.groups.iter() {
            self.world.access.add_group(name).map_err(|error| bad_policy(name.span, error.to_string()))?;
            self.rights(policy::Entity::Group(name), group.span, &group.policies, &group.allow, &group.attached)?;
        }
        for (name, user) in self.scenario.users.iter() {
            let wrong = |error: policy::AccountError| bad_policy(name.span, error.to_string());
            self.world.access.add_user("/", name).map_err(wrong)?;
            let entity = policy::Entity::User(name);
            self.rights(entity, user.span, &user.policies, &user.allow, &user.attached)?;
            for group in &user.groups {
                self.world.access.add_to_group(name, group).map_err(wrong)?;
            }
            if let Some(boundary) = &user.boundary {
                let arn = self.policy_arn(boundary);
                self.world.access.set_boundary(entity, Some(&arn)).map_err(wrong)?;
            }
            let caller = self.world.access.user_caller(name).map_err(wrong)?;
            self.world
                .principals
                .push(world::Principal { name: name.value.clone(), authority: Authority::Policies(Box::new(caller)) });
        }
        Ok(())
    }

    /// The account's own managed policies, and those of AWS whose contents are known.
    fn managed_policies(&mut self) -> Lowering<()> {
        let own = self.scenario.policies.iter().map(|(name, document)| (self.policy_arn(name), document));
        for (arn, document) in own.collect::<Vec<_>>() {
            let compiled = compiled(document, policy::DocumentKind::Identity)?;
            let put = self.world.access.put_managed_policy(&arn, compiled);
            put.map_err(|error| bad_policy(document.span, error.to_string()))?;
        }
        for (_, known) in policy::guides::AWS_MANAGED {
            let wrong = |error: &dyn std::fmt::Display| bad_policy(Span::default(), error.to_string());
            if let Some((arn, known)) = policy::guides::aws_managed(&self.world.partition, known.name) {
                let document = known.document(&[]).map_err(|error| wrong(&error))?;
                self.world.access.put_managed_policy(&arn, document).map_err(|error| wrong(&error))?;
            }
        }
        Ok(())
    }

    fn service_control(&mut self) -> Lowering<()> {
        let mut levels = Vec::new();
        for (name, level) in self.scenario.organization.iter() {
            let mut policies = Vec::new();
            if level.full_access() {
                let full = policy::guides::FULL_AWS_ACCESS;
                let document = full.document(&[]).map_err(|error| bad_policy(level.span, error.to_string()))?;
                policies.push((format!("{}/{}", name.value, full.name), document));
            }
            for (number, document) in (1..).zip(&level.policies) {
                let compiled = compiled(document, policy::DocumentKind::Identity)?;
                policies.push((format!("{}/policy-{number}", name.value), compiled));
            }
            levels.push(policy::ServiceControlLevel { policies });
        }
        self.world.access.set_service_control(levels).map_err(|error| bad_policy(Span::default(), error.to_string()))
    }

    /// What binds an account binds those who may do everything in it.
    pub(super) fn bind_administrator(&mut self) -> Lowering<()> {
        let wrong = |error: &dyn std::fmt::Display| bad_policy(Span::default(), error.to_string());
        let (name, everything) = (syntax::User::ADMIN, policy::guides::ADMINISTRATOR_ACCESS);
        let document = everything.document(&[]).map_err(|error| wrong(&error))?;
        let access = &mut self.world.access;
        access.add_user("/", name).map_err(|error| wrong(&error))?;
        access
            .put_inline_policy(policy::Entity::User(name), everything.name, document)
            .map_err(|error| wrong(&error))?;
        let caller = access.user_caller(name).map_err(|error| wrong(&error))?;
        for principal in self.world.principals.iter_mut().filter(|principal| principal.name == name) {
            principal.authority = Authority::Policies(Box::new(caller.clone()));
        }
        Ok(())
    }

    /// Puts on a user or a group what the scenario gives it.
    fn rights(
        &mut self,
        entity: policy::Entity<'_>,
        span: Span,
        documents: &[Spanned<syntax::PolicyDocument>],
        allow: &[syntax::Text],
        attached: &[syntax::Text],
    ) -> Lowering<()> {
        for (name, document) in inline_policies(documents, allow, span)? {
            let put = self.world.access.put_inline_policy(entity, &name, document);
            put.map_err(|error| bad_policy(span, error.to_string()))?;
        }
        for policy in attached {
            let arn = self.policy_arn(policy);
            self.world
                .access
                .attach_policy(entity, &arn)
                .map_err(|error| bad_policy(policy.span, error.to_string()))?;
        }
        Ok(())
    }

    /// Sessions of the account's own roles, where a step or an operator calls as one.
    pub(super) fn role_sessions(&mut self) {
        let steps = self.scenario.steps.iter().filter_map(|step| match &step.value {
            syntax::Step::Do(step) => step.caller.as_ref().map(|name| name.value.as_str()),
            syntax::Step::Happens(_) => None,
        });
        let callers = steps.chain(self.scenario.operators.iter().map(|(_, operator)| operator.caller()));
        let is_role = |name: &&str| *name != syntax::User::ADMIN && self.scenario.users.get(name).is_none();
        let names: BTreeSet<&str> = callers.filter(is_role).collect();
        for name in names {
            let Some((role_name, _)) = self.scenario.roles.iter().find(|(known, _)| known.value == name) else {
                continue;
            };
            let Some(role) = self.world.role_named(role_name) else {
                continue;
            };
            let caller = Box::new(policy::Caller::session(
                &self.world.partition,
                self.world.account.as_str(),
                &self.world.role_arn(role),
                name,
                SESSION_NAME,
                false,
            ));
            let authority = Authority::Role { role, caller };
            self.world.principals.push(world::Principal { name: name.to_owned(), authority });
        }
    }

    /// A managed policy by its ARN; a bare name means one that the scenario declares, or else one of AWS's own.
    pub(super) fn policy_arn(&self, policy: &Spanned<String>) -> String {
        if self.scenario.policies.get(policy).is_some() {
            return format!("arn:{}:iam::{}:policy/{policy}", self.world.partition, self.world.account.as_str());
        }
        if let Some((arn, _)) = policy::guides::aws_managed(&self.world.partition, policy) {
            return arn;
        }
        let of_aws = format!("arn:{}:iam::aws:policy/", self.world.partition);
        // Whoever leaves the path out means the same policy: no two of AWS's have one name (Assumed).
        let name = policy.strip_prefix(&of_aws).map_or(policy.as_str(), |path| path.rsplit('/').next().unwrap_or(path));
        let of_service = |service: &ServiceDefinition| service.policy.as_deref() == Some(name);
        if self.world.services.iter().any(of_service) || Catalog::is_service_policy(name) {
            format!("{of_aws}aws-service-role/{name}")
        } else if policy.starts_with("arn:") {
            policy.value.clone()
        } else {
            format!("{of_aws}{policy}")
        }
    }
}

#[expect(clippy::unnecessary_box_returns, reason = "it is the error of `Lowering`, which is small so")]
fn bad_policy(span: Span, message: String) -> Box<Diagnostic> {
    Box::new(Diagnostic::new(Code::BadPolicy, span, message))
}

pub(super) fn compiled(
    document: &Spanned<syntax::PolicyDocument>,
    kind: policy::DocumentKind,
) -> Lowering<policy::Document> {
    // Whether it is of the account's partition was looked at before.
    syntax::compile(document, kind, None).map_err(|mistakes| {
        let first = mistakes.into_iter().next();
        first.map_or_else(|| bad_policy(document.span, "the policy document cannot be read".to_owned()), Box::new)
    })
}

/// Inline policies with the names that the model gives them: by number, and `allow` for what is allowed on everything.
pub(super) fn inline_policies(
    documents: &[Spanned<syntax::PolicyDocument>],
    allow: &[syntax::Text],
    span: Span,
) -> Lowering<Vec<(String, policy::Document)>> {
    let kind = policy::DocumentKind::Identity;
    let numbered =
        (1..).zip(documents).map(|(number, document)| Ok((format!("policy-{number}"), compiled(document, kind)?)));
    let mut policies: Vec<(String, policy::Document)> = numbered.collect::<Lowering<_>>()?;
    if !allow.is_empty() {
        let actions: Vec<&str> = allow.iter().map(|action| action.as_str()).collect();
        let statement = serde_json::json!({ "Effect": "Allow", "Action": actions, "Resource": "*" });
        let document = serde_json::json!({ "Version": "2012-10-17", "Statement": [statement] });
        let document = policy::Document::parse(kind, &document.to_string());
        policies.push(("allow".to_owned(), document.map_err(|error| bad_policy(span, error.to_string()))?));
    }
    Ok(policies)
}

/// A trust policy as the core takes it: names, or the text of a document.
pub(super) fn trust_of(names: &[syntax::Text], document: Option<&Spanned<syntax::PolicyDocument>>) -> Vec<String> {
    match document {
        Some(document) => vec![document.text().to_owned()],
        None => names.iter().map(|principal| principal.value.clone()).collect(),
    }
}
