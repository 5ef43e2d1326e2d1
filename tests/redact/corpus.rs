//! Logs that packer really wrote hold the secrets they were written with; scrubbed they do not.
//!
//! `TMPL_TRIAGE_CORPUS` names a folder with more of them, whose `meta.json` says which secrets.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tmpl::text::{Scrubber, Secret};

use crate::oracle::{leak, plain_leak};
use crate::property::scrub;

/// What the logs in `tests/logs` were written with.
const SECRETS: &[(&str, &str)] = &[
    ("PKR_VAR_vsphere_username", "svc-packer@lab.internal"),
    ("PKR_VAR_vsphere_password", "Tr1cky-packer-S3cret!"),
    ("PKR_VAR_build_password", "p@ss&<w>'o\"rd"),
    (
        "PKR_VAR_build_key",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDxoXuAqg7+5yswV8rhIffBpW0mImmrXLtzk9Vp/jPeY packer@lab.internal",
    ),
];
/// Larger logs are only looked through as they stand.
const THOROUGH: usize = 100 << 10;

fn logs(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths.retain(|path| path.extension().is_some_and(|kind| kind == "log"));
    paths
}

fn secrets(scenario: &Path) -> BTreeMap<String, String> {
    let known = || SECRETS.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let Ok(text) = std::fs::read_to_string(scenario.join("meta.json")) else { return known() };
    let meta: serde_json::Value = serde_json::from_str(&text).unwrap();
    serde_json::from_value(meta["secrets"].clone()).unwrap_or_else(|_| known())
}

#[test]
fn logs_of_packer() {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/logs");
    let more = std::env::var_os("TMPL_TRIAGE_CORPUS").map(PathBuf::from);
    let mut leaked = Vec::new();
    let mut hidden = 0;
    for folder in [shipped].into_iter().chain(more).flat_map(|corpus| std::fs::read_dir(corpus).unwrap()) {
        let scenario = folder.unwrap().path();
        let secrets = secrets(&scenario);
        let names: Vec<String> = secrets.keys().cloned().collect();
        let it = Scrubber::new(secrets.iter().map(|(name, value)| Secret::new(name, value.as_str())));
        for path in logs(&scenario) {
            let bytes = std::fs::read(&path).unwrap();
            let clean = scrub(&it, &bytes, &[65_536]);
            hidden += String::from_utf8_lossy(&clean).matches("[REDACTED:").count();
            for value in secrets.values() {
                let found = if bytes.len() < THOROUGH {
                    leak(&clean, &names, value, 1)
                } else {
                    plain_leak(&clean, &names, value)
                };
                leaked.extend(found.map(|found| format!("{}: {found}", path.display())));
            }
        }
    }
    assert!(leaked.is_empty(), "{}", leaked.join("\n"));
    assert!(hidden > 20, "the logs hold secrets, {hidden} were hidden");
}
