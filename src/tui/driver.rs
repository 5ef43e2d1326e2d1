//! Carries effects out. What takes time runs elsewhere and comes back as a message, failures and panics included.

mod clipboard;
mod clock;
mod generation;
mod github;
mod histories;
mod limits;
mod link;
mod live;
mod log;
mod media;
mod own;
mod places;
mod runs;
mod screen;
mod triage;
mod verdict;

use std::collections::BTreeMap;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::TryFutureExt;
use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinHandle;

use self::histories::Histories;
use self::limits::{GUARD, JUDGE, PICTURE, READ, READ_WORDS, SAVE, SEEK, START, STOP, TRY};
use crate::config::Config;
use crate::console::effect::Effect;
use crate::console::message::{Failure, Msg, Reply};
use crate::ops::usual::Usual;
use crate::ops::{self, Context, Error, PictureReader, Places};
use crate::pipeline::Key;
use crate::text::Scrubber;
use crate::vcenter::{Place, Settings};

/// Takes the messages to the console. Called from any thread.
pub type Report = Arc<dyn Fn(Msg) + Send + Sync>;

/// What the driver works with.
#[derive(Debug, Clone)]
pub struct Parts {
    /// where operations work; its repository is an absolute path
    pub context: Context,
    /// where vCenter is and who we are there
    pub settings: Result<Settings, String>,
    /// the packer to run
    pub packer: PathBuf,
    /// the user's configuration
    pub config: Arc<Config>,
    /// hides secrets in what others wrote
    pub scrubber: Arc<Scrubber>,
}

/// Runs effects.
pub struct Driver {
    parts: Parts,
    report: Report,
    /// the repository's own place first, and those of lines that live elsewhere
    links: BTreeMap<Place, link::Link>,
    places: Places,
    log: log::Reader,
    github: github::Link,
    records: triage::Records,
    judging: live::Judging,
    pictures: PictureReader,
    desk: media::Desk,
    /// asks for a look at the records of runs
    look: Arc<Notify>,
    /// asks for the history of a line
    histories: UnboundedSender<Key>,
    tasks: Vec<JoinHandle<()>>,
    plugins: own::Plugins,
    changes: generation::Changes,
}

impl std::fmt::Debug for Driver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Driver").field("parts", &self.parts).finish_non_exhaustive()
    }
}

impl Driver {
    /// Starts the standing work: the clock, the watch of the folder, the watch of the records of runs.
    pub fn start(parts: Parts, report: Report) -> Self {
        let scrubber = parts.scrubber.clone();
        let log = log::Reader::new(report.clone(), scrubber.clone(), parts.saved());
        let usual = Usual::with_limits(parts.config.alarms.clone());
        let records = triage::Records::new(report.clone(), parts.context.state.clone(), usual.clone());
        let judging = live::Judging::start(&parts.context, scrubber.clone(), usual.clone(), report.clone());
        let pictures = PictureReader::new(parts.context.repo.clone(), scrubber.clone());
        let github = github::Link::start(&parts, report.clone());
        let histories = Histories::start(parts.context.clone(), report.clone());
        let mut driver = Self {
            links: places::own(&parts, &report),
            places: Places::default(),
            log,
            github,
            records,
            judging,
            pictures,
            desk: media::Desk::default(),
            parts,
            report,
            look: Arc::default(),
            histories: histories.wanted(),
            tasks: Vec::new(),
            plugins: own::Plugins::default(),
            changes: generation::Changes::default(),
        };
        driver.run(Effect::Watch);
        driver.tasks.extend(driver.read_places());
        driver.tasks.push(crate::task::spawn(clock::tick(driver.report.clone())));
        let (context, look, report) = (driver.parts.context.clone(), driver.look.clone(), driver.report.clone());
        driver.tasks.push(crate::task::spawn(runs::watch(context, (scrubber, usual), histories, look, report)));
        driver
    }

    /// Carries out one effect. What belongs to the terminal is not for the driver.
    pub fn run(&mut self, effect: Effect) {
        match effect {
            Effect::Watch => self.links.values_mut().for_each(link::Link::watch),
            Effect::WatchElsewhere(places) => self.watch_elsewhere(&places),
            Effect::TakePicture { request, vm } => {
                let taken = screen::take(self.client(vm.place), vm);
                self.ask(PICTURE, "the picture", taken, move |answer| Msg::PictureTaken { request, answer });
            }
            Effect::TakeThumbnail { request, vm } => {
                let taken = screen::take_small(self.client(vm.place), vm);
                self.ask(PICTURE, "the picture", taken, move |answer| Msg::TileTaken { request, answer });
            }
            Effect::ReadLastFrame { request, dir } => {
                let read = ops::picture::last_of(dir);
                self.ask(READ, "reading the picture", read, move |answer| Msg::TileTaken { request, answer });
            }
            Effect::Guard { request, place, plan } => {
                let guarded = generation::guard(self.parts.context.clone(), self.client(place), plan);
                self.ask(GUARD, "asking vCenter", guarded, move |answer| Msg::Guarded { request, answer });
            }
            Effect::Apply { request, place, plan } => self.apply(request, place, plan),
            Effect::Build { request, key } => {
                let started = runs::start(self.parts.context.clone(), key, self.parts.packer.clone());
                self.ask(START, "starting the build", started, move |answer| Msg::Finished { request, answer });
            }
            Effect::CancelRun { request, key, force } => {
                let stopped = runs::stop(self.parts.context.clone(), key, force);
                self.ask(STOP, "stopping the build", stopped, move |answer| Msg::Finished { request, answer });
            }
            Effect::StopTest { request } => self.changes.stop_test(request),
            Effect::ReadRuns => self.look.notify_one(),
            // Without a reader the console is on its way out.
            Effect::ReadHistory(key) => drop(self.histories.send(key)),
            Effect::SavePicture { request, name, picture } => {
                let (saved, scrubber) = (self.parts.saved(), self.parts.scrubber.clone());
                let saved = async move { ops::picture::save(saved, name, picture, &scrubber).await };
                self.ask(SAVE, "saving", saved, move |answer| Msg::Saved { request, answer });
            }
            Effect::OpenLog { request, path } => self.log.open(request, path),
            Effect::CloseLog => self.log.close(),
            Effect::ReadLog { request, from, count } => {
                let rows = self.log.rows(from, count);
                self.ask(READ, "reading the log", rows, move |answer| Msg::LogRead { request, answer });
            }
            Effect::SeekLog { request, sought, from, forwards } => {
                let found = self.log.seek(sought, from, forwards);
                self.ask(SEEK, "searching the log", found, move |answer| Msg::LogFound { request, answer });
            }
            Effect::SaveLog { request, key } => {
                let saved = self.log.save(key).map_ok(|path| path.display().to_string());
                self.ask(SAVE, "saving the log", saved, move |answer| Msg::Saved { request, answer });
            }
            Effect::CopyLog { request, from, to } => {
                let text = self.log.text(from, to);
                self.ask(READ, "reading the log", text, move |answer| Msg::Copied { request, answer });
            }
            Effect::OpenRecording { request, key, dir } => self.records.open(request, key, dir),
            Effect::CloseRecording => self.records.close(),
            Effect::ReadFrame { request, path } => {
                self.ask(READ, "reading the picture", ops::picture::open(path), move |answer| Msg::FrameRead {
                    request,
                    answer,
                });
            }
            Effect::SaveBundle { request, key, dir, log, guest } => {
                let (context, case) = (&self.parts.context, verdict::case(&key, dir, log, guest));
                let saved =
                    verdict::bundle((context.repo.clone(), self.parts.saved()), self.parts.scrubber.clone(), case);
                self.ask(JUDGE, "the bundle", saved, move |answer| Msg::Saved { request, answer });
            }
            Effect::ReadWords { request, picture, thorough } => {
                let words = self.pictures.clone().read(picture, thorough);
                self.ask(READ_WORDS, "reading the picture", words, move |answer| Msg::WordsRead { request, answer });
            }
            Effect::AskPrivilege { request, vm, privilege } => {
                let may = screen::may(self.client(vm.place), vm, privilege);
                self.ask(GUARD, "asking vCenter", may, move |answer| Msg::Guarded { request, answer });
            }
            Effect::Type { request, vm, keys } => {
                let typed = screen::type_into(self.parts.context.clone(), self.client(vm.place), vm, keys);
                self.ask(GUARD, "typing", typed, move |answer| Msg::Finished { request, answer });
            }
            Effect::Wake { request, vm } => {
                let woken = screen::wake(self.parts.context.clone(), self.client(vm.place), vm);
                self.ask(GUARD, "waking", woken, move |answer| Msg::Finished { request, answer });
            }
            Effect::Answer { request, vm, question, choice } => {
                let answered =
                    screen::answer(self.parts.context.clone(), self.client(vm.place), vm, (*question, choice));
                self.ask(GUARD, "the answer", answered, move |answer| Msg::Finished { request, answer });
            }
            Effect::TryTeaching { request, description, picture } => {
                let tried = screen::try_out(self.parts.context.clone(), *description, picture);
                self.ask(TRY, "trying it out", tried, move |answer| Msg::TeachingTried { request, answer });
            }
            Effect::Teach { request, description, picture } => {
                let taught = screen::teach(self.parts.context.repo.clone(), *description, picture);
                self.ask(SAVE, "teaching", taught, move |answer| Msg::Finished { request, answer });
            }
            Effect::Judge { request, run } => {
                if !self.judging.ask(request, run) {
                    let gone = Error::BrokeOff { what: "the verdict", reason: "nobody judges any more".into() };
                    (self.report)(Msg::Judged { request, answer: Err(gone.into()) });
                }
            }
            Effect::GitHub(ask) => drop(self.ask_github(ask)),
            Effect::Media(request) => self.media(request),
            Effect::Clipboard { text, what } if clipboard::in_tmux() => {
                let copied = clipboard::into_tmux(text, what);
                self.ask(READ, "copying", copied, move |answer| Msg::Clipped { answer });
            }
            // Here and now: what another thread writes would end up inside a frame.
            Effect::Clipboard { text, what } => {
                let answer = clipboard::out_of_the_terminal(&text, &what).map_err(Into::into);
                (self.report)(Msg::Clipped { answer });
            }
            Effect::Own(own) => self.own(own),
            Effect::Notify { .. } | Effect::Mouse(_) | Effect::Repaint | Effect::Suspend | Effect::Quit => {}
        }
    }

    /// Waits for the end of every change of generations: cut off in the middle one may leave no live template.
    pub async fn finish(&mut self) {
        self.changes.finish().await;
    }

    /// Ends the session with vCenter, as far as that is quick.
    pub async fn stop(mut self) {
        for task in self.tasks.drain(..) {
            task.abort();
        }
        self.desk.stop().await;
        self.plugins.end().await;
        futures_util::future::join_all(self.links.into_values().map(link::Link::stop)).await;
    }

    /// Runs `work` elsewhere and reports its answer, whatever becomes of it.
    fn ask<T: Send + 'static, E: Into<Failure> + Send + 'static>(
        &self,
        limit: Duration,
        what: &'static str,
        work: impl Future<Output = Result<T, E>> + Send + 'static,
        message: impl FnOnce(Reply<T>) -> Msg + Send + 'static,
    ) -> JoinHandle<()> {
        let report = self.report.clone();
        crate::task::spawn(async move {
            let mut task = crate::task::spawn(work); // Of its own, so that its panic is an answer too.
            let answer = match tokio::time::timeout(limit, &mut task).await {
                Ok(Ok(answer)) => answer.map_err(Into::into),
                Ok(Err(failure)) => Err(Error::BrokeOff { what, reason: failure.to_string() }.into()),
                Err(_) => {
                    task.abort();
                    Err(Error::TimedOut { what, seconds: limit.as_secs() }.into())
                }
            };
            report(message(answer));
        })
    }
}
