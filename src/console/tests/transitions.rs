//! One message, one change: what each key and each answer leads to.

use rstest::rstest;

use crate::console::command::{Change, Command, GenerationChange};
use crate::console::confirm::{Check, Choice};
use crate::console::fixture::{self, key, night, press, template, typed};
use crate::console::key::{Code, KeyPress};
use crate::console::overlay::Overlay;
use crate::console::panes::Pane;
use crate::console::run::{RunSeen, RunState};
use crate::console::{Console, Effect, Invocation, Msg, RequestId};
use crate::generation::Hold;
use crate::packer_run::BuiltVm;
use crate::pipeline::Key;
use crate::vcenter::{FolderEvent, LinkState, Moid, Place};

/// The night with a line selected by key.
fn on(line: &str) -> Console {
    let mut console = night();
    console.lines.select(&key(line));
    console
}

fn mutations(effects: &[Effect]) -> Vec<&Effect> {
    effects.iter().filter(|effect| effect.mutates()).collect()
}

fn toast(console: &Console) -> String {
    console.toasts.iter().last().map(|toast| toast.text.clone()).unwrap_or_default()
}

fn pass_guard(console: &mut Console, effects: &[Effect]) {
    let request = fixture::question_of(effects).expect("a guard was asked");
    console.update(Msg::Guarded { request, answer: Ok(Vec::new()) });
}

fn picture_question(effects: &[Effect]) -> RequestId {
    let asked = effects.iter().find_map(|effect| match effect {
        Effect::TakePicture { request, .. } => Some(*request),
        _ => None,
    });
    asked.expect("a picture was asked for")
}

#[test]
fn b_asks_first_and_y_builds() {
    let mut console = on("debian-13");
    assert!(mutations(&typed(&mut console, "b")).is_empty(), "nothing happens before the confirmation");
    assert!(matches!(&console.overlay, Some(Overlay::Confirm(confirm)) if confirm.choice == Choice::Cancel));
    let effects = typed(&mut console, "y");
    assert!(matches!(mutations(&effects)[..], [Effect::Build { key, .. }] if key.0 == "debian-13"));
    assert!(console.overlay.is_none());
}

#[test]
fn a_build_is_refused_while_vcenter_is_out_of_reach_and_where_none_is_named_it_is_not() {
    let build = Command::Change(Change::Build);
    let mut console = on("debian-13");
    assert!(console.allows(&console.on_selection(build)).is_ok());
    let lost = LinkState::Lost { retry_at: fixture::now(), reason: "gone".into() };
    fixture::link(&mut console, lost);
    let refused = console.allows(&console.on_selection(build)).unwrap_err();
    assert!(refused.to_string().contains("no link to vCenter"), "{refused}");
    typed(&mut console, "b");
    assert!(console.overlay.is_none());
    console.session.account.clear();
    assert!(console.allows(&console.on_selection(build)).is_ok(), "a repository without vCenter builds all the same");
}

#[test]
fn enter_on_a_fresh_confirmation_cancels() {
    let mut console = on("debian-13");
    typed(&mut console, "b");
    assert!(mutations(&typed(&mut console, "\n")).is_empty());
    assert!(console.overlay.is_none());
    assert_eq!(toast(&console), "nothing done");
}

#[test]
fn tab_reaches_the_deed_and_enter_does_it() {
    let mut console = on("debian-13");
    typed(&mut console, "b");
    assert_eq!(mutations(&typed(&mut console, "\t\n")).len(), 1);
}

#[test]
fn the_confirmed_line_is_the_one_that_was_asked_about() {
    let mut console = on("debian-13");
    typed(&mut console, "b");
    console.lines.select(&key("rocky-9"));
    let effects = typed(&mut console, "y");
    assert!(matches!(mutations(&effects)[..], [Effect::Build { key, .. }] if key.0 == "debian-13"));
}

#[test]
fn promotion_waits_for_vcenters_word() {
    let mut console = on("ubuntu-2404");
    let asked = typed(&mut console, "p");
    assert!(mutations(&typed(&mut console, "y")).is_empty(), "vCenter has not answered yet");
    pass_guard(&mut console, &asked);
    let effects = typed(&mut console, "y");
    assert!(matches!(mutations(&effects)[..], [Effect::Apply { .. }]));
}

/// A promotion with a smoke test is asked about, and vCenter does not object.
fn with_smoke_test() -> Console {
    let mut console = on("ubuntu-2404");
    fixture::with_smoke_test(&mut console);
    let asked = typed(&mut console, "p");
    pass_guard(&mut console, &asked);
    console
}

#[test]
fn a_promotion_shows_the_smoke_test_before_its_first_step() {
    let mut console = with_smoke_test();
    let Some(Overlay::Confirm(confirm)) = &console.overlay else { panic!("{}", toast(&console)) };
    let first = "try tpl-ubuntu-2404-smoke, a clone of tpl-ubuntu-2404-build: boot, wait for tools and an address, run \
                 `goss validate` (at most 10 min), destroy it";
    assert_eq!(confirm.steps[0], first);
    let effects = typed(&mut console, "y");
    let [Effect::Apply { plan, .. }] = mutations(&effects)[..] else { panic!("{}", toast(&console)) };
    assert!(plan.smoke.is_some() && plan.steps.len() + 1 == plan.lines().count());
}

#[test]
fn a_smoke_test_can_be_stopped_and_the_promotion_after_it_cannot() {
    let mut console = with_smoke_test();
    let effects = typed(&mut console, "y");
    let [Effect::Apply { request: promotion, .. }] = mutations(&effects)[..] else { panic!("{}", toast(&console)) };
    typed(&mut console, "x");
    let Some(Overlay::Confirm(confirm)) = &console.overlay else { panic!("{}", toast(&console)) };
    assert_eq!(confirm.title, "Stop the smoke test of ubuntu-2404");
    let effects = typed(&mut console, "y");
    assert!(matches!(mutations(&effects)[..], [Effect::StopTest { request }] if request == promotion), "{effects:?}");
    assert!(console.ongoing.contains_key(&key("ubuntu-2404")), "it ends when its clone is gone");
    let step = "2/6 rename".to_owned();
    console.update(Msg::Progressed { request: *promotion, step, tried: false });
    typed(&mut console, "x");
    assert!(console.overlay.is_none() && toast(&console).contains("promotion is under way"), "{}", toast(&console));
}

#[test]
fn a_refusal_of_vcenter_disarms_the_confirmation() {
    let mut console = on("ubuntu-2404");
    let request = fixture::question_of(&typed(&mut console, "p")).unwrap();
    console.update(Msg::Guarded { request, answer: Err("svc-packer may not rename".into()) });
    assert!(mutations(&typed(&mut console, "y")).is_empty());
    let Some(Overlay::Confirm(confirm)) = &console.overlay else { panic!("still open") };
    assert_eq!(confirm.check, Check::Refused("svc-packer may not rename".into()));
    assert_eq!(confirm.complaint.as_deref(), Some("svc-packer may not rename"));
}

#[test]
fn the_answer_to_an_older_check_is_dropped() {
    let mut console = on("ubuntu-2404");
    let old = fixture::question_of(&typed(&mut console, "p")).unwrap();
    typed(&mut console, "\x1b");
    typed(&mut console, "p");
    console.update(Msg::Guarded { request: old, answer: Ok(Vec::new()) });
    assert!(mutations(&typed(&mut console, "y")).is_empty());
}

#[test]
fn a_world_that_changed_under_the_confirmation_is_not_acted_on() {
    let mut console = on("ubuntu-2404");
    let asked = typed(&mut console, "p");
    pass_guard(&mut console, &asked);
    let other = template(99, "tpl-ubuntu-2404-build", 1);
    console.update(Msg::FolderChanged(FolderEvent::Gone(Moid("vm-12".into()))));
    console.update(Msg::FolderChanged(FolderEvent::Changed(Box::new(other))));
    assert!(mutations(&typed(&mut console, "y")).is_empty());
    assert!(toast(&console).contains("changed meanwhile"), "{}", toast(&console));
}

#[test]
fn rollback_wants_a_reason_and_then_one_more_key() {
    let mut console = on("debian-13");
    let asked = typed(&mut console, "R");
    pass_guard(&mut console, &asked);
    assert!(mutations(&typed(&mut console, "\n")).is_empty(), "no reason yet");
    assert!(mutations(&typed(&mut console, "yes, it is broken\n")).is_empty(), "y in the field is a letter");
    let Some(Overlay::Confirm(confirm)) = &console.overlay else { panic!("still open") };
    assert_eq!((confirm.reason(), confirm.choice), ("yes, it is broken", Choice::Go));
    let effects = typed(&mut console, "y");
    assert!(matches!(mutations(&effects)[..], [Effect::Apply { .. }]));
}

#[test]
fn sweep_wants_the_name_letter_by_letter() {
    let mut console = on("ubuntu-2404");
    let asked = typed(&mut console, "S");
    pass_guard(&mut console, &asked);
    assert!(mutations(&typed(&mut console, "tpl-ubuntu-2404\n")).is_empty());
    assert!(mutations(&typed(&mut console, "\t\ty")).is_empty(), "no other key gets around it");
    let mut console = on("ubuntu-2404");
    let asked = typed(&mut console, "S");
    pass_guard(&mut console, &asked);
    let effects = typed(&mut console, "tpl-ubuntu-2404-build\n");
    assert!(matches!(mutations(&effects)[..], [Effect::Apply { .. }]));
}

#[test]
fn what_another_branch_left_is_swept_where_nothing_else_is_left() {
    let mut opening = fixture::opening(&["debian-13"]);
    opening.lines[0].builds.pattern = Some("tpl-debian-13-*-build".into());
    let mut console = Console::new(opening);
    fixture::link(&mut console, LinkState::Live);
    let left = [template(5, "tpl-debian-13", 90), template(7, "tpl-debian-13-fix2-build", 30)];
    console.update(Msg::FolderChanged(FolderEvent::Reset(left.to_vec())));
    let row = console.lines.selected().unwrap();
    let remarks = console.remarks(row);
    assert!(
        remarks.iter().any(|it| it.text == "tpl-debian-13-fix2-build (vm-7) was built on another branch: S sweeps it")
    );
    let asked = typed(&mut console, "S");
    pass_guard(&mut console, &asked);
    let effects = typed(&mut console, "tpl-debian-13-fix2-build\n");
    let [Effect::Apply { plan, .. }] = mutations(&effects)[..] else { panic!("{}", toast(&console)) };
    assert_eq!(plan.steps.iter().map(|step| step.subject().moid.0.as_str()).collect::<Vec<_>>(), ["vm-7"]);
}

#[test]
fn what_lies_elsewhere_is_no_concern_of_the_lines_here() {
    let mut console = on("debian-13");
    let before = console.lines.get(&key("debian-13")).unwrap().generations.clone();
    let other = template(99, "tpl-debian-13-build", 1);
    console.update(Msg::ElsewhereChanged(Place(1), FolderEvent::Reset(vec![other])));
    assert_eq!(console.lines.get(&key("debian-13")).unwrap().generations, before);
    console.update(Msg::ElsewhereChanged(Place(1), FolderEvent::Gone(before.live.clone().unwrap().moid)));
    assert_eq!(console.lines.get(&key("debian-13")).unwrap().generations, before);
}

#[test]
fn a_second_x_kills_and_says_what_stays_behind() {
    let mut console = on("debian-12");
    typed(&mut console, "x");
    let effects = typed(&mut console, "y");
    let [Effect::CancelRun { request, force: false, .. }] = mutations(&effects)[..] else { panic!("{effects:?}") };
    console.update(Msg::Finished { request: *request, answer: Ok("asked".into()) });
    let run = fixture::run(RunState::Cancelling, 5, None);
    console.update(Msg::RunsRead(vec![(key("debian-12"), Ok(Some(run)))]));
    typed(&mut console, "x");
    let Some(Overlay::Confirm(confirm)) = &console.overlay else { panic!("asks again") };
    assert!(confirm.steps.iter().any(|step| step.contains("tpl-debian-12-build (vm-32) stays behind")));
    assert!(matches!(mutations(&typed(&mut console, "y"))[..], [Effect::CancelRun { force: true, .. }]));
}

#[rstest]
#[case("debian-12", 'b', "being built already")]
#[case("debian-12", 'p', "being built")]
#[case("debian-13", 'x', "no run to cancel")]
#[case("debian-13", 'p', "tpl-debian-13-build not found")]
#[case("windows-desktop-11", 'R', "neither a live nor a previous")]
fn a_key_that_cannot_be_used_says_why(#[case] line: &str, #[case] char: char, #[case] why: &str) {
    let mut console = on(line);
    typed(&mut console, &char.to_string());
    assert!(console.overlay.is_none());
    assert!(toast(&console).contains(why), "{}", toast(&console));
}

#[test]
fn one_operation_per_line_and_other_lines_are_free() {
    let mut console = on("debian-13");
    let request = fixture::question_of(&typed(&mut console, "by")).unwrap();
    typed(&mut console, "b");
    assert!(toast(&console).contains("one operation per line"), "{}", toast(&console));
    console.lines.select(&key("almalinux-9"));
    assert_eq!(mutations(&typed(&mut console, "by")).len(), 1);
    console.update(Msg::Finished { request, answer: Ok("started".into()) });
    console.lines.select(&key("debian-13"));
    typed(&mut console, "b");
    assert!(console.overlay.is_some());
}

#[test]
fn a_failure_is_shown_and_the_line_is_free_again() {
    let mut console = on("debian-13");
    let request = fixture::question_of(&typed(&mut console, "by")).unwrap();
    console.update(Msg::Finished { request, answer: Err("no packer in PATH".into()) });
    assert!(toast(&console).contains("no packer in PATH"), "{}", toast(&console));
    assert!(console.allows(&console.on_selection(Command::Change(Change::Build))).is_ok());
}

#[test]
fn without_a_link_templates_are_not_touched() {
    let mut console = on("ubuntu-2404");
    let lost = LinkState::Lost { reason: "reset".into(), retry_at: fixture::now() };
    fixture::link(&mut console, lost);
    typed(&mut console, "p");
    assert!(toast(&console).contains("no link to vCenter"), "{}", toast(&console));
}

#[test]
fn a_lost_link_keeps_the_data_and_says_how_old_it_is() {
    let mut console = on("ubuntu-2404");
    fixture::link(&mut console, LinkState::Lost { reason: "reset".into(), retry_at: fixture::now() });
    console.update(Msg::Ticked { now: fixture::now() + jiff::SignedDuration::from_mins(3) });
    assert_eq!(console.stale().as_deref(), Some("3 min"));
    assert!(console.lines.selected().unwrap().generations.live.is_some());
    fixture::link(&mut console, LinkState::Live);
    assert_eq!(console.stale(), None);
    assert_eq!(toast(&console), "vCenter answers again");
}

#[test]
fn a_vcenter_that_froze_is_told_of_until_it_answers() {
    let mut console = on("ubuntu-2404");
    assert_eq!(console.unanswered(Place::MAIN), None);
    console.update(Msg::Ticked { now: fixture::now() + jiff::SignedDuration::from_secs(6) });
    let drawn = console.revision();
    console.update(Msg::FolderChanged(FolderEvent::Silent));
    assert_eq!(console.unanswered(Place::MAIN).as_deref(), Some("6 s"));
    assert_ne!(console.revision(), drawn, "it is drawn");
    console.update(Msg::Ticked { now: fixture::now() + jiff::SignedDuration::from_secs(9) });
    assert_eq!(console.unanswered(Place::MAIN).as_deref(), Some("9 s"));
    // The link stands: nothing is refused for it, and when it answers nobody has to be told.
    assert!(console.allows(&console.on_selection(Command::Change(Change::Build))).is_ok());
    console.update(Msg::FolderChanged(FolderEvent::Heartbeat));
    assert_eq!(console.unanswered(Place::MAIN), None);
    assert_eq!(console.toasts.iter().count(), 0);
}

#[test]
fn a_refused_password_is_tried_again_by_a_person_only() {
    let mut console = night();
    let effects = fixture::link(&mut console, LinkState::Stopped { reason: "password refused".into() });
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Watch)));
    let later = console.update(Msg::Ticked { now: fixture::now() + jiff::SignedDuration::from_hours(1) });
    assert!(!later.iter().any(|effect| matches!(effect, Effect::Watch)));
    assert!(typed(&mut console, "r").iter().any(|effect| matches!(effect, Effect::Watch)));
}

#[test]
fn read_only_refuses_every_change_and_says_so() {
    let mut opening = fixture::opening(&["debian-12"]);
    opening.mode = crate::vcenter::gate::Mode::asked(true);
    let mut console = Console::new(opening);
    for char in ['b', 'p', 'R', 'H', 'x', 'S'] {
        typed(&mut console, &char.to_string());
        assert!(console.overlay.is_none(), "{char}");
        assert!(toast(&console).starts_with("read-only"), "{}", toast(&console));
    }
}

#[test]
fn a_picture_is_asked_for_every_two_seconds_while_it_can_be_seen() {
    let mut console = on("debian-12");
    let request = picture_question(&fixture::measured(&mut console, 10));
    let tick = |console: &mut Console, seconds| {
        let now = fixture::now() + jiff::SignedDuration::from_secs(seconds);
        let effects = console.update(Msg::Ticked { now });
        effects.iter().filter(|effect| matches!(effect, Effect::TakePicture { .. })).count()
    };
    assert_eq!(tick(&mut console, 5), 0, "the one before is not answered yet");
    console.update(Msg::PictureTaken { request, answer: Err("powered off".into()) });
    assert_eq!(console.picture.trouble(), Some("powered off"));
    assert_eq!(tick(&mut console, 6), 0, "asked again by the failure's own message");
    typed(&mut console, "f");
    assert!(!console.visible(Pane::Picture));
    assert_eq!(tick(&mut console, 60), 0, "nobody can see it");
}

#[test]
fn the_picture_of_another_guest_is_dropped() {
    let mut console = on("debian-12");
    let old = picture_question(&fixture::measured(&mut console, 10));
    console.lines.select(&key("windows-server-2025"));
    let effects = console.update(Msg::Ticked { now: fixture::now() });
    assert_ne!(picture_question(&effects), old);
    console.update(Msg::PictureTaken { request: old, answer: Err("of the other one".into()) });
    assert_eq!(console.picture.trouble(), None);
}

#[test]
fn a_tick_changes_the_screen_only_with_a_text_of_it() {
    let mut console = fixture::empty();
    fixture::link(&mut console, LinkState::Live);
    console.update(Msg::FolderChanged(FolderEvent::Reset(vec![template(1, "tpl-debian-12", 60)])));
    let before = console.revision();
    console.update(Msg::Ticked { now: fixture::now() + jiff::SignedDuration::from_secs(30) });
    assert_eq!(console.revision(), before, "1h is still 1h");
    console.update(Msg::FolderChanged(FolderEvent::Heartbeat));
    assert_eq!(console.revision(), before, "still current is no news");
    console.update(Msg::Ticked { now: fixture::now() + jiff::SignedDuration::from_hours(1) });
    assert_ne!(console.revision(), before);
}

#[test]
fn the_filter_narrows_while_typing_and_esc_brings_the_old_one_back() {
    let mut console = night();
    typed(&mut console, "/deb");
    let keys: Vec<_> = console.lines.visible().iter().map(|row| row.line.key.0.clone()).collect();
    assert_eq!(keys, ["debian-12", "debian-13"]);
    assert_eq!(console.lines.selected().unwrap().line.key.0, "debian-12", "the selection follows what is left");
    typed(&mut console, "\x1b");
    assert_eq!(console.lines.visible().len(), 9);
    typed(&mut console, "/!windows\n");
    assert_eq!(console.lines.visible().len(), 6);
    typed(&mut console, "\x1b");
    assert_eq!(console.lines.visible().len(), 9);
}

#[test]
fn earlier_filters_come_back() {
    let mut console = night();
    typed(&mut console, "/debian\n\x1b/rocky\n\x1b/");
    let filter = |console: &Console| console.lines.filter().to_owned();
    press(&mut console, KeyPress::ctrl('p'));
    press(&mut console, KeyPress::ctrl('p'));
    assert_eq!(filter(&console), "debian");
    press(&mut console, KeyPress::ctrl('n'));
    assert_eq!(filter(&console), "rocky");
    typed(&mut console, "\n");
    assert_eq!(filter(&console), "rocky");
}

#[test]
fn a_filter_that_leaves_nothing_leaves_nothing_to_act_on() {
    let mut console = night();
    typed(&mut console, "/nothing\n");
    typed(&mut console, "b");
    assert_eq!(toast(&console), "no line selected");
}

#[test]
fn the_palette_finds_commands_and_lines() {
    let mut console = night();
    typed(&mut console, ":rollb");
    let Some(Overlay::Palette(palette)) = &console.overlay else { panic!("open") };
    let (name, _) = console.entries(palette.query.text())[0].texts(&console);
    assert_eq!(name, "roll back");
    typed(&mut console, "\x1b:alma\n");
    assert_eq!(console.lines.selected().unwrap().line.key.0, "almalinux-9");
}

#[test]
fn the_palette_knows_the_words_of_the_bar_too() {
    let console = night();
    let first = |query: &str| console.entries(query)[0].texts(&console).0;
    assert_eq!(first("cause"), "verdict");
    assert_eq!(first("cause debian-12"), "verdict debian-12");
    assert_eq!(first("ask mirrors"), "check media");
    // A name comes first.
    assert_eq!((first("zoom"), first("log")), ("zoom".into(), "log".into()));
}

#[test]
fn read_only_says_of_a_command_of_the_users_own_that_it_is_not_run() {
    let mut console = fixture::own_command(true);
    assert!(fixture::plugin_of(&press(&mut console, KeyPress::code(Code::F(8)))).is_none());
    let wanted = "read-only: \"ticket\" is not run (read_only = true in its [[plugins]] allows it)";
    assert_eq!(toast(&console), wanted);
    assert!(console.entries("ticket").is_empty() && console.help_rows("ticket").is_empty());
}

#[test]
fn the_demo_says_that_it_has_no_contexts() {
    let mut console = night();
    console.session.simulated = true;
    press(&mut console, KeyPress::code(Code::F(4)));
    assert_eq!(toast(&console), "the demo has no contexts; quit, then tmpl-tui --context NAME");
}

#[test]
fn a_paste_is_no_row_of_commands() {
    let mut console = on("debian-13");
    let effects = console.update(Msg::Pasted("byS".into()));
    assert!(mutations(&effects).is_empty());
    assert!(console.overlay.is_none());
}

#[test]
fn q_goes_back_and_then_quits() {
    let mut console = fixture::empty();
    typed(&mut console, "\t");
    typed(&mut console, "f");
    assert!(typed(&mut console, "q").is_empty() && !console.panes.zoomed);
    assert!(typed(&mut console, "q").is_empty() && console.panes.focus == Pane::Lines);
    assert!(typed(&mut console, "q").iter().any(|effect| matches!(effect, Effect::Quit)));
    assert!(press(&mut console, KeyPress::ctrl('c')).iter().any(|effect| matches!(effect, Effect::Quit)));
}

#[test]
fn a_finished_build_says_what_comes_next() {
    let mut console = night();
    let mut run = fixture::run(RunState::Succeeded, 4, None);
    run.started = fixture::ago(4);
    console.update(Msg::RunsRead(vec![(key("debian-12"), Ok(Some(run)))]));
    assert_eq!(toast(&console), "debian-12 is built: p promotes it");
}

#[test]
fn a_build_shows_packers_whole_command_line_before() {
    let mut console = on("debian-13");
    typed(&mut console, "b");
    let Some(Overlay::Confirm(confirm)) = &console.overlay else { panic!("asks") };
    let command = confirm.command.as_deref().unwrap();
    assert!(
        command.starts_with("packer build -force -on-error=cleanup -var-file=/srv/templates/ci/config/"),
        "{command}"
    );
    assert!(command.ends_with(" /srv/templates/builds/debian-13"), "{command}");
}

#[test]
fn a_refusal_names_keys() {
    let mut console = night();
    let mut vms: Vec<_> = console.vms.values().cloned().collect();
    let hold = Hold { reason: "no DNS".into(), by: "mona@ops3".into(), to: None, since: fixture::now() };
    vms.iter_mut().filter(|vm| vm.name == "tpl-ubuntu-2404").for_each(|vm| vm.annotation = hold.write(""));
    console.update(Msg::FolderChanged(FolderEvent::Reset(vms)));
    let promote = Invocation {
        command: Command::Change(Change::Generation(GenerationChange::Promote)),
        line: Some(key("ubuntu-2404")),
    };
    let refusal = console.allows(&promote).unwrap_err().to_string();
    assert!(refusal.ends_with("no DNS; lift it with H when that is settled"), "{refusal}");
}

#[test]
fn what_the_account_may_not_do_is_refused_by_vspheres_name() {
    let mut console = night();
    let on_selection = |command| Invocation { command, line: Some(key("ubuntu-2404")) };
    let before = console.allows(&on_selection(Command::Change(Change::Generation(GenerationChange::Promote))));
    console.update(Msg::PrivilegesRead(["VirtualMachine.Config.Rename"].into()));
    let refused = console
        .allows(&on_selection(Command::Change(Change::Generation(GenerationChange::Promote))))
        .unwrap_err()
        .to_string();
    assert!(before.is_ok() && refused.contains("lacks VirtualMachine.Config.Rename"), "{before:?} {refused}");
    // Granted meanwhile, and asked again after a reconnect.
    console.update(Msg::PrivilegesRead(std::collections::BTreeSet::new()));
    assert_eq!(console.allows(&on_selection(Command::Change(Change::Generation(GenerationChange::Promote)))), before);
}

/// Its date is in the future: for as long every build would be older than it.
#[test]
fn a_live_template_from_the_future_is_promoted_over_by_its_typed_name() {
    let mut console = on("debian-13");
    let base = console.lines.selected().unwrap().line.base_name.clone();
    let live = template(901, &base, -60 * 24 * 30);
    let build = template(902, &format!("{base}-build"), 5);
    console.update(Msg::FolderChanged(FolderEvent::Reset(vec![live, build])));
    let effects = typed(&mut console, "p");
    pass_guard(&mut console, &effects);
    let Some(Overlay::Confirm(confirm)) = &console.overlay else { panic!("{}", toast(&console)) };
    assert!(confirm.note.as_deref().is_some_and(|note| note.contains("in the future")), "{:?}", confirm.note);
    assert!(mutations(&typed(&mut console, "y\n")).is_empty(), "a `y` is not its name");
    press(&mut console, KeyPress::code(Code::Backspace));
    let effects = typed(&mut console, &format!("{base}\n"));
    let [Effect::Apply { plan, .. }] = mutations(&effects)[..] else { panic!("{}", toast(&console)) };
    assert!(plan.consent.ignore_age);
}

/// Packer carried on after a provisioner failed: the dialog says so, and a `y` is not enough.
#[test]
fn a_build_that_forgave_a_failure_is_promoted_by_its_typed_name() {
    let mut console = on("debian-13");
    let base = console.lines.selected().unwrap().line.base_name.clone();
    let build = template(902, &format!("{base}-build"), 5);
    let built = |moid: &Moid| RunSeen {
        built: Some(BuiltVm { moid: moid.clone(), name: build.name.clone(), instance_uuid: String::new() }),
        forgave: Some("Script exited with non-zero exit status: 3".into()),
        ..fixture::run(RunState::Succeeded, 9, None)
    };
    console.update(Msg::FolderChanged(FolderEvent::Reset(vec![template(901, &base, 60), build.clone()])));
    console.update(Msg::RunsRead(vec![(Key("debian-13".into()), Ok(Some(built(&build.moid))))]));
    let effects = typed(&mut console, "p");
    pass_guard(&mut console, &effects);
    let Some(Overlay::Confirm(confirm)) = &console.overlay else { panic!("{}", toast(&console)) };
    assert!(confirm.note.as_deref().is_some_and(|note| note.contains("exit status: 3")), "{:?}", confirm.note);
    assert!(confirm.same_as().is_some_and(|verb| verb.contains("--allow-warnings")), "{:?}", confirm.same_as());
    assert!(mutations(&typed(&mut console, "y\n")).is_empty(), "a `y` is not its name");
    press(&mut console, KeyPress::code(Code::Backspace));
    let effects = typed(&mut console, &format!("{base}\n"));
    let [Effect::Apply { plan, .. }] = mutations(&effects)[..] else { panic!("{}", toast(&console)) };
    assert!(plan.consent.allow_warnings);
    // Of another build that is nobody's business.
    let mut console = on("debian-13");
    console.update(Msg::FolderChanged(FolderEvent::Reset(vec![template(901, &base, 60), build.clone()])));
    console.update(Msg::RunsRead(vec![(Key("debian-13".into()), Ok(Some(built(&Moid("vm-1".into())))))]));
    assert_eq!(console.lines.selected().unwrap().forgave(), None);
}
