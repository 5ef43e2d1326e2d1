//! What the datastore has of every line.

use super::super::blocking::blocking;
use super::super::{Context, Error};
use super::lines;
use crate::iso::{DatastoreIso, Drift, RequiredIso};
use crate::pipeline::Key;
use crate::vcenter::{self, Client};

/// A line's ISO as repository and datastore have it.
#[derive(Debug)]
pub struct Medium {
    /// the line
    pub key: Key,
    /// what its template mounts
    pub wanted: Result<RequiredIso, Drift>,
    /// what is there; `None` where it is not known what must be
    pub shelf: Option<Result<DatastoreIso, vcenter::Error>>,
}

/// Asks the datastore about the lines that are `wanted`.
///
/// # Errors
/// What every line would meet, such as a vCenter that does not answer.
pub async fn look(
    context: &Context,
    client: &Client,
    wanted: &(dyn Fn(&Key) -> bool + Sync),
) -> Result<Vec<Medium>, Error> {
    let mut media = Vec::new();
    for line in lines(context).await?.into_iter().filter(|line| wanted(&line.key)) {
        let (repo, key) = (context.repo.clone(), line.key.clone());
        let wanted = blocking("reading a var-file", move || Ok(RequiredIso::read(&repo, &line))).await?;
        let shelf = match &wanted {
            Ok(wanted) => Some(shelf(client, wanted.clone()).await?),
            Err(_) => None,
        };
        media.push(Medium { key, wanted, shelf });
    }
    Ok(media)
}

/// What is there; the outer error is one that every other line would meet too.
async fn shelf(client: &Client, wanted: RequiredIso) -> Result<Result<DatastoreIso, vcenter::Error>, Error> {
    use vcenter::Error::{Fault, NotFound, Permission};
    match DatastoreIso::read(client, wanted).await {
        Err(error) if !matches!(error, NotFound(_) | Permission { .. } | Fault { .. }) => Err(error.into()),
        answer => Ok(answer),
    }
}
