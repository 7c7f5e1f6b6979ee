//! The account in which everything happens.

use super::declare::{record, words};
use super::grammar::Named;
use super::scalar::Text;
use crate::yaml::Spanned;

words! {
    /// A group of Regions with its own ARNs.
    pub enum Partition, "a partition" {
        /// The commercial Regions.
        Aws = "aws",
        /// The Regions in China.
        AwsCn = "aws-cn",
        /// AWS `GovCloud` (US).
        AwsUsGov = "aws-us-gov",
    }
}

record! {
    /// The account in which everything happens.
    #[derive(Default)]
    pub struct Account, "the account" {
        /// The account's id, twelve digits between quotes. Default: "123456789012".
        "id" => pub id: Option<Text>,
        /// The partition, the second part of every ARN. Default: aws.
        "partition" => pub partition: Option<Spanned<Partition>>,
        /// The Regions that the account uses. Without them the account uses what the scenario
        /// names, and resources are in us-east-1.
        "regions" => pub regions: Vec<Text>,
        /// How many roles the account may have. A service-linked role may exceed the quota, and
        /// counts against it all the same. Default: 1000.
        "role-quota" => pub role_quota: Option<Spanned<u32>>,
        /// How many managed policies a role may have. Default: 10.
        "managed-policies-per-role" => pub managed_policies_per_role: Option<Spanned<u32>>,
        /// How many tags a role may have. Default: 50.
        "tags-per-role" => pub tags_per_role: Option<Spanned<u32>>,
        /// How many characters a trust policy may have, white space aside. Default: 2048.
        "trust-policy-length" => pub trust_policy_length: Option<Spanned<u32>>,
        /// How many resources of a kind the account may have in each Region, by the kind's name.
        /// Default: as many as one likes.
        "resource-quotas" => pub resource_quotas: Named<Spanned<u32>>,
        /// Service principals that AWS has and that slr does not know: trust policies may name them.
        /// Default: none.
        "service-principals" => pub service_principals: Vec<Text>,
        /// How many roles there are besides those that the scenario names: they only count against
        /// the quota. Default: 0.
        "other-roles" => pub other_roles: Option<Spanned<u32>>,
    }
}

impl Account {
    /// The id of an account that does not say it: the one that AWS's documentation uses.
    pub const DEFAULT_ID: &'static str = "123456789012";
    /// The Region of resources for which nothing says it.
    pub const DEFAULT_REGION: &'static str = "us-east-1";
    /// How many roles an account may have unless AWS raised it.
    ///
    /// Source: IAM User Guide, "IAM and AWS STS quotas".
    pub const DEFAULT_ROLE_QUOTA: u32 = 1000;

    /// The account's id.
    #[must_use]
    pub fn id(&self) -> &str {
        self.id.as_ref().map_or(Self::DEFAULT_ID, |id| id.as_str())
    }

    /// The partition.
    #[must_use]
    pub fn partition(&self) -> Partition {
        self.partition.as_ref().map_or(Partition::Aws, |partition| partition.value)
    }

    /// The Region of resources for which nothing says it.
    #[must_use]
    pub fn first_region(&self) -> &str {
        self.regions.first().map_or(Self::DEFAULT_REGION, |region| region.as_str())
    }

    /// How many roles the account may have.
    #[must_use]
    pub fn role_quota(&self) -> u32 {
        self.role_quota.as_ref().map_or(Self::DEFAULT_ROLE_QUOTA, |quota| quota.value)
    }

    /// How many managed policies a role may have.
    ///
    /// Source: IAM User Guide, "IAM and AWS STS quotas": 10, which can be raised to 20.
    #[must_use]
    pub fn managed_policies_per_role(&self) -> u32 {
        self.managed_policies_per_role.as_ref().map_or(10, |quota| quota.value)
    }

    /// How many tags a role may have.
    ///
    /// Source: IAM User Guide, "IAM and AWS STS quotas".
    #[must_use]
    pub fn tags_per_role(&self) -> u32 {
        self.tags_per_role.as_ref().map_or(50, |quota| quota.value)
    }

    /// How many characters a trust policy may have, white space aside.
    ///
    /// Source: IAM User Guide, "IAM and AWS STS quotas": 2048, which can be raised to 4096.
    #[must_use]
    pub fn trust_policy_length(&self) -> u32 {
        self.trust_policy_length.as_ref().map_or(2048, |quota| quota.value)
    }

    /// Whether the scenario says that AWS has a service of that principal.
    #[must_use]
    pub fn has_service(&self, principal: &str) -> bool {
        self.service_principals.iter().any(|known| known.value == principal)
    }

    /// How many roles there are besides those of the scenario.
    #[must_use]
    pub fn other_roles(&self) -> u32 {
        self.other_roles.as_ref().map_or(0, |others| others.value)
    }
}
