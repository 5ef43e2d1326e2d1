//! The whole application on a screen of cells, driven by the real driver on the lab: keys in, screen out.

use std::sync::Arc;
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::{Colours, PictureSurface, Protocol, Theme};
use crate::console::driver::{Driver, Parts, Report};
use crate::console::fixture;
use crate::console::{Console, Msg, Opening};
use crate::lab::{Lab, Options, Seed};
use crate::paths::StateDir;
use crate::tui::app::App;

/// Nothing takes longer, unless it never comes.
const PATIENCE: Duration = Duration::from_secs(60);

struct Whole {
    app: App<TestBackend>,
    driver: Driver,
    messages: UnboundedReceiver<Msg>,
    lab: Lab,
    _state: tempfile::TempDir,
}

impl Whole {
    async fn open(read_only: bool) -> Self {
        let opening = Opening { read_only, ..fixture::opening(&["debian-12", "rocky-9"]) };
        let seeds = opening
            .lines
            .iter()
            .flat_map(|line| [Seed::template(&line.base_name, 74), Seed::template(line.prev_name(), 242)]);
        let options = Options { task_scale: 0.0, seeds: seeds.collect(), ..Options::default() };
        let lab = Lab::start(options).await.unwrap();
        let state = tempfile::tempdir().unwrap();
        let parts = Parts {
            lines: opening.lines.clone(),
            repo: state.path().to_owned(),
            settings: lab.settings().unwrap(),
            state: StateDir::at(state.path().join("state")),
            packer: state.path().join("no-packer"),
            read_only,
        };
        let (send, messages) = unbounded_channel();
        let report: Report = Arc::new(move |msg| drop(send.send(msg)));
        let surface = PictureSurface::new(Protocol::Cells, Colours::True, || {});
        let terminal = Terminal::new(TestBackend::new(100, 30)).unwrap();
        let app = App::new(Console::new(opening), terminal, surface, Theme::new(false));
        Self { app, driver: Driver::start(parts, report), messages, lab, _state: state }
    }

    fn take(&mut self, msg: Msg) {
        let effects = self.app.take(msg);
        self.run(effects);
    }

    fn run(&mut self, effects: Vec<crate::console::Effect>) {
        let measured = self.app.measure().unwrap();
        effects.into_iter().chain(measured).for_each(|effect| self.driver.run(effect));
    }

    fn keys(&mut self, keys: &str) {
        for char in keys.chars() {
            let code = match char {
                '\n' => crate::console::key::Code::Enter,
                '\x1b' => crate::console::key::Code::Esc,
                char => crate::console::key::Code::Char(char),
            };
            self.take(Msg::KeyPressed(crate::console::key::KeyPress::code(code)));
        }
    }

    fn screen(&mut self) -> String {
        self.app.draw(&mut std::io::sink()).unwrap();
        self.app.screen_text()
    }

    /// Takes messages until the screen holds the text.
    async fn wait_for(&mut self, text: &str) {
        let until = tokio::time::Instant::now() + PATIENCE;
        self.run(Vec::new());
        loop {
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
