//! ratatui's way to the terminal: crossterm's, but for the size.

use std::io;

use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};

use super::terminal::Out;

/// What a terminal is taken for that does not tell its size.
const UNTOLD: Size = Size { width: 80, height: 24 };

/// The terminal as ratatui draws on it.
#[derive(Debug)]
pub struct Screen(CrosstermBackend<Out>);

impl Default for Screen {
    fn default() -> Self {
        Self(CrosstermBackend::new(Out))
    }
}

impl Backend for Screen {
    type Error = io::Error;

    fn draw<'a, I: Iterator<Item = (u16, u16, &'a Cell)>>(&mut self, content: I) -> io::Result<()> {
        self.0.draw(content)
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.0.hide_cursor()
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.0.show_cursor()
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        self.0.get_cursor_position()
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.0.set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.0.clear()
    }

    fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
        self.0.clear_region(clear_type)
    }

    /// crossterm would start `tput` where the kernel does not tell, with all that we have in our environment.
    fn size(&self) -> io::Result<Size> {
        Ok(match crossterm::terminal::window_size() {
            Ok(told) if told.columns > 0 && told.rows > 0 => Size { width: told.columns, height: told.rows },
            _ => UNTOLD,
        })
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        self.0.window_size()
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
