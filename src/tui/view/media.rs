//! Install media: one row a line, and below everything about the selected one.

mod detail;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use super::columns::{Cell, Column, Grid, total_width};
use super::frame;
use super::lines::{hits, shown};
use crate::console::lines::LineRow;
use crate::console::media::{Medium, Offer, Work};
use crate::console::{Console, age};
use crate::iso::discover::file_name;
use crate::iso::rate;
use crate::tui::hits::Hit;
use crate::tui::theme::Theme;

/// Below this the ISO's column tells nothing.
const MIN_ISO_WIDTH: u16 = 10;
const GAP: u16 = 2;
/// Rows of the table that stay, heading included, however much there is to say about one line.
const MIN_TABLE_ROWS: u16 = 5;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MediaColumn {
    Line,
    /// takes what the others leave
    Iso,
    Mirror,
    Datastore,
    /// dropped when it is narrow, after the ISO
    Checked,
}

impl MediaColumn {
    /// From left to right.
    const ALL: [Self; 5] = [Self::Line, Self::Iso, Self::Mirror, Self::Datastore, Self::Checked];

    const fn title(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Iso => "ISO",
            Self::Mirror => "mirror",
            Self::Datastore => "datastore",
            Self::Checked => "checked",
        }
    }

    fn cell(self, console: &Console, row: &LineRow, theme: Theme) -> Cell {
        let medium = console.media.get(&row.line.key);
        let name = if row.line.enabled { Style::new() } else { theme.dim() };
        match self {
            Self::Line => (row.line.key.0.clone(), name),
            Self::Iso => match iso(row, medium) {
                iso if iso.is_empty() => ("?".into(), theme.dim()),
                iso => (iso, name),
            },
            Self::Mirror => mirror(row, medium, theme),
            Self::Datastore => datastore(console, medium, theme),
            Self::Checked => {
                let asked = medium.and_then(|medium| medium.offer.as_ref());
                let ago = asked.map(|(at, _)| age::short(console.now, *at, &console.zone));
                (ago.unwrap_or_else(|| "–".into()), theme.dim())
            }
        }
    }
}

/// Draws the view; returns where each line is.
pub fn draw(console: &Console, area: Rect, theme: Theme, buffer: &mut Buffer) -> Vec<Hit> {
    if area.is_empty() {
        return Vec::new();
    }
    let inner = frame(area, title(console, theme), true, theme, buffer);
    let Some((inner, lines)) = shown(console, inner, theme, buffer) else { return Vec::new() };
    let details = detail::rows(console, inner.width, theme);
    let (table, below) = split(inner, lines.len(), details.len());
    let cells = |column: MediaColumn| lines.iter().map(move |row| column.cell(console, row, theme));
    let columns = MediaColumn::ALL.map(|column| (column, Column::fitted(column.title(), cells(column))));
    let grid = Grid { gap: GAP, mark: "▸ ", selected: console.lines.selected_index(), bar: Some(theme.selected()) };
    let drawn = grid.draw(fit(columns, table.width.saturating_sub(3)), table, theme, buffer);
    detail::draw(&details, below, theme, buffer);
    hits(&drawn, &lines)
}

/// The table above, what is said about the selected line below.
fn split(inner: Rect, lines: usize, details: usize) -> (Rect, Rect) {
    let wanted = u16::try_from(lines + 1).unwrap_or(u16::MAX);
    let details = u16::try_from(details + 1).unwrap_or(u16::MAX);
    let least = MIN_TABLE_ROWS.min(inner.height);
    let table = wanted.min(inner.height.saturating_sub(details).max(least));
    (Rect { height: table, ..inner }, Rect { y: inner.y + table, height: inner.height - table, ..inner })
}

fn title(console: &Console, theme: Theme) -> Vec<Span<'static>> {
    let mut title = vec![Span::styled(" Install media ", theme.title(true))];
    let mut add = |text: String, style: Style| title.push(Span::styled(format!("· {text} "), style));
    if console.session.simulated {
        add("simulated mirrors".into(), theme.warn());
    }
    let media = || console.lines.all().iter().filter_map(|row| console.media.get(&row.line.key));
    let newer = media().filter(|medium| matches!(&medium.offer, Some((_, Ok(Offer::Newer(_)))))).count();
    let missing = media().filter(|medium| medium.missing()).count();
    if newer > 0 {
        add(format!("{newer} newer"), theme.warn());
    }
    if missing > 0 {
        add(format!("{missing} not staged"), theme.bad());
    }
    if console.media.checking() {
        add("asking the mirrors…".into(), theme.busy());
    } else if console.media.looking() {
        add("asking the datastore…".into(), theme.busy());
    }
    title
}

/// As wide as the content, the ISO's name shortened first, then dropped.
fn fit<const COUNT: usize>(mut columns: [(MediaColumn, Column); COUNT], room: u16) -> [Column; COUNT] {
    let total = |columns: &[(MediaColumn, Column)]| total_width(columns.iter().map(|(_, column)| column.width), GAP);
    let excess = total(&columns).saturating_sub(room);
    for (_, iso) in columns.iter_mut().filter(|(id, _)| *id == MediaColumn::Iso) {
        let width = iso.width.saturating_sub(excess);
        iso.width = if width < MIN_ISO_WIDTH { 0 } else { width };
    }
    if total(&columns) > room {
        columns.iter_mut().filter(|(id, _)| *id == MediaColumn::Checked).for_each(|(_, checked)| checked.width = 0);
    }
    columns.map(|(_, column)| column)
}

/// The ISO the template mounts; empty when nothing says it.
fn iso(row: &LineRow, medium: Option<&Medium>) -> String {
    let wanted = medium.and_then(|medium| medium.seen.as_ref()).and_then(|(_, seen)| seen.wanted.as_ref().ok());
    match (&row.line.iso_url, wanted) {
        (Some(url), _) => file_name(url).to_owned(),
        (None, Some(wanted)) => wanted.file.folder_and_name().1.to_owned(),
        (None, None) => String::new(),
    }
}

fn mirror(row: &LineRow, medium: Option<&Medium>, theme: Theme) -> Cell {
    if row.line.iso_url.is_none() {
        return ("by hand".into(), theme.dim());
    }
    if medium.is_some_and(|medium| medium.checking.is_some()) {
        return ("asking…".into(), theme.busy());
    }
    match medium.and_then(|medium| medium.offer.as_ref()).map(|(_, answer)| answer) {
        None => ("not asked".into(), theme.dim()),
        Some(Ok(Offer::Current)) => ("newest".into(), theme.good()),
        Some(Ok(Offer::Newer(newer))) => (format!("→ {}", newer.version), theme.warn()),
        Some(Ok(Offer::ByHand)) => ("by hand".into(), theme.dim()),
        Some(Ok(Offer::Skipped(_))) => ("left out".into(), theme.dim()),
        Some(Err(_)) => ("✗ error".into(), theme.bad()),
    }
}

fn datastore(console: &Console, medium: Option<&Medium>, theme: Theme) -> Cell {
    match medium.and_then(|medium| medium.work.as_ref()) {
        Some(Work::Staging { stopping: true, .. }) => return ("◌ stopping".into(), theme.warn()),
        Some(Work::Staging { moved, .. }) if moved.size > 0 => {
            let left = moved.rate.and_then(|rate| rate::time_left(moved.size - moved.done, rate));
            let left = left.map_or_else(String::new, |left| format!(" {}", span(left.as_secs())));
            return (format!("◌ {} %{left}", moved.done * 100 / moved.size), theme.busy());
        }
        Some(Work::Staging { .. }) => return ("◌ staging".into(), theme.busy()),
        Some(Work::Bumping(_)) => return ("◌ bumping".into(), theme.busy()),
        None => {}
    }
    let Some((_, seen)) = medium.and_then(|medium| medium.seen.as_ref()) else {
        let text = if console.media.looking() { "asking…" } else { "?" };
        return (text.into(), theme.dim());
    };
    match &seen.shelf {
        Err(_) => ("✗ error".into(), theme.bad()),
        Ok(shelf) => match shelf.there {
            Some((size, _)) => (format!("✓ {}", bytes(size)), theme.good()),
            None => ("✗ missing".into(), theme.bad()),
        },
    }
}

/// Bytes in the decimal units mirrors use.
fn bytes(count: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match UNITS.iter().find(|(unit, _)| count >= *unit) {
        Some((unit, name)) if count < 100 * unit => {
            let tenths = count * 10 / unit;
            format!("{}.{} {name}", tenths / 10, tenths % 10)
        }
        Some((unit, name)) => format!("{} {name}", count / unit),
        None => format!("{count} B"),
    }
}

/// A time span of seconds in few characters.
fn span(seconds: u64) -> String {
    match seconds {
        0..100 => format!("{seconds}s"),
        100..6000 => format!("{}m", seconds / 60),
        _ => format!("{}h", seconds / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::{bytes, span};

    #[test]
    fn sizes_and_spans_are_short() {
        let sizes = [(0, "0 B"), (999, "999 B"), (1_000, "1.0 kB"), (633_339_904, "633 MB"), (3_213_064_192, "3.2 GB")];
        for (count, text) in sizes.into_iter().chain([(13_926_662_144, "13.9 GB"), (99_999_999, "99.9 MB")]) {
            assert_eq!(bytes(count), text);
        }
        for (seconds, text) in [(0, "0s"), (99, "99s"), (100, "1m"), (5_999, "99m"), (6_000, "1h")] {
            assert_eq!(span(seconds), text);
        }
    }
}
