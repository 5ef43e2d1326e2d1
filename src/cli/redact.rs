//! `redact`: scrub secrets from a stream.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use tmpl::pipeline::sensitive;
use tmpl::text::{Scrubber, Secret};

use super::{Context, Exit, Stop, output};

/// Arguments of `redact`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// File to read; stdin when absent
    file: Option<PathBuf>,
    /// Also scrub the value of this environment variable, whatever its name says (may be repeated)
    #[arg(long = "also", value_name = "NAME")]
    also: Vec<String>,
}

/// Runs the verb.
pub async fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let repo = context.global.repo.clone();
    tokio::task::spawn_blocking(move || scrub(&repo, &args)).await?
}

#[expect(clippy::disallowed_methods, reason = "a stream, scrubbed and otherwise as it is")]
fn scrub(repo: &Path, args: &Args) -> anyhow::Result<Exit> {
    let scrubber = scrubber(repo, &args.also)?;
    if !args.also.is_empty()
        && let Some(warning) = scrubber.warning()
    {
        output::note(&warning)?;
    }
    if let Some(warning) = scrubber.unknown_secrets(None) {
        output::note(&warning)?;
    }
    let mut input: Box<dyn Read> = match &args.file {
        None => Box::new(std::io::stdin().lock()),
        Some(path) => {
            let opened = File::open(path).with_context(|| format!("cannot read {}", path.display()));
            Box::new(opened.map_err(|error| Stop::usage(format!("{error:#}")))?)
        }
    };
    scrubber.for_leaving().copy(&mut input, &mut std::io::stdout().lock()).context("cannot go on")?;
    Ok(Exit::Done)
}

/// That of the process; what is named besides needs one of its own.
fn scrubber(repo: &Path, also: &[String]) -> anyhow::Result<Arc<Scrubber>> {
    if also.is_empty() {
        return Ok(Scrubber::for_evidence().clone());
    }
    let (mut secrets, lacking) = sensitive::secrets(repo);
    for name in also {
        let value = std::env::var_os(name).ok_or_else(|| Stop::usage(format!("--also {name}: no such variable")))?;
        secrets.push(Secret::new(name, value.to_string_lossy()));
    }
    Ok(Arc::new(Scrubber::new(secrets).with_lacking(lacking)))
}
