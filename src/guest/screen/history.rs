//! What a console has been doing: still, busy, or only turning a spinner.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use image::RgbImage;
use serde::{Deserialize, Serialize};

use super::diff::{FrameDiff, compare, ink};

/// Healthy boots stand still for up to 102 s (measured); nothing is called frozen before this.
pub const FROZEN_AFTER: Duration = Duration::from_secs(120);
/// A page that is known to be an installer at work may show the same for longer: it unpacks a kernel, writes an image,
/// builds an initramfs. Nothing of that kind is called frozen before this.
pub const PROGRESS_FROZEN_AFTER: Duration = Duration::from_secs(15 * 60);
/// A screen that changed within this time is busy.
const BUSY_WINDOW: Duration = Duration::from_secs(30);
/// Newest changes that are kept, to tell a spinner or a clock from progress.
const MAX_CHANGES: usize = 12;
/// A spinner, a clock and systemd's stars stay within so many tiles of 16×16 pixels.
const SPINNER_TILES: usize = 20;
/// Fewer changes than this are not called a spinner.
const MIN_SPINS: usize = 4;
/// Most pixels of ink on a blank screen, which may have a cursor.
pub(super) const MAX_BLANK_INK: usize = 40;

/// What a console is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Motion {
    /// one colour
    Blank,
    /// one colour and a cursor
    BlankCursor,
    /// unchanged for so long that healthy boots would have gone on
    Frozen,
    /// unchanged, but not for long
    Idle,
    /// only a few cells change, the same ones again and again
    Spinner,
    /// it goes on
    Progress,
}

impl Motion {
    /// Whether nothing is on the screen, at most a cursor.
    pub const fn is_blank(self) -> bool {
        matches!(self, Self::Blank | Self::BlankCursor)
    }
}

/// The frames of one console, in order.
#[derive(Debug, Clone, Default)]
pub struct FrameHistory {
    last: Option<RgbImage>,
    began: Option<Duration>,
    changed: Option<Duration>,
    now: Duration,
    cursor: bool,
    changes: VecDeque<Option<Vec<u32>>>,
}

impl FrameHistory {
    /// Takes the next frame; `at` counts from any moment, the same for all frames. Says what changed.
    pub fn push(&mut self, frame: &RgbImage, at: Duration) -> FrameDiff {
        let change = self.last.as_ref().map_or(FrameDiff::Resolution, |last| compare(last, frame));
        self.began.get_or_insert(at);
        self.now = at;
        let touched = match &change {
            FrameDiff::Unchanged | FrameDiff::CursorOnly => None,
            FrameDiff::Pixels { tiles, .. } => Some(Some(tiles.clone())),
            FrameDiff::Resolution => Some(None),
        };
        self.cursor = change == FrameDiff::CursorOnly || self.cursor && touched.is_none();
        if let Some(tiles) = touched {
            self.changed = Some(at);
            self.changes.push_back(tiles);
            self.changes.drain(..self.changes.len().saturating_sub(MAX_CHANGES));
        }
        if change != FrameDiff::Unchanged {
            self.last = Some(frame.clone());
        }
        change
    }

    /// Since when nothing but a cursor moved.
    pub fn unchanged_since(&self) -> Option<Duration> {
        self.changed
    }

    /// For how long nothing but a cursor has moved.
    pub fn quiet(&self) -> Duration {
        self.changed.map_or(Duration::ZERO, |changed| self.now.saturating_sub(changed))
    }

    /// What the console is doing; `None` before the first frame.
    pub fn motion(&self) -> Option<Motion> {
        let ink = ink(self.last.as_ref()?);
        if ink <= MAX_BLANK_INK {
            return Some(if ink == 0 && !self.cursor { Motion::Blank } else { Motion::BlankCursor });
        }
        let quiet = self.now.saturating_sub(self.changed?);
        Some(match quiet {
            quiet if quiet >= FROZEN_AFTER => Motion::Frozen,
            quiet if quiet >= BUSY_WINDOW => Motion::Idle,
            _ if self.is_spinner() => Motion::Spinner,
            // The first frame is no change that anybody saw.
            _ if self.changed == self.began => Motion::Idle,
            _ => Motion::Progress,
        })
    }

    /// A spinner comes back to the same few tiles; a bar moves on to new ones.
    fn is_spinner(&self) -> bool {
        let spins: Vec<&Vec<u32>> = self.changes.iter().rev().map_while(Option::as_ref).collect();
        if spins.len() < MIN_SPINS {
            return false;
        }
        let (newer, older) = spins.split_at(spins.len() / 2);
        let known: BTreeSet<u32> = older.iter().copied().flatten().copied().collect();
        known.len() <= SPINNER_TILES && newer.iter().copied().flatten().all(|tile| known.contains(tile))
    }
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    /// A screen with text-like ink and one mark at a column of its last row.
    fn screen(mark: u32) -> RgbImage {
        RgbImage::from_fn(640, 480, |x, y| {
            let ink = y < 100 && (x + y) % 3 == 0 || (460..476).contains(&y) && (mark * 8..mark * 8 + 8).contains(&x);
            Rgb([if ink { 200 } else { 0 }; 3])
        })
    }

    fn motion(frames: impl IntoIterator<Item = (u64, RgbImage)>) -> Option<Motion> {
        let mut history = FrameHistory::default();
        frames.into_iter().for_each(|(at, frame)| drop(history.push(&frame, Duration::from_secs(at))));
        history.motion()
    }

    #[test]
    fn standing_still_is_frozen_only_after_a_while() {
        assert_eq!(motion((0..30).map(|n| (n * 4, screen(0)))), Some(Motion::Idle));
        assert_eq!(motion((0..31).map(|n| (n * 4, screen(0)))), Some(Motion::Frozen));
        assert_eq!(motion([]), None);
    }

    #[test]
    fn a_spinner_is_neither_still_nor_progress() {
        assert_eq!(motion((0..20).map(|n| (n * 4, screen(n as u32 % 2)))), Some(Motion::Spinner));
        assert_eq!(motion((0..20).map(|n| (n * 4, screen(n as u32 * 4)))), Some(Motion::Progress));
    }

    #[test]
    fn blank_is_told_from_frozen() {
        let blank = || RgbImage::new(640, 480);
        let mut cursor = blank();
        (0..8).for_each(|x| cursor.put_pixel(x, 14, Rgb([200; 3])));
        assert_eq!(motion([(0, blank()), (500, blank())]), Some(Motion::Blank));
        // It may just be dark when the last picture is taken.
        assert_eq!(motion([(0, blank()), (1, cursor), (2, blank())]), Some(Motion::BlankCursor));
    }
}
