//! The text of the picture on the screen: read elsewhere, and only when the picture is a new one.

use super::command::Motion;
use super::cursor::{Cursor, Step};
use super::effect::Effect;
use super::log::Search;
use super::message::{Reply, RequestId};
use super::panes::Pane;
use super::scope::Scope;
use super::state::Console;
use super::teach::Teaching;
use super::toast::Tone;
use crate::guest::picture::Picture;
use crate::pipeline::Key;
use crate::vcenter::Moid;

pub use crate::ops::ScreenText;

/// A picture, and how hard it was or is to be looked at: `true` = by tesseract, too, where its glyphs are unknown.
type Looked = (u64, bool);

/// What is known of the text of the picture on the screen.
#[derive(Debug, Clone, Default)]
pub struct ScreenTextPane {
    /// shown beside the picture
    pub shown: bool,
    /// the line and the guest whose pictures are read
    of: Option<(Key, Option<Moid>)>,
    asked: Option<(RequestId, Looked)>,
    read: Option<(Looked, ScreenText)>,
    /// copied as soon as it is read
    copy: bool,
    /// the picture of a line that is named as soon as it is read
    teach: Option<(Key, Picture)>,
    /// what was said of one, until that is written
    pub(super) described: Option<Box<Teaching>>,
    search: Option<Search>,
    /// the first row shown where it stands in place of the picture; `None` = so that its end is there
    top: Option<Cursor>,
}

impl ScreenTextPane {
    /// The text of a picture, as far as it was read.
    pub fn of(&self, picture: &Picture) -> Option<&ScreenText> {
        self.read.as_ref().filter(|((hash, _), _)| *hash == picture.hash()).map(|(_, words)| words)
    }

    /// The newest text, also while that of a newer picture is being read: a screen does not blink with every frame.
    pub fn newest(&self) -> Option<&ScreenText> {
        self.read.as_ref().map(|(_, words)| words)
    }

    /// Whether all that can be read in a picture is.
    fn knows(&self, picture: &Picture) -> bool {
        let all = |(thorough, words): (bool, &ScreenText)| thorough || words.exact && !words.rows.is_empty();
        self.read.as_ref().is_some_and(|((hash, thorough), words)| *hash == picture.hash() && all((*thorough, words)))
    }

    /// Turns to a line and its guest: the text of another one goes.
    pub(super) fn turn_to(&mut self, of: Option<(Key, Option<Moid>)>) {
        if self.of != of {
            let (search, described) = (self.search.take(), self.described.take());
            *self = Self { of, shown: self.shown, search, described, ..Self::default() };
        }
    }

    /// The first row shown where it stands in place of the picture, of so many that can be: text consoles are newest at
    /// their end, so that is there until somebody goes back.
    pub fn first_row(&self, tops: usize) -> usize {
        self.top.map_or(tops.saturating_sub(1), |top| top.index(tops))
    }

    /// Whether a text is being read.
    pub fn reading(&self) -> bool {
        self.asked.is_some()
    }

    /// The request under way.
    #[cfg(test)]
    pub(super) fn reading_as(&self) -> Option<RequestId> {
        self.asked.map(|(request, _)| request)
    }

    /// What is searched for in it.
    pub fn search(&self) -> Option<&Search> {
        self.search.as_ref()
    }

    fn wants(&mut self, picture: &Picture, thorough: bool, request: RequestId) -> Option<Effect> {
        let wanted = (picture.hash(), thorough);
        let enough = |known: Looked| known.0 == wanted.0 && known.1 >= thorough;
        if self.asked.is_some() || self.read.as_ref().is_some_and(|(known, _)| enough(*known)) {
            return None;
        }
        self.asked = Some((request, wanted));
        Some(Effect::ReadWords { request, picture: picture.clone(), thorough })
    }
}

impl Console {
    /// The picture on the screen: the live one, or a recorded one.
    pub(crate) fn picture_shown(&self) -> Option<&Picture> {
        let over = self.over();
        if self.timeline.frame(over).is_some() {
            return self.timeline.picture(over).map(|(_, picture)| picture);
        }
        self.picture.picture().map(|(picture, _)| picture)
    }

    /// Asks for the text of the picture on the screen.
    pub(super) fn read_words(&mut self, effects: &mut Vec<Effect>) {
        let taught = self.words.teach.as_ref().map(|(_, picture)| picture.clone());
        if !self.visible(Pane::Picture) && !self.words.copy && taught.is_none() {
            return;
        }
        // Half a second of computing is for pictures that somebody wants to read.
        let thorough = self.words.shown || self.words.copy || taught.is_some();
        let Some(picture) = taught.or_else(|| self.picture_shown().cloned()) else { return };
        let request = self.request();
        effects.extend(self.words.wants(&picture, thorough, request));
    }

    pub(super) fn words_read(
        &mut self,
        request: RequestId,
        answer: Reply<ScreenText>,
        effects: &mut Vec<Effect>,
    ) -> bool {
        let Some((_, looked)) = self.words.asked.take_if(|(asked, _)| *asked == request) else { return false };
        let words =
            answer.unwrap_or_else(|trouble| ScreenText { trouble: Some(trouble.into()), ..ScreenText::default() });
        self.words.read = Some((looked, words));
        if self.words.copy && looked.1 {
            self.copy_words(effects);
        }
        if let Some((line, picture)) = self.words.teach.take().filter(|_| self.overlay.is_none()) {
            self.teach(&line, picture, effects);
        }
        true
    }

    /// Opens the description of a picture, now or as soon as it is read.
    pub(super) fn teach(&mut self, line: &Key, picture: Picture, effects: &mut Vec<Effect>) {
        if self.words.knows(&picture) {
            return self.open_teaching(line, picture, effects);
        }
        self.words.teach = Some((line.clone(), picture));
        self.notice(Tone::Info, "reading the picture");
    }

    /// Copies the text of the picture, now or as soon as it is read.
    pub(super) fn copy_words(&mut self, effects: &mut Vec<Effect>) {
        let Some(picture) = self.picture_shown() else {
            self.notice(Tone::Info, "no picture to copy the text of");
            return;
        };
        let known = self.words.read.as_ref().filter(|((hash, thorough), _)| *hash == picture.hash() && *thorough);
        let Some((_, words)) = known else {
            self.words.copy = true;
            self.notice(Tone::Info, "reading the picture");
            return;
        };
        let copied = match (&words.trouble, words.rows.is_empty()) {
            (Some(trouble), _) => Err(trouble.clone()),
            (None, true) => Err("there is no text in this picture".into()),
            (None, false) => Ok((words.rows.join("\n"), words.exact)),
        };
        self.words.copy = false;
        match copied {
            Ok((text, exact)) => {
                let caution = if exact { "" } else { " (read by tesseract: check it)" };
                effects.push(Effect::Clipboard { text, what: format!("the text of the picture{caution}") });
            }
            Err(reason) => self.notice(Tone::Failed, reason),
        }
    }

    /// Searches the text of the picture; an empty pattern ends the search.
    ///
    /// # Errors
    /// One line when it is not a regular expression.
    pub(super) fn search_words(&mut self, pattern: &str) -> Result<(), String> {
        self.words.search = if pattern.is_empty() { None } else { Some(Search::new(pattern)?) };
        if let (Some(search), Some(words)) = (&self.words.search, self.words.newest()) {
            let hits = words.rows.iter().filter(|row| !search.pattern.spans(row).is_empty()).count();
            if hits == 0 {
                self.notice(Tone::Info, "not found in this picture");
            }
        }
        Ok(())
    }

    /// Goes through the text that stands in place of the picture; says whether one does. Left and right go to other
    /// pictures.
    pub(super) fn words_moved(&mut self, motion: Motion) -> bool {
        let text = self.panes.measures.text;
        let reads = self.panes.scope() == Scope::Picture && self.panes.zoomed && text.is_there();
        let Some(step) = Step::of(motion).filter(|_| reads) else { return false };
        let top = text.moved(step);
        self.words.top = (!text.ends_at(top)).then_some(top);
        true
    }

    /// Ends the search in the picture; says whether there was one.
    pub(super) fn end_words_search(&mut self) -> bool {
        self.words.search.take().is_some()
    }

    /// Shows or hides the text of the picture.
    pub(super) fn toggle_words(&mut self) {
        self.words.shown = !self.words.shown;
        if self.words.shown {
            self.panes.focus(Pane::Picture);
        }
    }
}
