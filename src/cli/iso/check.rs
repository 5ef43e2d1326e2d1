//! `iso check`: what every mirror offers, and with `--apply` the bumps written.

use std::path::PathBuf;

use anyhow::Context as _;
use serde_json::{Value, json};
use tmpl::fs::{Access, write_whole};
use tmpl::iso::{Bumped, Mirror};
use tmpl::ops::media::{self, Bumps, Offer, Take};
use tmpl::ops::{Error, Operation, permitted};
use tmpl::pipeline::Line;

use super::tell;
use crate::cli::{Context, Exit};

/// Arguments of `iso check`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Write what is newer into the matrix and the var-files
    #[arg(long)]
    apply: bool,
    /// Commit what was written, in one git commit
    #[arg(long, requires = "apply")]
    commit: bool,
    /// Write the keys of bumped lines to FILE, one per line
    #[arg(long, value_name = "FILE", requires = "apply")]
    bumped: Option<PathBuf>,
    /// One JSON object per line
    #[arg(long)]
    json: bool,
}

impl Args {
    const fn take(&self) -> Take {
        match (self.apply, self.commit) {
            (false, _) => Take::Show,
            (true, false) => Take::Write,
            (true, true) => Take::Commit,
        }
    }
}

/// Runs the verb.
pub async fn run(context: &Context, mirror: &Mirror, args: &Args) -> anyhow::Result<Exit> {
    if args.apply {
        permitted(Operation::Bump, context.mode()).map_err(Error::from)?;
    }
    let context = context.ops()?;
    let mut bumps = Bumps::begin(&context, args.take())?;
    let mut exit = Exit::Done;
    let offers = media::check_all(&context, mirror, &context.lines).await;
    for (line, (_, offer)) in context.lines.iter().zip(offers) {
        if !told(args.json, line, offer, &mut bumps)? {
            exit = Exit::Failed;
        }
    }
    let bumps = bumps.finish()?;
    if let Some(path) = &args.bumped {
        let keys: String = bumps.iter().map(|bumped| format!("{}\n", bumped.key)).collect();
        write_whole(path, Access::Private, keys.as_bytes())
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(exit)
}

/// Takes what is newer and says what there is to say of one line; false where that is an error.
fn told(as_json: bool, line: &Line, offer: Result<Offer, Error>, bumps: &mut Bumps<'_>) -> std::io::Result<bool> {
    let key = &line.key.0;
    let told = match offer {
        Ok(Offer::Newer(newer)) => {
            let (release, digest, size) = (newer.release.clone(), newer.digest.to_string(), newer.size);
            match bumps.take(&line.key, *newer) {
                Ok(bumped) => {
                    let more = json!({ "from": bumped.from, "to": bumped.to, "iso_url": release.iso_url,
                        "sums_url": release.sums_url, "sha256": digest, "size": size });
                    return tell_bump(as_json, &bumped, more).map(|()| true);
                }
                Err(error) => Err(error),
            }
        }
        Ok(Offer::Current { file }) => Ok(("OK", file)),
        Ok(Offer::ByHand) => Ok(("MANUAL", "staged by hand".into())),
        Ok(Offer::Skipped { reason }) => Ok(("SKIP", reason.into())),
        Err(error) => Err(error),
    };
    let left = bumps.left(line);
    match &told {
        Err(error) => tell(as_json, "ERROR", key, &error.to_string(), Value::Null)?,
        Ok((word, text)) if left.is_none() => tell(as_json, word, key, text, Value::Null)?,
        Ok(_) => {}
    }
    if let Some(left) = left {
        tell_bump(as_json, &left, Value::Null)?;
    }
    Ok(told.is_ok())
}

fn tell_bump(as_json: bool, Bumped { key, from, to, .. }: &Bumped, more: Value) -> std::io::Result<()> {
    tell(as_json, "BUMP", &key.0, &format!("{from} -> {to}"), more)
}
