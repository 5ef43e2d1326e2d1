//! A confirmation: the exact steps, what vCenter says to them, what must be typed, and the way back.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::{buttons, buttons_width, centred, frame};
use crate::console::binding::keyed;
use crate::console::confirm::{Action, Check, Choice, Confirm, Need};
use crate::tui::theme::Theme;
use crate::tui::view::wrap::textwrap;
use crate::tui::view::{put, put_field, put_more, width};

const WIDEST: u16 = 88;

/// One row of its text.
struct Row {
    text: String,
    tone: RowTone,
}

#[derive(Clone, Copy)]
enum RowTone {
    Plain,
    Strong,
    Dim,
    Good,
    Warn,
    Bad,
}

/// The cells it takes.
pub fn area(confirm: &Confirm, body: Rect) -> Rect {
    let width = WIDEST.min(body.width.saturating_sub(2));
    let rows = rows(confirm, width.saturating_sub(4));
    let field = if confirm.field().is_some() { 2 } else { 0 };
    centred(body, width, u16::try_from(rows.len()).unwrap_or(u16::MAX).saturating_add(field + 4))
}

/// The rows there is room for, and those of its text.
pub fn measures(confirm: &Confirm, body: Rect) -> (usize, usize) {
    let area = area(confirm, body);
    let field = if confirm.field().is_some() { 2 } else { 0 };
    let room = usize::from(area.height.saturating_sub(field + 3));
    (room, rows(confirm, area.width.saturating_sub(4)).len())
}

/// Draws it.
pub fn draw(confirm: &Confirm, area: Rect, theme: Theme, buffer: &mut Buffer) -> Option<Position> {
    let danger = dangerous(confirm);
    let inner = frame(area, &confirm.title, if danger { theme.bad() } else { theme.key() }, buffer);
    if inner.is_empty() {
        return None;
    }
    let field = if confirm.field().is_some() { 2 } else { 0 };
    let room = usize::from(inner.height.saturating_sub(field + 1));
    let rows = rows(confirm, inner.width);
    let top = confirm.top.index(rows.len().saturating_sub(room) + 1);
    let below = rows.len().saturating_sub(top + room);
    for (y, row) in (inner.y..inner.bottom()).zip(rows.iter().skip(top).take(room)) {
        let style = match row.tone {
            RowTone::Plain => Style::new(),
            RowTone::Strong => theme.bold(),
            RowTone::Dim => theme.dim(),
            RowTone::Good => theme.good(),
            RowTone::Warn => theme.warn(),
            RowTone::Bad => theme.bad(),
        };
        put(buffer, inner.x, y, inner.width, &row.text, style);
    }
    put_more(area, (top, below), theme, buffer);
    let cursor = draw_field(confirm, inner, theme, buffer);
    draw_buttons(confirm, inner, danger, theme, buffer);
    cursor
}

/// Whether something is destroyed that does not come back.
fn dangerous(confirm: &Confirm) -> bool {
    matches!(confirm.need, Need::Name { .. }) || matches!(confirm.action, Action::Cancel { force: true })
}

fn rows(confirm: &Confirm, width: u16) -> Vec<Row> {
    let mut rows = Vec::new();
    rows.push(Row { text: String::new(), tone: RowTone::Plain });
    if let Some(outcome) = &confirm.outcome {
        let wrapped = textwrap(outcome, usize::from(width.max(1))).into_iter();
        rows.extend(wrapped.map(|text| Row { text, tone: RowTone::Strong }));
        rows.push(Row { text: String::new(), tone: RowTone::Plain });
    }
    for warning in &confirm.warnings {
        let wrapped = textwrap(&keyed(warning), usize::from(width.max(1))).into_iter();
        rows.extend(wrapped.map(|text| Row { text, tone: RowTone::Warn }));
    }
    if !confirm.warnings.is_empty() {
        rows.push(Row { text: String::new(), tone: RowTone::Plain });
    }
    for (index, step) in confirm.steps.iter().enumerate() {
        let number = format!("{}.", index + 1);
        let columns = usize::from(width.saturating_sub(4).max(1));
        for (part, text) in textwrap(&keyed(step), columns).into_iter().enumerate() {
            let number = if part == 0 { &number } else { "" };
            rows.push(Row { text: format!("{number:<4}{text}"), tone: RowTone::Plain });
        }
    }
    for line in &confirm.diff {
        let tone = match line.as_bytes().first() {
            Some(b'-') => RowTone::Bad,
            Some(b'+') => RowTone::Good,
            _ => RowTone::Dim,
        };
        let columns = usize::from(width.saturating_sub(4).max(1));
        rows.extend(cut(line, columns).into_iter().map(|text| Row { text: format!("    {text}"), tone }));
    }
    let mut add = |text: &str, tone: RowTone| {
        let columns = usize::from(width.max(1));
        rows.extend(textwrap(text, columns).into_iter().map(|text| Row { text, tone }));
    };
    if confirm.note.is_some() || confirm.check != Check::None || confirm.complaint.is_some() {
        add("", RowTone::Plain);
    }
    if let Some(note) = &confirm.note {
        add(&keyed(note), RowTone::Dim);
    }
    match &confirm.check {
        Check::None => {}
        Check::Asking => add("asking vCenter whether it may be done…", RowTone::Dim),
        Check::Passed => add("✓ vCenter does not object", RowTone::Good),
        Check::Refused(reason) => add(&format!("✗ {reason}"), RowTone::Bad),
    }
    if let Some(complaint) = &confirm.complaint {
        add(&format!("▲ {complaint}"), RowTone::Warn);
    }
    if let Some(command) = &confirm.command {
        add("", RowTone::Plain);
        add(command, RowTone::Dim);
    }
    if let Some(command) = confirm.same_as() {
        add("", RowTone::Plain);
        add(&format!("same as: {command}"), RowTone::Dim);
    }
    rows
}

/// A line of a file in parts of at most `columns`, its spaces kept.
fn cut(line: &str, columns: usize) -> Vec<String> {
    let mut parts = vec![String::new()];
    for char in line.chars() {
        let char = char.to_string();
        match parts.last_mut() {
            Some(last) if last.is_empty() || usize::from(width(last) + width(&char)) <= columns => last.push_str(&char),
            _ => parts.push(char),
        }
    }
    parts
}

fn draw_field(confirm: &Confirm, inner: Rect, theme: Theme, buffer: &mut Buffer) -> Option<Position> {
    let field = confirm.field()?;
    let y = inner.bottom().checked_sub(3).filter(|y| *y >= inner.y)?;
    let label = match &confirm.need {
        Need::Name { name, .. } => format!("type {name}:"),
        Need::Text { label, .. } => format!("{label}:"),
        Need::Reason(_) | Need::Yes => "reason:".into(),
    };
    let focused = confirm.choice == Choice::Field;
    let x = inner.x + put(buffer, inner.x, y, inner.width, &label, if focused { theme.key() } else { theme.dim() }) + 1;
    let cursor = put_field(field, x, Rect { y, ..inner }, theme, buffer);
    focused.then_some(cursor)
}

fn draw_buttons(confirm: &Confirm, inner: Rect, danger: bool, theme: Theme, buffer: &mut Buffer) {
    let row = Rect { y: inner.bottom().saturating_sub(1), height: 1, ..inner };
    let armed = confirm.arming.armed();
    // The longest that the buttons leave room for.
    let hints: &[&str] = match confirm.choice {
        _ if !armed => &["one moment… · Esc back", "Esc back"],
        Choice::Field => &["Enter to continue · Esc back", "Esc back"],
        Choice::Cancel | Choice::Go if confirm.same_as().is_some() => {
            &["y does it · c copies the command · Esc back", "y does it · c copies · Esc back", "y does it · Esc back"]
        }
        Choice::Cancel | Choice::Go => &["y does it · Esc back", "y · Esc"],
    };
    let labels = [
        (confirm.back.to_owned(), armed && confirm.choice == Choice::Cancel, false),
        (confirm.verb.to_owned(), armed && confirm.choice == Choice::Go, danger),
    ];
    let room = row.width.saturating_sub(buttons_width(&labels) + 1);
    if let Some(hint) = hints.iter().find(|hint| width(hint) <= room) {
        put(buffer, row.x, row.y, room, hint, theme.dim());
    }
    buttons(row, &labels, theme, buffer);
}
