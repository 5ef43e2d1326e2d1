//! The newest pictures of a record, for those who judge what a console has been doing.

use jiff::Timestamp;

use super::{RecordedFrame, Recording};
use crate::guest::picture::Picture;
use crate::guest::screen::ScreenFrame;

impl Recording {
    /// The newest `count` pictures with the guest's time, the last one once more for as long as it stood. One that cannot
    /// be read any more hides none of the others.
    pub fn newest_frames(&self, count: usize) -> Vec<ScreenFrame> {
        let Some(first) = self.frames.first().map(|frame| frame.at) else { return Vec::new() };
        let since = |at: Timestamp| Some(self.guest_time(first, at));
        let newest = &self.frames[self.frames.len().saturating_sub(count)..];
        let mut shown = Vec::new();
        let mut before: Option<&RecordedFrame> = None;
        for frame in newest {
            let path = self.path(frame);
            match Picture::open(&path) {
                Ok(picture) => {
                    let image = picture.image().to_rgb8();
                    let anew = before.is_some_and(|before| self.was_left(before, frame.at));
                    shown.push(ScreenFrame { name: frame.file.clone(), image, at: since(frame.at), anew });
                    before = Some(frame);
                }
                Err(error) => tracing::warn!(%error, picture = %path.display(), "a recorded picture cannot be read"),
            }
        }
        if let (Some(last), Some(frame)) = (newest.last(), shown.last().cloned()) {
            let anew = self.was_left(last, last.until);
            shown.push(ScreenFrame { at: since(last.until), anew, ..frame });
        }
        shown
    }
}

/// The one form that names of pictures have. A record may come from another machine, so nothing else is ever opened.
pub(super) fn is_frame(file: &str) -> bool {
    let name = file.strip_prefix("frames/").and_then(|name| name.strip_suffix(".png"));
    name.is_some_and(|digits| (1..=20).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()))
}
