//! Searching the log: matches and errors, forwards and backwards.

use super::{Found, LogPane, Search};
use crate::console::effect::{Effect, Sought};
use crate::console::jump::{self, JumpTarget};
use crate::console::message::{Reply, RequestId};
use crate::packer_log::Problem;

impl LogPane {
    /// Which match the cursor is on, and how many there are.
    pub fn place(&self) -> Option<(u64, u64)> {
        self.found_here().filter(|_| self.problem.is_none())
    }

    /// Which problem the cursor is on, of those that are at least as bad, and how many there are.
    pub fn problem_place(&self) -> Option<(Problem, u64, u64)> {
        self.problem.zip(self.found_here()).map(|(least, (number, all))| (least, number, all))
    }

    fn found_here(&self) -> Option<(u64, u64)> {
        self.place.filter(|(line, ..)| *line == self.cursor).map(|(_, number, all)| (number, all))
    }

    /// Begins a search from the cursor; an empty pattern ends it.
    ///
    /// # Errors
    /// One line when it is not a regular expression.
    pub fn begin_search(&mut self, pattern: &str, request: RequestId) -> Result<Option<Effect>, String> {
        if pattern.is_empty() {
            self.search = None;
            return Ok(None);
        }
        let search = Search::new(pattern)?;
        let sought = Sought::Pattern(search.pattern.clone());
        self.search = Some(search);
        Ok(self.seek(sought, true, request))
    }

    /// Ends the search; says whether there was one.
    pub fn end_search(&mut self) -> bool {
        self.seeking = None;
        self.search.take().is_some()
    }

    /// Looks for the next or previous match of the search.
    pub fn hit(&mut self, forwards: bool, request: RequestId) -> Option<Effect> {
        let pattern = self.search.as_ref()?.pattern.clone();
        self.seek(Sought::Pattern(pattern), forwards, request)
    }

    /// Looks for the next or previous problem that is at least as bad.
    pub fn problem(&mut self, least: Problem, forwards: bool, request: RequestId) -> Option<Effect> {
        self.seek(Sought::Problem(least), forwards, request)
    }

    /// Looks for something from the cursor.
    pub fn seek(&mut self, sought: Sought, forwards: bool, request: RequestId) -> Option<Effect> {
        self.open?;
        self.seeking = Some(request);
        self.place = None;
        self.problem = match &sought {
            Sought::Problem(least) => Some(*least),
            Sought::Pattern(_) | Sought::Time(_) | Sought::Offset(_) => None,
        };
        Some(Effect::SeekLog { request, sought, from: self.cursor, forwards })
    }

    /// Goes to a time, a line, or so much later or earlier.
    ///
    /// # Errors
    /// One line: what can be typed.
    pub fn jump(&mut self, text: &str, request: RequestId) -> Result<Option<Effect>, String> {
        Ok(match jump::place(text, self.stamp_near_cursor())? {
            JumpTarget::Line(line) => {
                self.show_line(line - 1);
                None
            }
            JumpTarget::Time(moment) => self.seek(Sought::Time(moment), true, request),
        })
    }

    /// A search ended; the notice to show, if any.
    pub fn found(&mut self, request: RequestId, answer: Reply<Option<Found>>) -> Option<Reply<String>> {
        if self.seeking != Some(request) {
            return None;
        }
        self.seeking = None;
        match answer {
            Ok(Some(found)) => {
                self.show_line(found.line);
                self.place = found.place.map(|(number, all)| (found.line, number, all));
                found.around.then(|| Ok("no more that way; wrapped around".into()))
            }
            Ok(None) => Some(Ok("not found in this log".into())),
            Err(reason) => Some(Err(reason)),
        }
    }
}
