//! What a person sees of lists and dialogs that are longer than the screen, and of what is not known.

use ratatui::style::Modifier;
use rstest::rstest;

use super::{SMALL, USUAL, WIDE, drawn, drawn_in};
use crate::config::{Config, ThemeName};
use crate::console::fixture::{self, key, press, typed};
use crate::console::key::{Code, KeyPress};
use crate::console::verdict::Case;
use crate::console::{Console, Msg};
use crate::generation::Hold;
use crate::triage::verdict::Outlook;
use crate::tui::theme::Theme;
use crate::vcenter::{FolderEvent, LinkState};

/// A repository of 36 lines, without vCenter.
fn many() -> Console {
    let keys: Vec<String> = (1..=36).map(|number| format!("line-{number:02}")).collect();
    let mut console = Console::new(fixture::opening(&keys.iter().map(String::as_str).collect::<Vec<_>>()));
    let reason = "no vCenter is set: PKR_VAR_vsphere_endpoint".into();
    fixture::link(&mut console, LinkState::Stopped { reason });
    console.lines.select(&key("line-07"));
    console.toasts.dismiss();
    console
}

#[rstest]
#[case("wide", WIDE)]
#[case("middle", (120, 36))]
#[case("usual", USUAL)]
#[case("small", SMALL)]
fn a_long_list_says_where_one_is(#[case] name: &str, #[case] size: (u16, u16)) {
    insta::assert_snapshot!(format!("many_{name}"), drawn(&mut many(), size.0, size.1));
}

#[test]
fn the_demo_says_that_its_builds_end_with_it() {
    let mut console = fixture::night();
    console.session.simulated = true;
    typed(&mut console, "q");
    insta::assert_snapshot!("quit_demo", drawn(&mut console, USUAL.0, USUAL.1));
}

#[test]
fn a_command_of_the_users_own_goes_by_its_name_and_is_asked_about() {
    let mut console = fixture::own_command(false);
    typed(&mut console, "?jira");
    insta::assert_snapshot!("own_help", drawn(&mut console, SMALL.0, SMALL.1));
    typed(&mut console, "\x1b\x1b");
    press(&mut console, KeyPress::code(Code::F(8)));
    typed(&mut console, "q");
    insta::assert_snapshot!("own_quit", drawn(&mut console, SMALL.0, SMALL.1));
}

#[test]
fn contexts_are_told_apart_and_the_open_one_is_marked() {
    let mut console = fixture::empty();
    console.session.context = Some("prod".into());
    let about = [("prod", "vc01.example.com · read-only · /srv/templates"), ("lab", "127.0.0.1:8989")];
    console.contexts = about.map(|(name, about)| (name.into(), about.into())).into();
    press(&mut console, KeyPress::code(Code::F(4)));
    insta::assert_snapshot!("contexts", drawn(&mut console, USUAL.0, USUAL.1));
}

#[test]
fn no_border_is_underlined() {
    let config = Config { theme: ThemeName::HighContrast, ..Config::default() };
    let mut console = fixture::empty();
    typed(&mut console, ":");
    let screen = drawn_in(&mut console, USUAL, Theme::of(&config, |_| None));
    let cells = screen.buffer().content().iter();
    let underlined = |sign| {
        let mut of = cells.clone().filter(move |cell| cell.symbol() == sign);
        of.any(|cell| cell.modifier.contains(Modifier::UNDERLINED))
    };
    assert!(["│", "─", "╭", "╯"].into_iter().all(|sign| !underlined(sign)));
    assert!(underlined(":"), "keys are");
}

#[test]
fn a_hold_stands_before_the_steps_however_small_the_screen() {
    let mut console = fixture::night();
    let hold = Hold { reason: "broken agent".into(), by: "ana@jump01".into(), since: fixture::ago(60), to: None };
    let mut live = fixture::template(60, "tpl-almalinux-9", 5000);
    live.annotation = hold.write("");
    console.update(Msg::FolderChanged(FolderEvent::Changed(Box::new(live))));
    console.lines.select(&key("almalinux-9"));
    let effects = typed(&mut console, "R");
    let request = fixture::question_of(&effects).unwrap();
    let answer = Ok(vec!["3 VMs were cloned from live since Mar 11".to_owned()]);
    console.update(Msg::Guarded { request, answer });
    insta::assert_snapshot!("held_rollback", drawn(&mut console, SMALL.0, SMALL.1));
}

#[test]
fn a_dialog_scrolls_by_pages_while_its_field_has_the_focus() {
    let mut console = fixture::night();
    drawn(&mut console, SMALL.0, SMALL.1);
    console.lines.select(&key("debian-13"));
    let effects = typed(&mut console, "R");
    if let Some(request) = fixture::question_of(&effects) {
        console.update(Msg::Guarded { request, answer: Ok(Vec::new()) });
    }
    typed(&mut console, "x");
    insta::assert_snapshot!("rollback_small", drawn(&mut console, SMALL.0, SMALL.1));
    (0..9).for_each(|_| drop(press(&mut console, KeyPress::code(Code::PageDown))));
    insta::assert_snapshot!("rollback_small_end", drawn(&mut console, SMALL.0, SMALL.1));
    press(&mut console, KeyPress::code(Code::PageUp));
    press(&mut console, KeyPress::code(Code::Down));
    press(&mut console, KeyPress::code(Code::Up));
    typed(&mut console, "y");
    insta::assert_snapshot!("rollback_small_field", drawn(&mut console, SMALL.0, SMALL.1));
    typed(&mut console, "\n");
    insta::assert_snapshot!("rollback_small_go", drawn(&mut console, SMALL.0, SMALL.1));
}

#[test]
fn a_long_notice_has_one_row_of_a_small_screen_and_the_help_has_all_of_it() {
    let mut console = fixture::night();
    let long = "no ESXi host would take the clone: every host of the cluster is in maintenance mode, and the last one \
        left it for good at 02:41; ask whoever keeps the cluster";
    console.update(Msg::Troubled(long.into()));
    insta::assert_snapshot!("notice_small", drawn(&mut console, SMALL.0, SMALL.1));
    // It is gone by itself, and can be read all the same.
    console.update(Msg::Ticked { now: fixture::now() + jiff::SignedDuration::from_secs(16) });
    assert!(console.toasts.iter().next().is_none());
    typed(&mut console, "?");
    insta::assert_snapshot!("notice_in_help", drawn(&mut console, SMALL.0, SMALL.1));
}

#[test]
fn what_was_done_is_said_for_some_seconds() {
    let mut console = fixture::night();
    console.update(Msg::Clipped { answer: Ok("copied".into()) });
    for (after, said) in [(7, true), (8, false)] {
        console.update(Msg::Ticked { now: fixture::now() + jiff::SignedDuration::from_secs(after) });
        assert_eq!(console.toasts.iter().next().is_some(), said, "{after} s");
    }
}

#[test]
fn a_verdict_that_is_longer_than_its_pane_says_so_without_the_keys() {
    let mut console = super::triage::stuck();
    let screen = drawn(&mut console, SMALL.0, SMALL.1).to_string();
    let title = screen.lines().find(|line| line.contains("Verdict")).unwrap();
    assert!(title.contains("windows-licensing") && screen.contains("↓ 1 more"), "{screen}");
}

/// Somebody started the VM: there is no run, and the line and its picture are all there is to show.
#[rstest]
#[case("wide", WIDE)]
#[case("middle", (120, 36))]
#[case("usual", USUAL)]
#[case("small", SMALL)]
fn a_guest_without_a_run_stands_beside_what_is_known_of_its_line(#[case] name: &str, #[case] size: (u16, u16)) {
    let mut console = fixture::quiet_night();
    let guest = fixture::guest(62, "tpl-almalinux-9-build", Some("10.0.8.31"));
    console.update(Msg::FolderChanged(FolderEvent::Changed(Box::new(guest))));
    console.lines.select(&key("almalinux-9"));
    insta::assert_snapshot!(format!("unattended_{name}"), drawn(&mut console, size.0, size.1));
}

#[test]
fn a_line_that_was_rolled_back_says_so() {
    let mut console = fixture::quiet_night();
    console.lines.select(&key("almalinux-9"));
    let row = console.lines.selected().unwrap();
    let (mut live, mut prev) = (row.generations.prev.clone().unwrap(), row.generations.live.clone().unwrap());
    (live.name, prev.name) = (prev.name.clone(), live.name.clone());
    let to = Some(live.moid.clone());
    let hold = Hold { reason: "broken agent".into(), by: "ana@jump01".into(), since: fixture::ago(120), to };
    live.annotation = hold.write("");
    console.update(Msg::FolderChanged(FolderEvent::Changed(Box::new(live))));
    console.update(Msg::FolderChanged(FolderEvent::Changed(Box::new(prev))));
    let screen = drawn(&mut console, WIDE.0, WIDE.1).to_string();
    assert!(screen.contains("rolled back from, 2 h ago") && !screen.contains("rolls back to it"), "{screen}");
}

#[test]
fn a_run_that_goes_on_at_github_took_no_time_yet() {
    let mut console = fixture::with_github(fixture::quiet_night());
    console.lines.select(&key("debian-13"));
    let screen = drawn(&mut console, WIDE.0, WIDE.1).to_string();
    assert!(screen.contains("running for ") && !screen.contains("running, took"), "{screen}");
}

#[test]
fn help_scrolls_to_its_last_row_and_no_further() {
    let mut console = fixture::night();
    typed(&mut console, "?");
    drawn(&mut console, USUAL.0, USUAL.1);
    (0..40).for_each(|_| drop(press(&mut console, KeyPress::code(Code::PageDown))));
    insta::assert_snapshot!("help_end", drawn(&mut console, USUAL.0, USUAL.1));
    press(&mut console, KeyPress::code(Code::Up));
    insta::assert_snapshot!("help_end_up", drawn(&mut console, USUAL.0, USUAL.1));
}

/// What packer would say if it gave up now is no cause of a build that goes well.
#[test]
fn a_build_that_goes_well_bears_no_class() {
    let mut console = fixture::night();
    console.lines.select(&key("debian-12"));
    let effects = console.update(Msg::Ticked { now: fixture::now() });
    fixture::judged(&mut console, &effects);
    let verdict = console.case().and_then(Case::verdict).map(|(verdict, _)| verdict.clone());
    let mut verdict = verdict.expect("it was judged");
    verdict.class = "ip_timeout".into();
    verdict.outlook = verdict.outlook.map(|outlook| Outlook { passing: true, ..outlook });
    let request = console.case().and_then(Case::request).expect("it was asked for");
    console.update(Msg::Judged { request, answer: Ok(Box::new(verdict)) });
    console.update(Msg::Ticked { now: fixture::now() + jiff::SignedDuration::from_secs(10) });
    let screen = drawn(&mut console, WIDE.0, WIDE.1).to_string();
    let row = screen.lines().find(|line| line.contains("▸ debian-12")).expect("it is selected");
    assert!(row.contains("● provision 4m") && !row.contains("ip_timeout"), "{screen}");
}
