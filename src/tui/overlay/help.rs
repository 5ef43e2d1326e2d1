//! `?`: every key, searched by typing; what cannot be used now says why.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::{centred, frame};
use crate::console::Console;
use crate::console::binding::{Binding, Group};
use crate::console::overlay::Help;
use crate::console::palette::HelpRow;
use crate::tui::theme::Theme;
use crate::tui::view::wrap::textwrap;
use crate::tui::view::{cut, put, put_field, put_more, width};

const WIDEST: u16 = 140;
const KEYS: u16 = 12;

/// The cells it takes.
pub fn area(body: Rect) -> Rect {
    centred(body, WIDEST.min(body.width.saturating_sub(2)), body.height.saturating_sub(2).max(3))
}

/// The rows there is room for, and those of its text.
pub fn measures(console: &Console, help: &Help, body: Rect) -> (usize, usize) {
    let area = area(body);
    let rows = rows(console, help, area.width.saturating_sub(4), Theme::new(false)).len();
    (usize::from(area.height.saturating_sub(4)), rows)
}

/// One row of the screen: texts, each with its column and look.
type Row = Vec<(u16, String, Style)>;

/// Draws it; returns the cursor of its filter.
pub fn draw(console: &Console, help: &Help, area: Rect, theme: Theme, buffer: &mut Buffer) -> Position {
    let inner = frame(area, "Keys", theme.key(), buffer);
    let list = Rect { height: inner.height.saturating_sub(2), ..inner };
    let rows = rows(console, help, inner.width, theme);
    if rows.is_empty() {
        put(buffer, list.x, list.y, list.width, "no key matches", theme.dim());
    }
    let room = usize::from(list.height);
    let top = help.top.index(rows.len().saturating_sub(room) + 1);
    for (y, row) in (list.y..list.bottom()).zip(rows.iter().skip(top)) {
        for (column, text, style) in row {
            put(buffer, list.x + column, y, list.width.saturating_sub(*column), text, *style);
        }
    }
    put_more(area, (top, rows.len().saturating_sub(top + room)), theme, buffer);
    filter(help, inner, theme, buffer)
}

/// Everything that matches, wrapped.
fn rows(console: &Console, help: &Help, columns: u16, theme: Theme) -> Vec<Row> {
    let mut rows = last_notice(console, help, columns);
    for row in console.help_rows(help.filter.text()) {
        match row {
            HelpRow::Gap => rows.push(Row::new()),
            HelpRow::Heading(title) => rows.push(vec![(0, title.to_owned(), theme.bold())]),
            HelpRow::Binding(binding) => of_binding(console, binding, columns, theme, &mut rows),
        }
    }
    rows
}

/// All of the last notice: a small screen has one row for it, and it may be gone by now.
fn last_notice(console: &Console, help: &Help, columns: u16) -> Vec<Row> {
    let Some(last) = console.toasts.last().filter(|_| help.filter.text().is_empty()) else { return Vec::new() };
    let said = format!("Said last: {}", last.text);
    let rows = textwrap(&said, usize::from(columns.max(1))).into_iter().map(|text| vec![(0, text, Style::new())]);
    rows.chain([Row::new()]).collect()
}

/// The keys on the left; beside them what they do, and below that why not now where that does not fit behind it.
fn of_binding(console: &Console, binding: &Binding, columns: u16, theme: Theme, rows: &mut Vec<Row>) {
    let refusal = console.allows(&console.on_selection(binding.command)).err();
    let (key_style, style) = match refusal {
        Some(_) => (theme.dim(), theme.dim()),
        None => (theme.key(), Style::new()),
    };
    let keys = binding.shown_keys().join(" ");
    let left = KEYS + 2;
    // Long ones, as those of pages, push what they do aside.
    let indent = left.max(width(&keys) + 3);
    let wrapped = |text: &str, indent: u16| textwrap(text, usize::from(columns.saturating_sub(indent).max(1)));
    let mut first: Row = vec![(1, keys, key_style)];
    // One of the user's own goes by its name, as everywhere; its command is there to be recognised.
    let own = binding.group == Group::Own;
    let described = wrapped(if own { binding.name } else { binding.description }, indent);
    let mut end = (rows.len(), indent);
    for text in described {
        end = (rows.len(), indent + width(&text) + 2);
        let mut row = std::mem::take(&mut first);
        row.push((indent, text, style));
        rows.push(row);
    }
    let command = cut(binding.description, columns.saturating_sub(end.1)).into_owned();
    if let Some(row) = rows.get_mut(end.0).filter(|_| own && end.1 < columns) {
        let after = end.1 + width(&command) + 2;
        row.push((std::mem::replace(&mut end.1, after), command, theme.dim()));
    }
    let Some(refusal) = refusal else { return };
    let refusal = format!("({refusal})");
    match rows.get_mut(end.0) {
        Some(row) if end.1 + width(&refusal) <= columns => row.push((end.1, refusal, theme.warn())),
        Some(_) | None => {
            rows.extend(wrapped(&refusal, left).into_iter().map(|text| vec![(left, text, theme.warn())]));
        }
    }
}

fn filter(help: &Help, inner: Rect, theme: Theme, buffer: &mut Buffer) -> Position {
    let y = inner.bottom().saturating_sub(1);
    let esc = if help.filter.text().is_empty() { "closes" } else { "clears" };
    let label = format!("type to search, Esc {esc}:");
    let x = inner.x + put(buffer, inner.x, y, inner.width, &label, theme.dim()) + 1;
    put_field(&help.filter, x, Rect { y, ..inner }, theme, buffer)
}
