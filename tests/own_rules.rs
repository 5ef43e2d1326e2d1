//! `triage --check`: a team's own rules and screens, tried on what is on record; its exit codes are a contract.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use assert_cmd::Command;

/// The verb on a repository whose `ci/triage.toml` says this: exit code, stdout, stderr.
fn checked(rules: Option<&str>, json: bool) -> (i32, String, String) {
    let repo = tempfile::tempdir().unwrap();
    if let Some(rules) = rules {
        std::fs::create_dir(repo.path().join("ci")).unwrap();
        std::fs::write(repo.path().join("ci/triage.toml"), rules).unwrap();
    }
    let mut command = Command::cargo_bin("tmpl-tui").unwrap();
    command.args(["triage", "--check"]).args(json.then_some("--json")).current_dir(repo.path());
    let output = command.env("XDG_STATE_HOME", repo.path().join("state")).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn rules_that_go_together_are_fine() {
    let (code, stdout, stderr) = checked(None, false);
    assert_eq!((code, stdout.as_str()), (0, ""));
    assert!(stderr.contains("no rules or screens of your own"), "{stderr}");
    let own = "[[screen]]\nlabel = 'our-agent'\ntext = ['Choose a flavour']\n\n[[rule]]\nname = 'ours'\n\
               explains = ['running']\nscreen = ['our-agent']\ncause = 'c'\nremedy = 'r'\nconfidence = 'high'\n";
    let (code, stdout, _) = checked(Some(own), false);
    assert_eq!(code, 0);
    assert!(stdout.starts_with("screen our-agent: matches 1 of "), "{stdout}");
}

#[test]
fn a_screen_that_takes_in_others_and_a_rule_that_never_holds_clash() {
    let own = "[[screen]]\nlabel = 'ours'\ntext = ['No root file system is defined']\n\n[[rule]]\nname = 'never'\n\
               explains = ['running']\nscreen = ['our-typo']\ncause = 'c'\nremedy = 'r'\nconfidence = 'high'\n";
    let (code, stdout, stderr) = checked(Some(own), false);
    assert_eq!(code, 1, "{stderr}");
    assert!(stdout.contains("CLASH  also matches 1 called di-partitioning-failed"), "{stdout}");
    assert!(stdout.contains("rule never: can never hold\n  CLASH  no screen is called \"our-typo\""), "{stdout}");
    let (code, stdout, _) = checked(Some(own), true);
    let json: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((code, json["findings"].as_array().unwrap().len()), (1, 2));
}

#[test]
fn a_file_that_is_not_valid_is_a_usage_error() {
    let (code, _, stderr) = checked(Some("[[screen]]\n"), false);
    assert_eq!(code, 2);
    assert!(stderr.contains("ci/triage.toml: line 1"), "{stderr}");
}
