//! The set of secrets of this process and how they are found.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use secrecy::ExposeSecret;

use super::forms;
use super::header::{self, Value};
use super::keys::{self, KeyTrie};
use super::masked::{MASK, Remains};
use super::needles::{Hit, Needles, Ring};
use super::secret::{SHORTEST, Secret, is_secret_name, is_switch, secrets_in_urls};
use super::sensitive::sensitive_of;
use super::stream::Stream;
use crate::pipeline::MatrixError;

static SHARED: OnceLock<Arc<Scrubber>> = OnceLock::new();

/// Finds secrets in every form they take, and puts `[REDACTED:<NAME>]` in their place. Cheap to share, costly to make
/// (milliseconds for many secrets): make one per process.
#[derive(Default)]
pub struct Scrubber {
    names: Vec<String>,
    refused: Vec<String>,
    needles: Needles,
    remains: Remains,
    keys: KeyTrie,
}

impl std::fmt::Debug for Scrubber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scrubber").field("names", &self.names).finish_non_exhaustive()
    }
}

impl Scrubber {
    /// From the environment of this process.
    pub fn of_process() -> Self {
        Self::from_env(environment())
    }

    /// The one of this process, made once: for everything on its way out. It knows what [`Scrubber::share`] told it.
    pub fn shared() -> &'static Arc<Self> {
        SHARED.get_or_init(|| Arc::new(Self::of_process()))
    }

    /// Lets [`Scrubber::shared`] know what the templates of this repository declare as sensitive, but for names of accounts.
    /// To be called before anything is written: its first use decides.
    ///
    /// # Errors
    /// A matrix that cannot be read: then it knows the environment alone.
    pub fn share(repo: &Path) -> Result<(), MatrixError> {
        let variables = environment();
        let declared = sensitive_of(repo, &variables);
        let (declared, trouble) = declared.map_or_else(|error| (Vec::new(), Err(error)), |declared| (declared, Ok(())));
        // What an account lacks is told by its name; and one like `root` stands in every path.
        let declared = declared.into_iter().filter(|secret| !secret.name.ends_with("username"));
        SHARED.get_or_init(|| Arc::new(Self::new(secrets_of(variables).into_iter().chain(declared))));
        trouble
    }

    /// From the environment and from what the templates of a repository declare as sensitive.
    pub fn of_repository(repo: &Path) -> Self {
        Self::new(secrets_of_repository(repo))
    }

    /// From variables: those whose name says that they are secrets, and passwords inside URLs.
    pub fn from_env(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        Self::new(secrets_of(variables))
    }

    /// From secrets under their names; the first name of a value wins.
    pub fn new(secrets: impl IntoIterator<Item = Secret>) -> Self {
        let (mut names, mut refused, mut needles, mut keys) = (Vec::new(), Vec::new(), Vec::new(), KeyTrie::default());
        for secret in secrets {
            let length = secret.value.expose_secret().trim().len();
            if length < SHORTEST {
                refused.extend(Some(secret.name).filter(|_| length > 0));
                continue;
            }
            for part in secret.parts() {
                keys.extend(forms::typed(part), names.len());
                needles.extend(forms::forms(part).into_iter().map(|form| (form, names.len())));
            }
            names.push(secret.name);
        }
        names.push(header::NAME.to_owned());
        let words: Vec<&str> = header::WORDS.iter().copied().chain([MASK]).collect();
        let needles = Needles::new(needles, &words);
        let remains = Remains::new(&needles);
        Self { names, refused, needles, remains, keys }
    }

    /// Names whose values are too short to be looked for without shredding everything; tell the user.
    pub fn refused(&self) -> &[String] {
        &self.refused
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
        format!("[REDACTED:{}]", self.names.get(name).map_or("SECRET", String::as_str))
    }

    /// The values to look for among typed keys.
    pub(crate) fn keys(&self) -> &KeyTrie {
        &self.keys
    }

    /// Everything to be replaced in `bytes`, and how many of them are settled: what stands behind may change with the
    /// bytes that follow. With `last` nothing follows.
    pub(super) fn hits(&self, bytes: &[u8], last: bool) -> Found {
        let mut hits = Vec::new();
        // Credentials, with the words by which they are known to be some.
        let mut known = Vec::new();
        let mut open = bytes.len();
        let mut hold = |at: usize| open = open.min(at);
        self.needles.search(bytes, last, |ring| match ring {
            Ring::Hit(hit) => hits.push(hit),
            Ring::Open(at) => hold(at),
            Ring::Word(at, word) if word == header::WORDS.len() => self.mask(bytes, at, last, &mut hits, &mut hold),
            Ring::Word(at, word) => match header::value(bytes, at, word, last) {
                Value::None => {}
                Value::Open => hold(at),
                Value::At(start, end) => {
                    known.push((at, end));
                    hits.push(Hit { start, end, name: self.names.len().saturating_sub(1) });
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
        hits.extend(self.remains.around(&self.needles, bytes, at));
        let behind = &rest[MASK.len()..];
        let decided = behind.len() >= self.remains.reach() || memchr::memchr(b'\n', behind).is_some();
        if !last && !decided {
            hold(self.before(bytes, at));
        }
    }

    /// How far back a secret can begin of which a mask at `at` covers a part.
    fn before(&self, bytes: &[u8], at: usize) -> usize {
        let reach = at.saturating_sub(self.remains.reach());
        memchr::memrchr(b'\n', &bytes[reach..at]).map_or(reach, |line| reach + line + 1)
    }
}

/// What a look at some bytes found.
pub(super) struct Found {
    /// in the order of their start
    pub hits: Vec<Hit>,
    /// bytes that can go out now
    pub settled: usize,
}

fn environment() -> BTreeMap<String, String> {
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

/// The secrets of this process and of a repository. A matrix that is broken hides nothing that has a secret's name.
pub fn secrets_of_repository(repo: &Path) -> Vec<Secret> {
    let variables = environment();
    let declared = sensitive_of(repo, &variables).unwrap_or_else(|error| {
        tracing::warn!(%error, "sensitive variables of the templates are not known");
        Vec::new()
    });
    secrets_of(variables).into_iter().chain(declared).collect()
}

#[cfg(test)]
#[path = "scrubber/tests.rs"]
mod tests;
