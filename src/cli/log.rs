//! `log`: the scrubbed log of a line's newest run, or of a file.

use super::{Context, Exit};

/// Arguments of `log`.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the verb.
pub async fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let _ = (context, args);
    anyhow::bail!("not built yet")
}
