//! Accounts and sessions of the simulated vCenter.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use super::value::Object;

/// An account that may log in.
#[derive(Debug, Clone)]
pub struct Account {
    /// e.g. `svc-packer@lab.internal`
    pub name: String,
    /// its password
    pub password: SecretString,
    /// privileges it lacks, by vSphere's ids
    pub lacks: BTreeSet<String>,
}

impl Account {
    /// An account that may do everything.
    pub fn new(name: impl Into<String>, password: impl Into<String>) -> Self {
        Self { name: name.into(), password: SecretString::from(password.into()), lacks: BTreeSet::new() }
    }

    /// Without these privileges.
    #[must_use]
    pub fn without(mut self, privileges: &[&str]) -> Self {
        self.lacks.extend(privileges.iter().map(|&privilege| privilege.to_owned()));
        self
    }

    /// Whether it has a privilege.
    pub fn may(&self, privilege: &str) -> bool {
        !self.lacks.contains(privilege)
    }
}

/// A session somebody opened.
#[derive(Debug, Clone)]
pub struct Session {
    /// its key, also the value of the cookie
    pub key: String,
    /// whose
    pub account: Account,
    login: Timestamp,
    used: Instant,
}

impl Session {
    /// `UserSession`
    pub fn info(&self) -> Object {
        Object::new("UserSession")
            .with("key", self.key.as_str())
            .with("userName", self.account.name.as_str())
            .with("fullName", self.account.name.as_str())
            .with("loginTime", self.login)
            .with("lastActiveTime", Timestamp::now())
            .with("locale", "en")
            .with("messageLocale", "en")
            .with("extensionSession", false)
            .with("ipAddress", "127.0.0.1")
            .with("callCount", 1_i64)
    }
}

/// All accounts and open sessions.
#[derive(Debug)]
pub struct Sessions {
    accounts: Vec<Account>,
    open: BTreeMap<String, Session>,
    idle: Duration,
    count: u64,
}

impl Sessions {
    /// Nobody logged in; a session ends after `idle` of real time without a call.
    pub fn new(accounts: Vec<Account>, idle: Duration) -> Self {
        Self { accounts, open: BTreeMap::new(), idle, count: 0 }
    }

    /// Opens a session when name and password fit.
    pub fn login(&mut self, name: &str, password: &str) -> Option<&Session> {
        let account = self.accounts.iter().find(|account| account.name == name)?.clone();
        if account.password.expose_secret() != password {
            return None;
        }
        self.count += 1;
        // Nobody but this machine can reach the lab: uniqueness is all the key needs.
        let stamp = Timestamp::now().as_nanosecond();
        let key =
            format!("52{:08x}-{:04x}-4c1e-9a55-{:012x}", std::process::id(), self.count, stamp & 0xffff_ffff_ffff);
        let session = Session { key: key.clone(), account, login: Timestamp::now(), used: Instant::now() };
        self.open.insert(key.clone(), session);
        self.open.get(&key)
    }

    /// The session of this key, marked as used; gone when it idled too long.
    pub fn find(&mut self, key: &str) -> Option<Session> {
        let idle = self.idle;
        self.open.retain(|_, session| session.used.elapsed() < idle);
        let session = self.open.get_mut(key)?;
        session.used = Instant::now();
        Some(session.clone())
    }

    /// Ends one session.
    pub fn logout(&mut self, key: &str) {
        self.open.remove(key);
    }

    /// Ends all sessions, as a restart of vCenter's services does.
    #[cfg(feature = "testing")]
    pub fn expire(&mut self) {
        self.open.clear();
    }

    /// How many are open.
    #[cfg(feature = "testing")]
    pub fn len(&self) -> usize {
        self.open.len()
    }

    /// Changes a password.
    #[cfg(feature = "testing")]
    pub fn set_password(&mut self, name: &str, password: &str) {
        for account in self.accounts.iter_mut().filter(|account| account.name == name) {
            account.password = SecretString::from(password.to_owned());
        }
    }
}
