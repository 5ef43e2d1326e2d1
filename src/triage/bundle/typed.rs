//! When secrets were typed into the guest: by packer's boot command, which its debug log has key by key, and by people.

use std::io::{self, BufRead};
use std::ops::Range;

use jiff::{SignedDuration, Timestamp};

use crate::guest::recording::{RecordedFrame, Recording};
use crate::text::Scrubber;
use crate::text::lines::{LineSplitter, Piece};
use crate::text::redact::{KeyMatcher, typed_key};

/// How long what was typed may still be seen: until a loader has booted what it was told to.
const STAYS: SignedDuration = SignedDuration::from_secs(60);
/// How far clocks of those who type and who record may be apart.
const CLOCKS: SignedDuration = SignedDuration::from_secs(5);
/// A line that tells of a key is short.
const MAX_LINE_BYTES: usize = 4 << 10;
/// Keys of a secret that was begun and not finished, from which on it counts.
const BEGUN: usize = 3;

/// From the first key of a secret to the last key of all that packer typed, in bytes of its log.
///
/// # Errors
/// Those of reading.
pub fn secret_keys(mut log: impl BufRead, scrubber: &Scrubber) -> io::Result<Option<Range<u64>>> {
    let mut matcher = KeyMatcher::new(scrubber.keys());
    let mut lines = LineSplitter::new(MAX_LINE_BYTES);
    let (mut first, mut last) = (None, 0);
    let mut mark = |at: &u64, _: usize| first = Some(first.map_or(*at, |first: u64| first.min(*at)));
    let mut at = 0;
    let mut take = |piece: Piece<'_>| {
        let end = at + piece.bytes.len() as u64 + u64::from(piece.last);
        if let Some((_, key)) = typed_key(piece.bytes).filter(|_| piece.first) {
            matcher.push(at, key, &mut mark);
            last = end;
        }
        at = end;
    };
    loop {
        let piece = log.fill_buf()?;
        let got = piece.len();
        if got == 0 {
            break;
        }
        lines.push(piece, &mut take);
        log.consume(got);
    }
    lines.finish(&mut take);
    matcher.give_up(BEGUN, &mut mark);
    Ok(first.map(|first| first..last))
}

/// When something was typed that may be a secret and may still be seen.
pub struct TypedTimes {
    /// by people
    people: Vec<Range<Timestamp>>,
    /// packer's keys, in bytes of its log
    keys: Option<Range<u64>>,
    /// when they are seen no more
    end: Timestamp,
}

impl TypedTimes {
    /// Of a record; `keys` are packer's that are secret, in bytes of its log.
    pub fn of(recording: &Recording, keys: Option<Range<u64>>) -> Self {
        let people = recording.typed.iter().map(|typed| typed.at - CLOCKS..typed.until + STAYS).collect();
        let after = |keys: &Range<u64>| recording.frames.iter().find(|frame| frame.log > keys.end);
        let end = keys.as_ref().and_then(after).map_or(Timestamp::MAX, |frame| frame.at + STAYS);
        Self { people, keys, end }
    }

    /// Whether a picture may show it.
    pub fn meet(&self, frame: &RecordedFrame) -> bool {
        let by_packer = self.keys.as_ref().is_some_and(|keys| frame.log >= keys.start && frame.at <= self.end);
        by_packer || self.people.iter().any(|typed| typed.contains(&frame.at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guest::recording::Typed;
    use crate::guest::screen::Motion;

    const SECRET: &str = "hunter2-is-it";

    fn keys(text: &str) -> String {
        text.chars()
            .map(|key| format!("2026/03/01 02:03:04 plugin: Sending char '{key}', code Code, shift false\n"))
            .collect()
    }

    fn secrets_of(log: &str) -> Option<Range<u64>> {
        let scrubber = Scrubber::from_env([("PKR_VAR_build_password".to_owned(), SECRET.to_owned())]);
        secret_keys(log.as_bytes(), &scrubber).unwrap()
    }

    #[test]
    fn a_typed_secret_lasts_from_its_first_key_to_the_last_key_of_all() {
        let (before, after) = (format!("{}{}", "begin\n".repeat(9000), keys("auto url=")), keys(" quiet<"));
        let log = format!("{before}{}{after}{}", keys(SECRET), "Waiting for IP...\n".repeat(900));
        let typed = (before.len() + keys(SECRET).len() + after.len()) as u64;
        assert_eq!(secrets_of(&log), Some(before.len() as u64..typed));
        assert_eq!(secrets_of(&format!("{before}{}", keys("auto quiet"))), None);
        assert!(secrets_of(&keys(&SECRET[..6])).is_some(), "what was begun, too");
    }

    #[test]
    fn pictures_while_something_is_typed_and_a_minute_after() {
        let at = |second: i64| Timestamp::from_second(1_800_000_000 + second).unwrap();
        let frame = |second, log| RecordedFrame {
            at: at(second),
            file: String::new(),
            until: at(second),
            changed: None,
            log,
            kind: Motion::Idle,
        };
        let frames = vec![frame(0, 90), frame(5, 100), frame(10, 150), frame(15, 220), frame(70, 300), frame(80, 300)];
        let typed = vec![Typed { at: at(500), until: at(500) }, Typed { at: at(500), until: at(520) }];
        let mut recording = Recording::default();
        (recording.frames, recording.typed) = (frames.clone(), typed);
        let times = TypedTimes::of(&recording, Some(100..200));
        let met: Vec<bool> = frames.iter().map(|frame| times.meet(frame)).collect();
        assert_eq!(met, [false, true, true, true, true, false]);
        let later = [494, 496, 579, 581].map(|second| times.meet(&frame(second, 900)));
        assert_eq!(later, [false, true, true, false]);
        assert!(!TypedTimes::of(&recording, None).meet(&frame(5, 150)));
    }
}
