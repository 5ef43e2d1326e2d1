//! The options that every verb takes, and what the configuration makes of them.

use std::path::PathBuf;

use tmpl::config::ConfigFile;
use tmpl::vcenter::gate::{Mode, ReadOnly};

/// Options every verb takes.
#[derive(Debug, Clone, clap::Args)]
pub struct Global {
    /// Repository of the pipeline (holds ci/matrix.json)
    #[arg(long, global = true, default_value = ".", value_name = "DIR")]
    pub repo: PathBuf,
    /// --repo was given
    #[arg(skip)]
    pub elsewhere: bool,
    /// The context to work in: a vCenter and a repository of config.toml
    #[arg(long, global = true, value_name = "NAME")]
    pub context: Option<String>,
    /// Change nothing: keys and verbs that change anything are refused
    #[arg(long, global = true)]
    pub read_only: bool,
    /// why nothing may be changed, where the option does not say so
    #[arg(skip)]
    pub closed: Option<ReadOnly>,
    /// why the context that was meant is not opened, where the console opens all the same
    #[arg(skip)]
    pub not_opened: Option<String>,
    /// the user's configuration
    #[arg(skip)]
    pub config: ConfigFile,
}

impl Global {
    /// Whether this call may change anything, and if not, why: the option first, for whoever typed it.
    pub fn mode(&self) -> Mode {
        match self.closed.filter(|_| !self.read_only) {
            Some(why) => Mode::ReadOnly(why),
            None => Mode::asked(self.read_only),
        }
    }
}
