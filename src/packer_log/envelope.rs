//! What others put in front of every line: the stamps of a CI's log, the columns of `gh run view --log`, byte order marks.
//!
//! Which of them a log has shows before packer's first line, and stays: behind it, whatever a guest prints is text.

/// A line of our own that begins a job in a log which holds several ([`super::unpack`]).
pub const LEG: &str = "##[leg] ";

/// One thing that stands in front of every line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layer {
    /// `job<TAB>step<TAB>`, in front of a stamp: `gh run view --log`
    Columns,
    /// RFC 3339 and a space: GitHub, Azure, `docker logs -t`, `kubectl logs --timestamps`; GitLab adds the stream
    /// (`00O `, `00E+`), container runtimes theirs (`stdout F `)
    Stamp,
    /// the same in brackets: Jenkins
    BracketedStamp,
    /// `[hh:mm:ss]`, with a letter and a colon behind it: TeamCity
    BracketedClock,
    /// `hh:mm:ss`: Jenkins, older
    Clock,
    /// `Nov 21 02:03:04 `, with `host program[pid]: ` or without: the journal, `ts`
    Journal,
    /// `name | ` or `[name] `: Compose, parallel branches
    Name,
}

const LAYERS: &[Layer] = &[
    Layer::Columns,
    Layer::Stamp,
    Layer::BracketedStamp,
    Layer::BracketedClock,
    Layer::Clock,
    Layer::Journal,
    Layer::Name,
];
/// No log has more layers than that.
const MAX_LAYERS: usize = 4;

/// What GitLab says about a line of a job's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GitlabLine {
    /// a line begins
    Begins,
    /// it is more of the line before
    GoesOn,
}

/// What stands in front of the lines of one log, learnt while it is read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Envelope {
    layers: Vec<Layer>,
    /// packer's first line was seen: nothing more is learnt
    settled: bool,
    leg: Option<String>,
}

impl Envelope {
    /// Learns from a line, and takes off what stands in front of it. `raw` may end with its line break.
    pub fn learn<'l>(&mut self, raw: &'l [u8]) -> &'l [u8] {
        if let Some(name) = trimmed(raw).strip_prefix(LEG.as_bytes()) {
            *self = Self { leg: Some(text(name)), ..Self::default() };
            return raw;
        }
        self.leg_of_columns(raw);
        let mut line = self.strip(raw);
        while !self.settled && self.layers.len() < MAX_LAYERS {
            let Some((layer, rest)) = LAYERS.iter().find_map(|layer| Some((*layer, layer.strip(line)?))) else { break };
            let rest = without_marks(rest);
            let under = LAYERS.iter().filter(|layer| layer.is_certain()).find_map(|layer| layer.strip(rest));
            if !layer.is_certain() && !may_be_packers(rest) && !under.is_some_and(may_be_packers) {
                break;
            }
            self.layers.push(layer);
            line = rest;
            self.leg_of_columns(raw);
        }
        self.settled |= is_packers(line);
        line
    }

    /// Takes off what stands in front of a line.
    pub fn strip<'l>(&self, raw: &'l [u8]) -> &'l [u8] {
        let first = without_marks(trimmed(raw));
        self.layers.iter().fold(first, |line, layer| layer.strip(line).map_or(line, without_marks))
    }

    /// What GitLab says about a line that it stamped: whole, or more of the one before, which was written in pieces.
    pub fn gitlab(&self, raw: &[u8]) -> Option<GitlabLine> {
        let at = self.layers.iter().position(|layer| *layer == Layer::Stamp)?;
        let above = self.layers[..at].iter();
        let line = above.fold(without_marks(trimmed(raw)), |line, layer| layer.strip(line).map_or(line, without_marks));
        match line.get(rfc3339(line)?..)? {
            [b' ', a, b, b'O' | b'E', kind, ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() => match kind {
                b'+' => Some(GitlabLine::GoesOn),
                b' ' => Some(GitlabLine::Begins),
                _ => None,
            },
            _ => None,
        }
    }

    /// The job that the newest line learnt belongs to, in a log of several.
    pub fn leg(&self) -> Option<&str> {
        self.leg.as_deref()
    }

    fn leg_of_columns(&mut self, raw: &[u8]) {
        if self.layers.first() != Some(&Layer::Columns) {
            return;
        }
        let raw = without_marks(trimmed(raw));
        let Some(job) = Layer::Columns.strip(raw).and_then(|_| raw.split(|byte| *byte == b'\t').next()) else { return };
        if self.leg.as_ref().is_none_or(|leg| leg.as_bytes() != job) {
            let layers = vec![Layer::Columns];
            *self = Self { leg: Some(text(job)), layers, settled: false };
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}

/// Without line break, without the carriage returns of pseudo-terminals, without what a truncation left in front.
fn trimmed(raw: &[u8]) -> &[u8] {
    let raw = raw.strip_suffix(b"\n").unwrap_or(raw);
    let end = raw.iter().rposition(|byte| *byte != b'\r').map_or(0, |last| last + 1);
    let start = raw[..end].iter().take_while(|byte| **byte == 0).count();
    &raw[start..end]
}

/// Signs that are never part of a message: byte order marks, clock and colour marks of Buildkite, notes of Jenkins, the
/// erasing of a line.
fn without_marks(mut line: &[u8]) -> &[u8] {
    loop {
        let rest = match line {
            [0xef, 0xbb, 0xbf, rest @ ..] | [0x1b, b'[', b'0', b'K', rest @ ..] | [0x1b, b'[', b'K', rest @ ..] => rest,
            [0x1b, b'_', b'b', b'k', b';', rest @ ..] => behind(rest, b"\x07"),
            [0x1b, b'[', b'8', b'm', b'h', b'a', b':', rest @ ..] => behind(rest, b"\x1b[0m"),
            _ => return line,
        };
        if rest.len() == line.len() {
            return line;
        }
        line = rest;
    }
}

fn behind<'l>(line: &'l [u8], end: &[u8]) -> &'l [u8] {
    memchr::memmem::find(line, end).map_or(&[], |at| &line[at + end.len()..])
}

/// Whether packer may have written this: its stamp, its arrows, its last words.
fn is_packers(line: &[u8]) -> bool {
    let colour = line.strip_prefix(b"\x1b[").and_then(|rest| rest.iter().take(8).position(|byte| *byte == b'm'));
    let line = colour.map_or(line, |end| &line[end + 3..]);
    super::parse::stamp(line).is_some()
        || line.starts_with(b"==> ")
        || line.starts_with(b"Build '")
        || memchr::memmem::find(&line[..line.len().min(512)], b": output will be in this color.").is_some()
        || shape(line, b"0000000000,")
}

/// The same, and what it says before any build begins.
fn may_be_packers(line: &[u8]) -> bool {
    const EARLY: &[&str] = &[
        "Error: ",
        "Warning: ",
        "The configuration is valid",
        "Failed getting the \"",
        "Installed plugin github.com/",
        "Cancelling build after",
    ];
    is_packers(line) || EARLY.iter().any(|start| line.starts_with(start.as_bytes()))
}

impl Layer {
    /// It is what it looks like, whatever follows.
    fn is_certain(self) -> bool {
        matches!(self, Self::Columns | Self::Stamp | Self::BracketedStamp)
    }

    fn strip(self, line: &[u8]) -> Option<&[u8]> {
        match self {
            Self::Columns => {
                let mut tabs = memchr::memchr_iter(b'\t', &line[..line.len().min(1024)]);
                let rest = &line[tabs.next().and_then(|_| tabs.next())? + 1..];
                rfc3339(without_marks(rest)).map(|_| rest)
            }
            Self::Stamp => {
                let rest = line.get(rfc3339(line)?..)?;
                let rest = match rest {
                    [] => rest,
                    [b' ', rest @ ..] => rest,
                    _ => return None,
                };
                Some(stream(rest).unwrap_or(rest))
            }
            Self::BracketedStamp => {
                let rest = line.strip_prefix(b"[")?;
                let rest = rest.get(rfc3339(rest)?..)?.strip_prefix(b"]")?;
                Some(rest.strip_prefix(b" ").unwrap_or(rest))
            }
            Self::BracketedClock => {
                let rest = line.strip_prefix(b"[")?;
                let rest = rest.get(clock(rest)?..)?.strip_prefix(b"]")?;
                let skip = rest.iter().take(3).take_while(|byte| byte.is_ascii_alphabetic() || **byte == b' ').count();
                let rest = match &rest[skip..] {
                    [b':', rest @ ..] => rest,
                    _ => &rest[rest.iter().take_while(|byte| **byte == b' ').count().min(1)..],
                };
                Some(&rest[rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count()..])
            }
            Self::Clock => {
                let rest = line.get(clock(line)?..)?;
                let spaces = rest.iter().take(2).take_while(|byte| **byte == b' ').count();
                (spaces > 0 || rest.is_empty()).then(|| &rest[spaces..])
            }
            Self::Journal => journal(line),
            Self::Name => name(line),
        }
    }
}

/// Length of an RFC 3339 stamp at the start.
fn rfc3339(line: &[u8]) -> Option<usize> {
    if !shape(line, b"0000-00-00T00:00:00") {
        return None;
    }
    let digits = |at: usize| line[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut at = 19;
    if matches!(line.get(at), Some(b'.' | b',')) {
        at += 1 + digits(at + 1);
    }
    match line.get(at)? {
        b'Z' => Some(at + 1),
        b'+' | b'-' if shape(&line[at + 1..], b"00:00") => Some(at + 6),
        b'+' | b'-' if shape(&line[at + 1..], b"0000") => Some(at + 5),
        _ => None,
    }
}

/// Length of `hh:mm:ss`, with a fraction or without.
fn clock(line: &[u8]) -> Option<usize> {
    if !shape(line, b"00:00:00") {
        return None;
    }
    let fraction = line.get(8).filter(|byte| matches!(byte, b'.' | b','));
    let digits = || line[9..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    Some(8 + fraction.map_or(0, |_| 1 + digits()))
}

/// GitLab's `00O `, a container runtime's `stdout F `.
fn stream(line: &[u8]) -> Option<&[u8]> {
    if let [a, b, b'O' | b'E', b' ' | b'+', rest @ ..] = line {
        return (a.is_ascii_hexdigit() && b.is_ascii_hexdigit()).then_some(rest);
    }
    let rest = line.strip_prefix(b"stdout ").or_else(|| line.strip_prefix(b"stderr "))?;
    rest.strip_prefix(b"F ").or_else(|| rest.strip_prefix(b"P "))
}

fn journal(line: &[u8]) -> Option<&[u8]> {
    const MONTHS: &[&[u8]] =
        &[b"Jan ", b"Feb ", b"Mar ", b"Apr ", b"May ", b"Jun ", b"Jul ", b"Aug ", b"Sep ", b"Oct ", b"Nov ", b"Dec "];
    if !MONTHS.iter().any(|month| line.starts_with(month)) {
        return None;
    }
    let rest = line.get(7..)?;
    let rest = rest.get(clock(rest)?..)?.strip_prefix(b" ")?;
    // `host program[pid]: `, if it is there.
    let head = &rest[..rest.len().min(120)];
    let Some(end) = memchr::memmem::find(head, b"]: ") else { return Some(rest) };
    let named = head[..end].iter().filter(|byte| **byte == b' ').count() == 1 && head[..end].contains(&b'[');
    Some(if named { &rest[end + 3..] } else { rest })
}

fn name(line: &[u8]) -> Option<&[u8]> {
    let word = |bytes: &[u8]| {
        let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:() ".contains(byte);
        !bytes.is_empty() && bytes.len() < 80 && bytes.iter().all(fits)
    };
    if let Some(rest) = line.strip_prefix(b"[") {
        let end = memchr::memchr(b']', rest)?;
        return rest[end + 1..].strip_prefix(b" ").filter(|_| word(&rest[..end]));
    }
    let bar = memchr::memchr(b'|', &line[..line.len().min(80)])?;
    line[bar + 1..].strip_prefix(b" ").filter(|_| word(&line[..bar]))
}

/// Whether bytes begin like this; `0` stands for any digit.
fn shape(bytes: &[u8], like: &[u8]) -> bool {
    let fits = |(byte, like): (&u8, &u8)| if *like == b'0' { byte.is_ascii_digit() } else { byte == like };
    bytes.len() >= like.len() && bytes.iter().zip(like).all(fits)
}

#[cfg(test)]
#[path = "envelope/tests.rs"]
mod tests;
