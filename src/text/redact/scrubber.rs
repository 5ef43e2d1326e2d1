//! The set of secrets of this process and how they are found.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use super::keys::{self, KeyTrie};
use super::known::Known;
use super::lacking::Lacking;
use super::learned::Learned;
use super::names::{is_secret_name, is_switch};
use super::scan::{Scan, Sought};
use super::secret::{Secret, secrets_in_urls};
use super::stream::Stream;

/// The one of this process: for what others wrote, and for our own messages.
static SHARED: OnceLock<[Arc<Scrubber>; 2]> = OnceLock::new();

/// Finds secrets in every form they take, and puts `[REDACTED:<NAME>]` in their place. Cheap to share; its first use is costly
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

impl std::fmt::Debug for Scrubber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scrubber").field("names", &self.known.names()).finish_non_exhaustive()
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
        let mut names = self.known.names().iter().zip(self.known.ordinary());
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
        self.known.refused()
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
        self.keys().nearly(misread)
    }

    /// What stands in the place of a secret.
    pub(crate) fn marker(&self, name: usize) -> &str {
        self.known.marker(name).unwrap_or("[REDACTED:SECRET]")
    }

    /// What stands in the place of one whose name is not known.
    pub(crate) fn nameless(&self) -> &str {
        self.marker(self.known.nameless())
    }

    /// The values to look for among typed keys.
    pub(crate) fn keys(&self) -> &KeyTrie {
        &self.known.forms().keys
    }

    /// What a search must know.
    pub(super) fn sought(&self) -> Sought<'_> {
        Sought { known: &self.known, shows_words: self.shows_words, by_structure: self.by_structure }
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
