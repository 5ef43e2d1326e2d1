//! TLS trust, over rustls and ring: public servers, and the one vCenter an operator vouches for.

use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

/// Which certificate a server may show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// one that the authorities vouch for
    Authorities,
    /// any, because the environment says so
    Anything,
    /// exactly the one with this SHA-256 fingerprint
    Pinned([u8; 32]),
}

/// A client configuration that trusts the system's authorities.
///
/// # Errors
/// When the system has none, or the protocol versions cannot be had.
pub fn public() -> std::io::Result<ClientConfig> {
    config(&Trust::Authorities, None)
}

/// A client configuration for `trust`, with the authorities of a PEM file beside the system's.
///
/// # Errors
/// When the file cannot be read or holds no certificate, or there are no authorities at all.
pub fn config(trust: &Trust, authorities: Option<&Path>) -> std::io::Result<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(std::io::Error::other)?;
    let verifier: Arc<dyn ServerCertVerifier> = match trust {
        Trust::Authorities => {
            let roots = Arc::new(roots(authorities)?);
            let authorities = WebPkiServerVerifier::builder_with_provider(roots, provider).build();
            Arc::new(Explained(authorities.map_err(std::io::Error::other)?))
        }
        Trust::Anything => Arc::new(Vouched { pin: None, provider }),
        Trust::Pinned(pin) => Arc::new(Vouched { pin: Some(*pin), provider }),
    };
    Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

fn roots(extra: Option<&Path>) -> std::io::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = extra {
        let named = |reason: String| std::io::Error::other(format!("{}: {reason}", path.display()));
        let certificates = CertificateDer::pem_file_iter(path).map_err(|error| named(error.to_string()))?;
        let certificates: Vec<_> = certificates.flatten().collect();
        let (added, _) = roots.add_parsable_certificates(certificates);
        if added == 0 {
            return Err(named("no certificate in this file".into()));
        }
    }
    if roots.is_empty() {
        return Err(std::io::Error::other("no certificate authorities on this system; install ca-certificates"));
    }
    Ok(roots)
}

/// Why a certificate is not trusted, and its fingerprint, for a person who wants to vouch for it.
#[derive(Debug, thiserror::Error)]
#[error("{error}; its SHA-256 fingerprint is {}", print(.fingerprint))]
pub struct Untrusted {
    /// what the authorities say
    pub error: rustls::Error,
    /// of the certificate that was shown
    pub fingerprint: [u8; 32],
}

/// The authorities; a certificate that they do not vouch for is told with its fingerprint.
#[derive(Debug)]
struct Explained(Arc<WebPkiServerVerifier>);

impl ServerCertVerifier for Explained {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.0.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now).map_err(|error| {
            let untrusted = Untrusted { error, fingerprint: crate::sha256::digest(end_entity) };
            rustls::Error::Other(rustls::OtherError(Arc::new(untrusted)))
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

/// Accepts what a person vouched for instead of an authority. The handshake itself is verified all the same: the server
/// must hold the certificate's key.
#[derive(Debug)]
struct Vouched {
    pin: Option<[u8; 32]>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Vouched {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let found = crate::sha256::digest(end_entity);
        match self.pin {
            Some(pin) if pin != found => {
                Err(rustls::Error::General(format!("certificate fingerprint is {}, not the pinned one", print(&found))))
            }
            _ => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// `AB:CD:…`, as browsers and `openssl x509 -fingerprint` print it.
pub fn print(fingerprint: &[u8]) -> String {
    fingerprint.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
}

/// Reads a SHA-256 fingerprint, colons or not.
pub fn fingerprint(text: &str) -> Option<[u8; 32]> {
    let hex: String = text.chars().filter(|c| *c != ':' && !c.is_whitespace()).collect();
    let pairs = hex.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    pairs.collect::<Option<Vec<u8>>>()?.try_into().ok()
}
