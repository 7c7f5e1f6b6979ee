//! The product consists of nothing that its own licences, MIT or Apache 2.0, do not go with.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// The licences that do; `deny.toml` has the same list.
const ALLOWED: &[&str] = &[
    "MIT",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "Unicode-3.0",
    "Zlib",
];

/// Whether one may use what is under this licence, an SPDX expression, under the allowed licences alone.
///
/// Where a licence is to be chosen one allowed licence is enough; where several go together all have to be allowed.
fn is_allowed(expression: &str) -> bool {
    let expression = expression.trim();
    // The old manner of writing `OR`.
    if let Some((one, other)) = expression.split_once('/') {
        return is_allowed(one) || is_allowed(other);
    }
    match top_level(expression, " OR ").as_slice() {
        [_] => {}
        choices => return choices.iter().any(|choice| is_allowed(choice)),
    }
    match top_level(expression, " AND ").as_slice() {
        [_] => {}
        parts => return parts.iter().all(|part| is_allowed(part)),
    }
    match expression.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')) {
        Some(inner) => is_allowed(inner),
        None => ALLOWED.contains(&expression),
    }
}

/// The parts between the words that stand outside brackets.
fn top_level<'a>(expression: &'a str, word: &str) -> Vec<&'a str> {
    let (mut parts, mut depth, mut begin) = (Vec::new(), 0, 0);
    for (at, character) in expression.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            ' ' if depth == 0 && expression[at..].starts_with(word) => {
                parts.push(&expression[begin..at]);
                begin = at + word.len();
            }
            _ => {}
        }
    }
    parts.push(&expression[begin..]);
    parts
}

/// What Cargo knows of the workspace, for the machine that this runs on: for others it has perhaps not fetched all.
fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--filter-platform", "host-tuple"])
        .args(["--manifest-path", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")])
        .output()
        .expect("cargo can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo writes JSON")
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

#[test]
fn the_product_is_free_to_use() {
    let metadata = metadata();
    let packages: BTreeMap<&str, &Value> =
        list(&metadata, "packages").iter().map(|package| (text(package, "id"), package)).collect();
    let nodes: BTreeMap<&str, &Value> =
        list(&metadata["resolve"], "nodes").iter().map(|node| (text(node, "id"), node)).collect();
    let program = list(&metadata, "packages").iter().find(|package| text(package, "name") == "slr-cli");
    let mut waiting = vec![text(program.expect("the program is a member"), "id")];
    let mut product = BTreeSet::new();
    while let Some(id) = waiting.pop() {
        if product.insert(id) {
            // What is needed to build or test alone is not handed on.
            let is_normal = |kind: &Value| kind["kind"].is_null();
            let needed = list(nodes[id], "deps").iter().filter(|dep| list(dep, "dep_kinds").iter().any(is_normal));
            waiting.extend(needed.map(|dep| text(dep, "pkg")));
        }
    }
    assert!(product.len() > 10, "the dependencies were not found: {product:?}");
    let refused: Vec<_> = (product.iter())
        .map(|id| packages[id])
        .filter(|package| !is_allowed(text(package, "license")))
        .map(|package| format!("{}: {}", text(package, "name"), text(package, "license")))
        .collect();
    assert_eq!(refused, [""; 0], "not among the allowed licences");
}

#[test]
fn expressions_are_read_as_they_are_meant() {
    for allowed in ["MIT", "MIT/Apache-2.0", "GPL-3.0 OR MIT", "(MIT OR GPL-3.0) AND Unicode-3.0", "Zlib AND (ISC)"] {
        assert!(is_allowed(allowed), "{allowed}");
    }
    for refused in ["", "GPL-3.0", "MIT AND GPL-3.0", "(MIT OR Zlib) AND MPL-2.0", "GPL-3.0 OR (MIT AND AGPL-3.0)"] {
        assert!(!is_allowed(refused), "{refused}");
    }
}

#[test]
fn the_lists_are_the_same() {
    let deny = include_str!("../../deny.toml");
    let (_, list) = deny.split_once("allow = [").expect("deny.toml lists licences");
    let (list, _) = list.split_once(']').expect("the list ends");
    let listed: Vec<_> =
        list.split(',').map(|item| item.trim().trim_matches('"')).filter(|item| !item.is_empty()).collect();
    assert_eq!(listed, ALLOWED);
}
