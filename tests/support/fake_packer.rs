//! A stand-in for packer where only the behaviour of its process matters: one that is slow, deaf to signals, talkative.
//! It notes what it was called with and what it was given.

#![allow(dead_code, clippy::allow_attributes, reason = "each test file uses its own part of this module")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What the stand-in's `build` does, as shell. `$here` is its folder.
pub mod script {
    /// ends at once, well
    pub const GOOD: &str = "echo '==> Builds finished. The artifacts of successful builds are:'; echo '--> vsphere-iso.x: base-one-build'; exit 0";
    /// ends at once, badly
    pub const BAD: &str = "echo 'Error: it went wrong' >&2; exit 3";
    /// works until it is told to end, then cleans up
    pub const SLOW: &str = r#"
        trap 'echo "Cancelling build after receiving terminated"; sleep 0.3; echo gone >$here/cleaned; echo "Cleanly cancelled builds after being interrupted."; exit 1' TERM INT
        echo '==> Waiting for IP...'; touch $here/waiting
        while [ ! -e $here/release ]; do sleep 0.05; done
        echo '==> Builds finished. The artifacts of successful builds are:'; echo '--> vsphere-iso.x: base-one-build'; exit 0"#;
    /// cannot be told
    pub const DEAF: &str = r"
        trap '' TERM INT HUP
        touch $here/waiting
        while [ ! -e $here/release ]; do sleep 0.05; done
        echo '==> Builds finished. The artifacts of successful builds are:'; echo '--> vsphere-iso.x: base-one-build'; exit 0";
    /// says a lot on both streams and ends
    pub const TALKATIVE: &str = r#"
        i=0; while [ $i -lt 2000 ]; do echo "out $i 0123456789012345678901234567890123456789"; echo "err $i" >&2; i=$((i+1)); done
        head -c 20000000 /dev/zero | tr '\0' x; echo; echo '==> Builds finished. The artifacts of successful builds are:'; echo '--> vsphere-iso.x: base-one-build'
        printf 'the very last word'; exit 0"#;
}

/// The stand-in in a repository of its own.
pub struct Fake {
    dir: tempfile::TempDir,
}

impl Fake {
    /// Packer of this version whose `build` is this script.
    pub fn new(version: &str, build: &str) -> Self {
        let dir = tempfile::Builder::new().prefix("fake").tempdir().unwrap();
        let fake = Self { dir };
        for folder in ["repo/ci/config", "repo/packer/linux", "state", "tmp", "bin", "home"] {
            fs::create_dir_all(fake.path(folder)).unwrap();
        }
        let line = |key: &str, os: &str, base: &str| {
            serde_json::json!({"key": key, "enabled": true, "os": os, "dist": "D", "version": "1",
                "build_dir": "packer/linux", "config": "line.pkrvars.hcl", "base_name": base, "iso_datastore_path": "iso"})
        };
        let matrix = serde_json::json!([line("one", "Linux", "base-one"), line("win", "Windows", "base-win")]);
        fs::write(fake.path("repo/ci/matrix.json"), matrix.to_string()).unwrap();
        fake.program(
            "packer",
            &format!(
                r#"#!/bin/sh
here={here}
echo "$1" >>$here/calls
env | sort >$here/env.$1
case "$1" in
version) echo 'Packer v{version}';;
init) if [ -e $here/init-fails ]; then echo 'no plugin server' >&2; exit 1; fi;;
validate) if [ -e $here/validate-fails ]; then printf 'Error: \033[1;31mbad\033[0m variable of %s\n' "$PKR_VAR_build_password" >&2; exit 1; fi;;
build) touch $TMPDIR/packer123.iso
{build}
;;
esac
"#,
                here = fake.dir.path().display(),
            ),
        );
        fake
    }

    /// A place in its folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The packer.
    pub fn packer(&self) -> PathBuf {
        self.path("bin/packer")
    }

    /// Puts another program beside it.
    pub fn program(&self, name: &str, text: &str) {
        let text_file = self.path("bin").join(format!("{name}.text"));
        fs::write(&text_file, text).unwrap();
        // By another process: one that a test beside this forks meanwhile would hold it open ("Text file busy").
        let installed =
            Command::new("install").args(["-m", "755"]).args([&text_file, &self.path("bin").join(name)]).status();
        assert!(installed.unwrap().success());
        fs::remove_file(text_file).unwrap();
    }

    /// Where runs are recorded.
    pub fn state(&self) -> tmpl::paths::StateDir {
        tmpl::paths::StateDir::at(self.path("state/tmpl-tui"))
    }

    /// This program with its own packer first in `PATH`.
    pub fn tmpl(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tmpl-tui"));
        let path = format!("{}:{}", self.path("bin").display(), std::env::var("PATH").unwrap());
        command.args(arguments).current_dir(self.path("repo")).env_clear().env("PATH", path);
        command
            .env("HOME", self.path("home"))
            .env("XDG_STATE_HOME", self.path("state"))
            .env("TMPDIR", self.path("tmp"));
        command.env("PKR_VAR_build_password", SECRET).env("GITHUB_TOKEN", "ghp_not_for_packer");
        command.env("ACTIONS_RUNTIME_TOKEN", "not_for_packer_either");
        command.env("PACKER_LOG", "1").env("PACKER_LOG_PATH", self.path("wiped.log"));
        command.stdin(Stdio::null());
        command
    }

    /// What packer was called with, in order.
    pub fn calls(&self) -> Vec<String> {
        fs::read_to_string(self.path("calls")).unwrap_or_default().lines().map(str::to_owned).collect()
    }

    /// A variable that packer had in its environment when called with this verb.
    pub fn given(&self, verb: &str, name: &str) -> Option<String> {
        let all = fs::read_to_string(self.path(&format!("env.{verb}"))).unwrap();
        all.lines().find_map(|line| line.strip_prefix(&format!("{name}="))).map(str::to_owned)
    }

    /// Lets a waiting build end.
    pub fn release(&self) {
        fs::write(self.path("release"), "").unwrap();
    }

    /// What is left in the folder for temporary files.
    pub fn temporary_files(&self) -> Vec<PathBuf> {
        entries(&self.path("tmp"))
    }
}

/// The value of a secret variable.
pub const SECRET: &str = "s3cret-of-the-build";

fn entries(dir: &Path) -> Vec<PathBuf> {
    fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect()
}
