//! What a step of a workflow tells its runner: outputs and summary into the files the environment names, annotations and
//! other commands as lines of their own among what is said on stderr (the runner reads both streams; stdout carries results).

use std::collections::hash_map::RandomState;
use std::fs::OpenOptions;
use std::hash::BuildHasher;
use std::io::{self, Write};
use std::path::PathBuf;

use crate::packer_run::{Run, RunState};
use crate::text::clean;
use crate::text::redact::Scrubber;
use crate::triage::verdict::{Verdict, Witness};

/// The step this process is.
#[derive(Debug, Clone)]
pub struct Step {
    outputs: Option<PathBuf>,
    summary: Option<PathBuf>,
    /// says a line
    say: fn(&str),
}

/// While it lives, nothing on the output is a command to the runner: a guest's words must not be.
#[derive(Debug)]
pub struct Silence {
    token: String,
    say: fn(&str),
}

impl Drop for Silence {
    fn drop(&mut self) {
        (self.say)(&format!("::{}::", self.token));
    }
}

/// A text nobody can guess.
fn token() -> String {
    let random = || RandomState::new().hash_one(std::process::id());
    format!("tmpl-{:016x}{:016x}", random(), random())
}

/// Text of a command; in the value of a property `:` and `,` have a meaning, too.
fn escaped(text: &str, property: bool) -> String {
    let text = text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    if property { text.replace(':', "%3A").replace(',', "%2C") } else { text }
}

/// Several lines of others, as they may be shown.
fn shown(text: &str) -> String {
    let scrubber = Scrubber::shared();
    let lines = scrubber.text(text).lines().map(|line| scrubber.text(&clean(line)).into_owned()).collect::<Vec<_>>();
    lines.join("\n")
}

/// A line of our output in which nothing is a command to the runner: it takes `##[…]` anywhere and `::` at the begin.
pub fn no_command(line: &str) -> String {
    let line = line.replace("##[", "# #[");
    match line.trim_start().strip_prefix("::") {
        Some(rest) => format!(": :{rest}"),
        None => line,
    }
}

/// A cell of a table: no bars, no lines, no HTML, no mentions.
fn cell(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\\', "\\\\");
    text.replace('|', "\\|").replace('`', "\\`").replace('@', "@\u{200b}").replace(['\n', '\r'], " ")
}

impl Step {
    /// As the environment has it; outside a workflow there are only the commands, which go where `say` brings them.
    pub fn from_env(say: fn(&str)) -> Self {
        let path = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        Self { outputs: path("GITHUB_OUTPUT"), summary: path("GITHUB_STEP_SUMMARY"), say }
    }

    /// Nothing is a command until the result is dropped.
    pub fn silence(&self) -> Silence {
        let token = token();
        (self.say)(&format!("::stop-commands::{token}"));
        Silence { token, say: self.say }
    }

    /// How a build ended.
    ///
    /// # Errors
    /// Those of writing.
    pub fn built(&self, run: &Run) -> io::Result<()> {
        self.output("state", run.state.word())?;
        self.output("log", &run.log.display().to_string())?;
        let took = run.ended.map(|ended| format!("{} min", ended.duration_since(run.started).as_mins()));
        let reason = shown(run.reason.as_deref().unwrap_or_default());
        self.summarise(&format!(
            "| line | state | took | |\n|---|---|---|---|\n| {} | {} | {} | {} |\n\n",
            cell(&run.key.0),
            run.state.word(),
            took.unwrap_or_default(),
            cell(&reason)
        ))?;
        if run.state != RunState::Succeeded {
            self.annotate(&format!("{} {}", run.key, run.state.word()), &reason);
        }
        Ok(())
    }

    /// Why a build failed.
    ///
    /// # Errors
    /// Those of writing.
    pub fn judged(&self, title: &str, verdict: &Verdict) -> io::Result<()> {
        self.output("class", &verdict.class)?;
        self.output("cause", &verdict.cause)?;
        let mut text = String::from("| | |\n|---|---|\n");
        let mut row = |name: &str, value: &str| text.push_str(&format!("| {name} | {} |\n", cell(value)));
        row("line", &shown(title));
        row("verdict", &verdict.class);
        row("cause", &verdict.cause);
        row("do", verdict.remedy.as_deref().unwrap_or("–"));
        for evidence in verdict.evidence.iter().take(5) {
            let place = match (evidence.source, evidence.line, &evidence.frame) {
                (Witness::Log, Some(line), _) => format!("log {line}"),
                (Witness::Screen, _, Some(frame)) => format!("picture {frame}, in the bundle"),
                (Witness::Screen, ..) => "picture".into(),
                (Witness::Guest, ..) => "guest".into(),
                _ => "log".into(),
            };
            row(&cell(&place), &evidence.text);
        }
        self.summarise(&format!("{text}\n"))?;
        self.annotate(&format!("{}: {}", shown(title), verdict.class), &verdict.cause);
        Ok(())
    }

    fn annotate(&self, title: &str, text: &str) {
        (self.say)(&format!("::error title={}::{}", escaped(title, true), escaped(text, false)));
    }

    /// A line that was not built, or not promoted, and why.
    ///
    /// # Errors
    /// Those of writing.
    pub fn stopped(&self, title: &str, why: &str) -> io::Result<()> {
        let why = shown(why);
        self.annotate(title, &why);
        self.summarise(&format!("| line | |\n|---|---|\n| {} | {} |\n\n", cell(title), cell(&why)))
    }

    fn output(&self, name: &str, value: &str) -> io::Result<()> {
        let end = token();
        append(self.outputs.as_ref(), &format!("{name}<<{end}\n{value}\n{end}\n"))
    }

    fn summarise(&self, text: &str) -> io::Result<()> {
        append(self.summary.as_ref(), text)
    }
}

fn append(path: Option<&PathBuf>, text: &str) -> io::Result<()> {
    let Some(path) = path else { return Ok(()) };
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    let mut file = OpenOptions::new().append(true).create(true).open(path).map_err(named)?;
    file.write_all(text.as_bytes()).map_err(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_becomes_a_command_or_a_cell_of_its_own() {
        assert_eq!(escaped("a\n::set-output name=x::y%", false), "a%0A::set-output name=x::y%25");
        assert_eq!(escaped("x: a, b", true), "x%3A a%2C b");
        assert_eq!(no_command("a ###[error]b"), "a ## #[error]b");
        assert_eq!(no_command("  ::error::x ::y"), ": :error::x ::y");
        assert_eq!(shown("a\u{1b}]0;x\u{7}b\nc\u{9b}6n"), "ab\nc");
        assert_eq!(cell("a | <img src=x> `b`\n@all"), "a \\| &lt;img src=x&gt; \\`b\\` @\u{200b}all");
        let dir = tempfile::tempdir().unwrap();
        let step =
            Step { outputs: Some(dir.path().join("out")), summary: Some(dir.path().join("summary")), say: |_| {} };
        let verdict = Verdict { cause: "evil\nclass=success".into(), ..Verdict::without_log() };
        step.judged("debian-12", &verdict).unwrap();
        let outputs = std::fs::read_to_string(dir.path().join("out")).unwrap();
        let end = outputs.lines().find_map(|line| line.strip_prefix("cause<<")).unwrap();
        assert!(outputs.ends_with(&format!("cause<<{end}\nevil\nclass=success\n{end}\n")), "{outputs}");
        let summary = std::fs::read_to_string(dir.path().join("summary")).unwrap();
        assert!(
            summary.contains("| line | debian-12 |\n| verdict | unknown |\n| cause | evil class=success |"),
            "{summary}"
        );
    }
}
