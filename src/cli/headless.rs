//! In the place of the console in a program that was built without it: says so.

use std::path::Path;

use tmpl::console::Images;
use tmpl::guest::picture::Picture;

use super::{Context, Exit, Stop};

/// Refuses the console.
pub async fn run(_: &Context, _key: Option<String>, _: Images) -> anyhow::Result<Exit> {
    Err(missing("the console"))
}

/// Refuses the demo's console.
pub async fn demo(_: &Context, _folder: &Path, _start: &[String], _: Images) -> anyhow::Result<Exit> {
    Err(missing("the demo"))
}

/// Whether this program can show `what`: it cannot.
pub fn available(what: &str) -> anyhow::Result<()> {
    Err(missing(what))
}

/// Refuses to print a picture.
pub fn print(_: &Picture, _: Images) -> anyhow::Result<()> {
    Err(missing("a picture"))
}

fn missing(what: &str) -> anyhow::Error {
    Stop::usage(format!(
        "this tmpl-tui is headless (built with --no-default-features) and cannot show {what}; \
         the one with a console: cargo install --locked --path ."
    ))
}
