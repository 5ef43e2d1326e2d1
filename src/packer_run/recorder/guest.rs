//! What vCenter says about the guest: its properties, its tasks and events.

use std::collections::HashSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::RecorderTask;
use super::frame_filter::FrameFilter;
use crate::guest::recording::{GuestState, TaskState, TimelineEvent};
use crate::pipeline::may_be;
use crate::vcenter::resources::{DatastoreState, HostState};
use crate::vcenter::{Error, Moid, Vm, VmEvent};

/// A VM that is this much older than the run was left behind by an earlier one.
const MAX_VM_AGE: SignedDuration = SignedDuration::from_hours(1);
/// Timeout of the last poll, when the build has ended.
const FINAL_POLL_TIMEOUT: Duration = Duration::from_secs(1);

/// Whether a VM of the name is of this build. What came after the first poll is, whatever our clock and vCenter's have
/// to say; what was there already is when it is not old: the first poll may have come late.
fn is_ours(vm: &Vm, earlier: &HashSet<Moid>, old: Timestamp) -> bool {
    !vm.template && (!earlier.contains(&vm.moid) || vm.created.is_none_or(|created| created > old))
}

impl RecorderTask {
    /// What packer left of the guest.
    pub(super) async fn final_poll(&mut self) -> std::io::Result<()> {
        let Some(moid) = &self.vm else { return Ok(()) };
        match tokio::time::timeout(FINAL_POLL_TIMEOUT, self.client.observe(moid)).await {
            Ok(Ok(Some((vm, tasks)))) => {
                self.record_guest(Some(&vm))?;
                self.record_tasks(tasks)
            }
            Ok(Ok(None)) => self.record_guest(None),
            Ok(Err(_)) | Err(_) => Ok(()),
        }
    }

    /// The VM of this build, if it is there.
    pub(super) async fn find(&mut self) -> Result<Option<(Vm, Vec<VmEvent>)>, Error> {
        if let Some(moid) = &self.vm {
            let found = self.client.observe(moid).await?;
            if let Some(found) = found.filter(|(vm, _)| !vm.template) {
                return Ok(Some(found));
            }
            self.vm = None;
        }
        let old = self.started - MAX_VM_AGE;
        let mut vms = self.client.vms().await?;
        vms.retain(|vm| may_be(&self.target.vm, &vm.name));
        let earlier = self.earlier.get_or_insert_with(|| vms.iter().map(|vm| vm.moid.clone()).collect());
        let Some(vm) = vms.into_iter().find(|vm| is_ours(vm, earlier, old)) else { return Ok(None) };
        let pace = self.client.settings().simulated.unwrap_or(1.0);
        if (pace - self.pace).abs() > f64::EPSILON {
            self.pace = pace;
            self.add(&TimelineEvent::Pace { at: self.now(), speed: pace });
        }
        self.vm = Some(vm.moid.clone());
        (self.frame_filter, self.current_frame) = (FrameFilter::default(), None);
        self.client.observe(&vm.moid).await
    }

    pub(super) fn record_guest(&mut self, vm: Option<&Vm>) -> std::io::Result<()> {
        let at = self.now();
        let mut now = vm.map_or_else(|| GuestState { at, ..GuestState::default() }, |vm| GuestState::of(vm, at));
        if vm.is_some() {
            (now.storage, now.host) = self.beneath.clone();
        }
        for text in [&mut now.ip, &mut now.question, &mut now.storage, &mut now.host] {
            *text = text.take().map(|text| self.safe(&text));
        }
        let known = self.guest.as_ref().is_some_and(|known| GuestState { at, ..known.clone() } == now);
        if !known {
            self.store.add(&TimelineEvent::Guest(now.clone()))?;
            self.guest = Some(now);
        }
        Ok(())
    }

    /// What the VM stands on: its datastores and its host. Where that may not be seen, nothing is said of it.
    pub(super) async fn look_beneath(&mut self, vm: &Moid) {
        match self.client.resources_of(vm).await {
            Ok((datastores, host)) => {
                let storage = datastores.iter().find_map(DatastoreState::trouble);
                self.beneath = (storage, host.as_ref().and_then(HostState::trouble));
            }
            Err(error) => tracing::debug!(%error, "datastore and host of the VM are not known"),
        }
    }

    pub(super) fn record_tasks(&mut self, tasks: Vec<VmEvent>) -> std::io::Result<()> {
        // Our own way to a picture, where `/screen` is refused, is not news.
        let (own, tasks): (Vec<_>, Vec<_>) =
            tasks.into_iter().partition(|task| task.name.to_ascii_lowercase().ends_with("createscreenshot"));
        self.screenshots_by_task |= !own.is_empty();
        for task in tasks {
            if self.tasks.get(&task.id) != Some(&task.state) {
                let error = task.text.as_deref().map(|text| self.safe(text));
                let (at, id, name, state) =
                    (self.now(), task.id.clone(), self.safe(&task.name), self.safe(&task.state));
                self.store.add(&TimelineEvent::Task(TaskState { at, id, name, state, error }))?;
                self.tasks.insert(task.id, task.state);
            }
        }
        Ok(())
    }

    pub(super) async fn query_events(&mut self, moid: &Moid) -> std::io::Result<()> {
        if self.events_unsupported {
            return Ok(());
        }
        match self.client.events(moid, self.events_since).await {
            Ok(events) => {
                self.events_since = events.iter().filter_map(|event| event.at).max().or(self.events_since);
                self.record_tasks(events)
            }
            // Not every server has them; tasks tell most of it.
            Err(Error::Fault { .. } | Error::Permission { .. }) => {
                self.events_unsupported = true;
                Ok(())
            }
            Err(error) => self.lost(&error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vm_that_came_during_the_build_is_ours_whatever_the_clocks_say() {
        let at = |hour: i64| Timestamp::from_second(1_800_000_000 + hour * 3600).unwrap();
        let vm = |moid: &str, hour| Vm { created: Some(at(hour)), ..Vm::named(Moid(moid.into()), "base-build") };
        let earlier = HashSet::from([Moid("vm-1".into())]);
        // Our clock is two hours ahead of vCenter's.
        assert!(is_ours(&vm("vm-2", -2), &earlier, at(0) - MAX_VM_AGE));
        assert!(!is_ours(&vm("vm-1", -2), &earlier, at(0) - MAX_VM_AGE), "what an earlier build left");
        assert!(is_ours(&vm("vm-1", 0), &earlier, at(0) - MAX_VM_AGE), "the first look came late");
        assert!(!is_ours(&Vm { template: true, ..vm("vm-2", 0) }, &earlier, at(0) - MAX_VM_AGE));
    }
}
