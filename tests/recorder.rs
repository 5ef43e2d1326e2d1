//! The flight recorder beside real builds in the lab: what stands on disk afterwards, and that no build is disturbed by it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/fake_packer.rs"]
mod fake_packer;

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use fake_packer::{Fake, script};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tmpl::guest::recording::{Activity, Recording, TIMELINE};
use tmpl::lab::showcase::{Showcase, packer_of, repository, state_home};
use tmpl::lab::{Lab, Options, Seed};
use tmpl::packer_run::{self, Run, RunState};
use tmpl::pipeline::Key;
use tmpl::vcenter::PowerState;

const PROGRAM: &str = env!("CARGO_BIN_EXE_tmpl-tui");
/// Lab seconds per second.
const SPEED: f64 = 60.0;

/// A lab in which the next build of this scenario's line goes its way.
async fn show(scenario: &str, speed: f64) -> Showcase {
    Showcase::set_up(Some(scenario), speed, Path::new(PROGRAM)).await.unwrap()
}

fn key(show: &Showcase) -> Key {
    Key(show.starts()[0].clone())
}

/// A headless build of the scenario's line.
fn build(show: &Showcase, change: impl FnOnce(&mut Command)) -> Child {
    let folder = show.folder();
    let mut command = Command::new(PROGRAM);
    command.env_clear().envs(show.lab().environment()).env("PATH", std::env::var_os("PATH").unwrap());
    command.env("HOME", folder).env("TMPDIR", folder).env("XDG_STATE_HOME", state_home(folder));
    command.arg("--repo").arg(repository(folder)).args(["build", &key(show).0, "--packer"]).arg(packer_of(folder));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    change(&mut command);
    command.spawn().unwrap()
}

fn run(show: &Showcase) -> Option<Run> {
    packer_run::latest(&show.state(), &key(show)).unwrap()
}

fn recording(show: &Showcase) -> Recording {
    run(show).map(|run| Recording::read(&run.dir).unwrap()).unwrap_or_default()
}

async fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(180);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

/// Waits for the build's end; its exit code and what it said.
async fn end(child: Child) -> (Option<i32>, String) {
    let output = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn stop(child: &Child, signal: Signal) {
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), signal).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stuck_guest_leaves_pictures_properties_and_tasks_and_raises_the_alarm() {
    let show = show("licensing", SPEED).await;
    let child = build(&show, |_| {});
    let alarm = until("the alarm", || recording(&show).last_stillness().filter(|still| still.alarm)).await;
    assert_eq!((alarm.activity, alarm.tools_ran), (Activity::Still, false));
    assert!(alarm.quiet >= Duration::from_secs(30), "{alarm:?}");
    stop(&child, Signal::SIGTERM);
    assert_eq!(end(child).await.0, Some(130));

    let run = run(&show).unwrap();
    let recording = Recording::read(&run.dir).unwrap();
    assert!(!recording.frames.is_empty());
    assert!(
        recording.frames.is_sorted_by_key(|frame| frame.at) && recording.frames.is_sorted_by_key(|frame| frame.log)
    );
    let stuck = recording.frames.iter().max_by_key(|frame| frame.until.duration_since(frame.at)).unwrap();
    let shown = image::open(recording.path(stuck)).unwrap().to_rgb8();
    let licensing = image::open("assets/lab/screens/win-licensing-00.png").unwrap().to_rgb8();
    assert!(shown == licensing, "what stood longest is the page it is stuck at");
    let log = std::fs::metadata(&run.log).unwrap().len();
    assert!(stuck.log > 0 && stuck.log <= log, "{} of {log}", stuck.log);
    assert!(recording.guests.iter().any(|guest| guest.power == Some(PowerState::PoweredOn)));
    // The last look comes after packer has destroyed it, where the end of the build did not have to wait too long for that.
    let last = recording.guests.last().and_then(|guest| guest.power);
    assert!(matches!(last, None | Some(PowerState::PoweredOff)), "packer ended it: {last:?}");
    assert!(recording.tasks.iter().any(|task| task.name.ends_with("powerOn") && task.state == "success"));
    for (path, mode) in [(run.dir.join(TIMELINE), 0o600), (recording.path(stuck), 0o600), (run.frames, 0o700)] {
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, mode, "{}", path.display());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_that_goes_right_never_raises_the_alarm() {
    let show = show("debian", SPEED).await;
    let child = build(&show, |_| {});
    let mut alarms = Vec::new();
    let mut waited = tokio::spawn(end(child));
    let ended = loop {
        tokio::select! {
            ended = &mut waited => break ended.unwrap(),
            () = tokio::time::sleep(Duration::from_millis(50)) => {
                alarms.extend(recording(&show).last_stillness().filter(|still| still.alarm));
            }
        }
    };
    assert_eq!(ended.0, Some(0), "{}", ended.1);
    assert!(alarms.is_empty(), "{:?}", alarms[0]);
    let recording = recording(&show);
    assert!(recording.frames.len() > 2, "{}", recording.frames.len());
    assert!(recording.guests.iter().any(|guest| guest.ip.is_some()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_supervisor_leaves_a_record_that_reads() {
    let show = show("licensing", SPEED).await;
    let mut child = build(&show, |_| {});
    until("pictures", || Some(recording(&show)).filter(|recording| !recording.frames.is_empty())).await;
    stop(&child, Signal::SIGKILL);
    child.wait().unwrap();
    let recording = recording(&show);
    assert!(!recording.frames.is_empty());
    for frame in &recording.frames {
        image::open(recording.path(frame)).unwrap();
    }
    let run = run(&show).unwrap();
    assert_eq!(run.state, RunState::Running, "packer goes on");
    packer_run::cancel(&run, true).await.unwrap();
    packer_run::wait_until_over(&run).await.unwrap();
}

/// A lab with the VM of line `one` of the stand-in's repository, stuck at a page.
async fn stuck() -> Lab {
    let seeds = vec![Seed::vm("base-one-build", 0)];
    let lab = Lab::start(Options { speed: 20.0, seeds, ..Options::default() }).await.unwrap();
    let (_, id, _) = lab.inventory().into_iter().find(|(name, ..)| name == "base-one-build").unwrap();
    lab.set_guest(&id, "licensing");
    lab.power(&id, true).unwrap();
    lab
}

fn recorded(fake: &Fake) -> Recording {
    let run = packer_run::latest(&fake.state(), &Key("one".into())).unwrap();
    run.map(|run| Recording::read(&run.dir).unwrap()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vcenter_that_goes_away_is_waited_for_and_the_build_goes_on() {
    let (fake, lab) = (Fake::new("1.16.0", script::SLOW), stuck().await);
    let mut command = fake.tmpl(&["build", "one"]);
    let child = command.envs(lab.environment()).stderr(Stdio::piped()).spawn().unwrap();
    until("a picture", || Some(recorded(&fake)).filter(|recording| !recording.frames.is_empty())).await;
    lab.stop().await;
    let noted = |what: &str| recorded(&fake).notes.iter().any(|(_, text)| text.contains(what));
    until("the note", || noted("waits for vCenter").then_some(())).await;
    lab.resume().await.unwrap();
    until("its return", || noted("answers again").then_some(())).await;
    lab.add(&Seed::template("base-one-build", 0));
    fake.release();
    let (code, said) = end(child).await;
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(said.matches("waits for vCenter").count(), 1, "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_credentials_a_build_says_once_that_it_is_not_recorded() {
    let fake = Fake::new("1.16.0", script::GOOD);
    let (code, said) = end(fake.tmpl(&["build", "one"]).stderr(Stdio::piped()).spawn().unwrap()).await;
    assert_eq!((code, said.matches("no flight recording").count()), (Some(0), 1), "{said}");
    assert!(recorded(&fake).frames.is_empty() && recorded(&fake).notes.len() == 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_password_is_tried_once_and_the_build_goes_on() {
    let (fake, lab) = (Fake::new("1.16.0", script::SLOW), stuck().await);
    let mut command = fake.tmpl(&["build", "one", "--take-over", "vCenter is down, packer may know better"]);
    command.envs(lab.environment()).env("PKR_VAR_vsphere_password", "not-this-one");
    let child = command.stderr(Stdio::piped()).spawn().unwrap();
    until("the note", || recorded(&fake).notes.first().cloned()).await;
    lab.add(&Seed::template("base-one-build", 0));
    fake.release();
    let (code, said) = end(child).await;
    assert_eq!((code, said.matches("the flight recorder stops").count()), (Some(0), 1), "{said}");
    assert!(!said.contains("not-this-one"));
    assert_eq!(lab.calls().iter().filter(|call| *call == "Login").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_account_of_pictures_leaves_the_guests_properties() {
    let (fake, lab) = (Fake::new("1.16.0", script::SLOW), stuck().await);
    let mut command = fake.tmpl(&["build", "one"]);
    command.envs(lab.environment());
    command.env("TMPL_CONSOLE_USERNAME", "pictures@lab.internal").env("TMPL_CONSOLE_PASSWORD", "not-this-one");
    let child = command.stderr(Stdio::piped()).spawn().unwrap();
    until("the note", || recorded(&fake).notes.first().cloned()).await;
    until("the tools' state", || recorded(&fake).guests.iter().find(|guest| guest.tools.is_some()).cloned()).await;
    lab.add(&Seed::template("base-one-build", 0));
    fake.release();
    let (code, said) = end(child).await;
    assert_eq!((code, said.matches("no pictures of the console").count()), (Some(0), 1), "{said}");
    assert!(!said.contains("not-this-one") && recorded(&fake).frames.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_takes_nothing_for_a_while_ends_no_recording() {
    let (fake, lab) = (Fake::new("1.16.0", script::SLOW), stuck().await);
    let mut command = fake.tmpl(&["build", "one"]);
    let mut child = command.envs(lab.environment()).stderr(Stdio::piped()).spawn().unwrap();
    let (said, stderr) = (Arc::new(Mutex::new(String::new())), BufReader::new(child.stderr.take().unwrap()));
    let heard = said.clone();
    let reader = std::thread::spawn(move || {
        stderr.lines().for_each(|line| heard.lock().unwrap().push_str(&(line.unwrap() + "\n")));
    });
    let run = until("packer", || packer_run::latest(&fake.state(), &Key("one".into())).unwrap()).await;
    std::fs::remove_dir_all(&run.frames).unwrap();
    std::fs::write(&run.frames, "in the way").unwrap();
    until("packer waits", || fake.path("waiting").exists().then_some(())).await;
    let tells = || said.lock().unwrap().contains("cannot write and tries again").then_some(());
    until("it says that it cannot write", tells).await;
    std::fs::remove_file(&run.frames).unwrap();
    std::fs::create_dir(&run.frames).unwrap();
    let recording = until("a picture", || Some(recorded(&fake)).filter(|recording| !recording.frames.is_empty())).await;
    assert!(recording.path(&recording.frames[0]).exists());
    until("the note", || recorded(&fake).notes.iter().any(|(_, text)| text.contains("writes again")).then_some(()))
        .await;
    lab.add(&Seed::template("base-one-build", 0));
    fake.release();
    let (code, _) = end(child).await;
    reader.join().unwrap();
    let said = said.lock().unwrap();
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(said.matches("cannot write and tries again").count(), 1, "{said}");
}
