//! That somebody typed into a guest, on the record of the run that builds it.

use std::io::{self, Write};

use super::runs::latest;
use crate::fs::append_private;
use crate::guest::recording::{TIMELINE, TimelineEvent, Typed};
use crate::paths::StateDir;
use crate::pipeline::Key;

/// Puts it on the record of the run at work on the VM of this name, among the runs of these lines; there need not be one.
/// A run on another machine does not hear of it.
///
/// # Errors
/// Those of reading the records and of writing.
pub fn record_typing(state: &StateDir, keys: &[Key], vm: &str, typed: Typed) -> io::Result<()> {
    let line = serde_json::to_string(&TimelineEvent::Typed(typed)).map_err(io::Error::other)? + "\n";
    for key in keys {
        let run = latest(state, key)?.filter(|run| run.state.live() && run.build_name() == vm);
        if let Some(run) = run {
            // The recorder appends to it too, each a whole line at a time.
            append_private(&run.dir.join(TIMELINE))?.write_all(line.as_bytes())?;
        }
    }
    Ok(())
}
