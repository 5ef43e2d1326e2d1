//! Simulated mirrors of install media on 127.0.0.1, for `demo` and tests: listings, checksum files, and ISOs of zeros.
//!
//! The first part of a path is the host that is simulated: `https://releases.ubuntu.com/24.04/SHA256SUMS` becomes
//! `http://127.0.0.1:PORT/releases.ubuntu.com/24.04/SHA256SUMS`.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use futures_util::stream;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::iso::Discovery;
use crate::iso::discover::file_name;
use crate::pipeline::{Line, Matrix};

/// Size of every ISO.
pub const SIZE: u64 = 96 << 20;
/// SHA-256 of so many zeros.
const DIGEST: &str = "425382d5857f04fc49585cabbdef6fc647472ee26f52c54caaaeaad17320b3f8";
/// Bytes sent at a time.
const CHUNK: u64 = 256 << 10;
/// This line has a newer release than the matrix, this one's mirror is broken.
const NEWER: &str = "debian-13";
const BROKEN: &str = "rocky-9";

#[derive(Debug, Clone)]
enum Page {
    Text(String),
    Iso,
    Broken,
}

#[derive(Debug)]
struct MirrorPages {
    pages: BTreeMap<String, Page>,
    /// between two chunks of an ISO
    pause: Duration,
}

/// Running mirrors. Dropping them ends them.
#[derive(Debug)]
pub struct Mirrors {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Mirrors {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Mirrors {
    /// Serves what the lines of `matrix`, as they are in the repository, need; an ISO at `rate` bytes a second.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start(matrix: &Matrix, rate: u64) -> io::Result<Self> {
        let mut pages = BTreeMap::new();
        for line in &matrix.lines {
            put(line, &mut pages);
        }
        let pause = Duration::from_secs_f64(CHUNK as f64 / rate.max(1) as f64);
        let router = Router::new().route("/{*path}", get(serve)).with_state(Arc::new(MirrorPages { pages, pause }));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let task = crate::task::spawn(async move {
            // Serving ends with the mirrors; whoever asked sees the error.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { address, task })
    }

    /// The text of a matrix with every address of a mirror leading here.
    #[must_use]
    pub fn localised(&self, matrix: &str) -> String {
        matrix.replace("\"https://", &format!("\"http://{}/", self.address))
    }
}

/// The path of an address of the real world.
fn path(url: &str) -> String {
    url.strip_prefix("https://").unwrap_or(url).to_owned()
}

fn put(line: &Line, pages: &mut BTreeMap<String, Page>) {
    let (Some(iso), Some(sums)) = (&line.iso_url, &line.sums_url) else { return };
    release(iso, sums, pages);
    let discovery = line.raw.get("discover").map(<Discovery as serde::Deserialize>::deserialize);
    let Some(Ok(Discovery::DirListing { listing_url, url_template, sums_template, .. })) = discovery else { return };
    let Some(version) = version(&url_template, iso) else { return };
    let mut folders = vec![version.clone()];
    if line.key.0 == NEWER
        && let Some(newer) = newer(&version)
    {
        let filled = |template: &str| template.replace("{ver}", &newer);
        release(&filled(&url_template), &filled(&sums_template), pages);
        folders.push(newer);
    }
    let page = if line.key.0 == BROKEN { Page::Broken } else { Page::Text(listing(&folders)) };
    pages.insert(path(&listing_url), page);
}

fn release(iso: &str, sums: &str, pages: &mut BTreeMap<String, Page>) {
    pages.insert(path(iso), Page::Iso);
    pages.insert(path(sums), Page::Text(format!("{DIGEST} *{}\n", file_name(iso))));
}

fn listing(folders: &[String]) -> String {
    let rows: String = folders.iter().map(|folder| format!("<a href=\"{folder}/\">{folder}/</a>\n")).collect();
    format!("<html><body><h1>Simulated mirror</h1><pre><a href=\"../\">../</a>\n{rows}</pre></body></html>\n")
}

/// What `{ver}` stands for.
fn version(template: &str, url: &str) -> Option<String> {
    let rest = url.strip_prefix(template.split("{ver}").next()?)?;
    rest.split('/').next().map(str::to_owned)
}

/// The next point release.
fn newer(version: &str) -> Option<String> {
    let mut parts: Vec<u64> = version.split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    *parts.get_mut(1)? += 1;
    Some(parts.iter().map(u64::to_string).collect::<Vec<_>>().join("."))
}

async fn serve(State(mirror_pages): State<Arc<MirrorPages>>, Path(path): Path<String>, headers: HeaderMap) -> Response {
    match mirror_pages.pages.get(&path) {
        None => (StatusCode::NOT_FOUND, "the simulated mirror has no such file\n").into_response(),
        Some(Page::Broken) => (StatusCode::SERVICE_UNAVAILABLE, "the simulated mirror is broken\n").into_response(),
        Some(Page::Text(text)) => text.clone().into_response(),
        Some(Page::Iso) => iso(&headers, mirror_pages.pause),
    }
}

/// Zeros, from where they are asked for.
fn iso(headers: &HeaderMap, pause: Duration) -> Response {
    let range = headers.get(header::RANGE).and_then(|value| value.to_str().ok());
    let start = range.and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse::<u64>().ok());
    let from = start.unwrap_or(0).min(SIZE);
    let zeros = Bytes::from(vec![0; usize::try_from(CHUNK).unwrap_or_default()]);
    let chunks = stream::unfold(from, move |at| {
        let zeros = zeros.clone();
        async move {
            if at >= SIZE {
                return None;
            }
            tokio::time::sleep(pause).await;
            let length = CHUNK.min(SIZE - at);
            let chunk = zeros.slice(..usize::try_from(length).unwrap_or_default());
            Some((Ok::<_, io::Error>(chunk), at + length))
        }
    });
    let status = if start.is_some() { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
    (status, [(header::CONTENT_LENGTH, (SIZE - from).to_string())], Body::from_stream(chunks)).into_response()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::iso::discover::{self, MediaCheck};
    use crate::iso::{Mirror, sums};

    #[test]
    fn the_digest_is_that_of_the_zeros() {
        use sha2::{Digest, Sha256};
        let chunk = vec![0; 1 << 20];
        let hash = (0..SIZE >> 20).fold(Sha256::new(), |hash, _| hash.chain_update(&chunk)).finalize();
        assert_eq!(sums::Digest(hash.into()).to_string(), DIGEST);
    }

    #[tokio::test]
    async fn the_shipped_matrix_has_one_bump_one_broken_mirror_and_nothing_else_new() {
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("ci/matrix.json")).unwrap();
        let mirrors = Mirrors::start(&Matrix::parse(Path::new("."), &text).unwrap(), u64::MAX).await.unwrap();
        let matrix = Matrix::parse(Path::new("."), &mirrors.localised(&text)).unwrap();
        let mirror = Mirror::new(Duration::from_secs(20), 1).unwrap();
        let found = discover::check(&mirror, &matrix.lines).await;
        let said: Vec<String> = found
            .into_iter()
            .map(|(key, finding)| match finding {
                MediaCheck::Current { .. } => format!("{key} current"),
                MediaCheck::Newer { release, size, .. } => format!("{key} {} {size:?}", release.version),
                MediaCheck::Manual => format!("{key} manual"),
                MediaCheck::Skipped { reason } => format!("{key} {reason}"),
                MediaCheck::Failed(error) => format!("{key} {}", error.to_string().contains("HTTP 503")),
            })
            .collect();
        assert_eq!(
            said,
            [
                "ubuntu-2404 current",
                "ubuntu-2204 current",
                "debian-12 current",
                "debian-13 13.7.0 Some(100663296)",
                "rocky-9 true",
                "almalinux-9 current",
                "windows-server-2025 manual",
                "windows-server-2022 manual",
                "windows-desktop-11 manual",
            ]
        );
    }
}
