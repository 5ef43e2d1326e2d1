//! Media: what answers lead to, and what is asked without a key.

use super::super::effect::Effect;
use super::super::message::{Reply, RequestId};
use super::super::panes::{Pane, View};
use super::super::state::Console;
use super::super::toast::Tone;
use super::{IsoStatus, Report, Request, Work};
use crate::pipeline::{Key, Line};
use crate::vcenter::LinkState;

impl Console {
    /// Opens the view of media, or goes back from it. The first time the mirrors are asked at once.
    pub(crate) fn turn_to_media(&mut self, effects: &mut Vec<Effect>) {
        if self.panes.view == View::Media {
            self.panes.view = View::Lines;
            return;
        }
        self.panes.focus(Pane::Lines);
        self.panes.view = View::Media;
        self.panes.zoomed = false;
        if self.lines.all().iter().all(|row| self.media.get(&row.line.key).is_none_or(|row| row.offer.is_none())) {
            self.check_media(effects);
        }
    }

    /// Asks every mirror that is not being asked.
    pub(crate) fn check_media(&mut self, effects: &mut Vec<Effect>) {
        let request = self.request();
        let mut keys = Vec::new();
        for row in self.lines.all() {
            let medium = self.media.row(&row.line.key);
            if medium.checking.is_none() {
                medium.checking = Some(request);
                keys.push(row.line.key.clone());
            }
        }
        if !keys.is_empty() {
            effects.push(Effect::Media(Request::Check { request, keys }));
        }
        self.look_at_media(effects);
    }

    /// Asks the datastore.
    pub(crate) fn look_at_media(&mut self, effects: &mut Vec<Effect>) {
        if self.media.looking.is_some() || self.session.link != LinkState::Live {
            return;
        }
        let request = self.request();
        self.media.looking = Some(request);
        self.media.looked = Some(self.now);
        effects.push(Effect::Media(Request::Look { request }));
    }

    /// Asks it from time to time: a bump whose ISO nobody staged must be seen before the weekly build finds it.
    pub(crate) fn media_wants(&mut self, effects: &mut Vec<Effect>) {
        if self.media.due(self.now) {
            self.look_at_media(effects);
        }
    }

    /// Asks it now, whatever was asked before.
    #[cfg(test)]
    pub(crate) fn look_anew(&mut self) -> Vec<Effect> {
        self.media.looking = None;
        let mut effects = Vec::new();
        self.look_at_media(&mut effects);
        effects
    }

    /// Takes a report; says whether it was waited for.
    pub(crate) fn media_reported(&mut self, report: Report, effects: &mut Vec<Effect>) -> bool {
        match report {
            Report::Looked { request, answer } => self.media_looked(request, answer),
            Report::Checked { request, key, answer } => {
                let now = self.now;
                let medium = self.media.row(&key);
                if medium.checking != Some(request) {
                    return false;
                }
                medium.checking = None;
                medium.offer = Some((now, answer));
                true
            }
            Report::Bumped { request, answer } => self.bumped(request, answer, effects),
            Report::Staging { request, moved } => {
                let Some(key) = self.media.work_of(request) else { return false };
                if let Some(Work::Staging { moved: before, .. }) = &mut self.media.row(&key).work {
                    *before = moved;
                }
                true
            }
            Report::Staged { request, answer } => self.staged(request, answer, effects),
        }
    }

    fn media_looked(&mut self, request: RequestId, answer: Reply<Vec<(Key, IsoStatus)>>) -> bool {
        if self.media.looking != Some(request) {
            return false;
        }
        self.media.looking = None;
        match answer {
            Ok(all) => {
                self.media.trouble = None;
                for (key, seen) in all {
                    self.media.row(&key).seen = Some((self.now, seen));
                    self.mark(&key);
                }
            }
            Err(reason) => self.media.trouble = Some(reason.into()),
        }
        true
    }

    /// Whether the lines view shows the line's ISO as missing.
    fn mark(&mut self, key: &Key) {
        let missing = self.media.get(key).is_some_and(super::Medium::missing);
        self.lines.set_iso_missing(key, missing);
    }

    fn bumped(&mut self, request: RequestId, answer: Reply<Box<Line>>, effects: &mut Vec<Effect>) -> bool {
        let Some(key) = self.media.work_of(request) else { return false };
        let medium = self.media.row(&key);
        medium.work = None;
        match answer {
            Ok(line) => {
                // What was known is of the ISO before.
                (medium.offer, medium.seen) = (None, None);
                let iso = line.iso_url.as_deref().map(crate::iso::discover::file_name).unwrap_or_default().to_owned();
                self.lines.set_line(*line);
                self.mark(&key);
                self.notice(Tone::Done, format!("{key} takes {iso}: commit it, and ‹stage ISO› stages it"));
                self.media.looked = None;
                let again = self.request();
                self.media.row(&key).checking = Some(again);
                effects.push(Effect::Media(Request::Check { request: again, keys: vec![key] }));
            }
            Err(reason) => self.notice(Tone::Failed, format!("{key}: bump failed: {reason}")),
        }
        self.leave_if_done(effects);
        true
    }

    fn staged(&mut self, request: RequestId, answer: Reply<String>, effects: &mut Vec<Effect>) -> bool {
        let Some(key) = self.media.work_of(request) else { return false };
        let medium = self.media.row(&key);
        let stopped = matches!(medium.work, Some(Work::Staging { stopping: true, .. }));
        medium.work = None;
        match answer {
            Ok(text) => self.notice(Tone::Done, text),
            Err(reason) if stopped => self.notice(Tone::Info, format!("{key}: staging {reason}")),
            Err(reason) => self.notice(Tone::Failed, format!("{key}: staging failed: {reason}")),
        }
        self.media.looked = None;
        self.leave_if_done(effects);
        true
    }
}
