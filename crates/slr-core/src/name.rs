//! AWS's names and their rules: role names, paths, service principals, account ids, ARNs.

use std::cmp::Ordering;
use std::fmt;

use crate::rejection::Code;

/// The path prefix that only service-linked roles may have.
///
/// Source: IAM User Guide, "Using service-linked roles", the ARN in the sample policies.
pub const RESERVED_PATH: &str = "/aws-service-role/";

/// A name that breaks AWS's rules.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no {what}: {rule}")]
pub struct InvalidName {
    /// What the text was to be.
    pub what: &'static str,
    /// The text.
    pub text: String,
    /// The rule that it breaks.
    pub rule: &'static str,
}

impl InvalidName {
    /// The code with which AWS refuses such a parameter.
    ///
    /// Source: IAM API Reference, common errors.
    pub const fn code(&self) -> Code {
        Code::ValidationError
    }
}

/// The characters that IAM allows in role names, suffixes and service names: `[\w+=,.@-]`.
///
/// Source: IAM API Reference, `CreateRole` and `CreateServiceLinkedRole`, parameter patterns.
const fn is_name_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '+' | '=' | ',' | '.' | '@' | '-')
}

/// Whether the text is a name of so many characters at the most.
pub(crate) fn is_name_of(text: &str, longest: usize) -> bool {
    !text.is_empty() && text.len() <= longest && text.chars().all(is_name_character)
}

fn check(what: &'static str, text: &str, longest: usize, rule: &'static str) -> Result<(), InvalidName> {
    if !is_name_of(text, longest) {
        return Err(InvalidName { what, text: text.to_owned(), rule });
    }
    Ok(())
}

/// A role's name. Names that differ only in case are the same name.
///
/// Source: IAM User Guide, "Using service-linked roles", creating a service-linked role (console), step 6; length and pattern:
/// IAM API Reference, `CreateRole`, `RoleName`.
#[derive(Debug, Clone)]
pub struct RoleName(String);

impl RoleName {
    /// A role name.
    ///
    /// # Errors
    /// [`InvalidName`] unless the text has 1 to 64 characters of `[\w+=,.@-]`.
    pub fn new(text: &str) -> Result<Self, InvalidName> {
        check("role name", text, 64, "a role name has 1 to 64 letters, digits and characters of `_+=,.@-`")?;
        Ok(Self(text.to_owned()))
    }

    /// The name as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl PartialEq for RoleName {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for RoleName {}

impl PartialOrd for RoleName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for RoleName {
    fn cmp(&self, other: &Self) -> Ordering {
        let folded = |name: &Self| name.0.to_ascii_lowercase();
        folded(self).cmp(&folded(other))
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A service principal such as `ssm.amazonaws.com`. It is case-sensitive and must not be guessed.
///
/// Source: IAM User Guide, "Using service-linked roles", service-linked role permissions, note.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServicePrincipal(String);

impl ServicePrincipal {
    /// A service principal.
    ///
    /// # Errors
    /// [`InvalidName`] unless the text has 1 to 128 characters of `[\w+=,.@-]`.
    pub fn new(text: &str) -> Result<Self, InvalidName> {
        check(
            "service principal",
            text,
            128,
            "a service principal has 1 to 128 letters, digits and characters of `_+=,.@-`",
        )?;
        Ok(Self(text.to_owned()))
    }

    /// The principal as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ServicePrincipal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A role's path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RolePath(String);

impl RolePath {
    /// A path.
    ///
    /// Source: IAM API Reference, `CreateRole`, Path.
    ///
    /// # Errors
    /// [`InvalidName`] unless the text is `/` or begins and ends with `/`, has at most 512 characters and all of them
    /// lie between `!` and `~`.
    pub fn new(text: &str) -> Result<Self, InvalidName> {
        let framed = text == "/" || (text.len() > 2 && text.starts_with('/') && text.ends_with('/'));
        if !framed || text.len() > 512 || !text.chars().all(|c| c.is_ascii_graphic()) {
            return Err(InvalidName {
                what: "role path",
                text: text.to_owned(),
                rule: "a path is `/` or begins and ends with `/`, and has at most 512 visible ASCII characters",
            });
        }
        Ok(Self(text.to_owned()))
    }

    /// The path of a service's linked roles.
    pub fn of_service(principal: &ServicePrincipal) -> Self {
        Self(format!("{RESERVED_PATH}{principal}/"))
    }

    /// Whether only a service-linked role may have this path.
    pub fn is_reserved(&self) -> bool {
        self.0.starts_with(RESERVED_PATH)
    }

    /// The path as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The base name with the suffix that a caller asked for.
///
/// AWS puts the underscore; the suffix is kept as given. Source: recorded responses of IAM (2025); length and pattern: IAM API
/// Reference, `CreateServiceLinkedRole`, `CustomSuffix`. Assumed: a name that grows beyond 64 characters is refused as a
/// `ValidationError`.
///
/// # Errors
/// [`InvalidName`] if the suffix or the whole name breaks the pattern or is too long.
pub fn suffixed(base: &RoleName, suffix: &str) -> Result<RoleName, InvalidName> {
    check("suffix", suffix, 64, "a suffix has 1 to 64 letters, digits and characters of `_+=,.@-`")?;
    RoleName::new(&format!("{base}_{suffix}"))
}

/// Whether the text can be a suffix: 1 to 64 characters of `[\w+=,.@-]`.
///
/// Source: IAM API Reference, `CreateServiceLinkedRole`, `CustomSuffix`.
pub fn is_suffix(text: &str) -> bool {
    check("suffix", text, 64, "").is_ok()
}

/// A 12-digit account id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(String);

impl AccountId {
    /// An account id.
    ///
    /// # Errors
    /// [`InvalidName`] unless the text is twelve digits.
    pub fn new(text: &str) -> Result<Self, InvalidName> {
        if text.len() != 12 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(InvalidName {
                what: "account id",
                text: text.to_owned(),
                rule: "an account id has twelve digits",
            });
        }
        Ok(Self(text.to_owned()))
    }

    /// The twelve digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The characters of a role's or session's description: tab, line feed, carriage return, `U+0020`–`U+007E`, `U+00A1`–`U+00FF`.
///
/// Source: IAM API Reference, `CreateServiceLinkedRole`, Description.
///
/// # Errors
/// [`InvalidName`] if the text is longer than 1000 characters or has another character.
pub fn check_description(text: &str) -> Result<(), InvalidName> {
    let legal = |c: char| matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{7e}' | '\u{a1}'..='\u{ff}');
    if text.chars().count() > 1000 || !text.chars().all(legal) {
        return Err(InvalidName {
            what: "description",
            text: text.to_owned(),
            rule: "a description has at most 1000 characters of Latin-1 without control characters",
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_in_case_are_the_same_name() {
        let name = |text| RoleName::new(text).unwrap();
        assert_eq!(name("AWSServiceRoleForBatch"), name("awsserviceroleforbatch"));
        assert_ne!(name("AWSServiceRoleForBatch"), name("AWSServiceRoleForBatch_"));
    }

    #[test]
    fn a_name_has_1_to_64_characters_of_the_pattern() {
        assert!(RoleName::new("").is_err());
        assert!(RoleName::new(&"a".repeat(64)).is_ok());
        assert!(RoleName::new(&"a".repeat(65)).is_err());
        assert!(RoleName::new("with space").is_err());
        assert!(RoleName::new("a_b+c=d,e.f@g-h").is_ok());
    }

    #[test]
    fn aws_puts_the_underscore_and_keeps_the_suffix() {
        let base = RoleName::new("AWSServiceRoleForAutoScaling").unwrap();
        assert_eq!(suffixed(&base, "-debug").unwrap().as_str(), "AWSServiceRoleForAutoScaling_-debug");
        assert!(suffixed(&base, &"x".repeat(60)).is_err());
        assert!(suffixed(&base, "").is_err());
    }

    #[test]
    fn a_path_is_framed_by_slashes() {
        for (text, legal) in
            [("/", true), ("/a/", true), ("/a/b/", true), ("", false), ("//", false), ("/a", false), ("a/", false)]
        {
            assert_eq!(RolePath::new(text).is_ok(), legal, "{text}");
        }
        assert!(RolePath::new("/aws-service-role/x/").unwrap().is_reserved());
        assert!(!RolePath::new("/service-role/").unwrap().is_reserved());
    }
}
