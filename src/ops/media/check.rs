//! What the mirrors offer.

use super::super::blocking::blocking;
use super::super::{Context, Error};
use crate::iso::discover::{self, MediaCheck};
use crate::iso::{Bump, BumpError, Digest, Mirror, Release};
use crate::pipeline::{Key, Line};

/// What the mirror of a line offers.
#[derive(Debug)]
pub enum Offer {
    /// nothing newer
    Current {
        /// file name of the ISO
        file: String,
    },
    /// newer, there, and listed with a checksum
    Newer(Box<Newer>),
    /// a person puts it on the datastore: there is no mirror
    ByHand,
    /// not asked
    Skipped {
        /// in a few words
        reason: &'static str,
    },
}

/// A newer release.
#[derive(Debug)]
pub struct Newer {
    /// its number and addresses
    pub release: Release,
    /// as the mirror lists it
    pub digest: Digest,
    /// bytes, where the mirror says
    pub size: Option<u64>,
    /// what taking it would change, or why it cannot be taken
    pub bump: Result<Bump, BumpError>,
}

/// Asks the mirror of one line.
///
/// # Errors
/// [`Error::Discover`] when it cannot be told; nothing is to be changed for the line then.
pub async fn check(context: &Context, mirror: &Mirror, line: &Line) -> Result<Offer, Error> {
    offer(context, line, discover::check_line(mirror, line).await).await
}

/// Asks the mirrors of these lines side by side. In the order given.
pub async fn check_all(context: &Context, mirror: &Mirror, lines: &[Line]) -> Vec<(Key, Result<Offer, Error>)> {
    let found = discover::check(mirror, lines).await;
    let mut offers = Vec::new();
    for (line, (key, found)) in lines.iter().zip(found) {
        offers.push((key, offer(context, line, found).await));
    }
    offers
}

async fn offer(context: &Context, line: &Line, found: MediaCheck) -> Result<Offer, Error> {
    match found {
        MediaCheck::Current { file } => Ok(Offer::Current { file }),
        MediaCheck::Manual => Ok(Offer::ByHand),
        MediaCheck::Skipped { reason } => Ok(Offer::Skipped { reason }),
        MediaCheck::Failed(error) => Err(error.into()),
        MediaCheck::Newer { release, digest, size, .. } => {
            let (repo, line, wanted) = (context.repo.clone(), line.clone(), release.clone());
            let bump = blocking("preparing a bump", move || Ok(Bump::prepare(&repo, &line, &wanted))).await?;
            Ok(Offer::Newer(Box::new(Newer { release, digest, size, bump })))
        }
    }
}
