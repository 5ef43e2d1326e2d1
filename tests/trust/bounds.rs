//! What a server, a build or a log may take of memory and disk, however much there is of it.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use super::strangers::Stranger;
use super::world::{Ended, PROGRAM};
use super::{KEY, Kind, World, figure};

/// All the memory there is, in KiB of addresses: what each of these would take is more.
const ROOM: &str = "900000";

/// The program with so much memory and no more.
fn within_room(world: &World, verb: &[&str]) -> tokio::process::Command {
    let mut program = tokio::process::Command::new("sh");
    program.args(["-c", &format!("ulimit -v {ROOM}; exec \"$@\""), "sh", PROGRAM, "--repo"]);
    program.arg(&world.repo).args(verb).env_clear().envs(world.environment()).env("HOME", world.home.path());
    program.env("MALLOC_ARENA_MAX", "1").env("PATH", std::env::var_os("PATH").unwrap());
    program
}

/// As much as an answer may have, in elements of four bytes; and in pairs, which are a vector each.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_nothing_but_elements_is_dropped() {
    let world = World::steady(Kind::Lab).await;
    for piece in ["<a/>", "<a><b/></a>", "<a>&lt;</a>"] {
        let body = format!("<a>{}</a>", piece.repeat((64 << 20) / piece.len() - 2));
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: {}\r\n\r\n", body.len());
        let stranger = Stranger::start([head.as_bytes(), body.as_bytes()].concat());
        let mut program = within_room(&world, &["status"]);
        program.env("PKR_VAR_vsphere_endpoint", stranger.url());
        Ended::of(program.output().await.unwrap()).is(1, "more elements than");
    }
    figure("answers of 64 MiB of nothing but elements: 3 tried, all refused within 900 MB");
}

/// Every page of an answer says that there is one more.
#[tokio::test(flavor = "multi_thread")]
async fn pages_without_end_are_not_followed_for_ever() {
    for copies in [1, 400] {
        let world = World::steady(Kind::Lab).await;
        world.door.never_ending(copies);
        let output = within_room(&world, &["status"]).output().await.unwrap();
        Ended::of(output).is(1, "does not end");
        let pages = world.door.calls().iter().filter(|call| *call == "ContinueRetrievePropertiesEx").count();
        assert!(pages <= 200, "{pages} pages of {copies} copies");
    }
    figure("answers of pages without end: 2 tried, all refused within 900 MB");
}

/// GitHub's answers, too.
#[tokio::test(flavor = "multi_thread")]
async fn what_github_sends_without_end_is_dropped() {
    let world = World::steady(Kind::Lab).await;
    let body = format!("{{\"workflow_runs\":[{}]}}", "{},".repeat(32 << 20));
    let next = "Link: <https://api.github.com/next>; rel=\"next\"";
    let head = format!("HTTP/1.1 200 OK\r\n{next}\r\nContent-Length: {}\r\n\r\n", body.len());
    let stranger = Stranger::start([head.as_bytes(), body.as_bytes()].concat());
    let mut program = within_room(&world, &["runs", "list"]);
    program.env("GITHUB_API_URL", stranger.url()).env("GITHUB_REPOSITORY", "acme/images").env("GITHUB_TOKEN", "ghp_x");
    Ended::of(program.output().await.unwrap()).is(1, "longer than 8 MiB");
}

/// A packer that writes without end into its log: head and tail stay, the disk stays free.
#[tokio::test(flavor = "multi_thread")]
async fn what_packer_writes_has_a_bound() {
    let world = World::new(Kind::Lab, &["-prev", ""]).await;
    let packer = world.home.path().join("packer");
    let script = r#"#!/bin/sh
case $1 in
version) echo 'Packer v1.16.0';;
build)
  echo '==> one: the first words'
  echo 'the first line' >>"$PACKER_LOG_PATH"
  for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
    yes '2026/03/01 02:03:04 ui: ==> vsphere-iso.linux: a line as long as lines are' | head -c 64M >>"$PACKER_LOG_PATH"
    sleep 0.2
  done
  echo '2026/03/01 02:13:04 ui error: ==> vsphere-iso.linux: the last line' >>"$PACKER_LOG_PATH"
  exit 1;;
esac
"#;
    std::fs::write(&packer, script).unwrap();
    std::fs::set_permissions(&packer, std::fs::Permissions::from_mode(0o755)).unwrap();
    let program = within_room(&world, &["build", KEY, "--packer", packer.to_str().unwrap()]).output();
    let records = world.home.path().join(".local/state/tmpl-tui/runs").join(KEY);
    let mut program = std::pin::pin!(program);
    let mut most = 0;
    let output = loop {
        tokio::select! {
            output = &mut program => break output.unwrap(),
            () = tokio::time::sleep(std::time::Duration::from_millis(20)) => most = most.max(on_disk(&records)),
        }
    };
    Ended::of(output).is(1, "");
    let log = std::fs::read_dir(&records).unwrap().map(|run| run.unwrap().path().join("packer-build.log"));
    let log = log.into_iter().find(|log| log.is_file()).unwrap();
    // 64 MiB of head, 192 of tail, what was written since the last look, and at the end the file that takes its place.
    assert!((64 << 20..640 << 20).contains(&most), "{most} bytes on the disk of {}", 1_u64 << 30);
    let kept = std::fs::metadata(&log).unwrap().len();
    assert!((250 << 20..280 << 20).contains(&kept), "{kept}");
    let mut lines = BufReader::new(std::fs::File::open(&log).unwrap()).split(b'\n').map(Result::unwrap);
    assert_eq!(lines.next().unwrap(), b"the first line");
    let (mut said, mut last) = (0, Vec::new());
    for line in lines {
        said +=
            usize::from(line.starts_with(b"==> tmpl-tui: ") && line.ends_with(b"tail of what packer wrote are kept"));
        last = line;
    }
    assert!(said == 1 && last.ends_with(b"the last line"), "{said} {:?}", String::from_utf8_lossy(&last));
    figure("a packer that writes 1 GiB of log: head and tail of it kept, the disk free");
}

/// Bytes of disk that everything in a folder has.
fn on_disk(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let size = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => on_disk(&entry.path()),
        Ok(metadata) => metadata.blocks() * 512,
        Err(_) => 0,
    };
    entries.flatten().map(size).sum()
}

/// A log that no build writes: its verdict is there, with the right numbers of lines, in memory that is bounded, and its
/// middle is not judged.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_of_gigabytes_is_judged_by_its_head_and_tail() {
    let world = World::steady(Kind::Lab).await;
    let log = world.home.path().join("packer-build.log");
    let line = |text: &str| format!("2026/03/01 02:03:04 {text}\n");
    let begun = line("ui: ==> vsphere-iso.linux: Creating virtual machine...");
    std::fs::write(&log, &begun).unwrap();
    let mut file = std::fs::OpenOptions::new().append(true).open(&log).unwrap();
    file.set_len(4_700_000_000).unwrap();
    let end = [
        line(""),
        line("ui: ==> vsphere-iso.linux: Waiting for IP..."),
        line("ui error: Build 'vsphere-iso.linux' errored after 25 minutes: Timeout waiting for IP address"),
    ];
    file.write_all(end.concat().as_bytes()).unwrap();
    let output = within_room(&world, &["triage", "--log", log.to_str().unwrap(), "--json"]).output().await.unwrap();
    let ended = Ended::of(output);
    ended.is(0, "MiB were counted and not judged");
    let verdict: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    let cited: Vec<u64> = verdict["evidence"].as_array().unwrap().iter().filter_map(|e| e["line"].as_u64()).collect();
    assert!(cited.contains(&4), "{verdict}");
    figure("triage of a log of 4.7 GB: judged by head and tail within 900 MB, lines keep their numbers");
}
