//! `validate`: is the repository sound, for every line or one.

use std::io::Write;

use tmpl::pipeline::check;

use super::{Context, Exit};

/// Arguments of `validate`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// `all` (disabled lines too) or one key
    #[arg(long, default_value = "all")]
    os: String,
    /// Findings as a JSON array
    #[arg(long)]
    json: bool,
}

/// Static checks: no packer, no network, no vCenter.
pub fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    let only = (args.os != "all").then_some(args.os.as_str());
    let findings = check::check(&context.global.repo, only);
    let mut out = std::io::stdout().lock();
    if args.json {
        serde_json::to_writer_pretty(&mut out, &findings)?;
        writeln!(out)?;
    } else {
        for finding in &findings {
            writeln!(out, "{finding}")?;
        }
    }
    drop(out);
    if !findings.is_empty() {
        return Err(anyhow::anyhow!("{} defect(s) found", findings.len()));
    }
    Ok(Exit::Done)
}
