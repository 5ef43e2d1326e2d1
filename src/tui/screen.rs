//! One frame: a function of the console, plus the picture that lies on top of the cells.

use ratatui::Frame;

use super::hits::Hits;
use super::layout::Layout;
use super::overlay;
use super::picture::PictureSurface;
use super::theme::Theme;
use super::view;
use crate::console::Console;
use crate::console::click::Target;

/// Draws everything; returns what is where.
pub fn draw(
    console: &Console,
    layout: &Layout,
    theme: Theme,
    surface: &mut PictureSurface,
    frame: &mut Frame<'_>,
) -> Hits {
    let over = overlay::area(console, layout.body);
    let mut hits = Hits::default();
    hits.extend(layout.scopes().into_iter().filter_map(|(scope, area)| Some((area, Target::Pane(scope.pane()?)))));
    let buffer = frame.buffer_mut();
    view::header::draw(console, layout.header, theme, buffer);
    if !layout.github.is_empty() {
        hits.extend(view::github::draw(console, layout.github, theme, buffer));
    }
    hits.extend(view::wall::draw(console, layout.wall, theme, (surface, over), buffer));
    view::log::draw(console, layout.log, theme, buffer);
    let covered = over.intersects(layout.picture);
    view::picture::draw(console, layout.picture, theme, surface, covered, buffer);
    hits.extend(view::timeline::draw(console, layout.timeline, theme, buffer));
    hits.extend(view::verdict::draw(console, layout.verdict, theme, buffer));
    hits.extend(view::media::draw(console, layout.media, theme, buffer));
    hits.extend(view::lines::draw(console, layout.lines, theme, buffer));
    let mut cursor = view::hints::draw(console, layout.hints, theme, buffer);
    // On a small screen it takes the place of the hints, but not of what is being typed.
    if !layout.notice.intersects(layout.hints) || cursor.is_none() {
        view::notice::draw(console, layout.notice, theme, buffer);
    }
    if console.overlay.is_some() {
        cursor = overlay::draw(console, layout.body, theme, buffer);
        hits.cover([over]);
    }
    if let Some(cursor) = cursor {
        frame.set_cursor_position(cursor);
    }
    hits
}
