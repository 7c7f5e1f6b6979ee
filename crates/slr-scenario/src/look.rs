//! Colour, where it is wanted.

use std::fmt::{self, Display};

use anstyle::Style;

use crate::diagnostic::Look;

impl Look {
    /// The text in a style, or as it is.
    pub fn paint<T: Display>(self, style: Style, text: T) -> impl Display {
        let style = match self {
            Self::Plain => Style::new(),
            Self::Coloured => style,
        };
        Painted { style, text }
    }
}

struct Painted<T> {
    style: Style,
    text: T,
}

impl<T: Display> Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{:#}", self.style, self.text, self.style)
    }
}
