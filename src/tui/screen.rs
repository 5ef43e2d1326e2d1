//! One frame: a function of the console, plus the picture that lies on top of the cells.

use ratatui::Frame;

use super::layout::Layout;
use super::overlay;
use super::picture::PictureSurface;
use super::theme::Theme;
use super::view;
use crate::console::Console;

/// Draws everything.
pub fn draw(console: &Console, layout: &Layout, theme: Theme, surface: &mut PictureSurface, frame: &mut Frame<'_>) {
    let over = overlay::area(console, layout.body);
    let toasts = view::toasts::area(console, layout.body);
    let covered = (!over.is_empty() && over.intersects(layout.picture))
        || (!toasts.is_empty() && toasts.intersects(layout.picture));
    let buffer = frame.buffer_mut();
    view::header::draw(console, layout.header, theme, buffer);
    if console.github.open {
        view::runs::draw(console, layout.body, theme, buffer);
    }
    view::log::draw(console, layout.log, theme, buffer);
    view::picture::draw(console, layout.picture, theme, surface, covered, buffer);
    view::timeline::draw(console, layout.timeline, theme, buffer);
    view::verdict::draw(console, layout.verdict, theme, buffer);
    view::media::draw(console, layout.media, theme, buffer);
    view::lines::draw(console, layout.lines, theme, buffer);
    let mut cursor = view::hints::draw(console, layout.hints, theme, buffer);
    view::toasts::draw(console, layout.body, theme, buffer);
    if console.overlay.is_some() {
        cursor = overlay::draw(console, layout.body, theme, buffer);
    }
    if let Some(cursor) = cursor {
        frame.set_cursor_position(cursor);
    }
}
