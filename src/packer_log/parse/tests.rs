use jiff::civil::date;
use rstest::rstest;

use super::super::line::Problem;
use super::super::problem::problem;
use super::*;

const AT: &str = "2026/11/23 04:34:21 ";

fn stamped(text: &str) -> String {
    format!("{AT}{text}")
}

#[test]
fn the_stamp_is_read() {
    let raw = stamped("Build debug mode: false");
    let line = parse(&raw);
    assert_eq!(line.stamp, Some(date(2026, 11, 23).at(4, 34, 21, 0)));
    assert_eq!(
        (line.origin, line.level, line.text.as_ref()),
        (Origin::Core, Level::Unstated, "Build debug mode: false")
    );
    assert_eq!(stamp(b"2026/13/23 04:34:21 x"), None);
    assert_eq!(stamp(b"2026/11/23"), None);
}

#[rstest]
#[case(
    "ui: \u{1b}[1;32m==> vsphere-iso.linux-debian: IP address: 10.0.0.7\u{1b}[0m",
    Origin::Ui,
    Some("vsphere-iso.linux-debian"),
    "IP address: 10.0.0.7"
)]
#[case("ui: ==> vsphere-iso.linux-debian: plain", Origin::Ui, Some("vsphere-iso.linux-debian"), "plain")]
#[case("ui: ==> vsphere-iso: one dialect older", Origin::Ui, Some("vsphere-iso"), "one dialect older")]
#[case("ui:     vsphere-iso.x: sub-line", Origin::Ui, Some("vsphere-iso.x"), "sub-line")]
#[case("ui: ", Origin::Ui, None, "")]
#[case("ui: 2026-11-23T04:34:21Z: ==> a.b: timed", Origin::Ui, Some("a.b"), "timed")]
#[case("ui: ==> a.b (manifest): part", Origin::Ui, Some("a.b"), "part")]
#[case("ui: ==> a.b:", Origin::Ui, Some("a.b"), "")]
#[case(
    "ui error: \u{1b}[1;31mBuild 'a.b' errored after 3 seconds: no\u{1b}[0m",
    Origin::UiError,
    Some("a.b"),
    "Build 'a.b' errored after 3 seconds: no"
)]
#[case("ui error: --> a.b: no", Origin::UiError, Some("a.b"), "--> a.b: no")]
#[case(
    "ui: \u{1b}[1;32ma.b: output will be in this color.\u{1b}[0m",
    Origin::Ui,
    Some("a.b"),
    "output will be in this color."
)]
#[case("machine readable: a.b,error []string{\"no\"}", Origin::Machine, Some("a.b"), "a.b,error []string{\"no\"}")]
#[case("machine readable: error-count []string{\"1\"}", Origin::Machine, None, "error-count []string{\"1\"}")]
#[case("1795408472,,ui,say,==> a.b: one%!(PACKER_COMMA) two", Origin::Ui, Some("a.b"), "one, two")]
#[case("1795408472,a.b,error,no", Origin::Machine, Some("a.b"), "error,no")]
#[case("Starting plugin: /a/b []string{\"x\"}", Origin::Core, None, "Starting plugin: /a/b []string{\"x\"}")]
#[case(
    "packer-plugin-vsphere_v2 plugin: 2026/11/23 04:34:20 VM IP acquired: ::1",
    Origin::Plugin,
    None,
    "VM IP acquired: ::1"
)]
#[case("<sensitive>-plugin-x plugin: \tgoroutine", Origin::Plugin, None, "\tgoroutine")]
#[case("<sensitive>-plugin-x plugin:", Origin::Plugin, None, "")]
fn stamped_lines(#[case] raw: &str, #[case] origin: Origin, #[case] source: Option<&str>, #[case] text: &str) {
    let raw = stamped(raw);
    let line = parse(&raw);
    assert_eq!((line.origin, line.source, line.text.as_ref()), (origin, source, text));
}

#[rstest]
#[case("\u{1b}[1;32m==> a.b: Waiting for IP...\u{1b}[0m", Origin::Ui, Some("a.b"), "Waiting for IP...")]
#[case("\u{1b}[1;31m==> a.b: timeout\u{1b}[0m", Origin::UiError, Some("a.b"), "timeout")]
#[case("==> Wait completed after 3 seconds", Origin::Ui, None, "==> Wait completed after 3 seconds")]
#[case("Build 'a.b' errored after 1 second: x", Origin::UiError, Some("a.b"), "Build 'a.b' errored after 1 second: x")]
#[case("Error: Unset variable \"x\"", Origin::UiError, None, "Error: Unset variable \"x\"")]
#[case("  on variables.pkr.hcl line 4:", Origin::Continuation, None, "  on variables.pkr.hcl line 4:")]
#[case("    inet 10.0.0.1: up", Origin::Continuation, None, "    inet 10.0.0.1: up")]
fn bare_lines(#[case] raw: &str, #[case] origin: Origin, #[case] source: Option<&str>, #[case] text: &str) {
    let line = parse(raw);
    assert_eq!((line.origin, line.source, line.text.as_ref()), (origin, source, text));
}

#[test]
fn a_forged_prefix_stays_text() {
    let raw = stamped("ui: ==> a.b: ==> a.b: Waiting for IP...");
    assert_eq!(parse(&raw).text, "==> a.b: Waiting for IP...");
    let raw = stamped("ui: ==> a.b: 2026/11/23 04:00:00 ui error: ==> a.b: fake");
    assert_eq!(parse(&raw).origin, Origin::Ui);
}

#[test]
fn levels_of_plugins() {
    let raw = stamped("packer-plugin-x plugin: 2026/11/23 04:34:20 [ERROR] Remote command exited with '2': x");
    let line = parse(&raw);
    assert_eq!((line.level, problem(&line)), (Level::Error, Some(Problem::Error)));
}

#[rstest]
#[case("packer-plugin-x plugin: 2026/11/23 04:34:20 [ERROR] Failed to get SSH agent: SSH_AUTH_SOCK is not set")]
#[case("[WARN] Config file doesn't exist: /x")]
#[case("ui error: ")]
#[case("ui: ==> a.b: ok: [default]")]
fn noise_is_no_problem(#[case] raw: &str) {
    assert_eq!(problem(&parse(&stamped(raw))), None);
}

#[test]
fn what_a_terminal_leaves_visible() {
    assert_eq!(visible(b"10%\r20%\r30%\n"), b"30%");
    assert_eq!(visible(b"a line of a pty\r\n"), b"a line of a pty");
    assert_eq!(visible(b"\0\0\0\x002026/11/23"), b"2026/11/23");
    assert_eq!(visible(b""), b"");
}
