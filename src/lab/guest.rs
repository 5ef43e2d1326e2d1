//! What a simulated guest does after power-on, as data: a function of the scenario, the time since power-on and the keys typed.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// All scenarios that ship with the lab (`assets/lab/guests.toml`).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Book {
    screen: BTreeMap<String, Screen>,
    /// families of installers by name
    pub family: BTreeMap<String, Family>,
    guest: Vec<Guest>,
    /// what clones of finished templates do
    clone: Vec<Guest>,
}

/// A sequence of pictures.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Screen {
    /// names of pictures in `assets/lab/screens`, or `name*` for all of a series in order
    frames: Vec<String>,
    /// seconds per picture, then from the start again; without it the pictures are spread over the scene, once
    every: Option<f64>,
}

/// What the lines of one operating system have in common.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Family {
    /// base names that begin with one of these belong to it
    pub bases: Vec<String>,
    /// packer's source when `-only` does not say (`linux-debian`)
    pub source: String,
    /// vSphere's guest id
    pub guest_id: String,
    /// the guest a build boots when nothing else is asked for
    pub guest: String,
    /// `ssh` or `winrm`
    pub communicator: String,
    /// seconds between power-on and the first key
    pub boot_wait: f64,
    /// what packer types: literal text, `<enter>`, `<wait3s>`, …
    pub boot_command: Vec<String>,
    /// default of `common_ip_wait_timeout`, seconds
    pub ip_wait: f64,
    /// the ISO on the datastore
    pub iso: String,
}

/// One scenario.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guest {
    /// its name, for `demo --scenario`
    pub name: String,
    /// one line for people
    pub about: String,
    /// the line it is shown on
    pub line: String,
    scenes: Vec<Scene>,
    keys: Option<Keys>,
    tools_at: Option<f64>,
    #[serde(default)]
    addresses: Vec<Address>,
    /// what vCenter asks about it, some time after power-on
    pub question: Option<Asked>,
    /// how packer fares once the guest answers
    #[serde(default)]
    pub build: Build,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Scene {
    screen: String,
    /// how long; the last scene has none and stays
    seconds: Option<f64>,
    /// without a key for so many seconds the screen turns black, as the console of Linux does
    blanks: Option<f64>,
}

/// Keys the guest waits for; without them it takes another way.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    by: f64,
    at_least: usize,
    otherwise: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Address {
    at: f64,
    /// `lease` = one from the lab's pool; else as given; empty = lost again
    ip: String,
}

/// What vCenter asks about a guest; until somebody answers, the guest stands still.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// seconds after power-on
    pub at: f64,
    /// what is asked
    pub text: String,
    /// the answers; the last one powers the guest off
    pub answers: Vec<String>,
    /// its datastore is full by then; whoever answers made room first
    #[serde(default)]
    pub full: bool,
}

/// How packer fares with the guest after it has an address.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Build {
    /// seconds after power-on before which nothing listens on the communicator's port
    pub connect_at: f64,
    /// nothing listens on the communicator's port
    pub port_closed: bool,
    /// the password is refused
    pub password_refused: bool,
    /// name of the Ansible task that fails
    pub failing_task: Option<String>,
    /// the guest ignores the shutdown command
    pub shutdown_hangs: bool,
}

/// A guest at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Moment {
    /// VMware Tools run
    pub tools: bool,
    /// address the guest reports: `lease` or a literal one
    pub ip: Option<String>,
}

static BOOK: LazyLock<Result<Book, String>> =
    LazyLock::new(|| toml::from_str(include_str!("../../assets/lab/guests.toml")).map_err(|error| error.to_string()));

impl Book {
    /// The scenarios that ship with the program.
    ///
    /// # Errors
    /// What is wrong with `assets/lab/guests.toml`; a test keeps that from happening.
    pub fn shipped() -> Result<&'static Self, &'static str> {
        BOOK.as_ref().map_err(String::as_str)
    }

    /// All scenarios in the order of the file.
    pub fn guests(&self) -> &[Guest] {
        &self.guest
    }

    /// The scenario of this name.
    pub fn guest(&self, name: &str) -> Option<&Guest> {
        self.guest.iter().chain(&self.clone).find(|guest| guest.name == name)
    }

    /// The family a base name belongs to: the one with the longest matching beginning.
    pub fn family_of(&self, base: &str) -> Option<&Family> {
        let matching = |family: &Family| {
            family.bases.iter().filter(|start| base.starts_with(start.as_str())).map(String::len).max()
        };
        self.family
            .values()
            .filter_map(|family| Some((matching(family)?, family)))
            .max_by_key(|(len, _)| *len)
            .map(|(_, family)| family)
    }

    /// The way a guest really takes: another one when it missed its keys. `keys` are seconds since power-on.
    fn way<'a>(&'a self, guest: &'a Guest, at: f64, keys: &[f64]) -> &'a Guest {
        let Some(wanted) = &guest.keys else { return guest };
        let typed = keys.iter().filter(|key| **key <= wanted.by).count();
        if at < wanted.by || typed >= wanted.at_least {
            return guest;
        }
        self.guest(&wanted.otherwise).unwrap_or(guest)
    }

    /// What tools and address say `at` seconds after power-on.
    pub fn moment(&self, guest: &Guest, at: f64, keys: &[f64]) -> Moment {
        let guest = self.way(guest, at, keys);
        let ip = guest.addresses.iter().rev().find(|address| address.at <= at).map(|address| address.ip.clone());
        Moment { tools: guest.tools_at.is_some_and(|tools| tools <= at), ip: ip.filter(|ip| !ip.is_empty()) }
    }

    /// Name of the picture on the console `at` seconds after power-on.
    pub fn frame(&self, guest: &Guest, at: f64, keys: &[f64]) -> String {
        let guest = self.way(guest, at, keys);
        let mut left = at;
        for scene in &guest.scenes {
            match scene.seconds {
                Some(seconds) if left >= seconds => left -= seconds,
                _ if scene.blanks.is_some_and(|blanks| unwatched(at, left, keys) >= blanks) => break,
                seconds => return self.frame_of(&scene.screen, left, seconds),
            }
        }
        "black-00".to_owned()
    }

    fn frame_of(&self, screen: &str, into: f64, seconds: Option<f64>) -> String {
        let Some(screen) = self.screen.get(screen) else { return "black-00".to_owned() };
        let frames = screen.frames();
        let count = frames.len();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index of a short list")]
        let index = match (screen.every, seconds) {
            (Some(every), _) => (into / every) as usize % count.max(1),
            (None, Some(seconds)) => ((into / seconds) * count as f64) as usize,
            (None, None) => count,
        };
        frames.get(index.min(count.saturating_sub(1))).cloned().unwrap_or_else(|| "black-00".to_owned())
    }
}

impl Screen {
    /// Names of the pictures in order, series spelled out.
    fn frames(&self) -> Vec<String> {
        let named = |name: &String| match name.strip_suffix('*') {
            Some(series) => super::frames::names().filter(|frame| is_of(frame, series)).map(str::to_owned).collect(),
            None => vec![name.clone()],
        };
        self.frames.iter().flat_map(named).collect()
    }
}

/// Seconds since the scene began or the last key came, whichever was later. Packer's keys count as well as a person's.
fn unwatched(at: f64, into: f64, keys: &[f64]) -> f64 {
    keys.iter().filter(|key| **key <= at).fold(into, |since, key| since.min(at - key))
}

fn is_of(frame: &str, series: &str) -> bool {
    frame.strip_prefix(series).is_some_and(|rest| rest.len() == 3 && rest.starts_with('-'))
}

#[cfg(test)]
#[path = "guest/tests.rs"]
mod tests;
