//! Earlier runs of a line, so that the clock of the demo can tell what is usual.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::generation::MadeOf;
use crate::packer_run::{self, ForeignRun, Made};
use crate::paths::StateDir;
use crate::pipeline::{Line, Medium};

/// How many weeks back, and the guest's seconds until it had its address.
const RUNS: [(i64, f64); 5] = [(1, 470.0), (2, 462.0), (3, 515.0), (4, 455.0), (5, 478.0)];

/// Leaves the records of runs that were stopped while they provisioned. `speed` is that of the lab: guests were as fast.
///
/// # Errors
/// Those of writing.
pub fn write(state: &StateDir, line: &Line, speed: f64) -> io::Result<()> {
    for (weeks, address) in RUNS {
        let started = Timestamp::now() - SignedDuration::from_hours(weeks * 7 * 24);
        let after = |seconds: f64| {
            started.checked_add(SignedDuration::from_secs_f64(seconds / speed)).map_err(io::Error::other)
        };
        let told = [
            (0.0, "Creating virtual machine..."),
            (20.0, "Waiting for IP..."),
            (20.0 + address, "Using WinRM communicator to connect: 10.0.8.31"),
            (60.0 + address, "Connected to WinRM!"),
            (600.0 + address, "Running shutdown command..."),
        ];
        let mut log = String::new();
        for (seconds, text) in told {
            // Packer's clock is that of this machine.
            let stamp = after(seconds)?.to_zoned(TimeZone::system()).strftime("%Y/%m/%d %H:%M:%S").to_string();
            writeln!(log, "{stamp} ui: ==> vsphere-iso.earlier: {text}").map_err(io::Error::other)?;
        }
        let incoming_dir = packer_run::incoming_dir(state, line)?;
        std::fs::write(incoming_dir.path().join("packer-build.log"), log)?;
        let foreign = ForeignRun {
            origin: "the demo".into(),
            name: "earlier".into(),
            started,
            ended: Some(after(700.0 + address)?),
            cancelled: true,
            reason: Some("stopped, a run of the demo".into()),
            packer_version: String::new(),
        };
        packer_run::import_run(state, line, &foreign, incoming_dir)?;
    }
    Ok(())
}

/// What the notes of a line's template say: the newest one has `age` 0.
pub fn made(repo: &Path, line: &Line, age: usize) -> MadeOf {
    const COMMITS: [&str; 2] = ["4f2a91c07be1", "b81d60e2c9f4"];
    let iso = Medium::read(repo, line).ok().map(|medium| format!("{}/{}", medium.folder, medium.file));
    let made = Made {
        by: "schedule on GitHub".into(),
        command: format!("tmpl-tui build {} --promote --on-error cleanup", line.key),
        commit: Some(COMMITS[age.min(1)].into()),
        clean: Some(true),
        packer: "1.15.0".into(),
        ansible: Some("2.19.4".into()),
        iso,
        var_files: Some("9c1be2f04d77".into()),
    };
    MadeOf { made, plugins: vec!["ansible v1.1.7".into(), "vsphere v2.1.0".into()] }
}
