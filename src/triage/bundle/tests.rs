use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use proptest::prelude::*;

use super::*;
use crate::guest::recording::{GuestState, TIMELINE, TaskState, TimelineEvent};
use crate::guest::screen::{drawn, read_cells};
use crate::triage::rules::Confidence;
use crate::triage::verdict::{Evidence, EvidenceSource};

fn at(second: i64) -> jiff::Timestamp {
    jiff::Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn png(image: RgbImage) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    DynamicImage::from(image).write_to(&mut out, ImageFormat::Png).unwrap();
    out.into_inner()
}

fn verdict(cause: &str, evidence: Vec<Evidence>) -> Verdict {
    let mut verdict = Verdict::of(Vec::new());
    (verdict.class, verdict.cause, verdict.confidence) = ("winrm-timeout".into(), cause.into(), Confidence::High);
    verdict.evidence = evidence;
    verdict
}

fn frame(second: i64) -> RecordedFrame {
    let file = format!("frames/{}.png", at(second).as_millisecond());
    RecordedFrame { at: at(second), file, until: at(second + 9), changed: None, log: 0, kind: Motion::Idle }
}

/// A run's folder with these pictures and events.
fn record(pictures: &[(RecordedFrame, Vec<u8>)], events: &[TimelineEvent]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("frames")).unwrap();
    let mut lines = String::new();
    for (frame, png) in pictures {
        std::fs::write(dir.path().join(&frame.file), png).unwrap();
        lines += &(serde_json::to_string(&TimelineEvent::Frame(frame.clone())).unwrap() + "\n");
    }
    events.iter().for_each(|event| lines += &(serde_json::to_string(event).unwrap() + "\n"));
    std::fs::write(dir.path().join(TIMELINE), lines).unwrap();
    dir
}

/// Writes a bundle and opens it again: its files by their names.
fn bundled(contents: BundleContents<'_>, scrubber: &Scrubber) -> (BundleSummary, BTreeMap<String, Vec<u8>>) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("b.zip");
    let written = write(&path, contents, scrubber).unwrap();
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "nothing temporary stays");
    let mut zip = zip::ZipArchive::new(File::open(&path).unwrap()).unwrap();
    let mut files = BTreeMap::new();
    for at in 0..zip.len() {
        let mut entry = zip.by_index(at).unwrap();
        let name = entry.name().unwrap().into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        assert!(files.insert(name, bytes).is_none());
    }
    (written, files)
}

fn nothing(verdict: &Verdict) -> BundleContents<'_> {
    let (recording, pictures) = (Recording::default(), Vec::new());
    let (found, keys) = (Found::new(), None);
    BundleContents {
        title: "debian-12".into(),
        line: None,
        verdict,
        recording,
        pictures,
        found,
        keys,
        run: None,
        log: None,
    }
}

#[test]
fn a_bundle_holds_page_pictures_timeline_and_log_under_names_of_ours() {
    let pictures =
        [(frame(0), png(RgbImage::new(640, 480))), (frame(10), png(RgbImage::from_pixel(640, 480, Rgb([9; 3]))))];
    let guest = GuestState { at: at(1), power: Some(crate::vcenter::PowerState::PoweredOn), ..GuestState::default() };
    let dir = record(&pictures, &[TimelineEvent::Guest(guest)]);
    std::fs::write(dir.path().join("run.json"), r#"{"base_name":"b","started":"2026-01-01T00:00:00Z"}"#).unwrap();
    let cited = Evidence { source: EvidenceSource::Log, line: Some(2), frame: None, text: "timeout".into() };
    let shown =
        Evidence { source: EvidenceSource::Screen, line: None, frame: Some(frame(10).file), text: "page".into() };
    let verdict = verdict("WinRM never answered.", vec![cited, shown]);
    let contents = BundleContents {
        recording: Recording::read(dir.path()).unwrap(),
        run: Some(dir.path().join("run.json")),
        log: Some(Box::new(Cursor::new("one\ntwo\nthree\n"))),
        ..nothing(&verdict)
    };
    let (written, files) = bundled(contents, &Scrubber::default());
    let clean = BundleSummary {
        pictures: 2,
        withheld: 0,
        typed: 0,
        unread: 0,
        log_cut: false,
        unknown_secrets: written.unknown_secrets.clone(),
    };
    assert_eq!(written, clean);
    assert!(written.to_string().contains("NO SECRET OF THIS BUILD IS KNOWN HERE"));
    assert!(String::from_utf8_lossy(&files["index.html"]).contains("NO SECRET OF THIS BUILD IS KNOWN HERE"));
    let mut names = vec!["frames/1800000000000.png", "frames/1800000010000.png", "index.html", "packer-build.log"];
    names.extend(["run.json", "timeline.jsonl", "triage.json"]);
    assert_eq!(files.keys().map(String::as_str).collect::<Vec<_>>(), names);
    let page = String::from_utf8(files["index.html"].clone()).unwrap();
    assert!(page.contains("default-src 'none'; img-src data:;") && !page.contains("<script"), "{page}");
    assert!(page.contains("<a href=\"#L2\">log 2</a>") && page.contains("<span id=\"L2\" class=\"cited\">"));
    assert!(page.contains("<a href=\"#f1\">picture</a>") && page.contains("id=\"f1\" class=\"cited\""));

    // It opens as a run again.
    let again = tempfile::tempdir().unwrap();
    std::fs::write(again.path().join(TIMELINE), &files["timeline.jsonl"]).unwrap();
    let again = Recording::read(again.path()).unwrap();
    assert_eq!((again.frames.len(), again.guests.len(), again.frames[0].until), (2, 1, at(9)));
}

#[test]
fn nothing_foreign_becomes_markup() {
    let evil = "<script>alert(1)</script><img src=x onerror=alert(2)>\" onload=\"x' <!-- ]]>";
    let note = TimelineEvent::Note { at: at(0), text: evil.into() };
    let task =
        TaskState { at: at(1), id: "task-1".into(), name: evil.into(), state: evil.into(), error: Some(evil.into()) };
    let (label, state) = (Some(evil.to_owned()), Some(evil.to_owned()));
    let reading = ScreenReading { at: at(9), file: frame(0).file, label, state, rows: vec![evil.into()] };
    let dir = record(
        &[(frame(0), png(RgbImage::new(64, 64)))],
        &[note, TimelineEvent::Task(task), TimelineEvent::Reading(reading)],
    );
    std::fs::write(dir.path().join("run.json"), serde_json::json!({"base_name": evil, "reason": evil}).to_string())
        .unwrap();
    let evidence = Evidence { source: EvidenceSource::Screen, line: None, frame: Some(evil.into()), text: evil.into() };
    let mut verdict = verdict(evil, vec![evidence]);
    (verdict.class, verdict.remedy, verdict.rule) = (evil.into(), Some(evil.into()), Some(evil.into()));
    (verdict.screen, verdict.screen_state) = (Some(evil.into()), Some(evil.into()));
    let contents = BundleContents {
        title: evil.into(),
        recording: Recording::read(dir.path()).unwrap(),
        run: Some(dir.path().join("run.json")),
        log: Some(Box::new(Cursor::new(evil))),
        ..nothing(&verdict)
    };
    let page = String::from_utf8(bundled(contents, &Scrubber::default()).1.remove("index.html").unwrap()).unwrap();
    for markup in ["<script", "<img src=x", "\" onload", "<!-- "] {
        assert!(!page.contains(markup), "{markup} in {page}");
    }
}

const SECRET: &str = "correct-horse-battery";

fn scrubber() -> Scrubber {
    Scrubber::from_env([("PKR_VAR_build_password".to_owned(), SECRET.to_owned())])
}

#[test]
fn a_secret_on_a_text_console_is_blackened_and_the_rest_stays() {
    let screen = drawn(&["login: root", &format!("# echo {SECRET}"), "# "], 8, (640, 480), Rgb([170; 3]));
    let dir = record(&[(frame(0), png(screen))], &[]);
    let verdict = verdict("x", Vec::new());
    let contents = BundleContents { recording: Recording::read(dir.path()).unwrap(), ..nothing(&verdict) };
    let (_, files) = bundled(contents, &scrubber());
    let left = image::load_from_memory(&files[&frame(0).file]).unwrap().to_rgb8();
    assert_eq!(read_cells(&left).unwrap().rows[..3], ["login: root", "", "#"]);
}

#[test]
fn a_picture_on_which_a_secret_was_read_at_a_place_nobody_knows_is_left_out() {
    let rows = vec!["password [REDACTED:PKR_VAR_build_password]".to_owned()];
    let reading = ScreenReading { at: at(9), file: frame(0).file, label: None, state: None, rows };
    let dir = record(&[(frame(0), png(graphical()))], &[TimelineEvent::Reading(reading)]);
    let verdict = verdict("x", Vec::new());
    let contents = BundleContents { recording: Recording::read(dir.path()).unwrap(), ..nothing(&verdict) };
    let (written, files) = bundled(contents, &scrubber());
    assert_eq!((written.pictures, written.withheld), (0, 1));
    assert!(!files.contains_key(&frame(0).file));
    let timeline = String::from_utf8(files["timeline.jsonl"].clone()).unwrap();
    assert!(!timeline.contains("\"event\":\"frame\""), "no picture is promised that is not there: {timeline}");
}

/// The recorder looks for secrets as they are; what tesseract misread of one it keeps.
#[test]
fn a_picture_on_which_a_secret_was_misread_is_left_out_and_so_is_its_row() {
    let rows = vec!["Continue".to_owned(), "pass correct-hor5e-batterv".to_owned()];
    let reading = ScreenReading { at: at(9), file: frame(0).file, label: None, state: None, rows };
    let dir = record(&[(frame(0), png(graphical()))], &[TimelineEvent::Reading(reading)]);
    let recording = Recording::read(dir.path()).unwrap();
    let path = recording.path(&recording.frames[0]);
    let verdict = verdict("x", Vec::new());
    for found in [Found::new(), Found::from([(path.clone(), Secrets::Unread("late".into()))])] {
        let recording = Recording::read(dir.path()).unwrap();
        let (written, files) = bundled(BundleContents { recording, found, ..nothing(&verdict) }, &scrubber());
        assert_eq!((written.pictures, written.withheld), (0, 1));
        let timeline = String::from_utf8(files["timeline.jsonl"].clone()).unwrap();
        assert!(!timeline.contains("batterv") && timeline.contains("\"Continue\",\"[REDACTED:?]\""), "{timeline}");
    }
}

/// Whatever the recorder read, it is looked at again before it leaves.
#[tokio::test]
async fn every_graphical_picture_is_looked_at() {
    let reading =
        ScreenReading { at: at(9), file: frame(0).file, label: None, state: None, rows: vec!["Continue".into()] };
    let dir = record(&[(frame(0), png(graphical()))], &[TimelineEvent::Reading(reading)]);
    let recording = Recording::read(dir.path()).unwrap();
    let found = picture::look(&recording, &[], &scrubber()).await;
    assert!(found.contains_key(&recording.path(&recording.frames[0])), "{found:?}");
}

/// A picture of no text console.
fn graphical() -> RgbImage {
    RgbImage::from_fn(640, 480, |x, y| Rgb([(x * 7 + y * 13) as u8, (x * y) as u8, (x ^ y) as u8]))
}

#[test]
fn a_secret_on_a_graphical_screen_is_blackened_where_it_was_read() {
    let dir = record(&[(frame(0), png(graphical()))], &[]);
    let recording = Recording::read(dir.path()).unwrap();
    let path = recording.path(&recording.frames[0]);
    let verdict = verdict("x", Vec::new());
    let found = Found::from([(path, Secrets::At(vec![100..132, 470..500]))]);
    let (written, files) = bundled(BundleContents { recording, found, ..nothing(&verdict) }, &scrubber());
    assert_eq!((written.pictures, written.withheld, written.typed, written.unread), (1, 0, 0, 0));
    let left = image::load_from_memory(&files[&frame(0).file]).unwrap().to_rgb8();
    let whole = graphical();
    for (x, y, pixel) in left.enumerate_pixels() {
        let black = (100..132).contains(&y) || y >= 470;
        assert_eq!(*pixel, if black { Rgb([0; 3]) } else { *whole.get_pixel(x, y) }, "{x} {y}");
    }
}

#[test]
fn what_nobody_can_read_stays_here_while_something_is_typed_and_the_bundle_says_so() {
    let typing = |at, until| TimelineEvent::Typed(crate::guest::recording::Typed { at, until });
    let pictures = [0, 10, 400].map(|second| (frame(second), png(graphical())));
    let console = (frame(12), png(drawn(&["login:"], 8, (640, 480), Rgb([170; 3]))));
    let pictures = [&pictures[..2], &[console], &pictures[2..]].concat();
    let dir = record(&pictures, &[typing(at(9), at(9)), typing(at(9), at(11))]);
    let recording = Recording::read(dir.path()).unwrap();
    let unread = |frame: &RecordedFrame| (recording.path(frame), Secrets::Unread("tesseract is not installed".into()));
    let found: Found = recording.frames.iter().filter(|frame| frame.at != at(12)).map(unread).collect();
    let verdict = verdict("x", Vec::new());
    let (written, files) = bundled(BundleContents { recording, found, ..nothing(&verdict) }, &scrubber());
    assert_eq!((written.pictures, written.withheld, written.typed, written.unread), (3, 0, 1, 2));
    assert!(!files.contains_key(&frame(10).file) && files.contains_key(&frame(12).file));
    let said = "1 left out (taken while something was typed into the guest, and tesseract is not there to read them)";
    assert!(written.to_string().contains(said), "{written}");
    let page = String::from_utf8(files["index.html"].clone()).unwrap();
    assert!(page.contains("left out: taken while something was typed into the guest"), "{page}");
}

#[test]
fn a_bundle_that_cannot_be_written_is_one_line_and_leaves_nothing() {
    let verdict = verdict("x", Vec::new());
    let error = write(Path::new("/nonexistent/b.zip"), nothing(&verdict), &Scrubber::default()).unwrap_err();
    assert!(error.to_string().starts_with("cannot write /nonexistent/b.zip: "), "{error}");
}

/// The forms in which a secret may stand somewhere.
fn forms(secret: &str) -> Vec<String> {
    let utf16: Vec<u8> = secret.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let json = serde_json::to_string(secret).unwrap();
    vec![
        secret.to_owned(),
        json[1..json.len() - 1].to_owned(),
        quick_xml::escape::escape(secret).into_owned(),
        url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
        secret.replace('\'', r"'\''"),
        secret.replace('\'', "''"),
        BASE64_STANDARD.encode(secret),
        BASE64_STANDARD.encode(utf16),
        secret.bytes().map(|b| format!("{b:02x}")).collect(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn no_secret_leaves_in_a_bundle(secret in "[ -~]{0,3}[!-~]{8,24}", cut in 1..8_usize) {
        let scrubber = Scrubber::from_env([("PKR_VAR_build_password".to_owned(), secret.clone())]);
        prop_assume!(scrubber.refused().is_empty());
        let said = forms(&secret).join(" | ");
        let wrapped = secret.split_at(cut);
        let mut rows = forms(&secret);
        rows.extend([format!("# echo {}", wrapped.0), wrapped.1.to_owned()]);
        let reading = ScreenReading { at: at(9), file: frame(0).file, label: Some(said.clone()), state: None, rows: vec![said.clone()] };
        let (name, error) = (said.clone(), Some(said.clone()));
        let task = TaskState { at: at(1), id: "task-1".into(), name, state: "error".into(), error };
        let guest = GuestState { at: at(1), ip: Some(said.clone()), ..GuestState::default() };
        let note = TimelineEvent::Note { at: at(0), text: said.clone() };
        let console = drawn(&rows.iter().map(String::as_str).collect::<Vec<_>>(), 8, (1024, 480), Rgb([170; 3]));
        let events = [note, TimelineEvent::Task(task), TimelineEvent::Reading(reading), TimelineEvent::Guest(guest)];
        let dir = record(&[(frame(0), png(console))], &events);
        let run = serde_json::json!({"base_name": said, "argv": [said], "reason": said});
        std::fs::write(dir.path().join("run.json"), run.to_string()).unwrap();
        let evidence = Evidence { source: EvidenceSource::Log, line: Some(1), frame: None, text: said.clone() };
        let verdict = verdict(&said, vec![evidence]);
        let contents = BundleContents {
            title: said.clone(),
            recording: Recording::read(dir.path()).unwrap(),
            run: Some(dir.path().join("run.json")),
            log: Some(Box::new(Cursor::new(format!("{said}\n\u{1b}[31m{said}\u{1b}[0m\n")))),
            ..nothing(&verdict)
        };
        let (_, files) = bundled(contents, &scrubber);
        for (name, bytes) in &files {
            for form in forms(secret.trim()).iter().chain(&forms(&secret)) {
                prop_assert!(memchr::memmem::find(bytes, form.as_bytes()).is_none(), "{form:?} in {name}");
            }
        }
        if let Some(picture) = files.get(&frame(0).file) {
            let left = image::load_from_memory(picture).unwrap().to_rgb8();
            let text = read_cells(&left).unwrap().rows.join("");
            prop_assert!(!text.contains(secret.trim()), "{text}");
        }
    }
}
