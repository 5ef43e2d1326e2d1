//! Questions and answers: what is read, what is asked again, what is said when it goes wrong.

use rstest::rstest;
use tmpl::github::{BUILD, Conclusion, Error, State};
use tmpl::lab::github::{GitHub, Reply, World};

use super::{client, key, run, world};

#[tokio::test]
async fn runs_and_their_legs_are_read() {
    let github = GitHub::start(world(vec![
        run(9002, "debian-12", "in_progress", None),
        run(9001, "rocky-9", "completed", Some("failure")),
    ]))
    .await
    .unwrap();
    let board = client(&github).board(10).await.unwrap();
    let [running, failed] = &board.runs[..] else { panic!("{board:?}") };
    assert_eq!((running.run.number, running.run.state), (2, State::Running));
    assert_eq!(running.run.line, Some(key("debian-12")));
    let leg = &running.legs[0];
    assert_eq!((leg.key.clone(), leg.step.as_deref()), (Some(key("debian-12")), Some("Build and promote")));
    assert_eq!(leg.queued(board.at).as_secs(), 20);
    assert!(leg.runner.as_deref().unwrap().starts_with("packer-vsphere-"));
    assert_eq!(failed.legs[0].state, State::Ended(Conclusion::Failure));
    assert!(board.builds(&key("debian-12")).is_some() && board.builds(&key("rocky-9")).is_none());
    assert_eq!(board.rate.unwrap().limit, 5000);
}

#[tokio::test]
async fn what_did_not_change_is_not_sent_again_and_costs_nothing() {
    let github = GitHub::start(world(vec![run(9001, "rocky-9", "in_progress", None)])).await.unwrap();
    let client = client(&github);
    let first = client.board(10).await.unwrap();
    let second = client.board(10).await.unwrap();
    assert_eq!(first.runs[0].run.state, second.runs[0].run.state);
    assert_eq!(first.rate.unwrap().remaining, second.rate.unwrap().remaining);
    let statuses: Vec<u16> = github.seen().iter().map(|(.., status)| *status).collect();
    assert_eq!(statuses, [200, 200, 304, 304]);
    github.change(|world| world.end(9001, "success"));
    let third = client.board(10).await.unwrap();
    assert_eq!(third.runs[0].run.state, State::Ended(Conclusion::Success));
}

#[rstest]
#[case::token(Reply::error(401, "Bad credentials"), "GitHub refuses the token (401)")]
#[case::hourly(
    Reply::error(403, "API rate limit exceeded").header("x-ratelimit-limit", "60")
        .header("x-ratelimit-remaining", "0").header("x-ratelimit-reset", "4102444800"),
    "rate limit is used up until 2100-01-01 00:00 UTC"
)]
#[case::secondary(Reply::error(403, "slow down").header("retry-after", "60"), "rate limit is used up until")]
#[case::permission(
    Reply::error(403, "Resource not accessible by personal access token").header("x-accepted-github-permissions", "actions=write"),
    "the token lacks the permission actions=write on lab/golden-images (403)"
)]
#[case::forbidden(
    Reply::error(403, "Repository was archived"),
    "GitHub forbids workflow build-templates.yml (403): Repository was archived"
)]
#[case::missing(
    Reply::error(404, "Not Found"),
    "GitHub knows no workflow build-templates.yml in lab/golden-images (404)"
)]
#[case::shape(Reply { body: b"[]".to_vec(), ..Reply::error(200, "") }, "makes no sense")]
#[tokio::test]
async fn trouble_is_one_clear_line(#[case] reply: Reply, #[case] said: &str) {
    let github = GitHub::start(World::empty()).await.unwrap();
    github.plan("/runs", reply);
    let error = client(&github).runs(BUILD, 10, None).await.unwrap_err().to_string();
    assert!(error.contains(said), "{error}");
    assert!(!error.contains('\n') && !error.contains("lab-github-token"), "{error}");
    assert_eq!(github.seen().len(), 1, "none of these gets better by asking again");
}

#[tokio::test]
async fn nothing_is_asked_while_the_limit_is_used_up() {
    let github = GitHub::start(World::empty()).await.unwrap();
    github.plan("/runs", Reply::error(429, "slow down").header("retry-after", "600"));
    let client = client(&github);
    for _ in 0..3 {
        let error = client.runs(BUILD, 10, None).await.unwrap_err();
        assert!(matches!(error, Error::RateLimit { .. }), "{error}");
    }
    assert_eq!(github.seen().len(), 1);
}

#[tokio::test]
async fn a_short_trouble_is_outlived_and_a_long_one_is_named() {
    let github = GitHub::start(World::empty()).await.unwrap();
    let client = client(&github);
    github.plan("/runs", Reply::error(502, "Bad Gateway"));
    github.plan("/runs", Reply { cut: true, ..Reply::error(200, "half") });
    assert_eq!(client.runs(BUILD, 10, None).await.unwrap(), []);
    (0..3).for_each(|_| github.plan("/runs", Reply::error(503, "Unavailable")));
    let error = client.runs(BUILD, 10, None).await.unwrap_err();
    assert!(matches!(error, Error::Server { status: 503, attempts: 3, .. }), "{error}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named() {
    let github = GitHub::start(World::empty()).await.unwrap();
    let client = client(&github);
    drop(github);
    let error = client.runs(BUILD, 10, None).await.unwrap_err();
    assert!(matches!(&error, Error::Network { .. }), "{error}");
}

/// What is moved elsewhere is not asked for there: the token is for one host.
#[rstest]
#[case(301)]
#[case(302)]
#[case(303)]
#[case(307)]
#[case(308)]
#[tokio::test]
async fn the_token_follows_no_redirect(#[case] status: u16) {
    let github = GitHub::start(world(vec![run(9001, "rocky-9", "in_progress", None)])).await.unwrap();
    let elsewhere = GitHub::start(World::empty()).await.unwrap();
    let moved = |path: &str| Reply::error(status, "Moved").header("location", format!("{}{path}", elsewhere.url()));
    github.plan("/runs", moved("/repos/lab/golden-images/actions/runs"));
    let error = client(&github).runs(BUILD, 10, None).await.unwrap_err();
    assert!(matches!(error, Error::Declined { status: said, .. } if said == status), "{error}");
    github.plan("/cancel", moved("/cancel"));
    let running = client(&github).run(9001).await.unwrap();
    client(&github).cancel(&running, false).await.unwrap_err();
    assert_eq!(elsewhere.seen(), [], "a redirect was followed");
}

#[tokio::test]
async fn a_dispatch_finds_its_run_whether_it_is_told_or_not() {
    for tells_run in [true, false] {
        let github = GitHub::start(World { tells_run, ..world(vec![run(9001, "all", "completed", Some("success"))]) });
        let github = github.await.unwrap();
        let run = client(&github).dispatch(&key("debian-12"), None).await.unwrap();
        assert_eq!((run.id, run.line), (9002, Some(key("debian-12"))));
    }
}

#[tokio::test]
async fn a_dispatch_that_would_push_another_run_out_is_refused_and_names_it() {
    let github =
        GitHub::start(world(vec![run(9003, "rocky-9", "pending", None), run(9002, "debian-12", "in_progress", None)]))
            .await
            .unwrap();
    let client = client(&github);
    let error = client.dispatch(&key("debian-13"), None).await.unwrap_err();
    assert!(
        matches!(&error, Error::Refused(why) if why.to_string().contains("#3 (build-templates rocky-9)")),
        "{error}"
    );
    let error = client.dispatch(&key("debian-12"), None).await.unwrap_err().to_string();
    assert!(error.contains("debian-12 is already being built by run #2: http"), "{error}");
    assert!(github.seen().iter().all(|(method, ..)| method == "GET"));
}

#[tokio::test]
async fn a_dispatch_is_never_sent_twice() {
    let github = GitHub::start(World::empty()).await.unwrap();
    github.plan("/dispatches", Reply::error(502, "Bad Gateway"));
    let error = client(&github).dispatch(&key("debian-12"), None).await.unwrap_err();
    assert!(error.to_string().contains("(502) with a dispatch of build-templates.yml; asked once;"), "{error}");
    assert_eq!(github.seen().iter().filter(|(method, ..)| method == "POST").count(), 1);
}

#[tokio::test]
async fn a_run_is_cancelled_and_its_failed_legs_run_again() {
    let github = GitHub::start(world(vec![run(9001, "rocky-9", "in_progress", None)])).await.unwrap();
    let client = client(&github);
    let run = client.run(9001).await.unwrap();
    assert!(matches!(client.rerun_failed(&run).await, Err(Error::Refused(_))), "it is not over");
    client.cancel(&run, false).await.unwrap();
    let run = client.run(9001).await.unwrap();
    assert_eq!(run.state, State::Ended(Conclusion::Cancelled));
    assert!(matches!(client.cancel(&run, false).await, Err(Error::Refused(_))), "it is over");
    client.rerun_failed(&run).await.unwrap();
    assert_eq!(client.run(9001).await.unwrap().state, State::Queued);
}
