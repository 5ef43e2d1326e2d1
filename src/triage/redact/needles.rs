//! Finds any of thousands of byte strings at close to the speed of memory.
//!
//! An automaton runs over the first few bytes of every needle only, so it stays small enough for the cache; where it
//! rings, the whole needles are compared.

use std::collections::{BTreeMap, BTreeSet};

use aho_corasick::automaton::Automaton;
use aho_corasick::dfa::DFA;
use aho_corasick::{Anchored, MatchKind};
use secrecy::{ExposeSecret, SecretSlice};

use super::forms::Kind;

/// Bytes of a needle that the automaton knows.
const PREFIX: usize = 6;
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
    automaton: Option<DFA>,
    /// sorted by bytes
    needles: Vec<Needle>,
    /// for each prefix of the automaton: the needles that begin with it, or an extra word
    groups: Vec<Group>,
    /// prefixes, to see whether the end of a buffer may be the start of one
    prefixes: Vec<Vec<u8>>,
    /// there is no automaton for these needles: everything is hidden
    blind: bool,
}

enum Group {
    Needles(Vec<usize>),
    Word(usize),
}

impl Needles {
    /// Builds the automaton; `words` are extra strings to ring at (at least [`PREFIX`] bytes each; case as given).
    pub fn new(mut needles: Vec<Needle>, words: &[&str]) -> Self {
        needles.sort_by(|a, b| a.bytes.expose_secret().cmp(b.bytes.expose_secret()));
        needles.dedup_by(|a, b| a.bytes.expose_secret() == b.bytes.expose_secret());
        let (mut prefixes, mut groups): (Vec<Vec<u8>>, Vec<Group>) = (Vec::new(), Vec::new());
        let mut begun: BTreeMap<Vec<u8>, Vec<usize>> = BTreeMap::new();
        for (at, needle) in needles.iter().enumerate() {
            for prefix in beginnings(needle) {
                begun.entry(prefix).or_default().push(at);
            }
        }
        for (prefix, needles) in begun {
            prefixes.push(prefix);
            groups.push(Group::Needles(needles));
        }
        for (at, word) in words.iter().enumerate() {
            prefixes.push(word.bytes().take(PREFIX).collect());
            groups.push(Group::Word(at));
        }
        let automaton = DFA::builder().match_kind(MatchKind::Standard).build(&prefixes).ok();
        let blind = automaton.is_none();
        Self { automaton, needles, groups, prefixes, blind }
    }

    /// All needles.
    pub fn all(&self) -> &[Needle] {
        &self.needles
    }

    /// Calls `on` for everything in `bytes`, overlaps included, in the order of where the prefixes end. With `last` no
    /// bytes follow and nothing stays open.
    pub fn search(&self, bytes: &[u8], last: bool, mut on: impl FnMut(Ring)) {
        let Some(automaton) = &self.automaton else {
            if self.blind {
                on(Ring::Hit(Hit { start: 0, end: bytes.len(), name: 0 }));
            }
            return;
        };
        let Ok(mut state) = automaton.start_state(Anchored::No) else { return };
        for (at, byte) in bytes.iter().enumerate() {
            state = automaton.next_state(Anchored::No, state, *byte);
            if automaton.is_special(state) && automaton.is_match(state) {
                for nth in 0..automaton.match_len(state) {
                    let pattern = automaton.match_pattern(state, nth);
                    let start = at + 1 - automaton.pattern_len(pattern);
                    self.ring(bytes, start, pattern.as_usize(), last, &mut on);
                }
            }
        }
        if !last {
            let short = bytes.len().min(PREFIX - 1);
            let open = (bytes.len() - short..bytes.len()).find(|at| self.may_begin(&bytes[*at..]));
            open.into_iter().for_each(|at| on(Ring::Open(at)));
        }
    }

    fn ring(&self, bytes: &[u8], start: usize, pattern: usize, last: bool, on: &mut impl FnMut(Ring)) {
        let group = match self.groups.get(pattern) {
            Some(Group::Needles(group)) => group,
            Some(Group::Word(word)) => return on(Ring::Word(start, *word)),
            None => return,
        };
        for needle in group.iter().map(|at| &self.needles[*at]) {
            on(match stands(needle, bytes, start, last) {
                Stands::Whole(end) => Ring::Hit(Hit { start, end, name: needle.name }),
                Stands::Open => Ring::Open(start),
                Stands::Not => continue,
            });
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
fn beginnings(needle: &Needle) -> BTreeSet<Vec<u8>> {
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
        let longer = open.iter().flat_map(|begun| spellings.iter().map(|next| [begun.as_slice(), next].concat()));
        let (ready, short): (BTreeSet<_>, BTreeSet<_>) = longer.partition(|begun: &Vec<u8>| begun.len() >= PREFIX);
        whole.extend(ready.into_iter().map(|mut begun| {
            begun.truncate(PREFIX);
            begun
        }));
        open = short;
        if open.is_empty() {
            break;
        }
    }
    whole.extend(open);
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
