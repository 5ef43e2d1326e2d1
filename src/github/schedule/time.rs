//! When a schedule begins a run.

use std::path::Path;
use std::sync::LazyLock;

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};
use regex::Regex;

use crate::pipeline::Layout;

/// A weekly or daily time in UTC: `MINUTE HOUR * * DAY`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScheduledTime {
    time: Time,
    /// `None` = every day
    day: Option<Weekday>,
}

impl ScheduledTime {
    /// From the first `cron:` of a workflow file; `None` for a form other than the above.
    pub fn of_workflow(text: &str) -> Option<Self> {
        #[expect(clippy::unwrap_used, reason = "a pattern written here; a test uses it")]
        static CRON: LazyLock<Regex> =
            LazyLock::new(|| Regex::new(r#"cron:\s*["'](\d{1,2}) (\d{1,2}) \* \* (\d|\*)["']"#).unwrap());
        let found = CRON.captures(text)?;
        let day = found[3].parse::<i8>().ok().map(|day| Weekday::from_sunday_zero_offset(day % 7)).transpose().ok()?;
        let time = Time::new(found[2].parse().ok()?, found[1].parse().ok()?, 0, 0).ok()?;
        Some(Self { time, day })
    }

    /// From the workflow of a checkout; `None` where there is none, or none with a schedule that is understood.
    pub fn of_repository(repo: &Path) -> Option<Self> {
        let workflow = Layout::load(repo).unwrap_or_default().workflow;
        let text = std::fs::read_to_string(repo.join(".github/workflows").join(workflow.build()?)).ok()?;
        Self::of_workflow(&text)
    }

    /// From one such time to the next.
    pub const fn period(self) -> SignedDuration {
        SignedDuration::from_hours(if self.day.is_some() { 7 * 24 } else { 24 })
    }

    /// The first such time after `now`.
    pub fn after(self, now: Timestamp) -> Option<Timestamp> {
        self.before(now)?.checked_add(self.period()).ok()
    }

    /// The last such time not after `now`.
    pub fn before(self, now: Timestamp) -> Option<Timestamp> {
        let now: Zoned = now.to_zoned(TimeZone::UTC);
        (0..8).find_map(|back| {
            let day = now.date().checked_sub(jiff::Span::new().days(back)).ok()?;
            let time = day.to_datetime(self.time).to_zoned(TimeZone::UTC).ok()?;
            (self.day.is_none_or(|wanted| wanted == day.weekday()) && time <= now).then(|| time.timestamp())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_workflow_of_this_repository_is_understood() {
        let text = std::fs::read_to_string(".github/workflows/build-templates.yml").unwrap();
        let weekly = ScheduledTime::of_workflow(&text).unwrap();
        // A Tuesday; and Saturday itself, before and after.
        assert_eq!(weekly.before(at("2026-03-17T12:00:00Z")), Some(at("2026-03-14T02:00:00Z")));
        assert_eq!(weekly.before(at("2026-03-14T01:59:00Z")), Some(at("2026-03-07T02:00:00Z")));
        assert_eq!(weekly.before(at("2026-03-14T02:00:00Z")), Some(at("2026-03-14T02:00:00Z")));
        assert_eq!(weekly.after(at("2026-03-17T12:00:00Z")), Some(at("2026-03-21T02:00:00Z")));
        assert_eq!(ScheduledTime::of_workflow("cron: \"*/5 * * * *\""), None);
    }

    #[test]
    fn an_hour_that_no_day_has_is_no_time() {
        for cron in ["cron: '0 24 * * 6'", "cron: '60 2 * * *'"] {
            let before = ScheduledTime::of_workflow(cron).and_then(|weekly| weekly.before(at("2026-03-17T12:00:00Z")));
            assert_eq!(before, None, "{cron}");
        }
    }
}
