//! What exists at time zero.

use super::argument::Argument;
use super::declare::{choice, record};
use super::grammar::{Named, OneOrMore};
use super::scalar::{Duration, Text};
use crate::yaml::Spanned;

record! {
    /// A role that exists at time zero.
    pub struct GivenRole, "a given role" {
        /// Its name: a service's role, without its suffix, or one of the ordinary roles.
        "role" => pub role: Text,
        /// The suffix of a service-linked role. Its whole name is the name, `_` and the suffix.
        "suffix" => pub suffix: Option<Text>,
        /// Its description. Default: the one that the definition gives.
        "description" => pub description: Option<Text>,
        /// Its longest session, from one hour to twelve. Default: the one that the definition gives.
        "max-session-duration" => pub max_session_duration: Option<Spanned<Duration>>,
        /// Its tags.
        "tags" => pub tags: Named<Text>,
    }
}

record! {
    /// Resources that exist at time zero.
    pub struct GivenResources, "an entry of resources" {
        /// Which, and how many.
        "resources" => pub resources: Spanned<Resources>,
    }
}

record! {
    /// Some resources of one kind.
    pub struct Resources, "`resources`" {
        /// Their kind.
        "kind" => pub kind: Text,
        /// The service whose kind it is, where several have one of that name.
        "service" => pub service: Option<Text>,
        /// How many. Default: one.
        "count" => pub count: Option<Spanned<u32>>,
        /// Their Regions, taken in turns. Default: that of the first parent, or the account's first.
        "regions" => pub regions: Vec<Text>,
        /// What they are called. With a count a hyphen and a number follow: gadget-1, gadget-2.
        /// Default: the name of the kind, always with a number.
        "name" => pub name: Option<Text>,
        /// The state they are in. Default: the kind's initial state.
        "state" => pub state: Option<Text>,
        /// The role on which they depend. Default: the service's only role.
        "role" => pub role: Option<Text>,
        /// The resource to which they belong, if their kind has a parent, or several.
        "parent" => pub parent: Option<OneOrMore<Text>>,
        /// The role of the account's own that was passed to the service for them.
        "passes" => pub passes: Option<Text>,
        /// The parameters that calls have given for them, by their names in the API, such as
        /// `Schedule`.
        "parameters" => pub parameters: Named<Spanned<Argument>>,
        /// The actions that the service needs for its work with them, such as "sns:Publish".
        "needs" => pub needs: Vec<Text>,
    }
}

record! {
    /// Sessions on a role at time zero.
    pub struct GivenSessions, "an entry of sessions" {
        /// On which role, and how many.
        "sessions" => pub sessions: Spanned<Sessions>,
    }
}

record! {
    /// Some sessions on one role.
    pub struct Sessions, "`sessions`" {
        /// The role.
        "role" => pub role: Text,
        /// Who holds them. Default: the first principal that the role trusts.
        "principal" => pub principal: Option<Text>,
        /// How many. Default: one.
        "count" => pub count: Option<Spanned<u32>>,
        /// Whether they are open at time zero. Default: true.
        "open" => pub open: Option<Spanned<bool>>,
        /// Whether another session follows each one that ends, as long as the role exists.
        /// Default: false.
        "reopens" => pub reopens: Option<Spanned<bool>>,
    }
}

choice! {
    /// Something that exists at time zero.
    pub enum Given, "an entry under `given`" {
        /// A role.
        "role" => Role(GivenRole),
        /// Resources of a kind.
        "resources" => Resources(GivenResources),
        /// Sessions on a role.
        "sessions" => Sessions(GivenSessions),
    }
}

impl Resources {
    /// The resources to which they belong.
    #[must_use]
    pub fn parents(&self) -> &[Text] {
        self.parent.as_ref().map_or(&[], |parents| &parents.0)
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.count.as_ref().map_or(1, |count| count.value)
    }

    /// Their names, in order.
    pub fn names(&self) -> impl Iterator<Item = String> + '_ {
        let base = self.name.as_ref().unwrap_or(&self.kind);
        let is_numbered = self.count.is_some() || self.name.is_none();
        (1..=self.count()).map(move |number| if is_numbered { format!("{base}-{number}") } else { base.value.clone() })
    }
}

impl Sessions {
    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.count.as_ref().map_or(1, |count| count.value)
    }

    /// Whether they are open at time zero.
    #[must_use]
    pub fn open(&self) -> bool {
        self.open.as_ref().is_none_or(|open| open.value)
    }

    /// Whether another follows each that ends.
    #[must_use]
    pub fn reopens(&self) -> bool {
        self.reopens.as_ref().is_some_and(|reopens| reopens.value)
    }
}
