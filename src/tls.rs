//! The TLS trust of public servers: the system's certificate authorities, over ring.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

/// A client configuration that trusts the system's authorities.
///
/// # Errors
/// When the system has none, or the protocol versions cannot be had.
pub fn public() -> std::io::Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        return Err(std::io::Error::other("no certificate authorities on this system; install ca-certificates"));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(std::io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}
