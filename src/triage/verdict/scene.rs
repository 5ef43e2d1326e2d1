//! What is known besides the log: the console and the guest. They decide nothing where the log names a cause; where it
//! only names a symptom ("timeout waiting for IP address"), they say why.

use jiff::{SignedDuration, Timestamp};

use super::phrasing::Phrasing;
use super::{Evidence, Finding, Witness};
use crate::guest::recording::GuestState;
use crate::triage::rules::{GuestSign, Rule, Rules};
use crate::vcenter::{PowerState, ToolsStatus};

/// A guest that was off for this long was not switched off by packer's clean-up, which destroys it at once.
const CLEAN_UP: SignedDuration = SignedDuration::from_secs(60);

/// What was seen beside the log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scene {
    /// label of the last picture
    pub screen: Option<String>,
    /// vCenter's properties of the guest, before any clean-up
    pub guest: Option<GuestState>,
    /// packer still runs: a log that just ends is no sign of a kill
    pub live: bool,
    /// the address that packer connects to; the judge takes it from the log
    pub address: Option<String>,
}

impl From<Option<&str>> for Scene {
    fn from(screen: Option<&str>) -> Self {
        Self { screen: screen.map(str::to_owned), ..Self::default() }
    }
}

/// Of a record, the guest as it was before packer cleaned up; `ended` is when the run ended, if it did.
pub fn before_clean_up(guests: &[GuestState], ended: Option<Timestamp>) -> Option<&GuestState> {
    let there: Vec<&GuestState> = guests.iter().filter(|guest| guest.power.is_some()).collect();
    let (last, earlier) = there.split_last()?;
    let gone = guests.iter().find(|guest| guest.at > last.at).map(|guest| guest.at).or(ended);
    let brief = gone.is_some_and(|gone| gone.duration_since(last.at) < CLEAN_UP);
    if last.power == Some(PowerState::PoweredOff) && brief {
        return earlier.iter().rev().find(|guest| guest.power == Some(PowerState::PoweredOn)).copied().or(Some(last));
    }
    // Tools stop and the address goes while the guest is being switched off.
    Some(last)
}

impl GuestSign {
    /// `packers` is the address that packer connects to.
    fn holds(self, guest: &GuestState, packers: Option<&str>) -> bool {
        let on = guest.power == Some(PowerState::PoweredOn);
        let address = guest.ip.as_deref().filter(|ip| !ip.is_empty());
        let link_local = address.is_some_and(|ip| ip.starts_with("169.254.") || ip.starts_with("fe80:"));
        match self {
            Self::Off => matches!(guest.power, Some(PowerState::PoweredOff | PowerState::Suspended)),
            Self::On => on,
            Self::NoTools => on && guest.tools.is_none_or(|tools| tools == ToolsStatus::GuestToolsNotRunning),
            Self::Tools => on && guest.tools.is_some_and(|tools| tools != ToolsStatus::GuestToolsNotRunning),
            Self::NoIp => on && address.is_none(),
            Self::Ip => address.is_some() && !link_local,
            Self::OtherIp => address.zip(packers).is_some_and(|(ip, packers)| {
                // One of each family is one guest.
                ip != packers && ip.contains(':') == packers.contains(':')
            }),
            Self::LinkLocal => link_local,
        }
    }
}

impl Scene {
    /// Gives a finding its reason, where the log leaves it open, and adds what vCenter said.
    pub(super) fn explain(&self, finding: &mut Finding, rules: &Rules, words: &Phrasing<'_>) {
        if finding.class == "success" {
            return;
        }
        match rules.rules.iter().find(|rule| self.fits(rule, finding)) {
            Some(rule) => give(finding, rule),
            None => self.mention(finding),
        }
        if let Some(guest) = &self.guest {
            finding.evidence.push(words.guest(guest));
        }
    }

    /// What the console shows, in a rule's words; for a picture without a log.
    pub(super) fn meaning<'r>(&self, rules: &'r Rules) -> Option<&'r Rule> {
        rules.rules.iter().find(|rule| !rule.explains.is_empty() && !rule.screen.is_empty() && self.shows(rule))
    }

    fn fits(&self, rule: &Rule, finding: &Finding) -> bool {
        let meant = |name: &String| *name == finding.class || Some(name) == finding.rule.as_ref();
        let staged = rule.phase.is_empty() || rule.phase.iter().any(|phase| Some(phase.name()) == finding.phase);
        rule.explains.iter().any(meant) && staged && self.shows(rule)
    }

    /// Whether console and guest are as a rule asks.
    pub(super) fn shows(&self, rule: &Rule) -> bool {
        let screen = rule.screen.is_empty() || self.screen.as_ref().is_some_and(|label| rule.screen.contains(label));
        let guest =
            |sign: &GuestSign| self.guest.as_ref().is_some_and(|guest| sign.holds(guest, self.address.as_deref()));
        screen && rule.guest.iter().all(guest)
    }

    /// A screen that no rule has words for is named at least.
    fn mention(&self, finding: &mut Finding) {
        if let Some(label) = self.screen.as_ref().filter(|label| *label != "unknown") {
            finding.cause = format!("{} The console shows “{label}”.", finding.cause).trim().to_owned();
        }
    }
}

/// How a build ended stays; why is the rule's.
fn give(finding: &mut Finding, rule: &Rule) {
    let ended = ["cancelled", "killed", "running"].contains(&finding.class.as_str());
    if ended {
        finding.cause = format!("{} {}", finding.cause, rule.cause);
        let remedies = [Some(rule.remedy.clone()), finding.remedy.take()];
        finding.remedy = Some(remedies.into_iter().flatten().collect::<Vec<_>>().join(" "));
    } else {
        finding.cause.clone_from(&rule.cause);
        finding.remedy = Some(rule.remedy.clone()).filter(|text| !text.is_empty());
        finding.confidence = rule.confidence;
        if !rule.class.is_empty() {
            finding.class.clone_from(&rule.class);
        }
    }
    finding.rule = Some(rule.name.clone());
}

impl Phrasing<'_> {
    /// vCenter's properties of the guest, in its own words.
    fn guest(&self, guest: &GuestState) -> Evidence {
        let word = |value: Option<String>| value.unwrap_or_else(|| "unset".to_owned());
        let own = |value: serde_json::Result<serde_json::Value>| {
            value.ok().and_then(|value| value.as_str().map(str::to_owned))
        };
        let power = word(guest.power.and_then(|power| own(serde_json::to_value(power))));
        let tools = word(guest.tools.and_then(|tools| own(serde_json::to_value(tools))));
        let text = format!(
            "runtime.powerState {power}, guest.toolsRunningStatus {tools}, guest.ipAddress {}, since {}",
            word(guest.ip.clone()),
            guest.at
        );
        Evidence { source: Witness::Guest, line: None, frame: None, text: self.quote(&text) }
    }
}
