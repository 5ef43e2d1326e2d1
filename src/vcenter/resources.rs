//! What builds need besides vCenter itself: datastores with room, hosts that can run a VM.

use serde::{Deserialize, Serialize};

use super::inventory::{self, collect, of_kind, property, single_object, unescape};
use super::soap::{self, Element};
use super::{Client, Error, Moid, location};

/// Less room than this and nothing can be written: a VM that grows is halted.
const FULL: u64 = 2 << 30;
/// Less room than this and a template may not fit.
const SCARCE: u64 = 20 << 30;

const DATASTORE: &str = "<propSet><type>Datastore</type><pathSet>name</pathSet><pathSet>summary.accessible</pathSet>\
    <pathSet>summary.capacity</pathSet><pathSet>summary.freeSpace</pathSet><pathSet>summary.maintenanceMode</pathSet></propSet>";
const HOST: &str = "<propSet><type>HostSystem</type><pathSet>name</pathSet><pathSet>runtime.connectionState</pathSet>\
    <pathSet>runtime.inMaintenanceMode</pathSet></propSet>";

/// A datastore (`DatastoreSummary`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatastoreState {
    /// its name
    pub name: String,
    /// bytes
    pub capacity: u64,
    /// bytes, as vCenter last heard from a host
    pub free: u64,
    /// at least one host reaches it
    pub accessible: bool,
    /// it is in maintenance, or about to be
    pub maintenance: bool,
}

/// A host (`HostRuntimeInfo`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostState {
    /// its name
    pub name: String,
    /// vSphere's word: `connected`, `disconnected`, `notResponding`; empty where the account may not see it
    pub connection: String,
    /// in maintenance mode
    pub maintenance: bool,
}

impl DatastoreState {
    /// Why nothing can be written to it.
    pub fn trouble(&self) -> Option<String> {
        let Self { name, accessible, maintenance, .. } = self;
        if !accessible {
            return Some(format!("datastore {name} is not accessible"));
        }
        if *maintenance {
            return Some(format!("datastore {name} is in maintenance mode"));
        }
        (self.free < FULL).then(|| format!("datastore {name} is full: {}", self.room()))
    }

    /// That it has little room.
    pub fn scarce(&self) -> Option<String> {
        (self.free < SCARCE).then(|| format!("datastore {} is nearly full: {}", self.name, self.room()))
    }

    /// `12.0 GiB of 10.0 TiB free`
    pub fn room(&self) -> String {
        format!("{} of {} free", in_units(self.free), in_units(self.capacity))
    }
}

impl HostState {
    /// Why it runs no build.
    pub fn trouble(&self) -> Option<String> {
        let Self { name, connection, maintenance } = self;
        match connection.as_str() {
            "connected" | "" if *maintenance => Some(format!("host {name} is in maintenance mode")),
            "connected" | "" => None,
            "notResponding" => Some(format!("host {name} does not respond")),
            other => Some(format!("host {name} is {other}")),
        }
    }
}

/// That none of these hosts can run a build; `None` when one can, or none is to be seen.
pub fn no_host(hosts: &[HostState]) -> Option<String> {
    let troubles: Vec<String> = hosts.iter().filter_map(HostState::trouble).collect();
    (!hosts.is_empty() && troubles.len() == hosts.len()).then(|| troubles.join(", "))
}

/// Bytes as people say them.
pub fn in_units(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["MiB", "GiB", "TiB", "PiB"];
    let (mut value, mut unit) = (bytes as f64 / f64::from(1 << 20), 0);
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        (value, unit) = (value / 1024.0, unit + 1);
    }
    format!("{value:.1} {}", UNITS[unit])
}

impl Client {
    /// The datastores of the datacenter that the account may see.
    ///
    /// # Errors
    /// Any of [`Error`].
    pub async fn datastore_states(&self) -> Result<Vec<DatastoreState>, Error> {
        let (datacenter, _) = self.datacenter().await?;
        let objects = members("Datacenter", &datacenter.0, &["datastore"]);
        let found = collect(self.session(), DATASTORE, &objects).await?;
        Ok(of_kind(&found, "Datastore").filter_map(datastore).collect())
    }

    /// The hosts behind a name below the datacenter's hosts: of a cluster, or one by itself.
    ///
    /// # Errors
    /// [`Error::NotFound`] naming the path, and those of asking.
    pub async fn host_states(&self, name: &str) -> Result<Vec<HostState>, Error> {
        let (_, datacenter) = self.datacenter().await?;
        let path = format!("/{datacenter}/host/{name}");
        let (kind, moid) = location::find_by_path(self.session(), &path).await?.ok_or(Error::NotFound(path))?;
        let objects = if kind == "HostSystem" {
            single_object("HostSystem", &moid.0)
        } else {
            members(&kind, &moid.0, &["host"])
        };
        let found = collect(self.session(), HOST, &objects).await?;
        Ok(of_kind(&found, "HostSystem").filter_map(host).collect())
    }

    /// The datastores and the host of a VM.
    ///
    /// # Errors
    /// Any of [`Error`].
    pub async fn resources_of(&self, vm: &Moid) -> Result<(Vec<DatastoreState>, Option<HostState>), Error> {
        let objects = members("VirtualMachine", &vm.0, &["datastore", "runtime.host"]);
        let found = collect(self.session(), &format!("{DATASTORE}{HOST}"), &objects).await?;
        let datastores = of_kind(&found, "Datastore").filter_map(datastore).collect();
        Ok((datastores, of_kind(&found, "HostSystem").find_map(host)))
    }
}

/// What properties of an object refer to, as an `objectSet`.
pub(super) fn members(kind: &str, id: &str, paths: &[&str]) -> String {
    let select: String = paths
        .iter()
        .map(|path| {
            format!(
                "<selectSet xsi:type=\"TraversalSpec\"><name>{path}</name><type>{kind}</type><path>{path}</path>\
                 <skip>false</skip></selectSet>"
            )
        })
        .collect();
    format!("<objectSet>{}<skip>true</skip>{select}</objectSet>", soap::reference("obj", kind, id))
}

fn text(object: &Element, path: &str) -> String {
    property(object, path).map(|value| value.text.clone()).unwrap_or_default()
}

fn datastore(object: &Element) -> Option<DatastoreState> {
    let name = Some(unescape(&text(object, "name"))).filter(|name| !name.is_empty())?;
    // One that does not say how much is free may not be seen into; that is no trouble of its own.
    let free = inventory::property(object, "summary.freeSpace")?.text.parse().ok()?;
    let capacity = text(object, "summary.capacity").parse().unwrap_or(free);
    let maintenance = !matches!(text(object, "summary.maintenanceMode").as_str(), "" | "normal");
    Some(DatastoreState {
        name,
        capacity,
        free,
        accessible: text(object, "summary.accessible") != "false",
        maintenance,
    })
}

fn host(object: &Element) -> Option<HostState> {
    let name = Some(unescape(&text(object, "name"))).filter(|name| !name.is_empty())?;
    let maintenance = text(object, "runtime.inMaintenanceMode") == "true";
    Some(HostState { name, connection: text(object, "runtime.connectionState"), maintenance })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, connection: &str, maintenance: bool) -> HostState {
        HostState { name: name.into(), connection: connection.into(), maintenance }
    }

    #[test]
    fn a_build_needs_one_host_and_room() {
        let hosts = [of("esx1", "notResponding", false), of("esx2", "connected", true)];
        let none = no_host(&hosts);
        assert_eq!(none.as_deref(), Some("host esx1 does not respond, host esx2 is in maintenance mode"));
        assert_eq!(no_host(&[of("esx1", "disconnected", false), of("esx2", "connected", false)]), None);
        // Of a host that may not be seen nothing is said.
        assert_eq!((no_host(&[]), no_host(&[of("esx1", "", false)])), (None, None));
        let store = |free| DatastoreState {
            name: "vsan01".into(),
            capacity: 10 << 40,
            free,
            accessible: true,
            maintenance: false,
        };
        assert_eq!(store(1 << 30).trouble().as_deref(), Some("datastore vsan01 is full: 1.0 GiB of 10.0 TiB free"));
        assert_eq!((store(5 << 30).trouble(), store(5 << 30).scarce().is_some()), (None, true));
        assert_eq!(store(50 << 30).scarce(), None);
        let gone = DatastoreState { accessible: false, ..store(1 << 40) };
        assert_eq!(gone.trouble().as_deref(), Some("datastore vsan01 is not accessible"));
    }
}
