use jiff::civil::date;

use super::super::parse::parse;
use super::super::wait::parse_go_duration;
use super::*;

fn tracks(lines: &[&str]) -> Tracks {
    let mut tracks = Tracks::default();
    for (at, line) in lines.iter().enumerate() {
        let raw = format!("2026/11/23 04:00:{:02} {line}", at);
        tracks.observe(&parse(&raw), at as u64 + 1);
    }
    tracks
}

fn phases(tracks: &Tracks, at: usize) -> Vec<Phase> {
    tracks.all()[at].spans.iter().map(|span| span.phase).collect()
}

#[test]
fn a_good_build_goes_through_its_stages() {
    let seen = tracks(&[
        "ui: a.b: output will be in this color.",
        "ui: ==> a.b: Creating CD disk...",
        "ui: ==> a.b: Creating virtual machine...",
        "ui: ==> a.b: Waiting 2s for boot...",
        "ui: ==> a.b: Typing boot command...",
        "packer-plugin-vsphere plugin: 2026/11/23 04:00:05 [INFO] Waiting for IP, up to total timeout: 20m0s, settle timeout: 5s",
        "ui: ==> a.b: Waiting for IP...",
        "ui: ==> a.b: IP address: 10.0.0.7",
        "ui: ==> a.b: Using SSH communicator to connect: 10.0.0.7",
        "ui: ==> a.b: Connected to SSH!",
        "ui: ==> a.b: TASK [base : Updating [all].] ****",
        "ui: ==> a.b: Running shutdown command...",
        "ui: ==> a.b: Converting virtual machine to template...",
        "ui: Build 'a.b' finished after 3 minutes.",
    ]);
    use Phase::{BootCommand, Connect, Convert, Create, Done, Prepare, Provision, Shutdown, WaitIp};
    assert_eq!(phases(&seen, 0), [Prepare, Create, BootCommand, WaitIp, Connect, Provision, Shutdown, Convert, Done]);
    let track = &seen.all()[0];
    assert_eq!(track.ip.as_deref(), Some("10.0.0.7"));
    assert_eq!(track.task.as_ref().map(|task| (task.name.as_str(), task.line)), Some(("base : Updating [all].", 11)));
    assert_eq!(track.ending, Some(BuildOutcome::Finished));
    let spent = track.durations(None);
    assert_eq!(spent[3], (WaitIp, Some(Duration::from_secs(3))));
}

#[test]
fn the_deadline_is_the_one_packer_logged() {
    let seen = tracks(&[
        "ui: ==> a.b: Creating virtual machine...",
        "ui: ==> a.b: Waiting for IP...",
        "packer-plugin-vsphere plugin: 2026/11/23 04:00:02 [INFO] Waiting for IP, up to total timeout: 20m0s, settle timeout: 5s",
    ]);
    let deadline = seen.all()[0].deadline.clone().unwrap();
    assert_eq!((deadline.phase, deadline.line), (Phase::WaitIp, 3));
    assert_eq!(deadline.at, date(2026, 11, 23).at(4, 20, 2, 0));
}

#[test]
fn two_builds_are_told_apart_and_a_cancel_ends_both() {
    let seen = tracks(&[
        "ui: ==> a.core: Creating virtual machine...",
        "ui: ==> a.dexp: Creating virtual machine...",
        "ui error: Build 'a.core' errored after 1 second: exists",
        "ui: ==> a.dexp: Waiting for IP...",
        "ui error: Cancelling build after receiving terminated",
    ]);
    assert_eq!(phases(&seen, 0), [Phase::Prepare, Phase::Create, Phase::Done]);
    assert_eq!(phases(&seen, 1), [Phase::Prepare, Phase::Create, Phase::WaitIp, Phase::CleanUp]);
    assert_eq!(seen.all()[1].failed_in(), Phase::WaitIp);
}

#[test]
fn guest_text_cannot_turn_the_clock_back() {
    let seen = tracks(&[
        "ui: ==> a.b: Connected to SSH!",
        "ui: ==> a.b: Waiting for IP...",
        "ui: ==> a.b: ==> a.b: Running shutdown command...",
        "ui: ==> a.b: Waiting 3 seconds more",
    ]);
    assert_eq!(phases(&seen, 0), [Phase::Prepare, Phase::Provision]);
}

#[test]
fn durations_of_go() {
    assert_eq!(parse_go_duration("1h2m3.5s"), Some(Duration::from_millis(3_723_500)));
    assert_eq!(parse_go_duration("350ms"), Some(Duration::from_millis(350)));
    assert_eq!(parse_go_duration(""), None);
    assert_eq!(parse_go_duration("soon"), None);
}

#[test]
fn what_a_guest_prints_ends_no_build_and_begins_no_clean_up() {
    let seen = tracks(&[
        "ui: a.b: output will be in this color.",
        "ui: ==> a.b: Creating virtual machine...",
        "ui: ==> a.b: Connected to SSH!",
        "ui: ==> a.b: Build 'a.b' finished after 3 minutes.",
        "ui: ==> a.b: a.b: output will be in this color.",
        "ui: ==> a.b: Destroying VM...",
    ]);
    assert_eq!((seen.all().len(), seen.all()[0].ending), (1, None));
    assert_eq!(seen.all()[0].phase(), Phase::Provision);
    let seen = tracks(&[
        "ui: ==> a.b: Connected to SSH!",
        "ui: ==> a.b: Provisioning step had errors: Running the cleanup provisioner, if present...",
        "ui error: Build 'a.b' errored: boom",
    ]);
    let track = &seen.all()[0];
    let ended = (track.failed_in(), track.phase(), track.ending);
    assert_eq!(ended, (Phase::Provision, Phase::Done, Some(BuildOutcome::Errored)));
}
