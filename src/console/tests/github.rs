//! The pipeline on GitHub: what is asked when, what is allowed, what follows from an answer.

use std::sync::Arc;

use crate::console::click::Target;
use crate::console::fixture::{self, key, night, typed};
use crate::console::github::{Action, Ask, FetchedRun, GitHubEvent};
use crate::console::panes::{Pane, View};
use crate::console::scope::Scope;
use crate::console::{Console, Effect, Msg, RequestId};
use crate::github::{Conclusion, State};

fn toast(console: &Console) -> String {
    console.toasts.iter().last().map(|toast| toast.text.clone()).unwrap_or_default()
}

fn asked(effects: &[Effect]) -> Vec<&Ask> {
    let ask = |effect: &'_ Effect| matches!(effect, Effect::GitHub(_));
    effects
        .iter()
        .filter(|effect| ask(effect))
        .filter_map(|effect| match effect {
            Effect::GitHub(ask) => Some(ask),
            _ => None,
        })
        .collect()
}

fn request(ask: &Ask) -> RequestId {
    match ask {
        Ask::Look(request) | Ask::Change(request, _) | Ask::Fetch(request, _) => *request,
    }
}

#[test]
fn without_a_token_nothing_is_asked_and_the_screen_says_what_is_missing() {
    let mut console = night();
    let missing = Err("no GITHUB_TOKEN".into());
    let effects = console.update(Msg::GitHub(GitHubEvent::Ready(missing)));
    assert!(asked(&effects).is_empty());
    typed(&mut console, "D");
    assert_eq!(toast(&console), "no GITHUB_TOKEN");
    typed(&mut console, "W");
    assert_eq!(console.panes.view, View::GitHub);
    typed(&mut console, "\x1b");
    assert_eq!(console.panes.view, View::Lines, "a notice that only informs takes no key");
}

#[test]
fn it_asks_every_few_seconds_and_seldom_where_github_has_trouble_or_the_limit_is_near() {
    let mut console = night();
    let effects = console.update(Msg::GitHub(GitHubEvent::Ready(Ok("acme/images".into()))));
    let [Ask::Look(first)] = asked(&effects)[..] else { panic!("{effects:?}") };
    let first = *first;
    let at = |seconds| Msg::Ticked { now: fixture::now() + jiff::SignedDuration::from_secs(seconds) };
    assert!(asked(&console.update(at(300))).is_empty(), "one request at a time");
    let answer = Err("GitHub is in trouble (502)".into());
    let effects = console.update(Msg::GitHub(GitHubEvent::Looked(first, answer)));
    assert_eq!(asked(&effects).len(), 1, "minutes have gone");
    let again = request(asked(&effects)[0]);
    console.update(Msg::GitHub(GitHubEvent::Looked(again, Ok(fixture::pipeline()))));
    assert!(asked(&console.update(at(303))).is_empty());
    assert_eq!(asked(&console.update(at(304))).len(), 1, "somebody else's run is on the row within five seconds");
    let mut spent = fixture::pipeline();
    if let Some(rate) = &mut Arc::make_mut(&mut spent).board.rate {
        rate.remaining = rate.limit / 5;
    }
    for number in 0..100 {
        console.update(Msg::GitHub(GitHubEvent::Looked(RequestId(number), Ok(spent.clone()))));
    }
    assert!(asked(&console.update(at(354))).is_empty(), "others need what is left of the limit");
    assert_eq!(asked(&typed(&mut console, "W")).len(), 1, "opening it asks");
}

#[test]
fn a_line_that_a_leg_builds_is_not_built_here_and_the_run_is_named() {
    let mut console = fixture::with_github(night());
    console.lines.select(&key("debian-13"));
    typed(&mut console, "b");
    assert!(console.overlay.is_none());
    let said = "debian-13 is being built by run #88 on GitHub: https://github.com/acme/images/actions/runs/9088";
    assert_eq!(toast(&console), said);
    typed(&mut console, "D");
    assert!(toast(&console).contains("debian-13 is already being built by run #88"), "{}", toast(&console));
}

#[test]
fn a_dispatch_is_confirmed_first_and_goes_to_the_selected_line() {
    let mut console = fixture::with_github(night());
    console.lines.select(&key("almalinux-9"));
    assert!(asked(&typed(&mut console, "D")).is_empty());
    let effects = typed(&mut console, "y");
    let [ask @ Ask::Change(_, Action::Dispatch(line))] = asked(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!(*line, key("almalinux-9"));
    typed(&mut console, "D");
    assert!(toast(&console).contains("still at work"), "{}", toast(&console));
    console.update(Msg::GitHub(GitHubEvent::Done(request(ask), Ok("almalinux-9: run #89".into()))));
    assert_eq!(toast(&console), "almalinux-9: run #89");
}

#[test]
fn a_waiting_run_is_not_pushed_out() {
    let mut console = fixture::with_github(night());
    fixture::hear(&mut console, |pipeline| {
        let mut waiting = pipeline.board.runs[0].clone();
        waiting.run.id = 9090;
        waiting.run.number = 90;
        waiting.run.title = "build-templates rocky-9".into();
        waiting.run.state = State::Pending;
        waiting.legs.clear();
        pipeline.board.runs.insert(0, waiting);
    });
    console.lines.select(&key("almalinux-9"));
    typed(&mut console, "D");
    assert!(toast(&console).contains("run #90 (build-templates rocky-9) is already waiting"), "{}", toast(&console));
}

#[test]
fn the_chosen_run_is_cancelled_and_what_stays_behind_is_said() {
    let mut console = fixture::with_github(night());
    let guest = fixture::guest(42, "tpl-debian-13-build", None);
    console.update(Msg::FolderChanged(crate::vcenter::FolderEvent::Changed(Box::new(guest))));
    typed(&mut console, "X");
    assert!(toast(&console).contains("W shows them"), "{}", toast(&console));
    let effects = typed(&mut console, "WXy");
    let cancelled =
        asked(&effects).iter().any(|ask| matches!(ask, Ask::Change(_, Action::Cancel(run)) if run.number == 88));
    assert!(cancelled, "{effects:?}");
    fixture::hear(&mut console, |pipeline| {
        pipeline.board.runs[0].run.state = State::Ended(Conclusion::Cancelled);
        pipeline.board.runs[0].legs[0].state = State::Ended(Conclusion::Cancelled);
    });
    assert_eq!(
        toast(&console),
        "debian-13: run #88 on GitHub cancelled; tpl-debian-13-build is still there: S sweeps it"
    );
}

#[test]
fn a_run_at_work_is_not_run_again_for_the_reason_that_the_verb_gives() {
    let mut console = fixture::with_github(night());
    typed(&mut console, "WA");
    assert!(toast(&console).contains("run #88 is not over yet"), "{}", toast(&console));
}

#[test]
fn the_evidence_of_a_failed_leg_opens_as_a_run_of_its_line() {
    let mut console = fixture::with_github(night());
    typed(&mut console, "Wjjj");
    assert_eq!(console.lines.selected().unwrap().line.key, key("windows-server-2022"));
    let effects = typed(&mut console, "\n");
    let ask = asked(&effects).into_iter().find(|ask| matches!(ask, Ask::Fetch(..))).expect("it fetches");
    let skew = vec!["packer 1.15.4 was used, the checkout pins 1.16.0".to_owned()];
    let kept = FetchedRun { key: key("windows-server-2022"), began: fixture::ago(500), page: String::new(), skew };
    let effects = console.update(Msg::GitHub(GitHubEvent::Fetched(request(ask), Ok(kept))));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::ReadRuns)));
    assert!(console.panes.view == View::Lines && console.panes.focus == Pane::Verdict);
    assert!(toast(&console).contains("the checkout pins 1.16.0"), "{}", toast(&console));
}

#[test]
fn the_page_is_copied_and_shown() {
    let mut console = fixture::with_github(night());
    let effects = typed(&mut console, "Wc");
    let url = "https://github.com/acme/images/actions/runs/9088";
    let shown = |effect: &Effect| matches!(effect, Effect::Clipboard { text, what } if text == url && what == url);
    assert!(effects.iter().any(shown));
}

#[test]
fn g_in_the_log_is_its_end() {
    let mut console = night();
    console.panes.focus(Pane::Log);
    typed(&mut console, "G");
    assert_eq!(console.panes.view, View::Lines);
}

fn chosen(console: &Console) -> usize {
    console.github.chosen(console.github.rows().len())
}

#[test]
fn the_ends_of_runs_and_lines_are_the_same_keys() {
    let mut console = fixture::with_github(night());
    typed(&mut console, "G");
    assert_eq!(console.lines.selected_index(), Some(console.lines.all().len() - 1));
    typed(&mut console, "WG");
    assert_eq!(chosen(&console), console.github.rows().len() - 1);
    typed(&mut console, "g");
    assert_eq!(chosen(&console), 0);
}

#[test]
fn clicks_and_the_wheel_act_on_the_view_they_are_over() {
    let mut console = fixture::with_github(night());
    typed(&mut console, "W");
    console.update(Msg::Wheeled { at: Scope::GitHub, rows: 3 });
    assert_eq!(chosen(&console), 1);
    let fourth = console.github.rows()[3].id();
    console.update(Msg::Clicked(Target::GitHub(fourth)));
    assert_eq!(console.lines.selected().unwrap().line.key, key("windows-server-2022"));
    typed(&mut console, "M");
    let first = console.lines.all()[0].line.key.clone();
    console.update(Msg::Clicked(Target::Line(first)));
    console.update(Msg::Wheeled { at: Scope::Media, rows: 3 });
    assert_eq!((console.panes.view, console.lines.selected_index()), (View::Media, Some(1)));
}

#[test]
fn a_key_that_works_elsewhere_says_where() {
    let mut console = fixture::with_github(night());
    for key in ["W", "w", "f", "\t", "/", "1"] {
        typed(&mut console, key);
    }
    assert_eq!(console.panes.view, View::GitHub);
    assert_eq!(toast(&console), "the panes are behind this view: Esc goes back to them");
    typed(&mut console, "\x1bl");
    assert_eq!(toast(&console), "works in picture, log, timeline, wall: Tab goes there");
    typed(&mut console, "v");
    assert_eq!(console.panes.scope(), Scope::Verdict);
}

#[test]
fn an_answer_to_nobody_is_dropped() {
    let mut console = fixture::with_github(night());
    let before = console.github.pipeline.clone();
    let mut other = fixture::pipeline();
    Arc::make_mut(&mut other).board.runs.clear();
    console.update(Msg::GitHub(GitHubEvent::Looked(RequestId(9999), Ok(other))));
    assert_eq!(console.github.pipeline, before);
}
