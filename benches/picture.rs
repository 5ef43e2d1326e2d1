//! From the bytes of a console's picture to what the terminal gets, beside viuer and, where it is installed, chafa.
//!
//! Budget for 1024×768: half blocks ≤ 15 ms, sixel ≤ 40 ms, decoding included in neither.

use std::hint::black_box;
use std::io::Write;
use std::process::{Command, Stdio};

use criterion::{Criterion, criterion_group, criterion_main};
use image::{ExtendedColorType, ImageEncoder, Rgb, RgbImage};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tmpl::guest::picture::Picture;
use tmpl::tui::picture::{Colours, Pixels, encode_sixel, half_blocks};

/// Lines of text, as in text mode: few colours.
fn text() -> RgbImage {
    RgbImage::from_fn(1024, 768, |x, y| {
        let (column, row) = (x / 8, y / 16);
        let ink = (column * 7 + row * 13 + (x % 8) * (y % 16)) % 5 == 0;
        let colour = if row % 9 == 0 { [170, 85, 0] } else { [170; 3] };
        Rgb(if ink && column < 90 && row % 3 != 0 { colour } else { [0; 3] })
    })
}

/// A desktop: a gradient, windows, many colours.
fn desktop() -> RgbImage {
    RgbImage::from_fn(1024, 768, |x, y| {
        let window = (200..800).contains(&x) && (150..600).contains(&y);
        Rgb(match window {
            true if y < 180 => [0, 90, 158],
            true => [250, 250, (240 + x % 16) as u8],
            false => [(x / 8) as u8, ((x + y) / 12) as u8, (255 - y / 4) as u8],
        })
    })
}

fn png(pixels: &RgbImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    let encoder = image::codecs::png::PngEncoder::new(&mut bytes);
    encoder.write_image(pixels, pixels.width(), pixels.height(), ExtendedColorType::Rgb8).unwrap_or_default();
    bytes
}

fn pictures(c: &mut Criterion) {
    for (name, pixels) in [("text", text()), ("desktop", desktop())] {
        let bytes = png(&pixels);
        let Ok(picture) = Picture::decode(bytes.clone()) else { return };
        let mut group = c.benchmark_group(name);
        group.sample_size(30);
        group.bench_function("decode", |b| b.iter(|| Picture::decode(black_box(bytes.clone()))));
        let rect = Rect::new(0, 0, 80, 30);
        let mut buffer = Buffer::empty(rect);
        group.bench_function("half blocks 80x30", |b| {
            b.iter(|| half_blocks(black_box(&picture), rect, &mut buffer, Colours::True));
        });
        for size in [Pixels { width: 720, height: 540 }, Pixels { width: 1000, height: 750 }] {
            let title = format!("sixel {}x{}", size.width, size.height);
            group.bench_function(title, |b| b.iter(|| encode_sixel(black_box(&picture), size)));
        }
        for format in ["symbols", "sixels"] {
            if let Some(chafa) = chafa(format, &bytes) {
                group.bench_function(format!("chafa {format} (process, with decoding)"), |b| b.iter(&chafa));
            }
        }
        group.finish();
    }
}

/// One run of chafa over `bytes` in the same 80×30 cells, when it is installed.
fn chafa<'a>(format: &'a str, bytes: &'a [u8]) -> Option<impl Fn() + 'a> {
    let run = move || -> Option<bool> {
        let mut child = Command::new("chafa")
            .args(["-f", format, "--size", "80x30", "--symbols", "vhalf", "--colors", "full", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        child.stdin.take()?.write_all(bytes).ok()?;
        Some(child.wait().ok()?.success())
    };
    if run() != Some(true) {
        return None;
    }
    Some(move || {
        black_box(run());
    })
}

criterion_group!(benches, pictures);
criterion_main!(benches);
