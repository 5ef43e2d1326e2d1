//! A question to the person at the terminal.

use std::io::IsTerminal;

use super::output;
use tmpl::ops::{Error, Refusal};

/// Asks, and waits for the answer; whether it is the one that agrees.
///
/// # Errors
/// [`Refusal::NoTerminal`] where nobody can be asked, and those of reading.
pub fn agreed(question: &str, answer: &str) -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        return Err(Error::from(Refusal::NoTerminal).into());
    }
    output::ask(question)?;
    let mut typed = String::new();
    std::io::stdin().read_line(&mut typed)?;
    Ok(typed.trim().eq_ignore_ascii_case(answer))
}
