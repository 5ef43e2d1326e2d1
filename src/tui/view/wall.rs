//! The wall: a grid of pictures that fits the screen, each with its line, stage, clock and alarm.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Widget};

use super::wrap::textwrap;
use super::{empty, put_rows, result};
use crate::console::Console;
use crate::console::click::Target;
use crate::console::lines::LineRow;
use crate::console::remote::Newest;
use crate::console::verdict::Case;
use crate::guest::picture::Picture;
use crate::tui::hits::Hit;
use crate::tui::picture::PictureSurface;
use crate::tui::theme::Theme;

/// Columns and rows of the grid for so many pictures: those that make them largest.
pub fn grid(area: Rect, count: usize) -> (u16, u16) {
    let count = u16::try_from(count).unwrap_or(u16::MAX).max(1);
    let size = |columns: &u16| {
        let rows = count.div_ceil(*columns);
        // A console is 4:3, and a cell twice as high as wide.
        (area.width / columns).saturating_sub(2).min((area.height / rows).saturating_sub(2).saturating_mul(8) / 3)
    };
    // Of equals the one with fewer columns.
    let columns = (1..=count).rev().max_by_key(size).unwrap_or(1);
    (columns, count.div_ceil(columns))
}

/// Draws it; returns where each line is. `pictures`: what shows them, and what lies above them.
pub fn draw(
    console: &Console,
    area: Rect,
    theme: Theme,
    pictures: (&mut PictureSurface, Rect),
    buffer: &mut Buffer,
) -> Vec<Hit> {
    if area.is_empty() {
        return Vec::new();
    }
    let shown = console.on_wall();
    if shown.is_empty() {
        let hint = console.advised("‹wall› goes back; ‹build› builds a line");
        empty(
            area,
            &[("nothing is being built, and nothing failed within a day", Style::new()), (&hint, theme.dim())],
            buffer,
        );
        return Vec::new();
    }
    let (columns, rows) = grid(area, shown.len());
    let wide = area.width / columns;
    let high = area.height / rows;
    let (surface, over) = pictures;
    let mut hits = Vec::new();
    for (index, row) in shown.into_iter().enumerate() {
        let index = u16::try_from(index).unwrap_or(u16::MAX);
        let (x, y) = (area.x + index % columns * wide, area.y + index / columns * high);
        let place = Rect { x, y, width: wide, height: high }.intersection(area);
        let picture = draw_tile(console, row, place, theme, buffer);
        if let Some((shown, area)) = picture {
            surface.draw(buffer, area, shown, over.intersects(area));
        }
        hits.push((place, Target::Line(row.line.key.clone())));
    }
    hits
}

/// Draws all of a tile but its picture; returns that and its place.
fn draw_tile<'c>(
    console: &'c Console,
    row: &LineRow,
    area: Rect,
    theme: Theme,
    buffer: &mut Buffer,
) -> Option<(&'c Picture, Rect)> {
    let chosen = console.lines.selected().is_some_and(|other| other.line.key == row.line.key);
    let alarm = Console::alarming_tile(row);
    let (border, style) = match (alarm, chosen) {
        (true, true) => (BorderType::Thick, theme.bad()),
        (true, false) => (BorderType::Rounded, theme.bad()),
        (false, chosen) => (if chosen { BorderType::Thick } else { BorderType::Rounded }, theme.border(chosen)),
    };
    let mark = if chosen { "▸ " } else { "" };
    let sign = if alarm { "▲ " } else { "" };
    let name =
        Span::styled(format!(" {mark}{sign}{} ", row.line.key), if alarm { theme.bad() } else { theme.title(chosen) });
    let block = Block::bordered().border_type(border).border_style(style).title(Line::from(name));
    let inner = block.inner(area);
    block.render(area, buffer);
    if inner.height < 2 {
        return None;
    }
    // A picture is 4:3; the rows that it leaves say why.
    let picture = Rect { height: (inner.width * 3).div_ceil(8).min(inner.height - 1), ..inner };
    let (text, style) = result::cell(console, row, inner.width.saturating_sub(2), theme);
    let said = std::iter::once((text, style)).chain(cause(console, row, inner.width, theme));
    let below = Rect { x: inner.x + 1, y: picture.bottom(), width: inner.width.saturating_sub(2), ..inner };
    put_rows(Rect { height: inner.bottom() - picture.bottom(), ..below }, said, buffer);
    let tile = console.wall.tile(&row.line.key);
    if let Some(shown) = tile.and_then(|tile| tile.picture()) {
        return Some((shown, picture));
    }
    let why = tile.and_then(|tile| tile.trouble()).unwrap_or(match row.newest_remote() {
        Some(_) if row.guest().is_none() => "built on GitHub",
        _ => "no picture yet",
    });
    let wrapped = textwrap(why, usize::from(picture.width.saturating_sub(2).max(1)));
    let rows: Vec<(&str, Style)> = wrapped.iter().map(|row| (row.as_str(), theme.dim())).collect();
    empty(picture, &rows, buffer);
    None
}

/// Why it fails and what helps, as far as that is known.
fn cause(console: &Console, row: &LineRow, columns: u16, theme: Theme) -> Vec<(String, Style)> {
    // The verdict is on the run here, which is not GitHub's.
    if matches!(row.newest(), Some(Newest::GitHub(_, None))) {
        return Vec::new();
    }
    let verdict = console.verdicts.of(row).and_then(Case::verdict).map(|(verdict, _)| verdict);
    let Some(verdict) = verdict.filter(|_| Console::alarming_tile(row)) else { return Vec::new() };
    let wrapped = |text: &str, style: Style| {
        let rows = textwrap(text, usize::from(columns.saturating_sub(2).max(1)));
        rows.into_iter().map(move |text| (text, style))
    };
    let remedy = verdict.remedy.iter().flat_map(|remedy| wrapped(&format!("→ {remedy}"), theme.good()));
    wrapped(&verdict.cause, theme.text()).chain(remedy).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grid_makes_pictures_as_large_as_they_can_be() {
        let at = |columns, rows, count| grid(Rect::new(0, 0, columns, rows), count);
        assert_eq!(at(160, 43, 1), (1, 1));
        assert_eq!(at(160, 43, 2), (2, 1));
        assert_eq!(at(160, 43, 4), (2, 2));
        assert_eq!(at(200, 58, 9), (3, 3));
        assert_eq!(at(80, 22, 4), (2, 2));
        assert_eq!(at(60, 13, 0), (1, 1));
        let (columns, rows) = at(3, 3, 500);
        assert!(columns >= 1 && rows >= 1 && u32::from(columns) * u32::from(rows) >= 500);
    }
}
