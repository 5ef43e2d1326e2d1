//! Whether the weekly run happens, and whether anybody picks its legs up.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use rstest::rstest;
use tmpl::github::Health;
use tmpl::lab::github::{GitHub, Run, World};

use super::{ago, client, run, world};

const DAY: i64 = 24 * 60;

/// A scheduled run that began so many minutes ago.
fn weekly(minutes: i64, conclusion: &'static str) -> Run {
    let run = run(9001, "all", "completed", Some(conclusion));
    Run { event: "schedule", created: ago(minutes), ended: Some(ago(minutes - 41)), ..run }
}

async fn health(world: World) -> Health {
    let github = GitHub::start(world).await.unwrap();
    let client = client(&github);
    let board = client.board(10).await.unwrap();
    client.health(&board, Path::new(env!("CARGO_MANIFEST_DIR"))).await.unwrap()
}

fn said(health: &Health) -> String {
    health
        .findings
        .iter()
        .filter(|finding| finding.alarm)
        .map(|finding| finding.text.clone())
        .collect::<Vec<_>>()
        .join("\n")
}

/// Minutes since the last time the weekly run was due.
fn since_due() -> i64 {
    let text = std::fs::read_to_string(".github/workflows/build-templates.yml").unwrap();
    let due = tmpl::github::schedule::Schedule::of_workflow(&text).unwrap().before(Timestamp::now()).unwrap();
    Timestamp::now().duration_since(due).as_mins()
}

#[tokio::test]
async fn a_week_as_it_should_be_is_no_alarm() {
    let health = health(world(vec![weekly((since_due() - 30).max(1), "success")])).await;
    assert_eq!(said(&health), "");
    assert_eq!(health.days_left, Some(48));
    assert!(health.late_minutes.is_some());
}

#[rstest]
#[case::never(World::empty(), "the scheduled run never ran")]
#[case::overdue(world(vec![weekly(9 * DAY, "success")]), "no scheduled run for 9 days")]
#[case::off(
    World { workflow_state: "disabled_inactivity", ..World::empty() },
    "GitHub switched the schedule off for inactivity"
)]
#[case::soon(
    World { pushed: Timestamp::now() - SignedDuration::from_hours(24 * 51), ..World::empty() },
    "GitHub switches the schedule off in 9 days"
)]
#[case::unstaged(
    world(vec![Run { workflow: "upload-isos.yml", ..run(9001, "rocky-9", "completed", Some("failure")) }]),
    "upload-isos.yml #1 failed: an ISO may be named in the repository and missing on the datastore"
)]
#[case::down(
    world(vec![Run { created: ago(25), ..run(9001, "rocky-9", "queued", None) }]),
    "1 job(s) have waited up to 25 min for packer-vsphere and none is at work: the scale set is down"
)]
#[tokio::test]
async fn what_is_wrong_is_an_alarm(#[case] world: World, #[case] text: &str) {
    let health = health(world).await;
    assert!(said(&health).contains(text), "{}", said(&health));
}

#[tokio::test]
async fn the_schedule_is_switched_on_again() {
    let github = GitHub::start(World { workflow_state: "disabled_inactivity", ..World::empty() }).await.unwrap();
    client(&github).enable_schedule().await.unwrap();
    github.change(|world| assert_eq!(world.workflow_state, "active"));
}
