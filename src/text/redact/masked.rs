//! Secrets that packer masked in part: `Tr1cky-packer-S3cret` becomes `Tr1cky-<sensitive>-S3cret` because `packer` is a
//! sensitive value, too. Which of two overlapping values it masks first changes from line to line.

use std::collections::HashMap;

use super::code;
use super::letters::{Mark, Reading, is_sign, mark};
use super::needles::Pattern;
use super::work;

/// What packer puts in the place of a sensitive value.
pub const MASK: &str = "<sensitive>";
/// Longest form of which a masked version is looked for.
const LONGEST: usize = 512;
/// Letters of a secret that must stand around the mask: fewer give nothing away and match by chance.
const LEAST: usize = 4;
/// One of the two pieces must have at least this many letters.
const GRAM: usize = 3;
/// Bytes that are enough to see that nothing there is quoted, and what letters there are.
const NEAR: usize = 16;
/// Bytes that a letter takes when it is quoted, on average.
const SPELLED: usize = 3;
/// Places in secrets that are tried for the same letters; more are those of a value that repeats itself.
const PLACES: usize = 16;

/// A pattern, and a place between two of its letters.
type Cut = (usize, usize);

/// Recognises what is left of a secret on both sides of a mask.
#[derive(Default)]
pub struct Remains {
    /// places behind these letters
    heads: Grams,
    /// places before them
    tails: Grams,
    longest: usize,
}

/// What was left of a secret around a mask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// bytes before the mask
    pub before: usize,
    /// bytes behind it
    pub behind: usize,
    /// whose secret
    pub name: usize,
}

impl Remains {
    /// Of the words among the patterns.
    pub fn new(patterns: &[Pattern]) -> Self {
        let mut it = Self::default();
        let words = |pattern: &Pattern| pattern.words && pattern.letters.bytes.len() <= LONGEST;
        for (at, pattern) in patterns.iter().enumerate().filter(|(_, pattern)| words(pattern)) {
            let letters = &pattern.letters.bytes;
            it.longest = it.longest.max(letters.len() * SPELLED);
            for (start, gram) in letters.windows(GRAM).enumerate() {
                let Some(gram) = gram.first_chunk() else { continue };
                it.heads.enter(*gram, (at, start + GRAM));
                if start > 0 {
                    it.tails.enter(*gram, (at, start));
                }
            }
        }
        it
    }

    /// Most bytes on either side of a mask that can belong to a secret.
    pub fn reach(&self) -> usize {
        self.longest
    }

    /// How far back a secret can begin of which a mask at `at` covers a part.
    pub fn before(&self, bytes: &[u8], at: usize) -> usize {
        let reach = at.saturating_sub(self.longest);
        memchr::memrchr(b'\n', &bytes[reach..at]).map_or(reach, |line| reach + line + 1)
    }

    /// Whether the bytes near a mask show that nothing is left of a secret, as nearly always.
    pub fn none_near(&self, bytes: &[u8], start: usize, end: usize) -> bool {
        let before = plain(&bytes[start.saturating_sub(NEAR)..start], NEAR);
        let behind = bytes.get(end..end + NEAR).and_then(|near| plain(near, GRAM));
        let alone = |cuts: &[Cut]| cuts.is_empty();
        before.is_some_and(|letters| alone(self.heads.of(letters.last_chunk())))
            && behind.is_some_and(|letters| alone(self.tails.of(letters.first_chunk())))
    }

    /// What is left of a secret (of a `wanted` name) between the bytes before a mask and those behind it.
    pub fn around(
        &self,
        patterns: &[Pattern],
        before: &[u8],
        behind: &[u8],
        wanted: impl Fn(usize) -> bool,
    ) -> Option<Left> {
        work::add(before.len() + behind.len());
        let coded = [before, behind].iter().any(|bytes| bytes.iter().any(|byte| code::introduces(*byte)));
        let readings: &[Reading] = if coded { &[Reading::Plain, Reading::Decoded] } else { &[Reading::Plain] };
        let found = readings.iter().filter_map(|reading| {
            let reading = *reading;
            // Nearly always the letters next to the mask show that nothing is left.
            let (last, first) = (last_letters(reading, before), Piece::of(reading, behind, GRAM).letters);
            let (heads, tails) = (self.heads.of(last.as_ref()), self.tails.of(first.first_chunk()));
            if heads.is_empty() && tails.is_empty() {
                return None;
            }
            let longest =
                |cuts: &[Cut]| cuts.iter().filter_map(|cut| Some(patterns.get(cut.0)?.letters.bytes.len())).max();
            let most = longest(heads).max(longest(tails)).unwrap_or(0);
            let (head, tail) = (Piece::of(reading, before, usize::MAX), Piece::of(reading, behind, most));
            let of = |cut: &Cut| patterns.get(cut.0).map(|it| (it.letters.bytes.as_slice(), it.name));
            let by_head = heads.iter().filter_map(|cut| {
                let (letters, name) = of(cut).filter(|(letters, _)| head.letters.ends_with(&letters[..cut.1]))?;
                let rest = (cut.1 + 1..=letters.len()).find(|at| tail.letters.starts_with(&letters[*at..]))?;
                Some((cut.1, letters.len() - rest, name))
            });
            let by_tail = tails.iter().filter_map(|cut| {
                let (letters, name) = of(cut).filter(|(letters, _)| tail.letters.starts_with(&letters[cut.1..]))?;
                let rest = (0..cut.1).rev().find(|at| head.letters.ends_with(&letters[..*at]))?;
                Some((rest, letters.len() - cut.1, name))
            });
            let found = by_head.chain(by_tail).filter(|(.., name)| wanted(*name)).max_by_key(|(a, b, _)| a + b);
            let (a, b, name) = found?;
            let start = head.letters.len().checked_sub(a).and_then(|at| head.places.get(at));
            let end = b.checked_sub(1).and_then(|at| tail.places.get(at)).map_or(0, |place| place.1);
            let start = start.map_or(before.len(), |place| place.0);
            // A plus sign is a blank elsewhere, but not here.
            let start = start - before[..start].iter().rev().take_while(|byte| **byte == b'+').count();
            let end = end + behind[end..].iter().take_while(|byte| **byte == b'+').count();
            let left = a.max(before.len() - start) + b.max(end);
            (left >= LEAST).then_some((a + b, Left { before: before.len() - start, behind: end, name }))
        });
        found.max_by_key(|(letters, _)| *letters).map(|(_, left)| left)
    }
}

/// Where, at the end of the bytes, a mask may begin.
pub fn begun_at_end(bytes: &[u8]) -> Option<usize> {
    let near = bytes.len().saturating_sub(MASK.len() - 1);
    (near..bytes.len()).find(|at| MASK.as_bytes().starts_with(&bytes[*at..]))
}

/// The first letters of bytes among which none is coded, and no list; `None` when there may be.
fn plain(near: &[u8], count: usize) -> Option<FewLetters> {
    let mut letters = FewLetters::default();
    let (mut quoted, mut listed) = (false, false);
    for byte in near {
        match byte {
            b'%' | b'&' | b'\\' | b'`' | 0x1b => return None,
            b',' => listed = true,
            b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c | b'+' | 0 => continue,
            byte if is_sign(*byte) => {
                quoted = true;
                continue;
            }
            _ => {}
        }
        letters.push(*byte);
        if letters.len == count {
            break;
        }
    }
    Some(letters).filter(|_| !(quoted && listed) && (letters.len >= GRAM || near.len() < NEAR))
}

/// A few letters.
#[derive(Clone, Copy, Default)]
struct FewLetters {
    letters: [u8; NEAR],
    len: usize,
}

impl FewLetters {
    fn push(&mut self, byte: u8) {
        if let Some(place) = self.letters.get_mut(self.len) {
            *place = byte;
            self.len += 1;
        }
    }

    fn first_chunk(&self) -> Option<&[u8; GRAM]> {
        self.letters[..self.len].first_chunk()
    }

    fn last_chunk(&self) -> Option<&[u8; GRAM]> {
        self.letters[..self.len].last_chunk()
    }
}

/// Places in patterns by the letters that stand there.
#[derive(Default)]
struct Grams {
    cuts: HashMap<[u8; GRAM], Vec<Cut>>,
    /// whether there may be any: one bit for each hash
    bits: Vec<u64>,
}

impl Grams {
    fn enter(&mut self, gram: [u8; GRAM], cut: Cut) {
        self.bits.resize(1 << 10, 0);
        let bit = hash(gram);
        self.bits[bit / 64] |= 1 << (bit % 64);
        let cuts = self.cuts.entry(gram).or_default();
        if cuts.len() < PLACES {
            cuts.push(cut);
        }
    }

    fn has(&self, gram: [u8; GRAM]) -> bool {
        let bit = hash(gram);
        self.bits.get(bit / 64).is_some_and(|bits| bits >> (bit % 64) & 1 == 1)
    }

    fn of(&self, gram: Option<&[u8; GRAM]>) -> &[Cut] {
        gram.filter(|gram| self.has(**gram)).and_then(|gram| self.cuts.get(gram)).map_or(&[], Vec::as_slice)
    }
}

fn hash([a, b, c]: [u8; GRAM]) -> usize {
    (u32::from_le_bytes([a, b, c, 0]).wrapping_mul(0x9E37_79B1) >> 16) as usize
}

/// The letters on one side of a mask, and where each begins and ends.
#[derive(Default)]
struct Piece {
    letters: Vec<u8>,
    places: Vec<(usize, usize)>,
}

/// The letters that a mark stands for.
fn letters(mark: &Mark) -> &[u8] {
    match mark {
        Mark::Byte(byte) => std::slice::from_ref(byte),
        Mark::Letter(letter) => letter.bytes(),
        Mark::Sign | Mark::Blank | Mark::Nothing | Mark::Break | Mark::Cut => &[],
    }
}

/// The last letters of bytes.
fn last_letters(reading: Reading, bytes: &[u8]) -> Option<[u8; GRAM]> {
    let (mut last, mut count, mut at) = ([0; GRAM], 0, 0);
    while at < bytes.len() {
        let (mark, end) = mark(reading, bytes, at, true);
        let letters = letters(&mark);
        for byte in letters {
            last.rotate_left(1);
            last[GRAM - 1] = *byte;
        }
        count += letters.len();
        at = end.max(at + 1);
    }
    Some(last).filter(|_| count >= GRAM)
}

impl Piece {
    /// Of the first letters, so many at least if there are.
    fn of(reading: Reading, bytes: &[u8], most: usize) -> Self {
        let room = bytes.len().min(most);
        let (mut it, mut at) = (Self { letters: Vec::with_capacity(room), places: Vec::with_capacity(room) }, 0);
        while at < bytes.len() && it.letters.len() < most {
            let (mark, end) = mark(reading, bytes, at, true);
            let letters = letters(&mark);
            for byte in letters {
                it.letters.push(*byte);
                it.places.push((at, end));
            }
            at = end.max(at + 1);
        }
        it
    }
}
