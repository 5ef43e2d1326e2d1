//! One console picture: PNG bytes that were decoded within limits, or one clear line why they were not.
//!
//! No terminal in here: the pane, the flight recorder and the `console` verb all start from a [`Picture`].

use std::fmt;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{Cursor, Read};
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use image::codecs::png::PngDecoder;
use image::error::{ImageError, LimitErrorKind};
use image::{DynamicImage, ImageDecoder, Limits};

use crate::vcenter::{self, Client, Vm};

/// Most bytes of PNG that are looked at. A 4K console is below 10 MB.
pub const MAX_PNG: usize = 32 << 20;
/// Most bytes that the decoder may hold: 4096×2160 with alpha, the largest screen of a virtual machine, just fits.
const MAX_DECODED: u64 = 36 << 20;
/// Most pixels kept, three bytes each. With [`MAX_DECODED`] one decoding stays below 64 MB.
const MAX_PIXELS: u64 = 9 << 20;
/// Longest side; nothing a console shows is longer.
const MAX_SIDE: u32 = 16_384;

/// A decoded picture. Cheap to clone.
#[derive(Clone)]
pub struct Picture(Arc<Decoded>);

struct Decoded {
    png: Bytes,
    image: DynamicImage,
    hash: u64,
}

/// Why bytes are not a picture that can be shown. `Display` is one line.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// Nothing came.
    #[error("the picture is empty (0 bytes)")]
    Empty,
    /// Something else came, e.g. a login page.
    #[error("not a PNG picture: {length} bytes that begin with \"{start}\"")]
    NotPng {
        /// bytes that came
        length: usize,
        /// the first of them, escaped
        start: String,
    },
    /// Too large to decode without harm.
    #[error("the picture is too large to show: {0}")]
    TooLarge(String),
    /// It begins as PNG, and is cut short or damaged.
    #[error("the picture is damaged or cut short after {length} bytes: {reason}")]
    Damaged {
        /// bytes that came
        length: usize,
        /// the decoder's words
        reason: String,
    },
}

impl Picture {
    /// Takes the picture of a guest's console; `width` asks the server to scale where it can.
    ///
    /// # Errors
    /// [`vcenter::Error::Picture`] also when what came is none; others of vCenter.
    pub async fn take(client: &Client, vm: &Vm, width: Option<u32>) -> Result<Self, vcenter::Error> {
        let png = client.screenshot(vm, width).await?;
        let decoded = crate::task::spawn_blocking(move || Self::decode(png)).await;
        let decoded = decoded.map_err(|failure| failure.to_string());
        let picture = decoded.and_then(|picture| picture.map_err(|error| error.to_string()));
        picture.map_err(|reason| vcenter::Error::Picture { vm: vm.name.clone(), reason })
    }

    /// Decodes PNG bytes. Takes some milliseconds and at most 64 MB: call it where blocking is allowed.
    ///
    /// # Errors
    /// [`PictureError`]: empty, not PNG, too large (told from its header, before any of it is decoded), damaged.
    pub fn decode(png: impl Into<Bytes>) -> Result<Self, PictureError> {
        let png = png.into();
        check_bytes(&png)?;
        // A decoder that panics must not take a console or a flight recorder with it.
        let image = std::panic::catch_unwind(|| pixels(&png)).unwrap_or_else(|_| {
            Err(PictureError::Damaged { length: png.len(), reason: "the decoder broke off".into() })
        })?;
        let mut hasher = DefaultHasher::new();
        png.hash(&mut hasher);
        Ok(Self(Arc::new(Decoded { hash: hasher.finish(), png, image })))
    }

    /// Reads and decodes a file, of which no more is read than a picture may have.
    ///
    /// # Errors
    /// In one line: those of reading, and [`PictureError`].
    pub fn open(path: &Path) -> Result<Self, String> {
        let mut png = Vec::new();
        let file = File::open(path).map_err(|error| error.to_string())?;
        file.take(MAX_PNG as u64 + 1).read_to_end(&mut png).map_err(|error| error.to_string())?;
        Self::decode(png).map_err(|error| error.to_string())
    }

    /// The bytes it was decoded from.
    pub fn png(&self) -> &Bytes {
        &self.0.png
    }

    /// Its pixels: 8-bit RGB, alpha dropped.
    pub fn image(&self) -> &DynamicImage {
        &self.0.image
    }

    /// Width and height in pixels, each at least 1.
    pub fn size(&self) -> (u32, u32) {
        (self.0.image.width(), self.0.image.height())
    }

    /// Same bytes, same hash, within one process.
    pub fn hash(&self) -> u64 {
        self.0.hash
    }
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (width, height) = self.size();
        write!(f, "Picture({width}×{height}, {} bytes, {:016x})", self.0.png.len(), self.0.hash)
    }
}

impl PartialEq for Picture {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.png == other.0.png
    }
}

impl Eq for Picture {}

fn pixels(png: &[u8]) -> Result<DynamicImage, PictureError> {
    let damaged = |error| fault(error, png.len());
    let limits = limits();
    let mut decoder = PngDecoder::with_limits(Cursor::new(png), limits.clone()).map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if width > MAX_SIDE || height > MAX_SIDE || pixels > MAX_PIXELS || decoder.total_bytes() > MAX_DECODED {
        return Err(PictureError::TooLarge(format!("{width}×{height} pixels")));
    }
    decoder.set_limits(limits).map_err(damaged)?;
    Ok(DynamicImage::ImageRgb8(DynamicImage::from_decoder(decoder).map_err(damaged)?.into_rgb8()))
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_DECODED);
    limits
}

fn check_bytes(png: &[u8]) -> Result<(), PictureError> {
    const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
    if png.is_empty() {
        return Err(PictureError::Empty);
    }
    if !png.starts_with(SIGNATURE) && !SIGNATURE.starts_with(png) {
        let start = png[..png.len().min(24)].escape_ascii().to_string();
        return Err(PictureError::NotPng { length: png.len(), start });
    }
    if png.len() > MAX_PNG {
        return Err(PictureError::TooLarge(format!("{} MB of PNG", png.len() >> 20)));
    }
    match chunks(png).find(|(kind, length)| kind == b"PLTE" && length % 3 != 0) {
        // The decoder takes such a palette and panics at its last colour.
        Some((_, length)) => {
            Err(PictureError::Damaged { length: png.len(), reason: format!("{length} bytes of palette") })
        }
        None => Ok(()),
    }
}

/// Kind and length of each chunk, as far as they follow one another: length, kind, content, checksum.
fn chunks(png: &[u8]) -> impl Iterator<Item = ([u8; 4], usize)> {
    let mut rest = png.get(8..).unwrap_or_default();
    std::iter::from_fn(move || {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let (kind, content) = after.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        rest = length.checked_add(4).and_then(|end| content.get(end..)).unwrap_or_default();
        Some((*kind, length))
    })
}

fn fault(error: ImageError, length: usize) -> PictureError {
    match error {
        ImageError::Limits(limit) if matches!(limit.kind(), LimitErrorKind::InsufficientMemory) => {
            PictureError::TooLarge(format!("its decoding needs more than {} MB", MAX_DECODED >> 20))
        }
        other => PictureError::Damaged { length, reason: other.to_string() },
    }
}

#[cfg(test)]
mod tests;
