//! The set of secrets of this process and how they are found.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use secrecy::ExposeSecret;

use super::forms::{self, Form};
use super::header::{self, Value};
use super::keys::{self, KeyTrie};
use super::masked::{MASK, Remains};
use super::needles::{Hit, Needles, Ring};
use super::secret::{SHORTEST, Secret, is_secret_name, is_switch, secrets_in_urls};
use super::stream::Stream;
use crate::text::clean;

/// The one of this process: for what others wrote, and for our own messages.
static SHARED: OnceLock<[Arc<Scrubber>; 2]> = OnceLock::new();

/// Finds secrets in every form they take, and puts `[REDACTED:<NAME>]` in their place. Cheap to share, costly to make
/// (milliseconds for many secrets): make one per process.
#[derive(Default)]
pub struct Scrubber {
    known: Arc<Known>,
    /// names of accounts stay
    shows_accounts: bool,
}

/// Secrets in the forms they are looked for.
#[derive(Default)]
struct Known {
    names: Vec<String>,
    /// number of the first name that is an account's; the one of credentials in headers stands behind these
    accounts: usize,
    refused: Vec<String>,
    needles: Needles,
    remains: Remains,
    keys: KeyTrie,
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
    pub fn share(secrets: impl IntoIterator<Item = Secret>) {
        SHARED.get_or_init(|| Self::new(secrets).pair());
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
        Self { known: self.known.clone(), shows_accounts: true }
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
        // A password that is also an account's name is a password.
        let (accounts, secrets): (Vec<_>, Vec<_>) = secrets.into_iter().partition(|secret| secret.account);
        let mut known = Known::default();
        let mut needles = Vec::new();
        secrets.into_iter().for_each(|secret| known.enter(secret, &mut needles));
        known.accounts = known.names.len();
        accounts.into_iter().for_each(|account| known.enter(account, &mut needles));
        known.names.push(header::NAME.to_owned());
        let words: Vec<&str> = header::WORDS.iter().copied().chain([MASK]).collect();
        known.needles = Needles::new(needles, &words);
        known.remains = Remains::new(&known.needles);
        Self { known: Arc::new(known), shows_accounts: false }
    }

    /// Names whose values are too short to be looked for without shredding everything; tell the user.
    pub fn refused(&self) -> &[String] {
        &self.known.refused
    }

    /// Whether what is known under this name stays where it stands.
    pub(super) fn shows(&self, name: usize) -> bool {
        self.shows_accounts && (self.known.accounts..self.known.names.len().saturating_sub(1)).contains(&name)
    }

    /// A scrubber for bytes that come in pieces.
    pub fn stream(&self) -> Stream<'_> {
        Stream::new(self)
    }

    /// A text without secrets.
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let found = self.hits(text.as_bytes(), true);
        if found.hits.is_empty() && memchr::memmem::find(text.as_bytes(), keys::PHRASE).is_none() {
            return Cow::Borrowed(text);
        }
        let mut out = Vec::with_capacity(text.len());
        let mut stream = self.stream();
        stream.push(text.as_bytes(), &mut out);
        stream.finish(&mut out);
        Cow::Owned(String::from_utf8_lossy(&out).into_owned())
    }

    /// What stands in the place of a secret.
    pub(crate) fn marker(&self, name: usize) -> String {
        format!("[REDACTED:{}]", self.known.names.get(name).map_or("SECRET", String::as_str))
    }

    /// The values to look for among typed keys.
    pub(crate) fn keys(&self) -> &KeyTrie {
        &self.known.keys
    }

    /// Everything to be replaced in `bytes`, and how many of them are settled: what stands behind may change with the
    /// bytes that follow. With `last` nothing follows.
    pub(super) fn hits(&self, bytes: &[u8], last: bool) -> Found {
        let mut hits = Vec::new();
        // Credentials, with the words by which they are known to be some.
        let mut known = Vec::new();
        let mut open = bytes.len();
        let mut hold = |at: usize| open = open.min(at);
        self.known.needles.search(bytes, last, |ring| match ring {
            Ring::Hit(hit) if self.shows(hit.name) => {}
            Ring::Hit(hit) => hits.push(hit),
            Ring::Open(at) => hold(at),
            Ring::Word(at, word) if word == header::WORDS.len() => self.mask(bytes, at, last, &mut hits, &mut hold),
            Ring::Word(at, word) => match header::value(bytes, at, word, last) {
                Value::None => {}
                Value::Open => hold(at),
                Value::At(start, end) => {
                    known.push((at, end));
                    hits.push(Hit { start, end, name: self.known.names.len().saturating_sub(1) });
                }
            },
        });
        let mut settled = open;
        if !last && settled < bytes.len() && MASK.as_bytes().starts_with(&bytes[settled..]) {
            settled = self.before(bytes, settled);
        }
        // A replacement is settled as a whole or not at all.
        hits.sort_unstable_by_key(|hit| (hit.start, std::cmp::Reverse(hit.end)));
        known.extend(hits.iter().map(|hit| (hit.start, hit.end)));
        known.sort_unstable();
        for (start, end) in known.into_iter().rev() {
            if start < settled && end > settled {
                settled = start;
            }
        }
        Found { hits, settled }
    }

    /// Packer's mask, with what is left of a secret around it.
    fn mask(&self, bytes: &[u8], at: usize, last: bool, hits: &mut Vec<Hit>, hold: &mut impl FnMut(usize)) {
        let rest = &bytes[at..];
        if !rest.starts_with(MASK.as_bytes()) {
            if !last && MASK.as_bytes().starts_with(rest) {
                hold(self.before(bytes, at));
            }
            return;
        }
        hits.extend(self.known.remains.around(&self.known.needles, bytes, at, |name| !self.shows(name)));
        let behind = &rest[MASK.len()..];
        let decided = behind.len() >= self.known.remains.reach() || memchr::memchr(b'\n', behind).is_some();
        if !last && !decided {
            hold(self.before(bytes, at));
        }
    }

    /// How far back a secret can begin of which a mask at `at` covers a part.
    fn before(&self, bytes: &[u8], at: usize) -> usize {
        let reach = at.saturating_sub(self.known.remains.reach());
        memchr::memrchr(b'\n', &bytes[reach..at]).map_or(reach, |line| reach + line + 1)
    }
}

impl Known {
    fn enter(&mut self, secret: Secret, needles: &mut Vec<(Form, usize)>) {
        let length = secret.value.expose_secret().trim().len();
        if length < SHORTEST {
            self.refused.extend(Some(secret.name).filter(|_| length > 0));
            return;
        }
        let name = self.names.len();
        for part in secret.parts() {
            self.keys.extend(forms::typed(part), name);
            needles.extend(forms::forms(part).into_iter().map(|form| (form, name)));
        }
        // It is shown in the place of the value, so that it must be harmless itself.
        self.names.push(clean(&secret.name));
    }
}

/// What a look at some bytes found.
pub(super) struct Found {
    /// in the order of their start
    pub hits: Vec<Hit>,
    /// bytes that can go out now
    pub settled: usize,
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
