//! Changes: asked, confirmed, under way, done.

mod ask;

use super::command::Change;
use super::confirm::{Action, Check, Confirm};
use super::effect::Effect;
use super::message::{Reply, RequestId};
use super::overlay::Overlay;
use super::refusal::Refusal;
use super::state::{Console, Ongoing};
use super::toast::Tone;
use super::typing;
use crate::ops::{self, Operation};
use crate::pipeline::Key;

pub(super) use ask::confirm;
use ask::{ask_cancel, ask_generation, ask_stop_test};

impl Console {
    /// Opens the confirmation of a change. The judge has been asked.
    pub(super) fn ask(&mut self, change: Change, line: Option<&Key>, effects: &mut Vec<Effect>) {
        if let (Change::Teach, Some(key)) = (change, line) {
            return match self.picture_shown().cloned() {
                Some(picture) => self.teach(key, picture, effects),
                None => self.notice(Tone::Info, ops::Refusal::NoPicture.to_string()),
            };
        }
        let request = self.request();
        match self.confirmation(change, line, request, effects) {
            Ok(mut confirm) => {
                self.tell_before(&mut confirm);
                confirm.context = self.session.context.clone();
                self.overlay = Some(Overlay::Confirm(Box::new(confirm)));
            }
            Err(refusal) => self.notice(Tone::Info, refusal.to_string()),
        }
    }

    fn confirmation(
        &self,
        change: Change,
        line: Option<&Key>,
        request: RequestId,
        effects: &mut Vec<Effect>,
    ) -> Result<Confirm, Refusal> {
        let row = || line.and_then(|key| self.lines.get(key)).ok_or(ops::Refusal::NoLine);
        match change {
            Change::Build => Ok(self.ask_build(row()?, request)),
            Change::CancelRun => Ok(match line.and_then(|key| self.tried(key)) {
                Some(test) => ask_stop_test(row()?, request, test),
                None => ask_cancel(row()?, request),
            }),
            Change::Type => self.ask_type(row()?, request, effects),
            Change::Wake => self.ask_wake(row()?, request, effects),
            Change::Answer => self.ask_answer(row()?, request, effects),
            Change::Teach => Err(ops::Refusal::NoLine.into()),
            Change::Media(change) => self.ask_media(row()?, change, request),
            Change::GitHub(change) => self.ask_github(change, line, request),
            Change::Generation(change) => {
                let row = row()?;
                let plan = self.plan(row, change, "…")?;
                effects.push(Effect::Guard { request, place: row.place, plan: Box::new(plan.clone()) });
                Ok(ask_generation(row, request, plan))
            }
        }
    }

    /// vCenter was asked whether it would let it happen.
    pub(super) fn guarded(&mut self, request: RequestId, answer: Reply<Vec<String>>) -> bool {
        let Some(Overlay::Confirm(confirm)) = &mut self.overlay else { return false };
        if confirm.request != request {
            return false;
        }
        confirm.check = match answer {
            Ok(notes) => {
                // What was set aside for it is known before anybody agrees.
                confirm.warnings.extend(notes);
                Check::Passed
            }
            Err(reason) => Check::Refused(reason.into()),
        };
        true
    }

    /// A person did not confirm.
    pub(super) fn not_confirmed(&mut self, operation: Operation) {
        self.notice(Tone::Info, "nothing done");
        if operation == Operation::Teach {
            self.describe_again(None);
        }
    }

    /// A person confirmed: judged once more, then done.
    pub(super) fn confirmed(&mut self, confirm: Confirm, effects: &mut Vec<Effect>) {
        if let Err(missing) = confirm.armed() {
            self.notice(Tone::Info, missing);
            return;
        }
        if let Err(refusal) = ops::check(confirm.operation, &self.facts_of(confirm.operation, confirm.line.as_ref())) {
            self.notice(Tone::Info, Refusal::from(refusal).to_string());
            return;
        }
        match confirm.action {
            Action::GitHub(action) => return self.github_confirmed(action, effects),
            Action::Plugin(number, selection) => return self.plugin_confirmed(number, selection, effects),
            Action::StopTest(test) => return effects.push(Effect::StopTest { request: test }),
            Action::Build
            | Action::Generation(_)
            | Action::Type(_)
            | Action::Wake(_)
            | Action::Answer { .. }
            | Action::Teach { .. }
            | Action::Media(_)
            | Action::Cancel { .. } => {}
        }
        let Some(key) = confirm.line.clone() else { return };
        let request = self.request();
        let effect = match &confirm.action {
            Action::Build => Effect::Build { request, key: key.clone() },
            Action::Type(vm) => match typing::keys(confirm.reason()) {
                Ok(keys) => Effect::Type { request, vm: vm.clone(), keys },
                Err(reason) => return self.notice(Tone::Info, reason),
            },
            Action::Wake(vm) => Effect::Wake { request, vm: vm.clone() },
            Action::Answer { vm, question } => match question.choice(confirm.reason()) {
                Some(choice) => {
                    Effect::Answer { request, vm: vm.clone(), question: question.clone(), choice: choice.clone() }
                }
                None => return,
            },
            Action::Teach { description, picture } => {
                Effect::Teach { request, description: description.clone(), picture: picture.clone() }
            }
            Action::GitHub(_) | Action::Plugin(..) | Action::StopTest(_) => return,
            Action::Cancel { force } => Effect::CancelRun { request, key: key.clone(), force: *force },
            Action::Media(action) => {
                self.media_confirmed(key, action.clone(), request, effects);
                return;
            }
            Action::Generation(shown) => {
                let Some(row) = self.lines.get(&key) else { return };
                match self.plan_for(row, &shown.request.with_reason(confirm.reason())) {
                    Ok(plan) if plan.lines().eq(shown.lines()) => {
                        Effect::Apply { request, place: row.place, plan: Box::new(plan) }
                    }
                    Ok(_) => {
                        self.notice(Tone::Info, format!("{key} changed meanwhile, nothing was done: look again"));
                        return;
                    }
                    Err(refusal) => {
                        self.notice(Tone::Info, refusal.to_string());
                        return;
                    }
                }
            }
        };
        let tried = matches!(&effect, Effect::Apply { plan, .. } if plan.smoke.is_some());
        let ongoing = Ongoing { operation: confirm.operation, request, step: String::new(), tried };
        self.ongoing.insert(key, ongoing);
        effects.push(effect);
    }

    /// The promotion of a line whose smoke test goes on.
    pub(super) fn tried(&self, key: &Key) -> Option<RequestId> {
        self.ongoing.get(key).filter(|ongoing| ongoing.tried).map(|ongoing| ongoing.request)
    }

    pub(super) fn progressed(&mut self, request: RequestId, step: String, tried: bool) -> bool {
        let Some(ongoing) = self.ongoing.values_mut().find(|ongoing| ongoing.request == request) else {
            return false;
        };
        ongoing.step = step;
        ongoing.tried = tried;
        true
    }

    pub(super) fn finished(&mut self, request: RequestId, answer: Reply<String>, effects: &mut Vec<Effect>) {
        let found = self.ongoing.iter().find(|(_, ongoing)| ongoing.request == request);
        let Some((key, operation)) = found.map(|(key, ongoing)| (key.clone(), ongoing.operation)) else { return };
        self.ongoing.remove(&key);
        match answer {
            Ok(text) => self.notice(Tone::Done, text),
            Err(reason) => {
                self.notice(Tone::Failed, format!("{key}: {operation} failed: {reason}"));
                if operation == Operation::Teach {
                    self.describe_again(Some(reason.to_string()));
                }
            }
        }
        if matches!(operation, Operation::Build | Operation::Cancel) {
            effects.push(Effect::ReadRuns);
        }
        self.leave_if_done(effects);
    }

    /// Cancels every run without asking again: the request was asked on leaving.
    pub(super) fn cancel_runs(&mut self, keys: &[Key], effects: &mut Vec<Effect>) {
        for key in keys {
            if ops::check(Operation::Cancel, &self.facts(Some(key))).is_err() {
                continue;
            }
            let request = self.request();
            let ongoing = Ongoing { operation: Operation::Cancel, request, step: String::new(), tried: false };
            self.ongoing.insert(key.clone(), ongoing);
            effects.push(Effect::CancelRun { request, key: key.clone(), force: false });
        }
    }
}
