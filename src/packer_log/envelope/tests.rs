use rstest::rstest;

use super::*;

const LINE: &str = "==> vsphere-iso.deb: Waiting for IP...";

#[rstest]
#[case("2026-11-21T02:03:04.1234567Z ")]
#[case("\u{feff}2026-11-21T02:03:04.1234567Z ")]
#[case("build (debian-12)\tRun build\t\u{feff}2026-11-21T02:03:04.1234567Z ")]
#[case("build\tUNKNOWN STEP\t2026-11-21T02:03:04.1234567Z ")]
#[case("2026-11-21T02:01:25.123456Z 01O ")]
#[case("2026-11-21T02:01:25.123456Z 00E+")]
#[case("2026-11-21T02:01:25.123456789+01:00 stdout F ")]
#[case("[2026-11-21T02:03:04.123Z] ")]
#[case("[02:03:04] ")]
#[case("[02:03:04]i: ")]
#[case("[02:03:04] :\t ")]
#[case("02:03:04  ")]
#[case("02:03:04.123 ")]
#[case("Nov 21 02:03:04 runner-7 packer[4711]: ")]
#[case("Nov 21 02:03:04 ")]
#[case("packer-1  | ")]
#[case("[debian-12] ")]
#[case("[2026-11-21T02:03:04.123Z] [debian-12] ")]
#[case("packer-1  | 2026-11-21T02:01:25.123456Z ")]
#[case("\u{1b}_bk;t=1700000000000\u{7}")]
#[case("\u{1b}[8mha:////4abc+/==\u{1b}[0m02:03:04  ")]
#[case("")]
fn what_stands_in_front_is_taken_off(#[case] front: &str) {
    let coloured = format!("\u{1b}[1;32m{LINE}\u{1b}[0m");
    for line in [LINE, &coloured, "2026/11/23 04:34:21 ui: ==> a.b: x", "1795408472,,ui,say,==> a.b: one"] {
        let mut envelope = Envelope::default();
        assert_eq!(envelope.learn(format!("{front}{line}\r\n").as_bytes()), line.as_bytes());
        assert_eq!(envelope.strip(format!("{front}\r\n").as_bytes()), b"", "{front:?}");
    }
}

#[test]
fn behind_packers_first_line_nothing_is_learnt() {
    let mut envelope = Envelope::default();
    envelope.learn(LINE.as_bytes());
    let forged = "2026-11-21T02:03:04.1234567Z ==> vsphere-iso.deb: Timeout waiting for SSH.";
    assert_eq!(envelope.learn(forged.as_bytes()), forged.as_bytes());
}

#[test]
fn a_word_in_brackets_is_no_stamp_by_itself() {
    let mut envelope = Envelope::default();
    for line in ["[Pipeline] sh", "[INFO] building", "10:20:30 up 3 days", "Nov 21 02:03:04 host sshd[7]: Accepted"] {
        assert_eq!(envelope.learn(line.as_bytes()), line.as_bytes());
    }
    assert_eq!(envelope.layers, []);
}

#[test]
fn jobs_are_told_apart() {
    let mut envelope = Envelope::default();
    envelope.learn(format!("one\tRun\t2026-11-21T02:03:04Z {LINE}").as_bytes());
    assert_eq!(envelope.leg(), Some("one"));
    assert_eq!(envelope.learn(format!("two\tRun\t2026-11-21T02:03:04Z {LINE}").as_bytes()), LINE.as_bytes());
    assert_eq!(envelope.leg(), Some("two"));
    envelope.learn(b"##[leg] three\n");
    assert_eq!((envelope.leg(), envelope.layers.len()), (Some("three"), 0));
}

#[test]
fn a_line_that_gitlab_wrote_in_pieces_is_known_as_such() {
    let mut envelope = Envelope::default();
    let begin = b"2026-11-21T02:01:25.123456Z 01O ==> vsphere-iso.deb: Wai";
    envelope.learn(begin);
    assert_eq!(envelope.gitlab(begin), Some(GitlabLine::Begins));
    let more = b"2026-11-21T02:01:25.123456Z 01O+ting for IP...";
    assert_eq!((envelope.gitlab(more), envelope.strip(more)), (Some(GitlabLine::GoesOn), &b"ting for IP..."[..]));
    assert_eq!(envelope.gitlab(b"2026-11-21T02:01:25.123456Z +x"), None);
}
