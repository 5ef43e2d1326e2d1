//! The flight recorder: while packer builds, it keeps what the guest's console showed and what vCenter said.
//!
//! It runs beside the build, over a session of its own, and never disturbs it: whatever goes wrong here becomes one line
//! and the build goes on. A refused password is tried once. What a failed build leaves is on disk before packer destroys
//! its VM, because the last picture is taken while everything still seems well.

mod eye;
mod store;
mod words;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use self::eye::Eye;
use self::store::{Bounds, Store};
use crate::triage::log::clean;
use crate::triage::picture::Picture;
use crate::triage::recording::{Event, FRAMES, Frame, GuestState, Reading, TaskState};
use crate::triage::redact::Scrubber;
use crate::triage::rules::{Rules, Screen};
use crate::triage::screen::Motion;
use crate::vcenter::{Client, Error, Happening, Moid, PowerState, Settings, Vm};

/// Between two looks, by the guest's clock.
const EVERY: Duration = Duration::from_secs(5);
/// Never faster than this, however fast a simulated guest is.
const FASTEST: Duration = Duration::from_millis(100);
/// Where pictures come by tasks and files (`CreateScreenshot_Task`), each one is work for vCenter.
const EVERY_TASK: Duration = Duration::from_secs(30);
/// Events are asked for at every so manieth look.
const LOOKS_PER_EVENTS: u32 = 6;
/// After trouble: the next try comes after the first pause, then after twice that, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
const LONGEST_PICTURE_PAUSE: Duration = Duration::from_secs(300);
/// A VM so much older than the run is what an earlier one left.
const LEFTOVER: SignedDuration = SignedDuration::from_hours(1);
/// Looks without a change after which a picture is read.
const STANDS: u32 = 2;
/// What the end of a build waits for the recorder at most.
const PATIENCE: Duration = Duration::from_secs(3);
const LAST_LOOK: Duration = Duration::from_secs(1);

/// What is recorded.
#[derive(Debug)]
pub struct Subject {
    /// folder of the run; its folder of pictures exists
    pub dir: PathBuf,
    /// packer's log, wherever it is
    pub log: PathBuf,
    /// name of the VM being built
    pub vm: String,
    /// the pipeline's repository, for its names of screens
    pub repo: PathBuf,
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
    pub fn start(subject: Subject, settings: Result<Settings, Error>) -> Self {
        let (say, words) = mpsc::unbounded_channel();
        let (end, ended) = oneshot::channel();
        let task = tokio::spawn(async move {
            let trouble = match Work::begin(subject, settings, say.clone()).await {
                Ok(Some(work)) => work.run(ended).await,
                Ok(None) => return,
                Err(error) => Err(error),
            };
            if let Err(error) = trouble {
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

/// Why pictures are not asked for now, or since when they fail.
#[derive(Debug, Default)]
struct Trouble {
    /// what was said last, so that it is said once
    said: Option<String>,
    pause: Duration,
    until: Option<Instant>,
    /// never again
    over: bool,
}

impl Trouble {
    fn waits(&self) -> bool {
        self.over || self.until.is_some_and(|until| Instant::now() < until)
    }

    fn back_off(&mut self, longest: Duration) {
        self.pause = (self.pause * 2).clamp(FIRST_PAUSE, longest);
        self.until = Some(Instant::now() + self.pause);
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
    screens: Arc<[Screen]>,
    began: Instant,
    started: Timestamp,
    pace: f64,
    vm: Option<Moid>,
    eye: Eye,
    guest: Option<GuestState>,
    tasks: HashMap<String, String>,
    events_since: Option<Timestamp>,
    events_over: bool,
    by_task: bool,
    looks: u32,
    link: Trouble,
    pictures: Trouble,
    next_picture: Option<Instant>,
    standing: Option<Standing>,
    reading: Option<JoinHandle<Option<Reading>>>,
}

impl Work {
    async fn begin(
        subject: Subject,
        settings: Result<Settings, Error>,
        say: mpsc::UnboundedSender<String>,
    ) -> std::io::Result<Option<Self>> {
        let mut store = Store::create(&subject.dir, Bounds::default())?;
        let client = match settings.and_then(Client::new) {
            Ok(client) => client,
            Err(error) => {
                let text = format!("no flight recording: {error}");
                store.add(&Event::Note { at: Timestamp::now(), text: text.clone() })?;
                let _ = say.send(text);
                return Ok(None);
            }
        };
        let repo = subject.repo.clone();
        // Patterns take a while to compile; the build must not wait for it.
        let prepared = tokio::task::spawn_blocking(move || {
            let rules = Rules::with_own(&repo).or_else(|_| Rules::shipped());
            (Scrubber::of_process(), rules.map(|rules| rules.screens).unwrap_or_default())
        });
        let (scrubber, screens) = prepared.await.map_err(std::io::Error::other)?;
        Ok(Some(Self {
            subject,
            client,
            store,
            say,
            scrubber: Arc::new(scrubber),
            screens: screens.into(),
            began: Instant::now(),
            started: Timestamp::now(),
            pace: 1.0,
            vm: None,
            eye: Eye::default(),
            guest: None,
            tasks: HashMap::new(),
            events_since: None,
            events_over: false,
            by_task: false,
            looks: 0,
            link: Trouble::default(),
            pictures: Trouble::default(),
            next_picture: None,
            standing: None,
            reading: None,
        }))
    }

    /// Looks until told to end. An error is one of the disk.
    async fn run(mut self, mut end: oneshot::Receiver<()>) -> std::io::Result<()> {
        let result = loop {
            let looked = tokio::select! {
                looked = self.look() => looked,
                _ = &mut end => break Ok(()),
            };
            if let Err(error) = looked {
                break Err(error);
            }
            if self.link.over {
                break Ok(());
            }
            let pause = EVERY.div_f64(self.pace.max(0.01)).max(FASTEST);
            let pause =
                self.link.until.map_or(pause, |until| until.saturating_duration_since(Instant::now()).max(pause));
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = &mut end => break Ok(()),
            }
        };
        if let Some(reading) = self.reading.take() {
            reading.abort();
        }
        if result.is_ok() && !self.link.waits() {
            self.last_look().await?;
        }
        self.client.logout().await;
        result
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
        self.link = Trouble::default();
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

    /// What packer left of the guest.
    async fn last_look(&mut self) -> std::io::Result<()> {
        let Some(moid) = &self.vm else { return Ok(()) };
        match tokio::time::timeout(LAST_LOOK, self.client.observe(moid)).await {
            Ok(Ok(Some((vm, tasks)))) => {
                self.guest_is(Some(&vm))?;
                self.tasks_are(tasks)
            }
            Ok(Ok(None)) => self.guest_is(None),
            Ok(Err(_)) | Err(_) => Ok(()),
        }
    }

    /// The VM of this build, if it is there.
    async fn find(&mut self) -> Result<Option<(Vm, Vec<Happening>)>, Error> {
        if let Some(moid) = &self.vm {
            let found = self.client.observe(moid).await?;
            if let Some(found) = found.filter(|(vm, _)| !vm.template) {
                return Ok(Some(found));
            }
            self.vm = None;
        }
        let old = self.started - LEFTOVER;
        let vms = self.client.vms().await?;
        let fresh = |vm: &Vm| !vm.template && vm.created.is_none_or(|created| created > old);
        let Some(vm) = vms.into_iter().find(|vm| vm.name == self.subject.vm && fresh(vm)) else { return Ok(None) };
        let pace = self.client.pace(&vm.moid).await?;
        if (pace - self.pace).abs() > f64::EPSILON {
            self.pace = pace;
            self.add(&Event::Pace { at: Timestamp::now(), speed: pace });
        }
        self.vm = Some(vm.moid.clone());
        (self.eye, self.standing) = (Eye::default(), None);
        self.client.observe(&vm.moid).await
    }

    /// vCenter did not answer, or refuses us.
    fn lost(&mut self, error: &Error) -> std::io::Result<()> {
        let over =
            matches!(error, Error::Login { .. } | Error::Tls { .. } | Error::Settings(_) | Error::Permission { .. });
        let text = if over {
            format!("the flight recorder stops: {error}")
        } else {
            format!("the flight recorder waits for vCenter: {error}")
        };
        self.link.over = over;
        self.link.back_off(LONGEST_PAUSE);
        if self.link.said.is_none() {
            self.link.said = Some(text.clone());
            self.note(text, true)?;
        }
        Ok(())
    }

    fn guest_is(&mut self, vm: Option<&Vm>) -> std::io::Result<()> {
        let at = Timestamp::now();
        let now = GuestState {
            at,
            power: vm.map(|vm| vm.power_state),
            ip: vm.and_then(|vm| vm.ip_address.as_deref()).map(|ip| self.safe(ip)),
            tools: vm.and_then(|vm| vm.tools_running_status),
        };
        let known = self.guest.as_ref().is_some_and(|known| GuestState { at, ..known.clone() } == now);
        if !known {
            self.store.add(&Event::Guest(now.clone()))?;
            self.guest = Some(now);
        }
        Ok(())
    }

    fn tasks_are(&mut self, tasks: Vec<Happening>) -> std::io::Result<()> {
        // Our own way to a picture, where `/screen` is refused, is not news.
        let (own, tasks): (Vec<_>, Vec<_>) =
            tasks.into_iter().partition(|task| task.name.to_ascii_lowercase().ends_with("createscreenshot"));
        self.by_task |= !own.is_empty();
        for task in tasks {
            if self.tasks.get(&task.id) != Some(&task.state) {
                self.tasks.insert(task.id.clone(), task.state.clone());
                let error = task.text.as_deref().map(|text| self.safe(text));
                let (name, state) = (self.safe(&task.name), self.safe(&task.state));
                self.store.add(&Event::Task(TaskState { at: Timestamp::now(), id: task.id, name, state, error }))?;
            }
        }
        Ok(())
    }

    async fn ask_events(&mut self, moid: &Moid) -> std::io::Result<()> {
        if self.events_over {
            return Ok(());
        }
        match self.client.events(moid, self.events_since).await {
            Ok(events) => {
                self.events_since = events.iter().filter_map(|event| event.at).max().or(self.events_since);
                self.tasks_are(events)
            }
            // Not every server has them; tasks tell most of it.
            Err(Error::Fault { .. } | Error::Permission { .. }) => {
                self.events_over = true;
                Ok(())
            }
            Err(error) => self.lost(&error),
        }
    }

    async fn ask_picture(&mut self, vm: &Vm) -> std::io::Result<()> {
        if self.pictures.waits() {
            return Ok(());
        }
        let log = std::fs::metadata(&self.subject.log).map_or(0, |log| log.len());
        let at = Timestamp::now();
        let bytes = match self.client.screenshot(vm, self.eye.width()).await {
            Ok(bytes) => bytes,
            Err(error) => return self.no_picture(&error),
        };
        let decoded =
            tokio::task::spawn_blocking(move || Picture::decode(bytes)).await.map_err(std::io::Error::other)?;
        let picture = match decoded {
            Ok(picture) => picture,
            Err(error) => return self.no_picture(&Error::Picture { vm: vm.name.clone(), reason: error.to_string() }),
        };
        self.pictures = Trouble::default();
        if self.by_task {
            self.next_picture = Some(Instant::now() + EVERY_TASK.div_f64(self.pace.max(0.01)));
        }
        self.see(picture, at, log).await
    }

    /// A refused password is not tried again; everything else ever more seldom.
    fn no_picture(&mut self, error: &Error) -> std::io::Result<()> {
        self.pictures.over = matches!(error, Error::Login { .. } | Error::Settings(_));
        self.pictures.back_off(LONGEST_PICTURE_PAUSE);
        let text = format!("no pictures of the console: {error}");
        if self.pictures.said.as_ref() != Some(&text) {
            self.pictures.said = Some(text.clone());
            self.note(text, true)?;
        }
        Ok(())
    }

    async fn see(&mut self, picture: Picture, at: Timestamp, log: u64) -> std::io::Result<()> {
        let elapsed = self.began.elapsed().mul_f64(self.pace);
        let (mut eye, shown) = (std::mem::take(&mut self.eye), picture.clone());
        let seen = tokio::task::spawn_blocking(move || {
            let sight = eye.see(&shown.image().to_rgb8(), elapsed);
            (eye, sight)
        });
        let (eye, sight) = seen.await.map_err(std::io::Error::other)?;
        self.eye = eye;
        if sight.keep {
            let file = format!("{FRAMES}/{}.png", at.as_millisecond());
            let frame = Frame { at, file: file.clone(), until: at, changed: sight.changed, log, kind: sight.kind };
            self.store.keep(picture.png(), frame, sight.pixels)?;
            self.standing = Some(Standing { file, picture, looks: 0, read: false });
            return Ok(());
        }
        self.store.add(&Event::Still { at, kind: sight.kind })?;
        if let Some(standing) = &mut self.standing {
            standing.looks += 1;
        }
        if !matches!(sight.kind, Motion::Blank | Motion::BlankCursor) {
            self.read_words();
        }
        Ok(())
    }

    /// Reads the picture that stands; one at a time, beside the looks.
    fn read_words(&mut self) {
        let Some(standing) = self.standing.as_mut().filter(|s| s.looks >= STANDS && !s.read) else { return };
        if self.reading.is_some() {
            return;
        }
        standing.read = true;
        let (picture, file) = (standing.picture.clone(), standing.file.clone());
        let (screens, scrubber) = (Arc::clone(&self.screens), Arc::clone(&self.scrubber));
        self.reading = Some(tokio::spawn(async move {
            let image = picture.image().to_rgb8();
            words::read(&image, file, &screens, &scrubber).await
        }));
    }

    async fn take_reading(&mut self) -> std::io::Result<()> {
        if let Some(reading) = self.reading.take_if(|reading| reading.is_finished())
            && let Ok(Some(reading)) = reading.await
        {
            self.store.add(&Event::Reading(reading))?;
        }
        Ok(())
    }

    fn add(&mut self, event: &Event) {
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
        self.store.add(&Event::Note { at: Timestamp::now(), text })
    }

    fn safe(&self, text: &str) -> String {
        self.scrubber.text(&clean(&self.scrubber.text(text))).into_owned()
    }
}
