//! Earlier runs of a line, so that the clock of the demo can tell what is usual.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::generation::MadeOf;
use crate::lab::github::REPOSITORY;
use crate::packer_run::{self, ForeignOutcome, ForeignRun, Made};
use crate::paths::StateDir;
use crate::pipeline::{Line, Medium, Os};

/// How many weeks back, the guest's seconds until it had its address, and how the run ended.
const RUNS: [(i64, f64, ForeignOutcome); 5] = [
    (1, 470.0, ForeignOutcome::Succeeded),
    (2, 462.0, ForeignOutcome::Succeeded),
    (3, 515.0, ForeignOutcome::Cancelled),
    (4, 455.0, ForeignOutcome::Succeeded),
    (5, 478.0, ForeignOutcome::Succeeded),
];

/// Leaves the records of runs on GitHub, all but one of which went well. `speed` is that of the lab: guests were as fast.
///
/// # Errors
/// Those of writing.
pub fn write(state: &StateDir, line: &Line, speed: f64) -> io::Result<()> {
    let by = match line.os {
        Os::Linux => "SSH",
        Os::Windows => "WinRM",
    };
    let build = |text: &str| format!("==> vsphere-iso.{}: {text}", line.key);
    let end = |text: &str| format!("Build 'vsphere-iso.{}' {text}", line.key);
    for (weeks, address, outcome) in RUNS {
        let started = Timestamp::now() - SignedDuration::from_hours(weeks * 7 * 24);
        let after = |seconds: f64| {
            started.checked_add(SignedDuration::from_secs_f64(seconds / speed)).map_err(io::Error::other)
        };
        let mut told = vec![
            (0.0, build("Creating virtual machine...")),
            (20.0, build("Waiting for IP...")),
            (20.0 + address, build(&format!("Using {by} communicator to connect: 10.0.8.31"))),
            (60.0 + address, build(&format!("Connected to {by}!"))),
            (61.0 + address, build("Provisioning with Ansible...")),
        ];
        told.extend(match outcome {
            ForeignOutcome::Succeeded => [
                (600.0 + address, build("Running shutdown command...")),
                (660.0 + address, build("Convert VM into template...")),
                (690.0 + address, end("finished after 20 minutes.")),
            ],
            ForeignOutcome::Failed | ForeignOutcome::Cancelled => [
                (
                    400.0 + address,
                    build("Provisioning step had errors: Running the cleanup provisioner, if present..."),
                ),
                (401.0 + address, build("Destroying VM...")),
                (402.0 + address, end("errored after 15 minutes: Build was cancelled.")),
            ],
        });
        let mut log = String::new();
        for (seconds, text) in told {
            // Packer's clock is that of this machine.
            let stamp = after(seconds)?.to_zoned(TimeZone::system()).strftime("%Y/%m/%d %H:%M:%S").to_string();
            writeln!(log, "{stamp} ui: {text}").map_err(io::Error::other)?;
        }
        let incoming_dir = packer_run::incoming_dir(state, line)?;
        std::fs::write(incoming_dir.path().join("packer-build.log"), log)?;
        let number = 90 - weeks;
        let cancelled = outcome == ForeignOutcome::Cancelled;
        let foreign = ForeignRun {
            origin: format!("https://github.com/{REPOSITORY}/actions/runs/{}", 7_100_000 + number),
            name: format!("github{number}x1"),
            started,
            ended: Some(after(700.0 + address)?),
            outcome,
            reason: cancelled.then(|| format!("on GitHub: run #{number} cancelled")),
            packer_version: "1.15.0".into(),
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
