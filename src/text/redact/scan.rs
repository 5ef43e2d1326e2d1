//! The search for secrets in bytes that come in pieces: each byte is looked at a few times, whatever they are.

use super::findings::{Findings, Head, Match};
use super::header::{self, Value};
use super::hits::Hits;
use super::known::{Forms, Known};
use super::learned::{self, Learned};
use super::letters::Reading;
use super::masked::{self, MASK, Piece};
use super::needles::{Entry, Hit};
use super::placeholder;
use super::prefix::{self, PREFIX};
use super::run::{self, Look, Run};
use super::structure::{self, Found};
use super::view::Place;
use super::words::Word;
use super::work;
use crate::text::quads::QUAD;

/// Longest run of base64 behind a secret that goes with it.
const BASE64_RUN: usize = 4096;

/// What a search must know.
#[derive(Clone, Copy)]
pub struct Sought<'s> {
    /// secrets
    pub known: &'s Known,
    /// ordinary words and names of accounts stay
    pub shows_words: bool,
    /// what looks like a secret goes, too
    pub by_structure: bool,
}

/// How far a search came. Places are relative to the bytes that have not gone out.
#[derive(Debug, Default)]
pub struct Scan {
    /// hits so far
    hits: Hits,
    /// where the search for beginnings goes on
    at: usize,
    /// before this words were looked at, whatever is searched once more
    words: usize,
    /// before this everything was looked at letter by letter
    looked: usize,
    run: Option<Run>,
    /// what stands before this is a value
    within: usize,
    /// or a placeholder
    shielded: usize,
    /// behind the last mask
    mask_end: usize,
    /// what was read of secrets when the masks came that are not looked at yet
    heads: Vec<Head>,
    /// to where each kind of structure was looked for
    past: [usize; structure::KINDS],
    /// the last hit is base64 that may go on, up to here
    grows: Option<usize>,
    /// the last byte that went out
    before: Option<u8>,
    /// what went out of the line
    line: Vec<u8>,
    /// values that this text gave away
    pub learned: Learned,
    /// room for the letters of a run
    room: Vec<Place>,
    /// and for those around a mask
    pieces: [Piece; 2],
}

impl Scan {
    /// Looks at what came since; returns how many bytes are settled: what stands behind may change with those that follow.
    pub fn go_on(&mut self, sought: Sought<'_>, bytes: &[u8], last: bool) -> usize {
        if let Some(limit) = self.grows.take() {
            self.grows = self.hits.grow(limit, bytes, last);
        }
        if let Some(run) = self.run.take() {
            self.follow(run, sought, bytes, last);
            // Secrets that begin where a run ends are found as if all had come at once; its words are known.
            if self.run.is_none() && self.looked < self.at {
                self.words = self.at;
                self.at = self.looked;
            }
        }
        let held = self.stops(sought, bytes, last);
        let settled = if last { bytes.len() } else { self.settled(sought, bytes, held) };
        let text = learned::Text { bytes, before: self.before, last };
        self.learned.search(&text, settled, &mut self.hits, sought.known.nameless())
    }

    /// How many bytes no later ones change.
    fn settled(&self, sought: Sought<'_>, bytes: &[u8], held: Option<usize>) -> usize {
        let needles = &sought.known.forms().needles;
        let open = self.run.as_ref().zip(needles.automaton()).map(|(run, automaton)| run.open(automaton));
        let grows = self.grows.and_then(|_| self.hits.last()).map(|hit| hit.start);
        let mask = masked::begun_at_end(bytes).map(|at| needles.begun_at_end(&bytes[..at]).unwrap_or(at));
        let name = sought.by_structure.then(|| structure::begun_at_end(bytes));
        let all = [open, grows, held, needles.begun_at_end(bytes), mask, name];
        let settled = all.into_iter().flatten().fold(bytes.len(), usize::min);
        self.hits.whole(settled)
    }

    /// The hits among bytes that go out: the first of those that were looked at.
    pub fn take(&mut self, settled: &[u8]) -> Vec<Hit> {
        let bytes = settled.len();
        self.before = settled.last().copied().or(self.before);
        let line = memchr::memrchr(b'\n', settled).map(|end| end + 1);
        if line.is_some() {
            self.line.clear();
        }
        let rest = &settled[line.unwrap_or(0)..];
        self.line.extend_from_slice(&rest[..rest.len().min((PREFIX + 1).saturating_sub(self.line.len()))]);
        let out = self.hits.take(bytes);
        let places =
            [&mut self.at, &mut self.words, &mut self.looked, &mut self.within, &mut self.shielded, &mut self.mask_end];
        for place in places.into_iter().chain(&mut self.past) {
            *place = place.saturating_sub(bytes);
        }
        self.grows = self.grows.map(|limit| limit.saturating_sub(bytes));
        self.run.iter_mut().for_each(|run| run.shift(bytes));
        self.learned.shift(bytes);
        self.heads.retain(|head| head.mask >= bytes);
        for head in &mut self.heads {
            (head.mask, head.start) = (head.mask - bytes, head.start.saturating_sub(bytes));
        }
        out
    }

    /// Stops where anything may begin. Where it had to end, because what begins there depends on what follows.
    ///
    /// What a run has passed is looked at for words while it goes on: it may let them go before it is over.
    fn stops(&mut self, sought: Sought<'_>, bytes: &[u8], last: bool) -> Option<usize> {
        let needles = &sought.known.forms().needles;
        let passed = |run: &Option<Run>| run.as_ref().map_or(usize::MAX, Run::passed);
        loop {
            // Where a run has looked only words may begin.
            let looked = if self.run.is_some() { bytes.len() } else { self.looked.max(self.shielded).min(bytes.len()) };
            let next = if self.at < looked {
                let near = &bytes[..bytes.len().min(looked + QUAD - 1)];
                let Some(next) = needles.next_word(near, self.at) else {
                    work::add((near.len() - self.at) / 4);
                    if near.len() == bytes.len() {
                        break;
                    }
                    self.at = looked;
                    continue;
                };
                next
            } else {
                let Some(next) = needles.next(bytes, self.at) else { break };
                next
            };
            let (at, entries) = next;
            if at >= passed(&self.run) {
                break;
            }
            work::add(at + 1 - self.at);
            self.at = at;
            for (_, entry) in entries.iter().filter(|(begin, _)| bytes[at..].starts_with(begin)) {
                match entry {
                    Entry::Word(word) if at >= self.words => {
                        if let Some(held) = self.word(*word, at, sought, bytes, last) {
                            return Some(held);
                        }
                    }
                    Entry::Word(_) => {}
                    Entry::Pattern if self.run.is_some() || at < self.shielded.max(self.looked) => {}
                    Entry::Pattern => self.begin(at, sought, bytes, last),
                }
            }
            self.at = at + 1;
        }
        // Of the last bytes it is not known yet what begins there.
        let looked = (bytes.len() + 1).saturating_sub(QUAD).min(passed(&self.run));
        self.at = self.at.max(looked);
        None
    }

    /// Looks from a place on letter by letter.
    fn begin(&mut self, at: usize, sought: Sought<'_>, bytes: &[u8], last: bool) {
        let Some(automaton) = sought.known.forms().needles.automaton() else { return };
        match run::glance(automaton, bytes, at) {
            Some(end) => self.looked = end,
            None => {
                let room = std::mem::take(&mut self.room);
                self.follow(Run::new(automaton, at, room), sought, bytes, last);
            }
        }
    }

    fn follow(&mut self, mut run: Run, sought: Sought<'_>, bytes: &[u8], last: bool) {
        let known = sought.known;
        let Some(automaton) = known.forms().needles.automaton() else { return };
        let look = Look { bytes, last, needles: &known.forms().needles, automaton, names: known.names() };
        let mut found = Findings::default();
        match run.go_on(&look, &mut found) {
            Some(end) => {
                self.looked = end;
                self.room = run.into_room();
            }
            None => self.run = Some(run),
        }
        self.heads.append(&mut found.heads);
        for Match { hit, longest } in found.matches {
            let Some(pattern) = known.forms().needles.patterns().get(hit.name) else { continue };
            let shown = sought.shows_words && known.is_word(pattern.name);
            if shown || pattern.tail && !prefix::ends_at(&self.line, bytes, hit.start) {
                continue;
            }
            self.hits.put(Hit { name: pattern.name, ..hit }, longest, known.nameless());
            if pattern.base64 {
                self.grows = self.hits.grow(hit.end + BASE64_RUN, bytes, last);
            }
        }
    }

    /// Looks at what a word introduces. Where to stop when that depends on what follows.
    fn word(&mut self, word: usize, at: usize, sought: Sought<'_>, bytes: &[u8], last: bool) -> Option<usize> {
        let known = sought.known;
        match known.word(word)? {
            Word::Placeholder => match placeholder::end(known.names(), bytes, at, last) {
                placeholder::End::Cut => return Some(at),
                placeholder::End::At(end) => self.shielded = end,
                placeholder::End::None => {}
            },
            Word::Mask => return self.mask(at, sought, bytes, last),
            Word::Header(_) | Word::Structure(_) if at < self.within => {}
            Word::Header(word) => match header::value(bytes, at, word, last) {
                Value::None => {}
                Value::Open => return Some(at),
                Value::At(start, end) => {
                    self.push(Hit { start, end, name: known.header() }, known);
                    self.within = end;
                }
            },
            Word::Structure(trigger) if sought.by_structure && at >= self.past[trigger.kind as usize] => {
                match structure::find(*trigger, bytes, self.before, at, last) {
                    Found::Open(from) => return Some(from),
                    Found::Done { values, until } => {
                        for (start, end) in values {
                            self.push(Hit { start, end, name: known.nameless() }, known);
                            if trigger.kind.gives_values() {
                                self.learned.expect(start, end);
                            }
                            self.within = self.within.max(end);
                        }
                        self.past[trigger.kind as usize] = until;
                    }
                }
            }
            Word::Structure(_) => {}
        }
        None
    }

    /// Packer's mask, with what is left of a secret around it.
    fn mask(&mut self, at: usize, sought: Sought<'_>, bytes: &[u8], last: bool) -> Option<usize> {
        let Forms { needles, remains, .. } = sought.known.forms();
        let begun = || needles.begun_at_end(&bytes[..at]).unwrap_or(at);
        match masked::begins(bytes, at, last) {
            None => return Some(begun()),
            Some(false) => return None,
            Some(true) => {}
        }
        let end = at + MASK.len();
        let first = self.heads.partition_point(|head| head.mask < at);
        self.heads.drain(..first);
        let read = self.heads.first().is_some_and(|head| head.mask == at);
        if !read && remains.none_near(bytes, at, end) {
            self.mask_end = end;
            return None;
        }
        let heads = || self.heads.iter().take_while(|head| head.mask == at);
        // Where no run has read anything at most three bytes of a secret can have begun.
        let any = heads().next().map_or_else(begun, |head| head.start);
        let starts = [Reading::Plain, Reading::Decoded].map(|reading| {
            let start = heads().find(|head| head.reading == reading).map_or(any, |head| head.start);
            start.max(self.mask_end).min(at)
        });
        let reach = &bytes[end..bytes.len().min(end + remains.reach())];
        let (length, ended) = masked::until_mask_or_line(reach);
        if !last && !ended && reach.len() < remains.reach() {
            return Some(starts[0].min(starts[1]));
        }
        let before = |reading| &bytes[starts[usize::from(reading == Reading::Decoded)]..at];
        let wanted = |name| !(sought.shows_words && sought.known.is_word(name));
        if let Some(left) = remains.around(needles.patterns(), &mut self.pieces, before, &reach[..length], wanted) {
            let hit = Hit { start: at - left.before, end: end + left.behind, name: left.name };
            self.push(hit, sought.known);
        }
        self.mask_end = end;
        None
    }

    fn push(&mut self, hit: Hit, known: &Known) {
        self.hits.put(hit, hit.end - hit.start, known.nameless());
    }
}
