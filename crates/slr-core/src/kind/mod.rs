//! Resource kinds as data: a small machine per kind, declared, validated on load, then driven by [`rules`](crate::rules).
//!
//! A state has a code of four bits. The lowest bit says whether the state keeps the role from being deleted, so that
//! "what blocks the role" is one plane of the [`State`](crate::state::State). Code 0 is `absent`: not made yet.

mod error;
mod order;
mod plan;
mod spec;

pub use error::KindError;
pub use order::{check_conditions, clean_up_order};
pub use spec::{AuthorisedOn, Condition, KindSpec, MoveSpec, Mover, Otherwise, Passes, RoleClaim, When};

use std::collections::{BTreeMap, BTreeSet};

use petgraph::graphmap::DiGraphMap;
use petgraph::visit::{Dfs, Walker};

use crate::id::{ServiceIdx, TransitionIdx, number};
use crate::service::OwnErrors;
use plan::{
    mark_removals, mark_uses, moves_by_service, number_states, plan_clean_up, sorted, who_comes_back, with_release_lag,
};

/// The name of the state before a resource is made.
pub const ABSENT: &str = "absent";
/// The name of the state that `release_lag` adds.
pub const RELEASING: &str = "releasing";

/// How many bits a state's code has.
pub const CODE_BITS: usize = 4;
const BLOCKING_CODES: usize = 8;
const FREE_CODES: usize = 7;

/// A state of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindState {
    /// Its name.
    pub name: String,
    /// Its code in the state's planes.
    pub code: u8,
    /// Whether the service holds a session on the role in it.
    pub works: bool,
    /// Whether nothing leads out of it.
    pub is_end: bool,
    /// Whether the resource is known in it: it has been made, and it is not at an end, or remains there.
    pub is_known: bool,
}

impl KindState {
    /// Whether a resource in this state keeps the role from being deleted.
    pub const fn blocks(&self) -> bool {
        self.code & 1 == 1
    }
}

/// A move of a kind from one state to one other, by their codes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each says something of its own about one move")]
pub struct Transition {
    /// The move's name.
    pub name: String,
    /// The code of the state it leads from.
    pub from: u8,
    /// The code of the state it leads to.
    pub to: u8,
    /// Who makes it.
    pub by: Mover,
    /// When it may happen.
    pub when: When,
    /// The operation that a caller calls.
    pub operation: String,
    /// Whether the service makes its role with it, where it does not exist.
    pub creates_role: bool,
    /// Whether it is refused where the role does not exist.
    pub needs_role: bool,
    /// Whether the resource is gone with it or on its way out, so that its children must be gone before.
    pub removes: bool,
    /// Whether the role is in use after it: the state blocks, or the service works in it.
    pub uses_role: bool,
    /// Whether the role comes into use by it.
    pub begins_use: bool,
    /// Whether the service works with the resource in the state it leads from, and in the one it leads to.
    pub works: [bool; 2],
    /// The optional parameters with which the operation makes this transition and no other one, sorted.
    pub with: Vec<String>,
    /// What a policy has to allow the operation on.
    pub authorised_on: AuthorisedOn,
    /// The role that is passed with it.
    pub passes: Passes,
    /// The service that will use the role that is passed, if it is another one.
    pub passed_to: Option<String>,
    /// What else must be so.
    pub conditions: Vec<Condition>,
    /// The service whose role is made with it where it does not exist.
    pub creates_role_of: Option<String>,
    /// Whether it is an exception: chance does not choose it.
    pub exceptional: bool,
    /// What the operation is refused with where it cannot be called.
    pub otherwise: Otherwise,
    /// The text with which such a call is always refused: what it gives is too much, or too little.
    pub refusal: Option<String>,
    /// Whether a role is passed with it, conditions stand before it, or another service's role is made with it: asked first, for most
    /// transitions have nothing of the kind.
    pub is_special: bool,
    /// Whether a service may make it whatever the state of other things is, but those that belong to the resource: asked first, for most of
    /// its moves are so.
    pub is_plain: bool,
}

impl Transition {
    /// Whether the role has to be in the account: the transition is declared so, or the role comes into use by it.
    ///
    /// What already uses a role may go on without it. That happens to ordinary roles alone, which nothing protects from being deleted;
    /// the resource can still be cleaned up then.
    #[inline]
    pub const fn needs_live_role(&self) -> bool {
        self.needs_role || self.begins_use
    }
}

/// What brings a resource nearer to releasing its role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CleanUp {
    /// It does not block the role.
    Released,
    /// A caller makes this transition.
    Call(TransitionIdx),
    /// The service has to make its move first.
    Wait,
}

/// A kind, ready to be driven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceKind {
    /// Its name.
    pub name: String,
    /// The service that owns it.
    pub service: ServiceIdx,
    /// The template of its ARNs.
    pub arn: String,
    /// Its states; the first one is [`ABSENT`].
    pub states: Vec<KindState>,
    /// The code of the state of a resource that is there from the beginning.
    pub initial: u8,
    /// Its transitions.
    pub transitions: Vec<Transition>,
    /// Per code, the service's moves from that state, in the order of the transitions.
    pub by_service: [Vec<TransitionIdx>; 1 << CODE_BITS],
    /// Per code, the next step toward releasing the role.
    pub clean_up: [CleanUp; 1 << CODE_BITS],
    /// Per state code, whether the service's moves can lead back to it after its clean-up was called for: while the role is not in use, and
    /// while it is. Whoever cleans up may then call for the same again and again.
    pub undoes_clean_up: [[bool; 2]; 1 << CODE_BITS],
    /// The kinds that its resources' parents are of.
    pub parents: Vec<String>,
    /// The kinds that its resources are made from.
    pub made_from: Vec<String>,
    /// How errors about its resources are spelt, where that is not as for the service's other kinds.
    pub errors: OwnErrors,
}

impl ResourceKind {
    /// Validates a declared kind and numbers its states.
    ///
    /// # Errors
    /// The first [`KindError`] found.
    pub fn new(spec: &KindSpec, service: ServiceIdx) -> Result<Self, KindError> {
        let spec = &with_release_lag(spec);
        let states = number_states(spec)?;
        let code_of: BTreeMap<&str, u8> = states.iter().map(|state| (state.name.as_str(), state.code)).collect();
        let code = |state: &str, place: &dyn Fn() -> String| {
            code_of.get(state).copied().ok_or_else(|| KindError::UnknownState {
                kind: spec.name.clone(),
                state: state.to_owned(),
                place: place(),
            })
        };
        let initial = code(&spec.initial, &|| "initial state".to_owned())?;
        for (names, place) in [(&spec.ends, "ends"), (&spec.blocks, "blocking states"), (&spec.works, "working states")]
        {
            for name in names {
                code(name, &|| place.to_owned())?;
            }
        }
        let mut transitions = Vec::new();
        let mut names = BTreeSet::new();
        for step in &spec.moves {
            let place = || format!("move `{}`", step.name);
            let to = code(&step.to, &place)?;
            for from in &step.from {
                if !names.insert((&step.name, from)) {
                    return Err(KindError::Duplicate {
                        kind: spec.name.clone(),
                        name: step.name.clone(),
                        place: "moves",
                    });
                }
                // A call may be answered for what is gone as if it did something: that leaves no end.
                if spec.ends.contains(from) && step.to != *from {
                    return Err(KindError::LeavesEnd {
                        kind: spec.name.clone(),
                        name: step.name.clone(),
                        state: from.clone(),
                    });
                }
                transitions.push(Transition {
                    name: step.name.clone(),
                    from: code(from, &place)?,
                    to,
                    by: step.by,
                    when: step.when,
                    operation: step.operation.clone().unwrap_or_else(|| step.name.clone()),
                    creates_role: step.creates_role,
                    needs_role: step.needs_role,
                    removes: false,
                    uses_role: false,
                    begins_use: false,
                    with: sorted(&step.with),
                    authorised_on: step.authorised_on.clone(),
                    passes: step.passes,
                    passed_to: step.passed_to.clone(),
                    conditions: step.conditions.clone(),
                    creates_role_of: step.creates_role_of.clone(),
                    exceptional: step.exceptional,
                    otherwise: step.otherwise,
                    refusal: None,
                    is_special: step.passes != Passes::Nothing
                        || !step.conditions.is_empty()
                        || step.creates_role_of.is_some(),
                    is_plain: false,
                    works: [false; 2],
                });
            }
        }
        mark_removals(&mut transitions, &states);
        mark_uses(&mut transitions, &states);
        for step in &mut transitions {
            step.is_plain = !(step.from == 0 || step.is_special || step.needs_live_role());
        }
        let clean_up = plan_clean_up(&transitions);
        let undoes_clean_up = who_comes_back(&transitions, &clean_up);
        let kind = Self {
            name: spec.name.clone(),
            service,
            arn: spec.arn.clone(),
            states,
            initial,
            by_service: moves_by_service(&transitions),
            transitions,
            clean_up,
            undoes_clean_up,
            parents: spec.parents.clone(),
            made_from: spec.made_from.clone(),
            errors: spec.errors.clone(),
        };
        kind.check_reachable()?;
        kind.check_releases()?;
        Ok(kind)
    }

    /// The state with the code, if the kind has it.
    pub fn state(&self, code: u8) -> Option<&KindState> {
        self.states.iter().find(|state| state.code == code)
    }

    /// The name of the state with the code.
    pub fn state_name(&self, code: u8) -> &str {
        self.state(code).map_or("?", |state| &state.name)
    }

    /// The same transition for a call that is always refused with the text; added if it is new.
    pub fn refused(&mut self, of: TransitionIdx, text: &str) -> TransitionIdx {
        let granted = self.transitions[of.index()].clone();
        let is_its = |known: &&Transition| {
            let rest = known.name.strip_prefix(&granted.name);
            known.from == granted.from && rest.is_some_and(|rest| rest.starts_with(", refused "))
        };
        let mut others = self.transitions.iter().filter(|known| known.refusal.is_some()).filter(is_its);
        let known = others.clone().find(|known| known.refusal.as_deref() == Some(text)).map(|known| known.name.clone());
        let name = known.unwrap_or_else(|| format!("{}, refused {}", granted.name, others.by_ref().count() + 1));
        let place = self.transitions.iter().position(|known| known.name == name && known.from == granted.from);
        let place = place.unwrap_or_else(|| {
            self.transitions.push(Transition { name, refusal: Some(text.to_owned()), ..granted });
            self.transitions.len() - 1
        });
        TransitionIdx(number(place))
    }

    /// The code of the state with the name.
    pub fn code_of(&self, name: &str) -> Option<u8> {
        self.states.iter().find(|state| state.name == name).map(|state| state.code)
    }

    /// The kind's machine as a graph, for drawing: the codes of its states, and the names of the moves between them.
    pub fn graph(&self) -> DiGraphMap<u8, Vec<String>> {
        let mut graph = DiGraphMap::<u8, Vec<String>>::new();
        for state in &self.states {
            graph.add_node(state.code);
        }
        for transition in self.transitions.iter().filter(|transition| transition.refusal.is_none()) {
            let label = match transition.when {
                When::Always => transition.name.clone(),
                When::InUse => format!("{} [role in use]", transition.name),
                When::NotInUse => format!("{} [role not in use]", transition.name),
            };
            match graph.edge_weight_mut(transition.from, transition.to) {
                Some(labels) => labels.push(label),
                None => {
                    graph.add_edge(transition.from, transition.to, vec![label]);
                }
            }
        }
        graph
    }

    fn check_reachable(&self) -> Result<(), KindError> {
        let mut graph = self.graph();
        // A resource may also be there from the beginning, in its initial state.
        graph.add_edge(0, self.initial, Vec::new());
        let reached: BTreeSet<u8> = Dfs::new(&graph, 0).iter(&graph).collect();
        match self.states.iter().find(|state| !reached.contains(&state.code)) {
            None => Ok(()),
            Some(state) => Err(KindError::Unreachable { kind: self.name.clone(), state: state.name.clone() }),
        }
    }

    fn check_releases(&self) -> Result<(), KindError> {
        let releases = |state: &&KindState| {
            !state.blocks() || Dfs::new(&self.graph(), state.code).iter(&self.graph()).any(|code| code & 1 == 0)
        };
        match self.states.iter().find(|state| !releases(state)) {
            None => Ok(()),
            Some(state) => Err(KindError::NeverReleases { kind: self.name.clone(), state: state.name.clone() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain() -> ResourceKind {
        ResourceKind::new(&KindSpec::plain("gadget"), ServiceIdx(0)).unwrap()
    }

    #[test]
    fn the_lowest_bit_of_a_code_says_whether_the_state_blocks() {
        let codes: Vec<_> =
            plain().states.iter().map(|state| (state.name.clone(), state.code, state.blocks())).collect();
        let named = |name: &str, code, blocks| (name.to_owned(), code, blocks);
        assert_eq!(
            codes,
            [
                named("absent", 0, false),
                named("active", 1, true),
                named("deleting", 3, true),
                named("deleted", 2, false)
            ]
        );
    }

    #[test]
    fn the_clean_up_of_a_plain_resource_is_to_delete_it_and_wait() {
        let kind = plain();
        assert_eq!(kind.clean_up[1], CleanUp::Call(TransitionIdx(1)));
        assert_eq!(kind.clean_up[3], CleanUp::Wait);
        assert_eq!(kind.clean_up[2], CleanUp::Released);
        assert!(kind.transitions[1].removes);
    }

    #[test]
    fn what_a_service_does_on_a_condition_is_not_waited_for_if_a_call_helps() {
        let mut spec = KindSpec::plain("gadget");
        spec.moves.push(MoveSpec {
            conditions: vec![Condition::Permitted(false)],
            ..MoveSpec::new("fails", "active", "deleted", Mover::Service)
        });
        let kind = ResourceKind::new(&spec, ServiceIdx(0)).unwrap();
        assert_eq!(kind.clean_up[1], CleanUp::Call(TransitionIdx(1)));
        // Where nothing else leads on, it is.
        spec.moves.retain(|step| step.name != "delete");
        spec.moves[0].to = "deleting".to_owned();
        let kind = ResourceKind::new(&spec, ServiceIdx(0)).unwrap();
        assert_eq!(kind.clean_up[1], CleanUp::Wait);
        assert_eq!(kind.clean_up[3], CleanUp::Wait);
    }

    #[test]
    fn a_release_lag_adds_a_blocking_state() {
        let kind = ResourceKind::new(&KindSpec { release_lag: true, ..KindSpec::plain("lb") }, ServiceIdx(0)).unwrap();
        let releasing = kind.code_of(RELEASING).unwrap();
        assert!(kind.state(releasing).unwrap().blocks());
        assert_eq!(kind.clean_up[usize::from(releasing)], CleanUp::Wait);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let refused = |change: &dyn Fn(&mut KindSpec)| {
            let mut spec = KindSpec::plain("gadget");
            change(&mut spec);
            ResourceKind::new(&spec, ServiceIdx(0)).unwrap_err().to_string()
        };
        assert_eq!(
            refused(&|spec| "lost".clone_into(&mut spec.moves[1].to)),
            "kind `gadget` has no state `lost`, which its move `delete` names"
        );
        assert_eq!(
            refused(&|spec| spec.states.push("limbo".to_owned())),
            "kind `gadget` can never reach its state `limbo`"
        );
        assert_eq!(refused(&|spec| spec.moves.truncate(2)), "kind `gadget` can never reach its state `deleted`");
        assert_eq!(
            refused(&|spec| spec.blocks.push("deleted".to_owned())),
            "kind `gadget` never releases the role from its state `active`"
        );
        assert_eq!(
            refused(&|spec| spec.moves[3].from[0] = "deleted".to_owned()),
            "kind `gadget` moves by `delete-fails` out of `deleted`, which is an end"
        );
        assert_eq!(
            refused(&|spec| spec.states.extend((0..9).map(|n| format!("s{n}")))),
            "kind `gadget` has 10 states that do not block the role; at most 7 can be told apart"
        );
    }

    #[test]
    fn children_are_cleaned_up_before_parents_and_cycles_are_named() {
        let kind = |name: &str, parent: Option<&str>| {
            let spec = KindSpec { parents: parent.map(str::to_owned).into_iter().collect(), ..KindSpec::plain(name) };
            ResourceKind::new(&spec, ServiceIdx(0)).unwrap()
        };
        let (mesh, node, route) = (kind("mesh", None), kind("node", Some("mesh")), kind("route", Some("node")));
        assert_eq!(clean_up_order(&[&mesh, &node, &route]).unwrap(), ["route", "node", "mesh"]);

        let (a, b) = (kind("a", Some("b")), kind("b", Some("a")));
        let cycle = clean_up_order(&[&a, &b]).unwrap_err().to_string();
        assert!(
            cycle == "kinds are each other's parents: a -> b -> a"
                || cycle == "kinds are each other's parents: b -> a -> b"
        );
        assert!(matches!(clean_up_order(&[&route]), Err(KindError::UnknownParent { .. })));
    }
}
