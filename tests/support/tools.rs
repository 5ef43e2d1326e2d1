//! Programs the tests run that are not part of the package: `ci/tools` puts them into `target/tools/bin`.

use std::path::PathBuf;

/// Path of a tool; a missing one fails the test and says how to get it.
pub fn tool(name: &str) -> PathBuf {
    let folder = std::env::var_os("TMPL_TOOLS")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/tools/bin"), PathBuf::from);
    let path = folder.join(name);
    assert!(path.exists(), "{} is missing; run ./ci/tools", path.display());
    path
}
