//! The newest pictures of a record, for those who judge what a console has been doing.

use std::time::Duration;

use jiff::Timestamp;

use super::Recording;
use crate::guest::picture::Picture;
use crate::guest::screen::ScreenFrame;

impl Recording {
    /// The newest `count` pictures with the guest's time, the last one once more for as long as it stood. One that cannot
    /// be read any more hides none of the others.
    pub fn newest_frames(&self, count: usize) -> Vec<ScreenFrame> {
        let Some(first) = self.frames.first().map(|frame| frame.at) else { return Vec::new() };
        let pace = self.pace.unwrap_or(1.0).clamp(0.001, 1e6);
        let since = |at: Timestamp| Duration::try_from(at.duration_since(first)).ok().map(|time| time.mul_f64(pace));
        let newest = &self.frames[self.frames.len().saturating_sub(count)..];
        let mut shown = Vec::new();
        for frame in newest {
            let path = self.path(frame);
            match Picture::open(&path) {
                Ok(picture) => {
                    let image = picture.image().to_rgb8();
                    shown.push(ScreenFrame { name: frame.file.clone(), image, at: since(frame.at) });
                }
                Err(error) => tracing::warn!(%error, picture = %path.display(), "a recorded picture cannot be read"),
            }
        }
        if let (Some(last), Some(frame)) = (newest.last(), shown.last().cloned()) {
            shown.push(ScreenFrame { at: since(last.until), ..frame });
        }
        shown
    }
}

/// The one form that names of pictures have. A record may come from another machine, so nothing else is ever opened.
pub(super) fn is_frame(file: &str) -> bool {
    let name = file.strip_prefix("frames/").and_then(|name| name.strip_suffix(".png"));
    name.is_some_and(|digits| (1..=20).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()))
}
