//! Resource kinds and what services report, in the words of the core.

use slr_core::kind::{self, AuthorisedOn, Condition, KindSpec, MoveSpec, Passes, RoleClaim};
use slr_core::service::{OwnError, OwnErrors, ReportingPolicy};

use crate::syntax;
use crate::yaml::Spanned;

pub(super) fn kind_spec(name: &Spanned<String>, kind: &Spanned<syntax::Kind>, machine: &syntax::Machine) -> KindSpec {
    let texts = |texts: &[Spanned<String>]| texts.iter().map(|text| text.value.clone()).collect::<Vec<_>>();
    let plain = KindSpec::plain(name);
    KindSpec {
        name: name.value.clone(),
        arn: kind.arn.as_ref().map_or(plain.arn, |arn| arn.value.clone()),
        states: texts(&machine.states),
        initial: machine.initial.value.clone(),
        ends: texts(&machine.ends),
        remains: texts(&kind.remains),
        blocks: texts(&machine.blocks),
        works: texts(&machine.working),
        // The language has added the state already.
        release_lag: false,
        moves: machine
            .moves
            .iter()
            .map(|step| MoveSpec {
                name: step.name.value.clone(),
                from: vec![step.from.as_ref().map_or(kind::ABSENT.to_owned(), |from| from.value.clone())],
                to: step.to.value.clone(),
                by: match step.by {
                    syntax::Mover::Caller => kind::Mover::Caller,
                    syntax::Mover::Service => kind::Mover::Service,
                    syntax::Mover::Parent => kind::Mover::Parent,
                },
                when: when(step.when),
                operation: step.operation.as_ref().map(|operation| operation.value.clone()),
                creates_role: step.creates_role,
                needs_role: step.needs_role,
                with: texts(&step.with),
                authorised_on: match step.authorised_on.as_ref().map(|text| text.as_str()) {
                    None | Some(syntax::ITSELF) => AuthorisedOn::Itself,
                    Some(syntax::ANYTHING) => AuthorisedOn::Anything,
                    Some(kind) => AuthorisedOn::Kind(kind.to_owned()),
                },
                passes: match step.passes_role {
                    None => Passes::Nothing,
                    Some(syntax::PassesRole::Linked) => Passes::LinkedRole,
                    Some(syntax::PassesRole::Custom) => Passes::CustomRole,
                },
                passed_to: step.passed_to.as_ref().map(|principal| principal.value.clone()),
                conditions: conditions(step),
                creates_role_of: step.creates_role_of.as_ref().map(|principal| principal.value.clone()),
                exceptional: step.exceptional,
                otherwise: match step.otherwise {
                    syntax::Otherwise::InUse => kind::Otherwise::InUse,
                    syntax::Otherwise::DependedOn => kind::Otherwise::DependedOn,
                    syntax::Otherwise::InvalidRequest => kind::Otherwise::InvalidRequest,
                },
            })
            .collect(),
        parents: texts(kind.parents()),
        made_from: texts(kind.made_from()),
        errors: own_errors(kind.errors.as_ref()),
    }
}

pub(super) fn own_errors(errors: Option<&Spanned<syntax::OwnErrors>>) -> OwnErrors {
    let Some(errors) = errors else { return OwnErrors::new() };
    let own = |error: &syntax::OwnError| OwnError {
        name: error.code.as_ref().map(|code| code.value.clone()),
        message: error.message.as_ref().map(|message| message.value.clone()),
    };
    errors.given().map(|(situation, error)| (situation, own(error))).collect()
}

pub(super) fn conditions(step: &syntax::MachineMove) -> Vec<Condition> {
    let texts = |texts: &[Spanned<String>]| texts.iter().map(|text| text.value.clone()).collect::<Vec<_>>();
    let required = step
        .requires
        .iter()
        .map(|(kind, states)| Condition::Relative { kind: kind.value.clone(), states: texts(states) });
    let excluded = step
        .unless
        .iter()
        .map(|(kind, states)| Condition::NoRelative { kind: kind.value.clone(), states: texts(states) });
    let passed = step.passed_role.map(|role| Condition::PassedRole { usable: role == syntax::PassedRole::Usable });
    let claims = step.passed_roles.iter().filter_map(role_claim);
    required.chain(excluded).chain(passed).chain(step.permitted.map(Condition::Permitted)).chain(claims).collect()
}

/// A condition about a passed role; one that says nothing has been reported.
pub(super) fn role_claim(claim: &syntax::RoleClaim) -> Option<Condition> {
    let named = |text: &Option<Spanned<String>>| text.as_ref().map(|text| text.value.clone());
    let said = named(&claim.trusts)
        .map(RoleClaim::Trusts)
        .or_else(|| named(&claim.permits).map(RoleClaim::Permits))
        .or_else(|| named(&claim.may_pass_that_of).map(RoleClaim::MayPassThatOf))
        .or_else(|| claim.permits_needs.as_ref().map(|_| RoleClaim::PermitsNeeds))?;
    Some(Condition::PassedRoleOf { kind: claim.of.value.clone(), claim: said, holds: claim.holds() })
}

pub(super) fn when(when: syntax::When) -> kind::When {
    match when {
        syntax::When::Always => kind::When::Always,
        syntax::When::InUse => kind::When::InUse,
        syntax::When::NotInUse => kind::When::NotInUse,
    }
}

pub(super) fn reporting(policy: &syntax::Reporting) -> ReportingPolicy {
    match policy {
        syntax::Reporting::All => ReportingPolicy::All,
        syntax::Reporting::AnySubset => ReportingPolicy::AnySubset,
        syntax::Reporting::OneRegion => ReportingPolicy::OneRegion,
        syntax::Reporting::RegionsOnly => ReportingPolicy::RegionsOnly,
        syntax::Reporting::TextOnly => ReportingPolicy::TextOnly,
        syntax::Reporting::Silent => ReportingPolicy::Silent,
        syntax::Reporting::Stale => ReportingPolicy::Stale,
        syntax::Reporting::First(first) => ReportingPolicy::First(first.first.value),
        syntax::Reporting::Share(share) => ReportingPolicy::Share(share.share.millionths()),
    }
}
