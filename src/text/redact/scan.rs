//! The search for secrets in bytes that come in pieces: each byte is looked at a few times, whatever they are.

use super::header::{self, Value};
use super::masked::{self, MASK};
use super::needles::{Entry, Hit};
use super::placeholder;
use super::prefix;
use super::run::{self, Look, Run};
use super::scrubber::Known;
use super::structure::{self, Found};
use super::words::Word;
use super::work;
use crate::text::quads::QUAD;

/// Longest run of base64 behind a secret that goes with it.
const BASE64_RUN: usize = 4096;
/// What stands before the text of a line is not longer.
const PREFIX: usize = 300;

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
    /// hits so far, in order, none over another; the length of the longest that each is made of
    hits: Vec<(Hit, usize)>,
    /// where the search for beginnings goes on
    at: usize,
    /// before this everything was looked at letter by letter
    looked: usize,
    run: Option<Run>,
    /// what stands before this is a value
    within: usize,
    /// or a placeholder
    shielded: usize,
    /// behind the last mask
    mask_end: usize,
    /// to where each kind of structure was looked for
    past: [usize; structure::KINDS],
    /// the last hit is base64 that may go on, up to here
    grows: Option<usize>,
    /// the last byte that went out
    before: Option<u8>,
    /// what went out of the line
    line: Vec<u8>,
}

impl Scan {
    /// Looks at what came since; returns how many bytes are settled: what stands behind may change with those that follow.
    pub fn go_on(&mut self, sought: Sought<'_>, bytes: &[u8], last: bool) -> usize {
        if let Some(limit) = self.grows.take() {
            self.grow(limit, bytes, last);
        }
        if let Some(run) = self.run.take() {
            self.follow(run, sought, bytes, last);
        }
        let held = self.stops(sought, bytes, last);
        if last {
            return bytes.len();
        }
        let Known { needles, remains, .. } = sought.known;
        let open = self.run.as_ref().zip(needles.automaton()).map(|(run, automaton)| run.open(automaton));
        let grows = self.grows.and_then(|_| self.hits.last()).map(|(hit, _)| hit.start);
        let mask = masked::begun_at_end(bytes).map(|at| remains.before(bytes, at));
        let name = sought.by_structure.then(|| structure::begun_at_end(bytes));
        let all = [open, grows, held, needles.begun_at_end(bytes), mask, name];
        let settled = all.into_iter().flatten().fold(bytes.len(), usize::min);
        // A replacement is settled as a whole or not at all.
        let across = self.hits.iter().rev().take_while(|(hit, _)| hit.end > settled);
        across.fold(settled, |settled, (hit, _)| settled.min(hit.start))
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
        let count = self.hits.partition_point(|(hit, _)| hit.end <= bytes);
        let out = self.hits.drain(..count).map(|(hit, _)| hit).collect();
        for (hit, _) in &mut self.hits {
            (hit.start, hit.end) = (hit.start.saturating_sub(bytes), hit.end.saturating_sub(bytes));
        }
        let places = [&mut self.at, &mut self.looked, &mut self.within, &mut self.shielded, &mut self.mask_end];
        for place in places.into_iter().chain(&mut self.past) {
            *place = place.saturating_sub(bytes);
        }
        self.grows = self.grows.map(|limit| limit.saturating_sub(bytes));
        self.run.iter_mut().for_each(|run| run.shift(bytes));
        out
    }

    /// Stops where anything may begin. Where it had to end, because what begins there depends on what follows.
    ///
    /// What a run has passed is looked at for words while it goes on: it may let them go before it is over.
    fn stops(&mut self, sought: Sought<'_>, bytes: &[u8], last: bool) -> Option<usize> {
        let needles = &sought.known.needles;
        let passed = |run: &Option<Run>| run.as_ref().map_or(usize::MAX, Run::passed);
        while let Some((at, entries)) = needles.next(bytes, self.at) {
            if at >= passed(&self.run) {
                break;
            }
            work::add(at + 1 - self.at);
            self.at = at;
            for (_, entry) in entries.iter().filter(|(begin, _)| bytes[at..].starts_with(begin)) {
                match entry {
                    Entry::Word(word) => {
                        if let Some(held) = self.word(*word, at, sought, bytes, last) {
                            return Some(held);
                        }
                    }
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
        let Some(automaton) = sought.known.needles.automaton() else { return };
        match run::glance(automaton, bytes, at) {
            Some(end) => self.looked = end,
            None => self.follow(Run::new(automaton, at), sought, bytes, last),
        }
    }

    fn follow(&mut self, mut run: Run, sought: Sought<'_>, bytes: &[u8], last: bool) {
        let known = sought.known;
        let Some(automaton) = known.needles.automaton() else { return };
        let look = Look { bytes, last, needles: &known.needles, automaton, names: known.names() };
        let mut found = Vec::new();
        match run.go_on(&look, &mut found) {
            Some(end) => self.looked = end,
            None => self.run = Some(run),
        }
        for hit in found {
            let Some(pattern) = known.needles.patterns().get(hit.name) else { continue };
            let shown = sought.shows_words && known.is_word(pattern.name);
            if shown || pattern.tail && !self.begins_line(bytes, hit.start) {
                continue;
            }
            self.push(Hit { name: pattern.name, ..hit }, known);
            if pattern.base64 {
                self.grow(hit.end + BASE64_RUN, bytes, last);
            }
        }
    }

    /// Whether the text of a line begins at a place.
    fn begins_line(&self, bytes: &[u8], at: usize) -> bool {
        // It does behind a blank or a colour, if not at the begin of the line.
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        if before.is_some_and(|byte| !b"\n \t\rm".contains(byte)) {
            return false;
        }
        let from = at.saturating_sub(PREFIX + 1);
        work::add((at - from) / 8);
        let line = match memchr::memrchr(b'\n', &bytes[from..at]) {
            Some(end) => from + end + 1,
            None if from == 0 => 0,
            None => return false,
        };
        let out: &[u8] = if line == 0 { &self.line } else { &[] };
        if out.len() + at - line > PREFIX {
            return false;
        }
        let text = [out, &bytes[line..at], b"x"].concat();
        work::add(text.len() / 8);
        prefix::places(&text, true).all().contains(&(text.len() - 1))
    }

    /// The base64 that goes on behind the last hit goes with it: its last letters carry bits of the secret.
    fn grow(&mut self, limit: usize, bytes: &[u8], last: bool) {
        let Some((hit, _)) = self.hits.last_mut() else { return };
        let code = |byte: &&u8| byte.is_ascii_alphanumeric() || b"+/=-_".contains(byte);
        let until = limit.min(bytes.len());
        if hit.end < until {
            hit.end += bytes[hit.end..until].iter().take_while(code).count();
        }
        self.grows = Some(limit).filter(|_| !last && hit.end == bytes.len() && hit.end < limit);
    }

    /// Looks at what a word introduces. Where to stop when that depends on what follows.
    fn word(&mut self, word: usize, at: usize, sought: Sought<'_>, bytes: &[u8], last: bool) -> Option<usize> {
        let known = sought.known;
        match known.words.get(word)? {
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
        let remains = &sought.known.remains;
        let rest = &bytes[at..];
        if !rest.starts_with(MASK.as_bytes()) {
            return (!last && MASK.as_bytes().starts_with(rest)).then(|| remains.before(bytes, at));
        }
        let end = at + MASK.len();
        if remains.none_near(bytes, at, end) {
            self.mask_end = end;
            return None;
        }
        let reach = &bytes[end..bytes.len().min(end + remains.reach())];
        let line = memchr::memchr(b'\n', reach);
        let behind = &reach[..line.unwrap_or(reach.len())];
        work::add(behind.len());
        let next = memchr::memmem::find(behind, MASK.as_bytes());
        if !last && line.is_none() && next.is_none() && reach.len() < remains.reach() {
            return Some(remains.before(bytes, at));
        }
        let before = &bytes[self.mask_end.max(remains.before(bytes, at)).min(at)..at];
        let behind = &behind[..next.unwrap_or(behind.len())];
        let shows = |name| sought.shows_words && sought.known.is_word(name);
        if let Some(left) = remains.around(sought.known.needles.patterns(), before, behind, |name| !shows(name)) {
            let hit = Hit { start: at - left.before, end: end + left.behind, name: left.name };
            self.push(hit, sought.known);
        }
        self.mask_end = end;
        None
    }

    /// Puts a hit among the others; those that overlap become one. Those that only touch do not: the first may be out
    /// already.
    fn push(&mut self, hit: Hit, known: &Known) {
        let (mut hit, mut longest) = (hit, hit.end - hit.start);
        let mut from = self.hits.partition_point(|(other, _)| other.end <= hit.start);
        let to = self.hits.partition_point(|(other, _)| other.start < hit.end).max(from);
        for (other, length) in &self.hits[from..to] {
            // A name says more than none; which was found first depends on how the bytes came.
            let named = (other.name != known.nameless()).cmp(&(hit.name != known.nameless()));
            if named.then(length.cmp(&longest)).then(hit.name.cmp(&other.name)).is_ge() {
                (hit.name, longest) = (other.name, *length);
            }
            (hit.start, hit.end) = (hit.start.min(other.start), hit.end.max(other.end));
        }
        if from < to {
            self.hits[from] = (hit, longest);
            from += 1;
            self.hits.drain(from..to);
        } else {
            self.hits.insert(from, (hit, longest));
        }
    }
}
