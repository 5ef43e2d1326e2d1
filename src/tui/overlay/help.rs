//! `?`: every key, searched by typing; what cannot be used now says why.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::{centred, frame};
use crate::console::Console;
use crate::console::binding::Binding;
use crate::console::overlay::Help;
use crate::console::palette::HelpRow;
use crate::tui::theme::Theme;
use crate::tui::view::{put, put_field};

const WIDEST: u16 = 96;
const KEYS: u16 = 12;

/// The cells it takes.
pub fn area(body: Rect) -> Rect {
    centred(body, WIDEST.min(body.width.saturating_sub(2)), body.height.saturating_sub(2).max(3))
}

/// Rows of keys on a screen with this much room.
pub fn rows(body: Rect) -> u16 {
    area(body).height.saturating_sub(4)
}

/// Draws it; returns the cursor of its filter.
pub fn draw(console: &Console, help: &Help, area: Rect, theme: Theme, buffer: &mut Buffer) -> Position {
    let inner = frame(area, "Keys", theme.key(), buffer);
    let list = Rect { height: inner.height.saturating_sub(2), ..inner };
    let rows = console.help_rows(help.filter.text());
    if rows.is_empty() {
        put(buffer, list.x, list.y, list.width, "no key matches", theme.dim());
    }
    for (y, row) in (list.y..list.bottom()).zip(rows.iter().skip(help.top.index(rows.len()))) {
        match row {
            HelpRow::Gap => {}
            HelpRow::Heading(title) => {
                put(buffer, list.x, y, list.width, title, theme.bold());
            }
            HelpRow::Binding(binding) => draw_binding(console, binding, y, list, theme, buffer),
        }
    }
    filter(help, inner, theme, buffer)
}

fn draw_binding(console: &Console, binding: &Binding, y: u16, list: Rect, theme: Theme, buffer: &mut Buffer) {
    let refusal = console.allows(&console.on_selection(binding.command)).err();
    let keys = binding.shown_keys();
    let (key_style, style) = match refusal {
        Some(_) => (theme.dim(), theme.dim()),
        None => (theme.key(), Style::new()),
    };
    put(buffer, list.x + 1, y, KEYS.min(list.width), &keys.join(" "), key_style);
    let mut x = list.x + KEYS + 2;
    x += put(buffer, x, y, list.right().saturating_sub(x), binding.description, style);
    if let Some(refusal) = refusal {
        put(buffer, x + 2, y, list.right().saturating_sub(x + 2), &format!("({refusal})"), theme.warn());
    }
}

fn filter(help: &Help, inner: Rect, theme: Theme, buffer: &mut Buffer) -> Position {
    let y = inner.bottom().saturating_sub(1);
    let label = "type to search, Esc closes:";
    let x = inner.x + put(buffer, inner.x, y, inner.width, label, theme.dim()) + 1;
    put_field(&help.filter, x, Rect { y, ..inner }, theme, buffer)
}
