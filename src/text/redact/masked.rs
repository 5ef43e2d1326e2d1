//! Secrets that packer masked in part: `Tr1cky-packer-S3cret` becomes `Tr1cky-<sensitive>-S3cret` because `packer` is a
//! sensitive value, too. Which of two overlapping values it masks first changes from line to line.

use std::collections::BTreeMap;

use secrecy::ExposeSecret;

use super::needles::{Hit, Needles, What};
use super::spelling::{self, Script, Stands, is_sign};

/// What packer puts in the place of a sensitive value.
pub const MASK: &str = "<sensitive>";
/// Longest form of which a masked version is looked for.
const LONGEST: usize = 512;
/// Letters of a secret that must stand around the mask: fewer give nothing away and match by chance.
const LEAST: usize = 4;
/// One of the two pieces must have at least this many letters.
const GRAM: usize = 3;
/// Bytes that are read to learn three letters.
const NEAR: usize = 24;
/// Bytes that a letter takes when it is quoted, on average.
const SPELLED: usize = 3;

/// Recognises what is left of a secret on both sides of a mask.
#[derive(Default)]
pub struct Remains {
    /// forms (numbers of needles), and how many of their bytes end with these letters
    heads: Grams,
    /// forms, and the place in them where these letters begin
    tails: Grams,
    longest: usize,
}

impl Remains {
    /// Of the text forms among the needles.
    pub fn new(needles: &Needles) -> Self {
        let mut remains = Self::default();
        for at in 0..needles.all().len() {
            let text = text(needles, at);
            if text.len() > LONGEST {
                continue;
            }
            remains.longest = remains.longest.max(text.len() * SPELLED);
            for place in places(text) {
                let (head, tail) = text.split_at(place);
                if head.chars().count() >= GRAM {
                    let grams = last_grams(head.as_bytes()).into_iter().flatten();
                    grams.for_each(|gram| remains.heads.enter(gram, (at, place)));
                }
                if tail.chars().count() >= GRAM {
                    let grams = first_grams(tail.as_bytes()).into_iter().flatten();
                    grams.for_each(|gram| remains.tails.enter(gram, (at, place)));
                }
            }
        }
        remains
    }

    /// Most bytes on either side of a mask that can belong to a secret.
    pub fn reach(&self) -> usize {
        self.longest
    }

    /// What is left of a secret (of a `wanted` name) around the mask that begins at `start`, within its line.
    pub fn around(&self, needles: &Needles, bytes: &[u8], start: usize, wanted: impl Fn(usize) -> bool) -> Option<Hit> {
        let end = start + MASK.len();
        let heads = self.heads.of(last_grams(&bytes[..start]));
        let tails = self.tails.of(first_grams(&bytes[end..]));
        if heads.is_empty() && tails.is_empty() {
            return None;
        }
        let before = &bytes[start.saturating_sub(self.longest)..start];
        let before = &before[memchr::memrchr(b'\n', before).map_or(0, |at| at + 1)..];
        let behind = &bytes[end..bytes.len().min(end + self.longest)];
        let behind = &behind[..memchr::memchr(b'\n', behind).unwrap_or(behind.len())];
        // A long piece on one side, and whatever there is on the other.
        let by_head = heads.iter().filter_map(|(at, place)| {
            let text = text(needles, *at);
            let head = head(needles, *at, *place, before)?;
            let tail =
                places(text).filter(|tail| tail > place).find_map(|tail| Some((tail, tail_at(&text[tail..], behind)?)));
            let (tail, after) = tail.unwrap_or((text.len(), 0));
            Some((*at, head, after, text[..*place].chars().count() + text[tail..].chars().count()))
        });
        let by_tail = tails.iter().filter_map(|(at, place)| {
            let text = text(needles, *at);
            let after = tail_at(&text[*place..], behind)?;
            let longest = places(text).filter(|head| head < place).collect::<Vec<_>>();
            let head = longest.into_iter().rev().find_map(|n| Some((n, head(needles, *at, n, before)?)));
            let (n, head) = head.unwrap_or((0, 0));
            Some((*at, head, after, text[..n].chars().count() + text[*place..].chars().count()))
        });
        let counts =
            |(at, _, _, letters): &(usize, usize, usize, usize)| *letters >= LEAST && wanted(needles.all()[*at].name);
        let best = by_head.chain(by_tail).filter(counts).max_by_key(|(.., letters)| *letters);
        best.map(|(at, head, after, _)| Hit { start: start - head, end: end + after, name: needles.all()[at].name })
    }
}

/// The letters of a needle; none when it is no text.
fn text(needles: &Needles, at: usize) -> &str {
    match &needles.all()[at].what {
        What::Text(text, Script::Words) => text.expose_secret(),
        _ => "",
    }
}

/// Where a text can be cut.
fn places(text: &str) -> impl Iterator<Item = usize> {
    text.char_indices().map(|(at, _)| at).skip(1)
}

/// How many bytes at the end of `before` spell a needle up to a place in it.
fn head(needles: &Needles, at: usize, place: usize, before: &[u8]) -> Option<usize> {
    let mut starts = (0..before.len()).rev().filter(|start| needles.begins(at, &before[*start..]));
    let spelled = &text(needles, at)[..place];
    starts.find(|start| spelling::ends_with(spelled, before, *start)).map(|start| before.len() - start)
}

/// How many bytes at the start of `behind` spell the text.
fn tail_at(text: &str, behind: &[u8]) -> Option<usize> {
    match spelling::stands(text, Script::Words, behind, 0, true) {
        Stands::Whole(end) => Some(end),
        _ => None,
    }
}

/// Places in texts by the letters that stand there.
#[derive(Default)]
struct Grams {
    places: BTreeMap<[u8; GRAM], Vec<(usize, usize)>>,
    /// whether there may be any: one bit for each hash
    bits: Vec<u64>,
}

impl Grams {
    fn enter(&mut self, gram: [u8; GRAM], place: (usize, usize)) {
        let bit = hash(gram);
        self.bits.resize(1 << 10, 0);
        self.bits[bit / 64] |= 1 << (bit % 64);
        let places = self.places.entry(gram).or_default();
        if places.last() != Some(&place) {
            places.push(place);
        }
    }

    fn of(&self, grams: [Option<[u8; GRAM]>; 2]) -> Vec<(usize, usize)> {
        let there = |gram: &[u8; GRAM]| {
            let bit = hash(*gram);
            self.bits.get(bit / 64).is_some_and(|bits| bits >> (bit % 64) & 1 == 1)
        };
        let mut found = Vec::new();
        for gram in grams.into_iter().flatten().filter(there) {
            found.extend(self.places.get(&gram).into_iter().flatten());
        }
        found
    }
}

fn hash([a, b, c]: [u8; GRAM]) -> usize {
    (u32::from_le_bytes([a, b, c, 0]).wrapping_mul(0x9E37_79B1) >> 16) as usize
}

/// The bytes at the start: as they stand, and as the letters they mean.
fn first_grams(bytes: &[u8]) -> [Option<[u8; GRAM]>; 2] {
    let Some(plain) = bytes.first_chunk::<GRAM>() else { return [None, None] };
    let quoted = plain.iter().any(|byte| is_quoting(*byte));
    let meant = quoted.then(|| letters(&bytes[..bytes.len().min(NEAR)]).first_chunk().copied());
    [Some(plain.map(letter)), meant.flatten()]
}

/// The same at the end.
fn last_grams(bytes: &[u8]) -> [Option<[u8; GRAM]>; 2] {
    /// Length of the longest code in use, `\\u0026`, and a letter behind it.
    const CODE: usize = 7;
    let Some(plain) = bytes.last_chunk::<GRAM>() else { return [None, None] };
    let quoted = bytes[bytes.len().saturating_sub(CODE + GRAM)..].iter().any(|byte| is_quoting(*byte));
    let near = &bytes[bytes.len().saturating_sub(NEAR)..];
    let meant = quoted.then(|| letters(near).last_chunk().copied());
    [Some(plain.map(letter)), meant.flatten()]
}

fn is_quoting(byte: u8) -> bool {
    is_sign(char::from(byte)) || b"%&\x1b".contains(&byte)
}

/// White space is all alike, also as forms write it.
fn letter(byte: u8) -> u8 {
    if byte.is_ascii_whitespace() { b'+' } else { byte }
}

/// The bytes of the letters that quoted bytes mean, as far as it takes to know where to look.
fn letters(bytes: &[u8]) -> Vec<u8> {
    let mut rest = bytes;
    let mut letters = Vec::with_capacity(NEAR);
    while let Some(byte) = rest.first() {
        let (meant, length) = spelling::meaning(rest).unwrap_or(([*byte, 0, 0, 0], 1));
        rest = &rest[length..];
        let end = meant.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        letters.extend(meant[..end].iter().filter(|byte| !is_sign(char::from(**byte))).map(|byte| letter(*byte)));
    }
    letters
}
