//! Whether the scheduled run happens. GitHub runs schedules hours late, drops some, and switches them off in a public
//! repository that nothing was pushed to for sixty days; none of that is said anywhere a tired person looks.

mod time;

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub use time::Schedule;

use super::{Board, Client, Conclusion, Error, Leg, RemoteRun, State};

/// Days without a push after which GitHub switches schedules off.
const INACTIVITY_LIMIT_DAYS: i64 = 60;
/// A warning is shown from so many days before that on.
const INACTIVITY_WARNING_DAYS: i64 = 14;
/// Age of the newest scheduled run beyond which it is an alarm, over what lies between two of its times: a late start.
const MAX_LATE_START: SignedDuration = SignedDuration::from_hours(24);
/// What lies between two runs of a schedule that is not known.
const USUAL_PERIOD: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How late a scheduled run may begin before it counts as missing.
const MAX_START_DELAY: SignedDuration = SignedDuration::from_hours(12);
/// How long a leg may wait for a runner.
const MAX_QUEUE_TIME: SignedDuration = SignedDuration::from_mins(10);

/// Something a person should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Advisory {
    /// it needs somebody
    pub alarm: bool,
    /// one line
    pub text: String,
}

/// How the scheduled run stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Health {
    /// GitHub's word for the workflow: `active`, `disabled_inactivity`, `disabled_manually`, …
    pub workflow: String,
    /// the newest scheduled run
    pub last: Option<RemoteRun>,
    /// minutes it began after its time
    pub late_minutes: Option<i64>,
    /// days until GitHub switches the schedule off, if nothing is pushed; public repositories only
    pub days_left: Option<i64>,
    /// what a person should know, the worst first
    pub findings: Vec<Advisory>,
}

impl Health {
    /// Whether the schedule is switched off.
    pub fn off(&self) -> bool {
        self.workflow != "active"
    }
}

#[derive(Deserialize)]
struct WorkflowJson {
    state: String,
}

#[derive(Deserialize)]
struct RepositoryJson {
    pushed_at: Option<Timestamp>,
    #[serde(default)]
    private: bool,
}

impl Client {
    /// How the weekly run stands; `repo` is the checkout, whose workflow file tells the time it is due.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn health(&self, board: &Board, repo: &Path) -> Result<Health, Error> {
        let build = self.workflow().build_file();
        let workflow: WorkflowJson =
            self.get_lately(&format!("/actions/workflows/{build}"), &format!("workflow {build}")).await?;
        let last = self.runs_lately(build, 1, Some("event=schedule")).await?.into_iter().next();
        let about: RepositoryJson = self.get_lately("", "repository").await?;
        let schedule = Schedule::of_repository(repo);
        let mut health = Health::of(board, workflow, last, &about, schedule.as_ref());
        for workflow in ["check-iso-updates.yml", "upload-isos.yml"] {
            health.findings.extend(self.check_media_workflow(workflow).await?);
        }
        health.findings.sort_by_key(|finding| !finding.alarm);
        Ok(health)
    }

    /// Switches the schedule on again.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn enable_schedule(&self) -> Result<(), Error> {
        self.put(&format!("/actions/workflows/{}/enable", self.workflow().build_file()), "switching the schedule on")
            .await
    }

    /// A bump that was merged without its ISO on the datastore: Saturday's build fails at the mount, and nobody was told.
    async fn check_media_workflow(&self, workflow: &str) -> Result<Option<Advisory>, Error> {
        let runs = match self.runs_lately(workflow, 1, None).await {
            Err(Error::NotFound { .. }) => return Ok(None),
            other => other?,
        };
        let failed = runs.into_iter().find(|run| run.state.failed());
        Ok(failed.map(|run| {
            let what = match workflow {
                "upload-isos.yml" => "an ISO may be named in the repository and missing on the datastore",
                _ => "ISOs may be out of date, or bumped and not staged",
            };
            alarm(format!(
                "{workflow} #{} {}: {what}; tmpl-tui iso upload all; {}",
                run.number,
                run.state.word(),
                run.url
            ))
        }))
    }
}

fn alarm(text: String) -> Advisory {
    Advisory { alarm: true, text }
}

impl Health {
    fn of(
        board: &Board,
        workflow: WorkflowJson,
        last: Option<RemoteRun>,
        about: &RepositoryJson,
        schedule: Option<&Schedule>,
    ) -> Self {
        let due = last.as_ref().and_then(|last| schedule?.before(last.created));
        let late_minutes = last.as_ref().zip(due).map(|(last, due)| last.created.duration_since(due).as_mins());
        let idle =
            about.pushed_at.filter(|_| !about.private).map(|pushed| board.at.duration_since(pushed).as_hours() / 24);
        let days_left = idle.map(|idle| INACTIVITY_LIMIT_DAYS - idle);
        let mut health = Self { workflow: workflow.state, last, late_minutes, days_left, findings: Vec::new() };
        health.judge(schedule, board.at);
        health.findings.extend(queue(board));
        health
    }

    fn judge(&mut self, schedule: Option<&Schedule>, now: Timestamp) {
        let mut findings = Vec::new();
        match self.workflow.as_str() {
            "active" => {}
            "disabled_inactivity" => findings.push(alarm(
                "GitHub switched the schedule off for inactivity; tmpl-tui runs enable switches it on".into(),
            )),
            other => findings
                .push(alarm(format!("the workflow is switched off ({other}); tmpl-tui runs enable switches it on"))),
        }
        match &self.last {
            None => findings.push(alarm("the scheduled run never ran".into())),
            Some(last) => {
                let age = now.duration_since(last.created);
                let due = schedule.and_then(|schedule| schedule.before(now - MAX_START_DELAY));
                let period = schedule.and_then(|schedule| schedule.period(now)).unwrap_or(USUAL_PERIOD);
                if age > period.saturating_add(MAX_LATE_START) {
                    findings.push(alarm(format!("no scheduled run for {} days", age.as_hours() / 24)));
                } else if due.is_some_and(|due| last.created < due) {
                    findings.push(alarm(format!(
                        "the scheduled run is missing; the last one was {} days ago",
                        age.as_hours() / 24
                    )));
                }
                if last.state.failed() && last.state != State::Ended(Conclusion::Cancelled) {
                    findings.push(Advisory {
                        alarm: false,
                        text: format!("the last scheduled run, #{}, {}", last.number, last.state.word()),
                    });
                }
            }
        }
        if let Some(days) = self.days_left.filter(|days| *days <= INACTIVITY_WARNING_DAYS && !self.off()) {
            let when = if days > 0 { format!("in {days} days") } else { "any time now".into() };
            findings.push(alarm(format!(
                "GitHub switches the schedule off {when}: nothing was pushed for {} days",
                INACTIVITY_LIMIT_DAYS - days
            )));
        }
        self.findings = findings;
    }
}

/// Legs that nobody picks up: the scale set is down, or at its maximum.
fn queue(board: &Board) -> Option<Advisory> {
    let live = || board.runs.iter().filter(|seen| seen.run.state.live());
    let waits = |leg: &&Leg| leg.state == State::Queued && leg.queued(board.at) > MAX_QUEUE_TIME;
    let waiting: Vec<&Leg> = live().flat_map(|seen| &seen.legs).filter(waits).collect();
    let first = waiting.first()?;
    let label = first.labels.first().map_or("the runners", String::as_str);
    let working =
        live().flat_map(|seen| &seen.legs).filter(|leg| leg.state == State::Running && leg.labels == first.labels);
    let longest = waiting.iter().map(|leg| leg.queued(board.at).as_mins()).max().unwrap_or(0);
    let legs = waiting.len();
    match working.count() {
        0 => Some(alarm(format!(
            "{legs} job(s) have waited up to {longest} min for {label} and none is at work: the scale set is down"
        ))),
        // The workflow itself lets no more than two work at once.
        1 => Some(alarm(format!(
            "{legs} job(s) have waited up to {longest} min for {label}, and one is at work: the scale set is at its maximum"
        ))),
        _ => None,
    }
}

/// Any answers, read as everything the runs' screen is made of; the fuzzers' way to what is private here.
#[cfg(feature = "testing")]
pub(crate) fn fuzz_parse(bytes: &[u8], at: Timestamp) -> Option<(Board, Option<Health>)> {
    use super::RunWithJobs;
    use super::client::parse_json;
    use crate::pipeline::layout::Workflows;

    let message = super::client::message(bytes);
    assert!(!message.contains(char::is_control), "{message:?}");
    let _ = parse_json::<super::artifact::ArtifactsJson>(bytes, "").map(|page| page.artifacts);
    let legs = parse_json::<super::leg::JobsJson>(bytes, "").map(|page| page.jobs);
    let mut legs: Vec<Leg> = legs.unwrap_or_default().into_iter().map(Into::into).collect();
    let mut runs = Vec::new();
    for shape in parse_json::<super::run::RunsJson>(bytes, "").ok()?.workflow_runs {
        runs.push(RunWithJobs { run: RemoteRun::read(shape, &Workflows::default()), legs: std::mem::take(&mut legs) });
    }
    let board = Board { runs, rate: None, at };
    let about = parse_json::<WorkflowJson>(bytes, "").ok().zip(parse_json::<RepositoryJson>(bytes, "").ok());
    let schedule = Schedule::of_workflow(&String::from_utf8_lossy(bytes));
    let last = board.runs.last().map(|seen| seen.run.clone());
    let health = about.map(|(workflow, about)| Health::of(&board, workflow, last, &about, schedule.as_ref()));
    Some((board, health))
}
