//! The lines: one row each, columns as wide as their content, the less important ones dropped when it is narrow.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use super::wrap::textwrap;
use super::{beside, empty, frame, put, width};
use crate::console::lines::LineRow;
use crate::console::panes::Pane;
use crate::console::run::{RunState, Still};
use crate::console::{Console, age};
use crate::tui::theme::Theme;
use crate::vcenter::{LinkState, PowerState, ToolsStatus, Vm};

const NONE: &str = "–";
const HEADINGS: [&str; COLUMNS] = ["line", "", "live", "prev", "build", "run", "guest", "guest", "address", "tools"];
const COLUMNS: usize = 10;
const LIVE: usize = 2;
const PREV: usize = 3;
const BUILD: usize = 4;
const RUN: usize = 5;
/// Power, address and tools in one column.
const GUEST: usize = 6;
const POWER: usize = 7;
const ADDRESS: usize = 8;
const TOOLS: usize = 9;
/// Of a run, where something is left out; the rest of its words is in the other panes.
const RUN_NARROW: u16 = 24;
/// What is left out and how many columns stand between the others: the first that fits, else the last.
const VARIANTS: [(&[usize], u16); 7] = [
    (&[GUEST], 2),
    (&[POWER, ADDRESS, TOOLS], 2),
    (&[POWER, ADDRESS, TOOLS], 1),
    (&[POWER, ADDRESS, TOOLS, PREV], 1),
    (&[POWER, ADDRESS, TOOLS, PREV, GUEST], 1),
    (&[POWER, ADDRESS, TOOLS, PREV, GUEST, BUILD], 1),
    (&[POWER, ADDRESS, TOOLS, PREV, GUEST, BUILD, LIVE], 1),
];

struct Row {
    cells: [(String, Style); COLUMNS],
    selected: bool,
}

/// Draws the pane.
pub fn draw(console: &Console, area: Rect, theme: Theme, buffer: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let focused = console.panes.focus == Pane::Lines;
    let inner = frame(area, title(console, theme, focused), focused, theme, buffer);
    let inner = trouble(console, inner, theme, buffer);
    let visible = console.lines.visible();
    if visible.is_empty() {
        let text = format!("no line matches \"{}\"", console.lines.filter());
        empty(inner, &[(&text, Style::new()), ("Esc shows all", theme.dim())], buffer);
        return;
    }
    let selected = console.lines.selected_index();
    let rows: Vec<Row> = visible
        .iter()
        .enumerate()
        .map(|(index, row)| Row { cells: cells(console, row, theme), selected: Some(index) == selected })
        .collect();
    draw_rows(&rows, inner, focused, theme, buffer);
}

/// First visible row, so that the selected one is on screen.
pub fn scrolled(selected: Option<usize>, room: usize) -> usize {
    selected.unwrap_or(0).saturating_sub(room.saturating_sub(1))
}

/// Index among the visible lines of what is drawn in a row of the screen.
pub fn row_at(console: &Console, area: Rect, y: u16) -> Option<usize> {
    let room = usize::from(area.height.saturating_sub(3));
    let first = scrolled(console.lines.selected_index(), room);
    let index = first + usize::from(y.checked_sub(area.y + 2)?);
    (index < console.lines.visible().len() && y + 1 < area.bottom()).then_some(index)
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
pub(super) fn trouble(console: &Console, inner: Rect, theme: Theme, buffer: &mut Buffer) -> Rect {
    let (mark, reason, style) = match &console.session.link {
        LinkState::Lost { reason, .. } => ("▲", reason, theme.warn()),
        LinkState::Stopped { reason } => ("✗", reason, theme.bad()),
        LinkState::Connecting | LinkState::Live => return inner,
    };
    if inner.height < 4 {
        return inner;
    }
    let text = format!("{mark} {reason}");
    let columns = usize::from(inner.width.saturating_sub(2).max(1));
    let mut parts = textwrap(&text, columns);
    parts.truncate(2);
    let taken = u16::try_from(parts.len()).unwrap_or(0);
    for (row, part) in (inner.bottom() - taken..inner.bottom()).zip(&parts) {
        put(buffer, inner.x + 1, row, inner.width.saturating_sub(1), part, style);
    }
    Rect { height: inner.height - taken, ..inner }
}

fn draw_rows(rows: &[Row], inner: Rect, focused: bool, theme: Theme, buffer: &mut Buffer) {
    let (widths, gap) = widths(rows, inner.width.saturating_sub(3));
    let mut x = inner.x + 2;
    for (heading, width) in HEADINGS.iter().zip(widths).filter(|(_, width)| *width > 0) {
        put(buffer, x, inner.y, inner.right().saturating_sub(x).min(width), heading, theme.dim());
        x = x.saturating_add(width).saturating_add(gap);
    }
    let room = usize::from(inner.height.saturating_sub(1));
    let first = scrolled(rows.iter().position(|row| row.selected), room);
    for (y, row) in (inner.y + 1..inner.bottom()).zip(rows.iter().skip(first)) {
        draw_row(row, Rect { y, height: 1, ..inner }, (&widths, gap), focused, theme, buffer);
    }
}

fn draw_row(
    row: &Row,
    place: Rect,
    (widths, gap): (&[u16; COLUMNS], u16),
    focused: bool,
    theme: Theme,
    buffer: &mut Buffer,
) {
    let bar = row.selected && focused;
    if bar {
        buffer.set_style(place, theme.selected());
    }
    if row.selected {
        let style = if bar { theme.selected() } else { theme.bold() };
        put(buffer, place.x, place.y, 1, "▸", style);
    }
    let mut x = place.x + 2;
    for ((text, style), width) in row.cells.iter().zip(widths).filter(|(_, width)| **width > 0) {
        let style = match (bar, row.selected) {
            (true, _) => theme.selected(),
            (false, true) => style.patch(theme.bold()),
            (false, false) => *style,
        };
        put(buffer, x, place.y, place.right().saturating_sub(x).min(*width), text, style);
        x = x.saturating_add(*width).saturating_add(gap);
    }
}

/// As wide as the content; columns that are left out have width 0. And what stands between them.
fn widths(rows: &[Row], room: u16) -> ([u16; COLUMNS], u16) {
    let mut all = [0; COLUMNS];
    for (index, column) in all.iter_mut().enumerate() {
        let content = rows.iter().map(|row| width(&row.cells[index].0)).max().unwrap_or(0);
        *column = if content == 0 { 0 } else { content.max(width(HEADINGS[index])) };
    }
    let variant = |(left_out, gap): (&[usize], u16)| {
        let mut widths = all;
        left_out.iter().for_each(|column| widths[*column] = 0);
        if left_out.len() > 1 {
            widths[RUN] = widths[RUN].min(RUN_NARROW);
        }
        (widths, gap)
    };
    let total = |(widths, gap): &([u16; COLUMNS], u16)| beside(widths, *gap);
    let mut variants = VARIANTS.into_iter().map(variant);
    let mut fitting =
        variants.find(|variant| total(variant) <= room).unwrap_or_else(|| variant(VARIANTS[VARIANTS.len() - 1]));
    // A run says all of it where nothing else needs the room.
    if all[RUN] <= fitting.0[RUN] + room.saturating_sub(total(&fitting)) {
        fitting.0[RUN] = all[RUN];
    }
    fitting
}

fn cells(console: &Console, row: &LineRow, theme: Theme) -> [(String, Style); COLUMNS] {
    let plain =
        |text: &str| if text == NONE { (text.to_owned(), theme.dim()) } else { (text.to_owned(), Style::new()) };
    let aged = |vm: &Option<Vm>| plain(&vm.as_ref().map_or_else(|| NONE.into(), |vm| template_age(console, vm)));
    let name = if row.line.enabled { Style::new() } else { theme.dim() };
    let guest = row.guest();
    let address = guest.and_then(|vm| vm.ip_address.as_deref()).unwrap_or(NONE);
    [
        (row.line.key.0.clone(), name),
        flag(row, console.ongoing.contains_key(&row.line.key), theme),
        aged(&row.generations.live),
        aged(&row.generations.prev),
        aged(&row.generations.build),
        run(console, row, theme),
        whole_guest(guest, theme),
        power(guest, theme),
        plain(address),
        tools(guest, theme),
    ]
}

fn template_age(console: &Console, vm: &Vm) -> String {
    vm.created.map_or_else(|| "yes".into(), |created| age::short(console.now, created, &console.zone))
}

fn flag(row: &LineRow, ongoing: bool, theme: Theme) -> (String, Style) {
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

fn run(console: &Console, row: &LineRow, theme: Theme) -> (String, Style) {
    if let Some(ongoing) = console.ongoing.get(&row.line.key) {
        return (format!("◌ {}", ongoing.operation), theme.busy());
    }
    if row.live_run().is_none()
        && let Some(what) = console.built_at_github(&row.line.key)
    {
        return (format!("● GitHub {what}"), theme.busy());
    }
    let Some(run) = &row.run else { return (NONE.into(), theme.dim()) };
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
fn whole_guest(guest: Option<&Vm>, theme: Theme) -> (String, Style) {
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

fn power(guest: Option<&Vm>, theme: Theme) -> (String, Style) {
    match guest.map(|vm| vm.power_state) {
        Some(PowerState::PoweredOn) => ("on".into(), theme.good()),
        Some(PowerState::PoweredOff) => ("off".into(), Style::new()),
        Some(PowerState::Suspended) => ("suspended".into(), theme.warn()),
        None => (NONE.into(), theme.dim()),
    }
}

fn tools(guest: Option<&Vm>, theme: Theme) -> (String, Style) {
    match guest.map(|vm| vm.tools_running_status) {
        Some(Some(ToolsStatus::GuestToolsRunning)) => ("yes".into(), theme.good()),
        Some(Some(ToolsStatus::GuestToolsExecutingScripts)) => ("script".into(), theme.busy()),
        Some(_) => ("no".into(), Style::new()),
        None => (NONE.into(), theme.dim()),
    }
}
