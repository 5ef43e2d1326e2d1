//! The runs, jobs and artifacts of the simulated repository.

use std::io::{Cursor, Write};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use zip::write::SimpleFileOptions;

use crate::github::schedule::Schedule;

/// What the demo's failed leg left: a real log of a failed Ansible task, scrubbed.
const LOG: &[u8] = include_bytes!("../../../assets/lab/remote-packer-build.log");

const WORKFLOW: &str = include_str!("../../../.github/workflows/build-templates.yml");

/// One job.
#[derive(Debug, Clone)]
pub struct Job {
    /// e.g. `build (debian-12)`
    pub name: String,
    /// `queued`, `in_progress`, `completed`
    pub status: &'static str,
    /// when completed
    pub conclusion: Option<&'static str>,
    /// seconds between queueing and start
    pub waited: i64,
    /// the step at work, or that failed
    pub step: &'static str,
}

impl Job {
    /// A build of a line.
    pub fn build(line: &str, status: &'static str, conclusion: Option<&'static str>) -> Self {
        Self { name: format!("build ({line})"), status, conclusion, waited: 20, step: "Build and promote" }
    }
}

/// One run.
#[derive(Debug, Clone)]
pub struct Run {
    /// number in addresses; the shown number is this minus 9000
    pub id: u64,
    /// workflow file
    pub workflow: &'static str,
    /// e.g. `build-templates all`
    pub title: String,
    /// `schedule` or `workflow_dispatch`
    pub event: &'static str,
    /// `pending`, `queued`, `in_progress`, `completed`
    pub status: &'static str,
    /// when completed
    pub conclusion: Option<&'static str>,
    /// when it was asked for
    pub created: Timestamp,
    /// when it ended
    pub ended: Option<Timestamp>,
    /// its jobs
    pub jobs: Vec<Job>,
    /// names and zip files
    pub artifacts: Vec<(String, Vec<u8>)>,
}

/// Everything the repository has.
#[derive(Debug, Clone)]
pub struct World {
    /// newest first
    pub runs: Vec<Run>,
    /// state of the build workflow: `active`, `disabled_inactivity`, …
    pub workflow_state: &'static str,
    /// last push to the repository
    pub pushed: Timestamp,
    /// requests left of 5000
    pub remaining: u64,
    /// a dispatch is answered with its run (200), else with nothing (204)
    pub tells_run: bool,
    /// a dispatched run goes on by itself
    pub alive: bool,
    /// the workflow that may be dispatched
    pub workflow: &'static str,
    /// its one input; none: it takes none
    pub input: Option<&'static str>,
}

impl World {
    /// Nothing has ever run.
    pub fn empty() -> Self {
        Self {
            runs: Vec::new(),
            workflow_state: "active",
            pushed: Timestamp::now() - SignedDuration::from_hours(24 * 12),
            remaining: 4990,
            tells_run: true,
            alive: false,
            workflow: crate::github::BUILD,
            input: Some("os"),
        }
    }

    /// What the demo shows: last Saturday's run with a leg that failed and left its log, and earlier ones that went well.
    pub fn demo(lines: &[String], bad: &str) -> Self {
        let now = Timestamp::now();
        let ago = |hours: i64| now - SignedDuration::from_hours(hours);
        // The last Saturday whose run is over by now, begun three quarters of an hour late as GitHub does.
        let due = Schedule::of_workflow(WORKFLOW).and_then(|weekly| weekly.before(ago(2)));
        let begun = due.map_or(ago(9), |due| due + SignedDuration::from_mins(46));
        let earlier = |hours: i64| begun - SignedDuration::from_hours(hours);
        let failed = lines.iter().map(|line| match line == bad {
            true => Job::build(line, "completed", Some("failure")),
            false => Job::build(line, "completed", Some("success")),
        });
        let mut runs = vec![
            run(9087, "all", "schedule", begun, Some("failure"), failed.collect()),
            run(
                9086,
                bad,
                "workflow_dispatch",
                earlier(41),
                Some("success"),
                vec![Job::build(bad, "completed", Some("success"))],
            ),
        ];
        for (number, weeks) in (9083..=9085).rev().zip(1..) {
            let jobs = lines.iter().map(|line| Job::build(line, "completed", Some("success"))).collect();
            runs.push(run(number, "all", "schedule", earlier(168 * weeks), Some("success"), jobs));
        }
        let log = archive(&[("packer-build.log", LOG)]);
        if let Some(first) = runs.first_mut() {
            first.artifacts.push((format!("{bad}-build-debug-log"), log));
        }
        Self { runs, alive: true, ..Self::empty() }
    }

    /// Puts a dispatched run into the group and returns its id.
    pub fn dispatch(&mut self, workflow: &'static str, line: &str) -> u64 {
        let id = self.runs.iter().map(|run| run.id).max().unwrap_or(9000) + 1;
        let busy = self.runs.iter().any(|run| run.workflow == workflow && run.status == "in_progress");
        let jobs = vec![Job { waited: 0, ..Job::build(line, "queued", None) }];
        let mut run = run(id, line, "workflow_dispatch", Timestamp::now(), None, jobs);
        run.workflow = workflow;
        run.status = if busy { "pending" } else { "queued" };
        self.runs.insert(0, run);
        id
    }

    /// Ends a run and its jobs.
    pub fn end(&mut self, id: u64, conclusion: &'static str) {
        for run in self.runs.iter_mut().filter(|run| run.id == id) {
            (run.status, run.conclusion, run.ended) = ("completed", Some(conclusion), Some(Timestamp::now()));
            for job in run.jobs.iter_mut().filter(|job| job.status != "completed") {
                (job.status, job.conclusion) = ("completed", Some(conclusion));
            }
        }
    }

    /// Dispatched runs find their runner after a few seconds.
    pub fn go_on(&mut self) {
        let busy = self.runs.iter().any(|run| run.status == "in_progress");
        let due = |run: &&mut Run| run.created.duration_since(Timestamp::now()) < SignedDuration::from_secs(-4);
        let next = self.runs.iter_mut().rev().filter(|run| matches!(run.status, "queued" | "pending")).find(due);
        if let Some(run) = next.filter(|_| self.alive && !busy) {
            run.status = "in_progress";
            for job in &mut run.jobs {
                (job.status, job.waited) = ("in_progress", 4);
            }
        }
    }
}

fn run(
    id: u64,
    line: &str,
    event: &'static str,
    created: Timestamp,
    conclusion: Option<&'static str>,
    jobs: Vec<Job>,
) -> Run {
    let status = if conclusion.is_some() { "completed" } else { "queued" };
    let title = format!("build-templates {line}");
    let ended = conclusion.map(|_| created.checked_add(SignedDuration::from_mins(41)).unwrap_or(created));
    let workflow = crate::github::BUILD;
    Run { id, workflow, title, event, status, conclusion, created, ended, jobs, artifacts: Vec::new() }
}

/// A zip file of these entries.
pub fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        // Writing to memory does not fail.
        let _ = zip.start_file(*name, SimpleFileOptions::default()).map(|()| zip.write_all(bytes));
    }
    zip.finish().map(Cursor::into_inner).unwrap_or_default()
}

impl Run {
    pub(super) fn json(&self, url: &str) -> Value {
        let page = format!("{url}/{}/actions/runs/{}", super::REPOSITORY, self.id);
        json!({
            "id": self.id, "run_number": self.id.saturating_sub(9000), "run_attempt": 1, "name": self.workflow,
            "display_title": self.title, "event": self.event, "head_branch": "main",
            "head_sha": "5f1d0c2ab6b5a1f3c7a9e0d4b8c6f2e1a3d5c7b9", "path": format!(".github/workflows/{}", self.workflow),
            "status": self.status, "conclusion": self.conclusion, "created_at": self.created, "run_started_at": self.created,
            "updated_at": self.ended.unwrap_or(self.created), "actor": {"login": if self.event == "schedule" { "github-actions" } else { "mona" }},
            "html_url": page,
        })
    }

    pub(super) fn jobs_json(&self, url: &str) -> Value {
        let jobs: Vec<Value> = self.jobs.iter().enumerate().map(|(index, job)| self.job(index, job, url)).collect();
        json!({"total_count": jobs.len(), "jobs": jobs})
    }

    fn job(&self, index: usize, job: &Job, url: &str) -> Value {
        let started = self.created.checked_add(SignedDuration::from_secs(job.waited)).unwrap_or(self.created);
        let taken = job.status != "queued";
        let done = job.status == "completed";
        let step = |name: &str, status: &str, conclusion: Option<&str>| json!({"name": name, "number": 1, "status": status, "conclusion": conclusion});
        let steps = match taken {
            true => vec![step("Set up job", "completed", Some("success")), step(job.step, job.status, job.conclusion)],
            false => Vec::new(),
        };
        let runner = format!("packer-vsphere-{}-runner-{index}", self.id);
        json!({
            "id": self.id * 100 + index as u64, "run_id": self.id, "name": job.name, "status": job.status,
            "conclusion": job.conclusion, "created_at": self.created, "started_at": if taken { started } else { self.created },
            "completed_at": self.ended.filter(|_| done), "steps": steps, "labels": ["packer-vsphere"],
            "runner_name": if taken { Some(runner) } else { None },
            "html_url": format!("{url}/{}/actions/runs/{}/job/{index}", super::REPOSITORY, self.id),
        })
    }

    pub(super) fn artifacts_json(&self) -> Value {
        let artifacts: Vec<Value> = self
            .artifacts
            .iter()
            .enumerate()
            .map(|(index, (name, zip))| {
                json!({"id": self.id * 100 + index as u64, "name": name, "size_in_bytes": zip.len(), "expired": false,
                    "created_at": self.created})
            })
            .collect();
        json!({"total_count": artifacts.len(), "artifacts": artifacts})
    }
}
