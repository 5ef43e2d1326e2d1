//! Staging on VMware's simulator: one pass, resumed where it broke, and never a final name on wrong bytes.

use std::path::Path;
use std::process::{Command, Output};

use sha2::{Digest, Sha256};
use tmpl::vcenter::datastore::DatastorePath;

use crate::mirror::Server;
use crate::vcsim::{PASSWORD, USER, Vcsim};
use crate::{line, repository};

pub const FOLDER: &str = "iso/linux/debian/12/amd64";
pub const FILE: &str = "debian-12.15.0-amd64-netinst.iso";
pub const AT: &str = "/cdimage/archive/12.15.0/amd64/iso-cd";

pub struct Desk {
    vcsim: Vcsim,
    pub mirror: Server,
    pub repo: assert_fs::TempDir,
    pub iso: Vec<u8>,
}

pub fn desk() -> Desk {
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
    /// `iso upload` with these arguments.
    pub fn upload(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tmpl-tui"));
        command
            .env("XDG_STATE_HOME", self.repo.path().join("state"))
            .env("GOVC_URL", &self.vcsim.url)
            .env("GOVC_USERNAME", USER)
            .env("GOVC_PASSWORD", PASSWORD)
            .env("GOVC_FOLDER", "Templates")
            .arg("--repo")
            .arg(self.repo.path())
            .args(["iso", "upload"])
            .args(arguments);
        command
    }

    pub fn command(&self) -> Command {
        self.upload(&["debian-12"])
    }

    pub fn stage(&self) -> (i32, String) {
        said(&mut self.command())
    }

    pub fn client(&self) -> tmpl::vcenter::Client {
        let settings = tmpl::vcenter::Settings::from_env(&|name| match name {
            "GOVC_URL" => Some(self.vcsim.url.clone()),
            "GOVC_USERNAME" => Some(USER.into()),
            "GOVC_PASSWORD" => Some(PASSWORD.into()),
            _ => None,
        });
        tmpl::vcenter::Client::new(settings.unwrap()).unwrap()
    }

    /// Names and sizes in the folder, hidden ones too.
    pub async fn files(&self) -> Vec<(String, u64)> {
        let files = self.client().files("LocalDS_0", FOLDER).await.unwrap();
        files.into_iter().map(|file| (file.name, file.size)).collect()
    }

    /// What is under the final name.
    pub async fn staged(&self) -> Option<Vec<u8>> {
        let file = DatastorePath { datastore: "LocalDS_0".into(), path: format!("{FOLDER}/{FILE}") };
        match self.client().download(&file).await {
            Ok(response) => Some(response.bytes().await.unwrap().to_vec()),
            Err(tmpl::vcenter::Error::NotFound(_)) => None,
            Err(error) => panic!("{error}"),
        }
    }
}

/// Exit code, and stdout and stderr together.
pub fn said(command: &mut Command) -> (i32, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    (status.code().unwrap(), String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned())
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
async fn the_iso_of_a_line_that_lives_elsewhere_goes_there() {
    let (mut desk, far) = (desk(), Vcsim::start(&[]));
    // The template says what its variables mean.
    let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("packer");
    assert!(Command::new("cp").arg("-r").arg(template).arg(desk.repo.path()).status().unwrap().success());
    let config = desk.repo.path().join("ci/config/linux-debian-12.pkrvars.hcl");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(config, format!("{text}vsphere_endpoint = \"{}\"\n", far.url)).unwrap();
    let (code, said) = desk.stage();
    assert!(code == 0 && said.contains("DONE debian-12: uploaded and verified"), "{said}");
    assert_eq!(desk.files().await, [], "nothing comes to the vCenter of the others");
    desk.vcsim = far;
    assert_eq!(desk.files().await, [(FILE.to_owned(), desk.iso.len() as u64)]);
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
    assert!(said.contains(&"00".repeat(32)) && said.contains("does not get its name"), "{said}");
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
    assert_eq!(wrong.status.code(), Some(2), "credentials");
    assert!(!desk.mirror.asked().iter().any(|asked| asked.starts_with("GET")), "nothing is downloaded in vain");
    let unknown = Command::new(env!("CARGO_BIN_EXE_tmpl-tui"))
        .arg("--repo")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")))
        .args(["iso", "upload", "nope"])
        .output()
        .unwrap();
    assert_eq!(unknown.status.code(), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vcenter_that_is_away_is_no_empty_datastore() {
    let desk = desk();
    let (code, said) = said(desk.command().env("GOVC_URL", "http://127.0.0.1:9/sdk"));
    assert!(code == 1 && said.contains("ERROR debian-12: cannot reach vCenter"), "{said}");
    assert!(!desk.mirror.asked().iter().any(|asked| asked.starts_with("GET")), "nothing is downloaded in vain");
}

#[tokio::test(flavor = "multi_thread")]
async fn read_only_uploads_nothing_and_asks_nobody() {
    let desk = desk();
    let (code, said) = said(desk.command().arg("--read-only"));
    assert!(code == 3 && said.contains("read-only"), "{said}");
    assert_eq!(desk.mirror.asked(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mirror_that_cannot_start_in_the_middle_or_answer_head_still_serves() {
    let desk = desk();
    desk.mirror.plain(true, true);
    desk.mirror.break_after(700_000, 3);
    let (code, said) = desk.stage();
    assert_eq!(code, 0, "{said}");
    assert_eq!(desk.staged().await.as_ref(), Some(&desk.iso));
}

#[tokio::test(flavor = "multi_thread")]
async fn redirects_are_followed() {
    let desk = desk();
    desk.mirror.put("/elsewhere/image", desk.iso.clone());
    desk.mirror.redirect(&format!("{AT}/{FILE}"), "/elsewhere/image");
    let (code, said) = desk.stage();
    assert_eq!(code, 0, "{said}");
    assert_eq!(desk.staged().await.as_ref(), Some(&desk.iso));
    desk.mirror.redirect("/round", "/round");
    let mirror = tmpl::iso::Mirror::new(std::time::Duration::from_secs(20), 1).unwrap();
    let error = mirror.page(&format!("{}/round", desk.mirror.url)).await.unwrap_err().to_string();
    assert!(error.contains("redirects too many times"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_the_mirror_dropped_is_staged_all_the_same() {
    let desk = desk();
    desk.stage();
    desk.mirror.redirect(&format!("{AT}/{FILE}"), "/gone");
    let (code, said) = desk.stage();
    assert!(code == 0 && said.contains("SKIP debian-12: present (") && said.contains("HTTP 404"), "{said}");
}

#[rstest::rstest]
#[case("iso_file", "\"debian-12.15.0-amd64-netinst.iso\"", "\"debian-12.14.0-amd64-netinst.iso\"")]
#[case("iso_datastore_path", "\"iso/linux/debian/12/amd64\"", "\"iso/linux/debian/12\"")]
#[tokio::test(flavor = "multi_thread")]
async fn an_iso_that_the_template_would_not_find_is_not_staged(
    #[case] name: &str,
    #[case] is: &str,
    #[case] other: &str,
) {
    let desk = desk();
    let config = desk.repo.path().join("ci/config/linux-debian-12.pkrvars.hcl");
    let text = std::fs::read_to_string(&config).unwrap();
    assert!(text.contains(is), "{text}");
    std::fs::write(&config, text.replace(is, other)).unwrap();
    let (code, said) = desk.stage();
    assert!(code == 1 && said.contains(name) && said.contains("change both together"), "{said}");
    assert_eq!(desk.files().await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_goes_on_after_a_failing_line_and_sums_up() {
    let desk = desk();
    let output = desk.upload(&["all"]).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(1), "{out}{err}");
    assert!(out.contains("ERROR ubuntu-2404: ") && out.contains("DONE debian-12: "), "{out}");
    assert!(out.contains("MANUAL windows-desktop-11: "), "{out}");
    assert_eq!(err, "1 staged, 0 present, 3 by hand, 5 failed\n");
    assert_eq!(desk.staged().await.as_ref(), Some(&desk.iso));
}

#[tokio::test(flavor = "multi_thread")]
async fn json_says_every_phase_the_bytes_and_the_result() {
    let desk = desk();
    desk.mirror.break_after(700_000, 1);
    let heard = desk.repo.path().join("heard");
    let hook = format!("cat >>{}", heard.display());
    let output = desk.command().arg("--json").env("TMPL_HOOK", hook).output().unwrap();
    let told: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(heard).unwrap()).unwrap();
    assert_eq!((&told["event"], &told["key"]), (&"staged".into(), &"debian-12".into()), "{told}");
    let out = String::from_utf8(output.stdout).unwrap();
    let events: Vec<serde_json::Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |kind: &str| events.iter().filter(|event| event["event"] == kind).cloned().collect::<Vec<_>>();
    let phases: Vec<_> = of("phase").iter().map(|event| event["phase"].as_str().unwrap().to_owned()).collect();
    assert_eq!(phases, ["look", "copy", "rename"]);
    let last = of("progress").pop().unwrap();
    assert_eq!((last["done"].as_u64(), last["size"].as_u64()), (Some(3_000_000), Some(3_000_000)));
    assert!(of("resumed")[0]["done"].as_u64().unwrap() <= 700_000, "{out}");
    let result = &of("result")[0];
    assert_eq!((result["key"].as_str(), result["result"].as_str()), (Some("debian-12"), Some("DONE")));
    assert_eq!(result["sha256"].as_str().unwrap().len(), 64);
    assert_eq!(of("summary")[0]["staged"], 1);
}
