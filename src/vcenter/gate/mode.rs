//! Whether anything may be changed, and why not.

use std::fmt;

/// Whether this process may change vCenter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// nothing may be changed
    ReadOnly(ReadOnly),
    /// changes within the allow-list
    ReadWrite,
}

impl Mode {
    /// As the option says, with nothing else to forbid changes.
    pub const fn asked(read_only: bool) -> Self {
        if read_only { Self::ReadOnly(ReadOnly::Asked) } else { Self::ReadWrite }
    }

    /// Whether nothing may be changed, for whatever reason.
    pub const fn is_read_only(self) -> bool {
        matches!(self, Self::ReadOnly(_))
    }
}

/// Why nothing may be changed. `Display` is the command line's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadOnly {
    /// `--read-only` was given
    Asked,
    /// the context that is open says so; its name
    Context(&'static str),
    /// the configuration cannot be read, so that nobody knows which vCenter was meant
    Unreadable,
    /// the context that was meant is not written as it should be, and not opened
    NotOpened,
}

impl fmt::Display for ReadOnly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Context(name) => {
                return write!(f, "read-only: context {name} (read_only in config.toml); nothing was changed");
            }
            Self::Asked => "read-only: started with --read-only, nothing can be changed",
            Self::Unreadable => "read-only until config.toml is corrected: it does not say which vCenter is meant",
            Self::NotOpened => "read-only until config.toml is corrected: the context is not opened",
        })
    }
}
