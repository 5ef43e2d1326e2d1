//! Rows of a console without secrets.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::text::Scrubber;
use crate::text::clean;

/// A screen's text without secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScrubbedRows {
    /// its rows, as many as before
    pub rows: Vec<String>,
    /// numbers of the rows on which a secret stood, from 0
    pub hidden: BTreeSet<usize>,
}

/// Takes secrets out of a screen's text. A console wraps long lines, so what stands on both sides of a wrap is looked at
/// as one, too, and secrets of several lines are found across rows.
pub fn scrub_rows(rows: &[String], scrubber: &Scrubber) -> ScrubbedRows {
    let mut out: Vec<String> = rows.iter().map(|row| clean(row.trim_end())).collect();
    let mut hidden = BTreeSet::new();
    // A secret may fill several rows: each window of rows is one line without its breaks. Narrow ones first, so that
    // no more is hidden than has to be.
    for width in 1..=MAX_WRAPPED_ROWS {
        for at in 0..out.len().saturating_sub(width - 1) {
            let window = at..at + width;
            if width > 1 && out[window.clone()].iter().any(String::is_empty) {
                continue;
            }
            for between in ["", "\n"].iter().take(if width == 1 { 1 } else { 2 }) {
                let joined = out[window.clone()].join(between);
                if let Cow::Owned(scrubbed) = scrubber.text(&joined)
                    && scrubbed != joined
                {
                    hidden.extend(window.clone());
                    let mut lines = scrubbed.split('\n').map(str::to_owned);
                    out[window.clone()].iter_mut().for_each(|row| *row = lines.next().unwrap_or_default());
                }
            }
        }
    }
    ScrubbedRows { rows: out, hidden }
}

/// Rows over which one secret may be wrapped.
const MAX_WRAPPED_ROWS: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    fn scrubbed(rows: &[&str]) -> (Vec<String>, Vec<usize>) {
        let secret = "correct-horse-battery";
        let scrubber = Scrubber::from_env([("PKR_VAR_build_password".to_owned(), secret.to_owned())]);
        let rows: Vec<String> = rows.iter().map(|row| (*row).to_owned()).collect();
        let out = scrub_rows(&rows, &scrubber);
        assert_eq!(out.rows.len(), rows.len());
        (out.rows, out.hidden.into_iter().collect())
    }

    #[test]
    fn a_secret_goes_with_its_row() {
        let (rows, hidden) = scrubbed(&["plain", "# echo correct-horse-battery |", ""]);
        assert_eq!(rows, ["plain", "# echo [REDACTED:PKR_VAR_build_password] |", ""]);
        assert_eq!(hidden, [1]);
    }

    #[test]
    fn a_wrapped_secret_goes_with_both_rows() {
        let (rows, hidden) = scrubbed(&["first", "# chpasswd root:correct-ho", "rse-battery; id", "last"]);
        assert_eq!(rows, ["first", "# chpasswd root:[REDACTED:PKR_VAR_build_password]; id", "", "last"]);
        assert_eq!(hidden, [1, 2]);
    }

    #[test]
    fn other_rows_stay_as_they_are() {
        let (rows, hidden) = scrubbed(&["\u{1b}[31mred  ", "", "correct horse"]);
        assert_eq!((rows, hidden.len()), (vec!["red".to_owned(), String::new(), "correct horse".to_owned()], 0));
    }
}
