//! The console's way to what a run left: GitHub's API, the artifact, a run on disk, a verdict.

use std::path::Path;
use std::sync::Arc;

use tmpl::github::{BUILD, Client, Settings};
use tmpl::lab::github::{GitHub, Job, Run, World, archive};
use tmpl::ops::judge::{Case, judge};
use tmpl::paths::StateDir;
use tmpl::pipeline::Matrix;
use tmpl::text::Scrubber;
use tmpl::triage::verdict::Verdict;

use crate::site::Site;

/// The verdict of a line's leg whose run left this artifact.
pub async fn verdict(site: &Site, key: &str, artifact: &str) -> Verdict {
    let files = site.artifact(artifact).unwrap();
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    let now = jiff::Timestamp::now();
    let run = Run {
        id: 9001,
        workflow: BUILD,
        title: "build-templates".into(),
        event: "schedule",
        status: "completed",
        conclusion: Some("failure"),
        created: now - jiff::SignedDuration::from_mins(10),
        ended: Some(now),
        jobs: vec![Job::build(key, "completed", Some("failure"))],
        artifacts: vec![(artifact.to_owned(), archive(&files))],
    };
    let github = GitHub::start(World { runs: vec![run], ..World::empty() }).await.unwrap();
    let environment = github.environment();
    let get = |name: &str| environment.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
    let client = Client::new(Settings::from_env(&get, Path::new(".")).unwrap()).unwrap();
    let board = client.board(1).await.unwrap();
    let (run, leg) = (&board.runs[0].run, &board.runs[0].legs[0]);
    let repo = site.path("repo");
    let line = Matrix::load(&repo).unwrap().line(key).unwrap().clone();
    let kept = client.evidence(run, leg, &line, &StateDir::at(site.path("console")), &|_| {}).await.unwrap();
    let case = Case { title: key.into(), dir: Some(kept.dir), log: Some(kept.log), ..Case::default() };
    *judge(&repo, Arc::new(Scrubber::of_process()), case).await.unwrap().verdict
}
