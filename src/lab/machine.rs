//! A simulated virtual machine and its properties in vSphere's shapes.

use jiff::Timestamp;

use super::clock::LabTime;
use super::devices::{Devices, NETWORK_CARD};
use super::guest::{Asked, Moment};
use super::value::{Moref, Object, Value};

/// Whether it runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Power {
    /// `poweredOff`
    Off,
    /// `poweredOn`
    On {
        /// lab time of power-on
        since: LabTime,
        /// lab time at which a requested shutdown is through
        until: Option<LabTime>,
    },
}

/// A VM or template.
#[derive(Debug, Clone)]
pub struct Machine {
    /// marked as template
    pub template: bool,
    /// running or not
    pub power: Power,
    /// wall-clock time of power-on
    pub boot_time: Option<Timestamp>,
    /// name of its scenario
    pub guest: String,
    /// notes
    pub annotation: String,
    /// how often it was reconfigured
    pub changes: u32,
    /// `config.createDate`
    pub created: Timestamp,
    /// number behind its ids, addresses and MAC
    pub number: u64,
    /// name of the datastore it lives on
    pub datastore: String,
    /// folder on the datastore
    pub directory: String,
    /// processors
    pub cpus: i32,
    /// memory, MiB
    pub memory_mb: i32,
    /// vSphere's guest id
    pub guest_id: String,
    /// `config.extraConfig`
    pub extra: Vec<(String, String)>,
    /// its drives and their controllers, and whether it has its network card
    pub devices: Devices,
    /// keys typed: seconds since power-on
    pub keys: Vec<f64>,
    /// what tools say now
    pub moment: Moment,
    /// the question that it waits with, if it does
    pub question: Option<Pending>,
    /// lab seconds that it has waited for answers since power-on
    pub waited: f64,
}

/// A question that waits for its answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Pending {
    /// its id
    pub id: String,
    /// what is asked
    pub asked: Asked,
    /// since when, lab time
    pub since: LabTime,
}

/// The things around a VM that its properties name.
#[derive(Debug)]
pub struct Place {
    /// its own reference
    pub vm: Moref,
    /// its name
    pub name: String,
    /// the host that runs it
    pub host: Moref,
    /// its resource pool
    pub pool: Moref,
    /// its datastore
    pub datastore: Moref,
    /// its network
    pub network: Moref,
}

impl Machine {
    /// `poweredOn` or `poweredOff`
    pub fn power_state(&self) -> &'static str {
        if matches!(self.power, Power::On { .. }) { "poweredOn" } else { "poweredOff" }
    }

    /// `config.changeVersion`
    pub fn version(&self) -> String {
        format!("{}.{}", self.created, self.changes)
    }

    /// Seconds since power-on.
    pub fn uptime(&self, now: LabTime) -> Option<f64> {
        match self.power {
            Power::On { since, .. } => {
                let now = self.question.as_ref().map_or(now, |question| question.since);
                Some((now - since - self.waited).max(0.0))
            }
            Power::Off => None,
        }
    }

    /// The address it reports.
    pub fn ip(&self) -> Option<String> {
        let ip = self.moment.ip.as_deref().filter(|_| self.devices.connected)?;
        Some(if ip == "lease" { format!("10.0.8.{}", 20 + self.number % 200) } else { ip.to_owned() })
    }

    fn uuid(&self, first: u32) -> String {
        format!("{first:08x}-7f7f-4c1e-9a55-{:012x}", self.number)
    }

    /// One top-level property.
    pub fn property(&self, name: &str, place: &Place) -> Option<Value> {
        Some(match name {
            "config" => self.config(place).into(),
            "runtime" => self.runtime(place).into(),
            "guest" => self.guest_info().into(),
            "summary" => self.summary(place).into(),
            "datastore" => Value::refs([place.datastore.clone()]),
            "network" => Value::refs([place.network.clone()]),
            "resourcePool" if !self.template => place.pool.clone().into(),
            "guestHeartbeatStatus" => {
                Value::of("ManagedEntityStatus", if self.moment.tools { "green" } else { "gray" })
            }
            "overallStatus" => Value::of("ManagedEntityStatus", "green"),
            _ => return None,
        })
    }

    fn runtime(&self, place: &Place) -> Object {
        Object::new("VirtualMachineRuntimeInfo")
            .with("host", place.host.clone())
            .with("connectionState", Value::of("VirtualMachineConnectionState", "connected"))
            .with("powerState", Value::of("VirtualMachinePowerState", self.power_state()))
            .with("toolsInstallerMounted", false)
            .maybe("question", self.question.as_ref().map(Pending::info))
            .maybe("bootTime", self.boot_time)
            .with("numMksConnections", 0)
    }

    fn guest_info(&self) -> Object {
        let nic = Object::new("GuestNicInfo")
            .with("network", "VM Network")
            .with("ipAddress", Value::strings(self.ip()))
            .with("macAddress", self.mac())
            .with("connected", true)
            .with("deviceConfigId", NETWORK_CARD);
        let nics = if self.moment.tools { vec![nic.into()] } else { Vec::new() };
        Object::new("GuestInfo")
            .with("toolsStatus", Value::of("VirtualMachineToolsStatus", self.tools_status()))
            .with("toolsRunningStatus", self.tools_running())
            .with("toolsVersion", if self.moment.tools { "12389" } else { "0" })
            .with("guestId", self.guest_id.as_str())
            .maybe("ipAddress", self.ip())
            .with("net", Value::List("GuestNicInfo", nics))
            .with("guestState", if self.moment.tools { "running" } else { "notRunning" })
    }

    fn tools_status(&self) -> &'static str {
        if self.moment.tools { "toolsOk" } else { "toolsNotRunning" }
    }

    fn tools_running(&self) -> &'static str {
        if self.moment.tools { "guestToolsRunning" } else { "guestToolsNotRunning" }
    }

    /// Its hardware address.
    pub fn mac(&self) -> String {
        format!("00:50:56:9a:{:02x}:{:02x}", self.number >> 8 & 0xff, self.number & 0xff)
    }

    fn vmx(&self, name: &str) -> String {
        format!("[{}] {}/{name}.vmx", self.datastore, self.directory)
    }

    fn summary(&self, place: &Place) -> Object {
        let guest = Object::new("VirtualMachineGuestSummary")
            .with("guestId", self.guest_id.as_str())
            .with("toolsStatus", Value::of("VirtualMachineToolsStatus", self.tools_status()))
            .with("toolsRunningStatus", self.tools_running())
            .maybe("ipAddress", self.ip());
        let config = Object::new("VirtualMachineConfigSummary")
            .with("name", place.name.as_str())
            .with("template", self.template)
            .with("vmPathName", self.vmx(&place.name))
            .with("memorySizeMB", self.memory_mb)
            .with("numCpu", self.cpus)
            .with("numEthernetCards", 1)
            .with("numVirtualDisks", 1)
            .with("uuid", self.uuid(0x4200_0000))
            .with("instanceUuid", self.uuid(0x5000_0000))
            .with("guestId", self.guest_id.as_str())
            .with("guestFullName", self.guest_id.as_str())
            .with("annotation", self.annotation.as_str());
        let storage = Object::new("VirtualMachineStorageSummary")
            .with("committed", 8_589_934_592_i64)
            .with("uncommitted", 34_359_738_368_i64)
            .with("unshared", 8_589_934_592_i64)
            .with("timestamp", self.created);
        Object::new("VirtualMachineSummary")
            .with("vm", place.vm.clone())
            .with("runtime", self.runtime(place))
            .with("guest", guest)
            .with("config", config)
            .with("storage", storage)
            .with(
                "quickStats",
                Object::new("VirtualMachineQuickStats")
                    .with("guestHeartbeatStatus", Value::of("ManagedEntityStatus", "gray")),
            )
            .with("overallStatus", Value::of("ManagedEntityStatus", "green"))
    }

    fn config(&self, place: &Place) -> Object {
        let files = Object::new("VirtualMachineFileInfo")
            .with("vmPathName", self.vmx(&place.name))
            .with("snapshotDirectory", format!("[{}] {}", self.datastore, self.directory))
            .with("suspendDirectory", format!("[{}] {}", self.datastore, self.directory))
            .with("logDirectory", format!("[{}] {}", self.datastore, self.directory));
        let extra = self.extra.iter().map(|(key, value)| {
            Object::named("OptionValue").with("key", key.as_str()).with("value", value.as_str()).into()
        });
        Object::new("VirtualMachineConfigInfo")
            .with("changeVersion", self.version())
            .with("modified", self.created)
            .with("name", place.name.as_str())
            .with("guestFullName", self.guest_id.as_str())
            .with("version", "vmx-21")
            .with("uuid", self.uuid(0x4200_0000))
            .with("createDate", self.created)
            .with("instanceUuid", self.uuid(0x5000_0000))
            .with("template", self.template)
            .with("guestId", self.guest_id.as_str())
            .with("alternateGuestName", "")
            .with("annotation", self.annotation.as_str())
            .with("files", files)
            .with("flags", Object::new("VirtualMachineFlagInfo"))
            .with("defaultPowerOps", Object::new("VirtualMachineDefaultPowerOpInfo"))
            .with("hardware", self.hardware(place))
            .with("extraConfig", Value::List("OptionValue", extra.collect()))
    }

    fn hardware(&self, place: &Place) -> Object {
        Object::new("VirtualHardware")
            .with("numCPU", self.cpus)
            .with("numCoresPerSocket", 1)
            .with("memoryMB", self.memory_mb)
            .with("device", self.device_list(place))
    }
}

impl Pending {
    /// `VirtualMachineQuestionInfo`
    fn info(&self) -> Object {
        let choices = (0..).zip(&self.asked.answers).map(|(key, label)| {
            let described = Object::named("ElementDescription").with("label", label.as_str());
            described.with("summary", label.as_str()).with("key", key.to_string()).into()
        });
        let choice = Object::new("ChoiceOption")
            .with("choiceInfo", Value::List("ElementDescription", choices.collect()))
            .with("defaultIndex", 0);
        Object::new("VirtualMachineQuestionInfo")
            .with("id", self.id.as_str())
            .with("text", self.asked.text.as_str())
            .with("choice", choice)
    }
}

impl Machine {
    /// Switches it on at this lab time. A patient guest is given all the keys it may wait for.
    pub fn power_on(&mut self, now: f64, patient: bool) {
        self.power = Power::On { since: now, until: None };
        self.boot_time = Some(Timestamp::now());
        self.keys = if patient { vec![0.0; 1000] } else { Vec::new() };
        self.moment = Moment::default();
        self.waited = 0.0;
    }

    /// Raises the question of its scenario, once after power-on. Returns whether it did now.
    pub fn ask_when_due(&mut self, asked: Option<&Asked>, since: LabTime, now: LabTime) -> bool {
        let Some(asked) =
            asked.filter(|asked| self.question.is_none() && self.waited == 0.0 && now - since >= asked.at)
        else {
            return false;
        };
        let id = format!("{}", self.number);
        self.question = Some(Pending { id, asked: asked.clone(), since: since + asked.at });
        true
    }

    /// Switches it off.
    pub fn power_off(&mut self) {
        self.power = Power::Off;
        self.boot_time = None;
        self.moment = Moment::default();
        self.question = None;
    }
}
