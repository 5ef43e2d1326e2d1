//! Operations: what the command line and the console share.

use tmpl::lab::github::{GitHub, Reply};
use tmpl::ops::{Error, Exit, GitHubRefusal, Refusal, remote};
use tmpl::vcenter::gate::Mode;

use super::{client, key, run, world};

#[tokio::test]
async fn a_run_is_cancelled_although_github_does_not_tell_its_legs() {
    let github = GitHub::start(world(vec![run(9001, "rocky-9", "in_progress", None)])).await.unwrap();
    let client = client(&github);
    let running = client.run(9001).await.unwrap();
    github.plan("/jobs", Reply::error(404, "Not Found"));
    assert_eq!(remote::cancel(Mode::ReadWrite, &client, &running, false).await.unwrap(), []);
    let error = remote::rerun(Mode::ReadWrite, &client, &running).await.unwrap_err();
    assert!(
        matches!(&error, Error::Refused(why) if matches!(**why, Refusal::GitHub(GitHubRefusal::Runs(_)))),
        "{error}"
    );
    assert_eq!((error.exit(), error.to_string()), (Exit::Refused, "run #1 is not over yet".to_owned()));
}

#[tokio::test]
async fn a_cancelled_run_names_the_lines_whose_vm_may_stay_behind() {
    let github = GitHub::start(world(vec![run(9001, "rocky-9", "in_progress", None)])).await.unwrap();
    let client = client(&github);
    let running = client.run(9001).await.unwrap();
    assert_eq!(remote::cancel(Mode::ReadWrite, &client, &running, false).await.unwrap(), [key("rocky-9")]);
}

#[tokio::test]
async fn read_only_changes_nothing_at_github() {
    let github = GitHub::start(world(vec![run(9001, "rocky-9", "in_progress", None)])).await.unwrap();
    let client = client(&github);
    let running = client.run(9001).await.unwrap();
    let refused = [
        remote::cancel(Mode::ReadOnly, &client, &running, true).await.map(drop),
        remote::rerun(Mode::ReadOnly, &client, &running).await,
        remote::enable_schedule(Mode::ReadOnly, &client).await,
    ];
    for answer in refused {
        assert!(matches!(answer, Err(Error::Refused(why)) if *why == Refusal::ReadOnly));
    }
    assert!(github.seen().iter().all(|(method, ..)| method == "GET"));
}
