//! Rules as they are written in TOML, checked and made ready. What is wrong is said in one line, with its place.

use std::path::Path;

use regex::{Regex, RegexBuilder};
use serde::Deserialize;

use super::{Author, Confidence, GuestCondition, GuestSystem, Rule, Rules, RulesError};
use crate::guest::screen::{ScreenLabels, WrittenLabel};
use crate::packer_log::Phase;

/// One rule as written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleToml {
    name: String,
    #[serde(default)]
    class: String,
    cause: String,
    #[serde(default)]
    remedy: String,
    confidence: Confidence,
    log: Option<String>,
    #[serde(default)]
    from: Vec<Author>,
    #[serde(default)]
    phase: Vec<String>,
    r#final: Option<String>,
    final_unless: Option<String>,
    step: Option<String>,
    #[serde(default)]
    fields: Vec<String>,
    #[serde(default)]
    words: bool,
    also: Option<String>,
    unless: Option<String>,
    unless_next: Option<String>,
    section: Option<String>,
    group: Option<String>,
    #[serde(default)]
    unfinished: bool,
    #[serde(default)]
    symptom: bool,
    debug: Option<bool>,
    #[serde(default)]
    at_least: u64,
    #[serde(default)]
    screen: Vec<String>,
    system: Option<GuestSystem>,
    #[serde(default)]
    guest: Vec<GuestCondition>,
    #[serde(default)]
    explains: Vec<String>,
    #[serde(default)]
    endpoint: bool,
    #[serde(default)]
    passing: bool,
    #[serde(default)]
    at_work: bool,
    #[serde(default)]
    lasting: bool,
    variable: Option<String>,
}

/// A fault of vCenter's as written: a rule of which all but this is the same.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultToml {
    name: String,
    text: String,
    class: Option<String>,
    phase: Option<Vec<String>>,
    advice: String,
}

impl FaultToml {
    fn rule(self) -> RuleToml {
        RuleToml {
            name: self.name,
            class: self.class.unwrap_or_else(|| super::VCENTER_FAULT.to_owned()),
            cause: "vCenter refused “{step}”: {fault}".to_owned(),
            remedy: self.advice,
            confidence: Confidence::High,
            log: Some(self.text.clone()),
            from: vec![Author::Error],
            phase: self.phase.unwrap_or_else(of_vcenter),
            r#final: Some(self.text),
            final_unless: None,
            step: None,
            fields: Vec::new(),
            words: false,
            also: None,
            unless: None,
            unless_next: None,
            section: None,
            group: None,
            unfinished: false,
            symptom: false,
            debug: None,
            at_least: 0,
            screen: Vec::new(),
            system: Default::default(),
            guest: Vec::new(),
            explains: Vec::new(),
            endpoint: false,
            passing: false,
            at_work: false,
            lasting: false,
            variable: None,
        }
    }
}

/// The stages in which packer asks anything of vCenter: what a provisioner complains of is none of its faults.
fn of_vcenter() -> Vec<String> {
    let asks = |phase: &&Phase| **phase != Phase::Provision;
    Phase::STAGES.iter().filter(asks).map(|phase| phase.name().to_owned()).collect()
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RulesToml {
    #[serde(default)]
    rule: Vec<RuleToml>,
    #[serde(default)]
    fault: Vec<FaultToml>,
    #[serde(default)]
    screen: Vec<WrittenLabel>,
}

/// Reads and checks a file of rules.
pub fn parse(path: &Path, text: &str) -> Result<Rules, RulesError> {
    // Names may hold anything.
    let one_line = |message: String| message.replace(char::is_control, " ");
    let invalid = |message: String| RulesError::Invalid { path: path.to_owned(), message: one_line(message) };
    let document: RulesToml = toml::from_str(text).map_err(|error| invalid(placed(&error, text)))?;
    let mut rules: Vec<Rule> = Vec::new();
    let faults = document.fault.into_iter().map(FaultToml::rule);
    for written in document.rule.into_iter().chain(faults) {
        let name = written.name.clone();
        if rules.iter().any(|rule| rule.name == name) {
            return Err(invalid(format!("two rules are named {name}")));
        }
        rules.push(compile(written).map_err(|message| invalid(format!("rule {name}: {message}")))?);
    }
    let screens = ScreenLabels::of(document.screen).map_err(invalid)?;
    Ok(Rules { rules, screens })
}

/// TOML's complaint on one line, with the line it is about.
fn placed(error: &toml::de::Error, text: &str) -> String {
    let message = error.message().split_whitespace().collect::<Vec<_>>().join(" ");
    match error.span() {
        Some(span) => {
            let line = text.get(..span.start).unwrap_or_default().matches('\n').count() + 1;
            format!("line {line}: {message}")
        }
        None => message,
    }
}

fn compile(written: RuleToml) -> Result<Rule, String> {
    let regex = |pattern: Option<String>| pattern.map(|pattern| pattern_of(&pattern)).transpose();
    let phase = written.phase.iter().map(|name| phase(name)).collect::<Result<_, _>>()?;
    let seen = !written.screen.is_empty() || !written.guest.is_empty();
    if written.log.is_none() && written.r#final.is_none() && !seen {
        return Err("has neither log nor final nor screen nor guest".to_owned());
    }
    if written.class.is_empty() && written.explains.is_empty() {
        return Err("has neither class nor explains".to_owned());
    }
    if !written.explains.is_empty() && !seen {
        return Err("explains a failure without screen or guest to go by".to_owned());
    }
    Ok(Rule {
        name: written.name,
        class: written.class,
        cause: written.cause,
        remedy: written.remedy,
        confidence: written.confidence,
        log: regex(written.log)?,
        from: written.from,
        phase,
        final_error: regex(written.r#final)?,
        final_unless: regex(written.final_unless)?,
        step: regex(written.step)?,
        fields: written.fields,
        words: written.words,
        also: regex(written.also)?,
        unless: regex(written.unless)?,
        unless_next: regex(written.unless_next)?,
        section: regex(written.section)?,
        group: written.group,
        unfinished: written.unfinished,
        symptom: written.symptom,
        debug: written.debug,
        at_least: written.at_least,
        screen: written.screen,
        system: written.system,
        guest: written.guest,
        explains: written.explains,
        endpoint: written.endpoint,
        passing: written.passing || written.at_work,
        at_work: written.at_work,
        lasting: written.lasting,
        variable: written.variable,
    })
}

/// A pattern as rules mean it: case does not matter.
pub fn pattern_of(pattern: &str) -> Result<Regex, String> {
    let complaint = |error: regex::Error| {
        let text = error.to_string();
        let last = text.lines().last().unwrap_or_default().trim();
        format!("regular expression {pattern:?}: {}", last.strip_prefix("error: ").unwrap_or(last))
    };
    RegexBuilder::new(pattern).case_insensitive(true).build().map_err(complaint)
}

fn phase(name: &str) -> Result<Phase, String> {
    let known = || Phase::STAGES.iter().map(|phase| phase.name()).collect::<Vec<_>>().join(", ");
    Phase::STAGES
        .iter()
        .find(|phase| phase.name() == name)
        .copied()
        .ok_or_else(|| format!("no stage is called {name:?}; there are: {}", known()))
}
