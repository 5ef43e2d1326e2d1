//! `status` of nine lines in a folder of 1,000 VMs, beside govc asked once per VM. On VMware's vcsim.
//!
//! `cargo bench --bench status`; needs `./ci/tools`. Prints milliseconds (best and median of ten) and round trips. The
//! second govc row lets it keep its session between calls; the third asks for all 27 VMs at once.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a bench prints its results and fails by panicking"
)]

#[path = "../tests/support/proxy.rs"]
#[expect(dead_code, reason = "no trouble is made here")]
mod proxy;
#[path = "../tests/support/tools.rs"]
mod tools;
#[path = "../tests/support/vcsim.rs"]
mod vcsim;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use proxy::Proxy;
use tmpl::pipeline::Matrix;
use vcsim::Vcsim;

const VMS: usize = 1000;
const ROUNDS: usize = 10;

fn main() {
    let repo = Path::new(env!("CARGO_MANIFEST_DIR"));
    let lines = Matrix::load(repo).unwrap().lines;
    let names: Vec<String> = lines
        .iter()
        .flat_map(|line| ["", "-prev", "-build"].map(|suffix| format!("{}{suffix}", line.base_name)))
        .collect();
    let others = (0..VMS - names.len()).map(|number| format!("clone-{number:04}"));
    let all: Vec<String> = names.iter().cloned().chain(others).collect();
    let server = Vcsim::start(&["-vms", "2", "-templates", &all.join(",")]);
    let home = tempfile::tempdir().unwrap();
    println!("{} lines, {} VMs in their folder", lines.len(), all.len());

    row("tmpl-tui status --json", || status(&server.url, home.path()));
    println!("  {} round trips, logout included", trips(&server.url, |url| status(url, home.path())));
    let per_vm = |url: &str, persist: bool| names.iter().for_each(|name| govc(url, home.path(), persist, &[name]));
    row("govc vm.info -json, one call per VM", || per_vm(&server.url, false));
    println!("  {} round trips", trips(&server.url, |url| per_vm(url, false)));
    row("the same, session kept", || per_vm(&server.url, true));
    let at_once: Vec<&str> = names.iter().map(String::as_str).collect();
    row("govc vm.info -json, one call for all", || govc(&server.url, home.path(), true, &at_once));
    println!("  {} round trips", trips(&server.url, |url| govc(url, home.path(), false, &at_once)));
}

fn row(name: &str, work: impl Fn()) {
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let began = Instant::now();
            work();
            began.elapsed()
        })
        .collect();
    times.sort();
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    println!("{name:<40} {:8.1} ms best  {:8.1} ms median", ms(times[0]), ms(times[ROUNDS / 2]));
}

/// Calls of one run, counted at a door before the server.
fn trips(url: &str, work: impl Fn(&str)) -> usize {
    let door = Proxy::to(url);
    work(&format!("{}/sdk", door.url()));
    door.calls().len()
}

fn quiet(mut command: Command) {
    let status = command.stdout(Stdio::null()).stderr(Stdio::inherit()).status().unwrap();
    assert!(status.success(), "{command:?}");
}

fn status(url: &str, home: &Path) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tmpl-tui"));
    command.args(["--repo", env!("CARGO_MANIFEST_DIR"), "status", "--json"]).env_clear().env("HOME", home);
    command.env("PKR_VAR_vsphere_endpoint", url).env("PKR_VAR_vsphere_folder", "Templates");
    command.env("PKR_VAR_vsphere_username", vcsim::USER).env("PKR_VAR_vsphere_password", vcsim::PASSWORD);
    quiet(command);
}

fn govc(url: &str, home: &Path, persist: bool, names: &[impl AsRef<str>]) {
    let mut command = Command::new(tools::tool("govc"));
    command.env_clear().env("HOME", home).env("GOVC_URL", url).env("GOVC_INSECURE", "1");
    command.env("GOVC_USERNAME", vcsim::USER).env("GOVC_PASSWORD", vcsim::PASSWORD);
    command.env("GOVC_PERSIST_SESSION", persist.to_string()).args(["vm.info", "-json"]);
    command.args(names.iter().map(|name| format!("/DC0/vm/Templates/{}", name.as_ref())));
    quiet(command);
}
