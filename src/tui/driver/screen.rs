//! The screen in the picture: read, named, typed into.

use std::path::PathBuf;
use std::sync::Arc;

use image::RgbImage;
use tokio::sync::Mutex;

use super::generation::Gateway;
use super::link::{Pending, ready};
use super::save::blocking;
use crate::console::message::Reply;
use crate::console::screen_text::ScreenText;
use crate::guest::fingerprint::Fingerprint;
use crate::guest::picture::Picture;
use crate::guest::screen::Sign;
use crate::guest::screen::{self, Change, Text};
use crate::text::Scrubber;
use crate::triage::rules::{self, OWN, Rules};
use crate::vcenter::privilege::TYPE;
use crate::vcenter::{Account, Vm};

/// Reads pictures, each but once.
#[derive(Clone)]
pub(super) struct PictureReader {
    repo: PathBuf,
    scrubber: Arc<Scrubber>,
    last: Arc<Mutex<Option<Read>>>,
}

struct Read {
    image: RgbImage,
    thorough: bool,
    words: ScreenText,
}

impl PictureReader {
    pub(super) fn new(repo: PathBuf, scrubber: Arc<Scrubber>) -> Self {
        Self { repo, scrubber, last: Arc::default() }
    }

    /// The text of a picture. One that differs from the last one by a cursor alone is not read again.
    pub(super) async fn read(self, picture: Picture, thorough: bool) -> Reply<ScreenText> {
        let mut last = self.last.lock().await;
        let before = last.take();
        let (image, before) = blocking(move || {
            let image = picture.image().to_rgb8();
            let same = |read: &Read| {
                read.thorough >= thorough
                    && matches!(screen::compare(&read.image, &image), Change::None | Change::Cursor)
            };
            let before = before.filter(same);
            Ok((image, before))
        })
        .await?;
        if let Some(read) = before {
            let words = read.words.clone();
            *last = Some(read);
            return Ok(words);
        }
        let words = self.look(&image, thorough).await?;
        *last = Some(Read { image, thorough, words: words.clone() });
        Ok(words)
    }

    async fn look(&self, image: &RgbImage, thorough: bool) -> Reply<ScreenText> {
        let cells = image.clone();
        let exact = blocking(move || Ok(screen::read_cells(&cells))).await?;
        let (text, trouble) = match exact {
            Some(text) => (Some(text), None),
            None if thorough => screen::read(image).await,
            None => (None, None),
        };
        let (repo, image) = (self.repo.clone(), image.clone());
        let (label, text) = blocking(move || {
            let rules = Rules::with_own(&repo).map_err(|error| error.to_string())?;
            let named = text.as_ref().and_then(|text| screen::name(text, &rules.screens));
            let named = named.or_else(|| screen::recognise(&image, &rules.screens));
            Ok((named.map(|named| named.label), text))
        })
        .await?;
        let exact = text.as_ref().is_some_and(|text| text.exact);
        let label = label.map(|label| self.scrubber.safe(&label).into());
        Ok(ScreenText { rows: text.map_or_else(Vec::new, |text| self.safe(&text)), exact, label, trouble })
    }

    /// Rows without secrets and escapes; empty ones at both ends go.
    fn safe(&self, text: &Text) -> Vec<String> {
        let rows = self.scrubber.safe_lines(&text.rows.join("\n"));
        let mut rows: Vec<String> = rows.iter().map(|row| row.trim_end().to_owned()).collect();
        while rows.last().is_some_and(String::is_empty) {
            rows.pop();
        }
        let first = rows.iter().position(|row| !row.is_empty()).unwrap_or(0);
        rows.drain(..first);
        rows
    }
}

/// Whether vCenter lets us type into a guest.
pub(super) async fn may_type(client: Pending, vm: Box<Vm>) -> Reply<()> {
    let client = ready(client).await?;
    let found = client.privileges(Account::Builder, std::slice::from_ref(&vm.moid), &[TYPE]).await;
    let found = found.map_err(|error| error.to_string())?;
    if found.iter().any(|privilege| privilege.id == TYPE && privilege.granted) {
        return Ok(());
    }
    let who = &client.settings().credentials.username;
    Err(format!("{who} lacks {TYPE} on {} ({})", vm.name, vm.moid))
}

/// Types into a guest, through the gate.
pub(super) async fn type_into(gate: Gateway, vm: Box<Vm>, keys: String) -> Reply<String> {
    let gate = gate.open().await?;
    gate.type_text("type", &vm, &keys).await.map_err(|error| error.to_string())?;
    let count = keys.chars().count();
    Ok(format!("typed {count} key{} into {}", if count == 1 { "" } else { "s" }, vm.name))
}

/// Adds a screen to the rules of the repository.
pub(super) async fn teach(repo: PathBuf, label: String, words: Vec<String>, picture: Picture) -> Reply<String> {
    blocking(move || {
        let sign = if words.is_empty() {
            let print = Fingerprint::of(&picture.image().to_rgb8());
            Sign::Hash(print.ok_or("too plain a picture to be recognised by; u reads its text")?)
        } else {
            Sign::Text(words)
        };
        let path = repo.join(OWN);
        rules::teach(&path, &label, &sign).map_err(|error| error.to_string())?;
        Ok(format!("{label}: added to {}", path.display()))
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Secret;

    #[test]
    fn the_text_of_a_picture_holds_no_secret_and_is_harmless() {
        let eyes = PictureReader::new(".".into(), Arc::new(Scrubber::new([Secret::new("PW", "hunter2-is-long")])));
        let rows = ["", "a\u{1b}]52;c;eA==\u{7}b", "hunter2\u{1b}[1m-is-long", "\u{9b}6n\u{202e}c", " "];
        let text = Text { rows: rows.map(str::to_owned).to_vec(), exact: false };
        assert_eq!(eyes.safe(&text), ["ab", "[REDACTED:PW]", "\u{fffd}c"]);
    }
}
