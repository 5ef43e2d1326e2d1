//! A simulated packer: takes packer's arguments, builds in a lab over the same protocol as the real one, and prints what
//! packer 1.16 with its vSphere and Ansible plugins prints.
//!
//! This program is it when it is called `lab-packer`. It works in a lab only and refuses every other vCenter.
#![expect(clippy::disallowed_methods, reason = "packer speaks for itself")]

mod ansible;
mod arguments;
mod build;
mod connect;
mod ending;
mod keys;
mod log;
mod real;
mod span;
mod steps;
mod vsphere;

use std::ffi::OsStr;
use std::path::Path;
use std::process::ExitCode;

use arguments::{Arguments, Verb};
use log::Log;

/// The name under which this program is the simulated packer.
pub const NAME: &str = "lab-packer";

/// The variable that says that the lab's guests are real.
pub const REAL: &str = "TMPL_REAL_GUESTS";

/// Whether the program was called as the simulated packer.
pub fn is_called(argv0: Option<&OsStr>) -> bool {
    argv0.and_then(|argv0| Path::new(argv0).file_name()).is_some_and(|name| name == NAME)
}

/// Runs the simulated packer with the process's arguments and environment.
pub fn main() -> ExitCode {
    let arguments = match Arguments::parse(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(reason) => {
            log::stderr(&format!("Error: {reason}\n"));
            return ExitCode::FAILURE;
        }
    };
    let log = match Log::open(&arguments) {
        Ok(log) => log,
        Err(error) => {
            log::stderr(&format!("Couldn't set up log: {error}\n"));
            return ExitCode::FAILURE;
        }
    };
    log.banner();
    match arguments.verb {
        Verb::Version => {
            log.print("Packer v1.16.0\n(simulated by tmpl-tui: it builds in a lab only)\n");
            ExitCode::SUCCESS
        }
        Verb::Init => ExitCode::SUCCESS,
        Verb::Validate => validate(&arguments, &log),
        Verb::Build => build(arguments, log),
    }
}

fn validate(arguments: &Arguments, log: &Log) -> ExitCode {
    match arguments.missing_file() {
        Some(problem) => {
            log.say_error(&format!("Error: {problem}\n"));
            ExitCode::FAILURE
        }
        None => {
            log.say_plain("The configuration is valid.");
            ExitCode::SUCCESS
        }
    }
}

fn build(arguments: Arguments, log: Log) -> ExitCode {
    if let Some(problem) = arguments.missing_file() {
        log.say_error(&format!("Error: {problem}\n"));
        return ExitCode::FAILURE;
    }
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            log.say_error(&format!("Error: {error}\n"));
            return ExitCode::FAILURE;
        }
    };
    runtime.block_on(build::run(arguments, log))
}
