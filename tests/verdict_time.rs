//! How long it takes from the first decisive line or picture to the verdict, on every scenario of the lab; that what heals is
//! taken back, and that a build that goes right is never called otherwise.
//!
//! Times are the lab's: what is counted is how often recorder and judge look between the two, and each look has its interval.
//! How fast this machine is has no say in it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tmpl::guest::recording::{FRAMES, Recording, TIMELINE};
use tmpl::lab::showcase::{Showcase, packer_of, repository, state_home};
use tmpl::packer_log::phase_times::TypicalDurations;
use tmpl::packer_run::{self, Process, Run};
use tmpl::pipeline::Key;
use tmpl::text::Scrubber;
use tmpl::triage::live::{Beside, LiveJudge};
use tmpl::triage::rules::Rules;
use tmpl::triage::verdict::{Judge, Standing, Verdict};
use tokio::sync::{Semaphore, SemaphorePermit};

const PROGRAM: &str = env!("CARGO_BIN_EXE_tmpl-tui");
/// Lab seconds per second.
const SPEED: f64 = 40.0;
/// Builds at a time, of all tests together.
const AT_ONCE: usize = 3;
static TURNS: Semaphore = Semaphore::const_new(AT_ONCE);
/// Seconds between two looks of the recorder at most; until the second look at a picture that is new; for reading a
/// graphical page (measured, at rest); between two looks of the console at its files.
const RECORDER: f64 = 2.0;
const SETTLE: f64 = 1.0;
const READING: f64 = 0.5;
const CONSOLE: f64 = 1.0;
/// From the decisive moment to the verdict: seconds.
const LIMIT: f64 = 5.0;

/// What tells, first.
enum Decisive {
    /// this picture on the console, or one of several
    Picture(&'static str),
    /// this in packer's log
    Line(&'static str),
    /// this in the record of the guest
    Guest(&'static str),
}

use Decisive::{Guest, Line, Picture};

/// Each scenario that goes wrong: what is decisive, and the verdict on it, by its rule or its class.
const SCENARIOS: [(&str, Decisive, &str); 18] = [
    ("licensing", Picture("win-licensing-00"), "screen-licensing"),
    ("stop-error", Picture("win-stop-00"), "screen-windows-stop"),
    ("missed-spacebar", Picture("uefi-shell-00"), "screen-uefi"),
    ("missed-keys", Picture("di-language-00"), "screen-di-other"),
    ("preseed-command", Picture("di-command-failed-00"), "screen-di-command"),
    ("no-address", Picture("di-dhcp-failed-00"), "screen-di-network"),
    ("link-local", Guest("169.254."), "ip_linklocal"),
    ("no-boot-device", Picture("no-dhcp-08|no-dhcp-09|no-dhcp-10"), "screen-no-boot"),
    ("no-operating-system", Picture("no-os-00"), "screen-no-boot"),
    ("kernel-panic", Picture("panic-00"), "screen-panic"),
    ("emergency", Picture("emergency-00"), "screen-emergency"),
    ("blanked-screen", Picture("emergency-00"), "screen-emergency"),
    ("ansible-fails", Line("fatal: ["), "ansible_task_failed"),
    ("ssh-refused", Line("Using SSH communicator to connect"), "ssh_timeout"),
    ("ssh-password", Line("unable to authenticate"), "ssh_auth"),
    ("winrm-refused", Line("connection refused"), "winrm_timeout"),
    ("shutdown-hangs", Line("Running shutdown command"), "shutdown_timeout"),
    ("disk-full", Guest("no more space"), "vm_question"),
];

/// A headless build of the scenario's line; ended when this is dropped.
struct Built {
    show: Showcase,
    child: Child,
    name: String,
    _turn: SemaphorePermit<'static>,
}

impl Built {
    async fn start(name: &str) -> Self {
        let turn = TURNS.acquire().await.unwrap();
        let show = Showcase::set_up(Some(name), SPEED, Path::new(PROGRAM)).await.unwrap();
        let (folder, key) = (show.folder(), &show.starts()[0]);
        let mut command = Command::new(PROGRAM);
        command.env_clear().envs(show.lab().environment()).env("PATH", std::env::var_os("PATH").unwrap());
        command.env("HOME", folder).env("TMPDIR", folder).env("XDG_STATE_HOME", state_home(folder));
        command.arg("--repo").arg(repository(folder)).args(["build", key, "--packer"]).arg(packer_of(folder));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().unwrap();
        Self { show, child, name: name.to_owned(), _turn: turn }
    }

    /// The run, unless it is the one that the lab had before.
    fn run(&self) -> Option<Run> {
        let run = packer_run::latest(&self.show.state(), &Key(self.show.starts()[0].clone())).unwrap()?;
        (u32::try_from(run.supervisor.pid) == Ok(self.child.id())).then_some(run)
    }

    async fn until<T>(&mut self, what: &str, look: impl FnMut(&Run) -> Option<T>) -> T {
        let found = self.within(Duration::from_secs(150), look).await;
        found.unwrap_or_else(|| panic!("{}: waited in vain for {what}", self.name))
    }

    async fn within<T>(&mut self, time: Duration, mut look: impl FnMut(&Run) -> Option<T>) -> Option<T> {
        let end = Instant::now() + time;
        while Instant::now() < end {
            if let Some(found) = self.run().and_then(|run| look(&run)) {
                return Some(found);
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        None
    }

    /// A build of the scenario that came to what is decisive, and where in its record that is. A machine that is busy with
    /// something else may miss a picture which the lab, so much faster than a vCenter, shows for a moment.
    async fn at(name: &str, decisive: &Decisive) -> (Self, usize) {
        for _ in 0..3 {
            let mut built = Self::start(name).await;
            match built.within(Duration::from_secs(75), |run| told(decisive, run)).await {
                Some(first) => return (built, first),
                None => built.stop().await,
            }
        }
        panic!("{name}: waited in vain for what is decisive");
    }

    async fn stop(mut self) {
        let _ = kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), Signal::SIGTERM);
        tokio::task::spawn_blocking(move || drop(self.child.wait())).await.unwrap();
    }
}

/// A record as it was at some moment, in a folder of its own, of a run that is still at work.
struct Moment {
    dir: tempfile::TempDir,
    rules: Rules,
    repo: PathBuf,
    timeline: Vec<String>,
    log: Vec<String>,
}

impl Moment {
    fn of(run: &Run, repo: &Path) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let read = |path: &Path| std::fs::read_to_string(path).unwrap_or_default();
        let lines = |text: String| text.split_inclusive('\n').map(str::to_owned).collect::<Vec<_>>();
        let (timeline, log) = (lines(read(&run.dir.join(TIMELINE))), lines(read(&run.log)));
        let mut record: serde_json::Value = serde_json::from_str(&read(&run.dir.join("run.json"))).unwrap();
        // It goes on as long as this test does.
        let own = serde_json::to_value(Process::current().unwrap()).unwrap();
        for (name, value) in [("supervisor", own.clone()), ("packer", own), ("state", "running".into())] {
            record[name] = value;
        }
        for name in ["ended", "exit", "reason"] {
            record[name] = serde_json::Value::Null;
        }
        record["log"] = dir.path().join("packer-build.log").to_str().unwrap().into();
        std::fs::write(dir.path().join("run.json"), record.to_string()).unwrap();
        std::os::unix::fs::symlink(&run.frames, dir.path().join(FRAMES)).unwrap();
        Self { dir, rules: Rules::for_repo(repo).unwrap(), repo: repo.to_owned(), timeline, log }
    }

    /// Whether that is the verdict on so much of the timeline and of the log.
    fn says(&self, verdict: &str, timeline: usize, log: usize) -> bool {
        let given = self.verdict(timeline, log);
        given.class == verdict || given.rule.as_deref() == Some(verdict)
    }

    /// The verdict on so much of the timeline and of the log.
    fn verdict(&self, timeline: usize, log: usize) -> Verdict {
        let dir = self.dir.path();
        std::fs::write(dir.join(TIMELINE), self.timeline[..timeline].concat()).unwrap();
        std::fs::write(dir.join("packer-build.log"), self.log[..log].concat()).unwrap();
        let run = Run::read(dir).unwrap().unwrap();
        let mut judge = LiveJudge::new(&self.rules, Judge::new(&self.rules).unwrap(), &self.repo, dir).unwrap();
        let (usual, scrubber) = (TypicalDurations::default(), Scrubber::default());
        judge.look(&run, &Beside::default(), &usual, &scrubber, Timestamp::now()).unwrap().unwrap()
    }

    /// Looks at the console in the first bytes of the timeline.
    fn looks(&self, bytes: usize) -> usize {
        let ends = self.timeline.iter().scan(0, |end, line| {
            *end += line.len();
            Some((*end, line))
        });
        ends.take_while(|(end, _)| *end <= bytes).filter(|(_, line)| Self::is_look(line)).count()
    }

    /// Whether this line of the timeline is a look at the console.
    fn is_look(line: &str) -> bool {
        line.contains(r#""event":"frame""#) || line.contains(r#""event":"still""#)
    }
}

/// When a line of the timeline was written.
fn at(line: &str) -> Timestamp {
    serde_json::from_str::<serde_json::Value>(line).unwrap()["at"].as_str().unwrap().parse().unwrap()
}

/// The pixels of a picture on disk; `None` when it is not there whole.
fn pixels(path: &Path) -> Option<image::RgbImage> {
    image::open(path).ok().map(|picture| picture.to_rgb8())
}

/// The first line of the timeline that tells what is decisive, once the record says all that follows from it.
fn told(decisive: &Decisive, run: &Run) -> Option<usize> {
    let recording = Recording::read(&run.dir).unwrap();
    let timeline = std::fs::read_to_string(run.dir.join(TIMELINE)).ok()?;
    match decisive {
        Picture(name) => {
            let picture = |name| pixels(&Path::new("assets/lab/screens").join(format!("{name}.png"))).unwrap();
            let wanted: Vec<_> = name.split('|').map(picture).collect();
            let shown = |frame: &&tmpl::guest::recording::RecordedFrame| {
                pixels(&recording.path(frame)).is_some_and(|seen| wanted.contains(&seen))
            };
            let frame = recording.frames.iter().find(shown)?;
            let first = timeline.lines().position(|line| line.contains(&frame.file))?;
            let looks = timeline.lines().skip(first + 1).filter(|line| Moment::is_look(line)).count();
            // A graphical page is known once it was read.
            let image = pixels(&recording.path(frame))?;
            let read = tmpl::guest::screen::read_cells(&image).is_some()
                || recording.frames.iter().any(|later| later.at >= frame.at && recording.reading(later).is_some());
            (looks >= 2 && read).then_some(first)
        }
        Line(text) => std::fs::read_to_string(&run.log).ok()?.contains(text).then_some(timeline.lines().count()),
        Guest(text) => timeline.lines().position(|line| line.contains(text)),
    }
}

/// Lab seconds from the decisive moment to the verdict, and what they are made of.
async fn measured(name: &'static str, decisive: &Decisive, class: &str) -> (f64, String) {
    let (built, first) = Built::at(name, decisive).await;
    let mut moment = Moment::of(&built.run().unwrap(), &repository(built.show.folder()));
    // What packer says at once is not in the log at once.
    for _ in 0..100 {
        if !matches!(decisive, Line(_)) || moment.says(class, moment.timeline.len(), moment.log.len()) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        moment = Moment::of(&built.run().unwrap(), &repository(built.show.folder()));
    }
    let (lines, log) = (moment.timeline.len(), moment.log.len());
    let figures = match decisive {
        Line(text) => {
            let at = moment.log.iter().position(|line| line.contains(text)).unwrap();
            assert!(!moment.says(class, lines, at), "{name}: {text:?} is not decisive");
            let after = (at + 1..=log).position(|log| moment.says(class, lines, log));
            let after = after.unwrap_or_else(|| panic!("{name}: {}", moment.verdict(lines, log).cause));
            // What else packer says at once.
            assert!(after <= 20, "{name}: {after} lines after the decisive one");
            (CONSOLE, format!("{} lines, and a look of the console", after + 1))
        }
        Picture(_) | Guest(_) => {
            // Packer may have said it by then, too.
            let said = |text: &&str| moment.log.iter().position(|line| line.contains(text));
            let log = if let Guest(text) = decisive { said(text).unwrap_or(log) } else { log };
            assert!(!moment.says(class, first, log), "{name}: told before it was shown");
            let told = (first + 1..=lines).find(|at| moment.says(class, *at, log));
            let told = told.unwrap_or_else(|| panic!("{name}: {}", moment.verdict(lines, log).cause));
            let read = Some(&moment.timeline[told - 1]).filter(|line| line.contains(r#""event":"reading""#));
            // It bears the moment at which it began.
            let until = read.map_or(Timestamp::MAX, |line| at(line));
            let later = moment.timeline[first + 1..told].iter().filter(|line| Moment::is_look(line));
            let later = later.filter(|line| at(line) <= until).count();
            let more = [0.0, SETTLE].get(later).copied().unwrap_or(SETTLE + RECORDER);
            let (reading, how) = read.map_or((0.0, ""), |_| (READING, ", its reading"));
            let looks = format!("{} looks of the recorder{how}, and one of the console", later + 1);
            (RECORDER + more + reading + CONSOLE, looks)
        }
    };
    built.stop().await;
    figures
}

#[tokio::test(flavor = "multi_thread")]
async fn every_scenario_is_told_within_five_seconds_of_what_is_decisive() {
    let told = stream::iter(&SCENARIOS).map(|(name, decisive, class)| async move {
        let (seconds, how) = measured(name, decisive, class).await;
        println!("{name:<20} {class:<18} {seconds:>4.1} s: {how}");
        (*name, seconds)
    });
    let told: Vec<(&str, f64)> = told.buffer_unordered(AT_ONCE).collect().await;
    // Tesseract takes its time by another clock than the lab's: of graphical pages the figure is told, and not judged.
    let graphical = ["licensing", "stop-error", "missed-spacebar"];
    let judged = told.iter().filter(|(name, _)| !graphical.contains(name));
    let late: Vec<_> = judged.filter(|(_, seconds)| *seconds > LIMIT).collect();
    assert!(late.is_empty(), "{late:?}");
    let shipped = tmpl::lab::Book::shipped().unwrap().guests();
    let healthy = HEALTHY.len();
    assert_eq!(shipped.len(), SCENARIOS.len() + healthy, "a scenario of the lab is not measured");
}

/// The scenarios that go right.
const HEALTHY: [&str; 4] = ["debian", "ubuntu", "el", "windows"];

/// The verdict on a build at one look of the judge.
#[derive(Debug)]
struct Called {
    text: String,
    /// how it stands, and whether that is an alarm
    outlook: Option<(Standing, bool)>,
    /// looks of the recorder so far
    looks: usize,
}

/// How far record and log of a run had come at some time.
struct Sample {
    at: Timestamp,
    timeline: usize,
    log: usize,
}

/// What a build that goes right was called while it was at work. How far its files had come is noted while it runs, and
/// judged afterwards: a judge that is kept waiting by the machine would miss what the lab shows for a moment.
async fn called(name: &'static str) -> Vec<Called> {
    let mut built = Built::start(name).await;
    let run = built.until("the run", |run| Some(run.clone())).await;
    let (timeline, log) = (run.dir.join(TIMELINE), run.log.clone());
    let mut samples: Vec<Sample> = Vec::new();
    let code = tokio::task::spawn_blocking(move || {
        let length = |path: &Path| path.metadata().map_or(0, |file| usize::try_from(file.len()).unwrap());
        loop {
            let ended = built.child.try_wait().unwrap();
            let sample = Sample { at: Timestamp::now(), timeline: length(&timeline), log: length(&log) };
            if samples.last().is_none_or(|last| (last.timeline, last.log) != (sample.timeline, sample.log)) {
                samples.push(sample);
            }
            if let Some(code) = ended {
                return (code.code(), built, samples);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    let (code, built, samples) = code.await.unwrap();
    let told = tokio::task::spawn_blocking(move || replayed(&built, &samples)).await.unwrap();
    assert_eq!(code, Some(0), "{name}: {told:#?}");
    told
}

/// What one judge says of a run as its files grow.
fn replayed(built: &Built, samples: &[Sample]) -> Vec<Called> {
    let run = built.run().unwrap();
    let moment = Moment::of(&run, &repository(built.show.folder()));
    let (timeline, log) = (moment.timeline.concat().into_bytes(), moment.log.concat().into_bytes());
    let dir = moment.dir.path();
    let mut judge = LiveJudge::new(&moment.rules, Judge::new(&moment.rules).unwrap(), &moment.repo, dir).unwrap();
    let (usual, scrubber) = (TypicalDurations::default(), Scrubber::default());
    let mut all = Vec::new();
    for sample in samples {
        std::fs::write(dir.join(TIMELINE), &timeline[..sample.timeline]).unwrap();
        std::fs::write(dir.join("packer-build.log"), &log[..sample.log]).unwrap();
        let run = Run::read(dir).unwrap().unwrap();
        let Some(verdict) = judge.look(&run, &Beside::default(), &usual, &scrubber, sample.at).unwrap() else {
            continue;
        };
        let outlook = verdict.outlook.as_ref().map(|outlook| (outlook.standing, !outlook.passing));
        let looks = moment.looks(sample.timeline);
        all.push(Called { text: format!("{}: {}", verdict.class, verdict.cause), outlook, looks });
    }
    all
}

/// Alarms that are still there when the recorder has looked twice more: what packer's last key answers is no cause, and
/// the console lets it pass.
fn lasting(all: &[Called]) -> Vec<&Called> {
    let alarm = |called: &&Called| called.outlook.is_some_and(|(_, alarm)| alarm);
    let groups = all.chunk_by(|one, other| alarm(&one) == alarm(&other));
    let last = groups.filter(|group| group.first().is_some_and(|first| alarm(&first)));
    last.filter(|group| group.last().is_some_and(|last| last.looks >= group[0].looks + 2))
        .map(|group| &group[0])
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_that_goes_right_is_never_called_stuck_and_what_heals_is_taken_back() {
    let told: Vec<_> = stream::iter(HEALTHY)
        .map(|name| async move { (name, called(name).await) })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    for (name, all) in &told {
        assert!(lasting(all).is_empty(), "{name}: {:#?}", lasting(all));
    }
    // Ubuntu's sshd comes after its address: packer is refused for a while, and gets in.
    let ubuntu = &told.iter().find(|(name, _)| *name == "ubuntu").unwrap().1;
    let retried = ubuntu.iter().position(|called| called.outlook.is_some());
    let retried = retried.unwrap_or_else(|| panic!("never told that packer tries again: {ubuntu:#?}"));
    let healed = ubuntu[retried..].iter().any(|called| called.outlook.is_none() && called.text.contains("provision"));
    assert!(healed, "{ubuntu:#?}");
}
