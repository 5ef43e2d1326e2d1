//! A mirror on this machine: pages by path, ranges, and connections that break, wait, or lead elsewhere.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};

/// What lies at a path.
#[derive(Clone)]
enum Page {
    Bytes(Arc<Vec<u8>>),
    /// so many zeros, made while they are sent
    Zeros(u64),
    Redirect(String),
    /// never an answer
    Silent,
}

#[derive(Default)]
struct State {
    pages: BTreeMap<String, Page>,
    /// bytes after which an answer breaks off, and how often that still happens
    breaks: (usize, usize),
    /// a download waits after so many bytes
    hold: Option<u64>,
    /// downloads that wait there
    held: usize,
    ranges: Vec<String>,
    asked: Vec<String>,
    no_ranges: bool,
    /// what HEAD is refused with
    no_head: Option<&'static str>,
    /// types of pages
    types: BTreeMap<String, &'static str>,
}

/// Serves until the test ends.
#[derive(Clone)]
pub struct Server {
    /// `http://127.0.0.1:PORT`
    pub url: String,
    shared: Arc<(Mutex<State>, Condvar)>,
}

impl Server {
    /// An empty mirror.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = Self { url, shared: Arc::default() };
        let shared = server.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let server = shared.clone();
                std::thread::spawn(move || {
                    let _ = server.answer(client);
                });
            }
        });
        server
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let changed = change(&mut self.shared.0.lock().unwrap());
        self.shared.1.notify_all();
        changed
    }

    /// Puts a page.
    pub fn put(&self, path: &str, body: impl Into<Vec<u8>>) {
        let page = Page::Bytes(Arc::new(body.into()));
        self.change(|state| state.pages.insert(path.into(), page));
    }

    /// Puts a large file of zeros.
    pub fn zeros(&self, path: &str, size: u64) {
        self.change(|state| state.pages.insert(path.into(), Page::Zeros(size)));
    }

    /// Sends whoever asks for `path` on to `to`.
    pub fn redirect(&self, path: &str, to: &str) {
        self.change(|state| state.pages.insert(path.into(), Page::Redirect(to.into())));
    }

    /// Takes connections for `path` and never answers.
    pub fn silent(&self, path: &str) {
        self.change(|state| state.pages.insert(path.into(), Page::Silent));
    }

    /// The next `times` downloads of more than `after` bytes break off there.
    pub fn break_after(&self, after: usize, times: usize) {
        self.change(|state| state.breaks = (after, times));
    }

    /// Downloads wait after so many bytes until this is taken back.
    pub fn hold(&self, at: Option<u64>) {
        self.change(|state| state.hold = at);
    }

    /// Returns once a download waits.
    pub fn wait_held(&self) {
        let state = self.shared.0.lock().unwrap();
        let stall_timeout = std::time::Duration::from_secs(60);
        let (_state, timeout) =
            self.shared.1.wait_timeout_while(state, stall_timeout, |state| state.held == 0).unwrap();
        assert!(!timeout.timed_out(), "no download came to the hold");
    }

    /// Ranges are ignored, or HEAD is refused.
    pub fn plain(&self, no_ranges: bool, no_head: bool) {
        let refused = no_head.then_some("405 Method Not Allowed");
        self.change(|state| (state.no_ranges, state.no_head) = (no_ranges, refused));
    }

    /// HEAD is refused so.
    pub fn refuse_head(&self, status: &'static str) {
        self.change(|state| state.no_head = Some(status));
    }

    /// Puts a web page in the place of a file.
    pub fn web_page(&self, path: &str) {
        self.put(path, "<!DOCTYPE html><html><title>Not found</title></html>");
        self.change(|state| state.types.insert(path.into(), "text/html; charset=utf-8"));
    }

    /// `Range` headers seen.
    pub fn ranges(&self) -> Vec<String> {
        self.change(|state| state.ranges.clone())
    }

    /// Requests seen: method and path.
    pub fn asked(&self) -> Vec<String> {
        self.change(|state| state.asked.clone())
    }

    fn answer(&self, mut client: TcpStream) -> std::io::Result<()> {
        let mut lines = BufReader::new(client.try_clone()?).lines();
        let request = lines.next().transpose()?.unwrap_or_default();
        let headers: Vec<String> = lines.map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
        let range =
            headers.iter().find_map(|line| line.to_ascii_lowercase().strip_prefix("range: ").map(str::to_owned));
        let mut words = request.split(' ');
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let (page, limit, ranges, refused, kind) = self.change(|state| {
            state.ranges.extend(range.clone());
            state.asked.push(format!("{method} {path}"));
            let page = state.pages.get(path).cloned();
            let (after, times) = state.breaks;
            let breaks = method == "GET" && times > 0 && size(page.as_ref()) > after as u64;
            if breaks {
                state.breaks.1 -= 1;
            }
            (
                page,
                breaks.then_some(after as u64),
                !state.no_ranges,
                state.no_head.filter(|_| method == "HEAD"),
                state.types.get(path).copied(),
            )
        });
        let empty = "Content-Length: 0\r\nConnection: close\r\n\r\n";
        if let Some(status) = refused {
            return write!(client, "HTTP/1.1 {status}\r\n{empty}");
        }
        match &page {
            None => return write!(client, "HTTP/1.1 404 Not Found\r\n{empty}"),
            Some(Page::Redirect(to)) => return write!(client, "HTTP/1.1 302 Found\r\nLocation: {to}\r\n{empty}"),
            Some(Page::Silent) => {
                std::thread::park();
                return Ok(());
            }
            Some(Page::Bytes(_) | Page::Zeros(_)) => {}
        }
        let size = size(page.as_ref());
        let start =
            range.filter(|_| ranges).and_then(|range| range.strip_prefix("bytes=")?.trim_end_matches('-').parse().ok());
        let status = if start.is_some() { "206 Partial Content" } else { "200 OK" };
        let start: u64 = start.unwrap_or(0);
        let kind = kind.map(|kind| format!("Content-Type: {kind}\r\n")).unwrap_or_default();
        write!(client, "HTTP/1.1 {status}\r\n{kind}Content-Length: {}\r\nConnection: close\r\n\r\n", size - start)?;
        if method != "HEAD" {
            self.send(&mut client, page.as_ref(), start, limit.unwrap_or(size).min(size))?;
        }
        client.flush()?;
        client.shutdown(Shutdown::Both)
    }

    fn send(&self, client: &mut TcpStream, page: Option<&Page>, start: u64, limit: u64) -> std::io::Result<()> {
        const CHUNK: u64 = 64 << 10;
        let mut at = start;
        let limit = (start + limit).min(size(page));
        while at < limit {
            let hold = self.change(|state| state.hold).unwrap_or(u64::MAX);
            if at >= hold {
                self.wait(hold);
                continue;
            }
            let end = (at + CHUNK).min(limit).min(hold);
            match page {
                Some(Page::Bytes(bytes)) => client.write_all(&bytes[at as usize..end as usize])?,
                _ => client.write_all(&vec![0; (end - at) as usize])?,
            }
            at = end;
        }
        Ok(())
    }

    fn wait(&self, hold: u64) {
        self.change(|state| state.held += 1);
        let state = self.shared.0.lock().unwrap();
        drop(self.shared.1.wait_while(state, |state| state.hold == Some(hold)).unwrap());
        self.change(|state| state.held -= 1);
    }
}

fn size(page: Option<&Page>) -> u64 {
    match page {
        Some(Page::Bytes(bytes)) => bytes.len() as u64,
        Some(Page::Zeros(size)) => *size,
        _ => 0,
    }
}
