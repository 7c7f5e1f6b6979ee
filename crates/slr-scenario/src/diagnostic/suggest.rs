//! "Did you mean": the known word that an unknown one resembles most.

/// Longer words are compared with nothing: it takes time, and they are no slips.
const LONGEST: usize = 128;

/// The candidate that resembles `word`, if one does closely enough to be worth saying.
///
/// Of equals the first in the order given wins, so the answer does not depend on chance.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const ENOUGH: u64 = 700;
    if word.len() > LONGEST {
        return None;
    }
    let folded = word.to_lowercase();
    let mut best: Option<(u64, &str)> = None;
    for candidate in candidates.into_iter().filter(|candidate| candidate.len() <= LONGEST) {
        let other = candidate.to_lowercase();
        let resemblance = if other == folded { 1000 } else { permille(&folded, &other) };
        if resemblance >= ENOUGH && best.is_none_or(|(most, _)| resemblance > most) {
            best = Some((resemblance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Resemblance in thousandths, less than a whole: only the same word in other letters resembles one entirely. Edits are weighed against
/// length; a long word may be cut off.
fn permille(a: &str, b: &str) -> u64 {
    let longest = a.chars().count().max(b.chars().count()).max(1) as u64;
    let edits = strsim::damerau_levenshtein(a, b) as u64;
    let by_edits = 1000_u64.saturating_sub(edits * 1000 / longest);
    let shortest = a.len().min(b.len());
    let is_cut_off = shortest >= 4 && (a.starts_with(b) || b.starts_with(a));
    let close_enough = edits <= 1 && longest >= 4 || edits <= 2 && longest >= 6;
    let resemblance =
        if is_cut_off || close_enough { by_edits.max(800) + (999 - 800) * by_edits / 1000 / 2 } else { by_edits };
    resemblance.min(999)
}

/// A help line: the nearest candidate, or all of them if they are few.
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    const FEW: usize = 20;
    let candidates: Vec<&str> = candidates.into_iter().collect();
    if let Some(nearest) = nearest(word, candidates.iter().copied()) {
        return Some(format!("did you mean `{nearest}`?"));
    }
    match candidates.as_slice() {
        [] => None,
        [only] => Some(format!("only `{only}` is known here")),
        few if few.len() <= FEW => {
            let list: Vec<String> = few.iter().map(|word| format!("`{word}`")).collect();
            Some(format!("known here: {}", list.join(", ")))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised() {
        assert_eq!(nearest("oprators", ["operators", "roles"]), Some("operators"));
        assert_eq!(nearest("Expect", ["expect"]), Some("expect"));
        assert_eq!(nearest("AWSServiceRoleForGadget", ["AWSServiceRoleForGadgets"]), Some("AWSServiceRoleForGadgets"));
        assert_eq!(nearest("NoSuchEntitty", ["NoSuchEntity", "InvalidInput"]), Some("NoSuchEntity"));
        assert_eq!(nearest("step", ["steps", "story"]), Some("steps"));
    }

    #[test]
    fn the_same_word_in_other_letters_is_nearest() {
        let roles = ["AWSServiceRoleForBatch_x", "AWSServiceRoleForBatch", "AWSServiceRoleForBatches"];
        assert_eq!(nearest("awsserviceroleforbatch", roles), Some("AWSServiceRoleForBatch"));
    }

    #[test]
    fn what_resembles_nothing_gets_no_guess() {
        assert_eq!(nearest("banana", ["operators", "roles", "seed"]), None);
        assert_eq!(did_you_mean("banana", ["a", "b"]).as_deref(), Some("known here: `a`, `b`"));
    }
}
