//! Whom a hold binds: us, and not a workflow that promotes by itself.

use std::path::Path;

use jiff::Timestamp;

use crate::github::schedule::Schedule;
use crate::moment::local;
use crate::pipeline::{CHECK_HOLD, promoter};

/// What a person who holds a line must know where the repository's own workflow promotes: which step will not respect the
/// hold, when it comes next, and what makes it. One line; `None` where only this program promotes.
pub fn not_respected(repo: &Path, now: Timestamp) -> Option<String> {
    let step = promoter(repo)?;
    let next = Schedule::of_repository(repo).and_then(|time| time.after(now));
    let next = next.map(|next| format!(", next on {}", local(next))).unwrap_or_default();
    Some(format!(
        "{}:{} promotes with govc and does not ask for holds{next}; put `tmpl-tui {CHECK_HOLD} KEY` before it (exit 3 when \
         held), or take the held line out of its schedule",
        step.file.display(),
        step.line
    ))
}
