//! `build`: one line, with packer.

use super::{Context, Exit};

/// Arguments of `build`.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the verb.
pub async fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let _ = (context, args);
    anyhow::bail!("not built yet")
}
