//! Trust policies: who may assume a role.
//!
//! A trust policy is written as the principals that it names, with spaces between them, or as a document. A list of names is what a
//! scenario writes; it stands for the document that lets each of them assume the role without conditions.

use std::collections::{BTreeMap, BTreeSet};

use crate::action::Operation;
use crate::id::{PrincipalIdx, RoleIdx, number};
use crate::policy::{
    ArnParts, AttachedPolicy, Caller, Context, Denial, Document, DocumentKind, Entitlements, PolicyType, Request,
    ResourcePolicy, Statement,
};
use crate::set::IdSet;
use crate::state::State;
use crate::universe::Universe;
use crate::world::{Item, RoleSort, World};

use super::authorise::About;

/// Whether the text is a document and no list of names.
fn is_document(text: &str) -> bool {
    text.starts_with('{')
}

/// Every trust policy of the world that is written as a document.
pub(crate) fn documents(world: &World) -> BTreeMap<String, Document> {
    let first = world.roles.iter().flat_map(|slot| slot.sort.given_trust());
    let later = world.attachments.iter().filter_map(|attachment| match &attachment.item {
        Item::TrustPolicy(text) => Some(text),
        Item::Tag(_)
        | Item::ManagedPolicy(_)
        | Item::InlinePolicy(_)
        | Item::InstanceProfile(_)
        | Item::Boundary(_) => None,
    });
    let written = first.chain(later).filter(|text| is_document(text));
    written.filter_map(|text| Some((text.clone(), Document::parse(DocumentKind::Trust, text).ok()?))).collect()
}

/// Every service principal that a trust policy of the account's own roles names.
pub fn services(world: &World) -> BTreeSet<String> {
    let first = world.roles.iter().filter_map(|slot| match &slot.sort {
        RoleSort::Ordinary { trust, .. } => Some(trust.iter().map(String::as_str).collect()),
        RoleSort::ServiceLinked { .. } => None,
    });
    let later = world.attachments.iter().filter_map(|attachment| match &attachment.item {
        Item::TrustPolicy(text) => Some(vec![text.as_str()]),
        Item::Tag(_)
        | Item::ManagedPolicy(_)
        | Item::InlinePolicy(_)
        | Item::InstanceProfile(_)
        | Item::Boundary(_) => None,
    });
    let documents = first.chain(later).filter_map(|texts: Vec<&str>| document_of(&apart(&texts)));
    documents.flat_map(|document| document.service_principals().map(str::to_owned).collect::<Vec<_>>()).collect()
}

/// Whether a trust policy lets a service assume the role. A document that cannot be read lets nobody.
pub(crate) fn text_names(documents: &BTreeMap<String, Document>, text: &str, principal: &str) -> bool {
    if !is_document(text) {
        return text.split(' ').any(|name| name == principal);
    }
    let Some(document) = documents.get(text) else {
        return false;
    };
    let service = Caller::service(principal);
    lets(document, &service, &service.context(), &Entitlements::default(), "", "*").is_ok()
}

/// Whom a trust policy names, without the conditions under which it does.
pub(crate) fn names(documents: &BTreeMap<String, Document>, text: &str) -> Vec<String> {
    if !is_document(text) {
        return text.split(' ').map(str::to_owned).collect();
    }
    let statements = documents.get(text).map(Document::statements).unwrap_or_default();
    let named = statements.iter().filter_map(Statement::principals).filter(|principals| !principals.negated);
    named.flat_map(|principals| &principals.listed).map(|pattern| pattern.text().to_owned()).collect()
}

/// The document that a list of names stands for; `None` if it names nobody, or what a trust policy cannot name.
pub fn document_of(names: &[&str]) -> Option<Document> {
    if let [text] = names
        && is_document(text)
    {
        return Document::parse(DocumentKind::Trust, text).ok();
    }
    let is_service =
        |name: &&&str| !name.starts_with("arn:") && **name != "*" && !name.bytes().all(|b| b.is_ascii_digit());
    let services: Vec<&str> = names.iter().filter(is_service).copied().collect();
    let others: Vec<&str> = names.iter().filter(|name| !is_service(name)).copied().collect();
    let mut principal = serde_json::Map::new();
    for (key, listed) in [("Service", services), ("AWS", others)] {
        if !listed.is_empty() {
            principal.insert(key.to_owned(), listed.into());
        }
    }
    let text = serde_json::json!({
        "Version": "2012-10-17",
        "Statement": { "Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole" },
    });
    Document::parse(DocumentKind::Trust, &text.to_string()).ok()
}

/// The names in the text of a trust policy, one by one; a document stays what it is.
pub fn texts(text: &str) -> Vec<&str> {
    apart(&[text])
}

/// The names in texts, one by one; a document stays what it is.
fn apart<'a>(texts: &[&'a str]) -> Vec<&'a str> {
    texts.iter().flat_map(|text| if is_document(text) { vec![*text] } else { text.split(' ').collect() }).collect()
}

/// How long a trust policy is as IAM counts it; nothing if it cannot be read.
pub(super) fn length(texts: &[&str]) -> Option<u32> {
    document_of(&apart(texts)).map(|document| document.quota_characters())
}

/// What is wrong with a trust policy that is written as a document, in one line.
pub(crate) fn mistake(text: &str) -> Option<String> {
    let parsed = is_document(text).then(|| Document::parse(DocumentKind::Trust, text));
    parsed.and_then(Result::err).map(|malformed| malformed.to_string())
}

fn lets(
    document: &Document,
    caller: &Caller,
    context: &Context,
    entitlements: &Entitlements<'_>,
    account: &str,
    role_arn: &str,
) -> Result<(), Denial> {
    let policy = AttachedPolicy { name: role_arn, policy_type: PolicyType::Trust, group: None, document };
    let request = Request::new(caller, Operation::AssumeRole.iam_action(), role_arn, context);
    Denial::of(&entitlements.decide(&request, Some(&ResourcePolicy { account, policy }))).map_or(Ok(()), Err)
}

impl<S: IdSet> Universe<S> {
    /// The role's trust policy now, as a document; `None` if it lets nobody assume the role.
    pub fn trust_document(&self, state: &State<S>, role: RoleIdx) -> Option<Document> {
        if let Some(text) = self.replaced_trust(state, role) {
            return document_of(&if is_document(text) { vec![text] } else { text.split(' ').collect() });
        }
        match &self.world().roles[role.index()].sort {
            RoleSort::Ordinary { trust, .. } => document_of(&trust.iter().map(String::as_str).collect::<Vec<_>>()),
            RoleSort::ServiceLinked { service, .. } => {
                let trust = &self.world().services[service.index()].trust;
                document_of(&trust.iter().map(crate::name::ServicePrincipal::as_str).collect::<Vec<_>>())
            }
        }
    }

    /// Whether a trust policy names a user or a role of this account that is not there, or a service that there is not. Of other accounts
    /// nothing is known.
    ///
    /// Source: IAM API Reference, `UpdateAssumeRolePolicy`, errors, `MalformedPolicyDocument`.
    pub(super) fn names_missing_principal(&self, state: &State<S>, texts: &[&str]) -> bool {
        let world = self.world();
        let is_there = |arn: &str| {
            let named = |principal: u32| self.principal_arn(PrincipalIdx(principal)) == arn;
            let user = (0..number(world.principals.len())).any(named) || world.access.user_named(arn);
            user || state.live_roles().iter().any(|role| self.role_arn(RoleIdx(role)) == arn)
        };
        document_of(&apart(texts)).is_some_and(|document| {
            document.service_principals().any(|service| world.unknown_services.contains(service))
                || document.principal_arns().any(|arn| {
                    let own = ArnParts::split(arn)
                        .is_some_and(|parts| parts.service == "iam" && parts.account == world.account.as_str());
                    own && !is_there(arn)
                })
        })
    }

    /// Refuses to let the principal assume the role now where the role's trust policy and the principal's own policies do not.
    ///
    /// Source: IAM User Guide, "Policy evaluation logic"; AWS STS API Reference, `AssumeRole`.
    pub(super) fn may_assume(&self, state: &State<S>, by: PrincipalIdx, role: RoleIdx) -> Result<(), Denial> {
        let document = self.trust_document(state, role).ok_or(Denial::Missing(PolicyType::Trust))?;
        let (account, role_arn) = (self.world().account.as_str(), self.role_arn(role));
        self.with_entitlements(state, by, |caller, entitlements| {
            let mut context = caller.context();
            self.describe(state, Operation::AssumeRole, role, About::Nothing, &mut context);
            lets(&document, caller, &context, entitlements, account, &role_arn)
        })
    }
}
