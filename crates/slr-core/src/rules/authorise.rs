//! Who may call what: asked before anything else is looked at, so that a refusal reveals nothing of what exists (Assumed).

use crate::action::Operation;
use crate::id::{PrincipalIdx, RequestIdx, ResourceIdx, RoleIdx, TransitionIdx};
use crate::policy::{Caller, Context};
use crate::rejection::Rejection;
use crate::set::IdSet;
use crate::universe::Universe;
use crate::world::Authority;

impl<S: IdSet> Universe<S> {
    /// Whether the principal's policies let it perform the action on the resource.
    fn is_allowed(&self, caller: &Caller, action: &str, resource: &str, context: &Context) -> bool {
        self.world().access.decide(caller, action, resource, context).is_ok_and(|decision| decision.is_allowed())
    }

    /// Refuses a principal that may not call the operation on the role.
    ///
    /// Source: IAM API Reference, common errors, `AccessDenied`; Service Authorization Reference, actions of IAM: the resource is the
    /// role.
    #[inline]
    pub(super) fn authorise(&self, by: PrincipalIdx, operation: Operation, role: RoleIdx) -> Result<(), Rejection> {
        match &self.world().principals[by.index()].authority {
            Authority::Everything => Ok(()),
            Authority::Policies(caller) => {
                let mut context = caller.context();
                if let (Operation::CreateServiceLinkedRole, Some(service)) = (operation, self.service_of(role)) {
                    context.set("iam:AWSServiceName", service.principal.as_str());
                }
                if self.is_allowed(caller, operation.iam_action(), &self.role_arn(role), &context) {
                    Ok(())
                } else {
                    Err(Rejection::AccessDenied(by, operation, role))
                }
            }
        }
    }

    /// Refuses a principal that may not make the request for a service-linked role: on the ARN that the role would have.
    pub(super) fn authorise_request(&self, by: PrincipalIdx, request: RequestIdx) -> Result<(), Rejection> {
        let operation = Operation::CreateServiceLinkedRole;
        let request = &self.world().requests[request.index()];
        match (&self.world().principals[by.index()].authority, request.resolution) {
            (Authority::Everything, _) => Ok(()),
            (Authority::Policies(_), Ok(role)) => self.authorise(by, operation, role),
            (Authority::Policies(caller), Err(_)) => {
                let mut context = caller.context();
                context.set("iam:AWSServiceName", request.service.as_str());
                if self.is_allowed(caller, operation.iam_action(), &request.resource, &context) {
                    Ok(())
                } else {
                    Err(Rejection::AccessDeniedAnywhere(by, operation))
                }
            }
        }
    }

    /// Refuses a principal that may not call an operation which has no role of its own.
    pub(super) fn authorise_anywhere(&self, by: PrincipalIdx, operation: Operation) -> Result<(), Rejection> {
        match &self.world().principals[by.index()].authority {
            Authority::Everything => Ok(()),
            Authority::Policies(caller) if self.is_allowed(caller, operation.iam_action(), "*", &caller.context()) => {
                Ok(())
            }
            Authority::Policies(_) => Err(Rejection::AccessDeniedAnywhere(by, operation)),
        }
    }

    /// Refuses a principal that may not call the operation of a service on its resource.
    #[inline]
    pub(super) fn authorise_operation(
        &self,
        by: PrincipalIdx,
        resource: ResourceIdx,
        transition: TransitionIdx,
    ) -> Result<(), Rejection> {
        match &self.world().principals[by.index()].authority {
            Authority::Everything => Ok(()),
            Authority::Policies(caller) => {
                let action = self.service_action(resource, transition);
                if self.is_allowed(caller, &action, &self.resource_arn(resource), &caller.context()) {
                    Ok(())
                } else {
                    Err(Rejection::ResourceAccessDenied(by, resource, transition))
                }
            }
        }
    }

    /// The action that a policy allows or denies for a service's operation.
    ///
    /// Assumed: its prefix is the first label of the service principal.
    pub fn service_action(&self, resource: ResourceIdx, transition: TransitionIdx) -> String {
        let service = &self.world().services[self.kind_of(resource).service.index()];
        let principal = service.principal.as_str();
        let prefix = principal.split('.').next().unwrap_or(principal);
        format!("{prefix}:{}", self.transition(resource, transition).operation)
    }
}
