//! The text of the picture, beside or below it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::put;
use super::wrap::textwrap;
use crate::console::Console;
use crate::console::screen_text::ScreenText;
use crate::tui::theme::Theme;

/// From this many columns on, the text stands on the right; else below.
const BESIDE: u16 = 90;

/// Draws the text; returns what is left for the picture.
pub fn beside(console: &Console, inner: Rect, theme: Theme, buffer: &mut Buffer) -> Rect {
    let (picture, area) = if inner.width >= BESIDE {
        let columns = inner.width * 45 / 100;
        let rest = inner.width - columns;
        (Rect { width: rest, ..inner }, Rect { x: inner.x + rest + 1, width: columns.saturating_sub(1), ..inner })
    } else {
        let rows = inner.height / 2;
        let rest = inner.height - rows;
        (Rect { height: rest, ..inner }, Rect { y: inner.y + rest, height: rows, ..inner })
    };
    let mut y = area.y;
    for (text, style) in heading(console, theme) {
        for row in textwrap(&text, usize::from(area.width.saturating_sub(1).max(1))) {
            if y < area.bottom() {
                put(buffer, area.x + 1, y, area.width.saturating_sub(1), &row, style);
                y += 1;
            }
        }
    }
    let Some(words) = console.words.newest() else { return picture };
    let room = usize::from(area.bottom().saturating_sub(y));
    for (y, row) in (y..area.bottom()).zip(words.rows.iter().skip(first(console, words, room))) {
        let at = Rect { x: area.x + 1, y, width: area.width.saturating_sub(1), height: 1 };
        line(console, row, theme).render(at.intersection(buffer.area), buffer);
    }
    picture
}

/// What the text is worth, or why there is none.
fn heading(console: &Console, theme: Theme) -> Vec<(String, ratatui::style::Style)> {
    let Some(words) = console.words.newest() else {
        let text = if console.words.reading() { "reading the picture…" } else { "no picture to read" };
        return vec![(text.into(), theme.dim())];
    };
    let mut heading = Vec::new();
    if let Some(label) = &words.label {
        heading.push((label.clone(), theme.bold()));
    }
    match (&words.trouble, words.rows.is_empty(), words.exact) {
        (Some(trouble), ..) => heading.push((format!("▲ {trouble}"), theme.warn())),
        (None, true, _) if console.words.reading() => heading.push(("reading the picture…".into(), theme.dim())),
        (None, true, _) => heading.push(("no text in the picture".into(), theme.dim())),
        (None, false, true) => heading.push(("text, read exactly · c copies".into(), theme.dim())),
        (None, false, false) => heading.push(("text, as tesseract reads it · c copies".into(), theme.dim())),
    }
    heading
}

/// First row shown: so that the first match of a search is there, else the end, where text consoles are newest.
fn first(console: &Console, words: &ScreenText, room: usize) -> usize {
    let most = words.rows.len().saturating_sub(room);
    let hit = console
        .words
        .search()
        .and_then(|search| words.rows.iter().position(|row| !search.pattern.spans(row).is_empty()));
    match hit {
        Some(hit) => hit.saturating_sub(room / 3).min(most),
        None if words.exact => most,
        None => 0,
    }
}

fn line<'a>(console: &Console, row: &'a str, theme: Theme) -> Line<'a> {
    let hits = console.words.search().map_or_else(Vec::new, |search| search.pattern.spans(row));
    let mut spans = Vec::new();
    let mut at = 0;
    for hit in hits.into_iter().filter(|hit| !hit.is_empty()) {
        spans.push(Span::raw(&row[at..hit.start]));
        spans.push(Span::styled(&row[hit.start..hit.end], theme.hit()));
        at = hit.end;
    }
    spans.push(Span::raw(&row[at..]));
    Line::from(spans)
}
