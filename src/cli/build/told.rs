//! What is said while a build is made here.

use std::io::ErrorKind;

use tmpl::packer_run::{Progress, ProgressListener};

use super::super::{output, stderr};

/// Says that something could not be written.
pub fn noted(what: &str, written: std::io::Result<()>) {
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            note(format!("{what} cannot be written: {error}"));
        }
        _ => {}
    }
}

/// A build with somebody in front of it.
pub struct PrintToStderr;

impl ProgressListener for PrintToStderr {
    fn on_progress(&self, progress: Progress) {
        match progress {
            Progress::Packer(line) => {
                let _ = output::aside(&line);
            }
            Progress::Note(text) => note(text),
        }
    }

    fn has_room(&self) -> bool {
        stderr::has_room()
    }
}

/// A build of the console's: what goes wrong is in the log of the day, packer's words in the run's folder.
pub struct Logged;

impl ProgressListener for Logged {
    fn on_progress(&self, progress: Progress) {
        if let Progress::Note(text) = progress {
            tracing::warn!("{text}");
        }
    }
}

/// A line to whoever looks.
pub fn note(text: String) {
    let _ = output::note(&text);
}
