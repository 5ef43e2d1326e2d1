use std::io::Write;

use super::*;
use crate::packer_run::Process;
use crate::triage::place::Place;
use crate::triage::verdict::Standing;

const REJECTED: &str = "2026/11/23 03:11:00 packer-plugin-vsphere_v2 plugin: 2026/11/23 03:11:00 [DEBUG] SSH handshake \
                        err: ssh: handshake failed: ssh: unable to authenticate, attempted methods [none password]\n";

/// A run of ours in a folder, whose log is as it is written there.
struct World {
    folder: tempfile::TempDir,
    rules: Rules,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let own = Process::current().unwrap();
        let log = folder.path().join("packer-build.log");
        let record = serde_json::json!({
            "key": "one", "base_name": "tpl-one", "state": "running", "exit": null, "reason": null,
            "started": "2026-03-01T02:03:00Z", "ended": null, "supervisor": own, "packer": own,
            "argv": ["packer", format!("-var-file={}", folder.path().join("a.hcl").display()), "-var-file=b.hcl"],
            "packer_version": "1.16.0", "on_error": "cleanup", "promote": false, "log": log, "temporary": folder.path(),
        });
        std::fs::write(folder.path().join("run.json"), record.to_string()).unwrap();
        Self { folder, rules: Rules::shipped().unwrap() }
    }

    fn judge(&self) -> LiveJudge<'_> {
        LiveJudge::new(&self.rules, Judge::new(&self.rules).unwrap(), self.folder.path(), self.folder.path()).unwrap()
    }

    fn write(&self, text: &str) {
        let path = self.folder.path().join("packer-build.log");
        let mut log = File::options().create(true).append(true).open(path).unwrap();
        log.write_all(text.as_bytes()).unwrap();
    }

    fn look(&self, judge: &mut LiveJudge<'_>, beside: &Beside) -> Option<Verdict> {
        let run = Run::read(self.folder.path()).unwrap().unwrap();
        let scrubber = Scrubber::default();
        // Packer's stamps are local ones.
        let now = jiff::civil::date(2026, 11, 23).at(3, 11, 10, 0).to_zoned(TimeZone::system()).unwrap().timestamp();
        judge.look(&run, beside, &TypicalDurations::default(), &scrubber, now).unwrap()
    }
}

fn connecting() -> String {
    "2026/11/23 03:11:00 ui: ==> v.deb: Using SSH communicator to connect: 10.0.0.7\n".to_owned()
}

#[test]
fn only_news_is_judged_and_what_heals_is_taken_back() {
    let world = World::new();
    let mut judge = world.judge();
    let beside = Beside::default();
    world.write(&connecting());
    assert_eq!(world.look(&mut judge, &beside).unwrap().class, "running");
    assert_eq!(world.look(&mut judge, &beside), None, "nothing changed");
    world.write(&REJECTED[..80]);
    assert_eq!(world.look(&mut judge, &beside), None, "a line that has no end yet");
    world.write(&REJECTED[80..]);
    let verdict = world.look(&mut judge, &beside).unwrap();
    assert_eq!((verdict.class.as_str(), verdict.outlook.unwrap().standing), ("ssh_auth", Standing::Retrying));
    world.write("2026/11/23 03:11:05 ui: ==> v.deb: Connected to SSH!\n");
    let verdict = world.look(&mut judge, &beside).unwrap();
    assert_eq!((verdict.class.as_str(), verdict.outlook), ("running", None));
}

#[test]
fn other_facts_are_news_too() {
    let world = World::new();
    let mut judge = world.judge();
    world.write(&connecting());
    let beside = Beside { vm_left: Some(true), ..Beside::default() };
    assert!(world.look(&mut judge, &beside).is_some());
    assert!(world.look(&mut judge, &beside).is_none());
    judge.again();
    assert!(world.look(&mut judge, &beside).is_some(), "a person asked");
    crate::packer_run::CancelMark::write(world.folder.path(), false).unwrap();
    let verdict = world.look(&mut judge, &beside).unwrap();
    // In CI nobody is "you".
    let ci = std::env::var_os("CI").is_some();
    let who = if ci { crate::vcenter::audit::user_at_host() } else { "You".to_owned() };
    assert!(verdict.cause.starts_with(&format!("{who} cancelled it at ")), "{}", verdict.cause);
}

#[test]
fn the_place_to_mend_is_the_last_line_that_sets_the_variable() {
    let world = World::new();
    let place = || {
        let run = Run::read(world.folder.path()).unwrap().unwrap();
        Place::find(world.folder.path(), &run, "eval").unwrap().to_string()
    };
    assert_eq!(place(), "b.hcl (eval is not set)");
    std::fs::write(world.folder.path().join("a.hcl"), "# eval = false\nother = 1\neval = true\n").unwrap();
    assert_eq!(place(), "a.hcl:3 eval");
    std::fs::write(world.folder.path().join("b.hcl"), "eval = false\n").unwrap();
    assert_eq!(place(), "b.hcl:1 eval");
}

#[test]
fn a_log_that_began_anew_is_read_anew() {
    let world = World::new();
    let mut judge = world.judge();
    world.write(&format!("{}{REJECTED}{REJECTED}", connecting()));
    assert_eq!(world.look(&mut judge, &Beside::default()).unwrap().class, "ssh_auth");
    std::fs::write(world.folder.path().join("packer-build.log"), connecting()).unwrap();
    assert_eq!(world.look(&mut judge, &Beside::default()).unwrap().class, "running");
}
