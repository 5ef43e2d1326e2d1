//! Files that a run left at GitHub. Shape: `artifact` of GitHub's OpenAPI description; its zip is behind a redirect to a
//! store elsewhere, which must never see the token.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use jiff::Timestamp;
use serde::Deserialize;
use tempfile::NamedTempFile;
use url::Url;

use super::{Client, Error};

/// Largest zip file that is fetched, in bytes: an hour of pictures and a log take less than a tenth.
pub const MAX_ARTIFACT_BYTES: u64 = 1 << 30;
/// Longest pause between two chunks of a download.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// A file that a run left.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Artifact {
    /// its number in addresses
    pub id: u64,
    /// e.g. `debian-12-build-debug-log`
    pub name: String,
    /// bytes of its zip file
    #[serde(rename = "size_in_bytes")]
    pub size: u64,
    /// GitHub has deleted it
    pub expired: bool,
    /// when it was uploaded
    pub created_at: Option<Timestamp>,
}

/// A listing, as GitHub sends it.
#[derive(Deserialize)]
pub(super) struct ArtifactsJson {
    pub(super) artifacts: Vec<Artifact>,
}

impl Client {
    /// What a run left.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn artifacts(&self, run: u64) -> Result<Vec<Artifact>, Error> {
        let path = format!("/actions/runs/{run}/artifacts?per_page=100");
        let page: ArtifactsJson = self.get(&path, &format!("run {run}")).await?;
        Ok(page.artifacts)
    }

    /// Fetches the zip file into a new file in `folder`; `on` hears how many bytes have come. A transfer that breaks off
    /// is begun anew.
    ///
    /// # Errors
    /// [`Error::Artifact`] for one that is expired or too large; [`Error::Network`] for one that keeps breaking off.
    pub async fn download(
        &self,
        artifact: &Artifact,
        folder: &Path,
        on: &(dyn Fn(u64) + Sync),
    ) -> Result<NamedTempFile, Error> {
        if artifact.expired {
            return Err(Error::Artifact(format!("GitHub has deleted {}: it is kept for seven days", artifact.name)));
        }
        if artifact.size > MAX_ARTIFACT_BYTES {
            return Err(too_large(artifact));
        }
        let once = || self.transfer(artifact, folder, on);
        let policy = ExponentialBuilder::default().with_min_delay(Duration::from_millis(200)).with_max_times(2);
        once.retry(policy).when(Error::is_transient).await
    }

    async fn transfer(
        &self,
        artifact: &Artifact,
        folder: &Path,
        on: &(dyn Fn(u64) + Sync),
    ) -> Result<NamedTempFile, Error> {
        // The address is good for a minute, so every attempt asks for its own.
        let path = format!("/actions/artifacts/{}/zip", artifact.id);
        let location = self.location(&path, &format!("artifact {}", artifact.name)).await?;
        let broken = |error: reqwest::Error| Error::Network {
            what: artifact.name.clone(),
            // The address in reqwest's own text is a credential for the store.
            reason: error.without_url().to_string(),
        };
        let mut response = store_client(&location)?.get(location).send().await.map_err(broken)?;
        if !response.status().is_success() {
            let status = response.status().as_u16();
            return Err(Error::Server { what: artifact.name.clone(), status, attempts: 3 });
        }
        let kept = |error: std::io::Error| Error::Artifact(format!("{}: {error}", folder.display()));
        let mut file = NamedTempFile::new_in(folder).map_err(kept)?;
        let mut size = 0;
        while let Some(chunk) = response.chunk().await.map_err(broken)? {
            size += chunk.len() as u64;
            if size > MAX_ARTIFACT_BYTES {
                return Err(too_large(artifact));
            }
            file.write_all(&chunk).map_err(kept)?;
            on(size);
        }
        Ok(file)
    }
}

fn too_large(artifact: &Artifact) -> Error {
    Error::Artifact(format!("{} is larger than {} MiB: not fetched", artifact.name, MAX_ARTIFACT_BYTES >> 20))
}

/// A client for the store: no token, and no way off TLS but to this machine.
fn store_client(location: &str) -> Result<reqwest::Client, Error> {
    let unusable = |reason: String| Error::Artifact(format!("the artifact's store cannot be asked: {reason}"));
    let url = Url::parse(location).map_err(|error| unusable(error.to_string()))?;
    let local = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
    if url.scheme() != "https" && !local {
        return Err(unusable("it is not behind https".into()));
    }
    let tls = crate::tls::public().map_err(|error| unusable(error.to_string()))?;
    reqwest::Client::builder()
        .use_preconfigured_tls(tls)
        .https_only(!local)
        .connect_timeout(Duration::from_secs(10))
        .read_timeout(READ_TIMEOUT)
        .build()
        .map_err(|error| unusable(error.to_string()))
}
