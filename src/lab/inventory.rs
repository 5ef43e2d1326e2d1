//! What stands in the simulated vCenter before anybody does anything: one datacenter, a cluster with two hosts,
//! a datastore with the ISOs, and templates as asked for.

use jiff::{SignedDuration, Timestamp};

use super::devices::Devices;
use super::guest::Moment;
use super::machine::{Machine, Power};
use super::store;
use super::value::{Moref, Object, Value};
use super::world::{Body, World};

/// Name of the datacenter.
pub const DATACENTER: &str = "Lab";
/// Name of the folder of templates.
pub const FOLDER: &str = "Templates";
/// Name of the datastore with ISOs and VMs.
pub const DATASTORE: &str = "vsanDatastore";
/// Name of the cluster.
pub const CLUSTER: &str = "vSAN Cluster";
/// Name of the network.
pub const NETWORK: &str = "VM Network";

/// A VM that is there from the start.
#[derive(Debug, Clone)]
pub struct Seed {
    /// its name
    pub name: String,
    /// hours since it was made
    pub age_hours: i64,
    /// a template, or a VM that is powered off
    pub template: bool,
    /// its notes
    pub notes: String,
}

impl Seed {
    /// A template of this age.
    pub fn template(name: impl Into<String>, age_hours: i64) -> Self {
        Self { name: name.into(), age_hours, template: true, notes: String::new() }
    }

    /// A VM, powered off.
    pub fn vm(name: impl Into<String>, age_hours: i64) -> Self {
        Self { template: false, ..Self::template(name, age_hours) }
    }

    /// With these notes.
    #[must_use]
    pub fn with_notes(mut self, notes: impl Into<String>) -> Self {
        self.notes = notes.into();
        self
    }
}

/// Builds the fixed part of the inventory.
pub fn populate(world: &mut World) {
    let root =
        world.insert(Moref::new("Folder", "group-d1"), "Datacenters", None, Body::Folder(&["Folder", "Datacenter"]));
    let datacenter = Moref::new("Datacenter", "datacenter-2");
    let vm_folder = Moref::new("Folder", "group-v3");
    let host_folder = Moref::new("Folder", "group-h4");
    let store_folder = Moref::new("Folder", "group-s5");
    let net_folder = Moref::new("Folder", "group-n6");
    let datastores = [Moref::new("Datastore", "datastore-11"), Moref::new("Datastore", "datastore-12")];
    let network = Moref::new("Network", "network-13");
    let body = Object::new("Datacenter")
        .with("vmFolder", vm_folder.clone())
        .with("hostFolder", host_folder.clone())
        .with("datastoreFolder", store_folder.clone())
        .with("networkFolder", net_folder.clone())
        .with("datastore", Value::refs(datastores.clone()))
        .with("network", Value::refs([network.clone()]));
    world.insert(datacenter.clone(), DATACENTER, Some(&root.id), Body::Fixed(body));
    for (folder, name, types) in [
        (vm_folder, "vm", &["Folder", "VirtualMachine", "VirtualApp"] as &[_]),
        (host_folder, "host", &["Folder", "ComputeResource"]),
        (store_folder, "datastore", &["Folder", "Datastore", "StoragePod"]),
        (net_folder, "network", &["Folder", "Network", "DistributedVirtualSwitch"]),
    ] {
        world.insert(folder, name, Some(&datacenter.id), Body::Folder(types));
    }
    world.insert(
        Moref::new("Folder", "group-v7"),
        FOLDER,
        Some("group-v3"),
        Body::Folder(&["Folder", "VirtualMachine", "VirtualApp"]),
    );
    compute(world, &datastores, &network);
    storage(world, &datastores);
}

fn compute(world: &mut World, datastores: &[Moref], network: &Moref) {
    let cluster = Moref::new("ClusterComputeResource", "domain-c8");
    let pool = Moref::new("ResourcePool", "resgroup-9");
    let hosts = [Moref::new("HostSystem", "host-21"), Moref::new("HostSystem", "host-22")];
    let summary = Object::named("ClusterComputeResourceSummary").with("numHosts", 2).with("numEffectiveHosts", 2);
    let body = Object::new("ClusterComputeResource")
        .with("resourcePool", pool.clone())
        .with("host", Value::refs(hosts.clone()))
        .with("datastore", Value::refs(datastores.to_vec()))
        .with("network", Value::refs([network.clone()]))
        .with("summary", summary);
    world.insert(cluster.clone(), CLUSTER, Some("group-h4"), Body::Fixed(body));
    let body = Object::new("ResourcePool").with("owner", cluster.clone()).with("resourcePool", Value::refs([]));
    world.insert(pool, "Resources", Some(&cluster.id), Body::Fixed(body));
    for (host, name) in hosts.into_iter().zip(["esx01.lab.internal", "esx02.lab.internal"]) {
        let runtime = Object::new("HostRuntimeInfo")
            .with("connectionState", Value::of("HostSystemConnectionState", "connected"))
            .with("powerState", Value::of("HostSystemPowerState", "poweredOn"))
            .with("inMaintenanceMode", false);
        let body = Object::new("HostSystem")
            .with("runtime", runtime)
            .with("datastore", Value::refs(datastores.to_vec()))
            .with("network", Value::refs([network.clone()]));
        world.insert(host, name, Some(&cluster.id), Body::Fixed(body));
    }
    world.insert(network.clone(), NETWORK, Some("group-n6"), Body::Fixed(Object::new("Network")));
}

fn storage(world: &mut World, datastores: &[Moref]) {
    for (datastore, name) in datastores.iter().zip([DATASTORE, "nfs01"]) {
        let browser = Moref::new("HostDatastoreBrowser", format!("datastoreBrowser-{}", datastore.id));
        let url = format!("ds:///vmfs/volumes/{name}/");
        let summary = Object::new("DatastoreSummary")
            .with("datastore", datastore.clone())
            .with("name", name)
            .with("url", url.as_str())
            .with("capacity", 10_995_116_277_760_i64)
            .with("freeSpace", 6_597_069_766_656_i64)
            .with("accessible", true)
            .with("multipleHostAccess", true)
            .with("type", if name == DATASTORE { "vsan" } else { "NFS" });
        let info = Object::named("DatastoreInfo")
            .with("name", name)
            .with("url", url.as_str())
            .with("freeSpace", 6_597_069_766_656_i64)
            .with("maxFileSize", 70_368_744_177_664_i64);
        let body =
            Object::new("Datastore").with("info", info).with("summary", summary).with("browser", browser.clone());
        world.insert(datastore.clone(), name, Some("group-s5"), Body::Fixed(body));
        world.insert(
            browser,
            name,
            None,
            Body::Fixed(Object::new("HostDatastoreBrowser").with("datastore", datastore.clone())),
        );
    }
    let isos: Vec<String> = world.book.family.values().map(|family| family.iso.clone()).collect();
    for iso in isos {
        world.store.put(&store::path(DATASTORE, &iso), 3_221_225_472, None);
    }
}

/// Adds a VM or template to the folder of templates and returns its reference.
pub fn add(world: &mut World, seed: &Seed) -> Moref {
    let number = world.number();
    let base = seed.name.trim_end_matches("-build").trim_end_matches("-prev");
    let family = world.book.family_of(base);
    let machine = Machine {
        template: seed.template,
        power: Power::Off,
        boot_time: None,
        guest: world.guest_for(&seed.name),
        annotation: seed.notes.clone(),
        changes: 0,
        created: Timestamp::now() - SignedDuration::from_hours(seed.age_hours),
        number,
        datastore: DATASTORE.into(),
        directory: format!("{base}-{number}"),
        cpus: 2,
        memory_mb: 2048,
        guest_id: family.map_or("otherGuest64", |family| &family.guest_id).into(),
        extra: Vec::new(),
        devices: Devices::default(),
        keys: Vec::new(),
        moment: Moment::default(),
        question: None,
        waited: 0.0,
    };
    let folder = store::path(DATASTORE, &machine.directory);
    for (file, size) in [("disk.vmdk", 8_589_934_592), (if seed.template { "vm.vmtx" } else { "vm.vmx" }, 3_412)] {
        world.store.put(&format!("{folder}/{file}"), size, None);
    }
    let moref = Moref::new("VirtualMachine", format!("vm-{number}"));
    world.insert(moref, &seed.name, Some("group-v7"), Body::Machine(Box::new(machine)))
}
