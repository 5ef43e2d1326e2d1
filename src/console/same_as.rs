//! The command that does what a confirmation is about: for a script, a ticket, or a colleague without the console.

use super::confirm::{Action, Confirm};
use super::github;
use super::media;
use crate::generation::Request;
use crate::packer_run::shell_quoted;

impl Confirm {
    /// `tmpl-tui promote debian-12 --plan 22f3…`, as a shell takes it, with the context that is open; `None` where no verb does the same.
    pub fn same_as(&self) -> Option<String> {
        let key = || self.line.as_ref().map(|key| key.0.clone());
        let number = |run: &crate::github::RemoteRun| run.number.to_string();
        let words: Vec<String> = match &self.action {
            Action::Build => vec!["build".into(), key()?],
            Action::Cancel { force } => {
                let force = force.then(|| "--force".to_owned());
                ["cancel".into(), key()?].into_iter().chain(force).collect()
            }
            // What is typed may be a secret, and a command line is not one.
            Action::Type(_) => vec!["console".into(), key()?, "--type".into(), "-".into(), "--yes".into()],
            Action::Wake(_) => vec!["console".into(), key()?, "--wake".into()],
            Action::Answer { .. } => {
                let answer = Some(self.reason().trim().to_owned()).filter(|answer| !answer.is_empty());
                ["answer".into(), key()?].into_iter().chain(answer).collect()
            }
            Action::Generation(plan) => {
                let verb = [plan.request.verb().to_owned(), key()?];
                let reason = Some(self.reason()).filter(|reason| !reason.is_empty()).unwrap_or("…");
                let rest = match &plan.request {
                    // The name of a plan covers its reason, too, which is not typed yet.
                    Request::Rollback { .. } | Request::Hold { .. } => ["--reason".into(), reason.to_owned()],
                    Request::Promote | Request::Release | Request::Sweep => ["--plan".into(), plan.fingerprint()],
                };
                let consent =
                    [(plan.consent.ignore_age, "--ignore-age"), (plan.consent.allow_warnings, "--allow-warnings")];
                let consent = consent.into_iter().filter(|(agreed, _)| *agreed).map(|(_, option)| option.to_owned());
                verb.into_iter().chain(consent).chain(rest).collect()
            }
            Action::GitHub(action) => {
                let runs = |words: Vec<String>| std::iter::once("runs".to_owned()).chain(words).collect();
                match action {
                    github::Action::Dispatch(key) => runs(vec!["dispatch".into(), key.0.clone()]),
                    github::Action::Cancel(run) => runs(vec!["cancel".into(), number(run)]),
                    github::Action::Rerun(run) => runs(vec!["rerun".into(), number(run)]),
                    github::Action::EnableSchedule => runs(vec!["enable".into()]),
                }
            }
            Action::Media(media::Action::Stage) => vec!["iso".into(), "upload".into(), key()?],
            Action::Media(media::Action::Bump(_) | media::Action::Stop)
            | Action::Teach { .. }
            | Action::Plugin(..)
            | Action::StopTest(_) => return None,
        };
        let context = self.context.iter().flat_map(|name| ["--context".to_owned(), name.clone()]);
        Some(format!("tmpl-tui {}", shell_quoted(&context.chain(words).collect::<Vec<_>>())))
    }
}
