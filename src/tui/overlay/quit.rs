//! The request when work goes on.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::{buttons, centred, frame};
use crate::console::Console;
use crate::console::overlay::{QuitAsk, QuitChoice};
use crate::tui::theme::Theme;
use crate::tui::view::put_rows;

/// The cells it takes.
pub fn area(ask: &QuitAsk, body: Rect) -> Rect {
    let rows = ask.runs.len() + ask.changes.len() + ask.plugins.len() + leave(false, ask).len();
    centred(body, 66.min(body.width.saturating_sub(2)), u16::try_from(rows).unwrap_or(u16::MAX).saturating_add(7))
}

/// What leaving means for all that goes on.
fn leave(simulated: bool, ask: &QuitAsk) -> Vec<&'static str> {
    let work = match (ask.changes.is_empty(), ask.runs.is_empty()) {
        (true, true) => None,
        _ if simulated => Some("leave: the demo and its builds end here"),
        (true, false) => Some("leave: builds go on; the next console attaches to them"),
        (false, true) => Some("leave: the change is finished first"),
        (false, false) => Some("leave: the change is finished first, builds go on"),
    };
    let stopped = match ask.plugins.len() {
        0 => None,
        1 => Some("leave: your command is stopped"),
        _ => Some("leave: your commands are stopped"),
    };
    work.into_iter().chain(stopped).collect()
}

/// Draws it.
pub fn draw(console: &Console, ask: &QuitAsk, area: Rect, theme: Theme, buffer: &mut Buffer) {
    let inner = frame(area, "Quit while work goes on?", theme.key(), buffer);
    let mut rows: Vec<(String, Style)> = vec![(String::new(), Style::new())];
    rows.extend(ask.runs.iter().map(|key| (format!("● build of {key}"), theme.busy())));
    rows.extend(ask.changes.iter().map(|change| (format!("◌ {change}"), theme.busy())));
    rows.extend(ask.plugins.iter().map(|name| (format!("◌ your command {name}"), theme.busy())));
    rows.push((String::new(), Style::new()));
    rows.extend(leave(console.session().simulated, ask).into_iter().map(|text| (text.into(), theme.dim())));
    let may_cancel = console.may_cancel_on_quit(ask);
    if may_cancel {
        rows.push(("cancel: packer stops and destroys its VM; then we leave".into(), theme.dim()));
    }
    put_rows(inner, rows, buffer);
    let focused = |choice| ask.arming.armed() && ask.choice == choice;
    let mut labels = vec![("l leave".to_owned(), focused(QuitChoice::Leave), false)];
    if may_cancel {
        labels.push(("c cancel builds".to_owned(), focused(QuitChoice::Cancel), true));
    }
    labels.push(("s stay".to_owned(), focused(QuitChoice::Stay), false));
    let row = Rect { y: inner.bottom().saturating_sub(1), height: u16::from(!inner.is_empty()), ..inner };
    buttons(row, &labels, theme, buffer);
}
