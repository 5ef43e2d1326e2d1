//! Pictures in a pseudo-terminal: what arrives is decoded back to pixels, and its place, its leaving and its cost in
//! bytes are checked, for each kind of terminal.

#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod real;
#[path = "../support/screen.rs"]
mod screen;
mod sixel;
mod terminal;
mod tmux;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use image::{ExtendedColorType, ImageEncoder, Rgb, RgbImage};
use portable_pty::CommandBuilder;
use ratatui::layout::Rect;
use rstest::rstest;
use tempfile::TempDir;
use terminal::{Kind, Shown, State, Terminal};

const CELL: (u16, u16) = (9, 18);
/// Where the harness lets the picture be: within a frame of 60 columns.
const PANE: Rect = Rect { x: 1, y: 3, width: 58, height: 25 };

const RED: [u8; 3] = [255, 0, 0];
const GREEN: [u8; 3] = [0, 255, 0];
const BLUE: [u8; 3] = [0, 0, 255];
const WHITE: [u8; 3] = [255, 255, 255];
const CORNERS: [[u8; 3]; 4] = [RED, GREEN, BLUE, WHITE];

/// A console of 1024×768 with a colour in each corner and `ground` between them.
fn console(ground: [u8; 3]) -> RgbImage {
    RgbImage::from_fn(1024, 768, |x, y| {
        Rgb(match (x / 128, y / 128) {
            (0, 0) => RED,
            (7, 0) => GREEN,
            (0, 5) => BLUE,
            (7, 5) => WHITE,
            _ => ground,
        })
    })
}

struct Files {
    dir: TempDir,
    paths: Vec<PathBuf>,
}

impl Files {
    fn new() -> Self {
        let dir = TempDir::new().expect("a folder");
        let grounds = [[0, 0, 0], [40, 40, 90]];
        let paths = grounds.iter().enumerate().map(|(number, ground)| {
            let path = dir.path().join(format!("{number}.png"));
            write_png(&path, &console(*ground));
            path
        });
        Self { paths: paths.collect(), dir }
    }

    fn bytes(&self, number: usize) -> Vec<u8> {
        std::fs::read(&self.paths[number]).expect("readable")
    }

    fn start(&self, kind: Kind, images: &str, env: &[(&str, &str)]) -> Terminal {
        self.start_with_cell(kind, images, env, CELL)
    }

    fn start_with_cell(&self, kind: Kind, images: &str, env: &[(&str, &str)], cell: (u16, u16)) -> Terminal {
        let mut command = CommandBuilder::new(harness());
        command.arg(images);
        self.paths.iter().for_each(|path| command.arg(path));
        command.env_clear();
        command.env("TERM", "xterm-256color");
        command.env("COLORTERM", "truecolor");
        env.iter().for_each(|(name, value)| command.env(name, value));
        command.cwd(self.dir.path());
        Terminal::start(kind, (100, 30), cell, command)
    }
}

fn write_png(path: &Path, pixels: &RgbImage) {
    let mut bytes = Vec::new();
    image::codecs::png::PngEncoder::new(&mut bytes)
        .write_image(pixels, pixels.width(), pixels.height(), ExtendedColorType::Rgb8)
        .expect("it can be encoded");
    std::fs::File::create(path).and_then(|mut file| file.write_all(&bytes)).expect("it can be written");
}

/// The example `picture-harness`. `cargo test --test pictures` alone does not build it, so it is built here.
fn harness() -> &'static Path {
    static HARNESS: LazyLock<PathBuf> = LazyLock::new(|| {
        let test = std::env::current_exe().expect("a path");
        let profile = test.ancestors().nth(2).expect("target/<profile>/deps/<test>");
        let mut cargo = std::process::Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "--offline", "--example", "picture-harness"]);
        if profile.ends_with("release") {
            cargo.arg("--release");
        }
        let status = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status().expect("cargo starts");
        assert!(status.success(), "the example picture-harness does not build");
        profile.join("examples/picture-harness")
    });
    &HARNESS
}

/// Whether the four corners have their colours, a few levels of rounding aside.
fn assert_corners(pixels: &RgbImage) {
    let (width, height) = pixels.dimensions();
    let at = [(1, 1), (width - 2, 1), (1, height - 2), (width - 2, height - 2)];
    for ((x, y), expected) in at.into_iter().zip(CORNERS) {
        let found = pixels.get_pixel(x, y).0;
        let near = found.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 12);
        assert!(near, "{found:?} at {x},{y}, not {expected:?}");
    }
}

fn assert_aspect(width: u32, height: u32, tolerance: f64) {
    let aspect = f64::from(width) / f64::from(height);
    assert!((aspect * 3.0 / 4.0 - 1.0).abs() < tolerance, "{width}×{height} is not 4:3");
}

fn rect_of(status: &str) -> Rect {
    let numbers: Vec<u16> = status.split([',', ' ', 'x']).filter_map(|n| n.parse().ok()).collect();
    let [x, y, width, height] = numbers[..] else { panic!("{status:?} is no place") };
    Rect::new(x, y, width, height)
}

fn sent(count: usize) -> impl Fn(&State) -> bool {
    move |state| state.sent.len() >= count && !state.status("at ").is_empty()
}

fn last(state: &State) -> Shown {
    state.sent.last().expect("a picture was sent").clone()
}

/// Keys handled so far, by the status line.
fn handled(count: usize) -> impl Fn(&State) -> bool {
    move |state| state.status("keys ").parse() == Ok(count)
}

fn draws(state: &State) -> usize {
    state.status("draws ").parse().unwrap_or(0)
}

#[rstest]
#[case::kitty(Kind::Kitty, "kitty graphics", &[])]
#[case::sixel(Kind::Sixel, "sixel", &[])]
#[case::iterm(Kind::Plain, "iTerm2 images", &[("TERM_PROGRAM", "iTerm.app")])]
fn the_picture_arrives_where_the_pane_is_with_its_corners(
    #[case] kind: Kind,
    #[case] protocol: &str,
    #[case] env: &[(&str, &str)],
) {
    let files = Files::new();
    let terminal = files.start(kind, "auto", env);
    let state = terminal.wait("the picture", sent(1));
    let shown = last(&state);
    assert!(state.text.screen().contents().contains(protocol), "{}", state.text.screen().contents());
    assert_eq!(shown.rect.intersection(PANE), shown.rect, "it leaves the pane");
    assert_eq!(shown.rect, rect_of(&state.status("at ")));
    assert_eq!(state.marked(), Some(shown.rect), "text was written over it");
    assert_corners(&shown.pixels);
    assert_aspect(u32::from(shown.rect.width * CELL.0), u32::from(shown.rect.height * CELL.1), 0.05);
    let whole = (u32::from(shown.rect.width * CELL.0), u32::from(shown.rect.height * CELL.1));
    match shown.protocol {
        "sixel" => {
            assert_aspect(shown.pixels.width(), shown.pixels.height(), 0.02);
            assert!(shown.pixels.width() + 9 > whole.0 && shown.pixels.height() + 18 > whole.1, "it fills its cells");
        }
        "kitty" => assert_eq!(shown.pixels.dimensions(), whole, "kitty would drop pixels"),
        _ => assert_eq!(shown.png, files.bytes(0), "the file goes out as it came"),
    }
}

#[test]
fn kitty_gets_the_file_as_it_came_when_the_pane_is_large_enough() {
    let files = Files::new();
    let terminal = files.start_with_cell(Kind::Kitty, "auto", &[], (20, 40));
    let shown = last(&terminal.wait("the picture", sent(1)));
    assert_eq!(shown.png, files.bytes(0));
}

#[rstest]
fn sixel_keeps_corners_and_aspect_whatever_the_cell(
    #[values((6, 12), (7, 15), (8, 16), (9, 19), (10, 20), (14, 28))] cell: (u16, u16),
) {
    let files = Files::new();
    let terminal = files.start_with_cell(Kind::Sixel, "auto", &[], cell);
    let state = terminal.wait("the picture", sent(1));
    let shown = last(&state);
    assert_corners(&shown.pixels);
    assert_aspect(shown.pixels.width(), shown.pixels.height(), 0.02);
    assert!(shown.pixels.width() <= 1000, "xterm cuts what is wider");
}

#[test]
fn a_plain_terminal_gets_half_blocks() {
    let files = Files::new();
    let terminal = files.start(Kind::Plain, "auto", &[]);
    assert_half_blocks(&terminal, |[r, g, b]| vt100::Color::Rgb(r, g, b));
    assert_eq!(terminal.wait("a status", |s| !s.status("at ").is_empty()).sent.len(), 0);
}

#[test]
fn without_24_bit_colours_half_blocks_are_mapped_to_256() {
    let files = Files::new();
    let terminal = files.start(Kind::Plain, "auto", &[("COLORTERM", "")]);
    let index = |colour: [u8; 3]| match colour {
        RED => 196,
        GREEN => 46,
        BLUE => 21,
        _ => 231,
    };
    assert_half_blocks(&terminal, |colour| vt100::Color::Idx(index(colour)));
}

fn assert_half_blocks(terminal: &Terminal, colour: impl Fn([u8; 3]) -> vt100::Color) {
    let corners = |state: &State| {
        let at = state.status("at ");
        if at.is_empty() {
            return false;
        }
        let rect = rect_of(&at);
        let (right, bottom) = (rect.right() - 1, rect.bottom() - 1);
        let found = [(rect.x, rect.y), (right, rect.y), (rect.x, bottom), (right, bottom)];
        found.into_iter().zip(CORNERS).all(|((x, y), expected)| state.background(x, y) == colour(expected))
    };
    let state = terminal.wait("four corners of half blocks", corners);
    let rect = rect_of(&state.status("at "));
    assert_aspect(u32::from(rect.width * CELL.0), u32::from(rect.height * CELL.1), 0.05);
}

#[rstest]
#[case::kitty(Kind::Kitty, "auto")]
#[case::sixel(Kind::Sixel, "auto")]
#[case::iterm(Kind::Plain, "iterm")]
fn it_moves_with_the_pane(#[case] kind: Kind, #[case] images: &str) {
    let files = Files::new();
    let terminal = files.start(kind, images, &[]);
    let before = last(&terminal.wait("the picture", sent(1)));
    terminal.keys("m");
    let state = terminal.wait("the picture elsewhere", |s| s.sent.len() == 2 && handled(1)(s));
    let after = last(&state);
    assert_eq!(after.rect, Rect { x: before.rect.x + 20, ..before.rect });
    assert_eq!(state.marked(), Some(after.rect), "something of it stayed behind");
    assert_corners(&after.pixels);
}

#[rstest]
#[case::kitty(Kind::Kitty, "auto")]
#[case::sixel(Kind::Sixel, "auto")]
#[case::iterm(Kind::Plain, "iterm")]
fn it_follows_the_size_of_the_pane_and_of_the_terminal(#[case] kind: Kind, #[case] images: &str) {
    let files = Files::new();
    let terminal = files.start(kind, images, &[]);
    terminal.until("the picture", sent(1));
    terminal.keys("z");
    let small = terminal.wait("a small picture", |s| sent(2)(s) && handled(1)(s));
    assert!(last(&small).rect.width <= 28);
    assert_eq!(small.marked(), Some(last(&small).rect));
    let count = small.sent.len();
    drop(small);
    terminal.resize(90, 16);
    let state =
        terminal.wait("the picture in a smaller terminal", |s| s.sent.len() > count && last(s).rect.bottom() < 15);
    assert_eq!(state.marked(), Some(last(&state).rect));
    assert_corners(&last(&state).pixels);
}

#[rstest]
#[case::kitty(Kind::Kitty, "auto")]
#[case::sixel(Kind::Sixel, "auto")]
#[case::iterm(Kind::Plain, "iterm")]
fn an_overlay_turns_it_into_half_blocks_and_back(#[case] kind: Kind, #[case] images: &str) {
    let files = Files::new();
    let terminal = files.start(kind, images, &[]);
    let rect = last(&terminal.wait("the picture", sent(1))).rect;
    terminal.keys("o");
    let red = |state: &State| state.background(rect.x, rect.y) == vt100::Color::Rgb(255, 0, 0);
    let state = terminal.wait("half blocks", |s| handled(1)(s) && red(s));
    assert_eq!(state.marked(), None, "the picture is still there");
    assert_eq!(state.placed, None);
    assert!(state.text.screen().contents().contains("overlay"));
    assert_eq!(state.deletes, usize::from(kind == Kind::Kitty));
    drop(state);
    terminal.keys("o");
    let state = terminal.wait("the picture again", |s| s.sent.len() == 2 && handled(2)(s));
    assert_eq!(state.marked(), Some(rect));
    assert!(!state.text.screen().contents().contains("overlay"));
}

#[rstest]
#[case::kitty(Kind::Kitty, "auto")]
#[case::sixel(Kind::Sixel, "auto")]
#[case::iterm(Kind::Plain, "iterm")]
fn it_leaves_when_hidden(#[case] kind: Kind, #[case] images: &str) {
    let files = Files::new();
    let terminal = files.start(kind, images, &[]);
    terminal.until("the picture", sent(1));
    terminal.keys("h");
    let state = terminal.wait("an empty pane", |s| handled(1)(s) && s.marked().is_none());
    assert_eq!((state.placed, state.sent.len()), (None, 1));
    drop(state);
    terminal.keys("h");
    terminal.until("the picture again", |s| s.sent.len() == 2 && s.marked().is_some());
}

#[rstest]
#[case::quit(Kind::Kitty, "q")]
#[case::panic(Kind::Kitty, "p")]
#[case::quit_sixel(Kind::Sixel, "q")]
#[case::panic_sixel(Kind::Sixel, "p")]
fn nothing_stays_after_the_end(#[case] kind: Kind, #[case] key: &str) {
    let files = Files::new();
    let mut terminal = files.start(kind, "auto", &[]);
    terminal.until("the picture", sent(1));
    terminal.keys(key);
    let state = terminal.end();
    assert_eq!((state.placed, state.marked()), (None, None));
    assert!(!state.text.screen().alternate_screen(), "the alternate screen was left");
    if kind == Kind::Kitty {
        let raw = String::from_utf8_lossy(&state.raw);
        let (delete, leave) = (raw.rfind("a=d,d=I").expect("a delete"), raw.rfind("\x1b[?1049l").expect("an end"));
        assert!(delete < leave, "it is deleted before the screen is left");
    }
}

#[rstest]
#[case::kitty(Kind::Kitty, "auto")]
#[case::sixel(Kind::Sixel, "auto")]
#[case::iterm(Kind::Plain, "iterm")]
fn an_unchanged_picture_is_not_sent_again(#[case] kind: Kind, #[case] images: &str) {
    let files = Files::new();
    let terminal = files.start(kind, images, &[]);
    let first = draws(&terminal.wait("the picture", sent(1)));
    // The same file decoded again, and frames that have nothing new.
    terminal.keys("a");
    let state = terminal.wait("more frames", |s| handled(1)(s) && draws(s) > first + 5);
    assert_eq!(state.sent.len(), 1);
    drop(state);
    terminal.keys("n");
    let state = terminal.wait("the other picture", |s| s.sent.len() == 2);
    assert_corners(&last(&state).pixels);
    assert_ne!(state.sent[0].pixels, state.sent[1].pixels);
}

#[rstest]
#[case::kitty(Kind::Kitty, "auto")]
#[case::sixel(Kind::Sixel, "auto")]
fn a_changed_picture_replaces_the_old_without_a_gap(#[case] kind: Kind, #[case] images: &str) {
    let files = Files::new();
    let terminal = files.start(kind, images, &[]);
    terminal.until("the picture", sent(1));
    terminal.keys("n");
    let state = terminal.wait("the other picture", |s| s.sent.len() == 2);
    assert_eq!(state.deletes, 0, "deleting first blinks");
    let raw = String::from_utf8_lossy(&state.raw);
    let start = raw.rfind(if kind == Kind::Kitty { "\x1b_Ga=T" } else { "\x1bP" }).expect("the second picture");
    let before = &raw[raw[..start].rfind("\x1b[?2026h").expect("a synchronized frame")..start];
    assert!(!before.contains('X') && !before.contains('▀'), "it was blanked first: {before:?}");
}

#[rstest]
#[case::kitty(Kind::Kitty)]
#[case::sixel(Kind::Sixel)]
fn a_cleared_screen_gets_it_again(#[case] kind: Kind) {
    let files = Files::new();
    let terminal = files.start(kind, "auto", &[]);
    terminal.until("the picture", sent(1));
    terminal.keys("c");
    let state = terminal.wait("the picture again", |s| s.sent.len() == 2 && handled(1)(s));
    assert_eq!(state.marked(), Some(last(&state).rect));
}

#[rstest]
#[case::kitty(Kind::Kitty)]
#[case::sixel(Kind::Sixel)]
fn keys_typed_while_pictures_change_all_arrive(#[case] kind: Kind) {
    let files = Files::new();
    let terminal = files.start(kind, "auto", &[]);
    terminal.until("the picture", sent(1));
    for _ in 0..20 {
        terminal.keys("njk");
    }
    let state = terminal.wait("all keys", handled(60));
    assert!(!state.text.screen().contents().contains("\x1b"));
}

#[test]
fn a_silent_terminal_starts_with_half_blocks() {
    let files = Files::new();
    let terminal = files.start(Kind::Silent, "auto", &[]);
    let state = terminal.wait("half blocks", |s| !s.status("at ").is_empty());
    assert!(state.text.screen().contents().contains("half blocks"));
}

#[rstest]
#[case::tmux("TMUX", "/tmp/tmux-0/default,1,0")]
#[case::screen("STY", "1.pts")]
#[case::term("TERM", "tmux-256color")]
fn variables_of_the_terminal_outside_do_not_count_in_tmux(#[case] name: &str, #[case] value: &str) {
    let files = Files::new();
    let outside = [("LC_TERMINAL", "iTerm2"), ("KONSOLE_VERSION", "220400"), (name, value)];
    let terminal = files.start(Kind::Kitty, "auto", &outside);
    let state = terminal.wait("a picture", |s| !s.status("at ").is_empty());
    assert!(state.text.screen().contents().contains("half blocks"));
    assert!(!String::from_utf8_lossy(&state.raw).contains("\x1b_G"), "kitty was asked through tmux");
}

#[test]
fn a_tmux_that_speaks_sixel_gets_sixel() {
    let files = Files::new();
    let terminal = files.start(Kind::Sixel, "auto", &[("TMUX", "/tmp/tmux-0/default,1,0")]);
    assert_eq!(last(&terminal.wait("the picture", sent(1))).protocol, "sixel");
}

#[rstest]
#[case::kitty("kitty")]
#[case::iterm("iterm")]
#[case::sixel("sixel")]
fn the_person_overrides_what_the_terminal_says(#[case] images: &str) {
    let files = Files::new();
    let terminal = files.start(Kind::Plain, images, &[]);
    assert_eq!(last(&terminal.wait("the picture", sent(1))).protocol, images);
}

#[test]
fn with_cells_the_terminal_is_asked_nothing() {
    let files = Files::new();
    let terminal = files.start(Kind::Kitty, "cells", &[]);
    let state = terminal.wait("half blocks", |s| !s.status("at ").is_empty());
    let raw = String::from_utf8_lossy(&state.raw);
    assert!(!raw.contains("\x1b[c") && !raw.contains("\x1b_G"), "{raw:.200}");
    assert!(state.sent.is_empty());
}
