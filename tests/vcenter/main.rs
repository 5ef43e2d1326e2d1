//! The conformance suite of the vCenter client: the same tests against VMware's vcsim and against the lab.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../support/proxy.rs"]
#[expect(dead_code, reason = "other tests make other trouble")]
mod proxy;
mod suite;
mod tls;
#[path = "../support/tools.rs"]
mod tools;
#[path = "../support/vcsim.rs"]
mod vcsim;

use std::collections::HashMap;

use proxy::Proxy;
use tmpl::lab::{Lab, Options, Seed};
use tmpl::vcenter::{Client, Settings};
use vcsim::Vcsim;

/// Live and previous template; the third is a running VM.
const LIVE: &str = "linux-debian-12-main";
const PREV: &str = "linux-debian-12-main-prev";
const BUILD: &str = "linux-debian-12-main-build";

/// A server behind a door, whichever it is.
struct Server {
    door: Proxy,
    account: (String, String),
    datacenter: &'static str,
    datastore: &'static str,
    cluster: &'static str,
    kept: Kept,
}

enum Kept {
    #[expect(dead_code, reason = "kept alive, not used")]
    Vcsim(Vcsim),
    Lab(Box<Lab>),
}

async fn vcsim() -> Server {
    let templates = format!("{LIVE},{PREV},{BUILD}=");
    let vcsim = Vcsim::start(&["-templates", &templates, "-boot", "200ms", "-ip", "10.0.8.31", "-ask", BUILD]);
    Server {
        door: Proxy::to(&vcsim.url),
        account: (vcsim::USER.into(), vcsim::PASSWORD.into()),
        datacenter: "DC0",
        datastore: "LocalDS_0",
        cluster: "DC0_C0",
        kept: Kept::Vcsim(vcsim),
    }
}

async fn lab() -> Server {
    let seeds = vec![Seed::template(LIVE, 74), Seed::template(PREV, 242), Seed::vm(BUILD, 1)];
    let options = Options { seeds, speed: 500.0, task_scale: 0.0, patient: true, ..Options::default() };
    let lab = Lab::start(options).await.unwrap();
    let environment: HashMap<_, _> = lab.environment().into_iter().collect();
    Server {
        door: Proxy::to(&lab.url()),
        account: (environment["GOVC_USERNAME"].clone(), environment["GOVC_PASSWORD"].clone()),
        datacenter: tmpl::lab::DATACENTER,
        datastore: tmpl::lab::DATASTORE,
        cluster: tmpl::lab::CLUSTER,
        kept: Kept::Lab(Box::new(lab)),
    }
}

impl Server {
    fn settings(&self) -> Settings {
        self.settings_with(&[])
    }

    fn settings_with(&self, more: &[(&str, &str)]) -> Settings {
        let url = self.door.url();
        let mut environment: HashMap<&str, &str> = HashMap::from([
            ("PKR_VAR_vsphere_endpoint", url.as_str()),
            ("PKR_VAR_vsphere_username", &self.account.0),
            ("PKR_VAR_vsphere_password", &self.account.1),
            ("PKR_VAR_vsphere_datacenter", self.datacenter),
            ("PKR_VAR_vsphere_folder", "Templates"),
        ]);
        environment.extend(more.iter().copied());
        Settings::from_env(&|name| environment.get(name).map(|value| (*value).to_owned())).unwrap()
    }

    /// Asks something about the build VM; vcsim has done so from the start.
    fn ask(&self) {
        if let Kept::Lab(lab) = &self.kept {
            lab.ask(
                BUILD,
                "msg.cdromdisconnect.locked:The guest has locked the door. Disconnect anyway?",
                &["Yes", "No"],
            );
        }
    }

    /// Clones a template with govc.
    async fn clone_of(&self, template: &str, name: &str) {
        let pool = format!("/{}/host/{}/Resources", self.datacenter, self.cluster);
        self.govc(&["vm.clone", "-on=false", "-ds", self.datastore, "-pool", &pool, "-vm", template, name]).await;
    }

    /// Puts a host of the cluster into maintenance mode or takes it out with govc.
    async fn maintain(&self, host: &str, on: bool) {
        let host = format!("/{}/host/{}/{host}", self.datacenter, self.cluster);
        self.govc(&[if on { "host.maintenance.enter" } else { "host.maintenance.exit" }, &host]).await;
    }

    async fn govc(&self, arguments: &[&str]) {
        let mut govc = tokio::process::Command::new(tools::tool("govc"));
        govc.args(arguments).env_clear();
        govc.env("GOVC_URL", self.door.url()).env("GOVC_DATACENTER", self.datacenter).env("HOME", "/nonexistent");
        govc.env("GOVC_USERNAME", &self.account.0).env("GOVC_PASSWORD", &self.account.1).env("GOVC_INSECURE", "true");
        govc.env("GOVC_PERSIST_SESSION", "false");
        let output = govc.output().await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn client(&self) -> Client {
        Client::new(self.settings()).unwrap()
    }
}
