//! What the terminal can show, asked once at start.
//!
//! One question each for sixel's palette, kitty's protocol and the device attributes goes out in one write. Every
//! terminal answers the last (DA1), and answers in order, so its answer ends the wait; a terminal that does not answer
//! at all costs [`REPLY_TIMEOUT`]. viuer asks the same, but waits without end for each answer, and for one that not every
//! terminal gives.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, IsTerminal, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::time::{Duration, Instant};

use nix::fcntl::OFlag;

use super::cells::Colours;
use super::fit::{DEFAULT_CELL, Pixels};
use super::{Images, Protocol};

/// How long an answer may take. Over a slow link it takes a few hundred milliseconds.
const REPLY_TIMEOUT: Duration = Duration::from_millis(1500);

/// XTSMGRAPHICS: 256 colour registers. xterm has 16 by default and shows sixel of more colours garbled. Its answer
/// must be read here: crossterm cannot parse it.
const SIXEL_COLOURS: &str = "\x1b[?1;3;256S";
/// Kitty: "could you show this one pixel?"
const KITTY_QUERY: &str = "\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\";
/// DA1: "what are you?"
const DEVICE_ATTRIBUTES: &str = "\x1b[c";

/// The protocol to use: `images`, or the best that the terminal says it can. `through_tmux`: tmux passes pictures on.
pub fn protocol(images: Images, through_tmux: bool) -> Protocol {
    if images == Images::Cells || !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        return Protocol::Cells;
    }
    let get = |name: &str| std::env::var(name).unwrap_or_default();
    if images == Images::Auto && get("TERM") == "dumb" {
        return Protocol::Cells;
    }
    let nested = in_multiplexer(&get);
    match images {
        Images::Cells => Protocol::Cells,
        Images::Kitty if get("TMUX").is_empty() => Protocol::Kitty,
        Images::Kitty => Protocol::KittyInTmux,
        Images::Auto if through_tmux => Protocol::KittyInTmux,
        Images::Iterm => Protocol::Iterm,
        Images::Sixel => {
            // The answer does not matter, but must not be left to the reader of events.
            query(&[SIXEL_COLOURS, DEVICE_ATTRIBUTES]);
            Protocol::Sixel
        }
        Images::Auto if nested => best_protocol(&query(&[SIXEL_COLOURS, DEVICE_ATTRIBUTES]), false),
        Images::Auto => {
            best_protocol(&query(&[SIXEL_COLOURS, KITTY_QUERY, DEVICE_ATTRIBUTES]), viuer::is_iterm_supported())
        }
    }
}

/// Whether tmux or screen is between us and the terminal. They let neither kitty's nor iTerm2's pictures through, while
/// the variables that tell of the terminal outside leak in; sixel they announce themselves when they can.
fn in_multiplexer(get: &dyn Fn(&str) -> String) -> bool {
    let term = get("TERM");
    !get("TMUX").is_empty() || !get("STY").is_empty() || term.starts_with("screen") || term.starts_with("tmux")
}

/// The best protocol for a terminal that gave this answer.
fn best_protocol(answer: &TerminalReply, iterm: bool) -> Protocol {
    if !answer.complete {
        Protocol::Cells
    } else if answer.kitty {
        Protocol::Kitty
    } else if iterm {
        Protocol::Iterm
    } else if answer.sixel {
        Protocol::Sixel
    } else {
        Protocol::Cells
    }
}

/// What a terminal said.
#[derive(Debug, Default, PartialEq, Eq)]
struct TerminalReply {
    /// the device attributes came: it is alive
    complete: bool,
    kitty: bool,
    sixel: bool,
}

impl TerminalReply {
    fn read(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        // `CSI ? level ; feature ; … c`; feature 4 is sixel.
        let attributes = text.split("\x1b[?").skip(1).find_map(|rest| {
            let end = rest.find(|c: char| !(c.is_ascii_digit() || c == ';'))?;
            rest[end..].starts_with('c').then(|| &rest[..end])
        });
        Self {
            complete: attributes.is_some(),
            kitty: text.contains("\x1b_Gi=31;OK\x1b\\"),
            sixel: attributes.is_some_and(|list| list.split(';').skip(1).any(|feature| feature == "4")),
        }
    }
}

/// Asks and waits for the device attributes. What cannot be asked gets no answer, which means half blocks.
fn query(questions: &[&str]) -> TerminalReply {
    let answer = terminal().and_then(|mut terminal| {
        terminal.write_all(questions.concat().as_bytes())?;
        read_reply(&mut terminal, Instant::now() + REPLY_TIMEOUT)
    });
    match answer {
        Ok(bytes) => TerminalReply::read(&bytes),
        Err(error) => {
            tracing::warn!(%error, "cannot ask the terminal what pictures it shows");
            TerminalReply::default()
        }
    }
}

/// The terminal, opened for ourselves: making this file non-blocking leaves stdin as it is.
fn terminal() -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags((OFlag::O_NONBLOCK | OFlag::O_NOCTTY).bits())
        .open("/dev/tty")
}

fn read_reply(terminal: &mut File, until: Instant) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 256];
    while Instant::now() < until && !TerminalReply::read(&bytes).complete {
        match terminal.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => bytes.extend_from_slice(&buffer[..length]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::sleep(Duration::from_millis(1)),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(bytes)
}

/// Whether the terminal says that it takes 24-bit colours.
pub fn colours() -> Colours {
    if viuer::Config::default().truecolor { Colours::True } else { Colours::Indexed }
}

/// Pixels of one cell, as the terminal tells the kernel.
pub fn cell_size() -> Pixels {
    match crossterm::terminal::window_size() {
        Ok(size) if size.columns > 0 && size.rows > 0 && size.width >= size.columns && size.height >= size.rows => {
            Pixels { width: u32::from(size.width / size.columns), height: u32::from(size.height / size.rows) }
        }
        _ => DEFAULT_CELL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(answer: &str, iterm: bool) -> Protocol {
        best_protocol(&TerminalReply::read(answer.as_bytes()), iterm)
    }

    #[test]
    fn terminals_are_known_by_their_answers() {
        let kitty = "\x1b_Gi=31;OK\x1b\\\x1b[?62;c";
        let xterm = "\x1b[?1;0;256S\x1b[?63;1;2;4;6;9;15;22c";
        assert_eq!(told(kitty, false), Protocol::Kitty);
        assert_eq!(told(xterm, false), Protocol::Sixel);
        assert_eq!(told("\x1b[?62;4c", true), Protocol::Iterm);
        assert_eq!(told("\x1b[?64;1;2;6;14;44c", false), Protocol::Cells);
        assert_eq!(told("\x1b_Gi=31;ENOTSUPPORTED:no\x1b\\\x1b[?6c", false), Protocol::Cells);
    }

    #[test]
    fn the_level_of_a_terminal_is_no_feature() {
        assert_eq!(told("\x1b[?4;6c", false), Protocol::Cells);
        assert_eq!(told("\x1b[?62;14;40c", false), Protocol::Cells);
    }

    #[test]
    fn half_an_answer_is_none() {
        for part in ["", "\x1b", "\x1b[?1;0;256S", "\x1b[?62;4", "\x1b_Gi=31;OK\x1b\\", "j\x1b[A"] {
            assert_eq!(told(part, true), Protocol::Cells, "{part:?}");
        }
    }

    #[test]
    fn keys_typed_meanwhile_do_not_hide_the_answer() {
        assert_eq!(told("jj\x1b[A\x1b[?62;4c", false), Protocol::Sixel);
    }

    #[test]
    fn tmux_and_screen_are_known() {
        let with = |name: &'static str, value: &'static str| {
            in_multiplexer(&move |asked: &str| if asked == name { value.to_owned() } else { String::new() })
        };
        assert!(with("TMUX", "/tmp/tmux-0/default,1,0"));
        assert!(with("STY", "1.pts"));
        assert!(with("TERM", "screen-256color"));
        assert!(with("TERM", "tmux-256color"));
        assert!(!with("TERM", "xterm-kitty"));
    }
}
