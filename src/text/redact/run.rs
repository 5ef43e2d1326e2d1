//! One look at a text from a place where a secret may begin, until none can any more.

use super::code;
use super::findings::Findings;
use super::letters::{Reading, stands_for_itself};
use super::needles::{Automaton, Needles};
use super::view::{Place, View};
use super::work;
use crate::text::quads::QUAD;

/// Letters that must stand before a line break for a secret to go on behind it.
pub const HEAD: usize = 4;
/// Letters that are looked at before a run begins.
const GLANCE: usize = 24;

/// Where the search goes on behind a run that finds nothing, as nearly all do, if a few letters that stand for themselves
/// show it: where [`Run::go_on`] would say.
pub fn glance(automaton: &Automaton, bytes: &[u8], at: usize) -> Option<usize> {
    let mut state = automaton.start();
    for (count, byte) in (1..).zip(bytes[at..].iter().take(GLANCE)) {
        if !stands_for_itself(*byte) {
            return None;
        }
        work::add(1);
        state = automaton.next(state, *byte);
        let depth = automaton.depth(state);
        if automaton.is_end(state) || depth < count && depth >= QUAD {
            return None;
        }
        if depth < count {
            return Some(at + count - depth);
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

impl Run {
    /// From this place on, with the room of an earlier one.
    pub fn new(automaton: &Automaton, at: usize, room: Vec<Place>) -> Self {
        Self { begin: at, plain: View::new(automaton, at, room), decoded: None }
    }

    /// Its room, for the next.
    pub fn into_room(self) -> Vec<Place> {
        self.plain.into_room()
    }

    /// Goes on as far as the bytes reach. The place behind it when it is over; `None` when it depends on what follows.
    ///
    /// It is over when nothing is left of what it began with but a few letters, of a secret that began later: the search
    /// stops there by itself, as it would had there been no run.
    pub fn go_on(&mut self, look: &Look<'_>, found: &mut Findings) -> Option<usize> {
        loop {
            let decoded_at = self.decoded.as_ref().map_or(self.plain.at, |view| view.at);
            if look.last && self.plain.at.min(decoded_at) >= look.bytes.len() {
                return Some(decoded_at.max(self.plain.at));
            }
            if let Some(plain) = self.plain.left(look.automaton, self.begin) {
                match self.decoded.as_ref().map(|view| view.left(look.automaton, self.begin)) {
                    None => return Some(plain),
                    Some(Some(decoded)) => return Some(plain.min(decoded)),
                    Some(None) => {}
                }
            }
            if self.decoded.as_ref().is_some_and(|view| view.agrees(&self.plain, look.automaton)) {
                self.decoded = None;
            }
            match &mut self.decoded {
                Some(view) if view.at < self.plain.at => view.step(look, Reading::Decoded, found)?,
                Some(_) => self.plain.step(look, Reading::Plain, found)?,
                None => {
                    if self.plain.letters(look, self.begin, found) {
                        continue;
                    }
                    let here = self.plain.at;
                    let coded = look.bytes.get(here).copied().is_some_and(code::introduces);
                    if coded {
                        match code::letter(look.bytes, here, look.last) {
                            code::Code::Cut => return None,
                            code::Code::None => {}
                            code::Code::Letter(..) => {
                                let mut view = self.plain.fork(look.automaton);
                                view.step(look, Reading::Decoded, found)?;
                                self.decoded = Some(view);
                            }
                        }
                    }
                    self.plain.step(look, Reading::Plain, found)?;
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
            view.shift(bytes);
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
