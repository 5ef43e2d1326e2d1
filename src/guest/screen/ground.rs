//! The colour most of a picture has, as far as it says something: Debian's text installer is blue, its error pages red.

use std::collections::HashMap;

use image::RgbImage;
use serde::Deserialize;

/// Share of a picture that its ground covers at least, in percent: 56 and more were measured on error pages.
const MIN_SHARE: usize = 50;
/// Values of a full and of an absent colour on consoles: 0xa8 and 0xaa, 0xad; 0.
const FULL: std::ops::RangeInclusive<u8> = 0x90..=0xc0;
const NONE: std::ops::RangeInclusive<u8> = 0..=0x10;

/// A colour of consoles that covers most of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ground {
    /// the console's blue
    Blue,
    /// the console's red
    Red,
}

impl Ground {
    /// Of a picture; `None` when it has another colour, or many.
    pub fn of(image: &RgbImage) -> Option<Self> {
        let mut counts: HashMap<[u8; 3], usize> = HashMap::new();
        let (pixels, _) = image.as_raw().as_chunks::<3>();
        for run in pixels.chunk_by(|a, b| a == b) {
            *counts.entry(run[0]).or_default() += run.len();
        }
        let ([red, green, blue], count) = counts.into_iter().max_by_key(|(_, count)| *count)?;
        if count * 100 < pixels.len() * MIN_SHARE || !NONE.contains(&green) {
            return None;
        }
        match (FULL.contains(&red), FULL.contains(&blue)) {
            (true, false) if NONE.contains(&blue) => Some(Self::Red),
            (false, true) if NONE.contains(&red) => Some(Self::Blue),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    #[test]
    fn the_colours_of_consoles_are_told_from_others() {
        let plain = |colour| Ground::of(&RgbImage::from_pixel(720, 400, Rgb(colour)));
        assert_eq!(plain([0xad, 0, 0]), Some(Ground::Red));
        assert_eq!(plain([0, 0, 0xa8]), Some(Ground::Blue));
        assert_eq!(plain([0, 0, 0]), None);
        // Windows' setup and its stop screens.
        assert_eq!(plain([0x18, 0, 0x52]), None);
        assert_eq!(plain([0, 0x78, 0xd7]), None);
        let mixed = RgbImage::from_fn(100, 100, |x, _| Rgb(if x < 40 { [0xad, 0, 0] } else { [x as u8, 9, 99] }));
        assert_eq!(Ground::of(&mixed), None);
    }
}
