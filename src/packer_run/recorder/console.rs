//! What the guest's console shows: pictures that differ are kept, those that stand are read.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::task::JoinHandle;

use super::{Backoff, CurrentFrame, RecorderTask, screen_text};
use crate::guest::picture::Picture;
use crate::guest::recording::{FRAMES, RecordedFrame, ScreenReading, TimelineEvent};
use crate::vcenter::{Error, Vm};

/// Between two pictures that are taken by `CreateScreenshot_Task`: each one is work for vCenter and its datastore.
const SCREENSHOT_TASK_INTERVAL: Duration = Duration::from_secs(30);
/// Longest pause after a failure.
pub(super) const MAX_BACKOFF: Duration = Duration::from_secs(300);
/// Polls without a change after which the text of a picture is read.
pub(super) const STILL_POLLS_BEFORE_READING: u32 = 1;

impl RecorderTask {
    pub(super) async fn take_picture(&mut self, vm: &Vm) -> std::io::Result<()> {
        if self.pictures.is_waiting() {
            return Ok(());
        }
        let log = std::fs::metadata(&self.target.log).map_or(0, |log| log.len());
        let at = self.now();
        let picture = match Picture::take(&self.client, vm, self.frame_filter.width()).await {
            Ok(picture) => picture,
            Err(error) => return self.no_picture(&error),
        };
        self.pictures = Backoff::up_to(MAX_BACKOFF);
        if self.screenshots_by_task {
            self.next_picture = Some(Instant::now() + SCREENSHOT_TASK_INTERVAL.div_f64(self.pace.max(0.01)));
        }
        self.record_picture(picture, at, log).await
    }

    /// A refused password is not tried again; everything else with growing pauses.
    pub(super) fn no_picture(&mut self, error: &Error) -> std::io::Result<()> {
        self.pictures.given_up = matches!(error, Error::Login { .. } | Error::Settings(_));
        self.pictures.back_off();
        let text = format!("no pictures of the console: {error}");
        if self.pictures.reported.as_ref() != Some(&text) {
            self.pictures.reported = Some(text.clone());
            self.note(text, true)?;
        }
        Ok(())
    }

    pub(super) async fn record_picture(&mut self, picture: Picture, at: Timestamp, log: u64) -> std::io::Result<()> {
        let elapsed = self.began.elapsed().mul_f64(self.pace);
        let (mut frame_filter, shown) = (std::mem::take(&mut self.frame_filter), picture.clone());
        let seen = crate::task::spawn_blocking(move || {
            let decision = frame_filter.decide(&shown.image().to_rgb8(), elapsed);
            (frame_filter, decision)
        });
        let (frame_filter, decision) = seen.await.map_err(std::io::Error::other)?;
        self.frame_filter = frame_filter;
        if decision.keep {
            let file = format!("{FRAMES}/{}.png", at.as_millisecond());
            let frame = RecordedFrame {
                at,
                file: file.clone(),
                until: at,
                changed: decision.changed,
                log,
                kind: decision.kind,
            };
            self.store.keep(picture.png(), frame, decision.pixels)?;
            self.current_frame = Some(CurrentFrame { file, picture, polls: 0, read: false });
            self.settles = true;
            return Ok(());
        }
        self.store.add(&TimelineEvent::Still { at, kind: decision.kind })?;
        if let Some(current_frame) = &mut self.current_frame {
            current_frame.polls += 1;
        }
        if !decision.kind.is_blank() {
            self.start_reading();
        }
        Ok(())
    }

    /// Reads the picture that stands; one at a time, beside the looks.
    pub(super) fn start_reading(&mut self) {
        if self.reading.is_some() {
            return;
        }
        let Some(current_frame) =
            self.current_frame.as_mut().filter(|s| s.polls >= STILL_POLLS_BEFORE_READING && !s.read)
        else {
            return;
        };
        current_frame.read = true;
        let (picture, file) = (current_frame.picture.clone(), current_frame.file.clone());
        let (screens, scrubber, at) = (Arc::clone(&self.screens), Arc::clone(&self.scrubber), self.now());
        self.reading = Some(crate::task::spawn(async move {
            let loaded = crate::task::spawn_blocking(move || {
                LazyLock::force(&screens);
                screens
            });
            let (screens, image) = (loaded.await.ok()?, picture.image().to_rgb8());
            screen_text::read(&image, file, at, &screens, &scrubber).await
        }));
    }

    pub(super) fn record_reading(&mut self, read: Option<ScreenReading>) -> std::io::Result<()> {
        read.map_or(Ok(()), |reading| self.store.add(&TimelineEvent::Reading(reading)))
    }
}

/// Waits for the text of a picture; for ever where none is being read.
pub(super) async fn finished(reading: &mut Option<JoinHandle<Option<ScreenReading>>>) -> Option<ScreenReading> {
    let Some(task) = reading else { return std::future::pending().await };
    let read = task.await.ok().flatten();
    *reading = None;
    read
}
