//! The variables that a context replaced, so that a process can leave it for another one.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};

use super::Entered;

/// Names the context that the process's variables belong to.
pub const ENTERED: &str = "TMPL_CONTEXT_ENTERED";
/// Holds what they were before, as JSON. It is among [`crate::child`]'s variables that nobody else gets.
pub const OUTER: &str = "TMPL_CONTEXT_OUTER";

/// What variables were before a context replaced them.
#[derive(Clone, Default)]
pub struct Outer(BTreeMap<String, Option<SecretString>>);

// Passwords are among them.
impl std::fmt::Debug for Outer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Outer").field(&self.0.keys().collect::<Vec<_>>()).finish()
    }
}

impl Outer {
    /// Those of this process; nothing where it is in no context.
    pub fn of_process() -> Self {
        let kept = std::env::var(OUTER).ok();
        let kept: Option<BTreeMap<String, Option<String>>> = kept.and_then(|text| serde_json::from_str(&text).ok());
        let kept = kept.unwrap_or_default().into_iter();
        Self(kept.map(|(name, value)| (name, value.map(SecretString::from))).collect())
    }

    /// A variable as it was before.
    pub fn get(&self, name: &str) -> Option<String> {
        match self.0.get(name) {
            Some(before) => before.as_ref().map(|value| value.expose_secret().to_owned()),
            None => std::env::var(name).ok(),
        }
    }

    /// The changes that make this process one of the context: variables and their values, `None` for those that go.
    pub fn changes(&self, entered: &Entered) -> Vec<(String, Option<SecretString>)> {
        let mut changes: BTreeMap<String, Option<SecretString>> = self.0.clone();
        changes.extend(entered.variables.clone());
        let before: BTreeMap<&String, Option<String>> =
            entered.variables.keys().map(|name| (name, self.get(name))).collect();
        let before = serde_json::to_string(&before).unwrap_or_default();
        changes.insert(OUTER.into(), Some(before.into()));
        changes.insert(ENTERED.into(), Some(entered.name.clone().into()));
        changes.insert("TMPL_CONTEXT".into(), Some(entered.name.clone().into()));
        changes.into_iter().collect()
    }
}
