//! The bytes that make a terminal show a picture at the cursor.
//!
//! Written here because the crates that print pictures write to stdout only, from the thread that asks, re-encode what is
//! PNG already, and can neither replace nor delete a picture in kitty.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Mutex;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::codecs::png::{CompressionType, FilterType as PngFilter, PngEncoder};
use image::{DynamicImage, ExtendedColorType, ImageEncoder};

use super::fit::Pixels;
use super::{Protocol, placeholder, scale, sixel};
use crate::guest::picture::Picture;

/// Kitty takes at most this much base64 in one escape code.
const KITTY_CHUNK_BYTES: usize = 4096;

/// Pictures on the terminal that only [`erase`] takes away, by their numbers.
static IN_KITTY: Mutex<BTreeMap<u32, Protocol>> = Mutex::new(BTreeMap::new());

/// The number of a picture among those of other programs in the same kitty. `slot`: which of the frame's pictures; `turn`:
/// which of its contents. The same number replaces a picture without a blink, but cells that show it would not be drawn
/// anew, so that in tmux every content has a number of its own.
pub fn number(protocol: Protocol, slot: usize, turn: u8) -> u32 {
    let (pid, slot) = (std::process::id(), u8::try_from(slot).unwrap_or(u8::MAX));
    if protocol == Protocol::KittyInTmux {
        // Zero is no number, and the first sixteen colours are those of themes.
        let high = u8::try_from(pid % 255 + 1).unwrap_or(1);
        return placeholder::number(high, 16 + (slot % 60) * 4 + turn % 4);
    }
    0x7400_0000 | (pid & 0xFFFF) << 8 | u32::from(slot)
}

/// Kitty: a PNG that covers `columns` × `rows`, which are `size` pixels. A picture that is larger than that is scaled
/// here, because kitty drops pixels; a smaller one goes out as it came. Sending the same id again replaces the picture
/// without a blink; `q=2` keeps kitty from answering into our input, `C=1` from moving the cursor; `U=1` leaves it to
/// placeholders where it is shown.
pub fn kitty(picture: &Picture, number: u32, (columns, rows): (u16, u16), size: Pixels, protocol: Protocol) -> Vec<u8> {
    let payload = match smaller_png(picture, size) {
        Some(png) => STANDARD.encode(png),
        None => STANDARD.encode(picture.png()),
    };
    let mut bytes = Vec::with_capacity(payload.len() + payload.len() / 256 + 128);
    let placed = if protocol == Protocol::KittyInTmux { "U=1" } else { "p=1" };
    let mut keys = format!("a=T,f=100,i={number},{placed},q=2,C=1,c={columns},r={rows},");
    let mut chunks = payload.as_bytes().chunks(KITTY_CHUNK_BYTES).peekable();
    while let Some(chunk) = chunks.next() {
        let more = u8::from(chunks.peek().is_some());
        let mut sequence = format!("\x1b_G{keys}m={more};").into_bytes();
        sequence.extend_from_slice(chunk);
        sequence.extend_from_slice(b"\x1b\\");
        bytes.extend_from_slice(&through(sequence, protocol));
        keys.clear();
    }
    bytes
}

fn through(sequence: Vec<u8>, protocol: Protocol) -> Vec<u8> {
    if protocol == Protocol::KittyInTmux { placeholder::wrapped(&sequence) } else { sequence }
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

/// Notes that kitty has a picture of ours.
pub fn shown_in_kitty(number: u32, protocol: Protocol) {
    if let Ok(mut shown) = IN_KITTY.lock() {
        shown.insert(number, protocol);
    }
}

/// Takes one picture away where writing text over it does not (kitty); does nothing when it is not shown.
///
/// # Errors
/// Those of `out`.
pub fn erase_one(number: u32, out: &mut impl Write) -> io::Result<()> {
    let shown = IN_KITTY.lock().ok().and_then(|mut shown| shown.remove(&number));
    if let Some(protocol) = shown {
        let delete = format!("\x1b_Ga=d,d=I,i={number},q=2\x1b\\");
        out.write_all(&through(delete.into_bytes(), protocol))?;
        out.flush()?;
    }
    Ok(())
}

/// Takes all our pictures away. For leaving, and the panic hook; does nothing when none is shown.
///
/// # Errors
/// Those of `out`.
pub fn erase(out: &mut impl Write) -> io::Result<()> {
    // A panic may have come while it was locked.
    let shown = IN_KITTY.try_lock().map(|shown| shown.keys().copied().collect::<Vec<_>>()).unwrap_or_default();
    shown.into_iter().try_for_each(|number| erase_one(number, out))
}
