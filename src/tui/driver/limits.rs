//! How long something may take in the console before it is answered with a failure.

use std::time::Duration;

/// How long a picture may take; one by way of a datastore must also be removed there.
pub(super) const PICTURE: Duration = Duration::from_secs(150);

/// How long GitHub may take to answer a handful of questions, or to show the run of a dispatch.
pub(super) const GITHUB: Duration = Duration::from_secs(120);
/// How long a leg's evidence may take to come.
pub(super) const FETCH: Duration = Duration::from_secs(15 * 60);
/// How long vCenter may take to say whether it objects.
pub(super) const GUARD: Duration = Duration::from_secs(30);
/// A change of generations is never cut off from here: half of it may leave no live template. Each call has its limit.
pub(super) const APPLY: Duration = Duration::MAX;
/// How long a supervisor may take to its record.
pub(super) const START: Duration = Duration::from_secs(180);
/// How long asking a run to stop may take; its end is awaited by watching it.
pub(super) const STOP: Duration = Duration::from_secs(10);
/// How long reading a few lines may take.
pub(super) const READ: Duration = Duration::from_secs(10);
/// How long a search through a whole log may take.
pub(super) const SEEK: Duration = Duration::from_secs(60);
/// How long reading a picture may take: tesseract has ten seconds, and may have to wait for the one before.
pub(super) const READ_WORDS: Duration = Duration::from_secs(30);
/// How long judging a run for a bundle may take; a graphical screen alone takes seconds.
pub(super) const JUDGE: Duration = Duration::from_secs(120);
/// How long trying a rule may take: a thousand pictures are read, should their records have no text.
pub(super) const TRY: Duration = Duration::from_secs(60);
/// How long a program that prints a password may take, for each of two accounts; a person may have to unlock something.
pub(super) const ENTER: Duration = Duration::from_secs(150);
/// How long a command of the user's may take; it is ended earlier.
pub(super) const PLUGIN: Duration = Duration::from_secs(90);
/// How long writing a file may take.
pub(super) const SAVE: Duration = Duration::from_secs(60);
