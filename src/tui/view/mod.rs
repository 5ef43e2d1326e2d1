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
    let whole = u16::try_from(Span::raw(text).width()).unwrap_or(u16::MAX);
    if whole <= width {
        buffer.set_stringn(x, y, text, usize::from(width), style);
        return whole;
    }
    let (end, _) = buffer.set_stringn(x, y, text, usize::from(width - 1), style);
    buffer.set_stringn(end, y, "…", 1, style);
    width
}

/// Columns a text takes.
pub fn width(text: &str) -> u16 {
    u16::try_from(Span::raw(text).width()).unwrap_or(u16::MAX)
}

/// Columns that these take beside each other with a gap between; those without a width are left out. The texts of
/// others can be of any length.
pub fn beside(widths: &[u16], gap: u16) -> u16 {
    let shown = widths.iter().filter(|width| **width > 0);
    shown.fold(0_u16, |sum, width| sum.saturating_add(*width).saturating_add(gap)).saturating_sub(gap)
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
