//! Trust: what becomes of images, builds and secrets when things fail. `./ci/trust` runs all of it and prints the figures;
//! without `TMPL_TRUST=full` a part that fits into the ordinary test time.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod bounds;
mod builds;
mod children;
mod clock;
mod console;
mod faults;
mod github;
mod images;
mod kills;
mod late;
mod lines;
#[path = "../iso/mirror.rs"]
#[expect(dead_code, reason = "other tests break it")]
mod mirror;
mod pictures;
mod places;
#[path = "../support/proxy.rs"]
#[expect(dead_code, reason = "other tests make other trouble")]
mod proxy;
#[path = "../support/pty.rs"]
mod pty;
mod records;
#[path = "../support/screen.rs"]
#[expect(dead_code, reason = "other tests send other pictures")]
mod screen;
mod sessions;
mod soak;
mod strangers;
mod terminal;
#[path = "../support/tools.rs"]
mod tools;
mod typing;
#[path = "../support/vcsim.rs"]
mod vcsim;
mod watch;
#[path = "../support/world.rs"]
mod world;
mod xray;

use std::io::Write;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use world::{BASE, KEY, Kind, Names, World};

/// Whether everything is to be tried, however long it takes.
fn full() -> bool {
    std::env::var("TMPL_TRUST").is_ok_and(|value| value == "full")
}

/// Runs these, a few at a time, and fails with what any of them says.
async fn all<T: Future<Output = ()> + Send + 'static>(tries: impl IntoIterator<Item = T>) {
    at_once(6, tries).await;
}

/// The same, so many at a time.
async fn at_once<T: Future<Output = ()> + Send + 'static>(many: usize, tries: impl IntoIterator<Item = T>) {
    let few = Arc::new(Semaphore::new(many));
    let mut tasks = JoinSet::new();
    for one in tries {
        let few = Arc::clone(&few);
        tasks.spawn(async move {
            let _turn = few.acquire().await.unwrap();
            one.await;
        });
    }
    let mut failures = Vec::new();
    while let Some(ended) = tasks.join_next().await {
        if let Err(failure) = ended {
            failures.push(failure.into_panic().downcast_ref::<String>().cloned().unwrap_or_default());
        }
    }
    assert!(failures.is_empty(), "{} failed:\n{}", failures.len(), failures.join("\n\n"));
}

/// A figure for the list that `./ci/trust` prints.
fn figure(text: &str) {
    if let Some(path) = std::env::var_os("TMPL_TRUST_FIGURES") {
        let mut file = std::fs::OpenOptions::new().append(true).create(true).open(path).unwrap();
        file.write_all(format!("{text}\n").as_bytes()).unwrap();
    }
}
