//! Where text goes that a person copied. What is said afterwards is only what is known.

use crate::child::{self, Kind};
use crate::ops::Error;
use crate::tui::terminal;

/// Whether tmux is between us and the terminal: what that is told does not reach it.
pub(super) fn in_tmux() -> bool {
    inside("TMUX")
}

/// Puts text into tmux's buffer, and by way of tmux on the clipboard of the terminal outside.
pub(super) async fn into_tmux(text: String, what: String) -> Result<String, Error> {
    let mut tmux = child::command(Kind::Terminal, "tmux");
    tmux.args(["load-buffer", "-w", "-"]);
    let ended = child::output(tmux, child::SHORT, Some(text.as_bytes())).await;
    let ended = ended.map_err(|error| failed(&format!("tmux load-buffer: {error}")))?;
    if ended.status.success() {
        return Ok(format!("copied {what} into tmux's buffer"));
    }
    Err(failed(&format!("tmux load-buffer: {}", String::from_utf8_lossy(&ended.stderr).trim())))
}

/// Asks the terminal to put text on its clipboard. It does, or ignores it; none says which.
pub(super) fn out_of_the_terminal(text: &str, what: &str) -> Result<String, Error> {
    if inside("STY") {
        return Err(failed("screen lets no clipboard through; its own copy mode takes what is shown"));
    }
    terminal::clipboard(text).map_err(|error| failed(&error.to_string()))?;
    Ok(format!("{what} sent to the terminal's clipboard"))
}

fn inside(name: &str) -> bool {
    std::env::var_os(name).is_some_and(|value| !value.is_empty())
}

fn failed(why: &str) -> Error {
    Error::Usage(format!("nothing was copied: {why}"))
}
