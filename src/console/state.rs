//! The state as a whole.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::alarm::{Alarms, Call};
use super::binding::Keymap;
use super::elsewhere::Elsewhere;
use super::github::GitHubView;
use super::lines::Lines;
use super::log::LogPane;
use super::media::Media;
use super::message::RequestId;
use super::overlay::{Entry, Overlay};
use super::panes::Panes;
use super::past::{Past, RunHistory};
use super::picture::PicturePane;
use super::preferences::Preferences;
use super::prompt::Prompt;
use super::screen_text::ScreenTextPane;
use super::text::History;
use super::timeline::TimelinePane;
use super::toast::{Toasts, Tone};
use super::verdict::Verdicts;
use super::wall::Wall;
use crate::generation::Actor;
use crate::github::Schedule;
use crate::ops::Operation;
use crate::ops::acknowledge::All;
use crate::ops::deeds::Deeds;
use crate::ops::resources::Resources;
use crate::pipeline::{Key, Line};
use crate::vcenter::gate::Mode;
use crate::vcenter::{LinkState, Moid, Place, Simulated, Vm};

/// What the console starts from.
#[derive(Debug, Clone)]
pub struct Opening {
    /// lines of the matrix
    pub lines: Vec<Line>,
    /// root of the repository, absolute
    pub repo: PathBuf,
    /// the packer that builds run
    pub packer: PathBuf,
    /// the line to open on
    pub key: Option<String>,
    /// host of vCenter
    pub vcenter: String,
    /// the account that builds
    pub account: String,
    /// another account that takes the pictures
    pub picture_account: Option<String>,
    /// who acts: written into holds
    pub actor: Actor,
    /// whether anything may be changed
    pub mode: Mode,
    /// the vCenter is the lab
    pub simulated: bool,
    /// when GitHub builds all lines, as the workflow has it
    pub schedule: Option<Schedule>,
    /// how the terminal calls when an alarm rises
    pub call: Call,
    /// what the user's configuration says
    pub preferences: Preferences,
    /// what the person should know first, a line each
    pub warnings: Vec<String>,
    /// the moment of opening
    pub now: Timestamp,
    /// the user's zone
    pub zone: TimeZone,
}

/// Who we are and how the link stands.
#[derive(Debug, Clone)]
pub struct Session {
    /// the context that is open; none without contexts
    pub context: Option<String>,
    /// host of vCenter
    pub vcenter: String,
    /// the account that builds
    pub account: String,
    /// another account that takes the pictures
    pub picture_account: Option<String>,
    /// who acts: written into holds
    pub actor: Actor,
    /// whether anything may be changed
    pub mode: Mode,
    /// it is the demo: vCenter, packer and mirrors are simulated and end with it
    pub simulated: bool,
    /// what of vCenter is simulated, as it says itself
    pub server: Option<Simulated>,
    /// how the link stands
    pub link: LinkState,
    /// when vCenter last answered
    pub fresh: Option<Timestamp>,
    /// its next answer is overdue
    pub silent: bool,
    /// privileges that the account of builds lacks, by vSphere's ids
    pub missing: BTreeSet<&'static str>,
    /// what is wrong with datastore and hosts of builds
    pub resources: Resources,
}

/// A change under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ongoing {
    pub operation: Operation,
    pub request: RequestId,
    /// what it is doing right now
    pub step: String,
    /// a smoke test comes before its first step, and that has not begun
    pub tried: bool,
}

/// Whether the program ends by itself soon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leaving {
    No,
    /// when no change of vCenter is under way
    AfterChanges,
    /// when no run is at work either
    AfterRuns,
}

/// The console. Changed by [`Console::update`](Self::update) alone.
#[derive(Debug, Clone)]
pub struct Console {
    pub(crate) now: Timestamp,
    /// the last moment heard of, by a clock that nobody sets
    pub(crate) clock: Duration,
    pub(crate) zone: TimeZone,
    pub(crate) session: Session,
    pub(super) repo: PathBuf,
    pub(super) packer: PathBuf,
    /// when GitHub builds all lines
    pub(crate) schedule: Option<Schedule>,
    pub(crate) lines: Lines,
    /// VMs of the folders by id, as last heard
    pub(crate) vms: BTreeMap<(Place, Moid), Vm>,
    /// the places of lines that live elsewhere
    pub(crate) elsewhere: BTreeMap<Place, Elsewhere>,
    /// one at most per line
    pub(crate) ongoing: BTreeMap<Key, Ongoing>,
    pub(crate) log: LogPane,
    pub(crate) picture: PicturePane,
    pub(crate) github: GitHubView,
    pub(crate) timeline: TimelinePane,
    pub(crate) verdicts: Verdicts,
    /// the runs of each line
    pub(super) histories: BTreeMap<Key, RunHistory>,
    /// a run gone back to
    pub(super) past: Option<Past>,
    /// everything that changed since the last good run is shown, not the most suspicious alone
    pub(crate) all_suspects: bool,
    pub(crate) words: ScreenTextPane,
    pub(crate) alarms: Alarms,
    pub(crate) media: Media,
    pub(crate) wall: Wall,
    pub(crate) panes: Panes,
    pub(crate) overlay: Option<Overlay>,
    pub(crate) prompt: Option<Prompt>,
    pub(crate) acknowledged: All,
    pub(super) deeds: Deeds,
    /// what was searched for, the newest last
    pub(super) searches: History,
    /// what the lines were filtered by, the newest last
    pub(super) filters: History,
    /// what was chosen in the palette, the newest last
    pub(super) recent: Vec<Entry>,
    pub(crate) toasts: Toasts,
    pub(crate) mouse: bool,
    /// whether the user has a hook
    pub(super) hook: bool,
    /// the table of keys in force
    pub(crate) keymap: Keymap,
    /// contexts by name, and what each is about
    pub(crate) contexts: Vec<(String, String)>,
    /// savings and copyings under way
    pub(crate) errands: Vec<RequestId>,
    /// commands of the user's configuration that are at work, by name
    pub(crate) plugins: Vec<(RequestId, &'static str)>,
    pub(crate) leaving: Leaving,
    /// when the console was opened
    pub(super) opened: Timestamp,
    pub(super) asked: u64,
    revision: u64,
}

impl Console {
    /// Before anything is known.
    pub fn new(opening: Opening) -> Self {
        let mut toasts = Toasts::default();
        if opening.simulated {
            toasts.push(opening.now, Tone::Info, "vCenter, packer and GitHub are simulated here: try every key");
        }
        opening.warnings.into_iter().for_each(|warning| toasts.push(opening.now, Tone::Failed, warning));
        Self {
            now: opening.now,
            clock: Duration::ZERO,
            zone: opening.zone,
            session: Session {
                context: opening.preferences.context,
                vcenter: opening.vcenter,
                account: opening.account,
                picture_account: opening.picture_account,
                actor: opening.actor,
                mode: opening.mode,
                simulated: opening.simulated,
                server: None,
                link: LinkState::Connecting,
                fresh: None,
                silent: false,
                missing: BTreeSet::new(),
                resources: Resources::default(),
            },
            repo: opening.repo,
            packer: opening.packer,
            schedule: opening.schedule,
            lines: Lines::new(opening.lines, opening.key.as_deref()).ordered(opening.preferences.order),
            vms: BTreeMap::new(),
            elsewhere: BTreeMap::new(),
            ongoing: BTreeMap::new(),
            log: LogPane::default(),
            picture: PicturePane::default(),
            github: GitHubView::default(),
            timeline: TimelinePane::default(),
            verdicts: Verdicts::default(),
            histories: BTreeMap::new(),
            past: None,
            all_suspects: false,
            words: ScreenTextPane::default(),
            alarms: Alarms::new(opening.call),
            media: Media::default(),
            wall: Wall::default(),
            opened: opening.now,
            panes: Panes::default(),
            overlay: None,
            prompt: None,
            acknowledged: All::new(),
            deeds: Deeds::new(),
            searches: History::default(),
            filters: History::default(),
            recent: Vec::new(),
            toasts,
            mouse: opening.preferences.mouse,
            hook: opening.preferences.hook,
            keymap: opening.preferences.keymap,
            contexts: opening.preferences.contexts,
            errands: Vec::new(),
            plugins: Vec::new(),
            leaving: Leaving::No,
            asked: 0,
            revision: 0,
        }
    }

    /// Goes up whenever the screen may have changed.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Who we are and how the link stands.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Whether the mouse is ours.
    pub fn mouse(&self) -> bool {
        self.mouse
    }

    pub(super) fn changed(&mut self) {
        self.revision += 1;
    }

    pub(super) fn request(&mut self) -> RequestId {
        self.asked += 1;
        RequestId(self.asked)
    }

    /// Whether nothing it asked for is outstanding, apart from its standing watches. Tests wait for this.
    pub fn idle(&self) -> bool {
        let views = self.github.busy() || self.media.busy();
        self.ongoing.is_empty() && self.errands.is_empty() && !views
    }

    /// Whether a change that this process carries out itself is under way; builds go on without it.
    pub fn changing(&self) -> bool {
        self.ongoing.values().any(|ongoing| !matches!(ongoing.operation, Operation::Build | Operation::Cancel))
    }

    /// Builds that are at work.
    pub(crate) fn live_runs(&self) -> Vec<Key> {
        self.lines.all().iter().filter(|row| row.live_run().is_some()).map(|row| row.line.key.clone()).collect()
    }
}
