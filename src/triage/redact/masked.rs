//! Secrets that packer masked in part: `Tr1cky-packer-S3cret` becomes `Tr1cky-<sensitive>-S3cret` because `packer` is a
//! sensitive value, too. Which of two overlapping values it masks first changes from line to line.

use std::collections::HashMap;

use secrecy::ExposeSecret;

use super::forms::Kind;
use super::needles::{Hit, Needles};

/// What packer puts in the place of a sensitive value.
pub const MASK: &str = "<sensitive>";
/// Longest form of which a masked version is looked for.
const LONGEST: usize = 512;
/// Letters of a secret that must stand around the mask: fewer give nothing away and match by chance.
const LEAST: usize = 4;
/// One of the two pieces must have at least this many letters.
const GRAM: usize = 3;

/// Recognises what is left of a secret on both sides of a mask.
#[derive(Default)]
pub struct Remains {
    /// fragment → forms (numbers of needles) and how many of their bytes end with it
    heads: HashMap<[u8; GRAM], Vec<(usize, usize)>>,
    /// fragment → forms and the place in them where it begins
    tails: HashMap<[u8; GRAM], Vec<(usize, usize)>>,
    longest: usize,
}

impl Remains {
    /// Of the text forms among the needles.
    pub fn new(needles: &Needles) -> Self {
        let mut remains = Self::default();
        for (at, needle) in needles.all().iter().enumerate() {
            let bytes = needle.bytes.expose_secret();
            if needle.kind != Kind::Text || bytes.len() > LONGEST {
                continue;
            }
            remains.longest = remains.longest.max(bytes.len());
            for (start, gram) in bytes.windows(GRAM).enumerate() {
                let Some(gram) = gram.first_chunk() else { continue };
                remains.heads.entry(*gram).or_default().push((at, start + GRAM));
                remains.tails.entry(*gram).or_default().push((at, start));
            }
        }
        remains
    }

    /// Most bytes on either side of a mask that can belong to a secret.
    pub fn reach(&self) -> usize {
        self.longest
    }

    /// What is left of a secret around the mask that begins at `start`.
    pub fn around(&self, needles: &Needles, bytes: &[u8], start: usize) -> Option<Hit> {
        let end = start + MASK.len();
        let before = &bytes[start.saturating_sub(self.longest)..start];
        let behind = &bytes[end..bytes.len().min(end + self.longest)];
        let none = Vec::new();
        let heads = before.last_chunk().and_then(|gram| self.heads.get(gram)).unwrap_or(&none);
        let tails = behind.first_chunk().and_then(|gram| self.tails.get(gram)).unwrap_or(&none);
        let form = |at: usize| needles.all()[at].bytes.expose_secret();
        // A long piece on one side, and whatever there is on the other.
        let by_head = heads.iter().filter(|(at, n)| before.ends_with(&form(*at)[..*n])).map(|(at, head)| {
            let form = form(*at);
            let tail = (head + 1..form.len()).find(|n| behind.starts_with(&form[*n..]));
            (*at, *head, form.len() - tail.unwrap_or(form.len()))
        });
        let by_tail = tails.iter().filter(|(at, n)| behind.starts_with(&form(*at)[*n..])).map(|(at, tail)| {
            let form = form(*at);
            let head = (0..*tail).rev().find(|n| before.ends_with(&form[..*n])).unwrap_or(0);
            (*at, head, form.len() - tail)
        });
        let best = by_head
            .chain(by_tail)
            .filter(|(_, head, left)| head + left >= LEAST)
            .max_by_key(|(_, head, left)| head + left);
        best.map(|(at, head, left)| Hit { start: start - head, end: end + left, name: needles.all()[at].name })
    }
}
