//! What a build that is still at work will fail of, while packer still tries.
//!
//! A copy of the judge is told that packer gave up at this moment. A cause that it names then is the cause now: no rule has
//! to be written twice, and what heals (a login that works after all) takes the rule's evidence back by itself.

use jiff::civil::DateTime;
use serde::Serialize;

use super::context::BuildContext;
use super::reader::Judge;
use super::{BuildVerdict, EvidenceSource};
use crate::packer_log::{Phase, Track};
use crate::text::Scrubber;
use crate::triage::rules::{GuestCondition, Rule};

/// How a build at work stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// it waits for something that does not come by itself
    Stuck,
    /// packer tries again what was refused
    Retrying,
    /// its stage takes longer than usual
    Late,
}

impl Standing {
    /// In a word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Stuck => "stuck",
            Self::Retrying => "retrying",
            Self::Late => "late",
        }
    }
}

/// What is wrong with a build that is still at work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outlook {
    /// how it stands
    pub standing: Standing,
    /// when packer gives up by itself, by its own clock; `None` where its log does not say
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gives_up: Option<DateTime>,
    /// what would save it, e.g. `a login works`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unless: Option<&'static str>,
    /// healthy builds show this, too, for a while
    pub passing: bool,
}

/// What packer says when it gives up a stage, and what would keep it from that.
const fn endings(phase: Phase) -> Option<(&'static [&'static str], &'static str)> {
    match phase {
        Phase::WaitIp => Some((&["timeout waiting for IP address"], "the guest reports an address")),
        Phase::Connect => Some((&["Timeout waiting for SSH.", "Timeout waiting for WinRM."], "a login works")),
        Phase::Shutdown => Some((&["timeout while waiting for machine to shutdown"], "the guest powers off")),
        Phase::Prepare
        | Phase::Create
        | Phase::BootCommand
        | Phase::Provision
        | Phase::Convert
        | Phase::CleanUp
        | Phase::Done => None,
    }
}

/// Packer's last lines on a build that gives up now.
fn giving_up(source: &str, ending: &str) -> String {
    format!(
        "2000/01/01 00:00:00 ui error: ==> {source}: {ending}\n\
         2000/01/01 00:00:00 ui error: Build '{source}' errored after 1 second: {ending}\n"
    )
}

impl Judge<'_> {
    /// Replaces the verdicts on builds at work by what they will fail of, where that is known; returns how they stand.
    pub(super) fn foretell(
        &self,
        builds: &mut [BuildVerdict],
        scrubber: &Scrubber,
        context: &BuildContext,
    ) -> Option<Outlook> {
        if !context.live {
            return None;
        }
        let mut outlook = None;
        for track in self.tracks.all().iter().filter(|track| track.phase() < Phase::CleanUp) {
            let name = scrubber.safe_line(&track.source);
            let Some(verdict) = builds.iter_mut().find(|verdict| verdict.build.as_deref() == Some(&*name)) else {
                continue;
            };
            let found = match verdict.class.as_str() {
                // It holds although packer goes on: packer does not know yet, or waits for ever.
                class if class != "running" => {
                    (class != "cancelled").then(|| self.seen(verdict, Standing::Stuck, context))
                }
                _ => self.foretold(track, verdict, scrubber, context),
            };
            if let Some(found) = found {
                say_what_packer_does(verdict, track, &found);
                outlook.get_or_insert(found);
            }
        }
        outlook
    }

    fn foretold(
        &self,
        track: &Track,
        verdict: &mut BuildVerdict,
        scrubber: &Scrubber,
        context: &BuildContext,
    ) -> Option<Outlook> {
        let suspect = context.waits || context.stuck || context.late;
        let standing = match (context.stuck || context.waits, context.late) {
            (true, _) => Standing::Stuck,
            (false, true) => Standing::Late,
            (false, false) => Standing::Retrying,
        };
        let Some((words, unless)) = endings(track.phase()) else {
            return suspect.then(|| self.seen(verdict, standing, context)).filter(|_| context.stuck || context.late);
        };
        let blind = BuildContext { screen: None, also: Vec::new(), says: None, ..context.clone() };
        let symptom = |verdict: &BuildVerdict| self.rule_of(verdict).is_none_or(|rule| rule.symptom);
        let mut newest = None;
        for word in words {
            let mut copy = self.clone();
            // A text in memory is read without fail.
            copy.read(giving_up(&track.source, word).as_bytes()).ok()?;
            let of = |context: &BuildContext| {
                let verdicts = copy.build_verdicts(scrubber, context);
                verdicts.into_iter().find(|other| other.build == verdict.build)
            };
            let known = of(&blind).and_then(|verdict| self.rule_of(&verdict)).is_some_and(is_a_cause);
            let full =
                of(context).filter(|full| (known || suspect) && (context.stuck || context.late || !symptom(full)));
            let full = full.filter(|full| self.rule_of(full).is_some());
            if known {
                newest = full.map(|full| (full, if context.stuck { Standing::Stuck } else { Standing::Retrying }));
                break;
            }
            newest = newest.or(full.map(|full| (full, standing)));
        }
        let (mut foretold, standing) = newest?;
        // The lines that were made up are no evidence.
        foretold.evidence.retain(|evidence| evidence.line.is_none_or(|line| line <= self.lines));
        if foretold.evidence.iter().all(|evidence| evidence.source != EvidenceSource::Log) {
            let newest = verdict.evidence.iter().filter(|evidence| evidence.source == EvidenceSource::Log);
            let rest = std::mem::take(&mut foretold.evidence);
            foretold.evidence = newest.cloned().chain(rest).collect();
        }
        *verdict = foretold;
        let gives_up = track.deadline.as_ref().map(|deadline| deadline.at);
        Some(Outlook { gives_up, unless: Some(unless), ..self.seen(verdict, standing, context) })
    }

    fn seen(&self, verdict: &BuildVerdict, standing: Standing, context: &BuildContext) -> Outlook {
        // What healthy builds show for a while is no news before the while is over.
        let over = context.stuck || context.late;
        let passing = !over && self.rule_of(verdict).is_some_and(|rule| rule.passing);
        Outlook { standing, gives_up: None, unless: None, passing }
    }

    fn rule_of(&self, verdict: &BuildVerdict) -> Option<&Rule> {
        let name = verdict.rule.as_ref()?;
        self.rules.rules.iter().find(|rule| rule.name == *name)
    }
}

/// Whether a rule names a cause while the build is at work. Of reasons that come from the guest alone only those do that
/// no healthy installation shows: one without tools and address just installs.
fn is_a_cause(rule: &Rule) -> bool {
    let decisive = |sign: &GuestCondition| match sign {
        GuestCondition::Off
        | GuestCondition::OtherIp
        | GuestCondition::LinkLocal
        | GuestCondition::Question
        | GuestCondition::Storage
        | GuestCondition::Host => true,
        GuestCondition::On
        | GuestCondition::NoTools
        | GuestCondition::Tools
        | GuestCondition::NoIp
        | GuestCondition::Ip => false,
    };
    !rule.symptom && (rule.explains.is_empty() || rule.guest.iter().any(decisive))
}

/// The cause first, then what packer does about it.
fn say_what_packer_does(verdict: &mut BuildVerdict, track: &Track, outlook: &Outlook) {
    if verdict.class == "running" {
        return;
    }
    let stage = track.phase();
    let does = match (outlook.gives_up, outlook.unless) {
        (Some(at), Some(unless)) => {
            format!("packer still tries, and gives up at {} unless {unless}.", at.strftime("%H:%M"))
        }
        (None, Some(unless)) => format!("packer still tries, until {unless}."),
        (_, None) => format!("packer is still at work, at the stage “{stage}”."),
    };
    verdict.cause = format!("{} {does}", verdict.cause);
}

#[cfg(test)]
#[path = "outlook/tests.rs"]
mod tests;
