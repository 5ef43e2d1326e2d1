//! Killed, stopped, doubled and stalled: nothing half-done gets a name, and the next run finishes.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rstest::rstest;
use sha2::{Digest, Sha256};
use tmpl::iso::{Mirror, RequiredIso, StageError, stage};
use tmpl::vcenter::audit::AuditLog;
use tmpl::vcenter::datastore::DatastorePath;
use tmpl::vcenter::gate::{Gate, Mode};

use crate::mirror::Server;
use crate::stage::{AT, Desk, FILE, FOLDER, desk, said};
use crate::{line, repository};

fn started(command: &mut Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

fn partials(files: &[(String, u64)]) -> usize {
    files.iter().filter(|(name, _)| name.ends_with(".partial")).count()
}

/// The final name is on the right bytes or on none, and one more run finishes and leaves nothing else.
async fn holds(desk: &Desk) {
    let staged = desk.staged().await;
    assert!(staged.is_none_or(|bytes| bytes == desk.iso), "the final name is on wrong bytes");
    let (code, said) = desk.stage();
    assert_eq!(code, 0, "{said}");
    assert_eq!(desk.staged().await.as_ref(), Some(&desk.iso));
    assert_eq!(desk.files().await, [(FILE.to_owned(), desk.iso.len() as u64)], "{said}");
}

#[rstest]
#[case(0)]
#[case(1_500_000)]
#[case(2_999_999)]
#[tokio::test(flavor = "multi_thread")]
async fn killed_while_copying(#[case] at: u64) {
    let desk = desk();
    desk.mirror.hold(Some(at));
    let mut child = started(&mut desk.command());
    desk.mirror.wait_held();
    child.kill().unwrap();
    child.wait().unwrap();
    desk.mirror.hold(None);
    holds(&desk).await;
}

#[rstest]
#[case("\"look\"")]
#[case("\"copy\"")]
#[case("\"rename\"")]
#[case("\"DONE\"")]
#[tokio::test(flavor = "multi_thread")]
async fn killed_when_a_phase_begins(#[case] phase: &str) {
    let desk = desk();
    let mut child = started(desk.command().arg("--json"));
    let out = BufReader::new(child.stdout.take().unwrap());
    assert!(out.lines().map_while(Result::ok).any(|line| line.contains(phase)), "never came to {phase}");
    child.kill().unwrap();
    child.wait().unwrap();
    holds(&desk).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn asked_to_stop_it_cleans_up_after_itself() {
    let desk = desk();
    desk.mirror.hold(Some(1_500_000));
    let mut child = started(&mut desk.command());
    desk.mirror.wait_held();
    kill(Pid::from_raw(child.id() as i32), Signal::SIGTERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(desk.files().await, []);
    desk.mirror.hold(None);
    holds(&desk).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_at_once_the_second_refuses() {
    let desk = desk();
    desk.mirror.hold(Some(1_500_000));
    let mut first = started(&mut desk.command());
    desk.mirror.wait_held();
    let (code, text) = desk.stage();
    assert!(code == 1 && text.contains("another upload of debian-12 is running"), "{text}");
    desk.mirror.hold(None);
    assert!(first.wait().unwrap().success());
    holds(&desk).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_on_another_machine_is_seen_by_what_it_writes() {
    let desk = desk();
    // Another state folder, as on another machine: no lock in common.
    desk.mirror.hold(Some(1_500_000));
    let mut first = started(desk.command().env("XDG_STATE_HOME", desk.repo.path().join("other")));
    desk.mirror.wait_held();
    let mut second = started(desk.command().arg("--json"));
    let mut out = BufReader::new(second.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    assert!(line.contains("\"look\""), "{line}");
    // The first one goes on while the second one looks, or right after: whichever, one of them stages it.
    desk.mirror.hold(None);
    let rest: Vec<String> = out.lines().map_while(Result::ok).collect();
    let codes = [first.wait().unwrap().code(), second.wait().unwrap().code()];
    assert!(codes.contains(&Some(0)), "{codes:?} {rest:?}");
    holds(&desk).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn left_over_partials_of_older_releases_go_too() {
    let desk = desk();
    let gate = gate(&desk);
    gate.make_folder("test", &DatastorePath { datastore: "LocalDS_0".into(), path: FOLDER.into() }).await.unwrap();
    for name in [".debian-12.13.0-amd64-netinst.iso.partial", "debian-12.14.0-amd64-netinst.iso", "notes.partial"] {
        let file = DatastorePath { datastore: "LocalDS_0".into(), path: format!("{FOLDER}/{name}") };
        gate.upload("test", &file, 3, "abc".into()).await.unwrap();
    }
    let (code, said) = desk.stage();
    assert_eq!(code, 0, "{said}");
    let mut names: Vec<String> = desk.files().await.into_iter().map(|(name, _)| name).collect();
    names.sort();
    assert_eq!(names, ["debian-12.14.0-amd64-netinst.iso", FILE, "notes.partial"], "older releases and others' stay");
}

fn gate(desk: &Desk) -> Gate {
    let audit = AuditLog::new(desk.repo.path().join("audit.jsonl"), "test", "vcsim");
    let folder = DatastorePath { datastore: "LocalDS_0".into(), path: FOLDER.into() };
    Gate::new(desk.client(), Mode::ReadWrite, [], audit).with_media([folder])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stalled_mirror_is_given_up_and_its_partial_removed() {
    let desk = desk();
    desk.mirror.hold(Some(1_000_000));
    let (line, gate) = (line(desk.repo.path(), "debian-12"), gate(&desk));
    // The mirror's own patience is longer than that of the staging.
    let mirror = Mirror::new(Duration::from_secs(60), 1).unwrap();
    let wanted = RequiredIso::read(desk.repo.path(), &line).unwrap();
    let stall_timeout = Duration::from_millis(300);
    let (on, stop) = (std::sync::Arc::new(|_| {}), Default::default());
    let job = stage::StageJob { gate: &gate, mirror: &mirror, line: &line, wanted: &wanted, stall_timeout, on, stop };
    let error = job.run().await.unwrap_err();
    assert!(matches!(error, StageError::Stalled { .. }), "{error}");
    assert_eq!(partials(&desk.files().await), 0);
    desk.mirror.hold(None);
    holds(&desk).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mirror_that_never_answers_is_an_error_in_time() {
    let desk = desk();
    desk.mirror.silent(&format!("{AT}/SHA256SUMS"));
    let mirror = Mirror::new(Duration::from_millis(200), 2).unwrap();
    let url = format!("{}{AT}/SHA256SUMS", desk.mirror.url);
    let error = mirror.page(&url).await.unwrap_err().to_string();
    assert!(error.contains(&url), "{error}");
    assert_eq!(desk.mirror.asked().len(), 2, "asked as often as allowed");
}

/// Peak resident memory in bytes.
fn peak(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_does_not_grow_with_the_iso() {
    let desk = desk();
    let size = 192 << 20;
    desk.mirror.zeros(&format!("{AT}/{FILE}"), size);
    let chunk = vec![0; 1 << 20];
    let digest = (0..192).fold(Sha256::new(), |hash, _| hash.chain_update(&chunk)).finalize();
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    desk.mirror.put(&format!("{AT}/SHA256SUMS"), format!("{hex} *{FILE}\n"));
    let peak_at = |at: u64| {
        desk.mirror.hold(Some(at));
        desk.mirror.wait_held();
    };
    desk.mirror.hold(Some(1 << 20));
    let mut child = started(&mut desk.command());
    desk.mirror.wait_held();
    let early = peak(child.id());
    peak_at(size - 1);
    let late = peak(child.id());
    desk.mirror.hold(None);
    assert!(child.wait().unwrap().success());
    assert!(late < early + (32 << 20), "{early} bytes after 1 MiB, {late} after {size}");
    assert_eq!(desk.files().await, [(FILE.to_owned(), size)]);
}

const SIGNALS: [Signal; 4] = [Signal::SIGKILL, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGINT];

/// Matrix and var-files are whole: they parse, and each line's ISO is the old one or the new one.
fn whole(repo: &Path) {
    let matrix = tmpl::pipeline::Matrix::load(repo).unwrap();
    for line in matrix.lines.iter().filter(|line| line.iso_url.is_some()) {
        let text = std::fs::read_to_string(repo.join("ci/config").join(&line.config)).unwrap();
        for name in ["iso_file", "iso_content_library_item"] {
            assert!(tmpl::pipeline::varfiles::literal(&text, name).is_some(), "{}: {text}", line.key);
        }
    }
}

#[test]
fn killed_at_any_moment_of_a_check_both_files_are_whole_and_the_next_run_finishes() {
    let server = Server::start();
    let versions = [("24.04", 4), ("22.04", 5)];
    for (version, point) in versions {
        let file = format!("ubuntu-{version}.{}-live-server-amd64.iso", point + 1);
        server.put(&format!("/{version}/SHA256SUMS"), format!("{} *{file}\n", "ab".repeat(32)));
        server.put(&format!("/{version}/{file}"), "iso");
    }
    let repo = repository(&server);
    let original = std::fs::read(repo.path().join("ci/matrix.json")).unwrap();
    let configs = ["linux-ubuntu-24-04-lts.pkrvars.hcl", "linux-ubuntu-22-04-lts.pkrvars.hcl"];
    let before = configs.map(|name| std::fs::read(repo.path().join("ci/config").join(name)).unwrap());
    let check = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tmpl-tui"));
        command.env("XDG_STATE_HOME", repo.path().join("state")).arg("--repo").arg(repo.path());
        command.args(["iso", "check", "--apply"]);
        command
    };
    // How long a whole run takes decides only how the kills are spread.
    let begun = std::time::Instant::now();
    check().output().unwrap();
    let whole_run = begun.elapsed();
    let after = std::fs::read(repo.path().join("ci/matrix.json")).unwrap();
    assert_ne!(after, original);
    for step in 0..24 {
        std::fs::write(repo.path().join("ci/matrix.json"), &original).unwrap();
        for (name, text) in configs.iter().zip(&before) {
            std::fs::write(repo.path().join("ci/config").join(name), text).unwrap();
        }
        let mut child = started(&mut check());
        std::thread::sleep(whole_run.mul_f64(f64::from(step) / 22.0));
        kill(Pid::from_raw(child.id() as i32), SIGNALS[step as usize % SIGNALS.len()]).unwrap();
        child.wait().unwrap();
        whole(repo.path());
        let (_, text) = said(&mut check());
        assert_eq!(std::fs::read(repo.path().join("ci/matrix.json")).unwrap(), after, "{text}");
        let half = |folder: &str| {
            let names = std::fs::read_dir(repo.path().join(folder)).unwrap().map(|entry| entry.unwrap().file_name());
            names.filter(|name| name.to_string_lossy().starts_with('.')).count()
        };
        assert_eq!(half("ci") + half("ci/config"), 0, "nothing half-written stays");
    }
}

#[test]
fn one_bump_writer_at_a_time() {
    let server = Server::start();
    let repo = repository(&server);
    let _first = tmpl::iso::BumpWriter::open(repo.path()).unwrap();
    std::fs::write(repo.path().join("ci/config/.tmpl-tui-bump-abc"), "half").unwrap();
    let mut check = Command::new(env!("CARGO_BIN_EXE_tmpl-tui"));
    check.env("XDG_STATE_HOME", repo.path().join("state")).arg("--repo").arg(repo.path());
    let (code, text) = said(check.args(["iso", "check", "--apply"]));
    assert!(code == 3 && text.contains("another bump"), "{text}");
    assert!(repo.path().join("ci/config/.tmpl-tui-bump-abc").exists(), "somebody may be writing it");
    drop(_first);
    let _second = tmpl::iso::BumpWriter::open(repo.path()).unwrap();
    assert!(!repo.path().join("ci/config/.tmpl-tui-bump-abc").exists());
}
