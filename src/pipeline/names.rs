//! What a line's templates in vCenter are called.

use super::Key;
use super::evaluate::OPEN;
use super::layout::NamesTable;

/// What `<base>` is followed by in the name of a clone that is tried before a promotion.
pub const SMOKE_SUFFIX: &str = "-smoke";

/// What `<base>` may be followed by in the name of an object this program touches.
pub const SUFFIXES: [&str; 6] = ["", "-build", "-prev", "-retired", "-swapping", SMOKE_SUFFIX];

/// The names of a line's templates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Names {
    /// a fresh template is built beside the live one, and promoted
    Generations {
        /// the one that is cloned
        live: String,
        /// the rollback generation
        prev: String,
        /// what packer builds
        build: String,
    },
    /// packer builds under the name that is cloned: nothing is promoted, swept or rolled back
    InPlace {
        /// the name; `*` stands for what only a build knows, a date or a branch
        name: String,
    },
    /// the build ends as an item of a content library: no template is renamed
    Library {
        /// the VM that is built, in the folder; `*` as above
        name: String,
        /// the library; `*` as above
        library: String,
    },
}

/// What the names of a line must satisfy, in words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NamesError {
    /// `live`, `prev` and `build` are not three names
    #[error("live, prev and build are not three different names; give each its own")]
    Alike,
    /// several kinds at once
    #[error("in_place = true, library, and names of generations contradict each other; keep one of them")]
    Both,
}

impl Names {
    /// `<base>`, `<base>-prev`, `<base>-build`.
    pub fn documented(base: &str) -> Self {
        Self::Generations { live: base.into(), prev: format!("{base}-prev"), build: format!("{base}-build") }
    }

    /// The same, with what `table` says instead; `{base}` in its patterns is `base`.
    ///
    /// # Errors
    /// a pattern that is none
    pub fn with(self, table: &NamesTable, base: &str) -> Result<Self, NamesError> {
        let patterns = [&table.live, &table.prev, &table.build];
        let named = patterns.iter().any(|pattern| pattern.is_some());
        match (table.in_place, &table.library) {
            (Some(true), Some(_)) => Err(NamesError::Both),
            (Some(true), None) | (_, Some(_)) if named => Err(NamesError::Both),
            (Some(true), None) => Ok(Self::InPlace { name: base.into() }),
            (_, Some(library)) => Ok(Self::Library { name: base.into(), library: library.clone() }),
            (Some(false) | None, None) if named || table.in_place.is_some() => {
                let Self::Generations { live, prev, build } = Self::documented(base) else { return Ok(self) };
                let [live, prev, build] = [(live, 0), (prev, 1), (build, 2)]
                    .map(|(name, at)| patterns[at].as_ref().map_or(name, |pattern| pattern.replace("{base}", base)));
                let alike = |one: &str, other: &str| one.eq_ignore_ascii_case(other);
                if alike(&live, &prev) || alike(&live, &build) || alike(&prev, &build) {
                    return Err(NamesError::Alike);
                }
                Ok(Self::Generations { live, prev, build })
            }
            (Some(false) | None, None) => Ok(self),
        }
    }

    /// What packer builds; [`OPEN`] stands for what only a build knows.
    pub fn build(&self) -> &str {
        match self {
            Self::Generations { build, .. } => build,
            Self::InPlace { name } | Self::Library { name, .. } => name,
        }
    }

    /// What is cloned.
    pub fn live(&self) -> &str {
        match self {
            Self::Generations { live, .. } => live,
            Self::InPlace { name } | Self::Library { name, .. } => name,
        }
    }

    /// Whether these are the documented ones of `base`.
    pub fn are_documented(&self, base: &str) -> bool {
        *self == Self::documented(base)
    }
}

/// Whether `name` is one that `pattern` may stand for: [`OPEN`] in it is any text that is not empty.
pub fn may_be(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split(OPEN);
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else { return false };
    let parts: Vec<&str> = parts.collect();
    for (at, part) in parts.iter().enumerate() {
        // At least one character stands where the open part is.
        let Some(beyond) = rest.char_indices().nth(1).map(|(at, _)| at).or((!rest.is_empty()).then_some(rest.len()))
        else {
            return false;
        };
        let found = if at + 1 == parts.len() {
            rest.get(beyond..).filter(|rest| rest.ends_with(part)).map(|_| rest.len())
        } else {
            rest.get(beyond..).and_then(|later| later.find(part)).map(|found| beyond + found + part.len())
        };
        let Some(end) = found else { return false };
        rest = rest.get(end..).unwrap_or_default();
    }
    rest.is_empty()
}

/// The longest title or name of a job that is looked at.
const MAX_TITLE: usize = 300;

/// The key that stands in `text` where `pattern` has `{key}`: `*` in the pattern is any text that is not empty.
pub(super) fn key_in(pattern: &str, text: &str) -> Option<Key> {
    let (before, after) = pattern.split_once("{key}").filter(|_| text.len() <= MAX_TITLE)?;
    let ends = || text.char_indices().map(|(at, _)| at).chain([text.len()]);
    let fits = |pattern: &str, text: &str| if pattern.is_empty() { text.is_empty() } else { may_be(pattern, text) };
    // The longest key that fits: what follows it is as short as can be.
    ends().filter(|start| text.get(..*start).is_some_and(|head| fits(before, head))).find_map(|start| {
        let rest = text.get(start..)?;
        let mut lengths: Vec<usize> = rest.char_indices().map(|(at, _)| at).chain([rest.len()]).collect();
        lengths.reverse();
        lengths.into_iter().find_map(|end| {
            let (key, tail) = rest.split_at_checked(end)?;
            fits(after, tail).then(|| Key::plain(key)).flatten()
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_part_stands_for_something() {
        for (pattern, name) in [
            ("linux-debian-12", "linux-debian-12"),
            ("linux-debian-12-*", "linux-debian-12-main"),
            ("UBNT-*-V1", "UBNT-2404-V1"),
            ("a-*-b-*", "a-1-b-2"),
        ] {
            assert!(may_be(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("linux-debian-12-*", "linux-debian-12-"),
            ("linux-debian-12", "linux-debian-12-main"),
            ("UBNT-*-V1", "UBNT-V1"),
            ("a-*-b-*", "a-1-b-"),
            ("a-*-b-*", "a--b-2"),
            ("*", ""),
        ] {
            assert!(!may_be(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn names_are_as_documented_unless_said_otherwise() {
        let table = |text: &str| toml::from_str::<NamesTable>(text).unwrap();
        let documented = Names::documented("debian-12");
        let with = |text: &str| documented.clone().with(&table(text), "debian-12");
        assert_eq!(with(""), Ok(documented.clone()));
        assert_eq!(with("build = 'new-{base}'").unwrap().build(), "new-debian-12");
        assert_eq!(with("in_place = true"), Ok(Names::InPlace { name: "debian-12".into() }));
        assert_eq!(with("in_place = true\nprev = 'x'"), Err(NamesError::Both));
        assert_eq!(with("prev = '{base}'"), Err(NamesError::Alike));
        let library = Names::Library { name: "debian-12".into(), library: "images".into() };
        assert_eq!(with("library = 'images'"), Ok(library));
        assert_eq!(with("library = 'images'\nlive = 'x'"), Err(NamesError::Both));
        assert_eq!(with("library = 'images'\nin_place = true"), Err(NamesError::Both));
        let in_place = Names::InPlace { name: "x".into() };
        assert_eq!(in_place.with(&table("in_place = false"), "x"), Ok(Names::documented("x")));
    }
}
