//! What nobody declared and looks like a secret: tokens by their prefix, private keys, what is assigned to a password,
//! given to `sudo -S`, to a program's `-p`, to a URL, to `.netrc`.
//!
//! Everything here looks a bounded stretch ahead and at no byte twice for the same kind.

mod address;
mod assignment;
mod block;
mod column;
mod command;
mod netrc;
mod token;
mod value;

use super::work;

pub use self::value::is_unusual;

/// What may be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// a token, by its first letters
    Token,
    /// a name that speaks of a secret, with a value
    Assignment,
    /// a command that gives a secret to another, or one that is given it
    Piped,
    /// a program's option
    Option,
    /// a URL with an account
    Address,
    /// a private key
    Block,
    /// a cookie
    Cookie,
    /// an account of `.netrc`
    Netrc,
}

impl Kind {
    /// Whether what is found is a value that may stand elsewhere without what it is known by.
    pub fn gives_values(self) -> bool {
        match self {
            Self::Assignment | Self::Piped | Self::Option | Self::Address | Self::Netrc => true,
            Self::Token | Self::Block | Self::Cookie => false,
        }
    }
}

/// How many there are.
pub const KINDS: usize = 8;

/// A word that introduces one.
#[derive(Debug, Clone, Copy)]
pub struct Trigger {
    /// of what
    pub kind: Kind,
    /// which, among those of its kind
    which: usize,
}

/// What was found behind a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// the bytes end before it can be told; what depends on it begins here
    Open(usize),
    /// these stretches are secrets
    Done {
        /// first byte and the one behind the last, of each
        values: Vec<(usize, usize)>,
        /// before this nothing more of the kind begins
        until: usize,
    },
}

impl Found {
    fn nothing(until: usize) -> Self {
        Self::Done { values: Vec::new(), until }
    }

    fn one(start: usize, end: usize) -> Self {
        Self::Done { values: vec![(start, end)], until: end }
    }
}

/// All words, each with at least four bytes.
pub fn triggers() -> Vec<(String, Trigger)> {
    let of =
        |kind, words: Vec<(String, usize)>| words.into_iter().map(move |(word, which)| (word, Trigger { kind, which }));
    of(Kind::Token, token::words())
        .chain(of(Kind::Assignment, assignment::words()))
        .chain(of(Kind::Piped, command::givers()))
        .chain(of(Kind::Option, command::programs()))
        .chain(of(Kind::Address, address::words()))
        .chain(of(Kind::Block, block::words()))
        .chain(of(Kind::Cookie, block::cookies()))
        .chain(of(Kind::Netrc, netrc::words()))
        .collect()
}

/// Looks at what begins at `at`; `before` is the byte before the first, should there have been one.
pub fn find(trigger: Trigger, bytes: &[u8], before: Option<u8>, at: usize, last: bool) -> Found {
    let text = Text { bytes, before, last };
    work::add(1);
    match trigger.kind {
        Kind::Token => token::find(trigger.which, text, at),
        Kind::Assignment => assignment::find(text, at),
        Kind::Piped => command::given(trigger.which, text, at),
        Kind::Option => command::options(trigger.which, text, at),
        Kind::Address => address::find(text, at),
        Kind::Block => block::find(text, at),
        Kind::Cookie => block::cookie(text, at),
        Kind::Netrc => netrc::find(text, at),
    }
}

/// Where, at the end of the bytes, something may begin that depends on what stands before its word.
pub fn begun_at_end(bytes: &[u8]) -> usize {
    assignment::begun_at_end(bytes)
}

/// A text as far as it came.
#[derive(Debug, Clone, Copy)]
struct Text<'t> {
    bytes: &'t [u8],
    /// the byte before the first
    before: Option<u8>,
    last: bool,
}

impl<'t> Text<'t> {
    fn byte_before(&self, at: usize) -> Option<u8> {
        at.checked_sub(1).map_or(self.before, |at| self.bytes.get(at).copied())
    }

    /// From a place on.
    fn from(&self, at: usize) -> &'t [u8] {
        &self.bytes[at.min(self.bytes.len())..]
    }

    /// The rest of the line, so many bytes of it; `None` when its end has not come.
    fn line(&self, at: usize, longest: usize) -> Option<&'t [u8]> {
        let rest = self.from(at);
        let near = &rest[..rest.len().min(longest)];
        let end = memchr::memchr2(b'\n', b'\r', near);
        // A search for one byte takes many at a time.
        work::add(end.unwrap_or(near.len()) / 16);
        match end {
            Some(end) => Some(&near[..end]),
            None => Some(near).filter(|near| self.last || near.len() == longest),
        }
    }

    /// Whether a word stands at a place; `None` when the bytes end before that can be told.
    fn has(&self, at: usize, word: &str) -> Option<bool> {
        let rest = self.from(at);
        if !self.last && rest.len() < word.len() && word.as_bytes().starts_with(rest) {
            return None;
        }
        Some(rest.starts_with(word.as_bytes()))
    }
}

#[cfg(test)]
mod tests;
