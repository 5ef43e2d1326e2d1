//! Guests that are real, as far as it takes no booted system: firmware shows its picture, and no process outlives its lab.
//! What they boot into is looked at by `ci/real`.

use std::path::{Path, PathBuf};
use std::process::Command;

use tmpl::lab::real::Wish;
use tmpl::lab::{Lab, Options, Seed};

use super::until;

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
