//! What a failed task says: the reason as `GetServiceLinkedRoleDeletionStatus` returns it.

use crate::id::{RegionIdx, ResourceIdx, RoleIdx, number};
use crate::service::ReportingPolicy;
use crate::set::IdSet;
use crate::universe::Universe;

/// The text of a reason for which the service has none of its own.
///
/// Source: IAM API Reference, `GetServiceLinkedRoleDeletionStatus`, example.
pub const DEFAULT_REASON: &str = "role is being used";

/// `Reason` of a failed task.
///
/// Source: IAM API Reference, `DeletionTaskFailureReasonType`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeletionReason {
    /// `Reason.Reason`, at most 1000 characters.
    pub reason: Option<String>,
    /// `Reason.RoleUsageList`, region by region.
    pub role_usage_list: Vec<RoleUsage>,
}

/// What uses a role in one region.
///
/// Source: IAM API Reference, `RoleUsageType`. Both members are optional there, and so is the list of resources here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleUsage {
    /// The region under which it is listed; not always that of the resources.
    pub region: String,
    /// The resources, by id; empty where the service names regions alone.
    pub resources: Vec<ResourceIdx>,
}

impl<S: IdSet> Universe<S> {
    /// What the failed task of a role says that found `in_use` and names `named`.
    pub fn deletion_reason(&self, role: RoleIdx, in_use: &S, named: &S) -> DeletionReason {
        let Some(service) = self.service_of(role) else {
            return DeletionReason::default();
        };
        let listed = match service.reports {
            ReportingPolicy::Silent => return DeletionReason::default(),
            ReportingPolicy::TextOnly => S::default(),
            ReportingPolicy::RegionsOnly => in_use.clone(),
            ReportingPolicy::All
            | ReportingPolicy::First(_)
            | ReportingPolicy::Share(_)
            | ReportingPolicy::AnySubset
            | ReportingPolicy::OneRegion
            | ReportingPolicy::Stale => named.clone(),
        };
        let names_resources = service.reports != ReportingPolicy::RegionsOnly;
        let mut usages: Vec<RoleUsage> = Vec::new();
        for region in (0..number(self.world().regions.len())).map(RegionIdx) {
            let here = listed.and(self.resources_in(region));
            if here.is_empty() {
                continue;
            }
            let name = service.reported_region.as_ref().unwrap_or(&self.world().regions[region.index()]);
            let resources = here.iter().filter(|_| names_resources).map(ResourceIdx);
            match usages.iter_mut().find(|usage| usage.region == *name) {
                Some(usage) => usage.resources.extend(resources),
                None => usages.push(RoleUsage { region: name.clone(), resources: resources.collect() }),
            }
        }
        let reason = service.reason.clone().unwrap_or_else(|| DEFAULT_REASON.to_owned());
        DeletionReason { reason: Some(reason), role_usage_list: usages }
    }
}
