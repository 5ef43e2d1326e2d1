//! Staging on VMware's simulator: one pass, resumed where it broke, and never a final name on wrong bytes.

use std::path::Path;
use std::process::{Command, Output};

use sha2::{Digest, Sha256};

use crate::mirror::Server;
use crate::vcsim::{PASSWORD, USER, Vcsim};
use crate::{line, repository};

const FOLDER: &str = "iso/linux/debian/12/amd64";
const FILE: &str = "debian-12.15.0-amd64-netinst.iso";
const AT: &str = "/cdimage/archive/12.15.0/amd64/iso-cd";

struct Desk {
    vcsim: Vcsim,
    mirror: Server,
    repo: assert_fs::TempDir,
    iso: Vec<u8>,
}

fn desk() -> Desk {
    let mirror = Server::start();
    let iso: Vec<u8> = (0..3_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    mirror.put(&format!("{AT}/{FILE}"), iso.clone());
    let hex: String = Sha256::digest(&iso).iter().map(|byte| format!("{byte:02X}")).collect();
    mirror.put(&format!("{AT}/SHA256SUMS"), format!("{hex} *{FILE}\n"));
    let repo = repository(&mirror);
    let common = repo.path().join("ci/config/common.pkrvars.hcl");
    let text = std::fs::read_to_string(&common).unwrap().replace("\"vsanDatastore\"", "\"LocalDS_0\"");
    std::fs::write(common, text).unwrap();
    Desk { vcsim: Vcsim::start(&[]), mirror, repo, iso }
}

impl Desk {
    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tmpl-tui"));
        command
            .env("XDG_STATE_HOME", self.repo.path().join("state"))
            .env("GOVC_URL", &self.vcsim.url)
            .env("GOVC_USERNAME", USER)
            .env("GOVC_PASSWORD", PASSWORD)
            .env("GOVC_FOLDER", "Templates")
            .arg("--repo")
            .arg(self.repo.path())
            .args(["iso", "upload", "debian-12"]);
        command
    }

    fn stage(&self) -> (i32, String) {
        let Output { status, stdout, stderr } = self.command().output().unwrap();
        (status.code().unwrap(), String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned())
    }

    /// Names and sizes in the folder, hidden ones too.
    async fn files(&self) -> Vec<(String, u64)> {
        let settings = tmpl::vcenter::Settings::from_env(&|name| match name {
            "GOVC_URL" => Some(self.vcsim.url.clone()),
            "GOVC_USERNAME" => Some(USER.into()),
            "GOVC_PASSWORD" => Some(PASSWORD.into()),
            _ => None,
        });
        let client = tmpl::vcenter::Client::new(settings.unwrap()).unwrap();
        let files = client.files("LocalDS_0", FOLDER).await.unwrap();
        files.into_iter().map(|file| (file.name, file.size)).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn staged_once_and_skipped_then() {
    let desk = desk();
    assert_eq!(line(desk.repo.path(), "debian-12").iso_datastore_path, FOLDER);
    let (code, said) = desk.stage();
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("DONE debian-12: uploaded and verified"), "{said}");
    assert_eq!(desk.files().await, [(FILE.to_owned(), desk.iso.len() as u64)]);
    let (code, said) = desk.stage();
    assert!(code == 0 && said.contains("SKIP debian-12: present"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_that_breaks_is_taken_up_where_it_broke() {
    let desk = desk();
    desk.mirror.break_after(700_000, 2);
    let (code, said) = desk.stage();
    assert_eq!(code, 0, "{said}");
    assert_eq!(desk.files().await, [(FILE.to_owned(), desk.iso.len() as u64)]);
    let ranges = desk.mirror.ranges();
    assert!(ranges.iter().all(|range| range != "bytes=0-") && !ranges.is_empty(), "{ranges:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_bytes_never_get_the_name() {
    let desk = desk();
    desk.mirror.put(&format!("{AT}/SHA256SUMS"), format!("{} *{FILE}\n", "00".repeat(32)));
    let (code, said) = desk.stage();
    assert_eq!(code, 1, "{said}");
    assert!(said.contains(&"00".repeat(32)) && said.contains("what was uploaded is deleted"), "{said}");
    assert_eq!(desk.files().await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mirror_that_keeps_breaking_fails_the_line_and_the_next_run_finishes() {
    let desk = desk();
    desk.mirror.break_after(1000, 100);
    let (code, said) = desk.stage();
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("ERROR debian-12: "), "{said}");
    assert!(desk.files().await.iter().all(|(name, _)| name != FILE), "{said}");
    desk.mirror.break_after(0, 0);
    let (code, said) = desk.stage();
    assert_eq!(code, 0, "{said}");
    assert_eq!(desk.files().await, [(FILE.to_owned(), desk.iso.len() as u64)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_size_under_the_name_is_never_replaced() {
    let desk = desk();
    desk.stage();
    desk.mirror.put(&format!("{AT}/{FILE}"), vec![1_u8; 10]);
    let (code, said) = desk.stage();
    assert!(code == 1 && said.contains("remove or rename it"), "{said}");
    assert_eq!(desk.files().await, [(FILE.to_owned(), desk.iso.len() as u64)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_is_never_absent() {
    let desk = desk();
    let wrong = desk.command().env("GOVC_PASSWORD", "wrong").output().unwrap();
    let said = String::from_utf8_lossy(&wrong.stdout).into_owned();
    assert!(said.contains("ERROR debian-12: ") && said.contains("refused the password"), "{said}");
    assert_eq!(wrong.status.code(), Some(1));
    let unknown = Command::new(env!("CARGO_BIN_EXE_tmpl-tui"))
        .arg("--repo")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")))
        .args(["iso", "upload", "nope"])
        .output()
        .unwrap();
    assert_eq!(unknown.status.code(), Some(2));
}
