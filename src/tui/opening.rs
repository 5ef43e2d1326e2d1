//! What the console and its driver start from, out of the options it is opened with.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::driver::Parts;
use super::run::Options;
use crate::console::Opening;
use crate::generation::Actor;
use crate::github::Schedule;
use crate::ops::{self, Context};
use crate::text::Scrubber;
use crate::vcenter::Settings;
use crate::vcenter::gate::Mode;

pub(super) fn opening(options: &Options) -> Opening {
    let settings = options.settings.as_ref().ok();
    Opening {
        lines: options.matrix.lines.clone(),
        repo: absolute(&options.matrix.repo),
        packer: options.packer.clone(),
        key: options.key.clone(),
        vcenter: settings.map_or_else(|| "no vCenter".into(), Settings::host),
        account: settings.map(|settings| settings.credentials.username.clone()).unwrap_or_default(),
        picture_account: settings
            .and_then(|settings| settings.console.as_ref())
            .map(|account| account.username.clone()),
        actor: Actor::current(),
        read_only: options.read_only,
        simulated: options.simulated,
        schedule: Schedule::of_repository(&options.matrix.repo),
        call: options.call,
        warnings: warnings(&options.matrix.repo),
        now: Timestamp::now(),
        zone: TimeZone::system(),
    }
}

/// Builds outlive this process and its working directory.
fn absolute(repo: &Path) -> PathBuf {
    std::path::absolute(repo).unwrap_or_else(|_| repo.to_owned())
}

/// Secrets that cannot be scrubbed, because their values are so short that they stand everywhere; and a workflow that
/// promotes whatever is held.
fn warnings(repo: &Path) -> Vec<String> {
    let short = Scrubber::shared().warning();
    short.into_iter().chain(ops::hold::not_respected(repo, Timestamp::now())).collect()
}

pub(super) fn parts(options: Options) -> Parts {
    let mode = if options.read_only { Mode::ReadOnly } else { Mode::ReadWrite };
    let repo = absolute(&options.matrix.repo);
    Parts {
        context: Context { repo, lines: options.matrix.lines, state: options.state, mode },
        settings: options.settings,
        packer: options.packer,
        scrubber: options.scrubber,
    }
}
