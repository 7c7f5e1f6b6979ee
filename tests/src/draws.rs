//! Choices taken one after another from numbers drawn in advance.
//!
//! A world has too many parts that depend on each other for a strategy per part. So a builder asks [`Draws`] question after question; the
//! first answer to every question is the simplest one, and where the numbers run out it is the answer. Smaller and fewer numbers therefore
//! mean simpler worlds, which is how failures shrink.

use proptest::collection::vec;
use proptest::prelude::*;

/// Numbers, and how many of them are used.
#[derive(Debug, Clone)]
pub struct Draws {
    numbers: std::vec::IntoIter<u16>,
}

impl Draws {
    /// Choices from these numbers.
    pub fn new(numbers: Vec<u16>) -> Self {
        Self { numbers: numbers.into_iter() }
    }

    /// A number below `end`; zero if there is none below it.
    pub fn below(&mut self, end: usize) -> usize {
        let drawn = usize::from(self.numbers.next().unwrap_or(0));
        if end == 0 { 0 } else { drawn % end }
    }

    /// Whether something rather unusual is the case: mostly not.
    pub fn seldom(&mut self) -> bool {
        self.below(4) == 3
    }

    /// Yes or no.
    pub fn coin(&mut self) -> bool {
        self.below(2) == 1
    }

    /// One of the options.
    ///
    /// # Panics
    /// If there are none.
    pub fn of<T: Clone>(&mut self, options: &[T]) -> T {
        options[self.below(options.len())].clone()
    }

    /// Some of the options, in their order.
    pub fn some<T: Clone>(&mut self, options: &[T]) -> Vec<T> {
        options.iter().filter(|_| self.coin()).cloned().collect()
    }
}

/// Choices for something that asks at most about `questions` questions.
pub fn draws(questions: usize) -> impl Strategy<Value = Draws> {
    vec(any::<u16>(), 0..questions).prop_map(Draws::new)
}
