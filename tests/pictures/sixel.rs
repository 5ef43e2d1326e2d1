//! Reads sixel back to pixels.

use image::{Rgb, RgbImage};

/// What a sixel terminal would show for the text between `ESC P` and `ESC \`.
pub fn decode(body: &str) -> RgbImage {
    let (_, data) = body.split_once('q').expect("sixel begins with q");
    let mut rest = data.strip_prefix('"').expect("with raster attributes");
    let raster = numbers(&mut rest);
    let [_, _, width, height] = raster[..] else { panic!("raster attributes {raster:?}") };
    let mut pixels = RgbImage::new(width, height);
    let mut palette = vec![None; 256];
    let (mut x, mut band, mut colour) = (0, 0, None);
    while let Some(command) = rest.chars().next() {
        rest = &rest[1..];
        match command {
            '#' => {
                let parameters = numbers(&mut rest);
                let register = parameters[0] as usize;
                if let [_, kind, r, g, b] = parameters[..] {
                    assert_eq!(kind, 2, "colours are given as RGB");
                    palette[register] = Some(Rgb([r, g, b].map(|percent| (percent * 255 / 100) as u8)));
                }
                colour = palette[register];
            }
            '$' => x = 0,
            '-' => (x, band) = (0, band + 6),
            '!' => {
                let count = numbers(&mut rest)[0];
                let sixel = rest.chars().next().expect("something is repeated");
                rest = &rest[1..];
                put(&mut pixels, x, band, count, sixel, colour);
                x += count;
            }
            '?'..='~' => {
                put(&mut pixels, x, band, 1, command, colour);
                x += 1;
            }
            '\n' | '\r' => {}
            other => panic!("{other:?} in sixel"),
        }
    }
    pixels
}

fn put(pixels: &mut RgbImage, x: u32, band: u32, count: u32, sixel: char, colour: Option<Rgb<u8>>) {
    let bits = sixel as u32 - '?' as u32;
    for bit in (0..6).filter(|bit| bits >> bit & 1 == 1) {
        for column in x..x + count {
            assert!(column < pixels.width() && band + bit < pixels.height(), "pixels beyond the raster");
            pixels.put_pixel(column, band + bit, colour.expect("a colour that was defined"));
        }
    }
}

/// Numbers between `;` at the start of `rest`, which is moved past them.
fn numbers(rest: &mut &str) -> Vec<u32> {
    let end = rest.find(|c: char| !(c.is_ascii_digit() || c == ';')).unwrap_or(rest.len());
    let (list, after) = rest.split_at(end);
    *rest = after;
    list.split(';').map(|number| number.parse().expect("a number")).collect()
}
