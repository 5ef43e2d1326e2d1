//! The guest in the picture: its picture taken, its screen taught, typed into.

use std::path::PathBuf;

use super::link::{Pending, ready};
use crate::guest::picture::Picture;
use crate::ops::{self, Context, Description, Error};
use crate::triage::corpus::Trial;
use crate::vcenter::{Choice, Question, Vm};

pub(super) async fn take(client: Pending, vm: Box<Vm>) -> Result<Picture, Error> {
    ops::picture::take(&ready(client).await?, &vm).await
}

/// A small one, for the wall.
pub(super) async fn take_small(client: Pending, vm: Box<Vm>) -> Result<Picture, Error> {
    ops::picture::take_small(&ready(client).await?, &vm).await
}

pub(super) async fn may(client: Pending, vm: Box<Vm>, privilege: &'static str) -> Result<Vec<String>, Error> {
    ops::may(&ready(client).await?, &vm, privilege).await.map(|()| Vec::new())
}

pub(super) async fn wake(context: Context, client: Pending, vm: Box<Vm>) -> Result<String, Error> {
    ops::wake(&context.gate(&ready(client).await?), &vm).await?;
    Ok(format!("pressed shift in {}", vm.name))
}

pub(super) async fn answer(
    context: Context,
    client: Pending,
    vm: Box<Vm>,
    (question, choice): (Question, Choice),
) -> Result<String, Error> {
    ops::answer::answer(&context.gate(&ready(client).await?), &vm, &question, &choice).await?;
    Ok(format!("{}: answered {}", vm.name, choice.label))
}

pub(super) async fn type_into(context: Context, client: Pending, vm: Box<Vm>, keys: String) -> Result<String, Error> {
    let count = ops::type_into(&context, &ready(client).await?, &vm, &keys).await?;
    Ok(format!("typed {count} key{} into {}", if count == 1 { "" } else { "s" }, vm.name))
}

pub(super) async fn try_out(context: Context, description: Description, picture: Picture) -> Result<Trial, Error> {
    ops::try_out(&context.repo, &context.state, description, picture).await
}

pub(super) async fn teach(repo: PathBuf, description: Description, picture: Picture) -> Result<String, Error> {
    let label = description.label.clone();
    let file = ops::teach(&repo, description, picture).await?;
    Ok(format!("{label}: added to {}", file.display()))
}
