//! `demo`: the console on the embedded lab.
//!
//! Two processes: this one is the lab, a second one with the lab's credentials (and nobody else's) is the console, so that
//! everything the console starts finds the lab in its environment as it finds a real vCenter.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use clap::ValueEnum as _;
use tmpl::child::{self, Kind};
use tmpl::console::Images;
use tmpl::lab::Book;
use tmpl::lab::real::Wish;
use tmpl::lab::showcase::{self, Error, Showcase};
use tokio::signal::unix::{SignalKind, signal};

use super::{Context, Exit, Stop, output, tui};

/// An end that takes longer is announced: the screen is the shell's again, and nothing moves on it.
const AT_ONCE: Duration = Duration::from_millis(300);

/// Arguments of `demo`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What goes wrong; --list names the scenarios
    #[arg(long, value_name = "NAME", conflicts_with = "real")]
    scenario: Option<String>,
    /// Name the scenarios and end
    #[arg(long)]
    list: bool,
    /// Lab seconds per real second
    #[arg(long, default_value_t = 10.0, value_name = "N", conflicts_with = "real")]
    speed: f64,
    /// One build with a real guest: QEMU with Secure Boot runs a real installer, at its own speed
    #[arg(long)]
    real: bool,
    /// What the real guest boots; else Debian's installer package
    #[arg(long, value_name = "FILE", requires_all = ["real", "line"])]
    iso: Option<PathBuf>,
    /// The line that is built for real; else a Debian whose installer is here
    #[arg(long, value_name = "KEY", requires = "real")]
    line: Option<String>,
    /// How console pictures are shown [default: auto]
    #[arg(long, value_enum, value_name = "MODE")]
    images: Option<Images>,
    /// The second process: the folder the first one prepared
    #[arg(long, hide = true, value_name = "DIR")]
    inside: Option<PathBuf>,
    /// The lines whose builds the second process starts
    #[arg(long, hide = true, value_delimiter = ',')]
    start: Vec<String>,
}

/// Runs the verb.
pub async fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    if args.list {
        return list();
    }
    match &args.inside {
        Some(folder) => tui::demo(context, folder, &args.start, context.images(args.images)).await,
        None => lab(context, &args).await,
    }
}

/// Name and line of every scenario, for completions.
pub fn scenarios() -> Vec<(String, String)> {
    let book = Book::shipped().ok();
    let guests = book.iter().flat_map(|book| book.guests());
    guests.map(|guest| (guest.name.clone(), guest.line.clone())).collect()
}

fn list() -> anyhow::Result<Exit> {
    for guest in Book::shipped().map_err(anyhow::Error::msg)?.guests() {
        output::result(&format!("{:<20} {:<20} {}", guest.name, guest.line, guest.about))?;
    }
    Ok(Exit::Done)
}

/// The first process: sets everything up, runs the second one, and cleans up after it.
async fn lab(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    tui::available("the demo")?;
    if !(args.speed.is_finite() && args.speed > 0.0) {
        return Err(Stop::usage("--speed wants a number above 0"));
    }
    if context.global.elsewhere {
        return Err(Stop::usage("demo shows lines of its own; for those of --repo use the console or `lab`"));
    }
    let program = std::env::current_exe().context("cannot tell where this program is")?;
    let show = if args.real {
        Showcase::set_up_real(Wish { iso: args.iso.clone(), program: program.clone() }, args.line.as_deref()).await
    } else {
        Showcase::set_up(args.scenario.as_deref(), args.speed, &program).await
    };
    let show = match show {
        Err(error @ (Error::Scenario(_) | Error::LineOfIso | Error::Matrix(_))) => return Err(Stop::usage(error)),
        other => other?,
    };
    let status = second_process(context, args, &show, &program).await?;
    let end = show.end();
    tokio::pin!(end);
    let ended = match tokio::time::timeout(AT_ONCE, &mut end).await {
        Ok(ended) => ended,
        Err(_) => {
            output::note("ending the demo's builds…")?;
            end.await
        }
    };
    ended.context("cannot remove the demo's folder")?;
    Ok(match status.code() {
        Some(0) => Exit::Done,
        Some(2) => Exit::Usage,
        Some(130) | None => Exit::Cancelled,
        Some(_) => Exit::Failed,
    })
}

/// Runs the console in a process of its own and passes on a request to end.
async fn second_process(context: &Context, args: &Args, show: &Showcase, program: &Path) -> anyhow::Result<ExitStatus> {
    let (mut terminate, mut hang_up) = (signal(SignalKind::terminate())?, signal(SignalKind::hangup())?);
    // A Ctrl-C before the console has taken the terminal is for the console.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut command = child::command(Kind::Demo, program);
    command.stdin(Stdio::inherit()).envs(show.environment());
    command.env("XDG_STATE_HOME", showcase::state_home(show.folder()));
    command.arg("demo").arg("--inside").arg(show.folder()).arg("--start").arg(show.starts().join(","));
    if let Some(images) = args.images.and_then(|images| images.to_possible_value()) {
        command.arg("--images").arg(images.get_name());
    }
    if context.global.read_only {
        command.arg("--read-only");
    }
    let mut child = command.spawn().context("cannot start the console")?;
    loop {
        tokio::select! {
            status = child.wait() => return Ok(status?),
            _ = terminate.recv() => {}
            _ = hang_up.recv() => {}
            _ = interrupt.recv() => continue,
        }
        if let Some(pid) = child.id().and_then(|pid| i32::try_from(pid).ok()) {
            // It may have ended in this very moment.
            let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::SIGTERM);
        }
    }
}
