//! The install medium of a line: where its template mounts it from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::assigned::assigned;
use super::discover::is_only;
use super::evaluate::Scope;
use super::template::Template;
use super::{Layout, Line, output, varfiles};

/// An ISO on a datastore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Medium {
    /// the datastore
    pub datastore: String,
    /// its folder there, no slash at either end
    pub folder: String,
    /// its file name
    pub file: String,
    /// the variables with its file name and its folder
    pub names: (String, String),
    /// the file that says so, relative to the repository
    pub source: PathBuf,
}

impl Medium {
    /// What the variables say that `[iso]` of `tmpl.toml` names, in the var-files that packer is given; of a line that was
    /// found in its template, what its source block mounts first.
    ///
    /// # Errors
    /// What is not said, in one line with its file.
    pub fn read(repo: &Path, line: &Line) -> Result<Self, String> {
        // What is wrong with it is said where the lines are read.
        let iso = Layout::load(repo).unwrap_or_default().iso_of(&line.key);
        let files = line.invocation().var_files;
        let names = (iso.file().to_owned(), iso.path().to_owned());
        if line.config.is_empty()
            && let Some(mounted) = Self::mounted(repo, line, &names)
        {
            return Ok(mounted);
        }
        let source = files.last().cloned().unwrap_or_else(|| line.build_dir.clone().into());
        // The line's own file must be there: what all share says nothing of its ISO.
        let own = match files.last() {
            None => String::new(),
            Some(file) => {
                std::fs::read_to_string(repo.join(file)).map_err(|error| format!("{}: {error}", file.display()))?
            }
        };
        let value = |name: &str| {
            let said = varfiles::literal(&own, name).or_else(|| assigned_in(repo, &files, name));
            said.ok_or_else(|| format!("{}: {name} is not assigned", source.display()))
        };
        let (file, folder) = (value(&names.0)?, value(&names.1)?);
        let datastore = Self::datastore(repo, line)?;
        Ok(Self { datastore, folder, file, names, source })
    }

    /// The datastore of its ISO, as the var-files have it.
    ///
    /// # Errors
    /// None says so.
    pub fn datastore(repo: &Path, line: &Line) -> Result<String, String> {
        let iso = Layout::load(repo).unwrap_or_default().iso_of(&line.key);
        let files = line.invocation().var_files;
        if line.config.is_empty()
            && let Some(mounted) = Self::mounted(repo, line, &(iso.file().to_owned(), iso.path().to_owned()))
        {
            return Ok(mounted.datastore);
        }
        let said = assigned_in(repo, &files, iso.datastore()).filter(|name| !name.is_empty());
        // As documented all lines share it.
        let shared = files.iter().find(|file| file.ends_with("common.pkrvars.hcl")).or(files.last());
        let shared = shared.map_or(line.build_dir.as_str().into(), |file| file.to_string_lossy());
        said.ok_or_else(|| format!("{shared} does not assign {}", iso.datastore()))
    }

    /// `[datastore] folder/file.iso`, as its source block has it.
    fn mounted(repo: &Path, line: &Line, names: &(String, String)) -> Option<Self> {
        let invocation = line.invocation();
        let template = Template::read(repo, &invocation.target, &mut Vec::new());
        let wanted =
            |only: &str| invocation.only.is_empty() || invocation.only.iter().any(|asked| is_only(asked, only));
        let (_, block) = template.images().find(|(only, _)| wanted(only))?;
        let get = |name: &str| std::env::var(name).ok();
        let values = assigned(repo, &template, line.build_dir.as_ref(), (&[], &invocation), &get);
        let scope = Scope { template: &template, assigned: values, branch: None, path: BTreeMap::new() };
        let [datastore, folder, file] = output::iso(block, &scope)?;
        Some(Self { datastore, folder, file, names: names.clone(), source: block.file.clone() })
    }
}

/// What the last of these var-files that assigns `name` a text says.
fn assigned_in(repo: &Path, files: &[PathBuf], name: &str) -> Option<String> {
    let text = |file: &PathBuf| std::fs::read_to_string(repo.join(file)).ok();
    files.iter().rev().find_map(|file| varfiles::literal(&text(file)?, name))
}
