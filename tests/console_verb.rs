//! `console` as people and scripts use it, against the lab: files, exit codes, one clear line when something is wrong.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

#[path = "support/screen.rs"]
mod screen;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use assert_fs::TempDir;
use rstest::rstest;
use tmpl::lab::{Account, Lab, Options, Seed, Trouble};

const BUILD: &str = "linux-debian-12-main-build";
const REPOSITORY: &str = env!("CARGO_MANIFEST_DIR");

struct Bench {
    lab: Lab,
    vm: String,
    home: TempDir,
}

impl Bench {
    /// A lab with debian-12's build VM, running.
    async fn new(account: Account) -> Self {
        let options = Options { task_scale: 0.0, patient: true, accounts: vec![account], ..Options::default() };
        let lab = Lab::start(options).await.expect("a lab");
        let vm = lab.add(&Seed::vm(BUILD, 0));
        lab.set_guest(&vm, "licensing");
        lab.power(&vm, true).expect("it starts");
        lab.advance(Duration::from_secs(5));
        // The pictures of a guest follow its clock; it stands still from here.
        lab.set_speed(1e-9);
        Self { lab, vm, home: TempDir::new().expect("a folder") }
    }

    async fn usual() -> Self {
        Self::new(Account::new("svc-packer@lab.internal", "lab-password")).await
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tmpl-tui"));
        command.args(["--repo", REPOSITORY, "console"]).args(arguments);
        command.env_clear().envs(self.lab.environment()).env("HOME", self.home.path());
        command.stdin(Stdio::null()).current_dir(self.home.path());
        command
    }

    async fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = self.command(arguments);
        let output = tokio::task::spawn_blocking(move || command.output()).await.expect("it ran");
        Ran(output.expect("it starts"))
    }

    fn file(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Names in the folder the verb was run in, ours aside.
    fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.home.path()).expect("readable");
        let names = entries.map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned());
        names.filter(|name| name != ".local").collect()
    }
}

struct Ran(Output);

impl Ran {
    /// It ended with this code, said one line with this in it, and nothing else.
    #[track_caller]
    fn says(&self, code: i32, part: &str) {
        let said = String::from_utf8_lossy(&self.0.stderr);
        assert_eq!(self.0.status.code(), Some(code), "{said}");
        assert!(said.contains(part), "{part:?} is not in {said:?}");
        assert_eq!(said.trim_end().lines().count(), 1, "not one line: {said:?}");
    }

    #[track_caller]
    fn done(&self) -> &[u8] {
        assert!(self.0.status.success(), "{}", String::from_utf8_lossy(&self.0.stderr));
        &self.0.stdout
    }
}

/// What a picture shows: it is drawn anew when it is saved.
fn pixels(png: &[u8]) -> image::RgbImage {
    image::load_from_memory(png).expect("a picture").into_rgb8()
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).expect("readable")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_picture_of_a_line_becomes_a_file() {
    let bench = Bench::usual().await;
    bench.run(&["debian-12", "-o", "now.png"]).await.done();
    assert!(pixels(&read(&bench.file("now.png"))) == pixels(&bench.lab.picture(&bench.vm).expect("a picture")));
    assert_eq!(bench.files(), ["now.png"]);
    assert_eq!(bench.lab.open_sessions(), 0, "it logs out");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vm_is_found_by_name_and_its_picture_goes_to_a_pipe() {
    let bench = Bench::usual().await;
    let ran = bench.run(&["--vm", BUILD, "-o", "-"]).await;
    assert!(pixels(ran.done()) == pixels(&bench.lab.picture(&bench.vm).expect("a picture")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_exists_is_not_replaced_unasked() {
    let bench = Bench::usual().await;
    std::fs::write(bench.file("old.png"), "old").expect("writable");
    bench.run(&["debian-12", "-o", "old.png"]).await.says(3, "old.png exists and was left alone");
    assert_eq!(read(&bench.file("old.png")), b"old");
    assert!(bench.lab.calls().is_empty(), "vCenter was asked for nothing");
    bench.run(&["debian-12", "-o", "old.png", "--force"]).await.done();
    assert!(read(&bench.file("old.png")).starts_with(b"\x89PNG"));
}

#[rstest]
#[case::nowhere(&["debian-12", "--print"], "stdout is not a terminal")]
#[case::nothing(&["debian-12"], "stdout is not a terminal")]
#[case::folder(&["debian-12", "-o", "no/such/a.png"], "there is no folder no/such")]
#[case::key(&["debian-99", "-o", "a.png"], "debian-99")]
#[case::unasked(&["debian-12", "--type", "ls"], "needs --yes")]
#[tokio::test(flavor = "multi_thread")]
async fn wrong_usage_is_exit_2_and_one_line(#[case] arguments: &[&str], #[case] part: &str) {
    let bench = Bench::usual().await;
    bench.run(arguments).await.says(2, part);
    assert!(!bench.lab.calls().iter().any(|call| call == "PutUsbScanCodes"));
    assert!(bench.files().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_such_vm_says_where_it_looked() {
    let bench = Bench::usual().await;
    bench.run(&["--vm", "nobody", "-o", "a.png"]).await.says(1, "no VM nobody in folder");
    bench.run(&["debian-13", "-o", "a.png"]).await.says(1, "it exists only while a build runs");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_is_off_has_no_picture() {
    let bench = Bench::usual().await;
    bench.lab.power(&bench.vm, false).expect("it stops");
    bench.run(&["debian-12", "-o", "a.png"]).await.says(1, "powered off");
    assert!(bench.files().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_privilege_is_named_with_the_way_out() {
    let lacking = ["VirtualMachine.Interact.ConsoleInteract", "VirtualMachine.Interact.CreateScreenshot"];
    let bench = Bench::new(Account::new("svc-packer@lab.internal", "lab-password").without(&lacking)).await;
    let ran = bench.run(&["debian-12", "-o", "a.png"]).await;
    for part in lacking.into_iter().chain(["TMPL_CONSOLE_USERNAME"]) {
        ran.says(1, part);
    }
    assert!(bench.files().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_exit_2_and_tried_once() {
    let bench = Bench::usual().await;
    bench.lab.set_password("svc-packer@lab.internal", "changed");
    let mut command = bench.command(&["debian-12", "-o", "a.png"]);
    let output = tokio::task::spawn_blocking(move || command.output()).await.expect("it ran");
    Ran(output.expect("it starts")).says(2, "refused the password");
    assert_eq!(bench.lab.calls().iter().filter(|call| *call == "Login").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_breaks_leaves_no_file() {
    let bench = Bench::usual().await;
    bench.lab.trouble("/screen", 1, Trouble::CutBefore);
    let ran = bench.run(&["debian-12", "-o", "a.png"]).await;
    ran.says(1, "127.0.0.1");
    assert!(bench.files().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn text_is_typed_once_confirmed_and_audited_without_its_words() {
    let bench = Bench::usual().await;
    bench.run(&["debian-12", "--type", "hunter2-secret", "--yes"]).await.done();
    assert!(bench.lab.calls().iter().any(|call| call == "PutUsbScanCodes"));
    let audit = read(&bench.file(".local/state/tmpl-tui/audit.jsonl"));
    let audit = String::from_utf8_lossy(&audit);
    assert!(audit.contains("PutUsbScanCodes") && audit.contains(BUILD), "{audit}");
    assert!(!audit.contains("hunter2"), "what was typed may be a password: {audit}");
}

#[tokio::test(flavor = "multi_thread")]
async fn read_only_types_nothing() {
    let bench = Bench::usual().await;
    let mut command = bench.command(&["debian-12", "--type", "ls", "--yes", "--read-only"]);
    let output = tokio::task::spawn_blocking(move || command.output()).await.expect("it ran");
    Ran(output.expect("it starts")).says(3, "read-only");
    assert!(!bench.lab.calls().iter().any(|call| call == "PutUsbScanCodes"));
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_vms_are_not_typed_into() {
    let bench = Bench::usual().await;
    let other = bench.lab.add(&Seed::vm("somebody-elses", 0));
    bench.lab.power(&other, true).expect("it starts");
    bench.run(&["--vm", "somebody-elses", "--type", "ls", "--yes"]).await.says(3, "not a name of this pipeline");
}

#[rstest]
#[case::page(b"<html>log in</html>".to_vec(), "not an image")]
#[case::empty(Vec::new(), "not an image")]
#[case::bomb(screen::bomb(), "too large to show: 30000×30000 pixels")]
#[case::cut(b"\x89PNG\r\n\x1a\n\0\0".to_vec(), "damaged or cut short")]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_picture_is_one_line_and_no_file(#[case] sent: Vec<u8>, #[case] part: &str) {
    let bench = Bench::usual().await;
    let endpoint = screen::sending(sent, &bench.lab).await;
    let mut command = bench.command(&["debian-12", "-o", "a.png"]);
    command.env("PKR_VAR_vsphere_endpoint", endpoint);
    let output = tokio::task::spawn_blocking(move || command.output()).await.expect("it ran");
    Ran(output.expect("it starts")).says(1, part);
    assert!(bench.files().is_empty());
}
