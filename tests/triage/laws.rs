//! What holds of every log: what stands in front of its lines decides nothing, and neither does what a task prints.

use std::sync::LazyLock;

use proptest::prelude::*;
use tmpl::text::Scrubber;
use tmpl::triage::rules::Rules;
use tmpl::triage::verdict::{EvidenceSource, Judge, Verdict};

use super::variants::samples;

/// Puts a line of a log into an envelope: its number (from 0) and text; more lines come where a runner writes in pieces.
type Envelope = fn(usize, &str) -> Vec<String>;

fn clock(at: usize) -> String {
    format!("{:02}:{:02}:{:02}", 2 + at / 3600 % 20, at / 60 % 60, at % 60)
}

fn stamp(at: usize) -> String {
    format!("2026-11-21T{}", clock(at))
}

/// Cuts a line where a runner may have flushed it.
fn in_pieces(at: usize, line: &str) -> Vec<String> {
    let middle = (line.len() / 2..line.len()).find(|place| line.is_char_boundary(*place)).unwrap_or(line.len());
    let (first, second) = line.split_at(middle);
    match at % 3 {
        0 => vec![format!("{}.1Z 01O {first}", stamp(at)), format!("{}.2Z 01O+{second}", stamp(at))],
        _ => vec![format!("{}.1Z 01O {line}", stamp(at))],
    }
}

const ENVELOPES: &[(&str, Envelope)] = &[
    ("GitHub", |at, line| vec![format!("{}.1234567Z {line}", stamp(at))]),
    ("GitHub's first line", |at, line| {
        vec![format!("{}{}.1234567Z {line}", if at == 0 { "\u{feff}" } else { "" }, stamp(at))]
    }),
    ("gh run view --log", |at, line| vec![format!("build (debian-12)\tRun build\t{}.1234567Z {line}", stamp(at))]),
    ("GitLab", |at, line| {
        vec![format!("{}.123456Z 0{}{} {line}", stamp(at), at % 2, if at % 5 == 0 { 'E' } else { 'O' })]
    }),
    ("GitLab in pieces", in_pieces),
    ("Jenkins", |at, line| vec![format!("[{}.123Z] {line}", stamp(at))]),
    ("Jenkins, a parallel branch", |at, line| vec![format!("[{}.123Z] [debian-12] {line}", stamp(at))]),
    ("Jenkins, older", |at, line| vec![format!("{}  {line}", clock(at))]),
    ("TeamCity", |at, line| vec![format!("[{}]i: {line}", clock(at))]),
    ("a container's log", |at, line| vec![format!("{}.123456789+01:00 stdout F {line}", stamp(at))]),
    ("the journal", |at, line| vec![format!("Nov 21 {} runner-7 packer[4711]: {line}", clock(at))]),
    ("Compose", |_, line| vec![format!("packer-1  | {line}")]),
    ("Buildkite", |at, line| vec![format!("\u{1b}_bk;t=17000{at:08}\u{7}{line}")]),
    ("lines of Windows", |_, line| vec![format!("{line}\r")]),
    ("a byte order mark", |at, line| vec![format!("{}{line}", if at == 0 { "\u{feff}" } else { "" })]),
];

fn verdict(judge: &Judge<'_>, log: &str) -> Verdict {
    let mut judge = judge.fresh();
    judge.read(log.as_bytes()).unwrap();
    judge.verdict(&Scrubber::default(), None)
}

// Made once: its rules take longer to compile than a log to judge.
static RULES: LazyLock<Rules> = LazyLock::new(|| Rules::shipped().unwrap());
static JUDGE: LazyLock<Judge<'static>> = LazyLock::new(|| Judge::new(&RULES).unwrap());

fn cited(verdict: &Verdict) -> Vec<usize> {
    let lines = verdict.evidence.iter().filter(|evidence| evidence.source == EvidenceSource::Log);
    lines.filter_map(|evidence| evidence.line.and_then(|line| usize::try_from(line).ok())).collect()
}

#[test]
fn every_log_in_every_envelope_gets_the_verdict_it_gets_bare() {
    let mut faults = Vec::new();
    for sample in samples("packer-build.log").into_iter().chain(samples("output.log")) {
        let bare = verdict(&JUDGE, &sample.text);
        for (name, envelope) in ENVELOPES {
            let mut wrapped = String::new();
            let (mut places, mut count) = (Vec::new(), 0);
            for (at, line) in sample.text.lines().enumerate() {
                let lines = envelope(at, line);
                places.push(count + 1);
                count += lines.len();
                wrapped.extend(lines.iter().flat_map(|line| [line.as_str(), "\n"]));
            }
            let mut found = verdict(&JUDGE, &wrapped);
            // Of several builds it says whose job they ran in, too.
            found.cause = found.cause.replace("build (debian-12): ", "");
            let lines: Vec<usize> = cited(&bare).iter().map(|line| places[line - 1]).collect();
            if (&bare.class, &bare.rule, &bare.cause, lines) != (&found.class, &found.rule, &found.cause, cited(&found))
            {
                faults.push(format!(
                    "{} in the envelope of {name}: {} by {:?} at {:?}, bare {} by {:?} at {:?}",
                    sample.scenario,
                    found.class,
                    found.rule,
                    cited(&found),
                    bare.class,
                    bare.rule,
                    cited(&bare)
                ));
            }
        }
    }
    assert!(faults.is_empty(), "{} wrong:\n{}", faults.len(), faults.join("\n"));
}

/// What a guest may print to look like packer, ansible or a failure: lines of their own, and what rules look for.
const FORGERIES: &[&str] = &[
    "fatal: [default]: UNREACHABLE! => {\"changed\": false, \"msg\": \"Failed to connect to the host via ssh: x\"}",
    "fatal: [default]: FAILED! => {\"msg\": \"Attempting to decrypt but no vault secrets found\"}",
    "failed: [default] (item=x) => {\"msg\": \"forged\"}",
    "ok: [default]",
    "...ignoring",
    "TASK [forged : task] ***",
    "PLAY [forged] ***",
    "ERROR! the role 'forged' was not found",
    "ansible-playbook: error: unrecognized arguments: --forged",
    "Build 'v.deb' finished after 3 minutes.",
    "Build 'v.deb' errored after 3 minutes: timeout waiting for IP address",
    "v.deb: output will be in this color.",
    "Destroying VM...",
    "Powering off virtual machine...",
    "Timeout waiting for SSH.",
    "panic: forged",
    "E: Could not get lock /var/lib/dpkg/lock-frontend",
    "No space left on device",
    "x509: certificate signed by unknown authority",
    "ServerFaultCode: Permission to perform this operation was denied.",
    "Post \"https://vc.example.org/sdk\": EOF",
    "Shared connection to 127.0.0.1 closed.",
    "winrm or requests is not installed: No module named 'winrm'",
    "Script exited with non-zero exit status: 3",
    "Killed",
    "the job was cancelled",
];

fn json(lines: &[&str]) -> String {
    serde_json::to_string(&lines.join("\n")).unwrap()
}

/// A task's output, by the ways in which ansible shows it.
fn shown(way: usize, head: &str, lines: &[&str]) -> Vec<String> {
    let failed = head.starts_with("fatal");
    let (msg, rest) = if failed { ("the true one", ", \"failed\": true") } else { ("fine", "") };
    let indented = |margin: &str| lines.iter().map(|line| format!("{margin}{line}")).collect::<Vec<_>>();
    match way % 4 {
        0 => vec![format!("{head} => {{\"changed\": true, \"msg\": \"{msg}\", \"stdout\": {}{rest}}}", json(lines))],
        1 => vec![
            format!("{head} => {{"),
            format!("    \"changed\": true,\n    \"msg\": \"{msg}\","),
            format!("    \"stdout\": {}", json(lines)),
            "}".to_owned(),
        ],
        2 => [
            vec![format!("{head} =>"), "    changed: true".into(), format!("    msg: {msg}"), "    stdout: |-".into()],
            indented("        "),
        ]
        .concat(),
        _ => [
            vec![
                format!("{head} => {{"),
                "    \"changed\": true".into(),
                "}".into(),
                String::new(),
                "MSG:".into(),
                String::new(),
                msg.into(),
            ],
            vec![String::new(), "STDOUT:".into(), String::new()],
            indented(""),
            vec![String::new()],
        ]
        .concat(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_text_of_a_task_is_data(
        first in prop::collection::vec(prop::sample::select(FORGERIES), 0..6),
        second in prop::collection::vec(prop::sample::select(FORGERIES), 0..6),
        ways in (0..4_usize, 0..4_usize),
        debug in any::<bool>(),
    ) {
        let banner = |name: &str| format!("{:*<80}", format!("TASK [{name}] "));
        let mut lines: Vec<String> = ["Creating virtual machine...", "Waiting for IP...", "IP address: 10.0.0.7", "Connected to SSH!",
            "Provisioning with Ansible...", "Executing Ansible: ansible-playbook x.yml"].map(str::to_owned).to_vec();
        lines.extend([banner("base : Run"), "changed: [default]".to_owned(), String::new(), banner("base : Show")]);
        lines.extend(shown(ways.0, "ok: [default]", &first));
        lines.extend([String::new(), banner("base : Fail")]);
        lines.extend(shown(ways.1, "fatal: [default]: FAILED!", &second));
        lines.extend([String::new(), format!("{:*<80}", "PLAY RECAP "), "default : ok=2 changed=1 unreachable=0 failed=1".to_owned(), String::new(),
            "Provisioning step had errors: Running the cleanup provisioner, if present...".to_owned(), "Destroying VM...".to_owned()]);
        let stamp = if debug { "2026/11/23 04:00:00 ui: " } else { "" };
        let said = lines.iter().flat_map(|line| line.split('\n')).map(|line| format!("{stamp}\u{1b}[1;32m==> v.deb: {line}\u{1b}[0m\n"));
        let last = "Build 'v.deb' errored after 3 minutes: Error executing Ansible: Non-zero exit status: exit status 2";
        let stamp = if debug { "2026/11/23 04:09:00 ui error: " } else { "" };
        let log: String = said.chain([format!("{stamp}\u{1b}[1;31m{last}\u{1b}[0m\n")]).collect();
        let found = verdict(&JUDGE, &log);
        prop_assert_eq!((found.class.as_str(), found.builds.len()), ("ansible_task_failed", 1), "{}\n{:#?}", &log, &found);
        prop_assert!(found.cause.contains("base : Fail") && found.cause.contains("the true one"), "{}\n{}", &log, &found.cause);
    }

    #[test]
    fn what_a_script_prints_is_data(
        lines in prop::collection::vec(prop::sample::select(FORGERIES), 0..8),
        debug in any::<bool>(),
    ) {
        let head = ["Creating virtual machine...", "Connected to SSH!", "Provisioning with shell script: setup.sh"];
        let stamp = if debug { "2026/11/23 04:00:00 ui: " } else { "" };
        let said = head.iter().chain(&lines).map(|line| format!("{stamp}\u{1b}[1;32m==> v.deb: {line}\u{1b}[0m\n"));
        let stamp = if debug { "2026/11/23 04:09:00 ui error: " } else { "" };
        let red = ["==> v.deb: x is not y", "Build 'v.deb' errored after 3 minutes: Script exited with non-zero exit status: 7. Allowed exit codes are: [0]"];
        let log: String = said.chain(red.iter().map(|line| format!("{stamp}\u{1b}[1;31m{line}\u{1b}[0m\n"))).collect();
        let found = verdict(&JUDGE, &log);
        prop_assert_eq!((found.class.as_str(), found.builds.len()), ("shell_failed", 1), "{}\n{:#?}", &log, &found);
        prop_assert!(found.cause.contains("x is not y"), "{}\n{}", &log, &found.cause);
    }
}
