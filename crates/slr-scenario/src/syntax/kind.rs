//! Kinds of resources that depend on a role, as small machines.

use super::declare::{record, words};
use super::grammar::{Named, OneOrMore};
use super::scalar::Text;
use crate::yaml::{Span, Spanned};

words! {
    /// Who makes a move of a resource.
    pub enum Mover, "a mover" {
        /// A user of the account, by calling an operation.
        Caller = "caller",
        /// The service, after a while.
        Service = "service",
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
        /// In which circumstances the service makes it. Default: always.
        "when" => pub when: Option<Spanned<When>>,
        /// Whether the service makes its role on this occasion if there is none. Default: false.
        "creates-role" => pub creates_role: Option<Spanned<bool>>,
        /// Whether the move is refused if there is no role. Default: false.
        "needs-role" => pub needs_role: Option<Spanned<bool>>,
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
        /// The state after creation. Default: the first.
        "initial" => pub initial: Option<Text>,
        /// The states in which a resource is gone for good. Default: those that no move leaves.
        "ends" => pub ends: Vec<Text>,
        /// The states in which a resource keeps its role from being deleted. Default: all but the
        /// ends.
        "blocks" => pub blocks: Option<Vec<Text>>,
        /// The states in which the service holds a session on the role. Default: none.
        "working" => pub working: Vec<Text>,
        /// The kind, of the same service, to which each resource of this kind belongs: a parent
        /// cannot reach an end as long as a child has not.
        "parent" => pub parent: Option<Text>,
        /// Whether the role stays blocked for a while after a resource is gone. It adds a state
        /// `releasing` before the end. Default: false.
        "release-lag" => pub release_lag: Option<Spanned<bool>>,
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

/// A kind with everything said that its definition leaves to defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// All states but `absent`.
    pub states: Vec<Text>,
    /// The state after creation.
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
}

impl Kind {
    /// Whether the kind says nothing of states of its own.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.states.is_empty()
    }

    /// The kind with its defaults, for a kind of this name.
    ///
    /// Names that lead nowhere are kept as they are: [`crate::parse()`] has reported them.
    #[must_use]
    pub fn machine(&self, name: &Text) -> Machine {
        let mut states = self.states.clone();
        let mut moves = if self.is_plain() {
            states = PLAIN_STATES.map(|state| Spanned::new(state.to_owned(), name.span)).to_vec();
            plain_moves(name)
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
                moves.push(MachineMove {
                    name: name.clone(),
                    from: (from.value != ABSENT).then(|| from.clone()),
                    to: step.to.clone(),
                    by,
                    operation: (by == Mover::Caller).then(|| step.operation.clone().unwrap_or_else(|| name.clone())),
                    when: step.when.as_ref().map_or(When::Always, |when| when.value),
                    creates_role: step.creates_role.as_ref().is_some_and(|creates| creates.value),
                    needs_role: step.needs_role.as_ref().is_some_and(|needs| needs.value),
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
        moves.push(MachineMove {
            name: Spanned::new("released".to_owned(), releasing.span),
            from: Some(releasing.clone()),
            to: end,
            by: Mover::Service,
            operation: None,
            when: When::Always,
            creates_role: false,
            needs_role: false,
        });
    }
}

fn plain_moves(kind: &Text) -> Vec<MachineMove> {
    let text = |text: &str| Spanned::new(text.to_owned(), kind.span);
    let [active, deleting, deleted] = PLAIN_STATES.map(text);
    let suffix = camel_case(kind);
    let caller = |name: String, from: Option<&Text>, to: &Text| MachineMove {
        name: Spanned::new(name.clone(), kind.span),
        from: from.cloned(),
        to: to.clone(),
        by: Mover::Caller,
        operation: Some(Spanned::new(name, kind.span)),
        when: When::Always,
        creates_role: false,
        needs_role: false,
    };
    let service = |name: &str, to: &Text, when: When| MachineMove {
        name: text(name),
        from: Some(deleting.clone()),
        to: to.clone(),
        by: Mover::Service,
        operation: None,
        when,
        creates_role: false,
        needs_role: false,
    };
    let mut create = caller(format!("Create{suffix}"), None, &active);
    create.creates_role = true;
    vec![
        create,
        caller(format!("Delete{suffix}"), Some(&active), &deleting),
        service("deleted", &deleted, When::Always),
        service("delete-fails", &active, When::InUse),
    ]
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
            blocks: None,
            working: Vec::new(),
            parent: None,
            release_lag: None,
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
