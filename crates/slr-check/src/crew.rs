//! Threads that share work.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use rayon::ThreadPool;

/// The thread that asks, and those that help it.
pub(crate) struct Crew {
    /// `None` if it does all the work, or if nobody can be had.
    helpers: Option<ThreadPool>,
}

/// How often whoever asked for help looks whether the others are ready before it waits to be woken.
const MOST_LOOKS: u32 = 1000;

impl Crew {
    /// No more than there are `items` at the most: the others would have nothing to do, and each takes memory.
    pub(crate) fn of(threads: u16, items: usize) -> Self {
        let helpers = usize::from(threads).min(items).saturating_sub(1);
        let pool = || rayon::ThreadPoolBuilder::new().num_threads(helpers).build().ok();
        Self { helpers: (helpers > 0).then(pool).flatten() }
    }

    /// How many there are, with the one that asks.
    pub(crate) fn size(&self) -> usize {
        1 + self.helpers.as_ref().map_or(0, ThreadPool::current_num_threads)
    }

    /// Does `work` on every item. Each thread has a run of them, the same one every time if there are as many, so that what it worked on is still near it.
    pub(crate) fn share<T: Send>(&self, items: Vec<T>, work: impl Fn(T) + Sync) {
        let runs = Runs::dealt(items, self.size(), 0);
        self.all(|thread| {
            while let Some(item) = runs.next(thread).or_else(|| runs.next(0)) {
                work(item);
            }
        });
    }

    /// The same where each thread works with a hand of its own, in ascending order: who is ready helps those behind it and never those
    /// before.
    pub(crate) fn share_in_order<H: Send, T: Send>(
        &self,
        hands: &mut [H],
        items: Vec<T>,
        work: impl Fn(&mut H, T) + Sync,
    ) {
        let runs = Runs::dealt(items, hands.len(), HELPED);
        let hands: Vec<_> = hands.iter_mut().map(Mutex::new).collect();
        self.all(|thread| {
            if let Some(hand) = hands.get(thread) {
                let mut hand = hand.lock().unwrap_or_else(PoisonError::into_inner);
                while let Some(item) = runs.next(thread) {
                    work(&mut hand, item);
                }
            }
        });
    }

    /// Has every thread do `work`, which is told which of them it is. The one that asks begins at once: to hand the work over and to wait for
    /// the answer would take longer than much of the work.
    fn all(&self, work: impl Fn(usize) + Sync) {
        let Some(helpers) = &self.helpers else {
            return work(0);
        };
        let at_work = AtomicUsize::new(helpers.current_num_threads());
        helpers.in_place_scope(|scope| {
            scope.spawn_broadcast(|_, helper| {
                work(helper.index() + 1);
                at_work.fetch_sub(1, Ordering::Release);
            });
            work(0);
            // They are about to be ready: to fall asleep and be woken takes longer.
            let mut looks = 0;
            while at_work.load(Ordering::Acquire) > 0 && looks < MOST_LOOKS {
                std::thread::yield_now();
                looks += 1;
            }
        });
    }
}

/// Items dealt out to threads, to each a run of them.
struct Runs<T>(Vec<Mutex<std::vec::IntoIter<T>>>);

/// So many items more are left to the last run where only those before it help.
const HELPED: usize = 2;

impl<T> Runs<T> {
    /// The last run has so many `more` than the others.
    fn dealt(mut items: Vec<T>, threads: usize, more: usize) -> Self {
        let evenly = items.len().saturating_sub(more);
        let mut runs: Vec<_> = (0..threads).rev().map(|thread| items.split_off(evenly * thread / threads)).collect();
        runs.reverse();
        Self(runs.into_iter().map(|run| Mutex::new(run.into_iter())).collect())
    }

    /// The next item of this thread's run or of those behind it.
    fn next(&self, thread: usize) -> Option<T> {
        // A thread that panics holding a run takes the whole program down with it: nobody sees a poisoned one.
        self.0[thread..].iter().find_map(|run| run.lock().unwrap_or_else(PoisonError::into_inner).next())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_taken_once_and_in_ascending_order() {
        let runs = Runs::dealt((0..16).collect(), 2, HELPED);
        assert_eq!((runs.next(0), runs.next(1)), (Some(0), Some(7)));
        for items in 0..20 {
            for threads in 1..=5 {
                let runs = Runs::dealt((0..items).collect(), threads, HELPED);
                let mut taken = vec![Vec::new(); threads];
                // Now one thread comes, now another.
                for turn in 0..items + threads * threads {
                    let thread = turn * 7 % 5 % threads;
                    taken[thread].extend(runs.next(thread));
                }
                assert!(taken.iter().all(|taken| taken.is_sorted()), "{taken:?}");
                // Nobody may take what stands before its own run: whoever has that must come.
                taken[0].extend(std::iter::from_fn(|| runs.next(0)));
                let mut all = taken.concat();
                all.sort_unstable();
                assert_eq!(all, (0..items).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn a_crew_does_all_of_the_work() {
        for threads in [0, 1, 2, 5] {
            let crew = Crew::of(threads, 4);
            assert_eq!(crew.size(), usize::from(threads.clamp(1, 4)));
            let done: Vec<AtomicUsize> = (0..100).map(|_| AtomicUsize::new(0)).collect();
            crew.share((0..100).collect(), |item: usize| {
                done[item].fetch_add(1, Ordering::Relaxed);
            });
            // Fewer hands than threads, as many, and more.
            for hands in 1..=6 {
                let mut hands = vec![Vec::new(); hands];
                crew.share_in_order(&mut hands, (0..100).collect(), |hand, item: usize| {
                    hand.push(item);
                    done[item].fetch_add(1, Ordering::Relaxed);
                });
                assert!(hands.iter().all(|hand| hand.is_sorted()));
            }
            assert!(done.iter().all(|times| times.load(Ordering::Relaxed) == 7));
        }
    }
}
