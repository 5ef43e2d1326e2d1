//! The picture of the selected line's guest: asked for every two seconds while somebody can see it.

use jiff::{SignedDuration, Timestamp};

use super::effect::Effect;
use super::message::{Reply, RequestId};
use crate::guest::picture::Picture;
use crate::vcenter::{Moid, Place, PowerState, Vm};

const EVERY: SignedDuration = SignedDuration::from_secs(2);

/// What the pane shows.
#[derive(Debug, Clone, Default)]
pub struct PicturePane {
    guest: Option<(Place, Moid)>,
    asked: Option<RequestId>,
    asked_at: Option<Timestamp>,
    picture: Option<(Picture, Timestamp)>,
    trouble: Option<String>,
}

impl PicturePane {
    /// The newest picture and when it was taken.
    pub fn picture(&self) -> Option<(&Picture, Timestamp)> {
        self.picture.as_ref().map(|(picture, at)| (picture, *at))
    }

    /// Why the last attempt brought none.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// Turns to a guest, or none: pictures of another one go.
    pub fn turn_to(&mut self, guest: Option<(Place, &Moid)>) -> bool {
        if self.guest.as_ref().map(|(place, moid)| (*place, moid)) == guest {
            return false;
        }
        *self = Self { guest: guest.map(|(place, moid)| (place, moid.clone())), ..Self::default() };
        true
    }

    /// Asks for a picture when one is due.
    pub fn wants(&mut self, vm: &Vm, now: Timestamp, request: RequestId) -> Option<Effect> {
        let due = self.asked_at.is_none_or(|at| now.duration_since(at) >= EVERY);
        if self.asked.is_some() || !due || vm.power_state != PowerState::PoweredOn {
            return None;
        }
        self.asked = Some(request);
        self.asked_at = Some(now);
        Some(Effect::TakePicture { request, vm: Box::new(vm.clone()) })
    }

    /// Asks again at once.
    pub fn hurry(&mut self) {
        self.asked_at = None;
    }

    /// An answer came.
    pub fn taken(&mut self, request: RequestId, answer: Reply<Picture>, now: Timestamp) -> bool {
        if self.asked != Some(request) {
            return false;
        }
        self.asked = None;
        match answer {
            Ok(picture) => {
                self.picture = Some((picture, now));
                self.trouble = None;
            }
            Err(reason) => self.trouble = Some(reason.into()),
        }
        true
    }
}
