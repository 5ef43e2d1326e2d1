//! Sixel: six rows of pixels at a time, one colour after the other, runs counted.
//!
//! Written here because the encoder behind viuer takes its palette from a sample of the pixels, in five bits, and
//! panics in its mode of true colours.

use image::RgbImage;

use super::palette;

/// Rows of pixels in one character.
const BAND: usize = 6;

/// The picture as one sixel sequence; every pixel is drawn, so that it replaces what was there without a blink.
pub fn encode(pixels: &RgbImage) -> Vec<u8> {
    let (width, height) = pixels.dimensions();
    let indexed = palette::reduce(pixels);
    let mut out = format!("\x1bP0;1q\"1;1;{width};{height}").into_bytes();
    for (register, colour) in indexed.colours.iter().enumerate() {
        let [red, green, blue] = colour.map(|level| (u32::from(level) * 100 + 127) / 255);
        out.extend_from_slice(format!("#{register};2;{red};{green};{blue}").as_bytes());
    }
    let columns = pixels.width() as usize;
    let mut band = Band::new(columns, indexed.colours.len());
    for rows in indexed.indices.chunks(BAND * columns.max(1)) {
        band.fill(rows);
        band.write(&mut out);
    }
    out.extend_from_slice(b"\x1b\\");
    out
}

/// One band: for each colour, which of the six pixels of each column have it.
struct Band {
    columns: usize,
    /// `colour * columns + column`
    bits: Vec<u8>,
    /// first column and the one past the last that have the colour; empty when none has
    extent: Vec<(usize, usize)>,
}

impl Band {
    fn new(columns: usize, colours: usize) -> Self {
        Self { columns, bits: vec![0; colours * columns], extent: vec![(columns, 0); colours] }
    }

    fn fill(&mut self, rows: &[u8]) {
        for (row, indices) in rows.chunks(self.columns).enumerate() {
            for (column, index) in indices.iter().enumerate() {
                let colour = usize::from(*index);
                self.bits[colour * self.columns + column] |= 1 << row;
                let (first, end) = &mut self.extent[colour];
                *first = (*first).min(column);
                *end = (*end).max(column + 1);
            }
        }
    }

    /// Writes the band and empties it.
    fn write(&mut self, out: &mut Vec<u8>) {
        for (colour, extent) in self.extent.iter_mut().enumerate() {
            let (first, end) = std::mem::replace(extent, (self.columns, 0));
            if first >= end {
                continue;
            }
            out.extend_from_slice(format!("#{colour}").as_bytes());
            repeat(out, b'?', first);
            let bits = &mut self.bits[colour * self.columns..][first..end];
            for run in bits.chunk_by(|a, b| a == b) {
                repeat(out, b'?' + run[0], run.len());
            }
            bits.fill(0);
            out.push(b'$');
        }
        out.push(b'-');
    }
}

/// `!count` is worth it from four on.
fn repeat(out: &mut Vec<u8>, sixel: u8, count: usize) {
    if count > 3 {
        out.extend_from_slice(format!("!{count}").as_bytes());
        out.push(sixel);
    } else {
        out.extend(std::iter::repeat_n(sixel, count));
    }
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    #[test]
    fn two_colours_in_one_band() {
        let pixels = RgbImage::from_fn(6, 2, |x, y| if x == 5 && y == 1 { Rgb([255, 0, 0]) } else { Rgb([0; 3]) });
        let text = String::from_utf8(encode(&pixels)).expect("sixel is ASCII");
        // Columns 0 to 4 have both rows black (bits 1 + 2), the last its upper row only; its lower row is red.
        let black_first = "\x1bP0;1q\"1;1;6;2#0;2;0;0;0#1;2;100;0;0#0!5B@$#1!5?A$-\x1b\\";
        let red_first = "\x1bP0;1q\"1;1;6;2#0;2;100;0;0#1;2;0;0;0#0!5?A$#1!5B@$-\x1b\\";
        assert!(text == black_first || text == red_first, "{text:?}");
    }
}
