//! Changes of media: judged, asked, begun.

use super::super::change::confirm;
use super::super::command::MediaChange;
use super::super::confirm::Confirm;
use super::super::effect::Effect;
use super::super::lines::LineRow;
use super::super::message::{Failure, RequestId};
use super::super::refusal::Refusal;
use super::super::state::Console;
use super::{IsoStatus, Medium, Newer, Offer, Request, StageProgress, Work};
use crate::iso::{Bump, DatastoreIso};
use crate::ops::{self, MediaRefusal, Operation};
use crate::pipeline::Key;

/// What confirming leads to.
#[derive(Debug, Clone)]
pub enum Action {
    /// matrix and var-file are written
    Bump(Box<Bump>),
    /// the ISO is uploaded
    Stage,
    /// the upload under way is ended
    Stop,
}

impl Console {
    /// The confirmation of a change of media.
    pub(crate) fn ask_media(&self, row: &LineRow, change: MediaChange, request: RequestId) -> Result<Confirm, Refusal> {
        let key = &row.line.key;
        let medium = self.media.get(key);
        match change {
            MediaChange::Bump => newer(medium).map(|(newer, bump)| ask_bump(key, newer, bump, request)),
            MediaChange::Stage => missing(medium).map(|shelf| ask_stage(row, shelf, request)),
            MediaChange::StopStaging => Ok(ask_stop(key, medium, request)),
        }
        .map_err(|reason| ops::Refusal::Media { key: key.clone(), reason }.into())
    }

    /// A person confirmed.
    pub(crate) fn media_confirmed(&mut self, key: Key, action: Action, request: RequestId, effects: &mut Vec<Effect>) {
        let medium = self.media.row(&key);
        let request = match action {
            Action::Bump(bump) => {
                medium.work = Some(Work::Bumping(request));
                Request::Bump { request, key, bump }
            }
            Action::Stage => {
                medium.work = Some(Work::Staging { request, moved: StageProgress::default(), stopping: false });
                Request::Stage { request, key }
            }
            Action::Stop => {
                let Some(Work::Staging { request, stopping, .. }) = &mut medium.work else { return };
                *stopping = true;
                Request::Stop { request: *request }
            }
        };
        effects.push(Effect::Media(request));
    }
}

/// The newer release that may be taken.
pub(crate) fn newer(medium: Option<&Medium>) -> Result<(&Newer, &Bump), MediaRefusal> {
    let offer = medium.and_then(|medium| medium.offer.as_ref()).map(|(_, answer)| answer);
    match offer {
        None if medium.is_some_and(|medium| medium.checking.is_some()) => Err(MediaRefusal::Asking),
        None => Err(MediaRefusal::NotAsked),
        Some(Err(reason)) => Err(MediaRefusal::NothingToTake(format!("nothing to take: {reason}"))),
        Some(Ok(Offer::Current)) => Err(MediaRefusal::Newest),
        Some(Ok(Offer::ByHand)) => Err(MediaRefusal::ByHand),
        Some(Ok(Offer::Skipped(reason))) => {
            Err(MediaRefusal::NothingToTake(format!("its mirror is not asked: {reason}")))
        }
        Some(Ok(Offer::Newer(newer))) => match &newer.bump {
            Ok(bump) => Ok((newer, bump)),
            Err(reason) => Err(MediaRefusal::NothingToTake(reason.to_string())),
        },
    }
}

/// What the datastore has, provided the ISO is missing and can be downloaded.
pub(crate) fn missing(medium: Option<&Medium>) -> Result<&DatastoreIso, MediaRefusal> {
    let Some((_, IsoStatus { wanted, shelf })) = medium.and_then(|medium| medium.seen.as_ref()) else {
        return Err(MediaRefusal::NotLooked);
    };
    let unknown = |reason: &Failure| MediaRefusal::NothingToTake(reason.to_string());
    let wanted = wanted.as_ref().map_err(unknown)?;
    if wanted.by_hand {
        return Err(MediaRefusal::StageByHand(wanted.file.to_string()));
    }
    let shelf = shelf.as_ref().map_err(unknown)?;
    if shelf.there.is_some() { Err(MediaRefusal::Staged) } else { Ok(shelf) }
}

fn of(key: &Key, operation: Operation) -> (Operation, Option<Key>) {
    (operation, Some(key.clone()))
}

fn ask_bump(key: &Key, newer: &Newer, bump: &Bump, request: RequestId) -> Confirm {
    let action = super::super::confirm::Action::Media(Action::Bump(Box::new(bump.clone())));
    let mut asked =
        confirm(of(key, Operation::Bump), request, format!("Bump {key} to {}", newer.version), "write", action);
    asked.steps = vec!["change these lines, each file whole or not at all:".into()];
    asked.diff = bump.diff();
    asked.note = Some("not committed; the ISO is not staged by this (‹stage ISO› does that)".into());
    asked
}

fn ask_stage(row: &LineRow, shelf: &DatastoreIso, request: RequestId) -> Confirm {
    let file = &shelf.wanted.file;
    let action = super::super::confirm::Action::Media(Action::Stage);
    let key = &row.line.key;
    let title = format!("Stage the ISO of {key}");
    let mut asked = confirm(of(key, Operation::Stage), request, title, "stage", action);
    let (folder, name) = file.folder_and_name();
    if shelf.partial.is_some() {
        asked.steps.push(format!("delete the left-over .{name}.partial, unless somebody writes it"));
    }
    asked.steps.push(format!("download {}", row.line.iso_url.as_deref().unwrap_or_default()));
    asked.steps.push(format!("upload it meanwhile as [{}] {folder}/.{name}.partial", file.datastore));
    asked.steps.push("compare its SHA-256 with the mirror's; on a mismatch delete it".into());
    asked.steps.push(format!("rename it to {name}"));
    asked.note = Some("the upload ends with this console".into());
    asked
}

fn ask_stop(key: &Key, medium: Option<&Medium>, request: RequestId) -> Confirm {
    let action = super::super::confirm::Action::Media(Action::Stop);
    let mut asked = confirm(of(key, Operation::StopStaging), request, format!("Stop staging {key}"), "stop it", action);
    asked.steps = vec!["end the upload".into(), "delete the partial".into()];
    if let Some(Work::Staging { moved, .. }) = medium.and_then(|medium| medium.work.as_ref())
        && moved.size > 0
    {
        asked.note = Some(format!("{} % are there; staging starts over next time", moved.done * 100 / moved.size));
    }
    asked
}
