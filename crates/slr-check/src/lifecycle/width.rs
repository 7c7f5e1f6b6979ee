//! How wide a world's sets and states are.

use slr_core::codec::TooWide;
use slr_core::universe::WorldError;
use slr_core::{IdSet, Universe};
use slr_scenario::lower::Lowered;

use super::{PackedKey, codec};

/// Something that is done with a world of any width.
pub trait ForWidth {
    /// What comes of it.
    type Answer;

    /// Does it, with sets `S` that hold the world and keys `K` that hold its states.
    fn with<S: IdSet, K: PackedKey>(self, universe: &Universe<S>) -> Self::Answer;
}

/// A world that no width holds, or that contradicts itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// There is more of something than the widest sets hold, or the world contradicts itself.
    #[error(transparent)]
    World(#[from] WorldError),
    /// A state does not fit the widest key.
    #[error("a state does not fit: {0}")]
    State(#[from] TooWide),
}

/// Does something in the narrowest sets and with the narrowest keys that hold a scenario's world.
///
/// Regions fail and recover where the scenario has outages.
///
/// # Errors
/// [`Unfit`] if there is no such width.
pub fn narrowest<W: ForWidth>(lowered: &Lowered, what: W) -> Result<W::Answer, Unfit> {
    match universe::<u8>(lowered) {
        Ok(universe) => return keyed(&universe, lowered, what),
        Err(error) => is_narrow(error)?,
    }
    match universe::<u16>(lowered) {
        Ok(universe) => return keyed(&universe, lowered, what),
        Err(error) => is_narrow(error)?,
    }
    match universe::<u32>(lowered) {
        Ok(universe) => return keyed(&universe, lowered, what),
        Err(error) => is_narrow(error)?,
    }
    keyed(&universe::<u64>(lowered)?, lowered, what)
}

fn universe<S: IdSet>(lowered: &Lowered) -> Result<Universe<S>, WorldError> {
    let universe = Universe::new(lowered.world.clone())?;
    Ok(if lowered.plan.outages.is_empty() { universe } else { universe.with_region_faults() })
}

/// Whether wider sets can help.
fn is_narrow(error: WorldError) -> Result<(), WorldError> {
    match error {
        WorldError::TooMany { .. } => Ok(()),
        error @ (WorldError::RoleMissing { .. }
        | WorldError::NameClash { .. }
        | WorldError::NotTrusted { .. }
        | WorldError::ParentMissing { .. }) => Err(error),
    }
}

fn keyed<S: IdSet, W: ForWidth>(universe: &Universe<S>, lowered: &Lowered, what: W) -> Result<W::Answer, Unfit> {
    match codec(universe, lowered)?.words() {
        0..=1 => Ok(what.with::<S, u64>(universe)),
        2 => Ok(what.with::<S, [u64; 2]>(universe)),
        3..=4 => Ok(what.with::<S, [u64; 4]>(universe)),
        5..=8 => Ok(what.with::<S, [u64; 8]>(universe)),
        words => Err(TooWide { what: "words a state", found: u32::try_from(words).unwrap_or(u32::MAX) }.into()),
    }
}
