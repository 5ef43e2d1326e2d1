//! The event loop: drain what came, draw once if something changed, wait.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ratatui::Terminal;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::app::App;
use super::backend::Screen;
use super::input::Heard;
use super::opening::{opening, parts};
use super::picture::{self, Colours, Images, PictureSurface, Protocol};
use super::terminal::Out;
use super::theme::Theme;
use super::{asked, input, terminal};
use crate::config::{Config, Entered};
use crate::console::alarm::Call;
use crate::console::binding::Keymap;
use crate::console::command::{Command, ProgramCommand};
use crate::console::own::Own;
use crate::console::{Console, Effect, Msg};
use crate::ops;
use crate::ops::signals::{self, Interrupted};
use crate::paths::StateDir;
use crate::pipeline::Matrix;
use crate::text::Scrubber;
use crate::tui::driver::{Driver, Report};
use crate::vcenter::Settings;
use crate::vcenter::gate::Mode;

/// What the console is opened with. Everything that can be wrong about it was found before.
#[derive(Debug)]
pub struct Options {
    /// the matrix, with the repository's root
    pub matrix: Matrix,
    /// where vCenter is and who we are there; or why that is not known
    pub settings: Result<Settings, String>,
    /// where records are kept
    pub state: StateDir,
    /// the line to open on; must be in the matrix
    pub key: Option<String>,
    /// the packer to run
    pub packer: PathBuf,
    /// whether anything may be changed
    pub mode: Mode,
    /// hides secrets in what others wrote
    pub scrubber: Arc<Scrubber>,
    /// the vCenter is the lab; said on screen
    pub simulated: bool,
    /// how the terminal calls when an alarm rises
    pub call: Call,
    /// how pictures are shown
    pub images: Images,
    /// the user's configuration
    pub config: Arc<Config>,
    /// the context that this process is in
    pub context: Option<String>,
    /// the table of keys
    pub keymap: Keymap,
    /// what the person should know first, a line each
    pub warnings: Vec<String>,
}

/// How the console ended.
#[derive(Debug, Clone)]
pub enum Ended {
    /// a person left
    Quit,
    /// a person turned to another context
    TurnTo(Arc<Entered>),
    /// the system asked (SIGTERM, SIGHUP, SIGINT)
    Signalled,
}

/// Why the console could not be shown.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// there is no terminal to show it on
    #[error("{0}")]
    NoTerminal(&'static str),
    /// no such line
    #[error(transparent)]
    Key(#[from] crate::pipeline::MatrixError),
    /// the terminal failed
    #[error("the terminal failed: {0}")]
    Terminal(#[from] io::Error),
}

/// What the loop takes.
pub(super) enum Event {
    Heard(Heard),
    Msg(Msg),
    Resized,
    PictureReady,
    Signalled,
    /// somebody asks the whole job to stop (`kill -TSTP`)
    StopAsked,
}

/// Opens the console and returns when it is left; the terminal is as before then. Call it on the thread that may draw.
///
/// # Errors
/// [`Error::NoTerminal`] and [`Error::Key`] before the terminal is touched.
pub async fn run(options: Options) -> Result<Ended, Error> {
    if let Some(key) = &options.key {
        options.matrix.line(key)?;
    }
    terminal::usable(std::env::var("TERM").ok().as_deref()).map_err(Error::NoTerminal)?;
    let (console, start) = (Console::new(opening(&options)), Instant::now());
    terminal::guard_panics(std::thread::current().id());
    let (send, mut events) = unbounded_channel();
    asked::watch(&send)?;
    options.keymap.share();
    let taken = terminal::take(options.config.mouse)?;
    let theme = Theme::of(&options.config, |name| std::env::var(name).ok());
    let quiet = PictureSurface::new(Protocol::Cells, Colours::Indexed, || {});
    let mut app = App::new(console, Terminal::new(Screen::default())?, quiet, theme);
    // The first frame waits for nothing, not even for the terminal's answers about pictures.
    let first = app.measure()?;
    app.draw(&mut Out)?;
    let through_tmux = picture::shown_outside_tmux().await;
    app.set_surface(PictureSurface::detect(options.images, through_tmux, waker(&send)));
    listen(start, &send)?;
    let report: Report = Arc::new({
        let send = send.clone();
        move |msg| drop(send.send(Event::Msg(msg)))
    });
    let mut driver = Driver::start(parts(options), report);
    first.into_iter().for_each(|effect| driver.run(effect));
    let ended = turn(&mut app, &mut driver, &mut events, start).await;
    drop(taken);
    if app.console().changing() {
        finish(&mut driver, &mut events).await;
    }
    driver.stop().await;
    Ok(ended?)
}

/// Lets a change of generations come to its end although the console is gone; a later signal means it.
async fn finish(driver: &mut Driver, events: &mut UnboundedReceiver<Event>) {
    let interrupted = |what: Interrupted| match what {
        Interrupted::Finishing => {
            say("finishing the change under way first: half done, it could leave no live template")
        }
        Interrupted::GivenUp => say("stopped half way; run the same verb again to finish"),
    };
    let telling = async {
        while let Some(event) = events.recv().await {
            if let Event::Msg(msg) = event {
                tell(msg);
            }
        }
    };
    tokio::select! {
        finished = undisturbed(driver, &interrupted) => finished,
        // The driver keeps its end open as long as it works.
        () = telling => {}
    }
    while let Ok(Event::Msg(msg)) = events.try_recv() {
        tell(msg);
    }
}

/// Finishes in any case, also where signals cannot be heard.
async fn undisturbed(driver: &mut Driver, interrupted: &(dyn Fn(Interrupted) + Sync)) {
    if signals::undisturbed(true, interrupted, driver.finish()).await.is_err() {
        driver.finish().await;
    }
}

fn tell(msg: Msg) {
    if let Msg::Finished { answer, .. } = msg {
        say(&answer.unwrap_or_else(|failure| format!("failed: {failure}")));
    }
}

fn say(text: &str) {
    // The terminal may be gone; the audit log has it all the same.
    let _ = writeln!(io::stderr(), "{}", Scrubber::shared().safe(text));
}

fn waker(send: &UnboundedSender<Event>) -> impl Fn() + Send + 'static {
    let send = send.clone();
    move || drop(send.send(Event::PictureReady))
}

fn listen(start: Instant, send: &UnboundedSender<Event>) -> io::Result<()> {
    let send = send.clone();
    input::listen(start, move |heard| send.send(Event::Heard(heard)).is_ok())
}

/// Takes events until one of them ends the program.
async fn turn(
    app: &mut App<Screen>,
    driver: &mut Driver,
    events: &mut UnboundedReceiver<Event>,
    start: Instant,
) -> io::Result<Ended> {
    let mut signalled = false;
    loop {
        let mut effects = app.measure()?;
        if app.draw(&mut Out)? {
            effects.extend(app.take(Msg::Drawn { at: start.elapsed() }));
        }
        if terminal::gone() {
            return Ok(Ended::Signalled);
        }
        if effects.is_empty() {
            let mut next = tokio::select! {
                // The sender lives in the driver too.
                event = events.recv() => event,
                at = moment(app.console().due(), start) => Some(Event::Msg(Msg::Clock { at })),
            };
            while let Some(event) = next {
                signalled |= matches!(event, Event::Signalled | Event::Heard(Heard::Gone));
                effects.extend(taken(app, event));
                next = events.try_recv().ok();
            }
        }
        let mut effects = std::collections::VecDeque::from(effects);
        while let Some(effect) = effects.pop_front() {
            match effect {
                Effect::Own(Own::TurnTo(entered)) => return Ok(Ended::TurnTo(entered)),
                Effect::Quit => return Ok(if signalled { Ended::Signalled } else { Ended::Quit }),
                Effect::Mouse(on) => terminal::mouse(on)?,
                Effect::Notify { text, desktop } => terminal::call(desktop.then_some(text.as_str()))?,
                Effect::Own(Own::RunPlugin { request, plugin, selection }) if plugin.interactive => {
                    let dir = driver.repo().to_owned();
                    let mouse = app.console().mouse();
                    let ran = async {
                        let answer = ops::plugin::lend(plugin, selection, &dir).await;
                        if let Err(error) = &answer {
                            terminal::await_enter(&error.to_string()).await;
                        }
                        answer
                    };
                    let answer = terminal::lend(mouse, ran).await?;
                    app.repaint()?;
                    effects.extend(app.take(Msg::PluginEnded { request, answer: answer.map_err(Into::into) }));
                }
                Effect::Repaint => app.repaint()?,
                Effect::Suspend => {
                    terminal::suspend(app.console().mouse()).await?;
                    app.repaint()?;
                }
                effect => driver.run(effect),
            }
        }
    }
}

/// Waits for this moment; without one, for ever.
async fn moment(due: Option<Duration>, start: Instant) -> Duration {
    match due {
        Some(due) => tokio::time::sleep_until((start + due).into()).await,
        None => std::future::pending().await,
    }
    start.elapsed()
}

fn taken(app: &mut App<Screen>, event: Event) -> Vec<Effect> {
    match event {
        Event::Msg(msg) => app.take(msg),
        Event::Signalled | Event::Heard(Heard::Gone) => app.take(Msg::Signalled),
        Event::StopAsked => {
            let suspend = app.console().on_selection(Command::Program(ProgramCommand::Suspend));
            if app.console().allows(&suspend).is_ok() { vec![Effect::Suspend] } else { Vec::new() }
        }
        Event::PictureReady => {
            app.redraw();
            Vec::new()
        }
        Event::Resized => {
            app.resized();
            Vec::new()
        }
        Event::Heard(Heard::Input(input, at)) => {
            let mut effects = app.take(Msg::Clock { at });
            effects.extend(input::message(input, app.layout(), app.hits()).into_iter().flat_map(|msg| app.take(msg)));
            effects
        }
    }
}
