//! The way to stderr. What is said waits for a thread of its own: a terminal on hold (Ctrl-S) or a pipe that nobody reads
//! must not stop the work that is being told about.
#![expect(clippy::disallowed_methods, reason = "this is how lines get there")]

use std::io::Write;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tmpl::github::step::WorkflowCommand;
use tmpl::text::Safe;

/// With more waiting, nothing is asked for that can be had later.
const ROOM: usize = 256 << 10;
/// With more, lines are dropped and counted.
const MOST: usize = 8 << 20;
/// Written at a time: tells a slow reader from none.
const CHUNK: usize = 4 << 10;
/// A reader that took nothing for so long is none.
const PATIENCE: Duration = Duration::from_secs(3);
/// Nobody waits longer than this for what is under way.
const LONGEST: Duration = Duration::from_secs(60);

/// What waits to be written.
struct Waiting {
    text: Vec<u8>,
    /// bytes the thread has taken and not written yet
    taken: usize,
    /// bytes written so far
    written: u64,
    dropped: u64,
    begun: bool,
    /// [`Waiting::written`] when somebody waited in vain
    stuck: Option<u64>,
}

static WAITING: Mutex<Waiting> =
    Mutex::new(Waiting { text: Vec::new(), taken: 0, written: 0, dropped: 0, begun: false, stuck: None });
static CHANGED: Condvar = Condvar::new();

fn waiting() -> MutexGuard<'static, Waiting> {
    WAITING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Says a line; returns at once.
pub fn say(line: &Safe) {
    add(line);
}

/// Tells the runner of a workflow something; returns at once.
pub fn command(command: &WorkflowCommand) {
    add(command.as_str());
}

fn add(line: &str) {
    let mut now = waiting();
    if !now.begun {
        now.begun = std::thread::Builder::new().name("stderr".into()).spawn(write).is_ok();
    }
    if now.text.len() + line.len() > MOST {
        now.dropped += 1;
        return;
    }
    now.text.extend_from_slice(line.as_bytes());
    now.text.push(b'\n');
    CHANGED.notify_all();
}

/// Whether what is said now will be read soon.
pub fn has_room() -> bool {
    let now = waiting();
    now.text.len() + now.taken < ROOM
}

/// Waits until everything is written; `false` when nobody reads it.
pub fn flush() -> bool {
    let began = Instant::now();
    let mut now = waiting();
    let (mut seen, mut moved) = (now.written, began);
    while now.begun && now.text.len() + now.taken > 0 {
        if now.written != seen {
            (seen, moved) = (now.written, Instant::now());
        }
        if now.stuck == Some(now.written) || moved.elapsed() > PATIENCE || began.elapsed() > LONGEST {
            now.stuck = Some(now.written);
            return false;
        }
        now = CHANGED.wait_timeout(now, Duration::from_millis(100)).unwrap_or_else(PoisonError::into_inner).0;
    }
    true
}

/// The thread. A closed stderr is no reason to end anything: then it only throws away.
fn write() {
    let mut now = waiting();
    loop {
        if now.text.is_empty() {
            now = CHANGED.wait(now).unwrap_or_else(PoisonError::into_inner);
            continue;
        }
        let text = std::mem::take(&mut now.text);
        let dropped = std::mem::take(&mut now.dropped);
        now.taken = text.len();
        drop(now);
        for chunk in text.chunks(CHUNK) {
            let _ = std::io::stderr().write_all(chunk);
            now = waiting();
            (now.taken, now.written) = (now.taken - chunk.len(), now.written + chunk.len() as u64);
            CHANGED.notify_all();
            drop(now);
        }
        if dropped > 0 {
            let _ = writeln!(std::io::stderr(), "tmpl-tui: {dropped} lines not shown");
        }
        now = waiting();
    }
}
