//! `acknowledge`: an alarm that somebody has seen is quiet until its cause changes.

use tmpl::ops::Error;
use tmpl::ops::acknowledge::{self, Seen};
use tmpl::ops::remote::{self, BesideHere};
use tmpl::pipeline::Key;

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
    let failing = newest_failure(context, &key).await?;
    let seen = acknowledge::acknowledge(&state, &key, failing, &note)?;
    if args.json {
        output::json(&seen)?;
    } else {
        output::result(&format!("{key}: {} is acknowledged, quiet until its cause changes", seen.failure.class))?;
    }
    Ok(Exit::Done)
}

/// How a line's newest run fails, wherever that was.
async fn newest_failure(context: &Context, key: &Key) -> anyhow::Result<Seen> {
    let here = triage::newest_run(context, &key.0)?;
    match remote::newer(&context.global.repo, key, here.as_ref()).await {
        BesideHere::Newer(run) if run.alarming() => return Ok(Seen::at_github(&run)),
        BesideHere::Newer(run) => {
            let (number, word) = (run.number, run.state.word());
            let why = format!("{key}: its newest run is #{number} on GitHub ({word}): nothing to acknowledge");
            return Err(Error::Usage(why).into());
        }
        BesideHere::Unknown(reason) => {
            output::note(&format!("whether GitHub has a newer run is not known: {reason}"))?;
        }
        BesideHere::Nothing => {}
    }
    let verdict = triage::verdict_on(context, key, here).await?;
    let none =
        || Error::Usage(format!("{key}: its newest run does not fail ({}): nothing to acknowledge", verdict.class));
    Ok(Seen::of(&verdict).ok_or_else(none)?)
}
