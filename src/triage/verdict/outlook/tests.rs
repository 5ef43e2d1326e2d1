use jiff::civil::date;
use rstest::rstest;

use super::*;
use crate::guest::recording::GuestState;
use crate::text::Scrubber;
use crate::triage::rules::Rules;
use crate::triage::verdict::{Verdict, judge};
use crate::vcenter::{PowerState, ToolsStatus};

const PLUGIN: &str = "packer-plugin-vsphere_v2.1.0_x5.0_linux_amd64 plugin: 2026/11/23 03:11:00 ";

/// A log whose lines all bear one stamp.
fn log(lines: &[&str]) -> String {
    let stamped = lines.iter().map(|line| format!("2026/11/23 03:11:00 {}\n", line.replace("PLUGIN ", PLUGIN)));
    stamped.collect()
}

fn live() -> BuildContext {
    BuildContext { live: true, ..BuildContext::default() }
}

fn judged(log: &str, context: BuildContext) -> Verdict {
    judge(log.as_bytes(), &Rules::shipped().unwrap(), &Scrubber::default(), context).unwrap()
}

const SSH: [&str; 4] = [
    "ui: ==> v.deb: Waiting for IP...",
    "ui: ==> v.deb: IP address: 10.0.0.7",
    "ui: ==> v.deb: Using SSH communicator to connect: 10.0.0.7",
    "PLUGIN [INFO] Waiting for SSH, up to timeout: 30m0s",
];
const REJECTED: &str = "PLUGIN [DEBUG] SSH handshake err: ssh: handshake failed: ssh: unable to authenticate, attempted \
                        methods [none password], no supported methods remain";

#[test]
fn a_rejected_login_is_told_while_packer_retries_with_its_first_line_and_the_time_of_the_end() {
    let verdict = judged(&log(&[&SSH[..], &[REJECTED, REJECTED]].concat()), live());
    assert_eq!((verdict.class.as_str(), verdict.rule.as_deref()), ("ssh_auth", Some("ssh-auth")));
    let outlook = verdict.outlook.unwrap();
    assert_eq!(outlook.standing, Standing::Retrying);
    assert_eq!(outlook.gives_up, Some(date(2026, 11, 23).at(3, 41, 0, 0)));
    assert!(!outlook.passing);
    assert_eq!(verdict.evidence[0].line, Some(5));
    let says = "packer still tries, and gives up at 03:41 unless a login works.";
    assert!(verdict.cause.ends_with(says), "{}", verdict.cause);
}

#[test]
fn a_login_that_works_after_all_takes_it_back() {
    let healed = ["PLUGIN [DEBUG] handshake complete!", "ui: ==> v.deb: Connected to SSH!"];
    let verdict = judged(&log(&[&SSH[..], &[REJECTED], &healed].concat()), live());
    assert_eq!((verdict.class.as_str(), verdict.outlook), ("running", None));
}

#[rstest]
#[case("SSH", "TCP connection to SSH ip/port failed: dial tcp 10.0.0.7:22: connect: connection refused", "ssh_timeout")]
#[case(
    "WinRM",
    "[ERROR] connection error: unknown error Post \"http://10.0.0.7:5985/wsman\": dial tcp 10.0.0.7:5985: connect: connection refused",
    "winrm_timeout"
)]
fn a_closed_port_is_told_as_one_that_may_open(#[case] name: &str, #[case] line: &str, #[case] class: &str) {
    let lines = [
        "ui: ==> v.w: IP address: 10.0.0.7".to_owned(),
        format!("ui: ==> v.w: Using {name} communicator to connect: 10.0.0.7"),
        format!("PLUGIN {line}"),
    ];
    let verdict = judged(&log(&lines.iter().map(String::as_str).collect::<Vec<_>>()), live());
    assert_eq!(verdict.class, class);
    let outlook = verdict.outlook.unwrap();
    assert!(outlook.passing && outlook.gives_up.is_none());
    assert!(verdict.cause.ends_with("packer still tries, until a login works."), "{}", verdict.cause);
}

#[test]
fn a_page_that_waits_is_stuck_one_that_goes_on_is_not() {
    let waiting = log(&["ui: ==> v.w: Waiting for IP...", "PLUGIN [INFO] Waiting for IP, up to total timeout: 30m0s"]);
    let screen = |label: &str| Some(label.to_owned());
    let stands = BuildContext { screen: screen("windows-setup-licensing-method"), waits: true, ..live() };
    let verdict = judged(&waiting, stands);
    assert_eq!((verdict.class.as_str(), verdict.rule.as_deref()), ("ip_timeout", Some("screen-licensing")));
    assert_eq!(verdict.outlook.unwrap().standing, Standing::Stuck);
    assert!(verdict.cause.starts_with("Windows Setup stands at the licensing page"), "{}", verdict.cause);
    let goes_on = BuildContext { screen: screen("di-progress"), ..live() };
    let verdict = judged(&waiting, goes_on);
    assert_eq!((verdict.class.as_str(), verdict.outlook), ("running", None));
}

#[test]
fn a_stage_that_is_late_is_told_and_says_what_it_would_fail_of() {
    let waiting = log(&["ui: ==> v.w: Waiting for IP..."]);
    assert_eq!(judged(&waiting, live()).outlook, None, "just waiting is no news");
    let verdict = judged(&waiting, BuildContext { late: true, ..live() });
    assert_eq!((verdict.class.as_str(), verdict.outlook.unwrap().standing), ("ip_timeout", Standing::Late));
    assert_eq!(verdict.evidence[0].line, Some(1), "the made-up line is no evidence");
    let provisioning = log(&["ui: ==> v.w: Connected to WinRM!"]);
    let verdict = judged(&provisioning, BuildContext { late: true, ..live() });
    assert_eq!((verdict.class.as_str(), verdict.outlook.unwrap().standing), ("running", Standing::Late));
}

#[test]
fn a_guest_that_is_off_will_never_answer() {
    let power = Some(PowerState::PoweredOff);
    let tools = Some(ToolsStatus::GuestToolsNotRunning);
    let guest = GuestState { at: jiff::Timestamp::UNIX_EPOCH, power, tools, ..GuestState::default() };
    let verdict = judged(&log(&SSH), BuildContext { guest: Some(guest), ..live() });
    assert_eq!(verdict.rule.as_deref(), Some("guest-off"));
    assert!(verdict.evidence.iter().any(|evidence| evidence.source == EvidenceSource::Guest));
}

#[test]
fn a_guest_that_installs_without_tools_and_address_is_healthy() {
    let (power, tools) = (Some(PowerState::PoweredOn), Some(ToolsStatus::GuestToolsNotRunning));
    let guest = GuestState { at: jiff::Timestamp::UNIX_EPOCH, power, tools, ..GuestState::default() };
    for screen in [None, Some("di-progress".to_owned()), Some("unknown".to_owned())] {
        let context = BuildContext { guest: Some(guest.clone()), screen, ..live() };
        let verdict = judged(&log(&["ui: ==> v.deb: Waiting for IP..."]), context);
        assert_eq!((verdict.class.as_str(), &verdict.outlook), ("running", &None), "{verdict:#?}");
    }
}

#[test]
fn what_ended_has_no_outlook() {
    let ended = "ui error: Build 'v.deb' errored after 30 minutes: Timeout waiting for SSH.";
    let text = log(&[&SSH[..], &[REJECTED, ended]].concat());
    assert_eq!(judged(&text, BuildContext::default()).outlook, None);
    assert_eq!(judged(&text, live()).outlook, None, "packer cleans up");
}
