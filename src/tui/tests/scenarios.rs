//! Seven nights, each on the first screen: which line, why, what it shows, what to do. The logs are packer's own
//! (`tests/logs`), cut where it still tries; the pictures are those of the lab; rules, glyphs and labels are the shipped ones.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use regex::{Captures, Regex};
use rstest::rstest;

use super::{SMALL, USUAL, WIDE, frame};
use crate::console::fixture::{self, key};
use crate::console::log::LogFacts;
use crate::console::run::{RunState, Still};
use crate::console::screen_text::ScreenText;
use crate::console::{Console, Effect, Msg};
use crate::guest::picture::Picture;
use crate::guest::recording::{GuestState, Recording};
use crate::guest::screen::{self, Motion, ScreenAnalysis};
use crate::packer_log::{LogFile, LogLine};
use crate::text::Scrubber;
use crate::triage::place::Place;
use crate::triage::rules::Rules;
use crate::triage::verdict::{BuildContext, Judge, Verdict};
use crate::tui::layout::Layout;
use crate::tui::theme::Theme;
use crate::vcenter::{FolderEvent, PowerState, ToolsStatus};

const SIZES: [(&str, (u16, u16)); 5] =
    [("small", SMALL), ("usual", USUAL), ("middle", (120, 36)), ("wide", WIDE), ("large", (200, 60))];

/// What goes wrong.
struct Scenario {
    line: &'static str,
    /// folder of `tests/logs`, and how many lines of it packer has written
    log: (&'static str, usize),
    /// the picture of the guest that is on
    screen: Option<&'static str>,
    /// its address, once its tools run
    ip: Option<&'static str>,
    state: RunState,
    /// where the var-file sets what is to be mended
    place: Option<(&'static str, usize, &'static str)>,
}

const AT_WORK: Scenario =
    Scenario { line: "", log: ("", 0), screen: None, ip: None, state: RunState::Running, place: None };

const ALL: [(&str, Scenario); 6] = [
    (
        "licensing",
        Scenario {
            line: "windows-server-2025",
            log: ("22-windows-winrm-timeout", 231),
            screen: Some("win-licensing-00"),
            place: Some(("ci/config/windows-server-2025.pkrvars.hcl", 14, "vm_inst_os_eval")),
            ..AT_WORK
        },
    ),
    ("panic", Scenario { line: "rocky-9", log: ("04-ip-timeout", 414), screen: Some("panic-00"), ..AT_WORK }),
    ("dhcp", Scenario { line: "debian-12", log: ("04-ip-timeout", 414), screen: Some("di-dhcp-failed-00"), ..AT_WORK }),
    ("password", Scenario { line: "ubuntu-2404", log: ("06-ssh-auth-failure", 455), ip: Some("10.0.8.24"), ..AT_WORK }),
    (
        "winrm",
        Scenario { line: "windows-desktop-11", log: ("23-windows-winrm-401", 263), ip: Some("10.0.8.40"), ..AT_WORK },
    ),
    (
        "ansible",
        Scenario {
            line: "debian-13",
            log: ("24-windows-ansible-task-failed", usize::MAX),
            state: RunState::Failed { exit: Some(1) },
            ..AT_WORK
        },
    ),
];

/// Everything that is known of one scenario.
struct World {
    dir: tempfile::TempDir,
    lines: Vec<LogLine>,
    facts: LogFacts,
    picture: Option<Picture>,
    words: ScreenText,
    verdict: Verdict,
}

fn repository() -> PathBuf {
    env!("CARGO_MANIFEST_DIR").into()
}

/// The log as far as it was written: its last line has just come, and packer waits as long as it does in earnest.
fn log_of((folder, lines): (&str, usize)) -> String {
    let text = std::fs::read_to_string(repository().join("tests/logs").join(folder).join("packer-build.log")).unwrap();
    let text: String = text.split_inclusive('\n').take(lines).collect();
    let stamps = Regex::new(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d").unwrap();
    let at = |stamp: &str| DateTime::strptime("%Y/%m/%d %H:%M:%S", stamp).unwrap();
    let last = at(stamps.find_iter(&text).last().unwrap().as_str());
    let moved = fixture::now().to_zoned(TimeZone::UTC).datetime().duration_since(last);
    let text = stamps.replace_all(&text, |stamp: &Captures<'_>| {
        at(&stamp[0]).saturating_add(moved).strftime("%Y/%m/%d %H:%M:%S").to_string()
    });
    Regex::new(r"up to (total )?timeout: \w+").unwrap().replace_all(&text, "up to ${1}timeout: 45m0s").into_owned()
}

impl World {
    fn of(scenario: &Scenario) -> Self {
        let dir = tempfile::tempdir().unwrap();
        // The real guest was reached through a tunnel.
        let text = log_of(scenario.log).replace("127.0.0.1", scenario.ip.unwrap_or("127.0.0.1"));
        let path = dir.path().join("packer-build.log");
        std::fs::write(&path, &text).unwrap();
        let log = LogFile::open(&path, Arc::new(Scrubber::default())).unwrap();
        while !log.status().caught_up {
            std::thread::sleep(Duration::from_millis(1));
        }
        let lines = log.lines(1..u64::MAX).unwrap();
        let rules = Rules::shipped().unwrap();
        let picture = scenario.screen.map(|name| {
            let png = std::fs::read(repository().join(format!("assets/lab/screens/{name}.png"))).unwrap();
            Picture::decode(png).unwrap()
        });
        let look = picture.as_ref().map(|picture| looked_at(picture, &rules));
        let mut judge = Judge::new(&rules).unwrap();
        judge.read(text.as_bytes()).unwrap();
        let live = scenario.state.live();
        let guest = GuestState {
            at: fixture::now(),
            power: Some(PowerState::PoweredOn),
            ip: scenario.ip.map(str::to_owned),
            tools: Some(tools(scenario)),
            ..GuestState::default()
        };
        let context = BuildContext {
            live,
            guest: live.then_some(guest),
            waits: look.is_some(),
            stuck: look.is_some(),
            ..BuildContext::of_screen(look.as_ref(), &Scrubber::default())
        };
        let mut verdict = judge.verdict(&Scrubber::default(), context);
        if let Some(look) = &look {
            verdict.show(look, &Scrubber::default());
        }
        verdict.place = scenario.place.map(|(file, line, variable)| Place {
            file: file.into(),
            line: Some(line),
            variable: Some(variable.into()),
        });
        let track = judge.tracks().all().last().cloned();
        let facts = LogFacts {
            lines: lines.len() as u64,
            bytes: text.len() as u64,
            generation: 0,
            settled: true,
            phase: track.as_ref().map(|track| track.phase().to_string()),
            track: track.map(Box::new),
        };
        let words = look.map_or_else(ScreenText::default, |look| {
            let text = look.text.unwrap();
            ScreenText { rows: text.rows, exact: text.exact, label: Some(look.label), ..ScreenText::default() }
        });
        Self { dir, lines, facts, picture, words, verdict }
    }

    /// Answers what the console asks for, as the driver would.
    fn answer(&self, console: &mut Console, effects: Vec<Effect>) {
        let mut effects = effects;
        while !effects.is_empty() {
            effects =
                effects.iter().filter_map(|effect| self.told(effect)).flat_map(|msg| console.update(msg)).collect();
        }
    }

    fn told(&self, effect: &Effect) -> Option<Msg> {
        Some(match effect {
            Effect::OpenLog { request, .. } => Msg::LogGrew { request: *request, answer: Ok(self.facts.clone()) },
            Effect::ReadLog { request, from, count } => {
                let rows = self.lines.iter().skip(*from as usize).take(*count as usize).cloned().collect();
                Msg::LogRead { request: *request, answer: Ok((*from, rows)) }
            }
            Effect::TakePicture { request, .. } => {
                Msg::PictureTaken { request: *request, answer: Ok(self.picture.clone()?) }
            }
            Effect::ReadWords { request, .. } => Msg::WordsRead { request: *request, answer: Ok(self.words.clone()) },
            Effect::OpenRecording { request, .. } => {
                Msg::Recorded { request: *request, answer: Ok(Arc::new(Recording::default())) }
            }
            Effect::Judge { request, .. } => {
                Msg::Judged { request: *request, answer: Ok(Box::new(self.verdict.clone())) }
            }
            _ => return None,
        })
    }
}

fn tools(scenario: &Scenario) -> ToolsStatus {
    if scenario.ip.is_some() { ToolsStatus::GuestToolsRunning } else { ToolsStatus::GuestToolsNotRunning }
}

fn looked_at(picture: &Picture, rules: &Rules) -> ScreenAnalysis {
    let image = picture.image().to_rgb8();
    let text = screen::read_cells(&image).or_else(|| {
        // Graphical pages are read by tesseract, which a machine may lack; its words are those that name the page.
        Some(screen::RecognisedText { rows: vec!["Choose a licensing method".into()], exact: false })
    });
    let named = screen::name_screen(&image, text.as_ref(), &rules.screens);
    let motion = (Some(Motion::Frozen), Duration::from_secs(960));
    ScreenAnalysis::of("frames/1.png".into(), text, named, motion, &rules.screens)
}

/// The console, opened while this goes wrong; nobody has pressed a key.
fn opened(scenario: &Scenario, world: &World, (columns, rows): (u16, u16)) -> Console {
    let mut console = fixture::quiet_night();
    let started = fixture::ago(31);
    let mut run = fixture::run(scenario.state, 31, world.facts.phase.as_deref());
    run.started = started;
    run.ended = (!scenario.state.live()).then(|| fixture::ago(2));
    run.dir = world.dir.path().to_owned();
    run.still = scenario.screen.map(|_| Still {
        since: fixture::ago(16),
        blank: false,
        screen: world.words.label.clone(),
        tools_ran: false,
    });
    let effects = console.update(Msg::RunsRead(vec![(key(scenario.line), Ok(Some(run)))]));
    world.answer(&mut console, effects);
    if scenario.state.live() {
        let guest = fixture::guest(72, &format!("tpl-{}-build", scenario.line), scenario.ip);
        let effects = console.update(Msg::FolderChanged(FolderEvent::Changed(Box::new(guest))));
        world.answer(&mut console, effects);
    }
    for seconds in [1, 7] {
        let now: Timestamp = fixture::now() + jiff::SignedDuration::from_secs(seconds);
        let effects = console.update(Msg::Ticked { now });
        world.answer(&mut console, effects);
        let layout = Layout::of(&console, ratatui::layout::Rect::new(0, 0, columns, rows));
        let effects = console.update(Msg::Measured(layout.measures()));
        world.answer(&mut console, effects);
    }
    console
}

#[rstest]
fn every_scenario_is_told_on_the_first_screen(#[values(0, 1, 2, 3, 4, 5)] index: usize) {
    let (name, scenario) = &ALL[index];
    let world = World::of(scenario);
    for (size_name, (columns, rows)) in SIZES {
        let console = opened(scenario, &world, (columns, rows));
        assert_eq!(console.lines.selected().map(|row| row.line.key.0.as_str()), Some(scenario.line), "the worst line");
        let area = ratatui::layout::Rect::new(0, 0, columns, rows);
        let screen = frame(&console, area, Theme::new(true)).0;
        insta::assert_snapshot!(format!("scenario_{name}_{size_name}"), screen);
        let text = screen.to_string();
        let flat: String = text.split_whitespace().collect();
        let boxed = flat.replace(['│', '"'], "");
        let said: String = world.verdict.cause.split_whitespace().take(4).collect();
        // Where the picture decided, it comes first.
        let decided = if scenario.screen.is_some() { "1picture" } else { "1log" };
        for told in [said.replace('"', ""), "→".into(), "Next:".into(), decided.into()] {
            assert!(boxed.contains(&told), "{size_name}: {told:?} is not on the screen\n{text}");
        }
    }
}
