//! The screen of the runs on GitHub.

use rstest::rstest;

use super::{SMALL, USUAL, WIDE, drawn};
use crate::console::fixture::{self, typed};
use crate::console::github::GitHubEvent;
use crate::console::{Console, Msg};

pub(super) fn open(console: Console) -> Console {
    let mut console = console;
    typed(&mut console, "W");
    console
}

#[rstest]
#[case("wide", WIDE)]
#[case("usual", USUAL)]
#[case("small", SMALL)]
fn runs_their_legs_and_what_is_wrong(#[case] name: &str, #[case] (columns, rows): (u16, u16)) {
    let mut console = open(fixture::with_github(fixture::night()));
    typed(&mut console, "jjj");
    insta::assert_snapshot!(format!("runs_{name}"), drawn(&mut console, columns, rows));
}

#[test]
fn without_a_token() {
    let mut console = fixture::night();
    let missing = "no GITHUB_TOKEN (or GH_TOKEN) in the environment: the pipeline on GitHub cannot be read";
    console.update(Msg::GitHub(GitHubEvent::Ready(Err(missing.into()))));
    insta::assert_snapshot!("runs_no_token", drawn(&mut open(console), 80, 24));
}

#[test]
fn nothing_has_ever_run() {
    let mut console = fixture::with_github(fixture::night());
    fixture::hear(&mut console, |pipeline| pipeline.board.runs.clear());
    insta::assert_snapshot!("runs_none", drawn(&mut open(console), 80, 24));
}

#[test]
fn numbers_and_texts_of_others_have_any_size() {
    let mut console = fixture::with_github(fixture::night());
    fixture::hear(&mut console, |pipeline| {
        let rate = pipeline.board.rate.as_mut().unwrap();
        (rate.remaining, rate.limit) = (u64::MAX, u64::MAX);
        let legs = pipeline.board.runs.iter_mut().flat_map(|seen| &mut seen.legs);
        legs.for_each(|leg| leg.step = Some("x".repeat(70_000)));
    });
    for size in [WIDE, USUAL, SMALL] {
        let _ = drawn(&mut console, size.0, size.1);
    }
    let screen = drawn(&mut open(console), 160, 45).to_string();
    assert!(screen.contains("of 18446744073709551615 requests"), "{screen}");
}

#[test]
fn a_line_that_is_built_there_says_so() {
    let mut console = fixture::with_github(fixture::night());
    let screen = drawn(&mut console, 160, 45).to_string();
    assert!(screen.contains("● #88 Build and pro"), "{screen}");
}
