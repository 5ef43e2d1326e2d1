//! The log pane: following, pausing, searching, reading no more than is shown.

use crate::console::fixture::{self, LOG, key, night, press, typed};
use crate::console::key::{Code, KeyPress};
use crate::console::log::{Found, LogFacts};
use crate::console::panes::Pane;
use crate::console::{Console, Effect, Msg, RequestId};
use crate::packer_log::Problem;

/// The stuck line's log in a pane of four rows.
fn open() -> (Console, RequestId) {
    let mut console = night();
    console.lines.select(&key("windows-server-2025"));
    console.panes.focus(Pane::Log);
    let effects = fixture::measured(&mut console, 4);
    let opened = effects.iter().find_map(|effect| match effect {
        Effect::OpenLog { request, .. } => Some(*request),
        _ => None,
    });
    fixture::log(&mut console, &LOG, effects);
    (console, opened.unwrap())
}

fn settle(console: &mut Console, effects: Vec<Effect>) {
    fixture::log(console, &LOG, effects);
}

fn grown(lines: u64, generation: u64) -> LogFacts {
    LogFacts { lines, bytes: lines * 80, generation, settled: true, phase: None, track: None }
}

fn seek(effects: &[Effect]) -> Option<(RequestId, u64, bool)> {
    effects.iter().find_map(|effect| match effect {
        Effect::SeekLog { request, from, forwards, .. } => Some((*request, *from, *forwards)),
        _ => None,
    })
}

#[test]
fn the_key_of_the_next_error_goes_to_the_log_first() {
    let mut console = night();
    console.lines.select(&key("rocky-9"));
    let effects = console.update(Msg::Ticked { now: fixture::now() });
    settle(&mut console, effects);
    assert!(!console.visible(Pane::Log), "on a small screen there is the cause");
    let effects = typed(&mut console, "e");
    assert!(console.visible(Pane::Log) && seek(&effects).is_some(), "{effects:?}");
}

#[test]
fn it_follows_the_end_and_reads_a_few_screenfuls_only() {
    let (mut console, opened) = open();
    assert_eq!((console.log.top(), console.log.cursor()), (4, 7));
    let effects = console.update(Msg::LogGrew { request: opened, answer: Ok(grown(1_000_000, 0)) });
    let [Effect::ReadLog { from, count, .. }] = effects[..] else { panic!("{effects:?}") };
    assert!(from > 999_000 && count <= 300, "{from} {count}");
}

#[test]
fn scrolling_up_pauses_and_counts_what_comes() {
    let (mut console, opened) = open();
    let effects = typed(&mut console, "k");
    settle(&mut console, effects);
    assert!(!console.log.follows());
    console.update(Msg::LogGrew { request: opened, answer: Ok(grown(20, 0)) });
    assert_eq!((console.log.new_lines(), console.log.cursor()), (12, 6));
    typed(&mut console, "G");
    assert!(console.log.follows());
    assert_eq!((console.log.new_lines(), console.log.cursor()), (0, 19));
}

#[test]
fn the_first_page_up_turns_the_page_of_a_followed_log() {
    let (mut console, _) = open();
    assert_eq!((console.log.top(), console.log.cursor()), (4, 7));
    let effects = press(&mut console, KeyPress::code(Code::PageUp));
    settle(&mut console, effects);
    assert_eq!((console.log.top(), console.log.cursor()), (1, 4));
    let effects = press(&mut console, KeyPress::code(Code::PageDown));
    settle(&mut console, effects);
    assert_eq!((console.log.top(), console.log.cursor(), console.log.follows()), (4, 7, true));
}

#[test]
fn an_error_that_was_gone_to_says_which_of_how_many_it_is() {
    let (mut console, _) = open();
    let (request, ..) = seek(&typed(&mut console, "e")).unwrap();
    let found = Found { line: 3, around: false, place: Some((2, 5)) };
    console.update(Msg::LogFound { request, answer: Ok(Some(found)) });
    assert_eq!(console.log.problem_place(), Some((Problem::Error, 2, 5)));
    assert_eq!(console.log.place(), None, "it is no match of a search");
    typed(&mut console, "k");
    assert_eq!(console.log.problem_place(), None, "the cursor is elsewhere");
    let (request, ..) = seek(&typed(&mut console, "/waiting\n")).unwrap();
    console.update(Msg::LogFound { request, answer: Ok(Some(found)) });
    assert_eq!((console.log.place(), console.log.problem_place()), (Some((2, 5)), None));
}

#[test]
fn a_truncated_log_begins_anew() {
    let (mut console, opened) = open();
    typed(&mut console, "gm");
    console.update(Msg::LogGrew { request: opened, answer: Ok(grown(2, 1)) });
    assert!(!console.log.marked(0));
    assert!(console.log.cursor() < 2);
    assert!(console.log.row(0).is_none(), "lines of the old file are not shown");
}

#[test]
fn growth_of_another_log_is_dropped() {
    let (mut console, opened) = open();
    console.lines.select(&key("debian-12"));
    console.update(Msg::Ticked { now: fixture::now() });
    console.update(Msg::LogGrew { request: opened, answer: Ok(grown(500, 0)) });
    assert_eq!(console.log.facts().lines, 0);
    assert_eq!(console.log.key(), Some(&key("debian-12")));
}

#[test]
fn a_search_goes_to_its_hit_and_n_goes_on_from_there() {
    let (mut console, _) = open();
    let (request, from, forwards) = seek(&typed(&mut console, "/waiting\n")).unwrap();
    assert_eq!((from, forwards), (7, true));
    let stale = RequestId(request.0 - 1);
    console.update(Msg::LogFound { request: stale, answer: Ok(Some(Found { line: 1, around: false, place: None })) });
    assert_eq!(console.log.cursor(), 7, "the answer to another search");
    console.update(Msg::LogFound { request, answer: Ok(Some(Found { line: 3, around: true, place: None })) });
    assert_eq!(console.log.cursor(), 3);
    assert_eq!(seek(&typed(&mut console, "n")).unwrap().1, 3);
    assert!(!seek(&typed(&mut console, "N")).unwrap().2);
}

#[test]
fn a_bad_pattern_is_said_and_stays_to_be_corrected() {
    let (mut console, _) = open();
    assert!(seek(&typed(&mut console, "/a(b\n")).is_none());
    assert!(console.toasts.iter().any(|toast| toast.text.starts_with("not a regular expression")));
    assert_eq!(console.prompt_parts().unwrap().1.text(), "a(b");
}

#[test]
fn copy_takes_the_lines_from_the_mark_to_the_cursor() {
    let (mut console, _) = open();
    let effects = typed(&mut console, "gjmjjc");
    let copied = effects.iter().find_map(|effect| match effect {
        Effect::CopyLog { request, from, to } => Some((*request, *from, *to)),
        _ => None,
    });
    let (request, from, to) = copied.unwrap();
    assert_eq!((from, to), (1, 3));
    let effects = console.update(Msg::Copied { request, answer: Ok("a\nb\nc".into()) });
    let [Effect::Clipboard { text, what }] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!((text.as_str(), what.as_str()), ("a\nb\nc", "3 lines of the log"));
    assert!(console.toasts.iter().next_back().is_none(), "nothing is said to be copied before it is");
    console.update(Msg::Clipped { answer: Ok("copied 3 lines of the log into tmux's buffer".into()) });
    assert!(console.toasts.iter().any(|toast| toast.text.starts_with("copied 3 lines")));
    console.update(Msg::Clipped { answer: Err("nothing was copied: tmux load-buffer: no server".into()) });
    assert!(console.toasts.iter().any(|toast| toast.text.starts_with("nothing was copied")));
    assert!(console.update(Msg::Copied { request, answer: Ok("again".into()) }).is_empty(), "answered already");
}

#[test]
fn the_end_of_a_long_log_is_shown_before_it_is_counted() {
    let mut console = night();
    console.lines.select(&key("windows-server-2025"));
    let effects = fixture::measured(&mut console, 4);
    let request = effects.iter().find_map(|effect| match effect {
        Effect::OpenLog { request, .. } => Some(*request),
        _ => None,
    });
    let request = request.unwrap();
    let reading = LogFacts { settled: false, ..grown(0, 0) };
    console.update(Msg::LogGrew { request, answer: Ok(reading) });
    console.update(Msg::LogTailed { request, rows: fixture::lines(&LOG) });
    assert_eq!(console.log.early().map(<[_]>::len), Some(8));
    console.update(Msg::LogGrew { request, answer: Ok(grown(8, 0)) });
    assert_eq!(console.log.early(), None);
}

#[test]
fn r_opens_a_log_anew_that_could_not_be_read() {
    let (mut console, opened) = open();
    console.update(Msg::LogGrew { request: opened, answer: Err("permission denied".into()) });
    assert_eq!(console.log.trouble(), Some("permission denied"));
    assert!(typed(&mut console, "r").iter().any(|effect| matches!(effect, Effect::OpenLog { .. })));
    assert_eq!(console.log.trouble(), None);
}
