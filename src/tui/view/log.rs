//! The log: only the rows on screen, read from the console's window of lines.

use std::ops::Range;

use jiff::civil::{Date, DateTime};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;
use ratatui::widgets::Widget;

use super::{empty, frame, marked, put, width};
use crate::console::Console;
use crate::console::binding::keyed;
use crate::console::log::{Fold, LogPane, Stamps};
use crate::console::panes::Pane;
use crate::packer_log::{LogLine, Origin, Problem};
use crate::tui::theme::Theme;

/// Draws the pane.
pub fn draw(console: &Console, area: Rect, theme: Theme, buffer: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let focused = console.panes.focus == Pane::Log;
    let inner = frame(area, title(console, theme, focused), focused, theme, buffer);
    let log = &console.log;
    if let Some(reason) = log.trouble() {
        empty(inner, &[(reason, theme.bad()), (&keyed("‹refresh› tries again"), theme.dim())], buffer);
    } else if let Some(rows) = log.early() {
        draw_early(log, rows, inner, theme, buffer);
    } else if !log.has_lines() {
        draw_empty(console, inner, theme, buffer);
    } else {
        draw_rows(log, inner, focused, theme, buffer);
        footer(log, area, theme, buffer);
    }
}

fn title(console: &Console, theme: Theme, focused: bool) -> Vec<Span<'static>> {
    let log = &console.log;
    let mut title = vec![Span::styled(" Log ", theme.title(focused))];
    let Some(key) = log.key() else { return title };
    title.push(Span::styled(format!("{key} "), theme.text()));
    if let Some(phase) = &log.facts().phase {
        title.push(Span::styled(format!("· {phase} "), theme.busy()));
    }
    if !log.facts().settled && log.facts().bytes > 0 {
        title.push(Span::styled("· still reading ", theme.warn()));
    }
    match log.fold {
        Fold::Keys => {}
        Fold::Noise => title.push(Span::styled("· folded ", theme.dim())),
        Fold::Nothing => title.push(Span::styled("· with typed keys ", theme.dim())),
    }
    if let Some(past) = console.past_words() {
        title.push(Span::styled(format!("· {past} "), theme.warn()));
    } else if log.follows() {
        title.push(Span::styled("· following ", theme.dim()));
    } else if log.new_lines() > 0 {
        title.push(Span::styled(format!("· paused, {} new lines ", log.new_lines()), theme.warn()));
    } else {
        title.push(Span::styled("· paused ", theme.dim()));
    }
    if let Some((least, number, all)) = log.problem_place() {
        let what = match least {
            Problem::Error => "error",
            Problem::Warning => "error or warning",
        };
        title.push(Span::styled(format!("· {what} {number} of {all} "), theme.warn()));
    }
    if let Some(search) = log.search() {
        let state = match log.place() {
            _ if log.seeking() => " …".into(),
            Some((number, all)) => format!(" {number} of {all}"),
            None => String::new(),
        };
        title.push(Span::styled(format!("· /{}{state} ", search.text), theme.warn()));
    }
    title
}

fn draw_empty(console: &Console, inner: Rect, theme: Theme, buffer: &mut Buffer) {
    let Some(row) = console.lines.selected() else { return };
    let key = &row.line.key;
    let text = match &row.run {
        _ if console.past_remote().is_some() => "the log of this run is not here".into(),
        None => format!("{key} has no run on this machine"),
        Some(run) if run.state.live() => "packer has not written anything yet".into(),
        Some(_) => "the log is empty".into(),
    };
    let hint = if row.run.is_none() { console.advised("‹build› builds it") } else { String::new() };
    empty(inner, &[(&text, Style::new()), (&hint, theme.dim())], buffer);
}

/// Where in the log this is.
fn footer(log: &LogPane, area: Rect, theme: Theme, buffer: &mut Buffer) {
    let text = format!(" {}/{} ", log.cursor() + 1, log.facts().lines);
    let wide = width(&text);
    if area.width > wide + 4 && area.height > 2 {
        put(buffer, area.right() - wide - 2, area.bottom() - 1, wide, &text, theme.dim());
    }
}

fn draw_rows(log: &LogPane, inner: Rect, focused: bool, theme: Theme, buffer: &mut Buffer) {
    let mut y = inner.y;
    let mut line = first(log, inner);
    while y < inner.bottom() {
        let Some(row) = log.row(line) else { break };
        let here = line == log.cursor() && focused;
        let hidden = if log.folded(line) { Some(log.fold_length(line)) } else { None };
        if let Some(day) = new_day(log, line) {
            let text = day.strftime("── %a %b %d ──").to_string();
            put(buffer, inner.x + 2, y, inner.width.saturating_sub(2), &text, theme.dim());
            y += 1;
            if y >= inner.bottom() {
                break;
            }
        }
        let text = hidden.map(|lines| folded_text(log, lines));
        let styled = match &text {
            Some(text) => {
                StyledLine { mark: (" ", theme.dim()), stamp: String::new(), text, style: theme.dim(), hits: vec![] }
            }
            None => style_line(log, line, row, theme),
        };
        let height = match hidden {
            Some(lines) => u16::from(lines > 0),
            None => height(log, row, inner.width),
        };
        for part in 0..height.min(inner.bottom() - y) {
            draw_part(log, &styled, part, Rect { y: y + part, height: 1, ..inner }, here, theme, buffer);
        }
        y += height;
        line += 1;
    }
}

/// The end of a long log that is still being read: its lines have no numbers yet.
fn draw_early(log: &LogPane, rows: &[LogLine], inner: Rect, theme: Theme, buffer: &mut Buffer) {
    let skipped = rows.len().saturating_sub(usize::from(inner.height));
    for (y, row) in (inner.y..inner.bottom()).zip(rows.iter().skip(skipped)) {
        draw_part(log, &style_line(log, u64::MAX, row, theme), 0, Rect { y, height: 1, ..inner }, false, theme, buffer);
    }
}

fn folded_text(log: &LogPane, lines: u64) -> String {
    let plural = if lines == 1 { "" } else { "s" };
    match log.fold {
        Fold::Keys => format!("┄ {lines} key{plural} typed"),
        Fold::Noise | Fold::Nothing => format!("┄ {lines} line{plural} of packer and plugins"),
    }
}

/// The day of a line, when it is another one than that of the line before.
fn new_day(log: &LogPane, line: u64) -> Option<Date> {
    let day = |line| Some(log.row(line)?.stamp?.date());
    let before = line.checked_sub(1).and_then(day)?;
    day(line).filter(|day| *day != before)
}

/// First line to draw. Wrapped lines take several rows, and the cursor must still be on screen.
fn first(log: &LogPane, inner: Rect) -> u64 {
    let top = log.shown_from();
    let last = log.last_shown();
    let plain = |line| !log.folded(line) && new_day(log, line).is_none();
    if !log.wrap && log.fold != Fold::Noise && (top..=last).all(plain) {
        return top;
    }
    // Of a folded log more than the last lines may have room.
    let bound = if log.fold != Fold::Nothing && log.follows() { 0 } else { top };
    let mut rows = 0;
    let mut line = last;
    loop {
        rows += match log.row(line) {
            Some(_) if log.folded(line) => u16::from(log.fold_length(line) > 0),
            Some(row) => height(log, row, inner.width),
            None if line < last => return line + 1,
            None => 1,
        };
        rows += u16::from(new_day(log, line).is_some());
        if rows > inner.height {
            return (line + 1).min(last);
        }
        if line <= bound {
            return bound.min(last);
        }
        line -= 1;
    }
}

/// Columns before the text: mark, stamp.
fn gutter(log: &LogPane) -> u16 {
    if log.stamps == Stamps::Hidden { 2 } else { 11 }
}

fn height(log: &LogPane, row: &LogLine, columns: u16) -> u16 {
    if !log.wrap {
        return 1;
    }
    let room = columns.saturating_sub(gutter(log)).max(1);
    width(&row.text).div_ceil(room).max(1)
}

/// Time since the mark, in eight columns: `+0:01:12`.
fn elapsed(log: &LogPane, line: u64, stamp: DateTime) -> String {
    let Some(zero) = log.zero(line) else { return String::new() };
    let seconds = stamp.duration_since(zero).as_secs();
    let sign = if seconds < 0 { '-' } else { '+' };
    let (hours, seconds) = (seconds.unsigned_abs() / 3600, seconds.unsigned_abs() % 3600);
    format!("{sign}{hours}:{:02}:{:02}", seconds / 60, seconds % 60)
}

struct StyledLine<'a> {
    mark: (&'static str, Style),
    stamp: String,
    text: &'a str,
    style: Style,
    /// byte ranges of the search's matches
    hits: Vec<Range<usize>>,
}

fn style_line<'a>(log: &LogPane, line: u64, row: &'a LogLine, theme: Theme) -> StyledLine<'a> {
    let (mark, style) = match (row.problem, row.origin) {
        (Some(Problem::Error), _) => (("✗", theme.bad()), theme.bad()),
        (Some(Problem::Warning), _) => (("!", theme.warn()), theme.warn()),
        (None, Origin::Ui | Origin::UiError) => ((" ", Style::new()), Style::new()),
        (None, _) => ((" ", Style::new()), theme.dim()),
    };
    let mark = if log.marked(line) { ("◆", theme.key()) } else { mark };
    let stamp = row.stamp.map(|stamp| match log.stamps {
        Stamps::Elapsed => elapsed(log, line, stamp),
        Stamps::Clock | Stamps::Hidden => stamp.strftime("%H:%M:%S").to_string(),
    });
    let stamp = stamp.unwrap_or_default();
    let hits = log.search().map_or_else(Vec::new, |search| search.pattern.spans(&row.text));
    StyledLine { mark, stamp, text: &row.text, style, hits }
}

fn draw_part(
    log: &LogPane,
    styled: &StyledLine<'_>,
    part: u16,
    area: Rect,
    here: bool,
    theme: Theme,
    buffer: &mut Buffer,
) {
    let gutter = gutter(log);
    let room = area.width.saturating_sub(gutter);
    if part == 0 {
        put(buffer, area.x, area.y, area.width.min(1), styled.mark.0, styled.mark.1);
        if log.stamps != Stamps::Hidden && area.width > gutter {
            put(buffer, area.x + 2, area.y, 8, &styled.stamp, theme.dim());
        }
    }
    let skip = if log.wrap { part.saturating_mul(room) } else { log.left() };
    let text = Rect { x: area.x + gutter, width: room, ..area }.intersection(area);
    if here {
        buffer.set_style(area, theme.selected());
    }
    let style = if here { theme.selected() } else { styled.style };
    let (from, to) = (at_column(styled.text, skip), at_column(styled.text, skip.saturating_add(room)));
    marked(styled.text, from.min(to)..to, &styled.hits, style, theme).render(text, buffer);
}

/// Byte index of the first character at or after a column.
fn at_column(text: &str, column: u16) -> usize {
    if text.is_ascii() {
        return usize::from(column).min(text.len());
    }
    let mut used = 0;
    for (index, char) in text.char_indices() {
        if used >= usize::from(column) {
            return index;
        }
        used += Span::raw(char.encode_utf8(&mut [0; 4]) as &str).width();
    }
    text.len()
}
