//! Release numbers, compared component by component: 9.10 is newer than 9.9.

use std::cmp::Ordering;
use std::fmt;

/// Dot-separated decimal numbers, as printed by the mirror (`12.15.0`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    text: String,
    parts: Vec<u64>,
}

impl Version {
    /// `None` unless every component is a decimal number.
    pub fn parse(text: &str) -> Option<Self> {
        let parts = text
            .split('.')
            .map(|part| part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok()).flatten())
            .collect::<Option<Vec<u64>>>()?;
        Some(Self { text: text.to_owned(), parts })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        // Then by spelling, so that order and equality agree for `9.08` and `9.8`.
        self.parts.cmp(&other.parts).then_with(|| self.text.cmp(&other.text))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::Version;

    fn v(text: &str) -> Version {
        Version::parse(text).unwrap()
    }

    #[test]
    fn components_compare_as_numbers() {
        assert!(v("9.10") > v("9.9"));
        assert!(v("12.15.0") > v("12.9.0"));
        assert!(v("10") > v("9"));
        assert!(v("9.8.1") > v("9.8"));
    }

    #[test]
    fn only_numbers_are_versions() {
        for text in ["", ".", "9.", "9.x", "9.8-beta", "+9", "9 ", "99999999999999999999"] {
            assert_eq!(Version::parse(text), None, "{text:?}");
        }
    }
}
