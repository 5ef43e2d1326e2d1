//! The simulated packer prints what packer prints: its messages are compared, in order, with logs of real builds
//! (`tests/lab/real`, from packer 1.16 with its vSphere and Ansible plugins).

use std::path::PathBuf;
use std::process::Child;

use regex::Regex;
use tempfile::TempDir;
use tmpl::lab::{Lab, Options};

use super::{command, lab, quick, until};

/// The beginnings of messages that mark a build's course. What is not here (media, tasks) differs from build to build.
const MARKERS: &[&str] = &[
    "Creating CD disk...",
    "Done copying paths from CD_dirs",
    "Uploading ",
    "Removing [",
    "Creating virtual machine...",
    "Applying custom hardware configuration...",
    "Adding SATA controller...",
    "Mounting ISO images...",
    "Adding configuration parameters...",
    "Setting boot order...",
    "Powering on virtual machine...",
    "Waiting ",
    "Typing boot command...",
    "IP address: ",
    "Using ",
    "WinRM connected.",
    "Connected to ",
    "Provisioning with Ansible...",
    "Setting up proxy adapter for Ansible....",
    "Executing Ansible: ",
    "PLAY [",
    "PLAY RECAP ",
    "fatal: [default]: FAILED! => {",
    "Provisioning step had errors: Running the cleanup provisioner, if present...",
    "Running shutdown command...",
    "Deleting floppy drives...",
    "Ejecting CD-ROM media...",
    "Removing CD-ROM devices...",
    "Reattaching CD-ROM devices...",
    "Adding CD-ROM devices...",
    "Converting virtual machine to template...",
    "Powering off virtual machine...",
    "Destroying VM...",
    "Closing sessions...",
    "Running post-processor:  (type manifest)",
    "timeout waiting for IP address",
    "Timeout waiting for ",
    "Build 'vsphere-iso.",
    "==> Wait completed after ",
    "==> Some builds didn't complete successfully and had errors:",
    "==> Builds finished. The artifacts of successful builds are:",
    "==> Builds finished but no artifacts were created.",
    "--> vsphere-iso.",
    "Cancelling build after receiving terminated",
    "Cleanly cancelled builds after being interrupted.",
];

/// The course of a build: its markers in order, and how `Build '…'` ended.
fn course(output: &str) -> Vec<String> {
    let colors = Regex::new("\u{1b}\\[[0-9;]*m").unwrap();
    let build = Regex::new(r"^==> vsphere-iso\.[a-z-]+: ").unwrap();
    let ended = Regex::new(r"^Build '.*' (finished|errored) after [^:]*[.:] ?(.*)$").unwrap();
    let mut course: Vec<String> = Vec::new();
    for line in output.lines() {
        let line = colors.replace_all(line, "");
        let line = build.replace(&line, "");
        if let Some(end) = ended.captures(&line) {
            course.push(format!("{} {}", &end[1], &end[2]));
        } else if let Some(marker) = MARKERS.iter().find(|marker| line.starts_with(**marker)) {
            // A build with a second post-processor names its artifact twice.
            if course.last().is_none_or(|last| last != marker) {
                course.push((*marker).to_owned());
            }
        }
    }
    course
}

fn real(name: &str) -> Vec<String> {
    let path = format!("{}/tests/lab/real/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    course(&std::fs::read_to_string(path).unwrap())
}

/// A folder with the simulated packer, and its debug log.
struct Packer {
    folder: TempDir,
}

impl Packer {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_tmpl-tui"), folder.path().join("lab-packer")).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts a build of a line of this repository; its output goes to a file.
    fn start(&self, lab: &Lab, key: &str, more: &[&str]) -> Child {
        let repo = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let matrix = tmpl::pipeline::Matrix::load(&repo).unwrap();
        let line = matrix.line(key).unwrap();
        let mut packer = command(lab, &self.path("lab-packer"));
        packer.env("PACKER_LOG", "1").env("PACKER_LOG_PATH", self.path("packer-build.log")).current_dir(&repo);
        packer.args(["build", "-on-error=cleanup"]).args(more);
        for file in ["build.pkrvars.hcl", "ansible.pkrvars.hcl", "common.pkrvars.hcl", &line.config] {
            packer.arg(format!("-var-file=ci/config/{file}"));
        }
        if let Some(only) = &line.only {
            packer.arg(format!("-only={only}"));
        }
        let output = std::fs::File::create(self.path("output.log")).unwrap();
        packer.arg(&line.build_dir).stdout(output).spawn().unwrap()
    }

    /// Runs a build to its end: exit code and output.
    async fn build(&self, lab: &Lab, key: &str, more: &[&str]) -> (Option<i32>, String) {
        let mut child = self.start(lab, key, more);
        let status = tokio::task::spawn_blocking(move || child.wait().unwrap()).await.unwrap();
        (status.code(), self.output())
    }

    fn output(&self) -> String {
        std::fs::read_to_string(self.path("output.log")).unwrap()
    }

    fn debug_log(&self) -> String {
        std::fs::read_to_string(self.path("packer-build.log")).unwrap()
    }
}

/// Time limits that no busy machine reaches.
const PATIENT: &[&str] =
    &["-var=common_ip_wait_timeout=90h", "-var=communicator_timeout=90h", "-var=common_shutdown_timeout=90h"];

/// A lab fast enough for a test.
async fn fast() -> Lab {
    lab(Options { speed: 200.0, ..quick() }).await
}

fn names(lab: &Lab) -> Vec<String> {
    lab.inventory().into_iter().map(|(name, ..)| name).filter(|name| name.ends_with("-build")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_build_leaves_a_template() {
    let (lab, packer) = (fast().await, Packer::new());
    let (code, output) = packer.build(&lab, "debian-12", PATIENT).await;
    assert_eq!(course(&output), real("success"), "{output}");
    assert_eq!(code, Some(0));
    let built = lab.inventory().into_iter().find(|(name, ..)| name == "linux-debian-12-main-build").unwrap();
    assert!(built.2, "the result is a template");
    grammatical(&packer.debug_log());

    // The name is taken now: without -force nothing is touched, with it the old template goes first.
    let (code, output) = packer.build(&lab, "debian-12", PATIENT).await;
    assert_eq!(course(&output), real("vm-exists"), "{output}");
    assert_eq!(code, Some(1));
    assert!(lab.inventory().contains(&built));
    let forced = [&["-force"], PATIENT].concat();
    let (code, output) = packer.build(&lab, "debian-12", &forced).await;
    assert_eq!(code, Some(0), "{output}");
    assert!(!lab.inventory().contains(&built));
    assert_eq!(names(&lab), ["linux-debian-12-main-build"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_look_like_packers_and_leave_nothing() {
    let quick_ip: &[&str] = &["-var=common_ip_wait_timeout=200s"];
    let quick_port: &[&str] = &["-var=common_ip_wait_timeout=90h", "-var=communicator_timeout=200s"];
    let quick_shutdown: &[&str] =
        &["-var=common_ip_wait_timeout=90h", "-var=communicator_timeout=90h", "-var=common_shutdown_timeout=100s"];
    let (lab, packer) = (fast().await, Packer::new());
    for (key, base, guest, more, like) in [
        ("debian-12", "linux-debian-12-main", "no-address", quick_ip, "ip-timeout"),
        ("debian-12", "linux-debian-12-main", "ansible-fails", PATIENT, "ansible-failed"),
        ("debian-12", "linux-debian-12-main", "shutdown-hangs", quick_shutdown, "shutdown-timeout"),
        ("ubuntu-2404", "linux-ubuntu-24.04-lts-main", "ssh-password", quick_port, "ssh-password"),
        ("windows-desktop-11", "windows-desktop-11-ent-main", "winrm-refused", quick_port, "winrm-timeout"),
    ] {
        lab.next_guest(base, guest);
        let (code, output) = packer.build(&lab, key, more).await;
        assert_eq!(course(&output), real(like), "{guest}: {output}");
        assert_eq!(code, Some(1), "{guest}");
        assert!(names(&lab).is_empty(), "{guest} left {:?}", names(&lab));
        grammatical(&packer.debug_log());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_build_destroys_its_vm() {
    let (lab, packer) = (fast().await, Packer::new());
    lab.next_guest("linux-debian-12-main", "no-address");
    let mut child = packer.start(&lab, "debian-12", PATIENT);
    until("the wait for an address", || packer.output().contains("Waiting for IP...")).await;
    assert_eq!(names(&lab), ["linux-debian-12-main-build"]);
    let pid = nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap());
    // The second signal must not cut the clean-up short.
    nix::sys::signal::kill(pid, nix::sys::signal::SIGTERM).unwrap();
    nix::sys::signal::kill(pid, nix::sys::signal::SIGTERM).unwrap();
    let status = tokio::task::spawn_blocking(move || child.wait().unwrap()).await.unwrap();
    assert_eq!(course(&packer.output()), real("cancelled"), "{}", packer.output());
    assert_eq!(status.code(), Some(1));
    assert!(names(&lab).is_empty());
    grammatical(&packer.debug_log());
}

#[tokio::test(flavor = "multi_thread")]
async fn version_init_validate_and_what_is_missing() {
    let (lab, packer) = (fast().await, Packer::new());
    let run = async |arguments: &[&str]| {
        let mut command = command(&lab, &packer.path("lab-packer"));
        command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR"));
        let output = super::run(command).await;
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, text) = run(&["version"]).await;
    assert!(code == Some(0) && text.starts_with("Packer v1.16.0\n") && text.contains("simulated"), "{text}");
    assert_eq!(run(&["init", "packer/linux/debian"]).await.0, Some(0));
    let line = "-var-file=ci/config/linux-debian-12.pkrvars.hcl";
    assert_eq!(
        run(&["validate", line, "packer/linux/debian"]).await,
        (Some(0), "The configuration is valid.\n".into())
    );
    assert_eq!(run(&["build", line, "packer/nothing"]).await.0, Some(1));
    assert_eq!(run(&["build", "packer/linux/debian"]).await.0, Some(1), "no base name");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_never_touches_a_real_vcenter() {
    let (lab, packer) = (fast().await, Packer::new());
    let mut command = command(&lab, &packer.path("lab-packer"));
    command.env("PKR_VAR_vsphere_endpoint", "vc01.example.com").current_dir(env!("CARGO_MANIFEST_DIR"));
    command.args(["build", "-var-file=ci/config/linux-debian-12.pkrvars.hcl", "packer/linux/debian"]);
    let output = super::run(command).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stdout).unwrap().contains("builds in a lab only"));
}

/// Every line of a debug log has one of the forms packer writes.
fn grammatical(log: &str) {
    let forms = Regex::new(
        r"(?x) ^\d{4}/\d\d/\d\d\ \d\d:\d\d:\d\d\ (
            ui(\ error)?:\ .*
          | machine\ readable:\ [\w.-]+,[\w-]+\ \[\]string\{.*\}
          | [^\ ]+\ plugin:\ \d{4}/\d\d/\d\d\ \d\d:\d\d:\d\d\ .*
          | (\[(TRACE|DEBUG|INFO|WARN|ERROR)\]\ )?[^\ ].*
        )$",
    )
    .unwrap();
    let mut after_ui = false;
    for line in log.lines() {
        let stamped = forms.is_match(line);
        assert!(
            stamped || after_ui || line == "e: Running in background, not using a TTY",
            "no form of packer's: {line:?}"
        );
        if stamped {
            after_ui = line.get(20..).is_some_and(|rest| rest.starts_with("ui"));
        }
    }
    assert!(log.contains("up to total timeout: "), "the deadline of the wait for the address is in the log");
    assert!(!log.contains("lab-password"), "a password is in the log");
}
