//! The last row: what can be done now; what cannot is dim. Or the text field.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::{put, put_field, width};
use crate::console::Console;
use crate::console::binding::{BINDINGS, Binding, Group};
use crate::console::command::{Change, Command, GenerationChange, LogCommand, ProgramCommand, ViewCommand};
use crate::console::panes::{Pane, View};
use crate::console::text::Field;
use crate::tui::theme::Theme;

/// Between two of them.
const GAP: u16 = 2;

/// Draws it; returns where the cursor blinks when there is a text field.
pub fn draw(console: &Console, area: Rect, theme: Theme, buffer: &mut Buffer) -> Option<Position> {
    if area.is_empty() {
        return None;
    }
    if let Some((label, field, hint)) = console.prompt_parts() {
        return Some(draw_field(label, field, hint, area, theme, buffer));
    }
    let mut x = area.x + 1;
    for hint in fitting(hints(console), area.width.saturating_sub(1)) {
        let (key_style, style) =
            if hint.allowed { (theme.key(), ratatui::style::Style::new()) } else { (theme.dim(), theme.dim()) };
        x += put(buffer, x, area.y, area.right().saturating_sub(x), &hint.key, key_style) + 1;
        x += put(buffer, x, area.y, area.right().saturating_sub(x), hint.label, style) + GAP;
    }
    None
}

struct Hint {
    key: String,
    label: &'static str,
    /// help, and the way out: always there
    vital: bool,
    /// it can be done now
    allowed: bool,
}

impl Hint {
    fn width(&self) -> u16 {
        width(&self.key) + 1 + width(self.label) + GAP
    }
}

/// Help, the focused pane's own, then those of every pane, and the way out.
fn hints(console: &Console) -> Vec<Hint> {
    let own = match (console.panes.view, console.panes.focus) {
        _ if console.github.open => Group::GitHub,
        (View::Media, _) => Group::Media,
        (View::Lines, Pane::Log) => Group::Log,
        (View::Lines, _) => Group::Line,
    };
    let here = move |binding: &&Binding| {
        console.panes.view == View::Lines
            || !matches!(binding.command, Command::View(ViewCommand::Zoom | ViewCommand::NextPane))
    };
    let of = |group: Group| BINDINGS.iter().filter(move |binding| binding.group == group);
    let help = |binding: &&Binding| binding.command == Command::View(ViewCommand::Help);
    let all = of(Group::View).filter(help).chain(of(own)).chain(of(Group::View).filter(move |b| !help(b)));
    let all = all.filter(here);
    all.chain(of(Group::Program))
        .filter_map(|binding| {
            Some(Hint {
                key: binding.keys.first()?.to_string(),
                label: label(console, binding)?,
                vital: matches!(
                    binding.command,
                    Command::View(ViewCommand::Help) | Command::Program(ProgramCommand::Quit)
                ),
                allowed: console.allows(&console.on_selection(binding.command)).is_ok(),
            })
        })
        .collect()
}

/// Those that have room, in their order: the vital ones, then what can be done now, then the rest.
fn fitting(hints: Vec<Hint>, room: u16) -> Vec<Hint> {
    let mut ranked: Vec<usize> = (0..hints.len()).collect();
    ranked.sort_by_key(|index| (!hints[*index].vital, !hints[*index].allowed, *index));
    // No gap after the last one.
    let mut left = room + GAP;
    let mut fits = vec![false; hints.len()];
    for index in ranked {
        let needed = hints[index].width();
        if needed > left {
            // One that is shorter would stand there out of its turn.
            break;
        }
        left -= needed;
        fits[index] = true;
    }
    hints.into_iter().zip(fits).filter_map(|(hint, fits)| fits.then_some(hint)).collect()
}

fn label(console: &Console, binding: &'static Binding) -> Option<&'static str> {
    let held = || console.lines.selected().is_some_and(|row| row.generations.hold.is_some());
    match binding.command {
        Command::Change(Change::Generation(GenerationChange::HoldOrRelease)) if held() => Some("release"),
        Command::View(ViewCommand::Find) if console.panes.focus == Pane::Log => Some("search"),
        Command::View(ViewCommand::Find) if console.panes.focus == Pane::Picture && console.words.shown => {
            Some("search")
        }
        Command::Log(LogCommand::Follow) if console.log.follows() => Some("pause"),
        Command::View(ViewCommand::Zoom) if console.github.open => Some("open log"),
        Command::View(ViewCommand::Media) if console.panes.view == View::Media => Some("lines"),
        Command::View(ViewCommand::Zoom) if console.panes.zoomed => Some("unzoom"),
        _ => binding.hint,
    }
}

fn draw_field(label: &str, field: &Field, hint: &str, area: Rect, theme: Theme, buffer: &mut Buffer) -> Position {
    let mut x = area.x + 1;
    x += put(buffer, x, area.y, area.right().saturating_sub(x), label, theme.key()) + 1;
    let room = area.right().saturating_sub(x);
    let hint_width = width(hint) + 2;
    let field_room = if room > hint_width + 20 { room - hint_width } else { room };
    if field_room < room {
        put(buffer, area.right() - hint_width, area.y, hint_width, hint, theme.dim());
    }
    put_field(field, x, Rect { width: area.width - (room - field_room), ..area }, theme, buffer)
}
