//! Inside a real tmux: pictures by kitty's Unicode placeholders, decoded from the cells that tmux draws and from what it
//! passes on.

use std::process::Command;

use portable_pty::CommandBuilder;
use ratatui::layout::Rect;
use rstest::rstest;
use vt100::Color;

use super::terminal::{Kind, State, Terminal};
use super::{CELL, Files, assert_corners, handled, harness, rect_of};

const PLACEHOLDER: char = '\u{10EEEE}';

/// The first marks of kitty's `rowcolumn-diacritics.txt`: 0, 1, 2, …
const MARKS: &str = "\u{305}\u{30d}\u{30e}\u{310}\u{312}\u{33d}\u{33e}\u{33f}\u{346}\u{34a}\u{34b}\u{34c}\u{350}\u{351}\u{352}\
    \u{357}\u{35b}\u{363}\u{364}\u{365}\u{366}\u{367}\u{368}\u{369}\u{36a}\u{36b}\u{36c}\u{36d}\u{36e}\u{36f}\u{483}\u{484}\
    \u{485}\u{486}\u{487}\u{592}\u{593}\u{594}\u{595}\u{597}\u{598}\u{599}\u{59c}\u{59d}\u{59e}\u{59f}\u{5a0}\u{5a1}\u{5a8}\
    \u{5a9}\u{5ab}\u{5ac}\u{5af}\u{5c4}\u{610}\u{611}\u{612}\u{613}\u{614}\u{615}\u{616}\u{617}";

/// A tmux of its own with the harness in it. It ends with this.
struct Tmux {
    files: Files,
    terminal: Terminal,
}

impl Tmux {
    fn start(kind: Kind, passthrough: &str) -> Self {
        let files = Files::new();
        let (socket, settings) = (files.dir.path().join("tmux"), files.dir.path().join("tmux.conf"));
        std::fs::write(&settings, format!("set -g status off\nset -g allow-passthrough {passthrough}\n"))
            .expect("a file");
        let mut command = CommandBuilder::new("tmux");
        command.arg("-S");
        command.arg(&socket);
        command.arg("-f");
        command.arg(&settings);
        command.args(["-u", "new-session"]);
        command.arg(harness());
        command.arg("auto");
        files.paths.iter().for_each(|path| command.arg(path));
        command.env_clear();
        for (name, value) in [("TERM", "xterm-256color"), ("COLORTERM", "truecolor"), ("LC_ALL", "C.UTF-8")] {
            command.env(name, value);
        }
        command.env("PATH", std::env::var_os("PATH").expect("a path"));
        command.cwd(files.dir.path());
        let terminal = Terminal::start(kind, (100, 30), CELL, command);
        Self { files, terminal }
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        let socket = self.files.dir.path().join("tmux");
        // It is gone already when the harness ended.
        let _ = Command::new("tmux").arg("-S").arg(socket).arg("kill-server").output();
    }
}

/// The picture whose placeholders fill its place: its number, and where it is. `None` while a cell is another one.
fn placed(state: &State) -> Option<(u32, Rect)> {
    let at = state.status("at ");
    if at.is_empty() {
        return None;
    }
    let rect = rect_of(&at);
    let mut numbers = rect.positions().map(|position| number_at(state, rect, position.x, position.y));
    let first = numbers.next()??;
    numbers.all(|number| number == Some(first)).then_some((first, rect))
}

/// The number of the picture that a cell shows, if it shows the part of it that belongs there.
fn number_at(state: &State, rect: Rect, x: u16, y: u16) -> Option<u32> {
    let cell = state.text.screen().cell(y, x)?;
    let letters: Vec<char> = cell.contents().chars().collect();
    let [PLACEHOLDER, row, column, high] = letters[..] else { return None };
    let index = |mark| MARKS.chars().position(|known| known == mark);
    let here = index(row) == Some(usize::from(y - rect.y)) && index(column) == Some(usize::from(x - rect.x));
    let Color::Idx(low) = cell.fgcolor() else { return None };
    // The highest byte may be beyond the marks that are known here: the picture's own number has it.
    let held = state.held.keys().find(|number| {
        let [known_high, .., known_low] = number.to_be_bytes();
        known_low == low && index(high).is_none_or(|high| high == usize::from(known_high))
    });
    held.copied().filter(|_| here)
}

fn shown(state: &State) -> bool {
    placed(state).is_some_and(|(number, _)| state.held.contains_key(&number))
}

#[test]
fn the_picture_is_passed_on_and_every_cell_shows_its_part() {
    let tmux = Tmux::start(Kind::Kitty, "on");
    let state = tmux.terminal.wait("the picture", shown);
    assert!(state.text.screen().contents().contains("kitty graphics through tmux"));
    let (number, rect) = placed(&state).expect("placed");
    let (columns, rows, pixels) = &state.held[&number];
    assert_eq!((*columns, *rows), (rect.width, rect.height));
    assert_corners(pixels);
}

#[test]
fn another_picture_has_another_number_and_the_old_one_goes() {
    let tmux = Tmux::start(Kind::Kitty, "on");
    let (before, _) = placed(&tmux.terminal.wait("the picture", shown)).expect("placed");
    tmux.terminal.keys("n");
    let other = |state: &State| shown(state) && placed(state).is_some_and(|(number, _)| number != before);
    let state = tmux.terminal.wait("the other picture", |state| other(state) && !state.held.contains_key(&before));
    assert_eq!((state.held.len(), state.deletes), (1, 1));
}

#[test]
fn it_moves_without_being_sent_again_and_an_overlay_lies_above_it() {
    let tmux = Tmux::start(Kind::Kitty, "on");
    let (number, before) = placed(&tmux.terminal.wait("the picture", shown)).expect("placed");
    tmux.terminal.keys("m");
    let moved = |state: &State| placed(state).is_some_and(|(_, rect)| rect.x == before.x + 20);
    let state = tmux.terminal.wait("the picture elsewhere", moved);
    assert_eq!((placed(&state).map(|(number, _)| number), state.deletes), (Some(number), 0));
    drop(state);
    tmux.terminal.keys("mo");
    let overlaid = |state: &State| handled(3)(state) && state.text.screen().contents().contains("overlay");
    let state = tmux.terminal.wait("the overlay", overlaid);
    let rect = rect_of(&state.status("at "));
    assert_eq!(
        number_at(&state, rect, rect.right() - 1, rect.bottom() - 1),
        Some(number),
        "beside it the picture stays"
    );
    assert_eq!(state.deletes, 0);
}

#[test]
fn nothing_stays_after_the_end() {
    let mut tmux = Tmux::start(Kind::Kitty, "on");
    tmux.terminal.until("the picture", shown);
    tmux.terminal.keys("q");
    let state = tmux.terminal.end();
    assert!(state.held.is_empty(), "{:?} stays in the terminal", state.held.keys());
}

#[rstest]
#[case::it_lets_nothing_through(Kind::Kitty, "off")]
#[case::the_terminal_shows_none(Kind::Plain, "on")]
fn where_no_picture_gets_through_there_are_half_blocks(#[case] kind: Kind, #[case] passthrough: &str) {
    let tmux = Tmux::start(kind, passthrough);
    let state = tmux.terminal.wait("half blocks", |state| state.text.screen().contents().contains("half blocks"));
    assert!(!String::from_utf8_lossy(&state.raw).contains("\x1b_G"), "a picture was sent");
}
