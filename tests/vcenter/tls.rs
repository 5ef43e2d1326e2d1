//! Certificates, against vcsim over TLS.

use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt;
use tmpl::vcenter::{Client, Error, FolderEvent, LinkState, Settings};

use crate::vcsim::{PASSWORD, USER, Vcsim};

/// A self-signed certificate for `name`, made by openssl; valid for 30 days, counted from so many days ago.
fn certificate(dir: &Path, stem: &str, name: &str, ago: u32) -> (String, String) {
    let path = |ending: &str| dir.join(format!("{stem}.{ending}")).to_str().unwrap().to_owned();
    let (cert, key) = (path("pem"), path("key"));
    // faketime refuses to start where a process with its number was killed before: it left its semaphore.
    let made = (0..3).any(|_| {
        Command::new("faketime")
            .args(["-f", &format!("-{ago}d"), "openssl"])
            .args([
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
                "-subj",
                "/CN=vc",
            ])
            .args(["-addext", &format!("subjectAltName={name}"), "-addext", "basicConstraints=critical,CA:FALSE"])
            .args(["-days", "30"])
            .args(["-keyout", &key, "-out", &cert])
            .stderr(std::process::Stdio::null())
            .status()
            .unwrap()
            .success()
    });
    assert!(made, "openssl");
    (cert, key)
}

fn fingerprint(cert: &str) -> String {
    let output =
        Command::new("openssl").args(["x509", "-noout", "-fingerprint", "-sha256", "-in", cert]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().split_once('=').unwrap().1.to_owned()
}

async fn connect(url: &str, more: &[(&str, &str)]) -> Result<(), Error> {
    let settings = Settings::from_env(&|name| {
        let fixed = match name {
            "GOVC_URL" => Some(url),
            "GOVC_USERNAME" => Some(USER),
            "GOVC_PASSWORD" => Some(PASSWORD),
            _ => None,
        };
        fixed.or_else(|| more.iter().find(|(key, _)| *key == name).map(|(_, value)| *value)).map(str::to_owned)
    })?;
    Client::new(settings)?.vms().await.map(drop)
}

fn reason(result: Result<(), Error>) -> String {
    match result.unwrap_err() {
        Error::Tls { reason, .. } => reason,
        other => panic!("not a TLS error: {other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_trusted() {
    let dir = tempfile::tempdir().unwrap();
    let (cert, key) = certificate(dir.path(), "good", "IP:127.0.0.1", 0);
    let vcsim = Vcsim::start(&["-cert", &cert, "-key", &key]);
    assert!(vcsim.url.starts_with("https://"), "{}", vcsim.url);
    let refused = reason(connect(&vcsim.url, &[]).await);
    assert!(refused.contains("TMPL_CA_FILE") && refused.contains("TMPL_THUMBPRINT"), "{refused}");
    connect(&vcsim.url, &[("TMPL_CA_FILE", &cert)]).await.unwrap();
    connect(&vcsim.url, &[("GOVC_INSECURE", "true")]).await.unwrap();
    let pin = fingerprint(&cert);
    connect(&vcsim.url, &[("TMPL_THUMBPRINT", &pin)]).await.unwrap();
    // A pin is stronger than "insecure".
    let other = fingerprint(&certificate(dir.path(), "other", "IP:127.0.0.1", 0).0);
    let changed = reason(connect(&vcsim.url, &[("TMPL_THUMBPRINT", &other), ("GOVC_INSECURE", "true")]).await);
    assert!(changed.contains(&pin) && changed.contains("new certificate"), "{changed}");
    let bad = connect(&vcsim.url, &[("TMPL_THUMBPRINT", "12:34")]).await.unwrap_err();
    assert!(matches!(&bad, Error::Settings(text) if text.contains("TMPL_THUMBPRINT")), "{bad}");
    let missing = connect(&vcsim.url, &[("TMPL_CA_FILE", "/nonexistent.pem")]).await.unwrap_err();
    assert!(matches!(&missing, Error::Settings(text) if text.contains("/nonexistent.pem")), "{missing}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_for_another_host_is_said_to_be_one() {
    let dir = tempfile::tempdir().unwrap();
    let (cert, key) = certificate(dir.path(), "host", "DNS:vc01.example.com", 0);
    let vcsim = Vcsim::start(&["-cert", &cert, "-key", &key]);
    let refused = reason(connect(&vcsim.url, &[("TMPL_CA_FILE", &cert)]).await);
    assert!(refused.contains("another host"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_certificate_is_said_to_be_one() {
    let dir = tempfile::tempdir().unwrap();
    let (cert, key) = certificate(dir.path(), "old", "IP:127.0.0.1", 400);
    let vcsim = Vcsim::start(&["-cert", &cert, "-key", &key]);
    let refused = reason(connect(&vcsim.url, &[("TMPL_CA_FILE", &cert)]).await);
    assert!(refused.contains("expired") && refused.contains("renew"), "{refused}");
}

/// Passes bytes on to a server that can be replaced by another one.
fn switchboard(server: SocketAddr) -> (SocketAddr, Arc<Mutex<SocketAddr>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = Arc::new(Mutex::new(server));
    let to = Arc::clone(&server);
    std::thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let Ok(mut upstream) = TcpStream::connect(*to.lock().unwrap()) else { continue };
            let (mut back, mut from) = (client.try_clone().unwrap(), upstream.try_clone().unwrap());
            std::thread::spawn(move || std::io::copy(&mut client, &mut upstream));
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut from, &mut back);
                back.shutdown(Shutdown::Both)
            });
        }
    });
    (address, server)
}

/// Under a watch the server becomes another one: that is named as such, no password goes there, and nothing tries again.
#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_changes_under_a_watch_stops_it() {
    let dir = tempfile::tempdir().unwrap();
    let servers = ["first", "second"].map(|name| {
        let (cert, key) = certificate(dir.path(), name, "IP:127.0.0.1", 0);
        let vcsim = Vcsim::start(&["-cert", &cert, "-key", &key]);
        let address: SocketAddr = url::Url::parse(&vcsim.url).unwrap().socket_addrs(|| None).unwrap()[0];
        (vcsim, fingerprint(&cert), address)
    });
    let [(first, pin, at), (_second, other, elsewhere)] = servers;
    let (address, server) = switchboard(at);
    let settings = Settings::from_env(&|name| {
        let value = match name {
            "GOVC_URL" => format!("https://{address}/sdk"),
            "GOVC_USERNAME" => USER.into(),
            "GOVC_PASSWORD" => PASSWORD.into(),
            "TMPL_THUMBPRINT" => pin.clone(),
            _ => return None,
        };
        Some(value)
    });
    let client = Client::new(settings.unwrap()).unwrap();
    let mut watch = client.watch();
    while !matches!(watch.next().await, Some(FolderEvent::Link(LinkState::Live))) {}
    *server.lock().unwrap() = elsewhere;
    drop(first);
    let stopped = async {
        loop {
            match watch.next().await.unwrap() {
                FolderEvent::Link(LinkState::Stopped { reason }) => return reason,
                FolderEvent::Link(LinkState::Live) => panic!("it goes on with another server"),
                _ => {}
            }
        }
    };
    let reason = tokio::time::timeout(Duration::from_secs(180), stopped).await.unwrap();
    assert!(reason.contains(&other) && reason.contains("new certificate"), "{reason}");
}
