//! A mirror on this machine: pages by path, ranges, and connections that break.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

#[derive(Default)]
struct Pages {
    pages: BTreeMap<String, Vec<u8>>,
    /// bytes after which an answer breaks off, and how often that still happens
    breaks: (usize, usize),
    ranges: Vec<String>,
}

/// Serves until the test ends.
pub struct Server {
    /// `http://127.0.0.1:PORT`
    pub url: String,
    pages: Arc<Mutex<Pages>>,
}

impl Server {
    /// An empty mirror.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let pages = Arc::new(Mutex::new(Pages::default()));
        let shared = Arc::clone(&pages);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || {
                    let _ = answer(client, &shared);
                });
            }
        });
        Self { url, pages }
    }

    /// Puts a page.
    pub fn put(&self, path: &str, body: impl Into<Vec<u8>>) {
        self.pages.lock().unwrap().pages.insert(path.into(), body.into());
    }

    /// The next `times` downloads of more than `after` bytes break off there.
    pub fn break_after(&self, after: usize, times: usize) {
        self.pages.lock().unwrap().breaks = (after, times);
    }

    /// `Range` headers seen.
    pub fn ranges(&self) -> Vec<String> {
        self.pages.lock().unwrap().ranges.clone()
    }
}

fn answer(mut client: TcpStream, shared: &Mutex<Pages>) -> std::io::Result<()> {
    let mut lines = BufReader::new(client.try_clone()?).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    let headers: Vec<String> = lines.map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
    let range = headers.iter().find_map(|line| line.to_ascii_lowercase().strip_prefix("range: ").map(str::to_owned));
    let mut words = request.split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (body, limit) = {
        let mut pages = shared.lock().unwrap();
        pages.ranges.extend(range.clone());
        let body = pages.pages.get(path).cloned();
        let (after, times) = pages.breaks;
        let breaks = method == "GET" && times > 0 && body.as_ref().is_some_and(|body| body.len() > after);
        if breaks {
            pages.breaks.1 -= 1;
        }
        (body, breaks.then_some(after))
    };
    let Some(body) = body else {
        return client.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    };
    let start = range.and_then(|range| range.strip_prefix("bytes=")?.trim_end_matches('-').parse::<usize>().ok());
    let part = &body[start.unwrap_or(0)..];
    let status = if start.is_some() { "206 Partial Content" } else { "200 OK" };
    write!(client, "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", part.len())?;
    if method != "HEAD" {
        client.write_all(&part[..limit.unwrap_or(part.len()).min(part.len())])?;
    }
    client.flush()?;
    client.shutdown(Shutdown::Both)
}
