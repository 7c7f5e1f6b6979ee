//! Kinds of resources that depend on a role, as small machines.

use super::argument::{CallParameter, Due};
use super::declare::{record, words};
use super::grammar::{Named, OneOrMore};
use super::scalar::Text;
use super::service_error::OwnErrors;
use crate::yaml::{Span, Spanned};

words! {
    /// Who makes a move of a resource.
    pub enum Mover, "a mover" {
        /// A user of the account, by calling an operation.
        Caller = "caller",
        /// The service, after a while.
        Service = "service",
        /// The resource to which it belongs, with its own move of the same name: what belongs to a
        /// resource that is deleted may be deleted with it.
        Parent = "parent",
    }
}

words! {
    /// Which role a caller passes with an operation. For each the caller needs iam:PassRole.
    pub enum PassesRole, "a role that is passed" {
        /// The service's own role, by its name.
        Linked = "linked",
        /// A role of the account's own.
        Custom = "custom",
    }
}

words! {
    /// Whether a role that was passed is of use.
    pub enum PassedRole, "a state of a passed role" {
        /// It is in the account, and its trust policy names the service.
        Usable = "usable",
        /// It is not so.
        Unusable = "unusable",
    }
}

words! {
    /// What an operation is refused with in a state from which it leads nowhere, or where its conditions
    /// do not hold.
    pub enum Otherwise, "a refusal" {
        /// `ResourceInUse`.
        InUse = "in-use",
        /// `ResourceDependency`: something depends on the resource.
        DependedOn = "depended-on",
        /// `ValidationError`: the request is not valid, and waiting does not make it so.
        InvalidRequest = "invalid-request",
    }
}

words! {
    /// In which circumstances a service makes a move.
    pub enum When, "a circumstance" {
        /// In all.
        Always = "always",
        /// While a session on the role is open.
        InUse = "in-use",
        /// While no session on the role is open.
        NotInUse = "not-in-use",
    }
}

record! {
    /// Something that must be true of a role of the account's own, passed for a resource, for a move to
    /// be made. It says one of `trusts`, `permits`, `permits-needs` and `may-pass-that-of`.
    pub struct RoleClaim, "a condition about a passed role" {
        /// The kind for whose resource the role was passed: the resource itself, or the nearest
        /// above it.
        "of" => pub of: Text,
        /// Its trust policy names this principal.
        "trusts" => pub trusts: Option<Text>,
        /// Its policies allow this action.
        "permits" => pub permits: Option<Text>,
        /// Its policies allow all that the resource needs; say `true`.
        "permits-needs" => pub permits_needs: Option<Spanned<bool>>,
        /// Its policies allow `iam:PassRole` on the role that was passed for a resource of this kind.
        "may-pass-that-of" => pub may_pass_that_of: Option<Text>,
        /// Whether that must be so, or must not. Default: true.
        "holds" => pub holds: Option<Spanned<bool>>,
    }
}

impl RoleClaim {
    /// The keys of which it says one.
    pub(crate) const CLAIMS: [&'static str; 4] = ["trusts", "permits", "permits-needs", "may-pass-that-of"];

    /// The keys of those that it says.
    pub(crate) fn said(&self) -> Vec<(&'static str, Span)> {
        let spans = [
            self.trusts.as_ref().map(|text| text.span),
            self.permits.as_ref().map(|text| text.span),
            self.permits_needs.as_ref().map(|flag| flag.span),
            self.may_pass_that_of.as_ref().map(|text| text.span),
        ];
        Self::CLAIMS.into_iter().zip(spans).filter_map(|(key, span)| span.map(|span| (key, span))).collect()
    }

    /// Whether that must be so.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.holds.as_ref().is_none_or(|holds| holds.value)
    }
}

record! {
    /// A move of a resource from one state to another.
    pub struct Move, "a move" {
        /// The state in which it can be made, or several. `absent` is the state of a resource that
        /// is not made yet.
        "from" => pub from: Spanned<OneOrMore<Text>>,
        /// The state to which it leads.
        "to" => pub to: Text,
        /// Who makes it.
        "by" => pub by: Spanned<Mover>,
        /// The operation that a caller calls for it. Default: the name of the move.
        "operation" => pub operation: Option<Text>,
        /// The optional parameters with which the operation makes this move, such as `schedule`.
        /// A call with other ones, or with none, makes another move. Default: none.
        "with" => pub with: Option<OneOrMore<Text>>,
        /// The resource on which a policy has to allow the operation: `itself`; the nearest above it of
        /// another kind, by that kind's name; `"*"`: an action without resource types. Default: the
        /// kind's.
        "authorised-on" => pub authorised_on: Option<Text>,
        /// Which role the caller passes with the operation. Default: none.
        "passes-role" => pub passes_role: Option<Spanned<PassesRole>>,
        /// The service that will use the role that is passed. Default: the service of the kind.
        "passed-to" => pub passed_to: Option<Text>,
        /// In which circumstances it is made; a caller's move is refused in others. Default:
        /// always.
        "when" => pub when: Option<Spanned<When>>,
        /// Whether the service makes its role on this occasion if there is none. Default: false.
        "creates-role" => pub creates_role: Option<Spanned<bool>>,
        /// Whether the move is refused if there is no role. Default: false.
        "needs-role" => pub needs_role: Option<Spanned<bool>>,
        /// The kinds of which one each, or one of several, has to be among the parents of what this call makes, besides those of the kind.
        "must-have" => pub must_have: Vec<OneOrMore<Text>>,
        /// For each kind named, the states of which some relative of that kind must be in one.
        /// Relatives are what a resource belongs to or was made from, what belongs to it or was
        /// made from it, and resources of its own kind that share one of the former.
        "requires" => pub requires: Named<OneOrMore<Text>>,
        /// For each kind named, the states in which no relative of that kind may be.
        "unless" => pub unless: Named<OneOrMore<Text>>,
        /// Whether the role that was passed for the resource must be usable, or must not be.
        "passed-role" => pub passed_role: Option<Spanned<PassedRole>>,
        /// Whether the service's role must permit what the resource needs, or must not.
        "permitted" => pub permitted: Option<Spanned<bool>>,
        /// What else must be true of roles that were passed.
        "passed-roles" => pub passed_roles: Vec<Spanned<RoleClaim>>,
        /// A service whose role is made with this move if there is none.
        "creates-role-of" => pub creates_role_of: Option<Text>,
        /// When the service makes it, where parameters say so.
        "due" => pub due: Option<Spanned<Due>>,
        /// Whether it is an exception: chance does not choose it; it is made by a step, or when a delay
        /// of its own under `delays` is over before that of the next move. Default: false.
        "exceptional" => pub exceptional: Option<Spanned<bool>>,
        /// What a caller's operation is refused with in other states, or where the conditions do not
        /// hold. Default: in-use.
        "otherwise" => pub otherwise: Option<Spanned<Otherwise>>,
    }
}

record! {
    /// A kind of resource that depends on a role. `{}` is the plain kind: active, deleting,
    /// deleted; it is deleted by a caller, the service cleans up, and the clean-up fails, back to
    /// active, if a session on the role is open when it would end.
    pub struct Kind, "a kind" {
        /// The pattern of its ARNs, with {partition}, {region}, {account} and {name}.
        "arn" => pub arn: Option<Text>,
        /// Its states. `absent`, not yet made, is there without being named. Without states it
        /// is the plain kind.
        "states" => pub states: Vec<Text>,
        /// The state in which a resource is that is given without one: the one after creation, or
        /// `absent` if the service makes it in its time. Default: the first.
        "initial" => pub initial: Option<Text>,
        /// The states in which a resource is gone for good. Default: those that no move leaves.
        "ends" => pub ends: Vec<Text>,
        /// The ends in which a resource is still known to its service: a call that comes too late is
        /// refused for the state, and not because there is no such resource. Default: none.
        "remains" => pub remains: Vec<Text>,
        /// The states in which a resource keeps its role from being deleted. Default: all but the
        /// ends.
        "blocks" => pub blocks: Option<Vec<Text>>,
        /// The states in which the service holds a session on the role. Default: none.
        "working" => pub working: Vec<Text>,
        /// The resource on which a policy has to allow the operations of its moves. Default: itself.
        "authorised-on" => pub authorised_on: Option<Text>,
        /// The kind, of the same service, to which each resource of this kind belongs, or several:
        /// a parent cannot reach an end as long as a child has not.
        "parent" => pub parent: Option<OneOrMore<Text>>,
        /// The kind, of the same service, from which resources of this kind are made, or several:
        /// it must be there then, and may be gone afterwards. A resource names them as parents.
        "made-from" => pub made_from: Option<OneOrMore<Text>>,
        /// The kinds of which one each, or one of several, has to be among the parents of what a call makes: without it the call is
        /// refused.
        "must-have" => pub must_have: Vec<OneOrMore<Text>>,
        /// For a plain kind, the operations that make a resource and with it the role, instead of
        /// one called `Create` and the kind.
        "created-by" => pub created_by: Option<OneOrMore<Text>>,
        /// For a plain kind, the operations that change a resource and make the role if there is
        /// none.
        "used-by" => pub used_by: Option<OneOrMore<Text>>,
        /// For a plain kind, whether the service makes its role when a resource is made or changed.
        /// Default: true.
        "creates-role" => pub creates_role: Option<Spanned<bool>>,
        /// For a plain kind, the operation that deletes a resource, instead of one called `Delete`
        /// and the kind.
        "deleted-by" => pub deleted_by: Option<Text>,
        /// Whether the role stays blocked for a while after a resource is gone. It adds a state
        /// `releasing` before the end. Default: false.
        "release-lag" => pub release_lag: Option<Spanned<bool>>,
        /// The parameters of the calls that make or change it, by their names in the API.
        "parameters" => pub parameters: Named<Spanned<CallParameter>>,
        /// Errors about it that the service spells in another way than those about its other kinds.
        "errors" => pub errors: Option<Spanned<OwnErrors>>,
        /// Its moves, by name.
        "moves" => pub moves: Named<Spanned<Move>>,
    }
}

/// The states of a plain kind: in use, being cleaned up, gone.
pub const PLAIN_STATES: [&str; 3] = ["active", "deleting", "deleted"];
/// The state of a resource that is gone and still blocks its role.
pub const RELEASING: &str = "releasing";
/// The state of a resource that is not made yet.
pub(crate) const ABSENT: &str = "absent";
/// A resource on which its own operations are authorised.
pub(crate) const ITSELF: &str = "itself";
/// What actions without resource types are authorised on.
pub(crate) const ANYTHING: &str = "*";

/// A kind with everything said that its definition leaves to defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// All states but `absent`.
    pub states: Vec<Text>,
    /// The state of a resource that is given without one.
    pub initial: Text,
    /// The states in which a resource is gone.
    pub ends: Vec<Text>,
    /// The states in which it keeps its role.
    pub blocks: Vec<Text>,
    /// The states in which the service holds a session.
    pub working: Vec<Text>,
    /// The moves, in order; one for each state from which a move can be made.
    pub moves: Vec<MachineMove>,
}

/// A move from one state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineMove {
    /// The move's name.
    pub name: Text,
    /// The state that it leaves; `None` for a creation.
    pub from: Option<Text>,
    /// The state to which it leads.
    pub to: Text,
    /// Who makes it.
    pub by: Mover,
    /// The operation, for a caller's move.
    pub operation: Option<Text>,
    /// In which circumstances it is made.
    pub when: When,
    /// Whether the service makes its role on this occasion.
    pub creates_role: bool,
    /// Whether it is refused without a role.
    pub needs_role: bool,
    /// The parameters with which a caller makes it, sorted.
    pub with: Vec<Text>,
    /// What a policy has to allow it on.
    pub authorised_on: Option<Text>,
    /// Which role is passed with it.
    pub passes_role: Option<PassesRole>,
    /// The service that will use that role.
    pub passed_to: Option<Text>,
    /// The kinds of which one each, or one of several, has to be among the parents of what it makes.
    pub must_have: Vec<OneOrMore<Text>>,
    /// Per kind, the states of which a relative must be in one.
    pub requires: Vec<(Text, Vec<Text>)>,
    /// Per kind, the states in which no relative may be.
    pub unless: Vec<(Text, Vec<Text>)>,
    /// How the role must be that was passed.
    pub passed_role: Option<PassedRole>,
    /// Whether the role must permit what is needed, or must not.
    pub permitted: Option<bool>,
    /// What else must be true of roles that were passed.
    pub passed_roles: Vec<RoleClaim>,
    /// The service whose role is made with it.
    pub creates_role_of: Option<Text>,
    /// When it is made, where parameters say so.
    pub due: Option<Due>,
    /// Whether chance does not choose it.
    pub exceptional: bool,
    /// What a caller is refused with where it cannot be made.
    pub otherwise: Otherwise,
}

impl MachineMove {
    /// A move with nothing special about it.
    fn new(name: Text, from: Option<Text>, to: Text, by: Mover) -> Self {
        Self {
            name,
            from,
            to,
            by,
            operation: None,
            when: When::Always,
            creates_role: false,
            needs_role: false,
            with: Vec::new(),
            authorised_on: None,
            passes_role: None,
            passed_to: None,
            must_have: Vec::new(),
            requires: Vec::new(),
            unless: Vec::new(),
            passed_role: None,
            permitted: None,
            passed_roles: Vec::new(),
            creates_role_of: None,
            due: None,
            exceptional: false,
            otherwise: Otherwise::InUse,
        }
    }

    /// Whether a resource is made by it.
    #[must_use]
    pub fn makes(&self) -> bool {
        self.from.is_none() && self.to.value != ABSENT
    }

    /// Whether a call of the operation with these parameters, which passes that role, makes it.
    #[must_use]
    pub fn answers(&self, operation: &str, with: &[&str], passes: Option<PassesRole>) -> bool {
        let called = self.operation.as_ref().is_some_and(|name| name.value == operation);
        called && self.passes_role == passes && self.with.iter().map(|name| name.as_str()).eq(with.iter().copied())
    }
}

fn listed(texts: Option<&OneOrMore<Text>>) -> &[Text] {
    texts.map_or(&[], |texts| &texts.0)
}

fn listed_by_kind(named: &Named<OneOrMore<Text>>) -> Vec<(Text, Vec<Text>)> {
    named.iter().map(|(kind, states)| (kind.clone(), states.0.clone())).collect()
}

impl Kind {
    /// Whether the kind says nothing of states of its own.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.states.is_empty()
    }

    /// The kinds to which its resources belong.
    #[must_use]
    pub fn parents(&self) -> &[Text] {
        listed(self.parent.as_ref())
    }

    /// The kinds from which its resources are made.
    #[must_use]
    pub fn made_from(&self) -> &[Text] {
        listed(self.made_from.as_ref())
    }

    /// The kind with its defaults, for a kind of this name.
    ///
    /// Names that lead nowhere are kept as they are: [`crate::parse()`] has reported them.
    #[must_use]
    pub fn machine(&self, name: &Text) -> Machine {
        let mut states = self.states.clone();
        let mut moves = if self.is_plain() {
            states = PLAIN_STATES.map(|state| Spanned::new(state.to_owned(), name.span)).to_vec();
            self.plain_moves(name)
        } else {
            self.declared_moves()
        };
        let mut ends = self.ends.clone();
        if ends.is_empty() {
            ends = states
                .iter()
                .filter(|state| !moves.iter().any(|step| step.from.as_ref() == Some(state)))
                .cloned()
                .collect();
        }
        let mut blocks = self
            .blocks
            .clone()
            .unwrap_or_else(|| states.iter().filter(|state| !ends.contains(state)).cloned().collect());
        if self.release_lag.as_ref().is_some_and(|lag| lag.value) {
            let releasing = Spanned::new(RELEASING.to_owned(), name.span);
            add_release_lag(&releasing, &ends, &mut moves);
            blocks.push(releasing.clone());
            states.push(releasing);
        }
        let initial = self.initial.clone().or_else(|| states.first().cloned()).unwrap_or_else(|| name.clone());
        Machine { states, initial, ends, blocks, working: self.working.clone(), moves }
    }

    fn declared_moves(&self) -> Vec<MachineMove> {
        let mut moves = Vec::new();
        for (name, step) in self.moves.iter() {
            for from in &step.from.0 {
                let by = step.by.value;
                let mut with = listed(step.with.as_ref()).to_vec();
                with.sort_by(|a, b| a.value.cmp(&b.value));
                let flag = |flag: &Option<Spanned<bool>>| flag.as_ref().is_some_and(|flag| flag.value);
                moves.push(MachineMove {
                    operation: (by == Mover::Caller).then(|| step.operation.clone().unwrap_or_else(|| name.clone())),
                    when: step.when.as_ref().map_or(When::Always, |when| when.value),
                    creates_role: flag(&step.creates_role),
                    needs_role: flag(&step.needs_role),
                    with,
                    authorised_on: step.authorised_on.clone().or_else(|| self.authorised_on.clone()),
                    passes_role: step.passes_role.as_ref().map(|passes| passes.value),
                    passed_to: step.passed_to.clone(),
                    must_have: step.must_have.clone(),
                    requires: listed_by_kind(&step.requires),
                    unless: listed_by_kind(&step.unless),
                    passed_role: step.passed_role.as_ref().map(|passed| passed.value),
                    permitted: step.permitted.as_ref().map(|permitted| permitted.value),
                    passed_roles: step.passed_roles.iter().map(|claim| claim.value.clone()).collect(),
                    creates_role_of: step.creates_role_of.clone(),
                    due: step.due.as_ref().map(|due| due.value.clone()),
                    exceptional: flag(&step.exceptional),
                    otherwise: step.otherwise.as_ref().map_or(Otherwise::InUse, |otherwise| otherwise.value),
                    ..MachineMove::new(name.clone(), (from.value != ABSENT).then(|| from.clone()), step.to.clone(), by)
                });
            }
        }
        moves
    }
}

/// Every move to an end leads to `releasing` first, and from there the service makes the end.
fn add_release_lag(releasing: &Text, ends: &[Text], moves: &mut Vec<MachineMove>) {
    let reached: Vec<Text> = ends.iter().filter(|end| moves.iter().any(|step| step.to == **end)).cloned().collect();
    for step in moves.iter_mut().filter(|step| ends.contains(&step.to)) {
        step.to = releasing.clone();
    }
    // Which of several ends a resource reaches makes no difference: it is gone.
    if let Some(end) = reached.into_iter().next() {
        let name = Spanned::new("released".to_owned(), releasing.span);
        moves.push(MachineMove::new(name, Some(releasing.clone()), end, Mover::Service));
    }
}

impl Kind {
    fn plain_moves(&self, kind: &Text) -> Vec<MachineMove> {
        let text = |text: &str| Spanned::new(text.to_owned(), kind.span);
        let [active, deleting, deleted] = PLAIN_STATES.map(text);
        let suffix = camel_case(kind);
        let caller = |operation: &Text, from: Option<&Text>, to: &Text| MachineMove {
            operation: Some(operation.clone()),
            authorised_on: self.authorised_on.clone(),
            ..MachineMove::new(operation.clone(), from.cloned(), to.clone(), Mover::Caller)
        };
        let service = |name: &str, to: &Text, when: When| MachineMove {
            when,
            ..MachineMove::new(text(name), Some(deleting.clone()), to.clone(), Mover::Service)
        };
        let creates_role = self.creates_role.as_ref().is_none_or(|creates| creates.value);
        let makes_role = |step: MachineMove| MachineMove { creates_role, ..step };
        let create = [text(&format!("Create{suffix}"))];
        let created_by = if self.created_by.is_some() { listed(self.created_by.as_ref()) } else { &create };
        let delete = self.deleted_by.clone().unwrap_or_else(|| text(&format!("Delete{suffix}")));
        let mut moves: Vec<MachineMove> =
            created_by.iter().map(|operation| makes_role(caller(operation, None, &active))).collect();
        let used_by = listed(self.used_by.as_ref()).iter();
        moves.extend(used_by.map(|operation| makes_role(caller(operation, Some(&active), &active))));
        moves.push(caller(&delete, Some(&active), &deleting));
        moves.push(service("deleted", &deleted, When::Always));
        moves.push(service("delete-fails", &active, When::InUse));
        moves
    }
}

/// `compute-environment` as `ComputeEnvironment`.
fn camel_case(name: &str) -> String {
    let mut camel = String::new();
    for part in name.split(['-', '_', ' ']) {
        let mut letters = part.chars();
        if let Some(first) = letters.next() {
            camel.extend(first.to_uppercase());
            camel.push_str(letters.as_str());
        }
    }
    camel
}

impl Machine {
    /// What the calls of an operation can be told apart by.
    #[must_use]
    pub fn words_of(&self, operation: &str) -> Vec<&str> {
        let moves =
            self.moves.iter().filter(|step| step.operation.as_ref().is_some_and(|name| name.value == operation));
        moves.flat_map(|step| &step.with).map(|word| word.as_str()).collect()
    }

    /// Where a state is named, for a message about it.
    #[must_use]
    pub fn span_of(&self, state: &str) -> Option<Span> {
        self.states.iter().find(|known| known.value == state).map(|known| known.span)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain() -> Kind {
        Kind {
            arn: None,
            states: Vec::new(),
            initial: None,
            ends: Vec::new(),
            remains: Vec::new(),
            blocks: None,
            working: Vec::new(),
            authorised_on: None,
            parent: None,
            made_from: None,
            must_have: Vec::new(),
            created_by: None,
            used_by: None,
            creates_role: None,
            deleted_by: None,
            release_lag: None,
            parameters: Named::default(),
            errors: None,
            moves: Named::default(),
        }
    }

    fn arrows(machine: &Machine) -> Vec<String> {
        machine
            .moves
            .iter()
            .map(|step| {
                let from = step.from.as_ref().map_or("absent", |from| from.as_str());
                format!("{}: {from} -> {}", step.name, step.to)
            })
            .collect()
    }

    #[test]
    fn the_plain_kind_is_deleted_by_a_caller_and_cleaned_up_by_the_service() {
        let machine = plain().machine(&"lens-view".into());
        assert_eq!(
            arrows(&machine),
            [
                "CreateLensView: absent -> active",
                "DeleteLensView: active -> deleting",
                "deleted: deleting -> deleted",
                "delete-fails: deleting -> active",
            ]
        );
        assert_eq!(machine.initial.value, "active");
        assert_eq!(machine.ends, vec![Text::from("deleted")]);
        assert_eq!(machine.blocks, vec![Text::from("active"), Text::from("deleting")]);
    }

    #[test]
    fn a_plain_kind_can_have_operations_of_other_names() {
        let mut kind = plain();
        kind.created_by = Some(OneOrMore(vec!["RunJobFlow".into()]));
        kind.used_by = Some(OneOrMore(vec!["AddInstanceGroups".into()]));
        kind.deleted_by = Some("TerminateJobFlows".into());
        let machine = kind.machine(&"cluster".into());
        assert_eq!(
            arrows(&machine)[..3],
            [
                "RunJobFlow: absent -> active",
                "AddInstanceGroups: active -> active",
                "TerminateJobFlows: active -> deleting",
            ]
        );
        assert!(machine.moves[..2].iter().all(|step| step.creates_role));
        assert!(machine.moves[2..].iter().all(|step| !step.creates_role));
    }

    #[test]
    fn a_release_lag_is_a_state_that_blocks_before_the_end() {
        let mut kind = plain();
        kind.release_lag = Some(true.into());
        let machine = kind.machine(&"gadget".into());
        assert_eq!(
            arrows(&machine)[2..],
            ["deleted: deleting -> releasing", "delete-fails: deleting -> active", "released: releasing -> deleted"]
        );
        assert!(machine.blocks.contains(&Text::from(RELEASING)));
        assert_eq!(machine.ends, vec![Text::from("deleted")]);
    }
}
