//! Alarms that somebody has seen: quiet as long as the line fails in the same way.

use super::age;
use super::effect::Effect;
use super::lines::LineRow;
use super::own::Own;
use super::prompt::Prompt;
use super::remote::Newest;
use super::state::Console;
use super::text::Field;
use super::toast::Tone;
use super::trouble::Trouble;
use super::verdict::{Case, Verdicts};
use crate::ops::acknowledge::{Acknowledged, All, Failure, Seen};

/// How a line fails that is in trouble, as far as that can be acknowledged; `Err` where its verdict is not there yet.
fn failing(row: &LineRow, verdicts: &Verdicts) -> Option<Result<Seen, ()>> {
    let (trouble, text) = row.judged()?;
    match trouble {
        // These are put right, not acknowledged.
        Trouble::None | Trouble::Marked | Trouble::Broken => return None,
        Trouble::Stuck if row.question().is_some() => return None,
        Trouble::Unready => return Some(Ok(Failure::told("unready", &text).into())),
        Trouble::Stuck | Trouble::Failed => {}
    }
    if let Some(Newest::GitHub(remote, None)) = row.newest() {
        return Some(Ok(Seen::at_github(remote)));
    }
    match verdicts.of(row).and_then(Case::verdict) {
        Some((verdict, _)) => Some(Ok(Seen::of(verdict).unwrap_or_else(|| Failure::told("alarm", &text).into()))),
        None => Some(Err(())),
    }
}

/// Whether what is acknowledged is how the line fails now. Until the verdict on the run that was acknowledged is there
/// again, it is.
fn holds(row: &LineRow, verdicts: &Verdicts, seen: &Acknowledged) -> bool {
    match failing(row, verdicts) {
        None => false,
        Some(Ok(now)) => seen.is_of(&now.failure, row.run.as_ref().and_then(|run| run.origin.as_deref())),
        Some(Err(())) => row.run.as_ref().is_some_and(|run| run.started <= seen.at),
    }
}

/// How the verdict tells a failure that was acknowledged by its page at GitHub alone, once its evidence is here: the same
/// run, and nothing new about it.
fn carried(row: &LineRow, verdicts: &Verdicts, seen: &Acknowledged) -> Option<Failure> {
    row.run.as_ref().filter(|run| seen.awaits(run.origin.as_deref()))?;
    Some(failing(row, verdicts)?.ok()?.failure)
}

impl Console {
    /// What is acknowledged was read.
    pub(super) fn acknowledged_read(&mut self, all: All) -> bool {
        std::mem::replace(&mut self.acknowledged, all) != self.acknowledged
    }

    /// Marks the lines whose alarm is acknowledged.
    pub(super) fn mark_acknowledged(&mut self, effects: &mut Vec<Effect>) {
        let Self { lines, verdicts, acknowledged, .. } = self;
        let of = |row: &LineRow| acknowledged.get(&row.line.key).filter(|seen| holds(row, verdicts, seen)).cloned();
        if lines.mark(|row| &mut row.acknowledged, of) {
            self.changed();
        }
        for row in self.lines.all() {
            let Some(seen) = self.acknowledged.get_mut(&row.line.key) else { continue };
            if let (Some(failure), Some(page)) = (carried(row, &self.verdicts, seen), seen.page.clone()) {
                seen.fetched = Some(failure.clone());
                effects.push(Effect::Own(Own::CarryOver { key: row.line.key.clone(), page, failure }));
            }
        }
    }

    /// Asks for the note with which the selected line's alarm is acknowledged; where it is acknowledged, takes that back.
    pub(super) fn acknowledge(&mut self, effects: &mut Vec<Effect>) {
        let Some(row) = self.lines.selected() else { return };
        let key = row.line.key.clone();
        if row.acknowledged.is_some() {
            let request = self.request();
            self.errands.push(request);
            return effects.push(Effect::Own(Own::Withdraw { request, key }));
        }
        match failing(row, &self.verdicts) {
            Some(Ok(seen)) => self.prompt = Some(Prompt::Acknowledge { key, seen, field: Field::default() }),
            Some(Err(())) => self.notice(Tone::Info, format!("{key}: why it fails is not known yet")),
            None if row.judged().is_some() => {
                self.notice(Tone::Info, format!("{key}: this has to be fixed, not acknowledged"));
            }
            None => self.notice(Tone::Info, format!("{key} has no alarm")),
        }
    }

    /// Keeps the note; without one it asks again.
    pub(super) fn acknowledge_with(&mut self, prompt: Prompt, effects: &mut Vec<Effect>) {
        let Prompt::Acknowledge { key, seen, field } = prompt else { return };
        let note = field.text().trim().to_owned();
        if note.is_empty() {
            self.notice(Tone::Info, "with a note: a ticket, or what is being done");
            self.prompt = Some(Prompt::Acknowledge { key, seen, field });
            return;
        }
        let request = self.request();
        self.errands.push(request);
        effects.push(Effect::Own(Own::Acknowledge { request, key, seen, note }));
    }

    /// Who has seen a line's alarm, when, and what they say.
    pub(crate) fn acknowledged_by(&self, row: &LineRow) -> Option<String> {
        let Acknowledged { by, at, note, .. } = row.acknowledged.as_ref()?;
        let date = at.to_zoned(self.zone.clone()).strftime("%b %d %H:%M").to_string();
        let age = age::spoken(self.now, *at);
        Some(format!("acknowledged by {by} {date} ({age} ago): {note}; quiet until its cause changes"))
    }
}
