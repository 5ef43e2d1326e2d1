//! What every verb needs: the repository, the state folder, vCenter's settings.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use tmpl::console::Images;
use tmpl::hook::Hook;
use tmpl::ops::{self, Places};
use tmpl::packer_run;
use tmpl::paths::StateDir;
use tmpl::pipeline::{Key, Line, Matrix, MatrixError};
use tmpl::vcenter::gate::Mode;
use tmpl::vcenter::{Client, Place, Settings};

use super::{Global, Stop, output};

/// The options and the environment of this call.
#[derive(Debug)]
pub struct Context {
    /// options before or after the verb
    pub global: Global,
    /// the matrix of the repository, once it was read
    matrix: OnceLock<Matrix>,
    /// who may have a session open
    clients: Mutex<Vec<Client>>,
}

impl Context {
    /// From the parsed options, and the matrix if it was read already.
    pub fn new(global: Global, matrix: Option<Matrix>) -> Self {
        Self { global, matrix: matrix.map(OnceLock::from).unwrap_or_default(), clients: Mutex::default() }
    }

    /// The matrix of the repository; anything wrong with it is exit 2. Read once: every line's template and var-files are
    /// looked at for it.
    pub fn matrix(&self) -> anyhow::Result<&Matrix> {
        if let Some(matrix) = self.matrix.get() {
            return Ok(matrix);
        }
        let matrix = Matrix::load(&self.global.repo).map_err(|error| match self.repository_of_context() {
            Some(place) if no_repository(&error) => {
                Stop::usage(format!("{place} is no repository of a pipeline; correct it: {error}"))
            }
            Some(_) | None => Stop::usage(error),
        })?;
        Ok(self.matrix.get_or_init(|| matrix))
    }

    /// Where the configuration names the repository, when it is the context's: `config.toml:7: contexts.prod.repo`.
    pub fn repository_of_context(&self) -> Option<String> {
        let (file, name) = (&self.global.config, self.global.context.as_ref()?);
        let named = file.config.contexts.get(name)?.repo.as_ref()?;
        let setting = format!("contexts.{name}.repo");
        let line = file.config.written.get(&setting)?.line;
        let shown = file.path.as_deref()?.display();
        (*named == self.global.repo).then(|| format!("{shown}:{line}: {setting}"))
    }

    /// How pictures reach the terminal: as the option says, else the configuration.
    pub fn images(&self, option: Option<Images>) -> Images {
        option.or(self.global.config.config.images).unwrap_or_default()
    }

    /// One line; an unknown key is exit 2.
    pub fn line(&self, key: &str) -> anyhow::Result<Line> {
        self.matrix()?.line(key).cloned().map_err(Stop::usage)
    }

    /// Where state is kept.
    pub fn state(&self) -> anyhow::Result<StateDir> {
        StateDir::from_environment().map_err(Stop::usage)
    }

    /// Where state is kept, after saying which records of a line are left out.
    pub fn records(&self, key: &Key) -> anyhow::Result<StateDir> {
        let state = self.state()?;
        // A folder that cannot be read is told by whoever reads it.
        for odd in packer_run::odd_records(&state, key).unwrap_or_default() {
            let _ = output::note(&odd.to_string());
        }
        Ok(state)
    }

    /// vCenter's settings from the environment and the repository; what is missing is exit 2.
    pub fn settings(&self) -> anyhow::Result<Settings> {
        Settings::of_repository(&self.global.repo).map_err(|error| self.unconnected(&error))
    }

    /// Why vCenter's settings are not known. Where nothing is exported, one of the contexts may have been meant.
    fn unconnected(&self, error: &tmpl::vcenter::Error) -> anyhow::Error {
        let names: Vec<&str> = self.global.config.config.contexts.keys().map(String::as_str).collect();
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let exported = ["PKR_VAR_vsphere_endpoint", "GOVC_URL"].into_iter().any(is_set);
        if names.is_empty() || self.global.context.is_some() || exported {
            return Stop::usage(error);
        }
        Stop::usage(format!("{error}; or choose a context: --context {}", names.join("|")))
    }

    /// Whether there is neither a matrix nor a template here.
    pub fn has_no_lines(&self) -> bool {
        matches!(Matrix::load(&self.global.repo), Err(MatrixError::NoLines { .. }))
    }

    /// A client for vCenter, not logged in yet; [`Context::leave`] logs it out.
    pub fn client(&self) -> anyhow::Result<Client> {
        self.client_at(self.settings()?)
    }

    /// The same for one line, which `tmpl.toml` may build elsewhere.
    pub fn client_of(&self, key: &Key) -> anyhow::Result<Client> {
        self.client_at(Settings::of_line(&self.global.repo, key).map_err(|error| self.unconnected(&error))?)
    }

    /// Where these lines live, with a client for each place.
    pub fn places(&self, lines: &[Line]) -> anyhow::Result<(Places, BTreeMap<Place, Client>)> {
        let main = self.settings();
        let places = Places::read(&self.global.repo, main.as_ref().ok());
        let lived_in = |place: Place| lines.iter().any(|line| places.of(&line.key) == place);
        let mut clients = BTreeMap::new();
        if lived_in(Place::MAIN) {
            clients.insert(Place::MAIN, self.client_at(main?)?);
        }
        for (place, settings) in places.elsewhere().filter(|(place, _)| lived_in(*place)) {
            clients.insert(place, self.client_at(settings.clone())?);
        }
        Ok((places, clients))
    }

    /// The same with these settings.
    fn client_at(&self, settings: Settings) -> anyhow::Result<Client> {
        let client = Client::new(settings).map_err(Stop::usage)?;
        self.clients.lock().unwrap_or_else(PoisonError::into_inner).push(client.clone());
        Ok(client)
    }

    /// Leaves no session behind, however the verb ended: vCenter has room for some hundreds. What the hook is being told it
    /// hears to its end.
    pub async fn leave(&self) {
        let clients = std::mem::take(&mut *self.clients.lock().unwrap_or_else(PoisonError::into_inner));
        for client in clients {
            client.logout().await;
        }
        if let Some(hook) = Hook::shared() {
            hook.finish().await;
            for trouble in hook.troubles() {
                let _ = output::note(&trouble);
            }
        }
    }

    /// Where operations work: this repository, this state folder.
    pub fn ops(&self) -> anyhow::Result<ops::Context> {
        let repo = std::path::absolute(&self.global.repo).map_err(Stop::usage)?;
        Ok(ops::Context { repo, lines: self.matrix()?.lines.clone(), state: self.state()?, mode: self.mode() })
    }

    /// Whether this call may change anything.
    pub fn mode(&self) -> Mode {
        self.global.mode()
    }
}

/// Whether there is no repository of a pipeline at all, rather than one with something wrong in it.
const fn no_repository(error: &MatrixError) -> bool {
    matches!(error, MatrixError::Unreadable { .. } | MatrixError::NoLines { .. } | MatrixError::OldForm { .. })
}
