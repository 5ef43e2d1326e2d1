//! `acknowledge`: an alarm that somebody has seen is quiet until its cause changes.

use tmpl::ops::{Error, acknowledge};

use super::{Context, Exit, output, triage};

/// Arguments of `acknowledge`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The line
    key: String,
    /// A ticket, or what is being done
    #[arg(long, value_name = "TEXT", required_unless_present = "withdraw")]
    note: Option<String>,
    /// Take it back: the line alarms again
    #[arg(long, conflicts_with = "note")]
    withdraw: bool,
    /// What is acknowledged as one JSON object
    #[arg(long, conflicts_with = "withdraw")]
    json: bool,
}

/// Runs the verb.
pub async fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let (key, state) = (context.line(&args.key)?.key, context.state()?);
    let Some(note) = args.note else {
        let there = acknowledge::withdraw(&state, &key)?;
        output::note(&format!("{key}: {}", if there { "alarms again" } else { "nothing was acknowledged" }))?;
        return Ok(Exit::Done);
    };
    let verdict = triage::newest(context, &args.key).await?;
    let none =
        || Error::Usage(format!("{key}: its newest run does not fail ({}): nothing to acknowledge", verdict.class));
    let failure = acknowledge::Failure::of(&verdict).ok_or_else(none)?;
    let seen = acknowledge::acknowledge(&state, &key, (failure, None), &note)?;
    if args.json {
        output::json(&seen)?;
    } else {
        output::result(&format!("{key}: {} is acknowledged, quiet until its cause changes", seen.failure.class))?;
    }
    Ok(Exit::Done)
}
