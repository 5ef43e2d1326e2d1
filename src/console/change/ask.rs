//! Confirmations of builds and of changes of generations: what will happen, in order, and what must be typed.

use super::super::arming::Arming;
use super::super::confirm::{Action, Check, Choice, Confirm, Need};
use super::super::cursor::Cursor;
use super::super::lines::LineRow;
use super::super::message::RequestId;
use super::super::run::RunState;
use super::super::state::Console;
use super::super::text::Field;
use crate::generation::{self, Plan};
use crate::moment::local;
use crate::ops::Operation;
use crate::packer_run::{Request, shell_quoted};
use crate::pipeline::Key;

impl Console {
    pub(super) fn ask_build(&self, row: &LineRow, request: RequestId) -> Confirm {
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
            confirm.note = Some(
                "its ISO is not on the datastore: packer will fail when it mounts it (‹media› shows media)".into(),
            );
        }
        let beneath: Vec<&str> = self.session.resources.all().map(String::as_str).collect();
        if !beneath.is_empty() {
            let note = confirm.note.take().map_or_else(String::new, |note| format!("; {note}"));
            confirm.note = Some(format!("{}{note}", beneath.join("; ")));
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
    let claim = row.swept().claim()?;
    Some(format!("a build of {} claims it (run {}), last heard of {}", claim.by, claim.run, local(claim.seen)))
}

/// A confirmation that asks for nothing but a yes.
pub(in super::super) fn confirm(
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
        top: Cursor::default(),
        warnings: Vec::new(),
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
        context: None,
        arming: Arming::default(),
    }
}

pub(super) fn ask_cancel(row: &LineRow, request: RequestId) -> Confirm {
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
        confirm.steps.push(format!("{target}{vm} stays behind; ‹sweep› sweeps it"));
        confirm.note = Some("packer was asked to stop already and may be destroying its VM right now".into());
    } else {
        confirm.steps.push("ask packer to stop (SIGTERM)".into());
        confirm.steps.push(format!("packer destroys {target}{vm}"));
        confirm.note = Some("live and prev stay as they are".into());
    }
    confirm
}

pub(super) fn ask_stop_test(row: &LineRow, request: RequestId, test: RequestId) -> Confirm {
    let key = &row.line.key;
    let of = (Operation::Cancel, Some(key.clone()));
    let title = format!("Stop the smoke test of {key}");
    let mut confirm = confirm(of, request, title, "stop it", Action::StopTest(test));
    confirm.back = "let it go on";
    confirm.steps.push("stop watching the clone of the build".into());
    confirm.steps.push("destroy that clone".into());
    confirm.note = Some("nothing is promoted: live, prev and the build stay as they are".into());
    confirm
}

pub(super) fn ask_generation(row: &LineRow, request: RequestId, plan: Plan) -> Confirm {
    let key = &row.line.key;
    let reason = || Need::Reason(Field::default());
    let (title, verb, need) = match &plan.request {
        generation::Request::Promote => (format!("Promote {key}"), "promote", need_of_promotion(row, &plan)),
        generation::Request::Rollback { .. } => (format!("Roll back {key}"), "roll back", reason()),
        generation::Request::Release => (format!("Release {key}"), "release", Need::Yes),
        generation::Request::Hold { .. } => (format!("Hold {key}"), "hold", reason()),
        generation::Request::Sweep => {
            let last = plan.steps.last().map(|step| step.subject().name.clone());
            let name = last.unwrap_or_else(|| plan.builds.clone());
            let need = Need::Name { name, field: Field::default() };
            (format!("Sweep {key}"), "destroy", need)
        }
    };
    let operation = Operation::from(&plan.request);
    let steps = plan.lines().collect();
    let building = (operation == Operation::Rollback && row.live_run().is_some())
        .then(|| format!("{key} is being built: the hold that this leaves keeps that build from being promoted"));
    let claimed = (operation == Operation::Sweep).then(|| claimed(row)).flatten();
    let made = row.generations.live.as_ref().and_then(|vm| vm.created).filter(|_| plan.consent.ignore_age);
    let future = made.map(|made| {
        format!("the live template is of {}, in the future: a clock was wrong, and no age is gone by", local(made))
    });
    let forgave = row.forgave().filter(|_| plan.consent.allow_warnings);
    let forgave = forgave.map(|why| format!("packer forgave the failure of a provisioner (continue_on_error): {why}"));
    let note = [building, claimed, future, forgave, plan.caveat.map(str::to_owned)]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join("; ");
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

/// A promotion needs a `y`; the line's name where no age is gone by, and where a failure was forgiven.
fn need_of_promotion(row: &LineRow, plan: &Plan) -> Need {
    match plan.consent.ignore_age || plan.consent.allow_warnings {
        true => Need::Name { name: row.line.names().live().to_owned(), field: Field::default() },
        false => Need::Yes,
    }
}
