//! The recorded pictures of the selected line's newest run, and the moment of it that is looked at.
//!
//! There is one moment for all panes: going through the pictures takes the log along, and going through the log takes the
//! pictures along. Without one, everything shows what is going on now.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

use super::command::Motion;
use super::cursor::Cursor;
use super::effect::{Effect, Sought};
use super::lines::LineRow;
use super::message::{Reply, RequestId};
use super::panes::Pane;
use super::state::Console;
use crate::guest::picture::Picture;
use crate::guest::recording::{RecordedFrame, Recording};
use crate::packer_log::phase_times::TypicalDurations;
use crate::pipeline::Key;

/// The pane's state.
#[derive(Debug, Clone, Default)]
pub struct TimelinePane {
    run: Option<(Key, PathBuf)>,
    open: Option<RequestId>,
    recording: Arc<Recording>,
    habits: TypicalDurations,
    trouble: Option<String>,
    /// the moment looked at; `None` = now
    moment: Option<Timestamp>,
    /// the line of the log that the moment was last compared with
    line: u64,
    picture: Option<(String, Picture)>,
    reading: Option<(RequestId, String)>,
}

impl TimelinePane {
    /// What was recorded of the run.
    pub fn recording(&self) -> &Recording {
        &self.recording
    }

    /// What is usual for the line.
    pub fn habits(&self) -> &TypicalDurations {
        &self.habits
    }

    /// Why the record cannot be read.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// The moment looked at; `None` = now.
    pub fn moment(&self) -> Option<Timestamp> {
        self.moment
    }

    /// Index of the recorded picture looked at, if one is.
    pub fn at(&self) -> Option<usize> {
        self.recording.frame_at(self.moment?)
    }

    /// The recorded picture to show: of the moment looked at, or the last one when `over` (there is no guest any more).
    pub fn frame(&self, over: bool) -> Option<&RecordedFrame> {
        let at = match self.moment {
            Some(moment) => self.recording.frame_at(moment),
            None if over => self.recording.frames.len().checked_sub(1),
            None => None,
        };
        self.recording.frames.get(at?)
    }

    /// The pixels of the recorded picture to show, once they are read.
    pub fn picture(&self, over: bool) -> Option<(&RecordedFrame, &Picture)> {
        let frame = self.frame(over)?;
        self.picture.as_ref().filter(|(file, _)| *file == frame.file).map(|(_, picture)| (frame, picture))
    }

    /// Turns to another run, or none.
    fn turn_to(&mut self, run: Option<(Key, PathBuf)>, request: RequestId) -> Option<Effect> {
        if self.run == run {
            return None;
        }
        *self = Self { run, ..Self::default() };
        let Some((key, dir)) = self.run.clone() else { return Some(Effect::CloseRecording) };
        self.open = Some(request);
        Some(Effect::OpenRecording { request, key, dir })
    }

    /// The record was read, or grew.
    pub(super) fn grew(&mut self, request: RequestId, answer: Reply<Arc<Recording>>) -> bool {
        if self.open != Some(request) {
            return false;
        }
        match answer {
            Ok(recording) => {
                self.recording = recording;
                self.trouble = None;
            }
            Err(reason) => self.trouble = Some(reason.into()),
        }
        true
    }

    /// The logs of earlier runs were read.
    pub(super) fn learnt(&mut self, request: RequestId, habits: TypicalDurations) -> bool {
        let fits = self.open == Some(request);
        if fits {
            self.habits = habits;
        }
        fits
    }

    /// A recorded picture was read.
    pub(super) fn read(&mut self, request: RequestId, answer: Reply<Picture>) -> bool {
        let Some((_, file)) = self.reading.take_if(|(asked, _)| *asked == request) else { return false };
        match answer {
            Ok(picture) => self.picture = Some((file, picture)),
            Err(reason) => self.trouble = Some(reason.into()),
        }
        true
    }

    /// Asks for the recorded picture to show.
    fn wants(&mut self, over: bool, request: RequestId) -> Option<Effect> {
        let frame = self.frame(over)?;
        let known = self.picture.as_ref().is_some_and(|(file, _)| *file == frame.file);
        if known || self.reading.is_some() || self.trouble.is_some() {
            return None;
        }
        let path = self.recording.path(frame);
        self.reading = Some((request, frame.file.clone()));
        Some(Effect::ReadFrame { request, path })
    }

    /// Goes by pictures from the one looked at; beyond the last one lies now.
    fn stepped(&mut self, by: i64) -> bool {
        let count = self.recording.frames.len();
        let here = self.at().unwrap_or(count);
        let mut to = Cursor::at(here);
        to.by(by, count + 1);
        let moment = self.recording.frames.get(to.index(count + 1)).map(|frame| frame.at);
        self.trouble = None;
        std::mem::replace(&mut self.moment, moment) != moment
    }

    /// The recorded picture of a name, as evidence cites it.
    pub fn frame_named(&self, name: &str) -> Option<&RecordedFrame> {
        let named = |frame: &&RecordedFrame| frame.file == name || frame.file.rsplit('/').next() == Some(name);
        self.recording.frames.iter().find(named)
    }

    pub(super) fn now(&mut self) -> bool {
        self.trouble = None;
        self.moment.take().is_some()
    }
}

impl Console {
    /// The build VM is gone, or packer is through with it: the last recorded picture stands for it.
    pub(crate) fn over(&self) -> bool {
        let gone = |row: &LineRow| row.guest().is_none() && row.live_run().is_none();
        self.looks_back() || self.lines.selected().is_some_and(gone)
    }

    /// Keeps the timeline on the selected line's newest run, and the moment on the line of the log that is looked at.
    pub(super) fn follow_timeline(&mut self, effects: &mut Vec<Effect>) {
        let selected = self.lines.selected();
        let run = selected.zip(self.shown_run()).map(|(row, run)| (row.line.key.clone(), run.dir.clone()));
        let request = self.request();
        if let Some(effect) = self.timeline.turn_to(run, request) {
            effects.push(effect);
            self.changed();
        }
        self.moment_of_log();
        if self.visible(Pane::Picture) {
            let (over, request) = (self.over(), self.request());
            effects.extend(self.timeline.wants(over, request));
        }
    }

    /// While one reads back in the log, the picture is the one of that time.
    fn moment_of_log(&mut self) {
        let line = self.log.cursor();
        if self.panes.focus != Pane::Log || self.timeline.recording.frames.is_empty() {
            self.timeline.line = line;
            return;
        }
        let moment = match self.log.stamp_near_cursor() {
            _ if self.log.follows() => None,
            _ if line == self.timeline.line => return,
            // Packer's clock is that of this machine.
            Some(stamp) => stamp.to_zoned(self.zone.clone()).ok().map(|zoned| zoned.timestamp()),
            None => return,
        };
        self.timeline.line = line;
        if self.timeline.moment != moment {
            self.timeline.moment = moment;
            self.changed();
        }
    }

    /// Goes through the recorded pictures, or through the text in place of one; up and down move the lines beside the
    /// picture.
    pub(super) fn scrubbing(&mut self, motion: Motion, effects: &mut Vec<Effect>) {
        if self.words_moved(motion) {
            return;
        }
        let far = i64::from(i32::MAX);
        let by = match motion {
            Motion::Left => -1,
            Motion::Right => 1,
            Motion::PageUp => -10,
            Motion::PageDown => 10,
            Motion::First => -far,
            Motion::Last => far,
            Motion::Up | Motion::Down => return self.lines_moved(motion),
        };
        self.scrub(by, effects);
    }

    /// Goes by recorded pictures, and takes the log along.
    pub(super) fn scrub(&mut self, by: i64, effects: &mut Vec<Effect>) {
        if self.timeline.recording.frames.is_empty() {
            self.notice(super::toast::Tone::Info, "no pictures were recorded of this run");
            return;
        }
        if self.timeline.stepped(by) {
            self.log_of_moment(effects);
        }
    }

    /// Shows a recorded picture by its name.
    pub(super) fn show_frame(&mut self, name: &str, effects: &mut Vec<Effect>) {
        if let Some(at) = self.timeline.frame_named(name).map(|frame| frame.at) {
            self.show_moment(at, effects);
        }
    }

    /// Goes to a moment, and takes the log along.
    pub(super) fn show_moment(&mut self, at: Timestamp, effects: &mut Vec<Effect>) {
        self.timeline.moment = Some(at);
        self.timeline.trouble = None;
        self.log_of_moment(effects);
    }

    /// The log jumps to what was said at the moment looked at; now = its end.
    fn log_of_moment(&mut self, effects: &mut Vec<Effect>) {
        if self.timeline.moment.is_none() {
            self.log.ends(true);
            return;
        }
        let Some(offset) =
            self.timeline.at().and_then(|at| self.timeline.recording.frames.get(at)).map(|frame| frame.log)
        else {
            return;
        };
        let request = self.request();
        effects.extend(self.log.seek(Sought::Offset(offset), true, request));
    }

    /// Back to what is going on now.
    pub(super) fn return_to_now(&mut self) -> bool {
        let was = self.timeline.now();
        if was {
            self.log.ends(true);
        }
        was
    }
}
