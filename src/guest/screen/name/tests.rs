use super::*;

fn screen(label: &str, text: &[&str]) -> ScreenLabel {
    let text = text.iter().map(|words| Words::from(*words)).collect();
    ScreenLabel { label: label.into(), text, ..ScreenLabel::default() }
}

fn known(labels: impl Into<Vec<ScreenLabel>>) -> ScreenLabels {
    ScreenLabels { labels: labels.into(), ..ScreenLabels::default() }
}

fn read(rows: &[&str], exact: bool) -> RecognisedText {
    RecognisedText { rows: rows.iter().map(|row| (*row).to_owned()).collect(), exact }
}

fn named(rows: &[&str], exact: bool, known: &ScreenLabels) -> Option<String> {
    name_by_text(&read(rows, exact), known).map(|named| named.label)
}

#[test]
fn words_are_found_across_wraps_and_misreads() {
    let known = known([screen("panic", &["Kernel panic - not syncing"])]);
    assert_eq!(named(&["[1.0] Kernel panic - not syn", "cing: VFS"], true, &known).as_deref(), Some("panic"));
    assert_eq!(named(&["Kerne1 panic ~ not synclng"], false, &known).as_deref(), Some("panic"));
    assert_eq!(named(&["Kerne1 panic ~ not synclng"], true, &known), None);
    assert_eq!(named(&["Colonel panics"], false, &known), None);
}

#[test]
fn the_newest_screen_wins_and_all_words_are_needed() {
    let known = known([
        screen("boot", &["Booting from"]),
        screen("login", &["login:"]),
        screen("both", &["Booting from", "missing"]),
    ]);
    assert_eq!(named(&["Booting from disk", "host login:"], true, &known).as_deref(), Some("login"));
    assert_eq!(named(&["host login:", "Booting from disk"], true, &known).as_deref(), Some("boot"));
    assert_eq!(named(&["Booting from disk", "host login:"], false, &known).as_deref(), Some("boot"));
}

#[test]
fn a_failure_outranks_progress_below_it_and_loses_to_what_came_after() {
    let failed = ScreenLabel { failure: Some(FailureKind::Cause), ..screen("failed", &["it gave up"]) };
    let tried = ScreenLabel { retried: true, ..failed.clone() };
    let progress = ScreenLabel { state: Some("progress".into()), ..screen("progress", &["next step"]) };
    let shell = ScreenLabel { failure: Some(FailureKind::Symptom), ..screen("shell", &["sh-5.1#"]) };
    let labels = [failed, progress.clone(), screen("login", &["login:"]), shell];
    let rows = ["it gave up", "next step"];
    assert_eq!(named(&rows, true, &known(labels.clone())).as_deref(), Some("failed"));
    assert_eq!(named(&["it gave up", "sh-5.1#"], true, &known(labels.clone())).as_deref(), Some("failed"));
    assert_eq!(named(&["it gave up", "host login:"], true, &known(labels)).as_deref(), Some("login"));
    assert_eq!(named(&rows, true, &known([tried, progress])).as_deref(), Some("progress"));
}

#[test]
fn a_team_adds_names_and_takes_none_away() {
    let ours =
        known([screen("ours", &["Keymap to use"]), ScreenLabel { generic: true, ..screen("vague", &["Choose"]) }]);
    let own = |text: &[&str]| known([screen("theirs", text)]);
    let name = |rows: &[&str], own: ScreenLabels| name_by_text(&read(rows, true), &ours.clone().and_own(own)).unwrap();
    let both = name(&["Keymap to use", "below"], own(&["below"]));
    assert_eq!((both.label.as_str(), both.also), ("ours", vec!["theirs".to_owned()]));
    // Where ours is but a kind of page, theirs says more.
    let both = name(&["Choose", "below"], own(&["below"]));
    assert_eq!((both.label.as_str(), both.also), ("theirs", vec!["vague".to_owned()]));
}

#[test]
fn words_that_must_not_be_there_and_rows_as_a_whole() {
    let mut label = screen("shell", &[]);
    label.row = vec![super::super::label::row_pattern(r"^\s*bash-[\d.]+[#$]").unwrap()];
    label.not = vec![Words::from("Upgrading")];
    let known = known([label]);
    assert_eq!(named(&["  bash-5.1# "], true, &known).as_deref(), Some("shell"));
    assert_eq!(named(&["Installing: bash-5.1.8-9.el9.x86_64"], true, &known), None);
    assert_eq!(named(&["Upgrading", "bash-5.1#"], true, &known), None);
}
