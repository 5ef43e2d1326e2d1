//! One line of a packer log, parsed and safe to show.

use jiff::civil::DateTime;

use crate::text::Safe;

/// Who wrote a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// packer's user interface: what a person sees on stdout
    Ui,
    /// the same, printed as an error
    UiError,
    /// packer's core
    Core,
    /// a plugin's own log, passed on by the core
    Plugin,
    /// machine-readable output (`machine readable: …`, `-machine-readable`)
    Machine,
    /// a further line of the message before it
    Continuation,
}

/// The level a line states (`[INFO]` …).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// none is stated
    Unstated,
    /// `[TRACE]`
    Trace,
    /// `[DEBUG]`
    Debug,
    /// `[INFO]`
    Info,
    /// `[WARN]`
    Warn,
    /// `[ERROR]`, and everything printed as an error
    Error,
}

/// Whether a line deserves a stop on the way through the log. Noise of every healthy build is neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Problem {
    /// a warning
    Warning,
    /// an error
    Error,
}

/// One line, parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// counted from 1; `None` in a tail that the index has not reached yet
    pub number: Option<u64>,
    /// packer's own clock, in the zone of the machine that ran it (the log does not say which)
    pub stamp: Option<DateTime>,
    /// who wrote it
    pub origin: Origin,
    /// the level it states
    pub level: Level,
    /// the build it is about, e.g. `vsphere-iso.linux-debian`
    pub source: Option<Safe>,
    /// the message: no stamp, no prefix, no colours
    pub text: Safe,
    /// set for errors and warnings worth a stop
    pub problem: Option<Problem>,
    /// bytes of the whole line in the file
    pub bytes: u64,
    /// the line is longer than what `text` holds
    pub cut: bool,
}

impl LogLine {
    /// Whether it tells of one key of the boot command: the plugin writes a line for each.
    pub fn tells_a_key(&self) -> bool {
        self.text.contains("Sending char '") || self.text.contains("Special code '<")
    }
}
