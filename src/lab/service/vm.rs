//! Methods of virtual machines, hosts, folders and the search index.

use super::super::devices::Change;
use super::super::effect::{Effect, NewVm};
use super::super::fault::Fault;
use super::super::inventory;
use super::super::machine::Power;
use super::super::node::Node;
use super::super::real::Press;
use super::super::state::State;
use super::super::store;
use super::super::task::Order;
use super::super::value::{Moref, Value};
use super::super::world::{Body, World};
use super::{Answer, Call, nothing, returned};

/// The methods of this file; `None` for any other.
pub fn call(state: &mut State, call: &Call<'_>) -> Option<Result<Answer, Fault>> {
    let id = call.this.to_owned();
    Some(match call.method {
        "Rename_Task" => task(state, call, Effect::Rename { id, name: unescape(call.text("newName")) }),
        "Destroy_Task" => task(state, call, Effect::Destroy { id }),
        "PowerOnVM_Task" => task(state, call, Effect::Power { id, on: true }),
        "PowerOffVM_Task" => task(state, call, Effect::Power { id, on: false }),
        "CreateScreenshot_Task" => screenshot(state, call),
        "ReconfigVM_Task" => reconfigure(state, call),
        "CreateVM_Task" => create(state, call),
        "CloneVM_Task" => clone(state, call),
        "EnterMaintenanceMode_Task" => maintain(state, call, true),
        "ExitMaintenanceMode_Task" => maintain(state, call, false),
        "CreateFolder" => create_folder(state, call),
        "MarkAsTemplate" => mark_as_template(state, call),
        "MarkAsVirtualMachine" => mark_as_vm(state, call),
        "ShutdownGuest" => state.world.shut_down(call.this).map(|()| nothing()),
        "PutUsbScanCodes" => type_keys(state, call),
        "AnswerVM" => answer(state, call),
        "FindByInventoryPath" => Ok(find(&state.world, call.text("inventoryPath")).map_or_else(nothing, returned)),
        "FindChild" => {
            let name = unescape(call.text("name"));
            let found = state.world.children(call.text("entity")).find(|child| child.name == name);
            Ok(found.map_or_else(nothing, |child| returned(child.moref.clone())))
        }
        _ => return None,
    })
}

/// Names travel with `%`, `/` and `\` escaped.
fn unescape(name: &str) -> String {
    let mut out = name.to_owned();
    for (escaped, plain) in [("%2f", "/"), ("%2F", "/"), ("%5c", "\\"), ("%5C", "\\"), ("%25", "%")] {
        out = out.replace(escaped, plain);
    }
    out
}

/// Queues a task on the object called.
pub fn task(state: &mut State, call: &Call<'_>, effect: Effect) -> Result<Answer, Fault> {
    let entity = state.world.entity(call.this)?;
    let (moref, name) = (entity.moref.clone(), entity.name.clone());
    queue(state, call, moref, name, effect)
}

/// Queues a task on another object than the one called.
pub fn queue(state: &mut State, call: &Call<'_>, entity: Moref, name: String, effect: Effect) -> Result<Answer, Fault> {
    let takes = effect.takes() * state.world.task_scale;
    let order = Order {
        method: call.method.to_owned(),
        entity,
        entity_name: name,
        user: call.session()?.account.name.clone(),
        effect,
    };
    let number = state.world.number();
    let now = state.world.clock.now();
    let task = state.world.tasks.start(number, order, now, takes);
    state.world.touch();
    state.world.tick();
    Ok(returned(task))
}

/// Nothing is moved away: who asks wants to see what the console says of such a host.
fn maintain(state: &mut State, call: &Call<'_>, on: bool) -> Result<Answer, Fault> {
    let entity = state.world.entity(call.this)?;
    if entity.moref.kind != "HostSystem" {
        return Err(Fault::not_supported(call.method));
    }
    let host = entity.name.clone();
    task(state, call, Effect::Maintain { host, on })
}

fn screenshot(state: &mut State, call: &Call<'_>) -> Result<Answer, Fault> {
    if state.world.machine(call.this)?.power == Power::Off {
        return Err(Fault::invalid_power_state("poweredOn", "poweredOff"));
    }
    task(state, call, Effect::Screenshot { id: call.this.to_owned() })
}

fn reconfigure(state: &mut State, call: &Call<'_>) -> Result<Answer, Fault> {
    state.world.machine(call.this)?;
    let spec = call.arguments.child("spec").ok_or_else(|| Fault::invalid("spec"))?;
    let extra =
        spec.all("extraConfig").map(|option| (option.text_of("key").to_owned(), option.text_of("value").to_owned()));
    let effect = Effect::Annotate {
        id: call.this.to_owned(),
        version: spec.child("changeVersion").map(|node| node.text.clone()),
        notes: spec.child("annotation").map(|node| node.text.clone()),
        devices: devices(spec),
        extra: extra.collect(),
    };
    task(state, call, effect)
}

fn devices(spec: &Node) -> Vec<Change> {
    spec.all("deviceChange").filter_map(Change::read).collect()
}

/// Bytes of the first disk in a specification.
fn disk(spec: &Node) -> Option<u64> {
    let devices = spec.all("deviceChange").filter_map(|change| change.child("device"));
    let bytes = |device: &Node| {
        let in_bytes = device.text_of("capacityInBytes").parse::<u64>().ok().filter(|bytes| *bytes > 0);
        in_bytes.or_else(|| Some(device.text_of("capacityInKB").parse::<u64>().ok()?.saturating_mul(1024)))
    };
    devices.filter_map(bytes).next()
}

fn create(state: &mut State, call: &Call<'_>) -> Result<Answer, Fault> {
    let config = call.arguments.child("config").ok_or_else(|| Fault::invalid("configSpec"))?;
    let name = unescape(config.text_of("name"));
    if name.is_empty() {
        return Err(Fault::invalid("configSpec.name"));
    }
    let place = config.at("files/vmPathName").map_or("", |path| path.text.as_str());
    let number = |field: &str, default| config.text_of(field).parse().unwrap_or(default);
    let new = NewVm {
        folder: call.this.to_owned(),
        name,
        annotation: config.text_of("annotation").into(),
        guest_id: config.text_of("guestId").into(),
        cpus: number("numCPUs", 1),
        memory_mb: number("memoryMB", 1024),
        datastore: store::split(place).map_or(inventory::DATASTORE, |(datastore, _)| datastore).to_owned(),
        devices: devices(config),
        disk: disk(config),
        source: None,
    };
    task(state, call, Effect::Create(Box::new(new)))
}

fn clone(state: &mut State, call: &Call<'_>) -> Result<Answer, Fault> {
    let source = state.world.machine(call.this)?;
    let notes = call.arguments.at("spec/config/annotation");
    let new = NewVm {
        folder: call.text("folder").to_owned(),
        name: unescape(call.text("name")),
        annotation: notes.map_or_else(|| source.annotation.clone(), |notes| notes.text.clone()),
        guest_id: source.guest_id.clone(),
        cpus: source.cpus,
        memory_mb: source.memory_mb,
        datastore: source.datastore.clone(),
        devices: Vec::new(),
        disk: None,
        source: Some(call.this.to_owned()),
    };
    state.world.entity(&new.folder)?;
    let by = call.session()?.account.name.clone();
    task(state, call, Effect::Clone { source: call.this.to_owned(), by, new: Box::new(new) })
}

fn create_folder(state: &mut State, call: &Call<'_>) -> Result<Answer, Fault> {
    let name = unescape(call.text("name"));
    state.world.entity(call.this)?;
    if let Some(other) = state.world.children(call.this).find(|child| child.name == name) {
        return Err(Fault::duplicate_name(&name, &other.moref));
    }
    let moref = Moref::new("Folder", format!("group-v{}", state.world.number()));
    let types = &["Folder", "VirtualMachine", "VirtualApp"];
    Ok(returned(state.world.insert(moref, &name, Some(call.this), Body::Folder(types))))
}

fn mark_as_template(state: &mut State, call: &Call<'_>) -> Result<Answer, Fault> {
    let machine = state.world.machine_mut(call.this)?;
    if machine.power != Power::Off {
        return Err(Fault::invalid_power_state("poweredOff", "poweredOn"));
    }
    machine.template = true;
    Ok(nothing())
}

fn mark_as_vm(state: &mut State, call: &Call<'_>) -> Result<Answer, Fault> {
    state.world.machine_mut(call.this)?.template = false;
    Ok(nothing())
}

fn type_keys(state: &mut State, call: &Call<'_>) -> Result<Answer, Fault> {
    let events: Vec<&Node> =
        call.arguments.child("spec").map(|spec| spec.all("keyEvents").collect()).unwrap_or_default();
    let real = events.iter().filter_map(|event| Press::read(event)).collect();
    let typed = state.world.type_keys(call.this, events.len(), real)?;
    Ok(returned(Value::from(i32::try_from(typed).unwrap_or(i32::MAX))))
}

fn answer(state: &mut State, call: &Call<'_>) -> Result<Answer, Fault> {
    state.world.answer(call.this, call.text("questionId"), call.text("answerChoice"))?;
    Ok(nothing())
}

/// `/Lab/vm/Templates/name`; the first part is the datacenter.
fn find(world: &World, path: &str) -> Option<Moref> {
    let mut here = "group-d1".to_owned();
    for part in path.split('/').filter(|part| !part.is_empty()) {
        let name = unescape(part);
        let next = world.children(&here).find(|child| child.name == name).map(|child| child.moref.id.clone());
        here = next?;
    }
    world.entity(&here).ok().map(|entity| entity.moref.clone())
}
