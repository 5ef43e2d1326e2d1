//! Everything the simulated vCenter knows: its inventory, files, tasks, and the moment it is.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::clock::Clock;
use super::fault::Fault;
use super::guest::Book;
use super::inventory;
use super::machine::{Machine, Place};
use super::real;
use super::store::Store;
use super::task::Tasks;
use super::value::{Moref, Object, Value};

/// A managed entity.
#[derive(Debug)]
pub struct Entity {
    /// its reference
    pub moref: Moref,
    /// its name
    pub name: String,
    /// the entity it is in
    pub parent: Option<String>,
    /// what it is
    pub body: Body,
}

/// What an entity is, beyond name and place.
#[derive(Debug)]
pub enum Body {
    /// holds other entities of these types
    Folder(&'static [&'static str]),
    /// a virtual machine or template
    Machine(Box<Machine>),
    /// anything that does not change: its properties
    Fixed(Object),
}

/// The state of the lab.
#[derive(Debug)]
pub struct World {
    /// the lab's time
    pub clock: Clock,
    /// how many lab seconds tasks take, relative to usual
    pub task_scale: f64,
    /// scenarios
    pub book: &'static Book,
    /// guests wait for their keys
    pub patient: bool,
    /// real guests, in the place of scripted ones
    pub real: Option<real::Host>,
    /// which guest the next build of a base name boots
    pub guests: BTreeMap<String, String>,
    /// all managed entities by id
    pub entities: BTreeMap<String, Entity>,
    /// files on datastores
    pub store: Store,
    /// tasks, running and done
    pub tasks: Tasks,
    /// what was cloned, oldest first
    pub clones: Vec<Cloned>,
    /// names of hosts in maintenance mode
    pub maintenance: BTreeSet<String>,
    next: u64,
    /// counts every visible change
    pub revision: u64,
}

/// A VM that was made from a template or another VM.
#[derive(Debug, Clone)]
pub struct Cloned {
    /// what it was made from, and its name then
    pub source: (Moref, String),
    /// the new one, and its name
    pub made: (Moref, String),
    /// it was made from a template
    pub from_template: bool,
    /// whose session did it
    pub by: String,
    /// when
    pub at: Timestamp,
}

/// Bytes that are left on a full datastore.
const FREE_WHEN_FULL: i64 = 188_743_680;

impl World {
    /// An empty world; [`super::inventory`] fills it.
    pub fn new(book: &'static Book, clock: Clock, task_scale: f64) -> Self {
        Self {
            clock,
            task_scale,
            book,
            patient: false,
            real: None,
            guests: BTreeMap::new(),
            entities: BTreeMap::new(),
            store: Store::default(),
            tasks: Tasks::default(),
            clones: Vec::new(),
            maintenance: BTreeSet::new(),
            next: 100,
            revision: 1,
        }
    }

    /// A number never given before.
    pub fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Records that something visible changed.
    pub fn touch(&mut self) {
        self.revision += 1;
    }

    /// Adds an entity.
    pub fn insert(&mut self, moref: Moref, name: &str, parent: Option<&str>, body: Body) -> Moref {
        let entity = Entity { moref: moref.clone(), name: name.into(), parent: parent.map(Into::into), body };
        self.entities.insert(moref.id.clone(), entity);
        self.touch();
        moref
    }

    /// The entity of this id.
    ///
    /// # Errors
    /// `ManagedObjectNotFound`
    pub fn entity(&self, id: &str) -> Result<&Entity, Fault> {
        self.entities.get(id).ok_or_else(|| Fault::gone(&Moref::new("ManagedEntity", id)))
    }

    /// The VM of this id.
    ///
    /// # Errors
    /// `ManagedObjectNotFound`, also when it is no VM.
    pub fn machine(&self, id: &str) -> Result<&Machine, Fault> {
        match self.entities.get(id).map(|entity| &entity.body) {
            Some(Body::Machine(machine)) => Ok(machine),
            _ => Err(Fault::gone(&Moref::new("VirtualMachine", id))),
        }
    }

    /// The VM of this id, to change it; counts as a visible change.
    ///
    /// # Errors
    /// `ManagedObjectNotFound`, also when it is no VM.
    pub fn machine_mut(&mut self, id: &str) -> Result<&mut Machine, Fault> {
        self.revision += 1;
        match self.entities.get_mut(id).map(|entity| &mut entity.body) {
            Some(Body::Machine(machine)) => Ok(machine),
            _ => Err(Fault::gone(&Moref::new("VirtualMachine", id))),
        }
    }

    /// What is directly in an entity.
    pub fn children(&self, id: &str) -> impl Iterator<Item = &Entity> {
        self.entities.values().filter(move |entity| entity.parent.as_deref() == Some(id))
    }

    /// All VMs and templates.
    pub fn machines(&self) -> impl Iterator<Item = (&Entity, &Machine)> {
        self.entities.values().filter_map(|entity| match &entity.body {
            Body::Machine(machine) => Some((entity, machine.as_ref())),
            Body::Folder(_) | Body::Fixed(_) => None,
        })
    }

    /// The first entity of a kind and name.
    pub fn named(&self, kind: &str, name: &str) -> Option<&Entity> {
        self.entities.values().find(|entity| entity.moref.kind == kind && entity.name == name)
    }

    /// One top-level property of an entity.
    pub fn property(&self, entity: &Entity, name: &str) -> Option<Value> {
        match (name, &entity.body) {
            ("name", _) => {
                return Some(Value::from(entity.name.replace('%', "%25").replace('/', "%2f").replace('\\', "%5c")));
            }
            ("parent", _) => {
                return self.entities.get(entity.parent.as_deref()?).map(|parent| parent.moref.clone().into());
            }
            ("overallStatus", Body::Folder(_) | Body::Fixed(_)) => {
                return Some(Value::of("ManagedEntityStatus", "green"));
            }
            ("childType", Body::Folder(types)) => return Some(Value::strings(types.iter().copied())),
            ("childEntity", Body::Folder(_)) => {
                return Some(Value::refs(self.children(&entity.moref.id).map(|child| child.moref.clone())));
            }
            ("vm", Body::Fixed(_)) => {
                return Some(Value::refs(self.machines().map(|(entity, _)| entity.moref.clone())));
            }
            _ => {}
        }
        match &entity.body {
            Body::Machine(_) if name == "recentTask" => Some(Value::refs(self.tasks.of_entity(&entity.moref.id))),
            Body::Machine(machine) => machine.property(name, &self.place(entity, machine)),
            Body::Fixed(object) => object.field(name).cloned().map(|value| self.present(entity, name, value)),
            Body::Folder(_) => None,
        }
    }

    /// A property of what does not change by itself, as it is now.
    fn present(&self, entity: &Entity, name: &str, value: Value) -> Value {
        match (entity.moref.kind, name, value) {
            ("Datastore", "summary" | "info", Value::Object(object)) if self.full(&entity.name) => {
                object.replacing("freeSpace", FREE_WHEN_FULL).into()
            }
            ("HostSystem", "runtime", Value::Object(object)) if self.maintenance.contains(&entity.name) => {
                object.replacing("inMaintenanceMode", true).into()
            }
            (_, _, value) => value,
        }
    }

    fn place(&self, entity: &Entity, machine: &Machine) -> Place {
        let datastore = if machine.datastore == inventory::DATASTORE { "datastore-11" } else { "datastore-12" };
        Place {
            vm: entity.moref.clone(),
            name: entity.name.clone(),
            host: Moref::new("HostSystem", "host-21"),
            pool: Moref::new("ResourcePool", "resgroup-9"),
            datastore: Moref::new("Datastore", datastore),
            network: Moref::new("Network", "network-13"),
        }
    }

    /// The names of all properties an entity may have, for callers that ask for everything.
    pub fn property_names(entity: &Entity) -> Vec<&'static str> {
        const MACHINE: &[&str] = &[
            "name",
            "parent",
            "overallStatus",
            "recentTask",
            "config",
            "datastore",
            "guest",
            "guestHeartbeatStatus",
            "network",
            "resourcePool",
            "runtime",
            "summary",
        ];
        match &entity.body {
            Body::Machine(_) => MACHINE.to_vec(),
            Body::Folder(_) => vec!["name", "parent", "overallStatus", "childType", "childEntity"],
            Body::Fixed(object) => {
                ["name", "parent", "overallStatus", "vm"].into_iter().chain(object.names()).collect()
            }
        }
    }

    /// Brings guests and tasks to the present. Returns whether anything visible changed.
    pub fn tick(&mut self) -> bool {
        let before = self.revision;
        let now = self.clock.now();
        self.tick_guests(now);
        let due = self.tasks.due(now);
        for (id, effect) in due {
            let outcome = effect.apply(self);
            self.tasks.finish(&id, outcome);
            self.touch();
        }
        if self.tasks.progress(now) {
            self.touch();
        }
        self.revision != before
    }
}
