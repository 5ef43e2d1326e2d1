//! The one road to a change: a confirmation that lists the exact steps, Cancel focused first.

mod action;

pub use self::action::Action;
use super::arming::Arming;
use super::cursor::{Cursor, Step};
use super::key::{Code, KeyPress};
use super::message::RequestId;
use super::text::Field;
use super::typing;
use crate::ops::Operation;
use crate::pipeline::Key;

/// What must be typed before the change is armed.
#[derive(Debug, Clone)]
pub enum Need {
    /// nothing: `y`
    Yes,
    /// a reason, then `y`
    Reason(Field),
    /// a text that the action takes, then `y`
    Text {
        /// what it is
        label: &'static str,
        /// what is typed
        field: Field,
    },
    /// a name, letter by letter
    Name {
        /// the name
        name: String,
        /// what is typed
        field: Field,
    },
}

/// Where the keys go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// into the text field
    Field,
    /// the way back
    Cancel,
    /// the action
    Go,
}

/// Whether vCenter would let it happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Check {
    /// nothing to ask
    None,
    /// asked, no answer yet
    Asking,
    /// it would
    Passed,
    /// it would not, and why
    Refused(String),
}

/// An open confirmation.
#[derive(Debug, Clone)]
pub struct Confirm {
    /// what is confirmed
    pub operation: Operation,
    /// its line, decided when the key was pressed
    pub line: Option<Key>,
    /// number of the check with vCenter
    pub request: RequestId,
    /// heading
    pub title: String,
    /// exactly what will happen, in order
    pub steps: Vec<String>,
    /// the lines of files that change, as [`crate::iso::Bump::diff`] has them
    pub diff: Vec<String>,
    /// first row on the screen, where it is longer than that
    pub top: Cursor,
    /// who holds the line, and what vCenter says may be lost: read before the steps
    pub warnings: Vec<String>,
    /// what to know before
    pub note: Option<String>,
    /// the command line that is run, as a shell would take it; secrets are in its environment
    pub command: Option<String>,
    /// the context that it happens in, where there is one
    pub context: Option<String>,
    /// what is different afterwards, said first
    pub outcome: Option<String>,
    /// on the button
    pub verb: &'static str,
    /// on the button of the way back
    pub back: &'static str,
    /// what must be typed
    pub need: Need,
    /// where the keys go
    pub choice: Choice,
    /// whether vCenter would let it happen
    pub check: Check,
    /// what it leads to
    pub action: Action,
    /// why the last attempt to confirm did nothing
    pub complaint: Option<String>,
    /// whether it listens yet
    pub arming: Arming,
}

/// What a key led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfirmResult {
    /// still open
    Open,
    /// closed, nothing happens
    Cancelled,
    /// do it
    Confirmed,
    /// still open; the command that does the same goes to the clipboard
    Copy,
    /// still open; its text moves
    Scroll(Step),
}

impl Confirm {
    /// Whether everything it needs is typed and vCenter does not object.
    ///
    /// # Errors
    /// One line: what is missing.
    pub fn armed(&self) -> Result<(), String> {
        match &self.check {
            Check::Asking => return Err("still asking vCenter whether it may be done".into()),
            Check::Refused(reason) => return Err(reason.clone()),
            Check::None | Check::Passed => {}
        }
        self.typed()
    }

    /// Whether everything it needs is typed.
    fn typed(&self) -> Result<(), String> {
        match &self.need {
            Need::Yes => Ok(()),
            Need::Reason(field) if field.text().trim().is_empty() => Err("type a reason first".into()),
            Need::Reason(_) => Ok(()),
            Need::Text { field, .. } if matches!(self.action, Action::Type(_)) => typing::keys(field.text()).map(drop),
            Need::Text { field, .. } if let Action::Answer { question, .. } = &self.action => {
                let answers = || question.numbered().collect::<Vec<_>>().join(", ");
                question
                    .choice(field.text())
                    .map(drop)
                    .ok_or_else(|| format!("type the number of an answer: {}", answers()))
            }
            Need::Text { label, field } if field.text().trim().is_empty() => Err(format!("type a {label} first")),
            Need::Text { .. } => Ok(()),
            Need::Name { name, field } if field.text().trim() == name => Ok(()),
            Need::Name { name, .. } => Err(format!("type {name} to confirm")),
        }
    }

    /// The reason or text typed.
    pub fn reason(&self) -> &str {
        match &self.need {
            Need::Text { field, .. } => field.text(),
            Need::Reason(field) => field.text().trim(),
            Need::Yes | Need::Name { .. } => "",
        }
    }

    /// Its text field.
    pub fn field(&self) -> Option<&Field> {
        match &self.need {
            Need::Yes => None,
            Need::Reason(field) | Need::Text { field, .. } | Need::Name { field, .. } => Some(field),
        }
    }

    fn field_mut(&mut self) -> Option<&mut Field> {
        match &mut self.need {
            Need::Yes => None,
            Need::Reason(field) | Need::Text { field, .. } | Need::Name { field, .. } => Some(field),
        }
    }

    /// Pasted text goes into the field that has the focus.
    pub fn paste(&mut self, text: &str) {
        if self.choice == Choice::Field
            && let Some(field) = self.field_mut()
        {
            field.paste(text);
        }
    }

    /// Takes a key.
    pub fn take(&mut self, press: KeyPress) -> ConfirmResult {
        self.complaint = None;
        if press.code == Code::Esc {
            return ConfirmResult::Cancelled;
        }
        if self.choice == Choice::Field {
            return self.take_in_field(press);
        }
        match press.code {
            Code::Char('y' | 'Y') if !press.ctrl => self.confirm(),
            Code::Char('c') if !press.ctrl => ConfirmResult::Copy,
            Code::Char('n' | 'N' | 'q') if !press.ctrl => ConfirmResult::Cancelled,
            Code::Enter | Code::Char(' ') => match self.choice {
                Choice::Go => self.confirm(),
                Choice::Cancel | Choice::Field => ConfirmResult::Cancelled,
            },
            Code::Up if self.field().is_some() => {
                self.choice = Choice::Field;
                ConfirmResult::Open
            }
            Code::Up => ConfirmResult::Scroll(Step::Up),
            Code::Down => ConfirmResult::Scroll(Step::Down),
            Code::PageUp => ConfirmResult::Scroll(Step::PageUp),
            Code::PageDown => ConfirmResult::Scroll(Step::PageDown),
            Code::Tab | Code::Right | Code::Char('l') => self.turn(true),
            Code::BackTab | Code::Left | Code::Char('h') => self.turn(false),
            Code::Char(_) | Code::F(_) | Code::Esc | Code::Home | Code::End | Code::Backspace | Code::Delete => {
                ConfirmResult::Open
            }
        }
    }

    fn take_in_field(&mut self, press: KeyPress) -> ConfirmResult {
        match press.code {
            // A typed name is the confirmation itself; after a reason one more key is wanted, which does not throw it away.
            Code::Enter if matches!(self.need, Need::Name { .. }) => self.confirm(),
            Code::Enter => {
                match self.typed() {
                    Ok(()) => {
                        self.choice = Choice::Go;
                        // What it asks now is another question, which the rest of a paste must not answer.
                        self.arming = Arming::default();
                    }
                    Err(missing) => self.complaint = Some(missing),
                }
                ConfirmResult::Open
            }
            Code::Tab | Code::Down => self.turn(true),
            Code::BackTab | Code::Up => self.turn(false),
            Code::PageUp => ConfirmResult::Scroll(Step::PageUp),
            Code::PageDown => ConfirmResult::Scroll(Step::PageDown),
            Code::Char(_)
            | Code::F(_)
            | Code::Esc
            | Code::Left
            | Code::Right
            | Code::Home
            | Code::End
            | Code::Backspace
            | Code::Delete => {
                if let Some(field) = self.field_mut() {
                    field.take(press);
                }
                ConfirmResult::Open
            }
        }
    }

    fn confirm(&mut self) -> ConfirmResult {
        match self.armed() {
            Ok(()) => ConfirmResult::Confirmed,
            Err(missing) => {
                self.complaint = Some(missing);
                ConfirmResult::Open
            }
        }
    }

    fn turn(&mut self, forwards: bool) -> ConfirmResult {
        let field = self.field().is_some();
        self.choice = match (self.choice, forwards) {
            (Choice::Field, true) | (Choice::Go, false) => Choice::Cancel,
            (Choice::Cancel, true) | (Choice::Field, false) => Choice::Go,
            (Choice::Go, true) | (Choice::Cancel, false) if field => Choice::Field,
            (Choice::Go, true) => Choice::Cancel,
            (Choice::Cancel, false) => Choice::Go,
        };
        ConfirmResult::Open
    }
}
