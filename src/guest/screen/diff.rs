//! What differs between two pictures of one console, pixel by pixel.

use image::RgbImage;

/// Edge of the tiles in which change is counted.
pub const TILE: u32 = 16;
/// Largest box in which nothing but a cursor blinks (a VGA cell is nine pixels wide).
const MAX_CURSOR: (u32, u32) = (9, 2);

/// The difference between two frames.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FrameDiff {
    /// not a single pixel
    Unchanged,
    /// no more than a blinking cursor
    CursorOnly,
    /// something on the screen
    Pixels {
        /// number of pixels
        pixels: u32,
        /// left, top, right, bottom of the box around them (inclusive)
        bounds: (u32, u32, u32, u32),
        /// numbers of the tiles touched, in order
        tiles: Vec<u32>,
    },
    /// another resolution
    Resolution,
}

/// Compares two frames.
pub fn compare(before: &RgbImage, after: &RgbImage) -> FrameDiff {
    if before.dimensions() != after.dimensions() {
        return FrameDiff::Resolution;
    }
    let width = after.width();
    let stride = width as usize * 3;
    let across = width.div_ceil(TILE);
    let (mut pixels, mut bounds, mut tiles) = (0, (u32::MAX, u32::MAX, 0, 0), Vec::new());
    let rows = before.as_raw().chunks_exact(stride).zip(after.as_raw().chunks_exact(stride));
    for (y, (old, new)) in (0..).zip(rows).filter(|(_, (old, new))| old != new) {
        let different = old.chunks_exact(3).zip(new.chunks_exact(3)).enumerate().filter(|(_, (old, new))| old != new);
        for (x, _) in different {
            let x = u32::try_from(x).unwrap_or(u32::MAX);
            pixels += 1;
            bounds = (bounds.0.min(x), bounds.1.min(y), bounds.2.max(x), bounds.3.max(y));
            tiles.push(y / TILE * across + x / TILE);
        }
    }
    if pixels == 0 {
        return FrameDiff::Unchanged;
    }
    if bounds.2 - bounds.0 < MAX_CURSOR.0 && bounds.3 - bounds.1 < MAX_CURSOR.1 {
        return FrameDiff::CursorOnly;
    }
    tiles.sort_unstable();
    tiles.dedup();
    FrameDiff::Pixels { pixels, bounds, tiles }
}

/// Pixels that differ from the most frequent colour.
pub fn ink(image: &RgbImage) -> usize {
    let mut counts: std::collections::HashMap<[u8; 3], usize> = std::collections::HashMap::new();
    let (pixels, _) = image.as_raw().as_chunks::<3>();
    for run in pixels.chunk_by(|a, b| a == b) {
        *counts.entry(run[0]).or_default() += run.len();
    }
    image.pixels().len() - counts.values().max().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    fn with(spots: &[(u32, u32)]) -> RgbImage {
        let mut image = RgbImage::new(640, 480);
        spots.iter().for_each(|(x, y)| image.put_pixel(*x, *y, Rgb([255; 3])));
        image
    }

    #[test]
    fn a_cursor_is_told_from_a_digit() {
        let blank = with(&[]);
        assert_eq!(compare(&blank, &blank), FrameDiff::Unchanged);
        let cursor: Vec<_> = (0..9).flat_map(|x| [(100 + x, 30), (100 + x, 31)]).collect();
        assert_eq!(compare(&blank, &with(&cursor)), FrameDiff::CursorOnly);
        let digit: Vec<_> = (0..8).map(|y| (100, 30 + y)).collect();
        let tiles = vec![40 + 6, 2 * 40 + 6];
        assert_eq!(compare(&blank, &with(&digit)), FrameDiff::Pixels { pixels: 8, bounds: (100, 30, 100, 37), tiles });
        assert_eq!(compare(&blank, &RgbImage::new(720, 400)), FrameDiff::Resolution);
        assert_eq!(ink(&with(&digit)), 8);
    }
}
