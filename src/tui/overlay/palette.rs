//! `:`: commands and lines by name.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::{centred, frame};
use crate::console::overlay::{Entry, Palette};
use crate::console::{Console, Invocation};
use crate::tui::theme::Theme;
use crate::tui::view::columns::first_visible;
use crate::tui::view::{put, put_field, width};

/// Columns for names.
const NAMES: u16 = 20;

/// The cells it takes.
pub fn area(body: Rect) -> Rect {
    let width = 76.min(body.width.saturating_sub(2));
    Rect { y: body.y + body.height.min(20) / 10, ..centred(body, width, 16.min(body.height.saturating_sub(1))) }
        .intersection(body)
}

/// Draws it; returns the cursor of its query.
pub fn draw(console: &Console, palette: &Palette, area: Rect, theme: Theme, buffer: &mut Buffer) -> Position {
    let inner = frame(area, "Command", theme.key(), buffer);
    put(buffer, inner.x, inner.y, 1, ":", theme.key());
    let cursor = put_field(&palette.query, inner.x + 2, inner, theme, buffer);
    let list = Rect { y: inner.y + 1, height: inner.height.saturating_sub(1), ..inner };
    let entries = console.entries(palette.query.text());
    if entries.is_empty() {
        put(buffer, list.x, list.y, list.width, "nothing matches", theme.dim());
    }
    let chosen = palette.chosen.index(entries.len());
    let first = first_visible(chosen, usize::from(list.height));
    for (y, (index, entry)) in (list.y..list.bottom()).zip(entries.iter().enumerate().skip(first)) {
        draw_entry(console, entry, index == chosen, Rect { y, height: 1, ..list }, theme, buffer);
    }
    cursor
}

fn draw_entry(console: &Console, entry: &Entry, chosen: bool, row: Rect, theme: Theme, buffer: &mut Buffer) {
    let (keys, refused) = match entry {
        Entry::Command(command) => {
            (console.keymap.key(*command), console.allows(&console.on_selection(*command)).is_err())
        }
        Entry::On(command, key) => {
            let invocation = Invocation { command: *command, line: Some(key.clone()) };
            (console.keymap.key(*command), console.allows(&invocation).is_err())
        }
        Entry::Context(name) if console.session().context.as_ref() == Some(name) => ("open".into(), false),
        Entry::Line(_) | Entry::Pane(_) | Entry::Context(_) => (String::new(), false),
    };
    let style = match (chosen, refused) {
        (true, _) => theme.selected(),
        (false, true) => theme.dim(),
        (false, false) => Style::new(),
    };
    if chosen {
        buffer.set_style(row, theme.selected());
    }
    let (name, description) = entry.texts(console);
    let named = width(&name).max(NAMES);
    put(buffer, row.x + 1, row.y, named.min(row.width.saturating_sub(1)), &name, style);
    let x = row.x.saturating_add(named).saturating_add(2);
    let described = if chosen { style } else { theme.dim() };
    put(buffer, x, row.y, row.right().saturating_sub(x.saturating_add(7)), description, described);
    let wide = width(&keys) + 1;
    let key_style = if chosen || refused { style } else { theme.key() };
    put(buffer, row.right().saturating_sub(wide), row.y, wide, &keys, key_style);
}
