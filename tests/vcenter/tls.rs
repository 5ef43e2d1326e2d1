//! Certificates, against vcsim over TLS.

use std::path::Path;
use std::process::Command;

use tmpl::vcenter::{Client, Error, Settings};

use crate::vcsim::{PASSWORD, USER, Vcsim};

/// A self-signed certificate for `name`, made by openssl; valid for `days`, or expired for a negative number.
fn certificate(dir: &Path, stem: &str, name: &str, days: i32) -> (String, String) {
    let path = |ending: &str| dir.join(format!("{stem}.{ending}")).to_str().unwrap().to_owned();
    let (cert, key) = (path("pem"), path("key"));
    let status = Command::new("openssl")
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
        .args(["-days", &days.to_string()])
        .args(["-keyout", &key, "-out", &cert])
        .stderr(std::process::Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "openssl");
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
    let (cert, key) = certificate(dir.path(), "good", "IP:127.0.0.1", 30);
    let vcsim = Vcsim::start(&["-cert", &cert, "-key", &key]);
    assert!(vcsim.url.starts_with("https://"), "{}", vcsim.url);
    let refused = reason(connect(&vcsim.url, &[]).await);
    assert!(refused.contains("TMPL_CA_FILE") && refused.contains("TMPL_THUMBPRINT"), "{refused}");
    connect(&vcsim.url, &[("TMPL_CA_FILE", &cert)]).await.unwrap();
    connect(&vcsim.url, &[("GOVC_INSECURE", "true")]).await.unwrap();
    let pin = fingerprint(&cert);
    connect(&vcsim.url, &[("TMPL_THUMBPRINT", &pin)]).await.unwrap();
    // A pin is stronger than "insecure".
    let other = fingerprint(&certificate(dir.path(), "other", "IP:127.0.0.1", 30).0);
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
    let (cert, key) = certificate(dir.path(), "host", "DNS:vc01.example.com", 30);
    let vcsim = Vcsim::start(&["-cert", &cert, "-key", &key]);
    let refused = reason(connect(&vcsim.url, &[("TMPL_CA_FILE", &cert)]).await);
    assert!(refused.contains("another host"), "{refused}");
}
