//! What `build` takes.

use std::path::PathBuf;
use std::time::Duration;

use tmpl::duration;
use tmpl::packer_run::OnError;

use super::super::change::TakeOver;

/// Arguments of `build`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The line
    pub(super) key: String,
    /// Print packer's command line, run nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Promote after success
    #[arg(long)]
    pub(super) promote: bool,
    /// Promote even if packer carried on after a provisioner failed (continue_on_error)
    #[arg(long, requires = "promote")]
    pub(super) allow_warnings: bool,
    /// What packer does with the VM of a failed build [default: what tmpl.toml says, else cleanup]
    #[arg(long, value_enum, value_name = "WHAT")]
    pub(super) on_error: Option<OnErrorArg>,
    /// The packer to run
    #[arg(long, default_value = "packer", value_name = "PATH")]
    pub(super) packer: PathBuf,
    /// Put packer's log here instead of into the run's folder; it holds secrets
    #[arg(long, value_name = "FILE")]
    pub(super) log: Option<PathBuf>,
    #[command(flatten)]
    pub(super) take_over: TakeOver,
    /// Cancel cleanly after this long: minutes, or with a unit (90s, 45m, 2h)
    #[arg(long, value_name = "TIME", value_parser = length)]
    pub(super) timeout: Option<Duration>,
    /// How long packer may take to clean up before it is killed and its VM swept
    #[arg(long, value_name = "TIME", value_parser = length, default_value = "5m")]
    pub(super) grace: Duration,
    /// Print the finished run as JSON
    #[arg(long)]
    pub(super) json: bool,
    /// Write outputs, an annotation and the step summary where GitHub Actions expects them
    #[arg(long)]
    pub(super) github: bool,
    /// Supervise a build for the console, records below this folder
    #[arg(long, hide = true, value_name = "DIR")]
    pub(super) detached: Option<PathBuf>,
}

/// What `--on-error` takes.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum OnErrorArg {
    /// destroy it
    Cleanup,
    /// leave it
    Abort,
    /// ask at the terminal
    Ask,
}

impl From<OnErrorArg> for OnError {
    fn from(arg: OnErrorArg) -> Self {
        match arg {
            OnErrorArg::Cleanup => Self::Cleanup,
            OnErrorArg::Abort => Self::Abort,
            OnErrorArg::Ask => Self::Ask,
        }
    }
}

fn length(text: &str) -> Result<Duration, &'static str> {
    duration::typed(text).ok_or("minutes, or a number with s, m or h")
}
