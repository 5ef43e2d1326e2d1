//! Prometheus' text format: <https://prometheus.io/docs/instrumenting/exposition_formats/>.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::text::Scrubber;

/// A figure that is told. All of them are gauges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "`help` says what each is")]
pub enum Metric {
    BuildInfo,
    SourceUp,
    LineEnabled,
    LineAlarm,
    LineBuilding,
    LineHeld,
    LiveAge,
    LiveMissing,
    LastRunSuccess,
    LastRunInfo,
    LastRunEnded,
    LastRunDuration,
    LastRunStage,
    ConsecutiveFailures,
    IsoMissing,
    IsoBehind,
    ScheduleHealthy,
    ScheduleLast,
    ScheduleDelay,
    ScheduleLeft,
}

impl Metric {
    /// All of them.
    pub const ALL: [Self; 20] = [
        Self::BuildInfo,
        Self::SourceUp,
        Self::LineEnabled,
        Self::LineAlarm,
        Self::LineBuilding,
        Self::LineHeld,
        Self::LiveAge,
        Self::LiveMissing,
        Self::LastRunSuccess,
        Self::LastRunInfo,
        Self::LastRunEnded,
        Self::LastRunDuration,
        Self::LastRunStage,
        Self::ConsecutiveFailures,
        Self::IsoMissing,
        Self::IsoBehind,
        Self::ScheduleHealthy,
        Self::ScheduleLast,
        Self::ScheduleDelay,
        Self::ScheduleLeft,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BuildInfo => "tmpl_build_info",
            Self::SourceUp => "tmpl_source_up",
            Self::LineEnabled => "tmpl_line_enabled",
            Self::LineAlarm => "tmpl_line_alarm",
            Self::LineBuilding => "tmpl_line_building",
            Self::LineHeld => "tmpl_line_held",
            Self::LiveAge => "tmpl_live_age_seconds",
            Self::LiveMissing => "tmpl_live_missing",
            Self::LastRunSuccess => "tmpl_last_run_success",
            Self::LastRunInfo => "tmpl_last_run_info",
            Self::LastRunEnded => "tmpl_last_run_end_timestamp_seconds",
            Self::LastRunDuration => "tmpl_last_run_duration_seconds",
            Self::LastRunStage => "tmpl_last_run_stage_duration_seconds",
            Self::ConsecutiveFailures => "tmpl_consecutive_failures",
            Self::IsoMissing => "tmpl_iso_missing",
            Self::IsoBehind => "tmpl_iso_behind",
            Self::ScheduleHealthy => "tmpl_schedule_healthy",
            Self::ScheduleLast => "tmpl_schedule_last_run_timestamp_seconds",
            Self::ScheduleDelay => "tmpl_schedule_delay_seconds",
            Self::ScheduleLeft => "tmpl_schedule_left_seconds",
        }
    }

    /// What it says.
    pub const fn help(self) -> &'static str {
        match self {
            Self::BuildInfo => "Always 1; which tmpl-tui this is.",
            Self::SourceUp => "Whether a source could be asked: records, vcenter, mirrors, github.",
            Self::LineEnabled => "Whether the line is built with all others.",
            Self::LineAlarm => {
                "Whether a person should look: its newest run failed or is lost, or a stage is late or the console still."
            }
            Self::LineBuilding => "Whether it is being built on this machine.",
            Self::LineHeld => "Whether promotions of it are refused until it is released.",
            Self::LiveAge => "Age of its live template.",
            Self::LiveMissing => "Whether it has no live template.",
            Self::LastRunSuccess => "Whether its newest run that ended went well; cancelled ones do not count.",
            Self::LastRunInfo => "Always 1; how its newest run that ended came out, and the class of the verdict.",
            Self::LastRunEnded => "When its newest run that ended did so.",
            Self::LastRunDuration => "How long its newest run that ended took.",
            Self::LastRunStage => "How long the stages of that run took.",
            Self::ConsecutiveFailures => "Runs that failed since the last one that went well.",
            Self::IsoMissing => "Whether its ISO is missing on the datastore.",
            Self::IsoBehind => "Whether its mirror offers a newer ISO.",
            Self::ScheduleHealthy => "Whether the schedule on GitHub runs as it should.",
            Self::ScheduleLast => "When the last scheduled run began.",
            Self::ScheduleDelay => "How long after its time that was.",
            Self::ScheduleLeft => "Time until GitHub switches the schedule off.",
        }
    }

    /// The labels of its samples, in their order.
    pub const fn labels(self) -> &'static [&'static str] {
        match self {
            Self::BuildInfo => &["version"],
            Self::SourceUp => &["source"],
            Self::LineAlarm => &["line", "reason"],
            Self::LastRunInfo => &["line", "result", "class"],
            Self::LastRunStage => &["line", "stage"],
            Self::LineEnabled
            | Self::LineBuilding
            | Self::LineHeld
            | Self::LiveAge
            | Self::LiveMissing
            | Self::LastRunSuccess
            | Self::LastRunEnded
            | Self::LastRunDuration
            | Self::ConsecutiveFailures
            | Self::IsoMissing
            | Self::IsoBehind => &["line"],
            Self::ScheduleHealthy | Self::ScheduleLast | Self::ScheduleDelay | Self::ScheduleLeft => &[],
        }
    }
}

/// Everything that is told at one moment.
#[derive(Debug, Clone, Default)]
pub struct Exposition(BTreeMap<Metric, BTreeMap<Vec<String>, f64>>);

impl Exposition {
    /// Adds a figure; the values of its labels in the order of [`Metric::labels`]. One with the same labels is replaced.
    pub fn add(&mut self, metric: Metric, labels: &[&str], value: f64) {
        let labels = labels.iter().map(|label| Scrubber::shared().safe_line(label).into()).collect();
        self.0.entry(metric).or_default().insert(labels, value);
    }

    /// Adds a yes or no.
    pub fn flag(&mut self, metric: Metric, labels: &[&str], value: bool) {
        self.add(metric, labels, f64::from(u8::from(value)));
    }

    /// Adds all of another one.
    pub fn extend(&mut self, other: Self) {
        for (metric, samples) in other.0 {
            self.0.entry(metric).or_default().extend(samples);
        }
    }

    /// As it is scraped.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (metric, samples) in &self.0 {
            let name = metric.name();
            // Writing into a text cannot fail.
            let _ = writeln!(text, "# HELP {name} {}\n# TYPE {name} gauge", metric.help());
            for (values, value) in samples {
                let labels = metric.labels().iter().zip(values);
                let labels: Vec<String> =
                    labels.map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
                let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
                let _ = writeln!(text, "{name}{labels} {value}");
            }
        }
        text
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
