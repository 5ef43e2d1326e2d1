//! The last row: what can be done now; what cannot is dim. Or the text field.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::{put, put_field, width};
use crate::console::Console;
use crate::console::binding::{Binding, Group};
use crate::console::command::{Command, LineCommand, ProgramCommand, ViewCommand};
use crate::console::scope::Scope;
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
    /// always there
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
    let scope = console.panes.scope();
    let of = |group: Group| {
        console.keymap.rows().iter().filter(move |binding| binding.group == group && binding.scopes.contain(scope))
    };
    let help = |binding: &&Binding| binding.command == Command::View(ViewCommand::Help);
    let own = of(Group::of(scope));
    let all =
        of(Group::View).filter(help).chain(own).chain(of(Group::Own)).chain(of(Group::View).filter(move |b| !help(b)));
    all.chain(of(Group::Program))
        .filter(|binding| console.offers(binding.command))
        .filter_map(|binding| {
            Some(Hint {
                key: keys(console, binding)?,
                label: console.word(binding)?,
                vital: vital(binding.command, scope),
                allowed: console.allows(&console.on_selection(binding.command)).is_ok(),
            })
        })
        .collect()
}

/// The first of its keys; of a way and its way back, both.
fn keys(console: &Console, binding: &Binding) -> Option<String> {
    let forwards = binding.command == Command::Line(LineCommand::NextTrouble);
    let back = forwards.then_some(Command::Line(LineCommand::PreviousTrouble));
    let back = back.and_then(|back| console.keymap.binding(back));
    let mut keys = binding.keys.first()?.to_string();
    keys.extend(back.and_then(|back| back.keys.first()).map(ToString::to_string));
    Some(keys)
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

/// Help, and the ways out.
fn vital(command: Command, scope: Scope) -> bool {
    match command {
        Command::View(ViewCommand::Help) | Command::Program(ProgramCommand::Quit) => true,
        Command::View(ViewCommand::Media) => scope == Scope::Media,
        Command::View(ViewCommand::GitHub) => scope == Scope::GitHub,
        Command::View(ViewCommand::Wall) => scope == Scope::Wall,
        Command::Change(_)
        | Command::Line(_)
        | Command::Log(_)
        | Command::Move(_)
        | Command::View(_)
        | Command::Program(_)
        | Command::Plugin(_) => false,
    }
}

fn draw_field(label: &str, field: &Field, hint: &str, area: Rect, theme: Theme, buffer: &mut Buffer) -> Position {
    let mut x = area.x + 1;
    x += put(buffer, x, area.y, area.right().saturating_sub(x), label, theme.key()) + 1;
    let room = area.right().saturating_sub(x);
    // Where it is narrow, the last of its parts: how to get out.
    let fits = |hint: &&str| room > width(hint) + 22;
    let parts = std::iter::successors(Some(hint), |hint| hint.split_once(" · ").map(|(_, rest)| rest));
    let hint = parts.into_iter().find(fits).unwrap_or_default();
    let hint_width = width(hint) + 2;
    let field_room = if hint.is_empty() { room } else { room - hint_width };
    if field_room < room {
        put(buffer, area.right() - hint_width, area.y, hint_width, hint, theme.dim());
    }
    put_field(field, x, Rect { width: area.width - (room - field_room), ..area }, theme, buffer)
}
