//! The set of secrets of this process and how they are found.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use secrecy::ExposeSecret;

use super::forms;
use super::header;
use super::keys::{self, KeyTrie};
use super::lacking::Lacking;
use super::learned::Learned;
use super::masked::Remains;
use super::names::{is_secret_name, is_switch};
use super::needles::Needles;
use super::placeholder;
use super::scan::{Scan, Sought};
use super::secret::{SHORTEST, Secret, secrets_in_urls};
use super::stream::Stream;
use super::words::{self, Word};
use crate::text::clean;

/// The one of this process: for what others wrote, and for our own messages.
static SHARED: OnceLock<[Arc<Scrubber>; 2]> = OnceLock::new();

/// Finds secrets in every form they take, and puts `[REDACTED:<NAME>]` in their place. Cheap to share, costly to make
/// (milliseconds for many secrets): make one per process.
#[derive(Default, Clone)]
pub struct Scrubber {
    known: Arc<Known>,
    /// ordinary words and names of accounts stay
    shows_words: bool,
    /// what looks like a secret goes, too
    by_structure: bool,
    /// declared and not known
    lacking: Arc<Lacking>,
    /// what a text gave away
    gave_away: Arc<Vec<Vec<u8>>>,
}

/// Secrets in the forms they are looked for.
pub(super) struct Known {
    names: Vec<String>,
    /// what stands in their place
    markers: Vec<String>,
    /// those of accounts, and of values that are ordinary words
    ordinary: Vec<bool>,
    refused: Vec<String>,
    /// all forms of all secrets
    pub(super) needles: Needles,
    /// what is left of them around a mask
    pub(super) remains: Remains,
    /// what else to stop at
    pub(super) words: Vec<Word>,
    keys: KeyTrie,
}

impl Default for Known {
    fn default() -> Self {
        Self::new([])
    }
}

impl std::fmt::Debug for Scrubber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scrubber").field("names", &self.known.names).finish_non_exhaustive()
    }
}

impl Scrubber {
    /// From the environment of this process.
    pub fn of_process() -> Self {
        Self::from_env(environment())
    }

    /// Gives this process its scrubber. To be called before anything is written: without it, its first use makes one of
    /// the environment alone.
    pub fn share(secrets: impl IntoIterator<Item = Secret>, lacking: Lacking) {
        SHARED.get_or_init(|| Self::new(secrets).with_lacking(lacking).pair());
    }

    /// The same, of which it is known that it lacks these.
    #[must_use]
    pub fn with_lacking(self, lacking: Lacking) -> Self {
        Self { lacking: Arc::new(lacking), ..self }
    }

    /// What is declared and not known.
    pub(super) fn lacking(&self) -> &Lacking {
        &self.lacking
    }

    /// The one of this process for messages of our own: names of accounts stay. What an account lacks is told by its
    /// name; and one like `root` stands in every path.
    pub fn shared() -> &'static Arc<Self> {
        let [_, messages] = SHARED.get_or_init(|| Self::of_process().pair());
        messages
    }

    /// The one of this process for what others wrote: logs, pictures, what vCenter recorded.
    pub fn for_evidence() -> &'static Arc<Self> {
        let [evidence, _] = SHARED.get_or_init(|| Self::of_process().pair());
        evidence
    }

    /// The same for messages of our own.
    pub fn for_messages(&self) -> Self {
        Self { shows_words: true, ..self.clone() }
    }

    /// The same for what leaves: it hides what looks like a secret as well, for nobody declares all of them.
    pub fn for_leaving(&self) -> Self {
        Self { by_structure: true, ..self.clone() }
    }

    /// The same, knowing what a text gave away, for others that quote it.
    pub(crate) fn knowing(&self, gave_away: Vec<Vec<u8>>) -> Self {
        Self { gave_away: Arc::new(gave_away), ..self.clone() }
    }

    /// A search that knows what another text gave away.
    pub(super) fn scan(&self) -> Scan {
        let mut scan = Scan::default();
        scan.learned = Learned::knowing(&self.gave_away);
        scan
    }

    /// Whether a secret is known that is given to packer.
    pub(super) fn knows_a_build(&self) -> bool {
        let mut names = self.known.names.iter().zip(&self.known.ordinary);
        names.any(|(name, ordinary)| !ordinary && name.starts_with("PKR_VAR_"))
    }

    fn pair(self) -> [Arc<Self>; 2] {
        let messages = self.for_messages();
        [self, messages].map(Arc::new)
    }

    /// From variables: those whose name says that they are secrets, and passwords inside URLs.
    pub fn from_env(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        Self::new(secrets_of(variables))
    }

    /// From secrets under their names; the first name of a value wins.
    pub fn new(secrets: impl IntoIterator<Item = Secret>) -> Self {
        let (lacking, gave_away) = (Arc::default(), Arc::default());
        Self { known: Arc::new(Known::new(secrets)), shows_words: false, by_structure: false, lacking, gave_away }
    }

    /// Names whose values are too short to be looked for without shredding everything; tell the user.
    pub fn refused(&self) -> &[String] {
        &self.known.refused
    }

    /// What to tell the user of these, in a line.
    pub fn warning(&self) -> Option<String> {
        let short = self.refused().join(", ");
        (!short.is_empty()).then(|| {
            format!(
                "{short}: shorter than 4 characters (quotes and backslashes apart), not redacted; use a longer secret"
            )
        })
    }

    /// Whether what is known under this name stays where it stands.
    pub(super) fn shows(&self, name: usize) -> bool {
        self.shows_words && self.known.is_word(name)
    }

    /// A scrubber for bytes that come in pieces.
    pub fn stream(&self) -> Stream<'_> {
        Stream::new(self)
    }

    /// A text without secrets.
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut scan = self.scan();
        scan.go_on(self.sought(), text.as_bytes(), true);
        if scan.take(text.as_bytes()).is_empty() && memchr::memmem::find(text.as_bytes(), keys::PHRASE).is_none() {
            return Cow::Borrowed(text);
        }
        let mut out = Vec::with_capacity(text.len());
        let mut stream = self.stream();
        stream.push(text.as_bytes(), &mut out);
        stream.finish(&mut out);
        Cow::Owned(String::from_utf8_lossy(&out).into_owned())
    }

    /// Whether a secret may stand in a text of which some letters were misread.
    pub fn nearly(&self, misread: &str) -> bool {
        self.known.keys.nearly(misread)
    }

    /// What stands in the place of a secret.
    pub(crate) fn marker(&self, name: usize) -> &str {
        self.known.markers.get(name).map_or("[REDACTED:SECRET]", String::as_str)
    }

    /// What stands in the place of one whose name is not known.
    pub(crate) fn nameless(&self) -> &str {
        self.marker(self.known.nameless())
    }

    /// The values to look for among typed keys.
    pub(crate) fn keys(&self) -> &KeyTrie {
        &self.known.keys
    }

    /// What a search must know.
    pub(super) fn sought(&self) -> Sought<'_> {
        Sought { known: &self.known, shows_words: self.shows_words, by_structure: self.by_structure }
    }
}

impl Known {
    fn new(secrets: impl IntoIterator<Item = Secret>) -> Self {
        // A password that is also an account's name is a password.
        let (accounts, secrets): (Vec<_>, Vec<_>) = secrets.into_iter().partition(|secret| secret.account);
        let (mut names, mut ordinary, mut refused) = (Vec::new(), Vec::new(), Vec::new());
        let (mut keys, mut forms) = (Vec::new(), Vec::new());
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
            let name = names.len();
            for part in secret.parts() {
                keys.extend(forms::typed(&part).into_iter().map(|form| (form, name)));
                forms.extend(forms::forms(&part, part == value).into_iter().map(|form| (form, name)));
            }
            // It is shown in the place of the value, so that it must be harmless itself.
            names.push(clean(&secret.name));
            ordinary.push(secret.account || secret.is_ordinary());
        }
        names.extend([header::NAME, placeholder::NAMELESS].map(String::from));
        let (texts, words): (Vec<String>, Vec<Word>) = words::all().into_iter().unzip();
        let needles = Needles::new(forms, &texts.iter().map(String::as_str).collect::<Vec<_>>());
        let remains = Remains::new(needles.patterns());
        let markers = names.iter().map(|name| placeholder::of(name)).collect();
        Self { names, markers, ordinary, refused, needles, remains, words, keys: KeyTrie::new(keys) }
    }

    /// All names that may stand in a placeholder.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether a name's value is that of an account, or an ordinary word.
    pub(super) fn is_word(&self, name: usize) -> bool {
        self.ordinary.get(name) == Some(&true)
    }

    /// The name of credentials in headers.
    pub(super) fn header(&self) -> usize {
        self.names.len().saturating_sub(2)
    }

    /// The name of what only looks like a secret.
    pub(super) fn nameless(&self) -> usize {
        self.names.len().saturating_sub(1)
    }
}

/// The variables of this process's environment.
pub fn environment() -> BTreeMap<String, String> {
    let text = |os: std::ffi::OsString| os.to_string_lossy().into_owned();
    std::env::vars_os().map(|(name, value)| (text(name), text(value))).collect()
}

/// The secrets among variables.
pub fn secrets_of(variables: impl IntoIterator<Item = (String, String)>) -> Vec<Secret> {
    let secrets = variables.into_iter().flat_map(|(name, value)| {
        let in_url = secrets_in_urls(&name, &value).into_iter().map(|secret| Secret::new(name.clone(), secret));
        let in_url: Vec<Secret> = in_url.collect();
        let itself = (is_secret_name(&name) && !is_switch(&name, &value)).then(|| Secret::new(name, value));
        itself.into_iter().chain(in_url)
    });
    secrets.collect()
}

#[cfg(test)]
#[path = "scrubber/tests.rs"]
mod tests;
