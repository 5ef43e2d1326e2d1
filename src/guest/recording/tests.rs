use std::io::Write;

use super::*;
use crate::vcenter::{PowerState, ToolsStatus};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn frame(second: i64, log: u64, kind: Motion) -> TimelineEvent {
    let file = format!("frames/{}.png", at(second).as_millisecond());
    TimelineEvent::Frame(RecordedFrame { at: at(second), file, until: at(second), changed: None, log, kind })
}

fn guest(second: i64, power: PowerState, ip: Option<&str>, tools: ToolsStatus) -> TimelineEvent {
    let ip = ip.map(str::to_owned);
    TimelineEvent::Guest(GuestState {
        at: at(second),
        power: Some(power),
        ip,
        tools: Some(tools),
        ..GuestState::default()
    })
}

fn append(dir: &Path, events: &[TimelineEvent]) {
    let file = std::fs::OpenOptions::new().append(true).create(true).open(dir.join(TIMELINE));
    let lines: String = events.iter().map(|event| serde_json::to_string(event).unwrap() + "\n").collect();
    file.unwrap().write_all(lines.as_bytes()).unwrap();
}

fn append_text(dir: &Path, text: &[u8]) {
    let file = std::fs::OpenOptions::new().append(true).create(true).open(dir.join(TIMELINE));
    file.unwrap().write_all(text).unwrap();
}

fn recorded(events: &[TimelineEvent]) -> Recording {
    let dir = tempfile::tempdir().unwrap();
    append(dir.path(), events);
    Recording::read(dir.path()).unwrap()
}

#[test]
fn a_run_without_a_record_is_empty_and_grows_into_one() {
    let dir = tempfile::tempdir().unwrap();
    let mut recording = Recording::read(dir.path()).unwrap();
    assert!(recording.frames.is_empty() && recording.still_since().is_none() && recording.frame_at(at(0)).is_none());
    append(dir.path(), &[frame(0, 10, Motion::Idle)]);
    assert!(recording.read_more().unwrap());
    assert!(!recording.read_more().unwrap(), "nothing was added");
    assert_eq!(recording.frames.len(), 1);
    assert_eq!(recording.path(&recording.frames[0]), dir.path().join("frames/1800000000000.png"));
}

#[test]
fn a_torn_last_line_waits_for_its_end_and_garbage_hides_nothing() {
    let dir = tempfile::tempdir().unwrap();
    append(dir.path(), &[frame(0, 0, Motion::Idle)]);
    append_text(dir.path(), b"\xff\xfe not json\n\n{\"event\":\"unheard-of\"}\n{\"event\":\"note\",\"at\":7}\n");
    append_text(dir.path(), b"{\"event\":\"note\",\"at\":\"2027-01-15T08:00:30Z\",\"te");
    let mut recording = Recording::read(dir.path()).unwrap();
    assert_eq!((recording.frames.len(), recording.notes.len()), (1, 0));
    append_text(dir.path(), b"xt\":\"here\"}\n");
    recording.read_more().unwrap();
    assert_eq!(recording.notes, [(at(30), "here".to_owned())]);
}

#[test]
fn another_timeline_in_its_place_is_read_from_its_start() {
    let dir = tempfile::tempdir().unwrap();
    append(dir.path(), &[frame(0, 0, Motion::Idle), frame(5, 0, Motion::Progress)]);
    let mut recording = Recording::read(dir.path()).unwrap();
    std::fs::remove_file(dir.path().join(TIMELINE)).unwrap();
    append(dir.path(), &[frame(50, 0, Motion::Idle)]);
    recording.read_more().unwrap();
    assert_eq!(recording.frames.iter().map(|frame| frame.at).collect::<Vec<_>>(), [at(50)]);
}

#[test]
fn only_pictures_of_the_run_itself_are_opened() {
    let odd =
        ["../../etc/passwd", "frames/../1.png", "/frames/1.png", "frames/1.png.exe", "frames/.png", "frames/a.png"];
    let frames = odd.map(|file| {
        let TimelineEvent::Frame(frame) = frame(0, 0, Motion::Idle) else {
            return TimelineEvent::Dropped { file: file.into() };
        };
        TimelineEvent::Frame(RecordedFrame { file: file.into(), ..frame })
    });
    assert!(recorded(&frames).frames.is_empty());
}

#[test]
fn time_pictures_and_log_find_each_other() {
    let recording = recorded(&[
        frame(0, 100, Motion::Idle),
        frame(10, 250, Motion::Progress),
        TimelineEvent::Still { at: at(18), kind: Motion::Idle },
        frame(20, 900, Motion::Progress),
    ]);
    let shown = |second| recording.frame_at(at(second));
    assert_eq!(
        [shown(-5), shown(0), shown(9), shown(10), shown(19), shown(99)].map(Option::unwrap),
        [0, 0, 0, 1, 1, 2]
    );
    assert_eq!(recording.log_offset_at(at(12)), Some(250));
    assert_eq!([0, 100, 300, 899, 900].map(|log| recording.frame_at_log(log).unwrap()), [0, 0, 1, 1, 2]);
    assert_eq!(recording.frames[1].until, at(18));
}

#[test]
fn a_dropped_picture_leaves_its_time_to_the_one_before() {
    let mut events = vec![frame(0, 0, Motion::Idle), frame(10, 0, Motion::Progress)];
    events.extend([TimelineEvent::Still { at: at(19), kind: Motion::Idle }, frame(20, 0, Motion::Progress)]);
    events.push(TimelineEvent::Dropped { file: format!("frames/{}.png", at(10).as_millisecond()) });
    let recording = recorded(&events);
    assert_eq!(
        recording.frames.iter().map(|f| (f.at, f.until)).collect::<Vec<_>>(),
        [(at(0), at(19)), (at(20), at(20))]
    );
}

#[test]
fn a_task_is_shown_in_its_newest_state() {
    let task = |state: &str, error: Option<&str>| {
        let (id, name) = ("task-7".into(), "VirtualMachine.powerOn".into());
        TimelineEvent::Task(TaskState { at: at(1), id, name, state: state.into(), error: error.map(str::to_owned) })
    };
    let recording = recorded(&[task("running", None), task("error", Some("no host"))]);
    assert_eq!(recording.tasks.len(), 1);
    assert_eq!((recording.tasks[0].state.as_str(), recording.tasks[0].error.as_deref()), ("error", Some("no host")));
}

const OFF: ToolsStatus = ToolsStatus::GuestToolsNotRunning;
const ON: PowerState = PowerState::PoweredOn;

fn after(seconds: i64, kind: Motion, more: &[TimelineEvent]) -> Stillness {
    let mut events = vec![guest(0, ON, None, OFF), frame(0, 0, Motion::Idle)];
    events.extend_from_slice(more);
    events.push(TimelineEvent::Still { at: at(seconds), kind });
    recorded(&events).stillness().unwrap()
}

#[test]
fn the_alarm_comes_after_two_minutes_of_quiet_and_not_before() {
    let early = after(119, Motion::Idle, &[]);
    assert_eq!((early.since, early.activity, early.alarm), (at(0), Activity::Still, false));
    let late = after(120, Motion::Frozen, &[]);
    assert_eq!((late.activity, late.alarm, late.tools_ran), (Activity::Still, true, false));
}

#[test]
fn a_known_end_needs_no_patience_and_a_known_menu_does() {
    let reading = |state: &str| {
        let file = format!("frames/{}.png", at(0).as_millisecond());
        let (label, state) = (Some("kernel-panic".to_owned()), Some(state.to_owned()));
        [TimelineEvent::Reading(ScreenReading { at: at(9), file, label, state, rows: Vec::new() })]
    };
    assert!(!after(29, Motion::Idle, &reading("frozen")).alarm);
    let ended = after(30, Motion::Idle, &reading("frozen"));
    assert!(ended.alarm && ended.screen.as_deref() == Some("kernel-panic"));
    assert!(!after(60, Motion::Idle, &reading("waiting-for-input")).alarm);
}

#[test]
fn a_guest_that_answers_may_stand_still_for_hours() {
    let works = [guest(30, ON, Some("10.0.8.31"), ToolsStatus::GuestToolsRunning)];
    let login = after(5000, Motion::Frozen, &works);
    assert_eq!((login.activity, login.alarm, login.tools_ran), (Activity::Still, false, true));
    // It rebooted, and hangs.
    let lost = [works[0].clone(), guest(60, ON, None, OFF)];
    assert!(after(5000, Motion::Frozen, &lost).alarm);
    let leaves = [works[0].clone(), guest(4900, ON, None, OFF)];
    assert!(!after(5000, Motion::Frozen, &leaves).alarm, "it shuts down; the picture has been old for long");
}

#[test]
fn blank_and_off_and_spinning_are_states_of_their_own() {
    let blank = after(300, Motion::Blank, &[]);
    assert_eq!((blank.activity, blank.alarm), (Activity::Blank, true));
    let off = after(300, Motion::Blank, &[guest(10, PowerState::PoweredOff, None, OFF)]);
    assert_eq!((off.activity, off.alarm), (Activity::Off, false));
    let unknown = after(300, Motion::Blank, &[guest(10, PowerState::Unknown, None, OFF)]);
    assert_eq!((unknown.activity, unknown.alarm), (Activity::Blank, true));
    let spins = after(900, Motion::Spinner, &[frame(60, 0, Motion::Spinner), frame(120, 0, Motion::Spinner)]);
    assert_eq!((spins.since, spins.activity, spins.alarm), (at(0), Activity::OnlySpinner, false));
}

#[test]
fn a_silent_recorder_says_nothing_about_now() {
    let dir = tempfile::tempdir().unwrap();
    let still = TimelineEvent::Still { at: at(300), kind: Motion::Frozen };
    append(dir.path(), &[guest(0, ON, None, OFF), frame(0, 0, Motion::Idle), still]);
    let written = |ago: u64| {
        let timeline = std::fs::File::options().append(true).open(dir.path().join(TIMELINE)).unwrap();
        timeline.set_modified(std::time::SystemTime::now() - Duration::from_secs(ago)).unwrap();
        Recording::read(dir.path()).unwrap()
    };
    assert!(written(10).stillness().is_some_and(|still| still.alarm));
    let silent = written(100);
    assert!(silent.stillness().is_none());
    assert!(silent.last_stillness().is_some_and(|still| still.alarm));
}

#[test]
fn a_clock_that_is_set_neither_raises_an_alarm_nor_silences_one() {
    // The recorder's clock is hours behind or ahead of the reader's: what it wrote a moment ago is still of now.
    let still = |seconds| TimelineEvent::Still { at: at(seconds), kind: Motion::Frozen };
    assert!(after(300, Motion::Frozen, &[still(150)]).alarm);
    // An older recorder, whose clock was set back in the middle.
    let back = recorded(&[guest(0, ON, None, OFF), frame(0, 0, Motion::Idle), still(130), still(-10_000)]);
    assert!(back.stillness().is_some_and(|still| still.alarm), "{:?}", back.stillness());
}

/// What a record of these pictures shows while it grows, to whoever opens it at the end, and when it is read whole;
/// `(second, picture)`, and when the guest was off, if it was.
async fn shows(pictures: &[(i64, &str)], off: Option<i64>, until: i64) -> [(String, String, bool); 3] {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join(FRAMES)).unwrap();
    let known = crate::guest::screen::ScreenLabels::shipped().unwrap();
    let (mut shown, mut recording) = (Shown::default(), Recording::read(dir.path()).unwrap());
    let mut live = None;
    let scrubber = crate::text::Scrubber::default();
    append(dir.path(), &[guest(0, PowerState::PoweredOn, None, ToolsStatus::GuestToolsNotRunning)]);
    for (second, picture) in pictures {
        if let Some(off) = off.filter(|off| off < second) {
            append(dir.path(), &[guest(off, PowerState::PoweredOff, None, ToolsStatus::GuestToolsNotRunning)]);
        }
        let kind = match *picture {
            "black-00" => Motion::Blank,
            "cursor-00" => Motion::BlankCursor,
            _ => Motion::Idle,
        };
        let event = frame(*second, 0, kind);
        let TimelineEvent::Frame(taken) = &event else { panic!() };
        let shipped = Path::new("assets/lab/screens").join(format!("{picture}.png"));
        std::fs::copy(shipped, dir.path().join(&taken.file)).unwrap();
        append(dir.path(), &[event]);
        recording.read_more().unwrap();
        live = shown.look(&recording, &known, &scrubber).cloned();
    }
    append(dir.path(), &[TimelineEvent::Still { at: at(until), kind: Motion::Blank }]);
    recording.read_more().unwrap();
    let opened = Shown::default().look(&recording, &known, &scrubber).cloned();
    let whole = crate::guest::screen::analyse(&recording.newest_frames(50), &known).await;
    [live, opened, whole].map(|look| look.map(|look| (look.label, look.frame, look.went_black)).unwrap())
}

#[tokio::test]
async fn a_screen_that_waited_is_still_there_when_the_console_turns_black() {
    let taken = at(20).as_millisecond().to_string();
    let pictures = [(0, "linux-boot-00"), (20, "emergency-00"), (200, "black-00")];
    for (label, frame, black) in shows(&pictures, None, 260).await {
        assert_eq!((label.as_str(), black), ("emergency-mode", true));
        assert!(frame.contains(&taken), "{frame}");
    }
    // Black, a blinking cursor, black: still.
    let more = [&pictures[..], &[(230, "cursor-00"), (240, "black-00")]].concat();
    for look in shows(&more, None, 260).await {
        assert_eq!((look.0.as_str(), look.2), ("emergency-mode", true));
    }
    // What was left at once is gone, so is what went on by itself, and so is all of it once the guest was off.
    for (pictures, off) in [
        ([(0, "grub-menu-00"), (100, "emergency-00"), (130, "black-00")], None),
        ([(0, "grub-menu-00"), (100, "linux-boot-00"), (300, "black-00")], None),
        (pictures, Some(190)),
    ] {
        for look in shows(&pictures, off, 310).await {
            assert_eq!((look.0.as_str(), look.2), ("blank", false), "{pictures:?}");
        }
    }
}
