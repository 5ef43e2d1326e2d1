//! The one judge of what may be done now. Key dispatch, hints, help, palette and confirmations all ask it.

use super::command::{
    Change, Command, GenerationChange, LineCommand, LogCommand, MediaChange, ProgramCommand, ViewCommand,
};
use super::lines::LineRow;
use super::operation::{Operation, Refusal};
use super::panes::{Pane, View};
use super::run::RunState;
use super::state::{Console, Leaving};
use crate::generation::{self, Plan, Request};
use crate::pipeline::Key;
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
        match operation.command {
            Command::Change(change) => self.allows_change(change, operation.line.as_ref()),
            Command::Line(command) => self.allows_line_command(command),
            Command::Log(command) => self.allows_log(command),
            Command::View(command) => self.allows_view_command(command),
            Command::Program(command) => self.allows_program_command(command),
            Command::Move(_) => Ok(()),
        }
    }

    fn allows_line_command(&self, command: LineCommand) -> Result<(), Refusal> {
        match command {
            LineCommand::SaveBundle if self.lines.selected().is_none_or(|row| row.run.is_none()) => {
                Err(Refusal::new("no run to save: this line was not built here"))
            }
            LineCommand::SavePicture if self.picture.picture().is_none() => {
                Err(Refusal::new("no picture to save: the line has no running build VM"))
            }
            LineCommand::Judge
            | LineCommand::OpenEvidence
            | LineCommand::ScreenText
            | LineCommand::SavePicture
            | LineCommand::SaveBundle => Ok(()),
        }
    }

    fn allows_view_command(&self, command: ViewCommand) -> Result<(), Refusal> {
        match command {
            ViewCommand::Copy if self.github.open || matches!(self.panes.focus, Pane::Picture | Pane::Verdict) => {
                Ok(())
            }
            ViewCommand::Copy => self.log_has_lines(),
            ViewCommand::NextPane | ViewCommand::PreviousPane | ViewCommand::Zoom if self.panes.view != View::Lines => {
                Err(Refusal::new("the panes are behind this view: Esc goes back to them"))
            }
            ViewCommand::NextPane
            | ViewCommand::PreviousPane
            | ViewCommand::Zoom
            | ViewCommand::Find
            | ViewCommand::Palette
            | ViewCommand::Media
            | ViewCommand::GitHub
            | ViewCommand::Help => Ok(()),
        }
    }

    fn allows_program_command(&self, command: ProgramCommand) -> Result<(), Refusal> {
        match command {
            ProgramCommand::Suspend if self.changing() => {
                Err(Refusal::new("not while a change is under way: half of it could leave no live template"))
            }
            ProgramCommand::CheckMedia if self.media.checking() => Err(Refusal::new("still asking the mirrors")),
            ProgramCommand::Refresh
            | ProgramCommand::CheckMedia
            | ProgramCommand::Mouse
            | ProgramCommand::AlarmCall
            | ProgramCommand::Redraw
            | ProgramCommand::Back
            | ProgramCommand::Quit
            | ProgramCommand::Leave
            | ProgramCommand::Suspend => Ok(()),
        }
    }

    fn allows_log(&self, command: LogCommand) -> Result<(), Refusal> {
        match command {
            LogCommand::Wrap | LogCommand::Fold | LogCommand::Timestamps | LogCommand::Follow => self.log_visible(),
            LogCommand::NextMatch | LogCommand::PreviousMatch => {
                self.log_has_lines()?;
                match self.log.search() {
                    Some(_) => Ok(()),
                    None => Err(Refusal::new("nothing searched for: focus the log and press /")),
                }
            }
            LogCommand::NextError
            | LogCommand::PreviousError
            | LogCommand::Mark
            | LogCommand::NextMark
            | LogCommand::GoTo
            | LogCommand::Save => self.log_has_lines(),
        }
    }

    fn log_visible(&self) -> Result<(), Refusal> {
        if self.panes.visible(Pane::Log) {
            return Ok(());
        }
        Err(Refusal::new("the log is not on screen: Tab turns to it"))
    }

    fn log_has_lines(&self) -> Result<(), Refusal> {
        self.log_visible()?;
        if self.log.has_lines() {
            return Ok(());
        }
        Err(Refusal::new("no log yet: this line has no run"))
    }

    fn allows_change(&self, change: Change, line: Option<&Key>) -> Result<(), Refusal> {
        if self.session.read_only {
            return Err(Refusal::new("read-only: started with --read-only, nothing can be changed"));
        }
        if self.leaving != Leaving::No && change != Change::Media(MediaChange::StopStaging) {
            return Err(Refusal::new("leaving as soon as the work is done; nothing new is begun"));
        }
        match change {
            Change::Build => {
                let row = self.idle_row(line)?;
                allows_build(row).and_then(|()| self.free_at_github(&row.line.key))
            }
            Change::CancelRun => allows_cancel(self.idle_row(line)?),
            Change::Type => self.allows_type(self.idle_row(line)?).and_then(|()| self.has(TYPE)),
            Change::Teach => self.idle_row(line).and_then(|_| self.allows_teach()),
            Change::Generation(change) => self.allows_generation(self.idle_row(line)?, change),
            Change::Media(change) => self.allows_media(self.idle_row(line)?, change),
            Change::GitHub(change) => self.allows_github(change, line),
        }
    }

    /// The line, provided no other change of it is under way.
    fn idle_row(&self, line: Option<&Key>) -> Result<&LineRow, Refusal> {
        let row = line.and_then(|key| self.lines.get(key)).ok_or_else(|| Refusal::new("no line selected"))?;
        let key = &row.line.key;
        match self.ongoing.get(key) {
            Some(ongoing) => {
                Err(Refusal(format!("{key}: {} is under way; one operation per line", ongoing.change.noun())))
            }
            None => Ok(row),
        }
    }

    fn allows_generation(&self, row: &LineRow, change: GenerationChange) -> Result<(), Refusal> {
        let key = &row.line.key;
        if self.session.link != LinkState::Live {
            return Err(Refusal::new("no link to vCenter: what is shown may be out of date"));
        }
        if self.session.fresh.is_none() {
            return Err(Refusal::new("nothing is known from vCenter yet"));
        }
        let renames = match change {
            GenerationChange::Promote | GenerationChange::Rollback | GenerationChange::Sweep => true,
            GenerationChange::HoldOrRelease => false,
        };
        if renames && row.live_run().is_some() {
            return Err(Refusal(format!("{key} is being built: wait for it, or x cancels it")));
        }
        if change == GenerationChange::Sweep {
            self.free_at_github(key)?;
        }
        let plan = self.plan(row, change, "…")?;
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
    pub(super) fn plan(&self, row: &LineRow, change: GenerationChange, reason: &str) -> Result<Plan, Refusal> {
        let reason = reason.to_owned();
        let request = match change {
            GenerationChange::Promote => Request::Promote,
            GenerationChange::Rollback => Request::Rollback { reason },
            GenerationChange::HoldOrRelease if row.generations.hold.is_some() => Request::Release,
            GenerationChange::HoldOrRelease => Request::Hold { reason },
            GenerationChange::Sweep => Request::Sweep,
        };
        generation::plan(&request, &row.generations, &self.session.actor, self.now)
            .map_err(|refusal| Refusal(in_keys(&refusal.to_string())))
    }
}

/// A refusal that names verbs of the command line, `so`, with their keys instead.
fn in_keys(text: &str) -> String {
    let verbs = [
        ("promote", GenerationChange::Promote),
        ("rollback", GenerationChange::Rollback),
        ("release", GenerationChange::HoldOrRelease),
    ];
    verbs.into_iter().fold(text.to_owned(), |text, (verb, change)| {
        let command = Command::Change(Change::Generation(change));
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
