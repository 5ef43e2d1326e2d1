//! What vCenter asks about a VM (`runtime.question`): until somebody answers the VM stands still, and so does its build.

use serde::{Deserialize, Serialize};

use super::soap::Element;

/// A question that waits for an answer (`VirtualMachineQuestionInfo`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// vCenter's id of the question
    pub id: String,
    /// what is asked, on one line; others' words
    pub text: String,
    /// what can be answered, in vCenter's order
    pub choices: Vec<Choice>,
    /// vCenter's own suggestion, as an index of `choices`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<usize>,
}

/// An answer that vCenter takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// what `AnswerVM` is given
    pub key: String,
    /// in words, e.g. `Retry`
    pub label: String,
}

impl Question {
    /// From the property's value. `None` for one without an id: it cannot be answered.
    pub(super) fn parse(value: &Element) -> Option<Self> {
        let id = Some(value.at(&["id"])).filter(|id| !id.is_empty())?.to_owned();
        let choice = value.child("choice");
        let choices: Vec<Choice> = choice
            .iter()
            .flat_map(|choice| choice.all("choiceInfo"))
            .map(|info| {
                let (key, label) = (info.at(&["key"]), one_line(info.at(&["label"])));
                Choice { key: key.to_owned(), label: if label.is_empty() { key.to_owned() } else { label } }
            })
            .collect();
        let default = choice.and_then(|choice| choice.at(&["defaultIndex"]).parse().ok());
        let default = default.filter(|index: &usize| *index < choices.len());
        Some(Self { id, text: one_line(without_id(value.at(&["text"]))), choices, default })
    }

    /// The answer that somebody means: its number in the list, counted from 1, or its words.
    pub fn choice(&self, said: &str) -> Option<&Choice> {
        let said = said.trim();
        let numbered = said.parse::<usize>().ok().and_then(|number| self.choices.get(number.checked_sub(1)?));
        numbered.or_else(|| self.choices.iter().find(|choice| choice.label.eq_ignore_ascii_case(said)))
    }

    /// The answers in words: `Retry`, `Cancel (vCenter's default)`.
    pub fn answers(&self) -> impl Iterator<Item = String> {
        self.choices.iter().enumerate().map(|(index, choice)| {
            let default = if self.default == Some(index) { " (vCenter's default)" } else { "" };
            format!("{}{default}", choice.label)
        })
    }

    /// The same, numbered: `1 Retry`, `2 Cancel (vCenter's default)`.
    pub fn numbered(&self) -> impl Iterator<Item = String> {
        self.answers().enumerate().map(|(index, answer)| format!("{} {answer}", index + 1))
    }
}

#[cfg(test)]
impl Question {
    /// What a VM halts with whose datastore is full.
    pub(crate) fn no_space() -> Self {
        let choice = |key: &str, label: &str| Choice { key: key.into(), label: label.into() };
        Self {
            id: "4711".into(),
            text: "There is no more space for virtual disk 'disk.vmdk'. You might be able to continue this session by \
                   freeing disk space on the relevant volume, and clicking Retry."
                .into(),
            choices: vec![choice("0", "Retry"), choice("1", "Cancel")],
            default: Some(0),
        }
    }
}

/// Some servers put the id of the message before its text: `msg.cdromdisconnect.locked:The guest …`.
fn without_id(text: &str) -> &str {
    match text.split_once(':') {
        Some((id, rest)) if id.starts_with("msg.") && !id.contains(char::is_whitespace) => rest,
        _ => text,
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(xml: &str) -> Option<Question> {
        Question::parse(&Element::parse(xml.as_bytes()).unwrap())
    }

    #[test]
    fn a_question_is_read_with_its_answers() {
        let question = parsed(
            "<val><id>7</id><text>msg.hbacommon.outofspace:There is no more space\n\nfor virtual disk d.vmdk.</text>\
             <choice><choiceInfo><label>Retry</label><summary>x</summary><key>0</key></choiceInfo>\
             <choiceInfo><label>Cancel</label><summary>x</summary><key>1</key></choiceInfo><defaultIndex>0</defaultIndex>\
             </choice></val>",
        )
        .unwrap();
        assert_eq!((question.id.as_str(), question.default), ("7", Some(0)));
        assert_eq!(question.text, "There is no more space for virtual disk d.vmdk.");
        assert_eq!(question.numbered().collect::<Vec<_>>(), ["1 Retry (vCenter's default)", "2 Cancel"]);
        assert_eq!(question.choice("2").map(|choice| choice.key.as_str()), Some("1"));
        assert_eq!(question.choice("retry").map(|choice| choice.key.as_str()), Some("0"));
        assert!(["0", "3", "", "maybe"].iter().all(|said| question.choice(said).is_none()));
    }

    #[test]
    fn what_cannot_be_answered_is_no_question_and_a_default_that_is_none_is_dropped() {
        assert_eq!(parsed("<val><text>what?</text></val>"), None);
        let bare = parsed("<val><id>1</id><text>a: b</text><choice><defaultIndex>4</defaultIndex></choice></val>");
        let bare = bare.unwrap();
        assert_eq!((bare.text.as_str(), bare.default, bare.choices.len()), ("a: b", None, 0));
    }
}
