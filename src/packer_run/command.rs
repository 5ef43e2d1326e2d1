//! What packer gets: words on its command line for everybody to see, secrets in its environment, and nothing else of ours.

use std::borrow::Cow;
use std::path::Path;
use std::process::Stdio;

use process_wrap::tokio::{ChildWrapper, CommandWrap, ProcessSession};
use secrecy::{ExposeSecret, SecretString};
use tokio::process::Command;

use super::record::create_log;
use super::{BuildError, OnError};
use crate::child::{self, Kind};
use crate::vcenter::Settings;

/// `packer init` downloads plugins from GitHub, whose rate limit for anonymous requests is soon used up. No other command
/// gets the token.
pub(super) fn pass_github_token(command: &mut Command) {
    if let (Ok(token), None) = (std::env::var("GITHUB_TOKEN"), std::env::var_os("PACKER_GITHUB_API_TOKEN")) {
        command.env("PACKER_GITHUB_API_TOKEN", token);
    }
}

/// Runs a command that ignores SIGHUP: packer does not handle the closing of its terminal and would leave its VM. `exec`
/// keeps the process id.
const IGNORE_HANGUP: [&str; 4] = ["sh", "-c", r#"trap "" HUP; exec "$@""#, "sh"];

/// Changes to our own environment that make packer's.
#[derive(Debug, Default)]
pub struct Environment {
    /// variables that are set; what is ours alone is taken away
    pub set: Vec<(String, SecretString)>,
}

impl Environment {
    /// Sets a variable.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.set.push((name.to_owned(), value.into().into()));
    }
}

/// The environment of every packer command, from ours (`get`): temporary files go to `temporary`, and who has govc's
/// variables only need not repeat them under packer's names.
pub fn environment(get: &dyn Fn(&str) -> Option<String>, temporary: &Path) -> Environment {
    let get = |name: &str| get(name).filter(|value| !value.is_empty());
    let mut environment = Environment::default();
    environment.set("TMPDIR", temporary.to_string_lossy());
    if get("CHECKPOINT_DISABLE").is_none() {
        // No call home before every step.
        environment.set("CHECKPOINT_DISABLE", "1");
    }
    let Ok(settings) = Settings::from_env(&get) else { return environment };
    let account = settings.credentials;
    let known = [
        ("endpoint", Some(host_and_port(&settings.url))),
        ("username", Some(account.username)),
        ("password", Some(account.password.expose_secret().to_owned())),
        ("insecure_connection", Some(settings.insecure.to_string())),
        ("datacenter", settings.datacenter),
        ("folder", Some(settings.folder).filter(|folder| !folder.is_empty())),
        ("datastore", settings.datastore),
        ("cluster", get("GOVC_CLUSTER")),
        ("network", get("GOVC_NETWORK")),
    ];
    for (name, value) in known {
        let variable = format!("PKR_VAR_vsphere_{name}");
        if let (None, Some(value)) = (get(&variable), value) {
            environment.set(&variable, value);
        }
    }
    environment
}

/// What packer's plugin wants as the name of the server.
fn host_and_port(url: &url::Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// One packer command about to be run.
#[derive(Debug)]
pub struct PackerCommand<'a> {
    /// packer and its arguments
    pub argv: &'a [String],
    /// where it runs
    pub dir: &'a Path,
    /// as from [`environment`]
    pub environment: &'a Environment,
    /// packer's own log, for the build only
    pub log: Option<&'a Path>,
    /// receives stdout and stderr
    pub output: &'a Path,
    /// `ask` shares our terminal
    pub on_error: OnError,
}

impl PackerCommand<'_> {
    /// Starts it in a session of its own, writing into files: it needs nobody to go on. Dropping the child does not end it.
    ///
    /// # Errors
    /// When the program or a file cannot be had.
    pub fn spawn(&self) -> Result<Box<dyn ChildWrapper>, BuildError> {
        let open = || std::fs::OpenOptions::new().append(true).open(self.output);
        let output = open().map_err(BuildError::file(self.output))?;
        let error = output.try_clone().map_err(BuildError::file(self.output))?;
        let asks = self.on_error == OnError::Ask && self.log.is_some();
        let argv =
            IGNORE_HANGUP.into_iter().filter(|_| asks).chain(self.argv.iter().map(String::as_str)).collect::<Vec<_>>();
        let (program, arguments) = argv.split_first().ok_or_else(|| BuildError::Usage("no command".into()))?;
        let mut command = child::command(Kind::Packer, program);
        command.args(arguments).current_dir(self.dir).stdout(output).stderr(error);
        command.envs(self.environment.set.iter().map(|(name, value)| (name, value.expose_secret())));
        if let Some(log) = self.log {
            create_log(log).map_err(BuildError::file(log))?;
            command.env("PACKER_LOG", "1").env("PACKER_LOG_PATH", log);
        } else if self.argv.get(1).is_some_and(|verb| verb == "init") {
            pass_github_token(&mut command);
        }
        command.stdin(if asks { Stdio::inherit() } else { Stdio::null() });
        let mut command = CommandWrap::from(command);
        if !asks {
            command.wrap(ProcessSession);
        }
        let child = command.spawn().map_err(BuildError::process(format!("cannot start {program}")))?;
        // Packer alone is waited for, not whatever it left in its group: that could take for ever.
        Ok(child.into_inner())
    }
}

/// A command as a shell would take it.
pub fn shell_quoted(argv: &[String]) -> String {
    argv.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return Cow::Borrowed(word);
    }
    Cow::Owned(format!("'{}'", word.replace('\'', r"'\''")))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn of(pairs: &[(&str, &str)]) -> HashMap<String, String> {
        let ours: HashMap<String, String> = pairs.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
        let environment = environment(&|name| ours.get(name).cloned(), Path::new("/tmp/t"));
        environment.set.iter().map(|(k, v)| (k.clone(), v.expose_secret().to_owned())).collect()
    }

    #[test]
    fn govcs_variables_become_packers() {
        let set = of(&[
            ("GOVC_URL", "https://svc%40lab:s3cret@vc01.example.com:8443/sdk"),
            ("GOVC_FOLDER", "/DC0/vm/Templates"),
            ("GOVC_NETWORK", "VM Network"),
            ("PKR_VAR_vsphere_datacenter", "DC9"),
        ]);
        assert_eq!(set["PKR_VAR_vsphere_endpoint"], "vc01.example.com:8443");
        assert_eq!(set["PKR_VAR_vsphere_username"], "svc@lab");
        assert_eq!(set["PKR_VAR_vsphere_password"], "s3cret");
        assert_eq!(set["PKR_VAR_vsphere_folder"], "Templates");
        assert_eq!(set["PKR_VAR_vsphere_network"], "VM Network");
        assert!(!set.contains_key("PKR_VAR_vsphere_datacenter"), "packer has it already");
    }

    #[test]
    fn without_credentials_packer_says_itself_what_is_missing() {
        let set = of(&[("PKR_VAR_vsphere_username", "svc")]);
        assert_eq!(set.keys().filter(|name| name.starts_with("PKR_VAR_")).count(), 0);
        assert_eq!(set["TMPDIR"], "/tmp/t");
    }

    #[test]
    fn no_secret_is_shown() {
        let ours = |name: &str| (name == "GOVC_URL").then(|| "https://svc:s3cret@vc/sdk".to_owned());
        assert!(!format!("{:?}", environment(&ours, Path::new("/tmp"))).contains("s3cret"));
    }

    #[test]
    fn a_shell_reads_back_what_was_quoted() {
        let words = ["a b", "it's", "", "$HOME", "-only=vsphere-iso.x", "`id`", "a\nb"].map(str::to_owned);
        let script = format!("printf '%s\\0' {}", shell_quoted(&words));
        let output = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
        let back: Vec<_> = output.stdout.split(|b| *b == 0).map(|w| String::from_utf8_lossy(w).into_owned()).collect();
        assert_eq!(back[..words.len()], words);
    }
}
