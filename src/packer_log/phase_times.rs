//! How long each phase took, how long it usually takes, and when packer gives up.
//!
//! What is usual comes from the logs of earlier runs of the same line. A phase counts only where the build went on from
//! it to the next one: how long a build waited in vain says nothing about how long waiting takes.

use std::collections::BTreeMap;
use std::io::{self, BufRead};
use std::time::Duration;

use jiff::civil::DateTime;

use super::envelope::Envelope;
use super::parse;
use super::{BuildOutcome, Phase, Track, Tracks};
use crate::text::lines;

impl Phase {
    /// Those of a build that goes well, in their order.
    pub const STAGES: [Self; 8] = [
        Self::Prepare,
        Self::Create,
        Self::BootCommand,
        Self::WaitIp,
        Self::Connect,
        Self::Provision,
        Self::Shutdown,
        Self::Convert,
    ];
}

/// Bytes of one line that are looked at.
const MAX_LINE_BYTES: usize = 64 << 10;

/// How long a phase took in earlier runs of the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TypicalDuration {
    /// half of the runs took no longer
    pub median: Duration,
    /// nine of ten took no longer
    pub p90: Duration,
    /// runs it was measured in
    pub runs: usize,
}

/// Clocks have seconds, and short stages vary by some.
const GRACE: Duration = Duration::from_secs(5);

/// How long a phase may take: as long as nine of ten earlier runs, or where there are none, as long as healthy builds of
/// large templates on slow hosts do.
pub fn limit(phase: Phase, typical: Option<TypicalDuration>) -> Duration {
    if let Some(typical) = typical {
        return typical.p90 + GRACE;
    }
    let minutes = match phase {
        Phase::BootCommand | Phase::Prepare => 10,
        Phase::Create | Phase::Shutdown => 15,
        Phase::Connect => 20,
        Phase::Convert => 30,
        Phase::WaitIp => 45,
        Phase::Provision => 120,
        Phase::CleanUp | Phase::Done => return Duration::MAX,
    };
    Duration::from_secs(minutes * 60)
}

/// What is usual for a line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TypicalDurations(BTreeMap<Phase, Vec<Duration>>);

impl TypicalDurations {
    /// Takes the builds of an earlier run into account.
    pub fn add_run(&mut self, tracks: &Tracks) {
        tracks.all().iter().flat_map(completed_phases).for_each(|(phase, took)| {
            let known = self.0.entry(phase).or_default();
            let at = known.partition_point(|other| *other <= took);
            known.insert(at, took);
        });
    }

    /// What is usual for a phase; `None` when no earlier run got through it.
    pub fn typical(&self, phase: Phase) -> Option<TypicalDuration> {
        let known = self.0.get(&phase)?;
        // Nearest rank: with few runs the longest one stands for nine of ten.
        let rank = |percent: usize| known.get((known.len() * percent).div_ceil(100).saturating_sub(1)).copied();
        Some(TypicalDuration { median: rank(50)?, p90: rank(90)?, runs: known.len() })
    }
}

/// Phases that a build got through, with the time each took.
fn completed_phases(track: &Track) -> Vec<(Phase, Duration)> {
    let next = track.spans.iter().skip(1).map(|span| span.phase);
    let went_on = |next: Phase| match next {
        Phase::CleanUp => false,
        Phase::Done => track.ending == Some(BuildOutcome::Finished),
        _ => true,
    };
    let measured = track.durations(None).into_iter().zip(next);
    measured.filter(|(_, next)| went_on(*next)).filter_map(|((phase, took), _)| Some((phase, took?))).collect()
}

/// Reads the phases of every build of a finished log.
///
/// # Errors
/// Those of reading.
pub fn tracks(log: impl BufRead) -> io::Result<Tracks> {
    let (mut tracks, mut envelope) = (Tracks::default(), Envelope::default());
    let mut number = 0;
    lines::each(log, MAX_LINE_BYTES, |piece| {
        if piece.first {
            number += 1;
            let text = String::from_utf8_lossy(parse::visible(envelope.learn(piece.bytes)));
            tracks.enter_leg(envelope.leg());
            tracks.observe(&parse::parse(&text), number);
        }
    })?;
    Ok(tracks)
}

/// The running phase of a build and its time, against what is typical and against packer's own timeout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhaseTiming {
    /// phases entered so far, with the time each took; the running one up to now
    pub stages: Vec<(Phase, Option<Duration>)>,
    /// the running phase, or the one that failed
    pub phase: Phase,
    /// how long that phase has taken
    pub spent: Option<Duration>,
    /// how long it usually takes
    pub typical: Option<TypicalDuration>,
    /// when packer gives up (its clock), and how long that is from now; zero when it is over
    pub deadline: Option<(DateTime, Duration)>,
    /// packer is still at it
    pub running: bool,
}

impl PhaseTiming {
    /// For a build at a moment of packer's clock.
    pub fn at(track: &Track, habits: &TypicalDurations, now: DateTime) -> Self {
        let stages = track.durations(Some(now));
        let running = track.phase() < Phase::CleanUp;
        let phase = if running { track.phase() } else { track.failed_in() };
        let spent = stages.iter().rev().find(|(stage, _)| *stage == phase).and_then(|(_, spent)| *spent);
        let deadline = track.deadline.as_ref().filter(|_| running).map(|deadline| {
            let left = deadline.at.duration_since(now);
            (deadline.at, Duration::try_from(left).unwrap_or_default())
        });
        Self { phase, spent, typical: habits.typical(phase), deadline, running, stages }
    }

    /// Whether it takes longer than it may, see [`limit`].
    pub fn is_late(&self) -> bool {
        self.running && self.spent.is_some_and(|spent| spent > limit(self.phase, self.typical))
    }

    /// The phase as what is waited for, e.g. `IP`.
    pub fn subject(&self) -> &'static str {
        match self.phase {
            Phase::WaitIp => "IP",
            Phase::Connect => "connection",
            Phase::BootCommand => "boot command",
            phase => phase.name(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use jiff::civil::date;

    use super::*;

    /// A log whose phases begin at these seconds.
    fn log(told: &[(u32, &str)]) -> Tracks {
        let mut text = String::new();
        for (at, what) in told {
            let stamp = date(2026, 3, 14).at(3, 0, 0, 0) + jiff::Span::new().seconds(i64::from(*at));
            writeln!(text, "{} {what}", stamp.strftime("%Y/%m/%d %H:%M:%S")).unwrap();
        }
        tracks(text.as_bytes()).unwrap()
    }

    fn ui(text: &str) -> String {
        format!("ui: ==> vsphere-iso.w: {text}")
    }

    fn good(wait: u32) -> Tracks {
        let told = [
            (0, ui("Creating virtual machine...")),
            (10, ui("Waiting for IP...")),
            (10 + wait, ui("Using WinRM communicator to connect: 10.0.0.1")),
            (20 + wait, ui("Provisioning with Ansible...")),
            (30 + wait, ui("Provisioning step had errors: Running the cleanup provisioner, if present...")),
            (31 + wait, ui("Destroying VM...")),
        ];
        log(&told.iter().map(|(at, text)| (*at, text.as_str())).collect::<Vec<_>>())
    }

    #[test]
    fn only_stages_that_led_to_the_next_one_count() {
        let mut habits = TypicalDurations::default();
        for wait in [470, 460, 480, 900] {
            habits.add_run(&good(wait));
        }
        let typical = habits.typical(Phase::WaitIp).unwrap();
        assert_eq!(
            typical,
            TypicalDuration { median: Duration::from_secs(470), p90: Duration::from_secs(900), runs: 4 }
        );
        assert_eq!(habits.typical(Phase::Create).unwrap().median, Duration::from_secs(10));
        assert_eq!(habits.typical(Phase::Provision), None, "it never got through that");
    }

    #[test]
    fn the_time_left_is_packers_own_deadline() {
        let waits =
            "packer-plugin-vsphere_v1 plugin: 2026/03/14 03:00:10 [INFO] Waiting for IP, up to total timeout: 20m0s";
        let tracks = log(&[(0, &ui("Creating virtual machine...")), (10, &ui("Waiting for IP...")), (10, waits)]);
        let mut habits = TypicalDurations::default();
        habits.add_run(&good(470));
        let reading = PhaseTiming::at(&tracks.all()[0], &habits, date(2026, 3, 14).at(3, 16, 10, 0));
        assert_eq!(reading.phase, Phase::WaitIp);
        assert_eq!(reading.spent, Some(Duration::from_secs(16 * 60)));
        assert_eq!(reading.deadline, Some((date(2026, 3, 14).at(3, 20, 10, 0), Duration::from_secs(240))));
        assert!(reading.is_late());
        let over = PhaseTiming::at(&tracks.all()[0], &habits, date(2026, 3, 14).at(4, 0, 0, 0));
        assert_eq!(over.deadline.unwrap().1, Duration::ZERO);
    }

    #[test]
    fn a_stage_without_a_history_has_a_limit_all_the_same() {
        let tracks = log(&[(0, &ui("Waiting for IP..."))]);
        let at = |hour, minute| {
            PhaseTiming::at(&tracks.all()[0], &TypicalDurations::default(), date(2026, 3, 14).at(hour, minute, 0, 0))
        };
        assert!(!at(3, 40).is_late() && at(3, 46).is_late());
    }

    #[test]
    fn a_failed_build_shows_the_stage_it_failed_in() {
        let tracks = good(470);
        let reading = PhaseTiming::at(&tracks.all()[0], &TypicalDurations::default(), date(2026, 3, 14).at(9, 0, 0, 0));
        assert_eq!((reading.phase, reading.running, reading.is_late()), (Phase::Provision, false, false));
        assert_eq!(reading.spent, Some(Duration::from_secs(10)));
    }
}
