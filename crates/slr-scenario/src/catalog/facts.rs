//! What the catalogue says of a service besides its definition, with the sources.

use schemars::{Schema, SchemaGenerator};

use crate::syntax::declare::{record, words};
use crate::syntax::grammar::{Reader, Syntax};
use crate::syntax::{Named, Service, Text};
use crate::yaml::{Node, Spanned};

words! {
    /// How far a service's facts can be relied upon.
    pub enum Evidence, "a kind of evidence" {
        /// Principal, role, policy and the answer to a suffix were recorded from AWS.
        Recorded = "recorded",
        /// They are taken from documentation and public threads.
        Documented = "documented",
    }
}

words! {
    /// Where the resources are that keep the role.
    pub enum Scope, "a scope" {
        /// In Regions.
        Regional = "regional",
        /// In no Region.
        Global = "global",
        /// In the organization's accounts.
        Organization = "organization",
    }
}

words! {
    /// Who deletes the role.
    pub enum ManualOrAutomatic, "a manner of deletion" {
        /// The account's people.
        Manual = "manual",
        /// The service, with its last resource.
        Automatic = "automatic",
        /// The service when the account leaves the organization, the account's people before.
        Either = "automatic-or-manual",
    }
}

words! {
    /// A fact of a service that has a source or is assumed.
    pub enum Fact, "the name of a fact" {
        /// The service principal.
        Principal = "principal",
        /// The name of the role.
        Role = "role",
        /// Whether a suffix is accepted.
        Suffix = "suffix",
        /// Who may assume the role.
        Trust = "trust",
        /// The managed policy.
        Policy = "policy",
        /// The actions that the policy allows.
        Permits = "permits",
        /// Kinds: states, operations and clean-up of the resources, beyond what `created-by` and `blockers` say.
        Kinds = "kinds",
        /// The errors that the service spells in its own way.
        Errors = "errors",
        /// That IAM creates it on request.
        CreatedInIam = "created-in-iam",
        /// That the service creates it.
        CreatedAutomatically = "created-automatically",
        /// By which operations.
        CreatedBy = "created-by",
        /// A remark on the creation.
        Creation = "creation",
        /// Who deletes it.
        Deletion = "deletion",
        /// What keeps it from being deleted.
        Blockers = "blockers",
        /// Whether that counts in every Region.
        BlockersInEveryRegion = "blockers-in-every-region",
        /// Where that is.
        Scope = "scope",
        /// A remark on the deletion.
        DeletionNote = "deletion-note",
    }
}

record! {
    /// Where facts come from.
    pub struct SourceOfFacts, "a source" {
        /// Which facts.
        "facts" => pub facts: Vec<Spanned<Fact>>,
        /// The title of a document and its section or page, or an address.
        "from" => pub from: Text,
    }
}

/// A part of a service's file that overrides another part: checked when it is merged with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// What is otherwise, as JSON.
    pub json: serde_json::Value,
}

impl Syntax for Override {
    fn read(node: &Node, _: &mut Reader) -> Option<Self> {
        Some(Self { json: node.to_json() })
    }

    fn write(&self) -> Node {
        Node::from_json(&self.json)
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        Spanned::<Service>::schema(generator)
    }

    #[cfg(test)]
    fn sample(dice: &mut crate::syntax::sample::Dice) -> Self {
        Self { json: Service::sample(dice).write().to_json() }
    }
}

record! {
    /// Another way to read what is documented of a service.
    pub struct Reading, "a reading" {
        /// What is so, and why one can read it like this.
        "says" => pub says: Text,
        /// What is otherwise than under `service`.
        "service" => pub service: Override,
    }
}

record! {
    /// A service of the catalogue.
    pub struct Facts, "a service of the catalogue" {
        /// The service principal, which is the name of the file.
        "principal" => pub principal: Text,
        /// How far the facts can be relied upon.
        "evidence" => pub evidence: Spanned<Evidence>,
        /// The service in the language of scenarios, as the guides of 2019 and 2020 describe it.
        "service" => pub service: Spanned<Service>,
        /// Other ways to read what is documented; a scenario chooses them by name under `knobs`.
        "readings" => pub readings: Named<Spanned<Reading>>,
        /// Those of them that later documentation and recordings decide for; a scenario chooses them together with `reality: today`.
        "today" => pub today: Vec<Text>,
        /// The part of the role's fixed name that looks like a suffix and is none.
        "built-in-suffix" => pub built_in_suffix: Option<Text>,
        /// Whether IAM creates the role on request. Without it no source says.
        "created-in-iam" => pub created_in_iam: Option<Spanned<bool>>,
        /// Whether the service creates the role. Without it no source says.
        "created-automatically" => pub created_automatically: Option<Spanned<bool>>,
        /// The operations with which it does, or occasions where the source names no operation.
        "created-by" => pub created_by: Vec<Text>,
        /// A remark on the creation.
        "creation" => pub creation: Option<Text>,
        /// Who deletes the role. Without it no source says.
        "deletion" => pub deletion: Option<Spanned<ManualOrAutomatic>>,
        /// What keeps the role from being deleted, as the source words it. Without it no source says.
        "blockers" => pub blockers: Vec<Text>,
        /// Whether that must be gone from every Region. Without it no source says.
        "blockers-in-every-region" => pub blockers_in_every_region: Option<Spanned<bool>>,
        /// Where that is.
        "scope" => pub scope: Option<Spanned<Scope>>,
        /// A remark on the deletion.
        "deletion-note" => pub deletion_note: Option<Text>,
        /// The facts that no source gives.
        "assumed" => pub assumed: Vec<Spanned<Fact>>,
        /// The sources of the others.
        "sources" => pub sources: Vec<Spanned<SourceOfFacts>>,
    }
}
