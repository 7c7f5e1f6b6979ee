//! Errors that a service spells in its own way.

use slr_core::service::Situation;

use super::declare::record;
use super::scalar::Text;
use crate::yaml::Spanned;

record! {
    /// How a service spells an error.
    pub struct OwnError, "an error of a service" {
        /// Its name, such as `ClientException`. Default: the code of ours.
        "code" => pub code: Option<Text>,
        /// Its message, with {resource} for the ARN of the resource and {role} for the name of the role.
        /// Default: a sentence of ours.
        "message" => pub message: Option<Text>,
    }
}

record! {
    /// The errors that a service spells in its own way. A step's `refused` names the code of ours
    /// or the service's, and the story tells both.
    pub struct OwnErrors, "a mapping of errors" {
        /// There is no such resource: `ResourceNotFound`.
        "not-found" => pub not_found: Option<Spanned<OwnError>>,
        /// There is no such resource as the new one is to belong to or to be made from: `ResourceNotFound`.
        "parent-not-found" => pub parent_not_found: Option<Spanned<OwnError>>,
        /// The resource is to be made, and is there: `ResourceAlreadyExists`.
        "already-exists" => pub already_exists: Option<Spanned<OwnError>>,
        /// The resource is not in a state in which the operation can be called, or something stands
        /// against it: `ResourceInUse`.
        "in-use" => pub in_use: Option<Spanned<OwnError>>,
        /// The service uses its role, and the call has to wait for it: `ResourceInUse`.
        "busy" => pub busy: Option<Spanned<OwnError>>,
        /// Other resources depend on the resource: `ResourceDependency`.
        "depended-on" => pub depended_on: Option<Spanned<OwnError>>,
        /// The request is not valid, and waiting does not make it so: `ValidationError`.
        "invalid-request" => pub invalid_request: Option<Spanned<OwnError>>,
        /// The account has as many resources of the kind as it may have: `LimitExceeded`.
        "quota-reached" => pub quota_reached: Option<Spanned<OwnError>>,
        /// The service needs its role, and there is none: `ResourceDependency`.
        "role-missing" => pub role_missing: Option<Spanned<OwnError>>,
        /// The service needs its role, and the role has not spread yet: `ResourceDependency`.
        "role-not-spread" => pub role_not_spread: Option<Spanned<OwnError>>,
        /// The role is locked while its deletion is unfinished: `ResourceInUse`.
        "role-locked" => pub role_locked: Option<Spanned<OwnError>>,
        /// The service is to make its role, and the caller may not create it: `AccessDenied`.
        "may-not-make-role" => pub may_not_make_role: Option<Spanned<OwnError>>,
    }
}

impl OwnErrors {
    /// Those that are given, with their situations.
    pub fn given(&self) -> impl Iterator<Item = (Situation, &OwnError)> {
        let all = [
            (Situation::NotFound, &self.not_found),
            (Situation::ParentNotFound, &self.parent_not_found),
            (Situation::AlreadyExists, &self.already_exists),
            (Situation::InUse, &self.in_use),
            (Situation::Busy, &self.busy),
            (Situation::DependedOn, &self.depended_on),
            (Situation::InvalidRequest, &self.invalid_request),
            (Situation::QuotaReached, &self.quota_reached),
            (Situation::RoleMissing, &self.role_missing),
            (Situation::RoleNotSpread, &self.role_not_spread),
            (Situation::RoleLocked, &self.role_locked),
            (Situation::MayNotMakeRole, &self.may_not_make_role),
        ];
        all.into_iter().filter_map(|(situation, error)| Some((situation, &error.as_ref()?.value)))
    }
}
