//! What packer is at, in its own words, and the last words before it gave up.

use std::collections::VecDeque;

use crate::packer_log::{Origin, Phase};

/// Lines kept of what was said last.
const LAST: usize = 5;
/// Characters kept of each.
const KEPT: usize = 600;

/// How messages begin that announce a step while provisioners run: what a script prints is no announcement.
const PROVISIONERS: &[&str] = &[
    "Provisioning with ",
    "Executing Ansible",
    "Restarting Machine",
    "Running Windows update",
    "Running local shell script",
    "Setting up proxy adapter",
];
/// How messages begin that announce a step without the dots at the end.
const STEPS: &[&str] = &["Retrieving ", "Trying ", "Running post-processor", "Importing ", "Exporting ", "Uploading "];

/// What packer does at the end of every build, failed or not.
const TIDYING: &[&str] = &["Removing [", "Closing sessions", "Deleting output directory", "Powering off", "Destroying"];

/// The newest step that was announced, and what was said since.
#[derive(Debug, Clone, Default)]
pub struct Steps {
    step: Option<String>,
    /// red ones: what packer prints as errors, which of a script is its stderr
    red: VecDeque<(u64, String)>,
    plain: VecDeque<(u64, String)>,
}

impl Steps {
    /// Takes a message of a build; says whether a provisioner begins with it.
    pub fn take(&mut self, line: u64, origin: Origin, text: &str, phase: Phase) -> bool {
        let text = text.trim_end();
        let provisioner = origin == Origin::Ui && phase == Phase::Provision && begins(PROVISIONERS, text);
        let announced = (text.ends_with("...") || begins(STEPS, text)) && !begins(TIDYING, text);
        let step = origin == Origin::Ui && phase != Phase::Provision && announced;
        // A file provisioner: `Uploading a => b`.
        // Packer was let in: what it waited for is no step any more.
        let inside = origin == Origin::Ui
            && phase == Phase::Provision
            && begins(&["Connected to SSH!", "Connected to WinRM!"], text);
        if inside {
            self.step = None;
        }
        let copy = origin == Origin::Ui && begins(&["Uploading ", "Downloading "], text) && text.contains(" => ");
        if provisioner || step || copy {
            self.step = Some(text.trim_end_matches(['.', ':']).chars().take(KEPT).collect());
            self.red.clear();
            self.plain.clear();
        } else {
            let kept = if origin == Origin::UiError { &mut self.red } else { &mut self.plain };
            if tells(text) {
                kept.push_back((line, text.chars().take(KEPT).collect()));
                kept.drain(..kept.len().saturating_sub(LAST));
            }
        }
        provisioner
    }

    /// The step, e.g. `Powering on virtual machine`.
    pub fn step(&self) -> Option<&str> {
        self.step.as_deref()
    }

    /// What was said last: the red lines, where there are any.
    pub fn last_words(&self) -> &VecDeque<(u64, String)> {
        if self.red.is_empty() { &self.plain } else { &self.red }
    }

    /// The same in one line, without what only shows where.
    pub fn said(&self) -> Option<String> {
        let place = |text: &str| {
            text.starts_with("+ ")
                || text.starts_with("At ") && text.contains("char:")
                || text.starts_with("~")
                || text.trim_start().starts_with("on ") && text.contains(" line ") && text.ends_with(':')
                || text.contains("(source code not available)")
                || text.starts_with("be elsewhere in the file")
        };
        let words: Vec<&str> =
            self.last_words().iter().map(|(_, text)| text.as_str()).filter(|text| !place(text)).collect();
        let last = &words[words.len().saturating_sub(3)..];
        Some(last.join(" / ")).filter(|text| !text.is_empty())
    }
}

fn begins(with: &[&str], text: &str) -> bool {
    with.iter().any(|start| text.starts_with(start))
}

fn tells(text: &str) -> bool {
    let noise = ["#< CLIXML", "<Objs ", "PLAY RECAP"];
    text.chars().any(char::is_alphanumeric) && !begins(&noise, text)
}
