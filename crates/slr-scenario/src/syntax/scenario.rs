//! A whole scenario file.

use slr_core::policy::DenialDetail;

use super::account::Account;
use super::declare::record;
use super::delay::Delays;
use super::document::PolicyDocument;
use super::expect::Expectation;
use super::fault::Fault;
use super::given::Given;
use super::grammar::Named;
use super::knob::{DenialReasons, Knobs, Reality};
use super::operator::Operator;
use super::parameter::Parameter;
use super::principal::{Group, OrganizationLevel, Role, User};
use super::scalar::{Duration, Text};
use super::service::Service;
use super::step::Step;
use crate::yaml::Spanned;

record! {
    /// A story about service-linked roles that can be played, checked and replayed.
    pub struct Scenario, "a scenario" {
        /// The title.
        "scenario" => pub title: Text,
        /// What happens and why it is worth telling, for people.
        "story" => pub story: Option<Text>,
        /// Where the facts come from: the title of a document and a section.
        "source" => pub source: Option<Text>,
        /// What chance is derived from: the same seed gives the same run. Default: 1.
        "seed" => pub seed: Option<Spanned<u64>>,
        /// When the run ends at the latest, counted from the start. It ends earlier when nothing
        /// can happen any more. Default: 7d.
        "until" => pub until: Option<Spanned<Duration>>,
        /// Values that the command line may set, each with its default. `$name` stands for the
        /// value wherever a number, a boolean, a duration or a name stands.
        "params" => pub params: Named<Spanned<Parameter>>,
        /// Which age of AWS is modelled where the documentation and later behaviour differ.
        /// Default: documented.
        "reality" => pub reality: Option<Spanned<Reality>>,
        /// The account in which everything happens.
        "account" => pub account: Option<Spanned<Account>>,
        /// The organization's service control policies, level by level, by name, from its root down
        /// to the account.
        "organization" => pub organization: Named<Spanned<OrganizationLevel>>,
        /// Settings of the modelled world.
        "knobs" => pub knobs: Option<Spanned<Knobs>>,
        /// Services, by service principal, besides those that are built in.
        "services" => pub services: Named<Spanned<Service>>,
        /// Ordinary roles and service roles that may exist, by name.
        "roles" => pub roles: Named<Spanned<Role>>,
        /// Managed policies of the account, by name.
        "policies" => pub policies: Named<Spanned<PolicyDocument>>,
        /// Groups of users, by name.
        "groups" => pub groups: Named<Spanned<Group>>,
        /// Users, by name, besides admin, who may do everything.
        "users" => pub users: Named<Spanned<User>>,
        /// What exists at time zero.
        "given" => pub given: Vec<Spanned<Given>>,
        /// How long things take.
        "delays" => pub delays: Option<Spanned<Delays>>,
        /// What goes wrong in the world by itself.
        "faults" => pub faults: Vec<Spanned<Fault>>,
        /// What is done, and what happens, at given times. The times do not go back.
        "steps" => pub steps: Vec<Spanned<Step>>,
        /// Clients that work towards a goal on their own, by name.
        "operators" => pub operators: Named<Spanned<Operator>>,
        /// What is expected of the run.
        "expect" => pub expect: Vec<Spanned<Expectation>>,
    }
}

impl Scenario {
    /// A scenario in which there is nothing.
    pub(crate) fn empty() -> Self {
        Self {
            title: Text::default(),
            story: None,
            source: None,
            seed: None,
            until: None,
            params: Named::default(),
            reality: None,
            account: None,
            organization: Named::default(),
            knobs: None,
            services: Named::default(),
            roles: Named::default(),
            policies: Named::default(),
            groups: Named::default(),
            users: Named::default(),
            given: Vec::new(),
            delays: None,
            faults: Vec::new(),
            steps: Vec::new(),
            operators: Named::default(),
            expect: Vec::new(),
        }
    }

    /// What chance is derived from.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed.as_ref().map_or(1, |seed| seed.value)
    }

    /// When the run ends at the latest.
    #[must_use]
    pub fn until(&self) -> Duration {
        self.until.as_ref().map_or(Duration::from_secs(7 * 86_400), |until| until.value)
    }

    /// The account.
    #[must_use]
    pub fn account(&self) -> Account {
        self.account.as_ref().map(|account| account.value.clone()).unwrap_or_default()
    }

    /// The settings of the modelled world.
    #[must_use]
    pub fn knobs(&self) -> Knobs {
        self.knobs.as_ref().map(|knobs| knobs.value.clone()).unwrap_or_default()
    }

    /// How long things take.
    #[must_use]
    pub fn delays(&self) -> Delays {
        self.delays.as_ref().map(|delays| delays.value.clone()).unwrap_or_default()
    }

    /// Which age of AWS is modelled.
    #[must_use]
    pub fn reality(&self) -> Reality {
        self.reality.as_ref().map_or(Reality::Documented, |reality| reality.value)
    }

    /// How much a refusal for want of a right tells: the reason has been there since about 2021.
    ///
    /// Source: IAM User Guide, "Troubleshoot access denied error messages".
    #[must_use]
    pub fn denial_detail(&self) -> DenialDetail {
        let given = self.knobs.as_ref().and_then(|knobs| knobs.value.denial_reasons.as_ref());
        match (given.map(|given| given.value), self.reality()) {
            (Some(DenialReasons::Given), _) | (None, Reality::Today) => DenialDetail::WithReason,
            (Some(DenialReasons::Left), _) | (None, Reality::Documented) => DenialDetail::Plain,
        }
    }

    /// The names of the readings of built-in services that are chosen.
    pub fn readings(&self) -> Vec<&str> {
        let chosen = self.knobs.as_ref().map_or(&[][..], |knobs| &knobs.value.readings);
        chosen.iter().map(|name| name.as_str()).collect()
    }
}
