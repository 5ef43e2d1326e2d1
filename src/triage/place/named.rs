//! File and line that packer or ansible named themselves, around the line that decided.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use super::{Place, Sources};

/// Lines before the decisive one and after it that are about it.
const BEFORE: u64 = 12;
const AFTER: u64 = 14;
/// Bytes of a log in which it is looked for, and of a line.
const MOST: u64 = 256 << 20;
const LONGEST: usize = 4 << 10;

/// What stands around a line of the log, of failures that have a file to mend.
pub(super) fn in_log(sources: &Sources<'_>, log: &Path, line: u64, class: &str) -> Option<Place> {
    if !class.starts_with("config") && !class.starts_with("ansible") {
        return None;
    }
    let file = File::open(log).ok().filter(|file| file.metadata().is_ok_and(|meta| meta.len() <= MOST))?;
    let (from, to) = (line.saturating_sub(BEFORE), line + AFTER);
    let lines = BufReader::with_capacity(256 << 10, file).split(b'\n').zip(1..).take_while(|(_, at)| *at <= to);
    let around = lines.filter(|(_, at)| *at >= from).filter_map(|(line, at)| Some((line.ok()?, at)));
    let mut found: Vec<(u64, PathBuf, usize)> = Vec::new();
    for (bytes, at) in around {
        let text = String::from_utf8_lossy(&bytes[..bytes.len().min(LONGEST)]).into_owned();
        if let Some((file, number)) = spoken_of(&text) {
            found.extend(in_repository(sources, &file).map(|file| (at.abs_diff(line), file, number)));
        }
    }
    // The nearest one; ansible says the task's own before what it includes.
    let (_, file, number) = found.into_iter().min_by_key(|(far, ..)| *far)?;
    Some(sources.place(&file, Some(number), None))
}

/// `on FILE line N`, `'FILE': line N`, `task path: FILE:N`, `Origin: FILE:N:M`.
fn spoken_of(text: &str) -> Option<(String, usize)> {
    let number = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok();
    if let Some((before, after)) = text.split_once(" line ") {
        let quoted = before.strip_suffix("':").and_then(|before| before.rsplit_once('\''));
        let on = || before.rsplit_once("on ").filter(|(_, file)| !file.contains(' '));
        if let (Some((_, file)), Some(number)) = (quoted.or_else(on), number(after)) {
            return Some((file.to_owned(), number));
        }
    }
    let (_, rest) = text.split_once("task path: ").or_else(|| text.split_once("Origin: "))?;
    let mut parts = rest.trim().split(':');
    Some((parts.next()?.to_owned(), number(parts.next()?)?))
}

/// The file of this repository that a path means, which may be another machine's, or partly hidden.
fn in_repository(sources: &Sources<'_>, path: &str) -> Option<PathBuf> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    if parts.contains(&"..") {
        return None;
    }
    let folders = [Some(sources.repo.to_owned()), sources.target.clone()];
    (0..parts.len()).find_map(|from| {
        let below: PathBuf = parts[from..].iter().collect();
        folders.iter().flatten().map(|folder| folder.join(&below)).find(|path| path.is_file())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_lines_are_found_in_the_words_of_packer_and_ansible() {
        let cases = [
            ("  on /builds/images/linux/debian.pkr.hcl line 225:", "/builds/images/linux/debian.pkr.hcl", 225),
            ("  on vars.pkr.hcl line 3, in variable \"x\":", "vars.pkr.hcl", 3),
            (
                "The error appears to be in '/x/roles/base/tasks/main.yml': line 12, column 3, but",
                "/x/roles/base/tasks/main.yml",
                12,
            ),
            ("ui: ==> v.deb: Origin: /x/linux-playbook.yml:13:7\u{1b}[0m", "/x/linux-playbook.yml", 13),
            ("ui:     v.deb: task path: /x/tasks/debian.yml:8", "/x/tasks/debian.yml", 8),
        ];
        for (text, file, line) in cases {
            assert_eq!(spoken_of(text), Some((file.to_owned(), line)), "{text}");
        }
        assert_eq!(spoken_of("wait on a busy line 3"), None);
    }
}
