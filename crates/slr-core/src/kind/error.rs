//! What can be wrong with a declared kind.

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
