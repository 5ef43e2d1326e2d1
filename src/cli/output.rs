//! The lines of the command line. Servers, guests, repositories and whoever pushes to GitHub have their say in them, so
//! every one is made safe as a whole, here alone.
#![expect(clippy::disallowed_methods, reason = "this is where lines go out")]

use std::io::{self, IsTerminal, Write};

use serde::Serialize;
use tmpl::github::step::WorkflowCommand;
use tmpl::text::{self, Safe, Scrubber};

use super::stderr;

/// A text as one line of it may go out.
pub fn safe(text: &str) -> Safe {
    Scrubber::shared().safe(text)
}

fn out(line: &Safe) -> io::Result<()> {
    writeln!(io::stdout(), "{line}")
}

/// A line of the result, on stdout.
pub fn result(text: &str) -> io::Result<()> {
    out(&safe(text))
}

/// The same behind words of our own, which may be coloured.
pub fn marked(words: &str, text: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{words}{}", safe(text))
}

/// The result as JSON, on one line.
pub fn json(value: &impl Serialize) -> io::Result<()> {
    out(&Scrubber::shared().safe_json(value)?)
}

/// The result as JSON for people, too.
pub fn json_pretty(value: &impl Serialize) -> io::Result<()> {
    Scrubber::shared().safe_json_pretty(value)?.iter().try_for_each(out)
}

/// JSON whose values another program needs as they are: harmless, but not scrubbed.
pub fn written(json: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{}", text::harmless_json(json))
}

/// A line on stderr that says who speaks. Like all of them it waits for its turn elsewhere, so that it cannot fail.
pub fn note(text: &str) -> io::Result<()> {
    aside(&format!("tmpl-tui: {text}"))
}

/// The same before this process has its scrubber: that is made with its first use, and would know the environment alone.
pub fn early(text: &str) {
    stderr::say(&Scrubber::of_process().safe(&format!("tmpl-tui: {text}")));
}

/// A line on stderr.
pub fn aside(text: &str) -> io::Result<()> {
    stderr::say(&safe(text));
    Ok(())
}

/// A command of ours to the runner of a workflow.
pub fn command(command: &WorkflowCommand) {
    stderr::command(command);
}

/// A question on stderr; its answer is typed behind it.
pub fn ask(question: &str) -> io::Result<()> {
    // First what was said before.
    stderr::flush();
    let mut err = io::stderr();
    write!(err, "{} ", safe(question))?;
    err.flush()
}

/// Whether results are looked at by a person.
pub fn to_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Whether the rest is.
pub fn asides_to_terminal() -> bool {
    io::stderr().is_terminal()
}

/// Whether colours are wanted.
pub fn in_colours() -> bool {
    to_terminal() && std::env::var_os("NO_COLOR").is_none()
}
