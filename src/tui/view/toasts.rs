//! Notices, in the lower right corner above the hints, the newest lowest; below them what is being done right now.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::{Block, BorderType, Clear, Widget};

use super::wrap::textwrap;
use super::{put, put_rows, width};
use crate::console::Console;
use crate::console::toast::Tone;
use crate::tui::theme::Theme;

const MAX_WIDTH: u16 = 72;

struct PlacedToast {
    mark: &'static str,
    style: Style,
    rect: Rect,
    rows: Vec<String>,
}

/// The cells all of them take; empty when there are none.
pub fn area(console: &Console, body: Rect) -> Rect {
    let all = placed(console, body, Theme::new(false));
    all.into_iter().map(|placed| placed.rect).reduce(Rect::union).unwrap_or_default()
}

/// Draws them; returns the cells each of them takes.
pub fn draw(console: &Console, body: Rect, theme: Theme, buffer: &mut Buffer) -> Vec<Rect> {
    let all = placed(console, body, theme);
    for PlacedToast { mark, style, rect, rows } in &all {
        Clear.render(*rect, buffer);
        let block = Block::bordered().border_type(BorderType::Rounded).border_style(*style);
        let inner = block.inner(*rect);
        block.render(*rect, buffer);
        put(buffer, inner.x + 1, inner.y, 1, mark, *style);
        let text = Rect { x: inner.x + 3, width: inner.width.saturating_sub(4), ..inner };
        put_rows(text, rows.iter().map(|row| (row, Style::new())), buffer);
    }
    all.into_iter().map(|placed| placed.rect).collect()
}

fn placed(console: &Console, body: Rect, theme: Theme) -> Vec<PlacedToast> {
    let going_on = console.ongoing.iter().map(|(key, ongoing)| {
        let text = format!("{key}: {} {}", ongoing.operation, ongoing.step);
        ("◌", theme.busy(), text)
    });
    let notices = console.toasts.iter().rev().map(|toast| {
        let (mark, style) = match toast.tone {
            Tone::Done => ("✓", theme.good()),
            Tone::Info => ("·", theme.busy()),
            Tone::Failed => ("✗", theme.bad()),
        };
        (mark, style, toast.text.clone())
    });
    let widest = MAX_WIDTH.min(body.width.saturating_sub(2));
    let mut bottom = body.bottom();
    let mut placed = Vec::new();
    for (mark, style, text) in going_on.chain(notices) {
        if widest < 12 {
            break;
        }
        let mut rows = textwrap(&text, usize::from(widest - 6));
        rows.truncate(5);
        let wide = rows.iter().map(|row| width(row)).max().unwrap_or(0).min(widest - 6) + 6;
        let high = u16::try_from(rows.len()).unwrap_or(1) + 2;
        if bottom < body.y + high {
            break;
        }
        bottom -= high;
        let rect = Rect { x: body.right() - wide - 1, y: bottom, width: wide, height: high };
        placed.push(PlacedToast { mark, style, rect, rows });
    }
    placed
}
