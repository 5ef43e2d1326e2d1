//! How pictures of a guest's console are to reach the terminal.

/// What the person wants (`--images`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Images {
    /// the best the terminal says it can
    #[default]
    Auto,
    /// half blocks; asks the terminal nothing
    Cells,
    /// kitty's protocol, whatever the terminal says
    Kitty,
    /// iTerm2's protocol, whatever the terminal says
    Iterm,
    /// sixel, whatever the terminal says
    Sixel,
}
