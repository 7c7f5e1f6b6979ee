//! Entries of the file that play no part, whatever they say.

use super::trial::Trial;
use crate::syntax::Scenario;
use crate::syntax::grammar::Syntax;
use crate::yaml::{Content, Node};

/// What stays: what the scenario is called and rests on, what it is played with, and what fails.
const STAYS: [&str; 5] = ["scenario", "source", "seed", "until", "expect"];

/// What is left out one by one elsewhere, with what names it.
const APART: [&str; 3] = ["given", "steps", "operators"];

/// What says what a step is about, even where it would go without saying.
const SAID: [&str; 7] = ["at", "do", "happens", "role", "operator", "resource", "service"];

/// A place in a tree: which child, of that which, and so on.
type Path = Vec<usize>;

impl Trial {
    /// Leaves out every entry of every mapping and list that can be left out.
    pub(super) fn prune(&mut self, best: &mut Scenario) {
        self.prune_below(best, &mut Path::new(), &mut Vec::new());
    }

    fn prune_below(&mut self, best: &mut Scenario, path: &mut Path, keys: &mut Vec<String>) {
        let mut root = best.write();
        let mut place = children(at(&mut root, path)).len();
        while place > 0 {
            place -= 1;
            // What was left out may have taken others along.
            let mut root = best.write();
            let children = children(at(&mut root, path));
            let Some(key) = children.get(place).cloned() else {
                continue;
            };
            path.push(place);
            keys.push(key);
            if !(stays(keys) || may_go(keys) && self.take_without(best, path)) {
                self.prune_below(best, path, keys);
            }
            path.pop();
            keys.pop();
        }
    }

    fn take_without(&mut self, best: &mut Scenario, path: &[usize]) -> bool {
        let mut root = best.write();
        let Some((place, parent)) = path.split_last() else {
            return false;
        };
        match at(&mut root, parent).map(|node| &mut node.content) {
            Some(Content::Mapping(entries)) => drop(entries.remove(*place)),
            Some(Content::Sequence(items)) => drop(items.remove(*place)),
            Some(Content::Scalar(_)) | None => return false,
        }
        self.take_text(best, &root)
    }
}

/// The node at a place.
pub(super) fn at<'n>(root: &'n mut Node, path: &[usize]) -> Option<&'n mut Node> {
    path.iter().try_fold(root, |node, place| match &mut node.content {
        Content::Mapping(entries) => entries.get_mut(*place).map(|entry| &mut entry.value),
        Content::Sequence(items) => items.get_mut(*place),
        Content::Scalar(_) => None,
    })
}

/// What the children of a node are called.
pub(super) fn children(node: Option<&mut Node>) -> Vec<String> {
    match node.map(|node| &node.content) {
        Some(Content::Mapping(entries)) => entries.iter().map(|entry| entry.key.value.clone()).collect(),
        Some(Content::Sequence(items)) => items.iter().map(|_| String::new()).collect(),
        Some(Content::Scalar(_)) | None => Vec::new(),
    }
}

fn stays(keys: &[String]) -> bool {
    keys.first().is_some_and(|key| STAYS.contains(&key.as_str()))
}

fn may_go(keys: &[String]) -> bool {
    let is_apart = keys.first().is_some_and(|key| APART.contains(&key.as_str()));
    let is_step = keys.first().is_some_and(|key| key == "steps");
    let is_said = keys.last().is_some_and(|key| SAID.contains(&key.as_str()));
    !(is_apart && keys.len() <= 2 || is_step && keys.len() == 3 && is_said)
}
