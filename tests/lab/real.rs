//! Guests that are real, as far as it takes no booted system: firmware shows its picture, and no process outlives its lab.
//! What they boot into is looked at by `ci/real`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tmpl::lab::real::Wish;
use tmpl::lab::{Lab, Options, Seed};
use tokio::io::{AsyncBufReadExt, BufReader};

use super::tools::tool;
use super::{command, run, until};

/// The processes whose command line names this folder.
fn processes_of(folder: &Path) -> usize {
    let folder = folder.to_str().unwrap();
    let all = std::fs::read_dir("/proc").unwrap().flatten();
    let lines = all.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    lines.filter(|line| line.starts_with(b"qemu-system") && String::from_utf8_lossy(line).contains(folder)).count()
}

fn medium(folder: &Path) -> PathBuf {
    let iso = folder.join("empty.iso");
    std::fs::write(&iso, vec![0; 1 << 20]).unwrap();
    iso
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_lives_from_power_on_to_power_off_and_no_longer_than_its_lab() {
    let dir = tempfile::tempdir().unwrap();
    let wish = Wish { iso: Some(medium(dir.path())), program: env!("CARGO_BIN_EXE_tmpl-tui").into() };
    let options = Options { real: Some(wish), task_scale: 0.0, ..Options::default() };
    let lab = Lab::start(options).await.unwrap();
    let id = lab.add(&Seed::vm("linux-debian-12-main-build", 0));
    let black = std::fs::read("assets/lab/screens/black-00.png").unwrap();
    lab.power(&id, true).unwrap();
    until("a picture of the firmware", || {
        lab.picture(&id).is_some_and(|png| png.starts_with(b"\x89PNG") && png != black)
    })
    .await;
    assert_eq!(lab.guest(&id), Some((false, None)), "nothing answers yet");
    let folder = lab.real_folder().unwrap();
    assert_eq!(processes_of(&folder), 1);
    lab.power(&id, false).unwrap();
    until("QEMU's end at power-off", || processes_of(&folder) == 0).await;
    assert!(lab.picture(&id).is_none());
    lab.power(&id, true).unwrap();
    until("QEMU again", || processes_of(&folder) == 1).await;
    lab.stop().await;
    until("QEMU's end with its lab", || processes_of(&folder) == 0).await;
    assert!(!folder.exists());
}

#[test]
fn what_is_missing_is_asked_for_by_name_and_what_does_not_apply_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tmpl-tui"));
        let output = command.arg("lab").args(arguments).env("PATH", dir.path()).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, said) = run(&["--real", "--listen", "127.0.0.1:0"]);
    assert_eq!(code, Some(1), "{said}");
    for package in ["qemu-system-x86", "qemu-utils", "xorriso", "mtools"] {
        assert!(said.contains(&format!("(Debian package {package})")), "{said}");
    }
    for other in [&["--speed", "10"] as &[&str], &["--scenario", "licensing"]] {
        let (code, said) = run(&[&["--real"], other].concat());
        assert!(code == Some(2) && said.contains("cannot be used with"), "{said}");
    }
}

/// A disk for each VM of the lab.
fn disks_in(folder: &Path) -> usize {
    let files = std::fs::read_dir(folder).unwrap().flatten();
    files.filter(|file| file.path().extension().is_some_and(|ending| ending == "qcow2")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_keeps_its_disk_and_a_clone_has_one_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let wish = Wish { iso: Some(medium(dir.path())), program: env!("CARGO_BIN_EXE_tmpl-tui").into() };
    let lab = Lab::start(Options { real: Some(wish), task_scale: 0.0, ..Options::default() }).await.unwrap();
    let folder = lab.real_folder().unwrap();
    let (name, govc) = ("linux-debian-12-main-build", async |arguments: &[&str]| {
        let mut govc = command(&lab, &tool("govc"));
        govc.args(arguments);
        let output = run(govc).await;
        assert!(output.status.success(), "govc {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    });
    let id = lab.add(&Seed::vm(name, 0));
    lab.power(&id, true).unwrap();
    until("QEMU", || processes_of(&folder) == 1).await;
    lab.power(&id, false).unwrap();
    govc(&["vm.markastemplate", name]).await;
    assert_eq!(disks_in(&folder), 1);
    govc(&["vm.clone", "-vm", name, "-ds", "vsanDatastore", "-folder", "vm", "-on=true", "web-01"]).await;
    assert_eq!(disks_in(&folder), 2);
    until("QEMU of the clone", || processes_of(&folder) == 1).await;
    govc(&["vm.destroy", "web-01"]).await;
    until("QEMU's end with the clone", || processes_of(&folder) == 0).await;
    assert_eq!(disks_in(&folder), 1, "that of the template");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_lab_left_is_ended_by_the_next_one() {
    let dir = tempfile::tempdir().unwrap();
    let iso = medium(dir.path());
    let start = async || {
        let mut lab = tokio::process::Command::new(env!("CARGO_BIN_EXE_tmpl-tui"));
        lab.args(["lab", "--real", "--listen", "127.0.0.1:0", "--iso"]).arg(&iso);
        lab.env("TMPDIR", dir.path()).env("HOME", dir.path()).current_dir(dir.path()).kill_on_drop(true);
        let mut lab = lab.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let (mut lines, mut environment) = (BufReader::new(lab.stdout.take().unwrap()).lines(), Vec::new());
        while let Some(line) = lines.next_line().await.unwrap() {
            let Some((name, value)) = line.strip_prefix("export ").and_then(|line| line.split_once('=')) else {
                continue;
            };
            environment.push((name.to_owned(), value.trim_matches('\'').to_owned()));
            if name == "GOVC_DATASTORE" {
                break;
            }
        }
        // It has more to say, and ends when nobody listens.
        (lab, environment, lines)
    };
    let (mut lab, environment, _open) = start().await;
    let mut govc = Command::new(tool("govc"));
    govc.args(["vm.create", "-on=true", "-net", "VM Network", "-g", "debian12_64Guest", "web-01"]);
    govc.env_clear().envs(environment).env("GOVC_PERSIST_SESSION", "false").env("HOME", dir.path());
    let made = run(govc).await;
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    until("QEMU", || processes_of(dir.path()) == 1).await;
    lab.kill().await.unwrap();
    assert_eq!(processes_of(dir.path()), 1, "nobody was told");
    let (mut next, _, _open) = start().await;
    until("its end", || processes_of(dir.path()) == 0).await;
    let folders = || {
        let names = std::fs::read_dir(dir.path()).unwrap().flatten().map(|entry| entry.file_name());
        names.filter(|name| name.to_string_lossy().starts_with("tmpl-tui-")).count()
    };
    assert_eq!(folders(), 1, "that of the lab at work");
    kill(Pid::from_raw(i32::try_from(next.id().unwrap()).unwrap()), Signal::SIGTERM).unwrap();
    next.wait().await.unwrap();
    assert_eq!(folders(), 0);
}
