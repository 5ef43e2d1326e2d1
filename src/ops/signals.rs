//! What signals mean: once, for every operation of every skin.

use std::future::Future;
use std::io;
use std::time::{Duration, Instant};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::packer_run::StopRequest;

/// Signals this soon after the first one are the same request: CI sends several in a row and kills ten seconds later, a
/// closing terminal sends more than one.
const SAME_REQUEST: Duration = Duration::from_secs(15);
/// A person who presses Ctrl-C again after this means something else by it.
const AGAIN: Duration = Duration::from_secs(1);

/// Requests to end: SIGINT, SIGTERM, SIGHUP. From its making on they end the program no longer by themselves.
#[derive(Debug)]
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Signals {
    /// Begins to listen.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the next one; says whether it was SIGINT, which a person types.
    pub async fn recv(&mut self) -> bool {
        tokio::select! {
            _ = self.interrupt.recv() => true,
            _ = self.terminate.recv() => false,
            _ = self.hangup.recv() => false,
        }
    }
}

/// What becomes of a change while somebody signals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interrupted {
    /// it is finished first: half of it could leave no live template
    Finishing,
    /// somebody meant it: it is cut off where it stands
    GivenUp,
}

/// Lets a change come to its end although somebody signals: cut off in the middle it may leave no live template. A second
/// signal, later, means it; then `None`. `asked`: the first one has been heard already.
///
/// # Errors
/// When signals cannot be listened to; nothing was begun.
pub async fn undisturbed<T>(
    asked: bool,
    say: &(dyn Fn(Interrupted) + Sync),
    work: impl Future<Output = T>,
) -> io::Result<Option<T>> {
    let mut signals = Signals::listen()?;
    let mut work = std::pin::pin!(work);
    let mut asked = asked.then(Instant::now);
    if asked.is_some() {
        say(Interrupted::Finishing);
    }
    loop {
        tokio::select! {
            done = &mut work => return Ok(Some(done)),
            _ = signals.recv() => {}
        }
        match asked {
            Some(first) if first.elapsed() > SAME_REQUEST => {
                say(Interrupted::GivenUp);
                return Ok(None);
            }
            Some(_) => {}
            None => {
                say(Interrupted::Finishing);
                asked = Some(Instant::now());
            }
        }
    }
}

/// Requests to stop a build that is done here: any signal means a clean end. Only a person at a terminal who presses
/// Ctrl-C again, later, means the hard one; `first` is called when a person is first heard. `asked` is cancelled by any of
/// them and outlives the build: what comes after packer's end still forbids the promotion.
///
/// # Errors
/// When signals cannot be listened to.
pub fn stops_of_build(
    person: bool,
    asked: CancellationToken,
    first: impl Fn() + Send + 'static,
) -> io::Result<mpsc::Receiver<StopRequest>> {
    let (sender, receiver) = mpsc::channel(8);
    let mut signals = Signals::listen()?;
    crate::task::spawn(async move {
        let mut heard: Option<Instant> = None;
        loop {
            let typed = signals.recv().await && person;
            let again = heard.is_some_and(|heard| heard.elapsed() > AGAIN);
            if typed && heard.is_none() {
                first();
            }
            heard.get_or_insert_with(Instant::now);
            asked.cancel();
            // Nobody listens any more after packer's end.
            let _ = sender.send(if typed && again { StopRequest::Kill } else { StopRequest::Clean }).await;
        }
    });
    Ok(receiver)
}

/// Cancelled by the first request to end.
///
/// # Errors
/// When signals cannot be listened to.
pub fn stop() -> io::Result<CancellationToken> {
    let mut signals = Signals::listen()?;
    Ok(cancelled_after(async move { signals.recv().await }))
}

/// Cancelled by Ctrl-C alone: for what a person looks at, and what goes on without being looked at.
///
/// # Errors
/// When signals cannot be listened to.
pub fn stop_on_interrupt() -> io::Result<CancellationToken> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(cancelled_after(async move { interrupt.recv().await }))
}

fn cancelled_after<T: Send>(heard: impl Future<Output = T> + Send + 'static) -> CancellationToken {
    let stop = CancellationToken::new();
    let cancelled = stop.clone();
    crate::task::spawn(async move {
        heard.await;
        cancelled.cancel();
    });
    stop
}
