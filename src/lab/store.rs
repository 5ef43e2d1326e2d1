//! Files on the simulated datastores.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;

use super::fault::Fault;

/// One file. Big ones keep their size alone.
#[derive(Debug, Clone)]
pub struct File {
    /// bytes
    pub size: u64,
    /// its content while small enough to keep
    pub content: Option<Bytes>,
    /// last written
    pub modified: Timestamp,
}

/// Files by `[datastore] path`, and folders made on purpose.
#[derive(Debug, Default)]
pub struct Store {
    files: BTreeMap<String, File>,
    folders: BTreeMap<String, ()>,
}

/// Uploads above this size keep no content.
pub const KEPT: usize = 8 << 20;

/// `[datastore] a/b`, however spaces and slashes were given.
pub fn path(datastore: &str, below: &str) -> String {
    format!("[{datastore}] {}", below.trim_matches('/')).trim_end().to_owned()
}

/// Splits `[datastore] a/b` into datastore and path.
pub fn split(path: &str) -> Option<(&str, &str)> {
    let (datastore, below) = path.trim().strip_prefix('[')?.split_once(']')?;
    let below = below.trim().trim_matches('/');
    Some((datastore, if below == "." { "" } else { below }))
}

fn normal(given: &str) -> String {
    split(given).map_or_else(|| given.to_owned(), |(datastore, below)| path(datastore, below))
}

impl Store {
    /// Writes a file, in place of one that was there.
    pub fn put(&mut self, path: &str, size: u64, content: Option<Bytes>) {
        self.files.insert(normal(path), File { size, content, modified: Timestamp::now() });
    }

    /// The file at this path.
    pub fn get(&self, path: &str) -> Option<&File> {
        self.files.get(&normal(path))
    }

    /// Makes a folder.
    ///
    /// # Errors
    /// `FileAlreadyExists`
    pub fn make_folder(&mut self, path: &str) -> Result<(), Fault> {
        let path = normal(path);
        if self.is_folder(&path) || self.files.contains_key(&path) {
            return Err(Fault::file_exists(&path));
        }
        self.folders.insert(path, ());
        Ok(())
    }

    /// Whether this is a folder; a datastore's root is one.
    pub fn is_folder(&self, path: &str) -> bool {
        let path = normal(path);
        let inside = prefix(&path);
        path.ends_with(']')
            || self.folders.contains_key(&path)
            || self.files.range(inside.clone()..).next().is_some_and(|(file, _)| file.starts_with(&inside))
    }

    /// Removes a file, or a folder with all that is in it.
    ///
    /// # Errors
    /// `FileNotFound`
    pub fn remove(&mut self, path: &str) -> Result<(), Fault> {
        let path = normal(path);
        if self.files.remove(&path).is_some() {
            return Ok(());
        }
        if !self.is_folder(&path) {
            return Err(Fault::file_not_found(&path));
        }
        let inside = prefix(&path);
        self.files.retain(|file, _| !file.starts_with(&inside));
        self.folders.retain(|folder, ()| *folder != path && !folder.starts_with(&inside));
        Ok(())
    }

    /// Moves a file.
    ///
    /// # Errors
    /// `FileNotFound`, or `FileAlreadyExists` unless `force`.
    pub fn rename(&mut self, from: &str, to: &str, force: bool) -> Result<(), Fault> {
        let (from, to) = (normal(from), normal(to));
        if !self.files.contains_key(&from) {
            return Err(Fault::file_not_found(&from));
        }
        if self.files.contains_key(&to) && !force {
            return Err(Fault::file_exists(&to));
        }
        if let Some(file) = self.files.remove(&from) {
            self.files.insert(to, file);
        }
        Ok(())
    }

    /// Names directly in a folder; `None` stands for a folder.
    ///
    /// # Errors
    /// `FileNotFound`
    pub fn list(&self, folder: &str) -> Result<BTreeMap<String, Option<&File>>, Fault> {
        let folder = normal(folder);
        if !self.is_folder(&folder) {
            return Err(Fault::file_not_found(&folder));
        }
        let inside = prefix(&folder);
        let mut found = BTreeMap::new();
        for (path, file) in self.files.range(inside.clone()..).take_while(|(path, _)| path.starts_with(&inside)) {
            match path[inside.len()..].split_once('/') {
                Some((folder, _)) => found.insert(folder.to_owned(), None),
                None => found.insert(path[inside.len()..].to_owned(), Some(file)),
            };
        }
        for folder in self.folders.keys().filter_map(|path| path.strip_prefix(&inside)) {
            found.entry(folder.split('/').next().unwrap_or(folder).to_owned()).or_insert(None);
        }
        Ok(found)
    }
}

/// What the paths of everything inside a folder begin with.
fn prefix(folder: &str) -> String {
    if folder.ends_with(']') { format!("{folder} ") } else { format!("{folder}/") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_exist_through_their_files_and_vanish_with_them() {
        let mut store = Store::default();
        store.put("[ds]iso/linux/a.iso", 5, None);
        store.put("[ds] top", 1, None);
        assert_eq!(store.list("[ds]").unwrap().keys().collect::<Vec<_>>(), ["iso", "top"]);
        assert!(store.list("[ds] iso/").unwrap()["linux"].is_none());
        assert_eq!(store.list("[ds] iso/linux").unwrap()["a.iso"].unwrap().size, 5);
        store.rename("[ds] iso/linux/a.iso", "[ds] b.iso", false).unwrap();
        assert_eq!(store.list("[ds] iso").unwrap_err().name(), "FileNotFound");
        assert_eq!(store.rename("[ds] b.iso", "[ds] top", false).unwrap_err().name(), "FileAlreadyExists");
        store.make_folder("[ds] new").unwrap();
        assert!(store.list("[ds] new").unwrap().is_empty());
        store.remove("[ds] new").unwrap();
        assert!(!store.is_folder("[ds] new"));
    }
}
