//! Scaling to the pixels of a terminal.

use std::borrow::Cow;
use std::error::Error;

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8x3;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use image::{DynamicImage, RgbImage};

/// For half blocks, `columns` wide and `2 × rows` high: each pixel the mean of what it covers.
pub fn half_blocks(image: &DynamicImage, columns: u16, rows: u16) -> RgbImage {
    scaled(image, u32::from(columns), 2 * u32::from(rows), ResizeAlg::Convolution(FilterType::Box))
}

/// The same, coarse and at once: one pixel out of those covered.
pub fn coarse(image: &DynamicImage, columns: u16, rows: u16) -> RgbImage {
    scaled(image, u32::from(columns), 2 * u32::from(rows), ResizeAlg::Nearest)
}

/// For graphics: smooth, and sharp enough for small text.
pub fn smooth(image: &DynamicImage, width: u32, height: u32) -> RgbImage {
    scaled(image, width, height, ResizeAlg::Convolution(FilterType::Hamming))
}

fn scaled(image: &DynamicImage, width: u32, height: u32, algorithm: ResizeAlg) -> RgbImage {
    let mut target = RgbImage::new(width, height);
    let source = image.as_rgb8().map_or_else(|| Cow::Owned(image.to_rgb8()), Cow::Borrowed);
    if let Err(error) = scale(&source, &mut target, algorithm) {
        tracing::warn!(%error, width, height, "cannot scale the picture: it stays black");
    }
    target
}

// Typed: for every format that an image may have, the program would be three megabytes larger.
fn scale(source: &RgbImage, target: &mut RgbImage, algorithm: ResizeAlg) -> Result<(), Box<dyn Error>> {
    let source = TypedImageRef::<U8x3>::from_buffer(source.width(), source.height(), source.as_raw())?;
    let (width, height) = target.dimensions();
    let mut target = TypedImage::<U8x3>::from_buffer(width, height, target)?;
    let options = ResizeOptions::new().resize_alg(algorithm);
    Ok(Resizer::new().resize_typed(&source, &mut target, &options)?)
}

#[cfg(test)]
mod tests {
    use image::Rgb;
    use rstest::rstest;

    use super::*;

    #[test]
    fn thin_light_text_survives_scaling_down() {
        let lines = RgbImage::from_fn(800, 600, |x, _| if x % 10 == 3 { Rgb([255; 3]) } else { Rgb([0; 3]) });
        let scaled = half_blocks(&lines.into(), 80, 30);
        assert!(scaled.pixels().all(|p| p.0[0] > 10), "a column was lost");
    }

    #[rstest]
    fn flat_colours_stay_what_they_are(#[values((1, 1), (3, 2), (640, 480), (1999, 7))] size: (u32, u32)) {
        let flat = DynamicImage::from(RgbImage::from_pixel(1024, 768, Rgb([12, 200, 255])));
        let scaled = smooth(&flat, size.0, size.1);
        assert_eq!(scaled.dimensions(), size);
        assert!(scaled.pixels().all(|pixel| pixel.0 == [12, 200, 255]));
    }
}
