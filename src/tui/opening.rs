//! What the console and its driver start from, out of the options it is opened with.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::driver::Parts;
use super::run::Options;
use crate::config::Context;
use crate::console::{Opening, Preferences};
use crate::generation::Actor;
use crate::github::Schedule;
use crate::hook::Hook;
use crate::ops;
use crate::packer_run;
use crate::pipeline::Line;
use crate::text::Scrubber;
use crate::vcenter::Settings;

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
        mode: options.mode,
        simulated: options.simulated,
        schedule: Schedule::of_repository(&options.matrix.repo),
        call: options.call,
        preferences: preferences(options),
        warnings: options.warnings.iter().cloned().chain(warnings(options)).collect(),
        now: Timestamp::now(),
        zone: TimeZone::system(),
    }
}

fn preferences(options: &Options) -> Preferences {
    let contexts = options.config.contexts.iter().map(|(name, context)| (name.clone(), about(context)));
    Preferences {
        context: options.context.clone(),
        contexts: if options.simulated { Vec::new() } else { contexts.collect() },
        hook: Hook::shared().is_some(),
        keymap: options.keymap,
        mouse: options.config.mouse,
        order: options.config.order,
    }
}

/// What tells a context from others. The repository comes last: its path may be cut.
fn about(context: &Context) -> String {
    let host = context.endpoint.as_deref().map(|endpoint| {
        let rest = endpoint.split_once("://").map_or(endpoint, |(_, rest)| rest);
        rest.split('/').next().unwrap_or(rest).to_owned()
    });
    let read_only = context.read_only.then(|| "read-only".to_owned());
    let repo = context.repo.as_ref().map(|repo| repo.display().to_string());
    host.into_iter().chain(read_only).chain(repo).collect::<Vec<_>>().join(" · ")
}

/// Builds outlive this process and its working directory.
fn absolute(repo: &Path) -> PathBuf {
    std::path::absolute(repo).unwrap_or_else(|_| repo.to_owned())
}

/// Secrets that cannot be scrubbed, because their values are so short that they stand everywhere; a workflow that promotes
/// whatever is held; and records of runs that cannot be read.
fn warnings(options: &Options) -> Vec<String> {
    let short = Scrubber::shared().warning();
    let ignored = ops::hold::not_respected(&options.matrix.repo, Timestamp::now());
    // A folder that cannot be read is told by whoever reads it.
    let odd = |line: &Line| packer_run::odd_records(&options.state, &line.key).unwrap_or_default();
    let odd = options.matrix.lines.iter().flat_map(odd).map(|odd| odd.to_string());
    short.into_iter().chain(ignored).chain(odd).collect()
}

pub(super) fn parts(options: Options) -> Parts {
    let repo = absolute(&options.matrix.repo);
    Parts {
        context: ops::Context { repo, lines: options.matrix.lines, state: options.state, mode: options.mode },
        settings: options.settings,
        packer: options.packer,
        config: options.config,
        scrubber: options.scrubber,
    }
}
