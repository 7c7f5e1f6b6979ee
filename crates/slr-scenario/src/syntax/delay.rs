//! How long things take.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::declare::record;
use super::describe::or_parameter;
use super::grammar::{Named, Reader, Syntax, clipped};
use super::scalar::{DURATION_PATTERN, Duration, Factor, word};
use crate::diagnostic::Code;
use crate::yaml::{Content, Node, Spanned};

/// How long something takes: always the same, or drawn anew each time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delay {
    /// Always the same: `5s`.
    Fixed(Duration),
    /// Any time between two, both included, each as likely as the next: `1s..5s`.
    Range(Duration, Duration),
    /// Mostly short, sometimes long, with this mean: `{ exponential: 30s }`.
    Exponential(Exponential),
    /// Seldom short, sometimes very long: `{ log-normal: { median: 20s, sigma: 0.5 } }`.
    LogNormal(LogNormal),
}

record! {
    /// An exponential distribution: mostly short, sometimes long.
    pub struct Exponential, "an exponential delay" {
        /// The mean.
        "exponential" => pub mean: Spanned<Duration>,
    }
}

record! {
    /// A log-normal distribution: seldom short, sometimes very long.
    pub struct LogNormal, "a log-normal delay" {
        /// Median and spread.
        "log-normal" => pub shape: Spanned<LogNormalShape>,
    }
}

record! {
    /// The shape of a log-normal distribution.
    pub struct LogNormalShape, "a log-normal shape" {
        /// Half of the delays are shorter than this.
        "median" => pub median: Spanned<Duration>,
        /// The standard deviation of the delay's logarithm: 0 is always the median, 1 spreads over
        /// two orders of magnitude.
        "sigma" => pub sigma: Spanned<Factor>,
    }
}

impl Delay {
    /// An exponential delay with this mean.
    #[must_use]
    pub fn exponential(mean: Duration) -> Self {
        Self::Exponential(Exponential { mean: mean.into() })
    }

    /// A log-normal delay.
    #[must_use]
    pub fn log_normal(median: Duration, sigma: Factor) -> Self {
        Self::LogNormal(LogNormal { shape: LogNormalShape { median: median.into(), sigma: sigma.into() }.into() })
    }
}

impl fmt::Display for Delay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(duration) => duration.fmt(f),
            Self::Range(least, most) => write!(f, "{least}..{most}"),
            Self::Exponential(delay) => write!(f, "exponential, mean {}", delay.mean),
            Self::LogNormal(delay) => {
                let shape = &delay.shape;
                write!(f, "log-normal, median {}, sigma {}", shape.median, shape.sigma)
            }
        }
    }
}

impl Syntax for Delay {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        match &node.content {
            Content::Scalar(scalar) => match scalar.text.split_once("..") {
                None => Duration::read(node, reader).map(Self::Fixed),
                Some((least, most)) => read_range(node, least.trim(), most.trim(), reader),
            },
            Content::Mapping(_) => {
                let keys = &["exponential", "log-normal"];
                match super::grammar::deciding_key(node, "a delay", keys, reader)? {
                    "exponential" => Exponential::read(node, reader).map(Self::Exponential),
                    _ => LogNormal::read(node, reader).map(Self::LogNormal),
                }
            }
            Content::Sequence(_) => {
                reader.mismatch(node, "a delay", Some("a range is written `1s..5s`".to_owned()));
                None
            }
        }
    }

    fn write(&self) -> Node {
        match self {
            Self::Fixed(duration) => duration.write(),
            Self::Range(least, most) => Node::scalar(word(&format!("{least}..{most}"))),
            Self::Exponential(delay) => delay.write(),
            Self::LogNormal(delay) => delay.write(),
        }
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<Self>()
    }

    #[cfg(test)]
    fn sample(dice: &mut crate::syntax::sample::Dice) -> Self {
        let (one, other) = (Duration::sample(dice), Duration::sample(dice));
        match dice.below(4) {
            0 => Self::Fixed(one),
            1 => Self::Range(one.min(other), one.max(other)),
            2 => Self::Exponential(Exponential::sample(dice)),
            _ => Self::LogNormal(LogNormal::sample(dice)),
        }
    }
}

fn read_range(node: &Node, least: &str, most: &str, reader: &mut Reader) -> Option<Delay> {
    let mut side = |text: &str| match Duration::parse(text) {
        Ok(duration) => Some(duration),
        Err((message, help)) => {
            let help = help.or_else(|| Some("a range is written `1s..5s`".to_owned()));
            reader.wrong(Code::BadDuration, node, message, help);
            None
        }
    };
    let (least, most) = (side(least), side(most));
    let (least, most) = (least?, most?);
    if least > most {
        let message = format!("the range `{}` is reversed", clipped(&format!("{least}..{most}")));
        reader.wrong(Code::ReversedRange, node, message, Some(format!("write `{most}..{least}`")));
        return None;
    }
    Some(Delay::Range(least, most))
}

impl JsonSchema for Delay {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Delay".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let pattern = format!("^{DURATION_PATTERN}( *\\.\\. *{DURATION_PATTERN})?$");
        let text = or_parameter(&serde_json::json!({ "type": "string", "pattern": pattern }), generator);
        let exponential = Exponential::schema(generator);
        let log_normal = LogNormal::schema(generator);
        json_schema!({
            "description": "How long something takes: fixed `5s`, between two `1s..5s`, `{ exponential: 30s }` with that mean, or `{ log-normal: { median: 20s, sigma: 0.5 } }`.",
            "anyOf": [text, exponential, log_normal],
        })
    }
}

record! {
    /// How long the parts of the world take. The checker does not look at it: it takes every order.
    #[derive(Default)]
    pub struct Delays, "`delays`" {
        /// From the request of a deletion until the service begins to look. Default: 2s.
        "task-start" => pub task_start: Option<Spanned<Delay>>,
        /// From then until the service has decided. Default: 10s.
        "task-decision" => pub task_decision: Option<Spanned<Delay>>,
        /// A move that a service makes on a resource, such as the end of a clean-up. Default: 20s.
        "clean-up" => pub clean_up: Option<Spanned<Delay>>,
        /// How long a session is open. It is never longer than the role's longest session.
        /// Default: 5m.
        "session-end" => pub session_end: Option<Spanned<Delay>>,
        /// From the end of a session to the next in its place, if it reopens. Default: 10m.
        "session-open" => pub session_open: Option<Spanned<Delay>>,
        /// How long an operator reads the documentation of a service. Default: 10m.
        "read-docs" => pub read_docs: Option<Spanned<Delay>>,
        /// Other delays for single moves of kinds, by `kind.move`.
        "moves" => pub moves: Named<Spanned<Delay>>,
    }
}

/// The delay given, or one that is always the same.
fn or(given: Option<&Spanned<Delay>>, seconds: u64) -> Delay {
    given.map_or(Delay::Fixed(Duration::from_secs(seconds)), |given| given.value.clone())
}

impl Delays {
    /// From the request of a deletion until the service begins to look. Assumed: 2 s; how long it
    /// takes is nowhere documented.
    #[must_use]
    pub fn task_start(&self) -> Delay {
        or(self.task_start.as_ref(), 2)
    }

    /// From then until the service has decided. Assumed: 10 s.
    #[must_use]
    pub fn task_decision(&self) -> Delay {
        or(self.task_decision.as_ref(), 10)
    }

    /// A move that a service makes on a resource of a kind. Assumed: 20 s.
    #[must_use]
    pub fn service_move(&self, kind: &str, name: &str) -> Delay {
        let own = self.moves.iter().find(|(key, _)| key.split_once('.') == Some((kind, name)));
        or(own.map(|(_, delay)| delay).or(self.clean_up.as_ref()), 20)
    }

    /// How long a session is open. Assumed: 5 min.
    #[must_use]
    pub fn session_end(&self) -> Delay {
        or(self.session_end.as_ref(), 5 * 60)
    }

    /// From the end of a session to the next in its place. Assumed: 10 min.
    #[must_use]
    pub fn session_open(&self) -> Delay {
        or(self.session_open.as_ref(), 10 * 60)
    }

    /// How long an operator reads the documentation. Assumed: 10 min.
    #[must_use]
    pub fn read_docs(&self) -> Delay {
        or(self.read_docs.as_ref(), 10 * 60)
    }
}
