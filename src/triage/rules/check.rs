//! Trying a team's own rules and labels on everything that is known: what they match, and where they clash.

use std::fmt;

use serde::Serialize;

use super::{Rules, RulesError};
use crate::guest::screen::ScreenLabels;
use crate::triage::corpus::{Sample, Trial, try_out};

/// What one of the team's own labels or rules does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// the label or rule
    pub name: String,
    /// what it matches
    pub matches: String,
    /// why it does not go together with the rest; each is one line
    pub clashes: Vec<String>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.matches)
    }
}

/// Every label of the team, tried on the samples.
///
/// # Errors
/// Shipped screens that cannot be used.
pub fn check_labels(own: &Rules, samples: &[Sample]) -> Result<Vec<Finding>, RulesError> {
    let shipped = Rules::shipped()?.screens;
    let fits: Vec<(usize, Trial)> =
        own.screens.labels.iter().map(|label| try_out(label, samples, &shipped)).enumerate().collect();
    Ok(fits.into_iter().map(|(at, trial)| finding(own, at, &trial, &shipped)).collect())
}

fn finding(own: &Rules, at: usize, trial: &Trial, shipped: &ScreenLabels) -> Finding {
    let label = &own.screens.labels[at];
    // A name of ours for a page that is only known by its kind says more, and takes nothing away.
    let kind = |name: &str| {
        let mut of = shipped.labels.iter().filter(|shipped| shipped.label == name);
        of.all(|shipped| shipped.generic || shipped.failure == Some(crate::guest::screen::FailureKind::Marked))
    };
    let strange = trial.called.iter().zip(&trial.places).filter(|((called, _), _)| !kind(called));
    let clashes = strange.map(|((called, count), place)| {
        format!(
            "also matches {count} called {called} (for one, {place}): add words, or words that must not be there (not)"
        )
    });
    Finding { name: format!("screen {}", label.label), matches: trial.to_string(), clashes: clashes.collect() }
}

/// Rules of the team that name a screen that nobody knows: they never hold.
pub fn unknown_screens(own: &Rules, shipped: &Rules) -> Vec<Finding> {
    let silent = ["blank", "blank-cursor", "spinner-only", "unknown"];
    let known = |name: &String| {
        silent.contains(&name.as_str())
            || own.screens.labels.iter().chain(&shipped.screens.labels).any(|label| label.label == *name)
    };
    let strange = own.rules.iter().flat_map(|rule| {
        rule.screen.iter().filter(|name| !known(name)).map(|name| Finding {
            name: format!("rule {}", rule.name),
            matches: "can never hold".to_owned(),
            clashes: vec![format!("no screen is called {name:?}")],
        })
    });
    strange.collect()
}
