//! What can go wrong between us and vCenter, told apart as far as an operator acts differently on it.

use std::time::Duration;

/// Why vCenter did not do what was asked. `Display` is one line: what, where, what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting or credential is missing or malformed; exit code 2.
    #[error("{0}")]
    Settings(String),
    /// The password was refused. No further login is tried until a person acts: accounts lock.
    #[error("vCenter {host} refused the password of {account}; no further login is tried (accounts lock out)")]
    Login {
        /// host of the endpoint
        host: String,
        /// the account that was refused
        account: String,
    },
    /// Nothing answered, or the connection broke.
    #[error("cannot reach vCenter {host}: {reason}")]
    Unreachable {
        /// host of the endpoint
        host: String,
        /// the cause, innermost last
        reason: String,
    },
    /// The certificate is not trusted, expired, of another host, or its thumbprint is not the pinned one.
    #[error("TLS to vCenter {host} refused: {reason}")]
    Tls {
        /// host of the endpoint
        host: String,
        /// what is wrong with the certificate and how to trust it
        reason: String,
    },
    /// No answer within the time allowed.
    #[error("vCenter did not answer {what} within {after:?}")]
    Timeout {
        /// the call
        what: &'static str,
        /// the limit
        after: Duration,
    },
    /// vCenter wants a privilege that the account lacks; the fault names it.
    #[error("{account} lacks the privilege {privilege} on {object}")]
    Permission {
        /// account of the session
        account: String,
        /// vSphere's id of the privilege, e.g. `VirtualMachine.Config.Rename`
        privilege: String,
        /// name or id of the object
        object: String,
    },
    /// The object is not there (any more).
    #[error("{0} not found")]
    NotFound(String),
    /// Any other fault, by vSphere's type name and its message.
    #[error("vCenter refused {call}: {message} ({fault})")]
    Fault {
        /// the method called
        call: &'static str,
        /// type name of the fault, e.g. `DuplicateName`
        fault: String,
        /// its localized message
        message: String,
    },
    /// The answer is not what the protocol says.
    #[error("unexpected answer to {call}: {reason}")]
    Protocol {
        /// the method called
        call: &'static str,
        /// what was wrong
        reason: String,
    },
    /// The console picture cannot be had.
    #[error("no picture of {vm}: {reason}")]
    Picture {
        /// name or id of the VM
        vm: String,
        /// why, and what to do
        reason: String,
    },
}

impl Error {
    /// Whether retrying is useless or harmful without somebody acting first: it would lock an account or hide a changed
    /// certificate.
    pub const fn needs_a_person(&self) -> bool {
        matches!(self, Self::Login { .. } | Self::Tls { .. } | Self::Settings(_) | Self::Permission { .. })
    }
}
