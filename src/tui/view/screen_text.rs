//! The text of the picture, beside or below it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::wrap::textwrap;
use super::{indented, marked, put_rows};
use crate::console::Console;
use crate::console::binding::keyed;
use crate::console::screen_text::ScreenText;
use crate::tui::theme::Theme;

/// From this many columns on, the text stands on the right; else below.
const MIN_WIDTH_BESIDE: u16 = 90;

/// Draws the text; returns what is left for the picture.
pub fn draw_beside(console: &Console, inner: Rect, theme: Theme, buffer: &mut Buffer) -> Rect {
    let empty = console.words.newest().is_none_or(|words| words.rows.is_empty());
    let (picture, area) = if empty {
        // Nothing to read: what is said about that needs a row or two, and the picture the rest.
        let columns = usize::from(inner.width.saturating_sub(2).max(1));
        let wrapped = heading(console, theme).iter().map(|(text, _)| textwrap(text, columns).len()).sum::<usize>();
        let rows = u16::try_from(wrapped).unwrap_or(u16::MAX).min(inner.height / 2);
        let rest = inner.height - rows;
        (Rect { height: rest, ..inner }, Rect { y: inner.y + rest, height: rows, ..inner })
    } else if inner.width >= MIN_WIDTH_BESIDE {
        let columns = inner.width * 45 / 100;
        let rest = inner.width - columns;
        (Rect { width: rest, ..inner }, Rect { x: inner.x + rest + 1, width: columns.saturating_sub(1), ..inner })
    } else {
        let rows = inner.height / 2;
        let rest = inner.height - rows;
        (Rect { height: rest, ..inner }, Rect { y: inner.y + rest, height: rows, ..inner })
    };
    let area = indented(area);
    let columns = usize::from(area.width.max(1));
    let heading = heading(console, theme).into_iter();
    let heading: Vec<(String, Style)> =
        heading.flat_map(|(text, style)| textwrap(&text, columns).into_iter().map(move |row| (row, style))).collect();
    let taken = u16::try_from(heading.len()).unwrap_or(u16::MAX).min(area.height);
    put_rows(area, heading, buffer);
    let Some(words) = console.words.newest() else { return picture };
    let skipped = first(console, words, usize::from(area.height - taken));
    for (y, row) in (area.y + taken..area.bottom()).zip(words.rows.iter().skip(skipped)) {
        let hits = console.words.search().map_or_else(Vec::new, |search| search.pattern.spans(row));
        let at = Rect { y, height: 1, ..area };
        marked(row, 0..row.len(), &hits, Style::new(), theme).render(at.intersection(buffer.area), buffer);
    }
    picture
}

/// What the text is worth, or why there is none.
fn heading(console: &Console, theme: Theme) -> Vec<(String, Style)> {
    let Some(words) = console.words.newest() else {
        let text = if console.words.reading() { "reading the picture…" } else { "no picture to read" };
        return vec![(text.into(), theme.dim())];
    };
    let mut heading = Vec::new();
    if let Some(label) = &words.label {
        heading.push((label.clone(), theme.bold()));
    }
    heading.extend(words.near.iter().map(|page| (page.to_string(), theme.dim())));
    match (&words.trouble, words.rows.is_empty(), words.exact) {
        (Some(trouble), ..) => heading.push((format!("▲ {trouble}"), theme.warn())),
        (None, true, _) if console.words.reading() => heading.push(("reading the picture…".into(), theme.dim())),
        (None, true, _) => heading.push(("no text in the picture".into(), theme.dim())),
        (None, false, true) => heading.push((keyed("text, read exactly · ‹copy› copies"), theme.dim())),
        (None, false, false) => heading.push((keyed("text, as tesseract reads it · ‹copy› copies"), theme.dim())),
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
