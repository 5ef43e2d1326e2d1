//! Waiting for the guest's address and for SSH or WinRM.

use std::time::Instant;

use super::build::{Build, Failure};

/// How long an address must stay the same, lab seconds.
const SETTLE: f64 = 5.0;
/// Windows or Linux: between two attempts to connect, lab seconds.
const RETRY: f64 = 5.0;

impl Build {
    /// Waits until the guest reports an address that stays.
    pub async fn wait_for_ip(&mut self) -> Result<(), Failure> {
        let limit = self.limit("common_ip_wait_timeout", self.family.ip_wait);
        let (total, settle) = (self.written(limit), self.written(SETTLE));
        self.plugin(&format!("[INFO] Waiting for IP, up to total timeout: {total}, settle timeout: {settle}"));
        self.log.say("Waiting for IP...");
        let end = Instant::now() + self.real(limit);
        let mut known: Option<(String, Instant)> = None;
        loop {
            let now = self.address().await?;
            match (&known, now) {
                (_, None) => known = None,
                (None, Some(ip)) => {
                    self.plugin(&format!("VM IP acquired: {ip}"));
                    known = Some((ip, Instant::now()));
                }
                (Some((before, _)), Some(ip)) if *before != ip => {
                    self.plugin(&format!("VM IP changed from {before} to {ip}"));
                    known = Some((ip, Instant::now()));
                }
                (Some((ip, since)), Some(_)) => {
                    self.plugin(&format!("VM IP is still the same: {ip}"));
                    if since.elapsed() >= self.real(SETTLE) {
                        self.plugin(&format!("VM IP seems stable enough: {ip}"));
                        self.log.say(&format!("IP address: {ip}"));
                        self.ip = ip.clone();
                        return Ok(());
                    }
                }
            }
            if Instant::now() >= end {
                self.log.fail("timeout waiting for IP address");
                return Err(Failure::from("timeout waiting for IP address".to_owned()));
            }
            self.pause(1.0).await;
        }
    }

    async fn address(&mut self) -> Result<Option<String>, Failure> {
        let vm = self.vm_id()?;
        let value = self.vcenter()?.property("VirtualMachine", &vm, "guest.ipAddress").await?;
        Ok(value.map(|value| value.text).filter(|ip| !ip.is_empty()))
    }

    /// Waits until SSH or WinRM lets packer in.
    pub async fn connect_guest(&mut self) -> Result<(), Failure> {
        let windows = self.family.communicator == "winrm";
        let name = if windows { "WinRM" } else { "SSH" };
        let limit = self.limit("communicator_timeout", 1800.0);
        self.log.say(&format!("Using {name} communicator to connect: {}", self.ip));
        let info = if windows { "" } else { "[INFO] " };
        self.plugin(&format!("{info}Waiting for {name}, up to timeout: {}", self.written(limit)));
        self.log.say(&format!("Waiting for {name} to become available..."));
        let end = Instant::now() + self.real(limit);
        while Instant::now() < end {
            if windows && self.try_winrm() || !windows && self.try_ssh() {
                if windows {
                    self.log.say("WinRM connected.");
                }
                self.log.say(&format!("Connected to {name}!"));
                self.plugin("Running the provision hook");
                return Ok(());
            }
            self.pause(RETRY).await;
        }
        let text = format!("Timeout waiting for {name}.");
        self.log.fail(&text);
        self.plugin(if windows {
            "[INFO] WinRM wait cancelled. Exiting loop."
        } else {
            "[DEBUG] SSH wait cancelled. Exiting loop."
        });
        Err(Failure::from(text))
    }

    /// Whether the port answers by now.
    fn port_open(&self) -> bool {
        let Some(build) = self.guest.map(|guest| &guest.build) else { return true };
        !build.port_closed && self.booted.elapsed() >= self.real(build.connect_at)
    }

    fn try_ssh(&self) -> bool {
        let ip = &self.ip;
        if !self.port_open() {
            self.plugin(&format!(
                "[DEBUG] TCP connection to SSH ip/port failed: dial tcp {ip}:22: connect: connection refused"
            ));
            return false;
        }
        self.plugin(&format!("[INFO] Attempting SSH connection to {ip}:22..."));
        self.plugin("[DEBUG] reconnecting to TCP connection for SSH");
        self.plugin("[DEBUG] handshaking with SSH");
        if self.guest.is_some_and(|guest| guest.build.password_refused) {
            self.plugin(
                "[DEBUG] SSH handshake err: ssh: handshake failed: ssh: unable to authenticate, attempted methods [none password], \
                 no supported methods remain",
            );
            self.plugin("[DEBUG] Detected authentication error. Increasing handshake attempts.");
            return false;
        }
        self.plugin("[DEBUG] handshake complete!");
        self.plugin("[ERROR] Failed to get SSH agent: SSH_AUTH_SOCK is not set");
        true
    }

    fn try_winrm(&self) -> bool {
        self.plugin("[INFO] Attempting WinRM connection...");
        self.plugin("[DEBUG] connecting to remote shell using WinRM");
        let reason = if !self.port_open() {
            let ip = &self.ip;
            format!("unknown error Post \"http://{ip}:5985/wsman\": dial tcp {ip}:5985: connect: connection refused")
        } else if self.guest.is_some_and(|guest| guest.build.password_refused) {
            "http response error: 401 - invalid content type".to_owned()
        } else {
            return true;
        };
        self.plugin(&format!("[ERROR] connection error: {reason}"));
        self.plugin(&format!("[ERROR] WinRM connection err: {reason}"));
        false
    }
}
