//! The file and line of an ansible task, by its name.

use std::path::{Path, PathBuf};

use super::Place;

/// Folders below the repository that are looked through, how deep, and files.
const DEEPEST: usize = 8;
const MOST_FOLDERS: usize = 2000;
const MOST_BYTES: u64 = 1 << 20;

/// The task that a cause names: `… task “base : Install packages” …`.
pub(super) fn find(repo: &Path, cause: &str) -> Option<Place> {
    let (_, rest) = cause.split_once("task “")?;
    let (title, _) = rest.split_once('”')?;
    let (role, name) = match title.split_once(" : ") {
        Some((role, name)) => (Some(role), name),
        None => (None, title),
    };
    let fits = |path: &Path| {
        let yaml = path.extension().is_some_and(|ending| ending == "yml" || ending == "yaml");
        // `namespace.collection.role` is a role of a collection.
        let of_role = |role: &str| {
            path.components().any(|part| Some(part.as_os_str()) == role.rsplit('.').next().map(AsRef::as_ref))
        };
        yaml && role.is_none_or(of_role)
    };
    let mut folders = vec![(repo.to_owned(), 0)];
    let mut seen = 0;
    while let Some((folder, depth)) = folders.pop() {
        seen += 1;
        if seen > MOST_FOLDERS {
            return None;
        }
        let mut entries: Vec<PathBuf> =
            std::fs::read_dir(&folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())).collect();
        entries.sort();
        for path in entries {
            // Links would be gone round.
            let Ok(meta) = path.symlink_metadata() else { continue };
            let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
            if meta.is_dir() && !hidden && depth < DEEPEST && !path.ends_with("target") {
                folders.push((path, depth + 1));
            } else if meta.is_file()
                && meta.len() <= MOST_BYTES
                && fits(&path)
                && let Some(line) = line_of(&path, name)
            {
                let file = path.strip_prefix(repo).unwrap_or(&path).to_owned();
                return Some(Place { file, line: Some(line), variable: None });
            }
        }
    }
    None
}

/// The line that names the task.
fn line_of(path: &Path, name: &str) -> Option<usize> {
    let text = std::fs::read_to_string(path).ok()?;
    let named = |line: &str| {
        let line = line.trim_start().trim_start_matches("- ").trim_start();
        line.strip_prefix("name:").is_some_and(|value| value.trim().trim_matches(['"', '\'']) == name)
    };
    text.lines().position(named).map(|at| at + 1)
}
