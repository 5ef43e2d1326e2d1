//! `man`: the manual, a page for the program and one for every verb.

mod sections;

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use clap::{Command, CommandFactory};
use clap_mangen::roff::{Roff, bold, italic, roman};
use tmpl::child::{self, Kind};
use tmpl::fs::{Access, write_whole};
use tokio::io::AsyncWriteExt as _;

use super::{Cli, Exit, Stop};

/// Arguments of `man`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The page of this verb instead of the program's
    #[arg(conflicts_with = "dir")]
    verb: Vec<String>,
    /// Write every page below this folder, as tmpl-tui.1, tmpl-tui-build.1 …
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Shows a page with `man`; prints it in roff where nobody looks; or writes them all.
#[expect(clippy::disallowed_methods, reason = "every word is our own")]
pub async fn run(args: &Args) -> anyhow::Result<Exit> {
    let mut program = Cli::command();
    program.build();
    if let Some(dir) = &args.dir {
        write_all(&program, dir)?;
        return Ok(Exit::Done);
    }
    let mut command = &program;
    for verb in &args.verb {
        let found = command.find_subcommand(verb);
        command = found.ok_or_else(|| Stop::usage(format!("no verb {verb:?}; `tmpl-tui help` names them")))?;
    }
    let page = page(command)?;
    if !std::io::stdout().is_terminal() {
        std::io::stdout().write_all(&page)?;
    } else if !shown(&page).await {
        // No man here, or one that cannot read a page from a pipe.
        command.clone().print_long_help()?;
    }
    Ok(Exit::Done)
}

/// Whether `man` is here and showed it.
async fn shown(page: &[u8]) -> bool {
    let mut man = child::command(Kind::Interactive, "man");
    let Ok(mut man) = man.args(["-l", "-"]).stdin(Stdio::piped()).spawn() else { return false };
    if let Some(mut stdin) = man.stdin.take() {
        // A reader that leaves early has seen enough.
        let _ = stdin.write_all(page).await;
    }
    man.wait().await.is_ok_and(|status| status.success())
}

fn write_all(command: &Command, dir: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(dir)?;
    let path = dir.join(format!("{}.1", title(command)));
    write_whole(&path, Access::Shared, &page(command)?)?;
    for verb in command.get_subcommands().filter(|verb| verb.get_name() != "help") {
        write_all(verb, dir)?;
    }
    Ok(())
}

/// `tmpl-tui-iso-check`: what `man` finds it by.
fn title(command: &Command) -> String {
    command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned()
}

/// One page: what clap knows, then what holds for every verb, then examples.
fn page(command: &Command) -> std::io::Result<Vec<u8>> {
    let title = title(command);
    let version = concat!("tmpl-tui ", env!("TMPL_VERSION"));
    let manual = clap_mangen::Man::new(command.clone()).title(title.to_uppercase()).source(version).manual("tmpl-tui");
    let mut page = Vec::new();
    manual.render_title(&mut page)?;
    manual.render_name_section(&mut page)?;
    synopsis(command).to_writer(&mut page)?;
    manual.render_description_section(&mut page)?;
    manual.render_options_section(&mut page)?;
    if command.has_subcommands() {
        manual.render_subcommands_section(&mut page)?;
    }
    let mut roff = Roff::new();
    list(&mut roff, "EXIT STATUS", sections::EXIT_STATUS);
    list(&mut roff, "ENVIRONMENT", sections::ENVIRONMENT);
    list(&mut roff, "FILES", sections::FILES);
    let examples: Vec<_> = sections::EXAMPLES.iter().filter(|example| example.of(&title)).collect();
    if !examples.is_empty() {
        roff.control("SH", ["EXAMPLES"]);
        for example in examples {
            roff.control("TP", []).text([bold(example.command)]).text([roman(example.does)]);
        }
    }
    roff.to_writer(&mut page)?;
    Ok(page)
}

/// How it is typed: clap's own leaves out what the options take.
fn synopsis(command: &Command) -> Roff {
    let mut line = vec![bold(command.get_bin_name().unwrap_or_else(|| command.get_name()))];
    let shown = || command.get_arguments().filter(|arg| !arg.is_hide_set());
    for arg in shown().filter(|arg| !arg.is_positional()).chain(shown().filter(|arg| arg.is_positional())) {
        let (open, close) = if arg.is_required_set() { (" ", "") } else { (" [", "]") };
        let names = [arg.get_short().map(|short| format!("-{short}")), arg.get_long().map(|long| format!("--{long}"))];
        let names = names.into_iter().flatten().collect::<Vec<_>>().join("|");
        let takes = arg.is_positional() || arg.get_action().takes_values();
        let values = arg.get_value_names().filter(|_| takes).unwrap_or_default().join(" ");
        let apart = if names.is_empty() || values.is_empty() { "" } else { " " };
        let more =
            if arg.is_positional() && arg.get_num_args().is_some_and(|n| n.max_values() > 1) { "…" } else { "" };
        line.extend([roman(open), bold(names), roman(apart), italic(values), roman(more), roman(close)]);
    }
    if command.has_subcommands() {
        let (open, close) = if command.is_subcommand_required_set() { (" ", "") } else { (" [", "]") };
        line.extend([roman(open), italic("VERB"), roman(close)]);
    }
    let mut roff = Roff::new();
    roff.control("SH", ["SYNOPSIS"]).text(line);
    roff
}

fn list(roff: &mut Roff, heading: &str, entries: &[(&str, &str)]) {
    roff.control("SH", [heading]);
    for (name, text) in entries {
        roff.control("TP", []).text([bold(*name)]).text([roman(*text)]);
    }
}

#[cfg(test)]
mod tests;
