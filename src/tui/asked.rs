//! What the system asks of the console by signals.

use std::io;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::UnboundedSender;

use super::run::Event;
use super::terminal;

/// Hears signals from now on.
pub(super) fn watch(send: &UnboundedSender<Event>) -> io::Result<()> {
    let stop = SignalKind::from_raw(Signal::SIGTSTP as i32);
    let size = SignalKind::window_change();
    for kind in [SignalKind::terminate(), SignalKind::hangup(), SignalKind::interrupt(), stop, size] {
        let mut signals = signal(kind)?;
        let send = send.clone();
        crate::task::spawn(async move {
            while signals.recv().await.is_some() {
                if terminal::lent() && (kind == stop || kind == SignalKind::interrupt()) {
                    // They are for the program that has the terminal; where that one stops, the job stops.
                    if kind == stop {
                        let _ = kill(Pid::this(), Signal::SIGSTOP);
                    }
                    continue;
                }
                let _ = send.send(match kind {
                    kind if kind == stop => Event::StopAsked,
                    kind if kind == size => Event::Resized,
                    _ => Event::Signalled,
                });
            }
        });
    }
    Ok(())
}
