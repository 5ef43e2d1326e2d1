//! `iso check`: what every mirror offers, and with `--apply` the bumps written.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use serde_json::{Value, json};
use tmpl::fs::{Access, write_whole};
use tmpl::iso::discover::{self, MediaCheck, file_name};
use tmpl::iso::{Bump, BumpError, Mirror, Release, Writer};
use tmpl::pipeline::matrix::MATRIX_PATH;
use tmpl::pipeline::{Key, Line, Matrix};

use super::{tell, writable};
use crate::cli::{Context, Exit, Stop};

/// Arguments of `iso check`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Write what is newer into matrix and var-files
    #[arg(long)]
    apply: bool,
    /// Commit what was written, in one git commit
    #[arg(long, requires = "apply")]
    commit: bool,
    /// Write the keys of bumped lines to FILE, one a line
    #[arg(long, value_name = "FILE", requires = "apply")]
    bumped: Option<PathBuf>,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

/// A bump that is written, or would be.
struct Bumped {
    key: Key,
    from: String,
    to: String,
    files: Vec<PathBuf>,
}

/// Runs the verb.
pub async fn run(context: &Context, mirror: &Mirror, args: &Args) -> anyhow::Result<Exit> {
    if args.apply {
        writable(context, "iso check --apply")?;
    }
    let repo = &context.global.repo;
    let lines = context.matrix()?.lines;
    let committed = if args.commit { committed(repo)? } else { None };
    let writer = if args.apply { Some(writer(repo)?) } else { None };
    let mut failed = false;
    let mut bumps = Vec::new();
    for (key, finding) in discover::check(mirror, &lines).await {
        let answer = answer(repo, writer.as_ref(), &key, finding);
        // A bump that an earlier run could not commit is one of this run's, whatever the mirror says.
        let left = left_uncommitted(committed.as_ref(), &lines, &key);
        let (bumped, more) = match answer {
            Ok(Answer::Bump(bumped, more)) => (Some(bumped), more),
            Ok(Answer::Other(word, text)) => {
                if left.is_none() {
                    tell(args.json, word, &key.0, &text, Value::Null)?;
                }
                (left, Value::Null)
            }
            Err(reason) => {
                failed = true;
                tell(args.json, "ERROR", &key.0, &reason, Value::Null)?;
                (left, Value::Null)
            }
        };
        if let Some(bumped) = bumped {
            tell(args.json, "BUMP", &key.0, &format!("{} -> {}", bumped.from, bumped.to), more)?;
            bumps.push(bumped);
        }
    }
    if args.commit && !bumps.is_empty() {
        commit(repo, &bumps)?;
    }
    if let Some(path) = &args.bumped {
        let keys: String = bumps.iter().map(|bumped| format!("{}\n", bumped.key)).collect();
        write_whole(path, Access::Private, keys.as_bytes())
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(if failed { Exit::Failed } else { Exit::Done })
}

fn writer(repo: &Path) -> anyhow::Result<Writer> {
    Writer::open(repo).map_err(|error| match error {
        BumpError::Locked => Stop::refused(error),
        other => other.into(),
    })
}

enum Answer {
    /// and what JSON says besides
    Bump(Bumped, Value),
    Other(&'static str, String),
}

/// What is to be said of one line; its bump is written where `writer` is given.
fn answer(repo: &Path, writer: Option<&Writer>, key: &Key, finding: MediaCheck) -> Result<Answer, String> {
    match finding {
        MediaCheck::Current { file } => Ok(Answer::Other("OK", file)),
        MediaCheck::Manual => Ok(Answer::Other("MANUAL", "staged by hand".into())),
        MediaCheck::Skipped { reason } => Ok(Answer::Other("SKIP", reason.into())),
        MediaCheck::Failed(error) => Err(error.to_string()),
        MediaCheck::Newer { release, digest, size, .. } => {
            let bumped = bump(repo, writer, key, &release).map_err(|error| format!("{error:#}"))?;
            let more = json!({ "from": bumped.from, "to": bumped.to, "iso_url": release.iso_url,
                "sums_url": release.sums_url, "sha256": digest.to_string(), "size": size });
            Ok(Answer::Bump(bumped, more))
        }
    }
}

fn bump(repo: &Path, writer: Option<&Writer>, key: &Key, release: &Release) -> anyhow::Result<Bumped> {
    // Read anew: the bump before this one changed the matrix.
    let line = Matrix::load(repo)?.line(&key.0)?.clone();
    let bump = Bump::prepare(repo, &line, release)?;
    if let Some(writer) = writer {
        writer.write(&bump)?;
    }
    let files = vec![bump.config.path, bump.matrix.path];
    Ok(Bumped { key: key.clone(), from: bump.from, to: bump.to, files })
}

/// The matrix as it was last committed; `None` where there is none yet.
fn committed(repo: &Path) -> anyhow::Result<Option<Matrix>> {
    let output = git(repo).args(["show", &format!("HEAD:./{MATRIX_PATH}")]).output().context("cannot run git")?;
    if !output.status.success() {
        return Ok(None);
    }
    // One that cannot be read says nothing about bumps; the one at hand was read.
    Ok(Matrix::parse(repo, &String::from_utf8_lossy(&output.stdout)).ok())
}

/// A bump that an earlier run wrote and then could not commit: killed, or without a name to commit under.
fn left_uncommitted(committed: Option<&Matrix>, lines: &[Line], key: &Key) -> Option<Bumped> {
    let line = lines.iter().find(|line| line.key == *key)?;
    let before = committed?.line(&key.0).ok()?;
    let (from, to) = (file_name(before.iso_url.as_deref()?), file_name(line.iso_url.as_deref()?));
    let files = vec![Path::new(tmpl::pipeline::varfiles::CONFIG_DIR).join(&line.config), MATRIX_PATH.into()];
    (from != to).then(|| Bumped { key: key.clone(), from: from.to_owned(), to: to.to_owned(), files })
}

/// One commit of exactly the files that were bumped.
fn commit(repo: &Path, bumps: &[Bumped]) -> anyhow::Result<()> {
    let mut message = "Bump install media\n".to_owned();
    for Bumped { key, from, to, .. } in bumps {
        message.push_str(&format!("\n{key}: {from} -> {to}"));
    }
    let files = bumps.iter().flat_map(|bumped| &bumped.files);
    let status = git(repo).args(["commit", "--quiet", "--message", &message, "--only", "--"]).args(files).status()?;
    anyhow::ensure!(status.success(), "the bumps are written, but git could not commit them; the next run does");
    Ok(())
}

fn git(repo: &Path) -> Command {
    let mut git = Command::new("git");
    git.arg("-C").arg(repo);
    git
}
