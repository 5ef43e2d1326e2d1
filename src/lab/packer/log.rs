//! packer's two outputs: what people see, and the debug log with its stamps and origins.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};

use jiff::Zoned;

use super::arguments::Arguments;

/// Where a debug line comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plugin {
    /// the vSphere plugin
    Vsphere,
    /// the Ansible plugin
    Ansible,
}

/// Both outputs of one call.
#[derive(Debug)]
pub struct Log {
    file: Option<File>,
    debug_to_stderr: bool,
    color: bool,
    /// values that packer masks, longest first
    masks: Vec<String>,
    /// `vsphere-iso.<source>`
    build: String,
}

/// Variables that the shipped templates declare sensitive.
const SENSITIVE: &[&str] = &["vsphere_password", "build_password", "build_password_encrypted", "build_key"];

/// Writes to stderr when there is no log yet; nothing is left to do when that fails.
pub fn stderr(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

impl Log {
    /// Opens the debug log that `PACKER_LOG` and `PACKER_LOG_PATH` ask for; every call truncates it, as packer does.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(arguments: &Arguments) -> io::Result<Self> {
        let wanted = std::env::var("PACKER_LOG").is_ok_and(|value| !value.is_empty() && value != "0");
        let path = std::env::var_os("PACKER_LOG_PATH").filter(|path| wanted && !path.is_empty());
        let file = match &path {
            Some(path) => {
                File::create(path)?;
                Some(OpenOptions::new().append(true).open(path)?)
            }
            None => None,
        };
        let mut masks: Vec<String> = SENSITIVE.iter().filter_map(|name| arguments.variable(name)).collect();
        masks.sort_by_key(|mask| std::cmp::Reverse(mask.len()));
        Ok(Self {
            debug_to_stderr: wanted && file.is_none(),
            file,
            color: arguments.color,
            masks,
            build: String::new(),
        })
    }

    /// Names the build all further messages are about.
    pub fn set_source(&mut self, source: &str) {
        self.build = format!("vsphere-iso.{source}");
    }

    /// `vsphere-iso.<source>`
    pub fn build(&self) -> &str {
        &self.build
    }

    /// The first lines of every call.
    pub fn banner(&self) {
        self.debug("[INFO] Packer version: 1.16.0 [go1.26.8 linux amd64]");
        self.debug("[INFO] This packer is simulated by tmpl-tui: it builds in a lab only");
        self.debug("[INFO] PACKER_CONFIG env var not set; checking the default config file path");
        self.debug("[WARN] Config file doesn't exist: /home/runner/.packerconfig");
        self.debug("[INFO] Setting cache directory: /home/runner/.cache/packer");
        self.raw("e: Running in background, not using a TTY\n");
    }

    /// A line of packer's core in the debug log.
    pub fn debug(&self, text: &str) {
        self.raw(&format!("{} {text}\n", stamp()));
    }

    /// A line of a plugin in the debug log.
    pub fn plugin(&self, plugin: Plugin, text: &str) {
        let name = match plugin {
            Plugin::Vsphere => "packer-plugin-vsphere_v2.1.0_x5.0_linux_amd64",
            Plugin::Ansible => "packer-plugin-ansible_v1.1.7_x5.0_linux_amd64",
        };
        let now = stamp();
        self.raw(&format!("{now} {name} plugin: {now} {text}\n"));
    }

    /// A machine-readable record in the debug log.
    pub fn machine(&self, target: &str, kind: &str, values: &[&str]) {
        let quoted: Vec<String> = values.iter().map(|value| format!("{value:?}")).collect();
        self.debug(&format!("machine readable: {target},{kind} []string{{{}}}", quoted.join(", ")));
    }

    /// A message of the build: `==> vsphere-iso.<source>: text`.
    pub fn say(&self, text: &str) {
        self.ui("ui", "32", &format!("==> {}:{}{text}", self.build, if text.is_empty() { "" } else { " " }));
    }

    /// An error of the build.
    pub fn fail(&self, text: &str) {
        self.ui("ui error", "31", &format!("==> {}: {text}", self.build));
    }

    /// A coloured message without the build's prefix.
    pub fn announce(&self, text: &str) {
        self.ui("ui", "32", text);
    }

    /// A coloured error without the build's prefix.
    pub fn announce_error(&self, text: &str) {
        self.ui("ui error", "31", text);
    }

    /// A message of packer's own, without colour.
    pub fn say_plain(&self, text: &str) {
        self.echo("ui", text);
    }

    /// An error of packer's own, without colour.
    pub fn say_error(&self, text: &str) {
        self.echo("ui error", text);
    }

    /// Standard output alone.
    pub fn print(&self, text: &str) {
        // Whoever reads this is gone when it fails; the build goes on, as packer's does.
        let mut out = io::stdout().lock();
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }

    fn ui(&self, origin: &str, color: &str, text: &str) {
        if self.color {
            self.echo(origin, &format!("\u{1b}[1;{color}m{text}\u{1b}[0m"));
        } else {
            self.echo(origin, text);
        }
    }

    fn echo(&self, origin: &str, text: &str) {
        self.print(&format!("{}\n", self.masked(text)));
        self.debug(&format!("{origin}: {text}"));
    }

    fn raw(&self, text: &str) {
        if self.debug_to_stderr {
            stderr(&self.masked(text));
        }
        if let Some(mut file) = self.file.as_ref() {
            // A full disk loses log lines in packer too.
            let _ = file.write_all(self.masked(text).as_bytes());
        }
    }

    /// packer replaces the value of every sensitive variable, also inside other words.
    fn masked(&self, text: &str) -> String {
        self.masks.iter().fold(text.to_owned(), |text, mask| text.replace(mask.as_str(), "<sensitive>"))
    }
}

fn stamp() -> String {
    Zoned::now().strftime("%Y/%m/%d %H:%M:%S").to_string()
}
