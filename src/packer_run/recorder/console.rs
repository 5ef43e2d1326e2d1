//! What the guest's console shows: pictures that differ are kept, those that stand are read.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::{Backoff, Standing, Work, screen_text};
use crate::guest::picture::Picture;
use crate::guest::recording::{FRAMES, RecordedFrame, TimelineEvent};
use crate::guest::screen::Motion;
use crate::vcenter::{Error, Vm};

/// Where pictures come by tasks and files (`CreateScreenshot_Task`), each one is work for vCenter.
const EVERY_TASK: Duration = Duration::from_secs(30);
/// After trouble the next try comes ever later, up to this.
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// Looks without a change after which a picture is read.
pub(super) const STANDS: u32 = 2;

impl Work {
    pub(super) async fn ask_picture(&mut self, vm: &Vm) -> std::io::Result<()> {
        if self.pictures.waits() {
            return Ok(());
        }
        let log = std::fs::metadata(&self.subject.log).map_or(0, |log| log.len());
        let at = self.now();
        let picture = match Picture::take(&self.client, vm, self.frame_filter.width()).await {
            Ok(picture) => picture,
            Err(error) => return self.no_picture(&error),
        };
        self.pictures = Backoff::up_to(LONGEST_PAUSE);
        if self.by_task {
            self.next_picture = Some(Instant::now() + EVERY_TASK.div_f64(self.pace.max(0.01)));
        }
        self.see(picture, at, log).await
    }

    /// A refused password is not tried again; everything else ever more seldom.
    pub(super) fn no_picture(&mut self, error: &Error) -> std::io::Result<()> {
        self.pictures.over = matches!(error, Error::Login { .. } | Error::Settings(_));
        self.pictures.back_off();
        let text = format!("no pictures of the console: {error}");
        if self.pictures.said.as_ref() != Some(&text) {
            self.pictures.said = Some(text.clone());
            self.note(text, true)?;
        }
        Ok(())
    }

    pub(super) async fn see(&mut self, picture: Picture, at: Timestamp, log: u64) -> std::io::Result<()> {
        let elapsed = self.began.elapsed().mul_f64(self.pace);
        let (mut frame_filter, shown) = (std::mem::take(&mut self.frame_filter), picture.clone());
        let seen = tokio::task::spawn_blocking(move || {
            let decision = frame_filter.see(&shown.image().to_rgb8(), elapsed);
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
            self.standing = Some(Standing { file, picture, looks: 0, read: false });
            return Ok(());
        }
        self.store.add(&TimelineEvent::Still { at, kind: decision.kind })?;
        if let Some(standing) = &mut self.standing {
            standing.looks += 1;
        }
        if !matches!(decision.kind, Motion::Blank | Motion::BlankCursor) {
            self.read_words();
        }
        Ok(())
    }

    /// Reads the picture that stands; one at a time, beside the looks.
    pub(super) fn read_words(&mut self) {
        if self.reading.is_some() {
            return;
        }
        let Some(standing) = self.standing.as_mut().filter(|s| s.looks >= STANDS && !s.read) else { return };
        standing.read = true;
        let (picture, file) = (standing.picture.clone(), standing.file.clone());
        let (screens, scrubber, at) = (Arc::clone(&self.screens), Arc::clone(&self.scrubber), self.now());
        self.reading = Some(tokio::spawn(async move {
            let image = picture.image().to_rgb8();
            screen_text::read(&image, file, at, &screens, &scrubber).await
        }));
    }

    pub(super) async fn take_reading(&mut self) -> std::io::Result<()> {
        if let Some(reading) = self.reading.take_if(|reading| reading.is_finished())
            && let Ok(Some(reading)) = reading.await
        {
            self.store.add(&TimelineEvent::Reading(reading))?;
        }
        Ok(())
    }
}
