//! A packer log of one gigabyte: tail, table of lines, search. Beside `grep`, `less` and `lnav` where they are installed.
//!
//! `cargo bench --bench log`; the log is generated once under `target/`. Prints seconds, the best of five.
#![allow(clippy::print_stdout, missing_docs, reason = "a bench prints its results")]

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use tmpl::packer_log::{Direction, LogFile, Pattern};
use tmpl::text::{Scrubber, Secret};

const SIZE: u64 = 1 << 30;
const ROUNDS: usize = 5;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let path = log()?;
    let scrubber = Arc::new(Scrubber::new([Secret::new("PKR_VAR_build_password", "p@ss&<w>'o\"rd-2026")]));
    println!("{} ({} MB)", path.display(), SIZE >> 20);
    row("tail on screen (open + 60 rows)", || {
        let log = LogFile::open(&path, scrubber.clone())?;
        let start_rows = log.tail(60)?.len();
        assert_eq!(start_rows, 60);
        Ok(())
    })?;
    row("table of lines", || indexed(&path, &scrubber).map(drop))?;
    row("stages, errors and warnings", || {
        let log = indexed(&path, &scrubber)?;
        wait(|| log.status().caught_up);
        Ok(())
    })?;
    let log = indexed(&path, &scrubber)?;
    wait(|| log.status().caught_up);
    let status = log.status();
    println!("  {} lines, {} errors; resident {} MB", status.lines, log.facts().errors, resident()?);
    row("60 rows from the middle", || {
        log.lines(status.lines / 2..status.lines / 2 + 60)?;
        Ok(())
    })?;
    let stop = AtomicBool::new(false);
    for pattern in ["no such words anywhere", "(?-u)fata[l]: \\[x+\\]", "No Such Words In Capitals"] {
        let regex = Pattern::new(pattern)?;
        row(&format!("search to the end: {pattern}"), || {
            assert_eq!(log.find(&regex, 1, Direction::Forward, &stop)?, None);
            Ok(())
        })?;
    }
    drop(log);
    other(
        "grep -c (same words, ignoring case)",
        Command::new("grep").args(["-ci", "no such words anywhere"]).arg(&path),
    )?;
    other("grep -c (case matters)", Command::new("grep").args(["-c", "No Such Words In Capitals"]).arg(&path))?;
    other("grep -c -E", Command::new("grep").args(["-cE", "fata[l]: \\[x+\\]"]).arg(&path))?;
    other("wc -l", Command::new("wc").arg("-l").arg(&path))?;
    other("less, to the end with line numbers", Command::new("less").args(["-N", "+G", "-E"]).arg(&path))?;
    other("lnav, headless", Command::new("lnav").args(["-n", "-c", ":quit"]).arg(&path))?;
    Ok(())
}

fn indexed(path: &Path, scrubber: &Arc<Scrubber>) -> Result<LogFile, Failure> {
    let log = LogFile::open(path, scrubber.clone())?;
    wait(|| log.status().bytes == SIZE);
    Ok(log)
}

fn wait(done: impl Fn() -> bool) {
    while !done() {
        std::thread::sleep(Duration::from_micros(200));
    }
}

fn row(name: &str, mut work: impl FnMut() -> Result<(), Failure>) -> Result<(), Failure> {
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        work()?;
        best = best.min(start.elapsed());
    }
    println!("  {:>9.4} s  {name}", best.as_secs_f64());
    Ok(())
}

/// Another program on the same file; absent ones are said to be absent.
fn other(name: &str, command: &mut Command) -> Result<(), Failure> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if command.spawn().and_then(|mut child| child.wait()).is_err() {
        println!("     absent    {name}");
        return Ok(());
    }
    row(name, || {
        command.status()?;
        Ok(())
    })
}

/// Resident memory of this process in megabytes (Linux).
fn resident() -> Result<u64, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    Ok(line.split_whitespace().nth(1).unwrap_or("0").parse::<u64>()? >> 10)
}

/// The generated log: in shape and proportion what a long ansible run writes.
fn log() -> Result<PathBuf, Failure> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench-packer-build.log");
    if path.metadata().is_ok_and(|meta| meta.len() == SIZE) {
        return Ok(path);
    }
    let mut out = BufWriter::new(File::create(&path)?);
    let (mut written, mut n) = (0, 0_u64);
    while written < SIZE {
        n += 1;
        let stamp = format!("2026/11/23 {:02}:{:02}:{:02} ", n / 360_000 % 24, n / 6000 % 60, n / 100 % 60);
        let text = match n % 20 {
            0 => format!(
                "{stamp}ui: \u{1b}[1;32m==> vsphere-iso.linux-debian: changed: [default] => (item=package-{n})\u{1b}[0m\n"
            ),
            1 if n % 1000 == 1 => {
                format!("{stamp}ui: ==> vsphere-iso.linux-debian: TASK [base : Step {n}] ******************\n")
            }
            2 if n % 100_000 == 2 => {
                format!("{stamp}ui error: ==> vsphere-iso.linux-debian: fatal: [default]: FAILED! => {{}}\n")
            }
            n if n % 3 == 0 => format!("{stamp}[INFO] {n} bytes written for 'stdout'\n"),
            _ => format!(
                "{stamp}<sensitive>-plugin-vsphere_v2.1.0_x5.0_linux_amd64 plugin: {stamp}[DEBUG] starting remote command: \
                 /bin/sh -c 'chmod u+rwx /home/<sensitive>/.<sensitive>/tmp/tmp-{n} && sleep 0'\n"
            ),
        };
        let room = usize::try_from(SIZE - written)?;
        let bytes = &text.as_bytes()[..text.len().min(room)];
        out.write_all(bytes)?;
        written += bytes.len() as u64;
    }
    out.flush()?;
    Ok(path)
}
