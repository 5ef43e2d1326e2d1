//! Why a request was not fulfilled.

use std::fmt;
use std::sync::Arc;

use crate::console::binding::keyed;
use crate::console::refusal::in_keys;
use crate::ops::Error;
use crate::text::Scrubber;
use crate::triage::rules::TeachError;
use crate::vcenter;

/// Why a request was not fulfilled. A message is a value, so what happened is shared.
#[derive(Debug, Clone)]
pub struct Failure {
    error: Arc<Error>,
    text: String,
}

impl Failure {
    /// What happened.
    pub fn error(&self) -> &Error {
        &self.error
    }
}

/// In one line that may be shown, in the words of the console: refusals name keys.
impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let text = if let Error::Refused(refusal) = &error {
            in_keys(refusal)
        } else if let Error::Teach(why) = &error
            && matches!(**why, TeachError::TooPlain)
        {
            format!("{error}; ‹picture text› reads its text")
        } else if let Error::VCenter(vcenter::Error::Picture { reason, .. }) = &error {
            // It stands in the pane of the VM.
            reason.clone()
        } else {
            error.to_string()
        };
        Self { text: keyed(Scrubber::shared().safe_line(&text)), error: Arc::new(error) }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<Failure> for String {
    fn from(failure: Failure) -> Self {
        failure.text
    }
}

/// Equal where a person would see no difference.
impl PartialEq for Failure {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Failure {}

#[cfg(test)]
impl From<&str> for Failure {
    fn from(text: &str) -> Self {
        Error::Usage(text.to_owned()).into()
    }
}
