//! What is known besides the log: the console and the guest. They decide nothing where the log names a cause; where it
//! only names a symptom ("timeout waiting for IP address"), they say why.

use jiff::{SignedDuration, Timestamp};

use super::end::Cancelled;
use super::phrasing::Phrasing;
use super::{BuildVerdict, Evidence, EvidenceSource};
use crate::guest::recording::GuestState;
use crate::guest::screen::ScreenAnalysis;
use crate::moment::clock;
use crate::packer_log::Phase;
use crate::text::Scrubber;
use crate::triage::rules::{GuestCondition, GuestSystem, Rule, Rules};
use crate::vcenter::{PowerState, ToolsStatus};

/// A guest that was off for this long was not switched off by packer's clean-up, which destroys it at once.
const CLEAN_UP: SignedDuration = SignedDuration::from_secs(60);

/// What is known of a build besides its log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BuildContext {
    /// label of the last picture
    pub screen: Option<String>,
    /// further labels of it, those that the team gave
    pub also: Vec<String>,
    /// what it says about a failure, scrubbed
    pub says: Option<String>,
    /// labels of the pictures before it
    pub before: Vec<String>,
    /// vCenter's properties of the guest, before any clean-up
    pub guest: Option<GuestState>,
    /// packer still runs: a log that just ends is no sign of a kill
    pub live: bool,
    /// the address that packer connects to; the judge takes it from the log
    pub address: Option<String>,
    /// host of the vCenter that the run was told to build on; `None` where that is not known
    pub endpoint: Option<String>,
    /// the screen is one that waits for somebody, or an end
    pub waits: bool,
    /// the console stands still for longer than that of a healthy build ever does
    pub stuck: bool,
    /// the stage takes longer than usual
    pub late: bool,
    /// somebody stopped the run
    pub cancelled: Option<Cancelled>,
    /// whether vCenter still has the VM of the build; `None` where nobody asked
    pub vm_left: Option<bool>,
}

impl BuildContext {
    /// What a console shows; its words are scrubbed here.
    pub fn of_screen(look: Option<&ScreenAnalysis>, scrubber: &Scrubber) -> Self {
        let Some(look) = look else { return Self::default() };
        Self {
            screen: Some(look.label.clone()),
            also: look.also.clone(),
            says: look.says.as_ref().map(|says| scrubber.safe_line(says).into()),
            before: look.before.clone(),
            stuck: look.state == Some("frozen"),
            ..Self::default()
        }
    }
}

impl From<Option<&str>> for BuildContext {
    fn from(screen: Option<&str>) -> Self {
        Self { screen: screen.map(str::to_owned), ..Self::default() }
    }
}

/// Of a record, the guest as it was before packer cleaned up; `ended` is when the run ended, if it did.
pub fn guest_before_clean_up(guests: &[GuestState], ended: Option<Timestamp>) -> Option<&GuestState> {
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

impl GuestCondition {
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
            Self::Question => guest.question.is_some(),
            Self::Storage => guest.storage.is_some(),
            Self::Host => guest.host.is_some(),
        }
    }
}

impl BuildContext {
    /// Gives a verdict its reason, where the log leaves it open, and adds what vCenter said.
    pub(super) fn explain(&self, verdict: &mut BuildVerdict, rules: &Rules, phrasing: &Phrasing<'_>) {
        if verdict.class == "success" {
            return;
        }
        match rules.rules.iter().find(|rule| self.fits(rule, verdict)) {
            Some(rule) => {
                let at_work = self.remedy_at_work(rule);
                apply_reason(verdict, rule, self.fill(&rule.cause), at_work);
            }
            None => self.mention(verdict),
        }
        if let Some(guest) = &self.guest {
            verdict.evidence.push(phrasing.guest(guest));
        }
    }

    /// What the console shows, in a rule's words; for a picture without a log. A rule that needs more than a picture (the
    /// log's word that a login was refused, a stage) does not hold.
    pub(super) fn rule_for_screen<'r>(&self, rules: &'r Rules) -> Option<&'r Rule> {
        let alone = |rule: &&Rule| {
            rule.explains.iter().any(|class| class == "running") && !rule.screen.is_empty() && rule.phase.is_empty()
        };
        let mut rules = rules.rules.iter().filter(alone).filter(|rule| self.lasts(rule));
        rules.find(|rule| self.matches(rule, None))
    }

    /// Whether nothing says that it takes too long.
    fn at_ease(&self) -> bool {
        !self.stuck && !self.late
    }

    /// Whether a rule may be about a build at work.
    fn lasts(&self, rule: &Rule) -> bool {
        !rule.lasting || !self.at_ease()
    }

    /// What to do about a build at work, or a picture of nobody knows when: nothing, as long as it does what healthy builds
    /// do.
    pub(super) fn remedy_at_work(&self, rule: &Rule) -> Option<String> {
        let healthy = rule.passing && !rule.screen.is_empty() && self.at_ease();
        Some(rule.remedy.clone()).filter(|text| !text.is_empty() && !healthy)
    }

    fn fits(&self, rule: &Rule, verdict: &BuildVerdict) -> bool {
        let meant = |name: &String| *name == verdict.class || Some(name) == verdict.rule.as_ref();
        let staged = rule.phase.is_empty() || rule.phase.iter().any(|phase| Some(phase.name()) == verdict.phase);
        let lasts = verdict.class != "running" || self.lasts(rule);
        rule.explains.iter().any(meant) && staged && lasts && self.matches(rule, verdict.phase)
    }

    /// Whether console and guest are as a rule asks; `phase` is the stage of the build, where it is known.
    pub(super) fn matches(&self, rule: &Rule, phase: Option<&str>) -> bool {
        let mut shown = self.screen.iter().chain(&self.also);
        let screen = rule.screen.is_empty() || shown.any(|label| rule.screen.contains(label));
        let guest =
            |sign: &GuestCondition| self.guest.as_ref().is_some_and(|guest| sign.holds(guest, self.address.as_deref()));
        let system = rule.system.is_none() || rule.system == self.system(phase);
        screen && system && rule.guest.iter().all(guest)
    }

    /// Whether a line may be about vCenter: the host in it is the one that is configured, or either is not known. An ESXi
    /// host, a proxy, a mirror is not vCenter.
    pub(super) fn may_be_of_vcenter(&self, rule: &Rule, line: &str) -> bool {
        let Some(endpoint) = self.endpoint.as_ref().filter(|_| rule.endpoint) else { return true };
        let captures = rule.log.as_ref().and_then(|pattern| pattern.captures(line));
        let host = captures.as_ref().and_then(|found| found.name("host"));
        host.is_none_or(|host| host.as_str().eq_ignore_ascii_case(endpoint))
    }

    /// Which system the guest runs: packer was let in, or an installer was seen at work before this picture: what was
    /// installed. A boot menu or a boot command before it, and no installer at work: the installer's own.
    fn system(&self, phase: Option<&str>) -> Option<GuestSystem> {
        let inside = [Phase::Provision, Phase::Shutdown, Phase::Convert];
        let earlier =
            |seen: fn(&str) -> bool| self.before.iter().any(|label| Some(label) != self.screen.as_ref() && seen(label));
        if inside.iter().any(|known| Some(known.name()) == phase)
            || earlier(|label| label.ends_with("-progress") && label != "boot-progress")
        {
            return Some(GuestSystem::Installed);
        }
        earlier(|label| label.ends_with("-menu") || label == "boot-command").then_some(GuestSystem::Installer)
    }

    /// Names the screen where no rule explains it.
    fn mention(&self, verdict: &mut BuildVerdict) {
        if let Some(shown) = self.shown() {
            verdict.cause = format!("{} {shown}", verdict.cause).trim().to_owned();
        }
    }
}

impl BuildContext {
    /// What the console shows, where no rule says what that means.
    pub(super) fn shown(&self) -> Option<String> {
        let named = self.screen.as_deref().filter(|label| *label != "unknown");
        match (named, &self.says) {
            (Some(label), Some(says)) => Some(format!("The console shows “{label}”; it says: {says}")),
            (Some(label), None) => Some(format!("The console shows “{label}”.")),
            (None, Some(says)) => Some(format!("The console shows a page that no label knows; it says: {says}")),
            (None, None) => None,
        }
    }

    /// A rule's text with the words of the screen in it.
    pub(super) fn fill(&self, text: &str) -> String {
        let guest = self.guest.as_ref();
        let of = |value: Option<&String>| value.cloned().unwrap_or_else(|| "see vCenter".into());
        // The texts come last: what others say is not filled again.
        let places = [
            ("{says}", self.says.clone().unwrap_or_else(|| "see the picture".into())),
            ("{question}", of(guest.and_then(|guest| guest.question.as_ref()))),
            ("{storage}", of(guest.and_then(|guest| guest.storage.as_ref()))),
            ("{host}", of(guest.and_then(|guest| guest.host.as_ref()))),
        ];
        let Some((at, (place, value))) =
            places.iter().filter_map(|place| Some((text.find(place.0)?, place))).min_by_key(|(at, _)| *at)
        else {
            return text.to_owned();
        };
        format!("{}{value}{}", &text[..at], self.fill(&text[at + place.len()..]))
    }
}

/// How a build ended stays; why is the rule's.
fn apply_reason(verdict: &mut BuildVerdict, rule: &Rule, cause: String, at_work: Option<String>) {
    let ended = ["cancelled", "killed"].contains(&verdict.class.as_str());
    if verdict.class == "running" {
        verdict.cause = format!("{cause} {}", verdict.cause);
        verdict.remedy = at_work;
        verdict.confidence = rule.confidence;
    } else if ended {
        verdict.cause = format!("{} {cause}", verdict.cause);
        let remedies = [Some(rule.remedy.clone()), verdict.remedy.take()];
        verdict.remedy = Some(remedies.into_iter().flatten().collect::<Vec<_>>().join(" "));
    } else {
        verdict.cause = cause;
        verdict.remedy = Some(rule.remedy.clone()).filter(|text| !text.is_empty());
        verdict.confidence = rule.confidence;
        if !rule.class.is_empty() {
            verdict.class.clone_from(&rule.class);
        }
    }
    verdict.rule = Some(rule.name.clone());
    verdict.by_screen = !rule.screen.is_empty();
}

impl Phrasing<'_> {
    /// vCenter's properties of the guest.
    fn guest(&self, guest: &GuestState) -> Evidence {
        let power = match guest.power {
            Some(PowerState::PoweredOn) => "powered on",
            Some(PowerState::PoweredOff) => "powered off",
            Some(PowerState::Suspended) => "suspended",
            Some(PowerState::Unknown) | None => "power unknown",
        };
        let tools = format!("VMware Tools {}", guest.tools.map_or("unknown", ToolsStatus::word));
        let address = guest.ip.as_ref().map_or_else(|| "no address".to_owned(), |ip| format!("address {ip}"));
        let text = format!("{power}, {tools}, {address}, as of {}", clock(guest.at));
        let question = guest.question.iter().map(|question| format!("vCenter asks “{question}”"));
        let beneath = guest.storage.iter().chain(&guest.host).cloned();
        // What calls for a person first: the rest is cut where it is too long.
        let text = question.chain(beneath).chain([text]).collect::<Vec<_>>().join("; ");
        Evidence { source: EvidenceSource::Guest, line: None, frame: None, text: self.quote(&text) }
    }
}
