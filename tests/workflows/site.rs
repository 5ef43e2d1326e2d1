//! What a runner of the workflows finds: a checkout with a remote, a lab, the lab's packer, a `gh` that writes down what
//! it is asked, and `act`, which executes the workflows on this machine.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tmpl::lab::{Lab, Options, Seed};
use tmpl::pipeline::Matrix;

use crate::mirror::Server;
use crate::tools::tool;

/// In the environment of every build; it must not be in anything that a run leaves.
pub const PASSWORD: &str = "correct-horse-battery-Staple9";

/// A runner and its surroundings.
pub struct Site {
    dir: tempfile::TempDir,
    /// the simulated vCenter
    pub lab: Lab,
    /// the distributions' mirrors
    pub mirror: Server,
}

/// How a workflow ended, and what it said.
pub struct Ran {
    /// every job succeeded
    pub succeeded: bool,
    /// the log of all its jobs
    pub log: String,
}

impl Site {
    /// A runner with these lines enabled and no others; `guests` are scenarios of the lab, by line.
    pub async fn start(enabled: &[&str], guests: &[(&str, &str)], options: Options) -> Self {
        let dir = tempfile::Builder::new().prefix("workflows").tempdir().unwrap();
        let mirror = Server::start();
        let site = Path::new(env!("CARGO_MANIFEST_DIR"));
        let matrix = Matrix::load(site).unwrap();
        let base = |key: &str| matrix.line(key).unwrap().base_name.clone();
        let seeds = matrix.lines.iter();
        let seeds = seeds.flat_map(|line| [Seed::template(&line.base_name, 74), Seed::template(line.prev_name(), 242)]);
        let guests = guests.iter().map(|(line, guest)| (base(line), (*guest).to_owned())).collect();
        let lab = Lab::start(Options { seeds: seeds.collect(), guests, ..options }).await.unwrap();
        let site = Self { dir, lab, mirror };
        for name in ["bin", "home", "tmp", "state", "artifacts", "repo"] {
            fs::create_dir(site.path(name)).unwrap();
        }
        site.programs();
        site.repository(enabled);
        site
    }

    /// A place in the site's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn programs(&self) {
        let program = env!("CARGO_BIN_EXE_tmpl-tui");
        std::os::unix::fs::symlink(program, self.path("bin/tmpl-tui")).unwrap();
        std::os::unix::fs::symlink(program, self.path("bin/lab-packer")).unwrap();
        // Formatting is real, file by file since Debian's packer knows no folders; building is the lab's.
        self.program("packer", "case $1 in fmt) find packer ci/config -type f '(' -name '*.pkr.hcl' -o -name '*.pkrvars.hcl' ')' -print0 | xargs -0 -n1 /usr/bin/packer fmt -check ;; *) exec lab-packer \"$@\" ;; esac");
        self.program("gh", "printf '%s\\n' \"$*\" >>\"$GH_ASKED\"; case \"$1 $2\" in 'run view') echo '- build (debian-12): failure' ;; esac");
    }

    /// A shell script on the runner's PATH.
    pub fn program(&self, name: &str, text: &str) {
        let path = self.path("bin").join(name);
        fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// The repository as it is shipped, with the local mirrors and the wanted lines, and a remote it came from.
    fn repository(&self, enabled: &[&str]) {
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR"));
        let files = git(shipped, &["ls-files", "-z", ".github", "ci", "packer", "assets", "Cargo.toml", "Cargo.lock"]);
        for file in files.split('\0').filter(|file| !file.is_empty()) {
            copy(&shipped.join(file), &self.path("repo").join(file));
        }
        self.edit("ci/matrix.json", |text| {
            let mut lines: serde_json::Value = serde_json::from_str(&text).unwrap();
            for line in lines.as_array_mut().unwrap() {
                line["enabled"] = enabled.contains(&line["key"].as_str().unwrap()).into();
            }
            let text = serde_json::to_string_pretty(&lines).unwrap() + "\n";
            let hosts = ["releases.ubuntu.com", "cdimage.debian.org", "download.rockylinux.org", "repo.almalinux.org"];
            hosts.iter().fold(text, |text, host| text.replace(&format!("https://{host}"), &self.mirror.url))
        });
        let repo = self.path("repo");
        git(&repo, &["init", "--quiet", "--initial-branch=main"]);
        git(&repo, &["add", "--all"]);
        git(&repo, &["commit", "--quiet", "--message=As shipped"]);
        git(self.dir.path(), &["clone", "--quiet", "--bare", "repo", "remote.git"]);
        git(&repo, &["remote", "add", "origin", self.path("remote.git").to_str().unwrap()]);
    }

    /// Changes a file of the checkout.
    pub fn edit(&self, file: &str, change: impl FnOnce(String) -> String) {
        let path = self.path("repo").join(file);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(path, change(text)).unwrap();
    }

    /// What git says of the remote.
    pub fn remote(&self, arguments: &[&str]) -> String {
        git(&self.path("remote.git"), arguments)
    }

    /// What `gh` was asked, a call a line.
    pub fn asked(&self) -> Vec<String> {
        let asked = fs::read_to_string(self.path("gh.txt")).unwrap_or_default();
        asked.lines().map(str::to_owned).collect()
    }

    /// Starts a workflow for an event; its output goes to `log.txt`.
    pub fn begin(&self, workflow: &str, event: &[&str]) -> Child {
        let environment = self.lab.environment();
        let mut lines: Vec<String> = environment.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let place = |name: &str| self.path(name).to_str().unwrap().to_owned();
        lines.extend([
            format!("PKR_VAR_build_password={PASSWORD}"),
            "PKR_VAR_build_password_encrypted=$6$salt$Not.A.Real.Hash".into(),
            format!("PROGRAM={}", env!("CARGO_BIN_EXE_tmpl-tui")),
            format!("XDG_STATE_HOME={}", place("state")),
            format!("ARTIFACTS={}", place("artifacts")),
            format!("GH_ASKED={}", place("gh.txt")),
            format!("REMOTE={}", place("remote.git")),
        ]);
        fs::write(self.path("environment"), lines.join("\n")).unwrap();
        let log = fs::File::create(self.path("log.txt")).unwrap();
        let mut act = Command::new(tool("act"));
        act.arg("--workflows").arg(format!(".github/workflows/{workflow}"));
        act.args(["--pull=false", "--no-cache-server", "--env-file", &place("environment")]);
        for runner in ["ubuntu-24.04", "packer-vsphere"] {
            act.args(["--platform", &format!("{runner}=-self-hosted")]);
        }
        for (action, stand_in) in stand_ins(&self.path("repo")) {
            act.args(["--local-repository", &format!("{action}={stand_in}")]);
        }
        act.args(event).current_dir(self.path("repo")).env_clear();
        let path = format!("{}:{}", place("bin"), std::env::var("PATH").unwrap());
        act.envs([("HOME", place("home")), ("TMPDIR", place("tmp")), ("PATH", path)]);
        act.env("ACT_DISABLE_VERSION_CHECK", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
        act.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap()
    }

    /// Waits for its end.
    pub async fn end(&self, mut act: Child) -> Ran {
        let status = tokio::task::spawn_blocking(move || act.wait().unwrap()).await.unwrap();
        let log = fs::read_to_string(self.path("log.txt")).unwrap();
        Ran { succeeded: status.success(), log }
    }

    /// Runs a workflow from start to end.
    pub async fn run(&self, workflow: &str, event: &[&str]) -> Ran {
        self.end(self.begin(workflow, event)).await
    }

    /// Ids of a line's live, prev and build, as vCenter has them now.
    pub async fn generations(&self, line: &str) -> [Option<String>; 3] {
        let mut status = Command::new(env!("CARGO_BIN_EXE_tmpl-tui"));
        status.args(["status", "--os", line, "--json", "--repo"]).arg(self.path("repo"));
        status.env_clear().envs(self.lab.environment()).env("HOME", self.path("home"));
        status.env("XDG_STATE_HOME", self.path("state"));
        let output = tokio::task::spawn_blocking(move || status.output().unwrap()).await.unwrap();
        let status: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
            panic!("{error}: {}", String::from_utf8_lossy(&output.stderr));
        });
        ["live", "prev", "build"].map(|generation| Some(status[0][generation]["moid"].as_str()?.to_owned()))
    }

    /// Every file of an artifact, by its path in it; none = there is no such artifact.
    pub fn artifact(&self, name: &str) -> Option<Vec<(String, Vec<u8>)>> {
        let root = self.path("artifacts").join(name);
        root.exists().then(|| files(&root, &root))
    }
}

/// Where the stand-ins of other people's actions are, for every action at the commit that the workflows name.
fn stand_ins(repo: &Path) -> Vec<(String, String)> {
    let folders = [repo.join(".github/workflows"), repo.join(".github/actions/tmpl-tui")];
    let mut found = Vec::new();
    for entry in folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap()) {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        let uses = text.lines().filter_map(|line| line.trim_start_matches([' ', '-']).strip_prefix("uses: "));
        for action in uses.filter_map(|line| line.split(' ').next()) {
            let name = action.split(['/', '@']).nth(1).unwrap_or_default();
            let stand_in = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/workflows/actions").join(name);
            if stand_in.exists() {
                found.push((action.to_owned(), stand_in.to_str().unwrap().to_owned()));
            }
        }
    }
    found
}

fn files(root: &Path, folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut all: Vec<_> = entries
        .flat_map(|path| {
            if path.is_dir() {
                return files(root, &path);
            }
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            vec![(name, fs::read(path).unwrap())]
        })
        .collect();
    all.sort();
    all
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    if from.is_symlink() {
        std::os::unix::fs::symlink(fs::read_link(from).unwrap(), to).unwrap();
    } else {
        fs::copy(from, to).unwrap();
    }
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let who = ["-c", "user.name=Test", "-c", "user.email=test@example.com"];
    let output = Command::new("git").args(who).args(arguments).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
