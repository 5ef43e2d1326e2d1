//! Install media: what mirrors offer, bumps, staging; against a local mirror with the real mirrors' kinds of pages, and
//! VMware's simulator as datastore.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod check;
mod killed;
mod mirror;
mod stage;
#[path = "../support/tools.rs"]
mod tools;
#[path = "../support/vcsim.rs"]
mod vcsim;

use std::path::Path;

use assert_fs::TempDir;
use tmpl::pipeline::{Line, Matrix};

use mirror::Server;

/// A repository whose six Linux lines point to the local mirror.
fn repository(server: &Server) -> TempDir {
    let dir = TempDir::new().unwrap();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("ci");
    std::fs::create_dir_all(dir.path().join("ci/config")).unwrap();
    for entry in std::fs::read_dir(from.join("config")).unwrap().map(Result::unwrap) {
        std::fs::copy(entry.path(), dir.path().join("ci/config").join(entry.file_name())).unwrap();
    }
    let matrix = std::fs::read_to_string(from.join("matrix.json")).unwrap();
    let hosts = ["releases.ubuntu.com", "cdimage.debian.org", "download.rockylinux.org", "repo.almalinux.org"];
    let matrix = hosts.iter().fold(matrix, |text, host| text.replace(&format!("https://{host}"), &server.url));
    std::fs::write(dir.path().join("ci/matrix.json"), matrix).unwrap();
    dir
}

fn line(repo: &Path, key: &str) -> Line {
    Matrix::load(repo).unwrap().line(key).unwrap().clone()
}
