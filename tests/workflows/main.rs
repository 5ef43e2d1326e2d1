//! The shipped workflows, executed: by `act`, on this machine, against the lab and local mirrors. What other people's
//! actions do on GitHub (cache, artifacts, packer) is done by the small ones in `actions/`; everything else is as shipped.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod build;
mod console;
mod included;
mod media;
#[path = "../iso/mirror.rs"]
#[allow(dead_code, clippy::allow_attributes, reason = "the other suite breaks connections, this one does not")]
mod mirror;
mod site;
#[path = "../support/tools.rs"]
mod tools;

use site::{PASSWORD, Ran, Site};
use tmpl::lab::Options;

/// As fast as guests can be without missing their keys.
fn fast() -> Options {
    Options { speed: 200.0, task_scale: 0.0, patient: true, ..Options::default() }
}

impl Ran {
    /// That every job succeeded.
    fn well(self) -> Self {
        assert!(self.succeeded, "{}", self.log);
        self
    }

    /// That a job failed.
    fn badly(self) -> Self {
        assert!(!self.succeeded, "{}", self.log);
        self
    }

    /// Whether a line of the log has all of these.
    fn says(&self, words: &[&str]) -> bool {
        self.log.lines().any(|line| words.iter().all(|word| line.contains(word)))
    }
}

/// That no secret of the build is in anything that a run leaves.
fn nothing_secret(site: &Site, ran: &Ran, artifacts: &[&str]) {
    let lab = site.lab.environment();
    let vcenter = &lab.iter().find(|(name, _)| *name == "PKR_VAR_vsphere_password").unwrap().1;
    for secret in [PASSWORD, vcenter] {
        assert!(!ran.log.contains(secret), "the job's log has {secret}");
        for (name, bytes) in artifacts.iter().flat_map(|name| site.artifact(name).unwrap_or_default()) {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{name} has {secret}");
        }
    }
}

/// Formatting, and every line's configuration.
#[tokio::test(flavor = "multi_thread")]
async fn validate_passes_what_is_shipped_and_stops_what_is_broken() {
    let site = Site::start(&["debian-12"], &[], fast()).await;
    site.run("validate.yml", &["pull_request"]).await.well();
    site.edit("ci/matrix.json", |text| text.replace("linux-debian-12.pkrvars.hcl", "linux-debian-99.pkrvars.hcl"));
    let ran = site.run("validate.yml", &["pull_request"]).await.badly();
    assert!(ran.says(&["linux-debian-99.pkrvars.hcl", "does not exist"]), "{}", ran.log);
}
