//! A picture printed into the scrolling terminal, as `cat` would a text.

use std::io::{self, Write};

use crossterm::queue;
use crossterm::style::{Colors, Print, ResetColor, SetColors};
use ratatui::backend::IntoCrossterm;
use ratatui::buffer::Buffer;
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

/// As text, which scrolls like any other.
fn half_blocks(picture: &Picture) -> io::Result<()> {
    let area = screen()?;
    let Some((rect, _)) = fit::place(picture.size().into(), area, fit::DEFAULT_CELL, Protocol::Cells) else {
        return Err(too_small());
    };
    let rect = Rect { x: 0, ..rect };
    let mut buffer = Buffer::empty(rect);
    super::half_blocks(picture, rect, &mut buffer, detect::colours());
    let mut out = io::stdout().lock();
    write_rows(&buffer, &mut out)?;
    out.flush()
}

fn write_rows(buffer: &Buffer, out: &mut impl Write) -> io::Result<()> {
    for y in buffer.area.rows().map(|row| row.y) {
        for cell in buffer.area.columns().map(|column| &buffer[(column.x, y)]) {
            let colours = Colors::new(cell.fg.into_crossterm(), cell.bg.into_crossterm());
            queue!(out, SetColors(colours), Print(cell.symbol()))?;
        }
        queue!(out, ResetColor, Print("\n"))?;
    }
    Ok(())
}

/// The terminal, less the rows that keep the prompt in sight.
fn screen() -> io::Result<Rect> {
    let (columns, rows) = crossterm::terminal::size()?;
    Ok(Rect::new(0, 0, columns, rows.saturating_sub(2)))
}

fn too_small() -> io::Error {
    io::Error::other("the terminal is too small for a picture")
}

/// Makes room first: a picture that reaches the last row would scroll itself away.
fn graphics(picture: &Picture, protocol: Protocol) -> io::Result<()> {
    let Some((rect, size)) = fit::place(picture.size().into(), screen()?, detect::cell_size(), protocol) else {
        return Err(too_small());
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

#[cfg(test)]
mod tests {
    use ratatui::style::Color;

    use super::*;

    #[test]
    fn a_row_of_cells_is_a_line_of_text_that_ends_without_colour() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 2, 2));
        buffer[(0, 0)].set_char('▀').set_fg(Color::Rgb(1, 2, 3)).set_bg(Color::Indexed(16));
        let mut out = Vec::new();
        write_rows(&buffer, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.starts_with("\x1b[38;2;1;2;3;48;5;16m▀"), "{text:?}");
        assert_eq!(text.lines().count(), 2);
        assert!(text.lines().all(|line| line.ends_with("\x1b[0m")), "{text:?}");
    }
}
