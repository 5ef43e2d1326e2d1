//! What changed since the line was last built well.

use ratatui::style::Style;

use super::rows::{Part, Row};
use crate::console::Console;
use crate::console::binding::keyed;
use crate::console::run::{RunSeen, RunState};
use crate::tui::theme::Theme;
use crate::tui::view::wrap::textwrap;

/// Suspects that are shown before somebody asks for all.
const SUSPECTS: usize = 3;

/// The rows of it.
pub(super) fn rows(console: &Console, columns: usize, theme: Theme) -> Vec<Row> {
    let wrapped = told(console, theme).into_iter().flat_map(|(text, style)| {
        textwrap(&text, columns).into_iter().map(move |text| Row { text, style, of: Part::Else })
    });
    wrapped.collect()
}

/// What changed since the line was last built well, the most suspicious first.
fn told(console: &Console, theme: Theme) -> Vec<(String, Style)> {
    let history = console.history().filter(|_| !console.looks_back());
    let Some((history, since)) = history.and_then(|history| Some((history, history.since.as_ref()?))) else {
        return Vec::new();
    };
    let failing = console.shown_run().is_some_and(|run| !run.state.live() && run.state != RunState::Succeeded);
    if !failing {
        return Vec::new();
    }
    let named = |run: &&RunSeen| run.dir.file_name().is_some_and(|name| *name == *since.good);
    let good = history.runs.iter().find(named).map(|run| run.started);
    let good = good.map_or_else(String::new, |at| {
        let date = at.to_zoned(console.zone.clone()).strftime("%b %d %H:%M").to_string();
        format!(" ({date}, {} failed since)", since.failures)
    });
    let newer = console.greener(since).map(|remote| (remote.greener_said(&console.zone), theme.warn()));
    let here = if newer.is_some() { " here" } else { "" };
    if since.changes.is_empty() {
        let nothing = (format!("Since last green{here}{good}: nothing on record changed"), theme.text());
        return std::iter::once(nothing).chain(newer).collect();
    }
    let most = if console.all_suspects { since.changes.len() } else { SUSPECTS };
    let shown =
        since.changes.iter().take(most).map(|change| (format!("  {}: {}", change.kind, change.text), theme.text()));
    let rest = since.changes.len().saturating_sub(most);
    let rest = (rest > 0).then(|| (keyed(format!("  ‹suspects› shows {rest} more")), theme.dim()));
    let strip = console.lines.selected().map(|row| console.strip(row)).unwrap_or_default();
    let head = (format!("Since last green{here}{good}, runs {strip}:"), theme.bold());
    std::iter::once(head).chain(newer).chain(shown).chain(rest).collect()
}
