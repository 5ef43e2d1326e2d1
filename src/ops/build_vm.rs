//! The VM of a build: left alone while another machine is at work on it, claimed while it is built here, and known by its id
//! when packer says that it is done.

mod keeper;

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use self::keeper::Keeper;
use super::build_begins::Begins;
use super::built::{NotBuilt, resolve};
use super::{Context, Error, Refusal, claim, history, resources};
use crate::generation::{self, Actor, Claim, Consent, Generations, Hold, MadeOf, SetAside};
use crate::packer_run::{self, BuiltVm, Made, Run, Said};
use crate::pipeline::{Line, Manifests, Names};
use crate::vcenter::gate::{Gate, GateError};
use crate::vcenter::{Client, Moid, Settings};

/// How often the VM is looked for until it is there, by the guest's clock.
const LOOK: Duration = Duration::from_secs(2);
/// Shortest interval, however fast a simulated guest's clock is.
const SHORTEST: Duration = Duration::from_millis(100);
/// How often vCenter is asked for what was built before that counts as not known.
const TRIES: u32 = 5;

/// What vCenter says before a build.
#[derive(Debug)]
pub struct BuildVm {
    gate: Gate,
    line: Line,
    /// what was there before: none of it is what this build makes
    before: BTreeSet<Moid>,
    /// what tells other machines of it until it has a VM
    begins: Option<Begins>,
    /// where its template writes down what was built
    manifests: Manifests,
    /// one line each: whose claim was set aside, and what could not be told
    pub notes: Vec<String>,
}

/// Looks whether the line may be built: packer destroys what has the name. `None` where there is no vCenter to ask.
///
/// # Errors
/// Another build is at work, here or on another machine, or a hold would be lost with the notes that it stands in; or
/// vCenter does not answer.
pub async fn look(context: &Context, line: &Line, consent: &Consent) -> Result<Option<BuildVm>, Error> {
    // Its claim would be refused as well, with the advice that fits other machines.
    packer_run::not_at_work(&context.state, &line.key)?;
    match ask(context, line, consent).await {
        Err(Error::VCenter(error)) if consent.take_over.is_some() => {
            tracing::warn!(%error, "whether another machine builds it is not known");
            Ok(None)
        }
        looked => looked,
    }
}

async fn ask(context: &Context, line: &Line, consent: &Consent) -> Result<Option<BuildVm>, Error> {
    let Some(settings) = Settings::of_line_if_any(&context.repo, &line.key)? else { return Ok(None) };
    let client = Client::new(settings)?;
    let looked = look_at(context, &client, line, consent).await;
    if looked.is_err() {
        client.logout().await;
    }
    looked.map(Some)
}

async fn look_at(context: &Context, client: &Client, line: &Line, consent: &Consent) -> Result<BuildVm, Error> {
    let mut tries = 0;
    loop {
        match look_once(context, client, line, consent).await {
            // Somebody wrote notes in this very moment: another build that begins, perhaps.
            Err(Error::Gate(error)) if matches!(*error, GateError::Stale { .. }) && tries < TRIES => tries += 1,
            looked => return looked,
        }
    }
}

async fn look_once(context: &Context, client: &Client, line: &Line, consent: &Consent) -> Result<BuildVm, Error> {
    let vms = client.vms().await?;
    let now = Generations::of(line, &vms);
    let gate = context.gate(client).with_name(line.build_name());
    let mut notes = Vec::new();
    let carrier = now.carrier();
    let build = now.build.as_ref().filter(|_| !now.in_place);
    // Where the build takes the place of live, the hold goes with it.
    let hold = if now.in_place { now.hold.clone() } else { build.and_then(|vm| Hold::read(&vm.annotation)) };
    if let Some(hold) = hold {
        return Err(Refusal::from(generation::Refusal::Held { base: line.base_name.clone(), hold }).into());
    }
    for vm in build.into_iter().chain(carrier) {
        let other = Claim::of(vm).filter(|claim| !claim::is_ours(context, &line.key, claim));
        if let Some(other) = other {
            let set_aside = generation::binding(client, &vm.name, other, consent.take_over.is_some()).await?;
            if let (SetAside::TakenOver(claim), Some(reason)) = (&set_aside, &consent.take_over) {
                gate.take_over("build", vm, &format!("from {} (run {}): {reason}", claim.by, claim.run))?;
            }
            notes.push(claim::told(&set_aside, consent));
        }
    }
    let beneath = resources::look(client).await;
    notes.extend(beneath.troubles.into_iter().map(|trouble| format!("{trouble}; this build will fail because of it")));
    notes.extend(beneath.concerns);
    let begins = match carrier {
        Some(carrier) => match Begins::announce(&gate, line, carrier).await {
            Ok(begins) => Some(begins),
            Err(error @ GateError::Stale { .. }) => return Err(error.into()),
            Err(error) => {
                notes.push(format!("other machines could not be told that this build has started: {error}"));
                None
            }
        },
        None => None,
    };
    let before = vms.iter().map(|vm| vm.moid.clone()).collect();
    let manifests = Manifests::of(&context.repo, line);
    Ok(BuildVm { gate, line: line.clone(), before, begins, manifests, notes })
}

/// A build whose VM is being claimed.
#[derive(Debug)]
pub struct Claiming {
    task: JoinHandle<()>,
    end: oneshot::Sender<()>,
    messages: mpsc::UnboundedReceiver<String>,
    vm: BuildVm,
}

impl BuildVm {
    /// Claims the VM as soon as packer has made it, and says every few minutes that it is still at work. `run` tells which
    /// run it is, once it is on record.
    pub fn claim(self, run: impl Fn() -> Option<String> + Send + 'static) -> Claiming {
        let (end, mut ended) = oneshot::channel();
        let (say, messages) = mpsc::unbounded_channel();
        let (gate, line, before, begins) =
            (self.gate.clone(), self.line.clone(), self.before.clone(), self.begins.clone());
        let task = crate::task::spawn(async move {
            let pace = gate.client().settings().simulated.unwrap_or(1.0).max(0.01);
            let mut keeper = Keeper { gate, line, before, begins, claim: None, refused: false, told: false };
            loop {
                let pause = if keeper.claim.is_some() {
                    Duration::from_secs(Claim::REFRESH.as_secs().unsigned_abs())
                } else {
                    LOOK.div_f64(pace).max(SHORTEST)
                };
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    _ = &mut ended => return,
                }
                if let Some(run) = run()
                    && let Some(trouble) = keeper.look(run).await
                {
                    let _ = say.send(trouble);
                }
            }
        });
        Claiming { task, end, messages, vm: self }
    }

    /// What packer says it built, by its id; the VM's notes say which run it was from then on.
    ///
    /// # Errors
    /// Why that is no template of this run, in one line.
    async fn built(&self, run: &Run) -> Result<BuiltVm, NotBuilt> {
        let said = Said::read(run, &self.manifests).map_err(|error| NotBuilt::Unknown(error.to_string()))?;
        let mut tries = 0;
        let vms = loop {
            match self.gate.client().vms().await {
                Ok(vms) => break vms,
                Err(error) if error.needs_a_person() || tries == TRIES => {
                    return Err(NotBuilt::Unknown(error.to_string()));
                }
                Err(_) => tries += 1,
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        };
        let vm = resolve(&said, &vms, &self.before, &self.line)?;
        if let Some(other) = Claim::of(vm).filter(|claim| run.dir.file_name().is_none_or(|dir| *dir != *claim.run)) {
            return Err(NotBuilt::Failed(format!(
                "{} ({}) is claimed by {} (run {})",
                vm.name, vm.moid, other.by, other.run
            )));
        }
        Ok(BuiltVm { moid: vm.moid.clone(), name: vm.name.clone(), instance_uuid: vm.instance_uuid.clone() })
    }
}

impl Claiming {
    /// What goes wrong with the claim, when it does.
    pub async fn message(&mut self) -> String {
        match self.messages.recv().await {
            Some(message) => message,
            None => std::future::pending().await,
        }
    }

    /// Ends the claim. What packer built, where it ended well.
    pub async fn finish(
        mut self,
        run: Option<&Run>,
        ended_well: bool,
    ) -> (Option<Result<BuiltVm, NotBuilt>>, Vec<String>) {
        let _ = self.end.send(());
        let _ = (&mut self.task).await;
        let built = match run.filter(|_| ended_well) {
            // What went to a content library is no VM of the folder, or one that is left over.
            Some(run) if !matches!(self.vm.line.names(), Names::Library { .. }) => Some(self.vm.built(run).await),
            Some(_) | None => None,
        };
        let mut messages: Vec<String> = std::iter::from_fn(|| self.messages.try_recv().ok()).collect();
        if let Some(begins) = &self.vm.begins
            && let Err(error) = begins.withdraw(&self.vm.gate).await
        {
            messages.push(format!("the live template's notes still announce this build: {error}"));
        }
        if let Some(run) = run {
            messages.extend(
                self.vm
                    .release(run, built.as_ref().and_then(|built| built.as_ref().ok()))
                    .await
                    .err()
                    .map(|error| format!("the claim on its VM stays: {error}")),
            );
        }
        self.vm.gate.client().logout().await;
        (built, messages)
    }
}

impl BuildVm {
    /// Nobody is at work any more on what this run claimed or built: its notes say which run it was, and of what it was
    /// made.
    async fn release(&self, run: &Run, built: Option<&BuiltVm>) -> Result<(), GateError> {
        let client = self.gate.client();
        let Some(dir) = run.dir.file_name().map(|dir| dir.to_string_lossy().into_owned()) else { return Ok(()) };
        let made = made_of(run);
        for vm in client.vms().await?.into_iter().filter(|vm| !self.before.contains(&vm.moid)) {
            let claim = match Claim::of(&vm).filter(|claim| claim.run == dir) {
                Some(claim) => claim,
                // Its name was not known while it was built.
                None if built.is_some_and(|built| built.moid == vm.moid) => {
                    let now = client.current_time().await?;
                    Claim::new(self.line.key.clone(), &Actor::current(), dir.clone(), vm.moid.clone(), now)
                }
                None => continue,
            };
            let gate = self.gate.clone().with_name(vm.name.clone());
            let notes = claim.ended(&vm.annotation);
            let notes = made.as_ref().map_or_else(|| notes.clone(), |made| made.write(&notes));
            gate.annotate("build", &vm, &notes, &|_| {}).await?;
        }
        Ok(())
    }
}

/// What is on record of what went into a run.
fn made_of(run: &Run) -> Option<MadeOf> {
    let made = Made::read(&run.dir)?;
    Some(MadeOf { made, plugins: history::plugins(&run.log) })
}
