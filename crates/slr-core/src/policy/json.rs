//! Strict JSON that remembers where everything stood, so that a later complaint can point at it.
//!
//! `serde_json` forgets places once it has parsed, and lets the last of two equal keys win in silence: both are
//! wrong for a policy, whose author has to be told what IAM would refuse.

use std::ops::Range;

/// Deeper than any policy goes; beyond it, nesting is an attack on the stack.
const MAX_DEPTH: usize = 16;

/// A value and the bytes it came from.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) span: Range<usize>,
}

#[derive(Debug)]
pub(super) enum Value {
    Null,
    Bool(bool),
    /// As written.
    Number(String),
    String(String),
    Array(Vec<Node>),
    Object(Vec<Member>),
}

impl Value {
    /// In the words of JSON, for "expected ..., found ...".
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}

#[derive(Debug)]
pub(super) struct Member {
    pub(super) key: String,
    pub(super) key_span: Range<usize>,
    pub(super) node: Node,
}

/// The first place where the text is not JSON.
#[derive(Debug)]
pub(super) struct SyntaxError {
    pub(super) span: Range<usize>,
    pub(super) message: String,
    pub(super) help: &'static str,
}

pub(super) fn parse(text: &str) -> Result<Node, SyntaxError> {
    let mut parser = Parser { text, at: 0 };
    parser.skip_blanks();
    let node = parser.value(0)?;
    parser.skip_blanks();
    if parser.at < text.len() {
        return Err(parser.unexpected("the end of the policy", "a policy is one JSON object; remove what follows it"));
    }
    Ok(node)
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

type Parsed<T> = Result<T, SyntaxError>;

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// The character at the present place, to point at.
    fn here(&self) -> Range<usize> {
        let width = self.text[self.at..].chars().next().map_or(0, char::len_utf8);
        self.at..self.at + width
    }

    fn unexpected(&self, wanted: &str, help: &'static str) -> SyntaxError {
        let found = match self.text[self.at..].chars().next() {
            Some(found) => format!("`{found}`"),
            None => "the end of the text".to_owned(),
        };
        SyntaxError { span: self.here(), message: format!("expected {wanted}, found {found}"), help }
    }

    fn value(&mut self, depth: usize) -> Parsed<Node> {
        let start = self.at;
        if depth > MAX_DEPTH {
            return Err(SyntaxError {
                span: self.here(),
                message: "nested too deeply".to_owned(),
                help: "a policy needs seven levels at most",
            });
        }
        let value = match self.peek() {
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.array(depth)?,
            Some(b'"') => Value::String(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.word("true", Value::Bool(true))?,
            Some(b'f') => self.word("false", Value::Bool(false))?,
            Some(b'n') => self.word("null", Value::Null)?,
            _ => {
                return Err(self.unexpected("a value", "write a string in double quotes, a list, or an object"));
            }
        };
        Ok(Node { value, span: start..self.at })
    }

    fn word(&mut self, word: &str, value: Value) -> Parsed<Value> {
        if self.text[self.at..].starts_with(word) {
            self.at += word.len();
            return Ok(value);
        }
        Err(self.unexpected("a value", "write a string in double quotes, a list, or an object"))
    }

    fn object(&mut self, depth: usize) -> Parsed<Value> {
        self.at += 1;
        let mut members: Vec<Member> = Vec::new();
        self.skip_blanks();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Object(members));
        }
        loop {
            let start = self.at;
            if self.peek() != Some(b'"') {
                return Err(
                    self.unexpected("a key in double quotes", "remove the comma before `}`, or write `\"key\": value`")
                );
            }
            let key = self.string()?;
            let key_span = start..self.at;
            self.skip_blanks();
            if self.peek() != Some(b':') {
                return Err(self.unexpected("`:`", "write `\"key\": value`"));
            }
            self.at += 1;
            self.skip_blanks();
            let node = self.value(depth + 1)?;
            members.push(Member { key, key_span, node });
            if self.ends_after_item(b'}')? {
                return Ok(Value::Object(members));
            }
        }
    }

    fn array(&mut self, depth: usize) -> Parsed<Value> {
        self.at += 1;
        let mut items = Vec::new();
        self.skip_blanks();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::Array(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            if self.ends_after_item(b']')? {
                return Ok(Value::Array(items));
            }
        }
    }

    /// Takes the comma before another item, or the closing bracket.
    fn ends_after_item(&mut self, close: u8) -> Parsed<bool> {
        self.skip_blanks();
        let end = match self.peek() {
            Some(b',') => false,
            Some(byte) if byte == close => true,
            _ if close == b'}' => {
                return Err(self.unexpected("`,` or `}`", "put a comma between members, and `}` at the end"));
            }
            _ => {
                return Err(self.unexpected("`,` or `]`", "put a comma between items, and `]` at the end"));
            }
        };
        self.at += 1;
        self.skip_blanks();
        Ok(end)
    }

    fn number(&mut self) -> Parsed<Value> {
        let start = self.at;
        let help = "write digits, such as `3600` or `0.5`";
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let leading_zero = self.peek() == Some(b'0');
        let whole = self.digits();
        if whole == 0 || (leading_zero && whole > 1) {
            return Err(self.unexpected("a number without leading zeros", help));
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if self.digits() == 0 {
                return Err(self.unexpected("a digit", help));
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if self.digits() == 0 {
                return Err(self.unexpected("a digit", help));
            }
        }
        Ok(Value::Number(self.text[start..self.at].to_owned()))
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at - start
    }

    fn string(&mut self) -> Parsed<String> {
        let start = self.at;
        self.at += 1;
        let mut content = String::new();
        loop {
            let Some(next) = self.text[self.at..].chars().next() else {
                return Err(SyntaxError {
                    span: start..self.text.len(),
                    message: "string without an end".to_owned(),
                    help: "close it with `\"`",
                });
            };
            match next {
                '"' => {
                    self.at += 1;
                    return Ok(content);
                }
                '\\' => content.push(self.escape()?),
                '\0'..='\u{1f}' => {
                    return Err(SyntaxError {
                        span: start..self.at,
                        message: "line end or control character inside a string".to_owned(),
                        help: "close the string with `\"`, or write the character as `\\n` or `\\u0009`",
                    });
                }
                _ => {
                    content.push(next);
                    self.at += next.len_utf8();
                }
            }
        }
    }

    fn escape(&mut self) -> Parsed<char> {
        let start = self.at;
        let wrong = |end: usize| SyntaxError {
            span: start..end,
            message: "unknown escape in a string".to_owned(),
            help: "JSON knows `\\\"`, `\\\\`, `\\/`, `\\b`, `\\f`, `\\n`, `\\r`, `\\t` and `\\uXXXX`",
        };
        let plain = match self.text.as_bytes().get(start + 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let unit = self.code_unit(start).ok_or_else(|| wrong(start + 2))?;
                let units = match unit {
                    // The first half of a character beyond U+FFFF: its other half must follow.
                    0xd800..=0xdbff => vec![unit, self.code_unit(self.at).ok_or_else(|| wrong(start + 6))?],
                    _ => vec![unit],
                };
                let mut decoded = char::decode_utf16(units);
                return match (decoded.next(), decoded.next()) {
                    (Some(Ok(character)), None) => Ok(character),
                    _ => Err(wrong(self.at)),
                };
            }
            _ => return Err(wrong(start + 1)),
        };
        self.at += 2;
        Ok(plain)
    }

    /// `\uXXXX` at `start`; goes past it.
    fn code_unit(&mut self, start: usize) -> Option<u16> {
        let digits = self.text.get(start..start + 6)?.strip_prefix("\\u")?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        self.at = start + 6;
        u16::from_str_radix(digits, 16).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_places() {
        let node = parse(" {\"a\": [1, \"b\\u00e9\\ud83d\\ude00\"], \"c\": true}\n").unwrap();
        let Value::Object(members) = node.value else { panic!("object") };
        assert_eq!(members[0].key_span, 2..5);
        let Value::Array(items) = &members[0].node.value else { panic!("list") };
        assert_eq!(items[0].span, 8..9);
        assert!(matches!(&items[1].value, Value::String(text) if text == "bé😀"));
    }

    #[test]
    fn what_is_not_json_is_refused_at_its_place() {
        for (text, at) in [
            ("", 0),
            ("{", 1),
            ("{\"a\" 1}", 5),
            ("{\"a\": 1,}", 8),
            ("[1 2]", 3),
            ("{} x", 3),
            ("{'a': 1}", 1),
            ("\"a\nb\"", 0),
            ("\"\\x\"", 1),
            ("\"\\ud800\"", 1),
            ("01", 2),
            ("-", 1),
            ("tru", 0),
        ] {
            assert_eq!(parse(text).unwrap_err().span.start, at, "{text}");
        }
        assert_eq!(parse(&"[".repeat(10_000)).unwrap_err().message, "nested too deeply");
    }
}
