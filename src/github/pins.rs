//! Versions: what the checkout pins, and what a log says was used. A merged bump takes effect in the checkout at once,
//! in the runner's image only after it was rebuilt and rolled out; between the two, builds fail in odd ways.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;
use serde::Serialize;

use crate::text::lines;

/// Bytes at the start of a log in which packer names everything it uses.
const MAX_HEAD_BYTES: u64 = 4 << 20;
/// Bytes of one line that are looked at in one piece.
const MAX_LINE_BYTES: usize = 4 << 20;

/// Versions by program: `packer`, `vsphere plugin`, `ansible-core`, …
pub type Versions = BTreeMap<String, String>;

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Skew {
    /// the program
    pub what: String,
    /// as the checkout has it
    pub pinned: String,
    /// as the log has it
    pub used: String,
}

impl std::fmt::Display for Skew {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} was used, the checkout pins {}", self.what, self.used, self.pinned)
    }
}

fn first(pattern: &Regex, text: &str) -> Option<String> {
    Some(pattern.captures(text)?.get(1)?.as_str().to_owned())
}

macro_rules! pattern {
    ($name:ident, $text:literal) => {
        // Written here; a test uses each.
        static $name: LazyLock<Regex> = LazyLock::new(|| Regex::new($text).unwrap());
    };
}

pattern!(PACKER_PIN, r"PACKER_VERSION=([0-9][0-9A-Za-z.\-]*)");
pattern!(ANSIBLE_PIN, r"(?m)^ansible-core==([0-9][0-9A-Za-z.]*)");
pattern!(PLUGIN_PIN, r#"(\w+)\s*=\s*\{\s*source\s*=\s*"[^"]*"\s*version\s*=\s*"=?\s*([0-9][0-9A-Za-z.]*)""#);
pattern!(PACKER_USED, r"\[INFO\] Packer version: ([0-9][0-9A-Za-z.\-]*)");
// The word packer may be masked: it is the value of a variable that counts as secret.
pattern!(PLUGIN_USED, r"Starting (?:external )?plugin:? \S*-plugin-(\w+)_v([0-9][0-9A-Za-z.]*)_");
pattern!(ANSIBLE_USED, r"ansible(?:-playbook)? \[core ([0-9][0-9A-Za-z.]*)\]");

/// What the checkout at `repo` pins; files that are not there pin nothing.
pub fn pinned(repo: &Path) -> Versions {
    let read = |name: &str| std::fs::read_to_string(repo.join(name)).unwrap_or_default();
    let mut versions = Versions::new();
    let mut put = |what: &str, version: Option<String>| {
        version.into_iter().for_each(|version| drop(versions.insert(what.to_owned(), version)));
    };
    put("packer", first(&PACKER_PIN, &read("ci/runner/Dockerfile")));
    put("ansible-core", first(&ANSIBLE_PIN, &read("ci/runner/requirements.txt")));
    for found in PLUGIN_PIN.captures_iter(&read("packer/shared/plugins.pkr.hcl")) {
        put(&format!("{} plugin", &found[1]), Some(found[2].to_owned()));
    }
    versions
}

/// What a log says was used.
pub fn used(log: impl Read) -> Versions {
    let mut versions = Versions::new();
    // Of a log that cannot be read to its end the begin has to do.
    let _ = lines::each(std::io::BufReader::new(log.take(MAX_HEAD_BYTES)), MAX_LINE_BYTES, |piece| {
        let text = String::from_utf8_lossy(piece.bytes);
        if let Some(version) = first(&PACKER_USED, &text) {
            versions.entry("packer".into()).or_insert(version);
        } else if let Some(found) = PLUGIN_USED.captures(&text) {
            versions.entry(format!("{} plugin", &found[1])).or_insert(found[2].to_owned());
        } else if let Some(version) = first(&ANSIBLE_USED, &text) {
            versions.entry("ansible-core".into()).or_insert(version);
        }
    });
    versions
}

/// Where the two differ; what only one of them names is no difference.
pub fn skew(pinned: &Versions, used: &Versions) -> Vec<Skew> {
    let differs = |(what, pinned): (&String, &String)| {
        let used = used.get(what).filter(|used| *used != pinned)?;
        Some(Skew { what: what.clone(), pinned: pinned.clone(), used: used.clone() })
    };
    pinned.iter().filter_map(differs).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checkout_and_a_real_log_are_compared() {
        let pinned = pinned(Path::new(env!("CARGO_MANIFEST_DIR")));
        for what in ["packer", "ansible-core", "vsphere plugin", "ansible plugin"] {
            assert!(pinned.contains_key(what), "{what}: {pinned:?}");
        }
        let log = std::fs::File::open("tests/logs/24-windows-ansible-task-failed/packer-build.log").unwrap();
        let used = used(log);
        assert_eq!(used["packer"], "1.16.0");
        assert_eq!(used["vsphere plugin"], "2.1.0");
        let pins = Versions::from([("packer".into(), "1.16.0".into()), ("vsphere plugin".into(), "2.4.0".into())]);
        let skew: Vec<String> = skew(&pins, &used).iter().map(ToString::to_string).collect();
        assert_eq!(skew, ["vsphere plugin 2.1.0 was used, the checkout pins 2.4.0"]);
        let ansible = self::used(&b"ansible-playbook [core 2.19.14]\n"[..]);
        assert_eq!(ansible["ansible-core"], "2.19.14");
    }
}
