//! A program in a pseudo-terminal, its screen emulated: keys in, screen out, no sleeps.

#![allow(dead_code, clippy::allow_attributes, reason = "each test file uses its own part of this module")]

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::num::NonZero;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use vt100::Screen;

/// Nothing a test waits for takes longer, unless it never comes.
const PATIENCE: Duration = Duration::from_secs(180);

/// What the program wrote, as a terminal shows it.
struct Shown {
    parser: vt100::Parser,
    /// everything it wrote
    bytes: Vec<u8>,
    /// it closed the terminal
    ended: bool,
}

type Shared = Arc<(Mutex<Shown>, Condvar)>;

/// A running program and its terminal.
pub struct Pty {
    master: Box<dyn MasterPty + Send>,
    child: Box<dyn Child + Send + Sync>,
    writer: Box<dyn Write + Send>,
    shown: Shared,
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: columns * 8, pixel_height: rows * 16 }
}

fn cells(number: u16) -> NonZero<u16> {
    NonZero::new(number).expect("a screen has cells")
}

fn lock(shown: &Shared) -> MutexGuard<'_, Shown> {
    shown.0.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pty {
    /// Starts a program in a terminal of this size.
    pub fn start(command: CommandBuilder, columns: u16, rows: u16) -> Self {
        let pair = native_pty_system().openpty(size(columns, rows)).expect("a pseudo-terminal");
        let child = pair.slave.spawn_command(command).expect("the program starts");
        drop(pair.slave);
        let reader = pair.master.try_clone_reader().expect("a reader");
        let writer = pair.master.take_writer().expect("a writer");
        let parser = vt100::Parser::new(cells(rows), cells(columns), 0);
        let shown = Arc::new((Mutex::new(Shown { parser, bytes: Vec::new(), ended: false }), Condvar::new()));
        let sink = shown.clone();
        std::thread::spawn(move || drain(reader, &sink));
        Self { master: pair.master, child, writer, shown }
    }

    /// Types; control characters as themselves (`\x1b` is Esc, `\r` Enter).
    pub fn keys(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).and_then(|()| self.writer.flush()).expect("the program reads keys");
    }

    /// Answers a dialog, as soon as it listens: it says how.
    pub fn answer(&mut self, keys: &str) {
        self.wait("a dialog that listens", |screen| {
            let text = screen.contents();
            ["y does it", "Enter to continue", "[ s stay ]"].iter().any(|hint| text.contains(hint))
        });
        self.keys(keys);
    }

    /// Changes the size of the terminal.
    pub fn resize(&self, columns: u16, rows: u16) {
        lock(&self.shown).parser.screen_mut().set_size(cells(rows), cells(columns));
        self.master.resize(size(columns, rows)).expect("a resize");
    }

    /// Waits until the screen is as wanted.
    pub fn wait(&self, what: &str, wanted: impl Fn(&Screen) -> bool) {
        let since = Instant::now();
        let mut shown = lock(&self.shown);
        while !wanted(shown.parser.screen()) {
            assert!(!shown.ended || !shown.bytes.is_empty(), "the program ended and never showed {what}");
            assert!(since.elapsed() < PATIENCE && !shown.ended, "never showed {what}:\n{}", picture(&shown));
            let (next, _) =
                self.shown.1.wait_timeout(shown, Duration::from_millis(200)).unwrap_or_else(PoisonError::into_inner);
            shown = next;
        }
    }

    /// Waits until a text is on the screen.
    pub fn wait_for(&self, text: &str) {
        self.wait(&format!("{text:?}"), |screen| screen.contents().contains(text));
    }

    /// Waits until a text is not on the screen any more.
    pub fn wait_gone(&self, text: &str) {
        self.wait(&format!("the end of {text:?}"), |screen| !screen.contents().contains(text));
    }

    /// The screen as text.
    pub fn screen(&self) -> String {
        lock(&self.shown).parser.screen().contents()
    }

    /// Something about the screen.
    pub fn look<T>(&self, at: impl FnOnce(&Screen) -> T) -> T {
        at(lock(&self.shown).parser.screen())
    }

    /// Everything written so far.
    pub fn bytes(&self) -> Vec<u8> {
        lock(&self.shown).bytes.clone()
    }

    /// Bytes written so far.
    pub fn written(&self) -> usize {
        lock(&self.shown).bytes.len()
    }

    /// The program's process.
    pub fn id(&self) -> u32 {
        self.child.process_id().expect("it runs")
    }

    /// Sends a signal.
    pub fn signal(&self, signal: nix::sys::signal::Signal) {
        let id = i32::try_from(self.id()).expect("a number of a process");
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(id), signal).expect("a signal");
    }

    /// Waits for the end; the exit code.
    pub fn exit(&mut self) -> u32 {
        let since = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("its status") {
                self.settle();
                return status.exit_code();
            }
            assert!(since.elapsed() < PATIENCE, "never ended:\n{}", picture(&lock(&self.shown)));
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Whether the terminal is as a shell wants it: main screen, cursor shown, no mouse, no bracketed paste, echo on.
    pub fn restored(&self) -> Result<(), String> {
        let wrong = self.look(|screen| {
            let mut wrong = String::new();
            let mut check = |fine: bool, what: &str| {
                if !fine {
                    let _ = write!(wrong, "{what}; ");
                }
            };
            check(!screen.alternate_screen(), "still on the alternate screen");
            check(!screen.hide_cursor(), "cursor hidden");
            check(!screen.bracketed_paste(), "bracketed paste on");
            check(screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None, "mouse reported");
            wrong
        });
        // ECHO and ICANON, by number: the types are those of another version of nix.
        let cooked = self.master.get_termios().is_none_or(|termios| termios.local_flags.bits() & 0o12 == 0o12);
        match (wrong.is_empty(), cooked) {
            (true, true) => Ok(()),
            (true, false) => Err("still in raw mode".into()),
            (false, _) => Err(wrong),
        }
    }

    fn settle(&self) {
        let since = Instant::now();
        let mut shown = lock(&self.shown);
        // Whoever still holds the terminal open (a supervisor of a build) must not hold the test up.
        while !shown.ended && since.elapsed() < Duration::from_secs(2) {
            let (next, _) =
                self.shown.1.wait_timeout(shown, Duration::from_millis(50)).unwrap_or_else(PoisonError::into_inner);
            shown = next;
        }
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        // It has ended already, as a rule.
        let _ = self.child.kill();
    }
}

fn drain(mut reader: Box<dyn Read + Send>, shown: &Shared) {
    let mut buffer = [0; 16 << 10];
    loop {
        let read = reader.read(&mut buffer).unwrap_or(0);
        let mut now = lock(shown);
        if read == 0 {
            now.ended = true;
            shown.1.notify_all();
            return;
        }
        now.parser.process(&buffer[..read]);
        now.bytes.extend_from_slice(&buffer[..read]);
        shown.1.notify_all();
    }
}

fn picture(shown: &Shown) -> String {
    shown.parser.screen().contents()
}
