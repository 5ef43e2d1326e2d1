//! A fingerprint of a picture: whether two pictures show the same page, a blinking cursor aside.
//!
//! It cannot name screens in general (measured: progress bars and dark consoles look alike to it), so words come first;
//! it recognises a page that a user taught and that has no words tesseract can read.

use std::fmt;
use std::str::FromStr;

use image::RgbImage;
use image::imageops::{self, FilterType};

/// Columns and rows of comparisons between neighbours.
const GRID_SIDE: u32 = 16;
/// Bytes of all comparisons.
const BYTES: usize = (GRID_SIDE * GRID_SIDE / 8) as usize;
/// Comparisons that may differ: a cursor changes at most two. Different pages begin to resemble each other at five.
const TOLERANCE: u32 = 4;
/// A picture with fewer set bits cannot be recognised: a dark console resembles every other one.
const MIN_SET_BITS: u32 = 24;

/// Size of a picture and, of a grid over it, where it gets darker from left to right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    size: (u32, u32),
    bits: [u8; BYTES],
}

impl Fingerprint {
    /// Of a picture; `None` when it is too plain to be recognised by this.
    pub fn from_image(image: &RgbImage) -> Option<Self> {
        let grey = imageops::grayscale(image);
        let small = imageops::resize(&grey, GRID_SIDE + 1, GRID_SIDE, FilterType::Triangle);
        let mut bits = [0; BYTES];
        for y in 0..GRID_SIDE {
            for x in 0..GRID_SIDE {
                if small.get_pixel(x, y).0[0] > small.get_pixel(x + 1, y).0[0] {
                    let at = (y * GRID_SIDE + x) as usize;
                    bits[at / 8] |= 0x80 >> (at % 8);
                }
            }
        }
        let fingerprint = Self { size: image.dimensions(), bits };
        fingerprint.is_distinct().then_some(fingerprint)
    }

    /// Whether both are of the same page.
    pub fn matches(&self, other: &Self) -> bool {
        let differing: u32 = self.bits.iter().zip(&other.bits).map(|(a, b)| (a ^ b).count_ones()).sum();
        self.size == other.size && differing <= TOLERANCE
    }

    fn is_distinct(&self) -> bool {
        self.bits.iter().map(|byte| byte.count_ones()).sum::<u32>() >= MIN_SET_BITS
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}:", self.size.0, self.size.1)?;
        self.bits.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Fingerprint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not a hash of a picture (like 1024x768: and 64 hexadecimal digits)");
        let (size, digits) = text.split_once(':').ok_or_else(wrong)?;
        let (width, height) = size.split_once('x').ok_or_else(wrong)?;
        let size = (width.parse().map_err(|_| wrong())?, height.parse().map_err(|_| wrong())?);
        if digits.len() != BYTES * 2 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        let mut bits = [0; BYTES];
        for (at, byte) in bits.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).map_err(|_| wrong())?;
        }
        let fingerprint = Self { size, bits };
        if fingerprint.is_distinct() {
            Ok(fingerprint)
        } else {
            Err(format!("{text:?} is of a picture too plain to be recognised"))
        }
    }
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    fn page(seed: u32) -> RgbImage {
        RgbImage::from_fn(800, 600, |x, y| Rgb([((x / 50 * 37 + y / 40 * 91 + seed * 53) % 256) as u8; 3]))
    }

    #[test]
    fn the_same_page_with_a_cursor_matches_and_another_does_not() {
        let fingerprint = Fingerprint::from_image(&page(0)).unwrap();
        let mut cursor = page(0);
        (100..109).for_each(|x| cursor.put_pixel(x, 200, Rgb([255, 0, 0])));
        assert!(fingerprint.matches(&Fingerprint::from_image(&cursor).unwrap()));
        let mut other = page(0);
        imageops::flip_horizontal_in_place(&mut other);
        assert!(!fingerprint.matches(&Fingerprint::from_image(&other).unwrap()));
        let smaller = imageops::resize(&page(0), 640, 480, FilterType::Nearest);
        assert!(!fingerprint.matches(&Fingerprint::from_image(&smaller).unwrap()));
    }

    #[test]
    fn it_is_written_and_read_back() {
        let fingerprint = Fingerprint::from_image(&page(3)).unwrap();
        assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
        assert!("1x1:zz".parse::<Fingerprint>().unwrap_err().starts_with("\"1x1:zz\" is not a hash"));
    }

    #[test]
    fn a_dark_console_is_too_plain() {
        assert_eq!(Fingerprint::from_image(&RgbImage::new(720, 400)), None);
        assert!(format!("720x400:{}", "0".repeat(64)).parse::<Fingerprint>().is_err());
    }
}
