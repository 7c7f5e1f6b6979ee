//! How to explore, and how far.

use std::num::NonZero;
use std::time::Duration;

use crate::{Model, Symmetry};

/// How to explore a model.
///
/// Nothing here but `symmetry`, `reduction` and the bounds changes a count, a verdict or a counterexample.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches")]
pub struct Settings {
    /// How many threads expand and insert. A round has sixteen parts: more threads would find no work, and are not begun.
    pub threads: NonZero<u16>,
    /// Explore one representative of the states that differ only in the names of interchangeable individuals.
    pub symmetry: bool,
    /// Leave out steps whose order does not matter to any property.
    pub reduction: bool,
    /// Compare the stored words of keys wider than one word, instead of trusting their fingerprints. Costs four bytes a
    /// state and time; one-word keys are always exact.
    pub exact: bool,
    /// Go on after the first violated property, to judge the others too.
    pub keep_going: bool,
    /// Where to stop.
    pub bounds: Bounds,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            threads: NonZero::<u16>::MIN,
            symmetry: false,
            reduction: false,
            exact: false,
            keep_going: false,
            bounds: Bounds::default(),
        }
    }
}

/// Where an exploration stops before it is complete. `None` everywhere: nowhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bounds {
    /// At most so many distinct states are kept.
    pub states: Option<u64>,
    /// At most so many bytes are held by the visited set, the stored states, their parents and, for the properties that
    /// need it, the graph. The working buffers of the round in progress (some megabytes) and the program itself come on
    /// top, and the steps out of the last state if they are very many.
    pub memory: Option<u64>,
    /// States so many steps from the beginning are judged but not expanded.
    pub depth: Option<u32>,
    /// The clock is read every few thousand steps, and while the graph is asked; a run that it stops is the only one that differs from
    /// machine to machine.
    pub time: Option<Duration>,
}

/// A setting under which an answer would be wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsound {
    /// The model has no canonical form.
    #[error("symmetry is on, but the model has no interchangeable individuals")]
    NoSymmetry,
    /// The property tells interchangeable individuals apart.
    #[error("symmetry is on, but property `{0}` is about one of the interchangeable individuals")]
    PropertyBreaksSymmetry(String),
    /// Fairness tells interchangeable individuals apart.
    #[error("symmetry is on, but property `{0}` relies on fairness to each of the interchangeable individuals")]
    FairnessBreaksSymmetry(String),
    /// The model has no ample sets.
    #[error("partial-order reduction is on, but there is no step whose order can be left out")]
    NoReduction,
    /// Reduction leaves out runs that decide the property.
    #[error("partial-order reduction is on, but it leaves out steps or runs that decide property `{0}`")]
    ReductionLosesProperty(String),
}

impl Settings {
    /// Refuses settings under which an answer about `model` would be wrong.
    ///
    /// # Errors
    /// [`Unsound`] with the first property that does not survive the settings.
    pub fn vet<M: Model>(&self, model: &M) -> Result<(), Unsound> {
        let properties = model.properties();
        if self.symmetry {
            let symmetry = model.symmetry();
            if symmetry == Symmetry::None {
                return Err(Unsound::NoSymmetry);
            }
            if let Some(property) = properties.iter().find(|property| property.names_an_individual) {
                return Err(Unsound::PropertyBreaksSymmetry(property.name.clone()));
            }
            let fairness = properties.iter().find(|property| property.kind().needs_fairness());
            if let (Symmetry::Steps, Some(property)) = (symmetry, fairness) {
                return Err(Unsound::FairnessBreaksSymmetry(property.name.clone()));
            }
        }
        if self.reduction {
            if !model.has_reduction() {
                return Err(Unsound::NoReduction);
            }
            let lost = properties.iter().find(|property| !property.survives_reduction());
            if let Some(property) = lost {
                return Err(Unsound::ReductionLosesProperty(property.name.clone()));
            }
        }
        Ok(())
    }
}
