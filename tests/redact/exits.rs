//! Every way out of the program, with the real binary: what it prints, what it writes down.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::fake_packer::Fake;
use crate::oracle::{DEPTH, leak};
use crate::property::{FORMS, Form, document};

/// Name, value in the environment, what must not get out.
const SECRETS: &[(&str, &str, &str)] = &[
    ("PKR_VAR_build_password", "p@ss&<w>'o\"rd-1", "p@ss&<w>'o\"rd-1"),
    ("GITHUB_TOKEN", "ghp_0123456789abcdefghij", "ghp_0123456789abcdefghij"),
    ("TMPL_CONSOLE_PASSWORD", "c0nsole/Pass+word==", "c0nsole/Pass+word=="),
    ("GOVC_URL", "https://svc:Pass%2Fw0rd%21x@127.0.0.1:1/sdk", "Pass/w0rd!x"),
    // Only the template says that it is one.
    ("PKR_VAR_operator", "opera.tor@lab-7", "opera.tor@lab-7"),
    ("operator_badge", "", "badge-0815-x"),
];
/// Says what lies beside it, on its output and in its log, and fails.
const SCRIPT: &str = r#"cat $here/say; cat $here/say >>"$PACKER_LOG_PATH"; exit 3"#;

fn fake() -> Fake {
    let fake = Fake::new("1.11.2", SCRIPT);
    let sensitive = |name: &str| format!("variable \"{name}\" {{\n  type = string\n  sensitive = true\n}}\n");
    let template = sensitive("operator") + &sensitive("operator_badge");
    std::fs::write(fake.path("repo/packer/linux/variables.pkr.hcl"), template).unwrap();
    std::fs::write(fake.path("repo/ci/config/line.pkrvars.hcl"), "operator_badge = \"badge-0815-x\"\n").unwrap();
    // Every form once, and some of every secret.
    let shares = SECRETS.iter().enumerate().flat_map(|(at, (.., value))| {
        let forms: Vec<Form> = FORMS.iter().skip(at).step_by(SECRETS.len()).copied().collect();
        document(&[(*value).to_owned()], &forms)
    });
    std::fs::write(fake.path("say"), shares.collect::<Vec<u8>>()).unwrap();
    fake
}

fn run(fake: &Fake, arguments: &[&str], stdin: Stdio) -> Output {
    with_secrets(fake, arguments).stdin(stdin).output().unwrap()
}

fn with_secrets(fake: &Fake, arguments: &[&str]) -> Command {
    let mut command = fake.tmpl(arguments);
    for (name, value, _) in SECRETS.iter().filter(|(_, value, _)| !value.is_empty()) {
        command.env(name, value);
    }
    command.env("PKR_VAR_pin_token", "123").env("PKR_VAR_with_token", "true");
    command
}

fn clean(what: &str, bytes: &[u8]) {
    let names: Vec<String> = SECRETS.iter().map(|(name, ..)| (*name).to_owned()).collect();
    for (name, _, value) in SECRETS {
        let found = leak(bytes, &names, value, DEPTH);
        assert!(found.is_none(), "{what}: {name}: {found:?}\n{}", String::from_utf8_lossy(bytes));
    }
}

fn marked(what: &str, bytes: &[u8]) {
    clean(what, bytes);
    for (name, ..) in SECRETS {
        let marker = format!("[REDACTED:{name}]");
        assert!(String::from_utf8_lossy(bytes).contains(&marker), "{what}: nothing of {name}");
    }
}

#[test]
fn redact_prints_no_secret_and_names_what_it_cannot_hide() {
    let fake = fake();
    let said = fake.path("say");
    let from_file = run(&fake, &["redact", said.to_str().unwrap()], Stdio::null());
    let from_pipe = run(&fake, &["redact"], std::fs::File::open(&said).unwrap().into());
    assert!(from_file.status.success(), "{}", String::from_utf8_lossy(&from_file.stderr));
    marked("redact FILE", &from_file.stdout);
    assert!(from_file.stdout == from_pipe.stdout);
    let words = String::from_utf8_lossy(&from_file.stderr).into_owned();
    assert!(words.contains("PKR_VAR_pin_token") && !words.contains("PKR_VAR_with_token"), "{words}");
    assert!(!words.contains("123"), "{words}");
}

#[test]
fn log_prints_no_secret() {
    let fake = fake();
    let said = fake.path("say");
    marked("log FILE", &run(&fake, &["log", said.to_str().unwrap()], Stdio::null()).stdout);
}

/// What a leg on GitHub left, whose own machine scrubbed it of what it knew alone.
#[test]
fn the_log_of_a_leg_holds_no_secret() {
    use tmpl::lab::github::{GitHub, Job, Run, World, archive};

    let fake = fake();
    let said = std::fs::read(fake.path("say")).unwrap();
    let created = jiff::Timestamp::now() - jiff::SignedDuration::from_mins(9);
    let run = Run {
        id: 9001,
        workflow: tmpl::github::BUILD,
        title: "build-templates p@ss&<w>'o\"rd-1 opera.tor@lab-7".into(),
        event: "schedule",
        status: "completed",
        conclusion: Some("failure"),
        created,
        ended: Some(created),
        jobs: vec![Job::build("one", "completed", Some("failure"))],
        artifacts: vec![("one-build-debug-log".into(), archive(&[("packer-build.log", &said)]))],
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let github = runtime.block_on(GitHub::start(World { runs: vec![run], ..World::empty() })).unwrap();
    for arguments in [&["runs", "log"][..], &["runs"], &["runs", "--json"]] {
        let mut command = with_secrets(&fake, arguments);
        // The lab knows one token only.
        let output = command.env("GH_TOKEN", SECRETS[1].1).envs(github.environment()).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?}: {errors}");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.contains("[REDACTED:PKR_VAR_operator]"), "{arguments:?}: {said}");
        assert!(!arguments.contains(&"log") || said.contains("[REDACTED:operator_badge]"), "{said}");
        clean(&format!("{arguments:?}, stdout"), &output.stdout);
        clean(&format!("{arguments:?}, stderr"), &output.stderr);
    }
}

#[test]
fn errors_of_a_log_and_the_evidence_of_a_verdict_hold_no_secret() {
    let fake = fake();
    let stamp = "2026/11/23 05:26:18 ui error: ==> vsphere-iso.x:";
    let lines: String = SECRETS
        .iter()
        .flat_map(|(.., value)| {
            let coloured = value.replacen('s', "\u{1b}[1ms\u{1b}[0m", 1);
            [(*value).to_owned(), coloured, format!("{value:?}"), value.replace('\'', "'\\''")]
        })
        .map(|text| format!("{stamp} fatal: [default]: FAILED! => cannot log in with {text}\n"))
        .collect();
    let end = format!("{stamp} timeout waiting for IP address, ghp_0123456789abcdefghij\n");
    let path = fake.path("errors.log");
    std::fs::write(&path, lines + &end).unwrap();
    let path = path.to_str().unwrap();
    let errors = run(&fake, &["log", "--errors", path], Stdio::null());
    marked("log --errors", &errors.stdout);
    let verdict = run(&fake, &["triage", "--log", path, "--json"], Stdio::null());
    assert!(verdict.status.success(), "{}", String::from_utf8_lossy(&verdict.stderr));
    assert!(String::from_utf8_lossy(&verdict.stdout).contains("REDACTED"));
    clean("triage --json", &verdict.stdout);
}

#[test]
fn what_to_do_about_a_failure_holds_no_secret() {
    let fake = fake();
    let path = fake.path("unset.log");
    for (name, _, value) in SECRETS.iter().filter(|(.., value)| !value.contains('"')) {
        std::fs::write(&path, format!("Error: Unset variable \"{value}\"\n")).unwrap();
        for form in
            [&["triage", "--log", path.to_str().unwrap()][..], &["triage", "--json", "--log", path.to_str().unwrap()]]
        {
            let verdict = run(&fake, form, Stdio::null());
            clean(&format!("{form:?}"), &verdict.stdout);
            let said = String::from_utf8_lossy(&verdict.stdout).into_owned();
            assert!(said.contains(&format!("Set PKR_VAR_[REDACTED:{name}] in the environment")), "{said}");
        }
    }
}

#[test]
fn a_build_says_and_writes_down_no_secret() {
    let fake = fake();
    // Half an account is there: vCenter cannot be asked.
    let built = run(&fake, &["build", "one", "--json", "--take-over", "nobody else builds it"], Stdio::null());
    assert_eq!(built.status.code(), Some(1), "{}", String::from_utf8_lossy(&built.stderr));
    marked("build, stderr", &built.stderr);
    clean("build, stdout", &built.stdout);
    let logs = ["packer-build.log", "output.log"];
    let written = files(&fake.path("state"));
    assert!(written.iter().any(|path| path.ends_with("run.json")), "{written:?}");
    // Packer's own two files are for their owner alone; everybody else gets them through this program.
    for path in written.iter().filter(|path| !logs.iter().any(|log| path.ends_with(log))) {
        clean(&path.display().to_string(), &std::fs::read(path).unwrap());
    }
    marked("log KEY", &run(&fake, &["log", "one"], Stdio::null()).stdout);
}

#[test]
fn complaints_hold_no_secret() {
    let fake = fake();
    std::fs::write(fake.path("validate-fails"), "").unwrap();
    for arguments in [
        &["validate"][..],
        &["build", "one"],
        &["status"],
        &["doctor"],
        &["console", "one"],
        &["log", "/nowhere/ghp_0123456789abcdefghij"],
        &["promote", "one"],
        &["runs"],
    ] {
        let output = run(&fake, arguments, Stdio::null());
        clean(&format!("{arguments:?}, stdout"), &output.stdout);
        clean(&format!("{arguments:?}, stderr"), &output.stderr);
    }
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// A laptop knows none of the secrets with which a log was written.
#[test]
fn a_bundle_without_secrets_says_so_and_hides_what_looks_like_one() {
    let fake = fake();
    let log = "2026/11/23 05:26:18 [INFO] Shutdown command: echo 'p@ss&<w>-1' | sudo -S shutdown\n\
               2026/11/23 05:26:18 ui: token ghp_0123456789abcdefghijABCDEFGHIJ012345\n\
               2026/11/23 05:26:19 ui error: ==> vsphere-iso.x: timeout waiting for IP address\n";
    let (path, zip) = (fake.path("alone.log"), fake.path("alone.zip"));
    std::fs::write(&path, log).unwrap();
    let arguments = ["triage", "--log", path.to_str().unwrap(), "--bundle", zip.to_str().unwrap()];
    let alone = |arguments: &[&str]| fake.tmpl(arguments).env_remove("PKR_VAR_build_password").output().unwrap();
    let output = alone(&arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && said.contains("NO SECRET OF THIS BUILD IS KNOWN HERE"), "{said}");
    let mut zip = zip::ZipArchive::new(std::fs::File::open(&zip).unwrap()).unwrap();
    for at in 0..zip.len() {
        let mut text = String::new();
        std::io::Read::read_to_string(&mut zip.by_index(at).unwrap(), &mut text).unwrap();
        assert!(!text.contains("p@ss") && !text.contains("p@ss&amp;") && !text.contains("ghp_"), "{text}");
    }
    let redacted = alone(&["redact", path.to_str().unwrap()]);
    assert!(String::from_utf8_lossy(&redacted.stdout).contains("echo '[REDACTED:?]' | sudo -S shutdown"));
}

#[test]
fn every_verb_warns_of_a_secret_that_is_too_short() {
    let fake = fake();
    for arguments in [&["plan"][..], &["validate"], &["doctor"], &["status"]] {
        let output = with_secrets(&fake, arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("PKR_VAR_pin_token: shorter than 4 characters"), "{arguments:?}: {said}");
    }
}
