//! The console itself.

use std::path::PathBuf;

use tmpl::console::alarm::Call;
use tmpl::text::Scrubber;
use tmpl::tui::picture::Images;
use tmpl::tui::{Ended, Error, Options};

use super::{Context, Exit, Stop};

/// Opens the console, on `key` when given.
pub async fn run(context: &Context, key: Option<String>, images: Images) -> anyhow::Result<Exit> {
    let options = Options {
        matrix: context.matrix()?,
        settings: context.settings()?,
        state: context.state()?,
        key,
        packer: PathBuf::from("packer"),
        read_only: context.global.read_only,
        scrubber: Scrubber::for_evidence().clone(),
        simulated: false,
        call: Call::from_env(std::env::var("TMPL_NOTIFY").ok().as_deref()),
        images,
    };
    open(options).await
}

/// Shows the console; what is wrong before the terminal is touched is exit 2.
pub async fn open(options: Options) -> anyhow::Result<Exit> {
    match tmpl::tui::run(options).await {
        Ok(Ended::Quit) => Ok(Exit::Done),
        Ok(Ended::Signalled) => Ok(Exit::Cancelled),
        Err(error @ (Error::NoTerminal(_) | Error::Key(_))) => Err(Stop::usage(error)),
        Err(error @ Error::Terminal(_)) => Err(error.into()),
    }
}
