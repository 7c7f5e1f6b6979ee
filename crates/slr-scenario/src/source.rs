//! The text of a scenario, read within bounds.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::diagnostic::{Code, Diagnostic};

/// The largest scenario file that is read: 1 MiB. The longest scenario anyone should have to read
/// is a hundredth of that.
pub const MAX_BYTES: u64 = 1 << 20;

/// A scenario's text and the name under which diagnostics speak of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    name: String,
    text: String,
}

impl Source {
    /// A text that is in memory already.
    ///
    /// # Errors
    /// [`Unreadable`] if the text is larger than [`MAX_BYTES`].
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Result<Self, Box<Unreadable>> {
        let (name, text) = (name.into(), text.into());
        if text.len() as u64 > MAX_BYTES {
            return Err(Box::new(Unreadable::new(name, too_large(Some(text.len() as u64)))));
        }
        Ok(Self { name, text })
    }

    /// Reads a file.
    ///
    /// Nothing beyond [`MAX_BYTES`] is read: a file that is larger is refused for its size alone.
    ///
    /// # Errors
    /// [`Unreadable`] if the file cannot be read, is too large or is not UTF-8.
    pub fn read(path: &Path) -> Result<Self, Box<Unreadable>> {
        let name = path.display().to_string();
        match Self::open(path) {
            Ok((file, size)) => Self::from_reader(name, file, size),
            Err(error) => Err(Box::new(Unreadable::new(name, cannot_read(&error)))),
        }
    }

    fn open(path: &Path) -> io::Result<(File, Option<u64>)> {
        let file = File::open(path)?;
        let about = file.metadata()?;
        // Pipes and devices have no size of their own.
        let size = about.is_file().then_some(about.len());
        Ok((file, size))
    }

    /// Reads from anything; `size` is its whole size where that is known beforehand.
    ///
    /// # Errors
    /// [`Unreadable`] if it cannot be read, is too large or is not UTF-8.
    pub fn from_reader(name: impl Into<String>, reader: impl Read, size: Option<u64>) -> Result<Self, Box<Unreadable>> {
        let name = name.into();
        if size.is_some_and(|size| size > MAX_BYTES) {
            return Err(Box::new(Unreadable::new(name, too_large(size))));
        }
        let mut bytes = Vec::new();
        if let Err(error) = reader.take(MAX_BYTES + 1).read_to_end(&mut bytes) {
            return Err(Box::new(Unreadable::new(name, cannot_read(&error))));
        }
        if bytes.len() as u64 > MAX_BYTES {
            return Err(Box::new(Unreadable::new(name, too_large(None))));
        }
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Self { name, text }),
            Err(error) => {
                let valid = error.utf8_error().valid_up_to();
                let diagnostic = not_utf8(error.as_bytes(), valid);
                Err(Box::new(Unreadable::new(name, diagnostic)))
            }
        }
    }

    /// The name under which diagnostics speak of the text, as a rule a path.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// A source that could not be read. There is no text to show, only why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {}", file.name(), diagnostic.message)]
pub struct Unreadable {
    /// The name and no text: what [`crate::diagnostic::render`] needs.
    pub file: Source,
    /// Why.
    pub diagnostic: Diagnostic,
}

impl Unreadable {
    fn new(name: String, diagnostic: Diagnostic) -> Self {
        Self { file: Source { name, text: String::new() }, diagnostic }
    }
}

fn cannot_read(error: &io::Error) -> Diagnostic {
    // The kinds of error are open, and for all others the system's own words are the best there are.
    let why = if error.kind() == io::ErrorKind::NotFound {
        "there is no such file".to_owned()
    } else if error.kind() == io::ErrorKind::PermissionDenied {
        "its permissions do not allow it".to_owned()
    } else if error.kind() == io::ErrorKind::IsADirectory {
        "it is a directory".to_owned()
    } else {
        error.to_string()
    };
    Diagnostic::of_file(Code::CannotRead, format!("the file cannot be read: {why}"))
}

fn too_large(size: Option<u64>) -> Diagnostic {
    let found = size.map_or_else(
        || format!("has more than {MAX_BYTES} bytes"),
        |size| format!("has {size} bytes; at most {MAX_BYTES} are read"),
    );
    Diagnostic::of_file(Code::TooLarge, format!("the file {found}"))
        .help("use `count:` for many resources or sessions that are alike")
}

fn not_utf8(bytes: &[u8], valid: usize) -> Diagnostic {
    let before = String::from_utf8_lossy(&bytes[..valid]);
    let line = 1 + before.matches('\n').count();
    let column = 1 + before.rsplit('\n').next().map_or(0, |line| line.chars().count());
    let byte = bytes.get(valid).copied().unwrap_or_default();
    Diagnostic::of_file(
        Code::NotUtf8,
        format!("the file is not UTF-8: byte {byte:#04x} at offset {valid}, line {line}, column {column}"),
    )
    .help("save the file as UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_without_end_is_not_read_to_its_end() {
        let refused = Source::from_reader("endless", io::repeat(b'a'), None).unwrap_err();
        assert_eq!(refused.diagnostic.code, Code::TooLarge);
    }

    #[test]
    fn the_size_of_a_file_that_is_too_large_is_told_without_reading_it() {
        struct Untouchable;
        impl Read for Untouchable {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                panic!("the size alone decides");
            }
        }
        let refused = Source::from_reader("large", Untouchable, Some(104_857_600)).unwrap_err();
        assert!(refused.diagnostic.message.contains("104857600"), "{refused}");
    }

    #[test]
    fn bytes_that_are_not_utf8_are_placed() {
        let refused = Source::from_reader("latin1", &b"scenario: x\nstory: caf\xe9\n"[..], None).unwrap_err();
        assert_eq!(refused.diagnostic.message, "the file is not UTF-8: byte 0xe9 at offset 22, line 2, column 11");
    }
}
