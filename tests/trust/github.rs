//! Sweeping while GitHub answers, but not with what was asked: it may be building, and what it builds stays.

use tmpl::github::BUILD;
use tmpl::lab::github::{GitHub, Job, Reply, Run, World as Pipeline};

use super::world::Ended;
use super::{KEY, Kind, World, figure};

const SWEEP: &[&str] = &["sweep", KEY, "--yes"];

/// A line whose VM is at work.
async fn at_work() -> World {
    let world = World::new(Kind::Lab, &["-prev", "", "-build="]).await;
    world.lab().power(&world.names().await["-build"], true).unwrap();
    world
}

async fn sweep(world: &World, github: &GitHub) -> Ended {
    let mut program = world.program(SWEEP);
    program.envs(github.environment()).env("PATH", std::env::var_os("PATH").unwrap());
    Ended::of(program.output().await.unwrap())
}

/// A run of all lines whose jobs are these.
fn run_of(jobs: Vec<Job>) -> Run {
    Run {
        id: 9001,
        workflow: BUILD,
        title: "build-templates all".into(),
        event: "schedule",
        status: "in_progress",
        conclusion: None,
        created: jiff::Timestamp::now() - jiff::SignedDuration::from_mins(10),
        ended: None,
        jobs,
        artifacts: Vec::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_github_does_not_tell_may_be_being_built() {
    let later = (jiff::Timestamp::now() + jiff::SignedDuration::from_mins(40)).as_second().to_string();
    let limited = |status| {
        Reply::error(status, "API rate limit exceeded")
            .header("x-ratelimit-remaining", "0")
            .header("x-ratelimit-reset", &later)
    };
    let odd = Reply { body: b"[]".to_vec(), ..Reply::error(200, "") };
    let answers = [
        ("fails", Reply::error(500, "Server Error")),
        ("is being worked on", Reply::error(503, "Unavailable")),
        ("limits", limited(403)),
        ("limits", limited(429)),
        ("limits for a while", Reply::error(403, "secondary rate limit").header("retry-after", "60")),
        ("does not know the token any more", Reply::error(401, "Bad credentials")),
        ("gives the token no right", Reply::error(403, "Resource not accessible by personal access token")),
        ("does not know the repository", Reply::error(404, "Not Found")),
        ("sends something else", odd),
        ("breaks off", Reply { cut: true, ..Reply::error(200, "half of it") }),
    ];
    let tried = answers.len();
    for at in ["/runs?", "/jobs?"] {
        for (what, answer) in &answers {
            let (world, github) = (at_work().await, GitHub::start(Pipeline::empty()).await.unwrap());
            github.change(|pipeline| pipeline.runs = vec![run_of(vec![Job::build("debian-13", "in_progress", None)])]);
            (0..9).for_each(|_| github.plan(at, answer.clone()));
            let before = world.names().await;
            let refused = sweep(&world, &github).await;
            assert!(github.seen().iter().any(|(_, path, _)| path.contains(at)), "{at} was not asked");
            assert!(refused.exit == 3 && refused.err.contains("may be being built"), "{what}, {at}: {}", refused.err);
            assert_eq!((world.names().await, world.changes().len()), (before, 0), "{what}, {at}");
        }
    }
    figure(&format!("sweeps of a running VM while GitHub fails, limits or knows no token: {} refused", 2 * tried));
}

/// A run of more lines than GitHub puts on a page; and one whose pages do not end.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_built_on_a_later_page_is_not_swept() {
    let others =
        |many: usize| (0..many).map(|number| Job::build(&format!("line-{number}"), "completed", Some("success")));
    for (many, words) in [(150, "is being built by run #"), (2_000, "may be being built")] {
        let (world, github) = (at_work().await, GitHub::start(Pipeline::empty()).await.unwrap());
        let jobs = others(many).chain([Job::build(KEY, "in_progress", None)]).collect();
        github.change(|pipeline| pipeline.runs = vec![run_of(jobs)]);
        let before = world.names().await;
        let refused = sweep(&world, &github).await;
        assert!(refused.exit == 3 && refused.err.contains(words), "{many}: {} {}", refused.exit, refused.err);
        assert!(github.seen().len() < 30, "{:?}", github.seen().len());
        assert_eq!((world.names().await, world.changes().len()), (before, 0), "{many}");
    }
}

/// A run at work that is older than many that are over.
#[tokio::test(flavor = "multi_thread")]
async fn what_an_old_run_still_builds_is_not_swept() {
    let (world, github) = (at_work().await, GitHub::start(Pipeline::empty()).await.unwrap());
    let over = |id| Run { id, status: "completed", conclusion: Some("success"), ..run_of(Vec::new()) };
    let old = run_of(vec![Job::build(KEY, "in_progress", None)]);
    github.change(|pipeline| pipeline.runs = (9002..9060).rev().map(over).chain([old]).collect());
    let before = world.names().await;
    let refused = sweep(&world, &github).await;
    refused.is(3, "is being built by run #");
    assert_eq!((world.names().await, world.changes().len()), (before, 0));
}
