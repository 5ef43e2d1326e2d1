use super::*;

#[test]
fn every_name_in_the_book_exists_and_only_the_last_scene_stays() {
    let book = Book::shipped().unwrap();
    for (name, screen) in &book.screen {
        assert!(!screen.frames().is_empty(), "{name} has no pictures");
        for frame in screen.frames() {
            assert!(super::super::frames::png(&frame).is_some(), "{name}: no picture {frame}");
        }
    }
    for guest in book.guests() {
        for scene in &guest.scenes {
            assert!(book.screen.contains_key(&scene.screen), "{}: no screen {}", guest.name, scene.screen);
        }
        let (last, before) = guest.scenes.split_last().unwrap();
        assert!(last.seconds.is_none() && before.iter().all(|scene| scene.seconds.is_some()), "{}", guest.name);
        if let Some(keys) = &guest.keys {
            assert!(book.guest(&keys.otherwise).is_some(), "{}: no guest {}", guest.name, keys.otherwise);
        }
    }
    for family in book.family.values() {
        assert!(book.guest(&family.guest).is_some(), "no guest {}", family.guest);
    }
}

#[test]
fn a_healthy_debian_moves_on_and_gets_tools_then_an_address() {
    let book = Book::shipped().unwrap();
    let guest = book.guest("debian").unwrap();
    let keys: Vec<f64> = (0..200).map(|n| 5.0 + f64::from(n) / 10.0).collect();
    assert_eq!(book.moment(guest, 100.0, &keys), Moment::default());
    let end = book.moment(guest, 3000.0, &keys);
    assert!(end.tools && end.ip.as_deref() == Some("lease"));
    let pictures: std::collections::BTreeSet<String> =
        (0..480).map(|second| book.frame(guest, f64::from(second), &keys)).collect();
    assert!(pictures.len() > 40, "{} different pictures", pictures.len());
    assert!(book.frame(guest, 3000.0, &keys).starts_with("login"));
}

#[test]
fn a_screen_that_went_black_comes_back_with_a_key_and_goes_again() {
    let book = Book::shipped().unwrap();
    let guest = book.guest("blanked-screen").unwrap();
    let typed: Vec<f64> = (0..20).map(|n| 5.0 + f64::from(n)).collect();
    let at = |at: f64, keys: &[f64]| book.frame(guest, at, keys);
    assert_eq!(at(400.0, &typed), "emergency-00");
    assert_eq!(at(900.0, &typed), "black-00");
    let woken = [typed.as_slice(), &[900.0]].concat();
    assert_eq!(at(899.0, &woken), "black-00", "a key of later");
    assert_eq!(at(901.0, &woken), "emergency-00");
    assert_eq!(at(1100.0, &woken), "black-00");
}

#[test]
fn a_guest_that_missed_its_keys_takes_another_way() {
    let book = Book::shipped().unwrap();
    let guest = book.guest("debian").unwrap();
    assert!(book.frame(guest, 3000.0, &[]).starts_with("di-language"));
    assert_eq!(book.moment(guest, 3000.0, &[]), Moment::default());
}

#[test]
fn a_stuck_guest_shows_one_picture_for_ever() {
    let book = Book::shipped().unwrap();
    let guest = book.guest("licensing").unwrap();
    let picture = |at: f64| book.frame(guest, at, &[2.0]);
    assert_eq!(picture(600.0), picture(6000.0));
    assert!(picture(600.0).starts_with("win-licensing"));
}
