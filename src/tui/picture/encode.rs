//! The bytes that make a terminal show a picture at the cursor.
//!
//! Written here because the crates that print pictures write to stdout only, from the thread that asks, re-encode what is
//! PNG already, and can neither replace nor delete a picture in kitty.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::codecs::png::{CompressionType, FilterType as PngFilter, PngEncoder};
use image::{DynamicImage, ExtendedColorType, ImageEncoder};

use super::fit::Pixels;
use super::{scale, sixel};
use crate::guest::picture::Picture;

/// Kitty takes at most this much base64 in one escape code.
const KITTY_CHUNK_BYTES: usize = 4096;

/// Whether a picture that only [`erase`] takes away is on the terminal.
static IN_KITTY: AtomicBool = AtomicBool::new(false);

/// Our picture among those of other programs in the same kitty: the same number all through this process.
fn image_id() -> u32 {
    0x746D_0000 | (std::process::id() & 0xFFFF)
}

/// Kitty: a PNG that covers `columns` × `rows`, which are `size` pixels. A picture that is larger than that is scaled
/// here, because kitty drops pixels; a smaller one goes out as it came. Sending the same id again replaces the picture
/// without a blink; `q=2` keeps kitty from answering into our input, `C=1` from moving the cursor.
pub fn kitty(picture: &Picture, columns: u16, rows: u16, size: Pixels) -> Vec<u8> {
    let payload = match smaller_png(picture, size) {
        Some(png) => STANDARD.encode(png),
        None => STANDARD.encode(picture.png()),
    };
    let mut bytes = Vec::with_capacity(payload.len() + payload.len() / 256 + 128);
    let mut keys = format!("a=T,f=100,i={},p=1,q=2,C=1,c={columns},r={rows},", image_id());
    let mut chunks = payload.as_bytes().chunks(KITTY_CHUNK_BYTES).peekable();
    while let Some(chunk) = chunks.next() {
        let more = u8::from(chunks.peek().is_some());
        bytes.extend_from_slice(format!("\x1b_G{keys}m={more};").as_bytes());
        bytes.extend_from_slice(chunk);
        bytes.extend_from_slice(b"\x1b\\");
        keys.clear();
    }
    bytes
}

/// The picture scaled down to `size`; `None` when it is not larger.
fn smaller_png(picture: &Picture, size: Pixels) -> Option<Vec<u8>> {
    let (width, height) = picture.size();
    if width <= size.width && height <= size.height {
        return None;
    }
    let scaled = scale::smooth(picture.image(), size.width, size.height);
    let mut png = Vec::new();
    let encoder = PngEncoder::new_with_quality(&mut png, CompressionType::Fast, PngFilter::Adaptive);
    match encoder.write_image(scaled.as_raw(), size.width, size.height, ExtendedColorType::Rgb8) {
        Ok(()) => Some(png),
        Err(error) => {
            tracing::warn!(%error, "cannot scale the picture: the terminal does");
            None
        }
    }
}

/// iTerm2: the PNG as it is, scaled by the terminal to `columns` × `rows`.
pub fn iterm(png: &[u8], columns: u16, rows: u16) -> Vec<u8> {
    let size = png.len();
    let keys = format!("inline=1;preserveAspectRatio=0;size={size};width={columns};height={rows}");
    let mut bytes = format!("\x1b]1337;File={keys}:").into_bytes();
    bytes.extend_from_slice(STANDARD.encode(png).as_bytes());
    bytes.push(0x07);
    bytes
}

/// Sixel of exactly `size` pixels.
pub fn sixel(image: &DynamicImage, size: Pixels) -> Vec<u8> {
    sixel::encode(&scale::smooth(image, size.width, size.height))
}

/// Notes that kitty shows our picture now.
pub fn shown_in_kitty() {
    IN_KITTY.store(true, Ordering::Relaxed);
}

/// Takes our picture away where writing text over it does not (kitty). For hiding, leaving, and the panic hook; does
/// nothing when no such picture is shown.
///
/// # Errors
/// Those of `out`.
pub fn erase(out: &mut impl Write) -> io::Result<()> {
    if IN_KITTY.swap(false, Ordering::Relaxed) {
        write!(out, "\x1b_Ga=d,d=I,i={},q=2\x1b\\", image_id())?;
        out.flush()?;
    }
    Ok(())
}
