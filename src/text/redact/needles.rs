//! All forms of all secrets, and what finds them: one automaton for their letters, and a table of the bytes with which
//! they begin, which skips nearly everything else.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use aho_corasick::automaton::{Automaton as _, StateID};
use aho_corasick::nfa::contiguous::NFA;
use aho_corasick::{Anchored, MatchKind};

use super::beginnings::beginnings;
use super::forms::{Form, coded};
use super::letters::{Letters, Reading};
use crate::text::quads::{QUAD, Quads};

/// Fewer letters than these say nothing, whatever signs stood between them.
const LEAST: usize = 2;
/// Shorter ones are not taken for wrapped where a line ends between their letters,
const UNBROKEN: usize = 6;
/// nor, below this length, for written with blanks between them.
const UNSPACED: usize = 12;

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

/// The letters of one form of one secret.
#[derive(Debug)]
pub struct Pattern {
    /// what to find, and what must stand between
    pub letters: Letters,
    /// whose form it is: index into the names
    pub name: usize,
    /// it is base64, and goes with what surrounds it
    pub base64: bool,
    /// it is words, as people write them
    pub words: bool,
    /// it counts at the begin of a line alone
    pub tail: bool,
}

impl Pattern {
    /// Whether a hit of this makes one of another with the same last letter needless.
    pub fn covers(&self, other: &Self) -> bool {
        let longer = self.letters.bytes.len() >= other.letters.bytes.len();
        longer && self.name == other.name && !self.tail && (self.base64 || !other.base64)
    }

    /// Whether what stood between the letters is what may stand there.
    pub fn fits(&self, signs: u32, blanks: u32, breaks: u32) -> bool {
        let length = self.letters.bytes.len();
        let spaced = match self.letters.blanks {
            0 => (blanks == 0 || length >= UNSPACED) && (breaks == 0 || length >= UNBROKEN),
            _ => blanks + breaks > 0,
        };
        spaced && signs >= self.letters.signs
    }
}

/// What begins at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// perhaps a pattern
    Pattern,
    /// one of the words: its index
    Word(usize),
}

/// Bytes, and what begins with them.
pub type Begin = ([u8; QUAD], Entry);

/// All of them, ready to be searched for.
#[derive(Default)]
pub struct Needles {
    patterns: Vec<Pattern>,
    automaton: Option<Automaton>,
    table: Quads<Begin>,
    /// of the words alone
    words: Quads<Begin>,
    /// all beginnings, to see whether the end of a buffer may be the start of one
    prefixes: BTreeSet<[u8; QUAD]>,
}

impl Needles {
    /// Of forms under the index of their names, the first of equal ones; `words` are extra strings to stop at, case as
    /// given.
    pub fn new(forms: Vec<(Form, usize)>, words: &[&str]) -> Self {
        let mut known = BTreeSet::new();
        let mut it = Self::default();
        let mut begun = BTreeSet::new();
        for (form, name) in forms {
            let (base64, words) = (matches!(form, Form::Base64(_)), matches!(form, Form::Text(_)));
            let tail = matches!(form, Form::Tail(_));
            begun.extend(beginnings(&form, QUAD).iter().filter_map(|begin| begin.first_chunk::<QUAD>()).copied());
            for letters in spelled(&form) {
                if letters.bytes.len() >= LEAST && known.insert((letters.clone(), words, tail)) {
                    it.patterns.push(Pattern { letters, name, base64, words, tail });
                }
            }
        }
        begun.iter().for_each(|begin| it.table.enter(*begin, (*begin, Entry::Pattern)));
        it.prefixes.extend(begun);
        for (at, word) in words.iter().enumerate() {
            word.as_bytes().first_chunk().into_iter().for_each(|begin| {
                it.table.enter(*begin, (*begin, Entry::Word(at)));
                it.words.enter(*begin, (*begin, Entry::Word(at)));
                it.prefixes.insert(*begin);
            });
        }
        it.automaton = Automaton::new(&it.patterns);
        it
    }

    /// All patterns.
    pub fn patterns(&self) -> &[Pattern] {
        &self.patterns
    }

    /// What finds their letters; none when there are none.
    pub fn automaton(&self) -> Option<&Automaton> {
        self.automaton.as_ref()
    }

    /// The first place at or behind `from` where something may begin, and what; the caller compares.
    pub fn next(&self, bytes: &[u8], from: usize) -> Option<(usize, &[Begin])> {
        self.table.next(bytes, from)
    }

    /// The same of words.
    pub fn next_word(&self, bytes: &[u8], from: usize) -> Option<(usize, &[Begin])> {
        self.words.next(bytes, from)
    }

    /// The place among the last bytes from which on something may begin.
    pub fn begun_at_end(&self, bytes: &[u8]) -> Option<usize> {
        let starts = |tail: &[u8]| {
            let mut least = [0; QUAD];
            least[..tail.len()].copy_from_slice(tail);
            self.prefixes.range(least..).next().is_some_and(|prefix| prefix.starts_with(tail))
        };
        (bytes.len().saturating_sub(QUAD - 1)..bytes.len()).find(|at| starts(&bytes[*at..]))
    }
}

/// The letters of a form in each reading.
fn spelled(form: &Form) -> BTreeSet<Letters> {
    match form {
        Form::Text(text) => {
            let decoded = coded(text).into_iter().map(|text| Letters::of(Reading::Decoded, text.as_bytes()));
            decoded.chain([Letters::of(Reading::Plain, text.as_bytes())]).collect()
        }
        Form::Base64(code) => {
            let for_urls = code.replace('+', "-").replace('/', "_");
            [code, &for_urls].map(|code| Letters::of(Reading::Plain, code.as_bytes())).into()
        }
        Form::Bytes(bytes) | Form::Tail(bytes) => BTreeSet::from([Letters::of(Reading::Plain, bytes)]),
    }
}

/// Follows letters through all patterns at once.
pub struct Automaton {
    nfa: NFA,
    start: StateID,
    /// by their numbers
    states: Vec<State>,
}

/// What is known of a state.
#[derive(Clone, Copy, Default)]
struct State {
    /// letters of a pattern that stand before it
    depth: u32,
    /// where a pattern ends that none continues: what else may have begun
    after: Option<StateID>,
}

impl Automaton {
    fn new(patterns: &[Pattern]) -> Option<Self> {
        let letters = || patterns.iter().map(|pattern| pattern.letters.bytes.as_slice());
        let nfa = NFA::builder().match_kind(MatchKind::Standard).prefilter(false).build(letters()).ok()?;
        let start = nfa.start_state(Anchored::No).ok().filter(|_| !patterns.is_empty())?;
        let mut it = Self { nfa, start, states: Vec::new() };
        let (mut inner, mut ends) = (HashSet::new(), BTreeMap::new());
        for pattern in letters() {
            let mut state = start;
            for (at, byte) in (1..).zip(pattern) {
                state = it.next(state, *byte);
                if it.states.len() <= state.as_usize() {
                    it.states.resize(state.as_usize() + 1, State::default());
                }
                it.states[state.as_usize()].depth = at;
                if (at as usize) < pattern.len() {
                    inner.insert(state);
                }
            }
            ends.insert(state, pattern);
        }
        ends.retain(|state, _| !inner.contains(state));
        for (end, pattern) in &ends {
            let mut rest = &pattern[1..];
            let mut state = rest.iter().fold(start, |state, byte| it.next(state, *byte));
            while ends.contains_key(&state) {
                rest = &rest[rest.len() + 1 - it.depth(state)..];
                state = rest.iter().fold(start, |state, byte| it.next(state, *byte));
            }
            it.states[end.as_usize()].after = Some(state);
        }
        Some(it)
    }

    /// What may still have begun once the patterns that end here are known.
    pub fn rest(&self, state: StateID) -> StateID {
        self.states.get(state.as_usize()).and_then(|it| it.after).unwrap_or(state)
    }

    /// Nothing seen.
    pub fn start(&self) -> StateID {
        self.start
    }

    /// One more letter.
    pub fn next(&self, state: StateID, byte: u8) -> StateID {
        self.nfa.next_state(Anchored::No, state, byte)
    }

    /// Letters that may be the beginning of a pattern.
    pub fn depth(&self, state: StateID) -> usize {
        self.states.get(state.as_usize()).map_or(0, |it| it.depth) as usize
    }

    /// Whether a pattern ends here.
    pub fn is_end(&self, state: StateID) -> bool {
        self.nfa.is_match(state)
    }

    /// The patterns that end here.
    pub fn ends(&self, state: StateID) -> impl Iterator<Item = usize> {
        let count = if self.nfa.is_match(state) { self.nfa.match_len(state) } else { 0 };
        (0..count).map(move |at| self.nfa.match_pattern(state, at).as_usize())
    }
}
