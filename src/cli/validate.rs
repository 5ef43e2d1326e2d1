//! `validate`: is the repository sound, for every line or one.

use std::path::PathBuf;

use tmpl::packer_run::{self, PackerValidation};
use tmpl::pipeline::check::{self, Defect};
use tmpl::pipeline::{Line, Matrix};
use tmpl::text::Scrubber;

use super::{Context, Exit, Stop, output};

/// Arguments of `validate`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// `all` (disabled lines too) or one key
    #[arg(long, default_value = "all")]
    os: String,
    /// Findings as a JSON array
    #[arg(long)]
    json: bool,
    /// The packer to ask after the static checks
    #[arg(long, value_name = "PATH", default_value = "packer")]
    packer: PathBuf,
}

/// Static checks first; then packer's own `validate` per line, where a packer new enough is present.
pub async fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let only = (args.os != "all").then_some(args.os.as_str());
    let mut findings = check::check(&context.global.repo, only);
    if findings.is_empty() {
        let matrix = context.matrix()?;
        let lines = match only {
            Some(key) => vec![matrix.line(key).map_err(Stop::usage)?.clone()],
            None => matrix.lines.clone(),
        };
        findings = ask(&matrix, &lines, &args).await?;
    }
    if args.json {
        output::json_pretty(&findings)?;
    } else {
        findings.iter().try_for_each(|finding| output::result(&finding.to_string()))?;
    }
    match findings.len() {
        0 => Ok(Exit::Done),
        1 => Err(anyhow::anyhow!("1 defect found")),
        many => Err(anyhow::anyhow!("{many} defects found")),
    }
}

/// Packer's own opinion; why it was not asked is said once, on stderr.
async fn ask(matrix: &Matrix, lines: &[Line], args: &Args) -> anyhow::Result<Vec<Defect>> {
    let mut findings = Vec::new();
    for line in lines {
        match packer_run::validate(&matrix.repo, line, &args.packer).await? {
            PackerValidation::Valid => {}
            PackerValidation::Skipped(why) => {
                output::aside(&format!("static checks only: {why}"))?;
                break;
            }
            PackerValidation::Defect(words) => {
                let words = Scrubber::for_evidence().safe_line(&words);
                findings.push(Defect {
                    file: line.build_dir.clone().into(),
                    line: None,
                    what: format!("packer refuses {}: {}", line.key, words),
                    remedy: "correct what packer names".into(),
                });
            }
        }
    }
    Ok(findings)
}
