//! Verdict, timeline, the text of the picture, typing: what each key and each answer leads to.

use crate::console::alarm::Call;
use crate::console::confirm::Check;
use crate::console::effect::{Judged, Sought};
use crate::console::fixture::{self, key, night, press, typed};
use crate::console::key::{Code, KeyPress};
use crate::console::log::Stamps;
use crate::console::overlay::Overlay;
use crate::console::own::Own;
use crate::console::panes::Pane;
use crate::console::run::{RunSeen, RunState, StageSeen, Still};
use crate::console::screen_text::ScreenText;
use crate::console::teach::{TeachFocus, Teaching};
use crate::console::verdict::Case;
use crate::console::{Console, Effect, Msg, Opening, RequestId};
use crate::generation::Hold;
use crate::github::{Conclusion, State};
use crate::ops::acknowledge::{Acknowledged, All, Seen};
use crate::packer_log::Phase;
use crate::triage::corpus::Trial;
use crate::triage::rules::TeachError;
use crate::triage::verdict::{Outlook, Verdict};
use crate::vcenter::{FolderEvent, Moid};

const STUCK: &str = "windows-server-2025";

/// The stuck line, its log and its record at hand.
fn stuck() -> Console {
    let mut console = night();
    console.lines.select(&key(STUCK));
    let effects = fixture::measured(&mut console, 10);
    fixture::recorded(&mut console, &effects);
    fixture::log(&mut console, &fixture::LOG, effects);
    console
}

fn toast(console: &Console) -> String {
    console.toasts.iter().last().map(|toast| toast.text.clone()).unwrap_or_default()
}

fn frozen(minutes: i64) -> crate::console::run::RunSeen {
    let mut run = fixture::run(RunState::Running, 31, Some("wait for IP"));
    run.still = Some(Still { since: fixture::ago(minutes), blank: false, screen: None, tools_ran: false });
    run
}

fn sought(effects: &[Effect]) -> Option<(RequestId, u64)> {
    effects.iter().find_map(|effect| match effect {
        Effect::SeekLog { request, sought: Sought::Offset(offset), .. } => Some((*request, *offset)),
        _ => None,
    })
}

fn shown(console: &mut Console) -> Vec<Effect> {
    let frame = console.timeline.frame(false).cloned();
    assert!(frame.is_some(), "a recorded picture is looked at");
    console.update(Msg::Ticked { now: fixture::now() })
}

#[test]
fn a_build_whose_supervisor_was_killed_calls_once() {
    let mut console = night();
    let reason = "its supervisor is gone: not recorded, no timeout";
    let alone = || {
        let run = fixture::run(RunState::Running, 12, Some("wait for IP"));
        crate::console::run::RunSeen { reason: Some(reason.into()), ..run }
    };
    let before = console.alarms();
    console.update(Msg::RunsRead(vec![(key("debian-12"), Ok(Some(alone())))]));
    assert_eq!(console.lines.get(&key("debian-12")).unwrap().alarm().as_deref(), Some(reason));
    assert_eq!((console.alarms(), toast(&console)), (before + 1, format!("debian-12: {reason}")));
    // It ended well, and nobody promoted it.
    let reason = "built, but not promoted: its supervisor was killed";
    let ended = crate::console::run::RunSeen { state: RunState::Succeeded, reason: Some(reason.into()), ..alone() };
    console.update(Msg::RunsRead(vec![(key("debian-12"), Ok(Some(ended)))]));
    assert_eq!(toast(&console), format!("debian-12: {reason}"));
}

#[test]
fn v_judges_the_selected_run_once_and_its_evidence_opens_by_number() {
    let mut console = stuck();
    let effects = typed(&mut console, "v");
    assert_eq!(console.panes.focus, Pane::Verdict);
    assert!(typed(&mut console, "v").iter().all(|effect| !matches!(effect, Effect::Judge { .. })), "it is under way");
    fixture::judged(&mut console, &effects);
    assert_eq!(console.case().and_then(Case::verdict).unwrap().0.class, "windows-licensing");
    typed(&mut console, "2");
    assert_eq!((console.panes.focus, console.log.cursor(), console.log.follows()), (Pane::Log, 6, false));
    let effects = typed(&mut console, "1");
    assert_eq!(console.panes.focus, Pane::Picture);
    assert_eq!(console.timeline.at(), Some(2));
    assert_eq!(sought(&effects).map(|(_, offset)| offset), Some(480), "the log goes along");
    typed(&mut console, "3");
    assert_eq!(toast(&console), "VMware Tools never ran");
    typed(&mut console, "7");
    assert_eq!(toast(&console), "no evidence 7: the verdict cites 3");
}

#[test]
fn enter_opens_the_chosen_evidence() {
    let mut console = stuck();
    let effects = typed(&mut console, "v");
    fixture::judged(&mut console, &effects);
    typed(&mut console, "jj\n");
    assert_eq!(toast(&console), "VMware Tools never ran");
    typed(&mut console, "k\n");
    assert_eq!((console.panes.focus, console.panes.zoomed), (Pane::Log, false));
}

#[test]
fn z_saves_the_bundle_of_the_selected_run() {
    let mut console = stuck();
    let effects = typed(&mut console, "z");
    let saved = effects.iter().find_map(|effect| match effect {
        Effect::SaveBundle { request, key, .. } => Some((*request, key.0.as_str())),
        _ => None,
    });
    let (request, key) = saved.unwrap();
    assert_eq!((key, console.idle()), (STUCK, false));
    console.update(Msg::Saved { request, answer: Ok("/home/me/x.zip".into()) });
    assert_eq!(toast(&console), "saved /home/me/x.zip");
    console.lines.select(&fixture::key("debian-13"));
    assert!(typed(&mut console, "z").iter().all(|effect| !matches!(effect, Effect::SaveBundle { .. })));
}

#[test]
fn a_verdict_on_another_run_is_not_shown() {
    let mut console = stuck();
    let effects = typed(&mut console, "v");
    fixture::judged(&mut console, &effects);
    console.update(Msg::RunsRead(vec![(key(STUCK), Ok(Some(fixture::run(RunState::Running, 1, None))))]));
    assert!(console.case().and_then(Case::verdict).is_none());
    let late = Msg::Judged { request: RequestId(1), answer: Ok(Box::new(fixture::verdict())) };
    console.update(late);
    assert!(console.case().and_then(Case::verdict).is_none(), "an answer to no request");
}

#[test]
fn a_still_console_is_an_alarm_is_judged_and_is_told_once() {
    let mut console = stuck();
    let before = console.alarms();
    let effects = console.update(Msg::RunsRead(vec![(key(STUCK), Ok(Some(frozen(5))))]));
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Notify { .. })), "silent unless asked");
    assert_eq!(console.alarms(), before + 1);
    assert_eq!(toast(&console), format!("{STUCK}: console unchanged since 03:07, tools never ran"));
    fixture::judged(&mut console, &effects);
    let again = console.update(Msg::Ticked { now: fixture::now() + jiff::SignedDuration::from_secs(1) });
    assert!(again.iter().all(|effect| !matches!(effect, Effect::Judge { .. })));
}

fn tick(console: &mut Console, seconds: i64) -> Vec<Effect> {
    console.update(Msg::Ticked { now: fixture::now() + jiff::SignedDuration::from_secs(seconds) })
}

fn asked(effects: &[Effect]) -> Option<&Judged> {
    effects.iter().find_map(|effect| match effect {
        Effect::Judge { run, .. } => Some(run),
        _ => None,
    })
}

/// Another verdict on the selected run, under the number of the first one.
fn judged_anew(console: &mut Console, verdict: Verdict) {
    let request = console.case().and_then(Case::request).unwrap();
    console.update(Msg::Judged { request, answer: Ok(Box::new(verdict)) });
}

#[test]
fn a_run_at_work_is_judged_and_judged_anew_when_it_is_cancelled_and_when_it_ends() {
    let mut console = stuck();
    fixture::judged(&mut console, &[]);
    assert!(asked(&tick(&mut console, 1)).is_none(), "nothing changed");
    for state in [RunState::Cancelling, RunState::Cancelled] {
        let run = fixture::run(state, 31, None);
        let effects = console.update(Msg::RunsRead(vec![(key(STUCK), Ok(Some(run)))]));
        assert_eq!(asked(&effects).map(|run| &run.key.0), Some(&STUCK.to_owned()), "{state:?}");
        fixture::judged(&mut console, &effects);
    }
}

#[test]
fn the_guest_that_goes_is_a_new_fact() {
    let mut console = stuck();
    fixture::judged(&mut console, &[]);
    let gone = FolderEvent::Gone(Moid("vm-72".into()));
    let effects = console.update(Msg::FolderChanged(gone));
    let run = asked(&effects).unwrap();
    assert_eq!((run.vm_left, &run.guest), (Some(false), &None));
}

#[test]
fn what_packer_will_fail_of_is_an_alarm_once_it_has_held_and_none_when_it_heals() {
    let mut console = stuck();
    let row = |console: &Console| console.lines.selected().unwrap().alarm();
    let before = console.alarms();
    fixture::judged(&mut console, &[]);
    assert_eq!((row(&console), console.alarms()), (None, before), "it may pass in a moment");
    tick(&mut console, 5);
    assert_eq!(row(&console).as_deref(), Some("stuck windows-licensing, fails 03:41"));
    assert_eq!(console.alarms(), before + 1);
    assert!(toast(&console).is_empty(), "its cause is on the screen: {}", toast(&console));
    judged_anew(&mut console, Verdict { class: "running".into(), outlook: None, rule: None, ..fixture::verdict() });
    assert_eq!((row(&console), console.alarms()), (None, before), "it healed");
}

#[test]
fn what_healthy_builds_show_too_is_no_alarm_before_the_stage_is_late() {
    let mut console = stuck();
    let outlook = fixture::verdict().outlook.map(|outlook| Outlook { passing: true, ..outlook });
    judged_anew(&mut console, Verdict { outlook, ..fixture::verdict() });
    tick(&mut console, 60);
    let row = |console: &Console| console.lines.selected().unwrap().alarm();
    assert_eq!(row(&console), None);
    let (usually, limit) = (Some(std::time::Duration::from_secs(3)), std::time::Duration::from_secs(8));
    let since = fixture::now() - jiff::SignedDuration::from_secs(41);
    let stage = Some(StageSeen { phase: Phase::Connect, since, usually, limit });
    let run = RunSeen { stage, ..fixture::run(RunState::Running, 31, Some("connect")) };
    tick(&mut console, 0);
    console.update(Msg::RunsRead(vec![(key(STUCK), Ok(Some(run)))]));
    assert_eq!(row(&console).as_deref(), Some("connect 41s, usually 3s"));
    assert_eq!(toast(&console), format!("{STUCK}: connect 41s, usually 3s"));
}

#[test]
fn what_was_foretold_goes_with_the_end_of_the_run() {
    let mut console = stuck();
    judged_anew(&mut console, fixture::verdict());
    assert!(console.case().is_some_and(|case| case.verdict().is_some()));
    let run = RunSeen { ended: Some(fixture::now()), ..fixture::run(RunState::Cancelled, 31, None) };
    console.update(Msg::RunsRead(vec![(key(STUCK), Ok(Some(run)))]));
    assert!(console.case().is_some_and(|case| case.working() && case.verdict().is_none()), "packer tries nothing more");
    let (class, cause) = ("cancelled".to_owned(), "You cancelled it.".to_owned());
    judged_anew(&mut console, Verdict { class, cause, outlook: None, ..fixture::verdict() });
    let told = console.case().and_then(|case| case.verdict()).map(|(verdict, _)| verdict.cause.clone());
    assert_eq!(told.as_deref(), Some("You cancelled it."));
}

/// The driver wrote it: what is acknowledged now.
fn recorded_as_seen(console: &mut Console, effects: Vec<Effect>) {
    let written = effects.into_iter().find_map(|effect| match effect {
        Effect::Own(Own::Acknowledge { request, key, seen: Seen { failure, page }, note }) => {
            let seen = Acknowledged { by: "mona@ops3".into(), at: fixture::now(), note, failure, page, fetched: None };
            Some((request, All::from([(key, seen)])))
        }
        Effect::Own(Own::Withdraw { request, .. }) => Some((request, All::new())),
        _ => None,
    });
    let (request, all) = written.unwrap();
    console.update(Msg::AcknowledgedRead(all));
    console.update(Msg::PluginEnded { request, answer: Ok("written".into()) });
}

/// A failure at GitHub that was fetched: a run of its line here.
fn fetched(console: &mut Console, line: &str) -> Vec<Effect> {
    let remote = console.lines.get(&key(line)).unwrap().remote().cloned().unwrap();
    let run = RunSeen {
        origin: Some(remote.page),
        started: remote.began,
        ended: remote.ended,
        dir: format!("/state/runs/{line}/fetched").into(),
        ..fixture::run(RunState::Failed { exit: None }, 500, None)
    };
    console.update(Msg::RunsRead(vec![(key(line), Ok(Some(run)))]))
}

#[test]
fn a_failure_at_github_that_was_seen_stays_quiet_when_its_evidence_comes() {
    const LINE: &str = "windows-server-2022";
    let mut console = fixture::with_github(fixture::night());
    console.lines.select(&key(LINE));
    typed(&mut console, "QOPS-4712");
    let effects = press(&mut console, KeyPress::code(Code::Enter));
    recorded_as_seen(&mut console, effects);
    let alarm = |console: &Console| console.lines.get(&key(LINE)).unwrap().alarm();
    assert_eq!(alarm(&console), None);
    let mut effects = fetched(&mut console, LINE);
    assert_eq!(alarm(&console), None, "not judged yet");
    // Verdicts are asked for one at a time.
    let mut carried = Vec::new();
    for _ in 0..5 {
        effects = fixture::judged(&mut console, &effects);
        carried.extend(effects.iter().filter_map(|effect| match effect {
            Effect::Own(Own::CarryOver { key, page, failure }) => Some((key.clone(), page.clone(), failure.clone())),
            _ => None,
        }));
    }
    assert_eq!(alarm(&console), None, "the same run, and nothing new about it");
    let [(line, page, failure)] = &carried[..] else { panic!("{carried:?}") };
    assert_eq!((line, page.as_str()), (&key(LINE), "https://github.com/acme/images/actions/runs/9087"));
    assert_eq!(Some(failure), crate::ops::acknowledge::Failure::of(&fixture::verdict()).as_ref());
    // It was written and read again: what is acknowledged is the verdict's failure, and no other one.
    let all = console.acknowledged.clone();
    console.update(Msg::AcknowledgedRead(all));
    assert_eq!(alarm(&console), None);
}

#[test]
fn a_run_that_fails_at_github_alarms_once_and_not_again_when_it_is_fetched() {
    let mut console = fixture::with_github(fixture::night());
    fixture::hear(&mut console, |pipeline| {
        let ended = Some(fixture::now() + jiff::SignedDuration::from_secs(30));
        let seen = &mut pipeline.board.runs[0];
        (seen.legs[0].state, seen.legs[0].ended) = (State::Ended(Conclusion::Failure), ended);
        seen.run.state = State::Ended(Conclusion::Failure);
    });
    let told = |console: &Console| {
        let about = |text: &&String| text.contains("debian-13");
        console.toasts.iter().map(|toast| &toast.text).filter(about).cloned().collect::<Vec<_>>()
    };
    assert_eq!(told(&console), ["debian-13: run #88 on GitHub failed, step Build and promote"]);
    fetched(&mut console, "debian-13");
    tick(&mut console, 90);
    assert!(told(&console).len() <= 1, "{:?}", told(&console));
}

#[test]
fn an_alarm_that_was_seen_is_quiet_until_its_cause_changes() {
    let mut console = stuck();
    let before = console.alarms();
    judged_anew(&mut console, fixture::verdict());
    tick(&mut console, 5);
    assert_eq!(console.alarms(), before + 1);
    typed(&mut console, "Q");
    assert!(press(&mut console, KeyPress::code(Code::Enter)).is_empty(), "without a note nothing is acknowledged");
    typed(&mut console, "OPS-4711");
    let effects = press(&mut console, KeyPress::code(Code::Enter));
    recorded_as_seen(&mut console, effects);
    let row = |console: &Console| console.lines.get(&key(STUCK)).unwrap().clone();
    assert_eq!((console.alarms(), row(&console).alarm()), (before, None));
    let said: Vec<String> = console.remarks(&row(&console)).into_iter().map(|remark| remark.text).collect();
    assert!(said.iter().any(|text| text.contains("by mona@ops3") && text.contains("OPS-4711")), "{said:?}");

    // The next run that fails in this way is quiet, too: only numbers differ.
    let cause = fixture::verdict().cause.replace("03:41", "04:12");
    judged_anew(&mut console, Verdict { cause, ..fixture::verdict() });
    tick(&mut console, 5);
    assert_eq!(console.alarms(), before);
    let (class, rule) = ("ssh_auth".to_owned(), Some("ssh-auth".to_owned()));
    judged_anew(&mut console, Verdict { class, rule, cause: "sshd says no.".into(), ..fixture::verdict() });
    tick(&mut console, 20);
    assert_eq!(console.alarms(), before + 1, "another cause");

    judged_anew(&mut console, fixture::verdict());
    tick(&mut console, 40);
    assert_eq!(console.alarms(), before, "the one that was seen");
    let effects = typed(&mut console, "Q");
    recorded_as_seen(&mut console, effects);
    assert_eq!(console.alarms(), before + 1, "taken back");
}

#[test]
fn the_next_keys_are_those_that_fit_and_may_be_pressed() {
    let mut console = stuck();
    let words = |console: &Console| console.next_keys().iter().map(|next| next.word).collect::<Vec<_>>().join(" ");
    assert_eq!(words(&console), "cancel type");
    let ended = |state| Msg::RunsRead(vec![(key(STUCK), Ok(Some(fixture::run(state, 31, None))))]);
    console.update(ended(RunState::Failed { exit: Some(1) }));
    assert_eq!(words(&console), "sweep build", "its VM is still there");
    let gone = FolderEvent::Gone(Moid("vm-72".into()));
    console.update(Msg::FolderChanged(gone));
    assert_eq!(words(&console), "build");
    console.update(ended(RunState::Succeeded));
    assert_eq!(words(&console), "rollback", "promoted already");
    let built = fixture::template(73, "tpl-windows-server-2025-build", 1);
    console.update(Msg::FolderChanged(FolderEvent::Changed(Box::new(built))));
    assert_eq!(words(&console), "promote");
    console.session.mode = crate::vcenter::gate::Mode::asked(true);
    assert_eq!(words(&console), "");
}

#[test]
fn a_blank_screen_is_woken_first_and_may_be_typed_into() {
    let mut console = stuck();
    let words = |console: &Console| console.next_keys().iter().map(|next| next.word).collect::<Vec<_>>().join(" ");
    judged_anew(&mut console, Verdict { screen: Some("blank-cursor".into()), ..fixture::verdict() });
    assert_eq!(words(&console), "wake type cancel");
    judged_anew(&mut console, Verdict { went_black: true, ..fixture::verdict() });
    assert_eq!(words(&console), "wake type cancel");
    judged_anew(&mut console, fixture::verdict());
    assert_eq!(words(&console), "cancel type");
    let mut run = fixture::run(RunState::Running, 31, Some("wait for IP"));
    run.still = Some(Still { since: fixture::ago(9), blank: true, screen: None, tools_ran: false });
    console.update(Msg::RunsRead(vec![(key(STUCK), Ok(Some(run)))]));
    assert_eq!(words(&console), "wake type cancel");
}

#[test]
fn what_was_rolled_back_from_is_not_offered_again() {
    let mut console = fixture::quiet_night();
    console.lines.select(&key("rocky-9"));
    console.update(Msg::RunsRead(vec![(key("rocky-9"), Ok(Some(fixture::run(RunState::Succeeded, 300, None))))]));
    let words = |console: &Console| console.next_keys().iter().map(|next| next.word).collect::<Vec<_>>().join(" ");
    assert_eq!(words(&console), "rollback", "promoted a moment ago");
    let row = console.lines.selected().unwrap();
    let (mut live, mut prev) = (row.generations.prev.clone().unwrap(), row.generations.live.clone().unwrap());
    (live.name, prev.name) = (prev.name.clone(), live.name.clone());
    console.update(Msg::FolderChanged(FolderEvent::Changed(Box::new(live.clone()))));
    console.update(Msg::FolderChanged(FolderEvent::Changed(Box::new(prev))));
    let rolled_back = |console: &Console| console.lines.selected().unwrap().generations.rolled_back();
    assert_eq!(words(&console), "rollback", "an older image may have been promoted in spite of its age");
    assert_eq!(rolled_back(&console), None);
    let to = Some(live.moid.clone());
    let hold = Hold { reason: "does not boot".into(), by: "ana@jump01".into(), since: fixture::ago(120), to };
    live.annotation = hold.write("");
    console.update(Msg::FolderChanged(FolderEvent::Changed(Box::new(live))));
    assert_eq!(words(&console), "build");
    assert_eq!(rolled_back(&console), Some(fixture::ago(120)));
}

#[test]
fn the_bell_rings_when_asked_and_for_each_alarm_once() {
    let mut console = Console::new(Opening { call: Call::Bell, ..fixture::opening(&[STUCK]) });
    let rings = |effects: Vec<Effect>| {
        effects.iter().filter(|effect| matches!(effect, Effect::Notify { desktop: false, .. })).count()
    };
    let run = |minutes| Msg::RunsRead(vec![(key(STUCK), Ok(Some(frozen(minutes))))]);
    assert_eq!(rings(console.update(run(5))), 1);
    assert_eq!(rings(console.update(run(5))), 0);
    assert_eq!(rings(console.update(run(2))), 1, "it moved, and stands still again");
    let failed = |ended: i64| {
        let mut run = fixture::run(RunState::Failed { exit: Some(1) }, 31, None);
        run.ended = Some(fixture::ago(ended));
        Msg::RunsRead(vec![(key(STUCK), Ok(Some(run)))])
    };
    assert_eq!(rings(console.update(failed(3))), 0, "failed before the console was opened");
    assert_eq!(rings(console.update(failed(-1))), 1);
}

#[test]
fn the_key_turns_the_call_through_its_states() {
    let mut console = night();
    let states = [Call::Bell, Call::Notification, Call::Off];
    for state in states {
        press(&mut console, KeyPress::code(Code::F(3)));
        assert_eq!(console.alarms.call, state);
    }
}

#[test]
fn left_goes_back_through_the_pictures_and_the_log_follows() {
    let mut console = stuck();
    typed(&mut console, "\t");
    assert_eq!(console.panes.focus, Pane::Picture);
    let left = |console: &mut Console| press(console, KeyPress::code(Code::Left));
    let effects = left(&mut console);
    assert_eq!(console.timeline.at(), Some(2));
    let (request, offset) = sought(&effects).unwrap();
    assert_eq!(offset, 480);
    let found = crate::console::log::Found { line: 5, around: false, place: None };
    console.update(Msg::LogFound { request, answer: Ok(Some(found)) });
    assert_eq!((console.log.cursor(), console.log.follows()), (5, false));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::ReadFrame { .. })));
    left(&mut console);
    left(&mut console);
    left(&mut console);
    assert_eq!(console.timeline.at(), Some(0), "the first one stays");
    typed(&mut console, "\x1b");
    assert_eq!((console.timeline.moment(), console.log.follows()), (None, true), "back to now");
    assert_eq!(console.panes.focus, Pane::Picture);
}

#[test]
fn beyond_the_last_picture_lies_now() {
    let mut console = stuck();
    typed(&mut console, "\th");
    assert!(console.timeline.moment().is_some());
    typed(&mut console, "l");
    assert_eq!(console.timeline.moment(), None);
    assert!(console.log.follows());
}

#[test]
fn reading_back_in_the_log_shows_the_picture_of_that_time() {
    let mut console = stuck();
    console.panes.focus(Pane::Log);
    let effects = typed(&mut console, "k");
    assert_eq!(console.timeline.at(), Some(2), "03:07 lies within the last picture");
    assert!(effects.iter().any(|effect| matches!(effect, Effect::ReadFrame { .. })));
    typed(&mut console, "s");
    assert_eq!(console.timeline.moment(), None, "following shows now");
}

#[test]
fn a_recorded_picture_is_read_once_and_shown() {
    let mut console = stuck();
    let effects = typed(&mut console, "\th");
    let request = effects.iter().find_map(|effect| match effect {
        Effect::ReadFrame { request, .. } => Some(*request),
        _ => None,
    });
    assert!(shown(&mut console).iter().all(|effect| !matches!(effect, Effect::ReadFrame { .. })), "it is under way");
    console.update(Msg::FrameRead { request: request.unwrap(), answer: Ok(fixture::picture(7)) });
    assert_eq!(console.picture_shown(), Some(&fixture::picture(7)));
    assert!(shown(&mut console).iter().all(|effect| !matches!(effect, Effect::ReadFrame { .. })));
}

#[test]
fn the_text_of_a_picture_is_read_once_and_copied() {
    let mut console = stuck();
    let asked = |effects: &[Effect]| {
        effects.iter().find_map(|effect| match effect {
            Effect::ReadWords { request, thorough, .. } => Some((*request, *thorough)),
            _ => None,
        })
    };
    let effects = typed(&mut console, "\th");
    let request = effects.iter().find_map(|effect| match effect {
        Effect::ReadFrame { request, .. } => Some(*request),
        _ => None,
    });
    let effects = console.update(Msg::FrameRead { request: request.unwrap(), answer: Ok(fixture::picture(7)) });
    let (request, thorough) = asked(&effects).unwrap();
    assert!(!thorough, "nobody asked for the text yet");
    console.update(Msg::WordsRead { request, answer: Ok(ScreenText::default()) });
    let effects = typed(&mut console, "c");
    let (request, thorough) = asked(&effects).unwrap();
    assert!(thorough);
    let words = ScreenText { rows: vec!["Choose a".into(), "licensing method".into()], ..ScreenText::default() };
    let effects = console.update(Msg::WordsRead { request, answer: Ok(words) });
    let copied = effects.iter().find_map(|effect| match effect {
        Effect::Clipboard { text, what } => Some((text.as_str(), what.as_str())),
        _ => None,
    });
    let what = "the text of the picture (read by tesseract: check it)";
    assert_eq!(copied, Some(("Choose a\nlicensing method", what)));
    assert!(asked(&typed(&mut console, "u")).is_none(), "the same picture is not read again");
}

fn type_asked(console: &mut Console) -> RequestId {
    typed(console, "i")
        .iter()
        .find_map(|effect| match effect {
            Effect::AskPrivilege { request, .. } => Some(*request),
            _ => None,
        })
        .expect("vCenter is asked")
}

#[test]
fn typing_is_armed_by_text_privilege_and_y() {
    let mut console = stuck();
    let request = type_asked(&mut console);
    typed(&mut console, "root<enter>\n");
    assert!(typed(&mut console, "y").iter().all(|effect| !effect.mutates()), "vCenter has not answered");
    console.update(Msg::Guarded { request, answer: Ok(Vec::new()) });
    let effects = typed(&mut console, "y");
    let keys = effects.iter().find_map(|effect| match effect {
        Effect::Type { vm, keys, .. } => Some((vm.moid.0.as_str(), keys.as_str())),
        _ => None,
    });
    assert_eq!(keys, Some(("vm-72", "root\n")));
}

#[test]
fn without_the_privilege_nothing_is_typed() {
    let mut console = stuck();
    let request = type_asked(&mut console);
    let reason = "svc-packer lacks VirtualMachine.Interact.PutUsbScanCodes".to_owned();
    console.update(Msg::Guarded { request, answer: Err(reason.as_str().into()) });
    typed(&mut console, "root\n");
    assert!(typed(&mut console, "y").iter().all(|effect| !effect.mutates()));
    assert!(matches!(&console.overlay, Some(Overlay::Confirm(confirm)) if confirm.check == Check::Refused(reason)));
}

#[test]
fn what_cannot_be_typed_is_not_armed() {
    let mut console = stuck();
    let request = type_asked(&mut console);
    console.update(Msg::Guarded { request, answer: Ok(Vec::new()) });
    typed(&mut console, "<f13>\n");
    let Some(Overlay::Confirm(confirm)) = &console.overlay else { panic!("still open") };
    assert!(confirm.complaint.as_deref().unwrap().starts_with("no key <f13>"));
}

#[test]
fn nothing_is_typed_read_only_or_into_the_past_or_without_a_guest() {
    let mut console = stuck();
    console.session.mode = crate::vcenter::gate::Mode::asked(true);
    typed(&mut console, "i");
    assert!(toast(&console).starts_with("read-only"));
    typed(&mut console, "T");
    assert!(console.overlay.is_none());
    let mut console = stuck();
    typed(&mut console, "\thi");
    assert_eq!(toast(&console), "the picture is a recorded one: Esc goes back to now");
    let mut console = stuck();
    console.lines.select(&key("rocky-9"));
    typed(&mut console, "i");
    assert_eq!(toast(&console), "rocky-9 has no running build VM to type into");
}

/// A console in which a screen is described, and the number of the trial that was asked for.
fn describing() -> (Console, RequestId) {
    let mut console = stuck();
    let effects = typed(&mut console, "\th");
    for effect in effects {
        if let Effect::ReadFrame { request, .. } = effect {
            console.update(Msg::FrameRead { request, answer: Ok(fixture::picture(7)) });
        }
    }
    // It opens when the picture has been looked at as closely as can be.
    let mut asked = typed(&mut console, "T");
    assert!(console.overlay.is_none() && toast(&console) == "reading the picture");
    let tried = loop {
        let effects = asked.iter().find_map(|effect| match effect {
            Effect::ReadWords { request, .. } => Some(*request),
            _ => None,
        });
        let request = effects.or(console.words.reading_as()).unwrap();
        asked = console.update(Msg::WordsRead { request, answer: Ok(ScreenText::default()) });
        if console.overlay.is_some() {
            break asked;
        }
    };
    let [Effect::TryTeaching { request, .. }] = tried[..] else { panic!("{tried:?}") };
    (console, request)
}

fn described(console: &Console) -> &Teaching {
    match &console.overlay {
        Some(Overlay::Teach(teaching)) => teaching,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_description_stays_until_it_is_written() {
    let (mut console, request) = describing();
    console.update(Msg::TeachingTried { request, answer: Ok(Trial { tried: 412, ..Trial::default() }) });
    typed(&mut console, "Stuck At Disk\nno driver\nadd it\n");
    let teaching = described(&console);
    assert!(teaching.complaint.as_deref().is_some_and(|said| said.contains("lower-case letters")));
    assert_eq!((teaching.focus, teaching.cause.text()), (TeachFocus::Label, "no driver"));
    (0.."Stuck At Disk".len()).for_each(|_| drop(press(&mut console, KeyPress::code(Code::Backspace))));
    typed(&mut console, "stuck-at-disk\n\n\n");
    assert!(matches!(console.overlay, Some(Overlay::Confirm(_))), "{:?}", console.overlay);
    typed(&mut console, "\x1b");
    assert_eq!((described(&console).label.text(), described(&console).remedy.text()), ("stuck-at-disk", "add it"));
    // What it matches may have changed since; the operation itself refuses, too.
    shown(&mut console);
    typed(&mut console, "\n");
    let effects = typed(&mut console, "y");
    let request = effects.iter().find_map(|effect| match effect {
        Effect::Teach { request, .. } => Some(*request),
        _ => None,
    });
    let refused = TeachError::MissesItsOwn;
    console.update(Msg::Finished { request: request.unwrap(), answer: Err(crate::ops::Error::from(refused).into()) });
    assert!(described(&console).complaint.as_deref().is_some_and(|said| said.contains("does not match the screen")));
    assert_eq!(described(&console).cause.text(), "no driver");
}

#[test]
fn what_does_not_match_its_own_screen_is_not_written() {
    let (mut console, request) = describing();
    let trial = Trial { misses_its_own: true, tried: 412, ..Trial::default() };
    console.update(Msg::TeachingTried { request, answer: Ok(trial) });
    typed(&mut console, "stuck-at-disk\n\n\n");
    let complaint = described(&console).complaint.clone().unwrap();
    assert!(complaint.starts_with("it would not match this very screen: bars"), "{complaint}");
}

#[test]
fn a_screen_is_taught_by_its_words() {
    let (mut console, request) = describing();
    typed(&mut console, "stuck-at-disk\nno driver\nadd it\n");
    let Some(Overlay::Teach(teaching)) = &console.overlay else { panic!("nothing is written untried") };
    assert_eq!(teaching.complaint.as_deref(), Some("still trying it on every stored picture"));
    let trial = Trial { tried: 412, fitting: 3, called: vec![("di-keyboard".into(), 1)], ..Trial::default() };
    console.update(Msg::TeachingTried { request, answer: Ok(trial) });
    typed(&mut console, "\n");
    let Some(Overlay::Confirm(confirm)) = &console.overlay else { panic!("asked") };
    let note = confirm.note.as_deref().unwrap();
    assert!(note.starts_with("matches 3 of 412; 1 of them is called di-keyboard today"), "{note}");
    let effects = typed(&mut console, "y");
    let taught = effects.iter().find_map(|effect| match effect {
        Effect::Teach { description, picture, .. } => Some((description.clone(), picture.clone())),
        _ => None,
    });
    let (description, picture) = taught.unwrap();
    assert_eq!((description.label.as_str(), picture), ("stuck-at-disk", fixture::picture(7)));
    assert_eq!((description.cause.as_str(), description.remedy.as_str()), ("no driver", "add it"));
    assert!(description.words.is_empty(), "no text: known by its picture");
}

#[test]
fn times_count_from_the_mark_and_places_are_gone_to() {
    let mut console = stuck();
    console.panes.focus(Pane::Log);
    typed(&mut console, "kkm");
    typed(&mut console, "t");
    assert_eq!(console.log.stamps, Stamps::Elapsed);
    let stamp = |second| Some(jiff::civil::date(2026, 3, 14).at(3, 7, second, 0));
    assert_eq!((console.log.zero(7), console.log.zero(0)), (stamp(5), stamp(5)));
    typed(&mut console, "g'");
    assert_eq!(console.log.cursor(), 5);
    typed(&mut console, "@2\n");
    assert_eq!(console.log.cursor(), 1);
    let effects = typed(&mut console, "@03:07:04\n");
    let time = effects.iter().find_map(|effect| match effect {
        Effect::SeekLog { sought: Sought::Time(moment), .. } => Some(*moment),
        _ => None,
    });
    assert_eq!(time, stamp(4));
    typed(&mut console, "@noon\n");
    assert!(console.prompt.is_some(), "a typing error can be mended");
}

#[test]
fn a_folded_log_hides_what_plugins_say_and_the_cursor_passes_over_it() {
    let mut console = stuck();
    console.panes.focus(Pane::Log);
    let effects = typed(&mut console, "gd");
    fixture::log(&mut console, &fixture::LOG, effects);
    assert!(console.log.folded(1) && !console.log.folded(0) && !console.log.folded(5), "a warning stays");
    assert_eq!(console.log.fold_length(1), 1);
    typed(&mut console, "j");
    assert_eq!(console.log.cursor(), 2);
    typed(&mut console, "k");
    assert_eq!(console.log.cursor(), 0);
    typed(&mut console, "@2\n");
    assert!(!console.log.folded(1), "the line one went to is shown");
}

/// `o` saves what is looked at: the last picture of a run that is over as well.
#[test]
fn o_saves_the_recorded_picture_that_is_shown() {
    let mut console = stuck();
    console.update(Msg::FolderChanged(FolderEvent::Gone(Moid("vm-72".into()))));
    let failed = fixture::run(RunState::Failed { exit: Some(1) }, 31, None);
    let mut effects = console.update(Msg::RunsRead(vec![(key("windows-server-2025"), Ok(Some(failed)))]));
    typed(&mut console, "o");
    assert_eq!(toast(&console), "the picture is not on screen: v shows it");
    console.panes.focus(Pane::Picture);
    effects.extend(console.update(Msg::Ticked { now: fixture::now() }));
    let asked = effects.iter().find_map(|effect| match effect {
        Effect::ReadFrame { request, .. } => Some(*request),
        _ => None,
    });
    let picture = fixture::picture(7);
    console.update(Msg::FrameRead { request: asked.expect("the frame was asked for"), answer: Ok(picture.clone()) });
    let effects = typed(&mut console, "o");
    let saved = effects.iter().find_map(|effect| match effect {
        Effect::SavePicture { picture, .. } => Some(picture.hash()),
        _ => None,
    });
    assert_eq!(saved, Some(picture.hash()));
}
