//! What is to be known of a line beside its run: who holds it, what is missing, what is left over, what GitHub did.

use super::age;
use super::binding::keyed;
use super::lines::LineRow;
use super::panes::{Content, Pane};
use super::remote::RemoteResult;
use super::state::Console;
use super::verdict::Case;
use crate::ops::outcome;
use crate::vcenter::{Place, PowerState, Vm};

/// The class of a verdict on a build about which vCenter asks.
const ASKS: &str = "vm_question";

/// One thing to know, in a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// it needs somebody
    pub alarm: bool,
    /// the sentence
    pub text: String,
}

impl Console {
    /// What is to be known of a line, what matters most first.
    pub fn remarks(&self, row: &LineRow) -> Vec<Remark> {
        let mut remarks = Vec::new();
        let mut add = |alarm, text: String| remarks.push(Remark { alarm, text: self.advised(text) });
        if !row.generations.duplicates.is_empty() {
            let names = row.generations.duplicates.join(", ");
            add(true, format!("{names}: more than one VM has this name, and nothing is done until one is left"));
        }
        if let Some(pending) = row.generations.pending().filter(|_| !self.ongoing.contains_key(&row.line.key)) {
            let text = format!("a {} was interrupted: {0} finishes it, and no generation is lost", pending.verb());
            add(true, text);
        }
        if let Some((vm, question)) = row.question() {
            let answers = question.numbered().collect::<Vec<_>>().join(", ");
            // The verdict says the same, once it is there.
            let told = self.verdicts.of(row).and_then(Case::verdict).is_some_and(|(verdict, _)| verdict.class == ASKS);
            let asks = if told {
                format!("{} waits for an answer", vm.name)
            } else {
                format!("vCenter asks about {} and waits: {}", vm.name, question.text)
            };
            add(true, format!("{asks} ({answers}); ‹answer› answers"));
        }
        if let Some((alarm, lives)) = self.lives(row) {
            add(alarm, lives);
        }
        // Datastores and hosts elsewhere are not looked at.
        let beneath = row.place == Place::MAIN;
        if row.line.enabled && beneath {
            for trouble in &self.session.resources.troubles {
                add(true, format!("{trouble}: the next build will fail because of it"));
            }
        }
        for concern in self.session.resources.concerns.iter().filter(|_| beneath) {
            add(false, concern.clone());
        }
        if let Some(remote) = row.newest_remote() {
            add(remote.alarming() && row.acknowledged.is_none(), self.told(remote));
        }
        if let Some(run) = row.cancelled_since() {
            let age = age::spoken(self.now, run.ended.unwrap_or(run.started));
            add(false, format!("a build here was cancelled {age} ago: that is no result"));
        }
        if let Some(seen) = self.acknowledged_by(row) {
            add(false, seen);
        }
        if let Some(held) = self.held(row) {
            add(false, held);
        }
        if row.iso_missing && row.line.enabled {
            add(
                true,
                "its ISO is not on the datastore: the next build fails when it mounts it; ‹stage ISO› stages it".into(),
            );
        }
        if let Some(claim) = row.built_elsewhere() {
            let age = age::spoken(self.now, claim.since);
            add(false, format!("{} builds it for {age} (run {})", claim.by, claim.run));
        }
        if let Some(guest) = row.guest().filter(|_| row.leftover()) {
            add(false, format!("{} ({}) is there and nobody builds it: ‹sweep› sweeps it", guest.name, guest.moid));
        }
        if let Some(trial) = row.generations.trial_said(self.now) {
            add(false, trial);
        }
        for orphan in &row.orphans {
            let (key, name) = (&row.line.key, &orphan.name);
            let next = row.swept().build.as_ref().is_some_and(|vm| vm.moid == orphan.moid);
            let sweep = if next {
                "‹sweep› sweeps it".into()
            } else {
                format!("`tmpl-tui sweep {key} --vm {name}` removes it")
            };
            add(false, format!("{name} ({}) was built on another branch: {sweep}", orphan.moid));
        }
        if let Some(created) = row.generations.live.as_ref().and_then(|vm| vm.created).filter(|_| row.stale) {
            let old = age::spoken(self.now, created);
            add(false, format!("live is {old} old: the schedule has missed it twice"));
        }
        if row.ready() && row.generations.hold.is_none() {
            add(false, "built and not promoted yet: ‹promote› promotes it".into());
        }
        remarks
    }

    /// The hold on a line: who, since when, why, and the key that releases it.
    pub(crate) fn held(&self, row: &LineRow) -> Option<String> {
        // Whatever stands in the reason, no part of it is a key.
        let held = outcome::held(row.generations.hold.as_ref()?, self.now, &self.zone);
        Some(format!("{held}{}", self.advised("; ‹hold or release› releases it")))
    }

    /// How a run at GitHub stands, who asked for it, and what was done with it here.
    pub(crate) fn told(&self, remote: &RemoteResult) -> String {
        let RemoteResult { number, by, .. } = remote;
        let deeds = self.deeds.get(&remote.page).into_iter().flatten().map(|deed| deed.said(&self.zone));
        let by = std::iter::once(by.clone()).chain(deeds).collect::<Vec<_>>().join("; ");
        let step = remote.step.as_ref().map_or(String::new(), |step| format!(", step {step}"));
        let word = remote.state.word();
        if remote.state.live() {
            let age = age::spoken(self.now, remote.began);
            return format!(
                "run #{number} on GitHub is {word} for {age}{step} ({by}); {} shows it",
                keyed("‹runs on GitHub›")
            );
        }
        let age = age::spoken(self.now, remote.ended.unwrap_or(remote.began));
        let took = remote.ended.map(|ended| ended.duration_since(remote.began).unsigned_abs());
        let took = took.map_or(String::new(), |took| format!(" after {}", crate::duration::spoken(took)));
        format!("run #{number} on GitHub {word} {age} ago{took}{step} ({by})")
    }

    /// What the selected line has to show.
    pub(crate) fn content(&self) -> Content {
        let Some(row) = self.lines.selected() else { return Content::default() };
        let verdict = self.case().and_then(Case::verdict);
        let found = verdict.is_some_and(|(verdict, _)| match &verdict.outlook {
            Some(outlook) => !outlook.passing,
            None => !matches!(verdict.class.as_str(), "success" | "running"),
        });
        let trouble = row.trouble() >= super::trouble::Trouble::Failed;
        // What an older build left, and is off, goes on no more: the line rests beside it.
        let off = |vm: &Vm| row.leftover() && vm.power_state == PowerState::PoweredOff;
        let guest = row.guest().filter(|vm| !off(vm));
        let busy = row.live_run().is_some() || guest.is_some();
        let busy = busy || self.ongoing.contains_key(&row.line.key) || self.built_at_github(&row.line.key).is_some();
        let past = self.looks_back();
        let rest = !busy && !trouble && !past;
        Content {
            cause: !rest && (found || trouble || past),
            rest,
            run: row.run.is_some(),
            unattended: row.run.is_none() && guest.is_some(),
            picture: guest.is_some() || row.live_run().is_some() || !self.timeline.recording().frames.is_empty(),
        }
    }

    /// Whether a pane is on the screen.
    pub(crate) fn visible(&self, pane: Pane) -> bool {
        self.panes.visible(pane, self.content())
    }
}
