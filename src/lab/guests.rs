//! The guests of the simulated vCenter, scripted or real: brought to the present, typed to, shut down.

use super::fault::Fault;
use super::guest::Moment;
use super::machine::{Machine, Power};
use super::real::{self, Press};
use super::world::{Body, World};

/// How long a scripted guest takes to shut down, lab seconds.
const SHUTDOWN: f64 = 8.0;

impl World {
    /// Brings guests to the present.
    pub fn tick_guests(&mut self, now: f64) {
        let mut changed = false;
        for entity in self.entities.values_mut() {
            let Body::Machine(machine) = &mut entity.body else { continue };
            let Power::On { since, until } = machine.power else { continue };
            if until.is_some_and(|until| until <= now) {
                machine.power_off();
                changed = true;
                continue;
            }
            if let (Some(host), None) = (&self.real, until) {
                match host.moment(&entity.moref.id) {
                    Some(moment) if moment == machine.moment => {}
                    Some(moment) => (machine.moment, changed) = (moment, true),
                    None => {
                        machine.power_off();
                        changed = true;
                    }
                }
                continue;
            }
            let guest = self.book.guest(&machine.guest);
            let asked = guest.and_then(|guest| guest.question.as_ref()).filter(|_| until.is_none());
            changed |= machine.ask_when_due(asked, since, now);
            let at = machine.uptime(now).unwrap_or_default();
            let moment = match guest {
                Some(guest) if until.is_none() => self.book.moment(guest, at, &machine.keys),
                _ => Moment::default(),
            };
            if moment != machine.moment {
                machine.moment = moment;
                changed = true;
            }
        }
        if changed {
            self.touch();
        }
    }

    /// Answers what is asked about a VM.
    ///
    /// # Errors
    /// `InvalidArgument` for another question or answer than those there are.
    pub fn answer(&mut self, id: &str, question: &str, choice: &str) -> Result<(), Fault> {
        let now = self.clock.now();
        let machine = self.machine_mut(id)?;
        let pending = machine.question.take_if(|pending| pending.id == question);
        let pending = pending.ok_or_else(|| Fault::invalid("questionId"))?;
        let Some(index) = choice.parse().ok().filter(|index: &usize| *index < pending.asked.answers.len()) else {
            machine.question = Some(pending);
            return Err(Fault::invalid("answerChoice"));
        };
        machine.waited += now - pending.since;
        if index + 1 == pending.asked.answers.len() {
            machine.power_off();
        }
        Ok(())
    }

    /// Whether a guest waits because its datastore is full.
    pub fn full(&self, datastore: &str) -> bool {
        let waits = |machine: &Machine| machine.question.as_ref().is_some_and(|question| question.asked.full);
        self.machines().any(|(_, machine)| machine.datastore == datastore && waits(machine))
    }

    /// Types keys into a running VM, as many as they are and, for a real guest, which; returns how many.
    ///
    /// # Errors
    /// `InvalidPowerState`
    pub fn type_keys(&mut self, id: &str, count: usize, real: Vec<Press>) -> Result<usize, Fault> {
        let now = self.clock.now();
        let machine = self.machine_mut(id)?;
        let uptime = machine.uptime(now).ok_or_else(|| Fault::invalid_power_state("poweredOn", "poweredOff"))?;
        machine.keys.extend(std::iter::repeat_n(uptime, count));
        if let Some(host) = &self.real {
            host.type_keys(id, real);
        }
        Ok(count)
    }

    /// Asks the guest to shut down, as `ShutdownGuest` does.
    ///
    /// # Errors
    /// `ToolsUnavailable`, `InvalidPowerState`
    pub fn shut_down(&mut self, id: &str) -> Result<(), Fault> {
        let until = self.clock.now() + SHUTDOWN;
        let book = self.book;
        if !self.machine(id)?.moment.tools {
            return Err(Fault::new(
                "ToolsUnavailable",
                "Cannot complete operation because VMware Tools is not running in this virtual machine.",
            ));
        }
        if let Some(host) = &self.real {
            host.shut_down(id);
            return Ok(());
        }
        let machine = self.machine_mut(id)?;
        let hangs = book.guest(&machine.guest).is_some_and(|guest| guest.build.shutdown_hangs);
        if let (Power::On { until: end, .. }, false) = (&mut machine.power, hangs) {
            *end = Some(until);
        }
        Ok(())
    }

    /// The guest that a clone of a template boots: what was installed, and no installer.
    pub fn guest_of_clone(&self, name: &str) -> String {
        if self.real.is_some() {
            return real::GUEST.to_owned();
        }
        let windows = self.book.family_of(name).is_some_and(|family| family.communicator == "winrm");
        let usual = if windows { "clone-windows" } else { "clone" };
        self.guests.get(name).cloned().unwrap_or_else(|| usual.to_owned())
    }

    /// The guest a new VM of this name boots.
    pub fn guest_for(&self, name: &str) -> String {
        if self.real.is_some() {
            return real::GUEST.to_owned();
        }
        let base = name.strip_suffix("-build").unwrap_or(name);
        self.guests
            .get(base)
            .cloned()
            .or_else(|| self.book.family_of(base).map(|family| family.guest.clone()))
            .unwrap_or_else(|| "debian".to_owned())
    }
}
