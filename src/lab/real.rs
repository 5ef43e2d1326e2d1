//! Guests that are real: the lab's vCenter in front of QEMU. Pictures, keys, the disk, the firmware with Secure Boot and the
//! address come from a machine that boots what is in its drives; vCenter, its tasks and its datastores stay simulated.

mod console;
mod firmware;
mod front;
mod guest;
mod keys;
mod media;
mod qmp;

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use tempfile::TempDir;

use super::fault::Fault;
use super::guest::Moment;
use super::machine::Machine;
use super::store::Store;
use crate::child::{self, Kind, SHORT};
use crate::packer_run::Process;
pub use firmware::Accelerator;
use firmware::Firmware;
pub use front::pipe;
pub use keys::Press;
use media::Media;

/// The port of every guest's address that leads to its SSH, or WinRM: one that anybody may listen on.
pub const PORT: u16 = 2222;
/// The scenario that a VM with a real guest names; the book has none of this name.
pub const GUEST: &str = "qemu";
/// Bytes of a disk that nobody asked a size for.
const DISK: u64 = 40 << 30;

/// What a lab with real guests is started with.
#[derive(Debug, Clone)]
pub struct Wish {
    /// in the place of every ISO of the datastore; without it Debian's installer as Debian packages it
    pub iso: Option<PathBuf>,
    /// this program, which a guest's connections to the mirror are handed to
    pub program: PathBuf,
}

/// Why no guest can be real here.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// programs or files that are not there
    #[error("real guests need {}", .0.join(", "))]
    Missing(Vec<String>),
    /// a program that ended otherwise than it should
    #[error("{0}")]
    Failed(String),
    /// files and ports
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Where real guests run: one folder with their disks, and the processes.
#[derive(Debug)]
pub struct Host {
    folder: TempDir,
    firmware: Firmware,
    media: Media,
    program: PathBuf,
    front: front::Front,
    addresses: Addresses,
    running: BTreeMap<String, guest::Guest>,
}

/// The addresses of this lab's guests, 127.N.0.0/16: no other lab of this machine has them.
#[derive(Debug)]
struct Addresses {
    second: u8,
    /// says so to the others for as long as it is open
    _taken: TcpListener,
}

impl Addresses {
    fn take() -> io::Result<Self> {
        let try_one =
            |second| Ok(Self { second, _taken: TcpListener::bind((Ipv4Addr::new(127, second, 255, 254), PORT))? });
        (88..=127).map(try_one).find(io::Result::is_ok).unwrap_or_else(|| try_one(88))
    }

    fn of(&self, number: u64) -> Ipv4Addr {
        let [.., third, fourth] = number.to_be_bytes();
        Ipv4Addr::new(127, self.second, third, fourth)
    }
}

impl Host {
    /// Looks for what is needed, tries the processor, makes the CDs.
    ///
    /// # Errors
    /// [`Error`]; everything that is missing is named at once.
    pub async fn start(folder: TempDir, wish: Wish) -> Result<Self, Error> {
        let mut missing = Vec::new();
        for (program, package) in [("qemu-system-x86_64", "qemu-system-x86"), ("qemu-img", "qemu-utils")] {
            need(program, package, &mut missing);
        }
        let firmware = Firmware::find();
        if firmware.is_none() {
            missing.push("UEFI firmware with Secure Boot (Debian package ovmf)".into());
        }
        let installers = media::installers();
        if wish.iso.is_none() {
            for (program, package) in [("xorriso", "xorriso"), ("mcopy", "mtools")] {
                need(program, package, &mut missing);
            }
            if installers.is_empty() {
                missing.push("Debian's installer (package debian-installer-13-netboot-amd64, or --iso FILE)".into());
            }
        }
        let Some(mut firmware) = firmware.filter(|_| missing.is_empty()) else { return Err(Error::Missing(missing)) };
        firmware.accelerator = Accelerator::find(&firmware, folder.path()).await?;
        let media = match wish.iso {
            Some(iso) => Media::of_user(iso)?,
            None => Media::of_debian(&installers, folder.path())?,
        };
        let front = front::Front::start().await?;
        let addresses = Addresses::take()?;
        Ok(Self { folder, firmware, media, program: wish.program, front, addresses, running: BTreeMap::new() })
    }

    /// What makes guests fast, or why they are slow.
    pub fn accelerator(&self) -> &Accelerator {
        &self.firmware.accelerator
    }

    /// Releases of Debian that can be installed; none with a medium of the user's.
    pub fn releases(&self) -> Vec<String> {
        self.media.releases()
    }

    /// Where their disks are.
    #[cfg(feature = "testing")]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn file(&self, id: &str, ending: &str) -> PathBuf {
        self.folder.path().join(format!("{id}.{ending}"))
    }

    /// An empty disk, which takes no room until it is written to.
    ///
    /// # Errors
    /// A fault that says what `qemu-img` said.
    pub fn create_disk(&self, id: &str, bytes: Option<u64>) -> Result<(), Fault> {
        let mut make = child::command(Kind::Guest, "qemu-img");
        make.args(["create", "-q", "-f", "qcow2"]).arg(self.file(id, "qcow2")).arg(bytes.unwrap_or(DISK).to_string());
        run(make).map_err(fault)
    }

    /// A disk and a memory of the firmware like those of another VM.
    ///
    /// # Errors
    /// A fault when there is no room.
    pub fn copy_disk(&self, from: &str, to: &str) -> Result<(), Fault> {
        for ending in ["qcow2", "fd"] {
            if self.file(from, ending).exists() {
                std::fs::copy(self.file(from, ending), self.file(to, ending)).map_err(|error| fault(error.into()))?;
            }
        }
        if self.file(to, "qcow2").exists() { Ok(()) } else { self.create_disk(to, None) }
    }

    /// Removes what a VM had.
    pub fn destroy(&mut self, id: &str) {
        self.running.remove(id);
        for ending in ["qcow2", "fd", "png", "log", "pid", "qmp", "cd0.iso", "cd1.iso", "cd2.iso", "cd3.iso"] {
            // It may never have been switched on.
            let _ = std::fs::remove_file(self.file(id, ending));
        }
    }

    /// Boots a VM.
    ///
    /// # Errors
    /// A fault: no medium for one of its drives, or QEMU does not start.
    pub fn power_on(&mut self, id: &str, machine: &Machine, windows: bool, store: &Store) -> Result<(), Fault> {
        let mut drives = Vec::new();
        for (slot, path) in machine.devices.isos().enumerate() {
            let uploaded = store.get(path).and_then(|file| file.content.as_ref());
            drives.push(match uploaded {
                Some(content) => {
                    let file = self.file(id, &format!("cd{slot}.iso"));
                    std::fs::write(&file, content).map_err(|error| fault(error.into()))?;
                    file
                }
                None => self.media.stands_for(path).ok_or_else(|| no_medium(path))?,
            });
        }
        if !self.file(id, "qcow2").exists() {
            self.create_disk(id, None)?;
        }
        if !self.file(id, "fd").exists() {
            std::fs::copy(&self.firmware.variables, self.file(id, "fd")).map_err(|error| fault(error.into()))?;
        }
        let address = self.addresses.of(machine.number);
        let spec = guest::Spec {
            base: self.folder.path().join(id),
            drives,
            cpus: machine.cpus,
            memory_mb: machine.memory_mb,
            mac: machine.mac(),
            address,
            windows,
            network: self.media.confined().then(|| front::confined(&self.program, &self.front)),
        };
        let guest = guest::Guest::start(&self.firmware, spec).map_err(|error| fault(error.into()))?;
        self.running.insert(id.to_owned(), guest);
        Ok(())
    }

    /// Takes the power away.
    pub fn power_off(&mut self, id: &str) {
        self.running.remove(id);
    }

    /// What the guest shows of itself; `None` when it does not run any more.
    pub fn moment(&self, id: &str) -> Option<Moment> {
        self.running.get(id).and_then(guest::Guest::moment)
    }

    /// The last picture of its console.
    pub fn picture(&self, id: &str) -> Option<Bytes> {
        self.running.get(id).and_then(guest::Guest::picture)
    }

    /// Types; the guest gets the keys when it is ready for them.
    pub fn type_keys(&self, id: &str, keys: Vec<Press>) {
        if let Some(guest) = self.running.get(id) {
            guest.type_keys(keys);
        }
    }

    /// Presses the power button.
    pub fn shut_down(&self, id: &str) {
        if let Some(guest) = self.running.get(id) {
            guest.press_power();
        }
    }
}

/// The key of the newest Debian line whose installer is here; of the newest one when none is, to be told what is missing.
pub fn debian_line() -> String {
    let newest = media::installers().into_keys().filter_map(|release| release.parse::<u32>().ok()).max();
    format!("debian-{}", newest.unwrap_or(13))
}

/// Ends the guests whose lab was killed; their folder names them.
pub fn end_abandoned(folder: &Path) {
    let Ok(files) = std::fs::read_dir(folder) else { return };
    for file in files.flatten().filter(|file| file.path().extension().is_some_and(|ending| ending == "pid")) {
        let pid = std::fs::read_to_string(file.path()).ok().and_then(|text| text.trim().parse::<u32>().ok());
        let Some(qemu) = pid.and_then(|pid| Process::from_pid(pid).ok()).filter(|qemu| qemu.pid > 1) else { continue };
        // The number may be somebody else's by now: its command line must be about this folder.
        let words = std::fs::read(format!("/proc/{}/cmdline", qemu.pid)).unwrap_or_default();
        if folder.to_str().is_some_and(|folder| String::from_utf8_lossy(&words).contains(folder)) {
            guest::end(&qemu);
        }
    }
}

/// Notes a program that is not on the path, with the package that has it.
fn need(program: &str, package: &str, missing: &mut Vec<String>) {
    let path = std::env::var_os("PATH").unwrap_or_default();
    if !std::env::split_paths(&path).any(|folder| folder.join(program).is_file()) {
        missing.push(format!("{program} (Debian package {package})"));
    }
}

/// Runs a program to its end.
fn run(command: tokio::process::Command) -> Result<(), Error> {
    let name = command.as_std().get_program().to_string_lossy().into_owned();
    let bound = child::Bound { time: Duration::from_secs(120), ..SHORT };
    let output = child::output_blocking(command, bound).map_err(|error| Error::Failed(format!("{name}: {error}")))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Error::Failed(format!("{name}: {}", said.trim().lines().last().unwrap_or("failed and says nothing"))))
}

#[expect(clippy::needless_pass_by_value, reason = "the end of an error")]
fn fault(error: Error) -> Fault {
    Fault::new("GenericVmConfigFault", error.to_string())
}

fn no_medium(path: &str) -> Fault {
    let text = format!("the lab has name and size of {path}, not its content; `--iso FILE` boots a file of yours");
    Fault::new("GenericVmConfigFault", text)
}
