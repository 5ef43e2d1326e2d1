//! `answer`: what vCenter asks about the build VM of a line, shown or answered.

use std::io::{IsTerminal, stdin};

use serde::Serialize;
use tmpl::ops::{Error, Operation, Refusal, answer, permitted};
use tmpl::vcenter::Question;

use super::{Context, Exit, ask, output};

/// Arguments of `answer`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The line, whose build VM is meant
    key: String,
    /// The answer, by its number or its words; without one the question is shown
    answer: Option<String>,
    /// Do not ask
    #[arg(long, requires = "answer")]
    yes: bool,
    /// The question, and what was answered, as one JSON object
    #[arg(long)]
    json: bool,
}

/// The shape of `--json`.
#[derive(Serialize)]
struct Report<'a> {
    key: &'a str,
    vm: &'a str,
    moid: &'a str,
    question: &'a Question,
    /// in the words of the answer; null when it was only shown
    answered: Option<&'a str>,
}

/// Runs the verb.
pub async fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let line = context.line(&args.key)?;
    let ops = context.ops()?;
    if args.answer.is_some() {
        permitted(Operation::Answer, ops.mode).map_err(Error::from)?;
    }
    let client = context.client_of(&line.key)?;
    let (vm, question) = answer::question_of(&client, &line).await?;
    let report = |answered| {
        let (key, vm, moid) = (line.key.0.as_str(), vm.name.as_str(), vm.moid.0.as_str());
        output::json(&Report { key, vm, moid, question: &question, answered })
    };
    let Some(said) = &args.answer else {
        if args.json {
            report(None)?;
            return Ok(Exit::Done);
        }
        output::result(&format!("{} ({}): {}", vm.name, vm.moid, question.text))?;
        question.numbered().try_for_each(|answer| output::result(&format!("  {answer}")))?;
        output::aside(&format!("answer it with: tmpl-tui answer {} NUMBER", line.key))?;
        return Ok(Exit::Done);
    };
    let choice = answer::meant(&question, said)?;
    if !args.yes && !agreed(&question, &choice.label)? {
        return Err(Error::from(Refusal::NotConfirmed).into());
    }
    answer::answer(&ops.gate(&client), &vm, &question, choice).await?;
    output::aside(&format!("{} ({}): answered {}", vm.name, vm.moid, choice.label))?;
    if args.json {
        report(Some(&choice.label))?;
    }
    Ok(Exit::Done)
}

fn agreed(question: &Question, answer: &str) -> anyhow::Result<bool> {
    if stdin().is_terminal() {
        output::aside(&question.text)?;
    }
    ask::agreed(&format!("Answer {answer:?}? [y/N]"), "y")
}
