//! Reads text consoles by looking up every character cell among known glyphs: exact, and in milliseconds.
//!
//! VGA text mode has cells of 9×16 pixels at 720×400, framebuffer consoles cells of 8×16; the ninth column is empty.

use std::collections::HashMap;
use std::sync::LazyLock;

use image::RgbImage;

use super::RecognisedText;

/// 8 columns by 16 rows, one byte per row, the leftmost pixel in the highest bit.
type Glyph = [u8; 16];

/// Height of a row, in pixels.
pub const ROW_HEIGHT: u32 = 16;
/// Glyphs that ship with the program.
const GLYPHS: &str = include_str!("../../../assets/glyphs.txt");
/// At most one cell in so many (of those with ink) may be unknown, else the picture is no text console.
const CELLS_PER_UNKNOWN: usize = 10;
/// Stands for a cell that no glyph fits.
const NO_GLYPH: char = '\u{fffd}';

static TABLE: LazyLock<HashMap<Glyph, char>> = LazyLock::new(|| GLYPHS.lines().filter_map(entry).collect());

fn entry(line: &str) -> Option<(Glyph, char)> {
    let (rows, character) = line.split_once(' ')?;
    let mut glyph = Glyph::default();
    for (row, byte) in glyph.iter_mut().enumerate() {
        *byte = u8::from_str_radix(rows.get(2 * row..2 * row + 2)?, 16).ok()?;
    }
    Some((glyph, character.chars().next()?)).filter(|_| rows.len() == 32)
}

/// The text of a picture of a text console; `None` when it is not one (more than a tenth of its cells is unknown).
pub fn read(image: &RgbImage) -> Option<RecognisedText> {
    let (width, height) = image.dimensions();
    let cell = if (width, height) == (720, 400) { 9 } else { 8 };
    let (mut inked, mut unknown) = (0, 0);
    let mut rows = Vec::new();
    for y in 0..height / ROW_HEIGHT {
        let mut row = String::new();
        for x in 0..width / cell {
            let character = character(image, x * cell, y * ROW_HEIGHT);
            inked += usize::from(character != ' ');
            unknown += usize::from(character == NO_GLYPH);
            row.push(character);
        }
        rows.push(row.trim_end().to_owned());
    }
    (unknown * CELLS_PER_UNKNOWN <= inked).then_some(RecognisedText { rows, exact: true })
}

/// The character whose cell begins at a pixel.
fn character(image: &RgbImage, x: u32, y: u32) -> char {
    let Some(bits) = cell_bits(image, x, y) else { return NO_GLYPH };
    let lookup = |bits: &Glyph| if *bits == Glyph::default() { Some(' ') } else { TABLE.get(bits).copied() };
    let inverse = bits.map(|row| !row);
    let without_cursor = |bits: &Glyph| {
        [13, 14].into_iter().filter(|at| bits[*at..at + 2] == [0xff, 0xff]).find_map(|at| {
            let mut bits = *bits;
            bits[at..at + 2].fill(0);
            lookup(&bits)
        })
    };
    lookup(&bits)
        .or_else(|| lookup(&inverse))
        .or_else(|| without_cursor(&bits))
        .or_else(|| without_cursor(&inverse))
        .unwrap_or(NO_GLYPH)
}

/// A cell's pixels that differ from its first pixel; `None` when there are more than two colours in it.
fn cell_bits(image: &RgbImage, x: u32, y: u32) -> Option<Glyph> {
    let width = image.width() as usize * 3;
    let pixels = image.as_raw();
    let start = y as usize * width + x as usize * 3;
    let ground: [u8; 3] = *pixels.get(start..)?.first_chunk()?;
    let mut ink: Option<&[u8]> = None;
    let mut bits = Glyph::default();
    for (row, bits) in bits.iter_mut().enumerate() {
        let at = start + row * width;
        for (column, pixel) in pixels.get(at..at + 24)?.chunks_exact(3).enumerate() {
            if pixel != ground {
                if *ink.get_or_insert(pixel) != pixel {
                    return None;
                }
                *bits |= 0x80 >> column;
            }
        }
    }
    Some(bits)
}

/// Draws text the way a console does.
#[cfg(test)]
pub(crate) fn drawn(rows: &[&str], cell: u32, size: (u32, u32), ink: image::Rgb<u8>) -> RgbImage {
    // The first glyph of a character is VGA's.
    static GLYPH: LazyLock<HashMap<char, Glyph>> =
        LazyLock::new(|| GLYPHS.lines().rev().filter_map(entry).map(|(glyph, character)| (character, glyph)).collect());
    let mut image = RgbImage::new(size.0, size.1);
    for (y, row) in rows.iter().enumerate() {
        for (x, character) in row.chars().enumerate() {
            let glyph = GLYPH.get(&character).copied().unwrap_or_default();
            for (line, bits) in glyph.iter().enumerate() {
                for column in (0..8).filter(|column| bits & (0x80 >> column) != 0) {
                    image.put_pixel(x as u32 * cell + column, (y * 16 + line) as u32, ink);
                }
            }
        }
    }
    image
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    #[test]
    fn every_printable_character_has_a_glyph() {
        let missing: String = ('!'..='~').filter(|c| !TABLE.values().any(|known| known == c)).collect();
        assert_eq!(missing, "");
    }

    #[test]
    fn consoles_of_both_widths_are_read() {
        for (cell, size) in [(9, (720, 400)), (8, (800, 600))] {
            let text = read(&drawn(&["Booting...", "", "  login: "], cell, size, Rgb([170; 3]))).unwrap();
            assert_eq!(text.rows[..3], ["Booting...", "", "  login:"]);
        }
    }

    #[test]
    fn a_cursor_under_a_letter_and_inverse_text_do_no_harm() {
        let mut image = drawn(&["login"], 8, (640, 480), Rgb([255; 3]));
        for x in 8..16 {
            for y in 13..15 {
                image.put_pixel(x, y, Rgb([255; 3]));
            }
        }
        for y in 0..16 {
            for x in 16..24 {
                let Rgb([r, g, b]) = *image.get_pixel(x, y);
                image.put_pixel(x, y, Rgb([255 - r, 255 - g, 255 - b]));
            }
        }
        let cells: String = (0..5).map(|x| character(&image, x * 8, 0)).collect();
        assert_eq!(cells, "login");
        assert_eq!(read(&image).unwrap().rows[0], "login");
    }

    #[test]
    fn a_picture_is_no_console() {
        let noise = RgbImage::from_fn(640, 480, |x, y| Rgb([(x * 7 + y * 13) as u8, (x * y) as u8, (x ^ y) as u8]));
        assert_eq!(read(&noise), None);
    }
}
