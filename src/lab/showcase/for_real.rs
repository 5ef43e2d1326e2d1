//! A demo with one guest that is real.

use std::fs;
use std::io;
use std::path::Path;

use super::super::real;
use super::{Error, Showcase};

impl Showcase {
    /// Sets up one build whose guest is real: of the line `key`, or of a Debian whose installer is here.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn set_up_real(wish: real::Wish, key: Option<&str>) -> Result<Self, Error> {
        let program = wish.program.clone();
        let key = match (key, &wish.iso) {
            (Some(key), _) => key.to_owned(),
            (None, Some(_)) => return Err(Error::LineOfIso),
            // What is missing is told by the lab, which looks for more than this.
            (None, None) => real::debian_line(),
        };
        Self::of(None, 1.0, &program, Some((wish, key))).await
    }
}

/// An installer that QEMU runs without a processor's help takes longer than the lines allow for.
pub(super) fn patient(repo: &Path) -> io::Result<()> {
    let file = repo.join("ci/config/common.pkrvars.hcl");
    let text = fs::read_to_string(&file)?;
    let limited = |line: &str| line.starts_with("common_ip_wait_timeout");
    let lines = text.lines().map(|line| if limited(line) { "common_ip_wait_timeout = \"4h\"" } else { line });
    fs::write(&file, lines.collect::<Vec<_>>().join("\n") + "\n")
}
