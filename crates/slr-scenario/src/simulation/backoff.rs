//! How long a client waits before it tries again.

use super::chance::Chance;
use super::time::SimTime;

/// What chance does to a wait.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Jitter {
    /// Nothing.
    #[default]
    None,
    /// Anything from nothing to the whole.
    Full,
    /// Half of it, and anything up to the other half.
    Equal,
}

/// A retry policy: waits that grow by a factor up to a cap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The first wait in milliseconds.
    pub every: u64,
    /// By how much each further wait is longer, in thousandths.
    pub factor: u64,
    /// The longest wait in milliseconds.
    pub cap: u64,
    /// What chance does to it.
    pub jitter: Jitter,
}

impl Backoff {
    /// The wait after the `attempt`-th attempt, counted from 1.
    pub fn after(&self, attempt: u32, chance: &mut Chance) -> SimTime {
        let cap = u128::from(self.cap);
        let mut wait = u128::from(self.every).min(cap);
        for _ in 1..attempt {
            let next = (wait * u128::from(self.factor) / 1000).min(cap);
            if next == wait {
                break;
            }
            wait = next;
        }
        let wait = u64::try_from(wait).unwrap_or(self.cap);
        SimTime::from_millis(match self.jitter {
            Jitter::None => wait,
            Jitter::Full => chance.below(wait.saturating_add(1)),
            Jitter::Equal => wait / 2 + chance.below(wait - wait / 2 + 1),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_the_cap() {
        let backoff = Backoff { every: 30_000, factor: 2000, cap: 600_000, jitter: Jitter::None };
        let mut chance = Chance::of(1, "test");
        let waits: Vec<u64> = (1..=7).map(|attempt| backoff.after(attempt, &mut chance).millis() / 1000).collect();
        assert_eq!(waits, [30, 60, 120, 240, 480, 600, 600]);
    }

    #[test]
    fn jitter_stays_within_its_bounds() {
        let mut chance = Chance::of(1, "test");
        for _ in 0..1000 {
            let wait = |jitter| Backoff { every: 1000, factor: 1000, cap: 9000, jitter };
            assert!(wait(Jitter::Full).after(3, &mut chance).millis() <= 1000);
            assert!((500..=1000).contains(&wait(Jitter::Equal).after(3, &mut chance).millis()));
        }
    }
}
