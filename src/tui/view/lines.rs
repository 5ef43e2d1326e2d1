//! The lines: one row each, columns of fixed widths, the less important ones left out when it is narrow.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use super::columns::{Cell, Column, Grid, total_width};
use super::{empty, flags, frame, put, put_below, result, width};
use crate::config::Order;
use crate::console::binding::keyed;
use crate::console::click::Target;
use crate::console::lines::LineRow;
use crate::console::panes::Pane;
use crate::console::past::STRIP;
use crate::console::trouble::Trouble;
use crate::console::{Console, age};
use crate::tui::hits::Hit;
use crate::tui::theme::Theme;
use crate::vcenter::{LinkState, PowerState, ToolsStatus, Vm};

const NO_VALUE: &str = "–";
/// Of a run, when something else is left out for it.
const RUN_WIDTH: u16 = 19;
/// `10.0.208.131`, `on, no tools`.
const GUEST_WIDTH: u16 = 12;
/// `Mar 04`, `55m`.
const AGE_WIDTH: u16 = 6;
/// `✓✓✗✓✗`.
const STRIP_WIDTH: u16 = STRIP;
/// `▲ SWAP`, `▲ISO+1`.
const FLAG_WIDTH: u16 = 6;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LineColumn {
    Line,
    Flag,
    Live,
    Prev,
    Build,
    /// how the last runs ended
    Strip,
    Run,
    /// power, address and tools in one
    Guest,
}

use LineColumn::{Build, Flag, Guest, Live, Prev, Strip};

/// What is left out: the first that leaves a run its room, else the last. It follows from the screen's width and the
/// names of the lines, and never from what happens: columns do not jump.
const LEFT_OUT: [&[LineColumn]; 7] = [
    &[],
    &[Strip],
    &[Strip, Prev],
    &[Strip, Prev, Guest],
    &[Strip, Prev, Guest, Build],
    &[Strip, Prev, Guest, Build, Live],
    &[Strip, Prev, Guest, Build, Live, Flag],
];

impl LineColumn {
    /// From left to right.
    const ALL: [Self; 8] = [Self::Line, Flag, Live, Prev, Build, Strip, Self::Run, Guest];

    const fn title(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Flag => "",
            Self::Live => "live",
            Self::Prev => "prev",
            Self::Build => "build",
            Self::Strip => "last",
            Self::Run => "run",
            Self::Guest => "guest",
        }
    }

    /// Its width; that of a run is what the others leave.
    fn width(self, console: &Console) -> u16 {
        let names = || console.lines.all().iter().map(|row| width(&row.line.key.0)).max().unwrap_or(0);
        match self {
            Self::Line => names().max(4),
            Self::Flag => FLAG_WIDTH,
            Self::Live | Self::Prev | Self::Build => AGE_WIDTH,
            Self::Strip => STRIP_WIDTH,
            Self::Run => 0,
            Self::Guest => GUEST_WIDTH,
        }
    }

    fn cell(self, console: &Console, row: &LineRow, width: u16, theme: Theme) -> Cell {
        let generations = &row.generations;
        match self {
            Self::Line => (row.line.key.0.clone(), if row.line.enabled { Style::new() } else { theme.dim() }),
            Self::Flag => flags::cell(row, console.ongoing.contains_key(&row.line.key), width, theme),
            Self::Live => {
                let (text, style) = template_age(console, generations.live.as_ref(), theme);
                (text, if row.stale { theme.warn() } else { style })
            }
            Self::Prev => template_age(console, generations.prev.as_ref(), theme),
            Self::Build => template_age(console, generations.build.as_ref(), theme),
            Self::Strip => (console.strip(row), theme.dim()),
            Self::Run => result::cell(console, row, width, theme),
            Self::Guest => whole_guest(row.guest(), theme),
        }
    }
}

/// Draws the pane; returns where each line is.
pub fn draw(console: &Console, area: Rect, theme: Theme, buffer: &mut Buffer) -> Vec<Hit> {
    if area.is_empty() {
        return Vec::new();
    }
    let focused = console.panes.focus == Pane::Lines;
    let inner = frame(area, title(console, theme, focused), focused, theme, buffer);
    let Some((inner, lines)) = shown(console, inner, theme, buffer) else { return Vec::new() };
    let (widths, gap) = widths(console, inner.width.saturating_sub(3));
    let columns = widths.map(|(id, width)| {
        Column::sized(id.title(), width, lines.iter().map(move |row| id.cell(console, row, width, theme)))
    });
    let bar = console.lines.selected().map(|row| row.trouble());
    let bar = if focused { bar.map(|trouble| theme.bar(trouble >= Trouble::Unready)) } else { None };
    let grid = Grid { gap, mark: "▸ ", selected: console.lines.selected_index(), bar };
    let drawn = grid.draw(columns, inner, theme, buffer);
    if drawn.len() < lines.len() {
        let at = console.lines.selected_index().map_or(0, |index| index + 1);
        let text = format!(" {at}/{} ", lines.len());
        let x = area.right().saturating_sub(width(&text) + 2).max(area.x);
        put(buffer, x, area.bottom().saturating_sub(1), area.right().saturating_sub(x), &text, theme.dim());
    }
    hits(&drawn, &lines)
}

/// The columns' widths in this room, and what stands between them.
fn widths(console: &Console, room: u16) -> ([(LineColumn, u16); LineColumn::ALL.len()], u16) {
    let width = |id: LineColumn, left_out: &[LineColumn]| if left_out.contains(&id) { 0 } else { id.width(console) };
    let taken = |left_out: &[LineColumn], gap| {
        total_width(LineColumn::ALL.map(|id| width(id, left_out)), gap).saturating_add(gap)
    };
    let fits = |left_out: &[LineColumn], gap| taken(left_out, gap).saturating_add(RUN_WIDTH) <= room;
    let found = LEFT_OUT.into_iter().find(|left_out| fits(left_out, 1));
    let left_out = found.unwrap_or(LEFT_OUT[LEFT_OUT.len() - 1]);
    let gap = if fits(left_out, 2) { 2 } else { 1 };
    let rest = room.saturating_sub(taken(left_out, gap));
    let sized = |id| (id, if id == LineColumn::Run { rest } else { width(id, left_out) });
    (LineColumn::ALL.map(sized), gap)
}

/// The lines that the filter leaves, and the room for them; why there are none, or why the data is not current, is
/// drawn.
pub(super) fn shown<'a>(
    console: &'a Console,
    inner: Rect,
    theme: Theme,
    buffer: &mut Buffer,
) -> Option<(Rect, Vec<&'a LineRow>)> {
    let inner = draw_link_error(console, inner, theme, buffer);
    let visible = console.lines.visible();
    if visible.is_empty() {
        let text = format!("no line matches \"{}\"", console.lines.filter());
        empty(inner, &[(&text, Style::new()), (&keyed("‹back› shows all"), theme.dim())], buffer);
        return None;
    }
    Some((inner, visible))
}

/// What rows of a table of lines show.
pub(super) fn hits(drawn: &[(Rect, usize)], lines: &[&LineRow]) -> Vec<Hit> {
    let line = |(area, index): &(Rect, usize)| {
        let row = lines.get(*index)?;
        Some((*area, Target::Line(row.line.key.clone())))
    };
    drawn.iter().filter_map(line).collect()
}

fn title(console: &Console, theme: Theme, focused: bool) -> Vec<Span<'static>> {
    let mut title = vec![Span::styled(" Lines ", theme.title(focused))];
    let order = console.lines.order();
    if order != Order::Matrix {
        title.push(Span::styled(format!("· by {} ", order.word()), theme.dim()));
    }
    let filter = console.lines.filter();
    if !filter.is_empty() {
        let (left, all) = (console.lines.visible().len(), console.lines.all().len());
        title.push(Span::styled(format!("/{filter} {left} of {all} "), theme.warn()));
    }
    title
}

/// Why the data is not current, in the last rows of the pane; returns what is left.
fn draw_link_error(console: &Console, inner: Rect, theme: Theme, buffer: &mut Buffer) -> Rect {
    let (mark, reason, style) = match &console.session.link {
        LinkState::Lost { reason, .. } => ("▲", reason, theme.warn()),
        LinkState::Stopped { reason } => ("✗", reason, theme.bad()),
        LinkState::Connecting | LinkState::Live => return inner,
    };
    if inner.height < 4 {
        return inner;
    }
    put_below(inner, &format!("{mark} {reason}"), 2, style, buffer)
}

/// A text that may not be known.
fn or_no_value(text: Option<String>, theme: Theme) -> Cell {
    text.map_or_else(|| (NO_VALUE.into(), theme.dim()), |text| (text, Style::new()))
}

fn template_age(console: &Console, vm: Option<&Vm>, theme: Theme) -> Cell {
    let age = |created| age::short(console.now, created, &console.zone);
    or_no_value(vm.map(|vm| vm.created.map_or_else(|| "yes".into(), age)), theme)
}

/// All of a guest in a few words. Its address comes from the tools in it, so that says the rest as well.
pub(super) fn whole_guest(guest: Option<&Vm>, theme: Theme) -> Cell {
    let (power, style) = power(guest, theme);
    let Some(vm) = guest.filter(|vm| vm.power_state == PowerState::PoweredOn) else { return (power, style) };
    match (&vm.ip_address, vm.tools_running_status) {
        (Some(address), _) => (address.clone(), style),
        (None, Some(ToolsStatus::GuestToolsRunning | ToolsStatus::GuestToolsExecutingScripts)) => {
            ("on, tools".into(), style)
        }
        (None, _) => ("on, no tools".into(), style),
    }
}

fn power(guest: Option<&Vm>, theme: Theme) -> Cell {
    match guest.map(|vm| vm.power_state) {
        Some(power @ PowerState::PoweredOn) => (power.word().into(), theme.good()),
        Some(power @ PowerState::PoweredOff) => (power.word().into(), Style::new()),
        Some(power @ (PowerState::Suspended | PowerState::Unknown)) => (power.word().into(), theme.warn()),
        None => (NO_VALUE.into(), theme.dim()),
    }
}
