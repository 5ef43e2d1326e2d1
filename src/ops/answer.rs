//! What vCenter asks about a build VM, answered.

use super::type_into::may;
use super::{Error, Operation, Refusal, permitted};
use crate::pipeline::Line;
use crate::vcenter::gate::Gate;
use crate::vcenter::privilege::ANSWER;
use crate::vcenter::{Choice, Client, Question, Vm};

/// The build VM of a line and what vCenter asks about it.
///
/// # Errors
/// [`Refusal::NoQuestion`], and those of asking.
pub async fn question_of(client: &Client, line: &Line) -> Result<(Vm, Question), Error> {
    let found = super::find_vm(client, &line.build_name()).await?;
    let asked = found.and_then(|vm| vm.question.clone().map(|question| (vm, question)));
    asked.ok_or_else(|| Refusal::NoQuestion { key: line.key.clone() }.into())
}

/// The answer that somebody means: by its number or its words.
///
/// # Errors
/// [`Refusal::NoSuchAnswer`]
pub fn meant<'q>(question: &'q Question, said: &str) -> Result<&'q Choice, Error> {
    let none = || {
        let answers = question.numbered().collect::<Vec<_>>().join(", ");
        Refusal::NoSuchAnswer { said: said.to_owned(), answers }.into()
    };
    question.choice(said).ok_or_else(none)
}

/// Answers, provided vCenter still asks that.
///
/// # Errors
/// A refusal, nothing answered; those of vCenter.
pub async fn answer(gate: &Gate, vm: &Vm, question: &Question, choice: &Choice) -> Result<(), Error> {
    permitted(Operation::Answer, gate.mode())?;
    may(gate.client(), vm, ANSWER).await?;
    Ok(gate.answer("answer", vm, question, choice).await?)
}
