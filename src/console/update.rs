//! Dispatch of messages, and what follows from the state they leave.

use jiff::SignedDuration;

use super::binding::keyed;
use super::effect::Effect;
use super::message::{Msg, Reply, RequestId};
use super::panes::Pane;
use super::state::Console;
use super::toast::Tone;
use crate::vcenter::Place;

/// How long after opening the worst line is gone to, as long as no key was pressed: by then everybody answered.
const OPENING: SignedDuration = SignedDuration::from_secs(60);

impl Console {
    /// Takes one message; what is to be done outside comes back.
    pub fn update(&mut self, msg: Msg) -> Vec<Effect> {
        let mut effects = Vec::new();
        let of_time_alone = matches!(msg, Msg::Drawn { .. } | Msg::Clock { .. });
        let changed = self.dispatch(msg, &mut effects);
        if changed {
            self.changed();
        }
        if !of_time_alone {
            self.follow_up(&mut effects);
        }
        effects
    }

    /// Returns whether the screen may have changed.
    fn dispatch(&mut self, msg: Msg, effects: &mut Vec<Effect>) -> bool {
        match msg {
            Msg::Ticked { now } => return self.ticked(now),
            Msg::Drawn { at } => return self.drawn(at),
            Msg::Clock { at } => return self.clock(at),
            Msg::KeyPressed(press) => self.key_pressed(press, effects),
            Msg::Pasted(text) => self.pasted(&text),
            Msg::PluginEnded { request, answer } => {
                self.plugins.retain(|(running, _)| *running != request);
                return self.errand_ended(request, answer);
            }
            Msg::Troubled(text) => self.notice(Tone::Failed, text),
            Msg::ContextEntered { request, answer } => return self.context_entered(request, answer, effects),
            Msg::Clicked(target) => self.clicked(target, effects),
            Msg::Wheeled { at, rows } => self.wheeled(at, rows, effects),
            Msg::Measured(measures) => {
                self.panes.measures = measures;
                self.log.measured(measures.log);
            }
            Msg::FolderChanged(event) => return self.folder_changed(Place::MAIN, event),
            Msg::PlacesRead(places) => self.places_read(places, effects),
            Msg::ElsewhereChanged(place, event) => return self.folder_changed(place, event),
            Msg::ServerRead(server) => return std::mem::replace(&mut self.session.server, server) != server,
            Msg::PrivilegesRead(missing) => self.session.missing = missing,
            Msg::ResourcesRead(resources) => return self.resources_read(resources),
            Msg::RunsRead(runs) => self.runs_read(runs, effects),
            Msg::AcknowledgedRead(all) => return self.acknowledged_read(all),
            Msg::DeedsRead(deeds) => return std::mem::replace(&mut self.deeds, deeds) != self.deeds,
            Msg::HistoryRead { key, answer } => return self.history_read(key, answer),
            Msg::PictureTaken { request, answer } => return self.picture.taken(request, answer, self.now),
            Msg::TileTaken { request, answer } => return self.tile_taken(request, answer),
            Msg::Guarded { request, answer } => return self.guarded(request, answer),
            Msg::TeachingTried { request, answer } => return self.teaching_tried(request, answer),
            Msg::Progressed { request, step, tried } => return self.progressed(request, step, tried),
            Msg::Finished { request, answer } => self.finished(request, answer, effects),
            Msg::LogGrew { request, answer } => return self.log.grew(request, answer),
            Msg::LogTailed { request, rows } => return self.log.tailed(request, rows),
            Msg::LogRead { request, answer } => return self.log.read(request, answer),
            Msg::LogFound { request, answer } => match self.log.found(request, answer) {
                Some(Ok(text)) => self.notice(Tone::Info, text),
                Some(Err(reason)) => self.notice(Tone::Failed, reason),
                None => {}
            },
            Msg::Saved { request, answer } => {
                // The demo's own folder is removed when it ends.
                let goes = if self.session.simulated { " (removed when the demo ends)" } else { "" };
                let answer = answer.map(|file| format!("saved {file}{goes}"));
                return self.errand_ended(request, answer);
            }
            Msg::Clipped { answer: Ok(text) } => self.notice(Tone::Done, text),
            Msg::Clipped { answer: Err(reason) } => self.notice(Tone::Failed, reason),
            Msg::Copied { request, answer } => return self.copied(request, answer, effects),
            Msg::Recorded { request, answer } => return self.timeline.grew(request, answer),
            Msg::HabitsRead { request, habits } => return self.timeline.learnt(request, habits),
            Msg::FrameRead { request, answer } => return self.timeline.read(request, answer),
            Msg::WordsRead { request, answer } => return self.words_read(request, answer, effects),
            Msg::Judged { request, answer } => return self.verdicts.judged(request, answer, self.now),
            Msg::GitHub(heard) => return self.heard(heard, effects),
            Msg::Media(report) => return self.media_reported(report, effects),
            Msg::Signalled => effects.push(Effect::Quit),
        }
        true
    }

    /// Time went on. The screen changes only when a text of it does.
    fn ticked(&mut self, now: jiff::Timestamp) -> bool {
        let before = self.visible_times();
        self.now = now;
        let stale = self.mark_stale();
        self.toasts.expire(now) || stale || before != self.visible_times()
    }

    fn copied(&mut self, request: RequestId, answer: Reply<String>, effects: &mut Vec<Effect>) -> bool {
        match answer {
            Ok(text) => {
                let Some(index) = self.errands.iter().position(|errand| *errand == request) else { return false };
                self.errands.swap_remove(index);
                let lines = text.lines().count();
                let what = format!("{lines} line{} of the log", if lines == 1 { "" } else { "s" });
                effects.push(Effect::Clipboard { text, what });
                true
            }
            Err(reason) => self.errand_ended(request, Err(reason)),
        }
    }

    fn errand_ended(&mut self, request: RequestId, answer: Reply<String>) -> bool {
        let Some(index) = self.errands.iter().position(|errand| *errand == request) else { return false };
        self.errands.swap_remove(index);
        match answer {
            Ok(text) => self.notice(Tone::Done, text),
            Err(reason) => self.notice(Tone::Failed, reason),
        }
        true
    }

    /// What the new state asks for: the right log, its lines on screen, a fresh picture.
    fn follow_up(&mut self, effects: &mut Vec<Effect>) {
        self.look_at_github(effects);
        self.mark_at_work();
        self.mark_acknowledged(effects);
        // Somebody who looked for a minute without touching a key is reading what is there.
        let opening = self.now.duration_since(self.opened) < OPENING;
        if opening && self.lines.select_worst() {
            self.changed();
        }
        self.forget_past_of_others();
        let selected = self.lines.selected();
        let source = selected.zip(self.shown_run()).map(|(row, run)| (row.line.key.clone(), run.log.clone()));
        let guest = selected.filter(|_| !self.looks_back()).and_then(|row| row.guest()).cloned();
        self.words.turn_to(selected.map(|row| (row.line.key.clone(), guest.as_ref().map(|vm| vm.moid.clone()))));
        if self.picture.turn_to(guest.as_ref().map(|vm| (vm.place, &vm.moid))) {
            self.changed();
        }
        let request = self.request();
        let opened = self.log.show(source, request);
        if opened.is_some() {
            self.changed();
        }
        effects.extend(opened);
        if self.visible(Pane::Log) {
            let request = self.request();
            effects.extend(self.log.wants(request));
        }
        self.follow_timeline(effects);
        self.media_wants(effects);
        self.wall_wants(effects);
        self.judge_what_is_due(effects);
        self.tell_alarms(effects);
        self.read_words(effects);
        if let Some(vm) = guest.filter(|_| self.visible(Pane::Picture)) {
            let request = self.request();
            effects.extend(self.picture.wants(&vm, self.now, request));
        }
    }

    /// Shows a notice.
    pub(super) fn notice(&mut self, tone: Tone, text: impl Into<String>) {
        self.toasts.push(self.now, tone, keyed(text.into().as_str()));
    }
}
