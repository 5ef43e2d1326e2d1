//! All forms of all secrets, and the search for them.

use std::collections::BTreeSet;

use secrecy::{ExposeSecret, SecretSlice};

use super::forms::Kind;
use crate::triage::quads::{QUAD, Quads};

/// Longest run of base64 around a secret that goes with it.
const BASE64_RUN: usize = 4096;

/// One form of one secret.
pub struct Needle {
    /// the bytes to find
    pub bytes: SecretSlice<u8>,
    /// whose form it is: index into the names
    pub name: usize,
    /// how it ends
    pub kind: Kind,
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
    table: Quads<Entry>,
    /// all beginnings, to see whether the end of a buffer may be the start of one
    prefixes: BTreeSet<[u8; QUAD]>,
}

#[derive(Debug, Clone, Copy)]
enum Entry {
    Needle(usize),
    Word(usize),
}

impl Needles {
    /// Builds the table; `words` are extra strings to ring at, case as given. What is shorter than four bytes is left out.
    pub fn new(mut needles: Vec<Needle>, words: &[&str]) -> Self {
        needles.retain(|needle| needle.bytes.expose_secret().len() >= QUAD);
        needles.sort_by(|a, b| a.bytes.expose_secret().cmp(b.bytes.expose_secret()));
        needles.dedup_by(|a, b| a.bytes.expose_secret() == b.bytes.expose_secret());
        let (mut table, mut prefixes) = (Quads::default(), BTreeSet::new());
        let mut enter = |prefix: [u8; QUAD], entry: Entry| {
            table.enter(prefix, entry);
            prefixes.insert(prefix);
        };
        for (at, needle) in needles.iter().enumerate() {
            beginnings(needle).into_iter().for_each(|prefix| enter(prefix, Entry::Needle(at)));
        }
        for (at, word) in words.iter().enumerate() {
            word.as_bytes().first_chunk().into_iter().for_each(|prefix| enter(*prefix, Entry::Word(at)));
        }
        Self { needles, table, prefixes }
    }

    /// All needles.
    pub fn all(&self) -> &[Needle] {
        &self.needles
    }

    /// Calls `on` for everything in `bytes`, overlaps included, in the order of their start. With `last` no bytes follow
    /// and nothing stays open.
    pub fn search(&self, bytes: &[u8], last: bool, mut on: impl FnMut(Ring)) {
        let mut from = 0;
        while let Some((at, entries)) = self.table.next(bytes, from) {
            for entry in entries {
                self.ring(bytes, at, *entry, last, &mut on);
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
        match stands(needle, bytes, start, last) {
            Stands::Whole(end) => on(Ring::Hit(Hit { start, end, name: needle.name })),
            Stands::Open => on(Ring::Open(start)),
            Stands::Not => {}
        }
    }

    fn may_begin(&self, tail: &[u8]) -> bool {
        self.prefixes.iter().any(|prefix| prefix.starts_with(tail))
    }
}

/// Whether a needle stands at a place.
enum Stands {
    Not,
    /// the bytes end before it does
    Open,
    /// up to here
    Whole(usize),
}

fn stands(needle: &Needle, bytes: &[u8], start: usize, last: bool) -> Stands {
    let wanted = needle.bytes.expose_secret();
    let found = spelled(wanted, bytes, start, needle.kind == Kind::Text);
    match found {
        Stands::Whole(at) if needle.kind == Kind::Base64 => run(bytes, at, last).map_or(Stands::Open, Stands::Whole),
        Stands::Open if last => Stands::Not,
        found => found,
    }
}

/// Whether `wanted` is spelled out at a place; with `codes`, any of its bytes may be a percent code.
fn spelled(wanted: &[u8], bytes: &[u8], start: usize, codes: bool) -> Stands {
    let mut at = start;
    for (nth, byte) in wanted.iter().enumerate() {
        let rest = &bytes[at..];
        let Some(here) = rest.first() else { return Stands::Open };
        let code = if codes && *here == b'%' { percent_code(rest, *byte) } else { Code::Not };
        match code {
            // A percent sign in the secret: `%25` may be its code or itself.
            Code::Is(length) if here == byte => match spelled(&wanted[nth + 1..], bytes, at + length, codes) {
                Stands::Not => at += 1,
                found => return found,
            },
            Code::Is(length) => at += length,
            Code::Cut if here == byte => match spelled(&wanted[nth + 1..], bytes, at + 1, codes) {
                Stands::Not => return Stands::Open,
                found => return found,
            },
            _ if here == byte || codes && *here == b'+' && *byte == b' ' => at += 1,
            Code::Cut => return Stands::Open,
            Code::Not => return Stands::Not,
        }
    }
    Stands::Whole(at)
}

enum Code {
    Not,
    Cut,
    Is(usize),
}

/// Whether `rest` begins with the percent code of a byte, encoded once (`%40`) or again (`%2540`).
fn percent_code(rest: &[u8], wanted: u8) -> Code {
    for code in [format!("%{wanted:02X}"), format!("%25{wanted:02X}")] {
        let length = code.len().min(rest.len());
        if rest[..length].eq_ignore_ascii_case(&code.as_bytes()[..length]) {
            return if length == code.len() { Code::Is(length) } else { Code::Cut };
        }
    }
    Code::Not
}

/// The first bytes that a needle can begin with: as they are or as percent codes.
fn beginnings(needle: &Needle) -> BTreeSet<[u8; QUAD]> {
    let mut open = BTreeSet::from([Vec::new()]);
    let mut whole = BTreeSet::new();
    for byte in needle.bytes.expose_secret() {
        let mut spellings = vec![vec![*byte]];
        if needle.kind == Kind::Text && !byte.is_ascii_alphanumeric() {
            let codes =
                [format!("%{byte:02X}"), format!("%{byte:02x}"), format!("%25{byte:02X}"), format!("%25{byte:02x}")];
            spellings.extend(codes.map(String::into_bytes));
            spellings.extend((*byte == b' ').then(|| b"+".to_vec()));
        }
        let longer: Vec<Vec<u8>> = open
            .iter()
            .flat_map(|begun: &Vec<u8>| spellings.iter().map(|next| [begun.as_slice(), next].concat()))
            .collect();
        whole.extend(longer.iter().filter_map(|begun| begun.first_chunk().copied()));
        open = longer.into_iter().filter(|begun| begun.len() < QUAD).collect();
        if open.is_empty() {
            break;
        }
    }
    whole
}

/// Where the run of base64 ends in which a secret lies; `None` when the buffer ends before it.
fn run(bytes: &[u8], from: usize, last: bool) -> Option<usize> {
    let limit = bytes.len().min(from + BASE64_RUN);
    let code = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=-_".contains(byte);
    let length = bytes[from..limit].iter().take_while(|byte| code(byte)).count();
    let end = from + length;
    Some(end).filter(|end| last || *end < bytes.len() || length == BASE64_RUN)
}
