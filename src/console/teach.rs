//! Giving the screen in the picture a name: by which of its rows it is known, what must not stand on it, and what it means.
//! Every choice is tried on what is on record before anything is written.

mod confirmation;
mod rows;

use self::rows::{area, telling};
use super::arming::Arming;
use super::effect::Effect;
use super::key::{Code, KeyPress};
use super::message::{Reply, RequestId};
use super::overlay::Overlay;
use super::state::Console;
use super::text::Field;
use super::toast::Tone;
use crate::guest::picture::Picture;
use crate::guest::screen::{NearPage, RecognisedText, check_label};
use crate::ops::Description;
use crate::pipeline::Key;
use crate::triage::corpus::Trial;

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
    /// what was read on it
    read: Option<RecognisedText>,
    /// what stays the same of its rows
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
    pub trial: Option<Result<Trial, String>>,
    /// why it is not ready
    pub complaint: Option<String>,
    /// whether it listens yet
    pub arming: Arming,
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
            read: self.read.clone(),
            words: ticked.map(|row| row.words.clone()).collect(),
            not: not.map(str::to_owned).collect(),
            area: area(self.area.text())?,
            cause: self.cause.text().trim().to_owned(),
            remedy: self.remedy.text().trim().to_owned(),
        })
    }

    /// What is wrong with the name, once there is one.
    pub fn name_complaint(&self) -> Option<String> {
        let name = self.label.text().trim();
        if name.is_empty() { None } else { check_label(name).err() }
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
        let (rows, last) = (self.focus == TeachFocus::Rows, self.focus == TeachFocus::Remedy);
        if press.code == Code::Enter && last {
            return true;
        }
        if matches!(press.code, Code::Enter | Code::Tab) || press.code == Code::Down && !rows {
            self.turn(true);
        } else if press.code == Code::BackTab || press.code == Code::Up && !rows {
            self.turn(false);
        } else if let Some(field) = self.field_mut() {
            field.take(press);
        } else {
            self.take_in_rows(press.code);
        }
        false
    }

    fn take_in_rows(&mut self, code: Code) {
        let last = self.rows.len().saturating_sub(1);
        if matches!(code, Code::Char('j') | Code::Down) {
            self.chosen = (self.chosen + 1).min(last);
        } else if matches!(code, Code::Char('k') | Code::Up) {
            self.chosen = self.chosen.saturating_sub(1);
        } else if matches!(code, Code::Char('g') | Code::Home) {
            self.chosen = 0;
        } else if matches!(code, Code::Char('G') | Code::End) {
            self.chosen = last;
        } else if let (Code::Char(' ' | 'x'), Some(row)) = (code, self.rows.get_mut(self.chosen)) {
            row.ticked = !row.ticked;
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
    /// Opens the description of a picture whose text is known.
    pub(super) fn open_teaching(&mut self, line: &Key, picture: Picture, effects: &mut Vec<Effect>) {
        let text = self.words.of(&picture);
        let rows = text.map(|text| telling(&text.rows, &text.bars)).unwrap_or_default();
        let read = text.filter(|text| !text.rows.is_empty());
        let read = read.map(|text| RecognisedText { rows: text.rows.clone(), exact: text.exact });
        let focus = if rows.is_empty() { TeachFocus::Label } else { TeachFocus::Rows };
        let mut teaching = Teaching {
            arming: Arming::default(),
            line: line.clone(),
            chosen: rows.iter().position(|row| row.ticked).unwrap_or(0),
            read,
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
    }

    pub(super) fn teach_key(&mut self, mut teaching: Box<Teaching>, press: KeyPress, effects: &mut Vec<Effect>) {
        if press.code == Code::Esc {
            return self.notice(Tone::Info, "nothing done");
        }
        let before = teaching.focus;
        let done = teaching.take(press);
        let request = self.request();
        if done {
            match teaching.confirmation(request) {
                Ok(confirm) => {
                    self.words.described = Some(teaching);
                    return self.overlay = Some(Overlay::Confirm(Box::new(confirm)));
                }
                Err(reason) => teaching.complaint = Some(reason),
            }
        }
        // Words are tried when they are typed to their end.
        let typing = before == teaching.focus && matches!(before, TeachFocus::Not | TeachFocus::Area);
        if !typing {
            effects.extend(teaching.try_out(request));
        }
        self.overlay = Some(Overlay::Teach(teaching));
    }

    /// The description comes back when it is not written: whoever made it need not make it again.
    pub(super) fn describe_again(&mut self, complaint: Option<String>) {
        if let Some(teaching) = self.words.described.take().filter(|_| self.overlay.is_none()) {
            self.overlay =
                Some(Overlay::Teach(Box::new(Teaching { complaint, arming: Arming::default(), ..*teaching })));
        }
    }

    /// What a description would match is known.
    pub(super) fn teaching_tried(&mut self, request: RequestId, answer: Reply<Trial>) -> bool {
        let Some(Overlay::Teach(teaching)) = &mut self.overlay else { return false };
        if teaching.asked != Some(request) {
            return false;
        }
        teaching.asked = None;
        teaching.trial = Some(answer.map_err(String::from));
        true
    }
}
