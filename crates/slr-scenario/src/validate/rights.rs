//! Who may do what: users, groups, roles, policies, and the organization.

use std::collections::BTreeSet;

use slr_core::policy::{DocumentKind, guides};

use super::pattern::is_iam_name;
use super::{Check, limit};
use crate::diagnostic::{Code, Diagnostic};
use crate::syntax::grammar::clipped;
use crate::syntax::{PolicyDocument, Text, User};
use crate::yaml::Spanned;

pub(crate) fn check(check: &mut Check<'_>) {
    roles(check);
    policies(check);
    groups(check);
    users(check);
    organization(check);
}

fn roles(check: &mut Check<'_>) {
    let scenario = check.scenario;
    let services: BTreeSet<&str> = (check.world.services.values()).map(|service| service.role.as_str()).collect();
    for (name, role) in scenario.roles.iter() {
        check.role_name(name);
        if services.contains(name.as_str()) {
            check.report(
                Diagnostic::new(Code::DuplicateRole, name.span, format!("`{name}` is the name of a service's role"))
                    .help("an ordinary role needs a name of its own; names that differ only in case differ here"),
            );
        }
        check.no_repetition(&role.trust, "the principal");
        for principal in &role.trust {
            check.trusted(principal);
        }
        check.one_trust_policy(&role.trust, role.trust_policy.as_ref(), "trust-policy");
        if let Some(path) = &role.path {
            check.path(path);
        }
        if let Some(description) = &role.description {
            check.description(description);
        }
        if let Some(duration) = &role.max_session_duration {
            check.session_duration(duration);
        }
        for policy in &role.attached {
            check.policy(policy);
            check.attachable_policy(policy);
        }
        check.too_many(role.attached.iter().map(|policy| policy.span), "managed policies", limit::MANAGED_POLICIES);
        if let Some(boundary) = &role.boundary {
            check.known_policy(boundary);
        }
        check.granted(&role.allow, &role.policies);
    }
}

fn policies(check: &mut Check<'_>) {
    for (name, document) in check.scenario.policies.iter() {
        if !is_iam_name(name, 128) {
            check.report(
                Diagnostic::new(
                    Code::BadName,
                    name.span,
                    format!("`{}` is not a name that a policy can have", clipped(name)),
                )
                .help("a policy's name has 1 to 128 letters, digits and `_+=,.@-`"),
            );
        }
        if guides::aws_managed("aws", name).is_some() {
            check.report(
                Diagnostic::new(Code::BadName, name.span, format!("`{name}` is a policy of AWS"))
                    .help("a policy of the account's own needs another name"),
            );
        }
        check.policy_document(document, DocumentKind::Identity);
    }
}

fn groups(check: &mut Check<'_>) {
    for (name, group) in check.scenario.groups.iter() {
        check.own_name(name, "a name that a group can have");
        for policy in &group.attached {
            check.known_policy(policy);
        }
        check.granted(&group.allow, &group.policies);
    }
}

fn users(check: &mut Check<'_>) {
    for (name, user) in check.scenario.users.iter() {
        if name.value == User::ADMIN {
            check.report(
                Diagnostic::new(Code::BadName, name.span, "`admin` is there without being declared")
                    .help("admin may do everything; a user with fewer rights needs another name"),
            );
        }
        check.own_name(name, "a name that a user can have");
        check.no_repetition(&user.groups, "the group");
        for group in &user.groups {
            check.group(group);
        }
        for policy in user.attached.iter().chain(&user.boundary) {
            check.known_policy(policy);
        }
        check.granted(&user.allow, &user.policies);
    }
}

fn organization(check: &mut Check<'_>) {
    for (name, level) in check.scenario.organization.iter() {
        check.own_name(name, "a name that a level can have");
        for document in &level.policies {
            check.policy_document(document, DocumentKind::Identity);
        }
    }
}

impl Check<'_> {
    fn granted(&mut self, allow: &[Text], policies: &[Spanned<PolicyDocument>]) {
        for action in allow {
            self.action(action);
        }
        for document in policies {
            self.policy_document(document, DocumentKind::Identity);
        }
    }

    /// Everything for which IAM would refuse a policy document, each mistake where it was written.
    pub(crate) fn policy_document(&mut self, document: &Spanned<PolicyDocument>, kind: DocumentKind) {
        // What cannot be read of the account has been reported.
        let partition = self.damage.spares(&["account"]).then(|| self.scenario.account().partition().word());
        for mistake in crate::syntax::compile(document, kind, partition).err().unwrap_or_default() {
            self.report(mistake);
        }
    }

    /// A trust policy is a list of names or a document; `key` is the document's.
    pub(crate) fn one_trust_policy(&mut self, names: &[Text], document: Option<&Spanned<PolicyDocument>>, key: &str) {
        let Some(document) = document else {
            return;
        };
        self.policy_document(document, DocumentKind::Trust);
        if let Some(name) = names.first() {
            self.report(
                Diagnostic::new(
                    Code::ExclusiveKeys,
                    document.span,
                    format!("a role has either `trust` or `{key}`, not both"),
                )
                .also(name.span, "the other one is here")
                .help("put the principals into the document"),
            );
        }
    }

    pub(super) fn group(&mut self, name: &Text) {
        let scenario = self.scenario;
        if scenario.groups.get(name).is_none() && self.damage.spares(&["groups"]) {
            let help = self.guess(name, scenario.groups.names());
            let help = help.unwrap_or_else(|| "declare it under `groups`".to_owned());
            let message = format!("there is no group `{}`", clipped(name));
            self.report(Diagnostic::new(Code::UnknownGroup, name.span, message).help(help));
        }
    }

    /// A managed policy of which it matters what it says.
    fn known_policy(&mut self, name: &Text) {
        if !self.policy_of_the_account(name) {
            return;
        }
        let scenario = self.scenario;
        let account = scenario.account();
        let partition = account.partition();
        let own = |known: &str| {
            known == name.value
                || format!("arn:{}:iam::{}:policy/{known}", partition.word(), account.id()) == name.value
        };
        let is_known = scenario.policies.names().any(own) || guides::aws_managed(partition.word(), name).is_some();
        if !is_known && self.damage.spares(&["policies", "account"]) {
            let known = scenario.policies.names().chain(guides::AWS_MANAGED.iter().map(|(_, policy)| policy.name));
            let help = self.guess(name, known);
            let help = help.unwrap_or_else(|| "declare it under `policies`".to_owned());
            let message = format!("nobody knows what the policy `{}` says", clipped(name));
            self.report(Diagnostic::new(Code::UnknownPolicy, name.span, message).help(help));
        }
    }
}
