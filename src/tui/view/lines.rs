//! The lines: one row each, columns as wide as their content, the less important ones dropped when it is narrow.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use super::columns::{Cell, Column, Grid, total_width};
use super::{empty, frame, put_below};
use crate::console::click::Target;
use crate::console::lines::LineRow;
use crate::console::panes::Pane;
use crate::console::run::{RunState, Still};
use crate::console::{Console, age};
use crate::tui::hits::Hit;
use crate::tui::theme::Theme;
use crate::vcenter::{LinkState, PowerState, ToolsStatus, Vm};

const NO_VALUE: &str = "–";
/// Of a run, where something is left out; the rest of its words is in the other panes.
const NARROW_RUN_WIDTH: u16 = 24;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LineColumn {
    Line,
    Flag,
    Live,
    Prev,
    Build,
    Run,
    /// power, address and tools in one
    Guest,
    Power,
    Address,
    Tools,
}

use LineColumn::{Address, Build, Guest, Live, Power, Prev, Tools};

/// What is left out and how many columns stand between the others: the first that fits, else the last.
const LAYOUTS: [(&[LineColumn], u16); 7] = [
    (&[Guest], 2),
    (&[Power, Address, Tools], 2),
    (&[Power, Address, Tools], 1),
    (&[Power, Address, Tools, Prev], 1),
    (&[Power, Address, Tools, Prev, Guest], 1),
    (&[Power, Address, Tools, Prev, Guest, Build], 1),
    (&[Power, Address, Tools, Prev, Guest, Build, Live], 1),
];

impl LineColumn {
    /// From left to right.
    const ALL: [Self; 10] = [Self::Line, Self::Flag, Live, Prev, Build, Self::Run, Guest, Power, Address, Tools];

    const fn title(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Flag => "",
            Self::Live => "live",
            Self::Prev => "prev",
            Self::Build => "build",
            Self::Run => "run",
            Self::Guest | Self::Power => "guest",
            Self::Address => "address",
            Self::Tools => "tools",
        }
    }

    fn cell(self, console: &Console, row: &LineRow, theme: Theme) -> Cell {
        let generations = &row.generations;
        match self {
            Self::Line => (row.line.key.0.clone(), if row.line.enabled { Style::new() } else { theme.dim() }),
            Self::Flag => flag(row, console.ongoing.contains_key(&row.line.key), theme),
            Self::Live => template_age(console, generations.live.as_ref(), theme),
            Self::Prev => template_age(console, generations.prev.as_ref(), theme),
            Self::Build => template_age(console, generations.build.as_ref(), theme),
            Self::Run => run(console, row, theme),
            Self::Guest => whole_guest(row.guest(), theme),
            Self::Power => power(row.guest(), theme),
            Self::Address => or_no_value(row.guest().and_then(|vm| vm.ip_address.clone()), theme),
            Self::Tools => tools(row.guest(), theme),
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
    let cells = |column: LineColumn| lines.iter().map(move |row| column.cell(console, row, theme));
    let columns = LineColumn::ALL.map(|column| (column, Column::fitted(column.title(), cells(column))));
    let (columns, gap) = fit(columns, inner.width.saturating_sub(3));
    let grid = Grid { gap, mark: "▸ ", selected: console.lines.selected_index(), focused };
    hits(&grid.draw(columns, inner, theme, buffer), &lines)
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
        empty(inner, &[(&text, Style::new()), ("Esc shows all", theme.dim())], buffer);
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

/// The columns at the widths that the room allows, and what stands between them.
fn fit(columns: [(LineColumn, Column); LineColumn::ALL.len()], room: u16) -> ([Column; LineColumn::ALL.len()], u16) {
    let width = |(id, column): &(LineColumn, Column), left_out: &[LineColumn]| {
        if left_out.contains(id) {
            0
        } else if *id == LineColumn::Run && left_out.len() > 1 {
            column.width.min(NARROW_RUN_WIDTH)
        } else {
            column.width
        }
    };
    let total =
        |(left_out, gap): (&[LineColumn], u16)| total_width(columns.iter().map(|column| width(column, left_out)), gap);
    let fitting = LAYOUTS.into_iter().find(|variant| total(*variant) <= room);
    let (left_out, gap) = fitting.unwrap_or(LAYOUTS[LAYOUTS.len() - 1]);
    let free = room.saturating_sub(total((left_out, gap)));
    let fitted = columns.map(|column| {
        let narrow = width(&column, left_out);
        let (id, mut column) = column;
        // A run says all of it where nothing else needs the room.
        if id != LineColumn::Run || column.width > narrow.saturating_add(free) {
            column.width = narrow;
        }
        column
    });
    (fitted, gap)
}

/// A text that may not be known.
fn or_no_value(text: Option<String>, theme: Theme) -> Cell {
    text.map_or_else(|| (NO_VALUE.into(), theme.dim()), |text| (text, Style::new()))
}

fn template_age(console: &Console, vm: Option<&Vm>, theme: Theme) -> Cell {
    let age = |created| age::short(console.now, created, &console.zone);
    or_no_value(vm.map(|vm| vm.created.map_or_else(|| "yes".into(), age)), theme)
}

fn flag(row: &LineRow, ongoing: bool, theme: Theme) -> Cell {
    let generations = &row.generations;
    if !generations.duplicates.is_empty() {
        ("▲ TWICE".into(), theme.bad())
    } else if generations.pending().is_some() && !ongoing {
        ("▲ SWAP".into(), theme.bad())
    } else if generations.hold.is_some() {
        ("HELD".into(), theme.warn())
    } else if !row.line.enabled {
        ("off".into(), theme.dim())
    } else if row.iso_missing {
        ("▲ ISO".into(), theme.bad())
    } else {
        (String::new(), Style::new())
    }
}

fn run(console: &Console, row: &LineRow, theme: Theme) -> Cell {
    if let Some(ongoing) = console.ongoing.get(&row.line.key) {
        return (format!("◌ {}", ongoing.operation), theme.busy());
    }
    if row.live_run().is_none()
        && let Some(what) = console.built_at_github(&row.line.key)
    {
        return (format!("● GitHub {what}"), theme.busy());
    }
    let Some(run) = &row.run else { return (NO_VALUE.into(), theme.dim()) };
    let since = |at| age::short(console.now, at, &console.zone);
    let ended = since(run.ended.unwrap_or(run.started));
    let phase = run.phase.as_deref().unwrap_or("running");
    if let Some(still) = run.still.as_ref().filter(|_| run.state == RunState::Running) {
        return (stuck(console, still), theme.bad());
    }
    match run.state {
        RunState::Starting => ("◌ starting".into(), theme.busy()),
        RunState::Running if run.reason.is_some() => (format!("▲ unsupervised, {phase}"), theme.bad()),
        RunState::Running => (format!("● {phase} {}", since(run.started)), theme.busy()),
        RunState::Cancelling => ("◌ cancelling".into(), theme.warn()),
        RunState::Succeeded => (format!("✓ built {ended}"), theme.good()),
        RunState::Failed { .. } => (format!("✗ failed {ended}"), theme.bad()),
        RunState::Cancelled => (format!("⊘ cancelled {ended}"), theme.dim()),
        RunState::Lost => (format!("? lost {ended}"), theme.bad()),
    }
}

/// A console that stands still although it should not.
fn stuck(console: &Console, still: &Still) -> String {
    let what = if still.blank { "blank" } else { "unchanged" };
    let tools = if still.tools_ran { "" } else { ", tools never ran" };
    let since = still.since.to_zoned(console.zone.clone()).strftime("%H:%M").to_string();
    format!("▲ {what} since {since}{tools}")
}

/// All of a guest in a few words. Its address comes from the tools in it, so that says the rest as well.
fn whole_guest(guest: Option<&Vm>, theme: Theme) -> Cell {
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
        Some(PowerState::PoweredOn) => ("on".into(), theme.good()),
        Some(PowerState::PoweredOff) => ("off".into(), Style::new()),
        Some(PowerState::Suspended) => ("suspended".into(), theme.warn()),
        Some(PowerState::Unknown) => ("unknown".into(), theme.warn()),
        None => (NO_VALUE.into(), theme.dim()),
    }
}

fn tools(guest: Option<&Vm>, theme: Theme) -> Cell {
    match guest.map(|vm| vm.tools_running_status) {
        Some(Some(ToolsStatus::GuestToolsRunning)) => ("yes".into(), theme.good()),
        Some(Some(ToolsStatus::GuestToolsExecutingScripts)) => ("script".into(), theme.busy()),
        Some(_) => ("no".into(), Style::new()),
        None => (NO_VALUE.into(), theme.dim()),
    }
}
