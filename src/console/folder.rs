//! What vCenter's watch and the records of runs report.

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use super::age;
use super::effect::Effect;
use super::lines::Lines;
use super::message::Reply;
use super::panes::View;
use super::run::{RunSeen, RunState};
use super::state::Console;
use super::toast::Tone;
use crate::ops::resources::{Lack, Resources};
use crate::pipeline::Key;
use crate::vcenter::{FolderEvent, LinkState, Place, Vm};

impl Lines {
    /// What the next builds lack to stand on, of the lines that live in the repository's own place: others' datastores and
    /// hosts are not looked at.
    pub(super) fn set_lacks(&mut self, lacks: Option<Lack>) {
        for row in &mut self.rows {
            row.lacks = lacks.filter(|_| row.line.enabled && row.place == Place::MAIN);
        }
    }
}

impl Console {
    pub(super) fn folder_changed(&mut self, place: Place, event: FolderEvent) -> bool {
        let was_silent = self.heard_from(place, &event);
        match event {
            FolderEvent::Link(link) => return self.link_changed(place, link),
            FolderEvent::Reset(vms) => {
                self.vms.retain(|(at, _), _| *at != place);
                self.vms.extend(vms.into_iter().map(|vm| ((place, vm.moid.clone()), Vm { place, ..vm })));
            }
            FolderEvent::Changed(vm) => {
                self.vms.insert((place, vm.moid.clone()), Vm { place, ..*vm });
            }
            FolderEvent::Gone(moid) => {
                self.vms.remove(&(place, moid));
            }
            FolderEvent::Heartbeat => return was_silent,
            FolderEvent::Silent => return !was_silent,
        }
        self.read_templates();
        self.mark_stale();
        true
    }

    /// Keeps when a place was last heard, and whether its answer is overdue; whether it was before.
    fn heard_from(&mut self, place: Place, event: &FolderEvent) -> bool {
        let (fresh, silent) = match self.elsewhere.get_mut(&place) {
            Some(there) => (&mut there.fresh, &mut there.silent),
            None => (&mut self.session.fresh, &mut self.session.silent),
        };
        let overdue = *event == FolderEvent::Silent;
        if !overdue && !matches!(event, FolderEvent::Link(_)) {
            *fresh = Some(self.now);
        }
        std::mem::replace(silent, overdue)
    }

    /// The lines as the folders have them now.
    pub(super) fn read_templates(&mut self) {
        let mut folders: BTreeMap<Place, Vec<Vm>> = BTreeMap::new();
        for vm in self.vms.values() {
            folders.entry(vm.place).or_default().push(vm.clone());
        }
        self.lines.read_templates(&folders);
    }

    /// Datastore and hosts were looked at; what is new and wrong is said.
    pub(super) fn resources_read(&mut self, resources: Resources) -> bool {
        if self.session.resources == resources {
            return false;
        }
        let known = std::mem::replace(&mut self.session.resources, resources);
        let new: Vec<String> =
            self.session.resources.troubles.iter().filter(|text| !known.troubles.contains(text)).cloned().collect();
        self.lines.set_lacks(self.session.resources.lacks);
        new.into_iter()
            .for_each(|trouble| self.notice(Tone::Failed, format!("{trouble}: builds will fail because of it")));
        true
    }

    /// Marks the lines that the schedule has missed twice; says whether any mark changed.
    pub(super) fn mark_stale(&mut self) -> bool {
        let period = self.schedule.as_ref().and_then(|schedule| schedule.period(self.now));
        let before = period.and_then(|period| self.now.checked_sub(period * 2).ok());
        self.lines.mark_stale(before, self.now)
    }

    fn link_changed(&mut self, place: Place, link: LinkState) -> bool {
        let (known, name) = match self.elsewhere.get_mut(&place) {
            Some(there) => (&mut there.link, there.name.clone()),
            None => (&mut self.session.link, "vCenter".to_owned()),
        };
        if *known == link {
            return false;
        }
        let before = std::mem::replace(known, link);
        // A lost link is said in the header and in the lines, for as long as it lasts.
        if matches!(before, LinkState::Lost { .. }) && *self.link_to(place).0 == LinkState::Live {
            self.notice(Tone::Done, format!("{name} answers again"));
        }
        true
    }

    pub(super) fn runs_read(&mut self, runs: Vec<(Key, Reply<Option<RunSeen>>)>, effects: &mut Vec<Effect>) {
        for (key, answer) in runs {
            let run = match answer {
                Ok(run) => run,
                Err(reason) => {
                    self.notice(Tone::Failed, reason);
                    continue;
                }
            };
            let before = self.lines.get(&key).and_then(|row| row.live_run()).map(|run| run.started);
            if let Some(run) = run.as_ref().filter(|run| before == Some(run.started)) {
                self.run_ended(&key, run);
            }
            self.lines.set_run(&key, run);
        }
        self.leave_if_done(effects);
    }

    fn run_ended(&mut self, key: &Key, run: &RunSeen) {
        let (tone, text) = match run.state {
            RunState::Starting | RunState::Running | RunState::Cancelling => return,
            // An alarm, which is told as such.
            RunState::Failed { .. } | RunState::Lost => return,
            // It should have been promoted.
            RunState::Succeeded if run.reason.is_some() => {
                (Tone::Failed, format!("{key}: {}", run.reason.as_deref().unwrap_or_default()))
            }
            RunState::Succeeded => (Tone::Done, format!("{key} is built: ‹promote› promotes it")),
            RunState::Cancelled => (Tone::Info, format!("{key}: build cancelled")),
        };
        self.notice(tone, text);
    }

    /// Age of what is shown, when vCenter does not keep it current.
    pub(crate) fn stale(&self) -> Option<String> {
        let fresh = self.session.fresh?;
        (self.session.link != LinkState::Live).then(|| age::spoken(self.now, fresh))
    }

    /// A fingerprint of every text on screen that depends on the time.
    pub(super) fn visible_times(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        let short = |then| age::short(self.now, then, &self.zone);
        for row in self.lines.all() {
            let generations = &row.generations;
            for vm in [&generations.live, &generations.prev, &generations.build] {
                vm.as_ref().and_then(|vm| vm.created).map(short).hash(&mut hasher);
            }
            row.run.as_ref().map(|run| (short(run.started), run.ended.map(short))).hash(&mut hasher);
            row.remote().map(|remote| short(remote.ended.unwrap_or(remote.began))).hash(&mut hasher);
        }
        match self.panes.view {
            View::Lines | View::Wall => {}
            View::Media => {
                self.media.moments().for_each(|at| (short(at), age::spoken(self.now, at)).hash(&mut hasher));
            }
            View::GitHub => (self.now.as_second() / 10).hash(&mut hasher),
        }
        self.stale().hash(&mut hasher);
        std::iter::once(&Place::MAIN)
            .chain(self.elsewhere.keys())
            .for_each(|at| self.unanswered(*at).hash(&mut hasher));
        if let LinkState::Lost { retry_at, .. } = &self.session.link {
            age::spoken(*retry_at, self.now).hash(&mut hasher);
        }
        self.picture.picture().map(|(_, at)| age::spoken(self.now, at)).hash(&mut hasher);
        hasher.finish()
    }
}
