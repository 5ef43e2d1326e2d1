//! Redaction of a packer log with ten secrets, beside a literal replacement in Python, which knows none of the encodings.
//!
//! `cargo bench --bench scrub`. Prints megabytes per second, the best of five. Budgets: 500 on a real log; 50 on texts that
//! are made of what the search looks at closely (the last rows).
#![allow(clippy::print_stdout, missing_docs, reason = "a bench prints its results")]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tmpl::text::{Scrubber, Secret};

const SIZE: usize = 256 << 20;
const ROUNDS: usize = 5;
const SECRETS: [(&str, &str); 10] = [
    ("PKR_VAR_build_password", "p@ss&<w>'o\"rd"),
    ("PKR_VAR_vsphere_password", "Tr1cky-packer-S3cret!"),
    (
        "PKR_VAR_build_password_encrypted",
        "$6$KspLabSalt01$p4dVeao6N.BPazv/CIFCf1cvKAaduG/9d.eC9h0LWl.77ceU7YlnOd1yaRTp9tCRB/",
    ),
    (
        "PKR_VAR_build_key",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDxoXuAqg7+5yswV8rhIffBpW0mImmrXLtzk9Vp/jPeY packer@lab.internal",
    ),
    ("GITHUB_TOKEN", "ghp_0123456789abcdefghijklmnopqrstuvwxyz"),
    ("GOVC_PASSWORD", "Another$ecret 42"),
    ("TMPL_CONSOLE_PASSWORD", "c0nsole/Pass+word=="),
    ("PKR_VAR_winrm_password", "Win\\dows`Pass$(1)"),
    ("PKR_VAR_proxy_password", "hunterpacker2"),
    ("API_KEY", "0f8fad5b-d9cb-469f-a165-70867728950e"),
];
const PYTHON: &str = "
import os, sys
text = open(sys.argv[1], encoding='utf-8', errors='replace').read()
for name, value in os.environ.items():
    if name.startswith('BENCH_'):
        text = text.replace(value, '[REDACTED:' + name + ']')
open(os.devnull, 'w').write(text)
";

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let start = Instant::now();
    let scrubber = Scrubber::new(SECRETS.map(|(name, value)| Secret::new(name, value)));
    println!("  {:>9.1} ms    to prepare ten secrets", start.elapsed().as_secs_f64() * 1e3);
    let text = text();
    let mut left = 0;
    row("scrubber, 64 KB at a time", || {
        let (mut out, mut stream) = (Vec::new(), scrubber.stream());
        left = 0;
        for piece in text.chunks(64 << 10) {
            stream.push(piece, &mut out);
            left += out.len();
            out.clear();
        }
        stream.finish(&mut out);
        left += out.len();
        Ok(())
    })?;
    println!("  {left} of {} bytes left", text.len());
    worst()?;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench-scrub.log");
    std::fs::File::create(&path)?.write_all(&text)?;
    let mut python = Command::new("python3");
    python.args(["-c", PYTHON]).arg(&path).stdin(Stdio::null());
    python.envs(SECRETS.map(|(name, value)| (format!("BENCH_{name}"), value)));
    row("python3, str.replace of the raw values", || {
        python.status()?;
        Ok(())
    })?;
    let mut sed = Command::new("sed");
    sed.stdout(Stdio::null());
    for (name, value) in SECRETS {
        let quoted: String =
            value.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_string() } else { format!("[{c}]") }).collect();
        sed.arg("-e").arg(format!("s#{}#[REDACTED:{name}]#g", quoted.replace("[\\]", "\\\\").replace("[^]", "\\^")));
    }
    sed.arg(&path);
    row("sed, raw values", || {
        sed.status()?;
        Ok(())
    })?;
    Ok(())
}

/// Texts of which every byte may belong to a secret, with secrets that repeat themselves among those that are known.
fn worst() -> Result<(), Failure> {
    const REPEATED: [(&str, &str); 2] = [
        ("REPEATED", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"),
        ("ALTERNATING", "abababababababababababababababababababababababac"),
    ];
    const TEXTS: [&str; 14] = [
        "Authorization:",
        "Authorization=",
        "Authorization: Basic ",
        "a",
        "ab",
        "Tr1cky-packer-S3cre",
        "p@ss&<w>'",
        "Sending char 'a', code CodeA, shift false\n",
        "password=",
        "%25",
        "echo x | ",
        "YWFh",
        "<sensitive>",
        "hunter<sensitive>ghp_",
    ];
    let secrets = SECRETS.into_iter().chain(REPEATED).map(|(name, value)| Secret::new(name, value));
    let scrubber = Scrubber::new(secrets).for_leaving();
    for text in TEXTS {
        let text = text.repeat(SIZE / 4 / text.len() + 1);
        let start = Instant::now();
        let (mut out, mut stream) = (Vec::new(), scrubber.stream());
        for piece in text.as_bytes().chunks(64 << 10) {
            stream.push(piece, &mut out);
            out.clear();
        }
        stream.finish(&mut out);
        println!(
            "  {:>9.0} MB/s  {:?}…",
            text.len() as f64 / 1e6 / start.elapsed().as_secs_f64(),
            &text[..text.len().min(24)]
        );
    }
    Ok(())
}

fn row(name: &str, mut work: impl FnMut() -> Result<(), Failure>) -> Result<(), Failure> {
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        work()?;
        best = best.min(start.elapsed());
    }
    println!("  {:>9.0} MB/s  {name}", SIZE as f64 / 1e6 / best.as_secs_f64());
    Ok(())
}

/// A log in which a secret stands about every two hundred lines, as in real ones or worse.
fn text() -> Vec<u8> {
    let mut text = Vec::with_capacity(SIZE + 1024);
    let mut n = 0_usize;
    while text.len() < SIZE {
        n += 1;
        let stamp = format!("2026/11/23 04:{:02}:{:02} ", n / 6000 % 60, n / 100 % 60);
        let line = match n % 200 {
            0 => format!(
                "{stamp}[INFO] Shutdown command: echo '{}' | sudo -S\n",
                SECRETS[n / 200 % 10].1.replace('\'', "'\\''")
            ),
            1..=60 => format!(
                "{stamp}ui: \u{1b}[1;32m==> vsphere-iso.linux-debian: changed: [default] => (item=package-{n})\u{1b}[0m\n"
            ),
            _ => format!(
                "{stamp}<sensitive>-plugin-vsphere_v2.1.0_x5.0_linux_amd64 plugin: {stamp}[DEBUG] starting remote command: \
                 /bin/sh -c 'chmod u+rwx /home/<sensitive>/.<sensitive>/tmp/tmp-{n} && sleep 0'\n"
            ),
        };
        text.extend_from_slice(line.as_bytes());
    }
    text.truncate(SIZE);
    text
}
