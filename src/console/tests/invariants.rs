//! What holds after any sequence of messages.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;

use crate::console::click::Target;
use crate::console::confirm::{Check, Confirm};
use crate::console::fixture::{self, key};
use crate::console::github::RowId;
use crate::console::key::{Code, KeyPress};
use crate::console::log::LogFacts;
use crate::console::overlay::Overlay;
use crate::console::panes::{Measures, Pane, Room, Scrolled};
use crate::console::run::RunState;
use crate::console::scope::Scope;
use crate::console::{Console, Effect, Msg, RequestId};
use crate::vcenter::{FolderEvent, LinkState, Moid};

fn presses() -> impl Strategy<Value = KeyPress> {
    let chars = prop::sample::select(
        "bpRHxSoswteEnNmcfjkgGhlqrc/:?yYn ldebianviuuT@'123<>MaBIKWXADU.,yYPZ![]V".chars().collect::<Vec<_>>(),
    );
    let codes = prop::sample::select(vec![
        Code::Enter,
        Code::Esc,
        Code::Tab,
        Code::BackTab,
        Code::Up,
        Code::Down,
        Code::PageUp,
        Code::PageDown,
        Code::Left,
        Code::Right,
        Code::Backspace,
    ]);
    prop_oneof![
        4 => chars.prop_map(KeyPress::char),
        2 => codes.prop_map(KeyPress::code),
        1 => prop::sample::select(vec!['c', 's', 'l', 'z', 'u', 'd']).prop_map(KeyPress::ctrl),
    ]
}

fn states() -> impl Strategy<Value = RunState> {
    prop::sample::select(vec![
        RunState::Starting,
        RunState::Running,
        RunState::Cancelling,
        RunState::Succeeded,
        RunState::Failed { exit: Some(1) },
        RunState::Cancelled,
        RunState::Lost,
    ])
}

fn lines() -> impl Strategy<Value = crate::pipeline::Key> {
    prop::sample::select(vec!["debian-12", "ubuntu-2404", "rocky-9", "nobody"]).prop_map(key)
}

fn folder() -> impl Strategy<Value = FolderEvent> {
    let names = prop::sample::select(vec!["", "-build", "-prev", "-other"]);
    let vm = (0..20u32, lines(), names, any::<bool>()).prop_map(|(number, key, suffix, template)| {
        let name = format!("tpl-{key}{suffix}");
        if template { fixture::template(number, &name, 60) } else { fixture::guest(number, &name, Some("10.0.0.1")) }
    });
    prop_oneof![
        4 => vm.prop_map(|vm| FolderEvent::Changed(Box::new(vm))),
        1 => (0..20u32).prop_map(|number| FolderEvent::Gone(Moid(format!("vm-{number}")))),
        2 => Just(FolderEvent::Link(LinkState::Live)),
        1 => Just(FolderEvent::Link(LinkState::Stopped { reason: "no".into() })),
        1 => Just(FolderEvent::Link(LinkState::Lost { reason: "no".into(), retry_at: fixture::now() })),
    ]
}

fn targets() -> impl Strategy<Value = Target> {
    prop_oneof![
        2 => prop::sample::select(Pane::ALL.to_vec()).prop_map(Target::Pane),
        2 => lines().prop_map(Target::Line),
        1 => (0..9usize).prop_map(Target::Evidence),
        1 => (0..5_000i64).prop_map(|seconds| {
            Target::Moment(fixture::now() - jiff::SignedDuration::from_secs(seconds))
        }),
        1 => (0..9_100u64).prop_map(|id| Target::GitHub(RowId::Run(id))),
    ]
}

fn messages() -> impl Strategy<Value = Msg> {
    let answer = prop_oneof![Just(Ok(())), Just(Err("no".into()))];
    let request = (0..200u64).prop_map(RequestId);
    let scopes = prop::sample::select(Scope::ALL.to_vec());
    let rooms = prop::sample::select(vec![Room::Flat, Room::Single, Room::Double, Room::Full]);
    prop_oneof![
        10 => presses().prop_map(Msg::KeyPressed),
        // Somebody looks, longer or shorter; the clock of the steps goes on below.
        6 => Just(Msg::Drawn { at: Duration::ZERO }),
        4 => (0..700u64).prop_map(|ms| Msg::Clock { at: Duration::from_millis(ms) }),
        2 => folder().prop_map(Msg::FolderChanged),
        2 => (lines(), states(), 0..9i64).prop_map(|(key, state, minutes)| {
            Msg::RunsRead(vec![(key, Ok(Some(fixture::run(state, minutes, None))))])
        }),
        2 => (request.clone(), answer.clone()).prop_map(|(request, answer)| {
            let answer = answer.map(|()| Vec::new());
            Msg::Guarded { request, answer }
        }),
        2 => (request.clone(), answer).prop_map(|(request, answer)| {
            Msg::Finished { request, answer: answer.map(|()| "done".into()) }
        }),
        1 => (request.clone(), 0..2_000u64, 0..3u64).prop_map(|(request, lines, generation)| {
            let facts = LogFacts { lines, bytes: lines * 80, generation, settled: true, phase: None, track: None };
            Msg::LogGrew { request, answer: Ok(facts) }
        }),
        1 => (request, 0..2_000u64).prop_map(|(request, first)| {
            Msg::LogRead { request, answer: Ok((first, fixture::lines(&fixture::LOG))) }
        }),
        1 => (0..5_000i64).prop_map(|seconds| {
            Msg::Ticked { now: fixture::now() + jiff::SignedDuration::from_secs(seconds) }
        }),
        1 => (rooms, 0..40u16).prop_map(|(room, rows)| {
            Msg::Measured(Measures { room, lines: rows, log: rows, log_columns: rows, wall: rows, page: rows, tops: rows, text: Scrolled { first: 0, page: rows, tops: rows } })
        }),
        1 => "[a-z-]{0,20}".prop_map(Msg::Pasted),
        1 => targets().prop_map(Msg::Clicked),
        1 => (scopes, -5..5i16).prop_map(|(at, rows)| Msg::Wheeled { at, rows }),
    ]
}

/// Questions of the guard are answered often, or few changes would ever be confirmed.
fn steps() -> impl Strategy<Value = Vec<(Msg, bool)>> {
    prop::collection::vec((messages(), any::<bool>()), 1..120)
}

fn console(read_only: bool) -> Console {
    let mut opening = fixture::opening(&["debian-12", "ubuntu-2404", "rocky-9"]);
    opening.mode = crate::vcenter::gate::Mode::asked(read_only);
    let mut console = Console::new(opening);
    fixture::link(&mut console, LinkState::Live);
    let vms = vec![
        fixture::template(1, "tpl-debian-12", 9),
        fixture::template(2, "tpl-debian-12-build", 5),
        fixture::template(3, "tpl-debian-12-prev", 99),
    ];
    console.update(Msg::FolderChanged(FolderEvent::Reset(vms)));
    console
}

fn armed_confirm(console: &Console) -> bool {
    let listens = |confirm: &Confirm| confirm.check != Check::Asking && confirm.arming.armed();
    matches!(&console.overlay, Some(Overlay::Confirm(confirm)) if listens(confirm))
}

/// The clock only goes on.
fn in_time(console: &Console, msg: Msg) -> Msg {
    match msg {
        Msg::Drawn { .. } => Msg::Drawn { at: console.clock },
        Msg::Clock { at } => Msg::Clock { at: console.clock + at },
        other => other,
    }
}

fn asked_to_quit(console: &Console) -> bool {
    matches!(&console.overlay, Some(Overlay::Quit(ask)) if ask.arming.armed())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn every_change_was_confirmed_and_no_line_has_two(steps in steps(), media in any::<bool>()) {
        let mut console = if media { fixture::media() } else { console(false) };
        let mut under_way: BTreeSet<RequestId> = BTreeSet::new();
        for (msg, answered) in steps {
            if let Msg::Finished { request, .. } = &msg {
                under_way.remove(request);
            }
            let armed = armed_confirm(&console) || asked_to_quit(&console);
            let a_key = matches!(msg, Msg::KeyPressed(_));
            let msg = in_time(&console, msg);
            let effects = console.update(msg);
            for effect in effects.iter().filter(|effect| effect.mutates()) {
                prop_assert!(armed && a_key, "{effect:?} without a confirmation");
                under_way.extend(fixture::question_of(std::slice::from_ref(effect)));
            }
            let keys = console.ongoing.len();
            let questions: BTreeSet<_> = console.ongoing.values().map(|ongoing| ongoing.request).collect();
            prop_assert_eq!(keys, questions.len());
            prop_assert_eq!(&questions, &under_way, "what is under way is what was emitted and not finished");
            if answered && let Some(Effect::Guard { request, .. }) =
                effects.iter().find(|effect| matches!(effect, Effect::Guard { .. }))
            {
                console.update(Msg::Guarded { request: *request, answer: Ok(Vec::new()) });
            }
        }
    }

    #[test]
    fn read_only_never_changes_anything(steps in steps(), media in any::<bool>()) {
        let mut console = if media { fixture::media() } else { console(true) };
        console.session.mode = crate::vcenter::gate::Mode::asked(true);
        for (msg, _) in steps {
            let msg = in_time(&console, msg);
            let effects = console.update(msg);
            prop_assert!(!effects.iter().any(Effect::mutates));
            let confirms = matches!(console.overlay, Some(Overlay::Confirm(_)));
            prop_assert!(!confirms, "nothing to confirm");
        }
    }

    #[test]
    fn nothing_panics_at_any_size(steps in steps(), columns in 1..140u16, rows in 1..50u16, media in any::<bool>()) {
        let mut console = if media { fixture::media() } else { console(false) };
        for (msg, _) in steps {
            console.update(msg);
        }
        crate::tui::draws(&mut console, columns, rows);
    }
}
