//! Guests reach the state their scenario ends in, seen through the protocol's own eyes (pictures, tools, address).

use std::time::Duration;

use tmpl::lab::{Book, Lab, Seed};

use super::{lab, quick};

/// Lets a VM with this guest run for `seconds` with enough keys typed at the right time; its picture at the end.
async fn picture(lab: &Lab, guest: &str, seconds: u64) -> Vec<u8> {
    let id = lab.add(&Seed::vm(format!("linux-debian-12-main-x{}", lab.inventory().len()), 0));
    lab.set_guest(&id, guest);
    lab.power(&id, true).unwrap();
    lab.advance(Duration::from_secs(3));
    lab.type_keys(&id, 200).unwrap();
    lab.advance(Duration::from_secs(seconds));
    lab.picture(&id).unwrap().to_vec()
}

fn shipped(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/assets/lab/screens/{name}.png", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_scenario_ends_where_it_says() {
    let lab = lab(quick()).await;
    for (guest, last) in [
        ("licensing", "win-licensing-00"),
        ("stop-error", "win-stop-03"),
        ("missed-spacebar", "uefi-shell-00"),
        ("preseed-command", "di-command-failed-00"),
        ("no-address", "di-dhcp-failed-00"),
        ("kernel-panic", "panic-00"),
        ("no-boot-device", "no-dhcp-10"),
        ("no-operating-system", "no-os-00"),
        ("emergency", "emergency-00"),
    ] {
        assert!(picture(&lab, guest, 7200).await == shipped(last), "{guest} does not end with {last}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_guest_reports_tools_and_address_and_its_picture_changes_all_the_time() {
    let lab = lab(quick()).await;
    let id = lab.add(&Seed::vm("linux-debian-12-main-build", 0));
    lab.power(&id, true).unwrap();
    lab.advance(Duration::from_secs(5));
    lab.type_keys(&id, 100).unwrap();
    let mut pictures = std::collections::BTreeSet::new();
    for _ in 0..220 {
        lab.advance(Duration::from_secs(2));
        pictures.insert(lab.picture(&id).unwrap().to_vec());
    }
    assert!(pictures.len() > 40, "only {} different pictures in seven minutes", pictures.len());
    assert_eq!(lab.guest(&id), Some((false, None)));
    lab.advance(Duration::from_secs(60));
    let (tools, ip) = lab.guest(&id).unwrap();
    assert!(tools);
    assert!(ip.unwrap().starts_with("10.0.8."));
}

#[tokio::test(flavor = "multi_thread")]
async fn scenarios_name_lines_of_the_matrix() {
    let matrix = tmpl::pipeline::Matrix::load(env!("CARGO_MANIFEST_DIR").as_ref()).unwrap();
    for guest in Book::shipped().unwrap().guests() {
        assert!(matrix.line(&guest.line).is_ok(), "{}: no line {}", guest.name, guest.line);
    }
    for line in &matrix.lines {
        assert!(Book::shipped().unwrap().family_of(&line.base_name).is_some(), "{}: no family", line.key);
    }
}
