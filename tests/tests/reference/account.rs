//! An account as the documentation describes it, in plain maps and strings: the second opinion on the rules.
//!
//! It is written from the IAM User Guide, "Using service-linked roles", and the IAM API Reference alone and shares nothing with the rules;
//! it knows one account with two services and is in no hurry.

use std::collections::{BTreeMap, BTreeSet};

/// The service whose roles take a suffix and whose failures name any part of what is in use.
pub(crate) const GADGETS: &str = "gadgets.example.com";
/// The service whose roles take none and whose failures name everything.
pub(crate) const PARTS: &str = "parts.example.com";
/// A service that the gadgets' role trusts besides its own.
pub(crate) const HELPER: &str = "helper.example.com";
/// How many roles the account may have.
pub(crate) const ROLE_QUOTA: usize = 4;
/// How many tags a role may have.
pub(crate) const TAG_QUOTA: usize = 2;
/// How many managed policies a role may have.
pub(crate) const POLICY_QUOTA: usize = 1;

/// Role names with their paths, for `CreateRole`.
pub(crate) const ORDINARY: [(&str, &str); 6] = [
    ("deploy", "/"),
    ("Deploy", "/"),
    ("batch", "/service-role/"),
    ("awsserviceroleforgadgets", "/"),
    ("sneaky", "/aws-service-role/gadgets.example.com/"),
    ("with space", "/"),
];
/// Service names and suffixes, for `CreateServiceLinkedRole`.
pub(crate) const REQUESTS: [(&str, Option<&str>); 8] = [
    (GADGETS, None),
    (GADGETS, Some("two")),
    (GADGETS, Some("far-too-long-for-a-role-name-that-has-at-most-64-characters")),
    (GADGETS, Some("with space")),
    (PARTS, None),
    (PARTS, Some("two")),
    ("Gadgets.example.com", None),
    ("nobody.example.com", None),
];
/// The service-linked roles that there may be, with their services.
pub(crate) const LINKED: [(&str, &str); 3] = [
    ("AWSServiceRoleForGadgets", GADGETS),
    ("AWSServiceRoleForGadgets_two", GADGETS),
    ("AWSServiceRoleForParts_Assembly", PARTS),
];
/// The resources that there may be, with the roles that they use.
pub(crate) const RESOURCES: [(&str, &str); 4] =
    [("gadget-1", LINKED[0].0), ("gadget-2", LINKED[0].0), ("gadget-3", LINKED[1].0), ("part-1", LINKED[2].0)];
/// The sessions that there may be: role and principal.
pub(crate) const SESSIONS: [(&str, &str); 5] = [
    (LINKED[0].0, GADGETS),
    (LINKED[0].0, HELPER),
    (LINKED[0].0, "intruder.example.com"),
    (LINKED[2].0, PARTS),
    (LINKED[2].0, HELPER),
];
/// What can be attached, and to which role.
pub(crate) const ATTACHMENTS: [(&str, Thing, &str); 14] = [
    ("deploy", Thing::Tag, "team"),
    ("deploy", Thing::Tag, "cost"),
    ("deploy", Thing::Tag, "stage"),
    (LINKED[0].0, Thing::Tag, "team"),
    ("deploy", Thing::ManagedPolicy, "arn:aws:iam::aws:policy/ReadOnlyAccess"),
    ("deploy", Thing::ManagedPolicy, "arn:aws:iam::aws:policy/PowerUserAccess"),
    ("deploy", Thing::ManagedPolicy, "arn:aws:iam::aws:policy/aws-service-role/GadgetsServiceRolePolicy"),
    (LINKED[0].0, Thing::ManagedPolicy, "arn:aws:iam::aws:policy/ReadOnlyAccess"),
    ("deploy", Thing::InlinePolicy, "AWSRevokeOlderSessions"),
    (LINKED[0].0, Thing::InlinePolicy, "AWSRevokeOlderSessions"),
    ("deploy", Thing::InstanceProfile, "profile"),
    (LINKED[2].0, Thing::InstanceProfile, "profile"),
    ("deploy", Thing::Boundary, "arn:aws:iam::aws:policy/ReadOnlyAccess"),
    (LINKED[0].0, Thing::Boundary, "arn:aws:iam::aws:policy/ReadOnlyAccess"),
];
/// What alice may call; the administrator may call everything.
pub(crate) const ALICE_MAY: [&str; 3] = ["DeleteServiceLinkedRole", "GetRole", "TagRole"];

/// What can be attached to a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Thing {
    Tag,
    ManagedPolicy,
    InlinePolicy,
    InstanceProfile,
    Boundary,
}

impl Thing {
    const fn operations(self) -> (&'static str, &'static str) {
        match self {
            Self::Tag => ("TagRole", "UntagRole"),
            Self::ManagedPolicy => ("AttachRolePolicy", "DetachRolePolicy"),
            Self::InlinePolicy => ("PutRolePolicy", "DeleteRolePolicy"),
            Self::InstanceProfile => ("AddRoleToInstanceProfile", "RemoveRoleFromInstanceProfile"),
            Self::Boundary => ("PutRolePermissionsBoundary", "DeleteRolePermissionsBoundary"),
        }
    }
}

/// When a deletion is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Judging {
    Start,
    End,
    Both,
}

/// What happens. Numbers are places in the tables above.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Happening {
    CreateRole(usize),
    CreateServiceLinkedRole(usize),
    DeleteRole(&'static str),
    DeleteServiceLinkedRole(&'static str),
    /// `None`: an id that no task has; an empty name: no id at all.
    Poll(Option<&'static str>),
    UpdateRole {
        role: &'static str,
        duration: bool,
    },
    Attach(usize),
    Detach(usize),
    /// The first two tags that can be attached, in one call.
    TagBoth,
    UntagBoth,
    GetRole(&'static str),
    AssumeRole(&'static str),
    CreateResource(usize),
    DeleteResource(usize),
    ResourceIsDeleted(usize),
    ResourceCannotBeDeleted(usize),
    SessionOpens(usize),
    SessionEnds(usize),
    TaskStarts(usize),
    TaskSucceeds(usize),
    /// The task names these resources.
    TaskFails(usize, BTreeSet<usize>),
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Role {
    linked: bool,
    attached: BTreeSet<(Thing, &'static str)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Task {
    status: &'static str,
    /// What was in use when the service began to look: resources, and whether there was a session.
    found: (BTreeSet<&'static str>, bool),
}

/// The account.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) judging: Judging,
    pub(crate) locks: bool,
    roles: BTreeMap<&'static str, Role>,
    tasks: BTreeMap<&'static str, Task>,
    resources: BTreeMap<&'static str, &'static str>,
    sessions: BTreeSet<(&'static str, &'static str)>,
    reported: BTreeSet<&'static str>,
    /// What the last happening came to: `ok`, AWS's code, or `impossible`.
    pub(crate) outcome: &'static str,
}

/// What can be seen of an account.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) roles: BTreeSet<&'static str>,
    pub(crate) tasks: BTreeMap<&'static str, String>,
    pub(crate) resources: BTreeMap<&'static str, String>,
    pub(crate) sessions: BTreeSet<(&'static str, &'static str)>,
    pub(crate) reported: BTreeSet<&'static str>,
    pub(crate) attached: BTreeSet<usize>,
}

/// What was answered, or AWS's code.
type Answer = Result<&'static str, &'static str>;

const OK: Answer = Ok("ok");
/// What cannot happen now, whoever wants it.
const IMPOSSIBLE: Answer = Err("impossible");

impl Account {
    /// An account with one service-linked role and nothing else.
    pub(crate) fn new(judging: Judging, locks: bool) -> Self {
        let role = Role { linked: true, attached: BTreeSet::new() };
        Self {
            judging,
            locks,
            roles: BTreeMap::from([(LINKED[0].0, role)]),
            tasks: BTreeMap::new(),
            resources: RESOURCES.iter().map(|(name, _)| (*name, "absent")).collect(),
            sessions: BTreeSet::new(),
            reported: BTreeSet::new(),
            outcome: "ok",
        }
    }

    /// Lets it happen, called by alice or by the administrator where somebody has to call.
    pub(crate) fn happen(&mut self, alice: bool, happening: &Happening) {
        let answer = self.answer(alice, happening);
        self.outcome = answer.unwrap_or_else(|code| code);
    }

    pub(crate) fn view(&self) -> View {
        let attached = (0..ATTACHMENTS.len()).filter(|place| {
            let (role, thing, name) = ATTACHMENTS[*place];
            self.roles.get(role).is_some_and(|role| role.attached.contains(&(thing, name)))
        });
        View {
            roles: self.roles.keys().copied().collect(),
            tasks: self.tasks.iter().map(|(role, task)| (*role, task.status.to_owned())).collect(),
            resources: self.resources.iter().map(|(name, status)| (*name, (*status).to_owned())).collect(),
            sessions: self.sessions.clone(),
            reported: self.reported.clone(),
            attached: attached.collect(),
        }
    }

    fn answer(&mut self, alice: bool, happening: &Happening) -> Answer {
        let operation = match happening {
            Happening::CreateRole(_) => "CreateRole",
            Happening::CreateServiceLinkedRole(_) => "CreateServiceLinkedRole",
            Happening::DeleteRole(_) => "DeleteRole",
            Happening::DeleteServiceLinkedRole(_) => "DeleteServiceLinkedRole",
            Happening::Poll(_) => "GetServiceLinkedRoleDeletionStatus",
            Happening::UpdateRole { .. } => "UpdateRole",
            Happening::Attach(place) => ATTACHMENTS[*place].1.operations().0,
            Happening::Detach(place) => ATTACHMENTS[*place].1.operations().1,
            Happening::TagBoth => "TagRole",
            Happening::UntagBoth => "UntagRole",
            Happening::GetRole(_) => "GetRole",
            Happening::AssumeRole(_)
            | Happening::CreateResource(_)
            | Happening::DeleteResource(_)
            | Happening::ResourceIsDeleted(_)
            | Happening::ResourceCannotBeDeleted(_)
            | Happening::SessionOpens(_)
            | Happening::SessionEnds(_)
            | Happening::TaskStarts(_)
            | Happening::TaskSucceeds(_)
            | Happening::TaskFails(..) => "",
        };
        // Parameters come before rights.
        let misspelt = if let Happening::CreateRole(place) = *happening {
            ORDINARY[place].0.contains(' ')
        } else if let Happening::CreateServiceLinkedRole(place) = *happening {
            REQUESTS[place].1.is_some_and(|suffix| suffix.contains(' '))
        } else {
            false
        };
        if misspelt {
            return Err("ValidationError");
        }
        if alice && !operation.is_empty() && !ALICE_MAY.contains(&operation) {
            return Err("AccessDenied");
        }
        match *happening {
            Happening::CreateRole(place) => self.create_role(ORDINARY[place]),
            Happening::CreateServiceLinkedRole(place) => self.create_linked_role(REQUESTS[place]),
            Happening::DeleteRole(name) => self.delete_role(name),
            Happening::DeleteServiceLinkedRole(name) => self.submit(name),
            Happening::Poll(None) => Err("NoSuchEntity"),
            Happening::Poll(Some("")) => Err("InvalidInput"),
            Happening::Poll(Some(role)) => self.tasks.get(role).map_or(Err("NoSuchEntity"), |task| Ok(task.status)),
            Happening::UpdateRole { role, duration } => match self.roles.get(role) {
                None => Err("NoSuchEntity"),
                Some(role) if role.linked && duration => Err("UnmodifiableEntity"),
                Some(_) => OK,
            },
            Happening::Attach(place) => self.attach(ATTACHMENTS[place]),
            Happening::Detach(place) => self.detach(ATTACHMENTS[place]),
            Happening::TagBoth => {
                // As if one after the other, and if one of them is refused none has happened.
                let before = self.roles.clone();
                let answer = self.attach(ATTACHMENTS[0]).and_then(|_| self.attach(ATTACHMENTS[1]));
                if answer.is_err() {
                    self.roles = before;
                }
                answer
            }
            Happening::UntagBoth => self.detach(ATTACHMENTS[0]).and_then(|_| self.detach(ATTACHMENTS[1])),
            Happening::GetRole(name) => {
                if self.roles.contains_key(name) {
                    OK
                } else {
                    Err("NoSuchEntity")
                }
            }
            // Alice is trusted by the role `deploy`, and nobody who is no service by any other.
            Happening::AssumeRole(name) => {
                if alice && name == "deploy" && self.roles.contains_key(name) {
                    OK
                } else {
                    Err("AccessDenied")
                }
            }
            Happening::CreateResource(place) => self.create_resource(alice, RESOURCES[place]),
            Happening::DeleteResource(place) => self.delete_resource(RESOURCES[place].0),
            Happening::ResourceIsDeleted(place) => self.end_of_deletion(RESOURCES[place], true),
            Happening::ResourceCannotBeDeleted(place) => self.end_of_deletion(RESOURCES[place], false),
            Happening::SessionOpens(place) => self.open(SESSIONS[place]),
            Happening::SessionEnds(place) => {
                if self.sessions.remove(&SESSIONS[place]) {
                    OK
                } else {
                    IMPOSSIBLE
                }
            }
            Happening::TaskStarts(place) => self.start(LINKED[place].0),
            Happening::TaskSucceeds(place) => self.succeed(LINKED[place].0),
            Happening::TaskFails(place, ref named) => self.fail(LINKED[place], named),
        }
    }

    /// Names are unique in the account, whatever their case.
    fn is_taken(&self, name: &str) -> bool {
        self.roles.keys().any(|known| known.to_lowercase() == name.to_lowercase())
    }

    fn create_role(&mut self, (name, path): (&'static str, &str)) -> Answer {
        if path.starts_with("/aws-service-role/") {
            return Err("InvalidInput");
        }
        if self.is_taken(name) {
            return Err("EntityAlreadyExists");
        }
        if self.roles.len() >= ROLE_QUOTA {
            return Err("LimitExceeded");
        }
        self.roles.insert(name, Role::default());
        OK
    }

    fn create_linked_role(&mut self, (service, suffix): (&str, Option<&str>)) -> Answer {
        let base = match service {
            GADGETS => LINKED[0].0,
            PARTS => LINKED[2].0,
            _ => return Err("AccessDenied"),
        };
        if suffix.is_some() && service == PARTS {
            return Err("InvalidInput");
        }
        let name = suffix.map_or(base.to_owned(), |suffix| format!("{base}_{suffix}"));
        if name.len() > 64 {
            return Err("ValidationError");
        }
        let (name, _) = LINKED.into_iter().find(|(known, _)| *known == name).expect("the table lists every name");
        self.make_linked(name)
    }

    /// Nothing but the name stands against a service-linked role: the quota does not.
    fn make_linked(&mut self, name: &'static str) -> Answer {
        if self.is_taken(name) {
            return Err("InvalidInput");
        }
        self.roles.insert(name, Role { linked: true, attached: BTreeSet::new() });
        self.tasks.remove(name);
        self.forget_reports(name);
        OK
    }

    fn delete_role(&mut self, name: &str) -> Answer {
        match self.roles.get(name) {
            None => Err("NoSuchEntity"),
            Some(role) if role.linked => Err("UnmodifiableEntity"),
            Some(role) => {
                let minds = |(thing, _): &(Thing, &str)| match thing {
                    Thing::ManagedPolicy | Thing::InlinePolicy | Thing::InstanceProfile => true,
                    Thing::Tag | Thing::Boundary => false,
                };
                if role.attached.iter().any(minds) {
                    return Err("DeleteConflict");
                }
                self.roles.remove(name);
                OK
            }
        }
    }

    fn submit(&mut self, name: &'static str) -> Answer {
        if !self.roles.get(name).is_some_and(|role| role.linked) {
            return Err("NoSuchEntity");
        }
        if !self.is_unfinished(name) {
            self.tasks.insert(name, Task { status: "NOT_STARTED", found: (BTreeSet::new(), false) });
            self.forget_reports(name);
        }
        OK
    }

    fn is_unfinished(&self, name: &str) -> bool {
        self.tasks.get(name).is_some_and(|task| ["NOT_STARTED", "IN_PROGRESS"].contains(&task.status))
    }

    fn forget_reports(&mut self, name: &str) {
        self.reported.retain(|resource| !RESOURCES.contains(&(resource, name)));
    }

    fn attach(&mut self, (role, thing, name): (&str, Thing, &'static str)) -> Answer {
        let Some(role) = self.roles.get_mut(role) else {
            return Err("NoSuchEntity");
        };
        if role.linked && thing != Thing::Tag {
            return Err("UnmodifiableEntity");
        }
        if name.contains("/aws-service-role/") {
            return Err("PolicyNotAttachable");
        }
        let others = role.attached.iter().filter(|(other, known)| *other == thing && *known != name).count();
        if thing == Thing::Tag && others >= TAG_QUOTA || thing == Thing::ManagedPolicy && others >= POLICY_QUOTA {
            return Err("LimitExceeded");
        }
        role.attached.insert((thing, name));
        OK
    }

    fn detach(&mut self, (role, thing, name): (&str, Thing, &'static str)) -> Answer {
        let Some(role) = self.roles.get_mut(role) else {
            return Err("NoSuchEntity");
        };
        if role.linked && thing != Thing::Tag {
            return Err("UnmodifiableEntity");
        }
        if role.attached.remove(&(thing, name)) || thing == Thing::Tag { OK } else { Err("NoSuchEntity") }
    }

    /// Whether the role is held for its deletion: no session and no resource begins to use it.
    fn is_locked(&self, role: &str) -> bool {
        let is_judged = self.tasks.get(role).is_some_and(|task| task.status == "IN_PROGRESS");
        (self.locks && self.is_unfinished(role)) || (self.judging == Judging::Start && is_judged)
    }

    /// A service makes its role when it is first needed, with the rights of whoever calls.
    fn create_resource(&mut self, alice: bool, (name, role): (&'static str, &'static str)) -> Answer {
        match self.resources[name] {
            "absent" => {}
            // A name is used once.
            "deleted" => return Err("NotModelled"),
            _ => return Err("ResourceAlreadyExists"),
        }
        if !self.roles.contains_key(role) {
            if alice {
                return Err("AccessDenied");
            }
            self.make_linked(role)?;
        }
        if self.is_locked(role) {
            return Err("ResourceInUse");
        }
        self.resources.insert(name, "active");
        OK
    }

    fn delete_resource(&mut self, name: &'static str) -> Answer {
        match self.resources[name] {
            "active" => {
                self.resources.insert(name, "deleting");
                OK
            }
            "deleting" => Err("ResourceInUse"),
            _ => Err("ResourceNotFound"),
        }
    }

    /// Deleting a resource fails only while the service uses the role.
    fn end_of_deletion(&mut self, (name, role): (&'static str, &str), works: bool) -> Answer {
        if self.resources[name] != "deleting" || !(works || self.has_session(role)) {
            return IMPOSSIBLE;
        }
        if works {
            self.reported.remove(name);
        }
        self.resources.insert(name, if works { "deleted" } else { "active" });
        OK
    }

    fn has_session(&self, role: &str) -> bool {
        self.sessions.iter().any(|(held, _)| *held == role)
    }

    fn open(&mut self, session: (&'static str, &'static str)) -> Answer {
        let (role, principal) = session;
        let trusted = match role {
            "AWSServiceRoleForGadgets" => [GADGETS, HELPER].contains(&principal),
            _ => principal == PARTS,
        };
        if !trusted || !self.roles.contains_key(role) || self.is_locked(role) || !self.sessions.insert(session) {
            return IMPOSSIBLE;
        }
        OK
    }

    /// What uses the role now: resources that are not gone, and whether a session is open.
    fn used(&self, role: &str) -> (BTreeSet<&'static str>, bool) {
        let uses =
            |(name, of): &(&'static str, &str)| *of == role && ["active", "deleting"].contains(&self.resources[name]);
        (RESOURCES.into_iter().filter(uses).map(|(name, _)| name).collect(), self.has_session(role))
    }

    fn start(&mut self, role: &'static str) -> Answer {
        let found = self.used(role);
        match self.tasks.get_mut(role) {
            Some(task) if task.status == "NOT_STARTED" => {
                *task = Task { status: "IN_PROGRESS", found };
                OK
            }
            Some(_) | None => IMPOSSIBLE,
        }
    }

    /// What the service holds against the deletion; `None` if the task is not being judged.
    fn judgement(&self, role: &str) -> Option<(BTreeSet<&'static str>, bool)> {
        let task = self.tasks.get(role).filter(|task| task.status == "IN_PROGRESS")?;
        let was_used = !task.found.0.is_empty() || task.found.1;
        Some(match self.judging {
            Judging::Start => task.found.clone(),
            Judging::Both if was_used => task.found.clone(),
            Judging::Both | Judging::End => self.used(role),
        })
    }

    fn succeed(&mut self, role: &'static str) -> Answer {
        if self.judgement(role) != Some((BTreeSet::new(), false)) {
            return IMPOSSIBLE;
        }
        self.roles.remove(role);
        self.tasks.insert(role, Task { status: "SUCCEEDED", found: (BTreeSet::new(), false) });
        OK
    }

    fn fail(&mut self, (role, service): (&'static str, &str), named: &BTreeSet<usize>) -> Answer {
        let Some((resources, session)) = self.judgement(role) else {
            return IMPOSSIBLE;
        };
        let named: BTreeSet<_> = named.iter().map(|place| RESOURCES[*place].0).collect();
        let may_say = if service == PARTS { named == resources } else { named.is_subset(&resources) };
        if (resources.is_empty() && !session) || !may_say {
            return IMPOSSIBLE;
        }
        self.tasks.insert(role, Task { status: "FAILED", found: (BTreeSet::new(), false) });
        // What is gone since is of no interest any more.
        let (still, _) = self.used(role);
        self.reported.extend(named.intersection(&still));
        OK
    }
}
