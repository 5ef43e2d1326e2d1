//! A team's own rules and labels, tried on everything that is on record and on the pages that ship with the program.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use super::judge::log as open_log;
use super::teach::{recorded, samples};
use super::{Error, blocking};
use crate::packer_run::Run;
use crate::paths::StateDir;
use crate::text::Scrubber;
use crate::triage::rules::Rules;
use crate::triage::rules::check::{Finding, check_labels, unknown_screens};
use crate::triage::verdict::{self, Confidence, Verdict};

/// Logs of records that are judged, the newest ones.
const MAX_LOGS: usize = 200;

/// What a team's own rules do.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RulesChecked {
    /// each label and rule of the team
    pub findings: Vec<Finding>,
    /// pages and pictures that labels were tried on
    pub pictures: usize,
    /// logs that rules were tried on
    pub logs: usize,
}

impl RulesChecked {
    /// How much does not go together.
    pub fn clashes(&self) -> usize {
        self.findings.iter().map(|finding| finding.clashes.len()).sum()
    }
}

/// Tries the rules and labels of a repository; one without any has nothing to say.
///
/// # Errors
/// A file that is not valid, records that cannot be read.
pub async fn check_rules(
    repo: &Path,
    state: &StateDir,
    scrubber: std::sync::Arc<Scrubber>,
) -> Result<RulesChecked, Error> {
    let (repo, state) = (repo.to_owned(), state.clone());
    blocking("trying the rules", move || {
        let Some(own) = Rules::own(&repo)? else { return Ok(RulesChecked::default()) };
        let (shipped, all) = (Rules::shipped()?, Rules::for_repo(&repo)?);
        let runs = recorded(&state)?;
        let samples = samples(&runs);
        let mut checked = RulesChecked { pictures: samples.len(), ..RulesChecked::default() };
        checked.findings = check_labels(&own, &samples)?;
        checked.findings.extend(unknown_screens(&own, &shipped));
        check_logs(&runs, [&own, &shipped, &all], &scrubber, &mut checked)?;
        Ok(checked)
    })
    .await
}

/// What the rules of the team decide in the logs on record, and what those logs were called without them.
fn check_logs(
    runs: &[Run],
    [own, shipped, all]: [&Rules; 3],
    scrubber: &Scrubber,
    checked: &mut RulesChecked,
) -> Result<(), Error> {
    if own.rules.iter().all(|rule| rule.log.is_none() && rule.final_error.is_none()) {
        return Ok(());
    }
    let mut decided: BTreeMap<&str, (usize, Vec<String>)> = BTreeMap::new();
    for run in runs.iter().filter(|run| run.log.is_file()).take(MAX_LOGS) {
        let judged = |rules: &Rules| -> Result<Verdict, Error> {
            Ok(verdict::judge(open_log(&run.log)?, rules, scrubber, None)?)
        };
        checked.logs += 1;
        let with = judged(all)?;
        let Some(rule) = own.rules.iter().find(|rule| Some(&rule.name) == with.rule.as_ref()) else { continue };
        let (count, clashes) = decided.entry(&rule.name).or_default();
        *count += 1;
        let without = judged(shipped)?;
        let sure = without.confidence == Confidence::High && without.rule.is_some();
        if sure && without.class != with.class && without.rule != with.rule {
            let (log, before) = (run.log.display(), &without.class);
            clashes.push(format!("{log}: is called {before} without it (rule {})", without.rule.unwrap_or_default()));
        }
    }
    for rule in own.rules.iter().filter(|rule| rule.log.is_some() || rule.final_error.is_some()) {
        let (count, clashes) = decided.remove(rule.name.as_str()).unwrap_or_default();
        let matches = format!("decides {count} of {} logs", checked.logs);
        checked.findings.push(Finding { name: format!("rule {}", rule.name), matches, clashes });
    }
    Ok(())
}
