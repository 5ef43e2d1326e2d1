//! What the user's configuration says about the console.

use super::binding::Keymap;
use crate::config::Order;

/// What the user's configuration says about the console.
#[derive(Debug, Clone, Default)]
pub struct Preferences {
    /// the context that is open; none without contexts
    pub context: Option<String>,
    /// all of them by name, and what each is about
    pub contexts: Vec<(String, String)>,
    /// the table of keys
    pub keymap: Keymap,
    /// whether the user has a hook
    pub hook: bool,
    /// begin with the mouse on
    pub mouse: bool,
    /// begin with the lines in this order
    pub order: Order,
}
