//! Why a build failed: the rules applied to what its log, its screen and its guest say.
//!
//! The earliest line that a rule knows as a cause wins over later symptoms; what packer prints while it cleans up is not
//! looked at; two builds in one log fail independently; what no rule knows is called unknown.

mod ansible;
mod build_verdicts;
mod context;
mod end;
mod forgiven;
mod holding;
mod legs;
mod lines;
mod long_log;
mod messages;
mod observations;
mod outlook;
mod patterns;
mod phrasing;
mod reader;
mod run;
mod steps;
mod waited;

use serde::Serialize;

use super::place::Place;
use super::rules::Rules;
use crate::guest::screen::{NearPage, RecognisedText, ScreenAnalysis, nearest, shipped_pages};
use crate::text::Scrubber;

pub use context::{BuildContext, guest_before_clean_up};
pub use end::{Cancelled, YOU};
pub use outlook::{Outlook, Standing};
pub use reader::{Judge, JudgeError, judge};

pub use super::rules::Confidence;

/// Characters of a screen that are quoted.
const SCREEN_QUOTED: usize = 2000;

/// Where evidence comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EvidenceSource {
    /// packer's log
    Log,
    /// a picture of the console
    Screen,
    /// vCenter's properties of the guest
    Guest,
}

/// Something the user can open to see for himself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// where it comes from
    pub source: EvidenceSource,
    /// line of the log, counted from 1
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// name of the frame (file, or time of capture)
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frame: Option<String>,
    /// what it says, scrubbed and harmless
    pub text: String,
}

/// The verdict on one build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BuildVerdict {
    /// the job it ran in, in a log of several
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leg: Option<String>,
    /// e.g. `vsphere-iso.linux-debian`; absent when packer stopped before any build began
    pub build: Option<String>,
    /// one of the known classes of failures, `success`, `cancelled`, `killed`, `running` or `unknown`
    pub class: String,
    /// the rule that decided
    pub rule: Option<String>,
    /// one or two sentences
    pub cause: String,
    /// what to do
    pub remedy: Option<String>,
    /// how sure the rule is
    pub confidence: Confidence,
    /// stage in which it happened
    pub phase: Option<&'static str>,
    /// the decisive one first
    pub evidence: Vec<Evidence>,
    /// failures that packer forgave (`continue_on_error`), of a build that succeeded
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub forgiven: Vec<String>,
    /// what packer waited for when it ended
    #[serde(skip)]
    pub(crate) waited: Option<waited::Waited>,
    /// what the console shows decided
    #[serde(skip)]
    pub(crate) by_screen: bool,
}

/// The verdict on a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// of all builds that failed, joined by `+`
    pub class: String,
    /// rule of the first one
    pub rule: Option<String>,
    /// causes of all, joined
    pub cause: String,
    /// what to do
    pub remedy: Option<String>,
    /// the lowest of all
    pub confidence: Confidence,
    /// name of the screen, if there was one to look at
    pub screen: Option<String>,
    /// what that screen is doing
    pub screen_state: Option<String>,
    /// the console turned black over that screen: a key brings it back
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub went_black: bool,
    /// further names that fit it, those that the team gave
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub screen_also: Vec<String>,
    /// of a screen without a name, the known pages that resemble it most
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub nearest: Vec<NearPage>,
    /// of all builds
    pub evidence: Vec<Evidence>,
    /// each build by itself
    pub builds: Vec<BuildVerdict>,
    /// of a build that is still at work: what is wrong with it already
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outlook: Option<Outlook>,
    /// where it can be mended in the repository
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// what the console shows decided: its picture is the first piece of evidence
    #[serde(skip)]
    pub(crate) by_screen: bool,
}

impl BuildVerdict {
    fn leg_prefix(&self) -> String {
        self.leg.as_ref().map_or_else(String::new, |leg| format!("{leg}: "))
    }
}

impl Verdict {
    /// Joins the verdicts: failures count, successes only when there are no failures.
    pub fn of(builds: Vec<BuildVerdict>) -> Self {
        let failed: Vec<&BuildVerdict> = builds.iter().filter(|verdict| verdict.class != "success").collect();
        let counted = if failed.is_empty() { builds.iter().collect() } else { failed };
        let join = |of: fn(&BuildVerdict) -> String, with: &str| {
            let mut parts: Vec<String> = counted.iter().map(|verdict| of(verdict)).collect();
            parts.dedup();
            parts.join(with)
        };
        let several = counted.len() > 1;
        let cause = counted.iter().map(|verdict| match &verdict.build {
            Some(build) if several => format!("{}{build}: {}", verdict.leg_prefix(), verdict.cause),
            _ => format!("{}{}", if several { verdict.leg_prefix() } else { String::new() }, verdict.cause),
        });
        Self {
            class: join(|verdict| verdict.class.clone(), "+"),
            rule: counted.iter().find_map(|verdict| verdict.rule.clone()),
            cause: cause.collect::<Vec<_>>().join(" "),
            remedy: Some(join(|verdict| verdict.remedy.clone().unwrap_or_default(), " "))
                .filter(|text| !text.is_empty()),
            confidence: counted.iter().map(|verdict| verdict.confidence).min().unwrap_or(Confidence::Low),
            screen: None,
            screen_state: None,
            went_black: false,
            screen_also: Vec::new(),
            nearest: Vec::new(),
            evidence: counted.iter().flat_map(|verdict| verdict.evidence.iter().cloned()).collect(),
            by_screen: counted.first().is_some_and(|verdict| verdict.by_screen),
            builds,
            outlook: None,
            place: None,
        }
    }

    /// Whether it is about a build at work: it says what packer goes on to do.
    pub fn of_work(&self) -> bool {
        self.outlook.is_some() || self.class == "running"
    }

    /// Failures that packer forgave: what was built is not what the template asks for.
    pub fn forgiven(&self) -> Vec<String> {
        self.builds.iter().flat_map(|verdict| verdict.forgiven.iter().cloned()).collect()
    }

    /// Nothing to go by.
    pub fn without_log() -> Self {
        Self {
            class: "unknown".into(),
            rule: None,
            cause: "There is no log to judge.".into(),
            remedy: None,
            confidence: Confidence::Low,
            screen: None,
            screen_state: None,
            went_black: false,
            screen_also: Vec::new(),
            nearest: Vec::new(),
            evidence: Vec::new(),
            builds: Vec::new(),
            outlook: None,
            place: None,
            by_screen: false,
        }
    }

    /// Nothing but pictures and the guest to go by: how the build ends is open, what the console shows is not.
    pub fn of_scene(rules: &Rules, context: &BuildContext) -> Self {
        let Some(rule) = context.rule_for_screen(rules) else {
            let shown = context.shown().map(|shown| format!(" {shown}")).unwrap_or_default();
            let cause = format!("{}{shown}", Self::without_log().cause);
            return Self { cause, ..Self::without_log() };
        };
        Self {
            rule: Some(rule.name.clone()),
            cause: context.fill(&rule.cause),
            remedy: context.remedy_at_work(rule),
            confidence: rule.confidence,
            ..Self::without_log()
        }
    }

    /// What it is about, in one word: the screen that decided it, where the class only names what packer waited for;
    /// else the class.
    pub fn subject(&self) -> &str {
        let known = self.screen.as_deref().filter(|screen| !matches!(*screen, "unknown" | "blank"));
        let symptom = matches!(self.class.as_str(), "ip_timeout" | "ssh_timeout" | "winrm_timeout");
        let waits = matches!(self.screen_state.as_deref(), Some("waiting-for-input" | "frozen"));
        known.filter(|_| symptom && waits).unwrap_or(&self.class)
    }

    /// Adds what the console shows.
    pub fn show(&mut self, look: &ScreenAnalysis, scrubber: &Scrubber) {
        self.screen = Some(look.label.clone());
        self.screen_state = look.state.map(str::to_owned);
        self.went_black = look.went_black;
        self.screen_also.clone_from(&look.also);
        let readable = look.text.as_ref().filter(|text| text.is_text());
        if let Some(text) = readable.filter(|_| look.label == "unknown") {
            let rows = text.rows.iter().map(|row| scrubber.safe_line(row).into()).collect();
            self.nearest = nearest(&RecognisedText { rows, exact: text.exact }, &shipped_pages());
        }
        // Frames of dialogs say nothing.
        let frame = |c: char| c.is_whitespace() || ('\u{2500}'..='\u{259f}').contains(&c);
        let rows = look.text.iter().flat_map(|text| &text.rows).map(|row| row.trim_matches(frame));
        let rows: Vec<&str> = rows.filter(|row| !row.is_empty()).collect();
        // A console that scrolls shows much before the line that counts: the lowest that names it.
        let named: Vec<&str> = look.words.iter().flat_map(|words| words.split(['…', '|'])).map(str::trim).collect();
        let names = |row: &&str| named.iter().any(|words| !words.is_empty() && row.contains(words));
        let exact = look.text.as_ref().is_some_and(|text| text.exact);
        // What was read by shape begins with what is no text; case is lost there, too.
        let resembles = |row: &&str| {
            let row = row.to_lowercase();
            named.iter().any(|words| words.len() > 3 && row.contains(&words.to_lowercase()))
        };
        let from = if exact { rows.iter().rposition(names) } else { rows.iter().position(resembles) };
        // A screen that is known by its picture needs no text.
        let failed = look.error.as_ref().filter(|_| rows.is_empty() && look.label == "unknown");
        let text = match (&look.text, failed) {
            (_, Some(error)) => format!("not read: {error}"),
            (Some(text), None) if !text.is_text() && !text.rows.is_empty() => "(no readable text)".to_owned(),
            (Some(_) | None, None) => rows[from.unwrap_or(0)..].join(" / "),
        };
        let text = if look.went_black { format!("before the screen went black: {text}") } else { text };
        let text = scrubber.safe(&text).chars().take(SCREEN_QUOTED).collect();
        let frame = Some(scrubber.safe(&look.frame).into());
        let at = if self.by_screen { 0 } else { self.evidence.len() };
        self.evidence.insert(at, Evidence { source: EvidenceSource::Screen, line: None, frame, text });
    }
}

#[cfg(test)]
#[path = "verdict/tests.rs"]
mod tests;
