//! `metrics`: figures about all lines for Prometheus, once or for whoever scrapes them here.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Router, serve};
use tmpl::ops::metrics::{Gatherer, Sources};
use tmpl::ops::signals;
use tmpl::ops::usual::Usual;
use tmpl::vcenter::Client;
use tokio::sync::Mutex;

use super::{Context, Exit, Stop, output};

/// Of 8 to 32 KiB of figures nobody needs more often.
const FRESH: std::time::Duration = std::time::Duration::from_secs(10);

/// Arguments of `metrics`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Serve them at http://ADDR/metrics until stopped; on this machine only
    #[arg(long, value_name = "ADDR", num_args = 0..=1, default_missing_value = "127.0.0.1:9898", value_parser = address)]
    listen: Option<SocketAddr>,
    /// Do not ask the mirrors for newer install media
    #[arg(long)]
    no_mirrors: bool,
}

fn address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse().map_err(|_| "write HOST:PORT, e.g. 127.0.0.1:9999")
}

/// Runs the verb. A source that cannot be asked is a figure, too, and no failure.
pub async fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    // Where no token is, GitHub has no part in it.
    let ops = context.ops()?;
    let token = ["GITHUB_TOKEN", "GH_TOKEN"].iter().any(|name| std::env::var_os(name).is_some_and(|it| !it.is_empty()));
    let sources = Sources { mirrors: !args.no_mirrors, github: token };
    let usual = Usual::with_limits(context.global.config.config.alarms.clone());
    let client = context.client().map_err(|error| format!("{error:#}"));
    let scraped = Scraped { gatherer: Gatherer::new(ops, usual, sources), client, told: Vec::new(), last: None };
    match args.listen {
        Some(address) if !address.ip().is_loopback() => Err(Stop::usage(format!(
            "--listen {address}: metrics are served on this machine only (127.0.0.1 or [::1]); an agent or proxy there can pass them on"
        ))),
        Some(address) => listen(address, scraped).await,
        None => {
            let mut scraped = scraped;
            let text = scraped.text().await;
            text.lines().try_for_each(output::result)?;
            Ok(Exit::Done)
        }
    }
}

/// What is asked for figures.
struct Scraped {
    gatherer: Gatherer,
    client: Result<Client, String>,
    /// troubles that were told
    told: Vec<(&'static str, String)>,
    last: Option<(std::time::Instant, String)>,
}

impl Scraped {
    async fn text(&mut self) -> String {
        if let Some((at, text)) = self.last.as_ref().filter(|(at, _)| at.elapsed() < FRESH) {
            tracing::debug!(age = ?at.elapsed(), "scraped again");
            return text.clone();
        }
        let (all, troubles) = self.gatherer.gather(self.client.as_ref().map_err(Clone::clone)).await;
        for (source, why) in troubles.iter().filter(|trouble| !self.told.contains(trouble)) {
            let _ = output::note(&format!("{source}: {why}"));
        }
        self.told = troubles;
        let text = all.text();
        self.last = Some((std::time::Instant::now(), text.clone()));
        text
    }
}

async fn listen(address: SocketAddr, scraped: Scraped) -> anyhow::Result<Exit> {
    let stop = signals::stop()?;
    let listener = tokio::net::TcpListener::bind(address).await;
    let listener = listener.with_context(|| format!("cannot listen on {address}; --listen takes another port"))?;
    output::note(&format!("http://{}/metrics", listener.local_addr()?))?;
    let router = Router::new().route("/metrics", get(answer)).with_state(Arc::new(Mutex::new(scraped)));
    serve(listener, router).with_graceful_shutdown(async move { stop.cancelled().await }).await?;
    Ok(Exit::Cancelled)
}

async fn answer(State(scraped): State<Arc<Mutex<Scraped>>>, headers: HeaderMap) -> impl IntoResponse {
    // A page in a browser here has no business with it, whatever name it gave this machine.
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let host = host.rsplit_once(':').map_or(host, |(name, _)| name);
    if !["127.0.0.1", "[::1]", "localhost"].contains(&host) && !host.starts_with("127.") {
        return (StatusCode::FORBIDDEN, [(header::CONTENT_TYPE, "text/plain")], "ask for 127.0.0.1\n".to_owned());
    }
    // One scrape at a time: each asks vCenter.
    let text = scraped.lock().await.text().await;
    (StatusCode::OK, [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text)
}
