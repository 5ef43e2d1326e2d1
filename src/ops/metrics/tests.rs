use std::collections::BTreeSet;
use std::path::Path;

use super::*;
use crate::paths::StateDir;
use crate::pipeline::Key;
use crate::vcenter::gate::Mode;

/// What `promtool check metrics` objects to, as promlint has its rules
/// (github.com/prometheus/client_golang/prometheus/testutil/promlint).
fn lint(name: &str, kind: &str, help: &str, labels: &[&str]) -> Vec<String> {
    let mut problems = Vec::new();
    let mut object = |wrong: bool, what: &str| {
        if wrong {
            problems.push(format!("{name}: {what}"));
        }
    };
    object(help.trim().is_empty(), "no help text");
    object(kind != "counter" && name.ends_with("_total"), "non-counter metrics should not have a _total suffix");
    object(kind == "counter" && !name.ends_with("_total"), "counter metrics should have a _total suffix");
    for suffix in ["_bucket", "_count", "_sum"] {
        object(name.ends_with(suffix), "only histograms and summaries have such a suffix");
    }
    for word in ["gauge", "counter", "histogram", "summary"] {
        object(name.split('_').any(|part| part == word), "metric name should not include its type");
    }
    object(name.contains(':'), "metric names should not contain ':'");
    let camel =
        |text: &str| text.as_bytes().windows(2).any(|two| two[0].is_ascii_lowercase() && two[1].is_ascii_uppercase());
    object(camel(name) || labels.iter().any(|label| camel(label)), "names should be written in snake_case");
    // Base units, and no abbreviations of them.
    for part in name.split('_') {
        let not_base = [
            "minutes",
            "minute",
            "hours",
            "hour",
            "days",
            "day",
            "weeks",
            "milliseconds",
            "microseconds",
            "nanoseconds",
            "kilobytes",
            "megabytes",
            "gigabytes",
            "kibibytes",
            "mebibytes",
            "bits",
            "percent",
            "kelvin",
            "fahrenheit",
        ];
        object(not_base.contains(&part), "use the base unit");
        let abbreviations = ["s", "ms", "us", "ns", "sec", "b", "kb", "mb", "gb", "tb", "pb", "m", "h", "d"];
        object(abbreviations.contains(&part), "metric names should not contain abbreviated units");
    }
    let unit = name.split('_').position(|part| part == "seconds");
    object(unit.is_some_and(|at| at + 1 != name.split('_').count()), "the unit comes last");
    problems
}

/// A line of the text format: name, labels, value.
fn sample(line: &str) -> (String, String, f64) {
    let (series, value) = line.rsplit_once(' ').unwrap();
    let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
    assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'), "{line}");
    (name.to_owned(), labels.strip_suffix('}').unwrap().to_owned(), value.parse().unwrap())
}

#[test]
fn promtool_has_nothing_to_say() {
    let mut names = BTreeSet::new();
    for metric in Metric::ALL {
        assert_eq!(lint(metric.name(), "gauge", metric.help(), metric.labels()), [""; 0]);
        assert!(names.insert(metric.name()), "{} is told twice", metric.name());
        assert!(metric.name().starts_with("tmpl_"));
    }
    assert_eq!(lint("tmpl_age_minutes_total", "gauge", "", &["lineKey"]).len(), 4, "the rules hold");
}

#[test]
fn the_text_is_what_prometheus_reads() {
    let mut all = Exposition::default();
    all.add(Metric::LiveAge, &["debian-12"], 86_400.5);
    all.add(Metric::LastRunInfo, &["odd \"key\"\\", "failed", "wait\u{1b}[2J"], 1.0);
    all.flag(Metric::ScheduleHealthy, &[], true);
    let text = all.text();
    assert!(text.ends_with('\n') && !text.contains('\u{1b}'), "{text:?}");
    let mut seen = BTreeSet::new();
    let (mut lines, mut family) = (text.lines().peekable(), String::new());
    while let Some(line) = lines.next() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            family = help.split(' ').next().unwrap().to_owned();
            assert!(seen.insert(family.clone()), "one block for each name");
            assert_eq!(lines.next(), Some(&*format!("# TYPE {family} gauge")));
            continue;
        }
        assert_eq!(sample(line).0, family);
    }
    assert!(text.contains("tmpl_live_age_seconds{line=\"debian-12\"} 86400.5\n"), "{text}");
    assert!(text.contains("line=\"odd \\\"key\\\"\\\\\",result=\"failed\""), "{text}");
    assert!(text.contains("\ntmpl_schedule_healthy 1\n"), "{text}");
}

#[test]
fn the_board_asks_for_what_there_is() {
    let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/grafana.json"));
    let board: serde_json::Value = serde_json::from_str(text).unwrap();
    let names = regex::Regex::new("tmpl_[a-z_]+").unwrap();
    let mut asked = BTreeSet::new();
    for panel in board["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().unwrap() {
            let query = target["expr"].as_str().unwrap();
            asked.extend(names.find_iter(query).map(|name| name.as_str().to_owned()));
        }
    }
    let there: BTreeSet<String> = Metric::ALL.iter().map(|metric| metric.name().to_owned()).collect();
    assert_eq!(asked.difference(&there).collect::<Vec<_>>(), Vec::<&String>::new());
    // All that somebody would want to see from afar.
    for metric in [
        Metric::LiveAge,
        Metric::LastRunInfo,
        Metric::LastRunStage,
        Metric::ConsecutiveFailures,
        Metric::LineHeld,
        Metric::IsoMissing,
        Metric::IsoBehind,
        Metric::ScheduleHealthy,
        Metric::LineAlarm,
        Metric::SourceUp,
    ] {
        assert!(asked.contains(metric.name()), "no panel of {}", metric.name());
    }
}

#[tokio::test]
async fn a_source_that_cannot_be_asked_is_told_and_the_others_are_there() {
    let dir = tempfile::tempdir().unwrap();
    let lines = crate::console::fixture::matrix(&["debian-12"]).lines;
    let (state, repo) = (StateDir::at(dir.path()), Path::new("/nowhere").to_owned());
    let context = Context { repo, lines, state, mode: Mode::asked(true) };
    let sources = Sources { mirrors: false, github: false };
    let mut gatherer = Gatherer::new(context, Usual::default(), sources);
    let (all, troubles) = gatherer.gather(Err("no password".into())).await;
    assert_eq!(troubles, [("vcenter", "no password".to_owned())]);
    let text = all.text();
    assert!(text.contains("tmpl_source_up{source=\"vcenter\"} 0\n"), "{text}");
    assert!(text.contains("tmpl_source_up{source=\"records\"} 1\n"), "{text}");
    assert!(text.contains("tmpl_consecutive_failures{line=\"debian-12\"} 0\n"), "{text}");
    assert_eq!(Key("debian-12".into()), gatherer.context.lines[0].key);
}
