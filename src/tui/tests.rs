//! Panels by snapshot, per panel and state; and colours where text does not show them.

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};
use rstest::rstest;

use super::hits::Hits;
use super::layout::Layout;
use super::picture::{Colours, PictureSurface, Protocol};
use super::screen;
use super::theme::Theme;
use crate::console::fixture::{self, key, typed};
use crate::console::panes::Pane;
use crate::console::run::RunState;
use crate::console::toast::Tone;
use crate::console::{Console, Msg, Opening};
use crate::vcenter::{FolderEvent, LinkState, Simulated};

macro_rules! snapshot {
    ($name:expr, $console:expr, $size:expr) => {
        let (columns, rows) = $size;
        insta::assert_snapshot!($name, drawn(&mut $console, columns, rows));
    };
}

mod app;
mod clicks;
mod media;
mod reading;
mod room;
mod runs;
mod scenarios;
mod triage;

const WIDE: (u16, u16) = (160, 45);
const USUAL: (u16, u16) = (80, 24);
const SMALL: (u16, u16) = (60, 15);

pub fn drawn(console: &mut Console, columns: u16, rows: u16) -> TestBackend {
    drawn_in(console, (columns, rows), Theme::new(true))
}

fn drawn_in(console: &mut Console, (columns, rows): (u16, u16), theme: Theme) -> TestBackend {
    let screen = Rect::new(0, 0, columns, rows);
    let layout = Layout::of(console, screen);
    let effects = console.update(Msg::Measured(layout.measures()));
    fixture::log(console, &fixture::LOG, effects);
    frame(console, screen, theme).0
}

/// A frame of the console as it is, and what is where on it.
fn frame(console: &Console, area: Rect, theme: Theme) -> (TestBackend, Hits) {
    let layout = Layout::of(console, area);
    let mut hits = Hits::default();
    let mut surface = PictureSurface::new(Protocol::Cells, Colours::True, || {});
    let mut terminal = Terminal::new(TestBackend::new(area.width, area.height)).unwrap();
    terminal.draw(|frame| hits = screen::draw(console, &layout, theme, &mut surface, frame)).unwrap();
    (terminal.backend().clone(), hits)
}

/// The night, on the stuck line, its log at hand.
fn stuck() -> Console {
    let mut console = fixture::night();
    console.lines.select(&key("windows-server-2025"));
    let effects = fixture::measured(&mut console, 10);
    fixture::log(&mut console, &fixture::LOG, effects);
    console
}

fn lost(console: &mut Console) {
    let retry_at = fixture::now() + jiff::SignedDuration::from_secs(188);
    let reason = "cannot reach vCenter vc01.example.com: connection reset by peer".into();
    fixture::link(console, LinkState::Lost { reason, retry_at });
    console.update(Msg::Ticked { now: fixture::now() + jiff::SignedDuration::from_secs(180) });
}

#[rstest]
#[case("wide", WIDE)]
#[case("usual", USUAL)]
#[case("small", SMALL)]
fn the_night_of_a_stuck_build(#[case] name: &str, #[case] size: (u16, u16)) {
    snapshot!(format!("night_{name}"), stuck(), size);
}

#[rstest]
#[case("wide", WIDE)]
#[case("usual", USUAL)]
#[case("small", SMALL)]
fn before_the_first_answer(#[case] name: &str, #[case] size: (u16, u16)) {
    snapshot!(format!("opening_{name}"), fixture::empty(), size);
}

#[rstest]
#[case("wide", WIDE)]
#[case("usual", USUAL)]
#[case("small", SMALL)]
fn the_wall(#[case] name: &str, #[case] size: (u16, u16)) {
    let mut console = stuck();
    typed(&mut console, "P");
    snapshot!(format!("wall_{name}"), console, size);
}

#[rstest]
#[case("wide", WIDE)]
#[case("usual", USUAL)]
fn two_tiles_of_the_wall_take_all_its_rows(#[case] name: &str, #[case] size: (u16, u16)) {
    let mut console = triage::stuck();
    console.update(Msg::RunsRead(vec![(key("rocky-9"), Ok(None))]));
    typed(&mut console, "P");
    assert_eq!(console.on_wall().len(), 2);
    snapshot!(format!("wall_of_two_{name}"), console, size);
}

#[test]
fn one_line_only() {
    let mut console = Console::new(fixture::opening(&["debian-12"]));
    fixture::link(&mut console, LinkState::Live);
    console.update(Msg::FolderChanged(FolderEvent::Reset(vec![fixture::template(1, "tpl-debian-12", 90)])));
    snapshot!("one_line", console, USUAL);
}

#[test]
fn the_lab_says_that_it_is_simulated() {
    let opening =
        Opening { simulated: true, mode: crate::vcenter::gate::Mode::asked(true), ..fixture::opening(&["debian-12"]) };
    snapshot!("simulated_read_only", Console::new(opening), USUAL);
}

#[test]
fn a_build_of_another_machine_is_told_by_its_row() {
    let mut console = fixture::night();
    let mut guest = fixture::guest(42, "tpl-rocky-9-build", None);
    let by = crate::generation::Actor("ana@jump02".into());
    let claim = crate::generation::Claim::new(key("rocky-9"), &by, "r1".into(), guest.moid.clone(), fixture::ago(3));
    guest.annotation = claim.write("");
    console.update(Msg::FolderChanged(FolderEvent::Changed(Box::new(guest))));
    let row = |console: &mut Console, columns| {
        let screen = drawn(console, columns, 36).to_string();
        screen.lines().find(|line| line.contains(" rocky-9 ")).unwrap_or_default().to_owned()
    };
    assert!(row(&mut console, 120).contains("● building 3m, ana@jump02"), "{}", row(&mut console, 120));
    assert!(row(&mut console, 80).contains("● building 3m"), "{}", row(&mut console, 80));
}

#[rstest]
#[case("wide", WIDE, Simulated::AllButGuests, " SIMULATED vCenter, real guests  vc01.example.com")]
#[case("usual", USUAL, Simulated::AllButGuests, " SIMULATED  vc01.example.com")]
#[case("small", SMALL, Simulated::AllButGuests, " SIMULATED ")]
#[case("usual", USUAL, Simulated::All, " SIMULATED ")]
fn a_server_that_calls_itself_the_lab_is_named(
    #[case] name: &str,
    #[case] size: (u16, u16),
    #[case] server: Simulated,
    #[case] said: &str,
) {
    let mut console = stuck();
    let first = |console: &mut Console| {
        drawn(console, size.0, size.1).to_string().lines().next().unwrap_or_default().to_owned()
    };
    assert!(!first(&mut console).contains("SIMULATED"), "{name}");
    console.update(Msg::ServerRead(Some(server)));
    assert!(first(&mut console).contains(said), "{name}: {}", first(&mut console));
}

#[rstest]
#[case("usual", USUAL)]
#[case("small", SMALL)]
fn a_lost_link(#[case] name: &str, #[case] size: (u16, u16)) {
    let mut console = stuck();
    lost(&mut console);
    snapshot!(format!("lost_{name}"), console, size);
}

#[test]
fn a_refused_password() {
    let mut console = stuck();
    let reason =
        "vCenter vc01.example.com refused the password of svc-packer; no further login is tried (accounts lock out)";
    fixture::link(&mut console, LinkState::Stopped { reason: reason.into() });
    snapshot!("stopped", console, USUAL);
}

#[test]
fn a_filter_that_leaves_nothing() {
    let mut console = stuck();
    typed(&mut console, "/solaris");
    snapshot!("filter_nothing", console, USUAL);
}

#[test]
fn every_state_of_a_run() {
    let mut console = fixture::empty();
    fixture::link(&mut console, LinkState::Live);
    let states = [
        ("ubuntu-2404", RunState::Starting),
        ("ubuntu-2204", RunState::Running),
        ("debian-12", RunState::Cancelling),
        ("debian-13", RunState::Succeeded),
        ("rocky-9", RunState::Failed { exit: Some(1) }),
        ("almalinux-9", RunState::Cancelled),
        ("windows-server-2025", RunState::Lost),
    ];
    let runs = states.map(|(line, state)| (key(line), Ok(Some(fixture::run(state, 20, None)))));
    console.update(Msg::RunsRead(runs.into()));
    snapshot!("run_states", console, USUAL);
}

#[test]
fn a_paused_log_with_a_search_and_a_mark() {
    let mut console = stuck();
    console.panes.focus(Pane::Log);
    typed(&mut console, "kkm");
    typed(&mut console, "/ing\n");
    snapshot!("log_search", console, WIDE);
}

#[test]
fn a_wrapped_log_without_stamps_has_the_whole_screen() {
    let mut console = stuck();
    console.panes.focus(Pane::Log);
    typed(&mut console, "fwtt");
    snapshot!("log_zoomed", console, (40, 14));
}

#[test]
fn a_log_that_cannot_be_read() {
    let mut console = stuck();
    console.lines.select(&key("debian-12"));
    let effects = console.update(Msg::Ticked { now: fixture::now() });
    let request = effects.iter().find_map(|effect| match effect {
        crate::console::Effect::OpenLog { request, .. } => Some(*request),
        _ => None,
    });
    let answer = Err("cannot read /state/packer-build.log: permission denied".into());
    console.update(Msg::LogGrew { request: request.unwrap(), answer });
    let layout = Layout::of(&console, Rect::new(0, 0, 80, 24));
    assert_eq!(console.panes.measures.log, 10, "measured before: {layout:?}");
    insta::assert_snapshot!("log_unreadable", plain(&console, USUAL));
}

/// Drawn as it is, without answering what it asks for.
pub fn plain(console: &Console, (columns, rows): (u16, u16)) -> TestBackend {
    frame(console, Rect::new(0, 0, columns, rows), Theme::new(true)).0
}

#[test]
fn a_picture_that_is_refused() {
    let mut console = stuck();
    console.panes.focus(Pane::Picture);
    let now = fixture::now() + jiff::SignedDuration::from_secs(3);
    let request = |effects: Vec<crate::console::Effect>| {
        effects.iter().find_map(|effect| match effect {
            crate::console::Effect::TakePicture { request, .. } => Some(*request),
            _ => None,
        })
    };
    let asked = request(fixture::measured(&mut console, 10)).or_else(|| request(console.update(Msg::Ticked { now })));
    let answer =
        Err("no picture of tpl-windows-server-2025-build: svc-packer lacks VirtualMachine.Interact.ConsoleInteract; \
        set TMPL_CONSOLE_USERNAME to an account that has it"
            .into());
    if let Some(request) = asked {
        console.update(Msg::PictureTaken { request, answer });
    }
    snapshot!("picture_refused", console, USUAL);
}

#[rstest]
#[case("build", "debian-13", "b", USUAL)]
#[case("build_small", "debian-13", "b", SMALL)]
#[case("promote", "ubuntu-2404", "p", USUAL)]
#[case("rollback", "debian-13", "Rthe agent does not start", USUAL)]
#[case("sweep", "ubuntu-2404", "Stpl-ubuntu\n", USUAL)]
#[case("sweep_small", "ubuntu-2404", "S", SMALL)]
#[case("hold", "debian-13", "H", USUAL)]
#[case("cancel", "debian-12", "x", USUAL)]
#[case("help", "debian-12", "?", USUAL)]
#[case("help_filtered", "debian-12", "?log", USUAL)]
#[case("help_wide", "debian-12", "?", WIDE)]
#[case("palette", "debian-12", ":ro", USUAL)]
#[case("palette_small", "debian-12", ":", SMALL)]
#[case("quit", "debian-12", "q", USUAL)]
#[case("quit_small", "debian-12", "q", SMALL)]
fn overlays(#[case] name: &str, #[case] line: &str, #[case] keys: &str, #[case] size: (u16, u16)) {
    let mut console = stuck();
    drawn(&mut console, size.0, size.1);
    console.lines.select(&key(line));
    let effects = typed(&mut console, &keys[..1]);
    if let Some(request) = fixture::question_of(&effects) {
        console.update(Msg::Guarded { request, answer: Ok(Vec::new()) });
    }
    typed(&mut console, &keys[1..]);
    snapshot!(format!("overlay_{name}"), console, size);
}

#[test]
fn a_smoke_test_is_shown_before_a_promotion() {
    let mut console = stuck();
    drawn(&mut console, USUAL.0, USUAL.1);
    console.lines.select(&key("ubuntu-2404"));
    fixture::with_smoke_test(&mut console);
    if let Some(request) = fixture::question_of(&typed(&mut console, "p")) {
        console.update(Msg::Guarded { request, answer: Ok(Vec::new()) });
    }
    snapshot!("overlay_promote_smoke", console, USUAL);
}

#[test]
fn notices_lie_above_the_hints() {
    let mut console = stuck();
    console.toasts.push(fixture::now(), Tone::Done, "debian-13 promoted: vm-44 is live");
    let text = "rocky-9: promotion failed: svc-packer lacks VirtualMachine.Config.Rename on tpl-rocky-9 (vm-50); nothing was changed";
    console.toasts.push(fixture::now(), Tone::Failed, text);
    snapshot!("toasts", console, USUAL);
}

#[test]
fn the_focused_pane_is_the_bright_one() {
    let mut console = stuck();
    let backend = drawn(&mut console, 80, 24);
    let corner = |y: u16| backend.buffer()[(0, y)].fg;
    assert_eq!((corner(1), corner(13)), (Color::Cyan, Color::DarkGray));
    typed(&mut console, "\t\t");
    let backend = drawn(&mut console, 80, 24);
    let corner = |y: u16| backend.buffer()[(0, y)].fg;
    assert_eq!((corner(1), corner(13)), (Color::DarkGray, Color::Cyan));
}

#[test]
fn a_hint_that_cannot_be_used_is_dim() {
    let mut console = stuck();
    let backend = drawn(&mut console, 160, 24);
    let buffer = backend.buffer();
    let row: String = (0..160).map(|x| buffer[(x, 23)].symbol()).collect();
    let at = |text: &str| u16::try_from(row.find(text).unwrap()).unwrap();
    assert_eq!(buffer[(at("x cancel"), 23)].fg, Color::Cyan);
    assert_eq!(buffer[(at("p promote"), 23)].fg, Color::DarkGray);
}

#[test]
fn without_colour_nothing_is_coloured_and_the_selection_is_reversed() {
    let mut console = stuck();
    let backend = drawn_in(&mut console, USUAL, Theme::new(false));
    let buffer = backend.buffer();
    assert!(buffer.content.iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
    let selected = (0..24).find(|y| buffer[(1, *y)].symbol() == "▸").unwrap();
    assert!(buffer[(5, selected)].modifier.contains(Modifier::REVERSED));
}

#[test]
fn escape_sequences_in_names_do_not_reach_the_terminal() {
    let mut console = stuck();
    console.toasts.push(fixture::now(), Tone::Failed, "evil \x1b[31mname\x07 \u{202e}txt");
    let backend = drawn(&mut console, 80, 24);
    assert!(backend.buffer().content.iter().all(|cell| !cell.symbol().chars().any(char::is_control)));
}
