//! A part of a picture by which a page without words is known, the way openQA's needles do: a rectangle, what it looked
//! like, and how far it may differ.

use std::fmt;
use std::str::FromStr;

use image::imageops::{self, FilterType};
use image::{GrayImage, RgbImage};

/// Columns and rows of brightness that are kept of an area.
const GRID_SIDE: u32 = 8;
const VALUES: usize = (GRID_SIDE * GRID_SIDE) as usize;
/// How far an area may differ where nothing is said, as a mean over its parts, in percent of full brightness.
const TOLERANCE: u8 = 4;
/// The smallest area that says something, in pixels a side.
const MIN_SIDE: u32 = 16;

/// A rectangle of a picture and what it looks like: `1024x768+100+80+320+200~4:` and 128 hexadecimal digits (the
/// picture's size, left, top, width, height, tolerance in percent, 8×8 values of brightness).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Area {
    size: (u32, u32),
    place: [u32; 4],
    tolerance: u8,
    values: [u8; VALUES],
}

impl Area {
    /// Of a picture: left, top, width, height in pixels. `None` when it lies outside, is tiny, or is of one colour: that
    /// tells no page from another.
    pub fn of(image: &RgbImage, place: [u32; 4]) -> Option<Self> {
        let values = values(image, place)?;
        let (low, high) = (values.iter().min()?, values.iter().max()?);
        (high - low >= 16).then_some(Self { size: image.dimensions(), place, tolerance: TOLERANCE, values })
    }

    /// Whether a picture looks so at this place.
    pub fn matches(&self, image: &RgbImage) -> bool {
        let Some(values) = values(image, self.place).filter(|_| image.dimensions() == self.size) else { return false };
        let off: u32 = values.iter().zip(&self.values).map(|(a, b)| u32::from(a.abs_diff(*b))).sum();
        off * 100 <= u32::from(self.tolerance) * 255 * VALUES as u32
    }
}

fn values(image: &RgbImage, [left, top, width, height]: [u32; 4]) -> Option<[u8; VALUES]> {
    let inside = left.checked_add(width)? <= image.width() && top.checked_add(height)? <= image.height();
    if !inside || width < MIN_SIDE || height < MIN_SIDE {
        return None;
    }
    let grey: GrayImage = imageops::grayscale(&*imageops::crop_imm(image, left, top, width, height));
    let small = imageops::resize(&grey, GRID_SIDE, GRID_SIDE, FilterType::Triangle);
    small.into_raw().try_into().ok()
}

impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [left, top, width, height] = self.place;
        write!(f, "{}x{}+{left}+{top}+{width}+{height}~{}:", self.size.0, self.size.1, self.tolerance)?;
        self.values.iter().try_for_each(|value| write!(f, "{value:02x}"))
    }
}

impl FromStr for Area {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        read(text).ok_or_else(|| {
            format!("{text:?} is no area of a picture (like 1024x768+100+80+320+200~4: and 128 hexadecimal digits)")
        })
    }
}

fn read(text: &str) -> Option<Area> {
    let (head, digits) = text.split_once(':')?;
    let (place, tolerance) = head.split_once('~')?;
    let mut numbers = place.split(['x', '+']).map(|number| number.parse::<u32>().ok());
    let mut next = || numbers.next().flatten();
    let (size, place) = ((next()?, next()?), [next()?, next()?, next()?, next()?]);
    if digits.len() != VALUES * 2 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let mut values = [0; VALUES];
    for (at, value) in values.iter_mut().enumerate() {
        *value = u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).ok()?;
    }
    let tolerance = tolerance.parse().ok().filter(|percent| *percent <= 25)?;
    Some(Area { size, place, tolerance, values })
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    fn page(shift: u32) -> RgbImage {
        RgbImage::from_fn(640, 480, |x, y| Rgb([(((x + shift) / 40 * 53 + y / 30 * 91) % 256) as u8; 3]))
    }

    #[test]
    fn an_area_is_known_again_with_small_differences_and_elsewhere_is_not_looked_at() {
        let area = Area::of(&page(0), [100, 100, 200, 120]).unwrap();
        assert_eq!(area.to_string().parse(), Ok(area.clone()));
        let mut other = page(0);
        (0..640).for_each(|x| (300..480).for_each(|y| other.put_pixel(x, y, Rgb([9, 9, 9]))));
        (110..114).for_each(|x| other.put_pixel(x, 110, Rgb([255; 3])));
        assert!(area.matches(&other));
        assert!(!area.matches(&page(77)));
        assert!(!area.matches(&RgbImage::new(800, 600)));
        assert_eq!(Area::of(&page(0), [630, 0, 20, 20]), None);
        assert_eq!(Area::of(&RgbImage::new(640, 480), [0, 0, 100, 100]), None);
        assert!("x".parse::<Area>().unwrap_err().contains("no area"));
    }
}
