//! A whole site of real parts in a temporary folder: vcsim as vCenter, an sshd as the guest, a repository with a small
//! template, and the environment that makes this program, packer and govc find them.
//!
//! Everything listens on 127.0.0.1 and ends with the [`Site`].

#![allow(dead_code, clippy::allow_attributes, reason = "each test file uses its own part of this module")]

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use portable_pty::CommandBuilder;

use crate::tools::tool;
use crate::vcsim::{PASSWORD, USER, Vcsim};

/// Nothing that is waited for takes longer, unless it never comes.
pub const PATIENCE: Duration = Duration::from_secs(180);
/// The line the site builds.
pub const KEY: &str = "debian-12";
/// Its live template.
pub const BASE: &str = "linux-debian-12-main";
/// A password that must not be found anywhere but in packer's environment.
pub const BUILD_PASSWORD: &str = "Tr1cky 'quoted' p@ss&<w>";

/// The site.
pub struct Site {
    dir: tempfile::TempDir,
    vcsim: Vcsim,
    sshd: Child,
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.sshd.kill();
        let _ = self.sshd.wait();
    }
}

impl Site {
    /// Guests get their address `boot` after power-on, as vcsim's `-boot` takes it: `1s`; `1h` = never.
    pub fn start(boot: &str) -> Self {
        let dir = tempfile::Builder::new().prefix("site").tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        for name in ["home", "state", "tmp", "guest"] {
            fs::create_dir(at(name)).unwrap();
        }
        let guest_port = free_port();
        let sshd = sshd(dir.path(), guest_port);
        let (cert, key) = certificate(dir.path());
        let vcsim = Vcsim::start(&["-boot", boot, "-vms", "0", "-cert", &text(&cert), "-key", &text(&key)]);
        repository(&at("repo"), dir.path(), guest_port);
        Self { dir, vcsim, sshd }
    }

    /// A place in the site's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The pipeline's repository.
    pub fn repo(&self) -> PathBuf {
        self.path("repo")
    }

    /// This program's state folder.
    pub fn state(&self) -> tmpl::paths::StateDir {
        tmpl::paths::StateDir::at(self.path("state/tmpl-tui"))
    }

    /// Everything a process of the site has in its environment, and nothing else.
    pub fn environment(&self) -> Vec<(String, String)> {
        let address = self.vcsim.url.strip_prefix("https://").unwrap().strip_suffix("/sdk").unwrap();
        let vsphere = [
            ("endpoint", address),
            ("username", USER),
            ("password", PASSWORD),
            ("insecure_connection", "true"),
            ("datacenter", "DC0"),
            ("cluster", "DC0_C0"),
            ("folder", "Templates"),
            ("datastore", "LocalDS_0"),
            ("network", "VM Network"),
        ];
        let mut all: Vec<(String, String)> =
            vsphere.iter().map(|(name, value)| (format!("PKR_VAR_vsphere_{name}"), (*value).to_owned())).collect();
        let govc = [("GOVC_URL", self.vcsim.url.as_str()), ("GOVC_USERNAME", USER), ("GOVC_PASSWORD", PASSWORD)];
        all.extend(govc.map(|(name, value)| (name.to_owned(), value.to_owned())));
        all.push(("GOVC_INSECURE".into(), "1".into()));
        all.push(("PKR_VAR_build_password".into(), BUILD_PASSWORD.into()));
        for (name, folder) in [("HOME", "home"), ("XDG_STATE_HOME", "state"), ("TMPDIR", "tmp")] {
            all.push((name.into(), text(&self.path(folder))));
        }
        all.push(("PATH".into(), std::env::var("PATH").unwrap()));
        all.push(("LANG".into(), "C.UTF-8".into()));
        all
    }

    /// This program in the site, with arguments.
    pub fn tmpl(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tmpl-tui"));
        command.args(arguments).env_clear().envs(self.environment()).current_dir(self.repo()).stdin(Stdio::null());
        command
    }

    /// The same for a pseudo-terminal.
    pub fn tmpl_in_pty(&self, arguments: &[&str]) -> CommandBuilder {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_tmpl-tui"));
        command.args(arguments);
        command.cwd(self.repo());
        command.env_clear();
        self.environment().iter().for_each(|(name, value)| command.env(name, value));
        command.env("TERM", "xterm-256color");
        command
    }

    /// Runs this program and expects an exit code.
    pub fn run(&self, arguments: &[&str], code: i32) -> Output {
        let output = self.tmpl(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}:\n{}", words(&output));
        output
    }

    /// What govc answers.
    pub fn govc(&self, arguments: &[&str]) -> String {
        let output = Command::new(tool("govc")).args(arguments).envs(self.environment()).output().unwrap();
        assert!(output.status.success(), "govc {arguments:?}: {}", words(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Names of everything in the folder of templates, sorted.
    pub fn names(&self) -> Vec<String> {
        let found = self.govc(&["find", "/DC0/vm/Templates", "-type", "m"]);
        let mut names: Vec<_> = found.lines().filter_map(|path| path.rsplit('/').next()).map(str::to_owned).collect();
        names.sort();
        names
    }

    /// vCenter's id of the VM or template of this name.
    pub fn moid(&self, name: &str) -> String {
        self.govc(&["find", "-i", "/DC0/vm/Templates", "-type", "m", "-name", name]).trim().to_owned()
    }

    /// Whether it is a template, by govc.
    pub fn is_template(&self, name: &str) -> bool {
        let path = format!("/DC0/vm/Templates/{name}");
        self.govc(&["object.collect", "-s", &path, "config.template"]).trim() == "true"
    }

    /// vcsim leaves a renamed VM's files where they are and then refuses a new VM of the old name on that datastore,
    /// which a real vCenter does not: moves the files out of the way. Call it before a further build.
    pub fn make_room(&self) {
        let name = format!("{BASE}-build");
        let listed = self.govc(&["datastore.ls", "-ds", "LocalDS_0"]);
        if listed.lines().any(|line| line.trim_end_matches('/') == name) {
            self.govc(&["datastore.mv", "-f", "-ds", "LocalDS_0", &name, &format!("{name}-{}", free_port())]);
        }
    }
}

/// Waits until something holds.
pub fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Both outputs of a process, for a failure's message.
pub fn words(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).join("\n")
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn program(name: &str, arguments: &[&str]) {
    let output = Command::new(name).args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("{name}: {error}; install what ci/apt-packages lists"));
    assert!(output.status.success(), "{name} {arguments:?}: {}", words(&output));
}

/// Packer 1.6 speaks to vCenter by https only.
fn certificate(dir: &Path) -> (PathBuf, PathBuf) {
    let (cert, key) = (dir.join("cert.pem"), dir.join("cert.key"));
    let subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
    let files = ["-keyout", &text(&key), "-out", &text(&cert)];
    let make = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
    program("openssl", &[&make[..], &subject, &files].concat());
    (cert, key)
}

/// An sshd that lets in whoever runs the tests, by key.
fn sshd(dir: &Path, port: u16) -> Child {
    let file = |name: &str| text(&dir.join(name));
    for key in ["hostkey", "key"] {
        program("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", &file(key)]);
    }
    let config = format!(
        "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nStrictModes no\nUsePAM no\n\
         PidFile none\nPermitRootLogin yes\nPasswordAuthentication no\nSubsystem sftp internal-sftp\n",
        file("hostkey"),
        file("key.pub"),
    );
    fs::write(dir.join("sshd.conf"), config).unwrap();
    // As root it wants this folder; as anybody else it has no use for it.
    let _ = fs::create_dir_all("/run/sshd");
    let log = fs::File::create(dir.join("sshd.log")).unwrap();
    let child = Command::new("/usr/sbin/sshd").args(["-D", "-e", "-f", &file("sshd.conf")]).stderr(log).spawn();
    let child = child.unwrap_or_else(|error| panic!("sshd: {error}; install what ci/apt-packages lists"));
    wait_until("sshd answers", || TcpStream::connect(("127.0.0.1", port)).is_ok());
    child
}

/// The repository: the nine lines' layout with one line in it.
fn repository(repo: &Path, site: &Path, guest_port: u16) {
    let template = repo.join("packer/linux");
    let config = repo.join("ci/config");
    fs::create_dir_all(&template).unwrap();
    fs::create_dir_all(&config).unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/packer/linux");
    for entry in fs::read_dir(source).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), template.join(entry.file_name())).unwrap();
    }
    let matrix = serde_json::json!([{
        "key": KEY, "enabled": true, "os": "Linux", "dist": "Debian", "version": "12", "build_dir": "packer/linux",
        "config": "linux-debian-12.pkrvars.hcl", "base_name": BASE, "iso_datastore_path": "iso/linux/debian/12/amd64",
    }]);
    fs::write(repo.join("ci/matrix.json"), serde_json::to_string_pretty(&matrix).unwrap()).unwrap();
    let user = Command::new("id").arg("-un").output().unwrap();
    let user = String::from_utf8(user.stdout).unwrap();
    let files = [
        ("vsphere", String::new()),
        ("build", "build_username = \"builder\"\n".into()),
        ("ansible", "ansible_username = \"configurator\"\n".into()),
        ("proxy", String::new()),
        (
            "common",
            "common_iso_datastore = \"LocalDS_1\"\ncommon_ip_wait_timeout = \"20m\"\ncommon_shutdown_timeout = \"1m\"\n"
                .into(),
        ),
        ("network", String::new()),
        ("linux-storage", "vm_disk_device = \"sda\"\n".into()),
        (
            "linux-debian-12",
            format!(
                "vm_base_name = \"{BASE}\"\nvm_guest_os_type = \"debian10_64Guest\"\n\
                 iso_datastore_path = \"iso/linux/debian/12/amd64\"\niso_file = \"debian.iso\"\n\
                 guest_port = {guest_port}\nguest_user = \"{}\"\nguest_key = \"{}\"\nguest_folder = \"{}\"\n",
                user.trim(),
                text(&site.join("key")),
                text(&site.join("guest")),
            ),
        ),
    ];
    for (name, content) in files {
        fs::write(config.join(format!("{name}.pkrvars.hcl")), content).unwrap();
    }
}
