//! Verdict, timeline and the recorded pictures, by snapshot.

use rstest::rstest;

use super::{SMALL, USUAL, WIDE, drawn, plain};
use crate::console::fixture::{self, key, typed};
use crate::console::panes::Pane;
use crate::console::run::{RunSeen, RunState, Still};
use crate::console::screen_text::ScreenText;
use crate::console::{Console, Effect, Msg};
use crate::packer_log::phase_times::TypicalDurations;
use crate::triage::corpus::Trial;
use crate::triage::verdict::Verdict;
use crate::vcenter::{FolderEvent, Question, Vm};

/// Everything known of the stuck build: its record, what is usual, its alarm, its verdict.
pub(super) fn stuck() -> Console {
    let mut console = fixture::night();
    console.lines.select(&key("windows-server-2025"));
    let effects = fixture::measured(&mut console, 10);
    let request = effects.iter().find_map(|effect| match effect {
        Effect::OpenRecording { request, .. } => Some(*request),
        _ => None,
    });
    fixture::recorded(&mut console, &effects);
    console.update(Msg::HabitsRead { request: request.unwrap(), habits: usual() });
    fixture::log(&mut console, &fixture::LOG, effects);
    let mut run = fixture::run(RunState::Running, 31, Some("wait for IP"));
    let screen = Some("win-licensing".into());
    run.still = Some(Still { since: fixture::ago(16), blank: false, screen, tools_ran: false });
    let effects = console.update(Msg::RunsRead(vec![(key("windows-server-2025"), Ok(Some(run)))]));
    fixture::judged(&mut console, &effects);
    console.toasts.dismiss();
    console
}

/// Earlier runs of the line had their IP after 7m50s.
fn usual() -> TypicalDurations {
    let log = "2026/03/07 03:00:00 ui: ==> vsphere-iso.w: Waiting for IP...\n\
        2026/03/07 03:07:50 ui: ==> vsphere-iso.w: Using WinRM communicator to connect: 10.0.0.1\n";
    let mut habits = TypicalDurations::default();
    habits.add_run(&crate::packer_log::phase_times::tracks(log.as_bytes()).unwrap());
    habits
}

#[rstest]
#[case("large", (200, 60))]
#[case("wide", WIDE)]
#[case("middle", (120, 36))]
#[case("usual", USUAL)]
#[case("small", SMALL)]
fn alarm_verdict_and_timeline_of_a_stuck_build(#[case] name: &str, #[case] size: (u16, u16)) {
    insta::assert_snapshot!(format!("stuck_{name}"), drawn(&mut stuck(), size.0, size.1));
}

#[rstest]
#[case("verdict_usual", Pane::Verdict, USUAL)]
#[case("verdict_small", Pane::Verdict, SMALL)]
#[case("timeline_usual", Pane::Timeline, USUAL)]
#[case("timeline_small", Pane::Timeline, SMALL)]
fn panes_of_triage(#[case] name: &str, #[case] pane: Pane, #[case] size: (u16, u16)) {
    let mut console = stuck();
    console.panes.focus(pane);
    insta::assert_snapshot!(name, drawn(&mut console, size.0, size.1));
}

#[test]
fn the_timeline_alone_lists_what_happened() {
    let mut console = stuck();
    console.panes.focus(Pane::Timeline);
    typed(&mut console, "fhh");
    insta::assert_snapshot!("timeline_zoomed", drawn(&mut console, 80, 24));
}

#[rstest]
#[case("large", (200, 60))]
#[case("wide", WIDE)]
#[case("middle", (120, 36))]
#[case("usual", USUAL)]
#[case("small", SMALL)]
fn a_failure_at_github_says_what_to_do(#[case] name: &str, #[case] size: (u16, u16)) {
    let mut console = fixture::with_github(fixture::night());
    console.lines.select(&key("windows-server-2022"));
    insta::assert_snapshot!(format!("github_{name}"), drawn(&mut console, size.0, size.1));
}

#[rstest]
#[case("middle", (120, 36))]
#[case("usual", USUAL)]
#[case("small", SMALL)]
fn the_picture_with_its_cause_beside_it(#[case] name: &str, #[case] size: (u16, u16)) {
    let mut console = stuck();
    console.panes.focus(Pane::Picture);
    insta::assert_snapshot!(format!("turned_{name}"), drawn(&mut console, size.0, size.1));
}

#[rstest]
#[case("wide", WIDE)]
#[case("middle", (120, 36))]
#[case("usual", USUAL)]
fn a_line_at_rest(#[case] name: &str, #[case] size: (u16, u16)) {
    let mut console = fixture::with_github(fixture::night());
    console.lines.select(&key("almalinux-9"));
    insta::assert_snapshot!(format!("rest_{name}"), drawn(&mut console, size.0, size.1));
}

#[test]
fn no_record_and_no_verdict_say_so() {
    let mut console = fixture::night();
    console.lines.select(&key("rocky-9"));
    insta::assert_snapshot!("triage_nothing", drawn(&mut console, 160, 45));
}

#[test]
fn the_text_stands_beside_the_picture() {
    let mut console = stuck();
    console.panes.focus(Pane::Picture);
    typed(&mut console, "uf");
    drawn(&mut console, 120, 30);
    let effects = typed(&mut console, "h");
    for effect in &effects {
        if let Effect::ReadFrame { request, .. } = effect {
            let effects = console.update(Msg::FrameRead { request: *request, answer: Ok(fixture::picture(60)) });
            answer_words(&mut console, &effects);
        }
    }
    typed(&mut console, "/method\n");
    insta::assert_snapshot!("picture_words", plain(&console, (120, 30)));
}

fn answer_words(console: &mut Console, effects: &[Effect]) {
    for effect in effects {
        if let Effect::ReadWords { request, .. } = effect {
            let rows = ["Select Image", "", "Choose a licensing method", "Pay as you go"].map(str::to_owned);
            let label = Some("win-licensing".into());
            let words = ScreenText { rows: rows.into(), exact: false, label, ..ScreenText::default() };
            console.update(Msg::WordsRead { request: *request, answer: Ok(words) });
        }
    }
}

#[test]
fn a_screen_is_described_before_it_is_taught() {
    let mut console = stuck();
    console.panes.focus(Pane::Picture);
    typed(&mut console, "uf");
    drawn(&mut console, 120, 30);
    for effect in typed(&mut console, "h") {
        if let Effect::ReadFrame { request, .. } = effect {
            let effects = console.update(Msg::FrameRead { request, answer: Ok(fixture::picture(60)) });
            answer_words(&mut console, &effects);
        }
    }
    let effects = typed(&mut console, "T");
    if let Some(Effect::TryTeaching { request, .. }) = effects.first() {
        let trial = Trial { tried: 412, fitting: 3, called: vec![("di-keyboard".into(), 1)], ..Trial::default() };
        console.update(Msg::TeachingTried { request: *request, answer: Ok(trial) });
    }
    typed(&mut console, "\t\t\tour-page");
    insta::assert_snapshot!("overlay_teach", drawn(&mut console, 100, 30));
    insta::assert_snapshot!("overlay_teach_60x15", drawn(&mut console, 60, 15));
}

#[test]
fn typing_asks_first() {
    let mut console = stuck();
    drawn(&mut console, 160, 45);
    let effects = typed(&mut console, "i");
    if let Some(Effect::AskPrivilege { request, .. }) =
        effects.iter().find(|e| matches!(e, Effect::AskPrivilege { .. }))
    {
        console.update(Msg::Guarded { request: *request, answer: Ok(Vec::new()) });
    }
    typed(&mut console, "root<enter>\n");
    insta::assert_snapshot!("overlay_type", drawn(&mut console, 160, 45));
}

#[test]
fn a_folded_log_counts_what_it_hides_and_times_run_from_the_mark() {
    let mut console = stuck();
    console.panes.focus(Pane::Log);
    typed(&mut console, "kkkmt");
    let effects = typed(&mut console, "d");
    fixture::log(&mut console, &fixture::LOG, effects);
    insta::assert_snapshot!("log_folded", drawn(&mut console, 80, 24));
}

#[test]
fn a_question_of_vcenter_is_read_and_answered() {
    let mut console = fixture::night();
    let vm = Vm { question: Some(Question::no_space()), ..fixture::guest(32, "tpl-debian-12-build", None) };
    console.update(Msg::FolderChanged(FolderEvent::Changed(Box::new(vm))));
    console
        .update(Msg::RunsRead(vec![(fixture::key("debian-12"), Ok(Some(fixture::run(RunState::Running, 9, None))))]));
    console.lines.select(&fixture::key("debian-12"));
    insta::assert_snapshot!("vm_question", drawn(&mut console, 160, 45));
    insta::assert_snapshot!("vm_question_80x24", drawn(&mut console, 80, 24));
    let effects = typed(&mut console, "!");
    if let Some(Effect::AskPrivilege { request, .. }) =
        effects.iter().find(|e| matches!(e, Effect::AskPrivilege { .. }))
    {
        console.update(Msg::Guarded { request: *request, answer: Ok(Vec::new()) });
    }
    typed(&mut console, "1\n");
    insta::assert_snapshot!("overlay_answer", drawn(&mut console, 80, 24));
}

#[test]
fn the_runs_of_a_line_and_what_changed_since_one_went_well() {
    let mut console = crate::console::tests::past::failing();
    insta::assert_snapshot!("since_green", drawn(&mut console, 120, 36));
    typed(&mut console, "V");
    insta::assert_snapshot!("since_green_all", drawn(&mut console, 120, 36));
    typed(&mut console, "[");
    insta::assert_snapshot!("past_run", drawn(&mut console, 120, 36));
}

#[test]
fn a_line_whose_build_was_cancelled_says_by_whom_and_when() {
    let mut console = fixture::quiet_night();
    let run = RunSeen { ended: Some(fixture::ago(1)), ..fixture::run(RunState::Cancelled, 9, None) };
    console.lines.select(&key("rocky-9"));
    let mut effects = console.update(Msg::RunsRead(vec![(key("rocky-9"), Ok(Some(run)))]));
    effects.extend(console.update(Msg::Ticked { now: fixture::now() }));
    let request = effects.iter().find_map(|effect| match effect {
        Effect::Judge { request, run } if run.key == key("rocky-9") => Some(*request),
        _ => None,
    });
    let cause = "You cancelled it at 03:11. Its VM is gone.";
    let verdict = Verdict {
        class: "cancelled".into(),
        rule: None,
        cause: cause.into(),
        remedy: None,
        outlook: None,
        ..fixture::verdict()
    };
    console.update(Msg::Judged { request: request.unwrap(), answer: Ok(Box::new(verdict)) });
    let screen = drawn(&mut console, 120, 36).to_string();
    assert!(screen.contains(cause), "{screen}");
}
