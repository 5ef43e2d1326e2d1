//! What is asked before a screen and its rule are written.

use super::super::change::confirm;
use super::super::confirm::{Action, Choice, Confirm};
use super::super::message::RequestId;
use super::{TeachFocus, Teaching};
use crate::ops::Operation;
use crate::triage::corpus::MISSES;
use crate::triage::rules::OWN_RULES;

impl Teaching {
    /// The confirmation: what is written, and what it would match.
    pub(super) fn confirmation(&mut self, request: RequestId) -> Result<Confirm, String> {
        let description = self.description()?;
        if description.label.is_empty() {
            self.focus = TeachFocus::Label;
            return Err("give it a name".into());
        }
        if let Some(reason) = self.name_complaint() {
            self.focus = TeachFocus::Label;
            return Err(reason);
        }
        let trial = match &self.trial {
            None => return Err("still trying it on every stored picture".into()),
            Some(Err(reason)) => return Err(reason.clone()),
            Some(Ok(trial)) if trial.misses_its_own => {
                return Err(format!("it would not match this very screen: {MISSES}"));
            }
            Some(Ok(trial)) => trial,
        };
        let mut steps = vec![format!("add the screen {} to {OWN_RULES}", description.label)];
        steps.extend(description.words.iter().map(|words| format!("known by {words:?}")));
        steps.extend(description.not.iter().map(|words| format!("and only without {words:?}")));
        match (description.area, description.words.is_empty()) {
            (Some([left, top, width, height]), _) => {
                steps.push(format!("known by {width}×{height} % of the picture, at {left} and {top} %"));
            }
            (None, true) => steps.push("known by its picture: no row is ticked (‹picture text› reads its text)".into()),
            (None, false) => {}
        }
        if !description.cause.is_empty() {
            steps.push(format!("add the rule: {}", description.cause));
            steps.extend(Some(&description.remedy).filter(|it| !it.is_empty()).map(|it| format!("what to do: {it}")));
        }
        let of = (Operation::Teach, Some(self.line.clone()));
        let action = Action::Teach { description: Box::new(description), picture: self.picture.clone() };
        let mut asked = confirm(of, request, "Name this screen".to_owned(), "teach", action);
        asked.steps = steps;
        asked.note = Some(format!("{trial}. {OWN_RULES} is yours to edit and commit"));
        asked.choice = Choice::Cancel;
        Ok(asked)
    }
}
