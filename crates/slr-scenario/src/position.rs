//! Where in a source something stands, as editors count.

use crate::source::Source;

/// A line and a column, both counted from 1; a column is a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

impl Source {
    /// The position of a byte of the text; that of its end for whatever lies behind it.
    pub fn position(&self, offset: u32) -> Position {
        let text = self.text();
        let until = (0..=(offset as usize).min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let before = &text[..until];
        let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count());
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX).saturating_add(1);
        Position { line: count(before.matches('\n').count()), column: count(column) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_characters() {
        let source = Source::new("x", "a\nü: b\n").expect("it is small");
        assert_eq!(source.position(0), Position { line: 1, column: 1 });
        assert_eq!(source.position(4), Position { line: 2, column: 2 });
        assert_eq!(source.position(3), Position { line: 2, column: 1 }, "within a character");
        assert_eq!(source.position(999), Position { line: 3, column: 1 });
    }
}
