//! What was read from files, for whoever reads them next: opening a repository asks for each template and each var-file
//! several times.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::defect::Defect;
use super::evaluate::Value;
use super::template::Template;

/// How many are kept; when there are more it begins anew.
const MOST: usize = 1000;
/// A file that was written so short a time ago may be written again without looking any different.
const SETTLED: Duration = Duration::from_secs(1);

/// What tells a file from the one that had its name before: device, inode, bytes, and when it changed.
type Stamp = (PathBuf, [u64; 3], [i64; 4]);
/// What was read may say where its parts stand relative to its repository.
type Key = (PathBuf, Vec<Stamp>);

/// Templates, and what is wrong with them.
pub(super) static TEMPLATES: FileCache<(Arc<Template>, Arc<Vec<Defect>>)> = FileCache::new();
/// What var-files give; most are shared by many lines.
pub(super) static VAR_FILES: FileCache<Arc<BTreeMap<String, Value>>> = FileCache::new();

/// What was read, by the files it was read from.
pub(super) struct FileCache<T>(Mutex<BTreeMap<Key, T>>);

impl<T: Clone> FileCache<T> {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }

    /// What these files hold: as it was read when they were what they are now, else as `read` reads it.
    pub(super) fn get(&self, repo: &Path, files: &[PathBuf], read: impl FnOnce() -> T) -> T {
        let stamps: Option<Vec<Stamp>> = files.iter().map(|file| stamp(repo, file)).collect();
        let key: Option<Key> = stamps.map(|stamps| (repo.to_owned(), stamps));
        let kept = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = key.as_ref().and_then(|key| kept().get(key).cloned()) {
            return known;
        }
        let read = read();
        if let Some(key) = key {
            let mut kept = kept();
            if kept.len() >= MOST {
                kept.clear();
            }
            kept.insert(key, read.clone());
        }
        read
    }
}

/// None of a file that is not there, or that may change unnoticed.
fn stamp(repo: &Path, file: &Path) -> Option<Stamp> {
    let path = repo.join(file);
    let it = std::fs::metadata(&path).ok()?;
    let age = SystemTime::now().duration_since(it.modified().ok()?).ok()?;
    let times = [it.mtime(), it.mtime_nsec(), it.ctime(), it.ctime_nsec()];
    (age > SETTLED).then(|| (path, [it.dev(), it.ino(), it.size()], times))
}
