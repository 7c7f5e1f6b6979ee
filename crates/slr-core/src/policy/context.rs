//! What a request says about itself, for conditions to look at.

/// The values of condition keys in one request.
///
/// Key names ignore case. A key with an empty list of values counts as absent.
/// Source: IAM User Guide, "IAM JSON policy elements: Condition".
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Context {
    /// Sorted by key; keys in lower case.
    entries: Vec<(String, Vec<String>)>,
}

impl Context {
    /// A context that holds nothing.
    pub const fn new() -> Self {
        Self { entries: Vec::new() }
    }

    /// Gives `key` the single value `value`, in place of what it had.
    pub fn set(&mut self, key: &str, value: impl Into<String>) {
        self.set_all(key, vec![value.into()]);
    }

    /// Gives `key` a set of values, in place of what it had. An empty set makes it absent.
    pub fn set_all(&mut self, key: &str, values: Vec<String>) {
        let key = key.to_ascii_lowercase();
        match self.entries.binary_search_by(|(name, _)| name.cmp(&key)) {
            Ok(at) => self.entries[at].1 = values,
            Err(at) => self.entries.insert(at, (key, values)),
        }
    }

    /// As [`Context::set`], for writing a context in one expression.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.set(key, value);
        self
    }

    /// As [`Context::set_all`], for writing a context in one expression.
    #[must_use]
    pub fn with_all(mut self, key: &str, values: &[&str]) -> Self {
        self.set_all(key, values.iter().map(|&value| value.to_owned()).collect());
        self
    }

    /// The values of a key, empty if it is absent. `key` must be in lower case.
    pub(crate) fn values(&self, key: &str) -> &[String] {
        // A request has a handful of keys: a walk is faster than a search.
        self.entries.iter().find(|(name, _)| name == key).map_or(&[], |(_, values)| values)
    }

    /// Keys, in lower case and in order, with their values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.entries.iter().map(|(key, values)| (key.as_str(), values.as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_names_ignore_case_and_the_last_value_counts() {
        let context = Context::new().with("IAM:AWSServiceName", "a").with("iam:awsservicename", "b");
        assert_eq!(context.values("iam:awsservicename"), ["b"]);
        assert_eq!(context.values("iam:passedtoservice"), [""; 0]);
        assert_eq!(context.iter().count(), 1);
    }
}
