//! What the process that runs a lab may do to it from inside: tests.

use std::io;
use std::sync::PoisonError;
use std::time::Duration;

use bytes::Bytes;
use tokio::net::TcpListener;

use super::control::Trouble;
use super::effect::Effect;
use super::fault::Fault;
use super::guest::Asked;
use super::inventory::{self, Seed};
use super::machine::Pending;
use super::screen::{self, Want};
use super::state::State;
use super::{Lab, serve};

impl Lab {
    /// Listens again on the same port.
    ///
    /// # Errors
    /// When the port was taken meanwhile.
    pub async fn resume(&self) -> io::Result<()> {
        let listener = TcpListener::bind(self.address).await?;
        let server = serve(listener, &self.shared);
        *self.server.lock().unwrap_or_else(PoisonError::into_inner) = Some(server);
        Ok(())
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let result = act(&mut self.shared.lock());
        self.shared.tick();
        result
    }

    /// Ends all sessions; their filters and views go with them.
    pub fn expire_sessions(&self) {
        self.with(State::expire_sessions);
    }

    /// How many sessions are open.
    pub fn open_sessions(&self) -> usize {
        self.with(|state| state.sessions.len())
    }

    /// Changes an account's password.
    pub fn set_password(&self, account: &str, password: &str) {
        self.with(|state| state.sessions.set_password(account, password));
    }

    /// Asks something about a running VM; the last of the answers powers it off. Nothing when there is none of that name.
    pub fn ask(&self, vm: &str, text: &str, answers: &[&str]) {
        self.with(|state| {
            let now = state.world.clock.now();
            let id = state.world.named("VirtualMachine", vm).map(|entity| entity.moref.id.clone());
            let Some(Ok(machine)) = id.map(|id| state.world.machine_mut(&id)) else { return };
            let answers = answers.iter().map(|answer| (*answer).to_owned()).collect();
            let asked = Asked { at: 0.0, text: text.to_owned(), answers, full: false };
            machine.question = Some(Pending { id: "4711".into(), asked, since: now });
        });
    }

    /// Makes trouble at the `nth` call (1 = the next) of a method; `*` counts every call.
    pub fn trouble(&self, method: &str, nth: usize, trouble: Trouble) {
        self.with(|state| state.control.plan(method, nth, trouble));
    }

    /// Forgets all planned trouble.
    pub fn no_trouble(&self) {
        self.with(|state| state.control.clear());
    }

    /// Methods called so far, in order, `/screen` and `/folder` included.
    pub fn calls(&self) -> Vec<String> {
        self.with(|state| state.control.calls().to_vec())
    }

    /// Changes how fast lab time passes.
    pub fn set_speed(&self, speed: f64) {
        self.with(|state| state.world.clock.set_speed(speed));
    }

    /// Lets this much lab time pass at once.
    pub fn advance(&self, time: Duration) {
        self.with(|state| state.world.clock.advance(time));
    }

    /// Chooses the guest that the next build of a base name boots.
    pub fn next_guest(&self, base: &str, guest: &str) {
        self.with(|state| state.world.guests.insert(base.into(), guest.into()));
    }

    /// Adds a template or VM to the folder of templates; returns its id.
    pub fn add(&self, seed: &Seed) -> String {
        self.with(|state| inventory::add(&mut state.world, seed).id)
    }

    /// Powers a VM on or off at once.
    ///
    /// # Errors
    /// vCenter's fault.
    pub fn power(&self, id: &str, on: bool) -> Result<(), Fault> {
        self.with(|state| Effect::Power { id: id.into(), on }.apply(&mut state.world)).map(|_| ())
    }

    /// Name, id and whether it is a template, of all VMs in the folder of templates, by name.
    pub fn inventory(&self) -> Vec<(String, String, bool)> {
        self.with(|state| {
            let machines = state.world.machines();
            let mut all: Vec<_> = machines
                .map(|(entity, machine)| (entity.name.clone(), entity.moref.id.clone(), machine.template))
                .collect();
            all.sort();
            all
        })
    }

    /// The size of a file on a datastore, by `[datastore] path`.
    pub fn file_size(&self, path: &str) -> Option<u64> {
        self.with(|state| state.world.store.get(path).map(|file| file.size))
    }

    /// Chooses the guest of one VM, from its next power-on.
    pub fn set_guest(&self, id: &str, guest: &str) {
        self.with(|state| {
            if let Ok(machine) = state.world.machine_mut(id) {
                machine.guest = guest.into();
            }
        });
    }

    /// Types this many keys into a running VM.
    ///
    /// # Errors
    /// vCenter's fault.
    pub fn type_keys(&self, id: &str, count: usize) -> Result<(), Fault> {
        self.with(|state| state.world.type_keys(id, count, Vec::new())).map(|_| ())
    }

    /// The picture on a console; `None` when the VM is off or gone.
    pub fn picture(&self, id: &str) -> Option<Bytes> {
        self.with(|state| screen::picture(&state.world, id, Want::default())).ok()
    }

    /// Where real guests keep their disks.
    pub fn real_folder(&self) -> Option<std::path::PathBuf> {
        self.with(|state| state.world.real.as_ref().map(|host| host.folder().to_owned()))
    }

    /// Whether tools run, and the address they report; `None` when there is no such VM.
    pub fn guest(&self, id: &str) -> Option<(bool, Option<String>)> {
        self.with(|state| {
            state.world.tick();
            state.world.machine(id).ok().map(|machine| (machine.moment.tools, machine.ip()))
        })
    }
}
