//! The runs on GitHub with their legs, the chosen one in detail, and what is wrong with the schedule.

use jiff::SignedDuration;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use super::columns::{Cell, Column, Grid, first_visible};
use super::wrap::textwrap;
use super::{empty, frame, indented, put_rows};
use crate::console::binding::keyed;
use crate::console::click::Target;
use crate::console::github::{Pipeline, Row};
use crate::console::{Console, age};
use crate::github::{Conclusion, Leg, RemoteRun, RunWithJobs, State, pod};
use crate::text::clean;
use crate::tui::hits::Hit;
use crate::tui::theme::Theme;

/// Rows for the chosen run or leg.
const DETAIL_ROWS: u16 = 3;
/// Rows for what is wrong, at most.
const MAX_ADVISORIES: usize = 4;
/// Rows the table keeps on a low screen, heading included.
const MIN_TABLE_ROWS: u16 = 5;

/// Draws the screen; returns where each run and leg is.
pub fn draw(console: &Console, area: Rect, theme: Theme, buffer: &mut Buffer) -> Vec<Hit> {
    let inner = frame(area, title(console, area.width, theme), true, theme, buffer);
    let view = &console.github;
    let Some(pipeline) = &view.pipeline else {
        let (text, hint) = match (&view.repository, &view.trouble) {
            (Some(Err(missing)), _) => {
                (missing.to_string(), "everything on this machine and in vCenter works without it".to_owned())
            }
            (_, Some(trouble)) => (trouble.clone(), keyed("‹refresh› asks again")),
            _ => ("asking GitHub…".to_owned(), String::new()),
        };
        let rows = textwrap(&text, usize::from(inner.width.saturating_sub(4).max(1)));
        let mut texts: Vec<(&str, Style)> = rows.iter().map(|row| (row.as_str(), theme.warn())).collect();
        texts.push((&hint, theme.dim()));
        empty(inner, &texts, buffer);
        return Vec::new();
    };
    let mut below = advisories(console, pipeline, inner.width, theme);
    below.truncate(usize::from(inner.height.saturating_sub(MIN_TABLE_ROWS + DETAIL_ROWS + 1)));
    let taken = u16::try_from(below.len()).unwrap_or(0) + DETAIL_ROWS + 1;
    let table = Rect { height: inner.height.saturating_sub(taken), ..inner };
    let hits = draw_table(console, table, theme, buffer);
    let rest = indented(inner);
    let rest = Rect { y: table.bottom() + 1, height: inner.bottom().saturating_sub(table.bottom() + 1), ..rest };
    put_rows(rest, detail(console, theme).into_iter().chain(below), buffer);
    hits
}

fn title(console: &Console, columns: u16, theme: Theme) -> Vec<Span<'static>> {
    let mut title = vec![Span::styled(" Runs on GitHub ", theme.title(true))];
    if let Some(Ok(repository)) = &console.github.repository {
        title.push(Span::raw(format!("· {repository} ")));
    }
    let Some(pipeline) = &console.github.pipeline else { return title };
    if let Some(rate) = pipeline.board.rate {
        let style = if rate.remaining.saturating_mul(10) < rate.limit { theme.warn() } else { theme.dim() };
        let reset = age::clock(rate.reset, &console.zone);
        let text = match columns {
            0..100 => format!("· {} of {} requests ", rate.remaining, rate.limit),
            _ => format!("· {} of {} requests left until {reset} ", rate.remaining, rate.limit),
        };
        title.push(Span::styled(text, style));
    }
    if console.github.trouble.is_some() {
        let old = age::spoken(console.now, pipeline.board.at);
        title.push(Span::styled(format!("· ▲ {old} old "), theme.warn()));
    }
    title
}

#[derive(Debug, Clone, Copy)]
enum RunColumn {
    Name,
    State,
    Age,
    Queued,
    /// step and runner take the rest
    Step,
}

impl RunColumn {
    /// From left to right.
    const ALL: [Self; 5] = [Self::Name, Self::State, Self::Age, Self::Queued, Self::Step];

    const fn title(self) -> &'static str {
        match self {
            Self::Name => "run",
            Self::State => "state",
            Self::Age => "age",
            Self::Queued => "queued",
            Self::Step => "step · runner",
        }
    }

    const fn width(self, columns: u16) -> u16 {
        match self {
            // Keys have at most nineteen letters here; a wide screen has room for titles.
            Self::Name => {
                if columns < 100 {
                    25
                } else {
                    35
                }
            }
            Self::State => 12,
            // `took 4h34`
            Self::Age => 9,
            Self::Queued => 7,
            Self::Step => columns,
        }
    }

    fn cell(self, console: &Console, row: &Row<'_>, theme: Theme) -> Cell {
        let age = |at| age::short(console.now, at, &console.zone);
        match (self, row) {
            (Self::Name, Row::Run(seen)) => (clean(&run_name(&seen.run)), theme.bold()),
            (Self::Name, Row::Leg(_, leg)) => (clean(&leg_name(leg)), Style::new()),
            (Self::State, _) => {
                let state = row.state();
                (format!("{} {}", mark(state), state.word()), style(state, theme))
            }
            (Self::Age, Row::Run(seen)) => (age(seen.run.created), Style::new()),
            (Self::Age, Row::Leg(_, leg)) => (leg_age(console, leg), Style::new()),
            (Self::Queued, Row::Run(_)) => (String::new(), Style::new()),
            (Self::Queued, Row::Leg(_, leg)) => (short(leg.queued(console.now)), Style::new()),
            (Self::Step, Row::Run(seen)) => (clean(&run_facts(seen)), theme.dim()),
            (Self::Step, Row::Leg(_, leg)) => (clean(&leg_facts(leg)), theme.dim()),
        }
    }
}

fn draw_table(console: &Console, area: Rect, theme: Theme, buffer: &mut Buffer) -> Vec<Hit> {
    let rows = console.github.rows();
    let chosen = console.github.chosen(rows.len());
    let room = usize::from(area.height.saturating_sub(1));
    // Widths do not depend on the content, so only the rows that have room are made.
    let first = first_visible(chosen, room);
    let columns = RunColumn::ALL.map(|column| {
        let cells = rows.iter().skip(first).take(room).map(|row| column.cell(console, row, theme));
        Column::sized(column.title(), column.width(area.width), cells)
    });
    let grid = Grid { gap: 1, mark: "▸ ", selected: Some(chosen - first), bar: Some(theme.selected()) };
    let drawn = grid.draw(columns, area, theme, buffer);
    if rows.is_empty() {
        empty(area, &[("build-templates never ran", Style::new()), ("D on a line dispatches it", theme.dim())], buffer);
    }
    let shown = drawn.into_iter().zip(rows.iter().skip(first));
    shown.map(|((area, _), row)| (area, Target::GitHub(row.id()))).collect()
}

fn run_name(run: &RemoteRun) -> String {
    format!("#{} {}", run.number, run.title.strip_prefix("build-templates ").unwrap_or(&run.title))
}

fn leg_name(leg: &Leg) -> String {
    format!("   {}", leg.key.as_ref().map_or(leg.name.as_str(), |key| key.0.as_str()))
}

fn run_facts(seen: &RunWithJobs) -> String {
    let legs = seen.lines().count();
    let done = seen.lines().filter(|(_, leg)| leg.state == State::Ended(Conclusion::Success)).count();
    let built = if legs > 0 { format!("{done} of {legs} built · ") } else { String::new() };
    let run = &seen.run;
    let by = run.actor.as_deref().filter(|_| run.event != "schedule").map(|by| format!(" by {by}")).unwrap_or_default();
    let event = if run.event == "workflow_dispatch" { "dispatched" } else { run.event.as_str() };
    format!("{built}{event}{by}")
}

fn leg_age(console: &Console, leg: &Leg) -> String {
    let took = |age| format!("{}{}", if leg.ended.is_some() { "took " } else { "" }, short(age));
    leg.age(console.now).map(took).unwrap_or_default()
}

fn leg_facts(leg: &Leg) -> String {
    // The end of a runner's name tells it from the others, and a narrow screen would cut that.
    let runner = leg.runner.as_deref().map(|name| match name.char_indices().rev().filter(|(_, c)| *c == '-').nth(1) {
        Some((at, _)) => format!("…{}", &name[at..]),
        None => name.to_owned(),
    });
    let facts: Vec<String> = [leg.step.clone(), runner].into_iter().flatten().collect();
    facts.join(" · ")
}

fn short(duration: SignedDuration) -> String {
    match duration.as_secs().max(0) {
        seconds @ 0..60 => format!("{seconds}s"),
        seconds @ 60..3600 => format!("{}m", seconds / 60),
        seconds if seconds >= 2 * 86_400 => format!("{}d", seconds / 86_400),
        seconds => format!("{}h{:02}", seconds / 3600, seconds % 3600 / 60),
    }
}

const fn mark(state: State) -> &'static str {
    match state {
        State::Pending | State::Queued => "◌",
        State::Running => "●",
        State::Ended(Conclusion::Success) => "✓",
        State::Ended(Conclusion::Cancelled) => "⊘",
        State::Ended(Conclusion::Skipped) => "–",
        State::Ended(_) => "✗",
    }
}

fn style(state: State, theme: Theme) -> Style {
    match state {
        State::Pending | State::Queued => theme.warn(),
        State::Running => theme.busy(),
        State::Ended(Conclusion::Success) => theme.good(),
        State::Ended(Conclusion::Cancelled | Conclusion::Skipped) => theme.dim(),
        State::Ended(_) => theme.bad(),
    }
}

/// The chosen run or leg: its page, and where its evidence comes from.
fn detail(console: &Console, theme: Theme) -> Vec<(String, Style)> {
    let (url, what, log) = match console.github.row() {
        None => return vec![(String::new(), Style::new()); usize::from(DETAIL_ROWS)],
        Some(Row::Run(seen)) => {
            let run = &seen.run;
            let branch = run.branch.as_deref().unwrap_or("a branch");
            let commit: String = run.sha.chars().take(7).collect();
            (
                &run.url,
                format!("run #{} on {branch} at {commit}, attempt {}", run.number, run.attempt),
                keyed("log: ‹open› opens that of the job that failed"),
            )
        }
        Some(Row::Leg(_, leg)) => {
            let runner = leg.runner.as_deref().map(|runner| format!(" on {runner}")).unwrap_or_default();
            (&leg.url, format!("{}{runner}", leg.name), sources(console, leg))
        }
    };
    vec![
        (clean(&what), theme.bold()),
        (format!("{} ({} copies)", clean(url), keyed("‹copy›")), Style::new()),
        (log, theme.dim()),
    ]
}

/// Which sources of evidence there are for a leg, and which are lacking.
fn sources(console: &Console, leg: &Leg) -> String {
    if !leg.state.live() {
        return if leg.state.failed() {
            keyed("log: ‹open› fetches what it left")
        } else {
            "log: none, it went well".into()
        };
    }
    let guest = leg.key.as_ref().and_then(|key| console.lines.get(key)).and_then(|row| row.guest());
    let guest =
        guest.map_or("no guest in vCenter yet".to_owned(), |vm| format!("guest and picture: {} in vCenter", vm.name));
    let pod = match (pod::namespace(), &leg.runner) {
        (Ok(None), _) => "log: none before it is over (set TMPL_ARC_NAMESPACE to read it from the pod)",
        (Err(_), _) => "log: none before it is over (TMPL_ARC_NAMESPACE is no name of a namespace)",
        (Ok(Some(_)), None) => "log: no pod yet",
        (Ok(Some(_)), Some(_)) => "log: tmpl-tui runs log follows its pod",
    };
    format!("{pod} · {guest}")
}

/// What somebody should know, the worst first.
fn advisories(console: &Console, pipeline: &Pipeline, columns: u16, theme: Theme) -> Vec<(String, Style)> {
    let health = &pipeline.health;
    let mut rows = Vec::new();
    let mut add = |text: &str, style: Style| {
        let columns = usize::from(columns.saturating_sub(4).max(1));
        rows.extend(textwrap(text, columns).into_iter().map(|text| (text, style)));
    };
    if let Some(trouble) = &console.github.trouble {
        add(&format!("▲ {}", clean(trouble)), theme.warn());
    }
    for finding in health.findings.iter().take(MAX_ADVISORIES) {
        let (mark, style) = if finding.alarm { ("▲", theme.bad()) } else { ("·", theme.warn()) };
        add(&format!("{mark} {}", clean(&finding.text)), style);
    }
    let last =
        health.last.as_ref().map(|last| format!("last scheduled run {} ago", age::spoken(console.now, last.created)));
    let late = health.late_minutes.filter(|late| *late > 0).map(|late| match late {
        0..120 => format!("{late} min late"),
        _ => format!("{} h late", late / 60),
    });
    let left = health.days_left.map(|days| format!("{days} days until GitHub switches it off for inactivity"));
    let on = if health.off() { "schedule off" } else { "schedule on" };
    let facts: Vec<String> = [Some(on.to_owned()), last, late, left].into_iter().flatten().collect();
    add(&facts.join(" · "), theme.dim());
    rows
}
