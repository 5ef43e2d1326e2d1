//! Alarms that somebody has seen: a note beside each, which holds as long as the line fails in the same way.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Error;
use super::remote::RemoteResult;
use crate::fs::{Access, create_private_dir, read_small, write_whole};
use crate::paths::StateDir;
use crate::pipeline::Key;
use crate::text::Scrubber;
use crate::triage::verdict::{EvidenceSource, Verdict};
use crate::vcenter::audit::user_at_host;

/// No note is longer.
const MOST: u64 = 64 << 10;
/// What a cause goes on to say of packer, as long as it is at work.
const PACKER_STILL: &str = " packer still ";
/// The class of a failure of which no more is known than GitHub's word.
const ON_GITHUB: &str = "github";

/// In which way a line fails: two failures that are the same have the same cause, whatever their times, numbers and
/// addresses are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// the class of its verdict, or a word for what has none
    pub class: String,
    /// the rule that decided
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// what it says, with `#` for every number
    pub about: String,
}

impl Failure {
    /// That of a verdict; `None` where nothing fails.
    pub fn of(verdict: &Verdict) -> Option<Self> {
        let fails = verdict.outlook.is_some() || !matches!(verdict.class.as_str(), "success" | "running" | "cancelled");
        let cause = verdict.cause.split(PACKER_STILL).next().unwrap_or_default();
        // What no rule knows is the same when the log says the same.
        let log = verdict.evidence.iter().filter(|evidence| evidence.source == EvidenceSource::Log);
        let said = log.filter(|_| verdict.rule.is_none()).map(|evidence| evidence.text.as_str());
        let about = std::iter::once(cause).chain(said).collect::<Vec<_>>().join("\n");
        fails.then(|| Self { rule: verdict.rule.clone(), ..Self::told(&verdict.class, &about) })
    }

    /// One that no verdict tells.
    pub fn told(class: &str, text: &str) -> Self {
        let mut about = String::with_capacity(text.len());
        for char in text.trim().chars() {
            match char {
                '0'..='9' if about.ends_with('#') => {}
                '0'..='9' => about.push('#'),
                char => about.push(char),
            }
        }
        Self { class: class.to_owned(), rule: None, about }
    }
}

/// What is acknowledged of a line: how its newest run fails, wherever that was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// how it fails
    pub failure: Failure,
    /// the page of the run at GitHub, where nothing but that is known of it
    pub page: Option<String>,
}

impl Seen {
    /// A run at GitHub of which nothing is here.
    pub fn at_github(remote: &RemoteResult) -> Self {
        let step = remote.step.as_deref().unwrap_or_default();
        let failure = Failure::told(ON_GITHUB, &format!("{} {step}", remote.state.word()));
        Self { failure, page: Some(remote.page.clone()) }
    }

    /// A verdict; `None` where nothing fails.
    pub fn of(verdict: &Verdict) -> Option<Self> {
        Failure::of(verdict).map(Self::from)
    }
}

impl From<Failure> for Seen {
    fn from(failure: Failure) -> Self {
        Self { failure, page: None }
    }
}

/// That somebody has seen an alarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledged {
    /// who: `user@host`
    pub by: String,
    /// when
    pub at: Timestamp,
    /// a ticket, or what is being done
    pub note: String,
    /// how the line failed then
    #[serde(flatten)]
    pub failure: Failure,
    /// of one that was seen by its page at GitHub alone: that page
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// of such a one, once its evidence was brought here: how the verdict on that tells it
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fetched: Option<Failure>,
}

impl Acknowledged {
    /// Whether it is about this failure, of a run that is kept here and came from a page at GitHub or from none.
    pub fn is_of(&self, failure: &Failure, origin: Option<&str>) -> bool {
        self.failure == *failure || self.fetched.as_ref() == Some(failure) || self.awaits(origin)
    }

    /// Whether it was acknowledged by this page alone, and what the evidence of that tells is not known yet.
    pub fn awaits(&self, origin: Option<&str>) -> bool {
        self.page.is_some() && self.page.as_deref() == origin && self.fetched.is_none()
    }
}

/// The alarms that are acknowledged, of each line the last one.
pub type All = BTreeMap<Key, Acknowledged>;

/// Puts on record that whoever runs this has seen how a line fails.
///
/// # Errors
/// No note; those of writing.
pub fn acknowledge(state: &StateDir, key: &Key, seen: Seen, note: &str) -> Result<Acknowledged, Error> {
    let note = note.trim();
    if note.is_empty() {
        return Err(Error::Usage("an alarm is acknowledged with a note: a ticket, or what is being done".into()));
    }
    let at = Timestamp::now().round(jiff::Unit::Second).unwrap_or_else(|_| Timestamp::now());
    let note = Scrubber::shared().safe_line(note).into();
    let Seen { failure, page } = seen;
    let acknowledged = Acknowledged { by: user_at_host(), at, note, failure, page, fetched: None };
    write(state, key, &acknowledged)?;
    Ok(acknowledged)
}

/// The evidence of a failure at GitHub that was acknowledged is here: it stays acknowledged under the name that the
/// verdict gives it.
///
/// # Errors
/// Those of writing.
pub fn carry_over(state: &StateDir, key: &Key, page: &str, failure: Failure) -> Result<(), Error> {
    // Another one may have taken its place meanwhile.
    let seen = of(state, key).filter(|seen| seen.page.as_deref() == Some(page) && seen.fetched.is_none());
    seen.map_or(Ok(()), |seen| write(state, key, &Acknowledged { fetched: Some(failure), ..seen }))
}

fn write(state: &StateDir, key: &Key, acknowledged: &Acknowledged) -> Result<(), Error> {
    let folder = state.acknowledged();
    create_private_dir(&folder).map_err(Error::writing(&folder))?;
    let path = file(state, key);
    let json = serde_json::to_vec_pretty(acknowledged).map_err(io::Error::other).map_err(Error::writing(&path))?;
    write_whole(&path, Access::Private, &json).map_err(Error::writing(&path))
}

fn file(state: &StateDir, key: &Key) -> PathBuf {
    state.acknowledged().join(format!("{key}.json"))
}

/// Takes it back; says whether there was anything to take back.
///
/// # Errors
/// Those of removing the file.
pub fn withdraw(state: &StateDir, key: &Key) -> Result<bool, Error> {
    let path = file(state, key);
    match std::fs::remove_file(&path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Error::writing(path)(error)),
    }
}

/// What is acknowledged of a line. What cannot be read is nothing: an alarm too many is better than one too few.
pub fn of(state: &StateDir, key: &Key) -> Option<Acknowledged> {
    let text = read_small(&file(state, key), MOST).ok()?;
    serde_json::from_slice(&text)
        .inspect_err(|error| tracing::warn!(%key, %error, "what was acknowledged cannot be read"))
        .ok()
}

/// What is acknowledged of these lines.
pub fn all<'k>(state: &StateDir, keys: impl IntoIterator<Item = &'k Key>) -> All {
    keys.into_iter().filter_map(|key| Some((key.clone(), of(state, key)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_failure_is_the_same_whatever_its_numbers_and_while_packer_still_tries() {
        let told = |class: &str, cause: &str, rule: Option<&str>| {
            let verdict = crate::console::fixture::verdict();
            let rule = rule.map(str::to_owned);
            Failure::of(&Verdict { class: class.into(), cause: cause.into(), rule, ..verdict })
        };
        let first =
            told("ssh_auth", "sshd of 10.0.8.31 rejects packer. packer still tries, and gives up at 03:41.", Some("a"));
        let next = told("ssh_auth", "sshd of 10.0.9.7 rejects packer.", Some("a"));
        assert_eq!(first, next);
        assert_ne!(first, told("ssh_auth", "sshd of 10.0.9.7 rejects root.", Some("a")));
        assert_ne!(first, told("ssh_timeout", "sshd of 10.0.9.7 rejects packer.", Some("a")));
    }

    #[test]
    fn it_is_kept_for_its_owner_and_can_be_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let (state, key) = (StateDir::at(folder.path()), Key("debian-12".into()));
        let failure = Failure::told("github", "failure at Build #87");
        let page = "https://github.com/acme/images/actions/runs/9087";
        assert!(acknowledge(&state, &key, failure.clone().into(), "  ").is_err());
        let seen = Seen { failure: failure.clone(), page: Some(page.to_owned()) };
        let written = acknowledge(&state, &key, seen, "OPS-4711\n").unwrap();
        assert_eq!((written.note.as_str(), written.failure.about.as_str()), ("OPS-4711", "failure at Build #"));
        assert_eq!(all(&state, [&key, &Key("rocky-9".into())]), All::from([(key.clone(), written)]));
        let verdict = Failure::told("ip_timeout", "no address");
        carry_over(&state, &key, "another page", verdict.clone()).unwrap();
        assert!(of(&state, &key).is_some_and(|seen| seen.fetched.is_none()));
        carry_over(&state, &key, page, verdict.clone()).unwrap();
        let seen = of(&state, &key).unwrap();
        assert!(seen.is_of(&verdict, None) && seen.is_of(&failure, None) && seen.note == "OPS-4711");
        assert!(!seen.is_of(&Failure::told("ssh_auth", "rejected"), Some(page)), "its evidence told something else");
        assert!(withdraw(&state, &key).unwrap() && !withdraw(&state, &key).unwrap());
        std::fs::write(file(&state, &key), "half").unwrap();
        assert_eq!(of(&state, &key), None);
    }
}
