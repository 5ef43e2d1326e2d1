//! `check-iso-updates` and `upload-isos`: a bump is committed and pushed before anything is staged, and staged once.

use sha2::{Digest, Sha256};

use crate::fast;
use crate::site::Site;

const FOLDER: &str = "/cdimage/release/13.7.0/amd64/iso-cd";
const FILE: &str = "debian-13.7.0-amd64-netinst.iso";

/// A mirror on which Debian 13 has a new point release; Rocky's does not know the page that it is asked for.
fn newer(site: &Site) {
    let folders = ["13.6.0", "13.7.0"].map(|name| format!("<a href=\"{name}/\">{name}/</a>\n"));
    site.mirror.put("/cdimage/release/", folders.concat());
    let iso = vec![7_u8; 400_000];
    let digest: String = Sha256::digest(&iso).iter().map(|byte| format!("{byte:02x}")).collect();
    site.mirror.put(&format!("{FOLDER}/SHA256SUMS"), format!("{digest}  {FILE}\n"));
    site.mirror.put(&format!("{FOLDER}/{FILE}"), iso);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bump_is_pushed_and_then_staged_and_a_bad_mirror_fails_the_run_at_its_end() {
    let site = Site::start(&["debian-13", "rocky-9"], &[], fast()).await;
    newer(&site);
    let ran = site.run("check-iso-updates.yml", &["schedule"]).await.badly();
    assert!(ran.says(&["BUMP debian-13:", FILE]), "{}", ran.log);
    assert!(ran.says(&["ERROR rocky-9:"]), "{}", ran.log);
    assert_eq!(site.remote(&["rev-list", "--count", "main"]).trim(), "2", "one commit: {}", ran.log);
    let mut changed: Vec<String> =
        site.remote(&["diff-tree", "--no-commit-id", "--name-only", "-r", "main"]).lines().map(str::to_owned).collect();
    changed.sort();
    assert_eq!(changed, ["ci/config/linux-debian-13.pkrvars.hcl", "ci/matrix.json"]);
    assert_eq!(site.asked(), ["workflow run upload-isos.yml --ref main -f os=debian-13"]);

    // What it dispatched: the checkout is the bumped one.
    let remote = site.path("remote.git");
    let mut pull = std::process::Command::new("git");
    pull.arg("-C").arg(site.path("repo")).args(["pull", "--quiet"]).arg(remote).arg("main");
    assert!(pull.status().unwrap().success());
    let upload = &["workflow_dispatch", "--input", "os=debian-13"];
    let ran = site.run("upload-isos.yml", upload).await.well();
    assert!(ran.says(&["DONE debian-13: uploaded and verified"]), "{}", ran.log);
    let ran = site.run("upload-isos.yml", upload).await.well();
    assert!(ran.says(&["SKIP debian-13: present"]), "{}", ran.log);
}
