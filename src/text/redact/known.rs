//! What a scrubber knows.

use std::sync::LazyLock;

use secrecy::ExposeSecret;

use super::forms;
use super::header;
use super::keys::KeyTrie;
use super::masked::Remains;
use super::needles::Needles;
use super::placeholder;
use super::secret::{SHORTEST, Secret};
use super::words::{self, Word};
use crate::text::clean;

/// Secrets, and what else a search must know. Their forms are made when something is searched for the first time: that
/// takes as long as all that the console does before its first frame.
pub struct Known {
    names: Vec<String>,
    /// what stands in their place
    markers: Vec<String>,
    /// those of accounts, and of values that are ordinary words
    ordinary: Vec<bool>,
    refused: Vec<String>,
    /// what else to stop at
    words: Vec<Word>,
    forms: LazyLock<Forms, Box<dyn FnOnce() -> Forms + Send>>,
}

/// Secrets in the forms they are looked for.
pub struct Forms {
    /// all forms of all secrets
    pub needles: Needles,
    /// what is left of them around a mask
    pub remains: Remains,
    /// the values to look for among typed keys
    pub keys: KeyTrie,
}

impl Default for Known {
    fn default() -> Self {
        Self::new([])
    }
}

impl Known {
    /// Of secrets under their names; the first name of a value wins.
    pub fn new(secrets: impl IntoIterator<Item = Secret>) -> Self {
        // A password that is also an account's name is a password.
        let (accounts, secrets): (Vec<_>, Vec<_>) = secrets.into_iter().partition(|secret| secret.account);
        let (mut names, mut ordinary, mut refused, mut known) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for secret in secrets.into_iter().chain(accounts) {
            let value = secret.value.expose_secret().trim();
            if value.len() < SHORTEST {
                // Known from the environment and from a template alike.
                if !value.is_empty() && !refused.contains(&secret.name) {
                    refused.push(secret.name);
                }
                continue;
            }
            // The search stops at letters. Where there are fewer, only what is coded or encoded is found.
            if forms::has_few_letters(value) {
                refused.push(secret.name.clone());
            }
            // What everybody is called tells nobody anything, and hiding it makes a log unreadable.
            if secret.account && secret.is_ordinary() {
                continue;
            }
            // It is shown in the place of the value, so that it must be harmless itself.
            names.push(clean(&secret.name));
            ordinary.push(secret.account || secret.is_ordinary());
            known.push(secret);
        }
        names.extend([header::NAME, placeholder::NAMELESS].map(String::from));
        let markers = names.iter().map(|name| placeholder::of(name)).collect();
        let (texts, words): (Vec<String>, Vec<Word>) = words::all().into_iter().unzip();
        let forms: Box<dyn FnOnce() -> Forms + Send> = Box::new(move || Forms::of(&known, &texts));
        Self { names, markers, ordinary, refused, words, forms: LazyLock::new(forms) }
    }

    /// All names that may stand in a placeholder.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Which of them are those of accounts, or of values that are ordinary words.
    pub fn ordinary(&self) -> &[bool] {
        &self.ordinary
    }

    /// Names of what is too short to be looked for.
    pub fn refused(&self) -> &[String] {
        &self.refused
    }

    /// What stands in the place of what has this name.
    pub fn marker(&self, name: usize) -> Option<&str> {
        self.markers.get(name).map(String::as_str)
    }

    /// Whether a name's value is that of an account, or an ordinary word.
    pub fn is_word(&self, name: usize) -> bool {
        self.ordinary.get(name) == Some(&true)
    }

    /// The name of credentials in headers.
    pub fn header(&self) -> usize {
        self.names.len().saturating_sub(2)
    }

    /// The name of what only looks like a secret.
    pub fn nameless(&self) -> usize {
        self.names.len().saturating_sub(1)
    }

    /// What a search stops at besides secrets.
    pub fn word(&self, at: usize) -> Option<&Word> {
        self.words.get(at)
    }

    /// What a search looks for.
    pub fn forms(&self) -> &Forms {
        &self.forms
    }
}

impl Forms {
    /// Of secrets, whose places are their names', and of texts to stop at.
    fn of(secrets: &[Secret], texts: &[String]) -> Self {
        let (mut keys, mut forms) = (Vec::new(), Vec::new());
        for (name, secret) in secrets.iter().enumerate() {
            let value = secret.value.expose_secret().trim();
            for part in secret.parts() {
                keys.extend(forms::typed(&part).into_iter().map(|form| (form, name)));
                forms.extend(forms::forms(&part, part == value).into_iter().map(|form| (form, name)));
            }
        }
        let needles = Needles::new(forms, &texts.iter().map(String::as_str).collect::<Vec<_>>());
        let remains = Remains::new(needles.patterns());
        Self { needles, remains, keys: KeyTrie::new(keys) }
    }
}
