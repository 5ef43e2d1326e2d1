//! Secrets that packer masked in part: `Tr1cky-packer-S3cret` becomes `Tr1cky-<sensitive>-S3cret` because `packer` is a
//! sensitive value, too. Which of two overlapping values it masks first changes from line to line.

use std::collections::HashMap;

use super::code;
use super::letters::{Mark, Reading, is_sign, mark, stands_for_itself};
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

    /// Whether the bytes next to a mask show that nothing is left of a secret, as nearly always, where no run had read the
    /// beginning of one.
    pub fn none_near(&self, bytes: &[u8], start: usize, end: usize) -> bool {
        let before = bytes[..start].last_chunk::<GRAM>();
        let behind = bytes.get(end..end + NEAR).and_then(|near| plain(near, GRAM));
        before.is_none_or(|letters| !self.heads.has(*letters))
            && behind.is_some_and(|letters| self.tails.of(letters.first_chunk()).is_empty())
    }

    /// What is left of a secret (of a `wanted` name) between what had begun before a mask, as it is read in each way, and
    /// the bytes behind the mask.
    pub fn around<'b>(
        &self,
        patterns: &[Pattern],
        pieces: &mut [Piece; 2],
        before: impl Fn(Reading) -> &'b [u8],
        behind: &[u8],
        wanted: impl Fn(usize) -> bool,
    ) -> Option<Left> {
        let [head, tail] = pieces;
        let coded = |bytes: &[u8]| bytes.iter().any(|byte| code::introduces(*byte));
        let coded = coded(behind) || [Reading::Plain, Reading::Decoded].iter().any(|reading| coded(before(*reading)));
        let readings: &[Reading] = if coded { &[Reading::Plain, Reading::Decoded] } else { &[Reading::Plain] };
        let mut best: Option<(usize, Left)> = None;
        for reading in readings.iter().copied() {
            let before = before(reading);
            work::add(before.len() + behind.len());
            head.read(reading, before, usize::MAX);
            tail.read(reading, behind, GRAM);
            let (heads, tails) = (self.heads.of(head.letters.last_chunk()), self.tails.of(tail.letters.first_chunk()));
            // Nearly always the letters next to the mask show that nothing is left.
            if heads.is_empty() && tails.is_empty() {
                continue;
            }
            let longest =
                |cuts: &[Cut]| cuts.iter().filter_map(|cut| Some(patterns.get(cut.0)?.letters.bytes.len())).max();
            tail.read(reading, behind, longest(heads).max(longest(tails)).unwrap_or(0));
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
            let Some((a, b, name)) = found else { continue };
            let start = head.letters.len().checked_sub(a).and_then(|at| head.places.get(at));
            let end = b.checked_sub(1).and_then(|at| tail.places.get(at)).map_or(0, |place| place.1);
            let start = start.map_or(before.len(), |place| place.0);
            // A plus sign is a blank elsewhere, but not here.
            let end = end + behind[end..].iter().take_while(|byte| **byte == b'+').count();
            let left = a.max(before.len() - start) + b.max(end);
            // The last of the longest.
            if left >= LEAST && best.is_none_or(|(letters, _)| letters <= a + b) {
                best = Some((a + b, Left { before: before.len() - start, behind: end, name }));
            }
        }
        best.map(|(_, left)| left)
    }
}

/// How many bytes stand before the next mask or the end of the line, and whether one of them was found.
pub fn until_mask_or_line(bytes: &[u8]) -> (usize, bool) {
    let ends = |at: &usize| bytes[*at] == b'\n' || bytes[*at..].starts_with(MASK.as_bytes());
    let end = memchr::memchr2_iter(b'\n', b'<', bytes).find(ends);
    work::add(end.unwrap_or(bytes.len()));
    (end.unwrap_or(bytes.len()), end.is_some())
}

/// Whether a mask begins at a place; `None` when the bytes end before that can be told.
pub fn begins(bytes: &[u8], at: usize, last: bool) -> Option<bool> {
    let rest = &bytes[at..];
    if !last && rest.len() < MASK.len() && MASK.as_bytes().starts_with(rest) {
        return None;
    }
    Some(rest.starts_with(MASK.as_bytes()))
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
#[derive(Debug, Default)]
pub struct Piece {
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

impl Piece {
    /// The first letters, so many at least if there are.
    fn read(&mut self, reading: Reading, bytes: &[u8], most: usize) {
        self.letters.clear();
        self.places.clear();
        let mut at = 0;
        while at < bytes.len() && self.letters.len() < most {
            if stands_for_itself(bytes[at]) {
                self.letters.push(bytes[at]);
                self.places.push((at, at + 1));
                at += 1;
                continue;
            }
            let (mark, end) = mark(reading, bytes, at, true);
            let letters = letters(&mark);
            for byte in letters {
                self.letters.push(*byte);
                self.places.push((at, end));
            }
            at = end.max(at + 1);
        }
    }
}
