//! Where a picture goes within a pane, its aspect kept.

use ratatui::layout::Rect;

use super::Protocol;

/// Width and height of something, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pixels {
    /// columns
    pub width: u32,
    /// rows
    pub height: u32,
}

impl From<(u32, u32)> for Pixels {
    fn from((width, height): (u32, u32)) -> Self {
        Self { width, height }
    }
}

/// xterm cuts graphics beyond this many pixels, each way.
const MAX_SIXEL_SIDE: u32 = 1000;

/// Size of a cell when the terminal does not tell: the usual 1:2.
pub const DEFAULT_CELL: Pixels = Pixels { width: 10, height: 20 };

/// Where in `area` a picture goes with `protocol`, and how many pixels it has there.
///
/// `None` when the area or the picture is empty.
pub fn place(picture: Pixels, area: Rect, cell: Pixels, protocol: Protocol) -> Option<(Rect, Pixels)> {
    if protocol != Protocol::Sixel {
        // The terminal stretches it over the cells.
        let rect = fit(picture, area, cell, u32::MAX)?;
        return Some((rect, of_cells(rect, cell)));
    }
    let rect = fit(picture, area, cell, MAX_SIXEL_SIDE)?;
    let whole = of_cells(rect, cell);
    let bounds = Pixels { width: whole.width.min(MAX_SIXEL_SIDE), height: whole.height.min(MAX_SIXEL_SIDE) };
    Some((rect, inside(picture, bounds)))
}

/// The part of `area`, at its top and centred, that a picture fills when its aspect is kept: whole cells, to the nearest.
/// No side is longer than `longest` pixels.
///
/// `None` when the area or the picture is empty.
fn fit(picture: Pixels, area: Rect, cell: Pixels, longest: u32) -> Option<Rect> {
    if area.is_empty() || picture.width == 0 || picture.height == 0 || cell.width == 0 || cell.height == 0 {
        return None;
    }
    let whole = of_cells(area, cell);
    let bounds = Pixels { width: whole.width.min(longest), height: whole.height.min(longest) };
    let size = inside(picture, bounds);
    let columns = cells(size.width, cell.width).min(area.width);
    let rows = cells(size.height, cell.height).min(area.height);
    let x = area.x + (area.width - columns) / 2;
    Some(Rect::new(x, area.y, columns, rows))
}

/// The largest size within `bounds` that has the aspect of `picture`, to the nearest pixel.
fn inside(picture: Pixels, bounds: Pixels) -> Pixels {
    let (wide, high) = (u64::from(picture.width), u64::from(picture.height));
    if u64::from(bounds.width) * high <= u64::from(bounds.height) * wide {
        Pixels { width: bounds.width, height: scaled(bounds.width, high, wide) }
    } else {
        Pixels { width: scaled(bounds.height, wide, high), height: bounds.height }
    }
}

/// Pixels of a rectangle of cells.
fn of_cells(rect: Rect, cell: Pixels) -> Pixels {
    Pixels { width: u32::from(rect.width) * cell.width, height: u32::from(rect.height) * cell.height }
}

/// `length * over / under`, rounded, at least 1.
fn scaled(length: u32, over: u64, under: u64) -> u32 {
    let exact = (u64::from(length) * over + under / 2) / under;
    u32::try_from(exact.max(1)).unwrap_or(u32::MAX)
}

/// Cells that come nearest to `length` pixels, at least 1.
fn cells(length: u32, cell: u32) -> u16 {
    u16::try_from(((length + cell / 2) / cell).max(1)).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONSOLE: Pixels = Pixels { width: 1024, height: 768 };

    #[test]
    fn aspect_is_kept_whatever_the_cell() {
        for (width, height) in [(10, 20), (9, 19), (6, 12), (8, 16), (7, 15)] {
            let cell = Pixels { width, height };
            let area = Rect::new(5, 3, 80, 30);
            let rect = fit(CONSOLE, area, cell, u32::MAX).expect("it fits");
            assert_eq!(rect.intersection(area), rect, "{cell:?} leaves its area");
            let whole = of_cells(rect, cell);
            let off = f64::from(whole.width) - f64::from(whole.height) * 4.0 / 3.0;
            assert!(off.abs() <= f64::from(height), "{cell:?}: {whole:?} is off by more than a cell");
            let size = inside(CONSOLE, whole);
            let aspect = f64::from(size.width) / f64::from(size.height);
            assert!((aspect - 4.0 / 3.0).abs() < 0.01, "{cell:?}: {size:?}");
        }
    }

    #[test]
    fn what_is_left_over_is_on_both_sides() {
        let rect = fit(CONSOLE, Rect::new(0, 0, 100, 30), DEFAULT_CELL, u32::MAX).expect("it fits");
        assert_eq!(rect, Rect::new(10, 0, 80, 30));
    }

    #[test]
    fn the_longest_side_is_capped() {
        let rect = fit(CONSOLE, Rect::new(0, 0, 300, 100), DEFAULT_CELL, 1000).expect("it fits");
        assert_eq!((rect.width, rect.height), (100, 38));
    }

    #[test]
    fn extreme_aspects_keep_one_pixel_and_one_cell() {
        let strip = Pixels { width: 16_000, height: 1 };
        let rect = fit(strip, Rect::new(0, 0, 10, 4), DEFAULT_CELL, u32::MAX).expect("it fits");
        assert_eq!((rect.height, inside(strip, of_cells(rect, DEFAULT_CELL)).height), (1, 1));
        assert_eq!(fit(CONSOLE, Rect::new(0, 0, 0, 4), DEFAULT_CELL, u32::MAX), None);
    }
}
