//! A vCenter with one line in it, a door before it, and the real program.

#![allow(dead_code, clippy::allow_attributes, reason = "each test file uses its own part of this module")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Output;

use portable_pty::CommandBuilder;
use tempfile::TempDir;
use tmpl::generation::Hold;
use tmpl::lab::{Lab, Options, Seed};
use tmpl::vcenter::{Client, Settings, Vm};
use tokio::process::{Child, Command};

use crate::proxy::Proxy;
use crate::tools::tool;
use crate::vcsim::{self, Vcsim};

/// The program.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_tmpl-tui");
pub const KEY: &str = "debian-12";
pub const BASE: &str = "linux-debian-12-main";

/// Which server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Vcsim,
    Lab,
}

enum Kept {
    Vcsim { _process: Vcsim },
    Lab(Box<Lab>),
}

/// A vCenter with one line in it, a door before it, and a home for the program.
pub struct World {
    kept: Kept,
    pub door: Proxy,
    pub url: String,
    pub account: (String, String),
    datacenter: &'static str,
    /// does not go through the door
    pub client: Client,
    pub home: TempDir,
    /// the repository it works on
    pub repo: PathBuf,
}

/// Names in the folder, without the base, and the ids of what has them.
pub type Names = BTreeMap<String, String>;

impl World {
    /// A server with live, prev and a fresh build.
    pub async fn steady(kind: Kind) -> Self {
        Self::new(kind, &["-prev", "", "-build"]).await
    }

    /// A server with these templates, oldest first; `=` at the end makes a VM instead.
    pub async fn new(kind: Kind, suffixes: &[&str]) -> Self {
        Self::with_tasks(kind, suffixes, 0.0).await
    }

    /// The same; in the lab, tasks take this many times what they usually do.
    pub async fn with_tasks(kind: Kind, suffixes: &[&str], task_scale: f64) -> Self {
        Self::with(kind, suffixes, Options { task_scale, ..Options::default() }).await
    }

    /// The same with a lab of these options.
    pub async fn with(kind: Kind, suffixes: &[&str], options: Options) -> Self {
        let names: Vec<String> = suffixes.iter().map(|suffix| format!("{BASE}{suffix}")).collect();
        match kind {
            Kind::Vcsim => {
                let process = Vcsim::start(&["-templates", &names.join(",")]);
                let url = process.url.clone();
                Self::of(Kept::Vcsim { _process: process }, url, (vcsim::USER.into(), vcsim::PASSWORD.into()), "DC0")
            }
            Kind::Lab => {
                let seed = |(age, name): (usize, &String)| match name.strip_suffix('=') {
                    Some(vm) => Seed::vm(vm, i64::try_from(age).unwrap()),
                    None => Seed::template(name, i64::try_from(age).unwrap()),
                };
                let seeds = names.iter().rev().enumerate().map(seed).collect();
                Self::in_lab(Options { seeds, ..options }).await
            }
        }
    }

    /// A lab with the seeds of these options.
    pub async fn in_lab(options: Options) -> Self {
        let lab = Lab::start(options).await.unwrap();
        let environment: BTreeMap<_, _> = lab.environment().into_iter().collect();
        let account = (environment["GOVC_USERNAME"].clone(), environment["GOVC_PASSWORD"].clone());
        Self::of(Kept::Lab(Box::new(lab)), environment["GOVC_URL"].clone(), account, tmpl::lab::DATACENTER)
    }

    fn of(kept: Kept, url: String, account: (String, String), datacenter: &'static str) -> Self {
        let door = Proxy::to(&url);
        let environment = environment(&url, &account, datacenter);
        let client = Client::new(Settings::from_env(&|name| environment.get(name).cloned()).unwrap()).unwrap();
        let (home, repo) = (tempfile::tempdir().unwrap(), env!("CARGO_MANIFEST_DIR").into());
        Self { kept, door, url, account, datacenter, client, home, repo }
    }

    /// The world with a copy of the repository of its own.
    pub fn with_own_repository(mut self) -> Self {
        let repo = self.home.path().join("repo");
        std::fs::create_dir_all(&repo).unwrap();
        let mut copy = std::process::Command::new("cp");
        copy.arg("-r").args(["ci", "packer"].map(|dir| self.repo.join(dir))).arg(&repo);
        assert!(copy.status().unwrap().success());
        self.repo = repo;
        self
    }

    pub fn lab(&self) -> &Lab {
        match &self.kept {
            Kept::Lab(lab) => lab,
            Kept::Vcsim { .. } => panic!("this needs the lab"),
        }
    }

    /// What leads the program through the door.
    pub fn environment(&self) -> BTreeMap<&'static str, String> {
        environment(&self.door.url(), &self.account, self.datacenter)
    }

    /// A program for a terminal, with what the console needs in its environment.
    pub fn in_terminal(&self, program: &str) -> CommandBuilder {
        let mut command = CommandBuilder::new(program);
        command.env_clear();
        self.environment().into_iter().for_each(|(name, value)| command.env(name, value));
        command.env("HOME", self.home.path());
        command.env("TERM", "xterm-256color");
        command.env("PATH", std::env::var_os("PATH").unwrap());
        command
    }

    /// The console, on a line.
    pub fn console(&self, key: &str) -> CommandBuilder {
        let mut command = self.in_terminal(PROGRAM);
        command.arg("--repo");
        command.arg(&self.repo);
        command.args(["--images", "cells", key]);
        command
    }

    /// The program, through the door.
    pub fn program(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.arg("--repo").arg(&self.repo).args(arguments).stdin(std::process::Stdio::null());
        command.env_clear().envs(self.environment()).env("HOME", self.home.path());
        command.kill_on_drop(true);
        command
    }

    /// Does something while a stand-in for packer may make a template: it says so (`touch $HOME/ending`), waits until that
    /// file is gone, and names [`BASE`]`-build` as its artifact.
    pub async fn while_built<T>(&self, body: impl Future<Output = T>) -> T {
        let ending = self.home.path().join("ending");
        let make = async {
            loop {
                if ending.exists() {
                    self.lab().add(&Seed::template(format!("{BASE}-build"), 0));
                    std::fs::remove_file(&ending).unwrap();
                }
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        tokio::select! {
            done = body => done,
            () = make => panic!("it never ends"),
        }
    }

    pub async fn run(&self, arguments: &[&str]) -> Ended {
        Ended::of(self.program(arguments).output().await.unwrap())
    }

    pub fn spawn(&self, arguments: &[&str]) -> Child {
        let mut command = self.program(arguments);
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        command.spawn().unwrap()
    }

    pub async fn vms(&self) -> Vec<Vm> {
        self.client.vms().await.unwrap()
    }

    pub async fn names(&self) -> Names {
        let vms = self.vms().await.into_iter();
        vms.filter_map(|vm| Some((vm.name.strip_prefix(BASE)?.to_owned(), vm.moid.0))).collect()
    }

    pub async fn hold(&self) -> Option<Hold> {
        self.vms().await.iter().find_map(|vm| Hold::read(&vm.annotation))
    }

    /// Runs govc; its standard output.
    pub async fn govc(&self, arguments: &[&str]) -> String {
        let mut govc = Command::new(tool("govc"));
        govc.args(arguments).env_clear().env("GOVC_PERSIST_SESSION", "false").env("GOVC_URL", &self.url);
        govc.env("GOVC_USERNAME", &self.account.0).env("GOVC_PASSWORD", &self.account.1).env("GOVC_INSECURE", "1");
        govc.env("GOVC_DATACENTER", self.datacenter);
        let output = govc.output().await.unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "govc {arguments:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
        text
    }

    /// What govc lists in the folder, without the base.
    pub async fn listed(&self) -> Vec<String> {
        let text = self.govc(&["ls", "vm/Templates"]).await;
        let names = text.lines().filter_map(|path| path.rsplit('/').next()?.strip_prefix(BASE));
        let mut names: Vec<String> = names.map(str::to_owned).collect();
        names.sort();
        names
    }

    /// Calls since [`Proxy::reset`] that change something.
    pub fn changes(&self) -> Vec<String> {
        let changing = ["Rename_Task", "Destroy_Task", "ReconfigVM_Task", "PowerOffVM_Task"];
        self.door.calls().into_iter().filter(|call| changing.contains(&call.as_str())).collect()
    }
}

fn environment(url: &str, account: &(String, String), datacenter: &str) -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("PKR_VAR_vsphere_endpoint", url.to_owned()),
        ("PKR_VAR_vsphere_username", account.0.clone()),
        ("PKR_VAR_vsphere_password", account.1.clone()),
        ("PKR_VAR_vsphere_datacenter", datacenter.to_owned()),
        ("PKR_VAR_vsphere_folder", "Templates".to_owned()),
    ])
}

/// How the program ended.
pub struct Ended {
    pub exit: i32,
    pub out: String,
    pub err: String,
}

impl Ended {
    pub fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { exit: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
    }

    #[track_caller]
    pub fn is(&self, exit: i32, part: &str) {
        assert!(self.exit == exit && self.err.contains(part), "exit {}: {}{}", self.exit, self.out, self.err);
    }
}
