//! The timeline in a bundle.

use jiff::Timestamp;

use super::BundlePicture;
use crate::guest::recording::{Recording, ScreenReading, TimelineEvent};
use crate::guest::screen::secrets::hide_misread;
use crate::text::Scrubber;

/// The timeline again, from what was read of it, for those who open the bundle as a run.
pub fn again(recording: &Recording, bundle_pictures: &[BundlePicture], scrubber: &Scrubber) -> String {
    let mut events: Vec<(Timestamp, TimelineEvent)> = Vec::new();
    for frame in bundle_pictures
        .iter()
        .filter(|bundle_picture| bundle_picture.thumbnail.is_ok())
        .filter_map(|bundle_picture| bundle_picture.frame.as_ref())
    {
        events.push((frame.at, TimelineEvent::Frame(frame.clone())));
        events.push((frame.until, TimelineEvent::Still { at: frame.until, kind: frame.kind }));
    }
    let hidden = |reading: &ScreenReading| {
        let rows = hide_misread(&reading.rows, scrubber);
        TimelineEvent::Reading(ScreenReading { rows, ..reading.clone() })
    };
    events.extend(recording.readings.iter().map(|reading| (reading.at, hidden(reading))));
    events.extend(recording.guests.iter().map(|guest| (guest.at, TimelineEvent::Guest(guest.clone()))));
    events.extend(recording.tasks.iter().map(|task| (task.at, TimelineEvent::Task(task.clone()))));
    events.extend(recording.typed.iter().map(|typed| (typed.at, TimelineEvent::Typed(*typed))));
    let note = |(at, text): &(Timestamp, String)| (*at, TimelineEvent::Note { at: *at, text: text.clone() });
    events.extend(recording.notes.iter().map(note));
    // A picture's line stands before everything about it.
    events.sort_by_key(|(at, event)| (*at, !matches!(event, TimelineEvent::Frame(_))));
    events.splice(
        0..0,
        recording.pace().map(|speed| (Timestamp::UNIX_EPOCH, TimelineEvent::Pace { at: Timestamp::UNIX_EPOCH, speed })),
    );
    if let Some((at, kind)) = recording.seen {
        events.push((at, TimelineEvent::Still { at, kind }));
    }
    events.iter().filter_map(|(_, event)| scrubber.safe_json(event).ok()).map(|line| line.to_string() + "\n").collect()
}
