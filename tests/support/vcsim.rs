//! VMware's simulator as a process of its own (`tests/vcsim`), stopped when dropped.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use crate::tools::tool;

/// The account that `tests/vcsim` checks by default.
pub const USER: &str = "svc-packer@vsphere.local";
/// Its password.
pub const PASSWORD: &str = "vcsim-password";

/// A running vcsim.
pub struct Vcsim {
    child: Child,
    // It ends, and removes its datastore, when this closes, also when the test is killed.
    life: Option<ChildStdin>,
    /// `http://127.0.0.1:PORT/sdk`
    pub url: String,
}

impl Vcsim {
    /// Starts one with further arguments; see `tests/vcsim/main.go`.
    pub fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(tool("vcsim"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: serde_json::Value = serde_json::from_str(&line).expect("vcsim says where it listens");
        let life = child.stdin.take();
        Self { child, life, url: ready["url"].as_str().unwrap().to_owned() }
    }
}

impl Drop for Vcsim {
    fn drop(&mut self) {
        drop(self.life.take());
        for _ in 0..300 {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
