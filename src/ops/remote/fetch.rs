//! What a failed leg left, brought here.

use std::fs::File;

use super::super::blocking::blocking;
use super::super::{Context, Error, GitHubRefusal, Refusal};
use crate::github::pins::{self, Skew};
use crate::github::{Client, Leg, RemoteRun};
use crate::packer_run::Run;

/// A leg's evidence, kept here as a run of its line.
#[derive(Debug)]
pub struct Fetched {
    /// log, timeline and verdict open it like any other
    pub run: Run,
    /// versions that differ from the checkout's
    pub skew: Vec<Skew>,
}

/// Fetches the evidence of a leg unless it is here already; `on` hears how many bytes have come.
///
/// # Errors
/// [`Error::Refused`] while the leg is at work and when it went well; [`Error::GitHub`] when it left nothing that can be
/// opened.
pub async fn fetch_leg(
    context: &Context,
    github: &Client,
    run: &RemoteRun,
    leg: &Leg,
    on: &(dyn Fn(u64) + Sync),
) -> Result<Fetched, Error> {
    let no_line = || Refusal::from(GitHubRefusal::BuildsNoLine { leg: leg.name.clone() });
    let key = leg.key.as_ref().ok_or_else(no_line)?;
    let unknown = || Error::Usage(format!("{} builds a line that this matrix does not have", leg.name));
    let line = context.lines.iter().find(|line| line.key == *key).ok_or_else(unknown)?;
    let run = github.evidence(run, leg, line, &context.state, on).await?;
    let repo = context.repo.clone();
    let compared = blocking("comparing versions", move || {
        let used = File::open(&run.log).map(pins::used).unwrap_or_default();
        Ok(Fetched { skew: pins::skew(&pins::pinned(&repo), &used), run })
    });
    compared.await
}
