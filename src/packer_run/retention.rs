//! Which records of a line are kept when a new run begins.

use std::io;

use super::run::RunState;
use super::runs::run_dirs;
use super::{Progress, ProgressListener, Run};
use crate::paths::StateDir;
use crate::pipeline::Key;

/// The newest runs of a line that are kept, however they ended.
pub const MAX_RUNS: usize = 10;
/// Of those that did not succeed, the newest so many: somebody may still have to explain them.
pub const MAX_FAILED_RUNS: usize = 20;

/// Removes the records of a line's older runs. The caller holds the line's lock, so no run is being started; one that is
/// at work is never touched. Logs that were put elsewhere stay. What cannot be removed is told and left.
pub fn prune(state: &StateDir, key: &Key, on: &dyn ProgressListener) -> io::Result<()> {
    let (mut seen, mut failed) = (0, 0);
    for dir in run_dirs(state, key)?.iter().rev() {
        let run = match Run::read(dir) {
            Ok(run) => run,
            // Somebody edited it, or a disk did; it may be evidence.
            Err(_) => continue,
        };
        let keep = match run.map(|run| run.state) {
            // Its supervisor was killed before it wrote a record, or an earlier removal was.
            None => false,
            Some(RunState::Starting | RunState::Running | RunState::Cancelling) => true,
            Some(state) => {
                let bad = state != RunState::Succeeded;
                seen += 1;
                failed += usize::from(bad);
                seen <= MAX_RUNS || bad && failed <= MAX_FAILED_RUNS
            }
        };
        if keep {
            continue;
        }
        if let Err(error) = std::fs::remove_dir_all(dir) {
            on.on_progress(Progress::Note(format!("the old record {} cannot be removed: {error}", dir.display())));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::packer_run::record::{FRAMES, RECORD};
    use crate::packer_run::{OnError, Process, record};

    /// A run of hour `n` that ended like this; `None` = at work now.
    fn run(state: &StateDir, n: usize, stage: Option<record::RecordedState>) {
        let dir = state.runs().join("one").join(format!("20260101T{n:06}.000Z"));
        std::fs::create_dir_all(dir.join(FRAMES)).unwrap();
        let started = "2026-01-01T00:00:00Z".parse().unwrap();
        let record = record::Record {
            version: record::VERSION,
            key: Key("one".into()),
            base_name: "base".into(),
            state: stage.unwrap_or(record::RecordedState::Running),
            exit: None,
            reason: None,
            started,
            ended: stage.map(|_| started),
            supervisor: Process::current().unwrap(),
            packer: None,
            argv: Vec::new(),
            packer_version: "1.16.0".into(),
            on_error: OnError::Cleanup,
            promote: false,
            log: dir.join("packer-build.log"),
            temporary: dir.join("none"),
            builds: None,
            built: None,
            forgave: None,
            origin: None,
        };
        record.write(&dir).unwrap();
    }

    fn left(state: &StateDir) -> Vec<usize> {
        let names = run_dirs(state, &Key("one".into())).unwrap();
        names.iter().map(|dir| dir.file_name().unwrap().to_str().unwrap()[9..15].parse().unwrap()).collect()
    }

    #[test]
    fn the_newest_are_kept_and_failed_ones_longer_and_live_ones_always() {
        let dir = tempfile::tempdir().unwrap();
        let state = StateDir::at(dir.path());
        run(&state, 0, None);
        (1..=30).for_each(|n| run(&state, n, Some(record::RecordedState::Failed)));
        (31..=45).for_each(|n| run(&state, n, Some(record::RecordedState::Succeeded)));
        prune(&state, &Key("one".into()), &|_| {}).unwrap();
        let expected: Vec<usize> = [0].into_iter().chain(11..=30).chain(36..=45).collect();
        assert_eq!(left(&state), expected);
    }

    #[test]
    fn what_an_interrupted_removal_left_goes_and_what_cannot_be_read_stays() {
        let dir = tempfile::tempdir().unwrap();
        let state = StateDir::at(dir.path());
        (1..=3).for_each(|n| run(&state, n, Some(record::RecordedState::Failed)));
        let place = |n: usize| state.runs().join("one").join(format!("20260101T{n:06}.000Z"));
        std::fs::remove_file(place(1).join(RECORD)).unwrap();
        std::fs::write(place(2).join(RECORD), "not json").unwrap();
        let said = Mutex::new(Vec::new());
        prune(&state, &Key("one".into()), &|progress| said.lock().unwrap().push(progress)).unwrap();
        assert_eq!(left(&state), [2, 3]);
        assert!(said.lock().unwrap().is_empty());
    }
}
