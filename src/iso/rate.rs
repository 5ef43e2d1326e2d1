//! The rate of a transfer, and the time it still takes.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The rate is that of the last so many seconds: an average since the beginning hides that it got slow.
const WINDOW: Duration = Duration::from_secs(10);
/// Shortest interval between two samples.
const MIN_SAMPLE_INTERVAL: Duration = Duration::from_millis(200);

/// Rate of a transfer over the last ten seconds: points in time with the bytes done by then.
#[derive(Debug, Clone, Default)]
pub struct TransferRate(VecDeque<(Instant, u64)>);

impl TransferRate {
    /// Takes a sample: `done` bytes in all by now. Returns whether it was taken, which is at most five times a second: often
    /// enough to report it.
    pub fn record(&mut self, now: Instant, done: u64) -> bool {
        if self.0.back().is_some_and(|(last, _)| now.duration_since(*last) < MIN_SAMPLE_INTERVAL) {
            return false;
        }
        self.0.push_back((now, done));
        while self.0.len() > 2 && self.0.get(1).is_some_and(|(then, _)| now.duration_since(*then) >= WINDOW) {
            self.0.pop_front();
        }
        true
    }

    /// Bytes a second, lately.
    pub fn rate(&self) -> Option<u64> {
        let ((first, from), (last, to)) = (self.0.front()?, self.0.back()?);
        let seconds = last.duration_since(*first).as_secs_f64();
        // Bytes are far below what a float cannot hold exactly.
        (seconds > 0.0).then(|| (to.saturating_sub(*from) as f64 / seconds) as u64)
    }
}

/// How long `left` bytes take at `rate` bytes a second; `None` when nothing moves.
pub fn time_left(left: u64, rate: u64) -> Option<Duration> {
    (rate > 0).then(|| Duration::from_secs(left.div_ceil(rate)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_of_the_last_seconds() {
        let start = Instant::now();
        let mut pace = TransferRate::default();
        assert_eq!(pace.rate(), None);
        for second in 0..=30 {
            let done = if second <= 20 { second * 1000 } else { 20_000 + (second - 20) * 10 };
            assert!(pace.record(start + Duration::from_secs(second), done));
        }
        assert_eq!(pace.rate(), Some(10));
        assert!(!pace.record(start + Duration::from_millis(30_100), 0), "too soon to tell");
        assert_eq!(time_left(100, 10), Some(Duration::from_secs(10)));
        assert_eq!(time_left(101, 10), Some(Duration::from_secs(11)));
        assert_eq!(time_left(1, 0), None);
    }
}
