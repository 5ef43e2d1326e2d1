//! The newest notice, in a row of its own above the hints; without one, what is being done right now. Where a screen has
//! one row for it, the help shows all of a long one.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::{Clear, Widget};

use super::wrap::textwrap;
use super::{cut, put, width};
use crate::console::Console;
use crate::console::binding::keyed;
use crate::console::toast::Tone;
use crate::tui::theme::Theme;

/// Rows of the longest text; what is longer ends in `…`.
const MOST: usize = 3;
/// Columns of the mark before it.
const MARK: u16 = 3;

/// Rows that it needs in so many columns; one is always kept.
pub fn rows(console: &Console, columns: u16) -> u16 {
    let text = said(console, Theme::new(false)).map(|(.., text)| wrapped(&text, columns).len());
    u16::try_from(text.unwrap_or(1).max(1)).unwrap_or(1)
}

/// Draws it, where there is something to say.
pub fn draw(console: &Console, area: Rect, theme: Theme, buffer: &mut Buffer) {
    let Some((mark, style, text)) = said(console, theme).filter(|_| !area.is_empty()) else { return };
    Clear.render(area, buffer);
    put(buffer, area.x + 1, area.y, 1, mark, style);
    let mut rows = wrapped(&text, area.width);
    let room = usize::from(area.height);
    if rows.len() > room {
        rows.truncate(room);
        // A key that is typed into a text shows nothing.
        let all = if console.overlay.is_none() { keyed(" ‹help› all of it") } else { String::new() };
        let columns = area.width.saturating_sub(MARK + 1);
        if let Some(last) = rows.last_mut() {
            let left = columns.saturating_sub(width(&all)).min(width(last) + 1);
            *last = format!("{}{all}", cut(&format!("{last}……"), left));
        }
    }
    for (y, row) in (area.y..area.bottom()).zip(&rows) {
        put(buffer, area.x + MARK, y, area.width.saturating_sub(MARK), row, Style::new());
    }
}

fn wrapped(text: &str, columns: u16) -> Vec<String> {
    let mut rows = textwrap(text, usize::from(columns.saturating_sub(MARK + 1).max(1)));
    if rows.len() > MOST {
        rows.truncate(MOST);
        if let Some(last) = rows.last_mut() {
            last.push('…');
        }
    }
    rows
}

/// Mark, its style, and the text.
fn said(console: &Console, theme: Theme) -> Option<(&'static str, Style, String)> {
    let notice = console.toasts.iter().next_back().map(|toast| {
        let (mark, style) = match toast.tone {
            Tone::Done => ("✓", theme.good()),
            Tone::Info => ("·", theme.busy()),
            Tone::Failed => ("✗", theme.bad()),
        };
        (mark, style, toast.text.clone())
    });
    notice.or_else(|| {
        let (key, ongoing) = console.ongoing.iter().next()?;
        let more = console.ongoing.len() - 1;
        let more = if more > 0 { format!(" (and {more} more)") } else { String::new() };
        Some(("◌", theme.busy(), format!("{key}: {} {}{more}", ongoing.operation, ongoing.step)))
    })
}
