//! Resource kinds as data: a small machine per kind, declared, validated on load, then driven by [`rules`](crate::rules).
//!
//! A state has a code of four bits. The lowest bit says whether the state keeps the role from being deleted, so that
//! "what blocks the role" is one plane of the [`State`](crate::state::State). Code 0 is `absent`: not made yet.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use petgraph::algo::toposort;
use petgraph::graphmap::DiGraphMap;
use petgraph::visit::{Dfs, Walker};
use serde::{Deserialize, Serialize};

use crate::id::{ServiceIdx, TransitionIdx, number};
use crate::service::OwnErrors;

/// The name of the state before a resource is made.
pub const ABSENT: &str = "absent";
/// The name of the state that `release_lag` adds.
pub const RELEASING: &str = "releasing";

/// How many bits a state's code has.
pub const CODE_BITS: usize = 4;
const BLOCKING_CODES: usize = 8;
const FREE_CODES: usize = 7;

/// Who makes a transition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mover {
    /// Somebody calls an operation of the service.
    Caller,
    /// The service, in its own time.
    Service,
    /// The resource's parent, with its own transition of the same name: whoever deletes a maintenance window deletes its tasks.
    Parent,
}

/// Which role a caller passes to the service with an operation, for which it needs `iam:PassRole`.
///
/// Source: IAM User Guide, "Granting a user permissions to pass a role to an AWS service"; a service-linked role is passed, too, where it
/// is named, and none is passed where the service picks its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Passes {
    /// None.
    #[default]
    Nothing,
    /// The service-linked role that the resource uses, by its name.
    LinkedRole,
    /// The account's own role, [`Resource::passes`](crate::world::Resource::passes).
    CustomRole,
}

/// The resource on which a policy has to allow a caller's operation.
///
/// Source: Service Authorization Reference, resource types of an action.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuthorisedOn {
    /// The resource itself.
    #[default]
    Itself,
    /// The nearest of this kind, of the same service, that the resource belongs to or is made from.
    Kind(String),
    /// The action has no resource types: `*`.
    Anything,
}

/// What must be so for a transition to be made, besides the state of the resource and the use of its role.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// A relative of the kind is in one of the states.
    ///
    /// The relatives of a resource are those that it belongs to or was made from, and so on upwards; those that belong to it or were made
    /// from it; and those of its own kind that share one of the former.
    Relative {
        /// The kind, of the same service.
        kind: String,
        /// Its states.
        states: Vec<String>,
    },
    /// No relative of the kind is in one of the states.
    NoRelative {
        /// The kind, of the same service.
        kind: String,
        /// Its states.
        states: Vec<String>,
    },
    /// The role that was passed, for the resource or for a relative above it, is in the account and trusts the service; or is not so.
    PassedRole {
        /// Which of the two.
        usable: bool,
    },
    /// The permissions policy of the service-linked role allows all that the resource needs, and what those above it need; or does not.
    Permitted(bool),
    /// A role of the account's own is as it has to be, or is not. Where none was passed, nothing is true of it.
    PassedRoleOf {
        /// The kind, of the same service, of the resource for which it was passed: the resource itself, or the nearest above it.
        kind: String,
        /// What is said of it.
        claim: RoleClaim,
        /// Whether that must hold, or must not.
        holds: bool,
    },
}

/// What can be said of a role that was passed. Its policies are those attached to it at the moment.
///
/// Assumed: a permissions boundary is not looked at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RoleClaim {
    /// It is in the account, and its trust policy names this principal.
    Trusts(String),
    /// It is in the account, and its policies allow this action on everything.
    Permits(String),
    /// It is in the account, and its policies allow all that the resource needs, and what those above it need, on everything. Where no
    /// role was passed for the resource, it is the one that was passed for the nearest above it.
    PermitsNeeds,
    /// It is in the account, and its policies allow `iam:PassRole` on the role that was passed for a resource of this kind.
    MayPassThatOf(String),
}

/// When a transition may happen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// At any time.
    #[default]
    Always,
    /// Only while a session is open on the role.
    InUse,
    /// Only while no session is open on the role.
    NotInUse,
}

/// What a caller's operation is refused with in a state from which it leads nowhere, or where its conditions do not hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Otherwise {
    /// The resource is in use, or not in the right state.
    #[default]
    InUse,
    /// Something depends on the resource.
    DependedOn,
    /// The request is not valid: nothing that may become of the resource would have it granted.
    InvalidRequest,
}

/// A declared move, by the names of its states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoveSpec {
    /// Its name. A kind has no two moves of one name from one state.
    pub name: String,
    /// The states it leads from.
    pub from: Vec<String>,
    /// The state it leads to.
    pub to: String,
    /// Who makes it.
    pub by: Mover,
    /// When it may happen.
    pub when: When,
    /// The operation that a caller calls; the move's name if it is `None`.
    pub operation: Option<String>,
    /// Whether the service makes its role with this move, where it does not exist.
    pub creates_role: bool,
    /// Whether the move is refused where the role does not exist.
    pub needs_role: bool,
    /// The optional parameters with which the operation makes this move and no other one.
    pub with: Vec<String>,
    /// What a policy has to allow the operation on.
    pub authorised_on: AuthorisedOn,
    /// The role that is passed with it.
    pub passes: Passes,
    /// The service that will use the role that is passed, if it is another one.
    pub passed_to: Option<String>,
    /// What else must be so.
    pub conditions: Vec<Condition>,
    /// The service whose role is made with it where it does not exist, by the rights of this service's own role.
    pub creates_role_of: Option<String>,
    /// Whether it is an exception: chance does not choose it.
    pub exceptional: bool,
    /// What the operation is refused with where it cannot be called.
    pub otherwise: Otherwise,
}

impl MoveSpec {
    /// A move between two states, at any time and with nothing special about it.
    pub fn new(name: &str, from: &str, to: &str, by: Mover) -> Self {
        Self {
            name: name.to_owned(),
            from: vec![from.to_owned()],
            to: to.to_owned(),
            by,
            when: When::Always,
            operation: None,
            creates_role: false,
            needs_role: false,
            with: Vec::new(),
            authorised_on: AuthorisedOn::Itself,
            passes: Passes::Nothing,
            passed_to: None,
            conditions: Vec::new(),
            creates_role_of: None,
            exceptional: false,
            otherwise: Otherwise::InUse,
        }
    }
}

/// A declared kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindSpec {
    /// Unique in its service.
    pub name: String,
    /// The template of an ARN, with `{partition}`, `{region}`, `{account}` and `{name}`.
    pub arn: String,
    /// The states, without [`ABSENT`].
    pub states: Vec<String>,
    /// The state of a resource that is there from the beginning.
    pub initial: String,
    /// The states that nothing leads out of.
    pub ends: Vec<String>,
    /// The ends in which the resource is still known: a call that comes too late is refused for its state, not because there is none.
    pub remains: Vec<String>,
    /// The states that keep the role from being deleted.
    pub blocks: Vec<String>,
    /// The states in which the service holds a session on the role.
    pub works: Vec<String>,
    /// Whether the role is released only some time after the resource has reached an end.
    pub release_lag: bool,
    /// The moves.
    pub moves: Vec<MoveSpec>,
    /// The kinds, of the same service, of the resources that this kind's resources belong to: they cannot go before these have gone.
    pub parents: Vec<String>,
    /// The kinds, of the same service, of the resources that this kind's resources are made from: they must be there then, and may
    /// go afterwards.
    pub made_from: Vec<String>,
    /// How the service spells errors about this kind, where that is not as for its other kinds.
    pub errors: OwnErrors,
}

impl KindSpec {
    /// The plain kind: active → deleting → deleted, back to active when the clean-up fails because the role is in use.
    ///
    /// Source: AWS Systems Manager User Guide, "Using roles to collect inventory and run maintenance window tasks", deleting the role: a
    /// clean-up can fail while the service uses the role and works some minutes later.
    pub fn plain(name: &str) -> Self {
        let operation = |verb: &str| {
            let mut noun = String::new();
            for part in name.split(['-', '_', ' ']) {
                let mut letters = part.chars();
                noun.extend(letters.next().map(|first| first.to_ascii_uppercase()));
                noun.push_str(letters.as_str());
            }
            Some(format!("{verb}{noun}"))
        };
        let step = |name: &str, from: &str, to: &str, by, when| MoveSpec { when, ..MoveSpec::new(name, from, to, by) };
        Self {
            name: name.to_owned(),
            arn: format!("arn:{{partition}}:{{service}}:{{region}}:{{account}}:{name}/{{name}}"),
            states: ["active", "deleting", "deleted"].map(str::to_owned).to_vec(),
            initial: "active".to_owned(),
            ends: vec!["deleted".to_owned()],
            remains: Vec::new(),
            blocks: ["active", "deleting"].map(str::to_owned).to_vec(),
            works: Vec::new(),
            release_lag: false,
            moves: vec![
                MoveSpec {
                    operation: operation("Create"),
                    creates_role: true,
                    ..step("create", ABSENT, "active", Mover::Caller, When::Always)
                },
                MoveSpec {
                    operation: operation("Delete"),
                    ..step("delete", "active", "deleting", Mover::Caller, When::Always)
                },
                step("deleted", "deleting", "deleted", Mover::Service, When::Always),
                step("delete-fails", "deleting", "active", Mover::Service, When::InUse),
            ],
            parents: Vec::new(),
            made_from: Vec::new(),
            errors: OwnErrors::new(),
        }
    }
}

/// A declared kind that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KindError {
    /// A name that no state has.
    #[error("kind `{kind}` has no state `{state}`, which its {place} names")]
    UnknownState {
        /// The kind.
        kind: String,
        /// The unknown name.
        state: String,
        /// Where it is named.
        place: String,
    },
    /// A name given twice.
    #[error("kind `{kind}` names `{name}` twice among its {place}")]
    Duplicate {
        /// The kind.
        kind: String,
        /// The name.
        name: String,
        /// Where.
        place: &'static str,
    },
    /// More states than codes.
    #[error("kind `{kind}` has {found} states that {sort}; at most {limit} can be told apart")]
    TooManyStates {
        /// The kind.
        kind: String,
        /// How many it has.
        found: u32,
        /// `block the role` or `do not block the role`.
        sort: &'static str,
        /// How many are possible.
        limit: u32,
    },
    /// A state that no move leads to.
    #[error("kind `{kind}` can never reach its state `{state}`")]
    Unreachable {
        /// The kind.
        kind: String,
        /// The state.
        state: String,
    },
    /// A state out of which no moves lead to one that releases the role.
    #[error("kind `{kind}` never releases the role from its state `{state}`")]
    NeverReleases {
        /// The kind.
        kind: String,
        /// The state.
        state: String,
    },
    /// A move out of an end.
    #[error("kind `{kind}` moves by `{name}` out of `{state}`, which is an end")]
    LeavesEnd {
        /// The kind.
        kind: String,
        /// The move.
        name: String,
        /// The end.
        state: String,
    },
    /// A parent that is no kind of the service.
    #[error("kind `{kind}` has the parent `{parent}`, which its service does not define")]
    UnknownParent {
        /// The kind.
        kind: String,
        /// The parent's name.
        parent: String,
    },
    /// A condition about a kind that the service does not define.
    #[error(
        "kind `{kind}` has a move `{name}` that depends on the kind `{relative}`, which its service does not define"
    )]
    UnknownRelative {
        /// The kind.
        kind: String,
        /// The move.
        name: String,
        /// The kind that there is not.
        relative: String,
    },
    /// Kinds that are each other's parents.
    #[error("kinds are each other's parents: {}", .cycle.join(" -> "))]
    ParentCycle {
        /// The kinds on the cycle; the first one stands again at the end.
        cycle: Vec<String>,
    },
}

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

/// With a release lag, each service move into an end that frees the role first leads to a state that still blocks it.
fn with_release_lag(spec: &KindSpec) -> KindSpec {
    let mut spec = spec.clone();
    if !spec.release_lag {
        return spec;
    }
    let end = spec.ends.first().cloned().unwrap_or_default();
    for step in &mut spec.moves {
        if step.to == end {
            RELEASING.clone_into(&mut step.to);
        }
    }
    spec.states.push(RELEASING.to_owned());
    spec.blocks.push(RELEASING.to_owned());
    spec.moves.push(MoveSpec::new("released", RELEASING, &end, Mover::Service));
    spec.release_lag = false;
    spec
}

fn number_states(spec: &KindSpec) -> Result<Vec<KindState>, KindError> {
    let mut states = vec![KindState { name: ABSENT.to_owned(), code: 0, works: false, is_end: false, is_known: false }];
    let (mut blocking, mut free) = (0_usize, 0_usize);
    for name in &spec.states {
        if states.iter().any(|state| state.name == *name) {
            return Err(KindError::Duplicate { kind: spec.name.clone(), name: name.clone(), place: "states" });
        }
        let code = if spec.blocks.contains(name) {
            blocking += 1;
            2 * blocking - 1
        } else {
            free += 1;
            2 * free
        };
        states.push(KindState {
            name: name.clone(),
            // A kind with too many states is refused below, before anybody reads a code.
            code: u8::try_from(code).unwrap_or(u8::MAX),
            works: spec.works.contains(name),
            is_end: spec.ends.contains(name),
            is_known: !spec.ends.contains(name) || spec.remains.contains(name),
        });
    }
    for (found, limit, sort) in
        [(blocking, BLOCKING_CODES, "block the role"), (free, FREE_CODES, "do not block the role")]
    {
        if found > limit {
            return Err(KindError::TooManyStates {
                kind: spec.name.clone(),
                found: number(found),
                sort,
                limit: number(limit),
            });
        }
    }
    Ok(states)
}

/// A caller's transition removes the resource if it leads to an end, or to a state that only the service leads out of and out of which it
/// leads to an end by itself. So starting what comes back by itself, such as a build, removes nothing. The service's own transition removes the
/// resource if it leads to an end.
fn mark_removals(transitions: &mut [Transition], states: &[KindState]) {
    let callers_leave: BTreeSet<u8> =
        transitions.iter().filter(|t| t.by == Mover::Caller).map(|transition| transition.from).collect();
    // A kind may also lead back to where it is as if the resource had never been made.
    let gone: BTreeSet<u8> =
        states.iter().filter(|state| state.is_end || state.code == 0).map(|state| state.code).collect();
    let mut by_service = DiGraphMap::<u8, ()>::new();
    for state in states {
        by_service.add_node(state.code);
    }
    for transition in transitions.iter().filter(|transition| transition.by == Mover::Service) {
        by_service.add_edge(transition.from, transition.to, ());
    }
    let goes_out = |code: u8| {
        !callers_leave.contains(&code) && Dfs::new(&by_service, code).iter(&by_service).any(|c| gone.contains(&c))
    };
    for transition in transitions {
        let is_last = gone.contains(&transition.to);
        transition.removes = match transition.by {
            Mover::Caller => transition.from != 0 && (is_last || goes_out(transition.to)),
            Mover::Service => is_last,
            // Those that belong to it go with it, or its parent waits for them.
            Mover::Parent => false,
        };
    }
}

fn mark_uses(transitions: &mut [Transition], states: &[KindState]) {
    let working: BTreeSet<u8> = states.iter().filter(|state| state.works).map(|state| state.code).collect();
    let using: BTreeSet<u8> =
        states.iter().filter(|state| state.blocks() || state.works).map(|state| state.code).collect();
    for transition in transitions {
        transition.uses_role = using.contains(&transition.to);
        transition.begins_use = transition.uses_role && !using.contains(&transition.from);
        transition.works = [transition.from, transition.to].map(|code| working.contains(&code));
    }
}

fn moves_by_service(transitions: &[Transition]) -> [Vec<TransitionIdx>; 1 << CODE_BITS] {
    let mut moves = [const { Vec::new() }; 1 << CODE_BITS];
    for (id, step) in transitions.iter().enumerate().filter(|(_, step)| step.by == Mover::Service) {
        moves[usize::from(step.from)].push(TransitionIdx(number(id)));
    }
    moves
}

/// Per code the first step of the shortest way to a state that releases the role; declared order breaks ties.
fn plan_clean_up(transitions: &[Transition]) -> [CleanUp; 1 << CODE_BITS] {
    let mut plan = [CleanUp::Wait; 1 << CODE_BITS];
    let mut reached: BTreeSet<u8> = (0..1_u8 << CODE_BITS).filter(|code| code & 1 == 0).collect();
    let mut queue: VecDeque<u8> = reached.iter().copied().collect();
    for code in &reached {
        plan[usize::from(*code)] = CleanUp::Released;
    }
    // What a service does on a condition may never come: it is counted upon only where nothing else leads on.
    for counts_on_conditions in [false, true] {
        if counts_on_conditions {
            queue.extend(&reached);
        }
        while let Some(target) = queue.pop_front() {
            for (index, transition) in (0..).zip(transitions) {
                let may_never_come = transition.by == Mover::Service && !transition.conditions.is_empty();
                // A move that happens only while the role is in use is a clean-up that fails. A parent's move, an exception and a
                // change to another role are not for whoever cleans up to make.
                let leads_on = transition.to == target
                    && (counts_on_conditions || !may_never_come)
                    && transition.when != When::InUse
                    && transition.by != Mover::Parent
                    && transition.passes == Passes::Nothing
                    && !transition.exceptional;
                if leads_on && reached.insert(transition.from) {
                    plan[usize::from(transition.from)] = match transition.by {
                        Mover::Caller => CleanUp::Call(TransitionIdx(index)),
                        Mover::Service | Mover::Parent => CleanUp::Wait,
                    };
                    queue.push_back(transition.from);
                }
            }
        }
    }
    plan
}

/// Per code, whether a service's moves lead back to it after the call for its clean-up, while the role is not in use and while it is.
fn who_comes_back(transitions: &[Transition], clean_up: &[CleanUp; 1 << CODE_BITS]) -> [[bool; 2]; 1 << CODE_BITS] {
    let leads_back = |code: u8, call: TransitionIdx, other_times: When| {
        let mut queue = VecDeque::from([transitions[call.index()].to]);
        let mut reached: BTreeSet<u8> = queue.iter().copied().collect();
        while let Some(from) = queue.pop_front() {
            let moves = |step: &&Transition| step.from == from && step.by == Mover::Service && step.when != other_times;
            queue.extend(transitions.iter().filter(moves).map(|step| step.to).filter(|to| reached.insert(*to)));
        }
        reached.contains(&code)
    };
    let mut found = [[false; 2]; 1 << CODE_BITS];
    for (code, (found, clean_up)) in (0..).zip(found.iter_mut().zip(clean_up)) {
        if let CleanUp::Call(call) = *clean_up {
            *found = [When::InUse, When::NotInUse].map(|other_times| leads_back(code, call, other_times));
        }
    }
    found
}

fn sorted(names: &[String]) -> Vec<String> {
    let mut names = names.to_vec();
    names.sort();
    names
}

/// The kinds of one service in an order in which they can be cleaned up: children before parents.
///
/// # Errors
/// [`KindError::UnknownParent`], or [`KindError::ParentCycle`] with the whole cycle.
pub fn clean_up_order(kinds: &[&ResourceKind]) -> Result<Vec<String>, KindError> {
    let mut graph = DiGraphMap::<u32, ()>::new();
    let find = |name: &String| (0..).zip(kinds).find(|(_, other)| other.name == *name).map(|(index, _)| index);
    for (index, kind) in (0..).zip(kinds) {
        graph.add_node(index);
        for parent in kind.parents.iter().chain(&kind.made_from) {
            let unknown = || KindError::UnknownParent { kind: kind.name.clone(), parent: parent.clone() };
            let above = find(parent).ok_or_else(unknown)?;
            if kind.parents.contains(parent) {
                graph.add_edge(index, above, ());
            }
        }
    }
    match toposort(&graph, None) {
        Ok(order) => Ok(order.into_iter().map(|index| kinds[index as usize].name.clone()).collect()),
        Err(cycle) => {
            let walk = cycle_through(&graph, cycle.node_id());
            Err(KindError::ParentCycle {
                cycle: walk.into_iter().map(|index| kinds[index as usize].name.clone()).collect(),
            })
        }
    }
}

/// A shortest walk from a node that lies on a cycle back to it; the node stands at both ends.
fn cycle_through(graph: &DiGraphMap<u32, ()>, start: u32) -> Vec<u32> {
    let mut came_from = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(at) = queue.pop_front() {
        for next in graph.neighbors(at) {
            if came_from.contains_key(&next) {
                continue;
            }
            came_from.insert(next, at);
            queue.push_back(next);
        }
    }
    let mut walk = vec![start];
    let mut at = start;
    while let Some(before) = came_from.get(&at) {
        walk.push(*before);
        at = *before;
        if at == start {
            break;
        }
    }
    walk.reverse();
    walk
}

/// Whether the conditions of the kinds of one service name kinds of that service and states of those.
///
/// # Errors
/// [`KindError::UnknownRelative`] or [`KindError::UnknownState`], the first one found.
pub fn check_conditions(kinds: &[&ResourceKind]) -> Result<(), KindError> {
    for kind in kinds {
        for transition in &kind.transitions {
            for condition in &transition.conditions {
                let find = |relative: &String| {
                    kinds.iter().find(|other| other.name == *relative).ok_or_else(|| KindError::UnknownRelative {
                        kind: kind.name.clone(),
                        name: transition.name.clone(),
                        relative: relative.clone(),
                    })
                };
                match condition {
                    Condition::Relative { kind: relative, states }
                    | Condition::NoRelative { kind: relative, states } => {
                        let other = find(relative)?;
                        if let Some(state) = states.iter().find(|state| other.code_of(state).is_none()) {
                            return Err(KindError::UnknownState {
                                kind: other.name.clone(),
                                state: state.clone(),
                                place: format!("move `{}` of kind `{}`", transition.name, kind.name),
                            });
                        }
                    }
                    Condition::PassedRoleOf { kind: owner, claim, .. } => {
                        find(owner)?;
                        match claim {
                            RoleClaim::MayPassThatOf(other) => {
                                find(other)?;
                            }
                            RoleClaim::Trusts(_) | RoleClaim::Permits(_) | RoleClaim::PermitsNeeds => {}
                        }
                    }
                    Condition::PassedRole { .. } | Condition::Permitted(_) => {}
                }
            }
        }
    }
    Ok(())
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
