//! The account at a moment of a run: the run is played until then, and what there is then takes the place of what is given.

use slr_core::id::{AttachmentIdx, GrantIdx, RoleIdx};
use slr_core::universe::WorldError;
use slr_core::{IdSet, Universe, WideSet, World};

use crate::lower::Lowered;
use crate::simulation::{Agenda, Ending, Nobody, Player, STANDSTILL, Scratch, SimTime, conduct};
use crate::syntax::Duration;

/// A time of a run at which its account cannot be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoMoment {
    /// It is no time.
    #[error("{message}{}", help.as_ref().map_or(String::new(), |help| format!("\nhelp: {help}")))]
    NotATime {
        /// What is wrong.
        message: String,
        /// What would be right.
        help: Option<String>,
    },
    /// It comes after the end.
    #[error(
        "the run is over at {until}, before {at}\nhelp: a scenario ends at the latest when its `until` says, after 7d by default"
    )]
    TooLate {
        /// What is asked for.
        at: SimTime,
        /// The end.
        until: SimTime,
    },
    /// The world cannot begin.
    #[error(transparent)]
    World(#[from] WorldError),
    /// Time does not come as far.
    #[error("time stands still before {at}: {STANDSTILL}")]
    Standstill {
        /// What is asked for.
        at: SimTime,
    },
}

/// Reads a time of a run, such as `90s` or `8m`.
///
/// # Errors
/// [`NoMoment::NotATime`].
pub fn moment(text: &str) -> Result<SimTime, NoMoment> {
    let time = Duration::parse(text).map_err(|(message, help)| NoMoment::NotATime { message, help })?;
    Ok(SimTime::from_millis(time.as_millis()))
}

/// The world of a run under a seed as it is once everything that is due until that time has happened, as something that is given.
pub(super) fn world_at(lowered: &Lowered, seed: u64, at: SimTime) -> Result<World, NoMoment> {
    let until = lowered.plan.until;
    if at > until {
        return Err(NoMoment::TooLate { at, until });
    }
    match Universe::<u64>::new(lowered.world.clone()) {
        Ok(universe) => played(&universe, lowered, seed, at),
        Err(WorldError::TooMany { what, .. }) if what != "operators" => {
            played(&Universe::<WideSet>::new(lowered.world.clone())?, lowered, seed, at)
        }
        Err(error) => Err(error.into()),
    }
}

fn played<S: IdSet>(universe: &Universe<S>, lowered: &Lowered, seed: u64, at: SimTime) -> Result<World, NoMoment> {
    let mut states = [universe.initial()];
    let mut player = Player::new(universe, &lowered.plan, seed);
    let mut agenda = Agenda::default();
    player.begin(&states[0], &mut agenda);
    let ending = conduct(universe, &mut states, &mut agenda, &mut player, &mut Nobody, at, &mut Scratch::default());
    if ending == Ending::Standstill {
        return Err(NoMoment::Standstill { at });
    }
    let [state] = states;
    let mut world = universe.world().clone();
    for (role, slot) in (0..).map(RoleIdx).zip(&mut world.roles) {
        slot.given = state.is_live(role);
    }
    for (attachment, thing) in (0..).map(AttachmentIdx).zip(&mut world.attachments) {
        thing.given = state.is_attached(attachment);
    }
    for (grant, thing) in (0..).map(GrantIdx).zip(&mut world.grants) {
        thing.given = universe.is_granted(&state, grant);
    }
    Ok(world)
}
