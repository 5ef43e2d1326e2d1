//! A folder, runs and a log with fixed names and times.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::alarm::Call;
use super::arming::QUIET;
use super::binding::Keymap;
use super::github::{Ask, GitHubEvent, Pipeline};
use super::key::{Code, KeyPress};
use super::log::LogFacts;
use super::media::{self, Newer, Offer, Report, Request};
use super::message::{Failure, Msg, RequestId};
use super::own::Own;
use super::panes::{Measures, Room};
use super::run::{RunSeen, RunState};
use super::{Console, Effect, Opening, Preferences};
use crate::config::ConfigFile;
use crate::generation::Actor;
use crate::github::schedule::Advisory;
use crate::github::{Board, Conclusion, Health, Leg, Rate, RemoteRun, RunWithJobs, State};
use crate::guest::picture::Picture;
use crate::guest::recording::{GuestState, RecordedFrame, Recording, ScreenReading};
use crate::guest::screen::Motion;
use crate::iso::bump::FileChange;
use crate::iso::{Bump, DatastoreIso, RequiredIso};
use crate::packer_log::{Deadline, Level, LogLine, Origin, Phase, PhaseSpan, Problem, Track};
use crate::pipeline::{Key, Line, Matrix, Os, Smoke};
use crate::triage::verdict::{Confidence, Evidence, EvidenceSource, Outlook, Standing, Verdict};
use crate::vcenter::datastore::DatastorePath;
use crate::vcenter::gate::Mode;
use crate::vcenter::{FolderEvent, LinkState, Moid, PowerState, ToolsStatus, Vm};

const KEYS: [&str; 9] = [
    "ubuntu-2404",
    "ubuntu-2204",
    "debian-12",
    "debian-13",
    "rocky-9",
    "almalinux-9",
    "windows-server-2025",
    "windows-server-2022",
    "windows-desktop-11",
];

pub fn now() -> Timestamp {
    "2026-03-14T03:12:00Z".parse().unwrap()
}

pub fn ago(minutes: i64) -> Timestamp {
    now() - jiff::SignedDuration::from_mins(minutes)
}

pub fn key(text: &str) -> Key {
    Key(text.into())
}

pub fn matrix(keys: &[&str]) -> Matrix {
    let entries: Vec<serde_json::Value> = keys
        .iter()
        .map(|key| {
            let os = if key.starts_with("windows") { "Windows" } else { "Linux" };
            serde_json::json!({"key": key, "enabled": *key != "windows-server-2022", "os": os, "dist": key, "version": "1",
                "build_dir": format!("builds/{key}"), "config": format!("{key}.pkrvars.hcl"), "base_name": format!("tpl-{key}"),
                "iso_datastore_path": "iso"})
        })
        .collect();
    Matrix::parse(Path::new("."), &serde_json::to_string(&entries).unwrap()).unwrap()
}

pub fn opening(keys: &[&str]) -> Opening {
    Opening {
        lines: matrix(keys).lines,
        key: None,
        repo: "/srv/templates".into(),
        packer: "packer".into(),
        vcenter: "vc01.example.com".into(),
        account: "svc-packer".into(),
        picture_account: Some("administrator".into()),
        actor: Actor("operator@desk".into()),
        mode: Mode::ReadWrite,
        simulated: false,
        schedule: None,
        call: Call::Off,
        preferences: Preferences::default(),
        warnings: Vec::new(),
        now: now(),
        zone: TimeZone::UTC,
    }
}

/// Nothing known yet.
pub fn empty() -> Console {
    Console::new(opening(&KEYS))
}

pub fn template(number: u32, name: &str, minutes: i64) -> Vm {
    Vm {
        place: Default::default(),
        moid: Moid(format!("vm-{number}")),
        name: name.into(),
        template: true,
        power_state: PowerState::PoweredOff,
        ip_address: None,
        tools_running_status: None,
        annotation: String::new(),
        created: Some(ago(minutes)),
        instance_uuid: String::new(),
        change_version: String::new(),
        question: None,
    }
}

pub fn guest(number: u32, name: &str, ip: Option<&str>) -> Vm {
    let tools = if ip.is_some() { ToolsStatus::GuestToolsRunning } else { ToolsStatus::GuestToolsNotRunning };
    Vm {
        template: false,
        power_state: PowerState::PoweredOn,
        ip_address: ip.map(str::to_owned),
        tools_running_status: Some(tools),
        ..template(number, name, 31)
    }
}

pub fn run(state: RunState, minutes: i64, phase: Option<&str>) -> RunSeen {
    RunSeen {
        started: ago(minutes),
        ended: (!state.live()).then(|| ago(minutes / 2)),
        built: None,
        forgave: None,
        origin: None,
        pid: 4711,
        state,
        reason: None,
        phase: phase.map(str::to_owned),
        stage: None,
        dir: "/state/runs/x".into(),
        still: None,
        log: "/state/runs/x/packer-build.log".into(),
    }
}

pub fn link(console: &mut Console, state: LinkState) -> Vec<Effect> {
    console.update(Msg::FolderChanged(FolderEvent::Link(state)))
}

/// Live and previous templates of the first seven lines.
fn templates() -> Vec<Vm> {
    let day = 24 * 60;
    let of = |(number, key): (u32, &str)| {
        let live = template(number, &format!("tpl-{key}"), 3 * day);
        [live, template(number + 1, &format!("tpl-{key}-prev"), 10 * day)]
    };
    (10..).step_by(10).zip(KEYS).take(7).flat_map(of).collect()
}

/// The matrix asks for a smoke test of the selected line.
pub fn with_smoke_test(console: &mut Console) {
    let mut line = console.lines.selected().unwrap().line.clone();
    line.smoke = Some(Smoke { minutes: 10, command: Some("goss validate".into()), ..Smoke::default() });
    console.lines.set_line(line);
    let vms = console.vms.values().cloned().collect();
    console.update(Msg::FolderChanged(FolderEvent::Reset(vms)));
}

/// The night of the design's picture: one build stuck, one going well, one held, one ready.
pub fn night() -> Console {
    let mut console = empty();
    link(&mut console, LinkState::Live);
    let mut vms = templates();
    vms.push(guest(32, "tpl-debian-12-build", Some("10.0.8.31")));
    vms.push(guest(72, "tpl-windows-server-2025-build", None));
    vms.push(template(12, "tpl-ubuntu-2404-build", 55));
    console.update(Msg::FolderChanged(FolderEvent::Reset(vms)));
    console.update(Msg::RunsRead(vec![
        (key("debian-12"), Ok(Some(run(RunState::Running, 4, Some("provision"))))),
        (key("windows-server-2025"), Ok(Some(run(RunState::Running, 31, Some("wait for IP"))))),
        (key("ubuntu-2404"), Ok(Some(run(RunState::Succeeded, 80, None)))),
        (key("rocky-9"), Ok(Some(run(RunState::Failed { exit: Some(1) }, 300, None)))),
    ]));
    // Else it would be on the worst one.
    console.lines.select(&key("ubuntu-2404"));
    let effects = console.update(Msg::Ticked { now: now() });
    drop(effects);
    console
}

/// The same templates, and nothing going on.
pub fn quiet_night() -> Console {
    let mut console = empty();
    link(&mut console, LinkState::Live);
    console.update(Msg::FolderChanged(FolderEvent::Reset(templates())));
    console
}

/// Gives the log of the selected line these lines, as the driver would.
pub fn log(console: &mut Console, texts: &[FixtureLine<'_>], effects: Vec<Effect>) {
    let lines = texts.len() as u64;
    let facts = LogFacts {
        lines,
        bytes: lines * 80,
        generation: 0,
        settled: true,
        phase: Some("wait for IP".into()),
        track: Some(Box::new(track())),
    };
    let mut effects = effects;
    while !effects.is_empty() {
        let answers = effects.iter().filter_map(|effect| answer(effect, texts, &facts)).collect::<Vec<_>>();
        effects = answers.into_iter().flat_map(|msg| console.update(msg)).collect();
    }
}

/// A build that waits for its IP since 02:56 and gives up at 03:41.
fn track() -> Track {
    let at = |hour, minute, second| Some(jiff::civil::date(2026, 3, 14).at(hour, minute, second, 0));
    let span = |phase, line, since| PhaseSpan { phase, line, since };
    Track {
        source: "vsphere-iso.windows".into(),
        spans: vec![
            span(Phase::Prepare, 1, at(2, 41, 0)),
            span(Phase::Create, 1, at(2, 41, 20)),
            span(Phase::BootCommand, 4, at(2, 42, 0)),
            span(Phase::WaitIp, 7, at(2, 56, 0)),
        ],
        task: None,
        ip: None,
        deadline: at(3, 41, 0).map(|at| Deadline {
            phase: Phase::WaitIp,
            at,
            total: std::time::Duration::from_secs(45 * 60),
            line: 7,
        }),
        ending: None,
        leg: None,
    }
}

fn answer(effect: &Effect, texts: &[FixtureLine<'_>], facts: &LogFacts) -> Option<Msg> {
    match effect {
        Effect::OpenLog { request, .. } => Some(Msg::LogGrew { request: *request, answer: Ok(facts.clone()) }),
        Effect::ReadLog { request, from, count } => {
            let rows = (*from..facts.lines.min(from + count)).map(|line| row(line, texts[line as usize])).collect();
            Some(Msg::LogRead { request: *request, answer: Ok((*from, rows)) })
        }
        _ => None,
    }
}

pub fn lines(texts: &[FixtureLine<'_>]) -> Vec<LogLine> {
    (0..).zip(texts).map(|(line, told)| row(line, *told)).collect()
}

fn row(line: u64, (origin, problem, text): FixtureLine<'_>) -> LogLine {
    let stamp = jiff::civil::date(2026, 3, 14).at(3, 7, 0, 0) + jiff::Span::new().seconds(line as i64);
    LogLine {
        number: Some(line + 1),
        stamp: Some(stamp),
        origin,
        level: Level::Unstated,
        source: None,
        text: crate::text::Scrubber::default().safe(text),
        problem,
        bytes: 80,
        cut: false,
    }
}

/// Who said it, how bad it is, what it says.
pub type FixtureLine<'t> = (Origin, Option<Problem>, &'t str);

/// A log of the words packer uses.
pub const LOG: [FixtureLine<'static>; 8] = [
    (Origin::Ui, None, "Creating virtual machine..."),
    (Origin::Plugin, None, "attempting to discover datastore ds-iso for the content of the source image"),
    (Origin::Ui, None, "Powering on virtual machine..."),
    (Origin::Ui, None, "Waiting 3s for boot..."),
    (Origin::Ui, None, "Typing boot command..."),
    (Origin::Ui, Some(Problem::Warning), "Trying boot command again..."),
    (Origin::Ui, None, "Waiting for IP..."),
    (Origin::UiError, Some(Problem::Error), "timeout waiting for IP address"),
];

/// A key of somebody who looks at the screen first, and afterwards.
pub fn press(console: &mut Console, press: KeyPress) -> Vec<Effect> {
    looked_at(console);
    let effects = console.update(Msg::KeyPressed(press));
    looked_at(console);
    effects
}

/// The screen was drawn, and some time went by.
pub fn looked_at(console: &mut Console) {
    let at = console.clock;
    console.update(Msg::Drawn { at });
    console.update(Msg::Clock { at: at + QUIET });
}

/// Types characters; `\n` is Enter, `\x1b` Esc, `\t` Tab.
pub fn typed(console: &mut Console, text: &str) -> Vec<Effect> {
    text.chars()
        .flat_map(|char| {
            let code = match char {
                '\n' => Code::Enter,
                '\x1b' => Code::Esc,
                '\t' => Code::Tab,
                char => Code::Char(char),
            };
            press(console, KeyPress::code(code))
        })
        .collect()
}

pub fn measured(console: &mut Console, log: u16) -> Vec<Effect> {
    console.update(Msg::Measured(Measures {
        room: Room::Full,
        lines: 9,
        log,
        log_columns: 100,
        wall: 2,
        page: 20,
        tops: 60,
        ..Measures::default()
    }))
}

/// With a command of the user's own on F8, in a process that may change something or not.
pub fn own_command(read_only: bool) -> Console {
    let text = "[[plugins]]\nname = \"ticket\"\nkey = \"F8\"\ncommand = \"jira create\"\n";
    let file = ConfigFile::parse(Path::new("config.toml"), text);
    let preferences = Preferences { keymap: Keymap::of(&file).0, ..Preferences::default() };
    Console::new(Opening { preferences, mode: Mode::asked(read_only), ..opening(&KEYS) })
}

pub fn plugin_of(effects: &[Effect]) -> Option<RequestId> {
    effects.iter().find_map(|effect| match effect {
        Effect::Own(Own::RunPlugin { request, .. }) => Some(*request),
        _ => None,
    })
}

pub fn question_of(effects: &[Effect]) -> Option<RequestId> {
    effects.iter().find_map(|effect| match effect {
        Effect::Build { request, .. }
        | Effect::Guard { request, .. }
        | Effect::Apply { request, .. }
        | Effect::CancelRun { request, .. } => Some(*request),
        _ => None,
    })
}

/// A small picture of this shade.
pub fn picture(shade: u8) -> Picture {
    let image = image::RgbImage::from_pixel(64, 48, image::Rgb([shade; 3]));
    let mut png = std::io::Cursor::new(Vec::new());
    image.write_to(&mut png, image::ImageFormat::Png).unwrap();
    Picture::decode(png.into_inner()).unwrap()
}

/// Pictures of the stuck build: the firmware at 02:42, Setup at 02:50, its licensing page from 02:56 to 03:12.
pub fn recording() -> Recording {
    let at = |minute: i64, second: i64| ago(30 - minute) + jiff::SignedDuration::from_secs(second);
    let frame = |at: Timestamp, until, log, kind| RecordedFrame {
        at,
        file: format!("frames/{}.png", at.as_millisecond()),
        until,
        changed: None,
        log,
        kind,
    };
    let mut recording = Recording::default();
    recording.frames = vec![
        frame(at(0, 5), at(7, 50), 240, Motion::Idle),
        frame(at(8, 0), at(13, 55), 400, Motion::Progress),
        frame(at(14, 0), at(30, 0), 480, Motion::Frozen),
    ];
    let last = recording.frames[2].clone();
    recording.readings = vec![ScreenReading {
        at: last.at,
        file: last.file,
        label: Some("win-licensing".into()),
        state: Some("waiting-for-input".into()),
        rows: vec!["Choose a licensing method".into()],
    }];
    let guest = |at, power| GuestState { at, power: Some(power), ..GuestState::default() };
    recording.guests = vec![guest(at(0, 0), PowerState::PoweredOn)];
    recording.seen = Some((at(30, 0), Motion::Frozen));
    recording
}

/// Gives the console the record of the selected line's run, as the driver would.
pub fn recorded(console: &mut Console, effects: &[Effect]) -> Vec<Effect> {
    let asked = effects.iter().find_map(|effect| match effect {
        Effect::OpenRecording { request, .. } => Some(*request),
        _ => None,
    });
    let request = asked.expect("the record was asked for");
    console.update(Msg::Recorded { request, answer: Ok(std::sync::Arc::new(recording())) })
}

/// The verdict on the stuck build.
pub fn verdict() -> Verdict {
    let cite = |source, line, frame: Option<&str>, text: &str| Evidence {
        source,
        line,
        frame: frame.map(str::to_owned),
        text: text.into(),
    };
    let frame = recording().frames[2].file.clone();
    Verdict {
        class: "windows-licensing".into(),
        rule: Some("windows-licensing".into()),
        cause: "Windows Setup waits at the licensing page: vm_inst_os_eval drops the product key.".into(),
        remedy: Some("Set vm_inst_os_eval = false, or give a key.".into()),
        confidence: Confidence::High,
        screen: Some("win-licensing".into()),
        screen_state: Some("waiting-for-input".into()),
        went_black: false,
        screen_also: Vec::new(),
        nearest: Vec::new(),
        evidence: vec![
            cite(EvidenceSource::Screen, None, Some(&frame), "Choose a licensing method"),
            cite(EvidenceSource::Log, Some(7), None, "Waiting for IP..."),
            cite(EvidenceSource::Guest, None, None, "VMware Tools never ran"),
        ],
        builds: Vec::new(),
        outlook: Some(Outlook {
            standing: Standing::Stuck,
            gives_up: Some(jiff::civil::date(2026, 3, 14).at(3, 41, 0, 0)),
            unless: Some("the guest reports an address"),
            passing: false,
        }),
        place: None,
        by_screen: false,
    }
}

/// Answers the request for a verdict.
pub fn judged(console: &mut Console, effects: &[Effect]) -> Vec<Effect> {
    let asked = effects.iter().find_map(|effect| match effect {
        Effect::Judge { request, .. } => Some(*request),
        _ => None,
    });
    // Of a run at work verdicts come unasked.
    let request = asked.or_else(|| console.case()?.request()).expect("a verdict was asked for");
    console.update(Msg::Judged { request, answer: Ok(Box::new(verdict())) })
}

fn remote_run(number: u64, line: &str, state: State, minutes: i64) -> RemoteRun {
    let id = 9000 + number;
    RemoteRun {
        id,
        number,
        attempt: 1,
        title: format!("build-templates {line}"),
        event: if line == "all" { "schedule".into() } else { "workflow_dispatch".into() },
        branch: Some("main".into()),
        sha: "5f1d0c2ab6b5a1f3c7a9e0d4b8c6f2e1a3d5c7b9".into(),
        state,
        created: ago(minutes),
        started: Some(ago(minutes)),
        updated: ago(minutes / 2),
        actor: Some("mona".into()),
        url: format!("https://github.com/acme/images/actions/runs/{id}"),
        workflow: "build-templates.yml".into(),
        line: (line != "all").then(|| key(line)),
    }
}

fn leg(run: &RemoteRun, line: &str, state: State) -> Leg {
    Leg {
        id: run.id * 100 + line.len() as u64,
        name: format!("build ({line})"),
        key: Some(key(line)),
        state,
        step: state.failed().then(|| "Build and promote".into()),
        created: run.created,
        started: (state != State::Queued).then_some(run.created + jiff::SignedDuration::from_secs(95)),
        ended: (!state.live()).then_some(run.updated),
        runner: (state != State::Queued).then(|| "packer-vsphere-x7k2p-runner-4q8zt".into()),
        labels: vec!["packer-vsphere".into()],
        url: format!("{}/job/1", run.url),
    }
}

/// One run at work, last Saturday's with a leg that failed, one that went well.
pub fn pipeline() -> Arc<Pipeline> {
    let seen = |run: RemoteRun, legs: &[(&str, State)]| {
        let legs = legs.iter().map(|(line, state)| leg(&run, line, *state)).collect();
        RunWithJobs { run, legs }
    };
    let (ok, failed) = (State::Ended(Conclusion::Success), State::Ended(Conclusion::Failure));
    let mut running = seen(remote_run(88, "debian-13", State::Running, 12), &[("debian-13", State::Running)]);
    running.legs[0].step = Some("Build and promote".into());
    let weekly = seen(remote_run(87, "all", failed, 552), &[("windows-server-2022", failed), ("rocky-9", ok)]);
    let last = weekly.run.clone();
    let board = Board {
        runs: vec![running, weekly, seen(remote_run(86, "all", ok, 552 + 10_080), &[("rocky-9", ok)])],
        rate: Some(Rate { limit: 5000, remaining: 4987, reset: now() + jiff::SignedDuration::from_mins(31) }),
        at: now(),
    };
    let findings = vec![
        Advisory {
            alarm: true,
            text: "GitHub switches the schedule off in 9 days: nothing was pushed for 51 days".into(),
        },
        Advisory { alarm: false, text: "the last scheduled run, #87, failed".into() },
    ];
    let health =
        Health { workflow: "active".into(), last: Some(last), late_minutes: Some(131), days_left: Some(9), findings };
    Arc::new(Pipeline { board, health })
}

/// GitHub answered.
pub fn with_github(mut console: Console) -> Console {
    let effects = console.update(Msg::GitHub(GitHubEvent::Ready(Ok("acme/images".into()))));
    answer_look(&mut console, &effects, pipeline());
    console
}

/// GitHub is asked again and answers with a change.
pub fn hear(console: &mut Console, change: impl FnOnce(&mut Pipeline)) {
    let mut pipeline = pipeline();
    change(Arc::make_mut(&mut pipeline));
    console.now += jiff::SignedDuration::from_secs(61);
    console.update(Msg::Ticked { now: console.now });
    // One request is out at most; answers to others are dropped.
    for number in 0..=console.asked {
        console.update(Msg::GitHub(GitHubEvent::Looked(RequestId(number), Ok(pipeline.clone()))));
    }
}

fn answer_look(console: &mut Console, effects: &[Effect], pipeline: Arc<Pipeline>) {
    for effect in effects {
        if let Effect::GitHub(Ask::Look(request)) = effect {
            console.update(Msg::GitHub(GitHubEvent::Looked(*request, Ok(pipeline.clone()))));
        }
    }
}

/// What the datastore answers for a line: its ISO with this size, or none.
pub fn seen(there: Option<u64>) -> media::IsoStatus {
    let file = DatastorePath { datastore: "ds-iso".into(), path: "iso/linux/x/amd64/x-1.0.iso".into() };
    let wanted = RequiredIso { file, by_hand: false };
    let there = there.map(|size| (size, Some(ago(12 * 24 * 60))));
    media::IsoStatus { wanted: Ok(wanted.clone()), shelf: Ok(DatastoreIso { wanted, there, partial: None }) }
}

fn by_hand(name: &str) -> media::IsoStatus {
    let file = DatastorePath { datastore: "ds-iso".into(), path: format!("iso/windows/{name}") };
    let wanted = RequiredIso { file, by_hand: true };
    let there = Some((5_819_484_160, Some(ago(20 * 24 * 60))));
    media::IsoStatus { wanted: Ok(wanted.clone()), shelf: Ok(DatastoreIso { wanted, there, partial: None }) }
}

fn newer(bump: Result<(), &str>) -> Offer {
    let change = |path: &str, name: &str| FileChange {
        path: path.into(),
        before: format!("# media\n{name} = \"debian-13.6.0.iso\"\n"),
        after: format!("# media\n{name} = \"debian-13.7.0.iso\"\n"),
    };
    let bump = bump.map_err(Failure::from).map(|()| Bump {
        from: "debian-13.6.0.iso".into(),
        to: "debian-13.7.0.iso".into(),
        config: change("ci/config/debian-13.pkrvars.hcl", "iso_file"),
        matrix: change("ci/matrix.json", "iso_url"),
    });
    let file = "debian-13.7.0.iso".into();
    Offer::Newer(Box::new(Newer {
        version: "13.7.0".into(),
        file,
        size: Some(790_000_000),
        digest: "ab".repeat(32),
        bump,
    }))
}

/// The view of media with every kind of answer.
pub fn media() -> Console {
    let mut console = night();
    for row in matrix(&KEYS).lines.into_iter().filter(|line| line.os == Os::Linux) {
        let url = format!("https://mirror.example.com/{0}/amd64/{0}-1.0-netinst.iso", row.key);
        console.lines.set_line(Line { iso_url: Some(url), ..row });
    }
    for effect in typed(&mut console, "M") {
        let Effect::Media(Request::Check { request, keys }) = effect else { continue };
        for key in keys {
            let answer = match key.0.as_str() {
                "debian-13" => Ok(newer(Ok(()))),
                "ubuntu-2204" => {
                    Ok(newer(Err("ci/config/x.pkrvars.hcl: iso_file is \"a\", not \"b\"; correct it by hand")))
                }
                "almalinux-9" => Err("https://mirror.example.com/almalinux/: HTTP 503".into()),
                windows if windows.starts_with("windows") => Ok(Offer::ByHand),
                _ => Ok(Offer::Current),
            };
            console.update(Msg::Media(Report::Checked { request, key, answer }));
        }
    }
    for effect in console.look_anew() {
        let Effect::Media(Request::Look { request }) = effect else { continue };
        let rows = KEYS.iter().map(|name| {
            let seen = match *name {
                "rocky-9" => seen(None),
                "ubuntu-2404" => {
                    let drift =
                        "ci/config/x.pkrvars.hcl: iso_file is \"a\", ci/matrix.json has \"b\"; change both together";
                    media::IsoStatus { wanted: Err(drift.into()), shelf: Err(drift.into()) }
                }
                windows if windows.starts_with("windows") => by_hand(&format!("{windows}.iso")),
                _ => seen(Some(633_339_904)),
            };
            (key(name), seen)
        });
        console.update(Msg::Media(Report::Looked { request, answer: Ok(rows.collect()) }));
    }
    console
}
