//! Staging an ISO of 1 GiB: this program beside `curl`, `sha256sum` and `govc datastore.upload` with a rename, from a
//! mirror on this machine to VMware's vcsim.
//!
//! `cargo bench --bench stage`; needs `./ci/tools` and `curl`, and 2 GiB in the temporary folder. Prints seconds, the peak
//! memory of the largest process, and the bytes left on this machine's disk meanwhile.
#![expect(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used, reason = "a bench prints and panics")]

#[expect(dead_code, reason = "made for tests that need more of it")]
#[path = "../tests/iso/mirror.rs"]
mod mirror;
#[path = "../tests/support/tools.rs"]
mod tools;
#[path = "../tests/support/vcsim.rs"]
mod vcsim;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use mirror::Server;
use sha2::{Digest, Sha256};
use vcsim::Vcsim;

const SIZE: u64 = 1 << 30;
const AT: &str = "/cdimage/archive/12.15.0/amd64/iso-cd";
const FILE: &str = "debian-12.15.0-amd64-netinst.iso";
const FOLDER: &str = "iso/linux/debian/12/amd64";

fn main() {
    let server = Server::start();
    server.zeros(&format!("{AT}/{FILE}"), SIZE);
    let chunk = vec![0; 1 << 20];
    let digest = (0..SIZE >> 20).fold(Sha256::new(), |hash, _| hash.chain_update(&chunk)).finalize();
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    server.put(&format!("{AT}/SHA256SUMS"), format!("{hex} *{FILE}\n"));
    row("tmpl-tui iso upload", 0, &|url, home| ours(&server, url, home));
    row("curl, sha256sum, govc", SIZE, &|url, home| by_hand(&server, &hex, url, home));
}

fn row(name: &str, disk: u64, work: &dyn Fn(&str, &Path) -> u64) {
    let vcsim = Vcsim::start(&[]);
    let home = tempfile::tempdir().unwrap();
    let begun = Instant::now();
    let peak = work(&vcsim.url, home.path());
    let took = begun.elapsed().as_secs_f64();
    println!("{name:<24} {took:6.1} s  {:6} MiB of memory  {:5} MiB of disk", peak >> 20, disk >> 20);
}

fn ours(server: &Server, url: &str, home: &Path) -> u64 {
    let repo = home.join("repo");
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("ci");
    std::fs::create_dir_all(repo.join("ci/config")).unwrap();
    for entry in std::fs::read_dir(shipped.join("config")).unwrap().map(Result::unwrap) {
        let text = std::fs::read_to_string(entry.path()).unwrap().replace("\"vsanDatastore\"", "\"LocalDS_0\"");
        std::fs::write(repo.join("ci/config").join(entry.file_name()), text).unwrap();
    }
    let matrix = std::fs::read_to_string(shipped.join("matrix.json")).unwrap();
    let matrix = matrix.replace("https://cdimage.debian.org", &server.url);
    std::fs::write(repo.join("ci/matrix.json"), matrix).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_tmpl-tui"));
    command.env("XDG_STATE_HOME", home).env("GOVC_FOLDER", "Templates").arg("--repo").arg(repo);
    run(account(&mut command, url).args(["iso", "upload", "debian-12"]))
}

fn by_hand(server: &Server, hex: &str, url: &str, home: &Path) -> u64 {
    let file = home.join(FILE);
    let fetched = run(Command::new("curl").args(["-fsSL", "-o"]).arg(&file).arg(format!("{}{AT}/{FILE}", server.url)));
    let sums = home.join("sums");
    std::fs::write(&sums, format!("{hex}  {}\n", file.display())).unwrap();
    let hashed = run(Command::new("sha256sum").arg("-c").arg(sums));
    let partial = format!("{FOLDER}/.{FILE}.partial");
    let steps = [
        vec!["datastore.mkdir", "-p", FOLDER],
        vec!["datastore.upload", file.to_str().unwrap(), &partial],
        vec!["datastore.mv", &partial, &format!("{FOLDER}/{FILE}")],
    ]
    .map(|arguments| {
        let mut govc = Command::new(tools::tool("govc"));
        run(account(&mut govc, url).env("GOVC_DATASTORE", "LocalDS_0").args(arguments))
    });
    steps.into_iter().chain([fetched, hashed]).max().unwrap()
}

fn account<'c>(command: &'c mut Command, url: &str) -> &'c mut Command {
    command.env("GOVC_URL", url).env("GOVC_USERNAME", vcsim::USER).env("GOVC_PASSWORD", vcsim::PASSWORD)
}

/// Runs it to its good end; its peak memory in bytes, as last seen before the end.
fn run(command: &mut Command) -> u64 {
    let mut child = command.stdout(Stdio::null()).spawn().expect("it is installed");
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
        peak = peak.max(kib.unwrap_or(0) * 1024);
        if let Some(ended) = child.try_wait().unwrap() {
            assert!(ended.success(), "{command:?} ended with {ended}");
            return peak;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}
