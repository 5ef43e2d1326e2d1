//! Install media: what the datastore has, what the mirrors offer, bumps, stagings.

mod bump;
mod check;
mod look;
mod stage;

use std::time::Duration;

pub use bump::{Bumps, Take, bump};
pub use check::{Newer, Offer, check, check_all};
pub use look::{Medium, look};
pub use stage::{Progress, stage};

use super::blocking::blocking;
use super::{Context, Error};
use crate::iso::Mirror;
use crate::pipeline::{Key, Line, Matrix};

/// How long a mirror may take to the first byte and between bytes.
const TIMEOUT: Duration = Duration::from_secs(20);
/// How often a mirror is asked for a page.
const ATTEMPTS: usize = 3;

/// A client for the mirrors; worth keeping, because making one reads certificates.
///
/// # Errors
/// [`Error::Mirror`] when no TLS roots can be loaded.
pub async fn mirror() -> Result<Mirror, Error> {
    blocking("making a client for mirrors", || Ok(Mirror::new(TIMEOUT, ATTEMPTS)?)).await
}

/// The lines as the matrix has them now: a bump or a pull may have changed it since the context was made.
///
/// # Errors
/// [`Error::Matrix`]
pub async fn lines(context: &Context) -> Result<Vec<Line>, Error> {
    let repo = context.repo.clone();
    blocking("reading the matrix", move || Ok(Matrix::load(&repo)?.lines)).await
}

/// A line as the matrix has it now.
///
/// # Errors
/// [`Error::Matrix`]; [`Error::Usage`] when it is not in there any more.
pub async fn line(context: &Context, key: &Key) -> Result<Line, Error> {
    let found = lines(context).await?.into_iter().find(|line| line.key == *key);
    found.ok_or_else(|| Error::Usage(format!("{key} is not in ci/matrix.json any more")))
}
