//! One small transition system, written several ways, with known counts.
//!
//! A role with `resources` that use it, `sessions` of it, and an operator who may ask for its deletion `attempts`
//! times. A failed deletion reports any subset of the blocking resources; the operator cleans up what was reported or,
//! with the documentation (`docs`), anything.

pub(crate) mod by_hand;
pub(crate) mod planes;

/// How large the system is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scope {
    pub(crate) resources: u32,
    pub(crate) sessions: u32,
    pub(crate) attempts: u32,
    pub(crate) docs: bool,
}

/// A scope with its known counts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known {
    pub(crate) name: &'static str,
    pub(crate) scope: Scope,
    pub(crate) states: u64,
    pub(crate) edges: u64,
    pub(crate) levels: u64,
    /// States and edges modulo symmetry.
    pub(crate) modulo_symmetry: Option<(u64, u64)>,
}

const fn scope(resources: u32, sessions: u32, attempts: u32) -> Scope {
    Scope { resources, sessions, attempts, docs: true }
}

pub(crate) const TINY: Known =
    Known { name: "tiny", scope: scope(2, 1, 2), states: 317, edges: 1_260, levels: 13, modulo_symmetry: None };
pub(crate) const SMALL: Known = Known {
    name: "small",
    scope: scope(4, 2, 3),
    states: 17_105,
    edges: 129_728,
    levels: 21,
    modulo_symmetry: Some((1_664, 12_970)),
};
pub(crate) const MEDIUM: Known = Known {
    name: "medium",
    scope: scope(6, 3, 4),
    states: 995_279,
    edges: 11_170_390,
    levels: 29,
    modulo_symmetry: Some((7_915, 99_558)),
};
pub(crate) const LARGE: Known = Known {
    name: "large",
    scope: scope(7, 4, 5),
    states: 12_177_049,
    edges: 165_647_061,
    levels: 35,
    modulo_symmetry: Some((18_894, 308_588)),
};
pub(crate) const XL: Known = Known {
    name: "xl",
    scope: scope(8, 4, 5),
    states: 59_293_177,
    edges: 874_458_392,
    levels: 37,
    modulo_symmetry: Some((27_399, 543_639)),
};

/// Too large to be told apart, small modulo symmetry.
pub(crate) const TWENTY: Scope = scope(20, 6, 8);

pub(crate) const KNOWN: [Known; 5] = [TINY, SMALL, MEDIUM, LARGE, XL];

impl Scope {
    /// The number of reachable states in closed form.
    pub(crate) fn states(self) -> u64 {
        let Self { resources: n, sessions: s, attempts: r, docs } = self;
        let r = u64::from(r);
        let (three, four, five) = (3u64.pow(n), 4u64.pow(n), 5u64.pow(n));
        let without = (1 << s) * (3 + four + (r - 1) * (2 * three + five)) + (r - 1);
        let with = (1 << s) * (three * (1 + 2 * r) + r * five) + r;
        if docs { without + with } else { without }
    }

    /// The number of reachable states modulo symmetry: resources of equal status are counted, not told apart.
    pub(crate) fn orbits(self) -> u64 {
        let Self { resources: n, sessions: s, attempts: r, docs } = self;
        let (n, s, r) = (u64::from(n), u64::from(s), u64::from(r));
        // Ways to share out n resources among so many statuses.
        let among = |statuses: u64| (1..statuses).fold(1, |ways, k| ways * (n + k) / k);
        let without = (s + 1) * (3 + among(4) + (r - 1) * (2 * among(3) + among(5))) + (r - 1);
        let with = (s + 1) * (among(3) * (1 + 2 * r) + r * among(5)) + r;
        if docs { without + with } else { without }
    }
}
