//! The verdict on the selected line's newest run: cause, remedy, and the evidence to open.

mod rows;
mod suspects;
mod words;

use ratatui::buffer::Buffer;
use ratatui::layout::{Margin, Rect};
use ratatui::style::Style;
use ratatui::text::Span;

use self::rows::{Part, Row, cut_off, shorten};
use self::words::{before, next, none, not_here, place};
use super::wrap::textwrap;
use super::{frame, more, overview, put, put_more, width};
use crate::console::binding::keyed;
use crate::console::click::Target;
use crate::console::panes::{Pane, Scrolled};
use crate::console::remarks::Remark;
use crate::console::verdict::Case;
use crate::console::{Console, age};
use crate::triage::verdict::{Confidence, Verdict};
use crate::tui::hits::Hit;
use crate::tui::theme::Theme;

/// Rows of one piece of evidence, unless the pane has the whole screen.
const EVIDENCE_ROWS: usize = 2;

/// Rows that its content takes in a pane of so many columns, without borders.
pub fn rows(console: &Console, columns: u16) -> u16 {
    let rows = content(console, usize::from(columns.saturating_sub(3).max(1)), Theme::new(false)).len();
    u16::try_from(rows).unwrap_or(u16::MAX)
}

/// Columns of its text.
fn columns(inner: Rect) -> usize {
    usize::from(inner.width.saturating_sub(1).max(1))
}

/// How its text lies in the pane once that has the keys.
pub fn scrolled(console: &Console, area: Rect) -> Scrolled {
    let inner = area.inner(Margin::new(1, 1));
    let rows = content(console, columns(inner), Theme::new(false));
    let room = usize::from(inner.height);
    let chosen = console.case().map(|case| (case, rows.iter().rposition(|row| row.evidence() == Some(case.chosen()))));
    let tops = rows.len().saturating_sub(room) + 1;
    let first = chosen.map_or(0, |(case, last)| case.first_row(last.unwrap_or(0), room, tops));
    Scrolled::of(first, rows.len(), room)
}

/// Draws the pane; returns where each piece of evidence is.
pub fn draw(console: &Console, area: Rect, theme: Theme, buffer: &mut Buffer) -> Vec<Hit> {
    if area.is_empty() {
        return Vec::new();
    }
    let focused = console.panes.focus == Pane::Verdict;
    let inside = area.inner(Margin::new(1, 1));
    let mut rows = content(console, columns(inside), theme);
    let text = if focused { scrolled(console, area) } else { Scrolled::default() };
    let beyond = text.beyond();
    let title = title(console, area.width.saturating_sub(width(&more(beyond))), theme, focused);
    let inner = frame(area, title, focused, theme, buffer);
    put_more(area, beyond, theme, buffer);
    let below = rows.len().saturating_sub(inner.height.into());
    if !focused {
        shorten(&mut rows, inner);
    }
    let chosen = console.case().map_or(0, Case::chosen);
    let mut lower = Rect { y: area.bottom().saturating_sub(1), ..area };
    if console.content().picture && !console.visible(Pane::Picture) {
        let text = keyed(" ‹verdict› shows the picture ");
        let x = area.right().saturating_sub(width(&text) + 2).max(area.x);
        put(buffer, x, area.bottom().saturating_sub(1), area.right().saturating_sub(x), &text, theme.dim());
        lower.width = (x + 1).saturating_sub(lower.x);
    }
    if !focused {
        // Without the keys it is below: above, the class would have to go for it.
        put_more(lower, (0, below), theme, buffer);
    }
    let mut hits = Vec::new();
    for (y, row) in (inner.y..inner.bottom()).zip(rows.iter().skip(beyond.0)) {
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
    // They are about the line as it stands now. The cause of its newest run comes before all of them, and why there is
    // none before what is only worth knowing.
    let remarks = if console.looks_back() { Vec::new() } else { console.remarks(row) };
    let cause = console.content().cause && console.past_remote().is_none();
    let led = cause && before(console, row).is_none() && verdict.is_some_and(leads);
    let (first, mut rest): (Vec<_>, Vec<_>) = remarks.into_iter().partition(|remark| !led && (remark.alarm || !cause));
    rest.sort_by_key(|remark| !remark.alarm);
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
            if console.content().unattended {
                rows.extend(
                    none(console, case).into_iter().flat_map(|text| wrapped(&text, theme.text()).collect::<Vec<_>>()),
                );
            }
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

/// Whether it says why something goes wrong. What healthy builds show, too, is no cause.
fn leads(verdict: &Verdict) -> bool {
    !benign(verdict) && verdict.outlook.as_ref().is_none_or(|outlook| !outlook.passing)
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
