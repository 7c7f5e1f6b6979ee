//! An AWS account as evaluation sees it: users, groups, roles, and the policies on them.

use std::collections::{BTreeMap, BTreeSet};

use super::arn::{ArnParts, service_linked_role_arn};
use super::caller::{Caller, CallerKind};
use super::context::Context;
use super::document::{Document, DocumentKind};
use super::evaluate::{AttachedPolicy, Decision, Entitlements, PolicyType, Request, ResourcePolicy};

/// A name to look up by. IAM keeps the case of names and ignores it when it compares them.
///
/// Source: IAM User Guide, "IAM and STS quotas", IAM name requirements.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct NameKey(String);

impl NameKey {
    fn new(name: &str) -> Self {
        Self(name.to_ascii_lowercase())
    }
}

/// The policies on a user, a group or a role.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Policies {
    inline: BTreeMap<String, Document>,
    /// ARNs of managed policies.
    attached: BTreeSet<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct User {
    name: String,
    arn: String,
    policies: Policies,
    groups: BTreeSet<NameKey>,
    boundary: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Group {
    name: String,
    policies: Policies,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Role {
    name: String,
    arn: String,
    linked: bool,
    trust: Document,
    policies: Policies,
    boundary: Option<String>,
}

/// Whose policies are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entity<'a> {
    /// A user, by name.
    User(&'a str),
    /// A group, by name.
    Group(&'a str),
    /// A role, by name.
    Role(&'a str),
}

impl Entity<'_> {
    const fn kind(&self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::Group(_) => "group",
            Self::Role(_) => "role",
        }
    }

    const fn name(&self) -> &str {
        match self {
            Self::User(name) | Self::Group(name) | Self::Role(name) => name,
        }
    }
}

/// Why an account cannot be changed or asked as wished.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// Nothing of that name.
    #[error("The {kind} with name {name} cannot be found.")]
    NoSuchEntity {
        /// `user`, `group`, `role` or `policy`.
        kind: &'static str,
        /// As asked for.
        name: String,
    },
    /// The name is in use; case does not make a difference.
    #[error("{kind} with name {name} already exists.")]
    EntityAlreadyExists {
        /// `User`, `Group` or `Role`.
        kind: &'static str,
        /// As asked for.
        name: String,
    },
    /// The document was parsed for another place.
    #[error("the policy document was parsed as another kind of policy")]
    WrongDocumentKind,
    /// The permissions boundary of a group, or of a service-linked role: neither exists.
    #[error("a {kind} takes no permissions boundary")]
    NoBoundary {
        /// `group` or `service-linked role`.
        kind: &'static str,
    },
}

/// A level of an organization above the account, or the account itself, with its service control policies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceControlLevel {
    /// Each with its name.
    pub policies: Vec<(String, Document)>,
}

/// Users, groups and roles of one account with their policies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    partition: String,
    id: String,
    users: BTreeMap<NameKey, User>,
    groups: BTreeMap<NameKey, Group>,
    roles: BTreeMap<NameKey, Role>,
    managed: BTreeMap<String, Document>,
    service_control: Vec<ServiceControlLevel>,
}

type Changed = Result<(), AccountError>;

impl Account {
    /// An account without any identity but its root user. `id` is twelve digits.
    pub fn new(partition: &str, id: &str) -> Self {
        Self {
            partition: partition.to_owned(),
            id: id.to_owned(),
            users: BTreeMap::new(),
            groups: BTreeMap::new(),
            roles: BTreeMap::new(),
            managed: BTreeMap::new(),
            service_control: Vec::new(),
        }
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its partition.
    pub fn partition(&self) -> &str {
        &self.partition
    }

    /// Makes a user. `path` begins and ends with `/`.
    ///
    /// # Errors
    /// [`AccountError::EntityAlreadyExists`].
    pub fn add_user(&mut self, path: &str, name: &str) -> Changed {
        let arn = format!("arn:{}:iam::{}:user{path}{name}", self.partition, self.id);
        let user =
            User { name: name.to_owned(), arn, policies: Policies::default(), groups: BTreeSet::new(), boundary: None };
        insert_new(&mut self.users, "User", name, user)
    }

    /// Makes a group.
    ///
    /// # Errors
    /// [`AccountError::EntityAlreadyExists`].
    pub fn add_group(&mut self, name: &str) -> Changed {
        let group = Group { name: name.to_owned(), policies: Policies::default() };
        insert_new(&mut self.groups, "Group", name, group)
    }

    /// Makes an ordinary role or a service role. `path` begins and ends with `/`.
    ///
    /// # Errors
    /// [`AccountError::EntityAlreadyExists`], [`AccountError::WrongDocumentKind`].
    pub fn add_role(&mut self, path: &str, name: &str, trust: Document) -> Changed {
        let arn = format!("arn:{}:iam::{}:role{path}{name}", self.partition, self.id);
        self.insert_role(name, arn, trust, false)
    }

    /// Makes a service-linked role; `name` is the final name, suffix included.
    ///
    /// # Errors
    /// [`AccountError::EntityAlreadyExists`], [`AccountError::WrongDocumentKind`].
    pub fn add_service_linked_role(&mut self, service_principal: &str, name: &str, trust: Document) -> Changed {
        let arn = service_linked_role_arn(&self.partition, &self.id, service_principal, name);
        self.insert_role(name, arn, trust, true)
    }

    fn insert_role(&mut self, name: &str, arn: String, trust: Document, linked: bool) -> Changed {
        expect_kind(&trust, DocumentKind::Trust)?;
        let role = Role { name: name.to_owned(), arn, linked, trust, policies: Policies::default(), boundary: None };
        insert_new(&mut self.roles, "Role", name, role)
    }

    /// Removes a user, group or role with all that is on it, and a group from its members.
    ///
    /// # Errors
    /// [`AccountError::NoSuchEntity`].
    pub fn remove(&mut self, entity: Entity<'_>) -> Changed {
        let key = NameKey::new(entity.name());
        let found = match entity {
            Entity::User(_) => self.users.remove(&key).is_some(),
            Entity::Role(_) => self.roles.remove(&key).is_some(),
            Entity::Group(_) => {
                for user in self.users.values_mut() {
                    user.groups.remove(&key);
                }
                self.groups.remove(&key).is_some()
            }
        };
        if found { Ok(()) } else { Err(absent(entity.kind(), entity.name())) }
    }

    /// Puts a user into a group.
    ///
    /// # Errors
    /// [`AccountError::NoSuchEntity`].
    pub fn add_to_group(&mut self, user: &str, group: &str) -> Changed {
        let group_key = NameKey::new(group);
        if !self.groups.contains_key(&group_key) {
            return Err(absent("group", group));
        }
        let user = self.users.get_mut(&NameKey::new(user)).ok_or_else(|| absent("user", user))?;
        user.groups.insert(group_key);
        Ok(())
    }

    /// Takes a user out of a group; nothing happens if it was not in it.
    ///
    /// # Errors
    /// [`AccountError::NoSuchEntity`].
    pub fn remove_from_group(&mut self, user: &str, group: &str) -> Changed {
        let user = self.users.get_mut(&NameKey::new(user)).ok_or_else(|| absent("user", user))?;
        user.groups.remove(&NameKey::new(group));
        Ok(())
    }

    /// Makes or replaces a managed policy.
    ///
    /// # Errors
    /// [`AccountError::WrongDocumentKind`].
    pub fn put_managed_policy(&mut self, arn: &str, document: Document) -> Changed {
        expect_kind(&document, DocumentKind::Identity)?;
        self.managed.insert(arn.to_owned(), document);
        Ok(())
    }

    fn policies_of(&mut self, entity: Entity<'_>) -> Result<&mut Policies, AccountError> {
        let key = NameKey::new(entity.name());
        let policies = match entity {
            Entity::User(_) => self.users.get_mut(&key).map(|user| &mut user.policies),
            Entity::Group(_) => self.groups.get_mut(&key).map(|group| &mut group.policies),
            Entity::Role(_) => self.roles.get_mut(&key).map(|role| &mut role.policies),
        };
        policies.ok_or_else(|| absent(entity.kind(), entity.name()))
    }

    /// Makes or replaces an inline policy.
    ///
    /// # Errors
    /// [`AccountError::NoSuchEntity`], [`AccountError::WrongDocumentKind`].
    pub fn put_inline_policy(&mut self, entity: Entity<'_>, name: &str, document: Document) -> Changed {
        expect_kind(&document, DocumentKind::Identity)?;
        self.policies_of(entity)?.inline.insert(name.to_owned(), document);
        Ok(())
    }

    /// Removes an inline policy.
    ///
    /// # Errors
    /// [`AccountError::NoSuchEntity`] for the entity or the policy.
    pub fn delete_inline_policy(&mut self, entity: Entity<'_>, name: &str) -> Changed {
        match self.policies_of(entity)?.inline.remove(name) {
            Some(_) => Ok(()),
            None => Err(absent("policy", name)),
        }
    }

    /// Removes an inline policy and says what it said; `None` if there is none.
    pub fn take_inline_policy(&mut self, entity: Entity<'_>, name: &str) -> Option<Document> {
        self.policies_of(entity).ok()?.inline.remove(name)
    }

    /// Attaches a managed policy, which has to exist.
    ///
    /// # Errors
    /// [`AccountError::NoSuchEntity`] for the entity or the policy.
    pub fn attach_policy(&mut self, entity: Entity<'_>, policy_arn: &str) -> Changed {
        if !self.managed.contains_key(policy_arn) {
            return Err(absent("policy", policy_arn));
        }
        self.policies_of(entity)?.attached.insert(policy_arn.to_owned());
        Ok(())
    }

    /// Detaches a managed policy.
    ///
    /// # Errors
    /// [`AccountError::NoSuchEntity`] for the entity or the policy.
    pub fn detach_policy(&mut self, entity: Entity<'_>, policy_arn: &str) -> Changed {
        if self.policies_of(entity)?.attached.remove(policy_arn) { Ok(()) } else { Err(absent("policy", policy_arn)) }
    }

    /// Sets or removes the permissions boundary of a user or an ordinary role.
    ///
    /// # Errors
    /// [`AccountError::NoSuchEntity`] for the entity or the policy; [`AccountError::NoBoundary`].
    pub fn set_boundary(&mut self, entity: Entity<'_>, policy_arn: Option<&str>) -> Changed {
        if let Some(arn) = policy_arn
            && !self.managed.contains_key(arn)
        {
            return Err(absent("policy", arn));
        }
        let key = NameKey::new(entity.name());
        let boundary = match entity {
            Entity::Group(_) => return Err(AccountError::NoBoundary { kind: "group" }),
            Entity::User(name) => &mut self.users.get_mut(&key).ok_or_else(|| absent("user", name))?.boundary,
            Entity::Role(name) => {
                let role = self.roles.get_mut(&key).ok_or_else(|| absent("role", name))?;
                // Source: IAM User Guide, "Permissions boundaries for IAM entities".
                if role.linked {
                    return Err(AccountError::NoBoundary { kind: "service-linked role" });
                }
                &mut role.boundary
            }
        };
        *boundary = policy_arn.map(str::to_owned);
        Ok(())
    }

    /// Replaces the trust policy of a role.
    ///
    /// # Errors
    /// [`AccountError::NoSuchEntity`], [`AccountError::WrongDocumentKind`].
    pub fn set_trust_policy(&mut self, role: &str, trust: Document) -> Changed {
        expect_kind(&trust, DocumentKind::Trust)?;
        let found = self.roles.get_mut(&NameKey::new(role)).ok_or_else(|| absent("role", role))?;
        found.trust = trust;
        Ok(())
    }

    /// Puts the account under an organization's service control policies, from the root down; none: out of it.
    ///
    /// # Errors
    /// [`AccountError::WrongDocumentKind`].
    pub fn set_service_control(&mut self, levels: Vec<ServiceControlLevel>) -> Changed {
        for (_, document) in levels.iter().flat_map(|level| &level.policies) {
            expect_kind(document, DocumentKind::Identity)?;
        }
        self.service_control = levels;
        Ok(())
    }

    /// The root user as a caller.
    pub fn root_caller(&self) -> Caller {
        Caller::account_root(&self.partition, &self.id)
    }

    /// A user as a caller.
    ///
    /// # Errors
    /// [`AccountError::NoSuchEntity`].
    pub fn user_caller(&self, name: &str) -> Result<Caller, AccountError> {
        let user = self.users.get(&NameKey::new(name)).ok_or_else(|| absent("user", name))?;
        Ok(Caller::user(&self.id, &user.arn, &user.name))
    }

    /// A session of a role as a caller.
    ///
    /// # Errors
    /// [`AccountError::NoSuchEntity`].
    pub fn session_caller(&self, role: &str, session: &str) -> Result<Caller, AccountError> {
        let role = self.roles.get(&NameKey::new(role)).ok_or_else(|| absent("role", role))?;
        Ok(Caller::session(&self.partition, &self.id, &role.arn, &role.name, session, role.linked))
    }

    /// Names of all users, as written, in order.
    pub fn users(&self) -> impl Iterator<Item = &str> {
        self.users.values().map(|user| user.name.as_str())
    }

    /// Whether a user has this ARN.
    pub fn user_named(&self, arn: &str) -> bool {
        self.users.values().any(|user| user.arn == arn)
    }

    /// Whether there is such a group.
    pub fn has_group(&self, name: &str) -> bool {
        self.groups.contains_key(&NameKey::new(name))
    }

    /// Names of the groups to which a user belongs, in order.
    pub fn groups_of(&self, user: &str) -> impl Iterator<Item = &str> {
        let groups = self.users.get(&NameKey::new(user)).into_iter().flat_map(|user| &user.groups);
        groups.filter_map(|group| self.groups.get(group)).map(|group| group.name.as_str())
    }

    /// The policies of a group.
    pub fn group_policies(&self, name: &str) -> Vec<AttachedPolicy<'_>> {
        let mut policies = Vec::new();
        if let Some(group) = self.groups.get(&NameKey::new(name)) {
            self.gather(&group.policies, Some(&group.name), &mut policies);
        }
        policies
    }

    /// The ARN of a user's permissions boundary, if it has one.
    pub fn user_boundary(&self, name: &str) -> Option<&str> {
        self.users.get(&NameKey::new(name))?.boundary.as_deref()
    }

    /// Names of all roles, as written, in order.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        self.roles.values().map(|role| role.name.as_str())
    }

    /// The ARN of a role.
    pub fn role_arn(&self, name: &str) -> Option<&str> {
        self.roles.get(&NameKey::new(name)).map(|role| role.arn.as_str())
    }

    /// The ARN of the permissions boundary of the role with this ARN, if it has one.
    pub fn role_boundary(&self, role_arn: &str) -> Option<&str> {
        self.roles.values().find(|role| role.arn == role_arn)?.boundary.as_deref()
    }

    /// The trust policy of a role, ready to be evaluated as the policy of the resource.
    pub fn trust_policy(&self, role: &str) -> Option<ResourcePolicy<'_>> {
        let role = self.roles.get(&NameKey::new(role))?;
        let policy =
            AttachedPolicy { name: &role.arn, policy_type: PolicyType::Trust, group: None, document: &role.trust };
        Some(ResourcePolicy { account: &self.id, policy })
    }

    /// The first user or role of this account that a policy names as a principal and that does not exist. IAM
    /// answers such a policy with `MalformedPolicyDocument`. Of other accounts nothing is known here.
    ///
    /// Source: IAM API Reference, `UpdateAssumeRolePolicy`, Errors.
    pub fn missing_principal<'d>(&self, document: &'d Document) -> Option<&'d str> {
        let known = |arn: &str| {
            self.users.values().any(|user| user.arn == arn) || self.roles.values().any(|role| role.arn == arn)
        };
        document.principal_arns().find(|arn| {
            ArnParts::split(arn).is_some_and(|parts| parts.service == "iam" && parts.account == self.id && !known(arn))
        })
    }

    /// All policies that bear on a caller of this account. A service, and a caller of another account, has none.
    ///
    /// # Errors
    /// [`AccountError::NoSuchEntity`] if the user or role has gone since.
    pub fn entitlements<'a>(&'a self, caller: &'a Caller) -> Result<Entitlements<'a>, AccountError> {
        let mut entitlements = Entitlements::default();
        let key = NameKey::new(caller.name());
        let session = caller.session_policies().map(|(name, document)| attached(name, PolicyType::Session, document));
        entitlements.session.extend(session);
        let boundary = match caller.kind() {
            CallerKind::Service => return Ok(entitlements),
            CallerKind::AccountRoot => None,
            CallerKind::User => {
                let user = self.users.get(&key).ok_or_else(|| absent("user", caller.name()))?;
                self.gather(&user.policies, None, &mut entitlements.identity);
                for group in user.groups.iter().filter_map(|group| self.groups.get(group)) {
                    self.gather(&group.policies, Some(&group.name), &mut entitlements.identity);
                }
                user.boundary.as_deref()
            }
            CallerKind::RoleSession | CallerKind::LinkedRoleSession => {
                let role = self.roles.get(&key).ok_or_else(|| absent("role", caller.name()))?;
                self.gather(&role.policies, None, &mut entitlements.identity);
                role.boundary.as_deref()
            }
        };
        entitlements.boundary = boundary
            .and_then(|arn| self.managed.get_key_value(arn))
            .map(|(arn, document)| attached(arn, PolicyType::PermissionsBoundary, document));
        if caller.kind() != CallerKind::LinkedRoleSession {
            entitlements.service_control = self.service_control();
        }
        Ok(entitlements)
    }

    /// The service control policies that bind users and sessions of ordinary roles, a list for each level.
    pub fn service_control(&self) -> Vec<Vec<AttachedPolicy<'_>>> {
        fn bound<'a>(name: &'a str, document: &'a Document) -> AttachedPolicy<'a> {
            attached(name, PolicyType::ServiceControl, document)
        }
        let levels = self.service_control.iter().map(|level| &level.policies);
        levels.map(|policies| policies.iter().map(|(name, document)| bound(name, document)).collect()).collect()
    }

    /// What a managed policy says, with its ARN, if that is known.
    pub fn managed_policy(&self, arn: &str) -> Option<(&str, &Document)> {
        self.managed.get_key_value(arn).map(|(arn, document)| (arn.as_str(), document))
    }

    fn gather<'a>(&'a self, policies: &'a Policies, group: Option<&'a str>, into: &mut Vec<AttachedPolicy<'a>>) {
        let inline = policies.inline.iter();
        let managed = policies.attached.iter().filter_map(|arn| self.managed.get_key_value(arn));
        for (name, document) in inline.chain(managed) {
            into.push(AttachedPolicy { group, ..attached(name, PolicyType::IdentityBased, document) });
        }
    }

    /// Decides one request of a caller of this account. For many, keep the [`Account::entitlements`].
    ///
    /// # Errors
    /// [`AccountError::NoSuchEntity`] if the user or role has gone since.
    pub fn decide<'a>(
        &'a self,
        caller: &'a Caller,
        action: &str,
        resource: &str,
        context: &Context,
    ) -> Result<Decision<'a>, AccountError> {
        let entitlements = self.entitlements(caller)?;
        Ok(entitlements.decide(&Request::new(caller, action, resource, context), None))
    }

    /// Decides whether a caller may assume a role: its trust policy and the caller's own policies together.
    ///
    /// # Errors
    /// [`AccountError::NoSuchEntity`] for the role or the caller.
    pub fn decide_assume_role<'a>(
        &'a self,
        caller: &'a Caller,
        role: &str,
        context: &Context,
    ) -> Result<Decision<'a>, AccountError> {
        let trust = self.trust_policy(role).ok_or_else(|| absent("role", role))?;
        let entitlements = self.entitlements(caller)?;
        let request = Request::new(caller, "sts:AssumeRole", trust.policy.name, context);
        Ok(entitlements.decide(&request, Some(&trust)))
    }

    /// Whether the role lets a service principal assume it.
    pub fn trusts_service(&self, role: &str, service_principal: &str) -> bool {
        let service = Caller::service(service_principal);
        let context = service.context();
        self.decide_assume_role(&service, role, &context).is_ok_and(|decision| decision.is_allowed())
    }
}

fn attached<'a>(name: &'a str, policy_type: PolicyType, document: &'a Document) -> AttachedPolicy<'a> {
    AttachedPolicy { name, policy_type, group: None, document }
}

fn absent(kind: &'static str, name: &str) -> AccountError {
    AccountError::NoSuchEntity { kind, name: name.to_owned() }
}

fn expect_kind(document: &Document, kind: DocumentKind) -> Changed {
    if document.kind() == kind { Ok(()) } else { Err(AccountError::WrongDocumentKind) }
}

fn insert_new<T>(map: &mut BTreeMap<NameKey, T>, kind: &'static str, name: &str, value: T) -> Changed {
    let key = NameKey::new(name);
    if map.contains_key(&key) {
        return Err(AccountError::EntityAlreadyExists { kind, name: name.to_owned() });
    }
    map.insert(key, value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(kind: DocumentKind, text: &str) -> Document {
        Document::parse(kind, text).unwrap_or_else(|error| panic!("{}", error.report()))
    }

    fn trust(principal: &str) -> Document {
        let text =
            format!(r#"{{"Statement": {{"Effect": "Allow", "Principal": {principal}, "Action": "sts:AssumeRole"}}}}"#);
        document(DocumentKind::Trust, &text)
    }

    fn identity() -> Document {
        let text = r#"{"Statement": {"Effect": "Allow", "Action": "iam:Get*", "Resource": "*"}}"#;
        document(DocumentKind::Identity, text)
    }

    #[test]
    fn names_that_differ_in_case_only_are_one_across_paths_and_kinds_of_roles() {
        let mut account = Account::new("aws", "111122223333");
        let service = trust(r#"{"Service": "batch.amazonaws.com"}"#);
        account.add_role("/my/", "awsserviceroleforbatch", service.clone()).unwrap();
        assert_eq!(
            account.add_service_linked_role("batch.amazonaws.com", "AWSServiceRoleForBatch", service),
            Err(AccountError::EntityAlreadyExists { kind: "Role", name: "AWSServiceRoleForBatch".to_owned() })
        );
        assert_eq!(
            account.role_arn("AwsServiceRoleForBatch"),
            Some("arn:aws:iam::111122223333:role/my/awsserviceroleforbatch")
        );
    }

    #[test]
    fn what_does_not_exist_cannot_be_changed() {
        let mut account = Account::new("aws", "111122223333");
        let nobody = Entity::User("alice");
        let absent = |kind, name: &str| Err(AccountError::NoSuchEntity { kind, name: name.to_owned() });
        assert_eq!(account.put_inline_policy(nobody, "p", identity()), absent("user", "alice"));
        assert_eq!(account.remove(Entity::Role("r")), absent("role", "r"));
        account.add_user("/", "alice").unwrap();
        assert_eq!(account.attach_policy(nobody, "arn:p"), absent("policy", "arn:p"));
        assert_eq!(account.delete_inline_policy(nobody, "p"), absent("policy", "p"));
        assert_eq!(account.add_to_group("alice", "g"), absent("group", "g"));
        assert_eq!(account.set_trust_policy("r", trust("\"*\"")), absent("role", "r"));
        assert_eq!(account.put_inline_policy(nobody, "p", trust("\"*\"")), Err(AccountError::WrongDocumentKind));
        let alice = account.user_caller("ALICE").unwrap();
        account.remove(nobody).unwrap();
        assert_eq!(
            account.decide(&alice, "iam:GetRole", "*", &alice.context()).map(|decision| decision.is_allowed()),
            Err(AccountError::NoSuchEntity { kind: "user", name: "alice".to_owned() })
        );
    }

    #[test]
    fn detaching_takes_the_right_away() {
        let mut account = Account::new("aws", "111122223333");
        account.add_group("g").unwrap();
        account.add_user("/", "alice").unwrap();
        account.add_to_group("alice", "g").unwrap();
        account.put_managed_policy("arn:p", identity()).unwrap();
        account.attach_policy(Entity::Group("g"), "arn:p").unwrap();
        let alice = account.user_caller("alice").unwrap();
        let asks =
            |account: &Account| account.decide(&alice, "iam:GetRole", "*", &alice.context()).unwrap().is_allowed();
        assert!(asks(&account));
        account.detach_policy(Entity::Group("g"), "arn:p").unwrap();
        assert!(!asks(&account));
        account.attach_policy(Entity::Group("g"), "arn:p").unwrap();
        account.remove(Entity::Group("g")).unwrap();
        assert!(!asks(&account));
    }

    #[test]
    fn a_principal_that_does_not_exist_is_found() {
        let mut account = Account::new("aws", "111122223333");
        account.add_user("/", "alice").unwrap();
        let missing = |principal: &str| account.missing_principal(&trust(principal)).map(str::to_owned);
        assert_eq!(missing(r#"{"AWS": "arn:aws:iam::111122223333:user/alice"}"#), None);
        assert_eq!(missing(r#"{"AWS": "arn:aws:iam::444455556666:user/bob"}"#), None);
        assert_eq!(missing(r#"{"AWS": "111122223333"}"#), None);
        let role =
            "arn:aws:iam::111122223333:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling";
        assert_eq!(missing(&format!(r#"{{"AWS": ["111122223333", "{role}"]}}"#)).as_deref(), Some(role));
    }
}
