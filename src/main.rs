//! `tmpl-tui`: parse, run, exit code. Nothing else.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
