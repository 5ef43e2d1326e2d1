//! Tables: columns with their cells, drawn by ratatui's table.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Rect};
use ratatui::style::Style;
use ratatui::text::Span;
use ratatui::widgets::{Cell as TableCell, HighlightSpacing, Row, StatefulWidget, Table, TableState};

use super::{cut, width};
use crate::tui::theme::Theme;

/// The text of a cell and how it looks.
pub type Cell = (String, Style);

/// A column: heading, width, and a cell for each row.
pub struct Column {
    title: &'static str,
    /// in cells of the screen; 0 leaves the column out
    pub width: u16,
    cells: Vec<Cell>,
}

impl Column {
    /// A column of a fixed width.
    pub fn sized(title: &'static str, width: u16, cells: impl IntoIterator<Item = Cell>) -> Self {
        Self { title, width, cells: cells.into_iter().collect() }
    }

    /// As wide as its widest cell and its heading. Where no row has a text it is left out.
    pub fn fitted(title: &'static str, cells: impl IntoIterator<Item = Cell>) -> Self {
        let mut column = Self::sized(title, 0, cells);
        let content = column.cells.iter().map(|(text, _)| width(text)).max().unwrap_or(0);
        column.width = if content == 0 { 0 } else { content.max(width(title)) };
        column
    }
}

/// The width of columns beside each other with a gap between; those without a width are left out. The texts of others
/// can be of any length.
pub fn total_width(widths: impl IntoIterator<Item = u16>, gap: u16) -> u16 {
    let shown = widths.into_iter().filter(|width| *width > 0);
    shown.fold(0_u16, |sum, width| sum.saturating_add(width).saturating_add(gap)).saturating_sub(gap)
}

/// First visible row, so that the selected one is on screen.
pub fn first_visible(selected: usize, room: usize) -> usize {
    selected.saturating_sub(room.saturating_sub(1))
}

/// How a table is drawn.
pub struct Grid {
    /// between two columns
    pub gap: u16,
    /// stands before the selected row; as much room is kept before the others
    pub mark: &'static str,
    /// index of the selected row, which is always on the screen
    pub selected: Option<usize>,
    /// how the selected row looks where the keys go to it; else it is bold
    pub bar: Option<Style>,
}

impl Grid {
    /// Draws the headings, if there are any, and the rows that have room. Texts that are too long end in `…`, columns
    /// beyond the right end are left out.
    ///
    /// Returns where it drew which row.
    pub fn draw(
        &self,
        columns: impl IntoIterator<Item = Column>,
        area: Rect,
        theme: Theme,
        buffer: &mut Buffer,
    ) -> Vec<(Rect, usize)> {
        let columns = self.clipped(columns, area.width);
        let headed = columns.iter().any(|column| !column.title.is_empty());
        let header =
            headed.then(|| Row::new(columns.iter().map(|column| cell(column.title, column.width, theme.dim()))));
        let widths: Vec<Constraint> = columns.iter().map(|column| Constraint::Length(column.width)).collect();
        let rows = self.rows(columns);
        let count = rows.len();
        let mut table = Table::new(rows, widths)
            .column_spacing(self.gap)
            .highlight_symbol(self.mark)
            .highlight_spacing(HighlightSpacing::Always)
            .row_highlight_style(self.bar.unwrap_or_else(|| theme.bold()));
        if let Some(header) = header {
            table = table.header(header);
        }
        let mut state = TableState::new().with_selected(self.selected);
        StatefulWidget::render(table, area, buffer, &mut state);
        let top = area.y.saturating_add(u16::from(headed));
        let drawn = (top..area.bottom()).zip(state.offset()..count);
        drawn.map(|(y, index)| (Rect { y, height: 1, ..area }, index)).collect()
    }

    fn clipped(&self, columns: impl IntoIterator<Item = Column>, room: u16) -> Vec<Column> {
        let mut room = room.saturating_sub(width(self.mark));
        let shown = columns.into_iter().filter(|column| column.width > 0).map(|mut column| {
            column.width = column.width.min(room);
            room = room.saturating_sub(column.width.saturating_add(self.gap));
            column
        });
        shown.filter(|column| column.width > 0).collect()
    }

    fn rows(&self, columns: Vec<Column>) -> Vec<Row<'static>> {
        let count = columns.first().map_or(0, |column| column.cells.len());
        let mut columns: Vec<_> = columns.into_iter().map(|column| (column.width, column.cells.into_iter())).collect();
        let rows = (0..count).map(|index| {
            let bar = self.bar.is_some() && self.selected == Some(index);
            let cells = columns.iter_mut().filter_map(|(width, cells)| cells.next().map(|cell| (*width, cell)));
            Row::new(
                cells
                    .map(|(width, (text, style))| cell(&text, width, if bar { Style::new() } else { style }))
                    .collect::<Vec<_>>(),
            )
        });
        rows.collect()
    }
}

fn cell(text: &str, width: u16, style: Style) -> TableCell<'static> {
    TableCell::from(Span::styled(cut(text, width).into_owned(), style))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(selected: usize, area: Rect) -> (Vec<String>, Vec<(Rect, usize)>) {
        let texts =
            |prefix: &str| -> Vec<Cell> { (0..5).map(|row| (format!("{prefix}{row}"), Style::new())).collect() };
        let columns = [
            Column::fitted("name", texts("n")),
            Column::fitted("nothing", texts("").into_iter().map(|(_, style)| (String::new(), style))),
            Column::sized("words", 40, texts("long words ")),
            Column::sized("beyond", 4, texts("x")),
        ];
        let mut buffer = Buffer::empty(area);
        let grid = Grid { gap: 1, mark: "▸ ", selected: Some(selected), bar: Some(Theme::new(true).selected()) };
        let rows = grid.draw(columns, area, Theme::new(true), &mut buffer);
        let text = |y| (area.x..area.right()).map(|x| buffer[(x, y)].symbol()).collect();
        ((area.y..area.bottom()).map(text).collect(), rows)
    }

    #[test]
    fn columns_end_at_the_right_and_the_selected_row_is_shown() {
        let area = Rect::new(3, 2, 15, 4);
        let (screen, rows) = drawn(3, area);
        assert_eq!(screen, ["  name words   ", "  n1   long wo…", "  n2   long wo…", "▸ n3   long wo…"]);
        let row = |y| Rect { y, height: 1, ..area };
        assert_eq!(rows, [(row(3), 1), (row(4), 2), (row(5), 3)]);
    }

    #[test]
    fn without_room_there_is_nothing() {
        for area in [Rect::default(), Rect::new(0, 0, 1, 3), Rect::new(0, 0, 9, 1)] {
            let (_, rows) = drawn(4, area);
            assert!(rows.iter().all(|(row, _)| area.contains(row.as_position())), "{rows:?}");
        }
    }
}
