//! `/proc/<pid>/stat` and its neighbours (proc_pid_stat(5)).

use std::fs;
use std::io;

use super::Stat;

/// The name in parentheses may hold anything, so fields are counted from behind it.
///
/// # Errors
/// When there is no such process.
pub(in crate::packer_run) fn stat(pid: i32) -> io::Result<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let odd = || io::Error::new(io::ErrorKind::InvalidData, "odd /proc/<pid>/stat");
    let (_, fields) = text.rsplit_once(')').ok_or_else(odd)?;
    // `state` is field 3 of the whole line, `ppid` 4, `pgrp` 5, `session` 6, `starttime` 22.
    let field = |number: usize| fields.split_whitespace().nth(number - 3).ok_or_else(odd);
    let number = |index| field(index)?.parse::<i32>().map_err(|_| odd());
    let start = field(22)?.parse().map_err(|_| odd())?;
    let running = !field(3)?.starts_with(['Z', 'X', 'x']);
    Ok(Stat { running, parent: number(4)?, group: number(5)?, session: number(6)?, start })
}

/// All processes but those that ended and were not collected.
pub(in crate::packer_run) fn all() -> Vec<(i32, Stat)> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter_map(|pid| Some((pid, stat(pid).ok()?))).filter(|(_, stat)| stat.running).collect()
}

/// The boot that times of beginning count from.
///
/// # Errors
/// Where `/proc` is not mounted.
pub(in crate::packer_run) fn boot() -> io::Result<String> {
    Ok(fs::read_to_string("/proc/sys/kernel/random/boot_id")?.trim().to_owned())
}

/// What tells this machine, and this container on it, from others: process numbers mean something within it.
pub(in crate::packer_run) fn machine() -> String {
    let boot = boot().unwrap_or_default();
    let space = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    let number: String = space.to_string_lossy().chars().filter(char::is_ascii_digit).collect();
    format!("{}{number}", boot.split('-').next().unwrap_or_default())
}

/// Whether it was started with these arguments, after those of a script's own interpreter.
pub(in crate::packer_run) fn find_arguments(pid: i32, argv: &[String]) -> bool {
    let given = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let wanted: Vec<u8> = argv.iter().flat_map(|word| word.bytes().chain([0])).collect();
    !argv.is_empty() && given.ends_with(&wanted)
}

/// Whether it was started with this `NAME=value` in its environment.
pub(in crate::packer_run) fn has_variable(pid: i32, variable: &str) -> bool {
    let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    environment.split(|byte| *byte == 0).any(|one| one == variable.as_bytes())
}
