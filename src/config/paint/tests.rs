use super::*;

/// Red, green and blue of one of xterm's 256.
fn rgb(index: u8) -> [u8; 3] {
    let level = |n: u8| if n == 0 { 0 } else { 55 + 40 * n };
    match index {
        0..16 => panic!("the first sixteen are as the user set them"),
        16..232 => [level((index - 16) / 36), level((index - 16) / 6 % 6), level((index - 16) % 6)],
        232.. => [8 + 10 * (index - 232); 3],
    }
}

/// Relative luminance, as WCAG has it.
fn luminance(colour: [u8; 3]) -> f64 {
    let part = |value: u8| {
        let value = f64::from(value) / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * part(colour[0]) + 0.7152 * part(colour[1]) + 0.0722 * part(colour[2])
}

fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
    let (one, other) = (luminance(one) + 0.05, luminance(other) + 0.05);
    (one / other).max(other / one)
}

#[test]
fn every_theme_can_be_read_on_its_background() {
    let indexed = |colour: Option<Colour>| match colour {
        Some(Colour::Index(index)) => Some(rgb(index)),
        None | Some(Colour::Default) => None,
        Some(Colour::Rgb(r, g, b)) => Some([r, g, b]),
    };
    for (theme, ground) in
        [(ThemeName::Dark, [30; 3]), (ThemeName::ColourBlind, [0; 3]), (ThemeName::Light, [250, 250, 245])]
    {
        for role in Role::ALL {
            let paint: Paint = theme.words(role).parse().unwrap();
            let (fg, bg) = (indexed(paint.fg), indexed(paint.bg).unwrap_or(ground));
            let ratio = fg.map_or(21.0, |fg| contrast(fg, bg));
            assert!(ratio >= 4.5, "{theme:?} {role:?}: {ratio:.1}");
        }
    }
}

#[test]
fn every_style_is_read_and_written_alike_and_roles_that_matter_differ() {
    for theme in ThemeName::ALL {
        for role in Role::ALL {
            let words = theme.words(role);
            assert_eq!(words.parse::<Paint>().unwrap().to_string(), words, "{theme:?} {role:?}");
        }
        let differ = [Role::Good, Role::Warn, Role::Bad].map(|role| theme.words(role));
        assert!(differ[0] != differ[1] && differ[1] != differ[2] && differ[0] != differ[2], "{theme:?}");
    }
    for wrong in ["blod", "red green", "on", "red on", "#12", "256", "bright-bright-red", "red on on", "#ééé"] {
        assert!(wrong.parse::<Paint>().is_err(), "{wrong}");
    }
}
