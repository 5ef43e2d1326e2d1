//! From what was observed to one verdict per build.

use super::context::BuildContext;
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
        if self.builds.is_empty() {
            return vec![self.without_builds(&phrasing, context)];
        }
        let builds = self.builds.iter().zip(self.tracks.all()).zip(&self.waits);
        let verdicts = builds.map(|((observations, track), wait)| {
            let context = &BuildContext { address: track.ip.clone(), ..context.clone() };
            let mut verdict = self.build_verdict(observations, track, wait.as_ref(), &phrasing, context);
            // A picture shows one console; of several builds it is not known whose.
            if self.builds.len() == 1 {
                context.explain(&mut verdict, self.rules, &phrasing);
            }
            verdict
        });
        let mut verdicts: Vec<BuildVerdict> = verdicts.collect();
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
            return BuildVerdict {
                phase: None,
                cause: "The build succeeded.".into(),
                confidence: Confidence::High,
                ..phrasing.undecided(observations, "success")
            };
        }
        if let Some((rule, found)) = observations.holding(self.rules, self.debug, context).into_iter().next() {
            let wait = wait.filter(|wait| wait.phase == phase);
            phrasing.decide(&mut verdict, observations, rule, found, wait);
            return verdict;
        }
        if let Some((line, text)) = &observations.cancelled {
            verdict.class = "cancelled".into();
            verdict.cause = format!("Somebody or something cancelled the build ({}).", phrasing.quote(text));
            verdict.remedy = Some("Look for a leftover build VM and sweep it.".into());
            verdict.confidence = Confidence::High;
            verdict.evidence = vec![phrasing.evidence(*line, text)];
        } else if observations.final_error.is_none() && context.live {
            verdict.class = "running".into();
            verdict.cause = format!("packer is still at work, at the stage “{phase}”.");
            verdict.confidence = Confidence::High;
        } else if observations.final_error.is_none() && !observations.clean_up_begun {
            verdict.class = "killed".into();
            verdict.cause =
                format!("The log just ends, at the stage “{phase}”: packer was killed, or is still running.");
            verdict.remedy =
                Some("Look for a leftover build VM and sweep it; temporary files of packer stay behind, too.".into());
            verdict.confidence = if self.ended { Confidence::Low } else { Confidence::High };
        } else {
            phrasing.unknown(&mut verdict, observations, &self.tail);
        }
        verdict
    }

    /// Packer stopped before any build began, or was not asked to build.
    fn without_builds(&self, phrasing: &Phrasing<'_>, context: &BuildContext) -> BuildVerdict {
        let mut verdict = phrasing.undecided(&self.packer_observations, "unknown");
        if let Some((rule, found)) =
            self.packer_observations.holding(self.rules, self.debug, context).into_iter().next()
        {
            verdict.phase = Some(Phase::Prepare.name());
            phrasing.decide(&mut verdict, &self.packer_observations, rule, found, None);
        } else if let Some(line) = self.valid {
            verdict.class = "success".into();
            verdict.cause = "The configuration is valid.".into();
            verdict.confidence = Confidence::High;
            verdict.evidence = vec![phrasing.evidence(line, "The configuration is valid.")];
        } else if let Some((line, text)) = &self.packer_observations.cancelled {
            verdict.class = "cancelled".into();
            verdict.cause = "Somebody or something cancelled packer before a build began.".into();
            verdict.evidence = vec![phrasing.evidence(*line, text)];
        } else {
            phrasing.unknown(&mut verdict, &self.packer_observations, &self.tail);
        }
        verdict
    }
}
