//! A picture printed into the scrolling terminal, as `cat` would a text.

use std::io::{self, Write};

use ratatui::layout::Rect;

use super::worker::RenderKey;
use super::{Images, Protocol, detect, fit, worker};
use crate::guest::picture::Picture;

/// Prints `picture` on stdout, which must be a terminal, as large as the terminal allows, and leaves the cursor on the
/// line below. Blocks while the terminal is asked what it can show.
///
/// # Errors
/// Those of the terminal.
pub fn print(picture: &Picture, images: Images) -> io::Result<()> {
    match asked(images)? {
        // Placeholders are cells of a screen that is drawn; in a scrolling terminal there are none.
        Protocol::Cells | Protocol::KittyInTmux => half_blocks(picture),
        protocol => graphics(picture, protocol),
    }
}

/// Asks in raw mode: the terminal's answers would be echoed otherwise.
fn asked(images: Images) -> io::Result<Protocol> {
    if images == Images::Cells {
        return Ok(Protocol::Cells);
    }
    crossterm::terminal::enable_raw_mode()?;
    let protocol = detect::protocol(images, false);
    crossterm::terminal::disable_raw_mode()?;
    Ok(protocol)
}

fn half_blocks(picture: &Picture) -> io::Result<()> {
    let config =
        viuer::Config { absolute_offset: false, use_kitty: false, use_iterm: false, ..viuer::Config::default() };
    viuer::print(picture.image(), &config).map_err(io::Error::other)?;
    Ok(())
}

/// Makes room first: a picture that reaches the last row would scroll itself away.
fn graphics(picture: &Picture, protocol: Protocol) -> io::Result<()> {
    let (columns, rows) = crossterm::terminal::size()?;
    let area = Rect::new(0, 0, columns, rows.saturating_sub(2));
    let Some((rect, size)) = fit::place(picture.size().into(), area, detect::cell_size(), protocol) else {
        return Err(io::Error::other("the terminal is too small for a picture"));
    };
    let key = RenderKey { hash: picture.hash(), columns: rect.width, rows: rect.height, size };
    let bytes = worker::bytes(key, 0, picture, protocol);
    let mut out = io::stdout().lock();
    let height = rect.height;
    out.write_all("\n".repeat(height.into()).as_bytes())?;
    write!(out, "\x1b[{height}A\r\x1b7")?;
    out.write_all(&bytes)?;
    write!(out, "\x1b8\x1b[{height}B\r")?;
    out.flush()
}
