//! The verdict while packer still tries: how soon the cause is told, that it stays, and that healthy builds raise no alarm.

use std::path::Path;

use tmpl::text::Scrubber;
use tmpl::triage::rules::Rules;
use tmpl::triage::verdict::{BuildContext, Judge, Outlook, Verdict};

/// The verdicts that a console gives while a log grows: after each line, or after each second of packer's clock.
fn verdicts(path: &Path, by_line: bool) -> Vec<(usize, Verdict)> {
    let rules = Rules::shipped().unwrap();
    let mut judge = Judge::new(&rules).unwrap();
    let log = std::fs::read(path).unwrap();
    let lines: Vec<&[u8]> = log.split_inclusive(|byte| *byte == b'\n').collect();
    let live = BuildContext { live: true, ..BuildContext::default() };
    let mut given = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        judge.read(*line).unwrap();
        // A message may have many lines, all written at once.
        let second =
            lines.get(number + 1).is_some_and(|next| next.starts_with(b"20") && next.get(..19) != line.get(..19));
        if by_line || second {
            given.push((number + 1, judge.verdict(&Scrubber::default(), live.clone())));
        }
    }
    given
}

fn log(scenario: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/logs").join(scenario).join("packer-build.log")
}

fn alarming(outlook: Option<&Outlook>) -> bool {
    outlook.is_some_and(|outlook| !outlook.passing)
}

/// Logs of packer's retries: the cause is told by the line that shows it first, long before packer gives up, and is the one
/// that packer's end confirms.
#[test]
fn a_retried_cause_is_told_by_its_first_line() {
    let cases = [
        ("05-ssh-timeout-port-closed", "ssh_timeout", "TCP connection to SSH ip/port failed"),
        ("06-ssh-auth-failure", "ssh_auth", "unable to authenticate"),
        ("22-windows-winrm-timeout", "winrm_timeout", "connection error: "),
        ("23-windows-winrm-401", "winrm_auth", "401"),
    ];
    for (scenario, class, sign) in cases {
        let path = log(scenario);
        let text = std::fs::read_to_string(&path).unwrap();
        let first = text.lines().position(|line| line.contains(sign)).unwrap() + 1;
        let given = verdicts(&path, true);
        let told = given.iter().find(|(_, verdict)| verdict.class == class);
        let (line, verdict) = told.unwrap_or_else(|| panic!("{scenario}: never told"));
        assert_eq!(*line, first, "{scenario}: {verdict:#?}");
        assert_eq!(verdict.evidence[0].line, Some(first as u64), "{scenario}");
        assert!(verdict.outlook.as_ref().unwrap().gives_up.is_some(), "{scenario}: when packer gives up is in its log");
        let end = text.lines().count();
        assert!(end - first > 5, "{scenario}: packer went on for {} lines", end - first);
    }
}

/// What is told while packer is at work is what its end confirms; a build that ends well raises no alarm on the way.
#[test]
fn an_alarm_on_the_way_is_never_about_another_cause_than_the_end() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/logs");
    let mut alarms = 0;
    let mut faults = Vec::new();
    for scenario in super::expected(&root) {
        let path = log(&scenario.scenario);
        if !path.exists() {
            continue;
        }
        for (line, verdict) in verdicts(&path, false) {
            if !alarming(verdict.outlook.as_ref()) {
                continue;
            }
            alarms += 1;
            if !scenario.class.split('+').any(|class| class == verdict.class) {
                faults.push(format!("{} line {line}: {} {:?}", scenario.scenario, verdict.class, verdict.rule));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
    assert!(alarms > 10, "{alarms} alarms");
}
