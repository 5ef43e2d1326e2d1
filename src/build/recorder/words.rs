//! The words on a picture that stands still, scrubbed before they go on record.

use image::RgbImage;
use jiff::Timestamp;

use crate::triage::log::clean;
use crate::triage::recording::Reading;
use crate::triage::redact::Scrubber;
use crate::triage::rules::Screen;
use crate::triage::screen;

/// More than any console shows.
const MOST_ROWS: usize = 200;
const LONGEST_ROW: usize = 500;

/// Reads a picture; `None` when nothing on it can be read, or nothing can read it here.
pub async fn read(image: &RgbImage, file: String, screens: &[Screen], scrubber: &Scrubber) -> Option<Reading> {
    let (text, trouble) = screen::read(image).await;
    if let Some(trouble) = trouble {
        tracing::debug!(%trouble, "a picture is not read");
    }
    let text = text?;
    let named = screen::name(&text, screens);
    let (label, state) = named.map_or((None, None), |named| (Some(named.label), named.state));
    Some(Reading { at: Timestamp::now(), file, label, state, rows: scrubbed(&text.rows, scrubber) })
}

/// Rows without secrets. A console wraps long lines, so what stands on both sides of a wrap is looked at as one, too.
pub fn scrubbed(rows: &[String], scrubber: &Scrubber) -> Vec<String> {
    let whole: String = rows.iter().flat_map(|row| [row.trim_end(), "\n"]).collect();
    let whole = scrubber.text(&whole).into_owned();
    let mut rows: Vec<String> = whole.lines().map(str::to_owned).collect();
    for at in 1..rows.len() {
        let joined = format!("{}{}", rows[at - 1].trim_end(), rows[at].trim_start());
        if let std::borrow::Cow::Owned(joined) = scrubber.text(&joined) {
            rows[at - 1] = joined;
            rows[at].clear();
        }
    }
    let last = rows.iter().rposition(|row| !row.trim().is_empty()).map_or(0, |at| at + 1);
    rows.truncate(last.min(MOST_ROWS));
    rows.iter().map(|row| clean(row).chars().take(LONGEST_ROW).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_on_the_screen_does_not_reach_the_record_wrapped_or_not() {
        let secret = "correct-horse-battery";
        let scrubber = Scrubber::from_env([("PKR_VAR_build_password".to_owned(), secret.to_owned())]);
        let rows = |rows: &[&str]| scrubbed(&rows.iter().map(|r| (*r).to_owned()).collect::<Vec<_>>(), &scrubber);
        assert_eq!(rows(&["# echo correct-horse-battery |", "", ""]), ["# echo [REDACTED:PKR_VAR_build_password] |"]);
        let wrapped = rows(&["first", "# chpasswd root:correct-ho", "rse-battery", "# "]);
        assert_eq!(wrapped, ["first", "# chpasswd root:[REDACTED:PKR_VAR_build_password]", "", "#"]);
        assert_eq!(rows(&["\u{1b}[31mred", "plain"]), ["red", "plain"]);
    }
}
