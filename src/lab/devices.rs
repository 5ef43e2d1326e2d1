//! The devices of a simulated VM, numbered as vSphere numbers them. Disk and network card are what every VM has; controllers
//! of drives and the drives come and go as a client asks for it.

use super::machine::{Machine, Place};
use super::node::Node;
use super::value::{Object, Value};

/// The key of a VM's network card.
pub const NETWORK_CARD: i32 = 4000;
const DISK: i32 = 2000;
const SCSI: i32 = 1000;
/// Those that vSphere gives every new VM.
const IDE: [i32; 2] = [200, 201];
const FIRST_SATA: i32 = 15_000;
/// The key of a VM's first drive; the next one's is one more.
pub const FIRST_DRIVE: i32 = 16_000;

/// What comes and goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Devices {
    sata: Vec<i32>,
    drives: Vec<Drive>,
    /// it has its network card
    pub connected: bool,
}

/// A CD drive.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Drive {
    key: i32,
    controller: i32,
    unit: i32,
    /// the file in it, a datastore path
    iso: Option<String>,
}

/// One `VirtualDeviceConfigSpec`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// a drive with this file in it at a controller and a unit, where they are told
    AddDrive { iso: Option<String>, controller: Option<i32>, unit: Option<i32> },
    /// a controller of SATA drives
    AddSata,
    /// another file, or none, in a drive
    Put { key: i32, iso: Option<String> },
    /// the device with this key goes
    Remove(i32),
}

impl Default for Devices {
    fn default() -> Self {
        Self { sata: Vec::new(), drives: Vec::new(), connected: true }
    }
}

impl Change {
    /// What a `deviceChange` asks for; `None` for devices that are not simulated.
    pub fn read(change: &Node) -> Option<Self> {
        let device = change.child("device")?;
        let number = |name: &str| device.text_of(name).parse().ok();
        let iso = device.at("backing/fileName").map(|file| file.text.clone()).filter(|file| !file.is_empty());
        match (change.text_of("operation"), device.xsi_type()) {
            ("remove", _) => number("key").map(Self::Remove),
            ("edit", "VirtualCdrom") => Some(Self::Put { key: number("key")?, iso }),
            ("add", "VirtualCdrom") => {
                let controller = number("controllerKey").filter(|key| *key > 0);
                Some(Self::AddDrive { iso, controller, unit: number("unitNumber").filter(|unit| *unit >= 0) })
            }
            ("add", "VirtualAHCIController") => Some(Self::AddSata),
            _ => None,
        }
    }
}

impl Devices {
    /// Carries changes out, in their order.
    pub fn change(&mut self, changes: Vec<Change>) {
        changes.into_iter().for_each(|change| self.change_one(change));
    }

    fn change_one(&mut self, change: Change) {
        match change {
            Change::AddSata => {
                self.sata.push((FIRST_SATA..).find(|key| !self.sata.contains(key)).unwrap_or(FIRST_SATA))
            }
            Change::AddDrive { iso, controller, unit } => {
                let controller = controller.or(self.sata.first().copied()).unwrap_or(IDE[0]);
                let taken =
                    |unit: &i32| self.drives.iter().any(|drive| (drive.controller, drive.unit) == (controller, *unit));
                let unit = unit.filter(|unit| !taken(unit)).or_else(|| (0..).find(|unit| !taken(unit))).unwrap_or(0);
                let key = (FIRST_DRIVE..).find(|key| !self.drives.iter().any(|drive| drive.key == *key));
                self.drives.push(Drive { key: key.unwrap_or(FIRST_DRIVE), controller, unit, iso });
            }
            Change::Put { key, iso } => {
                if let Some(drive) = self.drives.iter_mut().find(|drive| drive.key == key) {
                    drive.iso = iso;
                }
            }
            Change::Remove(NETWORK_CARD) => self.connected = false,
            Change::Remove(key) => {
                // Drives go with their controller.
                self.drives.retain(|drive| drive.key != key && drive.controller != key);
                self.sata.retain(|sata| *sata != key);
            }
        }
    }

    /// The files in the drives, as datastore paths, in the drives' order.
    pub fn isos(&self) -> impl Iterator<Item = &str> {
        self.drives.iter().filter_map(|drive| drive.iso.as_deref())
    }
}

fn described(ty: &'static str, key: i32, label: &str) -> Object {
    let info = Object::named("Description").with("label", label).with("summary", label);
    Object::named(ty).with("key", key).with("deviceInfo", info)
}

impl Machine {
    /// `config.hardware.device`
    pub fn device_list(&self, place: &Place) -> Value {
        let nic = Object::named("VirtualEthernetCardNetworkBackingInfo")
            .with("deviceName", "VM Network")
            .with("network", place.network.clone());
        let disk = Object::named("VirtualDiskFlatVer2BackingInfo")
            .with("fileName", format!("[{}] {}/disk.vmdk", self.datastore, self.directory))
            .with("datastore", place.datastore.clone())
            .with("diskMode", "persistent")
            .with("thinProvisioned", true);
        let mut devices: Vec<Value> = Vec::new();
        for (bus, key) in (0..).zip(IDE) {
            devices.push(described("VirtualIDEController", key, &format!("IDE {bus}")).with("busNumber", bus).into());
        }
        let scsi = described("ParaVirtualSCSIController", SCSI, "SCSI controller 0").with("busNumber", 0);
        devices.push(scsi.with("sharedBus", Value::of("VirtualSCSISharing", "noSharing")).into());
        for (bus, key) in (0..).zip(&self.devices.sata) {
            let sata = described("VirtualAHCIController", *key, &format!("SATA controller {bus}"));
            devices.push(sata.with("busNumber", bus).into());
        }
        let disk = described("VirtualDisk", DISK, "Hard disk 1")
            .with("backing", disk)
            .with("controllerKey", SCSI)
            .with("unitNumber", 0)
            .with("capacityInKB", 41_943_040_i64)
            .with("capacityInBytes", 42_949_672_960_i64);
        devices.push(disk.into());
        if self.devices.connected {
            let card = described("VirtualVmxnet3", NETWORK_CARD, "Network adapter 1").with("backing", nic);
            devices.push(card.with("addressType", "assigned").with("macAddress", self.mac()).into());
        }
        for (number, drive) in (1..).zip(&self.devices.drives) {
            let backing = match &drive.iso {
                Some(iso) => Object::named("VirtualCdromIsoBackingInfo").with("fileName", iso.as_str()),
                None => Object::named("VirtualCdromRemotePassthroughBackingInfo")
                    .with("deviceName", "")
                    .with("exclusive", false),
            };
            let cd = described("VirtualCdrom", drive.key, &format!("CD/DVD drive {number}")).with("backing", backing);
            devices.push(cd.with("controllerKey", drive.controller).with("unitNumber", drive.unit).into());
        }
        Value::List("VirtualDevice", devices)
    }
}
