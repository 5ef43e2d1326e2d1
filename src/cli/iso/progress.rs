//! How far a staging is: a bar on a terminal, or events as JSON.

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use tmpl::ops::media::Progress;
use tmpl::pipeline::Key;

use crate::cli::output;

/// What hears of the progress, and the bar to be cleared at the end.
pub fn shown(key: &Key, as_json: bool) -> (Box<dyn Fn(Progress) + Send + Sync>, ProgressBar) {
    let bar = if as_json || !output::asides_to_terminal() { ProgressBar::hidden() } else { ProgressBar::new(0) };
    if let Ok(style) =
        ProgressStyle::with_template("{prefix} {bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta} {msg}")
    {
        bar.set_style(style);
    }
    bar.set_prefix(key.0.clone());
    let (key, drawn) = (key.clone(), bar.clone());
    let on = move |progress| if as_json { event(&key, &progress) } else { draw(&drawn, progress) };
    (Box::new(on), bar)
}

fn draw(bar: &ProgressBar, progress: Progress) {
    match progress {
        Progress::Phase(phase) => bar.set_message(phase.word()),
        Progress::Bytes { done, size, .. } => {
            bar.set_length(size);
            bar.set_position(done);
        }
        Progress::Resumed { reason, .. } => bar.println(output::safe(&format!("taken up again: {reason}"))),
    }
}

fn event(key: &Key, progress: &Progress) {
    let left = progress.left().map(|left| left.as_secs());
    let object = match progress {
        Progress::Phase(phase) => json!({ "event": "phase", "key": key, "phase": phase.word() }),
        Progress::Bytes { done, size, rate } => {
            json!({ "event": "progress", "key": key, "done": done, "size": size, "rate": rate, "eta": left })
        }
        Progress::Resumed { done, reason } => json!({ "event": "resumed", "key": key, "done": done, "reason": reason }),
    };
    // A reader that went away is found out by the result's line.
    let _ = output::json(&object);
}
