//! Signals and SIGKILL at any call, a full disk, a state folder that cannot be written, several people at once.

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tmpl::generation::Hold;
use tmpl::guest::picture::Picture;
use tmpl::guest::recording::Recording;
use tmpl::lab::Options;

use super::console::{console, ready};
use super::faults::{COURSES, Course, STAGE, desk, possible, records, staged_or_not};
use super::proxy::Trouble;
use super::world::PROGRAM;
use super::{KEY, Kind, Names, World, all, figure, full};

const SIGNALS: [Signal; 4] = [Signal::SIGKILL, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGINT];

/// The signal comes while vCenter has done call `nth` and its answer is on the way. `None` when it ended before.
async fn signalled(world: &World, verb: &[&str], nth: usize, signal: Signal) -> Option<ExitStatus> {
    world.door.at(nth, Trouble::HoldAfter);
    let mut program = world.spawn(verb);
    let began = Instant::now();
    while !world.door.held() {
        if program.try_wait().unwrap().is_some() {
            return None;
        }
        assert!(began.elapsed() < Duration::from_secs(180), "neither call {nth} nor an end");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    kill(Pid::from_raw(i32::try_from(program.id().unwrap()).unwrap()), signal).unwrap();
    if signal == Signal::SIGKILL {
        program.wait().await.unwrap();
    }
    world.door.let_go();
    Some(tokio::time::timeout(Duration::from_secs(180), program.wait()).await.expect("it ends").unwrap())
}

async fn killed(course: &Course, kind: Kind, nth: usize, signal: Signal) {
    let world = course.world(kind).await;
    let before = course.before(&world).await;
    let Some(status) = signalled(&world, course.verb, nth, signal).await else { return };
    let now = (world.names().await, world.hold().await.is_some());
    let context = format!("{kind:?} {:?}, {signal} at call {nth}: {status}, now {now:?}", course.verb);
    assert!(now.0.values().any(|id| *id == before.0[course.good]), "the last good image is gone: {context}");
    let end = ((course.end)(&before.0), course.held);
    assert!(status.code() != Some(0) || now == end, "exit 0 is a lie: {context}");
    let possible = possible(&before, &records(world.home.path()));
    assert!(possible.contains(&now), "the audit log says {possible:?}: {context}");

    world.door.reset();
    let again = world.run(course.verb).await;
    let now = (world.names().await, world.hold().await.is_some());
    assert_eq!(now, end, "the next run: {context}: {} {}", again.exit, again.err);
    assert!(matches!(again.exit, 0 | 3), "the next run: {context}: {}", again.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_at_any_call() {
    let mut tries = Vec::new();
    for course in &COURSES {
        let calls = course.calls(Kind::Lab).await.len();
        tries.extend(signals(calls, 8).into_iter().map(|(nth, signal)| (course, nth, signal)));
    }
    let count = tries.len();
    all(tries.into_iter().map(|(course, nth, signal)| killed(course, Kind::Lab, nth, signal))).await;
    figure(&format!("signals (KILL, TERM, HUP, INT) at calls of every verb (Lab): {count} tried, all survived"));
}

/// Which call gets which signal: all of both, or one of so many.
fn signals(calls: usize, of: usize) -> Vec<(usize, Signal)> {
    let every = (1..=calls).flat_map(|nth| SIGNALS.into_iter().enumerate().map(move |(i, signal)| (nth, i, signal)));
    every.filter(|(nth, i, _)| full() || (nth + i) % of == 0).map(|(nth, _, signal)| (nth, signal)).collect()
}

async fn staging_killed(nth: usize, signal: Signal) {
    let iso = vec![7_u8; 200_000];
    let (world, _mirror) = desk(&iso).await;
    if let Some(status) = signalled(&world, &STAGE, nth, signal).await {
        let context = format!("{signal} at call {nth} of {:?}: {status}", world.door.calls());
        staged_or_not(&world, &iso, status.code(), &context).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_at_any_call_of_staging() {
    let (world, _mirror) = desk(&[7; 1000]).await;
    world.run(&STAGE).await.is(0, "");
    let tries = signals(world.door.calls().len(), 8);
    let count = tries.len();
    all(tries.into_iter().map(|(nth, signal)| staging_killed(nth, signal))).await;
    figure(&format!("signals (KILL, TERM, HUP, INT) at calls of iso upload (Lab): {count} tried, all survived"));
}

/// Runs the program where `mount` has made the state folder what it is to be.
async fn with_state(world: &World, mount: &str, arguments: &str) -> (i32, String) {
    let state = world.home.path().join(".local/state/tmpl-tui");
    std::fs::create_dir_all(&state).unwrap();
    let script = format!(
        "{} && exec {PROGRAM} --repo {} {arguments}",
        mount.replace("STATE", &state.display().to_string()),
        world.repo.display()
    );
    let mut command = tokio::process::Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c", &script]).stdin(Stdio::null());
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap());
    command.envs(world.environment()).env("HOME", world.home.path());
    let output = command.output().await.unwrap();
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// No record, no change: a full disk and a read-only one refuse before vCenter hears of anything.
#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_takes_nothing() {
    // A container may forbid namespaces; the promotion is refused there by a record that is a device without room.
    let namespaces =
        std::process::Command::new("unshare").args(["--user", "--map-root-user", "--mount", "true"]).status();
    if !namespaces.is_ok_and(|status| status.success()) {
        figure("SKIPPED full and read-only disk: no user namespaces here");
    } else {
        let full = "mount -t tmpfs -o size=4k,mode=700 none STATE && head -c 4096 /dev/zero >STATE/fill";
        let closed = "mount -t tmpfs -o mode=700 none STATE && mount -o remount,ro STATE";
        for (mount, said) in [(full, "No space left"), (closed, "Read-only file system")] {
            let world = World::steady(Kind::Lab).await;
            for verb in [format!("promote {KEY}"), format!("hold {KEY} --reason x"), format!("sweep {KEY} --yes")] {
                let (exit, err) = with_state(&world, mount, &verb).await;
                assert!(exit == 3 && err.contains(said) && err.contains("nothing was changed"), "{verb}: {exit} {err}");
            }
            assert!(world.changes().is_empty());
            // What only looks needs no disk.
            let (exit, err) = with_state(&world, mount, "status --json").await;
            assert_eq!(exit, 0, "{err}");
            let (exit, err) = with_state(&world, mount, &format!("build {KEY}")).await;
            assert!(exit != 0 && err.contains(said), "{exit} {err}");
        }
        figure("full disk and read-only state folder: 8 changes refused with nothing changed");
    }
    let world = World::steady(Kind::Lab).await;
    let state = world.home.path().join(".local/state/tmpl-tui");
    std::fs::create_dir_all(&state).unwrap();
    std::os::unix::fs::symlink("/dev/full", state.join("audit.jsonl")).unwrap();
    world.run(&["promote", KEY]).await.is(3, "audit.jsonl cannot be written: is no regular file");
    assert!(world.changes().is_empty());
}

/// Fills the disk on which it is recorded, and ends well all the same, as packer does whose log cannot be written.
const GREEDY: &str = r#"#!/bin/sh
case "$1" in
version) echo 'Packer v1.16.0';;
build) head -c 3000000 /dev/zero 2>/dev/null | tr '\0' x >>"$PACKER_LOG_PATH" 2>/dev/null
  echo '==> Waiting for IP...' 2>/dev/null; sleep 1
  touch "$HOME/ending"; while [ -e "$HOME/ending" ]; do sleep 0.02; done
  echo '==> Builds finished. The artifacts of successful builds are:' 2>/dev/null
  echo '--> vsphere-iso.linux: linux-debian-12-main-build' 2>/dev/null
  exit 0;;
esac
"#;

/// The disk fills in the middle of a build: the build goes on, its end is told truly, and nothing secret stays behind.
#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_fills_under_a_build() {
    use std::os::unix::fs::PermissionsExt;

    let namespaces =
        std::process::Command::new("unshare").args(["--user", "--map-root-user", "--mount", "true"]).status();
    if !namespaces.is_ok_and(|status| status.success()) {
        return figure("SKIPPED a disk that fills under a build: no user namespaces here");
    }
    let world = filmed().await;
    let packer = world.home.path().join("packer");
    std::fs::write(&packer, GREEDY).unwrap();
    std::fs::set_permissions(&packer, std::fs::Permissions::from_mode(0o755)).unwrap();
    let temporary = world.home.path().join("tmp");
    std::fs::create_dir(&temporary).unwrap();
    let mount = format!("export TMPDIR={} && mount -t tmpfs -o size=1m,mode=700 none STATE", temporary.display());
    let verb = format!("build {KEY} --packer {}", packer.display());
    let (exit, err) = world.while_built(with_state(&world, &mount, &verb)).await;
    assert!(exit == 0 && err.contains("No space left"), "{exit} {err}");
    assert!(err.contains("is built"), "{err}");
    assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0, "packer's temporary files hold passwords");
    figure("a disk that fills under a build: the build goes on, its end is told truly");
}

/// A bump on a disk without room changes neither file.
#[test]
fn a_bump_on_a_full_disk_changes_nothing() {
    let mirror = super::mirror::Server::start();
    let file = "ubuntu-24.04.99-live-server-amd64.iso";
    mirror.put("/24.04/SHA256SUMS", format!("{} *{file}\n", "ab".repeat(32)));
    mirror.put(&format!("/24.04/{file}"), "iso");
    let (home, root) = (tempfile::tempdir().unwrap(), Path::new(env!("CARGO_MANIFEST_DIR")));
    let (script, from) = (home.path().join("script"), root.join("ci"));
    let text = format!(
        "mkdir repo && mount -t tmpfs -o size=160k none repo && mkdir -p repo/ci && cp -r {from}/config repo/ci && \
         sed 's|https://releases.ubuntu.com|{}|' {from}/matrix.json >repo/ci/matrix.json && cp -r repo/ci before && \
         {{ head -c 1000000 /dev/zero >repo/fill; true; }} 2>/dev/null && {PROGRAM} --repo repo iso check --apply; \
         echo exit $?; rm repo/fill; find repo/ci -name '.*' -type f; diff -r before repo/ci && echo same",
        mirror.url,
        from = from.display(),
    );
    std::fs::write(&script, text).unwrap();
    let mut command = std::process::Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh"]).arg(&script).current_dir(home.path());
    command.env("HOME", home.path());
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    if said.contains("unshare") {
        return figure("SKIPPED a bump on a full disk: no user namespaces here");
    }
    assert!(said.contains("exit 1") && said.contains("No space left") && said.ends_with("same\n"), "{said}");
    figure("a bump on a full disk: refused with nothing changed");
}

fn generations(names: &Names) -> usize {
    names.keys().filter(|name| matches!(name.as_str(), "" | "-prev")).count()
}

/// Two consoles and a CI job promote the same line at the same moment.
#[tokio::test(flavor = "multi_thread")]
async fn two_consoles_and_a_job_at_once() {
    let rounds = if full() { 10 } else { 1 };
    for _ in 0..rounds {
        let world = World::steady(Kind::Lab).await;
        let before = world.names().await;
        let mut consoles = [ready(&world, console(&world)), ready(&world, console(&world))];
        for console in &mut consoles {
            console.keys("p");
        }
        consoles.iter().for_each(|console| console.wait_for("vCenter does not object"));
        for console in &mut consoles {
            console.answer("y");
        }
        let job = world.run(&["promote", KEY]).await;
        assert!(matches!(job.exit, 0 | 1 | 3), "{} {}", job.exit, job.err);
        for console in &mut consoles {
            console.wait("an end of the promotion", |screen| {
                let text = screen.contents();
                ["promoted; the one before", "failed", "changed meanwhile", "nothing to promote", "is no longer"]
                    .iter()
                    .any(|end| text.contains(end))
            });
            console.keys("\x1b");
            console.signal(Signal::SIGTERM);
            console.exit();
            assert_eq!(console.restored(), Ok(()));
        }
        // Whatever they left to each other, one more run puts it in order.
        world.door.reset();
        let last = world.run(&["promote", KEY]).await;
        let names = world.names().await;
        assert!(generations(&names) == 2 && names.len() == 2, "{names:?} {}", last.err);
        assert_eq!((&names[""], &names["-prev"]), (&before["-build"], &before[""]), "{}", last.err);
    }
    figure(&format!("two consoles and a CI job on one line: {rounds} rounds, nothing lost"));
}

/// What becomes folders, arguments and names in vCenter is none of a path, an option or an escape sequence.
#[tokio::test(flavor = "multi_thread")]
async fn keys_are_no_paths() {
    let world = World::steady(Kind::Lab).await;
    for key in ["../../etc", "/etc/passwd", "a/b", "..", "debian-12/../x", "-x", "a\u{1b}[2Jb"] {
        let ended = world.run(&["promote", "--", key]).await;
        assert!(ended.exit == 2, "{key:?}: {} {}", ended.exit, ended.err);
        assert!(!ended.err.contains('\u{1b}'), "{:?}", ended.err);
    }
    let repo = world.home.path().join("repo");
    let text = std::fs::read_to_string(world.repo.join("ci/matrix.json")).unwrap();
    std::fs::create_dir_all(repo.join("ci")).unwrap();
    let place = Path::new("ci/matrix.json");
    for (from, to) in [
        ("\"key\": \"debian-12\"", "\"key\": \"../../debian\""),
        ("linux-debian-12-main", "../linux"),
        ("linux-debian-12-main", "linux-debian-13-main-prev"),
        ("iso/linux/debian/12/amd64", "iso/../../packer_cache"),
    ] {
        assert!(text.contains(from), "{from}");
        std::fs::write(repo.join(place), text.replace(from, to)).unwrap();
        let mut program = tokio::process::Command::new(PROGRAM);
        let output = program.arg("--repo").arg(&repo).arg("plan").output().await.unwrap();
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && err.contains("matrix.json:"), "{to}: {:?} {err}", output.status);
    }
}

/// Ends well after a moment, as a short build does.
const PACKER: &str = r#"#!/bin/sh
case "$1" in
version) echo 'Packer v1.16.0';;
build) trap 'echo "Cleanly cancelled builds after being interrupted."; exit 1' TERM INT HUP
  for i in 1 2 3 4 5 6 7 8 9; do echo "==> Waiting for IP..."; sleep 0.1; done
  frames=$(dirname "$PACKER_LOG_PATH")/frames
  i=0; while [ -n "$WAIT_FOR_PICTURE" ] && [ $i -lt 400 ] && [ -z "$(ls $frames)" ]; do i=$((i+1)); sleep 0.1; done
  touch "$HOME/ending"; while [ -e "$HOME/ending" ]; do sleep 0.02; done
  echo '==> Builds finished. The artifacts of successful builds are:'
  echo '--> vsphere-iso.linux: linux-debian-12-main-build';;
esac
"#;

/// A guest that shows something, for the recorder.
async fn filmed() -> World {
    let options = Options { task_scale: 0.0, speed: 60.0, patient: true, ..Options::default() };
    let world = World::with(Kind::Lab, &["-prev", "", "-build="], options).await;
    let vm = world.names().await["-build"].clone();
    world.lab().set_guest(&vm, "licensing");
    world.lab().power(&vm, true).unwrap();
    world
}

/// Every picture that a record tells of is there and whole; how many.
fn pictures(dir: &Path, context: &str) -> usize {
    let recording = Recording::read(dir).unwrap_or_else(|error| panic!("{context}: {error}"));
    for frame in &recording.frames {
        Picture::open(&recording.path(frame)).unwrap_or_else(|error| panic!("{context}: {}: {error}", frame.file));
    }
    recording.frames.len()
}

/// The signal comes so many milliseconds after the start; the record reads, and the next build is a build. How many
/// pictures there were.
async fn build_killed(after: u64, signal: Signal) -> usize {
    let world = filmed().await;
    world.while_built(build_killed_in(&world, after, signal)).await
}

async fn build_killed_in(world: &World, after: u64, signal: Signal) -> usize {
    use std::os::unix::fs::PermissionsExt;

    let packer = world.home.path().join("packer");
    std::fs::write(&packer, PACKER).unwrap();
    std::fs::set_permissions(&packer, std::fs::Permissions::from_mode(0o755)).unwrap();
    let verb = ["build", KEY, "--packer", packer.to_str().unwrap()];
    let program = |name| {
        let mut program = world.program(name);
        program.env("PATH", std::env::var_os("PATH").unwrap());
        program
    };
    let mut first = program(&verb).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    tokio::time::sleep(Duration::from_millis(after)).await;
    let context = format!("{signal} after {after} ms");
    let pid = Pid::from_raw(i32::try_from(first.id().unwrap()).unwrap());
    kill(pid, signal).unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(180), first.wait()).await.expect("it ends").unwrap();
    let state = tmpl::paths::StateDir::at(world.home.path().join(".local/state/tmpl-tui"));
    let key = tmpl::pipeline::Key(KEY.into());
    let newest = || tmpl::packer_run::latest(&state, &key).unwrap_or_else(|error| panic!("{context}: {error}"));
    // Packer goes on without its supervisor.
    let began = Instant::now();
    while newest().is_some_and(|run| run.state.live()) {
        assert!(began.elapsed() < Duration::from_secs(180), "never over: {context}: {:?}", newest());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let shown = newest().map_or(0, |run| pictures(&run.dir, &context));
    if ended.code() == Some(0) {
        assert_eq!(newest().unwrap().state, tmpl::packer_run::RunState::Succeeded, "exit 0 is a lie: {context}");
    }
    // However busy the machine is: this one goes on until it has been filmed.
    let again = super::world::Ended::of(program(&verb).env("WAIT_FOR_PICTURE", "1").output().await.unwrap());
    assert_eq!(again.exit, 0, "the next build: {context}: {}", again.err);
    assert_eq!(newest().unwrap().state, tmpl::packer_run::RunState::Succeeded, "the next build: {context}");
    world.run(&["log", KEY]).await.is(0, "");
    // Nothing but the claim on its VM.
    assert!(world.changes().iter().all(|call| call == "ReconfigVM_Task"), "{:?}", world.changes());
    shown + newest().map_or(0, |run| pictures(&run.dir, &context))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_and_its_record_killed_at_any_moment() {
    let step = if full() { 30 } else { 300 };
    let moments = (0..1500_u64).step_by(step).zip(SIGNALS.into_iter().cycle());
    let shown = Arc::new(AtomicUsize::new(0));
    let one = |(after, signal)| {
        let shown = Arc::clone(&shown);
        async move {
            shown.fetch_add(build_killed(after, signal).await, Ordering::Relaxed);
        }
    };
    let tries: Vec<_> = moments.map(one).collect();
    let count = tries.len();
    all(tries).await;
    let shown = shown.load(Ordering::Relaxed);
    assert!(shown > 0, "nothing was recorded");
    figure(&format!(
        "signals (KILL, TERM, HUP, INT) at moments of a build and its record: {count} tried, all survived, {shown} \
         pictures whole"
    ));
}

/// Killed while it takes a promotion back: a hold appeared between the renames. No generation is lost, and what comes next
/// finds its way from whatever names are left.
#[tokio::test(flavor = "multi_thread")]
async fn killed_while_a_promotion_is_taken_back() {
    let cases = [
        (1, "Rename_Task", 1),
        (1, "ReconfigVM_Task", 1),
        (2, "Rename_Task", 1),
        (2, "Rename_Task", 2),
        (2, "Rename_Task", 3),
        (2, "Rename_Task", 4),
        (2, "ReconfigVM_Task", 1),
        (3, "Rename_Task", 1),
        (3, "Rename_Task", 2),
        (3, "Rename_Task", 3),
        (3, "ReconfigVM_Task", 1),
    ];
    let killed = Arc::new(AtomicUsize::new(0));
    let tries = cases.into_iter().map(|(rename, call, nth)| {
        let killed = Arc::clone(&killed);
        async move {
            let world = World::steady(Kind::Lab).await;
            let before = world.names().await;
            world.door.at_method("Rename_Task", rename, Trouble::HoldAfter);
            let mut program = world.spawn(&["promote", KEY]);
            held_or_over(&world, &mut program).await;
            let live = world.vms().await.into_iter().find(|vm| vm.moid.0 == before[""]).unwrap();
            let hold =
                Hold { reason: "wait".into(), by: "jo@desk".into(), since: jiff::Timestamp::UNIX_EPOCH, to: None };
            world.govc(&["vm.change", "-vm", &live.name, "-annotation", &hold.write("by hand")]).await;
            world.door.at_method(call, nth, Trouble::HoldAfter);
            world.door.let_go();
            if held_or_over(&world, &mut program).await {
                program.kill().await.unwrap();
                killed.fetch_add(1, Ordering::Relaxed);
            }
            world.door.let_go();
            // What vCenter had in its queue is done.
            tokio::time::sleep(Duration::from_millis(200)).await;
            let context =
                format!("hold at rename {rename}, killed at {call} {nth} after it: {:?}", world.names().await);
            let there: Vec<String> = world.names().await.into_values().collect();
            assert!(before.values().all(|id| there.contains(id)), "{context}");
            world.door.reset();
            let refused = world.run(&["promote", KEY]).await;
            assert!(refused.exit == 3 && refused.err.contains("is held"), "{context}: {}", refused.err);
            world.run(&["release", KEY]).await.is(0, "");
            let finished = world.run(&["promote", KEY]).await;
            assert_eq!(finished.exit, 0, "{context}: {}", finished.err);
            let now = world.names().await;
            assert_eq!((&now[""], &now["-prev"], now.len()), (&before["-build"], &before[""], 2), "{context}: {now:?}");
        }
    });
    all(tries).await;
    let killed = killed.load(Ordering::Relaxed);
    assert!(killed >= 9, "only {killed} were killed while they took it back");
    figure(&format!("SIGKILL while a promotion is taken back for a hold (Lab): {killed} tried, all survived"));
}

/// Whether an answer is held; `false` when the program ended first.
async fn held_or_over(world: &World, program: &mut tokio::process::Child) -> bool {
    let began = Instant::now();
    while !world.door.held() {
        if program.try_wait().unwrap().is_some() {
            return false;
        }
        assert!(began.elapsed() < Duration::from_secs(180), "neither a call nor an end");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    true
}
