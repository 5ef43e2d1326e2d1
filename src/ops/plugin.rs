//! Commands of the user's own, from the configuration.

use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::process::Command;

use super::Error;
use crate::child::{self, Bound, Kind};
use crate::config::Plugin;
use crate::hook::stopped;
use crate::text::Scrubber;

/// How long one may take that does not get the terminal, and how much it may say.
pub const BOUND: Bound = Bound { time: Duration::from_secs(60), bytes: 1 << 16 };

/// What a shell ends with when its command was interrupted.
const INTERRUPTED: i32 = 130;

/// What a plugin finds in its environment: variables and values.
pub type Selection = Vec<(&'static str, String)>;

/// Runs one that does not get the terminal to its end; what it says first comes back, safe to be shown.
///
/// # Errors
/// It failed, took too long, or said too much.
pub async fn run(plugin: &Plugin, selection: Selection, dir: &Path) -> Result<String, Error> {
    let ended = child::output(command(Kind::Plugin, plugin, selection, dir), BOUND, None).await;
    let Output { status, stdout, stderr } = ended.map_err(|error| failed(plugin, &stopped(&error)))?;
    let line = |bytes: &[u8], last: bool| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        if last { lines.next_back().map(str::to_owned) } else { lines.next().map(str::to_owned) }
    };
    if !status.success() {
        let said = line(&stderr, true).map(|said| format!(": {said}")).unwrap_or_default();
        return Err(failed(plugin, &format!("ended with {}{said}", child::ending(status))));
    }
    let said = line(&stdout, false).unwrap_or_else(|| "done".into());
    Ok(Scrubber::shared().safe_line(&format!("{}: {said}", plugin.name)).into())
}

/// Runs one that gets the terminal, which is to be ours again afterwards.
///
/// # Errors
/// It cannot be started, or failed.
pub async fn lend(plugin: &Plugin, selection: Selection, dir: &Path) -> Result<String, Error> {
    let mut command = command(Kind::Interactive, plugin, selection, dir);
    command.stdin(Stdio::inherit()).stdout(Stdio::inherit()).stderr(Stdio::inherit());
    let ended = command.status().await.map_err(|error| failed(plugin, &error.to_string()))?;
    // Ctrl-C is how one leaves `tail -f`.
    let interrupted = ended.signal() == Some(Signal::SIGINT as i32) || ended.code() == Some(INTERRUPTED);
    match ended.code() {
        Some(0) => Ok(format!("{}: done", plugin.name)),
        _ if interrupted => Ok(format!("{}: ended by Ctrl-C", plugin.name)),
        _ => Err(failed(plugin, &format!("ended with {}", child::ending(ended)))),
    }
}

fn command(kind: Kind, plugin: &Plugin, selection: Selection, dir: &Path) -> Command {
    let mut command = child::command(kind, "sh");
    command.arg("-c").arg(&plugin.command).current_dir(dir);
    // Others had their say in some of them: a value is a value, and no variable can hold a zero.
    command.envs(selection.into_iter().map(|(name, value)| (name, value.replace('\0', ""))));
    command
}

fn failed(plugin: &Plugin, why: &str) -> Error {
    Error::Usage(Scrubber::shared().safe_line(&format!("{}: {why}", plugin.name)).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plugin(command: &str) -> Plugin {
        Plugin {
            name: "mine".into(),
            keys: Vec::new(),
            scopes: Vec::new(),
            command: command.into(),
            confirm: false,
            read_only: false,
            interactive: false,
            line: 1,
        }
    }

    async fn ran(command: &str) -> Result<String, String> {
        let selection =
            vec![("TMPL_KEY", "debian-12".to_owned()), ("TMPL_CAUSE", "it; rm -rf $HOME \u{1b}[2J".to_owned())];
        run(&plugin(command), selection, Path::new("/")).await.map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn it_finds_the_selection_and_what_it_says_is_harmless() {
        assert_eq!(ran("echo \"$TMPL_KEY in $PWD\"").await, Ok("mine: debian-12 in /".into()));
        assert_eq!(ran("true").await, Ok("mine: done".into()));
        let said = ran("printf '\\033]0;x\\007%s\\n' \"$TMPL_CAUSE\"").await.unwrap();
        assert!(said.contains("rm -rf $HOME") && !said.contains('\u{1b}'), "{said:?}");
    }

    #[tokio::test]
    async fn one_that_fails_floods_or_is_not_there_is_told_in_a_line() {
        let failed = ran("printf 'no\\033[2J\\n' >&2; exit 4").await.unwrap_err();
        assert!(failed.starts_with("mine: ended with exit status 4: no") && !failed.contains('\u{1b}'), "{failed:?}");
        assert_eq!(ran("yes").await, Err("mine: stopped: it printed more than 64 KiB".into()));
        assert!(ran("exec /nowhere/x").await.unwrap_err().contains("exit status 127"));
    }
}
