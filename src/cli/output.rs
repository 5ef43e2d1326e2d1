//! The lines of the command line. Servers, guests, repositories and whoever pushes to GitHub have their say in them, so
//! every one goes out scrubbed, harmless to the terminal and no command to the runner of a workflow: here alone.
#![expect(clippy::disallowed_methods, reason = "this is where lines go out")]

use std::io::{self, IsTerminal, Write};

use serde::Serialize;
use serde_json::Value;
use tmpl::github::step;
use tmpl::text::clean;
use tmpl::text::redact::Scrubber;

use super::stderr;

/// A text as one line of it may go out.
pub fn harmless(text: &str) -> String {
    let scrubber = Scrubber::shared();
    // Twice: without colours and the like in between, letters may have come together.
    step::no_command(&scrubber.text(&clean(&scrubber.text(text))))
}

/// A line of the result, on stdout.
pub fn result(text: &str) -> io::Result<()> {
    marked("", text)
}

/// The same behind words of our own, which may be coloured.
pub fn marked(words: &str, text: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{words}{}", harmless(text))
}

/// The result as JSON, on one line.
pub fn json(value: &impl Serialize) -> io::Result<()> {
    written(&scrubbed(value)?.to_string())
}

/// The result as JSON for people, too.
pub fn json_pretty(value: &impl Serialize) -> io::Result<()> {
    written(&serde_json::to_string_pretty(&scrubbed(value)?)?)
}

/// JSON whose values another program needs as they are.
pub fn written(json: &str) -> io::Result<()> {
    // Within a string, where alone it can stand, it is the same and no command.
    writeln!(io::stdout(), "{}", tmpl::text::json::harmless(json).replace("##[", "#\\u0023["))
}

/// A line on stderr that says who speaks. Like all of them it waits for its turn elsewhere, so that it cannot fail.
pub fn note(text: &str) -> io::Result<()> {
    aside(&format!("tmpl-tui: {text}"))
}

/// A line on stderr.
pub fn aside(text: &str) -> io::Result<()> {
    stderr::say(&harmless(text));
    Ok(())
}

/// A command of ours to the runner of a workflow, its texts escaped.
pub fn command(line: &str) {
    stderr::say(line);
}

/// A question on stderr; its answer is typed behind it.
pub fn ask(question: &str) -> io::Result<()> {
    // First what was said before.
    stderr::flush();
    let mut err = io::stderr();
    write!(err, "{} ", harmless(question))?;
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

fn scrubbed(value: &impl Serialize) -> io::Result<Value> {
    let mut value = serde_json::to_value(value)?;
    scrub(&mut value);
    Ok(value)
}

fn scrub(value: &mut Value) {
    match value {
        Value::String(text) => *text = Scrubber::shared().text(text).into_owned(),
        Value::Array(values) => values.iter_mut().for_each(scrub),
        Value::Object(fields) => fields.values_mut().for_each(scrub),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
