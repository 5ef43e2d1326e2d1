//! The matrix's text with the places of its fields.

use super::{Defect, Source};
use crate::pipeline::positions::Positions;

/// The file, and where its fields stand.
pub(super) struct MatrixText {
    pub source: Source,
    pub positions: Positions,
}

impl MatrixText {
    pub fn new(source: Source) -> Self {
        let positions = Positions::parse(&source.text);
        Self { source, positions }
    }

    /// A defect at a field of the entry with this key; about the whole file when the place cannot be told.
    pub fn field(&self, key: &str, name: &str, what: impl Into<String>, remedy: impl Into<String>) -> Defect {
        match self.positions.field(key, name).or_else(|| self.positions.field(key, "key")) {
            Some(place) => self.source.at(place.start, what, remedy),
            None => self.source.whole(what, remedy),
        }
    }
}
