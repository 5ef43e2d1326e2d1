//! Which console pictures are worth keeping.

use std::time::Duration;

use image::RgbImage;

use crate::guest::recording::Area;
use crate::guest::screen::{FrameDiff, FrameHistory, Motion};

/// While only a spinner turns, one picture in this time is enough.
const SPINNER_FRAME_INTERVAL: Duration = Duration::from_secs(60);
/// Larger consoles are graphical ones: the server may scale them to this width. Smaller ones are read by their pixels.
const MAX_WIDTH: u32 = 1280;

/// Decides about the pictures of one guest's console.
#[derive(Debug, Default)]
pub struct FrameFilter {
    history: FrameHistory,
    spinner_kept_at: Option<Duration>,
    width: Option<u32>,
}

/// What to do with one picture.
#[derive(Debug, PartialEq, Eq)]
pub struct FrameDecision {
    /// something new: keep the picture
    pub keep: bool,
    /// where it differs from the one before
    pub changed: Option<Area>,
    /// how much, in pixels
    pub pixels: u32,
    /// what the console is doing
    pub kind: Motion,
}

impl FrameFilter {
    /// Takes a picture in; `at` is the guest's time since any moment.
    pub fn decide(&mut self, image: &RgbImage, at: Duration) -> FrameDecision {
        let change = self.history.push(image, at);
        let kind = self.history.motion().unwrap_or(Motion::Idle);
        let (pixels, changed) = match &change {
            FrameDiff::Unchanged | FrameDiff::CursorOnly => (0, None),
            FrameDiff::Pixels { pixels, bounds: (left, top, right, bottom), .. } => {
                (*pixels, Some(Area { left: *left, top: *top, right: *right, bottom: *bottom }))
            }
            FrameDiff::Resolution => (image.width() * image.height(), None),
        };
        let fresh = !matches!(change, FrameDiff::Unchanged | FrameDiff::CursorOnly);
        let spins = kind == Motion::Spinner;
        let due = self.spinner_kept_at.is_none_or(|spun| at.saturating_sub(spun) >= SPINNER_FRAME_INTERVAL);
        let keep = fresh && (!spins || due);
        if fresh && spins && due {
            self.spinner_kept_at = Some(at);
        }
        if !spins {
            self.spinner_kept_at = None;
        }
        self.choose_width(image, &change);
        FrameDecision { keep, changed, pixels, kind }
    }

    /// The width to ask the server for; `None` = as it is.
    pub fn width(&self) -> Option<u32> {
        self.width
    }

    /// A new screen is asked for as it is first: it may be a small one, which scaling would only blur.
    fn choose_width(&mut self, image: &RgbImage, change: &FrameDiff) {
        let pixels = image.width() * image.height();
        let new = match change {
            FrameDiff::Unchanged | FrameDiff::CursorOnly => false,
            FrameDiff::Pixels { pixels: differ, .. } => *differ > pixels / 4,
            FrameDiff::Resolution => self.width.is_none() && image.width() <= MAX_WIDTH,
        };
        if new && self.width.is_some() {
            self.width = None;
        } else if image.width() > MAX_WIDTH {
            self.width = Some(MAX_WIDTH);
        }
    }
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    fn screen(width: u32, mark: u32) -> RgbImage {
        RgbImage::from_fn(width, 400, |x, y| {
            let ink = y < 90 && (x + y) % 3 == 0 || (360..376).contains(&y) && (mark * 8..mark * 8 + 8).contains(&x);
            Rgb([if ink { 200 } else { 0 }; 3])
        })
    }

    fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_picture_is_kept_when_it_differs() {
        let mut frame_filter = FrameFilter::default();
        assert!(frame_filter.decide(&screen(720, 0), secs(0)).keep);
        assert_eq!(
            frame_filter.decide(&screen(720, 0), secs(5)),
            FrameDecision { keep: false, changed: None, pixels: 0, kind: Motion::Idle }
        );
        let decision = frame_filter.decide(&screen(720, 4), secs(10));
        assert_eq!((decision.keep, decision.kind), (true, Motion::Progress));
        assert_eq!(decision.changed, Some(Area { left: 0, top: 360, right: 39, bottom: 375 }));
    }

    #[test]
    fn a_spinner_does_not_fill_the_record() {
        let mut frame_filter = FrameFilter::default();
        let polls = (0..72).map(|n| frame_filter.decide(&screen(64, n % 2), secs(u64::from(n) * 5)));
        let kept: Vec<bool> = polls.map(|decision| decision.keep).collect();
        let late = kept[12..].iter().filter(|kept| **kept).count();
        assert_eq!(late, 5, "one a minute: {kept:?}");
    }

    #[test]
    fn only_large_consoles_are_scaled_and_a_new_screen_is_seen_as_it_is() {
        let mut frame_filter = FrameFilter::default();
        frame_filter.decide(&screen(1280, 0), secs(0));
        assert_eq!(frame_filter.width(), None);
        frame_filter.decide(&screen(1920, 0), secs(5));
        assert_eq!(frame_filter.width(), Some(1280));
        frame_filter.decide(&screen(1280, 0), secs(10));
        assert_eq!(frame_filter.width(), Some(1280), "the scaled picture of the same screen");
        frame_filter.decide(&RgbImage::from_pixel(1280, 400, Rgb([9, 9, 9])), secs(15));
        assert_eq!(frame_filter.width(), None);
    }
}
