//! What a search stops at besides secrets.

use super::header;
use super::masked::MASK;
use super::placeholder;
use super::structure::{self, Trigger};

/// What a word introduces.
#[derive(Debug, Clone, Copy)]
pub enum Word {
    /// a credential
    Header(&'static str),
    /// packer's mask begins
    Mask,
    /// what stands in the place of a secret
    Placeholder,
    /// what may be a secret by its looks
    Structure(Trigger),
}

/// All of them, with the bytes at which to stop.
pub fn all() -> Vec<(String, Word)> {
    let headers = header::WORDS.iter().map(|word| ((*word).to_owned(), Word::Header(word)));
    let own = [(MASK, Word::Mask), (placeholder::OPEN, Word::Placeholder)].map(|(text, word)| (text.to_owned(), word));
    let structure = structure::triggers().into_iter().map(|(text, trigger)| (text, Word::Structure(trigger)));
    headers.chain(own).chain(structure).collect()
}
