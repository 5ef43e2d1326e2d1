//! How a wait stood when it was broken off: by somebody, or at a time limit that is not packer's.

use super::observations::BuildObservations;
use super::phrasing::Phrasing;
use super::{BuildVerdict, Evidence};
use crate::packer_log::Phase;
use crate::triage::rules::Rules;

/// Class of rules about time limits of whoever runs packer; a verdict has the class of what was waited for.
pub const TIME_LIMIT: &str = "time_limit";

/// What packer waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waited {
    /// e.g. `waiting for SSH`
    pub doing: String,
    /// what its failure is called
    pub class: Option<String>,
    /// how it stood, e.g. `sshd of the guest answers, and rejects user or password (46 times since 03:12:05).`
    pub state: Option<String>,
    /// rule that knows that
    rule: Option<String>,
    /// the first line that shows it
    evidence: Option<Evidence>,
}

impl Phrasing<'_> {
    /// How the wait of a stage stands.
    pub(super) fn waited(&self, observations: &BuildObservations, rules: &Rules, phase: Phase) -> Option<Waited> {
        let step = observations.steps.step().unwrap_or_default();
        let winrm = step.contains("WinRM") || step.contains("winrm");
        let (doing, class) = match phase {
            Phase::WaitIp => ("waiting for an address of the guest", Some("ip_timeout")),
            Phase::Connect if winrm => ("waiting for WinRM", Some("winrm_timeout")),
            Phase::Connect => ("waiting for SSH", Some("ssh_timeout")),
            Phase::Shutdown => ("waiting for the guest to shut down", Some("shutdown_timeout")),
            Phase::Prepare => ("preparing", None),
            Phase::Create => ("creating the VM", None),
            Phase::BootCommand => ("typing the boot command", None),
            Phase::Provision => ("provisioning", None),
            Phase::Convert => ("making the template", None),
            Phase::CleanUp | Phase::Done => return None,
        };
        let waited =
            Waited { doing: doing.into(), class: class.map(str::to_owned), state: None, rule: None, evidence: None };
        let Some((rule, found)) = observations.waiting(rules, phase) else { return Some(waited) };
        let cause = self.filled(&rule.cause, rule, observations, found);
        let since = found.since.map_or_else(String::new, |since| format!(" since {}", since.strftime("%H:%M:%S")));
        let times = if found.count > 1 { format!("{} times{since}", found.count) } else { "once".to_owned() };
        Some(Waited {
            class: Some(rule.class.clone()),
            state: Some(format!("{} ({times}).", cause.trim_end_matches('.'))),
            rule: Some(rule.name.clone()),
            evidence: Some(self.evidence(found.line, &found.text)),
            ..waited
        })
    }
}

impl BuildVerdict {
    /// Adds how the wait stood that was broken off.
    pub(super) fn say_what_was_waited_for(&mut self) {
        let Some(waited) = self.waited.clone() else { return };
        let state = waited.state.map_or_else(|| ".".to_owned(), |state| format!(": {state}"));
        self.cause = format!("{} packer was {}{state}", self.cause, waited.doing);
        self.rule = self.rule.take().or(waited.rule);
        let known: Vec<Option<u64>> = self.evidence.iter().map(|evidence| evidence.line).collect();
        self.evidence.extend(waited.evidence.filter(|evidence| !known.contains(&evidence.line)));
    }

    /// A time limit ended it: it failed of what it waited for.
    pub(super) fn end_at_time_limit(&mut self, limit: &str) {
        let waited = self.waited.clone();
        self.class = waited.as_ref().and_then(|waited| waited.class.clone()).unwrap_or_else(|| "killed".to_owned());
        let doing = waited.as_ref().map_or_else(String::new, |waited| format!(" while {}", waited.doing));
        let state = waited
            .as_ref()
            .and_then(|waited| waited.state.clone())
            .map_or_else(|| ".".to_owned(), |state| format!(": {state}"));
        self.cause = format!("{limit}{doing}{state}");
        if let Some(waited) = waited {
            self.rule = waited.rule.or(self.rule.take());
            let known: Vec<Option<u64>> = self.evidence.iter().map(|evidence| evidence.line).collect();
            self.evidence.extend(waited.evidence.filter(|evidence| !known.contains(&evidence.line)));
        }
    }

    /// The same, where a rule knew the limit in the words of a runner.
    pub(super) fn resolve_time_limit(&mut self) {
        if self.class == TIME_LIMIT {
            let limit = self.cause.trim_end_matches('.').to_owned();
            self.end_at_time_limit(&limit);
        } else if matches!(self.class.as_str(), "cancelled" | "killed") {
            self.say_what_was_waited_for();
        }
    }
}
