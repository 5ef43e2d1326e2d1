//! The only place that knows a terminal.

mod layout;
mod overlay;
pub mod picture;
mod screen;
mod theme;
mod view;

#[cfg(test)]
mod tests;
