//! What vCenter says about the guest: its properties, its tasks and events.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::Work;
use super::eye::Eye;
use crate::triage::recording::{Event, GuestState, TaskState};
use crate::vcenter::{Error, Happening, Moid, Vm};

/// A VM so much older than the run is what an earlier one left.
const LEFTOVER: SignedDuration = SignedDuration::from_hours(1);
/// What the look at the end may take.
const LAST_LOOK: Duration = Duration::from_secs(1);

impl Work {
    /// What packer left of the guest.
    pub(super) async fn last_look(&mut self) -> std::io::Result<()> {
        let Some(moid) = &self.vm else { return Ok(()) };
        match tokio::time::timeout(LAST_LOOK, self.client.observe(moid)).await {
            Ok(Ok(Some((vm, tasks)))) => {
                self.guest_is(Some(&vm))?;
                self.tasks_are(tasks)
            }
            Ok(Ok(None)) => self.guest_is(None),
            Ok(Err(_)) | Err(_) => Ok(()),
        }
    }

    /// The VM of this build, if it is there.
    pub(super) async fn find(&mut self) -> Result<Option<(Vm, Vec<Happening>)>, Error> {
        if let Some(moid) = &self.vm {
            let found = self.client.observe(moid).await?;
            if let Some(found) = found.filter(|(vm, _)| !vm.template) {
                return Ok(Some(found));
            }
            self.vm = None;
        }
        let old = self.started - LEFTOVER;
        let vms = self.client.vms().await?;
        let fresh = |vm: &Vm| !vm.template && vm.created.is_none_or(|created| created > old);
        let Some(vm) = vms.into_iter().find(|vm| vm.name == self.subject.vm && fresh(vm)) else { return Ok(None) };
        let pace = self.client.pace(&vm.moid).await?;
        if (pace - self.pace).abs() > f64::EPSILON {
            self.pace = pace;
            self.add(&Event::Pace { at: Timestamp::now(), speed: pace });
        }
        self.vm = Some(vm.moid.clone());
        (self.eye, self.standing) = (Eye::default(), None);
        self.client.observe(&vm.moid).await
    }

    pub(super) fn guest_is(&mut self, vm: Option<&Vm>) -> std::io::Result<()> {
        let at = Timestamp::now();
        let now = GuestState {
            at,
            power: vm.map(|vm| vm.power_state),
            ip: vm.and_then(|vm| vm.ip_address.as_deref()).map(|ip| self.safe(ip)),
            tools: vm.and_then(|vm| vm.tools_running_status),
        };
        let known = self.guest.as_ref().is_some_and(|known| GuestState { at, ..known.clone() } == now);
        if !known {
            self.store.add(&Event::Guest(now.clone()))?;
            self.guest = Some(now);
        }
        Ok(())
    }

    pub(super) fn tasks_are(&mut self, tasks: Vec<Happening>) -> std::io::Result<()> {
        // Our own way to a picture, where `/screen` is refused, is not news.
        let (own, tasks): (Vec<_>, Vec<_>) =
            tasks.into_iter().partition(|task| task.name.to_ascii_lowercase().ends_with("createscreenshot"));
        self.by_task |= !own.is_empty();
        for task in tasks {
            if self.tasks.get(&task.id) != Some(&task.state) {
                self.tasks.insert(task.id.clone(), task.state.clone());
                let error = task.text.as_deref().map(|text| self.safe(text));
                let (name, state) = (self.safe(&task.name), self.safe(&task.state));
                self.store.add(&Event::Task(TaskState { at: Timestamp::now(), id: task.id, name, state, error }))?;
            }
        }
        Ok(())
    }

    pub(super) async fn ask_events(&mut self, moid: &Moid) -> std::io::Result<()> {
        if self.events_over {
            return Ok(());
        }
        match self.client.events(moid, self.events_since).await {
            Ok(events) => {
                self.events_since = events.iter().filter_map(|event| event.at).max().or(self.events_since);
                self.tasks_are(events)
            }
            // Not every server has them; tasks tell most of it.
            Err(Error::Fault { .. } | Error::Permission { .. }) => {
                self.events_over = true;
                Ok(())
            }
            Err(error) => self.lost(&error),
        }
    }
}
