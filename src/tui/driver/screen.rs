//! The guest in the picture: its picture taken, its screen taught, typed into.

use std::path::PathBuf;

use super::generation::Gateway;
use super::link::{Pending, ready};
use crate::console::message::Reply;
use crate::guest::picture::Picture;
use crate::ops::{self, Error};
use crate::triage::rules::TeachError;
use crate::vcenter::Vm;

pub(super) async fn take(client: Pending, vm: Box<Vm>) -> Reply<Picture> {
    let client = ready(client).await?;
    ops::picture::take(&client, &vm).await.map_err(|error| error.to_string())
}

pub(super) async fn may_type(client: Pending, vm: Box<Vm>) -> Reply<()> {
    let client = ready(client).await?;
    ops::may_type(&client, &vm).await.map_err(|error| error.to_string())
}

pub(super) async fn type_into(gate: Gateway, vm: Box<Vm>, keys: String) -> Reply<String> {
    let gate = gate.open().await?;
    let count = ops::type_into(&gate, &vm, &keys).await.map_err(|error| error.to_string())?;
    Ok(format!("typed {count} key{} into {}", if count == 1 { "" } else { "s" }, vm.name))
}

pub(super) async fn teach(repo: PathBuf, label: String, words: Vec<String>, picture: Picture) -> Reply<String> {
    let taught = ops::teach(&repo, label.clone(), words, picture).await.map_err(|error| {
        let plain = matches!(&error, Error::Teach(why) if matches!(**why, TeachError::TooPlain));
        if plain { format!("{error}; u reads its text") } else { error.to_string() }
    });
    Ok(format!("{label}: added to {}", taught?.display()))
}
