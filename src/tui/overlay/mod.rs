//! What lies over the panes.

pub mod confirm;
pub mod help;
pub mod palette;
pub mod quit;
pub mod teach;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::Span;
use ratatui::widgets::{Block, BorderType, Clear, Padding, Widget};

use super::theme::Theme;
use super::view::{put, width};
use crate::console::Console;
use crate::console::overlay::Overlay;

/// The cells the open overlay takes; empty without one.
pub fn area(console: &Console, body: Rect) -> Rect {
    match &console.overlay {
        Some(Overlay::Confirm(confirm)) => confirm::area(confirm, body),
        Some(Overlay::Help(_)) => help::area(body),
        Some(Overlay::Palette(_)) => palette::area(body),
        Some(Overlay::Teach(teaching)) => teach::area(teaching, body),
        Some(Overlay::Quit(ask)) => quit::area(ask, body),
        None => Rect::default(),
    }
}

/// Draws it; returns where the cursor blinks when a text field has the focus.
pub fn draw(console: &Console, body: Rect, theme: Theme, buffer: &mut Buffer) -> Option<Position> {
    let area = area(console, body);
    if area.is_empty() {
        return None;
    }
    Clear.render(area, buffer);
    match console.overlay.as_ref()? {
        Overlay::Confirm(confirm) => confirm::draw(confirm, area, theme, buffer),
        Overlay::Help(help) => Some(help::draw(console, help, area, theme, buffer)),
        Overlay::Palette(palette) => Some(palette::draw(console, palette, area, theme, buffer)),
        Overlay::Teach(teaching) => teach::draw(teaching, area, theme, buffer),
        Overlay::Quit(ask) => {
            quit::draw(console, ask, area, theme, buffer);
            None
        }
    }
}

/// Of the open overlay, where its text may be longer than the screen: the rows of a page, and how many of its rows can be
/// the first one on the screen.
pub fn scrolled(console: &Console, body: Rect) -> (u16, u16) {
    let (room, rows) = match &console.overlay {
        Some(Overlay::Confirm(confirm)) => confirm::measures(confirm, body),
        Some(Overlay::Help(help)) => help::measures(console, help, body),
        Some(Overlay::Palette(_) | Overlay::Teach(_) | Overlay::Quit(_)) | None => return (1, 1),
    };
    let tops = u16::try_from(rows.saturating_sub(room)).unwrap_or(u16::MAX).saturating_add(1);
    (u16::try_from(room).unwrap_or(u16::MAX).saturating_sub(1).max(1), tops)
}

/// A place of this size in the middle, as far as there is room.
fn centred(body: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(body.width), height.min(body.height));
    Rect { x: body.x + (body.width - width) / 2, y: body.y + (body.height - height) / 2, width, height }
}

/// Frame of an overlay; returns what is inside. A style may underline words: under a border it would be a row of ticks.
fn frame(area: Rect, title: &str, style: Style, buffer: &mut Buffer) -> Rect {
    let block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(style.remove_modifier(Modifier::UNDERLINED))
        .padding(Padding::horizontal(1))
        .title(Span::styled(format!(" {title} "), style.add_modifier(Modifier::BOLD)));
    let inner = block.inner(area);
    block.render(area, buffer);
    inner
}

/// Columns of a row of buttons.
fn buttons_width(labels: &[(String, bool, bool)]) -> u16 {
    labels.iter().map(|(label, ..)| width(label) + 4).sum()
}

/// A row of buttons, right-aligned: label, focused, dangerous.
fn buttons(row: Rect, labels: &[(String, bool, bool)], theme: Theme, buffer: &mut Buffer) {
    let mut x = row.right().saturating_sub(buttons_width(labels)).max(row.x);
    for (label, focused, danger) in labels {
        let text = if *focused { format!("[ {label} ]") } else { format!("  {label}  ") };
        x += put(buffer, x, row.y, row.right().saturating_sub(x), &text, theme.button(*focused, *danger));
    }
}
