use std::fs::OpenOptions;
use std::io::{Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use jiff::civil::date;

use crate::text::Secret;

use super::super::{Direction, Origin, Pattern, Phase, Problem};
use super::*;

struct Log {
    _dir: tempfile::TempDir,
    path: PathBuf,
}

impl Log {
    fn new(text: impl AsRef<[u8]>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("packer-build.log");
        std::fs::write(&path, text).unwrap();
        Self { _dir: dir, path }
    }

    fn append(&self, text: impl AsRef<[u8]>) {
        OpenOptions::new().append(true).open(&self.path).unwrap().write_all(text.as_ref()).unwrap();
    }

    fn open(&self) -> LogFile {
        let log = LogFile::open(&self.path, Arc::default()).unwrap();
        until(&log, |status| status.caught_up);
        log
    }
}

fn until(log: &LogFile, holds: impl Fn(&LogStatus) -> bool) -> LogStatus {
    let start = Instant::now();
    loop {
        let status = log.status();
        if holds(&status) {
            return status;
        }
        assert!(start.elapsed() < Duration::from_secs(180), "{status:?}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn texts(lines: &[LogLine]) -> Vec<&str> {
    lines.iter().map(|line| line.text.as_str()).collect()
}

fn line(second: u64, text: &str) -> String {
    format!("2026/11/23 04:{:02}:{:02} {text}\n", second / 60 % 60, second % 60)
}

fn thousand() -> String {
    (1..=1000).map(|n| line(n, &format!("ui: ==> a.b: line {n}"))).collect()
}

#[test]
fn rows_are_read_where_they_lie() {
    let log = Log::new(thousand().repeat(5)).open();
    assert_eq!(log.status().lines, 5000);
    let rows = log.lines(4999..6000).unwrap();
    assert_eq!(texts(&rows), ["line 999", "line 1000"]);
    assert_eq!(rows[0].number, Some(4999));
    assert_eq!(texts(&log.lines(1..2).unwrap()), ["line 1"]);
    assert!(log.lines(6000..6010).unwrap().is_empty());
}

#[test]
fn the_tail_needs_no_index() {
    let file = Log::new(thousand() + "no line break yet");
    let log = file.open();
    let rows = log.tail(3).unwrap();
    assert_eq!(texts(&rows), ["line 999", "line 1000", "no line break yet"]);
    assert_eq!(rows[2].number, Some(1001));
    assert_eq!(log.tail(5000).unwrap().len(), 1001);
}

#[test]
fn a_growing_file_is_followed() {
    let file = Log::new(line(0, "ui: ==> a.b: Creating virtual machine..."));
    let log = file.open();
    file.append("2026/11/23 04:00:01 ui: ==> a.b: Waiting f");
    until(&log, |status| status.lines == 2);
    file.append("or IP...\n");
    until(&log, |status| status.caught_up && log.facts().tracks.all()[0].phase() == Phase::WaitIp);
    assert_eq!(texts(&log.lines(2..3).unwrap()), ["Waiting for IP..."]);
}

#[test]
fn a_file_that_comes_later_is_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("later.log");
    let log = LogFile::open(&path, Arc::default()).unwrap();
    assert!(until(&log, |status| status.caught_up).missing);
    std::fs::write(&path, "hello\n").unwrap();
    assert_eq!(until(&log, |status| status.lines == 1).generation, 0);
}

#[test]
fn a_truncated_file_starts_anew() {
    let file = Log::new(thousand());
    let log = file.open();
    std::fs::write(&file.path, line(7, "ui: short")).unwrap();
    until(&log, |status| status.generation == 1 && status.lines == 1 && status.caught_up);
    assert_eq!(texts(&log.lines(1..9).unwrap()), ["short"]);
}

#[test]
fn a_second_packer_leaves_zeros_and_the_next_line_is_found() {
    let old = thousand();
    let file = Log::new(&old);
    let log = file.open();
    // Another packer truncates the file and writes a little; the running build goes on at its old place.
    let mut writer = OpenOptions::new().write(true).open(&file.path).unwrap();
    writer.seek(SeekFrom::End(0)).unwrap();
    std::fs::write(&file.path, line(9, "[INFO] Packer version: 1.16.0")).unwrap();
    writer.write_all(line(10, "ui error: ==> a.b: timeout waiting for IP address").as_bytes()).unwrap();
    until(&log, |status| status.generation == 1 && status.caught_up && status.lines == 2);
    let rows = log.lines(1..3).unwrap();
    assert_eq!(texts(&rows), ["Packer version: 1.16.0", "timeout waiting for IP address"]);
    assert_eq!((rows[1].origin, rows[1].problem), (Origin::UiError, Some(Problem::Error)));
    assert!(rows[1].bytes > old.len() as u64 - 100 && !rows[1].cut);
    assert_eq!(log.facts().errors, 1);
}

#[test]
fn a_replaced_file_starts_anew() {
    let file = Log::new("old\n");
    let log = file.open();
    let fresh = file.path.with_extension("new");
    std::fs::write(&fresh, "new one\nnew two\n").unwrap();
    std::fs::rename(&fresh, &file.path).unwrap();
    until(&log, |status| status.generation == 1 && status.lines == 2);
    assert_eq!(texts(&log.lines(1..3).unwrap()), ["new one", "new two"]);
}

#[test]
fn a_folder_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    assert!(LogFile::open(dir.path(), Arc::default()).unwrap_err().to_string().contains("folder"));
}

#[test]
fn huge_lines_are_cut_and_hostile_bytes_tamed() {
    let mut bytes = b"2026/11/23 04:00:00 ui: ==> a.b: ".to_vec();
    bytes.extend(std::iter::repeat_n(b'x', 3 << 20));
    bytes.extend_from_slice(b"\n\x1b]0;owned\x07\xff\xfe\x1b[2J\x07 a\xe2\x80\xaeb\r\n10%\r20%\r30%\n");
    let log = Log::new(bytes).open();
    let rows = log.lines(1..4).unwrap();
    assert!(rows[0].cut && rows[0].text.len() == 16 << 10 && rows[0].bytes > 3 << 20);
    assert_eq!(rows[1].text, "\u{fffd}\u{fffd}␇ a\u{fffd}b");
    assert_eq!(rows[2].text, "30%");
}

#[test]
fn searching_goes_both_ways_in_smart_case() {
    let mut text = thousand();
    text.push_str(&line(0, "ui: ==> a.b: TASK [Install]"));
    text.push_str(&thousand());
    let log = Log::new(text).open();
    let stop = AtomicBool::new(false);
    let find = |pattern: &str, from, way| log.find(&Pattern::new(pattern).unwrap(), from, way, &stop).unwrap();
    assert_eq!(find("task \\[install", 1, Direction::Forward), Some(1001));
    assert_eq!(find("Task", 1, Direction::Forward), None);
    assert_eq!(find("line 7$", 1, Direction::Forward), Some(7));
    assert_eq!(find("line 7$", 8, Direction::Forward), Some(1008));
    assert_eq!(find("line 7$", 1007, Direction::Backward), Some(7));
    assert_eq!(find("line 7$", 1008, Direction::Backward), Some(1008));
    assert_eq!(find("line 7$", 6, Direction::Backward), None);
    assert_eq!(find("7\\s+2026", 1, Direction::Forward), None);
    assert_eq!(log.count(&Pattern::new("line 1$").unwrap(), 10, &stop).unwrap(), 2);
    assert_eq!(Pattern::literal("LINE [").unwrap().spans("a LINE [ b"), vec![2..8]);
}

#[test]
fn problems_are_visited_in_both_directions() {
    let mut text = thousand();
    text.push_str(&line(0, "[WARN] disk slow"));
    text.push_str(&thousand());
    text.push_str(&line(0, "ui error: ==> a.b: boom"));
    text.push_str(&thousand());
    let log = Log::new(text).open();
    let facts = log.facts();
    assert_eq!((facts.errors, facts.warnings), (1, 1));
    let next = |least, from, way| log.next_problem(least, from, way).unwrap();
    assert_eq!(next(Problem::Error, 1, Direction::Forward), Some(2002));
    assert_eq!(next(Problem::Warning, 1, Direction::Forward), Some(1001));
    assert_eq!(next(Problem::Error, 2003, Direction::Forward), None);
    assert_eq!(next(Problem::Warning, 2001, Direction::Backward), Some(1001));
    assert_eq!(next(Problem::Error, 3000, Direction::Backward), Some(2002));
    assert_eq!(next(Problem::Error, 2001, Direction::Backward), None);
    let place = |least, line| log.place_of_problem(least, line, &AtomicBool::new(false)).unwrap();
    assert_eq!(place(Problem::Warning, 1001), (1, 2));
    assert_eq!(place(Problem::Warning, 2002), (2, 2));
    assert_eq!(place(Problem::Error, 2002), (1, 1));
}

#[test]
fn a_moment_is_found() {
    let text: String = (0..3000).map(|n| line(n, "packer-plugin-x plugin: text")).collect();
    let log = Log::new(text).open();
    let at = |minute, second| log.line_at(date(2026, 11, 23).at(4, minute, second, 0)).unwrap();
    assert_eq!(at(0, 0), Some(1));
    assert_eq!(at(40, 7), Some(2408));
    assert_eq!(at(59, 59), None);
}

#[test]
fn a_typed_password_is_hidden_even_while_it_is_typed() {
    let keys = |text: &str| -> String {
        text.chars()
            .map(|c| {
                line(7, &format!("x-plugin plugin: 2026/11/23 04:00:07 Sending char '{c}', code Code, shift false"))
            })
            .collect()
    };
    let scrubber = Arc::new(Scrubber::new([Secret::new("PW", "hunter2")]));
    let file = Log::new(thousand() + &keys("pw=hunter2") + &thousand() + &keys("hun"));
    let log = LogFile::open(&file.path, scrubber).unwrap();
    until(&log, |status| status.caught_up);
    // Only the middle of the secret is on screen.
    let rows = log.lines(1006..1008).unwrap();
    assert_eq!(texts(&rows), ["Sending char [REDACTED:PW]"; 2]);
    assert_eq!(texts(&log.lines(1001..1003).unwrap())[0], "Sending char 'p', code Code, shift false");
    assert_eq!(texts(&log.tail(3).unwrap()), ["Sending char [REDACTED:PW]"; 3]);
}

#[test]
fn secrets_are_hidden_across_colours_and_cuts() {
    let scrubber = Arc::new(Scrubber::new([Secret::new("PW", "hunter2-hunter2")]));
    let long = "x".repeat((16 << 10) - 40) + "hunter2-hunter2";
    let file = Log::new(
        line(0, &format!("ui: ==> a.b: {long}")) + &line(1, "ui: ==> a.b: hunter\u{1b}[1;31m2-hun\u{1b}[0mter2"),
    );
    let log = LogFile::open(&file.path, scrubber).unwrap();
    until(&log, |status| status.caught_up);
    let rows = log.lines(1..3).unwrap();
    assert!(!rows[0].text.contains("hunter"), "{}", &rows[0].text[16000..]);
    assert_eq!(rows[1].text, "[REDACTED:PW]");
}
