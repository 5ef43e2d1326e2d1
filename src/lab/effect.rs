//! What tasks do to the world when they are due.

use jiff::Timestamp;

use super::devices::{Change, Devices};
use super::fault::Fault;
use super::guest::Moment;
use super::machine::{Machine, Power};
use super::screen;
use super::store;
use super::value::{Moref, Value};
use super::world::{Body, Cloned, World};

/// One change. Ids are managed object ids.
#[derive(Debug, Clone)]
pub enum Effect {
    /// a new name
    Rename { id: String, name: String },
    /// the object and its files go
    Destroy { id: String },
    /// power on or off
    Power { id: String, on: bool },
    /// new notes
    Annotate {
        id: String,
        /// the `config.changeVersion` it was made for
        version: Option<String>,
        notes: Option<String>,
        devices: Vec<Change>,
        extra: Vec<(String, String)>,
    },
    /// a new VM
    Create(Box<NewVm>),
    /// a copy of a VM or template; takes minutes
    Clone {
        /// what is copied
        source: String,
        /// whose session asked for it
        by: String,
        new: Box<NewVm>,
    },
    /// a host into maintenance mode, or out of it
    Maintain {
        /// name of the host
        host: String,
        /// into it
        on: bool,
    },
    /// a picture of the console as a file
    Screenshot { id: String },
    /// a file to another place
    Move { from: String, to: String, force: bool },
    /// a file or folder goes
    DeleteFile { path: String },
    /// nothing but a result
    Result(Value),
    /// the search for a folder that is not there
    Missing { path: String },
}

/// What `CreateVM_Task` asks for.
#[derive(Debug, Clone)]
pub struct NewVm {
    /// folder it goes to
    pub folder: String,
    /// name
    pub name: String,
    /// notes
    pub annotation: String,
    /// vSphere's guest id
    pub guest_id: String,
    /// processors
    pub cpus: i32,
    /// MiB
    pub memory_mb: i32,
    /// datastore's name
    pub datastore: String,
    /// its drives
    pub devices: Vec<Change>,
    /// bytes of its disk, if it is told
    pub disk: Option<u64>,
    /// the VM it is a copy of
    pub source: Option<String>,
}

type Outcome = Result<Option<Value>, Fault>;

impl Effect {
    /// How long it takes, lab seconds.
    pub fn takes(&self) -> f64 {
        match self {
            Self::Clone { .. } => 90.0,
            Self::Create(_) | Self::Destroy { .. } => 2.0,
            Self::Power { .. } | Self::Screenshot { .. } | Self::Maintain { .. } => 1.0,
            Self::Rename { .. } | Self::Annotate { .. } | Self::Move { .. } | Self::DeleteFile { .. } => 0.5,
            Self::Result(_) | Self::Missing { .. } => 0.1,
        }
    }

    /// Does it.
    ///
    /// # Errors
    /// The fault the task ends with.
    pub fn apply(self, world: &mut World) -> Outcome {
        match self {
            Self::Rename { id, name } => rename(world, &id, &name),
            Self::Destroy { id } => destroy(world, &id),
            Self::Power { id, on } => power(world, &id, on),
            Self::Annotate { id, version, notes, devices, extra } => {
                let machine = world.machine_mut(&id)?;
                if version.is_some_and(|version| version != machine.version()) {
                    return Err(Fault::concurrent_access());
                }
                machine.changes += 1;
                if let Some(notes) = notes {
                    machine.annotation = notes;
                }
                machine.devices.change(devices);
                for (key, value) in extra {
                    machine.extra.retain(|(known, _)| *known != key);
                    machine.extra.push((key, value));
                }
                Ok(None)
            }
            Self::Create(new) => create(world, *new),
            Self::Clone { source, by, new } => clone(world, &source, by, *new),
            Self::Maintain { host, on } => {
                match on {
                    true => world.maintenance.insert(host),
                    false => world.maintenance.remove(&host),
                };
                world.touch();
                Ok(None)
            }
            Self::Screenshot { id } => screenshot(world, &id),
            Self::Move { from, to, force } => world.store.rename(&from, &to, force).map(|()| None),
            Self::DeleteFile { path } => world.store.remove(&path).map(|()| None),
            Self::Result(value) => Ok(Some(value)),
            Self::Missing { path } => Err(Fault::file_not_found(&path)),
        }
    }
}

fn rename(world: &mut World, id: &str, name: &str) -> Outcome {
    let entity = world.entity(id)?;
    let parent = entity.parent.clone().unwrap_or_default();
    if let Some(other) = world.children(&parent).find(|other| other.name == name && other.moref.id != id) {
        return Err(Fault::duplicate_name(name, &other.moref));
    }
    if let Some(entity) = world.entities.get_mut(id) {
        entity.name = name.to_owned();
    }
    world.touch();
    Ok(None)
}

fn destroy(world: &mut World, id: &str) -> Outcome {
    match &world.entity(id)?.body {
        Body::Machine(machine) if machine.power != Power::Off => {
            return Err(Fault::invalid_power_state("poweredOff", "poweredOn"));
        }
        Body::Machine(machine) => {
            let folder = store::path(&machine.datastore, &machine.directory);
            // A VM made by hand in a test may have no files.
            let _ = world.store.remove(&folder);
            if let Some(host) = &mut world.real {
                host.destroy(id);
            }
        }
        Body::Folder(_) if in_folder(world, id) => {
            let inside: Vec<String> = world.children(id).map(|child| child.moref.id.clone()).collect();
            inside.iter().try_for_each(|child| destroy(world, child).map(drop))?;
        }
        _ => return Err(Fault::not_supported("Destroy_Task")),
    }
    world.entities.remove(id);
    world.touch();
    Ok(None)
}

/// Whether it is in a folder; those of a datacenter itself are not.
fn in_folder(world: &World, id: &str) -> bool {
    let parent = world.entities.get(id).and_then(|entity| entity.parent.as_deref());
    parent.and_then(|parent| world.entities.get(parent)).is_some_and(|parent| matches!(parent.body, Body::Folder(_)))
}

fn power(world: &mut World, id: &str, on: bool) -> Outcome {
    let (now, patient) = (world.clock.now(), world.patient);
    let machine = world.machine_mut(id)?;
    match (on, machine.power) {
        (true, _) if machine.template => {
            Err(Fault::new("InvalidState", "The operation is not allowed in the current state."))
        }
        (true, Power::On { .. }) => Err(Fault::invalid_power_state("poweredOff", "poweredOn")),
        (false, Power::Off) => Err(Fault::invalid_power_state("poweredOn", "poweredOff")),
        (true, Power::Off) => {
            machine.power_on(now, patient);
            boot_for_real(world, id)?;
            Ok(None)
        }
        (false, Power::On { .. }) => {
            machine.power_off();
            if let Some(host) = &mut world.real {
                host.power_off(id);
            }
            Ok(None)
        }
    }
}

fn boot_for_real(world: &mut World, id: &str) -> Result<(), Fault> {
    let Some(mut host) = world.real.take() else { return Ok(()) };
    let booted = world.entity(id).and_then(|entity| {
        let family = world.book.family_of(&entity.name);
        let windows = family.is_some_and(|family| family.communicator == "winrm");
        host.power_on(id, world.machine(id)?, windows, &world.store)
    });
    world.real = Some(host);
    if booted.is_err() {
        world.machine_mut(id)?.power_off();
    }
    booted
}

fn create(world: &mut World, new: NewVm) -> Outcome {
    if let Some(other) = world.children(&new.folder).find(|other| other.name == new.name) {
        return Err(Fault::duplicate_name(&new.name, &other.moref));
    }
    let number = world.number();
    let id = format!("vm-{number}");
    if let Some(host) = &world.real {
        match &new.source {
            Some(source) => host.copy_disk(source, &id)?,
            None => host.create_disk(&id, new.disk)?,
        }
    }
    let mut directory = new.name.clone();
    while world.store.is_folder(&store::path(&new.datastore, &directory)) {
        directory = format!("{}_{number}", new.name);
    }
    let guest = if new.source.is_some() { world.guest_of_clone(&new.name) } else { world.guest_for(&new.name) };
    // What the simulated packer must know of the guest travels as any VM's advanced settings do.
    let extra = vec![("lab.guest".into(), guest.clone()), ("lab.speed".into(), world.clock.speed().to_string())];
    let file = store::path(&new.datastore, &format!("{directory}/{}.vmx", new.name));
    world.store.put(&file, 3_412, None);
    world.store.put(&store::path(&new.datastore, &format!("{directory}/disk.vmdk")), 42_949_672_960, None);
    let mut devices = Devices::default();
    devices.change(new.devices);
    let machine = Machine {
        template: false,
        power: Power::Off,
        boot_time: None,
        guest,
        annotation: new.annotation,
        changes: 0,
        created: Timestamp::now(),
        number,
        datastore: new.datastore,
        directory,
        cpus: new.cpus,
        memory_mb: new.memory_mb,
        guest_id: new.guest_id,
        extra,
        devices,
        keys: Vec::new(),
        moment: Moment::default(),
        question: None,
        waited: 0.0,
    };
    let moref = Moref::new("VirtualMachine", id);
    world.insert(moref.clone(), &new.name, Some(&new.folder), Body::Machine(Box::new(machine)));
    Ok(Some(moref.into()))
}

fn clone(world: &mut World, source: &str, by: String, new: NewVm) -> Outcome {
    let (entity, machine) = (world.entity(source)?, world.machine(source)?);
    let (source, from_template) = ((entity.moref.clone(), entity.name.clone()), machine.template);
    let name = new.name.clone();
    let made = create(world, new)?;
    if let Some(Value::Ref(moref)) = &made {
        let made = (moref.clone(), name);
        world.clones.push(Cloned { source, made, from_template, by, at: Timestamp::now() });
    }
    Ok(made)
}

fn screenshot(world: &mut World, id: &str) -> Outcome {
    let number = world.number();
    let name = world.entity(id)?.name.clone();
    let machine = world.machine(id)?;
    let path = store::path(&machine.datastore, &format!("{}/{name}-{number}.png", machine.directory));
    let png = screen::picture(world, id, screen::Want::default()).map_err(|error| match error {
        screen::NoPicture::Off => Fault::invalid_power_state("poweredOn", "poweredOff"),
        screen::NoPicture::Gone => Fault::gone(&Moref::new("VirtualMachine", id)),
    })?;
    world.store.put(&path, png.len() as u64, Some(png));
    Ok(Some(path.into()))
}
