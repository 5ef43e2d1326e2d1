//! What comes from outside, as bytes: one entry per kind, for the fuzzers in `fuzz/` and their replay in the tests. Each
//! panics when what must hold does not.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::console::key::{Code, KeyPress};
use crate::console::{Console, Msg, Opening};
use crate::generation::Actor;
use crate::guest::picture::Picture;
use crate::guest::screen;
use crate::iso::discover::{Release, offered};
use crate::iso::{bump, sums};
use crate::packer_log;
use crate::pipeline::{Matrix, varfiles};
use crate::text::{Scrubber, Secret};
use crate::triage::rules;
use crate::triage::verdict::judge;
use crate::vcenter::gate::Mode;
use crate::vcenter::{FolderEvent, LinkState};

/// The matrix that is shipped.
const MATRIX: &str = include_str!("../ci/matrix.json");
const SECRET: &str = "hunter2-is-no-password";
/// A build that failed, of a guest that would command the terminal.
const LOG: &str = "\
2026/11/23 04:38:18 [INFO] Packer version: 1.16.0 [go1.26.8 linux amd64]
2026/11/23 04:38:19 ui: ==> vsphere-iso.linux: Creating virtual machine...
2026/11/23 04:38:20 ui: ==> vsphere-iso.linux: Waiting for IP...
2026/11/23 04:38:21 packer-plugin-vsphere_v2.1.0_x5.0_linux_amd64 plugin: 2026/11/23 04:38:21 IP is not yet known
2026/11/23 04:58:20 ui error: ==> vsphere-iso.linux: Timeout waiting for IP address: \u{1b}]52;c;eA==\u{7}\u{9b}6n\u{202e}
2026/11/23 04:58:21 ui: ==> vsphere-iso.linux: Destroying VM...
2026/11/23 04:58:22 ui error: Build 'vsphere-iso.linux' errored after 20 minutes: timeout waiting
";

/// A target's name and entry.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: &[Target] = &[
    ("matrix", matrix),
    ("varfile", varfile),
    ("soap", soap),
    ("log", log_lines),
    ("redactor", redactor),
    ("listing", listing),
    ("sums", checksums),
    ("image", image),
    ("triage", triage),
    ("keys", keys),
    ("github", github),
    #[cfg(feature = "tui")]
    ("input", input),
    ("record", record),
];

fn shipped() -> Option<Matrix> {
    Matrix::parse(Path::new("."), MATRIX).ok()
}

/// Names that the matrix lets through are plain ones.
pub fn matrix(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match Matrix::parse(Path::new("."), text) {
        Ok(matrix) => {
            for line in &matrix.lines {
                assert!(!line.key.0.contains(['/', '\0', '\u{1b}']) && !line.key.0.starts_with(['.', '-']));
                assert!(!line.base_name.contains(['/', '\u{1b}']) && line.base_name.len() < 80);
                assert!(matrix.line(&line.key.0).is_ok_and(|found| found.key == line.key));
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// A var-file is bumped so that only the ISO's name is another, or it is refused.
pub fn varfile(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let _ = varfiles::literal(text, "iso_file");
    let (Some(matrix), Ok(repo)) = (shipped(), tempfile::tempdir()) else { return };
    let Some(line) = matrix.lines.iter().find(|line| line.key.0 == "debian-12") else { return };
    let config = repo.path().join("ci/config");
    let written = std::fs::create_dir_all(&config)
        .and_then(|()| std::fs::write(repo.path().join("ci/matrix.json"), MATRIX))
        .and_then(|()| std::fs::write(config.join(&line.config), text));
    let (Some(iso), Some(sums), Some(version)) =
        (&line.iso_url, &line.sums_url, crate::iso::version::Version::parse("99.9.9"))
    else {
        return;
    };
    let release = Release {
        version,
        iso_url: format!("{}debian-99.9.9-amd64-netinst.iso", iso.trim_end_matches(bump_name(iso))),
        sums_url: sums.clone(),
    };
    if let (Ok(()), Ok(bump)) = (written, bump::Bump::prepare(repo.path(), line, &release)) {
        let after = &bump.config.after;
        assert!(after.contains(&bump.to), "bumped without the new name");
        assert_eq!(after.lines().count(), text.lines().count(), "a bump changes no line's end");
    }
}

fn bump_name(url: &str) -> &str {
    crate::iso::discover::file_name(url)
}

/// Any answer is read or refused.
pub fn soap(bytes: &[u8]) {
    crate::vcenter::fuzz_parse(bytes);
}

/// No line of a log moves the terminal's cursor, however it is cut.
pub fn log_lines(bytes: &[u8]) {
    for raw in bytes.split(|byte| *byte == b'\n') {
        let text = String::from_utf8_lossy(packer_log::parse::visible(raw));
        let parsed = packer_log::parse::parse(&text);
        let shown = crate::text::clean(&parsed.text);
        assert!(!shown.contains(char::is_control), "{shown:?}");
        assert_eq!(crate::text::clean(&shown), shown, "cleaning twice is cleaning once");
    }
}

/// A secret in the middle of anything, cut anywhere, does not come out; what is cut does not matter.
pub fn redactor(bytes: &[u8]) {
    let scrubber = Scrubber::new([Secret::new("PKR_VAR_build_password", SECRET)]);
    let (first, rest) = bytes.split_first().map_or((1, bytes), |(first, rest)| (usize::from(*first) + 1, rest));
    let middle = rest.len() / 2;
    let all = [&rest[..middle], b" ", SECRET.as_bytes(), b" ", &rest[middle..]].concat();
    let through = |size: usize| {
        let (mut stream, mut out) = (scrubber.stream(), Vec::new());
        all.chunks(size).for_each(|chunk| stream.push(chunk, &mut out));
        stream.finish(&mut out);
        out
    };
    let cut = through(first);
    assert!(memchr::memmem::find(&cut, SECRET.as_bytes()).is_none(), "the secret came out");
    assert_eq!(cut, through(all.len()), "chunks of {first} are scrubbed otherwise than the whole");
}

/// A page offers releases with plain file names, or none.
pub fn listing(bytes: &[u8]) {
    let page = String::from_utf8_lossy(bytes);
    for line in shipped().iter().flat_map(|matrix| &matrix.lines).filter(|line| line.iso_url.is_some()) {
        for release in offered(line, &page).unwrap_or_default() {
            let file = release.file();
            assert!(!file.is_empty() && !file.starts_with('.') && !file.contains(['/', '"', '$', '\n']), "{file:?}");
        }
    }
}

/// A digest is what the file says, digit by digit.
pub fn checksums(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(Some(digest)) = sums::lookup(&text, "a.iso") {
        assert!(text.to_lowercase().contains(&digest.to_string()), "{digest} is not in the file");
    }
}

/// A picture is decoded within bounds or refused.
pub fn image(bytes: &[u8]) {
    let Ok(picture) = Picture::decode(bytes.to_vec()) else { return };
    let (width, height) = picture.size();
    assert!(u64::from(width) * u64::from(height) <= 64 << 20);
    let pixels = picture.image().to_rgb8();
    let _ = (screen::read_cells(&pixels), screen::compare(&pixels, &pixels), picture.hash());
}

/// Rules of a repository are read or refused in one line; those that are read judge a log, and cite lines that it has.
pub fn triage(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let rules = match rules::parse(Path::new(rules::OWN_RULES), &text) {
        Ok(rules) => rules,
        Err(error) => return assert!(!error.to_string().contains('\n'), "{error}"),
    };
    let Ok(verdict) = judge(LOG.as_bytes(), &rules, &Scrubber::default(), Some("login-prompt")) else { return };
    let last = LOG.lines().count() as u64;
    assert!(verdict.evidence.iter().all(|cited| cited.line.is_none_or(|line| (1..=last).contains(&line))));
    for said in [&verdict.cause].into_iter().chain(&verdict.remedy) {
        assert_eq!(crate::text::clean(said), *said, "said as it stood in the log");
    }
}

/// No keys make a read-only console change anything; others confirm first.
pub fn keys(bytes: &[u8]) {
    let Some(matrix) = shipped() else { return };
    let Some((first, keys)) = bytes.split_first() else { return };
    let now = Timestamp::UNIX_EPOCH;
    let mut console = Console::new(Opening {
        lines: matrix.lines,
        key: None,
        vcenter: "vc01".into(),
        account: "svc".into(),
        picture_account: None,
        actor: Actor("op@host".into()),
        mode: Mode::asked(first % 2 == 0),
        simulated: false,
        schedule: None,
        call: Default::default(),
        preferences: Default::default(),
        warnings: Vec::new(),
        now,
        zone: TimeZone::UTC,
        packer: "packer".into(),
        repo: ".".into(),
    });
    console.update(Msg::FolderChanged(FolderEvent::Link(LinkState::Live)));
    console.update(Msg::FolderChanged(FolderEvent::Reset(Vec::new())));
    let mut at = Duration::ZERO;
    for byte in keys {
        // Now and then somebody looks at the screen, for a shorter or a longer time.
        if byte % 3 == 0 {
            console.update(Msg::Drawn { at });
            at += Duration::from_millis(u64::from(*byte) * 4);
            console.update(Msg::Clock { at });
        }
        let effects = console.update(Msg::KeyPressed(press(*byte)));
        assert!(first % 2 == 1 || !effects.iter().any(crate::console::Effect::mutates), "read-only changes something");
    }
}

/// Bytes of a terminal, however they are cut, are the same inputs; Ctrl-C is always heard.
#[cfg(feature = "tui")]
pub fn input(bytes: &[u8]) {
    let (first, rest) = bytes.split_first().map_or((1, bytes), |(first, rest)| (usize::from(*first) + 1, rest));
    let whole = crate::tui::fuzz_input(rest, rest.len().max(1));
    assert_eq!(crate::tui::fuzz_input(rest, first), whole, "in pieces of {first}");
    let last = crate::tui::fuzz_input(&[rest, b"   \x03"].concat(), first).pop();
    assert_eq!(last, Some(Msg::KeyPressed(KeyPress::ctrl('c'))).map(|msg| format!("{msg:?}")), "Ctrl-C was swallowed");
}

/// A record on disk is read or left out; it never removes what is not its run's.
pub fn record(bytes: &[u8]) {
    let Ok(place) = tempfile::tempdir() else { return };
    let (state, key) = (crate::paths::StateDir::at(place.path()), crate::pipeline::Key("one".into()));
    let dir = state.runs().join("one/20260301T020304.000Z");
    let precious = place.path().join("tmpl-tui-precious");
    let made = std::fs::create_dir_all(&dir)
        .and_then(|()| std::fs::create_dir(&precious))
        .and_then(|()| std::fs::write(dir.join("run.json"), bytes));
    if made.is_err() {
        return;
    }
    let odd = crate::packer_run::odd_records(&state, &key).unwrap_or_default().len();
    let read = crate::packer_run::all(&state, &key).unwrap_or_default().len();
    assert_eq!(odd + read, 1, "neither read nor left out");
    assert!(crate::packer_run::latest(&state, &key).is_ok(), "in the way of others");
    assert!(precious.exists());
}

/// Runs, jobs, artifacts and errors of GitHub are read or refused; a line that is built there is not dispatched again.
pub fn github(bytes: &[u8]) {
    let at = Timestamp::constant(1_773_000_000, 0);
    let (Some(matrix), Some((board, health))) = (shipped(), crate::github::fuzz_parse(bytes, at)) else { return };
    for line in &matrix.lines {
        assert!(board.builds(&line.key).is_none() || board.check_dispatch(&line.key, crate::github::BUILD).is_err());
    }
    for seen in &board.runs {
        assert!(seen.lines().all(|(_, leg)| !leg.queued(at).is_negative()));
        assert!(seen.run.state.live() || !matrix.lines.iter().any(|line| seen.builds(&line.key)));
    }
    for finding in health.iter().flat_map(|health| &health.findings) {
        assert!(!finding.text.is_empty());
    }
}

fn press(byte: u8) -> KeyPress {
    const CODES: [Code; 11] = [
        Code::Enter,
        Code::Esc,
        Code::Tab,
        Code::BackTab,
        Code::Up,
        Code::Down,
        Code::PageUp,
        Code::PageDown,
        Code::Left,
        Code::Right,
        Code::Backspace,
    ];
    match byte {
        0x20..0x7f => KeyPress::char(char::from(byte)),
        0x7f.. => KeyPress::ctrl(char::from(b'a' + byte % 26)),
        other => KeyPress::code(CODES[usize::from(other) % CODES.len()]),
    }
}
