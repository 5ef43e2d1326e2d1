//! A VM made from a template, to be looked at and thrown away.

use super::inventory::{collect, property, single_object};
use super::{Client, Error, Moid, TaskProgress, soap, task};

/// From a VM over its host to the cluster, or to the host's own pool: `ComputeResource` is what either is.
const POOL: &str = "<propSet><type>ComputeResource</type><pathSet>resourcePool</pathSet></propSet>";
const DEVICES: &str = "<propSet><type>VirtualMachine</type><pathSet>config.hardware.device</pathSet></propSet>";

/// What is to be made.
#[derive(Debug, Clone)]
pub(super) struct CloneSpec<'a> {
    /// its name
    pub name: &'a str,
    /// its notes, in place of those of its source
    pub notes: &'a str,
    /// where it runs
    pub pool: &'a Moid,
}

impl Client {
    /// `CloneVM_Task`: a VM in the configured folder, powered off, on the datastore of its source. Not every server gives
    /// it the notes that are asked for.
    pub(super) async fn clone_vm(
        &self,
        source: &Moid,
        spec: &CloneSpec<'_>,
        progress: &(dyn Fn(TaskProgress) + Sync),
    ) -> Result<Moid, Error> {
        let arguments = format!(
            "{}{}<spec><location>{}</location><template>false</template><config>{}</config><powerOn>false</powerOn></spec>",
            soap::reference("folder", "Folder", &self.folder().await?.0),
            task::name_argument("name", spec.name),
            soap::reference("pool", "ResourcePool", &spec.pool.0),
            soap::text("annotation", spec.notes),
        );
        let target = ("VirtualMachine", source.0.as_str());
        task::run(self.session(), "CloneVM_Task", target, &arguments, progress).await.map(Moid)
    }

    /// The resource pool that a clone of this VM or template runs in: that of the cluster or host which the settings name
    /// for builds, else the one of the host that it is on.
    ///
    /// # Errors
    /// [`Error::NotFound`] where the account sees none, and those of asking.
    pub async fn pool_for(&self, vm: &Moid) -> Result<Moid, Error> {
        if let Some(compute) = &self.settings().compute {
            return self.find_by_path(&format!("host/{compute}/Resources")).await;
        }
        let step = |name: &str, kind: &str, path: &str, inner: &str| {
            format!(
                "<selectSet xsi:type=\"TraversalSpec\"><name>{name}</name><type>{kind}</type><path>{path}</path>\
                 <skip>false</skip>{inner}</selectSet>"
            )
        };
        let up = step("host", "VirtualMachine", "runtime.host", &step("compute", "HostSystem", "parent", ""));
        let vm = soap::reference("obj", "VirtualMachine", &vm.0);
        let found = collect(self.session(), POOL, &format!("<objectSet>{vm}<skip>true</skip>{up}</objectSet>")).await?;
        let pool = found.iter().find_map(|object| property(object, "resourcePool"));
        pool.map(|pool| Moid(pool.text.clone()))
            .ok_or_else(|| Error::NotFound("the resource pool that a clone would run in".into()))
    }

    /// `ReconfigVM_Task` that takes every network card out of a VM.
    pub(super) async fn remove_network_cards(
        &self,
        vm: &Moid,
        progress: &(dyn Fn(TaskProgress) + Sync),
    ) -> Result<(), Error> {
        let found = collect(self.session(), DEVICES, &single_object("VirtualMachine", &vm.0)).await?;
        let devices = found.iter().filter_map(|object| property(object, "config.hardware.device"));
        // Of all devices only a VirtualEthernetCard has a hardware address.
        let cards: String = devices
            .flat_map(|devices| &devices.children)
            .filter(|device| device.child("macAddress").is_some())
            .map(|card| {
                let key = soap::text("key", card.at(&["key"]));
                let device = format!("<device xsi:type=\"{}\">{key}</device>", card.kind);
                format!("<deviceChange><operation>remove</operation>{device}</deviceChange>")
            })
            .collect();
        if cards.is_empty() {
            return Ok(());
        }
        let target = ("VirtualMachine", vm.0.as_str());
        let spec = format!("<spec>{cards}</spec>");
        task::run(self.session(), "ReconfigVM_Task", target, &spec, progress).await.map(drop)
    }
}
