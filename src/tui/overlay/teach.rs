//! `T`: by what the screen in the picture is known, and what it means.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::{centred, frame};
use crate::console::binding::keyed;
use crate::console::teach::{TeachFocus, Teaching};
use crate::tui::theme::Theme;
use crate::tui::view::columns::first_visible;
use crate::tui::view::wrap::textwrap;
use crate::tui::view::{put, put_field};

const WIDEST: u16 = 96;
/// Most rows of the screen that are shown at once.
const MOST_ROWS: u16 = 12;
/// Columns for the names of fields.
const NAMES: u16 = 13;

/// The cells it takes.
pub fn area(teaching: &Teaching, body: Rect) -> Rect {
    let width = WIDEST.min(body.width.saturating_sub(2));
    let list = u16::try_from(teaching.rows.len()).unwrap_or(MOST_ROWS).clamp(1, MOST_ROWS);
    let below = below(teaching, usize::from(width.saturating_sub(4))).len();
    let fields = TeachFocus::ALL.len() - 1;
    centred(body, width, list + u16::try_from(below + fields).unwrap_or(0) + 5)
}

/// Draws it; returns where the cursor blinks.
pub fn draw(teaching: &Teaching, area: Rect, theme: Theme, buffer: &mut Buffer) -> Option<Position> {
    let inner = frame(area, "Name this screen", theme.key(), buffer);
    if inner.is_empty() {
        return None;
    }
    let below = below(teaching, usize::from(inner.width.max(1)));
    let fixed = TeachFocus::ALL.len() + below.len() + 1;
    let list = Rect { y: inner.y + 1, height: inner.height.saturating_sub(u16::try_from(fixed).unwrap_or(0)), ..inner };
    let tick = if teaching.rows.is_empty() {
        keyed("no text was read (‹picture text› reads it): it is known by its picture")
    } else {
        "text that must be on the screen".to_owned()
    };
    put(buffer, inner.x, inner.y, inner.width, &tick, theme.dim());
    draw_rows(teaching, list, theme, buffer);
    let mut cursor = None;
    let fields = TeachFocus::ALL.iter().filter(|focus| **focus != TeachFocus::Rows);
    for (y, focus) in (list.bottom()..inner.bottom()).zip(fields) {
        let row = Rect { y, height: 1, ..inner };
        let (name, field) = match focus {
            TeachFocus::Rows => continue,
            TeachFocus::Not => ("never with", &teaching.not),
            TeachFocus::Area => ("area in %", &teaching.area),
            TeachFocus::Label => ("name", &teaching.label),
            TeachFocus::Cause => ("cause", &teaching.cause),
            TeachFocus::Remedy => ("remedy", &teaching.remedy),
        };
        let focused = *focus == teaching.focus;
        put(buffer, row.x, y, NAMES, name, if focused { theme.key() } else { theme.dim() });
        if field.text().is_empty() && !focused {
            put(buffer, row.x + NAMES, y, row.width.saturating_sub(NAMES), placeholder(*focus), theme.dim());
        } else {
            let at = put_field(field, row.x + NAMES, row, theme, buffer);
            cursor = cursor.or(focused.then_some(at));
            if let Some(reason) = teaching.name_complaint().filter(|_| *focus == TeachFocus::Label) {
                let x = row.x + NAMES + u16::try_from(field.text().chars().count()).unwrap_or(0) + 2;
                put(buffer, x, y, row.right().saturating_sub(x), &format!("▲ {reason}"), theme.warn());
            }
        }
    }
    let first = list.bottom() + u16::try_from(TeachFocus::ALL.len() - 1).unwrap_or(0);
    for (y, (text, tone)) in (first..inner.bottom()).zip(&below) {
        let style = match tone {
            Tone::Dim => theme.dim(),
            Tone::Plain => Style::new(),
            Tone::Warn => theme.warn(),
        };
        put(buffer, inner.x, y, inner.width, text, style);
    }
    cursor
}

const fn placeholder(focus: TeachFocus) -> &'static str {
    match focus {
        TeachFocus::Not => "words, ; between them",
        TeachFocus::Area => "left top width height, for a page without words",
        TeachFocus::Label => "lower-case, with hyphens",
        TeachFocus::Cause => "why a build fails that shows it; empty: no rule",
        TeachFocus::Remedy => "what to do then",
        TeachFocus::Rows => "",
    }
}

fn draw_rows(teaching: &Teaching, list: Rect, theme: Theme, buffer: &mut Buffer) {
    let focused = teaching.focus == TeachFocus::Rows;
    let first = first_visible(teaching.chosen, usize::from(list.height));
    for (y, (at, row)) in (list.y..list.bottom()).zip(teaching.rows.iter().enumerate().skip(first)) {
        let style = match (focused && at == teaching.chosen, row.ticked) {
            (true, _) => theme.selected(),
            (false, true) => theme.bold(),
            (false, false) => theme.dim(),
        };
        let tick = if row.ticked { "[x]" } else { "[ ]" };
        put(buffer, list.x, y, list.width, &format!("{tick} {}", row.words), style);
    }
}

enum Tone {
    Dim,
    Plain,
    Warn,
}

/// What is known of it, and the keys.
fn below(teaching: &Teaching, columns: usize) -> Vec<(String, Tone)> {
    let mut rows = vec![(String::new(), Tone::Dim)];
    match &teaching.trial {
        None => rows.push(("trying it on every stored picture…".into(), Tone::Dim)),
        Some(Ok(trial)) if trial.misses_its_own => {
            rows.extend(textwrap(&format!("▲ {trial}"), columns).into_iter().map(|row| (row, Tone::Warn)));
        }
        Some(Ok(trial)) => rows.push((trial.to_string(), Tone::Plain)),
        Some(Err(reason)) => rows.push((format!("▲ {reason}"), Tone::Warn)),
    }
    for page in &teaching.near {
        rows.extend(textwrap(&page.to_string(), columns).into_iter().take(2).map(|row| (row, Tone::Dim)));
    }
    if let Some(complaint) = &teaching.complaint {
        rows.push((format!("▲ {complaint}"), Tone::Warn));
    }
    rows.push(("Space ticks · Tab next · Enter goes on, at the end asks · Esc leaves".into(), Tone::Dim));
    rows
}
