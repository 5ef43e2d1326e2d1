//! The last row: what can be done now; what cannot is dim. Or the text field.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::{put, width};
use crate::console::Console;
use crate::console::binding::{BINDINGS, Binding, Command, Group};
use crate::console::panes::Pane;
use crate::console::text::Field;
use crate::tui::theme::Theme;

/// Draws it; returns where the cursor blinks when there is a text field.
pub fn draw(console: &Console, area: Rect, theme: Theme, buffer: &mut Buffer) -> Option<Position> {
    if area.is_empty() {
        return None;
    }
    if let Some((label, field, hint)) = console.prompt_parts() {
        return Some(draw_field(label, field, hint, area, theme, buffer));
    }
    let mut x = area.x + 1;
    for binding in shown(console) {
        let Some(label) = label(console, binding) else { continue };
        let Some(key) = binding.keys.first().map(ToString::to_string) else { continue };
        let needed = width(&key) + 1 + width(label);
        if x + needed > area.right() {
            break;
        }
        let allowed = console.allows(&console.aimed(binding.command)).is_ok();
        let (key_style, style) =
            if allowed { (theme.key(), ratatui::style::Style::new()) } else { (theme.dim(), theme.dim()) };
        x += put(buffer, x, area.y, area.right() - x, &key, key_style) + 1;
        x += put(buffer, x, area.y, area.right().saturating_sub(x), label, style) + 2;
    }
    None
}

/// The focused pane's own, then those of every pane; `?` and `q` always have room.
fn shown(console: &Console) -> impl Iterator<Item = &'static Binding> {
    let own = if console.panes.focus == Pane::Log { Group::Log } else { Group::Line };
    let of = |group: Group| BINDINGS.iter().filter(move |binding| binding.group == group);
    let always = |binding: &&Binding| matches!(binding.command, Command::Help);
    of(Group::View)
        .filter(always)
        .chain(of(own))
        .chain(of(Group::View).filter(move |b| !always(b)))
        .chain(of(Group::Program))
}

fn label(console: &Console, binding: &'static Binding) -> Option<&'static str> {
    let held = || console.lines.selected().is_some_and(|row| row.generations.hold.is_some());
    match binding.command {
        Command::Hold if held() => Some("release"),
        Command::Find if console.panes.focus == Pane::Log => Some("search"),
        Command::Follow if console.log.follows() => Some("pause"),
        Command::Zoom if console.panes.zoomed => Some("unzoom"),
        _ => binding.hint,
    }
}

fn draw_field(label: &str, field: &Field, hint: &str, area: Rect, theme: Theme, buffer: &mut Buffer) -> Position {
    let mut x = area.x + 1;
    x += put(buffer, x, area.y, area.right().saturating_sub(x), label, theme.key()) + 1;
    let room = area.right().saturating_sub(x);
    let hint_width = width(hint) + 2;
    let field_room = if room > hint_width + 20 { room - hint_width } else { room };
    let (text, cursor) = field.visible(usize::from(field_room));
    put(buffer, x, area.y, field_room, &text, theme.bold());
    if field_room < room {
        put(buffer, area.right() - hint_width, area.y, hint_width, hint, theme.dim());
    }
    Position { x: (x + u16::try_from(cursor).unwrap_or(0)).min(area.right().saturating_sub(1)), y: area.y }
}
