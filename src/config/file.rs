//! The file: where it is, whether it may be trusted, what is wrong with it.

use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;
use toml::de::DeTable;

use super::read::Reader;
use super::{Config, schema};
use crate::pipeline::check::Defect;

/// A larger one is none of a person's.
const LARGEST: u64 = 1 << 20;

/// Where it is: `$XDG_CONFIG_HOME/tmpl-tui/config.toml`, or below `~/.config`; `None` without a home.
pub fn path() -> Option<PathBuf> {
    // By the XDG specification a relative path counts as none.
    let named = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = named.or_else(|| std::env::home_dir().map(|home| home.join(".config")))?;
    Some(folder.join("tmpl-tui/config.toml"))
}

/// The file as it was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConfigFile {
    /// where it is, or would be
    pub path: Option<PathBuf>,
    /// what holds
    pub config: Config,
    /// what is wrong with it, in the order of its lines
    pub defects: Vec<Defect>,
    /// it cannot be read as a whole: which context is meant is not known
    pub broken: bool,
}

impl ConfigFile {
    /// Reads the user's own; one that is not there says nothing.
    pub fn load() -> Self {
        path().map_or_else(Self::default, |path| Self::read(&path))
    }

    /// Reads one.
    pub fn read(path: &Path) -> Self {
        match text(path) {
            Ok(Some(text)) => Self::parse(path, &text),
            Ok(None) => Self { path: Some(path.to_owned()), ..Self::default() },
            Err((what, remedy)) => {
                let defect = Defect::new(path.to_owned(), None, what, remedy);
                Self { path: Some(path.to_owned()), defects: vec![defect], broken: true, ..Self::default() }
            }
        }
    }

    /// Reads this text as if it stood in `path`.
    pub fn parse(path: &Path, text: &str) -> Self {
        let mut reader = Reader::new(path, text);
        let config = match DeTable::parse(text) {
            Ok(table) => reader.config(table.get_ref()),
            Err(error) => {
                let at = error.span().unwrap_or_default();
                reader.refuse(at.start, format!("not TOML: {}", not_toml(text, &error)), "correct it");
                let defects = reader.finish();
                return Self { path: Some(path.to_owned()), defects, broken: true, ..Self::default() };
            }
        };
        Self { path: Some(path.to_owned()), config, defects: reader.finish(), broken: false }
    }

    /// What is wrong, a line each.
    pub fn told(&self) -> Vec<String> {
        self.defects.iter().map(ToString::to_string).collect()
    }
}

/// What keeps it from being TOML: which key is there twice, or in which column it goes wrong. Not the text itself: it may be
/// a password that stands in the wrong place.
fn not_toml(text: &str, error: &toml::de::Error) -> String {
    let what = error.message().split_whitespace().collect::<Vec<_>>().join(" ");
    let at = error.span().unwrap_or_default();
    let key = text.get(at.clone()).filter(|_| what == "duplicate key");
    if let Some(key) = key.filter(|key| schema::knows(key)) {
        return format!("{what} {key}");
    }
    let before = text.get(..at.start).unwrap_or_default();
    let line_begins = before.rfind('\n').map_or(0, |end| end + 1);
    let line = text.get(line_begins..).and_then(|rest| rest.lines().next()).unwrap_or_default().trim();
    // The name of a table is none of the values.
    if what == "duplicate key" && line.starts_with('[') && line.ends_with(']') && !line.contains(['=', '"', '\'']) {
        return format!("{line} is there twice");
    }
    let column = text.get(line_begins..at.start).unwrap_or_default().chars().count() + 1;
    format!("column {column}: {what}")
}

/// Its text; `None` where there is no file. It names programs that are run, so nobody else may write it.
fn text(path: &Path) -> Result<Option<String>, (String, String)> {
    let found = match std::fs::metadata(path) {
        Ok(found) => found,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err((format!("cannot be read: {error}"), "make it readable or remove it".into())),
    };
    let (mode, us, shown) = (found.permissions().mode() & 0o777, geteuid().as_raw(), path.display());
    if mode & 0o022 != 0 {
        return Err((format!("others may write it (mode {mode:04o})"), format!("chmod go-w {shown}")));
    }
    if us != 0 && ![0, us].contains(&found.uid()) {
        return Err(("it belongs to another user".into(), "set XDG_CONFIG_HOME".into()));
    }
    if found.len() > LARGEST || !found.is_file() {
        return Err(("is no configuration file".into(), "write one by hand, or remove it".into()));
    }
    let read = std::fs::read_to_string(path);
    read.map(Some).map_err(|error| (format!("cannot be read: {error}"), "save it as UTF-8, readable by you".into()))
}
