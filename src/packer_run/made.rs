//! `made.json`: of what and by whom a run was made, so that two runs can be compared.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Request;
use super::preflight;
use crate::fs::{Access, write_whole};
use crate::pipeline::Medium;
use crate::sha256;
use crate::text::Scrubber;
use crate::vcenter::audit::user_at_host;

/// File name in the run's folder.
const MADE: &str = "made.json";
/// Ends the name of a commit from which files differ.
const DIRTY: &str = "-dirty";
/// Letters of a commit that are shown, as git does.
const SHORT: usize = 7;

/// What went into a run. Holds no secret.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Made {
    /// who began it: `user@host`, or `mona on GitHub`
    pub by: String,
    /// the command, as it can be typed again
    pub command: String,
    /// the commit it was made from; `None` outside a git checkout
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// no file differed from that commit
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clean: Option<bool>,
    /// packer's version
    pub packer: String,
    /// ansible's version, where it is installed
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ansible: Option<String>,
    /// the install medium, as the var-files name it
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iso: Option<String>,
    /// sha256 of the var-files in their order
    #[serde(skip_serializing_if = "Option::is_none")]
    pub var_files: Option<String>,
}

impl Made {
    /// What is on record of the run in `dir`.
    pub fn read(dir: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(dir.join(MADE)).ok()?).ok()
    }

    /// Gathers it for a run that begins now, and writes it into the run's folder.
    ///
    /// # Errors
    /// Those of writing. What cannot be found out is left out.
    pub async fn record(request: Request, packer: String, dir: PathBuf) -> io::Result<()> {
        let commit = preflight::commit(&request.repo).await;
        let clean = commit.as_ref().map(|commit| !commit.ends_with(DIRTY));
        let files = var_files(&request);
        let made = Self {
            by: by(),
            command: request.said(),
            commit: commit.map(|commit| commit.trim_end_matches(DIRTY).to_owned()),
            clean,
            packer,
            ansible: preflight::ansible_version().await,
            iso: iso(&request),
            var_files: (!files.is_empty()).then(|| digest(&files)),
        };
        let json = Scrubber::shared().safe_json(&made)?;
        write_whole(&dir.join(MADE), Access::Private, json.as_bytes())
    }

    /// The commit's first letters, as they are shown.
    pub fn short_commit(&self) -> Option<String> {
        Some(self.commit.as_ref()?.chars().take(SHORT).collect())
    }

    /// `commit 4f2a91c`, with `, changed` where files differed from it.
    pub fn commit_said(&self) -> Option<String> {
        let commit = self.short_commit()?;
        let clean = if self.clean == Some(false) { ", changed" } else { "" };
        Some(format!("commit {commit}{clean}"))
    }

    /// The medium's file, without its folder.
    pub fn iso_file(&self) -> Option<&str> {
        self.iso.as_deref().map(|iso| iso.rsplit('/').next().unwrap_or(iso))
    }

    /// In a line: commit, medium, who.
    pub fn said(&self) -> String {
        let by = Some(format!("by {}", self.by)).filter(|_| !self.by.is_empty());
        let parts = [self.commit_said(), self.iso_file().map(str::to_owned), by];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
    }
}

fn by() -> String {
    let actor = std::env::var("GITHUB_ACTOR").ok().filter(|actor| !actor.is_empty());
    actor.map_or_else(user_at_host, |actor| format!("{actor} on GitHub"))
}

/// The texts of the var-files that packer is given.
fn var_files(request: &Request) -> Vec<String> {
    let argv = request.argv();
    let files = argv.iter().filter_map(|word| word.strip_prefix("-var-file="));
    files.filter_map(|file| std::fs::read_to_string(request.repo.join(file)).ok()).collect()
}

fn iso(request: &Request) -> Option<String> {
    let medium = Medium::read(&request.repo, &request.line).ok()?;
    Some(if medium.folder.is_empty() { medium.file } else { format!("{}/{}", medium.folder, medium.file) })
}

fn digest(files: &[String]) -> String {
    let whole = files.join("\n\0");
    sha256::digest(whole).iter().map(|byte| format!("{byte:02x}")).collect()
}
