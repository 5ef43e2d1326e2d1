//! `validate`: is the repository sound, for every line or one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tmpl::packer_run::{self, Complaint, PackerValidation};
use tmpl::pipeline::Line;
use tmpl::pipeline::check::{self, Defect, Findings};
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

/// What we look at ourselves, and packer's own `validate` per line, where a packer new enough is present: what packer
/// accepts is no defect of a template.
pub async fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let only = (args.os != "all").then_some(args.os.as_str());
    let repo = &context.global.repo;
    let mut found = check::inspect(repo, only);
    let lines = match (context.matrix(), only) {
        (Ok(matrix), Some(key)) => vec![matrix.line(key).map_err(Stop::usage)?.clone()],
        (Ok(matrix), None) => matrix.lines.clone(),
        (Err(error), _) if found.ours.is_empty() || context.has_no_lines() => return Err(error),
        // It is among the findings.
        (Err(_), _) => Vec::new(),
    };
    let asked = ask(context, &lines, &args, &mut found).await?;
    found.checked.extend(asked.words());
    let findings = found.all();
    let count = findings.len();
    if args.json {
        output::json_pretty(&findings)?;
    } else {
        findings.into_iter().try_for_each(|finding| output::result(&finding.to_string()))?;
    }
    for (why, keys) in &asked.unable {
        output::aside(&format!("packer cannot say anything about {}: {why}", keys.join(", ")))?;
    }
    let mut notes = found.notes;
    notes.sort();
    notes.dedup();
    notes.iter().try_for_each(|note| output::note(&note.to_string()))?;
    match count {
        0 => {
            output::aside(&format!("checked, nothing wrong: {}", found.checked.join(", ")))?;
            Ok(Exit::Done)
        }
        1 => Err(anyhow::anyhow!("1 defect found")),
        many => Err(anyhow::anyhow!("{many} defects found")),
    }
}

/// What became of asking packer.
#[derive(Default)]
struct Asked {
    valid: usize,
    no_packer: Option<String>,
    /// why packer could not tell, and about which lines
    unable: BTreeMap<String, Vec<String>>,
}

impl Asked {
    fn words(&self) -> Option<String> {
        match &self.no_packer {
            Some(why) => Some(format!("not asked: packer ({why})")),
            None => (self.valid > 0).then(|| format!("packer accepts {} lines", self.valid)),
        }
    }
}

/// Packer's own opinion, which takes the place of ours.
async fn ask(context: &Context, lines: &[Line], args: &Args, found: &mut Findings) -> anyhow::Result<Asked> {
    let mut asked = Asked::default();
    let repo = std::path::absolute(&context.global.repo).map_err(Stop::usage)?;
    for line in lines {
        match packer_run::validate(&repo, line, &args.packer).await? {
            PackerValidation::Valid => {
                asked.valid += 1;
                found.packers.remove(&line.key);
            }
            PackerValidation::NoPacker(why) => {
                output::aside(&format!("static checks only: {why}"))?;
                asked.no_packer = Some(why);
                break;
            }
            PackerValidation::Unable(why) => {
                let why = Scrubber::for_evidence().safe_line(&why).to_string();
                asked.unable.entry(why).or_default().push(line.key.0.clone());
            }
            PackerValidation::Defects(complaints) => {
                let defects = complaints.iter().map(|complaint| defect(&repo, line, complaint));
                found.packers.insert(line.key.clone(), defects.collect());
            }
        }
    }
    Ok(asked)
}

fn defect(repo: &Path, line: &Line, complaint: &Complaint) -> Defect {
    let words = Scrubber::for_evidence().safe_line(&complaint.words);
    let (file, at) = match &complaint.place {
        Some((file, at)) => (line.invocation().dir.join(file), Some(*at)),
        None => (line.build_dir.clone().into(), None),
    };
    let file = file.strip_prefix(repo).map(Path::to_owned).unwrap_or(file);
    let safe = |name: &String| Scrubber::for_evidence().safe_line(name).to_string();
    let names: Vec<String> = complaint.unset.iter().map(safe).collect();
    let unnamed = !names.is_empty() && line.invocation().var_files.is_empty();
    let remedy = match unnamed {
        true => "name its var-files in tmpl.toml (tmpl-tui init), or export PKR_VAR_<name>",
        false => "correct what packer names",
    };
    Defect { names, ..Defect::new(file, at, format!("packer refuses {}: {words}", line.key), remedy) }
}
