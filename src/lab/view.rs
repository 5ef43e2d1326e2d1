//! Container views: everything of some types below an entity.

use std::collections::BTreeMap;

use super::collector::is_a;
use super::value::Moref;
use super::world::{Body, World};

/// One view.
#[derive(Debug, Clone)]
pub struct View {
    /// where it begins
    pub container: String,
    /// types it shows; empty = all
    pub types: Vec<String>,
    /// children of children too
    pub recursive: bool,
}

/// All views by id.
#[derive(Debug, Default)]
pub struct Views {
    views: BTreeMap<String, View>,
}

impl Views {
    /// Adds a view.
    pub fn insert(&mut self, id: String, view: View) -> Moref {
        self.views.insert(id.clone(), view);
        Moref::new("ContainerView", id)
    }

    /// Whether there is a view of this id.
    pub fn contains(&self, id: &str) -> bool {
        self.views.contains_key(id)
    }

    /// Removes a view.
    pub fn remove(&mut self, id: &str) -> bool {
        self.views.remove(id).is_some()
    }

    /// Removes all views.
    #[cfg(feature = "testing")]
    pub fn clear(&mut self) {
        self.views.clear();
    }

    /// What a view shows now.
    pub fn members(&self, world: &World, id: &str) -> Vec<Moref> {
        let mut members = Vec::new();
        if let Some(view) = self.views.get(id) {
            collect(world, view, &view.container, &mut members);
        }
        members
    }
}

fn collect(world: &World, view: &View, container: &str, members: &mut Vec<Moref>) {
    for child in world.children(container) {
        if view.types.is_empty() || view.types.iter().any(|ty| is_a(child.moref.kind, ty)) {
            members.push(child.moref.clone());
        }
        if view.recursive && !matches!(child.body, Body::Machine(_)) {
            collect(world, view, &child.moref.id, members);
        }
    }
}
