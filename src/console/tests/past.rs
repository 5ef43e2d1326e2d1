//! Going through the runs of a line, and what changed since one of them went well.

use jiff::SignedDuration;

use crate::console::fixture::{self, key, night, typed};
use crate::console::github::{Ask, FetchedRun, GitHubEvent};
use crate::console::past::{LineRun, RunHistory};
use crate::console::run::{RunSeen, RunState};
use crate::console::{Console, Effect, Msg};
use crate::github::{Conclusion, State};
use crate::ops::deeds::{Deed, What};
use crate::ops::history::{Change, SinceGreen};

const FAILED: RunState = RunState::Failed { exit: Some(1) };

fn run(number: i64, state: RunState) -> RunSeen {
    let started = fixture::now() - SignedDuration::from_hours(24 * (number + 1));
    RunSeen {
        started,
        ended: Some(started + SignedDuration::from_mins(9)),
        dir: format!("/state/runs/rocky-9/run-{number}").into(),
        log: format!("/state/runs/rocky-9/run-{number}/packer-build.log").into(),
        ..fixture::run(state, 0, None)
    }
}

/// A line that failed twice after it went well.
pub(crate) fn failing() -> Console {
    let mut console = fixture::night();
    let runs = vec![run(0, FAILED), run(1, FAILED), run(2, RunState::Succeeded), run(3, RunState::Cancelled)];
    console.update(Msg::RunsRead(vec![(key("rocky-9"), Ok(runs.first().cloned()))]));
    let change = |kind, text: &str| Change { kind, text: text.into() };
    let since = SinceGreen {
        good: "run-2".into(),
        bad: "run-1".into(),
        failures: 2,
        changes: vec![
            change("iso", "rocky-9.6.iso → rocky-9.7.iso"),
            change("plugins", "vsphere v1.4.2 → vsphere v2.1.0"),
            change("commit", "4f2a91c rocky: newer kickstart"),
            change("stage", "provision took 9m, usually 4m"),
        ],
    };
    let history = RunHistory { runs, since: Some(since) };
    console.update(Msg::HistoryRead { key: key("rocky-9"), answer: Ok(Box::new(history)) });
    console.lines.select(&key("rocky-9"));
    let effects = console.update(Msg::Ticked { now: fixture::now() });
    fixture::judged(&mut console, &effects);
    console
}

fn opened(effects: &[Effect]) -> Vec<String> {
    let paths = effects.iter().filter_map(|effect| match effect {
        Effect::OpenLog { path, .. } => Some(path),
        Effect::OpenRecording { dir, .. } => Some(dir),
        Effect::Judge { run, .. } => Some(&run.dir),
        _ => None,
    });
    paths.map(|path| path.display().to_string()).collect()
}

#[test]
fn a_run_gone_back_to_brings_its_log_pictures_and_verdict() {
    let mut console = failing();
    assert_eq!(console.strip(console.lines.get(&key("rocky-9")).unwrap()), "⊘✓✗✗");
    assert_eq!(console.past_words(), None);
    let effects = typed(&mut console, "[");
    let dir = "/state/runs/rocky-9/run-1";
    assert_eq!(opened(&effects), [format!("{dir}/packer-build.log"), dir.into(), dir.into()]);
    assert_eq!(console.past_words().as_deref(), Some("run 3 of 4, Mar 12 03:12, 2 days ago, failed"));
    assert!(console.case().is_some_and(|case| case.working() && case.verdict().is_none()), "it is judged by itself");
    typed(&mut console, "[[[");
    let toast = console.toasts.iter().last().map(|toast| toast.text.clone());
    assert_eq!(toast.as_deref(), Some("no older run is known"));
    let effects = typed(&mut console, "]]]");
    assert!(opened(&effects).contains(&"/state/runs/rocky-9/run-0".to_owned()));
    assert_eq!(console.past_words(), None);
    assert!(console.case().is_some_and(|case| case.verdict().is_some()), "the newest one's verdict was kept");
}

#[test]
fn esc_and_another_line_lead_back_to_the_newest_run() {
    let mut console = failing();
    typed(&mut console, "[");
    typed(&mut console, "\x1b");
    assert_eq!(console.past_words(), None);
    typed(&mut console, "[");
    assert!(console.next_keys().is_empty(), "what is over is not acted upon");
    console.lines.select(&key("debian-12"));
    console.update(Msg::Ticked { now: fixture::now() });
    console.lines.select(&key("rocky-9"));
    assert_eq!(console.past_words(), None);
}

#[test]
fn runs_at_github_are_gone_through_with_those_here_and_fetched_on_demand() {
    let mut console = fixture::with_github(failing());
    console.lines.select(&key("windows-server-2022"));
    let row = |console: &Console| console.lines.selected().unwrap().clone();
    assert_eq!(console.strip(&row(&console)), "✗");
    typed(&mut console, "[");
    let words = "run 1 of 1 (#87 on GitHub), Mar 13 18:01, 9 h ago, failed";
    assert_eq!(console.past_words().as_deref(), Some(words));
    assert!(console.shown_run().is_none() && console.case().is_none(), "nothing of it is here");
    let next: Vec<String> = console.next_keys().into_iter().map(|next| format!("{} {}", next.key, next.word)).collect();
    assert_eq!(next, ["Enter fetch log and pictures"]);
    let effects = typed(&mut console, "\n");
    let fetched = |effect: &Effect| matches!(effect, Effect::GitHub(Ask::Fetch(_, chosen)) if chosen.0.number == 87);
    assert!(effects.iter().any(fetched), "{effects:?}");

    // Of a line that was built here and there, in the order of their beginnings.
    console.lines.select(&key("rocky-9"));
    console.update(Msg::Ticked { now: fixture::now() });
    let marks = console.strip(&row(&console));
    assert_eq!(marks, "⊘✓✗✗✓", "the newest of all is GitHub's and went well");
    typed(&mut console, "]");
    assert!(
        console.past_words().is_some_and(|words| words.contains("(#87 on GitHub)") && words.ends_with("succeeded"))
    );
    assert!(console.next_keys().is_empty(), "what went well left nothing");
    typed(&mut console, "[");
    assert!(!console.looks_back(), "the newest one here");
}

#[test]
fn a_good_run_at_github_between_those_compared_is_named() {
    let mut console = fixture::with_github(failing());
    let since = console.history().unwrap().since.clone().unwrap();
    assert_eq!(console.greener(&since), None, "it went well after the failures");
    let row = console.lines.rows.iter_mut().find(|row| row.line.key == key("rocky-9")).unwrap();
    row.remotes.iter_mut().for_each(|remote| remote.began = run(1, FAILED).started - SignedDuration::from_hours(1));
    assert_eq!(console.greener(&since).map(|remote| remote.number), Some(87));
    let row = console.lines.rows.iter_mut().find(|row| row.line.key == key("rocky-9")).unwrap();
    row.remotes.iter_mut().for_each(|remote| remote.began = run(2, FAILED).started - SignedDuration::from_hours(1));
    assert_eq!(console.greener(&since), None, "the good one here is newer");
}

#[test]
fn an_older_run_that_was_fetched_is_the_one_that_is_looked_at() {
    let mut console = fixture::with_github(failing());
    let remote = console.lines.get(&key("rocky-9")).unwrap().remotes.last().cloned().unwrap();
    let request = console.request();
    console.github.fetching(request);
    let fetched = FetchedRun { key: key("rocky-9"), began: remote.began, page: remote.page.clone(), skew: Vec::new() };
    let effects = console.update(Msg::GitHub(GitHubEvent::Fetched(request, Ok(fetched))));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::ReadHistory(line) if *line == key("rocky-9"))));
    let mut history = console.history().unwrap().clone();
    let newer = history.runs.iter().take_while(|run| run.started > remote.began).count();
    let kept = RunSeen { started: remote.began, origin: Some(remote.page), ..run(9, FAILED) };
    history.runs.insert(newer, kept);
    console.update(Msg::HistoryRead { key: key("rocky-9"), answer: Ok(Box::new(history)) });
    assert_eq!(console.past_run().map(|run| run.dir.clone()), Some("/state/runs/rocky-9/run-9".into()));
}

#[test]
fn what_was_done_here_with_a_run_at_github_is_said() {
    let mut console = fixture::with_github(night());
    let page = console.lines.get(&key("debian-13")).unwrap().remote().unwrap().page.clone();
    let deed = |what, minutes| Deed { what, who: "you".into(), at: fixture::ago(minutes) };
    let deeds = vec![deed(What::Dispatched, 12), deed(What::Cancelled, 1)];
    console.update(Msg::DeedsRead([(page, deeds)].into()));
    fixture::hear(&mut console, |pipeline| {
        pipeline.board.runs[0].run.state = State::Ended(Conclusion::Cancelled);
        pipeline.board.runs[0].legs[0].state = State::Ended(Conclusion::Cancelled);
    });
    let row = console.lines.get(&key("debian-13")).unwrap();
    let said: Vec<String> = console.remarks(row).into_iter().map(|remark| remark.text).collect();
    assert!(
        said.iter().any(|text| text.contains("(mona; you dispatched it at 03:00; you cancelled it at 03:11)")),
        "{said:?}"
    );
}

#[test]
fn without_a_comparison_it_says_which_run_is_missing() {
    let said = |runs: Vec<RunSeen>| {
        let mut console = night();
        console.update(Msg::RunsRead(vec![(key("rocky-9"), Ok(runs.first().cloned()))]));
        let history = RunHistory { runs, since: None };
        console.update(Msg::HistoryRead { key: key("rocky-9"), answer: Ok(Box::new(history)) });
        console.lines.select(&key("rocky-9"));
        typed(&mut console, "V");
        console.toasts.iter().last().map(|toast| toast.text.clone()).unwrap_or_default()
    };
    assert_eq!(said(Vec::new()), "this line never ran: nothing to compare");
    assert_eq!(said(vec![run(0, RunState::Succeeded)]), "this line's last run went well: nothing to compare");
    let never = "no good run of this line is known, here or on GitHub: nothing to compare with";
    assert_eq!(said(vec![run(0, FAILED), run(1, RunState::Cancelled)]), never);
}

#[test]
fn the_last_good_run_may_be_on_github() {
    let mut console = fixture::with_github(night());
    fixture::hear(&mut console, |_| {});
    let row = console.lines.all().iter().find(|row| {
        let marks: Vec<char> = console.line_runs(row).iter().map(LineRun::mark).filter(|mark| *mark != '●').collect();
        marks.first().is_some_and(|mark| *mark != '✓') && marks.contains(&'✓')
    });
    let key = row.expect("GitHub has one that failed after it went well").line.key.clone();
    console.lines.select(&key);
    typed(&mut console, "V");
    let toast = console.toasts.iter().last().map(|toast| toast.text.clone()).unwrap_or_default();
    assert!(toast.starts_with("the last good run is #") && toast.contains("on GitHub"), "{toast}");
}
