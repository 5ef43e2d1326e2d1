//! What stands before the text of a line in a log: stamps, levels, names of builds, bullets. A value of several lines, or
//! one that was wrapped, goes on behind it.

use super::work;

/// Longer words are no part of a prefix.
const WORD: usize = 160;
/// Most words of one.
const WORDS: usize = 10;
/// Longest prefix.
pub const PREFIX: usize = 300;

/// Where the text of a line may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Places {
    at: [usize; WORDS],
    count: usize,
    /// the line begins with a time
    pub stamped: bool,
    /// the bytes end before all of them can be told
    pub cut: bool,
}

impl Places {
    /// All of them, in order; the first is that behind the indent.
    pub fn all(&self) -> &[usize] {
        &self.at[..self.count]
    }
}

/// Whether the byte before a place shows that no text of a line begins there: it does behind a blank or a colour, if not
/// at the begin of the line.
pub fn goes_on(bytes: &[u8], at: usize) -> bool {
    at.checked_sub(1).and_then(|before| bytes.get(before)).is_some_and(|byte| !b"\n \t\rm".contains(byte))
}

/// Whether the text of a line begins at a place; of the line of the first byte this went `out` already.
pub fn ends_at(out: &[u8], bytes: &[u8], at: usize) -> bool {
    if goes_on(bytes, at) {
        return false;
    }
    let from = at.saturating_sub(PREFIX + 1);
    work::add((at - from) / 8);
    let line = match memchr::memrchr(b'\n', &bytes[from..at]) {
        Some(end) => from + end + 1,
        None if from == 0 => 0,
        None => return false,
    };
    let out: &[u8] = if line == 0 { out } else { &[] };
    if out.len() + at - line > PREFIX {
        return false;
    }
    let text = [out, &bytes[line..at], b"x"].concat();
    work::add(text.len() / 8);
    places(&text, true).all().contains(&(text.len() - 1))
}

/// Of the line at the start of `bytes`.
pub fn places(bytes: &[u8], last: bool) -> Places {
    let (mut it, mut at) = (Places::default(), 0);
    for word in 0..WORDS {
        at = past_blanks(bytes, at);
        match bytes.get(at) {
            Some(b'\n') => break,
            None => {
                it.cut = !last;
                break;
            }
            Some(_) => {
                it.at[word] = at;
                it.count = word + 1;
            }
        }
        let Some(end) = word_end(bytes, at, last) else {
            it.cut = bytes.len() - at < WORD;
            break;
        };
        it.stamped |= word == 0 && is_stamp(&bytes[at..end]);
        if is_prefix(&bytes[at..end]) {
            at = end;
            continue;
        }
        // `ui error:`, `packer-plugin-x plugin:`, `host sshd[1]:`
        let second = past_blanks(bytes, end);
        match word_end(bytes, second, last) {
            None => {
                it.cut = bytes.len() - second < WORD;
                break;
            }
            Some(end) if matches!(bytes[second..end], [.., b':' | b'|']) => at = end,
            Some(_) => break,
        }
    }
    work::add(at);
    it
}

fn past_blanks(bytes: &[u8], at: usize) -> usize {
    let mut at = at;
    loop {
        at += bytes[at..].iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r')).count();
        let Some(rest) = bytes[at..].strip_prefix(b"\x1b[") else { return at };
        let body = rest.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b';').count();
        if rest.get(body) != Some(&b'm') {
            return at;
        }
        at += body + 3;
    }
}

/// Where the word at `at` ends; `None` when the bytes do first, or it is too long.
fn word_end(bytes: &[u8], at: usize, last: bool) -> Option<usize> {
    let length = bytes[at..].iter().take(WORD).take_while(|byte| !byte.is_ascii_whitespace()).count();
    Some(at + length).filter(|end| length < WORD && (last || *end < bytes.len()))
}

fn is_stamp(word: &[u8]) -> bool {
    let sign = |byte: &u8| b":/-".contains(byte);
    let belongs = |byte: &u8| byte.is_ascii_digit() || sign(byte) || b".,TZ+".contains(byte);
    word.first().is_some_and(u8::is_ascii_digit) && word.len() > 4 && word.iter().any(sign) && word.iter().all(belongs)
}

fn is_prefix(word: &[u8]) -> bool {
    const BULLETS: &[&[u8]] = &[b"==>", b"=>", b"|", b">", b"#", b"+", b"-", b"*", b"//", b"..."];
    const LEVELS: &[&[u8]] = &[b"INFO", b"WARN", b"WARNING", b"ERROR", b"DEBUG", b"TRACE", b"FATAL"];
    let of_gitlab = matches!(word, [b'0'..=b'9', b'0'..=b'9', b'O' | b'E', rest @ ..] if rest.len() < 2);
    let bracketed = word.starts_with(b"[") && word.ends_with(b"]");
    is_stamp(word)
        || of_gitlab
        || bracketed
        || matches!(word, [_, .., b':'])
        || BULLETS.contains(&word)
        || LEVELS.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last_place(line: &str) -> &str {
        let it = places(line.as_bytes(), true);
        &line[it.all().last().copied().unwrap_or_default()..]
    }

    #[test]
    fn prefixes_of_logs_are_told_from_text() {
        for prefix in [
            "2026/11/23 04:34:14 ui: ==> vsphere-iso.debian: ",
            "2026/11/23 04:34:14 ui error: ==> vsphere-iso.debian: ",
            "2026/11/23 04:34:14 packer-plugin-vsphere_v1.4 plugin: 2026/11/23 04:34:14 [INFO] ",
            "2026-11-28T10:00:00.0000000Z \u{1b}[0;32m    vsphere-iso.debian: \u{1b}[0m",
            "2026-11-28T10:00:00.000000Z 01O ",
            "    ",
            "  - ",
            "default | ",
            "",
        ] {
            assert_eq!(last_place(&format!("{prefix}S3cret! and more")), "S3cret! and more", "{prefix}");
        }
        assert!(places(b"2026/11/23 x", true).stamped && !places(b"x 2026/11/23", true).stamped);
    }

    #[test]
    fn an_unfinished_prefix_is_cut() {
        let line = b"2026/11/23 04:34:14 ui error: text here now";
        for end in 0..line.len() {
            let it = places(&line[..end], false);
            assert!(it.cut || it.all() == places(line, false).all(), "{end}: {it:?}");
        }
    }
}
