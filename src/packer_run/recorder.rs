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
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use self::backoff::Backoff;
use self::frame_filter::FrameFilter;
use self::store::{Bounds, Store};
use crate::guest::picture::Picture;
use crate::guest::recording::{GuestState, ScreenReading, TimelineEvent};
use crate::guest::screen::ScreenLabel;
use crate::text::Scrubber;
use crate::vcenter::{Client, Error, Moid, PowerState, Settings};

/// Between two looks, by the guest's clock.
const EVERY: Duration = Duration::from_secs(5);
/// Never faster than this, however fast a simulated guest is.
const FASTEST: Duration = Duration::from_millis(100);
/// Events are asked for at every so manieth look.
const LOOKS_PER_EVENTS: u32 = 6;
/// What the end of a build waits for the recorder at most.
const PATIENCE: Duration = Duration::from_secs(3);

/// Gives the names of screens. Called once, where blocking is allowed: patterns take a while to compile, and the build
/// must not wait for it.
pub type Labels = Box<dyn FnOnce() -> Vec<ScreenLabel> + Send>;

/// What is recorded.
#[derive(Debug)]
pub struct Subject {
    /// folder of the run; its folder of pictures exists
    pub dir: PathBuf,
    /// packer's log, wherever it is
    pub log: PathBuf,
    /// name of the VM being built
    pub vm: String,
}

/// A recorder at work. Dropping it ends it at once; what is on disk stays readable.
#[derive(Debug)]
pub struct Recorder {
    task: JoinHandle<()>,
    end: Option<oneshot::Sender<()>>,
    words: mpsc::UnboundedReceiver<String>,
}

impl Recorder {
    /// Begins to record; returns at once.
    pub fn start(subject: Subject, settings: Result<Settings, Error>, labels: Labels) -> Self {
        let (say, words) = mpsc::unbounded_channel();
        let (end, ended) = oneshot::channel();
        let task = tokio::spawn(async move {
            let trouble = match Work::begin(subject, settings, labels, say.clone()).await {
                Ok(Some(work)) => return work.run(ended).await,
                Ok(None) => None,
                Err(error) => Some(error),
            };
            if let Some(error) = trouble {
                let _ = say.send(format!("the flight recorder stops: {error}"));
            }
        });
        Self { task, end: Some(end), words }
    }

    /// What it has to say, one line each.
    pub fn words(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.words.try_recv().ok()).collect()
    }

    /// Ends it, and its session on the server; not waited for longer than a few seconds. Returns its last words.
    pub async fn finish(mut self) -> Vec<String> {
        if let Some(end) = self.end.take() {
            let _ = end.send(());
        }
        if tokio::time::timeout(PATIENCE, &mut self.task).await.is_err() {
            self.task.abort();
        }
        self.words()
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The picture on the screen now, as far as its words matter.
#[derive(Debug)]
struct Standing {
    file: String,
    picture: Picture,
    looks: u32,
    read: bool,
}

struct Work {
    subject: Subject,
    client: Client,
    store: Store,
    say: mpsc::UnboundedSender<String>,
    scrubber: Arc<Scrubber>,
    screens: Arc<[ScreenLabel]>,
    began: Instant,
    started: Timestamp,
    pace: f64,
    vm: Option<Moid>,
    frame_filter: FrameFilter,
    guest: Option<GuestState>,
    /// VMs of the name that were there at the first look
    earlier: Option<HashSet<Moid>>,
    tasks: HashMap<String, String>,
    events_since: Option<Timestamp>,
    events_over: bool,
    by_task: bool,
    looks: u32,
    link: Backoff,
    disk: Backoff,
    pictures: Backoff,
    next_picture: Option<Instant>,
    standing: Option<Standing>,
    reading: Option<JoinHandle<Option<ScreenReading>>>,
}

impl Work {
    async fn begin(
        subject: Subject,
        settings: Result<Settings, Error>,
        labels: Labels,
        say: mpsc::UnboundedSender<String>,
    ) -> std::io::Result<Option<Self>> {
        let mut store = Store::create(&subject.dir, Bounds::default())?;
        let client = match settings.and_then(Client::new) {
            Ok(client) => client,
            Err(error) => {
                let text = format!("no flight recording: {error}");
                store.add(&TimelineEvent::Note { at: Timestamp::now(), text: text.clone() })?;
                let _ = say.send(text);
                return Ok(None);
            }
        };
        let screens = tokio::task::spawn_blocking(labels).await.map_err(std::io::Error::other)?;
        Ok(Some(Self {
            subject,
            client,
            store,
            say,
            scrubber: Scrubber::for_evidence().clone(),
            screens: screens.into(),
            began: Instant::now(),
            started: Timestamp::now(),
            pace: 1.0,
            vm: None,
            frame_filter: FrameFilter::default(),
            guest: None,
            earlier: None,
            tasks: HashMap::new(),
            events_since: None,
            events_over: false,
            by_task: false,
            looks: 0,
            link: Backoff::default(),
            disk: Backoff::default(),
            pictures: Backoff::up_to(console::LONGEST_PAUSE),
            next_picture: None,
            standing: None,
            reading: None,
        }))
    }

    /// Looks until told to end.
    async fn run(mut self, mut end: oneshot::Receiver<()>) {
        loop {
            let looked = tokio::select! {
                looked = self.look() => looked,
                _ = &mut end => break,
            };
            self.written(looked);
            if self.link.over {
                break;
            }
            let pause = EVERY.div_f64(self.pace.max(0.01)).max(FASTEST);
            let until = self.link.until.max(self.disk.until);
            let pause = until.map_or(pause, |until| until.saturating_duration_since(Instant::now()).max(pause));
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = &mut end => break,
            }
        }
        if let Some(reading) = self.reading.take() {
            reading.abort();
        }
        if !self.link.waits() {
            let looked = self.last_look().await;
            self.written(looked);
        }
        self.client.logout().await;
    }

    /// Now, by a clock that nobody sets: what is on record is compared with itself only.
    fn now(&self) -> Timestamp {
        self.started + self.began.elapsed()
    }

    /// One look at the guest: its properties, its tasks, its console.
    async fn look(&mut self) -> std::io::Result<()> {
        self.take_reading().await?;
        let found = match self.find().await {
            Ok(found) => found,
            Err(error) => return self.lost(&error),
        };
        if self.link.said.take().is_some() {
            self.note("vCenter answers again".into(), false)?;
        }
        self.link = Backoff::default();
        let Some((vm, tasks)) = found else { return self.guest_is(None) };
        self.guest_is(Some(&vm))?;
        self.tasks_are(tasks)?;
        self.looks += 1;
        if self.looks % LOOKS_PER_EVENTS == 1 {
            self.ask_events(&vm.moid).await?;
        }
        if vm.power_state == PowerState::PoweredOn && self.next_picture.is_none_or(|next| next <= Instant::now()) {
            self.ask_picture(&vm).await?;
        }
        Ok(())
    }

    fn add(&mut self, event: &TimelineEvent) {
        if let Err(error) = self.store.add(event) {
            tracing::warn!(%error, "the timeline cannot be written");
        }
    }

    /// Puts a line on record; `aloud` also into the build's own words.
    fn note(&mut self, text: String, aloud: bool) -> std::io::Result<()> {
        let text = self.safe(&text);
        if aloud {
            let _ = self.say.send(text.clone());
        }
        self.store.add(&TimelineEvent::Note { at: self.now(), text })
    }

    fn safe(&self, text: &str) -> String {
        self.scrubber.safe(text).into()
    }
}

#[cfg(test)]
mod tests;
