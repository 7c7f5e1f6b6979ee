//! What a scenario decides of what no source tells: knobs, quotas, and how services spell open errors.

use slr_core::knob::{self, Answer};

use crate::syntax::{self, Scenario};

pub(super) fn knobs(scenario: &Scenario) -> knob::Knobs {
    let mut knobs = knob::Knobs { denial_detail: scenario.denial_detail(), ..knob::Knobs::default() };
    if let Some(account) = &scenario.account {
        knobs.role_quota = account.role_quota();
        knobs.managed_policies_per_role = account.managed_policies_per_role();
        knobs.tags_per_role = account.tags_per_role();
        knobs.trust_policy_length = account.trust_policy_length();
        let quotas = account.resource_quotas.iter();
        knobs.resource_quotas = quotas.map(|(kind, quota)| (kind.value.clone(), quota.value)).collect();
    }
    knobs.late_visibility = scenario.faults.iter().any(|fault| matches!(fault.value, syntax::Fault::LateVisibility(_)));
    let Some(given) = &scenario.knobs else {
        return knobs;
    };
    knobs.judged = match given.judged() {
        syntax::Judged::Start => knob::Judged::Start,
        syntax::Judged::End => knob::Judged::End,
        syntax::Judged::Both => knob::Judged::Both,
    };
    knobs.locked_while_deleting = given.locked_while_deleting();
    knobs.late_visibility |= given.task_visibility_delay().as_millis() > 0;
    knobs.tasks_are_forgotten = given.task_retention() != syntax::Retention::Forever;
    knobs.late_propagation = given.propagation_delay().as_millis() > 0;
    knobs.deletion_denied = match given.deletion_denied() {
        syntax::CallOrTask::TaskFails => knob::DeletionDenied::TaskFails,
        syntax::CallOrTask::CallRefused => knob::DeletionDenied::CallRefused,
    };
    knobs.delete_of_ordinary_role = answer(given.delete_of_ordinary_role());
    knobs.malformed_task_id = answer(given.malformed_task_id());
    knobs.create_while_deleting = match given.create_while_deleting() {
        syntax::CreateWhileDeleting::ConcurrentModification => Some(Answer::ConcurrentModification),
        syntax::CreateWhileDeleting::InvalidInput => Some(Answer::InvalidInput),
        syntax::CreateWhileDeleting::UnmodifiableEntity => Some(Answer::UnmodifiableEntity),
        syntax::CreateWhileDeleting::Allowed => None,
    };
    knobs.name_too_long = answer(given.name_too_long());
    knobs.max_session_duration = match given.max_session_duration_of_slr() {
        syntax::MaxSessionDurationChange::UnmodifiableEntity => knob::MaxSessionDurationChange::Protected,
        syntax::MaxSessionDurationChange::OfItsOwn => knob::MaxSessionDurationChange::ProtectedByItsOwnText,
        syntax::MaxSessionDurationChange::Allowed => knob::MaxSessionDurationChange::Allowed,
    };
    knobs
}

pub(super) fn answer(error: syntax::OpenError) -> Answer {
    match error {
        syntax::OpenError::ConcurrentModification => Answer::ConcurrentModification,
        syntax::OpenError::InvalidInput => Answer::InvalidInput,
        syntax::OpenError::NoSuchEntity => Answer::NoSuchEntity,
        syntax::OpenError::UnmodifiableEntity => Answer::UnmodifiableEntity,
        syntax::OpenError::ValidationError => Answer::ValidationError,
    }
}
