//! The property collector: which objects a specification selects, and what changed since last time.

use std::collections::{BTreeMap, BTreeSet};

use super::fault::Fault;
use super::node::Node;
use super::value::{Moref, Value};
use super::view::Views;
use super::world::World;

/// What one `PropertyFilterSpec` asks for.
#[derive(Debug, Clone, Default)]
pub struct Spec {
    props: Vec<PropSpec>,
    objects: Vec<ObjectSpec>,
}

#[derive(Debug, Clone)]
struct PropSpec {
    kind: String,
    all: bool,
    paths: Vec<String>,
}

#[derive(Debug, Clone)]
struct ObjectSpec {
    kind: String,
    id: String,
    skip: bool,
    select: Vec<Selection>,
}

/// A `TraversalSpec`, or the name of one.
#[derive(Debug, Clone)]
struct Selection {
    name: String,
    kind: String,
    path: String,
    skip: bool,
    select: Vec<Selection>,
}

/// An object and the properties asked for, by path.
#[derive(Debug, Clone, PartialEq)]
pub struct Content {
    /// the object
    pub moref: Moref,
    /// its properties in the order of their paths; unset ones are absent
    pub values: BTreeMap<String, Value>,
}

impl Spec {
    /// Reads a `PropertyFilterSpec` (`specSet` or `spec` of a request).
    pub fn read(node: &Node) -> Self {
        let props = node
            .all("propSet")
            .map(|set| PropSpec { kind: set.text_of("type").into(), all: set.flag("all"), paths: set.texts("pathSet") })
            .collect();
        let objects = node
            .all("objectSet")
            .map(|set| ObjectSpec {
                kind: set.child("obj").map_or_else(String::new, |obj| obj.ref_kind().to_owned()),
                id: set.text_of("obj").into(),
                skip: set.flag("skip"),
                select: set.all("selectSet").map(Selection::read).collect(),
            })
            .collect();
        Self { props, objects }
    }

    /// Everything it selects now.
    ///
    /// # Errors
    /// `ManagedObjectNotFound` for a starting point that is not there; `strict` is false once a filter exists, which
    /// reports such an object as gone instead.
    pub fn select(&self, world: &World, views: &Views, strict: bool) -> Result<Vec<Content>, Fault> {
        let mut found = Vec::new();
        let mut seen = BTreeSet::new();
        for start in &self.objects {
            let Some(moref) = resolve(world, views, &start.id) else {
                if strict {
                    return Err(Fault::gone(&Moref::new(static_kind(&start.kind), start.id.clone())));
                }
                continue;
            };
            let mut named = BTreeMap::new();
            start.select.iter().for_each(|selection| selection.index(&mut named));
            if !start.skip && seen.insert(moref.id.clone()) {
                found.push(moref.clone());
            }
            let walk = Walk { world, views, named };
            walk.follow(&moref, &start.select, &mut found, &mut seen, 0);
        }
        Ok(found.into_iter().filter_map(|moref| self.content(world, views, moref)).collect())
    }

    /// The properties asked for of one object; nothing when no `propSet` is for its type.
    fn content(&self, world: &World, views: &Views, moref: Moref) -> Option<Content> {
        let mut fitting = self.props.iter().filter(|props| is_a(moref.kind, &props.kind)).peekable();
        fitting.peek()?;
        let mut values = BTreeMap::new();
        // Several paths often lead into one property.
        let mut tops: BTreeMap<&str, Option<Value>> = BTreeMap::new();
        for props in fitting {
            let all = if props.all { all_names(world, &moref) } else { Vec::new() };
            for path in props.paths.iter().map(String::as_str).chain(all) {
                let (top, rest) = split(path);
                let top = tops.entry(top).or_insert_with(|| property(world, views, &moref, top));
                if let Some(value) = top.as_ref().and_then(|top| top.at(rest)) {
                    values.insert(path.to_owned(), value.clone());
                }
            }
        }
        Some(Content { moref, values })
    }
}

impl Selection {
    fn read(node: &Node) -> Self {
        Self {
            name: node.text_of("name").into(),
            kind: node.text_of("type").into(),
            path: node.text_of("path").into(),
            skip: node.flag("skip"),
            select: node.all("selectSet").map(Self::read).collect(),
        }
    }

    fn index<'a>(&'a self, named: &mut BTreeMap<&'a str, &'a Self>) {
        if !self.path.is_empty() && !self.name.is_empty() {
            named.insert(&self.name, self);
        }
        self.select.iter().for_each(|inner| inner.index(named));
    }
}

struct Walk<'a> {
    world: &'a World,
    views: &'a Views,
    named: BTreeMap<&'a str, &'a Selection>,
}

impl Walk<'_> {
    fn follow(
        &self,
        from: &Moref,
        select: &[Selection],
        found: &mut Vec<Moref>,
        seen: &mut BTreeSet<String>,
        depth: usize,
    ) {
        // A specification may name itself (folders in folders); the inventory is not deeper than this.
        if depth > 32 {
            return;
        }
        for selection in select {
            let selection = if selection.path.is_empty() {
                let Some(named) = self.named.get(selection.name.as_str()) else { continue };
                named
            } else {
                selection
            };
            if !is_a(from.kind, &selection.kind) {
                continue;
            }
            let value = lookup(self.world, self.views, from, &selection.path);
            for next in value.iter().flat_map(Value::references) {
                if !selection.skip && seen.insert(next.id.clone()) {
                    found.push(next.clone());
                }
                self.follow(next, &selection.select, found, seen, depth + 1);
            }
        }
    }
}

fn resolve(world: &World, views: &Views, id: &str) -> Option<Moref> {
    if let Some(entity) = world.entities.get(id) {
        return Some(entity.moref.clone());
    }
    if views.contains(id) {
        return Some(Moref::new("ContainerView", id));
    }
    if world.tasks.info(id).is_some() {
        return Some(Moref::new("Task", id));
    }
    super::service::singletons().into_iter().find(|moref| moref.id == id)
}

/// A property path as its first name and the rest.
fn split(path: &str) -> (&str, &str) {
    let end = path.find(['.', '[']).unwrap_or(path.len());
    (&path[..end], path[end..].trim_start_matches('.'))
}

/// A top-level property of any managed object.
fn property(world: &World, views: &Views, moref: &Moref, name: &str) -> Option<Value> {
    match moref.kind {
        "Task" => (name == "info").then(|| world.tasks.info(&moref.id))?.map(Value::from),
        "ContainerView" => (name == "view").then(|| Value::refs(views.members(world, &moref.id))),
        "TaskManager" => (name == "recentTask").then(|| Value::refs(world.tasks.all())),
        "ServiceInstance" => (name == "content").then(|| super::service::content(world.real.is_some()).into()),
        _ => world.property(world.entities.get(&moref.id)?, name),
    }
}

/// The value of a property path of any managed object.
fn lookup(world: &World, views: &Views, moref: &Moref, path: &str) -> Option<Value> {
    let (top, rest) = split(path);
    property(world, views, moref, top)?.at(rest).cloned()
}

fn all_names(world: &World, moref: &Moref) -> Vec<&'static str> {
    match moref.kind {
        "Task" => vec!["info"],
        "ContainerView" => vec!["view"],
        "TaskManager" => vec!["recentTask"],
        "ServiceInstance" => vec!["content"],
        _ => world.entities.get(&moref.id).map(World::property_names).unwrap_or_default(),
    }
}

/// Whether a kind is, or extends, a type.
pub fn is_a(kind: &str, ty: &str) -> bool {
    kind == ty
        || match ty {
            "ManagedEntity" => !matches!(
                kind,
                "Task"
                    | "ContainerView"
                    | "HostDatastoreBrowser"
                    | "TaskManager"
                    | "ServiceInstance"
                    | "SessionManager"
            ),
            "ComputeResource" => kind == "ClusterComputeResource",
            "View" | "ManagedObjectView" => kind == "ContainerView",
            _ => false,
        }
}

/// Kinds are known ones; a request may name any.
fn static_kind(kind: &str) -> &'static str {
    const KINDS: &[&str] =
        &["VirtualMachine", "Folder", "Datacenter", "Datastore", "Task", "HostSystem", "ContainerView", "ResourcePool"];
    KINDS.iter().find(|known| **known == kind).copied().unwrap_or("ManagedObject")
}
