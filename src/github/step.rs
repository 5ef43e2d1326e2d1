//! What a step of a workflow tells its runner: outputs and summary into the files the environment names, annotations and
//! other commands as lines of their own among what is said on stderr (the runner reads both streams; stdout carries results).

use std::collections::hash_map::RandomState;
use std::fs::OpenOptions;
use std::hash::BuildHasher;
use std::io::{self, Write};
use std::path::PathBuf;

use crate::packer_run::{Run, RunState};
use crate::text::{Safe, Scrubber};
use crate::triage::verdict::{EvidenceSource, Verdict};

/// The step of a GitHub workflow that runs this process.
#[derive(Debug, Clone)]
pub struct WorkflowStep {
    outputs: Option<PathBuf>,
    summary: Option<PathBuf>,
    print: fn(&WorkflowCommand),
}

/// A workflow command: a line of output that the runner obeys. Its texts are safe and escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkflowCommand(String);

impl WorkflowCommand {
    /// The line.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// An annotation of the run.
    fn error(title: &Safe, text: &[Safe]) -> Self {
        Self(format!("::error title={}::{}", escaped(title, true), escaped(&text.join("\n"), false)))
    }
}

/// While it lives, the runner takes no line of the output as a command (`::stop-commands::`): a guest can print anything.
#[derive(Debug)]
pub struct StoppedCommands {
    token: String,
    print: fn(&WorkflowCommand),
}

impl Drop for StoppedCommands {
    fn drop(&mut self) {
        (self.print)(&WorkflowCommand(format!("::{}::", self.token)));
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

/// Texts of others, line by line.
fn lines(text: &str) -> Vec<Safe> {
    Scrubber::shared().safe_lines(text)
}

/// A text of others as one line.
fn line(text: &str) -> Safe {
    Scrubber::shared().safe_line(text)
}

/// A cell of a table: no bars, no HTML, no mentions.
fn cell(text: &Safe) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\\', "\\\\");
    text.replace('|', "\\|").replace('`', "\\`").replace('@', "@\u{200b}")
}

impl WorkflowStep {
    /// As the environment has it; outside a workflow there are only the commands, which go where `say` brings them.
    pub fn from_env(print: fn(&WorkflowCommand)) -> Self {
        let path = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        Self { outputs: path("GITHUB_OUTPUT"), summary: path("GITHUB_STEP_SUMMARY"), print }
    }

    /// Nothing is a command until the result is dropped.
    pub fn stop_commands(&self) -> StoppedCommands {
        let token = token();
        (self.print)(&WorkflowCommand(format!("::stop-commands::{token}")));
        StoppedCommands { token, print: self.print }
    }

    /// How a build ended.
    ///
    /// # Errors
    /// Those of writing.
    pub fn built(&self, run: &Run) -> io::Result<()> {
        self.output("state", &lines(run.state.word()))?;
        self.output("log", &lines(&run.log.display().to_string()))?;
        let took = run.ended.map(|ended| format!("{} min", ended.duration_since(run.started).as_mins()));
        let reason = run.reason.as_deref().unwrap_or_default();
        self.summarise(&format!(
            "| line | state | took | |\n|---|---|---|---|\n| {} | {} | {} | {} |\n\n",
            cell(&line(&run.key.0)),
            run.state.word(),
            took.unwrap_or_default(),
            cell(&line(reason))
        ))?;
        if run.state != RunState::Succeeded {
            self.annotate(&format!("{} {}", run.key, run.state.word()), reason);
        }
        Ok(())
    }

    /// Why a build failed.
    ///
    /// # Errors
    /// Those of writing.
    pub fn judged(&self, title: &str, verdict: &Verdict) -> io::Result<()> {
        self.output("class", &lines(&verdict.class))?;
        self.output("cause", &lines(&verdict.cause))?;
        let mut text = String::from("| | |\n|---|---|\n");
        let mut row = |name: &str, value: &str| text.push_str(&format!("| {name} | {} |\n", cell(&line(value))));
        row("line", title);
        row("verdict", &verdict.class);
        row("cause", &verdict.cause);
        row("do", verdict.remedy.as_deref().unwrap_or("–"));
        for evidence in verdict.evidence.iter().take(5) {
            let place = match (evidence.source, evidence.line, &evidence.frame) {
                (EvidenceSource::Log, Some(line), _) => format!("log {line}"),
                (EvidenceSource::Screen, _, Some(frame)) => format!("picture {frame}, in the bundle"),
                (EvidenceSource::Screen, ..) => "picture".into(),
                (EvidenceSource::Guest, ..) => "guest".into(),
                _ => "log".into(),
            };
            row(&cell(&line(&place)), &evidence.text);
        }
        self.summarise(&format!("{text}\n"))?;
        self.annotate(&format!("{title}: {}", verdict.class), &verdict.cause);
        Ok(())
    }

    fn annotate(&self, title: &str, text: &str) {
        (self.print)(&WorkflowCommand::error(&line(title), &lines(text)));
    }

    /// A line that was not built, or not promoted, and why.
    ///
    /// # Errors
    /// Those of writing.
    pub fn stopped(&self, title: &str, why: &str) -> io::Result<()> {
        self.annotate(title, why);
        self.summarise(&format!("| line | |\n|---|---|\n| {} | {} |\n\n", cell(&line(title)), cell(&line(why))))
    }

    fn output(&self, name: &str, value: &[Safe]) -> io::Result<()> {
        let end = token();
        append(self.outputs.as_ref(), &format!("{name}<<{end}\n{}\n{end}\n", value.join("\n")))
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
        assert_eq!(lines("a\u{1b}]0;x\u{7}b\nc\u{9b}6n").join("\n"), "ab\nc");
        assert_eq!(cell(&line("a | <img src=x> `b`\n@all")), "a \\| &lt;img src=x&gt; \\`b\\` @\u{200b}all");
        let dir = tempfile::tempdir().unwrap();
        let step = WorkflowStep {
            outputs: Some(dir.path().join("out")),
            summary: Some(dir.path().join("summary")),
            print: |_| {},
        };
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
