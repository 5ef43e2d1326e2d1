//! The only place that knows a terminal.
#![expect(clippy::disallowed_methods, reason = "a terminal is drawn on, not told lines")]

mod app;
mod asked;
mod backend;
mod driver;
mod hits;
mod input;
mod layout;
mod opening;
mod overlay;
pub mod picture;
mod run;
mod screen;
pub mod terminal;
mod theme;
mod view;

pub use run::{Ended, Error, Options, run};

/// What bytes of a terminal mean when they come in pieces of this size, the pieces at once, and nothing else comes.
#[cfg(feature = "testing")]
pub fn fuzz_input(bytes: &[u8], size: usize) -> Vec<String> {
    let (mut parser, mut all) = (input::Parser::default(), Vec::new());
    let at = std::time::Duration::ZERO;
    let mut on = |input| match input {
        input::Input::Key(press) => all.push(format!("{:?}", crate::console::Msg::KeyPressed(press))),
        other => all.push(format!("{other:?}")),
    };
    bytes.chunks(size).for_each(|chunk| parser.push(chunk, at, &mut on));
    parser.expire(std::time::Duration::from_secs(60), &mut on);
    all
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::drawn as draws;
