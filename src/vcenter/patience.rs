//! How long an answer of vCenter may be late before that is worth telling: what is usual for this one, and some more.

use std::collections::VecDeque;
use std::time::Duration;

/// Answers that are remembered.
const REMEMBERED: usize = 8;
/// No vCenter gets less.
const LEAST: Duration = Duration::from_millis(1500);
/// None gets more, however slow it is.
const MOST: Duration = Duration::from_secs(8);

/// What is usual for one vCenter.
#[derive(Debug)]
pub(super) struct Patience(VecDeque<Duration>);

impl Patience {
    /// Of one whose first answer took so long.
    pub(super) fn new(first: Duration) -> Self {
        // Twice: one slow answer alone makes no slow server.
        Self(VecDeque::from([first, first]))
    }

    /// An answer was so late.
    pub(super) fn answered(&mut self, late: Duration) {
        if self.0.len() == REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back(late);
    }

    /// How late the next one may be: twice what is usual. Usual is the slowest but one: a single one that had to be waited
    /// for does not hide the next.
    pub(super) fn grace(&self) -> Duration {
        let mut sorted: Vec<_> = self.0.iter().copied().collect();
        sorted.sort_unstable_by(|a, b| b.cmp(a));
        (sorted.get(1).copied().unwrap_or_default() * 2).clamp(LEAST, MOST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[test]
    fn a_slow_server_gets_more_time_and_a_frozen_one_is_told_of_again() {
        let mut quick = Patience::new(ms(20));
        assert_eq!(quick.grace(), LEAST);
        quick.answered(ms(20_000));
        assert_eq!(quick.grace(), LEAST, "it froze once");
        let mut slow = Patience::new(ms(1_900));
        assert_eq!(slow.grace(), ms(3_800));
        for _ in 0..REMEMBERED {
            slow.answered(ms(30));
        }
        assert_eq!(slow.grace(), LEAST, "it is quick again");
        for _ in 0..REMEMBERED {
            slow.answered(ms(30_000));
        }
        assert_eq!(slow.grace(), MOST);
    }
}
