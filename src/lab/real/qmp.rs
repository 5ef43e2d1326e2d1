//! QEMU's monitor protocol: one JSON object a line, an answer to each command, events in between
//! (QEMU documentation, "QEMU Machine Protocol Specification").

use std::io;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

/// How long QEMU may take to open its socket, or to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection to one QEMU.
#[derive(Debug)]
pub struct Qmp {
    lines: Lines<BufReader<OwnedReadHalf>>,
    out: OwnedWriteHalf,
}

impl Qmp {
    /// Connects as soon as the socket is there.
    ///
    /// # Errors
    /// Those of the socket, and a time limit.
    pub async fn connect(socket: &Path) -> io::Result<Self> {
        let open = async {
            loop {
                match UnixStream::connect(socket).await {
                    Ok(stream) => return stream,
                    Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                }
            }
        };
        let stream = tokio::time::timeout(PATIENCE, open).await?;
        let (read, out) = stream.into_split();
        let mut qmp = Self { lines: BufReader::new(read).lines(), out };
        // Its greeting comes first, and nothing else is taken before the capabilities are settled.
        qmp.line().await?;
        qmp.ask("qmp_capabilities", json!({})).await?;
        Ok(qmp)
    }

    async fn line(&mut self) -> io::Result<Value> {
        let line = tokio::time::timeout(PATIENCE, self.lines.next_line()).await??;
        let line = line.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?;
        serde_json::from_str(&line).map_err(io::Error::other)
    }

    /// Gives a command and returns what it returns.
    ///
    /// # Errors
    /// QEMU's own words, or those of the socket.
    pub async fn ask(&mut self, command: &str, arguments: Value) -> io::Result<Value> {
        let line = json!({ "execute": command, "arguments": arguments });
        self.out.write_all(format!("{line}\n").as_bytes()).await?;
        loop {
            let mut answer = self.line().await?;
            if let Some(returned) = answer.get_mut("return") {
                return Ok(returned.take());
            }
            if let Some(error) = answer.get("error") {
                let text = error.get("desc").and_then(Value::as_str).unwrap_or("refused without a word");
                return Err(io::Error::other(format!("{command}: {text}")));
            }
        }
    }
}
