//! Which times stand before the lines.

/// The times before the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stamps {
    /// packer's clock
    Clock,
    /// since the mark
    Elapsed,
    /// none
    Hidden,
}

impl Stamps {
    /// The next one.
    #[must_use]
    pub const fn turned(self) -> Self {
        match self {
            Self::Clock => Self::Elapsed,
            Self::Elapsed => Self::Hidden,
            Self::Hidden => Self::Clock,
        }
    }
}
