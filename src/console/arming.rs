//! When a dialog listens. What was typed before a person could see it was meant for something else: type-ahead, a paste
//! that the terminal sends as keys, the rest of a word.

use std::time::Duration;

use super::key::{Code, KeyPress};
use super::overlay::Overlay;
use super::state::Console;

/// How long a dialog must have been on the screen, and nobody typed, before it listens. Who reads takes longer; who types
/// on, or pastes, does not pause.
pub const QUIET: Duration = Duration::from_millis(300);

/// Whether a dialog listens yet. Every question that leads to a change has one of these.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Arming {
    /// since when it is on the screen without a key; `None` = not drawn yet
    quiet: Option<Duration>,
    armed: bool,
}

impl Arming {
    /// Whether it listens.
    pub fn armed(self) -> bool {
        self.armed
    }

    /// When it will, if nobody types; `None` when it does, or is not on the screen.
    fn due(self) -> Option<Duration> {
        self.quiet.filter(|_| !self.armed).map(|quiet| quiet + QUIET)
    }

    fn drawn(&mut self, at: Duration) {
        self.quiet.get_or_insert(at);
    }

    /// Time went on; whether it listens from now on.
    fn clock(&mut self, at: Duration) -> bool {
        let due = self.due().is_some_and(|due| at >= due);
        self.armed |= due;
        due
    }

    /// A key came; whether it is for the dialog.
    fn hears(&mut self, at: Duration) -> bool {
        self.clock(at);
        if let Some(quiet) = self.quiet.as_mut().filter(|_| !self.armed) {
            *quiet = at.max(*quiet);
        }
        self.armed
    }
}

impl Overlay {
    fn arming(&mut self) -> Option<&mut Arming> {
        match self {
            Self::Confirm(confirm) => Some(&mut confirm.arming),
            Self::Teach(teaching) => Some(&mut teaching.arming),
            Self::Quit(ask) => Some(&mut ask.arming),
            Self::Help(_) | Self::Palette(_) => None,
        }
    }
}

impl Console {
    /// What is on the screen now can be seen.
    pub(super) fn drawn(&mut self, at: Duration) -> bool {
        let at = self.clock.max(at);
        if let Some(arming) = self.overlay.as_mut().and_then(Overlay::arming) {
            arming.drawn(at);
        }
        self.clock(at)
    }

    /// The clock went on; whether a dialog listens from now on.
    pub(super) fn clock(&mut self, at: Duration) -> bool {
        self.clock = self.clock.max(at);
        self.overlay.as_mut().and_then(Overlay::arming).is_some_and(|arming| arming.clock(at))
    }

    /// Whether an open dialog takes this key. The way out is always open.
    pub(super) fn dialog_hears(&mut self, press: KeyPress) -> bool {
        press.code == Code::Esc || self.dialog_listens()
    }

    /// The same for what is pasted.
    pub(super) fn dialog_listens(&mut self) -> bool {
        let at = self.clock;
        self.overlay.as_mut().and_then(Overlay::arming).is_none_or(|arming| arming.hears(at))
    }

    /// When the console must hear of the clock, because a dialog listens from then on.
    pub fn due(&self) -> Option<Duration> {
        match &self.overlay {
            Some(Overlay::Confirm(confirm)) => confirm.arming.due(),
            Some(Overlay::Teach(teaching)) => teaching.arming.due(),
            Some(Overlay::Quit(ask)) => ask.arming.due(),
            Some(Overlay::Help(_) | Overlay::Palette(_)) | None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_dialog_listens_after_a_pause_on_the_screen() {
        let mut arming = Arming::default();
        assert!(!arming.hears(ms(10)) && arming.due().is_none(), "nobody can see it yet");
        arming.drawn(ms(20));
        arming.drawn(ms(290));
        assert!(!arming.hears(ms(319)), "299 ms");
        assert_eq!(arming.due(), Some(ms(619)), "somebody types");
        assert!(!arming.clock(ms(618)) && arming.clock(ms(619)) && arming.armed());
        assert!(arming.hears(ms(620)) && arming.hears(ms(621)), "from then on every key");
    }

    #[test]
    fn a_key_that_was_read_before_the_screen_was_drawn_is_no_answer() {
        let mut arming = Arming::default();
        arming.drawn(ms(500));
        assert!(!arming.hears(ms(100)));
        assert_eq!(arming.due(), Some(ms(800)));
    }
}
