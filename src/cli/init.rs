//! `init`: writes a `tmpl.toml` by looking at the repository.

use std::io::{ErrorKind, Write};

use anyhow::Context as _;
use tmpl::fs::{Access, WholeFile};
use tmpl::pipeline::layout::LAYOUT_PATH;
use tmpl::pipeline::{Layout, Matrix, propose};

use super::{Context, Exit, Stop, output};

/// Every key, commented out.
const SAMPLE: &str = include_str!("../../docs/tmpl.sample.toml");

/// Arguments of `init`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print it instead of writing it
    #[arg(long)]
    print: bool,
    /// Print every key there is, each with a comment
    #[arg(long, conflicts_with = "print")]
    sample: bool,
}

/// Writes `tmpl.toml` where the repository needs one, and says what it means.
pub fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    if args.sample {
        SAMPLE.lines().try_for_each(output::result)?;
        return Ok(Exit::Done);
    }
    let repo = &context.global.repo;
    let path = repo.join(LAYOUT_PATH);
    match std::fs::symlink_metadata(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(Stop::usage(format!("cannot read {}: {error}", path.display()))),
        Ok(_) => {
            return Err(Stop::refused(format!(
                "{} is there already; remove it to have it written anew",
                path.display()
            )));
        }
    }
    let proposal = propose(repo).map_err(Stop::usage)?;
    for note in &proposal.notes {
        output::note(note)?;
    }
    if proposal.text.is_empty() {
        return Ok(Exit::Done);
    }
    Layout::parse(&path, &proposal.text).context("what was found cannot be written as tmpl.toml")?;
    if args.print || context.mode().is_read_only() {
        proposal.text.lines().try_for_each(output::result)?;
        return Ok(Exit::Done);
    }
    let file = WholeFile::new(&path, Access::Shared).new_only();
    file.write(|out| out.write_all(proposal.text.as_bytes()))
        .with_context(|| format!("cannot write {}", path.display()))?;
    output::result(&format!(
        "{}: {} lines; tmpl-tui validate checks them",
        path.display(),
        Matrix::load(repo)?.lines.len()
    ))?;
    Ok(Exit::Done)
}
