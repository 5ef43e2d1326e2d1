//! A simulated GitHub on 127.0.0.1: the part of its REST API that the pipeline's runs need, in the shapes of its public
//! OpenAPI description. For `demo` and for tests; it says that it is simulated wherever it has words of its own.

#[cfg(feature = "testing")]
mod hooks;
mod http;
mod world;

use std::io;
use std::sync::{Arc, Mutex};

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

#[cfg(feature = "testing")]
pub use hooks::Reply;
pub use world::{Job, Run, World, archive};

/// The only token it accepts.
pub const TOKEN: &str = "lab-github-token";
/// The repository it holds.
pub const REPOSITORY: &str = "lab/golden-images";

/// What all requests share.
#[derive(Debug)]
pub(super) struct Shared {
    pub world: World,
    #[cfg(feature = "testing")]
    pub hooks: hooks::Hooks,
}

/// A running server.
#[derive(Debug)]
pub struct GitHub {
    url: String,
    #[cfg(feature = "testing")]
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
        let shared = Arc::new(Mutex::new(Shared {
            world,
            #[cfg(feature = "testing")]
            hooks: hooks::Hooks::default(),
        }));
        let router = http::router(http::State { url: url.clone(), shared: Arc::clone(&shared) });
        let task = crate::task::spawn(async move {
            // It ends with its owner; there is nobody to tell of an error but the client that saw it.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self {
            url,
            #[cfg(feature = "testing")]
            shared,
            task,
        })
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The environment that leads here: names and values.
    pub fn environment(&self) -> [(&'static str, String); 3] {
        [("GITHUB_API_URL", self.url.clone()), ("GITHUB_TOKEN", TOKEN.into()), ("GITHUB_REPOSITORY", REPOSITORY.into())]
    }
}

impl Drop for GitHub {
    fn drop(&mut self) {
        self.task.abort();
    }
}
