//! A world as it is described: everything that never changes in a run, and how it begins.
//!
//! The description knows nothing of how wide the sets are that carry the state; [`Universe::new`] makes it ready to run.
//!
//! [`Universe::new`]: crate::universe::Universe::new

use std::collections::BTreeSet;

use crate::action::Operation;
use crate::grant::Grant;
use crate::id::{
    AttachmentIdx, CreationIdx, KindIdx, PrincipalIdx, RegionIdx, RequestIdx, ResourceIdx, RoleIdx, ServiceIdx,
    SessionIdx, TagCallIdx, TextIdx, number,
};
use crate::kind::ResourceKind;
use crate::knob::Knobs;
use crate::name::{AccountId, RolePath, ServicePrincipal};
use crate::policy::{Account, Caller, Document};
use crate::rejection::Rejection;
use crate::service::ServiceDefinition;

/// The most operators that a world can have.
pub const MAX_OPERATORS: usize = 8;

/// A world: what there is, what there may be, and how it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct World {
    /// The account's id.
    pub account: AccountId,
    /// The partition, such as `aws`.
    pub partition: String,
    /// The regions, the first one being the default.
    pub regions: Vec<String>,
    /// Roles that are in the account, count toward the quota, and play no other part.
    pub other_roles: u32,
    /// The settings.
    pub knobs: Knobs,
    /// The services.
    pub services: Vec<ServiceDefinition>,
    /// The kinds of resources.
    pub kinds: Vec<ResourceKind>,
    /// Who calls.
    pub principals: Vec<Principal>,
    /// The users, groups and roles of the account with their policies.
    pub access: Account,
    /// Service principals that trust policies name and no service has.
    pub unknown_services: BTreeSet<String>,
    /// The roles that there are or may be.
    pub roles: Vec<RoleSlot>,
    /// The resources that there are or may be.
    pub resources: Vec<Resource>,
    /// The sessions that there are or may be.
    pub sessions: Vec<SessionSlot>,
    /// What is or may be attached to roles.
    pub attachments: Vec<Attachment>,
    /// What calls write on roles as tags, or take off them.
    pub tag_calls: Vec<TagCall>,
    /// What `CreateRole` gives roles at once.
    pub creations: Vec<Creation>,
    /// What calls may give to users and groups, or take from them.
    pub grants: Vec<Grant>,
    /// The requests for service-linked roles that may be made.
    pub requests: Vec<CreationRequest>,
    /// Texts that only people read.
    pub texts: Vec<String>,
    /// The operators.
    pub operators: Vec<Operator>,
}

/// Who calls operations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The user's name, or the service principal.
    pub name: String,
    /// What it may do.
    pub authority: Authority,
}

impl Principal {
    /// Whether no policy limits it.
    #[inline]
    pub const fn is_unrestricted(&self) -> bool {
        match self.authority {
            Authority::Everything => true,
            Authority::Policies(_) | Authority::Role { .. } => false,
        }
    }
}

/// What a principal may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authority {
    /// Everything.
    Everything,
    /// What the policies in [`World::access`] give this caller, and those of [`World::grants`] that it has at the time.
    Policies(Box<Caller>),
    /// What is attached to the role at the time: the principal is a session of it, and there is none without the role.
    Role {
        /// The role, an ordinary one.
        role: RoleIdx,
        /// The session.
        caller: Box<Caller>,
    },
}

/// A name that a role may bear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleSlot {
    /// The name as given. It may break the rules, which `CreateRole` then refuses.
    pub name: String,
    /// What sort of role it is.
    pub sort: RoleSort,
    /// Whether the role is in the account from the beginning.
    pub given: bool,
}

impl RoleSlot {
    /// The role's name.
    pub fn name_text(&self) -> &str {
        &self.name
    }
}

/// The sorts of roles.
///
/// Source: IAM User Guide, "Using service-linked roles", note on service roles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoleSort {
    /// An administrator defines it; a service role is one whose trust policy names a service.
    Ordinary {
        /// The path as given.
        path: String,
        /// Its trust policy: the principals that may assume it, or one text, a document.
        trust: Vec<String>,
    },
    /// A service owns it.
    ServiceLinked {
        /// The service.
        service: ServiceIdx,
        /// The suffix that a caller asked for.
        suffix: Option<String>,
    },
}

impl RoleSort {
    /// The trust policy that a caller gives the role with `CreateRole`; nothing where its service brings its own.
    pub fn given_trust(&self) -> &[String] {
        match self {
            Self::Ordinary { trust, .. } => trust,
            Self::ServiceLinked { .. } => &[],
        }
    }
}

/// A dependent resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// Unique in the world.
    pub name: String,
    /// Its kind.
    pub kind: KindIdx,
    /// Where it is.
    pub region: RegionIdx,
    /// The role that it uses.
    pub role: RoleIdx,
    /// The resources that it belongs to, and those that it is made from: their kinds say which.
    pub parents: Vec<ResourceIdx>,
    /// The account's own role that callers pass for it to the service, if any ever do.
    pub passes: Option<RoleIdx>,
    /// The actions that its service needs to do its work with it, such as `sns:Publish`.
    pub needs: Vec<String>,
    /// Whether a caller makes it: then no service makes it in its own time, though its kind has such a move.
    pub is_made_by_call: bool,
    /// The code of the state in which it begins.
    pub given: u8,
}

impl Resource {
    /// A resource that is not there yet and that belongs to nothing.
    pub fn new(name: &str, kind: KindIdx, region: RegionIdx, role: RoleIdx) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            region,
            role,
            parents: Vec::new(),
            passes: None,
            needs: Vec::new(),
            is_made_by_call: false,
            given: 0,
        }
    }
}

/// A session that a principal may hold on a role, one at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionSlot {
    /// The role.
    pub role: RoleIdx,
    /// The service principal that holds it.
    pub principal: ServicePrincipal,
    /// Whether it is open at the beginning.
    pub given_open: bool,
    /// Whether the principal opens it, again and again.
    pub reopens: bool,
}

/// Something that may be attached to a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// The role.
    pub role: RoleIdx,
    /// What.
    pub item: Item,
    /// What an inline policy says. One of which that is not known grants nothing (Assumed); what a managed policy says is in
    /// [`World::access`].
    pub document: Option<Document>,
    /// Why what it says is no policy document, in one line, if it is none, so that IAM refuses it.
    pub malformed: Option<String>,
    /// Whether it is there from the beginning.
    pub given: bool,
    /// The value of a tag. One key may have several, and one of them is on the role at a time.
    pub value: Option<TextIdx>,
}

/// What a call of `TagRole` or `UntagRole` says: all of it is done, or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagCall {
    /// The role.
    pub role: RoleIdx,
    /// What is to be written or taken off.
    pub change: TagChange,
}

/// What a call of `CreateRole` gives the role at once, besides its trust policy: all of it, or there is no role.
///
/// Source: IAM API Reference, `CreateRole`, Tags and `PermissionsBoundary`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Creation {
    /// The role.
    pub role: RoleIdx,
    /// Its tags, as `TagRole` would write them.
    pub tags: Option<TagCallIdx>,
    /// Its permissions boundary.
    pub boundary: Option<AttachmentIdx>,
}

/// A change to the tags of a role, in the order in which the caller says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TagChange {
    /// `TagRole`: these tags, with their values.
    Write(Vec<AttachmentIdx>),
    /// `UntagRole`: the tags with these keys, whatever their values.
    Remove(Vec<String>),
}

impl TagChange {
    /// The operation.
    pub const fn operation(&self) -> Operation {
        match self {
            Self::Write(_) => Operation::TagRole,
            Self::Remove(_) => Operation::UntagRole,
        }
    }
}

/// What can be attached to a role.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Item {
    /// A tag, by its key. Keys compare ignoring case.
    Tag(String),
    /// A managed policy, by its ARN.
    ManagedPolicy(String),
    /// An inline policy, by its name.
    InlinePolicy(String),
    /// An instance profile that holds the role, by its name.
    InstanceProfile(String),
    /// The permissions boundary, by its policy's ARN.
    Boundary(String),
    /// A trust policy: the principals that it names, with spaces between them, or a document. A new one takes the place of the old one.
    TrustPolicy(String),
}

impl Item {
    /// The operation that attaches it.
    pub const fn attaching(&self) -> Operation {
        match self {
            Self::Tag(_) => Operation::TagRole,
            Self::ManagedPolicy(_) => Operation::AttachRolePolicy,
            Self::InlinePolicy(_) => Operation::PutRolePolicy,
            Self::InstanceProfile(_) => Operation::AddRoleToInstanceProfile,
            Self::Boundary(_) => Operation::PutRolePermissionsBoundary,
            Self::TrustPolicy(_) => Operation::UpdateAssumeRolePolicy,
        }
    }

    /// The operation that takes it off; a trust policy can only be replaced.
    pub const fn detaching(&self) -> Operation {
        match self {
            Self::Tag(_) => Operation::UntagRole,
            Self::ManagedPolicy(_) => Operation::DetachRolePolicy,
            Self::InlinePolicy(_) => Operation::DeleteRolePolicy,
            Self::InstanceProfile(_) => Operation::RemoveRoleFromInstanceProfile,
            Self::Boundary(_) => Operation::DeleteRolePermissionsBoundary,
            Self::TrustPolicy(_) => Operation::UpdateAssumeRolePolicy,
        }
    }

    /// What it is called.
    pub fn text(&self) -> &str {
        match self {
            Self::Tag(text)
            | Self::ManagedPolicy(text)
            | Self::InlinePolicy(text)
            | Self::InstanceProfile(text)
            | Self::Boundary(text)
            | Self::TrustPolicy(text) => text,
        }
    }

    /// Whether both are called the same, whatever is written in them. Keys of tags compare ignoring case.
    pub fn is_called_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Tag(one), Self::Tag(other)) => one.eq_ignore_ascii_case(other),
            (one, other) => one == other,
        }
    }

    /// Whether it is a policy that belongs to service-linked roles alone.
    pub fn is_service_policy(&self) -> bool {
        matches!(self, Self::ManagedPolicy(arn) | Self::Boundary(arn) if arn.contains(":policy/aws-service-role/"))
    }
}

/// A request for a service-linked role, and what it comes to whatever the state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreationRequest {
    /// `AWSServiceName`, as given.
    pub service: String,
    /// `CustomSuffix`, as given.
    pub suffix: Option<String>,
    /// The slot of the role that is asked for, or the refusal.
    pub resolution: Result<RoleIdx, Rejection>,
    /// The role's ARN, for the authorisation: it is asked before the request is looked at.
    pub resource: String,
}

/// A client that wants a service-linked role gone.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a habit of its own")]
pub struct Operator {
    /// Its name.
    pub name: String,
    /// As whom it calls.
    pub principal: PrincipalIdx,
    /// The role that it wants gone.
    pub goal: RoleIdx,
    /// Whether it follows the guide's steps or does what it may in any order.
    pub works: Works,
    /// How many requests it submits at most; `None` if it is persistent.
    pub attempts: Option<u8>,
    /// How it learns how its task ended.
    pub told: Told,
    /// Whether it may stop waiting for a task.
    pub loses_patience: bool,
    /// Whether its requests for deletion may be throttled.
    pub requests_throttled: bool,
    /// Whether its polls may be throttled.
    pub polls_throttled: bool,
    /// When it reads the service's documentation.
    pub reads_docs: ReadsDocs,
    /// Whether it cleans up what it knows of.
    pub cleans: bool,
    /// What it makes of a poll that finds no task.
    pub missing_task: MissingTask,
    /// Whether it takes a failure that names nothing for "nothing uses the role".
    pub empty_report_means_unused: bool,
    /// Whether it goes on as if a failed task had succeeded.
    pub ignores_failure: bool,
}

/// In which order an operator works.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Works {
    /// Submit, wait for the end, clean up all that it knows of, again.
    #[default]
    InSteps,
    /// Whatever it may do, in any order.
    InAnyOrder,
}

/// How an operator learns how its task ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Told {
    /// It polls.
    #[default]
    ByPolls,
    /// It is told as it happens, as the console tells.
    AtOnce,
}

/// When an operator reads the service's documentation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReadsDocs {
    /// Never.
    #[default]
    Never,
    /// When a task failed and named nothing.
    WhenNothingWasNamed,
    /// At any time.
    AtAnyTime,
}

/// What an operator makes of a poll that finds no task.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MissingTask {
    /// It asks for the role: if that is gone, the task has succeeded; otherwise it goes on polling.
    #[default]
    LooksAtTheRole,
    /// It takes it for success.
    MeansSuccess,
    /// It takes it for failure and gives up.
    MeansFailure,
}

impl World {
    /// A world with an account and nothing in it but an administrator who may do everything.
    pub fn new(account: AccountId) -> Self {
        Self {
            access: Account::new("aws", account.as_str()),
            unknown_services: BTreeSet::new(),
            account,
            partition: "aws".to_owned(),
            regions: vec!["us-east-1".to_owned()],
            other_roles: 0,
            knobs: Knobs::default(),
            services: Vec::new(),
            kinds: Vec::new(),
            principals: vec![Principal { name: "admin".to_owned(), authority: Authority::Everything }],
            roles: Vec::new(),
            resources: Vec::new(),
            sessions: Vec::new(),
            attachments: Vec::new(),
            tag_calls: Vec::new(),
            creations: Vec::new(),
            grants: Vec::new(),
            requests: Vec::new(),
            texts: Vec::new(),
            operators: Vec::new(),
        }
    }

    /// The principal of that name, added with full authority if it is new.
    pub fn principal(&mut self, name: &str) -> PrincipalIdx {
        let known = self.principals.iter().position(|principal| principal.name == name);
        let index = known.unwrap_or_else(|| {
            self.principals.push(Principal { name: name.to_owned(), authority: Authority::Everything });
            self.principals.len() - 1
        });
        PrincipalIdx(number(index))
    }

    /// The text, interned.
    pub fn text(&mut self, text: &str) -> TextIdx {
        let known = self.texts.iter().position(|known| known == text);
        let index = known.unwrap_or_else(|| {
            self.texts.push(text.to_owned());
            self.texts.len() - 1
        });
        TextIdx(number(index))
    }

    /// The region of that name, added if it is new.
    pub fn region(&mut self, name: &str) -> RegionIdx {
        let known = self.regions.iter().position(|known| known == name);
        let index = known.unwrap_or_else(|| {
            self.regions.push(name.to_owned());
            self.regions.len() - 1
        });
        RegionIdx(number(index))
    }

    /// The service of that principal, exactly spelt.
    pub fn service(&self, principal: &str) -> Option<ServiceIdx> {
        let index = self.services.iter().position(|service| service.principal.as_str() == principal);
        index.map(|index| ServiceIdx(number(index)))
    }

    /// The slot of the ordinary role of that name and path, added as absent if it is new.
    pub fn ordinary_role(&mut self, name: &str, path: &str, trust: &[String]) -> RoleIdx {
        let same = |slot: &RoleSlot| {
            slot.name == name && matches!(&slot.sort, RoleSort::Ordinary { path: known, .. } if known == path)
        };
        let index = self.roles.iter().position(same).unwrap_or_else(|| {
            let sort = RoleSort::Ordinary { path: path.to_owned(), trust: trust.to_vec() };
            self.roles.push(RoleSlot { name: name.to_owned(), sort, given: false });
            self.roles.len() - 1
        });
        RoleIdx(number(index))
    }

    /// The slots of all roles of exactly this name.
    pub fn roles_named(&self, name: &str) -> impl Iterator<Item = RoleIdx> {
        let named = (0..).zip(&self.roles).filter(move |(_, slot)| slot.name == name);
        named.map(|(index, _)| RoleIdx(index))
    }

    /// The role of exactly this name, whatever its sort; service-linked roles come before ordinary ones.
    pub fn role_named(&self, name: &str) -> Option<RoleIdx> {
        let linked = |slot: &RoleSlot| matches!(slot.sort, RoleSort::ServiceLinked { .. });
        let find = |wanted: bool| self.roles.iter().position(|slot| slot.name == name && linked(slot) == wanted);
        find(true).or_else(|| find(false)).map(|index| RoleIdx(number(index)))
    }

    /// The request for a service-linked role, with what it comes to.
    ///
    /// `exists` says whether AWS has a service of that principal at all, for a principal that this world does not define: a
    /// principal without a linked role is refused otherwise than one that no service has.
    pub fn request(&mut self, service: &str, suffix: Option<&str>, exists: impl Fn(&str) -> bool) -> RequestIdx {
        let same = |request: &CreationRequest| request.service == service && request.suffix.as_deref() == suffix;
        if let Some(index) = self.requests.iter().position(same) {
            return RequestIdx(number(index));
        }
        let index = RequestIdx(number(self.requests.len()));
        let resolution = self.resolve(index, service, suffix, exists);
        let resource = match resolution {
            Ok(role) => self.role_arn(role),
            Err(_) => {
                format!("arn:{}:iam::{}:role/aws-service-role/{service}/*", self.partition, self.account.as_str())
            }
        };
        self.requests.push(CreationRequest {
            service: service.to_owned(),
            suffix: suffix.map(str::to_owned),
            resolution,
            resource,
        });
        index
    }

    fn resolve(
        &mut self,
        request: RequestIdx,
        service: &str,
        suffix: Option<&str>,
        exists: impl Fn(&str) -> bool,
    ) -> Result<RoleIdx, Rejection> {
        if ServicePrincipal::new(service).is_err() {
            return Err(Rejection::InvalidServiceName(request));
        }
        if suffix.is_some_and(|suffix| !crate::name::is_suffix(suffix)) {
            return Err(Rejection::InvalidSuffix(request));
        }
        let Some(index) = self.service(service) else {
            let misspelt = self.services.iter().any(|known| known.principal.as_str().eq_ignore_ascii_case(service));
            return Err(if misspelt || exists(service) {
                Rejection::NoTemplate(request)
            } else {
                Rejection::UnknownPrincipal(request)
            });
        };
        let definition = &self.services[index.index()];
        let name = match suffix {
            None => definition.role_name.clone(),
            Some(_) if !definition.suffix_allowed => {
                return Err(Rejection::SuffixNotAllowed(request));
            }
            Some(suffix) => crate::name::suffixed(&definition.role_name, suffix)
                .map_err(|_| Rejection::InvalidRequestName(request, self.knobs.name_too_long))?,
        };
        Ok(self.linked_role(index, name.as_str(), suffix))
    }

    /// The slot of a service's linked role, added as absent if it is new.
    pub fn linked_role(&mut self, service: ServiceIdx, name: &str, suffix: Option<&str>) -> RoleIdx {
        let sort = RoleSort::ServiceLinked { service, suffix: suffix.map(str::to_owned) };
        let index = self.roles.iter().position(|slot| slot.name == name && slot.sort == sort).unwrap_or_else(|| {
            self.roles.push(RoleSlot { name: name.to_owned(), sort, given: false });
            self.roles.len() - 1
        });
        RoleIdx(number(index))
    }

    /// The attachment, added as not attached if it is new. Tag keys compare ignoring case.
    ///
    /// A tag with a value is a [`tag`](Self::tag).
    pub fn attachment(&mut self, role: RoleIdx, item: Item) -> AttachmentIdx {
        let same = |known: &Attachment| known.role == role && known.item.is_called_as(&item);
        let index = self.attachments.iter().position(same).unwrap_or_else(|| {
            self.attachments.push(Attachment {
                role,
                item,
                document: None,
                malformed: None,
                given: false,
                value: None,
            });
            self.attachments.len() - 1
        });
        AttachmentIdx(number(index))
    }

    /// The tag of that key, spelt like that, with that value, added as not attached if it is new. Of the spellings and values that one
    /// tag may have, one is on the role at a time.
    pub fn tag(&mut self, role: RoleIdx, key: &str, value: TextIdx) -> AttachmentIdx {
        let (item, value) = (Item::Tag(key.to_owned()), Some(value));
        let same = |known: &Attachment| known.role == role && known.item == item && known.value == value;
        let index = self.attachments.iter().position(same).unwrap_or_else(|| {
            self.attachments.push(Attachment { role, item, document: None, malformed: None, given: false, value });
            self.attachments.len() - 1
        });
        AttachmentIdx(number(index))
    }

    /// The call, added if it is new.
    pub fn tag_call(&mut self, role: RoleIdx, change: TagChange) -> TagCallIdx {
        let call = TagCall { role, change };
        let index = self.tag_calls.iter().position(|known| *known == call).unwrap_or_else(|| {
            self.tag_calls.push(call);
            self.tag_calls.len() - 1
        });
        TagCallIdx(number(index))
    }

    /// What `CreateRole` gives, added if it is new; `None` if that is nothing.
    pub fn creation(&mut self, creation: Creation) -> Option<CreationIdx> {
        if creation.tags.is_none() && creation.boundary.is_none() {
            return None;
        }
        let index = self.creations.iter().position(|known| *known == creation).unwrap_or_else(|| {
            self.creations.push(creation);
            self.creations.len() - 1
        });
        Some(CreationIdx::new(number(index)))
    }

    /// Whether an operator may stop without its state showing it: who works in any order and has a limit of its attempts asks no more once it
    /// is used up, and calls that change nothing use it up, too. Who works in steps gives up then, which is a step.
    pub fn operators_may_stop_unseen(&self) -> bool {
        let may_come_to_nothing = self.kinds.iter().any(|kind| kind.undoes_clean_up.as_flattened().contains(&true));
        self.operators.iter().any(|operator| {
            operator.works == Works::InAnyOrder
                && operator.attempts.is_some()
                && (operator.requests_throttled || (operator.cleans && may_come_to_nothing))
        })
    }

    /// The keys that the call names, spelt as the caller does, and the values that it gives them.
    pub fn tags_in(&self, call: TagCallIdx) -> Vec<(&str, Option<&str>)> {
        match &self.tag_calls[call.index()].change {
            TagChange::Write(tags) => {
                let things = tags.iter().map(|tag| &self.attachments[tag.index()]);
                things
                    .map(|thing| (thing.item.text(), thing.value.map(|value| self.texts[value.index()].as_str())))
                    .collect()
            }
            TagChange::Remove(keys) => keys.iter().map(|key| (key.as_str(), None)).collect(),
        }
    }

    /// The inline policy of that name with that document, added as not attached if it is new. Of the documents that one policy may
    /// have, one is attached at a time.
    pub fn inline_policy(&mut self, role: RoleIdx, name: &str, document: Option<Document>) -> AttachmentIdx {
        let item = Item::InlinePolicy(name.to_owned());
        let same = |known: &Attachment| known.role == role && known.item == item && known.document == document;
        let index = self.attachments.iter().position(same).unwrap_or_else(|| {
            self.attachments.push(Attachment {
                role,
                item: item.clone(),
                document,
                malformed: None,
                given: false,
                value: None,
            });
            self.attachments.len() - 1
        });
        AttachmentIdx(number(index))
    }

    /// Something that is to be attached and that IAM refuses, because what it says is no policy document.
    pub fn malformed(&mut self, role: RoleIdx, item: Item, why: String) -> AttachmentIdx {
        let malformed = Some(why);
        self.attachments.push(Attachment { role, item, document: None, malformed, given: false, value: None });
        AttachmentIdx(number(self.attachments.len() - 1))
    }

    /// What an attachment is called, with its number where an inline policy may have several documents.
    pub fn attachment_label(&self, attachment: AttachmentIdx) -> String {
        let thing = &self.attachments[attachment.index()];
        let before = self.attachments[..attachment.index()].iter();
        match before.filter(|other| other.role == thing.role && other.item == thing.item).count() {
            0 => thing.item.text().to_owned(),
            others => format!("{} ({})", thing.item.text(), others + 1),
        }
    }

    /// A role's path.
    pub fn role_path(&self, role: RoleIdx) -> String {
        match &self.roles[role.index()].sort {
            RoleSort::Ordinary { path, .. } => path.clone(),
            RoleSort::ServiceLinked { service, .. } => {
                RolePath::of_service(&self.services[service.index()].principal).as_str().to_owned()
            }
        }
    }

    /// A role's ARN, which it has whether it is in the account or not.
    ///
    /// Source: IAM User Guide, "IAM identifiers", ARNs; service-linked roles: "Using service-linked roles".
    pub fn role_arn(&self, role: RoleIdx) -> String {
        let (path, name) = (self.role_path(role), &self.roles[role.index()].name);
        format!("arn:{}:iam::{}:role{path}{name}", self.partition, self.account.as_str())
    }

    /// A principal's ARN.
    pub fn principal_arn(&self, principal: PrincipalIdx) -> String {
        let Principal { name, authority } = &self.principals[principal.index()];
        match authority {
            Authority::Everything => format!("arn:{}:iam::{}:user/{name}", self.partition, self.account.as_str()),
            Authority::Policies(caller) | Authority::Role { caller, .. } => caller.arn().to_owned(),
        }
    }

    /// A resource's ARN, from its kind's template.
    pub fn resource_arn(&self, resource: ResourceIdx) -> String {
        let resource = &self.resources[resource.index()];
        let kind = &self.kinds[resource.kind.index()];
        kind.arn
            .replace("{partition}", &self.partition)
            .replace("{service}", self.services[kind.service.index()].namespace())
            .replace("{region}", &self.regions[resource.region.index()])
            .replace("{account}", self.account.as_str())
            .replace("{name}", &resource.name)
    }

    /// Every session slot of a role.
    pub fn sessions_of(&self, role: RoleIdx) -> impl Iterator<Item = SessionIdx> {
        (0..).zip(&self.sessions).filter(move |(_, slot)| slot.role == role).map(|(index, _)| SessionIdx(index))
    }
}
