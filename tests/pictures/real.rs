//! The program itself: the console picture of a running build, in a terminal that speaks kitty's protocol or sixel.

use std::time::Duration;

use image::RgbImage;
use portable_pty::CommandBuilder;
use rstest::rstest;
use tempfile::TempDir;
use tmpl::lab::{Lab, Options, Seed};

use super::terminal::{Kind, Shown, State, Terminal};
use super::{CELL, last, screen};

const BUILD: &str = "windows-server-2025-datacenter-dexp-main-build";

/// A lab whose windows-server-2025 build waits at the licensing page: a picture with blue, white and text.
async fn waiting() -> (Lab, String) {
    let options = Options { task_scale: 0.0, patient: true, ..Options::default() };
    let lab = Lab::start(options).await.expect("a lab");
    let vm = lab.add(&Seed::vm(BUILD, 0));
    lab.set_guest(&vm, "licensing");
    lab.power(&vm, true).expect("it starts");
    lab.advance(Duration::from_secs(3));
    lab.type_keys(&vm, 200).expect("it takes keys");
    lab.advance(Duration::from_secs(7200));
    (lab, vm)
}

/// The console on that line; `endpoint` instead of the lab's own.
fn console(kind: Kind, lab: &Lab, home: &TempDir, endpoint: Option<&str>) -> Terminal {
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_tmpl-tui"));
    command.env_clear();
    lab.environment().into_iter().for_each(|(name, value)| command.env(name, value));
    if let Some(endpoint) = endpoint {
        command.env("PKR_VAR_vsphere_endpoint", endpoint);
    }
    command.env("HOME", home.path());
    command.env("TERM", "xterm-256color");
    command.env("COLORTERM", "truecolor");
    command.args(["--repo", env!("CARGO_MANIFEST_DIR"), "windows-server-2025"]);
    command.cwd(home.path());
    Terminal::start(kind, (140, 40), CELL, command)
}

fn home() -> TempDir {
    TempDir::new().expect("a folder")
}

fn count(at_least: usize) -> impl Fn(&State) -> bool {
    move |state| state.sent.len() >= at_least
}

/// Whether the picture that was sent looks like the guest's: both scaled to a few pixels and compared.
fn assert_shows(shown: &Shown, guest: &[u8]) {
    let small = |pixels: RgbImage| image::DynamicImage::from(pixels).thumbnail_exact(32, 24).into_rgb8();
    let guest = small(image::load_from_memory(guest).expect("a picture").into_rgb8());
    let sent = small(shown.pixels.clone());
    let off: u32 = guest.as_raw().iter().zip(sent.as_raw()).map(|(a, b)| u32::from(a.abs_diff(*b))).sum();
    let mean = off / guest.as_raw().len() as u32;
    assert!(mean < 6, "{} levels off on average: another picture", mean);
}

#[rstest]
#[case::kitty(Kind::Kitty)]
#[case::sixel(Kind::Sixel)]
#[tokio::test(flavor = "multi_thread")]
async fn the_guest_is_seen_covered_zoomed_and_gone(#[case] kind: Kind) {
    let (lab, vm) = waiting().await;
    let home = home();
    let mut terminal = console(kind, &lab, &home, None);
    let guest = lab.picture(&vm).expect("a picture");

    let state = terminal.wait("the picture", count(1));
    let first = last(&state);
    assert_shows(&first, &guest);
    assert_eq!(state.marked(), Some(first.rect), "text was written over it");
    drop(state);

    terminal.keys("?");
    let state = terminal.wait("the keys", |s| s.text.screen().contents().contains("type to search"));
    assert_eq!((state.marked(), state.placed), (None, None), "the picture is still there");
    drop(state);

    terminal.keys("\x1b");
    let state = terminal.wait("the picture again", count(2));
    assert_eq!(last(&state).rect, first.rect);
    drop(state);

    terminal.keys("\t\r");
    let zoomed = |s: &State| !s.text.screen().contents().contains("▸ windows-server-2025");
    let state = terminal.wait("the zoomed picture", |s| count(3)(s) && zoomed(s));
    assert_shows(&last(&state), &guest);
    let (area, before) = (last(&state).rect, first.rect);
    assert!(
        // As high as before already: in the middle of the whole screen now.
        area.width >= before.width && area.height >= before.height && area.x < before.x,
        "the picture does not have the whole screen: {area:?} after {before:?}"
    );
    assert_eq!(state.marked(), Some(last(&state).rect));
    drop(state);

    terminal.keys("\x03");
    let state = terminal.end();
    assert_eq!((state.marked(), state.placed), (None, None));
    assert!(!state.text.screen().alternate_screen());
}

#[rstest]
#[case::kitty(Kind::Kitty)]
#[case::sixel(Kind::Sixel)]
#[tokio::test(flavor = "multi_thread")]
async fn a_still_guest_costs_nothing_and_a_change_shows_by_itself(#[case] kind: Kind) {
    let (lab, vm) = waiting().await;
    let home = home();
    let terminal = console(kind, &lab, &home, None);
    terminal.until("the picture", count(1));
    let asked = || lab.calls().iter().filter(|call| *call == "/screen").count();
    let before = asked();
    terminal.until("more pictures of the same", |_| asked() >= before + 2);
    let state = terminal.wait("a frame", |_| true);
    assert_eq!(state.sent.len(), 1, "an unchanged picture was sent again");
    drop(state);
    lab.set_guest(&vm, "no-operating-system");
    let state = terminal.wait("the other picture", count(2));
    assert_shows(&last(&state), &lab.picture(&vm).expect("a picture"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_screen_drawn_anew_has_its_picture_again() {
    let (lab, _) = waiting().await;
    let home = home();
    let terminal = console(Kind::Kitty, &lab, &home, None);
    terminal.until("the picture", count(1));
    terminal.keys("\x0c");
    terminal.until("the picture again", |s| s.sent.len() == 2 && s.placed.is_some());
}

#[rstest]
#[case::bomb(screen::bomb(), "too large to show")]
#[case::page(b"<html>log in\x1b[2J</html>".to_vec(), "what was sent is not")]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_picture_is_said_and_the_console_stays(#[case] sent: Vec<u8>, #[case] said: &str) {
    let (lab, _) = waiting().await;
    let home = home();
    let endpoint = screen::sending(sent, &lab).await;
    let mut terminal = console(Kind::Kitty, &lab, &home, Some(&endpoint));
    terminal.until("why there is none", |s| s.text.screen().contents().contains(said));
    terminal.keys("?");
    terminal.until("the keys", |s| s.text.screen().contents().contains("type to search"));
    // One closes the overlay, one leaves.
    terminal.keys("\x03\x03");
    assert!(terminal.end().sent.is_empty());
}
