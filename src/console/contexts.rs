//! Turning to another context: another vCenter, another repository, a console opened anew.

use std::sync::Arc;

use super::effect::Effect;
use super::message::{Reply, RequestId};
use super::overlay::{Overlay, Palette};
use super::own::Own;
use super::refusal::Refusal;
use super::state::Console;
use super::text::Field;
use super::toast::Tone;
use crate::config::Entered;

impl Console {
    /// Whether this console may be left for another one now.
    pub(super) fn allows_context(&self) -> Result<(), Refusal> {
        if self.session.simulated {
            return Err(Refusal::Screen("the demo has no contexts; quit, then tmpl-tui --context NAME".into()));
        }
        if self.contexts.is_empty() {
            return Err(Refusal::Screen(
                "no contexts: write [contexts.NAME] into config.toml; tmpl-tui config says where it is".into(),
            ));
        }
        if !self.ongoing.is_empty() || self.media.changing() {
            return Err(Refusal::Screen("a change is under way: wait for it, then switch".into()));
        }
        Ok(())
    }

    /// Shows the contexts in the palette.
    pub(super) fn choose_context(&mut self) {
        let query = Field::with("context ");
        self.overlay = Some(Overlay::Palette(Palette { query, ..Palette::default() }));
    }

    pub(super) fn turn_to_context(&mut self, name: &str, effects: &mut Vec<Effect>) {
        if let Err(refusal) = self.allows_context() {
            return self.notice(Tone::Info, refusal.to_string());
        }
        if self.session.context.as_deref() == Some(name) {
            return self.notice(Tone::Info, format!("already in context {name}"));
        }
        let request = self.request();
        self.errands.push(request);
        self.notice(Tone::Info, format!("switching to context {name}…"));
        effects.push(Effect::Own(Own::EnterContext { request, name: name.to_owned() }));
    }

    pub(super) fn context_entered(
        &mut self,
        request: RequestId,
        answer: Reply<Arc<Entered>>,
        effects: &mut Vec<Effect>,
    ) -> bool {
        let Some(index) = self.errands.iter().position(|errand| *errand == request) else { return false };
        self.errands.swap_remove(index);
        match answer.map_err(String::from) {
            // Something may have been begun meanwhile.
            Ok(entered) => match self.allows_context() {
                Ok(()) => effects.push(Effect::Own(Own::TurnTo(entered))),
                Err(refusal) => self.notice(Tone::Info, refusal.to_string()),
            },
            Err(reason) => self.notice(Tone::Failed, reason),
        }
        true
    }
}
