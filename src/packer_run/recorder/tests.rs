//! The recorder's frame_filter on consoles of real installers, kernels and boot loaders over time: no alarm while something still
//! comes, an alarm where nothing does. `TMPL_SCREENS_CORPUS` names another folder of them than `tests/screens`.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::console::STILL_POLLS_BEFORE_READING;
use super::*;
use crate::guest::recording::{FRAMES, RecordedFrame, Recording, Stillness};
use crate::guest::screen;

#[derive(Deserialize)]
struct Meta {
    scenario: String,
    final_state: String,
    frames: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    file: String,
    t: f64,
}

fn scenarios() -> Vec<(PathBuf, Meta)> {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/screens");
    let folder = std::env::var_os("TMPL_SCREENS_CORPUS").map_or(shipped, PathBuf::from);
    let entries = std::fs::read_dir(folder).unwrap();
    let dirs = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let meta = |dir: &PathBuf| serde_json::from_slice(&std::fs::read(dir.join("meta.json")).unwrap()).unwrap();
    dirs.map(|dir| (dir.clone(), meta(&dir))).collect()
}

fn moment(seconds: f64) -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap() + Duration::from_secs_f64(seconds)
}

/// What a record of these looks would say after each of them. Text consoles are read as the recorder does.
struct Watched {
    dir: tempfile::TempDir,
    store: Store,
    frame_filter: FrameFilter,
    screens: ScreenLabels,
    polls: u32,
    file: String,
    last_new: f64,
}

impl Watched {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join(FRAMES)).unwrap();
        let mut store = Store::create(dir.path(), RecordingLimits::default()).unwrap();
        let (power, tools) = (Some(PowerState::PoweredOn), None);
        store
            .add(&TimelineEvent::Guest(GuestState { at: moment(0.0), power, tools, ..GuestState::default() }))
            .unwrap();
        let screens = ScreenLabels::shipped().unwrap();
        Self { dir, store, frame_filter: FrameFilter::default(), screens, polls: 0, file: String::new(), last_new: 0.0 }
    }

    fn poll(&mut self, image: &image::RgbImage, t: f64) -> Stillness {
        let (at, decision) = (moment(t), self.frame_filter.decide(image, Duration::from_secs_f64(t)));
        if decision.keep {
            self.file = format!("{FRAMES}/{}.png", at.as_millisecond());
            let frame = RecordedFrame {
                at,
                file: self.file.clone(),
                until: at,
                changed: decision.changed,
                log: 0,
                kind: decision.kind,
            };
            self.store.keep(b"png", frame, decision.pixels).unwrap();
            (self.polls, self.last_new) = (0, t);
        } else {
            self.store.add(&TimelineEvent::Still { at, kind: decision.kind }).unwrap();
            self.polls += 1;
        }
        if let (STILL_POLLS_BEFORE_READING, Some(text)) = (self.polls, screen::read_cells(image)) {
            let named = screen::name_by_text(&text, &self.screens);
            let (label, state) = named.map_or((None, None), |named| (Some(named.label), named.state));
            let reading = ScreenReading { at, file: self.file.clone(), label, state, rows: Vec::new() };
            self.store.add(&TimelineEvent::Reading(reading)).unwrap();
        }
        Recording::read(self.dir.path()).unwrap().last_stillness().unwrap()
    }
}

/// The first picture of each series that the lab shows.
fn of_lab() -> Vec<image::RgbImage> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/lab/screens");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let first = files.filter(|file| file.to_string_lossy().ends_with("-00.png"));
    first.map(|file| image::open(file).unwrap().to_rgb8()).collect()
}

/// Pages of installers at work, as consoles draw them and as the lab shows them, each for ten minutes without a change:
/// nobody is called.
#[test]
fn an_installer_at_work_is_let_alone_for_ten_minutes() {
    let healthy = |label: &str| label.ends_with("-progress") || label == "apt-install" || label == "firmware-boot";
    let pages = screen::shipped_pages().into_iter().filter(|page| page.text.exact && healthy(&page.label));
    let drawn = pages.map(|page| {
        let rows: Vec<&str> = page.text.rows.iter().map(String::as_str).collect();
        (page.label.clone(), screen::drawn(&rows, 8, (1024, 768), image::Rgb([170; 3])))
    });
    let known = ScreenLabels::shipped().unwrap();
    let of_lab = of_lab().into_iter().filter_map(|image| {
        let label = screen::name_by_text(&screen::read_cells(&image)?, &known)?.label;
        healthy(&label).then_some((label, image))
    });
    let of_lab: Vec<_> = of_lab.collect();
    assert!(of_lab.len() >= 4, "{} pictures of the lab are of installers at work", of_lab.len());
    let mut wrong = Vec::new();
    let mut looked = 0;
    for (label, image) in drawn.chain(of_lab) {
        let mut watched = Watched::new();
        let stood = (0..=30).map(|n| watched.poll(&image, f64::from(n) * 20.0)).collect::<Vec<_>>();
        looked += 1;
        let last = &stood[30];
        if stood.iter().any(|still| still.alarm) || last.screen.as_deref() != Some(&label) {
            wrong.push(format!("{label}: {last:?}"));
        }
    }
    assert!(looked > 15 && wrong.is_empty(), "{looked} looked at, wrong:\n{}", wrong.join("\n"));
}

#[test]
fn an_alarm_comes_where_nothing_moves_any_more_and_not_before() {
    let (mut early, mut missing) = (Vec::new(), Vec::new());
    for (dir, meta) in scenarios() {
        let mut watched = Watched::new();
        let mut alarms = Vec::new();
        let mut last = None;
        for listed in &meta.frames {
            let image = image::open(dir.join(&listed.file)).unwrap().to_rgb8();
            if watched.poll(&image, listed.t).alarm {
                alarms.push(listed.t);
            }
            last = Some((image, listed.t));
        }
        // Something still came after it; only a guest that ended somewhere known may have been called stuck by then.
        if let (Some(first), false) = (alarms.first(), meta.final_state == "frozen")
            && *first < watched.last_new
        {
            early.push(format!("{}: alarm at {first}, new picture at {}", meta.scenario, watched.last_new));
        }
        let (image, t) = last.unwrap();
        let later = [5.0, 10.0, 60.0, 125.0].map(|more| watched.poll(&image, t + more));
        let later = &later[3];
        if matches!(meta.final_state.as_str(), "frozen" | "waiting-for-input") && !later.alarm {
            missing.push(format!("{}: {later:?}", meta.scenario));
        }
    }
    assert!(early.is_empty() && missing.is_empty(), "too early: {early:#?}\nmissing: {missing:#?}");
}
