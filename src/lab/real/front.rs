//! The mirror as a guest sees it: one address in its own network, behind it this program, behind that Debian's mirror. It
//! reaches nothing else.

use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::AsFd;
use std::path::Path;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Debian's own name for "a mirror near you"; it has the security updates too.
const MIRROR: &str = "http://deb.debian.org";

/// Listens on this machine alone; dropping it ends it.
#[derive(Debug)]
pub struct Front {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Front {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Front {
    /// Starts it.
    ///
    /// # Errors
    /// No port to listen on.
    pub async fn start() -> io::Result<Self> {
        let client = reqwest::Client::builder().use_preconfigured_tls(crate::tls::public()?).no_gzip().build();
        let client = client.map_err(io::Error::other)?;
        let service = Router::new()
            .route("/debian/{*path}", get(pass_on))
            .route("/debian-security/{*path}", get(pass_on))
            .with_state(client);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let task = crate::task::spawn(async move {
            // It serves until it is dropped.
            let _ = axum::serve(listener, service).await;
        });
        Ok(Self { address, task })
    }
}

async fn pass_on(State(client): State<reqwest::Client>, uri: Uri, headers: HeaderMap) -> Response {
    let mut request = client.get(format!("{MIRROR}{}", uri.path()));
    for name in [header::RANGE, header::IF_MODIFIED_SINCE, header::IF_RANGE] {
        if let Some(value) = headers.get(&name) {
            request = request.header(name, value);
        }
    }
    let answer = match request.send().await {
        Ok(answer) => answer,
        Err(error) => return (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    };
    let (status, given) = (answer.status(), answer.headers().clone());
    let mut response = Response::new(Body::from_stream(answer.bytes_stream()));
    *response.status_mut() = status;
    let kept = [header::CONTENT_LENGTH, header::CONTENT_RANGE, header::CONTENT_TYPE, header::LAST_MODIFIED];
    for (name, value) in kept.iter().filter_map(|name| Some((name.clone(), given.get(name)?.clone()))) {
        response.headers_mut().insert(name, value);
    }
    response
}

/// What follows a guest's network: closed, but for the mirror's address, where each connection is one [`pipe`].
pub fn confined(program: &Path, front: &Front) -> String {
    format!(",restrict=on,guestfwd=tcp:10.0.2.100:80-cmd:{} lab --pipe {}", program.display(), front.address)
}

/// Carries what is read to an address on this machine, and back what it answers; QEMU starts one for a connection.
///
/// # Errors
/// Those of the connection.
#[expect(clippy::disallowed_methods, reason = "what the mirror sends, byte for byte, and to QEMU alone")]
pub fn pipe(to: SocketAddr) -> io::Result<()> {
    let mut back = std::net::TcpStream::connect(to)?;
    let mut there = back.try_clone()?;
    // Not through the buffers of `Stdin` and `Stdout`: an answer need not end with a line.
    let mut read = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut write = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    std::thread::spawn(move || {
        // Whatever ends it, the other side is told that there is no more.
        let _ = io::copy(&mut read, &mut there);
        let _ = there.shutdown(std::net::Shutdown::Write);
    });
    io::copy(&mut back, &mut write).map(drop)
}
