//! TLS before the lab: a real packer speaks nothing else to a vCenter.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::child::{self, Kind};

/// Days for which the certificate holds.
const DAYS: &str = "30";

/// Hands what comes over TLS to a port that speaks plain HTTP.
#[derive(Debug)]
pub struct Tls {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Tls {
    /// Listens, with a certificate of its own that nobody vouches for.
    ///
    /// # Errors
    /// The address cannot be listened on, or `openssl`, which makes the certificate, is not there.
    pub async fn start(listen: SocketAddr, to: SocketAddr) -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let acceptor = acceptor(folder.path()).await?;
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let task = crate::task::spawn(async move {
            loop {
                match listener.accept().await {
                    // Each by itself: one that never says hello keeps nobody waiting.
                    Ok((stream, _)) => drop(crate::task::spawn(pass(acceptor.clone(), stream, to))),
                    // Out of file handles or the like: others must finish first.
                    Err(_) => tokio::time::sleep(std::time::Duration::from_millis(50)).await,
                }
            }
        });
        Ok(Self { address, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Tls {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass(acceptor: TlsAcceptor, stream: TcpStream, to: SocketAddr) -> io::Result<()> {
    let mut client = acceptor.accept(stream).await?;
    let mut lab = TcpStream::connect(to).await?;
    // Either side may go at any time.
    tokio::io::copy_bidirectional(&mut client, &mut lab).await.map(drop)
}

async fn acceptor(folder: &Path) -> io::Result<TlsAcceptor> {
    let (key, certificate) = (folder.join("key.pem"), folder.join("certificate.pem"));
    let mut make = child::command(Kind::Guest, "openssl");
    make.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", DAYS]);
    make.args(["-subj", "/CN=lab", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"]);
    make.arg("-keyout").arg(&key).arg("-out").arg(&certificate);
    let made =
        make.output().await.map_err(|error| io::Error::other(format!("openssl makes its certificate: {error}")))?;
    if !made.status.success() {
        let said = String::from_utf8_lossy(&made.stderr);
        return Err(io::Error::other(format!("openssl: {}", said.lines().last().unwrap_or("failed"))));
    }
    let certificate = CertificateDer::from_pem_file(certificate).map_err(io::Error::other)?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(io::Error::other)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .map_err(io::Error::other)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
