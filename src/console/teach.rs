//! Giving the screen in the picture a name.

use super::change::confirm;
use super::confirm::{Action, Choice, Confirm, Need};
use super::lines::LineRow;
use super::message::RequestId;
use super::refusal::Refusal;
use super::state::Console;
use super::text::Field;
use crate::ops::{self, Operation};
use crate::triage::rules::OWN_RULES;

/// Rows of a screen that it is known by.
const KNOWN_BY: usize = 3;
/// Letters that a row needs to tell a screen from others.
const TELLING: usize = 10;

impl Console {
    pub(super) fn ask_teach(&self, row: &LineRow, request: RequestId) -> Result<Confirm, Refusal> {
        let picture = self.picture_shown().cloned().ok_or(ops::Refusal::NoPicture)?;
        let rows = self.words.of(&picture).map(|words| words.rows.as_slice()).unwrap_or_default();
        let words = telling(rows);
        let mut steps = vec![format!("add a screen of that name to {OWN_RULES}")];
        if words.is_empty() {
            steps.push("known by its picture: no text was read from it (u reads it)".into());
        }
        steps.extend(words.iter().map(|words| format!("known by {words:?}")));
        let title = "Name this screen".to_owned();
        let of = (Operation::Teach, Some(row.line.key.clone()));
        let mut asked = confirm(of, request, title, "teach", Action::Teach { words, picture });
        asked.steps = steps;
        asked.note = Some(format!("{OWN_RULES} is yours to edit and commit; a rule there can name the cause"));
        asked.need = Need::Text { label: "name", field: Field::default() };
        asked.choice = Choice::Field;
        Ok(asked)
    }
}

/// The rows that say most, in their order: whole sentences, not single buttons.
fn telling(rows: &[String]) -> Vec<String> {
    let letters = |row: &str| row.chars().filter(|c| c.is_alphabetic()).count();
    let mut best: Vec<(usize, &String)> = rows.iter().enumerate().filter(|(_, row)| letters(row) >= TELLING).collect();
    best.sort_by_key(|(_, row)| std::cmp::Reverse(letters(row)));
    best.truncate(KNOWN_BY);
    best.sort_by_key(|(at, _)| *at);
    best.into_iter().map(|(_, row)| row.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::telling;

    #[test]
    fn a_screen_is_known_by_its_sentences() {
        let rows =
            ["Select Image", "Choose a licensing method", "", "  Pay-as-you-go with an Azure subscription  ", "Next"];
        let rows = rows.map(str::to_owned);
        assert_eq!(
            telling(&rows),
            ["Select Image", "Choose a licensing method", "Pay-as-you-go with an Azure subscription"]
        );
        assert!(telling(&["OK".into(), "[ ]".into()]).is_empty());
    }
}
