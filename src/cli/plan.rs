//! `plan`: the lines a run builds, as compact JSON.

use tmpl::pipeline::plan::{Selection, plan};

use super::{Context, Exit, Stop, output};

/// Arguments of `plan`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// `all` = the enabled lines; a key = that line, enabled or not
    #[arg(long, default_value = "all", value_name = "all|KEY")]
    os: String,
}

/// Prints the selected entries.
pub fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    let matrix = context.matrix()?;
    let lines = plan(matrix, &Selection::parse(&args.os)).map_err(Stop::usage)?;
    output::written(&lines)?;
    Ok(Exit::Done)
}
