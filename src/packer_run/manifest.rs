//! What packer's manifests say a run built. <https://developer.hashicorp.com/packer/docs/post-processors/manifest>

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use jiff::Timestamp;
use serde::Deserialize;

use super::Named;
use crate::fs::read_small;
use crate::pipeline::{Manifests, may_be};

/// No manifest is longer: packer adds some hundred bytes a build.
const MOST: u64 = 8 << 20;
/// How many files are looked at where only a build knows the name.
const MOST_FILES: usize = 10_000;

#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    builds: Vec<Entry>,
    #[serde(default)]
    last_run_uuid: String,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    name: String,
    #[serde(default)]
    builder_type: String,
    /// seconds since 1970, of this machine's clock; left out where the template has `strip_time`
    #[serde(default)]
    build_time: i64,
    #[serde(default)]
    artifact_id: String,
    #[serde(default)]
    packer_run_uuid: String,
}

/// What was written since `began` about builds of these sources: one for each run of packer. There are several where two
/// builds share a file.
pub(super) fn since(manifests: &Manifests, began: Timestamp) -> Vec<Named> {
    let files = manifests.files.iter().flat_map(|pattern| written_since(pattern, began));
    files.flat_map(|file| read(&file, manifests, began)).collect()
}

/// The files that a pattern means and that were written to since.
fn written_since(pattern: &Path, began: Timestamp) -> Vec<PathBuf> {
    let (Some(folder), Some(name)) = (pattern.parent(), pattern.file_name().and_then(|name| name.to_str())) else {
        return Vec::new();
    };
    // Where the file will be need not be there yet, nor ever.
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().take(MOST_FILES);
    let fits = |file: &str| file == name || may_be(name, file);
    let named = entries.filter(|entry| entry.file_name().to_str().is_some_and(fits)).map(|entry| entry.path());
    let later = |file: &PathBuf| {
        let written = std::fs::metadata(file).and_then(|it| it.modified()).ok();
        let written = written.and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        written.is_some_and(|at| i64::try_from(at.as_secs()).is_ok_and(|at| at >= began.as_second()))
    };
    named.filter(later).collect()
}

fn read(file: &Path, manifests: &Manifests, began: Timestamp) -> Vec<Named> {
    let text = read_small(file, MOST);
    let manifest = text.and_then(|text| serde_json::from_slice::<Manifest>(&text).map_err(io::Error::other));
    let Manifest { builds, last_run_uuid } = match manifest {
        Ok(manifest) => manifest,
        Err(error) => {
            tracing::warn!(file = %file.display(), %error, "a manifest is not read");
            return Vec::new();
        }
    };
    let mut runs: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    for entry in builds.into_iter().filter(|entry| !entry.packer_run_uuid.is_empty()) {
        runs.entry(entry.packer_run_uuid.clone()).or_default().push(entry);
    }
    // Without a time it is the last run that wrote to the file. So it is in the very second this one began: the one before
    // may have ended in it.
    let in_time = |run: &str, entry: &Entry| match entry.build_time {
        at if at == 0 || at == began.as_second() => run == last_run_uuid,
        at => (began.as_second()..=Timestamp::now().as_second()).contains(&at),
    };
    runs.retain(|run, entries| entries.iter().all(|entry| in_time(run, entry)));
    let ours = |entry: &Entry| {
        let source = |source: &String| *source == entry.name || may_be(source, &entry.name);
        entry.builder_type.starts_with("vsphere-") && manifests.sources.iter().any(source)
    };
    let named = runs.into_iter().map(|(run, entries)| Named {
        place: format!("its manifest {} (run {run})", file.display()),
        artifacts: entries.into_iter().filter(ours).map(|entry| entry.artifact_id).collect(),
    });
    named.filter(|named| !named.artifacts.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_this_run_wrote_counts() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("m-1.json");
        let manifests = Manifests {
            files: [folder.path().join("m-*.json")].into(),
            sources: ["linux".to_owned(), "win-*".to_owned()].into(),
        };
        let began = Timestamp::now() - jiff::SignedDuration::from_secs(10);
        let (first, old, late) = (began.as_second(), began.as_second() - 60, began.as_second() + 900);
        let now = first + 5;
        let entry = |name: &str, kind: &str, time: i64, id: &str, run: &str| {
            let time = if time == 0 { String::new() } else { format!("\"build_time\": {time},") };
            format!(
                r#"{{"name": "{name}", "builder_type": "{kind}", {time} "files": null, "artifact_id": "{id}",
                    "packer_run_uuid": "{run}", "custom_data": null}}"#
            )
        };
        let found = |entries: &[String], last: &str| {
            let text = format!(r#"{{"builds": [{}], "last_run_uuid": "{last}"}}"#, entries.join(","));
            std::fs::write(&file, text).unwrap();
            since(&manifests, began).into_iter().map(|named| named.artifacts).collect::<Vec<_>>()
        };
        let of = |time, id, run| entry("linux", "vsphere-iso", time, id, run);
        assert_eq!(found(&[of(old, "a", "1"), of(now, "b", "2")], "2"), [["b"]]);
        assert_eq!(found(&[of(0, "a", "1"), of(0, "b", "2")], "2"), [["b"]], "no times");
        assert_eq!(found(&[of(now, "a", "1"), of(now, "b", "2")], "2"), [["a"], ["b"]], "two at once");
        assert_eq!(
            found(&[of(first, "a", "1"), of(now, "b", "2")], "2"),
            [["b"]],
            "the one before ended as this one began"
        );
        assert_eq!(found(&[of(first, "a", "1"), of(first, "b", "2")], "2"), [["b"]], "and this one in the same second");
        assert!(found(&[of(old, "a", "1"), of(now, "b", "1")], "1").is_empty(), "it began before");
        assert!(found(&[of(late, "a", "1")], "1").is_empty(), "of a clock that was wrong");
        assert!(found(&[entry("other", "vsphere-iso", now, "a", "1")], "1").is_empty(), "another source");
        assert!(found(&[entry("linux", "docker", now, "a", "1")], "1").is_empty(), "another builder");
        assert_eq!(found(&[entry("win-core", "vsphere-clone", now, "a", "1")], "1"), [["a"]]);
        std::fs::write(&file, "{\"builds\": [").unwrap();
        assert!(since(&manifests, began).is_empty(), "torn");
        assert!(since(&manifests, began + jiff::SignedDuration::from_mins(5)).is_empty(), "written before");
    }
}
