//! Telling a recorded process from another one that got its number later, and signalling it.

use std::io;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use super::processes::{self, Stat, stat};

/// A process, told apart from every other one that had or will have its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// its number
    pub pid: i32,
    /// when it began: ticks since boot on Linux, seconds of the calendar elsewhere
    pub start: u64,
    /// the boot these ticks count from (`/proc/sys/kernel/random/boot_id`)
    pub boot: String,
}

impl Process {
    /// This process.
    ///
    /// # Errors
    /// Where the system does not tell, as without `/proc` on Linux.
    pub fn current() -> io::Result<Self> {
        Self::from_pid(std::process::id())
    }

    /// The process that has this number now.
    ///
    /// # Errors
    /// When there is none.
    pub fn from_pid(pid: u32) -> io::Result<Self> {
        let pid = i32::try_from(pid).map_err(io::Error::other)?;
        let start = stat(pid)?.start;
        Ok(Self { pid, start, boot: processes::boot()? })
    }

    /// What tells this machine, and this container on it, from others: numbers of processes mean something within it.
    pub fn machine() -> String {
        processes::machine()
    }

    /// Whether it still runs.
    pub fn alive(&self) -> bool {
        let same = |stat: Stat| stat.start == self.start && stat.running;
        stat(self.pid).is_ok_and(same) && processes::boot().is_ok_and(|boot| boot == self.boot)
    }

    /// Sends a signal to its process group if it leads one, else to itself; nothing when it is gone.
    ///
    /// # Errors
    /// When it belongs to somebody else.
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        if !self.alive() {
            return Ok(());
        }
        let pid = Pid::from_raw(self.pid);
        let leads = stat(self.pid).is_ok_and(|stat| stat.group == self.pid);
        let sent = if leads { killpg(pid, signal) } else { kill(pid, signal) };
        match sent {
            Ok(()) | Err(Errno::ESRCH) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Sends a signal to it alone.
    ///
    /// # Errors
    /// When it belongs to somebody else.
    pub fn signal_alone(&self, signal: Signal) -> io::Result<()> {
        if !self.alive() {
            return Ok(());
        }
        match kill(Pid::from_raw(self.pid), signal) {
            Ok(()) | Err(Errno::ESRCH) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Looks for a group leader with exactly these arguments that was given `variable` in its environment: a packer
    /// whose supervisor was killed before it could write the number down.
    pub fn find(argv: &[String], variable: &str) -> Option<Self> {
        let (ours, _) = processes::all().into_iter().find(|(pid, stat)| {
            stat.group == *pid && processes::find_arguments(*pid, argv) && processes::has_variable(*pid, variable)
        })?;
        Self::from_pid(u32::try_from(ours).ok()?).ok().filter(Self::alive)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_that_reads_this_lives() {
        let own = Process::current().unwrap();
        assert!(own.alive());
    }

    #[test]
    fn a_number_used_again_is_another_process() {
        let own = Process::current().unwrap();
        assert!(!Process { start: own.start + 1, ..own.clone() }.alive());
        assert!(!Process { boot: "another boot".into(), ..own }.alive());
    }

    #[test]
    fn an_uncollected_child_is_not_alive() {
        let mut child = std::process::Command::new("sleep").arg("600").spawn().unwrap();
        let process = Process::from_pid(child.id()).unwrap();
        assert!(process.alive());
        process.signal_alone(Signal::SIGKILL).unwrap();
        let ended = std::iter::repeat_with(std::thread::yield_now).take(10_000_000).any(|()| !process.alive());
        assert!(ended, "a zombie counts as alive");
        child.wait().unwrap();
        process.signal(Signal::SIGTERM).unwrap();
    }
}
