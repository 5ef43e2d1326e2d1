//! Property filters: what changed since the client last asked.

use std::collections::BTreeMap;

use super::collector::{Content, Spec};
use super::fault::Fault;
use super::value::Moref;
use super::view::Views;
use super::world::World;

/// A filter of one collector.
#[derive(Debug)]
struct Filter {
    collector: String,
    spec: Spec,
    last: BTreeMap<String, Content>,
}

/// All filters, and how far each collector has got.
#[derive(Debug, Default)]
pub struct Filters {
    filters: BTreeMap<String, Filter>,
    versions: BTreeMap<String, u64>,
}

/// What one wait answers.
#[derive(Debug)]
pub enum Waited {
    /// an `UpdateSet`, written out
    Changes(String),
    /// nothing yet
    Nothing,
}

impl Filters {
    /// Adds a filter.
    pub fn insert(&mut self, id: String, collector: &str, spec: Spec) -> Moref {
        self.filters.insert(id.clone(), Filter { collector: collector.into(), spec, last: BTreeMap::new() });
        Moref::new("PropertyFilter", id)
    }

    /// Removes a filter.
    pub fn remove(&mut self, id: &str) -> bool {
        self.filters.remove(id).is_some()
    }

    /// Removes all filters of a collector.
    pub fn remove_collector(&mut self, collector: &str) {
        self.filters.retain(|_, filter| filter.collector != collector);
        self.versions.remove(collector);
    }

    /// Removes all filters.
    #[cfg(feature = "testing")]
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Begins a wait: an empty version means "tell me everything", another one must be the last told.
    ///
    /// # Errors
    /// `InvalidCollectorVersion`
    pub fn begin(&mut self, collector: &str, version: &str) -> Result<(), Fault> {
        if version.is_empty() {
            for filter in self.filters.values_mut().filter(|filter| filter.collector == collector) {
                filter.last.clear();
            }
            return Ok(());
        }
        let current = self.versions.get(collector).copied().unwrap_or(0);
        if version == current.to_string() {
            return Ok(());
        }
        Err(Fault::new("InvalidCollectorVersion", "A specified version was not correct."))
    }

    /// What changed; at most `most` objects, the rest next time.
    pub fn changes(&mut self, world: &World, views: &Views, collector: &str, most: usize) -> Waited {
        let mut left = most;
        let mut sets = String::new();
        for (id, filter) in self.filters.iter_mut().filter(|(_, filter)| filter.collector == collector) {
            let Ok(now) = filter.spec.select(world, views, false) else { continue };
            let updates = filter.update(now, &mut left);
            if !updates.is_empty() {
                sets.push_str(&format!(
                    "<filterSet><filter type=\"PropertyFilter\">{id}</filter>{updates}</filterSet>"
                ));
            }
        }
        if sets.is_empty() {
            return Waited::Nothing;
        }
        let version = self.versions.entry(collector.to_owned()).or_insert(0);
        *version += 1;
        let truncated = if left == 0 { "<truncated>true</truncated>" } else { "" };
        Waited::Changes(format!("<returnval><version>{version}</version>{sets}{truncated}</returnval>"))
    }
}

impl Filter {
    fn update(&mut self, now: Vec<Content>, left: &mut usize) -> String {
        let mut out = String::new();
        let mut gone: Vec<String> = self.last.keys().cloned().collect();
        for content in now {
            gone.retain(|id| *id != content.moref.id);
            let before = self.last.get(&content.moref.id);
            let changes = change_set(before, &content);
            if (before.is_some() && changes.is_empty()) || *left == 0 {
                continue;
            }
            *left -= 1;
            object_update(&mut out, if before.is_some() { "modify" } else { "enter" }, &content.moref, &changes);
            self.last.insert(content.moref.id.clone(), content);
        }
        for id in gone {
            if *left == 0 {
                break;
            }
            *left -= 1;
            if let Some(content) = self.last.remove(&id) {
                object_update(&mut out, "leave", &content.moref, "");
            }
        }
        out
    }
}

fn object_update(out: &mut String, kind: &str, moref: &Moref, changes: &str) {
    out.push_str(&format!(
        "<objectSet><kind>{kind}</kind><obj type=\"{}\">{}</obj>{changes}</objectSet>",
        moref.kind, moref.id
    ));
}

fn change_set(before: Option<&Content>, now: &Content) -> String {
    let mut out = String::new();
    for (path, value) in &now.values {
        if before.is_some_and(|before| before.values.get(path) == Some(value)) {
            continue;
        }
        out.push_str(&format!("<changeSet><name>{}</name><op>assign</op>", quick_xml::escape::escape(path.as_str())));
        value.write_any(&mut out, "val");
        out.push_str("</changeSet>");
    }
    let unset =
        before.into_iter().flat_map(|before| before.values.keys()).filter(|path| !now.values.contains_key(*path));
    for path in unset {
        // A property that is no longer set is assigned nothing.
        out.push_str(&format!(
            "<changeSet><name>{}</name><op>assign</op></changeSet>",
            quick_xml::escape::escape(path.as_str())
        ));
    }
    out
}
