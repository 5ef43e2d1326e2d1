//! The timeline of the selected line's newest run: phases, recorded pictures, and how long the phase takes.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use super::columns::{Column, Grid};
use super::wrap::textwrap;
use super::{empty, frame, put, width};
use crate::console::binding::keyed;
use crate::console::click::Target;
use crate::console::panes::Pane;
use crate::console::run::RunSeen;
use crate::console::{Console, age};
use crate::duration::spoken;
use crate::guest::recording::{GuestState, RecordedFrame, Recording, TaskState};
use crate::packer_log::phase_times::{PhaseTiming, TypicalDuration};
use crate::tui::hits::Hit;
use crate::tui::theme::Theme;
use crate::vcenter::PowerState;

/// Columns of a time of day.
const CLOCK_WIDTH: u16 = 8;

/// Draws the pane; returns where what happened is listed.
pub fn draw(console: &Console, area: Rect, theme: Theme, buffer: &mut Buffer) -> Vec<Hit> {
    if area.is_empty() {
        return Vec::new();
    }
    let focused = console.panes.focus == Pane::Timeline;
    let inner = frame(area, title(console, theme, focused), focused, theme, buffer);
    let Some(run) = console.shown_run() else {
        let text = if console.past_remote().is_some() { "nothing of this run is here" } else { "no run yet" };
        empty(inner, &[(text, Style::new())], buffer);
        return Vec::new();
    };
    let timing = phase_timing(console);
    let mut y = inner.y;
    let mut row = |buffer: &mut Buffer, draw: &dyn Fn(Rect, &mut Buffer)| {
        if y < inner.bottom() {
            draw(Rect { y, height: 1, ..inner }, buffer);
            y += 1;
        }
    };
    if let Some(timing) = &timing {
        row(buffer, &|at, buffer| draw_stages(timing, at, theme, buffer));
        for (text, style) in timing_text(console, timing, usize::from(inner.width.saturating_sub(1).max(1)), theme) {
            row(buffer, &|at, buffer| {
                put(buffer, at.x + 1, at.y, at.width.saturating_sub(1), &text, style);
            });
        }
    }
    row(buffer, &|at, buffer| draw_strip(console, run, at, theme, buffer));
    let rest = Rect { y, height: inner.bottom().saturating_sub(y), ..inner };
    draw_events(console, rest, theme, buffer)
}

fn title(console: &Console, theme: Theme, focused: bool) -> Vec<Span<'static>> {
    let mut title = vec![Span::styled(" Timeline ", theme.title(focused))];
    let count = console.timeline.recording().frames.len();
    match (console.timeline.at(), console.timeline.moment()) {
        (Some(at), Some(_)) => {
            title.push(Span::styled(format!("picture {} of {count} ", at + 1), theme.warn()));
            title.push(Span::styled(keyed("· ‹back› back to now "), theme.dim()));
        }
        _ if count == 1 => title.push(Span::styled("1 picture ", theme.dim())),
        _ if count > 0 => title.push(Span::styled(format!("{count} pictures "), theme.dim())),
        _ => {}
    }
    title
}

/// The running phase of the build and its time; `None` before packer's log tells.
pub fn phase_timing(console: &Console) -> Option<PhaseTiming> {
    let track = console.log.facts().track.as_ref()?;
    let run = console.shown_run()?;
    // Packer's clock is that of this machine. After the end, time stands still.
    let now = run.ended.unwrap_or(console.now);
    let whole = now.duration_since(run.started);
    let now = now.to_zoned(console.zone.clone()).datetime();
    // That of a runner may be another one: no stage took longer than the run.
    let since = track.spans.last().and_then(|span| span.since);
    let elsewhere = since
        .filter(|since| run.origin.is_some() && !(SignedDuration::ZERO..=whole).contains(&now.duration_since(*since)));
    let now = elsewhere.unwrap_or(now);
    Some(PhaseTiming::at(track, console.timeline.habits(), now))
}

/// `create 12s▕boot 40s▕wait for IP 16m ▓▓▓▓▓▓░░░`; the oldest stages go first where it is narrow.
fn draw_stages(timing: &PhaseTiming, area: Rect, theme: Theme, buffer: &mut Buffer) {
    let last = timing.stages.len().saturating_sub(1);
    let took = |length: &Option<Duration>| length.map_or(String::new(), |length| format!(" {}", spoken(length)));
    let mut stages: Vec<(String, Style)> = Vec::new();
    for (at, (phase, length)) in timing.stages.iter().enumerate() {
        let style = match (*phase == timing.phase, timing.running) {
            (true, true) => theme.busy(),
            (true, false) => theme.bold(),
            (false, _) => theme.dim(),
        };
        let end = if at == last { "" } else { "▕" };
        stages.push((format!("{phase}{}{end}", took(length)), style));
    }
    let room = area.width.saturating_sub(2);
    while stages.len() > 1 && stages.iter().map(|(text, _)| width(text)).sum::<u16>() > room {
        stages.remove(0);
    }
    let mut x = area.x + 1;
    for (text, style) in &stages {
        x += put(buffer, x, area.y, area.right().saturating_sub(x), text, *style);
    }
    let Some((spent, (_, left))) = timing.spent.zip(timing.deadline) else { return };
    let bar = area.right().saturating_sub(x + 2).min(20);
    if bar < 5 {
        return;
    }
    let part = spent.as_secs_f64() / (spent + left).as_secs_f64().max(1.0);
    let full = usize::from(bar).min((part * f64::from(bar)) as usize);
    let text = "▓".repeat(full) + &"░".repeat(usize::from(bar) - full);
    put(buffer, x + 1, area.y, bar, &text, if timing.is_late() { theme.warn() } else { theme.busy() });
}

/// `IP usually after 7m50s, now 16m, packer gives up 03:41 (in 4m)`.
fn timing_text(console: &Console, timing: &PhaseTiming, columns: usize, theme: Theme) -> Vec<(String, Style)> {
    let typical = |usual: TypicalDuration| {
        let most =
            if usual.p90 > usual.median { format!(" (9 of 10 by {})", spoken(usual.p90)) } else { String::new() };
        format!("{} usually after {}{most}", timing.subject(), spoken(usual.median))
    };
    let mut parts: Vec<String> = timing.typical.map(typical).into_iter().collect();
    let name = if parts.is_empty() { format!("{} ", timing.subject()) } else { String::new() };
    match (timing.spent, timing.running) {
        (Some(spent), true) if parts.is_empty() => parts.push(format!("{name}{} so far", spoken(spent))),
        (Some(spent), true) => parts.push(format!("now {}", spoken(spent))),
        (Some(spent), false) => parts.push(format!("{name}took {}", spoken(spent))),
        (None, _) => {}
    }
    if let Some((at, left)) = timing.deadline {
        let when = at.strftime(if left < Duration::from_secs(600) { "%H:%M:%S" } else { "%H:%M" });
        let left = if left.is_zero() { "overdue".into() } else { format!("in {}", spoken(left)) };
        parts.push(format!("packer gives up {when} ({left})"));
    }
    if parts.is_empty() {
        return Vec::new();
    }
    let still = console.lines.selected().and_then(|row| row.run.as_ref()).is_some_and(|run| run.still.is_some());
    let style = if timing.is_late() || still { theme.warn() } else { Style::new() };
    textwrap(&parts.join(", "), columns).into_iter().map(|text| (text, style)).collect()
}

/// `03:01:10 ▂▂▂▂█▂▂────── 03:17:40`: where pictures changed, and which one is looked at.
fn draw_strip(console: &Console, run: &RunSeen, area: Rect, theme: Theme, buffer: &mut Buffer) {
    let recording = console.timeline.recording();
    if let Some(reason) = console.timeline.trouble() {
        put(buffer, area.x + 1, area.y, area.width.saturating_sub(1), &format!("▲ {reason}"), theme.warn());
        return;
    }
    if recording.frames.is_empty() {
        let note = recording.notes.last().map_or("no pictures recorded", |(_, text)| text.as_str());
        put(buffer, area.x + 1, area.y, area.width.saturating_sub(1), note, theme.dim());
        return;
    }
    let end = run.ended.or(recording.seen.map(|(at, _)| at)).unwrap_or(console.now);
    let columns = area.width.saturating_sub(2 * CLOCK_WIDTH + 4);
    if columns < 4 {
        return;
    }
    let begin = recording.frames.first().map_or(run.started, |frame| frame.at.min(run.started));
    put(buffer, area.x + 1, area.y, CLOCK_WIDTH, &age::clock(begin, &console.zone), theme.dim());
    put(buffer, area.right() - CLOCK_WIDTH - 1, area.y, CLOCK_WIDTH, &age::clock(end, &console.zone), theme.dim());
    let scale = TimeScale { begin, span: end.duration_since(begin), columns };
    for (column, cell) in (0..).zip(scale.cells(recording)) {
        let style = if cell { theme.busy() } else { theme.dim() };
        put(buffer, area.x + CLOCK_WIDTH + 2 + column, area.y, 1, if cell { "▂" } else { "─" }, style);
    }
    let mark = console.timeline.at().and_then(|at| recording.frames.get(at)).map(|frame| frame.at);
    if let Some(column) = mark.map(|at| scale.column(at)) {
        put(buffer, area.x + CLOCK_WIDTH + 2 + column, area.y, 1, "█", theme.warn());
    }
}

/// A stretch of time on a stretch of columns.
struct TimeScale {
    begin: Timestamp,
    span: SignedDuration,
    columns: u16,
}

impl TimeScale {
    fn column(&self, at: Timestamp) -> u16 {
        let part = at.duration_since(self.begin).as_secs_f64() / self.span.as_secs_f64().max(1.0);
        ((part * f64::from(self.columns)).max(0.0) as u16).min(self.columns.saturating_sub(1))
    }

    /// Per column, whether the picture changed there.
    fn cells(&self, recording: &Recording) -> Vec<bool> {
        let mut cells = vec![false; usize::from(self.columns)];
        for frame in &recording.frames {
            if let Some(cell) = cells.get_mut(usize::from(self.column(frame.at))) {
                *cell = true;
            }
        }
        cells
    }
}

/// What happened around the moment looked at, where there is room: pictures, guest, tasks, notes.
fn draw_events(console: &Console, area: Rect, theme: Theme, buffer: &mut Buffer) -> Vec<Hit> {
    if area.height == 0 {
        return Vec::new();
    }
    let recording = console.timeline.recording();
    let events = events(recording);
    let moment = console.timeline.moment();
    let here = moment.map_or(events.len(), |moment| events.partition_point(|(at, _)| *at <= moment));
    let room = usize::from(area.height);
    let first = (here + room / 3).min(events.len()).saturating_sub(room);
    let shown = || events.iter().enumerate().skip(first).take(room);
    let clocks = shown().map(|(_, (at, _))| (age::clock(*at, &console.zone), theme.dim()));
    let texts = shown().map(|(index, (_, event))| {
        let style = if moment.is_some() && index + 1 == here { theme.bold() } else { Style::new() };
        (entry_text(recording, event), style)
    });
    let columns = [Column::sized("", CLOCK_WIDTH, clocks), Column::sized("", area.width, texts)];
    let grid = Grid { gap: 2, mark: " ", selected: None, bar: None };
    let drawn = grid.draw(columns, area, theme, buffer);
    drawn.into_iter().zip(shown()).map(|((area, _), (_, (at, _)))| (area, Target::Moment(*at))).collect()
}

/// Something that happened, not yet in words: a long record has thousands.
enum TimelineEntry<'r> {
    Frame(&'r RecordedFrame),
    Guest(&'r GuestState),
    Task(&'r TaskState),
    Note(&'r str),
}

fn events(recording: &Recording) -> Vec<(Timestamp, TimelineEntry<'_>)> {
    let frames = recording.frames.iter().map(|frame| (frame.at, TimelineEntry::Frame(frame)));
    let guests = recording.guests.iter().map(|guest| (guest.at, TimelineEntry::Guest(guest)));
    let tasks = recording.tasks.iter().map(|task| (task.at, TimelineEntry::Task(task)));
    let notes = recording.notes.iter().map(|(at, text)| (*at, TimelineEntry::Note(text)));
    let mut events: Vec<_> = frames.chain(guests).chain(tasks).chain(notes).collect();
    events.sort_by_key(|(at, _)| *at);
    events
}

fn entry_text(recording: &Recording, event: &TimelineEntry<'_>) -> String {
    match event {
        TimelineEntry::Frame(frame) => {
            let label = recording.reading(frame).and_then(|reading| reading.label.as_deref());
            let label = label.map_or(String::new(), |label| format!(": {label}"));
            format!("picture{label}, {}", spoken(frame.until.duration_since(frame.at).unsigned_abs()))
        }
        TimelineEntry::Guest(guest) => {
            let power = guest.power.map_or("gone", PowerState::word);
            let ip = guest.ip.as_ref().map_or(String::new(), |ip| format!(", {ip}"));
            let tools = guest.tools.map_or(String::new(), |tools| format!(", tools {}", tools.word()));
            format!("guest {power}{ip}{tools}")
        }
        TimelineEntry::Task(task) => task.words(),
        TimelineEntry::Note(text) => (*text).to_owned(),
    }
}
