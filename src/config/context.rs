//! A context: a vCenter and its repository under a name. Entering one gives the process the variables that connect it, so
//! that packer, builds that outlive the console and everything else that is started find the same vCenter.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

use crate::child;
use crate::pipeline::OF_CONTEXT;
use crate::pipeline::check::Defect;
use crate::pipeline::layout::Setting;

/// Where a name or a password comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// it stands there; never a password
    Value(String),
    /// a variable holds it
    Variable(String),
    /// a program prints it in its first line
    Command(Vec<String>),
}

/// A context.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the schema says what each is")]
pub struct Context {
    pub name: String,
    pub endpoint: Option<String>,
    pub username: Option<Source>,
    pub password: Option<Source>,
    pub console_username: Option<Source>,
    pub console_password: Option<Source>,
    pub ca_file: Option<PathBuf>,
    pub thumbprint: Option<String>,
    pub datacenter: Option<String>,
    pub folder: Option<String>,
    pub datastore: Option<String>,
    pub repo: Option<PathBuf>,
    pub read_only: bool,
    pub variables: BTreeMap<String, String>,
    /// what is wrong with it; such a context is not entered
    pub defect: Option<Defect>,
}

/// Why a context cannot be entered.
#[derive(Debug, thiserror::Error)]
pub enum ContextError {
    /// there is none of this name
    #[error("there is no context {name:?}; {known}")]
    Unknown {
        /// what was asked for
        name: String,
        /// which there are
        known: String,
    },
    /// it is not written as it should be
    #[error("context {context} is not opened until {} is corrected: {}; {}", place(&defect.file, defect.line), defect.what, defect.remedy)]
    NotOpened {
        /// its name
        context: String,
        /// what is wrong with it
        defect: Box<Defect>,
    },
    /// a variable is not set
    #[error(
        "context {context}: {setting}: the variable {variable} is not set; export it, or name a program that prints it"
    )]
    Missing {
        /// the context
        context: String,
        /// what it was for
        setting: &'static str,
        /// its name
        variable: String,
    },
    /// a program gave nothing
    #[error("context {context}: {setting}: {reason}; run it by hand: {command}")]
    Command {
        /// the context
        context: String,
        /// what it was for
        setting: &'static str,
        /// why
        reason: String,
        /// the program
        command: String,
    },
}

/// What entering a context comes to.
#[derive(Debug, Clone)]
pub struct Entered {
    /// its name
    pub name: String,
    /// its repository
    pub repo: Option<PathBuf>,
    /// variables that the process gets; `None`: it has none of that name
    pub variables: BTreeMap<String, Option<SecretString>>,
}

impl ContextError {
    /// The same where what is wrong is told beside it: `context prod is not opened until config.toml:12 is corrected`.
    pub fn brief(&self) -> String {
        let Self::NotOpened { context, defect } = self else { return self.to_string() };
        let file = Path::new(defect.file.file_name().unwrap_or_default());
        format!("context {context} is not opened until {} is corrected", place(file, defect.line))
    }
}

impl Context {
    /// Which variables make a process one of this context. `get` reads those of the process without any context. Runs
    /// the programs that print passwords, each once. Blocks.
    ///
    /// # Errors
    /// [`ContextError`]
    pub fn enter(&self, get: &dyn Fn(&str) -> Option<String>) -> Result<Entered, ContextError> {
        if let Some(defect) = &self.defect {
            return Err(ContextError::NotOpened { context: self.name.clone(), defect: Box::new(defect.clone()) });
        }
        let mut set = Variables::default();
        let account = |setting, source: &Option<Source>, usual: [&str; 2]| match source {
            Some(source) => self.value(setting, source, get).map(Some),
            None => Ok(usual.into_iter().find_map(get).filter(|value| !value.is_empty()).map(SecretString::from)),
        };
        let username = account("username", &self.username, ["PKR_VAR_vsphere_username", "GOVC_USERNAME"])?;
        let password = account("password", &self.password, ["PKR_VAR_vsphere_password", "GOVC_PASSWORD"])?;
        if self.endpoint.is_some() {
            set.forget_connection();
            set.text(OF_CONTEXT, Some(&self.name));
        }
        if self.endpoint.is_some() || self.username.is_some() {
            set.secret("PKR_VAR_vsphere_username", username);
        }
        if self.endpoint.is_some() || self.password.is_some() {
            set.secret("PKR_VAR_vsphere_password", password);
        }
        set.text("PKR_VAR_vsphere_endpoint", self.endpoint.as_deref());
        set.text("PKR_VAR_vsphere_datacenter", self.datacenter.as_deref());
        set.text("PKR_VAR_vsphere_folder", self.folder.as_deref());
        set.text("PKR_VAR_vsphere_datastore", self.datastore.as_deref());
        set.text("TMPL_CA_FILE", self.ca_file.as_ref().and_then(|path| path.to_str()));
        set.text("TMPL_THUMBPRINT", self.thumbprint.as_deref());
        if let (Some(name), Some(word)) = (&self.console_username, &self.console_password) {
            set.secret("TMPL_CONSOLE_USERNAME", Some(self.value("console_username", name, get)?));
            set.secret("TMPL_CONSOLE_PASSWORD", Some(self.value("console_password", word, get)?));
        }
        self.variables.iter().for_each(|(name, value)| set.text(name, Some(value)));
        Ok(Entered { name: self.name.clone(), repo: self.repo.clone(), variables: set.0 })
    }

    /// Variables that are exported and ignored: vCenter is the context's own, and it names nothing in their place. `get` as
    /// for [`Context::enter`].
    pub fn ignored(&self, get: &dyn Fn(&str) -> Option<String>) -> Vec<&'static str> {
        let groups: [(bool, &[&'static str]); 11] = [
            (self.folder.is_some(), &["PKR_VAR_vsphere_folder", "GOVC_FOLDER"]),
            (self.datacenter.is_some(), &["PKR_VAR_vsphere_datacenter", "GOVC_DATACENTER"]),
            (self.datastore.is_some(), &["PKR_VAR_vsphere_datastore", "GOVC_DATASTORE"]),
            (false, &["PKR_VAR_vsphere_cluster", "GOVC_CLUSTER"]),
            (false, &["PKR_VAR_vsphere_network", "GOVC_NETWORK"]),
            (false, &["PKR_VAR_vsphere_host"]),
            (false, &["PKR_VAR_vsphere_resource_pool"]),
            (false, &["PKR_VAR_vsphere_insecure_connection", "GOVC_INSECURE"]),
            (self.ca_file.is_some(), &["TMPL_CA_FILE", "GOVC_TLS_CA_CERTS"]),
            (self.thumbprint.is_some(), &["TMPL_THUMBPRINT"]),
            (self.console_username.is_some(), &["TMPL_CONSOLE_USERNAME", "TMPL_CONSOLE_PASSWORD"]),
        ];
        let own = |names: &[&str]| names.iter().any(|name| self.variables.contains_key(*name));
        let ignored = groups.into_iter().filter(|(named, names)| self.endpoint.is_some() && !named && !own(names));
        let exported = |name: &&str| get(name).is_some_and(|value| !value.is_empty());
        ignored.flat_map(|(_, names)| names.iter().copied()).filter(exported).collect()
    }

    fn value(
        &self,
        setting: &'static str,
        source: &Source,
        get: &dyn Fn(&str) -> Option<String>,
    ) -> Result<SecretString, ContextError> {
        match source {
            Source::Value(value) => Ok(value.clone().into()),
            Source::Variable(variable) => {
                let value = get(variable).filter(|value| !value.is_empty());
                let missing =
                    || ContextError::Missing { context: self.name.clone(), setting, variable: variable.clone() };
                value.map(SecretString::from).ok_or_else(missing)
            }
            Source::Command(words) => child::credential(words, None).map_err(|reason| ContextError::Command {
                context: self.name.clone(),
                setting,
                reason,
                command: typed(words),
            }),
        }
    }
}

/// A command line as it can be pasted into a shell.
fn typed(words: &[String]) -> String {
    let quoted = shlex::try_join(words.iter().map(String::as_str));
    quoted.unwrap_or_else(|_| words.join(" "))
}

fn place(file: &Path, line: Option<usize>) -> String {
    let file = file.display();
    line.map_or_else(|| file.to_string(), |line| format!("{file}:{line}"))
}

#[derive(Default)]
struct Variables(BTreeMap<String, Option<SecretString>>);

impl Variables {
    fn secret(&mut self, name: &str, value: Option<SecretString>) {
        self.0.insert(name.to_owned(), value);
    }

    fn text(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.secret(name, Some(value.to_owned().into()));
        }
    }

    /// Nothing of another vCenter is taken along.
    fn forget_connection(&mut self) {
        for setting in Setting::ALL {
            self.secret(&format!("PKR_VAR_vsphere_{}", setting.word()), None);
            self.secret(setting.govc(), None);
        }
        for name in [
            "PKR_VAR_vsphere_cluster",
            "PKR_VAR_vsphere_host",
            "PKR_VAR_vsphere_network",
            "PKR_VAR_vsphere_resource_pool",
            "GOVC_CLUSTER",
            "GOVC_NETWORK",
            "GOVC_TLS_CA_CERTS",
            "TMPL_CA_FILE",
            "TMPL_THUMBPRINT",
            "TMPL_CONSOLE_USERNAME",
            "TMPL_CONSOLE_PASSWORD",
        ] {
            self.secret(name, None);
        }
    }
}
