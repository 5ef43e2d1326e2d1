//! Names the commit in `--version` of what is released; a debug build would be compiled anew after every commit.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=TMPL_COMMIT");
    let released = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    if released {
        println!("cargo::rerun-if-changed=.git/HEAD");
        println!("cargo::rerun-if-changed=.git/logs/HEAD");
    }
    let commit = std::env::var("TMPL_COMMIT").ok().or_else(|| released.then(head).flatten());
    let version = std::env::var("CARGO_PKG_VERSION").unwrap_or_default();
    let version = commit.map_or_else(|| version.clone(), |commit| format!("{version} ({commit})"));
    println!("cargo::rustc-env=TMPL_VERSION={version}");
}

/// Short id and date of the commit that is checked out; nothing in an unpacked archive.
fn head() -> Option<String> {
    let output = Command::new("git").args(["log", "-1", "--format=%h %cs"]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
