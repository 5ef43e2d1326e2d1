//! Giving a screen a name.

use std::path::{Path, PathBuf};

use super::{Error, blocking};
use crate::guest::fingerprint::Fingerprint;
use crate::guest::picture::Picture;
use crate::guest::screen::ScreenMatcher;
use crate::triage::rules::{self, OWN_RULES, TeachError};

/// Adds a screen to the rules of the repository, known by `words`, or by its picture where there are none; the file it
/// was added to.
///
/// # Errors
/// [`TeachError`]
pub async fn teach(repo: &Path, label: String, words: Vec<String>, picture: Picture) -> Result<PathBuf, Error> {
    let path = repo.join(OWN_RULES);
    blocking("teaching", move || {
        let matcher = if words.is_empty() {
            let print = Fingerprint::from_image(&picture.image().to_rgb8()).ok_or(TeachError::TooPlain)?;
            ScreenMatcher { hash: Some(print), ..ScreenMatcher::default() }
        } else {
            ScreenMatcher { text: words, ..ScreenMatcher::default() }
        };
        rules::teach(&path, &label, &matcher)?;
        Ok(path)
    })
    .await
}
