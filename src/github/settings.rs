//! Which repository, as whom, where. From the environment and the checkout's own remote; the token is never a flag.

use std::path::Path;

use secrecy::SecretString;
use url::{Host, Url};

use super::Error;
use crate::child::{self, Kind};
use crate::pipeline::Layout;
use crate::pipeline::layout::Workflows;

/// Where GitHub is when nothing else is said.
const GITHUB: &str = "https://api.github.com";

/// Owner and name of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// user or organisation
    pub owner: String,
    /// its name there
    pub name: String,
}

impl std::fmt::Display for Repository {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

/// Everything needed to talk to GitHub about one repository.
#[derive(Debug, Clone)]
pub struct Settings {
    /// base of the REST API (`GITHUB_API_URL`)
    pub api: Url,
    /// `GITHUB_TOKEN`, else `GH_TOKEN`
    pub token: SecretString,
    /// `GITHUB_REPOSITORY`, else the checkout's remote `origin`
    pub repository: Repository,
    /// what the repository's workflows, jobs and artifacts are called
    pub workflows: Workflows,
}

impl Settings {
    /// Reads the environment through `get`, and the remote of the checkout at `repo` when the environment names no
    /// repository.
    ///
    /// # Errors
    /// [`Error::Settings`] naming what is missing; never the token.
    pub fn from_env(get: &dyn Fn(&str) -> Option<String>, repo: &Path) -> Result<Self, Error> {
        let get = |name: &str| get(name).filter(|value| !value.trim().is_empty());
        let token = get("GITHUB_TOKEN").or_else(|| get("GH_TOKEN"));
        let token = token.ok_or_else(|| {
            Error::Settings(
                "no GITHUB_TOKEN (or GH_TOKEN) in the environment: the pipeline on GitHub cannot be read".into(),
            )
        })?;
        let address = get("GITHUB_API_URL");
        let api = api(address.as_deref().unwrap_or(GITHUB))?;
        let repository = match get("GITHUB_REPOSITORY") {
            Some(text) => slug(&text)
                .ok_or_else(|| Error::Settings(format!("GITHUB_REPOSITORY is {text:?}; it must be OWNER/NAME")))?,
            None => origin(repo, address.is_some())?,
        };
        // What is wrong with it is said where the lines are read.
        let workflows = Layout::load(repo).unwrap_or_default().workflows();
        Ok(Self { api, token: token.trim().to_owned().into(), repository, workflows })
    }
}

/// The token goes along with every request: only over TLS, or to this machine.
fn api(text: &str) -> Result<Url, Error> {
    let wrong = |why: &str| Error::Settings(format!("GITHUB_API_URL {why}"));
    let url = Url::parse(text).map_err(|error| wrong(&format!("is no address: {error}")))?;
    let local = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    match url.scheme() {
        "https" => Ok(url),
        "http" if local => Ok(url),
        _ => Err(wrong("must begin with https://: the token would go over the wire in clear")),
    }
}

/// `owner/name`, both plain: they become part of addresses.
fn slug(text: &str) -> Option<Repository> {
    let (owner, name) = text.trim().split_once('/')?;
    let name = name.strip_suffix(".git").unwrap_or(name);
    let plain = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
    };
    (plain(owner) && plain(name)).then(|| Repository { owner: owner.into(), name: name.into() })
}

/// The repository that `origin` points to. Its host must be GitHub's own, unless the environment says where the API is:
/// the token must not go to whatever host a remote names.
fn origin(repo: &Path, api_is_named: bool) -> Result<Repository, Error> {
    let help = "set GITHUB_REPOSITORY to OWNER/NAME";
    let mut git = child::command(Kind::Git, "git");
    git.arg("-C").arg(repo).args(["remote", "get-url", "origin"]);
    let output = child::output_blocking(git, child::SHORT);
    let output = output.map_err(|error| Error::Settings(format!("git cannot be asked for origin: {error}; {help}")))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let text = text.trim();
    if !output.status.success() || text.is_empty() {
        return Err(Error::Settings(format!("the checkout has no remote origin; {help}")));
    }
    let (host, path) = remote(text).ok_or_else(|| Error::Settings(format!("origin names no repository; {help}")))?;
    if host != "github.com" && !api_is_named {
        let text = format!("origin is on {host}, not on github.com: set GITHUB_API_URL (https://{host}/api/v3)");
        return Err(Error::Settings(text));
    }
    slug(&path).ok_or_else(|| Error::Settings(format!("origin names no repository; {help}")))
}

/// Whether GitHub may have a part in the repository at `repo`: the environment names one, or a remote of the checkout is on
/// a host of that name. Where git cannot be asked about a checkout, it may.
pub fn has_part(get: &dyn Fn(&str) -> Option<String>, repo: &Path) -> bool {
    let named = |name: &str| get(name).is_some_and(|value| !value.trim().is_empty());
    if named("GITHUB_REPOSITORY") || named("GITHUB_API_URL") {
        return true;
    }
    let mut git = child::command(Kind::Git, "git");
    git.arg("-C").arg(repo).args(["remote", "--verbose"]);
    match child::output_blocking(git, child::SHORT) {
        Ok(output) if output.status.success() => {
            let text = String::from_utf8_lossy(&output.stdout);
            let addresses = text.lines().filter_map(|line| line.split_whitespace().nth(1));
            addresses.filter_map(remote).any(|(host, _)| host.contains("github"))
        }
        // No checkout at all, or one that git will not read.
        Ok(_) | Err(_) => repo.join(".git").exists(),
    }
}

/// Host and path of a remote: an address, or `git@host:owner/name.git`.
fn remote(text: &str) -> Option<(String, String)> {
    if let Ok(url) = Url::parse(text)
        && let Some(host) = url.host_str()
    {
        return Some((host.to_lowercase(), url.path().trim_matches('/').to_owned()));
    }
    let (host, path) = text.split_once(':')?;
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    Some((host.to_lowercase(), path.trim_matches('/').to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn read(pairs: &[(&str, &str)]) -> Result<Settings, Error> {
        let get = |name: &str| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Settings::from_env(&get, Path::new("/nonexistent"))
    }

    #[rstest]
    #[case("https://github.com/acme/images.git", "github.com", "acme/images.git")]
    #[case("git@github.com:acme/images.git", "github.com", "acme/images.git")]
    #[case("ssh://git@GitHub.com/acme/images", "github.com", "acme/images")]
    fn remotes_of_all_forms(#[case] text: &str, #[case] host: &str, #[case] path: &str) {
        assert_eq!(remote(text), Some((host.into(), path.into())));
        assert_eq!(slug(path).unwrap().to_string(), "acme/images");
    }

    #[test]
    fn the_token_never_shows_and_never_goes_in_clear() {
        let set = [("GITHUB_TOKEN", "ghp_secret"), ("GITHUB_REPOSITORY", "acme/images")];
        let settings = read(&set).unwrap();
        assert!(!format!("{settings:?}").contains("ghp_secret"));
        assert_eq!(settings.api.as_str(), "https://api.github.com/");
        let error = read(&[set[0], set[1], ("GITHUB_API_URL", "http://github.example.com")]).unwrap_err();
        assert!(error.to_string().contains("https://"), "{error}");
        assert!(read(&[set[0], set[1], ("GITHUB_API_URL", "http://127.0.0.1:1")]).is_ok());
    }

    #[rstest]
    #[case(&[], "no GITHUB_TOKEN")]
    #[case(&[("GH_TOKEN", "x"), ("GITHUB_REPOSITORY", "acme")], "OWNER/NAME")]
    #[case(&[("GH_TOKEN", "x"), ("GITHUB_REPOSITORY", "../x")], "OWNER/NAME")]
    #[case(&[("GH_TOKEN", "x")], "GITHUB_REPOSITORY")]
    fn what_is_missing_is_named(#[case] set: &[(&str, &str)], #[case] what: &str) {
        let error = read(set).unwrap_err().to_string();
        assert!(error.contains(what), "{error}");
    }
}
