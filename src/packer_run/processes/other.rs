//! The same where there is no `/proc`.

use std::io;

use nix::unistd::{Pid, getpgid, getsid};
use sysinfo::{Process, ProcessRefreshKind, ProcessStatus, ProcessesToUpdate, System, UpdateKind};

use super::Stat;

/// # Errors
/// When there is no such process.
pub(in crate::packer_run) fn stat(pid: i32) -> io::Result<Stat> {
    one(pid, ProcessRefreshKind::nothing(), |process| of(pid, process))?
}

/// All processes but those that ended and were not collected.
pub(in crate::packer_run) fn all() -> Vec<(i32, Stat)> {
    let mut system = System::new();
    system.refresh_processes_specifics(ProcessesToUpdate::All, true, ProcessRefreshKind::nothing());
    let found = system.processes().iter().filter_map(|(pid, process)| {
        let pid = i32::try_from(pid.as_u32()).ok()?;
        Some((pid, of(pid, process).ok()?))
    });
    found.filter(|(_, stat)| stat.running).collect()
}

/// Times of beginning are of the calendar: no boot is needed to tell two apart.
///
/// # Errors
/// None.
pub(in crate::packer_run) fn boot() -> io::Result<String> {
    Ok("calendar".into())
}

/// What tells this machine from others: process numbers mean something within it. There are no containers to tell apart.
pub(in crate::packer_run) fn machine() -> String {
    "here".into()
}

/// Whether it was started with these arguments, after those of a script's own interpreter.
pub(in crate::packer_run) fn find_arguments(pid: i32, argv: &[String]) -> bool {
    let kind = ProcessRefreshKind::nothing().with_cmd(UpdateKind::Always);
    let same = |process: &Process| {
        let given: Vec<&str> = process.cmd().iter().filter_map(|word| word.to_str()).collect();
        !argv.is_empty() && given.ends_with(&argv.iter().map(String::as_str).collect::<Vec<_>>())
    };
    one(pid, kind, same).unwrap_or(false)
}

/// Whether it was started with this `NAME=value` in its environment.
pub(in crate::packer_run) fn has_variable(pid: i32, variable: &str) -> bool {
    let kind = ProcessRefreshKind::nothing().with_environ(UpdateKind::Always);
    one(pid, kind, |process| process.environ().iter().any(|one| one == variable)).unwrap_or(false)
}

fn one<T>(pid: i32, kind: ProcessRefreshKind, read: impl FnOnce(&Process) -> T) -> io::Result<T> {
    let number = sysinfo::Pid::from_u32(u32::try_from(pid).map_err(io::Error::other)?);
    let mut system = System::new();
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[number]), true, kind);
    system.process(number).map(read).ok_or_else(|| io::ErrorKind::NotFound.into())
}

fn of(pid: i32, process: &Process) -> io::Result<Stat> {
    let number = Pid::from_raw(pid);
    let running = !matches!(process.status(), ProcessStatus::Zombie | ProcessStatus::Dead);
    let parent = process.parent().and_then(|parent| i32::try_from(parent.as_u32()).ok()).unwrap_or_default();
    // Neither is told of one that ended.
    let group = getpgid(Some(number)).map_or(0, Pid::as_raw);
    let session = getsid(Some(number)).map_or(0, Pid::as_raw);
    Ok(Stat { running, parent, group, session, start: process.start_time() })
}
