//! Changes: asked, confirmed, under way, done.

use super::arming::Arming;
use super::command::Change;
use super::confirm::{Action, Check, Choice, Confirm, Need};
use super::effect::Effect;
use super::lines::LineRow;
use super::message::{Reply, RequestId};
use super::overlay::Overlay;
use super::refusal::Refusal;
use super::run::RunState;
use super::state::{Console, Ongoing};
use super::text::Field;
use super::toast::Tone;
use super::typing;
use crate::generation::{self, Plan};
use crate::ops::{self, Operation};
use crate::packer_run::{Request, shell_quoted};
use crate::pipeline::Key;

impl Console {
    /// Opens the confirmation of a change. The judge has been asked.
    pub(super) fn ask(&mut self, change: Change, line: Option<&Key>, effects: &mut Vec<Effect>) {
        if let (Change::Teach, Some(key)) = (change, line) {
            if let Err(refusal) = self.open_teaching(key, effects) {
                self.notice(Tone::Info, refusal.to_string());
            }
            return;
        }
        let request = self.request();
        match self.confirmation(change, line, request, effects) {
            Ok(mut confirm) => {
                self.tell_before(&mut confirm);
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
            Change::CancelRun => Ok(ask_cancel(row()?, request)),
            Change::Type => self.ask_type(row()?, request, effects),
            Change::Teach => Err(ops::Refusal::NoLine.into()),
            Change::Media(change) => self.ask_media(row()?, change, request),
            Change::GitHub(change) => self.ask_github(change, line, request),
            Change::Generation(change) => {
                let row = row()?;
                let plan = self.plan(row, change, "…")?;
                effects.push(Effect::Guard { request, plan: Box::new(plan.clone()) });
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
                let note = confirm.note.take().into_iter().chain(notes).collect::<Vec<_>>().join("; ");
                confirm.note = Some(note).filter(|note| !note.is_empty());
                Check::Passed
            }
            Err(reason) => Check::Refused(reason.into()),
        };
        true
    }

    /// A person confirmed: judged once more, then done.
    pub(super) fn confirmed(&mut self, confirm: Confirm, effects: &mut Vec<Effect>) {
        if let Err(missing) = confirm.armed() {
            self.notice(Tone::Info, missing);
            return;
        }
        if let Err(refusal) = ops::check(confirm.operation, &self.facts(confirm.line.as_ref())) {
            self.notice(Tone::Info, Refusal::from(refusal).to_string());
            return;
        }
        if let Action::GitHub(action) = confirm.action {
            return self.github_confirmed(action, effects);
        }
        let Some(key) = confirm.line.clone() else { return };
        let request = self.request();
        let effect = match &confirm.action {
            Action::Build => Effect::Build { request, key: key.clone() },
            Action::Type(vm) => match typing::keys(confirm.reason()) {
                Ok(keys) => Effect::Type { request, vm: vm.clone(), keys },
                Err(reason) => return self.notice(Tone::Info, reason),
            },
            Action::Teach { description, picture } => {
                Effect::Teach { request, description: description.clone(), picture: picture.clone() }
            }
            Action::GitHub(_) => return,
            Action::Cancel { force } => Effect::CancelRun { request, key: key.clone(), force: *force },
            Action::Media(action) => {
                self.media_confirmed(key, action.clone(), request, effects);
                return;
            }
            Action::Generation(shown) => {
                let Some(row) = self.lines.get(&key) else { return };
                match self.plan_for(row, &shown.request.with_reason(confirm.reason())) {
                    Ok(plan) if same_steps(&plan.steps, &shown.steps) => {
                        Effect::Apply { request, plan: Box::new(plan) }
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
        let ongoing = Ongoing { operation: confirm.operation, request, step: String::new() };
        self.ongoing.insert(key, ongoing);
        effects.push(effect);
    }

    pub(super) fn progressed(&mut self, request: RequestId, step: String) -> bool {
        let Some(ongoing) = self.ongoing.values_mut().find(|ongoing| ongoing.request == request) else {
            return false;
        };
        ongoing.step = step;
        true
    }

    pub(super) fn finished(&mut self, request: RequestId, answer: Reply<String>, effects: &mut Vec<Effect>) {
        let found = self.ongoing.iter().find(|(_, ongoing)| ongoing.request == request);
        let Some((key, operation)) = found.map(|(key, ongoing)| (key.clone(), ongoing.operation)) else { return };
        self.ongoing.remove(&key);
        match answer {
            Ok(text) => self.notice(Tone::Done, text),
            Err(reason) => self.notice(Tone::Failed, format!("{key}: {operation} failed: {reason}")),
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
            let ongoing = Ongoing { operation: Operation::Cancel, request, step: String::new() };
            self.ongoing.insert(key.clone(), ongoing);
            effects.push(Effect::CancelRun { request, key: key.clone(), force: false });
        }
    }

    fn ask_build(&self, row: &LineRow, request: RequestId) -> Confirm {
        let line = &row.line;
        let target = (Operation::Build, Some(line.key.clone()));
        let mut confirm = confirm(target, request, format!("Build {}", line.key), "build", Action::Build);
        let target = line.build_name();
        if let Some(vm) = &row.generations.build {
            let what = if vm.template { "template" } else { "VM" };
            confirm.steps.push(format!("packer destroys the {what} {target} ({}) that is there now", vm.moid));
        }
        confirm.steps.push(format!("packer builds {target} from {}", line.build_dir));
        confirm.steps.push("the build goes on when this console is closed".into());
        if !line.enabled {
            confirm.note = Some("the line is off in the matrix: the weekly run leaves it out".into());
        }
        if row.iso_missing {
            confirm.note =
                Some("its ISO is not on the datastore: packer will fail when it mounts it (M shows media)".into());
        }
        if let Some(claimed) = claimed(row) {
            confirm.note = Some(claimed);
        }
        let request = Request { packer: self.packer.clone(), ..Request::new(line.clone(), self.repo.clone()) };
        confirm.command = Some(shell_quoted(&request.argv()));
        confirm
    }
}

/// Whose build is, or was, at work on what the line builds.
fn claimed(row: &LineRow) -> Option<String> {
    let claim = row.generations.claim()?;
    Some(format!("a build of {} claims it (run {}), last heard of {:.0}", claim.by, claim.run, claim.seen))
}

fn same_steps<T: ToString>(one: &[T], other: &[T]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| one.to_string() == other.to_string())
}

pub(super) fn confirm(
    (operation, line): (Operation, Option<Key>),
    request: RequestId,
    title: String,
    verb: &'static str,
    action: Action,
) -> Confirm {
    Confirm {
        operation,
        line,
        request,
        title,
        steps: Vec::new(),
        diff: Vec::new(),
        top: 0,
        note: None,
        command: None,
        outcome: None,
        verb,
        back: "Cancel",
        need: Need::Yes,
        choice: Choice::Cancel,
        check: Check::None,
        action,
        complaint: None,
        arming: Arming::default(),
    }
}

fn ask_cancel(row: &LineRow, request: RequestId) -> Confirm {
    let key = &row.line.key;
    let force = row.run.as_ref().is_some_and(|run| run.state == RunState::Cancelling);
    let target = row.line.build_name();
    let vm = row.generations.build.as_ref().map_or_else(String::new, |vm| format!(" ({})", vm.moid));
    let (title, verb) = if force {
        (format!("Kill the build of {key}"), "kill")
    } else {
        (format!("Cancel the build of {key}"), "cancel it")
    };
    let back = if force { "wait for it" } else { "keep it running" };
    let of = (Operation::Cancel, Some(key.clone()));
    let mut confirm = confirm(of, request, title, verb, Action::Cancel { force });
    confirm.back = back;
    if force {
        confirm.steps.push("kill packer (SIGKILL): it cleans nothing up".into());
        confirm.steps.push(format!("{target}{vm} stays behind; S sweeps it"));
        confirm.note = Some("packer was asked to stop already and may be destroying its VM right now".into());
    } else {
        confirm.steps.push("ask packer to stop (SIGTERM)".into());
        confirm.steps.push(format!("packer destroys {target}{vm}"));
        confirm.note = Some("live and prev stay as they are".into());
    }
    confirm
}

fn ask_generation(row: &LineRow, request: RequestId, plan: Plan) -> Confirm {
    let key = &row.line.key;
    let reason = || Need::Reason(Field::default());
    let (title, verb, need) = match &plan.request {
        generation::Request::Promote => (format!("Promote {key}"), "promote", Need::Yes),
        generation::Request::Rollback { .. } => (format!("Roll back {key}"), "roll back", reason()),
        generation::Request::Release => (format!("Release {key}"), "release", Need::Yes),
        generation::Request::Hold { .. } => (format!("Hold {key}"), "hold", reason()),
        generation::Request::Sweep => {
            let need = Need::Name { name: row.line.build_name(), field: Field::default() };
            (format!("Sweep {key}"), "destroy", need)
        }
    };
    let operation = Operation::from(&plan.request);
    let steps = plan.steps.iter().map(ToString::to_string).collect();
    let building = (operation == Operation::Rollback && row.live_run().is_some())
        .then(|| format!("{key} is being built: the hold that this leaves keeps that build from being promoted"));
    let claimed = (operation == Operation::Sweep).then(|| claimed(row)).flatten();
    let note = [building, claimed, plan.caveat.map(str::to_owned)].into_iter().flatten().collect::<Vec<_>>().join("; ");
    let of = (operation, Some(key.clone()));
    let mut confirm = confirm(of, request, title, verb, Action::Generation(Box::new(plan)));
    confirm.steps = steps;
    confirm.note = Some(note).filter(|note| !note.is_empty());
    confirm.check = Check::Asking;
    confirm.need = need;
    if !matches!(confirm.need, Need::Yes) {
        confirm.choice = Choice::Field;
    }
    confirm
}
