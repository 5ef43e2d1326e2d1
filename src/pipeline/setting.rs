//! The settings of the connection to vCenter, and where `tmpl.toml` says they come from.

use serde::Deserialize;

/// A setting of the connection to vCenter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    /// host or address
    Endpoint,
    /// account of builds
    Username,
    /// its password
    Password,
    /// whether any certificate is accepted
    InsecureConnection,
    /// datacenter
    Datacenter,
    /// folder of the templates
    Folder,
    /// datastore of builds
    Datastore,
}

impl Setting {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Endpoint,
        Self::Username,
        Self::Password,
        Self::InsecureConnection,
        Self::Datacenter,
        Self::Folder,
        Self::Datastore,
    ];

    /// Its name in `tmpl.toml` and, behind `vsphere_`, as a variable of the documented templates.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Endpoint => "endpoint",
            Self::Username => "username",
            Self::Password => "password",
            Self::InsecureConnection => "insecure_connection",
            Self::Datacenter => "datacenter",
            Self::Folder => "folder",
            Self::Datastore => "datastore",
        }
    }

    /// govc's variable for it.
    pub const fn govc(self) -> &'static str {
        match self {
            Self::Endpoint => "GOVC_URL",
            Self::Username => "GOVC_USERNAME",
            Self::Password => "GOVC_PASSWORD",
            Self::InsecureConnection => "GOVC_INSECURE",
            Self::Datacenter => "GOVC_DATACENTER",
            Self::Folder => "GOVC_FOLDER",
            Self::Datastore => "GOVC_DATASTORE",
        }
    }

    /// The argument of a source block that says it.
    pub const fn argument(self) -> &'static str {
        match self {
            Self::Endpoint => "vcenter_server",
            other => other.word(),
        }
    }
}

/// Where a setting comes from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Origin {
    /// a variable of the templates: its `PKR_VAR_*`, else what a var-file assigns
    Variable(String),
    /// a variable of the environment
    Environment(EnvironmentOrigin),
    /// the output of a command; run only where `TMPL_SECRET_COMMANDS=1` allows it
    Command(CommandOrigin),
}

/// `{ env = "VCENTER_PASSWORD" }`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvironmentOrigin {
    /// its name
    pub env: String,
}

/// `{ command = ["vault", "kv", "get", …] }`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandOrigin {
    /// program and arguments; no shell
    pub command: Vec<String>,
}
