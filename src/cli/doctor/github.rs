//! The pipeline on GitHub: token, rate limit, schedule, runners, pods.

use jiff::Timestamp;
use tmpl::github::{Client, Error, Settings, pod};
use tmpl::moment::local;
use tmpl::ops;

use super::super::Context;
use super::{Diagnostic, State};

/// Asks GitHub, where it can be asked.
pub async fn look(context: &Context) -> Vec<Diagnostic> {
    let ignored = ops::hold::not_respected(&context.global.repo, Timestamp::now());
    let holds = ignored.map(|words| Diagnostic::new("github", "holds", State::Failed, words));
    holds.into_iter().chain(ask(context).await).collect()
}

async fn ask(context: &Context) -> Vec<Diagnostic> {
    let settings = Settings::from_env(&|name| std::env::var(name).ok(), &context.global.repo);
    let client = match settings.and_then(Client::new) {
        Ok(client) => client,
        // Without it everything local works.
        Err(error) => return vec![Diagnostic::new("github", "token", State::Absent, error.to_string())],
    };
    let mut findings = match health(context, &client).await {
        Ok(findings) => findings,
        Err(error) => vec![Diagnostic::new("github", "token", State::Failed, error.to_string())],
    };
    let (state, text) = match pod::namespace() {
        Ok(Some(namespace)) => (State::Ok, format!("pods of the scale set in {namespace}")),
        Ok(None) => {
            (State::Absent, "TMPL_ARC_NAMESPACE is not set: logs of jobs at work are not read from their pods".into())
        }
        Err(error) => (State::Failed, error.to_string()),
    };
    findings.push(Diagnostic::new("github", "pods", state, text));
    findings
}

async fn health(context: &Context, client: &Client) -> Result<Vec<Diagnostic>, Error> {
    let board = client.board(10).await?;
    let health = client.health(&board, &context.global.repo).await?;
    let rate =
        board.rate.map_or_else(String::new, |rate| format!(", {} of {} requests left", rate.remaining, rate.limit));
    let mut findings = vec![Diagnostic::new("github", "token", State::Ok, format!("{}{rate}", client.repository()))];
    let alarms: Vec<&str> =
        health.findings.iter().filter(|finding| finding.alarm).map(|finding| finding.text.as_str()).collect();
    let last = health.last.as_ref().map_or("never ran".to_owned(), |last| {
        let late = health.late_minutes.unwrap_or(0).max(0);
        format!("last ran {}, {late} min late", local(last.created))
    });
    let left = health.days_left.map(|days| format!(", {days} days until it is switched off")).unwrap_or_default();
    match alarms.is_empty() {
        true => findings.push(Diagnostic::new("github", "schedule", State::Ok, format!("{last}{left}"))),
        false => findings.push(Diagnostic::new(
            "github",
            "schedule",
            State::Failed,
            format!("{}; {last}", alarms.join("; ")),
        )),
    }
    Ok(findings)
}
