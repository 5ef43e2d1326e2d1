//! A line at rest: its templates, its last runs, its ISO, and what happens next and when.

use jiff::Timestamp;
use ratatui::style::Style;

use crate::console::binding::keyed;
use crate::console::lines::LineRow;
use crate::console::run::RunState;
use crate::console::{Console, age};
use crate::generation::{MadeOf, written_by_people};
use crate::github::{Conclusion, State};
use crate::tui::theme::Theme;
use crate::vcenter::{LinkState, Vm};

/// Runs at GitHub that are listed.
const REMOTE_RUNS: usize = 4;

/// What there is to know: what it is about, the text, how it looks.
pub fn rows(console: &Console, row: &LineRow, theme: Theme) -> Vec<(&'static str, String, Style)> {
    let mut rows = Vec::new();
    let mut add = |name: &'static str, text: String, style: Style| rows.push((name, text, style));
    let generations = &row.generations;
    match &generations.live {
        Some(vm) => add("live", template(console, vm), Style::new()),
        None => match unknown(console, row) {
            Some(unknown) => add("live", unknown.into(), theme.dim()),
            None => add("live", format!("no template is named {}", row.line.base_name), theme.warn()),
        },
    }
    if let Some(made) = generations.live.as_ref().and_then(made) {
        add("", made, theme.dim());
    }
    if let Some(notes) = generations.live.as_ref().and_then(notes) {
        add("", notes, theme.dim());
    }
    if let Some(vm) = &generations.prev {
        add("prev", prev(console, row, vm), Style::new());
        made(vm).into_iter().for_each(|made| add("", made, theme.dim()));
    }
    if let Some(vm) = generations.build.as_ref().filter(|vm| vm.template) {
        add("build", template(console, vm), Style::new());
        made(vm).into_iter().for_each(|made| add("", made, theme.dim()));
    }
    for (index, (text, style)) in runs(console, row, theme).into_iter().enumerate() {
        add(if index == 0 { "runs" } else { "" }, text, style);
    }
    add("ISO", iso(console, row), Style::new());
    for (index, text) in next(console, row).into_iter().enumerate() {
        add(if index == 0 { "next" } else { "" }, text, Style::new());
    }
    rows
}

/// Why it is not known which templates there are: vCenter has not answered since the console was opened.
fn unknown(console: &Console, row: &LineRow) -> Option<&'static str> {
    let (link, fresh, _) = console.link_to(row.place);
    if fresh.is_some() {
        return None;
    }
    match link {
        LinkState::Live => None,
        LinkState::Connecting => Some("not known yet: vCenter has not answered"),
        LinkState::Lost { .. } => Some("not known: vCenter is out of reach"),
        LinkState::Stopped { .. } => Some("not known: no vCenter"),
    }
}

/// `Mar 11 03:12, 3 days old (vm-40)`.
fn template(console: &Console, vm: &Vm) -> String {
    match vm.created {
        Some(created) => {
            format!("{}, {} old ({})", date(console, created), age::spoken(console.now, created), vm.moid)
        }
        None => format!("of unknown age ({})", vm.moid),
    }
}

/// The generation before live: what a rollback would go back to, unless that was rolled back from.
fn prev(console: &Console, row: &LineRow, vm: &Vm) -> String {
    let template = template(console, vm);
    match row.generations.rolled_back() {
        Some(since) => format!("{template}: rolled back from, {} ago", age::spoken(console.now, since)),
        None if row.generations.prev_is_newer() => format!("{template}: newer than live"),
        None => console.advised(format!("{template}; ‹roll back› rolls back to it")),
    }
}

/// Of what a template was made and by whom, where its notes say so.
fn made(vm: &Vm) -> Option<String> {
    let said = MadeOf::of(vm)?.made.said();
    Some(crate::text::Scrubber::shared().safe_line(&said).into()).filter(|said: &String| !said.is_empty())
}

/// The first line of a template's notes that is not ours.
fn notes(vm: &Vm) -> Option<String> {
    let line = written_by_people(&vm.annotation).next()?;
    Some(crate::text::Scrubber::shared().safe_line(line).into())
}

fn date(console: &Console, at: Timestamp) -> String {
    at.to_zoned(console.zone.clone()).strftime("%b %d %H:%M").to_string()
}

/// The newest run here, and those at GitHub.
fn runs(console: &Console, row: &LineRow, theme: Theme) -> Vec<(String, Style)> {
    let mut found: Vec<(Timestamp, String, Style)> = Vec::new();
    if let Some(run) = row.run.as_ref().filter(|run| run.origin.is_none()) {
        let (mark, style) = match run.state {
            RunState::Succeeded => ("✓", theme.good()),
            RunState::Failed { .. } | RunState::Lost => ("✗", theme.bad()),
            RunState::Cancelled => ("⊘", theme.dim()),
            RunState::Starting | RunState::Running | RunState::Cancelling => ("●", theme.busy()),
        };
        let took = run.ended.map(|ended| ended.duration_since(run.started).unsigned_abs());
        let took = took.map_or(String::new(), |took| format!(", took {}", crate::duration::spoken(took)));
        let text = format!("{mark} {} here, {}{took}", date(console, run.started), run.state.word());
        found.push((run.started, text, style));
    }
    let board = console.github.pipeline.as_ref().map(|pipeline| &pipeline.board);
    for seen in board.iter().flat_map(|board| &board.runs) {
        let leg = seen.lines().find(|(key, _)| **key == row.line.key).map(|(_, leg)| leg);
        let Some(leg) = leg.filter(|leg| leg.state != State::Ended(Conclusion::Skipped)) else { continue };
        let (mark, style) = match leg.state {
            State::Ended(Conclusion::Success) => ("✓", theme.good()),
            state if state.live() => ("●", theme.busy()),
            State::Ended(Conclusion::Cancelled) => ("⊘", theme.dim()),
            State::Ended(_) | State::Running | State::Queued | State::Pending => ("✗", theme.bad()),
        };
        let began = leg.started.unwrap_or(leg.created);
        let spent = leg.age(console.now).map(|spent| crate::duration::spoken(spent.unsigned_abs()));
        let how_long = if leg.state.live() { " for" } else { ", took" };
        let took = spent.map_or(String::new(), |spent| format!("{how_long} {spent}"));
        let (number, word) = (seen.run.number, leg.state.word());
        found.push((began, format!("{mark} {} #{number} on GitHub, {word}{took}", date(console, began)), style));
    }
    found.sort_by_key(|(at, ..)| std::cmp::Reverse(*at));
    let strip = console.strip(row);
    if strip.chars().count() > 1 {
        let text = keyed(format!("{strip} (newest last) · ‹older run› goes to the one before"));
        found.insert(0, (console.now, text, theme.text()));
    }
    if found.is_empty() {
        return vec![("no run is known".into(), theme.dim())];
    }
    found.into_iter().take(REMOTE_RUNS + 2).map(|(_, text, style)| (text, style)).collect()
}

fn iso(console: &Console, row: &LineRow) -> String {
    match console.media.get(&row.line.key).and_then(|medium| medium.seen.as_ref()) {
        Some((_, seen)) => match (&seen.wanted, &seen.shelf) {
            (Ok(wanted), Ok(shelf)) if shelf.there.is_some() => format!("{}, staged", wanted.file.path),
            (Ok(wanted), Ok(_)) => format!("{}, not on the datastore", wanted.file.path),
            (Ok(wanted), Err(_)) => wanted.file.path.clone(),
            (Err(reason), _) => reason.to_string(),
        },
        None if row.line.iso_datastore_path.is_empty() => keyed("‹media› shows media"),
        None => keyed(format!("in {}; ‹media› shows media", row.line.iso_datastore_path)),
    }
}

/// What happens to the line next, and when.
fn next(console: &Console, row: &LineRow) -> Vec<String> {
    let mut next = Vec::new();
    if row.ready() {
        let held = row.generations.hold.is_some();
        next.push(console.advised(if held {
            "‹hold or release› releases it, then ‹promote› promotes"
        } else {
            "‹promote› promotes"
        }));
    }
    let due = console.schedule.as_ref().and_then(|schedule| schedule.after(console.now));
    match due {
        _ if !row.line.enabled => {
            next.push(console.advised("the line is off: the schedule leaves it out; ‹build› builds it"))
        }
        Some(due) => {
            let day = due.to_zoned(console.zone.clone()).strftime("%a %b %d %H:%M %Z").to_string();
            let held = if row.generations.hold.is_some() { ", not promoted while it is held" } else { "" };
            next.push(format!("built on GitHub {day} (in {}){held}", age::spoken(due, console.now)));
        }
        None if console.github.pipeline.is_none() => {
            next.push(
                console.advised(
                    "not known: no schedule is in this repository, and GitHub is not asked; ‹build› builds it",
                ),
            );
        }
        None => next.push(console.advised("no schedule builds it; ‹build› builds it here, ‹dispatch› on GitHub")),
    }
    next.retain(|text| !text.is_empty());
    next
}
