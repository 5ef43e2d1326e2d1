//! The one judge of what may be done now. Key dispatch, hints, help, palette and confirmations all ask it.

use super::binding::Command;
use super::lines::LineRow;
use super::operation::{Operation, Refusal};
use super::panes::{Pane, View};
use super::run::RunState;
use super::state::{Console, Leaving};
use crate::generation::{self, Plan, Request};
use crate::vcenter::LinkState;
use crate::vcenter::privilege::TYPE;

impl Console {
    /// The command operation_on_selection at what is selected now.
    pub fn operation_on_selection(&self, command: Command) -> Operation {
        let line = self.lines.selected().map(|row| row.line.key.clone());
        Operation { command, line }
    }

    /// Whether it may be done now.
    ///
    /// # Errors
    /// Why not, and what to do.
    pub fn allows(&self, operation: &Operation) -> Result<(), Refusal> {
        let command = operation.command;
        if command.on_github() {
            return self.allows_github(operation);
        }
        if command.mutates() {
            return self.allows_change(operation);
        }
        match command {
            Command::SaveBundle if self.lines.selected().is_none_or(|row| row.run.is_none()) => {
                Err(Refusal::new("no run to save: this line was not built here"))
            }
            Command::Copy if matches!(self.panes.focus, Pane::Picture | Pane::Verdict) => Ok(()),
            Command::Copy | Command::Zoom if self.github.open => Ok(()),
            Command::Suspend if self.changing() => {
                Err(Refusal::new("not while a change is under way: half of it could leave no live template"))
            }
            Command::CheckMedia if self.media.checking() => Err(Refusal::new("still asking the mirrors")),
            Command::NextPane | Command::PreviousPane | Command::Zoom if self.panes.view != View::Lines => {
                Err(Refusal::new("the panes are behind this view: Esc goes back to them"))
            }
            Command::SavePicture if self.picture.picture().is_none() => {
                Err(Refusal::new("no picture to save: the line has no running build VM"))
            }
            Command::Follow
            | Command::Wrap
            | Command::Stamps
            | Command::NextHit
            | Command::PreviousHit
            | Command::NextError
            | Command::PreviousError
            | Command::Mark
            | Command::NextMark
            | Command::Fold
            | Command::Jump
            | Command::Copy
            | Command::SaveLog => self.allows_log(command),
            _ => Ok(()),
        }
    }

    fn allows_log(&self, command: Command) -> Result<(), Refusal> {
        if !self.panes.visible(Pane::Log) {
            return Err(Refusal::new("the log is not on screen: Tab turns to it"));
        }
        let display_only = matches!(command, Command::Wrap | Command::Fold | Command::Stamps | Command::Follow);
        if !display_only && !self.log.has_lines() {
            return Err(Refusal::new("no log yet: this line has no run"));
        }
        let hits = matches!(command, Command::NextHit | Command::PreviousHit);
        if hits && self.log.search().is_none() {
            return Err(Refusal::new("nothing searched for: focus the log and press /"));
        }
        Ok(())
    }

    fn allows_change(&self, operation: &Operation) -> Result<(), Refusal> {
        if self.session.read_only {
            return Err(Refusal::new("read-only: started with --read-only, nothing can be changed"));
        }
        if self.leaving != Leaving::No && operation.command != Command::StopStaging {
            return Err(Refusal::new("leaving as soon as the work is done; nothing new is begun"));
        }
        let Some(row) = operation.line.as_ref().and_then(|key| self.lines.get(key)) else {
            return Err(Refusal::new("no line selected"));
        };
        let key = &row.line.key;
        if let Some(ongoing) = self.ongoing.get(key) {
            return Err(Refusal(format!("{key}: {} is under way; one operation per line", ongoing.command.noun())));
        }
        match operation.command {
            Command::CancelRun => allows_cancel(row),
            Command::Type => self.allows_type(row).and_then(|()| self.has(TYPE)),
            Command::Teach => self.allows_teach(),
            Command::Build => allows_build(row).and_then(|()| self.free_at_github(key)),
            command @ (Command::Bump | Command::Stage | Command::StopStaging) => self.allows_media(row, command),
            command => self.allows_generation(row, command),
        }
    }

    fn allows_generation(&self, row: &LineRow, command: Command) -> Result<(), Refusal> {
        let key = &row.line.key;
        if self.session.link != LinkState::Live {
            return Err(Refusal::new("no link to vCenter: what is shown may be out of date"));
        }
        if self.session.fresh.is_none() {
            return Err(Refusal::new("nothing is known from vCenter yet"));
        }
        if row.live_run().is_some() && matches!(command, Command::Promote | Command::Rollback | Command::Sweep) {
            return Err(Refusal(format!("{key} is being built: wait for it, or x cancels it")));
        }
        if command == Command::Sweep {
            self.free_at_github(key)?;
        }
        let plan = self.plan(row, command, "…")?;
        plan.steps.iter().flat_map(generation::needs).try_for_each(|id| self.has(id))
    }

    /// Whether the account of builds has a privilege, as far as vCenter has said.
    fn has(&self, id: &str) -> Result<(), Refusal> {
        if self.session.missing.contains(id) {
            let account = &self.session.account;
            return Err(Refusal(format!("{account} lacks {id} in vCenter; `tmpl-tui doctor` lists all it lacks")));
        }
        Ok(())
    }

    /// The plan of a change of generations, as things stand.
    pub(super) fn plan(&self, row: &LineRow, command: Command, reason: &str) -> Result<Plan, Refusal> {
        let reason = reason.to_owned();
        let request = match command {
            Command::Promote => Request::Promote,
            Command::Rollback => Request::Rollback { reason },
            Command::Hold if row.generations.hold.is_some() => Request::Release,
            Command::Hold => Request::Hold { reason },
            _ => Request::Sweep,
        };
        generation::plan(&request, &row.generations, &self.session.actor, self.now)
            .map_err(|refusal| Refusal(in_keys(&refusal.to_string())))
    }
}

/// A refusal that names verbs of the command line, `so`, with their keys instead.
fn in_keys(text: &str) -> String {
    let verbs = [("promote", Command::Promote), ("rollback", Command::Rollback), ("release", Command::Hold)];
    verbs.into_iter().fold(text.to_owned(), |text, (verb, command)| {
        let key = command.binding().and_then(|binding| binding.keys.first()).map(ToString::to_string);
        text.replace(&format!("`{verb}`"), &key.unwrap_or_default())
    })
}

fn allows_cancel(row: &LineRow) -> Result<(), Refusal> {
    match row.live_run() {
        Some(_) => Ok(()),
        None => Err(Refusal(format!("{} has no run to cancel", row.line.key))),
    }
}

fn allows_build(row: &LineRow) -> Result<(), Refusal> {
    match row.live_run() {
        Some(run) if run.state == RunState::Cancelling => {
            Err(Refusal(format!("{} is being cancelled: wait until its VM is gone", row.line.key)))
        }
        Some(_) => Err(Refusal(format!("{} is being built already; x cancels it", row.line.key))),
        None => Ok(()),
    }
}

impl Command {
    /// The command as a thing that is going on.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Build => "start of the build",
            Self::Promote => "promotion",
            Self::Rollback => "rollback",
            Self::Hold => "hold",
            Self::CancelRun => "cancelling",
            Self::Sweep => "sweep",
            Self::Type => "typing",
            Self::Teach => "teaching",
            Self::Bump => "bump",
            Self::Stage => "staging",
            _ => "command",
        }
    }
}
