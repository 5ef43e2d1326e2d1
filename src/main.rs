//! `tmpl-tui`: parse, run, exit code. Nothing else. Called as `lab-packer` it is the lab's simulated packer.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    if tmpl::lab::packer::is_called(std::env::args_os().next().as_deref()) {
        return tmpl::lab::packer::main();
    }
    tmpl::core_dump::forbid();
    cli::main()
}
