//! A verdict on stdout.

use jiff::tz::TimeZone;
use tmpl::moment::local;
use tmpl::ops::acknowledge::Acknowledged;
use tmpl::ops::history::SinceGreen;
use tmpl::ops::remote::RemoteResult;
use tmpl::triage::verdict::{Evidence, EvidenceSource, Verdict};

use super::elsewhere::Elsewhere;
use crate::cli::output;

/// A verdict, a newer run elsewhere, and what changed since the line was last built well.
#[derive(serde::Serialize)]
pub struct Answer<'a> {
    #[serde(flatten)]
    pub verdict: &'a Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub github: Option<Elsewhere<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<&'a Acknowledged>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since_green: Option<&'a SinceGreen>,
    /// a good run at GitHub that is newer than the good one here
    #[serde(skip_serializing_if = "Option::is_none", rename = "green_on_github")]
    pub greener: Option<&'a RemoteResult>,
}

/// Prints it, for people or for programs.
pub fn print(answer: &Answer<'_>, json: bool) -> anyhow::Result<()> {
    if json {
        return Ok(output::json(answer)?);
    }
    let Answer { verdict, github, acknowledged, since_green, greener } = answer;
    if let Some(elsewhere) = github {
        output::result(&elsewhere.to_string())?;
    }
    let rule = verdict.rule.as_deref().map_or_else(String::new, |rule| format!("rule {rule}, "));
    let confidence = serde_json::to_value(verdict.confidence)?;
    output::result(&format!("{}  ({rule}{} confidence)", verdict.class, confidence.as_str().unwrap_or_default()))?;
    output::result(&format!("  {}", verdict.cause))?;
    if let Some(Acknowledged { by, at, note, .. }) = acknowledged {
        output::result(&format!("  acknowledged by {by} {}: {note}", local(*at)))?;
    }
    if let Some(screen) = &verdict.screen {
        let state = verdict.screen_state.as_ref().map_or_else(String::new, |state| format!(" ({state})"));
        output::result(&format!("  screen: {screen}{state}"))?;
    }
    for page in &verdict.nearest {
        output::result(&format!("  {page}"))?;
    }
    if let Some(remedy) = &verdict.remedy {
        output::result(&format!("  do: {remedy}"))?;
    }
    for evidence in &verdict.evidence {
        output::result(&format!("  {}  {}", place(evidence), evidence.text))?;
    }
    if let Some(since) = since_green {
        let here = if greener.is_some() { " here" } else { "" };
        output::result(&format!("  since it was last built well{here} ({} → {}):", since.good, since.bad))?;
        if let Some(remote) = greener {
            output::result(&format!("    {}", remote.greener_said(&TimeZone::system())))?;
        }
        for change in &since.changes {
            output::result(&format!("    {}  {}", change.kind, change.text))?;
        }
    }
    Ok(())
}

fn place(evidence: &Evidence) -> String {
    match (evidence.source, evidence.line, &evidence.frame) {
        (EvidenceSource::Log, Some(line), _) => format!("log {line}"),
        (EvidenceSource::Log, None, _) => "log".to_owned(),
        (EvidenceSource::Screen, _, Some(frame)) => format!("screen {frame}"),
        (EvidenceSource::Screen, ..) => "screen".to_owned(),
        (EvidenceSource::Guest, ..) => "guest".to_owned(),
    }
}
