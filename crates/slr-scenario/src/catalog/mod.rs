//! The services that are built in: their facts with sources, and their definitions in the language of scenarios.
//!
//! Each service is one file in `services/`, named by its principal. A file is text in the program until somebody asks for it:
//! nothing is parsed at the start, and a scenario costs what it names.

mod facts;
mod index;
mod named;

pub use facts::{Evidence, Fact, Facts, ManualOrAutomatic, Override, Reading, Scope, SourceOfFacts};
pub(crate) use named::named_by;

use slr_core::service::policy_after;

use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::source::{Source, Unreadable};
use crate::syntax::grammar::{Reader, Syntax};
use crate::syntax::{Reality, Service};
use crate::yaml::{Content, Entry as Pair, Node, Spanned, compose};

/// The catalogue of services that are built in.
#[derive(Debug, Clone, Copy)]
pub enum Catalog {}

/// A service of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    principal: &'static str,
    role: &'static str,
    text: &'static str,
}

/// What most service principals end with.
const DOMAIN: &str = ".amazonaws.com";
/// What the names of service-linked roles begin with.
const BEGINNING: &str = "AWSServiceRoleFor";

/// Service principals that AWS has and that own no service-linked role: a request for one is refused otherwise than for a principal that
/// nobody has. Assumed to be far from all.
///
/// Sources: AWS Systems Manager User Guide, "Control access to maintenance windows (console)" for EC2 and Amazon SNS; IAM User Guide,
/// "AWS services that work with IAM", and the trust policies in the services' own guides for the others;
/// <https://github.com/clouddrove/terraform-aws-elasticsearch/issues/20> for `OpenSearch`, whose role has another principal.
const WITHOUT_A_LINKED_ROLE: [&str; 95] = [
    "airflow-env.amazonaws.com",
    "amplify.amazonaws.com",
    "apigateway.amazonaws.com",
    "appflow.amazonaws.com",
    "application-autoscaling.amazonaws.com",
    "appstream.amazonaws.com",
    "appsync.amazonaws.com",
    "athena.amazonaws.com",
    "batchoperations.s3.amazonaws.com",
    "bedrock-agentcore.amazonaws.com",
    "bedrock.amazonaws.com",
    "build.apprunner.amazonaws.com",
    "cloudformation.amazonaws.com",
    "cloudfront.amazonaws.com",
    "cloudwatch.amazonaws.com",
    "codebuild.amazonaws.com",
    "codecommit.amazonaws.com",
    "codedeploy.amazonaws.com",
    "codepipeline.amazonaws.com",
    "codestar.amazonaws.com",
    "cognito-idp.amazonaws.com",
    "comprehend.amazonaws.com",
    "credentials.iot.amazonaws.com",
    "databrew.amazonaws.com",
    "datapipeline.amazonaws.com",
    "datasync.amazonaws.com",
    "delivery.logs.amazonaws.com",
    "dlm.amazonaws.com",
    "dynamodb.amazonaws.com",
    "ec2.amazonaws.com",
    "ecs-tasks.amazonaws.com",
    "edgelambda.amazonaws.com",
    "eks-fargate-pods.amazonaws.com",
    "elastictranscoder.amazonaws.com",
    "emr-serverless.amazonaws.com",
    "export.rds.amazonaws.com",
    "firehose.amazonaws.com",
    "forecast.amazonaws.com",
    "frauddetector.amazonaws.com",
    "gamelift.amazonaws.com",
    "glue.amazonaws.com",
    "greengrass.amazonaws.com",
    "healthlake.amazonaws.com",
    "hooks.cloudformation.amazonaws.com",
    "importexport.amazonaws.com",
    "inspector.amazonaws.com",
    "iot.amazonaws.com",
    "iotanalytics.amazonaws.com",
    "iotevents.amazonaws.com",
    "kendra.amazonaws.com",
    "kinesis.amazonaws.com",
    "kinesisanalytics.amazonaws.com",
    "kms.amazonaws.com",
    "lambda.amazonaws.com",
    "logs.amazonaws.com",
    "lookoutmetrics.amazonaws.com",
    "malware-protection-plan.guardduty.amazonaws.com",
    "mediaconvert.amazonaws.com",
    "medialive.amazonaws.com",
    "mediapackage.amazonaws.com",
    "monitoring.rds.amazonaws.com",
    "omics.amazonaws.com",
    "opensearch.amazonaws.com",
    "opsworks.amazonaws.com",
    "osis-pipelines.amazonaws.com",
    "personalize.amazonaws.com",
    "pinpoint.amazonaws.com",
    "pipes.amazonaws.com",
    "pods.eks.amazonaws.com",
    "quicksight.amazonaws.com",
    "redshift-serverless.amazonaws.com",
    "rekognition.amazonaws.com",
    "resources.cloudformation.amazonaws.com",
    "s3.amazonaws.com",
    "sagemaker.amazonaws.com",
    "scheduler.amazonaws.com",
    "secretsmanager.amazonaws.com",
    "servicecatalog.amazonaws.com",
    "sms.amazonaws.com",
    "sns.amazonaws.com",
    "sqs.amazonaws.com",
    "states.amazonaws.com",
    "storagegateway.amazonaws.com",
    "streams.metrics.cloudwatch.amazonaws.com",
    "swf.amazonaws.com",
    "tasks.apprunner.amazonaws.com",
    "textract.amazonaws.com",
    "transcribe.amazonaws.com",
    "transfer.amazonaws.com",
    "translate.amazonaws.com",
    "vmie.amazonaws.com",
    "vpc-flow-logs.amazonaws.com",
    "workmail.amazonaws.com",
    "workspaces.amazonaws.com",
    "xray.amazonaws.com",
];

/// Service principals that AWS has and that own a service-linked role of which the catalogue has no facts: trust policies may name them, and
/// what a request for their role would be answered is not known.
///
/// Source: IAM User Guide, "AWS services that work with IAM", column service-linked roles, and the services' own guides.
const OF_OTHER_ROLES: [&str; 18] = [
    "airflow.amazonaws.com",
    "braket.amazonaws.com",
    "devops-guru.amazonaws.com",
    "ds.amazonaws.com",
    "fsx.amazonaws.com",
    "groundstation.amazonaws.com",
    "iotfleetwise.amazonaws.com",
    "iotsitewise.amazonaws.com",
    "ivs.amazonaws.com",
    "macie.amazonaws.com",
    "managedblockchain.amazonaws.com",
    "mediatailor.amazonaws.com",
    "mgn.amazonaws.com",
    "network-firewall.amazonaws.com",
    "outposts.amazonaws.com",
    "resource-groups.amazonaws.com",
    "robomaker.amazonaws.com",
    "vpc-lattice.amazonaws.com",
];

impl Catalog {
    /// Every service, in the order of the principals.
    #[must_use]
    pub fn entries() -> &'static [Entry] {
        index::ENTRIES
    }

    /// Every principal, in order.
    pub fn principals() -> impl Iterator<Item = &'static str> {
        Self::entries().iter().map(|entry| entry.principal)
    }

    /// The service of that principal, which is case-sensitive.
    #[must_use]
    pub fn get(principal: &str) -> Option<Entry> {
        let entries = Self::entries();
        entries.binary_search_by(|entry| entry.principal.cmp(principal)).ok().map(|index| entries[index])
    }

    /// The service that owns the role of that name, with or without a suffix.
    ///
    /// Underscores in a name are no sign of a suffix: some fixed names have them.
    #[must_use]
    pub fn of_role(name: &str) -> Option<Entry> {
        let owner = |base: &str| Self::entries().iter().find(|entry| entry.role == base).copied();
        let shorter = name.char_indices().rev().filter(|(_, letter)| *letter == '_').map(|(at, _)| &name[..at]);
        owner(name).or_else(|| shorter.into_iter().find_map(owner))
    }

    /// The principal that is meant by one in the wrong case, which is nobody's: principals are case-sensitive.
    #[must_use]
    pub fn in_wrong_case(principal: &str) -> Option<&'static str> {
        let mut known = Self::principals().chain(WITHOUT_A_LINKED_ROLE).chain(OF_OTHER_ROLES);
        known.find(|known| known.eq_ignore_ascii_case(principal)).filter(|known| *known != principal)
    }

    /// Whether a service-linked role has its permissions by the managed policy of that name.
    #[must_use]
    pub fn is_service_policy(name: &str) -> bool {
        // To look for a line is cheaper than to read every file.
        let of_line = |line: &'static str| line.trim_start().strip_prefix("policy: ");
        Self::entries().iter().any(|entry| match entry.text.lines().find_map(of_line) {
            Some(policy) => policy == name,
            None => policy_after(entry.role) == name,
        })
    }

    /// The principal that was perhaps meant: the same one in another case, another one of the same service, one that is spelt nearly so,
    /// or the one whose role bears the name.
    #[must_use]
    pub fn did_you_mean(principal: &str) -> Option<&'static str> {
        // What all of them end with would make each resemble every other.
        let own = |principal: &'static str| principal.strip_suffix(DOMAIN).unwrap_or(principal);
        let lower = principal.to_ascii_lowercase();
        let word = lower.strip_suffix(DOMAIN).unwrap_or(&lower);
        if let Some(same) = Self::principals().find(|known| own(known) == word) {
            return Some(same);
        }
        let of_its_own =
            Self::principals().find(|known| own(known).rsplit_once('.').is_some_and(|(_, service)| service == word));
        // Who names a service that there is did not misspell another one.
        let is_misspelt = !WITHOUT_A_LINKED_ROLE.contains(&lower.as_str());
        let spelt_so = || {
            let meant = nearest(word, Self::principals().map(own)).filter(|_| is_misspelt)?;
            Self::principals().find(|known| own(known) == meant)
        };
        of_its_own.or_else(spelt_so).or_else(|| Self::of_role_about(word))
    }

    /// The principal of the role whose name has the word in it; of several the shortest, which says least besides.
    fn of_role_about(word: &str) -> Option<&'static str> {
        const TELLING: usize = 5;
        let plain = word.replace('-', "");
        let is_about = |entry: &&Entry| {
            let own = entry.role.strip_prefix(BEGINNING).unwrap_or(entry.role);
            plain.len() >= TELLING && own.to_ascii_lowercase().contains(&plain)
        };
        let about = Self::entries().iter().filter(is_about);
        about.min_by_key(|entry| entry.role.len()).map(|entry| entry.principal)
    }

    /// What AWS answers to a request for the role of a principal that has none, or that nobody has; `None` if it has one.
    #[must_use]
    pub fn refusal(principal: &str) -> Option<String> {
        match Self::get(principal) {
            Some(_) => None,
            None if Self::exists(principal) => {
                Some(format!("Cannot find Service Linked Role template for {principal}"))
            }
            None => Some(format!("{principal} is not a valid AWS service name (Service Principal)")),
        }
    }

    /// The name of a role that was perhaps meant.
    #[must_use]
    pub fn did_you_mean_role(name: &str) -> Option<&'static str> {
        let own = |role: &'static str| role.strip_prefix(BEGINNING).unwrap_or(role);
        let roles = || Self::entries().iter().map(|entry| entry.role);
        let meant = nearest(name.strip_prefix(BEGINNING).unwrap_or(name), roles().map(own))?;
        roles().find(|known| own(known) == meant)
    }

    /// Whether AWS has a service of exactly that principal, which may name a Region or end as in China.
    #[must_use]
    pub fn has(principal: &str) -> bool {
        let all = || Self::principals().chain(WITHOUT_A_LINKED_ROLE).chain(OF_OTHER_ROLES);
        let is_known = |text: &str| all().any(|known| known == text);
        let elsewhere = principal.strip_suffix(".cn").unwrap_or(principal);
        let labels: Vec<&str> = elsewhere.split('.').collect();
        let is_region = |label: &str| label.contains('-') && label.ends_with(|c: char| c.is_ascii_digit());
        let without_region: Vec<&str> = labels.into_iter().filter(|label| !is_region(label)).collect();
        is_known(elsewhere) || is_known(&without_region.join("."))
    }

    /// Whether AWS has a service of that principal, in whatever case it is written; with or without a service-linked role.
    #[must_use]
    pub fn exists(principal: &str) -> bool {
        let mut known = Self::principals().chain(WITHOUT_A_LINKED_ROLE);
        known.any(|known| known.eq_ignore_ascii_case(principal))
    }
}

impl Entry {
    /// The service principal.
    #[must_use]
    pub const fn principal(&self) -> &'static str {
        self.principal
    }

    /// The fixed name of the role.
    #[must_use]
    pub const fn role(&self) -> &'static str {
        self.role
    }

    /// The service's file.
    #[must_use]
    pub const fn text(&self) -> &'static str {
        self.text
    }

    /// The service's file as a source, for diagnostics about it.
    ///
    /// # Errors
    /// [`Unreadable`] if the file is too large.
    pub fn source(&self) -> Result<Source, Box<Unreadable>> {
        Source::new(format!("services/{}.yaml", self.principal), self.text)
    }

    /// What is known of the service, with sources.
    ///
    /// # Errors
    /// What is wrong with the file; a built-in file has no mistakes.
    pub fn facts(&self) -> Result<Facts, Vec<Diagnostic>> {
        let (root, mut reader) = self.root()?;
        let facts = Facts::read(&root, &mut reader);
        match facts {
            Some(facts) if reader.diagnostics.is_empty() => Ok(facts),
            _ => Err(reader.diagnostics),
        }
    }

    /// The names of the other ways to read what is documented of the service.
    ///
    /// # Errors
    /// What is wrong with the file; a built-in file has no mistakes.
    pub fn readings(&self) -> Result<Vec<String>, Vec<Diagnostic>> {
        let (root, _) = self.root()?;
        Ok(match part(&root, "readings").map(|readings| &readings.content) {
            Some(Content::Mapping(entries)) => entries.iter().map(|entry| entry.key.value.clone()).collect(),
            Some(Content::Scalar(_) | Content::Sequence(_)) | None => Vec::new(),
        })
    }

    /// The service's file as JSON: what is known of it, in the words of the file.
    ///
    /// # Errors
    /// What is wrong with the file; a built-in file has no mistakes.
    pub fn json(&self) -> Result<serde_json::Value, Vec<Diagnostic>> {
        self.facts()?;
        self.root().map(|(root, _)| root.to_json())
    }

    /// The service as a scenario would declare it.
    ///
    /// What the readings say that the file has of those chosen, and that it lists under `today` if the scenario models later behaviour, takes the
    /// place of what it says under `service`: mappings are merged key by key, everything else is replaced.
    ///
    /// # Errors
    /// What is wrong with the file; a built-in file has no mistakes.
    pub fn service(&self, reality: Reality, readings: &[&str]) -> Result<Spanned<Service>, Vec<Diagnostic>> {
        let (root, mut reader) = self.root()?;
        let mut definition = part(&root, "service").cloned().unwrap_or_else(|| Node::new(Content::Mapping(Vec::new())));
        let today = match reality {
            Reality::Today => self.facts()?.today,
            Reality::Documented => Vec::new(),
        };
        for name in today.iter().map(|name| name.value.as_str()).chain(readings.iter().copied()) {
            let reading = part(&root, "readings").and_then(|readings| part(readings, name));
            if let Some(service) = reading.and_then(|reading| part(reading, "service")) {
                merge(&mut definition, service);
            }
        }
        match Spanned::<Service>::read(&definition, &mut reader) {
            Some(service) if reader.diagnostics.is_empty() => Ok(service),
            _ => Err(reader.diagnostics),
        }
    }

    fn root(&self) -> Result<(Node, Reader), Vec<Diagnostic>> {
        let composed = compose(self.text);
        match composed.root {
            Some(root) if composed.diagnostics.is_empty() => Ok((root, Reader { diagnostics: Vec::new() })),
            Some(_) => Err(composed.diagnostics),
            None => Err(vec![Diagnostic::of_file(Code::EmptyFile, "the file holds no service")]),
        }
    }
}

/// The value of a key.
fn part<'a>(node: &'a Node, key: &str) -> Option<&'a Node> {
    match &node.content {
        Content::Mapping(entries) => entries.iter().find(|entry| entry.key.value == key).map(|entry| &entry.value),
        Content::Scalar(_) | Content::Sequence(_) => None,
    }
}

/// Puts what `over` says in the place of what `under` says.
fn merge(under: &mut Node, over: &Node) {
    let (Content::Mapping(below), Content::Mapping(above)) = (&mut under.content, &over.content) else {
        *under = over.clone();
        return;
    };
    for Pair { key, value } in above {
        match below.iter_mut().find(|entry| entry.key.value == key.value) {
            Some(entry) => merge(&mut entry.value, value),
            None => below.push(Pair { key: key.clone(), value: value.clone() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_principals_are_sorted_and_distinct() {
        let principals: Vec<_> = Catalog::principals().collect();
        assert!(principals.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn a_principal_is_case_sensitive_and_what_was_meant_is_guessed() {
        assert_eq!(Catalog::get("batch.amazonaws.com").unwrap().role(), "AWSServiceRoleForBatch");
        assert_eq!(Catalog::get("Batch.amazonaws.com"), None);
        assert_eq!(Catalog::did_you_mean("Batch.amazonaws.com"), Some("batch.amazonaws.com"));
        assert_eq!(Catalog::did_you_mean("imagebulider.amazonaws.com"), Some("imagebuilder.amazonaws.com"));
        assert_eq!(Catalog::did_you_mean("guardduty"), Some("guardduty.amazonaws.com"));
        assert_eq!(Catalog::did_you_mean("elasticsearch.amazonaws.com"), Some("es.amazonaws.com"));
        assert_eq!(Catalog::did_you_mean("OpenSearch.amazonaws.com"), Some("opensearchservice.amazonaws.com"));
        assert_eq!(Catalog::did_you_mean("apigateway.amazonaws.com"), Some("ops.apigateway.amazonaws.com"));
        assert_eq!(Catalog::did_you_mean("lambda.amazonaws.com"), Some("replicator.lambda.amazonaws.com"));
        assert_eq!(Catalog::did_you_mean("ec2.amazonaws.com"), None);
        assert_eq!(Catalog::did_you_mean("sns.amazonaws.com"), None);
        assert_eq!(Catalog::did_you_mean("gadgets.example.com"), None);
        assert_eq!(Catalog::did_you_mean("gadgets.amazonaws.com"), None);
        assert_eq!(Catalog::did_you_mean_role("AWSServiceRoleForBatsh"), Some("AWSServiceRoleForBatch"));
        assert_eq!(Catalog::did_you_mean_role("AWSServiceRoleForGadgets"), None);
    }

    #[test]
    fn services_exist_in_any_case_and_without_a_role() {
        for (principal, exists) in [
            ("OpenSearch.amazonaws.com", true),
            ("SSM.amazonaws.com", true),
            ("ec2.amazonaws.com", true),
            ("elasticsearch.amazonaws.com", false),
            ("gadgets.example.com", false),
        ] {
            assert_eq!(Catalog::exists(principal), exists, "{principal}");
        }
        for (principal, has) in [
            ("ssm.amazonaws.com", true),
            ("SSM.amazonaws.com", false),
            ("kms.amazonaws.com", true),
            ("logs.amazonaws.com", true),
            ("dynamodb.amazonaws.com", true),
            ("lambda.amazonaws.com", true),
            ("ecs-tasks.amazonaws.com", true),
            ("batchoperations.s3.amazonaws.com", true),
            ("mgn.amazonaws.com", true),
            ("logs.eu-west-1.amazonaws.com", true),
            ("states.eu-west-1.amazonaws.com", true),
            ("ec2.amazonaws.com.cn", true),
            ("nosuch.amazonaws.com", false),
        ] {
            assert_eq!(Catalog::has(principal), has, "{principal}");
        }
        assert!(WITHOUT_A_LINKED_ROLE.is_sorted() && OF_OTHER_ROLES.is_sorted());
        assert!(OF_OTHER_ROLES.iter().all(|principal| !WITHOUT_A_LINKED_ROLE.contains(principal)));
        assert!(WITHOUT_A_LINKED_ROLE.iter().chain(&OF_OTHER_ROLES).all(|principal| Catalog::get(principal).is_none()));
    }

    #[test]
    fn roles_lead_to_their_services_and_underscores_mislead_nobody() {
        let owner = |name| Catalog::of_role(name).map(|entry| entry.principal());
        assert_eq!(owner("AWSServiceRoleForAmazonSSM"), Some("ssm.amazonaws.com"));
        assert_eq!(owner("AWSServiceRoleForAmazonSSM_OpsInsights"), Some("opsinsights.ssm.amazonaws.com"));
        assert_eq!(owner("AWSServiceRoleForAutoScaling_web_1"), Some("autoscaling.amazonaws.com"));
        assert_eq!(
            owner("AWSServiceRoleForApplicationAutoScaling_DynamoDBTable"),
            Some("dynamodb.application-autoscaling.amazonaws.com")
        );
        assert_eq!(owner("AWSServiceRoleForGadgets"), None);
    }

    #[test]
    fn principals_in_the_wrong_case_are_nobodys() {
        assert_eq!(Catalog::in_wrong_case("SSM.amazonaws.com"), Some("ssm.amazonaws.com"));
        assert_eq!(Catalog::in_wrong_case("Ec2.amazonaws.com"), Some("ec2.amazonaws.com"));
        assert_eq!(Catalog::in_wrong_case("ssm.amazonaws.com"), None);
        assert_eq!(Catalog::in_wrong_case("Gadgets.example.com"), None);
    }

    #[test]
    fn policies_of_service_linked_roles_are_known_by_name() {
        assert!(Catalog::is_service_policy("AmazonSSMServiceRolePolicy"));
        assert!(
            Catalog::is_service_policy("AmazonGuardDutyServiceRolePolicy"),
            "no source tells it; it follows the pattern"
        );
        assert!(!Catalog::is_service_policy("AmazonSSMFullAccess"));
        assert!(!Catalog::is_service_policy(""));
    }

    #[test]
    fn later_behaviour_takes_the_place_of_the_documented() {
        let entry = Catalog::get("imagebuilder.amazonaws.com").unwrap();
        let trust = |reality| {
            let service = entry.service(reality, &[]).unwrap();
            service.trust.iter().map(|name| name.value.clone()).collect::<Vec<_>>()
        };
        assert_eq!(trust(Reality::Documented), ["imagebuilder.amazonaws.com", "ssm.amazonaws.com"]);
        assert_eq!(trust(Reality::Today), ["imagebuilder.amazonaws.com"]);
    }
}
