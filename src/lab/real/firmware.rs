//! UEFI firmware with Secure Boot and Microsoft's keys, and what makes a guest fast.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;
use tokio::process::Command;

use super::Error;
use super::qmp::Qmp;
use crate::child::{self, Kind};

/// Code and empty variable store with Secure Boot's keys, as distributions install them.
const PLACES: [(&str, &str); 2] = [
    ("/usr/share/OVMF/OVMF_CODE_4M.ms.fd", "/usr/share/OVMF/OVMF_VARS_4M.ms.fd"),
    ("/usr/share/edk2/ovmf/OVMF_CODE.secboot.fd", "/usr/share/edk2/ovmf/OVMF_VARS.secboot.fd"),
];
/// After so long a guest that KVM cannot run has stopped.
const TRIAL: Duration = Duration::from_secs(4);

/// What runs a guest's instructions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accelerator {
    /// the processor
    Kvm,
    /// QEMU, about ten times slower; why
    Tcg(&'static str),
}

/// The firmware of every guest.
#[derive(Debug)]
pub struct Firmware {
    code: PathBuf,
    /// copied for every VM, which writes its boot entries there
    pub variables: PathBuf,
    /// what runs it
    pub accelerator: Accelerator,
}

impl Firmware {
    /// The first one that is installed.
    pub fn find() -> Option<Self> {
        let there = |(code, variables): &(&str, &str)| Path::new(code).exists() && Path::new(variables).exists();
        let (code, variables) = PLACES.iter().find(|place| there(place))?;
        let accelerator = Accelerator::Tcg("not tried yet");
        Some(Self { code: code.into(), variables: variables.into(), accelerator })
    }

    /// QEMU with this firmware and a machine that has no devices yet; it looks at nothing of its user's configuration.
    pub fn qemu(&self, variables: &Path) -> Command {
        let mut qemu = child::command(Kind::Guest, "qemu-system-x86_64");
        qemu.args(["-nodefaults", "-no-user-config", "-display", "none", "-vga", "std", "-machine", "q35,smm=on"]);
        qemu.args(["-global", "driver=cfi.pflash01,property=secure,value=on"]);
        qemu.args(match self.accelerator {
            Accelerator::Kvm => ["-accel", "kvm", "-cpu", "host"],
            Accelerator::Tcg(_) => ["-accel", "tcg,thread=multi", "-cpu", "max"],
        });
        let flash = |unit: u8, file: &Path, rest: &str| {
            format!("if=pflash,format=raw,unit={unit},file={}{rest}", file.display())
        };
        qemu.arg("-drive").arg(flash(0, &self.code, ",readonly=on")).arg("-drive").arg(flash(1, variables, ""));
        qemu.kill_on_drop(true);
        qemu
    }
}

impl Accelerator {
    /// Whether KVM runs the firmware here: that the device is there says little where this machine is a guest itself.
    ///
    /// # Errors
    /// Those of files.
    pub async fn find(firmware: &Firmware, folder: &Path) -> Result<Self, Error> {
        if !Path::new("/dev/kvm").exists() {
            return Ok(Self::Tcg("there is no /dev/kvm"));
        }
        let (variables, socket) = (folder.join("trial.fd"), folder.join("trial.qmp"));
        std::fs::copy(&firmware.variables, &variables)?;
        let trial = Firmware { code: firmware.code.clone(), variables: variables.clone(), accelerator: Self::Kvm };
        let mut qemu = trial.qemu(&variables);
        qemu.args(["-m", "512", "-qmp"]).arg(format!("unix:{},server=on,wait=off", socket.display()));
        qemu.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        let mut running = qemu.spawn()?;
        let works = async {
            let mut qmp = Qmp::connect(&socket).await.ok()?;
            tokio::time::sleep(TRIAL).await;
            let status = qmp.ask("query-status", json!({})).await.ok()?;
            (status.get("status")?.as_str()? == "running").then_some(())
        };
        let works = tokio::select! {
            works = works => works.is_some(),
            _ = running.wait() => false,
        };
        // It may have ended by itself.
        let _ = running.kill().await;
        Ok(if works { Self::Kvm } else { Self::Tcg("KVM is there but cannot run UEFI firmware") })
    }
}
