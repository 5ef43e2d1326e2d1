//! Whether a command may be used now: operations go to the one judge of [`crate::ops`], the rest is about the screen. Key
//! dispatch, hints, help, palette and confirmations all ask here.

use super::command::{Command, GenerationChange, LineCommand, LogCommand, ProgramCommand, ViewCommand};
use super::invocation::Invocation;
use super::lines::LineRow;
use super::panes::Pane;
use super::refusal::Refusal;
use super::scope::Scope;
use super::state::Console;
use crate::generation::{self, Consent, Plan, Request};
use crate::ops;

impl Console {
    /// The command, on the line that is selected now.
    pub fn on_selection(&self, command: Command) -> Invocation {
        let line = self.lines.selected().map(|row| row.line.key.clone());
        Invocation { command, line }
    }

    /// Whether it may be done now.
    ///
    /// # Errors
    /// Why not, and what to do.
    pub fn allows(&self, invocation: &Invocation) -> Result<(), Refusal> {
        self.in_scope(invocation.command)?;
        match invocation.command {
            Command::Change(change) => {
                let line = invocation.line.as_ref();
                let operation = self.operation(change, line);
                Ok(ops::check(operation, &self.facts_of(operation, line))?)
            }
            Command::Line(command) => self.allows_line_command(command),
            Command::Log(command) => self.allows_log(command),
            Command::View(command) => self.allows_view_command(command),
            Command::Program(command) => self.allows_program_command(command),
            Command::Plugin(number) => self.allows_plugin(number),
            Command::Move(_) => Ok(()),
        }
    }

    fn allows_line_command(&self, command: LineCommand) -> Result<(), Refusal> {
        match command {
            LineCommand::SaveBundle if self.shown_run().is_none() => {
                Err(Refusal::Screen("no run to save: this line was not built here".into()))
            }
            LineCommand::SavePicture if self.picture_shown().is_none() => {
                let recorded = self.timeline.frame(self.over()).is_some();
                Err(Refusal::Screen(if recorded {
                    "the picture is not on screen: ‹verdict› shows it".into()
                } else {
                    "no picture to save: no build VM runs, and none is recorded".into()
                }))
            }
            LineCommand::Judge
            | LineCommand::OlderRun
            | LineCommand::NewerRun
            | LineCommand::Suspects
            | LineCommand::Acknowledge
            | LineCommand::NextTrouble
            | LineCommand::PreviousTrouble
            | LineCommand::OpenEvidence
            | LineCommand::ScreenText
            | LineCommand::SavePicture
            | LineCommand::SaveBundle => Ok(()),
        }
    }

    fn allows_view_command(&self, command: ViewCommand) -> Result<(), Refusal> {
        match command {
            ViewCommand::Copy => match self.panes.scope() {
                Scope::Lines | Scope::Log | Scope::Timeline => self.log_has_lines(),
                Scope::Picture | Scope::Verdict | Scope::GitHub | Scope::Media | Scope::Wall => Ok(()),
            },
            ViewCommand::Open
            | ViewCommand::Zoom
            | ViewCommand::Order
            | ViewCommand::NextPane
            | ViewCommand::PreviousPane
            | ViewCommand::Find
            | ViewCommand::Palette
            | ViewCommand::Media
            | ViewCommand::GitHub
            | ViewCommand::Wall
            | ViewCommand::Help => Ok(()),
        }
    }

    fn allows_program_command(&self, command: ProgramCommand) -> Result<(), Refusal> {
        match command {
            ProgramCommand::Suspend if self.changing() => Err(Refusal::Screen(
                "not while a change is under way: half done, it could leave no live template".into(),
            )),
            ProgramCommand::CheckMedia if self.media.checking() => {
                Err(Refusal::Screen("still asking the mirrors".into()))
            }
            ProgramCommand::Context => self.allows_context(),
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
                    None => {
                        Err(Refusal::Screen("nothing searched for: focus the log and press ‹filter or search›".into()))
                    }
                }
            }
            // These go to the log, where it is not on screen.
            LogCommand::NextError
            | LogCommand::PreviousError
            | LogCommand::NextWarning
            | LogCommand::PreviousWarning => self.log_exists(),
            LogCommand::Mark | LogCommand::NextMark | LogCommand::GoTo | LogCommand::Save => self.log_has_lines(),
        }
    }

    fn log_visible(&self) -> Result<(), Refusal> {
        if self.visible(Pane::Log) {
            return Ok(());
        }
        Err(Refusal::Screen("the log is not on screen: ‹next pane› goes to it".into()))
    }

    fn log_has_lines(&self) -> Result<(), Refusal> {
        self.log_visible()?;
        self.log_exists()
    }

    fn log_exists(&self) -> Result<(), Refusal> {
        if self.log.has_lines() {
            return Ok(());
        }
        Err(Refusal::Screen("no log yet: this line has no run".into()))
    }

    /// The plan of a change of generations, as things stand.
    pub(super) fn plan(&self, row: &LineRow, change: GenerationChange, reason: &str) -> Result<Plan, Refusal> {
        let held = row.generations.hold.is_some();
        self.plan_for(row, &change.request(held, reason))
    }

    /// The plan of one, as it was asked about.
    pub(super) fn plan_for(&self, row: &LineRow, request: &Request) -> Result<Plan, Refusal> {
        let consent = if *request == Request::Promote { self.consent(row) } else { Consent::default() };
        let now = if *request == Request::Sweep { row.swept() } else { &row.generations };
        let plan = generation::plan_agreed(request, &consent, now, &self.session.actor, self.now);
        Ok(plan.map_err(ops::Refusal::from)?)
    }

    /// What a person agrees to by typing the line's name. A live template from the future was made while a clock was
    /// wrong: every build would be older than it for as long. What packer forgave is said in the confirmation.
    pub(super) fn consent(&self, row: &LineRow) -> Consent {
        let live = row.generations.live.as_ref().and_then(|vm| vm.created);
        let ignore_age = live.is_some_and(|made| made > self.now);
        Consent { ignore_age, allow_warnings: row.forgave().is_some(), ..Consent::default() }
    }
}
