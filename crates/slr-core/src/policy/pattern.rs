//! Wildcards: `*` stands for any run of characters, `?` for any one.
//!
//! Compiled once; matching allocates nothing. The same machine serves actions (ignoring case), resources, the parts of
//! ARNs and the `…Like` operators. Source: IAM User Guide, "IAM JSON policy elements: Resource" and "Action".

use super::arn::ArnParts;
use super::context::Context;

/// How letters compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    Sensitive,
    /// ASCII letters of either case are the same.
    Ignored,
}

/// What may stand inside a pattern besides plain text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Syntax {
    /// `*` and `?` are wildcards; otherwise they are themselves.
    pub(crate) wildcards: bool,
    /// `${key}` is a policy variable: only in policies of version 2012-10-17.
    pub(crate) variables: bool,
}

/// Why a pattern cannot be read; the text says what would be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BadPattern {
    pub(crate) message: String,
    pub(crate) help: String,
}

impl BadPattern {
    fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into() }
    }
}

/// A piece of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    Literal(Box<str>),
    /// `?`
    AnyOne,
    /// `*`
    AnyRun,
    /// `?` that is no colon.
    OneInPart,
    /// `*` that goes no further than to the next colon.
    RunInPart,
    Variable(Variable),
}

/// `${key}` or `${key, 'default'}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Variable {
    /// In lower case.
    key: Box<str>,
    default: Option<Box<str>>,
}

impl Variable {
    /// The single value that the request gives the key, else the default.
    ///
    /// Assumed: a key with several values has none that could be put into text.
    fn resolve<'a>(&'a self, context: &'a Context) -> Option<&'a str> {
        match context.values(&self.key) {
            [value] => Some(value),
            [] | [_, _, ..] => self.default.as_deref(),
        }
    }
}

/// Text with wildcards and variables, in the form that is quickest to match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Pattern {
    /// `*`
    Anything,
    /// No wildcard at all.
    Exact(Box<str>),
    /// One `*`, at the end.
    Prefix(Box<str>),
    /// All others.
    General(Box<[Token]>),
}

impl Pattern {
    /// Compiles `text`.
    pub(crate) fn parse(text: &str, syntax: Syntax) -> Result<Self, BadPattern> {
        Ok(Self::from_tokens(tokens(text, syntax)?))
    }

    fn from_tokens(mut tokens: Vec<Token>) -> Self {
        match tokens.as_mut_slice() {
            [] => Self::Exact("".into()),
            [Token::AnyRun] => Self::Anything,
            [Token::Literal(text)] => Self::Exact(std::mem::take(text)),
            [Token::Literal(text), Token::AnyRun] => Self::Prefix(std::mem::take(text)),
            _ => Self::General(tokens.into()),
        }
    }

    /// Appends a text that fits, with wildcards standing for themselves; false if a variable has no value.
    fn sample(&self, context: &Context, into: &mut String) -> bool {
        match self {
            Self::Anything => into.push('*'),
            Self::Exact(text) => into.push_str(text),
            Self::Prefix(text) => {
                into.push_str(text);
                into.push('*');
            }
            Self::General(tokens) => {
                for token in tokens {
                    match token {
                        Token::Literal(text) => into.push_str(text),
                        Token::AnyOne | Token::OneInPart => into.push('?'),
                        Token::AnyRun | Token::RunInPart => into.push('*'),
                        Token::Variable(variable) => match variable.resolve(context) {
                            Some(value) => into.push_str(value),
                            None => return false,
                        },
                    }
                }
            }
        }
        true
    }

    /// Whether the whole of `text` fits. A variable without a value fits nothing: the request does not say what
    /// the policy asks about.
    pub(crate) fn matches(&self, text: &str, case: Case, context: &Context) -> bool {
        match self {
            Self::Anything => true,
            Self::Exact(wanted) => text.len() == wanted.len() && starts_with(text.as_bytes(), wanted, case),
            Self::Prefix(wanted) => starts_with(text.as_bytes(), wanted, case),
            Self::General(tokens) => matches_tokens(tokens, text, case, context),
        }
    }
}

fn starts_with(text: &[u8], wanted: &str, case: Case) -> bool {
    let wanted = wanted.as_bytes();
    match text.get(..wanted.len()) {
        Some(head) => match case {
            Case::Sensitive => head == wanted,
            Case::Ignored => head.eq_ignore_ascii_case(wanted),
        },
        None => false,
    }
}

/// Greedy, going back to the last `*` only: what stands between two `*` may as well match as early as it can. Where the last one
/// has to stay in its part and comes to the colon, it is the last one that need not that has to give.
fn matches_tokens(tokens: &[Token], text: &str, case: Case, context: &Context) -> bool {
    let bytes = text.as_bytes();
    let width_at = |at: usize| text[at..].chars().next().map(char::len_utf8);
    let width_in_part = |at: usize| width_at(at).filter(|_| bytes[at] != b':');
    let (mut token, mut at) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    let mut retry_in_part: Option<(usize, usize)> = None;
    loop {
        let advanced = match tokens.get(token) {
            None if at == bytes.len() => return true,
            None => None,
            Some(Token::AnyRun) => {
                (retry, retry_in_part) = (Some((token + 1, at)), None);
                Some(0)
            }
            Some(Token::RunInPart) => {
                retry_in_part = Some((token + 1, at));
                Some(0)
            }
            Some(Token::AnyOne) => width_at(at),
            Some(Token::OneInPart) => width_in_part(at),
            Some(Token::Literal(wanted)) => starts_with(&bytes[at..], wanted, case).then_some(wanted.len()),
            Some(Token::Variable(variable)) => match variable.resolve(context) {
                Some(wanted) => starts_with(&bytes[at..], wanted, case).then_some(wanted.len()),
                None => return false,
            },
        };
        if let Some(width) = advanced {
            token += 1;
            at += width;
            continue;
        }
        if let Some((next, from)) = retry_in_part
            && let Some(width) = width_in_part(from)
        {
            retry_in_part = Some((next, from + width));
            (token, at) = (next, from + width);
            continue;
        }
        retry_in_part = None;
        match retry.and_then(|(token, from)| width_at(from).map(|width| (token, from + width))) {
            Some((next_token, next_at)) => {
                retry = Some((next_token, next_at));
                (token, at) = (next_token, next_at);
            }
            None => return false,
        }
    }
}

fn tokens(text: &str, syntax: Syntax) -> Result<Vec<Token>, BadPattern> {
    let mut tokens = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let special = match next {
            '*' if syntax.wildcards => Some(Token::AnyRun),
            '?' if syntax.wildcards => Some(Token::AnyOne),
            '$' if syntax.variables && rest.starts_with("${") => {
                let end = rest.find('}').ok_or_else(|| {
                    BadPattern::new(
                        "policy variable without an end",
                        "close it with `}`, or write `${$}` for a dollar sign",
                    )
                })?;
                let inside = &rest[2..end];
                rest = &rest[end + 1..];
                match inside {
                    "*" | "?" | "$" => literal.push_str(inside),
                    _ => {
                        flush(&mut literal, &mut tokens);
                        tokens.push(Token::Variable(variable(inside)?));
                    }
                }
                continue;
            }
            _ => None,
        };
        match special {
            // `**` is `*`.
            Some(Token::AnyRun) if literal.is_empty() && tokens.last() == Some(&Token::AnyRun) => {}
            Some(token) => {
                flush(&mut literal, &mut tokens);
                tokens.push(token);
            }
            None => literal.push(next),
        }
        rest = &rest[next.len_utf8()..];
    }
    flush(&mut literal, &mut tokens);
    Ok(tokens)
}

fn flush(literal: &mut String, tokens: &mut Vec<Token>) {
    if !literal.is_empty() {
        tokens.push(Token::Literal(std::mem::take(literal).into()));
    }
}

fn variable(inside: &str) -> Result<Variable, BadPattern> {
    let help = "write `${key}` or `${key, 'default'}`";
    let (key, default) = match inside.split_once(',') {
        Some((key, default)) => {
            let default = default.trim().strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
            let default =
                default.ok_or_else(|| BadPattern::new("default of a policy variable without single quotes", help))?;
            (key.trim(), Some(default.into()))
        }
        None => (inside.trim(), None),
    };
    if key.is_empty() {
        return Err(BadPattern::new("policy variable without a key", help));
    }
    Ok(Variable { key: key.to_ascii_lowercase().into(), default })
}

/// The action of a request, cut at its colon.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ActionParts<'a> {
    service: &'a str,
    name: &'a str,
}

impl<'a> ActionParts<'a> {
    pub(crate) fn split(action: &'a str) -> Self {
        let (service, name) = action.split_once(':').unwrap_or((action, ""));
        Self { service, name }
    }
}

/// An entry of `Action` or `NotAction`: `*` or `service:Name` with wildcards in the name, ignoring case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionPattern {
    text: Box<str>,
    /// Nothing for `*`.
    named: Option<(Box<str>, Pattern)>,
}

impl ActionPattern {
    pub(crate) fn parse(text: &str) -> Result<Self, BadPattern> {
        let help = "write `service:Action`, such as `iam:PassRole`, with `*` or `?` only after the colon, or `*` alone";
        // Assumed: `*:*` is the same as `*`; IAM accepts both.
        if matches!(text, "*" | "*:*") {
            return Ok(Self { text: text.into(), named: None });
        }
        let Some((service, name)) = text.split_once(':') else {
            return Err(BadPattern::new(format!("action `{text}` does not name its service"), help));
        };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if service.is_empty() || !service.bytes().all(plain) {
            return Err(BadPattern::new(format!("`{service}` is not the prefix of a service"), help));
        }
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'*' | b'?')) {
            return Err(BadPattern::new(format!("`{name}` is not the name of an action"), help));
        }
        let name = Pattern::parse(name, Syntax { wildcards: true, variables: false })?;
        Ok(Self { text: text.into(), named: Some((service.into(), name)) })
    }

    /// As written in the policy.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The service prefix as written, or nothing for `*`.
    pub fn service(&self) -> Option<&str> {
        self.named.as_ref().map(|(service, _)| service.as_ref())
    }

    pub(crate) fn matches(&self, action: ActionParts<'_>) -> bool {
        const NO_CONTEXT: &Context = &Context::new();
        match &self.named {
            None => true,
            Some((service, name)) => {
                service.eq_ignore_ascii_case(action.service) && name.matches(action.name, Case::Ignored, NO_CONTEXT)
            }
        }
    }
}

/// The resource of a request, or an ARN in its context.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ResourceParts<'a> {
    Arn(&'a str, ArnParts<'a>),
    /// `*`: the action has no resource of its own. Also whatever is not an ARN.
    NoArn,
}

impl<'a> ResourceParts<'a> {
    pub(crate) fn split(resource: &'a str) -> Self {
        ArnParts::split(resource).map_or(Self::NoArn, |parts| Self::Arn(resource, parts))
    }
}

const SIX_PARTS: &str = "write `*` or six parts: `arn:partition:service:region:account:resource`";

/// An entry of `Resource` or `NotResource`: `*`, or an ARN with wildcards.
///
/// A wildcard stays inside its part, but a `*` at the end of a part may go on past the colon, and the last part holds all further colons
/// and slashes. Source: IAM User Guide, "IAM JSON policy elements: Resource".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourcePattern {
    text: Box<str>,
    /// Nothing for `*`.
    arn: Option<Pattern>,
}

impl ResourcePattern {
    /// Compiles `text`. In an identity-based policy the missing parts of an incomplete ARN are `*`.
    ///
    /// Source: IAM User Guide, "IAM identifiers", IAM ARNs, note on incomplete ARNs.
    pub(crate) fn parse(text: &str, variables: bool, may_be_incomplete: bool) -> Result<Self, BadPattern> {
        if text == "*" {
            return Ok(Self { text: text.into(), arn: None });
        }
        let mut parts = split_outside_variables(text, variables);
        let is_complete = parts.len() == 6 || (may_be_incomplete && parts.len() >= 3);
        if parts[0] != "arn" || !is_complete {
            return Err(BadPattern::new(format!("`{text}` is neither `*` nor an ARN"), SIX_PARTS));
        }
        parts.resize(6, "*");
        let mut all = Vec::new();
        let mut literal = String::new();
        for (number, part) in (0..).zip(parts) {
            let mut tokens = tokens(part, Syntax { wildcards: true, variables })?;
            if number == 2 && !matches!(tokens.as_slice(), [Token::Literal(_)]) {
                return Err(BadPattern::new(
                    format!("resource `{text}` does not name its service in full"),
                    "write the service out; wildcards may stand in every other part",
                ));
            }
            if number < 5 {
                keep_in_part(&mut tokens);
                tokens.push(Token::Literal(":".into()));
            }
            // Literals that come to stand side by side are one.
            for token in tokens {
                match token {
                    Token::Literal(text) => literal.push_str(&text),
                    other @ (Token::AnyOne
                    | Token::AnyRun
                    | Token::OneInPart
                    | Token::RunInPart
                    | Token::Variable(_)) => {
                        flush(&mut literal, &mut all);
                        all.push(other);
                    }
                }
            }
        }
        flush(&mut literal, &mut all);
        Ok(Self { text: text.into(), arn: Some(Pattern::from_tokens(all)) })
    }

    /// As written in the policy.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// A resource that the pattern matches, as general as the pattern: its wildcards stand for themselves.
    /// Nothing if a variable has no value.
    pub(crate) fn sample(&self, context: &Context) -> Option<String> {
        let Some(arn) = &self.arn else {
            return Some("*".to_owned());
        };
        let mut text = String::new();
        arn.sample(context, &mut text).then_some(text)
    }

    pub(crate) fn matches(&self, resource: ResourceParts<'_>, context: &Context) -> bool {
        match (&self.arn, resource) {
            (None, _) => true,
            (Some(_), ResourceParts::NoArn) => false,
            (Some(arn), ResourceParts::Arn(text, _)) => arn.matches(text, Case::Sensitive, context),
        }
    }
}

/// Lets no wildcard of a part go past its end, but a `*` that stands there.
fn keep_in_part(tokens: &mut [Token]) {
    let last = tokens.len().saturating_sub(1);
    for (at, token) in tokens.iter_mut().enumerate() {
        match token {
            Token::AnyOne => *token = Token::OneInPart,
            Token::AnyRun if at < last => *token = Token::RunInPart,
            Token::AnyRun | Token::OneInPart | Token::RunInPart | Token::Literal(_) | Token::Variable(_) => {}
        }
    }
}

/// A value of `ArnLike` or `ArnEquals`: `*`, or six parts that are compared one by one.
///
/// Each wildcard stays inside its part; the last part holds all further colons and slashes. Source: IAM User Guide, "IAM JSON policy
/// elements: Condition operators", ARN condition operators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ArnPattern {
    /// Nothing for `*`.
    parts: Option<[Pattern; 5]>,
}

impl ArnPattern {
    /// Compiles `text`.
    pub(crate) fn parse(text: &str, variables: bool) -> Result<Self, BadPattern> {
        if text == "*" {
            return Ok(Self { parts: None });
        }
        let syntax = Syntax { wildcards: true, variables };
        let parts = split_outside_variables(text, variables);
        let ["arn", partition, service, region, account, resource] = parts[..] else {
            return Err(BadPattern::new(format!("`{text}` is neither `*` nor an ARN"), SIX_PARTS));
        };
        let compile = |part: &str| Pattern::parse(part, syntax);
        let parts = [compile(partition)?, compile(service)?, compile(region)?, compile(account)?, compile(resource)?];
        Ok(Self { parts: Some(parts) })
    }

    pub(crate) fn matches(&self, arn: ResourceParts<'_>, context: &Context) -> bool {
        match (&self.parts, arn) {
            (None, _) => true,
            (Some(_), ResourceParts::NoArn) => false,
            (Some([partition, service, region, account, name]), ResourceParts::Arn(_, arn)) => {
                // The service tells most apart, and the name most of the rest.
                service.matches(arn.service, Case::Sensitive, context)
                    && name.matches(arn.resource, Case::Sensitive, context)
                    && account.matches(arn.account, Case::Sensitive, context)
                    && region.matches(arn.region, Case::Sensitive, context)
                    && partition.matches(arn.partition, Case::Sensitive, context)
            }
        }
    }
}

/// Cuts at the first five colons that are not inside `${…}`: keys of variables hold colons too.
fn split_outside_variables(text: &str, variables: bool) -> Vec<&str> {
    let mut parts = Vec::with_capacity(6);
    let (mut start, mut inside) = (0, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'$' if variables && text[at..].starts_with("${") => inside = true,
            b'}' => inside = false,
            b':' if !inside && parts.len() < 5 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIKE: Syntax = Syntax { wildcards: true, variables: true };

    fn fits(pattern: &str, text: &str) -> bool {
        Pattern::parse(pattern, LIKE).unwrap().matches(text, Case::Sensitive, &Context::new())
    }

    #[test]
    fn stars_and_question_marks() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("**", "ab", true),
            ("a*", "a", true),
            ("a*", "ba", false),
            ("*a", "banana", true),
            ("*an?", "banana", true),
            ("*an?n*", "banana", true),
            ("b*n*n*a", "banana", true),
            ("b?n", "bann", false),
            ("?", "", false),
            ("?", "é", true),
            ("*?", "é", true),
            ("??", "é", false),
            ("a*b*c", "aXbXbYc", true),
            ("a*b*c", "acb", false),
            ("aws-service-role/*", "aws-service-role/ssm.amazonaws.com/X", true),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn variables_put_the_requests_value_in_place_as_plain_text() {
        let context = Context::new().with("aws:username", "al*ce");
        let pattern = Pattern::parse("user/${AWS:UserName}/*", LIKE).unwrap();
        assert!(pattern.matches("user/al*ce/x", Case::Sensitive, &context));
        assert!(!pattern.matches("user/alice/x", Case::Sensitive, &context));
        assert!(!pattern.matches("user//x", Case::Sensitive, &Context::new()));
        let defaulted = Pattern::parse("${aws:PrincipalTag/team, 'none'}", LIKE).unwrap();
        assert!(defaulted.matches("none", Case::Sensitive, &Context::new()));
        assert!(fits("${*}${?}${$}", "*?$"));
        assert!(!fits("${*}", "x"));
        let literal = Pattern::parse("${aws:username}", Syntax { wildcards: true, variables: false }).unwrap();
        assert!(literal.matches("${aws:username}", Case::Sensitive, &context));
        for wrong in ["${", "${}", "${a, b}", "${a,'b}"] {
            assert!(Pattern::parse(wrong, LIKE).is_err(), "{wrong}");
        }
    }

    #[test]
    fn actions_ignore_case_and_keep_their_service() {
        let fits =
            |pattern: &str, action: &str| ActionPattern::parse(pattern).unwrap().matches(ActionParts::split(action));
        assert!(fits("IAM:*servicelinked*", "iam:DeleteServiceLinkedRole"));
        assert!(fits("iam:Pass?ole", "iam:passrole"));
        assert!(fits("*", "ssm:SendCommand"));
        assert!(!fits("iam:*", "ssm:SendCommand"));
        for wrong in ["iam", "", "i*m:PassRole", "iam:", "iam:Pass:Role", ":PassRole", "iam:Pass Role"] {
            assert!(ActionPattern::parse(wrong).is_err(), "{wrong}");
        }
    }

    fn resource_fits(pattern: &str, resource: &str) -> bool {
        let pattern = ResourcePattern::parse(pattern, true, true).unwrap();
        pattern.matches(ResourceParts::split(resource), &Context::new())
    }

    const ROLE: &str = "arn:aws:iam::111122223333:role/aws-service-role/ssm.amazonaws.com/AWSServiceRoleForAmazonSSM";
    const GROUP: &str = "arn:aws:logs:us-east-1:111122223333:log-group:a:b";

    #[test]
    fn resources_are_compared_from_end_to_end() {
        let fits = resource_fits;
        assert!(fits("arn:aws:iam::*:role/aws-service-role/ssm.amazonaws.com/AWSServiceRoleForAmazonSSM*", ROLE));
        assert!(fits("arn:aws:iam::*:*", ROLE));
        assert!(fits("arn:*:iam:*:111122223333:role/*SSM", ROLE));
        assert!(!fits("arn:aws:iam::*:role/aws-service-role/SSM.amazonaws.com/*", ROLE));
        assert!(!fits("arn:aws:iam::111122223334:role/*", ROLE));
        assert!(fits("arn:aws:lambda:*:*:function:*", "arn:aws:lambda:eu-west-1:111122223333:function:f:7/x"));
        // An action without a resource of its own is judged on `*`, which only `*` grants.
        assert!(fits("*", "*"));
        assert!(!fits("arn:aws:iam::*:*", "*"));
    }

    #[test]
    fn a_star_at_the_end_of_a_part_goes_on_past_the_colon_and_no_other_one_does() {
        for (pattern, expected) in [
            ("arn:aws:logs:*:log-group:a:*", true),
            ("arn:aws:logs:us-east-1:*:a:b", true),
            ("arn:aws:logs:us-*:log-group:a:b", true),
            ("arn:aws:logs:*-1:log-group:a:b", false),
            ("arn:aws:logs:us-*-?:*:log-group:*", true),
            ("arn:aws:logs:us-*1:111122223333:log-group:*", true),
            ("arn:aws:logs:us-east-1:1*3:log-group:*", true),
            ("arn:aws:logs:us-east-1?111122223333:log-group:a:*", false),
            ("arn:aws:logs:*:1*3:log-group:*", true),
            ("arn:aws:logs:*:l*p:a:*", true),
            ("arn:aws:logs:*:l*a:*", false),
            // The part after the fifth colon is all that is left.
            ("arn:aws:logs:us-east-1:111122223333:l*b", true),
            ("arn:aws:logs:us-east-1:111122223333:log-group?a?b", true),
        ] {
            assert_eq!(resource_fits(pattern, GROUP), expected, "{pattern}");
        }
    }

    #[test]
    fn the_missing_parts_of_an_incomplete_arn_are_anything() {
        for (pattern, expected) in [
            ("arn:aws:logs", true),
            ("arn:aws:logs:*:*", true),
            ("arn:aws:logs:eu-west-1", false),
            ("arn:aws:logs:us-east-1:111122223333", true),
            ("arn:aws:iam::*", false),
        ] {
            assert_eq!(resource_fits(pattern, GROUP), expected, "{pattern}");
            assert!(ResourcePattern::parse(pattern, true, false).is_err(), "{pattern}");
        }
        assert!(resource_fits("arn:aws:iam::*", ROLE));
        for wrong in [
            "",
            "role",
            "arn",
            "arn:aws",
            "arn:aws:*",
            "aws:arn:iam::1:role/x",
            "arn:aws:*::1:role/x",
            "arn:aws:i?m::1:x",
        ] {
            assert!(ResourcePattern::parse(wrong, true, true).is_err(), "{wrong}");
        }
    }

    #[test]
    fn conditions_compare_arns_part_by_part() {
        let fits = |pattern: &str| {
            ArnPattern::parse(pattern, true).unwrap().matches(ResourceParts::split(GROUP), &Context::new())
        };
        assert!(fits("arn:aws:logs:*:*:log-group:*"));
        assert!(fits("arn:*:l?gs:us*:*:*"));
        assert!(!fits("arn:aws:logs:*:log-group:a:b"));
        assert!(ArnPattern::parse("arn:aws:logs:*:*", true).is_err());
    }

    #[test]
    fn colons_of_variables_do_not_cut_an_arn() {
        let context = Context::new().with("aws:username", "alice");
        let pattern = ResourcePattern::parse("arn:aws:iam::*:user/${aws:username}", true, true).unwrap();
        assert!(pattern.matches(ResourceParts::split("arn:aws:iam::1:user/alice"), &context));
        assert!(!pattern.matches(ResourceParts::split("arn:aws:iam::1:user/bob"), &context));
    }
}
