//! The verdict on the selected line's newest run: cause, remedy, and the evidence to open.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use super::wrap::textwrap;
use super::{empty, frame, put, put_reason};
use crate::console::click::Target;
use crate::console::panes::Pane;
use crate::console::verdict::Case;
use crate::console::{Console, age};
use crate::triage::verdict::{Confidence, Evidence, EvidenceSource, Verdict};
use crate::tui::hits::Hit;
use crate::tui::theme::Theme;

/// One row of the pane.
struct Row {
    text: String,
    style: Style,
    /// the evidence it belongs to
    evidence: Option<usize>,
}

/// Draws the pane; returns where each piece of evidence is.
pub fn draw(console: &Console, area: Rect, theme: Theme, buffer: &mut Buffer) -> Vec<Hit> {
    if area.is_empty() {
        return Vec::new();
    }
    let focused = console.panes.focus == Pane::Verdict;
    let inner = frame(area, title(console, theme, focused), focused, theme, buffer);
    let case = console.case();
    let Some((verdict, _)) = case.and_then(Case::verdict) else {
        draw_none(console, case, inner, theme, buffer);
        return Vec::new();
    };
    let chosen = case.map_or(0, Case::chosen);
    let rows = rows(console, verdict, usize::from(inner.width.saturating_sub(1).max(1)), theme);
    let room = usize::from(inner.height);
    let last = rows.iter().rposition(|row| row.evidence == Some(chosen)).unwrap_or(0);
    let first = if focused { (last + 1).saturating_sub(room) } else { 0 };
    let mut hits = Vec::new();
    for (y, row) in (inner.y..inner.bottom()).zip(rows.iter().skip(first)) {
        let place = Rect { y, height: 1, ..inner };
        hits.extend(row.evidence.map(|index| (place, Target::Evidence(index))));
        let here = focused && row.evidence == Some(chosen);
        let style = if here { theme.selected() } else { row.style };
        if here {
            buffer.set_style(place, style);
        }
        put(buffer, inner.x + 1, y, inner.width.saturating_sub(1), &row.text, style);
    }
    hits
}

fn title(console: &Console, theme: Theme, focused: bool) -> Vec<Span<'static>> {
    let mut title = vec![Span::styled(" Verdict ", theme.title(focused))];
    let Some(case) = console.case() else { return title };
    if let Some((verdict, at)) = case.verdict() {
        let style = if benign(verdict) { theme.good() } else { theme.bad() };
        title.push(Span::styled(format!("{} ", verdict.class), style));
        title.push(Span::styled(format!("· {} confidence ", sure(verdict.confidence)), theme.text()));
        title.push(Span::styled(format!("· {} ", age::clock(at, &console.zone)), theme.dim()));
    }
    if case.working() {
        title.push(Span::styled("· looking… ", theme.busy()));
    }
    title
}

fn benign(verdict: &Verdict) -> bool {
    matches!(verdict.class.as_str(), "success" | "running" | "cancelled")
}

const fn sure(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Low => "low",
        Confidence::Medium => "medium",
        Confidence::High => "high",
    }
}

fn draw_none(console: &Console, case: Option<&Case>, inner: Rect, theme: Theme, buffer: &mut Buffer) {
    if let Some(reason) = case.and_then(Case::trouble) {
        return put_reason(inner, reason, theme, buffer);
    }
    let Some(row) = console.lines.selected() else { return };
    let (text, hint) = match (&row.run, case) {
        (None, _) => ("no run to judge", ""),
        (_, Some(case)) if case.working() => ("looking at log, pictures and guest", ""),
        (Some(run), _) if run.state.live() => ("nothing looks wrong yet", "v judges the run as it stands"),
        (Some(_), _) => ("not judged", "v judges the run"),
    };
    empty(inner, &[(text, Style::new()), (hint, theme.dim())], buffer);
}

fn rows(console: &Console, verdict: &Verdict, columns: usize, theme: Theme) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut add = |text: &str, style: Style| {
        let wrapped = textwrap(text, columns);
        rows.extend(wrapped.into_iter().map(|text| Row { text, style, evidence: None }));
    };
    add(&verdict.cause, theme.bold());
    if let Some(remedy) = &verdict.remedy {
        add(&format!("→ {remedy}"), theme.good());
    }
    for (index, evidence) in verdict.evidence.iter().enumerate() {
        let text = format!("{} {}  {}", index + 1, place(console, evidence), evidence.text);
        rows.push(Row { text, style: Style::new(), evidence: Some(index) });
    }
    rows
}

/// Where the evidence is found.
fn place(console: &Console, evidence: &Evidence) -> String {
    match (evidence.source, evidence.line, &evidence.frame) {
        (EvidenceSource::Log, Some(line), _) => format!("log {line}"),
        (EvidenceSource::Log, None, _) => "log".into(),
        (EvidenceSource::Screen, _, Some(name)) => match console.timeline.frame_named(name) {
            Some(frame) => format!("picture {}", age::clock(frame.at, &console.zone)),
            None => "picture".into(),
        },
        (EvidenceSource::Screen, ..) => "picture".into(),
        (EvidenceSource::Guest, ..) => "guest".into(),
    }
}
