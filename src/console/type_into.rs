//! The guest whose console is in the picture: typed into, woken, and what vCenter asks about it answered.

use super::change::confirm;
use super::confirm::{Action, Check, Choice, Confirm, Need};
use super::effect::Effect;
use super::lines::LineRow;
use super::message::RequestId;
use super::refusal::Refusal;
use super::state::Console;
use super::text::Field;
use crate::ops::{self, Operation};
use crate::vcenter::Vm;
use crate::vcenter::privilege::{ANSWER, TYPE};

/// The guest that is to be sent keys; whether the account may is asked.
fn guest_for_keys(row: &LineRow, request: RequestId, effects: &mut Vec<Effect>) -> Result<Box<Vm>, Refusal> {
    let Some(vm) = row.guest().cloned().map(Box::new) else {
        return Err(ops::Refusal::NoGuest { key: row.line.key.clone() }.into());
    };
    effects.push(Effect::AskPrivilege { request, vm: vm.clone(), privilege: TYPE });
    Ok(vm)
}

impl Console {
    pub(super) fn ask_type(
        &self,
        row: &LineRow,
        request: RequestId,
        effects: &mut Vec<Effect>,
    ) -> Result<Confirm, Refusal> {
        let vm = guest_for_keys(row, request, effects)?;
        let title = format!("Type into {}", vm.name);
        let mut asked =
            confirm((Operation::Type, Some(row.line.key.clone())), request, title, "type", Action::Type(vm));
        asked.steps = vec!["send the keys to the console in the picture, as a US keyboard".into()];
        asked.note =
            Some("<enter> <esc> <tab> <bs> are keys; the audit log gets their number, not what they are".into());
        asked.need = Need::Text { label: "keys", field: Field::default() };
        asked.choice = Choice::Field;
        asked.check = Check::Asking;
        Ok(asked)
    }

    pub(super) fn ask_wake(
        &self,
        row: &LineRow,
        request: RequestId,
        effects: &mut Vec<Effect>,
    ) -> Result<Confirm, Refusal> {
        let vm = guest_for_keys(row, request, effects)?;
        let title = format!("Wake the console of {}", vm.name);
        let mut asked =
            confirm((Operation::Wake, Some(row.line.key.clone())), request, title, "wake", Action::Wake(vm));
        asked.steps =
            vec!["press and release shift in the guest: nothing is typed, a blanked screen comes back".into()];
        asked.check = Check::Asking;
        Ok(asked)
    }

    pub(super) fn ask_answer(
        &self,
        row: &LineRow,
        request: RequestId,
        effects: &mut Vec<Effect>,
    ) -> Result<Confirm, Refusal> {
        let asking = row.question().map(|(vm, question)| (Box::new(vm.clone()), Box::new(question.clone())));
        let Some((vm, question)) = asking else {
            return Err(ops::Refusal::NoQuestion { key: row.line.key.clone() }.into());
        };
        effects.push(Effect::AskPrivilege { request, vm: vm.clone(), privilege: ANSWER });
        let title = format!("Answer what vCenter asks about {}", vm.name);
        let of = (Operation::Answer, Some(row.line.key.clone()));
        let answers: Vec<String> = question.answers().collect();
        let text = question.text.clone();
        let mut asked = confirm(of, request, title, "answer", Action::Answer { vm, question });
        asked.outcome = Some(text);
        asked.steps = answers;
        asked.note = Some("the VM is paused until one of these is given; fix the cause first".into());
        // One of the answers may well be called Cancel.
        asked.back = "leave it";
        asked.need = Need::Text { label: "number of the answer", field: Field::default() };
        asked.choice = Choice::Field;
        asked.check = Check::Asking;
        Ok(asked)
    }
}
