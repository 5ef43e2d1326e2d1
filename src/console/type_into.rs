//! Typing into the guest whose console is in the picture.

use super::change::confirm;
use super::confirm::{Action, Check, Choice, Confirm, Need};
use super::effect::Effect;
use super::lines::LineRow;
use super::message::RequestId;
use super::refusal::Refusal;
use super::state::Console;
use super::text::Field;
use crate::ops::{self, Operation};

impl Console {
    pub(super) fn ask_type(
        &self,
        row: &LineRow,
        request: RequestId,
        effects: &mut Vec<Effect>,
    ) -> Result<Confirm, Refusal> {
        let Some(vm) = row.guest().cloned().map(Box::new) else {
            return Err(ops::Refusal::NoGuest { key: row.line.key.clone() }.into());
        };
        effects.push(Effect::MayType { request, vm: vm.clone() });
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
}
