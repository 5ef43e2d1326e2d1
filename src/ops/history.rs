//! The runs of a line, newest first, and what changed between the last one that went well and the first one that did not.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;

use super::Error;
use crate::child::{self, Kind};
use crate::duration::spoken;
use crate::packer_log::phase_times::TypicalDurations;
use crate::packer_log::{Phase, phase_times};
use crate::packer_run::{self, Made, Run, RunState};
use crate::paths::StateDir;
use crate::pipeline::{Key, Line};
use crate::text::Scrubber;

/// Bytes of a log in which plugins say their versions.
const HEAD: u64 = 1 << 20;
/// Commits that are named, at most.
const MAX_COMMITS: usize = 20;
/// A stage that took so many times as long as usual is named.
const SLOWER: f64 = 1.5;

/// One run of a line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PastRun {
    /// names it for `--run`
    pub id: String,
    /// when it began
    pub started: Timestamp,
    /// when it ended
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// how it stands
    pub state: RunState,
    /// why, where packer's log does not say
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// its page, when it was done on GitHub
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// of what and by whom it was made, where that is on record
    #[serde(skip_serializing_if = "Option::is_none")]
    pub made: Option<Made>,
    /// packer's version
    pub packer: String,
    /// its plugins with their versions, as its log names them
    pub plugins: Vec<String>,
}

impl PastRun {
    fn of(run: &Run) -> Self {
        Self {
            id: id(run),
            started: run.started,
            ended: run.ended,
            state: run.state,
            reason: run.reason.clone(),
            origin: run.origin.clone(),
            made: Made::read(&run.dir),
            packer: run.packer_version.clone(),
            plugins: plugins(&run.log),
        }
    }
}

/// The name of a run: that of its folder.
pub fn id(run: &Run) -> String {
    run.dir.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// All runs of a line, newest first.
///
/// # Errors
/// Those of reading the records.
pub fn of(state: &StateDir, key: &Key) -> Result<Vec<PastRun>, Error> {
    Ok(packer_run::all(state, key).map_err(Error::Record)?.iter().map(PastRun::of).collect())
}

/// One run of a line by its name, or the beginning of it that no other run has.
///
/// # Errors
/// None has it, or several.
pub fn find(state: &StateDir, key: &Key, wanted: &str) -> Result<Run, Error> {
    let mut runs = packer_run::all(state, key).map_err(Error::Record)?;
    runs.retain(|run| id(run).starts_with(wanted));
    match runs.len() {
        1 => Ok(runs.remove(0)),
        0 => Err(Error::Usage(format!("{key} has no run {wanted}; tmpl-tui history {key} names them"))),
        several => Err(Error::Usage(format!("{several} runs of {key} start with {wanted}; type more of the name"))),
    }
}

/// Something that is not as it was when the line was last built well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// what it is: `iso`, `commit`, `var-files`, `plugins`, `packer`, `ansible`, `where`, `stage`
    pub kind: &'static str,
    /// what changed, in a line
    pub text: String,
}

/// From the last run that went well to the first one that did not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SinceGreen {
    /// the last good run
    pub good: String,
    /// the first bad one after it
    pub bad: String,
    /// runs since that did not go well
    pub failures: usize,
    /// what changed between them, the most suspicious first
    pub changes: Vec<Change>,
}

/// What changed since a line was last built well; `None` when its newest run that ended went well, or none ever did.
///
/// # Errors
/// Those of reading the records.
pub fn since_green(state: &StateDir, line: &Line, repo: &Path) -> Result<Option<SinceGreen>, Error> {
    let mut runs = packer_run::all(state, &line.key).map_err(Error::Record)?;
    runs.retain(|run| matches!(run.state, RunState::Succeeded | RunState::Failed { .. } | RunState::Lost));
    runs.sort_by_key(|run| std::cmp::Reverse(run.started));
    let Some(at) = runs.iter().position(|run| run.state == RunState::Succeeded).filter(|at| *at > 0) else {
        return Ok(None);
    };
    let (good, bad) = (&runs[at], &runs[at - 1]);
    let mut changes = Vec::new();
    compare(&PastRun::of(good), &PastRun::of(bad), line, repo, &mut changes);
    slower(&runs[at..], bad, &mut changes);
    Ok(Some(SinceGreen { good: id(good), bad: id(bad), failures: at, changes }))
}

fn compare(good: &PastRun, bad: &PastRun, line: &Line, repo: &Path, changes: &mut Vec<Change>) {
    let none = Made::default();
    let (was, is) = (good.made.as_ref().unwrap_or(&none), bad.made.as_ref().unwrap_or(&none));
    let mut differs = |kind, was: Option<&str>, is: Option<&str>| {
        if let (Some(was), Some(is)) = (was, is)
            && was != is
            && !(was.is_empty() || is.is_empty())
        {
            changes.push(Change { kind, text: format!("{was} → {is}") });
        }
    };
    differs("iso", was.iso.as_deref(), is.iso.as_deref());
    differs("plugins", Some(&good.plugins.join(", ")), Some(&bad.plugins.join(", ")));
    differs("packer", Some(&good.packer), Some(&bad.packer));
    differs("ansible", was.ansible.as_deref(), is.ansible.as_deref());
    let (var_files, there) = (was.var_files.is_some() && was.var_files != is.var_files, is.var_files.is_some());
    if var_files && there {
        changes.push(Change { kind: "var-files", text: "the var-files of the line differ".into() });
    }
    if let (Some(from), Some(to)) = (&was.commit, &is.commit) {
        let commits = commits(repo, line, from, to);
        changes.extend(commits.into_iter().map(|text| Change { kind: "commit", text }));
    }
    if is.clean == Some(false) {
        changes.push(Change { kind: "commit", text: "files differed from the commit when it was built".into() });
    }
    let place = |run: &PastRun, made: &Made| run.origin.clone().unwrap_or_else(|| made.by.clone());
    let (was, is) = (place(good, was), place(bad, is));
    if was != is && !was.is_empty() && !is.is_empty() {
        changes.push(Change { kind: "where", text: format!("{was} → {is}") });
    }
}

/// Commits that touched what the line is built from, newest first.
fn commits(repo: &Path, line: &Line, from: &str, to: &str) -> Vec<String> {
    let hex = |name: &str| name.len() >= 7 && name.bytes().all(|b| b.is_ascii_hexdigit());
    if from == to || !hex(from) || !hex(to) {
        return Vec::new();
    }
    let mut git = child::command(Kind::Git, "git");
    git.arg("-C").arg(repo).args(["--no-optional-locks", "log", "--format=%h %s"]);
    git.arg(format!("--max-count={MAX_COMMITS}")).arg(format!("{from}..{to}")).arg("--");
    git.arg(&line.build_dir).args(["ci/config", "ci/matrix.json", "tmpl.toml", "ansible"]);
    let Ok(output) = child::output_blocking(git, child::SHORT) else { return Vec::new() };
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().map(|line| Scrubber::shared().safe_line(line).into()).collect()
}

/// Stages of the bad run that took much longer than in the good ones.
fn slower(good: &[Run], bad: &Run, changes: &mut Vec<Change>) {
    let tracks = |run: &Run| phase_times::tracks(std::io::BufReader::new(File::open(&run.log).ok()?)).ok();
    let mut usual = TypicalDurations::default();
    good.iter()
        .filter(|run| run.state == RunState::Succeeded)
        .take(5)
        .filter_map(tracks)
        .for_each(|run| usual.add_run(&run));
    let Some(bad) = tracks(bad) else { return };
    for (phase, spent) in bad.all().iter().flat_map(|track| track.durations(None)) {
        let Some((spent, usual)) = spent.zip(usual.typical(phase)).filter(|_| phase < Phase::CleanUp) else { continue };
        if spent > usual.median.mul_f64(SLOWER) && spent > phase_times::limit(phase, Some(usual)) {
            let text = format!("{phase} took {}, usually {}", spoken(spent), spoken(usual.median));
            changes.push(Change { kind: "stage", text });
        }
    }
}

/// Plugins with their versions, as the start of a log names their programs: `packer-plugin-vsphere_v2.1.0_x5.0_…`.
pub(super) fn plugins(log: &Path) -> Vec<String> {
    const SIGN: &str = "-plugin-";
    let mut head = Vec::new();
    let read = File::open(log).and_then(|file| file.take(HEAD).read_to_end(&mut head));
    if read.is_err() {
        return Vec::new();
    }
    let text = String::from_utf8_lossy(&head);
    let mut found = std::collections::BTreeSet::new();
    for (at, _) in text.match_indices(SIGN) {
        let name: &str =
            text[at + SIGN.len()..].split(|c: char| c.is_whitespace() || c == '"' || c == '/').next().unwrap_or("");
        let mut parts = name.split('_');
        if let (Some(name), Some(version)) = (parts.next(), parts.next())
            && version.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        {
            found.insert(format!("{name} {version}"));
        }
    }
    found.into_iter().collect()
}

#[cfg(test)]
#[path = "history/tests.rs"]
mod tests;
