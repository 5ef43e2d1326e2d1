//! Half blocks: two pixels in a cell, drawn with `▀` in the colour of the upper on the colour of the lower.

use image::{Rgb, RgbImage};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Color;

/// Which colours the terminal takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colours {
    /// 24 bits
    True,
    /// xterm's 256: a cube of 6×6×6 and 24 greys
    Indexed,
}

/// Paints a picture of `rect`'s width and twice its height; cells outside `rect` or the buffer stay as they are.
pub fn paint(scaled: &RgbImage, rect: Rect, buffer: &mut Buffer, colours: Colours) {
    for position in rect.intersection(buffer.area).positions() {
        let (x, y) = (u32::from(position.x - rect.x), 2 * u32::from(position.y - rect.y));
        let (Some(upper), Some(lower)) = (scaled.get_pixel_checked(x, y), scaled.get_pixel_checked(x, y + 1)) else {
            continue;
        };
        let (upper, lower) = (colour(*upper, colours), colour(*lower, colours));
        if let Some(cell) = buffer.cell_mut(Position::new(position.x, position.y)) {
            cell.reset();
            // A blank needs one colour only, and most of a console is blank.
            if upper == lower {
                cell.set_bg(lower);
            } else {
                cell.set_char('▀').set_fg(upper).set_bg(lower);
            }
        }
    }
}

fn colour(Rgb([red, green, blue]): Rgb<u8>, colours: Colours) -> Color {
    match colours {
        Colours::True => Color::Rgb(red, green, blue),
        Colours::Indexed => Color::Indexed(nearest_indexed([red, green, blue])),
    }
}

/// Levels of one channel in xterm's cube.
const CUBE: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// The nearest of xterm's colours 16 to 255. The first 16 are left out: every terminal theme changes them.
fn nearest_indexed(pixel: [u8; 3]) -> u8 {
    let level = pixel.map(|channel| match channel {
        0..48 => 0_u8,
        48..115 => 1,
        _ => (channel - 35) / 40,
    });
    let cube = level.map(|level| CUBE[usize::from(level)]);
    let mean = pixel.iter().map(|channel| u16::from(*channel)).sum::<u16>() / 3;
    // Greys 232..=255 are 8, 18, … 238.
    let step = u8::try_from((mean.saturating_sub(3) / 10).min(23)).unwrap_or(23);
    let grey = [8 + 10 * step; 3];
    if distance(pixel, grey) < distance(pixel, cube) {
        232 + step
    } else {
        16 + 36 * level[0] + 6 * level[1] + level[2]
    }
}

fn distance(a: [u8; 3], b: [u8; 3]) -> u32 {
    a.iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::super::scale;
    use super::*;

    fn corners() -> RgbImage {
        let corners = RgbImage::from_fn(1024, 768, |x, y| match (x < 512, y < 384) {
            (true, true) => Rgb([255, 0, 0]),
            (false, true) => Rgb([0, 255, 0]),
            (true, false) => Rgb([0, 0, 255]),
            (false, false) => Rgb([255, 255, 255]),
        });
        scale::half_blocks(&corners.into(), 20, 7)
    }

    #[test]
    fn the_corners_have_their_colours_and_nothing_else_is_touched() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 40, 20));
        let rect = Rect::new(4, 2, 20, 7);
        paint(&corners(), rect, &mut buffer, Colours::True);
        assert_eq!(buffer[(4, 2)].bg, Color::Rgb(255, 0, 0));
        assert_eq!(buffer[(23, 2)].bg, Color::Rgb(0, 255, 0));
        assert_eq!(buffer[(4, 8)].bg, Color::Rgb(0, 0, 255));
        assert_eq!(buffer[(23, 8)].bg, Color::Rgb(255, 255, 255));
        // Seven rows: the border between the halves runs through the middle of the fourth.
        assert_eq!((buffer[(4, 5)].symbol(), buffer[(4, 5)].fg), ("▀", Color::Rgb(255, 0, 0)));
        assert_eq!(buffer[(4, 5)].bg, Color::Rgb(0, 0, 255));
        let outside = buffer.area.positions().filter(|p| !rect.contains(*p));
        assert!(outside.into_iter().all(|p| buffer[p].bg == Color::Reset));
    }

    #[test]
    fn a_rect_beyond_the_buffer_is_cut() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 10, 4));
        let rect = Rect::new(6, 2, 20, 7);
        paint(&corners(), rect, &mut buffer, Colours::True);
        assert_eq!(buffer[(9, 3)].bg, Color::Rgb(255, 0, 0));
    }

    #[test]
    fn every_indexed_colour_is_its_own_nearest() {
        for index in 16..=255_u8 {
            let pixel = if index < 232 {
                let i = index - 16;
                [i / 36, i / 6 % 6, i % 6].map(|level| CUBE[usize::from(level)])
            } else {
                [8 + 10 * (index - 232); 3]
            };
            let nearest = nearest_indexed(pixel);
            // Four greys are in the cube too: both names are right.
            let same = nearest == index || (index >= 232 && nearest < 232 && distance(pixel, cube_of(nearest)) == 0);
            assert!(same, "{pixel:?}: {nearest} for {index}");
        }
    }

    fn cube_of(index: u8) -> [u8; 3] {
        let i = index - 16;
        [i / 36, i / 6 % 6, i % 6].map(|level| CUBE[usize::from(level)])
    }
}
