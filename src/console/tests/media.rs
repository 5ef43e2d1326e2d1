//! Install media: what keys and answers lead to.

use rstest::rstest;

use crate::console::command::{Change, Command, MediaChange};
use crate::console::fixture::{self, ago, key, media, night, seen, typed};
use crate::console::media::{Offer, Report, Request, StageProgress, Work};
use crate::console::overlay::Overlay;
use crate::console::panes::View;
use crate::console::{Console, Effect, Msg, RequestId};
use crate::vcenter::LinkState;

/// The view of media, everything asked and answered, on this line.
fn on(line: &str) -> Console {
    let mut console = media();
    console.lines.select(&key(line));
    console
}

fn requests(effects: &[Effect]) -> Vec<&Request> {
    effects.iter().filter_map(|effect| if let Effect::Media(request) = effect { Some(request) } else { None }).collect()
}

fn toast(console: &Console) -> String {
    console.toasts.iter().last().map(|toast| toast.text.clone()).unwrap_or_default()
}

fn report(console: &mut Console, report: Report) -> Vec<Effect> {
    console.update(Msg::Media(report))
}

#[test]
fn the_datastore_is_asked_once_the_link_is_there_and_again_after_a_while() {
    let mut console = fixture::empty();
    let effects = fixture::link(&mut console, LinkState::Live);
    let [Request::Look { request }] = requests(&effects)[..] else { panic!("{effects:?}") };
    let request = *request;
    let later = fixture::now() + jiff::SignedDuration::from_mins(5);
    assert!(requests(&console.update(Msg::Ticked { now: later })).is_empty(), "still asking");
    report(&mut console, Report::Looked { request, answer: Err("no".into()) });
    assert_eq!(console.media.trouble(), Some("no"));
    let again = console.update(Msg::Ticked { now: later + jiff::SignedDuration::from_mins(11) });
    assert!(matches!(requests(&again)[..], [Request::Look { .. }]));
    let stale = report(&mut console, Report::Looked { request, answer: Ok(vec![(key("rocky-9"), seen(None))]) });
    assert!(requests(&stale).is_empty() && !console.lines.get(&key("rocky-9")).unwrap().iso_missing, "a stale answer");
}

#[test]
fn the_mirrors_are_asked_when_the_view_is_first_opened_and_then_by_key() {
    let mut console = night();
    let effects = typed(&mut console, "M");
    assert!(matches!(requests(&effects)[..], [Request::Check { keys, .. }] if keys.len() == 9), "{effects:?}");
    assert!(requests(&typed(&mut console, "a")).is_empty(), "they are being asked");
    assert!(toast(&console).contains("still asking"));
    let mut console = media();
    assert!(requests(&typed(&mut console, "MM")).is_empty(), "known already");
    assert!(matches!(requests(&typed(&mut console, "a"))[..], [Request::Check { .. }, Request::Look { .. }]));
}

#[test]
fn a_missing_iso_is_an_alarm_of_the_lines() {
    let console = media();
    let row = console.lines.get(&key("rocky-9")).unwrap();
    assert_eq!(row.alarm().as_deref(), Some("its ISO is not staged"));
    assert_eq!(console.lines.get(&key("debian-13")).unwrap().alarm(), None);
}

#[test]
fn a_bump_shows_its_difference_and_writes_what_was_shown() {
    let mut console = on("debian-13");
    assert!(requests(&typed(&mut console, "B")).is_empty(), "asked first");
    let Some(Overlay::Confirm(confirm)) = &console.overlay else { panic!("no confirmation") };
    assert!(confirm.diff.contains(&"- iso_file = \"debian-13.6.0.iso\"".to_owned()), "{:?}", confirm.diff);
    assert!(confirm.diff.contains(&"+ iso_file = \"debian-13.7.0.iso\"".to_owned()), "{:?}", confirm.diff);
    let effects = typed(&mut console, "y");
    let [Request::Bump { request, bump, .. }] = requests(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!(bump.to, "debian-13.7.0.iso");
    assert!(requests(&typed(&mut console, "B")).is_empty() && toast(&console).contains("a bump is being written"));
    let mut line = console.lines.get(&key("debian-13")).unwrap().line.clone();
    line.iso_url = Some("https://mirror.example.com/debian-13.7.0.iso".into());
    let effects = report(&mut console, Report::Bumped { request: *request, answer: Ok(Box::new(line)) });
    assert!(matches!(requests(&effects)[..], [Request::Check { keys, .. }, Request::Look { .. }] if keys.len() == 1));
    assert!(toast(&console).contains("debian-13.7.0.iso") && console.media.working().next().is_none());
}

#[test]
fn a_staging_reports_its_way_and_can_be_stopped() {
    let mut console = on("rocky-9");
    typed(&mut console, "I");
    let effects = typed(&mut console, "y");
    let [Request::Stage { request, .. }] = requests(&effects)[..] else { panic!("{effects:?}") };
    let request = *request;
    let moved = StageProgress { done: 10, size: 100, ..StageProgress::default() };
    report(&mut console, Report::Staging { request, moved: moved.clone() });
    report(&mut console, Report::Staging { request: RequestId(9_999), moved: StageProgress::default() });
    let work = console.media.get(&key("rocky-9")).unwrap().work.clone();
    assert_eq!(work, Some(Work::Staging { request, moved, stopping: false }));
    assert!(!console.idle());
    typed(&mut console, "I");
    assert!(toast(&console).contains("is being staged"));
    assert!(requests(&typed(&mut console, "K")).is_empty(), "asked first");
    assert!(
        matches!(requests(&typed(&mut console, "y"))[..], [Request::Stop { request: stopped }] if *stopped == request)
    );
    typed(&mut console, "K");
    assert!(toast(&console).contains("is being stopped"));
    let effects = report(&mut console, Report::Staged { request, answer: Err("cancelled".into()) });
    assert!(matches!(requests(&effects)[..], [Request::Look { .. }]), "the datastore is asked anew");
    assert!(console.media.working().next().is_none() && console.idle());
}

#[test]
fn leaving_waits_for_a_staging_which_can_still_be_stopped() {
    let mut console = on("rocky-9");
    typed(&mut console, "Iy");
    typed(&mut console, "qq");
    assert!(matches!(&console.overlay, Some(Overlay::Quit(ask)) if ask.changes[0].contains("staging of rocky-9")));
    assert!(!typed(&mut console, "l").iter().any(|effect| matches!(effect, Effect::Quit)));
    let effects = typed(&mut console, "Ky");
    let [Request::Stop { request }] = requests(&effects)[..] else { panic!("{effects:?}") };
    let ended = report(&mut console, Report::Staged { request: *request, answer: Err("cancelled".into()) });
    assert!(ended.iter().any(|effect| matches!(effect, Effect::Quit)));
}

#[rstest]
#[case("debian-12", 'B', "has the newest release already")]
#[case("almalinux-9", 'B', "HTTP 503")]
#[case("windows-server-2025", 'B', "by hand")]
#[case("ubuntu-2204", 'B', "correct it by hand")]
#[case("windows-server-2022", 'I', "by hand")]
#[case("debian-12", 'I', "staged already")]
#[case("ubuntu-2404", 'I', "change both together")]
#[case("debian-12", 'K', "no ISO is being staged")]
fn what_cannot_be_done_says_why(#[case] line: &str, #[case] press: char, #[case] why: &str) {
    let mut console = on(line);
    let effects = typed(&mut console, &press.to_string());
    assert!(!effects.iter().any(Effect::mutates) && console.overlay.is_none());
    assert!(toast(&console).contains(why), "{}", toast(&console));
}

#[test]
fn read_only_offers_no_change_but_looks_and_checks() {
    let mut console = on("debian-13");
    console.session.mode = crate::vcenter::gate::Mode::asked(true);
    for change in [MediaChange::Bump, MediaChange::Stage, MediaChange::StopStaging] {
        let command = Command::Change(Change::Media(change));
        assert!(console.allows(&console.on_selection(command)).unwrap_err().to_string().contains("read-only"));
    }
    typed(&mut console, "BIK");
    assert!(console.overlay.is_none());
    assert!(!requests(&typed(&mut console, "a")).is_empty());
}

#[test]
fn the_panes_keys_are_refused_and_esc_goes_back() {
    let mut console = on("debian-13");
    typed(&mut console, "\t");
    assert!(toast(&console).contains("Esc goes back"));
    typed(&mut console, "\x1b\x1b");
    assert_eq!(console.panes.view, View::Lines);
}

#[test]
fn an_answer_to_an_older_check_is_dropped() {
    let mut console = media();
    let before = console.media.get(&key("debian-12")).unwrap().offer.clone();
    let answer = Ok(Offer::ByHand);
    report(&mut console, Report::Checked { request: RequestId(1), key: key("debian-12"), answer });
    assert_eq!(console.media.get(&key("debian-12")).unwrap().offer, before);
    assert_eq!(before.unwrap().0, ago(0));
}

#[test]
fn a_build_without_its_iso_is_warned_of() {
    let mut console = media();
    console.lines.select(&key("almalinux-9"));
    let request = RequestId(1);
    console.media = crate::console::media::Media::default();
    let effects = typed(&mut console, "r");
    let looked = requests(&effects).iter().find_map(|request| match request {
        Request::Look { request } => Some(*request),
        _ => None,
    });
    let rows = vec![(key("almalinux-9"), seen(None))];
    report(&mut console, Report::Looked { request: looked.unwrap_or(request), answer: Ok(rows) });
    typed(&mut console, "b");
    let Some(Overlay::Confirm(confirm)) = &console.overlay else { panic!("no confirmation") };
    assert!(confirm.note.as_deref().is_some_and(|note| note.contains("not on the datastore")), "{:?}", confirm.note);
}

#[test]
fn a_failed_line_without_its_iso_is_offered_that_first() {
    let mut console = fixture::media();
    typed(&mut console, "M");
    console.lines.select(&key("rocky-9"));
    let words: Vec<&str> = console.next_keys().iter().map(|next| next.word).collect();
    assert_eq!(words, ["stage", "build"]);
}
