//! Repositories that are laid out otherwise: three shapes that are common, in `tests/layout`, opened as they are and with
//! the `tmpl.toml` that `init` writes.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::process::Command;

use assert_cmd::cargo::CommandCargoExt;
use assert_fs::TempDir;
use rstest::rstest;
use tmpl::pipeline::check::inspect;
use tmpl::pipeline::{Connection, Layout, Matrix, Medium, Names, Os, argv, propose};

fn copy(shape: &str) -> TempDir {
    let dir = TempDir::new().unwrap();
    copy_tree(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/layout").join(shape), dir.path());
    dir
}

fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_tree(&entry.path(), &target)
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn initialised(shape: &str) -> TempDir {
    let repo = copy(shape);
    let proposal = propose(repo.path()).unwrap();
    assert!(proposal.text.lines().count() <= 15, "{}", proposal.text);
    fs::write(repo.path().join("tmpl.toml"), proposal.text).unwrap();
    repo
}

fn names_of(matrix: &Matrix) -> Vec<(&str, String)> {
    matrix.lines.iter().map(|line| (line.key.0.as_str(), line.build_name())).collect()
}

#[test]
fn lines_are_found_in_the_templates_with_what_they_build() {
    let repo = copy("one-config-folder");
    fs::create_dir(repo.path().join(".git")).unwrap();
    fs::write(repo.path().join(".git/HEAD"), "ref: refs/heads/main\n").unwrap();
    let matrix = Matrix::load(repo.path()).unwrap();
    let expected = [
        ("linux-debian-12", "linux-debian-12-main"),
        ("linux-photon-5", "linux-photon-5-main"),
        ("windows-server-2025-core", "windows-server-2025-main-core"),
        ("windows-server-2025-dexp", "windows-server-2025-main-dexp"),
    ];
    assert_eq!(names_of(&matrix), expected.map(|(key, name)| (key, name.to_owned())));
    assert_eq!(matrix.lines.iter().filter(|line| line.os == Os::Windows).count(), 2);

    let matrix = Matrix::load(copy("beside-templates").path()).unwrap();
    let expected = [("rocky-9.3", "ROCKY-V1"), ("ubuntu-24-04", "UBUNTU-V1-*"), ("windows-2022", "WS2022-V1")];
    assert_eq!(names_of(&matrix), expected.map(|(key, name)| (key, name.to_owned())));
    let matrix = Matrix::load(copy("automatic").path()).unwrap();
    let expected = [("linux-rhel-9", "RHEL9"), ("linux-ubuntu-22-04-lts", "Ubuntu2204")];
    assert_eq!(names_of(&matrix), expected.map(|(key, name)| (key, name.to_owned())));
}

/// One template with a var-file for each line, one of them in JSON, as `.gitlab-ci.yml` calls it.
#[test]
fn one_template_is_as_many_lines_as_are_built_from_it() {
    let bare = copy("one-template");
    let matrix = Matrix::load(bare.path()).unwrap();
    assert_eq!(names_of(&matrix), [("linux", "linux-*-*".to_owned()), ("windows", "ws-*".to_owned())]);
    let repo = initialised("one-template");
    let matrix = Matrix::load(repo.path()).unwrap();
    let expected =
        [("linux-rocky-10", "linux-rocky-10-*"), ("linux-rocky-9", "linux-rocky-9-*"), ("windows-2025", "ws-2025")];
    assert_eq!(names_of(&matrix), expected.map(|(key, name)| (key, name.to_owned())));
    let windows = matrix.line("windows-2025").unwrap();
    assert_eq!(windows.os, Os::Windows);
    let medium = Medium::read(repo.path(), windows).unwrap();
    assert_eq!((&*medium.datastore, &*medium.folder, &*medium.file), ("iso", "windows", "server-2025.iso"));
}

/// Builds with names, several images of one source, JSON, and what ends in a content library.
#[test]
fn builds_with_names_and_templates_in_json_are_lines() {
    let repo = initialised("stages");
    let matrix = Matrix::load(repo.path()).unwrap();
    let expected = [
        ("appliance", "appliance"),
        ("base", "base-8.4-build"),
        ("base-docker", "docker-8.4"),
        ("base-k8s", "k8s-8.4"),
    ];
    assert_eq!(names_of(&matrix), expected.map(|(key, name)| (key, name.to_owned())));
    assert_eq!(matrix.line("base").unwrap().names(), Names::documented("base-8.4"));
    let library = Names::Library { name: "appliance".into(), library: "appliances".into() };
    assert_eq!(matrix.line("appliance").unwrap().names(), library);
}

/// Without a matrix `plan` still prints JSON that a workflow's matrix takes.
#[rstest]
#[case("one-config-folder")]
#[case("beside-templates")]
#[case("automatic")]
#[case("one-template")]
fn plan_prints_what_was_found_in_templates(#[case] shape: &str) {
    let repo = copy(shape);
    let output = Command::cargo_bin("tmpl-tui").unwrap().arg("plan").current_dir(repo.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let planned: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).unwrap();
    let matrix = Matrix::load(repo.path()).unwrap();
    let keys: Vec<&str> = planned.iter().map(|line| line["key"].as_str().unwrap()).collect();
    assert_eq!(keys, matrix.lines.iter().map(|line| line.key.0.as_str()).collect::<Vec<_>>());
    for (line, found) in planned.iter().zip(&matrix.lines) {
        assert_eq!((&line["enabled"], &line["timeout_minutes"]), (&true.into(), &found.timeout_minutes().into()));
        assert_eq!(line["build_dir"], found.build_dir.as_str());
    }
}

/// Nobody has said how its var-files are used yet, so nothing may be destroyed that has the name of what is built.
#[rstest]
#[case("one-config-folder")]
#[case("beside-templates")]
#[case("automatic")]
fn without_a_word_from_its_owner_nothing_is_forced(#[case] shape: &str) {
    let repo = copy(shape);
    for line in &Matrix::load(repo.path()).unwrap().lines {
        assert!(!argv::build(line, repo.path(), "cleanup").contains(&"-force".to_owned()));
        assert!(matches!(line.names(), Names::InPlace { .. }), "{line:?}");
    }
}

#[rstest]
#[case(
    "one-config-folder",
    "linux-debian-12",
    "build -force -on-error=ask -var-file=config/vsphere.pkrvars.hcl -var-file=config/build.pkrvars.hcl \
     -var-file=config/network.pkrvars.hcl -var-file=config/linux-debian-12.pkrvars.hcl builds/linux/debian/12"
)]
#[case(
    "one-config-folder",
    "linux-photon-5",
    "build -force -on-error=ask -var-file=config/vsphere.pkrvars.hcl -var-file=config/build.pkrvars.hcl \
     -var-file=config/linux-photon-5.pkrvars.hcl builds/linux/photon/5"
)]
#[case(
    "one-config-folder",
    "windows-server-2025-dexp",
    "build -force -on-error=ask -var-file=config/vsphere.pkrvars.hcl -var-file=config/build.pkrvars.hcl \
     -var-file=config/windows-server-2025.pkrvars.hcl -only=vsphere-iso.windows-server-dexp builds/windows/server/2025"
)]
#[case("beside-templates", "rocky-9.3", "build -var-file=variables.pkrvars.hcl rocky.pkr.hcl")]
#[case(
    "automatic",
    "linux-rhel-9",
    "build -force -on-error=abort -var-file=builds/common_configs/common.pkrvars.hcl builds/linux/rhel/9"
)]
#[case("one-template", "linux-rocky-10", "build -force -var-file=rocky-10.pkrvars.hcl -only=vsphere-iso.linux .")]
#[case("one-template", "windows-2025", "build -force -var-file=2025.pkrvars.json -only=vsphere-iso.windows .")]
#[case(
    "stages",
    "base",
    "build -force -on-error=cleanup -timestamp-ui -var-file=vars/base.json -only=stage1.vsphere-iso.base ."
)]
#[case(
    "stages",
    "base-k8s",
    "build -force -on-error=cleanup -timestamp-ui -var-file=vars/base.json -only=stage2.vsphere-clone.k8s ."
)]
fn with_what_init_writes_packer_is_called_as_the_scripts_call_it(
    #[case] shape: &str,
    #[case] key: &str,
    #[case] expected: &str,
) {
    let repo = initialised(shape);
    let mut program = Command::cargo_bin("tmpl-tui").unwrap();
    let output = program.args(["build", key, "--dry-run", "--json"]).current_dir(repo.path()).output().unwrap();
    let argv: Vec<String> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(argv[1..].join(" "), expected);
}

#[rstest]
#[case("one-config-folder")]
#[case("beside-templates")]
#[case("automatic")]
#[case("one-template")]
#[case("stages")]
fn what_packer_accepts_is_sound(#[case] shape: &str) {
    let repo = initialised(shape);
    let found = inspect(repo.path(), None);
    // Passwords come from outside; nothing else may be missing.
    let others: Vec<_> = found.all().into_iter().filter(|defect| !defect.what.contains("password")).collect();
    assert_eq!(others, []);
    assert!(found.checked[0].contains("lines found in the templates"), "{:?}", found.checked);
}

#[test]
fn where_vcenter_is_follows_from_the_templates_arguments() {
    let repo = initialised("beside-templates");
    let environment = |name: &str| (name == "PKR_VAR_vcenter_password").then(|| "s3cret".to_owned());
    let connection = Connection::read(repo.path(), &environment);
    let get = connection.over(&environment);
    assert_eq!(get("PKR_VAR_vsphere_endpoint").as_deref(), Some("vc.example.com"));
    assert_eq!(get("PKR_VAR_vsphere_username").as_deref(), Some("svc"));
    assert_eq!(get("PKR_VAR_vsphere_password").as_deref(), Some("s3cret"));
    assert!(!format!("{connection:?}").contains("s3cret"));
    // What a person exports for govc says more than a file.
    let govc = |name: &str| (name == "GOVC_URL").then(|| "https://other".to_owned());
    assert_eq!(Connection::read(repo.path(), &govc).over(&govc)("PKR_VAR_vsphere_endpoint"), None);
}

#[test]
fn a_command_of_the_repository_is_run_only_when_allowed() {
    let repo = copy("automatic");
    let command =
        "[vsphere]\nendpoint = { env = 'WHERE' }\npassword = { command = ['sh', '-c', 'touch ran; echo hidden'] }\n";
    fs::write(repo.path().join("tmpl.toml"), command).unwrap();
    let asked = Connection::read(repo.path(), &|name| (name == "WHERE").then(|| "vc".to_owned()));
    assert!(asked.troubles[0].contains("TMPL_SECRET_COMMANDS=1"), "{:?}", asked.troubles);
    assert!(!repo.path().join("ran").exists());
    let allowed = |name: &str| (name == "TMPL_SECRET_COMMANDS").then(|| "1".to_owned());
    let connection = Connection::read(repo.path(), &allowed);
    assert_eq!(connection.over(&allowed)("PKR_VAR_vsphere_password").as_deref(), Some("hidden"));
}

/// Whoever waits is told so; and what is told then must not decide what this process takes for a secret.
#[test]
fn a_slow_command_is_named_and_what_it_prints_is_a_secret() {
    let repo = copy("automatic");
    let command = "[vsphere]\nendpoint = 'vc'\npassword = { command = ['sh', '-c', 'sleep 3; echo hidden-4711'] }\n";
    fs::write(repo.path().join("tmpl.toml"), command).unwrap();
    let log = repo.path().join("a.log");
    fs::write(&log, "the password is hidden-4711\n").unwrap();
    let mut program = Command::cargo_bin("tmpl-tui").unwrap();
    program.arg("--repo").arg(repo.path()).arg("redact").arg(&log);
    let output = program.env("HOME", repo.path()).env("TMPL_SECRET_COMMANDS", "1").output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(err.contains("waiting for sh, which prints a password"), "{err}");
    assert!(out.contains("[REDACTED:") && !out.contains("hidden-4711"), "{out}");
}

#[rstest]
#[case("matrix = 'none'\n\n[packer]\nvar_file = []\n", 4, "unknown key \"var_file\"")]
#[case("[line.linux-rhel-9]\nfolder = 'x'\n", 2, "unknown key \"folder\"")]
#[case("[vsphere]\nserver = 'x'\n", 2, "unknown key \"server\"")]
#[case("[packer]\nforce = 'yes'\n", 2, "expected a boolean")]
#[case("\n[line.linux-rhel-10]\nenabled = false\n", 2, "there is no line \"linux-rhel-10\"; lines are: linux-rhel-9")]
#[case("[names]\nin_place = true\nprev = 'x'\n", 1, "contradict each other")]
fn what_is_wrong_in_it_is_one_line_with_its_place(#[case] text: &str, #[case] line: usize, #[case] what: &str) {
    let repo = copy("automatic");
    fs::write(repo.path().join("tmpl.toml"), text).unwrap();
    let error = Matrix::load(repo.path()).unwrap_err().to_string();
    assert!(error.contains(&format!("tmpl.toml:{line}: ")) && error.contains(what), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
}

#[test]
fn a_line_says_what_is_different_for_it() {
    let repo = copy("automatic");
    let text = "[packer]\nforce = true\n[line.linux-rhel-9]\nenabled = false\nbase = 'rhel'\n\
        [line.linux-rhel-9.names]\nin_place = false\n[line.linux-rhel-9.packer]\nforce = false\nargs = ['-timestamp-ui']\n";
    fs::write(repo.path().join("tmpl.toml"), text).unwrap();
    let matrix = Matrix::load(repo.path()).unwrap();
    let line = matrix.line("linux-rhel-9").unwrap();
    assert!(!line.enabled);
    assert_eq!(line.names(), Names::documented("rhel"));
    assert_eq!(argv::build(line, repo.path(), "cleanup"), ["build", "-timestamp-ui", "builds/linux/rhel/9"]);
    assert_eq!(argv::build(&matrix.lines[1], repo.path(), "cleanup")[1], "-force");
}

#[test]
fn init_leaves_what_is_there() {
    let repo = copy("automatic");
    let run = |arguments: &[&str]| {
        let mut program = Command::cargo_bin("tmpl-tui").unwrap();
        program.args(arguments).current_dir(repo.path()).output().unwrap()
    };
    assert!(run(&["--read-only", "init"]).status.success());
    assert!(!repo.path().join("tmpl.toml").exists());
    assert!(run(&["init"]).status.success());
    let written = fs::read_to_string(repo.path().join("tmpl.toml")).unwrap();
    assert_ne!(Layout::load(repo.path()).unwrap(), Layout::default());
    assert_eq!(run(&["init"]).status.code(), Some(3));
    assert_eq!(fs::read_to_string(repo.path().join("tmpl.toml")).unwrap(), written);
}

/// `docs/tmpl-toml.md` has a row for every key that is read, and for no other. What a table reads it says itself when it
/// is given something else.
#[test]
fn every_key_is_documented_and_none_else() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/tmpl-toml.md")).unwrap();
    for (heading, table) in [
        ("## The file", ""),
        ("## `[packer]`", "[packer]\n"),
        ("## `[names]`", "[names]\n"),
        ("## `[vsphere]`", "[vsphere]\n"),
        ("## `[workflow]`", "[workflow]\n"),
        ("## `[iso]`", "[iso]\n"),
        ("## `[line.KEY]`", "[line.x]\n"),
    ] {
        let (_, section) = text.split_once(&format!("{heading}\n")).unwrap_or_else(|| panic!("no {heading}"));
        let section = section.split("\n## ").next().unwrap();
        let rows = section.lines().filter_map(|row| row.strip_prefix("| `")?.split('`').next());
        let mut documented: Vec<&str> = rows.collect();
        documented.sort_unstable();
        let error =
            Layout::parse(Path::new("tmpl.toml"), &format!("{table}no_such_key = 1\n")).unwrap_err().to_string();
        let (_, known) = error.split_once("keys here are: ").unwrap_or_else(|| panic!("{error}"));
        let mut known: Vec<&str> = known.split(", ").collect();
        known.sort_unstable();
        assert_eq!(documented, known, "{heading}");
    }
}

/// The sample that is shipped: with everything taken in that is commented out it is read, and it has every key.
#[test]
fn the_sample_has_every_key_and_each_is_read() {
    let sample = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/tmpl.sample.toml")).unwrap();
    assert_eq!(
        Layout::parse(Path::new("tmpl.toml"), &sample).unwrap(),
        Layout::default(),
        "as shipped it says nothing"
    );
    let said = |line: &str| line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).map(str::to_owned);
    let text: Vec<String> = sample.lines().filter_map(said).collect();
    Layout::parse(Path::new("tmpl.toml"), &text.join("\n")).unwrap_or_else(|error| panic!("{error}"));
    let table: toml::Table = toml::from_str(&text.join("\n")).unwrap();
    let keys = |path: &[&str]| -> Vec<String> {
        let found = path.iter().fold(&table, |table, name| table[*name].as_table().unwrap());
        found.keys().cloned().collect()
    };
    // What a table reads it says itself when it is given something else; a line's own tables are those of all.
    for (heading, path) in [
        ("", vec![]),
        ("[packer]\n", vec!["packer"]),
        ("[names]\n", vec!["names", "line.debian-12.names"]),
        ("[vsphere]\n", vec!["vsphere"]),
        ("[workflow]\n", vec!["workflow"]),
        ("[iso]\n", vec!["iso"]),
        ("[line.x]\n", vec!["line.debian-12"]),
    ] {
        let error =
            Layout::parse(Path::new("tmpl.toml"), &format!("{heading}no_such_key = 1\n")).unwrap_err().to_string();
        let mut known: Vec<&str> = error.split_once("keys here are: ").unwrap().1.split(", ").collect();
        let parts = |path: &str| path.replace("line.debian-12", "line/debian-12").replace('.', "/");
        let tables = if path.is_empty() {
            vec![keys(&[])]
        } else {
            path.iter().map(|path| keys(&parts(path).split('/').collect::<Vec<_>>())).collect()
        };
        let mut shown: Vec<String> = tables.concat();
        known.sort_unstable();
        shown.sort();
        shown.dedup();
        assert_eq!(shown, known, "{heading}");
    }
}

#[test]
fn a_repository_without_a_template_says_so_in_one_line() {
    let empty = TempDir::new().unwrap();
    let error = Matrix::load(empty.path()).unwrap_err().to_string();
    assert!(error.contains("no template of type vsphere-iso") && error.lines().count() == 1, "{error}");
}

#[test]
fn templates_of_the_old_form_are_named_with_what_to_do() {
    let repo = TempDir::new().unwrap();
    fs::create_dir(repo.path().join("centos")).unwrap();
    let text = r#"{"variables": {}, "builders": [{"type": "vsphere-iso", "vm_name": "x"}]}"#;
    fs::write(repo.path().join("centos/centos-8.json"), text).unwrap();
    let error = Matrix::load(repo.path()).unwrap_err().to_string();
    assert!(error.contains("packer hcl2_upgrade centos/centos-8.json"), "{error}");
}

/// The action and the include call verbs with arguments that those have.
#[rstest]
#[case(".github/actions/build-line/action.yml")]
#[case("ci/gitlab/build-line.yml")]
fn what_others_include_calls_verbs_as_they_are(#[case] file: &str) {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    let mut called = Vec::new();
    let calls = text.lines().filter(|line| !line.trim_start().starts_with('#') && line.contains("tmpl-tui "));
    for words in
        calls.filter_map(|line| line.split("tmpl-tui ").last()).map(|call| call.split_whitespace().collect::<Vec<_>>())
    {
        let Some(verb) = words.iter().find(|word| ["build", "redact", "triage", "promote"].contains(word)) else {
            continue;
        };
        let help = Command::cargo_bin("tmpl-tui").unwrap().args([verb, "--help"]).output().unwrap();
        let help = String::from_utf8(help.stdout).unwrap();
        for flag in words.iter().filter(|word| word.starts_with("--") && word.len() > 2) {
            assert!(help.contains(flag), "{file}: {verb} {flag}");
        }
        called.push(*verb);
    }
    assert_eq!(called.iter().filter(|verb| **verb == "build").count(), 1, "{called:?}");
    assert!(called.contains(&"triage") && called.contains(&"redact"), "{called:?}");
}
