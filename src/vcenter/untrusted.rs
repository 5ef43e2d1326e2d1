//! A certificate that is not trusted: what is wrong with it, and what to do.

use crate::tls;

/// The TLS error inside. It travels in `io::Error`s, whose `source` skips what they hold.
pub(super) fn tls_error<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    if let Some(tls) = error.downcast_ref::<rustls::Error>() {
        return Some(tls);
    }
    let held = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    held.and_then(|held| tls_error(held)).or_else(|| error.source().and_then(tls_error))
}

/// What is wrong with the certificate, and how to trust it all the same.
pub(super) fn reason(error: &rustls::Error) -> String {
    use rustls::CertificateError as C;
    let untrusted = match error {
        rustls::Error::Other(other) => other.0.downcast_ref::<tls::Untrusted>(),
        _ => None,
    };
    let fingerprint = untrusted.map(|untrusted| tls::print(&untrusted.fingerprint));
    let pin = fingerprint.map_or("its SHA-256 fingerprint".into(), |print| format!("its fingerprint {print}"));
    let trust = format!(
        "set TMPL_CA_FILE to its authority's certificate, or, once you have compared it with the server's own, \
         TMPL_THUMBPRINT to {pin}"
    );
    match untrusted.map_or(error, |untrusted| &untrusted.error) {
        rustls::Error::InvalidCertificate(C::UnknownIssuer) => format!("nobody vouches for its certificate; {trust}"),
        rustls::Error::InvalidCertificate(C::Expired | C::ExpiredContext { .. }) => {
            "its certificate has expired; renew it on the server".into()
        }
        rustls::Error::InvalidCertificate(C::NotValidForName | C::NotValidForNameContext { .. }) => {
            format!("its certificate is for another host; use the name it was made for, or {trust}")
        }
        rustls::Error::InvalidCertificate(_) => format!("its certificate is not one for servers; {trust}"),
        rustls::Error::General(message) => {
            format!("{message}; if the server was given a new certificate, check it and set TMPL_THUMBPRINT anew")
        }
        other => other.to_string(),
    }
}
