//! What vCenter asks, what builds stand on, the guest that is woken, and the command that does the same.

use crate::console::fixture::{self, key, typed};
use crate::console::key::{Code, KeyPress};
use crate::console::overlay::Overlay;
use crate::console::run::RunState;
use crate::console::trouble::Trouble;
use crate::console::{Console, Effect, Msg};
use crate::ops::resources::{Lack, Resources};
use crate::vcenter::{FolderEvent, Question};

fn toast(console: &Console) -> String {
    console.toasts.iter().last().map(|toast| toast.text.clone()).unwrap_or_default()
}

/// A line whose build VM runs, its picture on the screen.
fn stuck() -> Console {
    let mut console = fixture::night();
    console.lines.select(&key("windows-server-2025"));
    fixture::measured(&mut console, 10);
    console
}

/// A build about which vCenter asks.
fn asking() -> Console {
    let mut console = fixture::night();
    let vm =
        crate::vcenter::Vm { question: Some(Question::no_space()), ..fixture::guest(32, "tpl-debian-12-build", None) };
    console.update(Msg::FolderChanged(FolderEvent::Changed(Box::new(vm))));
    console.update(Msg::RunsRead(vec![(key("debian-12"), Ok(Some(fixture::run(RunState::Running, 9, None))))]));
    console
}

#[test]
fn a_question_is_an_alarm_and_answered_by_its_number() {
    let mut console = asking();
    let row = console.lines.get(&key("debian-12")).unwrap();
    assert!(row.alarm().unwrap().starts_with("vCenter asks: There is no more space"), "{:?}", row.alarm());
    assert!(toast(&console).starts_with("debian-12: vCenter asks, and the build waits"), "{}", toast(&console));
    console.lines.select(&key("debian-12"));
    assert_eq!(console.next_keys().first().map(|next| (next.key.as_str(), next.word)), Some(("!", "answer")));
    let effects = typed(&mut console, "!");
    let asked = effects.iter().find_map(|effect| match effect {
        Effect::AskPrivilege { request, privilege, .. } => Some((*request, *privilege)),
        _ => None,
    });
    let (request, privilege) = asked.expect("vCenter is asked");
    assert_eq!(privilege, "VirtualMachine.Interact.AnswerQuestion");
    console.update(Msg::Guarded { request, answer: Ok(Vec::new()) });
    typed(&mut console, "3\n");
    let Some(Overlay::Confirm(confirm)) = &console.overlay else { panic!("still open") };
    let wanted = "type the number of an answer: 1 Retry (vCenter's default), 2 Cancel";
    assert_eq!(confirm.complaint.as_deref(), Some(wanted));
    fixture::press(&mut console, KeyPress::code(Code::Backspace));
    typed(&mut console, "1\n");
    let Some(Overlay::Confirm(confirm)) = &console.overlay else { panic!("still open") };
    assert_eq!(confirm.same_as().as_deref(), Some("tmpl-tui answer debian-12 1"));
    let effects = typed(&mut console, "y");
    let answered = effects.iter().find_map(|effect| match effect {
        Effect::Answer { vm, question, choice, .. } => {
            Some((vm.moid.0.as_str(), question.id.as_str(), choice.key.as_str()))
        }
        _ => None,
    });
    assert_eq!(answered, Some(("vm-32", "4711", "0")));
}

#[test]
fn without_a_question_there_is_nothing_to_answer() {
    let mut console = stuck();
    assert!(typed(&mut console, "!").is_empty());
    assert_eq!(toast(&console), "vCenter asks nothing about the build VM of windows-server-2025");
}

#[test]
fn a_console_is_woken_after_a_yes() {
    let mut console = stuck();
    let effects = typed(&mut console, "Z");
    let request = effects.iter().find_map(|effect| match effect {
        Effect::AskPrivilege { request, .. } => Some(*request),
        _ => None,
    });
    console.update(Msg::Guarded { request: request.expect("vCenter is asked"), answer: Ok(Vec::new()) });
    let effects = typed(&mut console, "y");
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Wake { vm, .. } if vm.moid.0 == "vm-72")));
}

#[test]
fn the_command_of_a_confirmation_is_copied() {
    let mut console = fixture::night();
    console.lines.select(&key("rocky-9"));
    typed(&mut console, "b");
    let effects = typed(&mut console, "c");
    let copied = effects.iter().find_map(|effect| match effect {
        Effect::Clipboard { text, .. } => Some(text.as_str()),
        _ => None,
    });
    assert_eq!(copied, Some("tmpl-tui build rocky-9"));
    assert!(matches!(console.overlay, Some(Overlay::Confirm(_))), "nothing is decided by copying");
}

#[test]
fn a_full_datastore_is_said_once_and_before_a_build() {
    let mut console = fixture::night();
    let trouble = "datastore vsan01 is full: 188.0 MiB of 10.0 TiB free".to_owned();
    let resources =
        || Resources { troubles: vec![trouble.clone()], lacks: Some(Lack::Datastore), concerns: Vec::new() };
    console.update(Msg::ResourcesRead(resources()));
    assert_eq!(toast(&console), format!("{trouble}: builds will fail because of it"));
    let marked = |console: &Console| console.lines.all().iter().filter(|row| row.lacks.is_some()).count();
    let enabled = console.lines.all().iter().filter(|row| row.line.enabled).count();
    assert_eq!(marked(&console), enabled, "lines that nobody builds lack nothing");
    assert!(console.lines.get(&key("ubuntu-2404")).is_some_and(|row| row.trouble() >= Trouble::Marked));
    let revision = console.revision();
    console.update(Msg::ResourcesRead(resources()));
    assert_eq!(console.revision(), revision, "it is no news");
    console.lines.select(&key("ubuntu-2404"));
    let row = console.lines.selected().unwrap();
    assert!(console.remarks(row).iter().any(|remark| remark.alarm && remark.text.starts_with(&trouble)));
    typed(&mut console, "b");
    let Some(Overlay::Confirm(confirm)) = &console.overlay else { panic!("asked") };
    assert!(confirm.note.as_deref().unwrap_or_default().starts_with(&trouble), "{:?}", confirm.note);
}
