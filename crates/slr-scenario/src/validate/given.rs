//! What exists at time zero.

use std::collections::BTreeMap;

use slr_core::rules::{is_reserved_tag_key, is_tag_key, is_tag_value};

use super::lookup::{KnownRole, full_name};
use super::{Check, limit, pattern};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::syntax::grammar::{clipped, one};
use crate::syntax::{Given, GivenRole, Resources, Scenario, Service, Sessions, Step, Suffix, Text};
use crate::yaml::{Span, Spanned};

/// How many resources there are at time zero.
pub(crate) fn resources(scenario: &Scenario) -> u64 {
    let counts = scenario.given.iter().map(|given| match &given.value {
        Given::Resources(given) => u64::from(given.resources.count()),
        Given::Role(_) | Given::Sessions(_) => 0,
    });
    counts.sum()
}

/// What has been given so far, in the order of the file.
#[derive(Default)]
struct SoFar<'a> {
    /// The roles of each service.
    linked: BTreeMap<&'a str, Vec<String>>,
    /// How many ordinary roles.
    ordinary: u64,
    /// How many resources.
    count: u64,
    /// How many sessions.
    sessions: u64,
    /// Whole names of roles, by their lower-case form.
    roles: BTreeMap<String, (String, Span)>,
    /// Names of resources, with the number of their kind where it is known.
    resources: BTreeMap<String, (Option<usize>, Span)>,
}

pub(crate) fn check(check: &mut Check<'_>) {
    let scenario = check.scenario;
    let total = resources(scenario);
    let sessions: u64 = scenario
        .given
        .iter()
        .map(|given| match &given.value {
            Given::Sessions(given) => u64::from(given.sessions.count()),
            Given::Role(_) | Given::Resources(_) => 0,
        })
        .sum();
    let is_whole = check.damage.spares(&["given"]);
    let mut so_far = SoFar::default();
    for given in &scenario.given {
        match &given.value {
            Given::Role(role) => role_given(check, role, &mut so_far),
            Given::Resources(given) => {
                so_far.count += u64::from(given.resources.count());
                if so_far.count > limit::RESOURCES {
                    let place = given.resources.count.as_ref().map_or(given.resources.span, |count| count.span);
                    check.limit(place, "resources", total, limit::RESOURCES);
                    return;
                }
                resources_given(check, &given.resources, is_whole, &mut so_far);
            }
            Given::Sessions(given) => {
                so_far.sessions += u64::from(given.sessions.count());
                if so_far.sessions > limit::SESSIONS {
                    let place = given.sessions.count.as_ref().map_or(given.sessions.span, |count| count.span);
                    check.limit(place, "sessions", sessions, limit::SESSIONS);
                    return;
                }
                sessions_given(check, &given.sessions, is_whole, &so_far);
            }
        }
    }
}

fn role_given<'a>(check: &mut Check<'a>, given: &GivenRole, so_far: &mut SoFar<'a>) {
    if let Some(description) = &given.description {
        check.description(description);
    }
    if let Some(duration) = &given.max_session_duration {
        check.session_duration(duration);
    }
    check.tags(&given.tags.0, false);
    let world = check.world;
    match world.roles.get(&given.role.value) {
        None => {
            check.role(&given.role);
            return;
        }
        Some(KnownRole::Ordinary) => {
            ordinary_role_given(check, given, so_far);
            if let Some(suffix) = &given.suffix {
                check.report(
                    Diagnostic::new(
                        Code::SuffixRefused,
                        suffix.span,
                        format!("the ordinary role `{}` has no suffix", given.role),
                    )
                    .help("a suffix tells apart the roles of one service; write the whole name of an ordinary role"),
                );
            }
        }
        Some(KnownRole::Linked(principal)) => {
            if let (Some(suffix), Some(service)) = (&given.suffix, world.services.get(principal)) {
                check.suffix_of(suffix, principal, service, &given.role);
            }
        }
    }
    let name = full_name(&given.role, given.suffix.as_ref().map(|suffix| suffix.as_str()));
    let span = given.role.span;
    if let Some(KnownRole::Linked(service)) = world.roles.get(&given.role.value) {
        so_far.linked.entry(service).or_default().push(name.clone());
    }
    if let Some((other, first)) = so_far.roles.insert(name.to_lowercase(), (name.clone(), span)) {
        let message = if other == name {
            format!("the role `{name}` is given twice")
        } else {
            format!("the roles `{name}` and `{other}` differ only in case")
        };
        check.report(
            Diagnostic::new(Code::DuplicateRole, span, message)
                .also(first, "given first here")
                .help("an account has no two roles whose names differ only in case"),
        );
    }
}

/// Whether an ordinary role can be there: its path, and the quota that stops its like.
fn ordinary_role_given(check: &mut Check<'_>, given: &GivenRole, so_far: &mut SoFar<'_>) {
    let account = check.scenario.account();
    so_far.ordinary += 1;
    let there = u64::from(account.other_roles()) + so_far.ordinary;
    let quota = u64::from(account.role_quota());
    if there == quota + 1 {
        check.report(
            Diagnostic::new(
                Code::TooMany,
                given.role.span,
                format!("more ordinary roles are there than the quota of {quota} lets be made"),
            )
            .help("only service-linked roles exceed the quota: raise `role-quota`, or give fewer"),
        );
    }
    let path = check.scenario.roles.get(&given.role).and_then(|role| role.path.as_ref());
    if let Some(path) = path.filter(|path| path.starts_with("/aws-service-role/")) {
        check.report(
            Diagnostic::new(
                Code::BadName,
                path.span,
                format!("the role `{}` cannot be there on the path of service-linked roles", clipped(&given.role)),
            )
            .help("CreateRole refuses that path; give the role another one, or let a step try to make it"),
        );
    }
}

impl Check<'_> {
    /// Whether a service takes a suffix, and the whole name is not too long with it.
    pub(crate) fn suffix_of(&mut self, suffix: &Text, principal: &str, service: &Service, base: &Text) {
        self.suffix(suffix);
        let name = full_name(base, Some(suffix));
        if service.suffix() == Suffix::Refused {
            self.report(
                Diagnostic::new(
                    Code::SuffixRefused,
                    suffix.span,
                    format!("the service `{principal}` refuses a suffix"),
                )
                .help("leave it out, or write `suffix: accepted` in the service"),
            );
        } else if name.len() > pattern::ROLE_NAME {
            self.report(
                Diagnostic::new(
                    Code::BadName,
                    suffix.span,
                    format!("`{}` has {} characters: a role's name has at most 64", clipped(&name), name.len()),
                )
                .help("shorten the suffix"),
            );
        }
    }

    /// Tags that a role has or is given; `may_repeat` where a call is to be refused because it names a key twice.
    pub(crate) fn tags(&mut self, tags: &[(Text, Text)], may_repeat: bool) {
        let mut seen: BTreeMap<String, Span> = BTreeMap::new();
        for (key, value) in tags {
            self.tag(key, value, key.span.to(value.span));
            if let Some(first) = seen.insert(key.to_ascii_lowercase(), key.span).filter(|_| !may_repeat) {
                self.report(
                    Diagnostic::new(Code::Repeated, key.span, format!("the tag `{key}` is given twice"))
                        .also(first, "given first here")
                        .help("keys of tags that differ only in case are the same key"),
                );
            }
        }
        self.too_many(tags.iter().map(|(key, _)| key.span), "tags", 50);
    }

    /// The keys of tags that a call takes off a role.
    pub(crate) fn tag_keys(&mut self, keys: &[Text]) {
        for key in keys {
            self.tag(key, "", key.span);
        }
        self.too_many(keys.iter().map(|key| key.span), "tags", 50);
    }

    /// Source: IAM API Reference, `Tag`; `TagRole` and `UntagRole`; IAM User Guide, "Tagging IAM resources", rules for tagging.
    fn tag(&mut self, key: &Text, value: &str, span: Span) {
        if !is_tag_key(key) || !is_tag_value(value) {
            self.report(
                Diagnostic::new(Code::BadName, span, format!("`{}` is not a tag that a role can have", clipped(key)))
                    .help("a key has 1 to 128 characters, a value up to 256: letters, digits, spaces and `_.:/=+-@`"),
            );
        }
        if is_reserved_tag_key(key) {
            self.report(
                Diagnostic::new(Code::BadName, key.span, format!("the tag `{}` is AWS's", clipped(key)))
                    .help("keys that begin with `aws:` are reserved, and can be neither written nor taken off"),
            );
        }
    }
}

fn resources_given(check: &mut Check<'_>, given: &Spanned<Resources>, is_whole: bool, so_far: &mut SoFar<'_>) {
    if let Some(service) = &given.service {
        check.service(service);
    }
    if let Some(name) = &given.name {
        check.own_name(name, "the name of a resource");
    }
    for region in &given.regions {
        check.region(region);
    }
    let kind = check.kind(&given.kind, given.service.as_ref());
    for name in given.names() {
        let place = given.name.as_ref().unwrap_or(&given.kind).span;
        if let Some((_, first)) = so_far.resources.insert(name.clone(), (kind, place)) {
            check.report(
                Diagnostic::new(Code::DuplicateResource, place, format!("there are two resources `{name}`"))
                    .also(first, "the other one")
                    .help("tell them apart with `name:`"),
            );
            break;
        }
    }
    let Some(kind) = kind else {
        return;
    };
    if let Some(state) = &given.state {
        check.state(state, kind);
    }
    parents(check, given, kind, is_whole, so_far);
    role_of(check, given, kind, is_whole, so_far);
}

/// Whether resources have parents if and only if their kind has, and of the right kinds.
fn parents(check: &mut Check<'_>, given: &Spanned<Resources>, kind: usize, is_whole: bool, so_far: &SoFar<'_>) {
    let world = check.world;
    let Some(known) = world.kinds.get(kind) else {
        return;
    };
    let (strong, weak) = (known.definition.parents(), known.definition.made_from());
    let names: Vec<String> = strong.iter().chain(weak).map(|name| one(name)).collect();
    let above = names.join(" or ");
    match (given.parents(), strong, weak) {
        ([], [], _) => {}
        ([], [first, ..], _) => check.report(
            Diagnostic::new(Code::MissingKey, given.span, format!("each `{}` belongs to {above}", known.name))
                .help(format!("say to which with `parent:`, such as `{first}-1`")),
        ),
        ([parent, ..], [], []) => check.report(
            Diagnostic::new(Code::UnexpectedKey, parent.span, format!("{} belongs to nothing", one(known.name)))
                .help("leave `parent` out, or give the kind a `parent`"),
        ),
        (parents, _, _) => {
            for parent in parents {
                named_parent(check, parent, kind, &above, is_whole, so_far);
            }
        }
    }
    if let Some(role) = &given.passes {
        check.role(role);
    }
    for action in &given.needs {
        check.action(action);
    }
}

/// Whether a parent is given before, and of a kind that is above the other one.
fn named_parent(check: &mut Check<'_>, parent: &Text, kind: usize, above: &str, is_whole: bool, so_far: &SoFar<'_>) {
    let Some(known) = check.world.kinds.get(kind) else {
        return;
    };
    match so_far.resources.get(&parent.value) {
        None if is_whole => {
            let names = so_far.resources.keys().map(String::as_str).take(1000);
            let help = check.guess(parent, names).unwrap_or_else(|| format!("give {above} first"));
            check.report(
                Diagnostic::new(
                    Code::UnknownResource,
                    parent.span,
                    format!("no resource `{}` is given before this", clipped(parent)),
                )
                .help(help),
            );
        }
        Some((Some(found), _)) => {
            let found = check.world.kinds.get(*found);
            let is_above = |name: &Text| {
                let definition = known.definition;
                definition.parents().contains(name) || definition.made_from().contains(name)
            };
            if found.is_some_and(|found| !is_above(found.name) || found.service != known.service) {
                check.report(
                    Diagnostic::new(Code::WrongKind, parent.span, format!("`{parent}` is not {above}"))
                        .help(format!("{} belongs to {above}", one(known.name))),
                );
            }
        }
        None | Some((None, _)) => {}
    }
}

/// Whether there is the role on which the resources depend.
fn role_of(check: &mut Check<'_>, given: &Spanned<Resources>, kind: usize, is_whole: bool, so_far: &SoFar<'_>) {
    let world = check.world;
    let Some(known) = world.kinds.get(kind) else {
        return;
    };
    if let Some(role) = &given.role {
        if let Some(found) = check.role(role) {
            if found != KnownRole::Linked(known.service) {
                check.report(
                    Diagnostic::new(
                        Code::WrongKind,
                        role.span,
                        format!("`{role}` is not a role of `{}`", known.service),
                    )
                    .help(format!("{} depends on a role of its own service", one(known.name))),
                );
            } else if is_whole && !so_far.roles.contains_key(&role.to_lowercase()) {
                not_given(check, role.span, role);
            }
        }
        return;
    }
    if !is_whole {
        return;
    }
    let machine = &known.machine;
    let state = given.state.as_ref().unwrap_or(&machine.initial);
    let roles: &[String] = so_far.linked.get(known.service).map_or(&[], Vec::as_slice);
    match roles {
        [] if machine.blocks.contains(state) && given.count() > 0 => {
            let base = world.services.get(known.service).map_or("", |service| service.role.as_str());
            not_given(check, given.kind.span, base);
        }
        [] | [_] => {}
        several => check.report(
            Diagnostic::new(
                Code::Ambiguous,
                given.kind.span,
                format!("the service has several roles: {}", several[..several.len().min(8)].join(", ")),
            )
            .help("say on which the resources depend with `role:`"),
        ),
    }
}

fn not_given(check: &mut Check<'_>, span: Span, role: &str) {
    check.report(
        Diagnostic::new(Code::RoleNotGiven, span, format!("the role `{role}` does not exist at this point"))
            .help(format!("give it before what uses it: `- role: {role}`")),
    );
}

fn sessions_given(check: &mut Check<'_>, given: &Spanned<Sessions>, is_whole: bool, so_far: &SoFar<'_>) {
    let role = check.role(&given.role);
    // Sessions that are not open yet may be for a role that is yet to be made.
    if given.open() && role.is_some() && is_whole && !so_far.roles.contains_key(&given.role.to_lowercase()) {
        not_given(check, given.role.span, &given.role);
    }
    match &given.principal {
        Some(principal) => check.trusts(&given.role, role, principal),
        None if role == Some(KnownRole::Ordinary) => {
            let declared = check.world.ordinary.get(given.role.as_str());
            if declared.is_some_and(|role| role.trust_policy.is_some()) {
                check.report(
                    Diagnostic::new(Code::MissingKey, given.role.span, "it is not said who holds the sessions")
                        .help("add `principal:`, one that the role's trust policy names"),
                );
            }
            let trust = check.world.ordinary.get(given.role.as_str());
            let trust = trust.filter(|role| role.trust_policy.is_none()).map(|role| role.trust.len());
            if trust == Some(0) && is_whole {
                check.report(
                    Diagnostic::new(
                        Code::NotTrusted,
                        given.role.span,
                        format!("the role `{}` trusts nobody", given.role),
                    )
                    .help("say who may assume it with `trust:`"),
                );
            }
        }
        None => {}
    }
}

impl Check<'_> {
    /// Whether some step replaces the trust policy of the role, or makes the role with one.
    fn gets_other_trust(&self, role: &str) -> bool {
        self.scenario.steps.iter().any(|step| match &step.value {
            Step::Do(step) => {
                let of_role = step.role.as_ref().is_some_and(|name| name.value == role);
                of_role && (!step.trust.is_empty() || step.document.is_some())
            }
            Step::Happens(_) => false,
        })
    }

    /// Whether a role trusts a principal.
    pub(crate) fn trusts(&mut self, name: &Text, role: Option<KnownRole<'_>>, principal: &Text) {
        let world = self.world;
        let trusted: Vec<&str> = match role {
            Some(KnownRole::Linked(service)) => match world.services.get(service) {
                Some(definition) if definition.trust.is_empty() => vec![service],
                Some(definition) => definition.trust.iter().map(|text| text.as_str()).collect(),
                None => return,
            },
            Some(KnownRole::Ordinary) => match world.ordinary.get(name.as_str()) {
                // A document is for the run to judge, and so is what a step puts in its place.
                Some(definition) if definition.trust_policy.is_some() || self.gets_other_trust(name) => return,
                Some(definition) => definition.trust.iter().map(|text| text.as_str()).collect(),
                None => return,
            },
            None => return,
        };
        if !trusted.contains(&principal.as_str()) && self.damage.spares(&["services", "roles"]) {
            let help = nearest(principal, trusted.iter().copied()).map_or_else(
                || format!("it trusts {}", trusted.join(", ")),
                |nearest| format!("did you mean `{nearest}`?"),
            );
            self.report(
                Diagnostic::new(
                    Code::NotTrusted,
                    principal.span,
                    format!("the role `{name}` does not trust `{}`", clipped(principal)),
                )
                .help(help),
            );
        }
    }
}
