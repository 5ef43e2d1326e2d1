//! Secrets that packer masked in part: `Tr1cky-packer-S3cret` becomes `Tr1cky-<sensitive>-S3cret` because `packer` is a
//! sensitive value, too. Which of two overlapping values it masks first changes from line to line.

use secrecy::ExposeSecret;

use super::forms::Kind;
use super::needles::{Hit, Needles};

/// What packer puts in the place of a sensitive value.
pub const MASK: &str = "<sensitive>";
/// Longest form of which a masked version is looked for.
const LONGEST: usize = 512;
/// Letters of a secret that must stand around the mask: fewer give nothing away and match by chance.
const LEAST: usize = 4;
/// Length of the fragments in the quick check.
const GRAM: usize = 3;

/// Recognises what is left of a secret on both sides of a mask.
#[derive(Default)]
pub struct Remains {
    /// forms worth a look: bytes are those of the needle at this index
    forms: Vec<usize>,
    /// fragments that can stand beside a mask, one bit each
    grams: Box<[u64]>,
    longest: usize,
}

impl Remains {
    /// Of the text forms among the needles.
    pub fn new(needles: &Needles) -> Self {
        let text = |at: &usize| {
            let needle = &needles.all()[*at];
            needle.kind == Kind::Text && needle.bytes.expose_secret().len() <= LONGEST
        };
        let forms: Vec<usize> = (0..needles.all().len()).filter(text).collect();
        let mut grams = vec![0_u64; 1 << 10].into_boxed_slice();
        let mut longest = 0;
        for at in &forms {
            let bytes = needles.all()[*at].bytes.expose_secret();
            longest = longest.max(bytes.len());
            for gram in bytes.windows(GRAM) {
                let bit = hash(gram);
                grams[bit / 64] |= 1 << (bit % 64);
            }
        }
        Self { forms, grams, longest }
    }

    /// Most bytes on either side of a mask that can belong to a secret.
    pub fn reach(&self) -> usize {
        self.longest
    }

    /// What is left of a secret around the mask that begins at `start`. Only the line it stands in is looked at.
    pub fn around(&self, needles: &Needles, bytes: &[u8], start: usize) -> Option<Hit> {
        let end = start + MASK.len();
        let before = &bytes[start.saturating_sub(self.longest)..start];
        let behind = &bytes[end..bytes.len().min(end + self.longest)];
        if !self.known(before.get(before.len().saturating_sub(GRAM)..)) && !self.known(behind.get(..GRAM)) {
            return None;
        }
        let mut best: Option<Hit> = None;
        for at in &self.forms {
            let needle = &needles.all()[*at];
            let form = needle.bytes.expose_secret();
            let head = (0..form.len()).rev().find(|n| before.ends_with(&form[..*n])).unwrap_or(0);
            let tail = (head + 1..=form.len()).find(|n| behind.starts_with(&form[*n..])).unwrap_or(form.len());
            let left = form.len() - tail;
            let hit = Hit { start: start - head, end: end + left, name: needle.name };
            if head + left >= LEAST && best.is_none_or(|b| b.end - b.start < hit.end - hit.start) {
                best = Some(hit);
            }
        }
        best
    }

    fn known(&self, gram: Option<&[u8]>) -> bool {
        let Some(gram) = gram.filter(|gram| gram.len() == GRAM) else { return false };
        let bit = hash(gram);
        self.grams.get(bit / 64).is_some_and(|word| word >> (bit % 64) & 1 == 1)
    }
}

/// 16 bits of a fragment.
fn hash(gram: &[u8]) -> usize {
    let word = gram.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte));
    (word.wrapping_mul(0x9E37_79B1) >> 16) as usize
}
