//! Finding the datacenter and the folder of the templates, both in one round trip.

use super::inventory::{collect, moid, of_kind, property, unescape};
use super::session::{CALL_TIMEOUT, Session};
use super::soap::{self, Element};
use super::{Error, Moid, Settings};

const PROPERTIES: &str = "<propSet><type>Folder</type><pathSet>name</pathSet><pathSet>parent</pathSet></propSet>\
    <propSet><type>Datacenter</type><pathSet>name</pathSet><pathSet>parent</pathSet><pathSet>vmFolder</pathSet></propSet>";

/// The datacenter and the folder that the settings mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FolderLocation {
    /// the datacenter
    pub datacenter: Moid,
    /// its path below the root, e.g. `DC0`, or `Europe/DC0` for one in a folder
    pub name: String,
    /// the folder of the templates
    pub folder: Moid,
}

/// The datacenter, by name or because it is the only one, and in it the folder: below its `vm` folder, or that itself.
///
/// `datacenter` may be a path, or the end of one.
pub(super) async fn find(session: &Session, settings: &Settings) -> Result<FolderLocation, Error> {
    let parts: Vec<&str> = settings.folder.split('/').filter(|part| !part.is_empty()).collect();
    let root = session.content().await?.root.clone();
    let found = collect(session, PROPERTIES, &traversal_to_depth(&root, parts.len())).await?;
    let (datacenter, name, top) = select_datacenter(&found, &root, settings)?;
    let below = parts.iter().try_fold(top, |parent, part| child_folder(&found, &parent, part));
    let folder = match below {
        Some(folder) => folder,
        // An account that may not see what lies between may still see the folder.
        None => folder_by_path(session, settings, &name, &parts).await?,
    };
    Ok(FolderLocation { datacenter, name, folder })
}

/// From the root through folders to datacenters, and from their `vm` folders as many levels down as the path has parts.
fn traversal_to_depth(root: &str, levels: usize) -> String {
    let inner = (0..levels).fold(String::new(), |inner, _| traversal_spec("Folder", "childEntity", "", &inner));
    let datacenter = traversal_spec("Datacenter", "vmFolder", "", &inner);
    let folders = traversal_spec(
        "Folder",
        "childEntity",
        "down",
        &format!("<selectSet><name>down</name></selectSet>{datacenter}"),
    );
    format!("<objectSet>{}<skip>false</skip>{folders}</objectSet>", soap::reference("obj", "Folder", root))
}

fn traversal_spec(kind: &str, path: &str, name: &str, inner: &str) -> String {
    let name = if name.is_empty() { String::new() } else { soap::text("name", name) };
    format!(
        "<selectSet xsi:type=\"TraversalSpec\">{name}<type>{kind}</type><path>{path}</path><skip>false</skip>{inner}\
         </selectSet>"
    )
}

/// Id, path and `vm` folder of the datacenter that is meant.
fn select_datacenter(found: &[Element], root: &str, settings: &Settings) -> Result<(Moid, String, Moid), Error> {
    let source = settings.source_of("datacenter");
    let mut all: Vec<_> = of_kind(found, "Datacenter")
        .filter_map(|object| {
            let top = property(object, "vmFolder").map(|value| value.text.clone()).unwrap_or_default();
            Some((moid(object), datacenter_path(found, root, object)?, Moid(top)))
        })
        .collect();
    if let Some(wanted) = &settings.datacenter {
        let wanted = wanted.trim_matches('/');
        let whole = all.iter().any(|(_, path, _)| path == wanted);
        all.retain(|(_, path, _)| path == wanted || !whole && path.ends_with(&format!("/{wanted}")));
        if all.is_empty() {
            return Err(not_visible(format!("datacenter {wanted:?}"), &source));
        }
    }
    match <[_; 1]>::try_from(all) {
        Ok([only]) => Ok(only),
        // Two of one name in different folders: the wrong one's templates would be taken for ours.
        Err(all) => {
            let names = all.into_iter().map(|(_, path, _)| path).collect::<Vec<_>>().join(", ");
            Err(Error::Settings(format!("name one datacenter in {source}; there are: {names}")))
        }
    }
}

/// The path of a datacenter below the root, as far up as its folders may be seen.
fn datacenter_path(found: &[Element], root: &str, datacenter: &Element) -> Option<String> {
    let text = |object: &Element, path: &str| property(object, path).map(|value| value.text.clone());
    let mut names = vec![unescape(&text(datacenter, "name")?)];
    let mut parent = text(datacenter, "parent");
    while let Some(above) = parent.filter(|above| above != root && names.len() < MAX_DEPTH) {
        let Some(folder) = of_kind(found, "Folder").find(|object| moid(object).0 == above) else { break };
        names.push(unescape(&text(folder, "name")?));
        parent = text(folder, "parent");
    }
    names.reverse();
    Some(names.join("/"))
}

/// Folders above a datacenter that are followed.
const MAX_DEPTH: usize = 32;

fn child_folder(found: &[Element], parent: &Moid, name: &str) -> Option<Moid> {
    let matches = |object: &&Element| {
        property(object, "parent").is_some_and(|value| value.text == parent.0)
            && property(object, "name").is_some_and(|value| unescape(&value.text) == name)
    };
    of_kind(found, "Folder").find(matches).map(moid)
}

/// Type and id of what is at an inventory path, if anything is.
pub(super) async fn find_by_path(session: &Session, path: &str) -> Result<Option<(String, Moid)>, Error> {
    let search = session.content().await?.search.clone().unwrap_or_default();
    let arguments = soap::text("inventoryPath", path);
    let answer = session.call("FindByInventoryPath", "SearchIndex", &search, &arguments, CALL_TIMEOUT).await?;
    Ok(answer.child("returnval").map(|found| (found.kind.clone(), Moid(found.text.clone()))))
}

async fn folder_by_path(
    session: &Session,
    settings: &Settings,
    datacenter: &str,
    parts: &[&str],
) -> Result<Moid, Error> {
    let source = settings.source_of("folder");
    let path: String = ["", datacenter, "vm"].iter().chain(parts).copied().collect::<Vec<_>>().join("/");
    match find_by_path(session, &path).await? {
        Some((kind, moid)) if kind == "Folder" => Ok(moid),
        Some((kind, _)) => Err(not_visible(format!("folder {path} (there is a {kind})"), &source)),
        None => Err(not_visible(format!("folder {path}"), &source)),
    }
}

/// Named in the settings and not there, or not for this account to see.
fn not_visible(what: String, source: &str) -> Error {
    Error::Settings(format!("vCenter shows this account no {what}; check {source} and the account's privileges"))
}
