//! One build: its steps, a signal in between, its end.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use secrecy::SecretString;
use tokio::signal::unix::{SignalKind, signal};

use super::super::guest::{Book, Family, Guest};
use super::arguments::Arguments;
use super::log::{Log, Plugin};
use super::vsphere::Vsphere;
use super::{ending, span};

/// Why a build did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// packer's words
    pub text: String,
    /// it happened while provisioning or shutting down, where packer mentions the clean-up provisioner
    pub provisioning: bool,
}

impl From<String> for Failure {
    fn from(text: String) -> Self {
        Self { text, provisioning: false }
    }
}

/// Everything about the build under way.
#[derive(Debug)]
pub struct Build {
    /// command line and variables
    pub arguments: Arguments,
    /// both outputs
    pub log: Log,
    /// the line's family
    pub family: &'static Family,
    /// the guest that boots, known once the VM exists
    pub guest: Option<&'static Guest>,
    /// name of the VM
    pub name: String,
    /// inventory folder of templates
    pub folder: String,
    /// datacenter
    pub datacenter: String,
    /// datastore of the VM and of the generated CD
    pub datastore: String,
    /// file name of the generated CD
    pub cd: String,
    /// session with vCenter
    pub vsphere: Option<Vsphere>,
    /// id of the VM
    pub vm: Option<String>,
    /// creation was begun, so there may be a VM even when its id is not known
    pub creating: bool,
    /// the generated CD is on the datastore
    pub uploaded: bool,
    /// lab seconds per real second
    pub speed: f64,
    /// when the guest was switched on
    pub booted: Instant,
    /// the address packer connects to
    pub ip: String,
}

/// Builds, and returns packer's exit code.
pub async fn run(arguments: Arguments, log: Log) -> ExitCode {
    let started = Instant::now();
    let (base, family) = match target(&arguments) {
        Ok(target) => target,
        Err(problem) => {
            log.say_error(&format!("Error: {problem}\n"));
            return ExitCode::FAILURE;
        }
    };
    let mut build = Build::new(arguments, log, &base, family);
    build.preamble();
    let interrupted = tokio::select! {
        outcome = build.steps() => Err(outcome),
        name = interruption() => Ok(name),
    };
    match interrupted {
        Err(Ok(())) => {
            ending::succeeded(&build, started.elapsed());
            return ExitCode::SUCCESS;
        }
        Err(Err(failure)) => ending::failed(&mut build, &failure, started).await,
        Ok(name) => ending::cancelled(&mut build, name, started).await,
    }
    ExitCode::FAILURE
}

/// The line this build is for, when all required variables are there.
fn target(arguments: &Arguments) -> Result<(String, &'static Family), String> {
    let unset = |name: &str| format!("Unset variable {name:?}\n\nA used variable must be set or have a default value");
    let base = arguments.base_name().ok_or_else(|| unset("vm_base_name"))?;
    for name in ["vsphere_endpoint", "vsphere_username", "vsphere_password"] {
        arguments.variable(name).ok_or_else(|| unset(name))?;
    }
    let family = Book::shipped()?.family_of(&base).ok_or_else(|| format!("the lab has no guest for {base}"))?;
    Ok((base, family))
}

/// The name Go gives the signal that arrived. Later ones change nothing: the clean-up runs to its end.
async fn interruption() -> &'static str {
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => "terminated",
        _ = interrupt.recv() => "interrupt",
    }
}

impl Build {
    fn new(arguments: Arguments, mut log: Log, base: &str, family: &'static Family) -> Self {
        log.set_source(arguments.only.as_deref().unwrap_or(&family.source));
        let place = |name: &str, default: &str| arguments.variable(name).unwrap_or_else(|| default.to_owned());
        Self {
            folder: place("vsphere_folder", ""),
            datacenter: place("vsphere_datacenter", super::super::DATACENTER),
            datastore: place("vsphere_datastore", super::super::DATASTORE),
            arguments,
            log,
            family,
            guest: None,
            name: format!("{base}-build"),
            cd: format!("packer{}.iso", std::process::id()),
            vsphere: None,
            vm: None,
            creating: false,
            uploaded: false,
            speed: 1.0,
            booted: Instant::now(),
            ip: String::new(),
        }
    }

    fn preamble(&self) {
        let plugins = "/home/runner/.config/packer/plugins/github.com";
        for plugin in [
            "vmware/vsphere/packer-plugin-vsphere_v2.1.0_x5.0_linux_amd64",
            "hashicorp/ansible/packer-plugin-ansible_v1.1.7_x5.0_linux_amd64",
        ] {
            self.log.debug(&format!("[INFO] Starting external plugin {plugins}/{plugin} start --protobuf"));
            self.log
                .debug(&format!("Starting plugin: {plugins}/{plugin} []string{{{:?}}}", format!("{plugins}/{plugin}")));
            self.log.debug(&format!("Waiting for RPC address for: {plugins}/{plugin}"));
        }
        for plugin in [Plugin::Vsphere, Plugin::Ansible] {
            self.log.plugin(plugin, "Waiting for connection...");
            self.log.plugin(plugin, "Serving a plugin connection...");
            self.log.plugin(plugin, "[DEBUG] - common: sending ConfigSpec as protobuf");
            self.log.debug("[DEBUG] - common: receiving ConfigSpec as protobuf");
        }
        if self.arguments.color {
            self.log.announce(&format!("{}: output will be in this color.", self.log.build()));
            self.log.say_plain("");
        }
        for line in [
            "Build debug mode: false",
            &format!("Force build: {}", self.arguments.force),
            "On error: cleanup",
            "Waiting on builds to complete...",
            &format!("Starting build run: {}", self.log.build()),
            "Running builder: vsphere-iso",
        ] {
            self.log.debug(line);
        }
    }

    async fn steps(&mut self) -> Result<(), Failure> {
        self.connect_vcenter().await?;
        self.make_cd().await?;
        self.create_vm().await?;
        self.boot().await?;
        self.wait_for_ip().await?;
        self.connect_guest().await?;
        self.provision().await?;
        self.shut_down().await?;
        self.convert().await?;
        Ok(())
    }

    /// Lets lab time pass.
    pub async fn pause(&self, seconds: f64) {
        tokio::time::sleep(self.real(seconds)).await;
    }

    /// How long lab seconds take here.
    pub fn real(&self, seconds: f64) -> Duration {
        Duration::from_secs_f64((seconds / self.speed).clamp(0.0, 1e6))
    }

    /// A time limit of the var-files in lab seconds.
    pub fn limit(&self, variable: &str, default: f64) -> f64 {
        self.arguments.variable(variable).and_then(|text| span::parse(&text)).unwrap_or(default)
    }

    /// The limit as packer would write it: the real time that will pass.
    pub fn written(&self, lab_seconds: f64) -> String {
        span::go(lab_seconds / self.speed)
    }

    /// The session; a build without one failed before.
    pub fn vcenter(&mut self) -> Result<&mut Vsphere, Failure> {
        self.vsphere.as_mut().ok_or_else(|| Failure::from("not connected to vCenter".to_owned()))
    }

    /// The VM's id; a build without one failed before.
    pub fn vm_id(&self) -> Result<String, Failure> {
        self.vm.clone().ok_or_else(|| Failure::from("the VM was not created".to_owned()))
    }

    /// The password of the build's account.
    pub fn password(&self) -> SecretString {
        SecretString::from(self.arguments.variable("vsphere_password").unwrap_or_default())
    }

    /// A line of the vSphere plugin.
    pub fn plugin(&self, text: &str) {
        self.log.plugin(Plugin::Vsphere, text);
    }
}
