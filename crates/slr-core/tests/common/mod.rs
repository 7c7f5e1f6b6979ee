//! The common model: the world that the tests of this package and its benchmarks begin with.

use slr_core::id::{KindIdx, PrincipalIdx, RegionIdx, ServiceIdx};
use slr_core::kind::{KindSpec, ResourceKind};
use slr_core::knob::Judged;
use slr_core::name::{AccountId, RoleName, ServicePrincipal};
use slr_core::service::{ReportingPolicy, ServiceDefinition};
use slr_core::world::{MissingTask, Operator, ReadsDocs, Resource, SessionSlot, Told, Works, World};

/// A service-linked role with plain resources and sessions, and an operator who does what it may in any order.
pub(crate) fn world(resources: u32, sessions: u32, attempts: u8, docs: bool) -> World {
    let principal = ServicePrincipal::new("gadgets.example.com").unwrap();
    let name = RoleName::new("AWSServiceRoleForGadgets").unwrap();
    let mut world = World::new(AccountId::new("123456789012").unwrap());
    world.knobs.judged = Judged::End;
    world.services.push(ServiceDefinition {
        reports: ReportingPolicy::AnySubset,
        ..ServiceDefinition::new(principal.clone(), name.clone())
    });
    world.kinds.push(ResourceKind::new(&KindSpec::plain("gadget"), ServiceIdx(0)).unwrap());
    let role = world.linked_role(ServiceIdx(0), name.as_str(), None);
    world.roles[role.index()].given = true;
    for number in 1..=resources {
        let gadget = Resource::new(&format!("gadget-{number}"), KindIdx(0), RegionIdx(0), role);
        world.resources.push(Resource { given: world.kinds[0].initial, ..gadget });
    }
    for _ in 0..sessions {
        world.sessions.push(SessionSlot { role, principal: principal.clone(), given_open: false, reopens: true });
    }
    world.operators.push(Operator {
        name: "admin".to_owned(),
        principal: PrincipalIdx(0),
        goal: role,
        works: Works::InAnyOrder,
        attempts: Some(attempts),
        told: Told::AtOnce,
        loses_patience: false,
        reads_docs: if docs { ReadsDocs::AtAnyTime } else { ReadsDocs::Never },
        cleans: true,
        missing_task: MissingTask::LooksAtTheRole,
        empty_report_means_unused: false,
        ignores_failure: false,
        requests_throttled: false,
        polls_throttled: false,
    });
    world
}
