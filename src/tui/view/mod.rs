//! The panes, each a function of the console.
//!
//! ```text
//!  header
//! ┌ lines ───┐┌ picture ─────────┐
//! └──────────┘│                  │
//! ┌ verdict ─┐│                  │
//! └──────────┘│                  │
//! ┌ log ─────┐└──────────────────┘
//! │          │┌ timeline ────────┐
//! └──────────┘└──────────────────┘
//!  notice
//!  hints
//! ```

pub mod columns;
mod flags;
pub mod github;
pub mod header;
pub mod hints;
pub mod lines;
pub mod log;
pub mod media;
pub mod notice;
mod overview;
pub mod picture;
mod result;
mod screen_text;
pub mod timeline;
pub mod verdict;
pub mod wall;
pub mod wrap;

use std::borrow::Cow;
use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Widget};

use self::wrap::textwrap;
use super::theme::Theme;
use crate::console::text::Field;

/// Draws a pane's frame; returns what is inside.
pub fn frame(area: Rect, mut title: Vec<Span<'_>>, focused: bool, theme: Theme, buffer: &mut Buffer) -> Rect {
    let mut room = area.width.saturating_sub(2);
    for span in &mut title {
        span.content = cut(&span.content, room).into_owned().into();
        room = room.saturating_sub(width(&span.content));
    }
    let block =
        Block::bordered().border_type(BorderType::Rounded).border_style(theme.border(focused)).title(Line::from(title));
    let inner = block.inner(area);
    block.render(area, buffer);
    inner
}

/// Writes text into a row, at most `width` columns, with `…` where it was cut. Returns the columns used.
pub fn put(buffer: &mut Buffer, x: u16, y: u16, width: u16, text: &str, style: Style) -> u16 {
    if width == 0 || !buffer.area.contains(Position { x, y }) {
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

/// Writes texts below each other, as far as there is room.
pub fn put_rows<T: AsRef<str>>(area: Rect, rows: impl IntoIterator<Item = (T, Style)>, buffer: &mut Buffer) {
    for (y, (text, style)) in (area.y..area.bottom()).zip(rows) {
        put(buffer, area.x, y, area.width, text.as_ref(), style);
    }
}

/// Writes a text into the last rows of a pane, at most so many; returns what is left above.
pub fn put_below(inner: Rect, text: &str, most: u16, style: Style, buffer: &mut Buffer) -> Rect {
    let rows = textwrap(text, usize::from(inner.width.saturating_sub(2).max(1)));
    let taken = u16::try_from(rows.len()).unwrap_or(u16::MAX).min(most).min(inner.height);
    let rest = Rect { height: inner.height - taken, ..inner };
    let below = Rect { y: rest.bottom(), height: taken, ..indented(inner) };
    put_rows(below, rows.iter().map(|row| (row, style)), buffer);
    rest
}

/// How much of a text is above and below what is shown of it; empty where that is all.
pub fn more((above, below): (usize, usize)) -> String {
    match (above, below) {
        (0, 0) => String::new(),
        (_, 0) => format!(" ↑ {above} more "),
        (0, _) => format!(" ↓ {below} more "),
        (_, _) => format!(" ↑ {above} ↓ {below} more "),
    }
}

/// Writes that into the upper border.
pub fn put_more(area: Rect, beyond: (usize, usize), theme: Theme, buffer: &mut Buffer) {
    let more = more(beyond);
    if more.is_empty() {
        return;
    }
    let column = area.right().saturating_sub(width(&more) + 2).max(area.x);
    put(buffer, column, area.y, area.right().saturating_sub(column), &more, theme.warn());
}

/// Without the first column.
pub fn indented(area: Rect) -> Rect {
    Rect { x: area.x + 1, width: area.width.saturating_sub(1), ..area }
}

/// Writes what is typed from `x` to the right end of a row; returns where the cursor blinks.
pub fn put_field(field: &Field, x: u16, row: Rect, theme: Theme, buffer: &mut Buffer) -> Position {
    let room = row.right().saturating_sub(x);
    let (text, cursor) = field.visible(usize::from(room));
    put(buffer, x, row.y, room, &text, theme.bold());
    let column = x.saturating_add(u16::try_from(cursor).unwrap_or(0));
    Position { x: column.min(row.right().saturating_sub(1)), y: row.y }
}

/// A part of a text with the matches of a search marked. Ranges are in bytes.
pub fn marked<'a>(text: &'a str, part: Range<usize>, hits: &[Range<usize>], style: Style, theme: Theme) -> Line<'a> {
    let mut spans = Vec::new();
    let mut at = part.start;
    for hit in hits {
        let (start, end) = (hit.start.clamp(at, part.end), hit.end.clamp(at, part.end));
        if start < end {
            spans.push(Span::styled(&text[at..start], style));
            spans.push(Span::styled(&text[start..end], theme.hit()));
            at = end;
        }
    }
    spans.push(Span::styled(&text[at..part.end], style));
    Line::from(spans)
}

/// Writes into an empty pane why there is nothing to show.
pub fn put_reason(area: Rect, reason: &str, theme: Theme, buffer: &mut Buffer) {
    let rows = textwrap(&format!("▲ {reason}"), usize::from(area.width.saturating_sub(2).max(1)));
    let rows: Vec<(&str, Style)> = rows.iter().map(|row| (row.as_str(), theme.warn())).collect();
    empty(area, &rows, buffer);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_was_cut_says_so_and_fits() {
        for (columns, cut_text) in [(6, "abcdef"), (5, "abcd…"), (1, "…"), (0, "")] {
            assert_eq!(cut("abcdef", columns), cut_text);
        }
        assert_eq!(cut("日本語", 5), "日本…");
        assert_eq!(cut("日本語", 4), "日…", "half a letter is none");
    }

    #[test]
    fn matches_are_marked_within_the_part() {
        let theme = Theme::new(true);
        let line = marked("one two one", 1..10, &[0..3, 5..5, 8..11], Style::new(), theme);
        let spans: Vec<(&str, bool)> =
            line.spans.iter().map(|span| (span.content.as_ref(), span.style == theme.hit())).collect();
        assert_eq!(spans, [("", false), ("ne", true), (" two ", false), ("on", true), ("", false)]);
    }
}
