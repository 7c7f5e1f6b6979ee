//! Policy documents inside a scenario.

use std::ops::Range;

use schemars::{Schema, SchemaGenerator, json_schema};
use slr_core::policy::{Document, DocumentKind};

use super::grammar::{Reader, Syntax};
use crate::diagnostic::{Code, Diagnostic};
use crate::yaml::{Content, Node, ScalarKind, Span, Spanned};

/// A policy document of IAM, written as YAML instead of JSON.
///
/// What its statements mean is not for the scenario's language to say: they are kept as they are. Two documents are equal when they
/// say the same, wherever they are written.
#[derive(Debug, Clone)]
pub struct PolicyDocument {
    /// The document as JSON.
    pub json: serde_json::Value,
    /// The same as text, on one line, its members in the order in which they are written.
    text: String,
    /// What stands where in `text`, and where it was written: for complaints about the document.
    places: Vec<(Range<usize>, Span)>,
}

impl PartialEq for PolicyDocument {
    fn eq(&self, other: &Self) -> bool {
        self.json == other.json
    }
}

impl Eq for PolicyDocument {}

impl PolicyDocument {
    /// The document of a value that no file contains.
    #[must_use]
    pub fn new(json: serde_json::Value) -> Self {
        Self { text: json.to_string(), json, places: Vec::new() }
    }

    /// The document as JSON text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The document compiled, or everything for which IAM would answer `MalformedPolicyDocument`, in that partition if it is known, each mistake
    /// where it was written.
    pub(crate) fn compile(
        &self,
        kind: DocumentKind,
        partition: Option<&str>,
        whole: Span,
    ) -> Result<Document, Vec<Diagnostic>> {
        let parsed = match partition {
            Some(partition) => Document::parse_in(partition, kind, &self.text),
            None => Document::parse(kind, &self.text),
        };
        parsed.map_err(|malformed| {
            let problems = malformed.problems().iter();
            problems
                .map(|problem| {
                    let column = usize::try_from(problem.column).unwrap_or(1).saturating_sub(1);
                    let at = self.text.char_indices().nth(column).map_or(0, |(at, _)| at);
                    let span = self.place(at).unwrap_or(whole);
                    Diagnostic::new(Code::BadPolicy, span, problem.message.clone()).help(problem.help.clone())
                })
                .collect()
        })
    }

    /// Where the part was written that begins at, or else most closely surrounds, a byte of the text.
    fn place(&self, at: usize) -> Option<Span> {
        let around = self.places.iter().filter(|(range, _)| range.contains(&at));
        around.min_by_key(|(range, _)| (range.start != at, range.len())).map(|(_, span)| *span)
    }

    fn render(&mut self, node: &Node) {
        let start = self.text.len();
        match &node.content {
            Content::Scalar(scalar) => {
                // A number that JSON would not write like this is text to IAM: an account's id may begin with a zero.
                let is_number = matches!(scalar.kind(), ScalarKind::Integer | ScalarKind::Decimal);
                let value = match serde_json::from_str::<serde_json::Value>(&scalar.text) {
                    Ok(serde_json::Value::Number(_)) if is_number => scalar.text.clone(),
                    Ok(_) | Err(_) if is_number => serde_json::Value::from(scalar.text.as_str()).to_string(),
                    Ok(_) | Err(_) => node.to_json().to_string(),
                };
                self.text.push_str(&value);
            }
            Content::Sequence(items) => {
                self.text.push('[');
                for (number, item) in items.iter().enumerate() {
                    if number > 0 {
                        self.text.push(',');
                    }
                    self.render(item);
                }
                self.text.push(']');
            }
            Content::Mapping(entries) => {
                self.text.push('{');
                for (number, entry) in entries.iter().enumerate() {
                    if number > 0 {
                        self.text.push(',');
                    }
                    let key = self.text.len();
                    self.text.push_str(&serde_json::Value::from(entry.key.as_str()).to_string());
                    self.places.push((key..self.text.len(), entry.key.span));
                    self.text.push(':');
                    self.render(&entry.value);
                }
                self.text.push('}');
            }
        }
        self.places.push((start..self.text.len(), node.span));
    }
}

/// A document and the place where it was written, compiled.
///
/// # Errors
/// As [`PolicyDocument::compile`].
pub(crate) fn compile(
    document: &Spanned<PolicyDocument>,
    kind: DocumentKind,
    partition: Option<&str>,
) -> Result<Document, Vec<Diagnostic>> {
    document.compile(kind, partition, document.span)
}

impl Syntax for PolicyDocument {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        match &node.content {
            Content::Mapping(_) => {
                let mut document = Self { json: serde_json::Value::Null, text: String::new(), places: Vec::new() };
                document.render(node);
                document.json = serde_json::from_str(&document.text).unwrap_or_else(|_| node.to_json());
                Some(document)
            }
            Content::Scalar(_) | Content::Sequence(_) => {
                reader.mismatch(
                    node,
                    "a policy document",
                    Some("write `Version:` and `Statement:` as in JSON, but in YAML".to_owned()),
                );
                None
            }
        }
    }

    fn write(&self) -> Node {
        Node::from_json(&self.json)
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "A policy document of IAM: `Version` and `Statement`, as in JSON.",
            "required": ["Statement"],
            "properties": {
                "Version": { "description": "The version of the policy language.", "enum": ["2012-10-17", "2008-10-17"] },
                "Id": { "description": "A name for the document.", "type": "string" },
                "Statement": { "description": "What is allowed or denied: one statement, or a list.", "type": ["array", "object"] },
            },
        })
    }

    #[cfg(test)]
    fn sample(dice: &mut crate::syntax::sample::Dice) -> Self {
        Self::new(dice.json_object(3))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::compose;

    fn read(text: &str) -> Spanned<PolicyDocument> {
        let root = compose(text).root.expect("it is YAML");
        Spanned::<PolicyDocument>::read(&root, &mut Reader::default()).expect("it is a mapping")
    }

    #[test]
    fn a_mistake_is_told_where_it_was_written() {
        let text = "Version: \"2012-10-17\"\nStatement:\n  - Effect: Alow\n    Action: [\"iam:*\", nothing]\n    Resource: \"*\"\n";
        let mistakes = compile(&read(text), DocumentKind::Identity, None).unwrap_err();
        let places: Vec<&str> =
            mistakes.iter().filter_map(|mistake| mistake.span).map(|span| &text[span.range()]).collect();
        assert_eq!(places, ["Alow", "nothing"]);
    }

    #[test]
    fn an_account_id_keeps_its_zero_and_numbers_stay_numbers() {
        let document = read("{ a: 012345678901, b: 10, c: 0.5, d: true, e: \"7\" }");
        assert_eq!(document.text(), r#"{"a":"012345678901","b":10,"c":0.5,"d":true,"e":"7"}"#);
    }
}
