//! The console picture of the selected line's guest, or why there is none.

use ratatui::buffer::Buffer;
use ratatui::layout::{Margin, Rect};
use ratatui::style::Style;
use ratatui::text::Span;

use super::wrap::broken;
use super::{cut, empty, frame, lines, more, put, put_below, put_more, put_reason, put_rows, screen_text, width};
use crate::console::binding::keyed;
use crate::console::panes::{Pane, Room, Scrolled};
use crate::console::screen_text::ScreenText;
use crate::console::{Console, age};
use crate::guest::picture::Picture;
use crate::guest::recording::RecordedFrame;
use crate::tui::picture::{PictureSurface, Protocol};
use crate::tui::theme::Theme;
use crate::vcenter::PowerState;

/// Fewer letters of a guest's name say nothing.
const MIN_NAME: u16 = 8;

/// Draws the pane. `covered`: something lies on the picture.
pub fn draw(
    console: &Console,
    area: Rect,
    theme: Theme,
    surface: &mut PictureSurface,
    covered: bool,
    buffer: &mut Buffer,
) {
    if area.is_empty() {
        return;
    }
    let focused = console.panes.focus == Pane::Picture;
    let coarse = surface.protocol() == Protocol::Cells;
    let text = if coarse { scrolled(console, area) } else { Scrolled::default() };
    let room = area.width.saturating_sub(width(&more(text.beyond())));
    let mut inner = frame(area, title(console, Rect { width: room, ..area }, coarse, theme), focused, theme, buffer);
    put_more(area, text.beyond(), theme, buffer);
    if console.words.shown {
        inner = screen_text::draw_beside(console, inner, theme, buffer);
    }
    let over = console.over();
    if let Some(frame) = console.timeline.frame(over) {
        put_in_border(console, (&recorded(console, frame), theme.warn()), area, theme, buffer);
        if let Some((_, picture)) = console.timeline.picture(over)
            && !draw_text(console, picture, inner, surface, theme, buffer)
        {
            surface.draw(buffer, inner, picture, covered);
        }
        return;
    }
    footer(console, area, theme, buffer);
    let trouble = console.picture.trouble();
    let Some((picture, _)) = console.picture.picture() else {
        draw_empty(console, inner, trouble, theme, buffer);
        return;
    };
    if let Some(reason) = trouble {
        inner = put_below(inner, &format!("▲ {reason}"), (inner.height / 3).max(1), theme.warn(), buffer);
    }
    if !draw_text(console, picture, inner, surface, theme, buffer) {
        surface.draw(buffer, inner, picture, covered);
    }
}

/// Whose console it is, what vCenter tells of that guest, and the keys that turn to the cause and to the text of a picture
/// that the terminal shows in coarse blocks.
fn title(console: &Console, area: Rect, coarse: bool, theme: Theme) -> Vec<Span<'static>> {
    let mut parts: Vec<(String, Style)> = Vec::new();
    let guest = console.lines.selected().filter(|_| !console.looks_back()).and_then(|row| row.guest());
    if let Some(guest) = guest {
        parts.push((format!("· {}", lines::whole_guest(Some(guest), theme).0), theme.dim()));
    }
    if !console.visible(Pane::Verdict) || console.panes.measures.room != Room::Full {
        parts.push((keyed("· ‹verdict› cause"), theme.dim()));
    }
    let blocks = |picture| readable(console, picture, area.inner(Margin::new(1, 1))).is_none();
    if coarse && !console.words.shown && console.picture_shown().is_some_and(blocks) {
        parts.push((keyed("· ‹picture text› text"), theme.dim()));
    }
    // Where the line is seen to be selected, of its guest's name as much as the rest leaves room for.
    let taken = parts.iter().map(|(text, _)| width(text) + 1).sum::<u16>();
    let room = area.width.saturating_sub(13).saturating_sub(taken);
    let line = console.lines.selected().filter(|_| !console.visible(Pane::Lines));
    if let Some(row) = line {
        parts.insert(0, (row.line.key.0.clone(), theme.text()));
    } else if let Some(guest) = guest.filter(|_| room >= MIN_NAME) {
        parts.insert(0, (cut(&guest.name, room).into_owned(), theme.text()));
    }
    // What has no room is left out, and not cut off.
    let mut room = area.width.saturating_sub(11);
    parts.retain(|(text, _)| {
        let wide = width(text) + 1;
        let fits = wide <= room;
        room = if fits { room - wide } else { 0 };
        fits
    });
    let heading = Span::styled(" Console ", theme.title(console.panes.focus == Pane::Picture));
    std::iter::once(heading)
        .chain(parts.into_iter().map(|(text, style)| Span::styled(format!("{text} "), style)))
        .collect()
}

/// The text of a picture, where the screen is text and its glyphs are known. Not where a part of it would be cut off,
/// unless the pane has the whole screen.
fn readable<'a>(console: &'a Console, picture: &Picture, room: Rect) -> Option<&'a ScreenText> {
    let words = console.words.of(picture).filter(|words| words.exact && !words.rows.is_empty())?;
    let longest = words.rows.iter().map(|row| width(row)).max().unwrap_or(0);
    let fits = longest <= room.width && words.rows.len() <= usize::from(room.height);
    (fits || console.panes.zoomed).then_some(words)
}

/// Draws the text of a picture in its place, where the terminal shows coarse blocks only.
fn draw_text(
    console: &Console,
    picture: &Picture,
    inner: Rect,
    surface: &PictureSurface,
    theme: Theme,
    buffer: &mut Buffer,
) -> bool {
    if surface.protocol() != Protocol::Cells || console.words.shown {
        return false;
    }
    let Some(words) = readable(console, picture, inner) else { return false };
    let rows = text_rows(words, inner);
    let skipped = usize::from(lies(console, rows.len(), inner).first);
    put_rows(inner, rows.into_iter().skip(skipped).map(|row| (row, theme.text())), buffer);
    true
}

/// How the text lies that stands in place of the picture on the whole screen, where the terminal shows coarse blocks only.
pub fn scrolled(console: &Console, area: Rect) -> Scrolled {
    let inner = area.inner(Margin::new(1, 1));
    let shown = console.picture_shown().filter(|_| console.panes.zoomed && !console.words.shown);
    let words = shown.and_then(|picture| readable(console, picture, inner));
    words.map_or_else(Scrolled::default, |words| lies(console, text_rows(words, inner).len(), inner))
}

fn text_rows(words: &ScreenText, inner: Rect) -> Vec<String> {
    words.rows.iter().flat_map(|row| broken(row, usize::from(inner.width.max(1)))).collect()
}

fn lies(console: &Console, rows: usize, inner: Rect) -> Scrolled {
    let room = usize::from(inner.height);
    Scrolled::of(console.words.first_row(rows.saturating_sub(room) + 1), rows, room)
}

/// How old the picture is, in the lower border.
fn footer(console: &Console, area: Rect, theme: Theme, buffer: &mut Buffer) {
    let Some((_, taken)) = console.picture.picture() else { return };
    let late = console.now.duration_since(taken).as_secs() > 10;
    let mark = if late { "▲ " } else { "" };
    let text = format!(" {mark}{} old ", age::spoken(console.now, taken));
    put_in_border(console, (&text, if late { theme.warn() } else { theme.dim() }), area, theme, buffer);
}

/// When a recorded picture was on the screen.
fn recorded(console: &Console, frame: &RecordedFrame) -> String {
    let clock = |at| age::clock(at, &console.zone);
    let what = if console.timeline.moment().is_some() { "recorded" } else { "last picture" };
    format!(" {what} {}–{} ", clock(frame.at), clock(frame.until))
}

/// Writes into the lower border: what the screen is on the left, as far as it is known, how old it is on the right.
fn put_in_border(console: &Console, (text, style): (&str, Style), area: Rect, theme: Theme, buffer: &mut Buffer) {
    let wide = width(text);
    if area.width <= wide + 4 || area.height <= 2 {
        return;
    }
    put(buffer, area.right() - wide - 2, area.bottom() - 1, wide, text, style);
    let room = area.width.saturating_sub(wide + 5);
    if let Some((text, style)) = screen(console, theme).filter(|_| room > 8) {
        put(buffer, area.x + 2, area.bottom() - 1, room, &text, style);
    }
}

/// What the picture shows: since when it stands still, and the screen's name.
fn screen(console: &Console, theme: Theme) -> Option<(String, Style)> {
    let recording = console.timeline.recording();
    let frame = console.timeline.frame(console.over()).or(recording.frames.last());
    let read = console.picture_shown().and_then(|picture| console.words.of(picture));
    let label = frame.and_then(|frame| recording.reading(frame)).and_then(|reading| reading.label.as_deref());
    let label = label.or(read.and_then(|words| words.label.as_deref()));
    let run = console.shown_run()?;
    let still = run.still.as_ref().filter(|_| console.timeline.moment().is_none());
    match (still, label) {
        (Some(still), label) => {
            let since = age::clock(still.since, &console.zone);
            let label = label.map_or(String::new(), |label| format!("· {label} "));
            Some((format!(" same picture since {since} {label}"), theme.warn()))
        }
        (None, Some(label)) => Some((format!(" {label} "), theme.dim())),
        (None, None) => None,
    }
}

fn draw_empty(console: &Console, inner: Rect, trouble: Option<&str>, theme: Theme, buffer: &mut Buffer) {
    if let Some(reason) = trouble {
        return put_reason(inner, reason, theme, buffer);
    }
    let Some(row) = console.lines.selected() else { return };
    let build = row.line.build_name();
    let (text, hint) = match (row.guest(), &row.generations.build) {
        _ if console.looks_back() => ("no picture of this run is here".into(), ""),
        (Some(guest), _) if guest.power_state == PowerState::PoweredOn => {
            (format!("asking for the picture of {build}"), "")
        }
        (Some(guest), _) if guest.power_state == PowerState::Unknown => {
            (format!("vCenter does not tell whether {build} runs"), "no picture until it does")
        }
        (Some(_), _) => (format!("{build} is not powered on"), "no picture until it is"),
        (None, Some(_)) => (format!("{build} is a template"), "‹promote› promotes it"),
        (None, None) => ("no build VM".into(), "a build shows its console here"),
    };
    empty(inner, &[(&text, Style::new()), (&console.advised(hint), theme.dim())], buffer);
}
