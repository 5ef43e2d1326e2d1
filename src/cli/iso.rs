//! `iso check` and `iso upload`: newer install media, and getting it onto the datastore.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use tmpl::iso::{self, Bump, Finding, Mirror, Staged, discover};
use tmpl::pipeline::{Line, Matrix, varfiles};
use tmpl::vcenter::datastore::FilePath;

use super::{Context, Exit, Stop};

/// Arguments of `iso`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Ask every mirror for newer releases
    Check(CheckArgs),
    /// Put ISOs on the datastore, checksummed
    Upload(UploadArgs),
}

#[derive(Debug, clap::Args)]
struct CheckArgs {
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

#[derive(Debug, clap::Args)]
struct UploadArgs {
    /// A line, or `all`
    key: String,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

/// Runs the verb.
pub async fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let mirror = Mirror::new(Duration::from_secs(20), 3)?;
    match args.verb {
        Verb::Check(args) => check(context, &mirror, &args).await,
        Verb::Upload(args) => upload(context, &mirror, &args).await,
    }
}

async fn check(context: &Context, mirror: &Mirror, args: &CheckArgs) -> anyhow::Result<Exit> {
    let repo = &context.global.repo;
    let lines = context.matrix()?.lines;
    let mut failed = false;
    let mut bumps = Vec::new();
    for (key, finding) in discover::check(mirror, &lines).await {
        match finding {
            Finding::Current { file } => say(args.json, "OK", &key.0, &file)?,
            Finding::Manual => say(args.json, "MANUAL", &key.0, "staged by hand")?,
            Finding::Failed(error) => {
                failed = true;
                say(args.json, "ERROR", &key.0, &error.to_string())?;
            }
            Finding::Newer { file, release, .. } => {
                // Read anew: the bump before this one changed the matrix.
                let line = Matrix::load(repo).map_err(Stop::usage)?.line(&key.0).map_err(Stop::usage)?.clone();
                let bump = Bump::prepare(repo, &line, &release)
                    .and_then(|bump| if args.apply { bump.write(repo).map(|()| bump) } else { Ok(bump) });
                match bump {
                    Ok(bump) => {
                        say(args.json, "BUMP", &key.0, &format!("{file} -> {}", bump.to))?;
                        bumps.push((key, bump));
                    }
                    Err(error) => {
                        failed = true;
                        say(args.json, "ERROR", &key.0, &error.to_string())?;
                    }
                }
            }
        }
    }
    if args.commit && !bumps.is_empty() {
        commit(repo, &bumps.iter().map(|(key, bump)| (key.0.as_str(), bump)).collect::<Vec<_>>())?;
    }
    if let Some(path) = &args.bumped {
        let keys: String = bumps.iter().map(|(key, _)| format!("{key}\n")).collect();
        whole(path, &keys)?;
    }
    Ok(if failed { Exit::Failed } else { Exit::Done })
}

/// One commit of exactly the files that were bumped.
fn commit(repo: &Path, bumps: &[(&str, &Bump)]) -> anyhow::Result<()> {
    let mut message = "Bump install media\n".to_owned();
    for (key, bump) in bumps {
        message.push_str(&format!("\n{key}: {} -> {}", bump.from, bump.to));
    }
    let files = bumps.iter().flat_map(|(_, bump)| [&bump.config.path, &bump.matrix.path]);
    let status = Command::new("git")
        .arg("-C")
        .arg(repo)
        .args(["commit", "--quiet", "--message", &message, "--only", "--"])
        .args(files)
        .status()?;
    anyhow::ensure!(status.success(), "the bumps are written, but git could not commit them");
    Ok(())
}

/// Written beside and renamed: the file is whole or not there.
fn whole(path: &Path, text: &str) -> anyhow::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.persist(path)?;
    Ok(())
}

async fn upload(context: &Context, mirror: &Mirror, args: &UploadArgs) -> anyhow::Result<Exit> {
    let lines = match args.key.as_str() {
        "all" => context.matrix()?.lines,
        key => vec![context.line(key)?],
    };
    let datastore = datastore(&context.global.repo)?;
    let client = context.client()?;
    let folders =
        lines.iter().map(|line| FilePath { datastore: datastore.clone(), path: line.iso_datastore_path.clone() });
    let gate = context.gate(&client)?.with_media(folders.collect::<Vec<_>>());
    let mut failed = 0;
    for line in &lines {
        match stage(context, &gate, mirror, line, &datastore).await {
            Ok(Staged::Present) => say(args.json, "SKIP", &line.key.0, "present")?,
            Ok(Staged::Uploaded) => say(args.json, "DONE", &line.key.0, "uploaded and verified")?,
            Ok(Staged::Manual) => say(args.json, "MANUAL", &line.key.0, "staged by hand")?,
            Err(error) => {
                failed += 1;
                say(args.json, "ERROR", &line.key.0, &error.to_string())?;
            }
        }
    }
    client.logout().await;
    if failed > 0 {
        return Err(anyhow::anyhow!("{failed} of {} lines not staged", lines.len()));
    }
    Ok(Exit::Done)
}

async fn stage(
    context: &Context,
    gate: &tmpl::vcenter::gate::Gate,
    mirror: &Mirror,
    line: &Line,
    datastore: &str,
) -> anyhow::Result<Staged> {
    let _alone = alone(context, line)?;
    let bar = if std::io::stderr().is_terminal() { ProgressBar::new(0) } else { ProgressBar::hidden() };
    bar.set_style(ProgressStyle::with_template("{msg} {bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta}")?);
    bar.set_message(line.key.0.clone());
    let shown = bar.clone();
    let progress = Arc::new(move |done, size| {
        shown.set_length(size);
        shown.set_position(done);
    });
    let staged = iso::stage(gate, mirror, line, datastore, progress).await;
    bar.finish_and_clear();
    Ok(staged?)
}

/// One upload of a line at a time on this machine; the lock goes with the process.
fn alone(context: &Context, line: &Line) -> anyhow::Result<nix::fcntl::Flock<std::fs::File>> {
    let folder = context.state()?.path().join("stage");
    tmpl::paths::create_private_dir(&folder)?;
    let file = std::fs::File::create(folder.join(format!("{}.lock", line.key)))?;
    nix::fcntl::Flock::lock(file, nix::fcntl::FlockArg::LockExclusiveNonblock)
        .map_err(|_| anyhow::anyhow!("another upload of {} is running on this machine", line.key))
}

/// The ISO datastore, as the templates have it.
fn datastore(repo: &Path) -> anyhow::Result<String> {
    let path = Path::new(varfiles::CONFIG_DIR).join("common.pkrvars.hcl");
    let text = std::fs::read_to_string(repo.join(&path))
        .map_err(|error| Stop::usage(format!("{}: {error}", path.display())))?;
    varfiles::literal(&text, "common_iso_datastore")
        .ok_or_else(|| Stop::usage(format!("{} does not assign common_iso_datastore", path.display())))
}

fn say(as_json: bool, word: &str, key: &str, text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    if as_json {
        return writeln!(out, "{}", json!({ "result": word, "key": key, "text": text }));
    }
    writeln!(out, "{word:<4} {key}: {text}")
}
