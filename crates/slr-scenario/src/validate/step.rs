//! Steps: what is done, and what happens, at given times.

use std::collections::BTreeSet;

use slr_core::policy::{Document, DocumentKind};

use super::Check;
use super::lookup::{KnownRole, World};
use crate::catalog::Catalog;
use crate::diagnostic::{Code, Diagnostic};
use crate::syntax::grammar::{clipped, one};
use crate::syntax::{AwsError, Field, Happening, Happens, Mover, Operation, Perform, Step, TaskRef, Text};
use crate::yaml::{Span, Spanned};

pub(crate) fn check(check: &mut Check<'_>) {
    let scenario = check.scenario;
    let until = scenario.until();
    let mut latest: Option<&Spanned<crate::syntax::Duration>> = None;
    let mut requested = 0;
    for (number, step) in scenario.steps.iter().enumerate() {
        check.at_step = Some(number);
        let at = step.at();
        if let Some(latest) = latest.filter(|latest| latest.value > at.value) {
            check.report(
                Diagnostic::new(
                    Code::StepsOutOfOrder,
                    at.span,
                    format!("this step is at `{at}`, before the one above it"),
                )
                .also(latest.span, format!("the step at `{latest}`"))
                .help("write the steps in the order in which they are taken"),
            );
        }
        latest = Some(at);
        if at.value > until {
            check.report(
                Diagnostic::new(Code::TooLate, at.span, format!("the run is over at `{until}`, before this step"))
                    .help("set a later end with `until:`"),
            );
        }
        match &step.value {
            Step::Do(perform) => {
                self::perform(check, perform, step.span);
                polled(check, perform, requested);
                requested += u32::from(requests_deletion(perform));
            }
            Step::Happens(happens) => self::happens(check, happens, step.span),
        }
    }
    check.at_step = None;
}

/// Whether the step asks for a deletion, and is not to be refused.
fn requests_deletion(step: &Perform) -> bool {
    step.refused.is_none() && Operation::named(&step.operation) == Some(Operation::DeleteServiceLinkedRole)
}

/// Whether the steps before may have requested the task that a step polls; `requested` is how many they request.
fn polled(check: &mut Check<'_>, step: &Perform, requested: u32) {
    let Some(task) = step.task.as_ref().filter(|_| step.refused.is_none()) else { return };
    let number = match task.value {
        TaskRef::First | TaskRef::Last => 1,
        TaskRef::Number(number) => number,
        TaskRef::Id(_) => return,
    };
    check.requested(number, task.span, requested);
}

impl Check<'_> {
    /// Whether all steps together may request a task of the number.
    pub(crate) fn task_number(&mut self, number: u32, place: Span) {
        let steps = self.scenario.steps.iter().filter_map(|step| match &step.value {
            Step::Do(perform) => Some(u32::from(requests_deletion(perform))),
            Step::Happens(_) => None,
        });
        self.requested(number, place, steps.sum());
    }

    /// Whether there can be a task of the number where steps request so many. How many operators request is for a run to show.
    fn requested(&mut self, number: u32, place: Span, most: u32) {
        let are_all_known = self.scenario.operators.0.is_empty() && self.damage.spares(&["steps", "operators"]);
        if number <= most || !are_all_known {
            return;
        }
        let requests = match most {
            0 => "nothing requests a deletion".to_owned(),
            1 => "one deletion is requested".to_owned(),
            _ => format!("{most} deletions are requested"),
        };
        let message = format!("there can be no task {number}: {requests} by then");
        self.report(
            Diagnostic::new(Code::UnknownTask, place, message)
                .help("a task is there once `DeleteServiceLinkedRole` has been called, by a step or by an operator"),
        );
    }
}

/// The fields that a step gives its operation, with their places.
fn fields_of(step: &Perform) -> Vec<(Field, Span)> {
    let text = |field: Field, text: &Option<Text>| text.as_ref().map(|text| (field, text.span));
    [
        text(Field::Role, &step.role),
        text(Field::Service, &step.service),
        text(Field::Suffix, &step.suffix),
        text(Field::Description, &step.description),
        (step.max_session_duration.as_ref()).map(|duration| (Field::MaxSessionDuration, duration.span)),
        text(Field::Path, &step.path),
        text(Field::Policy, &step.policy),
        text(Field::Boundary, &step.boundary),
        step.trust.first().map(|trust| (Field::Trust, trust.span)),
        step.document.as_ref().map(|document| (Field::Document, document.span)),
        step.tags.iter().next().map(|(key, _)| (Field::Tags, key.span)),
        step.tag_keys.first().map(|key| (Field::TagKeys, key.span)),
        text(Field::User, &step.user),
        text(Field::Group, &step.group),
        text(Field::Profile, &step.profile),
        step.task.as_ref().map(|task| (Field::Task, task.span)),
        text(Field::Resource, &step.resource),
        text(Field::Region, &step.region),
        step.parents().first().map(|parent| (Field::Parent, parent.span)),
        (step.with.as_ref().and_then(|with| with.0.first())).map(|parameter| (Field::With, parameter.span)),
        step.parameters.iter().next().map(|(name, _)| (Field::Parameters, name.span)),
        text(Field::Passes, &step.passes),
        step.needs.first().map(|action| (Field::Needs, action.span)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The fields that an operation of a kind needs and takes.
fn fields_of_kind(world: &World<'_>, operation: &str) -> (&'static [Field], &'static [Field]) {
    if world.makers_of(operation).next().is_some() {
        (
            &[Field::Resource],
            &[
                Field::Region,
                Field::Parent,
                Field::Role,
                Field::Service,
                Field::With,
                Field::Parameters,
                Field::Passes,
                Field::Needs,
            ],
        )
    } else {
        (&[Field::Resource], &[Field::With, Field::Parameters, Field::Passes])
    }
}

fn perform(check: &mut Check<'_>, step: &Perform, span: Span) {
    if let Some(caller) = &step.caller {
        check.user(caller);
    }
    if let Some(refused) = &step.refused {
        check.error_code(refused);
    }
    if let (Some(refused), Some(answers)) = (&step.refused, &step.answers) {
        check.report(
            Diagnostic::new(Code::ExclusiveKeys, answers.span, "a call that is refused answers nothing")
                .also(refused.span, "refused here")
                .help("keep one of `refused` and `answers`"),
        );
    }
    if let (Some(message), None) = (&step.message, &step.refused) {
        check.report(
            Diagnostic::new(Code::MissingKey, message.span, "a message belongs to an error")
                .help("say with which error the call is refused: `refused: …`"),
        );
    }
    let operation = Operation::named(&step.operation);
    if !check.operation(&step.operation) {
        return;
    }
    if !check.damage.touches(span) {
        let (needs, takes) = match operation {
            Some(operation) => (operation.needs(), operation.takes()),
            None => fields_of_kind(check.world, &step.operation),
        };
        fields(check, step, span, needs, takes);
        if operation == Some(Operation::UpdateAssumeRolePolicy) && step.trust.is_empty() && step.document.is_none() {
            check.report(
                Diagnostic::new(Code::MissingKey, span, "`UpdateAssumeRolePolicy` needs `trust` or `document`")
                    .help("add `trust:` with the principals that may assume the role"),
            );
        }
    }
    // A call that is to be refused may name what there is not, and say what is not allowed.
    if step.refused.is_none() {
        sound(check, step, operation);
    }
    if let Some(task) = &step.task
        && task.value == TaskRef::Number(0)
    {
        check.report(Diagnostic::new(Code::BadNumber, task.span, "tasks are counted from 1"));
    }
    answers(check, step, operation);
}

/// Whether a step has the fields that its operation needs, and no others.
fn fields(check: &mut Check<'_>, step: &Perform, span: Span, needs: &[Field], takes: &[Field]) {
    let given = fields_of(step);
    let operation = &step.operation;
    for field in needs {
        if !given.iter().any(|(found, _)| found == field) {
            check.report(
                Diagnostic::new(Code::MissingKey, span, format!("`{operation}` needs `{field}`"))
                    .help(format!("add `{field}:`")),
            );
        }
    }
    for (field, place) in given {
        if !needs.contains(&field) && !takes.contains(&field) {
            let list: Vec<String> = needs.iter().chain(takes).map(|field| format!("`{field}`")).collect();
            let help =
                if list.is_empty() { "it takes nothing".to_owned() } else { format!("it takes {}", list.join(", ")) };
            check.report(
                Diagnostic::new(Code::UnexpectedKey, place, format!("`{operation}` takes no `{field}`")).help(help),
            );
        }
    }
}

/// Whether what a step names exists and is well-formed.
fn sound(check: &mut Check<'_>, step: &Perform, operation: Option<Operation>) {
    if let Some(role) = &step.role {
        match operation {
            Some(Operation::CreateRole) => check.role_name(role),
            Some(_) | None => {
                check.role(role);
            }
        }
    }
    if let Some(name) = &step.service
        && let Some(service) = check.service(name)
        && let Some(suffix) = &step.suffix
    {
        check.suffix_of(suffix, name, service, &service.role);
    }
    if let Some(description) = &step.description {
        check.description(description);
    }
    if let Some(duration) = &step.max_session_duration {
        check.session_duration(duration);
    }
    if let Some(path) = &step.path
        && operation == Some(Operation::CreateRole)
    {
        check.path(path);
    }
    for policy in step.policy.iter().chain(&step.boundary) {
        check.policy(policy);
    }
    if let Some(user) = &step.user {
        check.own_user(user);
    }
    if let Some(group) = &step.group {
        check.group(group);
    }
    let is_to_be_refused =
        step.refused.as_ref().is_some_and(|code| code.value.ours() == Some(AwsError::MalformedPolicyDocument));
    for trusted in &step.trust {
        // What IAM is to refuse is no mistake of the file.
        if !is_to_be_refused || Catalog::in_wrong_case(trusted).is_none() {
            check.trusted(trusted);
        }
    }
    match operation {
        Some(Operation::CreateRole | Operation::UpdateAssumeRolePolicy) => {
            check.one_trust_policy(&step.trust, step.document.as_ref(), "document");
            known_services(check, step, operation);
        }
        Some(_) | None => {
            if let Some(document) = &step.document {
                check.policy_document(document, DocumentKind::Identity);
            }
        }
    }
    check.tags(
        &step.tags.0,
        step.refused.as_ref().is_some_and(|code| code.value.ours() == Some(AwsError::InvalidInput)),
    );
    check.tag_keys(&step.tag_keys);
    if let Some(region) = &step.region {
        check.region(region);
    }
    if let Some(resource) = &step.resource
        && check.world.makers_of(&step.operation).next().is_some()
    {
        check.own_name(resource, "the name of a resource");
    }
    for parent in step.parents() {
        check.resource(parent);
    }
    if let Some(role) = &step.passes {
        check.role(role);
    }
    for action in &step.needs {
        check.action(action);
    }
    if operation.is_none() && step.service.is_none() {
        one_service(check, step);
    }
    called_soundly(check, step, operation);
}

/// Whether an operation of a kind can be called for its resource as the step calls it.
fn called_soundly(check: &mut Check<'_>, step: &Perform, operation: Option<Operation>) {
    let world = check.world;
    if let Some(resource) = &step.resource
        && operation.is_none()
        && let Some(kind) = check.resource(resource)
        && let Some(kind) = world.kinds.get(kind)
    {
        let takes_it = kind.machine.moves.iter().any(|known| known.operation.as_ref() == Some(&step.operation));
        if !takes_it {
            let known = kind.machine.moves.iter().filter_map(|known| known.operation.as_ref());
            let help = check.guess(&step.operation, known.map(|known| known.as_str()));
            check.report(
                Diagnostic::new(
                    Code::WrongKind,
                    resource.span,
                    format!("`{}` does nothing to {}", step.operation, one(kind.name)),
                )
                .maybe_help(help),
            );
        } else if !called_like_this(check, step, kind) {
            let help = misspelt_parameter(check, step, kind).unwrap_or_else(|| {
                let ways = ways_to_call(kind, &step.operation);
                format!("it is called {}", ways.join(", or "))
            });
            // What is called wrongly are the words, where there are any.
            let words = step.with.as_ref().and_then(|with| with.0.first()).map(|word| word.span);
            check.report(
                Diagnostic::new(
                    Code::UnexpectedKey,
                    words.unwrap_or(resource.span),
                    format!("`{}` is not called like this for {}", step.operation, one(kind.name)),
                )
                .help(help),
            );
        }
    }
}

/// Warns of service principals for which the call is refused although AWS may well have them.
fn known_services(check: &mut Check<'_>, step: &Perform, operation: Option<Operation>) {
    let scenario = check.scenario;
    let declared = step.role.as_ref().and_then(|role| scenario.roles.get(role));
    let declared = declared
        .filter(|_| operation == Some(Operation::CreateRole) && step.trust.is_empty() && step.document.is_none());
    let listed = step.trust.iter().chain(declared.iter().flat_map(|role| &role.trust));
    let listed = listed.filter(|name| {
        // Other sorts of principals, and those in the wrong case, are looked at elsewhere.
        name.contains('.') && !name.starts_with("arn:") && Catalog::in_wrong_case(name).is_none()
    });
    let document = step.document.as_ref().or_else(|| declared.and_then(|role| role.trust_policy.as_ref()));
    let parsed = document.and_then(|document| Document::parse(DocumentKind::Trust, document.text()).ok());
    let in_document = parsed.iter().flat_map(Document::service_principals).map(str::to_owned);
    let in_document = in_document.zip(document.map(|document| document.span).into_iter().cycle());
    let named: Vec<(String, Span)> = listed.map(|name| (name.value.clone(), name.span)).chain(in_document).collect();
    let unknown: Vec<_> = named.into_iter().filter(|(name, _)| !is_service(check, name)).collect();
    for (name, span) in unknown {
        let message = format!("slr knows no service principal `{}`, so that the call is refused", clipped(&name));
        let meant = Catalog::did_you_mean(&name).map_or_else(String::new, |meant| format!("did you mean `{meant}`? "));
        check.report(
            Diagnostic::new(Code::UnknownPrincipal, span, message).help(format!(
                "{meant}if AWS has it, say so: `account: {{ service-principals: [{}] }}`",
                clipped(&name)
            )),
        );
    }
}

/// Whether there is a service of that principal, as far as anybody says.
fn is_service(check: &Check<'_>, name: &str) -> bool {
    let services = &check.world.services;
    let trusted = || services.values().flat_map(|service| &service.trust).any(|known| known.value == name);
    Catalog::has(name) || check.scenario.account().has_service(name) || services.contains_key(name) || trusted()
}

/// Whether it is clear of which service a resource is made.
fn one_service(check: &mut Check<'_>, step: &Perform) {
    let world = check.world;
    let kinds = world.makers_of(&step.operation).filter_map(|number| world.kinds.get(number));
    let mut services: Vec<&str> = kinds.map(|kind| kind.service).collect();
    services.dedup();
    if services.len() > 1 {
        check.report(
            Diagnostic::new(
                Code::Ambiguous,
                step.operation.span,
                format!("several services have an operation `{}`: {}", step.operation, services.join(", ")),
            )
            .help("say which one with `service:`"),
        );
    }
}

/// Whether some move of the kind is made by a call with what the step gives.
fn called_like_this(check: &Check<'_>, step: &Perform, kind: &super::lookup::KnownKind<'_>) -> bool {
    let (words, passes) = (kind.machine.words_of(&step.operation), check.world.passed_in(step));
    let with = step.with(&words);
    kind.machine.moves.iter().any(|known| known.answers(&step.operation, &with, passes))
}

/// What was perhaps meant by a parameter with which no call of the operation is made.
fn misspelt_parameter(check: &Check<'_>, step: &Perform, kind: &super::lookup::KnownKind<'_>) -> Option<String> {
    let moves = kind.machine.moves.iter().filter(|known| known.operation.as_ref() == Some(&step.operation));
    let known: BTreeSet<&str> = moves.flat_map(|known| &known.with).map(|name| name.as_str()).collect();
    let known: Vec<&str> = known.into_iter().collect();
    let misspelt = step.with(&known).into_iter().find(|name| !known.contains(name))?;
    check.guess(misspelt, known)
}

/// The ways in which an operation of a kind can be called.
fn ways_to_call(kind: &super::lookup::KnownKind<'_>, operation: &Text) -> Vec<String> {
    let mut ways = Vec::new();
    for known in kind.machine.moves.iter().filter(|known| known.operation.as_ref() == Some(operation)) {
        let with: Vec<&str> = known.with.iter().map(|name| name.as_str()).collect();
        let with =
            if with.is_empty() { "without `with`".to_owned() } else { format!("with `with: [{}]`", with.join(", ")) };
        let way = match known.passes_role {
            None => with,
            Some(role) => format!("{with} and with `passes:` a {role} role"),
        };
        if !ways.contains(&way) {
            ways.push(way);
        }
    }
    ways
}

/// Whether the answer that is expected is one that the operation can give.
fn answers(check: &mut Check<'_>, step: &Perform, operation: Option<Operation>) {
    let Some(answers) = &step.answers else {
        return;
    };
    let given = [
        ("status", answers.status.as_ref().map(|status| status.span)),
        ("reports", answers.reports.as_ref().map(|reports| reports.span)),
        ("regions", answers.regions.first().map(|region| region.span)),
        ("reason", answers.reason.as_ref().map(|reason| reason.span)),
        ("description", answers.description.as_ref().map(|text| text.span)),
        ("role", answers.role.as_ref().map(|role| role.span)),
        ("arn", answers.arn.as_ref().map(|arn| arn.span)),
        ("trust", answers.trust.first().map(|principal| principal.span)),
        ("tags", answers.tags.iter().next().map(|(key, _)| key.span)),
        ("count", answers.count.as_ref().map(|count| count.span)),
    ];
    let can: &[&str] = operation.map_or(&[], answered_by);
    for (key, place) in given {
        let Some(place) = place.filter(|_| !can.contains(&key)) else {
            continue;
        };
        let help = if can.is_empty() {
            "it answers nothing that could be compared".to_owned()
        } else {
            format!("it answers {}", can.join(", "))
        };
        check.report(
            Diagnostic::new(Code::UnexpectedKey, place, format!("`{}` answers no `{key}`", step.operation)).help(help),
        );
    }
    for region in &answers.regions {
        check.region(region);
    }
}

/// What of an operation's answer a step can compare.
const fn answered_by(operation: Operation) -> &'static [&'static str] {
    match operation {
        Operation::GetServiceLinkedRoleDeletionStatus => &["status", "reports", "regions", "reason"],
        Operation::CreateRole
        | Operation::CreateServiceLinkedRole
        | Operation::GetRole
        | Operation::UpdateRoleDescription => &["role", "arn", "description", "trust", "tags"],
        Operation::ListRoleTags => &["tags", "count"],
        Operation::ListAttachedRolePolicies
        | Operation::ListInstanceProfilesForRole
        | Operation::ListRolePolicies
        | Operation::ListRoles => &["count"],
        Operation::AddRoleToInstanceProfile
        | Operation::AddUserToGroup
        | Operation::AssumeRole
        | Operation::AttachGroupPolicy
        | Operation::AttachUserPolicy
        | Operation::DeleteGroupPolicy
        | Operation::DeleteUserPolicy
        | Operation::DetachGroupPolicy
        | Operation::DetachUserPolicy
        | Operation::PutGroupPolicy
        | Operation::PutUserPolicy
        | Operation::RemoveUserFromGroup
        | Operation::AttachRolePolicy
        | Operation::DeleteRole
        | Operation::DeleteRolePermissionsBoundary
        | Operation::DeleteRolePolicy
        | Operation::DeleteServiceLinkedRole
        | Operation::DetachRolePolicy
        | Operation::GetRolePolicy
        | Operation::PutRolePermissionsBoundary
        | Operation::PutRolePolicy
        | Operation::RemoveRoleFromInstanceProfile
        | Operation::TagRole
        | Operation::UntagRole
        | Operation::UpdateAssumeRolePolicy
        | Operation::UpdateRole => &[],
    }
}

/// The keys that a happening needs, and those that it takes besides.
const fn keys_of(happening: Happening) -> (&'static [&'static str], &'static [&'static str]) {
    match happening {
        Happening::SessionOpens => (&["role"], &["principal"]),
        Happening::SessionEnds
        | Happening::TaskStarts
        | Happening::TaskSucceeds
        | Happening::TaskBecomesVisible
        | Happening::RolePropagates
        | Happening::RoleDisappears => (&["role"], &[]),
        Happening::TaskIsForgotten => (&["role"], &["task"]),
        Happening::TaskFails => (&["role"], &["reports"]),
        Happening::ResourceMoves => (&["resource", "move"], &[]),
        Happening::RoleAppears => (&["service"], &["suffix"]),
        Happening::DocsRead | Happening::OperatorSubmits | Happening::OperatorPolls | Happening::OperatorGivesUp => {
            (&["operator"], &[])
        }
        Happening::OperatorCleansUp => (&["operator", "resource"], &[]),
        Happening::RegionFails | Happening::RegionRecovers => (&["region"], &[]),
    }
}

fn happens(check: &mut Check<'_>, step: &Happens, span: Span) {
    let given: Vec<(&str, Span)> = [
        ("role", step.role.as_ref().map(|text| text.span)),
        ("service", step.service.as_ref().map(|text| text.span)),
        ("suffix", step.suffix.as_ref().map(|text| text.span)),
        ("principal", step.principal.as_ref().map(|text| text.span)),
        ("resource", step.resource.as_ref().map(|text| text.span)),
        ("move", step.step.as_ref().map(|text| text.span)),
        ("reports", step.reports.as_ref().map(|names| names.first().map_or(step.happens.span, |text| text.span))),
        ("operator", step.operator.as_ref().map(|text| text.span)),
        ("region", step.region.as_ref().map(|text| text.span)),
        ("task", step.task.as_ref().map(|number| number.span)),
    ]
    .into_iter()
    .filter_map(|(key, span)| Some((key, span?)))
    .collect();
    let happening = step.happens.value;
    let (needs, takes) = keys_of(happening);
    if !check.damage.touches(span) {
        for key in needs.iter().filter(|key| !given.iter().any(|(found, _)| found == *key)) {
            check.report(
                Diagnostic::new(Code::MissingKey, span, format!("`{happening}` needs `{key}`"))
                    .help(format!("add `{key}:`")),
            );
        }
    }
    for (key, place) in given {
        if !needs.contains(&key) && !takes.contains(&key) {
            let list: Vec<String> = needs.iter().chain(takes).map(|key| format!("`{key}`")).collect();
            check.report(
                Diagnostic::new(Code::UnexpectedKey, place, format!("`{happening}` takes no `{key}`"))
                    .help(format!("it takes {}", list.join(", "))),
            );
        }
    }
    happens_to(check, step);
}

fn happens_to(check: &mut Check<'_>, step: &Happens) {
    let world = check.world;
    let role: Option<KnownRole<'_>> = step.role.as_ref().and_then(|role| check.role(role));
    if let (Some(name), Some(principal)) = (&step.role, &step.principal) {
        check.trusts(name, role, principal);
    }
    if let Some(name) = &step.service
        && let Some(service) = check.service(name)
        && let Some(suffix) = &step.suffix
    {
        check.suffix_of(suffix, name, service, &service.role);
    }
    for resource in step.reports.iter().flatten() {
        check.resource(resource);
    }
    if let Some(reports) = &step.reports {
        check.no_repetition(reports, "the resource");
    }
    if let Some(region) = &step.region {
        check.region(region);
    }
    if let Some(task) = &step.task {
        match task.value {
            0 => check.report(Diagnostic::new(Code::BadNumber, task.span, "tasks are counted from 1")),
            number => check.task_number(number, task.span),
        }
    }
    if let Some(operator) = &step.operator {
        check.operator(operator);
    }
    if let Some(resource) = &step.resource
        && let Some(kind) = check.resource(resource)
        && let Some(kind) = world.kinds.get(kind)
        && let Some(name) = &step.step
    {
        let moves =
            || (kind.machine.moves.iter()).filter(|known| known.by == Mover::Service).map(|known| known.name.as_str());
        if !moves().any(|known| known == name.value) {
            let help = check.guess(name, moves());
            check.report(
                Diagnostic::new(
                    Code::UnknownMove,
                    name.span,
                    format!("no service makes the move `{}` on {}", clipped(name), one(kind.name)),
                )
                .maybe_help(help),
            );
        }
    }
}
