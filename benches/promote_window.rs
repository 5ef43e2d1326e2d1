//! How long there is no live template while a line is promoted: this program beside the same renames by govc. On
//! VMware's vcsim, which renames at once: what is measured is everything around the renames.
//!
//! `cargo bench --bench promote_window`; needs `./ci/tools`. A second client asks for the names without pause and notes
//! when live goes and comes. Prints milliseconds, best and median of ten; 0 is shorter
//! than it can see.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a bench prints its results and fails by panicking"
)]

#[path = "../tests/support/tools.rs"]
mod tools;
#[path = "../tests/support/vcsim.rs"]
mod vcsim;

use std::collections::HashMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tmpl::vcenter::{Client, Error, Settings};
use tokio::sync::oneshot;
use vcsim::Vcsim;

const BASE: &str = "linux-debian-12-main";
const ROUNDS: usize = 10;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let ours = row(&runtime, "tmpl-tui promote", &|url, home| quiet(promote(url, home)));
    let script = row(&runtime, "govc, session kept", &|url, home| by_govc(url, home, true));
    let fresh = row(&runtime, "govc, a login per call", &|url, home| by_govc(url, home, false));
    println!("govc/ours {:.1} and {:.1}", script / ours, fresh / ours);
}

/// Prints the time without a live template; its median in milliseconds.
fn row(runtime: &tokio::runtime::Runtime, name: &str, work: &dyn Fn(&str, &Path)) -> f64 {
    let mut gaps: Vec<f64> = (0..ROUNDS).map(|_| gap(runtime, work).as_secs_f64() * 1000.0).collect();
    gaps.sort_by(f64::total_cmp);
    println!("{name:<24} {:8.1} ms best  {:8.1} ms median", gaps[0], gaps[ROUNDS / 2]);
    gaps[ROUNDS / 2]
}

fn gap(runtime: &tokio::runtime::Runtime, work: &dyn Fn(&str, &Path)) -> Duration {
    let server = Vcsim::start(&["-templates", &format!("{BASE}-prev,{BASE},{BASE}-build")]);
    let home = tempfile::tempdir().unwrap();
    let client = client(&server.url);
    runtime.block_on(client.vms()).unwrap();
    let (stop, stopped) = oneshot::channel();
    let watching = runtime.spawn(watch(client, stopped));
    work(&server.url, home.path());
    stop.send(()).unwrap();
    runtime.block_on(watching).unwrap()
}

/// Asks for the names until told to stop; how long there was no live template among them.
async fn watch(client: Client, mut stopped: oneshot::Receiver<()>) -> Duration {
    let mut gap = Duration::ZERO;
    let mut gone: Option<Instant> = None;
    while stopped.try_recv().is_err() {
        // Often enough to see a millisecond, not so often that it slows down what it looks at.
        tokio::time::sleep(Duration::from_micros(200)).await;
        let asked = Instant::now();
        let names = match client.folder_entries().await {
            Ok(names) => names,
            // A template destroyed while it was being read: asked again.
            Err(Error::NotFound(_)) => continue,
            Err(error) => panic!("{error}"),
        };
        let live = names.iter().any(|(_, name)| name == BASE);
        match (live, gone) {
            (false, None) => gone = Some(asked),
            (true, Some(since)) => {
                gap += since.elapsed();
                gone = None;
            }
            _ => {}
        }
    }
    assert!(gone.is_none(), "live is still gone");
    gap
}

fn settings(url: &str) -> HashMap<&'static str, String> {
    HashMap::from([
        ("PKR_VAR_vsphere_endpoint", url.to_owned()),
        ("PKR_VAR_vsphere_username", vcsim::USER.to_owned()),
        ("PKR_VAR_vsphere_password", vcsim::PASSWORD.to_owned()),
        ("PKR_VAR_vsphere_folder", "Templates".to_owned()),
    ])
}

fn client(url: &str) -> Client {
    let environment = settings(url);
    Client::new(Settings::from_env(&|name| environment.get(name).cloned()).unwrap()).unwrap()
}

fn promote(url: &str, home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tmpl-tui"));
    command.args(["--repo", env!("CARGO_MANIFEST_DIR"), "promote", "debian-12"]);
    command.env_clear().envs(settings(url)).env("HOME", home);
    command
}

/// What the shell version does: look, destroy prev, rename live, rename build.
fn by_govc(url: &str, home: &Path, persist: bool) {
    let path = |suffix: &str| format!("/DC0/vm/Templates/{BASE}{suffix}");
    let (live, prev, build) = (path(""), path("-prev"), path("-build"));
    for arguments in [
        &["ls", &build][..],
        &["ls", &prev],
        &["vm.destroy", &prev],
        &["ls", &live],
        &["object.rename", &live, &format!("{BASE}-prev")],
        &["object.rename", &build, BASE],
    ] {
        let mut command = Command::new(tools::tool("govc"));
        command.env_clear().env("HOME", home).env("GOVC_URL", url).env("GOVC_INSECURE", "1");
        command.env("GOVC_USERNAME", vcsim::USER).env("GOVC_PASSWORD", vcsim::PASSWORD);
        command.env("GOVC_PERSIST_SESSION", persist.to_string()).args(arguments);
        quiet(command);
    }
}

fn quiet(mut command: Command) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
