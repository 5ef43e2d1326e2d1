//! From what was heard to one finding per build.

use super::case::Case;
use super::phrasing::Phrasing;
use super::reader::Judge;
use super::scene::Scene;
use super::{Confidence, Finding};
use crate::packer_log::{BuildOutcome, Deadline, Phase, Track};
use crate::text::Scrubber;

impl Judge<'_> {
    /// One finding per build, or one about packer itself, in the order of their evidence.
    pub(super) fn findings(&self, scrubber: &Scrubber, scene: &Scene) -> Vec<Finding> {
        let words = Phrasing { scrubber };
        if self.cases.is_empty() {
            return vec![self.without_builds(&words, scene)];
        }
        let cases = self.cases.iter().zip(self.tracks.all()).zip(&self.waits);
        let findings = cases.map(|((case, track), wait)| {
            let scene = &Scene { address: track.ip.clone(), ..scene.clone() };
            let mut finding = self.finding(case, track, wait.as_ref(), &words, scene);
            // A picture shows one console; of several builds it is not known whose.
            if self.cases.len() == 1 {
                scene.explain(&mut finding, self.rules, &words);
            }
            finding
        });
        let mut findings: Vec<Finding> = findings.collect();
        findings.sort_by_key(|finding| finding.evidence.first().and_then(|evidence| evidence.line));
        findings
    }

    fn finding(
        &self,
        case: &Case,
        track: &Track,
        wait: Option<&Deadline>,
        words: &Phrasing<'_>,
        scene: &Scene,
    ) -> Finding {
        let phase = track.failed_in();
        let mut finding = Finding { phase: Some(phase.name()), ..words.finding(case, "unknown") };
        if track.ending == Some(BuildOutcome::Finished) {
            return Finding {
                phase: None,
                cause: "The build succeeded.".into(),
                confidence: Confidence::High,
                ..words.finding(case, "success")
            };
        }
        if let Some((rule, found)) = case.holding(self.rules, self.debug, scene).into_iter().next() {
            let wait = wait.filter(|wait| wait.phase == phase);
            words.decide(&mut finding, case, rule, found, wait);
            return finding;
        }
        if let Some((line, text)) = &case.cancelled {
            finding.class = "cancelled".into();
            finding.cause = format!("Somebody or something cancelled the build ({}).", words.quote(text));
            finding.remedy = Some("Look for a leftover build VM and sweep it.".into());
            finding.confidence = Confidence::High;
            finding.evidence = vec![words.evidence(*line, text)];
        } else if case.last_word.is_none() && scene.live {
            finding.class = "running".into();
            finding.cause = format!("packer is still at work, at the stage “{phase}”.");
            finding.confidence = Confidence::High;
        } else if case.last_word.is_none() && !case.over {
            finding.class = "killed".into();
            finding.cause =
                format!("The log just ends, at the stage “{phase}”: packer was killed, or is still running.");
            finding.remedy =
                Some("Look for a leftover build VM and sweep it; temporary files of packer stay behind, too.".into());
            finding.confidence = if self.ended { Confidence::Low } else { Confidence::High };
        } else {
            words.unknown(&mut finding, case, &self.tail);
        }
        finding
    }

    /// Packer stopped before any build began, or was not asked to build.
    fn without_builds(&self, words: &Phrasing<'_>, scene: &Scene) -> Finding {
        let mut finding = words.finding(&self.common, "unknown");
        if let Some((rule, found)) = self.common.holding(self.rules, self.debug, scene).into_iter().next() {
            finding.phase = Some(Phase::Prepare.name());
            words.decide(&mut finding, &self.common, rule, found, None);
        } else if let Some(line) = self.valid {
            finding.class = "success".into();
            finding.cause = "The configuration is valid.".into();
            finding.confidence = Confidence::High;
            finding.evidence = vec![words.evidence(line, "The configuration is valid.")];
        } else if let Some((line, text)) = &self.common.cancelled {
            finding.class = "cancelled".into();
            finding.cause = "Somebody or something cancelled packer before a build began.".into();
            finding.evidence = vec![words.evidence(*line, text)];
        } else {
            words.unknown(&mut finding, &self.common, &self.tail);
        }
        finding
    }
}
