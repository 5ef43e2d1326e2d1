//! What a person does at the terminal, read on a thread of its own, as messages.

mod parser;
mod sequence;
#[cfg(test)]
mod tests;

use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use ratatui::layout::Position;

pub use self::parser::{Input, Mouse, MouseKind, Parser};
use super::hits::Hits;
use super::layout::Layout;
use super::terminal;
use crate::console::Msg;

/// Rows one turn of the wheel moves.
const WHEEL: i16 = 3;

/// What the thread hears.
#[derive(Debug)]
pub enum Heard {
    /// a person did something, at this time since the start
    Input(Input, Duration),
    /// the terminal is gone
    Gone,
}

/// Reads the terminal until it is gone or nobody listens; times are counted from `start`.
pub fn listen(start: Instant, send: impl Fn(Heard) -> bool + Send + 'static) -> io::Result<()> {
    let thread = std::thread::Builder::new().name("input".into());
    thread.spawn(move || {
        if read(start, &send).is_err() {
            send(Heard::Gone);
        }
    })?;
    Ok(())
}

fn read(start: Instant, send: &dyn Fn(Heard) -> bool) -> io::Result<()> {
    let stdin = io::stdin();
    let (mut parser, mut bytes, mut listened) = (Parser::default(), [0; 4096], true);
    while listened {
        let wait = parser.due().map(|due| due.saturating_sub(start.elapsed()));
        let mut asked = [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)];
        let came = match poll(&mut asked, wait.map_or(PollTimeout::NONE, timeout)) {
            Ok(0) => 0,
            Ok(_) if terminal::await_return() => 0,
            // Its end, too, is told by reading.
            Ok(_) => match nix::unistd::read(stdin.as_fd(), &mut bytes) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(came) => came,
                Err(Errno::EINTR | Errno::EAGAIN) => 0,
                Err(error) => return Err(error.into()),
            },
            Err(Errno::EINTR) => 0,
            Err(error) => return Err(error.into()),
        };
        let at = start.elapsed();
        let mut on = |input| listened &= send(Heard::Input(input, at));
        match came {
            0 => parser.expire(at, &mut on),
            came => parser.push(&bytes[..came], at, &mut on),
        }
    }
    Ok(())
}

/// Whole milliseconds, rounded up: too early would be in vain.
fn timeout(wait: Duration) -> PollTimeout {
    u16::try_from(wait.as_millis() + 1).map_or(PollTimeout::MAX, PollTimeout::from)
}

/// What it means.
pub fn message(input: Input, layout: &Layout, hits: &Hits) -> Option<Msg> {
    match input {
        Input::Key(press) => Some(Msg::KeyPressed(press)),
        Input::Paste(text) => Some(Msg::Pasted(text)),
        Input::Mouse(mouse) => mouse_message(mouse, layout, hits),
    }
}

fn mouse_message(mouse: Mouse, layout: &Layout, hits: &Hits) -> Option<Msg> {
    let wheeled = |rows| layout.scope_at(mouse.column, mouse.row).map(|at| Msg::Wheeled { at, rows });
    match mouse.kind {
        MouseKind::Click => hits.at(Position { x: mouse.column, y: mouse.row }).cloned().map(Msg::Clicked),
        MouseKind::Up => wheeled(-WHEEL),
        MouseKind::Down => wheeled(WHEEL),
    }
}
