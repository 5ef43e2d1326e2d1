//! Everything about the selected line's medium: names whole, errors whole, progress.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::put;
use super::super::wrap::textwrap;
use super::{bytes, iso, span};
use crate::console::binding::keyed;
use crate::console::lines::LineRow;
use crate::console::media::{IsoStatus, Medium, Newer, Offer, StageProgress, Work};
use crate::console::{Console, age};
use crate::iso::DatastoreIso;
use crate::iso::rate;
use crate::tui::theme::Theme;

/// Columns of the labels.
const LABEL_WIDTH: u16 = 11;
/// Cells of the progress bar.
const BAR_WIDTH: u64 = 20;

/// One row: its label, empty where a text goes on, and a part of the text.
pub(super) type Row = (&'static str, String, Style);

/// Draws it, below an empty row.
pub(super) fn draw(rows: &[Row], area: Rect, theme: Theme, buffer: &mut Buffer) {
    for (y, (label, text, style)) in (area.y + 1..area.bottom()).zip(rows) {
        put(buffer, area.x + 2, y, LABEL_WIDTH, label, theme.dim());
        let x = area.x + 2 + LABEL_WIDTH;
        put(buffer, x, y, area.right().saturating_sub(x), text, *style);
    }
}

/// All there is to say.
pub(super) fn rows(console: &Console, width: u16, theme: Theme) -> Vec<Row> {
    let Some(row) = console.lines.selected() else { return Vec::new() };
    let medium = console.media.get(&row.line.key);
    let columns = usize::from(width.saturating_sub(LABEL_WIDTH + 3).max(1));
    let mut rows = Vec::new();
    let mut add = |label: &'static str, text: String, style: Style| {
        let parts = textwrap(&text, columns).into_iter().enumerate();
        rows.extend(parts.map(|(part, text)| (if part == 0 { label } else { "" }, text, style)));
    };
    // What is wrong or under way comes first: there may not be room for all.
    if let Some(Work::Staging { moved, .. }) = medium.and_then(|medium| medium.work.as_ref()) {
        add("staging", progress(moved), theme.busy());
        if let Some(note) = &moved.note {
            add("", format!("taken up again: {note}"), theme.warn());
        }
    }
    if let Some(trouble) = console.media.trouble() {
        add("datastore", format!("✗ {trouble}"), theme.bad());
    }
    newest(console, row, medium, theme, &mut add);
    shelf(console, row, medium, theme, &mut add);
    if let Some(url) = &row.line.iso_url {
        add("from", url.clone(), theme.dim());
    }
    rows
}

fn newest(
    console: &Console,
    row: &LineRow,
    medium: Option<&Medium>,
    theme: Theme,
    add: &mut impl FnMut(&'static str, String, Style),
) {
    if row.line.iso_url.is_none() {
        return add(
            "mirror",
            "none: a person downloads it, checks it, and puts it on the datastore".into(),
            theme.dim(),
        );
    }
    let Some((at, answer)) = medium.and_then(|medium| medium.offer.as_ref()) else { return };
    let ago = age::spoken(console.now, *at);
    match answer {
        Err(reason) => add("mirror", format!("✗ {reason}"), theme.bad()),
        Ok(Offer::Current) => add("mirror", format!("offers nothing newer, asked {ago} ago"), Style::new()),
        Ok(Offer::Skipped(reason)) => add("mirror", format!("not asked: {reason}"), theme.dim()),
        Ok(Offer::ByHand) => {}
        Ok(Offer::Newer(newer)) => offered(newer, theme, add),
    }
}

fn offered(newer: &Newer, theme: Theme, add: &mut impl FnMut(&'static str, String, Style)) {
    let size = newer.size.map(|size| format!(", {}", bytes(size))).unwrap_or_default();
    add("newest", format!("{}{size}", newer.file), theme.warn());
    match &newer.bump {
        Ok(_) => add("", format!("SHA-256 {}…", newer.digest.get(..16).unwrap_or_default()), theme.dim()),
        Err(reason) => add("", format!("✗ cannot be taken: {reason}"), theme.bad()),
    }
}

fn shelf(
    console: &Console,
    row: &LineRow,
    medium: Option<&Medium>,
    theme: Theme,
    add: &mut impl FnMut(&'static str, String, Style),
) {
    let Some((_, IsoStatus { wanted, shelf })) = medium.and_then(|medium| medium.seen.as_ref()) else {
        let iso = iso(row, medium);
        if !iso.is_empty() {
            add("ISO", iso, Style::new());
        }
        return;
    };
    let file = match wanted {
        Ok(wanted) => wanted.file.to_string(),
        Err(reason) => return add("var-file", format!("✗ {reason}"), theme.bad()),
    };
    match shelf {
        Err(reason) => add("datastore", format!("✗ {reason}"), theme.bad()),
        Ok(DatastoreIso { there: Some((size, modified)), .. }) => {
            let since = modified.map(|then| format!(", put there {} ago", age::spoken(console.now, then)));
            add("datastore", file, Style::new());
            add("", format!("✓ {}{}", bytes(*size), since.unwrap_or_default()), theme.good());
        }
        Ok(DatastoreIso { there: None, .. }) if medium.is_some_and(|medium| medium.work.is_some()) => {
            add("datastore", file, Style::new());
        }
        Ok(DatastoreIso { there: None, partial, wanted }) => {
            let how = if wanted.by_hand { "put it there by hand" } else { &keyed("‹stage ISO› stages it") };
            add("datastore", file, Style::new());
            add("", format!("✗ not there: a build fails when it mounts it; {how}"), theme.bad());
            if let Some(partial) = partial {
                add("", format!("{} of an upload lie there, under way or left over", bytes(*partial)), theme.warn());
            }
        }
    }
}

fn progress(moved: &StageProgress) -> String {
    if moved.size == 0 {
        return "asking mirror and datastore".into();
    }
    let full = moved.done * BAR_WIDTH / moved.size;
    let bar: String = (0..BAR_WIDTH).map(|cell| if cell < full { '▓' } else { '░' }).collect();
    let of = format!("{} of {}", bytes(moved.done), bytes(moved.size));
    let rate = moved.rate.map(|rate| format!("  {}/s", bytes(rate))).unwrap_or_default();
    let left = moved.rate.and_then(|rate| rate::time_left(moved.size - moved.done, rate));
    let left = left.map(|left| format!("  {} left", span(left.as_secs()))).unwrap_or_default();
    let last = if moved.done == moved.size { "  comparing, then renaming" } else { "" };
    format!("{bar} {of}{rate}{left}{last}")
}
