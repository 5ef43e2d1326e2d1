//! Changes that a guest feels: power, keys, becoming a template.

use super::{Gate, GateError, OnProgress, entry, stale};
use crate::vcenter::{Choice, PowerState, Question, Vm};

impl Gate {
    /// Marks a powered-off VM as template.
    ///
    /// # Errors
    /// [`GateError`]
    pub async fn mark_as_template(&self, verb: &str, vm: &Vm) -> Result<(), GateError> {
        let act = async || {
            let answer = self.client.mark_as_template(&vm.moid).await;
            self.confirm_in_doubt(vm, answer, |now| now.is_some_and(|now| now.template)).await
        };
        self.change(entry(verb, "MarkAsTemplate", vm, None), vm, "mark as template", act).await
    }

    /// Powers on or off, and waits.
    ///
    /// # Errors
    /// [`GateError`]
    pub async fn power(&self, verb: &str, vm: &Vm, on: bool, progress: OnProgress<'_>) -> Result<(), GateError> {
        let (call, what) = if on { ("PowerOnVM_Task", "power on") } else { ("PowerOffVM_Task", "power off") };
        let wanted = if on { PowerState::PoweredOn } else { PowerState::PoweredOff };
        let act = async || {
            let answer = self.client.power(&vm.moid, on, progress).await;
            self.confirm_in_doubt(vm, answer, |now| now.is_some_and(|now| now.power_state == wanted)).await
        };
        self.change(entry(verb, call, vm, None), vm, what, act).await
    }

    /// Types text into the guest with `PutUsbScanCodes` (US layout). The audit log gets its length, never the text.
    ///
    /// # Errors
    /// [`GateError`]
    pub async fn type_text(&self, verb: &str, vm: &Vm, text: &str) -> Result<(), GateError> {
        let keys = format!("{} keys", text.chars().count());
        let act = async || self.client.type_text(&vm.moid, text).await;
        self.change(entry(verb, "PutUsbScanCodes", vm, Some(&keys)), vm, "type", act).await
    }

    /// Presses a key that types nothing: a blanked console shows its picture again.
    ///
    /// # Errors
    /// [`GateError`]
    pub async fn wake(&self, verb: &str, vm: &Vm) -> Result<(), GateError> {
        let act = async || self.client.press_shift(&vm.moid).await;
        self.change(entry(verb, "PutUsbScanCodes", vm, Some("shift")), vm, "wake", act).await
    }

    /// Answers what vCenter asks about a VM, provided it still asks that.
    ///
    /// # Errors
    /// [`GateError`]
    pub async fn answer(&self, verb: &str, vm: &Vm, question: &Question, choice: &Choice) -> Result<(), GateError> {
        let now = self.check_change(vm, "answer").await?;
        let asked = now.question.is_some_and(|now| now == *question && now.choices.contains(choice));
        if !asked {
            return Err(stale(vm, "vCenter asks that no more"));
        }
        let detail = format!("{} ({}): {}", question.text, question.id, choice.label);
        let act = async || {
            let answer = self.client.answer(&vm.moid, &question.id, &choice.key).await;
            let answered =
                |now: Option<&Vm>| now.is_some_and(|now| now.question.as_ref().is_none_or(|now| now.id != question.id));
            self.confirm_in_doubt(vm, answer, answered).await
        };
        self.audited(entry(verb, "AnswerVM", vm, Some(&detail)), act).await
    }
}
