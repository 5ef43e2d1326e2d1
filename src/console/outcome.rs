//! What a person should know before confirming: what is different afterwards, and who holds the line.

use super::confirm::Confirm;
use super::state::Console;
use crate::ops::outcome::Before;

impl Console {
    /// Says the outcome of a change of generations, and the hold where it matters.
    pub(super) fn tell_before(&self, confirm: &mut Confirm) {
        let Some(row) = confirm.line.as_ref().and_then(|key| self.lines.get(key)) else { return };
        let before = Before::of(confirm.operation, &row.generations, self.now, &self.zone);
        confirm.outcome = before.outcome.or(confirm.outcome.take());
        confirm.warnings.extend(before.held);
    }
}
