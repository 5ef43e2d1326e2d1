//! What ends a verb before its work is done: the line that says so, and its exit code.

use tmpl::ops;
use tmpl::text::Scrubber;

use super::{Exit, output, stderr};

/// An error that carries its exit code; anything else exits 1.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Stop {
    exit: Exit,
    message: String,
}

impl Stop {
    /// Usage, configuration or credentials: exit 2.
    pub fn usage(message: impl std::fmt::Display) -> anyhow::Error {
        Self { exit: Exit::Usage, message: message.to_string() }.into()
    }

    /// What vCenter answered: settings and credentials are exit 2, the rest failed.
    pub fn vcenter(error: tmpl::vcenter::Error) -> anyhow::Error {
        use tmpl::vcenter::Error;
        match error {
            Error::Settings(_) | Error::Login { .. } | Error::Tls { .. } => Self::usage(error),
            other => other.into(),
        }
    }

    /// A guard refused and nothing was changed: exit 3.
    pub fn refused(message: impl std::fmt::Display) -> anyhow::Error {
        Self { exit: Exit::Refused, message: message.to_string() }.into()
    }
}

/// Whether this is our own output that nobody reads any more. A connection that broke comes wrapped in what it was for.
fn nobody_reads(error: &anyhow::Error) -> bool {
    let written = error.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
    let told = error.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind);
    written.or(told) == Some(std::io::ErrorKind::BrokenPipe)
}

/// The exit code of an error: what the command line refuses by itself, or what became of an operation.
fn exit_of(error: &anyhow::Error) -> Exit {
    let stopped = error.downcast_ref::<Stop>().map(|stop| stop.exit);
    let failed = error.downcast_ref::<ops::Error>().map(ops::Error::exit);
    stopped.or(failed).unwrap_or(Exit::Failed)
}

/// The error in a line, and its exit code.
pub fn report(error: &anyhow::Error, only_tells: bool) -> Exit {
    if nobody_reads(error) {
        return if only_tells { Exit::Done } else { Exit::Failed };
    }
    // Names, notes and answers of servers end up in here.
    for line in Scrubber::shared().safe_lines(&said(error)) {
        let _ = output::note(&line);
    }
    stderr::flush();
    exit_of(error)
}

/// Errors of operations say their cause themselves.
pub fn said(error: &anyhow::Error) -> String {
    error.downcast_ref::<ops::Error>().map_or_else(|| format!("{error:#}"), ToString::to_string)
}
