//! Runs and legs as text.

use std::io;

use jiff::Timestamp;
use tmpl::duration::rough;
use tmpl::github::{Board, Health, Leg, Rate, RemoteRun, State};
use tmpl::moment::local;

use crate::cli::output;

/// Runs, each with the jobs that build lines or went wrong.
pub fn board(board: &Board) -> io::Result<()> {
    if board.runs.is_empty() {
        output::result("no runs yet")?;
    }
    for seen in &board.runs {
        output::result(&run(&seen.run, board.at))?;
        let wanted = |leg: &&Leg| leg.key.is_some() || leg.state.failed() || leg.state == State::Running;
        for leg in seen.legs.iter().filter(wanted) {
            output::result(&self::leg(leg, board.at))?;
        }
    }
    match board.rate {
        Some(rate) => output::result(&self::rate(rate)),
        None => Ok(()),
    }
}

/// The weekly run, and what is wrong with it.
pub fn health(health: &Health) -> io::Result<()> {
    let late = health.late_minutes.filter(|late| *late > 0).map(|late| format!(", {late} min late"));
    let last = health.last.as_ref().map_or_else(
        || "never ran".to_owned(),
        |last| format!("last ran {}{}", local(last.created), late.unwrap_or_default()),
    );
    output::result(&format!("schedule: {}, {last}", health.workflow))?;
    for finding in &health.findings {
        output::result(&format!("{} {}", if finding.alarm { "ALARM" } else { "note " }, finding.text))?;
    }
    Ok(())
}

/// What is left of GitHub's limit.
pub fn rate(rate: Rate) -> String {
    format!("GitHub: {} of {} requests left until {}", rate.remaining, rate.limit, local(rate.reset))
}

fn run(run: &RemoteRun, now: Timestamp) -> String {
    let title = &run.title;
    let age = rough(now.duration_since(run.created));
    let by = run.actor.as_deref().map(|actor| format!(" by {actor}")).unwrap_or_default();
    let (event, url) = (&run.event, &run.url);
    format!("#{:<5} {:<10} {title}  {age} ago, {event}{by}  {url}", run.number, run.state.word())
}

/// One job: its line, state, step, times and runner.
pub fn leg(leg: &Leg, now: Timestamp) -> String {
    let name = leg.key.as_ref().map_or_else(|| leg.name.clone(), |key| key.0.clone());
    let mut facts = Vec::new();
    if let Some(step) = &leg.step {
        facts.push(format!("step: {step}"));
    }
    if let Some(age) = leg.age(now) {
        facts.push(format!("{}{}", if leg.ended.is_some() { "took " } else { "" }, rough(age)));
    }
    let queued = leg.queued(now);
    if leg.started.is_none() || queued.as_secs() >= 60 {
        facts.push(format!("queued {}", rough(queued)));
    }
    if let Some(runner) = &leg.runner {
        facts.push(format!("on {runner}"));
    }
    format!("       {:<22} {:<10} {}", name, leg.state.word(), facts.join(" · "))
}

/// One run and what became of it.
pub fn one(run: &RemoteRun, json: bool, what: &str) -> anyhow::Result<()> {
    let said = match json {
        true => output::json(run),
        false => output::result(&format!("{} {}: {what}  {}", run.called(), run.title, run.url)),
    };
    Ok(said?)
}
