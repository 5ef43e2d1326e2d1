//! `triage --check`: a team's own rules and labels, tried on everything that is on record.

use tmpl::ops;
use tmpl::text::Scrubber;
use tmpl::triage::rules::OWN_RULES;

use crate::cli::{Context, Exit, output};

/// Prints what each of them matches, and where they clash.
pub async fn run(context: &Context, json: bool) -> anyhow::Result<Exit> {
    let scrubber = Scrubber::for_evidence().clone();
    let checked = ops::check_rules(&context.global.repo, &context.state()?, scrubber).await?;
    let clashes = checked.clashes();
    if json {
        output::json(&checked)?;
    } else {
        for finding in &checked.findings {
            output::result(&finding.to_string())?;
            for clash in &finding.clashes {
                output::result(&format!("  CLASH  {clash}"))?;
            }
        }
        let (own, pictures, logs) = (checked.findings.len(), checked.pictures, checked.logs);
        output::note(&match own {
            0 => format!("{OWN_RULES}: no rules or screens of your own"),
            _ => format!("{OWN_RULES}: {own} tried on {pictures} pictures and {logs} logs, {clashes} clashes"),
        })?;
    }
    Ok(if clashes == 0 { Exit::Done } else { Exit::Failed })
}
