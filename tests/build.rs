//! What a build does to processes and files, with a stand-in for packer that misbehaves on purpose.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

#[path = "support/fake_packer.rs"]
mod fake_packer;
#[path = "support/pty.rs"]
mod pty;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Output, Stdio};
use std::time::{Duration, Instant};

use fake_packer::{Fake, SECRET, script};
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::{Pid, getsid};
use pty::Pty;
use rstest::rstest;
use tmpl::guest::screen::ScreenLabels;
use tmpl::packer_run::{self, BuildError, RecordedState, Request, Run, RunState, run_here, start_detached};
use tmpl::pipeline::{Key, Matrix};
use tokio::sync::mpsc;

const PROGRAM: &str = env!("CARGO_BIN_EXE_tmpl-tui");

fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(180), "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn latest(fake: &Fake) -> Run {
    packer_run::latest(&fake.state(), &Key("one".into())).unwrap().expect("a run is on record")
}

#[test]
fn a_clock_that_was_set_back_hides_no_build() {
    let fake = Fake::new("1.11.2", script::SLOW);
    let first = fake.tmpl(&["build", "one"]).spawn().unwrap();
    wait_until("packer waits", || fake.path("waiting").exists());
    signal(&first, Signal::SIGTERM);
    first.wait_with_output().unwrap();
    let old = latest(&fake);
    // As if that one had begun in another century.
    let later = old.dir.with_file_name("20990101T000000.000Z");
    std::fs::rename(&old.dir, later).unwrap();
    std::fs::remove_file(fake.path("waiting")).unwrap();
    let second = waiting(&fake);
    assert_eq!(latest(&fake).dir.file_name().unwrap(), "20990101T000000.001Z");
    signal(&second, Signal::SIGTERM);
    second.wait_with_output().unwrap();
}

#[test]
fn a_record_that_was_tampered_with_deletes_nothing() {
    let fake = Fake::new("1.16.0", script::GOOD);
    assert!(fake.tmpl(&["build", "one"]).output().unwrap().status.success());
    let precious = fake.path("home/tmpl-tui-precious");
    std::fs::create_dir(&precious).unwrap();
    std::fs::write(precious.join("file"), "").unwrap();
    let link = fake.path("home/tmpl-tui-link");
    std::os::unix::fs::symlink(&precious, &link).unwrap();
    let record = latest(&fake).dir.join("run.json");
    for named in [&precious, &link, &fake.path("home/tmpl-tui-precious/../tmpl-tui-precious")] {
        let mut told: serde_json::Value = serde_json::from_slice(&std::fs::read(&record).unwrap()).unwrap();
        told["temporary"] = named.to_str().unwrap().into();
        std::fs::write(&record, told.to_string()).unwrap();
        assert!(fake.tmpl(&["build", "one"]).output().unwrap().status.success());
        assert!(precious.join("file").exists(), "{}", named.display());
    }
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn request(fake: &Fake) -> Request {
    let matrix = Matrix::load(&fake.path("repo")).unwrap();
    Request { packer: fake.packer(), ..Request::new(matrix.line("one").unwrap().clone(), fake.path("repo")) }
}

/// A headless build whose packer waits.
fn waiting(fake: &Fake) -> Child {
    let child = fake.tmpl(&["build", "one"]).stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    wait_until("packer waits", || fake.path("waiting").exists());
    wait_until("that is on record", || latest(fake).state == RunState::Running);
    child
}

fn signal(child: &Child, signal: Signal) {
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), signal).unwrap();
}

#[test]
fn a_good_build_leaves_a_record_for_its_owner_alone() {
    let fake = Fake::new("1.16.0", script::GOOD);
    let output = fake.tmpl(&["build", "one", "--json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert_eq!(fake.calls(), ["version", "init", "validate", "build"]);
    let run = latest(&fake);
    assert_eq!(run.state, RunState::Succeeded);
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["state"], "succeeded");
    for file in ["run.json", "output.log", "packer-build.log"] {
        assert_eq!(mode(&run.dir.join(file)), 0o600, "{file}");
    }
    for dir in [&run.dir, &run.frames, &fake.state().runs(), fake.state().path()] {
        assert_eq!(mode(dir), 0o700, "{}", dir.display());
    }
    assert!(!std::fs::read_to_string(run.dir.join("run.json")).unwrap().contains(SECRET));
}

#[test]
fn packer_gets_secrets_by_environment_its_log_for_the_build_only_and_nothing_of_ours() {
    let fake = Fake::new("1.16.0", script::GOOD);
    assert!(fake.tmpl(&["build", "one", "--log", "here.log"]).output().unwrap().status.success());
    for verb in ["version", "init", "validate"] {
        assert_eq!(fake.given(verb, "PACKER_LOG_PATH"), None, "{verb} would empty the log");
    }
    let log = fake.path("repo/here.log");
    assert_eq!(fake.given("build", "PACKER_LOG_PATH").as_deref(), log.to_str());
    assert_eq!((fake.given("build", "PACKER_LOG").as_deref(), mode(&log)), (Some("1"), 0o600));
    assert_eq!(fake.given("build", "PKR_VAR_build_password").as_deref(), Some(SECRET));
    assert_eq!(fake.given("build", "GITHUB_TOKEN"), None);
    assert_eq!(fake.given("build", "ACTIONS_RUNTIME_TOKEN"), None);
    assert!(latest(&fake).argv.iter().all(|word| !word.contains(SECRET)));
    assert!(!fake.path("wiped.log").exists());
    assert!(fake.temporary_files().is_empty(), "{:?}", fake.temporary_files());
}

#[test]
fn an_old_packer_is_not_asked_to_init() {
    let fake = Fake::new("1.6.6", script::GOOD);
    assert!(fake.tmpl(&["build", "one"]).output().unwrap().status.success());
    assert_eq!(fake.calls(), ["version", "validate", "build"]);
}

#[rstest]
#[case::init("init-fails", "no plugin server", &["version", "init"])]
#[case::validate("validate-fails", "Error: bad variable of [REDACTED:PKR_VAR_build_password]", &["version", "init", "validate"])]
fn what_fails_before_the_build_ends_it_in_packers_words(
    #[case] switch: &str,
    #[case] words: &str,
    #[case] calls: &[&str],
) {
    let fake = Fake::new("1.16.0", script::GOOD);
    std::fs::write(fake.path(switch), "").unwrap();
    let output = fake.tmpl(&["build", "one"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains(words), "{}", err(&output));
    assert!(!err(&output).contains(SECRET) && !err(&output).contains('\u{1b}'));
    assert_eq!(fake.calls(), calls);
    assert_eq!(latest(&fake).state, RunState::Failed { exit: Some(1) });
    let log = fake.tmpl(&["log", "one"]).output().unwrap();
    assert!(String::from_utf8_lossy(&log.stdout).contains(words), "the log verb shows it: {log:?}");
    let bundle = fake.path("case.zip");
    let triage = fake.tmpl(&["triage", "one", "--bundle", bundle.to_str().unwrap()]).output().unwrap();
    assert!(triage.status.success(), "{}", err(&triage));
    let mut bundle = zip::ZipArchive::new(std::fs::File::open(bundle).unwrap()).unwrap();
    let mut log = String::new();
    std::io::Read::read_to_string(&mut bundle.by_name("packer-build.log").unwrap(), &mut log).unwrap();
    // In the file its colours stay.
    let last = words.rsplit(' ').next().unwrap();
    assert!(log.contains(last), "triage has it, too: {log:?}");
}

/// Packer 1.16 with a template whose key a data source makes: `validate` knows it when it may ask.
fn with_a_data_source() -> Fake {
    let fake = Fake::new("1.16.0", script::GOOD);
    let template = "data \"sshkey\" \"install\" {}\nsource \"vsphere-iso\" \"linux\" {\n  ssh_private_key_file = \
                    data.sshkey.install.private_key_path\n}\nbuild {\n  sources = [\"source.vsphere-iso.linux\"]\n}\n";
    std::fs::write(fake.path("repo/packer/linux/linux.pkr.hcl"), template).unwrap();
    std::fs::write(fake.path("repo/ci/config/line.pkrvars.hcl"), "").unwrap();
    let packer = format!(
        "#!/bin/sh\nhere={}\n{}",
        fake.path("").display(),
        r#"echo "$1" >>$here/calls
case "$1" in
version) echo 'Packer v1.16.0';;
validate)
  case "$*" in
  *-evaluate-datasources*) test ! -e $here/refused || { cat $here/refused >&2; exit 1; };;
  *) printf 'Error: 1 error(s) occurred:\n\n* ssh_private_key_file is invalid: stat <unknown>: no such file\n\n  on linux.pkr.hcl line 2:\n' >&2; exit 1;;
  esac;;
build)
"#
    );
    fake.program("packer", &format!("{packer}{}\n;;\nesac\n", script::GOOD));
    fake
}

#[test]
fn a_build_and_validate_know_what_a_data_source_gives() {
    let fake = with_a_data_source();
    let output = fake.tmpl(&["build", "one"]).output().unwrap();
    assert!(output.status.success(), "{}", err(&output));
    assert_eq!(fake.calls(), ["version", "init", "validate", "build"]);
    let validate = || {
        let output = fake.tmpl(&["validate"]).output().unwrap();
        String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned()
    };
    let told = validate();
    assert!(told.contains("packer accepts 2 lines") && !told.contains("<unknown>"), "{told}");
    // What it gives can still be wrong, and it can fail: a defect of the template, and none.
    std::fs::write(fake.path("refused"), "Error: the key is too short\n\n  on linux.pkr.hcl line 2:\n").unwrap();
    let told = validate();
    assert!(told.contains("linux.pkr.hcl:2: packer refuses one: the key is too short"), "{told}");
    std::fs::write(fake.path("refused"), "Error: no key server\n\n  on linux.pkr.hcl line 1:\n").unwrap();
    let told = validate();
    assert!(told.contains("packer cannot say anything about one, win: a data source fails: no key server"), "{told}");
}

/// The audit log's lines about builds: verb, call, name, outcome.
fn audit(fake: &Fake) -> Vec<[String; 4]> {
    let text = std::fs::read_to_string(fake.state().audit_log()).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    lines.map(|line| ["verb", "call", "object", "outcome"].map(|name| line[name].as_str().unwrap().into())).collect()
}

#[test]
fn builds_and_cancels_are_in_the_audit_log() {
    let fake = Fake::new("1.16.0", script::SLOW);
    fake.release();
    fake.tmpl(&["build", "one"]).output().unwrap();
    let done = latest(&fake);
    for file in ["release", "waiting"] {
        std::fs::remove_file(fake.path(file)).unwrap();
    }
    let child = waiting(&fake);
    assert!(fake.tmpl(&["cancel", "one", "--yes"]).output().unwrap().status.success());
    child.wait_with_output().unwrap();
    let cancelled = latest(&fake);
    let name = |run: &Run| run.dir.file_name().unwrap().to_string_lossy().into_owned();
    let told = |verb: &str, call: &str, outcome: String| [verb.into(), call.into(), "one".into(), outcome];
    let build = |outcome: String| told("build", "packer build", outcome);
    let lines = audit(&fake);
    assert_eq!(lines[..2], [build("started".into()), build(format!("done: run {}", name(&done)))]);
    assert_eq!(lines[2], build("started".into()));
    assert_eq!(lines[3], told("cancel", "SIGTERM", "started".into()));
    // Either of them may be first to say how it ended.
    assert!(lines.contains(&told("cancel", "SIGTERM", "done".into())), "{lines:?}");
    assert!(lines.iter().any(|line| line[3].starts_with(&format!("cancelled: run {}", name(&cancelled)))), "{lines:?}");
    assert_eq!(lines.len(), 6, "{lines:?}");
}

#[test]
fn without_an_audit_log_nothing_is_built() {
    let fake = Fake::new("1.16.0", script::GOOD);
    std::fs::create_dir_all(fake.state().audit_log()).unwrap();
    let output = fake.tmpl(&["build", "one"]).output().unwrap();
    assert_eq!((output.status.code(), err(&output).contains("audit.jsonl")), (Some(3), true), "{}", err(&output));
    assert!(!fake.calls().contains(&"build".to_owned()));
}

#[test]
fn a_run_tells_who_made_it_and_is_named_in_the_history() {
    let fake = Fake::new("1.16.0", script::GOOD);
    assert!(fake.tmpl(&["build", "one"]).output().unwrap().status.success());
    assert_eq!(fake.tmpl(&["build", "one"]).output().unwrap().status.code(), Some(0));
    let answer = fake.tmpl(&["history", "one", "--json"]).output().unwrap();
    let runs: serde_json::Value = serde_json::from_slice(&answer.stdout).unwrap();
    assert_eq!(runs.as_array().unwrap().len(), 2);
    let made = &runs[1]["made"];
    assert_eq!(
        (&made["command"], &made["packer"]),
        (&"tmpl-tui build one --on-error cleanup".into(), &"1.16.0".into())
    );
    assert!(made["by"].as_str().unwrap().contains('@'), "{made}");
    let id = runs[1]["id"].as_str().unwrap();
    let told = fake.tmpl(&["history", "one"]).output().unwrap();
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(told.lines().nth(1).unwrap().starts_with(&format!("✓ succeeded  {id}")), "{told}");
    assert!(fake.tmpl(&["log", "one", "--run", id]).output().unwrap().status.success());
    assert!(fake.tmpl(&["triage", "one", "--run", id]).output().unwrap().status.success());
    let unknown = fake.tmpl(&["log", "one", "--run", "1999"]).output().unwrap();
    assert_eq!(unknown.status.code(), Some(2));
    assert!(err(&unknown).contains("one has no run 1999; tmpl-tui history one names them"), "{}", err(&unknown));
}

#[rstest]
#[case::missing("/nowhere/packer", "cannot run packer (/nowhere/packer): not found")]
#[case::not_packer("/bin/true", "cannot run packer (/bin/true): it does not tell its version")]
fn without_packer_one_line_says_so(#[case] packer: &str, #[case] words: &str) {
    let fake = Fake::new("1.16.0", script::GOOD);
    let output = fake.tmpl(&["build", "one", "--packer", packer]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains(words) && err(&output).lines().count() == 1, "{}", err(&output));
}

#[test]
fn a_failed_build_exits_1_and_keeps_packers_code() {
    let fake = Fake::new("1.16.0", script::BAD);
    let output = fake.tmpl(&["build", "one"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains("Error: it went wrong"));
    assert_eq!(latest(&fake).state, RunState::Failed { exit: Some(3) });
}

#[test]
fn everything_packer_says_is_kept_and_handed_on_before_the_end_is_told() {
    let fake = Fake::new("1.16.0", script::TALKATIVE);
    let output = fake.tmpl(&["build", "one"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let told = err(&output);
    assert!(told.contains("out 1999 ") && told.contains("err 1999"));
    assert!(told.contains("the very last word"), "ends with {:?}", &told[told.len().saturating_sub(200)..]);
    assert!(std::fs::read(latest(&fake).output).unwrap().len() > 20_000_000);
}

#[rstest]
fn every_polite_signal_is_a_clean_cancel(#[values(Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP)] polite: Signal) {
    let fake = Fake::new("1.16.0", script::SLOW);
    let child = waiting(&fake);
    signal(&child, polite);
    // CI sends further signals while packer cleans up; they change nothing.
    signal(&child, Signal::SIGTERM);
    signal(&child, Signal::SIGINT);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", err(&output));
    assert!(fake.path("cleaned").exists(), "packer was given the time to destroy its VM");
    assert_eq!(latest(&fake).state, RunState::Cancelled);
    assert!(fake.temporary_files().is_empty());
}

/// Packer that was interrupted just after it began says that it cancelled, and ends well.
#[test]
fn a_cancel_that_packer_calls_a_good_end_is_a_cancel() {
    let fake = Fake::new("1.6.6", &script::SLOW.replace("exit 1' TERM", "exit 0' TERM"));
    let child = waiting(&fake);
    signal(&child, Signal::SIGTERM);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", err(&output));
    assert_eq!(latest(&fake).state, RunState::Cancelled);
}

#[test]
fn of_two_starters_one_builds() {
    let fake = Fake::new("1.16.0", script::SLOW);
    let start = || fake.tmpl(&["build", "one"]).stderr(Stdio::piped()).spawn().unwrap();
    let mut children = vec![start(), start(), start()];
    wait_until("two gave up", || {
        let over = children.iter_mut().filter_map(|child| child.try_wait().unwrap()).count();
        over == 2 && fake.path("waiting").exists()
    });
    fake.release();
    let mut codes: Vec<_> = children.into_iter().map(|child| child.wait_with_output().unwrap().status.code()).collect();
    codes.sort_unstable();
    assert_eq!(codes, [Some(0), Some(3), Some(3)]);
    assert_eq!(fake.calls().iter().filter(|call| *call == "build").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_detached_build_has_a_session_of_its_own_and_is_cancelled_cleanly() {
    let fake = Fake::new("1.16.0", script::SLOW);
    let (request, state) = (request(&fake), fake.state());
    // One that cannot be read is there: while the new one has no record yet it is the newest.
    let torn = state.runs().join("one/20260101T000000.000Z");
    std::fs::create_dir_all(&torn).unwrap();
    std::fs::write(torn.join("run.json"), "").unwrap();
    let run = start_detached(Path::new(PROGRAM), &request, &state).await.unwrap();
    wait_until("packer waits", || latest(&fake).state == RunState::Running && fake.path("waiting").exists());
    let run = run.refresh().unwrap();
    let packer = run.packer.clone().unwrap();
    let sessions = [run.supervisor.pid, packer.pid].map(|pid| getsid(Some(Pid::from_raw(pid))).unwrap().as_raw());
    assert_eq!(sessions, [run.supervisor.pid, packer.pid], "neither shares a terminal with anybody");

    let again = start_detached(Path::new(PROGRAM), &request, &state).await.unwrap_err();
    assert!(again.to_string().contains("already being built"), "{again}");

    packer_run::cancel(&run, false).await.unwrap();
    let ended = packer_run::wait_until_over(&run).await.unwrap();
    assert_eq!(ended.state, RunState::Cancelled);
    assert!(fake.path("cleaned").exists());
    let over = packer_run::cancel(&run, false).await.unwrap_err();
    assert!(matches!(over, BuildError::Over { .. }), "{over}");
}

#[test]
fn what_goes_wrong_in_a_build_of_the_consoles_is_in_the_log_of_the_day() {
    let fake = Fake::new("1.16.0", script::GOOD);
    let state = fake.state();
    let output = fake.tmpl(&["build", "one", "--detached", state.path().to_str().unwrap()]).output().unwrap();
    assert_eq!((output.status.code(), err(&output)), (Some(0), String::new()));
    let logs =
        std::fs::read_dir(state.logs()).unwrap().map(|log| std::fs::read_to_string(log.unwrap().path()).unwrap());
    let logged = logs.collect::<String>();
    assert!(logged.contains("WARN") && logged.contains("no flight recording"), "{logged}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_supervisor_that_cannot_begin_says_why() {
    let fake = Fake::new("1.16.0", script::GOOD);
    let request = Request { packer: "/nowhere/packer".into(), ..request(&fake) };
    let error = start_detached(Path::new(PROGRAM), &request, &fake.state()).await.unwrap_err();
    assert!(error.to_string().contains("cannot run packer (/nowhere/packer)"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_packer_that_does_not_listen_is_killed_on_the_second_request_only() {
    let fake = Fake::new("1.16.0", script::DEAF);
    let run = start_detached(Path::new(PROGRAM), &request(&fake), &fake.state()).await.unwrap();
    wait_until("packer waits", || latest(&fake).state == RunState::Running && fake.path("waiting").exists());
    packer_run::cancel(&run, false).await.unwrap();
    wait_until("packer was asked", || latest(&fake).state == RunState::Cancelling);
    packer_run::cancel(&run, false).await.unwrap();
    let packer = run.refresh().unwrap().packer.unwrap();
    assert!(packer.alive(), "asking twice is not killing");
    packer_run::cancel(&run, true).await.unwrap();
    assert_eq!(packer_run::wait_until_over(&run).await.unwrap().state, RunState::Cancelled);
    assert!(!packer.alive());
}

#[tokio::test(flavor = "multi_thread")]
async fn packer_goes_on_without_its_supervisor_and_is_still_followed_and_cancelled() {
    let fake = Fake::new("1.16.0", script::SLOW);
    let mut child = waiting(&fake);
    let run = latest(&fake);
    child.kill().unwrap();
    child.wait().unwrap();
    let alone = run.refresh().unwrap();
    assert_eq!(alone.state, RunState::Running);
    assert_eq!(alone.reason.as_deref(), Some("its supervisor is gone: not recorded, no timeout"));
    let busy = fake.tmpl(&["build", "one"]).output().unwrap();
    assert_eq!(busy.status.code(), Some(3), "{}", err(&busy));

    let follower = fake.tmpl(&["log", "one", "--follow"]).stdout(Stdio::piped()).spawn().unwrap();
    packer_run::cancel(&run, false).await.unwrap();
    assert_eq!(packer_run::wait_until_over(&run).await.unwrap().state, RunState::Cancelled);
    let followed = follower.wait_with_output().unwrap();
    assert!(String::from_utf8_lossy(&followed.stdout).contains("Cleanly cancelled"), "{followed:?}");
    assert!(fake.path("cleaned").exists());
    assert!(fake.temporary_files().is_empty());
}

#[test]
fn what_should_have_been_promoted_and_was_not_says_so() {
    let fake = Fake::new("1.16.0", script::SLOW);
    let mut child = fake.tmpl(&["build", "one", "--promote"]).stderr(Stdio::null()).spawn().unwrap();
    wait_until("packer waits", || fake.path("waiting").exists() && latest(&fake).state == RunState::Running);
    child.kill().unwrap();
    child.wait().unwrap();
    let reason = latest(&fake).reason.unwrap();
    assert!(reason.ends_with("not promoted"), "{reason}");
    fake.release();
    wait_until("packer is gone", || !latest(&fake).state.live());
    let run = latest(&fake);
    let expected = "built, but not promoted: its supervisor was killed";
    assert_eq!((run.state, run.reason.as_deref()), (RunState::Succeeded, Some(expected)));
}

/// Says more than a pipe holds, then works until it is told to end.
fn loud() -> String {
    format!("head -c 200000 /dev/zero | tr '\\0' x | fold -w 100; echo{}", script::SLOW)
}

#[test]
fn a_reader_that_does_not_read_keeps_nobody_from_stopping() {
    let fake = Fake::new("1.16.0", &loud());
    let mut child = waiting(&fake);
    std::thread::sleep(Duration::from_secs(1));
    signal(&child, Signal::SIGTERM);
    let asked = Instant::now();
    wait_until("it ended", || child.try_wait().unwrap().is_some());
    assert!(asked.elapsed() < Duration::from_secs(180), "{:?}", asked.elapsed());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(fake.path("cleaned").exists());
    assert_eq!(latest(&fake).state, RunState::Cancelled);
}

#[test]
fn a_reader_that_comes_late_still_gets_all_of_it() {
    let fake = Fake::new("1.16.0", &loud());
    let child = waiting(&fake);
    std::thread::sleep(Duration::from_secs(1));
    fake.release();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let told = err(&output);
    assert!(told.matches('x').count() >= 200_000, "{}", told.len());
    assert!(told.contains("==> Builds finished") && told.contains("base-one-build is built"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_supervisor_that_was_stopped_does_not_keep_packer_from_being_asked() {
    let fake = Fake::new("1.16.0", script::SLOW);
    let child = waiting(&fake);
    signal(&child, Signal::SIGSTOP);
    let run = latest(&fake);
    packer_run::cancel(&run, false).await.unwrap();
    wait_until("packer cleaned up", || fake.path("cleaned").exists());
    signal(&child, Signal::SIGCONT);
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(130));
    assert_eq!(latest(&fake).state, RunState::Cancelled);
}

/// As on a full disk: what should be replaced cannot be.
fn unwritable(path: &Path) {
    let _ = std::fs::remove_file(path);
    std::fs::create_dir(path).unwrap();
    std::fs::write(path.join("in-the-way"), "").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_keeps_nobody_from_stopping_a_build() {
    let fake = Fake::new("1.16.0", script::SLOW);
    let child = waiting(&fake);
    let run = latest(&fake);
    unwritable(&run.dir.join("cancel.json"));
    let error = packer_run::cancel(&run, false).await.unwrap_err();
    assert!(error.to_string().contains("cancel.json"), "{error}");
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(130));
    assert!(fake.path("cleaned").exists());
    assert_eq!(latest(&fake).state, RunState::Cancelled);
}

#[test]
fn a_full_disk_does_not_take_a_good_build_away() {
    // The record of the start may not be written yet.
    let full = "cd $here/state/tmpl-tui/runs/one/2*; sleep 1; rm run.json; mkdir -p run.json/x";
    let fake = Fake::new("1.16.0", &format!("{full}; {}", script::GOOD));
    let output = fake.tmpl(&["build", "one", "--json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(err(&output).contains("the end cannot be recorded"), "{}", err(&output));
    assert!(fake.temporary_files().is_empty(), "{:?}", fake.temporary_files());
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["state"], "succeeded");
}

#[rstest]
#[case::failed(script::BAD, &["build", "one", "--json"], 1)]
#[case::built(script::GOOD, &["build", "one", "--json"], 0)]
#[case::defects(script::GOOD, &["validate"], 1)]
#[case::enough_of_a_listing(script::GOOD, &["plan"], 0)]
fn a_reader_that_went_away_changes_no_result(#[case] script: &str, #[case] arguments: &[&str], #[case] code: i32) {
    let fake = Fake::new("1.16.0", script);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = fake.tmpl(arguments).stdout(writer).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(output.status.code(), Some(code), "{}", err(&output));
}

#[test]
fn a_run_from_elsewhere_does_not_hide_the_one_at_work() {
    let fake = Fake::new("1.16.0", script::SLOW);
    let child = waiting(&fake);
    let run = latest(&fake);
    let line = request(&fake).line;
    let started = run.started + Duration::from_secs(1);
    let foreign = packer_run::ForeignRun {
        origin: "https://github.com/o/r/actions/runs/1".into(),
        name: "run1".into(),
        started,
        ended: Some(started),
        outcome: packer_run::ForeignOutcome::Failed,
        reason: None,
        packer_version: "1.16.0".into(),
    };
    let incoming_dir = packer_run::incoming_dir(&fake.state(), &line).unwrap();
    assert_eq!(mode(incoming_dir.path()), 0o700);
    packer_run::import_run(&fake.state(), &line, &foreign, incoming_dir).unwrap();
    assert_eq!(latest(&fake).dir, run.dir);
    for verb in [&["sweep", "one", "--yes"][..], &["build", "one"]] {
        let output = fake.tmpl(verb).output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{verb:?}: {}", err(&output));
    }
    fake.release();
    child.wait_with_output().unwrap();
    assert!(latest(&fake).origin.is_some(), "then the newest one counts again");
}

#[rstest]
#[case::told_success(false, RunState::Succeeded)]
#[case::killed_too(true, RunState::Lost)]
fn without_anybody_to_collect_the_code_packers_last_words_count(#[case] killed: bool, #[case] state: RunState) {
    let fake = Fake::new("1.16.0", script::SLOW);
    let mut child = waiting(&fake);
    let run = latest(&fake);
    child.kill().unwrap();
    child.wait().unwrap();
    if killed {
        run.packer.as_ref().unwrap().signal(Signal::SIGKILL).unwrap();
    } else {
        fake.release();
    }
    wait_until("packer is gone", || !latest(&fake).state.live());
    assert_eq!(latest(&fake).state, state);
    // The next build of the line begins, and clears away what the dead one left.
    std::fs::remove_file(fake.path("waiting")).unwrap();
    fake.release();
    assert!(fake.tmpl(&["build", "one"]).output().unwrap().status.success());
    assert!(fake.temporary_files().is_empty(), "{:?}", fake.temporary_files());
}

#[test]
fn a_supervisor_killed_before_it_wrote_packers_number_down_does_not_lose_it() {
    let fake = Fake::new("1.16.0", script::SLOW);
    let mut child = waiting(&fake);
    let run = latest(&fake);
    child.kill().unwrap();
    child.wait().unwrap();
    let record = run.dir.join("run.json");
    let mut value: serde_json::Value = serde_json::from_slice(&std::fs::read(&record).unwrap()).unwrap();
    value["packer"] = serde_json::Value::Null;
    value["state"] = "starting".into();
    std::fs::write(&record, value.to_string()).unwrap();
    let found = run.refresh().unwrap();
    assert_eq!((found.state, &found.packer), (RunState::Running, &run.packer));
    fake.release();
    wait_until("packer is gone", || latest(&fake).state == RunState::Succeeded);
}

#[test]
fn a_number_that_belongs_to_another_process_now_is_not_ours() {
    let fake = Fake::new("1.16.0", script::GOOD);
    assert!(fake.tmpl(&["build", "one"]).output().unwrap().status.success());
    let run = latest(&fake);
    let record = run.dir.join("run.json");
    let mut value: serde_json::Value = serde_json::from_slice(&std::fs::read(&record).unwrap()).unwrap();
    value["state"] = "running".into();
    value["ended"] = serde_json::Value::Null;
    for who in ["supervisor", "packer"] {
        value[who]["pid"] = std::process::id().into();
    }
    std::fs::write(&record, value.to_string()).unwrap();
    std::fs::write(&run.output, "").unwrap();
    assert_eq!(run.refresh().unwrap().state, RunState::Lost);
}

#[test]
fn a_record_that_is_none_is_named() {
    let fake = Fake::new("1.16.0", script::GOOD);
    assert!(fake.tmpl(&["build", "one"]).output().unwrap().status.success());
    std::fs::write(latest(&fake).dir.join("run.json"), "{").unwrap();
    let output = fake.tmpl(&["log", "one"]).output().unwrap();
    assert!(err(&output).contains("is not a run's record"), "{}", err(&output));
    // It keeps nobody from building.
    assert!(fake.tmpl(&["build", "one"]).output().unwrap().status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_that_takes_too_long_is_cancelled_cleanly() {
    let fake = Fake::new("1.16.0", script::SLOW);
    let request = Request { timeout: Some(Duration::from_millis(1)), ..request(&fake) };
    let (_stops, receiver) = mpsc::channel(1);
    let outcome = run_here(&request, &fake.state(), receiver, &|_| {}, Box::new(ScreenLabels::default)).await.unwrap();
    assert!(matches!(outcome.run.state, RunState::Failed { .. }) && outcome.stage == RecordedState::TimedOut);
    assert!(outcome.run.reason.unwrap().contains("time limit of 0s reached"));
    assert!(matches!(latest(&fake).state, RunState::Failed { .. }) && latest(&fake).timed_out);
}

/// Cannot be told, and has children that went their own way: into another session, and without anything of its
/// environment or a parent.
const FAMILY: &str = r#"
    trap '' TERM INT HUP
    sleep 600 & echo $! >$here/same-group
    setsid sh -c "echo \$\$ >$here/other-session; exec sleep 600" &
    ( setsid env -i /bin/sh -c "echo \$\$ >$here/no-relation; exec sleep 600" & )
    touch $here/waiting
    while :; do sleep 0.05; done"#;

#[test]
fn a_packer_that_does_not_end_in_time_is_killed_with_all_that_it_started() {
    let fake = Fake::new("1.16.0", FAMILY);
    let arguments = ["build", "one", "--timeout", "10s", "--grace", "1s", "--json"];
    let child = fake.tmpl(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let left = || {
        let read = |name: &str| std::fs::read_to_string(fake.path(name)).ok()?.trim().parse().ok();
        ["same-group", "other-session", "no-relation"].iter().filter_map(|name| read(name)).collect::<Vec<u32>>()
    };
    wait_until("packer has a family", || left().len() == 3);
    // On a slow machine the limit may have come first: who is gone by now is nobody here.
    let family: Vec<_> = left().into_iter().map(packer_run::Process::from_pid).collect();
    let packer = latest(&fake).packer.unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", err(&output));
    assert!(!packer.alive(), "packer is still there");
    for (process, name) in family.iter().zip(["same-group", "other-session", "no-relation"]) {
        assert!(!process.as_ref().is_ok_and(packer_run::Process::alive), "{name} is still there");
    }
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let reason = told["reason"].as_str().unwrap();
    assert!(reason.contains("time limit of 10s reached, packer did not end within 1s more and was killed"), "{reason}");
    assert!(fake.temporary_files().is_empty());
}

#[test]
fn a_packer_that_cleans_up_in_time_is_not_killed() {
    let fake = Fake::new("1.16.0", script::SLOW);
    let heard = fake.path("heard");
    let hook = format!("cat >>{}", heard.display());
    let output = fake.tmpl(&["build", "one", "--timeout", "1s"]).env("TMPL_HOOK", hook).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", err(&output));
    assert!(fake.path("cleaned").exists());
    assert_eq!(latest(&fake).reason.as_deref(), Some("time limit of 1s reached"));
    // Nobody asked for it: it is told as every other failure.
    assert!(err(&output).contains("one failed (time limit of 1s reached); log:"), "{}", err(&output));
    let heard = std::fs::read_to_string(heard).unwrap();
    assert!(heard.contains("\"event\":\"failed\"") && heard.contains("ime limit of 1s reached"), "{heard}");
    let history = fake.tmpl(&["history", "one"]).output().unwrap();
    let history = String::from_utf8_lossy(&history.stdout).into_owned();
    assert!(history.starts_with("✗ failed") && history.contains("time limit of 1s reached"), "{history}");
    let metrics = fake.tmpl(&["metrics"]).output().unwrap();
    let metrics = String::from_utf8_lossy(&metrics.stdout).into_owned();
    assert!(metrics.contains("tmpl_consecutive_failures{line=\"one\"} 1"), "{metrics}");
    let odd = fake.tmpl(&["build", "one", "--timeout", "soon"]).output().unwrap();
    assert!(odd.status.code() == Some(2) && err(&odd).contains("minutes, or a number with s, m or h"), "{}", err(&odd));
}

/// Writes more than is kept into its log, at its own place in it, and to stdout.
const FLOOD: &str = r#"
    echo '2026/03/01 02:03:04 the first line' >$PACKER_LOG_PATH
    yes '2026/03/01 02:03:05 a line of a guest that never stops talking' | head -c 340000000 >>$PACKER_LOG_PATH
    sleep 1
    echo '2026/03/01 02:03:06 the last line' >>$PACKER_LOG_PATH
    echo '==> Builds finished. The artifacts of successful builds are:'; echo '--> vsphere-iso.x: base-one-build'; exit 0"#;

#[test]
fn what_packer_writes_has_a_bound_with_its_head_and_tail_kept() {
    use std::io::{BufRead, BufReader};

    let fake = Fake::new("1.16.0", FLOOD);
    let output = fake.tmpl(&["build", "one"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let log = latest(&fake).log;
    let length = std::fs::metadata(&log).unwrap().len();
    assert!(length < 300_000_000 && mode(&log) == 0o600, "{length}: {}", err(&output));
    let (mut first, mut last, mut left_out) = (String::new(), String::new(), 0);
    for line in BufReader::new(std::fs::File::open(&log).unwrap()).lines().map(Result::unwrap) {
        left_out += usize::from(line.contains("bytes are left out here"));
        if first.is_empty() {
            first.clone_from(&line);
        }
        last = line;
    }
    assert!(first.ends_with("the first line") && last.ends_with("the last line") && left_out == 1, "{first} {last}");
}

#[rstest]
#[case::no_pywinrm("#!/bin/false\n", 2, "install pywinrm")]
#[case::not_a_script("plain text\n", 2, "names no interpreter")]
#[case::importable("#!/bin/true\n", 0, "")]
fn a_windows_line_needs_pywinrm_where_ansible_runs(#[case] script: &str, #[case] code: i32, #[case] words: &str) {
    let fake = Fake::new("1.16.0", script::GOOD);
    fake.program("ansible-playbook", script);
    let output = fake.tmpl(&["build", "win"]).output().unwrap();
    assert_eq!(output.status.code(), Some(code), "{}", err(&output));
    assert!(err(&output).contains(words), "{}", err(&output));
    assert_eq!(fake.calls().contains(&"build".to_owned()), code == 0);
}

#[test]
fn the_interpreter_is_the_one_mise_names() {
    let fake = Fake::new("1.16.0", script::GOOD);
    fake.program("ansible-playbook", "#!/bin/true\n");
    fake.program("managed-ansible", "#!/bin/false\n");
    fake.program(
        "mise",
        &format!("#!/bin/sh\n[ \"$*\" = 'which ansible' ] && echo {}\n", fake.path("bin/managed-ansible").display()),
    );
    let output = fake.tmpl(&["build", "win"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", err(&output));
    assert!(err(&output).contains("managed-ansible"), "{}", err(&output));
}

#[test]
fn a_promotion_that_fails_is_on_record_beside_the_good_build() {
    let fake = Fake::new("1.16.0", script::GOOD);
    let output = fake.tmpl(&["build", "one", "--promote"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "no credentials: {}", err(&output));
    let run = latest(&fake);
    assert_eq!(run.state, RunState::Succeeded);
    let reason = run.reason.unwrap();
    assert!(reason.starts_with("built, but not promoted: missing in the environment"), "{reason}");
}

#[test]
fn packer_asks_at_our_terminal_what_to_do_with_a_failed_vm() {
    let ask = "printf '[c] clean up, [a] abort: '; read answer </dev/tty; echo \"you said $answer\"; exit 1";
    let fake = Fake::new("1.16.0", ask);
    let none = fake.tmpl(&["build", "one", "--on-error", "ask"]).output().unwrap();
    assert_eq!(none.status.code(), Some(2), "{}", err(&none));
    assert!(err(&none).contains("needs a terminal"), "{}", err(&none));

    let mut pty = Pty::start(in_pty(&fake, &["build", "one", "--on-error", "ask"]), 100, 30);
    pty.wait_for("abort:");
    pty.keys("c\r");
    pty.wait_for("you said c");
    assert_eq!(latest(&fake).argv[3], "-on-error=ask");
}

#[test]
fn a_terminal_that_is_closed_lets_packer_clean_up() {
    let fake = Fake::new("1.16.0", script::SLOW);
    let mut pty = Pty::start(in_pty(&fake, &["build", "one", "--on-error", "ask"]), 100, 30);
    wait_until("packer waits", || fake.path("waiting").exists());
    // What the kernel does to everything in front of a terminal that goes away.
    killpg(Pid::from_raw(i32::try_from(pty.id()).unwrap()), Signal::SIGHUP).unwrap();
    assert_eq!(pty.exit(), 130);
    assert!(fake.path("cleaned").exists());
    assert_eq!(latest(&fake).state, RunState::Cancelled);
}

fn in_pty(fake: &Fake, arguments: &[&str]) -> portable_pty::CommandBuilder {
    let plain = fake.tmpl(arguments);
    let mut command = portable_pty::CommandBuilder::new(plain.get_program());
    command.args(plain.get_args());
    command.cwd(fake.path("repo"));
    command.env_clear();
    plain.get_envs().for_each(|(name, value)| command.env(name, value.unwrap()));
    command
}

#[test]
fn packers_temporary_files_are_its_owners_alone_whatever_the_umask() {
    let fake = Fake::new("1.16.0", &format!("stat -c %a $TMPDIR >$here/mode; {}", script::GOOD));
    let plain = fake.tmpl(&["build", "one"]);
    let mut command = std::process::Command::new("sh");
    command.args(["-c", "umask 0; exec \"$@\"", "sh"]).arg(plain.get_program()).args(plain.get_args()).env_clear();
    command.envs(plain.get_envs().map(|(name, value)| (name, value.unwrap()))).current_dir(fake.path("repo"));
    assert!(command.output().unwrap().status.success());
    assert_eq!(std::fs::read_to_string(fake.path("mode")).unwrap().trim(), "700");
}

#[test]
fn nothing_of_ours_goes_to_whoever_is_only_asked() {
    let fake = Fake::new("1.16.0", script::GOOD);
    let output = fake.tmpl(&["build", "one"]).output().unwrap();
    assert!(output.status.success(), "{}", err(&output));
    for verb in ["version", "init", "validate"] {
        for name in ["GITHUB_TOKEN", "ACTIONS_RUNTIME_TOKEN", "PACKER_LOG", "PACKER_LOG_PATH"] {
            assert_eq!(fake.given(verb, name), None, "{verb} gets {name}");
        }
    }
    assert_eq!(fake.given("init", "PACKER_GITHUB_API_TOKEN").as_deref(), Some("ghp_not_for_packer"));
    assert_eq!(fake.given("validate", "PACKER_GITHUB_API_TOKEN"), None);
}

#[test]
fn the_verb_that_only_asks_packer_gives_it_nothing_of_ours_either() {
    let fake = Fake::new("1.16.0", script::GOOD);
    let arguments = ["--repo", env!("CARGO_MANIFEST_DIR"), "validate", "--os", "debian-12"];
    let output = fake.tmpl(&arguments).env("TMPL_CONSOLE_PASSWORD", "of-the-pictures").output().unwrap();
    assert!(output.status.success(), "{}", err(&output));
    for verb in ["version", "init", "validate"] {
        for name in ["GITHUB_TOKEN", "ACTIONS_RUNTIME_TOKEN", "TMPL_CONSOLE_PASSWORD", "PACKER_LOG"] {
            assert_eq!(fake.given(verb, name), None, "{verb} gets {name}");
        }
    }
    assert_eq!(fake.given("init", "PACKER_GITHUB_API_TOKEN").as_deref(), Some("ghp_not_for_packer"));
    assert_eq!(fake.given("validate", "PACKER_GITHUB_API_TOKEN"), None);
}

#[test]
fn the_log_of_a_file_is_scrubbed_and_cannot_reach_the_terminal() {
    let fake = Fake::new("1.16.0", script::GOOD);
    let file = fake.path("some.log");
    std::fs::write(
        &file,
        [b"\x1b]0;owned\x07\x1b[1;31mplain\x1b[0m\r\n\0\xff echo '", SECRET.as_bytes(), b"' | sudo\nlast"].concat(),
    )
    .unwrap();
    let output = fake.tmpl(&["log", "../some.log"]).current_dir(fake.path("home")).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(said.lines().next(), Some("plain"), "{said:?}");
    assert!(said.contains("[REDACTED:PKR_VAR_build_password]") && !said.contains(SECRET), "{said:?}");
    assert!(said.ends_with("last\n") && !said.contains(['\u{1b}', '\0', '\u{7}']), "{said:?}");
    let none = fake.tmpl(&["log", "two"]).output().unwrap();
    assert!(err(&none).contains("two is not a file, and no line \"two\""), "{}", err(&none));
    assert_eq!((none.status.code(), err(&none).lines().count()), (Some(2), 1));
    let never = fake.tmpl(&["log", "one"]).output().unwrap();
    assert!(err(&never).contains("one: no run is recorded here"), "{}", err(&never));
}

#[test]
fn a_log_of_one_line_is_printed_like_any_other() {
    let fake = Fake::new("1.16.0", script::GOOD);
    let file = fake.path("some.log");
    let (before, after) = ("x".repeat(8 << 20), "y".repeat(1 << 20));
    std::fs::write(&file, format!("{before}{SECRET}{after}\nshort\n")).unwrap();
    let output = fake.tmpl(&["log", file.to_str().unwrap()]).output().unwrap();
    let whole = format!("{before}[REDACTED:PKR_VAR_build_password]{after}\nshort\n");
    assert!(output.stdout == whole.as_bytes(), "{} bytes", output.stdout.len());
}

#[test]
fn the_errors_of_a_log_come_with_their_numbers() {
    let fake = Fake::new("1.16.0", script::GOOD);
    let log = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/logs/04-ip-timeout/output.log");
    let output = fake.tmpl(&["log", "--errors", log.to_str().unwrap()]).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.lines().any(|line| line.starts_with("29: ") && line.contains("timeout waiting for IP address")),
        "{said}"
    );
}

#[test]
fn read_only_builds_nothing() {
    let fake = Fake::new("1.16.0", script::GOOD);
    let output = fake.tmpl(&["--read-only", "build", "one"]).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", err(&output));
    assert!(fake.calls().is_empty());
}
