//! The verb `runs` as it is typed.

use assert_cmd::Command;
use assert_fs::TempDir;
use tmpl::lab::github::{GitHub, Reply, World};

use super::{run, world};

/// The program with nothing of this machine's credentials, and the server's.
fn program(github: &GitHub, home: &TempDir) -> Command {
    let mut command = Command::cargo_bin("tmpl-tui").unwrap();
    command.current_dir(env!("CARGO_MANIFEST_DIR")).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
    command.env("XDG_STATE_HOME", home.path()).env("HOME", home.path()).envs(github.environment());
    command
}

struct Ended {
    code: i32,
    stdout: String,
    stderr: String,
}

async fn ended(mut command: Command, arguments: &[&str]) -> Ended {
    command.args(arguments);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ended { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

async fn typed(github: &GitHub, arguments: &[&str]) -> Ended {
    let home = TempDir::new().unwrap();
    ended(program(github, &home), arguments).await
}

async fn busy() -> GitHub {
    let runs = vec![run(9002, "debian-12", "in_progress", None), run(9001, "rocky-9", "completed", Some("failure"))];
    GitHub::start(world(runs)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_says_what_runs_where_and_what_failed() {
    let github = busy().await;
    let list = typed(&github, &["runs"]).await;
    assert_eq!(list.code, 0, "{}", list.stderr);
    assert!(list.stdout.contains("#2     running    build-templates debian-12  10m ago"), "{}", list.stdout);
    assert!(list.stdout.contains("debian-12              running    step: Build and promote · 9m"), "{}", list.stdout);
    assert!(list.stdout.contains("rocky-9                failed"), "{}", list.stdout);
    assert!(list.stdout.contains("of 5000 requests left"), "{}", list.stdout);
    let list = typed(&github, &["runs", "list", "--json"]).await;
    let value: serde_json::Value = serde_json::from_str(&list.stdout).unwrap();
    assert_eq!(value["runs"][1]["legs"][0]["key"], "rocky-9");
    assert_eq!(value["runs"][1]["conclusion"], "failure");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_it_says_so_and_ends_with_2() {
    let github = busy().await;
    let home = TempDir::new().unwrap();
    let mut command = program(&github, &home);
    command.env_remove("GITHUB_TOKEN");
    let list = ended(command, &["runs"]).await;
    assert_eq!(list.code, 2);
    assert!(list.stderr.contains("no GITHUB_TOKEN"), "{}", list.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_codes_are_those_of_the_contract() {
    let github = busy().await;
    let code = |arguments: &'static [&'static str]| async { typed(&github, arguments).await.code };
    assert_eq!(code(&["runs", "dispatch", "debian-12"]).await, 3, "it is being built");
    assert_eq!(code(&["runs", "dispatch", "solaris"]).await, 2, "no such line");
    assert_eq!(code(&["--read-only", "runs", "dispatch", "debian-13"]).await, 3);
    assert_eq!(code(&["runs", "watch", "#1"]).await, 1, "it failed");
    github.plan("/runs", Reply::error(401, "Bad credentials"));
    assert_eq!(code(&["runs"]).await, 2);
    github.plan("/runs", Reply::error(404, "Not Found"));
    assert_eq!(code(&["runs"]).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_run_offers_the_sweep_and_watching_it_ends_with_130() {
    let github = busy().await;
    let cancelled = typed(&github, &["runs", "cancel"]).await;
    assert_eq!(cancelled.code, 0, "{}", cancelled.stderr);
    assert!(cancelled.stderr.contains("tmpl-tui sweep debian-12"), "{}", cancelled.stderr);
    assert_eq!(typed(&github, &["runs", "watch", "2"]).await.code, 130);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispatch_prints_its_run() {
    let github = GitHub::start(World::empty()).await.unwrap();
    let dispatched = typed(&github, &["runs", "dispatch", "windows-desktop-11", "--json"]).await;
    assert_eq!(dispatched.code, 0, "{}", dispatched.stderr);
    let value: serde_json::Value = serde_json::from_str(&dispatched.stdout).unwrap();
    assert_eq!(value["title"], "build-templates windows-desktop-11");
    assert_eq!(value["state"], "queued");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_of_a_failed_leg_is_printed_and_triage_knows_it() {
    let lines = ["windows-server-2022".to_owned(), "debian-12".to_owned()];
    let github = GitHub::start(World::demo(&lines, "windows-server-2022")).await.unwrap();
    let home = TempDir::new().unwrap();
    let log = ended(program(&github, &home), &["runs", "log"]).await;
    assert_eq!(log.code, 0, "{}", log.stderr);
    assert!(log.stdout.contains("Packer version: 1.16.0"));
    assert!(log.stderr.contains("vsphere plugin 2.1.0 was used, the checkout pins"), "{}", log.stderr);
    let triage = ended(program(&github, &home), &["triage", "windows-server-2022", "--json"]).await;
    let verdict: serde_json::Value = serde_json::from_str(&triage.stdout).unwrap();
    assert_eq!(verdict["class"], "ansible_task_failed");
    assert_eq!(ended(program(&github, &home), &["runs", "log", "#86"]).await.code, 3, "nothing of it failed");
    assert_eq!(ended(program(&github, &home), &["runs", "log", "--leg", "solaris"]).await.code, 2);
}

/// A run of a line on record here.
fn recorded(home: &TempDir, id: &str, state: &str, started: jiff::Timestamp) {
    let dir = home.path().join("tmpl-tui/runs/windows-server-2022").join(id);
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join("packer-build.log"), "2026/03/01 02:03:04 ui: ==> vsphere-iso.x: Waiting for IP...\n")
        .unwrap();
    let record = serde_json::json!({
        "version": 1, "key": "windows-server-2022", "base_name": "windows-server-2022-datacenter-dexp-main",
        "state": state, "exit": i32::from(state == "failed"), "reason": null, "started": started,
        "ended": started + jiff::SignedDuration::from_mins(1),
        "supervisor": serde_json::json!({"pid": 0, "start": 0, "boot": ""}), "packer": null, "argv": [],
        "packer_version": "1.16.0", "on_error": "cleanup", "promote": false, "log": dir.join("packer-build.log"),
        "temporary": dir,
    });
    std::fs::write(dir.join("run.json"), record.to_string()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn triage_knows_of_a_green_run_on_github_that_is_newer_than_the_one_here() {
    let lines = ["windows-server-2022".to_owned(), "debian-12".to_owned()];
    let github = GitHub::start(World::demo(&lines, "windows-server-2022")).await.unwrap();
    let home = TempDir::new().unwrap();
    recorded(&home, "20260101T020300.000Z", "succeeded", "2026-01-01T02:03:00Z".parse().unwrap());
    recorded(&home, "29990101T020300.000Z", "failed", jiff::Timestamp::now() - jiff::SignedDuration::from_mins(2));
    let triage = ended(program(&github, &home), &["triage", "windows-server-2022"]).await;
    assert_eq!(triage.code, 0, "{}", triage.stderr);
    assert!(triage.stdout.contains("since it was last built well here (20260101T020300.000Z"), "{}", triage.stdout);
    // #87 failed; #86 is the newest that went well.
    assert!(triage.stdout.contains("    #86 on GitHub went well later ("), "{}", triage.stdout);
    let triage = ended(program(&github, &home), &["triage", "windows-server-2022", "--json"]).await;
    let triage: serde_json::Value = serde_json::from_str(&triage.stdout).unwrap();
    assert_eq!(triage["green_on_github"]["number"], 86, "{triage}");
}

#[tokio::test(flavor = "multi_thread")]
async fn triage_names_a_newer_run_on_github_and_judges_it_once_its_log_is_here() {
    let lines = ["windows-server-2022".to_owned(), "debian-12".to_owned()];
    let github = GitHub::start(World::demo(&lines, "windows-server-2022")).await.unwrap();
    let home = TempDir::new().unwrap();
    // Nothing is here: GitHub's run is all there is.
    let nothing = ended(program(&github, &home), &["triage", "windows-server-2022"]).await;
    assert_eq!(nothing.code, 2, "{}", nothing.stdout);
    let fetch = "tmpl-tui runs log 87 --job windows-server-2022";
    assert!(nothing.stderr.contains("newer on GitHub: run #87 failed"), "{}", nothing.stderr);
    assert!(nothing.stderr.contains(fetch), "{}", nothing.stderr);
    // An older run is here: it is judged, and the newer one named.
    let old = home.path().join("tmpl-tui/runs/windows-server-2022/20260301T020300.000Z");
    std::fs::create_dir_all(&old).unwrap();
    std::fs::write(old.join("packer-build.log"), "2026/03/01 02:03:04 ui: ==> vsphere-iso.x: Waiting for IP...\n")
        .unwrap();
    let nobody = serde_json::json!({"pid": 0, "start": 0, "boot": ""});
    let record = serde_json::json!({
        "version": 1, "key": "windows-server-2022", "base_name": "windows-server-2022-datacenter-dexp-main",
        "state": "failed", "exit": 1, "reason": null, "started": "2026-03-01T02:03:00Z",
        "ended": "2026-03-01T02:13:00Z", "supervisor": nobody, "packer": null, "argv": [], "packer_version": "1.16.0",
        "on_error": "cleanup", "promote": false, "log": old.join("packer-build.log"), "temporary": old,
    });
    std::fs::write(old.join("run.json"), record.to_string()).unwrap();
    let triage = ended(program(&github, &home), &["triage", "windows-server-2022"]).await;
    assert_eq!(triage.code, 0, "{}", triage.stderr);
    let first = triage.stdout.lines().next().unwrap();
    assert!(first.starts_with("newer on GitHub: run #87 failed") && first.contains(fetch), "{}", triage.stdout);
    assert!(first.contains("the run here of 2026-03-01 02:03"), "{first}");
    let json = |ended: &Ended| serde_json::from_str::<serde_json::Value>(&ended.stdout).unwrap();
    let triage = json(&ended(program(&github, &home), &["triage", "windows-server-2022", "--json"]).await);
    assert_eq!(triage["github"]["newer"]["number"], 87, "{triage}");
    assert_eq!(triage["github"]["newer"]["next"], fetch);
    // What is acknowledged is the newest failure, wherever it was.
    let note = ["acknowledge", "windows-server-2022", "--note", "OPS-4711", "--json"];
    let seen = json(&ended(program(&github, &home), &note).await);
    assert_eq!((&seen["class"], &seen["about"]), (&"github".into(), &"failed Build and promote".into()), "{seen}");
    assert!(seen["page"].as_str().is_some_and(|page| page.ends_with("/9087")), "{seen}");
    // A run that was asked for by name is judged, and nothing else is said.
    let named =
        json(&ended(program(&github, &home), &["triage", "windows-server-2022", "--run", "2026", "--json"]).await);
    assert!(named.get("github").is_none(), "{named}");
    // Its log is brought here: that is the newest one now.
    assert_eq!(ended(program(&github, &home), &fetch.split(' ').skip(1).collect::<Vec<_>>()).await.code, 0);
    let judged = json(&ended(program(&github, &home), &["triage", "windows-server-2022", "--json"]).await);
    assert_eq!(judged["class"], "ansible_task_failed");
    assert!(judged.get("github").is_none(), "{judged}");
    // It is the run that was acknowledged by its page.
    assert_eq!(judged["acknowledged"]["note"], "OPS-4711", "{judged}");
    // Without an answer the verdict comes all the same, and says what is not known.
    github.plan("/runs", Reply { delay: std::time::Duration::from_secs(60), ..Reply::error(500, "slow") });
    let slow = ended(program(&github, &home), &["triage", "windows-server-2022", "--json"]).await;
    assert_eq!(slow.code, 0, "{}", slow.stderr);
    let reason = json(&slow)["github"]["unknown"].as_str().unwrap_or_default().to_owned();
    assert!(reason.contains("did not answer within 5 s"), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_of_a_line_that_github_builds_is_refused_with_the_runs_page() {
    let github = busy().await;
    let build = typed(&github, &["build", "debian-12"]).await;
    assert_eq!(build.code, 3, "{}", build.stderr);
    assert!(build.stderr.contains("debian-12 is being built by run #2 on GitHub: http"), "{}", build.stderr);
    // Nor is the VM of that build a leftover.
    let sweep = typed(&github, &["sweep", "debian-12", "--yes"]).await;
    assert!(sweep.stderr.contains("debian-12 is being built by run #2 on GitHub: http"), "{}", sweep.stderr);
    assert_eq!(sweep.code, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verdict_goes_where_the_runner_expects_it() {
    let github = busy().await;
    let home = TempDir::new().unwrap();
    let mut command = program(&github, &home);
    let (outputs, summary) = (home.path().join("outputs"), home.path().join("summary"));
    command.env("GITHUB_OUTPUT", &outputs).env("GITHUB_STEP_SUMMARY", &summary);
    let log = "tests/logs/24-windows-ansible-task-failed/packer-build.log";
    let triage = ended(command, &["triage", "windows-server-2022", "--log", log, "--github", "--json"]).await;
    assert_eq!(triage.code, 0, "{}", triage.stderr);
    assert!(serde_json::from_str::<serde_json::Value>(&triage.stdout).is_ok(), "stdout carries the verdict alone");
    assert!(triage.stderr.contains("::error title=windows-server-2022%3A ansible_task_failed::"), "{}", triage.stderr);
    assert!(std::fs::read_to_string(outputs).unwrap().contains("\nansible_task_failed\n"));
    let summary = std::fs::read_to_string(summary).unwrap();
    assert!(summary.contains("| verdict | ansible_task_failed |"), "{summary}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leg_at_work_says_which_source_is_lacking() {
    let log = typed(&busy().await, &["runs", "log", "#2", "--leg", "debian-12"]).await;
    assert_eq!(log.code, 3);
    assert!(log.stderr.contains("set TMPL_ARC_NAMESPACE"), "{}", log.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leg_at_work_is_followed_from_its_pod_and_kubectl_learns_no_secret() {
    let github = busy().await;
    let home = TempDir::new().unwrap();
    let bin = home.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    let script = "#!/bin/sh\nenv >\"$HOME/environment\"\necho \"$*\" >\"$HOME/arguments\"\n\
        echo '2026/11/23 10:00:00 ui: ==> vsphere-iso.debian: Waiting for IP...'\n\
        printf 'warning: \\033]52;c;cHduZWQ=\\007 of hunter2-hunter2\\n' >&2\n";
    std::fs::write(bin.join("kubectl"), script).unwrap();
    std::fs::set_permissions(bin.join("kubectl"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let follow = |namespace: &str| {
        let mut command = program(&github, &home);
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
        command.env("PATH", path).env("TMPL_ARC_NAMESPACE", namespace);
        command.env("PKR_VAR_vsphere_password", "hunter2-hunter2");
        ended(command, &["runs", "log", "#2", "--leg", "debian-12"])
    };
    let log = follow("arc-runners").await;
    assert_eq!(log.code, 0, "{}", log.stderr);
    assert!(log.stdout.contains("Waiting for IP..."), "{}", log.stdout);
    assert!(log.stderr.contains("kubectl: warning:") && log.stderr.contains("[REDACTED:PKR_VAR_vsphere_password]"));
    assert!(!log.stderr.contains('\u{1b}') && !log.stderr.contains("hunter2"), "{:?}", log.stderr);
    assert!(std::fs::read_to_string(home.path().join("arguments")).unwrap().contains("--namespace arc-runners"));
    let environment = std::fs::read_to_string(home.path().join("environment")).unwrap();
    assert!(!environment.contains("hunter2") && !environment.contains("GITHUB_TOKEN"), "{environment}");

    let log = follow("--kubeconfig=/evil").await;
    assert_eq!(log.code, 3);
    assert!(log.stderr.contains("TMPL_ARC_NAMESPACE is no name"), "{}", log.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_that_is_refused_is_annotated() {
    let github = busy().await;
    let home = TempDir::new().unwrap();
    let summary = home.path().join("summary");
    let mut command = program(&github, &home);
    command.env("GITHUB_STEP_SUMMARY", &summary);
    let build = ended(command, &["build", "almalinux-9", "--packer", "/bin/true", "--github"]).await;
    assert_eq!(build.code, 2, "{}", build.stderr);
    assert!(build.stderr.contains("::error title=almalinux-9::cannot run packer (/bin/true)"), "{}", build.stderr);
    assert!(std::fs::read_to_string(summary).unwrap().contains("cannot run packer"));
}
