//! The same failures as other builds would have logged them: other names, other dialects of the log, cut anywhere, mixed
//! with noise. The cause may become unknown; it never becomes another one.

use std::collections::BTreeSet;
use std::path::Path;

use regex::{Captures, Regex};
use tmpl::text::Scrubber;
use tmpl::triage::rules::Rules;
use tmpl::triage::verdict::{Judge, Verdict};

/// One real log and the truth about it.
pub struct Sample {
    pub scenario: String,
    pub class: String,
    pub text: String,
}

/// Logs above this size show nothing here that smaller ones do not.
const LARGEST: usize = 1 << 20;

pub fn samples(file: &str) -> Vec<Sample> {
    let of = |corpus: &Path, expected: super::Expected| {
        let bytes = std::fs::read(corpus.join(&expected.scenario).join(file)).ok()?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Some(Sample { scenario: expected.scenario, class: expected.class, text }).filter(|_| bytes.len() < LARGEST)
    };
    let corpora = super::corpora();
    let expected = corpora.iter().flat_map(|corpus| super::expected(corpus).into_iter().map(move |e| (corpus, e)));
    let found: Vec<Sample> = expected.filter_map(|(corpus, expected)| of(corpus, expected)).collect();
    assert!(found.len() >= 20, "only {} logs of {file}", found.len());
    found
}

/// Whether a verdict may be given where `truth` is what happened; `more` is tolerated, too.
fn allowed(got: &str, truth: &str, more: &[&str]) -> bool {
    let truths: BTreeSet<&str> = truth.split('+').chain(more.iter().copied()).chain(["unknown"]).collect();
    got.split('+').all(|part| truths.contains(part))
}

fn verdict(judge: &Judge<'_>, log: &str) -> Verdict {
    let mut judge = judge.fresh();
    judge.read(log.as_bytes()).unwrap();
    judge.verdict(&Scrubber::default(), None)
}

/// Judges a variant of every log: how many keep their cause, and which get a wrong one.
fn vary(samples: &[Sample], change: impl Fn(&str) -> String) -> (usize, Vec<String>) {
    let rules = Rules::shipped().unwrap();
    let judge = Judge::new(&rules).unwrap();
    let mut wrong = Vec::new();
    let mut right = 0;
    for sample in samples {
        let found = verdict(&judge, &change(&sample.text));
        right += usize::from(found.class == sample.class);
        if !allowed(&found.class, &sample.class, &[]) {
            wrong.push(format!("{}: {} by {:?}, not {}", sample.scenario, found.class, found.rule, sample.class));
        }
        let shown = found.class == "success" || !found.evidence.is_empty();
        assert!(shown && !found.cause.is_empty(), "{}: nothing to go by", sample.scenario);
    }
    (right, wrong)
}

#[track_caller]
fn check(samples: &[Sample], least: usize, change: impl Fn(&str) -> String) {
    let (right, wrong) = vary(samples, change);
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(right >= least, "only {right} of {} kept their cause", samples.len());
}

fn replaced(text: &str, pairs: &[(&str, &str)]) -> String {
    pairs.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

fn all(samples: &[Sample]) -> usize {
    samples.len()
}

#[test]
fn names_of_builds_machines_users_and_folders_do_not_matter() {
    let samples = samples("packer-build.log");
    check(&samples, all(&samples), |text| {
        let names = [
            ("linux-debian", "el_9.minimal"),
            ("windows-server-standard-core", "win"),
            ("main-build", "feature-x"),
            ("<sensitive>-plugin-", "packer-plugin-"),
            ("<sensitive>-playbook", "ansible-playbook"),
            ("<sensitive>-galaxy", "ansible-galaxy"),
            ("<sensitive>", "deploy"),
            ("Lab-Datacenter", "DC 1"),
            ("/home/runner", "/root"),
            ("127.0.0.1", "10.20.30.40"),
        ];
        replaced(text, &names)
    });
}

#[test]
fn tasks_and_roles_may_be_called_anything() {
    let samples = samples("packer-build.log");
    let task = Regex::new(r"TASK \[[^\]]*\] \*+").unwrap();
    check(&samples, all(&samples), |text| {
        task.replace_all(text, "TASK [röle : Reboot [x86] if failed: error, fatal] ***").into_owned()
    });
}

#[test]
fn line_ends_colours_and_clocks_do_not_matter() {
    let samples = samples("packer-build.log");
    check(&samples, all(&samples), |text| text.replace('\n', "\r\n"));
    let colour = Regex::new("\u{1b}\\[(1;3[0-9]|0)m").unwrap();
    check(&samples, all(&samples), |text| colour.replace_all(text, "").into_owned());
    let ui = Regex::new("(?m)^(\\S+ \\S+ ui(?: error)?: )(\u{1b}\\[1;3[0-9]m)?(==> )").unwrap();
    check(&samples, all(&samples), |text| ui.replace_all(text, "${1}${2}2026-11-23T04:38:53Z: ${3}").into_owned());
}

/// What `-machine-readable` would have made of a log.
fn machine_readable(text: &str) -> String {
    let colour = Regex::new("\u{1b}\\[(1;3[0-9]|0)m").unwrap();
    let message = Regex::new(r"(?s)^(\S+ \S+) ui( error)?: (.*)$").unwrap();
    let stamp = Regex::new(r"^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d ").unwrap();
    let mut lines: Vec<String> = Vec::new();
    for line in colour.replace_all(text, "").lines() {
        match lines.last_mut().filter(|last| !stamp.is_match(line) && message.is_match(last)) {
            Some(last) => last.push_str(&format!("\n{line}")),
            None => lines.push(line.to_owned()),
        }
    }
    let rewritten = lines.iter().map(|line| {
        let said = |found: &Captures<'_>| {
            let kind = if found.get(2).is_some() { "error" } else { "say" };
            let text = found[3].replace(',', "%!(PACKER_COMMA)").replace('\n', "\\n");
            format!("{} 1795409896,,ui,{kind},{text}", &found[1])
        };
        message.replace(line, said).into_owned() + "\n"
    });
    rewritten.collect()
}

#[test]
fn the_machine_readable_dialect_tells_the_same() {
    let samples = samples("packer-build.log");
    check(&samples, samples.len() - 3, machine_readable);
}

#[test]
fn what_packer_prints_is_enough_or_the_cause_is_unknown() {
    let samples = samples("output.log");
    check(&samples, samples.len() * 3 / 4, str::to_owned);
    check(&samples, samples.len() * 3 / 4, |text| text.replace('\n', "\r\n"));
    let colour = Regex::new("\u{1b}\\[(1;3[0-9]|0)m").unwrap();
    check(&samples, samples.len() * 2 / 3, |text| colour.replace_all(text, "").into_owned());
}

#[test]
fn noise_behind_the_cause_changes_nothing() {
    let samples = samples("packer-build.log");
    check(&samples, all(&samples), |text| {
        let end = Regex::new(r"(?m)^\S+ \S+ ui error: (\x{1b}\[1;31m)?Build '([^']+)' errored").unwrap();
        end.replace_all(text, |found: &Captures<'_>| {
            let stamp = "2026/11/23 04:59:00";
            let build = &found[2];
            format!(
                "{stamp} ui error: ==> {build}: error powering off virtual machine: Post \"https://vc/sdk\": EOF\n\
                 {stamp} ui error: ==> {build}: error destroying virtual machine: The session is not authenticated.\n\
                 {stamp} ui error: ==> {build}: timeout waiting for IP address\n\
                 {stamp} [ERROR] something: no space left on device\n{}",
                &found[0]
            )
        })
        .into_owned()
    });
}

#[test]
fn an_unfamiliar_error_is_called_unknown() {
    let samples = samples("packer-build.log");
    let rules = Rules::shipped().unwrap();
    let judge = Judge::new(&rules).unwrap();
    for sample in samples.iter().filter(|sample| ["ip_timeout", "vm_exists"].contains(&sample.class.as_str())) {
        let foreign = replaced(
            &sample.text,
            &[
                ("timeout waiting for IP address", "Zeitüberschreitung beim Warten auf die Adresse"),
                ("already exists, you can use -force flag to destroy it", "ist schon da"),
            ],
        );
        let found = verdict(&judge, &foreign);
        assert_eq!(found.class, "unknown", "{}: {:?}", sample.scenario, found.rule);
        assert!(
            found
                .evidence
                .iter()
                .any(|evidence| evidence.text.contains("beim Warten") || evidence.text.contains("schon da")),
            "{found:#?}"
        );
    }
}

#[test]
fn a_log_cut_anywhere_never_gets_a_wrong_cause() {
    let rules = Rules::shipped().unwrap();
    let judge = Judge::new(&rules).unwrap();
    let mut wrong = Vec::new();
    for sample in samples("packer-build.log").into_iter().chain(samples("output.log")) {
        let mut judge = judge.fresh();
        for (number, line) in sample.text.split_inclusive('\n').enumerate() {
            judge.read(line.as_bytes()).unwrap();
            let found = judge.verdict(&Scrubber::default(), None);
            // True as far as it goes: the stack of a crash, and what was cancelled, come later.
            let so_far = [("panic: ", "plugin_crash"), ("Cancelling build", "cancelled")];
            let seen = so_far.iter().filter(|(sign, _)| sample.text.contains(sign)).map(|(_, class)| *class);
            if !allowed(&found.class, &sample.class, &seen.chain(["killed"]).collect::<Vec<_>>()) {
                wrong.push(format!(
                    "{} cut behind line {}: {} by {:?}, not {}",
                    sample.scenario,
                    number + 1,
                    found.class,
                    found.rule,
                    sample.class
                ));
            }
        }
    }
    wrong.truncate(60);
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_log_without_its_start_never_gets_a_wrong_cause() {
    for part in [1, 2, 5, 8] {
        let samples = samples("packer-build.log");
        let (right, mut wrong) = vary(&samples, |text| {
            let lines: Vec<&str> = text.split_inclusive('\n').collect();
            lines[lines.len() * part / 10..].concat()
        });
        // That somebody cancelled is true, and may be all that is left.
        wrong.retain(|wrong| !wrong.contains(": cancelled by"));
        assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
        assert!(right >= samples.len() / 2, "only {right} of {} kept their cause", samples.len());
    }
}

#[test]
fn two_builds_in_one_log_keep_their_own_causes() {
    let samples = samples("packer-build.log");
    let rules = Rules::shipped().unwrap();
    let judge = Judge::new(&rules).unwrap();
    let one = |prefix: &str| samples.iter().find(|sample| sample.scenario.starts_with(prefix)).unwrap();
    let numbers = ["04", "06", "07", "12", "22", "23", "24", "36"];
    let mut right = 0;
    for (first, second) in numbers.iter().flat_map(|a| numbers.iter().map(move |b| (a, b))).filter(|(a, b)| a < b) {
        let (first, second) = (one(first), one(second));
        let other = replaced(
            &second.text,
            &[("vsphere-iso.linux-debian", "vsphere-iso.other"), ("vsphere-iso.windows", "vsphere-iso.other-w")],
        );
        let mut ours = first.text.split_inclusive('\n').collect::<Vec<_>>().into_iter();
        let mut theirs = other.split_inclusive('\n').collect::<Vec<_>>().into_iter();
        let mut mixed = String::new();
        loop {
            let before = mixed.len();
            mixed.extend(ours.by_ref().take(7));
            mixed.extend(theirs.by_ref().take(5));
            if mixed.len() == before {
                break;
            }
        }
        for finding in verdict(&judge, &mixed).builds {
            let name = finding.build.unwrap();
            let truth = if name.contains("other") { second } else { first };
            // Who cancels packer cancels all its builds.
            let cancels = |sample: &&Sample| sample.class == "cancelled";
            let more: &[&str] = if [first, second].iter().any(cancels) { &["cancelled"] } else { &[] };
            right += usize::from(finding.class == truth.class);
            assert!(
                allowed(&finding.class, &truth.class, more),
                "{} with {}: {name} is {} by {:?}",
                first.scenario,
                second.scenario,
                finding.class,
                finding.rule
            );
        }
    }
    assert!(right >= 36, "only {right} kept their cause");
}
