//! What can be done next about a line: the keys that fit its run, as far as they may be pressed now.

use super::binding::Binding;
use super::command::{Change, Command, GenerationChange};
use super::invocation::Invocation;
use super::lines::LineRow;
use super::run::RunState;
use super::state::Console;

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
            Some(NextKey { key: binding.keys.first()?.to_string(), word: binding.hint.unwrap_or(binding.name) })
        };
        fitting(row).into_iter().filter(allowed).filter_map(|command| shown(command.binding()?)).collect()
    }
}

/// What a person would do about a run as it stands.
fn fitting(row: &LineRow) -> Vec<Command> {
    if row.question().is_some() {
        return [Change::Answer, Change::CancelRun].map(Command::Change).to_vec();
    }
    let Some(run) = &row.run else { return vec![Command::Change(Change::Build)] };
    let generation = |change| Change::Generation(change);
    let changes = match run.state {
        RunState::Starting | RunState::Running if run.still.as_ref().is_some_and(|still| still.blank) => {
            vec![Change::Wake, Change::CancelRun]
        }
        RunState::Starting | RunState::Running => vec![Change::CancelRun, Change::Type],
        RunState::Cancelling => Vec::new(),
        // A template that waits is promoted; where none does, it was, and may have been a mistake.
        RunState::Succeeded if row.generations.build.is_some() => vec![generation(GenerationChange::Promote)],
        RunState::Succeeded => vec![generation(GenerationChange::Rollback)],
        RunState::Failed { .. } | RunState::Cancelled | RunState::Lost => {
            vec![generation(GenerationChange::Sweep), Change::Build]
        }
    };
    changes.into_iter().map(Command::Change).collect()
}
