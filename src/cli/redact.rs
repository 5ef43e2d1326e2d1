//! `redact`: scrub secrets from a stream.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use tmpl::text::redact::{Scrubber, Secret, secrets_of_repository};

use super::{Context, Exit, Stop, output};

/// Bytes read at a time.
const PIECE: usize = 256 << 10;

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
    let scrubber = scrubber(repo, args)?;
    for name in scrubber.refused() {
        output::note(&format!("{name}: shorter than 4 characters, not redacted; use a longer secret"))?;
    }
    let mut input: Box<dyn Read> = match &args.file {
        None => Box::new(std::io::stdin().lock()),
        Some(path) => {
            let opened = File::open(path).with_context(|| format!("cannot read {}", path.display()));
            Box::new(opened.map_err(|error| Stop::usage(format!("{error:#}")))?)
        }
    };
    let mut output = std::io::stdout().lock();
    let mut stream = scrubber.stream();
    let (mut piece, mut clean) = (vec![0; PIECE], Vec::new());
    loop {
        let got = match input.read(&mut piece) {
            Ok(0) => break,
            Ok(got) => got,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error).context("cannot read on"),
        };
        stream.push(&piece[..got], &mut clean);
        output.write_all(&clean)?;
        output.flush()?;
        clean.clear();
    }
    stream.finish(&mut clean);
    output.write_all(&clean)?;
    output.flush()?;
    Ok(Exit::Done)
}

fn scrubber(repo: &Path, args: &Args) -> anyhow::Result<Scrubber> {
    let mut secrets = secrets_of_repository(repo);
    for name in &args.also {
        let value = std::env::var_os(name).ok_or_else(|| Stop::usage(format!("--also {name}: no such variable")))?;
        secrets.push(Secret::new(name, value.to_string_lossy()));
    }
    Ok(Scrubber::new(secrets))
}
