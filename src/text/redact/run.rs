//! One look at a text from a place where a secret may begin, until none can any more.

use aho_corasick::automaton::StateID;

use super::code;
use super::letters::{self, Mark, Reading, mark};
use super::needles::{Automaton, Hit, Needles};
use super::placeholder;
use super::prefix;
use super::work;

/// Letters behind a line break that tell whether a secret goes on there.
const TELLING: usize = 6;
/// Letters that must stand before a line break for a secret to go on behind it.
pub const HEAD: usize = 4;
/// Letters that are remembered beyond those of patterns.
const SPARE: usize = 4096;

/// Letters that are looked at before a run begins.
const GLANCE: usize = 24;

/// Where the search goes on behind a run that finds nothing, as nearly all do, if a few letters that stand for themselves
/// show it. What has begun behind `at` rings again there.
pub fn glance(automaton: &Automaton, bytes: &[u8], at: usize) -> Option<usize> {
    let mut state = automaton.start();
    for (count, byte) in (1..).zip(bytes[at..].iter().take(GLANCE)) {
        if code::introduces(*byte) || !letters::is_letter(*byte) {
            return None;
        }
        work::add(1);
        state = automaton.next(state, *byte);
        let depth = automaton.depth(state);
        if depth < count {
            return Some(at + count - depth);
        }
        if automaton.is_end(state) {
            return None;
        }
    }
    None
}

/// A text is read as it stands, and from its first code on decoded as well, until both readings agree again.
#[derive(Debug)]
pub struct Run {
    begin: usize,
    plain: View,
    decoded: Option<View>,
}

/// Where a letter stands, and what stood before it.
#[derive(Debug, Clone, Copy)]
struct Place {
    start: usize,
    signs: u32,
    blanks: u32,
    breaks: u32,
}

#[derive(Debug, Clone)]
struct View {
    state: StateID,
    at: usize,
    letters: Vec<Place>,
    signs: u32,
    blanks: u32,
    breaks: u32,
}

impl Run {
    /// From this place on.
    pub fn new(automaton: &Automaton, at: usize) -> Self {
        let plain = View { state: automaton.start(), at, letters: Vec::new(), signs: 0, blanks: 0, breaks: 0 };
        Self { begin: at, plain, decoded: None }
    }

    /// Goes on as far as the bytes reach. The place behind it when it is over; `None` when it depends on what follows.
    pub fn go_on(&mut self, look: &Look<'_>, hits: &mut Vec<Hit>) -> Option<usize> {
        let start = look.automaton.start();
        loop {
            let idle = self.plain.state == start && self.decoded.as_ref().is_none_or(|view| view.state == start);
            let decoded_at = self.decoded.as_ref().map_or(self.plain.at, |view| view.at);
            let at = decoded_at.max(self.plain.at);
            let over = look.last && self.plain.at.min(decoded_at) >= look.bytes.len();
            if over || idle && self.plain.at > self.begin {
                return Some(at);
            }
            if self.decoded.as_ref().is_some_and(|view| view.agrees(&self.plain, look.automaton)) {
                self.decoded = None;
            }
            match &mut self.decoded {
                Some(view) if view.at < self.plain.at => view.step(look, Reading::Decoded, hits)?,
                Some(_) => self.plain.step(look, Reading::Plain, hits)?,
                None => {
                    let here = self.plain.at;
                    let coded = look.bytes.get(here).copied().is_some_and(code::introduces);
                    if coded {
                        match code::letter(look.bytes, here, look.last) {
                            code::Code::Cut => return None,
                            code::Code::None => {}
                            code::Code::Letter(..) => {
                                let mut view = self.plain.fork(look.automaton);
                                view.step(look, Reading::Decoded, hits)?;
                                self.decoded = Some(view);
                            }
                        }
                    }
                    self.plain.step(look, Reading::Plain, hits)?;
                }
            }
        }
    }

    /// The first byte that may still become a part of a secret.
    pub fn open(&self, automaton: &Automaton) -> usize {
        let open = self.plain.open(automaton);
        self.decoded.as_ref().map_or(open, |view| open.min(view.open(automaton))).max(self.begin)
    }

    /// How far it came in every reading.
    pub fn passed(&self) -> usize {
        self.decoded.as_ref().map_or(self.plain.at, |view| view.at.min(self.plain.at))
    }

    /// So many bytes went out.
    pub fn shift(&mut self, bytes: usize) {
        self.begin = self.begin.saturating_sub(bytes);
        for view in std::iter::once(&mut self.plain).chain(&mut self.decoded) {
            view.at -= bytes;
            view.letters.iter_mut().for_each(|place| place.start = place.start.saturating_sub(bytes));
        }
    }
}

/// What a run looks at.
pub struct Look<'l> {
    /// the text as far as it came
    pub bytes: &'l [u8],
    /// nothing follows
    pub last: bool,
    /// what to find
    pub needles: &'l Needles,
    /// their letters
    pub automaton: &'l Automaton,
    /// names that may stand in a placeholder
    pub names: &'l [String],
}

impl View {
    fn open(&self, automaton: &Automaton) -> usize {
        let depth = automaton.depth(self.state);
        self.letters.len().checked_sub(depth).and_then(|at| self.letters.get(at)).map_or(self.at, |place| place.start)
    }

    /// Whether both saw the same, as far as it counts.
    fn agrees(&self, other: &Self, automaton: &Automaton) -> bool {
        let since = |view: &Self| {
            let first = view.letters.len().checked_sub(automaton.depth(view.state)).and_then(|at| view.letters.get(at));
            first.map(|it| (it.start, view.signs - it.signs, view.blanks - it.blanks, view.breaks - it.breaks))
        };
        self.at == other.at && self.state == other.state && since(self) == since(other)
    }

    /// The same, with no letters but those that count.
    fn fork(&self, automaton: &Automaton) -> Self {
        let first = self.letters.len().saturating_sub(automaton.depth(self.state));
        Self { letters: self.letters[first..].to_vec(), ..*self }
    }

    fn forget(&mut self, look: &Look<'_>) {
        self.state = look.automaton.start();
        self.letters.clear();
    }

    /// One thing more; `None` when the bytes end before it can be told.
    fn step(&mut self, look: &Look<'_>, reading: Reading, hits: &mut Vec<Hit>) -> Option<()> {
        if self.at >= look.bytes.len() {
            return None;
        }
        if look.bytes[self.at] == b'[' {
            match placeholder::end(look.names, look.bytes, self.at, look.last) {
                placeholder::End::Cut => return None,
                placeholder::End::At(end) => {
                    self.forget(look);
                    self.at = end;
                    return Some(());
                }
                placeholder::End::None => {}
            }
        }
        let (mark, end) = mark(reading, look.bytes, self.at, look.last);
        match mark {
            Mark::Cut => return None,
            Mark::Break => return self.line_break(look, reading),
            Mark::Byte(byte) => self.letter(look, byte, end, hits),
            Mark::Letter(letter) => letter.bytes().iter().for_each(|byte| self.letter(look, *byte, end, hits)),
            Mark::Sign => self.signs += 1,
            Mark::Blank => self.blanks += 1,
            Mark::Nothing => {}
        }
        self.at = end;
        Some(())
    }

    fn letter(&mut self, look: &Look<'_>, byte: u8, end: usize, hits: &mut Vec<Hit>) {
        let state = look.automaton.next(self.state, byte);
        if state == look.automaton.start() {
            return self.forget(look);
        }
        let Self { signs, blanks, breaks, .. } = *self;
        self.letters.push(Place { start: self.at, signs, blanks, breaks });
        for at in look.automaton.ends(state) {
            let Some(pattern) = look.needles.patterns().get(at) else { continue };
            let first = self.letters.len().checked_sub(pattern.letters.bytes.len()).and_then(|at| self.letters.get(at));
            let fits = |first: &&Place| {
                pattern.fits(self.signs - first.signs, self.blanks - first.blanks, self.breaks - first.breaks)
            };
            hits.extend(first.filter(fits).map(|first| Hit { start: first.start, end, name: at }));
        }
        self.state = look.automaton.rest(state);
        let depth = look.automaton.depth(self.state);
        if self.letters.len() > 2 * depth + SPARE {
            self.letters.drain(..self.letters.len() - depth);
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
