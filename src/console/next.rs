//! What can be done next about a line: the keys that fit its run, as far as they may be pressed now.

use super::binding::Binding;
use super::command::{
    Change, Command, GenerationChange, GitHubChange, LineCommand, LogCommand, MediaChange, ProgramCommand, ViewCommand,
};
use super::invocation::Invocation;
use super::lines::LineRow;
use super::run::RunState;
use super::scope::Scope;
use super::state::Console;
use super::verdict::Case;
use crate::triage::verdict::Verdict;

/// A key and what it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextKey {
    /// the key, as it is shown
    pub key: String,
    /// the word of its row in the table of keys
    pub word: &'static str,
}

impl Console {
    /// The keys that fit the selected line's newest run: those that the judge of operations allows.
    pub fn next_keys(&self) -> Vec<NextKey> {
        let Some(row) = self.lines.selected() else { return Vec::new() };
        let allowed = |command: &Command| {
            let invocation = Invocation { command: *command, line: Some(row.line.key.clone()) };
            self.allows(&invocation).is_ok()
        };
        let shown = |binding: &'static Binding| {
            Some(NextKey { key: binding.keys.first()?.to_string(), word: self.word(binding).unwrap_or(binding.name) })
        };
        // What is over is not acted upon; what it left may be brought here.
        let fitting = match (self.past_remote(), self.past_run()) {
            (Some(_), _) if self.fetchable().is_some() => vec![Command::View(ViewCommand::Open)],
            (Some(_), _) | (_, Some(_)) => Vec::new(),
            (None, None) => fitting(row, self.blank(row)),
        };
        // A guest is woken by who sees its picture.
        let wake = Command::Change(Change::Wake);
        let unseen = fitting.contains(&wake) && !allowed(&wake) && self.turns_to_picture();
        let look = unseen.then_some(Command::Line(LineCommand::Judge));
        look.into_iter()
            .chain(fitting)
            .filter(allowed)
            .filter_map(|command| shown(self.keymap.binding(command)?))
            .collect()
    }

    /// Whether the console of the line's guest shows nothing, at most a cursor: as the recorder says, or the verdict.
    fn blank(&self, row: &LineRow) -> bool {
        let still = row.live_run().and_then(|run| run.still.as_ref()).is_some_and(|still| still.blank);
        let verdict = self.case().and_then(Case::verdict).map(|(verdict, _)| verdict);
        let dark = |verdict: &Verdict| matches!(verdict.screen.as_deref(), Some("blank" | "blank-cursor"));
        still || verdict.is_some_and(|verdict| verdict.went_black || dark(verdict))
    }

    /// What a key does now, where that depends on the state; else the word of its row. `None`: it has none.
    pub fn word(&self, binding: &'static Binding) -> Option<&'static str> {
        let scope = self.panes.scope();
        let row = self.lines.selected();
        let held = row.is_some_and(|row| row.generations.hold.is_some());
        let unfetched = self.fetchable().is_some();
        let open = Command::View(ViewCommand::Open);
        let other_words = [
            (Command::Change(Change::Generation(GenerationChange::HoldOrRelease)), held, "release"),
            (Command::Log(LogCommand::Follow), self.log.follows(), "pause"),
            (Command::View(ViewCommand::Find), self.find_searches(), "search"),
            (Command::Line(LineCommand::Judge), self.turns_to_picture(), "picture"),
            (open, scope == Scope::GitHub, "open log"),
            (open, unfetched && matches!(scope, Scope::Lines | Scope::Verdict), "fetch log and pictures"),
            (open, matches!(scope, Scope::Verdict | Scope::Wall), "open"),
            (open, self.panes.zoomed, "unzoom"),
            (Command::Program(ProgramCommand::Quit), self.somewhere(), "back"),
            (Command::View(ViewCommand::Media), scope == Scope::Media, "lines"),
            (Command::View(ViewCommand::GitHub), scope == Scope::GitHub, "lines"),
            (Command::View(ViewCommand::Wall), scope == Scope::Wall, "lines"),
        ];
        let other = other_words.into_iter().find(|(command, now, _)| *command == binding.command && *now);
        binding.hint.map(|hint| other.map_or(hint, |(.., word)| word))
    }
}

/// What a person would do about a run as it stands.
fn fitting(row: &LineRow, blank: bool) -> Vec<Command> {
    if row.question().is_some() {
        return [Change::Answer, Change::CancelRun].map(Command::Change).to_vec();
    }
    let there = Command::Change(Change::GitHub(GitHubChange::Dispatch));
    let here = Command::Change(Change::Build);
    if row.unfetched().is_some() {
        return vec![Command::View(ViewCommand::Open), there, here];
    }
    // Without its ISO the next build fails.
    let iso = row.iso_missing.then_some(Change::Media(MediaChange::Stage));
    let Some(run) = &row.run else { return iso.map(Command::Change).into_iter().chain([here]).collect() };
    if run.origin.is_some() && run.alarming() {
        return vec![there, here];
    }
    let generation = |change| Change::Generation(change);
    let changes = match run.state {
        RunState::Starting | RunState::Running if blank => {
            vec![Change::Wake, Change::Type, Change::CancelRun]
        }
        RunState::Starting | RunState::Running => vec![Change::CancelRun, Change::Type],
        RunState::Cancelling => Vec::new(),
        // A template that waits is promoted; where none does, it was, and may have been a mistake.
        RunState::Succeeded if row.generations.build.is_some() => vec![generation(GenerationChange::Promote)],
        // What was rolled back from is not gone back to: the next image is built.
        RunState::Succeeded if row.generations.rolled_back().is_some() => vec![Change::Build],
        RunState::Succeeded => vec![generation(GenerationChange::Rollback)],
        RunState::Failed { .. } | RunState::Cancelled | RunState::Lost => {
            [Some(generation(GenerationChange::Sweep)), iso, Some(Change::Build)].into_iter().flatten().collect()
        }
    };
    changes.into_iter().map(Command::Change).collect()
}
