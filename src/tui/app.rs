//! The console on a screen: takes messages, draws when something changed.

use std::io::{self, Write};

use crossterm::terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate};
use ratatui::Terminal;
use ratatui::backend::Backend;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::hits::Hits;
use super::layout::Layout;
use super::picture::{PictureSurface, Protocol};
use super::screen;
use super::theme::Theme;
use crate::console::panes::Scrolled;
use crate::console::scope::Scope;
use crate::console::{Console, Effect, Msg};
use crate::text::needs_care;

/// Console, screen and what was last drawn.
#[derive(Debug)]
pub struct App<B: Backend> {
    console: Console,
    terminal: Terminal<B>,
    surface: PictureSurface,
    theme: Theme,
    layout: Layout,
    /// what is on the screen
    hits: Hits,
    /// revision that is on the screen
    drawn: Option<u64>,
}

impl<B: Backend> App<B> {
    /// Nothing is drawn yet.
    pub fn new(console: Console, terminal: Terminal<B>, surface: PictureSurface, theme: Theme) -> Self {
        Self { console, terminal, surface, theme, layout: Layout::default(), hits: Hits::default(), drawn: None }
    }

    /// The console.
    pub fn console(&self) -> &Console {
        &self.console
    }

    /// Where everything was drawn.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// What was drawn where.
    pub fn hits(&self) -> &Hits {
        &self.hits
    }

    /// What shows pictures from now on.
    pub fn set_surface(&mut self, surface: PictureSurface) {
        self.surface = surface;
        self.drawn = None;
    }

    /// Takes one message.
    pub fn take(&mut self, msg: Msg) -> Vec<Effect> {
        self.console.update(msg)
    }

    /// The next frame is drawn even if the console did not change: a picture became ready, the size changed.
    pub fn redraw(&mut self) {
        self.drawn = None;
    }

    /// What is on the screen is not ours any more: after a suspend.
    ///
    /// # Errors
    /// Those of the terminal.
    pub fn repaint(&mut self) -> Result<(), B::Error> {
        self.surface.forget();
        // Not `clear`: that asks the terminal for its cursor, and the answer would go to the input thread.
        let size = self.terminal.size()?;
        self.terminal.resize(Rect::new(0, 0, size.width, size.height))?;
        self.redraw();
        Ok(())
    }

    /// The size changed: pictures must be placed anew.
    pub fn resized(&mut self) {
        self.surface.forget();
        self.redraw();
    }

    /// Tells the console the sizes of its panes, which follow from the screen's and from focus and zoom.
    ///
    /// # Errors
    /// Those of the terminal.
    pub fn measure(&mut self) -> Result<Vec<Effect>, B::Error> {
        let size = self.terminal.size()?;
        self.layout = Layout::of(&self.console, Rect::new(0, 0, size.width, size.height));
        let mut measures = self.layout.measures();
        // A terminal that shows pictures shows none of their text.
        if self.surface.protocol() != Protocol::Cells && self.console.panes.scope() == Scope::Picture {
            measures.text = Scrolled::default();
        }
        if measures == self.console.panes.measures {
            return Ok(Vec::new());
        }
        Ok(self.console.update(Msg::Measured(measures)))
    }

    /// Draws, if anything changed since the last time; says whether it did. `out` is the terminal, for pictures.
    ///
    /// # Errors
    /// Those of the terminal.
    pub fn draw(&mut self, out: &mut impl Write) -> Result<bool, io::Error>
    where
        B::Error: std::error::Error + Send + Sync + 'static,
    {
        if self.drawn == Some(self.console.revision()) {
            return Ok(false);
        }
        crossterm::queue!(out, BeginSynchronizedUpdate)?;
        let Self { console, surface, theme, layout, hits, .. } = self;
        let drawn = self.terminal.draw(|frame| {
            // The size may have changed since it was measured.
            *layout = Layout::of(console, frame.area());
            *hits = screen::draw(console, layout, *theme, surface, frame);
            make_harmless(frame.buffer_mut());
        });
        let pictured = surface.after_draw(out);
        crossterm::execute!(out, EndSynchronizedUpdate)?;
        drawn.map_err(io::Error::other)?;
        pictured?;
        self.drawn = Some(self.console.revision());
        Ok(true)
    }
}

/// Nothing that a terminal would obey, or reorder letters for, reaches it, whoever forgot to make a text safe.
fn make_harmless(buffer: &mut Buffer) {
    for cell in buffer.content.iter_mut().filter(|cell| cell.symbol().contains(needs_care)) {
        let symbol = cell.symbol().replace(needs_care, "");
        cell.set_symbol(if symbol.is_empty() { "\u{fffd}" } else { &symbol });
    }
}

#[cfg(test)]
impl App<ratatui::backend::TestBackend> {
    /// The screen as text.
    pub fn screen_text(&self) -> String {
        self.terminal.backend().to_string()
    }
}
