//! Which line is shown, what of it, and what a row tells.

use rstest::rstest;

use crate::console::fixture::{self, key, night, typed};
use crate::console::key::{Code, KeyPress};
use crate::console::overlay::Overlay;
use crate::console::panes::{Pane, View};
use crate::console::remote::Newest;
use crate::console::run::{RunState, Still};
use crate::console::screen_text::ScreenText;
use crate::console::toast::Tone;
use crate::console::{Console, Effect, Msg, Opening};
use crate::generation::Hold;
use crate::github::{Conclusion, Schedule, State};
use crate::vcenter::{FolderEvent, LinkState};

fn selected(console: &Console) -> String {
    console.lines.selected().unwrap().line.key.0.clone()
}

fn notices(console: &Console) -> Vec<String> {
    console.toasts.iter().map(|toast| toast.text.clone()).collect()
}

fn run_of(line: &str, run: crate::console::run::RunSeen) -> Msg {
    Msg::RunsRead(vec![(key(line), Ok(Some(run)))])
}

/// A build whose console stands still.
fn stuck() -> crate::console::run::RunSeen {
    let still = Still { since: fixture::ago(9), blank: false, screen: None, tools_ran: false };
    crate::console::run::RunSeen { still: Some(still), ..fixture::run(RunState::Running, 31, Some("wait for IP")) }
}

#[test]
fn it_opens_on_the_worst_line_until_somebody_chooses() {
    let mut console = fixture::empty();
    assert_eq!(selected(&console), "ubuntu-2404");
    console.update(run_of("rocky-9", fixture::run(RunState::Failed { exit: Some(1) }, 300, None)));
    assert_eq!(selected(&console), "rocky-9");
    console.update(run_of("windows-server-2025", stuck()));
    assert_eq!(selected(&console), "windows-server-2025", "a build that hangs now is worse than one that failed");
    typed(&mut console, "k");
    console.update(run_of("debian-12", stuck()));
    assert_eq!(selected(&console), "almalinux-9", "the person is somewhere");
}

#[test]
fn a_line_that_was_asked_for_stays_the_selected_one() {
    let opening = Opening { key: Some("debian-13".into()), ..fixture::opening(&["debian-12", "debian-13", "rocky-9"]) };
    let mut console = Console::new(opening);
    console.update(run_of("rocky-9", stuck()));
    assert_eq!(selected(&console), "debian-13");
}

#[test]
fn whoever_reads_for_a_minute_is_not_moved() {
    let mut console = fixture::empty();
    console.update(Msg::Ticked { now: fixture::now() + jiff::SignedDuration::from_secs(61) });
    console.update(run_of("rocky-9", stuck()));
    assert_eq!(selected(&console), "ubuntu-2404");
}

#[test]
fn one_key_goes_through_the_lines_in_trouble_and_one_goes_back() {
    let mut console = night();
    console.update(run_of("windows-server-2025", stuck()));
    let mut through = Vec::new();
    for keys in [".", ".", ".", ",", ","] {
        typed(&mut console, keys);
        through.push(selected(&console));
    }
    let (rocky, windows) = ("rocky-9", "windows-server-2025");
    assert_eq!(through, [rocky, windows, rocky, windows, rocky], "round the end");
    typed(&mut console, "/rocky\n.");
    assert_eq!(notices(&console).last().unwrap(), "no other line is in trouble");
}

/// The words that the console asked for are answered.
fn read(console: &mut Console, effects: &[Effect], text: &str) {
    for effect in effects {
        if let Effect::ReadWords { request, .. } = effect {
            let words = ScreenText { rows: vec![text.into()], exact: true, ..ScreenText::default() };
            console.update(Msg::WordsRead { request: *request, answer: Ok(words) });
        }
    }
}

fn pictured(console: &mut Console, effects: &[Effect], shade: u8) -> Vec<Effect> {
    let asked = effects.iter().find_map(|effect| match effect {
        Effect::TakePicture { request, .. } => Some(*request),
        _ => None,
    });
    let request = asked.expect("the picture is asked for");
    console.update(Msg::PictureTaken { request, answer: Ok(fixture::picture(shade)) })
}

#[test]
fn the_text_of_one_line_is_not_shown_beside_the_picture_of_the_next() {
    let mut console = night();
    console.lines.select(&key("debian-12"));
    let mut effects = fixture::measured(&mut console, 10);
    effects.extend(typed(&mut console, "u"));
    let effects = pictured(&mut console, &effects, 20);
    read(&mut console, &effects, "the text of debian-12");
    assert_eq!(console.words.newest().unwrap().rows, ["the text of debian-12"]);
    console.lines.select(&key("windows-server-2025"));
    console.update(Msg::Ticked { now: fixture::now() });
    assert!(console.words.newest().is_none(), "{:?}", console.words.newest());
    assert!(console.words.shown, "the pane stays as it is");
}

#[test]
fn a_text_that_arrives_for_a_line_that_was_left_is_dropped() {
    let mut console = night();
    console.lines.select(&key("debian-12"));
    let mut effects = fixture::measured(&mut console, 10);
    effects.extend(typed(&mut console, "u"));
    let effects = pictured(&mut console, &effects, 20);
    console.lines.select(&key("windows-server-2025"));
    console.update(Msg::Ticked { now: fixture::now() });
    read(&mut console, &effects, "the text of debian-12");
    assert!(console.words.newest().is_none());
}

#[test]
fn a_result_at_github_is_the_lines_newest_and_an_alarm_when_it_failed() {
    let mut console = fixture::with_github(night());
    let row = console.lines.get(&key("windows-server-2022")).unwrap();
    assert_eq!(row.alarm().as_deref(), Some("#87 failed on GitHub"));
    assert!(row.unfetched().is_some());
    let row = console.lines.get(&key("debian-13")).unwrap();
    assert!(matches!(row.newest(), Some(Newest::GitHub(remote, None)) if remote.state == State::Running));
    let row = console.lines.get(&key("rocky-9")).unwrap();
    assert!(matches!(row.newest(), Some(Newest::Here(run)) if run.alarming()), "it failed here after that");
    fixture::hear(&mut console, |pipeline| {
        let leg = pipeline.board.runs[1].legs.iter_mut().find(|leg| leg.key == Some(key("rocky-9"))).unwrap();
        leg.started = Some(fixture::ago(100));
    });
    let row = console.lines.get(&key("rocky-9")).unwrap();
    assert_eq!(row.alarm(), None, "a later run at GitHub went well");
}

#[rstest]
#[case("\n")]
#[case("v")]
fn the_evidence_of_a_newer_run_at_github_is_one_key_away(#[case] keys: &str) {
    let mut console = fixture::with_github(night());
    console.lines.select(&key("windows-server-2022"));
    let effects = typed(&mut console, keys);
    let fetched = effects.iter().any(|effect| {
        matches!(effect, Effect::GitHub(crate::console::github::Ask::Fetch(_, chosen)) if chosen.0.number == 87)
    });
    assert!(fetched, "{effects:?}");
    typed(&mut console, keys);
    assert!(notices(&console).last().unwrap().contains("still at work"), "{:?}", notices(&console));
}

#[test]
fn evidence_that_was_brought_here_is_that_run_and_no_other() {
    let mut console = fixture::with_github(night());
    let remote = console.lines.get(&key("windows-server-2022")).unwrap().remote().cloned().unwrap();
    let mut run = fixture::run(RunState::Failed { exit: None }, 500, None);
    (run.origin, run.started) = (Some(remote.page.clone()), remote.began);
    console.update(run_of("windows-server-2022", run));
    let row = console.lines.get(&key("windows-server-2022")).unwrap();
    assert!(matches!(row.newest(), Some(Newest::GitHub(_, Some(_)))));
    assert!(row.unfetched().is_none());
    fixture::hear(&mut console, |pipeline| {
        let leg = &mut pipeline.board.runs[1].legs[0];
        leg.state = State::Ended(Conclusion::Success);
        leg.started = Some(fixture::ago(60));
    });
    let row = console.lines.get(&key("windows-server-2022")).unwrap();
    assert_eq!(row.alarm(), None, "it was run again, and that went well");
}

#[test]
fn a_build_that_was_cancelled_here_hides_no_failure_at_github() {
    let mut console = fixture::with_github(night());
    let of = "windows-server-2022";
    let cancelled = fixture::run(RunState::Cancelled, 20, None);
    console.update(run_of(of, cancelled.clone()));
    let row = console.lines.get(&key(of)).unwrap();
    assert_eq!(row.alarm(), None, "whether a build here went well in between is not known yet");
    let read = |console: &mut Console, runs| {
        let history = crate::console::past::RunHistory { runs, since: None };
        console.update(Msg::HistoryRead { key: key(of), answer: Ok(Box::new(history)) });
    };
    // Its evidence may be here: that is no result of another run.
    let remote = console.lines.get(&key(of)).unwrap().remote().cloned().unwrap();
    let mut brought = fixture::run(RunState::Failed { exit: None }, 500, None);
    (brought.origin, brought.started) = (Some(remote.page), remote.began);
    read(&mut console, vec![cancelled.clone(), brought]);
    let row = console.lines.get(&key(of)).unwrap();
    assert_eq!(row.alarm().as_deref(), Some("#87 failed on GitHub"));
    assert!(row.unfetched().is_some());
    let remarks: Vec<String> = console.remarks(row).into_iter().map(|remark| remark.text).collect();
    assert!(
        remarks.iter().any(|text| text == "a build here was cancelled 10 min ago: that is no result"),
        "{remarks:?}"
    );
    // A build here that went well since then does.
    let good = fixture::run(RunState::Succeeded, 100, None);
    read(&mut console, vec![cancelled, good]);
    assert_eq!(console.lines.get(&key(of)).unwrap().alarm(), None);
}

#[test]
fn a_run_that_was_cancelled_at_github_hides_no_failure_before_it() {
    let mut console = fixture::with_github(night());
    fixture::hear(&mut console, |pipeline| {
        let leg = pipeline.board.runs[1].legs.iter_mut().find(|leg| leg.key == Some(key("rocky-9"))).unwrap();
        (leg.started, leg.state) = (Some(fixture::ago(100)), State::Ended(Conclusion::Cancelled));
    });
    let row = console.lines.get(&key("rocky-9")).unwrap();
    assert!(matches!(row.newest(), Some(Newest::Here(run)) if run.alarming()), "{:?}", row.newest());
    // Nor does it bring one back that a good run was the answer to.
    fixture::hear(&mut console, |pipeline| {
        let of = |seen: &&mut crate::github::RunWithJobs| seen.legs.iter().any(|leg| leg.key == Some(key("rocky-9")));
        let mut runs = pipeline.board.runs.iter_mut().filter(of);
        let [Some(newest), Some(before)] = [runs.next(), runs.next()] else { panic!("two runs of the line") };
        for (run, minutes, conclusion) in [(newest, 10, Conclusion::Cancelled), (before, 20, Conclusion::Success)] {
            let leg = run.legs.iter_mut().find(|leg| leg.key == Some(key("rocky-9"))).unwrap();
            (leg.started, leg.state) = (Some(fixture::ago(minutes)), State::Ended(conclusion));
        }
    });
    let row = console.lines.get(&key("rocky-9")).unwrap();
    assert_eq!(row.alarm(), None, "{:?}", row.newest());
}

#[test]
fn a_hold_says_who_since_when_and_why() {
    let mut console = night();
    let hold = Hold {
        reason: "the agent does not start".into(),
        by: "ana@jump01".into(),
        since: fixture::ago(3 * 24 * 60),
        to: None,
    };
    let mut live = fixture::template(40, "tpl-debian-13", 5000);
    live.annotation = hold.write("");
    console.update(Msg::FolderChanged(FolderEvent::Changed(Box::new(live))));
    let row = console.lines.get(&key("debian-13")).unwrap();
    let said = "held by ana@jump01 since Mar 11 03:12 UTC (3 days): the agent does not start; H releases it";
    assert_eq!(console.remarks(row)[0].text, said);
}

#[test]
fn a_live_template_that_two_runs_of_the_schedule_should_have_replaced_is_marked() {
    let schedule = Schedule::of_workflow("on:\n  schedule:\n    - cron: '0 2 * * 6'\n");
    let mut console = Console::new(Opening { schedule, ..fixture::opening(&["debian-12", "rocky-9"]) });
    fixture::link(&mut console, LinkState::Live);
    let day = 24 * 60;
    let vms = vec![fixture::template(1, "tpl-debian-12", 13 * day), fixture::template(2, "tpl-rocky-9", 15 * day)];
    console.update(Msg::FolderChanged(FolderEvent::Reset(vms)));
    let stale = |console: &Console| -> Vec<String> {
        let stale = console.lines.all().iter().filter(|row| row.stale);
        stale.map(|row| row.line.key.0.clone()).collect()
    };
    assert_eq!(stale(&console), ["rocky-9"]);
    console.update(Msg::Ticked { now: fixture::now() + jiff::SignedDuration::from_hours(25) });
    assert_eq!(stale(&console), ["debian-12", "rocky-9"], "time alone makes it so");
}

#[test]
fn a_build_vm_that_nobody_builds_is_left_over() {
    let mut console = night();
    let guest = fixture::guest(42, "tpl-rocky-9-build", None);
    console.update(Msg::FolderChanged(FolderEvent::Changed(Box::new(guest))));
    assert!(console.lines.get(&key("rocky-9")).unwrap().leftover());
    assert!(!console.lines.get(&key("debian-12")).unwrap().leftover(), "it is being built");
    let mut console = fixture::with_github(console);
    let guest = fixture::guest(43, "tpl-debian-13-build", None);
    console.update(Msg::FolderChanged(FolderEvent::Changed(Box::new(guest))));
    assert!(!console.lines.get(&key("debian-13")).unwrap().leftover(), "GitHub builds it");
}

#[rstest]
#[case("failed", &["rocky-9"])]
#[case("running", &["debian-12", "windows-server-2025"])]
#[case("!running debian", &["debian-13"])]
#[case("held", &[])]
#[case("^(rocky|alma)", &["rocky-9", "almalinux-9"])]
#[case("ws25", &["windows-server-2025"])]
#[case("ubuntu 22", &["ubuntu-2204"])]
#[case("(rocky", &[])]
fn the_filter_knows_names_and_states(#[case] filter: &str, #[case] left: &[&str]) {
    let mut console = night();
    console.lines.set_filter(filter);
    let shown: Vec<&str> = console.lines.visible().iter().map(|row| row.line.key.0.as_str()).collect();
    assert_eq!(shown, left);
}

#[test]
fn the_filter_knows_what_is_left_over() {
    let mut console = night();
    let left = fixture::guest(61, "tpl-almalinux-9-build", None);
    console.update(Msg::FolderChanged(FolderEvent::Changed(Box::new(left))));
    console.lines.set_filter("left");
    let shown: Vec<&str> = console.lines.visible().iter().map(|row| row.line.key.0.as_str()).collect();
    assert_eq!(shown, ["almalinux-9"]);
    console.lines.set_filter("full");
    assert!(console.lines.visible().is_empty());
}

#[test]
fn a_failure_is_told_once_and_esc_goes_where_it_was_meant_to() {
    let mut console = night();
    console.update(run_of("debian-12", fixture::run(RunState::Failed { exit: Some(1) }, 0, None)));
    assert_eq!(notices(&console), ["debian-12: build failed, packer exit 1; e shows the error"]);
    typed(&mut console, "W");
    assert_eq!(console.panes.view, View::GitHub);
    console.toasts.push(console.now, Tone::Failed, "something failed");
    fixture::press(&mut console, KeyPress::code(Code::Esc));
    assert_eq!(console.panes.view, View::Lines, "the first time");
}

#[test]
fn back_at_the_lines_the_cause_is_shown_again() {
    let mut console = night();
    console.lines.select(&key("rocky-9"));
    console.update(Msg::Ticked { now: fixture::now() });
    assert!(console.visible(Pane::Verdict) && !console.visible(Pane::Log), "on a small screen");
    console.panes.focus(Pane::Log);
    assert!(console.visible(Pane::Log) && !console.visible(Pane::Verdict));
    typed(&mut console, "\x1b");
    assert!(console.visible(Pane::Verdict));
}

#[test]
fn one_key_turns_between_cause_and_picture() {
    let mut console = night();
    console.lines.select(&key("windows-server-2025"));
    let mut turned = Vec::new();
    for _ in 0..3 {
        typed(&mut console, "v");
        turned.push(console.panes.focus);
    }
    assert_eq!(turned, [Pane::Verdict, Pane::Picture, Pane::Verdict]);
}

#[test]
fn the_palette_knows_the_panes_by_name() {
    use crate::console::panes::Pane;
    for (name, pane) in [("log", Pane::Log), ("timeline", Pane::Timeline), ("picture", Pane::Picture)] {
        let mut console = night();
        typed(&mut console, &format!(":{name}\n"));
        assert!(console.overlay.is_none());
        assert_eq!(console.panes.focus, pane, "{name}");
    }
}

#[test]
fn lines_stand_in_the_order_that_was_chosen() {
    let shown = |console: &crate::console::Console| -> Vec<String> {
        console.lines.visible().iter().map(|row| row.line.key.0.clone()).collect()
    };
    let mut console = night();
    let matrix = shown(&console);
    typed(&mut console, "O");
    let troubles: Vec<_> = console.lines.visible().iter().map(|row| row.trouble()).collect();
    assert!(troubles.is_sorted_by(|one, other| one >= other) && troubles[0] > troubles[troubles.len() - 1]);
    typed(&mut console, "O");
    assert!(shown(&console).is_sorted() && shown(&console) != matrix);
    typed(&mut console, "O");
    let ages = console.lines.visible().into_iter().map(|row| row.generations.live.as_ref().and_then(|vm| vm.created));
    assert!(ages.is_sorted(), "{:?}", shown(&console));
    // The keys go down what is seen, and the selection stays where it is when the order changes.
    let second = shown(&console)[1].clone();
    typed(&mut console, "gj");
    let selected = |console: &crate::console::Console| console.lines.selected().unwrap().line.key.0.clone();
    assert_eq!(selected(&console), second);
    typed(&mut console, "O");
    assert_eq!((shown(&console), selected(&console)), (matrix, second));
}

#[test]
fn the_palette_takes_a_command_with_its_line_and_remembers_it() {
    let mut console = night();
    typed(&mut console, ":promote ubuntu-2404\n");
    let Some(Overlay::Confirm(confirm)) = &console.overlay else { panic!("{:?}", notices(&console)) };
    assert_eq!(confirm.line, Some(key("ubuntu-2404")));
    assert_eq!(selected(&console), "ubuntu-2404");
    let outcome =
        "live becomes the image of Mar 14 02:17 (55m), vm-12; the one of Mar 11 03:12 (3d), vm-10 becomes prev";
    assert_eq!(confirm.outcome.as_deref(), Some(outcome));
    typed(&mut console, "\x1b");
    console.lines.select(&key("debian-12"));
    typed(&mut console, ":\n");
    assert!(matches!(&console.overlay, Some(Overlay::Confirm(_))), "the last one comes first");
    assert_eq!(selected(&console), "ubuntu-2404");
}

#[test]
fn help_finds_commands_by_their_names_and_q_is_a_letter_there() {
    let console = night();
    let found = |words: &str| {
        let rows = console.help_rows(words);
        rows.iter().filter(|row| matches!(row, crate::console::palette::HelpRow::Binding(_))).count()
    };
    for words in ["promote", "rollback", "roll back", "dispatch"] {
        assert!(found(words) > 0, "{words}");
    }
    let mut console = night();
    typed(&mut console, "?quit");
    let Some(Overlay::Help(help)) = &console.overlay else { panic!("it is open") };
    assert_eq!(help.filter.text(), "quit");
}

#[test]
fn a_reason_leads_to_the_deed_and_a_second_enter_does_not_throw_it_away() {
    let mut console = night();
    console.lines.select(&key("debian-13"));
    let effects = typed(&mut console, "R");
    let request = fixture::question_of(&effects).unwrap();
    console.update(Msg::Guarded { request, answer: Ok(Vec::new()) });
    typed(&mut console, "the agent does not start\n");
    let Some(Overlay::Confirm(confirm)) = &console.overlay else { panic!("it is open") };
    assert_eq!((confirm.choice, confirm.reason()), (crate::console::confirm::Choice::Go, "the agent does not start"));
    let effects = typed(&mut console, "\n");
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Apply { .. })), "{effects:?}");
}

#[test]
fn a_hold_is_said_before_everything_that_it_matters_to() {
    let mut console = fixture::with_github(night());
    let hold = Hold { reason: "broken agent".into(), by: "ana@jump01".into(), since: fixture::ago(60), to: None };
    let mut live = fixture::template(60, "tpl-almalinux-9", 5000);
    live.annotation = hold.write("");
    console.update(Msg::FolderChanged(FolderEvent::Changed(Box::new(live))));
    console.lines.select(&key("almalinux-9"));
    for keys in ["b", "R", "H", "D"] {
        typed(&mut console, keys);
        let Some(Overlay::Confirm(confirm)) = &console.overlay else { panic!("{keys}: {:?}", notices(&console)) };
        assert!(confirm.warnings[0].starts_with("held by ana@jump01"), "{keys}: {:?}", confirm.warnings);
        let promoted = confirm.steps.iter().any(|step| step.contains("and promotes it"));
        assert!(!promoted, "{keys}: {:?}", confirm.steps);
        typed(&mut console, "\x1b");
    }
}

#[test]
fn searches_are_remembered() {
    let mut console = night();
    console.panes.focus(Pane::Log);
    typed(&mut console, "/one\n");
    typed(&mut console, "/two\n");
    typed(&mut console, "/");
    fixture::press(&mut console, KeyPress::code(Code::Up));
    fixture::press(&mut console, KeyPress::code(Code::Up));
    assert_eq!(console.prompt_parts().unwrap().1.text(), "one");
    fixture::press(&mut console, KeyPress::code(Code::Down));
    assert_eq!(console.prompt_parts().unwrap().1.text(), "two");
}

fn thumbnails(effects: &[Effect]) -> Vec<String> {
    let vm = effects.iter().filter_map(|effect| match effect {
        Effect::TakeThumbnail { vm, .. } => Some(vm.name.clone()),
        _ => None,
    });
    vm.collect()
}

#[test]
fn the_wall_shows_what_is_built_or_failed_lately_and_opens_one() {
    let mut console = night();
    let effects = typed(&mut console, "P");
    let shown: Vec<&str> = console.on_wall().iter().map(|row| row.line.key.0.as_str()).collect();
    assert_eq!(shown, ["debian-12", "rocky-9", "windows-server-2025"]);
    assert_eq!(selected(&console), "rocky-9", "the worst one");
    assert_eq!(thumbnails(&effects), ["tpl-debian-12-build"], "two at a time, one of them from disk");
    assert!(effects.iter().any(|effect| matches!(effect, Effect::ReadLastFrame { .. })));
    let Some(Effect::TakeThumbnail { request, .. }) =
        effects.iter().find(|effect| matches!(effect, Effect::TakeThumbnail { .. }))
    else {
        panic!("{effects:?}")
    };
    let effects = console.update(Msg::TileTaken { request: *request, answer: Ok(fixture::picture(90)) });
    assert!(console.wall.tile(&key("debian-12")).unwrap().picture().is_some());
    assert_eq!(thumbnails(&effects), ["tpl-windows-server-2025-build"], "then the next one");
    fixture::measured(&mut console, 10);
    typed(&mut console, "l");
    assert_eq!(selected(&console), "windows-server-2025");
    typed(&mut console, "h\n");
    assert_eq!((selected(&console).as_str(), console.panes.focus), ("rocky-9", Pane::Lines), "it has no picture");
    assert_eq!(console.panes.view, View::Lines);
    typed(&mut console, "Pl\n");
    assert_eq!((selected(&console).as_str(), console.panes.focus), ("windows-server-2025", Pane::Picture));
}

#[test]
fn a_vm_that_another_machine_builds_is_not_left_over() {
    let mut console = night();
    let mut guest = fixture::guest(42, "tpl-rocky-9-build", None);
    let by = crate::generation::Actor("ana@jump02".into());
    let claim = crate::generation::Claim::new(key("rocky-9"), &by, "r1".into(), guest.moid.clone(), fixture::ago(3));
    guest.annotation = claim.write("");
    console.update(Msg::FolderChanged(FolderEvent::Changed(Box::new(guest))));
    let row = console.lines.get(&key("rocky-9")).unwrap();
    assert!(row.claimed && !row.leftover());
    assert!(console.remarks(row).iter().any(|remark| remark.text.contains("ana@jump02 builds it")));
    console.update(Msg::Ticked { now: fixture::now() + jiff::SignedDuration::from_mins(11) });
    assert!(console.lines.get(&key("rocky-9")).unwrap().leftover(), "nobody has refreshed it");
}
