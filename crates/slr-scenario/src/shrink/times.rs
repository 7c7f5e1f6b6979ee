//! Times that are shortened, and numbers that are lowered, one by one.

use super::prune::{at, children};
use super::trial::Trial;
use crate::rewrite;
use crate::syntax::grammar::{Reader, Syntax};
use crate::syntax::{Duration, Scenario, Step};
use crate::yaml::{Content, Node, Scalar};

/// Where no times are shortened: those of steps are seen to apart, and how long the run lasts at most is no delay.
const TIMED_ELSEWHERE: [&str; 5] = ["scenario", "source", "steps", "until", "expect"];

/// Where no numbers are lowered: those of individuals are seen to apart, and a seed is no quantity.
const NUMBERED_ELSEWHERE: [&str; 8] = ["scenario", "source", "seed", "until", "account", "given", "steps", "expect"];

impl Trial {
    /// Brings every step as near to the one before as it may be, and makes every delay as short.
    pub(super) fn shorten(&mut self, best: &mut Scenario) {
        self.hasten(best);
        if !self.is_scripted {
            for path in scalars(best, &TIMED_ELSEWHERE) {
                self.shorten_at(best, &path);
            }
        }
    }

    /// Brings every step as near to the one before as it may be.
    pub(super) fn hasten(&mut self, best: &mut Scenario) {
        let mut earliest = 1;
        for number in 0..best.steps.len() {
            let now = best.steps[number].at().value.as_millis();
            self.lowest(best, earliest, now, &|scenario, millis| {
                let at = rewrite::anywhere(Duration::from_millis(millis));
                match scenario.steps.get_mut(number).map(|step| &mut step.value) {
                    Some(Step::Do(perform)) => perform.at = at,
                    Some(Step::Happens(happens)) => happens.at = at,
                    None => {}
                }
            });
            earliest = best.steps.get(number).map_or(earliest, |step| step.at().value.as_millis() + 1);
        }
    }

    /// Lowers a time to the least with which the scenario still fails; if that is not the least of all, to one below which it does not.
    fn lowest(&mut self, best: &mut Scenario, least: u64, now: u64, set: &dyn Fn(&mut Scenario, u64)) {
        let (mut low, mut high) = (least, now);
        let mut tried = least;
        while low < high {
            let mut candidate = best.clone();
            set(&mut candidate, tried);
            self.refit(&mut candidate);
            if self.take(best, &candidate) {
                high = tried;
            } else {
                low = tried + 1;
            }
            tried = low + (high - low) / 2;
        }
    }

    /// Lowers every number by as much as is possible at once: to one, or by one.
    pub(super) fn lower_numbers(&mut self, best: &mut Scenario) {
        for path in scalars(best, &NUMBERED_ELSEWHERE) {
            for least in [true, false] {
                let mut root = best.write();
                let Some(Content::Scalar(scalar)) = at(&mut root, &path).map(|node| &mut node.content) else {
                    break;
                };
                let number = scalar.text.parse::<u64>().ok().filter(|number| !scalar.quoted && *number > 1);
                let Some(number) = number else {
                    break;
                };
                *scalar = Scalar::plain(if least { 1 } else { number - 1 }.to_string());
                if self.take_text(best, &root) {
                    break;
                }
            }
        }
    }

    /// Shortens the duration at a place of the file, whatever it is for.
    fn shorten_at(&mut self, best: &mut Scenario, path: &[usize]) {
        let mut root = best.write();
        let Some(Content::Scalar(scalar)) = at(&mut root, path).map(|node| node.content.clone()) else {
            return;
        };
        let shortest = Duration::from_millis(1);
        if scalar.quoted {
            return;
        }
        if scalar.text.split_once("..").is_some_and(|(least, _)| Duration::parse(least).is_ok()) {
            put(&mut root, path, shortest);
            self.take_text(best, &root);
        } else if let Ok(duration) = Duration::parse(&scalar.text) {
            self.lowest(best, 1, duration.as_millis(), &|scenario, millis| {
                let mut root = scenario.write();
                put(&mut root, path, Duration::from_millis(millis));
                if let Some(read) = Scenario::read(&root, &mut Reader::default()) {
                    *scenario = read;
                }
            });
        }
    }
}

/// The places of all scalars but those under some keys.
fn scalars(scenario: &Scenario, elsewhere: &[&str]) -> Vec<Vec<usize>> {
    let mut root = scenario.write();
    let mut found = Vec::new();
    let mut waiting: Vec<Vec<usize>> = vec![Vec::new()];
    while let Some(path) = waiting.pop() {
        let node = at(&mut root, &path);
        if matches!(node.as_ref().map(|node| &node.content), Some(Content::Scalar(_))) {
            found.push(path);
            continue;
        }
        let is_top = path.is_empty();
        let below = children(node).into_iter().enumerate();
        let below = below.filter(|(_, key)| !(is_top && elsewhere.contains(&key.as_str())));
        waiting.extend(below.map(|(place, _)| path.iter().copied().chain([place]).collect()));
    }
    found.sort();
    found
}

fn put(root: &mut Node, path: &[usize], duration: Duration) {
    if let Some(node) = at(root, path) {
        node.content = Content::Scalar(Scalar::plain(duration.to_string()));
    }
}
