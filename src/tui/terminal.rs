//! The terminal: taken over, given back on every way out, and lent to the shell on suspend.

use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::ThreadId;
use std::time::Duration;

use crossterm::cursor::Show;
use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture,
};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{execute, queue};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::termios::{FlushArg, SetArg, Termios, tcflush, tcgetattr, tcsetattr};
use tokio::signal::unix::{SignalKind, signal};

use super::picture;

/// Whether the terminal is ours; giving it back twice would write into the shell's screen.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Whether the terminal is gone: its window was closed, the connection was lost.
static GONE: AtomicBool = AtomicBool::new(false);

/// The terminal's modes before it was taken.
static COOKED: Mutex<Option<Termios>> = Mutex::new(None);

/// Where the terminal is written to. One that is gone takes everything: there is nobody to see it, and what is under way
/// has to come to its end.
#[derive(Debug)]
pub struct Out;

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        unless_gone(io::stdout().write(bytes), bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        unless_gone(io::stdout().flush(), ())
    }
}

fn unless_gone<T>(written: io::Result<T>, instead: T) -> io::Result<T> {
    let hung_up = |error: &io::Error| {
        error.kind() == io::ErrorKind::BrokenPipe
            || matches!(error.raw_os_error().map(Errno::from_raw), Some(Errno::EIO | Errno::ENXIO))
    };
    match written {
        Err(error) if hung_up(&error) => {
            GONE.store(true, Ordering::SeqCst);
            Ok(instead)
        }
        written => written,
    }
}

/// Whether nobody can see what is drawn any more.
pub fn gone() -> bool {
    GONE.load(Ordering::SeqCst)
}

/// Gives the terminal back when dropped.
#[derive(Debug)]
pub struct Taken(());

impl Drop for Taken {
    fn drop(&mut self) {
        give_back();
    }
}

/// Whether a console can be shown at all.
///
/// # Errors
/// One line: what is missing.
pub fn usable(term: Option<&str>) -> Result<(), &'static str> {
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        return Err("the console needs a terminal; in scripts use the verbs (tmpl-tui --help)");
    }
    match term {
        None | Some("" | "dumb") => {
            Err("the console needs a capable terminal, and TERM says dumb; use the verbs (tmpl-tui --help)")
        }
        Some(_) => Ok(()),
    }
}

/// Takes the terminal over.
///
/// # Errors
/// Those of the terminal; it is given back then.
pub fn take(mouse: bool) -> io::Result<Taken> {
    *COOKED.lock().unwrap_or_else(PoisonError::into_inner) = tcgetattr(io::stdin()).ok();
    enter(mouse).inspect_err(|_| give_back())?;
    Ok(Taken(()))
}

fn enter(mouse: bool) -> io::Result<()> {
    TAKEN.store(true, Ordering::SeqCst);
    enable_raw_mode()?;
    let mut out = Out;
    // Whoever had the terminal before may have left on what nobody here asked for.
    queue!(out, EnterAlternateScreen, DisableMouseCapture, DisableFocusChange, EnableBracketedPaste)?;
    if mouse {
        queue!(out, EnableMouseCapture)?;
    }
    out.flush()
}

/// Gives the terminal back, whatever state it is in. Does nothing when it is not ours.
pub fn give_back() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = Out;
    // A terminal that is gone (SIGHUP) takes nothing any more; there is nobody to tell.
    let _ = picture::erase(&mut out);
    let _ = execute!(out, DisableMouseCapture, DisableBracketedPaste, LeaveAlternateScreen, Show);
    let _ = disable_raw_mode();
}

/// Turns mouse reporting on or off.
///
/// # Errors
/// Those of the terminal.
pub fn mouse(on: bool) -> io::Result<()> {
    if on { execute!(Out, EnableMouseCapture) } else { execute!(Out, DisableMouseCapture) }
}

/// Lends the terminal to the shell until it resumes us.
///
/// # Errors
/// Those of the terminal.
pub async fn suspend(mouse: bool) -> io::Result<()> {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    let mut resumed = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::from_raw(Signal::SIGCONT as i32))?;
    give_back();
    // The whole group, as the terminal's own Ctrl-Z does. Not by SIGTSTP: that one is listened for, and stops nobody.
    kill(Pid::from_raw(0), Signal::SIGSTOP)?;
    // The stop may reach another thread a moment later. Without a shell to resume us there is no stop and no signal.
    let _ = tokio::time::timeout(std::time::Duration::from_millis(300), resumed.recv()).await;
    enter(mouse)
}

/// Whether somebody else reads the terminal now, and what wakes who waits for its return.
static LENT: (Mutex<bool>, Condvar) = (Mutex::new(false), Condvar::new());

/// Whether the terminal is lent to another program.
pub fn lent() -> bool {
    *LENT.0.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits as long as the terminal is lent to another program: what is typed is for that one. Says whether it was.
pub fn await_return() -> bool {
    let mut lent = LENT.0.lock().unwrap_or_else(PoisonError::into_inner);
    let was = *lent;
    while *lent {
        lent = LENT.1.wait(lent).unwrap_or_else(PoisonError::into_inner);
    }
    was
}

/// Lends the terminal to a program until `work` is done.
///
/// # Errors
/// Those of the terminal.
pub async fn lend<T>(mouse: bool, work: impl Future<Output = T>) -> io::Result<T> {
    *LENT.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
    give_back();
    let done = work.await;
    // A Ctrl-C that ended it came to us, too; it is heard while the terminal counts as lent.
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    restore_modes();
    let entered = enter(mouse);
    *LENT.0.lock().unwrap_or_else(PoisonError::into_inner) = false;
    LENT.1.notify_all();
    entered?;
    Ok(done)
}

/// How long somebody has to read what a program said last.
const READING: Duration = Duration::from_secs(60);
/// How often it is asked whether the wait is over: milliseconds.
const GLANCE: u8 = 100;

/// Shows a line to whoever used the lent terminal, and waits until they have read it: what the program said last stands
/// above it, and is gone once the console draws. Not for ever: the console watches more than this.
pub async fn await_enter(line: &str) {
    restore_modes();
    // What was typed for the program is no answer to us.
    let _ = tcflush(io::stdin(), FlushArg::TCIFLUSH);
    let mut out = Out;
    let told = writeln!(out, "\n{line}\nPress Enter to go back.").and_then(|()| out.flush());
    let (terminate, interrupt) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    if told.is_err() || gone() {
        return;
    }
    let over = Arc::new(AtomicBool::new(false));
    let read = crate::task::spawn_blocking({
        let over = over.clone();
        move || entered(&over)
    });
    if let (Ok(mut terminate), Ok(mut interrupt)) = (terminate, interrupt) {
        tokio::select! {
            _ = read => {}
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            () = tokio::time::sleep(READING) => {}
        }
    }
    over.store(true, Ordering::Relaxed);
}

/// Reads a line unless it is `over` before; nothing is read then, because the next key is the console's.
fn entered(over: &AtomicBool) {
    let stdin = io::stdin();
    while !over.load(Ordering::Relaxed) {
        match poll(&mut [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)], PollTimeout::from(GLANCE)) {
            Ok(0) | Err(Errno::EINTR) => {}
            // A terminal that is gone ends the wait, too.
            Ok(_) | Err(_) => return drop(stdin.read_line(&mut String::new())),
        }
    }
}

/// Sets the modes from before the console. A program that ended raw must not leave that to the next one, nor to the shell.
fn restore_modes() {
    if let Some(cooked) = COOKED.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
        // One that is gone has no modes.
        let _ = tcsetattr(io::stdin(), SetArg::TCSANOW, cooked);
    }
}

/// Puts text on the clipboard of the user's terminal, over ssh too (OSC 52).
///
/// # Errors
/// Those of the terminal.
pub fn clipboard(text: &str) -> io::Result<()> {
    use base64::Engine;

    let encoded = base64::engine::general_purpose::STANDARD.encode(text);
    let mut out = Out;
    write!(out, "\x1b]52;c;{encoded}\x07")?;
    out.flush()
}

/// Rings the bell; with a text, also asks for a notification of the desktop (OSC 9). What cannot do either ignores it.
///
/// # Errors
/// Those of the terminal.
pub fn call(text: Option<&str>) -> io::Result<()> {
    let mut out = Out;
    if let Some(text) = text {
        // A control character would end the sequence early, and the rest would be taken for another one.
        let text: String = text.chars().filter(|c| !c.is_control()).collect();
        write!(out, "\x1b]9;{text}\x1b\\")?;
    }
    write!(out, "\x07")?;
    out.flush()
}

/// From now on a panic of the thread that draws gives the terminal back before it is reported; one of another thread
/// is logged, for its report would only destroy the screen.
pub fn guard_panics(drawing: ThreadId) {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if std::thread::current().id() == drawing {
            give_back();
            before(info);
        } else if TAKEN.load(Ordering::SeqCst) {
            tracing::error!(%info, "a background task panicked");
        } else {
            before(info);
        }
    }));
}
