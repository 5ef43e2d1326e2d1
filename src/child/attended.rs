//! A program that is waited for before anything listens to signals.

use std::process::Output;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use nix::sys::signal::{SigSet, SigmaskHow, Signal, raise};
use tokio::process::Command;

use super::{Bound, Error, end_all, output_blocking};

/// Who waits longer is told for what.
const SILENT: Duration = Duration::from_secs(2);
/// How often it is looked whether somebody signalled.
const LOOK: Duration = Duration::from_millis(50);

static SAY: OnceLock<fn(&str)> = OnceLock::new();

/// `say` tells a person what is waited for when the program has nothing to show yet, nor its scrubber.
pub fn on_wait(say: fn(&str)) {
    let _ = SAY.set(say);
}

/// Runs `command` as [`output_blocking`] does. A signal that ends us ends it first, and whoever waits is told after two
/// seconds. Where a runtime is at work, that is somebody else's.
pub(super) fn attended(command: Command, program: &str, bound: Bound) -> Result<Output, Error> {
    if tokio::runtime::Handle::try_current().is_ok() {
        return output_blocking(command, bound);
    }
    std::thread::scope(|scope| {
        // Blocked before the thread is made, which is like us: then it is we who hear of them.
        let mut ends = Ends::held()?;
        let work = scope.spawn(|| output_blocking(command, bound));
        let (begun, mut told) = (Instant::now(), false);
        while !work.is_finished() {
            std::thread::park_timeout(LOOK);
            // Again and again: the first time it may not have begun yet.
            if ends.heard() {
                end_all();
            }
            if !told && begun.elapsed() > SILENT {
                told = true;
                let seconds = bound.time.as_secs();
                let words =
                    format!("waiting for {program}, which prints a password (up to {seconds} s; Ctrl-C stops it)");
                SAY.get().into_iter().for_each(|say| say(&words));
            }
        }
        let output = work.join();
        ends.let_go();
        output.unwrap_or_else(|_| Err(std::io::Error::other("the wait for it broke off").into()))
    })
}

/// Signals that end this program, held back meanwhile.
struct Ends {
    before: SigSet,
    #[cfg(target_os = "linux")]
    waiting: nix::sys::signalfd::SignalFd,
    heard: Option<Signal>,
}

impl Ends {
    fn held() -> Result<Self, Error> {
        let ends: SigSet = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP].into_iter().collect();
        #[cfg(target_os = "linux")]
        let waiting = {
            use nix::sys::signalfd::{SfdFlags, SignalFd};
            SignalFd::with_flags(&ends, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC).map_err(std::io::Error::from)?
        };
        let before = ends.thread_swap_mask(SigmaskHow::SIG_BLOCK).map_err(std::io::Error::from)?;
        Ok(Self {
            before,
            #[cfg(target_os = "linux")]
            waiting,
            heard: None,
        })
    }

    #[cfg(target_os = "linux")]
    fn heard(&mut self) -> bool {
        let signal = self.waiting.read_signal().ok().flatten();
        let signal = signal.and_then(|it| Signal::try_from(i32::try_from(it.ssi_signo).ok()?).ok());
        self.heard = self.heard.or(signal);
        self.heard.is_some()
    }

    /// There is no such file elsewhere: there it is held back until the program has ended or its time is over.
    #[cfg(not(target_os = "linux"))]
    fn heard(&mut self) -> bool {
        false
    }

    /// As it was; what was heard means now what it meant.
    fn let_go(self) {
        let _ = self.before.thread_set_mask();
        if let Some(signal) = self.heard {
            let _ = raise(signal);
        }
    }
}
