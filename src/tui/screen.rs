//! One frame: a function of the console, plus the picture that lies on top of the cells.

use ratatui::Frame;
use ratatui::layout::Rect;

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
    let free = above(layout.picture, view::toasts::area(console, layout.body));
    let covered = !over.is_empty() && over.intersects(layout.picture) || free.is_empty();
    let mut hits = Hits::default();
    hits.extend(layout.scopes().into_iter().filter_map(|(scope, area)| Some((area, Target::Pane(scope.pane()?)))));
    let buffer = frame.buffer_mut();
    view::header::draw(console, layout.header, theme, buffer);
    if !layout.github.is_empty() {
        hits.extend(view::github::draw(console, layout.github, theme, buffer));
    }
    view::log::draw(console, layout.log, theme, buffer);
    view::picture::draw(console, layout.picture, theme, surface, (free, covered), buffer);
    hits.extend(view::timeline::draw(console, layout.timeline, theme, buffer));
    hits.extend(view::verdict::draw(console, layout.verdict, theme, buffer));
    hits.extend(view::media::draw(console, layout.media, theme, buffer));
    hits.extend(view::lines::draw(console, layout.lines, theme, buffer));
    let mut cursor = view::hints::draw(console, layout.hints, theme, buffer);
    hits.cover(view::toasts::draw(console, layout.body, theme, buffer));
    if console.overlay.is_some() {
        cursor = overlay::draw(console, layout.body, theme, buffer);
        hits.cover([over]);
    }
    if let Some(cursor) = cursor {
        frame.set_cursor_position(cursor);
    }
    hits
}

/// What notices leave of the picture's pane: the rows above them, unless that is less than half.
fn above(pane: Rect, notices: Rect) -> Rect {
    if notices.is_empty() || !notices.intersects(pane) {
        return pane;
    }
    let height = notices.y.saturating_sub(pane.y);
    if height * 2 < pane.height { Rect::default() } else { Rect { height, ..pane } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_leaves_the_picture_the_rows_above_it_as_long_as_they_are_half_the_pane() {
        let pane = Rect::new(40, 1, 80, 20);
        assert_eq!(above(pane, Rect::default()), pane);
        assert_eq!(above(pane, Rect::new(0, 15, 30, 6)), pane, "beside it");
        assert_eq!(above(pane, Rect::new(60, 17, 60, 4)), Rect::new(40, 1, 80, 16));
        assert!(above(pane, Rect::new(60, 9, 60, 12)).is_empty());
    }
}
