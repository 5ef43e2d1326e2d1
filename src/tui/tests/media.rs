//! The view of install media by snapshot; and the whole way on the lab's datastore and simulated mirrors.

use rstest::rstest;

use super::app::Whole;
use super::{SMALL, USUAL, WIDE, drawn, lost};
use crate::console::fixture::{self, key, media, typed};
use crate::console::media::{Report, Request, StageProgress};
use crate::console::{Console, Effect, Msg};
use crate::iso::stage::Phase;
use crate::vcenter::LinkState;

fn on(line: &str) -> Console {
    let mut console = media();
    console.lines.select(&key(line));
    console
}

/// A staging of rocky-9, so far.
fn staging(moved: StageProgress) -> Console {
    let mut console = on("rocky-9");
    let request = typed(&mut console, "Iy").iter().find_map(|effect| match effect {
        Effect::Media(Request::Stage { request, .. }) => Some(*request),
        _ => None,
    });
    console.update(Msg::Media(Report::Staging { request: request.unwrap(), moved }));
    console
}

#[rstest]
#[case("wide", WIDE)]
#[case("usual", USUAL)]
#[case("small", SMALL)]
fn a_newer_release(#[case] name: &str, #[case] size: (u16, u16)) {
    snapshot!(format!("media_newer_{name}"), on("debian-13"), size);
}

#[rstest]
#[case("mirror", "almalinux-9")]
#[case("drift", "ubuntu-2404")]
#[case("untakeable", "ubuntu-2204")]
#[case("missing", "rocky-9")]
#[case("by_hand", "windows-server-2025")]
fn every_kind_of_line(#[case] name: &str, #[case] line: &str) {
    snapshot!(format!("media_{name}"), on(line), USUAL);
}

#[rstest]
#[case("usual", USUAL)]
#[case("small", SMALL)]
fn on_its_way(#[case] name: &str, #[case] size: (u16, u16)) {
    let note = Some("https://mirror.example.com/rocky-9.iso: connection reset by peer".into());
    let moved =
        StageProgress { phase: Phase::Copy, done: 5_400_000_000, size: 12_900_000_000, rate: Some(84_000_000), note };
    snapshot!(format!("media_staging_{name}"), staging(moved), size);
}

#[test]
fn before_any_answer() {
    let mut console = fixture::empty();
    fixture::link(&mut console, LinkState::Live);
    typed(&mut console, "M");
    snapshot!("media_asking", console, USUAL);
}

#[test]
fn nothing_matches_the_filter() {
    let mut console = media();
    typed(&mut console, "/nothing\n");
    snapshot!("media_nothing", console, SMALL);
}

#[test]
fn a_lost_link_is_said() {
    let mut console = on("debian-12");
    lost(&mut console);
    snapshot!("media_lost", console, USUAL);
}

#[test]
fn a_datastore_that_cannot_be_asked() {
    let mut console = on("debian-12");
    let request = console.look_anew().iter().find_map(|effect| match effect {
        Effect::Media(Request::Look { request }) => Some(*request),
        _ => None,
    });
    let answer = Err("datastore \"ds-iso\" is not there".into());
    console.update(Msg::Media(Report::Looked { request: request.unwrap(), answer }));
    snapshot!("media_datastore", console, USUAL);
}

#[rstest]
#[case("usual", USUAL)]
#[case("small", SMALL)]
fn the_difference_before_it_is_written(#[case] name: &str, #[case] size: (u16, u16)) {
    let mut console = on("debian-13");
    typed(&mut console, "B");
    snapshot!(format!("media_bump_{name}"), console, size);
}

#[test]
fn the_steps_of_a_staging() {
    let mut console = on("rocky-9");
    typed(&mut console, "I");
    snapshot!("media_stage", console, USUAL);
}

#[test]
fn read_only_leaves_out_what_changes() {
    let mut console = on("debian-13");
    console.session.mode = crate::vcenter::gate::Mode::asked(true);
    let backend = drawn(&mut console, 120, 24);
    let row: String = (0..120).map(|x| backend.buffer()[(x, 23)].symbol()).collect();
    let colour = |text: &str| backend.buffer()[(u16::try_from(row.find(text).unwrap()).unwrap(), 23)].fg;
    assert_eq!(colour("a ask"), ratatui::style::Color::Cyan);
    for key in ["B bump", "I stage", "K stop"] {
        assert!(!row.contains(key), "{key}: {row}");
    }
}

#[test]
fn the_lines_flag_a_missing_iso() {
    let mut console = media();
    typed(&mut console, "M");
    snapshot!("media_flagged_lines", console, USUAL);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bump_is_checked_written_and_staged() {
    let mut whole = Whole::with_media(u64::MAX).await;
    whole.wait_for("3d").await;
    whole.wait_for("▲ ISO").await;
    whole.keys("M");
    whole.wait_for("→ 13.7.0").await;
    whole.wait_for("✗ missing").await;
    whole.keys("B");
    whole.wait_for("+ iso_file").await;
    whole.keys("y");
    whole.wait_for("debian-13 takes debian-13.7.0-amd64-netinst.iso").await;
    whole.wait_for("offers nothing newer").await;
    let config = std::fs::read_to_string(whole.repo().join("ci/config/linux-debian-13.pkrvars.hcl")).unwrap();
    assert!(config.contains("\"debian-13.7.0-amd64-netinst.iso\""), "{config}");
    whole.wait_for("✗ not there").await;
    whole.keys("I");
    whole.wait_for("compare its SHA-256").await;
    whole.keys("y");
    whole.wait_for("✓ 100 MB, put there").await;
    assert!(whole.app.console().idle());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_staging_is_stopped_and_leaves_nothing() {
    let mut whole = Whole::with_media(6_000_000).await;
    whole.wait_for("▲ ISO").await;
    whole.keys("jM");
    whole.wait_for("✗ not there").await;
    whole.keys("I");
    whole.wait_for("compare its SHA-256").await;
    whole.keys("y");
    whole.wait_for("MB/s").await;
    whole.keys("K");
    whole.wait_for("delete the partial").await;
    whole.keys("y");
    whole.wait_for("cancelled; nothing is staged").await;
    whole.wait_for("✗ not there").await;
}
