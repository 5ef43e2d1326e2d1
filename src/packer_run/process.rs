//! Telling a recorded process from another one that got its number later, and signalling it.
//!
//! Linux only: `/proc/<pid>/stat` field 22 is the start time in ticks since boot (proc_pid_stat(5)).

use std::fs;
use std::io;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

/// A process, told apart from every other one that had or will have its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// its number
    pub pid: i32,
    /// when it began, in ticks since boot
    pub start: u64,
    /// the boot these ticks count from (`/proc/sys/kernel/random/boot_id`)
    pub boot: String,
}

/// What `/proc/<pid>/stat` says.
pub(super) struct Stat {
    state: char,
    /// who started it, or whoever took it on since
    pub parent: i32,
    /// its process group
    pub group: i32,
    /// its session
    pub session: i32,
    /// when it began, in ticks since boot
    pub start: u64,
}

impl Stat {
    /// Whether it still runs. One that ended and was not collected by its parent (a zombie) does not.
    pub fn running(&self) -> bool {
        !matches!(self.state, 'Z' | 'X' | 'x')
    }
}

impl Process {
    /// This process.
    ///
    /// # Errors
    /// Where `/proc` is not mounted.
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
        Ok(Self { pid, start, boot: boot_id()? })
    }

    /// Whether it still runs.
    pub fn alive(&self) -> bool {
        let same = |stat: Stat| stat.start == self.start && stat.running();
        stat(self.pid).is_ok_and(same) && boot_id().is_ok_and(|boot| boot == self.boot)
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
        let numbers = fs::read_dir("/proc").ok()?.flatten();
        let pids = numbers.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
        let ours = pids.into_iter().find(|pid| {
            let list = |file: &str| fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
            let words = |bytes: &[u8], word: &str| bytes.split(|b| *b == 0).any(|part| part == word.as_bytes());
            let arguments = list("cmdline");
            // A script's own interpreter stands before it.
            let same = !argv.is_empty() && arguments.ends_with(&nul_joined(argv));
            same && words(&list("environ"), variable) && stat(*pid).is_ok_and(|stat| stat.group == *pid)
        })?;
        Self::from_pid(u32::try_from(ours).ok()?).ok().filter(Self::alive)
    }
}

fn nul_joined(argv: &[String]) -> Vec<u8> {
    argv.iter().flat_map(|word| word.bytes().chain([0])).collect()
}

fn boot_id() -> io::Result<String> {
    Ok(fs::read_to_string("/proc/sys/kernel/random/boot_id")?.trim().to_owned())
}

/// The name in parentheses may hold anything, so fields are counted from behind it.
pub(super) fn stat(pid: i32) -> io::Result<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let odd = || io::Error::new(io::ErrorKind::InvalidData, "odd /proc/<pid>/stat");
    let (_, fields) = text.rsplit_once(')').ok_or_else(odd)?;
    // `state` is field 3 of the whole line, `ppid` 4, `pgrp` 5, `session` 6, `starttime` 22.
    let field = |number: usize| fields.split_whitespace().nth(number - 3).ok_or_else(odd);
    let state = field(3)?.chars().next().ok_or_else(odd)?;
    let number = |index| field(index)?.parse::<i32>().map_err(|_| odd());
    let start = field(22)?.parse().map_err(|_| odd())?;
    Ok(Stat { state, parent: number(4)?, group: number(5)?, session: number(6)?, start })
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
