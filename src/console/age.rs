//! How old something is, in the few characters a column has.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::duration;

const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Relative up to a week (`12s`, `4m`, `3h`, `3d`), then the date in the user's zone: `Nov 02`, and in other years
/// `2025-11-02`.
///
/// A moment in the future (clocks differ) counts as now.
pub fn short(now: Timestamp, then: Timestamp, zone: &TimeZone) -> String {
    let age = now.duration_since(then);
    if age <= WEEK {
        return duration::rough(age);
    }
    let (then, now) = (then.to_zoned(zone.clone()), now.to_zoned(zone.clone()));
    then.strftime(if then.year() == now.year() { "%b %d" } else { "%Y-%m-%d" }).to_string()
}

/// As [`short`], for running text: `3 s`, `4 min`, `3 h`, `3 days`.
pub fn spoken(now: Timestamp, then: Timestamp) -> String {
    duration::in_words(now.duration_since(then))
}

/// Time of day in the user's zone, to the second.
pub fn clock(then: Timestamp, zone: &TimeZone) -> String {
    then.to_zoned(zone.clone()).strftime("%H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    #[test]
    fn ages_are_relative_for_a_week_and_then_dates_of_the_users_zone() {
        let zone = TimeZone::fixed(jiff::tz::offset(14));
        let age = |seconds| short(at(seconds), at(0), &zone);
        assert_eq!(age(0), "0s");
        assert_eq!(age(59), "59s");
        assert_eq!(age(60), "1m");
        assert_eq!(age(3599), "59m");
        assert_eq!(age(3600), "1h");
        assert_eq!(age(86_399), "23h");
        assert_eq!(age(86_400), "1d");
        assert_eq!(age(WEEK.as_secs()), "7d");
        // 08:00 UTC on the 15th is 22:00 at +14 of the same day
        assert_eq!(age(WEEK.as_secs() + 1), "Jan 15");
        assert_eq!(short(at(WEEK.as_secs() * 2), at(2 * 3600), &zone), "Jan 16", "already tomorrow there");
        assert_eq!(short(at(0), at(-60 * 86_400), &zone), "2026-11-16", "last year");
    }

    #[test]
    fn a_clock_that_is_ahead_reads_as_now() {
        assert_eq!(short(at(0), at(30), &TimeZone::UTC), "0s");
        assert_eq!(spoken(at(0), at(30)), "0 s");
    }
}
