//! What became of a run after packer's end, put on record.

use std::io;

use super::record::{BuiltVm, Record, RecordedState};
use super::run::{Run, record_gone};

/// Sets the reason in the record of a run that is over: what became of it afterwards, one line.
///
/// # Errors
/// Those of reading and writing its record.
pub fn set_reason(run: &Run, text: &str) -> io::Result<()> {
    match Record::read(&run.dir)? {
        Some(record) => Record { reason: Some(text.to_owned()), ..record }.write(&run.dir),
        None => Err(record_gone()),
    }
}

/// Puts on record which failures packer forgave in a run that it ended well.
///
/// # Errors
/// Those of reading and writing its record.
pub fn set_forgave(run: &Run, forgave: Vec<String>) -> io::Result<()> {
    match Record::read(&run.dir)? {
        Some(record) => Record { forgave: Some(forgave), ..record }.write(&run.dir),
        None => Err(record_gone()),
    }
}

/// Puts on record what a run that packer ended well has built; or that it has not, and why: then it failed.
///
/// # Errors
/// Those of reading and writing its record.
pub fn set_built(run: &Run, built: Result<BuiltVm, &str>) -> io::Result<Run> {
    let Some(record) = Record::read(&run.dir)? else { return Err(record_gone()) };
    let record = match built {
        Ok(built) => Record { built: Some(built), ..record },
        Err(reason) => Record { state: RecordedState::Failed, reason: Some(reason.to_owned()), ..record },
    };
    record.write(&run.dir)?;
    run.refresh()
}
