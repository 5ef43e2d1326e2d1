//! `man`: the manual page on stdout.

use clap::CommandFactory;

use super::{Cli, Exit};

/// Prints the page in roff.
#[expect(clippy::disallowed_methods, reason = "every word is our own")]
pub fn run() -> anyhow::Result<Exit> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut page)?;
    std::io::Write::write_all(&mut std::io::stdout(), &page)?;
    Ok(Exit::Done)
}
