//! From what was observed to one verdict per build.

use super::context::BuildContext;
use super::legs::Leg;
use super::observations::BuildObservations;
use super::phrasing::Phrasing;
use super::reader::Judge;
use super::{BuildVerdict, Confidence};
use crate::packer_log::{BuildOutcome, Deadline, Phase, Track};
use crate::text::Scrubber;

impl Judge<'_> {
    /// One verdict per build, or one about packer itself, in the order of their evidence.
    pub(super) fn build_verdicts(&self, scrubber: &Scrubber, context: &BuildContext) -> Vec<BuildVerdict> {
        let phrasing = Phrasing { scrubber };
        let builds = self.builds.iter().zip(self.tracks.all()).zip(&self.waits);
        let verdicts = builds.map(|((observations, track), wait)| {
            let context = &BuildContext { address: track.ip.clone(), ..context.clone() };
            let mut verdict = self.build_verdict(observations, track, wait.as_ref(), &phrasing, context);
            verdict.leg = track.leg.as_deref().map(|leg| phrasing.quote(leg));
            // A picture shows one console; of several builds it is not known whose.
            if self.builds.len() == 1 {
                context.explain(&mut verdict, self.rules, &phrasing);
            }
            verdict
        });
        let mut verdicts: Vec<BuildVerdict> = verdicts.collect();
        let with_builds = |leg: &Leg| self.tracks.all().iter().any(|track| track.leg == leg.name);
        for leg in self.legs.iter().filter(|leg| !with_builds(leg)) {
            let verdict = self.without_builds(leg, &phrasing, context);
            // Beside builds a job that only prepares them counts when it is known to have failed.
            if self.builds.is_empty() && self.legs.len() == 1 || verdict.rule.is_some() {
                verdicts.push(verdict);
            }
        }
        if verdicts.is_empty() {
            verdicts.extend(self.legs.last().map(|leg| self.without_builds(leg, &phrasing, context)));
        }
        verdicts.sort_by_key(|verdict| verdict.evidence.first().and_then(|evidence| evidence.line));
        verdicts
    }

    fn build_verdict(
        &self,
        observations: &BuildObservations,
        track: &Track,
        wait: Option<&Deadline>,
        phrasing: &Phrasing<'_>,
        context: &BuildContext,
    ) -> BuildVerdict {
        let phase = track.failed_in();
        let mut verdict = BuildVerdict { phase: Some(phase.name()), ..phrasing.undecided(observations, "unknown") };
        if track.ending == Some(BuildOutcome::Finished) {
            return phrasing.succeeded(verdict, observations);
        }
        verdict.waited = phrasing.waited(observations, self.rules, phase);
        if let Some((rule, found)) = observations.holding(self.rules, self.debug, context).into_iter().next() {
            let wait = wait.filter(|wait| wait.phase == phase);
            phrasing.decide(&mut verdict, observations, rule, found, wait);
            verdict.resolve_time_limit();
            return verdict;
        }
        if let Some((line, text)) = &observations.cancelled {
            verdict.class = "cancelled".into();
            verdict.cause = format!("Somebody or something cancelled the build ({}).", phrasing.quote(text));
            verdict.confidence = Confidence::High;
            verdict.evidence = vec![phrasing.evidence(*line, text)];
            verdict.say_what_was_waited_for();
        } else if observations.final_error.is_none() && context.live {
            verdict.class = "running".into();
            verdict.cause = format!("packer is still at work, at the stage “{phase}”.");
            verdict.confidence = Confidence::High;
        } else if observations.final_error.is_none() && !observations.clean_up_begun {
            verdict.class = "killed".into();
            verdict.cause =
                format!("The log just ends, at the stage “{phase}”: packer was killed, or is still running.");
            phrasing.add_words_after(&mut verdict, self.legs.iter().find(|leg| leg.name == track.leg));
            let ended = self.legs.iter().any(|leg| leg.name == track.leg && leg.ended);
            verdict.confidence = if ended { Confidence::Low } else { Confidence::High };
            verdict.say_what_was_waited_for();
        } else {
            let leg = self.legs.iter().find(|leg| leg.name == track.leg);
            phrasing.unknown(&mut verdict, observations, leg.map(|leg| &leg.tail));
        }
        verdict
    }

    /// Packer stopped before any build began, or was not asked to build.
    fn without_builds(&self, leg: &Leg, phrasing: &Phrasing<'_>, context: &BuildContext) -> BuildVerdict {
        let packer = &leg.packer;
        let mut verdict = phrasing.undecided(packer, "unknown");
        verdict.leg = leg.name.as_deref().map(|leg| phrasing.quote(leg));
        if let Some((rule, found)) = packer.holding(self.rules, self.debug, context).into_iter().next() {
            verdict.phase = Some(Phase::Prepare.name());
            phrasing.decide(&mut verdict, packer, rule, found, None);
            verdict.resolve_time_limit();
        } else if let Some(line) = leg.valid {
            verdict.class = "success".into();
            verdict.cause = "The configuration is valid.".into();
            verdict.confidence = Confidence::High;
            verdict.evidence = vec![phrasing.evidence(line, "The configuration is valid.")];
        } else if let Some((line, text)) = &packer.cancelled {
            verdict.class = "cancelled".into();
            verdict.cause = "Somebody or something cancelled packer before a build began.".into();
            verdict.evidence = vec![phrasing.evidence(*line, text)];
        } else {
            phrasing.unknown(&mut verdict, packer, Some(&leg.tail));
        }
        verdict
    }
}
