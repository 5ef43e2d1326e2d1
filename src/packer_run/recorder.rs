//! The flight recorder: while packer builds, it keeps what the guest's console showed and what vCenter said.
//!
//! It runs beside the build, over a session of its own, and never disturbs it: whatever goes wrong here becomes one line
//! and the build goes on. A refused password is tried once. What a failed build leaves is on disk before packer destroys
//! its VM, because the last picture is taken while everything still seems well.

mod backoff;
mod console;
mod frame_filter;
mod guest;
mod screen_text;
mod store;

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use self::backoff::Backoff;
use self::frame_filter::FrameFilter;
use self::store::{RecordingLimits, Store};
use crate::guest::picture::Picture;
use crate::guest::recording::{GuestState, ScreenReading, TimelineEvent};
use crate::guest::screen::ScreenLabels;
use crate::text::Scrubber;
use crate::vcenter::{Client, Error, Moid, PowerState, Settings};

/// Between two polls, by the guest's clock. Each is one call for the guest's properties and one for its picture: a cause
/// that a picture shows is told within five seconds, its reading included.
const POLL_INTERVAL: Duration = Duration::from_secs(2);
/// A new picture is looked at again so soon, to know whether it stands; not twice in a row, while the console moves on.
const SETTLE_INTERVAL: Duration = Duration::from_secs(1);
/// Shortest interval, however fast a simulated guest's clock is.
const MIN_POLL_INTERVAL: Duration = Duration::from_millis(100);
/// Every so many polls, events are queried too.
const POLLS_PER_EVENT_QUERY: u32 = 15;
/// How long the end of a build waits for the recorder.
const STOP_TIMEOUT: Duration = Duration::from_secs(3);

/// Gives the names of screens. Called once, where blocking is allowed: patterns take a while to compile, and neither the
/// build nor the first pictures wait for it.
pub type LoadLabels = Box<dyn FnOnce() -> ScreenLabels + Send>;

/// What a recorder records, and where.
#[derive(Debug)]
pub struct RecorderTarget {
    /// folder of the run; its folder of pictures exists
    pub dir: PathBuf,
    /// packer's log, wherever it is
    pub log: PathBuf,
    /// name of the VM being built; `*` stands for what only the build knows
    pub vm: String,
}

/// A recorder at work. Dropping it ends it at once; what is on disk stays readable.
#[derive(Debug)]
pub struct Recorder {
    task: JoinHandle<()>,
    end: Option<oneshot::Sender<()>>,
    messages: mpsc::UnboundedReceiver<String>,
}

impl Recorder {
    /// Begins to record; returns at once.
    pub fn start(target: RecorderTarget, settings: Result<Settings, Error>, labels: LoadLabels) -> Self {
        let (sender, messages) = mpsc::unbounded_channel();
        let (end, ended) = oneshot::channel();
        let task = crate::task::spawn(async move {
            let error = match RecorderTask::begin(target, settings, labels, sender.clone()).await {
                Ok(Some(task)) => return task.run(ended).await,
                Ok(None) => None,
                Err(error) => Some(error),
            };
            if let Some(error) = error {
                let _ = sender.send(format!("the flight recorder stops: {error}"));
            }
        });
        Self { task, end: Some(end), messages }
    }

    /// Its messages since the last call, one line each.
    pub fn take_messages(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.messages.try_recv().ok()).collect()
    }

    /// Ends it and its session on the server, within a few seconds. Returns its last messages.
    pub async fn finish(mut self) -> Vec<String> {
        if let Some(end) = self.end.take() {
            let _ = end.send(());
        }
        if tokio::time::timeout(STOP_TIMEOUT, &mut self.task).await.is_err() {
            self.task.abort();
        }
        self.take_messages()
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The newest picture that was kept, and whether its text was read.
#[derive(Debug)]
struct CurrentFrame {
    file: String,
    picture: Picture,
    polls: u32,
    read: bool,
}

struct RecorderTask {
    target: RecorderTarget,
    client: Client,
    store: Store,
    messages: mpsc::UnboundedSender<String>,
    scrubber: Arc<Scrubber>,
    screens: Arc<LazyLock<ScreenLabels, LoadLabels>>,
    began: Instant,
    started: Timestamp,
    pace: f64,
    vm: Option<Moid>,
    frame_filter: FrameFilter,
    guest: Option<GuestState>,
    /// what is wrong with its datastores, and with its host
    beneath: (Option<String>, Option<String>),
    /// VMs of the name that were there at the first poll
    earlier: Option<HashSet<Moid>>,
    tasks: HashMap<String, String>,
    events_since: Option<Timestamp>,
    events_unsupported: bool,
    screenshots_by_task: bool,
    polls: u32,
    link: Backoff,
    disk: Backoff,
    pictures: Backoff,
    next_picture: Option<Instant>,
    current_frame: Option<CurrentFrame>,
    /// the last poll found a new picture, and the pause before it was not a short one
    settles: bool,
    reading: Option<JoinHandle<Option<ScreenReading>>>,
}

impl RecorderTask {
    async fn begin(
        target: RecorderTarget,
        settings: Result<Settings, Error>,
        labels: LoadLabels,
        messages: mpsc::UnboundedSender<String>,
    ) -> std::io::Result<Option<Self>> {
        let mut store = Store::create(&target.dir, RecordingLimits::default())?;
        let client = match settings.and_then(Client::new) {
            Ok(client) => client,
            Err(error) => {
                let text = format!("no flight recording: {error}");
                store.add(&TimelineEvent::Note { at: Timestamp::now(), text: text.clone() })?;
                let _ = messages.send(text);
                return Ok(None);
            }
        };
        Ok(Some(Self {
            target,
            client,
            store,
            messages,
            scrubber: Scrubber::for_evidence().clone(),
            screens: Arc::new(LazyLock::new(labels)),
            began: Instant::now(),
            started: Timestamp::now(),
            pace: 1.0,
            vm: None,
            frame_filter: FrameFilter::default(),
            guest: None,
            beneath: (None, None),
            earlier: None,
            tasks: HashMap::new(),
            events_since: None,
            events_unsupported: false,
            screenshots_by_task: false,
            polls: 0,
            link: Backoff::default(),
            disk: Backoff::default(),
            pictures: Backoff::up_to(console::MAX_BACKOFF),
            next_picture: None,
            current_frame: None,
            settles: false,
            reading: None,
        }))
    }

    /// Polls until told to end.
    async fn run(mut self, mut end: oneshot::Receiver<()>) {
        'polls: loop {
            let began = Instant::now();
            let settled = std::mem::take(&mut self.settles);
            let result = tokio::select! {
                result = self.poll() => result,
                _ = &mut end => break,
            };
            self.note_write_result(result);
            if self.link.given_up {
                break;
            }
            self.settles &= !settled;
            let next = self.next_poll(began);
            loop {
                let read = tokio::select! {
                    () = tokio::time::sleep_until(next.into()) => break,
                    read = console::finished(&mut self.reading) => read,
                    _ = &mut end => break 'polls,
                };
                let result = self.record_reading(read);
                self.note_write_result(result);
            }
        }
        if let Some(reading) = self.reading.take() {
            reading.abort();
        }
        if !self.link.is_waiting() {
            let result = self.final_poll().await;
            self.note_write_result(result);
        }
        self.client.logout().await;
    }

    /// When to poll after one that began then: a slow vCenter is let alone for half the time at least.
    fn next_poll(&self, began: Instant) -> Instant {
        let interval = if self.settles { SETTLE_INTERVAL } else { POLL_INTERVAL };
        let pause = interval.div_f64(self.pace.max(0.01)).max(MIN_POLL_INTERVAL);
        let soonest = (began + pause).max(Instant::now() + pause / 2);
        self.link.retry_at.max(self.disk.retry_at).map_or(soonest, |until| until.max(soonest))
    }

    /// Now, by the monotonic clock: times on record are compared with each other, and the system's clock may be set.
    fn now(&self) -> Timestamp {
        self.started + self.began.elapsed()
    }

    /// Reads the guest once: its properties, its tasks, its console.
    async fn poll(&mut self) -> std::io::Result<()> {
        let found = match self.find().await {
            Ok(found) => found,
            Err(error) => return self.lost(&error),
        };
        if self.link.reported.take().is_some() {
            self.note("vCenter answers again".into(), false)?;
        }
        self.link = Backoff::default();
        let Some((vm, tasks)) = found else { return self.record_guest(None) };
        self.polls += 1;
        let asked = self.guest.as_ref().is_some_and(|guest| guest.question.is_some());
        // A question that is new, or gone, is mostly about one of them.
        if self.polls % POLLS_PER_EVENT_QUERY == 1 || asked != vm.question.is_some() {
            self.look_beneath(&vm.moid).await;
        }
        self.record_guest(Some(&vm))?;
        self.record_tasks(tasks)?;
        if self.polls % POLLS_PER_EVENT_QUERY == 1 {
            self.query_events(&vm.moid).await?;
        }
        if vm.power_state == PowerState::PoweredOn && self.next_picture.is_none_or(|next| next <= Instant::now()) {
            self.take_picture(&vm).await?;
        }
        Ok(())
    }

    fn add(&mut self, event: &TimelineEvent) {
        if let Err(error) = self.store.add(event) {
            tracing::warn!(%error, "the timeline cannot be written");
        }
    }

    /// Puts a line on record; `aloud` also sends it as a message of the build.
    fn note(&mut self, text: String, aloud: bool) -> std::io::Result<()> {
        let text = self.safe(&text);
        if aloud {
            let _ = self.messages.send(text.clone());
        }
        self.store.add(&TimelineEvent::Note { at: self.now(), text })
    }

    fn safe(&self, text: &str) -> String {
        self.scrubber.safe(text).into()
    }
}

#[cfg(test)]
mod tests;
