//! Methods of datastore browsers and the file manager.

use super::super::effect::Effect;
use super::super::fault::Fault;
use super::super::state::State;
use super::super::store::{self, File};
use super::super::value::{Moref, Object, Value};
use super::vm::queue;
use super::{Answer, Call, nothing};

/// The methods of this file; `None` for any other.
pub fn call(state: &mut State, call: &Call<'_>) -> Option<Result<Answer, Fault>> {
    Some(match call.method {
        "SearchDatastore_Task" | "SearchDatastoreSubFolders_Task" => search(state, call),
        "MoveDatastoreFile_Task" => {
            let effect = Effect::Move {
                from: call.text("sourceName").into(),
                to: call.text("destinationName").into(),
                force: call.arguments.flag("force"),
            };
            on_file(state, call, effect)
        }
        "DeleteDatastoreFile_Task" => {
            let effect = Effect::DeleteFile { path: call.text("name").into() };
            on_file(state, call, effect)
        }
        "MakeDirectory" => state.world.store.make_folder(call.text("name")).map(|()| nothing()),
        _ => return None,
    })
}

fn on_file(state: &mut State, call: &Call<'_>, effect: Effect) -> Result<Answer, Fault> {
    queue(state, call, Moref::new("FileManager", "FileManager"), "FileManager".into(), effect)
}

fn search(state: &mut State, call: &Call<'_>) -> Result<Answer, Fault> {
    let browser = state.world.entity(call.this)?;
    let name = browser.name.clone();
    let datastore = state
        .world
        .named("Datastore", &name)
        .map(|entity| entity.moref.clone())
        .ok_or_else(|| Fault::invalid("datastorePath"))?;
    let folder = call.text("datastorePath").to_owned();
    let patterns = call.arguments.child("searchSpec").map(|spec| spec.texts("matchPattern")).unwrap_or_default();
    let deep = call.method == "SearchDatastoreSubFolders_Task";
    let mut results = Vec::new();
    // As in vCenter, a folder that is not there fails the task, not the call.
    let found = collect(state, &datastore, &folder, &patterns, deep, &mut results);
    let single = results.first().cloned();
    let effect = match found {
        Err(_) => Effect::Missing { path: folder },
        Ok(()) if deep => Effect::Result(Value::List("HostDatastoreBrowserSearchResults", results)),
        Ok(()) => Effect::Result(single.unwrap_or_else(|| Value::from(""))),
    };
    queue(state, call, datastore, name, effect)
}

fn collect(
    state: &State,
    datastore: &Moref,
    folder: &str,
    patterns: &[String],
    deep: bool,
    results: &mut Vec<Value>,
) -> Result<(), Fault> {
    let listed = state.world.store.list(folder)?;
    let files =
        listed.iter().filter(|(name, _)| matches(name, patterns)).map(|(name, file)| info(name, *file)).collect();
    let shown =
        store::split(folder).map_or_else(|| folder.to_owned(), |(datastore, below)| store::path(datastore, below));
    let result = Object::new("HostDatastoreBrowserSearchResults")
        .with("datastore", datastore.clone())
        .with("folderPath", shown.as_str())
        .with("file", Value::List("FileInfo", files));
    results.push(result.into());
    if deep {
        for (name, _) in listed.iter().filter(|(_, file)| file.is_none()) {
            let below = if shown.ends_with(']') { format!("{shown} {name}") } else { format!("{shown}/{name}") };
            collect(state, datastore, &below, patterns, deep, results)?;
        }
    }
    Ok(())
}

fn info(name: &str, file: Option<&File>) -> Value {
    let Some(file) = file else {
        let folder = Object::named("FolderFileInfo").with("path", name);
        return folder.with("fileSize", 0_i64).with("modification", jiff::Timestamp::UNIX_EPOCH).into();
    };
    let ty = match name.rsplit('.').next() {
        Some("iso") => "IsoImageFileInfo",
        Some("vmdk") => "VmDiskFileInfo",
        Some("vmx" | "vmtx") => "VmConfigFileInfo",
        _ => "FileInfo",
    };
    let size = i64::try_from(file.size).unwrap_or(i64::MAX);
    Object::named(ty).with("path", name).with("fileSize", size).with("modification", file.modified).into()
}

/// `*` and `?` patterns; none at all matches everything.
fn matches(name: &str, patterns: &[String]) -> bool {
    patterns.is_empty() || patterns.iter().any(|pattern| glob(pattern.as_bytes(), name.as_bytes()))
}

fn glob(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern.first(), name.first()) {
        (None, None) => true,
        (Some(b'*'), _) => glob(&pattern[1..], name) || (!name.is_empty() && glob(pattern, &name[1..])),
        (Some(b'?'), Some(_)) => glob(&pattern[1..], &name[1..]),
        (Some(wanted), Some(found)) => wanted.eq_ignore_ascii_case(found) && glob(&pattern[1..], &name[1..]),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn patterns() {
        for (pattern, name, fits) in
            [("*", "a", true), ("*.iso", "A.ISO", true), ("a?c", "abc", true), ("a", "ab", false), ("", "a", false)]
        {
            assert_eq!(glob(pattern.as_bytes(), name.as_bytes()), fits, "{pattern} {name}");
        }
    }
}
