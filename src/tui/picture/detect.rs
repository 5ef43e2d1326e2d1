//! What the terminal can show, asked once at start.

use super::cells::Colours;
use super::fit::{Pixels, USUAL_CELL};
use super::{Images, Protocol};

/// The protocol to use: `images`, or the best that the terminal says it can.
pub fn protocol(images: Images) -> Protocol {
    match images {
        Images::Auto | Images::Cells => Protocol::Cells,
        Images::Kitty => Protocol::Kitty,
        Images::Iterm => Protocol::Iterm,
        Images::Sixel => Protocol::Sixel,
    }
}

/// Whether the terminal says that it takes 24-bit colours.
pub fn colours() -> Colours {
    if viuer::Config::default().truecolor { Colours::True } else { Colours::Indexed }
}

/// Pixels of one cell, as the terminal tells the kernel.
pub fn cell() -> Pixels {
    match crossterm::terminal::window_size() {
        Ok(size) if size.columns > 0 && size.rows > 0 && size.width >= size.columns && size.height >= size.rows => {
            Pixels { width: u32::from(size.width / size.columns), height: u32::from(size.height / size.rows) }
        }
        _ => USUAL_CELL,
    }
}
