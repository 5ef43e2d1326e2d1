use image::{ExtendedColorType, GenericImageView, ImageEncoder, RgbaImage};

use super::*;

fn png(width: u32, height: u32) -> Vec<u8> {
    let pixels = RgbaImage::from_fn(width, height, |x, y| image::Rgba([x as u8, y as u8, 7, 255]));
    let mut bytes = Vec::new();
    image::codecs::png::PngEncoder::new(&mut bytes)
        .write_image(&pixels, width, height, ExtendedColorType::Rgba8)
        .expect("a small picture can be encoded");
    bytes
}

/// A PNG header that claims a size, and the start of its data.
fn claims(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut header = b"IHDR".to_vec();
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    header.extend([8, 6, 0, 0, 0]);
    bytes.extend(13_u32.to_be_bytes());
    bytes.extend(&header);
    bytes.extend(crc32(&header).to_be_bytes());
    bytes.extend(0_u32.to_be_bytes());
    bytes.extend(b"IDAT");
    bytes.extend(crc32(b"IDAT").to_be_bytes());
    bytes
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 })
    })
}

fn line(bytes: impl Into<Bytes>) -> String {
    let line = Picture::decode(bytes).expect_err("it must be refused").to_string();
    assert!(!line.contains(['\n', '\x1b']), "{line:?} is not one clean line");
    line
}

#[test]
fn a_picture_keeps_its_pixels_and_its_bytes() {
    let bytes = png(40, 30);
    let picture = Picture::decode(bytes.clone()).expect("it is a picture");
    assert_eq!(picture.size(), (40, 30));
    assert_eq!(picture.image().get_pixel(39, 29).0, [39, 29, 7, 255]);
    assert_eq!(picture.png(), &bytes);
}

#[test]
fn the_hash_tells_pictures_apart() {
    let hash = |bytes: Vec<u8>| Picture::decode(bytes).expect("it is a picture").hash();
    assert_eq!(hash(png(40, 30)), hash(png(40, 30)));
    assert_ne!(hash(png(40, 30)), hash(png(41, 30)));
}

#[test]
fn a_bomb_is_refused_from_its_header() {
    assert_eq!(line(claims(30_000, 30_000)), "the picture is too large to show: 30000×30000 pixels");
    assert!(line(claims(9_000_000, 1)).contains("9000000×1"));
}

#[test]
fn a_torn_palette_is_damage_and_no_panic() {
    let torn = std::fs::read("fuzz/seeds/image/torn-palette.png").expect("a seed");
    assert!(line(torn).contains("134 bytes of palette"));
}

#[test]
fn the_largest_screen_of_a_virtual_machine_is_shown() {
    let picture = Picture::decode(png(4096, 2160)).expect("4K fits");
    assert_eq!(picture.size(), (4096, 2160));
}

#[test]
fn nothing_is_one_clear_line() {
    assert_eq!(line(""), "the picture is empty (0 bytes)");
}

#[test]
fn something_else_shows_how_it_begins_escaped() {
    assert_eq!(
        line("<html>\x1b[2J\nlogin</html>"),
        r#"not a PNG picture: 23 bytes that begin with "<html>\x1b[2J\nlogin</html>""#
    );
}

#[test]
fn a_picture_cut_anywhere_is_one_clear_line() {
    let whole = png(40, 30);
    for length in [1, 8, 20, 33, 40, whole.len() / 2] {
        let line = line(whole[..length].to_vec());
        assert!(line.starts_with("the picture is damaged or cut short"), "{length}: {line}");
    }
}
