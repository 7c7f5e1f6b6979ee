//! The names that built-in services give their errors: those that a story tells in brackets.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use slr_core::service::Situation;
use slr_scenario::catalog::Catalog;
use slr_scenario::syntax::{OwnErrors, Reality};
use slr_scenario::yaml::Spanned;

use super::of_aws;

/// Which services use a name, and for what; each once.
type Uses = Vec<(&'static str, Situation)>;

/// Every name with its uses, in the order of the names and of the services.
pub(super) fn names() -> BTreeMap<String, Uses> {
    let mut names = BTreeMap::<String, Uses>::new();
    for entry in Catalog::entries() {
        for reality in [Reality::Documented, Reality::Today] {
            // A built-in file has no mistakes.
            let Ok(service) = entry.service(reality, &[]) else { continue };
            let of_kinds = service.kinds.iter().filter_map(|(_, kind)| kind.errors.as_ref());
            let all = service.errors.iter().chain(of_kinds).flat_map(|errors: &Spanned<OwnErrors>| errors.given());
            for (situation, error) in all {
                let Some(name) = &error.code else { continue };
                let uses = names.entry(name.value.clone()).or_default();
                if !uses.contains(&(entry.principal(), situation)) {
                    uses.push((entry.principal(), situation));
                }
            }
        }
    }
    names
}

/// What a name means: who uses it and when, and what is to be said of our codes for it; `None` if no service uses it.
pub(super) fn explained(name: &str) -> Option<String> {
    let (name, uses) = names().into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
    let mut text = format!("{name}: the name that services give an error\n\n");
    for (principal, situation) in &uses {
        let _ = writeln!(text, "{principal}: {situation} ({})", situation.code());
    }
    let mut codes: Vec<_> = uses.iter().map(|(_, situation)| situation.code()).collect();
    codes.sort_unstable();
    codes.dedup();
    for code in codes {
        let _ = write!(text, "\n{}", of_aws(code));
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_in_the_data_is_explained() {
        let mut known = 0;
        for entry in Catalog::entries() {
            // What follows `code:` in the file, however it is laid out there.
            for name in entry.text().split("code: ").skip(1) {
                let name = name.split([' ', '\n', ',', '}']).next().unwrap_or_default();
                let text = super::super::explain(name).unwrap_or_else(|_| panic!("{}: {name}", entry.principal()));
                assert!(text.contains(entry.principal()), "{name}: {text}");
                known += 1;
            }
        }
        assert!(known > 10, "only {known} names were found");
    }
}
