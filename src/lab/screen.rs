//! The picture on a guest's console, whole, cut out or scaled.

use std::io::Cursor;

use bytes::Bytes;

use super::frames;
use super::world::World;

/// What part is wanted and how big; `/screen` takes these as query parameters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Want {
    /// scale to this width
    pub width: Option<u32>,
    /// scale to this height
    pub height: Option<u32>,
    /// cut out: left, top, right, bottom; right and bottom stay outside
    pub cut: Option<(u32, u32, u32, u32)>,
}

/// Why there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoPicture {
    /// it does not run
    Off,
    /// no such VM
    Gone,
}

/// Never more than this, whatever is asked for.
const LARGEST: u32 = 4096;

/// The PNG of a VM's console now.
///
/// # Errors
/// [`NoPicture`]
pub fn picture(world: &World, id: &str, want: Want) -> Result<Bytes, NoPicture> {
    let machine = world.machine(id).map_err(|_| NoPicture::Gone)?;
    let uptime = machine.uptime(world.clock.now()).ok_or(NoPicture::Off)?;
    if let Some(host) = &world.real {
        // The first picture comes a moment after power-on.
        let png = host.picture(id).unwrap_or_else(|| Bytes::from_static(frames::png("black-00").unwrap_or_default()));
        return Ok(if want == Want::default() { png } else { scaled(&png, want).unwrap_or(png) });
    }
    let name = match world.book.guest(&machine.guest) {
        Some(guest) => world.book.frame(guest, uptime, &machine.keys),
        None => "black-00".to_owned(),
    };
    let png = frames::png(&name).unwrap_or_default();
    if want == Want::default() {
        return Ok(Bytes::from_static(png));
    }
    Ok(scaled(png, want).unwrap_or_else(|_| Bytes::from_static(png)))
}

fn scaled(png: &[u8], want: Want) -> image::ImageResult<Bytes> {
    let mut image = image::load_from_memory(png)?;
    if let Some((left, top, right, bottom)) = want.cut {
        let (right, bottom) = (right.min(image.width()), bottom.min(image.height()));
        image = image.crop_imm(left, top, right.saturating_sub(left), bottom.saturating_sub(top));
    }
    let ratio = f64::from(image.height()) / f64::from(image.width().max(1));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded by LARGEST below")]
    let (width, height) = match (want.width, want.height) {
        (Some(width), Some(height)) => (width, height),
        (Some(width), None) => (width, (f64::from(width) * ratio).round() as u32),
        (None, Some(height)) => ((f64::from(height) / ratio.max(0.001)).round() as u32, height),
        (None, None) => (image.width(), image.height()),
    };
    let (width, height) = (width.clamp(1, LARGEST), height.clamp(1, LARGEST));
    if (width, height) != (image.width(), image.height()) {
        image = image.resize_exact(width, height, image::imageops::FilterType::Triangle);
    }
    let mut out = Vec::new();
    image.write_to(&mut Cursor::new(&mut out), image::ImageFormat::Png)?;
    Ok(out.into())
}
