//! Giving the screen in the picture a name: by which of its rows it is known, what must not stand on it, and what it means.
//! Every choice is tried on what is on record before anything is written.

use super::change::confirm;
use super::confirm::{Action, Choice, Confirm};
use super::effect::Effect;
use super::key::{Code, KeyPress};
use super::message::{Reply, RequestId};
use super::overlay::Overlay;
use super::refusal::Refusal;
use super::state::Console;
use super::text::Field;
use super::toast::Tone;
use crate::guest::picture::Picture;
use crate::guest::screen::NearPage;
use crate::ops::{self, Description, Operation};
use crate::pipeline::Key;
use crate::triage::corpus::Trial;
use crate::triage::rules::OWN_RULES;

/// Rows that are ticked to begin with.
const KNOWN_BY: usize = 3;
/// Letters that a row needs to tell a screen from others.
const TELLING: usize = 10;

/// Where the keys go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TeachFocus {
    /// the rows of the screen
    Rows,
    /// words that must not be there
    Not,
    /// the part of the picture
    Area,
    /// the name
    Label,
    /// why a build fails that shows it
    Cause,
    /// what to do then
    Remedy,
}

impl TeachFocus {
    /// From top to bottom.
    pub const ALL: [Self; 6] = [Self::Rows, Self::Not, Self::Area, Self::Label, Self::Cause, Self::Remedy];
}

/// A row of the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeachRow {
    /// the part of it that stays the same: without clocks, counters and bars
    pub words: String,
    /// it must stand on the screen
    pub ticked: bool,
}

/// A screen that is being described.
#[derive(Debug, Clone)]
pub struct Teaching {
    /// the line whose guest shows it
    pub line: Key,
    /// the screen
    pub picture: Picture,
    /// what stands on it
    pub rows: Vec<TeachRow>,
    /// the row that Space ticks
    pub chosen: usize,
    /// where the keys go
    pub focus: TeachFocus,
    /// words that must not be there, `;` between them
    pub not: Field,
    /// left, top, width and height in percent
    pub area: Field,
    /// the name
    pub label: Field,
    /// why a build fails that shows it
    pub cause: Field,
    /// what to do then
    pub remedy: Field,
    /// the known pages that resemble it, where it has no name
    pub near: Vec<NearPage>,
    /// number of the trial under way
    asked: Option<RequestId>,
    /// what was tried last
    tried: Option<Description>,
    /// what came of it
    pub trial: Option<Result<String, String>>,
    /// why it is not ready
    pub complaint: Option<String>,
}

impl Teaching {
    /// The description as far as it goes.
    ///
    /// # Errors
    /// An area that is none, in one line.
    pub fn description(&self) -> Result<Description, String> {
        let ticked = self.rows.iter().filter(|row| row.ticked);
        let not = self.not.text().split(';').map(str::trim).filter(|words| !words.is_empty());
        Ok(Description {
            label: self.label.text().trim().to_owned(),
            words: ticked.map(|row| row.words.clone()).collect(),
            not: not.map(str::to_owned).collect(),
            area: area(self.area.text())?,
            cause: self.cause.text().trim().to_owned(),
            remedy: self.remedy.text().trim().to_owned(),
        })
    }

    /// The field that has the focus.
    pub fn field(&self) -> Option<&Field> {
        match self.focus {
            TeachFocus::Rows => None,
            TeachFocus::Not => Some(&self.not),
            TeachFocus::Area => Some(&self.area),
            TeachFocus::Label => Some(&self.label),
            TeachFocus::Cause => Some(&self.cause),
            TeachFocus::Remedy => Some(&self.remedy),
        }
    }

    fn field_mut(&mut self) -> Option<&mut Field> {
        match self.focus {
            TeachFocus::Rows => None,
            TeachFocus::Not => Some(&mut self.not),
            TeachFocus::Area => Some(&mut self.area),
            TeachFocus::Label => Some(&mut self.label),
            TeachFocus::Cause => Some(&mut self.cause),
            TeachFocus::Remedy => Some(&mut self.remedy),
        }
    }

    /// Pasted text goes into the field that has the focus.
    pub fn paste(&mut self, text: &str) {
        if let Some(field) = self.field_mut() {
            field.paste(text);
        }
    }

    fn turn(&mut self, forwards: bool) {
        let at = TeachFocus::ALL.iter().position(|focus| *focus == self.focus).unwrap_or(0);
        let to = if forwards { at + 1 } else { at.saturating_sub(1) };
        self.focus = TeachFocus::ALL[to.min(TeachFocus::ALL.len() - 1)];
        if self.focus == TeachFocus::Rows && self.rows.is_empty() {
            self.focus = TeachFocus::Not;
        }
    }

    /// Takes a key; true: it is described, ask whether to write it.
    fn take(&mut self, press: KeyPress) -> bool {
        self.complaint = None;
        let last = self.focus == TeachFocus::Remedy;
        match press.code {
            Code::Enter if last => return true,
            Code::Enter | Code::Tab => self.turn(true),
            Code::BackTab => self.turn(false),
            _ if self.focus == TeachFocus::Rows => self.take_in_rows(press),
            Code::Down => self.turn(true),
            Code::Up => self.turn(false),
            Code::Char(_)
            | Code::F(_)
            | Code::Esc
            | Code::Left
            | Code::Right
            | Code::Home
            | Code::End
            | Code::PageUp
            | Code::PageDown
            | Code::Backspace
            | Code::Delete => {
                if let Some(field) = self.field_mut() {
                    field.take(press);
                }
            }
        }
        false
    }

    fn take_in_rows(&mut self, press: KeyPress) {
        let last = self.rows.len().saturating_sub(1);
        match press.code {
            Code::Char('j') | Code::Down => self.chosen = (self.chosen + 1).min(last),
            Code::Char('k') | Code::Up => self.chosen = self.chosen.saturating_sub(1),
            Code::Char('g') | Code::Home => self.chosen = 0,
            Code::Char('G') | Code::End => self.chosen = last,
            Code::Char(' ' | 'x') => {
                if let Some(row) = self.rows.get_mut(self.chosen) {
                    row.ticked = !row.ticked;
                }
            }
            Code::Char(_)
            | Code::F(_)
            | Code::Esc
            | Code::Enter
            | Code::Tab
            | Code::BackTab
            | Code::Left
            | Code::Right
            | Code::PageUp
            | Code::PageDown
            | Code::Backspace
            | Code::Delete => {}
        }
    }

    /// Asks what such a screen would match, when that has changed.
    fn try_out(&mut self, request: RequestId) -> Option<Effect> {
        let known_by = self.description().map(|description| Description {
            // None of these changes what it matches.
            label: "this".into(),
            cause: String::new(),
            remedy: String::new(),
            ..description
        });
        match known_by {
            Err(reason) => self.trial = Some(Err(reason)),
            Ok(description) if self.tried.as_ref() != Some(&description) => {
                self.tried = Some(description.clone());
                (self.asked, self.trial) = (Some(request), None);
                let (description, picture) = (Box::new(description), self.picture.clone());
                return Some(Effect::TryTeaching { request, description, picture });
            }
            Ok(_) => {}
        }
        None
    }
}

impl Console {
    /// Opens the description of the screen in the picture.
    pub(super) fn open_teaching(&mut self, line: &Key, effects: &mut Vec<Effect>) -> Result<(), Refusal> {
        let picture = self.picture_shown().cloned().ok_or(ops::Refusal::NoPicture)?;
        let text = self.words.of(&picture);
        let rows = telling(text.map(|text| text.rows.as_slice()).unwrap_or_default());
        let focus = if rows.is_empty() { TeachFocus::Label } else { TeachFocus::Rows };
        let mut teaching = Teaching {
            line: line.clone(),
            chosen: rows.iter().position(|row| row.ticked).unwrap_or(0),
            rows,
            focus,
            not: Field::default(),
            area: Field::default(),
            label: Field::default(),
            cause: Field::default(),
            remedy: Field::default(),
            near: text.map(|text| text.near.clone()).unwrap_or_default(),
            asked: None,
            tried: None,
            trial: None,
            complaint: None,
            picture,
        };
        let request = self.request();
        effects.extend(teaching.try_out(request));
        self.overlay = Some(Overlay::Teach(Box::new(teaching)));
        Ok(())
    }

    pub(super) fn teach_key(&mut self, mut teaching: Box<Teaching>, press: KeyPress, effects: &mut Vec<Effect>) {
        if press.code == Code::Esc {
            return self.notice(Tone::Info, "nothing done");
        }
        let done = teaching.take(press);
        let request = self.request();
        if done {
            match teaching.confirmation(request) {
                Ok(confirm) => return self.overlay = Some(Overlay::Confirm(Box::new(confirm))),
                Err(reason) => teaching.complaint = Some(reason),
            }
        }
        effects.extend(teaching.try_out(request));
        self.overlay = Some(Overlay::Teach(teaching));
    }

    /// What a description would match is known.
    pub(super) fn teaching_tried(&mut self, request: RequestId, answer: Reply<Trial>) -> bool {
        let Some(Overlay::Teach(teaching)) = &mut self.overlay else { return false };
        if teaching.asked != Some(request) {
            return false;
        }
        teaching.asked = None;
        teaching.trial = Some(answer.map(|trial| trial.to_string()).map_err(String::from));
        true
    }
}

impl Teaching {
    /// The confirmation: what is written, and what it would match.
    fn confirmation(&self, request: RequestId) -> Result<Confirm, String> {
        let description = self.description()?;
        if description.label.is_empty() {
            return Err("give it a name".into());
        }
        let mut steps = vec![format!("add the screen {} to {OWN_RULES}", description.label)];
        steps.extend(description.words.iter().map(|words| format!("known by {words:?}")));
        steps.extend(description.not.iter().map(|words| format!("and only without {words:?}")));
        match (description.area, description.words.is_empty()) {
            (Some([left, top, width, height]), _) => {
                steps.push(format!("known by {width}×{height} % of the picture, at {left} and {top} %"));
            }
            (None, true) => steps.push("known by its picture: no row is ticked (u reads its text)".into()),
            (None, false) => {}
        }
        if !description.cause.is_empty() {
            steps.push(format!("add the rule: {} {}", description.cause, description.remedy).trim().to_owned());
        }
        let of = (Operation::Teach, Some(self.line.clone()));
        let action = Action::Teach { description: Box::new(description), picture: self.picture.clone() };
        let mut asked = confirm(of, request, "Name this screen".to_owned(), "teach", action);
        asked.steps = steps;
        let tried = match &self.trial {
            Some(Ok(trial)) => format!("{trial}. "),
            Some(Err(_)) | None => String::new(),
        };
        asked.note = Some(format!("{tried}{OWN_RULES} is yours to edit and commit"));
        asked.choice = Choice::Cancel;
        Ok(asked)
    }
}

/// The rows of a screen with what stays the same on them; those that say most are ticked: whole sentences, not buttons.
fn telling(rows: &[String]) -> Vec<TeachRow> {
    let letters = |row: &str| row.chars().filter(|c| c.is_alphabetic()).count();
    let steady = rows.iter().map(|row| steady(row)).filter(|words| letters(words) >= 4);
    let mut rows: Vec<TeachRow> = steady.map(|words| TeachRow { words, ticked: false }).collect();
    let mut best: Vec<usize> = (0..rows.len()).filter(|at| letters(&rows[*at].words) >= TELLING).collect();
    best.sort_by_key(|at| std::cmp::Reverse(letters(&rows[*at].words)));
    best.iter().take(KNOWN_BY).for_each(|at| rows[*at].ticked = true);
    rows
}

/// The longest part of a row without what changes while a page stands: clocks, percent, counters, spinners, carets, and the
/// frame around it.
fn steady(row: &str) -> String {
    let frame = |c: char| c.is_whitespace() || ('\u{2500}'..='\u{259f}').contains(&c) || c == '_';
    let changes = |word: &str| {
        let digits = word.chars().any(|c| c.is_ascii_digit());
        let counts = word.chars().any(|c| matches!(c, '%' | ':' | '/' | '(' | ')' | '[' | ']'));
        let number = word.trim_end_matches(['.', ',', 's', 'm', 'h']).chars().all(|c| c.is_ascii_digit() || c == '.');
        digits && (counts || number) || matches!(word, "|" | "/" | "-" | "\\")
    };
    let mut parts = vec![Vec::new()];
    for word in row.trim_matches(frame).split_whitespace() {
        match parts.last_mut() {
            Some(part) if !changes(word) => part.push(word),
            _ => parts.push(Vec::new()),
        }
    }
    parts.into_iter().map(|part| part.join(" ")).max_by_key(|part| part.chars().count()).unwrap_or_default()
}

/// `left top width height` in percent; nothing at all is no area.
fn area(text: &str) -> Result<Option<[u32; 4]>, String> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let numbers: Vec<u32> =
        text.split([' ', ',']).filter(|part| !part.is_empty()).map_while(|part| part.parse().ok()).collect();
    match numbers[..] {
        [left, top, width, height] if left.saturating_add(width) <= 100 && top.saturating_add(height) <= 100 => {
            Ok(Some([left, top, width, height]))
        }
        _ => Err("the area is left, top, width and height in percent, like 25 10 50 30".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_screen_is_known_by_its_sentences_without_what_changes() {
        let rows = [
            "Select Image",
            "Choose a licensing method",
            "",
            "│  Pay-as-you-go with an Azure subscription   │",
            "Next",
            "12:41:09  Installing package bash (12/402)",
            "Copying files 45% |",
        ];
        let rows = telling(&rows.map(str::to_owned));
        let words: Vec<&str> = rows.iter().map(|row| row.words.as_str()).collect();
        let all = ["Select Image", "Choose a licensing method", "Pay-as-you-go with an Azure subscription", "Next"];
        assert_eq!(words[..4], all);
        assert_eq!(words[4..], ["Installing package bash", "Copying files"]);
        let ticked: Vec<&str> = rows.iter().filter(|row| row.ticked).map(|row| row.words.as_str()).collect();
        assert_eq!(ticked, [all[1], all[2], "Installing package bash"]);
        assert!(telling(&["OK".into(), "[ ]".into()]).is_empty());
    }

    #[test]
    fn an_area_is_four_numbers_within_the_picture() {
        assert_eq!(area(" "), Ok(None));
        assert_eq!(area("25, 10 50,30"), Ok(Some([25, 10, 50, 30])));
        assert!(area("60 10 50 30").is_err() && area("1 2 3").is_err() && area("a b c d").is_err());
    }
}
