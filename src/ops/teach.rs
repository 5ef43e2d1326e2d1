//! Giving a screen a name and a meaning, and trying both on what is on record before they are written.

use std::path::{Path, PathBuf};

use super::{Error, blocking};
use crate::guest::fingerprint::Fingerprint;
use crate::guest::picture::Picture;
use crate::guest::screen::{self, Area, RecognisedText, ScreenLabels, ScreenMatcher};
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
    /// what was read on it
    pub read: Option<RecognisedText>,
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
/// [`TeachError`], also of a description that does not fit its own screen; rules that cannot be read.
pub async fn teach(repo: &Path, description: Description, picture: Picture) -> Result<PathBuf, Error> {
    let repo = repo.to_owned();
    blocking("teaching", move || {
        let read = description.read.clone();
        let lesson = lesson(description, &picture)?;
        let known = Rules::for_repo(&repo)?.screens;
        if !fits_its_own(&lesson, read, &picture, &known) {
            return Err(TeachError::MissesItsOwn.into());
        }
        let path = repo.join(OWN_RULES);
        rules::teach(&path, &lesson)?;
        Ok(path)
    })
    .await
}

/// Whether a lesson fits the screen that it was made of.
fn fits_its_own(lesson: &Lesson, read: Option<RecognisedText>, picture: &Picture, known: &ScreenLabels) -> bool {
    let image = picture.image().to_rgb8();
    let text = read.or_else(|| screen::read_cells(&image));
    screen::fits(&lesson.matcher.label(&lesson.label), Some(&image), text.as_ref(), known)
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
        let read = description.read.clone();
        let lesson = lesson(description, &picture)?;
        let unfit = |reason| TeachError::Unfit { label: lesson.label.clone(), reason };
        lesson.matcher.check_words().map_err(unfit)?;
        let known = Rules::for_repo(&repo)?.screens;
        let trial = corpus::try_out(&lesson.matcher.label(&lesson.label), &samples(&recorded(&state)?), &known);
        Ok(Trial { misses_its_own: !fits_its_own(&lesson, read, &picture, &known), ..trial })
    })
    .await
}

fn lesson(description: Description, picture: &Picture) -> Result<Lesson, Error> {
    let Description { label, words, not, area, cause, remedy, .. } = description;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(rows: &[&str]) -> Picture {
        let image = screen::drawn(rows, 8, (1024, 768), image::Rgb([170; 3]));
        let mut png = std::io::Cursor::new(Vec::new());
        image.write_to(&mut png, image::ImageFormat::Png).unwrap();
        Picture::decode(png.into_inner()).unwrap()
    }

    fn described(words: &str) -> Description {
        Description { label: "our-page".into(), words: vec![words.to_owned()], ..Description::default() }
    }

    #[tokio::test]
    async fn what_would_match_nothing_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (repo, state) = (folder.path(), StateDir::at(folder.path()));
        let bar = "<Tab> moves; <Space> selects; <Enter> activates buttons";
        let page = picture(&["Choose a flavour of the system", "", bar]);
        let tried = try_out(repo, &state, described(bar), page.clone()).await.unwrap();
        assert_eq!((tried.fitting, tried.misses_its_own), (0, true));
        assert!(tried.to_string().contains("NOT THIS SCREEN: bars"), "{tried}");
        let refused = teach(repo, described(bar), page.clone()).await.unwrap_err().to_string();
        assert!(refused.starts_with("it does not match the screen that it was made of: bars"), "{refused}");
        let not = Description { not: vec!["flavour".into()], ..described("Choose a flavour") };
        assert!(teach(repo, not, page.clone()).await.is_err());
        assert!(!repo.join(OWN_RULES).exists());
        let good = described("Choose a flavour of the system");
        assert!(!try_out(repo, &state, good.clone(), page.clone()).await.unwrap().misses_its_own);
        teach(repo, good, page).await.unwrap();
        assert!(repo.join(OWN_RULES).exists());
        let short = try_out(repo, &state, described("a b"), picture(&["a b"])).await.unwrap_err().to_string();
        assert!(short.contains("too short"), "{short}");
    }
}
