//! Giving a screen a name and a meaning, and trying both on what is on record before they are written.

use std::path::{Path, PathBuf};

use super::{Error, blocking};
use crate::guest::fingerprint::Fingerprint;
use crate::guest::picture::Picture;
use crate::guest::screen::{Area, ScreenMatcher};
use crate::packer_run::{self, Run};
use crate::paths::StateDir;
use crate::pipeline::Key;
use crate::triage::corpus::{self, Sample, Trial};
use crate::triage::rules::{self, Lesson, OWN_RULES, Rules, TeachError};

/// A screen as a person describes it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Description {
    /// its name
    pub label: String,
    /// words that must stand on it; none = known by its picture, or a part of it
    pub words: Vec<String>,
    /// words that must not stand on it
    pub not: Vec<String>,
    /// the part of the picture that it is known by, in percent: left, top, width, height
    pub area: Option<[u32; 4]>,
    /// why a build fails that shows it; may be empty
    pub cause: String,
    /// what to do then
    pub remedy: String,
}

/// Adds a screen, and the rule that says what it means, to the rules of the repository; the file they were added to.
///
/// # Errors
/// [`TeachError`]
pub async fn teach(repo: &Path, description: Description, picture: Picture) -> Result<PathBuf, Error> {
    let path = repo.join(OWN_RULES);
    blocking("teaching", move || {
        rules::teach(&path, &lesson(description, &picture)?)?;
        Ok(path)
    })
    .await
}

/// What such a screen would match: the pages that ship with the program, and every picture on record.
///
/// # Errors
/// A description that cannot be taught; rules or records that cannot be read.
pub async fn try_out(
    repo: &Path,
    state: &StateDir,
    description: Description,
    picture: Picture,
) -> Result<Trial, Error> {
    let (repo, state) = (repo.to_owned(), state.clone());
    blocking("trying it out", move || {
        let lesson = lesson(description, &picture)?;
        let known = Rules::for_repo(&repo)?.screens;
        Ok(corpus::try_out(&lesson.matcher.label(&lesson.label), &samples(&recorded(&state)?), &known))
    })
    .await
}

fn lesson(description: Description, picture: &Picture) -> Result<Lesson, Error> {
    let Description { label, words, not, area, cause, remedy } = description;
    let mut matcher = ScreenMatcher { text: words, not, ..ScreenMatcher::default() };
    if let Some([left, top, width, height]) = area {
        let image = picture.image().to_rgb8();
        let (across, down) = image.dimensions();
        let place = [left * across / 100, top * down / 100, width * across / 100, height * down / 100];
        matcher.area = Some(Area::of(&image, place).ok_or(TeachError::TooPlain)?);
    } else if matcher.text.is_empty() {
        matcher.hash = Some(Fingerprint::from_image(&picture.image().to_rgb8()).ok_or(TeachError::TooPlain)?);
    }
    Ok(Lesson { label, matcher, cause, remedy })
}

/// What labels are tried on.
pub(super) fn samples(runs: &[Run]) -> Vec<Sample> {
    corpus::stored(runs).into_iter().chain(corpus::shipped()).collect()
}

/// The runs on record, of all lines, the newest first.
pub(super) fn recorded(state: &StateDir) -> Result<Vec<Run>, Error> {
    let lines = match std::fs::read_dir(state.runs()) {
        Ok(lines) => lines,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::Record(error)),
    };
    let mut runs = Vec::new();
    for line in lines {
        let name = line.map_err(Error::Record)?.file_name();
        if let Some(key) = name.to_str().filter(|name| !name.starts_with('.')) {
            runs.extend(packer_run::all(state, &Key(key.to_owned())).map_err(Error::Record)?);
        }
    }
    runs.sort_by_key(|run| std::cmp::Reverse(run.started));
    Ok(runs)
}
