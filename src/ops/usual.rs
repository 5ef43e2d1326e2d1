//! How long the stages of a line usually take, from the logs of its earlier runs.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::Error;
use crate::packer_log::phase_times::{self, TypicalDuration, TypicalDurations};
use crate::packer_log::{Phase, Tracks};
use crate::packer_run::{self, Run};
use crate::paths::StateDir;
use crate::pipeline::Key;

/// Earlier runs that tell what is usual.
const EARLIER: usize = 20;

/// Reads earlier logs, each of them once.
#[derive(Debug, Clone, Default)]
pub struct Usual {
    /// stages of finished runs, by their folder
    known: Arc<Mutex<BTreeMap<PathBuf, Tracks>>>,
    /// how long a stage may take, where somebody says so
    limits: Arc<BTreeMap<Phase, Duration>>,
}

impl Usual {
    /// With limits that hold whatever earlier runs took.
    pub fn with_limits(limits: BTreeMap<Phase, Duration>) -> Self {
        Self { limits: Arc::new(limits), ..Self::default() }
    }

    /// How long a stage may take that usually takes so long.
    pub fn limit(&self, phase: Phase, typical: Option<TypicalDuration>) -> Duration {
        self.limits.get(&phase).copied().unwrap_or_else(|| phase_times::limit(phase, typical))
    }

    /// What is usual for a line, as the runs before the one in the folder `current` have it. Blocks.
    ///
    /// # Errors
    /// Those of reading the records; a log that cannot be read is passed over.
    pub fn of(&self, state: &StateDir, key: &Key, current: &Path) -> Result<TypicalDurations, Error> {
        let mut runs = packer_run::all(state, key).map_err(Error::Record)?;
        runs.sort_by_key(|run| std::cmp::Reverse(run.started));
        let mut usual = TypicalDurations::default();
        for run in runs.iter().filter(|run| !run.state.live() && run.dir != current).take(EARLIER) {
            let before = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&run.dir).cloned();
            match before.map_or_else(|| tracks(run), Ok) {
                Ok(tracks) => {
                    usual.add_run(&tracks);
                    self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(run.dir.clone(), tracks);
                }
                Err(error) => tracing::debug!(%key, %error, log = %run.log.display(), "an earlier log says nothing"),
            }
        }
        Ok(usual)
    }
}

fn tracks(run: &Run) -> std::io::Result<Tracks> {
    phase_times::tracks(BufReader::with_capacity(256 << 10, File::open(&run.log)?))
}
