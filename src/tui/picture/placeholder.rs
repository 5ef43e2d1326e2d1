//! Kitty's pictures in tmux: the picture goes to the terminal outside through tmux's passthrough, and is shown by cells of
//! text that tmux moves, covers and forgets like any other (kitty's "Unicode placeholders").
//!
//! A cell holds [`PLACEHOLDER`] with three marks above it: the row and the column of the picture that it shows, and the
//! highest byte of the picture's number, whose lowest byte is the cell's colour. One of 256 colours, which no tmux maps to
//! another.

use std::process::Output;
use std::sync::LazyLock;
use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;

use crate::child::{self, Bound, Kind};

/// Stands for a part of a picture.
const PLACEHOLDER: char = '\u{10EEEE}';

/// Rows and columns that marks can name.
pub const MOST: u16 = 256;

/// How long tmux may take to say what is outside; it is asked before anything is shown in full.
const TMUX: Bound = Bound { time: Duration::from_secs(2), bytes: 64 << 10 };

/// The marks for 0, 1, 2, …, as kitty's `rowcolumn-diacritics.txt` lists them: first and last of each row of code points.
#[rustfmt::skip]
const MARKS: [(u32, u32); 86] = [
    (0x305, 0x305), (0x30d, 0x30e), (0x310, 0x310), (0x312, 0x312), (0x33d, 0x33f), (0x346, 0x346), (0x34a, 0x34c),
    (0x350, 0x352), (0x357, 0x357), (0x35b, 0x35b), (0x363, 0x36f), (0x483, 0x487), (0x592, 0x595), (0x597, 0x599),
    (0x59c, 0x5a1), (0x5a8, 0x5a9), (0x5ab, 0x5ac), (0x5af, 0x5af), (0x5c4, 0x5c4), (0x610, 0x617), (0x657, 0x65b),
    (0x65d, 0x65e), (0x6d6, 0x6dc), (0x6df, 0x6e2), (0x6e4, 0x6e4), (0x6e7, 0x6e8), (0x6eb, 0x6ec), (0x730, 0x730),
    (0x732, 0x733), (0x735, 0x736), (0x73a, 0x73a), (0x73d, 0x73d), (0x73f, 0x741), (0x743, 0x743), (0x745, 0x745),
    (0x747, 0x747), (0x749, 0x74a), (0x7eb, 0x7f1), (0x7f3, 0x7f3), (0x816, 0x819), (0x81b, 0x823), (0x825, 0x827),
    (0x829, 0x82d), (0x951, 0x951), (0x953, 0x954), (0xf82, 0xf83), (0xf86, 0xf87), (0x135d, 0x135f), (0x17dd,
    0x17dd), (0x193a, 0x193a), (0x1a17, 0x1a17), (0x1a75, 0x1a7c), (0x1b6b, 0x1b6b), (0x1b6d, 0x1b73), (0x1cd0,
    0x1cd2), (0x1cda, 0x1cdb), (0x1ce0, 0x1ce0), (0x1dc0, 0x1dc1), (0x1dc3, 0x1dc9), (0x1dcb, 0x1dcc), (0x1dd1,
    0x1de6), (0x1dfe, 0x1dfe), (0x20d0, 0x20d1), (0x20d4, 0x20d7), (0x20db, 0x20dc), (0x20e1, 0x20e1), (0x20e7,
    0x20e7), (0x20e9, 0x20e9), (0x20f0, 0x20f0), (0x2cef, 0x2cf1), (0x2de0, 0x2dff), (0xa66f, 0xa66f), (0xa67c,
    0xa67d), (0xa6f0, 0xa6f1), (0xa8e0, 0xa8f1), (0xaab0, 0xaab0), (0xaab2, 0xaab3), (0xaab7, 0xaab8), (0xaabe,
    0xaabf), (0xaac1, 0xaac1), (0xfe20, 0xfe26), (0x10a0f, 0x10a0f), (0x10a38, 0x10a38), (0x1d185, 0x1d189),
    (0x1d1aa, 0x1d1ad), (0x1d242, 0x1d244)
];

static MARK_OF: LazyLock<Vec<char>> =
    LazyLock::new(|| MARKS.iter().flat_map(|(first, last)| (*first..=*last).filter_map(char::from_u32)).collect());

/// The number of a picture: only its highest and its lowest byte are used.
pub const fn number(high: u8, low: u8) -> u32 {
    (high as u32) << 24 | low as u32
}

/// Writes the cells that show all of a picture.
pub fn paint(rect: Rect, number: u32, buffer: &mut Buffer) {
    let [high, .., low] = number.to_be_bytes();
    let mark = |index: u16| MARK_OF.get(usize::from(index)).copied().unwrap_or('\u{0305}');
    for position in rect.intersection(buffer.area).positions() {
        let Some(cell) = buffer.cell_mut(position) else { continue };
        let (row, column) = (mark(position.y - rect.y), mark(position.x - rect.x));
        cell.reset();
        cell.set_symbol(&String::from_iter([PLACEHOLDER, row, column, mark(u16::from(high))]));
        cell.set_fg(Color::Indexed(low));
    }
}

/// What tmux passes on to the terminal outside: escapes doubled, in an envelope.
pub fn wrapped(sequence: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x1bPtmux;".to_vec();
    for byte in sequence {
        bytes.extend(std::iter::repeat_n(*byte, if *byte == 0x1b { 2 } else { 1 }));
    }
    bytes.extend_from_slice(b"\x1b\\");
    bytes
}

/// How often tmux is asked while a terminal outside has not told it what it is.
const ASKED: u32 = 4;
const UNTIL_TOLD: Duration = Duration::from_millis(80);

/// Whether tmux lets pictures through to terminals that show them this way. Everybody who looks at the session must have
/// one: the others would see the placeholders.
pub async fn shown_outside() -> bool {
    let get = |name| std::env::var(name).unwrap_or_default();
    let (server, pane) = (get("TMUX"), get("TMUX_PANE"));
    if server.is_empty() || pane.is_empty() {
        return false;
    }
    // A terminal that was attached this moment has not told tmux yet what it is.
    for _ in 0..ASKED {
        match asked(&pane).await {
            Some(answer) if answer.lines().skip(1).any(str::is_empty) && told_to_pass(&answer) => {
                tokio::time::sleep(UNTIL_TOLD).await;
            }
            answer => return answer.is_some_and(|answer| told(&answer)),
        }
    }
    false
}

async fn asked(pane: &str) -> Option<String> {
    let mut tmux = child::command(Kind::Terminal, "tmux");
    tmux.args(["show-options", "-Apv", "-t", pane, "allow-passthrough", ";"]);
    tmux.args(["list-clients", "-t", pane, "-F", "#{client_termtype}"]);
    match child::output(tmux, TMUX, None).await {
        Ok(Output { status, stdout, .. }) if status.success() => Some(String::from_utf8_lossy(&stdout).into_owned()),
        Ok(_) => None,
        Err(error) => {
            tracing::info!(%error, "tmux does not say what is outside");
            None
        }
    }
}

fn told_to_pass(answer: &str) -> bool {
    matches!(answer.lines().next(), Some("on" | "all"))
}

/// From tmux's answer: the option, then what each terminal outside calls itself.
fn told(answer: &str) -> bool {
    let clients: Vec<&str> = answer.lines().skip(1).collect();
    told_to_pass(answer) && !clients.is_empty() && clients.into_iter().all(shows)
}

/// kitty since 0.28, and ghostty.
fn shows(terminal: &str) -> bool {
    let Some(version) = terminal.strip_prefix("kitty(") else { return terminal.starts_with("ghostty") };
    let mut parts = version.trim_end_matches(')').split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) >= (0, 28)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_mark_for_every_byte_and_no_two_are_alike() {
        let mut marks = MARK_OF.clone();
        assert_eq!((marks.len(), marks[0], marks[255]), (297, '\u{305}', '\u{a8e5}'));
        assert!(marks.len() > usize::from(MOST));
        marks.dedup();
        assert_eq!(marks.len(), 297);
    }

    #[test]
    fn cells_name_their_part_of_the_picture() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 10, 5));
        paint(Rect::new(2, 1, 3, 2), number(2, 77), &mut buffer);
        assert_eq!(buffer[(2, 1)].symbol(), "\u{10eeee}\u{305}\u{305}\u{30e}");
        assert_eq!(buffer[(4, 2)].symbol(), "\u{10eeee}\u{30d}\u{30e}\u{30e}");
        assert_eq!((buffer[(4, 2)].fg, buffer[(5, 2)].symbol()), (Color::Indexed(77), " "));
    }

    #[test]
    fn pictures_go_through_where_the_option_is_on_and_every_terminal_shows_them() {
        for (answer, through) in [
            ("on\nkitty(0.35.2)\n", true),
            ("all\nkitty(0.28.0)\nghostty 1.1.3\n", true),
            ("on\nkitty(0.26.5)\n", false),
            ("on\nkitty(0.35.2)\nXTerm(379)\n", false),
            ("on\nkitty(0.35.2)\n\n", false),
            ("off\nkitty(0.35.2)\n", false),
            ("on\n", false),
            ("", false),
        ] {
            assert_eq!(told(answer), through, "{answer:?}");
        }
    }

    #[test]
    fn an_envelope_doubles_escapes() {
        assert_eq!(wrapped(b"\x1b_Ga\x1b\\"), b"\x1bPtmux;\x1b\x1b_Ga\x1b\x1b\\\x1b\\");
    }
}
