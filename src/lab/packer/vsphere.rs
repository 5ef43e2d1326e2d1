//! The few calls a build makes, over the same protocol as the real plugin.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::super::node::Node;
use crate::tls;

/// A session with the lab.
#[derive(Debug)]
pub struct Vsphere {
    http: reqwest::Client,
    url: Url,
    cookie: String,
}

/// A task is asked after this often.
const POLL: Duration = Duration::from_millis(50);

impl Vsphere {
    /// Logs in to a lab.
    ///
    /// # Errors
    /// packer's own words, or a refusal when this is no lab.
    pub async fn login(endpoint: &str, user: &str, password: &SecretString) -> Result<Self, String> {
        let url = lab_url(endpoint)?;
        // It talks to this machine alone; a bare Debian has no authorities, and the demo's builds work there, too.
        let tls = tls::config(&tls::Trust::Anything, None).map_err(|error| error.to_string())?;
        let http = reqwest::Client::builder().use_preconfigured_tls(tls).no_proxy().build();
        let http = http.map_err(|error| error.to_string())?;
        let mut session = Self { http, url, cookie: String::new() };
        let content = session.call("RetrieveServiceContent", "ServiceInstance", "ServiceInstance", "").await?;
        let about = content.at("returnval/about/fullName").map_or("", |name| name.text.as_str());
        if !about.contains("(simulated vCenter)") {
            return Err("the simulated packer builds in a lab only, and this vCenter is none".into());
        }
        let login =
            format!("<userName>{}</userName><password>{}</password>", text(user), text(password.expose_secret()));
        session.call("Login", "SessionManager", "SessionManager", &login).await?;
        Ok(session)
    }

    /// Calls a method with its arguments as XML.
    ///
    /// # Errors
    /// `ServerFaultCode: …`, or what packer says when the connection fails.
    pub async fn call(&mut self, method: &str, kind: &str, id: &str, arguments: &str) -> Result<Node, String> {
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Envelope xmlns=\"http://schemas.xmlsoap.org/soap/envelope/\" \
             xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><Body><{method} xmlns=\"urn:vim25\"><_this type=\"{kind}\">{}</_this>\
             {arguments}</{method}></Body></Envelope>",
            text(id)
        );
        let request = self.http.post(self.url.clone()).header("Content-Type", "text/xml; charset=\"utf-8\"");
        let sent = request.header("Cookie", self.cookie.as_str()).body(body).send().await;
        let response = sent.map_err(|error| self.unreachable(&error))?;
        if let Some(set) = response.headers().get("Set-Cookie").and_then(|value| value.to_str().ok()) {
            self.cookie = set.split(';').next().unwrap_or_default().to_owned();
        }
        let answer = response.text().await.map_err(|error| self.unreachable(&error))?;
        let root = Node::parse(&answer)?;
        let inside = root.child("Body").and_then(|body| body.children.first().cloned()).unwrap_or_default();
        if inside.name == "Fault" {
            return Err(format!("ServerFaultCode: {}", inside.text_of("faultstring")));
        }
        Ok(inside)
    }

    fn unreachable(&self, error: &reqwest::Error) -> String {
        let host = self.url.host_str().unwrap_or_default();
        let address = format!("{host}:{}", self.url.port_or_known_default().unwrap_or(443));
        if error.is_connect() {
            return format!("Post {:?}: dial tcp {address}: connect: connection refused", self.url.as_str());
        }
        format!("Post {:?}: EOF", self.url.as_str())
    }

    /// Calls a method that makes a task, and waits for the task.
    ///
    /// # Errors
    /// The call's or the task's.
    pub async fn task(&mut self, method: &str, kind: &str, id: &str, arguments: &str) -> Result<String, String> {
        let answer = self.call(method, kind, id, arguments).await?;
        let task = answer.text_of("returnval").to_owned();
        loop {
            let state = self.property("Task", &task, "info").await?.unwrap_or_default();
            match state.text_of("state") {
                "success" => return Ok(state.text_of("result").to_owned()),
                "error" => {
                    return Err(state
                        .at("error/localizedMessage")
                        .map_or("task failed", |text| text.text.as_str())
                        .to_owned());
                }
                _ => tokio::time::sleep(POLL).await,
            }
        }
    }

    /// One property of one object; `None` when it is not set.
    ///
    /// # Errors
    /// The call's.
    pub async fn property(&mut self, kind: &str, id: &str, path: &str) -> Result<Option<Node>, String> {
        let arguments = format!(
            "<specSet><propSet><type>{kind}</type><pathSet>{}</pathSet></propSet><objectSet><obj type=\"{kind}\">{}</obj></objectSet>\
             </specSet><options></options>",
            text(path),
            text(id)
        );
        let answer = self.call("RetrievePropertiesEx", "PropertyCollector", "propertyCollector", &arguments).await?;
        Ok(answer.at("returnval/objects/propSet/val").cloned())
    }

    /// The object at an inventory path.
    ///
    /// # Errors
    /// The call's.
    pub async fn find(&mut self, path: &str) -> Result<Option<String>, String> {
        let arguments = format!("<inventoryPath>{}</inventoryPath>", text(path));
        let answer = self.call("FindByInventoryPath", "SearchIndex", "SearchIndex", &arguments).await?;
        Ok(answer.child("returnval").map(|found| found.text.clone()))
    }

    /// Writes a file to a datastore.
    ///
    /// # Errors
    /// What went wrong with the upload.
    pub async fn upload(
        &mut self,
        datacenter: &str,
        datastore: &str,
        path: &str,
        bytes: Vec<u8>,
    ) -> Result<(), String> {
        let mut url = self.url.clone();
        url.set_path(&format!("/folder/{path}"));
        url.query_pairs_mut().clear().append_pair("dcPath", datacenter).append_pair("dsName", datastore);
        let request = self.http.put(url).header("Cookie", self.cookie.as_str()).body(bytes);
        let response = request.send().await.map_err(|error| self.unreachable(&error))?;
        if response.status().is_success() {
            Ok(())
        } else {
            Err(format!("error uploading file: {}", response.status()))
        }
    }
}

/// `http://127.0.0.1:PORT/sdk`; nothing else is a lab.
fn lab_url(endpoint: &str) -> Result<Url, String> {
    let refusal = || format!("the simulated packer builds in a lab only, not on {endpoint}");
    // packer's own form has no scheme.
    let url = if endpoint.contains("://") { endpoint.to_owned() } else { format!("http://{endpoint}") };
    let url: Url = url.parse().map_err(|_| refusal())?;
    let local = match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    if url.scheme() != "http" || !local {
        return Err(refusal());
    }
    url.join("/sdk").map_err(|_| refusal())
}

/// Text as XML.
pub fn text(plain: &str) -> String {
    quick_xml::escape::escape(plain).into_owned()
}

#[cfg(test)]
mod tests {
    use super::lab_url;

    #[test]
    fn a_real_vcenter_is_refused() {
        for endpoint in ["http://127.0.0.1:8989", "127.0.0.1:8989"] {
            assert_eq!(lab_url(endpoint).unwrap().as_str(), "http://127.0.0.1:8989/sdk");
        }
        for endpoint in ["vc01.example.com", "https://vc01.example.com", "http://10.0.0.1:80", "https://127.0.0.1"] {
            assert!(lab_url(endpoint).unwrap_err().contains("in a lab only"), "{endpoint}");
        }
    }
}
