//! `iso check` and `iso upload`: newer install media, and getting it onto the datastore.

mod check;
mod progress;
mod upload;

use serde_json::{Value, json};
use tmpl::ops::media;

use super::{Context, Exit, output};

/// Arguments of `iso`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Ask every mirror for newer releases
    Check(check::Args),
    /// Put ISOs on the datastore, checksummed
    Upload(upload::Args),
}

/// Runs the verb.
pub async fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let mirror = media::mirror().await?;
    match args.verb {
        Verb::Check(args) => check::run(context, &mirror, &args).await,
        Verb::Upload(args) => upload::run(context, &mirror, &args).await,
    }
}

/// One line on stdout: `WORD key: text`, or an object that says the same and `more`.
fn tell(as_json: bool, word: &str, key: &str, text: &str, more: Value) -> std::io::Result<()> {
    if !as_json {
        return output::result(&format!("{word:<4} {key}: {text}"));
    }
    let mut object = json!({ "event": "result", "result": word, "key": key, "text": text });
    if let (Some(object), Value::Object(more)) = (object.as_object_mut(), more) {
        object.extend(more);
    }
    output::json(&object)
}
