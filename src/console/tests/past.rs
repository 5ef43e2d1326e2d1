//! Going through the runs of a line, and what changed since one of them went well.

use jiff::SignedDuration;

use crate::console::fixture::{self, key, typed};
use crate::console::past::RunHistory;
use crate::console::run::{RunSeen, RunState};
use crate::console::{Console, Effect, Msg};
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
    assert_eq!(console.strip(&key("rocky-9")), "⊘✓✗✗");
    assert_eq!(console.past_words(), None);
    let effects = typed(&mut console, "[");
    let dir = "/state/runs/rocky-9/run-1";
    assert_eq!(opened(&effects), [format!("{dir}/packer-build.log"), dir.into(), dir.into()]);
    assert_eq!(console.past_words().as_deref(), Some("run 3 of 4, Mar 12 03:12, 2 days ago, failed"));
    assert!(console.case().is_some_and(|case| case.working() && case.verdict().is_none()), "it is judged by itself");
    typed(&mut console, "[[[");
    let toast = console.toasts.iter().last().map(|toast| toast.text.clone());
    assert_eq!(toast.as_deref(), Some("no older run is on record here"));
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
