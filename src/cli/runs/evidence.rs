//! `runs log`: the log a failed leg left at GitHub.

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use tmpl::github::Client;
use tmpl::github::pins::Skew;
use tmpl::ops::remote::{self, Fetched};
use tmpl::packer_run::Run;

use super::pod;
use crate::cli::{Context, Exit, log, output};

/// Arguments of `runs log`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Number (#87 or 87) or id of the run; without one the newest with a job that failed
    run: Option<String>,
    /// The job of this line; without it the only one that failed
    #[arg(long = "job", alias = "leg", value_name = "KEY")]
    leg: Option<String>,
    /// Where it is kept, and versions that differ from the checkout's, as one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Summary<'a> {
    #[serde(flatten)]
    run: &'a Run,
    skew: &'a [Skew],
}

/// Fetches the log unless it is here already, and prints it scrubbed.
pub async fn log(context: &Context, github: &Client, args: Args) -> anyhow::Result<Exit> {
    let (run, leg) = remote::find_leg(github, args.run.as_deref(), args.leg.as_deref()).await?;
    if leg.state.live() {
        return pod::log(github, &leg).await;
    }
    let bar = bar();
    let fetched = remote::fetch_leg(&context.ops()?, github, &run, &leg, &|bytes| bar.set_position(bytes)).await;
    bar.finish_and_clear();
    let Fetched { run: kept, skew } = fetched?;
    if args.json {
        output::json(&Summary { run: &kept, skew: &skew })?;
        return Ok(Exit::Done);
    }
    output::note(&format!(
        "{} of run #{}, kept in {}; why it failed: tmpl-tui triage --log {}",
        kept.key,
        run.number,
        kept.dir.display(),
        kept.shown().display()
    ))?;
    for skew in &skew {
        output::note(&skew.to_string())?;
    }
    log::whole(kept.shown())?;
    Ok(Exit::Done)
}

/// Bytes so far, on a terminal.
fn bar() -> ProgressBar {
    if !output::asides_to_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("fetching {bytes}").unwrap_or_else(|_| ProgressStyle::default_spinner());
    ProgressBar::new_spinner().with_style(style)
}
