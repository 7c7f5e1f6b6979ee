//! Variations of a scenario: the same text with another value in some place.

use crate::yaml::{Composed, Content, Entry, Node, Spanned, compose, to_text};

/// The most scenarios that are compared.
const MOST: usize = 64;

/// A place in a scenario and the values to try there.
#[derive(Debug, Clone)]
pub struct Variation {
    path: String,
    values: Vec<Node>,
}

/// Why text says no variation, or one that cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAVariation {
    /// It is not `path=value,value`.
    #[error("`{0}` says no variation: write path=value,value, each value as in a scenario")]
    Malformed(String),
    /// The path leads nowhere.
    #[error("the scenario has no place `{0}`")]
    NoSuchPlace(String),
    /// There are too many combinations.
    #[error("at most {MOST} combinations can be compared")]
    TooMany,
    /// The seed is what a sweep varies anyway.
    #[error("`seed` cannot be varied: each value is played under the same seeds, which `--seeds` gives")]
    Seed,
    /// A parameter that the scenario does not declare.
    #[error("the scenario declares no parameter `{0}`")]
    NoSuchParameter(String),
    /// A value is there twice.
    #[error("`{path}` is to be `{value}` twice")]
    Repeated {
        /// The place.
        path: String,
        /// The value.
        value: String,
    },
    /// A place is varied twice.
    #[error("`{0}` is varied twice: write all its values in one place")]
    PlaceRepeated(String),
    /// A parameter that is varied is set for all besides, so that there is nothing to compare.
    #[error("`{0}` is varied and set at once: leave out one of `--vary params.{0}` and `--param {0}`")]
    SetBesides(String),
    /// The scenario is no YAML.
    #[error("the scenario cannot be read")]
    Unreadable,
}

impl Variation {
    /// Sees to it that nothing else decides what is to be varied: `assignments` set parameters, each as `name=value`.
    ///
    /// # Errors
    /// [`NotAVariation::SetBesides`] if one of them sets the parameter that this varies.
    pub fn is_not_set_by(&self, assignments: &[String]) -> Result<(), NotAVariation> {
        let Some(parameter) = self.path.strip_prefix("params.") else { return Ok(()) };
        let mut set = assignments.iter().filter_map(|assignment| Some(assignment.split_once('=')?.0));
        if set.any(|name| name == parameter) { Err(NotAVariation::SetBesides(parameter.to_owned())) } else { Ok(()) }
    }
}

impl std::str::FromStr for Variation {
    type Err = NotAVariation;

    /// Reads `path=value,value`. The values are YAML, as between the brackets of a list.
    fn from_str(text: &str) -> Result<Self, NotAVariation> {
        let malformed = || NotAVariation::Malformed(text.to_owned());
        let (path, values) = text.split_once('=').ok_or_else(malformed)?;
        let Composed { root, diagnostics } = compose(&format!("[{values}]"));
        match root.map(|root| root.content) {
            Some(Content::Sequence(values)) if !path.is_empty() && !values.is_empty() && diagnostics.is_empty() => {
                if path == "seed" {
                    return Err(NotAVariation::Seed);
                }
                let said: Vec<String> = values.iter().map(said).collect();
                if let Some(twice) = (1..said.len()).find(|place| said[..*place].contains(&said[*place])) {
                    return Err(NotAVariation::Repeated { path: path.to_owned(), value: said[twice].clone() });
                }
                Ok(Self { path: path.to_owned(), values })
            }
            _ => Err(malformed()),
        }
    }
}

/// One value for one place.
pub type Choice<'v> = (&'v str, &'v Node);

/// Every combination of the variations' values, the last one changing fastest.
///
/// # Errors
/// [`NotAVariation::TooMany`] if there are more than can be compared.
pub fn combinations(variations: &[Variation]) -> Result<Vec<Vec<Choice<'_>>>, NotAVariation> {
    let mut all: Vec<Vec<Choice<'_>>> = vec![Vec::new()];
    for (number, variation) in variations.iter().enumerate() {
        if variations[..number].iter().any(|before| before.path == variation.path) {
            return Err(NotAVariation::PlaceRepeated(variation.path.clone()));
        }
        if all.len().saturating_mul(variation.values.len()) > MOST {
            return Err(NotAVariation::TooMany);
        }
        let mut next = Vec::new();
        for chosen in &all {
            for value in &variation.values {
                let mut chosen = chosen.clone();
                chosen.push((&variation.path, value));
                next.push(chosen);
            }
        }
        all = next;
    }
    Ok(all)
}

/// A scenario's text with these values in these places, and each as `path=value`.
///
/// A path is keys with dots between them, and numbers from 0 for the items of a list. The last keys need not be there yet.
///
/// # Errors
/// [`NotAVariation`] if a path leads nowhere.
pub fn varied(text: &str, choices: &[Choice<'_>]) -> Result<(String, Vec<String>), NotAVariation> {
    let mut root = compose(text).root.ok_or(NotAVariation::Unreadable)?;
    let mut set = Vec::new();
    for (path, value) in choices {
        if let Some(parameter) = path.strip_prefix("params.")
            && !declares(&root, parameter)
        {
            return Err(NotAVariation::NoSuchParameter(parameter.to_owned()));
        }
        put(&mut root, path, value).ok_or_else(|| NotAVariation::NoSuchPlace((*path).to_owned()))?;
        set.push(format!("{path}={}", said(value)));
    }
    Ok((to_text(&root), set))
}

/// Whether a scenario declares a parameter, which may itself say more than a value: `params.n.default`.
fn declares(root: &Node, parameter: &str) -> bool {
    let entries = |node: &Node| match &node.content {
        Content::Mapping(entries) => entries.clone(),
        Content::Scalar(_) | Content::Sequence(_) => Vec::new(),
    };
    let params = entries(root).into_iter().find(|entry| entry.key.value == "params");
    let declared = params.map(|params| entries(&params.value)).unwrap_or_default();
    declared.iter().any(|entry| parameter.split('.').next() == Some(entry.key.value.as_str()))
}

/// A value on one line.
fn said(value: &Node) -> String {
    match &value.content {
        Content::Scalar(scalar) => scalar.text.clone(),
        Content::Sequence(_) | Content::Mapping(_) => {
            let entry = Entry { key: Spanned::from("it"), value: value.clone() };
            let text = to_text(&Node::new(Content::Mapping(vec![entry])));
            let said = text.trim_end().strip_prefix("it: ").filter(|said| !said.contains('\n'));
            // What is too long for a line of a scenario.
            said.map_or_else(|| value.to_json().to_string(), str::to_owned)
        }
    }
}

fn put(node: &mut Node, path: &str, value: &Node) -> Option<()> {
    if path.is_empty() {
        *node = value.clone();
        return Some(());
    }
    match &mut node.content {
        Content::Mapping(entries) => {
            // Keys may have dots themselves, as service principals do: the longest one that fits is meant.
            let fits = |entry: &Entry| {
                let rest = path.strip_prefix(entry.key.value.as_str())?;
                if rest.is_empty() { Some(rest) } else { rest.strip_prefix('.') }
            };
            let known = (0..entries.len()).filter_map(|place| Some((place, fits(&entries[place])?)));
            if let Some((place, rest)) = known.min_by_key(|(_, rest)| rest.len()) {
                return put(&mut entries[place].value, rest, value);
            }
            let (key, rest) = path.split_once('.').unwrap_or((path, ""));
            let mut made = Node::new(Content::Mapping(Vec::new()));
            put(&mut made, rest, value)?;
            entries.push(Entry { key: Spanned::from(key), value: made });
            Some(())
        }
        Content::Sequence(items) => {
            let (place, rest) = path.split_once('.').unwrap_or((path, ""));
            put(items.get_mut(place.parse::<usize>().ok()?)?, rest, value)
        }
        Content::Scalar(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vary(text: &str, variation: &str) -> Result<Vec<(String, Vec<String>)>, NotAVariation> {
        let variations = [variation.parse()?];
        combinations(&variations)?.iter().map(|choices| varied(text, choices)).collect()
    }

    #[test]
    fn values_are_put_in_their_places() {
        let text = "services:\n  gadgets.example.com: { reports: all }\nlist: [1, 2]\nparams: { n: 3 }\n";
        let made = vary(text, "services.gadgets.example.com.reports={first: 5},none").unwrap();
        assert_eq!(
            made[0].0,
            "services:\n  gadgets.example.com: { reports: { first: 5 } }\nlist: [1, 2]\nparams: { n: 3 }\n"
        );
        assert_eq!(made[0].1, ["services.gadgets.example.com.reports={ first: 5 }"]);
        assert_eq!(made[1].1, ["services.gadgets.example.com.reports=none"]);
        assert!(vary(text, "list.1=7").unwrap()[0].0.contains("[1, 7]"));
        assert!(vary(text, "delays.clean-up=5s").unwrap()[0].0.contains("delays: { clean-up: 5s }"));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for text in ["no-values", "=1", "a=", "a=[", "a={b: "] {
            assert!(matches!(vary("a: 1", text), Err(NotAVariation::Malformed(_))), "{text}");
        }
        for path in ["list.7", "list.x", "a.b"] {
            let found = vary("a: 1\nlist: [1]\n", &format!("{path}=1"));
            assert_eq!(found, Err(NotAVariation::NoSuchPlace(path.to_owned())));
        }
    }

    #[test]
    fn what_would_compare_nothing_is_refused() {
        let text = "params: { n: 3 }\nuntil: 1h\n";
        assert_eq!(vary(text, "seed=1,2"), Err(NotAVariation::Seed));
        assert_eq!(vary(text, "params.m=1,2"), Err(NotAVariation::NoSuchParameter("m".to_owned())));
        assert_eq!(vary("until: 1h\n", "params.m=1"), Err(NotAVariation::NoSuchParameter("m".to_owned())));
        assert_eq!(vary(text, "params.n=1,2").map(|made| made.len()), Ok(2));
        let (path, value) = ("until".to_owned(), "1h".to_owned());
        assert_eq!(vary(text, "until=1h,2h,1h"), Err(NotAVariation::Repeated { path: path.clone(), value }));
        let twice = ["until=1h".parse().unwrap(), "until=2h".parse().unwrap()];
        assert_eq!(combinations(&twice).map(|all| all.len()), Err(NotAVariation::PlaceRepeated(path)));
    }

    #[test]
    fn variations_are_combined() {
        let variations = ["a=1,2".parse().unwrap(), "b=3,4".parse().unwrap()];
        let all = combinations(&variations).unwrap();
        let set: Vec<_> = all.iter().map(|choices| varied("a: 0\nb: 0\n", choices).unwrap().1.join(" ")).collect();
        assert_eq!(set, ["a=1 b=3", "a=1 b=4", "a=2 b=3", "a=2 b=4"]);
    }
}
