//! What packer says it built.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use super::{Run, manifest};
use crate::pipeline::Manifests;

/// How much of the end of output and log is read: artifacts are in its last lines.
const TAIL: u64 = 1 << 20;
/// Letters of the time at the beginning of a line of the log.
const TIME: usize = "2026/11/23 04:59:45".len();
const HEADER: &str = "==> Builds finished. The artifacts of successful builds are:";

/// What one of the places says was built where packer says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// which it is, in words
    pub place: String,
    /// artifacts as packer names them: of its vSphere builders that is the VM's name. Where packer masks a sensitive value
    /// in one, [`MASKED`] stands for it
    pub artifacts: Vec<String>,
}

/// What packer says that a run built. Only places that name anything are here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// its output, for people, and its debug log, for machines
    pub words: Vec<Named>,
    /// the template's manifests: of several, where two builds share a file, one is this run's
    pub manifests: Vec<Named>,
}

impl Said {
    /// What a run that ended at this moment said.
    ///
    /// # Errors
    /// Those of reading the output.
    pub fn read(run: &Run, manifests: &Manifests) -> io::Result<Self> {
        let words = words(&run.output, &run.log)?;
        Ok(Self { words, manifests: manifest::since(manifests, run.started) })
    }
}

fn words(output: &Path, log: &Path) -> io::Result<Vec<Named>> {
    let (told, listed) = (told(&tail(output)?), tail(log).map(|text| listed(&text)).unwrap_or_default());
    let words = [("its output", told), ("its debug log", listed)];
    let words = words.map(|(place, artifacts)| Named { place: place.into(), artifacts });
    Ok(words.into_iter().filter(|named| !named.artifacts.is_empty()).collect())
}

fn tail(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    file.seek(SeekFrom::Start(size.saturating_sub(TAIL)))?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// `machine readable: vsphere-iso.linux,artifact []string{"0", "id", "linux-debian-12-main-build"}`
fn listed(log: &str) -> Vec<String> {
    let artifact = |line: &str| {
        // Behind the time, so that no guest says it.
        let said = line.get(TIME..)?.strip_prefix(" machine readable: ")?;
        let (_, values) = said.split_once(",artifact []string{")?;
        let values: Vec<String> = serde_json::from_str(&format!("[{}]", values.trim_end().strip_suffix('}')?)).ok()?;
        match values.as_slice() {
            [_, kind, id] if kind == "id" => Some(id.clone()),
            _ => None,
        }
    };
    log.lines().filter_map(artifact).collect()
}

fn told(text: &str) -> Vec<String> {
    let lines = text.lines().skip_while(|line| !line.starts_with(HEADER)).skip(1);
    // `--> vsphere-iso.linux: linux-debian-12-main-build`
    let named = lines.filter_map(|line| line.strip_prefix("--> ")?.split_once(": "));
    named.map(|(_, artifact)| artifact.trim().to_owned()).collect()
}

/// What packer writes in place of a sensitive value.
pub const MASKED: &str = "<sensitive>";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_under_the_last_heading_is_what_was_built() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let of = |text: &str| {
            std::fs::write(file.path(), text).unwrap();
            words(file.path(), Path::new("/nonexistent"))
                .unwrap()
                .into_iter()
                .flat_map(|named| named.artifacts)
                .collect::<Vec<_>>()
        };
        let guest = "    vsphere-iso.linux: --> vsphere-iso.linux: not-mine\n";
        assert_eq!(
            of(&format!("{guest}{HEADER}\n--> vsphere-iso.linux: a-build\n--> vsphere-iso.linux: a-build\n")),
            ["a-build", "a-build"]
        );
        assert!(of("==> Builds finished but no artifacts were created.\n").is_empty());
        assert!(of(&format!("{HEADER}\n")).is_empty());
    }

    #[test]
    fn the_log_says_it_beside_the_output() {
        let (output, log) = (tempfile::NamedTempFile::new().unwrap(), tempfile::NamedTempFile::new().unwrap());
        let line = |values: &str| {
            format!("2026/11/23 04:59:45 machine readable: vsphere-iso.a,artifact []string{{{values}}}\n")
        };
        let guest = r#"2026/11/23 04:59:44 ui:     vsphere-iso.a: machine readable: x,artifact []string{"0"}"#;
        let said = [
            r#""0", "builder-id", "jetbrains.vsphere""#,
            r#""0", "id", "a-build""#,
            r#""0", "string", "b""#,
            r#""1", "id", "a-build""#,
        ];
        std::fs::write(log.path(), format!("{guest}\n{}", said.map(line).concat())).unwrap();
        let said =
            || words(output.path(), log.path()).unwrap().into_iter().map(|named| named.artifacts).collect::<Vec<_>>();
        assert_eq!(said(), [["a-build", "a-build"]]);
        std::fs::write(output.path(), format!("{HEADER}\n--> vsphere-iso.a: c-build\n")).unwrap();
        assert_eq!(said(), [&["c-build"][..], &["a-build", "a-build"]]);
    }
}
