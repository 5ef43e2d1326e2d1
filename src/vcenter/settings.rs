//! Where vCenter is and who we are there. Read from the environment only; never a flag, never on disk.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use url::Url;

use super::Error;
use crate::pipeline::{Connection, Key, OF_CONTEXT};

mod account;

/// Account and password of one session.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// user name, as vCenter wants it (`svc-packer@vsphere.local`)
    pub username: String,
    /// its password
    pub password: SecretString,
}

/// Everything needed to talk to one vCenter and find the folder of the templates.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `https://host[:port]/sdk`
    pub url: Url,
    /// the account that builds, renames and destroys
    pub credentials: Credentials,
    /// an account that may take console pictures, when the first may not (`TMPL_CONSOLE_USERNAME`, `TMPL_CONSOLE_PASSWORD`)
    pub console: Option<Credentials>,
    /// accept any certificate; only when the environment says so
    pub insecure: bool,
    /// extra certificates to trust (`TMPL_CA_FILE`, `GOVC_TLS_CA_CERTS`), PEM
    pub ca_file: Option<PathBuf>,
    /// SHA-256 or SHA-1 fingerprint that the server's certificate must have (`TMPL_THUMBPRINT`)
    pub thumbprint: Option<String>,
    /// datacenter name; `None` = the only one
    pub datacenter: Option<String>,
    /// folder of the templates below the datacenter's `vm` folder, `/`-separated; empty = the `vm` folder itself
    pub folder: String,
    /// default datastore of builds
    pub datastore: Option<String>,
    /// the cluster or host that builds run on, where the environment names it
    pub compute: Option<String>,
    /// the context of the configuration that connects us ([`OF_CONTEXT`])
    pub context: Option<String>,
    /// of a simulated vCenter (`TMPL_SIMULATED`): how many seconds pass for a guest while one passes here
    pub simulated: Option<f64>,
}

impl Settings {
    /// Reads `PKR_VAR_vsphere_*`, else govc's `GOVC_*`, through `get` (so that tests need no process environment).
    ///
    /// # Errors
    /// [`Error::Settings`] naming the variables that are missing or malformed; never their values.
    pub fn from_env(get: &dyn Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let get = |name: &str| get(name).filter(|value| !value.is_empty());
        let either = |ours: &str, govc: &str| get(&format!("PKR_VAR_vsphere_{ours}")).or_else(|| get(govc));
        let endpoint = either("endpoint", "GOVC_URL");
        // govc users may have the account inside the address.
        let (url, in_url) = endpoint.as_deref().map(endpoint_url).transpose()?.unzip();
        let in_url = in_url.unwrap_or_default();
        let username = either("username", "GOVC_USERNAME").or(in_url.username);
        let password = either("password", "GOVC_PASSWORD").or(in_url.password);
        let (Some(url), Some(username), Some(password)) = (url, username.clone(), password.clone()) else {
            let missing = [
                ("PKR_VAR_vsphere_endpoint (or GOVC_URL)", endpoint.is_none()),
                ("PKR_VAR_vsphere_username (or GOVC_USERNAME)", username.is_none()),
                ("PKR_VAR_vsphere_password (or GOVC_PASSWORD)", password.is_none()),
            ];
            let names = missing.iter().filter(|(_, missing)| *missing).map(|(name, _)| *name);
            return Err(Error::Settings(match get(OF_CONTEXT) {
                Some(context) => missing_in(&context, username.is_none(), password.is_none()),
                None => format!("missing in the environment: {}", names.collect::<Vec<_>>().join(", ")),
            }));
        };
        let console = match (get("TMPL_CONSOLE_USERNAME"), get("TMPL_CONSOLE_PASSWORD")) {
            (Some(username), Some(password)) => Some(Credentials { username, password: password.into() }),
            (None, None) => None,
            _ => {
                return Err(Error::Settings("TMPL_CONSOLE_USERNAME and TMPL_CONSOLE_PASSWORD go together".into()));
            }
        };
        let datacenter = either("datacenter", "GOVC_DATACENTER").map(|path| trimmed(&path));
        Ok(Self {
            simulated: get("TMPL_SIMULATED").and_then(|pace| simulated_speed(&url, &pace)),
            url,
            credentials: Credentials { username, password: password.into() },
            console,
            insecure: parse_flag("insecure_connection", either("insecure_connection", "GOVC_INSECURE"))?,
            ca_file: get("TMPL_CA_FILE").or_else(|| get("GOVC_TLS_CA_CERTS")).map(PathBuf::from),
            thumbprint: get("TMPL_THUMBPRINT"),
            // Packer takes its variable as it is, below `vm`: one there may well be called `x/vm/Templates`.
            folder: match (get("PKR_VAR_vsphere_folder"), get("GOVC_FOLDER")) {
                (Some(packers), _) => trimmed(&packers),
                (None, Some(govcs)) => govc_folder(&govcs, datacenter.as_deref()),
                (None, None) => String::new(),
            },
            datacenter,
            datastore: either("datastore", "GOVC_DATASTORE"),
            compute: either("cluster", "GOVC_CLUSTER").or_else(|| either("host", "GOVC_HOST")),
            context: get(OF_CONTEXT),
        })
    }

    /// Where a person corrects the datacenter or the folder: in the context, where one connects us.
    pub(super) fn source_of(&self, setting: &str) -> String {
        match &self.context {
            Some(context) => format!("contexts.{context}.{setting} in config.toml"),
            None => format!("PKR_VAR_vsphere_{setting}"),
        }
    }

    /// The same for the repository at `repo`: what the environment does not say, its `tmpl.toml` and its templates may.
    ///
    /// # Errors
    /// As [`Settings::from_env`], with what kept the repository's own answers away.
    pub fn of_repository(repo: &Path) -> Result<Self, Error> {
        Self::of(repo, None)
    }

    /// The same of one line, which `tmpl.toml` may build elsewhere.
    ///
    /// # Errors
    /// As [`Settings::of_repository`].
    pub fn of_line(repo: &Path, key: &Key) -> Result<Self, Error> {
        Self::of(repo, Some(key))
    }

    /// The same; `None` where nothing says which vCenter it is.
    ///
    /// # Errors
    /// As [`Settings::of_repository`], where something is known of it.
    pub fn of_line_if_any(repo: &Path, key: &Key) -> Result<Option<Self>, Error> {
        let get = |name: &str| std::env::var(name).ok();
        let connection = Connection::read_for(repo, Some(key), &get);
        let nothing = connection.troubles.is_empty() && endpoint(&connection.over(&get)).is_none();
        if nothing { Ok(None) } else { Self::connected(&connection).map(Some) }
    }

    fn of(repo: &Path, key: Option<&Key>) -> Result<Self, Error> {
        Self::connected(&Connection::read_for(repo, key, &|name| std::env::var(name).ok()))
    }

    fn connected(connection: &Connection) -> Result<Self, Error> {
        let get = |name: &str| std::env::var(name).ok();
        Self::from_env(&connection.over(&get)).map_err(|error| match (error, connection.troubles.as_slice()) {
            (Error::Settings(words), troubles @ [_, ..]) => {
                Error::Settings(format!("{words}; {}", troubles.join("; ")))
            }
            (error, _) => error,
        })
    }

    /// Host of the vCenter that a repository is for, as far as that is known: without port, in small letters. Nothing else
    /// need be known, and nothing is asked.
    pub fn endpoint_of(repo: &Path) -> Option<String> {
        let get = |name: &str| std::env::var(name).ok();
        let connection = Connection::read(repo, &get);
        let (url, _) = endpoint_url(&endpoint(&connection.over(&get))?).ok()?;
        url.host_str().map(str::to_ascii_lowercase)
    }

    /// The settings of every line, as [`Settings::of_line`] has them.
    pub fn of_lines(repo: &Path) -> BTreeMap<Key, Result<Self, Error>> {
        let get = |name: &str| std::env::var(name).ok();
        let of = |(key, connection): (Key, Connection)| (key, Self::from_env(&connection.over(&get)));
        Connection::read_lines(repo, &get).into_iter().map(of).collect()
    }

    /// Whether both mean the same folder of the same vCenter, seen by the same account.
    pub fn same_place(&self, other: &Self) -> bool {
        let place = |it: &Self| {
            let datacenter = it.datacenter.clone().unwrap_or_default();
            (it.url.clone(), it.credentials.username.clone(), datacenter, it.folder.clone())
        };
        place(self) == place(other)
    }

    /// Where that is, for people: `vc.example.com/DC0/Templates`.
    pub fn place_name(&self) -> String {
        let parts = [self.host(), self.datacenter.clone().unwrap_or_default(), self.folder.clone()];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/")
    }

    /// Lets accounts whose password was refused log in again, because a person asked for it.
    pub fn retry_login(&self) {
        super::session::retry_login(self);
    }

    /// Host of the endpoint, with the port where it is not the usual one.
    pub fn host(&self) -> String {
        let host = self.url.host_str().unwrap_or("?");
        self.url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }
}

/// What a context with an endpoint of its own lacks: nothing of the environment stands in for it.
fn missing_in(context: &str, username: bool, password: bool) -> String {
    let account = [
        (username, format!("contexts.{context}.username or username_env")),
        (password, format!("contexts.{context}.password_env or password_command")),
    ];
    let lacking: Vec<String> = account.into_iter().filter_map(|(lacks, name)| lacks.then_some(name)).collect();
    format!("missing in config.toml: {}", lacking.join(", "))
}

/// Which vCenter it is, as the variables have it.
fn endpoint(get: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    ["PKR_VAR_vsphere_endpoint", "GOVC_URL"].into_iter().filter_map(get).find(|text| !text.is_empty())
}

/// `vc.example.com`, `https://vc.example.com`, `https://vc.example.com/sdk`: all the same server. With the account, where
/// there is one inside the address.
fn endpoint_url(text: &str) -> Result<(Url, account::InUrl), Error> {
    let wrong = |reason: &str| Error::Settings(format!("PKR_VAR_vsphere_endpoint (or GOVC_URL) {reason}"));
    let (address, account) = account::split(text).map_err(wrong)?;
    let mut url = Url::parse(&address).map_err(|_| wrong("is no address"))?;
    let host = url.host_str().ok_or_else(|| wrong("names no host"))?;
    let here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    match url.scheme() {
        "https" => {}
        // The lab and tests; anywhere else a password would travel in clear.
        "http" if here => {}
        _ => return Err(wrong("must be https")),
    }
    url.set_path("/sdk");
    url.set_query(None);
    url.set_fragment(None);
    Ok((url, account))
}

/// The pace of a simulated vCenter's guests. The variable means nothing to a real vCenter, which is never spoken to in
/// clear: it may have been left behind.
fn simulated_speed(url: &Url, pace: &str) -> Option<f64> {
    let pace = pace.parse().ok().filter(|pace: &f64| pace.is_finite() && *pace > 0.0)?;
    let here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    (here || url.scheme() == "http").then_some(pace)
}

fn parse_flag(name: &str, value: Option<String>) -> Result<bool, Error> {
    match value.as_deref().map(str::to_ascii_lowercase).as_deref() {
        None | Some("0" | "false" | "no") => Ok(false),
        Some("1" | "true" | "yes") => Ok(true),
        Some(_) => Err(Error::Settings(format!("PKR_VAR_vsphere_{name} (or GOVC_INSECURE) must be true or false"))),
    }
}

fn trimmed(path: &str) -> String {
    path.trim_matches('/').to_owned()
}

/// The folder that govc means, below the datacenter's `vm` folder: govc takes a whole inventory path
/// (`/dc/vm/Templates`), or one relative to that folder (`./Templates`).
fn govc_folder(path: &str, datacenter: Option<&str>) -> String {
    if let Some(below) = path.strip_prefix("./") {
        return trimmed(below);
    }
    let path = trimmed(path);
    // A datacenter may be below folders, one of which may be called vm.
    if let Some(below) = datacenter.and_then(|name| path.strip_prefix(name)?.strip_prefix("/vm"))
        && (below.is_empty() || below.starts_with('/'))
    {
        return trimmed(below);
    }
    let parts: Vec<&str> = path.split('/').collect();
    match parts.iter().skip(1).position(|part| *part == "vm") {
        Some(before) => parts[before + 2..].join("/"),
        None => path,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Settings, Error> {
        let map: HashMap<String, String> = pairs.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
        Settings::from_env(&|name| map.get(name).cloned())
    }

    #[test]
    fn packers_names_win_over_govcs() {
        let settings = read(&[
            ("PKR_VAR_vsphere_endpoint", "vc01.example.com"),
            ("GOVC_URL", "https://other/sdk"),
            ("PKR_VAR_vsphere_username", "svc"),
            ("PKR_VAR_vsphere_password", "p"),
            ("PKR_VAR_vsphere_folder", "Templates/"),
        ])
        .unwrap();
        assert_eq!(settings.url.as_str(), "https://vc01.example.com/sdk");
        assert_eq!(settings.folder, "Templates");
        assert!(!settings.insecure);
    }

    #[test]
    fn a_real_vcenter_is_never_taken_for_a_simulated_one() {
        let simulated = |endpoint: &str, pace: &str| {
            let account = [("GOVC_USERNAME", "svc"), ("GOVC_PASSWORD", "p")];
            read(&[account[0], account[1], ("GOVC_URL", endpoint), ("TMPL_SIMULATED", pace)]).unwrap().simulated
        };
        assert_eq!(simulated("http://127.0.0.1:8989", "10"), Some(10.0));
        assert_eq!(simulated("https://vc01.example.com", "10"), None);
        for nonsense in ["", "fast", "-1", "0", "NaN", "inf"] {
            assert_eq!(simulated("http://127.0.0.1:8989", nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn govc_habits_work() {
        let settings = read(&[
            ("GOVC_URL", "https://admin%40vsphere.local:p%2Bw+1@vc:8443/sdk"),
            ("GOVC_INSECURE", "1"),
            ("GOVC_FOLDER", "/DC0/vm/Templates/linux"),
            ("GOVC_DATACENTER", "/DC0"),
        ])
        .unwrap();
        assert_eq!(settings.credentials.username, "admin@vsphere.local");
        assert_eq!(secrecy::ExposeSecret::expose_secret(&settings.credentials.password), "p+w+1");
        assert_eq!((settings.url.as_str(), settings.host().as_str()), ("https://vc:8443/sdk", "vc:8443"));
        assert_eq!((settings.folder.as_str(), settings.datacenter.as_deref()), ("Templates/linux", Some("DC0")));
        assert!(settings.insecure);
    }

    #[test]
    fn a_folder_is_where_packer_and_govc_look_for_it() {
        let account = [("GOVC_URL", "vc"), ("GOVC_USERNAME", "u"), ("GOVC_PASSWORD", "p")];
        let folder = |more: &[(&str, &str)]| read(&[&account, more].concat()).unwrap().folder;
        assert_eq!(folder(&[("PKR_VAR_vsphere_folder", "x/vm/Templates")]), "x/vm/Templates");
        assert_eq!(folder(&[("PKR_VAR_vsphere_folder", "a"), ("GOVC_FOLDER", "/DC0/vm/b")]), "a");
        for (govcs, meant) in [
            ("/DC0/vm/Templates", "Templates"),
            ("DC0/vm/x/vm/Templates", "x/vm/Templates"),
            ("/Europe/DC0/vm/Templates", "Templates"),
            ("/DC0/vm", ""),
            ("./x/vm/Templates", "x/vm/Templates"),
            ("Templates", "Templates"),
        ] {
            assert_eq!(folder(&[("GOVC_FOLDER", govcs)]), meant, "{govcs}");
        }
        let below = [("GOVC_DATACENTER", "/vm/vm/DC0"), ("GOVC_FOLDER", "/vm/vm/DC0/vm/Templates")];
        assert_eq!(folder(&below), "Templates");
    }

    #[test]
    fn what_a_context_lacks_is_named_as_the_context_has_it() {
        let context = [("PKR_VAR_vsphere_endpoint", "vc01"), (OF_CONTEXT, "lab")];
        let error = read(&context).unwrap_err().to_string();
        let wanted = "missing in config.toml: contexts.lab.username or username_env, contexts.lab.password_env or password_command";
        assert!(error.contains(wanted), "{error}");
        let account = [("PKR_VAR_vsphere_username", "u"), ("PKR_VAR_vsphere_password", "p")];
        let settings = read(&[&context[..], &account].concat()).unwrap();
        assert_eq!(settings.source_of("folder"), "contexts.lab.folder in config.toml");
        assert_eq!(read(&[&context[..1], &account].concat()).unwrap().source_of("folder"), "PKR_VAR_vsphere_folder");
    }

    #[test]
    fn everything_missing_is_named_at_once_and_no_value_is() {
        let error = read(&[("GOVC_PASSWORD", "hunter2")]).unwrap_err().to_string();
        assert!(error.contains("PKR_VAR_vsphere_endpoint") && error.contains("PKR_VAR_vsphere_username"), "{error}");
        assert!(!error.contains("PKR_VAR_vsphere_password") && !error.contains("hunter2"), "{error}");
        let account = [("PKR_VAR_vsphere_username", "u"), ("PKR_VAR_vsphere_password", "hunter2")];
        for (name, value) in [
            ("PKR_VAR_vsphere_endpoint", "http://vc.example.com"),
            ("PKR_VAR_vsphere_endpoint", "ftp://vc"),
            ("PKR_VAR_vsphere_endpoint", "https://"),
        ] {
            let error = read(&[(name, value), account[0], account[1]]).unwrap_err().to_string();
            assert!(error.contains("endpoint") && !error.contains("hunter2"), "{error}");
        }
        let settings = read(&[("PKR_VAR_vsphere_endpoint", "http://127.0.0.1:8989"), account[0], account[1]]).unwrap();
        assert!(!format!("{settings:?}").contains("hunter2"));
    }
}
