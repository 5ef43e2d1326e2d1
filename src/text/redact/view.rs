//! One reading of a text: its letters, followed through all forms at once.

use aho_corasick::automaton::StateID;

use super::findings::{Findings, Head};
use super::letters::{Mark, Reading, mark, stands_for_itself};
use super::masked;
use super::needles::{Automaton, Hit, Pattern};
use super::placeholder;
use super::prefix;
use super::run::{HEAD, Look};
use super::work;
use crate::text::quads::QUAD;

/// Letters behind a line break that tell whether a secret goes on there.
const TELLING: usize = 6;
/// Letters that are remembered beyond those of patterns.
const SPARE: usize = 4096;

/// Where a letter stands, and what stood before it.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    start: usize,
    signs: u32,
    blanks: u32,
    breaks: u32,
}

#[derive(Debug, Clone)]
pub struct View {
    state: StateID,
    /// how far it came
    pub at: usize,
    letters: Vec<Place>,
    /// a letter came
    begun: bool,
    signs: u32,
    blanks: u32,
    breaks: u32,
}

impl View {
    /// From this place on, with the room of an earlier one.
    pub fn new(automaton: &Automaton, at: usize, mut room: Vec<Place>) -> Self {
        room.clear();
        Self { state: automaton.start(), at, letters: room, begun: false, signs: 0, blanks: 0, breaks: 0 }
    }

    /// Its room, for the next.
    pub fn into_room(self) -> Vec<Place> {
        self.letters
    }

    /// So many bytes went out.
    pub fn shift(&mut self, bytes: usize) {
        self.at -= bytes;
        self.letters.iter_mut().for_each(|place| place.start = place.start.saturating_sub(bytes));
    }

    /// The first byte that may still become a part of a secret.
    pub fn open(&self, automaton: &Automaton) -> usize {
        let depth = automaton.depth(self.state);
        self.letters.len().checked_sub(depth).and_then(|at| self.letters.get(at)).map_or(self.at, |place| place.start)
    }

    /// The first byte that is open, when too little is to go on with.
    pub fn left(&self, automaton: &Automaton, begin: usize) -> Option<usize> {
        let depth = automaton.depth(self.state);
        if depth >= QUAD {
            return None;
        }
        let first = self.letters.len().checked_sub(depth).and_then(|at| self.letters.get(at));
        Some(first.map_or(self.at, |place| place.start)).filter(|open| *open > begin && self.begun)
    }

    /// Whether both saw the same, as far as it counts.
    pub fn agrees(&self, other: &Self, automaton: &Automaton) -> bool {
        let since = |view: &Self| {
            let first = view.letters.len().checked_sub(automaton.depth(view.state)).and_then(|at| view.letters.get(at));
            first.map(|it| (it.start, view.signs - it.signs, view.blanks - it.blanks, view.breaks - it.breaks))
        };
        self.at == other.at && self.state == other.state && since(self) == since(other)
    }

    /// The same, with no letters but those that count.
    pub fn fork(&self, automaton: &Automaton) -> Self {
        let first = self.letters.len().saturating_sub(automaton.depth(self.state));
        Self { letters: self.letters[first..].to_vec(), ..*self }
    }

    fn forget(&mut self, look: &Look<'_>) {
        self.begun = true;
        self.state = look.automaton.start();
        self.letters.clear();
    }

    /// Takes letters that stand for themselves, as nearly all do, while a secret may have begun. Whether there were any.
    pub fn letters(&mut self, look: &Look<'_>, begin: usize, found: &mut Findings) -> bool {
        let from = self.at;
        while let Some(byte) = look.bytes.get(self.at).copied().filter(|byte| stands_for_itself(*byte)) {
            self.letter(look, byte, self.at + 1, found);
            self.at += 1;
            if self.left(look.automaton, begin).is_some() {
                break;
            }
        }
        work::add(self.at - from);
        self.at > from
    }

    /// One thing more; `None` when the bytes end before it can be told.
    pub fn step(&mut self, look: &Look<'_>, reading: Reading, found: &mut Findings) -> Option<()> {
        match look.bytes.get(self.at)? {
            b'[' => match placeholder::end(look.names, look.bytes, self.at, look.last) {
                placeholder::End::Cut => return None,
                placeholder::End::At(end) => {
                    self.forget(look);
                    self.at = end;
                    return Some(());
                }
                placeholder::End::None => {}
            },
            b'<' if masked::begins(look.bytes, self.at, look.last)? => {
                let start = self.open(look.automaton);
                found.heads.extend((start < self.at).then_some(Head { mask: self.at, start, reading }));
            }
            _ => {}
        }
        let (mark, end) = mark(reading, look.bytes, self.at, look.last);
        match mark {
            Mark::Cut => return None,
            Mark::Break => return self.line_break(look, reading),
            Mark::Byte(byte) => self.letter(look, byte, end, found),
            Mark::Letter(letter) => letter.bytes().iter().for_each(|byte| self.letter(look, *byte, end, found)),
            Mark::Sign => self.signs += 1,
            Mark::Blank => self.blanks += 1,
            Mark::Nothing => {}
        }
        self.at = end;
        Some(())
    }

    fn letter(&mut self, look: &Look<'_>, byte: u8, end: usize, found: &mut Findings) {
        self.begun = true;
        let state = look.automaton.next(self.state, byte);
        if state == look.automaton.start() {
            return self.forget(look);
        }
        let Self { signs, blanks, breaks, .. } = *self;
        self.letters.push(Place { start: self.at, signs, blanks, breaks });
        self.state = state;
        if look.automaton.is_end(state) {
            self.ends(look, end, found);
            self.state = look.automaton.rest(state);
        }
        if self.letters.len() > SPARE {
            let depth = look.automaton.depth(self.state);
            if self.letters.len() > 2 * depth + SPARE {
                self.letters.drain(..self.letters.len() - depth);
            }
        }
    }

    /// Patterns end here.
    fn ends(&self, look: &Look<'_>, end: usize, found: &mut Findings) {
        let patterns = look.needles.patterns();
        let mut longest: Option<&Pattern> = None;
        for at in look.automaton.ends(self.state) {
            let Some(pattern) = patterns.get(at).filter(|pattern| longest.is_none_or(|it| !it.covers(pattern))) else {
                continue;
            };
            let first = self.letters.len().checked_sub(pattern.letters.bytes.len()).and_then(|at| self.letters.get(at));
            let Some(first) = first else { continue };
            let fits = pattern.fits(self.signs - first.signs, self.blanks - first.blanks, self.breaks - first.breaks);
            if fits && !(pattern.tail && prefix::goes_on(look.bytes, first.start)) {
                found.enter(patterns, pattern, Hit { start: first.start, end, name: at });
                longest = longest.or(Some(pattern));
            }
        }
    }

    /// A secret that was wrapped goes on behind what stands before the text of the next line.
    fn line_break(&mut self, look: &Look<'_>, reading: Reading) -> Option<()> {
        let behind = self.at + 1;
        let mut goes_on = behind;
        if look.automaton.depth(self.state) >= HEAD {
            let places = prefix::places(&look.bytes[behind..], look.last);
            let mut found = None;
            for place in places.all() {
                if self.continues(look, reading, behind + place)? {
                    found = Some(behind + place);
                    break;
                }
            }
            if found.is_none() && places.cut {
                return None;
            }
            if found.is_none() && places.stamped {
                self.forget(look);
            }
            goes_on = found.unwrap_or(behind);
        }
        self.breaks += 1;
        self.at = goes_on;
        Some(())
    }

    /// Whether what was begun before a line break goes on at `from`; `None` when the bytes end before that can be told.
    fn continues(&self, look: &Look<'_>, reading: Reading, from: usize) -> Option<bool> {
        let (mut state, mut count, mut at) = (self.state, 0, from);
        while count < TELLING {
            if at >= look.bytes.len() && look.last {
                break;
            }
            let (mark, end) = mark(reading, look.bytes, at, look.last);
            let letters: &[u8] = match &mark {
                Mark::Cut => return None,
                Mark::Break => break,
                Mark::Byte(byte) => std::slice::from_ref(byte),
                Mark::Letter(letter) => letter.bytes(),
                Mark::Sign | Mark::Blank | Mark::Nothing => &[],
            };
            for byte in letters {
                state = look.automaton.next(state, *byte);
                count += 1;
                if look.automaton.depth(state) <= count {
                    return Some(false);
                }
                let whole = |at: usize| look.needles.patterns().get(at).map_or(0, |it| it.letters.bytes.len()) > count;
                if look.automaton.ends(state).any(whole) {
                    return Some(true);
                }
            }
            at = end;
        }
        Some(count > 0)
    }
}
