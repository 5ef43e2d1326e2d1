//! The panes, each a function of the console.
//!
//! ```text
//!  header
//! ┌ lines ───────────┐┌ picture ─┐
//! ├ verdict ─────────┤├ timeline ┤
//! └──────────────────┘└──────────┘
//! ┌ log ─────────────────────────┐
//! └──────────────────────────────┘
//!  hints
//! ```

pub mod columns;
pub mod header;
pub mod hints;
pub mod lines;
pub mod log;
pub mod media;
pub mod picture;
pub mod runs;
mod screen_text;
pub mod timeline;
pub mod toasts;
pub mod verdict;
pub mod wrap;

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Widget};

use super::theme::Theme;

/// Draws a pane's frame; returns what is inside.
pub fn frame(area: Rect, title: Vec<Span<'_>>, focused: bool, theme: Theme, buffer: &mut Buffer) -> Rect {
    let block =
        Block::bordered().border_type(BorderType::Rounded).border_style(theme.border(focused)).title(Line::from(title));
    let inner = block.inner(area);
    block.render(area, buffer);
    inner
}

/// Writes text into a row, at most `width` columns, with `…` where it was cut. Returns the columns used.
pub fn put(buffer: &mut Buffer, x: u16, y: u16, width: u16, text: &str, style: Style) -> u16 {
    if width == 0 || !buffer.area.contains(ratatui::layout::Position { x, y }) {
        return 0;
    }
    let width = width.min(buffer.area.right() - x);
    let (end, _) = buffer.set_stringn(x, y, cut(text, width), usize::from(width), style);
    end - x
}

/// At most `columns` of a text, with `…` where it was cut.
pub fn cut(text: &str, columns: u16) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    let mut used = 0_u16;
    let text = Span::raw(text);
    let graphemes = text.styled_graphemes(Style::new()).map(|grapheme| grapheme.symbol);
    let mut kept: String = graphemes
        .take_while(|grapheme| {
            used = used.saturating_add(width(grapheme));
            used < columns
        })
        .collect();
    if columns > 0 {
        kept.push('…');
    }
    Cow::Owned(kept)
}

/// Columns a text takes.
pub fn width(text: &str) -> u16 {
    u16::try_from(Span::raw(text).width()).unwrap_or(u16::MAX)
}

/// Writes centred lines of secondary text into an empty pane.
pub fn empty(area: Rect, texts: &[(&str, Style)], buffer: &mut Buffer) {
    let rows = u16::try_from(texts.len()).unwrap_or(u16::MAX);
    let top = area.y + area.height.saturating_sub(rows) / 2;
    for (row, (text, style)) in (top..area.bottom()).zip(texts) {
        let indent = area.width.saturating_sub(width(text)) / 2;
        put(buffer, area.x + indent, row, area.width - indent, text, *style);
    }
}
