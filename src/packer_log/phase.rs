//! The phases of a build as its log tells them, with the task ansible is at and the deadlines packer set itself.

use std::time::Duration;

use jiff::civil::DateTime;

use super::line::Origin;
use super::parse::Parsed;
use super::wait::announced_wait;

/// A phase of one build, in the order they happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// configuration, plugins, login
    Prepare,
    /// CD image, the VM and its hardware, power on
    Create,
    /// waiting for the firmware and typing the boot command
    BootCommand,
    /// waiting for VMware Tools to report an address
    WaitIp,
    /// waiting for SSH or WinRM
    Connect,
    /// provisioners
    Provision,
    /// shutting the guest down
    Shutdown,
    /// drives, snapshot, template, export, post-processors
    Convert,
    /// after a failure or a cancel: power off, destroy
    CleanUp,
    /// packer said how the build ended
    Done,
}

impl Phase {
    /// A few words for a title or a timeline.
    pub fn name(self) -> &'static str {
        match self {
            Self::Prepare => "prepare",
            Self::Create => "create VM",
            Self::BootCommand => "boot command",
            Self::WaitIp => "wait for IP",
            Self::Connect => "connect",
            Self::Provision => "provision",
            Self::Shutdown => "shutdown",
            Self::Convert => "convert",
            Self::CleanUp => "clean-up",
            Self::Done => "done",
        }
    }
}

impl std::fmt::Display for Phase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// How packer's clean-up begins where a provisioner failed.
const GIVES_UP: &str = "Provisioning step had errors";

/// How a message of packer begins, and the phase it opens. Old spellings of the plugin included.
pub const PHASE_STARTS: &[(&str, Phase)] = &[
    ("Creating CD disk", Phase::Create),
    ("Creating floppy disk", Phase::Create),
    ("Creating virtual machine", Phase::Create),
    ("Creating VM", Phase::Create),
    ("Cloning virtual machine", Phase::Create),
    ("Cloning VM", Phase::Create),
    ("Removing the existing virtual machine", Phase::Create),
    ("Customizing hardware", Phase::Create),
    ("Applying hardware configuration", Phase::Create),
    ("Applying custom hardware", Phase::Create),
    ("Mounting ISO images", Phase::Create),
    ("Powering on virtual machine", Phase::Create),
    ("Power on VM", Phase::Create),
    ("Waiting ", Phase::BootCommand),
    ("Typing boot command", Phase::BootCommand),
    ("Waiting for IP", Phase::WaitIp),
    ("Using SSH communicator", Phase::Connect),
    ("Using ssh communicator", Phase::Connect),
    ("Using WinRM communicator", Phase::Connect),
    ("Using winrm communicator", Phase::Connect),
    ("Waiting for SSH to become", Phase::Connect),
    ("Waiting for WinRM to become", Phase::Connect),
    ("Connected to SSH!", Phase::Provision),
    ("Connected to WinRM!", Phase::Provision),
    ("Provisioning with ", Phase::Provision),
    ("Running shutdown command", Phase::Shutdown),
    ("Executing shutdown command", Phase::Shutdown),
    ("Shutting down VM", Phase::Shutdown),
    ("Waiting for the virtual machine to shut", Phase::Shutdown),
    ("Please shutdown virtual machine", Phase::Shutdown),
    ("Deleting floppy drives", Phase::Convert),
    ("Deleting Floppy drives", Phase::Convert),
    ("Ejecting CD-ROM media", Phase::Convert),
    ("Eject CD-ROM drives", Phase::Convert),
    ("Removing CD-ROM devices", Phase::Convert),
    ("Reattaching CD-ROM devices", Phase::Convert),
    ("Creating snapshot", Phase::Convert),
    ("Converting virtual machine to template", Phase::Convert),
    ("Convert VM into template", Phase::Convert),
    ("Exporting ", Phase::Convert),
    ("Running post-processor", Phase::Convert),
    (GIVES_UP, Phase::CleanUp),
    ("Powering off virtual machine", Phase::CleanUp),
    ("Power off VM", Phase::CleanUp),
    ("Destroying VM", Phase::CleanUp),
    ("Destroying virtual machine", Phase::CleanUp),
];

/// One phase that a build entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhaseSpan {
    /// the phase
    pub phase: Phase,
    /// line that opened it, counted from 1
    pub line: u64,
    /// packer's clock then
    pub since: Option<DateTime>,
}

/// The ansible task that runs, or the last one that did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnsibleTask {
    /// `role : name`, as ansible prints it
    pub name: String,
    /// its line
    pub line: u64,
    /// packer's clock at its start
    pub since: Option<DateTime>,
    /// tasks begun so far, this one included
    pub count: u64,
}

/// When packer gives up by itself, from what it logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deadline {
    /// the phase that ends then
    pub phase: Phase,
    /// packer's clock
    pub at: DateTime,
    /// the whole wait
    pub total: Duration,
    /// line that says so
    pub line: u64,
}

/// How a build ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BuildOutcome {
    /// `finished after`
    Finished,
    /// `errored after`
    Errored,
}

/// What the log says about one build (one source of the template).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Track {
    /// e.g. `vsphere-iso.linux-debian`
    pub source: String,
    /// phases entered, in order; never empty
    pub spans: Vec<PhaseSpan>,
    /// ansible's task while provisioning
    pub task: Option<AnsibleTask>,
    /// the address packer settled on
    pub ip: Option<String>,
    /// the deadline of the current phase
    pub deadline: Option<Deadline>,
    /// how it ended
    pub ending: Option<BuildOutcome>,
    /// the job it ran in, in a log of several
    pub leg: Option<String>,
}

impl Track {
    fn new(source: &str, line: u64, since: Option<DateTime>, leg: Option<String>) -> Self {
        let spans = vec![PhaseSpan { phase: Phase::Prepare, line, since }];
        Self { source: source.to_owned(), spans, task: None, ip: None, deadline: None, ending: None, leg }
    }

    /// A message that shows that packer was started once more and builds the same again.
    fn begins_anew(&self, line: &Parsed<'_>) -> bool {
        let named = line.text == COLOUR && !line.behind_name;
        match self.ending {
            None => self.phase() > Phase::Prepare && named,
            Some(_) => named || phase_opened_by(&line.text) == Some(Phase::Create),
        }
    }

    /// The phase it is in.
    pub fn phase(&self) -> Phase {
        self.spans.last().map_or(Phase::Prepare, |span| span.phase)
    }

    /// The phase in which it failed: the last one before clean-up and end.
    pub fn failed_in(&self) -> Phase {
        let before = self.spans.iter().rev().find(|span| span.phase < Phase::CleanUp);
        before.map_or(Phase::Prepare, |span| span.phase)
    }

    /// Time spent in each phase; the running one is measured up to `now` (packer's clock).
    pub fn durations(&self, now: Option<DateTime>) -> Vec<(Phase, Option<Duration>)> {
        let ends = self.spans.iter().skip(1).map(|span| span.since).chain([now]);
        let spent = |span: &PhaseSpan, end: Option<DateTime>| end?.duration_since(span.since?).try_into().ok();
        self.spans.iter().zip(ends).map(|(span, end)| (span.phase, spent(span, end))).collect()
    }

    fn enter(&mut self, phase: Phase, line: u64, since: Option<DateTime>) {
        // A guest prints what it likes; the phases of packer only ever go forward.
        if phase > self.phase() {
            self.spans.push(PhaseSpan { phase, line, since });
            self.deadline = None;
        }
    }

    fn observe(&mut self, message: &Parsed<'_>, line: u64) {
        let (text, at) = (&*message.text, message.stamp);
        if let Some(phase) = phase_opened_by(text) {
            // A script may print the words of a clean-up; packer's own begins with other ones.
            let forged = phase == Phase::CleanUp && self.phase() == Phase::Provision && !text.starts_with(GIVES_UP);
            if !forged {
                self.enter(phase, line, at);
            }
        } else if let Some(name) = task_name(text) {
            let count = self.task.as_ref().map_or(0, |task| task.count) + 1;
            self.task = Some(AnsibleTask { name: name.to_owned(), line, since: at, count });
        } else if let Some(ip) = text.strip_prefix("IP address: ") {
            self.ip = Some(ip.trim().to_owned());
        } else if let Some(ending) = build_outcome(text).filter(|_| !message.behind_name) {
            self.enter(Phase::Done, line, at);
            self.ending = Some(ending);
        }
    }
}

/// What packer says of a build before it begins.
const COLOUR: &str = "output will be in this color.";

/// More builds than any template has; a log that names more is not packer's.
const MAX_TRACKS: usize = 64;

/// The builds of one log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tracks {
    tracks: Vec<Track>,
    leg: Option<String>,
}

impl Tracks {
    /// In the order in which they appeared.
    pub fn all(&self) -> &[Track] {
        &self.tracks
    }

    /// The newest build of a source.
    pub fn newest(&self, source: &str) -> Option<usize> {
        self.tracks.iter().rposition(|track| track.source == source && track.leg == self.leg)
    }

    /// What follows is of another job of the same log.
    pub fn enter_leg(&mut self, leg: Option<&str>) {
        if self.leg.as_deref() != leg {
            self.leg = leg.map(str::to_owned);
        }
    }

    /// Takes one line into account; `number` is its line, counted from 1.
    pub fn observe(&mut self, line: &Parsed<'_>, number: u64) {
        match line.origin {
            Origin::Ui | Origin::UiError => self.message(line, number),
            Origin::Plugin | Origin::Core => self.deadline(line, number),
            Origin::Machine | Origin::Continuation => {}
        }
    }

    fn message(&mut self, line: &Parsed<'_>, number: u64) {
        let Some(source) = line.source else {
            if line.text.starts_with("Cancelling build") {
                let live = self.tracks.iter_mut().filter(|track| track.ending.is_none());
                live.for_each(|track| track.enter(Phase::CleanUp, number, line.stamp));
            }
            return;
        };
        if line.text.starts_with("--> ") {
            return;
        }
        let known = self.newest(source).map(|at| &mut self.tracks[at]);
        if let Some(track) = known.filter(|track| !track.begins_anew(line)) {
            return track.observe(line, number);
        }
        if self.tracks.len() < MAX_TRACKS {
            let mut track = Track::new(source, number, line.stamp, self.leg.clone());
            track.observe(line, number);
            self.tracks.push(track);
        }
    }

    /// A plugin names no build; a deadline belongs to the newest build that can be waiting for it and has none yet.
    fn deadline(&mut self, line: &Parsed<'_>, number: u64) {
        let Some((phase, total)) = announced_wait(&line.text) else { return };
        let Some(at) = line.stamp.and_then(|stamp| stamp.checked_add(total).ok()) else { return };
        // Within one second the plugin's line may stand before packer's own that opens the phase.
        let near =
            |track: &&mut Track| (track.phase() == phase || follows(track.phase(), phase)) && track.ending.is_none();
        if let Some(track) = self.tracks.iter_mut().filter(|t| t.deadline.is_none() || t.phase() != phase).find(near) {
            track.enter(phase, number, line.stamp);
            track.deadline = Some(Deadline { phase, at, total, line: number });
        }
    }
}

fn follows(current: Phase, wanted: Phase) -> bool {
    current < wanted && current >= Phase::Create
}

fn phase_opened_by(text: &str) -> Option<Phase> {
    let (_, phase) =
        PHASE_STARTS.iter().filter(|(start, _)| text.starts_with(start)).max_by_key(|(start, _)| start.len())?;
    let boot_wait = *phase != Phase::BootCommand || !text.starts_with("Waiting ") || text.contains(" for boot");
    Some(*phase).filter(|_| boot_wait)
}

/// The name in `TASK [role : name] ****`.
pub fn task_name(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("TASK [").or_else(|| text.strip_prefix("RUNNING HANDLER ["))?;
    Some(rest[..rest.rfind(']')?].trim())
}

fn build_outcome(text: &str) -> Option<BuildOutcome> {
    let rest = text.strip_prefix("Build '")?.split_once("' ")?.1;
    // Packers before 1.6 do not say after how long.
    if rest.starts_with("finished after") || rest == "finished." {
        return Some(BuildOutcome::Finished);
    }
    Some(BuildOutcome::Errored).filter(|_| rest.starts_with("errored after") || rest.starts_with("errored: "))
}

#[cfg(test)]
#[path = "phase/tests.rs"]
mod tests;
