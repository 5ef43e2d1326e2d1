//! When a schedule begins a run.

use std::path::Path;

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};
use saphyr::{LoadableYamlNode, Yaml};

use crate::pipeline::Layout;

/// How many of the last times tell how far apart they lie at most: a week of one that leaves out weekends.
const TIMES_LOOKED_AT: usize = 8;

/// The times at which GitHub begins a workflow by itself: every entry of its `on.schedule`.
/// <https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#onschedule>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// at least one
    entries: Vec<Entry>,
}

/// One `cron:`, in UTC unless a `timezone:` stands beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    cron: Cron,
    zone: TimeZone,
}

impl Schedule {
    /// From a workflow file; `None` where it has no schedule, and where one of its entries is not understood or never
    /// comes: half a schedule would name the wrong time.
    pub fn of_workflow(text: &str) -> Option<Self> {
        let documents = Yaml::load_from_str(text).ok()?;
        let listed = documents.first()?.as_mapping_get("on")?.as_mapping_get("schedule")?.as_sequence()?;
        let entries = listed.iter().map(Entry::of).collect::<Option<Vec<_>>>()?;
        (!entries.is_empty()).then_some(Self { entries })
    }

    /// From the workflow of a checkout; `None` where there is none, or none with a schedule that is understood.
    pub fn of_repository(repo: &Path) -> Option<Self> {
        let workflow = Layout::load(repo).unwrap_or_default().workflow;
        let text = std::fs::read_to_string(repo.join(".github/workflows").join(workflow.build()?)).ok()?;
        Self::of_workflow(&text)
    }

    /// The longest time from one run to the next, by the last few before `now` and the one after it.
    pub fn period(&self, now: Timestamp) -> Option<SignedDuration> {
        let mut later = self.after(now)?;
        let mut longest = None;
        for _ in 0..TIMES_LOOKED_AT {
            let Some(earlier) = later.checked_sub(SignedDuration::from_secs(1)).ok().and_then(|at| self.before(at))
            else {
                break;
            };
            longest = longest.max(Some(later.duration_since(earlier)));
            later = earlier;
        }
        longest
    }

    /// The first such time after `now`.
    pub fn after(&self, now: Timestamp) -> Option<Timestamp> {
        self.entries.iter().filter_map(|entry| entry.after(now)).min()
    }

    /// The last such time not after `now`.
    pub fn before(&self, now: Timestamp) -> Option<Timestamp> {
        self.entries.iter().filter_map(|entry| entry.before(now)).max()
    }
}

impl Entry {
    fn of(node: &Yaml<'_>) -> Option<Self> {
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let cron = parser.parse(node.as_mapping_get("cron")?.as_str()?).ok()?;
        let zone = match node.as_mapping_get("timezone") {
            Some(name) => TimeZone::get(name.as_str()?).ok()?,
            None => TimeZone::UTC,
        };
        let entry = Self { cron, zone };
        // The thirtieth of February.
        entry.after(Timestamp::UNIX_EPOCH)?;
        Some(entry)
    }

    fn after(&self, now: Timestamp) -> Option<Timestamp> {
        self.cron.find_next_occurrence(&self.there(now), false).ok().map(|zoned| zoned.timestamp())
    }

    fn before(&self, now: Timestamp) -> Option<Timestamp> {
        self.cron.find_previous_occurrence(&self.there(now), true).ok().map(|zoned| zoned.timestamp())
    }

    fn there(&self, now: Timestamp) -> Zoned {
        now.to_zoned(self.zone.clone())
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn cron(expression: &str) -> Option<Schedule> {
        Schedule::of_workflow(&format!("on:\n  schedule:\n    - cron: '{expression}'\n"))
    }

    #[test]
    fn the_workflow_of_this_repository_is_understood() {
        let text = std::fs::read_to_string(".github/workflows/build-templates.yml").unwrap();
        let weekly = Schedule::of_workflow(&text).unwrap();
        // A Tuesday; and Saturday itself, before and after.
        assert_eq!(weekly.before(at("2026-03-17T12:00:00Z")), Some(at("2026-03-14T02:00:00Z")));
        assert_eq!(weekly.before(at("2026-03-14T01:59:59.5Z")), Some(at("2026-03-07T02:00:00Z")));
        assert_eq!(weekly.before(at("2026-03-14T02:00:00Z")), Some(at("2026-03-14T02:00:00Z")));
        assert_eq!(weekly.before(at("2026-03-14T02:00:00.5Z")), Some(at("2026-03-14T02:00:00Z")));
        assert_eq!(weekly.after(at("2026-03-14T02:00:00Z")), Some(at("2026-03-21T02:00:00Z")));
        assert_eq!(weekly.period(at("2026-03-17T12:00:00Z")), Some(SignedDuration::from_hours(7 * 24)));
    }

    /// Asked on Tuesday, 17 March 2026, at noon.
    #[rstest]
    #[case::steps("*/15 * * * *", "2026-03-17T12:00:00Z", "2026-03-17T12:15:00Z", 0)]
    #[case::every_day("30 3 * * *", "2026-03-17T03:30:00Z", "2026-03-18T03:30:00Z", 24)]
    #[case::working_days("0 2 * * 1-5", "2026-03-17T02:00:00Z", "2026-03-18T02:00:00Z", 72)]
    #[case::names("0 2 * * MON,THU", "2026-03-16T02:00:00Z", "2026-03-19T02:00:00Z", 96)]
    #[case::sunday_by_its_other_number("0 2 * * 7", "2026-03-15T02:00:00Z", "2026-03-22T02:00:00Z", 168)]
    #[case::first_of_the_month("5 4 1 * *", "2026-03-01T04:05:00Z", "2026-04-01T04:05:00Z", 744)]
    #[case::quarterly("0 0 1 JAN,APR,JUL,OCT *", "2026-01-01T00:00:00Z", "2026-04-01T00:00:00Z", 2208)]
    // A day of the month or a day of the week, as POSIX has it.
    #[case::either("0 2 15 * 6", "2026-03-15T02:00:00Z", "2026-03-21T02:00:00Z", 168)]
    fn any_expression_is_understood(
        #[case] expression: &str,
        #[case] before: &str,
        #[case] after: &str,
        #[case] hours: i64,
    ) {
        let (schedule, now) = (cron(expression).unwrap(), at("2026-03-17T12:00:00Z"));
        assert_eq!((schedule.before(now), schedule.after(now)), (Some(at(before)), Some(at(after))));
        let period = schedule.period(now).unwrap();
        assert_eq!(period.as_hours(), hours, "{period:#}");
    }

    #[test]
    fn several_entries_are_one_schedule_and_a_time_zone_is_kept_to() {
        let text = "on:\n  schedule:\n    - cron: 0 2 * * 6\n    - {cron: 0 2 * * 3, timezone: Europe/Berlin}\n";
        let schedule = Schedule::of_workflow(text).unwrap();
        let now = at("2026-03-17T12:00:00Z");
        assert_eq!(schedule.before(now), Some(at("2026-03-14T02:00:00Z")));
        assert_eq!(schedule.after(now), Some(at("2026-03-18T01:00:00Z")));
        // After the clocks went forward.
        assert_eq!(schedule.after(at("2026-03-31T12:00:00Z")), Some(at("2026-04-01T00:00:00Z")));
        assert_eq!(schedule.period(now), Some(SignedDuration::from_hours(4 * 24 - 1)));
    }

    #[rstest]
    #[case::no_hour("0 24 * * 6")]
    #[case::no_minute("60 2 * * *")]
    #[case::no_such_day("0 2 30 2 *")]
    #[case::seconds("0 0 2 * * 6")]
    #[case::words("every saturday")]
    #[case::nothing("")]
    fn what_is_no_time_is_none(#[case] expression: &str) {
        assert_eq!(cron(expression), None);
    }

    #[test]
    fn half_a_schedule_is_none() {
        for text in [
            "on:\n  schedule:\n    - cron: 0 2 * * 6\n    - cron: 0 25 * * 6\n",
            "on:\n  schedule:\n    - cron: 0 2 * * 6\n      timezone: Mars/Base\n",
            "on:\n  schedule: []\n",
            "on: push\n",
            "# cron: '0 2 * * 6'\n",
            "{",
        ] {
            assert_eq!(Schedule::of_workflow(text), None, "{text:?}");
        }
    }
}
