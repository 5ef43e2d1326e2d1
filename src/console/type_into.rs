//! Typing into the guest whose console is in the picture.

use super::change::confirm;
use super::command::Change;
use super::confirm::{Action, Check, Choice, Confirm, Need};
use super::effect::Effect;
use super::lines::LineRow;
use super::message::RequestId;
use super::operation::Refusal;
use super::panes::Pane;
use super::state::Console;
use super::text::Field;
use crate::vcenter::{LinkState, PowerState};

impl Console {
    pub(super) fn allows_type(&self, row: &LineRow) -> Result<(), Refusal> {
        if self.session.link != LinkState::Live {
            return Err(Refusal::new("no link to vCenter: keys would go into the unknown"));
        }
        if !row.guest().is_some_and(|vm| vm.power_state == PowerState::PoweredOn) {
            return Err(Refusal(format!("{} has no running build VM to type into", row.line.key)));
        }
        if !self.panes.visible(Pane::Picture) {
            return Err(Refusal::new("the picture is not on screen: Tab turns to it"));
        }
        if self.timeline.moment().is_some() {
            return Err(Refusal::new("the picture is a recorded one: Esc goes back to now"));
        }
        Ok(())
    }

    pub(super) fn ask_type(
        &self,
        row: &LineRow,
        request: RequestId,
        effects: &mut Vec<Effect>,
    ) -> Result<Confirm, Refusal> {
        let Some(vm) = row.guest().cloned().map(Box::new) else {
            return Err(Refusal::new("no build VM to type into"));
        };
        effects.push(Effect::MayType { request, vm: vm.clone() });
        let title = format!("Type into {}", vm.name);
        let mut asked = confirm((Change::Type, Some(row.line.key.clone())), request, title, "type", Action::Type(vm));
        asked.steps = vec!["send the keys to the console in the picture, as a US keyboard".into()];
        asked.note =
            Some("<enter> <esc> <tab> <bs> are keys; the audit log gets their number, not what they are".into());
        asked.need = Need::Text { label: "keys", field: Field::default() };
        asked.choice = Choice::Field;
        asked.check = Check::Asking;
        Ok(asked)
    }
}
