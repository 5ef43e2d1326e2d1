//! The calls that change something. Only the gate reaches them.

use super::client::Client;
use super::session::CALL_TIMEOUT;
use super::{Error, Moid, TaskProgress, Vm, inventory, keys, soap, task};

type OnProgress<'a> = &'a (dyn Fn(TaskProgress) + Sync);

/// A VM with what only a change of it needs to know.
#[derive(Debug)]
pub(super) struct LocatedVm {
    pub vm: Vm,
    /// the folder it is in
    pub folder: Moid,
    /// `config.changeVersion`: another one after every change of its configuration
    pub change_version: String,
}

/// Keys per call: vCenter takes a batch at once and the guest's buffer is small.
const KEYS_PER_CALL: usize = 32;

impl Client {
    /// `Rename_Task`
    pub(super) async fn rename(&self, vm: &Moid, to: &str, progress: OnProgress<'_>) -> Result<(), Error> {
        let arguments = task::name_argument("newName", to);
        self.vm_task("Rename_Task", vm, &arguments, progress).await
    }

    /// `Destroy_Task`: the VM and its disks
    pub(super) async fn destroy(&self, vm: &Moid, progress: OnProgress<'_>) -> Result<(), Error> {
        self.vm_task("Destroy_Task", vm, task::NO_ARGUMENTS, progress).await
    }

    /// `PowerOnVM_Task` or `PowerOffVM_Task`
    pub(super) async fn power(&self, vm: &Moid, on: bool, progress: OnProgress<'_>) -> Result<(), Error> {
        let method = if on { "PowerOnVM_Task" } else { "PowerOffVM_Task" };
        self.vm_task(method, vm, task::NO_ARGUMENTS, progress).await
    }

    /// `ReconfigVM_Task` of the notes alone, provided the VM's configuration is still the one of `change_version`
    /// (`config.changeVersion`; empty = whichever it is): vCenter answers `ConcurrentAccess` otherwise.
    pub(super) async fn annotate(
        &self,
        vm: &Moid,
        notes: &str,
        change_version: &str,
        progress: OnProgress<'_>,
    ) -> Result<(), Error> {
        let notes = soap::text("annotation", notes);
        let conditional = format!("<spec>{}{notes}</spec>", soap::text("changeVersion", change_version));
        let unconditional = format!("<spec>{notes}</spec>");
        if change_version.is_empty() {
            return self.vm_task("ReconfigVM_Task", vm, &unconditional, progress).await;
        }
        match self.vm_task("ReconfigVM_Task", vm, &conditional, progress).await {
            // vcsim takes nothing but notes for a template; whoever else does gets them without the condition.
            Err(Error::Fault { fault, .. }) if fault == "NotSupported" => {
                self.vm_task("ReconfigVM_Task", vm, &unconditional, progress).await
            }
            done => done,
        }
    }

    /// `MarkAsTemplate`
    pub(super) async fn mark_as_template(&self, vm: &Moid) -> Result<(), Error> {
        self.session().call("MarkAsTemplate", "VirtualMachine", &vm.0, "", CALL_TIMEOUT).await.map(drop)
    }

    /// `AnswerVM`
    pub(super) async fn answer(&self, vm: &Moid, question: &str, choice: &str) -> Result<(), Error> {
        let arguments = format!("{}{}", soap::text("questionId", question), soap::text("answerChoice", choice));
        self.session().call("AnswerVM", "VirtualMachine", &vm.0, &arguments, CALL_TIMEOUT).await.map(drop)
    }

    /// `PutUsbScanCodes`: one press of the left shift key, which types nothing.
    pub(super) async fn press_shift(&self, vm: &Moid) -> Result<(), Error> {
        let spec = keys::spec(&[keys::SHIFT]);
        self.session().call("PutUsbScanCodes", "VirtualMachine", &vm.0, &spec, CALL_TIMEOUT).await.map(drop)
    }

    /// `PutUsbScanCodes`: types `text` on a US keyboard. Stops at the first batch vCenter refuses.
    pub(super) async fn type_text(&self, vm: &Moid, text: &str) -> Result<(), Error> {
        let strokes = keys::strokes(text).map_err(|c| Error::Fault {
            call: "PutUsbScanCodes",
            fault: "NoKey".into(),
            message: format!("a US keyboard has no key for {c:?}; nothing was typed"),
        })?;
        for (before, batch) in strokes.chunks(KEYS_PER_CALL).enumerate().map(|(at, batch)| (at * KEYS_PER_CALL, batch))
        {
            let spec = keys::spec(batch);
            let answer = self.session().call("PutUsbScanCodes", "VirtualMachine", &vm.0, &spec, CALL_TIMEOUT).await;
            let answer = answer.map_err(|error| match error {
                Error::Fault { call, fault, message } if before > 0 => {
                    Error::Fault { call, fault, message: format!("{message}; {before} keys went in before") }
                }
                other => other,
            })?;
            let taken: usize = answer.at(&["returnval"]).parse().unwrap_or(batch.len());
            if taken < batch.len() {
                return Err(Error::Fault {
                    call: "PutUsbScanCodes",
                    fault: "Partial".into(),
                    message: format!("the guest took {} of {} keys", before + taken, strokes.len()),
                });
            }
        }
        Ok(())
    }

    async fn vm_task(
        &self,
        method: &'static str,
        vm: &Moid,
        arguments: &str,
        progress: OnProgress<'_>,
    ) -> Result<(), Error> {
        task::run(self.session(), method, ("VirtualMachine", &vm.0), arguments, progress).await.map(drop)
    }

    /// The VM as it is now; `None` when it is gone. For the gate's last look before a change.
    pub(super) async fn locate(&self, vm: &Moid) -> Result<Option<LocatedVm>, Error> {
        let more = ["parent", "config.changeVersion"];
        let properties = inventory::vm_properties_and(self.session().content().await?, &more);
        let objects = inventory::single_object("VirtualMachine", &vm.0);
        let found = match inventory::collect(self.session(), &properties, &objects).await {
            Err(Error::NotFound(_)) => return Ok(None),
            other => other?,
        };
        Ok(found.first().and_then(|object| {
            let text =
                |name: &str| inventory::property(object, name).map(|value| value.text.clone()).unwrap_or_default();
            let (folder, change_version) = (Moid(text("parent")), text("config.changeVersion"));
            Some(LocatedVm { vm: inventory::parse_vm(object)?, folder, change_version })
        }))
    }
}
