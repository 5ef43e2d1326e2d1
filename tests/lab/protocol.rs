//! What govc does not show: expiry, lost connections, missing privileges, waiting for changes.

use std::time::Duration;

use tmpl::lab::{Account, Lab, Options, Seed, Trouble};

use super::{BASE, lab, quick};

/// A SOAP client of the test's own: cookie in, text out.
struct Wire {
    http: reqwest::Client,
    url: String,
    cookie: String,
}

impl Wire {
    async fn login(lab: &Lab) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut wire = Self { http, url: lab.url(), cookie: String::new() };
        let login = "<userName>svc-packer@lab.internal</userName><password>lab-password</password>";
        let response = wire.send("Login", "SessionManager", login).await.unwrap();
        let cookie = response.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        assert!(cookie.starts_with("vmware_soap_session="), "{cookie}");
        wire.cookie = cookie;
        wire
    }

    async fn send(&self, method: &str, this: &str, arguments: &str) -> reqwest::Result<reqwest::Response> {
        let body = format!(
            "<Envelope xmlns=\"http://schemas.xmlsoap.org/soap/envelope/\"><Body><{method} xmlns=\"urn:vim25\">\
             <_this type=\"x\">{this}</_this>{arguments}</{method}></Body></Envelope>"
        );
        self.http.post(&self.url).header("Cookie", &self.cookie).body(body).send().await
    }

    async fn call(&self, method: &str, this: &str, arguments: &str) -> String {
        self.send(method, this, arguments).await.unwrap().text().await.unwrap()
    }

    /// A filter over the names and power states of all VMs.
    async fn filter(&self) {
        let view = self
            .call(
                "CreateContainerView",
                "ViewManager",
                "<container type=\"Folder\">group-v7</container><type>VirtualMachine</type><recursive>true</recursive>",
            )
            .await;
        let view =
            view.split("<returnval type=\"ContainerView\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
        let spec = format!(
            "<spec><propSet><type>VirtualMachine</type><pathSet>name</pathSet><pathSet>runtime.powerState</pathSet></propSet>\
             <objectSet><obj type=\"ContainerView\">{view}</obj><skip>true</skip>\
             <selectSet xsi:type=\"TraversalSpec\" xmlns:xsi=\"x\"><type>ContainerView</type><path>view</path><skip>false</skip></selectSet>\
             </objectSet></spec><partialUpdates>false</partialUpdates>"
        );
        let made = self.call("CreateFilter", "propertyCollector", &spec).await;
        assert!(made.contains("PropertyFilter"), "{made}");
    }

    async fn wait(&self, version: &str, seconds: u64) -> String {
        let arguments =
            format!("<version>{version}</version><options><maxWaitSeconds>{seconds}</maxWaitSeconds></options>");
        self.call("WaitForUpdatesEx", "propertyCollector", &arguments).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_is_answered_when_something_changes_and_not_before() {
    let lab = lab(quick()).await;
    let wire = Wire::login(&lab).await;
    wire.filter().await;
    let first = wire.wait("", 10).await;
    assert_eq!(first.matches("<kind>enter</kind>").count(), 2, "{first}");
    assert!(first.contains("<version>1</version>"));

    let nothing = wire.wait("1", 0).await;
    assert!(!nothing.contains("<filterSet>"), "{nothing}");

    let (changed, id) = tokio::join!(wire.wait("1", 600), async {
        // The wait is under way once the lab has seen its call.
        super::until("the wait", || lab.calls().iter().filter(|call| *call == "WaitForUpdatesEx").count() == 3).await;
        lab.add(&Seed::vm("linux-debian-12-main-build", 0))
    });
    assert!(changed.contains("<kind>enter</kind>") && changed.contains(&id), "{changed}");

    lab.power(&id, true).unwrap();
    let changed = wire.wait("2", 600).await;
    assert!(
        changed.contains("<kind>modify</kind>")
            && changed.contains("poweredOn")
            && !changed.contains("<name>name</name>"),
        "{changed}"
    );

    lab.power(&id, false).unwrap();
    wire.wait("3", 600).await;
    wire.call("Destroy_Task", &id, "").await;
    let gone = wire.wait("4", 600).await;
    assert!(gone.contains("<kind>leave</kind>"), "{gone}");
    assert!(wire.wait("2", 0).await.contains("InvalidCollectorVersion"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_session_is_told_so_even_while_it_waits() {
    let lab = lab(quick()).await;
    let wire = Wire::login(&lab).await;
    wire.filter().await;
    wire.wait("", 10).await;
    let (told, ()) = tokio::join!(wire.wait("1", 600), async {
        super::until("the wait", || lab.calls().iter().filter(|call| *call == "WaitForUpdatesEx").count() == 2).await;
        lab.expire_sessions();
    });
    assert!(told.contains("NotAuthenticatedFault"), "{told}");
    assert!(wire.call("CurrentTime", "ServiceInstance", "").await.contains("NotAuthenticatedFault"));
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_break_when_told_to_and_when_the_lab_stops() {
    let lab = lab(quick()).await;
    let wire = Wire::login(&lab).await;
    lab.trouble("CurrentTime", 2, Trouble::CutBefore);
    assert!(wire.call("CurrentTime", "ServiceInstance", "").await.contains("returnval"));
    assert!(wire.send("CurrentTime", "ServiceInstance", "").await.is_err());
    assert!(wire.call("CurrentTime", "ServiceInstance", "").await.contains("returnval"));

    lab.trouble("MarkAsTemplate", 1, Trouble::CutAfter);
    let id = lab.add(&Seed::vm("linux-debian-12-main-build", 0));
    assert!(wire.send("MarkAsTemplate", &id, "").await.is_err());
    assert!(
        lab.inventory().into_iter().any(|(name, _, template)| name.ends_with("-build") && template),
        "it was done all the same"
    );

    wire.filter().await;
    wire.wait("", 10).await;
    let (waiting, ()) =
        tokio::join!(wire.send("WaitForUpdatesEx", "propertyCollector", "<version>1</version>"), async {
            super::until("the wait", || lab.calls().iter().filter(|call| *call == "WaitForUpdatesEx").count() == 2)
                .await;
            lab.stop().await;
        });
    assert!(waiting.is_err());
    assert!(wire.send("CurrentTime", "ServiceInstance", "").await.is_err());
    lab.resume().await.unwrap();
    assert!(
        wire.call("CurrentTime", "ServiceInstance", "").await.contains("returnval"),
        "the session outlived the stop"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_privilege_is_named() {
    let account = Account::new("svc-packer@lab.internal", "lab-password")
        .without(&["VirtualMachine.Config.Rename", "VirtualMachine.Interact.ConsoleInteract"]);
    let lab = lab(Options { accounts: vec![account], ..quick() }).await;
    let wire = Wire::login(&lab).await;
    let id = lab.inventory()[0].1.clone();
    let refused = wire.call("Rename_Task", &id, "<newName>x</newName>").await;
    assert!(refused.contains("<privilegeId>VirtualMachine.Config.Rename</privilegeId>"), "{refused}");
    let asked = format!(
        "<entity type=\"VirtualMachine\">{id}</entity><sessionId>x</sessionId><privId>VirtualMachine.Config.Rename</privId><privId>VirtualMachine.Inventory.Delete</privId>"
    );
    let granted = wire.call("HasPrivilegeOnEntities", "AuthorizationManager", &asked).await;
    assert!(granted.contains("<privId>VirtualMachine.Config.Rename</privId><isGranted>false</isGranted>"), "{granted}");
    assert!(
        granted.contains("<privId>VirtualMachine.Inventory.Delete</privId><isGranted>true</isGranted>"),
        "{granted}"
    );
    lab.power(&id, true).unwrap_err();
    let screen = wire
        .http
        .get(lab.url().replace("/sdk", &format!("/screen?id={id}")))
        .header("Cookie", &wire.cookie)
        .send()
        .await
        .unwrap();
    assert_eq!(screen.status(), 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_picture_is_scaled_and_cut_on_the_server() {
    let lab = lab(quick()).await;
    let wire = Wire::login(&lab).await;
    let id = lab.add(&Seed::vm(format!("{BASE}-build"), 0));
    lab.power(&id, true).unwrap();
    lab.advance(Duration::from_secs(8));
    let get = async |query: &str| {
        let url = lab.url().replace("/sdk", &format!("/screen?id={id}{query}"));
        let bytes = wire.http.get(url).header("Cookie", &wire.cookie).send().await.unwrap().bytes().await.unwrap();
        let picture = image::load_from_memory(&bytes).unwrap();
        (picture.width(), picture.height())
    };
    assert_eq!(get("").await, (800, 600));
    assert_eq!(get("&width=400").await, (400, 300));
    assert_eq!(get("&left=10&top=20&right=110&bottom=70").await, (100, 50));
    let without = wire.http.get(lab.url().replace("/sdk", &format!("/screen?id={id}"))).send().await.unwrap();
    assert_eq!(without.status(), 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_take_lab_time_and_report_progress() {
    let lab = lab(Options { task_scale: 1000.0, ..Options::default() }).await;
    let wire = Wire::login(&lab).await;
    let id = lab.inventory()[0].1.clone();
    let task = wire.call("Rename_Task", &id, "<newName>new</newName>").await;
    let task = task.split("<returnval type=\"Task\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let info = async || {
        let spec = format!(
            "<specSet><propSet><type>Task</type><pathSet>info</pathSet></propSet><objectSet><obj type=\"Task\">{task}</obj></objectSet></specSet><options/>"
        );
        wire.call("RetrievePropertiesEx", "propertyCollector", &spec).await
    };
    lab.advance(Duration::from_secs(260));
    let half = info().await;
    assert!(half.contains(">running<") && half.contains("<progress>50</progress>"), "{half}");
    lab.advance(Duration::from_secs(260));
    let done = info().await;
    assert!(done.contains(">success<"), "{done}");
    assert!(lab.inventory().iter().any(|(name, ..)| name == "new"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_that_is_being_cloned_can_be_told() {
    let lab = lab(Options::default()).await;
    let settings = lab.settings().unwrap();
    let client = tmpl::vcenter::Client::new(settings).unwrap();
    let vms = client.vms().await.unwrap();
    let ids: Vec<_> = vms.iter().map(|vm| vm.moid.clone()).collect();
    assert_eq!(client.being_cloned(&ids).await.unwrap(), []);
    let wire = Wire::login(&lab).await;
    wire.call("CloneVM_Task", &ids[0].0, "<folder type=\"Folder\">group-v7</folder><name>clone</name><spec/>").await;
    assert_eq!(client.being_cloned(&ids).await.unwrap(), ids[..1]);
    lab.advance(Duration::from_secs(100));
    assert_eq!(client.being_cloned(&ids).await.unwrap(), []);
    assert!(lab.inventory().iter().any(|(name, ..)| name == "clone"));
}

#[tokio::test(flavor = "multi_thread")]
async fn long_answers_come_in_pages() {
    let lab = lab(quick()).await;
    for number in 0..7 {
        lab.add(&Seed::vm(format!("other-{number}"), 0));
    }
    let wire = Wire::login(&lab).await;
    let spec = "<specSet><propSet><type>VirtualMachine</type><pathSet>name</pathSet></propSet><objectSet><obj type=\"Folder\">group-v7</obj>\
                <skip>true</skip><selectSet><name>in</name><type>Folder</type><path>childEntity</path></selectSet></objectSet></specSet>\
                <options><maxObjects>4</maxObjects></options>";
    let mut answer = wire.call("RetrievePropertiesEx", "propertyCollector", spec).await;
    let mut sizes = Vec::new();
    loop {
        sizes.push(answer.matches("<objects>").count());
        let Some(rest) = answer.split("<token>").nth(1) else { break };
        let token = rest.split('<').next().unwrap().to_owned();
        answer =
            wire.call("ContinueRetrievePropertiesEx", "propertyCollector", &format!("<token>{token}</token>")).await;
    }
    assert_eq!(sizes, [4, 4, 1]);
}
