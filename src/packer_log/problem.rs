//! Which lines deserve a stop on the way through a log.

use super::line::{Level, Origin, Problem};
use super::parse::Parsed;

/// Lines that every healthy build has, though they call themselves errors or warnings.
const NOISE: &[&str] = &[
    "Failed to get SSH agent",
    "Config file doesn't exist",
    "-volid text",
    "Failed to close REST client session",
    "Error asking for input: no available tty",
    "not found. Looking for default resource pool.",
    "Error reading checksum",
];

/// Whether a line is worth a stop for somebody who looks for what went wrong.
pub fn problem(line: &Parsed<'_>) -> Option<Problem> {
    let text = line.text.trim();
    let kind = match (line.origin, line.level) {
        (Origin::Machine, _) => None,
        (Origin::UiError, _) => Some(Problem::Error).filter(|_| !text.is_empty()),
        (Origin::Ui, _) => problem_in_message(text),
        (Origin::Continuation, _) => Some(Problem::Error).filter(|_| text.starts_with("panic: ")),
        (_, Level::Error) => Some(Problem::Error),
        (_, Level::Warn) => Some(Problem::Warning),
        _ => Some(Problem::Error).filter(|_| text.starts_with("panic: ") || text.starts_with("fatal error: ")),
    };
    kind.filter(|_| !NOISE.iter().any(|noise| text.contains(noise)) && !is_ansibles_business(text))
}

/// A command of ansible's that ended with an error, as its modules do in every healthy build (a check whether something is
/// installed): what it means ansible says itself.
fn is_ansibles_business(text: &str) -> bool {
    let command = text.strip_prefix("Remote command exited with '").and_then(|rest| rest.split_once("': "));
    command.is_some_and(|(_, command)| command.starts_with("/bin/sh -c '"))
}

/// What a provisioner prints as an ordinary message although it is a failure.
fn problem_in_message(text: &str) -> Option<Problem> {
    const ERRORS: &[&str] = &["fatal: [", "failed: [", "[ERROR]", "ERROR! ", "!!!!!!!!!! PACKER CRASH"];
    if ERRORS.iter().any(|start| text.starts_with(start)) {
        return Some(Problem::Error);
    }
    Some(Problem::Warning).filter(|_| text.starts_with("[WARNING]"))
}

#[cfg(test)]
mod tests {
    use super::super::parse::parse;
    use super::*;

    #[test]
    fn what_a_module_asks_the_guest_is_no_error_of_the_build() {
        let plugin = "2026/11/28 09:45:07 packer-plugin-vsphere_v2.4.0 plugin: 2026/11/28 09:45:07 [ERROR] Remote command exited with";
        let module = format!(
            "{plugin} '1': /bin/sh -c 'sudo -H -S -n  -u root /bin/sh -c '\"'\"'echo BECOME ; /usr/bin/python3'\"'\"''"
        );
        assert_eq!(problem(&parse(&module)), None);
        let shutdown = format!("{plugin} '2': echo 'x' | sudo -S -E shutdown -P now");
        assert_eq!(problem(&parse(&shutdown)), Some(Problem::Error));
    }
}
