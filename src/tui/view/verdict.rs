//! The verdict on the selected line's newest run: cause, remedy, and the evidence to open.

mod rows;
mod suspects;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use self::rows::{Part, Row, cut_off, shorten};
use super::wrap::textwrap;
use super::{frame, overview, put, width};
use crate::console::binding::keyed;
use crate::console::click::Target;
use crate::console::lines::LineRow;
use crate::console::panes::Pane;
use crate::console::remarks::Remark;
use crate::console::remote::{Newest, RemoteResult};
use crate::console::verdict::Case;
use crate::console::{Console, age};
use crate::triage::verdict::{Confidence, Evidence, EvidenceSource, Verdict};
use crate::tui::hits::Hit;
use crate::tui::theme::Theme;

/// Rows of one piece of evidence, unless the pane has the whole screen.
const EVIDENCE_ROWS: usize = 2;

/// Rows that its content takes in a pane of so many columns, without borders.
pub fn rows(console: &Console, columns: u16) -> u16 {
    let rows = content(console, usize::from(columns.saturating_sub(3).max(1)), Theme::new(false)).len();
    u16::try_from(rows).unwrap_or(u16::MAX)
}

/// Draws the pane; returns where each piece of evidence is.
pub fn draw(console: &Console, area: Rect, theme: Theme, buffer: &mut Buffer) -> Vec<Hit> {
    if area.is_empty() {
        return Vec::new();
    }
    let focused = console.panes.focus == Pane::Verdict;
    let inner = frame(area, title(console, area.width, theme, focused), focused, theme, buffer);
    let mut rows = content(console, usize::from(inner.width.saturating_sub(1).max(1)), theme);
    if !focused {
        shorten(&mut rows, inner);
    }
    let chosen = console.case().map_or(0, Case::chosen);
    let room = usize::from(inner.height);
    let last = rows.iter().rposition(|row| row.evidence() == Some(chosen)).unwrap_or(0);
    let first = if focused { (last + 1).saturating_sub(room) } else { 0 };
    if console.content().picture && !console.visible(Pane::Picture) {
        let text = keyed(" ‹verdict› shows the picture ");
        let x = area.right().saturating_sub(width(&text) + 2).max(area.x);
        put(buffer, x, area.bottom().saturating_sub(1), area.right().saturating_sub(x), &text, theme.dim());
    }
    let mut hits = Vec::new();
    for (y, row) in (inner.y..inner.bottom()).zip(rows.iter().skip(first)) {
        let place = Rect { y, height: 1, ..inner };
        hits.extend(row.evidence().map(|index| (place, Target::Evidence(index))));
        let here = focused && row.evidence() == Some(chosen);
        let style = if here { theme.selected() } else { row.style };
        if here {
            buffer.set_style(place, style);
        }
        put(buffer, inner.x + 1, y, inner.width.saturating_sub(1), &row.text, style);
    }
    hits
}

/// Everything in the pane: what is to be known of the line, then why its run fails, or how the line stands.
fn content(console: &Console, columns: usize, theme: Theme) -> Vec<Row> {
    let Some(row) = console.lines.selected() else { return Vec::new() };
    let mut rows = Vec::new();
    let wrapped = |text: &str, style: Style| {
        textwrap(text, columns).into_iter().map(move |text| Row { text, style, of: Part::Else })
    };
    let case = console.case();
    let verdict = case.and_then(Case::verdict).map(|(verdict, _)| verdict);
    let at_rest = console.content().rest;
    let quiet = console.content().quiet();
    if let Some(past) = console.past_words() {
        rows.extend(wrapped(
            &keyed(format!("{past} · ‹older run› older · ‹newer run› newer · ‹back› the newest")),
            theme.warn(),
        ));
    }
    // They are about the line as it stands now. The cause comes before what is only worth knowing.
    let remarks = if console.looks_back() { Vec::new() } else { console.remarks(row) };
    let cause = console.content().cause && console.past_remote().is_none();
    let (first, rest): (Vec<_>, Vec<_>) = remarks.into_iter().partition(|remark| remark.alarm || !cause);
    let remarked = |remark: Remark| {
        let (mark, style) = if remark.alarm { ("▲", theme.bad()) } else { ("·", theme.warn()) };
        wrapped(&format!("{mark} {}", remark.text), style)
    };
    rows.extend(first.into_iter().flat_map(remarked));
    if let Some(remote) = console.past_remote() {
        rows.extend(wrapped(&console.told(remote), theme.bold()));
        rows.extend(wrapped(&not_here(console, remote), theme.dim()));
        rows.extend(
            next(console, None, columns).into_iter().flat_map(|text| wrapped(&text, theme.text()).collect::<Vec<_>>()),
        );
        return rows;
    }
    match verdict {
        Some(verdict) if !(at_rest && (benign(verdict) || before(console, row).is_some())) => {
            rows.extend(before(console, row).into_iter().map(|text| Row { text, style: theme.dim(), of: Part::Else }));
            rows.extend(verdict_rows(console, verdict, columns, theme));
        }
        Some(_) | None if quiet => {
            // Who ended it, and what became of its VM.
            let ended =
                verdict.filter(|verdict| at_rest && verdict.class == "cancelled" && before(console, row).is_none());
            rows.extend(ended.into_iter().flat_map(|verdict| wrapped(&verdict.cause, theme.text())));
            if !at_rest {
                let next = next(console, None, columns);
                rows.extend(next.into_iter().map(|text| Row { text, style: theme.text(), of: Part::Else }));
            }
            let known = overview::rows(console, row, theme);
            rows.extend(known.into_iter().flat_map(|(name, text, style)| {
                let texts = textwrap(&text, columns.saturating_sub(7).max(1)).into_iter().enumerate();
                let named = texts.map(move |(at, text)| format!("{:<7}{text}", if at == 0 { name } else { "" }));
                named.map(move |text| Row { text, style, of: Part::Else })
            }));
        }
        Some(_) | None => {
            let said = none(console, case);
            rows.extend(said.into_iter().flat_map(|text| wrapped(&text, theme.dim()).collect::<Vec<_>>()));
        }
    }
    rows.extend(rest.into_iter().flat_map(remarked));
    rows
}

/// What the pane is about. Where it has no room for all, it loses the clock first, then how sure the verdict is.
fn title(console: &Console, columns: u16, theme: Theme, focused: bool) -> Vec<Span<'static>> {
    if console.content().quiet()
        && let Some(row) = console.lines.selected()
    {
        return vec![Span::styled(format!(" {} ", row.line.key), theme.title(focused))];
    }
    let mut title = vec![Span::styled(" Verdict ", theme.title(focused))];
    let Some(case) = console.case() else { return title };
    let mut room = columns.saturating_sub(11);
    let mut add = |text: String, style: Style| {
        let wide = width(&text);
        if wide <= room {
            room -= wide;
            title.push(Span::styled(text, style));
        } else {
            room = 0;
        }
    };
    if let Some((verdict, at)) = case.verdict() {
        let style = style_of(verdict, theme);
        match &verdict.outlook {
            Some(outlook) => {
                add(format!("{} ", outlook.standing.word()), style);
                if let Some(at) = outlook.gives_up {
                    add(format!("· fails {} ", at.strftime("%H:%M")), style);
                }
                add(format!("· {} ", verdict.class), theme.text());
            }
            None => add(format!("{} ", verdict.class), style),
        }
        add(format!("· {} confidence ", sure(verdict.confidence)), theme.text());
        add(format!("· {} ", age::clock(at, &console.zone)), theme.dim());
    }
    if case.working() {
        add("· looking… ".into(), theme.busy());
    }
    title
}

fn benign(verdict: &Verdict) -> bool {
    verdict.outlook.is_none() && matches!(verdict.class.as_str(), "success" | "running" | "cancelled")
}

/// Nothing is called well before it is over.
fn style_of(verdict: &Verdict, theme: Theme) -> Style {
    match (&verdict.outlook, verdict.class.as_str()) {
        (Some(outlook), _) if outlook.passing => theme.warn(),
        (Some(_), _) => theme.bad(),
        (None, "success") => theme.good(),
        (None, "running") => theme.busy(),
        (None, "cancelled") => theme.text(),
        (None, _) => theme.bad(),
    }
}

const fn sure(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Low => "low",
        Confidence::Medium => "medium",
        Confidence::High => "high",
    }
}

/// Why there is no verdict.
fn none(console: &Console, case: Option<&Case>) -> Vec<String> {
    if let Some(reason) = case.and_then(Case::trouble) {
        return vec![format!("▲ {reason}")];
    }
    let Some(row) = console.lines.selected() else { return Vec::new() };
    let (text, hint) = match (&row.run, case) {
        (None, _) => ("a guest is on, and no run here is about it", ""),
        (_, Some(case)) if case.working() => ("looking at log, pictures and guest", ""),
        (Some(run), _) if run.state.live() => ("nothing looks wrong yet", "‹verdict› judges the run as it stands"),
        (Some(_), _) => ("not judged", "‹verdict› judges the run"),
    };
    [text, hint].into_iter().filter(|text| !text.is_empty()).map(keyed).collect()
}

fn verdict_rows(console: &Console, verdict: &Verdict, columns: usize, theme: Theme) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut add = |text: &str, style: Style, of: Part| {
        rows.extend(textwrap(text, columns).into_iter().map(|text| Row { text, style, of }));
    };
    add(&verdict.cause, theme.bold(), Part::Cause);
    let run = console.shown_run();
    if let Some(late) = run.and_then(|run| run.late(console.now)) {
        add(&late, theme.bad(), Part::Else);
    }
    if let Some(remedy) = &verdict.remedy {
        add(&format!("→ {remedy}"), theme.good(), Part::Remedy);
    }
    let next = next(console, verdict.place.as_ref().map(ToString::to_string), columns);
    rows.extend(next.into_iter().map(|text| Row { text, style: theme.text(), of: Part::Else }));
    for (index, evidence) in verdict.evidence.iter().enumerate() {
        // A picture without text is called by its name.
        let unnamed = || verdict.screen.as_deref().unwrap_or("without text");
        let said = if evidence.text.is_empty() { unnamed() } else { &evidence.text };
        let text = format!("{} {}  {said}", index + 1, place(console, evidence));
        let mut wrapped = textwrap(&text, columns);
        if !console.panes.zoomed && wrapped.len() > EVIDENCE_ROWS {
            wrapped.truncate(EVIDENCE_ROWS);
            if let Some(last) = wrapped.last_mut() {
                *last = cut_off(last, columns);
            }
        }
        rows.extend(wrapped.into_iter().map(|text| Row { text, style: Style::new(), of: Part::Evidence(index) }));
        if index == 0 {
            rows.extend(suspects::rows(console, columns, theme));
        }
    }
    if verdict.evidence.is_empty() {
        rows.extend(suspects::rows(console, columns, theme));
    }
    rows
}

/// Why there is no verdict on a run of GitHub's.
fn not_here(console: &Console, remote: &RemoteResult) -> String {
    match () {
        () if console.github.busy() => "fetching its log and pictures…".into(),
        () if remote.state.failed() => "its log and pictures are not here".into(),
        () if remote.state.live() => format!("it is at work: {}", remote.page),
        () => format!("GitHub keeps no log of a run that went well: {}", remote.page),
    }
}

/// Which run the verdict is on, where a newer one is GitHub's.
fn before(console: &Console, row: &LineRow) -> Option<String> {
    let run = row.run.as_ref()?;
    let Some(Newest::GitHub(_, None)) = row.newest() else { return None };
    Some(format!("before that, here, {} ago:", age::spoken(console.now, run.ended.unwrap_or(run.started))))
}

/// What can be done about it: keys, and the file to edit. No key is torn from its word.
fn next(console: &Console, place: Option<String>, columns: usize) -> Vec<String> {
    let keys = console.next_keys().into_iter().map(|next| format!("{} {}", next.key, next.word));
    let edit = place.map(|place| format!("edit {place}"));
    let mut rows: Vec<String> = Vec::new();
    for step in edit.into_iter().chain(keys) {
        match rows.last_mut() {
            None => rows = textwrap(&format!("Next: {step}"), columns),
            Some(last) if usize::from(width(last)) + 3 + usize::from(width(&step)) <= columns => {
                last.push_str(" · ");
                last.push_str(&step);
            }
            Some(_) => rows.extend(textwrap(&step, columns)),
        }
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
