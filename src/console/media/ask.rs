//! Changes of media: judged, asked, begun.

use super::super::change::confirm;
use super::super::command::{Change, MediaChange};
use super::super::confirm::Confirm;
use super::super::effect::Effect;
use super::super::lines::LineRow;
use super::super::message::RequestId;
use super::super::operation::Refusal;
use super::super::state::Console;
use super::{IsoStatus, Medium, Newer, Offer, Request, StageProgress, Work};
use crate::iso::{Bump, Shelf};
use crate::pipeline::Key;
use crate::vcenter::LinkState;

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
    /// Whether media of the line may be changed now; read-only and the line itself were judged before.
    pub(crate) fn allows_media(&self, row: &LineRow, change: MediaChange) -> Result<(), Refusal> {
        let key = &row.line.key;
        let medium = self.media.get(key);
        let work = medium.and_then(|medium| medium.work.as_ref());
        match (change, work) {
            (MediaChange::StopStaging, Some(Work::Staging { stopping: false, .. })) => Ok(()),
            (MediaChange::StopStaging, Some(Work::Staging { stopping: true, .. })) => {
                Err(Refusal(format!("{key}: the staging is being stopped")))
            }
            (MediaChange::StopStaging, Some(Work::Bumping(_)) | None) => {
                Err(Refusal(format!("{key}: no ISO is being staged")))
            }
            (MediaChange::Bump | MediaChange::Stage, Some(Work::Bumping(_))) => {
                Err(Refusal(format!("{key}: a bump is being written")))
            }
            (MediaChange::Bump | MediaChange::Stage, Some(Work::Staging { .. })) => {
                Err(Refusal(format!("{key}: its ISO is being staged; K stops that")))
            }
            (MediaChange::Bump, None) => newer(key, medium).map(drop),
            (MediaChange::Stage, None) if self.session.link != LinkState::Live => {
                Err(Refusal::new("no link to vCenter: what is shown may be out of date"))
            }
            (MediaChange::Stage, None) => absent(key, medium).map(drop),
        }
    }

    /// The confirmation of a change of media.
    pub(crate) fn ask_media(&self, row: &LineRow, change: MediaChange, request: RequestId) -> Result<Confirm, Refusal> {
        let key = &row.line.key;
        let medium = self.media.get(key);
        match change {
            MediaChange::Bump => newer(key, medium).map(|(newer, bump)| ask_bump(key, newer, bump, request)),
            MediaChange::Stage => absent(key, medium).map(|shelf| ask_stage(row, shelf, request)),
            MediaChange::StopStaging => Ok(ask_stop(key, medium, request)),
        }
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
fn newer<'a>(key: &Key, medium: Option<&'a Medium>) -> Result<(&'a Newer, &'a Bump), Refusal> {
    let offer = medium.and_then(|medium| medium.offer.as_ref()).map(|(_, answer)| answer);
    match offer {
        None if medium.is_some_and(|medium| medium.checking.is_some()) => {
            Err(Refusal(format!("{key}: still asking its mirror")))
        }
        None => Err(Refusal(format!("{key}: its mirror was not asked yet; a asks"))),
        Some(Err(reason)) => Err(Refusal(format!("{key}: nothing to take: {reason}"))),
        Some(Ok(Offer::Current)) => Err(Refusal(format!("{key} has the newest release already"))),
        Some(Ok(Offer::ByHand)) => Err(Refusal(format!("{key}: its ISO is put there by hand; there is no mirror"))),
        Some(Ok(Offer::Skipped(reason))) => Err(Refusal(format!("{key}: its mirror is not asked: {reason}"))),
        Some(Ok(Offer::Newer(newer))) => match &newer.bump {
            Ok(bump) => Ok((newer, bump)),
            Err(reason) => Err(Refusal(format!("{key}: {reason}"))),
        },
    }
}

/// What the datastore has, provided the ISO is missing and can be downloaded.
fn absent<'a>(key: &Key, medium: Option<&'a Medium>) -> Result<&'a Shelf, Refusal> {
    let Some((_, IsoStatus { wanted, shelf })) = medium.and_then(|medium| medium.seen.as_ref()) else {
        return Err(Refusal(format!("{key}: not known yet whether its ISO is staged; r asks")));
    };
    let wanted = wanted.as_ref().map_err(|reason| Refusal(format!("{key}: {reason}")))?;
    if wanted.by_hand {
        return Err(Refusal(format!("{key}: there is no mirror; put {} there by hand", wanted.file)));
    }
    let shelf = shelf.as_ref().map_err(|reason| Refusal(format!("{key}: {reason}")))?;
    if shelf.there.is_some() { Err(Refusal(format!("{key}: its ISO is staged already"))) } else { Ok(shelf) }
}

fn of(key: &Key, change: MediaChange) -> (Change, Option<Key>) {
    (Change::Media(change), Some(key.clone()))
}

fn ask_bump(key: &Key, newer: &Newer, bump: &Bump, request: RequestId) -> Confirm {
    let action = super::super::confirm::Action::Media(Action::Bump(Box::new(bump.clone())));
    let mut asked =
        confirm(of(key, MediaChange::Bump), request, format!("Bump {key} to {}", newer.version), "write", action);
    asked.steps = vec!["change these lines, each file whole or not at all:".into()];
    asked.diff = bump.diff();
    asked.note = Some("not committed; the ISO is not staged by this (I does that)".into());
    asked
}

fn ask_stage(row: &LineRow, shelf: &Shelf, request: RequestId) -> Confirm {
    let file = &shelf.wanted.file;
    let action = super::super::confirm::Action::Media(Action::Stage);
    let key = &row.line.key;
    let title = format!("Stage the ISO of {key}");
    let mut asked = confirm(of(key, MediaChange::Stage), request, title, "stage", action);
    let (folder, name) = file.split();
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
    let mut asked =
        confirm(of(key, MediaChange::StopStaging), request, format!("Stop staging {key}"), "stop it", action);
    asked.steps = vec!["end the upload".into(), "delete the partial".into()];
    if let Some(Work::Staging { moved, .. }) = medium.and_then(|medium| medium.work.as_ref())
        && moved.size > 0
    {
        asked.note = Some(format!("{} % are there; the next staging begins anew", moved.done * 100 / moved.size));
    }
    asked
}
