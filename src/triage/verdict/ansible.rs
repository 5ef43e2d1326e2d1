//! What ansible printed, told apart: its own lines, and the data of tasks, which may say anything and decides nothing.
//!
//! A result follows `=>`: JSON on the same line or over many, or YAML below it, indented. Since core 2.19 a block of its
//! own, `[ERROR]: Task failed: …` as far as `Origin: file:line:column`, stands before it, with the task's words as they
//! are; the callback `debug` prints `STDOUT:` and the like behind it.

mod result;

pub use result::TaskResult;

/// Longest result that is kept.
const MAX_RESULT_BYTES: usize = 1 << 20;
/// Banners are filled up with stars to this width where there is no terminal.
const BANNER: usize = 79;

/// What a line of ansible is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnsibleLine<'l> {
    /// its own; of a result the part in front of the data
    Own(&'l str),
    /// of a task
    Data,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    #[default]
    Between,
    /// behind `=> {`, as far as `}`
    Json,
    /// behind `=>`, as long as lines are indented
    Yaml,
    /// behind `[ERROR]: Task failed`
    Error { blank: bool },
    /// behind a result: `STDOUT:` and what follows
    Sections { before: Before, inside: bool },
}

/// The line before, in the sections of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    Text,
    /// `STDOUT:`; the empty line that follows belongs to it
    Heading,
    Blank,
}

/// Reads what ansible prints.
#[derive(Debug, Clone, Default)]
pub struct AnsibleOutput {
    state: State,
    /// the failure that is being read
    open: Option<TaskResult>,
}

impl AnsibleOutput {
    /// Takes a line; a failure that it completes is handed on.
    pub fn take<'l>(&mut self, line: u64, text: &'l str) -> (AnsibleLine<'l>, Option<TaskResult>) {
        match self.state {
            State::Json => {
                self.keep(text);
                if text.trim_end() != "}" {
                    return (AnsibleLine::Data, None);
                }
                self.state = State::Sections { before: Before::Text, inside: false };
                return (AnsibleLine::Data, None);
            }
            State::Yaml if text.is_empty() || text.starts_with(' ') => {
                self.keep(text);
                return (AnsibleLine::Data, None);
            }
            State::Error { .. } if is_origin(text) => {
                self.state = State::Between;
                return (AnsibleLine::Data, None);
            }
            State::Error { blank } if !is_recap(text) && !(blank && (is_banner(text) || is_failure(text))) => {
                self.state = State::Error { blank: text.is_empty() };
                return (AnsibleLine::Data, None);
            }
            State::Sections { before, inside } => {
                if let Some(line) = self.section(text, before, inside) {
                    return line;
                }
            }
            State::Between | State::Yaml | State::Error { .. } => {}
        }
        let done = self.end();
        if text.starts_with("[ERROR]: Task failed") {
            self.state = State::Error { blank: false };
            return (AnsibleLine::Own("[ERROR]: Task failed"), done);
        }
        let Some((head, data)) = result_of(text) else { return (AnsibleLine::Own(text), done) };
        self.state = match data {
            "{" => State::Json,
            data if data.starts_with(['{', '[']) => State::Sections { before: Before::Text, inside: false },
            _ => State::Yaml,
        };
        if is_failure(head) {
            self.open = Some(TaskResult::new(line, head, data));
        }
        (AnsibleLine::Own(head), done)
    }

    /// The output ends here: a failure that was being read is handed on.
    pub fn end(&mut self) -> Option<TaskResult> {
        self.state = State::Between;
        self.open.take().map(TaskResult::parsed)
    }

    /// Lines behind a result on one line: its sections, or something new.
    fn section<'l>(
        &mut self,
        text: &'l str,
        before: Before,
        inside: bool,
    ) -> Option<(AnsibleLine<'l>, Option<TaskResult>)> {
        let named = text
            .strip_suffix(':')
            .is_some_and(|name| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'));
        let blank = before == Before::Blank;
        let ignored = self.open.is_some() && text.starts_with("...ignoring");
        let over = !inside && !named && !text.is_empty() || is_recap(text) || blank && (ignored || is_banner(text));
        if over {
            return None;
        }
        let before = match before {
            _ if named => Before::Heading,
            Before::Text | Before::Blank if text.is_empty() => Before::Blank,
            Before::Text | Before::Heading | Before::Blank => Before::Text,
        };
        self.state = State::Sections { before, inside: inside || named };
        if let Some(result) = self.open.as_mut().filter(|result| result.bytes() < MAX_RESULT_BYTES) {
            match named.then(|| text.trim_end_matches(':')) {
                Some(name) => result.begin_section(name),
                None => result.add_to_section(text),
            }
        }
        Some((AnsibleLine::Data, None))
    }

    fn keep(&mut self, text: &str) {
        if let Some(result) = self.open.as_mut().filter(|result| result.bytes() < MAX_RESULT_BYTES) {
            result.add(text);
        }
    }
}

/// Head and data of a line that shows a result.
fn result_of(text: &str) -> Option<(&str, &str)> {
    let named = ["fatal: [", "failed: [", "ok: [", "changed: [", "skipping: ["];
    if !named.iter().any(|name| text.starts_with(name)) {
        return None;
    }
    let (head, data) = text.split_once(" =>")?;
    Some((head, data.trim()))
}

fn is_failure(text: &str) -> bool {
    text.starts_with("fatal: [") || text.starts_with("failed: [")
}

fn is_recap(text: &str) -> bool {
    text.starts_with("PLAY RECAP **")
}

/// A banner as ansible prints it, filled up to its width.
fn is_banner(text: &str) -> bool {
    let named = ["TASK [", "RUNNING HANDLER [", "PLAY ["].iter().any(|name| text.starts_with(name));
    named && text.ends_with("***") && text.chars().count() >= BANNER
}

/// `Origin: /path/main.yml:8:3`.
fn is_origin(text: &str) -> bool {
    let place = text.strip_prefix("Origin: ").unwrap_or_default();
    let mut parts = place.rsplitn(3, ':');
    let number = |part: Option<&str>| part.is_some_and(|part| part.parse::<u32>().is_ok());
    number(parts.next()) && number(parts.next()) || place.starts_with('<')
}

#[cfg(test)]
#[path = "ansible/tests.rs"]
mod tests;
