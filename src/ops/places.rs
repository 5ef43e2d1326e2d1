//! Where lines live. Most repositories build in one folder of one vCenter; `tmpl.toml` and var-files may say otherwise of a
//! line.

use std::collections::BTreeMap;
use std::path::Path;

use crate::pipeline::Key;
use crate::vcenter::{Place, Settings};

/// The places of a repository beside its own, and which lines live there.
#[derive(Debug, Clone, Default)]
pub struct Places {
    elsewhere: Vec<Settings>,
    of: BTreeMap<Key, Place>,
}

impl Places {
    /// Reads the repository: `tmpl.toml`, templates, var-files, the environment. Commands that `tmpl.toml` names may run.
    /// `main` is the repository's own, where that is known.
    pub fn read(repo: &Path, main: Option<&Settings>) -> Self {
        let mut places = Self::default();
        for (key, settings) in Settings::of_lines(repo) {
            // Where nothing is known of a line's own place it is looked for in the repository's, which says what is missing.
            let Ok(settings) = settings else { continue };
            if !main.is_some_and(|main| main.same_place(&settings)) {
                places.add(key, settings);
            }
        }
        places
    }

    fn add(&mut self, key: Key, settings: Settings) {
        let known = self.elsewhere.iter().position(|known| known.same_place(&settings));
        let at = known.unwrap_or(self.elsewhere.len());
        // Nobody builds in so many places.
        let Ok(number) = u16::try_from(at + 1) else { return };
        if known.is_none() {
            self.elsewhere.push(settings);
        }
        self.of.insert(key, Place(number));
    }

    /// Whether all lines live in the repository's own.
    pub fn is_one(&self) -> bool {
        self.elsewhere.is_empty()
    }

    /// Where a line lives.
    pub fn of(&self, key: &Key) -> Place {
        self.of.get(key).copied().unwrap_or_default()
    }

    /// The places beside the repository's own.
    pub fn elsewhere(&self) -> impl Iterator<Item = (Place, &Settings)> {
        (1..).map(Place).zip(&self.elsewhere)
    }
}
