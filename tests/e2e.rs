//! The pipeline with real parts: Debian's packer and Ansible, an sshd as the guest, VMware's simulator, govc as witness.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/pipeline.rs"]
mod pipeline;
#[path = "support/pty.rs"]
mod pty;
#[path = "support/tools.rs"]
mod tools;
#[path = "support/vcsim.rs"]
mod vcsim;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use pipeline::{BASE, BUILD_PASSWORD, KEY, Site, wait_until, words};
use pty::Pty;
use tmpl::packer_run::{self, Run, RunState, Said};
use tmpl::pipeline::{Key, Manifests, Matrix};

fn latest(site: &Site) -> Option<Run> {
    packer_run::latest(&site.state(), &Key(KEY.into())).unwrap()
}

fn build_name() -> String {
    format!("{BASE}-build")
}

/// Whether the build's VM is switched on and waited for.
fn waits_for_ip(site: &Site) -> bool {
    let waits = |run: Run| std::fs::read_to_string(run.output).is_ok_and(|text| text.contains("Waiting for IP"));
    latest(site).filter(|run| run.state == RunState::Running).is_some_and(waits)
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn temporary_files(site: &Site) -> usize {
    std::fs::read_dir(site.path("tmp")).unwrap().count()
}

#[test]
fn builds_promotes_builds_again_promotes_and_rolls_back() {
    let site = Site::start("1s");
    let output = site.run(&["build", KEY], 0);
    assert_eq!(site.names(), [build_name()]);
    assert!(site.is_template(&build_name()));
    assert_eq!(std::fs::read_to_string(site.path("guest/provisioned")).unwrap(), "default\n");
    assert!(words(&output).contains("Leave a trace in the guest"), "{}", words(&output));

    let run = latest(&site).unwrap();
    assert_eq!(run.state, RunState::Succeeded);
    assert!(std::fs::read_to_string(&run.log).unwrap().contains("ui: "));
    assert_eq!([&run.log, &run.output, &run.dir.join("run.json")].map(|path| mode(path)), [0o600; 3]);
    assert_eq!([&run.dir, &run.frames].map(|path| mode(path)), [0o700; 2]);
    assert_eq!(temporary_files(&site), 0, "packer's temporary files are gone");
    let record = std::fs::read_to_string(run.dir.join("run.json")).unwrap();
    for secret in [BUILD_PASSWORD, vcsim::PASSWORD] {
        assert!(!record.contains(secret) && !words(&output).contains(secret));
    }

    site.run(&["promote", KEY], 0);
    let first = site.moid(BASE);
    assert_eq!(site.names(), [BASE]);
    site.make_room();
    site.run(&["build", KEY, "--promote"], 0);
    assert_eq!(site.names(), [BASE.to_owned(), format!("{BASE}-prev")]);
    let second = site.moid(BASE);
    assert_ne!(first, second);
    assert_eq!(site.moid(&format!("{BASE}-prev")), first);
    site.run(&["rollback", KEY, "--reason", "second image has no network", "--yes"], 0);
    assert_eq!((site.moid(BASE), site.moid(&format!("{BASE}-prev"))), (first, second));
}

#[test]
fn a_leftover_template_is_replaced_and_a_failed_playbook_leaves_nothing() {
    let site = Site::start("1s");
    std::fs::create_dir_all(site.path("home/.config/tmpl-tui")).unwrap();
    let heard = site.path("home/heard");
    std::fs::write(site.path("home/.config/tmpl-tui/config.toml"), "hook = 'cat >>$HOME/heard'\n").unwrap();
    site.run(&["build", KEY], 0);
    let first = site.moid(&build_name());
    site.run(&["build", KEY], 0);
    assert_ne!(site.moid(&build_name()), first);

    let playbook = site.repo().join("packer/linux/playbook.yml");
    let good = std::fs::read_to_string(&playbook).unwrap();
    std::fs::write(&playbook, good.replace("{{ guest_folder }}", "/nowhere/at/all")).unwrap();
    let output = site.run(&["build", KEY], 1);
    assert!(words(&output).contains("/nowhere/at/all"), "Ansible's words are shown: {}", words(&output));
    assert!(site.names().is_empty());
    assert_eq!(latest(&site).unwrap().state, RunState::Failed { exit: Some(1) });
    let errors = site.run(&["log", KEY, "--errors"], 0);
    assert!(words(&errors).contains("Leave a trace") || words(&errors).contains("fatal"), "{}", words(&errors));

    // The hook heard of each of them, and hears that the line is well again.
    std::fs::write(&playbook, good).unwrap();
    site.run(&["build", KEY], 0);
    let heard = std::fs::read_to_string(heard).unwrap();
    let events: Vec<serde_json::Value> = heard.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<_> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(kinds[..3], ["built", "built", "failed"], "{heard}");
    assert!(kinds.len() == 5 && kinds.contains(&"recovered"), "{heard}");
    assert_eq!(events[2]["class"], "ansible_task_failed", "{heard}");
    assert!(!heard.contains(BUILD_PASSWORD));
}

#[test]
fn what_packer_finds_wrong_before_the_build_is_told_in_its_words() {
    let site = Site::start("1h");
    std::fs::write(site.repo().join("ci/config/proxy.pkrvars.hcl"), "proxy = = 1\n").unwrap();
    let output = site.run(&["build", KEY], 1);
    assert!(words(&output).contains("proxy.pkrvars.hcl"), "{}", words(&output));
    assert_eq!(latest(&site).unwrap().reason.as_deref(), Some("packer validate failed"));
    assert!(site.names().is_empty());
}

#[test]
fn a_signal_ends_the_build_cleanly_and_leaves_no_vm() {
    let site = Site::start("1h");
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let child = site.tmpl(&["build", KEY]).stderr(std::process::Stdio::piped()).spawn().unwrap();
        wait_until("packer waits for the guest", || waits_for_ip(&site));
        assert_eq!(site.names(), [build_name()]);
        kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), signal).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130), "{}", words(&output));
        assert!(site.names().is_empty(), "{:?}", site.names());
        assert_eq!(latest(&site).unwrap().state, RunState::Cancelled);
        assert_eq!(temporary_files(&site), 0);
    }
}

fn claimed(site: &Site) -> bool {
    let vm = format!("/DC0/vm/Templates/{}", build_name());
    site.govc(&["object.collect", "-s", &vm, "config.annotation"]).contains("tmpl-tui claim: ")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_outlives_its_supervisor_and_can_still_be_followed_and_cancelled() {
    let site = Site::start("1h");
    let mut child = site.tmpl(&["build", KEY]).stderr(std::process::Stdio::null()).spawn().unwrap();
    wait_until("packer waits for the guest", || waits_for_ip(&site));
    // The claim is the run's own: the second build here is told of the first, not to take it over.
    wait_until("the VM is claimed", || claimed(&site));
    let run = latest(&site).unwrap();
    let packer = run.packer.clone().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(packer.alive());
    let run = run.refresh().unwrap();
    assert_eq!(run.state, RunState::Running);
    let busy = site.run(&["build", KEY], 3);
    assert!(words(&busy).contains("already being built"), "{}", words(&busy));

    packer_run::cancel(&run, false).await.unwrap();
    let ended = packer_run::wait_until_over(&run).await.unwrap();
    assert_eq!(ended.state, RunState::Cancelled);
    assert!(site.names().is_empty());
    assert_eq!(temporary_files(&site), 0);
}

/// Whether the picture pane shows vcsim's picture: its red and yellow corners, in half blocks.
fn shows_the_picture(screen: &vt100::Screen) -> bool {
    let (rows, columns) = screen.size();
    let has = |wanted: fn(u8, u8, u8) -> bool| {
        (0..rows.get()).any(|row| {
            (0..columns.get()).any(|column| {
                screen.cell(row, column).is_some_and(|cell| {
                    [cell.fgcolor(), cell.bgcolor()]
                        .iter()
                        .any(|c| matches!(c, vt100::Color::Rgb(r, g, b) if wanted(*r, *g, *b)))
                })
            })
        })
    };
    has(|r, g, b| r > 200 && g < 60 && b < 60) && has(|r, g, b| r > 200 && g > 200 && b < 60)
}

/// Presses `b`, agrees, and waits until the build is a template.
fn build_from_the_key(console: &mut Pty) {
    console.keys("b");
    console.wait_for("Build debian-12");
    console.answer("y");
    console.wait_for("Waiting for IP");
    console.wait("the guest's picture", shows_the_picture);
    console.wait_for("✓ built");
    // A template has no guest to show.
    console.wait("the template", |screen| !screen.contents().contains("off    127.0.0.1"));
}

/// Presses `p`, sees that vCenter agrees, agrees.
fn promote_from_the_key(console: &mut Pty) {
    console.keys("p");
    console.wait_for("vCenter does not object");
    console.answer("y");
    // The line itself says "not promoted yet" until then.
    console.wait_for("promoted; the one before is");
    console.wait_gone("promoted; the one before is");
}

#[test]
fn the_whole_way_from_the_consoles_keys() {
    let site = Site::start("3s");
    let mut command = site.tmpl_in_pty(&["--images", "cells", KEY]);
    command.env("COLORTERM", "truecolor");
    let mut console = Pty::start(command, 140, 40);
    console.wait_for("✓ live");
    build_from_the_key(&mut console);
    assert!(site.is_template(&build_name()));
    promote_from_the_key(&mut console);
    let first = site.moid(BASE);
    site.make_room();
    build_from_the_key(&mut console);
    promote_from_the_key(&mut console);
    let second = site.moid(BASE);
    assert_eq!(site.names(), [BASE.to_owned(), format!("{BASE}-prev")]);
    assert_eq!(site.moid(&format!("{BASE}-prev")), first);
    console.keys("R");
    console.wait_for("vCenter does not object");
    console.answer("it does not boot\r");
    console.wait_for("[ roll back ]");
    console.answer("y");
    console.wait_for("HELD");
    wait_until("the rollback is through", || site.names().len() == 2 && site.moid(BASE) == first);
    assert_eq!(site.moid(&format!("{BASE}-prev")), second);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_outlives_the_console_that_started_it_and_another_console_attaches() {
    let site = Site::start("1h");
    let mut console = Pty::start(site.tmpl_in_pty(&[KEY]), 120, 35);
    console.wait_for("✓ live");
    console.keys("b");
    console.wait_for("Build debian-12");
    console.answer("y");
    wait_until("packer waits for the guest", || waits_for_ip(&site));
    console.signal(Signal::SIGKILL);
    console.exit();
    let run = latest(&site).unwrap();
    assert!(run.state == RunState::Running && run.supervisor.alive() && run.packer.as_ref().unwrap().alive());

    let second = Pty::start(site.tmpl_in_pty(&[KEY]), 120, 35);
    second.wait_for("wait for IP");
    assert_eq!(site.names(), [build_name()]);
    packer_run::cancel(&run, false).await.unwrap();
    assert_eq!(packer_run::wait_until_over(&run).await.unwrap().state, RunState::Cancelled);
    second.wait_for("cancelled");
    assert!(site.names().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_packer_leaves_its_vm_and_that_is_told() {
    let site = Site::start("1h");
    let child = site.tmpl(&["build", KEY]).stderr(std::process::Stdio::piped()).spawn().unwrap();
    wait_until("packer waits for the guest", || waits_for_ip(&site));
    packer_run::cancel(&latest(&site).unwrap(), true).await.unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", words(&output));
    assert_eq!(site.names(), [build_name()]);
    assert!(words(&output).contains("is still there") && words(&output).contains("sweep"), "{}", words(&output));
    site.run(&["sweep", KEY, "--yes"], 0);
    assert!(site.names().is_empty());
}

/// Makes the template build under another name, as a branch does.
fn build_as(site: &Site, name: &str) {
    let template = site.repo().join("packer/linux/linux.pkr.hcl");
    let text = std::fs::read_to_string(&template).unwrap();
    let lines = text.lines().map(|line| if line.trim_start().starts_with("vm_name") { name } else { line });
    std::fs::write(&template, lines.collect::<Vec<_>>().join("\n")).unwrap();
}

/// The branch's name is told by our own reading of the template: known before the build.
#[test]
fn a_branch_builds_beside_and_is_not_promoted() {
    let site = Site::start("1s");
    site.run(&["build", KEY, "--promote"], 0);
    let live = site.moid(BASE);
    site.make_room();
    site.run(&["build", KEY], 0);
    let main = site.moid(&build_name());
    build_as(&site, r#"vm_name = "${replace(var.vm_base_name, "main", "fix2")}-build""#);
    let fix2 = "linux-debian-12-fix2-build";

    let refused = site.run(&["build", KEY, "--promote"], 3);
    assert!(words(&refused).contains("a branch build") && words(&refused).contains(fix2), "{}", words(&refused));
    assert_eq!(site.names(), [BASE.to_owned(), build_name()]);

    let built = site.run(&["build", KEY], 0);
    let said = words(&built);
    assert!(said.contains(&format!("builds {fix2}, not {}: a branch build", build_name())), "{said}");
    assert!(said.contains(&format!("{fix2} is built")) && !said.contains("promote it with"), "{said}");
    assert_eq!(
        site.names(),
        [BASE, fix2, &build_name()]
            .map(str::to_owned)
            .into_iter()
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect::<Vec<_>>()
    );
    let status = words(&site.run(&["status", "--json"], 0));
    assert!(status.contains(fix2), "status looks at what this checkout builds: {status}");
    let refused = site.run(&["promote", KEY], 3);
    assert!(words(&refused).contains("a branch build"), "{}", words(&refused));
    assert_eq!((site.moid(BASE), site.moid(&build_name())), (live, main));
    site.run(&["sweep", KEY, "--yes"], 0);
    assert_eq!(site.names(), [BASE.to_owned(), build_name()]);
}

/// The name is made in a way that only packer can follow: what it built is what it says, and the old build stays what it is.
#[test]
fn what_packer_says_it_built_is_what_counts() {
    let site = Site::start("1s");
    site.run(&["build", KEY, "--promote"], 0);
    let live = site.moid(BASE);
    site.make_room();
    site.run(&["build", KEY], 0);
    let main = site.moid(&build_name());
    let name = r#"vm_name = "${join("-", concat(slice(split("-", var.vm_base_name), 0, 3), ["fix3"]))}-build""#;
    build_as(&site, name);
    let fix3 = "linux-debian-12-fix3-build";
    let refused = site.run(&["build", KEY, "--promote"], 3);
    assert!(words(&refused).contains(fix3) && words(&refused).contains("a branch build"), "{}", words(&refused));
    assert_eq!((site.moid(BASE), site.moid(&build_name())), (live, main.clone()));
    assert!(site.is_template(fix3));
    let run = latest(&site).unwrap();
    assert_eq!(run.state, RunState::Succeeded);
    assert_eq!(
        run.built.map(|built| (built.name, built.moid.0)),
        Some((fix3.to_owned(), site.moid(fix3).rsplit(':').next().unwrap().to_owned()))
    );
    let line = Matrix::load(&site.repo()).unwrap().line(KEY).unwrap().clone();
    let said = Said::read(&latest(&site).unwrap(), &Manifests::of(&site.repo(), &line)).unwrap();
    let [manifest] = said.manifests.as_slice() else { panic!("{said:?}") };
    assert_eq!(manifest.artifacts, [fix3]);

    // On the main branch again, the orphan is listed and can be swept.
    build_as(&site, r#"vm_name = "${var.vm_base_name}-build""#);
    let status = words(&site.run(&["status", "--json"], 0));
    assert!(status.contains(fix3), "{status}");
    site.run(&["sweep", KEY, "--vm", "somebody-elses", "--yes"], 3);
    site.run(&["sweep", KEY, "--vm", fix3, "--yes"], 0);
    assert_eq!(site.names(), [BASE.to_owned(), build_name()]);
    assert_eq!(site.moid(&build_name()), main);
}

/// Two machines and one line: the second sees that the first is at work, whatever it is asked to do.
#[test]
fn what_another_machine_builds_is_left_alone() {
    let site = Site::start("1h");
    let mut first = site.tmpl(&["build", KEY]).stderr(std::process::Stdio::null()).spawn().unwrap();
    wait_until("packer waits for the guest", || waits_for_ip(&site));
    wait_until("the VM is claimed", || claimed(&site));
    let before = site.moid(&build_name());
    let elsewhere = |arguments: &[&str], code: i32| {
        let output = site.tmpl(arguments).env("XDG_STATE_HOME", site.path("home/other")).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", words(&output));
        words(&output)
    };
    for verb in [&["build", KEY][..], &["sweep", KEY, "--yes"], &["sweep", KEY, "--dry-run"]] {
        let said = elsewhere(verb, 3);
        assert!(said.contains("is being built by") && said.contains("--take-over"), "{verb:?}: {said}");
    }
    elsewhere(&["promote", KEY], 3);
    assert_eq!(site.moid(&build_name()), before);

    // Somebody who knows better says why.
    let said = elsewhere(&["sweep", KEY, "--yes", "--take-over", "that host burnt down"], 0);
    assert!(said.contains("taken over from") && said.contains("that host burnt down"), "{said}");
    assert!(site.names().is_empty());
    let audit = std::fs::read_to_string(site.path("home/other/tmpl-tui/audit.jsonl")).unwrap();
    assert!(audit.contains("TakeOver") && audit.contains("that host burnt down"), "{audit}");
    // packer notices by itself that its VM is gone.
    let _ = first.kill();
    first.wait().unwrap();
    if let Some(packer) = latest(&site).unwrap().packer.filter(tmpl::packer_run::Process::alive) {
        let _ = kill(Pid::from_raw(packer.pid), Signal::SIGKILL);
    }
}
