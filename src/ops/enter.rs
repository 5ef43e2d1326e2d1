//! Making ready to turn to another context.

use std::path::{Path, PathBuf};

use secrecy::ExposeSecret;

use super::Error;
use super::blocking::blocking;
use crate::config::{Context, Entered, Outer};
use crate::pipeline::{Connection, Matrix};
use crate::vcenter::Settings;

/// Asks for what the context needs, and looks whether a console could be opened in it; `repo` is the repository where it
/// names none. Nothing is changed by it.
///
/// # Errors
/// In a line, what is missing or wrong.
pub async fn enter(context: Context, repo: PathBuf) -> Result<Entered, Error> {
    blocking("switching to the context", move || {
        let outer = Outer::of_process();
        let entered = context.enter(&|name| outer.get(name)).map_err(|error| Error::Usage(error.to_string()))?;
        let get = |name: &str| match entered.variables.get(name) {
            Some(value) => value.as_ref().map(|value| value.expose_secret().to_owned()),
            None => outer.get(name),
        };
        let repo: &Path = entered.repo.as_deref().unwrap_or(&repo);
        Matrix::load(repo)?;
        // Who only looks may do so without vCenter.
        if !context.read_only {
            Settings::from_env(&Connection::read(repo, &get).over(&get))?;
        }
        Ok(entered)
    })
    .await
}
