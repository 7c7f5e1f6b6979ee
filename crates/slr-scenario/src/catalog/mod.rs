//! The catalogue: what is known of the service-linked roles of 128 services, each fact with its source.
//!
//! An entry is a file of `services/`: the service in the words of scenario files, and beside it who creates the role, how it is
//! deleted, what keeps it, and where all that is said. What no source says is absent.

mod index;

/// What is known of a service and its role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The service principal, exactly as it is spelt.
    pub principal: &'static str,
    /// The role's name without a suffix.
    pub role: &'static str,
    /// The entry as YAML.
    pub text: &'static str,
}

/// Every entry, in the order of the principals.
pub fn entries() -> &'static [Entry] {
    index::ENTRIES
}

/// The entry of a service, exactly spelt.
pub fn entry(principal: &str) -> Option<&'static Entry> {
    entries().iter().find(|entry| entry.principal == principal)
}

/// What somebody may have meant who spelt a principal like this; the case is the most frequent mistake.
pub fn resembling(principal: &str) -> Option<&'static str> {
    let folded = principal.to_ascii_lowercase();
    let by_case = entries().iter().find(|entry| entry.principal == folded).map(|entry| entry.principal);
    by_case.or_else(|| {
        let near = |entry: &&Entry| strsim::jaro_winkler(&folded, entry.principal) > 0.9;
        let likeness = |entry: &Entry| strsim::jaro_winkler(&folded, entry.principal);
        let best = entries().iter().filter(near).max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
        best.map(|entry| entry.principal)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_128_services_in_the_order_of_their_principals() {
        assert_eq!(entries().len(), 128);
        assert!(entries().windows(2).all(|pair| pair[0].principal < pair[1].principal));
    }

    #[test]
    fn every_entry_speaks_of_its_service_and_names_its_sources() {
        for entry in entries() {
            assert!(entry.text.contains(&format!("principal: {}\n", entry.principal)), "{}", entry.principal);
            assert!(entry.text.contains(&format!("role: {}", entry.role)), "{}", entry.principal);
            assert!(entry.text.contains("sources:"), "{}", entry.principal);
        }
    }

    #[test]
    fn a_misspelt_principal_is_recognised() {
        assert_eq!(resembling("OpenSearchService.amazonaws.com"), Some("opensearchservice.amazonaws.com"));
        assert_eq!(resembling("batsh.amazonaws.com"), Some("batch.amazonaws.com"));
        assert_eq!(resembling("nothing like it"), None);
    }
}
