//! What the console knows, for the judge of operations.

use std::collections::BTreeSet;

use super::command::Change;
use super::github::Row;
use super::media::{self, Medium, Work};
use super::panes::{Pane, View};
use super::state::{Console, Leaving};
use crate::github::{self, Leg, RemoteRun};
use crate::ops::facts::{
    ChosenRun, Facts, GitHubFacts, LineFacts, MediaFacts, MediaWork, PictureFacts, RemoteRunFacts, RunFacts,
    VCenterFacts,
};
use crate::ops::{GitHubRefusal, Operation};
use crate::pipeline::Key;
use crate::vcenter::{LinkState, Place};

impl Console {
    /// The operation that a change is on a line as it stands.
    pub(super) fn operation(&self, change: Change, line: Option<&Key>) -> Operation {
        let held = line.and_then(|key| self.lines.get(key)).is_some_and(|row| row.generations.hold.is_some());
        change.operation(held)
    }

    /// What is known now, of a line and of everything else.
    pub(super) fn facts<'a>(&'a self, line: Option<&'a Key>) -> Facts<'a> {
        Facts {
            mode: self.session.mode,
            leaving: self.leaving != Leaving::No,
            line: line.and_then(|key| self.line_facts(key)),
            vcenter: self.vcenter_facts(line),
            github: self.github_facts(line),
            media: line.map(|key| media_facts(self.media.get(key))).unwrap_or_default(),
            consent: line.and_then(|key| self.lines.get(key)).map(|row| self.consent(row)).unwrap_or_default(),
            picture: PictureFacts {
                there: self.picture_shown().is_some(),
                visible: self.visible(Pane::Picture),
                recorded: self.timeline.moment().is_some() || self.looks_back(),
            },
        }
    }

    /// The same for an operation: a sweep is about what is left over.
    pub(super) fn facts_of<'a>(&'a self, operation: Operation, line: Option<&'a Key>) -> Facts<'a> {
        let mut facts = self.facts(line);
        let row = line.and_then(|key| self.lines.get(key)).filter(|_| operation == Operation::Sweep);
        if let (Some(known), Some(row)) = (&mut facts.line, row) {
            known.generations = row.swept();
        }
        facts
    }

    fn line_facts<'a>(&'a self, key: &'a Key) -> Option<LineFacts<'a>> {
        let row = self.lines.get(key)?;
        let run = row.run.as_ref();
        Some(LineFacts {
            key,
            under_way: self.ongoing.get(key).map(|ongoing| ongoing.operation),
            tried: self.tried(key).is_some(),
            run: run.map(|run| RunFacts { state: run.state, since: run.started, pid: run.pid }),
            generations: &row.generations,
            forgave: row.forgave(),
        })
    }

    fn vcenter_facts(&self, line: Option<&Key>) -> VCenterFacts<'_> {
        let place = line.and_then(|key| self.lines.get(key)).map(|row| row.place).unwrap_or_default();
        let (link, fresh, account) = self.link_to(place);
        if *link != LinkState::Live {
            // Without an account nobody ever named a vCenter here.
            return if account.is_empty() { VCenterFacts::Unnamed } else { VCenterFacts::NoLink };
        }
        // What an account lacks elsewhere the guard asks about the very objects.
        let missing = if place == Place::MAIN { &self.session.missing } else { const { &BTreeSet::new() } };
        fresh.map_or(VCenterFacts::Silent, |_| VCenterFacts::Known { account, missing })
    }

    fn github_facts(&self, line: Option<&Key>) -> GitHubFacts {
        let pipeline = self.github.pipeline.as_deref();
        let builds = line.and_then(|key| self.github.builds(key));
        GitHubFacts {
            known: self.github.known().map(drop),
            busy: self.github.busy(),
            builds: builds.map(|seen| RemoteRunFacts::from(&seen.run)),
            waiting: pipeline.and_then(|pipeline| pipeline.board.waiting()).map(RemoteRunFacts::from),
            run: self.chosen_run().map(|run| ChosenRun { cancel: run.check_cancel(), rerun: run.check_rerun() }),
            schedule_off: pipeline.is_some_and(|pipeline| pipeline.health.off()),
            evidence: self.chosen_leg().and_then(|(_, leg)| left_evidence(&leg)),
        }
    }

    /// The run that is chosen on the screen of GitHub's runs.
    pub(super) fn chosen_run(&self) -> Result<&RemoteRun, GitHubRefusal> {
        if self.panes.view != View::GitHub {
            return Err(GitHubRefusal::NotChosen);
        }
        self.github.row().map(|row| &row.seen().run).ok_or(GitHubRefusal::NoRun)
    }

    /// The leg that is chosen there; of a run, the first one that failed.
    pub(super) fn chosen_leg(&self) -> Result<(RemoteRun, Leg), GitHubRefusal> {
        match self.github.row() {
            Some(Row::Leg(seen, leg)) => Ok((seen.run.clone(), leg.clone())),
            Some(Row::Run(seen)) => {
                let failed = |leg: &&Leg| leg.key.is_some() && leg.state.failed();
                let leg = seen.legs.iter().find(failed);
                let none = || GitHubRefusal::from(github::Refusal::NoLegFailed { number: seen.run.number });
                leg.map(|leg| (seen.run.clone(), leg.clone())).ok_or_else(none)
            }
            None => Err(GitHubRefusal::NoRun),
        }
    }
}

/// Whether GitHub has something to give of a leg.
fn left_evidence(leg: &Leg) -> Result<(), GitHubRefusal> {
    if leg.key.is_none() {
        return Err(GitHubRefusal::BuildsNoLine { leg: leg.name.clone() });
    }
    Ok(leg.check_evidence()?)
}

fn media_facts(medium: Option<&Medium>) -> MediaFacts {
    let work = medium.and_then(|medium| medium.work.as_ref()).map(|work| match work {
        Work::Bumping(_) => MediaWork::Bumping,
        Work::Staging { stopping, .. } => MediaWork::Staging { stopping: *stopping },
    });
    MediaFacts { work, newer: media::newer(medium).map(drop), missing: media::missing(medium).map(drop) }
}
