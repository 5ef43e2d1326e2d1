//! The grammar of packer's output: stamps, origins, levels and the name of the build.
//!
//! Two dialects are read: the debug log (`PACKER_LOG_PATH`, every line stamped `YYYY/MM/DD hh:mm:ss `, further lines of a
//! message bare) and what packer prints for people. A guest can print anything, a forged packer line included: its text
//! arrives behind the real prefix, so exactly one prefix is taken off and the rest is text.

use std::borrow::Cow;

use jiff::civil::DateTime;

use super::line::{Level, Origin};

/// Bytes of `YYYY/MM/DD hh:mm:ss `.
const STAMP_LEN: usize = 20;

/// A line taken apart; the text is as the file has it, colours and controls included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed<'l> {
    /// packer's clock
    pub stamp: Option<DateTime>,
    /// who wrote it
    pub origin: Origin,
    /// stated level
    pub level: Level,
    /// name of the build
    pub source: Option<&'l str>,
    /// that name stands in front of the message: whatever a guest prints comes like that, packer's last word does not
    pub behind_name: bool,
    /// the message
    pub text: Cow<'l, str>,
}

/// Takes a line apart. `raw` has no line break; carriage returns and leading NULs are dealt with by [`visible`].
pub fn parse(raw: &str) -> Parsed<'_> {
    let (stamp, rest) = split_stamp(raw);
    match stamp {
        Some(_) => stamped(stamp, rest),
        None => unstamped(raw),
    }
}

/// The part of a line that a terminal would leave visible: behind leading NULs, behind the last carriage return. A line
/// that begins as packer's do is whole: what overwrites its text is a guest's  and only what it shows last counts.
pub fn visible(raw: &[u8]) -> &[u8] {
    let raw = raw.strip_suffix(b"\n").unwrap_or(raw);
    // A pseudo-terminal behind another one doubles it.
    let raw = &raw[..raw.iter().rposition(|b| *b != b'\r').map_or(0, |last| last + 1)];
    let nuls = raw.iter().take_while(|b| **b == 0).count();
    let raw = &raw[nuls..];
    if stamp(raw).is_some() || raw.starts_with(b"==> ") || raw.starts_with(b"\x1b[1;3") {
        return raw;
    }
    let raw = memchr::memrchr(b'\r', raw).map_or(raw, |at| &raw[at + 1..]);
    &raw[raw.iter().take_while(|b| **b == 0).count()..]
}

/// A message as it is left on a terminal, without its colours.
fn last_shown(text: &str) -> Cow<'_, str> {
    let text = text.trim_end_matches('\r');
    let text = text.rsplit_once('\r').map_or(text, |(_, last)| last);
    if memchr::memchr(0x1b, text.as_bytes()).is_none() {
        return text.into();
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        let end = after.find(|c: char| !c.is_ascii_digit() && c != ';').unwrap_or(after.len());
        let colour = matches!(after.as_bytes().get(end), Some(b'm' | b'K'));
        rest = if colour { &after[end + 1..] } else { after };
        if !colour {
            plain.push_str("\u{1b}[");
        }
    }
    plain.push_str(rest);
    plain.into()
}

fn stamped(stamp: Option<DateTime>, rest: &str) -> Parsed<'_> {
    if let Some(body) = after_word(rest, "ui:") {
        return ui(stamp, body, Origin::Ui);
    }
    if let Some(body) = after_word(rest, "ui error:") {
        return ui(stamp, body, Origin::UiError);
    }
    if let Some(body) = after_word(rest, "machine readable:") {
        let target = body.split([',', ' ']).next().filter(|_| body.contains(',')).filter(|t| t.contains('.'));
        return Parsed {
            stamp,
            origin: Origin::Machine,
            level: Level::Unstated,
            source: target,
            behind_name: false,
            text: body.into(),
        };
    }
    if let Some(parsed) = machine_readable(stamp, rest) {
        return parsed;
    }
    if let Some(message) = plugin_message(rest) {
        let message = split_stamp(message).1;
        let (level, text) = split_level(message);
        return Parsed { stamp, origin: Origin::Plugin, level, source: None, behind_name: false, text: text.into() };
    }
    let (level, text) = split_level(rest);
    Parsed { stamp, origin: Origin::Core, level, source: None, behind_name: false, text: text.into() }
}

/// A line without a stamp: packer's output for people, or a further line of a message.
fn unstamped(raw: &str) -> Parsed<'_> {
    if let Some(parsed) = machine_readable(None, raw) {
        return parsed;
    }
    let (colour, body) = strip_colour(raw);
    let body = strip_clock(body).1;
    let red = colour == Some("1;31");
    let known = ["==> ", "--> ", "Build '", "Error: ", "Warning: ", "Cancelling build"];
    if red || known.iter().any(|k| body.starts_with(k)) || sub_line(body).is_some() {
        let error = red || body.starts_with("Error: ") || is_errored(body);
        return ui(None, raw, if error { Origin::UiError } else { Origin::Ui });
    }
    Parsed {
        stamp: None,
        origin: Origin::Continuation,
        level: Level::Unstated,
        source: None,
        behind_name: false,
        text: body.into(),
    }
}

fn is_errored(body: &str) -> bool {
    body.starts_with("Build '") && (body.contains("' errored after ") || body.contains("' errored: "))
}

/// The body of a message for people.
fn ui(stamp: Option<DateTime>, body: &str, origin: Origin) -> Parsed<'_> {
    let (_, body) = strip_colour(body);
    let (clock, body) = strip_clock(body);
    let (source, text) = split_source(body);
    let level = match origin {
        Origin::UiError => Level::Error,
        _ if text.starts_with("[ERROR]") => Level::Error,
        _ if text.starts_with("[WARNING]") => Level::Warn,
        _ => Level::Unstated,
    };
    let behind_name = source.is_some() && (body.starts_with("==> ") || body.starts_with("    "));
    Parsed { stamp: stamp.or(clock), origin, level, source, behind_name, text: last_shown(text) }
}

/// `-machine-readable`: `<unix>,<target>,<type>,<data>`; messages for people are of the type `ui`.
fn machine_readable(stamp: Option<DateTime>, rest: &str) -> Option<Parsed<'_>> {
    let mut parts = rest.splitn(3, ',');
    let clock = parts.next()?;
    if clock.len() < 9 || !clock.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let target = parts.next()?;
    let data = parts.next()?;
    let (origin, body) = if let Some(body) = data.strip_prefix("ui,say,").or_else(|| data.strip_prefix("ui,message,")) {
        (Origin::Ui, body)
    } else if let Some(body) = data.strip_prefix("ui,error,") {
        (Origin::UiError, body)
    } else {
        (Origin::Machine, data)
    };
    if origin == Origin::Machine {
        let source = Some(target).filter(|t| !t.is_empty());
        return Some(Parsed { stamp, origin, level: Level::Unstated, source, behind_name: false, text: body.into() });
    }
    let (source, text) = split_source(body);
    let level = if origin == Origin::UiError { Level::Error } else { Level::Unstated };
    let behind_name = source.is_some() && (body.starts_with("==> ") || body.starts_with("    "));
    let text = text.replace("%!(PACKER_COMMA)", ",").replace("\\n", " ").replace("\\r", "");
    Some(Parsed { stamp, origin, level, source, behind_name, text: text.trim().to_owned().into() })
}

/// The message of a plugin's line: `<binary> plugin: `. `Starting plugin: /path` is the core speaking.
fn plugin_message(rest: &str) -> Option<&str> {
    let (binary, message) = rest.split_once(' ')?;
    if !binary.contains('-') {
        return None;
    }
    after_word(message, "plugin:")
}

/// What follows `word`, and the one space behind it.
fn after_word<'l>(text: &'l str, word: &str) -> Option<&'l str> {
    let rest = text.strip_prefix(word)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix(' ') }
}

fn split_level(message: &str) -> (Level, &str) {
    let levels = [
        ("[TRACE] ", Level::Trace),
        ("[DEBUG] ", Level::Debug),
        ("[INFO] ", Level::Info),
        ("[WARN] ", Level::Warn),
        ("[ERROR] ", Level::Error),
        ("[ERR] ", Level::Error),
    ];
    levels
        .iter()
        .find_map(|(word, level)| message.strip_prefix(word).map(|text| (*level, text)))
        .unwrap_or((Level::Unstated, message))
}

/// The name of the build in front of a message, and the message.
fn split_source(body: &str) -> (Option<&str>, &str) {
    if let Some(rest) = body.strip_prefix("==> ") {
        return split_name(rest).map_or((None, body), |(name, text)| (Some(name), text));
    }
    if let Some((name, text)) = sub_line(body) {
        return (Some(name), text);
    }
    if let Some(rest) = body.strip_prefix("--> ") {
        return (split_name(rest).map(|(name, _)| name), body);
    }
    if let Some(rest) = body.strip_prefix("Build '") {
        return (rest.split_once('\'').map(|(name, _)| name), body);
    }
    if let Some(name) = body.strip_suffix(": output will be in this color.") {
        return (Some(name), &body[name.len() + 2..]);
    }
    (None, body)
}

/// `    <type>.<name>: text`, a sub-line of older packers.
fn sub_line(body: &str) -> Option<(&str, &str)> {
    split_name(body.strip_prefix("    ")?).filter(|(name, _)| name.contains('.') || name.contains("-iso"))
}

/// `<name>: text`, `<name> (part): text` or `<name>:`.
fn split_name(rest: &str) -> Option<(&str, &str)> {
    let end = rest.find([':', ' ', '\t'])?;
    let name = &rest[..end];
    let mut tail = &rest[end..];
    if let Some(part) = tail.strip_prefix(" (") {
        tail = &part[part.find(')')? + 1..];
    }
    let tail = tail.strip_prefix(':')?;
    let text = if tail.is_empty() { tail } else { tail.strip_prefix(' ')? };
    Some((name, text)).filter(|(name, _)| !name.is_empty())
}

/// A colour in front (its parameters) and the reset behind are packer's own; what stands between them is the message.
fn strip_colour(body: &str) -> (Option<&str>, &str) {
    let Some(rest) = body.strip_prefix("\u{1b}[") else { return (None, body) };
    let Some(end) = rest.find('m').filter(|end| *end < 8) else { return (None, body) };
    let text = &rest[end + 1..];
    (Some(&rest[..end]), text.strip_suffix("\u{1b}[0m").unwrap_or(text))
}

/// The RFC 3339 clock that `-timestamp-ui` puts in front.
fn strip_clock(body: &str) -> (Option<DateTime>, &str) {
    let digits = body.bytes().take(4).all(|b| b.is_ascii_digit());
    let Some((clock, text)) = body.split_once(": ").filter(|(clock, _)| digits && (20..=35).contains(&clock.len()))
    else {
        return (None, body);
    };
    match clock.get(..19).and_then(|civil| civil.parse::<DateTime>().ok()) {
        Some(at) => (Some(at), text),
        None => (None, body),
    }
}

/// Splits packer's stamp off.
fn split_stamp(raw: &str) -> (Option<DateTime>, &str) {
    let Some(at) = stamp(raw.as_bytes()) else { return (None, raw) };
    (Some(at), raw.get(STAMP_LEN..).unwrap_or(""))
}

/// Packer's stamp at the start of a line.
pub fn stamp(raw: &[u8]) -> Option<DateTime> {
    const SHAPE: &[u8; STAMP_LEN] = b"0000/00/00 00:00:00 ";
    let head = raw.get(..STAMP_LEN)?;
    let fits = head.iter().zip(SHAPE).all(|(b, s)| if *s == b'0' { b.is_ascii_digit() } else { b == s });
    if !fits {
        return None;
    }
    let number = |range: std::ops::Range<usize>| head[range].iter().fold(0_i16, |n, b| n * 10 + i16::from(b - b'0'));
    let small = |range| i8::try_from(number(range)).unwrap_or(0);
    DateTime::new(number(0..4), small(5..7), small(8..10), small(11..13), small(14..16), small(17..19), 0).ok()
}

#[cfg(test)]
#[path = "parse/tests.rs"]
mod tests;
