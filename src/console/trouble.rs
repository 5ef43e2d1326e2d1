//! How much a line needs a person, and why.

use super::lines::LineRow;
use super::remote::Newest;

/// How much a line needs a person; the worst is the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// nothing
    None,
    /// worth a look, and no alarm
    Marked,
    /// something is missing before the next build
    Unready,
    /// its newest run failed
    Failed,
    /// its build is at work and will not end well by itself
    Stuck,
    /// its generations are not whole
    Broken,
}

impl LineRow {
    /// How much it needs a person.
    pub fn trouble(&self) -> Trouble {
        let seen = self.acknowledged.is_some();
        let remarkable =
            seen || self.leftover() || self.stale || self.lacks.is_some() || self.generations.hold.is_some();
        match self.judged().filter(|_| !seen) {
            Some((trouble, _)) => trouble,
            None if remarkable => Trouble::Marked,
            None => Trouble::None,
        }
    }

    /// What a person should look at, in a few words; nothing where somebody has.
    pub fn alarm(&self) -> Option<String> {
        self.judged().filter(|_| self.acknowledged.is_none()).map(|(_, text)| text)
    }

    /// What is wrong with it, whether or not somebody has seen it.
    pub(super) fn judged(&self) -> Option<(Trouble, String)> {
        if let Some(name) = self.generations.duplicates.first() {
            return Some((Trouble::Broken, format!("{name} exists twice")));
        }
        if let Some(pending) = self.generations.pending() {
            return Some((Trouble::Broken, format!("half done: {} finishes it", pending.verb())));
        }
        if let Some((_, question)) = self.question() {
            return Some((Trouble::Stuck, format!("vCenter asks: {}", question.text)));
        }
        if let Some(at_work) = &self.at_work {
            return Some((Trouble::Stuck, at_work.clone()));
        }
        if self.live_run().is_some_and(|run| run.still.is_some()) {
            return Some((Trouble::Stuck, "its console stands still".into()));
        }
        if let Some(reason) = self.live_run().and_then(|run| run.reason.clone()) {
            return Some((Trouble::Stuck, reason));
        }
        let failed = match self.newest() {
            Some(Newest::Here(run)) if run.alarming() => Some(run.state.word().to_owned()),
            Some(Newest::GitHub(remote, _)) if remote.alarming() => {
                Some(format!("#{} {} on GitHub", remote.number, remote.state.word()))
            }
            Some(Newest::Here(_) | Newest::GitHub(..)) | None => None,
        };
        let trouble = if failed.is_some() { Trouble::Failed } else { Trouble::Unready };
        let missing = (self.iso_missing && self.line.enabled).then(|| "its ISO is not staged".to_owned());
        missing.or(failed).map(|text| (trouble, text))
    }
}
