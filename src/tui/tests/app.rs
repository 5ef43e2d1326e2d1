//! The whole application on a screen of cells, driven by the real driver on the lab: keys in, screen out.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::{Colours, PictureSurface, Protocol, Theme};
use crate::console::arming::QUIET;
use crate::console::fixture;
use crate::console::{Console, Msg, Opening};
use crate::iso::RequiredIso;
use crate::lab::mirror::{self, Mirrors};
use crate::lab::{Lab, Options, Seed};
use crate::ops::Context;
use crate::paths::StateDir;
use crate::pipeline::{Line, Matrix};
use crate::tui::app::App;
use crate::tui::driver::{Driver, Parts, Report};
use crate::vcenter::gate::Mode;

/// Nothing takes longer, unless it never comes.
const PATIENCE: Duration = Duration::from_secs(180);

/// A lab in which every line has two generations.
fn options(opening: &Opening) -> Options {
    let seeds = opening
        .lines
        .iter()
        .flat_map(|line| [Seed::template(&line.base_name, 74), Seed::template(line.prev_name(), 242)]);
    Options { task_scale: 0.0, seeds: seeds.collect(), ..Options::default() }
}

pub(super) struct Whole {
    pub(super) app: App<TestBackend>,
    driver: Driver,
    messages: UnboundedReceiver<Msg>,
    lab: Lab,
    _mirrors: Option<Mirrors>,
    state: tempfile::TempDir,
}

impl Whole {
    async fn open(read_only: bool) -> Self {
        Self::after(read_only, |_, _| {}).await
    }

    /// `before`: what earlier work left in the state folder, for the first line.
    async fn after(read_only: bool, before: impl FnOnce(&StateDir, &Line)) -> Self {
        let opening = Opening { mode: Mode::asked(read_only), ..fixture::opening(&["debian-12", "rocky-9"]) };
        let state = tempfile::tempdir().unwrap();
        before(&StateDir::at(state.path().join("state")), &opening.lines[0]);
        Self::with(opening, state).await
    }

    /// Two lines of the shipped pipeline with their mirrors: one has a newer release, the other no ISO on the datastore.
    pub(super) async fn with_media(rate: u64) -> Self {
        let state = tempfile::tempdir().unwrap();
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("ci");
        std::fs::create_dir_all(state.path().join("ci/config")).unwrap();
        for entry in std::fs::read_dir(shipped.join("config")).unwrap().map(Result::unwrap) {
            std::fs::copy(entry.path(), state.path().join("ci/config").join(entry.file_name())).unwrap();
        }
        let text = std::fs::read_to_string(shipped.join("matrix.json")).unwrap();
        let mut lines: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
        lines.retain(|line| line["key"] == "debian-13" || line["key"] == "almalinux-9");
        let text = serde_json::to_string_pretty(&lines).unwrap();
        let mirrors = Mirrors::start(&Matrix::parse(state.path(), &text).unwrap(), rate).await.unwrap();
        std::fs::write(state.path().join("ci/matrix.json"), mirrors.localised(&text)).unwrap();
        let lines = Matrix::load(state.path()).unwrap().lines;
        let staged = RequiredIso::read(state.path(), &lines[0]).unwrap();
        let opening = Opening { lines, ..fixture::opening(&["debian-13"]) };
        let mut whole = Self::with(opening, state).await;
        whole.lab.put_file(&staged.file.to_string(), mirror::SIZE);
        whole._mirrors = Some(mirrors);
        whole
    }

    pub(super) fn repo(&self) -> &Path {
        self.state.path()
    }

    async fn with(opening: Opening, state: tempfile::TempDir) -> Self {
        let lab = Lab::start(options(&opening)).await.unwrap();
        let parts = Parts {
            config: Arc::default(),
            scrubber: crate::text::Scrubber::shared().clone(),
            context: Context {
                repo: state.path().to_owned(),
                lines: opening.lines.clone(),
                state: StateDir::at(state.path().join("state")),
                mode: opening.mode,
            },
            settings: Ok(lab.settings().unwrap()),
            packer: state.path().join("no-packer"),
        };
        let (send, messages) = unbounded_channel();
        let report: Report = Arc::new(move |msg| drop(send.send(msg)));
        let surface = PictureSurface::new(Protocol::Cells, Colours::True, || {});
        let terminal = Terminal::new(TestBackend::new(100, 30)).unwrap();
        let app = App::new(Console::new(opening), terminal, surface, Theme::new(false));
        Self { app, driver: Driver::start(parts, report), messages, lab, _mirrors: None, state }
    }

    fn take(&mut self, msg: Msg) {
        let effects = self.app.take(msg);
        self.run(effects);
    }

    fn run(&mut self, effects: Vec<crate::console::Effect>) {
        let measured = self.app.measure().unwrap();
        effects.into_iter().chain(measured).for_each(|effect| self.driver.run(effect));
    }

    pub(super) fn keys(&mut self, keys: &str) {
        for char in keys.chars() {
            let code = match char {
                '\n' => crate::console::key::Code::Enter,
                '\x1b' => crate::console::key::Code::Esc,
                '\t' => crate::console::key::Code::Tab,
                char => crate::console::key::Code::Char(char),
            };
            self.seen();
            self.take(Msg::KeyPressed(crate::console::key::KeyPress::code(code)));
        }
    }

    /// Somebody looks at the screen for a while.
    fn seen(&mut self) {
        let at = self.app.console().clock;
        self.take(Msg::Drawn { at });
        self.take(Msg::Clock { at: at + QUIET });
    }

    fn screen(&mut self) -> String {
        self.app.draw(&mut std::io::sink()).unwrap();
        self.app.screen_text()
    }

    /// Takes messages until the screen holds the text.
    pub(super) async fn wait_for(&mut self, text: &str) {
        let until = tokio::time::Instant::now() + PATIENCE;
        self.run(Vec::new());
        loop {
            self.seen();
            let screen = self.screen();
            if screen.contains(text) {
                return;
            }
            match tokio::time::timeout_at(until, self.messages.recv()).await {
                Ok(Some(msg)) => self.take(msg),
                _ => panic!("never showed {text:?}:\n{screen}"),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_is_held_and_released() {
    let mut whole = Whole::open(false).await;
    whole.wait_for("3d").await;
    whole.wait_for("SIMULATED").await;
    whole.keys("R");
    whole.wait_for("vCenter does not object").await;
    whole.keys("it does not boot\ny");
    whole.wait_for("rolled back and held").await;
    whole.wait_for("HELD").await;
    whole.keys("\x1bH");
    whole.wait_for("vCenter does not object").await;
    whole.keys("y");
    whole.wait_for("released").await;
    assert!(whole.app.console().idle());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vcenter_that_goes_and_comes_back_is_stale_and_then_live() {
    let mut whole = Whole::open(false).await;
    whole.wait_for("3d").await;
    whole.lab.stop().await;
    whole.wait_for("retry in").await;
    whole.wait_for("cannot reach vCenter").await;
    assert!(whole.screen().contains("debian-12"), "what was known is still shown");
    whole.lab.resume().await.unwrap();
    whole.wait_for("✓ live").await;
    whole.wait_for("vCenter answers again").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_drawn_when_nothing_changed() {
    let mut whole = Whole::open(true).await;
    whole.wait_for("✓ live").await;
    let drawn = |whole: &mut Whole| whole.app.draw(&mut std::io::sink()).unwrap();
    drawn(&mut whole);
    assert!(!drawn(&mut whole));
    whole.take(Msg::Ticked { now: fixture::now() });
    assert!(!drawn(&mut whole), "the same texts at the same moment");
    whole.keys("j");
    assert!(drawn(&mut whole));
}

/// A run that waited in vain for its address while the guest stood in emergency mode, with its record.
fn failed_run(state: &StateDir, line: &Line) {
    let started = jiff::Timestamp::now() - jiff::SignedDuration::from_mins(30);
    let at = |seconds: i64| started + jiff::SignedDuration::from_secs(seconds);
    let incoming_dir = crate::packer_run::incoming_dir(state, line).unwrap();
    let told = [
        (0, "ui: ==> vsphere-iso.debian: Creating virtual machine..."),
        (10, "ui: ==> vsphere-iso.debian: Waiting for IP..."),
        (1210, "ui error: ==> vsphere-iso.debian: timeout waiting for IP address"),
        (1211, "ui: ==> vsphere-iso.debian: Destroying VM..."),
        (1212, "ui error: Build 'vsphere-iso.debian' errored after 20 minutes: timeout waiting for IP address"),
    ];
    let zone = jiff::tz::TimeZone::system();
    let stamped = told.map(|(seconds, text)| {
        let stamp = at(seconds).to_zoned(zone.clone()).strftime("%Y/%m/%d %H:%M:%S").to_string();
        format!("{stamp} {text}\n")
    });
    std::fs::write(incoming_dir.path().join("packer-build.log"), stamped.concat()).unwrap();
    let frames = [(5, 80, "idle", "di-components-00"), (60, 160, "frozen", "emergency-00")].map(
        |(seconds, log, kind, picture)| {
            let file = format!("frames/{}.png", at(seconds).as_millisecond());
            let source = format!("{}/assets/lab/screens/{picture}.png", env!("CARGO_MANIFEST_DIR"));
            std::fs::copy(source, incoming_dir.path().join(&file)).unwrap();
            let frame = serde_json::json!({"event": "frame", "at": at(seconds), "file": file, "until": at(1200),
            "changed": null, "log": log, "kind": kind});
            format!("{frame}\n")
        },
    );
    std::fs::write(incoming_dir.path().join("timeline.jsonl"), frames.concat()).unwrap();
    let foreign = crate::packer_run::ForeignRun {
        origin: String::new(),
        name: "x".into(),
        started,
        ended: Some(at(1213)),
        outcome: crate::packer_run::ForeignOutcome::Failed,
        reason: None,
        packer_version: String::new(),
    };
    crate::packer_run::import_run(state, line, &foreign, incoming_dir).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_run_is_judged_and_its_evidence_opens() {
    let mut whole = Whole::after(true, failed_run).await;
    whole.wait_for("✗ failed").await;
    whole.keys("v");
    whole.wait_for("log 3 timeout waiting for IP address").await;
    assert!(whole.screen().contains("picture"), "the picture is evidence, too");
    // The picture decided: it is the first.
    whole.keys("2");
    whole.wait_for("· paused").await;
    whole.wait_for("Waiting for IP...").await;
    whole.keys("\x1b\x1b\x1b\t");
    whole.wait_for("last picture").await;
    whole.keys("hh");
    whole.wait_for("recorded").await;
    whole.keys("\x1b");
    whole.wait_for("last picture").await;
    whole.keys("u");
    whole.wait_for("read exactly").await;
    whole.keys("/emergency\n");
    whole.keys("i");
    whole.wait_for("nothing can be changed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_timeline_shows_stages_pictures_and_the_clock() {
    let mut whole = Whole::after(true, failed_run).await;
    whole.wait_for("✗ failed").await;
    whole.keys("\t\t\t\t");
    whole.wait_for("2 pictures").await;
    whole.wait_for("IP took 20m").await;
    whole.wait_for("wait for IP 20m").await;
    whole.keys("h");
    whole.wait_for("picture 2 of 2").await;
}
