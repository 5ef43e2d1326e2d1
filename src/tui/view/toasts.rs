//! Notices, in the lower right corner above the hints, the newest lowest.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Block, BorderType, Clear, Widget};

use super::lines::textwrap;
use super::{put, width};
use crate::console::Console;
use crate::console::toast::{Toast, Tone};
use crate::tui::theme::Theme;

const WIDEST: u16 = 72;

/// The cells all of them take; empty when there are none.
pub fn area(console: &Console, body: Rect) -> Rect {
    placed(console, body).into_iter().map(|(_, rect, _)| rect).reduce(Rect::union).unwrap_or_default()
}

/// Draws them.
pub fn draw(console: &Console, body: Rect, theme: Theme, buffer: &mut Buffer) {
    for (toast, rect, rows) in placed(console, body) {
        let (mark, style) = match toast.tone {
            Tone::Done => ("✓", theme.good()),
            Tone::Info => ("·", theme.busy()),
            Tone::Failed => ("✗", theme.bad()),
        };
        Clear.render(rect, buffer);
        let block = Block::bordered().border_type(BorderType::Rounded).border_style(style);
        let inner = block.inner(rect);
        block.render(rect, buffer);
        put(buffer, inner.x + 1, inner.y, 1, mark, style);
        for (y, row) in (inner.y..inner.bottom()).zip(&rows) {
            put(buffer, inner.x + 3, y, inner.width.saturating_sub(4), row, ratatui::style::Style::new());
        }
    }
}

fn placed(console: &Console, body: Rect) -> Vec<(&Toast, Rect, Vec<String>)> {
    let mut bottom = body.bottom();
    let mut placed = Vec::new();
    for toast in console.toasts.iter().rev() {
        let widest = WIDEST.min(body.width.saturating_sub(2));
        if widest < 12 {
            break;
        }
        let mut rows = textwrap(&toast.text, usize::from(widest - 6));
        rows.truncate(5);
        let wide = rows.iter().map(|row| width(row)).max().unwrap_or(0).min(widest - 6) + 6;
        let high = u16::try_from(rows.len()).unwrap_or(1) + 2;
        if bottom < body.y + high {
            break;
        }
        bottom -= high;
        placed.push((toast, Rect { x: body.right() - wide - 1, y: bottom, width: wide, height: high }, rows));
    }
    placed
}
