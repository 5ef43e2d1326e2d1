//! Repositories whose workflows, jobs, runs and artifacts have names of their own, as `tmpl.toml` says.

use std::fs;

use assert_fs::TempDir;
use tmpl::lab::github::{GitHub, Job, Run, World, archive};
use tmpl::paths::StateDir;
use tmpl::pipeline::Matrix;
use tmpl::text::Scrubber;
use tmpl::triage::rules::Rules;
use tmpl::triage::verdict::judge;

use super::{client_in, key, run, world};

fn checkout(layout: &str) -> TempDir {
    let repo = TempDir::new().unwrap();
    fs::write(repo.path().join("tmpl.toml"), layout).unwrap();
    repo
}

/// Whether a dispatch was taken: the server refuses one whose inputs are not those of the workflow.
fn dispatched(github: &GitHub) -> bool {
    let seen = github.seen();
    let mut sent = seen.iter().filter(|(method, path, _)| method == "POST" && path.contains("/dispatches"));
    sent.next().is_some_and(|(_, _, status)| *status < 300) && sent.next().is_none()
}

#[tokio::test]
async fn a_dispatch_fills_the_input_that_the_workflow_has() {
    let repo = checkout("[workflow]\nbuild = 'images.yml'\ninput = 'image'\n");
    let github =
        GitHub::start(World { workflow: "images.yml", input: Some("image"), tells_run: false, ..World::empty() });
    let github = github.await.unwrap();
    let run = client_in(&github, repo.path()).dispatch(&key("rocky-9"), None).await.unwrap();
    assert_eq!((run.line, run.workflow.as_str()), (Some(key("rocky-9")), "images.yml"));
    assert!(dispatched(&github), "{:?}", github.seen());
}

#[tokio::test]
async fn a_line_with_a_workflow_of_its_own_is_dispatched_there_and_every_run_of_it_is_its() {
    let layout = "[line.ws16.workflow]\nbuild = 'ws16.yml'\ninput = 'none'\n\
                  [line.rocky-9.workflow]\nbuild = 'rocky.yml'\ninput = 'none'\n";
    let other = Run {
        workflow: "rocky.yml",
        title: "Rocky Linux".into(),
        jobs: vec![Job { name: "Packer".into(), ..Job::build("x", "in_progress", None) }],
        ..run(9001, "x", "in_progress", None)
    };
    let github = GitHub::start(World { workflow: "ws16.yml", input: None, tells_run: false, ..world(vec![other]) });
    let github = github.await.unwrap();
    let repo = checkout(layout);
    let client = client_in(&github, repo.path());
    let run = client.dispatch(&key("ws16"), None).await.unwrap();
    assert_eq!((run.line, run.workflow.as_str()), (Some(key("ws16")), "ws16.yml"));
    assert!(dispatched(&github), "{:?}", github.seen());
    let board = client.board(10).await.unwrap();
    let built = board.builds(&key("rocky-9")).unwrap();
    assert_eq!((built.run.title.as_str(), built.legs[0].key.clone()), ("Rocky Linux", Some(key("rocky-9"))));
    assert!(board.builds(&key("debian-12")).is_none(), "neither builds anything else");
    // Groups are a workflow's: that one is at work keeps no other one from its queue.
    assert!(board.check_dispatch(&key("debian-12"), "other.yml").is_ok());
}

/// A debug log and nothing else, in an artifact of the repository's own naming.
#[tokio::test]
async fn a_log_is_found_by_its_configured_names_and_judged_as_ours_is() {
    let log = fs::read("tests/logs/24-windows-ansible-task-failed/packer-build.log").unwrap();
    let failed = Run {
        workflow: "images.yml",
        title: "Image windows-server-2022 (by hand)".into(),
        jobs: vec![Job {
            name: "packer / windows-server-2022 on k8s".into(),
            ..Job::build("x", "completed", Some("failure"))
        }],
        artifacts: vec![
            ("logs-windows-server-2022".into(), archive(&[("logs/packer-77.log", b"another")])),
            ("logs-windows-server-2022-77".into(), archive(&[("logs/packer-77.log", log.as_slice())])),
        ],
        ..run(9001, "x", "completed", Some("failure"))
    };
    let github = GitHub::start(world(vec![failed])).await.unwrap();
    let repo = checkout(
        "[workflow]\nbuild = 'images.yml'\ntitle = 'Image {key} (*)'\njob = 'packer / {key} on *'\n\
         artifact = 'logs-{key}-*'\nlog = 'logs/packer-*.log'\n",
    );
    let client = client_in(&github, repo.path());
    let board = client.board(1).await.unwrap();
    let (run, leg) = (&board.runs[0].run, &board.runs[0].legs[0]);
    assert_eq!(
        (run.line.clone(), leg.key.clone()),
        (Some(key("windows-server-2022")), Some(key("windows-server-2022")))
    );
    let home = TempDir::new().unwrap();
    let lines = Matrix::load(std::path::Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    let line = lines.line("windows-server-2022").unwrap();
    let kept = client.evidence(run, leg, line, &StateDir::at(home.path()), &|_| {}).await.unwrap();
    let verdict = |path: &std::path::Path| {
        let log = std::io::BufReader::new(fs::File::open(path).unwrap());
        judge(log, &Rules::for_repo(std::path::Path::new(".")).unwrap(), &Scrubber::of_process(), None).unwrap()
    };
    let ours = verdict(std::path::Path::new("tests/logs/24-windows-ansible-task-failed/packer-build.log"));
    assert_eq!(verdict(&kept.log), ours);
}
