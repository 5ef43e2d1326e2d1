//! Quitting while work goes on.

use crate::console::fixture::{self, key, night, press, typed};
use crate::console::key::{Code, KeyPress};
use crate::console::overlay::{Overlay, QuitChoice};
use crate::console::run::RunState;
use crate::console::{Console, Effect, Msg};
use crate::vcenter::LinkState;

fn quits(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Quit))
}

fn cancels(effects: &[Effect]) -> usize {
    effects.iter().filter(|effect| matches!(effect, Effect::CancelRun { force: false, .. })).count()
}

#[test]
fn runs_at_work_are_asked_about_and_stay_is_focused() {
    for ask in [KeyPress::char('q'), KeyPress::ctrl('c')] {
        let mut console = night();
        assert!(!quits(&press(&mut console, ask)));
        let Some(Overlay::Quit(open)) = &console.overlay else { panic!("asks") };
        assert_eq!((open.runs.len(), open.choice), (2, QuitChoice::Stay));
        assert!(!quits(&typed(&mut console, "\n")));
        assert!(console.overlay.is_none());
    }
}

#[test]
fn leave_leaves_the_builds_alone() {
    let mut console = night();
    let effects = typed(&mut console, "ql");
    assert!(quits(&effects));
    assert_eq!(cancels(&effects), 0);
}

#[test]
fn cancel_stops_every_build_and_leaves_when_their_vms_are_gone() {
    let mut console = night();
    let effects = typed(&mut console, "qc");
    assert_eq!(cancels(&effects), 2);
    assert!(!quits(&effects));
    for effect in &effects {
        if let Effect::CancelRun { request, .. } = effect {
            assert!(!quits(&console.update(Msg::Finished { request: *request, answer: Ok("asked".into()) })));
        }
    }
    let ended = |minutes| Ok(Some(fixture::run(RunState::Cancelled, minutes, None)));
    assert!(!quits(&console.update(Msg::RunsRead(vec![(key("debian-12"), ended(4))]))));
    assert!(quits(&console.update(Msg::RunsRead(vec![(key("windows-server-2025"), ended(31))]))));
}

#[test]
fn read_only_offers_no_cancel() {
    let mut opening = fixture::opening(&["debian-12"]);
    opening.mode = crate::vcenter::gate::Mode::asked(true);
    let mut console = Console::new(opening);
    console.update(Msg::RunsRead(vec![(key("debian-12"), Ok(Some(fixture::run(RunState::Running, 1, None))))]));
    assert_eq!(cancels(&typed(&mut console, "qc")), 0);
    assert!(quits(&typed(&mut console, "l")));
}

#[test]
fn a_change_under_way_is_finished_before_leaving() {
    let mut console = fixture::empty();
    fixture::link(&mut console, LinkState::Live);
    let request = fixture::question_of(&typed(&mut console, "by")).unwrap();
    assert!(!quits(&typed(&mut console, "ql")));
    typed(&mut console, "b");
    assert!(console.overlay.is_none(), "nothing new is begun");
    assert!(quits(&console.update(Msg::Finished { request, answer: Ok("started".into()) })));
}

#[test]
fn a_command_of_the_users_own_is_asked_about_because_leaving_stops_it() {
    let mut console = fixture::own_command(false);
    let effects = press(&mut console, KeyPress::code(Code::F(8)));
    let request = fixture::plugin_of(&effects).unwrap();
    assert!(!quits(&typed(&mut console, "q")));
    let Some(Overlay::Quit(open)) = &console.overlay else { panic!("asks") };
    assert_eq!((open.plugins.as_slice(), open.choice), (["ticket"].as_slice(), QuitChoice::Stay));
    assert!(quits(&typed(&mut console, "l")));
    console.update(Msg::PluginEnded { request, answer: Ok("ticket: done".into()) });
    assert!(quits(&typed(&mut console, "q")));
}

#[test]
fn a_signal_ends_at_once_and_leaves_the_builds_alone() {
    let mut console = night();
    let effects = console.update(Msg::Signalled);
    assert!(quits(&effects));
    assert_eq!(cancels(&effects), 0);
}

#[test]
fn ctrl_c_leads_out_of_everything_and_does_nothing_else() {
    let interrupt = KeyPress::ctrl('c');
    for way in ["?", ":", "/deb", "j", "p"] {
        let mut console = fixture::empty();
        typed(&mut console, way);
        let effects = press(&mut console, interrupt);
        assert!(quits(&effects) && !effects.iter().any(Effect::mutates), "{way}");
    }
    // A confirmation under which builds are at work: not confirmed, and asked about.
    let mut console = night();
    typed(&mut console, "x");
    let effects = press(&mut console, interrupt);
    assert!(!quits(&effects) && cancels(&effects) == 0);
    assert!(matches!(console.overlay, Some(Overlay::Quit(_))));
    // Once more: out, and the builds go on.
    let effects = press(&mut console, interrupt);
    assert!(quits(&effects) && cancels(&effects) == 0);
}
