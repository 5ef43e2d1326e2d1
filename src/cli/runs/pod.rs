//! The log of a leg at work, from its pod.

use tmpl::github::{Client, Leg, pod};
use tmpl::ops::{self, signals};
use tmpl::text::Scrubber;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _};

use crate::cli::{Exit, Stop, log, output};

/// Bytes of what `kubectl` complains of that are shown.
const COMPLAINTS: u64 = 64 << 10;

/// Prints it until the pod goes or Ctrl-C.
pub async fn log(github: &Client, leg: &Leg) -> anyhow::Result<Exit> {
    let namespace = pod::namespace().map_err(ops::Error::from)?;
    let argv = pod::command(leg, github.repository(), namespace.as_deref()).map_err(ops::Error::from)?;
    let mut child = pod::follow(&argv).map_err(ops::Error::from)?;
    let mut from = child.stdout.take().ok_or_else(|| Stop::usage("kubectl has no output"))?;
    let complaints = child.stderr.take().map(|complaints| tokio::spawn(told(complaints)));
    let stop = signals::stop_on_interrupt()?;
    let mut printer = log::Lines::new(Scrubber::for_evidence());
    let mut buffer = vec![0; 64 << 10];
    loop {
        let got = tokio::select! {
            got = from.read(&mut buffer) => got?,
            () = stop.cancelled() => return Ok(Exit::Cancelled),
        };
        if got == 0 {
            printer.finish()?;
            let status = child.wait().await?;
            if let Some(complaints) = complaints {
                complaints.await??;
            }
            return Ok(if status.success() { Exit::Done } else { Exit::Failed });
        }
        printer.push(&buffer[..got])?;
    }
}

/// What `kubectl` complains of, without secrets and harmless to the terminal.
async fn told(complaints: tokio::process::ChildStderr) -> std::io::Result<()> {
    let mut lines = tokio::io::BufReader::new(complaints.take(COMPLAINTS)).split(b'\n');
    while let Some(line) = lines.next_segment().await? {
        output::note(&format!("kubectl: {}", String::from_utf8_lossy(&line)))?;
    }
    Ok(())
}
