//! A server that is not what it was taken for: it sends elsewhere, or sends more than anybody can hold.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::{KEY, Kind, World, figure};

/// Answers everything with these bytes and keeps what it was asked.
pub struct Stranger {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<u8>>>,
}

impl Stranger {
    pub fn start(answer: Vec<u8>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, asked) = (listener.local_addr().unwrap(), Arc::new(Mutex::new(Vec::new())));
        let heard = Arc::clone(&asked);
        std::thread::spawn(move || {
            for mut client in listener.incoming().flatten() {
                let mut buffer = [0; 64 << 10];
                let read = client.read(&mut buffer).unwrap_or(0);
                heard.lock().unwrap().extend_from_slice(&buffer[..read]);
                // Whoever has read enough goes away.
                let _ = client.write_all(&answer);
            }
        });
        Self { address, asked }
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn asked(&self) -> String {
        String::from_utf8_lossy(&self.asked.lock().unwrap()).into_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_follow_no_redirect() {
    let world = World::steady(Kind::Lab).await;
    let elsewhere = Stranger::start(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_vec());
    for status in ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let to =
            format!("HTTP/1.1 {status}\r\nLocation: http://{}/sdk\r\nContent-Length: 0\r\n\r\n", elsewhere.address);
        let stranger = Stranger::start(to.into_bytes());
        for verb in [&["status"][..], &["promote", KEY], &["console", KEY, "-o", "-"], &["doctor"]] {
            let mut program = world.program(verb);
            program.env("PKR_VAR_vsphere_endpoint", format!("http://{}", stranger.address));
            let output = program.output().await.unwrap();
            let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
            assert_ne!(output.status.code(), Some(0), "{verb:?}: {said}");
            assert!(
                said.contains(&status[..3]) && said.contains(&elsewhere.address.to_string()),
                "{verb:?} does not say what happened: {said}"
            );
        }
        assert!(!stranger.asked().contains(&world.account.1), "the password went to a server that is no vCenter");
    }
    assert_eq!(elsewhere.asked(), "", "a redirect was followed");
    figure("redirects to another host: 4 kinds × 4 verbs refused, nothing was sent there");
}

/// A gigabyte that fits into a megabyte.
fn bomb() -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    let piece = vec![b' '; 1 << 20];
    (0..1024).for_each(|_| packed.write_all(&piece).unwrap());
    packed.finish().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_unpacks_to_a_gigabyte_is_dropped() {
    let world = World::steady(Kind::Lab).await;
    let body = bomb();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let stranger = Stranger::start([head.as_bytes(), &body].concat());
    // All the memory there is is less than it unpacks to.
    let mut program = tokio::process::Command::new("sh");
    program.args(["-c", "ulimit -v 900000; exec \"$@\"", "sh", super::world::PROGRAM, "--repo"]);
    program.arg(&world.repo).arg("status").env_clear().envs(world.environment()).env("HOME", world.home.path());
    program.env("MALLOC_ARENA_MAX", "1");
    program.env("PKR_VAR_vsphere_endpoint", format!("http://{}", stranger.address));
    let output = program.output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(1) && said.contains("more than 64 MiB"), "{:?} {said}", output.status);
    figure("an answer of 1 MiB that unpacks to 1 GiB: refused");
}

/// Everybody knows the lab's password: beyond this machine it has one of its own, or does not begin.
#[tokio::test(flavor = "multi_thread")]
async fn a_lab_that_other_machines_reach_has_a_password_of_its_own() {
    let home = tempfile::tempdir().unwrap();
    let lab = |password: Option<&str>| {
        let mut program = tokio::process::Command::new(super::world::PROGRAM);
        program.args(["--repo", "/nonexistent", "lab", "--listen", "0.0.0.0:0"]).env_clear().env("HOME", home.path());
        program.envs(password.map(|password| ("TMPL_LAB_PASSWORD", password))).kill_on_drop(true);
        program.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        program
    };
    for (password, why) in [(None, "other machines reach 0.0.0.0:0"), (Some(""), "empty")] {
        let refused = lab(password).output().await.unwrap();
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(refused.status.code() == Some(2) && said.contains(why), "{said}");
    }
    let mut child = lab(Some("one-of-its-own")).spawn().unwrap();
    let mut lines = tokio::io::AsyncBufReadExt::lines(tokio::io::BufReader::new(child.stdout.take().unwrap()));
    let (mut told, mut others) = (std::collections::BTreeMap::new(), false);
    while !told.contains_key("GOVC_PASSWORD") || !told.contains_key("GOVC_URL") || !told.contains_key("GOVC_USERNAME") {
        let line = lines.next_line().await.unwrap().expect("how to reach it");
        others |= line.contains("Other machines reach it, too");
        let Some((name, value)) = line.strip_prefix("export ").and_then(|line| line.split_once('=')) else { continue };
        told.insert(name.to_owned(), value.trim_matches('\'').to_owned());
    }
    assert_eq!((told["GOVC_PASSWORD"].as_str(), others), ("one-of-its-own", true));
    let login = async |password: &str| {
        let settings = tmpl::vcenter::Settings::from_env(&|name| match name {
            "GOVC_PASSWORD" | "PKR_VAR_vsphere_password" => Some(password.to_owned()),
            other => told.get(other).cloned(),
        });
        let client = tmpl::vcenter::Client::new(settings.unwrap()).unwrap();
        client.vms().await.map(drop)
    };
    assert!(matches!(login("lab-password").await, Err(tmpl::vcenter::Error::Login { .. })));
    login("one-of-its-own").await.unwrap();
}
