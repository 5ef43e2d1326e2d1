//! Where keys go: to a pane, or to a view in place of the panes.

use std::fmt;

use super::command::Command;
use super::panes::{Pane, Panes, View};
use super::refusal::Refusal;
use super::state::Console;
use crate::ops::GitHubRefusal;

/// Where keys go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// the lines of the matrix
    Lines,
    /// the console picture
    Picture,
    /// the log
    Log,
    /// stages and pictures over time
    Timeline,
    /// why the run fails
    Verdict,
    /// install media of all lines
    Media,
    /// the runs on GitHub
    GitHub,
    /// pictures of all builds
    Wall,
}

impl Scope {
    /// The panes first.
    pub const ALL: [Self; 8] =
        [Self::Lines, Self::Picture, Self::Log, Self::Timeline, Self::Verdict, Self::Media, Self::GitHub, Self::Wall];

    /// The pane it is; `None` for a view in place of the panes.
    pub const fn pane(self) -> Option<Pane> {
        match self {
            Self::Lines => Some(Pane::Lines),
            Self::Picture => Some(Pane::Picture),
            Self::Log => Some(Pane::Log),
            Self::Timeline => Some(Pane::Timeline),
            Self::Verdict => Some(Pane::Verdict),
            Self::Media | Self::GitHub | Self::Wall => None,
        }
    }

    /// In a word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lines => "lines",
            Self::Picture => "picture",
            Self::Log => "log",
            Self::Timeline => "timeline",
            Self::Verdict => "verdict",
            Self::Media => "media",
            Self::GitHub => "GitHub",
            Self::Wall => "wall",
        }
    }
}

impl From<Pane> for Scope {
    fn from(pane: Pane) -> Self {
        match pane {
            Pane::Lines => Self::Lines,
            Pane::Picture => Self::Picture,
            Pane::Log => Self::Log,
            Pane::Timeline => Self::Timeline,
            Pane::Verdict => Self::Verdict,
        }
    }
}

/// Where a key works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scopes(pub(super) &'static [Scope]);

impl Scopes {
    /// In every pane and view.
    pub const ANYWHERE: Self = Self(&Scope::ALL);
    /// In every pane.
    pub const PANES: Self = Self(PANES);

    /// Whether it works there.
    pub fn contain(self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    /// Each of them.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        self.0.iter().copied()
    }
}

const PANES: &[Scope] = &[Scope::Lines, Scope::Picture, Scope::Log, Scope::Timeline, Scope::Verdict];

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::ANYWHERE {
            return f.write_str("anywhere");
        }
        let mut others = Scope::ALL.into_iter().filter(|scope| !self.contain(*scope));
        if let (Some(other), None) = (others.next(), others.next()) {
            return write!(f, "all but {}", other.name());
        }
        let panes = PANES.iter().all(|pane| self.contain(*pane));
        let names = panes.then_some("panes").into_iter();
        let rest = self.iter().filter(|scope| !panes || scope.pane().is_none()).map(Scope::name);
        f.write_str(&names.chain(rest).collect::<Vec<_>>().join(", "))
    }
}

impl Panes {
    /// Where keys go now.
    pub fn scope(&self) -> Scope {
        match self.view {
            View::Lines => self.focus.into(),
            View::Media => Scope::Media,
            View::GitHub => Scope::GitHub,
            View::Wall => Scope::Wall,
        }
    }
}

impl Console {
    /// Whether the command works where keys go now.
    ///
    /// # Errors
    /// How to get to where it works.
    pub(super) fn in_scope(&self, command: Command) -> Result<(), Refusal> {
        let here = self.panes.scope();
        let scopes = self.keymap.scopes(command);
        if scopes.contain(here) {
            return Ok(());
        }
        let in_panes = scopes.iter().any(|scope| scope.pane().is_some());
        Err(if in_panes && here.pane().is_none() {
            Refusal::Screen("the panes are behind this view: ‹back› goes back to them".into())
        } else if in_panes {
            Refusal::Screen(format!("works in {scopes}: ‹next pane› goes there").into())
        } else if scopes.contain(Scope::GitHub) {
            GitHubRefusal::NotChosen.into()
        } else {
            Refusal::Screen(format!("works in {scopes}").into())
        })
    }
}
