//! A simulated GitHub on 127.0.0.1: the part of its REST API that the pipeline's runs need, in the shapes of its public
//! OpenAPI description. For `demo` and for tests; it says that it is simulated wherever it has words of its own.

mod http;
mod world;

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::StatusCode;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use world::{Job, Run, World, archive};

/// The only token it accepts.
pub const TOKEN: &str = "lab-github-token";
/// The repository it holds.
pub const REPOSITORY: &str = "lab/golden-images";

/// An answer that a test wants instead of the right one.
#[derive(Debug, Clone)]
pub struct Reply {
    /// its status
    pub status: StatusCode,
    /// further headers
    pub headers: Vec<(&'static str, String)>,
    /// its body
    pub body: Vec<u8>,
    /// how long it takes
    pub delay: Duration,
    /// the connection breaks after the body, although more was announced
    pub cut: bool,
}

impl Reply {
    /// GitHub's form of an error.
    pub fn error(status: u16, message: &str) -> Self {
        Self {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            headers: Vec::new(),
            body: serde_json::json!({ "message": message }).to_string().into_bytes(),
            delay: Duration::ZERO,
            cut: false,
        }
    }

    /// With one more header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// What all requests share.
#[derive(Debug)]
pub(super) struct Shared {
    pub world: World,
    /// part of a path, and the answer to its next request
    pub planned: VecDeque<(String, Reply)>,
    /// method, path with query, and status of every answer
    pub seen: Vec<(String, String, u16)>,
}

/// A running server.
#[derive(Debug)]
pub struct GitHub {
    url: String,
    shared: Arc<Mutex<Shared>>,
    task: JoinHandle<()>,
}

impl GitHub {
    /// Listens on a free port of this machine.
    ///
    /// # Errors
    /// When there is none.
    pub async fn start(world: World) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let shared = Arc::new(Mutex::new(Shared { world, planned: VecDeque::new(), seen: Vec::new() }));
        let router = http::router(http::State { url: url.clone(), shared: shared.clone() });
        let task = tokio::spawn(async move {
            // It ends with its owner; there is nobody to tell of an error but the client that saw it.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { url, shared, task })
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The environment that leads here: names and values.
    pub fn environment(&self) -> [(&'static str, String); 3] {
        [("GITHUB_API_URL", self.url.clone()), ("GITHUB_TOKEN", TOKEN.into()), ("GITHUB_REPOSITORY", REPOSITORY.into())]
    }

    /// The next request whose path contains `part` gets this answer.
    pub fn plan(&self, part: &str, reply: Reply) {
        self.lock().planned.push_back((part.to_owned(), reply));
    }

    /// Changes the world.
    pub fn change(&self, change: impl FnOnce(&mut World)) {
        change(&mut self.lock().world);
    }

    /// Method, path with query and status of every request so far.
    pub fn seen(&self) -> Vec<(String, String, u16)> {
        self.lock().seen.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for GitHub {
    fn drop(&mut self) {
        self.task.abort();
    }
}
