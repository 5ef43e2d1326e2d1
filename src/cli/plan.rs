//! `plan`: the lines a run builds, as compact JSON.

use super::{Context, Exit};

/// Arguments of `plan`.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Prints the selected entries.
pub fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    let _ = (context, args);
    anyhow::bail!("not built yet")
}
