//! All forms of all secrets, and the search for them.

use std::collections::BTreeSet;

use secrecy::{ExposeSecret, SecretSlice, SecretString};

use super::forms::Form;
use super::spelling::{self, Script, Stands};
use crate::text::quads::{QUAD, Quads};

/// Longest run of base64 around a secret that goes with it.
const BASE64_RUN: usize = 4096;

/// One form of one secret.
pub struct Needle {
    /// what to find
    pub what: What,
    /// whose form it is: index into the names
    pub name: usize,
}

/// What a needle looks like.
pub enum What {
    /// letters, in any spelling
    Text(SecretString, Script),
    /// exactly these bytes
    Bytes(SecretSlice<u8>),
}

/// A stretch to be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// first byte
    pub start: usize,
    /// byte behind the last
    pub end: usize,
    /// whose secret: index into the names
    pub name: usize,
}

/// Something a search rang at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ring {
    /// a needle stands here, whole
    Hit(Hit),
    /// a needle may begin here; more bytes are needed to tell
    Open(usize),
    /// one of the extra words begins here: its index
    Word(usize, usize),
}

/// All needles, ready to be searched for.
#[derive(Default)]
pub struct Needles {
    needles: Vec<Needle>,
    table: Quads<([u8; QUAD], Entry)>,
    /// all beginnings, to see whether the end of a buffer may be the start of one
    prefixes: BTreeSet<[u8; QUAD]>,
}

#[derive(Debug, Clone, Copy)]
enum Entry {
    Needle(usize),
    Word(usize),
}

impl Needles {
    /// Of forms under the index of their names, the first of equal ones; `words` are extra strings to ring at, case as
    /// given.
    pub fn new(forms: Vec<(Form, usize)>, words: &[&str]) -> Self {
        let mut known = BTreeSet::new();
        let mut it = Self::default();
        for (form, name) in forms {
            if known.insert(form.clone()) {
                it.enter(form, name);
            }
        }
        for (at, word) in words.iter().enumerate() {
            word.as_bytes().first_chunk().into_iter().for_each(|prefix| it.ring_at(*prefix, Entry::Word(at)));
        }
        it
    }

    fn enter(&mut self, form: Form, name: usize) {
        let entry = Entry::Needle(self.needles.len());
        let begins = match &form {
            Form::Text(text, script) => spelling::beginnings(text, *script, QUAD),
            Form::Bytes(bytes) => bytes.get(..QUAD).map(<[u8]>::to_vec).into_iter().collect(),
        };
        begins.iter().filter_map(|begin| begin.first_chunk()).for_each(|prefix| self.ring_at(*prefix, entry));
        let what = match form {
            Form::Text(text, script) => What::Text(text.into(), script),
            Form::Bytes(bytes) => What::Bytes(bytes.into()),
        };
        self.needles.push(Needle { what, name });
    }

    fn ring_at(&mut self, prefix: [u8; QUAD], entry: Entry) {
        self.table.enter(prefix, (prefix, entry));
        self.prefixes.insert(prefix);
    }

    /// All needles.
    pub fn all(&self) -> &[Needle] {
        &self.needles
    }

    /// Whether a needle may begin with these bytes, as a search sees it: what a whole text shows must show in a stream.
    pub fn begins(&self, needle: usize, bytes: &[u8]) -> bool {
        let Some(begin) = bytes.first_chunk::<QUAD>() else { return self.may_begin(bytes) };
        let entries = self.table.next(begin, 0).map(|(_, entries)| entries);
        let this = |entry: &Entry| matches!(entry, Entry::Needle(at) if *at == needle);
        entries.into_iter().flatten().any(|(prefix, entry)| prefix == begin && this(entry))
    }

    /// Calls `on` for everything in `bytes`, overlaps included, in the order of their start. With `last` no bytes follow
    /// and nothing stays open.
    pub fn search(&self, bytes: &[u8], last: bool, mut on: impl FnMut(Ring)) {
        let mut from = 0;
        while let Some((at, entries)) = self.table.next(bytes, from) {
            for (prefix, entry) in entries {
                if bytes[at..].starts_with(prefix) {
                    self.ring(bytes, at, *entry, last, &mut on);
                }
            }
            from = at + 1;
        }
        if !last {
            let short = bytes.len().min(QUAD - 1);
            let open = (bytes.len() - short..bytes.len()).find(|at| self.may_begin(&bytes[*at..]));
            open.into_iter().for_each(|at| on(Ring::Open(at)));
        }
    }

    fn ring(&self, bytes: &[u8], start: usize, entry: Entry, last: bool, on: &mut impl FnMut(Ring)) {
        let needle = match entry {
            Entry::Needle(at) => &self.needles[at],
            Entry::Word(word) => return on(Ring::Word(start, word)),
        };
        match stands(&needle.what, bytes, start, last) {
            Stands::Whole(end) => on(Ring::Hit(Hit { start, end, name: needle.name })),
            Stands::Open => on(Ring::Open(start)),
            Stands::Not => {}
        }
    }

    fn may_begin(&self, tail: &[u8]) -> bool {
        let mut least = [0; QUAD];
        least[..tail.len()].copy_from_slice(tail);
        self.prefixes.range(least..).next().is_some_and(|prefix| prefix.starts_with(tail))
    }
}

/// Whether a needle stands at a place.
fn stands(what: &What, bytes: &[u8], start: usize, last: bool) -> Stands {
    match what {
        What::Bytes(wanted) => {
            let (wanted, there) = (wanted.expose_secret(), &bytes[start..]);
            match there.len() < wanted.len() {
                true if !last && wanted.starts_with(there) => Stands::Open,
                false if there.starts_with(wanted) => Stands::Whole(start + wanted.len()),
                _ => Stands::Not,
            }
        }
        What::Text(text, script) => match spelling::stands(text.expose_secret(), *script, bytes, start, last) {
            Stands::Whole(at) if *script == Script::Base64 => run(bytes, at, last).map_or(Stands::Open, Stands::Whole),
            found => found,
        },
    }
}

/// Where the run of base64 ends in which a secret lies; `None` when the buffer ends before it.
fn run(bytes: &[u8], from: usize, last: bool) -> Option<usize> {
    let limit = bytes.len().min(from + BASE64_RUN);
    let code = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=-_".contains(byte);
    let length = bytes[from..limit].iter().take_while(|byte| code(byte)).count();
    let end = from + length;
    Some(end).filter(|end| last || *end < bytes.len() || length == BASE64_RUN)
}
